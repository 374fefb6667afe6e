// SPDX-License-Identifier: GPL-2.0-only
//
// bio_iov_iter_get_pages() takes alignment from the device.
//
// Unless: get_pages_align
// Ours: \<bio_iov_iter_get_pages\(
// Hunks: 12

@@
expression B, I, A, L;
@@
 bio_iov_iter_get_pages(B, I
-, A, L
 )
