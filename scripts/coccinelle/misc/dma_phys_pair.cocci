// SPDX-License-Identifier: GPL-2.0-only
/// Find dma_unmap_phys() with a size, a direction or DMA_ATTR_MMIO other than
/// that of the mapping.
///
/// The address is followed by name within the file: a member of a structure, or
/// a variable of one function.  A difference is reported if no mapping of that
/// name is like it; sizes are compared if both are constants.
///
// Confidence: Moderate
// Comments: two members of one name are taken for one.
// Options: --no-includes --include-headers

virtual context
virtual org
virtual report

@initialize:python@
@@
import re

maps = {}	# (file, name) -> [(size, direction, attributes)]

def key(p, e):
	e = re.sub(r"\s|\[.*?\]|[()&*]", "", e)
	m = re.search(r"(?:->|\.)(\w+)$", e)
	return (p.file, m.group(1) if m else (p.current_element, e))

def constant(e):
	return re.match(r"^(\d\w*|[A-Z][A-Z0-9_]*|sizeof ?\(.*\))$", e.strip())

def mmio(attrs):
	"""None: not known."""
	if "DMA_ATTR_MMIO" in attrs:
		return True
	return False if re.match(r"^[A-Z0-9_| ]+$", attrs) else None

def differs(p, what, size, direction, attrs):
	seen = maps.get(key(p, what))
	if not seen:
		return None
	if constant(direction) and all(constant(d) and d != direction
				       for s, d, a in seen):
		return "%s, mapped %s" % (direction, seen[0][1])
	if mmio(attrs) is not None and all(mmio(a) is not None and
			mmio(a) != mmio(attrs) for s, d, a in seen):
		return ("DMA_ATTR_MMIO, mapped without" if mmio(attrs) else
			"no DMA_ATTR_MMIO, mapped with it")
	if constant(size) and all(constant(s) and s != size
				  for s, d, a in seen):
		return "size %s, mapped %s" % (size, seen[0][0])
	return None

@map@
expression X, dev, phys, size, dir, attrs;
position p;
@@
 X = dma_map_phys@p(dev, phys, size, dir, attrs)

@script:python@
X << map.X;
size << map.size;
dir << map.dir;
attrs << map.attrs;
p << map.p;
@@
maps.setdefault(key(p[0], X), []).append((size, dir, attrs))

@init@
type T;
identifier v;
expression dev, phys, size, dir, attrs;
position p;
@@
 T v = dma_map_phys@p(dev, phys, size, dir, attrs);

@script:python@
v << init.v;
size << init.size;
dir << init.dir;
attrs << init.attrs;
p << init.p;
@@
maps.setdefault(key(p[0], v), []).append((size, dir, attrs))

@unmap@
expression dev, what, size, dir, attrs;
position p;
@@
 dma_unmap_phys@p(dev, what, size, dir, attrs)

@script:python@
what << unmap.what;
size << unmap.size;
dir << unmap.dir;
attrs << unmap.attrs;
p << unmap.p;
@@
if not differs(p[0], what, size, dir, attrs):
	cocci.include_match(False)

@depends on context@
position unmap.p;
@@
*dma_unmap_phys@p(...)

@script:python depends on org@
what << unmap.what;
size << unmap.size;
dir << unmap.dir;
attrs << unmap.attrs;
p << unmap.p;
@@
coccilib.org.print_todo(p[0], "WARNING: unmapped other than mapped: " + differs(p[0], what, size, dir, attrs))

@script:python depends on report@
what << unmap.what;
size << unmap.size;
dir << unmap.dir;
attrs << unmap.attrs;
p << unmap.p;
@@
coccilib.report.print_report(p[0], "WARNING: unmapped other than mapped: " + differs(p[0], what, size, dir, attrs))
