// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for the peer-to-peer range tree: references, fences, and
 * unregistering.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/p2p_range_tree.h>
#include <linux/timer.h>

#include "p2p_range_test.h"

/* Long enough for any machine, and finite: a wait that never ends must fail. */
#define TEST_TIMEOUT	(20 * HZ)

/* One-argument functions that a thread of their own runs to the end. */
struct test_call {
	void (*fn)(struct p2p_range *range);
	int (*ret_fn)(struct p2p_range *range);
	struct p2p_range *range;
	int ret;
	struct completion done;
};

static int test_call_thread(void *data)
{
	struct test_call *call = data;

	if (call->fn)
		call->fn(call->range);
	else
		call->ret = call->ret_fn(call->range);
	complete(&call->done);
	return 0;
}

static void test_call_start(struct kunit *test, struct test_call *call)
{
	struct task_struct *task;

	init_completion(&call->done);
	task = kthread_run(test_call_thread, call, "p2p_range_test");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
}

static bool test_call_done(struct test_call *call)
{
	return wait_for_completion_timeout(&call->done, TEST_TIMEOUT);
}

/* Give the other thread every chance to do what it must not do. */
static bool test_call_blocks(struct test_call *call)
{
	return !wait_for_completion_timeout(&call->done, HZ / 20 + 1);
}

/* references and fences */

static void get_put(struct kunit *test)
{
	struct p2p_range *range = test_range(test, TEST_RANGE, TEST_SIZE);
	int i;

	for (i = 0; i < 5; i++) {
		KUNIT_EXPECT_EQ(test, i, p2p_range_inflight(range));
		KUNIT_EXPECT_EQ(test, 0, p2p_range_get(range));
	}
	while (i) {
		KUNIT_EXPECT_EQ(test, i, p2p_range_inflight(range));
		p2p_range_put(range);
		i--;
	}
	KUNIT_EXPECT_EQ(test, 0, p2p_range_inflight(range));
	/* idle is for fenced ranges: DMA could start at any moment */
	KUNIT_EXPECT_FALSE(test, p2p_range_is_idle(range));
}

static void fence_idle(struct kunit *test)
{
	struct p2p_range *range = test_range(test, TEST_RANGE, TEST_SIZE);

	KUNIT_EXPECT_EQ(test, 0, p2p_range_fence(range));
	KUNIT_EXPECT_EQ(test, P2P_RANGE_FENCED, p2p_range_state(range));
	KUNIT_EXPECT_EQ(test, -EAGAIN, p2p_range_get(range));
	KUNIT_EXPECT_EQ(test, 0, p2p_range_wait(range));
	KUNIT_EXPECT_TRUE(test, p2p_range_is_idle(range));
	KUNIT_EXPECT_EQ(test, 0, p2p_range_inflight(range));
	KUNIT_EXPECT_EQ(test, -EAGAIN, p2p_range_get(range));
	KUNIT_EXPECT_TRUE(test, test_found(range));
	KUNIT_EXPECT_EQ(test, 0, p2p_range_lift(range));
	KUNIT_EXPECT_EQ(test, P2P_RANGE_LIVE, p2p_range_state(range));
	KUNIT_EXPECT_EQ(test, 0, p2p_range_get(range));
	p2p_range_put(range);
}

static void fence_nests(struct kunit *test)
{
	struct p2p_range *range = test_range(test, TEST_RANGE, TEST_SIZE);

	KUNIT_EXPECT_EQ(test, 0, p2p_range_fence(range));
	KUNIT_EXPECT_EQ(test, 0, p2p_range_fence(range));
	KUNIT_EXPECT_EQ(test, 0, p2p_range_lift(range));
	KUNIT_EXPECT_EQ(test, P2P_RANGE_FENCED, p2p_range_state(range));
	KUNIT_EXPECT_EQ(test, -EAGAIN, p2p_range_get(range));
	KUNIT_EXPECT_EQ(test, 0, p2p_range_wait(range));
	KUNIT_EXPECT_EQ(test, 0, p2p_range_lift(range));
	KUNIT_EXPECT_EQ(test, 0, p2p_range_get(range));
	p2p_range_put(range);
	KUNIT_EXPECT_EQ(test, -EINVAL, p2p_range_lift(range));
}

