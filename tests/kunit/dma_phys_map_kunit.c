// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for DMA mapping by physical address: what can be mapped, and for
 * how long.
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/swiotlb.h>

#include "dma_phys_test.h"

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
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
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
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct device *dev = test_dev(f, c->client);
	struct dma_phys_range *r;
	dma_addr_t addr;

	r = test_range_piece(test, f, c->provider, c->bar, 0, SZ_64K);
	addr = dma_map_resource(dev, r->range.start + SZ_4K, SZ_8K,
				DMA_BIDIRECTIONAL, 0);
	KUNIT_EXPECT_EQ(test, r->range.start + SZ_4K - c->cpu + c->bus, addr);
	KUNIT_EXPECT_EQ(test, 0, dma_mapping_error(dev, addr));
	KUNIT_EXPECT_EQ(test, 1, p2p_range_inflight(&r->range));
	dma_unmap_resource(dev, addr, SZ_8K, DMA_BIDIRECTIONAL, 0);
	EXPECT_IDLE(test, r);
}

/* A piece of a BAR: the offset is that of the window, not of the piece. */
static void map_piece(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
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

/* fenced, going, gone */

static void fenced(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct device *dev = test_dev(f, "B");
	struct dma_phys_range *r = test_range(test, f, "A");
	phys_addr_t phys = r->range.start;
	dma_addr_t addr;

	addr = dma_map_phys(dev, phys, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	KUNIT_EXPECT_EQ(test, 0, p2p_range_fence(&r->range));
	KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-EAGAIN),
			    dma_phys_get(dev, phys, SZ_4K, 0));
	EXPECT_REFUSED(test, dev, phys, SZ_4K);
	KUNIT_EXPECT_FALSE(test, p2p_range_is_idle(&r->range));
	dma_unmap_phys(dev, addr, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	KUNIT_EXPECT_EQ(test, 0, p2p_range_wait(&r->range));
	KUNIT_EXPECT_EQ(test, 0, p2p_range_lift(&r->range));

	addr = dma_map_phys(dev, phys, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	KUNIT_EXPECT_EQ(test, 0, dma_mapping_error(dev, addr));
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

static void test_invalidate(struct dma_phys_holder *holder, bool for_good)
{
}

static void going(struct kunit *test)
{
	const struct map_case *c = test->param_value;
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct device *dev = test_dev(f, c->client);
	struct dma_phys_holder holder = {
		.dev = dev,
		.invalidate = test_invalidate,
	};
	struct test_del del = {};
	struct task_struct *task;
	phys_addr_t phys;
	dma_addr_t addr;

	del.r = test_range_piece(test, f, c->provider, c->bar, 0, SZ_64K);
	init_completion(&del.done);
	phys = del.r->range.start;
	addr = dma_map_phys(dev, phys, SZ_64K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	KUNIT_ASSERT_EQ(test, 0, dma_mapping_error(dev, addr));

	task = kthread_run(test_del_thread, &del, "dma_phys_del");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	KUNIT_EXPECT_EQ(test, 0, wait_for_completion_timeout(&del.done, 3));

	KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-ENODEV),
			    dma_phys_get(dev, phys, SZ_4K, 0));
	EXPECT_REFUSED(test, dev, phys, SZ_4K);
	KUNIT_EXPECT_EQ(test, -ENODEV, dma_phys_check(phys, SZ_4K, 0));
	/* who wants to keep a mapping is not told to try again */
	KUNIT_EXPECT_EQ(test, -ENODEV, dma_phys_hold(&holder, phys, SZ_4K));
	/* the address alone must still lead to the range */
	dma_unmap_phys(dev, addr, SZ_64K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	KUNIT_EXPECT_NE(test, 0,
			wait_for_completion_timeout(&del.done, 20 * HZ));
	KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-ENXIO),
			    dma_phys_get(dev, phys, SZ_4K, 0));
}

/* who puts a reference, and who never took one */

static dma_addr_t map_mmio(struct kunit *test, struct device *dev,
			   phys_addr_t phys, size_t size)
{
	dma_addr_t addr = dma_map_phys(dev, phys, size, DMA_TO_DEVICE,
				       DMA_ATTR_MMIO);

	KUNIT_EXPECT_EQ(test, 0, dma_mapping_error(dev, addr));
	return addr;
}

static void unmap_mmio(struct device *dev, dma_addr_t addr)
{
	dma_unmap_phys(dev, addr, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
}

/*
 * A mapping of what was nobody's MMIO, and is a range when it is undone; with
 * the same address for the device as a mapping of the range, and with another.
 */
static const struct map_case older_cases[] = {
	{ "same address", "A", "B" },
	{ "other address", "F", "G", 0, HOST1, HOST1_BUS },
};

KUNIT_ARRAY_PARAM_DESC(older, older_cases, name);

static void older_than_range(struct kunit *test)
{
	const struct map_case *c = test->param_value;
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct device *dev = test_dev(f, c->client);
	struct dma_phys_range *r;
	dma_addr_t plain, addr;
	phys_addr_t phys;

	phys = pci_resource_start(fake_pci_dev(f, c->provider), 0);
	plain = map_mmio(test, dev, phys, SZ_4K);
	KUNIT_EXPECT_EQ(test, phys, plain);
	r = test_range(test, f, c->provider);
	addr = map_mmio(test, dev, phys, SZ_4K);
	KUNIT_EXPECT_EQ(test, phys - c->cpu + c->bus, addr);
	KUNIT_EXPECT_EQ(test, 1, p2p_range_inflight(&r->range));
	/* held until both are undone if they cannot be told apart */
	unmap_mmio(dev, plain);
	KUNIT_EXPECT_EQ(test, 1, p2p_range_inflight(&r->range));
	unmap_mmio(dev, addr);
	EXPECT_IDLE(test, r);
	/*
	 * Nothing is left to put, whatever is undone once too often, of which
	 * those who debug drivers want to hear.
	 */
	if (!IS_ENABLED(CONFIG_DMA_API_DEBUG))
		unmap_mmio(dev, plain);
	EXPECT_IDLE(test, r);
}

/* At the same address, but told apart by their lengths. */
static void older_and_longer(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct device *dev = test_dev(f, "B");
	struct dma_phys_range *r;
	dma_addr_t plain, addr;
	phys_addr_t phys;

	phys = pci_resource_start(fake_pci_dev(f, "A"), 0);
	plain = map_mmio(test, dev, phys, SZ_8K);
	KUNIT_EXPECT_EQ(test, phys, plain);
	r = test_range(test, f, "A");
	addr = map_mmio(test, dev, phys, SZ_4K);
	KUNIT_EXPECT_EQ(test, phys, addr);
	KUNIT_EXPECT_EQ(test, 1, p2p_range_inflight(&r->range));
	unmap_mmio(dev, addr);
	EXPECT_IDLE(test, r);
	dma_unmap_phys(dev, plain, SZ_8K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	EXPECT_IDLE(test, r);
}

/* Not on PCI: told what it always was, but the range is held. */
static void no_pci_device(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct dma_phys_range *r = test_range(test, f, "A");
	phys_addr_t phys = r->range.start;
	struct platform_device *pdev;
	struct device *dev;
	dma_addr_t addr;

	pdev = platform_device_register_simple("dma_phys_kunit",
					       PLATFORM_DEVID_NONE, NULL, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(pdev));
	dev = &pdev->dev;
	KUNIT_EXPECT_EQ(test, 0,
			dma_coerce_mask_and_coherent(dev, DMA_BIT_MASK(64)));
	addr = map_mmio(test, dev, phys, SZ_4K);
	KUNIT_EXPECT_EQ(test, phys, addr);
	KUNIT_EXPECT_EQ(test, 1, p2p_range_inflight(&r->range));
	KUNIT_EXPECT_EQ(test, 0, dma_phys_fence(r, 0));
	EXPECT_REFUSED(test, dev, phys, SZ_4K);
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, dma_phys_wait(r, 2));
	unmap_mmio(dev, addr);
	KUNIT_EXPECT_EQ(test, 0, dma_phys_wait(r, HZ));
	KUNIT_EXPECT_EQ(test, 0, dma_phys_lift(r));
	EXPECT_IDLE(test, r);
	platform_device_unregister(pdev);
}

/* A mapping of an earlier life is not what the address is now. */
static void other_life(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct dma_phys_range *r = test_range(test, f, "A");
	struct pci_dev *provider = fake_pci_dev(f, "A");
	struct device *dev = test_dev(f, "B");
	phys_addr_t phys = r->range.start;
	u32 life = r->range.life;
	struct dma_phys_path *path;

	KUNIT_EXPECT_EQ(test, life, dma_phys_life(phys));
	KUNIT_EXPECT_EQ(test, 0, dma_phys_life(NOBODY));
	path = dma_phys_get(dev, phys, SZ_4K, life);
	KUNIT_ASSERT_FALSE(test, IS_ERR(path));
	dma_phys_put(path, 0);
	dma_phys_del(r);
	KUNIT_ASSERT_EQ(test, 0, dma_phys_add_bar(r, provider, 0, 0, SZ_64K));
	KUNIT_EXPECT_NE(test, life, r->range.life);
	KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-ENODEV),
			    dma_phys_get(dev, phys, SZ_4K, life));
	path = dma_phys_get(dev, phys, SZ_4K, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(path));
	dma_phys_put(path, 0);
	EXPECT_IDLE(test, r);
}

