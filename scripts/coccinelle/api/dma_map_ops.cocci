// SPDX-License-Identifier: GPL-2.0-only
/// struct dma_map_ops: map and unmap by physical address, .map_phys and
/// .unmap_phys instead of .map_page and .unmap_page.
///
/// The implementation gets one address for its page and its offset.  What it
/// made of the two (page_to_phys() + offset, page_address() + offset) is made
/// of the address; where it looks at the offset alone, that is the offset in
/// the page from now on.  A function of the same file that it hands both to is
/// converted with it, and so are the functions of the kernel that
/// implementations in several files share (iommu_map_page() of powerpc,
/// vduse_domain_map_page(), iommu_dma_map_page(), dma_direct_map_page()).
///
/// An implementation that was given a page can only map RAM, so it refuses
/// DMA_ATTR_MMIO.  Whether it could map MMIO as well is for its author to say;
/// where there is .map_resource, that is still called.
///
/// A structure is converted as a whole or not at all, with all that it shares
/// functions with: an implementation that does more with the page, or that is
/// in another file, is reported with the reason.
///
// Confidence: High
// Comments: functions are renamed if "map_page" is in their name; comments that
//	name them are not.  page_address() is taken for an address in the linear
//	map, as it is for any page that a device may be given for long.
// Options: --no-includes --include-headers

virtual patch
virtual context
virtual org
virtual report

@initialize:python@
@@
# Functions that implementations in several files share.
SHARED = {"iommu_map_page", "vduse_domain_map_page", "iommu_dma_map_page",
	  "dma_direct_map_page"}
CALLED = "who calls it must know if it is there: that is for the DMA layer"
OTHER = "not in an initialised struct dma_map_ops"

class File:
	def __init__(self):
		self.ops = {}		# structure -> {what is in it}
		self.maps = set()	# what .map_page is set to
		self.here = set()	# functions that unmap, in this file
		self.defs = set()	# functions that take a page and an offset
		self.given = {}		# function -> {position: who gets its page}
		self.uses = {}		# function -> {position}
		self.good = set()	# positions of uses that an address serves
		self.moved = set()	# functions that change the offset
		self.none = set()	# functions that map nothing
		self.named = {}		# function -> what it calls its address
		self.taken = set()	# (function, name)
		self.why = None		# name -> reason, or None: convert

files = {}

def file_of(p):
	return files.setdefault(p[0].file, File())

def where(p):
	return (p[0].line, p[0].column)

def told(f, fn):
	"""Functions of this file that get the page from fn."""
	return {g for pos, g in f.given.get(fn, {}).items()
		if g in f.defs and pos not in f.good}

def stays(f, fn):
	"""Why a function cannot do with an address; None if it can."""
	if fn not in f.defs:
		return "%s() is not in this file" % fn
	if fn in f.moved:
		return "%s() changes the offset" % fn
	for pos in sorted(f.uses.get(fn, ())):
		if pos in f.good:
			continue
		to = f.given.get(fn, {}).get(pos)
		if to is None:
			return "%s() needs the page" % fn
		if to not in f.defs and to not in SHARED:
			return "the page goes to %s()" % to
	return None

def decide(f):
	"""What belongs together is converted together."""
	f.why, group = {}, {}
	todo = [{s} | names for s, names in f.ops.items()]
	todo += [{fn} for fn in SHARED & f.defs]
	for names in todo:
		fns = {n for n in names if n in f.maps or n in SHARED}
		while True:
			more = fns.union(*(told(f, fn) for fn in fns))
			if more == fns:
				break
			fns = more
		names = names | fns
		for n in list(names):
			names |= group.get(n, set())
		for n in names:
			group[n] = names
	for n, names in group.items():
		whys = [stays(f, m) for m in sorted(names)
			if m in f.maps or m in SHARED or m in f.defs]
		f.why[n] = next((w for w in whys if w), None)

def reason(p):
	"""Why what is at p stays; None if it is converted."""
	f = file_of(p)
	if f.why is None:
		decide(f)
	return f.why.get(p[0].current_element)

def converts(p):
	return not reason(p) and p[0].current_element in file_of(p).why

def new_name(fn):
	return fn.replace("map_page", "map_phys")

def address(p, fn):
	"""How the address is called in a function."""
	f = file_of(p)
	for name in [f.named.get(fn), "phys", "paddr"]:
		if name and (name == f.named.get(fn) or
			     (fn, name) not in f.taken):
			return name
	return "phys_addr"

// ---- what there is, in all modes

@mapop@
identifier S, F;
position p;
@@
 struct dma_map_ops S = { ..., .map_page@p = F, ..., };

