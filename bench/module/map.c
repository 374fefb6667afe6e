// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests without IO, to be mapped again and again.
 */
#include <linux/blk-mq.h>
#include <linux/pci.h>

#include "bench.h"

static struct bio *bench_bio(bool p2p, int first, int segments)
{
	struct bio *bio = bio_alloc(NULL, segments, REQ_OP_DRV_IN, GFP_KERNEL);
	struct page *page;
	int i, error;

	for (i = first; i < first + segments; i++) {
		size_t at = i * 2 * (size_t)BENCH_PIECE;

		if (p2p) {
			error = bench_add_p2p(bio, at);
		} else {
			page = virt_to_page(bench_memory.ram + at);
			error = bio_add_page(bio, page, BENCH_PIECE, 0) ==
				BENCH_PIECE ? 0 : -EIO;
		}
		if (error) {
			bio_put(bio);
			return ERR_PTR(error);
		}
	}
	return bio;
}

static blk_status_t bench_queue_rq(struct blk_mq_hw_ctx *hctx,
				   const struct blk_mq_queue_data *bd)
{
	return BLK_STS_IOERR;	/* nothing is ever queued */
}

static const struct blk_mq_ops bench_mq_ops = {
	.queue_rq = bench_queue_rq,
};

static int bench_map_request(struct request *rq, struct device *dev, bool p2p,
			     int segments)
{
	struct bench_map_cost best = BENCH_MAP_WORST, cost;
	struct bio *bio;
	int i, n, error;

	for (i = 0; i < segments; i += n) {
		n = min_t(int, segments - i, BIO_MAX_VECS);
		bio = bench_bio(p2p, i, n);
		if (IS_ERR(bio))
			return PTR_ERR(bio);
		error = blk_rq_append_bio(rq, bio);
		if (error) {
			bio_put(bio);
			return error;
		}
	}
	for (i = 0; i < BENCH_REPEAT; i++) {
		local_irq_disable();
		error = bench_map(rq, dev, p2p, segments, &cost);
		local_irq_enable();
		if (error)
			return error;
		best.map = min(best.map, cost.map);
		best.request = min(best.request, cost.request);
		best.unmap = min(best.unmap, cost.unmap);
	}
	scnprintf(bench_result, sizeof(bench_result),
		  "map %lu request %lu unmap %lu", best.map,
		  best.request, best.unmap);
	return 0;
}

static int bench_map_on(struct request_queue *q, struct device *dev, bool p2p,
			int segments)
{
	struct request *rq;
	struct bio *bio;
	int error;

	rq = blk_mq_alloc_request(q, REQ_OP_DRV_IN, 0);
	if (IS_ERR(rq))
		return PTR_ERR(rq);
	error = bench_map_request(rq, dev, p2p, segments);
	while ((bio = rq->bio)) {
		rq->bio = bio->bi_next;
		bio_put(bio);
	}
	blk_mq_free_request(rq);
	return error;
}

int bench_map_segments(struct pci_dev *client, bool p2p, int segments)
{
	struct blk_mq_tag_set set = {
		.ops = &bench_mq_ops,
		.nr_hw_queues = 1,
		.queue_depth = 2,
		.numa_node = NUMA_NO_NODE,
	};
	struct queue_limits lim = {
		.features = BENCH_FEATURES,
		.max_segments = BENCH_MAX,
		.max_hw_sectors = UINT_MAX,
		/* as NVMe has it */
		.virt_boundary_mask = BENCH_PIECE - 1,
	};
	struct request_queue *q;
	int error;

	error = blk_mq_alloc_tag_set(&set);
	if (error)
		return error;
	q = blk_mq_alloc_queue(&set, &lim, NULL);
	if (IS_ERR(q)) {
		error = PTR_ERR(q);
	} else {
		error = bench_map_on(q, &client->dev, p2p, segments);
		blk_mq_destroy_queue(q);
		blk_put_queue(q);
	}
	blk_mq_free_tag_set(&set);
	return error;
}
