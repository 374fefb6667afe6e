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
	char *text = test_read(test, "dma_phys/ranges");
	u64 start = r->range.start;
	char want[160];

	KUNIT_EXPECT_EQ(test, 0, strncmp(text, "# ", 2));
	scnprintf(want, sizeof(want),
		  "\n%#llx-%#llx bus %#llx size %llu provider %s %s\n",
		  start, start + r->range.size - 1, start + offset,
		  (u64)r->range.size, r->name, state);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(text, want), "no%s in:\n%s",
				  want, text);
}

static void range_lines(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct dma_phys_range *a = test_range(test, f, "A");
	struct dma_phys_range *r = test_range(test, f, "F");
	struct dma_phys_path *path;

	path = dma_phys_get(test_dev(f, "G"), r->range.start, 1, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(path));
	expect_range(test, a, 0, "live waiting 0 inflight 0");
	expect_range(test, r, HOST1_BUS - HOST1, "live waiting 0 inflight 1");
	KUNIT_EXPECT_EQ(test, 0, p2p_range_fence(&r->range));
	dma_phys_put(path, 0);
	KUNIT_EXPECT_EQ(test, 0, p2p_range_wait(&r->range));
	expect_range(test, r, HOST1_BUS - HOST1, "fenced waiting 0 inflight 0");
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

/* What is tried again, or is nobody's, was not refused; what is not, was. */
static void stats_of_fences(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct dma_phys_range *r = test_range(test, f, "F");
	struct device *dev = test_dev(f, "G");
	phys_addr_t phys = r->range.start;
	u32 life = r->range.life;
	struct test_stat before = test_stat(test, "refused");

	KUNIT_ASSERT_EQ(test, 0, dma_phys_fence(r, 0));
	KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-EAGAIN),
			    dma_phys_get(dev, phys, SZ_4K, life));
	KUNIT_ASSERT_EQ(test, 0, dma_phys_lift(r));
	KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-ENXIO),
			    dma_phys_get(dev, NOBODY, SZ_4K, 0));
	KUNIT_EXPECT_EQ(test, 0,
			test_stat(test, "refused").mappings - before.mappings);
	KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-ENODEV),
			    dma_phys_get(dev, phys, SZ_4K, life + 1));
	KUNIT_EXPECT_EQ(test, 1,
			test_stat(test, "refused").mappings - before.mappings);
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
		 "\n%s client %s refused inflight 0 bytes 0 newest_ms never\n",
		 r->name, dev_name(test_dev(f, "D")));
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, line));
	/* who never asked is no client */
	KUNIT_EXPECT_NULL(test, strstr(text, dev_name(far)));
	dma_unmap_phys(dev, addr, SZ_8K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
}

/* verdict: asked for by writing */

static ssize_t test_write_file(struct kunit *test, const char *name,
			       const char *text)
{
	struct file *file = dma_phys_test_open(test, name, O_WRONLY);
	char __user *user = dma_phys_test_user(test, TEXT_SIZE);
	ssize_t ret, len = strlen(text);
	loff_t pos = 0;

	KUNIT_ASSERT_EQ(test, 0, copy_to_user(user, text, len));
	ret = file->f_op->write(file, user, len, &pos);
	__fput_sync(file);
	return ret == len ? 0 : ret;
}

struct ask_case {
	const char *name;
	const char *client;
	const char *provider;
	const char *acs[2];
	int map;		/* what mapping makes of it */
	const char *says[3];	/* $ is the port of the provider, ACS or not */
};

#define ALLOW		"p2pdma.allow_host_bridge="
#define NO_REMEDY	"\nremedy none needed\n"

static const struct ask_case ask_cases[] = {
	{ "own BAR", "A", "A", {}, OWN_BAR,
	  { "\nverdict own_bar\nreason the memory is its own\n", NO_REMEDY } },
	{ "switch", "B", "A", {}, BUS_ADDR,
	  { "\nverdict bus_addr\nreason both are below ", NO_REMEDY } },
	{ "root ports, known", "H", "F", {}, HOST_BRIDGE,
	  { "\nverdict host_bridge\nreason no switch is above both; ",
	    " is known to forward\n", NO_REMEDY } },
	{ "two bridges, known", "I", "F", {}, HOST_BRIDGE,
	  { "\nverdict host_bridge\nreason they have different host bridges; ",
	    " is known to forward\n", NO_REMEDY } },
	{ "root ports, unknown", "D", "A", {}, REFUSED,
	  { "\nverdict refused\nreason no switch is above both; ",
	    " is not known to forward\n",
	    "; or, if you know that it forwards, with " ALLOW "4000:" } },
	{ "ACS, unknown", "B", "A", { "down0" }, REFUSED,
	  { "\nverdict refused\nreason ACS redirect is set on $; ",
	    " is not known to forward\n",
	    "\nremedy boot with pci=disable_acs_redir=$; or, if " } },
	{ "ACS of both, unknown", "B", "A", { "down0", "down1" }, REFUSED,
	  { "\nreason ACS redirect is set on $;4000:", } },
	{ "ACS, known", "G", "F", { "down10" }, HOST_BRIDGE,
	  { "\nverdict host_bridge\nreason ACS redirect is set on $; ",
	    " is known to forward\n",
	    "\nremedy boot with pci=disable_acs_redir=$\n" } },
	{ "ACS above two functions", "A1", "A", { "down0" }, REFUSED,
	  { "\nreason ACS redirect is set on $; " } },
};

