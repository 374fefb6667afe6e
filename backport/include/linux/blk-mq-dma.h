/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mapping requests for DMA segment by segment, without a scatterlist.
 *
 * A driver maps like this (status and cleanup left out):
 *
 *	if (!blk_rq_dma_map_iter_start(req, dev, &state, &iter))
 *		return iter.status;		// nothing is mapped
 *	do {
 *		add iter.addr, iter.len to the command
 *	} while (blk_rq_dma_map_iter_next(req, dev, &iter));
 *	if (iter.status != BLK_STS_OK)
 *		unmap what was added, return iter.status;
 *
 * and unmaps, when the command has ended or could not be built:
 *
 *	if (!blk_rq_dma_unmap(req, dev, &state, total, map))
 *		for each segment:
 *			dma_unmap_phys(dev, addr, len, rq_dma_dir(req), attrs);
 *
 * where map is iter.p2pdma.map, which a driver remembers with the command, and
 * attrs is DMA_ATTR_MMIO if that is PCI_P2PDMA_MAP_THRU_HOST_BRIDGE, else 0.
 */
#ifndef _LINUX_BLK_MQ_DMA_H
#define _LINUX_BLK_MQ_DMA_H

#include <linux/blk-mq-p2p.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>

/* private: where blk_dma_iter stands in a request */
struct blk_map_iter {
	struct bvec_iter	iter;
	struct bio		*bio;
	struct bio_vec		*bvecs;
	bool			is_integrity;
};

/**
 * struct blk_dma_iter - one mapped segment, and how to get to the next
 * @addr: DMA address of the segment
 * @len: its length in bytes
 * @status: why the iterator returned false; BLK_STS_OK at the end
 * @p2pdma: @p2pdma.map is how the device reaches the memory, the same for all
 *	segments of a request: PCI_P2PDMA_MAP_NONE for RAM
 * @iter: private
 */
struct blk_dma_iter {
	dma_addr_t			addr;
	u32				len;
	blk_status_t			status;
	struct pci_p2pdma_map_state	p2pdma;
	struct blk_map_iter		iter;
};

bool blk_rq_dma_map_iter_start(struct request *req, struct device *dma_dev,
			       struct dma_iova_state *state,
			       struct blk_dma_iter *iter);
bool blk_rq_dma_map_iter_next(struct request *req, struct device *dma_dev,
			      struct blk_dma_iter *iter);
bool blk_rq_integrity_dma_map_iter_start(struct request *req,
					 struct device *dma_dev,
					 struct dma_iova_state *state,
					 struct blk_dma_iter *iter);
bool blk_rq_integrity_dma_map_iter_next(struct request *req,
					struct device *dma_dev,
					struct blk_dma_iter *iter);
/**
 * blk_rq_dma_unmap - the DMA of a request has ended
 * @req: the request
 * @dma_dev: the device that did the DMA
 * @state: IOVA state given to the iterator
 * @mapped_len: bytes that were mapped
 * @map: &blk_dma_iter.p2pdma.map of the iterator that mapped it
 *
 * Gives back the request's reference on the range it was mapped from, or the
 * IOVA space that all of it was mapped to.  To be called once for the data of
 * each request that blk_rq_dma_map_iter_start() returned true for, before the
 * request is ended.
 *
 * Context: any.
 * Return: true if that was all; false if the driver has to dma_unmap_phys()
 * each segment, where dma_need_unmap() says that it matters.
 */
static inline bool blk_rq_dma_unmap(struct request *req, struct device *dma_dev,
				    struct dma_iova_state *state,
				    size_t mapped_len,
				    enum pci_p2pdma_map_type map)
{
	if (likely(map == PCI_P2PDMA_MAP_NONE)) {
		if (!dma_use_iova(state))
			return false;
		dma_iova_destroy(dma_dev, state, mapped_len, rq_dma_dir(req),
				 0);
		return true;
	}
	if (blk_rq_is_p2p(req))
		return blk_rq_p2p_unmap(req, dma_dev);
	/* struct pages of ZONE_DEVICE */
	return true;
}

#endif /* _LINUX_BLK_MQ_DMA_H */
