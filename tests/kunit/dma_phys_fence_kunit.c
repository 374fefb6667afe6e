// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for fences on peer-to-peer ranges, for the reports of who is in
 * flight, and for clients with mappings that stay.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/module.h>

#include "dma_phys_test.h"

static dma_addr_t test_map(struct device *dev, phys_addr_t phys, size_t size)
{
	return dma_map_phys(dev, phys, size, DMA_TO_DEVICE, DMA_ATTR_MMIO);
}

static void test_unmap(struct device *dev, dma_addr_t addr, size_t size)
{
	dma_unmap_phys(dev, addr, size, DMA_TO_DEVICE, DMA_ATTR_MMIO);
}

static void test_inflight(struct kunit *test, struct dma_phys_range *r,
			  struct device *dev, long mappings, long bytes)
{
	struct pci_dev *client = to_pci_dev(dev);
	long sum_mappings = 0, sum_bytes = 0;
	struct dma_phys_path *path;
	unsigned long id;
	int cpu;

	xa_for_each(&r->paths, id, path) {
		if (path->client != client)
			continue;
		for_each_possible_cpu(cpu) {
			sum_mappings += per_cpu_ptr(path->inflight,
						    cpu)->mappings;
			sum_bytes += per_cpu_ptr(path->inflight, cpu)->bytes;
		}
	}
	KUNIT_EXPECT_EQ(test, mappings, sum_mappings);
	KUNIT_EXPECT_EQ(test, bytes, sum_bytes);
}

/* Through each kind of path, and each of them back to nothing. */
static void counts(struct kunit *test)
{
	static const struct {
		const char *provider;
		const char *client;
	} ways[] = {
		{ "A", "B" },		/* by bus address */
		{ "A", "A" },		/* own BAR */
		{ "F", "H" },		/* through the host bridge */
	};
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct dma_phys_range *r;
	dma_addr_t one, two;
	struct device *dev;
	int i;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		r = i == 1 ? r : test_range(test, f, ways[i].provider);
		dev = test_dev(f, ways[i].client);
		one = test_map(dev, r->range.start, SZ_4K);
		two = test_map(dev, r->range.start + SZ_8K, 512);
		KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, one));
		KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, two));
		test_inflight(test, r, dev, 2, SZ_4K + 512);
		test_unmap(dev, one, SZ_4K);
		test_inflight(test, r, dev, 1, 512);
		test_unmap(dev, two, 512);
		test_inflight(test, r, dev, 0, 0);
	}
}

/* What cannot be mapped does not count. */
static void counts_no_failures(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct dma_phys_range *r = test_range(test, f, "F");
	struct device *dev = test_dev(f, "G");

	KUNIT_ASSERT_EQ(test, 0, dma_set_mask(dev, SMALL_MASK));
	KUNIT_EXPECT_EQ(test, DMA_MAPPING_ERROR,
			test_map(dev, r->range.start, SZ_4K));
	test_inflight(test, r, dev, 0, 0);
	EXPECT_IDLE(test, r);
}

static void fence_and_lift(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct dma_phys_range *r = test_range(test, f, "A");
	phys_addr_t phys = r->range.start;
	struct device *dev = test_dev(f, "B");
	dma_addr_t addr;

	KUNIT_EXPECT_EQ(test, -EINVAL, dma_phys_lift(r));
	KUNIT_EXPECT_EQ(test, -EINVAL, dma_phys_wait(r, HZ));

	KUNIT_EXPECT_EQ(test, 0, dma_phys_fence(r, 0));
	KUNIT_EXPECT_EQ(test, DMA_MAPPING_ERROR, test_map(dev, phys, SZ_4K));
	KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-EAGAIN),
			    dma_phys_get(dev, phys, SZ_4K, 0));
	KUNIT_EXPECT_EQ(test, 0, dma_phys_wait(r, MAX_SCHEDULE_TIMEOUT));
	KUNIT_EXPECT_EQ(test, 0, dma_phys_wait(r, 0));

	KUNIT_EXPECT_EQ(test, 0, dma_phys_lift(r));
	addr = test_map(dev, phys, SZ_4K);
	KUNIT_EXPECT_FALSE(test, dma_mapping_error(dev, addr));
	test_unmap(dev, addr, SZ_4K);
}

