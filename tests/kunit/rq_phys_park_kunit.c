// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for peer-to-peer bios that wait for a fence: outside of the
 * queue, for a limited time, and for nobody who has gone.
 */
#include <kunit/test.h>
#include <linux/blk-mq.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/pci.h>

#include "dma_phys_test.h"
#include "fake_pci.h"
#include "rq_phys.h"

#define SOON	(HZ / 20)
#define LONG	(20 * HZ)

/* The queue can be frozen: nothing that waits has a reference on it. */
static void expect_queue_free(struct kunit *test, struct rq_disk *d)
{
	struct request_queue *q = d->disk->queue;

	blk_freeze_queue_start(q);
	KUNIT_EXPECT_EQ(test, 1, blk_mq_freeze_queue_wait_timeout(q, LONG) > 0);
	blk_mq_unfreeze_queue_nomemrestore(q);
}

/* A bio of one page of the peer's memory, on its way. */
static struct bio *submit_p2p(struct rq_disk *d, u64 offset, blk_opf_t flags,
			      struct completion *done)
{
	struct bio *bio = rq_disk_bio(d, 1);

	bio->bi_opf |= flags;
	rq_disk_add(d, bio, offset, SZ_4K);
	rq_disk_submit_async(bio, done);
	return bio;
}

static void expect_waits(struct kunit *test, struct completion *done)
{
	KUNIT_EXPECT_EQ(test, 0, wait_for_completion_timeout(done, SOON));
}

static void expect_ends(struct kunit *test, struct bio *bio,
			struct completion *done, blk_status_t want)
{
	KUNIT_ASSERT_NE(test, 0, wait_for_completion_timeout(done, LONG));
	KUNIT_EXPECT_EQ(test, blk_status_to_errno(want),
			blk_status_to_errno(bio->bi_status));
	KUNIT_EXPECT_TRUE(test, bio->bi_status == want);
	bio_put(bio);
}

/* RAM goes by it, through the same queue. */
static void expect_ram_works(struct kunit *test, struct rq_disk *d)
{
	struct bio *bio = rq_disk_bio(d, 1);

	rq_disk_add_page(d, bio, rq_disk_pages(d, 0), SZ_4K, 0);
	KUNIT_EXPECT_EQ(test, 0, rq_disk_submit(bio));
}

/* Whoever submitted bios again has given the queue back, once. */
static void expect_queue_refs(struct kunit *test, struct rq_disk *d,
			      unsigned int refs)
{
	unsigned long end = jiffies + LONG;

	while (refcount_read(&d->disk->queue->refs) > refs &&
	       time_before(jiffies, end))
		msleep(20);
	KUNIT_EXPECT_EQ(test, refs, refcount_read(&d->disk->queue->refs));
}

static void fence(struct kunit *test, struct rq_disk *d, unsigned int ms)
{
	KUNIT_ASSERT_EQ(test, 0, dma_phys_fence(d->r, ms));
	KUNIT_ASSERT_EQ(test, 0, dma_phys_wait(d->r, LONG));
}

/* Met when it is submitted: it never gets a request. */
static void at_submission(struct kunit *test)
{
	struct rq_disk *d = rq_disk_create(test, "B");
	unsigned int refs = refcount_read(&d->disk->queue->refs);
	struct completion done;
	struct bio *bio;

	fence(test, d, 0);
	bio = submit_p2p(d, 0, 0, &done);
	expect_waits(test, &done);
	KUNIT_EXPECT_EQ(test, 0, d->refused);
	expect_queue_free(test, d);
	expect_ram_works(test, d);
	KUNIT_EXPECT_EQ(test, 1, d->requests);

	KUNIT_ASSERT_EQ(test, 0, dma_phys_lift(d->r));
	expect_ends(test, bio, &done, BLK_STS_OK);
	KUNIT_EXPECT_EQ(test, 2, d->requests);
	KUNIT_EXPECT_EQ(test, 0, d->refused);
	expect_queue_refs(test, d, refs);
	rq_disk_expect_idle(d);
}

