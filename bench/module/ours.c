// SPDX-License-Identifier: GPL-2.0-only
/*
 * The API of the grafted kernel: see bench.h.
 */
#include <linux/bio-phys.h>
#include <linux/blk-mq-dma.h>
#include <linux/dma-phys.h>
#include <linux/pci-p2pmem.h>
#include <linux/timex.h>

#include "bench.h"

int bench_get_p2p(struct pci_dev *provider)
{
	bench_memory.p2p = (__force void *)
		p2pmem_alloc(provider, bench_memory.size, &bench_memory.phys);
	return bench_memory.p2p ? 0 : -ENOMEM;
}

void bench_put_p2p(struct pci_dev *provider)
{
	p2pmem_free(provider, bench_memory.phys, bench_memory.size);
}

int bench_add_p2p(struct bio *bio, size_t at)
{
	return bio_add_phys(bio, bench_memory.phys + at, BENCH_PIECE) ==
		BENCH_PIECE ? 0 : -EIO;
}

int bench_register_prepare(struct pci_dev *pdev)
{
	return 0;
}

int bench_register_bar(struct pci_dev *pdev)
{
	return p2pmem_register(pdev, 2, 0, 0);
}

void bench_register_undo(struct pci_dev *pdev)
{
	p2pmem_unregister(pdev);
}

static dma_addr_t bench_addr[BENCH_MAX];

/*
 * The calls that the iterator makes, without the walk, and without the look at
 * all bvecs that tells whether they are of one kind and life.
 */
static int bench_map_p2p(struct device *dev, int segments,
			 enum dma_data_direction dir,
			 struct bench_map_cost *cost)
{
	phys_addr_t phys = bench_memory.phys;
	u32 life = dma_phys_life(phys);
	cycles_t start = get_cycles();
	struct dma_phys_path *path;
	dma_addr_t *addr;
	int i;

	path = dma_phys_get(dev, phys, BENCH_PIECE, life);
	if (IS_ERR(path))
		return PTR_ERR(path);
	for (i = 0; i < segments; i++, phys += 2 * BENCH_PIECE) {
		addr = &bench_addr[i];
		if (!dma_phys_map_quick(path, phys, BENCH_PIECE, addr) &&
		    dma_phys_map_in(path, phys, BENCH_PIECE, dir, 0, addr))
			break;
	}
	dma_phys_charge(path, i * BENCH_PIECE);
	cost->map = get_cycles() - start;
	dma_phys_put(path, i * BENCH_PIECE);
	return i < segments ? -EREMOTEIO : 0;
}

/* As the iterator's dma_map_ram(), which is not exported. */
static int bench_map_ram(struct device *dev, int segments,
			 enum dma_data_direction dir,
			 struct bench_map_cost *cost)
{
	struct page *page = virt_to_page(bench_memory.ram);
	cycles_t start = get_cycles();
	int i, n;

	for (n = 0; n < segments; n++, page += 2) {
		bench_addr[n] = dma_map_page_attrs(dev, page, 0, BENCH_PIECE,
						   dir, 0);
		if (dma_mapping_error(dev, bench_addr[n]))
			break;
	}
	cost->map = get_cycles() - start;
	for (i = 0; i < n; i++)
		dma_unmap_phys(dev, bench_addr[i], BENCH_PIECE, dir, 0);
	return n < segments ? -EIO : 0;
}

/* What a driver has to keep for unmapping, where it has to unmap. */
static u32 bench_len[BENCH_MAX];

