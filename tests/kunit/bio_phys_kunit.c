// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for building bios with page-less memory.
 */
#include <kunit/test.h>
#include <linux/dma-phys.h>
#include <linux/bio-phys.h>
#include <linux/bio.h>
#include <linux/bvec.h>
#include <linux/module.h>
#include <linux/p2p_range_tree.h>
#include <linux/sizes.h>

#include "bio_phys.h"

static void bio_kunit_free_page(void *page)
{
	__free_page(page);
}

struct page *bio_kunit_page(struct kunit *test)
{
	struct page *page = alloc_page(GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, bio_kunit_free_page,
						  page));
	return page;
}

static void bio_kunit_range_remove(void *data)
{
	p2p_range_unregister(data);
}

void bio_kunit_range(struct kunit *test, phys_addr_t start, phys_addr_t size)
{
	struct p2p_range *range;

	range = kunit_kzalloc(test, sizeof(*range), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, range);
	range->start = start;
	range->size = size;
	range->name = "kunit";
	KUNIT_ASSERT_EQ(test, 0, p2p_range_register(range));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, bio_kunit_range_remove,
						  range));
}

static void bio_kunit_put(void *bio)
{
	bio_put(bio);
}

struct bio *bio_kunit_bio(struct kunit *test, unsigned short vecs)
{
	struct bio *bio = bio_alloc(NULL, vecs, REQ_OP_WRITE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, bio);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, bio_kunit_put, bio));
	return bio;
}

static void add_marks(struct kunit *test)
{
	struct bio *bio = bio_kunit_bio(test, 4);

	bio_kunit_range(test, RANGE_A, RANGE_SIZE);
	KUNIT_EXPECT_FALSE(test, bio_is_p2p(bio));
	KUNIT_EXPECT_EQ(test, SZ_4K, bio_add_phys(bio, RANGE_A, SZ_4K));
	KUNIT_EXPECT_TRUE(test, bio_is_p2p(bio));
	KUNIT_EXPECT_EQ(test, 1, bio->bi_vcnt);
	KUNIT_EXPECT_EQ(test, SZ_4K, bio->bi_iter.bi_size);
	KUNIT_EXPECT_TRUE(test, bvec_is_p2p(bio->bi_io_vec));
	KUNIT_EXPECT_EQ(test, RANGE_A, bvec_phys(bio->bi_io_vec));
}

static void add_merges(struct kunit *test)
{
	struct bio *bio = bio_kunit_bio(test, 4);

	bio_kunit_range(test, RANGE_A, RANGE_SIZE);
	KUNIT_EXPECT_EQ(test, 512, bio_add_phys(bio, RANGE_A, 512));
	KUNIT_EXPECT_EQ(test, 512, bio_add_phys(bio, RANGE_A + 512, 512));
	KUNIT_EXPECT_EQ(test, 1, bio->bi_vcnt);
	KUNIT_EXPECT_EQ(test, 1024, bio->bi_io_vec[0].bv_len);
	/* a gap, the same again, and one that ends where the last began */
	KUNIT_EXPECT_EQ(test, 512, bio_add_phys(bio, RANGE_A + 2048, 512));
	KUNIT_EXPECT_EQ(test, 512, bio_add_phys(bio, RANGE_A + 2048, 512));
	KUNIT_EXPECT_EQ(test, 512, bio_add_phys(bio, RANGE_A + 1536, 512));
	KUNIT_EXPECT_EQ(test, 4, bio->bi_vcnt);
	KUNIT_EXPECT_EQ(test, 2560, bio->bi_iter.bi_size);
}

static void add_until_full(struct kunit *test)
{
	struct bio *bio = bio_kunit_bio(test, 2);
	unsigned int vecs = bio->bi_max_vecs;	/* may be more than that */
	phys_addr_t phys = RANGE_A;
	unsigned int i;

	bio_kunit_range(test, RANGE_A, RANGE_SIZE);
	for (i = 0; i < vecs; i++, phys += SZ_8K)
		KUNIT_EXPECT_EQ(test, SZ_4K, bio_add_phys(bio, phys, SZ_4K));
	KUNIT_EXPECT_EQ(test, 0, bio_add_phys(bio, phys, SZ_4K));
	KUNIT_EXPECT_EQ(test, vecs, bio->bi_vcnt);
	KUNIT_EXPECT_EQ(test, vecs * SZ_4K, bio->bi_iter.bi_size);
	/* no bvec left, but this one continues the last */
	KUNIT_EXPECT_EQ(test, SZ_4K, bio_add_phys(bio, phys - SZ_4K, SZ_4K));
	KUNIT_EXPECT_EQ(test, vecs, bio->bi_vcnt);
}

static void add_until_4g(struct kunit *test)
{
	struct bio *bio = bio_kunit_bio(test, 4);

	if (!IS_ENABLED(CONFIG_64BIT))
		kunit_skip(test, "no room for such a range");
	bio_kunit_range(test, TEST_BASE, (phys_addr_t)SZ_8G);
	KUNIT_EXPECT_EQ(test, SZ_1G, bio_add_phys(bio, TEST_BASE, SZ_1G));
	KUNIT_EXPECT_EQ(test, SZ_1G,
			bio_add_phys(bio, TEST_BASE + SZ_1G, SZ_1G));
	KUNIT_EXPECT_EQ(test, SZ_1G,
			bio_add_phys(bio, TEST_BASE + SZ_2G, SZ_1G));
	/* neither joined nor beside it: the size would wrap */
	KUNIT_EXPECT_EQ(test, 0, bio_add_phys(bio, TEST_BASE + SZ_2G +
					      SZ_1G, SZ_1G));
	KUNIT_EXPECT_EQ(test, 0, bio_add_phys(bio, TEST_BASE, SZ_1G));
	KUNIT_EXPECT_EQ(test, 3U * SZ_1G, bio->bi_iter.bi_size);
	KUNIT_EXPECT_EQ(test, 1, bio->bi_vcnt);
}

