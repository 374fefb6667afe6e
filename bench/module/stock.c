// SPDX-License-Identifier: GPL-2.0-only
/*
 * The API of the stock kernel: see bench.h.
 */
#include <linux/blk-mq.h>
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/pci-p2pdma.h>
#include <linux/timex.h>

#include "bench.h"

int bench_get_p2p(struct pci_dev *provider)
{
	bench_memory.p2p = pci_alloc_p2pmem(provider, bench_memory.size);
	return bench_memory.p2p ? 0 : -ENOMEM;
}

void bench_put_p2p(struct pci_dev *provider)
{
	pci_free_p2pmem(provider, bench_memory.p2p, bench_memory.size);
}

int bench_add_p2p(struct bio *bio, size_t at)
{
	struct page *page = virt_to_page(bench_memory.p2p + at);

	return bio_add_page(bio, page, BENCH_PIECE, 0) == BENCH_PIECE ?
		0 : -EIO;
}

/* It is taken back with the driver: there is none, so a part of its devres. */
static void *bench_group;

int bench_register_prepare(struct pci_dev *pdev)
{
	bench_group = devres_open_group(&pdev->dev, NULL, GFP_KERNEL);
	return bench_group ? 0 : -ENOMEM;
}

int bench_register_bar(struct pci_dev *pdev)
{
	return pci_p2pdma_add_resource(pdev, 2, 0, 0);
}

void bench_register_undo(struct pci_dev *pdev)
{
	devres_release_group(&pdev->dev, bench_group);
}

/* A stock request becomes a scatterlist, and that is mapped. */
int bench_map(struct request *rq, struct device *dev, bool p2p,
	      int segments, struct bench_map_cost *cost)
{
	static struct scatterlist sgl[BENCH_MAX];
	struct sg_table sgt = { .sgl = sgl };
	cycles_t start;
	int error;

	sg_init_table(sgl, segments);
	start = get_cycles();
	sgt.orig_nents = blk_rq_map_sg(rq->q, rq, sgl);
	cost->request = get_cycles() - start;
	if (sgt.orig_nents != segments)
		return -EINVAL;
	start = get_cycles();
	error = dma_map_sgtable(dev, &sgt, rq_dma_dir(rq), 0);
	cost->map = get_cycles() - start;
	cost->request += cost->map;
	if (error)
		return error;
	start = get_cycles();
	dma_unmap_sgtable(dev, &sgt, rq_dma_dir(rq), 0);
	cost->unmap = get_cycles() - start;
	return 0;
}
