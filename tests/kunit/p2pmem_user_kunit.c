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
#include <linux/pci-p2pmem.h>
#include <linux/pci.h>

#include "p2pmem_test.h"

#define BAR	P2PMEM_BAR
#define LEN	(4 * PAGE_SIZE)		/* of most mappings */
#define RW	(PROT_READ | PROT_WRITE)
/* more than is cleared in one go, and no multiple of it */
#define CLEAR	(SZ_512K + PAGE_SIZE)

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
	void *copy = kunit_kmalloc(test, CLEAR, GFP_KERNEL);
	unsigned long addr;
	void __iomem *bar;
	int i;

	if (!fake_pci_has_memory())
		kunit_skip(test, "nothing behind the BARs");
	bar = ioremap_wc(pci_resource_start(p, 0), BAR);
	KUNIT_ASSERT_TRUE(test, copy && bar);
	for (i = 0; i < 2; i++) {
		addr = p2pmem_test_map(test, p, CLEAR);
		memcpy_fromio(copy, bar, CLEAR);
		KUNIT_EXPECT_PTR_EQ(test, NULL, memchr_inv(copy, 0, CLEAR));
		/* and nothing of what is another's */
		KUNIT_EXPECT_EQ(test, FAKE_PCI_FRESH, readb(bar + CLEAR));
		memset_io(bar, 's', CLEAR);
		p2pmem_test_unmap(test, addr, CLEAR);
		expect_available(test, p, BAR);
		/* it is done when it is handed out again */
		KUNIT_EXPECT_EQ(test, 's', readb(bar));
	}
	iounmap(bar);
}

/* What else programs do with memory. */

static struct vm_area_struct *test_vma(struct kunit *test, unsigned long addr)
{
	struct vm_area_struct *vma;

	mmap_read_lock(current->mm);
	vma = find_vma(current->mm, addr);
	mmap_read_unlock(current->mm);
	KUNIT_ASSERT_NOT_NULL(test, vma);
	return vma;
}

static void is_a_file(struct kunit *test)
{
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *p = p2pmem_test_provider(test, f, "P");
	unsigned long addr = p2pmem_test_map(test, p, LEN);
	struct vm_area_struct *vma = test_vma(test, addr);
	char name[32];

	/* nobody who looks into the page tables may take it for good */
	KUNIT_EXPECT_FALSE(test, vma->vm_flags & (VM_IO | VM_PFNMAP));
	KUNIT_EXPECT_EQ(test, VM_MIXEDMAP | VM_DONTEXPAND | VM_DONTDUMP,
			vma->vm_flags & (VM_MIXEDMAP | VM_DONTEXPAND |
					 VM_DONTDUMP));
	/* msync() */
	KUNIT_EXPECT_EQ(test, 0, vfs_fsync(vma->vm_file, 1));
	snprintf(name, sizeof(name), "[p2pmem %s]", pci_name(p));
	KUNIT_EXPECT_STREQ(test, name,
			   vma->vm_file->f_path.dentry->d_name.name);
	p2pmem_unregister(p);
	KUNIT_EXPECT_EQ(test, -EIO, vfs_fsync(vma->vm_file, 1));
	p2pmem_test_unmap(test, addr, LEN);
}

static int test_access(struct vm_area_struct *vma, unsigned long addr,
		       void *data, int len, int write)
{
	int ret;

	mmap_read_lock(current->mm);
	ret = vma->vm_ops->access(vma, addr, data, len, write);
	mmap_read_unlock(current->mm);
	return ret;
}

/* As /proc/PID/mem does it; not all architectures do. */
static void debuggers(struct kunit *test)
{
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *p = p2pmem_test_provider(test, f, "P");
	unsigned long addr = p2pmem_test_map(test, p, LEN);
	struct vm_area_struct *vma;
	void __iomem *bar;
	char buf[16];

	if (!fake_pci_has_memory())
		kunit_skip(test, "nothing behind the BARs");
	bar = ioremap_wc(pci_resource_start(p, 0), LEN);
	KUNIT_ASSERT_TRUE(test, bar);
	vma = test_vma(test, addr);
	KUNIT_EXPECT_EQ(test, 8, test_access(vma, addr + PAGE_SIZE + 4,
					     "a buffer", 8, 1));
	memcpy_fromio(buf, bar + PAGE_SIZE + 4, 8);
	KUNIT_EXPECT_MEMEQ(test, buf, "a buffer", 8);
	/* to the end of a page, and the rest with the next */
	memcpy_toio(bar + 2 * PAGE_SIZE - 8, "another!", 8);
	KUNIT_EXPECT_EQ(test, 8, test_access(vma, addr + 2 * PAGE_SIZE - 8, buf,
					     sizeof(buf), 0));
	KUNIT_EXPECT_MEMEQ(test, buf, "another!", 8);

	/* not while it is away */
	KUNIT_EXPECT_EQ(test, 0, p2pmem_fence(p, 0));
	KUNIT_EXPECT_EQ(test, -EAGAIN, test_access(vma, addr, buf, 8, 0));
	KUNIT_EXPECT_EQ(test, 0, p2pmem_wait(p, HZ));
	KUNIT_EXPECT_EQ(test, 0, p2pmem_lift(p));
	KUNIT_EXPECT_EQ(test, 8, test_access(vma, addr, buf, 8, 0));
	p2pmem_offline(p);
	KUNIT_EXPECT_EQ(test, -ENODEV, test_access(vma, addr, buf, 8, 0));
	KUNIT_EXPECT_EQ(test, 0, p2pmem_online(p));
	KUNIT_EXPECT_EQ(test, -ENODEV, test_access(vma, addr, buf, 8, 1));
	p2pmem_test_unmap(test, addr, LEN);

	addr = p2pmem_test_mmap(test, p, 0, LEN, PROT_READ, MAP_SHARED);
	vma = test_vma(test, addr);
	KUNIT_EXPECT_EQ(test, -EACCES, test_access(vma, addr, buf, 8, 1));
	KUNIT_EXPECT_EQ(test, 8, test_access(vma, addr, buf, 8, 0));
	p2pmem_test_unmap(test, addr, LEN);
	iounmap(bar);
}

static struct kunit_case p2pmem_user_cases[] = {
	KUNIT_CASE_PARAM(mmaps, mmap_gen_params),
	KUNIT_CASE(mmaps_until_full),
	KUNIT_CASE(faults),
	KUNIT_CASE(unmaps_in_pieces),
	KUNIT_CASE(clears),
	KUNIT_CASE(is_a_file),
	KUNIT_CASE(debuggers),
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
