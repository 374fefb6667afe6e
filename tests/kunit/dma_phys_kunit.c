// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for DMA mapping by physical address, on a fake PCI fabric.
 *
 *   host0: bridge unknown, bus address = CPU address
 *     port0 -- up -+- down0 -- A, A1 (second function)
 *                  +- down1 -- B
 *                  +- down2 -- up2 -- down3 -- C
 *     port1 -- D
 *     pci -- E (conventional)
 *   host1: bridge known to forward, bus address below the CPU address
 *     port10 -- up10 -+- down10 -- F
 *                     +- down11 -- G
 *     port11 -- H
 *   host2: bridge known, bus address above the CPU address
 *     port20 -- I
 *     port21 -- up21 -- down21 -- J, and down22 -- K
 *   host3: bridge known to forward between its own ports only
 *     port30 -- L
 *     port31 -- M
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/dma-phys.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/sizes.h>

#include "fake_pci.h"

#define HOST0		0x4000000000ULL
#define HOST1		0x5000000000ULL
#define HOST1_BUS	0x1000000000ULL
#define HOST1_32	0x5800000000ULL
#define HOST1_32_BUS	0x80000000ULL
#define HOST2		0x6000000000ULL
#define HOST2_BUS	0x9000000000ULL
#define HOST3		0x7000000000ULL
#define NOBODY		0x7800000000ULL

#define ACS(_ctrl)	.has_acs = true, .acs_cap = 0x7f, .acs_ctrl = (_ctrl)
#define SLOT(_n)	.devfn = PCI_DEVFN(_n, 0)
#define INTEL(_id)	.vendor = PCI_VENDOR_ID_INTEL, .device = (_id)

static const struct fake_pci_node fabric[] = {
	{ .name = "host0", .type = FAKE_PCI_HOST,
	  .windows = { { .cpu = HOST0, .size = SZ_8G } } },
	{ .name = "hd0", .type = FAKE_PCI_HOST_DEV, .parent = "host0" },
	{ .name = "port0", .type = FAKE_PCI_ROOT_PORT, .parent = "host0",
	  SLOT(1), ACS(0) },
	{ .name = "up", .type = FAKE_PCI_UPSTREAM, .parent = "port0" },
	{ .name = "down0", .type = FAKE_PCI_DOWNSTREAM, .parent = "up",
	  SLOT(0), ACS(0) },
	{ .name = "A", .type = FAKE_PCI_ENDPOINT, .parent = "down0",
	  .bar = { SZ_16M } },
	{ .name = "A1", .type = FAKE_PCI_ENDPOINT, .parent = "down0",
	  .devfn = PCI_DEVFN(0, 1) },
	{ .name = "down1", .type = FAKE_PCI_DOWNSTREAM, .parent = "up",
	  SLOT(1), ACS(0) },
	{ .name = "B", .type = FAKE_PCI_ENDPOINT, .parent = "down1",
	  .bar = { SZ_1M } },
	{ .name = "down2", .type = FAKE_PCI_DOWNSTREAM, .parent = "up",
	  SLOT(2), ACS(0) },
	{ .name = "up2", .type = FAKE_PCI_UPSTREAM, .parent = "down2" },
	{ .name = "down3", .type = FAKE_PCI_DOWNSTREAM, .parent = "up2",
	  ACS(0) },
	{ .name = "C", .type = FAKE_PCI_ENDPOINT, .parent = "down3" },
	{ .name = "port1", .type = FAKE_PCI_ROOT_PORT, .parent = "host0",
	  SLOT(2) },
	{ .name = "D", .type = FAKE_PCI_ENDPOINT, .parent = "port1" },
	{ .name = "pci", .type = FAKE_PCI_BRIDGE, .parent = "host0", SLOT(3) },
	{ .name = "E", .type = FAKE_PCI_DEVICE, .parent = "pci", SLOT(4) },

	{ .name = "host1", .type = FAKE_PCI_HOST, .domain = 1,
	  .windows = { { .cpu = HOST1, .bus = HOST1_BUS, .size = SZ_8G },
		       { .cpu = HOST1_32, .bus = HOST1_32_BUS,
			 .size = SZ_256M, .mem32 = true } } },
	{ .name = "hd1", .type = FAKE_PCI_HOST_DEV, .parent = "host1",
	  INTEL(0x2030) },
	{ .name = "port10", .type = FAKE_PCI_ROOT_PORT, .parent = "host1",
	  SLOT(1) },
	{ .name = "up10", .type = FAKE_PCI_UPSTREAM, .parent = "port10" },
	{ .name = "down10", .type = FAKE_PCI_DOWNSTREAM, .parent = "up10",
	  SLOT(0), ACS(0) },
	{ .name = "F", .type = FAKE_PCI_ENDPOINT, .parent = "down10",
	  .bar = { SZ_16M, 0, SZ_1M }, .bar_mem32 = BIT(2) },
	{ .name = "down11", .type = FAKE_PCI_DOWNSTREAM, .parent = "up10",
	  SLOT(1), ACS(0) },
	{ .name = "G", .type = FAKE_PCI_ENDPOINT, .parent = "down11" },
	{ .name = "port11", .type = FAKE_PCI_ROOT_PORT, .parent = "host1",
	  SLOT(2) },
	{ .name = "H", .type = FAKE_PCI_ENDPOINT, .parent = "port11" },

	{ .name = "host2", .type = FAKE_PCI_HOST, .domain = 2,
	  .windows = { { .cpu = HOST2, .bus = HOST2_BUS, .size = SZ_8G } } },
	{ .name = "hd2", .type = FAKE_PCI_HOST_DEV, .parent = "host2",
	  INTEL(0x2030) },
	{ .name = "port20", .type = FAKE_PCI_ROOT_PORT, .parent = "host2",
	  SLOT(1) },
	{ .name = "I", .type = FAKE_PCI_ENDPOINT, .parent = "port20",
	  .bar = { SZ_1M } },
	{ .name = "port21", .type = FAKE_PCI_ROOT_PORT, .parent = "host2",
	  SLOT(2) },
	{ .name = "up21", .type = FAKE_PCI_UPSTREAM, .parent = "port21" },
	{ .name = "down21", .type = FAKE_PCI_DOWNSTREAM, .parent = "up21",
	  SLOT(0) },
	{ .name = "J", .type = FAKE_PCI_ENDPOINT, .parent = "down21",
	  .bar = { SZ_1M } },
	{ .name = "down22", .type = FAKE_PCI_DOWNSTREAM, .parent = "up21",
	  SLOT(1) },
	{ .name = "K", .type = FAKE_PCI_ENDPOINT, .parent = "down22" },

	{ .name = "host3", .type = FAKE_PCI_HOST, .domain = 3,
	  .windows = { { .cpu = HOST3, .size = SZ_8G } } },
	{ .name = "hd3", .type = FAKE_PCI_HOST_DEV, .parent = "host3",
	  INTEL(0x3c00) },
	{ .name = "port30", .type = FAKE_PCI_ROOT_PORT, .parent = "host3",
	  SLOT(1) },
	{ .name = "L", .type = FAKE_PCI_ENDPOINT, .parent = "port30",
	  .bar = { SZ_1M } },
	{ .name = "port31", .type = FAKE_PCI_ROOT_PORT, .parent = "host3",
	  SLOT(2) },
	{ .name = "M", .type = FAKE_PCI_ENDPOINT, .parent = "port31" },
	{}
};

