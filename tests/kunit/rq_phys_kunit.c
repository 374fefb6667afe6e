// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for requests with page-less memory: bios go to a small blk-mq
 * device that maps them as a driver does, notes what it got, and unmaps.
 *
 *   host0: bridge known to forward, bus address below the CPU address
 *     port0 -- up -+- down0 -- A: has the memory
 *                  +- down1 -- B: reaches it by bus address
 *     port1 -- H: reaches it through the host bridge
 *   host1: bridge unknown
 *     port2 -- Z: does not reach it
 */
#include <kunit/test-bug.h>
#include <kunit/test.h>
#include <linux/bio-phys.h>
#include <linux/bio.h>
#include <linux/blk-mq-dma.h>
#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/dma-phys.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/sizes.h>

#include "fake_pci.h"

#define HOST0		0x5000000000ULL
#define HOST0_BUS	0x1000000000ULL
#define HOST1		0x6000000000ULL
#define TEST_SEGS	64

static const struct fake_pci_node fabric[] = {
	{ .name = "host0", .type = FAKE_PCI_HOST,
	  .windows = { { .cpu = HOST0, .bus = HOST0_BUS, .size = SZ_8G } } },
	{ .name = "hd0", .type = FAKE_PCI_HOST_DEV, .parent = "host0",
	  .vendor = PCI_VENDOR_ID_INTEL, .device = 0x2030 },
	{ .name = "port0", .type = FAKE_PCI_ROOT_PORT, .parent = "host0",
	  .devfn = PCI_DEVFN(1, 0) },
	{ .name = "up", .type = FAKE_PCI_UPSTREAM, .parent = "port0" },
	{ .name = "down0", .type = FAKE_PCI_DOWNSTREAM, .parent = "up" },
	{ .name = "A", .type = FAKE_PCI_ENDPOINT, .parent = "down0",
	  .bar = { SZ_16M } },
	{ .name = "down1", .type = FAKE_PCI_DOWNSTREAM, .parent = "up",
	  .devfn = PCI_DEVFN(1, 0) },
	{ .name = "B", .type = FAKE_PCI_ENDPOINT, .parent = "down1" },
	{ .name = "port1", .type = FAKE_PCI_ROOT_PORT, .parent = "host0",
	  .devfn = PCI_DEVFN(2, 0) },
	{ .name = "H", .type = FAKE_PCI_ENDPOINT, .parent = "port1" },

	{ .name = "host1", .type = FAKE_PCI_HOST, .domain = 1,
	  .windows = { { .cpu = HOST1, .size = SZ_1G } } },
	{ .name = "port2", .type = FAKE_PCI_ROOT_PORT, .parent = "host1",
	  .devfn = PCI_DEVFN(1, 0) },
	{ .name = "Z", .type = FAKE_PCI_ENDPOINT, .parent = "port2" },
	{}
};

struct test_disk {
	struct kunit *test;
	struct fake_pci *fake;
	struct gendisk *disk;
	struct blk_mq_tag_set set;
	struct device *dev;		/* who does the DMA */
	struct dma_phys_range *r;	/* all but the last MiB of A's BAR */
	struct dma_phys_range *r2;	/* the last MiB */
	phys_addr_t phys;		/* the start of r */

	/* what the driver saw */
	unsigned int requests;
	unsigned int refused;
	unsigned int segs;
	u64 bytes;
	unsigned long inflight;		/* with all segments mapped */
	int map;
	struct {
		dma_addr_t addr;
		u32 len;
	} seg[TEST_SEGS];
};

static void test_unmap(struct test_disk *d, struct request *rq, int map,
		       unsigned int from, size_t len)
{
	struct dma_iova_state state = {};
	unsigned int i;

	if (blk_rq_dma_unmap(rq, d->dev, &state, len, map))
		return;
	for (i = from; i < d->segs; i++)
		dma_unmap_phys(d->dev, d->seg[i].addr, d->seg[i].len,
			       rq_dma_dir(rq), blk_rq_dma_attrs(map));
}

