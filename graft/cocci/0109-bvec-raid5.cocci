// SPDX-License-Identifier: GPL-2.0-only
//
// raid5 sets the one bvec of a stripe's bio in one go.
//
// The page was set through the stripe's device, length and offset through the
// bio, which bio_init() has just pointed at the very same bvec.
//
// Probe: drivers/md/raid5.c: sh->dev\[i\]\.vec\.bv_page = sh->dev\[i\]\.page;
// Files: drivers/md/raid5.c
// Options: --no-show-diff
// Hunks: 5

@@
expression D, P, L, O;
identifier vec =~ "^r?vec$";
@@
-	D.vec.bv_page = P;
+	bvec_set_page(&D.vec, P, RAID5_STRIPE_SIZE(conf), D.offset);

@@
identifier bi;
expression O;
@@
-	bi->bi_io_vec[0].bv_len = RAID5_STRIPE_SIZE(conf);
-	bi->bi_io_vec[0].bv_offset = O;
