// SPDX-License-Identifier: GPL-2.0-only
/// Map by physical address: dma_map_phys() and dma_unmap_phys() instead of
/// dma_map_page(), dma_map_bvec() and dma_map_resource() and what unmaps them.
///
/// A page is converted together with what unmaps it.  What dma_unmap_page() is
/// given is followed back, within the file: through local variables, members
/// (by name), dma_unmap_addr_set(), byte order and casts.  If all that can get
/// there was mapped as a page, mapping and unmapping are converted; if something
/// else can (dma_map_single(), a caller, another file), all of it is reported
/// with the reason and left alone.
///
/// Pages stay memory with pages, and keep their attributes: this makes no driver
/// take peer-to-peer memory.  dma_map_resource() gets DMA_ATTR_MMIO; it means
/// the same as what replaces it, so it needs no pairing.
///
// Confidence: High
// Comments: a store through a pointer to a member, and memcpy() of a structure
//	that holds the address, are not seen.
// Options: --no-includes --include-headers

virtual patch
virtual context
virtual org
virtual report

@initialize:python@
@@
import re

MAPS = ("dma_map_page", "dma_map_page_attrs", "dma_map_bvec")
UNMAPS = ("dma_unmap_page", "dma_unmap_page_attrs")
OTHER = re.compile(r"\b((?:dma|skb_frag_dma|pci|ib_dma|iommu_dma)_map_\w+|"
		   r"skb_frag_dma_map|dma_(?:alloc|pool_alloc)\w*|\w+)\s*\(")
WRAP = re.compile(r"^(?:(?:cpu_to|__cpu_to)_?[lb]e\d+p?|[lb]e\d+_to_cpup?|"
		  r"lower_32_bits|upper_32_bits|swab\d+|READ_ONCE)\s*\((.*)\)$")
ADDR = re.compile(r"^dma_unmap_addr\s*\(\s*(.*?)\s*,\s*(\w+)\s*\)$")
CALL = re.compile(r"^\w+\s*\(.*\)$", re.S)
CONST = re.compile(r"^\(?[-~]?\s*(?:\(\s*\w+\s*\)\s*)?[-~]?"
		   r"(?:0x\w+|\d\w*|[A-Z][A-Z0-9_]*)\)?$")

class File:
	def __init__(self):
		self.maps = {}		# position -> (function, name, target)
		self.unmaps = {}	# position -> (function, name, what)
		self.stores = []	# (function, target, value)
		self.types = {}		# (function, variable) -> structure
		self.why = None		# position -> reason, or None: convert

files = {}

def where(p):
	return (int(p.line), int(p.column))

def file_of(p):
	return files.setdefault(p.file, File())

def strip(e):
	"""The value without casts, byte order, parentheses and offsets."""
	while True:
		e = e.strip()
		old = e
		m = WRAP.match(e)
		if m:
			e = m.group(1)
		if e.startswith("("):
			depth = 0
			for i, c in enumerate(e):
				depth += (c == "(") - (c == ")")
				if not depth:
					break
			inner, rest = e[1:i].strip(), e[i + 1:].strip()
			if not rest:
				e = inner
			elif re.match(r"^(const |unsigned )?(struct )?\w+[ *]*$",
				      inner) and re.match(r"[\w(*~-]", rest):
				e = rest
		depth = 0
		for i, c in enumerate(e):
			depth += (c in "([") - (c in ")]")
			if not depth and c in "+-|&" and i and \
			   e[i - 1] == " " and e[i + 1:i + 2] == " ":
				e = e[:i]
				break
		if e == old:
			return e

class Member:
	"""A member of a structure, or of some structure (of is None)."""
	def __init__(self, name, of):
		self.name, self.of = name, of

	def __eq__(self, other):
		return isinstance(other, Member) and \
			self.name == other.name and \
			(not self.of or not other.of or self.of == other.of)

	def __hash__(self):
		return hash(self.name)