static blk_status_t test_queue_rq(struct blk_mq_hw_ctx *hctx,
				  const struct blk_mq_queue_data *bd)
{
	struct test_disk *d = hctx->queue->queuedata;
	struct request *rq = bd->rq;
	struct dma_iova_state state = {};
	struct blk_dma_iter iter;
	unsigned int from = d->segs;
	size_t len = 0;

	if (!blk_rq_dma_map_iter_start(rq, d->dev, &state, &iter)) {
		d->refused++;
		return iter.status;
	}
	do {
		if (d->segs == TEST_SEGS)
			break;
		d->seg[d->segs].addr = iter.addr;
		d->seg[d->segs].len = iter.len;
		d->segs++;
		len += iter.len;
	} while (blk_rq_dma_map_iter_next(rq, d->dev, &state, &iter));

	d->map = iter.p2pdma.map;
	d->inflight = p2p_range_inflight(&d->r->range);
	if (iter.status == BLK_STS_OK &&
	    d->segs - from > blk_rq_nr_phys_segments(rq))
		iter.status = BLK_STS_IOERR;	/* more than it was told */
	if (iter.status == BLK_STS_OK && len != blk_rq_payload_bytes(rq))
		iter.status = BLK_STS_IOERR;
	test_unmap(d, rq, iter.p2pdma.map, from, len);
	if (iter.status != BLK_STS_OK) {
		d->segs = from;
		d->refused++;
		return iter.status;
	}
	d->requests++;
	d->bytes += len;
	blk_mq_start_request(rq);
	blk_mq_end_request(rq, BLK_STS_OK);
	return BLK_STS_OK;
}

static const struct blk_mq_ops test_mq_ops = {
	.queue_rq = test_queue_rq,
};

static const struct block_device_operations test_fops = {};

static void test_disk_remove(void *data)
{
	struct test_disk *d = data;

	if (!IS_ERR_OR_NULL(d->disk))
		put_disk(d->disk);
	if (d->set.tags)
		blk_mq_free_tag_set(&d->set);
}

static void test_range_del(void *data)
{
	struct kunit *test = kunit_get_current_test();
	struct dma_phys_range *r = data;

	if (p2p_range_state(&r->range) == P2P_RANGE_UNREGISTERED)
		return;
	KUNIT_EXPECT_EQ(test, 0, p2p_range_inflight(&r->range));
	while (p2p_range_inflight(&r->range))
		dma_phys_put(r);
	dma_phys_del(r);
}

static struct dma_phys_range *test_range(struct test_disk *d, u64 from, u64 len)
{
	struct pci_dev *pdev = fake_pci_dev(d->fake, "A");
	struct kunit *test = d->test;
	struct dma_phys_range *r;

	r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, r);
	KUNIT_ASSERT_EQ(test, 0, dma_phys_add_bar(r, pdev, 0, from, len));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, test_range_del, r));
	return r;
}

static struct test_disk *test_disk_lim(struct kunit *test, const char *client,
				       struct queue_limits *lim)
{
	struct test_disk *d;

	d = kunit_kzalloc(test, sizeof(*d), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, d);
	d->test = test;
	d->fake = fake_pci_create(test, fabric);
	d->dev = &fake_pci_dev(d->fake, client)->dev;
	KUNIT_ASSERT_EQ(test, 0, dma_set_mask_and_coherent(d->dev,
							   DMA_BIT_MASK(64)));
	KUNIT_ASSERT_EQ(test, 0,
			pci_enable_device_mem(fake_pci_dev(d->fake, "A")));
	d->r = test_range(d, 0, SZ_16M - SZ_1M);
	d->r2 = test_range(d, SZ_16M - SZ_1M, SZ_1M);
	d->phys = d->r->range.start;

