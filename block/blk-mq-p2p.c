// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests of peer-to-peer memory, for the iterator of <linux/blk-mq-dma.h>.
 *
 * The range and the way to it are found once, with the first piece.  From then
 * on until it is unmapped the request has one reference on the range, in which
 * every further piece must lie.  Pieces that the driver will unmap one by one
 * have each their own besides.
 *
 * Each bvec says for which life of its range it was built: should that have
 * gone and come back meanwhile, the bytes that the IO was about are not there.
 */

#include <linux/bio-phys.h>
#include <linux/blk-mq-dma.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-phys.h>
#include <linux/export.h>
#include <trace/events/dma_phys.h>

/*
 * Are all bvecs of a bio of one kind and life?  Nothing but the flags and the
 * lengths: there can be many.
 */
static blk_status_t blk_rq_p2p_check(const struct bio *bio,
				     const struct bio_vec *first)
{
	const struct bio_vec *bv = bio->bi_io_vec + bio->bi_iter.bi_idx;
	size_t left = (size_t)bio->bi_iter.bi_size + bio->bi_iter.bi_offset;

	for (; bvec_same_kind(bv, first); bv++) {
		if (bv->bv_len >= left)
			return BLK_STS_OK;
		left -= bv->bv_len;
	}
	return bvec_is_p2p(bv) ? BLK_STS_P2P : BLK_STS_INVAL;
}

/* The first bvec, and whether all others are of the same kind and life. */
static blk_status_t blk_rq_p2p_first(const struct request *req,
				     const struct bio_vec **first)
{
	const struct bio *bio = req->bio;
	blk_status_t status = BLK_STS_OK;

	*first = bio->bi_io_vec + bio->bi_iter.bi_idx;
	if (!bvec_is_p2p(*first))
		return BLK_STS_INVAL;
	for (; bio && status == BLK_STS_OK; bio = bio->bi_next)
		if (bio->bi_iter.bi_size)
			status = blk_rq_p2p_check(bio, *first);
	return status;
}

/*
 * Does the driver unmap the pieces?  The same as it asks itself; should the
 * answer change meanwhile (the first bounce of swiotlb), a counter of debugfs
 * is wrong.
 */
static bool blk_rq_p2p_pieces(const struct dma_phys_path *path,
			      struct device *dma_dev)
{
	return path->map == PCI_P2PDMA_MAP_THRU_HOST_BRIDGE &&
	       dma_need_unmap(dma_dev);
}

/* Apart, and not inlined: most pieces are mapped by an addition. */
static noinline bool blk_rq_p2p_map_slow(struct request *req,
					 struct device *dma_dev,
					 struct blk_dma_iter *iter,
					 phys_addr_t phys, unsigned int len)
{
	struct dma_phys_path *path = req->p2p_path;
	int error;

	if (blk_rq_p2p_pieces(path, dma_dev))
		error = dma_phys_map_another(path, phys, len, rq_dma_dir(req),
					     0, &iter->addr);
	else
		error = dma_phys_map_in(path, phys, len, rq_dma_dir(req), 0,
					&iter->addr);
	if (likely(!error))
		return true;
	iter->status = bio_phys_status(error);
	return false;
}

static bool blk_rq_p2p_map(struct request *req, struct device *dma_dev,
			   struct blk_dma_iter *iter, phys_addr_t phys,
			   unsigned int len)
{
	const struct dma_phys_path *path = req->p2p_path;

	iter->len = len;
	if (likely(path->map != PCI_P2PDMA_MAP_THRU_HOST_BRIDGE &&
		   dma_phys_map_quick(path, phys, len, &iter->addr)))
		return true;
	return blk_rq_p2p_map_slow(req, dma_dev, iter, phys, len);
}

/**
 * blk_rq_p2p_map_start - map the first piece of a peer-to-peer request
 * @req: a request whose first bvec is peer-to-peer memory
 * @dma_dev: the device that is to do the DMA
 * @iter: set to the segment, or to why there is none
 * @phys: CPU physical address of the piece
 * @len: its length in bytes
 *
 * For blk_rq_dma_map_iter_start().  The request has a reference on the range
 * until blk_rq_p2p_unmap().
 *
 * Context: any.
 * Return: true with the segment in @iter; false with a status there:
 * * BLK_STS_RESOURCE: out of memory or IOVA space: try again
 * * BLK_STS_AGAIN: the range is fenced; to be returned by ->queue_rq(), so that
 *   the bio waits for the fence
 * * BLK_STS_P2P: the provider cannot be reached, or is gone, or it is not all
 *   of one life of one range
 * * BLK_STS_P2P_TIMEOUT: the range has been fenced for too long
 * * BLK_STS_INVAL: more than one kind of memory, or memory without its mark
 */
