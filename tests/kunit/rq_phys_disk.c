// SPDX-License-Identifier: GPL-2.0-only
/*
 * The blk-mq device of the tests: see rq_phys.h.
 */
#include <kunit/test-bug.h>
#include <kunit/test.h>
#include <linux/blk-integrity.h>
#include <linux/dma-mapping.h>
#include <linux/pci.h>
#include <linux/percpu.h>

#include "fake_pci.h"
#include "rq_phys.h"

static const struct fake_pci_node fabric[] = {
	{ .name = "host0", .type = FAKE_PCI_HOST,
	  .windows = { { .cpu = RQ_HOST0, .bus = RQ_HOST0_BUS,
			 .size = SZ_128M } } },
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
	  .windows = { { .cpu = RQ_HOST1, .size = SZ_128M } } },
	{ .name = "port2", .type = FAKE_PCI_ROOT_PORT, .parent = "host1",
	  .devfn = PCI_DEVFN(1, 0) },
	{ .name = "Z", .type = FAKE_PCI_ENDPOINT, .parent = "port2" },
	{}
};

static void rq_disk_unmap(struct rq_disk *d, struct request *rq, int map,
			  unsigned int from, size_t len)
{
	struct dma_iova_state state = {};
	unsigned long attrs = 0;
	unsigned int i;

	if (map == PCI_P2PDMA_MAP_THRU_HOST_BRIDGE)
		attrs |= DMA_ATTR_MMIO;
	if (blk_rq_dma_unmap(rq, d->dev, &state, len, map))
		return;
	for (i = from; i < d->segs; i++)
		dma_unmap_phys(d->dev, d->seg[i].addr, d->seg[i].len,
			       rq_dma_dir(rq), attrs);
}

#ifdef CONFIG_BLK_DEV_INTEGRITY
/* metadata is RAM, whatever the data is; its mappings are not kept */
static void rq_disk_map_metadata(struct rq_disk *d, struct request *rq)
{
	struct dma_iova_state state = {};
	struct blk_dma_iter iter;

	if (!blk_integrity_rq(rq) ||
	    !blk_rq_integrity_dma_map_iter_start(rq, d->dev, &state, &iter))
		return;
	do {
		d->meta++;
		d->meta_bytes += iter.len;
		dma_unmap_phys(d->dev, iter.addr, iter.len, rq_dma_dir(rq), 0);
	} while (blk_rq_integrity_dma_map_iter_next(rq, d->dev, &iter));
}
#else
static void rq_disk_map_metadata(struct rq_disk *d, struct request *rq)
{
}
#endif

static long rq_disk_charged(const struct rq_disk *d)
{
	long bytes = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		bytes += per_cpu_ptr(d->path->inflight, cpu)->bytes;
	return bytes;
}

static blk_status_t rq_disk_queue_rq(struct blk_mq_hw_ctx *hctx,
				     const struct blk_mq_queue_data *bd)
{
	struct rq_disk *d = hctx->queue->queuedata;
	struct request *rq = bd->rq;
	struct dma_iova_state state = {};
	struct blk_dma_iter iter;
	unsigned int from = d->segs;
	size_t len = 0;

	if (req_op(rq) == REQ_OP_FLUSH) {
		d->flushes++;
		if (d->while_flushing)
			d->while_flushing(d);
		blk_mq_start_request(rq);
		blk_mq_end_request(rq, BLK_STS_OK);
		return BLK_STS_OK;
	}
	if (!blk_rq_dma_map_iter_start(rq, d->dev, &state, &iter)) {
		d->refused++;
		if (d->while_refused)
			d->while_refused(d);
		return iter.status;
	}
	d->begun++;
	do {
		if (d->segs == RQ_DISK_SEGS)
			break;
		d->seg[d->segs].addr = iter.addr;
		d->seg[d->segs].len = iter.len;
		d->segs++;
		len += iter.len;
		if (d->while_mapping)
			d->while_mapping(d);
	} while (blk_rq_dma_map_iter_next(rq, d->dev, &iter));

	d->map = iter.p2pdma.map;
	d->inflight = max(d->inflight, p2p_range_inflight(&d->r->range));
	if (iter.status == BLK_STS_OK && bio_is_p2p(rq->bio)) {
		d->path = rq->p2p_path;
		d->charged = rq_disk_charged(d);
	}
	if (iter.status == BLK_STS_OK &&
	    d->segs - from > blk_rq_nr_phys_segments(rq))
		iter.status = BLK_STS_IOERR;	/* more than it was told */
	if (iter.status == BLK_STS_OK && len != blk_rq_payload_bytes(rq))
		iter.status = BLK_STS_IOERR;
	if (d->while_mapped && bio_is_p2p(rq->bio))
		d->while_mapped(d);
	rq_disk_unmap(d, rq, iter.p2pdma.map, from, len);
	if (iter.status != BLK_STS_OK) {
		d->segs = from;
		d->refused++;
		return iter.status;
	}
	rq_disk_map_metadata(d, rq);
	d->requests++;
	d->bytes += len;
	blk_mq_start_request(rq);
	blk_mq_end_request(rq, BLK_STS_OK);
	return BLK_STS_OK;
}