#define BUS_ADDR	PCI_P2PDMA_MAP_BUS_ADDR
#define OWN_BAR		PCI_P2PDMA_MAP_OWN_BAR
#define HOST_BRIDGE	PCI_P2PDMA_MAP_THRU_HOST_BRIDGE
#define REFUSED		PCI_P2PDMA_MAP_NOT_SUPPORTED

static struct device *test_dev(struct fake_pci *f, const char *name)
{
	struct device *dev = &fake_pci_dev(f, name)->dev;

	dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64));
	return dev;
}

/* What a test leaves behind must not hang its clean-up. */
static void test_range_del(void *data)
{
	struct dma_phys_range *r = data;

	if (p2p_range_state(&r->range) != P2P_RANGE_LIVE &&
	    p2p_range_state(&r->range) != P2P_RANGE_FENCED)
		return;
	while (p2p_range_inflight(&r->range))
		dma_phys_put(r);
	dma_phys_del(r);
}

static struct dma_phys_range *test_range_alloc(struct kunit *test,
					       struct pci_dev *pdev)
{
	struct dma_phys_range *r;

	r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, r);
	KUNIT_ASSERT_EQ(test, 0, pci_enable_device_mem(pdev));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, test_range_del, r));
	return r;
}

static struct dma_phys_range *test_range_piece(struct kunit *test,
					       struct fake_pci *f,
					       const char *name, int bar,
					       u64 offset, u64 size)
{
	struct pci_dev *pdev = fake_pci_dev(f, name);
	struct dma_phys_range *r = test_range_alloc(test, pdev);

	KUNIT_ASSERT_EQ(test, 0, dma_phys_add_bar(r, pdev, bar, offset, size));
	return r;
}

static struct dma_phys_range *test_range(struct kunit *test, struct fake_pci *f,
					 const char *name)
{
	return test_range_piece(test, f, name, 0, 0,
				pci_resource_len(fake_pci_dev(f, name), 0));
}

#define EXPECT_IDLE(test, r) \
	KUNIT_EXPECT_EQ(test, 0, p2p_range_inflight(&(r)->range))

/* how a client reaches a provider */

struct verdict_case {
	const char *name;
	const char *provider;
	const char *client;
	const char *acs_port;
	u16 acs_ctrl;
	int map;
};