bool blk_rq_p2p_map_start(struct request *req, struct device *dma_dev,
			  struct blk_dma_iter *iter, phys_addr_t phys,
			  unsigned int len)
{
	const struct bio_vec *first;
	struct dma_phys_path *path;

	/*
	 * The bio's mark decides whether blk_rq_p2p_unmap() puts anything, and
	 * one request keeps one range, which is that of its data.
	 */
	iter->status = BLK_STS_INVAL;
	if (iter->iter.is_integrity || !blk_rq_is_p2p(req))
		return false;
	iter->status = blk_rq_p2p_first(req, &first);
	if (iter->status != BLK_STS_OK)
		return false;

	path = dma_phys_get(dma_dev, phys, len, bvec_life(first));
	if (IS_ERR(path)) {
		iter->status = bio_phys_status(PTR_ERR(path));
		return false;
	}
	req->p2p_path = path;
	if (!blk_rq_p2p_map(req, dma_dev, iter, phys, len)) {
		dma_phys_put(path, 0);
		return false;
	}
	if (!blk_rq_p2p_pieces(path, dma_dev))
		dma_phys_charge(path, blk_rq_payload_bytes(req));
	iter->status = BLK_STS_OK;
	/* a device that knows a shorter way to its own memory looks itself */
	iter->p2pdma.map = path->map == DMA_PHYS_MAP_OWN_BAR ?
			   PCI_P2PDMA_MAP_BUS_ADDR : path->map;
	return true;
}

/**
 * blk_rq_p2p_map_next - map the next piece of a peer-to-peer request
 * @req: the request
 * @dma_dev: the device that is to do the DMA
 * @iter: set to the segment, or to why there is none
 * @phys: CPU physical address of the piece
 * @len: its length in bytes
 *
 * For blk_rq_dma_map_iter_next(), under the first one's reference.
 *
 * Context: any.
 * Return: true with the segment in @iter; false with a status there, one of
 * blk_rq_p2p_map_start(); BLK_STS_P2P for what does not lie in the range.
 */
bool blk_rq_p2p_map_next(struct request *req, struct device *dma_dev,
			 struct blk_dma_iter *iter, phys_addr_t phys,
			 unsigned int len)
{
	return blk_rq_p2p_map(req, dma_dev, iter, phys, len);
}

/* One event for all of the request, at the address of its first piece. */
static noinline void blk_rq_p2p_trace_unmap(struct request *req)
{
	struct bio_vec first = mp_bvec_iter_bvec(req->bio->bi_io_vec,
						 req->bio->bi_iter);
	struct dma_phys_path *path = req->p2p_path;
	dma_addr_t addr = bvec_phys(&first);

	if (path->map != PCI_P2PDMA_MAP_THRU_HOST_BRIDGE)
		addr += path->range->provider.bus_offset;
	trace_dma_phys_unmap(&path->client->dev, path->range, bvec_phys(&first),
			     addr, blk_rq_payload_bytes(req), path->map);
}

/**
 * blk_rq_p2p_unmap - the DMA of a peer-to-peer request has ended
 * @req: a request that was mapped
 * @dma_dev: the device that did the DMA
 *
 * For blk_rq_dma_unmap().  Still under the request's reference: was the memory
 * there for as long as it took?  If not, what was written to it may have
 * vanished without the client's noticing, and the bio ends in BLK_STS_P2P even
 * if the request ends well.
 *
 * Context: any.
 * Return: true if that was all, false if the driver has to dma_unmap_phys()
 * each piece, with DMA_ATTR_MMIO.  Those have references of their own.
 */
bool blk_rq_p2p_unmap(struct request *req, struct device *dma_dev)
{
	struct dma_phys_path *path = req->p2p_path;
	bool pieces = blk_rq_p2p_pieces(path, dma_dev);

	if (unlikely(READ_ONCE(path->range->lost)))
		req->bio->bi_status = BLK_STS_P2P;
	if (trace_dma_phys_unmap_enabled() && !pieces)
		blk_rq_p2p_trace_unmap(req);
	dma_phys_put(path, pieces ? 0 : blk_rq_payload_bytes(req));
	return !pieces;
}
EXPORT_SYMBOL_GPL(blk_rq_p2p_unmap);
