// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for the peer-to-peer range tree: what can be registered, and
 * what is found.  References and fences are in p2p_range_fence_kunit.c, the
 * randomised and racing cases in p2p_range_race_kunit.c.
 */
#include <kunit/test.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/p2p_range_tree.h>

#include "p2p_range_test.h"

/* registration */

struct register_case {
	const char *name;
	phys_addr_t start;
	phys_addr_t size;
	int ret;
};

#ifdef CONFIG_PHYS_ADDR_T_64BIT
#define RET_ON_TOP	(IS_ENABLED(CONFIG_64BIT) ? 0 : -ERANGE)
#else
#define RET_ON_TOP	0
#endif

static const struct register_case register_cases[] = {
	{ "one frame", TEST_BASE, SZ_4K, 0 },
	{ "many frames", TEST_BASE, SZ_16M, 0 },
	{ "4 KiB aligned only", TEST_BASE + SZ_4K, SZ_4K * 3, 0 },
	{ "zero size", TEST_BASE, 0, -EINVAL },
	{ "zero size, misaligned start", TEST_BASE + 1, 0, -EINVAL },
	{ "start off by one", TEST_BASE + 1, SZ_4K, -EFAULT },
	{ "start at half a frame", TEST_BASE + SZ_2K, SZ_4K, -EFAULT },
	{ "size off by one", TEST_BASE, SZ_4K + 1, -EFAULT },
	{ "size below a frame", TEST_BASE, SZ_512, -EFAULT },
	{ "last frame of all", PHYS_ADDR_MAX - SZ_4K + 1, SZ_4K, RET_ON_TOP },
	{ "wraps by a frame", PHYS_ADDR_MAX - SZ_4K + 1, SZ_8K, -EOVERFLOW },
	{ "wraps to itself", TEST_BASE, PHYS_ADDR_MAX - SZ_4K + 1, -EOVERFLOW },
#ifdef CONFIG_PHYS_ADDR_T_64BIT
	{ "ends at 4 GiB", SZ_4G - SZ_8K, SZ_8K, 0 },
	{ "begins at 4 GiB", SZ_4G, SZ_8K, 0 },
	{ "over 4 GiB", SZ_4G - SZ_4K, SZ_8K, 0 },
	{ "larger than 4 GiB", TEST_BASE, SZ_4G + SZ_4K, 0 },
	{ "above 44 bits", 1ULL << 48, SZ_4K, RET_ON_TOP },
	{ "ends above 44 bits", (1ULL << 44) - SZ_4K, SZ_8K, RET_ON_TOP },
#endif
};

KUNIT_ARRAY_PARAM_DESC(register, register_cases, name);

/* Most addresses here are nobody's on any machine; some are, on most. */
static void test_no_ram(struct kunit *test, phys_addr_t start, size_t size)
{
	if (region_intersects(start, size, IORESOURCE_SYSTEM_RAM,
			      IORES_DESC_NONE) != REGION_DISJOINT)
		kunit_skip(test, "this machine has RAM there");
}

static void register_one(struct kunit *test)
{
	const struct register_case *c = test->param_value;
	struct p2p_range *range = test_range_alloc(test, c->start, c->size);
	struct p2p_range *found;

	if (!c->ret)
		test_no_ram(test, c->start, c->size);
	KUNIT_ASSERT_EQ(test, c->ret, p2p_range_register(range));
	if (c->ret) {
		KUNIT_EXPECT_EQ(test, P2P_RANGE_UNREGISTERED,
				p2p_range_state(range));
		KUNIT_EXPECT_EQ(test, P2P_RANGE_NONE,
				test_lookup(c->start, 1, &found));
		KUNIT_EXPECT_PTR_EQ(test, NULL, found);
		return;
	}
	KUNIT_EXPECT_EQ(test, P2P_RANGE_LIVE, p2p_range_state(range));
	KUNIT_EXPECT_EQ(test, P2P_RANGE_INSIDE,
			test_lookup(p2p_range_end(range), 1, &found));
	KUNIT_EXPECT_PTR_EQ(test, range, found);
	KUNIT_EXPECT_EQ(test, P2P_RANGE_INSIDE,
			test_lookup(c->start, 1, &found));
	KUNIT_EXPECT_PTR_EQ(test, range, found);
}