static const struct blk_mq_ops rq_disk_mq_ops = {
	.queue_rq = rq_disk_queue_rq,
};

static const struct block_device_operations rq_disk_fops = {
	.owner = THIS_MODULE,
};

static void rq_disk_remove(void *data)
{
	struct rq_disk *d = data;

	if (d->added)
		del_gendisk(d->disk);
	if (!IS_ERR_OR_NULL(d->disk))
		put_disk(d->disk);
	if (d->set.tags)
		blk_mq_free_tag_set(&d->set);
}

static void rq_disk_del_range(void *data)
{
	struct kunit *test = kunit_get_current_test();
	struct dma_phys_range *r = data;

	if (p2p_range_state(&r->range) == P2P_RANGE_UNREGISTERED)
		return;
	KUNIT_EXPECT_EQ(test, 0, p2p_range_inflight(&r->range));
	while (p2p_range_inflight(&r->range))
		p2p_range_put(&r->range);
	dma_phys_del(r);
}

static struct dma_phys_range *rq_disk_range(struct rq_disk *d, u64 from,
					    u64 len)
{
	struct pci_dev *pdev = fake_pci_dev(d->fake, "A");
	struct kunit *test = d->test;
	struct dma_phys_range *r;

	r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, r);
	KUNIT_ASSERT_EQ(test, 0, dma_phys_add_bar(r, pdev, 0, from, len));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, rq_disk_del_range, r));
	return r;
}

static void rq_disk_free_pages(void *data)
{
	struct page *page = data;

	__free_pages(page, compound_order(page));
}

/**
 * rq_disk_create_flags - a device with limits and flags
 * @test: the test case, with which it goes
 * @client: device of the fabric that does the DMA
 * @lim: limits of the queue
 * @flags: BLK_MQ_F_*
 *
 * Return: the device; the test case ends if there is none.
 */
struct rq_disk *rq_disk_create_flags(struct kunit *test, const char *client,
				     struct queue_limits *lim,
				     unsigned int flags)
{
	struct rq_disk *d;

	d = kunit_kzalloc(test, sizeof(*d), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, d);
	d->test = test;
	d->fake = fake_pci_create(test, fabric);
	d->dev = &fake_pci_dev(d->fake, client)->dev;
	KUNIT_ASSERT_EQ(test, 0, dma_set_mask_and_coherent(d->dev,
							   DMA_BIT_MASK(64)));
	KUNIT_ASSERT_EQ(test, 0,
			pci_enable_device_mem(fake_pci_dev(d->fake, "A")));
	d->r = rq_disk_range(d, 0, SZ_16M - SZ_1M);
	d->r2 = rq_disk_range(d, SZ_16M - SZ_1M, SZ_1M);
	d->phys = d->r->range.start;

	d->set.ops = &rq_disk_mq_ops;
	d->set.nr_hw_queues = 1;
	d->set.queue_depth = 16;
	d->set.numa_node = NUMA_NO_NODE;
	d->set.flags = flags;
	KUNIT_ASSERT_EQ(test, 0, blk_mq_alloc_tag_set(&d->set));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, rq_disk_remove, d));
	d->disk = blk_mq_alloc_disk(&d->set, lim, d);
	KUNIT_ASSERT_FALSE(test, IS_ERR(d->disk));
	d->disk->fops = &rq_disk_fops;
	set_capacity(d->disk, SZ_1G / SECTOR_SIZE);
	return d;
}

