// SPDX-License-Identifier: GPL-2.0-only
//
// RAM is mapped by its physical address from end to end.  What
// dma_map_page_attrs() did is done by dma_map_ram(), which dma_map_phys() calls
// in kernel/dma/phys_map.c, and which has an address where the other has a
// page; only the debugging aids want the page.
//
// It is inlined into both: who maps by page runs no instruction more than
// before, and who maps by address saves the way to a page and back.
//
// Probe: kernel/dma/mapping.c: ^dma_addr_t dma_map_page_attrs\(
// Probe: include/linux/dma-map-ops.h: dma_ops_map_phys\(
// Files: kernel/dma/mapping.c kernel/dma/ops_helpers.c
// Hunks: 8

@@
identifier dev, page, offset, size, dir, attrs, ops, addr;
@@
 dma_map_page_attrs(struct device *dev, struct page *page, size_t offset,
		    size_t size, enum dma_data_direction dir,
		    unsigned long attrs)
 { <...
(
-page_to_phys(page) + offset + size
+phys + size
|
-dma_direct_map_phys(dev, page_to_phys(page) + offset, size, dir, attrs)
+dma_direct_map_phys(dev, phys, size, dir, attrs)
|
-iommu_dma_map_phys(dev, page_to_phys(page) + offset, size, dir, attrs)
+iommu_dma_map_phys(dev, phys, size, dir, attrs)
|
-ops->map_page(dev, page, offset, size, dir, attrs)
+dma_ops_map_phys(ops, dev, phys, size, dir, attrs)
|
-kmsan_handle_dma(page, offset, size, dir)
+kmsan_handle_dma(pfn_to_page(PHYS_PFN(phys)), offset_in_page(phys), size, dir)
|
-trace_dma_map_page(dev, page_to_phys(page) + offset, addr, size, dir, attrs)
+trace_dma_map_page(dev, phys, addr, size, dir, attrs)
|
-debug_dma_map_page(dev, page, offset, size, dir, addr, attrs)
+debug_dma_map_page(dev, pfn_to_page(PHYS_PFN(phys)), offset_in_page(phys),
+		    size, dir, addr, attrs)
)
 ...> }

@@
typedef dma_addr_t, phys_addr_t;
identifier dev, page, offset, size, dir, attrs;
@@
-dma_addr_t dma_map_page_attrs(struct device *dev, struct page *page,
-	size_t offset, size_t size, enum dma_data_direction dir,
-	unsigned long attrs)
+static inline dma_addr_t __dma_map_ram(struct device *dev, phys_addr_t phys,
+	size_t size, enum dma_data_direction dir, unsigned long attrs)
 {
 ...
 }
+dma_addr_t dma_map_page_attrs(struct device *dev, struct page *page,
+	size_t offset, size_t size, enum dma_data_direction dir,
+	unsigned long attrs)
+{
+	return __dma_map_ram(dev, page_to_phys(page) + offset, size, dir,
+			     attrs);
+}

@@
@@
 __dma_map_ram(...) { ... }
+dma_addr_t dma_map_ram(struct device *dev, phys_addr_t phys, size_t size,
+		       enum dma_data_direction dir, unsigned long attrs)
+{
+	return __dma_map_ram(dev, phys, size, dir, attrs);
+}

@@
struct dma_map_ops *ops;
expression dev, page, off;
@@
(
-ops->map_page(dev, page, 0,
+dma_ops_map_phys(ops, dev, page_to_phys(page),
 ...)
|
-ops->map_page(dev, page, off,
+dma_ops_map_phys(ops, dev, page_to_phys(page) + off,
 ...)
)

@@
struct dma_map_ops *ops;
@@
 if (
-	ops->unmap_page
+	ops->unmap_phys || ops->unmap_page
    )
	ops->unmap_page(...);

@@
struct dma_map_ops *ops;
expression list es;
@@
-ops->unmap_page(es)
+dma_ops_unmap_phys(ops, es)
