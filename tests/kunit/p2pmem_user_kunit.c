// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for peer-to-peer memory in processes: mappings of
 * p2pmem/allocate.  The fabric is in p2pmem_test.c.
 */
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/pci.h>

#include "p2pmem_test.h"

#define BAR	P2PMEM_BAR
#define LEN	(4 * PAGE_SIZE)		/* of most mappings */
#define RW	(PROT_READ | PROT_WRITE)

/* mapping */

struct mmap_case {
	const char *name;
	int error;
	size_t len;
	int prot;
	int flags;
	int open;
	unsigned long offset;
};

static const struct mmap_case mmap_cases[] = {
	{ "shared", 0, LEN, RW, MAP_SHARED, O_RDWR },
	{ "part of a page", 0, 100, RW, MAP_SHARED, O_RDWR },
	{ "all there is", 0, BAR, RW, MAP_SHARED, O_RDWR },
	{ "read-only", 0, LEN, PROT_READ, MAP_SHARED, O_RDWR },
	{ "read-only file", 0, LEN, PROT_READ, MAP_SHARED, O_RDONLY },
	{ "private", -EINVAL, LEN, RW, MAP_PRIVATE, O_RDWR },
	{ "private, read-only", -EINVAL, LEN, PROT_READ, MAP_PRIVATE,
	  O_RDONLY },
	{ "offset", -EINVAL, LEN, RW, MAP_SHARED, O_RDWR, PAGE_SIZE },
	{ "more than there is", -ENOMEM, BAR + PAGE_SIZE, RW, MAP_SHARED,
	  O_RDWR },
	{ "to write, read-only file", -EACCES, LEN, RW, MAP_SHARED, O_RDONLY },
	{ "write-only file", -EACCES, LEN, PROT_WRITE, MAP_SHARED, O_WRONLY },
	{ "to execute", -EPERM, LEN, PROT_READ | PROT_EXEC, MAP_SHARED,
	  O_RDWR },
};

KUNIT_ARRAY_PARAM_DESC(mmap, mmap_cases, name);

static void mmaps(struct kunit *test)
{
	const struct mmap_case *c = test->param_value;
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *p = p2pmem_test_provider(test, f, "P");
	struct file *file = p2pmem_test_open(test, p, "allocate", c->open);
	unsigned long addr;

	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	addr = kunit_vm_mmap(test, file, 0, c->len, c->prot, c->flags,
			     c->offset);
	__fput_sync(file);
	if (c->error) {
		KUNIT_EXPECT_EQ(test, c->error, (long)addr);
	} else {
		KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(addr));
		KUNIT_EXPECT_EQ(test, BAR - PAGE_ALIGN(c->len),
				p2pmem_test_read(test, p, "available"));
		p2pmem_test_unmap(test, addr, c->len);
	}
	expect_available(test, p, BAR);
}

static void mmaps_until_full(struct kunit *test)
{
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *p = p2pmem_test_provider(test, f, "P");
	unsigned long a = p2pmem_test_map(test, p, BAR / 2);
	unsigned long b = p2pmem_test_map(test, p, BAR / 2);

	/* each mapping is a buffer of its own */
	KUNIT_EXPECT_EQ(test, 0, p2pmem_test_fault(a, false));
	KUNIT_EXPECT_EQ(test, 0, p2pmem_test_fault(b, false));
	KUNIT_EXPECT_NE(test, p2pmem_test_phys(a), p2pmem_test_phys(b));
	KUNIT_EXPECT_EQ(test, -ENOMEM,
			(long)p2pmem_test_mmap(test, p, 0, 1, RW, MAP_SHARED));
	p2pmem_test_unmap(test, a, BAR / 2);
	expect_available(test, p, BAR / 2);
	p2pmem_test_unmap(test, p2pmem_test_map(test, p, 1), PAGE_SIZE);
	p2pmem_test_unmap(test, b, BAR / 2);
	expect_available(test, p, BAR);
}

