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
/// Who takes the page of a bvec, or makes a scatterlist of pages of a request,
/// can touch the data far away from there, so that is reported as well.  In the
/// kernel itself each such function has a line that says why it never sees
/// peer-to-peer memory: Documentation/core-api/dma-phys-cpu-access.rst.
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
	copy_highpage, zero_user, zero_user_segment, bvec_page, bvec_folio,
	bvec_iter_page, mp_bvec_iter_page, bio_page, bio_iter_page,
	bio_first_page_all, bio_first_folio_all, bio_first_folio,
	phys_to_virt, __va, phys_to_page, pfn_to_page, pfn_to_kaddr};
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

// The address, turned into one of the CPU or into a page by hand.
@phys@
expression B;
identifier f = {phys_to_virt, __va, phys_to_page, pfn_to_page, pfn_to_kaddr};
position p != tested.p;
@@
 f@p(<+... \(bvec_phys(B)\|B->bv_phys\|B.bv_phys\) ...+>)

// Whatever is done with the page then.
@take@
identifier f = {bvec_page, bvec_folio, bvec_iter_page, mp_bvec_iter_page,
	bio_page, bio_iter_page, bio_first_page_all, bio_first_folio_all,
	bio_first_folio, blk_rq_map_sg, __blk_rq_map_sg};
position p != tested.p;
@@
 f@p(...)

@asked exists@
identifier is = {bvec_is_p2p, bio_is_p2p};
iterator name bio_for_each_folio_all;
expression FI, B;
statement S;
position p;
@@
 is(...)
 ... when any
 bio_for_each_folio_all@p(FI, B) S

@folio@
iterator name bio_for_each_folio_all;
expression FI, B;
statement S;
position p != asked.p;
@@
 bio_for_each_folio_all@p(FI, B) S

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

@depends on context@
identifier phys.f;
position phys.p;
@@
*f@p(...)

@depends on context@
identifier take.f;
position take.p;
@@
*f@p(...)

@depends on context@
iterator name bio_for_each_folio_all;
expression FI, B;
statement S;
position folio.p;
@@
*bio_for_each_folio_all@p(FI, B) S

@script:python depends on org@
f << direct.f;
p << direct.p;
@@
coccilib.org.print_todo(p[0], "WARNING: %s() in %s(): what may be peer-to-peer memory" % (f, p[0].current_element))

@script:python depends on org@
f << page.f;
p << page.p;
@@
coccilib.org.print_todo(p[0], "WARNING: %s() in %s(): the page of what may be peer-to-peer memory" % (f, p[0].current_element))

@script:python depends on org@
f << var.f;
p << var.p;
@@
coccilib.org.print_todo(p[0], "WARNING: %s() in %s(): the page of what may be peer-to-peer memory" % (f, p[0].current_element))

@script:python depends on org@
f << phys.f;
p << phys.p;
@@
coccilib.org.print_todo(p[0], "WARNING: %s() in %s(): the address of what may be peer-to-peer memory" % (f, p[0].current_element))

@script:python depends on org@
f << take.f;
p << take.p;
@@
coccilib.org.print_todo(p[0], "WARNING: %s() in %s(): the page of what may be peer-to-peer memory" % (f, p[0].current_element))

@script:python depends on org@
p << folio.p;
@@
coccilib.org.print_todo(p[0], "WARNING: bio_for_each_folio_all() in %s(): the pages of what may be peer-to-peer memory" % p[0].current_element)

@script:python depends on report@
f << direct.f;
p << direct.p;
@@
coccilib.report.print_report(p[0], "WARNING: %s() in %s(): what may be peer-to-peer memory" % (f, p[0].current_element))

@script:python depends on report@
f << page.f;
p << page.p;
@@
coccilib.report.print_report(p[0], "WARNING: %s() in %s(): the page of what may be peer-to-peer memory" % (f, p[0].current_element))

@script:python depends on report@
f << var.f;
p << var.p;
@@
coccilib.report.print_report(p[0], "WARNING: %s() in %s(): the page of what may be peer-to-peer memory" % (f, p[0].current_element))

@script:python depends on report@
f << phys.f;
p << phys.p;
@@
coccilib.report.print_report(p[0], "WARNING: %s() in %s(): the address of what may be peer-to-peer memory" % (f, p[0].current_element))

@script:python depends on report@
f << take.f;
p << take.p;
@@
coccilib.report.print_report(p[0], "WARNING: %s() in %s(): the page of what may be peer-to-peer memory" % (f, p[0].current_element))

@script:python depends on report@
p << folio.p;
@@
coccilib.report.print_report(p[0], "WARNING: bio_for_each_folio_all() in %s(): the pages of what may be peer-to-peer memory" % p[0].current_element)
