// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for requests with page-less memory: how they are mapped.
 */
#include <kunit/test.h>
#include <linux/blk-integrity.h>
#include <linux/dma-mapping.h>
#include <linux/module.h>

#include "rq_phys.h"

/* RAM */

static void ram(struct kunit *test)
{
	struct rq_disk *d = rq_disk_create(test, "B");
	struct page *page = rq_disk_pages(d, 2);
	struct bio *bio = rq_disk_bio(d, 4);

	/* two pages that are one segment, and half of another */
	rq_disk_add_page(d, bio, page, PAGE_SIZE, 0);
	rq_disk_add_page(d, bio, page + 1, PAGE_SIZE, 0);
	rq_disk_add_page(d, bio, page + 3, 512, 1024);
	KUNIT_EXPECT_EQ(test, 0, rq_disk_submit(bio));
	KUNIT_EXPECT_EQ(test, 1, d->requests);
	KUNIT_EXPECT_EQ(test, PCI_P2PDMA_MAP_NONE, d->map);
	KUNIT_EXPECT_EQ(test, 0, d->inflight);
	KUNIT_EXPECT_EQ(test, 2, d->segs);
	rq_disk_expect_seg(d, 0, page_to_phys(page), 2 * PAGE_SIZE);
	rq_disk_expect_seg(d, 1, page_to_phys(page + 3) + 1024, 512);
}

/* peer-to-peer, by each of the ways */

struct way_case {
	const char *name;
	const char *client;
	int map;
	bool bus;
};

static const struct way_case way_cases[] = {
	{ "bus address", "B", PCI_P2PDMA_MAP_BUS_ADDR, true },
	{ "own BAR", "A", PCI_P2PDMA_MAP_BUS_ADDR, true },
	{ "host bridge", "H", PCI_P2PDMA_MAP_THRU_HOST_BRIDGE, false },
};

KUNIT_ARRAY_PARAM_DESC(way, way_cases, name);

static void p2p(struct kunit *test)
{
	const struct way_case *c = test->param_value;
	struct rq_disk *d = rq_disk_create(test, c->client);
	dma_addr_t dma = c->bus ? rq_disk_bus(d, 0) : d->phys;
	struct bio *bio = rq_disk_bio(d, 4);

	rq_disk_add(d, bio, 0, SZ_4K);
	rq_disk_add(d, bio, SZ_64K, 512);
	rq_disk_add(d, bio, SZ_1M + 512, SZ_16K);
	KUNIT_EXPECT_EQ(test, 0, rq_disk_submit(bio));
	KUNIT_EXPECT_EQ(test, 1, d->requests);
	KUNIT_EXPECT_EQ(test, c->map, d->map);
	/* one reference a request, and one each piece that is unmapped */
	KUNIT_EXPECT_EQ(test, c->bus || !dma_need_unmap(d->dev) ? 1 : 4,
			d->inflight);
	KUNIT_EXPECT_EQ(test, SZ_4K + 512 + SZ_16K, d->charged);
	KUNIT_EXPECT_EQ(test, 3, d->segs);
	rq_disk_expect_seg(d, 0, dma, SZ_4K);
	rq_disk_expect_seg(d, 1, dma + SZ_64K, 512);
	rq_disk_expect_seg(d, 2, dma + SZ_1M + 512, SZ_16K);
	rq_disk_expect_idle(d);
}

/* What cannot be addressed is refused, and the range let go. */
static void beyond_mask(struct kunit *test)
{
	const struct way_case *c = test->param_value;
	struct rq_disk *d = rq_disk_create(test, c->client);
	struct bio *bio = rq_disk_bio(d, 1);

	*d->dev->dma_mask = DMA_BIT_MASK(31);
	rq_disk_add(d, bio, 0, SZ_4K);
	KUNIT_EXPECT_EQ(test, -EREMOTEIO, rq_disk_submit(bio));
	KUNIT_EXPECT_EQ(test, 1, d->refused);
	rq_disk_expect_idle(d);
}

