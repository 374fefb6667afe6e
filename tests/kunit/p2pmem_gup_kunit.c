// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for peer-to-peer memory in processes: nobody gets a page of it,
 * or a pfn to keep.  Who would like to is in Documentation/core-api/
 * dma-phys-user-pages.rst; the fabric is in p2pmem_test.c.
 */
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/pci.h>

#include "p2pmem_test.h"

#define LEN	(4 * PAGE_SIZE)
#define RW	(PROT_READ | PROT_WRITE)

struct gup_case {
	const char *name;
	long (*get)(unsigned long addr, int nr, unsigned int flags,
		    struct page **pages);
	unsigned int flags;
};

static long get_fast(unsigned long addr, int nr, unsigned int flags,
		     struct page **pages)
{
	return get_user_pages_fast(addr, nr, flags, pages);
}

static long pin_fast(unsigned long addr, int nr, unsigned int flags,
		     struct page **pages)
{
	return pin_user_pages_fast(addr, nr, flags, pages);
}

static long get_slow(unsigned long addr, int nr, unsigned int flags,
		     struct page **pages)
{
	return get_user_pages_unlocked(addr, nr, pages, flags);
}

static long pin_slow(unsigned long addr, int nr, unsigned int flags,
		     struct page **pages)
{
	long n;

	mmap_read_lock(current->mm);
	n = pin_user_pages(addr, nr, flags, pages);
	mmap_read_unlock(current->mm);
	return n;
}

static long pin_remote(unsigned long addr, int nr, unsigned int flags,
		       struct page **pages)
{
	int locked = 1;
	long n;

	mmap_read_lock(current->mm);
	n = pin_user_pages_remote(current->mm, addr, nr, flags, pages, &locked);
	if (locked)
		mmap_read_unlock(current->mm);
	return n;
}

static const struct gup_case gup_cases[] = {
	{ "fast, to read", get_fast, 0 },
	{ "fast, to write", get_fast, FOLL_WRITE },
	{ "fast, forced", get_fast, FOLL_WRITE | FOLL_FORCE },
	{ "fast pin", pin_fast, FOLL_WRITE },
	{ "fast pin, for long", pin_fast, FOLL_WRITE | FOLL_LONGTERM },
	{ "slow, to read", get_slow, 0 },
	{ "slow, forced", get_slow, FOLL_WRITE | FOLL_FORCE },
	{ "slow pin", pin_slow, FOLL_WRITE },
	{ "slow pin, for long", pin_slow, FOLL_WRITE | FOLL_LONGTERM },
	{ "remote pin", pin_remote, FOLL_WRITE },
	{ "remote pin, for long", pin_remote, FOLL_WRITE | FOLL_LONGTERM },
	{ "remote pin, peers' too", pin_remote,
	  FOLL_WRITE | FOLL_PCI_P2PDMA },
};

KUNIT_ARRAY_PARAM_DESC(gup, gup_cases, name);

static void gup(struct kunit *test)
{
	const struct gup_case *c = test->param_value;
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *p = p2pmem_test_provider(test, f, "P");
	unsigned long addr = p2pmem_test_map(test, p, LEN);
	struct page *pages[4];
	int touched;

	for (touched = 0; touched < 2; touched++) {
		KUNIT_EXPECT_EQ(test, -EFAULT,
				c->get(addr, 1, c->flags, pages));
		KUNIT_EXPECT_EQ(test, -EFAULT,
				c->get(addr, 4, c->flags, pages));
		KUNIT_EXPECT_EQ(test, -EFAULT,
				c->get(addr + LEN - PAGE_SIZE, 1, c->flags,
				       pages));
		KUNIT_EXPECT_EQ(test, 0, p2pmem_test_fault(addr, true));
	}
	p2pmem_test_unmap(test, addr, LEN);

	/* what is mapped for reading only is no better */
	addr = p2pmem_test_mmap(test, p, 0, LEN, PROT_READ, MAP_SHARED);
	KUNIT_EXPECT_EQ(test, -EFAULT, c->get(addr, 1, c->flags, pages));
	p2pmem_test_unmap(test, addr, LEN);
	expect_available(test, p, P2PMEM_BAR);
}

/* RAM in front of it is given, and no more. */
static void gup_stops(struct kunit *test)
{
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *p = p2pmem_test_provider(test, f, "P");
	struct page *pages[3] = {};
	unsigned long addr, ram;
	int n;

	ram = kunit_vm_mmap(test, NULL, 0, 2 * PAGE_SIZE, RW,
			    MAP_ANONYMOUS | MAP_PRIVATE, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(ram));
	addr = p2pmem_test_mmap(test, p, ram + PAGE_SIZE, PAGE_SIZE, RW,
				MAP_SHARED | MAP_FIXED);
	KUNIT_ASSERT_EQ(test, ram + PAGE_SIZE, addr);

	n = get_user_pages_fast(ram, 2, FOLL_WRITE, pages);
	KUNIT_EXPECT_EQ(test, 1, n);
	KUNIT_EXPECT_PTR_EQ(test, NULL, pages[1]);
	if (n == 1)
		put_page(pages[0]);
	p2pmem_test_unmap(test, addr, PAGE_SIZE);
}

/* vfio type1, acrn, KVM, s390's PCI instructions: a pfn without a reference */
static void no_pfn(struct kunit *test)
{
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *p = p2pmem_test_provider(test, f, "P");
	unsigned long addr = p2pmem_test_map(test, p, LEN);
	struct follow_pfnmap_args args = { .address = addr };
	int error;

	KUNIT_EXPECT_EQ(test, 0, p2pmem_test_fault(addr, true));
	mmap_read_lock(current->mm);
	args.vma = find_vma(current->mm, addr);
	KUNIT_EXPECT_EQ(test, 0, args.vma->vm_flags & (VM_IO | VM_PFNMAP));
	KUNIT_EXPECT_NE(test, 0, args.vma->vm_flags & VM_MIXEDMAP);
	error = follow_pfnmap_start(&args);
	if (!error)
		follow_pfnmap_end(&args);
	mmap_read_unlock(current->mm);
	KUNIT_EXPECT_EQ(test, -EINVAL, error);
	p2pmem_test_unmap(test, addr, LEN);
}

static struct kunit_case p2pmem_gup_cases[] = {
	KUNIT_CASE_PARAM(gup, gup_gen_params),
	KUNIT_CASE(gup_stops),
	KUNIT_CASE(no_pfn),
	{}
};

static struct kunit_suite p2pmem_gup_suite = {
	.name = "p2pmem_gup",
	.suite_init = p2pmem_test_suite_init,
	.suite_exit = p2pmem_test_suite_exit,
	.test_cases = p2pmem_gup_cases,
};

kunit_test_suite(p2pmem_gup_suite);

MODULE_DESCRIPTION("KUnit tests for peer-to-peer memory and who takes pages");
MODULE_LICENSE("GPL");