	d->set.ops = &test_mq_ops;
	d->set.nr_hw_queues = 1;
	d->set.queue_depth = 16;
	d->set.numa_node = NUMA_NO_NODE;
	d->set.flags = BLK_MQ_F_SHOULD_MERGE;
	KUNIT_ASSERT_EQ(test, 0, blk_mq_alloc_tag_set(&d->set));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, test_disk_remove, d));
	d->disk = blk_mq_alloc_disk(&d->set, lim, d);
	KUNIT_ASSERT_FALSE(test, IS_ERR(d->disk));
	d->disk->fops = &test_fops;
	set_capacity(d->disk, SZ_1G / SECTOR_SIZE);
	return d;
}

static struct test_disk *test_disk(struct kunit *test, const char *client)
{
	struct queue_limits lim = {
		.features = BLK_FEAT_P2P_PHYS,
		.max_hw_sectors = 2048,
		.max_segments = 32,
		.max_segment_size = SZ_1M,
	};

	return test_disk_lim(test, client, &lim);
}

static struct bio *test_bio(struct test_disk *d, unsigned short vecs)
{
	struct bio *bio = bio_alloc(d->disk->part0, vecs, REQ_OP_WRITE,
				    GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(d->test, bio);
	return bio;
}

static void test_add(struct test_disk *d, struct bio *bio, u64 offset,
		     unsigned int len)
{
	KUNIT_ASSERT_EQ(d->test, len, bio_add_phys(bio, d->phys + offset, len));
}

static int test_submit(struct bio *bio)
{
	int ret = submit_bio_wait(bio);

	bio_put(bio);
	return ret;
}

static void expect_seg(struct test_disk *d, unsigned int i, dma_addr_t addr,
		       u32 len)
{
	KUNIT_ASSERT_LT(d->test, i, d->segs);
	KUNIT_EXPECT_EQ(d->test, addr, d->seg[i].addr);
	KUNIT_EXPECT_EQ(d->test, len, d->seg[i].len);
}

static void expect_idle(struct test_disk *d)
{
	KUNIT_EXPECT_EQ(d->test, 0, p2p_range_inflight(&d->r->range));
}

/* RAM */

static void ram(struct kunit *test)
{
	struct test_disk *d = test_disk(test, "B");
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, 2);
	struct bio *bio = test_bio(d, 4);

	KUNIT_ASSERT_NOT_NULL(test, page);
	/* two pages that are one segment, and half of another */
	KUNIT_ASSERT_EQ(test, PAGE_SIZE, bio_add_page(bio, page, PAGE_SIZE, 0));
	KUNIT_ASSERT_EQ(test, PAGE_SIZE,
			bio_add_page(bio, page + 1, PAGE_SIZE, 0));
	KUNIT_ASSERT_EQ(test, 512, bio_add_page(bio, page + 3, 512, 1024));
	KUNIT_EXPECT_EQ(test, 0, test_submit(bio));
	KUNIT_EXPECT_EQ(test, 1, d->requests);
	KUNIT_EXPECT_EQ(test, PCI_P2PDMA_MAP_NONE, d->map);
	KUNIT_EXPECT_EQ(test, 2, d->segs);
	expect_seg(d, 0, page_to_phys(page), 2 * PAGE_SIZE);
	expect_seg(d, 1, page_to_phys(page + 3) + 1024, 512);
	expect_idle(d);
	__free_pages(page, 2);
}

/* peer-to-peer, by each of the ways */

struct way_case {
	const char *name;
	const char *client;
	int map;
	u64 cpu;
	u64 bus;
	unsigned long inflight;	/* of three segments */
};

static const struct way_case way_cases[] = {
	{ "bus address", "B", PCI_P2PDMA_MAP_BUS_ADDR, HOST0, HOST0_BUS, 1 },
	{ "own BAR", "A", PCI_P2PDMA_MAP_OWN_BAR, HOST0, HOST0_BUS, 1 },
	{ "host bridge", "H", PCI_P2PDMA_MAP_THRU_HOST_BRIDGE, 0, 0, 3 },
};

KUNIT_ARRAY_PARAM_DESC(way, way_cases, name);

