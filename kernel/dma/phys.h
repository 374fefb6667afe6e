/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of kernel/dma share about DMA by physical address. */
#ifndef _KERNEL_DMA_PHYS_H
#define _KERNEL_DMA_PHYS_H

#include <linux/dma-phys.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pci.h>

/* dma_map_phys() and dma_unmap_phys() without a look at who owns the address */
dma_addr_t __dma_map_phys(struct device *dev, phys_addr_t phys, size_t size,
			  enum dma_data_direction dir, unsigned long attrs);
void __dma_unmap_phys(struct device *dev, dma_addr_t addr, size_t size,
		      enum dma_data_direction dir, unsigned long attrs);

#ifdef CONFIG_DMA_PHYS_P2P

/* of what is not RAM, with DMA_ATTR_MMIO */
dma_addr_t dma_phys_map(struct device *dev, phys_addr_t phys, size_t size,
			enum dma_data_direction dir, unsigned long attrs);
void dma_phys_unmap(struct device *dev, dma_addr_t addr, size_t size,
		    enum dma_data_direction dir, unsigned long attrs);

static inline struct dma_phys_range *to_dma_phys_range(struct p2p_range *range)
{
	return container_of(range, struct dma_phys_range, range);
}

static inline dma_addr_t dma_phys_bus_addr(const struct dma_phys_range *r,
					   phys_addr_t phys)
{
	return (u64)phys + r->provider.bus_offset;
}

/* The key that drivers/pci/p2pdma.c uses for its cache as well. */
static inline unsigned long dma_phys_client_id(struct pci_dev *client)
{
	return (unsigned long)pci_domain_nr(client->bus) << 16 |
	       pci_dev_id(client);
}

/* The ranges of this layer; nests outside of all. */
extern struct mutex dma_phys_lock;
extern struct list_head dma_phys_ranges;

#ifdef CONFIG_DEBUG_FS
extern const struct file_operations dma_phys_verdict_fops;

const char *dma_phys_map_name(int map);
const char *dma_phys_state(const struct p2p_range *range);
struct dma_phys_range *dma_phys_range_at(phys_addr_t phys);
#endif

/**
 * struct dma_phys_mapping - one dma_map_phys() of memory that is not RAM
 * @node: in the table
 * @dev: who does the DMA
 * @addr: the DMA address
 * @phys: the CPU physical address
 * @size: bytes
 * @path: by which way, with a reference; NULL: as plain MMIO
 * @range: whose memory it is, with a reference; NULL: nobody's
 */
struct dma_phys_mapping {
	struct hlist_node node;
	struct device *dev;
	dma_addr_t addr;
	phys_addr_t phys;
	size_t size;
	struct dma_phys_path *path;
	struct p2p_range *range;
};

struct dma_phys_mapping *dma_phys_mapping_alloc(void);
void dma_phys_mapping_free(struct dma_phys_mapping *m);
void dma_phys_mapping_add(struct dma_phys_mapping *m, struct device *dev,
			  phys_addr_t phys, dma_addr_t addr, size_t size);
struct dma_phys_mapping *dma_phys_mapping_take(struct device *dev,
					       dma_addr_t addr, size_t size);

struct dma_phys_path *dma_phys_path_find(struct dma_phys_range *r,
					 struct device *dev);
int dma_phys_get_range(phys_addr_t phys, size_t size, struct p2p_range **range);
void dma_phys_path_inflight(const struct dma_phys_path *path,
			    struct dma_phys_inflight *sum);
void dma_phys_path_forget(struct dma_phys_range *r, struct pci_dev *client);
void dma_phys_paths_destroy(struct dma_phys_range *r);

const char *dma_phys_not_by_cpu(struct device *dev);

void dma_phys_fence_init(struct dma_phys_range *r);
void dma_phys_fence_exit(struct dma_phys_range *r);
void dma_phys_end(struct dma_phys_range *r);
void dma_phys_report(struct dma_phys_range *r);
void dma_phys_notify(struct dma_phys_range *r, enum dma_phys_event event,
		     struct dma_phys_notice *notice);

#else /* CONFIG_DMA_PHYS_P2P */

static inline dma_addr_t dma_phys_map(struct device *dev, phys_addr_t phys,
				      size_t size, enum dma_data_direction dir,
				      unsigned long attrs)
{
	return __dma_map_phys(dev, phys, size, dir, attrs);
}

static inline void dma_phys_unmap(struct device *dev, dma_addr_t addr,
				  size_t size, enum dma_data_direction dir,
				  unsigned long attrs)
{
	__dma_unmap_phys(dev, addr, size, dir, attrs);
}

#endif /* CONFIG_DMA_PHYS_P2P */

/*
 * An address that is mapped as RAM has a struct page.  Where somebody is to
 * find out what a driver did wrong, it is asked for.
 */
static inline bool dma_phys_is_ram(struct device *dev, phys_addr_t phys)
{
	if (!IS_ENABLED(CONFIG_DMA_PHYS_DEBUG) || pfn_valid(PHYS_PFN(phys)))
		return true;
	dev_warn_ratelimited(dev, "%pap is not RAM: map it with DMA_ATTR_MMIO\n",
			     &phys);
	return false;
}

#endif /* _KERNEL_DMA_PHYS_H */
