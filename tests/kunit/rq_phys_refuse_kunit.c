// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for requests with page-less memory: what is refused, and ranges
 * that go, or are fenced, under the IO.
 */
#include <kunit/test.h>
#include <linux/blk-crypto.h>
#include <linux/blk-integrity.h>
#include <linux/jiffies.h>
#include <linux/pci.h>

#include "fake_pci.h"
#include "rq_phys.h"

/* each with its errno, and nothing transferred */
static void refuse(struct kunit *test, struct rq_disk *d, struct bio *bio,
		   int want)
{
	KUNIT_EXPECT_EQ(test, want, rq_disk_submit(bio));
	KUNIT_EXPECT_EQ(test, 0, d->requests);
	KUNIT_EXPECT_EQ(test, 0, d->segs);
	rq_disk_expect_idle(d);
}

static void refuse_unreachable(struct kunit *test)
{
	struct rq_disk *d = rq_disk_create(test, "Z");
	struct bio *bio = rq_disk_bio(d, 1);

	rq_disk_add(d, bio, 0, SZ_4K);
	refuse(test, d, bio, -EREMOTEIO);
	KUNIT_EXPECT_EQ(test, 1, d->refused);
}

/* The driver is not even asked. */
static void refuse_queue(struct kunit *test)
{
	struct queue_limits lim = { .max_segments = 32 };
	struct rq_disk *d = rq_disk_create_lim(test, "B", &lim);
	struct bio *bio = rq_disk_bio(d, 1);

	rq_disk_add(d, bio, 0, SZ_4K);
	refuse(test, d, bio, -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, 0, d->refused);
}

#ifdef CONFIG_BLK_INLINE_ENCRYPTION
/* No hardware does it here, so the fallback would encrypt with the CPU. */
static void refuse_crypt(struct kunit *test)
{
	struct rq_disk *d = rq_disk_create(test, "B");
	struct bio *bio = rq_disk_bio(d, 1);
	struct bio_crypt_ctx ctx = {};

	rq_disk_add(d, bio, 0, SZ_4K);
	bio->bi_crypt_context = &ctx;
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, submit_bio_wait(bio));
	bio->bi_crypt_context = NULL;
	bio_put(bio);
	KUNIT_EXPECT_EQ(test, 0, d->requests + d->refused);
	rq_disk_expect_idle(d);
}
#endif

static struct bio *two_bvecs(struct rq_disk *d, phys_addr_t phys, bool p2p)
{
	struct bio *bio = rq_disk_bio(d, 2);

	bvec_set_p2p(&bio->bi_io_vec[0], d->phys, SZ_4K,
		     dma_phys_life(d->phys));
	if (p2p)
		bvec_set_p2p(&bio->bi_io_vec[1], phys, SZ_4K,
			     dma_phys_life(phys));
	else
		bvec_set_phys(&bio->bi_io_vec[1], phys, SZ_4K);
	bio->bi_vcnt = 2;
	bio->bi_iter.bi_size = SZ_8K;
	bio_set_flag(bio, BIO_P2P);
	return bio;
}

static void refuse_mixed(struct kunit *test)
{
	struct rq_disk *d = rq_disk_create(test, "B");
	struct page *page = rq_disk_pages(d, 0);

	refuse(test, d, two_bvecs(d, page_to_phys(page), false), -EINVAL);
	KUNIT_EXPECT_EQ(test, 0, d->refused);
}

static void refuse_two_providers(struct kunit *test)
{
	struct rq_disk *d = rq_disk_create(test, "B");

	refuse(test, d, two_bvecs(d, d->r2->range.start, true), -EINVAL);
	KUNIT_EXPECT_EQ(test, 0, d->refused);
}

static void refuse_straddling(struct kunit *test)
{
	struct rq_disk *d = rq_disk_create(test, "B");

	refuse(test, d, two_bvecs(d, d->r2->range.start - SZ_2K, true),
	       -EINVAL);
	KUNIT_EXPECT_EQ(test, 0, d->refused);
}

/*
 * Without the mark nothing would put the range back, so the driver's mapping is
 * refused even if nobody has noticed before.
 */
