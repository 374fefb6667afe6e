// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for refusals before damage: the CPU would read or write the data
 * of a bio, or take its pages, and the memory is a peer's.  Each such IO fails
 * with an error before its driver sees it.  Nobody maps anything here, so a
 * range without a device behind it is enough.
 */
#include <kunit/test.h>
#include <linux/dma-phys.h>
#include <linux/anon_inodes.h>
#include <linux/bio-phys.h>
#include <linux/bio.h>
#include <linux/blk-crypto.h>
#include <linux/blk-integrity.h>
#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/iomap.h>
#include <linux/module.h>
#include <linux/p2p_range_tree.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include <linux/uio.h>

#define TEST_PHYS	0xe0000000UL	/* no RAM of a User Mode Linux */
#define TEST_BYTES	SZ_1M

struct test_refuse {
	struct p2p_range range;
	struct gendisk *disk;
	struct blk_mq_tag_set set;
	unsigned int seen;		/* requests that reached the driver */
	struct page *page;		/* RAM */
	struct bio_vec bv[2];
};

static blk_status_t test_queue_rq(struct blk_mq_hw_ctx *hctx,
				  const struct blk_mq_queue_data *bd)
{
	struct test_refuse *t = hctx->queue->queuedata;

	t->seen++;
	blk_mq_start_request(bd->rq);
	blk_mq_end_request(bd->rq, BLK_STS_OK);
	return BLK_STS_OK;
}

static const struct blk_mq_ops test_mq_ops = {
	.queue_rq = test_queue_rq,
};

static const struct block_device_operations test_fops = {};

/* A disk that takes peer-to-peer memory unless the limits say something else */
static struct test_refuse *test_disk(struct kunit *test,
				     struct queue_limits *lim)
{
	struct test_refuse *t = test->priv;
	struct queue_limits takes = { .features = BLK_FEAT_P2P_PHYS };

	if (!lim)
		lim = &takes;
	lim->max_segments = 32;
	t->disk = blk_mq_alloc_disk(&t->set, lim, t);
	KUNIT_ASSERT_FALSE(test, IS_ERR(t->disk));
	t->disk->fops = &test_fops;
	set_capacity(t->disk, SZ_1M / SECTOR_SIZE);
	return t;
}

static struct bio *test_bio(struct kunit *test, blk_opf_t opf)
{
	struct test_refuse *t = test->priv;
	struct bio *bio = bio_alloc(t->disk->part0, 1, opf, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, bio);
	KUNIT_ASSERT_EQ(test, SZ_4K, bio_add_phys(bio, TEST_PHYS, SZ_4K));
	return bio;
}

/* How the IO ends, and that it reached the driver only if it ends well. */
static void expect_end(struct kunit *test, struct bio *bio, int want)
{
	struct test_refuse *t = test->priv;

	t->seen = 0;
	KUNIT_EXPECT_EQ(test, want, submit_bio_wait(bio));
	KUNIT_EXPECT_EQ(test, !want, t->seen);
	bio_put(bio);
}

/* The bvecs of a kernel submitter: RAM and then P2P, or the last only. */
static void test_iter(struct kunit *test, struct iov_iter *iter,
		      unsigned int dir, bool ram_first)
{
	struct test_refuse *t = test->priv;

	bvec_set_page(&t->bv[0], t->page, SZ_4K, 0);
	bvec_set_p2p(&t->bv[1], TEST_PHYS, SZ_4K,
		     dma_phys_life(TEST_PHYS));
	iov_iter_bvec(iter, dir, &t->bv[ram_first ? 0 : 1], ram_first ? 2 : 1,
		      ram_first ? SZ_8K : SZ_4K);
}

static void driver_takes_it(struct kunit *test)
{
	test_disk(test, NULL);
	expect_end(test, test_bio(test, REQ_OP_WRITE), 0);
	expect_end(test, test_bio(test, REQ_OP_READ), 0);
}

static void driver_does_not(struct kunit *test)
{
	struct queue_limits lim = {};

	test_disk(test, &lim);
	expect_end(test, test_bio(test, REQ_OP_WRITE), -EOPNOTSUPP);
	expect_end(test, test_bio(test, REQ_OP_READ), -EOPNOTSUPP);
}

/*
 * A device on top of others, as md with its write-behind and its parity, or
 * dm-crypt: it must say so itself, whatever those below take.
 */