static const struct verdict_case verdict_cases[] = {
	{ "own BAR", "A", "A", .map = OWN_BAR },
	{ "own BAR, ACS on the port", "A", "A", "down0", PCI_ACS_RR, OWN_BAR },
	{ "other function", "A", "A1", .map = BUS_ADDR },
	{ "same switch", "A", "B", .map = BUS_ADDR },
	{ "same switch, other way", "B", "A", .map = BUS_ADDR },
	{ "nested switch", "A", "C", .map = BUS_ADDR },
	{ "ACS request redirect, provider", "A", "B", "down0", PCI_ACS_RR,
	  REFUSED },
	{ "ACS completion redirect, provider", "A", "B", "down0", PCI_ACS_CR,
	  REFUSED },
	{ "ACS egress control, provider", "A", "B", "down0", PCI_ACS_EC,
	  REFUSED },
	{ "ACS request redirect, client", "A", "B", "down1", PCI_ACS_RR,
	  REFUSED },
	{ "ACS completion redirect, client", "A", "B", "down1", PCI_ACS_CR,
	  REFUSED },
	{ "ACS egress control, client", "A", "B", "down1", PCI_ACS_EC,
	  REFUSED },
	{ "ACS that redirects nothing", "A", "B", "down0",
	  PCI_ACS_SV | PCI_ACS_TB | PCI_ACS_UF, BUS_ADDR },
	{ "ACS on a port beside the path", "A", "B", "down2", PCI_ACS_RR,
	  BUS_ADDR },
	{ "ACS on the port above the switch", "A", "B", "port0", PCI_ACS_RR,
	  BUS_ADDR },
	{ "ACS between nested switches", "A", "C", "down2", PCI_ACS_RR,
	  REFUSED },
	{ "ACS in the nested switch", "A", "C", "down3", PCI_ACS_RR, REFUSED },
	{ "other root port, unknown bridge", "A", "D", .map = REFUSED },
	{ "conventional PCI, unknown bridge", "A", "E", .map = REFUSED },
	{ "other domain, unknown bridge", "A", "F", .map = REFUSED },
	{ "same switch, known bridge", "F", "G", .map = BUS_ADDR },
	{ "ACS, known bridge", "F", "G", "down10", PCI_ACS_RR, HOST_BRIDGE },
	{ "ACS of the client, known bridge", "F", "G", "down11", PCI_ACS_CR,
	  HOST_BRIDGE },
	{ "other root port, known bridge", "F", "H", .map = HOST_BRIDGE },
	{ "two known bridges", "F", "I", .map = HOST_BRIDGE },
	{ "known to unknown bridge", "F", "A", .map = REFUSED },
	{ "own ports only, own", "L", "M", .map = HOST_BRIDGE },
	{ "own ports only, to another", "L", "I", .map = REFUSED },
	{ "own ports only, from another", "I", "L", .map = REFUSED },
};

KUNIT_ARRAY_PARAM_DESC(verdict, verdict_cases, name);

static void verdict(struct kunit *test)
{
	const struct verdict_case *c = test->param_value;
	struct fake_pci *f = fake_pci_create(test, fabric);
	struct dma_phys_range *r, *got;
	int i, map;

	if (c->acs_port)
		fake_pci_set_acs(f, c->acs_port, c->acs_ctrl);
	r = test_range(test, f, c->provider);

	/* worked out, and then from the cache */
	for (i = 0; i < 2; i++) {
		map = -1;
		got = dma_phys_get(test_dev(f, c->client), r->range.start,
				   SZ_4K, &map);
		KUNIT_EXPECT_EQ(test, c->map, map);
		if (c->map == REFUSED) {
			KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-EREMOTEIO), got);
			continue;
		}
		KUNIT_ASSERT_PTR_EQ(test, r, got);
		KUNIT_EXPECT_EQ(test, 1, p2p_range_inflight(&r->range));
		dma_phys_put(got);
	}
	EXPECT_IDLE(test, r);
}

static void verdict_no_pci(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, fabric);
	struct dma_phys_range *r = test_range(test, f, "A");
	struct device *dev = kunit_device_register(test, "no-pci-device");
	int map;

	KUNIT_ASSERT_FALSE(test, IS_ERR(dev));
	KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-EREMOTEIO),
			    dma_phys_get(dev, r->range.start, SZ_4K, &map));
	KUNIT_EXPECT_EQ(test, DMA_MAPPING_ERROR,
			dma_map_phys(dev, r->range.start, SZ_4K,
				     DMA_TO_DEVICE, DMA_ATTR_MMIO));
	EXPECT_IDLE(test, r);
}

static void verdict_is_cached(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, fabric);
	struct dma_phys_range *r = test_range(test, f, "A");
	int map;

	KUNIT_EXPECT_TRUE(test, xa_empty(&r->verdicts));
	dma_phys_put(dma_phys_get(test_dev(f, "B"), r->range.start, 1, &map));
	KUNIT_EXPECT_EQ(test, BUS_ADDR, map);
	KUNIT_EXPECT_FALSE(test, xa_empty(&r->verdicts));
	/* a refusal is remembered as well, and per client */
	dma_phys_get(test_dev(f, "D"), r->range.start, 1, &map);
	KUNIT_EXPECT_EQ(test, REFUSED, map);
	dma_phys_put(dma_phys_get(test_dev(f, "B"), r->range.start, 1, &map));
	KUNIT_EXPECT_EQ(test, BUS_ADDR, map);

	/* whoever comes to their addresses next is somebody else */
	fake_pci_unplug(f, "B");
	fake_pci_unplug(f, "D");
	KUNIT_EXPECT_TRUE(test, xa_empty(&r->verdicts));
	EXPECT_IDLE(test, r);
}

