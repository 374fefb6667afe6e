// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for the peer-to-peer range tree: everything in random order, and
 * everything at the same time.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/p2p_range_tree.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/sched/task.h>
#include <linux/sizes.h>

#include "p2p_range_test.h"

static unsigned long long seed;
module_param(seed, ullong, 0444);
MODULE_PARM_DESC(seed, "seed of the randomised test; 0: a new one each run");

static unsigned int model_ops = 2500;
module_param(model_ops, uint, 0444);
MODULE_PARM_DESC(model_ops, "operations of the randomised test");

/*
 * A randomised run against a model that cannot be wrong: one owner a frame, and
 * a piece is looked up by looking at each of its frames.
 */
#define MODEL_FRAMES	192
#define MODEL_RANGES	24

struct model {
	struct p2p_range ranges[MODEL_RANGES];
	bool registered[MODEL_RANGES];
	int fences[MODEL_RANGES];
	int refs[MODEL_RANGES];
	int owner[MODEL_FRAMES];	/* index into ranges, or -1 */
	struct rnd_state rnd;
};

static u32 model_below(struct model *m, u32 limit)
{
	return prandom_u32_state(&m->rnd) % limit;
}

static void model_register(struct kunit *test, struct model *m, int i)
{
	u32 first = model_below(m, MODEL_FRAMES);
	u32 count = 1 + model_below(m, model_below(m, 2) ? 4 : 40);
	bool overlap = false;
	u32 f;

	if (m->registered[i])
		return;
	count = min(count, MODEL_FRAMES - first);
	for (f = first; f < first + count; f++)
		overlap |= m->owner[f] >= 0;

	m->ranges[i].start = TEST_BASE + first * (phys_addr_t)SZ_4K;
	m->ranges[i].size = count * (phys_addr_t)SZ_4K;
	KUNIT_ASSERT_EQ_MSG(test, overlap ? -EEXIST : 0,
			    p2p_range_register(&m->ranges[i]),
			    "register %d: %u+%u", i, first, count);
	if (overlap)
		return;
	m->registered[i] = true;
	for (f = first; f < first + count; f++)
		m->owner[f] = i;
}

static void model_unregister(struct model *m, int i)
{
	int f;

	if (!m->registered[i] || m->refs[i])
		return;
	p2p_range_unregister(&m->ranges[i]);
	m->registered[i] = false;
	m->fences[i] = 0;
	for (f = 0; f < MODEL_FRAMES; f++)
		if (m->owner[f] == i)
			m->owner[f] = -1;
}

static void model_lookup(struct kunit *test, struct model *m)
{
	u32 limit = MODEL_FRAMES * SZ_4K;
	u32 from = model_below(m, limit);
	u32 len = model_below(m, model_below(m, 2) ? SZ_8K : SZ_256K);
	u32 last, f;
	enum p2p_range_match want;
	struct p2p_range *found;
	int owner = -1, holes = 0, owners = 0;

	/* edges are where the mistakes are */
	if (model_below(m, 2))
		from = round_down(from, SZ_4K);
	if (model_below(m, 2))
		len = round_down(len, SZ_4K);
	len = min(len, limit - from);

	last = (from + (len ? len - 1 : 0)) / SZ_4K;
	for (f = from / SZ_4K; f <= last; f++) {
		if (m->owner[f] < 0) {
			holes++;
		} else if (m->owner[f] != owner) {
			if (owner < 0)
				owner = m->owner[f];
			owners++;
		}
	}
	want = !owners ? P2P_RANGE_NONE :
	       owners == 1 && !holes ? P2P_RANGE_INSIDE : P2P_RANGE_STRADDLES;

	KUNIT_ASSERT_EQ_MSG(test, want,
			    test_lookup(TEST_BASE + from, len, &found),
			    "lookup %#x+%#x", from, len);
	KUNIT_ASSERT_PTR_EQ_MSG(test, owners ? &m->ranges[owner] : NULL, found,
				"lookup %#x+%#x", from, len);
}

