// SPDX-License-Identifier: GPL-2.0-only
/*
 * A PCI fabric that exists only as a table: see fake_pci.h.
 *
 * Each function is 4 KiB of config space and a mask of the bits that can be
 * written.  That is all it takes: a BAR is a register whose low bits are fixed,
 * so that sizing it works by itself, and a bridge is found on the bus that its
 * parent's secondary bus number says at that moment, whoever wrote it there.
 */
#include <kunit/test.h>
#include <linux/export.h>
#include <linux/ioport.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/unaligned.h>

#include "fake_pci.h"

#define FAKE_PCI_VENDOR		0xfafa
#define FAKE_PCI_BUSES		0x20
#define FAKE_PCI_EXP		0x40	/* PCI Express capability */
#define FAKE_PCI_ACS		PCI_CFG_SPACE_SIZE	/* first extended one */

struct fake_pci_host {
#ifdef CONFIG_X86
	struct pci_sysdata sysdata;	/* first: x86 casts to it */
#endif
	struct pci_host_bridge *bridge;
	bool probed;
	struct resource windows[FAKE_PCI_WINDOWS];
	struct resource buses;
	struct list_head functions;
};

struct fake_pci_fn {
	const struct fake_pci_node *node;
	struct fake_pci_host *host;
	struct fake_pci_fn *parent;	/* port above, NULL on the root bus */
	struct pci_dev *pdev;
	struct list_head entry;
	u8 config[PCI_CFG_SPACE_EXP_SIZE];
	u8 writable[PCI_CFG_SPACE_EXP_SIZE];
};

struct fake_pci {
	struct kunit *test;
	unsigned int count;
	const struct fake_pci_node *nodes;
	struct fake_pci_host **hosts;	/* by index of the node */
	struct fake_pci_fn **fns;
};

/* config space */

