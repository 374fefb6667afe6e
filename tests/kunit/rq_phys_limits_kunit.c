// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for requests with page-less memory: the limits of a queue, which
 * segments and bios are cut to.
 */
#include <kunit/test.h>

#include "rq_phys.h"

static void segment_size(struct kunit *test)
{
	struct queue_limits lim = {
		.features = BLK_FEAT_P2P_PHYS,
		.max_hw_sectors = 2048,
		.max_segments = 32,
		.max_segment_size = SZ_8K,
	};
	struct rq_disk *d = rq_disk_create_lim(test, "B", &lim);
	struct bio *bio = rq_disk_bio(d, 1);
	int i;

	rq_disk_add(d, bio, 512, 4 * SZ_8K + 512);
	KUNIT_EXPECT_EQ(test, 0, rq_disk_submit(bio));
	KUNIT_EXPECT_EQ(test, 1, d->requests);
	KUNIT_EXPECT_EQ(test, 1, d->inflight);
	KUNIT_EXPECT_EQ(test, 5, d->segs);
	for (i = 0; i < 5; i++)
		rq_disk_expect_seg(d, i, rq_disk_bus(d, 512 + i * SZ_8K),
				   i < 4 ? SZ_8K : 512);

	/* nor are pieces joined to more than that */
	d->segs = 0;
	bio = rq_disk_bio(d, 3);
	for (i = 0; i < 3; i++)
		bvec_set_p2p(&bio->bi_io_vec[i], d->phys + i * SZ_4K, SZ_4K,
			     dma_phys_life(d->phys + i * SZ_4K));
	bio->bi_vcnt = 3;
	bio->bi_iter.bi_size = 3 * SZ_4K;
	bio_set_flag(bio, BIO_P2P);
	KUNIT_EXPECT_EQ(test, 0, rq_disk_submit(bio));
	KUNIT_EXPECT_EQ(test, 2, d->segs);
	rq_disk_expect_seg(d, 0, rq_disk_bus(d, 0), SZ_8K);
	rq_disk_expect_seg(d, 1, rq_disk_bus(d, SZ_8K), SZ_4K);
	rq_disk_expect_idle(d);
}

static void segment_boundary(struct kunit *test)
{
	struct queue_limits lim = {
		.features = BLK_FEAT_P2P_PHYS,
		.max_hw_sectors = 2048,
		.max_segments = 32,
		.max_segment_size = SZ_1M,
		.seg_boundary_mask = SZ_64K - 1,
	};
	struct rq_disk *d = rq_disk_create_lim(test, "B", &lim);
	struct bio *bio = rq_disk_bio(d, 1);

	rq_disk_add(d, bio, SZ_64K - SZ_4K, SZ_128K);
	KUNIT_EXPECT_EQ(test, 0, rq_disk_submit(bio));
	KUNIT_EXPECT_EQ(test, 1, d->inflight);
	KUNIT_EXPECT_EQ(test, 3, d->segs);
	rq_disk_expect_seg(d, 0, rq_disk_bus(d, SZ_64K - SZ_4K), SZ_4K);
	rq_disk_expect_seg(d, 1, rq_disk_bus(d, SZ_64K), SZ_64K);
	rq_disk_expect_seg(d, 2, rq_disk_bus(d, SZ_128K), SZ_64K - SZ_4K);
	rq_disk_expect_idle(d);
}

/* More than a request takes: split, and each part is whole and marked. */
static void request_size(struct kunit *test)
{
	struct queue_limits lim = {
		.features = BLK_FEAT_P2P_PHYS,
		.max_hw_sectors = SZ_64K / SECTOR_SIZE,
		.max_segments = 32,
		.max_segment_size = SZ_1M,
	};
	struct rq_disk *d = rq_disk_create_lim(test, "B", &lim);
	struct bio *bio = rq_disk_bio(d, 2);

	rq_disk_add(d, bio, 0, SZ_128K + SZ_4K);
	rq_disk_add(d, bio, SZ_1M, SZ_4K);
	KUNIT_EXPECT_EQ(test, 0, rq_disk_submit(bio));
	KUNIT_EXPECT_EQ(test, 3, d->requests);
	KUNIT_EXPECT_EQ(test, SZ_128K + SZ_8K, d->bytes);
	KUNIT_EXPECT_EQ(test, PCI_P2PDMA_MAP_BUS_ADDR, d->map);
	rq_disk_expect_idle(d);
}