def note_type(f, fn, v, t):
	m = re.search(r"\b(?:struct|union)\s+(\w+)", t)
	f.types[fn, v] = m.group(1) if m else None

def key(f, fn, e):
	"""Where an address is kept: a member, or a variable of a function."""
	e = strip(e)
	m = ADDR.match(e)
	if m:
		return Member(m.group(2), f.types.get((fn, m.group(1))))
	indexed = ""
	while e.endswith("]"):
		indexed = "[]"
		depth = 0
		for i in range(len(e) - 1, -1, -1):
			depth += (e[i] == "]") - (e[i] == "[")
			if not depth:
				break
		e = e[:i].strip()
	if re.match(r"^\w+$", e):
		return (fn, e + indexed)
	m = re.search(r"^(.*)(?:->|\.)\s*(\w+)$", e)
	if m:
		base = m.group(1).strip("() ")
		return Member(m.group(2) + indexed, f.types.get((fn, base)))
	m = re.match(r"^\*\s*(\w+)$", e)
	return (fn, "*" + m.group(1)) if m else None

def show(k):
	return k.name if isinstance(k, Member) else k[1]

def follow(f, fn, what):
	"""All that can be in what: mappings of pages, and why not."""
	first = key(f, fn, what)
	if first is None:
		return set(), "what is unmapped here cannot be followed"
	seen, todo, found, why = [first], [first], set(), None
	while todo:
		k = todo.pop()
		known = False
		for pos, (g, name, target) in f.maps.items():
			if target is not None and key(f, g, target) == k:
				found.add(pos)
				known = True
		for g, target, value in f.stores:
			if key(f, g, target) != k:
				continue
			known = True
			v = strip(value)
			if any(re.search(r"\b%s\s*\(" % m, v) for m in MAPS):
				continue
			if CONST.match(v):
				continue
			nxt = key(f, g, v)
			if nxt is None or CALL.match(v) and not ADDR.match(v):
				m = OTHER.search(v)
				why = "may be an address of %s" % (
					m.group(1) + "()" if m else v)
			elif nxt not in seen:
				seen.append(nxt)
				todo.append(nxt)
		if not known:
			why = why or ("%s comes from a caller or another file"
				      % show(k))
	return found, why

def decide(f):
	"""A reason for each site that stays; groups convert as a whole."""
	f.why = {}
	group = {}
	for pos, (fn, name, what) in f.unmaps.items():
		found, why = follow(f, fn, what)
		if name not in UNMAPS:
			# of interest only if it unmaps a page
			if not found:
				continue
			why = "also unmapped by %s()" % name
		members = {pos} | found
		old = [group[m] for m in members if m in group]
		g = {"sites": set(members), "why": why}
		for o in old:
			g["sites"] |= o["sites"]
			g["why"] = g["why"] or o["why"]
		for m in g["sites"]:
			group[m] = g
	for pos, (fn, name, target) in f.maps.items():
		if pos not in group:
			k = target is not None and key(f, fn, target)
			f.why[pos] = ("no unmapping of %s found in this file" %
				      show(k) if k else
				      "where the address is kept is not seen")
	for pos, (fn, name, what) in f.unmaps.items():
		if name not in UNMAPS:
			continue
		if not any(m in f.maps for m in group[pos]["sites"]) and \
		   not group[pos]["why"]:
			group[pos]["why"] = "no mapping as a page found"
	for pos, g in group.items():
		f.why[pos] = g["why"]

def reason(p):
	"""Why the site at p stays; None if it is converted."""
	f = file_of(p[0])
	if f.why is None:
		decide(f)
	return f.why.get(where(p[0]))

// ---- what there is, in all modes

@map@
expression list es;
identifier f = {dma_map_page, dma_map_page_attrs, dma_map_bvec};
position p;
@@
 f@p(es)

@script:python@
f << map.f;
p << map.p;
@@
file_of(p[0]).maps[where(p[0])] = (p[0].current_element, f, None)