struct add_case {
	const char *name;
	phys_addr_t phys;
	unsigned int len;
	int ret;
};

static const struct add_case add_cases[] = {
	{ "zero length", RANGE_A, 0, -EINVAL },
	{ "nobody's", RANGE_A - SZ_4K, SZ_4K, -ENXIO },
	{ "behind the ranges", RANGE_B + RANGE_SIZE, SZ_4K, -ENXIO },
	{ "into a range", RANGE_A - 512, 1024, -EINVAL },
	{ "out of a range", RANGE_B + RANGE_SIZE - 512, 1024, -EINVAL },
	{ "over two ranges", RANGE_B - 512, 1024, -EINVAL },
	{ "the other range", RANGE_B, SZ_4K, -EINVAL },
	{ "the same range", RANGE_A + SZ_64K, SZ_4K, SZ_4K },
};

KUNIT_ARRAY_PARAM_DESC(add, add_cases, name);

/* to a bio that has a piece of RANGE_A already */
static void add_second(struct kunit *test)
{
	const struct add_case *c = test->param_value;
	struct bio *bio = bio_kunit_bio(test, 4);

	bio_kunit_range(test, RANGE_A, RANGE_SIZE);
	bio_kunit_range(test, RANGE_B, RANGE_SIZE);
	KUNIT_ASSERT_EQ(test, 512,
			bio_add_phys(bio, RANGE_B - 512 - SZ_4K, 512));
	KUNIT_EXPECT_EQ(test, c->ret, bio_add_phys(bio, c->phys, c->len));
	if (c->ret > 0)
		return;
	/* nothing has happened */
	KUNIT_EXPECT_EQ(test, 1, bio->bi_vcnt);
	KUNIT_EXPECT_EQ(test, 512, bio->bi_iter.bi_size);
}

/* It continues the last piece by address, and is another provider's. */
static void add_neighbour(struct kunit *test)
{
	struct bio *bio = bio_kunit_bio(test, 4);

	bio_kunit_range(test, RANGE_A, RANGE_SIZE);
	bio_kunit_range(test, RANGE_B, RANGE_SIZE);
	KUNIT_ASSERT_EQ(test, 512, bio_add_phys(bio, RANGE_B - 512, 512));
	KUNIT_EXPECT_EQ(test, -EINVAL, bio_add_phys(bio, RANGE_B, 512));
	KUNIT_EXPECT_EQ(test, 512, bio->bi_iter.bi_size);
}

static void add_mixed(struct kunit *test)
{
	struct page *page = bio_kunit_page(test);
	struct bio *ram = bio_kunit_bio(test, 4);
	struct bio *p2p = bio_kunit_bio(test, 4);

	bio_kunit_range(test, RANGE_A, RANGE_SIZE);

	KUNIT_ASSERT_EQ(test, SZ_4K, bio_add_page(ram, page, SZ_4K, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL, bio_add_phys(ram, RANGE_A, SZ_4K));
	KUNIT_EXPECT_FALSE(test, bio_is_p2p(ram));
	KUNIT_EXPECT_EQ(test, 1, ram->bi_vcnt);

	KUNIT_ASSERT_EQ(test, SZ_4K, bio_add_phys(p2p, RANGE_A, SZ_4K));
	KUNIT_EXPECT_EQ(test, 0, bio_add_page(p2p, page, SZ_4K, 0));
	KUNIT_EXPECT_FALSE(test, bio_add_folio(p2p, page_folio(page), SZ_4K,
					       0));
	KUNIT_EXPECT_EQ(test, 1, p2p->bi_vcnt);
	KUNIT_EXPECT_EQ(test, SZ_4K, p2p->bi_iter.bi_size);
}

/* The page whose address happens to continue the peer's memory. */
static void page_does_not_join(struct kunit *test)
{
	struct page *page = bio_kunit_page(test);
	struct bio *bio = bio_kunit_bio(test, 2);

	bvec_set_p2p(bio->bi_io_vec, page_to_phys(page) - SZ_4K, SZ_4K,
		     dma_phys_life(page_to_phys(page) - SZ_4K));
	bio->bi_vcnt = 1;
	bio->bi_iter.bi_size = SZ_4K;
	bio_set_flag(bio, BIO_P2P);
	KUNIT_EXPECT_EQ(test, 0, bio_add_page(bio, page, SZ_4K, 0));
	KUNIT_EXPECT_EQ(test, SZ_4K, bio->bi_io_vec[0].bv_len);
}

static struct kunit_case bio_phys_cases[] = {
	KUNIT_CASE(add_marks),
	KUNIT_CASE(add_merges),
	KUNIT_CASE(add_until_full),
	KUNIT_CASE(add_until_4g),
	KUNIT_CASE_PARAM(add_second, add_gen_params),
	KUNIT_CASE(add_neighbour),
	KUNIT_CASE(add_mixed),
	KUNIT_CASE(page_does_not_join),
	{}
};

static struct kunit_suite bio_phys_suite = {
	.name = "bio_phys",
	.test_cases = bio_phys_cases,
};

kunit_test_suite(bio_phys_suite);

MODULE_DESCRIPTION("KUnit tests for bios with page-less memory");
MODULE_LICENSE("GPL");