/* what is nobody's, and RAM */

static void nobodys_mmio(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct device *dev = test_dev(f, "B");
	struct dma_phys_range *r = test_range(test, f, "A");
	phys_addr_t phys = r->range.start;
	dma_addr_t addr;

	addr = dma_map_phys(dev, NOBODY, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	KUNIT_EXPECT_EQ(test, NOBODY, addr);
	KUNIT_EXPECT_EQ(test, 0, dma_mapping_error(dev, addr));
	EXPECT_IDLE(test, r);
	dma_unmap_phys(dev, addr, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);

	addr = dma_map_resource(dev, NOBODY, SZ_4K, DMA_TO_DEVICE, 0);
	KUNIT_EXPECT_EQ(test, NOBODY, addr);
	KUNIT_EXPECT_EQ(test, 0, dma_mapping_error(dev, addr));
	dma_unmap_resource(dev, addr, SZ_4K, DMA_TO_DEVICE, 0);

	/* nobody's, and not even a piece of the address space */
	addr = dma_map_phys(dev, PHYS_ADDR_MAX - SZ_4K + 1, SZ_8K,
			    DMA_TO_DEVICE, DMA_ATTR_MMIO);
	KUNIT_EXPECT_EQ(test, DMA_MAPPING_ERROR, addr);

	/* unregistered again, it is nobody's as well */
	dma_phys_del(r);
	addr = dma_map_phys(dev, phys, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	KUNIT_EXPECT_EQ(test, phys, addr);
	KUNIT_EXPECT_EQ(test, 0, dma_mapping_error(dev, addr));
	dma_unmap_phys(dev, addr, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
}

/* Devices of other buses have nothing to do with it. */
static void nobodys_mmio_no_pci(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct dma_phys_range *r = test_range(test, f, "A");
	struct device *dev = kunit_device_register(test, "no-pci-device");
	dma_addr_t addr;

	KUNIT_ASSERT_FALSE(test, IS_ERR(dev));
	dev->dma_mask = &dev->coherent_dma_mask;
	KUNIT_ASSERT_EQ(test, 0,
			dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64)));
	addr = dma_map_phys(dev, NOBODY, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	KUNIT_EXPECT_EQ(test, NOBODY, addr);
	KUNIT_EXPECT_EQ(test, 0, dma_mapping_error(dev, addr));
	dma_unmap_phys(dev, addr, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	EXPECT_IDLE(test, r);
}

static void ram(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
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
	__free_pages(page, 1);
}

/* Drivers that need not unmap RAM do not remember what they mapped. */
static void need_unmap(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct device *dev = test_dev(f, "B");

	if (is_swiotlb_active(dev))
		kunit_skip(test, "RAM may be bounced on this machine");
	KUNIT_EXPECT_EQ(test, IS_ENABLED(CONFIG_DMA_API_DEBUG) ||
			dma_dev_need_sync(dev), dma_need_unmap(dev));
}

/* Peer-to-peer memory that nobody said to be such is not taken for RAM. */
static void not_ram(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct dma_phys_range *r = test_range(test, f, "A");

	KUNIT_EXPECT_EQ(test, DMA_MAPPING_ERROR,
			dma_map_phys(test_dev(f, "B"), r->range.start, SZ_4K,
				     DMA_TO_DEVICE, 0));
	EXPECT_IDLE(test, r);
}

/* Many pieces under one reference, as the block layer does it. */
static void map_in(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct device *dev = test_dev(f, "G");
	struct dma_phys_range *r, *other;
	struct dma_phys_path *path;
	dma_addr_t addr;
	phys_addr_t phys;
	int i;

	r = test_range_piece(test, f, "F", 0, SZ_1M, SZ_64K);
	other = test_range_piece(test, f, "F", 0, SZ_2M, SZ_64K);
	phys = r->range.start;
	path = dma_phys_get(dev, phys, 1, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(path));

	for (i = 0; i < 16; i++) {
		KUNIT_EXPECT_EQ(test, 0,
				dma_phys_map_in(path, phys + i * SZ_4K, SZ_4K,
						DMA_TO_DEVICE, 0, &addr));
		KUNIT_EXPECT_EQ(test, phys + i * SZ_4K - HOST1 + HOST1_BUS,
				addr);
	}
	KUNIT_EXPECT_EQ(test, 1, p2p_range_inflight(&r->range));

	KUNIT_EXPECT_EQ(test, -EREMOTEIO,
			dma_phys_map_in(path, phys - 1, 2, DMA_TO_DEVICE, 0,
					&addr));
	KUNIT_EXPECT_EQ(test, -EREMOTEIO,
			dma_phys_map_in(path, phys + SZ_64K - 1, 2,
					DMA_TO_DEVICE, 0, &addr));
	KUNIT_EXPECT_EQ(test, -EREMOTEIO,
			dma_phys_map_in(path, other->range.start, SZ_4K,
					DMA_TO_DEVICE, 0, &addr));
	KUNIT_EXPECT_EQ(test, -EREMOTEIO,
			dma_phys_map_in(path, phys, SZ_64K + 1,
					DMA_TO_DEVICE, 0, &addr));
	KUNIT_EXPECT_EQ(test, 1, p2p_range_inflight(&r->range));
	dma_phys_put(path, 0);
	EXPECT_IDLE(test, r);
	EXPECT_IDLE(test, other);
}

static struct kunit_case dma_phys_map_cases[] = {
	KUNIT_CASE_PARAM(map_and_unmap, map_gen_params),
	KUNIT_CASE_PARAM(map_resource, map_gen_params),
	KUNIT_CASE(map_piece),
	KUNIT_CASE(fenced),
	KUNIT_CASE_PARAM(going, map_gen_params),
	KUNIT_CASE_PARAM(older_than_range, older_gen_params),
	KUNIT_CASE(older_and_longer),
	KUNIT_CASE(no_pci_device),
	KUNIT_CASE(other_life),
	KUNIT_CASE(nobodys_mmio),
	KUNIT_CASE(nobodys_mmio_no_pci),
	KUNIT_CASE(ram),
	KUNIT_CASE(need_unmap),
	KUNIT_CASE(not_ram),
	KUNIT_CASE(map_in),
	{}
};

static struct kunit_suite dma_phys_map_suite = {
	.name = "dma_phys_map",
	.test_cases = dma_phys_map_cases,
};

kunit_test_suite(dma_phys_map_suite);

MODULE_DESCRIPTION("KUnit tests for DMA mapping: what can be mapped");
MODULE_LICENSE("GPL");
