// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for bios with page-less memory that are cloned, cut, filled from
 * iterators, and copied: where the mark goes, and what is refused.
 */
#include <kunit/test.h>
#include <linux/dma-phys.h>
#include <linux/bio-phys.h>
#include <linux/bio.h>
#include <linux/bvec.h>
#include <linux/sizes.h>
#include <linux/uio.h>

#include "bio_phys.h"

static struct bio *p2p_bio(struct kunit *test)
{
	struct bio *bio = bio_kunit_bio(test, 4);

	bio_kunit_range(test, RANGE_A, RANGE_SIZE);
	KUNIT_ASSERT_EQ(test, SZ_8K, bio_add_phys(bio, RANGE_A, SZ_8K));
	KUNIT_ASSERT_EQ(test, SZ_8K,
			bio_add_phys(bio, RANGE_A + SZ_64K, SZ_8K));
	return bio;
}

static void mark_goes_with_clones(struct kunit *test)
{
	struct bio *bio = p2p_bio(test);
	struct bio *ram = bio_kunit_bio(test, 1);
	struct bio *clone;
	struct bio_vec bv;
	struct bvec_iter iter;
	int n = 0;

	clone = bio_alloc_clone(NULL, bio, GFP_KERNEL, &fs_bio_set);
	KUNIT_ASSERT_NOT_NULL(test, clone);
	KUNIT_EXPECT_TRUE(test, bio_is_p2p(clone));
	KUNIT_EXPECT_PTR_EQ(test, bio->bi_io_vec, clone->bi_io_vec);
	bio_for_each_segment(bv, clone, iter) {
		KUNIT_EXPECT_TRUE(test, bvec_is_p2p(&bv));
		n++;
	}
	KUNIT_EXPECT_EQ(test, 4 * SZ_4K / PAGE_SIZE, n);
	bio_put(clone);

	clone = bio_alloc_clone(NULL, ram, GFP_KERNEL, &fs_bio_set);
	KUNIT_ASSERT_NOT_NULL(test, clone);
	KUNIT_EXPECT_FALSE(test, bio_is_p2p(clone));
	bio_put(clone);
}

/* Cut at every sector: both halves are whole, marked, and where they were. */
static void mark_goes_with_splits(struct kunit *test)
{
	unsigned int sectors = 4 * SZ_4K / SECTOR_SIZE, at, done;
	struct bio *half[2], *bio;
	struct bvec_iter iter;
	struct bio_vec bv;
	phys_addr_t want;
	int i;

	bio = p2p_bio(test);
	for (at = 1; at < sectors; at++) {
		half[1] = bio_alloc_clone(NULL, bio, GFP_KERNEL, &fs_bio_set);
		KUNIT_ASSERT_NOT_NULL(test, half[1]);
		half[0] = bio_split(half[1], at, GFP_KERNEL, &fs_bio_set);
		KUNIT_ASSERT_NOT_NULL(test, half[0]);
		KUNIT_EXPECT_EQ(test, at, bio_sectors(half[0]));
		KUNIT_EXPECT_EQ(test, sectors - at, bio_sectors(half[1]));
		done = 0;
		for (i = 0; i < 2; i++) {
			KUNIT_EXPECT_TRUE(test, bio_is_p2p(half[i]));
			bio_for_each_bvec(bv, half[i], iter) {
				want = done < SZ_8K ? RANGE_A + done :
				       RANGE_A + SZ_64K + done - SZ_8K;
				KUNIT_EXPECT_TRUE(test, bvec_is_p2p(&bv));
				KUNIT_EXPECT_EQ(test, want, bvec_phys(&bv));
				done += bv.bv_len;
			}
		}
		KUNIT_EXPECT_EQ(test, 4 * SZ_4K, done);
		bio_put(half[0]);
		bio_put(half[1]);
	}
}

static void mark_stays_when_cut(struct kunit *test)
{
	struct bio *bio = p2p_bio(test);

	bio_advance(bio, SZ_4K + 512);
	KUNIT_EXPECT_TRUE(test, bio_is_p2p(bio));
	KUNIT_EXPECT_EQ(test, RANGE_A + SZ_4K + 512,
			mp_bvec_iter_phys(bio->bi_io_vec, bio->bi_iter));
	bio_trim(bio, SZ_4K / SECTOR_SIZE, 1);
	KUNIT_EXPECT_TRUE(test, bio_is_p2p(bio));
	KUNIT_EXPECT_EQ(test, 512, bio->bi_iter.bi_size);
	KUNIT_EXPECT_EQ(test, RANGE_A + SZ_64K + 512,
			mp_bvec_iter_phys(bio->bi_io_vec, bio->bi_iter));
}

