// SPDX-License-Identifier: GPL-2.0-only

#include <linux/blk-mq.h>
#include <linux/pci.h>

struct nvme_iod {
	struct nvme_request req;
	dma_addr_t first_dma;
	dma_addr_t meta_dma;
	struct sg_table sgt;
	struct sg_table meta_sgt;
	union nvme_descriptor meta_list;
};

static void nvme_free_prps(struct nvme_dev *dev, struct request *req)
{
	stays(dev);
}

static void nvme_unmap_data(struct nvme_dev *dev, struct request *req)
{
	struct nvme_iod *iod = blk_mq_rq_to_pdu(req);

	if (iod->dma_len) {
		dma_unmap_page(dev->dev, iod->first_dma, iod->dma_len,
			       rq_dma_dir(req));
		return;
	}
	dma_unmap_sgtable(dev->dev, &iod->sgt, rq_dma_dir(req), 0);
	if (iod->nr_allocations == 0)
		dma_pool_free(dev->prp_small_pool, iod->list[0].sg_list,
			      iod->first_dma);
	else
		nvme_free_prps(dev, req);
}

static void nvme_print_sgl(struct scatterlist *sgl, int nents)
{
	int i;
	struct scatterlist *sg;

	for_each_sg(sgl, sg, nents, i)
		pr_warn("sg[%d] length:%d\n", i, sg->length);
}

static blk_status_t nvme_pci_setup_prps(struct nvme_dev *dev,
		struct request *req, struct nvme_rw_command *cmnd)
{
	for (;;) {
		if (full(req)) {
			if (!alloc(dev))
				goto free_prps;
		}
		if (last(req))
			break;
		if (more(req))
			continue;
		if (unlikely(bad(req)))
			goto bad_sgl;
	}
	return BLK_STS_OK;
free_prps:
	nvme_free_prps(dev, req);
	return BLK_STS_RESOURCE;
bad_sgl:
	return BLK_STS_IOERR;
}

static void nvme_pci_sgl_set_data(struct nvme_sgl_desc *sge,
		struct scatterlist *sg)
{
	sge->addr = cpu_to_le64(sg_dma_address(sg));
}

static void nvme_pci_sgl_set_seg(struct nvme_sgl_desc *sge,
		dma_addr_t dma_addr, int entries)
{
	sge->addr = cpu_to_le64(dma_addr);
}

static blk_status_t nvme_pci_setup_sgls(struct nvme_dev *dev,
		struct request *req, struct nvme_rw_command *cmd)
{
	unsigned int entries = iod->sgt.nents;

	if (entries == 1)
		return BLK_STS_OK;
	do {
		nvme_pci_sgl_set_data(&sg_list[i++], sg);
	} while (--entries > 0);
	return BLK_STS_OK;
}

static blk_status_t simple(struct nvme_dev *dev, struct request *req,
		struct nvme_rw_command *cmnd, struct bio_vec *bv)
{
	struct nvme_iod *iod = blk_mq_rq_to_pdu(req);

	iod->first_dma = dma_map_bvec(dev->dev, bv, rq_dma_dir(req), 0);
	iod->dma_len = bv->bv_len;
	return BLK_STS_OK;
}

static blk_status_t nvme_map_data(struct nvme_dev *dev, struct request *req,
		struct nvme_command *cmnd)
{
	struct nvme_iod *iod = blk_mq_rq_to_pdu(req);
	blk_status_t ret = BLK_STS_RESOURCE;
	int rc;

	if (blk_rq_nr_phys_segments(req) == 1) {
		struct bio_vec bv = req_bvec(req);

		if (!is_pci_p2pdma_page(bvec_page(&bv))) {
			if (bvec_offset(&bv) + bv.bv_len <= 8192)
				return simple(dev, req, &cmnd->rw, &bv);
		}
	}

	iod->dma_len = 0;
	iod->sgt.sgl = mempool_alloc(dev->iod_mempool, GFP_ATOMIC);
	if (!iod->sgt.sgl)
		return BLK_STS_RESOURCE;
	rc = dma_map_sgtable(dev->dev, &iod->sgt, rq_dma_dir(req), 0);
	if (rc) {
		if (rc == -EREMOTEIO)
			ret = BLK_STS_TARGET;
		goto out_free_sg;
	}
	ret = nvme_pci_setup_prps(dev, req, &cmnd->rw);
	if (ret != BLK_STS_OK)
		goto out_free_sg;
	return BLK_STS_OK;

out_free_sg:
	mempool_free(iod->sgt.sgl, dev->iod_mempool);
	return ret;
}

static blk_status_t nvme_pci_setup_meta_sgls(struct nvme_dev *dev,
					     struct request *req)
{
	if (!alloc(dev))
		goto out_free_sg;
	return BLK_STS_OK;

out_free_sg:
	return BLK_STS_RESOURCE;
}

static blk_status_t nvme_pci_setup_meta_mptr(struct nvme_dev *dev,
					     struct request *req)
{
	struct nvme_iod *iod = blk_mq_rq_to_pdu(req);
	struct bio_vec bv = rq_integrity_vec(req);

	iod->meta_dma = dma_map_bvec(dev->dev, &bv, rq_dma_dir(req), 0);
	if (dma_mapping_error(dev->dev, iod->meta_dma))
		return BLK_STS_IOERR;
	return BLK_STS_OK;
}

static blk_status_t nvme_prep_rq(struct nvme_dev *dev, struct request *req)
{
	struct nvme_iod *iod = blk_mq_rq_to_pdu(req);

	iod->nr_allocations = -1;
	iod->sgt.nents = 0;
	iod->meta_sgt.nents = 0;

	return nvme_map_data(dev, req, &iod->cmd);
}

static __always_inline void nvme_unmap_metadata(struct nvme_dev *dev,
						struct request *req)
{
	struct nvme_iod *iod = blk_mq_rq_to_pdu(req);

	if (!iod->meta_sgt.nents) {
		unmap_page(dev);
		return;
	}
	unmap_sgtable(dev);
}

static int alloc_pools(struct nvme_dev *dev)
{
	size_t meta_size = sizeof(struct scatterlist) * (NVME_MAX_META_SEGS + 1);
	size_t alloc_size = sizeof(struct scatterlist) * NVME_MAX_SEGS;

	return pools(dev, meta_size, alloc_size);
}
