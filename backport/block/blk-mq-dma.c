// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapping requests for DMA segment by segment: mainline's API.
 *
 * RAM is mapped as it always was: behind an IOMMU, in one piece of IOVA space
 * where the queue's limits allow it.  Peer-to-peer memory is for blk-mq-p2p.c.
 */

#include <linux/bio-phys.h>
#include <linux/blk-integrity.h>
#include <linux/blk-mq-dma.h>
#include <linux/dma-map-ops.h>
#include <linux/iommu-dma.h>
#include <linux/memremap.h>
#include <linux/scatterlist.h>
#include "blk.h"

/* Step to the next bio that has data; false at the end of the request. */
static bool blk_map_iter_next_bio(struct blk_map_iter *it)
{
	do {
		if (!it->bio || !it->bio->bi_next)
			return false;
		it->bio = it->bio->bi_next;
#ifdef CONFIG_BLK_DEV_INTEGRITY
		if (it->is_integrity) {
			it->iter = bio_integrity(it->bio)->bip_iter;
			it->bvecs = bio_integrity(it->bio)->bip_vec;
			continue;
		}
#endif
		it->iter = it->bio->bi_iter;
		it->bvecs = it->bio->bi_io_vec;
	} while (!it->iter.bi_size);
	return true;
}

/* Where a bvec is done, the next one begins. */
static __always_inline void blk_map_iter_advance(struct blk_map_iter *it,
						 const struct bio_vec *bv,
						 unsigned int len)
{
	unsigned int done = it->iter.bi_bvec_done + len;

	it->iter.bi_size -= len;
	if (done == bv->bv_len) {
		it->iter.bi_bvec_done = 0;
		it->iter.bi_idx++;
	} else {
		it->iter.bi_bvec_done = done;
	}
}

/* The bvecs behind a segment of less than max bytes that continue it. */
static void blk_map_iter_merge(struct request_queue *q, struct blk_map_iter *it,
			       struct bio_vec *seg, unsigned int max)
{
	struct bio_vec next;

	do {
		next = mp_bvec_iter_bvec(it->bvecs, it->iter);
		if (next.bv_len > max - seg->bv_len ||
		    !biovec_phys_mergeable(q, seg, &next))
			return;
		seg->bv_len += next.bv_len;
		blk_map_iter_advance(it, &it->bvecs[it->iter.bi_idx],
				     next.bv_len);
		/* only where a bvec has ended can another one continue it */
	} while (!it->iter.bi_bvec_done &&
		 (it->iter.bi_size || blk_map_iter_next_bio(it)));
}

/*
 * Collect the next segment: a bvec, or the part of one that the queue's limits
 * allow, and the bvecs behind it that continue it.  Never more segments than
 * the block layer has counted, because it cuts by the same limits.
 *
 * Most segments are one bvec, with another one behind it somewhere else in
 * memory: that should cost no more than to see it.
 */
static __always_inline bool blk_map_iter_segment(struct request *req,
						 struct blk_map_iter *it,
						 struct bio_vec *seg)
{
	struct request_queue *q = req->q;
	const struct bio_vec *bv;
	unsigned int max;

	if (!it->iter.bi_size && !blk_map_iter_next_bio(it))
		return false;

	bv = &it->bvecs[it->iter.bi_idx];
	*seg = *bv;
	seg->bv_phys += it->iter.bi_bvec_done;
	seg->bv_len = min(bv->bv_len - it->iter.bi_bvec_done, it->iter.bi_size);
	max = get_max_segment_size(&q->limits, seg->bv_phys, UINT_MAX);
	if (seg->bv_len > max)
		seg->bv_len = max;
	blk_map_iter_advance(it, bv, seg->bv_len);

	if (!it->iter.bi_bvec_done &&
	    (it->iter.bi_size || blk_map_iter_next_bio(it))) {
		bv = &it->bvecs[it->iter.bi_idx];
		if (bv->bv_phys + it->iter.bi_bvec_done ==
		    seg->bv_phys + seg->bv_len) {
			/* a copy, so that *seg can stay in registers */
			struct bio_vec all = *seg;

			blk_map_iter_merge(q, it, &all, max);
			seg->bv_len = all.bv_len;
		}
	}
	return true;
}

/*
 * struct pages of ZONE_DEVICE stay with the code that knows them: it wants a
 * scatterlist entry and says which of the ways it is.
 */
