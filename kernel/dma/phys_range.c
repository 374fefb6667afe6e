// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registering pieces of BARs for peer-to-peer DMA.
 */

#define pr_fmt(fmt) "dma-phys: " fmt

#include <linux/cleanup.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/memremap.h>
#include "phys_range.h"

LIST_HEAD(dma_phys_ranges);

/* Is the memory wrapped in struct pages by somebody else already? */
static bool dma_phys_has_pages(phys_addr_t start, phys_addr_t size)
{
#ifdef CONFIG_ZONE_DEVICE
	phys_addr_t pos;

	/* pagemaps come in subsections; no need to ask for every page */
	for (pos = 0; pos < size; pos += PAGES_PER_SUBSECTION << PAGE_SHIFT) {
		struct dev_pagemap *pgmap;

		pgmap = get_dev_pagemap(PHYS_PFN(start + pos), NULL);
		if (pgmap) {
			put_dev_pagemap(pgmap);
			return true;
		}
	}
#endif
	return false;
}

/*
 * Is it a memory BAR without an address?  Where the PCI core found none it has
 * forgotten what kind of BAR it was; the register still says.
 */
static bool dma_phys_bar_unassigned(struct pci_dev *pdev, int bar)
{
	struct resource *res = &pdev->resource[bar];
	u32 reg;
	int i;

	if (res->flags & IORESOURCE_MEM)
		return res->flags & IORESOURCE_UNSET || !res->parent ||
		       !res->start;
	if (res->flags)
		return false;

	for (i = 0; i <= bar; i++) {
		pci_read_config_dword(pdev, PCI_BASE_ADDRESS_0 + 4 * i, &reg);
		if (reg & PCI_BASE_ADDRESS_SPACE_IO)
			continue;
		if (i == bar)
			return reg & (PCI_BASE_ADDRESS_MEM_TYPE_64 |
				      PCI_BASE_ADDRESS_MEM_PREFETCH);
		if (reg & PCI_BASE_ADDRESS_MEM_TYPE_64)
			i++;	/* its upper half is no BAR */
	}
	return false;
}

static int dma_phys_check_bar(struct pci_dev *pdev, int bar, u64 offset,
			      u64 size)
{
	struct resource *res = &pdev->resource[bar];
	u16 cmd;

	if (dma_phys_bar_unassigned(pdev, bar)) {
		pci_err(pdev, "BAR %d has no address; a bridge window above may be too small (try pci=realloc)\n",
			bar);
		return -ENXIO;
	}
	if (!(res->flags & IORESOURCE_MEM)) {
		pci_err(pdev, "BAR %d is not memory, it cannot be a peer-to-peer range\n",
			bar);
		return -EOPNOTSUPP;
	}
	pci_read_config_word(pdev, PCI_COMMAND, &cmd);
	if (!(cmd & PCI_COMMAND_MEMORY)) {
		pci_err(pdev, "BAR %d is disabled; call pci_enable_device_mem() first\n",
			bar);
		return -ENODEV;
	}
	if (offset > resource_size(res) || size > resource_size(res) - offset) {
		pci_err(pdev, "BAR %d has %#llx bytes, %#llx+%#llx is beyond its end\n",
			bar, (u64)resource_size(res), offset, size);
		return -ERANGE;
	}
	if (dma_phys_has_pages(res->start + offset, size)) {
		pci_err(pdev, "BAR %d has struct pages already (pci_p2pdma_add_resource()); use one or the other\n",
			bar);
		return -EBUSY;
	}
	return 0;
}

/**
 * dma_phys_add_bar - let other devices do DMA to a piece of a BAR
 * @r: memory for the range; stays until dma_phys_del() has returned
 * @pdev: the provider
 * @bar: number of a memory BAR that is assigned and enabled
 * @offset: where in the BAR the piece starts, in bytes, 4 KiB aligned
 * @size: its length in bytes, a multiple of 4 KiB
 *
 * The bus offset is that of the host bridge window the BAR lies in (see
 * pcibios_resource_to_bus()), read now: after the BAR has moved, unregister
 * and register again.
 *
 * Context: process context, may sleep.
 * Return: 0, or with a message that names the device and the BAR:
 * * -EOPNOTSUPP: not a memory BAR
 * * -ENXIO: no address assigned
 * * -ENODEV: memory decoding is off
 * * -ERANGE: beyond the end of the BAR
 * * -EINVAL: zero length
 * * -EFAULT: not 4 KiB aligned
 * * -EOVERFLOW: wraps around the end of the address space
 * * -EEXIST: overlaps a range that is registered
 * * -EBUSY: overlaps System RAM, or has struct pages
 * * -ENOMEM: out of memory
 */
