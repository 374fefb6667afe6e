// SPDX-License-Identifier: GPL-2.0-only
/* The address has a name in the function already. */
static dma_addr_t named_map_page(struct device *dev, struct page *page,
				 unsigned long offset, size_t size,
				 enum dma_data_direction dir,
				 unsigned long attrs)
{
	unsigned long bus;
	phys_addr_t paddr = page_to_phys(page) + offset;

	if (!need_iommu(dev, paddr, size))
		return paddr;
	bus = my_map_area(dev, paddr, size, dir);
	return bus;
}

static void named_unmap_page(struct device *dev, dma_addr_t addr, size_t size,
			     enum dma_data_direction dir, unsigned long attrs)
{
	my_free(addr, size);
}

static void named_unmap_sg(struct device *dev, struct scatterlist *sg)
{
	named_unmap_page(dev, sg->dma_address, sg->dma_length, 0, 0);
}

const struct dma_map_ops named_ops = {
	.unmap_sg	= named_unmap_sg,
	.map_page	= named_map_page,
	.unmap_page	= named_unmap_page,
};

/* Two declared at once, and more than the implementation calls it. */
static dma_addr_t bounce_map_page(struct device *dev, struct page *page,
		unsigned long offset, size_t size, enum dma_data_direction dir,
		unsigned long attrs)
{
	phys_addr_t map, phys = page_to_phys(page) + offset;

	map = my_bounce(dev, phys, size);
	phys = map;
	return phys_to_dma(dev, phys);
}

static int bounce_map_sg(struct device *dev, struct scatterlist *sg, int n)
{
	sg->dma_address = bounce_map_page(dev, sg_page(sg), sg->offset,
					  sg->length, 0, 0);
	return sg->dma_address == DMA_MAPPING_ERROR ? -EIO : n;
}

static dma_addr_t bounce_first(struct device *dev, struct page *first)
{
	return bounce_map_page(dev, first, 0, PAGE_SIZE, DMA_TO_DEVICE, 0);
}

static dma_addr_t bounce_rest(struct device *dev, struct page *first, int done)
{
	return bounce_map_page(dev, first, done * 2, PAGE_SIZE, DMA_TO_DEVICE,
			       0);
}

static const struct dma_map_ops bounce_ops = {
	.map_sg = bounce_map_sg,
	.map_page = bounce_map_page,
	.unmap_page = bounce_unmap,
};

/* A virtual address; what unmaps is in another file. */
static dma_addr_t
virt_map_page(struct device *dev, struct page *page, unsigned long offset,
		size_t size, enum dma_data_direction direction,
		unsigned long attrs)
{
	return my_map_single(dev, page_address(page) + offset, size,
			direction);
}

static dma_addr_t virt_map_page_cast(struct device *dev, struct page *page,
				     unsigned long offset, size_t sz,
				     enum dma_data_direction direction,
				     unsigned long attributes)
{
	unsigned long oaddr;
	char *p;

	if (direction == DMA_NONE)
		goto bad;
	oaddr = (unsigned long)(page_address(page) + offset);
	p = (char *)page_address(page) + offset;
	return my_map(oaddr, p, sz);
bad:
	return DMA_MAPPING_ERROR;
}

static struct dma_map_ops virt_ops = {
	.map_page =		virt_map_page,
	.unmap_page =		virt_unmap_page,
};

static const struct dma_map_ops virt_cast_ops = {
	.map_page =		virt_map_page_cast,
	.unmap_page =		virt_unmap_page,
};

/* Both go to a helper, which others call as well. */
static dma_addr_t __helped_map_page(struct device *dev, struct page *page,
		unsigned long off, size_t len, bool flush)
{
	phys_addr_t paddr = page_to_phys(page) + off;

	if (flush && !PageHighMem(page))
		my_flush(page_address(page) + off, len);
	return my_map_pfn(page_to_pfn(page), paddr & ~PAGE_MASK, len);
}

static dma_addr_t helped_map(struct device *dev,
		struct page *page, unsigned long offset, size_t len,
		enum dma_data_direction dir, unsigned long attrs)
{
	return __helped_map_page(dev, page, offset, len, false);
}

static int helped_map_sg(struct device *dev, struct scatterlist *sg, int n)
{
	sg->dma_address = __helped_map_page(dev, sg_page(sg), sg->offset,
					    sg->length, true);
	return n;
}

static const struct dma_map_ops helped_ops = {
	.map_page		= helped_map,
	.unmap_page		= helped_unmap,
	.map_sg			= helped_map_sg,
};

