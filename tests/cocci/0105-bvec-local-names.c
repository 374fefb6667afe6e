// SPDX-License-Identifier: GPL-2.0-only
static void index_one_bio(struct bio_vec bvec, u32 sectorsize)
{
	u32 bvec_offset;

	for (bvec_offset = 0; bvec_offset < bvec.bv_len;
	     bvec_offset += sectorsize)
		use(bvec.bv_offset + bvec_offset);
}

static void verify(struct bio_vec *bvec, u32 sectorsize)
{
	int bv_offset;

	for (bv_offset = bvec->bv_offset;
	     bv_offset < bvec->bv_offset + bvec->bv_len;
	     bv_offset += sectorsize)
		check(bvec->bv_page, bv_offset);
}
