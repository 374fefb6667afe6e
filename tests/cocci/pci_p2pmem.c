// SPDX-License-Identifier: GPL-2.0-only
#include <linux/pci.h>
#include <linux/pci-p2pdma.h>
struct my_queue {
	void *cmds;
	dma_addr_t bus;
};

static int add(struct pci_dev *pdev, int bar)
{
	int rc = pci_p2pdma_add_resource(pdev, bar, SZ_1M, 0);
	if (rc)
		return rc;
	pci_p2pmem_publish(pdev, true);
	return 0;
}

static int alloc(struct pci_dev *pdev, struct my_queue *q)
{
	q->cmds = pci_alloc_p2pmem(pdev, SZ_4K);
	if (!q->cmds)
		return -ENOMEM;
	q->bus = pci_p2pmem_virt_to_bus(pdev, q->cmds);
	if (!q->bus) {
		pci_free_p2pmem(pdev, q->cmds, SZ_4K);
		return -ENXIO;
	}
	return 0;
}
static void release(struct pci_dev *pdev, struct my_queue *q)
{
	pci_free_p2pmem(pdev, q->cmds, SZ_4K);
}
static int local(struct pci_dev *pdev)
{
	void *p;

	p = pci_alloc_p2pmem(pdev, 4);
	if (!p)
		return -ENOMEM;
	use(pci_p2pmem_virt_to_bus(pdev, p));
	pci_free_p2pmem(pdev, p, 4);
	return 0;
}
/* Not seen here: the structure is defined elsewhere. */
static int elsewhere(struct other *o, struct bio_vec *bv)
{
	if (is_pci_p2pdma_page(bvec_page(bv)))
		return 1;
	o->buf = pci_alloc_p2pmem(o->pdev, 4);
	pci_free_p2pmem(o->pdev, o->buf, 4);
	o->sg = pci_p2pmem_alloc_sgl(o->pdev, &o->n, 4);
	o->pdev = pci_p2pmem_find_many(o->clients, 2);
	return 0;
}
