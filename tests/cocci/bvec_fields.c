// SPDX-License-Identifier: GPL-2.0-only
static void reads(struct my_cmd *cmd, struct bio_vec *bv, struct bio_vec v)
{
	struct page *page = bv->bv_page;
	void *p = kmap_local_page(v.bv_page) + v.bv_offset;

	cmd->pages[0] = page;
	cmd->off = cmd->bvecs[1].bv_offset;
	sg_set_page(cmd->sg, (&v)->bv_page, v.bv_len, (&v)->bv_offset);
	cmd->phys = page_to_phys(bv->bv_page) + bv->bv_offset;
	kunmap_local(p);
}

static void stores(struct my_cmd *cmd, struct bio_vec *bv, struct page *page)
{
	struct bio_vec v;

	v.bv_page = page;
	v.bv_len = PAGE_SIZE;
	v.bv_offset = 0;
	cmd->use(&v);

	bv->bv_offset = cmd->off;
	bv->bv_page = page;
	bv->bv_len = cmd->len;
	cmd->use(bv);

	cmd->bvecs[1].bv_page = page;
	cmd->use(bv);

	bv->bv_offset += 512;
	bv->bv_len -= 512;
	bv->bv_offset++;

	/* the new length depends on the old offset: not one store */
	bv->bv_len = cmd->round(bv->bv_offset);
	bv->bv_page = page;
	bv->bv_offset = 0;
}

#define MY_PAGE(b)	((b)->bv_page)
#define MY_SET(b, p)	do { (b)->bv_page = (p); (b)->bv_offset = 0; } while (0)

static void values(struct bio_vec **bvp, struct bio_vec *a, struct bio_vec *b,
		   void *x, int i)
{
	use((*bvp)->bv_page, (*bvp)[i].bv_offset, (**bvp).bv_page);
	use(my_bvec(x)->bv_page, (i ? a : b)->bv_offset);
	use(((struct bio_vec *)x)->bv_page, a[i++].bv_page, sizeof(a->bv_page));
	use(&MY_PAGE(a), a->bv_len & a->bv_offset);
}

static void initialisers(struct page *page, struct page *other, int off)
{
	struct bio_vec v = {
		.bv_page = page,
		.bv_len = 512,
		.bv_offset = off,
	};
	struct bio_vec vecs[2] = {
		{ .bv_page = page, .bv_len = 1, .bv_offset = 0 },
		[1] = { .bv_page = other, .bv_len = 1, .bv_offset = 0 },
	};
	struct my_cmd cmd = {
		.vec = { .bv_offset = 5, .bv_page = page, .bv_len = 1 },
	};

	v = (struct bio_vec) { .bv_page = page, .bv_len = PAGE_SIZE };
	use(&(struct bio_vec) { .bv_page = page, .bv_len = 9, .bv_offset = off },
	    &cmd, vecs);
}

/* Nobody but the author can tell: left alone. */
static int looks(struct bio_vec *bv, struct my_cmd *cmd)
{
	struct bio_vec none = {
		.bv_page = NULL,
		.bv_len = 512,
	};
	struct my_cmd dotted = { .vec.bv_page = cmd->page };

	if (!bv->bv_page)
		return -EINVAL;
	if (bv->bv_page == NULL || (cmd->off && bv->bv_page))
		return -EINVAL;
	cmd->use(bv->bv_page ? &none : &dotted);
	bv->bv_page = NULL;
	return 0;
}

static void fields(struct bio_vec *bv, struct bio_vec *other, int i)
{
	struct page **where = &bv->bv_page;

	use(where, offsetof(struct bio_vec, bv_page));
	swap(bv->bv_page, other->bv_page);
	bv->bv_offset &= ~511;
	/* these would advance three times */
	bv++->bv_page = *where;
	next_bvec(other)->bv_offset = 0;
	other[i++].bv_page = *where;
}