/* The fence came when it had a request: that ends, the bio does not. */
static void at_mapping(struct kunit *test)
{
	struct rq_disk *d = rq_disk_create(test, "B");
	struct completion done;
	struct bio *bio;

	blk_mq_quiesce_queue(d->disk->queue);
	bio = submit_p2p(d, 0, 0, &done);
	expect_waits(test, &done);
	fence(test, d, 0);
	blk_mq_unquiesce_queue(d->disk->queue);
	expect_waits(test, &done);
	KUNIT_EXPECT_EQ(test, 1, d->refused);
	expect_queue_free(test, d);
	expect_ram_works(test, d);
	KUNIT_EXPECT_EQ(test, 1, d->refused);

	KUNIT_ASSERT_EQ(test, 0, dma_phys_lift(d->r));
	expect_ends(test, bio, &done, BLK_STS_OK);
	KUNIT_EXPECT_EQ(test, 2, d->requests);
	rq_disk_expect_idle(d);
}

/* What has begun goes on: the request has its reference. */
static void fence_between(struct rq_disk *d)
{
	d->while_mapping = NULL;
	KUNIT_EXPECT_EQ(d->test, 0, dma_phys_fence(d->r, 0));
}

static void between_segments(struct kunit *test)
{
	struct queue_limits lim = {
		.features = BLK_FEAT_P2P_PHYS,
		.max_segments = 32,
	};
	/* may sleep when it maps, as the fence does */
	struct rq_disk *d = rq_disk_create_flags(test, "H", &lim,
						 BLK_MQ_F_BLOCKING);
	struct bio *bio = rq_disk_bio(d, 2);
	struct completion done;

	rq_disk_add(d, bio, 0, SZ_4K);
	rq_disk_add(d, bio, SZ_64K, SZ_4K);
	d->while_mapping = fence_between;
	rq_disk_submit_async(bio, &done);
	expect_ends(test, bio, &done, BLK_STS_OK);
	KUNIT_EXPECT_EQ(test, 1, d->requests);
	KUNIT_EXPECT_EQ(test, 0, d->refused);
	KUNIT_EXPECT_EQ(test, 2, d->segs);
	/* for which the fence waits, as for any other */
	KUNIT_EXPECT_EQ(test, 0, dma_phys_wait(d->r, HZ));
	rq_disk_expect_idle(d);
	expect_queue_free(test, d);
	KUNIT_ASSERT_EQ(test, 0, dma_phys_lift(d->r));
}

/* A device whose driver may sleep, as fences and lifts do. */
static struct rq_disk *sleeping_disk(struct kunit *test,
				     blk_features_t features)
{
	struct queue_limits lim = {
		.features = BLK_FEAT_P2P_PHYS | features,
		.max_segments = 32,
	};

	return rq_disk_create_flags(test, "B", &lim, BLK_MQ_F_BLOCKING);
}

/* What it was to wait for is over when it comes to wait. */
static void lift_between(struct rq_disk *d)
{
	d->while_refused = NULL;
	KUNIT_EXPECT_EQ(d->test, 0, dma_phys_lift(d->r));
}

static void die_between(struct rq_disk *d)
{
	d->while_refused = NULL;
	blk_mark_disk_dead(d->disk);
}

static const struct between_case {
	const char *name;
	void (*between)(struct rq_disk *d);
	blk_status_t want;
} between_cases[] = {
	{ "lifted", lift_between, BLK_STS_OK },
	{ "the disk is gone", die_between, BLK_STS_IOERR },
};

KUNIT_ARRAY_PARAM_DESC(between, between_cases, name);