@script:python@
S << mapop.S;
F << mapop.F;
p << mapop.p;
@@
file_of(p).ops.setdefault(S, {S}).add(F)
file_of(p).maps.add(F)

@unmapop@
identifier S, G;
position p;
@@
 struct dma_map_ops S = { ..., .unmap_page@p = G, ..., };

@script:python@
S << unmapop.S;
G << unmapop.G;
p << unmapop.p;
@@
file_of(p).ops.setdefault(S, {S}).add(G)

@unmaphere@
identifier unmapop.G;
position p;
@@
 G@p(...) { ... }

@script:python@
G << unmapop.G;
p << unmaphere.p;
@@
file_of(p).here.add(G)

// The page and the offset beside it, and what comes before them.
@def@
identifier F, P, O;
parameter list[n] ps;
type T;
position p;
@@
 F@p(ps, struct page *P, T O, ...) { ... }

@script:python@
F << def.F;
p << def.p;
@@
file_of(p).defs.add(F)

@use@
identifier def.F, def.P;
position u;
@@
 F(...) { <+... P@u ...+> }

@script:python@
F << def.F;
u << use.u;
@@
file_of(u).uses.setdefault(F, set()).add(where(u))

@good@
identifier def.F, def.P, def.O;
type T;
position u;
@@
 F(...) { <+...
(
 page_to_phys(P@u)
|
 (T)page_address(P@u) + O
|
 page_address(P@u) + O
|
 page_to_pfn(P@u)
|
 page_to_xen_pfn(P@u)
|
 PageHighMem(P@u)
|
 is_pci_p2pdma_page(P@u)
|
 __dma_page_cpu_to_dev(P@u, O, ...)
)
 ...+> }

@script:python@
u << good.u;
@@
file_of(u).good.add(where(u))

@given@
identifier def.F, def.P, def.O;
identifier H;
position u;
@@
 F(...) { <+... H(..., P@u, O, ...) ...+> }

@script:python@
F << def.F;
H << given.H;
u << given.u;
@@
file_of(u).given.setdefault(F, {})[where(u)] = H

// There is no offset to change any more.
@moved@
identifier def.F, def.O;
expression E;
assignment operator op;
position u;
@@
 F(...) { <+...
(
 O@u op E
|
 O@u++
|
 O@u--
|
 ++O@u
|
 --O@u
|
 &O@u
)
 ...+> }

@script:python@
F << def.F;
u << moved.u;
@@
file_of(u).moved.add(F)

// The address may have a name already.
@named@
identifier def.F, def.P, def.O, X;
position p;
@@
 F(...) {
	...
	phys_addr_t X@p = page_to_phys(P) + O;
	...
 }

@script:python@
F << def.F;
X << named.X;
p << named.p;
@@
file_of(p).named[F] = X

@taken@
identifier def.F;
identifier x = {phys, paddr};
position p;
@@
 F(...) { <+... x@p ...+> }

@script:python@
F << def.F;
x << taken.x;
p << taken.p;
@@
file_of(p).taken.add((F, x))

// It maps nothing at all.
@none@
identifier mapop.F;
position p;
@@
 F@p(...) {
	return DMA_MAPPING_ERROR;
 }

@script:python@
F << mapop.F;
p << none.p;
@@
file_of(p).none.add(F)

@shared@
identifier f = {iommu_map_page, vduse_domain_map_page, iommu_dma_map_page,
	dma_direct_map_page, iommu_unmap_page, vduse_domain_unmap_page,
	iommu_dma_unmap_page, dma_direct_unmap_page};
position p;
@@
 f@p(...)

@mapproto@
identifier f = {iommu_map_page, vduse_domain_map_page, iommu_dma_map_page,
	dma_direct_map_page};
type T;
position p;
@@
 T f@p(...);

@unmapproto@
identifier f = {iommu_unmap_page, vduse_domain_unmap_page,
	iommu_dma_unmap_page, dma_direct_unmap_page};
type T;
position p;
@@
 T f@p(...);

@other@
identifier S, T;
identifier m = {map_page, unmap_page};
expression E;
position p != {mapop.p, unmapop.p};
@@
 struct T S = { ..., .m@p = E, ..., };

@called@
struct dma_map_ops *E;
identifier m = {map_page, unmap_page};
position p;
@@
 E->m@p

@notcalled@
expression E;
identifier m = {map_page, unmap_page};
position p != called.p;
@@
(
 E->m@p
|
 E.m@p
)

// ---- patch

// (cocci.include_match() would drop what is known of all the other rules.)
@fn depends on patch@
identifier F, P, O;
parameter list[n] ps;
type T;
position p : script:python() { converts(p) };
@@
 F@p(ps, struct page *P, T O, ...) { ... }

