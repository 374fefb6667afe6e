// SPDX-License-Identifier: GPL-2.0-only
//
// dma_map_resource() knows nothing of who owns the address.  Its body becomes
// dma_map_mmio(), for addresses that nobody registered; the exported name moves
// to kernel/dma/phys_map.c, where the owner is looked up first.  The same for
// unmapping.
//
// Probe: kernel/dma/mapping.c: ^dma_addr_t dma_map_resource\(
// Probe: kernel/dma/mapping.c: ^void dma_unmap_resource\(
// Files: kernel/dma/mapping.c
// Hunks: 4

@@
type T;
parameter list ps;
@@
 T
-dma_map_resource
+dma_map_mmio
 (ps)
 {
 ...
 }

@@
type T;
parameter list ps;
@@
 T
-dma_unmap_resource
+dma_unmap_mmio
 (ps)
 {
 ...
 }

@@
declarer name EXPORT_SYMBOL;
@@
(
-EXPORT_SYMBOL(dma_map_resource);
|
-EXPORT_SYMBOL(dma_unmap_resource);
)