static void wait_times_out(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct dma_phys_log *log = dma_phys_log_begin(test);
	struct dma_phys_range *r = test_range(test, f, "A");
	struct device *dev = test_dev(f, "B"), *other = test_dev(f, "C");
	phys_addr_t phys = r->range.start;
	dma_addr_t a, b, c;
	char says[80];

	a = test_map(dev, phys, SZ_4K);
	b = test_map(dev, phys + SZ_64K, SZ_8K);
	/* was there, and has gone */
	c = test_map(other, phys, SZ_4K);
	test_unmap(other, c, SZ_4K);

	KUNIT_EXPECT_EQ(test, 0, dma_phys_fence(r, 0));
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, dma_phys_wait(r, HZ / 50));
	EXPECT_LOGGED(test, log, "BAR 0: peer-to-peer DMA has not ended after");
	snprintf(says, sizeof(says),
		 "%s has 2 mappings with 12288 bytes in flight",
		 dev_name(dev));
	EXPECT_LOGGED(test, log, says);
	snprintf(says, sizeof(says), "%s has ", dev_name(other));
	KUNIT_EXPECT_FALSE(test, dma_phys_log_says(log, says));

	/* the fence holds, and the end of the DMA is all that is missing */
	KUNIT_EXPECT_EQ(test, P2P_RANGE_FENCED, p2p_range_state(&r->range));
	test_unmap(dev, a, SZ_4K);
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, dma_phys_wait(r, 1));
	test_unmap(dev, b, SZ_8K);
	KUNIT_EXPECT_EQ(test, 0, dma_phys_wait(r, 1));
	KUNIT_EXPECT_EQ(test, 0, dma_phys_lift(r));
}

struct test_holder {
	struct dma_phys_holder holder;
	struct kunit *test;
	struct dma_phys_range *r;
	dma_addr_t addr;
	int calls;
	int lifts;
	bool for_good;
	int remap_error;
};

/* What a memory region does: unmap, and find that mapping has to wait. */
static void test_invalidate(struct dma_phys_holder *holder, bool for_good)
{
	struct test_holder *h = container_of(holder, struct test_holder,
					     holder);
	struct dma_phys_path *path;

	h->calls++;
	h->for_good = for_good;
	if (h->addr == DMA_MAPPING_ERROR)
		return;
	test_unmap(holder->dev, h->addr, SZ_4K);
	h->addr = DMA_MAPPING_ERROR;
	path = dma_phys_get(holder->dev, h->r->range.start, SZ_4K, 0);
	h->remap_error = PTR_ERR_OR_ZERO(path);
}

static void test_lifted(struct dma_phys_holder *holder)
{
	struct test_holder *h = container_of(holder, struct test_holder,
					     holder);

	h->lifts++;
	/* mapping works again, from here on */
	h->addr = test_map(holder->dev, h->r->range.start, SZ_4K);
}

static void test_hold(struct kunit *test, struct test_holder *h,
		      struct dma_phys_range *r, struct device *dev)
{
	*h = (struct test_holder) {
		.holder.dev = dev,
		.holder.invalidate = test_invalidate,
		.test = test,
		.r = r,
	};
	KUNIT_ASSERT_EQ(test, 0,
			dma_phys_hold(&h->holder, r->range.start, SZ_4K));
	h->addr = test_map(dev, r->range.start, SZ_4K);
	KUNIT_ASSERT_FALSE(test, dma_mapping_error(dev, h->addr));
}

/* A mapping that stays would keep a fence waiting for ever. */
static void holder_is_told_of_fence(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct dma_phys_range *r = test_range(test, f, "A");
	struct device *dev = test_dev(f, "B");
	struct test_holder h;

	test_hold(test, &h, r, dev);
	KUNIT_EXPECT_EQ(test, 0, dma_phys_fence(r, 0));
	KUNIT_EXPECT_EQ(test, 1, h.calls);
	KUNIT_EXPECT_FALSE(test, h.for_good);
	KUNIT_EXPECT_EQ(test, -EAGAIN, h.remap_error);
	KUNIT_EXPECT_EQ(test, 0, dma_phys_wait(r, HZ));
	KUNIT_EXPECT_EQ(test, 0, dma_phys_lift(r));

	/* it is still a holder, and may map again */
	h.addr = test_map(dev, r->range.start, SZ_4K);
	KUNIT_EXPECT_FALSE(test, dma_mapping_error(dev, h.addr));
	KUNIT_EXPECT_EQ(test, 0, dma_phys_fence(r, 0));
	KUNIT_EXPECT_EQ(test, 2, h.calls);
	KUNIT_EXPECT_EQ(test, 0, dma_phys_wait(r, HZ));
	KUNIT_EXPECT_EQ(test, 0, dma_phys_lift(r));

	dma_phys_unhold(&h.holder);
	KUNIT_EXPECT_EQ(test, 0, dma_phys_fence(r, 0));
	KUNIT_EXPECT_EQ(test, 2, h.calls);
	KUNIT_EXPECT_EQ(test, 0, dma_phys_lift(r));
}