static void model_walk(struct kunit *test, struct model *m)
{
	struct p2p_range *range;
	unsigned long index = 0;
	int f = 0;

	rcu_read_lock();
	p2p_range_for_each(range, index) {
		if (range->start < TEST_BASE)
			continue;
		while (f < MODEL_FRAMES && m->owner[f] < 0)
			f++;
		if (f >= MODEL_FRAMES || range != &m->ranges[m->owner[f]])
			break;
		f += range->size / SZ_4K;
	}
	rcu_read_unlock();
	while (f < MODEL_FRAMES && m->owner[f] < 0)
		f++;
	KUNIT_ASSERT_PTR_EQ(test, NULL, range);
	KUNIT_ASSERT_GE(test, f, MODEL_FRAMES);
}

static void model_use(struct kunit *test, struct model *m, int i)
{
	struct p2p_range *range = &m->ranges[i];

	if (!m->registered[i])
		return;
	switch (model_below(m, 8)) {
	case 0:
		KUNIT_ASSERT_EQ(test, 0, p2p_range_fence(range));
		m->fences[i]++;
		break;
	case 1:
	case 2:
		KUNIT_ASSERT_EQ(test, m->fences[i] ? 0 : -EINVAL,
				p2p_range_lift(range));
		m->fences[i] -= !!m->fences[i];
		break;
	case 3:
	case 4:
		if (!m->refs[i])
			break;
		p2p_range_put(range);
		m->refs[i]--;
		break;
	default:
		KUNIT_ASSERT_EQ(test, m->fences[i] ? -EAGAIN : 0,
				p2p_range_get(range));
		m->refs[i] += !m->fences[i];
		break;
	}
	KUNIT_ASSERT_EQ(test,
			m->fences[i] ? P2P_RANGE_FENCED : P2P_RANGE_LIVE,
			p2p_range_state(range));
	if (!m->fences[i])
		KUNIT_ASSERT_EQ(test, m->refs[i], p2p_range_inflight(range));
}

static void model_clean(void *data)
{
	struct model *m = data;
	int i;

	for (i = 0; i < MODEL_RANGES; i++) {
		while (m->refs[i]) {
			p2p_range_put(&m->ranges[i]);
			m->refs[i]--;
		}
		model_unregister(m, i);
	}
}

static void random_against_model(struct kunit *test)
{
	u64 use = seed ?: get_random_u64();
	unsigned int op;
	struct model *m;
	int i;

	kunit_info(test, "seed %llu, p2p_range_race_kunit.seed= repeats it\n",
		   use);
	m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, m);
	prandom_seed_state(&m->rnd, use);
	memset(m->owner, -1, sizeof(m->owner));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, model_clean, m));

	for (op = 0; op < model_ops; op++) {
		i = model_below(m, MODEL_RANGES);
		switch (model_below(m, 32)) {
		case 0 ... 3:
			model_register(test, m, i);
			break;
		case 4 ... 5:
			model_unregister(m, i);
			break;
		case 6 ... 15:
			model_use(test, m, i);
			break;
		case 16:
			model_walk(test, m);
			break;
		default:
			model_lookup(test, m);
		}
		cond_resched();
	}
}

/*
 * Everything at once.  Readers take and drop references by address; one thread
 * fences and lifts, one registers and unregisters.  A reader that holds a
 * reference must find the range registered, whatever the others do, and what a
 * drained range must not see is a reference.
 */
#define RACE_READERS	3
/* waits for RCU some ten times a round, and one processor has less to race */
#define RACE_ROUNDS	(IS_ENABLED(CONFIG_SMP) ? 40 : 10)
#define RACE_POISON	((const char *)0x6b6b)

struct race {
	struct p2p_range *range;	/* registered and unregistered */
	struct mutex owner;		/* whoever calls into it, keeps it */
	atomic_t held;			/* references, counted by ourselves */
	atomic_t bad;
	atomic_long_t got;
	atomic_long_t fenced;
	atomic_long_t gone;
	bool present;
	bool stop;
};