static void over_when_it_waits(struct kunit *test)
{
	const struct between_case *c = test->param_value;
	struct rq_disk *d = sleeping_disk(test, 0);
	unsigned int refs = refcount_read(&d->disk->queue->refs);
	struct completion done;
	struct bio *bio;

	blk_mq_quiesce_queue(d->disk->queue);
	bio = submit_p2p(d, 0, 0, &done);
	fence(test, d, 0);
	d->while_refused = c->between;
	blk_mq_unquiesce_queue(d->disk->queue);
	expect_ends(test, bio, &done, c->want);
	KUNIT_EXPECT_EQ(test, 1, d->refused);
	expect_queue_refs(test, d, refs);
	rq_disk_expect_idle(d);
	if (c->want != BLK_STS_OK)
		KUNIT_EXPECT_EQ(test, 0, dma_phys_lift(d->r));
}

/* Nobody will lift it for a disk that is gone. */
static void gone_at_submission(struct kunit *test)
{
	struct rq_disk *d = rq_disk_create(test, "B");
	struct completion done;
	struct bio *bio;

	fence(test, d, 0);
	blk_mark_disk_dead(d->disk);
	bio = submit_p2p(d, 0, 0, &done);
	expect_ends(test, bio, &done, BLK_STS_IOERR);
	KUNIT_EXPECT_EQ(test, 0, d->requests);
	KUNIT_EXPECT_EQ(test, 0, dma_phys_lift(d->r));
}

/*
 * A write between two flushes: what is left of its request goes on without it,
 * and all of it begins anew.
 */
static void fence_once(struct rq_disk *d)
{
	d->while_flushing = NULL;
	KUNIT_EXPECT_EQ(d->test, 0, dma_phys_fence(d->r, 0));
}

static void flushed(struct kunit *test)
{
	struct rq_disk *d = sleeping_disk(test, BLK_FEAT_WRITE_CACHE);
	struct completion done;
	struct bio *bio;

	d->while_flushing = fence_once;
	bio = submit_p2p(d, 0, REQ_PREFLUSH | REQ_FUA, &done);
	expect_waits(test, &done);
	KUNIT_EXPECT_EQ(test, 1, d->refused);
	KUNIT_EXPECT_EQ(test, 0, d->requests);
	expect_queue_free(test, d);
	expect_ram_works(test, d);
	d->flushes = 0;
	KUNIT_ASSERT_EQ(test, 0, dma_phys_lift(d->r));
	expect_ends(test, bio, &done, BLK_STS_OK);
	KUNIT_EXPECT_EQ(test, 2, d->flushes);
	KUNIT_EXPECT_EQ(test, 2, d->requests);
	expect_queue_free(test, d);
	rq_disk_expect_idle(d);
}

/* Somebody waits for the request of a command, not for its bio. */
static void passthrough(struct kunit *test)
{
	struct rq_disk *d = rq_disk_create(test, "B");
	struct request *rq;
	struct bio *bio;

	bio = bio_alloc(NULL, 1, REQ_OP_DRV_OUT, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, bio);
	rq_disk_add(d, bio, 0, SZ_4K);
	rq = blk_mq_alloc_request(d->disk->queue, REQ_OP_DRV_OUT, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(rq));
	KUNIT_ASSERT_EQ(test, 0, blk_rq_append_bio(rq, bio));
	fence(test, d, 0);
	KUNIT_EXPECT_TRUE(test, blk_execute_rq(rq, false) == BLK_STS_AGAIN);
	KUNIT_EXPECT_EQ(test, 1, d->refused);
	KUNIT_EXPECT_EQ(test, 0, d->requests);
	blk_mq_free_request(rq);
	bio_put(bio);
	expect_queue_free(test, d);
	KUNIT_ASSERT_EQ(test, 0, dma_phys_lift(d->r));
}

static void command_end(struct bio *bio)
{
	complete(bio->bi_private);
}