static void refuse_unmarked(struct kunit *test)
{
	struct rq_disk *d = rq_disk_create(test, "B");
	struct bio *bio = rq_disk_bio(d, 1);

	rq_disk_add(d, bio, 0, SZ_4K);
	bio_clear_flag(bio, BIO_P2P);
	refuse(test, d, bio, -EINVAL);
	KUNIT_EXPECT_EQ(test, 1, d->refused);
}

/* Adds without asking, so that submission has to. */
static void refuse_added_page(struct kunit *test)
{
	struct rq_disk *d = rq_disk_create(test, "B");
	struct page *page = rq_disk_pages(d, 0);
	struct bio *bio = rq_disk_bio(d, 2);

	rq_disk_add(d, bio, 0, SZ_4K);
	__bio_add_page(bio, page, SZ_4K, 0);
	refuse(test, d, bio, -EINVAL);

	bio = rq_disk_bio(d, 2);
	rq_disk_add(d, bio, 0, SZ_4K);
	bio_add_folio_nofail(bio, page_folio(page), SZ_4K, 0);
	refuse(test, d, bio, -EINVAL);
	KUNIT_EXPECT_EQ(test, 0, d->refused);
}

/* A kernel submitter's bvecs come in as they are. */
static void refuse_mixed_bvecs(struct kunit *test)
{
	struct rq_disk *d = rq_disk_create(test, "B");
	struct bio *bio = rq_disk_bio(d, 0);
	struct iov_iter iter;
	struct bio_vec bv[2];

	bvec_set_page(&bv[0], rq_disk_pages(d, 0), SZ_4K, 0);
	bvec_set_p2p(&bv[1], d->phys, SZ_4K, dma_phys_life(d->phys));
	iov_iter_bvec(&iter, ITER_SOURCE, bv, 2, SZ_8K);
	KUNIT_ASSERT_EQ(test, 0, bio_iov_iter_get_pages(bio, &iter, 0, 0));
	refuse(test, d, bio, -EINVAL);
	KUNIT_EXPECT_EQ(test, 0, d->refused);
}

static void refuse_nobodys(struct kunit *test)
{
	struct rq_disk *d = rq_disk_create(test, "B");

	refuse(test, d, two_bvecs(d, RQ_HOST1, true), -EREMOTEIO);
}

/* the range goes, or is fenced, under the IO */

static void gone_before_submission(struct kunit *test)
{
	struct rq_disk *d = rq_disk_create(test, "B");
	struct bio *bio = rq_disk_bio(d, 1);

	rq_disk_add(d, bio, 0, SZ_4K);
	dma_phys_del(d->r);
	KUNIT_EXPECT_EQ(test, -EREMOTEIO, rq_disk_submit(bio));
	KUNIT_EXPECT_EQ(test, 0, d->requests);
}

static void gone_before_mapping(struct kunit *test)
{
	struct rq_disk *d = rq_disk_create(test, "B");
	struct bio *bio = rq_disk_bio(d, 1);
	struct completion done;

	rq_disk_add(d, bio, 0, SZ_4K);
	blk_mq_quiesce_queue(d->disk->queue);
	rq_disk_submit_async(bio, &done);
	KUNIT_EXPECT_EQ(test, 0, wait_for_completion_timeout(&done, 3));
	/* a queued bio does not keep the provider */
	dma_phys_del(d->r);
	blk_mq_unquiesce_queue(d->disk->queue);
	KUNIT_ASSERT_NE(test, 0, wait_for_completion_timeout(&done, 20 * HZ));
	KUNIT_EXPECT_TRUE(test, bio->bi_status == BLK_STS_P2P);
	KUNIT_EXPECT_EQ(test, 0, d->requests);
	bio_put(bio);
}

/* A buffer that a kernel submitter kept for longer than its provider. */
static void gone_before_bvecs(struct kunit *test)
{
	struct rq_disk *d = rq_disk_create(test, "B");
	struct bio *bio = rq_disk_bio(d, 0);
	struct iov_iter iter;
	struct bio_vec bv;

	bvec_set_p2p(&bv, d->phys, SZ_4K, dma_phys_life(d->phys));
	dma_phys_del(d->r);
	dma_phys_del(d->r2);
	iov_iter_bvec(&iter, ITER_SOURCE, &bv, 1, SZ_4K);
	KUNIT_ASSERT_EQ(test, 0, bio_iov_iter_get_pages(bio, &iter, 0, 0));
	KUNIT_EXPECT_TRUE(test, bio_is_p2p(bio));
	KUNIT_EXPECT_EQ(test, -EREMOTEIO, rq_disk_submit(bio));
	KUNIT_EXPECT_EQ(test, 0, d->requests + d->refused);
}