/* Data of a driver's own: the request has no bio. */
static void special_payload(struct kunit *test)
{
	struct rq_disk *d = rq_disk_create(test, "B");
	struct page *page = rq_disk_pages(d, 0);
	struct dma_iova_state state = {};
	struct blk_dma_iter iter;
	struct request *rq;

	rq = blk_mq_alloc_request(d->disk->queue, REQ_OP_DRV_OUT, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(rq));
	bvec_set_page(&rq->special_vec, page, 512, 1024);
	rq->rq_flags |= RQF_SPECIAL_PAYLOAD;
	if (blk_rq_dma_map_iter_start(rq, d->dev, &state, &iter)) {
		KUNIT_EXPECT_EQ(test, page_to_phys(page) + 1024, iter.addr);
		KUNIT_EXPECT_EQ(test, 512, iter.len);
		dma_unmap_phys(d->dev, iter.addr, iter.len, rq_dma_dir(rq), 0);
		KUNIT_EXPECT_FALSE(test, blk_rq_dma_map_iter_next(rq, d->dev,
								  &iter));
	} else {
		KUNIT_FAIL(test, "not mapped");
	}
	KUNIT_EXPECT_EQ(test, 0, blk_status_to_errno(iter.status));
	rq->rq_flags &= ~RQF_SPECIAL_PAYLOAD;
	blk_mq_free_request(rq);
}

struct pieces_case {
	const char *name;
	unsigned int pieces;
	unsigned int requests;	/* of at most 32 segments */
};

static const struct pieces_case pieces_cases[] = {
	{ "1", 1, 1 },
	{ "2", 2, 1 },
	{ "32", 32, 1 },
	{ "33", 33, 2 },
	{ "64", 64, 2 },
};

KUNIT_ARRAY_PARAM_DESC(pieces, pieces_cases, name);

static void one_reference(struct kunit *test)
{
	const struct pieces_case *c = test->param_value;
	struct rq_disk *d = rq_disk_create(test, "B");
	struct bio *bio = rq_disk_bio(d, c->pieces);
	unsigned int i;

	for (i = 0; i < c->pieces; i++)
		rq_disk_add(d, bio, i * SZ_8K, SZ_4K);
	KUNIT_EXPECT_EQ(test, 0, rq_disk_submit(bio));
	KUNIT_EXPECT_EQ(test, 1, d->inflight);
	KUNIT_EXPECT_EQ(test, c->requests, d->requests);
	KUNIT_EXPECT_EQ(test, c->pieces, d->segs);
	for (i = 0; i < c->pieces; i++)
		rq_disk_expect_seg(d, i, rq_disk_bus(d, i * SZ_8K), SZ_4K);
	rq_disk_expect_idle(d);
}

/* bvecs that continue each other, though nobody joined them */
static void coalesces(struct kunit *test)
{
	struct rq_disk *d = rq_disk_create(test, "B");
	struct bio *bio = rq_disk_bio(d, 3);
	int i;

	for (i = 0; i < 3; i++)
		bvec_set_p2p(&bio->bi_io_vec[i], d->phys + i * SZ_4K, SZ_4K,
			     dma_phys_life(d->phys + i * SZ_4K));
	bio->bi_vcnt = 3;
	bio->bi_iter.bi_size = 3 * SZ_4K;
	bio_set_flag(bio, BIO_P2P);
	KUNIT_EXPECT_EQ(test, 0, rq_disk_submit(bio));
	KUNIT_EXPECT_EQ(test, 1, d->segs);
	rq_disk_expect_seg(d, 0, rq_disk_bus(d, 0), 3 * SZ_4K);
	rq_disk_expect_idle(d);
}

/* the third continues neither of the first two, which are one segment */
static void coalesces_until_gap(struct kunit *test)
{
	static const int frames[] = { 0, 1, 3 };
	struct rq_disk *d = rq_disk_create(test, "B");
	struct bio *bio = rq_disk_bio(d, 3);
	int i;

	for (i = 0; i < 3; i++)
		bvec_set_p2p(&bio->bi_io_vec[i], d->phys + frames[i] * SZ_4K,
			     SZ_4K, d->r->range.life);
	bio->bi_vcnt = 3;
	bio->bi_iter.bi_size = 3 * SZ_4K;
	bio_set_flag(bio, BIO_P2P);
	KUNIT_EXPECT_EQ(test, 0, rq_disk_submit(bio));
	KUNIT_EXPECT_EQ(test, 2, d->segs);
	rq_disk_expect_seg(d, 0, rq_disk_bus(d, 0), 2 * SZ_4K);
	rq_disk_expect_seg(d, 1, rq_disk_bus(d, 3 * SZ_4K), SZ_4K);
	rq_disk_expect_idle(d);
}

/* bios that hang together */

struct chain_case {
	const char *name;
	const char *client;
	bool ram;		/* the child, which is all peer's otherwise */
	unsigned int requests;
	int ret;
};

static const struct chain_case chain_cases[] = {
	{ "both good", "B", false, 2, 0 },
	{ "child of RAM", "B", true, 2, 0 },
	{ "neither reaches", "Z", false, 0, -EREMOTEIO },
};

