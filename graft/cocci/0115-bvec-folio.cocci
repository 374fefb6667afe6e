// SPDX-License-Identifier: GPL-2.0-only
//
// A folio comes into a bio, and out of it, by address.
//
// The address of the first byte is that of the folio plus the offset in it: no
// page has to be found in between, which takes a division, and a search with
// some memory models.  The other way round, a folio is aligned to its size, so
// the offset in it is what the address has below that.
//
// Probe: block/bio.c: __bio_add_page\(bio, folio_page\(folio, nr\), len
// Probe: include/linux/bio.h: PAGE_SIZE \* folio_page_idx\(fi->folio, bvec->bv_page\)
// Files: block/bio.c include/linux/bio.h
// Options: --no-show-diff
// Hunks: 5

@add@
identifier bio, folio, len, off, nr;
@@
 bio_add_folio_nofail(struct bio *bio, struct folio *folio, size_t len,
		      size_t off)
 {
-	unsigned long nr = off / PAGE_SIZE;
-
-	WARN_ON_ONCE(len > UINT_MAX);
-	__bio_add_page(bio, folio_page(folio, nr), len, off % PAGE_SIZE);
+	WARN_ON_ONCE(bio_flagged(bio, BIO_CLONED));
+	WARN_ON_ONCE(bio_full(bio, len));
+
+	bvec_set_folio(&bio->bi_io_vec[bio->bi_vcnt], folio, len, off);
+	bio->bi_iter.bi_size += len;
+	bio->bi_vcnt++;
 }

@walk@
identifier fi, bvec;
expression E;
@@
	struct bio_vec *bvec = E;
+	size_t size;
	...
-	fi->folio = page_folio(bvec->bv_page);
-	fi->offset = bvec->bv_offset +
-			PAGE_SIZE * folio_page_idx(fi->folio, bvec->bv_page);
+	fi->folio = page_folio(bvec_page(bvec));
+	size = folio_size(fi->folio);
+	fi->offset = bvec->bv_phys & (size - 1);
	...
	fi->length = min(
-			 folio_size(fi->folio) - fi->offset
+			 size - fi->offset
			 , fi->_seg_count);
