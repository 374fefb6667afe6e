// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for providers of peer-to-peer memory and their buffers; the
 * fabric is in p2pmem_test.c.
 */
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/pci-p2pmem.h>
#include <linux/pci.h>
#include <linux/sched.h>

#include "p2pmem_test.h"

#define BAR	P2PMEM_BAR
#define BAR2	P2PMEM_BAR2
#define PAGES	(BAR / PAGE_SIZE)

/* registration */

struct register_case {
	const char *name;
	const char *provider;
	int bar;
	u64 size;
	u64 offset;
	int error;
	size_t want;		/* what there is then */
};

static const struct register_case register_cases[] = {
	{ "all of a BAR", "P", 0, .want = BAR },
	{ "its size", "P", 0, BAR, .want = BAR },
	{ "32-bit BAR", "P", 2, .want = BAR2 },
	{ "its beginning", "P", 0, SZ_64K, .want = SZ_64K },
	{ "its middle", "P", 0, SZ_64K, SZ_128K, .want = SZ_64K },
	{ "from the middle on", "P", 0, 0, SZ_256K, .want = BAR - SZ_256K },
	{ "its last 4 KiB", "P", 0, 0, BAR - SZ_4K, .want = SZ_4K },
	{ "BAR -1", "P", -1, SZ_4K, .error = -ERANGE },
	{ "BAR 6", "P", 6, SZ_4K, .error = -ERANGE },
	{ "upper half of a BAR", "P", 1, SZ_4K, .error = -EOPNOTSUPP },
	{ "I/O ports", "P", 3, .error = -EOPNOTSUPP },
	{ "no such BAR", "Q", 4, .error = -EOPNOTSUPP },
	{ "no address", "U", 1, .error = -ENXIO },
	/* looks like no BAR at all: all bits are 0 */
	{ "no address, 32-bit", "U", 0, .error = -EOPNOTSUPP },
	{ "too long", "P", 0, BAR + SZ_4K, .error = -ERANGE },
	{ "over the end", "P", 0, SZ_8K, BAR - SZ_4K, .error = -ERANGE },
	{ "beyond the end", "P", 0, SZ_4K, BAR + SZ_4K, .error = -ERANGE },
	{ "wraps around", "P", 0, -(u64)SZ_4K, SZ_8K, .error = -ERANGE },
	{ "nothing, at the end", "P", 0, 0, BAR, .error = -EINVAL },
	{ "nothing, beyond the end", "P", 0, 0, BAR + SZ_4K, .error = -ERANGE },
	{ "offset of half a sector", "P", 0, SZ_4K, 256, .error = -EFAULT },
	{ "size of half a page", "P", 0, SZ_2K, 0, .error = -EFAULT },
};

KUNIT_ARRAY_PARAM_DESC(register, register_cases, name);

static void registers(struct kunit *test)
{
	const struct register_case *c = test->param_value;
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *p = fake_pci_dev(f, c->provider);
	phys_addr_t phys;

	KUNIT_EXPECT_EQ(test, c->error,
			p2pmem_register(p, c->bar, c->size, c->offset));
	if (!c->error) {
		KUNIT_EXPECT_EQ(test, c->want,
				p2pmem_test_read(test, p, "size"));
		KUNIT_EXPECT_EQ(test, round_down(c->want, PAGE_SIZE),
				p2pmem_test_read(test, p, "available"));
		KUNIT_EXPECT_EQ(test, 0,
				p2pmem_test_read(test, p, "published"));
		phys = pci_resource_start(p, c->bar) + c->offset;
		KUNIT_EXPECT_NE(test, 0, p2pmem_phys_to_bus(p, phys));
		KUNIT_EXPECT_EQ(test, 0, p2pmem_phys_to_bus(p, phys - 1));
		KUNIT_EXPECT_EQ(test, 0,
				p2pmem_phys_to_bus(p, phys + c->want));
		p2pmem_unregister(p);
	}
	/* nothing is left of it, or never was */
	KUNIT_EXPECT_EQ(test, -ENOENT, p2pmem_test_read(test, p, "size"));
	KUNIT_EXPECT_EQ(test, 0,
			p2pmem_phys_to_bus(p, pci_resource_start(p, 0)));
	KUNIT_EXPECT_TRUE(test, !p2pmem_alloc(p, SZ_4K, &phys));
}

