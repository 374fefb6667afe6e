// SPDX-License-Identifier: GPL-2.0-only
/*
 * A PCI fabric that exists only as a table: see fake_pci.h.
 *
 * Here it is made from the table and unmade.  What the PCI core then finds in
 * it is fake_pci_config.c; what drivers find behind the BARs, fake_pci_mem.c.
 */
#include <kunit/test.h>
#include <linux/export.h>
#include <linux/ioport.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "fake_pci_int.h"

#define FAKE_PCI_BUSES		0x20

struct fake_pci {
	struct kunit *test;
	unsigned int count;
	const struct fake_pci_node *nodes;
	struct fake_pci_host **hosts;	/* by index of the node */
	struct fake_pci_fn **fns;
};

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

static void fake_pci_add_mem(struct kunit *test, struct fake_pci_fn *fn)
{
	struct resource *res;
	int i;

	for (i = 0; fake_pci_has_memory() && i < FAKE_PCI_BARS; i++) {
		res = &fn->pdev->resource[i];
		if (!(res->flags & IORESOURCE_MEM) || !res->parent)
			continue;
		fn->mem[i] = fake_pci_mem_add(res,
					      fn->node->bar_ram & BIT(i));
		KUNIT_ASSERT_NOT_NULL(test, fn->mem[i]);
	}
}

static void fake_pci_del_mem(struct fake_pci_fn *fn)
{
	int i;

	for (i = 0; i < FAKE_PCI_BARS; i++) {
		fake_pci_mem_del(fn->mem[i]);
		fn->mem[i] = NULL;
	}
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
	/* the hosts' buses and drivers read from these to the last */
	for (i = 0; i < fake->count; i++) {
		if (!fake->fns[i])
			continue;
		fake_pci_del_mem(fake->fns[i]);
		kfree(fake->fns[i]);
	}
	kfree(fake->fns);
	kfree(fake->hosts);
	kfree(fake);
}

static void fake_pci_add_window(struct kunit *test, struct fake_pci_host *host,
				const struct fake_pci_window *w,
				struct resource *res)
{
	if ((resource_size_t)(w->cpu + w->size - 1) != w->cpu + w->size - 1 ||
	    (pci_bus_addr_t)(w->bus + w->size - 1) != w->bus + w->size - 1)
		kunit_skip(test, "the fabric is above 32 bits, this kernel is not");
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
	int nr, w;

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
	nr = FAKE_PCI_DOMAIN + node->domain;
	bridge->domain_nr = pci_bus_find_emul_domain_nr(nr, nr, nr);
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
	fake_pci_init_fn(fn);
	list_add_tail(&fn->entry, &fn->host->functions);
}

static struct pci_bus *fake_pci_bus(const struct fake_pci_fn *fn)
{
	return fn->parent ? fn->parent->pdev->subordinate :
		fn->host->bridge->bus;
}

/* The PCI core has enumerated a function: keep what it made of it. */
static void fake_pci_found(struct kunit *test, struct fake_pci_fn *fn)
{
	struct pci_bus *bus = fake_pci_bus(fn);

	pci_dev_put(fn->pdev);
	fn->pdev = NULL;
	KUNIT_ASSERT_NOT_NULL(test, bus);
	fn->pdev = pci_get_slot(bus, fn->node->devfn);
	KUNIT_ASSERT_NOT_NULL_MSG(test, fn->pdev, "%s was not enumerated",
				  fn->node->name);
	fake_pci_add_mem(test, fn);
}

/**
 * fake_pci_create - make a fabric and let the PCI core enumerate it
 * @test: the test case that it is for, and ends with
 * @nodes: the table, which must outlive the test case
 *
 * Context: A test case or its init function.  Fails the test if the table
 * makes no sense, or if the PCI core does not find all that is in it.  Skips
 * it if there is a window that this kernel has no addresses for.
 * Return: the fabric.
 */
struct fake_pci *fake_pci_create(struct kunit *test,
				 const struct fake_pci_node *nodes)
{
	struct fake_pci *fake;
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

	for (i = 0; i < fake->count; i++)
		if (fake->fns[i])
			fake_pci_found(test, fake->fns[i]);
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

static bool fake_pci_is_below(const struct fake_pci_fn *fn,
			      const struct fake_pci_fn *top)
{
	while (fn && fn != top)
		fn = fn->parent;
	return fn;
}

/**
 * fake_pci_unplug - take a device and all below it out of the fabric
 * @fake: the fabric
 * @name: its name in the table
 *
 * The drivers are unbound while the device is still there.  Afterwards config
 * space and memory read as all ones.  The pci_dev stays a valid pointer until
 * the test ends or fake_pci_replug(), as it would for a driver that holds a
 * reference.
 *
 * Context: The test case, may sleep.
 */
void fake_pci_unplug(struct fake_pci *fake, const char *name)
{
	struct fake_pci_fn *fn = fake_pci_fn(fake, name);
	int i;

	pci_stop_and_remove_bus_device_locked(fn->pdev);
	fn->absent = true;
	for (i = 0; i < fake->count; i++)
		if (fake_pci_is_below(fake->fns[i], fn))
			fake_pci_del_mem(fake->fns[i]);
}
EXPORT_SYMBOL_GPL(fake_pci_unplug);

/**
 * fake_pci_replug - put back a device that fake_pci_unplug() took
 * @fake: the fabric
 * @name: its name in the table; no port
 *
 * It comes back as from the factory: config space as in the table, fresh
 * memory.  There is a new pci_dev, and the old one is let go.
 *
 * Context: The test case, may sleep.
 */
void fake_pci_replug(struct fake_pci *fake, const char *name)
{
	struct fake_pci_fn *fn = fake_pci_fn(fake, name);
	struct pci_bus *bus = fake_pci_bus(fn);

	KUNIT_ASSERT_TRUE_MSG(fake->test, fn->absent, "%s is there", name);
	/* the core would have to number buses anew, with others in use */
	KUNIT_ASSERT_FALSE_MSG(fake->test, fake_pci_is_bridge(fn->node),
			       "%s is a port", name);
	fake_pci_init_fn(fn);
	fn->absent = false;

	pci_lock_rescan_remove();
	pci_scan_slot(bus, fn->node->devfn);
	pci_bus_assign_resources(bus);
	pci_bus_add_devices(bus);
	pci_unlock_rescan_remove();
	fake_pci_found(fake->test, fn);
}
EXPORT_SYMBOL_GPL(fake_pci_replug);

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