struct gap_case {
	const char *name;
	unsigned int first;	/* offset of the first piece */
	unsigned int len;
	unsigned int second;	/* offset of the second one, of 4 KiB */
	unsigned int requests;
};

static const struct gap_case gap_cases[] = {
	{ "none", 0, SZ_4K, SZ_64K, 1 },
	{ "none, starts inside", 512, SZ_4K - 512, SZ_64K, 1 },
	{ "none, ends inside", SZ_4K, SZ_8K, SZ_64K + SZ_4K, 1 },
	{ "first ends early", 0, SZ_2K, SZ_64K, 2 },
	{ "second starts late", 0, SZ_4K, SZ_64K + 512, 2 },
	{ "both", 0, SZ_4K - 512, SZ_64K + 512, 2 },
};

KUNIT_ARRAY_PARAM_DESC(gap, gap_cases, name);

static void virt_boundary(struct kunit *test)
{
	const struct gap_case *c = test->param_value;
	struct queue_limits lim = {
		.features = BLK_FEAT_P2P_PHYS,
		.max_hw_sectors = 2048,
		.max_segments = 32,
		.virt_boundary_mask = SZ_4K - 1,
	};
	struct rq_disk *d = rq_disk_create_lim(test, "B", &lim);
	struct bio *bio = rq_disk_bio(d, 2);

	rq_disk_add(d, bio, c->first, c->len);
	rq_disk_add(d, bio, c->second, SZ_4K);
	KUNIT_EXPECT_EQ(test, 0, rq_disk_submit(bio));
	KUNIT_EXPECT_EQ(test, c->requests, d->requests);
	KUNIT_EXPECT_EQ(test, 1, d->inflight);
	KUNIT_EXPECT_EQ(test, 2, d->segs);
	rq_disk_expect_seg(d, 0, rq_disk_bus(d, c->first), c->len);
	rq_disk_expect_seg(d, 1, rq_disk_bus(d, c->second), SZ_4K);
	rq_disk_expect_idle(d);
}

/* What the iterator says of a bio that does not count its bvecs. */
struct clone_case {
	const char *name;
	unsigned int skip;
	unsigned int size;
	unsigned int requests;
};

static const struct clone_case clone_cases[] = {
	{ "one bvec", 0, SZ_4K, 1 },
	{ "part of one", SZ_2K, SZ_2K, 1 },
	{ "into the next", 0, SZ_4K + 512, 2 },
	{ "a bvec's length, over its end", SZ_2K, SZ_4K, 2 },
	{ "the second", SZ_4K, SZ_2K, 1 },
	{ "from the second, the first's length", SZ_4K, SZ_4K, 2 },
	{ "the last", SZ_4K + SZ_2K, SZ_2K, 1 },
	{ "all", 0, SZ_8K, 3 },
};

KUNIT_ARRAY_PARAM_DESC(clone, clone_cases, name);

static void clone(struct kunit *test)
{
	const struct clone_case *c = test->param_value;
	struct queue_limits lim = {
		.features = BLK_FEAT_P2P_PHYS,
		.max_segments = 1,
	};
	struct rq_disk *d = rq_disk_create_lim(test, "B", &lim);
	struct bio *all = rq_disk_bio(d, 3);
	struct bio *bio;

	rq_disk_add(d, all, 0, SZ_4K);
	rq_disk_add(d, all, SZ_64K, SZ_2K);
	rq_disk_add(d, all, SZ_128K, SZ_2K);
	bio = bio_alloc_clone(d->disk->part0, all, GFP_KERNEL, &fs_bio_set);
	KUNIT_ASSERT_NOT_NULL(test, bio);
	bio_trim(bio, c->skip / SECTOR_SIZE, c->size / SECTOR_SIZE);
	KUNIT_EXPECT_EQ(test, 0, rq_disk_submit(bio));
	bio_put(all);
	/* a request holds one segment, and no segment is of two bvecs */
	KUNIT_EXPECT_EQ(test, c->requests, d->requests);
	KUNIT_EXPECT_EQ(test, c->requests, d->segs);
	KUNIT_EXPECT_EQ(test, c->size, d->bytes);
	rq_disk_expect_idle(d);
}

/*
 * Passthrough requests are never split: what does not fit is refused, and what
 * fits is counted as it is walked.
 */
#define PIECES	40

struct fit_case {
	const char *name;
	unsigned int pieces;	/* far from each other, unless */
	unsigned int len;
	unsigned int stride;	/* this is as long as they are */
	unsigned int bios;	/* the pieces are dealt out to them */
	unsigned int segs;	/* 0: refused */
	u64 at;			/* where the first one is */
	/* limits that are not those of fit_lim */
	unsigned int max_segment_size;
	unsigned long boundary;
	unsigned long gap;
};