/* Nor is one submitted again that nobody waits for. */
static void passthrough_unwatched(struct kunit *test)
{
	struct rq_disk *d = rq_disk_create(test, "B");
	DECLARE_COMPLETION_ONSTACK(done);
	struct request *rq;
	struct bio *bio;

	bio = bio_alloc(NULL, 1, REQ_OP_DRV_OUT, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, bio);
	bio->bi_private = &done;
	bio->bi_end_io = command_end;
	rq_disk_add(d, bio, 0, SZ_4K);
	rq = blk_mq_alloc_request(d->disk->queue, REQ_OP_DRV_OUT, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(rq));
	KUNIT_ASSERT_EQ(test, 0, blk_rq_append_bio(rq, bio));
	fence(test, d, 0);
	blk_execute_rq_nowait(rq, false);
	expect_ends(test, bio, &done, BLK_STS_AGAIN);
	expect_queue_free(test, d);
	KUNIT_ASSERT_EQ(test, 0, dma_phys_lift(d->r));
}

/* More than the queue has tags, and they come out as they went in. */
static void in_order(struct kunit *test)
{
	enum { N = 40 };
	struct rq_disk *d = rq_disk_create(test, "B");
	struct completion *done;
	struct bio *bio[N];
	int i;

	done = kunit_kcalloc(test, N, sizeof(*done), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, done);
	/*
	 * How the drive reaches the memory is remembered from the first request
	 * on, which is tried again if there is no memory for it at once.
	 */
	bio[0] = submit_p2p(d, 0, 0, &done[0]);
	expect_ends(test, bio[0], &done[0], BLK_STS_OK);
	fence(test, d, 0);
	for (i = 0; i < N; i++)
		bio[i] = submit_p2p(d, i * SZ_64K, 0, &done[i]);
	expect_queue_free(test, d);
	expect_ram_works(test, d);
	KUNIT_ASSERT_EQ(test, 0, dma_phys_lift(d->r));
	for (i = 0; i < N; i++)
		expect_ends(test, bio[i], &done[i], BLK_STS_OK);
	/* behind that one's segment, and that of RAM */
	for (i = 0; i < N; i++)
		rq_disk_expect_seg(d, i + 2, rq_disk_bus(d, i * SZ_64K),
				   SZ_4K);
	KUNIT_EXPECT_EQ(test, 0, d->refused);
}

static void nowait(struct kunit *test)
{
	struct rq_disk *d = rq_disk_create(test, "B");
	struct dma_phys_log *log = dma_phys_log_begin(test);
	struct completion done;
	struct bio *bio;

	blk_mq_quiesce_queue(d->disk->queue);
	bio = submit_p2p(d, 0, REQ_NOWAIT, &done);
	fence(test, d, 0);
	blk_mq_unquiesce_queue(d->disk->queue);
	expect_ends(test, bio, &done, BLK_STS_AGAIN);
	bio = submit_p2p(d, 0, REQ_NOWAIT, &done);
	expect_ends(test, bio, &done, BLK_STS_AGAIN);
	KUNIT_ASSERT_EQ(test, 0, dma_phys_lift(d->r));
	KUNIT_EXPECT_EQ(test, 0, d->requests);
	expect_queue_free(test, d);
	/* that is how it is meant to go, and no error */
	KUNIT_EXPECT_FALSE(test, dma_phys_log_says(log, "retry error"));
}

/* Fences nest: only with the last one is anything submitted again. */
static void nested(struct kunit *test)
{
	struct rq_disk *d = rq_disk_create(test, "B");
	struct completion done;
	struct bio *bio;

	fence(test, d, 0);
	fence(test, d, 0);
	bio = submit_p2p(d, 0, 0, &done);
	KUNIT_ASSERT_EQ(test, 0, dma_phys_lift(d->r));
	expect_waits(test, &done);
	KUNIT_EXPECT_EQ(test, 0, d->refused);
	KUNIT_ASSERT_EQ(test, 0, dma_phys_lift(d->r));
	expect_ends(test, bio, &done, BLK_STS_OK);
}