/* A clone in the submitter's memory, and a clone of a clone. */
static void mark_goes_with_init_clone(struct kunit *test)
{
	struct bio *bio = p2p_bio(test);
	struct bio clone, again;

	KUNIT_ASSERT_EQ(test, 0, bio_init_clone(NULL, &clone, bio, GFP_KERNEL));
	KUNIT_ASSERT_EQ(test, 0, bio_init_clone(NULL, &again, &clone,
						GFP_KERNEL));
	KUNIT_EXPECT_TRUE(test, bio_is_p2p(&clone));
	KUNIT_EXPECT_TRUE(test, bio_is_p2p(&again));
	KUNIT_EXPECT_EQ(test, bio->bi_iter.bi_size, again.bi_iter.bi_size);
	bio_uninit(&again);
	bio_uninit(&clone);
	bio_init(&clone, NULL, NULL, 0, REQ_OP_READ);
	KUNIT_EXPECT_FALSE(test, bio_is_p2p(&clone));
}

static void mark_ends_with_reset(struct kunit *test)
{
	struct bio *bio = p2p_bio(test);
	struct page *page = bio_kunit_page(test);

	bio_reset(bio, NULL, REQ_OP_READ);
	KUNIT_EXPECT_FALSE(test, bio_is_p2p(bio));
	KUNIT_EXPECT_EQ(test, SZ_4K, bio_add_page(bio, page, SZ_4K, 0));
	KUNIT_EXPECT_FALSE(test, bvec_is_p2p(bio->bi_io_vec));
}

/* A kernel submitter brings its own bvecs. */
static void mark_from_bvecs(struct kunit *test)
{
	struct bio *bio = bio_kunit_bio(test, 0);
	struct iov_iter iter;
	struct bio_vec bv[2];

	bio_kunit_range(test, RANGE_A, RANGE_SIZE);
	bvec_set_p2p(&bv[0], RANGE_A, SZ_4K, dma_phys_life(RANGE_A));
	bvec_set_p2p(&bv[1], RANGE_A + SZ_8K, SZ_4K,
		     dma_phys_life(RANGE_A + SZ_8K));
	iov_iter_bvec(&iter, ITER_SOURCE, bv, 2, SZ_8K);
	KUNIT_EXPECT_EQ(test, 0, bio_iov_iter_get_pages(bio, &iter, 0, 0));
	KUNIT_EXPECT_TRUE(test, bio_is_p2p(bio));
	KUNIT_EXPECT_EQ(test, SZ_8K, bio->bi_iter.bi_size);
}

static void mark_from_second_bvec(struct kunit *test)
{
	struct page *page = bio_kunit_page(test);
	struct bio *bio = bio_kunit_bio(test, 0);
	struct iov_iter iter;
	struct bio_vec bv[2];

	bio_kunit_range(test, RANGE_A, RANGE_SIZE);
	bvec_set_page(&bv[0], page, SZ_4K, 0);
	bvec_set_p2p(&bv[1], RANGE_A + SZ_8K, SZ_4K,
		     dma_phys_life(RANGE_A + SZ_8K));
	iov_iter_bvec(&iter, ITER_SOURCE, bv, 2, SZ_8K);
	KUNIT_EXPECT_EQ(test, 0, bio_iov_iter_get_pages(bio, &iter, 0, 0));
	/* so that submission looks, and refuses it */
	KUNIT_EXPECT_TRUE(test, bio_is_p2p(bio));
}

static void no_mark_for_ram(struct kunit *test)
{
	struct page *page = bio_kunit_page(test);
	struct bio *bio = bio_kunit_bio(test, 0);
	struct iov_iter iter;
	struct bio_vec bv;

	bio_kunit_range(test, RANGE_A, RANGE_SIZE);
	bvec_set_page(&bv, page, SZ_4K, 0);
	iov_iter_bvec(&iter, ITER_SOURCE, &bv, 1, SZ_4K);
	KUNIT_EXPECT_EQ(test, 0, bio_iov_iter_get_pages(bio, &iter, 0, 0));
	KUNIT_EXPECT_FALSE(test, bio_is_p2p(bio));
}

