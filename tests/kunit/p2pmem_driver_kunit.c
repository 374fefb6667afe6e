// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for what the driver of a provider does to its memory while others
 * use it: it fences it, takes it away and brings it back, and limits who may
 * have how much of it.
 */
#include <kunit/test.h>
#include <linux/cred.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/dma-phys.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/pci-p2pmem.h>
#include <linux/pci.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/workqueue.h>

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

/* Does something to the memory while the test waits for it. */
struct test_later {
	struct delayed_work work;
	struct pci_dev *p;
	struct task_struct *task;
	struct mm_struct *mm;
	bool unlocked;		/* mmap_lock is, while the test waits */
};

static void test_lift(struct work_struct *work)
{
	struct test_later *later = container_of(work, struct test_later,
						work.work);

	later->unlocked = !rwsem_is_locked(&later->mm->mmap_lock);
	p2pmem_lift(later->p);
}

static void test_offline(struct work_struct *work)
{
	struct test_later *later = container_of(work, struct test_later,
						work.work);

	p2pmem_offline(later->p);
}

static void test_unregister(struct work_struct *work)
{
	struct test_later *later = container_of(work, struct test_later,
						work.work);

	p2pmem_unregister(later->p);
}

static void test_kill(struct work_struct *work)
{
	struct test_later *later = container_of(work, struct test_later,
						work.work);

	send_sig(SIGKILL, later->task, 1);
}

static void test_later(struct test_later *later, struct pci_dev *p,
		       work_func_t what)
{
	later->p = p;
	later->task = current;
	later->mm = current->mm;
	INIT_DELAYED_WORK_ONSTACK(&later->work, what);
	schedule_delayed_work(&later->work, msecs_to_jiffies(100));
}

static void test_later_end(struct test_later *later)
{
	flush_delayed_work(&later->work);
	destroy_delayed_work_on_stack(&later->work);
}

/* What waits for a fence that is lifted never knows. */
static void fence_holds_users(struct kunit *test)
{
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *p = p2pmem_test_provider(test, f, "P");
	unsigned long addr = p2pmem_test_map(test, p, SZ_64K), since;
	struct test_later later;
	phys_addr_t phys;

	KUNIT_ASSERT_EQ(test, 0, p2pmem_test_fault(addr, true));
	phys = p2pmem_test_phys(addr);
	KUNIT_EXPECT_NE(test, 0, phys);

	/* the CPU must not reach it either */
	KUNIT_EXPECT_EQ(test, 0, p2pmem_fence(p, 0));
	KUNIT_EXPECT_EQ(test, 0, p2pmem_test_phys(addr));
	KUNIT_EXPECT_EQ(test, 0, p2pmem_wait(p, HZ));
	since = jiffies;
	test_later(&later, p, test_lift);
	KUNIT_EXPECT_EQ(test, 0, p2pmem_test_fault(addr, true));
	KUNIT_EXPECT_GE(test, jiffies - since, msecs_to_jiffies(100));
	KUNIT_EXPECT_LE(test, jiffies - since, HZ);
	KUNIT_EXPECT_EQ(test, phys, p2pmem_test_phys(addr));
	test_later_end(&later);

	/* others of the process can go on, as far as that is up to us */
	KUNIT_EXPECT_EQ(test, 0, p2pmem_fence(p, 0));
	test_later(&later, p, test_lift);
	KUNIT_EXPECT_EQ(test, 0, p2pmem_test_fault_unlocked(addr, true));
	KUNIT_EXPECT_TRUE(test, later.unlocked);
	KUNIT_EXPECT_EQ(test, phys, p2pmem_test_phys(addr));
	test_later_end(&later);

	/* kernel buffers are not cleared, so there is nothing to wait for */
	KUNIT_EXPECT_EQ(test, 0, p2pmem_fence(p, 0));
	p2pmem_free(p, p2pmem_test_alloc(test, p, SZ_4K), SZ_4K);
	since = jiffies;
	test_later(&later, p, test_lift);
	p2pmem_test_map(test, p, SZ_64K);
	KUNIT_EXPECT_GE(test, jiffies - since, msecs_to_jiffies(100));
	KUNIT_EXPECT_LE(test, jiffies - since, HZ);
	test_later_end(&later);
}

