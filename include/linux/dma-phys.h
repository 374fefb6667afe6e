/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DMA mapping by physical address, with the owner of peer-to-peer memory found
 * at mapping time.
 *
 * Included by <linux/dma-mapping.h>: drivers need not name this file for
 * dma_map_phys(), and they compile unchanged on kernels that have it there.
 */
#ifndef _LINUX_DMA_PHYS_H
#define _LINUX_DMA_PHYS_H

#include <linux/bits.h>
#include <linux/dma-direction.h>
#include <linux/err.h>
#include <linux/types.h>

struct device;
struct pci_dev;

/*
 * DMA_ATTR_MMIO: the address is not RAM.  There is no struct page behind it,
 * the CPU caches need no maintenance and nothing may be bounced through
 * swiotlb.  It is also the one flag that travels with a peer-to-peer address:
 * the mapping call looks up who owns it.
 */
#define DMA_ATTR_MMIO		BIT(10)

#ifdef CONFIG_HAS_DMA
dma_addr_t dma_map_phys(struct device *dev, phys_addr_t phys, size_t size,
			enum dma_data_direction dir, unsigned long attrs);
void dma_unmap_phys(struct device *dev, dma_addr_t addr, size_t size,
		    enum dma_data_direction dir, unsigned long attrs);
bool dma_need_unmap(struct device *dev);

/* the part of dma_map_resource() that knows no owners (kernel/dma/mapping.c) */
dma_addr_t dma_map_mmio(struct device *dev, phys_addr_t phys, size_t size,
			enum dma_data_direction dir, unsigned long attrs);
void dma_unmap_mmio(struct device *dev, dma_addr_t addr, size_t size,
		    enum dma_data_direction dir, unsigned long attrs);
#else /* CONFIG_HAS_DMA */
static inline dma_addr_t dma_map_phys(struct device *dev, phys_addr_t phys,
				      size_t size, enum dma_data_direction dir,
				      unsigned long attrs)
{
	return ~(dma_addr_t)0;	/* DMA_MAPPING_ERROR */
}

static inline void dma_unmap_phys(struct device *dev, dma_addr_t addr,
				  size_t size, enum dma_data_direction dir,
				  unsigned long attrs)
{
}

static inline bool dma_need_unmap(struct device *dev)
{
	return false;
}
#endif /* CONFIG_HAS_DMA */

#ifdef CONFIG_DMA_PHYS_P2P

#include <linux/p2p_range_tree.h>
#include <linux/xarray.h>

/**
 * struct p2pdma_provider - who owns peer-to-peer memory
 * @owner: the PCI function whose BAR holds the memory
 * @bus_offset: what to add to a CPU physical address to get the address that
 *	is seen on the provider's PCI bus (modulo 2^64: it may be "negative")
 */
struct p2pdma_provider {
	struct device *owner;
	u64 bus_offset;
};

/**
 * struct dma_phys_range - a piece of a BAR that other devices may reach
 * @range: its place in the range tree
 * @provider: the device behind it, and its bus offset
 * @bar: which BAR of the provider
 * @verdicts: &enum pci_p2pdma_map_type by client (domain, bus and function);
 *	filled on first use, under its own lock, emptied with the range
 * @name: "<pci name> BAR <n>", what messages call it
 *
 * The memory belongs to the caller of dma_phys_add_bar() and must stay until
 * dma_phys_del() has returned.
 */
struct dma_phys_range {
	struct p2p_range range;
	struct p2pdma_provider provider;
	int bar;
	struct xarray verdicts;
	char name[32];
};

int dma_phys_add_bar(struct dma_phys_range *r, struct pci_dev *pdev, int bar,
		     u64 offset, u64 size);
void dma_phys_del(struct dma_phys_range *r);

struct dma_phys_range *dma_phys_get(struct device *dev, phys_addr_t phys,
				    size_t size, int *map);
void dma_phys_put(struct dma_phys_range *r);
dma_addr_t dma_phys_map_in(struct dma_phys_range *r, struct device *dev,
			   phys_addr_t phys, size_t size,
			   enum dma_data_direction dir, unsigned long attrs,
			   int map);
bool dma_phys_same_provider(phys_addr_t a, phys_addr_t b, size_t len_b);

#else /* CONFIG_DMA_PHYS_P2P */

struct dma_phys_range;

static inline struct dma_phys_range *
dma_phys_get(struct device *dev, phys_addr_t phys, size_t size, int *map)
{
	return ERR_PTR(-EOPNOTSUPP);
}

static inline void dma_phys_put(struct dma_phys_range *r)
{
}

static inline dma_addr_t
dma_phys_map_in(struct dma_phys_range *r, struct device *dev, phys_addr_t phys,
		size_t size, enum dma_data_direction dir, unsigned long attrs,
		int map)
{
	return ~(dma_addr_t)0;	/* DMA_MAPPING_ERROR */
}

#endif /* CONFIG_DMA_PHYS_P2P */
#endif /* _LINUX_DMA_PHYS_H */