// Where the address goes.
@kept@
expression X;
expression list es;
identifier f = {dma_map_page, dma_map_page_attrs, dma_map_bvec};
position p;
@@
 X = <+... f@p(es) ...+>

@script:python@
X << kept.X;
f << kept.f;
p << kept.p;
@@
file_of(p[0]).maps[where(p[0])] = (p[0].current_element, f, X)

@keptinit@
type T;
identifier v;
expression list es;
identifier f = {dma_map_page, dma_map_page_attrs, dma_map_bvec};
position p;
@@
 T v = <+... f@p(es) ...+>;

@script:python@
v << keptinit.v;
f << keptinit.f;
p << keptinit.p;
@@
file_of(p[0]).maps[where(p[0])] = (p[0].current_element, f, v)

@keptset@
identifier fld;
expression E;
expression list es;
identifier f = {dma_map_page, dma_map_page_attrs, dma_map_bvec};
position p;
@@
 dma_unmap_addr_set(E, fld, <+... f@p(es) ...+>)

@script:python@
E << keptset.E;
fld << keptset.fld;
f << keptset.f;
p << keptset.p;
@@
file_of(p[0]).maps[where(p[0])] = (p[0].current_element, f,
				   "dma_unmap_addr(%s, %s)" % (E, fld))

@unmap@
expression dev, what;
expression list es;
identifier f = {dma_unmap_page, dma_unmap_page_attrs, dma_unmap_single,
	dma_unmap_single_attrs, dma_unmap_resource};
position p;
@@
 f@p(dev, what, es)

@script:python@
what << unmap.what;
f << unmap.f;
p << unmap.p;
@@
file_of(p[0]).unmaps[where(p[0])] = (p[0].current_element, f, what)

@decl depends on unmap@
type T;
identifier v;
position p;
@@
 T v@p;

@script:python@
T << decl.T;
v << decl.v;
p << decl.p;
@@
note_type(file_of(p[0]), p[0].current_element, v, T)

@param depends on unmap@
type T;
identifier fn, v;
position p;
@@
 fn(..., T v@p, ...) { ... }

@script:python@
T << param.T;
fn << param.fn;
v << param.v;
p << param.p;
@@
note_type(file_of(p[0]), fn, v, T)

@stored depends on unmap@
expression X, Y;
position p;
@@
 X@p = Y

@script:python@
X << stored.X;
Y << stored.Y;
p << stored.p;
@@
file_of(p[0]).stores.append((p[0].current_element, X, Y))

@storedinit depends on unmap@
type T;
identifier v;
expression Y;
position p;
@@
 T v@p = Y;

@script:python@
T << storedinit.T;
v << storedinit.v;
Y << storedinit.Y;
p << storedinit.p;
@@
note_type(file_of(p[0]), p[0].current_element, v, T)
file_of(p[0]).stores.append((p[0].current_element, v, Y))

@storedset depends on unmap@
identifier fld;
expression E, Y;
position p;
@@
 dma_unmap_addr_set@p(E, fld, Y)

@script:python@
E << storedset.E;
fld << storedset.fld;
Y << storedset.Y;
p << storedset.p;
@@
file_of(p[0]).stores.append((p[0].current_element,
			     "dma_unmap_addr(%s, %s)" % (E, fld), Y))

// Somebody else fills it in.
@out depends on unmap@
identifier g != {dma_sync_single_for_cpu, dma_sync_single_for_device};
expression X;
position p;
@@
 g@p(..., &X, ...)

@script:python@
X << out.X;
g << out.g;
p << out.p;
@@
file_of(p[0]).stores.append((p[0].current_element, X, g + "(...)"))

@site@
identifier f = {dma_map_page, dma_map_page_attrs, dma_map_bvec,
	dma_unmap_page, dma_unmap_page_attrs};
position p : script:python() { not reason(p) };
@@
 f@p(...)

