// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for DMA mapping by physical address: what debugfs says of it.
 */
#include <kunit/test.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "dma_phys_test.h"

#define TEXT_SIZE	SZ_16K

/* A file of dma_phys/, read as a process does. */
static char *test_read(struct kunit *test, const char *name)
{
	char *text = kunit_kzalloc(test, TEXT_SIZE, GFP_KERNEL);
	char __user *user = dma_phys_test_user(test, TEXT_SIZE);
	struct file *file = dma_phys_test_open(test, name, O_RDONLY);
	loff_t pos = 0;
	ssize_t len;

	KUNIT_ASSERT_NOT_NULL(test, text);
	len = file->f_op->read(file, user, TEXT_SIZE - 1, &pos);
	__fput_sync(file);
	KUNIT_ASSERT_GT(test, len, 0);
	KUNIT_ASSERT_LT(test, len, TEXT_SIZE - 1);
	KUNIT_ASSERT_EQ(test, 0, copy_from_user(text, user, len));
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
	struct dma_phys_path *path;

	path = dma_phys_get(test_dev(f, "G"), r->range.start, 1);
	KUNIT_ASSERT_FALSE(test, IS_ERR(path));
	expect_range(test, a, 0, " pages 0 live inflight 0");
	expect_range(test, r, HOST1_BUS - HOST1, " pages 0 live inflight 1");
	KUNIT_EXPECT_EQ(test, 0, p2p_range_fence(&r->range));
	dma_phys_put(path, 0);
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

/* clients */

static void client_lines(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct dma_phys_range *r = test_range(test, f, "F");
	struct device *dev = test_dev(f, "G"), *far = test_dev(f, "I");
	dma_addr_t addr;
	char line[96];
	char *text;

	addr = dma_map_phys(dev, r->range.start, SZ_8K, DMA_TO_DEVICE,
			    DMA_ATTR_MMIO);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, addr));
	EXPECT_REFUSED(test, test_dev(f, "D"), r->range.start, SZ_4K);

	text = test_read(test, "dma_phys/clients");
	snprintf(line, sizeof(line),
		 "\n%s client %s bus_addr inflight 1 bytes 8192 newest_ms ",
		 r->name, dev_name(dev));
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, line));
	snprintf(line, sizeof(line),
		 "\n%s client %s refused inflight 0 bytes 0 ", r->name,
		 dev_name(test_dev(f, "D")));
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, line));
	/* who never asked is no client */
	KUNIT_EXPECT_NULL(test, strstr(text, dev_name(far)));
	dma_unmap_phys(dev, addr, SZ_8K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
}

/* fence: the one file that is written */

static ssize_t test_write(struct kunit *test, const char *what,
			  phys_addr_t phys, const char *more)
{
	struct file *file = dma_phys_test_open(test, "dma_phys/fence", O_WRONLY);
	char __user *user = dma_phys_test_user(test, TEXT_SIZE);
	char text[64];
	loff_t pos = 0;
	ssize_t ret;
	int len;

	len = scnprintf(text, sizeof(text), "%s 0x%llx%s\n", what, (u64)phys,
			more);
	KUNIT_ASSERT_EQ(test, 0, copy_to_user(user, text, len));
	ret = file->f_op->write(file, user, len, &pos);
	__fput_sync(file);
	return ret == len ? 0 : ret;
}

static void fence_commands(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct dma_phys_range *r = test_range(test, f, "F");
	phys_addr_t phys = r->range.start, last = p2p_range_end(&r->range);
	struct device *dev = test_dev(f, "G");
	dma_addr_t addr;

	if (!IS_ENABLED(CONFIG_DMA_PHYS_DEBUG))
		kunit_skip(test, "there is such a file for debugging only");

	KUNIT_EXPECT_EQ(test, -EINVAL, test_write(test, "lower", phys, ""));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			test_write(test, "fence", phys, " 1000000"));
	KUNIT_EXPECT_EQ(test, -ENXIO, test_write(test, "fence", last + 1, ""));
	KUNIT_EXPECT_EQ(test, -ENXIO, test_write(test, "lift", phys - 1, ""));
	KUNIT_EXPECT_EQ(test, -EINVAL, test_write(test, "lift", phys, ""));
	KUNIT_EXPECT_EQ(test, P2P_RANGE_LIVE, p2p_range_state(&r->range));

	KUNIT_EXPECT_EQ(test, 0, test_write(test, "fence", last, ""));
	EXPECT_REFUSED(test, dev, phys, SZ_4K);
	KUNIT_EXPECT_EQ(test, 0, test_write(test, "lift", phys, ""));

	addr = dma_map_phys(dev, phys, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, addr));
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
			test_write(test, "fence", phys, " 20"));
	KUNIT_EXPECT_EQ(test, P2P_RANGE_FENCED, p2p_range_state(&r->range));
	dma_unmap_phys(dev, addr, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	KUNIT_EXPECT_EQ(test, 0, test_write(test, "lift", phys, ""));
}

static struct kunit_case dma_phys_debugfs_cases[] = {
	KUNIT_CASE(range_lines),
	KUNIT_CASE_PARAM(stats, stat_gen_params),
	KUNIT_CASE(client_lines),
	KUNIT_CASE(fence_commands),
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