static void holder_is_told_of_lift(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct dma_phys_range *r = test_range(test, f, "A");
	struct device *dev = test_dev(f, "B");
	struct test_holder h;

	test_hold(test, &h, r, dev);
	h.holder.lifted = test_lifted;
	KUNIT_EXPECT_EQ(test, 0, dma_phys_fence(r, 0));
	KUNIT_EXPECT_EQ(test, 0, dma_phys_fence(r, 0));
	KUNIT_EXPECT_EQ(test, 0, dma_phys_lift(r));
	KUNIT_EXPECT_EQ(test, 0, h.lifts);
	KUNIT_EXPECT_EQ(test, 0, dma_phys_lift(r));
	KUNIT_EXPECT_EQ(test, 1, h.lifts);
	KUNIT_EXPECT_FALSE(test, dma_mapping_error(dev, h.addr));
	KUNIT_EXPECT_EQ(test, 1, p2p_range_inflight(&r->range));

	/* and nothing is to be hoped for when it goes, fenced or not */
	KUNIT_EXPECT_EQ(test, 0, dma_phys_fence(r, 0));
	KUNIT_EXPECT_FALSE(test, h.for_good);
	dma_phys_del(r);
	KUNIT_EXPECT_TRUE(test, h.for_good);
	KUNIT_EXPECT_EQ(test, 1, h.lifts);
	dma_phys_unhold(&h.holder);
}

static void holder_is_told_of_end(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct dma_phys_range *r = test_range(test, f, "A");
	struct dma_phys_range *other = test_range(test, f, "B");
	struct test_holder one, two, elsewhere;

	test_hold(test, &one, r, test_dev(f, "B"));
	test_hold(test, &two, r, test_dev(f, "C"));
	test_hold(test, &elsewhere, other, test_dev(f, "C"));

	/* would wait for ever if one of them were not told */
	dma_phys_del(r);
	KUNIT_EXPECT_EQ(test, 1, one.calls);
	KUNIT_EXPECT_EQ(test, 1, two.calls);
	KUNIT_EXPECT_EQ(test, -ENODEV, one.remap_error);
	KUNIT_EXPECT_TRUE(test, one.for_good);
	KUNIT_EXPECT_EQ(test, 0, elsewhere.calls);

	/* in any order */
	dma_phys_unhold(&two.holder);
	dma_phys_unhold(&one.holder);
	dma_phys_del(other);
	KUNIT_EXPECT_EQ(test, 1, elsewhere.calls);
	dma_phys_unhold(&elsewhere.holder);
}

/*
 * Lifted and fenced again while an earlier lift is being told: the second lift
 * is over by the time it could be told, and is not.
 */
struct slow_holder {
	struct test_holder h;
	struct completion told;
	struct completion go;
};

static void slow_lifted(struct dma_phys_holder *holder)
{
	struct slow_holder *s = container_of(holder, struct slow_holder,
					     h.holder);

	if (s->h.lifts++)
		return;
	complete(&s->told);
	wait_for_completion(&s->go);
}

static int do_fence(void *data)
{
	return dma_phys_fence(data, 0);
}

static int do_lift(void *data)
{
	return dma_phys_lift(data);
}

static void run_until(struct kunit *test, int (*what)(void *data),
		      struct dma_phys_range *r, enum p2p_range_state state)
{
	unsigned long end = jiffies + 10 * HZ;

	KUNIT_ASSERT_FALSE(test, IS_ERR(kthread_run(what, r, "fence_kunit")));
	while (p2p_range_state(&r->range) != state && time_before(jiffies, end))
		msleep(20);
	KUNIT_ASSERT_EQ(test, state, p2p_range_state(&r->range));
	/* it stops where the holders are told */
	msleep(20);
}

static void holder_is_told_late(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct dma_phys_range *r = test_range(test, f, "A");
	struct slow_holder s;

	test_hold(test, &s.h, r, test_dev(f, "B"));
	s.h.holder.lifted = slow_lifted;
	init_completion(&s.told);
	init_completion(&s.go);
	KUNIT_EXPECT_EQ(test, 0, dma_phys_fence(r, 0));
	run_until(test, do_lift, r, P2P_RANGE_LIVE);
	KUNIT_EXPECT_NE(test, 0,
			wait_for_completion_timeout(&s.told, 10 * HZ));
	run_until(test, do_fence, r, P2P_RANGE_FENCED);
	run_until(test, do_lift, r, P2P_RANGE_LIVE);
	run_until(test, do_fence, r, P2P_RANGE_FENCED);
	complete(&s.go);
	msleep(100);
	KUNIT_EXPECT_EQ(test, 1, s.h.lifts);
	KUNIT_EXPECT_EQ(test, 3, s.h.calls);
	KUNIT_EXPECT_EQ(test, 0, dma_phys_lift(r));
	KUNIT_EXPECT_EQ(test, 2, s.h.lifts);
	dma_phys_unhold(&s.h.holder);
}

