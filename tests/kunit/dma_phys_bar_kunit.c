// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for DMA mapping by physical address: registration of BARs.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/pci.h>

#include "dma_phys_test.h"

static const struct fake_pci_node odd_bars[] = {
	{ .name = "host", .type = FAKE_PCI_HOST,
	  .windows = { { .cpu = HOST0, .size = SZ_64M } } },
	{ .name = "X", .type = FAKE_PCI_ENDPOINT, .parent = "host",
	  .devfn = PCI_DEVFN(1, 0), .bar = { SZ_64K, 0, SZ_16G, 0, SZ_32 },
	  .bar_io = BIT(4) },
	{ .name = "off", .type = FAKE_PCI_ENDPOINT, .parent = "host",
	  .devfn = PCI_DEVFN(2, 0), .bar = { SZ_64K } },
	{}
};

struct bar_case {
	const char *name;
	int bar;
	u64 offset;
	u64 size;
	int ret;
	const char *says;	/* behind the name of the device */
};

static const struct bar_case bar_cases[] = {
	{ "whole", 0, 0, SZ_64K, 0 },
	{ "first frame", 0, 0, SZ_4K, 0 },
	{ "last frame", 0, SZ_64K - SZ_4K, SZ_4K, 0 },
	{ "I/O ports", 4, 0, SZ_32, -EOPNOTSUPP,
	  "BAR 4 is not memory, it cannot be a peer-to-peer range" },
	{ "no such BAR", 5, 0, SZ_4K, -EOPNOTSUPP,
	  "BAR 5 is not memory, it cannot be a peer-to-peer range" },
	{ "upper half of a 64-bit BAR", 1, 0, SZ_4K, -EOPNOTSUPP,
	  "BAR 1 is not memory, it cannot be a peer-to-peer range" },
	{ "upper half that looks like a BAR", 3, 0, SZ_4K, -EOPNOTSUPP,
	  "BAR 3 is not memory, it cannot be a peer-to-peer range" },
	{ "unassigned", 2, 0, SZ_4K, -ENXIO,
	  "BAR 2 has no address; a bridge window above may be too small (try pci=realloc)"
	},
	{ "number too high", 6, 0, SZ_4K, -ERANGE,
	  "there is no BAR 6" },
	{ "negative number", -1, 0, SZ_4K, -ERANGE,
	  "there is no BAR -1" },
	{ "too long", 0, 0, SZ_64K + SZ_4K, -ERANGE,
	  "BAR 0 has 0x10000 bytes, 0x0+0x11000 is beyond its end" },
	{ "begins behind it", 0, SZ_64K, SZ_4K, -ERANGE,
	  "BAR 0 has 0x10000 bytes, 0x10000+0x1000 is beyond its end" },
	{ "begins far behind it", 0, 1ULL << 63, SZ_4K, -ERANGE,
	  "BAR 0 has 0x10000 bytes, 0x8000000000000000+0x1000 is beyond its end"
	},
	{ "ends behind it", 0, SZ_64K - SZ_4K, SZ_8K, -ERANGE,
	  "BAR 0 has 0x10000 bytes, 0xf000+0x2000 is beyond its end" },
	{ "wraps around", 0, SZ_4K, -SZ_4K, -ERANGE,
	  "BAR 0 has 0x10000 bytes, 0x1000+0xfffffffffffff000 is beyond its end"
	},
	{ "zero length", 0, 0, 0, -EINVAL,
	  "not registered for peer-to-peer DMA: zero length (-22)" },
	{ "odd offset", 0, SZ_2K, SZ_4K, -EFAULT,
	  "DMA: start and length must be multiples of 4 KiB (-14)" },
	{ "odd length", 0, 0, SZ_4K + 1, -EFAULT,
	  "DMA: start and length must be multiples of 4 KiB (-14)" },
};

KUNIT_ARRAY_PARAM_DESC(bar, bar_cases, name);

static void add_bar(struct kunit *test)
{
	const struct bar_case *c = test->param_value;
	struct fake_pci *f = fake_pci_create(test, odd_bars);
	struct pci_dev *pdev = fake_pci_dev(f, "X");
	struct dma_phys_range *r = test_range_alloc(test);
	struct dma_phys_log *log = dma_phys_log_begin(test);
	char name[32];

	/* the core would not, with a BAR that has no address */
	pci_write_config_word(pdev, PCI_COMMAND, PCI_COMMAND_MEMORY);
	/* an address that has the bits of a 64-bit BAR */
	pci_write_config_dword(pdev, PCI_BASE_ADDRESS_3, ~0);
	KUNIT_EXPECT_EQ(test, c->ret,
			dma_phys_add_bar(r, pdev, c->bar, c->offset, c->size));
	if (c->says) {
		/* one line with both: who, and what */
		scnprintf(name, sizeof(name), "%s: ", pci_name(pdev));
		EXPECT_LOGGED(test, log, c->says);
		KUNIT_EXPECT_TRUE(test, dma_phys_log_line_has(log, name));
	}
	if (c->ret)
		return;
	KUNIT_EXPECT_EQ(test, pci_resource_start(pdev, 0) + c->offset,
			r->range.start);
	KUNIT_EXPECT_EQ(test, c->size, r->range.size);
	KUNIT_EXPECT_PTR_EQ(test, &pdev->dev, r->provider.owner);
	KUNIT_EXPECT_NOT_NULL(test, strstr(r->name, pci_name(pdev)));
}

