// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the suites for peer-to-peer memory share.
 *
 *   host0: bridge known to forward, bus address above the CPU address
 *     port0 -- up -+- down0 -- P: BAR 0, BAR 2 and I/O ports
 *                  +- down1 -- Q: BAR 0
 *                  +- down2 -- C: no memory
 *     port1 -- R: BAR 0
 *   host1: bridge unknown
 *     Z: BAR 0
 *     U: a BAR that there is no window for
 *
 * All but C, which has another device id, are bound to the driver.
 */
#include <kunit/test.h>
#include <linux/bio-phys.h>
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kobject.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/pci-p2pmem.h>
#include <linux/pci.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "p2pmem_test.h"

#ifdef CONFIG_PHYS_ADDR_T_64BIT
#define HOST0		0x4000000000ULL
#define HOST0_32	0x4800000000ULL
#define HOST1		0x6000000000ULL
#else
#define HOST0		0x40000000ULL
#define HOST0_32	0x48000000ULL
#define HOST1		0x70000000ULL
#endif
#define HOST0_32_BUS	0x90000000ULL
#define CLIENT		1	/* device id */

static const struct fake_pci_node fabric[] = {
	{ .name = "host0", .type = FAKE_PCI_HOST,
	  .windows = { { .cpu = HOST0, .bus = HOST0 + P2PMEM_OFFSET,
			 .size = SZ_128M },
		       { .cpu = HOST0_32, .bus = HOST0_32_BUS,
			 .size = SZ_64M, .mem32 = true } } },
	{ .name = "hd0", .type = FAKE_PCI_HOST_DEV, .parent = "host0",
	  .vendor = PCI_VENDOR_ID_INTEL, .device = 0x2030 },
	{ .name = "port0", .type = FAKE_PCI_ROOT_PORT, .parent = "host0",
	  .device = CLIENT, .devfn = PCI_DEVFN(1, 0) },
	{ .name = "up", .type = FAKE_PCI_UPSTREAM, .parent = "port0",
	  .device = CLIENT },
	{ .name = "down0", .type = FAKE_PCI_DOWNSTREAM, .parent = "up",
	  .device = CLIENT },
	{ .name = "P", .type = FAKE_PCI_ENDPOINT, .parent = "down0",
	  .bar = { P2PMEM_BAR, 0, P2PMEM_BAR2, SZ_32 }, .bar_mem32 = BIT(2),
	  .bar_io = BIT(3), .bar_ram = BIT(0) | BIT(2) },
	{ .name = "down1", .type = FAKE_PCI_DOWNSTREAM, .parent = "up",
	  .device = CLIENT, .devfn = PCI_DEVFN(1, 0) },
	{ .name = "Q", .type = FAKE_PCI_ENDPOINT, .parent = "down1",
	  .bar = { P2PMEM_BAR }, .bar_ram = BIT(0) },
	{ .name = "down2", .type = FAKE_PCI_DOWNSTREAM, .parent = "up",
	  .device = CLIENT, .devfn = PCI_DEVFN(2, 0) },
	{ .name = "C", .type = FAKE_PCI_ENDPOINT, .parent = "down2",
	  .device = CLIENT },
	{ .name = "port1", .type = FAKE_PCI_ROOT_PORT, .parent = "host0",
	  .device = CLIENT, .devfn = PCI_DEVFN(2, 0) },
	{ .name = "R", .type = FAKE_PCI_ENDPOINT, .parent = "port1",
	  .bar = { P2PMEM_BAR }, .bar_ram = BIT(0) },

	{ .name = "host1", .type = FAKE_PCI_HOST, .domain = 1,
	  .windows = { { .cpu = HOST1, .size = SZ_16M } } },
	{ .name = "Z", .type = FAKE_PCI_ENDPOINT, .parent = "host1",
	  .devfn = PCI_DEVFN(1, 0), .bar = { P2PMEM_BAR },
	  .bar_ram = BIT(0) },
	{ .name = "U", .type = FAKE_PCI_ENDPOINT, .parent = "host1",
	  .devfn = PCI_DEVFN(2, 0), .bar = { SZ_64K, SZ_64M },
	  .bar_mem32 = BIT(0) },
	{}
};

bool p2pmem_test_probe_registers;

static int test_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	int error = pci_enable_device_mem(pdev);

	if (!error && p2pmem_test_probe_registers)
		error = p2pmem_register(pdev, 0, 0, 0);
	return error;
}

