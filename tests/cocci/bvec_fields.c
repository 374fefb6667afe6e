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
}

/* Nobody but the author can tell: left alone. */
static int looks(struct bio_vec *bv, struct my_cmd *cmd)
{
	struct bio_vec v = {
		.bv_page = cmd->page,
		.bv_len = 512,
	};

	if (!bv->bv_page)
		return -EINVAL;
	cmd->use(&v);
	bv->bv_page = NULL;
	return 0;
}