static void add_bar_state(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, odd_bars);
	struct pci_dev *pdev = fake_pci_dev(f, "off");
	struct dma_phys_range *r = test_range_alloc(test);
	struct dma_phys_range *again = test_range_alloc(test);
	struct dma_phys_log *log = dma_phys_log_begin(test);

	pci_write_config_word(pdev, PCI_COMMAND, 0);
	KUNIT_EXPECT_EQ(test, -ENODEV,
			dma_phys_add_bar(r, pdev, 0, 0, SZ_4K));
	EXPECT_LOGGED(test, log,
		      "BAR 0 is disabled; call pci_enable_device_mem() first");
	pci_write_config_word(pdev, PCI_COMMAND, PCI_COMMAND_MEMORY);
	KUNIT_EXPECT_EQ(test, 0, dma_phys_add_bar(r, pdev, 0, 0, SZ_8K));
	KUNIT_EXPECT_EQ(test, -EEXIST,
			dma_phys_add_bar(again, pdev, 0, SZ_4K, SZ_8K));
	EXPECT_LOGGED(test, log,
		      "not registered for peer-to-peer DMA: overlaps a registered range (-17)");
	KUNIT_EXPECT_EQ(test, 0,
			dma_phys_add_bar(again, pdev, 0, SZ_8K, SZ_8K));
}

/* A BAR that gets another address, as when it is resized. */
static void moved_bar(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct pci_dev *pdev = fake_pci_dev(f, "N");
	struct dma_phys_range *r = test_range(test, f, "N");
	struct device *dev = test_dev(f, "N"), *far = test_dev(f, "H");
	phys_addr_t old = r->range.start, new;
	struct resource *parent;
	dma_addr_t addr;

	addr = dma_map_phys(dev, old, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	KUNIT_EXPECT_EQ(test, old - HOST1 + HOST1_BUS, addr);
	KUNIT_EXPECT_EQ(test, 0, dma_mapping_error(dev, addr));
	dma_unmap_phys(dev, addr, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);

	dma_phys_del(r);
	parent = pdev->resource[0].parent;
	pci_release_resource(pdev, 0);
	/* while somebody else sits there */
	KUNIT_ASSERT_NOT_NULL(test, __request_region(parent, old, SZ_1M, "it",
						     0));
	KUNIT_EXPECT_EQ(test, 0, pci_assign_resource(pdev, 0));
	__release_region(parent, old, SZ_1M);
	new = pci_resource_start(pdev, 0);
	KUNIT_ASSERT_NE(test, old, new);
	KUNIT_ASSERT_EQ(test, 0, dma_phys_add_bar(r, pdev, 0, 0, SZ_1M));
	KUNIT_EXPECT_EQ(test, new, r->range.start);

	addr = dma_map_phys(dev, new, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	KUNIT_EXPECT_EQ(test, new - HOST1 + HOST1_BUS, addr);
	KUNIT_EXPECT_EQ(test, 0, dma_mapping_error(dev, addr));
	dma_unmap_phys(dev, addr, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	addr = dma_map_phys(far, new, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	KUNIT_EXPECT_EQ(test, new, addr);
	KUNIT_EXPECT_EQ(test, 0, dma_mapping_error(far, addr));
	dma_unmap_phys(far, addr, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	/* nobody's again: plain MMIO, which holds nothing */
	addr = dma_map_phys(dev, old, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	KUNIT_EXPECT_EQ(test, old, addr);
	KUNIT_EXPECT_EQ(test, 0, dma_mapping_error(dev, addr));
	dma_unmap_phys(dev, addr, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	EXPECT_IDLE(test, r);
}

static struct kunit_case dma_phys_bar_cases[] = {
	KUNIT_CASE_PARAM(add_bar, bar_gen_params),
	KUNIT_CASE(add_bar_state),
	KUNIT_CASE(moved_bar),
	{}
};

static struct kunit_suite dma_phys_bar_suite = {
	.name = "dma_phys_bar",
	.test_cases = dma_phys_bar_cases,
};

kunit_test_suite(dma_phys_bar_suite);

MODULE_DESCRIPTION("KUnit tests for DMA mapping: registration of BARs");
MODULE_LICENSE("GPL");
