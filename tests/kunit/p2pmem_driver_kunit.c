// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for what the driver of a provider does to its memory while others
 * use it: it fences it, and limits who may have how much of it.
 */
#include <kunit/test.h>
#include <linux/cred.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/pci-p2pmem.h>
#include <linux/pci.h>

#include "p2pmem_test.h"

#define BAR	P2PMEM_BAR

static dma_addr_t test_dma(struct device *dev, phys_addr_t phys)
{
	return dma_map_phys(dev, phys, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
}

static void test_dma_end(struct device *dev, dma_addr_t addr)
{
	dma_unmap_phys(dev, addr, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
}

static struct device *test_client(struct fake_pci *f)
{
	struct device *dev = &fake_pci_dev(f, "C")->dev;

	dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64));
	return dev;
}

/* All memory of a device, whatever it is made of. */
static void fences(struct kunit *test)
{
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct device *dev = test_client(f);
	struct pci_dev *p = p2pmem_test_provider(test, f, "P");
	phys_addr_t one = pci_resource_start(p, 0);
	phys_addr_t two = pci_resource_start(p, 2);
	dma_addr_t addr;

	KUNIT_ASSERT_EQ(test, 0, p2pmem_register(p, 2, 0, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL, p2pmem_wait(p, 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, p2pmem_lift(p));
	addr = test_dma(dev, two);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, addr));

	KUNIT_EXPECT_EQ(test, 0, p2pmem_fence(p, 0));
	KUNIT_EXPECT_EQ(test, DMA_MAPPING_ERROR, test_dma(dev, one));
	KUNIT_EXPECT_EQ(test, DMA_MAPPING_ERROR, test_dma(dev, two));
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, p2pmem_wait(p, 2));
	test_dma_end(dev, addr);
	KUNIT_EXPECT_EQ(test, 0, p2pmem_wait(p, MAX_SCHEDULE_TIMEOUT));

	KUNIT_EXPECT_EQ(test, 0, p2pmem_lift(p));
	addr = test_dma(dev, one);
	KUNIT_EXPECT_FALSE(test, dma_mapping_error(dev, addr));
	test_dma_end(dev, addr);

	/* a fence in place does not keep the memory from going */
	KUNIT_EXPECT_EQ(test, 0, p2pmem_fence(p, 0));
	p2pmem_unregister(p);
	KUNIT_EXPECT_EQ(test, -ENODEV, p2pmem_fence(p, 0));
	KUNIT_EXPECT_EQ(test, -ENODEV, p2pmem_wait(p, 1));
	KUNIT_EXPECT_EQ(test, -ENODEV, p2pmem_lift(p));
}

/* Allocating and mapping need no DMA, so they need no lifted fence. */
static void fence_keeps_buffers(struct kunit *test)
{
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *p = p2pmem_test_provider(test, f, "P");
	unsigned long addr;
	phys_addr_t phys;

	KUNIT_EXPECT_EQ(test, 0, p2pmem_fence(p, 0));
	phys = p2pmem_test_alloc(test, p, SZ_4K);
	addr = p2pmem_test_map(test, p, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, 0, p2pmem_test_fault(addr, true));
	p2pmem_test_unmap(test, addr, PAGE_SIZE);
	p2pmem_free(p, phys, SZ_4K);
	KUNIT_EXPECT_EQ(test, 0, p2pmem_wait(p, HZ));
	KUNIT_EXPECT_EQ(test, 0, p2pmem_lift(p));
	expect_available(test, p, BAR);
}

/* limits */

static void test_revert_creds(void *data)
{
	revert_creds(data);
}

/* Be a user without privileges. */
static void test_become(struct kunit *test, uid_t uid)
{
	struct cred *cred = prepare_creds();
	const struct cred *old;

	KUNIT_ASSERT_NOT_NULL(test, cred);
	cred->uid = KUIDT_INIT(uid);
	cap_clear(cred->cap_effective);
	old = override_creds(cred);
	put_cred(cred);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, test_revert_creds,
						  (void *)old));
}

