// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/bio-integrity.h>

static int __bio_clone(struct bio *bio, struct bio *bio_src, gfp_t gfp)
{
	bio_set_flag(bio, BIO_CLONED);
	bio->bi_iter = bio_src->bi_iter;
	return 0;
}

static bool bvec_try_merge_page(struct bio_vec *bv, struct page *page,
		unsigned int len, unsigned int off, bool *same_page)
{
	if (bv->bv_phys + bv->bv_len != page_to_phys(page) + off)
		return false;
	if (xen_domain() && !xen_biovec_phys_mergeable(bv, page))
		return false;
	bv->bv_len += len;
	return true;
}

int bio_add_page(struct bio *bio, struct page *page,
		 unsigned int len, unsigned int offset)
{
	if (bio->bi_vcnt > 0) {
		struct bio_vec *bv = &bio->bi_io_vec[bio->bi_vcnt - 1];

		if (bvec_try_merge_page(bv, page, len, offset, NULL))
			return len;
	}
	return 0;
}

int bio_add_hw_page(struct request_queue *q, struct bio *bio,
		struct page *page, unsigned int len, unsigned int offset,
		unsigned int max_sectors, bool *same_page)
{
	if (bio->bi_vcnt > 0) {
		struct bio_vec *bv = &bio->bi_io_vec[bio->bi_vcnt - 1];

		if (bvec_try_merge_hw_page(q, bv, page, len, offset, same_page))
			return len;
	}
	return 0;
}

void __bio_release_pages(struct bio *bio, bool mark_dirty)
{
	struct folio_iter fi;

	bio_for_each_folio_all(fi, bio)
		unpin_user_folio(fi.folio, 1);
}

void bio_iov_bvec_set(struct bio *bio, struct iov_iter *iter)
{
	bio->bi_vcnt = iter->nr_segs;
	bio_set_flag(bio, BIO_CLONED);
}

int bio_iov_iter_get_pages(struct bio *bio, struct iov_iter *iter)
{
	int ret = 0;

	if (iov_iter_is_bvec(iter)) {
		bio_iov_bvec_set(bio, iter);
		return 0;
	}

	if (iov_iter_extract_will_pin(iter))
		bio_set_flag(bio, BIO_PAGE_PINNED);
	return ret;
}

void bio_set_pages_dirty(struct bio *bio)
{
	struct folio_iter fi;

	bio_for_each_folio_all(fi, bio)
		folio_mark_dirty(fi.folio);
}

void bio_check_pages_dirty(struct bio *bio)
{
	struct folio_iter fi;
	unsigned long flags;

	bio_for_each_folio_all(fi, bio) {
		if (!folio_test_dirty(fi.folio))
			goto defer;
	}
	return;
defer:
	spin_lock_irqsave(&bio_dirty_lock, flags);
	spin_unlock_irqrestore(&bio_dirty_lock, flags);
}

/* looks like them, is another function */
void bio_free_pages(struct bio *bio)
{
	struct folio_iter fi;

	bio_set_flag(bio, BIO_CLONED);
	bio_for_each_folio_all(fi, bio)
		folio_put(fi.folio);
}
