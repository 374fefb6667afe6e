// SPDX-License-Identifier: GPL-2.0-only
static void helpers(struct bio_vec *bv, char *buf)
{
	void *p = bvec_kmap_local(bv);

	memcpy(buf, p, bv->bv_len);
	kunmap_local(p);
	memcpy_from_bvec(buf, bv);
	memcpy_to_bvec(bv, buf);
	memzero_bvec(bv);
	buf = bvec_virt(bv);
}

static void by_page(struct bio *bio, struct bio_vec bv, struct bvec_iter iter,
		    char *buf)
{
	void *p = kmap_local_page(bvec_page(&bv)) + bvec_offset(&bv);

	kunmap_local(p);
	p = page_address(bv.bv_page);
	memcpy_to_page(bvec_page(&bv), bvec_offset(&bv), buf, bv.bv_len);
	p = kmap_atomic(bio_iter_page(bio, iter));
	kunmap_atomic(p);
	zero_user(bvec_page(&bv), 0, 512);
}

static void by_variable(struct bio_vec *bv, struct page *other, char *buf)
{
	struct page *page = bvec_page(bv);
	void *p;

	if (bvec_offset(bv))
		clear_highpage(page);
	page = other;
	p = kmap_local_page(page);
	kunmap_local(p);
	other = bvec_page(bv);
	memcpy_from_page(buf, other, 0, 512);
}

static void whole(struct bio *bio, struct bio *src)
{
	char *p = bio_data(bio);

	zero_fill_bio(bio);
	bio_copy_data(bio, src);
}

/* Pages that are no bvec's, and what does not look at the data. */
static void others(struct page *page, struct bio_vec *bv, struct scatterlist *s)
{
	void *p = kmap_local_page(page);

	kunmap_local(p);
	sg_set_page(s, bvec_page(bv), bv->bv_len, bvec_offset(bv));
	put_page(bvec_page(bv));
	folio_put(bvec_folio(bv));
}

/* They ask first. */
static int asks(struct bio_vec *bv, char *buf)
{
	if (bvec_is_p2p(bv))
		return -EOPNOTSUPP;
	memcpy_from_bvec(buf, bv);
	return 0;
}

static void asks_once(struct bio *bio, char *buf)
{
	struct bvec_iter iter;
	struct bio_vec bv;

	if (WARN_ON_ONCE(bio_is_p2p(bio)))
		return;
	bio_for_each_segment(bv, bio, iter) {
		void *p = kmap_local_page(bvec_page(&bv));

		kunmap_local(p);
	}
}

/* It asks too late. */
static int late(struct bio_vec *bv, char *buf)
{
	memcpy_from_bvec(buf, bv);
	if (bvec_is_p2p(bv))
		return -EOPNOTSUPP;
	return 0;
}

/* The page, or the address, goes somewhere else. */
static struct page *gives_away(struct bio *bio, struct request *rq,
			       struct scatterlist *s)
{
	struct folio_iter fi;

	bio_for_each_folio_all(fi, bio)
		folio_end_read(fi.folio, true);
	if (blk_rq_map_sg(rq->q, rq, s))
		return bio_first_page_all(bio);
	return pfn_to_page(PHYS_PFN(bvec_phys(&bio->bi_io_vec[0])));
}

static void *asks_about_folios(struct bio *bio, struct bio_vec *bv)
{
	struct folio_iter fi;

	if (bio_is_p2p(bio))
		return NULL;
	bio_for_each_folio_all(fi, bio)
		folio_end_read(fi.folio, true);
	folio_put(bvec_folio(bv));
	return phys_to_virt(bv->bv_phys);
}
