// SPDX-License-Identifier: GPL-2.0-only
//
// The bvecs behind a bio are a member of it.
//
// Unless: bio_inline_vecs
// Ours: \<bio_inline_vecs\(
// Hunks: 2

@@
expression B;
@@
-bio_inline_vecs(B)
+&B->bi_inline_vecs[0]