static void fence_misuse(struct kunit *test)
{
	struct p2p_range *range = test_range(test, TEST_RANGE, TEST_SIZE);

	KUNIT_EXPECT_EQ(test, -EINVAL, p2p_range_lift(range));
	KUNIT_EXPECT_EQ(test, -EINVAL, p2p_range_wait(range));
	KUNIT_EXPECT_EQ(test, P2P_RANGE_LIVE, p2p_range_state(range));
	KUNIT_EXPECT_EQ(test, 0, p2p_range_get(range));
	p2p_range_put(range);
}

static void fence_again_and_again(struct kunit *test)
{
	struct p2p_range *range = test_range(test, TEST_RANGE, TEST_SIZE);
	int i;

	/* every other time with the DMA of before still in flight */
	for (i = 0; i < 10; i++) {
		if (i & 1)
			KUNIT_EXPECT_EQ(test, 0, p2p_range_get(range));
		KUNIT_EXPECT_EQ(test, 0, p2p_range_fence(range));
		KUNIT_EXPECT_EQ(test, -EAGAIN, p2p_range_get(range));
		KUNIT_EXPECT_EQ(test, 0, p2p_range_lift(range));
		KUNIT_EXPECT_EQ(test, (i + 1) / 2, p2p_range_inflight(range));
	}
	for (i = 0; i < 5; i++)
		p2p_range_put(range);
	KUNIT_EXPECT_EQ(test, 0, p2p_range_fence(range));
	KUNIT_EXPECT_EQ(test, 0, p2p_range_wait(range));
	KUNIT_EXPECT_EQ(test, 0, p2p_range_lift(range));
}

static void fence_waits(struct kunit *test)
{
	struct p2p_range *range = test_range(test, TEST_RANGE, TEST_SIZE);
	struct test_call call = { .ret_fn = p2p_range_wait, .range = range };

	KUNIT_ASSERT_EQ(test, 0, p2p_range_get(range));
	KUNIT_ASSERT_EQ(test, 0, p2p_range_get(range));
	KUNIT_EXPECT_EQ(test, 0, p2p_range_fence(range));
	test_call_start(test, &call);
	KUNIT_EXPECT_TRUE(test, test_call_blocks(&call));
	KUNIT_EXPECT_EQ(test, 2, p2p_range_inflight(range));
	p2p_range_put(range);
	KUNIT_EXPECT_TRUE(test, test_call_blocks(&call));
	KUNIT_EXPECT_FALSE(test, p2p_range_is_idle(range));
	p2p_range_put(range);
	KUNIT_ASSERT_TRUE(test, test_call_done(&call));
	KUNIT_EXPECT_EQ(test, 0, call.ret);
}

static void fence_lifted_while_waiting(struct kunit *test)
{
	struct p2p_range *range = test_range(test, TEST_RANGE, TEST_SIZE);
	struct test_call call = { .ret_fn = p2p_range_wait, .range = range };

	KUNIT_ASSERT_EQ(test, 0, p2p_range_get(range));
	KUNIT_EXPECT_EQ(test, 0, p2p_range_fence(range));
	test_call_start(test, &call);
	KUNIT_EXPECT_TRUE(test, test_call_blocks(&call));
	KUNIT_EXPECT_EQ(test, 0, p2p_range_lift(range));
	KUNIT_EXPECT_TRUE(test, test_call_done(&call));
	KUNIT_EXPECT_EQ(test, -EINVAL, call.ret);
	p2p_range_put(range);
}

struct test_timer {
	struct timer_list timer;
	struct p2p_range *range;
};

