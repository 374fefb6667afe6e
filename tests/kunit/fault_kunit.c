// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests that let memory allocations fail when ranges are registered and
 * mapped; see fault.h.
 */
#include <kunit/test.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/pci-p2pmem.h>

#include "fault.h"

struct fault_maps {
	struct dma_phys_range extra;	/* about to be registered */
	struct vfsmount *sysfs;
	struct file *file;		/* p2pmem/allocate of the provider */
	unsigned long addr;		/* where it is mapped */
	u64 size;			/* of the piece of the BAR, if not 0 */
};

/* ranges and providers */

static struct dma_phys_range *to_extra(struct fault *f)
{
	struct fault_maps *m = f->priv;

	return &m->extra;
}

static int run_range(struct fault *f)
{
	struct p2p_range *range = &to_extra(f)->range;
	int error;

	range->start = NOBODY;
	range->size = SZ_64K;
	range->name = "fault";
	error = p2p_range_register(range);
	/* nobody would free it */
	if (error)
		KUNIT_EXPECT_NULL(f->test, range->ref.data);
	return error;
}

static void undo_range(struct fault *f)
{
	p2p_range_unregister(&to_extra(f)->range);
}

static int run_bar(struct fault *f)
{
	struct fault_maps *m = f->priv;

	return dma_phys_add_bar(to_extra(f), f->provider, 0, f->offset,
				m->size ?: SZ_4K);
}

static void undo_bar(struct fault *f)
{
	dma_phys_del(to_extra(f));
}

static int run_unregister(struct fault *f)
{
	dma_phys_del(to_extra(f));
	return 0;
}

static void undo_unregister(struct fault *f)
{
	KUNIT_EXPECT_EQ(f->test, 0, run_bar(f));
}

static void prepare_bar(struct fault *f)
{
	KUNIT_ASSERT_EQ(f->test, 0,
			kunit_add_action(f->test, test_range_del,
					 to_extra(f)));
	undo_unregister(f);
}

static int run_p2pmem(struct fault *f)
{
	return p2pmem_register(f->provider, 0, SZ_1M, 0);
}

static void undo_p2pmem(struct fault *f)
{
	p2pmem_unregister(f->provider);
}

static void test_p2pmem_unregister(void *data)
{
	p2pmem_unregister(data);
}

static void prepare_p2pmem(struct fault *f)
{
	KUNIT_ASSERT_EQ(f->test, 0, run_p2pmem(f));
	KUNIT_ASSERT_EQ(f->test, 0,
			kunit_add_action_or_reset(f->test,
						  test_p2pmem_unregister,
						  f->provider));
}

static int run_second_piece(struct fault *f)
{
	struct fault_maps *m = f->priv;

	return p2pmem_register(f->provider, 2, m->size, 0);
}

/* there is no taking back of one piece */
static void undo_second_piece(struct fault *f)
{
	p2pmem_unregister(f->provider);
	KUNIT_EXPECT_EQ(f->test, 0, run_p2pmem(f));
}

static int run_buffer(struct fault *f)
{
	return p2pmem_alloc(f->provider, SZ_64K, &f->phys) ? 0 : -ENOMEM;
}

static void undo_buffer(struct fault *f)
{
	p2pmem_free(f->provider, f->phys, SZ_64K);
}

/* in processes */

static void test_file_close(void *data)
{
	struct fault_maps *m = data;

	if (!IS_ERR_OR_NULL(m->file))
		__fput_sync(m->file);
	if (!IS_ERR_OR_NULL(m->sysfs))
		kern_unmount(m->sysfs);
}

static void prepare_mmap(struct fault *f)
{
	struct file_system_type *type = get_fs_type("sysfs");
	struct fault_maps *m = f->priv;
	struct kunit *test = f->test;
	char *dir, *name;
	struct path root;

	prepare_p2pmem(f);
	KUNIT_ASSERT_NOT_NULL(test, type);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, test_file_close, m));
	m->sysfs = kern_mount(type);
	module_put(type->owner);
	KUNIT_ASSERT_FALSE(test, IS_ERR(m->sysfs));
	root = (struct path){ .mnt = m->sysfs, .dentry = m->sysfs->mnt_root };

	dir = kobject_get_path(&f->provider->dev.kobj, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, dir);
	name = kunit_kzalloc(test, PATH_MAX, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, name);
	scnprintf(name, PATH_MAX, "%s/p2pmem/allocate", dir + 1);
	kfree(dir);
	m->file = file_open_root(&root, name, O_RDWR, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(m->file));
	/* the first mapping makes an address space */
	KUNIT_ASSERT_NE(test, 0,
			kunit_vm_mmap(test, NULL, 0, PAGE_SIZE, PROT_READ,
				      MAP_PRIVATE | MAP_ANONYMOUS, 0));
}

