// SPDX-License-Identifier: GPL-2.0-only
//
// Namespaces of controllers whose driver maps through the request iterators
// take peer-to-peer memory that has no struct page.  A flag of the driver says
// so (NVME_F_P2P_PHYS, 0401): ->supports_pci_p2pdma() alone is true for
// nvme-rdma as well, which maps scatterlists and needs the pages.
//
// Probe: drivers/nvme/host/core.c: BLK_FEAT_PCI_P2PDMA
// Skip-if: drivers/nvme/host/core.c: BLK_FEAT_P2P_PHYS
// Files: drivers/nvme/host/core.c drivers/nvme/host/pci.c
// Hunks: 3

@@
struct nvme_ctrl *ctrl;
struct queue_limits lim;
symbol BLK_FEAT_PCI_P2PDMA;
@@
 if (ctrl->ops->supports_pci_p2pdma &&
     ctrl->ops->supports_pci_p2pdma(ctrl))
+{
 	lim.features |= BLK_FEAT_PCI_P2PDMA;
+	if (ctrl->ops->flags & NVME_F_P2P_PHYS)
+		lim.features |= BLK_FEAT_P2P_PHYS;
+}

@@
symbol NVME_F_METADATA_SUPPORTED;
@@
 struct nvme_ctrl_ops nvme_pci_ctrl_ops = {
 	.flags =
-		NVME_F_METADATA_SUPPORTED
+		NVME_F_METADATA_SUPPORTED | NVME_F_P2P_PHYS
 	,
 };