KUNIT_ARRAY_PARAM_DESC(ask, ask_cases, name);

static void expect_says(struct kunit *test, const char *text, const char *want,
			const char *port)
{
	const char *dollar = strchrnul(want, '$');
	char line[160];

	scnprintf(line, sizeof(line), "%.*s%s%s", (int)(dollar - want), want,
		  *dollar ? port : "", *dollar ? dollar + 1 : "");
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(text, line), "no%s\nin:\n%s",
				  line, text);
}

/* The answer explains what mapping does, and is the same by address. */
static void ask(struct kunit *test)
{
	const struct ask_case *c = test->param_value;
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct device *dev = test_dev(f, c->client);
	struct dma_phys_range *r;
	struct dma_phys_path *path;
	const char *port;
	char question[64];
	char *text;
	int i;

	for (i = 0; i < ARRAY_SIZE(c->acs) && c->acs[i]; i++)
		fake_pci_set_acs(f, c->acs[i], PCI_ACS_RR);
	r = test_range(test, f, c->provider);
	port = pci_name(pci_upstream_bridge(fake_pci_dev(f, c->provider)) ?:
			fake_pci_dev(f, c->provider));

	scnprintf(question, sizeof(question), "%s %s\n", dev_name(dev),
		  pci_name(fake_pci_dev(f, c->provider)));
	KUNIT_ASSERT_EQ(test, 0, test_write_file(test, "dma_phys/verdict",
						 question));
	text = test_read(test, "dma_phys/verdict");
	for (i = 0; i < ARRAY_SIZE(c->says) && c->says[i]; i++)
		expect_says(test, text, c->says[i], port);
	scnprintf(question, sizeof(question), "\nrange %#llx-%#llx live\n",
		  (u64)r->range.start, (u64)p2p_range_end(&r->range));
	expect_says(test, text, question, "");
	KUNIT_EXPECT_NULL(test, strstr(text, "remembered"));

	scnprintf(question, sizeof(question), "%s %#llx", dev_name(dev),
		  (u64)r->range.start + SZ_4K);
	KUNIT_ASSERT_EQ(test, 0, test_write_file(test, "dma_phys/verdict",
						 question));
	KUNIT_EXPECT_STREQ(test, text, test_read(test, "dma_phys/verdict"));

	/* asking has not made it a client */
	KUNIT_EXPECT_TRUE(test, xa_empty(&r->paths));
	path = dma_phys_get(dev, r->range.start, 1, 0);
	KUNIT_EXPECT_EQ(test, c->map == REFUSED, IS_ERR(path));
	if (!IS_ERR(path)) {
		KUNIT_EXPECT_EQ(test, c->map, path->map);
		dma_phys_put(path, 0);
	}
}

/* Answers are remembered by mapping: one that is out of date is shown. */
static void ask_remembered(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct dma_phys_range *r = test_range(test, f, "A");
	struct device *dev = test_dev(f, "B");
	struct dma_phys_path *path;
	char question[64];
	char *text;

	path = dma_phys_get(dev, r->range.start, 1, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(path));
	dma_phys_put(path, 0);
	fake_pci_set_acs(f, "down0", PCI_ACS_RR);
	scnprintf(question, sizeof(question), "%s %#llx\n", dev_name(dev),
		  (u64)r->range.start);
	KUNIT_ASSERT_EQ(test, 0, test_write_file(test, "dma_phys/verdict",
						 question));
	text = test_read(test, "dma_phys/verdict");
	expect_says(test, text, "\nverdict refused\n", "");
	expect_says(test, text, "\nremembered bus_addr, ", "");
}

static bool test_lists(char *text, struct dma_phys_range *r)
{
	char line[64];

	scnprintf(line, sizeof(line), "\nrange %#llx-%#llx ",
		  (u64)r->range.start, (u64)p2p_range_end(&r->range));
	return strstr(text, line);
}

