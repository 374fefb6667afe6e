// SPDX-License-Identifier: GPL-2.0-only

#include <linux/pci-p2pdma.h>

static inline void nvme_write_sq_db(struct nvme_queue *nvmeq, bool write_sq)
{
	if (!write_sq) {
		if (more(nvmeq))
			return;
	}

	writel(nvmeq->sq_tail, nvmeq->q_db);
}

static void free_queue(struct nvme_queue *nvmeq)
{
	if (test_and_clear_bit(NVMEQ_SQ_CMB, &nvmeq->flags)) {
		pci_free_p2pmem(to_pci_dev(nvmeq->dev->dev),
				nvmeq->sq_cmds, SQ_SIZE(nvmeq));
	} else {
		free(nvmeq->sq_cmds);
	}
}

static int alloc_sq(struct pci_dev *pdev, struct nvme_queue *nvmeq)
{
	if (use_cmb) {
		nvmeq->sq_cmds = pci_alloc_p2pmem(pdev, SQ_SIZE(nvmeq));
		if (nvmeq->sq_cmds) {
			nvmeq->sq_dma_addr = pci_p2pmem_virt_to_bus(pdev,
							nvmeq->sq_cmds);
			if (nvmeq->sq_dma_addr) {
				set_bit(NVMEQ_SQ_CMB, &nvmeq->flags);
				return 0;
			}

			pci_free_p2pmem(pdev, nvmeq->sq_cmds, SQ_SIZE(nvmeq));
		}
	}

	nvmeq->sq_cmds = alloc(SQ_SIZE(nvmeq));
	return nvmeq->sq_cmds ? 0 : -ENOMEM;
}

static void map_cmb(struct pci_dev *pdev, int bar)
{
	u64 size = cmb_size(pdev), offset = cmb_offset(pdev);

	if (!IS_ALIGNED(size, memremap_compat_align()) ||
	    !IS_ALIGNED(pci_resource_start(pdev, bar),
			memremap_compat_align()))
		return;

	if (pci_p2pdma_add_resource(pdev, bar, size, offset)) {
		warn(pdev);
		return;
	}

	pci_p2pmem_publish(pdev, true);
}
