// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for DMA mapping by physical address: registration of BARs.
 */
#include <kunit/test.h>
#include <linux/memremap.h>
#include <linux/module.h>
#include <linux/pci-p2pmem.h>
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

/* The very same one again: refused before anything is written to it. */
static void add_bar_twice(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, odd_bars);
	struct pci_dev *pdev = fake_pci_dev(f, "X");
	struct dma_phys_range *r = test_range_alloc(test), *was;
	struct dma_phys_range *next = test_range_alloc(test);
	struct dma_phys_log *log = dma_phys_log_begin(test);

	pci_write_config_word(pdev, PCI_COMMAND, PCI_COMMAND_MEMORY);
	was = kunit_kzalloc(test, sizeof(*was), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, was);
	KUNIT_ASSERT_EQ(test, 0, dma_phys_add_bar(r, pdev, 0, 0, SZ_4K));
	KUNIT_ASSERT_EQ(test, 0, dma_phys_add_bar(next, pdev, 0, SZ_4K, SZ_4K));
	memcpy(was, r, sizeof(*r));

	KUNIT_EXPECT_EQ(test, -EEXIST,
			dma_phys_add_bar(r, pdev, 0, SZ_8K, SZ_8K));
	EXPECT_LOGGED(test, log,
		      "BAR 0, 0x2000+0x2000: the range that it shall be is registered already");
	KUNIT_EXPECT_MEMEQ(test, was, r, sizeof(*r));
	KUNIT_EXPECT_EQ(test, -EEXIST, dma_phys_add_bar(r, pdev, 0, 0, SZ_4K));
	KUNIT_EXPECT_MEMEQ(test, was, r, sizeof(*r));

	/* fenced, or going away, it is registered as well */
	KUNIT_ASSERT_EQ(test, 0, p2p_range_fence(&r->range));
	memcpy(was, r, sizeof(*r));
	KUNIT_EXPECT_EQ(test, -EEXIST, dma_phys_add_bar(r, pdev, 0, 0, SZ_4K));
	KUNIT_EXPECT_MEMEQ(test, was, r, sizeof(*r));
	KUNIT_ASSERT_EQ(test, 0, p2p_range_lift(&r->range));
	dma_phys_del(r);
	KUNIT_EXPECT_EQ(test, 0, dma_phys_add_bar(r, pdev, 0, SZ_8K, SZ_8K));
}

static const struct fake_pci_node msix_bars[] = {
	{ .name = "host", .type = FAKE_PCI_HOST,
	  .windows = { { .cpu = HOST0, .size = SZ_64M } } },
	/* 128 bytes of table, and pending bits in the frame behind it */
	{ .name = "one", .type = FAKE_PCI_ENDPOINT, .parent = "host",
	  .devfn = PCI_DEVFN(1, 0), .bar = { SZ_64K, 0, SZ_64K },
	  .msix = { .vectors = 8, .table = SZ_8K + SZ_1K, .pba = SZ_8K + SZ_4K,
		    .table_bar = 2, .pba_bar = 2 } },
	/* 32 KiB of table that begin in the middle of a frame */
	{ .name = "many", .type = FAKE_PCI_DEVICE, .parent = "host",
	  .devfn = PCI_DEVFN(2, 0), .bar = { SZ_64K, 0, SZ_64K },
	  .msix = { .vectors = 2048, .table = SZ_16K + SZ_2K, .pba = 0,
		    .table_bar = 0, .pba_bar = 2 } },
	/* nothing but that */
	{ .name = "all", .type = FAKE_PCI_ENDPOINT, .parent = "host",
	  .devfn = PCI_DEVFN(3, 0), .bar = { SZ_8K },
	  .msix = { .vectors = 1, .table = 0, .pba = SZ_4K + SZ_2K } },
	/* from both ends, the pending bits first */
	{ .name = "ends", .type = FAKE_PCI_ENDPOINT, .parent = "host",
	  .devfn = PCI_DEVFN(4, 0), .bar = { SZ_64K },
	  .msix = { .vectors = 65, .table = SZ_64K - SZ_2K,
		    .pba = SZ_8K - 8 } },
	{}
};

struct msix_case {
	const char *name;
	const char *dev;
	int bar;
	u64 offset;
	u64 size;
	int ret;
	const char *says;
};

#define ONE_HAS	"of this BAR you may register 0x0+0x2000, 0x4000+0xc000"
#define MANY_HAS "of this BAR you may register 0x0+0x4000, 0xd000+0x3000"
#define ENDS_HAS "of this BAR you may register 0x0+0x1000, 0x3000+0xc000"