static bool blk_dma_map_pages_p2p(struct request *req, struct device *dma_dev,
				  struct blk_dma_iter *iter,
				  const struct bio_vec *seg, struct page *page)
{
	struct scatterlist sg;

	sg_init_table(&sg, 1);
	sg_set_page(&sg, page, seg->bv_len, bvec_offset(seg));
	switch (pci_p2pdma_map_segment(&iter->p2pdma, dma_dev, &sg)) {
	case PCI_P2PDMA_MAP_BUS_ADDR:
		iter->addr = sg_dma_address(&sg);
		return true;
	case PCI_P2PDMA_MAP_THRU_HOST_BRIDGE:
	case PCI_P2PDMA_MAP_NONE:	/* the same, of the last segment */
		/* has pages, so it is mapped and unmapped as RAM is */
		iter->p2pdma.map = PCI_P2PDMA_MAP_NONE;
		iter->addr = dma_map_phys(dma_dev, bvec_phys(seg), seg->bv_len,
					  rq_dma_dir(req), 0);
		if (!dma_mapping_error(dma_dev, iter->addr))
			return true;
		iter->status = BLK_STS_RESOURCE;
		return false;
	default:
		iter->status = BLK_STS_P2P;
		return false;
	}
}

/* Map the segment; on failure iter->status says why. */
static __always_inline bool blk_dma_map_segment(struct request *req,
						struct device *dma_dev,
						struct blk_dma_iter *iter,
						const struct bio_vec *seg,
						bool first)
{
	bool none = iter->p2pdma.map == PCI_P2PDMA_MAP_NONE;
	bool pages = IS_ENABLED(CONFIG_PCI_P2PDMA) && iter->p2pdma.pgmap;

	iter->len = seg->bv_len;

	if (unlikely(bvec_is_p2p(seg))) {
		if (!first && (none || pages))
			goto mixed;
		if (first)
			return blk_rq_p2p_map_start(req, dma_dev, iter,
						    bvec_phys(seg),
						    seg->bv_len);
		return blk_rq_p2p_map_next(req, dma_dev, iter, bvec_phys(seg),
					   seg->bv_len);
	}
	if (unlikely(is_pci_p2pdma_page(bvec_page(seg)))) {
		if (!first && !pages)
			goto mixed;
		return blk_dma_map_pages_p2p(req, dma_dev, iter, seg,
					     bvec_page(seg));
	}
	if (unlikely(!first && (!none || pages)))
		goto mixed;

	/* known to be RAM, which dma_map_phys() would have to find out */
	iter->addr = dma_map_ram(dma_dev, bvec_phys(seg), seg->bv_len,
				 rq_dma_dir(req), 0);
	if (likely(!dma_mapping_error(dma_dev, iter->addr)))
		return true;
	iter->status = BLK_STS_RESOURCE;
	return false;
mixed:
	/* refused before it got here; the last line of defence */
	iter->status = BLK_STS_INVAL;
	return false;
}

static bool blk_dma_segment_is_ram(const struct bio_vec *seg)
{
	if (bvec_is_p2p(seg))
		return false;
	return !is_pci_p2pdma_page(bvec_page(seg));
}

/*
 * Is all of it to be one piece of IOVA space, as a scatterlist was?  Only where
 * the segments end on boundaries of the IOMMU's pages.
 */
static bool blk_dma_try_iova(struct request *req, struct device *dma_dev,
			     struct dma_iova_state *state,
			     const struct bio_vec *first)
{
	unsigned int bytes = blk_rq_payload_bytes(req);

	return blk_dma_segment_is_ram(first) &&
	       !((queue_virt_boundary(req->q) + 1) &
		 dma_get_merge_boundary(dma_dev)) &&
	       dma_iova_try_alloc(dma_dev, state, bvec_phys(first), bytes);
}

/* All of the request, from its first segment on. */
static bool blk_dma_map_iova(struct request *req, struct device *dma_dev,
			     struct dma_iova_state *state,
			     struct blk_dma_iter *iter, struct bio_vec *seg)
{
	enum dma_data_direction dir = rq_dma_dir(req);
	size_t mapped = 0;
	int error;

	do {
		if (unlikely(!blk_dma_segment_is_ram(seg))) {
			error = -EINVAL;
			goto undo;
		}
		error = dma_iova_link(dma_dev, state, bvec_phys(seg), mapped,
				      seg->bv_len, dir, 0);
		if (error)
			goto undo;
		mapped += seg->bv_len;
	} while (blk_map_iter_segment(req, &iter->iter, seg));
	error = dma_iova_sync(dma_dev, state, 0, mapped);
	if (error)
		goto undo;

	iter->addr = state->addr;
	iter->len = mapped;
	return true;
undo:
	dma_iova_destroy(dma_dev, state, mapped, dir, 0);
	state->__size = 0;
	iter->status = errno_to_blk_status(error);
	return false;
}

static bool blk_dma_iter_begin(struct request *req, struct device *dma_dev,
			       struct dma_iova_state *state,
			       struct blk_dma_iter *iter)
{
	struct bio_vec seg;