KUNIT_ARRAY_PARAM_DESC(chain, chain_cases, name);

static void chain(struct kunit *test)
{
	const struct chain_case *c = test->param_value;
	struct rq_disk *d = rq_disk_create(test, c->client);
	struct bio *parent = rq_disk_bio(d, 1);
	struct bio *child = rq_disk_bio(d, 1);

	rq_disk_add(d, parent, 0, SZ_4K);
	if (c->ram)
		rq_disk_add_page(d, child, rq_disk_pages(d, 0), SZ_4K, 0);
	else
		rq_disk_add(d, child, SZ_64K, SZ_4K);
	bio_chain(child, parent);
	KUNIT_EXPECT_TRUE(test, bio_is_p2p(parent));
	KUNIT_EXPECT_EQ(test, !c->ram, bio_is_p2p(child));
	submit_bio(child);
	KUNIT_EXPECT_EQ(test, c->ret, rq_disk_submit(parent));
	KUNIT_EXPECT_EQ(test, c->requests, d->requests);
	rq_disk_expect_idle(d);
}

/* The child alone is refused: so says the parent, which was good. */
static void chain_to_refused(struct kunit *test)
{
	struct rq_disk *d = rq_disk_create(test, "B");
	struct bio *parent = rq_disk_bio(d, 1);
	struct bio *child = rq_disk_bio(d, 2);

	rq_disk_add_page(d, parent, rq_disk_pages(d, 0), SZ_4K, 0);
	rq_disk_add(d, child, 0, SZ_4K);
	__bio_add_page(child, rq_disk_pages(d, 0), SZ_4K, 0);
	bio_chain(child, parent);
	submit_bio(child);
	KUNIT_EXPECT_EQ(test, -EINVAL, rq_disk_submit(parent));
	KUNIT_EXPECT_EQ(test, 1, d->requests);
	rq_disk_expect_idle(d);
}

/* metadata */

#ifdef CONFIG_BLK_DEV_INTEGRITY
static struct rq_disk *integrity_disk(struct kunit *test, unsigned char flags)
{
	struct queue_limits lim = {
		.features = BLK_FEAT_P2P_PHYS,
		.max_hw_sectors = 2048,
		.max_segments = 32,
		.max_segment_size = SZ_1M,
		.max_integrity_segments = 8,
		.integrity = {
			.csum_type = BLK_INTEGRITY_CSUM_IP,
			.metadata_size = 8,
			.pi_tuple_size = 8,
			.flags = flags,
		},
	};

	return rq_disk_create_lim(test, "B", &lim);
}

struct integrity_case {
	const char *name;
	unsigned char flags;
	enum req_op op;
	int ret;
};

static const struct integrity_case integrity_cases[] = {
	{ "generate", 0, REQ_OP_WRITE, -EOPNOTSUPP },
	{ "verify", 0, REQ_OP_READ, -EOPNOTSUPP },
	{ "verify only", BLK_INTEGRITY_NOGENERATE, REQ_OP_READ, -EOPNOTSUPP },
	{ "generate only", BLK_INTEGRITY_NOVERIFY, REQ_OP_WRITE, -EOPNOTSUPP },
	{ "do not generate", BLK_INTEGRITY_NOGENERATE, REQ_OP_WRITE, 0 },
	{ "do not verify", BLK_INTEGRITY_NOVERIFY, REQ_OP_READ, 0 },
};

KUNIT_ARRAY_PARAM_DESC(integrity, integrity_cases, name);

/* The block layer would read the data to make or check metadata. */
static void integrity(struct kunit *test)
{
	const struct integrity_case *c = test->param_value;
	struct rq_disk *d = integrity_disk(test, c->flags);
	struct bio *bio = rq_disk_bio(d, 1);

	bio->bi_opf = c->op;
	rq_disk_add(d, bio, 0, SZ_4K);
	KUNIT_EXPECT_EQ(test, c->ret, rq_disk_submit(bio));
	KUNIT_EXPECT_EQ(test, !c->ret, d->requests);
	KUNIT_EXPECT_EQ(test, 0, d->meta);
	rq_disk_expect_idle(d);
}

/* For RAM it still does. */
static void integrity_of_ram(struct kunit *test)
{
	struct rq_disk *d = integrity_disk(test, 0);
	struct bio *bio = rq_disk_bio(d, 1);

	rq_disk_add_page(d, bio, rq_disk_pages(d, 0), SZ_4K, 0);
	KUNIT_EXPECT_EQ(test, 0, rq_disk_submit(bio));
	KUNIT_EXPECT_EQ(test, 1, d->meta);
	KUNIT_EXPECT_EQ(test, 8 * SZ_4K / SECTOR_SIZE, d->meta_bytes);
}