/* mapping, by each of the ways and with each kind of bus offset */

struct map_case {
	const char *name;
	const char *provider;
	const char *client;
	int bar;
	u64 cpu;	/* what is to be added to get from the CPU's ... */
	u64 bus;	/* ... to the DMA address */
};

static const struct map_case map_cases[] = {
	{ "bus address, no offset", "A", "B", 0 },
	{ "bus address, lower", "F", "G", 0, HOST1, HOST1_BUS },
	{ "bus address, below 4 GiB", "F", "G", 2, HOST1_32, HOST1_32_BUS },
	{ "bus address, higher", "J", "K", 0, HOST2, HOST2_BUS },
	{ "own BAR, no offset", "A", "A", 0 },
	{ "own BAR, lower", "F", "F", 0, HOST1, HOST1_BUS },
	{ "own BAR, higher", "I", "I", 0, HOST2, HOST2_BUS },
	{ "host bridge, no offset", "L", "M", 0 },
	{ "host bridge, lower", "F", "H", 0 },
	{ "host bridge, higher", "J", "I", 0 },
	{ "two host bridges", "F", "I", 0 },
};

KUNIT_ARRAY_PARAM_DESC(map, map_cases, name);

static void map_and_unmap(struct kunit *test)
{
	static const enum dma_data_direction dirs[] = {
		DMA_TO_DEVICE, DMA_FROM_DEVICE, DMA_BIDIRECTIONAL,
	};
	const struct map_case *c = test->param_value;
	struct fake_pci *f = fake_pci_create(test, fabric);
	struct pci_dev *pdev = fake_pci_dev(f, c->provider);
	struct device *dev = test_dev(f, c->client);
	size_t size = pci_resource_len(pdev, c->bar);
	struct dma_phys_range *r;
	dma_addr_t addr[ARRAY_SIZE(dirs)];
	phys_addr_t phys;
	int i;

	r = test_range_piece(test, f, c->provider, c->bar, 0, size);
	phys = r->range.start;

	/* all of it, a byte in the middle, the last page, all at a time */
	addr[0] = dma_map_phys(dev, phys, size, dirs[0], DMA_ATTR_MMIO);
	KUNIT_EXPECT_EQ(test, phys - c->cpu + c->bus, addr[0]);
	addr[1] = dma_map_phys(dev, phys + 12345, 1, dirs[1], DMA_ATTR_MMIO);
	KUNIT_EXPECT_EQ(test, phys - c->cpu + c->bus + 12345, addr[1]);
	addr[2] = dma_map_phys(dev, phys + size - SZ_4K, SZ_4K, dirs[2],
			       DMA_ATTR_MMIO);
	KUNIT_EXPECT_EQ(test, phys - c->cpu + c->bus + size - SZ_4K, addr[2]);
	for (i = 0; i < ARRAY_SIZE(addr); i++)
		KUNIT_EXPECT_EQ(test, 0, dma_mapping_error(dev, addr[i]));

	KUNIT_EXPECT_EQ(test, 3, p2p_range_inflight(&r->range));
	dma_unmap_phys(dev, addr[1], 1, dirs[1], DMA_ATTR_MMIO);
	KUNIT_EXPECT_EQ(test, 2, p2p_range_inflight(&r->range));
	dma_unmap_phys(dev, addr[0], size, dirs[0], DMA_ATTR_MMIO);
	KUNIT_EXPECT_EQ(test, 1, p2p_range_inflight(&r->range));
	dma_unmap_phys(dev, addr[2], SZ_4K, dirs[2], DMA_ATTR_MMIO);
	EXPECT_IDLE(test, r);
}

static void map_resource(struct kunit *test)
{
	const struct map_case *c = test->param_value;
	struct fake_pci *f = fake_pci_create(test, fabric);
	struct device *dev = test_dev(f, c->client);
	struct dma_phys_range *r;
	dma_addr_t addr;

	r = test_range_piece(test, f, c->provider, c->bar, 0, SZ_64K);
	addr = dma_map_resource(dev, r->range.start + SZ_4K, SZ_8K,
				DMA_BIDIRECTIONAL, 0);
	KUNIT_EXPECT_EQ(test, r->range.start + SZ_4K - c->cpu + c->bus, addr);
	KUNIT_EXPECT_EQ(test, 1, p2p_range_inflight(&r->range));
	dma_unmap_resource(dev, addr, SZ_8K, DMA_BIDIRECTIONAL, 0);
	EXPECT_IDLE(test, r);
}