static void p2p(struct kunit *test)
{
	const struct way_case *c = test->param_value;
	struct test_disk *d = test_disk(test, c->client);
	struct bio *bio = test_bio(d, 4);
	u64 dma = d->phys - c->cpu + c->bus;

	test_add(d, bio, 0, SZ_4K);
	test_add(d, bio, SZ_64K, 512);
	test_add(d, bio, SZ_1M + 512, SZ_16K);
	KUNIT_EXPECT_EQ(test, 0, test_submit(bio));
	KUNIT_EXPECT_EQ(test, 1, d->requests);
	KUNIT_EXPECT_EQ(test, c->map, d->map);
	KUNIT_EXPECT_EQ(test, c->inflight, d->inflight);
	KUNIT_EXPECT_EQ(test, 3, d->segs);
	expect_seg(d, 0, dma, SZ_4K);
	expect_seg(d, 1, dma + SZ_64K, 512);
	expect_seg(d, 2, dma + SZ_1M + 512, SZ_16K);
	expect_idle(d);
}

/* bvecs that continue each other, though nobody joined them */
static void p2p_coalesces(struct kunit *test)
{
	struct test_disk *d = test_disk(test, "B");
	struct bio *bio = test_bio(d, 3);
	int i;

	for (i = 0; i < 3; i++)
		bvec_set_p2p(&bio->bi_io_vec[i], d->phys + i * SZ_4K, SZ_4K);
	bio->bi_vcnt = 3;
	bio->bi_iter.bi_size = 3 * SZ_4K;
	bio_set_flag(bio, BIO_P2P);
	KUNIT_EXPECT_EQ(test, 0, test_submit(bio));
	KUNIT_EXPECT_EQ(test, 1, d->segs);
	expect_seg(d, 0, d->phys - HOST0 + HOST0_BUS, 3 * SZ_4K);
	expect_idle(d);
}

static void segment_size(struct kunit *test)
{
	struct queue_limits lim = {
		.features = BLK_FEAT_P2P_PHYS,
		.max_hw_sectors = 2048,
		.max_segments = 32,
		.max_segment_size = SZ_8K,
	};
	struct test_disk *d = test_disk_lim(test, "B", &lim);
	struct bio *bio = test_bio(d, 1);
	int i;

	test_add(d, bio, 512, 4 * SZ_8K + 512);
	KUNIT_EXPECT_EQ(test, 0, test_submit(bio));
	KUNIT_EXPECT_EQ(test, 1, d->requests);
	KUNIT_EXPECT_EQ(test, 1, d->inflight);
	KUNIT_EXPECT_EQ(test, 5, d->segs);
	for (i = 0; i < 5; i++)
		expect_seg(d, i, d->phys - HOST0 + HOST0_BUS + 512 + i * SZ_8K,
			   i < 4 ? SZ_8K : 512);
	expect_idle(d);
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
	struct test_disk *d = test_disk_lim(test, "B", &lim);
	struct bio *bio = test_bio(d, 1);
	u64 dma = d->phys - HOST0 + HOST0_BUS;

	test_add(d, bio, SZ_64K - SZ_4K, SZ_128K);
	KUNIT_EXPECT_EQ(test, 0, test_submit(bio));
	KUNIT_EXPECT_EQ(test, 3, d->segs);
	expect_seg(d, 0, dma + SZ_64K - SZ_4K, SZ_4K);
	expect_seg(d, 1, dma + SZ_64K, SZ_64K);
	expect_seg(d, 2, dma + SZ_128K, SZ_64K - SZ_4K);
	expect_idle(d);
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
	struct test_disk *d = test_disk_lim(test, "B", &lim);
	struct bio *bio = test_bio(d, 2);

	test_add(d, bio, 0, SZ_128K + SZ_4K);
	test_add(d, bio, SZ_1M, SZ_4K);
	KUNIT_EXPECT_EQ(test, 0, test_submit(bio));
	KUNIT_EXPECT_EQ(test, 3, d->requests);
	KUNIT_EXPECT_EQ(test, SZ_128K + SZ_8K, d->bytes);
	KUNIT_EXPECT_EQ(test, PCI_P2PDMA_MAP_BUS_ADDR, d->map);
	expect_idle(d);
}