static int run_mmap(struct fault *f)
{
	struct fault_maps *m = f->priv;

	m->addr = vm_mmap(m->file, 0, SZ_64K, PROT_READ | PROT_WRITE,
			  MAP_SHARED, 0);
	return IS_ERR_VALUE(m->addr) ? (long)m->addr : 0;
}

static void undo_mmap(struct fault *f)
{
	struct fault_maps *m = f->priv;

	KUNIT_EXPECT_EQ(f->test, 0, vm_munmap(m->addr, SZ_64K));
}

/* mapping */

static int run_map(struct fault *f)
{
	dma_addr_t addr;

	addr = dma_map_phys(f->dev, f->phys, SZ_4K, DMA_TO_DEVICE,
			    DMA_ATTR_MMIO);
	if (dma_mapping_error(f->dev, addr))
		return -EIO;
	/* which looks for the verdict again */
	dma_unmap_phys(f->dev, addr, SZ_4K, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	return 0;
}

/* As requests are mapped. */
static int run_map_in(struct fault *f)
{
	struct dma_phys_path *path = dma_phys_get(f->dev, f->phys, SZ_4K, 0);
	dma_addr_t addr;
	int error;

	if (IS_ERR(path))
		return PTR_ERR(path);
	error = dma_phys_map_in(path, f->phys, SZ_4K, DMA_TO_DEVICE, 0, &addr);
	dma_phys_put(path, 0);
	return error;
}

/* As pieces of requests are mapped that the driver unmaps. */
static int run_map_another(struct fault *f)
{
	struct dma_phys_path *path = dma_phys_get(f->dev, f->phys, SZ_4K, 0);
	dma_addr_t addr;
	int error;

	if (IS_ERR(path))
		return PTR_ERR(path);
	error = dma_phys_map_another(path, f->phys, SZ_4K, DMA_TO_DEVICE, 0,
				     &addr);
	if (!error)
		dma_unmap_phys(f->dev, addr, SZ_4K, DMA_TO_DEVICE,
			       DMA_ATTR_MMIO);
	dma_phys_put(path, 0);
	return error;
}

static void hold_invalidate(struct dma_phys_holder *holder, bool for_good)
{
}

/* As who keeps a mapping. */
static int run_hold(struct fault *f)
{
	struct dma_phys_holder holder = {
		.dev = f->dev,
		.invalidate = hold_invalidate,
	};
	int error = dma_phys_hold(&holder, f->phys, SZ_4K);

	if (!error)
		dma_phys_unhold(&holder);
	return error;
}

/* A failure must not turn a refusal into anything else. */
static int run_refused(struct fault *f)
{
	struct dma_phys_path *path = dma_phys_get(f->dev, f->phys, SZ_4K, 0);

	return path == ERR_PTR(-EREMOTEIO) ? 0 : PTR_ERR(path);
}

static int run_ram(struct fault *f)
{
	phys_addr_t phys = virt_to_phys(f);
	dma_addr_t addr = dma_map_phys(f->dev, phys, sizeof(*f), DMA_TO_DEVICE,
				       0);

	if (dma_mapping_error(f->dev, addr))
		return -EIO;
	dma_unmap_phys(f->dev, addr, sizeof(*f), DMA_TO_DEVICE, 0);
	return 0;
}

static int run_nobody(struct fault *f)
{
	dma_addr_t addr = dma_map_resource(f->dev, NOBODY, SZ_4K,
					   DMA_TO_DEVICE, 0);

	if (dma_mapping_error(f->dev, addr))
		return -EIO;
	dma_unmap_resource(f->dev, addr, SZ_4K, DMA_TO_DEVICE, 0);
	return 0;
}

static int run_fence(struct fault *f)
{
	return p2p_range_fence(&f->r->range) ?:
	       p2p_range_wait(&f->r->range) ?: p2p_range_lift(&f->r->range);
}

/* All of the provider's memory, where there is one and it is not in use. */
static unsigned int left_memory(struct fault *f)
{
	phys_addr_t phys;

	/* a kernel thread leaves it to a worker to close files */
	flush_delayed_fput();
	if (!p2pmem_alloc(f->provider, SZ_1M, &phys))
		return 0;
	p2pmem_free(f->provider, phys, SZ_1M);
	return SZ_1M;
}

#define IOREMAP_IS_VMALLOC	(!IS_ENABLED(CONFIG_UML))

static const struct fault_path paths[] = {
	{ "range", "G", NULL, run_range, undo_range, -ENOMEM },
	{ "BAR", "G", NULL, run_bar, undo_bar, -ENOMEM },
	{ "unregistering", "G", prepare_bar, run_unregister, undo_unregister },
	{ "provider", "G", NULL, run_p2pmem, undo_p2pmem, -ENOMEM },
	{ "second piece of a provider", "G", prepare_p2pmem, run_second_piece,
	  undo_second_piece, -ENOMEM },
	{ "buffer", "G", prepare_p2pmem, run_buffer, undo_buffer, -ENOMEM,
	  .single = IOREMAP_IS_VMALLOC },
	{ "buffer of a process", "G", prepare_mmap, run_mmap, undo_mmap,
	  -ENOMEM, .single = IOREMAP_IS_VMALLOC },
	{ "first mapping, bus address", "G", fault_range, run_map,
	  fault_forget_paths, -EIO },
	{ "first mapping, own BAR", "F", fault_range, run_map,
	  fault_forget_paths, -EIO },
	{ "first mapping, host bridge", "H", fault_range, run_map,
	  fault_forget_paths, -EIO },
	{ "first mapping, refused", "A", fault_range, run_refused,
	  fault_forget_paths, -ENOMEM },
	{ "a mapping that stays", "G", fault_range, run_hold, NULL, -ENOMEM },
};

KUNIT_ARRAY_PARAM_DESC(path, paths, name);

static void one_path(struct kunit *test)
{
	const struct fault_path *p = test->param_value;
	struct fault *f = fault_begin(test, p->client);

	f->priv = kunit_kzalloc(test, sizeof(struct fault_maps), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, f->priv);
	f->left = left_memory;
	if (p->prepare)
		p->prepare(f);
	fault_path(f, p);
}

/*
 * What inserting a range allocates depends on how many there are: the tree
 * gets its first node, nodes are split, and it grows.
 */
static void among_others(struct kunit *test)
{
	static const struct fault_path p = {
		.name = "BAR among others", .run = run_bar, .undo = undo_bar,
		.error = -ENOMEM,
	};
	struct fault *f = fault_begin(test, "G");
	unsigned int n, most = 0;
	int i;

	f->priv = kunit_kzalloc(test, sizeof(struct fault_maps), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, f->priv);
	/* with gaps, so that each takes two slots of a node */
	for (i = 0; i < 17; i++) {
		n = fault_path(f, &p);
		most = max(n, most);
		test_range_piece(test, f->fake, "F", 0, f->offset, SZ_4K);
		f->offset += SZ_8K;
	}
	/* the reference count, and nodes, which newer kernels take at once */
	KUNIT_EXPECT_GE(test, most, 2);
}

/* Two BARs, as large as the address space has room for. */
#define LARGEST	(IS_ENABLED(CONFIG_PHYS_ADDR_T_64BIT) ? SZ_1G : SZ_32M)

static const struct fake_pci_node large_bars[] = {
	{ .name = "host", .type = FAKE_PCI_HOST,
	  .windows = { { .cpu = HOST0, .size = HOST_SIZE } } },
	{ .name = "F", .type = FAKE_PCI_ENDPOINT, .parent = "host",
	  .devfn = PCI_DEVFN(1, 0), .bar = { LARGEST, 0, LARGEST } },
	{}
};

/*
 * A range costs what it costs, however large it is; so does another piece of a
 * provider.  Not its first one: now and then, sysfs takes a node more for the
 * numbers of its files.
 */
static void any_size(struct kunit *test)
{
	static const struct fault_path ways[] = {
		{ "BAR of any size", "F", NULL, run_bar, undo_bar, -ENOMEM },
		{ "piece of any size", "F", prepare_p2pmem, run_second_piece,
		  undo_second_piece, -ENOMEM },
	};
	static const u64 sizes[] = { SZ_4K, SZ_1M, LARGEST };
	struct fault *f = fault_begin_in(test, large_bars, "F");
	unsigned int n[ARRAY_SIZE(sizes)];
	struct fault_maps *m;
	int i, w;

	m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, m);
	f->priv = m;
	for (w = 0; w < ARRAY_SIZE(ways); w++) {
		if (ways[w].prepare)
			ways[w].prepare(f);
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			m->size = sizes[i];
			n[i] = fault_count(f, &ways[w]);
			KUNIT_EXPECT_GT_MSG(test, n[i], 0, "%s", ways[w].name);
			KUNIT_EXPECT_EQ_MSG(test, n[0], n[i], "%s: %llu bytes",
					    ways[w].name, sizes[i]);
		}
	}
}