/* Nobody waits for ever. */
static void fence_has_a_bound(struct kunit *test)
{
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *p = p2pmem_test_provider(test, f, "P");
	unsigned long addr = p2pmem_test_map(test, p, SZ_64K), since;

	KUNIT_EXPECT_EQ(test, 0, p2pmem_fence(p, 200));
	since = jiffies;
	KUNIT_EXPECT_EQ(test, -EFAULT, p2pmem_test_fault(addr, false));
	KUNIT_EXPECT_GE(test, jiffies - since, msecs_to_jiffies(200));
	KUNIT_EXPECT_LE(test, jiffies - since, HZ);
	/* and when it has passed not at all */
	since = jiffies;
	KUNIT_EXPECT_EQ(test, -EFAULT, p2pmem_test_fault(addr, false));
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
			(long)p2pmem_test_mmap(test, p, 0, SZ_64K, PROT_READ,
					       MAP_SHARED));
	KUNIT_EXPECT_LE(test, jiffies - since, HZ / 10);
	expect_available(test, p, BAR - SZ_64K);
	KUNIT_EXPECT_EQ(test, 0, p2pmem_lift(p));
	KUNIT_EXPECT_EQ(test, 0, p2pmem_test_fault(addr, false));

	/* of two fences, the later end counts; and the last lift */
	KUNIT_EXPECT_EQ(test, 0, p2pmem_fence(p, 400));
	KUNIT_EXPECT_EQ(test, 0, p2pmem_fence(p, 100));
	KUNIT_EXPECT_EQ(test, 0, p2pmem_lift(p));
	since = jiffies;
	KUNIT_EXPECT_EQ(test, -EFAULT, p2pmem_test_fault(addr, false));
	KUNIT_EXPECT_GE(test, jiffies - since, msecs_to_jiffies(300));
	KUNIT_EXPECT_EQ(test, 0, p2pmem_lift(p));
	KUNIT_EXPECT_EQ(test, 0, p2pmem_test_fault(addr, false));

	/* the next one has a bound of its own */
	KUNIT_EXPECT_EQ(test, 0, p2pmem_fence(p, 0));
	KUNIT_EXPECT_EQ(test, 0, p2pmem_lift(p));
	KUNIT_EXPECT_EQ(test, 0, p2pmem_fence(p, 100));
	since = jiffies;
	KUNIT_EXPECT_EQ(test, -EFAULT, p2pmem_test_fault(addr, false));
	KUNIT_EXPECT_LE(test, jiffies - since, HZ);
	KUNIT_EXPECT_EQ(test, 0, p2pmem_lift(p));
}

/* What else ends the wait, long before the bound does. */

static const struct wait_case {
	const char *name;
	work_func_t what;
	int error;
} wait_cases[] = {
	{ "killed", test_kill, -EINTR },
	{ "offline", test_offline, -ENODEV },
	{ "unregistered", test_unregister, -ENODEV },
};

KUNIT_ARRAY_PARAM_DESC(wait, wait_cases, name);

static void waits_in_vain(struct kunit *test)
{
	const struct wait_case *c = test->param_value;
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *p = p2pmem_test_provider(test, f, "P");
	unsigned long addr = p2pmem_test_map(test, p, SZ_64K), since;
	struct test_later later;

	allow_signal(SIGKILL);
	KUNIT_EXPECT_EQ(test, 0, p2pmem_fence(p, 0));
	since = jiffies;
	test_later(&later, p, c->what);
	KUNIT_EXPECT_EQ(test, c->error,
			(long)p2pmem_test_mmap(test, p, 0, SZ_64K, PROT_READ,
					       MAP_SHARED));
	flush_signals(current);
	test_later_end(&later);
	if (p2pmem_fence(p, 0)) {
		p2pmem_unregister(p);
		KUNIT_ASSERT_EQ(test, 0, p2pmem_register(p, 0, 0, 0));
		KUNIT_EXPECT_EQ(test, 0, p2pmem_fence(p, 0));
		p2pmem_test_unmap(test, addr, SZ_64K);
		KUNIT_EXPECT_EQ(test, 0, p2pmem_lift(p));
		addr = p2pmem_test_map(test, p, SZ_64K);
		KUNIT_EXPECT_EQ(test, 0, p2pmem_fence(p, 0));
	}
	test_later(&later, p, c->what);
	KUNIT_EXPECT_EQ(test, c->error == -EINTR ? -EINTR : -EFAULT,
			p2pmem_test_fault_unlocked(addr, false));
	KUNIT_EXPECT_EQ(test, -EFAULT, p2pmem_test_fault(addr, false));
	KUNIT_EXPECT_LE(test, jiffies - since, HZ);
	flush_signals(current);
	disallow_signal(SIGKILL);
	test_later_end(&later);
}