/* What waits for one range is not disturbed by another. */
static void other_range(struct kunit *test)
{
	struct rq_disk *d = rq_disk_create(test, "B");
	struct completion done, done2;
	struct bio *bio, *bio2;

	fence(test, d, 0);
	KUNIT_ASSERT_EQ(test, 0, dma_phys_fence(d->r2, 0));
	bio = submit_p2p(d, 0, 0, &done);
	bio2 = submit_p2p(d, SZ_16M - SZ_1M, 0, &done2);
	expect_waits(test, &done2);
	KUNIT_ASSERT_EQ(test, 0, dma_phys_lift(d->r2));
	expect_ends(test, bio2, &done2, BLK_STS_OK);
	expect_waits(test, &done);
	KUNIT_ASSERT_EQ(test, 0, dma_phys_lift(d->r));
	expect_ends(test, bio, &done, BLK_STS_OK);
}

/* After its bound nobody waits for a fence, and the log says whose it was. */
static void bounded(struct kunit *test)
{
	struct rq_disk *d = rq_disk_create(test, "B");
	struct dma_phys_log *log = dma_phys_log_begin(test);
	struct completion done, done2, done3;
	struct bio *bio, *bio2, *other;

	/* this one waits for another range, and is not counted */
	KUNIT_ASSERT_EQ(test, 0, dma_phys_fence(d->r2, 0));
	other = submit_p2p(d, SZ_16M - SZ_1M, 0, &done3);
	fence(test, d, 200);
	bio = submit_p2p(d, 0, 0, &done);
	bio2 = submit_p2p(d, SZ_64K, 0, &done2);
	expect_waits(test, &done);
	expect_ends(test, bio, &done, BLK_STS_P2P_TIMEOUT);
	expect_ends(test, bio2, &done2, BLK_STS_P2P_TIMEOUT);
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
			blk_status_to_errno(BLK_STS_P2P_TIMEOUT));
	/* the message comes last, with the numbers */
	msleep(20);
	EXPECT_LOGGED(test, log, "fenced by fence+");
	KUNIT_EXPECT_TRUE(test,
			  dma_phys_log_line_has(log,
						"2 IOs with 8192 bytes were"));

	/* later ones are not kept waiting at all */
	bio = submit_p2p(d, 0, 0, &done);
	expect_ends(test, bio, &done, BLK_STS_P2P_TIMEOUT);
	KUNIT_EXPECT_EQ(test, 0, d->refused);
	expect_ram_works(test, d);

	KUNIT_ASSERT_EQ(test, 0, dma_phys_lift(d->r));
	EXPECT_LOGGED(test, log, "the fence was lifted");
	bio = submit_p2p(d, 0, 0, &done);
	expect_ends(test, bio, &done, BLK_STS_OK);
	/* and the next fence has a bound of its own */
	fence(test, d, 0);
	bio = submit_p2p(d, 0, 0, &done);
	expect_waits(test, &done);
	KUNIT_ASSERT_EQ(test, 0, dma_phys_lift(d->r));
	expect_ends(test, bio, &done, BLK_STS_OK);
	expect_waits(test, &done3);
	KUNIT_ASSERT_EQ(test, 0, dma_phys_lift(d->r2));
	expect_ends(test, other, &done3, BLK_STS_OK);
}

/* It is the latest bound that counts. */
static void bounds_nest(struct kunit *test)
{
	struct rq_disk *d = rq_disk_create(test, "B");
	struct completion done;
	struct bio *bio;

	fence(test, d, 100);
	fence(test, d, 10000);
	fence(test, d, 100);
	bio = submit_p2p(d, 0, 0, &done);
	KUNIT_EXPECT_EQ(test, 0, wait_for_completion_timeout(&done, HZ));
	KUNIT_ASSERT_EQ(test, 0, dma_phys_lift(d->r));
	KUNIT_ASSERT_EQ(test, 0, dma_phys_lift(d->r));
	KUNIT_ASSERT_EQ(test, 0, dma_phys_lift(d->r));
	expect_ends(test, bio, &done, BLK_STS_OK);
}