int bench_map(struct request *rq, struct device *dev, bool p2p,
	      int segments, struct bench_map_cost *cost)
{
	size_t total = (size_t)segments * BENCH_PIECE, mapped = 0;
	bool keep = !p2p && dma_need_unmap(dev);
	struct dma_iova_state state = {};
	struct blk_dma_iter iter;
	cycles_t start;
	int i, n = 0, error;

	error = p2p ? bench_map_p2p(dev, segments, rq_dma_dir(rq), cost) :
		      bench_map_ram(dev, segments, rq_dma_dir(rq), cost);
	if (error)
		return error;
	start = get_cycles();
	if (!blk_rq_dma_map_iter_start(rq, dev, &state, &iter))
		return blk_status_to_errno(iter.status) ?: -EIO;
	if (keep) {
		do {
			bench_addr[n] = iter.addr;
			bench_len[n] = iter.len;
			n++;
		} while (blk_rq_dma_map_iter_next(rq, dev, &iter));
	} else {
		do {
			n++;
		} while (blk_rq_dma_map_iter_next(rq, dev, &iter));
	}
	cost->request = get_cycles() - start;
	for (i = 0; i < n; i++)
		mapped += keep ? bench_len[i] : BENCH_PIECE;
	start = get_cycles();
	if (!blk_rq_dma_unmap(rq, dev, &state, total, iter.p2pdma.map) &&
	    dma_need_unmap(dev)) {
		for (i = 0; i < n; i++)
			dma_unmap_phys(dev, bench_addr[i], bench_len[i],
				       rq_dma_dir(rq), 0);
	}
	cost->unmap = get_cycles() - start;
	return mapped == total ? 0 : -EINVAL;
}

/* The look into the tree alone, and the reference that it is for. */
static int bench_get_put_range(phys_addr_t phys)
{
	struct p2p_range *range;
	int error = -ENXIO;

	rcu_read_lock();
	if (p2p_range_lookup(phys, BENCH_PIECE, &range) == P2P_RANGE_INSIDE)
		error = p2p_range_get(range);
	rcu_read_unlock();
	if (!error)
		p2p_range_put(range);
	return error;
}

/* One mapping of @client and back, or with none only its range; 0: refused */
static unsigned long bench_get_put(struct device *client, phys_addr_t phys)
{
	struct dma_phys_path *path;
	cycles_t start = get_cycles();

	if (client) {
		path = dma_phys_get(client, phys, BENCH_PIECE, 0);
		if (IS_ERR(path))
			return 0;
		dma_phys_put(path, 0);
	} else if (bench_get_put_range(phys)) {
		return 0;
	}
	return get_cycles() - start;
}

int bench_verdict(struct pci_dev *client, struct pci_dev *provider,
		  int unused)
{
	unsigned long first, cached = ULONG_MAX, lookup = ULONG_MAX, now;
	int i;

	first = bench_get_put(&client->dev, bench_memory.phys);
	for (i = 0; i < BENCH_REPEAT; i++) {
		local_irq_disable();
		now = bench_get_put(&client->dev, bench_memory.phys);
		cached = min(cached, now);
		now = bench_get_put(NULL, bench_memory.phys);
		lookup = min(lookup, now);
		local_irq_enable();
	}
	scnprintf(bench_result, sizeof(bench_result),
		  "first %lu cached %lu lookup %lu", first, cached, lookup);
	return first && cached && lookup ? 0 : -EREMOTEIO;
}

/* From the call to the last DMA's end, less what those that end do. */
int bench_fence(struct pci_dev *client, struct pci_dev *provider,
		int mappings)
{
	struct dma_phys_path *path;
	long slab = 0;
	u64 cost;
	int i, error;

	for (i = 0; i < mappings; i++) {
		path = dma_phys_get(&client->dev, bench_memory.phys,
				    BENCH_PIECE, 0);
		if (IS_ERR(path))
			goto put;
	}
	bench_memory_start();
	cost = bench_busy();
	error = p2pmem_fence(provider, 0);
	cost = bench_busy() - cost;
put:
	while (i--)
		dma_phys_put(path, 0);
	if (IS_ERR(path))
		return PTR_ERR(path);
	cost -= bench_busy();
	if (!error)
		error = p2pmem_wait(provider, MAX_SCHEDULE_TIMEOUT);
	cost += bench_busy();
	slab = bench_memory_stop();
	if (!error)
		error = p2pmem_lift(provider);
	scnprintf(bench_result, sizeof(bench_result),
		  "instructions %llu slab %ld", cost, slab);
	return error;
}
