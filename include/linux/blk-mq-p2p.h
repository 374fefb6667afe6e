/* SPDX-License-Identifier: GPL-2.0-only */
/* What <linux/blk-mq-dma.h> does for requests of peer-to-peer memory. */
#ifndef _LINUX_BLK_MQ_P2P_H
#define _LINUX_BLK_MQ_P2P_H

#include <linux/bio-phys.h>
#include <linux/blk-mq.h>

struct blk_dma_iter;
struct device;

/**
 * blk_rq_is_p2p - is it memory of a peer without struct pages?
 * @req: the request
 *
 * Return: true if its bio has the mark.
 */
static inline bool blk_rq_is_p2p(const struct request *req)
{
	return req->bio && bio_is_p2p(req->bio);
}

#ifdef CONFIG_DMA_PHYS_P2P
bool blk_rq_p2p_map_start(struct request *req, struct device *dma_dev,
			  struct blk_dma_iter *iter, phys_addr_t phys,
			  unsigned int len);
bool blk_rq_p2p_map_next(struct request *req, struct device *dma_dev,
			 struct blk_dma_iter *iter, phys_addr_t phys,
			 unsigned int len);
bool blk_rq_p2p_unmap(struct request *req, struct device *dma_dev);
#else
/* Nothing is peer-to-peer memory: these are never called. */
static inline bool blk_rq_p2p_map_start(struct request *req,
					struct device *dma_dev,
					struct blk_dma_iter *iter,
					phys_addr_t phys, unsigned int len)
{
	return false;
}

static inline bool blk_rq_p2p_map_next(struct request *req,
				       struct device *dma_dev,
				       struct blk_dma_iter *iter,
				       phys_addr_t phys, unsigned int len)
{
	return false;
}

static inline bool blk_rq_p2p_unmap(struct request *req,
				    struct device *dma_dev)
{
	return true;
}
#endif

#endif /* _LINUX_BLK_MQ_P2P_H */