/* All ranges of the provider are listed, or the one of the address. */
static void ask_ranges(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct dma_phys_range *one = test_range_piece(test, f, "A", 0, 0,
						      SZ_4K);
	struct dma_phys_range *two = test_range_piece(test, f, "A", 0, SZ_64K,
						      SZ_4K);
	struct dma_phys_range *other = test_range(test, f, "F");
	const char *client = dev_name(test_dev(f, "B"));
	char question[64];
	char *text;

	scnprintf(question, sizeof(question), "%s %s", client,
		  pci_name(fake_pci_dev(f, "A")));
	KUNIT_ASSERT_EQ(test, 0, test_write_file(test, "dma_phys/verdict",
						 question));
	text = test_read(test, "dma_phys/verdict");
	KUNIT_EXPECT_TRUE(test, test_lists(text, one));
	KUNIT_EXPECT_TRUE(test, test_lists(text, two));
	KUNIT_EXPECT_FALSE(test, test_lists(text, other));

	scnprintf(question, sizeof(question), "%s %#llx", client,
		  (u64)two->range.start);
	KUNIT_ASSERT_EQ(test, 0, test_write_file(test, "dma_phys/verdict",
						 question));
	text = test_read(test, "dma_phys/verdict");
	KUNIT_EXPECT_FALSE(test, test_lists(text, one));
	KUNIT_EXPECT_TRUE(test, test_lists(text, two));
}

/* What nobody registered, and what is no question. */
static void ask_nobody(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	const char *name = dev_name(test_dev(f, "B"));
	char question[64];

	scnprintf(question, sizeof(question), "%s %#llx", name, (u64)NOBODY);
	KUNIT_ASSERT_EQ(test, 0, test_write_file(test, "dma_phys/verdict",
						 question));
	expect_says(test, test_read(test, "dma_phys/verdict"),
		    "\nprovider none\nverdict none\n", "");
	scnprintf(question, sizeof(question), "%s %s", name,
		  pci_name(fake_pci_dev(f, "A")));
	KUNIT_ASSERT_EQ(test, 0, test_write_file(test, "dma_phys/verdict",
						 question));
	expect_says(test, test_read(test, "dma_phys/verdict"),
		    "\nrange none is registered\n", "");

	scnprintf(question, sizeof(question), "%s nonsense", name);
	KUNIT_EXPECT_EQ(test, -EINVAL,
			test_write_file(test, "dma_phys/verdict", question));
	scnprintf(question, sizeof(question), "%s 7fff:00:00.0", name);
	KUNIT_EXPECT_EQ(test, -ENODEV,
			test_write_file(test, "dma_phys/verdict", question));
	KUNIT_EXPECT_EQ(test, -ENODEV, test_write_file(test, "dma_phys/verdict",
						       "7fff:00:00.0 0x1000"));
}

/* What cannot be read as a question is not answered by the one before. */
static const char * const no_questions[] = {
	"what", "", "0000:00:00.0",
	"0000:00:00.0 0000:00:00.0                                          ",
};

static void ask_nonsense(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	char question[64];
	char *text;
	int i;

	scnprintf(question, sizeof(question), "%s %s",
		  dev_name(test_dev(f, "B")), pci_name(fake_pci_dev(f, "A")));
	for (i = 0; i < ARRAY_SIZE(no_questions); i++) {
		KUNIT_ASSERT_EQ(test, 0,
				test_write_file(test, "dma_phys/verdict",
						question));
		text = test_read(test, "dma_phys/verdict");
		expect_says(test, text, "\nverdict bus_addr\n", "");
		KUNIT_EXPECT_EQ_MSG(test, -EINVAL,
				    test_write_file(test, "dma_phys/verdict",
						    no_questions[i]),
				    "%s", no_questions[i]);
		KUNIT_EXPECT_STREQ_MSG(test,
				       "no answer: write CLIENT PROVIDER, or CLIENT ADDRESS\n",
				       test_read(test, "dma_phys/verdict"),
				       "%s", no_questions[i]);
	}
}

/* An address of 64 bits is not cut to what a kernel of 32 has room for. */
static void ask_too_far(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct dma_phys_range *r = test_range(test, f, "A");
	u64 far = r->range.start | 1ULL << 40;
	bool fits = far == (phys_addr_t)far;
	char question[64];

	scnprintf(question, sizeof(question), "%s %#llx",
		  dev_name(test_dev(f, "B")), far);
	KUNIT_EXPECT_EQ(test, fits ? 0 : -ERANGE,
			test_write_file(test, "dma_phys/verdict", question));
	expect_says(test, test_read(test, "dma_phys/verdict"),
		    fits ? "\nprovider none\nverdict none\n" :
		    "no answer: this kernel has no addresses that large\n", "");
}

/* fence: written for debugging */

static ssize_t test_write(struct kunit *test, const char *what,
			  phys_addr_t phys, const char *more)
{
	char text[64];

	scnprintf(text, sizeof(text), "%s 0x%llx%s\n", what, (u64)phys, more);
	return test_write_file(test, "dma_phys/fence", text);
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
	KUNIT_CASE(stats_of_fences),
	KUNIT_CASE(client_lines),
	KUNIT_CASE_PARAM(ask, ask_gen_params),
	KUNIT_CASE(ask_remembered),
	KUNIT_CASE(ask_ranges),
	KUNIT_CASE(ask_nobody),
	KUNIT_CASE(ask_nonsense),
	KUNIT_CASE(ask_too_far),
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
