// SPDX-License-Identifier: GPL-2.0-only
//
// nvme-pci registers its CMB as a range of peer-to-peer memory: no struct page,
// no alignment beyond 4 KiB, no linear map.  Submission queues in the CMB are
// written through the write-combining mapping that p2pmem_alloc() returns.
// Where this is configured out, <linux/pci-p2pmem.h> has the page-backed memory
// of PCI_P2PDMA behind the same names, with stock's demands on alignment.
//
// The fields and barriers for that, with their comments, are in 0421.
//
// Probe: drivers/nvme/host/pci.c: pci_p2pdma_add_resource\(
// Skip-if: drivers/nvme/host/pci.c: p2pmem_register\(
// Files: drivers/nvme/host/pci.c
// Hunks: 7

@@ @@
-#include <linux/pci-p2pdma.h>
+#include <linux/pci-p2pmem.h>

@@
expression pdev, size;
struct nvme_queue *nvmeq;
@@
-pci_free_p2pmem(pdev, nvmeq->sq_cmds, size)
+p2pmem_free(pdev, nvmeq->sq_phys, size)

// The bus address of memory that was just allocated cannot be missing.
@@
expression pdev, size;
struct nvme_queue *nvmeq;
@@
-nvmeq->sq_cmds = pci_alloc_p2pmem(pdev, size);
-if (nvmeq->sq_cmds) {
+nvmeq->sq_cmds_io = p2pmem_alloc(pdev, size, &nvmeq->sq_phys);
+if (nvmeq->sq_cmds_io) {
 	nvmeq->sq_dma_addr =
-		pci_p2pmem_virt_to_bus(pdev, nvmeq->sq_cmds);
+		p2pmem_phys_to_bus(pdev, nvmeq->sq_phys);
-	if (nvmeq->sq_dma_addr) {
 		set_bit(NVMEQ_SQ_CMB, &nvmeq->flags);
 		return 0;
-	}
-	...
 }

@@
expression pdev, bar;
identifier size;
@@
-if (!IS_ALIGNED(size, memremap_compat_align()) ||
-    !IS_ALIGNED(pci_resource_start(pdev, bar), memremap_compat_align()))
+if (!p2pmem_can_register(pdev, bar, size))
 	return;

@@ @@
-pci_p2pdma_add_resource
+p2pmem_register
 (...)

@@ @@
-pci_p2pmem_publish
+p2pmem_publish
 (...)

@@
identifier nvmeq, write_sq;
statement S;
@@
 nvme_write_sq_db(struct nvme_queue *nvmeq, bool write_sq)
 {
+	if (test_bit(NVMEQ_SQ_CMB, &nvmeq->flags)) {
+		/*
+		 * The commands may still sit in this CPU's write combining
+		 * buffers.  Drain them even if the doorbell is not rung now:
+		 * the CPU that rings it for them later cannot.
+		 */
+		wmb();
+	}
+
 	if (!write_sq) S
 	...
 }
