// SPDX-License-Identifier: GPL-2.0-only
struct my_frag {
	struct page *page;
	unsigned int len;
	unsigned int off;
};

union my_piece {
	struct bio_vec bvec;
	struct my_frag frag;
};

static void laid_over(struct my_frag *frag, struct bio_vec *bv)
{
	struct bio_vec *b = (struct bio_vec *)frag;
	struct my_frag *f = (struct my_frag *)bv;
	struct bio_vec one;

	use((struct my_frag *)&one);
	BUILD_BUG_ON(sizeof(struct bio_vec) != sizeof(struct my_frag));
	use(b, f);
}

/* Nobody looks at one thing as another here. */
static void plain(void *data, struct bio_vec *bv, char *buf)
{
	struct bio_vec *b = (struct bio_vec *)data;
	void *p = (void *)bv;

	use(b, p, (const struct bio_vec *)bv, (char *)bv,
	    (struct bio_vec *)buf, sizeof(struct bio_vec) * 2);
}