/* refusals, each with its errno and nothing transferred */

static void refuse(struct kunit *test, struct test_disk *d, struct bio *bio,
		   int want)
{
	KUNIT_EXPECT_EQ(test, want, test_submit(bio));
	KUNIT_EXPECT_EQ(test, 0, d->requests);
	KUNIT_EXPECT_EQ(test, 0, d->segs);
	expect_idle(d);
	KUNIT_EXPECT_EQ(test, 0, p2p_range_inflight(&d->r2->range));
}

static void refuse_unreachable(struct kunit *test)
{
	struct test_disk *d = test_disk(test, "Z");
	struct bio *bio = test_bio(d, 1);

	test_add(d, bio, 0, SZ_4K);
	refuse(test, d, bio, -EREMOTEIO);
	KUNIT_EXPECT_EQ(test, 1, d->refused);
}

static void refuse_queue(struct kunit *test)
{
	struct queue_limits lim = { .max_segments = 32 };
	struct test_disk *d = test_disk_lim(test, "B", &lim);
	struct bio *bio = test_bio(d, 1);

	test_add(d, bio, 0, SZ_4K);
	refuse(test, d, bio, -EOPNOTSUPP);
	/* the driver was not even asked */
	KUNIT_EXPECT_EQ(test, 0, d->refused);
}

