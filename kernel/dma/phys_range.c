// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registering pieces of BARs for peer-to-peer DMA.
 */

#define pr_fmt(fmt) "dma-phys: " fmt

#include <linux/cleanup.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/memremap.h>
#include "phys.h"

LIST_HEAD(dma_phys_ranges);

/* Is any of the memory wrapped in struct pages by somebody else already? */
static bool dma_phys_has_pages(phys_addr_t start, phys_addr_t size)
{
	return size && memremap_overlaps(start, start + size - 1);
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

/*
 * Where in @bar a part of MSI-X lies, the table or the PBA: whole frames, as
 * what is next to it in the same one cannot be given away without it.
 */
static bool dma_phys_msix_part(struct pci_dev *pdev, int bar, int reg,
			       u64 *start, u64 *end)
{
	unsigned int vectors, bytes;
	u16 flags;
	u32 at;

	pci_read_config_word(pdev, pdev->msix_cap + PCI_MSIX_FLAGS, &flags);
	pci_read_config_dword(pdev, pdev->msix_cap + reg, &at);
	/* both registers have the same fields */
	if ((at & PCI_MSIX_TABLE_BIR) != bar)
		return false;
	vectors = (flags & PCI_MSIX_FLAGS_QSIZE) + 1;
	bytes = reg == PCI_MSIX_TABLE ? vectors * PCI_MSIX_ENTRY_SIZE :
		DIV_ROUND_UP(vectors, 64) * sizeof(u64);
	at &= PCI_MSIX_TABLE_OFFSET;
	*start = round_down(at, P2P_RANGE_ALIGN);
	*end = round_up((u64)at + bytes, P2P_RANGE_ALIGN);
	return true;
}

/*
 * Whoever may write to the MSI-X table may have the device write anywhere: no
 * piece of a BAR that holds it, or the PBA, is memory for others.
 */
static int dma_phys_check_msix(struct pci_dev *pdev, int bar, u64 offset,
			       u64 size)
{
	static const int regs[] = { PCI_MSIX_TABLE, PCI_MSIX_PBA };
	u64 start[ARRAY_SIZE(regs)] = {}, end[ARRAY_SIZE(regs)] = {};
	u64 len = pci_resource_len(pdev, bar), pos = 0, next;
	char rest[128] = ", none of it";
	bool hit = false;
	int i, n = 0;

	for (i = 0; pdev->msix_cap && i < ARRAY_SIZE(regs); i++)
		if (dma_phys_msix_part(pdev, bar, regs[i], &start[i], &end[i]))
			hit |= offset < end[i] && start[i] < offset + size;
	if (!hit)
		return 0;

	/* what is left between the parts */
	while (pos < len) {
		next = len;
		for (i = 0; i < ARRAY_SIZE(regs); i++) {
			if (pos >= start[i] && pos < end[i])
				break;
			if (pos < start[i])
				next = min(next, start[i]);
		}
		if (i < ARRAY_SIZE(regs)) {
			pos = end[i];
			continue;
		}
		n += scnprintf(rest + n, sizeof(rest) - n, ", %#llx+%#llx", pos,
			       next - pos);
		pos = next;
	}
	pci_err(pdev, "BAR %d, %#llx+%#llx has the MSI-X table or PBA in it: who can write there can have the device write anywhere; of this BAR you may register%s\n",
		bar, offset, size, rest + 1);
	return -EPERM;
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
	return dma_phys_check_msix(pdev, bar, offset, size);
}

/**
 * dma_phys_add_bar - let other devices do DMA to a piece of a BAR
 * @r: memory for the range, zeroed when it was allocated; stays until
 *	dma_phys_del() has returned
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
 * * -ERANGE: no such BAR, or beyond its end
 * * -EINVAL: zero length
 * * -EFAULT: not 4 KiB aligned
 * * -EOVERFLOW: wraps around the end of the address space
 * * -EPERM: has the MSI-X table or PBA in it; the message says what has not
 * * -EEXIST: overlaps a range that is registered, or is one
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
	/* before anything is written to it: others look at it */
	if (p2p_range_state(&r->range) != P2P_RANGE_UNREGISTERED) {
		pci_err(pdev, "BAR %d, %#llx+%#llx: the range that it shall be is registered already\n",
			bar, offset, size);
		return -EEXIST;
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

	/*
	 * Again: who makes pages looks here after his are in, and we look there
	 * after this is, so that one of us sees the other.  Pairs with that in
	 * pagemap_check_p2p().
	 */
	smp_mb();
	if (dma_phys_has_pages(r->range.start, size)) {
		p2p_range_unregister(&r->range);
		pci_err(pdev, "BAR %d was given struct pages just now; use one or the other\n",
			bar);
		return -EBUSY;
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
 * New mappings fail from now on, and so does IO that a fence held back.
 * Clients with long-lived mappings are told to end them, other DMA in flight is
 * waited for; every few seconds the log says whose.  When this returns, no DMA
 * to the range is under way and its memory may be freed.
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