static int race_reader(void *data)
{
	struct race *race = data;
	struct p2p_range *range;
	unsigned int n = 0;
	int ret;

	while (!READ_ONCE(race->stop)) {
		cond_resched();
		rcu_read_lock();
		if (p2p_range_lookup(TEST_RANGE + SZ_8K, SZ_4K, &range) !=
		    P2P_RANGE_INSIDE) {
			rcu_read_unlock();
			continue;
		}
		/* readable as long as we are in the RCU section */
		if (range->name == RACE_POISON)
			atomic_inc(&race->bad);
		ret = p2p_range_get(range);
		rcu_read_unlock();
		if (ret) {
			atomic_long_inc(ret == -EAGAIN ? &race->fenced :
					&race->gone);
			continue;
		}

		atomic_inc(&race->held);
		atomic_long_inc(&race->got);
		if (++n % 64 == 0)
			usleep_range(50, 100);
		/* held: it cannot have left the tree, nor been freed */
		if (range->name == RACE_POISON || !test_found(range))
			atomic_inc(&race->bad);
		atomic_dec(&race->held);
		p2p_range_put(range);
	}
	return 0;
}

static int race_fencer(void *data)
{
	struct race *race = data;

	while (!READ_ONCE(race->stop)) {
		mutex_lock(&race->owner);
		if (race->present && !p2p_range_fence(race->range)) {
			if (p2p_range_wait(race->range) ||
			    atomic_read(&race->held))
				atomic_inc(&race->bad);
			if (p2p_range_lift(race->range))
				atomic_inc(&race->bad);
		}
		mutex_unlock(&race->owner);
		usleep_range(100, 2000);
	}
	return 0;
}

/*
 * Let the others at the range: until one has had a reference, for on a busy
 * machine they may sleep longer than we do.
 */
static void race_let(struct race *race)
{
	long got = atomic_long_read(&race->got);
	int i;

	for (i = 0; i < 100; i++) {
		usleep_range(500, 5000);
		if (atomic_long_read(&race->got) != got)
			break;
	}
}

static void race(struct kunit *test)
{
	struct task_struct *task[RACE_READERS + 1];
	struct race *race;
	int i, round;

	race = kunit_kzalloc(test, sizeof(*race), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, race);
	mutex_init(&race->owner);

	for (i = 0; i <= RACE_READERS; i++) {
		task[i] = kthread_create(i ? race_reader : race_fencer, race,
					 "p2p_range_race/%d", i);
		if (IS_ERR(task[i]))
			break;
		get_task_struct(task[i]);
		wake_up_process(task[i]);
	}
	KUNIT_EXPECT_EQ(test, RACE_READERS + 1, i);

	for (round = 0; round < RACE_ROUNDS; round++) {
		struct p2p_range *range;

		range = kzalloc(sizeof(*range), GFP_KERNEL);
		if (!range)
			break;
		range->start = TEST_RANGE;
		range->size = TEST_SIZE;
		range->name = "race";
		mutex_lock(&race->owner);
		if (p2p_range_register(range))
			atomic_inc(&race->bad);
		race->range = range;
		race->present = true;
		mutex_unlock(&race->owner);
		race_let(race);

		/* every other time with a fence in the middle of its life */
		if (round & 1)
			mutex_lock(&race->owner);
		race->present = false;
		if (round & 2)
			p2p_range_fence(range);
		if (!(round & 1))
			mutex_lock(&race->owner);
		p2p_range_unregister(range);
		mutex_unlock(&race->owner);
		if (atomic_read(&race->held))
			atomic_inc(&race->bad);
		range->name = RACE_POISON;
		kfree(range);
	}

	WRITE_ONCE(race->stop, true);
	while (i--) {
		kthread_stop(task[i]);
		put_task_struct(task[i]);
	}
	KUNIT_EXPECT_EQ(test, RACE_ROUNDS, round);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&race->bad));
	KUNIT_EXPECT_GT(test, atomic_long_read(&race->got), 0);
	kunit_info(test, "%ld references, %ld fenced, %ld gone\n",
		   atomic_long_read(&race->got),
		   atomic_long_read(&race->fenced),
		   atomic_long_read(&race->gone));
}

