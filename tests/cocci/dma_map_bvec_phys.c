// SPDX-License-Identifier: GPL-2.0-only
static blk_status_t by_macro(struct device *dev, struct request *req,
			     struct iod *iod)
{
	struct bio_vec bv = req_bvec(req), *bvp = req->special;

	iod->a = dma_map_bvec(dev, &bv, rq_dma_dir(req), 0);
	iod->b = dma_map_bvec(dev, bvp, rq_dma_dir(req), DMA_ATTR_NO_WARN);
	if (dma_mapping_error(dev, iod->a))
		return BLK_STS_RESOURCE;
	return BLK_STS_OK;
}

static void by_page(struct device *dev, struct bio_vec *bv, struct bio_vec v,
		    struct iod *iod, unsigned int done)
{
	iod->a = dma_map_page(dev, bvec_page(bv), bvec_offset(bv), bv->bv_len,
			      DMA_TO_DEVICE);
	iod->b = dma_map_page(dev, bvec_page(&v), bvec_offset(&v) + done,
			      v.bv_len - done, DMA_TO_DEVICE);
	iod->c = dma_map_page_attrs(dev, bvec_page(bv), bvec_offset(bv),
				    bv->bv_len, DMA_TO_DEVICE, iod->attrs);
	/* not converted by bvec_fields.cocci yet */
	iod->d = dma_map_page(dev, v.bv_page, v.bv_offset, v.bv_len,
			      DMA_TO_DEVICE);
	iod->e = dma_map_page_attrs(dev, bv->bv_page, bv->bv_offset + done,
				    512, DMA_TO_DEVICE, 0);
}

static void unmap(struct device *dev, struct iod *iod)
{
	dma_unmap_page(dev, iod->a, iod->len, DMA_TO_DEVICE);
	dma_unmap_page_attrs(dev, iod->c, iod->len, DMA_TO_DEVICE, iod->attrs);
	/* not from a page */
	dma_unmap_single(dev, iod->d, iod->len, DMA_TO_DEVICE);
}

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