static void decoding_off(struct kunit *test)
{
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *p = fake_pci_dev(f, "P");

	pci_disable_device(p);
	pci_write_config_word(p, PCI_COMMAND, 0);
	KUNIT_EXPECT_EQ(test, -ENODEV, p2pmem_register(p, 0, 0, 0));
	KUNIT_ASSERT_EQ(test, 0, pci_enable_device_mem(p));
	KUNIT_EXPECT_EQ(test, 0, p2pmem_register(p, 0, 0, 0));
}

static void registers_twice(struct kunit *test)
{
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *p = fake_pci_dev(f, "P");

	KUNIT_ASSERT_EQ(test, 0, p2pmem_register(p, 0, SZ_64K, SZ_64K));
	KUNIT_EXPECT_EQ(test, -EEXIST, p2pmem_register(p, 0, SZ_64K, SZ_64K));
	KUNIT_EXPECT_EQ(test, -EEXIST, p2pmem_register(p, 0, 0, 0));
	KUNIT_EXPECT_EQ(test, -EEXIST, p2pmem_register(p, 0, SZ_8K, SZ_32K +
						       SZ_32K - SZ_4K));
	/* the first is none the worse */
	KUNIT_EXPECT_EQ(test, SZ_64K, p2pmem_test_read(test, p, "size"));
	/* more of the same BAR, and another one */
	KUNIT_EXPECT_EQ(test, 0, p2pmem_register(p, 0, SZ_64K, 0));
	KUNIT_EXPECT_EQ(test, 0, p2pmem_register(p, 2, 0, 0));
	KUNIT_EXPECT_EQ(test, SZ_128K + BAR2,
			p2pmem_test_read(test, p, "size"));
	KUNIT_EXPECT_EQ(test, SZ_128K + BAR2,
			p2pmem_test_read(test, p, "available"));
}

