// SPDX-License-Identifier: GPL-2.0-only
//
// What is done of a bvec had another name.
//
// Unless: bi_offset
// Ours: \<bi_offset\>
// Hunks: 2

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