/* against a range at [TEST_RANGE, TEST_RANGE + TEST_SIZE) */
static const struct register_case overlap_cases[] = {
	{ "the same", TEST_RANGE, TEST_SIZE, -EEXIST },
	{ "its first frame", TEST_RANGE, SZ_4K, -EEXIST },
	{ "its last frame", TEST_RANGE + TEST_SIZE - SZ_4K, SZ_4K, -EEXIST },
	{ "inside", TEST_RANGE + SZ_8K, SZ_8K, -EEXIST },
	{ "around", TEST_RANGE - SZ_4K, TEST_SIZE + SZ_8K, -EEXIST },
	{ "over its start", TEST_RANGE - SZ_4K, SZ_8K, -EEXIST },
	{ "over its end", TEST_RANGE + TEST_SIZE - SZ_4K, SZ_8K, -EEXIST },
	{ "adjacent below", TEST_RANGE - SZ_4K, SZ_4K, 0 },
	{ "adjacent above", TEST_RANGE + TEST_SIZE, SZ_4K, 0 },
};

KUNIT_ARRAY_PARAM_DESC(overlap, overlap_cases, name);

static void register_overlap(struct kunit *test)
{
	const struct register_case *c = test->param_value;
	struct p2p_range *first = test_range(test, TEST_RANGE, TEST_SIZE);
	struct p2p_range *second = test_range_alloc(test, c->start, c->size);

	KUNIT_EXPECT_EQ(test, c->ret, p2p_range_register(second));
	KUNIT_EXPECT_TRUE(test, test_found(first));
	KUNIT_EXPECT_EQ(test, !c->ret, test_found(second));
}

/* against System RAM at [TEST_RANGE, TEST_RANGE + TEST_SIZE) */
static const struct register_case ram_cases[] = {
	{ "the same", TEST_RANGE, TEST_SIZE, -EBUSY },
	{ "its first frame", TEST_RANGE, SZ_4K, -EBUSY },
	{ "its last frame", TEST_RANGE + TEST_SIZE - SZ_4K, SZ_4K, -EBUSY },
	{ "around", TEST_RANGE - SZ_4K, TEST_SIZE + SZ_8K, -EBUSY },
	{ "over its start", TEST_RANGE - SZ_4K, SZ_8K, -EBUSY },
	{ "over its end", TEST_RANGE + TEST_SIZE - SZ_4K, SZ_8K, -EBUSY },
	{ "adjacent below", TEST_RANGE - SZ_4K, SZ_4K, 0 },
	{ "adjacent above", TEST_RANGE + TEST_SIZE, SZ_4K, 0 },
};

KUNIT_ARRAY_PARAM_DESC(ram, ram_cases, name);

static void test_release_resource(void *res)
{
	release_resource(res);
}

static void register_ram(struct kunit *test)
{
	const struct register_case *c = test->param_value;
	struct p2p_range *range = test_range_alloc(test, c->start, c->size);
	struct resource *ram;

	ram = kunit_kzalloc(test, sizeof(*ram), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ram);
	ram->name = "System RAM";
	ram->start = TEST_RANGE;
	ram->end = TEST_RANGE + TEST_SIZE - 1;
	ram->flags = IORESOURCE_SYSTEM_RAM;
	KUNIT_ASSERT_EQ(test, 0, request_resource(&iomem_resource, ram));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, test_release_resource,
						  ram));

	KUNIT_EXPECT_EQ(test, c->ret, p2p_range_register(range));
	KUNIT_EXPECT_EQ(test, !c->ret, test_found(range));
}

static void register_twice(struct kunit *test)
{
	struct p2p_range *range = test_range(test, TEST_RANGE, TEST_SIZE);

	KUNIT_EXPECT_EQ(test, 0, p2p_range_get(range));
	KUNIT_EXPECT_EQ(test, -EEXIST, p2p_range_register(range));
	/* the live range was not written to */
	KUNIT_EXPECT_EQ(test, 1, p2p_range_inflight(range));
	KUNIT_EXPECT_EQ(test, P2P_RANGE_LIVE, p2p_range_state(range));
	p2p_range_put(range);
}

static void register_again(struct kunit *test)
{
	struct p2p_range *range = test_range(test, TEST_RANGE, TEST_SIZE);
	int i;

	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, 0, p2p_range_fence(range));
		p2p_range_unregister(range);
		KUNIT_EXPECT_FALSE(test, test_found(range));
		KUNIT_ASSERT_EQ(test, 0, p2p_range_register(range));
		/* the old fence is void */
		KUNIT_EXPECT_EQ(test, 0, p2p_range_get(range));
		p2p_range_put(range);
	}
}

