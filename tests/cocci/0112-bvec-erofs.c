// SPDX-License-Identifier: GPL-2.0-only
static void z_erofs_fill_bio_vec(struct bio_vec *bvec,
				 struct z_erofs_frontend *f,
				 struct z_erofs_pcluster *pcl,
				 unsigned int nr,
				 struct address_space *mc)
{
	struct z_erofs_bvec zbv;
	struct folio *folio;
	struct page *page;
	int bs = i_blocksize(f->inode);

	bvec->bv_offset = 0;
	bvec->bv_len = PAGE_SIZE;
repeat:
	zbv = pcl->compressed_bvecs[nr];
	if (!zbv.page)
		goto out_allocfolio;

	bvec->bv_page = zbv.page;
	DBG_BUGON(z_erofs_is_shortlived_page(bvec->bv_page));

	folio = page_folio(zbv.page);
	if (mapping(folio) != mc) {
		if (zbv.offset < 0)
			bvec->bv_offset = round_up(-zbv.offset, bs);
		bvec->bv_len = round_up(zbv.end, bs) - bvec->bv_offset;
		return;
	}

	folio_lock(folio);
	if (likely(folio->mapping == mc)) {
		if (!folio_test_private(folio)) {
			folio_attach_private(folio, pcl);
			folio_put(folio);
		}
		if (likely(folio->private == pcl))  {
			/* already uptodate */
			if (folio_test_uptodate(folio)) {
				folio_unlock(folio);
				bvec->bv_page = NULL;
			}
			return;
		}
	}
out_allocfolio:
	page = __erofs_allocpage(&f->pagepool);
	if (changed(pcl, zbv))
		goto repeat;
	bvec->bv_page = page;
	if (!page)
		return;
	folio = page_folio(page);
	if (bs != PAGE_SIZE) {
		/* turn into a temporary shortlived folio (1 ref) */
		folio->private = (void *)Z_EROFS_SHORTLIVED_PAGE;
		return;
	}
	folio_attach_private(folio, pcl);
	/* drop a refcount */
	folio_put(folio);
}

static void z_erofs_submit_queue(struct z_erofs_frontend *f, struct bio *bio)
{
	do {
		struct bio_vec bvec;

		do {
			bvec.bv_page = NULL;
			if (bio && (cur != last_pa || full(bio))) {
drain_io:
				submit_bio(bio);
				bio = NULL;
			}

			if (!bvec.bv_page) {
				z_erofs_fill_bio_vec(&bvec, f, pcl, i++, mc);
				if (!bvec.bv_page)
					continue;
			}
			if (!bio_add_page(bio, bvec.bv_page, bvec.bv_len,
					  bvec.bv_offset))
				goto drain_io;
		} while ((cur += bvec.bv_len) < end);
	} while (more());
}

static void other(struct folio *folio)
{
	if (!folio)
		return;
	folio_unlock(folio);
}
