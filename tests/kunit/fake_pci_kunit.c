// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for the fake PCI fabric: what the PCI core makes of it.
 */
#include <kunit/test.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/sizes.h>

#include "fake_pci.h"

/*
 * host0 is seen by the CPU where it is on the bus, but for its window for
 * 32-bit BARs, which is higher for the CPU; host1 is higher on the bus.
 */
#ifdef CONFIG_PHYS_ADDR_T_64BIT
#define CPU0		0x4000000000ULL
#define SIZE0		SZ_64G
#define CPU1		0x8000000000ULL
#define BUS1		(CPU1 + SZ_64G)
#define CPU32		0xa000000000ULL
#define BUS32		0x80000000
#define LARGE_BAR	SZ_16G
#else
#define CPU0		0x40000000
#define SIZE0		SZ_512M
#define CPU1		0x60000000
#define BUS1		0xc0000000
#define CPU32		0x90000000
#define BUS32		0x80000000
#define LARGE_BAR	SZ_128M
#endif
#define SIZE1		SZ_256M
#define SIZE32		SZ_256M

static const struct fake_pci_node two_hosts[] = {
	{ .name = "host0", .type = FAKE_PCI_HOST,
	  .windows = { { .cpu = CPU0, .size = SIZE0 },
		       { .cpu = CPU32, .bus = BUS32, .size = SIZE32,
			 .mem32 = true } } },
	{ .name = "bridge", .type = FAKE_PCI_HOST_DEV, .parent = "host0",
	  .vendor = PCI_VENDOR_ID_INTEL, .device = 0x2030 },
	{ .name = "port", .type = FAKE_PCI_ROOT_PORT, .parent = "host0",
	  .devfn = PCI_DEVFN(2, 0), .has_acs = true,
	  .acs_cap = PCI_ACS_RR | PCI_ACS_CR, .acs_ctrl = PCI_ACS_RR },
	{ .name = "up", .type = FAKE_PCI_UPSTREAM, .parent = "port" },
	{ .name = "down0", .type = FAKE_PCI_DOWNSTREAM, .parent = "up" },
	{ .name = "down1", .type = FAKE_PCI_DOWNSTREAM, .parent = "up",
	  .devfn = PCI_DEVFN(1, 0) },
	{ .name = "A", .type = FAKE_PCI_ENDPOINT, .parent = "down0",
	  .bar = { SZ_16M, 0, SZ_4K }, .bar_ram = BIT(0) },
	{ .name = "B", .type = FAKE_PCI_ENDPOINT, .parent = "down1",
	  .bar = { LARGE_BAR, 0, SZ_4K, SZ_32 },
	  .bar_mem32 = BIT(2), .bar_io = BIT(3) },
	{ .name = "pci", .type = FAKE_PCI_BRIDGE, .parent = "host0",
	  .devfn = PCI_DEVFN(3, 0) },
	{ .name = "C", .type = FAKE_PCI_DEVICE, .parent = "pci",
	  .devfn = PCI_DEVFN(7, 2), .bar = { SZ_1M } },
	{ .name = "C0", .type = FAKE_PCI_DEVICE, .parent = "pci",
	  .devfn = PCI_DEVFN(7, 0) },

	{ .name = "host1", .type = FAKE_PCI_HOST, .domain = 1,
	  .windows = { { .cpu = CPU1, .bus = BUS1, .size = SIZE1 } } },
	{ .name = "D", .type = FAKE_PCI_ENDPOINT, .parent = "host1",
	  .bar = { SZ_64K } },
	/* what a physical function and its virtual ones look like */
	{ .name = "PF", .type = FAKE_PCI_ENDPOINT, .parent = "host1",
	  .devfn = PCI_DEVFN(5, 0), .bar = { SZ_1M } },
	{ .name = "VF1", .type = FAKE_PCI_ENDPOINT, .parent = "host1",
	  .devfn = PCI_DEVFN(5, 1), .bar = { SZ_64K } },
	{ .name = "VF7", .type = FAKE_PCI_ENDPOINT, .parent = "host1",
	  .devfn = PCI_DEVFN(5, 7), .bar = { SZ_64K } },
	{}
};

static const char * const functions[] = {
	"bridge", "port", "up", "down0", "down1", "A", "B", "pci", "C", "C0",
	"D", "PF", "VF1", "VF7",
};

