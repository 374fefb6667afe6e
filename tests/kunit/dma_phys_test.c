// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fabric of the mapping layer's KUnit suites, and a look into the kernel
 * log: see dma_phys_test.h.
 */
#include <linux/bits.h>
#include <linux/export.h>
#include <linux/fs.h>
#include <linux/kmsg_dump.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/pci_ids.h>
#include <linux/string.h>

#include "dma_phys_test.h"

#define ACS(_ctrl)	.has_acs = true, .acs_cap = 0x7f, .acs_ctrl = (_ctrl)
#define SLOT(_n)	.devfn = PCI_DEVFN(_n, 0)
#define INTEL(_id)	.vendor = PCI_VENDOR_ID_INTEL, .device = (_id)

const struct fake_pci_node dma_phys_fabric[] = {
	{ .name = "host0", .type = FAKE_PCI_HOST,
	  .windows = { { .cpu = HOST0, .size = HOST_SIZE } } },
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
	{ .name = "E", .type = FAKE_PCI_DEVICE, .parent = "pci", SLOT(4),
	  .bar = { SZ_1M } },
	{ .name = "E1", .type = FAKE_PCI_DEVICE, .parent = "pci", SLOT(5) },

	{ .name = "host1", .type = FAKE_PCI_HOST, .domain = 1,
	  .windows = { { .cpu = HOST1, .bus = HOST1_BUS, .size = HOST_SIZE },
		       { .cpu = HOST1_32, .bus = HOST1_32_BUS,
			 .size = HOST1_32_SIZE, .mem32 = true } } },
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
	{ .name = "N", .type = FAKE_PCI_ENDPOINT, .parent = "host1", SLOT(3),
	  .bar = { SZ_1M } },
	{ .name = "O", .type = FAKE_PCI_ENDPOINT, .parent = "host1", SLOT(4) },

	{ .name = "host2", .type = FAKE_PCI_HOST, .domain = 2,
	  .windows = { { .cpu = HOST2, .bus = HOST2_BUS,
			 .size = HOST_SIZE } } },
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
	  .windows = { { .cpu = HOST3, .size = HOST_SIZE } } },
	{ .name = "hd3", .type = FAKE_PCI_HOST_DEV, .parent = "host3",
	  INTEL(0x3c00) },
	{ .name = "port30", .type = FAKE_PCI_ROOT_PORT, .parent = "host3",
	  SLOT(1) },
	{ .name = "L", .type = FAKE_PCI_ENDPOINT, .parent = "port30",
	  .bar = { SZ_1M } },
	{ .name = "port31", .type = FAKE_PCI_ROOT_PORT, .parent = "host3",
	  SLOT(2) },
	{ .name = "M", .type = FAKE_PCI_ENDPOINT, .parent = "port31" },

	{ .name = "host4", .type = FAKE_PCI_HOST, .domain = 4,
	  .windows = { { .cpu = HOST1_BUS, .size = HOST_SIZE } } },
	{ .name = "hd4", .type = FAKE_PCI_HOST_DEV, .parent = "host4",
	  INTEL(0x2030) },
	{ .name = "port40", .type = FAKE_PCI_ROOT_PORT, .parent = "host4",
	  SLOT(1) },
	{ .name = "P", .type = FAKE_PCI_ENDPOINT, .parent = "port40",
	  .bar = { SZ_1M } },
	{}
};
EXPORT_SYMBOL_GPL(dma_phys_fabric);

struct dma_phys_log {
	struct kunit *test;
	struct kmsg_dump_iter iter;
	char line[512];
};

/**
 * dma_phys_log_begin - from here on, what does the kernel say?
 * @test: the test case, which the log ends with
 *
 * Reads the ring buffer rather than a console: that is synchronous.
 *
 * Return: the log, for dma_phys_log_expect().
 */
struct dma_phys_log *dma_phys_log_begin(struct kunit *test)
{
	struct dma_phys_log *log = kunit_kzalloc(test, sizeof(*log),
						 GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, log);
	log->test = test;
	kmsg_dump_rewind(&log->iter);
	/* not from the oldest message, but from the next one */
	log->iter.cur_seq = log->iter.next_seq;
	return log;
}
EXPORT_SYMBOL_GPL(dma_phys_log_begin);

/**
 * dma_phys_log_says - is this in the log?
 * @log: the log; what comes before the line is passed over
 * @text: a part of a line
 *
 * Return: true if a line behind those that were asked for before has it.
 */
bool dma_phys_log_says(struct dma_phys_log *log, const char *text)
{
	size_t len;

	while (kmsg_dump_get_line(&log->iter, false, log->line,
				  sizeof(log->line) - 1, &len)) {
		log->line[len] = '\0';
		if (strstr(log->line, text))
			return true;
	}
	return false;
}
EXPORT_SYMBOL_GPL(dma_phys_log_says);

/**
 * dma_phys_log_line_has - does the line that was found have this as well?
 * @log: the log, of which dma_phys_log_says() has found a line
 * @text: another part of the line
 *
 * Return: true if it has.
 */
bool dma_phys_log_line_has(const struct dma_phys_log *log, const char *text)
{
	return strstr(log->line, text);
}
EXPORT_SYMBOL_GPL(dma_phys_log_line_has);

static void test_unmount(void *mnt)
{
	kern_unmount(mnt);
}

/**
 * dma_phys_test_open - open a file of debugfs
 * @test: unmounts it in the end
 * @name: below the mount point
 * @flags: O_RDONLY and the like
 *
 * No process runs yet that would have mounted it.
 *
 * Return: the file, which the caller closes.  Without one, the case fails and
 * ends here.
 */
struct file *dma_phys_test_open(struct kunit *test, const char *name,
				int flags)
{
	struct file_system_type *type = get_fs_type("debugfs");
	struct vfsmount *mnt;
	struct file *file;
	struct path root;

	KUNIT_ASSERT_NOT_NULL(test, type);
	mnt = kern_mount(type);
	module_put(type->owner);
	KUNIT_ASSERT_FALSE(test, IS_ERR(mnt));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, test_unmount, mnt));

	root = (struct path){ .mnt = mnt, .dentry = mnt->mnt_root };
	file = file_open_root(&root, name, flags, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	return file;
}
EXPORT_SYMBOL_GPL(dma_phys_test_open);

/**
 * dma_phys_test_user - memory of a process, for files that know no other
 * @test: whose process that is
 * @size: in bytes
 *
 * Return: the memory.  Without it, the case fails and ends here.
 */
char __user *dma_phys_test_user(struct kunit *test, size_t size)
{
	unsigned long addr;

	addr = kunit_vm_mmap(test, NULL, 0, size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, 0);
	KUNIT_ASSERT_NE(test, 0, addr);
	return (char __user *)addr;
}
EXPORT_SYMBOL_GPL(dma_phys_test_user);

MODULE_DESCRIPTION("What the KUnit tests for DMA mapping share");
MODULE_LICENSE("GPL");
