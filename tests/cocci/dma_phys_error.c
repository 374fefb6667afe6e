// SPDX-License-Identifier: GPL-2.0-only
static int checked(struct device *dev, struct chan *ch, phys_addr_t phys)
{
	dma_addr_t addr = dma_map_phys(dev, phys, 8, DMA_TO_DEVICE,
				       DMA_ATTR_MMIO);

	if (dma_mapping_error(dev, addr))
		return -EREMOTEIO;
	ch->fifo = dma_map_phys(dev, phys, SZ_4K, DMA_TO_DEVICE,
				ch->mmio ? DMA_ATTR_MMIO : 0);
	if (unlikely(dma_mapping_error(dev, ch->fifo)))
		goto unmap;
	ch->raw = dma_map_resource(dev, phys, 8, DMA_TO_DEVICE, 0);
	return dma_mapping_error(dev, ch->raw);
unmap:
	dma_unmap_phys(dev, addr, 8, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	return -EREMOTEIO;
}

static dma_addr_t for_the_caller(struct device *dev, phys_addr_t phys)
{
	return dma_map_phys(dev, phys, 8, DMA_TO_DEVICE, DMA_ATTR_MMIO);
}

/* RAM: not this check's business. */
static void ram(struct device *dev, struct chan *ch, phys_addr_t phys)
{
	ch->ram = dma_map_phys(dev, phys, 8, DMA_TO_DEVICE, 0);
}

static void unchecked(struct device *dev, struct chan *ch, phys_addr_t phys)
{
	dma_addr_t addr = dma_map_phys(dev, phys, 8, DMA_TO_DEVICE,
				       DMA_ATTR_MMIO);

	ch->fifo = dma_map_phys(dev, phys, SZ_4K, DMA_TO_DEVICE, ch->attrs);
	if (!ch->fifo)
		return;
	writeq(addr, ch->regs);
	ch->raw = dma_map_resource(dev, phys, 8, DMA_TO_DEVICE, 0);
	/* another address is asked about */
	if (dma_mapping_error(dev, ch->other))
		return;
}

static blk_status_t iterate(struct request *rq, struct my_cmd *cmd)
{
	struct blk_dma_iter iter;

	blk_rq_dma_map_iter_start(rq, cmd->dev, &cmd->state, &iter);
	return submit(cmd, iter.addr);
}

static blk_status_t iterate_well(struct request *rq, struct my_cmd *cmd)
{
	struct blk_dma_iter iter;

	if (!blk_rq_dma_map_iter_start(rq, cmd->dev, &cmd->state, &iter))
		return iter.status;
	return submit(cmd, iter.addr);
}
