// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for struct bio_vec: how large it is, and what its helpers say of
 * RAM.
 *
 * They need no peer-to-peer memory: where it is configured out, the same must
 * hold of the smaller bio_vec.
 */
#include <kunit/test.h>
#include <linux/bio.h>
#include <linux/bits.h>
#include <linux/bvec.h>
#include <linux/cache.h>
#include <linux/highmem.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/p2p_range_tree.h>
#include <linux/slab.h>

/* layout */

/* what a phys_addr_t is aligned to as a member, which __alignof__ is not */
struct phys_member {
	char c;
	phys_addr_t phys;
};

/* the table of the design, by what this kernel is */
static size_t layout_size(void)
{
	bool p2p = IS_ENABLED(CONFIG_DMA_PHYS_P2P);

	if (IS_ENABLED(CONFIG_64BIT))
		return 16;
	if (!IS_ENABLED(CONFIG_PHYS_ADDR_T_64BIT))
		return p2p ? 12 : 8;
	if (p2p || offsetof(struct phys_member, phys) == 8)
		return 16;
	return 12;
}

static void layout(struct kunit *test)
{
	kunit_info(test, "%zu bytes\n", sizeof(struct bio_vec));
	KUNIT_EXPECT_EQ(test, layout_size(), sizeof(struct bio_vec));
	KUNIT_EXPECT_EQ(test, 0, offsetof(struct bio_vec, bv_phys));
	KUNIT_EXPECT_EQ(test, sizeof(phys_addr_t),
			offsetof(struct bio_vec, bv_len));
#ifdef CONFIG_DMA_PHYS_P2P
	/* right behind the length, where 64-bit has a hole */
	KUNIT_EXPECT_EQ(test, sizeof(phys_addr_t) + 4,
			offsetof(struct bio_vec, bv_flags));
	KUNIT_EXPECT_EQ(test, 4, sizeof_field(struct bio_vec, bv_flags));
#endif
	/* block/bio.c builds an array of pages in the bvecs */
	KUNIT_EXPECT_EQ(test, 0, sizeof(struct bio_vec) % sizeof(void *));
}

/* An object of a slab cache that was made for @size bytes. */
static void expect_slab(struct kunit *test, const void *object, size_t size)
{
	size_t line = cache_line_size();

	KUNIT_EXPECT_GE(test, ksize(object), size);
	KUNIT_EXPECT_LE(test, ksize(object), ALIGN(size, line));
}

struct slab_case {
	const char *name;
	unsigned short vecs;
	unsigned short room;	/* the slab's: the bio gets all of it */
};

static const struct slab_case slab_cases[] = {
	{ "5", 5, 16 },
	{ "16", 16, 16 },
	{ "17", 17, 64 },
	{ "64", 64, 64 },
	{ "65", 65, 128 },
	{ "128", 128, 128 },
	{ "129", 129, BIO_MAX_VECS },
	{ "max", BIO_MAX_VECS, BIO_MAX_VECS },
};

KUNIT_ARRAY_PARAM_DESC(slab, slab_cases, name);

static void bvec_slab(struct kunit *test)
{
	const struct slab_case *c = test->param_value;
	struct bio *bio = bio_alloc(NULL, c->vecs, REQ_OP_READ, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, bio);
	KUNIT_EXPECT_EQ(test, c->room, bio->bi_max_vecs);
	expect_slab(test, bio->bi_io_vec, c->room * layout_size());
	bio_put(bio);
}

static void bio_slab(struct kunit *test)
{
	struct bio *bio = bio_alloc(NULL, 1, REQ_OP_READ, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, bio);
	KUNIT_EXPECT_PTR_EQ(test, bio_inline_vecs(bio), bio->bi_io_vec);
	/* behind it, however few it has: BIO_INLINE_VECS */
	expect_slab(test, (void *)bio - fs_bio_set.front_pad,
		    fs_bio_set.front_pad + sizeof(*bio) + 4 * layout_size());
	bio_put(bio);
}

/* helpers */

#define RAM_ORDER	2
#define RAM_PAGES	BIT(RAM_ORDER)
#define RAM_BYTES	(RAM_PAGES * PAGE_SIZE)

static void ram_free(void *page)
{
	__free_pages(page, RAM_ORDER);
}

static struct page *ram_pages(struct kunit *test, gfp_t gfp)
{
	struct page *page = alloc_pages(gfp | __GFP_COMP, RAM_ORDER);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, ram_free, page));
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
	{ "all pages", 0, RAM_BYTES },
	{ "nothing", 5, 0 },
};

KUNIT_ARRAY_PARAM_DESC(ram, ram_cases, name);

/*
 * Stock keeps a page and an offset that may lie beyond it.  What it says of a
 * place is this, in the page that the place is in.
 */
static void expect_ram(struct kunit *test, const struct bio_vec *bv,
		       struct page *page, unsigned int offset,
		       unsigned int len)
{
	KUNIT_EXPECT_EQ(test, page_to_phys(page) + offset, bvec_phys(bv));
	KUNIT_EXPECT_PTR_EQ(test, page + offset / PAGE_SIZE, bvec_page(bv));
	KUNIT_EXPECT_EQ(test, offset % PAGE_SIZE, bvec_offset(bv));
	KUNIT_EXPECT_EQ(test, len, bv->bv_len);
	KUNIT_EXPECT_FALSE(test, bvec_is_p2p(bv));
}

