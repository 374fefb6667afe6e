// SPDX-License-Identifier: GPL-2.0-only
//
// blk-crypto-fallback puts a page in a bvec after it has looked whether it got
// one.  Nobody looks at the page of that bvec when it did not: what is freed is
// what came before.
//
// Probe: block/blk-crypto-fallback.c: enc_bvec->bv_page = ciphertext_page;
// Files: block/blk-crypto-fallback.c
// Options: --no-show-diff
// Hunks: 2

@@
expression B, P;
statement S;
@@
-	B->bv_page = P;
	if (!P) S
+	bvec_set_page(B, P, B->bv_len, bvec_offset(B));