static void faults(struct kunit *test)
{
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *p = p2pmem_test_provider(test, f, "P");
	unsigned long addr = p2pmem_test_map(test, p, LEN);
	struct page *page;
	phys_addr_t phys;

	KUNIT_EXPECT_EQ(test, 0, p2pmem_test_phys(addr));
	KUNIT_EXPECT_EQ(test, 0, p2pmem_test_fault(addr + PAGE_SIZE, true));
	phys = p2pmem_test_phys(addr);
	KUNIT_EXPECT_EQ(test, pci_resource_start(p, 0), phys);
	/* one fault is enough for all of it */
	KUNIT_EXPECT_EQ(test, phys + LEN - PAGE_SIZE,
			p2pmem_test_phys(addr + LEN - PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, 0, p2pmem_test_phys(addr + LEN));
	/* who wants pages gets none */
	KUNIT_EXPECT_EQ(test, -EFAULT,
			get_user_pages_fast(addr, 1, FOLL_WRITE, &page));
	p2pmem_test_unmap(test, addr, LEN);
	expect_available(test, p, BAR);

	addr = p2pmem_test_mmap(test, p, 0, LEN, PROT_READ, MAP_SHARED);
	KUNIT_EXPECT_EQ(test, -EFAULT, p2pmem_test_fault(addr, true));
	KUNIT_EXPECT_EQ(test, 0, p2pmem_test_fault(addr, false));
	p2pmem_test_unmap(test, addr, LEN);
	expect_available(test, p, BAR);
}

/* A buffer goes back when the last piece of its mapping goes. */
static void unmaps_in_pieces(struct kunit *test)
{
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *p = p2pmem_test_provider(test, f, "P");
	phys_addr_t phys = pci_resource_start(p, 0);
	unsigned long addr = p2pmem_test_map(test, p, LEN);

	p2pmem_test_unmap(test, addr + PAGE_SIZE, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, 0, p2pmem_test_fault(addr, true));
	KUNIT_EXPECT_EQ(test, phys, p2pmem_test_phys(addr));
	KUNIT_EXPECT_EQ(test, 0, p2pmem_test_phys(addr + PAGE_SIZE));
	/* the second piece still begins in its third page */
	KUNIT_EXPECT_EQ(test, 0,
			p2pmem_test_fault(addr + LEN - PAGE_SIZE, true));
	KUNIT_EXPECT_EQ(test, phys + 2 * PAGE_SIZE,
			p2pmem_test_phys(addr + 2 * PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, phys + LEN - PAGE_SIZE,
			p2pmem_test_phys(addr + LEN - PAGE_SIZE));
	p2pmem_test_unmap(test, addr, 2 * PAGE_SIZE);
	flush_delayed_fput();
	KUNIT_EXPECT_EQ(test, BAR - LEN,
			p2pmem_test_read(test, p, "available"));
	p2pmem_test_unmap(test, addr + 2 * PAGE_SIZE, 2 * PAGE_SIZE);
	expect_available(test, p, BAR);
}

/* Nobody sees what somebody else left. */
static void clears(struct kunit *test)
{
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *p = p2pmem_test_provider(test, f, "P");
	void *copy = kunit_kmalloc(test, LEN, GFP_KERNEL);
	unsigned long addr;
	void __iomem *bar;
	int i;

	if (!fake_pci_has_memory())
		kunit_skip(test, "nothing behind the BARs");
	bar = ioremap_wc(pci_resource_start(p, 0), BAR);
	KUNIT_ASSERT_TRUE(test, copy && bar);
	for (i = 0; i < 2; i++) {
		addr = p2pmem_test_map(test, p, LEN);
		memcpy_fromio(copy, bar, LEN);
		KUNIT_EXPECT_PTR_EQ(test, NULL, memchr_inv(copy, 0, LEN));
		/* and nothing of what is another's */
		KUNIT_EXPECT_EQ(test, FAKE_PCI_FRESH, readb(bar + LEN));
		memset_io(bar, 's', LEN);
		p2pmem_test_unmap(test, addr, LEN);
		expect_available(test, p, BAR);
		/* it is done when it is handed out again */
		KUNIT_EXPECT_EQ(test, 's', readb(bar));
	}
	iounmap(bar);
}

static struct kunit_case p2pmem_user_cases[] = {
	KUNIT_CASE_PARAM(mmaps, mmap_gen_params),
	KUNIT_CASE(mmaps_until_full),
	KUNIT_CASE(faults),
	KUNIT_CASE(unmaps_in_pieces),
	KUNIT_CASE(clears),
	{}
};

static struct kunit_suite p2pmem_user_suite = {
	.name = "p2pmem_user",
	.suite_init = p2pmem_test_suite_init,
	.suite_exit = p2pmem_test_suite_exit,
	.test_cases = p2pmem_user_cases,
};

kunit_test_suite(p2pmem_user_suite);

MODULE_DESCRIPTION("KUnit tests for peer-to-peer memory in processes");
MODULE_LICENSE("GPL");
