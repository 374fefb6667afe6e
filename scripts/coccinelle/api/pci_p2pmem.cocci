// SPDX-License-Identifier: GPL-2.0-only
/// Peer-to-peer memory without struct page: p2pmem_register() and its relatives
/// of <linux/pci-p2pmem.h> instead of pci_p2pdma_add_resource() and the
/// allocator of <linux/pci-p2pdma.h>.
///
/// A buffer is known by its physical address, so where its virtual address is
/// kept in a member of a structure of the same file, or in a local variable, the
/// physical one is put beside it ("_phys").  The memory is __iomem and
/// write-combining now: use memcpy_toio(), writel() and their like, and wmb()
/// before a doorbell; sparse shows the places that do not.
///
/// Scatterlists have pages, so pci_p2pmem_alloc_sgl() is reported and left alone,
/// and with it pci_p2pmem_find_many() in the same file: the two kinds of memory
/// do not know each other.  So is is_pci_p2pdma_page(): both kinds may be met in
/// one kernel, so it is not replaced, but asked after bvec_is_p2p().
///
// Confidence: Moderate
// Comments: p2pmem_register() wants no alignment: what tests for it can go.
// Options: --no-includes --include-headers

virtual patch
virtual context
virtual org
virtual report

@initialize:python@
@@
done = set()	# positions that are converted

def at(p):
	return (p[0].file, p[0].line, p[0].column)

def why(f):
	if f.endswith("_sgl"):
		return "a scatterlist has pages"
	if f.endswith("_find_many"):
		return "scatterlists are allocated from what it finds"
	if f == "is_pci_p2pdma_page":
		return "a page; of a bvec, ask bvec_is_p2p() before its page"
	return "where the buffer is kept is not seen in this file"

// ---- what there is, in all modes

@member@
identifier S, f;
struct S *E;
expression pdev, size;
position p;
@@
 E->f = pci_alloc_p2pmem@p(pdev, size)

@holder@
identifier member.S, member.f;
type T;
@@
 struct S { ... T f; ... };

@var exists@
identifier v;
type T;
expression pdev, size;
position p;
@@
 T v;
 ... when any
 v = pci_alloc_p2pmem@p(pdev, size)

@varinit@
identifier v;
type T;
expression pdev, size;
position p;
@@
 T v = pci_alloc_p2pmem@p(pdev, size);

@used depends on holder@
identifier member.S, member.f;
struct S *E;
expression pdev;
identifier g = {pci_free_p2pmem, pci_p2pmem_virt_to_bus};
position p;
@@
 g@p(pdev, E->f, ...)

@usedlocal@
identifier var.v;
expression pdev;
identifier g = {pci_free_p2pmem, pci_p2pmem_virt_to_bus};
position p;
@@
 g@p(pdev, v, ...)

@usedinit@
identifier varinit.v;
expression pdev;
identifier g = {pci_free_p2pmem, pci_p2pmem_virt_to_bus};
position p;
@@
 g@p(pdev, v, ...)

@plain@
identifier f = {pci_p2pdma_add_resource, pci_p2pmem_publish};
position p;
@@
 f@p(...)

@sgl@
identifier f = {pci_p2pmem_alloc_sgl, pci_p2pmem_free_sgl};
@@
 f(...)

@find depends on !sgl@
position p;
@@
 pci_p2pmem_find_many@p(...)

// An allocation is converted only with the structure that keeps it.
@script:python depends on holder@
p << member.p;
@@
done.add(at(p))

@rest@
identifier f = {pci_alloc_p2pmem, pci_free_p2pmem, pci_p2pmem_virt_to_bus,
	pci_p2pmem_alloc_sgl, pci_p2pmem_free_sgl, pci_p2pmem_find_many,
	is_pci_p2pdma_page};
position q != {var.p, varinit.p, used.p, usedlocal.p, usedinit.p, find.p};
position p : script:python() { at(p) not in done };
@@
 f@p@q(...)

// ---- patch

@depends on patch && holder@
identifier member.S, member.f;
fresh identifier g = f ## "_phys";
type T;
@@
 struct S {
	...
	T f;
+	phys_addr_t g;
	...
 };

@depends on patch && holder@
identifier member.S, member.f;
fresh identifier g = f ## "_phys";
struct S *E;
expression pdev, size;
@@
-E->f = pci_alloc_p2pmem(pdev, size)
+E->f = p2pmem_alloc(pdev, size, &E->g)

@depends on patch && holder@
identifier member.S, member.f;
fresh identifier g = f ## "_phys";
struct S *E;
expression pdev, size;
@@
(
-pci_free_p2pmem(pdev, E->f, size)
+p2pmem_free(pdev, E->g, size)
|
-pci_p2pmem_virt_to_bus(pdev, E->f)
+p2pmem_phys_to_bus(pdev, E->g)
)