/*
 * The memory that somebody waits for may have to come from the drive whose
 * driver fences: what is locked here must not be held by who allocates.
 */
static void fences_in_reclaim(struct kunit *test)
{
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *p = p2pmem_test_provider(test, f, "P");
	unsigned long addr = p2pmem_test_map(test, p, SZ_64K);
	phys_addr_t phys = p2pmem_test_alloc(test, p, SZ_4K);
	struct device *self = &p->dev;
	int i;

	KUNIT_ASSERT_EQ(test, 0, p2pmem_test_fault(addr, true));
	p2pmem_publish(p, true);
	for (i = 0; i < 2; i++) {
		fs_reclaim_acquire(GFP_KERNEL);
		KUNIT_EXPECT_EQ(test, 0, p2pmem_fence(p, 0));
		KUNIT_EXPECT_EQ(test, 0, p2pmem_wait(p, HZ));
		KUNIT_EXPECT_EQ(test, 0, p2pmem_lift(p));
		fs_reclaim_release(GFP_KERNEL);
		/* lockdep compares it with all that allocates */
		p2pmem_free(p, phys, SZ_4K);
		phys = p2pmem_test_alloc(test, p, SZ_4K);
		KUNIT_EXPECT_EQ(test, 0, p2pmem_test_fault(addr, true));
		p2pmem_test_map(test, p, SZ_4K);
		pci_dev_put(p2pmem_find_many(&self, 1));
	}
	p2pmem_free(p, phys, SZ_4K);
}

/* offline */

static void next_life(struct kunit *test)
{
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *p = p2pmem_test_provider(test, f, "P");
	struct file *file = p2pmem_test_open(test, p, "allocate", O_RDWR);
	unsigned long addr = p2pmem_test_map(test, p, SZ_64K), again;
	phys_addr_t phys = p2pmem_test_alloc(test, p, SZ_4K), none, first;
	struct device *self = &p->dev;

	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	KUNIT_ASSERT_EQ(test, 0, p2pmem_register(p, 2, 0, 0));
	KUNIT_ASSERT_EQ(test, 7, test_set_limit(test, p, "1048576"));
	KUNIT_ASSERT_EQ(test, 0, p2pmem_test_fault(addr, true));
	first = p2pmem_test_phys(addr);
	p2pmem_publish(p, true);
	KUNIT_EXPECT_EQ(test, 0, p2pmem_online(p));
	KUNIT_EXPECT_EQ(test, first, p2pmem_test_phys(addr));

	p2pmem_offline(p);
	p2pmem_offline(p);
	KUNIT_EXPECT_EQ(test, 0, p2pmem_test_phys(addr));
	KUNIT_EXPECT_EQ(test, -EFAULT, p2pmem_test_fault(addr, true));
	KUNIT_EXPECT_EQ(test, -ENXIO, dma_phys_check(phys, SZ_4K, 0));
	KUNIT_EXPECT_EQ(test, -ENXIO,
			dma_phys_check(pci_resource_start(p, 2), SZ_4K, 0));
	KUNIT_EXPECT_EQ(test, BAR + P2PMEM_BAR2,
			p2pmem_test_read(test, p, "size"));
	KUNIT_EXPECT_EQ(test, 0, p2pmem_test_read(test, p, "available"));
	KUNIT_EXPECT_EQ(test, SZ_1M, p2pmem_test_read(test, p, "user_limit"));
	KUNIT_EXPECT_EQ(test, -ENODEV,
			(long)kunit_vm_mmap(test, file, 0, SZ_4K, PROT_READ,
					    MAP_SHARED, 0));
	KUNIT_EXPECT_FALSE(test, p2pmem_alloc(p, SZ_4K, &none));
	KUNIT_EXPECT_EQ(test, 0, p2pmem_phys_to_bus(p, phys));
	KUNIT_EXPECT_PTR_EQ(test, NULL, p2pmem_find_many(&self, 1));
	KUNIT_EXPECT_EQ(test, -ENODEV, p2pmem_fence(p, 0));
	KUNIT_EXPECT_EQ(test, -ENODEV, p2pmem_wait(p, 1));
	KUNIT_EXPECT_EQ(test, -ENODEV, p2pmem_lift(p));

	KUNIT_EXPECT_EQ(test, 0, p2pmem_online(p));
	KUNIT_EXPECT_EQ(test, 0, p2pmem_online(p));
	KUNIT_EXPECT_EQ(test, -EFAULT, p2pmem_test_fault(addr, true));
	/* the kernel frees what it has, a process may sleep for ever */
	KUNIT_EXPECT_EQ(test, BAR + P2PMEM_BAR2 - SZ_4K,
			p2pmem_test_read(test, p, "available"));
	again = kunit_vm_mmap(test, file, 0, SZ_64K, PROT_READ, MAP_SHARED, 0);
	KUNIT_ASSERT_EQ(test, 0, p2pmem_test_fault(again, false));
	KUNIT_EXPECT_EQ(test, first, p2pmem_test_phys(again));
	p2pmem_test_unmap(test, addr, SZ_64K);
	KUNIT_EXPECT_EQ(test, first, p2pmem_test_phys(again));
	KUNIT_EXPECT_EQ(test, SZ_1M, p2pmem_test_read(test, p, "user_limit"));
	KUNIT_EXPECT_EQ(test, 1, p2pmem_test_read(test, p, "published"));
	p2pmem_free(p, phys, SZ_4K);
	__fput_sync(file);

	/* what is offline can go, too */
	p2pmem_offline(p);
	p2pmem_unregister(p);
	KUNIT_EXPECT_EQ(test, -ENODEV, p2pmem_online(p));
	p2pmem_offline(p);
	p2pmem_lost(p);
}