/* A piece of a BAR: the offset is that of the window, not of the piece. */
static void map_piece(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, fabric);
	struct device *dev = test_dev(f, "G");
	struct dma_phys_range *r;
	dma_addr_t addr;

	r = test_range_piece(test, f, "F", 0, SZ_1M, SZ_64K);
	KUNIT_EXPECT_EQ(test, pci_resource_start(fake_pci_dev(f, "F"), 0) +
			SZ_1M, r->range.start);
	addr = dma_map_phys(dev, r->range.start, SZ_64K, DMA_TO_DEVICE,
			    DMA_ATTR_MMIO);
	KUNIT_EXPECT_EQ(test, pci_bus_address(fake_pci_dev(f, "F"), 0) + SZ_1M,
			addr);
	dma_unmap_phys(dev, addr, SZ_64K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	EXPECT_IDLE(test, r);
}

/* refusals: an error, and no reference */

struct refuse_case {
	const char *name;
	s64 offset;		/* from the start of the range */
	u64 size;
};

static const struct refuse_case refuse_cases[] = {
	{ "zero length", 0, 0 },
	{ "byte past the end", SZ_64K - 1, 2 },
	{ "frame past the end", 0, SZ_64K + SZ_4K },
	{ "from a byte before", -1, 2 },
	{ "all around", -SZ_4K, SZ_64K + SZ_8K },
	{ "wraps around", 0, SIZE_MAX },
};

KUNIT_ARRAY_PARAM_DESC(refuse, refuse_cases, name);

static void refuse_straddling(struct kunit *test)
{
	const struct refuse_case *c = test->param_value;
	struct fake_pci *f = fake_pci_create(test, fabric);
	struct dma_phys_range *r;

	r = test_range_piece(test, f, "A", 0, SZ_1M, SZ_64K);
	KUNIT_EXPECT_EQ(test, DMA_MAPPING_ERROR,
			dma_map_phys(test_dev(f, "B"),
				     r->range.start + c->offset, c->size,
				     DMA_TO_DEVICE, DMA_ATTR_MMIO));
	EXPECT_IDLE(test, r);
}

/* Two ranges of one device side by side are two ranges. */
static void refuse_two_ranges(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, fabric);
	struct device *dev = test_dev(f, "B");
	struct dma_phys_range *r, *next;
	phys_addr_t phys;
	int map;

	r = test_range_piece(test, f, "A", 0, 0, SZ_64K);
	next = test_range_piece(test, f, "A", 0, SZ_64K, SZ_64K);
	phys = next->range.start - SZ_4K;

	KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-EINVAL),
			    dma_phys_get(dev, phys, SZ_8K, &map));
	KUNIT_EXPECT_EQ(test, DMA_MAPPING_ERROR,
			dma_map_phys(dev, phys, SZ_8K, DMA_TO_DEVICE,
				     DMA_ATTR_MMIO));
	KUNIT_EXPECT_FALSE(test, dma_phys_same_provider(phys, phys, SZ_8K));
	KUNIT_EXPECT_FALSE(test, dma_phys_same_provider(phys, phys + SZ_4K, 1));
	KUNIT_EXPECT_TRUE(test, dma_phys_same_provider(phys, phys, SZ_4K));
	KUNIT_EXPECT_TRUE(test, dma_phys_same_provider(phys, r->range.start,
						       SZ_64K));
	KUNIT_EXPECT_FALSE(test, dma_phys_same_provider(phys, r->range.start,
							SZ_64K + 1));
	KUNIT_EXPECT_FALSE(test, dma_phys_same_provider(NOBODY, NOBODY, 1));
	EXPECT_IDLE(test, r);
	EXPECT_IDLE(test, next);
}

static void refuse_unreachable(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, fabric);
	struct dma_phys_range *r = test_range(test, f, "A");

	KUNIT_EXPECT_EQ(test, DMA_MAPPING_ERROR,
			dma_map_phys(test_dev(f, "D"), r->range.start, SZ_4K,
				     DMA_FROM_DEVICE, DMA_ATTR_MMIO));
	KUNIT_EXPECT_EQ(test, DMA_MAPPING_ERROR,
			dma_map_resource(test_dev(f, "D"), r->range.start,
					 SZ_4K, DMA_FROM_DEVICE, 0));
	EXPECT_IDLE(test, r);
}