/* To lift one of two fences does not take away the bound of both. */
static void bound_stays(struct kunit *test)
{
	struct rq_disk *d = rq_disk_create(test, "B");
	struct completion done;
	struct bio *bio;

	fence(test, d, 200);
	fence(test, d, 200);
	bio = submit_p2p(d, 0, 0, &done);
	KUNIT_ASSERT_EQ(test, 0, dma_phys_lift(d->r));
	expect_waits(test, &done);
	expect_ends(test, bio, &done, BLK_STS_P2P_TIMEOUT);
	KUNIT_ASSERT_EQ(test, 0, dma_phys_lift(d->r));
}

/* Too long for a request that meets it when it is mapped, too. */
static void bounded_at_mapping(struct kunit *test)
{
	struct rq_disk *d = rq_disk_create(test, "B");
	struct completion done;
	struct bio *bio;

	blk_mq_quiesce_queue(d->disk->queue);
	bio = submit_p2p(d, 0, 0, &done);
	fence(test, d, 50);
	expect_waits(test, &done);
	expect_waits(test, &done);
	blk_mq_unquiesce_queue(d->disk->queue);
	expect_ends(test, bio, &done, BLK_STS_P2P_TIMEOUT);
	KUNIT_EXPECT_EQ(test, 1, d->refused);
	KUNIT_ASSERT_EQ(test, 0, dma_phys_lift(d->r));
}

static void provider_goes(struct kunit *test)
{
	struct rq_disk *d = rq_disk_create(test, "B");
	struct completion done;
	struct bio *bio;

	fence(test, d, 0);
	bio = submit_p2p(d, 0, 0, &done);
	expect_waits(test, &done);
	dma_phys_del(d->r);
	expect_ends(test, bio, &done, BLK_STS_P2P);
	KUNIT_EXPECT_EQ(test, 0, d->requests + d->refused);
	expect_ram_works(test, d);
}

static void client_goes(struct kunit *test)
{
	struct rq_disk *d = rq_disk_create(test, "B");
	struct completion done;
	struct bio *bio;

	fence(test, d, 0);
	bio = submit_p2p(d, 0, 0, &done);
	expect_waits(test, &done);
	blk_mark_disk_dead(d->disk);
	expect_ends(test, bio, &done, BLK_STS_IOERR);
	/* nobody begins to wait there any more, though the fence holds */
	bio = submit_p2p(d, 0, 0, &done);
	expect_ends(test, bio, &done, BLK_STS_IOERR);
	KUNIT_ASSERT_EQ(test, 0, dma_phys_lift(d->r));
	KUNIT_EXPECT_EQ(test, 0, d->requests + d->refused);
}

/*
 * Built in one life of a range, and mapped in the next: at the same addresses,
 * with the same owner, but what the bio was about is not there.
 */
static const struct life_case {
	const char *name;
	const char *client;
	bool fenced;		/* it waited for a fence meanwhile */
	bool queued;		/* it had a request */
} life_cases[] = {
	{ "before submission", "B" },
	{ "while it waits", "B", true },
	{ "in the queue", "B", false, true },
	{ "in the queue, host bridge", "H", false, true },
};

KUNIT_ARRAY_PARAM_DESC(life, life_cases, name);

static void comes_back(struct kunit *test)
{
	const struct life_case *c = test->param_value;
	struct rq_disk *d = rq_disk_create(test, c->client);
	struct pci_dev *pdev = fake_pci_dev(d->fake, "A");
	u32 life = d->r->range.life;
	struct completion done;
	struct bio *bio;

	bio = rq_disk_bio(d, 1);
	rq_disk_add(d, bio, 0, SZ_4K);
	KUNIT_EXPECT_EQ(test, life, bvec_life(&bio->bi_io_vec[0]));
	if (c->queued)
		blk_mq_quiesce_queue(d->disk->queue);
	if (c->fenced)
		fence(test, d, 0);
	if (c->queued || c->fenced) {
		rq_disk_submit_async(bio, &done);
		expect_waits(test, &done);
	}
	dma_phys_del(d->r);
	KUNIT_ASSERT_EQ(test, 0, dma_phys_add_bar(d->r, pdev, 0, 0,
						  SZ_16M - SZ_1M));
	KUNIT_EXPECT_NE(test, life, d->r->range.life);
	KUNIT_EXPECT_EQ(test, d->r->range.life, dma_phys_life(d->phys));
	if (c->queued)
		blk_mq_unquiesce_queue(d->disk->queue);
	if (!c->queued && !c->fenced)
		rq_disk_submit_async(bio, &done);
	expect_ends(test, bio, &done, BLK_STS_P2P);
	KUNIT_EXPECT_EQ(test, 0, d->requests);
	KUNIT_EXPECT_EQ(test, c->queued, d->refused);
	rq_disk_expect_idle(d);
	/* of the life that is, it works */
	bio = submit_p2p(d, 0, 0, &done);
	expect_ends(test, bio, &done, BLK_STS_OK);
}

