// SPDX-License-Identifier: GPL-2.0-only
/*
 * Letting memory allocations fail, one after the other: see fault.h.
 */
#include <kunit/test.h>
#include <linux/debugfs.h>
#include <linux/fault-inject.h>
#include <linux/kernfs.h>
#include <linux/sched.h>

#include "fault.h"

/* No way is that long: it is not the failure that ended it. */
#define FAULT_MAX	200

/* As good as everything, for code that tries again. */
#define FAULT_REST	20

/* the kernel's fault injection */

static void *fault_debugfs(struct kunit *test, const char *name)
{
	struct dentry *dir = debugfs_lookup("failslab", NULL), *file;
	void *data;

	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(dir));
	file = debugfs_lookup(name, dir);
	dput(dir);
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(file));
	data = d_inode(file)->i_private;
	dput(file);
	return data;
}

/*
 * Not all that follow: the maple tree tries for as long as it takes, once it
 * has a part of what it wants.
 */
static void fault_arm(struct fault *f, unsigned int nth, bool rest)
{
	atomic_set(&f->slab->times, FAULT_REST);
	f->slab->probability = rest ? 100 : 0;
	current->make_it_fail = rest;
	current->fail_nth = nth;
}

/* Was there an nth allocation? */
static bool fault_disarm(struct fault *f)
{
	bool hit = !current->fail_nth;

	current->fail_nth = 0;
	current->make_it_fail = 0;
	f->slab->probability = 0;
	return hit;
}

static void fault_restore(void *data)
{
	struct fault *f = data;

	*f->spared = true;
	f->slab->probability = f->saved.probability;
	f->slab->task_filter = f->saved.task_filter;
	f->slab->verbose = f->saved.verbose;
	f->slab->times = f->saved.times;
}

static void fault_setup(struct fault *f)
{
	struct kunit *test = f->test;

	f->spared = fault_debugfs(test, "ignore-gfp-wait");
	f->slab = container_of((unsigned long *)fault_debugfs(test, "verbose"),
			       struct fault_attr, verbose);
	KUNIT_ASSERT_TRUE(test, *f->spared);
	f->saved = *f->slab;
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, fault_restore, f));

	/* no more than those of this task, and no stack dump for each */
	*f->spared = false;
	f->slab->probability = 0;
	f->slab->task_filter = true;
	f->slab->verbose = 0;
}

/* what must be as it was before */

struct fault_state {
	unsigned int ranges;
	unsigned long inflight;
	bool sysfs;
	unsigned int left;
};

static void fault_look(struct fault *f, struct fault_state *s)
{
	struct kernfs_node *kn;
	struct p2p_range *range;
	unsigned long index = 0;

	memset(s, 0, sizeof(*s));
	rcu_read_lock();
	p2p_range_for_each(range, index)
		s->ranges++;
	rcu_read_unlock();
	if (f->r)
		s->inflight = p2p_range_inflight(&f->r->range);
	kn = kernfs_find_and_get(f->provider->dev.kobj.sd, "p2pmem");
	s->sysfs = kn;
	kernfs_put(kn);
	if (f->left)
		s->left = f->left(f);
}

static void fault_same(struct fault *f, const struct fault_path *p,
		       unsigned int n, const struct fault_state *before)
{
	struct fault_state now;

	fault_look(f, &now);
	KUNIT_EXPECT_EQ_MSG(f->test, before->ranges, now.ranges,
			    "%s, allocation %u: ranges", p->name, n);
	KUNIT_EXPECT_EQ_MSG(f->test, before->inflight, now.inflight,
			    "%s, allocation %u: DMA in flight", p->name, n);
	KUNIT_EXPECT_EQ_MSG(f->test, before->sysfs, now.sysfs,
			    "%s, allocation %u: p2pmem in sysfs", p->name, n);
	KUNIT_EXPECT_EQ_MSG(f->test, before->left, now.left,
			    "%s, allocation %u: what is left", p->name, n);
}

static void fault_undo(struct fault *f, const struct fault_path *p)
{
	if (p->undo)
		p->undo(f);
}

