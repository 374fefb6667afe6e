// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for providers of peer-to-peer memory that go while there are
 * buffers, mappings, bios and DMA.  The fabric is in p2pmem_test.c.
 */
#include <kunit/test.h>
#include <linux/bio-phys.h>
#include <linux/bio.h>
#include <linux/delay.h>
#include <linux/device.h>
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
#include <linux/uio.h>

#include "p2pmem_test.h"

#define BAR	P2PMEM_BAR
#define LEN	(4 * PAGE_SIZE)		/* of a mapping */

/* buffers of the kernel */

static void buffer_of_unregistered(struct kunit *test)
{
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *p = p2pmem_test_provider(test, f, "P");
	phys_addr_t phys = p2pmem_test_alloc(test, p, SZ_64K), none;

	p2pmem_unregister(p);
	KUNIT_EXPECT_TRUE(test, !p2pmem_alloc(p, SZ_4K, &none));
	/* its addresses stay taken, also when it comes back */
	KUNIT_ASSERT_EQ(test, 0, p2pmem_register(p, 0, 0, 0));
	KUNIT_EXPECT_EQ(test, BAR - SZ_64K,
			p2pmem_test_read(test, p, "available"));
	KUNIT_EXPECT_EQ(test, phys + SZ_64K, p2pmem_test_alloc(test, p, SZ_4K));
	p2pmem_free(p, phys, SZ_64K);
	p2pmem_unregister(p);
	p2pmem_free(p, phys + SZ_64K, SZ_4K);

	KUNIT_ASSERT_EQ(test, 0, p2pmem_register(p, 0, 0, 0));
	KUNIT_EXPECT_EQ(test, BAR, p2pmem_test_read(test, p, "available"));
}

static void buffer_of_unbound(struct kunit *test)
{
	struct device *self;
	struct fake_pci *f;
	phys_addr_t phys;
	struct pci_dev *p;

	p2pmem_test_probe_registers = true;
	f = p2pmem_test_fabric(test);
	p = fake_pci_dev(f, "P");
	self = &p->dev;
	phys = p2pmem_test_alloc(test, p, SZ_4K);
	p2pmem_publish(p, true);

	device_release_driver(&p->dev);
	KUNIT_EXPECT_EQ(test, -ENOENT, p2pmem_test_read(test, p, "size"));
	KUNIT_EXPECT_PTR_EQ(test, NULL, p2pmem_find_many(&self, 1));
	KUNIT_ASSERT_EQ(test, 1, device_attach(&p->dev));
	KUNIT_EXPECT_EQ(test, BAR - SZ_4K,
			p2pmem_test_read(test, p, "available"));
	KUNIT_EXPECT_EQ(test, 0, p2pmem_test_read(test, p, "published"));
	p2pmem_free(p, phys, SZ_4K);
	KUNIT_EXPECT_EQ(test, BAR, p2pmem_test_read(test, p, "available"));
}

static void buffer_of_unplugged(struct kunit *test)
{
	struct fake_pci *f;
	struct pci_dev *p;
	phys_addr_t phys, gone, none;

	p2pmem_test_probe_registers = true;
	f = p2pmem_test_fabric(test);
	p = pci_dev_get(fake_pci_dev(f, "P"));
	phys = p2pmem_test_alloc(test, p, SZ_4K);
	gone = p2pmem_test_alloc(test, p, SZ_4K);

	fake_pci_unplug(f, "P");
	KUNIT_EXPECT_TRUE(test, !p2pmem_alloc(p, SZ_4K, &none));
	p2pmem_free(p, gone, SZ_4K);
	/* another device comes to the same addresses, with other bytes */
	fake_pci_replug(f, "P");
	KUNIT_EXPECT_EQ(test, BAR - SZ_4K,
			p2pmem_test_read(test, fake_pci_dev(f, "P"),
					 "available"));
	p2pmem_free(p, phys, SZ_4K);
	KUNIT_EXPECT_EQ(test, BAR,
			p2pmem_test_read(test, fake_pci_dev(f, "P"),
					 "available"));
	pci_dev_put(p);
}

static int test_unregister(void *data)
{
	struct pci_dev *p = data;

	p2pmem_unregister(p);
	return 0;
}

static void waits_for_dma(struct kunit *test)
{
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *p = p2pmem_test_provider(test, f, "P");
	struct device *c = &fake_pci_dev(f, "C")->dev;
	phys_addr_t phys = p2pmem_test_alloc(test, p, SZ_4K), none;
	struct task_struct *task;
	dma_addr_t addr;

	KUNIT_ASSERT_EQ(test, 0, dma_set_mask_and_coherent(c,
							   DMA_BIT_MASK(64)));
	addr = dma_map_phys(c, phys, SZ_4K, DMA_FROM_DEVICE, DMA_ATTR_MMIO);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(c, addr));
	KUNIT_EXPECT_EQ(test, phys + P2PMEM_OFFSET, addr);

	task = kthread_create(test_unregister, p, "p2pmem_kunit");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	get_task_struct(task);
	wake_up_process(task);
	/* the files are gone at once, the rest waits */
	while (p2pmem_alloc(p, SZ_4K, &none)) {
		p2pmem_free(p, none, SZ_4K);
		schedule_timeout_uninterruptible(1);
	}
	schedule_timeout_uninterruptible(HZ / 20);
	KUNIT_EXPECT_FALSE(test, task->exit_state);

	dma_unmap_phys(c, addr, SZ_4K, DMA_FROM_DEVICE, DMA_ATTR_MMIO);
	kthread_stop(task);
	put_task_struct(task);
	KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-ENXIO),
			    dma_phys_get(c, phys, SZ_4K, 0));
	p2pmem_free(p, phys, SZ_4K);
}