/*
 * A request that nobody has looked at: the driver's iterator is the last to
 * notice, and gives back what it has.
 */
struct last_case {
	const char *name;
	const char *client;
	enum { RAM, P2P, P2P2, STALE, NOBODYS } first, second;
	int ret;
	unsigned int done;		/* bytes of the first */
};

static const struct last_case last_cases[] = {
	{ "RAM, then a peer", "B", RAM, P2P, -EINVAL },
	{ "a peer, then RAM", "B", P2P, RAM, -EINVAL },
	{ "two providers", "B", P2P, P2P2, -EREMOTEIO },
	{ "two providers, host bridge", "H", P2P, P2P2, -EREMOTEIO },
	{ "a peer, then RAM, host bridge", "H", P2P, RAM, -EINVAL },
	{ "of today, then stale", "B", P2P, STALE, -EREMOTEIO },
	{ "stale, then of today", "B", STALE, P2P, -EREMOTEIO },
	{ "of today, then stale, host bridge", "H", P2P, STALE, -EREMOTEIO },
	{ "stale, then of today, host bridge", "H", STALE, P2P, -EREMOTEIO },
	{ "a peer, then nobody", "B", P2P, NOBODYS, -EREMOTEIO },
	{ "a peer, then nobody, host bridge", "H", P2P, NOBODYS, -EREMOTEIO },
	{ "nobody, then a peer", "B", NOBODYS, P2P, -EREMOTEIO },
	{ "the end of a peer, then RAM", "B", P2P, RAM, -EINVAL, SZ_4K - 512 },
	{ "the end of a peer, then stale", "B", P2P, STALE, -EREMOTEIO,
	  SZ_4K - 512 },
};

KUNIT_ARRAY_PARAM_DESC(last, last_cases, name);

static void last_set(struct rq_disk *d, struct bio_vec *bv, int kind,
		     unsigned int n)
{
	switch (kind) {
	case RAM:
		bvec_set_page(bv, rq_disk_pages(d, 0), SZ_4K, 0);
		break;
	case P2P:
		bvec_set_p2p(bv, d->phys + n * SZ_4K, SZ_4K,
			     d->r->range.life);
		break;
	case P2P2:
		bvec_set_p2p(bv, d->r2->range.start, SZ_4K,
			     dma_phys_life(d->r2->range.start));
		break;
	case STALE:
		/* right behind the other, but of another life */
		bvec_set_p2p(bv, d->phys + n * SZ_4K, SZ_4K,
			     d->r->range.life + 1000);
		break;
	case NOBODYS:
		bvec_set_p2p(bv, RQ_HOST1, SZ_4K, dma_phys_life(RQ_HOST1));
		break;
	}
}

/* Nothing of a request that begins in peer-to-peer memory has been mapped. */
static void last_execute(struct kunit *test, struct rq_disk *d,
			 struct bio *bio, struct bio *tail, unsigned int bytes)
{
	const struct last_case *c = test->param_value;
	struct request *rq;

	rq = blk_mq_alloc_request(d->disk->queue, REQ_OP_DRV_OUT, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(rq));
	rq->bio = bio;
	rq->biotail = tail;
	rq->__data_len = bytes;
	rq->nr_phys_segments = 2;
	KUNIT_EXPECT_EQ(test, c->ret,
			blk_status_to_errno(blk_execute_rq(rq, false)));
	KUNIT_EXPECT_EQ(test, 1, d->refused);
	if (c->first != RAM)
		KUNIT_EXPECT_EQ(test, 0, d->begun);
	rq_disk_expect_idle(d);
	blk_mq_free_request(rq);
}

