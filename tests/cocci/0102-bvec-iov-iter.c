// SPDX-License-Identifier: GPL-2.0-only
size_t iterate_bvec(struct iov_iter *iter, size_t len, void *priv, void *priv2,
		    iov_step_f step)
{
	const struct bio_vec *p = iter->bvec;
	size_t progress = 0, skip = iter->iov_offset;

	do {
		size_t remain, consumed;
		size_t offset = p->bv_offset + skip, part;
		void *kaddr = kmap_local_page(p->bv_page + offset / PAGE_SIZE);

		part = min3(len,
			   (size_t)(p->bv_len - skip),
			   (size_t)(PAGE_SIZE - offset % PAGE_SIZE));
		remain = step(kaddr + offset % PAGE_SIZE, progress, part, priv, priv2);
		kunmap_local(kaddr);
		consumed = part - remain;
		len -= consumed;
	} while (len);
	return progress;
}

/* A folio is no bvec: its offset is divided still. */
size_t iterate_folioq(struct iov_iter *iter, size_t len, void *priv,
		      iov_step_f step)
{
	size_t offset = iter->iov_offset, part;
	void *base = kmap_local_page(iter->page + offset / PAGE_SIZE);

	part = min3(len, (size_t)(PAGE_SIZE - offset % PAGE_SIZE), len);
	return step(base + offset % PAGE_SIZE, 0, part, priv, priv);
}

static bool iov_iter_aligned_bvec(const struct iov_iter *i, unsigned addr_mask)
{
	const struct bio_vec *bvec = i->bvec;
	unsigned skip = i->iov_offset;

	return !((unsigned long)(bvec->bv_offset + skip) & addr_mask);
}

static unsigned long iov_iter_alignment_bvec(const struct iov_iter *i)
{
	const struct bio_vec *bvec = i->bvec;
	unsigned res = 0;
	unsigned skip = i->iov_offset;

	res |= (unsigned long)bvec->bv_offset + skip;
	return res;
}

static struct page *first_bvec_segment(const struct iov_iter *i,
				       size_t *size, size_t *start)
{
	struct page *page;
	size_t skip = i->iov_offset, len;

	len = i->bvec->bv_len - skip;
	if (*size > len)
		*size = len;
	skip += i->bvec->bv_offset;
	page = i->bvec->bv_page + skip / PAGE_SIZE;
	*start = skip % PAGE_SIZE;
	return page;
}

static ssize_t __iov_iter_get_pages_alloc(struct iov_iter *i, size_t maxsize,
					  size_t *start)
{
	if (iov_iter_is_bvec(i)) {
		struct page *page;

		page = first_bvec_segment(i, &maxsize, start);
		return use(page);
	}
	return -EFAULT;
}

static int bvec_npages(const struct iov_iter *i, int maxpages)
{
	size_t skip = i->iov_offset, size = i->count;
	const struct bio_vec *p;
	int npages = 0;

	for (p = i->bvec; size; skip = 0, p++) {
		unsigned offs = (p->bv_offset + skip) % PAGE_SIZE;
		size_t len = min(p->bv_len - skip, size);

		size -= len;
		npages += DIV_ROUND_UP(offs + len, PAGE_SIZE);
	}
	return npages;
}

static ssize_t iov_iter_extract_bvec_pages(struct iov_iter *i,
					   struct page ***pages, size_t maxsize,
					   unsigned int maxpages,
					   size_t *offset0)
{
	struct page *page;
	size_t skip = i->iov_offset, offset;

	skip += i->bvec->bv_offset;
	page = i->bvec->bv_page + skip / PAGE_SIZE;
	offset = skip % PAGE_SIZE;
	*offset0 = offset;
	return use(page);
}
