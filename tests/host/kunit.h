/* SPDX-License-Identifier: GPL-2.0-only */
/* As much of KUnit as the suites of the range tree use. */
#ifndef _HOST_KUNIT_H
#define _HOST_KUNIT_H

#include "host.h"

struct kunit {
	const void *param_value;
	bool failed;
	bool skipped;
	jmp_buf end;
	struct kunit_action *actions;
};

struct kunit_case {
	void (*run)(struct kunit *test);
	const char *name;
	const void *(*generate)(const void *prev, char *desc);
};

struct kunit_suite {
	const char *name;
	struct kunit_case *test_cases;
	struct kunit_suite *next;
};

#define KUNIT_CASE(fn)		{ .run = (fn), .name = #fn }
#define KUNIT_CASE_SLOW(fn)	KUNIT_CASE(fn)
#define KUNIT_CASE_PARAM(fn, gen)					\
	{ .run = (fn), .name = #fn, .generate = (gen) }

#define KUNIT_ARRAY_PARAM_DESC(name, array, desc_member)		\
static const void *name##_gen_params(const void *prev, char *desc)	\
{									\
	typeof(array[0]) *first = (array);				\
	typeof(array[0]) *next = prev;					\
									\
	next = prev ? next + 1 : first;					\
	if ((const char *)next == (const char *)first + sizeof(array))	\
		return NULL;						\
	snprintf(desc, KUNIT_DESC, "%s", *(const char *const *)		\
		 ((const char *)next +					\
		  offsetof(typeof(array[0]), desc_member)));		\
	return next;							\
}

#define KUNIT_DESC	128

void host_add_suite(struct kunit_suite *suite);

#define kunit_test_suite(suite)						\
	static void __attribute__((constructor)) suite##_add(void)	\
	{								\
		host_add_suite(&(suite));				\
	}

struct kunit *kunit_get_current_test(void);
void *kunit_kzalloc(struct kunit *test, size_t size, gfp_t gfp);
int kunit_add_action_or_reset(struct kunit *test, void (*fn)(void *data),
			      void *data);
void kunit_release_action(struct kunit *test, void (*fn)(void *data),
			  void *data);
void host_fail(struct kunit *test, const char *file, int line,
	       const char *what);
void __noreturn host_end(struct kunit *test);

#define kunit_info(test, format, arg...)				\
	((void)(test), printf("        " format, ##arg))
#define kunit_skip(test, why)						\
	do {								\
		struct kunit *__test = (test);				\
									\
		printf("  skip: %s\n", why);				\
		__test->skipped = true;					\
		host_end(__test);					\
	} while (0)

/* The format alone says enough: it may have what only printk() knows. */
#define KUNIT_FAIL(test, format, arg...)				\
	host_fail(test, __FILE__, __LINE__, format)

#define HOST_CHECK(test, left, op, right, fatal)			\
	do {								\
		struct kunit *__test = (test);				\
		typeof(left) __left = (left);				\
		typeof(right) __right = (right);			\
									\
		if (__left op __right)					\
			break;						\
		host_fail(__test, __FILE__, __LINE__,			\
			  #left " " #op " " #right);			\
		printf("        %lld and %lld\n",			\
		       (long long)__left, (long long)__right);		\
		if (fatal)						\
			host_end(__test);				\
	} while (0)
#define HOST_CHECK_PTR(test, left, right, fatal)			\
	HOST_CHECK(test, (const void *)(left), ==,			\
		   (const void *)(right), fatal)

#define KUNIT_EXPECT_EQ(test, l, r)	HOST_CHECK(test, l, ==, r, false)
#define KUNIT_EXPECT_GT(test, l, r)	HOST_CHECK(test, l, >, r, false)
#define KUNIT_EXPECT_PTR_EQ(test, l, r)	HOST_CHECK_PTR(test, l, r, false)
#define KUNIT_EXPECT_TRUE(test, c)	HOST_CHECK(test, !(c), ==, 0, false)
#define KUNIT_EXPECT_FALSE(test, c)	HOST_CHECK(test, !(c), ==, 1, false)
#define KUNIT_ASSERT_EQ(test, l, r)	HOST_CHECK(test, l, ==, r, true)
#define KUNIT_ASSERT_GE(test, l, r)	HOST_CHECK(test, l, >=, r, true)
#define KUNIT_ASSERT_PTR_EQ(test, l, r)	HOST_CHECK_PTR(test, l, r, true)
#define KUNIT_ASSERT_TRUE(test, c)	HOST_CHECK(test, !(c), ==, 0, true)
#define KUNIT_ASSERT_FALSE(test, c)	HOST_CHECK(test, !(c), ==, 1, true)
#define KUNIT_ASSERT_NOT_NULL(test, p)	HOST_CHECK(test, !(p), ==, 0, true)
#define KUNIT_ASSERT_EQ_MSG(test, l, r, message...)			\
	KUNIT_ASSERT_EQ(test, l, r)
#define KUNIT_ASSERT_PTR_EQ_MSG(test, l, r, message...)			\
	KUNIT_ASSERT_PTR_EQ(test, l, r)

#endif /* _HOST_KUNIT_H */