static const struct pci_device_id test_ids[] = {
	{ PCI_DEVICE(FAKE_PCI_VENDOR, 0) },
	{}
};

static struct pci_driver test_driver = {
	.name = "p2pmem_kunit",
	.id_table = test_ids,
	.probe = test_probe,
};

static struct vfsmount *sysfs;

/* For the suite: the driver, and a look at sysfs of our own. */
int p2pmem_test_suite_init(struct kunit_suite *suite)
{
	struct file_system_type *type = get_fs_type("sysfs");
	int error;

	if (!type)
		return -ENODEV;
	sysfs = kern_mount(type);
	module_put(type->owner);
	if (IS_ERR(sysfs))
		return PTR_ERR(sysfs);
	error = pci_register_driver(&test_driver);
	if (error) {
		kern_unmount(sysfs);
		sysfs = NULL;
	}
	return error;
}

void p2pmem_test_suite_exit(struct kunit_suite *suite)
{
	/* also called when there was no init */
	if (IS_ERR_OR_NULL(sysfs))
		return;
	pci_unregister_driver(&test_driver);
	kern_unmount(sysfs);
}

static void test_defaults(void *unused)
{
	p2pmem_test_probe_registers = false;
}

/* For the case: the fabric, with the driver bound. */
struct fake_pci *p2pmem_test_fabric(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, test_defaults, NULL));
	return fake_pci_create(test, fabric);
}

/* A file of p2pmem/ of a device, or ERR_PTR(). */
struct file *p2pmem_test_open(struct kunit *test, struct pci_dev *pdev,
			      const char *name, int flags)
{
	const struct path root = { .mnt = sysfs, .dentry = sysfs->mnt_root };
	char *dir = kobject_get_path(&pdev->dev.kobj, GFP_KERNEL);
	struct file *file;
	char *path;

	KUNIT_ASSERT_NOT_NULL(test, dir);
	path = kasprintf(GFP_KERNEL, "%s/p2pmem/%s", dir + 1, name);
	kfree(dir);
	KUNIT_ASSERT_NOT_NULL(test, path);
	file = file_open_root(&root, path, flags, 0);
	kfree(path);
	return file;
}

/* The number in a file of p2pmem/ of a device, or an error. */
ssize_t p2pmem_test_read(struct kunit *test, struct pci_dev *pdev,
			 const char *name)
{
	struct file *file = p2pmem_test_open(test, pdev, name, O_RDONLY);
	char buf[32] = {};
	loff_t pos = 0;
	ssize_t len;
	long val;

	if (IS_ERR(file))
		return PTR_ERR(file);
	len = kernel_read(file, buf, sizeof(buf) - 1, &pos);
	__fput_sync(file);
	if (len < 0)
		return len;
	return kstrtol(buf, 10, &val) ?: val;
}

/*
 * Does a device come to have so much memory to give?  Buffers may be given
 * back a little later, by a worker: after a bio, and when a kernel thread has
 * unmapped them.
 */
bool p2pmem_test_available(struct kunit *test, struct pci_dev *pdev,
			   size_t size)
{
	int i;

	for (i = 0; i < 200; i++) {
		if (p2pmem_test_read(test, pdev, "available") == size)
			return true;
		fsleep(5000);
	}
	return false;
}

/* A device with all of BAR 0 registered. */
struct pci_dev *p2pmem_test_provider(struct kunit *test, struct fake_pci *f,
				     const char *name)
{
	struct pci_dev *p = fake_pci_dev(f, name);

	KUNIT_ASSERT_EQ(test, 0, p2pmem_register(p, 0, 0, 0));
	return p;
}

/* A buffer of the kernel. */
phys_addr_t p2pmem_test_alloc(struct kunit *test, struct pci_dev *p,
			      size_t size)
{
	phys_addr_t phys = 0;

	KUNIT_ASSERT_TRUE(test, p2pmem_alloc(p, size, &phys));
	return phys;
}

/* A mapping in this process; its address, or an errno. */
unsigned long p2pmem_test_mmap(struct kunit *test, struct pci_dev *p,
			       unsigned long addr, size_t len, int prot,
			       int flags)
{
	struct file *file = p2pmem_test_open(test, p, "allocate", O_RDWR);

	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	addr = kunit_vm_mmap(test, file, addr, len, prot, flags, 0);
	__fput_sync(file);
	return addr;
}

