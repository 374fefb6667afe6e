// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for bio_vec and for bios with page-less memory.
 *
 * Addresses are all there is to peer-to-peer memory here: nothing is behind
 * them, and whoever touches it crashes.
 */
#include <kunit/test.h>
#include <linux/bio-phys.h>
#include <linux/bio.h>
#include <linux/bvec.h>
#include <linux/module.h>
#include <linux/p2p_range_tree.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/sizes.h>
#include <linux/uio.h>

#ifdef CONFIG_PHYS_ADDR_T_64BIT
#define TEST_BASE	((phys_addr_t)0x10000000000ULL)
#else
#define TEST_BASE	((phys_addr_t)0xc0000000UL)
#endif

static unsigned long long seed;
module_param(seed, ullong, 0444);
MODULE_PARM_DESC(seed, "seed of the randomised tests; 0: a new one each run");

/* bio_vec: what it looks like, and what its helpers say of RAM */

static void layout(struct kunit *test)
{
	size_t flags = IS_ENABLED(CONFIG_DMA_PHYS_P2P) ? 4 : 0;
	size_t size = round_up(sizeof(phys_addr_t) + 4 + flags,
			       __alignof__(phys_addr_t));

	KUNIT_EXPECT_EQ(test, size, sizeof(struct bio_vec));
	if (IS_ENABLED(CONFIG_64BIT))
		KUNIT_EXPECT_EQ(test, 16, sizeof(struct bio_vec));
	else if (!flags && sizeof(phys_addr_t) == 4)
		KUNIT_EXPECT_EQ(test, 8, sizeof(struct bio_vec));
	KUNIT_EXPECT_EQ(test, 0, offsetof(struct bio_vec, bv_phys));
	KUNIT_EXPECT_EQ(test, sizeof(phys_addr_t),
			offsetof(struct bio_vec, bv_len));
	/* what block/bio.c builds on */
	KUNIT_EXPECT_EQ(test, 0, sizeof(struct bio_vec) % sizeof(void *));
}

static struct page *test_pages(struct kunit *test, unsigned int order)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, order);

	KUNIT_ASSERT_NOT_NULL(test, page);
	return page;
}

struct ram_case {
	const char *name;
	unsigned int offset;
	unsigned int len;
};

static const struct ram_case ram_cases[] = {
	{ "page", 0, PAGE_SIZE },
	{ "start of a page", 0, 512 },
	{ "end of a page", PAGE_SIZE - 512, 512 },
	{ "byte", 1234, 1 },
	{ "second page", PAGE_SIZE, 512 },
	{ "inside the fourth page", 3 * PAGE_SIZE + 77, 100 },
	{ "over a page boundary", PAGE_SIZE - 1, 2 },
	{ "all pages", 0, 4 * PAGE_SIZE },
};

KUNIT_ARRAY_PARAM_DESC(ram, ram_cases, name);

static void bvec_of_ram(struct kunit *test)
{
	const struct ram_case *c = test->param_value;
	struct page *page = test_pages(test, 2);
	phys_addr_t phys = page_to_phys(page) + c->offset;
	struct bio_vec bv[4];
	int i;

	/* the same memory, whatever it is called */
	bvec_set_page(&bv[0], page, c->len, c->offset);
	bvec_set_folio(&bv[1], page_folio(page), c->len, c->offset);
	bvec_set_virt(&bv[2], page_address(page) + c->offset, c->len);
	bvec_set_phys(&bv[3], phys, c->len);

	for (i = 0; i < ARRAY_SIZE(bv); i++) {
		KUNIT_EXPECT_EQ(test, phys, bvec_phys(&bv[i]));
		KUNIT_EXPECT_EQ(test, c->len, bv[i].bv_len);
		KUNIT_EXPECT_PTR_EQ(test, page + c->offset / PAGE_SIZE,
				    bvec_page(&bv[i]));
		KUNIT_EXPECT_EQ(test, c->offset % PAGE_SIZE,
				bvec_offset(&bv[i]));
		KUNIT_EXPECT_PTR_EQ(test, page_address(page) + c->offset,
				    bvec_virt(&bv[i]));
		KUNIT_EXPECT_FALSE(test, bvec_is_p2p(&bv[i]));
	}
	__free_pages(page, 2);
}