/* Pieces of two lives make no bio. */
static void two_lives(struct kunit *test)
{
	struct rq_disk *d = rq_disk_create(test, "B");
	struct pci_dev *pdev = fake_pci_dev(d->fake, "A");
	struct dma_phys_log *log = dma_phys_log_begin(test);
	struct bio *bio = rq_disk_bio(d, 2);

	rq_disk_add(d, bio, 0, SZ_4K);
	dma_phys_del(d->r);
	KUNIT_ASSERT_EQ(test, 0, dma_phys_add_bar(d->r, pdev, 0, 0,
						  SZ_16M - SZ_1M));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			bio_add_phys(bio, d->phys + SZ_4K, SZ_4K));
	EXPECT_LOGGED(test, log, "before and after its provider was away");
	KUNIT_EXPECT_EQ(test, 1, bio->bi_vcnt);
	bio_put(bio);
}

static void lose(struct rq_disk *d)
{
	dma_phys_lose(d->r);
}

/* The device says that all was well, but the memory was gone by then. */
static const struct life_case lost_cases[] = {
	{ "bus address", "B" },
	{ "own BAR", "A" },
	{ "host bridge", "H" },
};

KUNIT_ARRAY_PARAM_DESC(lost, lost_cases, name);

static void lost_in_flight(struct kunit *test)
{
	const struct life_case *c = test->param_value;
	struct rq_disk *d = rq_disk_create(test, c->client);
	struct completion done;
	struct bio *bio;

	bio = submit_p2p(d, 0, 0, &done);
	expect_ends(test, bio, &done, BLK_STS_OK);
	d->while_mapped = lose;
	bio = submit_p2p(d, 0, 0, &done);
	expect_ends(test, bio, &done, BLK_STS_P2P);
	KUNIT_EXPECT_EQ(test, 2, d->requests);
	/* RAM was not lost */
	expect_ram_works(test, d);
	rq_disk_expect_idle(d);
}

static struct kunit_case rq_phys_park_cases[] = {
	KUNIT_CASE(at_submission),
	KUNIT_CASE(at_mapping),
	KUNIT_CASE(between_segments),
	KUNIT_CASE_PARAM(over_when_it_waits, between_gen_params),
	KUNIT_CASE(gone_at_submission),
	KUNIT_CASE(flushed),
	KUNIT_CASE(passthrough),
	KUNIT_CASE(passthrough_unwatched),
	KUNIT_CASE(in_order),
	KUNIT_CASE(nowait),
	KUNIT_CASE(nested),
	KUNIT_CASE(other_range),
	KUNIT_CASE(bounded),
	KUNIT_CASE(bounds_nest),
	KUNIT_CASE(bound_stays),
	KUNIT_CASE(bounded_at_mapping),
	KUNIT_CASE(provider_goes),
	KUNIT_CASE(client_goes),
	KUNIT_CASE_PARAM(comes_back, life_gen_params),
	KUNIT_CASE(two_lives),
	KUNIT_CASE_PARAM(lost_in_flight, lost_gen_params),
	{}
};

static struct kunit_suite rq_phys_park_suite = {
	.name = "rq_phys_park",
	.test_cases = rq_phys_park_cases,
};

kunit_test_suite(rq_phys_park_suite);
