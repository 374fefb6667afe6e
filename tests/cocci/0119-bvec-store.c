// SPDX-License-Identifier: GPL-2.0-only
static void all_orders(struct bio_vec *bv, struct bio_vec v, struct page *page,
		       unsigned int len, unsigned int off, int i)
{
	bv->bv_page = page;
	bv->bv_len = len;
	bv->bv_offset = off;
	barrier();
	bv->bv_page = page;
	bv->bv_offset = off;
	bv->bv_len = len;
	barrier();
	bv->bv_len = len;
	bv->bv_page = page;
	bv->bv_offset = off;
	barrier();
	bv->bv_len = len;
	bv->bv_offset = off;
	bv->bv_page = page;
	barrier();
	bv->bv_offset = off;
	bv->bv_page = page;
	bv->bv_len = len;
	barrier();
	bv[i].bv_offset = off;
	bv[i].bv_len = len;
	bv[i].bv_page = page;
	barrier();
	v.bv_page = page;
	v.bv_len = len;
	v.bv_offset = 0;
}

static void two(struct bio_vec *bv, struct bio_vec v, struct page *page)
{
	v.bv_page = page;
	v.bv_offset = 0;
	barrier();
	bv->bv_offset = 0;
	bv->bv_page = page;
	barrier();
	bv->bv_page = page;
	bv->bv_len = 512;
	barrier();
	v.bv_len = 512;
	v.bv_page = page;
}

static void one(struct bio_vec *bv, struct bio_vec v, struct page *page, int n)
{
	bv->bv_page = page;
	barrier();
	v.bv_page = page;
	barrier();
	bv->bv_offset = n;
	barrier();
	v.bv_offset += n;
	v.bv_len -= n;
	bv->bv_offset -= n;
	bv->bv_len += n;
}

/* The length depends on the offset stored before it: not one call. */
static void ordered(struct bio_vec *bv, struct page *page, unsigned int off)
{
	bv->bv_offset = off;
	bv->bv_len = PAGE_SIZE - bv->bv_offset;
	bv->bv_page = page;
}

/* Different bvecs, a length alone, and no page: as they are. */
static void not(struct bio_vec *a, struct bio_vec *b, struct other *o)
{
	a->bv_len = 1;
	b->bv_len = 2;
	o->page = NULL;
	o->offset = 0;
	b->bv_page = NULL;
}