static void stacking_does_not_inherit(struct kunit *test)
{
	struct queue_limits top, below;

	blk_set_stacking_limits(&top);
	blk_set_stacking_limits(&below);
	below.features |= BLK_FEAT_P2P_PHYS;
	KUNIT_EXPECT_EQ(test, 0, blk_stack_limits(&top, &below, 0));
	KUNIT_EXPECT_EQ(test, 0, (__force u32)(top.features &
					       BLK_FEAT_P2P_PHYS));
}

/* protection information */

struct integrity_case {
	const char *name;
	unsigned char flags;
	int write, read;
};

static const struct integrity_case integrity_cases[] = {
	{ "both", 0, -EOPNOTSUPP, -EOPNOTSUPP },
	{ "generate", BLK_INTEGRITY_NOVERIFY, -EOPNOTSUPP, 0 },
	{ "verify", BLK_INTEGRITY_NOGENERATE, 0, -EOPNOTSUPP },
	{ "neither", BLK_INTEGRITY_NOVERIFY | BLK_INTEGRITY_NOGENERATE, 0, 0 },
};

KUNIT_ARRAY_PARAM_DESC(integrity, integrity_cases, name);

static void integrity_limits(struct queue_limits *lim, unsigned char flags)
{
	*lim = (struct queue_limits) {
		.features = BLK_FEAT_P2P_PHYS,
		.integrity = {
			.csum_type = BLK_INTEGRITY_CSUM_CRC,
			.metadata_size = 8,
			.pi_tuple_size = 8,
			.flags = flags,
		},
	};
}

static void integrity(struct kunit *test)
{
	const struct integrity_case *c = test->param_value;
	struct queue_limits lim;

	if (!IS_ENABLED(CONFIG_BLK_DEV_INTEGRITY))
		kunit_skip(test, "no CONFIG_BLK_DEV_INTEGRITY");
	integrity_limits(&lim, c->flags);
	test_disk(test, &lim);
	expect_end(test, test_bio(test, REQ_OP_WRITE), c->write);
	expect_end(test, test_bio(test, REQ_OP_READ), c->read);
}

/* Encrypted by the device or by the fallback: that is known further down. */
static void inline_encryption(struct kunit *test)
{
#ifdef CONFIG_BLK_INLINE_ENCRYPTION
	struct bio_crypt_ctx ctx = {};
	struct bio *bio;

	test_disk(test, NULL);
	bio = test_bio(test, REQ_OP_WRITE);
	bio->bi_crypt_context = &ctx;
	bio_get(bio);
	expect_end(test, bio, -EOPNOTSUPP);
	bio->bi_crypt_context = NULL;
	bio_put(bio);
#else
	kunit_skip(test, "no CONFIG_BLK_INLINE_ENCRYPTION");
#endif
}

/* kernel submitters: loop, nvmet, and whoever else has bvecs */

static void file_that_looks(struct kunit *test)
{
	struct test_refuse *t = test->priv;
	struct iov_iter iter;

	test_iter(test, &iter, ITER_SOURCE, false);
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			bio_phys_check_iter(&iter, NULL, false));
	test_iter(test, &iter, ITER_SOURCE, true);
	KUNIT_EXPECT_EQ(test, -EINVAL,
			bio_phys_check_iter(&iter, NULL, false));

	/* what is behind the end does not count */
	iov_iter_truncate(&iter, SZ_4K);
	KUNIT_EXPECT_EQ(test, 0, bio_phys_check_iter(&iter, NULL, false));
	iov_iter_bvec(&iter, ITER_SOURCE, t->bv, 0, 0);
	KUNIT_EXPECT_EQ(test, 0, bio_phys_check_iter(&iter, NULL, false));
}

static void file_that_does_not_look(struct kunit *test)
{
	struct iov_iter iter;

	test_iter(test, &iter, ITER_SOURCE, false);
	KUNIT_EXPECT_EQ(test, 0, bio_phys_check_iter(&iter, NULL, true));
}

/* With the last range gone, the flag of the bvec is all there is. */
static void provider_gone(struct kunit *test)
{
	struct test_refuse *t = test_disk(test, NULL);
	struct iov_iter iter;
	struct bio *bio;

	p2p_range_unregister(&t->range);
	test_iter(test, &iter, ITER_SOURCE, false);
	bio = bio_alloc(t->disk->part0, 0, REQ_OP_WRITE, GFP_KERNEL);
	bio_iov_iter_set(bio, &iter);
	KUNIT_EXPECT_TRUE(test, bio_is_p2p(bio));
	expect_end(test, bio, -EREMOTEIO);
}

