// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for DMA mapping by physical address: what cannot be mapped.
 */
#include <kunit/static_stub.h>
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/ratelimit.h>

#include "dma_phys_test.h"

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
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct dma_phys_range *r;

	r = test_range_piece(test, f, "A", 0, SZ_1M, SZ_64K);
	EXPECT_REFUSED(test, test_dev(f, "B"), r->range.start + c->offset,
		       c->size);
	EXPECT_IDLE(test, r);
}

/* Two ranges of one device side by side are two ranges. */
static void refuse_two_ranges(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct device *dev = test_dev(f, "B");
	struct dma_phys_range *r, *next;
	phys_addr_t phys;

	r = test_range_piece(test, f, "A", 0, 0, SZ_64K);
	next = test_range_piece(test, f, "A", 0, SZ_64K, SZ_64K);
	phys = next->range.start - SZ_4K;

	KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-EINVAL),
			    dma_phys_get(dev, phys, SZ_8K, 0));
	EXPECT_REFUSED(test, dev, phys, SZ_8K);
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
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct dma_phys_range *r = test_range(test, f, "A");

	EXPECT_REFUSED(test, test_dev(f, "D"), r->range.start, SZ_4K);
	EXPECT_IDLE(test, r);
}

/* Between devices it is the bus address that must be within the mask. */
static void mask_of_bus_address(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct device *dev = test_dev(f, "G");
	struct dma_phys_range *high, *low;
	dma_addr_t addr;

	high = test_range(test, f, "F");
	low = test_range_piece(test, f, "F", 2, 0, SZ_1M);
	KUNIT_ASSERT_EQ(test, 0, dma_set_mask(dev, SMALL_MASK));

	EXPECT_REFUSED(test, dev, high->range.start, SZ_4K);
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
	KUNIT_EXPECT_EQ(test, 0, dma_mapping_error(dev, addr));
	dma_unmap_phys(dev, addr, SZ_8K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	EXPECT_REFUSED(test, dev, low->range.start, SZ_8K + 1);
	EXPECT_IDLE(test, low);
}

/* A bus may pass fewer address bits than the device has. */
static void limit_of_bus(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct device *dev = test_dev(f, "G");
	struct dma_phys_range *r = test_range(test, f, "F");
	dma_addr_t addr;

	dev->bus_dma_limit = SMALL_MASK;
	EXPECT_REFUSED(test, dev, r->range.start, SZ_4K);
	EXPECT_IDLE(test, r);

	dev->bus_dma_limit = 0;
	addr = dma_map_phys(dev, r->range.start, SZ_4K, DMA_TO_DEVICE,
			    DMA_ATTR_MMIO);
	KUNIT_EXPECT_EQ(test, 0, dma_mapping_error(dev, addr));
	dma_unmap_phys(dev, addr, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	EXPECT_IDLE(test, r);
}

/* Through the host bridge it is the CPU's. */
static void mask_of_cpu_address(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct device *dev = test_dev(f, "H");
	struct dma_phys_path *path;
	struct dma_phys_range *r;
	dma_addr_t addr;

	r = test_range_piece(test, f, "F", 2, 0, SZ_1M);
	KUNIT_ASSERT_EQ(test, 0, dma_set_mask(dev, SMALL_MASK));
	EXPECT_REFUSED(test, dev, r->range.start, SZ_4K);
	/* for ever, so that it is not tried again */
	path = dma_phys_get(dev, r->range.start, SZ_4K, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(path));
	KUNIT_EXPECT_EQ(test, -EREMOTEIO,
			dma_phys_map_in(path, r->range.start, SZ_4K,
					DMA_TO_DEVICE, 0, &addr));
	dma_phys_put(path, 0);
	EXPECT_IDLE(test, r);
}

/*
 * The CPU's addresses of P are those at which host1's devices find each other:
 * DMA of one of them to P would go to one of them.
 */
static void taken_by_bus(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct device *near = test_dev(f, "G"), *far = test_dev(f, "I");
	struct dma_phys_range *peer = test_range(test, f, "F");
	struct dma_phys_range *r = test_range(test, f, "P");
	dma_addr_t addr;

	EXPECT_REFUSED(test, near, r->range.start, SZ_4K);
	EXPECT_IDLE(test, r);

	/* who has other bus addresses does not mind */
	addr = dma_map_phys(far, r->range.start, SZ_4K, DMA_TO_DEVICE,
			    DMA_ATTR_MMIO);
	KUNIT_EXPECT_EQ(test, r->range.start, addr);
	KUNIT_EXPECT_EQ(test, 0, dma_mapping_error(far, addr));
	KUNIT_EXPECT_EQ(test, 1, p2p_range_inflight(&r->range));
	dma_unmap_phys(far, addr, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	EXPECT_IDLE(test, r);
	EXPECT_IDLE(test, peer);
}

static bool unencrypted(struct device *dev)
{
	return true;
}

/*
 * What the CPU's address space leads to is not what the device would see there.
 * Between devices there is nothing to encrypt.
 */
static void confidential_guest(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct device *peer = test_dev(f, "G"), *far = test_dev(f, "H");
	struct dma_phys_range *r = test_range(test, f, "F");
	phys_addr_t phys = r->range.start;
	dma_addr_t addr;

	kunit_activate_static_stub(test, dma_phys_unencrypted, unencrypted);
	EXPECT_REFUSED(test, far, phys, SZ_4K);
	EXPECT_IDLE(test, r);
	addr = dma_map_phys(peer, phys, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	KUNIT_EXPECT_EQ(test, 0, dma_mapping_error(peer, addr));
	KUNIT_EXPECT_EQ(test, pci_bus_address(fake_pci_dev(f, "F"), 0), addr);
	dma_unmap_phys(peer, addr, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);

	kunit_deactivate_static_stub(test, dma_phys_unencrypted);
	addr = dma_map_phys(far, phys, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	KUNIT_EXPECT_EQ(test, 0, dma_mapping_error(far, addr));
	dma_unmap_phys(far, addr, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	EXPECT_IDLE(test, r);
}

static void expect_why(struct kunit *test, struct dma_phys_log *log,
		       struct device *dev, phys_addr_t phys, size_t size,
		       const char *why)
{
	dma_addr_t addr = dma_map_phys(dev, phys, size, DMA_TO_DEVICE,
				       DMA_ATTR_MMIO);

	KUNIT_EXPECT_NE(test, 0, dma_mapping_error(dev, addr));
	EXPECT_LOGGED(test, log, why);
}

/* Nobody else knows: the caller gets one error for all of them. */
static void says_why(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct dma_phys_log *log = dma_phys_log_begin(test);
	struct dma_phys_range *r = test_range(test, f, "A");
	phys_addr_t phys = r->range.start, end = phys + r->range.size;
	struct device *dev = test_dev(f, "B");

	/* the log is limited in rate, and the cases before this have used it */
	msleep(jiffies_to_msecs(DEFAULT_RATELIMIT_INTERVAL + HZ));
	expect_why(test, log, dev, end - SZ_4K, SZ_8K,
		   "not inside one registered range");
	expect_why(test, log, test_dev(f, "D"), phys, SZ_4K,
		   "the provider cannot be reached");
	KUNIT_ASSERT_EQ(test, 0, dma_phys_fence(r, 100));
	expect_why(test, log, dev, phys, SZ_4K, "the range is fenced");
	msleep(200);
	expect_why(test, log, dev, phys, SZ_4K,
		   "the range has been fenced for too long");
	KUNIT_EXPECT_EQ(test, 0, dma_phys_lift(r));
	EXPECT_IDLE(test, r);
}

static struct kunit_case dma_phys_refuse_cases[] = {
	KUNIT_CASE_PARAM(refuse_straddling, refuse_gen_params),
	KUNIT_CASE(refuse_two_ranges),
	KUNIT_CASE(refuse_unreachable),
	KUNIT_CASE(mask_of_bus_address),
	KUNIT_CASE(limit_of_bus),
	KUNIT_CASE(mask_of_cpu_address),
	KUNIT_CASE(taken_by_bus),
	KUNIT_CASE(confidential_guest),
	KUNIT_CASE_SLOW(says_why),
	{}
};

static struct kunit_suite dma_phys_refuse_suite = {
	.name = "dma_phys_refuse",
	.test_cases = dma_phys_refuse_cases,
};

kunit_test_suite(dma_phys_refuse_suite);

MODULE_DESCRIPTION("KUnit tests for DMA mapping: what cannot be mapped");
MODULE_LICENSE("GPL");
