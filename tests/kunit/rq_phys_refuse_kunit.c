// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for requests with page-less memory: what is refused, and ranges
 * that go, or are fenced, under the IO.
 */
#include <kunit/test.h>
#include <linux/blk-crypto.h>
#include <linux/blk-integrity.h>
#include <linux/jiffies.h>
#include <linux/pci-p2pmem.h>
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

/* It would look for high memory, page by page. */
static void refuse_bounce(struct kunit *test)
{
	struct queue_limits lim = {
		.features = BLK_FEAT_P2P_PHYS | BLK_FEAT_BOUNCE_HIGH,
		.max_segments = 32,
	};
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

	bvec_set_p2p(&bio->bi_io_vec[0], d->phys, SZ_4K);
	if (p2p)
		bvec_set_p2p(&bio->bi_io_vec[1], phys, SZ_4K);
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
	bvec_set_p2p(&bv[1], d->phys, SZ_4K);
	iov_iter_bvec(&iter, ITER_SOURCE, bv, 2, SZ_8K);
	KUNIT_ASSERT_EQ(test, 0, bio_iov_iter_get_pages(bio, &iter));
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
	KUNIT_EXPECT_TRUE(test, bio->bi_status == BLK_STS_TARGET);
	KUNIT_EXPECT_EQ(test, 0, d->requests);
	bio_put(bio);
}

static void fenced_waits(struct kunit *test)
{
	struct rq_disk *d = rq_disk_create(test, "B");
	struct bio *bio = rq_disk_bio(d, 1);
	struct completion done;

	rq_disk_add(d, bio, 0, SZ_4K);
	KUNIT_ASSERT_EQ(test, 0, p2p_range_fence(&d->r->range));
	KUNIT_ASSERT_EQ(test, 0, p2p_range_wait(&d->r->range));
	rq_disk_submit_async(bio, &done);
	KUNIT_EXPECT_EQ(test, 0, wait_for_completion_timeout(&done, 5));
	KUNIT_EXPECT_GT(test, d->refused, 0);
	KUNIT_EXPECT_TRUE(test, p2p_range_is_idle(&d->r->range));
	KUNIT_ASSERT_EQ(test, 0, p2p_range_lift(&d->r->range));
	KUNIT_ASSERT_NE(test, 0, wait_for_completion_timeout(&done, 20 * HZ));
	KUNIT_EXPECT_TRUE(test, bio->bi_status == BLK_STS_OK);
	KUNIT_EXPECT_EQ(test, 1, d->requests);
	rq_disk_expect_idle(d);
	bio_put(bio);
}

static void fenced_then_gone(struct kunit *test)
{
	struct rq_disk *d = rq_disk_create(test, "B");
	struct bio *bio = rq_disk_bio(d, 1);
	struct completion done;

	rq_disk_add(d, bio, 0, SZ_4K);
	KUNIT_ASSERT_EQ(test, 0, p2p_range_fence(&d->r->range));
	rq_disk_submit_async(bio, &done);
	KUNIT_EXPECT_EQ(test, 0, wait_for_completion_timeout(&done, 5));
	dma_phys_del(d->r);
	KUNIT_ASSERT_NE(test, 0, wait_for_completion_timeout(&done, 20 * HZ));
	KUNIT_EXPECT_TRUE(test, bio->bi_status == BLK_STS_TARGET);
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

	bvec_set_p2p(&bv, d->phys, SZ_4K);
	dma_phys_del(d->r);
	dma_phys_del(d->r2);
	iov_iter_bvec(&iter, ITER_SOURCE, &bv, 1, SZ_4K);
	KUNIT_ASSERT_EQ(test, 0, bio_iov_iter_get_pages(bio, &iter));
	KUNIT_EXPECT_TRUE(test, bio_is_p2p(bio));
	KUNIT_EXPECT_EQ(test, -EREMOTEIO, rq_disk_submit(bio));
	KUNIT_EXPECT_EQ(test, 0, d->requests + d->refused);
}

/*
 * A kernel submitter has buffers of two lives of a provider, and makes one IO
 * of them.  All addresses are in the range that is there now; what the older
 * one held is not.
 */
static const struct stale_case {
	const char *name;
	const char *client;
	bool stale_first;
	bool neighbours;	/* pieces that are joined to one */
	bool behind;		/* a segment of today, some way before them */
} stale_cases[] = {
	{ "of today, then stale", "B" },
	{ "stale, then of today", "B", true },
	{ "joined", "B", false, true },
	{ "joined, stale first", "B", true, true },
	{ "joined, behind another segment", "B", false, true, true },
	{ "of today, then stale, host bridge", "H" },
	{ "joined, host bridge", "H", false, true },
};

KUNIT_ARRAY_PARAM_DESC(stale, stale_cases, name);

/* 4 KiB that are the provider's first free ones */
static phys_addr_t buffer_of(struct rq_disk *d, struct pci_dev *pdev)
{
	phys_addr_t phys = 0;

	KUNIT_ASSERT_TRUE(d->test, p2pmem_alloc(pdev, PAGE_SIZE, &phys));
	return phys;
}