/* There are no pages to dirty, and none to release. */
static void pages_are_left_alone(struct kunit *test)
{
	struct bio *bio = p2p_bio(test);

	bio_set_pages_dirty(bio);
	bio_release_pages(bio, true);
	KUNIT_EXPECT_TRUE(test, bio_is_p2p(bio));
	KUNIT_EXPECT_EQ(test, 4 * SZ_4K, bio->bi_iter.bi_size);
	/* puts the bio */
	bio_get(bio);
	bio_check_pages_dirty(bio);
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&bio->__bi_cnt));
}

/* iterators over bvecs: what a kernel submitter may ask of them */

enum piece { NONE, RAM, P2P, P2P2, NOBODYS };

struct check_case {
	const char *name;
	enum piece first;
	enum piece second;
	unsigned int skip;	/* pages done already, of one each */
	bool allowed;
	bool p2p;
	int ret;
};

static const struct check_case check_cases[] = {
	{ "RAM", RAM, RAM, 0, true, false, 0 },
	{ "RAM, not allowed", RAM, RAM, 0, false, false, 0 },
	{ "empty", P2P, NONE, 1, false, false, 0 },
	{ "peer", P2P, P2P, 0, true, true, 0 },
	{ "peer, in the middle", P2P, P2P, 1, true, true, 0 },
	{ "peer, not allowed", P2P, P2P, 0, false, false, -EOPNOTSUPP },
	{ "peer second, not allowed", RAM, P2P, 1, false, false, -EOPNOTSUPP },
	{ "mixed", RAM, P2P, 0, true, false, -EINVAL },
	{ "mixed, peer first", P2P, RAM, 0, true, false, -EINVAL },
	{ "mixed, only RAM left", P2P, RAM, 1, false, false, 0 },
	{ "mixed, only peer left", RAM, P2P, 1, true, true, 0 },
	{ "two providers", P2P, P2P2, 0, true, false, -EINVAL },
	{ "two providers, one left", P2P, P2P2, 1, true, true, 0 },
	{ "nobody's", NOBODYS, P2P, 0, true, false, -EREMOTEIO },
	{ "nobody's second", P2P, NOBODYS, 0, true, false, -EREMOTEIO },
};

KUNIT_ARRAY_PARAM_DESC(check, check_cases, name);

static void set_piece(struct kunit *test, struct bio_vec *bv, enum piece kind)
{
	switch (kind) {
	case NONE:
		break;
	case RAM:
		bvec_set_page(bv, bio_kunit_page(test), SZ_4K, 0);
		break;
	case P2P:
		bvec_set_p2p(bv, RANGE_A, SZ_4K, dma_phys_life(RANGE_A));
		break;
	case P2P2:
		bvec_set_p2p(bv, RANGE_B, SZ_4K, dma_phys_life(RANGE_B));
		break;
	case NOBODYS:
		bvec_set_p2p(bv, RANGE_B + RANGE_SIZE, SZ_4K,
			     dma_phys_life(RANGE_B + RANGE_SIZE));
		break;
	}
}

static void check_bvecs(struct kunit *test)
{
	const struct check_case *c = test->param_value;
	int n = c->second == NONE ? 1 : 2;
	struct iov_iter iter;
	struct bio_vec bv[2];

	bio_kunit_range(test, RANGE_A, RANGE_SIZE);
	bio_kunit_range(test, RANGE_B, RANGE_SIZE);
	set_piece(test, &bv[0], c->first);
	set_piece(test, &bv[1], c->second);
	iov_iter_bvec(&iter, ITER_SOURCE, bv, n, n * SZ_4K);
	iov_iter_advance(&iter, c->skip * SZ_4K);
	KUNIT_EXPECT_EQ(test, c->ret,
			bio_phys_check_iter(&iter, NULL, c->allowed));
	KUNIT_EXPECT_EQ(test, c->p2p, iov_iter_is_p2p(&iter));
	KUNIT_EXPECT_EQ(test, (n - c->skip) * SZ_4K, iov_iter_count(&iter));
}