static void copying(struct kunit *test)
{
	struct iov_iter iter;
	char buf[64] = "as it was";

	test_iter(test, &iter, ITER_SOURCE, false);
	KUNIT_EXPECT_EQ(test, 0, copy_from_iter(buf, sizeof(buf), &iter));
	KUNIT_EXPECT_STREQ(test, "as it was", buf);
	KUNIT_EXPECT_FALSE(test, copy_from_iter_full(buf, sizeof(buf), &iter));
	KUNIT_EXPECT_STREQ(test, "as it was", buf);

	test_iter(test, &iter, ITER_DEST, false);
	KUNIT_EXPECT_EQ(test, 0, copy_to_iter(buf, sizeof(buf), &iter));
	KUNIT_EXPECT_EQ(test, 0, iov_iter_zero(sizeof(buf), &iter));
	KUNIT_EXPECT_EQ(test, SZ_4K, iov_iter_count(&iter));
}

static void taking_pages(struct kunit *test)
{
	struct page *pages[2], **p = pages;
	struct iov_iter iter;
	size_t offset;

	test_iter(test, &iter, ITER_DEST, false);
	KUNIT_EXPECT_EQ(test, -EFAULT,
			iov_iter_get_pages2(&iter, pages, SZ_4K, 2, &offset));
	KUNIT_EXPECT_EQ(test, -EFAULT,
			iov_iter_extract_pages(&iter, &p, SZ_4K, 2, 0,
					       &offset));
	KUNIT_EXPECT_EQ(test, SZ_4K, iov_iter_count(&iter));
}

static void making_a_scatterlist(struct kunit *test)
{
	struct scatterlist sg[2];
	struct sg_table table = { .sgl = sg };
	struct iov_iter iter;

	sg_init_table(sg, ARRAY_SIZE(sg));
	test_iter(test, &iter, ITER_DEST, false);
	KUNIT_EXPECT_EQ(test, -EFAULT,
			extract_iter_to_sg(&iter, SZ_4K, &table, 2, 0));
	KUNIT_EXPECT_EQ(test, 0, table.nents);

	/* what is in front of it is RAM, and is taken */
	test_iter(test, &iter, ITER_DEST, true);
	KUNIT_EXPECT_EQ(test, SZ_4K,
			extract_iter_to_sg(&iter, SZ_8K, &table, 2, 0));
	KUNIT_EXPECT_EQ(test, 1, table.nents);
	KUNIT_EXPECT_EQ(test, SZ_4K, iov_iter_count(&iter));
}

/* iomap: what the CPU would do to the memory in direct IO that is taken */

static u16 test_iomap_type;

static int test_iomap_begin(struct inode *inode, loff_t pos, loff_t length,
			    unsigned int flags, struct iomap *iomap,
			    struct iomap *srcmap)
{
	static char data[64];

	iomap->type = test_iomap_type;
	iomap->offset = pos;
	iomap->length = test_iomap_type == IOMAP_INLINE ? sizeof(data) : length;
	iomap->inline_data = data;
	iomap->addr = IOMAP_NULL_ADDR;
	return 0;
}

static const struct iomap_ops test_iomap_ops = {
	.iomap_begin = test_iomap_begin,
};

static const struct file_operations test_takes_fops = {
	.fop_flags = FOP_P2P_DIO,
};

static int test_iomap_rw(struct kunit *test, unsigned int dir, bool p2p,
			 u16 type, loff_t size)
{
	struct test_refuse *t = test->priv;
	struct iov_iter iter;
	struct kiocb iocb;
	struct file *file;
	ssize_t ret;

	file = anon_inode_create_getfile("[iomap]", &test_takes_fops, NULL,
					 O_RDWR, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	i_size_write(file_inode(file), size);
	file_inode(file)->i_blkbits = SECTOR_SHIFT;
	init_sync_kiocb(&iocb, file);
	test_iter(test, &iter, dir, false);
	if (!p2p)
		bvec_set_page(&t->bv[1], t->page, SZ_4K, 0);
	test_iomap_type = type;
	ret = iomap_dio_rw(&iocb, &iter, &test_iomap_ops, NULL, 0, NULL, 0);
	__fput_sync(file);
	return ret;
}

static void iomap_inline(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			test_iomap_rw(test, ITER_DEST, true, IOMAP_INLINE, 64));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			test_iomap_rw(test, ITER_SOURCE, true, IOMAP_INLINE,
				      64));
}