/* A submitter that brings the metadata may send peer-to-peer data with it. */
static void integrity_of_submitter(struct kunit *test)
{
	struct rq_disk *d = integrity_disk(test, 0);
	struct page *page = rq_disk_pages(d, 0);
	struct bio *bio = rq_disk_bio(d, 1);

	rq_disk_add(d, bio, 0, SZ_4K);
	KUNIT_ASSERT_FALSE(test, IS_ERR(bio_integrity_alloc(bio, GFP_KERNEL,
							    2)));
	/* two segments, for they do not continue each other */
	KUNIT_ASSERT_EQ(test, 32, bio_integrity_add_page(bio, page, 32, 512));
	KUNIT_ASSERT_EQ(test, 32, bio_integrity_add_page(bio, page, 32, 0));
	KUNIT_EXPECT_EQ(test, 0, rq_disk_submit(bio));
	KUNIT_EXPECT_EQ(test, PCI_P2PDMA_MAP_BUS_ADDR, d->map);
	KUNIT_EXPECT_EQ(test, 2, d->meta);
	KUNIT_EXPECT_EQ(test, 64, d->meta_bytes);
	rq_disk_expect_idle(d);
}

/* One request made of two bios, each with metadata of its own. */
static void integrity_of_two(struct kunit *test)
{
	struct rq_disk *d = integrity_disk(test, 0);
	struct page *page = rq_disk_pages(d, 0);
	struct dma_iova_state state = {};
	struct blk_dma_iter iter;
	struct bio *bio[2];
	struct request *rq;
	bool more;
	int i;

	rq = blk_mq_alloc_request(d->disk->queue, REQ_OP_DRV_OUT, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(rq));
	for (i = 0; i < 2; i++) {
		bio[i] = rq_disk_bio(d, 1);
		rq_disk_add(d, bio[i], i * SZ_4K, SZ_4K);
		KUNIT_ASSERT_FALSE(test, IS_ERR(bio_integrity_alloc(bio[i],
								    GFP_KERNEL,
								    1)));
		KUNIT_ASSERT_EQ(test, 64,
				bio_integrity_add_page(bio[i], page, 64,
						       i * 512));
	}
	bio[0]->bi_next = bio[1];
	rq->bio = bio[0];

	more = blk_rq_integrity_dma_map_iter_start(rq, d->dev, &state, &iter);
	for (i = 0; i < 2; i++) {
		KUNIT_ASSERT_TRUE(test, more);
		KUNIT_EXPECT_EQ(test, page_to_phys(page) + i * 512, iter.addr);
		KUNIT_EXPECT_EQ(test, 64, iter.len);
		dma_unmap_phys(d->dev, iter.addr, iter.len, rq_dma_dir(rq), 0);
		more = blk_rq_integrity_dma_map_iter_next(rq, d->dev, &iter);
	}
	KUNIT_EXPECT_FALSE(test, more);
	KUNIT_EXPECT_EQ(test, 0, blk_status_to_errno(iter.status));

	rq->bio = NULL;
	blk_mq_free_request(rq);
	bio[0]->bi_next = NULL;
	bio_put(bio[0]);
	bio_put(bio[1]);
}
#endif

static struct kunit_case rq_phys_cases[] = {
	KUNIT_CASE(ram),
	KUNIT_CASE_PARAM(p2p, way_gen_params),
	KUNIT_CASE_PARAM(beyond_mask, way_gen_params),
	KUNIT_CASE(special_payload),
	KUNIT_CASE_PARAM(one_reference, pieces_gen_params),
	KUNIT_CASE(coalesces),
	KUNIT_CASE(coalesces_until_gap),
	KUNIT_CASE_PARAM(chain, chain_gen_params),
	KUNIT_CASE(chain_to_refused),
#ifdef CONFIG_BLK_DEV_INTEGRITY
	KUNIT_CASE_PARAM(integrity, integrity_gen_params),
	KUNIT_CASE(integrity_of_ram),
	KUNIT_CASE(integrity_of_submitter),
	KUNIT_CASE(integrity_of_two),
#endif
	{}
};

static struct kunit_suite rq_phys_suite = {
	.name = "rq_phys",
	.test_cases = rq_phys_cases,
};

kunit_test_suite(rq_phys_suite);

MODULE_DESCRIPTION("KUnit tests for requests with page-less memory");
MODULE_LICENSE("GPL");