/* Begun in the middle of the first, it still ends in the second. */
static void check_bvecs_to_the_end(struct kunit *test)
{
	struct iov_iter iter;
	struct bio_vec bv[2];

	bio_kunit_range(test, RANGE_A, RANGE_SIZE);
	set_piece(test, &bv[0], P2P);
	set_piece(test, &bv[1], RAM);
	bv[1].bv_len = 512;
	iov_iter_bvec(&iter, ITER_SOURCE, bv, 2, SZ_4K + 512);
	iov_iter_advance(&iter, 512);
	KUNIT_EXPECT_EQ(test, -EINVAL, bio_phys_check_iter(&iter, NULL, true));
	KUNIT_EXPECT_FALSE(test, iov_iter_is_p2p(&iter));
}

/* What is left of ranges is still known for what it was. */
static void check_bvecs_of_gone(struct kunit *test)
{
	struct p2p_range range = {
		.start = RANGE_A,
		.size = RANGE_SIZE,
		.name = "kunit",
	};
	struct bio *bio = bio_kunit_bio(test, 0);
	struct iov_iter iter;
	struct bio_vec bv[2];

	KUNIT_ASSERT_EQ(test, 0, p2p_range_register(&range));
	p2p_range_unregister(&range);

	set_piece(test, &bv[0], P2P);
	set_piece(test, &bv[1], P2P);
	iov_iter_bvec(&iter, ITER_SOURCE, bv, 2, SZ_8K);
	KUNIT_EXPECT_EQ(test, -EREMOTEIO,
			bio_phys_check_iter(&iter, NULL, true));
	set_piece(test, &bv[0], RAM);
	iov_iter_bvec(&iter, ITER_SOURCE, bv, 2, SZ_8K);
	KUNIT_EXPECT_EQ(test, -EINVAL, bio_phys_check_iter(&iter, NULL, true));
	KUNIT_EXPECT_EQ(test, 0, bio_iov_iter_get_pages(bio, &iter, 0, 0));
	KUNIT_EXPECT_TRUE(test, bio_is_p2p(bio));
}

/*
 * RAM is walked once for each IO: what is changed behind the check's back,
 * which nobody does, is not seen.
 */
static void check_bvecs_once(struct kunit *test)
{
	struct bio *bio = bio_kunit_bio(test, 0);
	struct iov_iter iter;
	struct bio_vec bv[2];

	bio_kunit_range(test, RANGE_A, RANGE_SIZE);
	set_piece(test, &bv[0], RAM);
	set_piece(test, &bv[1], RAM);
	iov_iter_bvec(&iter, ITER_SOURCE, bv, 2, SZ_8K);
	KUNIT_ASSERT_EQ(test, 0, bio_phys_check_iter(&iter, NULL, false));
	set_piece(test, &bv[1], P2P);
	KUNIT_EXPECT_EQ(test, 0, bio_iov_iter_get_pages(bio, &iter, 0, 0));
	KUNIT_EXPECT_FALSE(test, bio_is_p2p(bio));

	/* another IO is looked at anew, by whichever of the two comes first */
	bio_reset(bio, NULL, REQ_OP_WRITE);
	iov_iter_bvec(&iter, ITER_SOURCE, bv, 2, SZ_8K);
	KUNIT_EXPECT_EQ(test, 0, bio_iov_iter_get_pages(bio, &iter, 0, 0));
	KUNIT_EXPECT_TRUE(test, bio_is_p2p(bio));
	iov_iter_bvec(&iter, ITER_SOURCE, bv, 2, SZ_8K);
	KUNIT_EXPECT_EQ(test, -EINVAL, bio_phys_check_iter(&iter, NULL, true));
}

/* A retry of the same iterator is looked at anew, whatever was found before. */
static void check_bvecs_again(struct kunit *test)
{
	struct bio *bio = bio_kunit_bio(test, 0);
	struct iov_iter iter;
	struct bio_vec bv;

	bio_kunit_range(test, RANGE_A, RANGE_SIZE);
	set_piece(test, &bv, RAM);
	iov_iter_bvec(&iter, ITER_SOURCE, &bv, 1, SZ_4K);
	KUNIT_ASSERT_EQ(test, 0, bio_phys_check_iter(&iter, NULL, true));
	set_piece(test, &bv, P2P);
	KUNIT_ASSERT_EQ(test, 0, bio_phys_check_iter(&iter, NULL, true));
	KUNIT_EXPECT_TRUE(test, iov_iter_is_p2p(&iter));
	KUNIT_EXPECT_EQ(test, 0, bio_iov_iter_get_pages(bio, &iter, 0, 0));
	KUNIT_EXPECT_TRUE(test, bio_is_p2p(bio));
}