	state->__size = 0;
	iter->status = BLK_STS_OK;
	iter->p2pdma.map = PCI_P2PDMA_MAP_NONE;
	iter->p2pdma.pgmap = NULL;
	if (WARN_ON_ONCE(!blk_map_iter_segment(req, &iter->iter, &seg))) {
		iter->status = BLK_STS_IOERR;
		return false;
	}
	if (use_dma_iommu(dma_dev) && !iter->iter.is_integrity &&
	    blk_dma_try_iova(req, dma_dev, state, &seg))
		return blk_dma_map_iova(req, dma_dev, state, iter, &seg);
	return blk_dma_map_segment(req, dma_dev, iter, &seg, true);
}

static bool blk_dma_iter_continue(struct request *req, struct device *dma_dev,
				  struct blk_dma_iter *iter)
{
	struct bio_vec seg;

	if (!blk_map_iter_segment(req, &iter->iter, &seg))
		return false;
	return blk_dma_map_segment(req, dma_dev, iter, &seg, false);
}

/**
 * blk_rq_dma_map_iter_start - map the first segment of a request
 * @req: a request with data
 * @dma_dev: the device that is to do the DMA
 * @state: filled in: where the IOVA space for all of the request is, if there
 *	is one; then the request is one segment
 * @iter: the iterator, filled in
 *
 * Context: any; called from &blk_mq_ops.queue_rq.
 * Return: true with the segment in @iter.  False with nothing mapped and a
 * status in @iter: one of blk_rq_p2p_map_start(), or
 * * BLK_STS_RESOURCE: out of memory or IOVA space: try again
 * * BLK_STS_INVAL: more than one kind of memory
 * * BLK_STS_IOERR: a gap that the queue's limits do not allow
 */
bool blk_rq_dma_map_iter_start(struct request *req, struct device *dma_dev,
			       struct dma_iova_state *state,
			       struct blk_dma_iter *iter)
{
	if (req->rq_flags & RQF_SPECIAL_PAYLOAD) {
		iter->iter = (struct blk_map_iter) {
			.bvecs		= &req->special_vec,
			.iter.bi_size	= req->special_vec.bv_len,
		};
	} else {
		iter->iter = (struct blk_map_iter) {
			.bio		= req->bio,
			.bvecs		= req->bio->bi_io_vec,
			.iter		= req->bio->bi_iter,
		};
	}
	return blk_dma_iter_begin(req, dma_dev, state, iter);
}
EXPORT_SYMBOL_GPL(blk_rq_dma_map_iter_start);

/**
 * blk_rq_dma_map_iter_next - map the next segment of a request
 * @req: the request
 * @dma_dev: the device that is to do the DMA
 * @iter: the iterator
 *
 * After an error the caller undoes what it has, with blk_rq_dma_unmap() and
 * dma_unmap_phys().
 *
 * Context: any.
 * Return: true with the segment in @iter; false at the end (status in @iter
 * BLK_STS_OK) or on error, as blk_rq_dma_map_iter_start().
 */
bool blk_rq_dma_map_iter_next(struct request *req, struct device *dma_dev,
			      struct blk_dma_iter *iter)
{
	return blk_dma_iter_continue(req, dma_dev, iter);
}
EXPORT_SYMBOL_GPL(blk_rq_dma_map_iter_next);

#ifdef CONFIG_BLK_DEV_INTEGRITY
/**
 * blk_rq_integrity_dma_map_iter_start - map the first segment of metadata
 * @req: a request with protection information or other metadata
 * @dma_dev: the device that is to do the DMA
 * @state: IOVA state
 * @iter: the iterator, filled in
 *
 * Context: any.
 * Return: see blk_rq_dma_map_iter_start().
 */
bool blk_rq_integrity_dma_map_iter_start(struct request *req,
					 struct device *dma_dev,
					 struct dma_iova_state *state,
					 struct blk_dma_iter *iter)
{
	struct bio_integrity_payload *bip = bio_integrity(req->bio);

	iter->iter = (struct blk_map_iter) {
		.bio		= req->bio,
		.bvecs		= bip->bip_vec,
		.iter		= bip->bip_iter,
		.is_integrity	= true,
	};
	return blk_dma_iter_begin(req, dma_dev, state, iter);
}
EXPORT_SYMBOL_GPL(blk_rq_integrity_dma_map_iter_start);

/**
 * blk_rq_integrity_dma_map_iter_next - map the next segment of metadata
 * @req: the request
 * @dma_dev: the device that is to do the DMA
 * @iter: the iterator
 *
 * Context: any.
 * Return: see blk_rq_dma_map_iter_next().
 */
bool blk_rq_integrity_dma_map_iter_next(struct request *req,
					struct device *dma_dev,
					struct blk_dma_iter *iter)
{
	return blk_dma_iter_continue(req, dma_dev, iter);
}
EXPORT_SYMBOL_GPL(blk_rq_integrity_dma_map_iter_next);
#endif