static const struct msix_case msix_cases[] = {
	{ "all", "one", 2, 0, SZ_64K, -EPERM, ONE_HAS },
	{ "who, and what", "one", 2, 0, SZ_64K, -EPERM,
	  "BAR 2, 0x0+0x10000 has the MSI-X table or PBA in it: " },
	{ "the other BAR", "one", 0, 0, SZ_64K, 0 },
	{ "before", "one", 2, 0, SZ_8K, 0 },
	{ "into the table's frame", "one", 2, 0, SZ_8K + SZ_4K, -EPERM,
	  ONE_HAS },
	{ "the table's frame", "one", 2, SZ_8K, SZ_4K, -EPERM, ONE_HAS },
	{ "the pending bits' frame", "one", 2, SZ_8K + SZ_4K, SZ_4K, -EPERM,
	  ONE_HAS },
	{ "behind", "one", 2, SZ_16K, SZ_64K - SZ_16K, 0 },
	{ "all of a large table", "many", 0, 0, SZ_64K, -EPERM, MANY_HAS },
	{ "in the middle of it", "many", 0, SZ_32K, SZ_4K, -EPERM, MANY_HAS },
	{ "its last frame", "many", 0, SZ_32K + SZ_16K, SZ_4K, -EPERM,
	  MANY_HAS },
	{ "behind it", "many", 0, SZ_32K + SZ_16K + SZ_4K, SZ_4K, 0 },
	{ "pending bits", "many", 2, 0, SZ_64K, -EPERM,
	  "of this BAR you may register 0x1000+0xf000" },
	{ "behind pending bits", "many", 2, SZ_4K, SZ_64K - SZ_4K, 0 },
	{ "nothing left", "all", 0, SZ_4K, SZ_4K, -EPERM,
	  "of this BAR you may register none of it" },
	{ "65 pending bits over two frames", "ends", 0, SZ_8K, SZ_4K, -EPERM,
	  ENDS_HAS },
	{ "at both ends", "ends", 0, 0, SZ_64K, -EPERM, ENDS_HAS },
	{ "between", "ends", 0, SZ_8K + SZ_4K, SZ_32K + SZ_16K, 0 },
	{ "no bytes of it", "one", 2, SZ_8K, 0, -EINVAL, "zero length" },
};

KUNIT_ARRAY_PARAM_DESC(msix, msix_cases, name);

static void add_bar_msix(struct kunit *test)
{
	const struct msix_case *c = test->param_value;
	struct fake_pci *f = fake_pci_create(test, msix_bars);
	struct pci_dev *pdev = fake_pci_dev(f, c->dev);
	struct dma_phys_range *r = test_range_alloc(test);
	struct dma_phys_log *log = dma_phys_log_begin(test);

	KUNIT_ASSERT_EQ(test, 0, pci_enable_device_mem(pdev));
	KUNIT_ASSERT_NE(test, 0, pdev->msix_cap);
	KUNIT_EXPECT_EQ(test, c->ret,
			dma_phys_add_bar(r, pdev, c->bar, c->offset, c->size));
	if (c->says)
		EXPECT_LOGGED(test, log, c->says);
	if (c->ret != -EPERM)
		return;
	/* neither as a whole, nor as a provider of it */
	KUNIT_EXPECT_EQ(test, -EPERM, p2pmem_register(pdev, c->bar, 0, 0));
	KUNIT_EXPECT_EQ(test, -EPERM,
			p2pmem_register(pdev, c->bar, c->size, c->offset));
}

/* struct pages at [SZ_2M, SZ_4M) of a BAR, which come in pieces of 2 MiB */
static const struct fake_pci_node large_bar[] = {
	{ .name = "host", .type = FAKE_PCI_HOST,
	  .windows = { { .cpu = HOST0, .size = SZ_64M } } },
	{ .name = "X", .type = FAKE_PCI_ENDPOINT, .parent = "host",
	  .devfn = PCI_DEVFN(1, 0), .bar = { SZ_32M } },
	{}
};

struct pages_case {
	const char *name;
	u64 offset;
	u64 size;
	int ret;
};