struct going {
	struct dma_phys_range *r;
	struct completion gone;
};

static int do_del(void *data)
{
	struct going *g = data;

	dma_phys_del(g->r);
	complete(&g->gone);
	return 0;
}

/* A range that goes while it is fenced says what it waits for, and no more. */
static void goes_while_fenced(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct dma_phys_log *log = dma_phys_log_begin(test);
	struct dma_phys_log *all = dma_phys_log_begin(test);
	struct dma_phys_range *r = test_range(test, f, "A");
	struct device *dev = test_dev(f, "B");
	struct going g = { .r = r };
	dma_addr_t addr;
	char says[80];

	init_completion(&g.gone);
	addr = test_map(dev, r->range.start, SZ_4K);
	KUNIT_EXPECT_EQ(test, 0, dma_phys_fence(r, 100));
	KUNIT_ASSERT_FALSE(test, IS_ERR(kthread_run(do_del, &g, "del_kunit")));
	KUNIT_EXPECT_EQ(test, 0, wait_for_completion_timeout(&g.gone, 6 * HZ));
	EXPECT_LOGGED(test, log, "for peer-to-peer DMA to end, in order to go");
	snprintf(says, sizeof(says), "%s has 1 mappings with 4096 bytes",
		 dev_name(dev));
	EXPECT_LOGGED(test, log, says);
	KUNIT_EXPECT_EQ(test, -ENODEV, dma_phys_fence(r, 0));
	KUNIT_EXPECT_EQ(test, -ENODEV, dma_phys_lift(r));
	test_unmap(dev, addr, SZ_4K);
	KUNIT_EXPECT_NE(test, 0, wait_for_completion_timeout(&g.gone, 10 * HZ));
	/* the bound of its fence has passed meanwhile */
	KUNIT_EXPECT_FALSE(test, dma_phys_log_says(all, "fenced by"));
}

/* Whatever became of it, a range that is registered again is a new one. */
static void next_life(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct dma_phys_range *r = test_range(test, f, "A");
	struct device *dev = test_dev(f, "B");
	u64 size = r->range.size;
	dma_addr_t addr;
	int i;

	KUNIT_EXPECT_EQ(test, 0, dma_phys_fence(r, 20));
	for (i = 0; i < 200 && !READ_ONCE(r->expired); i++)
		msleep(20);
	KUNIT_EXPECT_TRUE(test, r->expired);
	dma_phys_lose(r);
	dma_phys_del(r);

	KUNIT_ASSERT_EQ(test, 0,
			dma_phys_add_bar(r, fake_pci_dev(f, "A"), 0, 0, size));
	KUNIT_EXPECT_FALSE(test, r->expired);
	KUNIT_EXPECT_FALSE(test, r->lost);
	addr = test_map(dev, r->range.start, SZ_4K);
	KUNIT_EXPECT_FALSE(test, dma_mapping_error(dev, addr));
	test_unmap(dev, addr, SZ_4K);
	/* and its fences wait for lifts of their own */
	KUNIT_EXPECT_EQ(test, 0, dma_phys_fence(r, 0));
	KUNIT_EXPECT_EQ(test, 0, dma_phys_lift(r));
	KUNIT_EXPECT_EQ(test, P2P_RANGE_LIVE, p2p_range_state(&r->range));
}

static void holder_refused(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct dma_phys_log *log = dma_phys_log_begin(test);
	struct dma_phys_range *r = test_range(test, f, "A");
	phys_addr_t phys = r->range.start;
	struct dma_phys_holder stubborn = { .dev = test_dev(f, "B") };
	struct dma_phys_holder h = {
		.dev = test_dev(f, "B"),
		.invalidate = test_invalidate,
	};
	int i;

	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			dma_phys_hold(&stubborn, phys, SZ_4K));
	EXPECT_LOGGED(test, log, "this driver cannot give it up");
	KUNIT_EXPECT_EQ(test, -ENXIO, dma_phys_hold(&h, NOBODY, SZ_4K));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			dma_phys_hold(&h, phys - SZ_4K, SZ_8K));
	KUNIT_EXPECT_EQ(test, 0, dma_phys_fence(r, 0));
	KUNIT_EXPECT_EQ(test, -EAGAIN, dma_phys_hold(&h, phys, SZ_4K));
	KUNIT_EXPECT_EQ(test, 0, dma_phys_lift(r));
	KUNIT_EXPECT_EQ(test, 0, dma_phys_fence(r, 20));
	for (i = 0; i < 200 && !READ_ONCE(r->expired); i++)
		msleep(20);
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, dma_phys_hold(&h, phys, SZ_4K));
	KUNIT_EXPECT_EQ(test, 0, dma_phys_lift(r));
	KUNIT_EXPECT_EQ(test, 0, dma_phys_hold(&h, phys, SZ_4K));
	dma_phys_unhold(&h);
}

