// SPDX-License-Identifier: GPL-2.0-only
static void put_bvecs(struct bio_vec *bvecs, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		if (bvecs[i].bv_page) {
			put_page(bvecs[i].bv_page);
		}
	}
	for (i = 0; i < n; i++)
		if (bvecs[i].bv_page)
			__free_page(bvecs[i].bv_page);
}

static int ebs(struct bio_vec *bv, unsigned int bv_len)
{
	if (unlikely(!bv->bv_page || !bv_len))
		return -EIO;
	return 0;
}

static void empty(void)
{
	struct bio_vec iv, ivprv = { NULL };
	struct msghdr msg = { NULL };

	/* not a test of whether there is one */
	if (iv.bv_page == ivprv.bv_page)
		use(&msg);
}