static void last_line(struct kunit *test)
{
	const struct last_case *c = test->param_value;
	struct rq_disk *d = rq_disk_create(test, c->client);
	struct bio *bio = rq_disk_bio(d, 2);

	last_set(d, &bio->bi_io_vec[0], c->first, 0);
	last_set(d, &bio->bi_io_vec[1], c->second, 1);
	bio->bi_vcnt = 2;
	bio->bi_iter.bi_size = c->done ? SZ_1K : SZ_8K;
	bio->bi_iter.bi_offset = c->done;
	bio_set_flag(bio, BIO_P2P);
	last_execute(test, d, bio, bio, bio->bi_iter.bi_size);
	bio_put(bio);
}

/* The same, each piece in a bio of its own. */
static void last_bios(struct kunit *test)
{
	const struct last_case *c = test->param_value;
	struct rq_disk *d = rq_disk_create(test, c->client);
	struct bio *bio[2];
	int i;

	for (i = 0; i < 2; i++) {
		bio[i] = rq_disk_bio(d, 1);
		last_set(d, &bio[i]->bi_io_vec[0], i ? c->second : c->first, i);
		bio[i]->bi_vcnt = 1;
		bio[i]->bi_iter.bi_size = SZ_4K;
		if (bvec_is_p2p(&bio[i]->bi_io_vec[0]))
			bio_set_flag(bio[i], BIO_P2P);
	}
	bio[0]->bi_iter.bi_size = SZ_4K - c->done;
	bio[0]->bi_iter.bi_offset = c->done;
	bio[0]->bi_next = bio[1];
	last_execute(test, d, bio[0], bio[1], SZ_8K - c->done);
	bio_put(bio[0]);
	bio_put(bio[1]);
}

#ifdef CONFIG_BLK_DEV_INTEGRITY
/* A request keeps one range, which is that of its data. */
static void last_metadata(struct kunit *test)
{
	struct rq_disk *d = rq_disk_create(test, "B");
	struct bio *bio = rq_disk_bio(d, 1);
	struct bio_integrity_payload *bip;
	struct dma_iova_state state = {};
	struct blk_dma_iter iter;
	struct request *rq;

	rq_disk_add(d, bio, 0, SZ_4K);
	bip = bio_integrity_alloc(bio, GFP_KERNEL, 1);
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(bip));
	bvec_set_p2p(&bip->bip_vec[0], d->phys + SZ_4K, 64,
		     dma_phys_life(d->phys + SZ_4K));
	bip->bip_iter.bi_size = 64;

	rq = blk_mq_alloc_request(d->disk->queue, REQ_OP_DRV_OUT, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(rq));
	rq->bio = bio;
	rq->biotail = bio;
	KUNIT_EXPECT_FALSE(test,
			   blk_rq_integrity_dma_map_iter_start(rq, d->dev,
							       &state, &iter));
	KUNIT_EXPECT_EQ(test, -EINVAL, blk_status_to_errno(iter.status));
	rq_disk_expect_idle(d);
	blk_mq_free_request(rq);
	bio_put(bio);
}
#endif

static struct kunit_case rq_phys_refuse_cases[] = {
	KUNIT_CASE(refuse_unreachable),
	KUNIT_CASE(refuse_queue),
#ifdef CONFIG_BLK_INLINE_ENCRYPTION
	KUNIT_CASE(refuse_crypt),
#endif
	KUNIT_CASE(refuse_mixed),
	KUNIT_CASE(refuse_two_providers),
	KUNIT_CASE(refuse_straddling),
	KUNIT_CASE(refuse_unmarked),
	KUNIT_CASE(refuse_added_page),
	KUNIT_CASE(refuse_mixed_bvecs),
	KUNIT_CASE(refuse_nobodys),
	KUNIT_CASE(gone_before_submission),
	KUNIT_CASE(gone_before_mapping),
	KUNIT_CASE(gone_before_bvecs),
	KUNIT_CASE_PARAM(last_line, last_gen_params),
	KUNIT_CASE_PARAM(last_bios, last_gen_params),
#ifdef CONFIG_BLK_DEV_INTEGRITY
	KUNIT_CASE(last_metadata),
#endif
	{}
};

static struct kunit_suite rq_phys_refuse_suite = {
	.name = "rq_phys_refuse",
	.test_cases = rq_phys_refuse_cases,
};

kunit_test_suite(rq_phys_refuse_suite);