unsigned long p2pmem_test_map(struct kunit *test, struct pci_dev *p, size_t len)
{
	unsigned long addr = p2pmem_test_mmap(test, p, 0, len,
					      PROT_READ | PROT_WRITE,
					      MAP_SHARED);

	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(addr));
	return addr;
}

void p2pmem_test_unmap(struct kunit *test, unsigned long addr, size_t len)
{
	KUNIT_ASSERT_EQ(test, 0, vm_munmap(addr, len));
}

/* What an access does: 0, or -EFAULT for a signal. */
int p2pmem_test_fault(unsigned long addr, bool write)
{
	int ret;

	mmap_read_lock(current->mm);
	ret = fixup_user_fault(current->mm, addr, write ? FAULT_FLAG_WRITE : 0,
			       NULL);
	mmap_read_unlock(current->mm);
	return ret;
}

/* The same as processors do it: mmap_lock may be given up meanwhile. */
int p2pmem_test_fault_unlocked(unsigned long addr, bool write)
{
	bool unlocked = false;
	int ret;

	mmap_read_lock(current->mm);
	ret = fixup_user_fault(current->mm, addr, write ? FAULT_FLAG_WRITE : 0,
			       &unlocked);
	mmap_read_unlock(current->mm);
	return ret;
}

static int test_pte_phys(pte_t *pte, unsigned long addr, void *phys)
{
	if (pte_present(ptep_get(pte)))
		*(phys_addr_t *)phys = PFN_PHYS(pte_pfn(ptep_get(pte)));
	return 0;
}

/* What the page tables say, without a fault; 0 for nothing. */
phys_addr_t p2pmem_test_phys(unsigned long addr)
{
	phys_addr_t phys = 0;

	mmap_read_lock(current->mm);
	apply_to_existing_page_range(current->mm, addr & PAGE_MASK, PAGE_SIZE,
				     test_pte_phys, &phys);
	mmap_read_unlock(current->mm);
	return phys;
}

static void test_disk_put(void *disk)
{
	put_disk(disk);
}

/* A device for bios, with features of the queue. */
struct block_device *p2pmem_test_bdev(struct kunit *test,
				      blk_features_t features)
{
	struct queue_limits lim = { .features = features };
	struct gendisk *disk = blk_alloc_disk(&lim, NUMA_NO_NODE);

	KUNIT_ASSERT_FALSE(test, IS_ERR(disk));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, test_disk_put, disk));
	return disk->part0;
}

struct bio *p2pmem_test_bio(struct kunit *test, struct block_device *bdev,
			    unsigned short vecs, blk_opf_t op)
{
	struct bio *bio = bio_alloc(bdev, vecs, op, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, bio);
	/* a small bio gets more than it was to have */
	bio->bi_max_vecs = vecs;
	return bio;
}

void p2pmem_test_bio_end(struct bio *bio)
{
	bio_release_pages(bio, false);
	bio_put(bio);
}

/* As direct IO does it.  The first bio of an IO, or ERR_PTR(). */
struct bio *p2pmem_test_dio(struct kunit *test, struct block_device *bdev,
			    struct iov_iter *iter, unsigned short vecs)
{
	blk_opf_t op = iov_iter_rw(iter) == READ ? REQ_OP_READ : REQ_OP_WRITE;
	struct bio *bio;
	int error;

	error = bio_phys_check_iter(iter, bdev, true);
	if (error) {
		KUNIT_EXPECT_FALSE(test, iov_iter_is_p2p(iter));
		return ERR_PTR(error);
	}
	KUNIT_EXPECT_TRUE(test, iov_iter_is_p2p(iter));
	bio = p2pmem_test_bio(test, bdev, vecs, op);
	error = bio_iov_iter_get_pages(bio, iter, 0, 0);
	if (!error) {
		KUNIT_EXPECT_TRUE(test, bio_is_p2p(bio));
		return bio;
	}
	KUNIT_EXPECT_EQ(test, 0, bio->bi_iter.bi_size);
	bio_put(bio);
	return ERR_PTR(error);
}

struct bio *p2pmem_test_dio_at(struct kunit *test, struct block_device *bdev,
			       int dir, unsigned long addr, size_t len)
{
	struct iov_iter iter;

	iov_iter_ubuf(&iter, dir, (void __user *)addr, len);
	return p2pmem_test_dio(test, bdev, &iter, 8);
}
