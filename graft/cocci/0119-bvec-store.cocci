// SPDX-License-Identifier: GPL-2.0-only
//
// Stores to the page and the offset of a bvec.
//
// Neighbouring stores become one bvec_set_page(), in whatever order they are.
// One alone keeps what it does not set.  What is stored is evaluated earlier
// than it was, so not if it depends on what a neighbour stores (rule "ordered").
// To move the start is to add to the address.
//
// A store of NULL is left alone, so that it does not compile: there is no
// address of no page, and somebody has to look at it.
//
// Probe: include/linux/bvec.h: phys_addr_t[[:space:]]+bv_phys;
// Grep: \<(bv_page|bv_offset)[[:space:]]*[-+]?=[^=]
// Not: include/linux/bvec.h
// Options: --no-show-diff
// Hunks: 10

@ordered@
expression B;
position p;
@@
(
	B.bv_page@p = <+... \(B.bv_len\|B.bv_offset\) ...+>
|
	B.bv_len@p = <+... \(B.bv_page\|B.bv_offset\) ...+>
|
	B.bv_offset@p = <+... \(B.bv_page\|B.bv_len\) ...+>
|
	B->bv_page@p = <+... \(B->bv_len\|B->bv_offset\) ...+>
|
	B->bv_len@p = <+... \(B->bv_page\|B->bv_offset\) ...+>
|
	B->bv_offset@p = <+... \(B->bv_page\|B->bv_len\) ...+>
)

@null@
expression B;
position p;
@@
(
	B.bv_page@p = NULL
|
	B->bv_page@p = NULL
)

@three@
expression B, P, L, O;
position p != {ordered.p, null.p}, q != ordered.p, r != ordered.p;
@@
(
-	B.bv_page@p = P;
-	B.bv_len@q = L;
-	B.bv_offset@r = O;
+	bvec_set_page(&B, P, L, O);
|
-	B.bv_page@p = P;
-	B.bv_offset@r = O;
-	B.bv_len@q = L;
+	bvec_set_page(&B, P, L, O);
|
-	B.bv_len@q = L;
-	B.bv_page@p = P;
-	B.bv_offset@r = O;
+	bvec_set_page(&B, P, L, O);
|
-	B.bv_len@q = L;
-	B.bv_offset@r = O;
-	B.bv_page@p = P;
+	bvec_set_page(&B, P, L, O);
|
-	B.bv_offset@r = O;
-	B.bv_page@p = P;
-	B.bv_len@q = L;
+	bvec_set_page(&B, P, L, O);
|
-	B.bv_offset@r = O;
-	B.bv_len@q = L;
-	B.bv_page@p = P;
+	bvec_set_page(&B, P, L, O);
|
-	B->bv_page@p = P;
-	B->bv_len@q = L;
-	B->bv_offset@r = O;
+	bvec_set_page(B, P, L, O);
|
-	B->bv_page@p = P;
-	B->bv_offset@r = O;
-	B->bv_len@q = L;
+	bvec_set_page(B, P, L, O);
|
-	B->bv_len@q = L;
-	B->bv_page@p = P;
-	B->bv_offset@r = O;
+	bvec_set_page(B, P, L, O);
|
-	B->bv_len@q = L;
-	B->bv_offset@r = O;
-	B->bv_page@p = P;
+	bvec_set_page(B, P, L, O);
|
-	B->bv_offset@r = O;
-	B->bv_page@p = P;
-	B->bv_len@q = L;
+	bvec_set_page(B, P, L, O);
|
-	B->bv_offset@r = O;
-	B->bv_len@q = L;
-	B->bv_page@p = P;
+	bvec_set_page(B, P, L, O);
)

@two@
expression B, P, L, O;
position p != {ordered.p, null.p}, q != ordered.p, r != ordered.p;
@@
(
-	B.bv_page@p = P;
-	B.bv_offset@r = O;
+	bvec_set_page(&B, P, B.bv_len, O);
|
-	B.bv_offset@r = O;
-	B.bv_page@p = P;
+	bvec_set_page(&B, P, B.bv_len, O);
|
-	B.bv_page@p = P;
-	B.bv_len@q = L;
+	bvec_set_page(&B, P, L, bvec_offset(&B));
|
-	B.bv_len@q = L;
-	B.bv_page@p = P;
+	bvec_set_page(&B, P, L, bvec_offset(&B));
|
-	B->bv_page@p = P;
-	B->bv_offset@r = O;
+	bvec_set_page(B, P, B->bv_len, O);
|
-	B->bv_offset@r = O;
-	B->bv_page@p = P;
+	bvec_set_page(B, P, B->bv_len, O);
|
-	B->bv_page@p = P;
-	B->bv_len@q = L;
+	bvec_set_page(B, P, L, bvec_offset(B));
|
-	B->bv_len@q = L;
-	B->bv_page@p = P;
+	bvec_set_page(B, P, L, bvec_offset(B));
)

@one@
expression B, P, O;
position p != null.p;
@@
(
-	B.bv_page@p = P;
+	bvec_set_page(&B, P, B.bv_len, bvec_offset(&B));
|
-	B->bv_page@p = P;
+	bvec_set_page(B, P, B->bv_len, bvec_offset(B));
|
-	B.bv_offset = O;
+	B.bv_phys = PFN_PHYS(PHYS_PFN(B.bv_phys)) + O;
|
-	B->bv_offset = O;
+	B->bv_phys = PFN_PHYS(PHYS_PFN(B->bv_phys)) + O;
|
-	B.bv_offset
+	B.bv_phys
	+= O
|
-	B->bv_offset
+	B->bv_phys
	+= O
|
-	B.bv_offset
+	B.bv_phys
	-= O
|
-	B->bv_offset
+	B->bv_phys
	-= O
)
