// SPDX-License-Identifier: GPL-2.0-only
/*
 * The config space of a fake PCI fabric: see fake_pci.h.
 *
 * Each function is 4 KiB of config space and a mask of the bits that can be
 * written.  That is all it takes: a BAR is a register whose low bits are fixed,
 * so that sizing it works by itself, and a bridge is found on the bus that its
 * parent's secondary bus number says at that moment, whoever wrote it there.
 */
#include <linux/list.h>
#include <linux/pci.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "fake_pci_int.h"

#define FAKE_PCI_EXP		0x40	/* PCI Express capability */
#define FAKE_PCI_MSIX		0xb0	/* MSI-X capability */
#define FAKE_PCI_ACS		PCI_CFG_SPACE_SIZE	/* first extended one */

static struct fake_pci_fn *fake_pci_find_fn(struct pci_bus *bus,
					    unsigned int devfn)
{
	struct fake_pci_host *host = bus->sysdata;
	struct fake_pci_fn *fn;

	list_for_each_entry(fn, &host->functions, entry) {
		const struct fake_pci_fn *up = fn;
		u8 number = fn->parent ?
			fn->parent->config[PCI_SECONDARY_BUS] : 0;

		if (fn->node->devfn != devfn || number != bus->number)
			continue;
		if (fn->parent ? !number : !pci_is_root_bus(bus))
			continue;
		while (up && !up->absent)
			up = up->parent;
		return up ? NULL : fn;
	}
	return NULL;
}

static int fake_pci_read(struct pci_bus *bus, unsigned int devfn, int where,
			 int size, u32 *val)
{
	struct fake_pci_fn *fn = fake_pci_find_fn(bus, devfn);
	int i;

	*val = ~0;
	if (!fn)
		return PCIBIOS_DEVICE_NOT_FOUND;
	*val = 0;
	for (i = 0; i < size; i++)
		*val |= (u32)fn->config[where + i] << (8 * i);
	return PCIBIOS_SUCCESSFUL;
}

static int fake_pci_write(struct pci_bus *bus, unsigned int devfn, int where,
			  int size, u32 val)
{
	struct fake_pci_fn *fn = fake_pci_find_fn(bus, devfn);
	int i;

	if (!fn)
		return PCIBIOS_DEVICE_NOT_FOUND;
	for (i = 0; i < size; i++) {
		u8 mask = fn->writable[where + i];

		fn->config[where + i] &= ~mask;
		fn->config[where + i] |= (val >> (8 * i)) & mask;
	}
	return PCIBIOS_SUCCESSFUL;
}

struct pci_ops fake_pci_ops = {
	.read = fake_pci_read,
	.write = fake_pci_write,
};

static void set8(struct fake_pci_fn *fn, int where, u8 val, u8 writable)
{
	fn->config[where] = val;
	fn->writable[where] = writable;
}

static void set16(struct fake_pci_fn *fn, int where, u16 val, u16 writable)
{
	put_unaligned_le16(val, fn->config + where);
	put_unaligned_le16(writable, fn->writable + where);
}

static void set32(struct fake_pci_fn *fn, int where, u32 val, u32 writable)
{
	put_unaligned_le32(val, fn->config + where);
	put_unaligned_le32(writable, fn->writable + where);
}

bool fake_pci_is_bridge(const struct fake_pci_node *node)
{
	switch (node->type) {
	case FAKE_PCI_ROOT_PORT:
	case FAKE_PCI_UPSTREAM:
	case FAKE_PCI_DOWNSTREAM:
	case FAKE_PCI_BRIDGE:
		return true;
	default:
		return false;
	}
}

/* PCIe device type for the capability, or -1 for conventional PCI. */
static int fake_pci_exp_type(const struct fake_pci_node *node)
{
	switch (node->type) {
	case FAKE_PCI_ROOT_PORT:
		return PCI_EXP_TYPE_ROOT_PORT;
	case FAKE_PCI_UPSTREAM:
		return PCI_EXP_TYPE_UPSTREAM;
	case FAKE_PCI_DOWNSTREAM:
		return PCI_EXP_TYPE_DOWNSTREAM;
	case FAKE_PCI_ENDPOINT:
		return PCI_EXP_TYPE_ENDPOINT;
	default:
		return -1;
	}
}

static void fake_pci_init_bars(struct fake_pci_fn *fn)
{
	const struct fake_pci_node *node = fn->node;
	int i, where;

	for (i = 0; i < FAKE_PCI_BARS; i++) {
		u64 mask = ~(node->bar[i] - 1);

		where = PCI_BASE_ADDRESS_0 + 4 * i;
		if (!node->bar[i])
			continue;
		if (node->bar_io & BIT(i)) {
			set32(fn, where, PCI_BASE_ADDRESS_SPACE_IO, mask);
			continue;
		}
		if (node->bar_mem32 & BIT(i)) {
			set32(fn, where, PCI_BASE_ADDRESS_MEM_TYPE_32, mask);
			continue;
		}
		set32(fn, where, PCI_BASE_ADDRESS_MEM_TYPE_64 |
		      PCI_BASE_ADDRESS_MEM_PREFETCH, lower_32_bits(mask));
		set32(fn, where + 4, 0, upper_32_bits(mask));
		i++;
	}
}

