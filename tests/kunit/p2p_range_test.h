/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the KUnit suites of the peer-to-peer range tree share.
 *
 * All addresses lie in a piece of address space that nobody uses: the tests
 * register ranges there, but never touch the memory.
 */
#ifndef _P2P_RANGE_TEST_H
#define _P2P_RANGE_TEST_H

#include <kunit/test.h>
#include <kunit/test-bug.h>
#include <linux/p2p_range_tree.h>
#include <linux/sizes.h>

#ifdef CONFIG_PHYS_ADDR_T_64BIT
#define TEST_BASE	((phys_addr_t)0xc000000000ULL)
#else
#define TEST_BASE	((phys_addr_t)0xc0000000UL)
#endif

#define TEST_RANGE	(TEST_BASE + SZ_1M)
#define TEST_SIZE	((phys_addr_t)SZ_64K)

/* A test that fails half way must not hang its own clean-up. */
static inline void test_range_remove(void *data)
{
	struct kunit *test = kunit_get_current_test();
	struct p2p_range *range = data;
	unsigned long leaked;

	if (p2p_range_state(range) != P2P_RANGE_LIVE &&
	    p2p_range_state(range) != P2P_RANGE_FENCED)
		return;
	leaked = p2p_range_inflight(range);
	if (leaked && test)
		KUNIT_FAIL(test, "%lu references leaked on %pa+%pa", leaked,
			   &range->start, &range->size);
	while (leaked--)
		p2p_range_put(range);
	p2p_range_unregister(range);
}

static inline struct p2p_range *
test_range_alloc(struct kunit *test, phys_addr_t start, phys_addr_t size)
{
	struct p2p_range *range;

	range = kunit_kzalloc(test, sizeof(*range), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, range);
	range->start = start;
	range->size = size;
	range->name = "kunit";
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, test_range_remove,
						  range));
	return range;
}

static inline struct p2p_range *
test_range(struct kunit *test, phys_addr_t start, phys_addr_t size)
{
	struct p2p_range *range = test_range_alloc(test, start, size);

	KUNIT_ASSERT_EQ(test, 0, p2p_range_register(range));
	return range;
}

static inline enum p2p_range_match
test_lookup(phys_addr_t phys, size_t len, struct p2p_range **range)
{
	enum p2p_range_match match;

	rcu_read_lock();
	match = p2p_range_lookup(phys, len, range);
	rcu_read_unlock();
	return match;
}

static inline bool test_found(struct p2p_range *range)
{
	struct p2p_range *found;

	return test_lookup(range->start, 1, &found) == P2P_RANGE_INSIDE &&
	       found == range;
}

#endif /* _P2P_RANGE_TEST_H */
