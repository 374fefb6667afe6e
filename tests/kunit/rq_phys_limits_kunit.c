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

static struct kunit_case rq_phys_limits_cases[] = {
	KUNIT_CASE(segment_size),
	KUNIT_CASE(segment_boundary),
	KUNIT_CASE(request_size),
	KUNIT_CASE_PARAM(virt_boundary, gap_gen_params),
	KUNIT_CASE_PARAM(clone, clone_gen_params),
	{}
};

static struct kunit_suite rq_phys_limits_suite = {
	.name = "rq_phys_limits",
	.test_cases = rq_phys_limits_cases,
};

kunit_test_suite(rq_phys_limits_suite);