static void stale_piece(struct kunit *test)
{
	const struct stale_case *c = test->param_value;
	struct rq_disk *d = rq_disk_create(test, c->client);
	struct pci_dev *pdev = fake_pci_dev(d->fake, "A");
	struct bio *bio = rq_disk_bio(d, 3);
	phys_addr_t buf[5], today, stale;
	int first = c->behind ? 2 : 0;
	int i;

	dma_phys_del(d->r);
	dma_phys_del(d->r2);
	KUNIT_ASSERT_EQ(test, 0, p2pmem_register(pdev, 0, 0, 0));
	for (i = 0; i < ARRAY_SIZE(buf); i++)
		buf[i] = buffer_of(d, pdev);
	i = first + (c->neighbours ? 1 : 2);
	today = c->stale_first ? buf[i] : buf[first];
	stale = c->stale_first ? buf[first] : buf[i];
	p2pmem_free(pdev, today, PAGE_SIZE);
	if (c->behind)
		p2pmem_free(pdev, buf[0], PAGE_SIZE);

	p2pmem_unregister(pdev);
	KUNIT_ASSERT_EQ(test, 0, p2pmem_register(pdev, 0, 0, 0));
	if (c->behind) {
		KUNIT_EXPECT_EQ(test, buf[0], buffer_of(d, pdev));
		KUNIT_ASSERT_EQ(test, PAGE_SIZE,
				bio_add_phys(bio, buf[0], PAGE_SIZE));
	}
	KUNIT_EXPECT_EQ(test, today, buffer_of(d, pdev));

	for (i = 0; i < 2; i++)
		KUNIT_ASSERT_EQ(test, PAGE_SIZE,
				bio_add_phys(bio, i == c->stale_first ? today :
					     stale, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, (c->neighbours ? 1 : 2) + c->behind,
			bio->bi_vcnt);
	KUNIT_EXPECT_EQ(test, -EREMOTEIO, rq_disk_submit(bio));
	KUNIT_EXPECT_EQ(test, 0, d->requests);
	KUNIT_EXPECT_EQ(test, 1, d->refused);

	/* neither waits for references, nor misses any */
	p2pmem_unregister(pdev);
	for (i = 0; i < ARRAY_SIZE(buf); i++)
		p2pmem_free(pdev, buf[i], PAGE_SIZE);
}

/*
 * A request that nobody has looked at: the driver's iterator is the last to
 * notice, and gives back what it has.
 */
struct last_case {
	const char *name;
	const char *client;
	enum { RAM, P2P, P2P2, NOBODYS } first, second;
	int ret;
};

static const struct last_case last_cases[] = {
	{ "RAM, then a peer", "B", RAM, P2P, -EINVAL },
	{ "a peer, then RAM", "B", P2P, RAM, -EINVAL },
	{ "two providers", "B", P2P, P2P2, -EREMOTEIO },
	{ "two providers, host bridge", "H", P2P, P2P2, -EINVAL },
	{ "a peer, then RAM, host bridge", "H", P2P, RAM, -EINVAL },
	{ "a peer, then nobody", "B", P2P, NOBODYS, -EREMOTEIO },
	{ "a peer, then nobody, host bridge", "H", P2P, NOBODYS, -EREMOTEIO },
	{ "nobody, then a peer", "B", NOBODYS, P2P, -EREMOTEIO },
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
		bvec_set_p2p(bv, d->phys + n * SZ_64K, SZ_4K);
		break;
	case P2P2:
		bvec_set_p2p(bv, d->r2->range.start, SZ_4K);
		break;
	case NOBODYS:
		bvec_set_p2p(bv, RQ_HOST1, SZ_4K);
		break;
	}
}

static void last_line(struct kunit *test)
{
	const struct last_case *c = test->param_value;
	struct rq_disk *d = rq_disk_create(test, c->client);
	struct bio *bio = rq_disk_bio(d, 2);
	struct request *rq;

	last_set(d, &bio->bi_io_vec[0], c->first, 0);
	last_set(d, &bio->bi_io_vec[1], c->second, 1);
	bio->bi_vcnt = 2;
	bio->bi_iter.bi_size = SZ_8K;
	bio_set_flag(bio, BIO_P2P);

	rq = blk_mq_alloc_request(d->disk->queue, REQ_OP_DRV_OUT, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(rq));
	rq->bio = bio;
	rq->biotail = bio;
	rq->__data_len = SZ_8K;
	rq->nr_phys_segments = 2;
	KUNIT_EXPECT_EQ(test, c->ret,
			blk_status_to_errno(blk_execute_rq(rq, false)));
	KUNIT_EXPECT_EQ(test, 1, d->refused);
	rq_disk_expect_idle(d);
	blk_mq_free_request(rq);
	bio_put(bio);
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
	bvec_set_p2p(&bip->bip_vec[0], d->phys + SZ_4K, 64);
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
	KUNIT_CASE(refuse_bounce),
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
	KUNIT_CASE(fenced_waits),
	KUNIT_CASE(fenced_then_gone),
	KUNIT_CASE(gone_before_bvecs),
	KUNIT_CASE_PARAM(stale_piece, stale_gen_params),
	KUNIT_CASE_PARAM(last_line, last_gen_params),
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