/* Between devices it is the bus address that must be within the mask. */
static void mask_of_bus_address(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, fabric);
	struct device *dev = test_dev(f, "G");
	struct dma_phys_range *high, *low;
	dma_addr_t addr;

	high = test_range(test, f, "F");
	low = test_range_piece(test, f, "F", 2, 0, SZ_1M);
	KUNIT_ASSERT_EQ(test, 0, dma_set_mask(dev, DMA_BIT_MASK(32)));

	KUNIT_EXPECT_EQ(test, DMA_MAPPING_ERROR,
			dma_map_phys(dev, high->range.start, SZ_4K,
				     DMA_TO_DEVICE, DMA_ATTR_MMIO));
	EXPECT_IDLE(test, high);

	addr = dma_map_phys(dev, low->range.start, SZ_4K, DMA_TO_DEVICE,
			    DMA_ATTR_MMIO);
	KUNIT_EXPECT_EQ(test, low->range.start - HOST1_32 + HOST1_32_BUS, addr);
	dma_unmap_phys(dev, addr, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	EXPECT_IDLE(test, low);

	/* the mask counts to the last byte */
	KUNIT_ASSERT_EQ(test, 0, dma_set_mask(dev, addr + SZ_8K - 1));
	addr = dma_map_phys(dev, low->range.start, SZ_8K, DMA_TO_DEVICE,
			    DMA_ATTR_MMIO);
	KUNIT_EXPECT_NE(test, DMA_MAPPING_ERROR, addr);
	dma_unmap_phys(dev, addr, SZ_8K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	KUNIT_EXPECT_EQ(test, DMA_MAPPING_ERROR,
			dma_map_phys(dev, low->range.start, SZ_8K + 1,
				     DMA_TO_DEVICE, DMA_ATTR_MMIO));
	EXPECT_IDLE(test, low);
}

/* Through the host bridge it is the CPU's. */
static void mask_of_cpu_address(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, fabric);
	struct device *dev = test_dev(f, "H");
	struct dma_phys_range *r;

	r = test_range_piece(test, f, "F", 2, 0, SZ_1M);
	KUNIT_ASSERT_EQ(test, 0, dma_set_mask(dev, DMA_BIT_MASK(32)));
	KUNIT_EXPECT_EQ(test, DMA_MAPPING_ERROR,
			dma_map_phys(dev, r->range.start, SZ_4K, DMA_TO_DEVICE,
				     DMA_ATTR_MMIO));
	EXPECT_IDLE(test, r);
}

/* fenced, going, gone */

static void fenced(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, fabric);
	struct device *dev = test_dev(f, "B");
	struct dma_phys_range *r = test_range(test, f, "A");
	phys_addr_t phys = r->range.start;
	dma_addr_t addr;
	int map;

	addr = dma_map_phys(dev, phys, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	KUNIT_EXPECT_EQ(test, 0, p2p_range_fence(&r->range));
	KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-EAGAIN),
			    dma_phys_get(dev, phys, SZ_4K, &map));
	KUNIT_EXPECT_EQ(test, DMA_MAPPING_ERROR,
			dma_map_phys(dev, phys, SZ_4K, DMA_TO_DEVICE,
				     DMA_ATTR_MMIO));
	KUNIT_EXPECT_FALSE(test, p2p_range_is_idle(&r->range));
	dma_unmap_phys(dev, addr, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	KUNIT_EXPECT_EQ(test, 0, p2p_range_wait(&r->range));
	KUNIT_EXPECT_EQ(test, 0, p2p_range_lift(&r->range));

	addr = dma_map_phys(dev, phys, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	KUNIT_EXPECT_NE(test, DMA_MAPPING_ERROR, addr);
	dma_unmap_phys(dev, addr, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	EXPECT_IDLE(test, r);
}

struct test_del {
	struct dma_phys_range *r;
	struct completion done;
};

static int test_del_thread(void *data)
{
	struct test_del *del = data;

	dma_phys_del(del->r);
	complete(&del->done);
	return 0;
}

static void going(struct kunit *test)
{
	const struct map_case *c = test->param_value;
	struct fake_pci *f = fake_pci_create(test, fabric);
	struct device *dev = test_dev(f, c->client);
	struct test_del del = {};
	struct task_struct *task;
	phys_addr_t phys;
	dma_addr_t addr;
	int map;

	del.r = test_range_piece(test, f, c->provider, c->bar, 0, SZ_64K);
	init_completion(&del.done);
	phys = del.r->range.start;
	addr = dma_map_phys(dev, phys, SZ_64K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	KUNIT_ASSERT_NE(test, DMA_MAPPING_ERROR, addr);

	task = kthread_run(test_del_thread, &del, "dma_phys_del");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	KUNIT_EXPECT_EQ(test, 0, wait_for_completion_timeout(&del.done, 3));

	KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-ENODEV),
			    dma_phys_get(dev, phys, SZ_4K, &map));
	KUNIT_EXPECT_EQ(test, DMA_MAPPING_ERROR,
			dma_map_phys(dev, phys, SZ_4K, DMA_TO_DEVICE,
				     DMA_ATTR_MMIO));
	/* the address alone must still lead to the range */
	dma_unmap_phys(dev, addr, SZ_64K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	KUNIT_EXPECT_NE(test, 0,
			wait_for_completion_timeout(&del.done, 20 * HZ));
	KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-ENXIO),
			    dma_phys_get(dev, phys, SZ_4K, &map));
}

