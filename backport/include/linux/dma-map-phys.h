/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mainline's DMA API by physical address.  Included by <linux/dma-mapping.h>,
 * where mainline has it.
 */
#ifndef _LINUX_DMA_MAP_PHYS_H
#define _LINUX_DMA_MAP_PHYS_H

#include <linux/bits.h>
#include <linux/dma-direction.h>
#include <linux/errno.h>
#include <linux/types.h>

struct device;

/*
 * DMA_ATTR_MMIO: the address is not RAM.  There is no struct page behind it,
 * the CPU caches need no maintenance and nothing may be bounced through
 * swiotlb.  It is also the one flag that travels with a peer-to-peer address:
 * the mapping call looks up who owns it.
 */
#define DMA_ATTR_MMIO		BIT(10)

/**
 * struct dma_iova_state - IOVA space that many pieces of memory are mapped to
 * @addr: its start
 * @__size: its size in bytes; 0: each piece is mapped by itself
 */
struct dma_iova_state {
	dma_addr_t	addr;
	u64		__size;
};

static inline bool dma_use_iova(struct dma_iova_state *state)
{
	return state->__size != 0;
}

#ifdef CONFIG_IOMMU_DMA
bool dma_iova_try_alloc(struct device *dev, struct dma_iova_state *state,
			phys_addr_t phys, size_t size);
int dma_iova_link(struct device *dev, struct dma_iova_state *state,
		  phys_addr_t phys, size_t offset, size_t size,
		  enum dma_data_direction dir, unsigned long attrs);
int dma_iova_sync(struct device *dev, struct dma_iova_state *state,
		  size_t offset, size_t size);
void dma_iova_destroy(struct device *dev, struct dma_iova_state *state,
		      size_t mapped_len, enum dma_data_direction dir,
		      unsigned long attrs);
#else /* CONFIG_IOMMU_DMA */
static inline bool dma_iova_try_alloc(struct device *dev,
				      struct dma_iova_state *state,
				      phys_addr_t phys, size_t size)
{
	return false;
}

static inline int dma_iova_link(struct device *dev,
				struct dma_iova_state *state, phys_addr_t phys,
				size_t offset, size_t size,
				enum dma_data_direction dir,
				unsigned long attrs)
{
	return -EOPNOTSUPP;
}

static inline int dma_iova_sync(struct device *dev,
				struct dma_iova_state *state, size_t offset,
				size_t size)
{
	return -EOPNOTSUPP;
}

static inline void dma_iova_destroy(struct device *dev,
				    struct dma_iova_state *state,
				    size_t mapped_len,
				    enum dma_data_direction dir,
				    unsigned long attrs)
{
}
#endif /* CONFIG_IOMMU_DMA */

#ifdef CONFIG_HAS_DMA
dma_addr_t dma_map_phys(struct device *dev, phys_addr_t phys, size_t size,
			enum dma_data_direction dir, unsigned long attrs);
void dma_unmap_phys(struct device *dev, dma_addr_t addr, size_t size,
		    enum dma_data_direction dir, unsigned long attrs);
bool dma_need_unmap(struct device *dev);
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

#endif /* _LINUX_DMA_MAP_PHYS_H */
