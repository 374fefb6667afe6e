// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for walks over bio_vecs, against a model: the address and kind
 * of each byte, one after the other.
 *
 * They need no peer-to-peer memory: where it is configured out, the same must
 * hold of the smaller bio_vec.
 */
#include <kunit/test.h>
#include <linux/bio.h>
#include <linux/bits.h>
#include <linux/bvec.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/sizes.h>

static unsigned long long seed;
module_param(seed, ullong, 0444);
MODULE_PARM_DESC(seed, "seed of the randomised tests; 0: a new one each run");

#ifndef CONFIG_DMA_PHYS_P2P
static void bvec_set_p2p(struct bio_vec *bv, phys_addr_t phys,
			 unsigned int len, u32 life)
{
	bvec_set_phys(bv, phys, len);
}
#endif

#define RAM_ORDER	2
#define RAM_PAGES	BIT(RAM_ORDER)
#define RAM_BYTES	(RAM_PAGES * PAGE_SIZE)

#define WALK_BVECS	8
#define WALK_BYTES	(WALK_BVECS * RAM_BYTES)
#define WALK_ROUNDS	200

struct walk {
	struct rnd_state rnd;
	struct page *ram;	/* all bvecs are in it; NULL: anywhere */
	struct bio_vec bv[WALK_BVECS];
	unsigned int bytes;
	phys_addr_t phys[WALK_BYTES];
	bool p2p[WALK_BYTES];
};

static u32 walk_below(struct walk *w, u32 limit)
{
	return prandom_u32_state(&w->rnd) % limit;
}

/* near page boundaries, and on them; short pieces and long ones */
static void walk_make(struct walk *w)
{
	unsigned int i, offset, len, n;
	struct bio_vec *bv;

	w->bytes = 0;
	for (i = 0; i < WALK_BVECS; i++) {
		bv = &w->bv[i];
		offset = walk_below(w, RAM_PAGES) * PAGE_SIZE;
		if (walk_below(w, 2))
			offset += walk_below(w, PAGE_SIZE);
		len = RAM_BYTES - offset;
		len = 1 + walk_below(w, walk_below(w, 2) ? min(len, 64U) : len);
		if (w->ram)
			bvec_set_page(bv, w->ram, len, offset);
		else if (walk_below(w, 2))
			bvec_set_p2p(bv, (phys_addr_t)SZ_2G + offset, len, 1);
		else
			bvec_set_phys(bv, (phys_addr_t)SZ_1G + offset, len);
		for (n = 0; n < len; n++, w->bytes++) {
			w->phys[w->bytes] = bv->bv_phys + n;
			w->p2p[w->bytes] = bvec_is_p2p(bv);
		}
	}
}

static void walk_ram_free(void *page)
{
	__free_pages(page, RAM_ORDER);
}

static void walk_ram(struct kunit *test, struct walk *w, gfp_t comp)
{
	w->ram = alloc_pages(GFP_HIGHUSER | comp, RAM_ORDER);
	KUNIT_ASSERT_NOT_NULL(test, w->ram);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, walk_ram_free,
						  w->ram));
}

static struct walk *walk_begin(struct kunit *test)
{
	u64 use = seed ?: get_random_u64();
	struct walk *w;

	kunit_info(test, "seed %llu, bvec_walk_kunit.seed= repeats it\n", use);
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

/* never over a page boundary */
static void walk_check_page(struct kunit *test, struct walk *w,
			    const struct bio_vec *bv, unsigned int at)
{
	walk_check(test, w, bv, at);
	KUNIT_ASSERT_LE(test, offset_in_page(bvec_phys(bv)) + bv->bv_len,
			PAGE_SIZE);
}

/* What the iterator's helpers say of byte @at, if that is RAM. */
static void walk_check_iter(struct kunit *test, struct walk *w,
			    struct bvec_iter iter, unsigned int at)
{
	struct page *page = pfn_to_page(PHYS_PFN(w->phys[at]));
	unsigned int offset = offset_in_page(w->phys[at]);