/* passthrough commands */

static int test_passthrough(struct kunit *test, struct iov_iter *iter)
{
	struct test_refuse *t = test->priv;
	struct request *rq;
	int ret;

	rq = blk_mq_alloc_request(t->disk->queue, REQ_OP_DRV_OUT, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(rq));
	ret = blk_rq_map_user_iov(t->disk->queue, rq, NULL, iter, GFP_KERNEL);
	if (!ret) {
		KUNIT_EXPECT_TRUE(test, bio_is_p2p(rq->bio));
		blk_rq_unmap_user(rq->bio);
	} else {
		KUNIT_EXPECT_PTR_EQ(test, NULL, rq->bio);
	}
	rq->bio = NULL;
	blk_mq_free_request(rq);
	return ret;
}

static void passthrough(struct kunit *test)
{
	struct iov_iter iter;

	test_disk(test, NULL);
	test_iter(test, &iter, ITER_SOURCE, false);
	KUNIT_EXPECT_EQ(test, 0, test_passthrough(test, &iter));
}

static void passthrough_wrong_queue(struct kunit *test)
{
	struct queue_limits lim = {};
	struct iov_iter iter;

	test_disk(test, &lim);
	test_iter(test, &iter, ITER_SOURCE, false);
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, test_passthrough(test, &iter));
}

/* What is not aligned is bounced: not this. */
static void passthrough_misaligned(struct kunit *test)
{
	struct test_refuse *t = test_disk(test, NULL);
	struct iov_iter iter;

	test_iter(test, &iter, ITER_SOURCE, false);
	t->bv[1].bv_phys += 1;
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, test_passthrough(test, &iter));
}

static int test_init(struct kunit *test)
{
	struct test_refuse *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	test->priv = t;
	t->page = alloc_page(GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t->page);
	t->set.ops = &test_mq_ops;
	t->set.nr_hw_queues = 1;
	t->set.queue_depth = 4;
	t->set.numa_node = NUMA_NO_NODE;
	KUNIT_ASSERT_EQ(test, 0, blk_mq_alloc_tag_set(&t->set));
	t->range.start = TEST_PHYS;
	t->range.size = TEST_BYTES;
	t->range.name = "refuse";
	KUNIT_ASSERT_EQ(test, 0, p2p_range_register(&t->range));
	return 0;
}

static void test_exit(struct kunit *test)
{
	struct test_refuse *t = test->priv;

	if (!t)
		return;
	if (!IS_ERR_OR_NULL(t->disk))
		put_disk(t->disk);
	if (t->range.name &&
	    p2p_range_state(&t->range) != P2P_RANGE_UNREGISTERED)
		p2p_range_unregister(&t->range);
	if (t->set.tags)
		blk_mq_free_tag_set(&t->set);
	if (t->page)
		__free_page(t->page);
}

static struct kunit_case refuse_cases[] = {
	KUNIT_CASE(driver_takes_it),
	KUNIT_CASE(driver_does_not),
	KUNIT_CASE(stacking_does_not_inherit),
	KUNIT_CASE_PARAM(integrity, integrity_gen_params),
	KUNIT_CASE(inline_encryption),
	KUNIT_CASE(file_that_looks),
	KUNIT_CASE(file_that_does_not_look),
	KUNIT_CASE(provider_gone),
	KUNIT_CASE(copying),
	KUNIT_CASE(taking_pages),
	KUNIT_CASE(making_a_scatterlist),
	KUNIT_CASE(iomap_inline),
	KUNIT_CASE(passthrough),
	KUNIT_CASE(passthrough_wrong_queue),
	KUNIT_CASE(passthrough_misaligned),
	{}
};

static struct kunit_suite refuse_suite = {
	.name = "p2p_refuse",
	.init = test_init,
	.exit = test_exit,
	.test_cases = refuse_cases,
};

kunit_test_suite(refuse_suite);

MODULE_DESCRIPTION("KUnit tests for refusals of page-less memory");
MODULE_LICENSE("GPL");
