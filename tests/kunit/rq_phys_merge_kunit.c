// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for requests with page-less memory: bios that come together in
 * one, by merging or because a passthrough command is put together of them.
 */
#include <kunit/test.h>
#include <linux/uio.h>

#include "rq_phys.h"

enum kind { RAM, P2P, P2P2 };

static void add_kind(struct rq_disk *d, struct bio *bio, enum kind kind,
		     struct page *page, unsigned int offset, unsigned int len)
{
	if (kind == RAM)
		rq_disk_add_page(d, bio, page, len, offset);
	else if (kind == P2P)
		rq_disk_add(d, bio, offset, len);
	else
		rq_disk_add(d, bio, d->r2->range.start - d->phys + offset, len);
}

/* merging */

#define MERGE_BIOS	3

enum where { IN_PLUG, IN_QUEUE, IN_SCHEDULER };

/*
 * Three bios that continue each other, on the disk and in memory.  Each waits
 * where the next one finds it: what RAM does there shows that it was looked at.
 */
struct merge_case {
	const char *name;
	enum where where;
	u8 order[MERGE_BIOS];
	enum kind kind[MERGE_BIOS];
	unsigned int requests;
};

static const struct merge_case merge_cases[] = {
	{ "plug, RAM, back", IN_PLUG, { 0, 1, 2 }, { RAM, RAM, RAM }, 1 },
	{ "plug, RAM, front", IN_PLUG, { 2, 1, 0 }, { RAM, RAM, RAM }, 1 },
	{ "plug, peer, back", IN_PLUG, { 0, 1, 2 }, { P2P, P2P, P2P }, 3 },
	{ "plug, peer, front", IN_PLUG, { 2, 1, 0 }, { P2P, P2P, P2P }, 3 },
	{ "plug, mixed, back", IN_PLUG, { 0, 1, 2 }, { RAM, P2P, RAM }, 3 },
	{ "plug, mixed, front", IN_PLUG, { 2, 1, 0 }, { P2P, RAM, RAM }, 2 },
	{ "plug, two providers", IN_PLUG, { 0, 1, 2 }, { P2P, P2P2, RAM }, 3 },

	{ "queue, RAM, back", IN_QUEUE, { 0, 1, 2 }, { RAM, RAM, RAM }, 1 },
	{ "queue, RAM, front", IN_QUEUE, { 2, 1, 0 }, { RAM, RAM, RAM }, 1 },
	{ "queue, peer, back", IN_QUEUE, { 0, 1, 2 }, { P2P, P2P, P2P }, 3 },
	{ "queue, peer, front", IN_QUEUE, { 2, 1, 0 }, { P2P, P2P, P2P }, 3 },
	{ "queue, mixed, back", IN_QUEUE, { 0, 1, 2 }, { RAM, RAM, P2P }, 2 },
	{ "queue, mixed, front", IN_QUEUE, { 2, 1, 0 }, { RAM, P2P, RAM }, 3 },

	{ "scheduler, RAM, back", IN_SCHEDULER,
	  { 0, 1, 2 }, { RAM, RAM, RAM }, 1 },
	{ "scheduler, RAM, front", IN_SCHEDULER,
	  { 2, 1, 0 }, { RAM, RAM, RAM }, 1 },
	{ "scheduler, RAM, between", IN_SCHEDULER,
	  { 0, 2, 1 }, { RAM, RAM, RAM }, 1 },
	{ "scheduler, peer, back", IN_SCHEDULER,
	  { 0, 1, 2 }, { P2P, P2P, P2P }, 3 },
	{ "scheduler, peer, front", IN_SCHEDULER,
	  { 2, 1, 0 }, { P2P, P2P, P2P }, 3 },
	{ "scheduler, peer, between", IN_SCHEDULER,
	  { 0, 2, 1 }, { P2P, P2P, P2P }, 3 },
	{ "scheduler, mixed, back", IN_SCHEDULER,
	  { 0, 1, 2 }, { RAM, P2P, RAM }, 3 },
	{ "scheduler, mixed, front", IN_SCHEDULER,
	  { 2, 1, 0 }, { RAM, P2P, P2P }, 3 },
	/* the second bio joins the first; then the two requests meet */
	{ "scheduler, mixed, requests", IN_SCHEDULER,
	  { 0, 2, 1 }, { RAM, RAM, P2P }, 2 },
	{ "scheduler, two providers", IN_SCHEDULER,
	  { 0, 2, 1 }, { P2P, P2P2, P2P }, 3 },
};

KUNIT_ARRAY_PARAM_DESC(merge, merge_cases, name);