static ssize_t test_set_limit(struct kunit *test, struct pci_dev *p,
			      const char *limit)
{
	struct file *file = p2pmem_test_open(test, p, "user_limit", O_WRONLY);
	loff_t pos = 0;
	ssize_t ret;

	if (IS_ERR(file))
		return PTR_ERR(file);
	ret = kernel_write(file, limit, strlen(limit), &pos);
	__fput_sync(file);
	return ret;
}

static void limits_users(struct kunit *test)
{
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *p = p2pmem_test_provider(test, f, "P");
	struct pci_dev *q = p2pmem_test_provider(test, f, "Q");
	struct file *file = p2pmem_test_open(test, p, "allocate", O_RDWR);
	struct file *other = p2pmem_test_open(test, q, "allocate", O_RDWR);
	unsigned long two, one, addr;
	char limit[24];

	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	KUNIT_ASSERT_FALSE(test, IS_ERR(other));
	KUNIT_EXPECT_EQ(test, 0, p2pmem_test_read(test, p, "user_limit"));
	KUNIT_EXPECT_EQ(test, -EINVAL, test_set_limit(test, p, "many"));
	snprintf(limit, sizeof(limit), "%lu\n", 3 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, strlen(limit), test_set_limit(test, p, limit));
	KUNIT_EXPECT_EQ(test, 3 * PAGE_SIZE,
			p2pmem_test_read(test, p, "user_limit"));

	/* root may all the same, and does not count as anybody else */
	addr = kunit_vm_mmap(test, file, 0, 4 * PAGE_SIZE, PROT_READ,
			     MAP_SHARED, 0);
	KUNIT_EXPECT_FALSE(test, IS_ERR_VALUE(addr));

	test_become(test, 1000);
	two = kunit_vm_mmap(test, file, 0, 2 * PAGE_SIZE, PROT_READ,
			    MAP_SHARED, 0);
	KUNIT_EXPECT_FALSE(test, IS_ERR_VALUE(two));
	KUNIT_EXPECT_EQ(test, -EDQUOT,
			(long)kunit_vm_mmap(test, file, 0, 2 * PAGE_SIZE,
					    PROT_READ, MAP_SHARED, 0));
	one = kunit_vm_mmap(test, file, 0, PAGE_SIZE, PROT_READ, MAP_SHARED, 0);
	KUNIT_EXPECT_FALSE(test, IS_ERR_VALUE(one));
	KUNIT_EXPECT_EQ(test, -EDQUOT,
			(long)kunit_vm_mmap(test, file, 0, 1, PROT_READ,
					    MAP_SHARED, 0));
	/* of this provider only */
	addr = kunit_vm_mmap(test, other, 0, 4 * PAGE_SIZE, PROT_READ,
			     MAP_SHARED, 0);
	KUNIT_EXPECT_FALSE(test, IS_ERR_VALUE(addr));

	/* and another user has three pages of his own */
	test_become(test, 1001);
	addr = kunit_vm_mmap(test, file, 0, 3 * PAGE_SIZE, PROT_READ,
			     MAP_SHARED, 0);
	KUNIT_EXPECT_FALSE(test, IS_ERR_VALUE(addr));

	/* what is given back can be had again, once it is there again */
	test_become(test, 1000);
	p2pmem_test_unmap(test, two, 2 * PAGE_SIZE);
	expect_available(test, p, BAR - (4 + 1 + 3) * PAGE_SIZE);
	addr = kunit_vm_mmap(test, file, 0, 2 * PAGE_SIZE, PROT_READ,
			     MAP_SHARED, 0);
	KUNIT_EXPECT_FALSE(test, IS_ERR_VALUE(addr));
	__fput_sync(file);
	__fput_sync(other);
}

static struct kunit_case p2pmem_driver_cases[] = {
	KUNIT_CASE(fences),
	KUNIT_CASE(fence_keeps_buffers),
	KUNIT_CASE(limits_users),
	{}
};

static struct kunit_suite p2pmem_driver_suite = {
	.name = "p2pmem_driver",
	.suite_init = p2pmem_test_suite_init,
	.suite_exit = p2pmem_test_suite_exit,
	.test_cases = p2pmem_driver_cases,
};

kunit_test_suite(p2pmem_driver_suite);
