// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bio.h>

/**
 * get_max_segment_size() - moves to blk.h
 * @lim: limits
 */
static inline unsigned get_max_segment_size(const struct queue_limits *lim,
		phys_addr_t paddr, unsigned int len)
{
	return min(len, lim->max_segment_size);
}

bool blk_rq_merge_ok(struct request *rq, struct bio *bio)
{
	if (!rq_mergeable(rq) || !bio_mergeable(bio))
		return false;

	if (req_op(rq) != bio_op(bio))
		return false;
	return true;
}

static struct request *attempt_merge(struct request_queue *q,
				     struct request *req, struct request *next)
{
	if (!rq_mergeable(req) || !rq_mergeable(next))
		return NULL;

	return next;
}

int blk_rq_append_bio(struct request *rq, struct bio *bio)
{
	struct bvec_iter iter;
	struct bio_vec bv;
	unsigned int nr_segs = 0;

	bio_for_each_bvec(bv, bio, iter)
		nr_segs++;
	return 0;
}

static int blk_rq_map_user_bvec(struct request *rq, const struct iov_iter *iter)
{
	struct bio *bio;
	int ret;

	bio = blk_rq_map_bio_alloc(rq, 0, GFP_KERNEL);
	if (!bio)
		return -ENOMEM;
	bio_iov_bvec_set(bio, (struct iov_iter *)iter);

	blk_rq_bio_prep(rq, bio, 1);
	return 0;
}

int blk_rq_map_user_iov(struct request_queue *q, struct request *rq,
			struct rq_map_data *map_data,
			const struct iov_iter *iter, gfp_t gfp_mask)
{
	struct iov_iter i;
	int ret = -EINVAL;

	i = *iter;
	ret = bio_map_user_iov(rq, &i, gfp_mask);
	if (ret)
		goto fail;
	return 0;
fail:
	rq->bio = NULL;
	return ret;
}

static inline bool biovec_phys_mergeable(struct request_queue *q,
		struct bio_vec *vec1, struct bio_vec *vec2)
{
	if (bvec_phys(vec1) + vec1->bv_len != bvec_phys(vec2))
		return false;
	if (!zone_device_pages_have_same_pgmap(bvec_page(vec1), bvec_page(vec2)))
		return false;
	if (xen_domain() && !xen_biovec_phys_mergeable(vec1, bvec_page(vec2)))
		return false;
	return true;
}

/* a user of the same tests that merges nothing */
bool rq_is_ready(struct request *rq, struct bio *bio)
{
	if (!rq_mergeable(rq) || !bio_mergeable(bio))
		return false;
	return true;
}
