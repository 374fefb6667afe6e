// SPDX-License-Identifier: GPL-2.0-only
/// struct bio_vec has an address instead of a page and an offset: use
/// bvec_page(), bvec_offset() and bvec_set_page() instead of the fields
/// bv_page and bv_offset.
///
/// bvec_page() is the page that holds the first byte, and never NULL;
/// bvec_offset() is less than PAGE_SIZE.  Neighbouring stores to one bvec become
/// one bvec_set_page(), in whatever order they are; one alone keeps what it does
/// not set.  What is stored is evaluated earlier than it was, so not if it
/// depends on what a neighbour stores.  To move the start is to add to the
/// address.
///
/// What cannot be said with an address, or only by guessing, is reported and
/// left alone, so that it does not compile: tests for NULL, stores of NULL (no
/// address means "no page"), the address of a field, a store to a bvec whose
/// name has side effects (it would be evaluated more than once).
/// See Documentation/core-api/dma-phys-conversion.rst.
///
// Confidence: High
// Comments: bv_page and bv_offset are names of no other structure's fields, so
//	the rules need no types and hence no header.
//	Isomorphism ptr_to_array would take B[i].bv_page for B->bv_page.
// Options: --no-includes --include-headers

virtual patch
virtual context
virtual org
virtual report

@initialize:python@
@@
import re

def once(bvec):
	"""May the expression be evaluated more than once?"""
	return not re.search(r"\+\+|--|[^=!<>]=[^=]|\w *\(", bvec)

// ---- patch: stores

// The value of one field depends on another one that is stored beside it.
@ordered3 depends on patch disable ptr_to_array@
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

@three depends on patch disable ptr_to_array@
expression B : script:python() { once(B) };
expression P != NULL, L, O;
position p != ordered3.p, q != ordered3.p, r != ordered3.p;
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

// Again: positions have changed.
@ordered2 depends on patch disable ptr_to_array@
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

@two depends on patch disable ptr_to_array@
expression B : script:python() { once(B) };
expression P != NULL, L, O;
position p != ordered2.p, q != ordered2.p, r != ordered2.p;
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

@one depends on patch disable ptr_to_array@
expression B : script:python() { once(B) };
expression P != NULL, O;
@@
(
-	B.bv_page = P;
+	bvec_set_page(&B, P, B.bv_len, bvec_offset(&B));
|
-	B->bv_page = P;
+	bvec_set_page(B, P, B->bv_len, bvec_offset(B));
|
-	B.bv_offset = O;
+	B.bv_phys = PFN_PHYS(PHYS_PFN(B.bv_phys)) + O;
|
-	B->bv_offset = O;
+	B->bv_phys = PFN_PHYS(PHYS_PFN(B->bv_phys)) + O;
)

@move depends on patch disable ptr_to_array@
expression B, O;
@@
(
-	B.bv_offset
+	B.bv_phys
	+= O
|
-	B.bv_offset
+	B.bv_phys
	-= O
|
-	B.bv_offset
+	B.bv_phys
	++
|
-	B.bv_offset
+	B.bv_phys
	--
|
	++
-	B.bv_offset
+	B.bv_phys
|
	--
-	B.bv_offset
+	B.bv_phys
|
-	B->bv_offset
+	B->bv_phys
	+= O
|
-	B->bv_offset
+	B->bv_phys
	-= O
|
-	B->bv_offset
+	B->bv_phys
	++
|
-	B->bv_offset
+	B->bv_phys
	--
|
	++
-	B->bv_offset
+	B->bv_phys
|
	--
-	B->bv_offset
+	B->bv_phys
)

// ---- patch: initialisers of one bvec, in an array, in a structure

@var_po depends on patch@
expression P != NULL, O;
identifier v;
@@
 struct bio_vec v = {...,
-	.bv_page = P
+	.bv_phys = page_to_phys(P) + O
	, ...,
-	.bv_offset = O,
 ...};

@var_op depends on patch@
expression P != NULL, O;
identifier v;
@@
 struct bio_vec v = {...,
-	.bv_offset = O,
	...,
-	.bv_page = P
+	.bv_phys = page_to_phys(P) + O
	, ...};

@var_p depends on patch@
expression P != NULL;
identifier v;
@@
 struct bio_vec v = {...,
-	.bv_page = P
+	.bv_phys = page_to_phys(P)
	, ...};

@lit_po depends on patch@
expression P != NULL, O;
@@
 (struct bio_vec) {...,
-	.bv_page = P
+	.bv_phys = page_to_phys(P) + O
	, ...,
-	.bv_offset = O,
 ...}

@lit_op depends on patch@
expression P != NULL, O;
@@
 (struct bio_vec) {...,
-	.bv_offset = O,
	...,
-	.bv_page = P
+	.bv_phys = page_to_phys(P) + O
	, ...}

@lit_p depends on patch@
expression P != NULL;
@@
 (struct bio_vec) {...,
-	.bv_page = P
+	.bv_phys = page_to_phys(P)
	, ...}

