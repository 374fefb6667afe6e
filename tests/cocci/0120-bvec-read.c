// SPDX-License-Identifier: GPL-2.0-only
#define map_bvec(dev, bv) \
	map(dev, (bv)->bv_page, (bv)->bv_offset, (bv)->bv_len)

static void reads(struct bio_vec *bv, struct bio_vec v, struct bio *bio, int i)
{
	struct page *page = bv->bv_page;
	unsigned int end = v.bv_offset + v.bv_len;

	sg_set_page(sg, v.bv_page, v.bv_len, v.bv_offset);
	use(bv[i].bv_page, bv[i].bv_offset);
	mempool_free(bio->bi_io_vec[--i].bv_page, pool);
	use(bio_first_bvec_all(bio)->bv_page, req->special_vec.bv_page);
	if (bv->bv_page != v.bv_page || page == bv->bv_page)
		use(end);
	while (bh_offset(bh) < bv->bv_offset)
		next(bh);
	use((struct sg){ .page = bv->bv_page, .offset = v.bv_offset });
	WARN_ON(sizeof(bv->bv_offset) != 4);
}

/* Somebody has to look at these. */
static bool none(struct bio_vec *bv)
{
	if (bv->bv_page == NULL)
		return false;
	bv->bv_page = NULL;
	return true;
}

static void not(struct other *o, struct bio_vec *bv)
{
	use(o->page, o->offset, bv->bv_len, o->bvec_offset);
}