@script:python fnname@
F << fn.F;
p << fn.p;
N;
NF;
@@
coccinelle.N = cocci.make_ident(address(p, F))
coccinelle.NF = cocci.make_ident(new_name(F))

@map depends on patch@
identifier S, F;
position p : script:python() { not reason(p) };
@@
 struct dma_map_ops S = { ..., .map_page@p = F, ..., };

@script:python mapname@
F << map.F;
NF;
@@
coccinelle.NF = cocci.make_ident(new_name(F))

@unmap depends on patch@
identifier S, G;
position p : script:python() { not reason(p) };
@@
 struct dma_map_ops S = { ..., .unmap_page@p = G, ..., };

@script:python unmapname@
G << unmap.G;
p << unmap.p;
NG;
@@
coccinelle.NG = cocci.make_ident(new_name(G) if G in file_of(p).here else G)

@guard depends on patch@
identifier map.F, R, A;
parameter list ps;
position p : script:python() { p[0].current_element not in file_of(p).none };
@@
 F@p(ps, enum dma_data_direction R, unsigned long A) { ... }

@iommucall depends on patch@
identifier f = {iommu_map_page};
position p : script:python() { not reason(p) };
@@
 f@p(...)

@mapcall depends on patch@
identifier f = {vduse_domain_map_page, iommu_dma_map_page,
	dma_direct_map_page};
position p : script:python() { not reason(p) };
@@
 f@p(...)

@script:python mapcallname@
f << mapcall.f;
g;
@@
coccinelle.g = cocci.make_ident(new_name(f))

@unmapcall depends on patch@
identifier f = {iommu_unmap_page, vduse_domain_unmap_page,
	iommu_dma_unmap_page, dma_direct_unmap_page};
position p : script:python() { not reason(p) };
@@
 f@p(...)

@script:python unmapcallname@
f << unmapcall.f;
g;
@@
coccinelle.g = cocci.make_ident(new_name(f))

@script:python mapprotoname depends on patch@
f << mapproto.f;
g;
@@
coccinelle.g = cocci.make_ident(new_name(f))

@script:python unmapprotoname depends on patch@
f << unmapproto.f;
g;
@@
coccinelle.g = cocci.make_ident(new_name(f))

@unmapdef depends on patch@
identifier f = {iommu_unmap_page, vduse_domain_unmap_page,
	iommu_dma_unmap_page, dma_direct_unmap_page};
position p : script:python() { not reason(p) };
@@
 f@p(...) { ... }

@script:python unmapdefname@
f << unmapdef.f;
g;
@@
coccinelle.g = cocci.make_ident(new_name(f))

@depends on patch@
identifier map.S, map.F, mapname.NF;
@@
 struct dma_map_ops S = { ...,
	.
-	map_page
+	map_phys
	=
-	F
+	NF
	, ..., };

@depends on patch@
identifier unmap.S, unmap.G, unmapname.NG;
@@
 struct dma_map_ops S = { ...,
	.
-	unmap_page
+	unmap_phys
	=
-	G
+	NG
	, ..., };

// Calls, also from one converted function to another.
@depends on patch@
identifier fn.F, fnname.NF;
expression list[fn.n] es;
expression PG, OFF, SG;
@@
(
-F
+NF
 (es
-, sg_page(SG), SG->offset
+, sg_phys(SG)
  , ...)
|
-F
+NF
 (es
-, PG, 0
+, page_to_phys(PG)
  , ...)
|
-F
+NF
 (es
-, PG, OFF
+, page_to_phys(PG) + OFF
  , ...)
)

@depends on patch && iommucall@
expression D, TBL, PG, OFF, SG;
@@
(
-iommu_map_page
+iommu_map_phys
 (D, TBL
-, sg_page(SG), SG->offset
+, sg_phys(SG)
  , ...)
|
-iommu_map_page
+iommu_map_phys
 (D, TBL
-, PG, OFF
+, page_to_phys(PG) + OFF
  , ...)
)

@depends on patch@
identifier mapcall.f, mapcallname.g;
expression D, PG, OFF, SG;
@@
(
-f
+g
 (D
-, sg_page(SG), SG->offset
+, sg_phys(SG)
  , ...)
|
-f
+g
 (D
-, PG, 0
+, page_to_phys(PG)
  , ...)
|
-f
+g
 (D
-, PG, OFF
+, page_to_phys(PG) + OFF
  , ...)
)

@depends on patch@
identifier unmapcall.f, unmapcallname.g;
@@
-f
+g
 (...)

@depends on patch@
identifier unmapdef.f, unmapdefname.g;
@@
-f
+g
 (...) { ... }

@depends on patch@
identifier unmapproto.f, unmapprotoname.g;
type T;
@@
 T
-f
+g
 (...);