int dma_phys_add_bar(struct dma_phys_range *r, struct pci_dev *pdev, int bar,
		     u64 offset, u64 size)
{
	int error;

	if (bar < 0 || bar >= PCI_STD_NUM_BARS) {
		pci_err(pdev, "there is no BAR %d\n", bar);
		return -ERANGE;
	}
	error = dma_phys_check_bar(pdev, bar, offset, size);
	if (error)
		return error;

	snprintf(r->name, sizeof(r->name), "%s BAR %d", pci_name(pdev), bar);
	r->bar = bar;
	r->provider.owner = &pdev->dev;
	r->provider.bus_offset = (u64)pci_bus_address(pdev, bar) -
				 (u64)pci_resource_start(pdev, bar);
	xa_init_flags(&r->paths, XA_FLAGS_LOCK_IRQ);
	RCU_INIT_POINTER(r->first, NULL);
	INIT_LIST_HEAD(&r->node);
	dma_phys_fence_init(r);
	r->range.start = pci_resource_start(pdev, bar) + offset;
	r->range.size = size;
	r->range.name = r->name;

	error = p2p_range_register(&r->range);
	if (error) {
		pci_err(pdev, "BAR %d, %pap+%#llx: not registered for peer-to-peer DMA: %s (%d)\n",
			bar, &r->range.start, size,
			error == -EINVAL ? "zero length" :
			error == -EFAULT ?
			"start and length must be multiples of 4 KiB" :
			error == -EOVERFLOW ? "wraps around" :
			error == -EEXIST ? "overlaps a registered range" :
			error == -EBUSY ? "overlaps System RAM" :
			"out of memory or address space", error);
		return error;
	}

	mutex_lock(&dma_phys_lock);
	list_add_tail(&r->node, &dma_phys_ranges);
	mutex_unlock(&dma_phys_lock);

	pci_dbg(pdev, "BAR %d: peer-to-peer range %pap+%#llx, bus address %#llx\n",
		bar, &r->range.start, size,
		(u64)dma_phys_bus_addr(r, r->range.start));
	return 0;
}
EXPORT_SYMBOL_GPL(dma_phys_add_bar);

/**
 * dma_phys_del - nobody may do DMA to the range any more
 * @r: a registered range
 *
 * New mappings fail from now on, and so does IO that a fence held back.  Clients
 * with long-lived mappings are told to end them, other DMA in flight is waited
 * for; every few seconds the log says whose.  When this returns, no DMA to the
 * range is under way and its memory may be freed.
 *
 * Context: process context, sleeps until all mappings were unmapped.
 */
void dma_phys_del(struct dma_phys_range *r)
{
	/* debugfs does not find it any more */
	scoped_guard(mutex, &dma_phys_lock)
		list_del_init(&r->node);
	dma_phys_end(r);
	p2p_range_unregister(&r->range);
	dma_phys_fence_exit(r);
	dma_phys_paths_destroy(r);
}
EXPORT_SYMBOL_GPL(dma_phys_del);

/*
 * Another device may come to the bus address of one that was removed: forget
 * the paths of that one.  A removed device has no driver that could map.
 */
static int dma_phys_bus_notify(struct notifier_block *nb, unsigned long action,
			       void *data)
{
	struct p2p_range *range;
	unsigned long index = 0;

	if (action != BUS_NOTIFY_REMOVED_DEVICE)
		return NOTIFY_DONE;

	guard(rcu)();
	p2p_range_for_each(range, index)
		dma_phys_path_forget(to_dma_phys_range(range),
				     to_pci_dev(data));
	return NOTIFY_OK;
}

static struct notifier_block dma_phys_nb = {
	.notifier_call = dma_phys_bus_notify,
};

static int __init dma_phys_init(void)
{
	return bus_register_notifier(&pci_bus_type, &dma_phys_nb);
}
device_initcall(dma_phys_init);