/*
 * Mapping, fencing and lifting all at once: nothing in flight under a fence.
 * Each fence waits for RCU; with one processor less can happen at once, and a
 * few show it.
 */
#define STRESS_CLIENTS	3
#define STRESS_FENCES	(IS_ENABLED(CONFIG_SMP) ? 200 : 20)

struct stress_client {
	struct task_struct *task;
	struct dma_phys_range *r;
	struct device *dev;
	unsigned long mapped;
	unsigned long refused;
	bool errors;
};

static int stress_client(void *data)
{
	struct stress_client *c = data;
	phys_addr_t phys = c->r->range.start;
	struct dma_phys_path *path;

	while (!kthread_should_stop()) {
		path = dma_phys_get(c->dev, phys, SZ_4K, 0);
		if (IS_ERR(path)) {
			c->refused++;
			if (PTR_ERR(path) != -EAGAIN)
				c->errors = true;
			cond_resched();
			continue;
		}
		dma_phys_charge(path, SZ_4K);
		if (p2p_range_is_idle(&c->r->range))
			c->errors = true;
		c->mapped++;
		cond_resched();
		dma_phys_put(path, SZ_4K);
	}
	return 0;
}

static void fence_under_load(struct kunit *test)
{
	static const char * const names[STRESS_CLIENTS] = { "A", "B", "C" };
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct dma_phys_range *r = test_range(test, f, "A");
	struct stress_client *c;
	unsigned long mapped = 0, refused = 0;
	int i, n;

	c = kunit_kcalloc(test, STRESS_CLIENTS, sizeof(*c), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, c);
	for (i = 0; i < STRESS_CLIENTS; i++) {
		c[i].r = r;
		c[i].dev = test_dev(f, names[i]);
		c[i].task = kthread_run(stress_client, &c[i], "fence/%d", i);
		KUNIT_ASSERT_FALSE(test, IS_ERR(c[i].task));
	}
	for (n = 0; n < STRESS_FENCES; n++) {
		KUNIT_EXPECT_EQ(test, 0, dma_phys_fence(r, 0));
		KUNIT_EXPECT_EQ(test, 0, dma_phys_wait(r, 10 * HZ));
		for (i = 0; i < STRESS_CLIENTS; i++)
			test_inflight(test, r, c[i].dev, 0, 0);
		KUNIT_EXPECT_EQ(test, 0, dma_phys_lift(r));
		schedule_timeout_uninterruptible(n % 2);
	}
	for (i = 0; i < STRESS_CLIENTS; i++) {
		kthread_stop(c[i].task);
		KUNIT_EXPECT_FALSE(test, c[i].errors);
		mapped += c[i].mapped;
		refused += c[i].refused;
		test_inflight(test, r, c[i].dev, 0, 0);
	}
	kunit_info(test, "%d fences, %lu mappings, %lu refused\n", n, mapped,
		   refused);
	KUNIT_EXPECT_GT(test, mapped, 0);
	EXPECT_IDLE(test, r);
}

static struct kunit_case dma_phys_fence_cases[] = {
	KUNIT_CASE(counts),
	KUNIT_CASE(counts_no_failures),
	KUNIT_CASE(fence_and_lift),
	KUNIT_CASE(wait_times_out),
	KUNIT_CASE(holder_is_told_of_fence),
	KUNIT_CASE(holder_is_told_of_lift),
	KUNIT_CASE(holder_is_told_of_end),
	KUNIT_CASE(holder_is_told_late),
	KUNIT_CASE_SLOW(goes_while_fenced),
	KUNIT_CASE(next_life),
	KUNIT_CASE(holder_refused),
	KUNIT_CASE_SLOW(fence_under_load),
	{}
};

static struct kunit_suite dma_phys_fence_suite = {
	.name = "dma_phys_fence",
	.test_cases = dma_phys_fence_cases,
};

kunit_test_suite(dma_phys_fence_suite);

MODULE_DESCRIPTION("KUnit tests for fences on peer-to-peer DMA");
MODULE_LICENSE("GPL");