static void merge(struct kunit *test)
{
	const struct merge_case *c = test->param_value;
	struct rq_disk *d = rq_disk_create(test, "B");
	struct page *page = rq_disk_pages(d, get_order(MERGE_BIOS * SZ_4K));
	struct completion done[MERGE_BIOS];
	struct bio *bio[MERGE_BIOS];
	struct blk_plug plug;
	unsigned int i, n;

	if (c->where == IN_SCHEDULER)
		rq_disk_add_disk(d);
	for (i = 0; i < MERGE_BIOS; i++) {
		bio[i] = rq_disk_bio(d, 1);
		bio[i]->bi_iter.bi_sector = i * SZ_4K / SECTOR_SIZE;
		add_kind(d, bio[i], c->kind[i], page, i * SZ_4K, SZ_4K);
	}

	if (c->where == IN_PLUG)
		blk_start_plug(&plug);
	else
		blk_mq_quiesce_queue(d->disk->queue);
	for (i = 0; i < MERGE_BIOS; i++) {
		n = c->order[i];
		rq_disk_submit_async(bio[n], &done[n]);
	}
	KUNIT_EXPECT_EQ(test, 0, d->requests);
	if (c->where == IN_PLUG)
		blk_finish_plug(&plug);
	else
		blk_mq_unquiesce_queue(d->disk->queue);

	for (i = 0; i < MERGE_BIOS; i++) {
		wait_for_completion(&done[i]);
		KUNIT_EXPECT_EQ(test, 0,
				blk_status_to_errno(bio[i]->bi_status));
		bio_put(bio[i]);
	}
	KUNIT_EXPECT_EQ(test, c->requests, d->requests);
	KUNIT_EXPECT_EQ(test, MERGE_BIOS * SZ_4K, d->bytes);
	rq_disk_expect_idle(d);
}

/* passthrough requests, which are put together bio by bio */

struct append_case {
	const char *name;
	enum kind first;
	enum kind second;
	int ret;
};

