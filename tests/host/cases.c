// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs the KUnit suites that are linked in, and a few cases that only user
 * space can have.  usage: cases [PARAM=VALUE...]
 */
#include <stdio.h>

#include <linux/p2p_range_tree.h>
#include "kunit.h"

struct kunit_action {
	void (*fn)(void *data);
	void *data;
	struct kunit_action *next;
};

static struct kunit_suite *suites;
static struct kunit *current_test;
static unsigned int passed, failed, skipped;

void host_add_suite(struct kunit_suite *suite)
{
	suite->next = suites;
	suites = suite;
}

struct kunit *kunit_get_current_test(void)
{
	return current_test;
}

void host_fail(struct kunit *test, const char *file, int line,
	       const char *what)
{
	test->failed = true;
	printf("        %s:%d: %s\n", file, line, what);
}

void host_end(struct kunit *test)
{
	longjmp(test->end, 1);
}

int kunit_add_action_or_reset(struct kunit *test, void (*fn)(void *data),
			      void *data)
{
	struct kunit_action *action = malloc(sizeof(*action));

	if (!action)
		abort();
	action->fn = fn;
	action->data = data;
	action->next = test->actions;
	test->actions = action;
	return 0;
}

static void action_run(struct kunit_action **link)
{
	struct kunit_action *action = *link;

	*link = action->next;
	action->fn(action->data);
	free(action);
}

void kunit_release_action(struct kunit *test, void (*fn)(void *data),
			  void *data)
{
	struct kunit_action **link;

	for (link = &test->actions; *link; link = &(*link)->next) {
		if ((*link)->fn == fn && (*link)->data == data) {
			action_run(link);
			return;
		}
	}
	abort();
}

void *kunit_kzalloc(struct kunit *test, size_t size, gfp_t gfp)
{
	void *p = calloc(1, size);

	if (!p)
		abort();
	kunit_add_action_or_reset(test, free, p);
	return p;
}

/* tests/host/run looks for each case of the source. */
static void case_passed(const char *suite, const char *name, const char *desc)
{
	printf("  ok    %s.%s %s\n", suite, name, desc);
	passed++;
}

static void run_one(struct kunit_suite *suite, struct kunit_case *c,
		    const void *param, const char *desc)
{
	unsigned long warnings = host_warnings();
	struct kunit test = { .param_value = param };

	current_test = &test;
	if (!setjmp(test.end))
		c->run(&test);
	while (test.actions)
		action_run(&test.actions);
	current_test = NULL;
	host_tree_validate();
	if (host_warnings() != warnings)
		host_fail(&test, c->name, 0, "a warning");
	if (!host_threads_gone())
		host_fail(&test, c->name, 0, "threads are left");

	if (test.failed) {
		printf("  FAIL  %s.%s %s\n", suite->name, c->name, desc);
		failed++;
	} else if (test.skipped) {
		skipped++;
	} else {
		case_passed(suite->name, c->name, desc);
	}
}

static void run_suite(struct kunit_suite *suite)
{
	struct kunit_case *c;
	const void *param;
	char desc[KUNIT_DESC];

	for (c = suite->test_cases; c->run; c++) {
		if (!c->generate) {
			run_one(suite, c, NULL, "");
			continue;
		}
		param = NULL;
		while ((param = c->generate(param, desc)))
			run_one(suite, c, param, desc);
	}
}

/* cases that the kernel cannot have */

static struct p2p_range range_at(phys_addr_t start)
{
	return (struct p2p_range){
		.start = start, .size = P2P_RANGE_ALIGN, .name = "host",
	};
}

static void no_memory(struct kunit *test)
{
	struct p2p_range range = range_at(P2P_RANGE_ALIGN);
	unsigned long index = 0;

	host_fail_init = 1;
	KUNIT_EXPECT_EQ(test, -ENOMEM, p2p_range_register(&range));
	KUNIT_EXPECT_EQ(test, 0, host_fail_init);
	rcu_read_lock();
	KUNIT_EXPECT_PTR_EQ(test, NULL, p2p_range_next(&index));
	rcu_read_unlock();
	/* and with memory it works */
	KUNIT_ASSERT_EQ(test, 0, p2p_range_register(&range));
	p2p_range_unregister(&range);
}

/* The warning is what is tested: not in the suite, which fails who warns. */
static void lookup_unlocked_warns(struct kunit *test)
{
	struct p2p_range *found;
	unsigned long before = host_warnings();

	printf("        expected: ");
	p2p_range_lookup(0, 1, &found);
	KUNIT_EXPECT_EQ(test, before + 1, host_warnings());
}