@elem_po depends on patch@
expression P != NULL, O;
identifier v;
type T;
@@
 T v[...] = {..., {...,
-	.bv_page = P
+	.bv_phys = page_to_phys(P) + O
	, ...,
-	.bv_offset = O,
 ...}, ...};

@elem_op depends on patch@
expression P != NULL, O;
identifier v;
type T;
@@
 T v[...] = {..., {...,
-	.bv_offset = O,
	...,
-	.bv_page = P
+	.bv_phys = page_to_phys(P) + O
	, ...}, ...};

@elem_p depends on patch@
expression P != NULL;
identifier v;
type T;
@@
 T v[...] = {..., {...,
-	.bv_page = P
+	.bv_phys = page_to_phys(P)
	, ...}, ...};

@desig_po depends on patch@
expression P != NULL, O;
identifier v;
expression E;
type T;
@@
 T v[...] = {..., [E] = {...,
-	.bv_page = P
+	.bv_phys = page_to_phys(P) + O
	, ...,
-	.bv_offset = O,
 ...}, ...};

@desig_op depends on patch@
expression P != NULL, O;
identifier v;
expression E;
type T;
@@
 T v[...] = {..., [E] = {...,
-	.bv_offset = O,
	...,
-	.bv_page = P
+	.bv_phys = page_to_phys(P) + O
	, ...}, ...};

@desig_p depends on patch@
expression P != NULL;
identifier v;
expression E;
type T;
@@
 T v[...] = {..., [E] = {...,
-	.bv_page = P
+	.bv_phys = page_to_phys(P)
	, ...}, ...};

@field_po depends on patch@
expression P != NULL, O;
identifier v, x;
type T;
@@
 T v = {..., .x = {...,
-	.bv_page = P
+	.bv_phys = page_to_phys(P) + O
	, ...,
-	.bv_offset = O,
 ...}, ...};

@field_op depends on patch@
expression P != NULL, O;
identifier v, x;
type T;
@@
 T v = {..., .x = {...,
-	.bv_offset = O,
	...,
-	.bv_page = P
+	.bv_phys = page_to_phys(P) + O
	, ...}, ...};

@field_p depends on patch@
expression P != NULL;
identifier v, x;
type T;
@@
 T v = {..., .x = {...,
-	.bv_page = P
+	.bv_phys = page_to_phys(P)
	, ...}, ...};

@depends on patch@
expression P;
@@
 page_to_phys(P)
-	+ 0

// ---- what is left alone, in all modes

@null disable ptr_to_array@
expression B, E, E1;
position p;
@@
(
 B.bv_page@p = NULL
|
 B->bv_page@p = NULL
|
 B.bv_page@p == NULL
|
 B->bv_page@p == NULL
|
 B.bv_page@p != NULL
|
 B->bv_page@p != NULL
|
 B.bv_page@p && E
|
 B->bv_page@p && E
|
 E && B.bv_page@p
|
 E && B->bv_page@p
|
 B.bv_page@p || E
|
 B->bv_page@p || E
|
 E || B.bv_page@p
|
 E || B->bv_page@p
|
 B.bv_page@p ? E : E1
|
 B->bv_page@p ? E : E1
)

// Not the value: the field itself.
@lvalue disable ptr_to_array@
expression B, E;
assignment operator op = {*=, /=, %=, &=, |=, ^=, <<=, >>=};
position p;
@@
(
 &\(B.bv_page@p\|B->bv_page@p\|B.bv_offset@p\|B->bv_offset@p\)
|
 swap(\(B.bv_page@p\|B->bv_page@p\|B.bv_offset@p\|B->bv_offset@p\), E)
|
 \(B.bv_offset@p\|B->bv_offset@p\) op E
|
 \(B.bv_page@p\|B->bv_page@p\) += E
|
 \(B.bv_page@p\|B->bv_page@p\) -= E
|
 \(B.bv_page@p\|B->bv_page@p\)++
|
 \(B.bv_page@p\|B->bv_page@p\)--
|
 ++\(B.bv_page@p\|B->bv_page@p\)
|
 --\(B.bv_page@p\|B->bv_page@p\)
)

@swapped disable ptr_to_array@
expression B, E;
position p;
@@
 swap(E, \(B.bv_page@p\|B->bv_page@p\|B.bv_offset@p\|B->bv_offset@p\))

@noinit@
identifier v, x;
expression E, E1;
type T;
position p;
@@
(
 struct bio_vec v = {..., .bv_page@p = NULL, ...};
|
 (struct bio_vec) {..., .bv_page@p = NULL, ...}
|
 T v[...] = {..., {..., .bv_page@p = NULL, ...}, ...};
|
 T v[...] = {..., [E1] = {..., .bv_page@p = NULL, ...}, ...};
|
 T v = {..., .x = {..., .bv_page@p = NULL, ...}, ...};
|
 T v = {..., .x.bv_page@p = E, ...};
)

