// SPDX-License-Identifier: GPL-2.0-only
/// struct bio_vec has an address instead of a page and an offset: use
/// bvec_page(), bvec_offset() and bvec_set_page() instead of the fields
/// bv_page and bv_offset.
///
/// bvec_page() is the page that holds the first byte, and never NULL;
/// bvec_offset() is less than PAGE_SIZE.  Tests for NULL, stores of NULL and
/// initialisers are reported but left alone, so that they do not compile: there
/// is no address that means "no page", so somebody has to look at them.
/// See Documentation/core-api/dma-phys-conversion.rst.
///
// Confidence: High
// Comments: neighbouring stores to one bvec become one call.
// Options: --no-includes

virtual patch
virtual context
virtual org
virtual report

// ---- patch

@ordered depends on patch@
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

@null depends on patch@
expression B;
position p;
@@
(
	B.bv_page@p = NULL
|
	B->bv_page@p = NULL
)

@three depends on patch@
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

@two depends on patch@
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

@one depends on patch@
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

@nopage depends on patch@
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

@read depends on patch disable paren@
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

// ---- what there is, for the other modes

@test depends on !patch@
expression B, E;
position p;
@@
(
 B.bv_page@p == NULL
|
 B->bv_page@p == NULL
|
 B.bv_page@p != NULL
|
 B->bv_page@p != NULL
|
 B.bv_page@p = NULL
|
 B->bv_page@p = NULL
|
 !B.bv_page@p
|
 !B->bv_page@p
|
 B.bv_page@p && E
|
 B->bv_page@p && E
|
 B.bv_page@p || E
|
 B->bv_page@p || E
|
 B.bv_page@p ? ... : ...
|
 B->bv_page@p ? ... : ...
)

@store depends on !patch@
expression B, E;
assignment operator op;
position p != test.p;
@@
(
 B.bv_page@p op E
|
 B->bv_page@p op E
|
 B.bv_offset@p op E
|
 B->bv_offset@p op E
)

@init depends on !patch@
identifier v;
expression E;
position p;
@@
 struct bio_vec v@p = { ..., .bv_page = E, ... };

@use depends on !patch@
expression B;
position p != {test.p, store.p};
@@
(
 B.bv_page@p
|
 B->bv_page@p
|
 B.bv_offset@p
|
 B->bv_offset@p
)

// ---- context

@depends on context@
expression B;
position test.p;
@@
(
*B.bv_page@p
|
*B->bv_page@p
)

@depends on context@
expression B;
position store.p;
@@
(
*B.bv_page@p
|
*B->bv_page@p
|
*B.bv_offset@p
|
*B->bv_offset@p
)

@depends on context@
identifier init.v;
position init.p;
initializer i;
@@
*struct bio_vec v@p = i;

@depends on context@
expression B;
position use.p;
@@
(
*B.bv_page@p
|
*B->bv_page@p
|
*B.bv_offset@p
|
*B->bv_offset@p
)

// ---- org and report

@script:python depends on org@
p << test.p;
@@
coccilib.org.print_todo(p[0], "WARNING: bvec_page() is never NULL, ask for something else")

@script:python depends on org@
p << store.p;
@@
coccilib.org.print_todo(p[0], "opportunity for bvec_set_page()")

@script:python depends on org@
p << init.p;
@@
coccilib.org.print_todo(p[0], "opportunity for bvec_set_page() instead of an initialiser")

@script:python depends on org@
p << use.p;
@@
coccilib.org.print_todo(p[0], "opportunity for bvec_page() or bvec_offset()")

@script:python depends on report@
p << test.p;
@@
coccilib.report.print_report(p[0], "WARNING: bvec_page() is never NULL, ask for something else")

@script:python depends on report@
p << store.p;
@@
coccilib.report.print_report(p[0], "opportunity for bvec_set_page()")

@script:python depends on report@
p << init.p;
@@
coccilib.report.print_report(p[0], "opportunity for bvec_set_page() instead of an initialiser")

@script:python depends on report@
p << use.p;
@@
coccilib.report.print_report(p[0], "opportunity for bvec_page() or bvec_offset()")