/* buffers of processes, and bios of them */

enum { UNMAP, END_BIO, REBIND };

static const struct end_case {
	const char *name;
	int order[3];
} end_cases[] = {
	{ "unmap, end, rebind", { UNMAP, END_BIO, REBIND } },
	{ "unmap, rebind, end", { UNMAP, REBIND, END_BIO } },
	{ "end, unmap, rebind", { END_BIO, UNMAP, REBIND } },
	{ "end, rebind, unmap", { END_BIO, REBIND, UNMAP } },
	{ "rebind, unmap, end", { REBIND, UNMAP, END_BIO } },
	{ "rebind, end, unmap", { REBIND, END_BIO, UNMAP } },
};

KUNIT_ARRAY_PARAM_DESC(end, end_cases, name);

static void in_any_order(struct kunit *test)
{
	const struct end_case *c = test->param_value;
	bool mapped = true, held = true, gone = false;
	struct block_device *bdev;
	unsigned long addr;
	struct fake_pci *f;
	struct pci_dev *p;
	struct bio *bio, *again;
	phys_addr_t phys;
	int i;

	p2pmem_test_probe_registers = true;
	f = p2pmem_test_fabric(test);
	p = fake_pci_dev(f, "P");
	bdev = p2pmem_test_bdev(test, BLK_FEAT_P2P_PHYS);
	addr = p2pmem_test_map(test, p, LEN);
	bio = p2pmem_test_dio_at(test, bdev, ITER_DEST, addr + PAGE_SIZE,
				 PAGE_SIZE);
	KUNIT_ASSERT_FALSE(test, IS_ERR(bio));
	phys = bvec_phys(&bio->bi_io_vec[0]);
	KUNIT_ASSERT_EQ(test, 0, p2pmem_test_fault(addr, true));

	for (i = 0; i < 3; i++) {
		switch (c->order[i]) {
		case UNMAP:
			p2pmem_test_unmap(test, addr, LEN);
			mapped = false;
			break;
		case END_BIO:
			p2pmem_test_bio_end(bio);
			held = false;
			break;
		case REBIND:
			device_release_driver(&p->dev);
			if (mapped)
				KUNIT_EXPECT_EQ(test, 0,
						p2pmem_test_phys(addr));
			KUNIT_ASSERT_EQ(test, 1, device_attach(&p->dev));
			gone = true;
			break;
		}
		/* let a reference that was dropped too many show */
		flush_delayed_fput();
		msleep(20);
		/* a mapping keeps nothing beyond the life that it was of */
		if ((mapped && !gone) || held) {
			KUNIT_EXPECT_EQ(test, BAR - LEN,
					p2pmem_test_read(test, p, "available"));
		} else {
			expect_available(test, p, BAR);
		}
		/* the memory in the mapping is not the new provider's */
		if (mapped && gone) {
			KUNIT_EXPECT_EQ(test, -EFAULT,
					p2pmem_test_fault(addr, true));
			KUNIT_EXPECT_EQ(test, 0, p2pmem_test_phys(addr));
			again = p2pmem_test_dio_at(test, bdev, ITER_DEST, addr,
						   LEN);
			KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-EREMOTEIO), again);
		}
		if (held)
			KUNIT_EXPECT_EQ(test, phys,
					bvec_phys(&bio->bi_io_vec[0]));
	}
}