/* What names a range's memory may outlive it, so the paths keep asking. */
static void static_key(struct kunit *test)
{
	struct p2p_range *range = test_range_alloc(test, TEST_RANGE, TEST_SIZE);

	KUNIT_ASSERT_EQ(test, 0, p2p_range_register(range));
	KUNIT_EXPECT_TRUE(test, p2p_ranges_ever());
	p2p_range_unregister(range);
	KUNIT_EXPECT_TRUE(test, p2p_ranges_ever());
}

/* lookup */

#define LOW	TEST_RANGE			/* two adjacent ranges ... */
#define MID	(TEST_RANGE + TEST_SIZE)
#define GAP	(TEST_RANGE + 2 * TEST_SIZE)	/* ... a gap of one frame ... */
#define ONE	(GAP + SZ_4K)			/* ... a range of one frame */
#define END	(ONE + SZ_4K)

struct lookup_case {
	const char *name;
	phys_addr_t phys;
	size_t len;
	enum p2p_range_match match;
	phys_addr_t start;	/* of the range it finds */
};

static const struct lookup_case lookup_cases[] = {
	{ "far below", TEST_BASE, SZ_4K, P2P_RANGE_NONE },
	{ "byte before", LOW - 1, 1, P2P_RANGE_NONE },
	{ "frame before", LOW - SZ_4K, SZ_4K, P2P_RANGE_NONE },
	{ "nothing before", LOW - 1, 0, P2P_RANGE_NONE },
	{ "first byte", LOW, 1, P2P_RANGE_INSIDE, LOW },
	{ "no bytes at the first", LOW, 0, P2P_RANGE_INSIDE, LOW },
	{ "second byte", LOW + 1, 1, P2P_RANGE_INSIDE, LOW },
	{ "all of it", LOW, TEST_SIZE, P2P_RANGE_INSIDE, LOW },
	{ "all but the ends", LOW + 1, TEST_SIZE - 2, P2P_RANGE_INSIDE, LOW },
	{ "last byte", MID - 1, 1, P2P_RANGE_INSIDE, LOW },
	{ "last frame", MID - SZ_4K, SZ_4K, P2P_RANGE_INSIDE, LOW },
	{ "no bytes at the last", MID - 1, 0, P2P_RANGE_INSIDE, LOW },
	{ "first byte of the next", MID, 1, P2P_RANGE_INSIDE, MID },
	{ "all of the next", MID, TEST_SIZE, P2P_RANGE_INSIDE, MID },
	{ "byte in the gap", GAP, 1, P2P_RANGE_NONE },
	{ "all of the gap", GAP, SZ_4K, P2P_RANGE_NONE },
	{ "the one frame", ONE, SZ_4K, P2P_RANGE_INSIDE, ONE },
	{ "its last byte", END - 1, 1, P2P_RANGE_INSIDE, ONE },
	{ "byte behind", END, 1, P2P_RANGE_NONE },
	{ "far behind", END + SZ_1M, SZ_1M, P2P_RANGE_NONE },
	{ "into it by a byte", LOW - 1, 2, P2P_RANGE_STRADDLES, LOW },
	{ "into it by a frame", LOW - SZ_4K, SZ_8K, P2P_RANGE_STRADDLES, LOW },
	{ "far into it", TEST_BASE, SZ_1M + 1, P2P_RANGE_STRADDLES, LOW },
	{ "over the seam by bytes", MID - 1, 2, P2P_RANGE_STRADDLES, LOW },
	{ "both", LOW, 2 * TEST_SIZE, P2P_RANGE_STRADDLES, LOW },
	{ "a byte too long", LOW, TEST_SIZE + 1, P2P_RANGE_STRADDLES, LOW },
	{ "into the gap", GAP - 1, 2, P2P_RANGE_STRADDLES, MID },
	{ "over the gap", GAP - 1, SZ_4K + 2, P2P_RANGE_STRADDLES, MID },
	{ "from the gap", GAP, SZ_8K, P2P_RANGE_STRADDLES, ONE },
	{ "from the gap by a byte", ONE - 1, 2, P2P_RANGE_STRADDLES, ONE },
	{ "past the end by a byte", END - 1, 2, P2P_RANGE_STRADDLES, ONE },
	{ "around all", TEST_BASE, SZ_16M, P2P_RANGE_STRADDLES, LOW },
	{ "a byte to the end and round", PHYS_ADDR_MAX, 2, P2P_RANGE_NONE },
	{ "wraps from behind", END, SIZE_MAX, P2P_RANGE_NONE },
#ifdef CONFIG_64BIT
	{ "wraps from inside", ONE, SIZE_MAX, P2P_RANGE_STRADDLES, ONE },
	{ "wraps to inside", PHYS_ADDR_MAX, LOW + 2, P2P_RANGE_NONE },
	{ "wraps from below", TEST_BASE, SIZE_MAX, P2P_RANGE_STRADDLES, LOW },
#endif
#ifdef CONFIG_PHYS_ADDR_T_64BIT
	{ "4 GiB below", LOW - (1ULL << 32), 1, P2P_RANGE_NONE },
	{ "its low 32 bits", lower_32_bits(LOW), 1, P2P_RANGE_NONE },
	{ "16 TiB above", LOW + (1ULL << 44), 1, P2P_RANGE_NONE },
#endif
};

