// SPDX-License-Identifier: GPL-2.0-only
static void used_after(struct my_dev *d, phys_addr_t phys)
{
	p2pmem_free(d->pdev, phys, SZ_4K);
	d->last = phys;
	d->addr = dma_map_phys(d->dev, phys, SZ_4K, DMA_TO_DEVICE,
			       DMA_ATTR_MMIO);
}

static int error_path(struct my_dev *d)
{
	d->buf = p2pmem_alloc(d->pdev, SZ_4K, &d->phys);
	if (!d->buf)
		return -ENOMEM;
	if (start(d))
		goto free;
	return 0;
free:
	p2pmem_free(d->pdev, d->phys, SZ_4K);
	return report(d->phys);
}

static void good(struct my_dev *d)
{
	queue(d->phys);
	p2pmem_free(d->pdev, d->phys, SZ_4K);
	d->phys = 0;
	queue(d->phys);
}

static void again(struct my_dev *d, int i)
{
	for (i = 0; i < d->n; i++) {
		queue(d->phys);
		p2pmem_free(d->pdev, d->phys, SZ_4K);
	}
}

static dma_addr_t path_after(struct my_dev *d, phys_addr_t phys)
{
	struct dma_phys_path *path = dma_phys_get(d->dev, phys, SZ_4K, 0);

	if (IS_ERR(path))
		return DMA_MAPPING_ERROR;
	dma_phys_put(path, 0);
	return dma_phys_map_in(path, phys, SZ_4K, DMA_TO_DEVICE, 0, &d->addr);
}

static void path_before(struct my_dev *d, struct dma_phys_path *path)
{
	d->map = path->map;
	dma_phys_put(path, SZ_4K);
}

static void unmapped(struct my_dev *d, dma_addr_t addr)
{
	dma_unmap_phys(d->dev, addr, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	writeq(addr, d->regs);
}

static void unmapped_and_said(struct my_dev *d, dma_addr_t addr)
{
	dma_unmap_phys(d->dev, addr, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	dev_dbg(d->dev, "%pad is unmapped\n", &addr);
}

static void unmapped_twice(struct my_dev *d, dma_addr_t addr, int err)
{
	if (err)
		dma_unmap_phys(d->dev, addr, 8, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	dma_unmap_phys(d->dev, addr, 8, DMA_TO_DEVICE, DMA_ATTR_MMIO);
}

static void unmapped_either(struct my_dev *d, dma_addr_t addr, int err)
{
	if (err) {
		dma_unmap_phys(d->dev, addr, 8, DMA_TO_DEVICE, DMA_ATTR_MMIO);
		return;
	}
	writeq(addr, d->regs);
	dma_unmap_phys(d->dev, addr, 8, DMA_TO_DEVICE, DMA_ATTR_MMIO);
}