static const struct fit_case fit_cases[] = {
	{ "as many as there may be", 33, SZ_4K, SZ_8K, 1, 33 },
	{ "one more", 34, SZ_4K, SZ_8K, 1, 0 },
	{ "as many in two bios", 33, SZ_4K, SZ_8K, 2, 33 },
	{ "one more in two bios", 34, SZ_4K, SZ_8K, 2, 0 },
	{ "many that are one", 40, SZ_4K, SZ_4K, 1, 1 },
	{ "many that are one, in two bios", 40, SZ_4K, SZ_4K, 2, 1 },
	{ "one that is many", 1, 33 * SZ_4K, 0, 1, 33,
	  .max_segment_size = SZ_4K },
	{ "one that is too many", 1, 33 * SZ_4K + 512, 0, 1, 0,
	  .max_segment_size = SZ_4K },
	{ "two that are too many", 2, 17 * SZ_4K, SZ_128K, 2, 0,
	  .max_segment_size = SZ_4K },
	{ "joined up to the size", 10, SZ_4K, SZ_4K, 1, 5,
	  .max_segment_size = SZ_8K },
	{ "not joined in part", 9, SZ_4K, SZ_4K, 1, 9,
	  .max_segment_size = SZ_8K - 512 },
	{ "over boundaries", 2, SZ_128K, SZ_256K, 1, 6, SZ_64K - SZ_4K,
	  .boundary = SZ_64K - 1 },
	{ "all the bytes", 2, SZ_512K, SZ_1M, 1, 2 },
	{ "a block more", 2, SZ_512K + 512, SZ_1M, 1, 0 },
	{ "joined to all the bytes", 2, SZ_512K, SZ_512K, 1, 1 },
	{ "joined to a block more", 2, SZ_512K + 512, SZ_512K + 512, 1, 0 },
	{ "all the bytes in two bios", 2, SZ_512K, SZ_1M, 2, 2 },
	{ "a block more in two bios", 2, SZ_512K + 512, SZ_1M, 2, 0 },
	{ "no gap", 3, SZ_4K, SZ_8K, 1, 3, .gap = SZ_4K - 1 },
	{ "a gap behind", 3, SZ_4K - 512, SZ_8K, 1, 0, .gap = SZ_4K - 1 },
	{ "a gap before", 2, SZ_4K, SZ_8K, 1, 0, 512, .gap = SZ_4K - 1 },
	{ "a gap below a block", 2, SZ_4K - 4, SZ_8K, 1, 0,
	  .gap = SZ_512 - 1 },
	{ "none where it is joined", 4, SZ_2K, SZ_2K, 1, 1,
	  .gap = SZ_4K - 1 },
	{ "a gap between bios", 2, SZ_4K - 512, SZ_8K, 2, 0,
	  .gap = SZ_4K - 1 },
	{ "no gap between bios", 4, SZ_4K, SZ_8K, 2, 4, .gap = SZ_4K - 1 },
};

KUNIT_ARRAY_PARAM_DESC(fit, fit_cases, name);

static struct rq_disk *fit_disk(struct kunit *test, const struct fit_case *c)
{
	struct queue_limits lim = {
		.features = BLK_FEAT_P2P_PHYS,
		.max_hw_sectors = SZ_1M / SECTOR_SIZE,
		.max_segments = 33,
		.max_segment_size = c->max_segment_size ?: SZ_1M,
		.seg_boundary_mask = c->boundary,
		.virt_boundary_mask = c->gap,
	};

	return rq_disk_create_lim(test, "B", &lim);
}

/* As one who builds the bvecs by hand has it. */
static int fit_append(struct rq_disk *d, const struct fit_case *c,
		      struct request *rq, struct bio *bio, unsigned int from,
		      unsigned int to)
{
	unsigned int i;

	for (i = from; i < to; i++) {
		bvec_set_p2p(&bio->bi_io_vec[bio->bi_vcnt++],
			     d->phys + c->at + i * c->stride, c->len,
			     d->r->range.life);
		bio->bi_iter.bi_size += c->len;
	}
	bio_set_flag(bio, BIO_P2P);
	return blk_rq_append_bio(rq, bio);
}