static void bvec_copies(struct kunit *test)
{
	struct page *page = test_pages(test, 0);
	u8 *data = page_address(page);
	struct bio_vec bv;
	char buf[16] = {};
	void *addr;

	memset(data, 'x', PAGE_SIZE);
	bvec_set_page(&bv, page, 8, 100);
	memcpy_to_bvec(&bv, "12345678");
	KUNIT_EXPECT_MEMEQ(test, data + 99, "x12345678x", 10);
	memcpy_from_bvec(buf, &bv);
	KUNIT_EXPECT_STREQ(test, buf, "12345678");
	addr = bvec_kmap_local(&bv);
	KUNIT_EXPECT_MEMEQ(test, addr, "12345678", 8);
	kunmap_local(addr);
	memzero_bvec(&bv);
	KUNIT_EXPECT_MEMEQ(test, data + 99, "x\0\0\0\0\0\0\0\0x", 10);
	__free_pages(page, 0);
}

static void bvec_of_p2p(struct kunit *test)
{
	struct page *page = test_pages(test, 0);
	struct bio_vec bv, copy;

	bvec_set_p2p(&bv, TEST_BASE + 5, 7);
	KUNIT_EXPECT_TRUE(test, bvec_is_p2p(&bv));
	KUNIT_EXPECT_EQ(test, TEST_BASE + 5, bvec_phys(&bv));
	KUNIT_EXPECT_EQ(test, 7, bv.bv_len);
	copy = bv;
	KUNIT_EXPECT_TRUE(test, bvec_is_p2p(&copy));
	/* used again for RAM, it is RAM */
	bvec_set_page(&bv, page, PAGE_SIZE, 0);
	KUNIT_EXPECT_FALSE(test, bvec_is_p2p(&bv));
	bvec_set_phys(&copy, page_to_phys(page), PAGE_SIZE);
	KUNIT_EXPECT_FALSE(test, bvec_is_p2p(&copy));
	__free_pages(page, 0);
}

/*
 * Walks against a model: the address and kind of each byte, one after the
 * other.
 */
#define WALK_BVECS	8
#define WALK_BYTES	(WALK_BVECS * 3 * SZ_4K)

struct walk {
	struct rnd_state rnd;
	struct bio_vec bv[WALK_BVECS];
	unsigned int bytes;
	phys_addr_t phys[WALK_BYTES];
	bool p2p[WALK_BYTES];
};

static u32 walk_below(struct walk *w, u32 limit)
{
	return prandom_u32_state(&w->rnd) % limit;
}

static void walk_make(struct walk *w)
{
	unsigned int i, len, n;
	phys_addr_t phys;

	w->bytes = 0;
	for (i = 0; i < WALK_BVECS; i++) {
		/* near page boundaries, and on them */
		phys = TEST_BASE + walk_below(w, 1024) * SZ_4K;
		if (walk_below(w, 2))
			phys += walk_below(w, SZ_4K);
		len = 1 + walk_below(w, walk_below(w, 2) ? 64 : 3 * SZ_4K);
		if (walk_below(w, 2))
			bvec_set_p2p(&w->bv[i], phys, len);
		else
			bvec_set_phys(&w->bv[i], phys, len);
		for (n = 0; n < len; n++, w->bytes++) {
			w->phys[w->bytes] = phys + n;
			w->p2p[w->bytes] = bvec_is_p2p(&w->bv[i]);
		}
	}
}

static struct walk *walk_begin(struct kunit *test)
{
	u64 use = seed ?: get_random_u64();
	struct walk *w;

	kunit_info(test, "seed %llu, bio_phys_kunit.seed= repeats it\n", use);
	w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, w);
	prandom_seed_state(&w->rnd, use);
	return w;
}

/* One piece of a walk begins at byte @at of the model. */
static void walk_check(struct kunit *test, struct walk *w,
		       const struct bio_vec *bv, unsigned int at)
{
	KUNIT_ASSERT_GT(test, bv->bv_len, 0);
	KUNIT_ASSERT_LE(test, at + bv->bv_len, w->bytes);
	KUNIT_ASSERT_EQ(test, w->phys[at], bvec_phys(bv));
	KUNIT_ASSERT_EQ(test, w->p2p[at], bvec_is_p2p(bv));
	KUNIT_ASSERT_EQ(test, w->phys[at + bv->bv_len - 1],
			bvec_phys(bv) + bv->bv_len - 1);
	KUNIT_ASSERT_EQ(test, w->p2p[at + bv->bv_len - 1], bvec_is_p2p(bv));
}