/* The offset alone, and frames. */
static dma_addr_t frames_map_page(struct device *dev, struct page *page,
				  unsigned long offset, size_t size,
				  enum dma_data_direction dir,
				  unsigned long attrs)
{
	unsigned long dma_offset = xen_offset_in_page(offset);
	int len = PAGE_ALIGN(size + offset);

	if (!(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		__dma_page_cpu_to_dev(page, offset, size, dir);
	my_grant(pfn_to_gfn(page_to_xen_pfn(page) + XEN_PFN_DOWN(offset)));
	my_iommu_map(dev, page_to_phys(page), len);
	return my_dma(dev, len) + dma_offset;
}

static const struct dma_map_ops frames_ops = {
	.map_page		= frames_map_page,
	.unmap_page		= frames_unmap_page,
	.map_resource		= frames_map_resource,
};

/* Maps nothing, so it need not refuse. */
static dma_addr_t none_map_page(struct device *dev, struct page *page,
		unsigned long offset, size_t size, enum dma_data_direction dir,
		unsigned long attrs)
{
	return DMA_MAPPING_ERROR;
}

const struct dma_map_ops none_ops = {
	.map_page               = none_map_page,
	.unmap_page             = none_unmap_page,
};

/* A function that other files have as well. */
dma_addr_t vduse_domain_map_page(struct vduse_iova_domain *domain,
				 struct page *page, unsigned long offset,
				 size_t size, enum dma_data_direction dir,
				 unsigned long attrs)
{
	phys_addr_t pa = page_to_phys(page) + offset;

	return my_bounce_page(domain, pa, size);
}

void vduse_domain_unmap_page(struct vduse_iova_domain *domain,
			     dma_addr_t dma_addr, size_t size,
			     enum dma_data_direction dir, unsigned long attrs)
{
	my_unbounce(domain, dma_addr, size);
}

static dma_addr_t vio_map_page(struct device *dev, struct page *page,
			       unsigned long offset, size_t size,
			       enum dma_data_direction direction,
			       unsigned long attrs)
{
	struct iommu_table *tbl = get_iommu_table_base(dev);
	dma_addr_t ret;

	ret = iommu_map_page(dev, tbl, page, offset, size, dma_get_mask(dev),
			direction, attrs);
	return ret;
}

static void vio_unmap_page(struct device *dev, dma_addr_t dma_handle,
			   size_t size, enum dma_data_direction direction,
			   unsigned long attrs)
{
	iommu_unmap_page(get_iommu_table_base(dev), dma_handle, size,
			 direction, attrs);
}

static const struct dma_map_ops vio_ops = {
	.map_page          = vio_map_page,
	.unmap_page        = vio_unmap_page,
};

/* It wants the page: not converted, and its neighbour with it. */
static dma_addr_t page_map_page(struct device *dev, struct page *page,
				unsigned long offset, size_t size,
				enum dma_data_direction dir,
				unsigned long attrs)
{
	if (PageReserved(page))
		return DMA_MAPPING_ERROR;
	return page_to_phys(page) + offset;
}

static dma_addr_t beside_map_page(struct device *dev, struct page *page,
				  unsigned long offset, size_t size,
				  enum dma_data_direction dir,
				  unsigned long attrs)
{
	return page_to_phys(page) + offset;
}

static void page_unmap_page(struct device *dev, dma_addr_t addr, size_t size,
			    enum dma_data_direction dir, unsigned long attrs)
{
	my_free(addr, size);
}

static const struct dma_map_ops page_ops = {
	.map_page	= page_map_page,
	.unmap_page	= page_unmap_page,
};

static const struct dma_map_ops beside_ops = {
	.map_page	= beside_map_page,
	.unmap_page	= page_unmap_page,
};

/* The page goes to somebody unknown. */
static dma_addr_t away_map_page(struct device *dev, struct page *page,
				unsigned long offset, size_t size,
				enum dma_data_direction dir,
				unsigned long attrs)
{
	return elsewhere_map_page(dev, page, offset, size);
}

static const struct dma_map_ops away_ops = {
	.map_page	= away_map_page,
	.unmap_page	= away_unmap_page,
};

/* The offset is used as a variable. */
static dma_addr_t moved_map_page(struct device *dev, struct page *page,
				 unsigned long offset, size_t size,
				 enum dma_data_direction dir,
				 unsigned long attrs)
{
	unsigned long pfn = page_to_pfn(page) + offset / PAGE_SIZE;

	offset %= PAGE_SIZE;
	return my_map_pfn(pfn, offset, size);
}

static const struct dma_map_ops moved_ops = {
	.map_page	= moved_map_page,
	.unmap_page	= moved_unmap_page,
};

/* In another file. */
static const struct dma_map_ops other_file_ops = {
	.map_page	= other_file_map_page,
	.unmap_page	= other_file_unmap_page,
};

/* Another structure. */
static dma_addr_t niu_map_page(struct device *dev, struct page *page,
			       unsigned long offset, size_t size,
			       enum dma_data_direction direction)
{
	return dma_map_page(dev, page, offset, size, direction);
}

static const struct niu_ops niu_ops = {
	.map_page	= niu_map_page,
	.unmap_page	= niu_unmap_page,
};

static dma_addr_t niu_use(struct niu *np, struct page *page)
{
	return np->ops->map_page(np->device, page, 0, PAGE_SIZE,
				 DMA_FROM_DEVICE);
}

/* Who calls it. */
static dma_addr_t caller(struct device *dev, struct page *page)
{
	const struct dma_map_ops *ops = get_dma_ops(dev);

	return ops->map_page(dev, page, 0, PAGE_SIZE, DMA_FROM_DEVICE, 0);
}

/* Set at run time. */
static void run_time(struct dma_map_ops *ops)
{
	ops->map_page = named_map_late;
}
