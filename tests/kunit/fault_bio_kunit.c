// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests that let memory allocations fail when bios with peer-to-peer
 * memory are built, and requests are mapped; see fault.h.
 */
#include <kunit/test.h>
#include <linux/bio-phys.h>
#include <linux/bio.h>
#include <linux/blk-mq-dma.h>
#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/module.h>

#include "fault.h"

#define FAULT_SEGS	64

struct fault_bio {
	struct bio_set bs;
	struct blk_mq_tag_set set;
	struct gendisk *disk;
	struct bio *bio;
	struct bvec_iter iter;		/* of the bio when it was whole */
	struct bio *part;
	struct request *rq;
};

static void fault_disk_remove(void *data)
{
	struct fault_bio *b = data;

	if (b->rq)
		blk_mq_free_request(b->rq);
	if (!IS_ERR_OR_NULL(b->disk))
		put_disk(b->disk);
	if (b->set.tags)
		blk_mq_free_tag_set(&b->set);
	if (b->bio)
		bio_put(b->bio);
	bioset_exit(&b->bs);
}

static blk_status_t fault_queue_rq(struct blk_mq_hw_ctx *hctx,
				   const struct blk_mq_queue_data *bd)
{
	return BLK_STS_IOERR;
}

static const struct blk_mq_ops fault_mq_ops = {
	.queue_rq = fault_queue_rq,
};

static void prepare_disk(struct fault *f)
{
	struct fault_bio *b = f->priv;
	struct queue_limits lim = {
		.features = BLK_FEAT_P2P_PHYS,
		.max_hw_sectors = 2048,
		.max_segments = FAULT_SEGS,
	};

	fault_range(f);
	KUNIT_ASSERT_EQ(f->test, 0,
			kunit_add_action_or_reset(f->test, fault_disk_remove,
						  b));
	KUNIT_ASSERT_EQ(f->test, 0, bioset_init(&b->bs, 4, 0,
						BIOSET_NEED_BVECS));
	b->set.ops = &fault_mq_ops;
	b->set.nr_hw_queues = 1;
	b->set.queue_depth = 4;
	b->set.numa_node = NUMA_NO_NODE;
	KUNIT_ASSERT_EQ(f->test, 0, blk_mq_alloc_tag_set(&b->set));
	b->disk = blk_mq_alloc_disk(&b->set, &lim, f);
	KUNIT_ASSERT_FALSE(f->test, IS_ERR(b->disk));
}

/* Pieces that are no neighbours, so that each is a bvec. */
static int fault_fill(struct fault *f, struct bio *bio)
{
	int i;

	for (i = 0; i < FAULT_SEGS; i++)
		if (bio_add_phys(bio, f->phys + i * SZ_8K, SZ_4K) != SZ_4K)
			return -EIO;
	return bio_is_p2p(bio) ? 0 : -EIO;
}

static int fault_bio(struct fault *f, gfp_t gfp)
{
	struct fault_bio *b = f->priv;
	int ret;

	b->bio = bio_alloc_bioset(b->disk->part0, FAULT_SEGS, REQ_OP_DRV_OUT,
				  gfp, &b->bs);
	if (!b->bio)
		return -ENOMEM;
	ret = fault_fill(f, b->bio);
	if (ret) {
		bio_put(b->bio);
		b->bio = NULL;
	}
	return ret;
}

static int run_bio(struct fault *f)
{
	return fault_bio(f, GFP_KERNEL);
}

static int run_bio_nowait(struct fault *f)
{
	return fault_bio(f, GFP_NOWAIT);
}

static void undo_bio(struct fault *f)
{
	struct fault_bio *b = f->priv;

	bio_put(b->bio);
	b->bio = NULL;
}

static int run_bio_kmalloc(struct fault *f)
{
	struct fault_bio *b = f->priv;
	struct bio *bio = bio_kmalloc(FAULT_SEGS, GFP_KERNEL);
	int ret;

	if (!bio)
		return -ENOMEM;
	bio_init(bio, b->disk->part0, bio_inline_vecs(bio), FAULT_SEGS,
		 REQ_OP_DRV_OUT);
	ret = fault_fill(f, bio);
	bio_uninit(bio);
	kfree(bio);
	return ret;
}

static void prepare_bio(struct fault *f)
{
	struct fault_bio *b = f->priv;

	prepare_disk(f);
	KUNIT_ASSERT_EQ(f->test, 0, run_bio(f));
	b->iter = b->bio->bi_iter;
}