static void set_ram(struct kunit *test, gfp_t gfp)
{
	const struct ram_case *c = test->param_value;
	struct page *page = ram_pages(test, gfp);
	struct bio_vec bv;

	/* the same memory, whatever it is called, and whatever was there */
	memset(&bv, 0xff, sizeof(bv));
	bvec_set_page(&bv, page, c->len, c->offset);
	expect_ram(test, &bv, page, c->offset, c->len);
	memset(&bv, 0xff, sizeof(bv));
	bvec_set_folio(&bv, page_folio(page), c->len, c->offset);
	expect_ram(test, &bv, page, c->offset, c->len);
	memset(&bv, 0xff, sizeof(bv));
	bvec_set_phys(&bv, page_to_phys(page) + c->offset, c->len);
	expect_ram(test, &bv, page, c->offset, c->len);
	if (PageHighMem(page))
		return;
	memset(&bv, 0xff, sizeof(bv));
	bvec_set_virt(&bv, page_address(page) + c->offset, c->len);
	expect_ram(test, &bv, page, c->offset, c->len);
	KUNIT_EXPECT_PTR_EQ(test, page_address(page) + c->offset,
			    bvec_virt(&bv));
}

static void set_lowmem(struct kunit *test)
{
	set_ram(test, GFP_KERNEL);
}

/* the same as above where there is no high memory */
static void set_highmem(struct kunit *test)
{
	set_ram(test, GFP_HIGHUSER);
}

struct copy_case {
	const char *name;
	gfp_t gfp;
	unsigned int offset;
};

static const struct copy_case copy_cases[] = {
	{ "low memory", GFP_KERNEL, 100 },
	{ "low memory, second page", GFP_KERNEL, PAGE_SIZE + 1 },
	{ "high memory", GFP_HIGHUSER, 100 },
	{ "high memory, last bytes", GFP_HIGHUSER, RAM_BYTES - 9 },
};

KUNIT_ARRAY_PARAM_DESC(copy, copy_cases, name);

/* Eight bytes at an offset are as expected, and those around them as before. */
static void expect_bytes(struct kunit *test, struct page *page,
			 unsigned int offset, const char *want)
{
	char buf[10];

	memcpy_from_page(buf, page + offset / PAGE_SIZE,
			 offset % PAGE_SIZE - 1, sizeof(buf));
	KUNIT_EXPECT_MEMEQ(test, buf, want, sizeof(buf));
}

static void copies(struct kunit *test)
{
	const struct copy_case *c = test->param_value;
	struct page *page = ram_pages(test, c->gfp);
	struct bio_vec bv;
	char buf[9] = {};
	void *addr;
	int i;

	for (i = 0; i < RAM_PAGES; i++) {
		addr = kmap_local_page(page + i);
		memset(addr, 'x', PAGE_SIZE);
		kunmap_local(addr);
	}
	bvec_set_page(&bv, page, 8, c->offset);
	memcpy_to_bvec(&bv, "12345678");
	expect_bytes(test, page, c->offset, "x12345678x");
	memcpy_from_bvec(buf, &bv);
	KUNIT_EXPECT_STREQ(test, buf, "12345678");
	addr = bvec_kmap_local(&bv);
	KUNIT_EXPECT_MEMEQ(test, addr, "12345678", 8);
	kunmap_local(addr);
	memzero_bvec(&bv);
	expect_bytes(test, page, c->offset, "x\0\0\0\0\0\0\0\0x");
}

#ifdef CONFIG_DMA_PHYS_P2P
static void set_p2p(struct kunit *test)
{
	struct page *page = ram_pages(test, GFP_KERNEL);
	phys_addr_t phys = 3 * (phys_addr_t)SZ_1G + 5;
	struct bio_vec bv, copy;

	memset(&bv, 0, sizeof(bv));
	bvec_set_p2p(&bv, phys, 7, P2P_RANGE_LIFE_MAX);
	KUNIT_EXPECT_TRUE(test, bvec_is_p2p(&bv));
	KUNIT_EXPECT_EQ(test, P2P_RANGE_LIFE_MAX, bvec_life(&bv));
	KUNIT_EXPECT_EQ(test, phys, bvec_phys(&bv));
	KUNIT_EXPECT_EQ(test, 7, bv.bv_len);
	copy = bv;
	KUNIT_EXPECT_TRUE(test, bvec_is_p2p(&copy));
	KUNIT_EXPECT_TRUE(test, bvec_same_kind(&bv, &copy));
	bvec_set_p2p(&copy, phys, 7, 1);
	KUNIT_EXPECT_FALSE(test, bvec_same_kind(&bv, &copy));
	/* used again for RAM, it is RAM */
	bvec_set_page(&bv, page, PAGE_SIZE, 0);
	expect_ram(test, &bv, page, 0, PAGE_SIZE);
	bvec_set_phys(&copy, page_to_phys(page), PAGE_SIZE);
	expect_ram(test, &copy, page, 0, PAGE_SIZE);
}
#else
#define bvec_set_p2p	bvec_set_phys

static void set_p2p(struct kunit *test)
{
	kunit_skip(test, "peer-to-peer memory is configured out");
}
#endif

static struct kunit_case bvec_cases[] = {
	KUNIT_CASE(layout),
	KUNIT_CASE_PARAM(bvec_slab, slab_gen_params),
	KUNIT_CASE(bio_slab),
	KUNIT_CASE_PARAM(set_lowmem, ram_gen_params),
	KUNIT_CASE_PARAM(set_highmem, ram_gen_params),
	KUNIT_CASE_PARAM(copies, copy_gen_params),
	KUNIT_CASE(set_p2p),
	{}
};

static struct kunit_suite bvec_suite = {
	.name = "bvec_phys",
	.test_cases = bvec_cases,
};

kunit_test_suite(bvec_suite);

MODULE_DESCRIPTION("KUnit tests for struct bio_vec");
MODULE_LICENSE("GPL");
