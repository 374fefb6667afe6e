// SPDX-License-Identifier: GPL-2.0-only

/* the pair that is renamed, and loses its exports */
dma_addr_t dma_map_resource(struct device *dev, phys_addr_t phys_addr,
		size_t size, enum dma_data_direction dir, unsigned long attrs)
{
	return phys_addr;
}
EXPORT_SYMBOL(dma_map_resource);

void dma_unmap_resource(struct device *dev, dma_addr_t addr, size_t size,
		enum dma_data_direction dir, unsigned long attrs)
{
	debug_dma_unmap_resource(dev, addr, size, dir);
}
EXPORT_SYMBOL(dma_unmap_resource);

/* look-alikes that stay */
dma_addr_t dma_map_page_attrs(struct device *dev, struct page *page)
{
	return 0;
}
EXPORT_SYMBOL(dma_map_page_attrs);

void user(struct device *dev)
{
	dma_map_resource(dev, 0, 1, DMA_TO_DEVICE, 0);
	ops->map_resource(dev, 0, 1, DMA_TO_DEVICE, 0);
}