static void walk_pages(struct kunit *test)
{
	struct walk *w = walk_begin(test);
	unsigned int at, from, skip;
	struct bvec_iter start, iter;
	struct bio_vec bv;
	int round;

	for (round = 0; round < 200; round++) {
		walk_make(w);
		from = walk_below(w, w->bytes);
		start = (struct bvec_iter){ .bi_size = w->bytes };
		KUNIT_ASSERT_TRUE(test, bvec_iter_advance(w->bv, &start, from));
		skip = walk_below(w, start.bi_size);
		start.bi_size -= skip;

		at = from;
		for_each_bvec(bv, w->bv, iter, start) {
			walk_check(test, w, &bv, at);
			/* never over a page boundary, never less than it */
			KUNIT_ASSERT_EQ(test, bvec_phys(&bv) / PAGE_SIZE,
					(bvec_phys(&bv) + bv.bv_len - 1) /
					PAGE_SIZE);
			KUNIT_ASSERT_EQ(test, offset_in_page(bvec_phys(&bv)),
					bvec_iter_offset(w->bv, iter));
			KUNIT_ASSERT_EQ(test, bvec_phys(&bv),
					bvec_iter_phys(w->bv, iter));
			at += bv.bv_len;
		}
		KUNIT_ASSERT_EQ(test, w->bytes - skip, at);
	}
}

static void walk_bvecs(struct kunit *test)
{
	struct walk *w = walk_begin(test);
	struct bvec_iter iter;
	struct bio_vec bv;
	unsigned int at, step;
	int round;

	for (round = 0; round < 200; round++) {
		walk_make(w);
		iter = (struct bvec_iter){ .bi_size = w->bytes };
		for (at = 0; iter.bi_size; at += step) {
			bv = mp_bvec_iter_bvec(w->bv, iter);
			walk_check(test, w, &bv, at);
			/* all that is left of the bvec */
			KUNIT_ASSERT_EQ(test, bvec_phys(&bv) + bv.bv_len,
					w->bv[iter.bi_idx].bv_phys +
					w->bv[iter.bi_idx].bv_len);
			step = 1 + walk_below(w, bv.bv_len);
			if (walk_below(w, 4) == 0)
				step = 1 + walk_below(w, iter.bi_size);
			bvec_iter_advance(w->bv, &iter, step);
		}
		KUNIT_ASSERT_EQ(test, w->bytes, at);
	}
}

static void walk_all(struct kunit *test)
{
	struct walk *w = walk_begin(test);
	struct bvec_iter_all all;
	struct bio_vec *bv;
	unsigned int at;
	int round;

	for (round = 0; round < 200; round++) {
		walk_make(w);
		at = 0;
		bv = bvec_init_iter_all(&all);
		while (all.idx < WALK_BVECS) {
			bvec_advance(&w->bv[all.idx], &all);
			walk_check(test, w, bv, at);
			KUNIT_ASSERT_LE(test, offset_in_page(bvec_phys(bv)) +
					bv->bv_len, PAGE_SIZE);
			at += bv->bv_len;
		}
		KUNIT_ASSERT_EQ(test, w->bytes, at);
	}
}

/* building bios */

#define RANGE_A		TEST_BASE
#define RANGE_B		(TEST_BASE + SZ_1M)	/* adjacent */
#define RANGE_SIZE	((phys_addr_t)SZ_1M)

static void test_range_remove(void *data)
{
	p2p_range_unregister(data);
}

static void test_range(struct kunit *test, phys_addr_t start, phys_addr_t size)
{
	struct p2p_range *range;

	range = kunit_kzalloc(test, sizeof(*range), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, range);
	range->start = start;
	range->size = size;
	range->name = "kunit";
	KUNIT_ASSERT_EQ(test, 0, p2p_range_register(range));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, test_range_remove,
						  range));
}

static void test_bio_put(void *bio)
{
	bio_put(bio);
}

static struct bio *test_bio(struct kunit *test, unsigned short vecs)
{
	struct bio *bio = bio_alloc(NULL, vecs, REQ_OP_WRITE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, bio);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, test_bio_put, bio));
	return bio;
}