@side disable ptr_to_array@
expression B : script:python() { not once(B) };
expression E;
position p;
@@
 \(B.bv_page@p\|B->bv_page@p\|B.bv_offset@p\|B->bv_offset@p\) = E

// ---- patch: values

@read depends on patch disable paren, ptr_to_array@
expression B;
position p != {null.p, lvalue.p, swapped.p, side.p};
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
-	(B)->bv_offset@p
+	bvec_offset(B)
|
-	B.bv_offset@p
+	bvec_offset(&B)
|
-	B->bv_offset@p
+	bvec_offset(B)
)

// ---- what there is, for the other modes

@init depends on !patch@
identifier v, x;
expression E != NULL, E1;
type T;
position p;
@@
(
 struct bio_vec v = {..., .bv_page@p = E, ...};
|
 (struct bio_vec) {..., .bv_page@p = E, ...}
|
 T v[...] = {..., {..., .bv_page@p = E, ...}, ...};
|
 T v[...] = {..., [E1] = {..., .bv_page@p = E, ...}, ...};
|
 T v = {..., .x = {..., .bv_page@p = E, ...}, ...};
)

@initoff depends on !patch@
identifier v, x;
expression E, E1;
type T;
position p;
@@
(
 struct bio_vec v = {..., .bv_offset@p = E, ...};
|
 (struct bio_vec) {..., .bv_offset@p = E, ...}
|
 T v[...] = {..., {..., .bv_offset@p = E, ...}, ...};
|
 T v[...] = {..., [E1] = {..., .bv_offset@p = E, ...}, ...};
|
 T v = {..., .x = {..., .bv_offset@p = E, ...}, ...};
|
 T v = {..., .x.bv_offset@p = E, ...};
)

@store depends on !patch disable ptr_to_array@
expression B, E;
assignment operator op;
position p != {null.p, lvalue.p, swapped.p, side.p};
@@
 \(B.bv_page@p\|B->bv_page@p\|B.bv_offset@p\|B->bv_offset@p\) op E

@use depends on !patch disable ptr_to_array@
expression B;
position p != {null.p, lvalue.p, swapped.p, side.p, store.p};
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
@@
(
*B.bv_page
|
*B->bv_page
|
*B.bv_offset
|
*B->bv_offset
)

// ---- org and report

@script:python depends on org@
p << null.p;
@@
coccilib.org.print_todo(p[0], "WARNING: not converted: bvec_page() is never NULL, ask for something else")

@script:python depends on org@
p << lvalue.p;
@@
coccilib.org.print_todo(p[0], "WARNING: not converted: the field itself is changed, or its address taken")

@script:python depends on org@
p << swapped.p;
@@
coccilib.org.print_todo(p[0], "WARNING: not converted: the field itself is changed, or its address taken")

@script:python depends on org@
p << noinit.p;
@@
coccilib.org.print_todo(p[0], "WARNING: not converted: no address says this initialiser")

@script:python depends on org@
p << side.p;
@@
coccilib.org.print_todo(p[0], "WARNING: not converted: the bvec would be evaluated more than once")

@script:python depends on org@
p << init.p;
@@
coccilib.org.print_todo(p[0], "opportunity for .bv_phys in an initialiser")

@script:python depends on org@
p << initoff.p;
@@
coccilib.org.print_todo(p[0], "opportunity for .bv_phys in an initialiser")

@script:python depends on org@
p << store.p;
@@
coccilib.org.print_todo(p[0], "opportunity for bvec_set_page()")

@script:python depends on org@
p << use.p;
@@
coccilib.org.print_todo(p[0], "opportunity for bvec_page() or bvec_offset()")

@script:python depends on report@
p << null.p;
@@
coccilib.report.print_report(p[0], "WARNING: not converted: bvec_page() is never NULL, ask for something else")

@script:python depends on report@
p << lvalue.p;
@@
coccilib.report.print_report(p[0], "WARNING: not converted: the field itself is changed, or its address taken")

@script:python depends on report@
p << swapped.p;
@@
coccilib.report.print_report(p[0], "WARNING: not converted: the field itself is changed, or its address taken")

@script:python depends on report@
p << noinit.p;
@@
coccilib.report.print_report(p[0], "WARNING: not converted: no address says this initialiser")

@script:python depends on report@
p << side.p;
@@
coccilib.report.print_report(p[0], "WARNING: not converted: the bvec would be evaluated more than once")

@script:python depends on report@
p << init.p;
@@
coccilib.report.print_report(p[0], "opportunity for .bv_phys in an initialiser")

@script:python depends on report@
p << initoff.p;
@@
coccilib.report.print_report(p[0], "opportunity for .bv_phys in an initialiser")

@script:python depends on report@
p << store.p;
@@
coccilib.report.print_report(p[0], "opportunity for bvec_set_page()")

@script:python depends on report@
p << use.p;
@@
coccilib.report.print_report(p[0], "opportunity for bvec_page() or bvec_offset()")
