// SPDX-License-Identifier: GPL-2.0-only
/// Find block drivers that build a scatterlist of a request only to learn DMA
/// addresses: they can map it with blk_rq_dma_map_iter_start() and _next() of
/// <linux/blk-mq-dma.h> instead, need no pages, and may then take peer-to-peer
/// memory.  Every other call is reported with what needs the scatterlist.
///
/// The list is followed by name (the variable, or the last member) within the
/// file.
///
/// Converted is one shape: a list that is an array (sg_init_table()), mapped by
/// blk_rq_map_sg() and dma_map_sg() one after the other, and unmapped by
/// dma_unmap_sg().  The array stays, with DMA addresses and no pages in it.  A
/// failure in the middle leaves nothing mapped and a count of 0, as before.
///
// Confidence: Moderate
// Comments: How to convert the others is in
//	Documentation/driver-api/dma-phys-convert.rst: where the addresses are
//	kept, and what a failure does, is for the driver to decide.
//	The queue takes RAM only, as before: to let it take peer-to-peer memory
//	as well, remember iter.p2pdma.map, and unmap by it.
// Options: --no-includes --include-headers

virtual patch
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
lists = {}	# file -> name -> [function given the list]
pairs = {}	# blk_rq_map_sg() with dma_map_sg() behind it -> the list

def name(e):
	"""cmd->sg, iod->sg_table.sgl and &cmd->sg[0] are `sg' and `sg_table'."""
	e = re.sub(r"\s|\[.*?\]|[()&*]", "", e)
	words = [w for w in re.split(r"->|\.", e) if w not in ("sgl", "")]
	return words[-1] if words else e

def uses(p, sg):
	return lists.get(p.file, {}).get(name(sg), [])

def fits(p):
	"""The shape that is converted."""
	sg = pairs.get((p.line, p.column), "")
	used = uses(p, sg)
	return bool(sg) and "sg_init_table" in used and \
		used.count("blk_rq_map_sg") == used.count("dma_map_sg") == 1 \
		and "dma_unmap_sg" in used and \
		not {f for f in used if "sgtable" in f or "alloc_table" in f} \
		and verdict(p, sg).startswith("opp")

def verdict(p, sg):
	used = set(uses(p, sg))
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

def told(p, sg):
	said = verdict(p, sg)
	if said.startswith("opp") and not fits(p):
		return "WARNING: not converted: only DMA addresses are used, " \
			"but the list is not an array mapped in one place"
	return said

// Before Linux 6.16 the queue was an argument.
@call@
expression q, rq, sg, last;
position p;
@@
(
 blk_rq_map_sg@p(rq, sg)
|
 blk_rq_map_sg@p(q, rq, sg)
|
 __blk_rq_map_sg@p(rq, sg, last)
|
 __blk_rq_map_sg@p(q, rq, sg, last)
)

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
	lists.setdefault(p[0].file, {}).setdefault(name(e), []).append(g)

@pair disable ptr_to_array@
expression C, dev, dir, n, m;
identifier f;
position p;
@@
 n = blk_rq_map_sg@p(..., C->f);
 m = dma_map_sg(dev, C->f, n, dir);

@script:python@
C << pair.C;
f << pair.f;
p << pair.p;
@@
pairs[p[0].line, p[0].column] = "%s->%s" % (C, f)

// ---- patch

@site depends on patch disable ptr_to_array@
expression q, rq, C;
identifier f;
position p : script:python() { fits(p[0]) };
@@
(
 blk_rq_map_sg@p(rq, C->f)
|
 blk_rq_map_sg@p(q, rq, C->f)
)

@script:python where@
p << site.p;
fn;
@@
coccinelle.fn = cocci.make_ident(p[0].current_element)

// A second count follows the first: as many are unmapped as are mapped.
@depends on patch disable ptr_to_array@
expression site.rq, C, dev, dir, n, m;
identifier site.f;
position site.p;
@@
-n = blk_rq_map_sg@p(..., C->f);
+n = 0;
+if (blk_rq_dma_map_iter_start(rq, dev, &rq_state, &rq_iter)) {
+	do {
+		sg_dma_address(&C->f[n]) = rq_iter.addr;
+		sg_dma_len(&C->f[n]) = rq_iter.len;
+		n++;
+	} while (blk_rq_dma_map_iter_next(rq, dev, &rq_iter));
+}
+if (rq_iter.status != BLK_STS_OK) {
+	while (n) {
+		n--;
+		dma_unmap_phys(dev, sg_dma_address(&C->f[n]),
+			       sg_dma_len(&C->f[n]), dir, 0);
+	}
+}
(
-n = dma_map_sg(dev, C->f, n, dir);
|
-m = dma_map_sg(dev, C->f, n, dir);
+
+m = n;
)

@depends on patch@
identifier where.fn;
@@
 fn(...) {
+	struct dma_iova_state rq_state = {};
+	struct blk_dma_iter rq_iter;
	...
 }

@depends on patch disable ptr_to_array@
expression C, dev, N, dir;
identifier site.f;
@@
-dma_unmap_sg(dev, C->f, N, dir);
+for (int i = 0; i < N; i++)
+	dma_unmap_phys(dev, sg_dma_address(&C->f[i]),
+		       sg_dma_len(&C->f[i]), dir, 0);

@depends on patch && site@
@@
 #include <linux/blk-mq.h>
+#include <linux/blk-mq-dma.h>

// ---- the other modes

@depends on context@
identifier f = {blk_rq_map_sg, __blk_rq_map_sg};
@@
*f(...)

@script:python depends on org@
sg << call.sg;
p << call.p;
@@
coccilib.org.print_todo(p[0], told(p[0], sg))

@script:python depends on report@
sg << call.sg;
p << call.p;
@@
coccilib.report.print_report(p[0], told(p[0], sg))