KUNIT_ARRAY_PARAM_DESC(lookup, lookup_cases, name);

static void lookup(struct kunit *test)
{
	const struct lookup_case *c = test->param_value;
	struct p2p_range *found = ERR_PTR(-EINVAL);

	test_range(test, LOW, TEST_SIZE);
	test_range(test, MID, TEST_SIZE);
	test_range(test, ONE, SZ_4K);

	KUNIT_EXPECT_EQ(test, c->match, test_lookup(c->phys, c->len, &found));
	if (c->match == P2P_RANGE_NONE) {
		KUNIT_EXPECT_PTR_EQ(test, NULL, found);
		return;
	}
	KUNIT_ASSERT_NOT_NULL(test, found);
	KUNIT_EXPECT_EQ(test, c->start, found->start);
}

static void lookup_empty(struct kunit *test)
{
	struct p2p_range *found = ERR_PTR(-EINVAL);

	KUNIT_EXPECT_EQ(test, P2P_RANGE_NONE,
			test_lookup(TEST_RANGE, SZ_4K, &found));
	KUNIT_EXPECT_PTR_EQ(test, NULL, found);
}

static void lookup_top(struct kunit *test)
{
	struct p2p_range *range, *found;
	phys_addr_t start = PHYS_ADDR_MAX - SZ_8K + 1;

	if (RET_ON_TOP)
		kunit_skip(test, "an index of this machine does not get there");
	range = test_range(test, start, SZ_8K);

	KUNIT_EXPECT_EQ(test, PHYS_ADDR_MAX, p2p_range_end(range));
	KUNIT_EXPECT_EQ(test, P2P_RANGE_INSIDE,
			test_lookup(PHYS_ADDR_MAX, 1, &found));
	KUNIT_EXPECT_PTR_EQ(test, range, found);
	KUNIT_EXPECT_EQ(test, P2P_RANGE_INSIDE,
			test_lookup(start, SZ_8K, &found));
	KUNIT_EXPECT_EQ(test, P2P_RANGE_STRADDLES,
			test_lookup(start - 1, 2, &found));
	KUNIT_EXPECT_EQ(test, P2P_RANGE_STRADDLES,
			test_lookup(start, SZ_8K + 1, &found));
	KUNIT_EXPECT_PTR_EQ(test, range, found);
	KUNIT_EXPECT_EQ(test, P2P_RANGE_STRADDLES,
			test_lookup(PHYS_ADDR_MAX, 2, &found));
	KUNIT_EXPECT_EQ(test, P2P_RANGE_NONE, test_lookup(0, 1, &found));
}