/* A buffer of an earlier life reaches over the edge of what is registered. */
static void reaches_in(struct kunit *test)
{
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *p = fake_pci_dev(f, "P");
	phys_addr_t old, all;

	KUNIT_ASSERT_EQ(test, 0, p2pmem_register(p, 0, 0, 0));
	KUNIT_ASSERT_TRUE(test, p2pmem_alloc(p, 2 * PAGE_SIZE, &old));
	p2pmem_unregister(p);

	KUNIT_ASSERT_EQ(test, 0, p2pmem_register(p, 0, 0, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, BAR - PAGE_SIZE,
			p2pmem_test_read(test, p, "size"));
	/* the page that is in it is taken, and nothing else */
	KUNIT_EXPECT_EQ(test, BAR - 2 * PAGE_SIZE,
			p2pmem_test_read(test, p, "available"));
	KUNIT_EXPECT_FALSE(test, p2pmem_alloc(p, BAR - PAGE_SIZE, &all));
	KUNIT_ASSERT_TRUE(test, p2pmem_alloc(p, BAR - 2 * PAGE_SIZE, &all));
	KUNIT_EXPECT_EQ(test, old + 2 * PAGE_SIZE, all);
	KUNIT_EXPECT_EQ(test, 0, p2pmem_test_read(test, p, "available"));
	p2pmem_free(p, old, 2 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, PAGE_SIZE,
			p2pmem_test_read(test, p, "available"));
	p2pmem_free(p, all, BAR - 2 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, BAR - PAGE_SIZE,
			p2pmem_test_read(test, p, "available"));
	p2pmem_unregister(p);
	KUNIT_EXPECT_EQ(test, 0, p2pmem_register(p, 0, 0, 0));
}

/* Every page of each piece is handed out, and none beyond. */
static void fills_pieces(struct kunit *test)
{
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *p = fake_pci_dev(f, "P");
	phys_addr_t bar = pci_resource_start(p, 0), phys[4];
	int i;

	/* two pages, then a hole, then two more */
	KUNIT_ASSERT_EQ(test, 0, p2pmem_register(p, 0, 2 * PAGE_SIZE,
						 SZ_64K));
	KUNIT_ASSERT_EQ(test, 0, p2pmem_register(p, 0, 2 * PAGE_SIZE,
						 SZ_128K));
	KUNIT_EXPECT_FALSE(test, p2pmem_alloc(p, 3 * PAGE_SIZE, &phys[0]));
	for (i = 0; i < 4; i++) {
		KUNIT_ASSERT_TRUE(test, p2pmem_alloc(p, PAGE_SIZE, &phys[i]));
		KUNIT_EXPECT_EQ(test, phys[i], bar + i % 2 * PAGE_SIZE +
				(i < 2 ? SZ_64K : SZ_128K));
	}
	KUNIT_EXPECT_FALSE(test, p2pmem_alloc(p, PAGE_SIZE, &phys[0]));
	KUNIT_EXPECT_EQ(test, 0, p2pmem_test_read(test, p, "available"));
	for (i = 0; i < 4; i++)
		p2pmem_free(p, phys[i], PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, 4 * PAGE_SIZE,
			p2pmem_test_read(test, p, "available"));
}

/*
 * What was given back a moment ago can be had.  The work item that frees it has
 * not run by then, where there is one processor: nobody runs before us.
 */
static void room_given_back(struct kunit *test)
{
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *p = p2pmem_test_provider(test, f, "P");
	phys_addr_t phys;
	void __iomem *all;

	KUNIT_ASSERT_TRUE(test, p2pmem_alloc(p, BAR, &phys));
	sched_set_fifo(current);
	p2pmem_free(p, phys, BAR);
	all = p2pmem_alloc(p, BAR, &phys);
	sched_set_normal(current, 0);
	KUNIT_ASSERT_TRUE(test, all);
	p2pmem_free(p, phys, BAR);
}

static void sysfs_files(struct kunit *test)
{
	static const char * const names[] = {
		"size", "available", "published",
	};
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *p = fake_pci_dev(f, "P");
	struct file *file;
	loff_t pos = 0;
	char buf[8];
	int i;

	KUNIT_ASSERT_EQ(test, 0, p2pmem_register(p, 0, 0, 0));
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		file = p2pmem_test_open(test, p, names[i], O_WRONLY);
		KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-EACCES), file);
	}
	p2pmem_publish(p, true);
	KUNIT_EXPECT_EQ(test, 1, p2pmem_test_read(test, p, "published"));
	p2pmem_publish(p, false);
	KUNIT_EXPECT_EQ(test, 0, p2pmem_test_read(test, p, "published"));

	/* a mapping is all that `allocate` is good for */
	KUNIT_EXPECT_EQ(test, -EIO, p2pmem_test_read(test, p, "allocate"));
	/* an open file does not keep the provider; it just reads no more */
	file = p2pmem_test_open(test, p, "size", O_RDONLY);
	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	p2pmem_unregister(p);
	p2pmem_publish(p, true);
	KUNIT_EXPECT_EQ(test, -ENODEV,
			kernel_read(file, buf, sizeof(buf), &pos));
	__fput_sync(file);
}

/* buffers */