static bool test_lost(struct kunit *test, struct device *dev, phys_addr_t phys)
{
	struct dma_phys_path *path = dma_phys_get(dev, phys, SZ_4K, 0);
	bool lost;

	KUNIT_ASSERT_FALSE(test, IS_ERR(path));
	lost = path->range->lost;
	dma_phys_put(path, 0);
	return lost;
}

/* All of a provider that is away without a warning, until it is back. */
static void loses(struct kunit *test)
{
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *p = p2pmem_test_provider(test, f, "P");
	struct device *c = test_client(f);
	phys_addr_t one, two;

	KUNIT_ASSERT_EQ(test, 0, p2pmem_register(p, 2, 0, 0));
	one = pci_resource_start(p, 0);
	two = pci_resource_start(p, 2);
	KUNIT_EXPECT_FALSE(test, test_lost(test, c, one));
	KUNIT_EXPECT_FALSE(test, test_lost(test, c, two));
	p2pmem_lost(p);
	KUNIT_EXPECT_TRUE(test, test_lost(test, c, one));
	KUNIT_EXPECT_TRUE(test, test_lost(test, c, two));

	p2pmem_offline(p);
	p2pmem_lost(p);
	KUNIT_EXPECT_EQ(test, 0, p2pmem_online(p));
	KUNIT_EXPECT_FALSE(test, test_lost(test, c, one));
	KUNIT_EXPECT_FALSE(test, test_lost(test, c, two));
	/* nor has anybody else lost his */
	p = p2pmem_test_provider(test, f, "Q");
	p2pmem_lost(fake_pci_dev(f, "P"));
	KUNIT_EXPECT_FALSE(test, test_lost(test, c, pci_resource_start(p, 0)));
}