static void fit(struct kunit *test)
{
	const struct fit_case *c = test->param_value;
	struct rq_disk *d = fit_disk(test, c);
	unsigned int half = c->pieces / c->bios;
	struct bio *bio[2] = {};
	struct request *rq;
	int i, error;

	rq = blk_mq_alloc_request(d->disk->queue, REQ_OP_DRV_OUT, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(rq));
	for (i = 0; i < c->bios; i++) {
		bio[i] = bio_alloc(NULL, PIECES, REQ_OP_DRV_OUT, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, bio[i]);
	}
	error = fit_append(d, c, rq, bio[0], 0, half);
	if (!error && c->bios > 1)
		error = fit_append(d, c, rq, bio[1], half, c->pieces);
	KUNIT_EXPECT_EQ(test, c->segs ? 0 : -EINVAL, error);
	if (!error && c->segs) {
		/* the driver complains of more segments than it was told */
		KUNIT_EXPECT_GE(test, rq->nr_phys_segments, c->segs);
		KUNIT_EXPECT_LE(test, rq->nr_phys_segments, 33);
		KUNIT_EXPECT_EQ(test, 0,
				blk_status_to_errno(blk_execute_rq(rq, false)));
		KUNIT_EXPECT_EQ(test, c->segs, d->segs);
	}
	rq_disk_expect_idle(d);
	blk_mq_free_request(rq);
	for (i = 0; i < c->bios; i++)
		bio_put(bio[i]);
}

/* Who adds pieces one by one is told where to stop. */
static void fill(struct kunit *test)
{
	const struct fit_case *c = test->param_value;
	struct rq_disk *d = fit_disk(test, c);
	struct request *rq;
	struct bio *bio;
	int i, added;

	rq = blk_mq_alloc_request(d->disk->queue, REQ_OP_DRV_OUT, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(rq));
	bio = bio_alloc(d->disk->part0, PIECES, REQ_OP_DRV_OUT, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, bio);
	for (i = 0; i < c->pieces; i++) {
		added = bio_add_phys(bio, d->phys + c->at + i * c->stride,
				     c->len);
		if (added != c->len)
			break;
	}
	KUNIT_EXPECT_EQ(test, i * c->len, bio->bi_iter.bi_size);
	KUNIT_EXPECT_EQ(test, i > 0, bio_is_p2p(bio));
	if (c->segs)
		KUNIT_EXPECT_EQ(test, c->pieces, i);
	else
		KUNIT_EXPECT_EQ(test, 0, added);
	/* what is in it goes */
	if (i) {
		KUNIT_EXPECT_EQ(test, 0, blk_rq_append_bio(rq, bio));
		KUNIT_EXPECT_EQ(test, 0,
				blk_status_to_errno(blk_execute_rq(rq, false)));
		KUNIT_EXPECT_EQ(test, i * c->len, d->bytes);
	}
	rq_disk_expect_idle(d);
	blk_mq_free_request(rq);
	bio_put(bio);
}

/* A boundary that a peer's memory cannot keep: RAM goes on as ever. */
static void large_boundary(struct kunit *test)
{
	struct fit_case c = { .gap = SZ_8K - 1 };
	struct rq_disk *d = fit_disk(test, &c);
	struct bio *bio = rq_disk_bio(d, 1);

	KUNIT_EXPECT_FALSE(test, d->disk->queue->limits.features &
			   BLK_FEAT_P2P_PHYS);
	rq_disk_add(d, bio, 0, SZ_4K);
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, rq_disk_submit(bio));
	bio = rq_disk_bio(d, 1);
	rq_disk_add_page(d, bio, rq_disk_pages(d, 0), SZ_4K, 0);
	KUNIT_EXPECT_EQ(test, 0, rq_disk_submit(bio));
	KUNIT_EXPECT_EQ(test, SZ_4K, d->bytes);
}

static struct kunit_case rq_phys_limits_cases[] = {
	KUNIT_CASE(segment_size),
	KUNIT_CASE(segment_boundary),
	KUNIT_CASE(request_size),
	KUNIT_CASE_PARAM(virt_boundary, gap_gen_params),
	KUNIT_CASE_PARAM(clone, clone_gen_params),
	KUNIT_CASE_PARAM(fit, fit_gen_params),
	KUNIT_CASE_PARAM(fill, fit_gen_params),
	KUNIT_CASE(large_boundary),
	{}
};

static struct kunit_suite rq_phys_limits_suite = {
	.name = "rq_phys_limits",
	.test_cases = rq_phys_limits_cases,
};

kunit_test_suite(rq_phys_limits_suite);