static void test_timer_put(struct timer_list *timer)
{
	struct test_timer *t = container_of(timer, struct test_timer, timer);

	p2p_range_put(t->range);
}

static void put_in_softirq(struct kunit *test)
{
	struct p2p_range *range = test_range(test, TEST_RANGE, TEST_SIZE);
	struct test_timer t = { .range = range };

	KUNIT_ASSERT_EQ(test, 0, p2p_range_get(range));
	KUNIT_EXPECT_EQ(test, 0, p2p_range_fence(range));
	timer_setup_on_stack(&t.timer, test_timer_put, 0);
	mod_timer(&t.timer, jiffies + 2);
	KUNIT_EXPECT_EQ(test, 0, p2p_range_wait(range));
	KUNIT_EXPECT_TRUE(test, p2p_range_is_idle(range));
	timer_delete_sync(&t.timer);
	timer_destroy_on_stack(&t.timer);
	KUNIT_EXPECT_EQ(test, 0, p2p_range_lift(range));
}

static void any_context(struct kunit *test)
{
	struct p2p_range *range = test_range(test, TEST_RANGE, TEST_SIZE);
	struct p2p_range *found;
	unsigned long flags;
	int ret;

	local_irq_save(flags);
	rcu_read_lock();
	ret = p2p_range_lookup(TEST_RANGE, 1, &found) == P2P_RANGE_INSIDE ?
	      p2p_range_get(found) : -ENOENT;
	rcu_read_unlock();
	if (!ret)
		p2p_range_put(found);
	local_irq_restore(flags);
	KUNIT_EXPECT_EQ(test, 0, ret);
	KUNIT_EXPECT_EQ(test, 0, p2p_range_inflight(range));
}

/* unregistering */

static void unregister_idle(struct kunit *test)
{
	struct p2p_range *below, *range, *above;

	below = test_range(test, TEST_RANGE - TEST_SIZE, TEST_SIZE);
	range = test_range(test, TEST_RANGE, TEST_SIZE);
	above = test_range(test, TEST_RANGE + TEST_SIZE, TEST_SIZE);

	p2p_range_unregister(range);
	KUNIT_EXPECT_EQ(test, P2P_RANGE_UNREGISTERED, p2p_range_state(range));
	KUNIT_EXPECT_EQ(test, -ENODEV, p2p_range_get(range));
	KUNIT_EXPECT_FALSE(test, test_found(range));
	KUNIT_EXPECT_TRUE(test, test_found(below));
	KUNIT_EXPECT_TRUE(test, test_found(above));
	KUNIT_EXPECT_EQ(test, P2P_RANGE_NONE,
			test_lookup(TEST_RANGE, TEST_SIZE, &range));
}

static void unregister_waits(struct kunit *test)
{
	struct p2p_range *range = test_range(test, TEST_RANGE, TEST_SIZE);
	struct p2p_range *other = test_range(test, TEST_BASE, SZ_4K);
	struct p2p_range *same = test_range_alloc(test, TEST_RANGE, SZ_4K);
	struct test_call call = { .fn = p2p_range_unregister, .range = range };

	KUNIT_ASSERT_EQ(test, 0, p2p_range_get(range));
	test_call_start(test, &call);
	KUNIT_EXPECT_TRUE(test, test_call_blocks(&call));

	KUNIT_EXPECT_EQ(test, P2P_RANGE_GONE, p2p_range_state(range));
	KUNIT_EXPECT_EQ(test, -ENODEV, p2p_range_get(range));
	/* unmapping must still find it, and nobody else get its place */
	KUNIT_EXPECT_TRUE(test, test_found(range));
	KUNIT_EXPECT_EQ(test, -EEXIST, p2p_range_register(same));
	/* no way back, and no waiting for the one that goes */
	KUNIT_EXPECT_EQ(test, -ENODEV, p2p_range_fence(range));
	KUNIT_EXPECT_EQ(test, -ENODEV, p2p_range_lift(range));
	/* other ranges do not notice */
	KUNIT_EXPECT_EQ(test, 0, p2p_range_fence(other));
	KUNIT_EXPECT_EQ(test, 0, p2p_range_wait(other));
	KUNIT_EXPECT_EQ(test, 0, p2p_range_lift(other));
	p2p_range_unregister(other);

	KUNIT_EXPECT_EQ(test, 1, p2p_range_inflight(range));
	p2p_range_put(range);
	KUNIT_ASSERT_TRUE(test, test_call_done(&call));
	KUNIT_EXPECT_FALSE(test, test_found(range));
	KUNIT_EXPECT_EQ(test, 0, p2p_range_register(same));
}

