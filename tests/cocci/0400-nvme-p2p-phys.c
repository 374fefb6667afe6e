// SPDX-License-Identifier: GPL-2.0-only

static void alloc_ns(struct nvme_ctrl *ctrl)
{
	struct queue_limits lim = { };

	if (ctrl->opts && ctrl->opts->data_digest)
		lim.features |= BLK_FEAT_STABLE_WRITES;
	if (ctrl->ops->supports_pci_p2pdma &&
	    ctrl->ops->supports_pci_p2pdma(ctrl))
		lim.features |= BLK_FEAT_PCI_P2PDMA;

	use(&lim);
}

static const struct nvme_ctrl_ops nvme_pci_ctrl_ops = {
	.name			= "pcie",
	.flags			= NVME_F_METADATA_SUPPORTED,
	.supports_pci_p2pdma	= nvme_pci_supports_pci_p2pdma,
};

/* maps scatterlists: must not get the flag */
static const struct nvme_ctrl_ops nvme_rdma_ctrl_ops = {
	.name			= "rdma",
	.flags			= NVME_F_METADATA_SUPPORTED,
	.supports_pci_p2pdma	= nvme_rdma_supports_pci_p2pdma,
};