@depends on patch exists@
identifier var.v;
fresh identifier g = v ## "_phys";
type var.T;
expression pdev, size;
@@
 T v;
+phys_addr_t g;
 ...
-v = pci_alloc_p2pmem(pdev, size)
+v = p2pmem_alloc(pdev, size, &g)

@depends on patch exists@
identifier varinit.v;
fresh identifier g = v ## "_phys";
type varinit.T;
expression pdev, size;
@@
+phys_addr_t g;
 T v =
-	pci_alloc_p2pmem(pdev, size)
+	p2pmem_alloc(pdev, size, &g)
 ;

@depends on patch@
identifier var.v;
fresh identifier g = v ## "_phys";
expression pdev, size;
@@
(
-pci_free_p2pmem(pdev, v, size)
+p2pmem_free(pdev, g, size)
|
-pci_p2pmem_virt_to_bus(pdev, v)
+p2pmem_phys_to_bus(pdev, g)
)

@depends on patch@
identifier varinit.v;
fresh identifier g = v ## "_phys";
expression pdev, size;
@@
(
-pci_free_p2pmem(pdev, v, size)
+p2pmem_free(pdev, g, size)
|
-pci_p2pmem_virt_to_bus(pdev, v)
+p2pmem_phys_to_bus(pdev, g)
)

@depends on patch@
expression pdev, bar, size, offset, flag;
@@
(
-pci_p2pdma_add_resource(pdev, bar, size, offset)
+p2pmem_register(pdev, bar, size, offset)
|
-pci_p2pmem_publish(pdev, flag)
+p2pmem_publish(pdev, flag)
)

@depends on patch && !sgl@
@@
-pci_p2pmem_find_many
+p2pmem_find_many
 (...)

@include depends on patch && (plain || holder || var || varinit)@
@@
 #include <linux/pci-p2pdma.h>
+#include <linux/pci-p2pmem.h>

// ---- context

@depends on context@
identifier f = {pci_p2pdma_add_resource, pci_p2pmem_publish,
	pci_p2pmem_find_many, pci_alloc_p2pmem, pci_free_p2pmem,
	pci_p2pmem_virt_to_bus, pci_p2pmem_alloc_sgl, pci_p2pmem_free_sgl,
	is_pci_p2pdma_page};
@@
*f(...)

// ---- org and report

@script:python depends on org && holder@
p << member.p;
@@
coccilib.org.print_todo(p[0], "opportunity for p2pmem_alloc()")

@script:python depends on org@
p << var.p;
@@
coccilib.org.print_todo(p[0], "opportunity for p2pmem_alloc()")

@script:python depends on org@
p << varinit.p;
@@
coccilib.org.print_todo(p[0], "opportunity for p2pmem_alloc()")

@script:python depends on org@
p << used.p;
@@
coccilib.org.print_todo(p[0], "opportunity for the physical address of the buffer")

@script:python depends on org@
p << usedlocal.p;
@@
coccilib.org.print_todo(p[0], "opportunity for the physical address of the buffer")

@script:python depends on org@
p << usedinit.p;
@@
coccilib.org.print_todo(p[0], "opportunity for the physical address of the buffer")

@script:python depends on org@
p << plain.p;
@@
coccilib.org.print_todo(p[0], "opportunity for <linux/pci-p2pmem.h>")

@script:python depends on org@
p << find.p;
@@
coccilib.org.print_todo(p[0], "opportunity for p2pmem_find_many()")

@script:python depends on org@
f << rest.f;
p << rest.p;
@@
coccilib.org.print_todo(p[0], "WARNING: not converted: %s(): %s" % (f, why(f)))

@script:python depends on report && holder@
p << member.p;
@@
coccilib.report.print_report(p[0], "opportunity for p2pmem_alloc()")

@script:python depends on report@
p << var.p;
@@
coccilib.report.print_report(p[0], "opportunity for p2pmem_alloc()")

@script:python depends on report@
p << varinit.p;
@@
coccilib.report.print_report(p[0], "opportunity for p2pmem_alloc()")

@script:python depends on report@
p << used.p;
@@
coccilib.report.print_report(p[0], "opportunity for the physical address of the buffer")

@script:python depends on report@
p << usedlocal.p;
@@
coccilib.report.print_report(p[0], "opportunity for the physical address of the buffer")

@script:python depends on report@
p << usedinit.p;
@@
coccilib.report.print_report(p[0], "opportunity for the physical address of the buffer")

@script:python depends on report@
p << plain.p;
@@
coccilib.report.print_report(p[0], "opportunity for <linux/pci-p2pmem.h>")

@script:python depends on report@
p << find.p;
@@
coccilib.report.print_report(p[0], "opportunity for p2pmem_find_many()")

@script:python depends on report@
f << rest.f;
p << rest.p;
@@
coccilib.report.print_report(p[0], "WARNING: not converted: %s(): %s" % (f, why(f)))