@bad@
identifier f = {dma_map_page, dma_map_page_attrs, dma_map_bvec,
	dma_unmap_page, dma_unmap_page_attrs};
position p : script:python() { bool(reason(p)) };
@@
 f@p(...)

@res@
identifier f = {dma_map_resource, dma_unmap_resource};
position p;
@@
 f@p(...)

// ---- patch

@depends on patch@
expression dev, B, P, off, len, dir, attrs, addr;
position site.p;
@@
(
-dma_map_bvec@p(dev, &B, dir, attrs)
+dma_map_phys(dev, bvec_phys(&B), B.bv_len, dir, attrs)
|
-dma_map_bvec@p(dev, B, dir, attrs)
+dma_map_phys(dev, bvec_phys(B), B->bv_len, dir, attrs)
|
-dma_map_page@p(dev, bvec_page(B), bvec_offset(B), len, dir)
+dma_map_phys(dev, bvec_phys(B), len, dir, 0)
|
-dma_map_page@p(dev, bvec_page(B), bvec_offset(B) + off, len, dir)
+dma_map_phys(dev, bvec_phys(B) + off, len, dir, 0)
|
-dma_map_page_attrs@p(dev, bvec_page(B), bvec_offset(B), len, dir, attrs)
+dma_map_phys(dev, bvec_phys(B), len, dir, attrs)
|
-dma_map_page_attrs@p(dev, bvec_page(B), bvec_offset(B) + off, len, dir, attrs)
+dma_map_phys(dev, bvec_phys(B) + off, len, dir, attrs)
|
-dma_map_page@p(dev, virt_to_page(P), offset_in_page(P), len, dir)
+dma_map_phys(dev, virt_to_phys(P), len, dir, 0)
|
-dma_map_page@p(dev, P, 0, len, dir)
+dma_map_phys(dev, page_to_phys(P), len, dir, 0)
|
-dma_map_page@p(dev, P, off, len, dir)
+dma_map_phys(dev, page_to_phys(P) + off, len, dir, 0)
|
-dma_map_page_attrs@p(dev, P, 0, len, dir, attrs)
+dma_map_phys(dev, page_to_phys(P), len, dir, attrs)
|
-dma_map_page_attrs@p(dev, P, off, len, dir, attrs)
+dma_map_phys(dev, page_to_phys(P) + off, len, dir, attrs)
|
-dma_unmap_page@p(dev, addr, len, dir)
+dma_unmap_phys(dev, addr, len, dir, 0)
|
-dma_unmap_page_attrs@p(dev, addr, len, dir, attrs)
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

// ---- context: what can be converted

@depends on context@
identifier site.f;
position site.p;
@@
*f@p(...)

@depends on context@
identifier res.f;
position res.p;
@@
*f@p(...)

// ---- org and report

@script:python depends on org@
f << site.f;
p << site.p;
@@
coccilib.org.print_todo(p[0], "opportunity for dma_[un]map_phys() instead of %s()" % f)

@script:python depends on org@
f << bad.f;
p << bad.p;
@@
coccilib.org.print_todo(p[0], "WARNING: %s() not converted: %s" % (f, reason(p)))

@script:python depends on org@
f << res.f;
p << res.p;
@@
coccilib.org.print_todo(p[0], "opportunity for dma_[un]map_phys() with DMA_ATTR_MMIO")

@script:python depends on report@
f << site.f;
p << site.p;
@@
coccilib.report.print_report(p[0], "opportunity for dma_[un]map_phys() instead of %s()" % f)

@script:python depends on report@
f << bad.f;
p << bad.p;
@@
coccilib.report.print_report(p[0], "WARNING: %s() not converted: %s" % (f, reason(p)))

@script:python depends on report@
f << res.f;
p << res.p;
@@
coccilib.report.print_report(p[0], "opportunity for dma_[un]map_phys() with DMA_ATTR_MMIO")
