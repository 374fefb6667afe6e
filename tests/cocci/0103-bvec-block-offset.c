// SPDX-License-Identifier: GPL-2.0-only
static bool gap(const struct queue_limits *lim, struct bio_vec *bprv,
		struct bio_vec nb)
{
	if (nb.bv_offset & lim->virt_boundary_mask)
		return true;
	return (bprv->bv_offset + bprv->bv_len) & lim->virt_boundary_mask;
}

static bool first_gap(struct bio_integrity_payload *bip_next)
{
	return bvec_gap_to_prev(NULL, bip_next->bip_vec[0].bv_offset);
}

/* These want the page as well: that is for the generic step. */
static unsigned blk_bvec_map_sg(struct request_queue *q, struct bio_vec *bvec,
				struct scatterlist *sg)
{
	unsigned total = 0;

	while (total < bvec->bv_len) {
		unsigned offset = bvec->bv_offset + total;
		struct page *page = bvec->bv_page;

		total += use(page, offset);
	}
	return total;
}

static inline int __blk_bvec_map_sg(struct bio_vec bv, struct scatterlist *sg)
{
	sg_set_page(sg, bv.bv_page, bv.bv_len, bv.bv_offset);
	return 1;
}
