// SPDX-License-Identifier: GPL-2.0-only
static int map(struct device *dev, struct chan *ch, phys_addr_t phys)
{
	ch->fifo = dma_map_phys(dev, phys, SZ_4K, DMA_TO_DEVICE,
				DMA_ATTR_MMIO);
	if (dma_mapping_error(dev, ch->fifo))
		return -EIO;
	ch->dbr = dma_map_phys(dev, phys, 8, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	if (dma_mapping_error(dev, ch->dbr))
		goto unmap;
	ch->ring = dma_map_phys(dev, phys, ch->len, DMA_BIDIRECTIONAL,
				ch->attrs);
	if (dma_mapping_error(dev, ch->ring))
		goto unmap_dbr;
	return 0;
unmap_dbr:
	/* the size is another one */
	dma_unmap_phys(dev, ch->dbr, 4, DMA_TO_DEVICE, DMA_ATTR_MMIO);
unmap:
	/* the attribute is lost */
	dma_unmap_phys(dev, ch->fifo, SZ_4K, DMA_TO_DEVICE, 0);
	return -EIO;
}

static void unmap(struct device *dev, struct chan *ch)
{
	/* as it was mapped */
	dma_unmap_phys(dev, ch->fifo, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	/* the wrong way round */
	dma_unmap_phys(dev, ch->dbr, 8, DMA_FROM_DEVICE, DMA_ATTR_MMIO);
	/* not known: nothing is said */
	dma_unmap_phys(dev, ch->ring, ch->used, DMA_BIDIRECTIONAL, ch->attrs);
	/* mapped in another file */
	dma_unmap_phys(dev, ch->other, 8, DMA_FROM_DEVICE, 0);
}

/* Two ways to be mapped; one fits. */
static void either(struct device *dev, phys_addr_t phys, bool mmio)
{
	dma_addr_t addr;

	if (mmio)
		addr = dma_map_phys(dev, phys, 8, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	else
		addr = dma_map_phys(dev, phys, 8, DMA_TO_DEVICE, 0);
	if (!dma_mapping_error(dev, addr))
		dma_unmap_phys(dev, addr, 8, DMA_TO_DEVICE, 0);
}
