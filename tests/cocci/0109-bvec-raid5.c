// SPDX-License-Identifier: GPL-2.0-only
static void ops_run_io(struct stripe_head *sh, struct bio *bi, struct bio *rbi,
		       int i)
{
	if (test_bit(R5_InJournal, &sh->dev[i].flags))
		/* the data that is in the journal */
		sh->dev[i].vec.bv_page = sh->dev[i].orig_page;
	else
		sh->dev[i].vec.bv_page = sh->dev[i].page;
	bi->bi_vcnt = 1;
	bi->bi_io_vec[0].bv_len = RAID5_STRIPE_SIZE(conf);
	bi->bi_io_vec[0].bv_offset = sh->dev[i].offset;
	bi->bi_iter.bi_size = RAID5_STRIPE_SIZE(conf);

	sh->dev[i].rvec.bv_page = sh->dev[i].page;
	rbi->bi_vcnt = 1;
	rbi->bi_io_vec[0].bv_len = RAID5_STRIPE_SIZE(conf);
	rbi->bi_io_vec[0].bv_offset = sh->dev[i].offset;
	rbi->bi_iter.bi_size = RAID5_STRIPE_SIZE(conf);
}

static struct page *copy(struct bio_vec bvl, int *b_offset)
{
	*b_offset += bvl.bv_offset;
	return bvl.bv_page;
}

static void shorten(struct bio *bi, int len)
{
	bi->bi_io_vec[0].bv_len = len;
}