#define HOST1_FUNCTIONS	4	/* the last ones */

static void enumerates(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, two_hosts);
	struct pci_dev *pdev;
	int i;

	for (i = 0; i < ARRAY_SIZE(functions); i++) {
		pdev = fake_pci_dev(f, functions[i]);
		KUNIT_EXPECT_TRUE(test, device_is_registered(&pdev->dev));
		KUNIT_EXPECT_EQ(test, FAKE_PCI_DOMAIN +
				(i >= ARRAY_SIZE(functions) - HOST1_FUNCTIONS),
				pci_domain_nr(pdev->bus));
	}
	KUNIT_EXPECT_PTR_EQ(test, fake_pci_dev(f, "down0"),
			    pci_upstream_bridge(fake_pci_dev(f, "A")));
	KUNIT_EXPECT_PTR_EQ(test, fake_pci_dev(f, "up"),
			    pci_upstream_bridge(fake_pci_dev(f, "down0")));
	KUNIT_EXPECT_PTR_EQ(test, fake_pci_dev(f, "port"),
			    pci_upstream_bridge(fake_pci_dev(f, "up")));
	KUNIT_EXPECT_PTR_EQ(test, NULL,
			    pci_upstream_bridge(fake_pci_dev(f, "port")));
	KUNIT_EXPECT_EQ(test, PCI_EXP_TYPE_DOWNSTREAM,
			pci_pcie_type(fake_pci_dev(f, "down1")));
	KUNIT_EXPECT_FALSE(test, pci_is_pcie(fake_pci_dev(f, "C")));
	KUNIT_EXPECT_EQ(test, PCI_DEVFN(7, 2), fake_pci_dev(f, "C")->devfn);
	KUNIT_EXPECT_TRUE(test, fake_pci_dev(f, "PF")->multifunction);
	KUNIT_EXPECT_TRUE(test, fake_pci_dev(f, "C0")->multifunction);
	KUNIT_EXPECT_FALSE(test, fake_pci_dev(f, "A")->multifunction);
}

static void assigns(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, two_hosts);
	struct pci_dev *a = fake_pci_dev(f, "A");
	struct pci_dev *b = fake_pci_dev(f, "B");
	struct pci_dev *d = fake_pci_dev(f, "D");
	u32 low, high;

	KUNIT_EXPECT_EQ(test, SZ_16M, pci_resource_len(a, 0));
	KUNIT_EXPECT_EQ(test, SZ_4K, pci_resource_len(a, 2));
	KUNIT_EXPECT_EQ(test, LARGE_BAR, pci_resource_len(b, 0));
	KUNIT_EXPECT_GE(test, pci_resource_start(b, 0), CPU0);
	KUNIT_EXPECT_LT(test, pci_resource_end(b, 0), CPU0 + SIZE0);
	KUNIT_EXPECT_EQ(test, 0, pci_resource_start(b, 0) & (LARGE_BAR - 1));
	KUNIT_EXPECT_EQ(test, pci_resource_start(b, 0), pci_bus_address(b, 0));

	/* the offset of a 32-bit window */
	KUNIT_EXPECT_EQ(test, SZ_4K, pci_resource_len(b, 2));
	KUNIT_EXPECT_EQ(test, CPU32 - BUS32,
			pci_resource_start(b, 2) - pci_bus_address(b, 2));
	KUNIT_EXPECT_GE(test, pci_bus_address(b, 2), BUS32);
	KUNIT_EXPECT_LT(test, pci_bus_address(b, 2), BUS32 + SIZE32);
	/* there are no I/O windows, and it must not be taken for memory */
	KUNIT_EXPECT_FALSE(test, pci_resource_flags(b, 3) & IORESOURCE_MEM);

	/* a bus address above the CPU's, and what the device was told */
	KUNIT_EXPECT_GE(test, pci_resource_start(d, 0), CPU1);
	KUNIT_EXPECT_EQ(test, BUS1 - CPU1,
			pci_bus_address(d, 0) - pci_resource_start(d, 0));
	pci_read_config_dword(d, PCI_BASE_ADDRESS_0, &low);
	pci_read_config_dword(d, PCI_BASE_ADDRESS_1, &high);
	KUNIT_EXPECT_EQ(test, pci_bus_address(d, 0),
			(u64)high << 32 | (low & PCI_BASE_ADDRESS_MEM_MASK));
	KUNIT_EXPECT_EQ(test, 0, pci_enable_device_mem(d));
	pci_disable_device(d);
}

