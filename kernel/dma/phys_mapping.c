// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mappings of memory that is not RAM.
 *
 * A DMA address comes back to dma_unmap_phys() without its range, and does not
 * lead there for certain: a plain mapping of MMIO may be older than the
 * registration of the range that has the address now, and where the windows of
 * host bridges are not reserved in an IOMMU's domain, an IOVA may look like a
 * bus address.  So who took a reference is written down, and nobody else puts
 * one.
 *
 * One device may have the same address twice, once from before the range was
 * registered.  Nothing tells which of the two is undone first; the one without
 * a reference is taken to be, so that the range is held until both are.
 */

#include <linux/hash.h>
#include <linux/init.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include "phys.h"

#define DMA_PHYS_MAPPING_BITS	8

/* Of any context, by many processors at a time; the lists are short. */
static struct dma_phys_bucket {
	raw_spinlock_t lock;
	struct hlist_head mappings;
} dma_phys_buckets[1 << DMA_PHYS_MAPPING_BITS];

static struct kmem_cache *dma_phys_mapping_cache __ro_after_init;

/* NULL without memory. */
struct dma_phys_mapping *dma_phys_mapping_alloc(void)
{
	return kmem_cache_alloc(dma_phys_mapping_cache,
				GFP_ATOMIC | __GFP_NOWARN);
}

void dma_phys_mapping_free(struct dma_phys_mapping *m)
{
	kmem_cache_free(dma_phys_mapping_cache, m);
}

static struct dma_phys_bucket *dma_phys_bucket(const struct device *dev,
					       dma_addr_t addr)
{
	return &dma_phys_buckets[hash_64((u64)addr ^ (unsigned long)dev,
					 DMA_PHYS_MAPPING_BITS)];
}

void dma_phys_mapping_add(struct dma_phys_mapping *m, struct device *dev,
			  phys_addr_t phys, dma_addr_t addr, size_t size)
{
	struct dma_phys_bucket *b = dma_phys_bucket(dev, addr);
	unsigned long flags;

	m->dev = dev;
	m->phys = phys;
	m->addr = addr;
	m->size = size;
	raw_spin_lock_irqsave(&b->lock, flags);
	hlist_add_head(&m->node, &b->mappings);
	raw_spin_unlock_irqrestore(&b->lock, flags);
}

/* The caller's from now on; NULL if it was never written down. */
struct dma_phys_mapping *dma_phys_mapping_take(struct device *dev,
					       dma_addr_t addr, size_t size)
{
	struct dma_phys_bucket *b = dma_phys_bucket(dev, addr);
	struct dma_phys_mapping *m, *found = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&b->lock, flags);
	hlist_for_each_entry(m, &b->mappings, node) {
		if (m->dev != dev || m->addr != addr || m->size != size)
			continue;
		if (!found || !m->range)
			found = m;
	}
	if (found)
		hlist_del(&found->node);
	raw_spin_unlock_irqrestore(&b->lock, flags);
	return found;
}

static int __init dma_phys_mapping_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(dma_phys_buckets); i++)
		raw_spin_lock_init(&dma_phys_buckets[i].lock);
	dma_phys_mapping_cache = KMEM_CACHE(dma_phys_mapping, SLAB_PANIC);
	return 0;
}
core_initcall(dma_phys_mapping_init);