/* It is another life, which nothing that was built before fits. */
static void lives_differ(struct kunit *test)
{
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *p = p2pmem_test_provider(test, f, "P");
	unsigned long addr = p2pmem_test_map(test, p, SZ_4K);
	struct p2pmem_buf *buf;
	u32 life;

	mmap_read_lock(current->mm);
	buf = p2pmem_vma_buf(find_vma(current->mm, addr));
	mmap_read_unlock(current->mm);
	KUNIT_ASSERT_NOT_NULL(test, buf);
	life = p2pmem_buf_life(buf);
	KUNIT_EXPECT_NE(test, 0, life);
	KUNIT_EXPECT_TRUE(test, p2pmem_buf_live(buf));
	KUNIT_ASSERT_TRUE(test, p2pmem_buf_get(buf));

	p2pmem_offline(p);
	KUNIT_EXPECT_FALSE(test, p2pmem_buf_live(buf));
	KUNIT_EXPECT_EQ(test, 0, p2pmem_online(p));
	KUNIT_EXPECT_FALSE(test, p2pmem_buf_live(buf));
	KUNIT_EXPECT_EQ(test, life, p2pmem_buf_life(buf));
	/* owned until the bio ends, and then by nobody */
	KUNIT_EXPECT_EQ(test, BAR - SZ_4K,
			p2pmem_test_read(test, p, "available"));
	p2pmem_buf_put_phys(pci_resource_start(p, 0));
	KUNIT_EXPECT_EQ(test, BAR, p2pmem_test_read(test, p, "available"));
	KUNIT_EXPECT_FALSE(test, p2pmem_buf_get(buf));
	p2pmem_test_unmap(test, addr, SZ_4K);

	addr = p2pmem_test_map(test, p, SZ_4K);
	mmap_read_lock(current->mm);
	buf = p2pmem_vma_buf(find_vma(current->mm, addr));
	mmap_read_unlock(current->mm);
	KUNIT_EXPECT_NE(test, life, p2pmem_buf_life(buf));
}

/* A device that does not come back as it was stays offline. */
static void comes_back_late(struct kunit *test)
{
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *p = p2pmem_test_provider(test, f, "P");
	phys_addr_t phys;

	KUNIT_EXPECT_EQ(test, 0, p2pmem_fence(p, 0));
	p2pmem_offline(p);
	pci_disable_device(p);
	pci_write_config_word(p, PCI_COMMAND, 0);
	KUNIT_EXPECT_EQ(test, -ENODEV, p2pmem_online(p));
	KUNIT_EXPECT_FALSE(test, p2pmem_alloc(p, SZ_4K, &phys));
	KUNIT_ASSERT_EQ(test, 0, pci_enable_device_mem(p));
	KUNIT_EXPECT_EQ(test, 0, p2pmem_online(p));
	/* fences end with the life that they were of */
	KUNIT_EXPECT_EQ(test, -EINVAL, p2pmem_lift(p));
	p2pmem_free(p, p2pmem_test_alloc(test, p, SZ_4K), SZ_4K);
}

/* All of its pieces come back, where they were, or none of them does. */
static void comes_back_whole(struct kunit *test)
{
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *p = p2pmem_test_provider(test, f, "P");
	phys_addr_t one = pci_resource_start(p, 0), two, phys;
	struct dma_phys_range *squatter;

	two = pci_resource_start(p, 2);
	squatter = kunit_kzalloc(test, sizeof(*squatter), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, squatter);
	KUNIT_ASSERT_EQ(test, 0, p2pmem_register(p, 2, SZ_16K, SZ_32K));
	KUNIT_EXPECT_EQ(test, 0, dma_phys_check(two + SZ_32K, SZ_16K, 0));
	p2pmem_offline(p);
	KUNIT_ASSERT_EQ(test, 0,
			dma_phys_add_bar(squatter, p, 2, SZ_32K, SZ_4K));
	KUNIT_EXPECT_EQ(test, -EEXIST, p2pmem_online(p));
	KUNIT_EXPECT_EQ(test, -ENXIO, dma_phys_check(one, SZ_4K, 0));
	KUNIT_EXPECT_FALSE(test, p2pmem_alloc(p, SZ_4K, &phys));
	KUNIT_EXPECT_EQ(test, -ENODEV, p2pmem_fence(p, 0));
	dma_phys_del(squatter);

	KUNIT_EXPECT_EQ(test, 0, p2pmem_online(p));
	KUNIT_EXPECT_EQ(test, 0, dma_phys_check(one, SZ_4K, 0));
	KUNIT_EXPECT_EQ(test, 0, dma_phys_check(two + SZ_32K, SZ_16K, 0));
	KUNIT_EXPECT_EQ(test, -ENXIO, dma_phys_check(two, SZ_4K, 0));
	expect_available(test, p, BAR + SZ_16K);
}

struct test_offline {
	struct pci_dev *p;
	struct completion done;
};

static int test_offline_thread(void *data)
{
	struct test_offline *o = data;

	p2pmem_offline(o->p);
	complete(&o->done);
	return 0;
}