static struct fake_pci_fn *fake_pci_find_fn(struct pci_bus *bus,
					    unsigned int devfn)
{
	struct fake_pci_host *host = bus->sysdata;
	struct fake_pci_fn *fn;

	list_for_each_entry(fn, &host->functions, entry) {
		u8 number = fn->parent ?
			fn->parent->config[PCI_SECONDARY_BUS] : 0;

		if (fn->node->devfn != devfn || number != bus->number)
			continue;
		if (fn->parent ? !number : !pci_is_root_bus(bus))
			continue;
		return fn;
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

static struct pci_ops fake_pci_ops = {
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

static bool fake_pci_is_bridge(const struct fake_pci_node *node)
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

static void fake_pci_init_exp(struct fake_pci_fn *fn, int type)
{
	set16(fn, PCI_STATUS, PCI_STATUS_CAP_LIST, 0);
	set8(fn, PCI_CAPABILITY_LIST, FAKE_PCI_EXP, 0);
	set8(fn, FAKE_PCI_EXP, PCI_CAP_ID_EXP, 0);
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

static void fake_pci_init_fn(struct fake_pci *fake, struct fake_pci_fn *fn)
{
	const struct fake_pci_node *node = fn->node;
	bool bridge = fake_pci_is_bridge(node);
	u16 class = bridge ? PCI_CLASS_BRIDGE_PCI : PCI_CLASS_MEMORY_OTHER;
	u8 header = bridge ? PCI_HEADER_TYPE_BRIDGE : PCI_HEADER_TYPE_NORMAL;
	struct fake_pci_fn *other;
	int type;

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
}

/* making and unmaking */

static int fake_pci_index(struct fake_pci *fake, const char *name)
{
	int i;

	for (i = 0; name && i < fake->count; i++)
		if (!strcmp(fake->nodes[i].name, name))
			return i;
	return -1;
}

static void fake_pci_destroy_host(struct fake_pci_host *host)
{
	int i;

	if (host->probed) {
		pci_lock_rescan_remove();
		pci_stop_root_bus(host->bridge->bus);
		pci_remove_root_bus(host->bridge->bus);
		pci_unlock_rescan_remove();
	}
	if (host->bridge)
		pci_free_host_bridge(host->bridge);
	for (i = 0; i < FAKE_PCI_WINDOWS; i++)
		if (host->windows[i].parent)
			release_resource(&host->windows[i]);
	kfree(host);
}

static void fake_pci_destroy(void *data)
{
	struct fake_pci *fake = data;
	int i;

	for (i = 0; i < fake->count; i++)
		if (fake->fns[i])
			pci_dev_put(fake->fns[i]->pdev);
	for (i = 0; i < fake->count; i++)
		if (fake->hosts[i])
			fake_pci_destroy_host(fake->hosts[i]);
	/* the hosts' buses read from these to the last */
	for (i = 0; i < fake->count; i++)
		kfree(fake->fns[i]);
	kfree(fake->fns);
	kfree(fake->hosts);
	kfree(fake);
}

static void fake_pci_add_window(struct kunit *test, struct fake_pci_host *host,
				const struct fake_pci_window *w,
				struct resource *res)
{
	res->name = "fake PCI window";
	res->start = w->cpu;
	res->end = w->cpu + w->size - 1;
	res->flags = IORESOURCE_MEM;
	if (!w->mem32)
		res->flags |= IORESOURCE_PREFETCH | IORESOURCE_MEM_64;
	KUNIT_ASSERT_EQ_MSG(test, 0, request_resource(&iomem_resource, res),
			    "%pR is taken", res);
	pci_add_resource_offset(&host->bridge->windows, res,
				w->bus ? w->cpu - w->bus : 0);
}

static void fake_pci_add_host(struct fake_pci *fake, int i)
{
	const struct fake_pci_node *node = &fake->nodes[i];
	struct pci_host_bridge *bridge;
	struct fake_pci_host *host;
	int w;

	host = kzalloc(sizeof(*host), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(fake->test, host);
	fake->hosts[i] = host;
	INIT_LIST_HEAD(&host->functions);

	bridge = pci_alloc_host_bridge(0);
	KUNIT_ASSERT_NOT_NULL(fake->test, bridge);
	host->bridge = bridge;
	bridge->ops = &fake_pci_ops;
	bridge->sysdata = host;
	bridge->busnr = 0;
	bridge->domain_nr = FAKE_PCI_DOMAIN + node->domain;
#ifdef CONFIG_X86
	host->sysdata.domain = bridge->domain_nr;
	host->sysdata.node = NUMA_NO_NODE;
#endif
	/* no services on the ports: they would want interrupts */
	bridge->native_aer = 0;
	bridge->native_pcie_hotplug = 0;
	bridge->native_pme = 0;
	bridge->native_dpc = 0;

	for (w = 0; w < FAKE_PCI_WINDOWS; w++)
		if (node->windows[w].size)
			fake_pci_add_window(fake->test, host,
					    &node->windows[w],
					    &host->windows[w]);
	host->buses.name = "fake PCI buses";
	host->buses.end = FAKE_PCI_BUSES - 1;
	host->buses.flags = IORESOURCE_BUS;
	pci_add_resource(&bridge->windows, &host->buses);
}

static void fake_pci_add_fn(struct fake_pci *fake, int i)
{
	const struct fake_pci_node *node = &fake->nodes[i];
	struct kunit *test = fake->test;
	int up = fake_pci_index(fake, node->parent);
	struct fake_pci_fn *fn;

	KUNIT_ASSERT_TRUE_MSG(test, up >= 0 && up < i,
			      "%s: its parent must come before it",
			      node->name);
	KUNIT_ASSERT_TRUE_MSG(test, fake->hosts[up] ||
			      fake_pci_is_bridge(&fake->nodes[up]),
			      "%s: nothing can be below %s", node->name,
			      node->parent);
	fn = kzalloc(sizeof(*fn), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fn);
	fake->fns[i] = fn;
	fn->node = node;
	fn->parent = fake->fns[up];
	fn->host = fn->parent ? fn->parent->host : fake->hosts[up];
	fake_pci_init_fn(fake, fn);
	list_add_tail(&fn->entry, &fn->host->functions);
}

/**
 * fake_pci_create - make a fabric and let the PCI core enumerate it
 * @test: the test case that it is for, and ends with
 * @nodes: the table, which must outlive the test case
 *
 * Context: A test case or its init function.  Fails the test if the table
 * makes no sense, or if the PCI core does not find all that is in it.
 * Return: the fabric.
 */
struct fake_pci *fake_pci_create(struct kunit *test,
				 const struct fake_pci_node *nodes)
{
	struct fake_pci *fake;
	struct pci_bus *bus;
	int i, err;

	fake = kzalloc(sizeof(*fake), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fake);
	fake->test = test;
	fake->nodes = nodes;
	for (i = 0; nodes[i].name; i++)
		;
	fake->hosts = kcalloc(i, sizeof(*fake->hosts), GFP_KERNEL);
	fake->fns = kcalloc(i, sizeof(*fake->fns), GFP_KERNEL);
	if (fake->hosts && fake->fns)
		fake->count = i;
	err = kunit_add_action_or_reset(test, fake_pci_destroy, fake);
	KUNIT_ASSERT_EQ(test, 0, err);
	KUNIT_ASSERT_EQ(test, i, fake->count);

	for (i = 0; i < fake->count; i++) {
		if (nodes[i].type == FAKE_PCI_HOST)
			fake_pci_add_host(fake, i);
		else
			fake_pci_add_fn(fake, i);
	}

	for (i = 0; i < fake->count; i++) {
		if (!fake->hosts[i])
			continue;
		err = pci_host_probe(fake->hosts[i]->bridge);
		fake->hosts[i]->probed = !err;
		KUNIT_ASSERT_EQ(test, 0, err);
	}

	for (i = 0; i < fake->count; i++) {
		struct fake_pci_fn *fn = fake->fns[i];

		if (!fn)
			continue;
		bus = fn->parent ? fn->parent->pdev->subordinate :
			fn->host->bridge->bus;
		KUNIT_ASSERT_NOT_NULL(test, bus);
		fn->pdev = pci_get_slot(bus, fn->node->devfn);
		KUNIT_ASSERT_NOT_NULL_MSG(test, fn->pdev,
					  "%s was not enumerated",
					  fn->node->name);
	}
	return fake;
}
EXPORT_SYMBOL_GPL(fake_pci_create);

static struct fake_pci_fn *fake_pci_fn(struct fake_pci *fake, const char *name)
{
	int i = fake_pci_index(fake, name);

	KUNIT_ASSERT_TRUE_MSG(fake->test, i >= 0 && fake->fns[i],
			      "there is no %s in the fabric", name);
	return fake->fns[i];
}

/**
 * fake_pci_dev - a device of the fabric
 * @fake: the fabric
 * @name: its name in the table
 *
 * Context: The test case.  Fails the test if there is no such device.
 * Return: the device; the fabric holds the reference.
 */
struct pci_dev *fake_pci_dev(struct fake_pci *fake, const char *name)
{
	return fake_pci_fn(fake, name)->pdev;
}
EXPORT_SYMBOL_GPL(fake_pci_dev);

/**
 * fake_pci_unplug - take a device and all below it out of the fabric
 * @fake: the fabric
 * @name: its name in the table
 *
 * The pci_dev stays a valid pointer until the test ends, as it would for a
 * driver that holds a reference.
 *
 * Context: The test case, may sleep.
 */
void fake_pci_unplug(struct fake_pci *fake, const char *name)
{
	pci_stop_and_remove_bus_device_locked(fake_pci_dev(fake, name));
}
EXPORT_SYMBOL_GPL(fake_pci_unplug);

/**
 * fake_pci_set_acs - write the ACS control register of a port
 * @fake: the fabric
 * @name: the port's name in the table; it must have the capability
 * @ctrl: the register's new value
 *
 * Context: The test case.
 */
void fake_pci_set_acs(struct fake_pci *fake, const char *name, u16 ctrl)
{
	struct pci_dev *pdev = fake_pci_dev(fake, name);

	KUNIT_ASSERT_NE(fake->test, 0, pdev->acs_cap);
	pci_write_config_word(pdev, pdev->acs_cap + PCI_ACS_CTRL, ctrl);
}
EXPORT_SYMBOL_GPL(fake_pci_set_acs);

MODULE_DESCRIPTION("PCI fabric that exists only as a table, for KUnit");
MODULE_LICENSE("GPL");
