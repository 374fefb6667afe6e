// SPDX-License-Identifier: GPL-2.0-only
/// Find code that reads or writes the data of a bvec with the CPU.
///
/// Peer-to-peer memory has no struct page, so this must not happen to it:
/// bvec_is_p2p() or bio_is_p2p() must have said no before, or the queue must
/// not take such memory (BLK_FEAT_P2P_PHYS), or the file system must not say
/// that its direct IO leaves the data alone (FOP_P2P_DIO).  Whether one of
/// these holds is for you to see.  What comes after such a test in the same
/// function, on whatever branch, is not reported.
///
// Confidence: Moderate
// Comments: false positives where a caller tests, or where the memory is the
//	code's own.  Most of what runs over RAM only is one: look at what your
//	driver's queue or file system promises first.
// Options: --no-includes

// There is no patch mode: what to do instead is not for a script to say.  As
// with every check that has none, "make coccicheck MODE=patch" on this file
// ends with "virtual rule patch not supported".
virtual context
virtual org
virtual report

@tested exists@
identifier is = {bvec_is_p2p, bio_is_p2p};
identifier f = {bvec_kmap_local, bvec_virt, memcpy_from_bvec, memcpy_to_bvec,
	memzero_bvec, bio_data, bio_kmap_local, zero_fill_bio,
	zero_fill_bio_iter, bio_copy_data, bio_copy_data_iter, kmap,
	kmap_local_page, kmap_atomic, page_address, page_to_virt,
	memcpy_from_page, memcpy_to_page, memzero_page, clear_highpage,
	copy_highpage, zero_user, zero_user_segment};
position p;
@@
 is(...)
 ... when any
 f@p(...)

@direct@
identifier f = {bvec_kmap_local, bvec_virt, memcpy_from_bvec, memcpy_to_bvec,
	memzero_bvec, bio_data, bio_kmap_local, zero_fill_bio,
	zero_fill_bio_iter, bio_copy_data, bio_copy_data_iter};
position p != tested.p;
@@
 f@p(...)

@page@
expression B, I;
identifier f = {kmap, kmap_local_page, kmap_atomic, page_address,
	page_to_virt, memcpy_from_page, memcpy_to_page, memzero_page,
	clear_highpage, copy_highpage, zero_user, zero_user_segment};
position p != tested.p;
@@
 f@p(..., \(bvec_page(B)\|B->bv_page\|B.bv_page\|bvec_iter_page(B, I)\|mp_bvec_iter_page(B, I)\|bio_page(B)\|bio_iter_page(B, I)\), ...)

// The same by way of a variable.
@var exists@
expression B, I, E;
identifier pg;
identifier f = {kmap, kmap_local_page, kmap_atomic, page_address,
	page_to_virt, memcpy_from_page, memcpy_to_page, memzero_page,
	clear_highpage, copy_highpage, zero_user, zero_user_segment};
position p != tested.p;
@@
(
 pg = \(bvec_page(B)\|B->bv_page\|B.bv_page\|bvec_iter_page(B, I)\|mp_bvec_iter_page(B, I)\|bio_page(B)\|bio_iter_page(B, I)\);
|
 struct page *pg = \(bvec_page(B)\|B->bv_page\|B.bv_page\|bvec_iter_page(B, I)\|mp_bvec_iter_page(B, I)\|bio_page(B)\|bio_iter_page(B, I)\);
)
 ... when != pg = E
 f@p(..., pg, ...)

@depends on context@
identifier direct.f;
position direct.p;
@@
*f@p(...)

@depends on context@
identifier page.f;
position page.p;
@@
*f@p(...)

@depends on context@
identifier var.f;
position var.p;
@@
*f@p(...)

@script:python depends on org@
f << direct.f;
p << direct.p;
@@
coccilib.org.print_todo(p[0], "WARNING: %s() of what may be peer-to-peer memory" % f)

@script:python depends on org@
f << page.f;
p << page.p;
@@
coccilib.org.print_todo(p[0], "WARNING: %s() of the page of what may be peer-to-peer memory" % f)

@script:python depends on org@
f << var.f;
p << var.p;
@@
coccilib.org.print_todo(p[0], "WARNING: %s() of the page of what may be peer-to-peer memory" % f)

@script:python depends on report@
f << direct.f;
p << direct.p;
@@
coccilib.report.print_report(p[0], "WARNING: %s() of what may be peer-to-peer memory" % f)

@script:python depends on report@
f << page.f;
p << page.p;
@@
coccilib.report.print_report(p[0], "WARNING: %s() of the page of what may be peer-to-peer memory" % f)

@script:python depends on report@
f << var.f;
p << var.p;
@@
coccilib.report.print_report(p[0], "WARNING: %s() of the page of what may be peer-to-peer memory" % f)