/* None of it can be reached while DMA to another piece is waited for. */
static void goes_whole(struct kunit *test)
{
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *p = p2pmem_test_provider(test, f, "P");
	struct test_offline o = { .p = p };
	struct device *c = test_client(f);
	struct task_struct *task;
	unsigned long addr;
	phys_addr_t phys;
	dma_addr_t dma;

	init_completion(&o.done);
	KUNIT_ASSERT_EQ(test, 0, p2pmem_register(p, 2, 0, 0));
	phys = p2pmem_test_alloc(test, p, BAR);
	addr = p2pmem_test_map(test, p, SZ_4K);
	KUNIT_ASSERT_EQ(test, 0, p2pmem_test_fault(addr, true));
	KUNIT_EXPECT_EQ(test, pci_resource_start(p, 2), p2pmem_test_phys(addr));
	dma = test_dma(c, phys);
	KUNIT_ASSERT_EQ(test, 0, dma_mapping_error(c, dma));

	task = kthread_run(test_offline_thread, &o, "p2pmem_offline");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	KUNIT_EXPECT_EQ(test, 0, wait_for_completion_timeout(&o.done, HZ / 10));
	KUNIT_EXPECT_EQ(test, -EFAULT, p2pmem_test_fault(addr, true));
	KUNIT_EXPECT_EQ(test, 0, p2pmem_test_phys(addr));

	test_dma_end(c, dma);
	KUNIT_EXPECT_NE(test, 0, wait_for_completion_timeout(&o.done, 20 * HZ));
	p2pmem_free(p, phys, BAR);
	p2pmem_test_unmap(test, addr, SZ_4K);
	KUNIT_EXPECT_EQ(test, 0, p2pmem_online(p));
	expect_available(test, p, BAR + P2PMEM_BAR2);
}

/* limits */

static void test_revert_creds(void *data)
{
	put_cred(revert_creds(data));
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
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, test_revert_creds,
						  (void *)old));
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

/* A capability that is not needed is not asked for: that may be recorded. */
static void limit_asks_last(struct kunit *test)
{
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *p = p2pmem_test_provider(test, f, "P");
	struct file *file = p2pmem_test_open(test, p, "allocate", O_RDWR);
	unsigned long addr;
	char limit[24];

	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	snprintf(limit, sizeof(limit), "%lu", PAGE_SIZE);
	KUNIT_ASSERT_EQ(test, strlen(limit), test_set_limit(test, p, limit));
	/* capable() says so here, too */
	current->flags &= ~PF_SUPERPRIV;
	addr = kunit_vm_mmap(test, file, 0, PAGE_SIZE, PROT_READ, MAP_SHARED,
			     0);
	KUNIT_EXPECT_FALSE(test, IS_ERR_VALUE(addr));
	KUNIT_EXPECT_FALSE(test, current->flags & PF_SUPERPRIV);
	addr = kunit_vm_mmap(test, file, 0, PAGE_SIZE, PROT_READ, MAP_SHARED,
			     0);
	KUNIT_EXPECT_FALSE(test, IS_ERR_VALUE(addr));
	KUNIT_EXPECT_TRUE(test, current->flags & PF_SUPERPRIV);
	__fput_sync(file);
}

static struct kunit_case p2pmem_driver_cases[] = {
	KUNIT_CASE(fences),
	KUNIT_CASE(fence_holds_users),
	KUNIT_CASE(fence_has_a_bound),
	KUNIT_CASE_PARAM(waits_in_vain, wait_gen_params),
	KUNIT_CASE(fences_in_reclaim),
	KUNIT_CASE(next_life),
	KUNIT_CASE(loses),
	KUNIT_CASE(lives_differ),
	KUNIT_CASE(comes_back_late),
	KUNIT_CASE(comes_back_whole),
	KUNIT_CASE(goes_whole),
	KUNIT_CASE(limits_users),
	KUNIT_CASE(limit_asks_last),
	{}
};

static struct kunit_suite p2pmem_driver_suite = {
	.name = "p2pmem_driver",
	.suite_init = p2pmem_test_suite_init,
	.suite_exit = p2pmem_test_suite_exit,
	.test_cases = p2pmem_driver_cases,
};

kunit_test_suite(p2pmem_driver_suite);