static void add_marks(struct kunit *test)
{
	struct bio *bio = test_bio(test, 4);

	test_range(test, RANGE_A, RANGE_SIZE);
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
	struct bio *bio = test_bio(test, 4);

	test_range(test, RANGE_A, RANGE_SIZE);
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
	struct bio *bio = test_bio(test, 2);
	unsigned int vecs = bio->bi_max_vecs;	/* may be more than that */
	phys_addr_t phys = RANGE_A;
	unsigned int i;

	test_range(test, RANGE_A, RANGE_SIZE);
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
	struct bio *bio = test_bio(test, 4);

	if (!IS_ENABLED(CONFIG_64BIT))
		kunit_skip(test, "no room for such a range");
	test_range(test, TEST_BASE, (phys_addr_t)SZ_8G);
	KUNIT_EXPECT_EQ(test, SZ_1G, bio_add_phys(bio, TEST_BASE, SZ_1G));
	KUNIT_EXPECT_EQ(test, SZ_1G,
			bio_add_phys(bio, TEST_BASE + SZ_1G, SZ_1G));
	KUNIT_EXPECT_EQ(test, SZ_1G,
			bio_add_phys(bio, TEST_BASE + SZ_2G, SZ_1G));
	/* neither joined nor beside it: the size would wrap */
	KUNIT_EXPECT_EQ(test, 0, bio_add_phys(bio, TEST_BASE + 3ULL * SZ_1G,
					      SZ_1G));
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
	struct bio *bio = test_bio(test, 4);

	test_range(test, RANGE_A, RANGE_SIZE);
	test_range(test, RANGE_B, RANGE_SIZE);
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
	struct bio *bio = test_bio(test, 4);

	test_range(test, RANGE_A, RANGE_SIZE);
	test_range(test, RANGE_B, RANGE_SIZE);
	KUNIT_ASSERT_EQ(test, 512, bio_add_phys(bio, RANGE_B - 512, 512));
	KUNIT_EXPECT_EQ(test, -EINVAL, bio_add_phys(bio, RANGE_B, 512));
	KUNIT_EXPECT_EQ(test, 512, bio->bi_iter.bi_size);
}

static void add_mixed(struct kunit *test)
{
	struct page *page = test_pages(test, 0);
	struct bio *ram = test_bio(test, 4);
	struct bio *p2p = test_bio(test, 4);

	test_range(test, RANGE_A, RANGE_SIZE);

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
	__free_pages(page, 0);
}

/* The page whose address happens to continue the peer's memory. */
static void page_does_not_join(struct kunit *test)
{
	struct page *page = test_pages(test, 0);
	struct bio *bio = test_bio(test, 2);

	bvec_set_p2p(bio->bi_io_vec, page_to_phys(page) - SZ_4K, SZ_4K);
	bio->bi_vcnt = 1;
	bio->bi_iter.bi_size = SZ_4K;
	bio_set_flag(bio, BIO_P2P);
	KUNIT_EXPECT_EQ(test, 0, bio_add_page(bio, page, SZ_4K, 0));
	KUNIT_EXPECT_EQ(test, SZ_4K, bio->bi_io_vec[0].bv_len);
	__free_pages(page, 0);
}

/* the mark */

static struct bio *test_p2p_bio(struct kunit *test)
{
	struct bio *bio = test_bio(test, 4);

	test_range(test, RANGE_A, RANGE_SIZE);
	KUNIT_ASSERT_EQ(test, SZ_8K, bio_add_phys(bio, RANGE_A, SZ_8K));
	KUNIT_ASSERT_EQ(test, SZ_8K,
			bio_add_phys(bio, RANGE_A + SZ_64K, SZ_8K));
	return bio;
}

