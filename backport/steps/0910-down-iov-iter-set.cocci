// SPDX-License-Identifier: GPL-2.0-only
//
// A bio is given the bvecs of an iterator by another name.
//
// Unless: bio_iov_iter_set
// Ours: \<bio_iov_iter_set\(
// Hunks: 1

@@
@@
-bio_iov_iter_set
+bio_iov_bvec_set
 (...)