static void acs(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, two_hosts);
	struct pci_dev *port = fake_pci_dev(f, "port");
	u16 ctrl;

	KUNIT_ASSERT_NE(test, 0, port->acs_cap);
	KUNIT_EXPECT_EQ(test, 0, fake_pci_dev(f, "down0")->acs_cap);
	pci_read_config_word(port, port->acs_cap + PCI_ACS_CTRL, &ctrl);
	KUNIT_EXPECT_EQ(test, PCI_ACS_RR, ctrl);
	fake_pci_set_acs(f, "port", PCI_ACS_CR);
	pci_read_config_word(port, port->acs_cap + PCI_ACS_CTRL, &ctrl);
	KUNIT_EXPECT_EQ(test, PCI_ACS_CR, ctrl);
}

static void __iomem *map_bar(struct kunit *test, struct pci_dev *pdev, int bar)
{
	void __iomem *addr = ioremap(pci_resource_start(pdev, bar), SZ_4K);

	KUNIT_ASSERT_NOT_NULL(test, (void __force *)addr);
	return addr;
}

static void unplugs(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, two_hosts);
	struct pci_dev *a = fake_pci_dev(f, "A");

	fake_pci_unplug(f, "down0");
	KUNIT_EXPECT_FALSE(test, device_is_registered(&a->dev));
	KUNIT_EXPECT_FALSE(test, pci_device_is_present(a));
	a = fake_pci_dev(f, "B");
	KUNIT_EXPECT_TRUE(test, device_is_registered(&a->dev));
	KUNIT_EXPECT_TRUE(test, pci_device_is_present(a));
}

static void replugs(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, two_hosts);
	struct pci_bus *bus = fake_pci_dev(f, "A")->bus;
	struct pci_dev *a = pci_dev_get(fake_pci_dev(f, "A"));
	resource_size_t start = pci_resource_start(a, 0);
	u32 id;

	fake_pci_unplug(f, "A");
	/* it stays away, and then comes back as another */
	KUNIT_EXPECT_EQ(test, 0, pci_scan_slot(bus, 0));
	fake_pci_replug(f, "A");
	KUNIT_EXPECT_PTR_NE(test, a, fake_pci_dev(f, "A"));
	pci_dev_put(a);
	a = fake_pci_dev(f, "A");
	KUNIT_EXPECT_TRUE(test, device_is_registered(&a->dev));
	KUNIT_EXPECT_PTR_EQ(test, bus, a->bus);
	KUNIT_EXPECT_EQ(test, start, pci_resource_start(a, 0));
	pci_read_config_dword(a, PCI_VENDOR_ID, &id);
	KUNIT_EXPECT_EQ(test, FAKE_PCI_VENDOR, id);
}

static void memory(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, two_hosts);
	struct pci_dev *a = fake_pci_dev(f, "A");
	void __iomem *ram, *again, *none;
	u8 buf[16];

	if (!fake_pci_has_memory())
		kunit_skip(test, "only UML lets ioremap() find it");
	ram = map_bar(test, a, 0);
	again = map_bar(test, a, 0);
	none = map_bar(test, a, 2);

	/* fresh memory is not clear */
	KUNIT_EXPECT_EQ(test, FAKE_PCI_FRESH, readb(ram));
	KUNIT_EXPECT_EQ(test, 0xffffffff, readl(none));
	writel(0x12345678, ram + 8);
	KUNIT_EXPECT_EQ(test, 0x5678, readw(again + 8));
	KUNIT_EXPECT_EQ(test, 0x34, readb(again + 10));
	memcpy_toio(ram + SZ_4K - 4, "abcd", 4);
	memcpy_fromio(buf, again + SZ_4K - 5, 5);
	KUNIT_EXPECT_MEMEQ(test, buf, "\245abcd", 5);
	memset_io(ram, 0, SZ_4K);
	KUNIT_EXPECT_EQ(test, 0, readl(again + SZ_4K - 4));
	writel(0, none);
	KUNIT_EXPECT_EQ(test, 0xffffffff, readl(none));

	/* gone with the device, and fresh again with the next */
	fake_pci_unplug(f, "A");
	KUNIT_EXPECT_EQ(test, 0xffffffff, readl(ram));
	fake_pci_replug(f, "A");
	KUNIT_EXPECT_EQ(test, 0xffffffff, readl(ram));
	iounmap(ram);
	ram = map_bar(test, fake_pci_dev(f, "A"), 0);
	KUNIT_EXPECT_EQ(test, FAKE_PCI_FRESH, readb(ram));
	iounmap(ram);
	iounmap(again);
	iounmap(none);
}

