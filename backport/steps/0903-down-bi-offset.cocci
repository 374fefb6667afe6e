// SPDX-License-Identifier: GPL-2.0-only
//
// What is done of a bvec had another name.
//
// Unless: bi_offset
// Ours: \<bi_offset\>
// Hunks: 4

@@
struct bvec_iter I;
@@
 I.
-bi_offset
+bi_bvec_done

@@
identifier v;
expression E;
@@
 struct bvec_iter v = { ...,
 .
-bi_offset
+bi_bvec_done
 = E, ..., };

@@
struct bio *B;
@@
 B->bi_iter.
-bi_offset
+bi_bvec_done
