// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for DMA mapping by physical address: what debugfs says of it.
 */
#include <kunit/test.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/uaccess.h>

#include "dma_phys_test.h"

#define TEXT_SIZE	SZ_16K

static void test_unmount(void *mnt)
{
	kern_unmount(mnt);
}

/* A file of dma_phys/, read as a process does. */
static char *test_read(struct kunit *test, const char *name)
{
	struct file_system_type *type = get_fs_type("debugfs");
	char *text = kunit_kzalloc(test, TEXT_SIZE, GFP_KERNEL);
	unsigned long user;
	struct vfsmount *mnt;
	struct file *file;
	struct path root;
	loff_t pos = 0;
	ssize_t len;

	KUNIT_ASSERT_NOT_NULL(test, text);
	KUNIT_ASSERT_NOT_NULL(test, type);
	user = kunit_vm_mmap(test, NULL, 0, TEXT_SIZE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, 0);
	KUNIT_ASSERT_NE(test, 0, user);
	mnt = kern_mount(type);
	module_put(type->owner);
	KUNIT_ASSERT_FALSE(test, IS_ERR(mnt));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, test_unmount, mnt));

	root = (struct path){ .mnt = mnt, .dentry = mnt->mnt_root };
	file = file_open_root(&root, name, O_RDONLY, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	len = file->f_op->read(file, (char __user *)user, TEXT_SIZE - 1, &pos);
	__fput_sync(file);
	KUNIT_ASSERT_GT(test, len, 0);
	KUNIT_ASSERT_LT(test, len, TEXT_SIZE - 1);
	KUNIT_ASSERT_EQ(test, 0, copy_from_user(text, (char __user *)user,
						len));
	return text;
}

/* ranges */

static void expect_range(struct kunit *test, struct dma_phys_range *r,
			 u64 offset, const char *state)
{
	char *text = test_read(test, "dma_phys/ranges"), *line, *end;
	u64 start = r->range.start;
	unsigned int cost;
	int found, len = 0;
	char want[160];

	KUNIT_EXPECT_EQ(test, 0, strncmp(text, "# ", 2));
	scnprintf(want, sizeof(want),
		  "\n%#llx-%#llx bus %#llx size %llu provider %s cost ",
		  start, start + r->range.size - 1, start + offset,
		  (u64)r->range.size, r->name);
	line = strstr(text, want);
	KUNIT_ASSERT_NOT_NULL_MSG(test, line, "no%s in:\n%s", want, text);
	line += strlen(want);
	end = strchr(line, '\n');
	KUNIT_ASSERT_NOT_NULL(test, end);
	*end = '\0';
	/* O(1): neither does it grow with the size, nor are there pages */
	found = sscanf(line, "%u%n", &cost, &len);
	KUNIT_ASSERT_EQ(test, 1, found);
	KUNIT_EXPECT_LT(test, cost, SZ_4K);
	KUNIT_EXPECT_STREQ(test, line + len, state);
}

static void range_lines(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct dma_phys_range *a = test_range(test, f, "A");
	struct dma_phys_range *r = test_range(test, f, "F");
	int map;

	KUNIT_ASSERT_PTR_EQ(test, r, dma_phys_get(test_dev(f, "G"),
						  r->range.start, 1, &map));
	expect_range(test, a, 0, " pages 0 live inflight 0");
	expect_range(test, r, HOST1_BUS - HOST1, " pages 0 live inflight 1");
	KUNIT_EXPECT_EQ(test, 0, p2p_range_fence(&r->range));
	dma_phys_put(r);
	KUNIT_EXPECT_EQ(test, 0, p2p_range_wait(&r->range));
	expect_range(test, r, HOST1_BUS - HOST1, " pages 0 fenced inflight 0");
	dma_phys_del(r);
	KUNIT_EXPECT_NULL(test, strstr(test_read(test, "dma_phys/ranges"),
				       r->name));
}

/* statistics: only ever more */

struct test_stat {
	u64 mappings;
	u64 bytes;
};

static struct test_stat test_stat(struct kunit *test, const char *name)
{
	char *line = strstr(test_read(test, "dma_phys/stats"), name);
	struct test_stat stat = {};
	int found;

	KUNIT_ASSERT_NOT_NULL(test, line);
	found = sscanf(line + strlen(name), " %llu %llu", &stat.mappings,
		       &stat.bytes);
	KUNIT_EXPECT_EQ(test, 2, found);
	return stat;
}

struct stat_case {
	const char *name;	/* as in the file */
	const char *provider;
	const char *client;
};

static const struct stat_case stat_cases[] = {
	{ "bus_addr", "F", "G" },
	{ "host_bridge", "F", "H" },
	{ "own_bar", "F", "F" },
	{ "refused", "A", "D" },
};

KUNIT_ARRAY_PARAM_DESC(stat, stat_cases, name);

static void stats(struct kunit *test)
{
	const struct stat_case *c = test->param_value;
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct dma_phys_range *r = test_range(test, f, c->provider);
	struct device *dev = test_dev(f, c->client);
	struct test_stat before[ARRAY_SIZE(stat_cases)], now;
	dma_addr_t addr;
	int i, n;

	for (i = 0; i < ARRAY_SIZE(stat_cases); i++)
		before[i] = test_stat(test, stat_cases[i].name);
	for (i = 0; i < 3; i++) {
		addr = dma_map_phys(dev, r->range.start, SZ_8K, DMA_TO_DEVICE,
				    DMA_ATTR_MMIO);
		if (!dma_mapping_error(dev, addr))
			dma_unmap_phys(dev, addr, SZ_8K, DMA_TO_DEVICE,
				       DMA_ATTR_MMIO);
	}
	for (i = 0; i < ARRAY_SIZE(stat_cases); i++) {
		now = test_stat(test, stat_cases[i].name);
		n = c == &stat_cases[i] ? 3 : 0;
		KUNIT_EXPECT_EQ_MSG(test, n, now.mappings - before[i].mappings,
				    "%s", stat_cases[i].name);
		KUNIT_EXPECT_EQ_MSG(test, n * SZ_8K,
				    now.bytes - before[i].bytes, "%s",
				    stat_cases[i].name);
	}
	EXPECT_IDLE(test, r);
}

static struct kunit_case dma_phys_debugfs_cases[] = {
	KUNIT_CASE(range_lines),
	KUNIT_CASE_PARAM(stats, stat_gen_params),
	{}
};

static struct kunit_suite dma_phys_debugfs_suite = {
	.name = "dma_phys_debugfs",
	.test_cases = dma_phys_debugfs_cases,
};

kunit_test_suite(dma_phys_debugfs_suite);

MODULE_DESCRIPTION("KUnit tests for DMA mapping: debugfs");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
