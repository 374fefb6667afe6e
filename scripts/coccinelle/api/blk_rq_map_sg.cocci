// SPDX-License-Identifier: GPL-2.0-only
/// Find block drivers that build a scatterlist of a request only to learn DMA
/// addresses: they can map it with blk_rq_dma_map_iter_start() and _next() of
/// <linux/blk-mq-dma.h> instead, need no pages, and may then take peer-to-peer
/// memory.  Every other call is reported with what needs the scatterlist.
///
/// The list is followed by name (the variable, or the last member) within the
/// file.
///
// Confidence: Moderate
// Comments: How to convert is in Documentation/driver-api/dma-phys-convert.rst.
//	There is no patch mode: where the segments' addresses are kept for
//	unmapping, and what a failure in the middle does, is for the driver to
//	decide; none of the drivers in the tree does either as the iterator
//	needs it.
// Options: --no-includes --include-headers

virtual context
virtual org
virtual report

@initialize:python@
@@
import re

# What may be done to a list of which only the DMA addresses count.
HARMLESS = {"blk_rq_map_sg", "__blk_rq_map_sg", "dma_map_sg",
	    "dma_map_sg_attrs", "dma_unmap_sg", "dma_unmap_sg_attrs",
	    "dma_map_sgtable", "dma_unmap_sgtable", "sg_init_table", "sg_next",
	    "sg_dma_address", "sg_dma_len", "for_each_sg", "sg_alloc_table",
	    "sg_free_table", "sg_alloc_table_chained", "sg_free_table_chained",
	    "mempool_free", "kfree", "kvfree", "sizeof", "IS_ERR", "WARN_ON",
	    "PTR_ERR", "WARN", "WARN_ON_ONCE", "DO_ONCE", "sg_is_last",
	    "cpu_to_le64", "cpu_to_le32"}
CPU = re.compile(r"sg_page$|sg_virt|sg_copy|sg_pcopy|sg_miter|kmap|page_address")
MAPPED = re.compile(r"dma_map_sg")
lists = {}	# file -> name -> {function given the list}

def name(e):
	"""cmd->sg, iod->sg_table.sgl and &cmd->sg[0] are `sg' and `sg_table'."""
	e = re.sub(r"\s|\[.*?\]|[()&*]", "", e)
	words = [w for w in re.split(r"->|\.", e) if w not in ("sgl", "")]
	return words[-1] if words else e

def uses(p, sg):
	return lists.get(p.file, {}).get(name(sg), set())

def verdict(p, sg):
	used = uses(p, sg)
	cpu = sorted(f for f in used if CPU.search(f))
	away = sorted(f for f in used if f not in HARMLESS and
		      not CPU.search(f))
	if cpu:
		return "WARNING: not converted: the CPU looks at the data: %s()" % \
			cpu[0]
	if away:
		return "WARNING: not converted: the scatterlist goes to %s()" % \
			"(), ".join(away[:3])
	if not any(MAPPED.search(f) for f in used):
		return "WARNING: not converted: the scatterlist is mapped or " \
			"read elsewhere"
	return "opportunity for blk_rq_dma_map_iter_start(): " \
		"only DMA addresses are used"

@call@
expression q, rq, sg;
identifier f = {blk_rq_map_sg, __blk_rq_map_sg};
position p;
@@
 f@p(q, rq, sg, ...)

@given depends on call@
identifier g;
expression list es;
position p;
@@
 g@p(es)

@script:python@
g << given.g;
es << given.es;
p << given.p;
@@
for e in str(es).split(","):
	lists.setdefault(p[0].file, {}).setdefault(name(e), set()).add(g)

@depends on context@
identifier f = {blk_rq_map_sg, __blk_rq_map_sg};
@@
*f(...)

@script:python depends on org@
sg << call.sg;
p << call.p;
@@
coccilib.org.print_todo(p[0], verdict(p[0], sg))

@script:python depends on report@
sg << call.sg;
p << call.p;
@@
coccilib.report.print_report(p[0], verdict(p[0], sg))