static int fault_part(struct fault *f)
{
	struct fault_bio *b = f->priv;

	if (IS_ERR_OR_NULL(b->part))
		return -ENOMEM;
	return bio_is_p2p(b->part) ? 0 : -EIO;
}

static int run_clone(struct fault *f)
{
	struct fault_bio *b = f->priv;

	b->part = bio_alloc_clone(b->disk->part0, b->bio, GFP_KERNEL, &b->bs);
	return fault_part(f);
}

static int run_split(struct fault *f)
{
	struct fault_bio *b = f->priv;

	b->part = bio_split(b->bio, 13, GFP_KERNEL, &b->bs);
	return fault_part(f);
}

static void undo_part(struct fault *f)
{
	struct fault_bio *b = f->priv;

	bio_put(b->part);
	b->bio->bi_iter = b->iter;
}

static int fault_map_request(struct fault *f)
{
	struct fault_bio *b = f->priv;
	struct dma_iova_state state = {};
	struct blk_dma_iter iter;
	int segs = 0;

	if (blk_rq_dma_map_iter_start(b->rq, f->dev, &state, &iter)) {
		do {
			segs++;
		} while (blk_rq_dma_map_iter_next(b->rq, f->dev,
						  &iter));
		/* by bus address: this one reference is all there is */
		if (!blk_rq_dma_unmap(b->rq, f->dev, &state, SZ_4K * segs,
				      iter.p2pdma.map))
			return -EIO;
	}
	if (iter.status != BLK_STS_OK)
		return blk_status_to_errno(iter.status);
	return segs == FAULT_SEGS ? 0 : -EIO;
}

/* A request with the bio in it. */
static int fault_request(struct fault *f)
{
	struct fault_bio *b = f->priv;
	int ret = run_bio(f);

	if (ret)
		return ret;
	b->rq = blk_mq_alloc_request(b->disk->queue, REQ_OP_DRV_OUT, 0);
	if (IS_ERR(b->rq)) {
		ret = PTR_ERR(b->rq);
		b->rq = NULL;
		undo_bio(f);
		return ret;
	}
	return blk_rq_append_bio(b->rq, b->bio);
}

static void undo_request(struct fault *f)
{
	struct fault_bio *b = f->priv;

	blk_mq_free_request(b->rq);
	b->rq = NULL;
	undo_bio(f);
}

static void prepare_request(struct fault *f)
{
	prepare_disk(f);
	KUNIT_ASSERT_EQ(f->test, 0, fault_request(f));
}

/* With the path known, so that only building it allocates. */
static void prepare_known(struct fault *f)
{
	prepare_disk(f);
	dma_phys_put(dma_phys_get(f->dev, f->phys, SZ_4K, 0), 0);
}

static int run_request(struct fault *f)
{
	int ret = fault_request(f);

	if (ret)
		return ret;
	ret = fault_map_request(f);
	undo_request(f);
	return ret;
}

/* In the reserve that allocations fall back to. */
static unsigned int left_bios(struct fault *f)
{
	struct fault_bio *b = f->priv;

	return b->bs.bio_pool.curr_nr + 100 * b->bs.bvec_pool.curr_nr;
}

static const struct fault_path paths[] = {
	{ "bio", "G", prepare_disk, run_bio, undo_bio },
	{ "bio without waiting", "G", prepare_disk, run_bio_nowait, undo_bio,
	  -ENOMEM },
	{ "bio by kmalloc()", "G", prepare_disk, run_bio_kmalloc, NULL,
	  -ENOMEM },
	{ "clone", "G", prepare_bio, run_clone, undo_part },
	{ "split", "G", prepare_bio, run_split, undo_part },
	{ "request", "G", prepare_known, run_request },
	{ "first mapping of a request", "G", prepare_request,
	  fault_map_request, fault_forget_paths, -ENOMEM },
};

KUNIT_ARRAY_PARAM_DESC(path, paths, name);

static void one_path(struct kunit *test)
{
	const struct fault_path *p = test->param_value;
	struct fault *f = fault_begin(test, p->client);

	f->priv = kunit_kzalloc(test, sizeof(struct fault_bio), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, f->priv);
	f->left = left_bios;
	p->prepare(f);
	fault_path(f, p);
}

static struct kunit_case bio_phys_fault_cases[] = {
	KUNIT_CASE_PARAM(one_path, path_gen_params),
	{}
};

static struct kunit_suite bio_phys_fault_suite = {
	.name = "bio_phys_fault",
	.test_cases = bio_phys_fault_cases,
};

kunit_test_suite(bio_phys_fault_suite);

MODULE_DESCRIPTION("KUnit tests: allocations that fail, in bios");
MODULE_LICENSE("GPL");