static void nobodys_mmio(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, fabric);
	struct device *dev = test_dev(f, "B");
	struct dma_phys_range *r = test_range(test, f, "A");
	phys_addr_t phys = r->range.start;
	dma_addr_t addr;

	addr = dma_map_phys(dev, NOBODY, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	KUNIT_EXPECT_EQ(test, NOBODY, addr);
	EXPECT_IDLE(test, r);
	dma_unmap_phys(dev, addr, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);

	addr = dma_map_resource(dev, NOBODY, SZ_4K, DMA_TO_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, NOBODY, addr);
	dma_unmap_resource(dev, addr, SZ_4K, DMA_TO_DEVICE, 0);

	/* nobody's, and not even a piece of the address space */
	addr = dma_map_phys(dev, PHYS_ADDR_MAX - SZ_4K + 1, SZ_8K,
			    DMA_TO_DEVICE, DMA_ATTR_MMIO);
	KUNIT_EXPECT_EQ(test, DMA_MAPPING_ERROR, addr);

	/* unregistered again, it is nobody's as well */
	dma_phys_del(r);
	addr = dma_map_phys(dev, phys, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	KUNIT_EXPECT_EQ(test, phys, addr);
	dma_unmap_phys(dev, addr, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
}

static void ram(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, fabric);
	struct device *dev = test_dev(f, "B");
	struct dma_phys_range *r = test_range(test, f, "A");
	struct page *page = alloc_pages(GFP_KERNEL, 1);
	dma_addr_t addr, want;
	size_t offset;

	KUNIT_ASSERT_NOT_NULL(test, page);
	for (offset = 0; offset < PAGE_SIZE; offset += 1000) {
		want = dma_map_page(dev, page, offset, PAGE_SIZE,
				    DMA_TO_DEVICE);
		addr = dma_map_phys(dev, page_to_phys(page) + offset, PAGE_SIZE,
				    DMA_TO_DEVICE, 0);
		KUNIT_EXPECT_EQ(test, want, addr);
		KUNIT_EXPECT_EQ(test, 0, dma_mapping_error(dev, addr));
		dma_unmap_phys(dev, addr, PAGE_SIZE, DMA_TO_DEVICE, 0);
		dma_unmap_page(dev, want, PAGE_SIZE, DMA_TO_DEVICE);
	}
	EXPECT_IDLE(test, r);
	KUNIT_EXPECT_EQ(test, DMA_MAPPING_ERROR,
			dma_map_phys(dev, page_to_phys(page), 0, DMA_TO_DEVICE,
				     0));
	__free_pages(page, 1);
}

/* Peer-to-peer memory that nobody said to be such is not taken for RAM. */
static void not_ram(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, fabric);
	struct dma_phys_range *r = test_range(test, f, "A");

	KUNIT_EXPECT_EQ(test, DMA_MAPPING_ERROR,
			dma_map_phys(test_dev(f, "B"), r->range.start, SZ_4K,
				     DMA_TO_DEVICE, 0));
	EXPECT_IDLE(test, r);
}

/* Many pieces under one reference, as the block layer does it. */
static void map_in(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, fabric);
	struct device *dev = test_dev(f, "G");
	struct dma_phys_range *r, *other;
	phys_addr_t phys;
	int i, map;

	r = test_range_piece(test, f, "F", 0, SZ_1M, SZ_64K);
	other = test_range_piece(test, f, "F", 0, SZ_2M, SZ_64K);
	phys = r->range.start;
	KUNIT_ASSERT_PTR_EQ(test, r, dma_phys_get(dev, phys, 1, &map));

	for (i = 0; i < 16; i++)
		KUNIT_EXPECT_EQ(test, phys + i * SZ_4K - HOST1 + HOST1_BUS,
				dma_phys_map_in(r, dev, phys + i * SZ_4K, SZ_4K,
						DMA_TO_DEVICE, 0, map));
	KUNIT_EXPECT_EQ(test, 1, p2p_range_inflight(&r->range));

	KUNIT_EXPECT_EQ(test, DMA_MAPPING_ERROR,
			dma_phys_map_in(r, dev, phys - 1, 2, DMA_TO_DEVICE, 0,
					map));
	KUNIT_EXPECT_EQ(test, DMA_MAPPING_ERROR,
			dma_phys_map_in(r, dev, phys + SZ_64K - 1, 2,
					DMA_TO_DEVICE, 0, map));
	KUNIT_EXPECT_EQ(test, DMA_MAPPING_ERROR,
			dma_phys_map_in(r, dev, other->range.start, SZ_4K,
					DMA_TO_DEVICE, 0, map));
	KUNIT_EXPECT_EQ(test, DMA_MAPPING_ERROR,
			dma_phys_map_in(r, dev, phys, SZ_64K + 1,
					DMA_TO_DEVICE, 0, map));
	KUNIT_EXPECT_EQ(test, DMA_MAPPING_ERROR,
			dma_phys_map_in(r, dev, phys, SZ_4K, DMA_TO_DEVICE, 0,
					REFUSED));
	KUNIT_EXPECT_EQ(test, 1, p2p_range_inflight(&r->range));
	dma_phys_put(r);
	EXPECT_IDLE(test, r);
	EXPECT_IDLE(test, other);
}

/* registration of BARs */