static void allocates(struct kunit *test)
{
	static const size_t sizes[] = {
		1, 512, SZ_4K, SZ_4K + 1, SZ_64K, 3 * SZ_4K,
	};
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *p = p2pmem_test_provider(test, f, "P");
	phys_addr_t start = pci_resource_start(p, 0);
	phys_addr_t phys[ARRAY_SIZE(sizes)];
	size_t used = 0;
	int i, j;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		phys[i] = p2pmem_test_alloc(test, p, sizes[i]);
		used += PAGE_ALIGN(sizes[i]);
		KUNIT_EXPECT_TRUE(test, PAGE_ALIGNED(phys[i]));
		KUNIT_EXPECT_GE(test, phys[i], start);
		KUNIT_EXPECT_LE(test, phys[i] + PAGE_ALIGN(sizes[i]),
				start + BAR);
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_TRUE(test, phys[i] + sizes[i] <= phys[j] ||
					  phys[j] + sizes[j] <= phys[i]);
		KUNIT_EXPECT_EQ(test, BAR - used,
				p2pmem_test_read(test, p, "available"));
	}
	KUNIT_EXPECT_EQ(test, BAR, p2pmem_test_read(test, p, "size"));
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		p2pmem_free(p, phys[i], sizes[i]);
	/* it is there again at once */
	KUNIT_EXPECT_EQ(test, BAR, p2pmem_test_read(test, p, "available"));
	p2pmem_free(p, p2pmem_test_alloc(test, p, BAR), BAR);
}

static void exhausts(struct kunit *test)
{
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *p = p2pmem_test_provider(test, f, "P");
	phys_addr_t none = 0, two;
	int i;

	KUNIT_EXPECT_TRUE(test, !p2pmem_alloc(p, 0, &none));
	KUNIT_EXPECT_TRUE(test, !p2pmem_alloc(p, SIZE_MAX, &none));
	KUNIT_EXPECT_TRUE(test, !p2pmem_alloc(p, BAR + 1, &none));

	/* in halves, so that two buffers are all there is */
	two = p2pmem_test_alloc(test, p, BAR / 2);
	p2pmem_test_alloc(test, p, BAR / 2);
	KUNIT_EXPECT_EQ(test, 0, p2pmem_test_read(test, p, "available"));
	KUNIT_EXPECT_TRUE(test, !p2pmem_alloc(p, 1, &none));
	KUNIT_EXPECT_EQ(test, 0, none);

	/* in pages, where one half was; then holes do not make a whole */
	p2pmem_free(p, two, BAR / 2);
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_EQ(test, two + i * PAGE_SIZE,
				p2pmem_test_alloc(test, p, PAGE_SIZE));
	for (i = 0; i < 8; i += 2)
		p2pmem_free(p, two + i * PAGE_SIZE, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, BAR / 2 - 4 * PAGE_SIZE,
			p2pmem_test_read(test, p, "available"));
	KUNIT_EXPECT_TRUE(test, !p2pmem_alloc(p, BAR / 2 - 7 * PAGE_SIZE,
					      &none));
	/* a second BAR helps out */
	KUNIT_ASSERT_EQ(test, 0, p2pmem_register(p, 2, 0, 0));
	p2pmem_test_alloc(test, p, BAR / 2 - 8 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, pci_resource_start(p, 2),
			p2pmem_test_alloc(test, p, BAR2));
	p2pmem_unregister(p);
	/* what is still allocated was forgotten: give it back */
	for (i = 1; i < 8; i += 2)
		p2pmem_free(p, two + i * PAGE_SIZE, PAGE_SIZE);
	p2pmem_free(p, two + 8 * PAGE_SIZE, BAR / 2 - 8 * PAGE_SIZE);
	p2pmem_free(p, two + BAR / 2, BAR / 2);
	p2pmem_free(p, pci_resource_start(p, 2), BAR2);
}

