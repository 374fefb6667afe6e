// SPDX-License-Identifier: GPL-2.0-only
/// Find addresses of peer-to-peer memory that are used after they were given
/// back: a physical address after p2pmem_free(), a path after dma_phys_put(), a
/// DMA address after dma_unmap_phys().
///
/// A physical address pins nothing.  Once its reference is dropped the BAR may
/// be fenced, moved or gone, and the address be another device's.
///
// Confidence: Moderate
// Comments: to print an address is no use of it.  What is kept in a structure
//	and used from another function is not seen: set it to 0 when it is
//	given back.
// Options: --no-includes --include-headers

virtual context
virtual org
virtual report

@initialize:python@
@@
import re

# Not a regular expression of SmPL: what | means in one depends on the library
# that spatch was built with.
def says(f):
	"""A function that tells somebody the address, and does not use it."""
	return re.match("pr_|dev_(dbg|info|warn|err)|sysfs_emit|trace_|.*print",
			f)

def after(p, q):
	"""Not in the next turn of a loop, where it is another one."""
	return int(p[0].line) > int(q[0].line)

@free exists@
expression P, E, E1, E2;
identifier f : script:python() { not says(f) };
position p, q;
@@
 p2pmem_free@q(E1, P, E2)
 ... when != P = E
     when != &P
(
 E = <+... P@p ...+>
|
 f(..., <+... P@p ...+>, ...)
)

@put exists@
identifier path, m, f;
expression E, E1;
position p, q;
@@
 dma_phys_put@q(path, E1)
 ... when != path = E
(
 path@p->m
|
 f(..., path@p, ...)
)

@unmapped exists@
expression A, E, E1;
identifier f : script:python() { not says(f) };
expression list es;
position p, q;
@@
 dma_unmap_phys@q(E1, A, es)
 ... when != A = E
     when != &A
(
 E = <+... A@p ...+>
|
 f(..., <+... A@p ...+>, ...)
)

@depends on context@
expression P;
position free.p;
@@
*P@p

@depends on context@
identifier path;
position put.p;
@@
*path@p

@depends on context@
expression A;
position unmapped.p;
@@
*A@p

@script:python depends on org@
p << free.p;
q << free.q;
@@
if after(p, q):
	coccilib.org.print_todo(p[0], "WARNING: address used after p2pmem_free() on line %s" % q[0].line)

@script:python depends on report@
p << free.p;
q << free.q;
@@
if after(p, q):
	coccilib.report.print_report(p[0], "WARNING: address used after p2pmem_free() on line %s" % q[0].line)

@script:python depends on org@
p << put.p;
q << put.q;
@@
if after(p, q):
	coccilib.org.print_todo(p[0], "WARNING: path used after dma_phys_put() on line %s" % q[0].line)

@script:python depends on report@
p << put.p;
q << put.q;
@@
if after(p, q):
	coccilib.report.print_report(p[0], "WARNING: path used after dma_phys_put() on line %s" % q[0].line)

@script:python depends on org@
p << unmapped.p;
q << unmapped.q;
@@
if after(p, q):
	coccilib.org.print_todo(p[0], "WARNING: DMA address used after dma_unmap_phys() on line %s" % q[0].line)

@script:python depends on report@
p << unmapped.p;
q << unmapped.q;
@@
if after(p, q):
	coccilib.report.print_report(p[0], "WARNING: DMA address used after dma_unmap_phys() on line %s" % q[0].line)