/* Once the verdict is known, nothing is left to fail. */
static void nothing_to_fail(struct kunit *test)
{
	static const struct fault_path again[] = {
		{ "mapping again", "G", NULL, run_map_in },
		{ "mapping again, own BAR", "F", NULL, run_map_in },
		{ "mapping again, host bridge", "H", NULL, run_map_in },
		{ "refused again", "A", NULL, run_refused },
		{ "RAM", "G", NULL, run_ram },
		{ "fence", "G", NULL, run_fence },
	};
	struct fault *f = fault_begin(test, "G");
	int i;

	fault_range(f);
	for (i = 0; i < ARRAY_SIZE(again); i++) {
		/* which has a list of its own for what a fence hands to RCU */
		if (IS_ENABLED(CONFIG_DEBUG_OBJECTS) &&
		    again[i].run == run_fence)
			continue;
		f->dev = test_dev(f->fake, again[i].client);
		KUNIT_EXPECT_EQ(test, 0, again[i].run(f));
		KUNIT_EXPECT_EQ_MSG(test, 0, fault_count(f, &again[i]), "%s",
				    again[i].name);
	}
}

/* A mapping without a request is written down, and that is all. */
static void one_to_fail(struct kunit *test)
{
	static const struct fault_path again[] = {
		{ "mapping again", "G", NULL, run_map, NULL, -EIO },
		{ "mapping again, own BAR", "F", NULL, run_map, NULL, -EIO },
		{ "mapping again, host bridge", "H", NULL, run_map, NULL,
		  -EIO },
		/* works without having been written down */
		{ "another mapping", "G", NULL, run_map_another, NULL,
		  -ENOMEM },
		{ "nobody's MMIO", "G", NULL, run_nobody },
	};
	/* kmemleak writes down what was allocated, in memory of its own */
	unsigned int one = IS_ENABLED(CONFIG_DEBUG_KMEMLEAK) ? 2 : 1;
	struct fault *f = fault_begin(test, "G");
	int i;

	fault_range(f);
	for (i = 0; i < ARRAY_SIZE(again); i++) {
		f->dev = test_dev(f->fake, again[i].client);
		KUNIT_EXPECT_EQ(test, 0, again[i].run(f));
		KUNIT_EXPECT_EQ_MSG(test, one, fault_count(f, &again[i]), "%s",
				    again[i].name);
	}
}

static struct kunit_case dma_phys_fault_cases[] = {
	KUNIT_CASE_PARAM(one_path, path_gen_params),
	KUNIT_CASE_SLOW(among_others),
	KUNIT_CASE(any_size),
	KUNIT_CASE(nothing_to_fail),
	KUNIT_CASE(one_to_fail),
	{}
};

static struct kunit_suite dma_phys_fault_suite = {
	.name = "dma_phys_fault",
	.test_cases = dma_phys_fault_cases,
};

kunit_test_suite(dma_phys_fault_suite);

MODULE_DESCRIPTION("KUnit tests: allocations that fail, in DMA mapping");
MODULE_LICENSE("GPL");
