// SPDX-License-Identifier: GPL-2.0-only
/// Map by physical address: dma_map_phys() instead of dma_map_page() of the
/// page and the offset of a bvec, dma_map_bvec() and dma_map_resource().
///
/// What was a bvec keeps its attributes: it is mapped as memory with pages, as
/// it was.  That is all a driver needs whose queue does not take peer-to-peer
/// memory; one that is to take it maps requests with the iterator of
/// <linux/blk-mq-dma.h> instead.  What was dma_map_resource() gets
/// DMA_ATTR_MMIO, and with it the owner of the address is looked up.
///
/// Unmapping goes with it.  dma_unmap_page() does not say whether the page came
/// from a bvec, so it is changed only in files where nothing else is mapped by
/// dma_map_page() any more.
///
// Confidence: High
// Comments: dma_map_resource() and dma_unmap_resource() mean the same as what
//	replaces them, so they may be changed one without the other.
// Options: --no-includes

virtual patch
virtual context
virtual org
virtual report

// ---- what there is, in all modes

@bv@
expression dev, B, len, dir, attrs, off;
position p;
@@
(
 dma_map_bvec@p(dev, B, dir, attrs)
|
 dma_map_page@p(dev, \(bvec_page(B)\|B->bv_page\|B.bv_page\),
	\(bvec_offset(B)\|B->bv_offset\|B.bv_offset\), len, dir)
|
 dma_map_page@p(dev, \(bvec_page(B)\|B->bv_page\|B.bv_page\),
	\(bvec_offset(B)\|B->bv_offset\|B.bv_offset\) + off, len, dir)
|
 dma_map_page_attrs@p(dev, \(bvec_page(B)\|B->bv_page\|B.bv_page\),
	\(bvec_offset(B)\|B->bv_offset\|B.bv_offset\), len, dir, attrs)
|
 dma_map_page_attrs@p(dev, \(bvec_page(B)\|B->bv_page\|B.bv_page\),
	\(bvec_offset(B)\|B->bv_offset\|B.bv_offset\) + off, len, dir, attrs)
)

@other@
position p != bv.p;
@@
(
 dma_map_page@p(...)
|
 dma_map_page_attrs@p(...)
)

@unmap depends on bv && !other@
position p;
@@
(
 dma_unmap_page@p(...)
|
 dma_unmap_page_attrs@p(...)
)

@res@
position p;
@@
(
 dma_map_resource@p(...)
|
 dma_unmap_resource@p(...)
)

// ---- patch

@depends on patch@
expression dev, B, len, dir, attrs, off;
@@
(
-dma_map_bvec(dev, &B, dir, attrs)
+dma_map_phys(dev, bvec_phys(&B), B.bv_len, dir, attrs)
|
-dma_map_bvec(dev, B, dir, attrs)
+dma_map_phys(dev, bvec_phys(B), B->bv_len, dir, attrs)
|
-dma_map_page(dev, bvec_page(B), bvec_offset(B), len, dir)
+dma_map_phys(dev, bvec_phys(B), len, dir, 0)
|
-dma_map_page(dev, B->bv_page, B->bv_offset, len, dir)
+dma_map_phys(dev, bvec_phys(B), len, dir, 0)
|
-dma_map_page(dev, B.bv_page, B.bv_offset, len, dir)
+dma_map_phys(dev, bvec_phys(&B), len, dir, 0)
|
-dma_map_page(dev, bvec_page(B), bvec_offset(B) + off, len, dir)
+dma_map_phys(dev, bvec_phys(B) + off, len, dir, 0)
|
-dma_map_page(dev, B->bv_page, B->bv_offset + off, len, dir)
+dma_map_phys(dev, bvec_phys(B) + off, len, dir, 0)
|
-dma_map_page(dev, B.bv_page, B.bv_offset + off, len, dir)
+dma_map_phys(dev, bvec_phys(&B) + off, len, dir, 0)
|
-dma_map_page_attrs(dev, bvec_page(B), bvec_offset(B), len, dir, attrs)
+dma_map_phys(dev, bvec_phys(B), len, dir, attrs)
|
-dma_map_page_attrs(dev, B->bv_page, B->bv_offset, len, dir, attrs)
+dma_map_phys(dev, bvec_phys(B), len, dir, attrs)
|
-dma_map_page_attrs(dev, B.bv_page, B.bv_offset, len, dir, attrs)
+dma_map_phys(dev, bvec_phys(&B), len, dir, attrs)
|
-dma_map_page_attrs(dev, bvec_page(B), bvec_offset(B) + off, len, dir, attrs)
+dma_map_phys(dev, bvec_phys(B) + off, len, dir, attrs)
|
-dma_map_page_attrs(dev, B->bv_page, B->bv_offset + off, len, dir, attrs)
+dma_map_phys(dev, bvec_phys(B) + off, len, dir, attrs)
|
-dma_map_page_attrs(dev, B.bv_page, B.bv_offset + off, len, dir, attrs)
+dma_map_phys(dev, bvec_phys(&B) + off, len, dir, attrs)
)

@depends on patch && bv && !other@
expression dev, addr, len, dir, attrs;
@@
(
-dma_unmap_page(dev, addr, len, dir)
+dma_unmap_phys(dev, addr, len, dir, 0)
|
-dma_unmap_page_attrs(dev, addr, len, dir, attrs)
+dma_unmap_phys(dev, addr, len, dir, attrs)
)

@depends on patch@
expression dev, addr, len, dir, attrs;
@@
(
-dma_map_resource(dev, addr, len, dir, 0)
+dma_map_phys(dev, addr, len, dir, DMA_ATTR_MMIO)
|
-dma_map_resource(dev, addr, len, dir, attrs)
+dma_map_phys(dev, addr, len, dir, attrs | DMA_ATTR_MMIO)
|
-dma_unmap_resource(dev, addr, len, dir, 0)
+dma_unmap_phys(dev, addr, len, dir, DMA_ATTR_MMIO)
|
-dma_unmap_resource(dev, addr, len, dir, attrs)
+dma_unmap_phys(dev, addr, len, dir, attrs | DMA_ATTR_MMIO)
)

// ---- context

@depends on context@
position bv.p;
@@
(
*dma_map_bvec@p(...)
|
*dma_map_page@p(...)
|
*dma_map_page_attrs@p(...)
)

@depends on context@
position unmap.p;
@@
(
*dma_unmap_page@p(...)
|
*dma_unmap_page_attrs@p(...)
)

@depends on context@
position res.p;
@@
(
*dma_map_resource@p(...)
|
*dma_unmap_resource@p(...)
)

// ---- org and report

@script:python depends on org@
p << bv.p;
@@
coccilib.org.print_todo(p[0], "opportunity for dma_map_phys() of bvec_phys()")

@script:python depends on org@
p << unmap.p;
@@
coccilib.org.print_todo(p[0], "opportunity for dma_unmap_phys()")

@script:python depends on org@
p << res.p;
@@
coccilib.org.print_todo(p[0], "opportunity for dma_[un]map_phys() with DMA_ATTR_MMIO")

@script:python depends on report@
p << bv.p;
@@
coccilib.report.print_report(p[0], "opportunity for dma_map_phys() of bvec_phys()")

@script:python depends on report@
p << unmap.p;
@@
coccilib.report.print_report(p[0], "opportunity for dma_unmap_phys()")

@script:python depends on report@
p << res.p;
@@
coccilib.report.print_report(p[0], "opportunity for dma_[un]map_phys() with DMA_ATTR_MMIO")
