// SPDX-License-Identifier: GPL-2.0-only
//
// Every other use of the page and the offset of a bvec, in the whole tree.
//
// bv_page and bv_offset are names of no other structure's fields, so the rules
// need no types and hence no header.  bvec_page() is the exact page and
// bvec_offset() is less than PAGE_SIZE, always; code that relied on the head
// page of a folio has a step of its own before this one, and a line in
// Documentation/core-api/dma-phys-conversion.rst.
//
// Whether there is a page is not asked of a bvec any more: bvec_page() is never
// NULL.  Such tests, and stores that the step before has left, are left alone,
// so that they do not compile: they need somebody to look at them.
//
// Probe: include/linux/bvec.h: phys_addr_t[[:space:]]+bv_phys;
// Grep: \<(bv_page|bv_offset)\>
// Not: include/linux/bvec.h
// Options: --no-show-diff
// Hunks: 162

@nopage@
expression B, E;
position p;
@@
(
	B.bv_page@p = E
|
	B->bv_page@p = E
|
	B.bv_page@p == NULL
|
	B->bv_page@p == NULL
|
	B.bv_page@p != NULL
|
	B->bv_page@p != NULL
)

@read disable paren@
expression B;
position p != nopage.p;
@@
(
-	(B)->bv_page@p
+	bvec_page(B)
|
-	B.bv_page@p
+	bvec_page(&B)
|
-	B->bv_page@p
+	bvec_page(B)
|
-	(B)->bv_offset
+	bvec_offset(B)
|
-	B.bv_offset
+	bvec_offset(&B)
|
-	B->bv_offset
+	bvec_offset(B)
)
