// SPDX-License-Identifier: GPL-2.0-only
dma_addr_t dma_map_page_attrs(struct device *dev, struct page *page,
		size_t offset, size_t size, enum dma_data_direction dir,
		unsigned long attrs)
{
	const struct dma_map_ops *ops = get_dma_ops(dev);
	dma_addr_t addr;

	if (WARN_ON_ONCE(!dev->dma_mask))
		return DMA_MAPPING_ERROR;

	if (dma_map_direct(dev, ops) ||
	    arch_dma_map_page_direct(dev, page_to_phys(page) + offset + size))
		addr = dma_direct_map_phys(dev, page_to_phys(page) + offset,
					   size, dir, attrs);
	else if (use_dma_iommu(dev))
		addr = iommu_dma_map_phys(dev, page_to_phys(page) + offset,
					  size, dir, attrs);
	else
		addr = ops->map_page(dev, page, offset, size, dir, attrs);
	kmsan_handle_dma(page, offset, size, dir);
	trace_dma_map_page(dev, page_to_phys(page) + offset, addr, size, dir,
			   attrs);
	debug_dma_map_page(dev, page, offset, size, dir, addr, attrs);

	return addr;
}
EXPORT_SYMBOL(dma_map_page_attrs);

void dma_unmap_page_attrs(struct device *dev, dma_addr_t addr, size_t size,
		enum dma_data_direction dir, unsigned long attrs)
{
	const struct dma_map_ops *ops = get_dma_ops(dev);

	if (dma_map_direct(dev, ops))
		dma_direct_unmap_phys(dev, addr, size, dir, attrs);
	else
		ops->unmap_page(dev, addr, size, dir, attrs);
	trace_dma_unmap_page(dev, addr, size, dir, attrs);
}

struct page *alloc(struct device *dev, size_t size, dma_addr_t *dma_handle,
		   size_t skip, enum dma_data_direction dir)
{
	const struct dma_map_ops *ops = get_dma_ops(dev);
	struct page *page = alloc_pages(GFP_KERNEL, get_order(size));

	if (skip)
		*dma_handle = ops->map_page(dev, page, skip, size, dir,
					    DMA_ATTR_SKIP_CPU_SYNC);
	else
		*dma_handle = ops->map_page(dev, page, 0, size, dir,
					    DMA_ATTR_SKIP_CPU_SYNC);
	return page;
}

void release(struct device *dev, size_t size, dma_addr_t dma_handle,
	     enum dma_data_direction dir)
{
	const struct dma_map_ops *ops = get_dma_ops(dev);

	if (use_dma_iommu(dev))
		iommu_dma_unmap_phys(dev, dma_handle, size, dir,
				     DMA_ATTR_SKIP_CPU_SYNC);
	else if (ops->unmap_page)
		ops->unmap_page(dev, dma_handle, size, dir,
				DMA_ATTR_SKIP_CPU_SYNC);
}

/* Not a struct dma_map_ops. */
dma_addr_t other(struct niu *np, struct page *page)
{
	return np->ops->map_page(np->device, page, 0, PAGE_SIZE);
}