static void unregister_fenced(struct kunit *test)
{
	struct p2p_range *range = test_range(test, TEST_RANGE, TEST_SIZE);

	KUNIT_EXPECT_EQ(test, 0, p2p_range_fence(range));
	KUNIT_EXPECT_EQ(test, 0, p2p_range_fence(range));
	p2p_range_unregister(range);
	KUNIT_EXPECT_FALSE(test, test_found(range));
}

static void unregister_fenced_waits(struct kunit *test)
{
	struct p2p_range *range = test_range(test, TEST_RANGE, TEST_SIZE);
	struct test_call wait = { .ret_fn = p2p_range_wait, .range = range };
	struct test_call call = { .fn = p2p_range_unregister, .range = range };

	KUNIT_ASSERT_EQ(test, 0, p2p_range_get(range));
	KUNIT_EXPECT_EQ(test, 0, p2p_range_fence(range));
	KUNIT_EXPECT_EQ(test, -EAGAIN, p2p_range_get(range));
	test_call_start(test, &wait);
	test_call_start(test, &call);
	KUNIT_EXPECT_TRUE(test, test_call_blocks(&call));
	KUNIT_EXPECT_EQ(test, -ENODEV, p2p_range_get(range));
	KUNIT_EXPECT_EQ(test, -ENODEV, p2p_range_lift(range));
	KUNIT_EXPECT_TRUE(test, test_found(range));
	KUNIT_EXPECT_TRUE(test, test_call_blocks(&wait));
	p2p_range_put(range);
	KUNIT_EXPECT_TRUE(test, test_call_done(&wait));
	KUNIT_ASSERT_TRUE(test, test_call_done(&call));
	KUNIT_EXPECT_EQ(test, 0, wait.ret);
	KUNIT_EXPECT_FALSE(test, test_found(range));
}

/* The two halves of unregistering, by one who wants to know how it goes. */
static void shut_and_wait(struct kunit *test)
{
	struct p2p_range *range = test_range(test, TEST_RANGE, TEST_SIZE);
	struct p2p_range *same = test_range_alloc(test, TEST_RANGE, SZ_4K);

	KUNIT_ASSERT_EQ(test, 0, p2p_range_get(range));
	p2p_range_shut(range);
	p2p_range_shut(range);
	KUNIT_EXPECT_EQ(test, P2P_RANGE_GONE, p2p_range_state(range));
	KUNIT_EXPECT_EQ(test, -ENODEV, p2p_range_get(range));
	KUNIT_EXPECT_EQ(test, -ENODEV, p2p_range_fence(range));
	KUNIT_EXPECT_EQ(test, -ENODEV, p2p_range_lift(range));
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, p2p_range_wait_timeout(range, 1));
	KUNIT_EXPECT_TRUE(test, test_found(range));
	KUNIT_EXPECT_FALSE(test, p2p_range_is_idle(range));

	p2p_range_put(range);
	KUNIT_EXPECT_EQ(test, 0, p2p_range_wait_timeout(range, TEST_TIMEOUT));
	KUNIT_EXPECT_EQ(test, 0, p2p_range_wait(range));
	/* it is shut, not away */
	KUNIT_EXPECT_EQ(test, P2P_RANGE_GONE, p2p_range_state(range));
	KUNIT_EXPECT_TRUE(test, test_found(range));
	KUNIT_EXPECT_EQ(test, -EEXIST, p2p_range_register(same));

	p2p_range_unregister(range);
	KUNIT_EXPECT_EQ(test, P2P_RANGE_UNREGISTERED, p2p_range_state(range));
	KUNIT_EXPECT_FALSE(test, test_found(range));
	KUNIT_EXPECT_EQ(test, 0, p2p_range_register(same));
}