@depends on patch@
identifier mapproto.f, mapprotoname.g;
identifier P, O;
parameter list ps;
type T, U;
@@
 T
-f
+g
 (ps
-, struct page *P, U O
+, phys_addr_t phys
 , ...);

// A function in which the address gets its name.
@depends on patch@
identifier fn.F, fn.P, fn.O, fnname.N;
@@
 F(...) {
	...
-	phys_addr_t N = page_to_phys(P) + O;
	...
 }

@depends on patch@
identifier fn.F, fn.P, fn.O, fnname.N;
expression Z, D;
type T;
@@
 F(...) { <...
(
-page_to_phys(P) + O
+N
|
-(T)(page_address(P) + O)
+(T)phys_to_virt(N)
|
-(T)page_address(P) + O
+(T)phys_to_virt(N)
|
-page_address(P) + O
+phys_to_virt(N)
|
-page_to_phys(P)
+N - offset_in_page(N)
|
-page_to_pfn(P)
+PHYS_PFN(N)
|
-page_to_xen_pfn(P)
+XEN_PFN_DOWN(N - offset_in_page(N))
|
 PageHighMem(
-P
+pfn_to_page(PHYS_PFN(N))
 )
|
 is_pci_p2pdma_page(
-P
+pfn_to_page(PHYS_PFN(N))
 )
|
-__dma_page_cpu_to_dev(P, O, Z, D)
+arch_sync_dma_for_device(N, Z, D)
)
 ...> }

@depends on patch@
identifier fn.F, fn.O, fnname.N;
@@
 F(...) { <...
-O
+offset_in_page(N)
 ...> }

// It can map RAM only.
@depends on patch@
identifier map.F, guard.A;
statement S1, S2;
@@
 F(...) {
	... when != S1
+	if (unlikely(A & DMA_ATTR_MMIO))
+		return DMA_MAPPING_ERROR;
	S2
	... when any
 }

@depends on patch@
identifier fn.F, fn.P, fn.O, fnname.N, fnname.NF;
parameter list[fn.n] ps;
type T;
@@
-F
+NF
 (ps
-, struct page *P, T O
+, phys_addr_t N
 , ...) { ... }

@depends on patch@
identifier unmap.G, unmapname.NG;
@@
-G
+NG
 (...) { ... }

@depends on patch@
identifier unmap.G, unmapname.NG;
@@
-G
+NG
 (...)

// ---- context

@depends on context@
identifier mapop.S, mapop.F;
position mapop.p;
@@
 struct dma_map_ops S = { ...,
*	.map_page@p = F,
	..., };

@depends on context@
identifier unmapop.S, unmapop.G;
position unmapop.p;
@@
 struct dma_map_ops S = { ...,
*	.unmap_page@p = G,
	..., };

@depends on context@
identifier shared.f;
@@
*f(...)

// ---- org and report

@initialize:python depends on org || report@
@@
def verdict(p, what):
	why = reason(p)
	if why:
		return "WARNING: not converted: " + why
	return "opportunity for " + what

@script:python depends on org@
p << mapop.p;
@@
coccilib.org.print_todo(p[0], verdict(p, ".map_phys"))

@script:python depends on org@
p << unmapop.p;
@@
coccilib.org.print_todo(p[0], verdict(p, ".unmap_phys"))

@script:python depends on org@
f << shared.f;
p << shared.p;
@@
coccilib.org.print_todo(p[0], verdict(p, new_name(f) + "()"))

@script:python depends on org@
p << other.p;
@@
coccilib.org.print_todo(p[0], "WARNING: not converted: " + OTHER)

@script:python depends on org@
p << notcalled.p;
@@
coccilib.org.print_todo(p[0], "WARNING: not converted: " + OTHER)

@script:python depends on org@
p << called.p;
@@
coccilib.org.print_todo(p[0], "WARNING: not converted: " + CALLED)

@script:python depends on report@
p << mapop.p;
@@
coccilib.report.print_report(p[0], verdict(p, ".map_phys"))

@script:python depends on report@
p << unmapop.p;
@@
coccilib.report.print_report(p[0], verdict(p, ".unmap_phys"))

@script:python depends on report@
f << shared.f;
p << shared.p;
@@
coccilib.report.print_report(p[0], verdict(p, new_name(f) + "()"))

@script:python depends on report@
p << other.p;
@@
coccilib.report.print_report(p[0], "WARNING: not converted: " + OTHER)

@script:python depends on report@
p << notcalled.p;
@@
coccilib.report.print_report(p[0], "WARNING: not converted: " + OTHER)

@script:python depends on report@
p << called.p;
@@
coccilib.report.print_report(p[0], "WARNING: not converted: " + CALLED)
