// SPDX-License-Identifier: GPL-2.0-only
//
// Bios with peer-to-peer memory: the mark goes with clones, so that splits and
// remapped bios keep it; there are no pages to dirty, and buffers instead of
// pages are released; RAM next to such memory never joins its bvec, and no page
// is added to such a bio; bvecs that a kernel submitter brought along are looked
// at for the flag; user memory that bio_phys_check_iter() has marked is added by
// address.
//
// Each is one test of a bit for RAM, or none.
//
// Probe: block/bio.c: ^static int __bio_clone\(
// Probe: include/linux/bvec.h: bvec_is_p2p
// Files: block/bio.c
// Hunks: 10

@@
@@
 #include <linux/bio-integrity.h>
+#include <linux/bio-phys.h>

@@
identifier bio, bio_src;
@@
 __bio_clone(struct bio *bio, struct bio *bio_src, ...)
 {
 ...
 bio_set_flag(bio, BIO_CLONED);
+if (bio_is_p2p(bio_src))
+	bio_set_flag(bio, BIO_P2P);
 ...
 }

@@
identifier bv, page;
@@
 bvec_try_merge_page(struct bio_vec *bv, struct page *page, ...)
 {
 ...
+if (bvec_is_p2p(bv))
+	return false;
 if (xen_domain() && !xen_biovec_phys_mergeable(bv, page))
 	return false;
 ...
 }

@@
identifier bio, mark_dirty, fi;
@@
 __bio_release_pages(struct bio *bio, bool mark_dirty)
 {
 struct folio_iter fi;
+
+if (bio_is_p2p(bio)) {
+	bio_phys_release(bio);
+	return;
+}
 ...
 }

@@
identifier bio, fi;
@@
 bio_set_pages_dirty(struct bio *bio)
 {
 struct folio_iter fi;
+
+if (bio_is_p2p(bio))
+	return;
 ...
 }

@@
identifier bio, fi, flags;
@@
 bio_check_pages_dirty(struct bio *bio)
 {
 struct folio_iter fi;
 unsigned long flags;
+
+if (bio_is_p2p(bio)) {
+	bio_release_pages(bio, false);
+	bio_put(bio);
+	return;
+}
 ...
 }

@@
identifier bio, iter;
@@
 bio_iov_bvec_set(struct bio *bio, struct iov_iter *iter)
 {
 ...
 bio_set_flag(bio, BIO_CLONED);
+bio_phys_mark_bvecs(bio, iter);
 ...
 }

@@
identifier bio, iter;
@@
 bio_iov_iter_get_pages(struct bio *bio, struct iov_iter *iter)
 {
 ...
 if (iov_iter_is_bvec(iter)) {
 	...
 }
+if (unlikely(iov_iter_is_p2p(iter)))
+	return bio_iov_iter_get_phys(bio, iter);
 ...
 }

// A bio that is full as far as pages are concerned.
@@
identifier bio, bv, page;
@@
 \(bio_add_page\|bio_add_hw_page\)(..., struct bio *bio, struct page *page, ...)
 {
 <...
 struct bio_vec *bv = &bio->bi_io_vec[bio->bi_vcnt - 1];
+
+if (unlikely(bvec_is_p2p(bv)))
+	return 0;
 ...>
 }