struct rq_disk *rq_disk_create_lim(struct kunit *test, const char *client,
				   struct queue_limits *lim)
{
	return rq_disk_create_flags(test, client, lim, 0);
}

/**
 * rq_disk_create - a device that takes peer-to-peer memory
 * @test: the test case, with which it goes
 * @client: device of the fabric that does the DMA
 *
 * Return: the device; the test case ends if there is none.
 */
struct rq_disk *rq_disk_create(struct kunit *test, const char *client)
{
	struct queue_limits lim = {
		.features = BLK_FEAT_P2P_PHYS,
		.max_hw_sectors = 2048,
		.max_segments = 32,
		.max_segment_size = SZ_1M,
	};

	return rq_disk_create_lim(test, client, &lim);
}

/**
 * rq_disk_add_disk - make it a device of the system, with an I/O scheduler
 * @d: the device
 *
 * The test case is skipped where no scheduler is configured.
 */
void rq_disk_add_disk(struct rq_disk *d)
{
	strscpy(d->disk->disk_name, "rq_phys_kunit", DISK_NAME_LEN);
	d->disk->flags |= GENHD_FL_NO_PART;
	KUNIT_ASSERT_EQ(d->test, 0, add_disk(d->disk));
	d->added = true;
	if (!d->disk->queue->elevator)
		kunit_skip(d->test, "no I/O scheduler is configured");
}

/**
 * rq_disk_pages - RAM, which goes with the test case
 * @d: the device
 * @order: how much of it
 *
 * Return: the pages; the test case ends if there are none.
 */
struct page *rq_disk_pages(struct rq_disk *d, unsigned int order)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, order);

	KUNIT_ASSERT_NOT_NULL(d->test, page);
	KUNIT_ASSERT_EQ(d->test, 0,
			kunit_add_action_or_reset(d->test, rq_disk_free_pages,
						  page));
	return page;
}

struct bio *rq_disk_bio(struct rq_disk *d, unsigned short vecs)
{
	struct bio *bio = bio_alloc(d->disk->part0, vecs, REQ_OP_WRITE,
				    GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(d->test, bio);
	return bio;
}

void rq_disk_add(struct rq_disk *d, struct bio *bio, u64 offset,
		 unsigned int len)
{
	KUNIT_ASSERT_EQ(d->test, len, bio_add_phys(bio, d->phys + offset, len));
}

void rq_disk_add_page(struct rq_disk *d, struct bio *bio, struct page *page,
		      unsigned int len, unsigned int offset)
{
	KUNIT_ASSERT_EQ(d->test, len, bio_add_page(bio, page, len, offset));
}

int rq_disk_submit(struct bio *bio)
{
	int ret = submit_bio_wait(bio);

	bio_put(bio);
	return ret;
}

static void rq_disk_end_io(struct bio *bio)
{
	complete(bio->bi_private);
}

void rq_disk_submit_async(struct bio *bio, struct completion *done)
{
	init_completion(done);
	bio->bi_private = done;
	bio->bi_end_io = rq_disk_end_io;
	submit_bio(bio);
}

void rq_disk_expect_seg(struct rq_disk *d, unsigned int i, dma_addr_t addr,
			u32 len)
{
	KUNIT_ASSERT_LT(d->test, i, d->segs);
	KUNIT_EXPECT_EQ(d->test, addr, d->seg[i].addr);
	KUNIT_EXPECT_EQ(d->test, len, d->seg[i].len);
}

void rq_disk_expect_idle(struct rq_disk *d)
{
	KUNIT_EXPECT_EQ(d->test, 0, p2p_range_inflight(&d->r->range));
	KUNIT_EXPECT_EQ(d->test, 0, p2p_range_inflight(&d->r2->range));
	if (d->path)
		KUNIT_EXPECT_EQ(d->test, 0, rq_disk_charged(d));
}

/* what B and A put on the bus for a place in the memory */
dma_addr_t rq_disk_bus(struct rq_disk *d, u64 offset)
{
	return d->phys + offset - RQ_HOST0 + RQ_HOST0_BUS;
}
