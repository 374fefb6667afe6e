// SPDX-License-Identifier: GPL-2.0-only
//
// erofs says by return value whether there is something to read.
//
// z_erofs_fill_bio_vec() said so by a bvec without a page; the length, which
// the caller's loop advances by, is valid in both cases and stays so.
//
// Probe: fs/erofs/zdata.c: bvec->bv_page = zbv\.page;
// Files: fs/erofs/zdata.c
// Options: --no-show-diff
// Hunks: 12

@fill@
identifier bvec;
typedef bool;
@@
-static void
+static bool
 z_erofs_fill_bio_vec(struct bio_vec *bvec, ...)
 { ... }

@cached@
identifier bvec;
expression folio, E;
@@
	if (E) {
		folio_unlock(folio);
-		bvec->bv_page = NULL;
+		return false;
	}
-	return;
+	return true;

@part@
identifier bvec, zbv, bs;
@@
	if (zbv.offset < 0)
-		bvec->bv_offset = round_up(-zbv.offset, bs);
+		bvec_set_page(bvec, zbv.page, PAGE_SIZE,
+			      round_up(-zbv.offset, bs));
	bvec->bv_len = round_up(zbv.end, bs) -
-	bvec->bv_offset
+	bvec_offset(bvec)
	;
-	return;
+	return true;

@whole@
identifier bvec;
@@
-	bvec->bv_offset = 0;
	bvec->bv_len = PAGE_SIZE;

@have@
identifier bvec, zbv;
@@
-	bvec->bv_page = zbv.page;
-	DBG_BUGON(z_erofs_is_shortlived_page(bvec->bv_page));
+	bvec_set_page(bvec, zbv.page, PAGE_SIZE, 0);
+	DBG_BUGON(z_erofs_is_shortlived_page(zbv.page));

@allocated@
identifier bvec, page;
@@
-	bvec->bv_page = page;
	if (!page)
-		return;
+		return false;
+	bvec_set_page(bvec, page, PAGE_SIZE, 0);

@last@
identifier folio, pcl;
expression E;
@@
	if (E) {
		folio->private = (void *)Z_EROFS_SHORTLIVED_PAGE;
-		return;
+		return true;
	}
	folio_attach_private(folio, pcl);
	folio_put(folio);
+	return true;

@submit@
identifier bvec;
statement S;
@@
-	bvec.bv_page = NULL;
+	bool filled = false;
	if (bio && ...) S

@@
identifier bvec;
@@
-	z_erofs_fill_bio_vec(&bvec,
+	filled = z_erofs_fill_bio_vec(&bvec,
					...);

@@
identifier submit.bvec;
@@
-	!bvec.bv_page
+	!filled