/* The example of the documentation, at an address that any kernel has. */

static const struct fake_pci_node small[] = {
	{ .name = "host", .type = FAKE_PCI_HOST,
	  .windows = { { .cpu = 0x40000000, .bus = 0x80000000,
			 .size = SZ_16M } } },
	{ .name = "port", .type = FAKE_PCI_ROOT_PORT, .parent = "host",
	  .devfn = PCI_DEVFN(1, 0) },
	{ .name = "nic", .type = FAKE_PCI_ENDPOINT, .parent = "port",
	  .device = 0x1234, .bar = { SZ_1M }, .bar_ram = BIT(0) },
	{}
};

static void example(struct kunit *test)
{
	struct fake_pci *f;
	struct pci_dev *nic;
	void __iomem *regs;

	if (region_intersects(0x40000000, SZ_16M, IORESOURCE_MEM,
			      IORES_DESC_NONE) != REGION_DISJOINT)
		kunit_skip(test, "this machine has RAM or devices there");
	f = fake_pci_create(test, small);
	nic = fake_pci_dev(f, "nic");
	KUNIT_EXPECT_PTR_EQ(test, fake_pci_dev(f, "port"),
			    pci_upstream_bridge(nic));
	KUNIT_EXPECT_EQ(test, 0x1234, nic->device);
	KUNIT_EXPECT_EQ(test, SZ_1M, pci_resource_len(nic, 0));
	KUNIT_EXPECT_EQ(test, 0x40000000,
			pci_bus_address(nic, 0) - pci_resource_start(nic, 0));

	if (!fake_pci_has_memory())
		kunit_skip(test, "nothing behind the BARs");
	regs = pci_iomap(nic, 0, 0);
	KUNIT_ASSERT_TRUE(test, regs);
	writel(42, regs + 8);
	KUNIT_EXPECT_EQ(test, 42, readl(regs + 8));
	pci_iounmap(nic, regs);
}

static void leaves_nothing(struct kunit *test)
{
	static const struct resource windows[] = {
		DEFINE_RES_MEM(CPU0, SIZE0),
		DEFINE_RES_MEM(CPU1, SIZE1),
		DEFINE_RES_MEM(CPU32, SIZE32),
	};
	struct pci_dev *pdev = NULL;
	int i;

	/* the cases before have made and unmade it */
	for_each_pci_dev(pdev)
		KUNIT_EXPECT_LT(test, pci_domain_nr(pdev->bus),
				FAKE_PCI_DOMAIN);
	KUNIT_EXPECT_PTR_EQ(test, NULL, pci_find_bus(FAKE_PCI_DOMAIN, 0));
	KUNIT_EXPECT_PTR_EQ(test, NULL, pci_find_bus(FAKE_PCI_DOMAIN + 1, 0));
	for (i = 0; i < ARRAY_SIZE(windows); i++)
		KUNIT_EXPECT_EQ(test, REGION_DISJOINT,
				region_intersects(windows[i].start,
						  resource_size(&windows[i]),
						  IORESOURCE_MEM,
						  IORES_DESC_NONE));
}

static struct kunit_case fake_pci_cases[] = {
	KUNIT_CASE(enumerates),
	KUNIT_CASE(assigns),
	KUNIT_CASE(acs),
	KUNIT_CASE(unplugs),
	KUNIT_CASE(replugs),
	KUNIT_CASE(memory),
	KUNIT_CASE(example),
	KUNIT_CASE(leaves_nothing),
	{}
};

static struct kunit_suite fake_pci_suite = {
	.name = "fake_pci",
	.test_cases = fake_pci_cases,
};

kunit_test_suite(fake_pci_suite);

MODULE_DESCRIPTION("KUnit tests for the fake PCI fabric");
MODULE_LICENSE("GPL");