static const struct fake_pci_node odd_bars[] = {
	{ .name = "host", .type = FAKE_PCI_HOST,
	  .windows = { { .cpu = HOST0, .size = SZ_1G } } },
	{ .name = "X", .type = FAKE_PCI_ENDPOINT, .parent = "host", SLOT(1),
	  .bar = { SZ_64K, 0, SZ_16G, 0, SZ_32 }, .bar_io = BIT(4) },
	{ .name = "off", .type = FAKE_PCI_ENDPOINT, .parent = "host", SLOT(2),
	  .bar = { SZ_64K } },
	{}
};

struct bar_case {
	const char *name;
	int bar;
	u64 offset;
	u64 size;
	int ret;
};

static const struct bar_case bar_cases[] = {
	{ "whole", 0, 0, SZ_64K, 0 },
	{ "first frame", 0, 0, SZ_4K, 0 },
	{ "last frame", 0, SZ_64K - SZ_4K, SZ_4K, 0 },
	{ "I/O ports", 4, 0, SZ_32, -EOPNOTSUPP },
	{ "no such BAR", 5, 0, SZ_4K, -EOPNOTSUPP },
	{ "upper half of a 64-bit BAR", 1, 0, SZ_4K, -EOPNOTSUPP },
	{ "unassigned", 2, 0, SZ_4K, -ENXIO },
	{ "number too high", 6, 0, SZ_4K, -ERANGE },
	{ "negative number", -1, 0, SZ_4K, -ERANGE },
	{ "too long", 0, 0, SZ_64K + SZ_4K, -ERANGE },
	{ "begins behind it", 0, SZ_64K, SZ_4K, -ERANGE },
	{ "begins far behind it", 0, 1ULL << 63, SZ_4K, -ERANGE },
	{ "ends behind it", 0, SZ_64K - SZ_4K, SZ_8K, -ERANGE },
	{ "wraps around", 0, SZ_4K, -SZ_4K, -ERANGE },
	{ "zero length", 0, 0, 0, -EINVAL },
	{ "odd offset", 0, SZ_2K, SZ_4K, -EFAULT },
	{ "odd length", 0, 0, SZ_4K + 1, -EFAULT },
};

KUNIT_ARRAY_PARAM_DESC(bar, bar_cases, name);

static void add_bar(struct kunit *test)
{
	const struct bar_case *c = test->param_value;
	struct fake_pci *f = fake_pci_create(test, odd_bars);
	struct pci_dev *pdev = fake_pci_dev(f, "X");
	struct dma_phys_range *r = test_range_alloc(test, pdev);

	KUNIT_EXPECT_EQ(test, c->ret,
			dma_phys_add_bar(r, pdev, c->bar, c->offset, c->size));
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
	struct dma_phys_range *r = test_range_alloc(test, pdev);
	struct dma_phys_range *again = test_range_alloc(test, pdev);

	pci_write_config_word(pdev, PCI_COMMAND, 0);
	KUNIT_EXPECT_EQ(test, -ENODEV,
			dma_phys_add_bar(r, pdev, 0, 0, SZ_4K));
	pci_write_config_word(pdev, PCI_COMMAND, PCI_COMMAND_MEMORY);
	KUNIT_EXPECT_EQ(test, 0, dma_phys_add_bar(r, pdev, 0, 0, SZ_8K));
	KUNIT_EXPECT_EQ(test, -EEXIST,
			dma_phys_add_bar(again, pdev, 0, SZ_4K, SZ_8K));
	KUNIT_EXPECT_EQ(test, 0,
			dma_phys_add_bar(again, pdev, 0, SZ_8K, SZ_8K));
}

static struct kunit_case dma_phys_cases[] = {
	KUNIT_CASE_PARAM(verdict, verdict_gen_params),
	KUNIT_CASE(verdict_no_pci),
	KUNIT_CASE(verdict_is_cached),
	KUNIT_CASE_PARAM(map_and_unmap, map_gen_params),
	KUNIT_CASE_PARAM(map_resource, map_gen_params),
	KUNIT_CASE(map_piece),
	KUNIT_CASE_PARAM(refuse_straddling, refuse_gen_params),
	KUNIT_CASE(refuse_two_ranges),
	KUNIT_CASE(refuse_unreachable),
	KUNIT_CASE(mask_of_bus_address),
	KUNIT_CASE(mask_of_cpu_address),
	KUNIT_CASE(fenced),
	KUNIT_CASE_PARAM(going, map_gen_params),
	KUNIT_CASE(nobodys_mmio),
	KUNIT_CASE(ram),
	KUNIT_CASE(not_ram),
	KUNIT_CASE(map_in),
	KUNIT_CASE_PARAM(add_bar, bar_gen_params),
	KUNIT_CASE(add_bar_state),
	{}
};

static struct kunit_suite dma_phys_suite = {
	.name = "dma_phys",
	.test_cases = dma_phys_cases,
};

kunit_test_suite(dma_phys_suite);

MODULE_DESCRIPTION("KUnit tests for DMA mapping by physical address");
MODULE_LICENSE("GPL");