/* Who says that it is RAM is taken at his word: nobody looks. */
static void check_bvecs_said_ram(struct kunit *test)
{
	struct bio *bio = bio_kunit_bio(test, 0);
	struct iov_iter iter;
	struct bio_vec bv;

	bio_kunit_range(test, RANGE_A, RANGE_SIZE);
	set_piece(test, &bv, P2P);
	iov_iter_bvec(&iter, ITER_SOURCE, &bv, 1, SZ_4K);
	iov_iter_set_ram(&iter);
	KUNIT_EXPECT_EQ(test, 0, bio_phys_check_iter(&iter, NULL, false));
	KUNIT_EXPECT_FALSE(test, iov_iter_is_p2p(&iter));
	KUNIT_EXPECT_EQ(test, 0, bio_iov_iter_get_pages(bio, &iter, 0, 0));
	KUNIT_EXPECT_FALSE(test, bio_is_p2p(bio));
	/* the next IO says it again, or does not */
	iov_iter_bvec(&iter, ITER_SOURCE, &bv, 1, SZ_4K);
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			bio_phys_check_iter(&iter, NULL, false));
}

/* The CPU does not copy it: the copy ends where such memory begins. */
static void no_copies(struct kunit *test)
{
	u8 *buf = kunit_kzalloc(test, SZ_8K, GFP_KERNEL);
	struct iov_iter iter;
	struct bio_vec bv[2];

	KUNIT_ASSERT_NOT_NULL(test, buf);
	bio_kunit_range(test, RANGE_A, RANGE_SIZE);
	set_piece(test, &bv[0], RAM);
	set_piece(test, &bv[1], P2P);
	iov_iter_bvec(&iter, ITER_SOURCE, bv, 2, SZ_8K);
	KUNIT_EXPECT_EQ(test, SZ_4K, copy_from_iter(buf, SZ_8K, &iter));
	KUNIT_EXPECT_EQ(test, 0, copy_from_iter(buf, SZ_4K, &iter));
	iov_iter_bvec(&iter, ITER_DEST, bv, 2, SZ_8K);
	KUNIT_EXPECT_EQ(test, SZ_4K, copy_to_iter(buf, SZ_8K, &iter));
	KUNIT_EXPECT_EQ(test, 0, iov_iter_zero(SZ_4K, &iter));
}

static void no_pages(struct kunit *test)
{
	struct page *pages[2], **p = pages;
	struct iov_iter iter;
	struct bio_vec bv;
	size_t offset;

	bio_kunit_range(test, RANGE_A, RANGE_SIZE);
	set_piece(test, &bv, P2P);
	iov_iter_bvec(&iter, ITER_SOURCE, &bv, 1, SZ_4K);
	KUNIT_EXPECT_EQ(test, -EFAULT,
			iov_iter_extract_pages(&iter, &p, SZ_4K, 2, 0,
					       &offset));
	KUNIT_EXPECT_EQ(test, -EFAULT,
			iov_iter_get_pages2(&iter, pages, SZ_4K, 2, &offset));
	KUNIT_EXPECT_EQ(test, SZ_4K, iov_iter_count(&iter));
}

static struct kunit_case bio_phys_copy_cases[] = {
	KUNIT_CASE(mark_goes_with_clones),
	KUNIT_CASE(mark_goes_with_splits),
	KUNIT_CASE(mark_stays_when_cut),
	KUNIT_CASE(mark_goes_with_init_clone),
	KUNIT_CASE(mark_ends_with_reset),
	KUNIT_CASE(mark_from_bvecs),
	KUNIT_CASE(mark_from_second_bvec),
	KUNIT_CASE(no_mark_for_ram),
	KUNIT_CASE(pages_are_left_alone),
	KUNIT_CASE_PARAM(check_bvecs, check_gen_params),
	KUNIT_CASE(check_bvecs_to_the_end),
	KUNIT_CASE(check_bvecs_of_gone),
	KUNIT_CASE(check_bvecs_once),
	KUNIT_CASE(check_bvecs_again),
	KUNIT_CASE(check_bvecs_said_ram),
	KUNIT_CASE(no_copies),
	KUNIT_CASE(no_pages),
	{}
};

static struct kunit_suite bio_phys_copy_suite = {
	.name = "bio_phys_copy",
	.test_cases = bio_phys_copy_cases,
};

kunit_test_suite(bio_phys_copy_suite);