static void shut_fenced(struct kunit *test)
{
	struct p2p_range *range = test_range(test, TEST_RANGE, TEST_SIZE);

	KUNIT_ASSERT_EQ(test, 0, p2p_range_get(range));
	KUNIT_EXPECT_EQ(test, 0, p2p_range_fence(range));
	p2p_range_shut(range);
	KUNIT_EXPECT_EQ(test, P2P_RANGE_GONE, p2p_range_state(range));
	KUNIT_EXPECT_EQ(test, -ENODEV, p2p_range_get(range));
	KUNIT_EXPECT_EQ(test, -ENODEV, p2p_range_lift(range));
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, p2p_range_wait_timeout(range, 1));
	p2p_range_put(range);
	KUNIT_EXPECT_EQ(test, 0, p2p_range_wait_timeout(range, TEST_TIMEOUT));
	p2p_range_unregister(range);
	KUNIT_EXPECT_FALSE(test, test_found(range));
}

/* A lookup that found the range while it was draining still looks at it. */
static void unregister_waits_for_readers(struct kunit *test)
{
	struct p2p_range *range = test_range(test, TEST_RANGE, TEST_SIZE);
	struct test_call call = { .fn = p2p_range_unregister, .range = range };
	enum p2p_range_match match;
	struct p2p_range *found;
	unsigned long end;
	bool done;

	KUNIT_ASSERT_EQ(test, 0, p2p_range_get(range));
	test_call_start(test, &call);
	/* long enough for the percpu_ref to become atomic */
	KUNIT_EXPECT_TRUE(test, test_call_blocks(&call));
	KUNIT_EXPECT_TRUE(test, test_call_blocks(&call));

	rcu_read_lock();
	match = p2p_range_lookup(TEST_RANGE, 1, &found);
	p2p_range_put(range);
	end = jiffies + HZ / 10 + 1;
	while (time_before(jiffies, end))
		cpu_relax();
	done = completion_done(&call.done);
	rcu_read_unlock();

	KUNIT_EXPECT_EQ(test, P2P_RANGE_INSIDE, match);
	KUNIT_EXPECT_PTR_EQ(test, range, found);
	KUNIT_EXPECT_FALSE(test, done);
	KUNIT_ASSERT_TRUE(test, test_call_done(&call));
}

static struct kunit_case p2p_range_fence_cases[] = {
	KUNIT_CASE(get_put),
	KUNIT_CASE(fence_idle),
	KUNIT_CASE(fence_nests),
	KUNIT_CASE(fence_misuse),
	KUNIT_CASE(fence_again_and_again),
	KUNIT_CASE(fence_waits),
	KUNIT_CASE(fence_lifted_while_waiting),
	KUNIT_CASE(put_in_softirq),
	KUNIT_CASE(any_context),
	KUNIT_CASE(unregister_idle),
	KUNIT_CASE(unregister_waits),
	KUNIT_CASE(unregister_fenced),
	KUNIT_CASE(unregister_fenced_waits),
	KUNIT_CASE(shut_and_wait),
	KUNIT_CASE(shut_fenced),
	KUNIT_CASE(unregister_waits_for_readers),
	{}
};

static struct kunit_suite p2p_range_fence_suite = {
	.name = "p2p_range_fence",
	.test_cases = p2p_range_fence_cases,
};

kunit_test_suite(p2p_range_fence_suite);

MODULE_DESCRIPTION("KUnit tests for fences of the peer-to-peer range tree");
MODULE_LICENSE("GPL");