/* Where an index or a length of 32 bits would end. */
static void lookup_over_4g(struct kunit *test)
{
#ifdef CONFIG_PHYS_ADDR_T_64BIT
	struct p2p_range *below, *above, *found;

	test_no_ram(test, SZ_4G - SZ_8K, SZ_16K);
	below = test_range(test, SZ_4G - SZ_8K, SZ_8K);
	above = test_range(test, SZ_4G, SZ_8K);

	KUNIT_EXPECT_EQ(test, P2P_RANGE_INSIDE,
			test_lookup(SZ_4G - SZ_8K, SZ_8K, &found));
	KUNIT_EXPECT_PTR_EQ(test, below, found);
	KUNIT_EXPECT_EQ(test, P2P_RANGE_INSIDE,
			test_lookup(SZ_4G, SZ_8K, &found));
	KUNIT_EXPECT_PTR_EQ(test, above, found);
	KUNIT_EXPECT_EQ(test, P2P_RANGE_STRADDLES,
			test_lookup(SZ_4G - 1, 2, &found));
	KUNIT_EXPECT_PTR_EQ(test, below, found);
	KUNIT_EXPECT_EQ(test, P2P_RANGE_NONE,
			test_lookup(SZ_4G + SZ_8K, 1, &found));
	KUNIT_EXPECT_EQ(test, P2P_RANGE_NONE, test_lookup(0, 1, &found));
	KUNIT_EXPECT_EQ(test, P2P_RANGE_NONE,
			test_lookup(2 * SZ_4G, SZ_8K, &found));
#else
	kunit_skip(test, "there is nothing above 4 GiB");
#endif
}

static void lookup_bottom(struct kunit *test)
{
	struct p2p_range *range = test_range_alloc(test, 0, SZ_4K);
	struct p2p_range *found;
	int ret = p2p_range_register(range);

	if (ret == -EBUSY)
		kunit_skip(test, "RAM of this machine begins at 0");
	KUNIT_ASSERT_EQ(test, 0, ret);
	KUNIT_EXPECT_EQ(test, P2P_RANGE_INSIDE, test_lookup(0, SZ_4K, &found));
	KUNIT_EXPECT_PTR_EQ(test, range, found);
	KUNIT_EXPECT_EQ(test, P2P_RANGE_STRADDLES,
			test_lookup(0, SZ_4K + 1, &found));
	KUNIT_EXPECT_EQ(test, P2P_RANGE_NONE, test_lookup(SZ_4K, 1, &found));
}

/* Frame by frame, and more of them than a node of the tree holds. */
static void lookup_adjacent_frames(struct kunit *test)
{
	struct p2p_range *ranges[32], *found;
	const int n = ARRAY_SIZE(ranges);
	phys_addr_t start;
	int i, gone;

	/* 27 and their number have no common divisor */
	for (i = 0; i < n; i++)
		ranges[i * 27 % n] = test_range(test, TEST_RANGE +
						(i * 27 % n) * SZ_4K, SZ_4K);

	/* with all there, and then with every other one */
	for (gone = 0; gone < 2; gone++) {
		for (i = 0; i < n; i++) {
			start = TEST_RANGE + i * SZ_4K;
			if (gone && i % 2 == 0) {
				p2p_range_unregister(ranges[i]);
				KUNIT_EXPECT_EQ(test, P2P_RANGE_NONE,
						test_lookup(start, SZ_4K,
							    &found));
				continue;
			}
			KUNIT_EXPECT_EQ(test, P2P_RANGE_INSIDE,
					test_lookup(start, SZ_4K, &found));
			KUNIT_EXPECT_PTR_EQ(test, ranges[i], found);
			KUNIT_EXPECT_EQ(test, P2P_RANGE_STRADDLES,
					test_lookup(start + SZ_4K - 1, 2,
						    &found));
			KUNIT_EXPECT_PTR_EQ(test, ranges[i], found);
		}
	}
}

static void lookup_all(struct kunit *test, struct p2p_range **ranges, int n)
{
	struct p2p_range *found, *range;
	bool above = false;
	phys_addr_t start;
	int i;

	for (i = 0; i < n; i++) {
		start = ranges[i]->start;
		range = p2p_range_state(ranges[i]) == P2P_RANGE_LIVE ?
			ranges[i] : NULL;
		KUNIT_EXPECT_EQ(test, range ? P2P_RANGE_INSIDE : P2P_RANGE_NONE,
				test_lookup(start, SZ_4K, &found));
		KUNIT_EXPECT_PTR_EQ(test, range, found);
		/* from the hole before it into it, from it into the next */
		KUNIT_EXPECT_EQ(test, range ? P2P_RANGE_STRADDLES :
				P2P_RANGE_NONE,
				test_lookup(start - 1, 2, &found));
		KUNIT_EXPECT_PTR_EQ(test, range, found);
		KUNIT_EXPECT_EQ(test, range ? P2P_RANGE_STRADDLES :
				P2P_RANGE_NONE,
				test_lookup(start, SZ_4K + 1, &found));
		KUNIT_EXPECT_PTR_EQ(test, range, found);
		KUNIT_EXPECT_EQ(test, P2P_RANGE_NONE,
				test_lookup(start + SZ_4K, SZ_4K, &found));
		KUNIT_EXPECT_PTR_EQ(test, NULL, found);
		above |= i && range;
	}
	/* from a hole nearly around to itself: as far as the addresses go */
	if (above)
		KUNIT_EXPECT_EQ(test, P2P_RANGE_STRADDLES,
				test_lookup(ranges[0]->start + SZ_4K + 8,
					    SIZE_MAX, &found));
}

