// SPDX-License-Identifier: GPL-2.0-only
/* Mapped here, unmapped there, with error unwinding. */
static int rx_fill(struct rx_ring *ring, struct rx_buf *rb, int off)
{
	struct rx_desc *desc = &ring->desc[rb->index];
	dma_addr_t dma;

	dma = dma_map_page(ring->dev, rb->page, off, ring->len,
			   DMA_FROM_DEVICE);
	if (dma_mapping_error(ring->dev, dma))
		return -ENOMEM;
	rb->dma = dma;
	rb->hdr = dma_map_page_attrs(ring->dev, rb->hdr_page, 0, PAGE_SIZE,
				     DMA_FROM_DEVICE, RX_ATTRS);
	if (dma_mapping_error(ring->dev, rb->hdr))
		goto unmap;
	desc->addr = cpu_to_le64(rb->dma);
	return 0;
unmap:
	dma_unmap_page(ring->dev, dma, ring->len, DMA_FROM_DEVICE);
	rb->dma = 0;
	return -ENOMEM;
}

static void rx_clean(struct rx_ring *ring, struct rx_buf *rb)
{
	dma_unmap_page(ring->dev, rb->dma, ring->len, DMA_FROM_DEVICE);
	dma_unmap_page_attrs(ring->dev, rb->hdr, PAGE_SIZE, DMA_FROM_DEVICE,
			     RX_ATTRS);
}

/* The same member of another structure, by way of the macros. */
static int tx_map(struct tx_ring *ring, struct tx_buf *tb, skb_frag_t *frag)
{
	dma_addr_t dma;

	if (frag)
		dma = skb_frag_dma_map(ring->dev, frag, 0, tb->len,
				       DMA_TO_DEVICE);
	else
		dma = dma_map_page(ring->dev, tb->page, 0, tb->len,
				   DMA_TO_DEVICE);
	dma_unmap_addr_set(tb, dma, dma);
	return dma_mapping_error(ring->dev, dma);
}

static void tx_unmap(struct tx_ring *ring, struct tx_buf *tb)
{
	dma_unmap_page(ring->dev, dma_unmap_addr(tb, dma), tb->len,
		       DMA_TO_DEVICE);
}

/* What the device gave back. */
static void done(struct tx_ring *ring, struct tx_desc *desc)
{
	dma_addr_t addr = le64_to_cpu(desc->buffer);

	dma_unmap_page(ring->dev, addr, PAGE_SIZE, DMA_TO_DEVICE);
}

static void post(struct tx_ring *ring, struct tx_desc *desc, void *data)
{
	desc->buffer = cpu_to_le64(dma_map_page(ring->dev, virt_to_page(data),
						offset_in_page(data), PAGE_SIZE,
						DMA_TO_DEVICE));
}

/* Unmapped in two ways, of which one is wrong. */
static void mixed(struct device *dev, struct my_cmd *cmd, bool head)
{
	cmd->odd = dma_map_page(dev, cmd->page, 0, PAGE_SIZE, DMA_TO_DEVICE);
	if (head)
		dma_unmap_single(dev, cmd->odd, PAGE_SIZE, DMA_TO_DEVICE);
	else
		dma_unmap_page(dev, cmd->odd, PAGE_SIZE, DMA_TO_DEVICE);
}

/* Wrappers: who calls them is not known. */
static dma_addr_t map_wrapper(struct device *dev, struct page *page)
{
	return dma_map_page(dev, page, 0, PAGE_SIZE, DMA_TO_DEVICE);
}

static void unmap_wrapper(struct device *dev, dma_addr_t addr)
{
	dma_unmap_page(dev, addr, PAGE_SIZE, DMA_TO_DEVICE);
}

static int out_wrapper(struct device *dev, struct page *page, dma_addr_t *out)
{
	*out = dma_map_page(dev, page, 0, PAGE_SIZE, DMA_TO_DEVICE);
	return dma_mapping_error(dev, *out);
}

/* Unmapped in another file. */
static void for_ever(struct device *dev, struct my_cmd *cmd)
{
	cmd->kept = dma_map_page(dev, cmd->page, 0, PAGE_SIZE, DMA_TO_DEVICE);
}

/* Read from a descriptor by a function; and nobody here has mapped it. */
static void from_descriptor(struct device *dev, struct tx_desc *desc)
{
	dma_unmap_page(dev, desc_addr(desc), PAGE_SIZE, DMA_TO_DEVICE);
}

static void never_mapped(struct device *dev, struct my_cmd *cmd)
{
	dma_unmap_page(dev, cmd->none, PAGE_SIZE, DMA_TO_DEVICE);
	cmd->none = 0;
}

/* Bvecs. */
static blk_status_t bvecs(struct device *dev, struct request *req,
			  struct iod *iod, unsigned int done)
{
	struct bio_vec bv = req_bvec(req), *bvp = req->special;

	iod->a = dma_map_bvec(dev, &bv, rq_dma_dir(req), 0);
	iod->b = dma_map_bvec(dev, bvp, rq_dma_dir(req), DMA_ATTR_NO_WARN);
	iod->c = dma_map_page(dev, bvec_page(bvp), bvec_offset(bvp) + done,
			      bvp->bv_len - done, DMA_TO_DEVICE);
	iod->d = dma_map_page_attrs(dev, bvec_page(bvp), bvec_offset(bvp),
				    bvp->bv_len, DMA_TO_DEVICE, iod->attrs);
	if (!dma_mapping_error(dev, iod->d))
		return BLK_STS_OK;
	dma_unmap_page(dev, iod->a, bv.bv_len, rq_dma_dir(req));
	dma_unmap_page_attrs(dev, iod->b, bvp->bv_len, rq_dma_dir(req),
			     DMA_ATTR_NO_WARN);
	dma_unmap_page(dev, iod->c, bvp->bv_len - done, DMA_TO_DEVICE);
	dma_unmap_page_attrs(dev, iod->d, bvp->bv_len, DMA_TO_DEVICE,
			     iod->attrs);
	return BLK_STS_RESOURCE;
}

/* No pages: the same thing by another name, wherever the other half is. */
static int mmio(struct device *dev, struct resource *res, struct chan *ch)
{
	ch->fifo = dma_map_resource(dev, res->start, resource_size(res),
				    DMA_BIDIRECTIONAL, 0);
	if (dma_mapping_error(dev, ch->fifo))
		return -ENOMEM;
	ch->dbr = dma_map_resource(dev, res->end, 4, DMA_TO_DEVICE, ch->attrs);
	dma_unmap_resource(dev, ch->dbr, 4, DMA_TO_DEVICE, ch->attrs);
	dma_unmap_resource(dev, ch->fifo, resource_size(res),
			   DMA_BIDIRECTIONAL, 0);
	return 0;
}
