// SPDX-License-Identifier: GPL-2.0-only
int
xdr_alloc_bvec(struct xdr_buf *buf, gfp_t gfp)
{
	size_t i, n = xdr_buf_pagecount(buf);

	if (n != 0 && buf->bvec == NULL) {
		for (i = 0; i < n; i++) {
			bvec_set_page(&buf->bvec[i], buf->pages[i], PAGE_SIZE,
				      0);
		}
	}
	return 0;
}

static size_t
xs_alloc_sparse_pages(struct xdr_buf *buf, size_t n, gfp_t gfp)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (buf->pages[i])
			continue;
		buf->bvec[i].bv_page = buf->pages[i] = alloc_page(gfp);
		if (!buf->pages[i]) {
			i *= PAGE_SIZE;
			return i > buf->page_base ? i - buf->page_base : 0;
		}
	}
	return n;
}

/* All pages are there. */
static void fill(struct xdr_buf *buf, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		bvec_set_page(&buf->bvec[i], buf->pages[i], PAGE_SIZE, 0);
}
