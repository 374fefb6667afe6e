// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mainline's DMA mapping by physical address, on a kernel that maps pages and
 * resources.
 */

#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/export.h>
#include <linux/iommu-dma.h>
#include <linux/swiotlb.h>
#include "phys.h"

dma_addr_t __dma_map_phys(struct device *dev, phys_addr_t phys, size_t size,
			  enum dma_data_direction dir, unsigned long attrs)
{
	if (attrs & DMA_ATTR_MMIO)
		return dma_map_mmio(dev, phys, size, dir, attrs);
	return dma_map_ram(dev, phys, size, dir, attrs);
}

void __dma_unmap_phys(struct device *dev, dma_addr_t addr, size_t size,
		      enum dma_data_direction dir, unsigned long attrs)
{
	if (attrs & DMA_ATTR_MMIO)
		dma_unmap_mmio(dev, addr, size, dir, attrs);
	else
		dma_unmap_page_attrs(dev, addr, size, dir, attrs);
}

/**
 * dma_map_phys - map a physical address for DMA
 * @dev: device that is to do the DMA
 * @phys: CPU physical address
 * @size: bytes, not zero
 * @dir: DMA direction
 * @attrs: DMA attributes; with DMA_ATTR_MMIO the address is not RAM
 *
 * RAM is mapped as dma_map_page_attrs() does.  With DMA_ATTR_MMIO the owner of
 * the address is looked up: memory that a PCI device registered is mapped
 * peer-to-peer, by the way that @dev reaches that device, and the range is
 * held until dma_unmap_phys(); any other address is mapped as plain MMIO.  So
 * is registered memory for a device that is not on PCI, but the range is held.
 *
 * Context: any.
 * Return: the DMA address, to be tested with dma_mapping_error(); the error
 * means for RAM what it always did, and for peer-to-peer memory that it is not
 * inside one range, fenced, going away or out of reach, or that there is no
 * memory or IOVA space for the mapping (the log says which).
 */
dma_addr_t dma_map_phys(struct device *dev, phys_addr_t phys, size_t size,
			enum dma_data_direction dir, unsigned long attrs)
{
	if (unlikely(attrs & DMA_ATTR_MMIO))
		return dma_phys_map(dev, phys, size, dir, attrs);
	if (!dma_phys_is_ram(dev, phys))
		return DMA_MAPPING_ERROR;
	return dma_map_ram(dev, phys, size, dir, attrs);
}
EXPORT_SYMBOL_GPL(dma_map_phys);

/**
 * dma_unmap_phys - undo dma_map_phys()
 * @dev: the device
 * @addr: what dma_map_phys() returned
 * @size: the bytes that were mapped
 * @dir: the direction they were mapped for
 * @attrs: the attributes they were mapped with
 *
 * Context: any.
 */
void dma_unmap_phys(struct device *dev, dma_addr_t addr, size_t size,
		    enum dma_data_direction dir, unsigned long attrs)
{
	if (likely(!(attrs & DMA_ATTR_MMIO)))
		dma_unmap_page_attrs(dev, addr, size, dir, attrs);
	else
		dma_phys_unmap(dev, addr, size, dir, attrs);
}
EXPORT_SYMBOL_GPL(dma_unmap_phys);

/**
 * dma_map_resource - map MMIO for DMA
 * @dev: device that is to do the DMA
 * @phys_addr: CPU physical address, not RAM
 * @size: bytes
 * @dir: DMA direction
 * @attrs: DMA attributes
 *
 * Context: any.
 * Return: see dma_map_phys(); this is the same with DMA_ATTR_MMIO.
 */
dma_addr_t dma_map_resource(struct device *dev, phys_addr_t phys_addr,
			    size_t size, enum dma_data_direction dir,
			    unsigned long attrs)
{
	return dma_map_phys(dev, phys_addr, size, dir, attrs | DMA_ATTR_MMIO);
}
EXPORT_SYMBOL(dma_map_resource);

/**
 * dma_unmap_resource - undo dma_map_resource()
 * @dev: the device
 * @addr: what dma_map_resource() returned
 * @size: the bytes that were mapped
 * @dir: the direction they were mapped for
 * @attrs: the attributes they were mapped with
 *
 * Context: any.
 */
void dma_unmap_resource(struct device *dev, dma_addr_t addr, size_t size,
			enum dma_data_direction dir, unsigned long attrs)
{
	dma_unmap_phys(dev, addr, size, dir, attrs | DMA_ATTR_MMIO);
}
EXPORT_SYMBOL(dma_unmap_resource);

/**
 * dma_need_unmap - does RAM that was mapped for a device need unmapping?
 * @dev: the device
 *
 * When it does not, a driver need not remember what it mapped.  The answer
 * does not change while mappings exist: swiotlb counts as soon as it may be
 * used, unlike in dma_dev_need_sync(), which waits for the first bounce.
 *
 * Context: any.
 * Return: false if unmapping RAM does nothing.
 */
bool dma_need_unmap(struct device *dev)
{
	if (get_dma_ops(dev) || use_dma_iommu(dev) || dma_dev_need_sync(dev))
		return true;
	if (IS_ENABLED(CONFIG_DMA_API_DEBUG))
		return true;
	return is_swiotlb_active(dev) &&
	       (is_swiotlb_force_bounce(dev) || dev->bus_dma_limit ||
		dma_get_mask(dev) < DMA_BIT_MASK(64));
}
EXPORT_SYMBOL_GPL(dma_need_unmap);