static void frees_wrongly(struct kunit *test)
{
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *p = p2pmem_test_provider(test, f, "P");
	struct pci_dev *q = p2pmem_test_provider(test, f, "Q");
	phys_addr_t phys = p2pmem_test_alloc(test, p, 2 * PAGE_SIZE);
	phys_addr_t again;

	/* each says so, and nothing happens */
	p2pmem_free(q, phys, 2 * PAGE_SIZE);
	p2pmem_free(p, phys, PAGE_SIZE);
	p2pmem_free(p, phys, 3 * PAGE_SIZE);
	p2pmem_free(p, phys + PAGE_SIZE, PAGE_SIZE);
	p2pmem_free(p, phys + PAGE_SIZE, 2 * PAGE_SIZE);
	p2pmem_free(p, phys + 1, 2 * PAGE_SIZE);
	p2pmem_free(p, phys + 2 * PAGE_SIZE, 2 * PAGE_SIZE);
	p2pmem_free(p, 0, PAGE_SIZE);
	p2pmem_free(p, (phys_addr_t)-PAGE_SIZE, PAGE_SIZE);
	p2pmem_free(q, pci_resource_start(q, 0), PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, BAR - 2 * PAGE_SIZE,
			p2pmem_test_read(test, p, "available"));
	KUNIT_EXPECT_EQ(test, BAR, p2pmem_test_read(test, q, "available"));

	p2pmem_free(p, phys, 2 * PAGE_SIZE);
	p2pmem_free(p, phys, 2 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, BAR, p2pmem_test_read(test, p, "available"));
	/* not even when it is somebody else's by now */
	again = p2pmem_test_alloc(test, p, BAR);
	KUNIT_EXPECT_EQ(test, phys, again);
	p2pmem_free(p, phys, 2 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, 0, p2pmem_test_read(test, p, "available"));
	p2pmem_free(p, again, BAR);
	KUNIT_EXPECT_EQ(test, BAR, p2pmem_test_read(test, p, "available"));
}

static void content(struct kunit *test)
{
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *p = p2pmem_test_provider(test, f, "P");
	void __iomem *a, *b, *bar;
	phys_addr_t pa, pb;
	char buf[8];

	if (!fake_pci_has_memory())
		kunit_skip(test, "nothing behind the BARs");
	a = p2pmem_alloc(p, PAGE_SIZE, &pa);
	b = p2pmem_alloc(p, PAGE_SIZE, &pb);
	bar = ioremap_wc(pci_resource_start(p, 0), BAR);
	KUNIT_ASSERT_TRUE(test, a && b && bar);

	memset_io(a, 0, PAGE_SIZE);
	memset_io(b, 0, PAGE_SIZE);
	memcpy_toio(a + PAGE_SIZE - 8, "a buffer", 8);
	memcpy_toio(b, "another!", 8);
	memcpy_fromio(buf, bar + (pa - pci_resource_start(p, 0)) +
		      PAGE_SIZE - 8, 8);
	KUNIT_EXPECT_MEMEQ(test, buf, "a buffer", 8);
	memcpy_fromio(buf, bar + (pb - pci_resource_start(p, 0)), 8);
	KUNIT_EXPECT_MEMEQ(test, buf, "another!", 8);
	KUNIT_EXPECT_EQ(test, 0, readb(a));
	iounmap(bar);
	p2pmem_free(p, pa, PAGE_SIZE);
	p2pmem_free(p, pb, PAGE_SIZE);
}

static void phys_to_bus(struct kunit *test)
{
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *p = fake_pci_dev(f, "P"), *q = fake_pci_dev(f, "Q");
	phys_addr_t start = pci_resource_start(p, 0);

	KUNIT_ASSERT_EQ(test, 0, p2pmem_register(p, 0, SZ_64K, SZ_64K));
	KUNIT_ASSERT_EQ(test, 0, p2pmem_register(p, 2, 0, 0));
	KUNIT_EXPECT_EQ(test, start + SZ_64K + P2PMEM_OFFSET,
			p2pmem_phys_to_bus(p, start + SZ_64K));
	KUNIT_EXPECT_EQ(test, start + SZ_128K - 1 + P2PMEM_OFFSET,
			p2pmem_phys_to_bus(p, start + SZ_128K - 1));
	KUNIT_EXPECT_EQ(test, 0, p2pmem_phys_to_bus(p, start + SZ_64K - 1));
	KUNIT_EXPECT_EQ(test, 0, p2pmem_phys_to_bus(p, start + SZ_128K));
	/* another window has another offset */
	KUNIT_EXPECT_EQ(test, pci_bus_address(p, 2) + 5,
			p2pmem_phys_to_bus(p, pci_resource_start(p, 2) + 5));
	/* somebody else's memory */
	KUNIT_EXPECT_EQ(test, 0, p2pmem_phys_to_bus(q, start + SZ_64K));
	KUNIT_ASSERT_EQ(test, 0, p2pmem_register(q, 0, 0, 0));
	KUNIT_EXPECT_EQ(test, 0, p2pmem_phys_to_bus(q, start + SZ_64K));
	p2pmem_unregister(p);
	KUNIT_EXPECT_EQ(test, 0, p2pmem_phys_to_bus(p, start + SZ_64K));
}

