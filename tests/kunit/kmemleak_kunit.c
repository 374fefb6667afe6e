// SPDX-License-Identifier: GPL-2.0-only
/*
 * The last KUnit suite: what did those before it leave behind that nobody
 * refers to any more?
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>

#include "dma_phys_test.h"

/* kmemleak leaves alone what is younger than 5 s: MSECS_MIN_AGE there. */
#define TEST_AGE	6000

static void nothing_lost(struct kunit *test)
{
	struct file *file = dma_phys_test_open(test, "kmemleak", O_RDWR);
	char __user *user = dma_phys_test_user(test, SZ_4K);
	char *text = kunit_kzalloc(test, SZ_4K, GFP_KERNEL);
	ssize_t written = -EFAULT, len;
	loff_t pos = 0;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, text);
	/* Twice: it waits one scan for what changed since the last. */
	for (i = 0; i < 2; i++) {
		msleep(TEST_AGE);
		if (!copy_to_user(user, "scan", 4))
			written = file->f_op->write(file, user, 4, &pos);
		KUNIT_EXPECT_EQ(test, 4, written);
	}
	pos = 0;
	len = file->f_op->read(file, user, SZ_4K - 1, &pos);
	__fput_sync(file);
	KUNIT_ASSERT_GE(test, len, 0);
	KUNIT_ASSERT_EQ(test, 0, copy_from_user(text, user, len));
	KUNIT_EXPECT_EQ_MSG(test, 0, len, "%s", text);
}

static struct kunit_case kmemleak_cases[] = {
	KUNIT_CASE_SLOW(nothing_lost),
	{}
};

static struct kunit_suite kmemleak_suite = {
	.name = "kmemleak",
	.test_cases = kmemleak_cases,
};

kunit_test_suite(kmemleak_suite);

MODULE_DESCRIPTION("KUnit test for memory that the tests before it lost");
MODULE_LICENSE("GPL");