static const struct append_case append_cases[] = {
	{ "RAM to RAM", RAM, RAM, 0 },
	{ "peer to the same peer", P2P, P2P, 0 },
	{ "peer to RAM", RAM, P2P, -EINVAL },
	{ "RAM to peer", P2P, RAM, -EINVAL },
	{ "peer to another", P2P, P2P2, -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(append, append_cases, name);

static struct request *append_rq(struct rq_disk *d)
{
	struct request *rq;

	rq = blk_mq_alloc_request(d->disk->queue, REQ_OP_DRV_OUT, 0);
	KUNIT_ASSERT_FALSE(d->test, IS_ERR(rq));
	return rq;
}

static struct bio *append_bio(struct rq_disk *d, unsigned short vecs)
{
	struct bio *bio = bio_alloc(NULL, vecs, REQ_OP_DRV_OUT, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(d->test, bio);
	return bio;
}

static void append(struct kunit *test)
{
	const struct append_case *c = test->param_value;
	struct rq_disk *d = rq_disk_create(test, "B");
	struct page *page = rq_disk_pages(d, 0);
	struct bio *bio[2] = { append_bio(d, 1), append_bio(d, 1) };
	struct request *rq = append_rq(d);

	add_kind(d, bio[0], c->first, page, 0, 512);
	add_kind(d, bio[1], c->second, page, 512, 512);
	KUNIT_EXPECT_EQ(test, 0, blk_rq_append_bio(rq, bio[0]));
	KUNIT_EXPECT_EQ(test, c->ret, blk_rq_append_bio(rq, bio[1]));
	KUNIT_EXPECT_EQ(test, c->ret ? 512 : 1024, blk_rq_bytes(rq));
	KUNIT_EXPECT_PTR_EQ(test, c->ret ? bio[0] : bio[1], rq->biotail);

	/* what is in it goes through, and two bios that continue are one */
	KUNIT_EXPECT_EQ(test, 0,
			blk_status_to_errno(blk_execute_rq(rq, false)));
	KUNIT_EXPECT_EQ(test, 1, d->segs);
	KUNIT_EXPECT_EQ(test, c->first == RAM ? 0 : 1, d->inflight);
	KUNIT_EXPECT_EQ(test, c->ret ? 512 : 1024, d->bytes);
	rq_disk_expect_idle(d);
	blk_mq_free_request(rq);
	bio_put(bio[0]);
	bio_put(bio[1]);
}

/* The first bio meets no other, and is looked at all the same. */
static void append_mixed_bio(struct kunit *test)
{
	struct rq_disk *d = rq_disk_create(test, "B");
	struct bio *bio = append_bio(d, 2);
	struct request *rq = append_rq(d);

	add_kind(d, bio, P2P, NULL, 0, 512);
	__bio_add_page(bio, rq_disk_pages(d, 0), 512, 0);
	KUNIT_EXPECT_EQ(test, -EINVAL, blk_rq_append_bio(rq, bio));
	KUNIT_EXPECT_PTR_EQ(test, NULL, rq->bio);
	blk_mq_free_request(rq);
	bio_put(bio);
}

static void append_when_gone(struct kunit *test)
{
	struct rq_disk *d = rq_disk_create(test, "B");
	struct bio *bio = append_bio(d, 1);
	struct request *rq = append_rq(d);

	add_kind(d, bio, P2P, NULL, 0, 512);
	dma_phys_del(d->r);
	KUNIT_EXPECT_EQ(test, -ENXIO, blk_rq_append_bio(rq, bio));
	KUNIT_EXPECT_PTR_EQ(test, NULL, rq->bio);
	blk_mq_free_request(rq);
	bio_put(bio);
}

static void append_to_wrong_queue(struct kunit *test)
{
	struct queue_limits lim = { .max_segments = 32 };
	struct rq_disk *d = rq_disk_create_lim(test, "B", &lim);
	struct bio *bio = append_bio(d, 1);
	struct request *rq = append_rq(d);

	add_kind(d, bio, P2P, NULL, 0, 512);
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, blk_rq_append_bio(rq, bio));
	KUNIT_EXPECT_PTR_EQ(test, NULL, rq->bio);
	blk_mq_free_request(rq);
	bio_put(bio);
}

/* passthrough of a kernel submitter's bvecs */

struct bvec_case {
	const char *name;
	enum kind first;
	enum kind second;
	bool takes;		/* the queue: peer-to-peer memory */
	unsigned int segments;	/* the queue: at most */
	int ret;
};

static const struct bvec_case bvec_cases[] = {
	{ "RAM", RAM, RAM, true, 32, 0 },
	{ "peer", P2P, P2P, true, 32, 0 },
	{ "mixed", RAM, P2P, true, 32, -EINVAL },
	{ "mixed, peer first", P2P, RAM, true, 32, -EINVAL },
	{ "two providers", P2P, P2P2, true, 32, -EINVAL },
	{ "wrong queue", P2P, P2P, false, 32, -EOPNOTSUPP },
	{ "mixed, wrong queue", RAM, P2P, false, 32, -EOPNOTSUPP },
	/* what does not fit would be copied */
	{ "RAM, too many", RAM, RAM, true, 1, 0 },
	{ "peer, too many", P2P, P2P, true, 1, -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(bvec, bvec_cases, name);

static void bvec_set_kind(struct rq_disk *d, struct bio_vec *bv,
			  enum kind kind, unsigned int offset)
{
	if (kind == RAM)
		bvec_set_page(bv, rq_disk_pages(d, 0), 512, offset);
	else if (kind == P2P)
		bvec_set_p2p(bv, d->phys + offset, 512,
			     dma_phys_life(d->phys + offset));
	else
		bvec_set_p2p(bv, d->r2->range.start + offset, 512,
			     dma_phys_life(d->r2->range.start + offset));
}

static void map_bvecs(struct kunit *test, enum req_op op, unsigned int dir)
{
	const struct bvec_case *c = test->param_value;
	struct queue_limits lim = {
		.features = c->takes ? BLK_FEAT_P2P_PHYS : 0,
		.max_segments = c->segments,
	};
	struct rq_disk *d = rq_disk_create_lim(test, "B", &lim);
	struct iov_iter iter;
	struct bio_vec bv[2];
	struct request *rq;

	bvec_set_kind(d, &bv[0], c->first, 0);
	bvec_set_kind(d, &bv[1], c->second, 1024);
	iov_iter_bvec(&iter, dir, bv, 2, 1024);
	rq = blk_mq_alloc_request(d->disk->queue, op, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(rq));
	KUNIT_EXPECT_EQ(test, c->ret,
			blk_rq_map_user_iov(d->disk->queue, rq, NULL, &iter,
					    GFP_KERNEL));
	if (!c->ret) {
		struct bio *bio = rq->bio;

		KUNIT_EXPECT_EQ(test, c->first != RAM, bio_is_p2p(bio));
		KUNIT_EXPECT_EQ(test, 0,
				blk_status_to_errno(blk_execute_rq(rq, false)));
		KUNIT_EXPECT_EQ(test, 1024, d->bytes);
		/* what was copied has no process to go back to */
		blk_rq_unmap_user(bio);
	}
	blk_mq_free_request(rq);
	rq_disk_expect_idle(d);
}

static void map_bvecs_to(struct kunit *test)
{
	map_bvecs(test, REQ_OP_DRV_OUT, ITER_SOURCE);
}

static void map_bvecs_from(struct kunit *test)
{
	map_bvecs(test, REQ_OP_DRV_IN, ITER_DEST);
}

static struct kunit_case rq_phys_merge_cases[] = {
	KUNIT_CASE_PARAM(merge, merge_gen_params),
	KUNIT_CASE_PARAM(append, append_gen_params),
	KUNIT_CASE(append_mixed_bio),
	KUNIT_CASE(append_when_gone),
	KUNIT_CASE(append_to_wrong_queue),
	KUNIT_CASE_PARAM(map_bvecs_to, bvec_gen_params),
	KUNIT_CASE_PARAM(map_bvecs_from, bvec_gen_params),
	{}
};

static struct kunit_suite rq_phys_merge_suite = {
	.name = "rq_phys_merge",
	.test_cases = rq_phys_merge_cases,
};

kunit_test_suite(rq_phys_merge_suite);