/* More and more of them, and less and less, and again: see P2P_RANGE_SLOTS. */
static void lookup_few_and_many(struct kunit *test)
{
	struct p2p_range *ranges[20];
	const int n = ARRAY_SIZE(ranges);
	int i, step;

	for (i = 0; i < n; i++)
		ranges[i] = test_range_alloc(test, TEST_RANGE + i * SZ_8K,
					     SZ_4K);
	for (step = 0; step < 3 * n; step++) {
		/* 7 and their number have no common divisor */
		i = step * 7 % n;
		if (step / n != 1)
			KUNIT_ASSERT_EQ(test, 0, p2p_range_register(ranges[i]));
		else
			p2p_range_unregister(ranges[i]);
		lookup_all(test, ranges, n);
	}
}

/* iteration */

static void walk(struct kunit *test)
{
	static const int order[] = { 5, 1, 7, 3, 0, 6, 2, 4 };
	struct p2p_range *ranges[ARRAY_SIZE(order)];
	struct p2p_range *range;
	unsigned long index;
	int i, n, gone;

	for (i = 0; i < ARRAY_SIZE(order); i++)
		ranges[order[i]] = test_range(test, TEST_BASE +
					      order[i] * SZ_64K, SZ_4K);

	for (gone = -1; gone < (int)ARRAY_SIZE(order); gone++) {
		if (gone >= 0)
			p2p_range_unregister(ranges[gone]);
		n = gone + 1;
		index = 0;
		rcu_read_lock();
		p2p_range_for_each(range, index) {
			if (range->start < TEST_BASE)
				continue;
			if (n == ARRAY_SIZE(order) || range != ranges[n])
				break;
			n++;
		}
		rcu_read_unlock();
		KUNIT_EXPECT_PTR_EQ(test, NULL, range);
		KUNIT_EXPECT_EQ(test, ARRAY_SIZE(order), n);
	}
}

static void walk_ends(struct kunit *test)
{
	struct p2p_range *top, *range;
	unsigned long index = 0;
	int n = 0;

	if (RET_ON_TOP)
		kunit_skip(test, "an index of this machine does not get there");
	top = test_range(test, PHYS_ADDR_MAX - SZ_4K + 1, SZ_4K);

	rcu_read_lock();
	p2p_range_for_each(range, index) {
		if (range == top)
			n++;
		if (n > 1)
			break;
	}
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, 1, n);
}

static struct kunit_case p2p_range_tree_cases[] = {
	KUNIT_CASE_PARAM(register_one, register_gen_params),
	KUNIT_CASE_PARAM(register_overlap, overlap_gen_params),
	KUNIT_CASE_PARAM(register_ram, ram_gen_params),
	KUNIT_CASE(register_twice),
	KUNIT_CASE(register_again),
	KUNIT_CASE(static_key),
	KUNIT_CASE_PARAM(lookup, lookup_gen_params),
	KUNIT_CASE(lookup_empty),
	KUNIT_CASE(lookup_top),
	KUNIT_CASE(lookup_over_4g),
	KUNIT_CASE(lookup_bottom),
	KUNIT_CASE(lookup_adjacent_frames),
	KUNIT_CASE(lookup_few_and_many),
	KUNIT_CASE(walk),
	KUNIT_CASE(walk_ends),
	{}
};

static struct kunit_suite p2p_range_tree_suite = {
	.name = "p2p_range_tree",
	.test_cases = p2p_range_tree_cases,
};

kunit_test_suite(p2p_range_tree_suite);

MODULE_DESCRIPTION("KUnit tests for the peer-to-peer range tree");
MODULE_LICENSE("GPL");