/*
 * The neighbours of a range come and go, so that the tree grows, splits and
 * shrinks around it.  Who looks it up must find it at any moment, whole, and
 * must not find a neighbour that is not there.
 */
#define NEIGHBOURS	24
#define CROWD_ROUNDS	6

struct crowd {
	struct p2p_range *range;
	atomic_long_t found;
	atomic_t bad;
	bool stop;
};

static int crowd_reader(void *data)
{
	struct crowd *crowd = data;
	phys_addr_t start = crowd->range->start;
	struct p2p_range *range;

	while (!READ_ONCE(crowd->stop)) {
		cond_resched();
		if (test_lookup(start, TEST_SIZE, &range) != P2P_RANGE_INSIDE ||
		    range != crowd->range)
			atomic_inc(&crowd->bad);
		/* the frame before it is never anybody's */
		if (test_lookup(start - 1, 2, &range) != P2P_RANGE_STRADDLES ||
		    range != crowd->range)
			atomic_inc(&crowd->bad);
		if (test_lookup(start - SZ_4K, SZ_4K, &range) != P2P_RANGE_NONE)
			atomic_inc(&crowd->bad);
		atomic_long_inc(&crowd->found);
	}
	return 0;
}

static void race_neighbours(struct kunit *test)
{
	struct p2p_range *neighbours[NEIGHBOURS];
	struct task_struct *task;
	struct crowd *crowd;
	int i, j;

	crowd = kunit_kzalloc(test, sizeof(*crowd), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, crowd);
	crowd->range = test_range(test, TEST_RANGE, TEST_SIZE);
	/* every other frame below and above, near ones and far ones mixed */
	for (i = 0; i < NEIGHBOURS; i++) {
		phys_addr_t away = SZ_8K * (1 + (i * 7 % NEIGHBOURS) / 2);

		neighbours[i] = test_range_alloc(test, i * 7 % 2 ?
						 TEST_RANGE - SZ_4K - away :
						 TEST_RANGE + TEST_SIZE + away,
						 SZ_4K);
	}

	task = kthread_create(crowd_reader, crowd, "p2p_range_crowd");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	get_task_struct(task);
	wake_up_process(task);

	/* on a busy machine the reader may need a while to come to run */
	for (i = 0; i < CROWD_ROUNDS ||
	     (!atomic_long_read(&crowd->found) && i < 1000 * CROWD_ROUNDS);
	     i++) {
		for (j = 0; j < NEIGHBOURS; j++) {
			if (p2p_range_state(neighbours[j]))
				p2p_range_unregister(neighbours[j]);
			else if ((i + j) % 3 &&
				 p2p_range_register(neighbours[j]))
				atomic_inc(&crowd->bad);
		}
		usleep_range(50, 500);
	}

	WRITE_ONCE(crowd->stop, true);
	kthread_stop(task);
	put_task_struct(task);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&crowd->bad));
	KUNIT_EXPECT_GT(test, atomic_long_read(&crowd->found), 0);
	kunit_info(test, "%ld lookups\n", atomic_long_read(&crowd->found));
}

static struct kunit_case p2p_range_race_cases[] = {
	KUNIT_CASE_SLOW(random_against_model),
	KUNIT_CASE_SLOW(race),
	KUNIT_CASE_SLOW(race_neighbours),
	{}
};

static struct kunit_suite p2p_range_race_suite = {
	.name = "p2p_range_race",
	.test_cases = p2p_range_race_cases,
};

kunit_test_suite(p2p_range_race_suite);

MODULE_DESCRIPTION("KUnit tests for the peer-to-peer range tree, all at once");
MODULE_LICENSE("GPL");