static const struct pages_case pages_cases[] = {
	{ "all of the BAR", 0, SZ_32M, -EBUSY },
	{ "the same", SZ_2M, SZ_2M, -EBUSY },
	{ "their first frame", SZ_2M, SZ_4K, -EBUSY },
	{ "their last frame", SZ_4M - SZ_4K, SZ_4K, -EBUSY },
	{ "inside of them", SZ_2M + SZ_1M, SZ_8K, -EBUSY },
	{ "ends in their first frame", SZ_4K, SZ_2M, -EBUSY },
	{ "begins in their last frame", SZ_4M - SZ_4K, SZ_8M, -EBUSY },
	{ "in the step of an odd start", SZ_1M, SZ_2M, -EBUSY },
	{ "in the last step", 0, SZ_2M + SZ_4K, -EBUSY },
	{ "below them", 0, SZ_2M, 0 },
	{ "above them", SZ_4M, SZ_4M, 0 },
};

KUNIT_ARRAY_PARAM_DESC(pages, pages_cases, name);

#ifdef CONFIG_ZONE_DEVICE
static int test_pages(struct kunit *test, struct pci_dev *pdev,
		      struct dev_pagemap *pgmap)
{
	memset(pgmap, 0, sizeof(*pgmap));
	pgmap->type = MEMORY_DEVICE_GENERIC;
	pgmap->nr_range = 1;
	pgmap->range.start = pci_resource_start(pdev, 0) + SZ_2M;
	pgmap->range.end = pci_resource_start(pdev, 0) + SZ_4M - 1;
	return PTR_ERR_OR_ZERO(memremap_pages(pgmap, NUMA_NO_NODE));
}

static void test_no_pages(struct dev_pagemap *pgmap)
{
	memunmap_pages(pgmap);
}
#else
static int test_pages(struct kunit *test, struct pci_dev *pdev,
		      struct dev_pagemap *pgmap)
{
	kunit_skip(test, "there are no struct pages for devices");
	return 0;
}

static void test_no_pages(struct dev_pagemap *pgmap)
{
}
#endif

static void add_bar_pages(struct kunit *test)
{
	const struct pages_case *c = test->param_value;
	struct fake_pci *f = fake_pci_create(test, large_bar);
	struct pci_dev *pdev = fake_pci_dev(f, "X");
	struct dma_phys_range *r = test_range_alloc(test);
	struct dma_phys_log *log = dma_phys_log_begin(test);
	struct dev_pagemap *pgmap;

	pgmap = kunit_kzalloc(test, sizeof(*pgmap), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, pgmap);
	KUNIT_ASSERT_EQ(test, 0, pci_enable_device_mem(pdev));
	KUNIT_ASSERT_EQ(test, 0, test_pages(test, pdev, pgmap));
	KUNIT_EXPECT_EQ(test, c->ret,
			dma_phys_add_bar(r, pdev, 0, c->offset, c->size));
	if (c->ret)
		EXPECT_LOGGED(test, log, "BAR 0 has struct pages already");
	test_no_pages(pgmap);
	/* and when they are gone */
	if (c->ret)
		KUNIT_EXPECT_EQ(test, 0, dma_phys_add_bar(r, pdev, 0, c->offset,
							  c->size));
}

/* The other way round: the range was first. */
static void pages_on_range(struct kunit *test)
{
	const struct pages_case *c = test->param_value;
	struct fake_pci *f = fake_pci_create(test, large_bar);
	struct pci_dev *pdev = fake_pci_dev(f, "X");
	struct dma_phys_range *r = test_range_alloc(test);
	struct dma_phys_log *log = dma_phys_log_begin(test);
	struct dev_pagemap *pgmap;
	char says[64];
	int ret;

	pgmap = kunit_kzalloc(test, sizeof(*pgmap), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, pgmap);
	KUNIT_ASSERT_EQ(test, 0, pci_enable_device_mem(pdev));
	KUNIT_ASSERT_EQ(test, 0,
			dma_phys_add_bar(r, pdev, 0, c->offset, c->size));
	ret = test_pages(test, pdev, pgmap);
	KUNIT_EXPECT_EQ(test, c->ret, ret);
	if (ret) {
		scnprintf(says, sizeof(says), "gets no struct pages: %s BAR 0",
			  pci_name(pdev));
		EXPECT_LOGGED(test, log, says);
		dma_phys_del(r);
		KUNIT_ASSERT_EQ(test, 0, test_pages(test, pdev, pgmap));
	}
	test_no_pages(pgmap);
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
	KUNIT_CASE(add_bar_twice),
	KUNIT_CASE_PARAM(add_bar_msix, msix_gen_params),
	KUNIT_CASE_PARAM(add_bar_pages, pages_gen_params),
	KUNIT_CASE_PARAM(pages_on_range, pages_gen_params),
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