static struct bio *test_two(struct test_disk *d, phys_addr_t phys, bool p2p)
{
	struct bio *bio = test_bio(d, 2);

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
	struct test_disk *d = test_disk(test, "B");
	struct page *page = alloc_page(GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	refuse(test, d, test_two(d, page_to_phys(page), false), -EINVAL);
	KUNIT_EXPECT_EQ(test, 0, d->refused);
	__free_page(page);
}

static void refuse_two_providers(struct kunit *test)
{
	struct test_disk *d = test_disk(test, "B");

	refuse(test, d, test_two(d, d->r2->range.start, true), -EINVAL);
	KUNIT_EXPECT_EQ(test, 0, d->refused);
}

static void refuse_straddling(struct kunit *test)
{
	struct test_disk *d = test_disk(test, "B");

	refuse(test, d, test_two(d, d->r2->range.start - SZ_2K, true), -EINVAL);
	KUNIT_EXPECT_EQ(test, 0, d->refused);
}

static void refuse_nobodys(struct kunit *test)
{
	struct test_disk *d = test_disk(test, "B");

	refuse(test, d, test_two(d, HOST1, true), -EREMOTEIO);
}

/* the range goes, or is fenced, under the IO */

static void gone_before_submission(struct kunit *test)
{
	struct test_disk *d = test_disk(test, "B");
	struct bio *bio = test_bio(d, 1);

	test_add(d, bio, 0, SZ_4K);
	dma_phys_del(d->r);
	KUNIT_EXPECT_EQ(test, -EREMOTEIO, test_submit(bio));
	KUNIT_EXPECT_EQ(test, 0, d->requests);
}

static void test_end_io(struct bio *bio)
{
	complete(bio->bi_private);
}

static void test_submit_async(struct bio *bio, struct completion *done)
{
	init_completion(done);
	bio->bi_private = done;
	bio->bi_end_io = test_end_io;
	submit_bio(bio);
}

static void gone_before_mapping(struct kunit *test)
{
	struct test_disk *d = test_disk(test, "B");
	struct bio *bio = test_bio(d, 1);
	struct completion done;

	test_add(d, bio, 0, SZ_4K);
	blk_mq_quiesce_queue(d->disk->queue);
	test_submit_async(bio, &done);
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
	struct test_disk *d = test_disk(test, "B");
	struct bio *bio = test_bio(d, 1);
	struct completion done;

	test_add(d, bio, 0, SZ_4K);
	KUNIT_ASSERT_EQ(test, 0, p2p_range_fence(&d->r->range));
	KUNIT_ASSERT_EQ(test, 0, p2p_range_wait(&d->r->range));
	test_submit_async(bio, &done);
	KUNIT_EXPECT_EQ(test, 0, wait_for_completion_timeout(&done, 5));
	KUNIT_EXPECT_GT(test, d->refused, 0);
	KUNIT_EXPECT_TRUE(test, p2p_range_is_idle(&d->r->range));
	KUNIT_ASSERT_EQ(test, 0, p2p_range_lift(&d->r->range));
	KUNIT_ASSERT_NE(test, 0, wait_for_completion_timeout(&done, 20 * HZ));
	KUNIT_EXPECT_TRUE(test, bio->bi_status == BLK_STS_OK);
	KUNIT_EXPECT_EQ(test, 1, d->requests);
	expect_idle(d);
	bio_put(bio);
}

static void fenced_then_gone(struct kunit *test)
{
	struct test_disk *d = test_disk(test, "B");
	struct bio *bio = test_bio(d, 1);
	struct completion done;

	test_add(d, bio, 0, SZ_4K);
	KUNIT_ASSERT_EQ(test, 0, p2p_range_fence(&d->r->range));
	test_submit_async(bio, &done);
	KUNIT_EXPECT_EQ(test, 0, wait_for_completion_timeout(&done, 5));
	dma_phys_del(d->r);
	KUNIT_ASSERT_NE(test, 0, wait_for_completion_timeout(&done, 20 * HZ));
	KUNIT_EXPECT_TRUE(test, bio->bi_status == BLK_STS_TARGET);
	KUNIT_EXPECT_EQ(test, 0, d->requests);
	bio_put(bio);
}

/* merging */

static unsigned int test_plugged(struct test_disk *d, struct bio **bio, int n)
{
	struct completion done[4];
	struct blk_plug plug;
	sector_t sector = 0;
	int i;

	blk_start_plug(&plug);
	for (i = 0; i < n; i++) {
		bio[i]->bi_iter.bi_sector = sector;
		sector += bio_sectors(bio[i]);
		test_submit_async(bio[i], &done[i]);
	}
	blk_finish_plug(&plug);
	for (i = 0; i < n; i++) {
		wait_for_completion(&done[i]);
		KUNIT_EXPECT_EQ(d->test, 0,
				blk_status_to_errno(bio[i]->bi_status));
		bio_put(bio[i]);
	}
	return d->requests;
}

static void merge_ram(struct kunit *test)
{
	struct test_disk *d = test_disk(test, "B");
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, 1);
	struct bio *bio[2] = { test_bio(d, 1), test_bio(d, 1) };

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_EQ(test, SZ_4K, bio_add_page(bio[0], page, SZ_4K, 0));
	KUNIT_ASSERT_EQ(test, SZ_4K, bio_add_page(bio[1], page + 1, SZ_4K, 0));
	/* the control: what the next case must not do, RAM does */
	KUNIT_EXPECT_EQ(test, 1, test_plugged(d, bio, 2));
	__free_pages(page, 1);
}

static void merge_not_p2p(struct kunit *test)
{
	struct test_disk *d = test_disk(test, "B");
	struct bio *bio[2] = { test_bio(d, 1), test_bio(d, 1) };

	test_add(d, bio[0], 0, SZ_4K);
	test_add(d, bio[1], SZ_4K, SZ_4K);
	KUNIT_EXPECT_EQ(test, 2, test_plugged(d, bio, 2));
	expect_idle(d);
}

static void merge_not_mixed(struct kunit *test)
{
	struct test_disk *d = test_disk(test, "B");
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, 1);
	struct bio *bio[3] = { test_bio(d, 1), test_bio(d, 1), test_bio(d, 1) };

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_EQ(test, SZ_4K, bio_add_page(bio[0], page, SZ_4K, 0));
	test_add(d, bio[1], 0, SZ_4K);
	KUNIT_ASSERT_EQ(test, SZ_4K, bio_add_page(bio[2], page + 1, SZ_4K, 0));
	KUNIT_EXPECT_EQ(test, 3, test_plugged(d, bio, 3));
	expect_idle(d);
	__free_pages(page, 1);
}

/* passthrough requests, which are put together bio by bio */

