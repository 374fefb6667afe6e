/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small blk-mq device for tests: it maps requests as a driver does, notes
 * what it got, unmaps, and ends them.  Its DMA is that of a device of a fake
 * PCI fabric, and so is the memory:
 *
 *   host0: bridge known to forward, bus address below the CPU address
 *     port0 -- up -+- down0 -- A: has the memory
 *                  +- down1 -- B: reaches it by bus address
 *     port1 -- H: reaches it through the host bridge
 *   host1: bridge unknown
 *     port2 -- Z: does not reach it
 */
#ifndef _RQ_PHYS_H
#define _RQ_PHYS_H

#include <linux/bio-phys.h>
#include <linux/bio.h>
#include <linux/blk-mq-dma.h>
#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/completion.h>
#include <linux/dma-phys.h>
#include <linux/sizes.h>

struct fake_pci;
struct kunit;

#ifdef CONFIG_PHYS_ADDR_T_64BIT
#define RQ_HOST0	0x5000000000ULL
#define RQ_HOST0_BUS	0x1000000000ULL
#define RQ_HOST1	0x6000000000ULL
#else
#define RQ_HOST0	0xc0000000ULL
#define RQ_HOST0_BUS	0x90000000ULL
#define RQ_HOST1	0xd0000000ULL
#endif

#define RQ_DISK_SEGS	64

/**
 * struct rq_disk - the device, and what its driver saw
 * @test: the test case
 * @fake: the fabric
 * @disk: the disk
 * @set: its tags
 * @dev: who does the DMA
 * @r: peer-to-peer memory: all but the last MiB of A's BAR
 * @r2: the last MiB, another range
 * @phys: the start of @r
 * @added: device_add_disk() was called
 * @begun: requests of which the first segment was mapped
 * @requests: requests that were mapped
 * @refused: requests that were not; one that is tried again counts again
 * @segs: DMA segments of all requests
 * @bytes: bytes of all requests
 * @inflight: most references on @r, with all segments of a request mapped
 * @path: the path of the last request of peer-to-peer memory
 * @charged: bytes that were in flight on it, with all segments mapped
 * @map: how the last request was mapped
 * @seg: the segments
 * @while_mapping: called when the first segment of a request is mapped
 * @while_mapped: called when all of them are
 * @while_refused: called when the first segment cannot be mapped
 * @flushes: flushes that came without data
 * @while_flushing: called when one comes
 * @meta: segments of metadata, of all requests
 * @meta_bytes: their bytes
 */
struct rq_disk {
	struct kunit *test;
	struct fake_pci *fake;
	struct gendisk *disk;
	struct blk_mq_tag_set set;
	struct device *dev;
	struct dma_phys_range *r;
	struct dma_phys_range *r2;
	phys_addr_t phys;
	bool added;

	unsigned int begun;
	unsigned int requests;
	unsigned int refused;
	unsigned int segs;
	u64 bytes;
	unsigned long inflight;
	const struct dma_phys_path *path;
	long charged;
	int map;
	struct {
		dma_addr_t addr;
		u32 len;
	} seg[RQ_DISK_SEGS];
	void (*while_mapping)(struct rq_disk *d);
	void (*while_mapped)(struct rq_disk *d);
	void (*while_refused)(struct rq_disk *d);
	unsigned int flushes;
	void (*while_flushing)(struct rq_disk *d);
	unsigned int meta;
	u64 meta_bytes;
};

struct rq_disk *rq_disk_create_flags(struct kunit *test, const char *client,
				     struct queue_limits *lim,
				     unsigned int flags);
struct rq_disk *rq_disk_create_lim(struct kunit *test, const char *client,
				   struct queue_limits *lim);
struct rq_disk *rq_disk_create(struct kunit *test, const char *client);
void rq_disk_add_disk(struct rq_disk *d);
struct page *rq_disk_pages(struct rq_disk *d, unsigned int order);

struct bio *rq_disk_bio(struct rq_disk *d, unsigned short vecs);
void rq_disk_add(struct rq_disk *d, struct bio *bio, u64 offset,
		 unsigned int len);
void rq_disk_add_page(struct rq_disk *d, struct bio *bio, struct page *page,
		      unsigned int len, unsigned int offset);
int rq_disk_submit(struct bio *bio);
void rq_disk_submit_async(struct bio *bio, struct completion *done);

void rq_disk_expect_seg(struct rq_disk *d, unsigned int i, dma_addr_t addr,
			u32 len);
void rq_disk_expect_idle(struct rq_disk *d);
dma_addr_t rq_disk_bus(struct rq_disk *d, u64 offset);

#endif /* _RQ_PHYS_H */
