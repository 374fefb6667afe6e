// SPDX-License-Identifier: GPL-2.0-only
//
// Merging and splitting look at where in a page a bvec starts, not at the page.
//
// That is a property of the address, so the block core takes it from there:
// bvec_offset() would be a complaint with debugging on when the memory is
// peer-to-peer.  The masks that an end is compared with are less than a page, so
// the address itself does.
//
// Probe: block/blk.h: bprv->bv_offset \+ bprv->bv_len
// Files: block/blk.h block/blk-merge.c
// Options: --no-show-diff
// Hunks: 10

@ends@
expression B, L, M;
@@
-	(B->bv_offset + L) & M
+	(B->bv_phys + L) & M

@pages@
identifier f =~ "^(__)?blk_bvec_map_sg$";
expression E;
position p;
@@
 f(...)
 {
	<+...
	E->bv_offset@p
	...+>
 }

@@
expression E;
position p != pages.p;
@@
-	E->bv_offset@p
+	offset_in_page(E->bv_phys)

@dotpages@
identifier f =~ "^(__)?blk_bvec_map_sg$";
expression E;
position p;
@@
 f(...)
 {
	<+...
	E.bv_offset@p
	...+>
 }

@@
expression E;
position p != dotpages.p;
@@
-	E.bv_offset@p
+	offset_in_page(E.bv_phys)