/* finding a provider */

static struct pci_dev *test_find(struct fake_pci *f, const char *a,
				 const char *b)
{
	struct device *clients[] = {
		&fake_pci_dev(f, a)->dev,
		b ? &fake_pci_dev(f, b)->dev : NULL,
	};
	struct pci_dev *found = p2pmem_find_many(clients, b ? 2 : 1);

	/* the fabric has references of its own */
	pci_dev_put(found);
	return found;
}

static void finds(struct kunit *test)
{
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct pci_dev *r = p2pmem_test_provider(test, f, "R");
	struct pci_dev *p = p2pmem_test_provider(test, f, "P");
	struct pci_dev *z = p2pmem_test_provider(test, f, "Z");
	struct device *client = &fake_pci_dev(f, "C")->dev;
	struct pci_dev *found;
	unsigned int refs;

	KUNIT_EXPECT_PTR_EQ(test, NULL, test_find(f, "C", NULL));
	/* one that is published, but out of reach */
	p2pmem_publish(z, true);
	KUNIT_EXPECT_PTR_EQ(test, NULL, test_find(f, "C", NULL));
	KUNIT_EXPECT_PTR_EQ(test, z, test_find(f, "Z", NULL));
	/* one at the other side of the host bridge, then a near one */
	p2pmem_publish(r, true);
	KUNIT_EXPECT_PTR_EQ(test, r, test_find(f, "C", NULL));
	p2pmem_publish(p, true);
	KUNIT_EXPECT_PTR_EQ(test, p, test_find(f, "C", NULL));
	KUNIT_EXPECT_PTR_EQ(test, p, test_find(f, "C", "Q"));
	KUNIT_EXPECT_PTR_EQ(test, p, test_find(f, "P", NULL));
	KUNIT_EXPECT_PTR_EQ(test, r, test_find(f, "R", NULL));
	/* one client that reaches nothing is enough */
	KUNIT_EXPECT_PTR_EQ(test, NULL, test_find(f, "C", "Z"));

	refs = kref_read(&p->dev.kobj.kref);
	found = p2pmem_find_many(&client, 1);
	KUNIT_EXPECT_PTR_EQ(test, p, found);
	KUNIT_EXPECT_EQ(test, refs + 1, kref_read(&p->dev.kobj.kref));
	pci_dev_put(found);

	p2pmem_publish(p, false);
	KUNIT_EXPECT_PTR_EQ(test, r, test_find(f, "C", NULL));
	p2pmem_unregister(r);
	KUNIT_EXPECT_PTR_EQ(test, NULL, test_find(f, "C", NULL));
}

static struct kunit_case p2pmem_cases[] = {
	KUNIT_CASE_PARAM(registers, register_gen_params),
	KUNIT_CASE(decoding_off),
	KUNIT_CASE(registers_twice),
	KUNIT_CASE(reaches_in),
	KUNIT_CASE(fills_pieces),
	KUNIT_CASE(room_given_back),
	KUNIT_CASE(sysfs_files),
	KUNIT_CASE(allocates),
	KUNIT_CASE(exhausts),
	KUNIT_CASE(frees_wrongly),
	KUNIT_CASE(content),
	KUNIT_CASE(phys_to_bus),
	KUNIT_CASE(finds),
	{}
};

static struct kunit_suite p2pmem_suite = {
	.name = "p2pmem",
	.suite_init = p2pmem_test_suite_init,
	.suite_exit = p2pmem_test_suite_exit,
	.test_cases = p2pmem_cases,
};

kunit_test_suite(p2pmem_suite);

MODULE_DESCRIPTION("KUnit tests for providers of peer-to-peer memory");
MODULE_LICENSE("GPL");