static void mapping_of_unplugged(struct kunit *test)
{
	struct block_device *bdev;
	unsigned long addr;
	struct file *file;
	struct fake_pci *f;
	struct pci_dev *p;
	struct bio *bio;

	p2pmem_test_probe_registers = true;
	f = p2pmem_test_fabric(test);
	p = fake_pci_dev(f, "P");
	bdev = p2pmem_test_bdev(test, BLK_FEAT_P2P_PHYS);
	addr = p2pmem_test_map(test, p, LEN);
	bio = p2pmem_test_dio_at(test, bdev, ITER_SOURCE, addr, LEN);
	KUNIT_ASSERT_FALSE(test, IS_ERR(bio));
	KUNIT_ASSERT_EQ(test, 0, p2pmem_test_fault(addr, false));
	file = p2pmem_test_open(test, p, "allocate", O_RDWR);
	KUNIT_ASSERT_FALSE(test, IS_ERR(file));

	fake_pci_unplug(f, "P");
	KUNIT_EXPECT_EQ(test, 0, p2pmem_test_phys(addr));
	KUNIT_EXPECT_EQ(test, -EFAULT, p2pmem_test_fault(addr, false));
	KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-EREMOTEIO),
			    p2pmem_test_dio_at(test, bdev, ITER_SOURCE, addr,
					       LEN));
	KUNIT_EXPECT_EQ(test, -EREMOTEIO,
			blk_status_to_errno(bio_phys_submit_check(bio)));
	/* a file that is still open maps no more */
	KUNIT_EXPECT_EQ(test, -ENODEV,
			(long)kunit_vm_mmap(test, file, 0, LEN, PROT_READ,
					    MAP_SHARED,
					    0));
	__fput_sync(file);

	fake_pci_replug(f, "P");
	p = fake_pci_dev(f, "P");
	/* what is on its way keeps the addresses; who sleeps does not */
	expect_available(test, p, BAR - LEN);
	p2pmem_test_bio_end(bio);
	expect_available(test, p, BAR);
	p2pmem_test_unmap(test, addr, LEN);
	expect_available(test, p, BAR);
}

/* The addresses of a mapping that outlives its provider are others' at once. */
static void next_life(struct kunit *test)
{
	struct block_device *bdev = p2pmem_test_bdev(test, BLK_FEAT_P2P_PHYS);
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *p = p2pmem_test_provider(test, f, "P");
	unsigned long old = p2pmem_test_map(test, p, BAR), addr;
	struct bio *bio;

	KUNIT_ASSERT_EQ(test, 0, p2pmem_test_fault(old, true));
	p2pmem_unregister(p);
	KUNIT_ASSERT_EQ(test, 0, p2pmem_register(p, 0, 0, 0));
	/* without a wait for who gives the old ones back */
	addr = p2pmem_test_map(test, p, BAR);
	KUNIT_ASSERT_EQ(test, 0, p2pmem_test_fault(addr, true));
	KUNIT_EXPECT_EQ(test, pci_resource_start(p, 0), p2pmem_test_phys(addr));
	KUNIT_EXPECT_EQ(test, -EFAULT, p2pmem_test_fault(old, false));
	KUNIT_EXPECT_EQ(test, 0, p2pmem_test_phys(old));
	KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-EREMOTEIO),
			    p2pmem_test_dio_at(test, bdev, ITER_DEST, old,
					       LEN));

	/* and the end of the old one is none of theirs */
	bio = p2pmem_test_dio_at(test, bdev, ITER_DEST, addr, LEN);
	KUNIT_ASSERT_FALSE(test, IS_ERR(bio));
	p2pmem_test_unmap(test, old, BAR);
	flush_delayed_fput();
	msleep(20);
	KUNIT_EXPECT_EQ(test, 0, p2pmem_test_read(test, p, "available"));
	p2pmem_test_unmap(test, addr, BAR);
	flush_delayed_fput();
	msleep(20);
	KUNIT_EXPECT_EQ(test, 0, p2pmem_test_read(test, p, "available"));
	p2pmem_test_bio_end(bio);
	expect_available(test, p, BAR);
}

/* Once is enough, and devres need not do it again. */
static void unregisters_early(struct kunit *test)
{
	struct fake_pci *f;
	struct pci_dev *p;

	p2pmem_test_probe_registers = true;
	f = p2pmem_test_fabric(test);
	p = fake_pci_dev(f, "P");
	p2pmem_unregister(p);
	KUNIT_EXPECT_EQ(test, -ENOENT, p2pmem_test_read(test, p, "size"));
	p2pmem_unregister(p);
	device_release_driver(&p->dev);
	p2pmem_unregister(p);
	/* nor where there never was any */
	p2pmem_unregister(fake_pci_dev(f, "C"));
	KUNIT_ASSERT_EQ(test, 1, device_attach(&p->dev));
	KUNIT_EXPECT_EQ(test, BAR, p2pmem_test_read(test, p, "available"));
}

static struct kunit_case p2pmem_end_cases[] = {
	KUNIT_CASE(buffer_of_unregistered),
	KUNIT_CASE(buffer_of_unbound),
	KUNIT_CASE(buffer_of_unplugged),
	KUNIT_CASE(waits_for_dma),
	KUNIT_CASE_PARAM(in_any_order, end_gen_params),
	KUNIT_CASE(mapping_of_unplugged),
	KUNIT_CASE(next_life),
	KUNIT_CASE(unregisters_early),
	{}
};

static struct kunit_suite p2pmem_end_suite = {
	.name = "p2pmem_end",
	.suite_init = p2pmem_test_suite_init,
	.suite_exit = p2pmem_test_suite_exit,
	.test_cases = p2pmem_end_cases,
};

kunit_test_suite(p2pmem_end_suite);

MODULE_DESCRIPTION("KUnit tests for the end of peer-to-peer memory");
MODULE_LICENSE("GPL");