/* Enough ranges for a tree of some levels, the freed ones poisoned by ASan. */
static void many(struct kunit *test)
{
	static struct p2p_range *ranges[2000];
	unsigned long index = 0;
	struct p2p_range *found;
	int i, j;

	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		ranges[i] = malloc(sizeof(**ranges));
		*ranges[i] = range_at(i * 2 * (phys_addr_t)P2P_RANGE_ALIGN);
		KUNIT_ASSERT_EQ(test, 0, p2p_range_register(ranges[i]));
	}
	host_tree_validate();
	/* 7 and the number of ranges have no common divisor */
	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		phys_addr_t start;

		j = i * 7 % ARRAY_SIZE(ranges);
		start = ranges[j]->start;
		rcu_read_lock();
		KUNIT_EXPECT_EQ(test, P2P_RANGE_INSIDE,
				p2p_range_lookup(start, 1, &found));
		KUNIT_EXPECT_PTR_EQ(test, ranges[j], found);
		rcu_read_unlock();
		p2p_range_unregister(ranges[j]);
		free(ranges[j]);
		rcu_read_lock();
		KUNIT_EXPECT_EQ(test, P2P_RANGE_NONE,
				p2p_range_lookup(start, 1, &found));
		rcu_read_unlock();
		if (i % 100 == 0)
			host_tree_validate();
	}
	rcu_read_lock();
	KUNIT_EXPECT_PTR_EQ(test, NULL, p2p_range_next(&index));
	rcu_read_unlock();
}

/*
 * Whichever goes, one that found the table full gets its slot: see tree.c,
 * which complains.  And one that does not get in leaves no trace in it.
 */
static void slots(struct kunit *test)
{
	struct p2p_range range[20], same;
	const int n = ARRAY_SIZE(range);
	struct p2p_range *found;
	int i, j, step;

	for (step = 1; step < n; step += 2) {
		/* neither 5 nor a multiple of it */
		if (step % 5 == 0)
			continue;
		for (i = 0; i < n; i++) {
			range[i] = range_at(i * 2 * P2P_RANGE_ALIGN);
			KUNIT_ASSERT_EQ(test, 0, p2p_range_register(&range[i]));
			same = range_at(range[i].start);
			KUNIT_EXPECT_EQ(test, -EEXIST,
					p2p_range_register(&same));
			host_tree_validate();
		}
		for (i = 0; i < n; i++) {
			j = i * step % n;
			p2p_range_unregister(&range[j]);
			host_tree_validate();
			/* and back, behind all others, and gone for good */
			KUNIT_ASSERT_EQ(test, 0, p2p_range_register(&range[j]));
			host_tree_validate();
			p2p_range_unregister(&range[j]);
			host_tree_validate();
			rcu_read_lock();
			for (j = 0; j < n; j++)
				KUNIT_EXPECT_EQ(test,
						p2p_range_state(&range[j]) ==
						P2P_RANGE_LIVE ?
						P2P_RANGE_INSIDE :
						P2P_RANGE_NONE,
						p2p_range_lookup(range[j].start,
								 1, &found));
			rcu_read_unlock();
		}
	}
}

static struct kunit_case host_cases[] = {
	KUNIT_CASE(no_memory),
	KUNIT_CASE(slots),
	KUNIT_CASE(many),
	{}
};

static struct kunit_suite host_suite = {
	.name = "host", .test_cases = host_cases,
};

static void run_warning(void)
{
	struct kunit test = {};

	if (!setjmp(test.end))
		lookup_unlocked_warns(&test);
	if (test.failed) {
		printf("  FAIL  host.lookup_unlocked_warns\n");
		failed++;
	} else {
		case_passed("host", "lookup_unlocked_warns", "");
	}
}

int main(int argc, char **argv)
{
	struct kunit_suite *suite;
	int i;

	setlinebuf(stdout);
	rcu_register_thread();
	maple_tree_init();
	for (i = 1; i < argc; i++) {
		char *value = strchr(argv[i], '=');

		if (value)
			*value++ = '\0';
		if (!value || !host_set_param(argv[i],
					      strtoull(value, NULL, 0))) {
			fprintf(stderr, "no such parameter: %s\n", argv[i]);
			return 2;
		}
	}
	host_add_suite(&host_suite);
	for (suite = suites; suite; suite = suite->next)
		run_suite(suite);
	run_warning();
	/* what RCU still has to free is no leak */
	rcu_barrier();
	rcu_unregister_thread();
	printf("cases: %u passed, %u failed, %u skipped\n", passed, failed,
	       skipped);
	return failed ? 1 : 0;
}
