// SPDX-License-Identifier: GPL-2.0-only
/// Find mappings of what may be peer-to-peer memory whose error is not checked.
///
/// RAM can nearly always be mapped.  Memory of a peer often cannot: it is out of
/// reach, fenced, or gone.  So dma_mapping_error() is to be asked after each
/// dma_map_phys() that has DMA_ATTR_MMIO, or attributes that may hold it, and
/// what blk_rq_dma_map_iter_start() returns is to be looked at.
///
// Confidence: High
// Comments: a mapping whose address is returned is for the caller to check.
// Options: --no-includes --include-headers

virtual context
virtual org
virtual report

@checked exists@
expression X, E;
identifier f = {dma_map_phys, dma_map_resource};
position p;
@@
 X = f@p(...)
 ... when != X = E
 dma_mapping_error(..., X)

// Asked about by another name.
@copied exists@
expression X, Y, E;
identifier f = {dma_map_phys, dma_map_resource};
position p;
@@
 X = f@p(...)
 ... when != X = E
 Y = X
 ... when any
 dma_mapping_error(..., Y)

@direct@
identifier f = {dma_map_phys, dma_map_resource};
position p;
@@
 dma_mapping_error(..., f@p(...))

@inited exists@
identifier v;
type T;
identifier f = {dma_map_phys, dma_map_resource};
position p;
@@
 T v = f@p(...);
 ...
 dma_mapping_error(..., v)

@returned@
identifier f = {dma_map_phys, dma_map_resource};
position p;
@@
 return f@p(...);

@handed exists@
expression X, E;
identifier f = {dma_map_phys, dma_map_resource};
position p;
@@
 X = f@p(...)
 ... when != X = E
 return X;

@mapped@
expression dev, phys, size, dir;
expression attrs != 0;
position p != {checked.p, copied.p, direct.p, inited.p,
	returned.p, handed.p};
@@
(
 dma_map_phys@p(dev, phys, size, dir, attrs)
|
 dma_map_resource@p(...)
)

@iter@
identifier f = {blk_rq_dma_map_iter_start, blk_rq_integrity_dma_map_iter_start};
position p;
@@
 f@p(...);

@depends on context@
identifier f = {dma_map_phys, dma_map_resource};
position mapped.p;
@@
*f@p(...)

@depends on context@
identifier f = {blk_rq_dma_map_iter_start, blk_rq_integrity_dma_map_iter_start};
position iter.p;
@@
*f@p(...);

@script:python depends on org@
p << mapped.p;
@@
coccilib.org.print_todo(p[0], "WARNING: what may be peer-to-peer memory is mapped without dma_mapping_error()")

@script:python depends on report@
p << mapped.p;
@@
coccilib.report.print_report(p[0], "WARNING: what may be peer-to-peer memory is mapped without dma_mapping_error()")

@script:python depends on org@
f << iter.f;
p << iter.p;
@@
coccilib.org.print_todo(p[0], "WARNING: nobody looks at what %s() returns" % f)

@script:python depends on report@
f << iter.f;
p << iter.p;
@@
coccilib.report.print_report(p[0], "WARNING: nobody looks at what %s() returns" % f)