	KUNIT_ASSERT_PTR_EQ(test, page, bvec_iter_page(w->bv, iter));
	KUNIT_ASSERT_EQ(test, offset, bvec_iter_offset(w->bv, iter));
	/* users step from the bvec's page to the one they are at */
	KUNIT_ASSERT_PTR_EQ(test, page, mp_bvec_iter_page(w->bv, iter) +
			    mp_bvec_iter_page_idx(w->bv, iter));
	KUNIT_ASSERT_EQ(test, offset,
			mp_bvec_iter_offset(w->bv, iter) % PAGE_SIZE);
}

static void pages(struct kunit *test, bool ram)
{
	struct walk *w = walk_begin(test);
	unsigned int at, from, skip;
	struct bvec_iter start, iter;
	struct bio_vec bv;
	int round;

	if (ram)
		walk_ram(test, w, __GFP_COMP);
	for (round = 0; round < WALK_ROUNDS; round++) {
		walk_make(w);
		from = walk_below(w, w->bytes);
		start = (struct bvec_iter){ .bi_size = w->bytes };
		KUNIT_ASSERT_TRUE(test, bvec_iter_advance(w->bv, &start, from));
		skip = walk_below(w, start.bi_size);
		start.bi_size -= skip;

		at = from;
		for_each_bvec(bv, w->bv, iter, start) {
			walk_check_page(test, w, &bv, at);
			if (ram)
				walk_check_iter(test, w, iter, at);
			KUNIT_ASSERT_EQ(test, bvec_phys(&bv),
					bvec_iter_phys(w->bv, iter));
			KUNIT_ASSERT_EQ(test, bv.bv_len,
					bvec_iter_len(w->bv, iter));
			at += bv.bv_len;
		}
		KUNIT_ASSERT_EQ(test, w->bytes - skip, at);
	}
}

static void walk_pages(struct kunit *test)
{
	pages(test, false);
}

static void walk_ram_pages(struct kunit *test)
{
	pages(test, true);
}

static void walk_bvecs(struct kunit *test)
{
	struct walk *w = walk_begin(test);
	struct bvec_iter iter;
	struct bio_vec bv;
	unsigned int at, step;
	int round;

	for (round = 0; round < WALK_ROUNDS; round++) {
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

	for (round = 0; round < WALK_ROUNDS; round++) {
		walk_make(w);
		at = 0;
		bv = bvec_init_iter_all(&all);
		while (all.idx < WALK_BVECS) {
			bvec_advance(&w->bv[all.idx], &all);
			walk_check_page(test, w, bv, at);
			at += bv->bv_len;
		}
		KUNIT_ASSERT_EQ(test, w->bytes, at);
	}
}

static struct bio *walk_bio(struct kunit *test, struct walk *w)
{
	struct bio *bio = bio_alloc(NULL, WALK_BVECS, REQ_OP_READ, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, bio);
	memcpy(bio->bi_io_vec, w->bv, sizeof(w->bv));
	bio->bi_vcnt = WALK_BVECS;
	bio->bi_iter.bi_size = w->bytes;
	return bio;
}

/* the loops that users write */
static void walk_bios(struct kunit *test)
{
	struct walk *w = walk_begin(test);
	struct bvec_iter_all all;
	struct bvec_iter iter;
	struct bio_vec bv, *bvp;
	unsigned int at;
	struct bio *bio;
	int i, round;

	walk_ram(test, w, __GFP_COMP);
	for (round = 0; round < WALK_ROUNDS; round++) {
		walk_make(w);
		bio = walk_bio(test, w);
		KUNIT_ASSERT_PTR_EQ(test, bvec_page(w->bv), bio_page(bio));
		KUNIT_ASSERT_EQ(test, bvec_offset(w->bv), bio_offset(bio));
		at = 0;
		bio_for_each_segment(bv, bio, iter) {
			walk_check_page(test, w, &bv, at);
			walk_check_iter(test, w, iter, at);
			at += bv.bv_len;
		}
		KUNIT_ASSERT_EQ(test, w->bytes, at);
		at = 0;
		bio_for_each_bvec(bv, bio, iter) {
			walk_check(test, w, &bv, at);
			at += bv.bv_len;
		}
		KUNIT_ASSERT_EQ(test, w->bytes, at);
		at = 0;
		bio_for_each_bvec_all(bvp, bio, i)
			at += bvp->bv_len;
		KUNIT_ASSERT_EQ(test, w->bytes, at);
		at = 0;
		bio_for_each_segment_all(bvp, bio, all) {
			walk_check_page(test, w, bvp, at);
			at += bvp->bv_len;
		}
		KUNIT_ASSERT_EQ(test, w->bytes, at);
		bio_put(bio);
	}
}

/* Pieces of folios: to the end of the folio, or of the bvec. */
static void folios(struct kunit *test, gfp_t comp)
{
	struct walk *w = walk_begin(test);
	struct folio_iter fi;
	struct page *page;
	unsigned int at;
	struct bio *bio;
	int round;

	walk_ram(test, w, comp);
	for (round = 0; round < WALK_ROUNDS; round++) {
		walk_make(w);
		bio = walk_bio(test, w);
		at = 0;
		bio_for_each_folio_all(fi, bio) {
			KUNIT_ASSERT_GT(test, fi.length, 0);
			KUNIT_ASSERT_LE(test, at + fi.length, w->bytes);
			page = pfn_to_page(PHYS_PFN(w->phys[at]));
			KUNIT_ASSERT_PTR_EQ(test, page_folio(page), fi.folio);
			KUNIT_ASSERT_EQ(test, w->phys[at], fi.offset +
					page_to_phys(&fi.folio->page));
			KUNIT_ASSERT_LE(test, fi.offset + fi.length,
					folio_size(fi.folio));
			KUNIT_ASSERT_EQ(test, w->phys[at] + fi.length - 1,
					w->phys[at + fi.length - 1]);
			at += fi.length;
		}
		KUNIT_ASSERT_EQ(test, w->bytes, at);
		bio_put(bio);
	}
}

static void walk_folios(struct kunit *test)
{
	folios(test, __GFP_COMP);
}

/* a bvec over several folios */
static void walk_small_folios(struct kunit *test)
{
	folios(test, 0);
}

static struct kunit_case bvec_walk_cases[] = {
	KUNIT_CASE(walk_pages),
	KUNIT_CASE(walk_ram_pages),
	KUNIT_CASE(walk_bvecs),
	KUNIT_CASE(walk_all),
	KUNIT_CASE(walk_bios),
	KUNIT_CASE(walk_folios),
	KUNIT_CASE(walk_small_folios),
	{}
};

static struct kunit_suite bvec_walk_suite = {
	.name = "bvec_walk",
	.test_cases = bvec_walk_cases,
};

kunit_test_suite(bvec_walk_suite);

MODULE_DESCRIPTION("KUnit tests for walks over bio_vecs");
MODULE_LICENSE("GPL");