enum append { RAM = 1, P2P, P2P2 };

struct append_case {
	const char *name;
	enum append first;
	enum append second;
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

static struct bio *test_append_bio(struct test_disk *d, enum append kind,
				   struct page *page, int n)
{
	struct bio *bio = bio_alloc(NULL, 1, REQ_OP_DRV_OUT, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(d->test, bio);
	if (kind == RAM)
		KUNIT_ASSERT_EQ(d->test, 512,
				bio_add_page(bio, page, 512, 1024 * n));
	else
		bio_add_phys(bio, kind == P2P ? d->phys + 1024 * n :
			     d->r2->range.start, 512);
	KUNIT_EXPECT_EQ(d->test, 512, bio->bi_iter.bi_size);
	return bio;
}

static void append(struct kunit *test)
{
	const struct append_case *c = test->param_value;
	struct test_disk *d = test_disk(test, "B");
	struct page *page = alloc_page(GFP_KERNEL);
	struct bio *bio[2];
	struct request *rq;

	KUNIT_ASSERT_NOT_NULL(test, page);
	rq = blk_mq_alloc_request(d->disk->queue, REQ_OP_DRV_OUT, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(rq));
	bio[0] = test_append_bio(d, c->first, page, 0);
	bio[1] = test_append_bio(d, c->second, page, 1);
	KUNIT_EXPECT_EQ(test, 0, blk_rq_append_bio(rq, bio[0]));
	KUNIT_EXPECT_EQ(test, c->ret, blk_rq_append_bio(rq, bio[1]));
	KUNIT_EXPECT_EQ(test, c->ret ? 512 : 1024, blk_rq_bytes(rq));
	KUNIT_EXPECT_PTR_EQ(test, c->ret ? bio[0] : bio[1], rq->biotail);
	rq->bio = NULL;
	rq->biotail = NULL;
	blk_mq_free_request(rq);
	bio_put(bio[0]);
	bio_put(bio[1]);
	__free_page(page);
}

static void append_to_wrong_queue(struct kunit *test)
{
	struct queue_limits lim = { .max_segments = 32 };
	struct test_disk *d = test_disk_lim(test, "B", &lim);
	struct bio *bio = test_append_bio(d, P2P, NULL, 0);
	struct request *rq;

	rq = blk_mq_alloc_request(d->disk->queue, REQ_OP_DRV_OUT, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(rq));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, blk_rq_append_bio(rq, bio));
	KUNIT_EXPECT_PTR_EQ(test, NULL, rq->bio);
	blk_mq_free_request(rq);
	bio_put(bio);
}

static struct kunit_case rq_phys_cases[] = {
	KUNIT_CASE(ram),
	KUNIT_CASE_PARAM(p2p, way_gen_params),
	KUNIT_CASE(p2p_coalesces),
	KUNIT_CASE(segment_size),
	KUNIT_CASE(segment_boundary),
	KUNIT_CASE(request_size),
	KUNIT_CASE(refuse_unreachable),
	KUNIT_CASE(refuse_queue),
	KUNIT_CASE(refuse_mixed),
	KUNIT_CASE(refuse_two_providers),
	KUNIT_CASE(refuse_straddling),
	KUNIT_CASE(refuse_nobodys),
	KUNIT_CASE(gone_before_submission),
	KUNIT_CASE(gone_before_mapping),
	KUNIT_CASE(fenced_waits),
	KUNIT_CASE(fenced_then_gone),
	KUNIT_CASE(merge_ram),
	KUNIT_CASE(merge_not_p2p),
	KUNIT_CASE(merge_not_mixed),
	KUNIT_CASE_PARAM(append, append_gen_params),
	KUNIT_CASE(append_to_wrong_queue),
	{}
};

static struct kunit_suite rq_phys_suite = {
	.name = "rq_phys",
	.test_cases = rq_phys_cases,
};

kunit_test_suite(rq_phys_suite);

MODULE_DESCRIPTION("KUnit tests for requests with page-less memory");
MODULE_LICENSE("GPL");