/* Go the way until it has no nth allocation; how many there were. */
static unsigned int fault_each(struct fault *f, const struct fault_path *p,
			       bool rest, unsigned int *failed)
{
	struct fault_state before;
	unsigned int n;
	int ret = 0;
	bool hit;

	fault_look(f, &before);
	for (n = 1; n < FAULT_MAX; n++) {
		fault_arm(f, n, rest);
		ret = p->run(f);
		hit = fault_disarm(f);
		if (!hit)
			break;
		if (ret)
			(*failed)++;
		else
			fault_undo(f, p);
		KUNIT_EXPECT_TRUE_MSG(f->test, !ret || ret == p->error,
				      "%s, allocation %u: error %d", p->name,
				      n, ret);
		fault_same(f, p, n, &before);
	}

	/* and without a failure it works */
	KUNIT_EXPECT_LT(f->test, n, FAULT_MAX);
	KUNIT_EXPECT_EQ_MSG(f->test, 0, ret, "%s", p->name);
	if (!ret)
		fault_undo(f, p);
	fault_same(f, p, 0, &before);
	return n - 1;
}

/**
 * fault_path - let each allocation on a way fail
 * @f: the world
 * @p: the way; what it needs has been prepared
 *
 * Return: the number of allocations.
 */
unsigned int fault_path(struct fault *f, const struct fault_path *p)
{
	unsigned int once, rest, failed = 0;

	once = fault_each(f, p, false, &failed);
	rest = p->single ? once : fault_each(f, p, true, &failed);
	/* or the test tests nothing */
	KUNIT_EXPECT_GT_MSG(f->test, once, 0, "%s allocates nothing", p->name);
	KUNIT_EXPECT_GT_MSG(f->test, rest, 0, "%s allocates nothing", p->name);
	KUNIT_EXPECT_EQ_MSG(f->test, !!p->error, !!failed,
			    "%s: %u runs failed", p->name, failed);
	kunit_info(f->test, "%s: %u allocations; of %u runs %u failed, the others did without\n",
		   p->name, once, once + rest, failed);
	return once;
}

/**
 * fault_count - how many allocations are on a way?
 * @f: the world
 * @p: the way; what it needs has been prepared
 *
 * Return: the number of allocations.
 */
unsigned int fault_count(struct fault *f, const struct fault_path *p)
{
	unsigned int failed = 0;

	return fault_each(f, p, false, &failed);
}

/**
 * fault_range - let there be a range, for the client to map
 * @f: the world
 */
void fault_range(struct fault *f)
{
	f->r = test_range_piece(f->test, f->fake, "F", 0, 0, SZ_1M);
	f->phys = f->r->range.start;
}

/**
 * fault_forget_paths - as if nobody had asked for the range before
 * @f: the world, with nothing in flight
 */
void fault_forget_paths(struct fault *f)
{
	struct dma_phys_path *path;
	unsigned long id;

	RCU_INIT_POINTER(f->r->first, NULL);
	xa_for_each(&f->r->paths, id, path) {
		xa_erase_irq(&f->r->paths, id);
		free_percpu(path->inflight);
		kfree(path);
	}
}

/**
 * fault_begin_in - a world in which nothing fails yet
 * @test: the test case, which it ends with
 * @fabric: of which F is the provider
 * @client: name of the client in it
 *
 * Return: the world.
 */
struct fault *fault_begin_in(struct kunit *test,
			     const struct fake_pci_node *fabric,
			     const char *client)
{
	struct fault *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	f->test = test;
	f->fake = fake_pci_create(test, fabric);
	f->provider = fake_pci_dev(f->fake, "F");
	f->dev = test_dev(f->fake, client);
	KUNIT_ASSERT_EQ(test, 0, pci_enable_device_mem(f->provider));
	fault_setup(f);
	return f;
}

/**
 * fault_begin - the same in the fabric of the mapping layer's suites
 * @test: the test case, which it ends with
 * @client: name of the client in it
 *
 * Return: the world.
 */
struct fault *fault_begin(struct kunit *test, const char *client)
{
	return fault_begin_in(test, dma_phys_fabric, client);
}
