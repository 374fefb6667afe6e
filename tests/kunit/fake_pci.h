/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A PCI fabric that exists only as a table.
 *
 * A test declares host bridges, ports and endpoints in a few lines, and gets
 * real pci_devs: the PCI core enumerates them, numbers the buses, sizes the
 * BARs and assigns addresses, over config space of ours.  Under UML there can
 * be memory behind the BARs.  All of it is gone when the test case ends.
 *
 * Documentation/dev-tools/kunit/fake-pci.rst tells more.
 *
 *	static const struct fake_pci_node topology[] = {
 *		{ .name = "host", .type = FAKE_PCI_HOST,
 *		  .windows = { { .cpu = 0x4000000000, .size = SZ_4G } } },
 *		{ .name = "port", .type = FAKE_PCI_ROOT_PORT,
 *		  .parent = "host", .devfn = PCI_DEVFN(1, 0) },
 *		{ .name = "A", .type = FAKE_PCI_ENDPOINT,
 *		  .parent = "port", .bar = { SZ_16M } },
 *		{}
 *	};
 *
 *	struct fake_pci *f = fake_pci_create(test, topology);
 *	struct pci_dev *a = fake_pci_dev(f, "A");
 */
#ifndef _FAKE_PCI_H
#define _FAKE_PCI_H

#include <linux/types.h>

struct fake_pci;
struct kunit;
struct pci_dev;

#define FAKE_PCI_WINDOWS	2
#define FAKE_PCI_BARS		6

/* Vendor id of a node that names none; nobody else has it. */
#define FAKE_PCI_VENDOR		0xfafa

/* What fresh memory behind a BAR is filled with. */
#define FAKE_PCI_FRESH		0xa5

/* Domains of the fabric begin here, out of the way of real ones. */
#define FAKE_PCI_DOMAIN		0x4000

/**
 * enum fake_pci_type - what a node of the fabric is
 * @FAKE_PCI_HOST: host bridge: windows and a root bus; no config space
 * @FAKE_PCI_HOST_DEV: the function at 00.0 that stands for a host bridge
 * @FAKE_PCI_ROOT_PORT: PCIe root port
 * @FAKE_PCI_UPSTREAM: upstream port of a PCIe switch
 * @FAKE_PCI_DOWNSTREAM: downstream port of a PCIe switch
 * @FAKE_PCI_ENDPOINT: PCIe endpoint
 * @FAKE_PCI_BRIDGE: conventional PCI-to-PCI bridge
 * @FAKE_PCI_DEVICE: conventional PCI device
 */
enum fake_pci_type {
	FAKE_PCI_HOST,
	FAKE_PCI_HOST_DEV,
	FAKE_PCI_ROOT_PORT,
	FAKE_PCI_UPSTREAM,
	FAKE_PCI_DOWNSTREAM,
	FAKE_PCI_ENDPOINT,
	FAKE_PCI_BRIDGE,
	FAKE_PCI_DEVICE,
};

/**
 * struct fake_pci_window - memory window of a host bridge
 * @cpu: CPU physical address of its first byte
 * @bus: PCI bus address of its first byte; 0 is taken for "the same"
 * @size: bytes; 0: no such window
 * @mem32: for 32-bit BARs, rather than 64-bit prefetchable ones
 */
struct fake_pci_window {
	u64 cpu;
	u64 bus;
	u64 size;
	bool mem32;
};

/**
 * struct fake_pci_msix - MSI-X capability: what it says, nothing is behind it
 * @vectors: how many; 0: no such capability
 * @table: offset of the table in its BAR
 * @pba: offset of the pending bits in theirs
 * @table_bar: number of the BAR
 * @pba_bar: number of the BAR
 */
struct fake_pci_msix {
	u16 vectors;
	u32 table;
	u32 pba;
	u8 table_bar;
	u8 pba_bar;
};

/**
 * struct fake_pci_node - one line of the table
 * @name: how the test calls it; a node without a name ends the table
 * @parent: the node above it, which must come earlier in the table
 * @type: what it is
 * @devfn: device and function on its bus
 * @vendor: vendor id; 0 is replaced by %FAKE_PCI_VENDOR
 * @device: device id
 * @bar: sizes of the BARs in bytes, powers of two from 16 up; a 64-bit BAR
 *	takes two
 * @bar_io: bit mask of BARs that are I/O ports
 * @bar_mem32: bit mask of BARs that are 32-bit memory
 * @bar_ram: bit mask of BARs with memory behind them, where
 *	fake_pci_has_memory(); others read as all ones
 * @has_acs: it has the ACS capability, with
 * @acs_cap: these bits in the capability register, and
 * @acs_ctrl: these in the control register
 * @msix: MSI-X capability
 * @windows: of a host bridge
 * @domain: of a host bridge: PCI domain, counted from %FAKE_PCI_DOMAIN
 */
struct fake_pci_node {
	const char *name;
	const char *parent;
	enum fake_pci_type type;
	u8 devfn;
	u16 vendor;
	u16 device;
	u64 bar[FAKE_PCI_BARS];
	u8 bar_io;
	u8 bar_mem32;
	u8 bar_ram;
	bool has_acs;
	u16 acs_cap;
	u16 acs_ctrl;
	struct fake_pci_msix msix;
	struct fake_pci_window windows[FAKE_PCI_WINDOWS];
	int domain;
};

/**
 * fake_pci_has_memory - can BARs of the fabric have memory behind them?
 *
 * Where not, ioremap() of a BAR maps addresses at which there is nothing, and
 * a test of what is there should be skipped.
 *
 * Return: true under UML.
 */
static inline bool fake_pci_has_memory(void)
{
	return IS_ENABLED(CONFIG_INDIRECT_IOMEM);
}

struct fake_pci *fake_pci_create(struct kunit *test,
				 const struct fake_pci_node *nodes);
struct pci_dev *fake_pci_dev(struct fake_pci *fake, const char *name);
void fake_pci_unplug(struct fake_pci *fake, const char *name);
void fake_pci_replug(struct fake_pci *fake, const char *name);
void fake_pci_set_acs(struct fake_pci *fake, const char *name, u16 ctrl);

#endif /* _FAKE_PCI_H */