static void fake_pci_init_bridge(struct fake_pci_fn *fn)
{
	set8(fn, PCI_PRIMARY_BUS, 0, 0xff);
	set8(fn, PCI_SECONDARY_BUS, 0, 0xff);
	set8(fn, PCI_SUBORDINATE_BUS, 0, 0xff);
	set16(fn, PCI_MEMORY_BASE, 0xfff0, 0xfff0);
	set16(fn, PCI_MEMORY_LIMIT, 0, 0xfff0);
	set16(fn, PCI_PREF_MEMORY_BASE, 0xfff0 | PCI_PREF_RANGE_TYPE_64,
	      0xfff0);
	set16(fn, PCI_PREF_MEMORY_LIMIT, PCI_PREF_RANGE_TYPE_64, 0xfff0);
	set32(fn, PCI_PREF_BASE_UPPER32, 0, ~0);
	set32(fn, PCI_PREF_LIMIT_UPPER32, 0, ~0);
	set16(fn, PCI_BRIDGE_CONTROL, 0, PCI_BRIDGE_CTL_SERR);
}

/* One more capability, before those that there are. */
static void fake_pci_init_cap(struct fake_pci_fn *fn, int where, u8 id)
{
	set16(fn, PCI_STATUS, PCI_STATUS_CAP_LIST, 0);
	set8(fn, where, id, 0);
	set8(fn, where + PCI_CAP_LIST_NEXT, fn->config[PCI_CAPABILITY_LIST], 0);
	set8(fn, PCI_CAPABILITY_LIST, where, 0);
}

static void fake_pci_init_msix(struct fake_pci_fn *fn)
{
	const struct fake_pci_msix *msix = &fn->node->msix;

	fake_pci_init_cap(fn, FAKE_PCI_MSIX, PCI_CAP_ID_MSIX);
	set16(fn, FAKE_PCI_MSIX + PCI_MSIX_FLAGS, msix->vectors - 1,
	      PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	set32(fn, FAKE_PCI_MSIX + PCI_MSIX_TABLE,
	      msix->table | msix->table_bar, 0);
	set32(fn, FAKE_PCI_MSIX + PCI_MSIX_PBA, msix->pba | msix->pba_bar, 0);
}

static void fake_pci_init_exp(struct fake_pci_fn *fn, int type)
{
	fake_pci_init_cap(fn, FAKE_PCI_EXP, PCI_CAP_ID_EXP);
	set16(fn, FAKE_PCI_EXP + PCI_EXP_FLAGS, 2 | type << 4, 0);
	set32(fn, FAKE_PCI_EXP + PCI_EXP_DEVCAP, PCI_EXP_DEVCAP_RBER, 0);
	set16(fn, FAKE_PCI_EXP + PCI_EXP_DEVCTL, 0, PCI_EXP_DEVCTL_PAYLOAD |
	      PCI_EXP_DEVCTL_READRQ | PCI_EXP_DEVCTL_RELAX_EN);
	set32(fn, FAKE_PCI_EXP + PCI_EXP_LNKCAP, PCI_EXP_LNKCAP_SLS_8_0GB |
	      4 << 4, 0);
	set16(fn, FAKE_PCI_EXP + PCI_EXP_LNKSTA, PCI_EXP_LNKSTA_CLS_8_0GB |
	      4 << 4, 0);

	if (!fn->node->has_acs)
		return;
	set32(fn, FAKE_PCI_ACS, PCI_EXT_CAP_ID_ACS | 1 << 16, 0);
	set16(fn, FAKE_PCI_ACS + PCI_ACS_CAP, fn->node->acs_cap, 0);
	set16(fn, FAKE_PCI_ACS + PCI_ACS_CTRL, fn->node->acs_ctrl, 0x7f);
}

void fake_pci_init_fn(struct fake_pci_fn *fn)
{
	const struct fake_pci_node *node = fn->node;
	bool bridge = fake_pci_is_bridge(node);
	u16 class = bridge ? PCI_CLASS_BRIDGE_PCI : PCI_CLASS_MEMORY_OTHER;
	u8 header = bridge ? PCI_HEADER_TYPE_BRIDGE : PCI_HEADER_TYPE_NORMAL;
	struct fake_pci_fn *other;
	int type;

	memset(fn->config, 0, sizeof(fn->config));
	memset(fn->writable, 0, sizeof(fn->writable));
	if (node->type == FAKE_PCI_HOST_DEV)
		class = PCI_CLASS_BRIDGE_HOST;
	list_for_each_entry(other, &fn->host->functions, entry) {
		if (other == fn || other->parent != fn->parent ||
		    PCI_SLOT(other->node->devfn) != PCI_SLOT(node->devfn))
			continue;
		header |= PCI_HEADER_TYPE_MFD;
		other->config[PCI_HEADER_TYPE] |= PCI_HEADER_TYPE_MFD;
	}

	set16(fn, PCI_VENDOR_ID, node->vendor ?: FAKE_PCI_VENDOR, 0);
	set16(fn, PCI_DEVICE_ID, node->device, 0);
	set16(fn, PCI_COMMAND, 0, PCI_COMMAND_IO | PCI_COMMAND_MEMORY |
	      PCI_COMMAND_MASTER | PCI_COMMAND_INTX_DISABLE);
	set16(fn, PCI_CLASS_DEVICE, class, 0);
	set8(fn, PCI_HEADER_TYPE, header, 0);
	if (bridge)
		fake_pci_init_bridge(fn);
	else
		fake_pci_init_bars(fn);

	type = fake_pci_exp_type(node);
	if (type >= 0)
		fake_pci_init_exp(fn, type);
	if (node->msix.vectors)
		fake_pci_init_msix(fn);
}