static void mark_goes_with_clones(struct kunit *test)
{
	struct bio *bio = test_p2p_bio(test);
	struct bio *ram = test_bio(test, 1);
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

static void mark_goes_with_splits(struct kunit *test)
{
	struct bio *bio = test_p2p_bio(test);
	struct bio *head;
	struct bio_vec bv;

	head = bio_split(bio, (SZ_8K + SZ_4K) / SECTOR_SIZE, GFP_KERNEL,
			 &fs_bio_set);
	KUNIT_ASSERT_NOT_NULL(test, head);
	KUNIT_EXPECT_TRUE(test, bio_is_p2p(head));
	KUNIT_EXPECT_TRUE(test, bio_is_p2p(bio));
	KUNIT_EXPECT_EQ(test, SZ_8K + SZ_4K, head->bi_iter.bi_size);
	KUNIT_EXPECT_EQ(test, SZ_4K, bio->bi_iter.bi_size);
	bv = mp_bvec_iter_bvec(bio->bi_io_vec, bio->bi_iter);
	KUNIT_EXPECT_TRUE(test, bvec_is_p2p(&bv));
	KUNIT_EXPECT_EQ(test, RANGE_A + SZ_64K + SZ_4K, bvec_phys(&bv));
	bio_put(head);
}

static void mark_ends_with_reset(struct kunit *test)
{
	struct bio *bio = test_p2p_bio(test);
	struct page *page = test_pages(test, 0);

	bio_reset(bio, NULL, REQ_OP_READ);
	KUNIT_EXPECT_FALSE(test, bio_is_p2p(bio));
	KUNIT_EXPECT_EQ(test, SZ_4K, bio_add_page(bio, page, SZ_4K, 0));
	KUNIT_EXPECT_FALSE(test, bvec_is_p2p(bio->bi_io_vec));
	__free_pages(page, 0);
}

/* A kernel submitter brings its own bvecs. */
static void mark_from_bvecs(struct kunit *test)
{
	struct bio *bio = test_bio(test, 0);
	struct iov_iter iter;
	struct bio_vec bv[2];

	test_range(test, RANGE_A, RANGE_SIZE);
	bvec_set_p2p(&bv[0], RANGE_A, SZ_4K);
	bvec_set_p2p(&bv[1], RANGE_A + SZ_8K, SZ_4K);
	iov_iter_bvec(&iter, ITER_SOURCE, bv, 2, SZ_8K);
	KUNIT_EXPECT_EQ(test, 0, bio_iov_iter_get_pages(bio, &iter));
	KUNIT_EXPECT_TRUE(test, bio_is_p2p(bio));
	KUNIT_EXPECT_EQ(test, SZ_8K, bio->bi_iter.bi_size);
}

static void mark_from_second_bvec(struct kunit *test)
{
	struct page *page = test_pages(test, 0);
	struct bio *bio = test_bio(test, 0);
	struct iov_iter iter;
	struct bio_vec bv[2];

	test_range(test, RANGE_A, RANGE_SIZE);
	bvec_set_page(&bv[0], page, SZ_4K, 0);
	bvec_set_p2p(&bv[1], RANGE_A + SZ_8K, SZ_4K);
	iov_iter_bvec(&iter, ITER_SOURCE, bv, 2, SZ_8K);
	KUNIT_EXPECT_EQ(test, 0, bio_iov_iter_get_pages(bio, &iter));
	/* so that submission looks, and refuses it */
	KUNIT_EXPECT_TRUE(test, bio_is_p2p(bio));
	__free_pages(page, 0);
}

static void no_mark_for_ram(struct kunit *test)
{
	struct page *page = test_pages(test, 0);
	struct bio *bio = test_bio(test, 0);
	struct iov_iter iter;
	struct bio_vec bv;

	test_range(test, RANGE_A, RANGE_SIZE);
	bvec_set_page(&bv, page, SZ_4K, 0);
	iov_iter_bvec(&iter, ITER_SOURCE, &bv, 1, SZ_4K);
	KUNIT_EXPECT_EQ(test, 0, bio_iov_iter_get_pages(bio, &iter));
	KUNIT_EXPECT_FALSE(test, bio_is_p2p(bio));
	__free_pages(page, 0);
}

/* There are no pages to dirty, and none to release. */
static void pages_are_left_alone(struct kunit *test)
{
	struct bio *bio = test_p2p_bio(test);

	bio_set_pages_dirty(bio);
	bio_release_pages(bio, true);
	KUNIT_EXPECT_TRUE(test, bio_is_p2p(bio));
	KUNIT_EXPECT_EQ(test, 4 * SZ_4K, bio->bi_iter.bi_size);
}

static struct kunit_case bio_phys_cases[] = {
	KUNIT_CASE(layout),
	KUNIT_CASE_PARAM(bvec_of_ram, ram_gen_params),
	KUNIT_CASE(bvec_copies),
	KUNIT_CASE(bvec_of_p2p),
	KUNIT_CASE(walk_pages),
	KUNIT_CASE(walk_bvecs),
	KUNIT_CASE(walk_all),
	KUNIT_CASE(add_marks),
	KUNIT_CASE(add_merges),
	KUNIT_CASE(add_until_full),
	KUNIT_CASE(add_until_4g),
	KUNIT_CASE_PARAM(add_second, add_gen_params),
	KUNIT_CASE(add_neighbour),
	KUNIT_CASE(add_mixed),
	KUNIT_CASE(page_does_not_join),
	KUNIT_CASE(mark_goes_with_clones),
	KUNIT_CASE(mark_goes_with_splits),
	KUNIT_CASE(mark_ends_with_reset),
	KUNIT_CASE(mark_from_bvecs),
	KUNIT_CASE(mark_from_second_bvec),
	KUNIT_CASE(no_mark_for_ram),
	KUNIT_CASE(pages_are_left_alone),
	{}
};

static struct kunit_suite bio_phys_suite = {
	.name = "bio_phys",
	.test_cases = bio_phys_cases,
};

kunit_test_suite(bio_phys_suite);

MODULE_DESCRIPTION("KUnit tests for bios with page-less memory");
MODULE_LICENSE("GPL");
