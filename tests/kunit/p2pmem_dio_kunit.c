// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for peer-to-peer memory in processes: which files may have it for
 * direct IO, and bios that are built from it as direct IO does.  The fabric is
 * in p2pmem_test.c.
 */
#include <kunit/test.h>
#include <linux/anon_inodes.h>
#include <linux/bio-phys.h>
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/p2p-dio.h>
#include <linux/shmem_fs.h>
#include <linux/uio.h>

#include "p2pmem_test.h"

#define BAR	P2PMEM_BAR
#define LEN	(4 * PAGE_SIZE)		/* of each mapping */
#define RW	(PROT_READ | PROT_WRITE)

#define PG(n)	((n) * PAGE_SIZE)

struct dio_case {
	const char *name;
	size_t offset;
	size_t len;
	int error;
	int vecs;		/* in the bio; none: an ordinary one */
	size_t short_by;	/* bytes that are left */
};

/* Two buffers of P, one of Q, RAM, and nothing, of four pages each. */
static const struct dio_case dio_cases[] = {
	{ "a buffer", 0, LEN, 0, 1 },
	{ "its first sector", 0, 512, 0, 1 },
	{ "its last sector", LEN - 512, 512, 0, 1 },
	{ "its middle", PG(1) + 512, PG(2), 0, 1 },
	{ "second buffer", LEN, LEN, 0, 1 },
	{ "two buffers", 0, 2 * LEN, 0, 2 },
	{ "pieces of two buffers", LEN - 512, 1024, 0, 2 },
	{ "the other provider", 2 * LEN + PG(1), PG(1), 0, 1 },
	{ "less than a sector", 0, 511, -EINVAL },
	{ "not whole sectors", 512, 1023, 0, 1, 511 },
	{ "two providers", LEN, 2 * LEN, -EINVAL },
	{ "two providers, a sector each", 2 * LEN - 512, 1024, -EINVAL },
	{ "and RAM", 2 * LEN, 2 * LEN, -EINVAL },
	{ "and a sector of RAM", 3 * LEN - 512, 1024, -EINVAL },
	{ "all of it", 0, 4 * LEN, -EINVAL },
	{ "RAM", 3 * LEN, LEN, 0, 0 },
};

KUNIT_ARRAY_PARAM_DESC(dio, dio_cases, name);

struct dio_area {
	unsigned long addr;
	struct block_device *bdev;
	struct pci_dev *p, *q;
};

static void test_area(struct kunit *test, struct dio_area *a)
{
	struct fake_pci *f = p2pmem_test_fabric(test);
	int fixed = MAP_SHARED | MAP_FIXED;

	a->p = p2pmem_test_provider(test, f, "P");
	a->q = p2pmem_test_provider(test, f, "Q");
	a->bdev = p2pmem_test_bdev(test, BLK_FEAT_P2P_PHYS);
	a->addr = kunit_vm_mmap(test, NULL, 0, 5 * LEN, RW,
				MAP_ANONYMOUS | MAP_PRIVATE, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(a->addr));
	KUNIT_ASSERT_EQ(test, a->addr,
			p2pmem_test_mmap(test, a->p, a->addr, LEN, RW, fixed));
	KUNIT_ASSERT_EQ(test, a->addr + LEN,
			p2pmem_test_mmap(test, a->p, a->addr + LEN, LEN, RW,
					 fixed));
	KUNIT_ASSERT_EQ(test, a->addr + 2 * LEN,
			p2pmem_test_mmap(test, a->q, a->addr + 2 * LEN, LEN, RW,
					 fixed));
	p2pmem_test_unmap(test, a->addr + 4 * LEN, LEN);
}

static void test_area_end(struct kunit *test, struct dio_area *a)
{
	p2pmem_test_unmap(test, a->addr, 5 * LEN);
	expect_available(test, a->p, BAR);
	expect_available(test, a->q, BAR);
}

/* Where a byte of the area really is. */
static phys_addr_t test_area_phys(struct dio_area *a, size_t offset)
{
	unsigned long addr = a->addr + offset;

	if (p2pmem_test_fault(addr, true))
		return 0;
	return p2pmem_test_phys(addr & PAGE_MASK) + offset_in_page(addr);
}

static void dio(struct kunit *test)
{
	const struct dio_case *c = test->param_value;
	size_t at = c->offset, want = c->len - c->short_by;
	struct bvec_iter_all all;
	struct iov_iter iter;
	struct bio_vec *bv;
	struct dio_area a;
	struct bio *bio;
	int dir;

	test_area(test, &a);
	for (dir = READ; dir <= WRITE; dir++) {
		iov_iter_ubuf(&iter, dir ? ITER_SOURCE : ITER_DEST,
			      (void __user *)(a.addr + c->offset), c->len);
		if (!c->vecs && !c->error) {
			KUNIT_EXPECT_EQ(test, 0,
					bio_phys_check_iter(&iter, a.bdev,
							    true));
			KUNIT_EXPECT_FALSE(test, iov_iter_is_p2p(&iter));
			continue;
		}
		bio = p2pmem_test_dio(test, a.bdev, &iter, 8);
		KUNIT_ASSERT_EQ(test, c->error, PTR_ERR_OR_ZERO(bio));
		if (c->error)
			continue;
		KUNIT_EXPECT_EQ(test, c->short_by, iov_iter_count(&iter));
		KUNIT_EXPECT_EQ(test, want, bio->bi_iter.bi_size);
		KUNIT_EXPECT_EQ(test, c->vecs, bio->bi_vcnt);
		at = c->offset;
		bv = bvec_init_iter_all(&all);
		while (bio_next_segment(bio, &all)) {
			KUNIT_EXPECT_TRUE(test, bvec_is_p2p(bv));
			KUNIT_EXPECT_EQ(test, test_area_phys(&a, at),
					bvec_phys(bv));
			at += bv->bv_len;
		}
		KUNIT_EXPECT_EQ(test, c->offset + c->len, at);
		p2pmem_test_bio_end(bio);
	}
	test_area_end(test, &a);
}

static void dio_in_pieces(struct kunit *test)
{
	struct iov_iter iter;
	struct dio_area a;
	struct bio *bio;

	test_area(test, &a);
	/* what does not fit is left for the next bio */
	iov_iter_ubuf(&iter, ITER_DEST, (void __user *)a.addr, 2 * LEN);
	bio = p2pmem_test_dio(test, a.bdev, &iter, 1);
	KUNIT_ASSERT_FALSE(test, IS_ERR(bio));
	KUNIT_EXPECT_EQ(test, LEN, bio->bi_iter.bi_size);
	KUNIT_EXPECT_EQ(test, LEN, iov_iter_count(&iter));
	p2pmem_test_bio_end(bio);
	bio = p2pmem_test_bio(test, a.bdev, 1, REQ_OP_READ);
	KUNIT_ASSERT_EQ(test, 0, bio_iov_iter_get_pages(bio, &iter, 0, 0));
	KUNIT_EXPECT_EQ(test, 0, iov_iter_count(&iter));
	KUNIT_EXPECT_EQ(test, test_area_phys(&a, LEN),
			bvec_phys(&bio->bi_io_vec[0]));
	p2pmem_test_bio_end(bio);
	test_area_end(test, &a);
}

static void dio_iovec(struct kunit *test)
{
	struct iovec iov[4];
	struct iov_iter iter;
	struct dio_area a;
	struct bio *bio;

	test_area(test, &a);
	/* back to front, an empty one, and two that join */
	iov[0] = (struct iovec){ (void __user *)(a.addr + PG(2)), PAGE_SIZE };
	iov[1] = (struct iovec){ NULL, 0 };
	iov[2] = (struct iovec){ (void __user *)a.addr, 512 };
	iov[3] = (struct iovec){ (void __user *)(a.addr + 512), 512 };
	iov_iter_init(&iter, ITER_DEST, iov, 4, PAGE_SIZE + 1024);
	bio = p2pmem_test_dio(test, a.bdev, &iter, 4);
	KUNIT_ASSERT_FALSE(test, IS_ERR(bio));
	KUNIT_ASSERT_EQ(test, 2, bio->bi_vcnt);
	KUNIT_EXPECT_EQ(test, test_area_phys(&a, PG(2)),
			bvec_phys(&bio->bi_io_vec[0]));
	KUNIT_EXPECT_EQ(test, PAGE_SIZE, bio->bi_io_vec[0].bv_len);
	KUNIT_EXPECT_EQ(test, test_area_phys(&a, 0),
			bvec_phys(&bio->bi_io_vec[1]));
	KUNIT_EXPECT_EQ(test, 1024, bio->bi_io_vec[1].bv_len);
	p2pmem_test_bio_end(bio);

	/* the empty one first */
	iov_iter_init(&iter, ITER_DEST, iov + 1, 3, 1024);
	bio = p2pmem_test_dio(test, a.bdev, &iter, 4);
	KUNIT_ASSERT_FALSE(test, IS_ERR(bio));
	KUNIT_EXPECT_EQ(test, 1, bio->bi_vcnt);
	KUNIT_EXPECT_EQ(test, 1024, bio->bi_iter.bi_size);
	p2pmem_test_bio_end(bio);

	/* whatever the order, two kinds are refused before a bio is built */
	iov[1] = (struct iovec){ (void __user *)(a.addr + 3 * LEN), 512 };
	iov_iter_init(&iter, ITER_DEST, iov, 4, PAGE_SIZE + 1536);
	KUNIT_EXPECT_EQ(test, -EINVAL,
			bio_phys_check_iter(&iter, a.bdev, true));
	iov_iter_init(&iter, ITER_DEST, iov + 1, 3, 1536);
	KUNIT_EXPECT_EQ(test, -EINVAL,
			bio_phys_check_iter(&iter, a.bdev, true));
	iov[1] = (struct iovec){ (void __user *)(a.addr + 2 * LEN), 512 };
	iov_iter_init(&iter, ITER_DEST, iov + 1, 3, 1536);
	KUNIT_EXPECT_EQ(test, -EINVAL,
			bio_phys_check_iter(&iter, a.bdev, true));
	test_area_end(test, &a);
}

/*
 * What is not mapped is no peer-to-peer memory, and ends where some begins; a
 * buffer of both is no mixture with RAM.
 */
static void dio_hole(struct kunit *test)
{
	struct iov_iter iter;
	struct dio_area a;

	test_area(test, &a);
	p2pmem_test_unmap(test, a.addr + LEN, LEN);
	iov_iter_ubuf(&iter, ITER_DEST, (void __user *)(a.addr + LEN), LEN);
	KUNIT_EXPECT_EQ(test, 0, bio_phys_check_iter(&iter, a.bdev, true));
	KUNIT_EXPECT_FALSE(test, iov_iter_is_p2p(&iter));
	KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-EFAULT),
			    p2pmem_test_dio_at(test, a.bdev, ITER_DEST,
					       a.addr + LEN, LEN + 512));
	KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-EFAULT),
			    p2pmem_test_dio_at(test, a.bdev, ITER_DEST, a.addr,
					       LEN + 512));
	KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-EFAULT),
			    p2pmem_test_dio_at(test, a.bdev, ITER_SOURCE,
					       a.addr, 2 * LEN));
	/* as a whole, before there is a bio for the first part of it */
	iov_iter_ubuf(&iter, ITER_DEST, (void __user *)a.addr, LEN + 512);
	KUNIT_EXPECT_EQ(test, -EFAULT,
			bio_phys_check_iter(&iter, a.bdev, true));
	KUNIT_EXPECT_FALSE(test, iov_iter_is_p2p(&iter));
	/* and RAM is none of peer-to-peer memory's business */
	iov_iter_ubuf(&iter, ITER_DEST, (void __user *)(a.addr + 3 * LEN),
		      2 * LEN);
	KUNIT_EXPECT_EQ(test, 0, bio_phys_check_iter(&iter, a.bdev, true));
	KUNIT_EXPECT_FALSE(test, iov_iter_is_p2p(&iter));
	test_area_end(test, &a);
}

/* Nor is somebody else's file, whatever it keeps. */
static void dio_other_file(struct kunit *test)
{
	struct iov_iter iter;
	struct dio_area a;
	struct file *file;
	unsigned long at;

	test_area(test, &a);
	file = shmem_file_setup("dio_other_file", LEN, EMPTY_VMA_FLAGS);
	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	file->private_data = &a;
	at = vm_mmap(file, a.addr + 3 * LEN, LEN, RW, MAP_SHARED | MAP_FIXED,
		     0);
	fput(file);
	KUNIT_ASSERT_EQ(test, a.addr + 3 * LEN, at);
	iov_iter_ubuf(&iter, ITER_DEST, (void __user *)at, LEN);
	KUNIT_EXPECT_EQ(test, 0, bio_phys_check_iter(&iter, a.bdev, true));
	KUNIT_EXPECT_FALSE(test, iov_iter_is_p2p(&iter));
	test_area_end(test, &a);
}

/* What the mappings are is looked at again when the bio is built. */
static void dio_changes_between(struct kunit *test)
{
	int fixed = MAP_SHARED | MAP_FIXED;
	unsigned long at = 0;
	struct iov_iter iter;
	struct dio_area a;
	struct bio *bio;
	int i;

	test_area(test, &a);
	for (i = 0; i < 4; i++) {
		iov_iter_ubuf(&iter, ITER_DEST, (void __user *)a.addr, 2 * LEN);
		KUNIT_ASSERT_EQ(test, 0,
				bio_phys_check_iter(&iter, a.bdev, true));
		switch (i) {
		case 0:	/* RAM */
			at = vm_mmap(NULL, a.addr + LEN, LEN, RW,
				     MAP_ANONYMOUS | MAP_PRIVATE | MAP_FIXED,
				     0);
			break;
		case 1:	/* another provider */
			at = p2pmem_test_mmap(test, a.q, a.addr + LEN, LEN,
					      RW, fixed);
			break;
		case 2:	/* no permission */
			at = p2pmem_test_mmap(test, a.p, a.addr + LEN, LEN,
					      PROT_READ, fixed);
			break;
		case 3:	/* nothing */
			p2pmem_test_unmap(test, a.addr + LEN, LEN);
			at = a.addr + LEN;
			break;
		}
		KUNIT_ASSERT_EQ(test, a.addr + LEN, at);
		bio = p2pmem_test_bio(test, a.bdev, 8, REQ_OP_READ);
		KUNIT_EXPECT_EQ(test, i >= 2 ? -EFAULT : -EINVAL,
				bio_iov_iter_get_pages(bio, &iter, 0, 0));
		KUNIT_EXPECT_EQ(test, 0, bio->bi_vcnt);
		KUNIT_EXPECT_EQ(test, 0, bio->bi_iter.bi_size);
		bio_put(bio);
		at = p2pmem_test_mmap(test, a.p, a.addr + LEN, LEN, RW, fixed);
		KUNIT_ASSERT_EQ(test, a.addr + LEN, at);
	}
	test_area_end(test, &a);
}

static void dio_permissions(struct kunit *test)
{
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct block_device *bdev = p2pmem_test_bdev(test, BLK_FEAT_P2P_PHYS);
	struct pci_dev *p = p2pmem_test_provider(test, f, "P");
	unsigned long r = p2pmem_test_mmap(test, p, 0, LEN, PROT_READ,
					   MAP_SHARED);
	unsigned long w = p2pmem_test_mmap(test, p, 0, LEN, PROT_WRITE,
					   MAP_SHARED);
	unsigned long n = p2pmem_test_mmap(test, p, 0, LEN, PROT_NONE,
					   MAP_SHARED);
	struct bio *bio;
	int i;

	/* a read writes the memory */
	KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-EFAULT),
			    p2pmem_test_dio_at(test, bdev, ITER_DEST, r, LEN));
	bio = p2pmem_test_dio_at(test, bdev, ITER_SOURCE, r, LEN);
	KUNIT_ASSERT_FALSE(test, IS_ERR(bio));
	p2pmem_test_bio_end(bio);
	/* and what can be written can be read, as with RAM */
	for (i = ITER_SOURCE; i >= ITER_DEST; i--) {
		bio = p2pmem_test_dio_at(test, bdev, i, w, LEN);
		KUNIT_ASSERT_FALSE(test, IS_ERR(bio));
		p2pmem_test_bio_end(bio);
		KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-EFAULT),
				    p2pmem_test_dio_at(test, bdev, i, n, LEN));
	}
	p2pmem_test_unmap(test, r, LEN);
	p2pmem_test_unmap(test, w, LEN);
	p2pmem_test_unmap(test, n, LEN);
	expect_available(test, p, BAR);
}

static void dio_not_taken(struct kunit *test)
{
	struct fake_pci *f = p2pmem_test_fabric(test);
	struct block_device *yes = p2pmem_test_bdev(test, BLK_FEAT_P2P_PHYS);
	struct block_device *no = p2pmem_test_bdev(test, 0);
	struct pci_dev *p = p2pmem_test_provider(test, f, "P");
	unsigned long addr = p2pmem_test_map(test, p, LEN);
	struct iov_iter iter;
	struct bio *bio;

	iov_iter_ubuf(&iter, ITER_DEST, (void __user *)addr, LEN);
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			bio_phys_check_iter(&iter, no, true));
	KUNIT_EXPECT_FALSE(test, iov_iter_is_p2p(&iter));
	/* the submitter reads the data itself */
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			bio_phys_check_iter(&iter, yes, false));
	/* nobody knew the device, or it is another now */
	KUNIT_EXPECT_EQ(test, 0, bio_phys_check_iter(&iter, NULL, true));
	KUNIT_EXPECT_TRUE(test, iov_iter_is_p2p(&iter));
	bio = p2pmem_test_bio(test, no, 8, REQ_OP_READ);
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			bio_iov_iter_get_pages(bio, &iter, 0, 0));
	bio_put(bio);
	/* a retry is not misled by the mark */
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			bio_phys_check_iter(&iter, no, true));
	KUNIT_EXPECT_FALSE(test, iov_iter_is_p2p(&iter));
	p2pmem_test_unmap(test, addr, LEN);
	expect_available(test, p, BAR);
}

/* files */

struct gate_case {
	const char *name;
	fop_flags_t flags;
	int inode;		/* flags of the inode */
	bool buffered;
	bool fifo;
	size_t offset;		/* into the area */
	size_t len;
	int error;
	int mark;		/* what the file gets */
};

static const struct gate_case gate_cases[] = {
	{ "a file that takes it", FOP_P2P_DIO, .len = LEN,
	  .mark = ITER_P2P_ALL },
	{ "a file that does not", 0, .len = LEN, .error = -EOPNOTSUPP },
	{ "the page cache", 0, .buffered = true, .len = LEN },
	{ "a pipe", 0, .fifo = true, .len = LEN },
	{ "no bytes", 0, .len = 0 },
	{ "DAX", FOP_P2P_DIO, .inode = S_DAX, .len = LEN,
	  .error = IS_ENABLED(CONFIG_FS_DAX) ? -EOPNOTSUPP : 0,
	  .mark = ITER_P2P_ALL },
	{ "encryption", FOP_P2P_DIO, .inode = S_ENCRYPTED, .len = LEN,
	  .error = -EOPNOTSUPP },
	{ "verity", FOP_P2P_DIO, .inode = S_VERITY, .len = LEN,
	  .error = -EOPNOTSUPP },
	{ "RAM", 0, .offset = 3 * LEN, .len = LEN, .mark = ITER_P2P_NONE },
	{ "RAM, encryption", FOP_P2P_DIO, .inode = S_ENCRYPTED,
	  .offset = 3 * LEN, .len = LEN, .mark = ITER_P2P_NONE },
	{ "two kinds", FOP_P2P_DIO, .offset = 2 * LEN, .len = 2 * LEN,
	  .error = -EINVAL },
	{ "two providers", FOP_P2P_DIO, .offset = LEN, .len = 2 * LEN,
	  .error = -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(gate, gate_cases, name);

struct gate_seen {
	unsigned int calls;
	int mark;
	ssize_t (*then)(struct iov_iter *iter);
};

static ssize_t gate_rw(struct kiocb *iocb, struct iov_iter *iter)
{
	struct gate_seen *seen = iocb->ki_filp->private_data;

	seen->calls++;
	seen->mark = iter->p2p;
	return seen->then ? seen->then(iter) : 0;
}

static const struct file_operations gate_fops = {
	.read_iter	= gate_rw,
	.write_iter	= gate_rw,
};

static const struct file_operations gate_fops_p2p = {
	.read_iter	= gate_rw,
	.write_iter	= gate_rw,
	.fop_flags	= FOP_P2P_DIO,
};

static struct file *gate_file(struct kunit *test, struct gate_seen *seen,
			      fop_flags_t flags)
{
	struct file *file;

	file = anon_inode_create_getfile("[gate]", flags ? &gate_fops_p2p :
					 &gate_fops, seen, O_RDWR, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	file->f_flags |= O_DIRECT;
	file->f_iocb_flags = iocb_flags(file);
	return file;
}

static void gate_io(struct kunit *test, struct file *file, bool async,
		    struct iov_iter *iter, int error)
{
	struct kiocb iocb;
	loff_t pos = 0;
	int ret;

	init_sync_kiocb(&iocb, file);
	if (iov_iter_rw(iter) == READ)
		ret = async ? vfs_iocb_iter_read(file, &iocb, iter) :
			      vfs_iter_read(file, iter, &pos, 0);
	else
		ret = async ? vfs_iocb_iter_write(file, &iocb, iter) :
			      vfs_iter_write(file, iter, &pos, 0);
	KUNIT_EXPECT_EQ(test, error, ret);
}

/* Whoever is not to have peer-to-peer memory is not even asked. */
static void gate(struct kunit *test)
{
	const struct gate_case *c = test->param_value;
	struct gate_seen seen = {};
	struct iov_iter iter;
	struct dio_area a;
	struct file *file;
	int i;

	test_area(test, &a);
	file = gate_file(test, &seen, c->flags);
	file_inode(file)->i_flags |= c->inode;
	if (c->fifo)
		file_inode(file)->i_mode |= S_IFIFO;
	if (c->buffered)
		file->f_iocb_flags = 0;
	for (i = 0; i < 4; i++) {
		iov_iter_ubuf(&iter, i & 1 ? ITER_SOURCE : ITER_DEST,
			      (void __user *)(a.addr + c->offset), c->len);
		seen.calls = 0;
		gate_io(test, file, i & 2, &iter, c->error);
		KUNIT_EXPECT_EQ(test, !c->error && c->len, seen.calls);
		if (seen.calls)
			KUNIT_EXPECT_EQ(test, c->mark, seen.mark);
		if (c->error)
			KUNIT_EXPECT_FALSE(test, iov_iter_is_p2p(&iter));
	}
	__fput_sync(file);
	test_area_end(test, &a);
}

/* Each look at the mappings would find that there are none. */
static struct dio_area *gate_area;

static ssize_t gate_unmaps(struct iov_iter *iter)
{
	unsigned long at = (unsigned long)iter->ubuf;
	int error;

	error = vm_munmap(at, LEN);
	return error ?: bio_phys_check_iter(iter, gate_area->bdev, true);
}

static void gate_looks_once(struct kunit *test)
{
	struct block_device *no = p2pmem_test_bdev(test, 0);
	struct gate_seen seen = { .then = gate_unmaps };
	struct iov_iter iter;
	struct dio_area a;
	struct file *file;

	test_area(test, &a);
	gate_area = &a;
	file = gate_file(test, &seen, FOP_P2P_DIO);
	iov_iter_ubuf(&iter, ITER_DEST, (void __user *)a.addr, LEN);
	gate_io(test, file, false, &iter, 0);
	KUNIT_EXPECT_TRUE(test, iov_iter_is_p2p(&iter));
	KUNIT_EXPECT_EQ(test, 0, bio_phys_check_bdev(&iter, a.bdev));
	/* the device is looked at all the same */
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, bio_phys_check_bdev(&iter, no));
	KUNIT_EXPECT_FALSE(test, iov_iter_is_p2p(&iter));

	/* a retry comes through the gate again, and is not misled */
	iov_iter_ubuf(&iter, ITER_DEST, (void __user *)(a.addr + LEN), LEN);
	gate_io(test, file, true, &iter, 0);
	KUNIT_EXPECT_EQ(test, ITER_P2P_ALL, seen.mark);
	gate_io(test, file, true, &iter, 0);
	KUNIT_EXPECT_EQ(test, ITER_P2P_NONE, seen.mark);
	KUNIT_EXPECT_FALSE(test, iov_iter_is_p2p(&iter));

	/* and RAM is not looked at twice either */
	KUNIT_ASSERT_EQ(test, a.addr,
			p2pmem_test_mmap(test, a.p, a.addr, LEN, RW,
					 MAP_SHARED | MAP_FIXED));
	iov_iter_ubuf(&iter, ITER_DEST, (void __user *)a.addr, LEN);
	iter.p2p = ITER_P2P_NONE;
	KUNIT_EXPECT_EQ(test, 0, bio_phys_check_iter(&iter, no, true));
	__fput_sync(file);
	test_area_end(test, &a);
}

static void explain_fault(struct kunit *test)
{
	struct dio_area a;

	test_area(test, &a);
	/* mapped, but no page */
	KUNIT_EXPECT_EQ(test, -EFAULT,
			p2p_explain_fault(a.addr, LEN, -EEXIST, "tried"));
	KUNIT_EXPECT_EQ(test, -EFAULT,
			p2p_explain_fault(a.addr, LEN, -EFAULT, "tried"));
	/* not mapped */
	KUNIT_EXPECT_EQ(test, -EFAULT,
			p2p_explain_fault(a.addr + 4 * LEN, LEN, -EFAULT,
					  "tried"));
	KUNIT_EXPECT_EQ(test, -ENOMEM,
			p2p_explain_fault(a.addr, LEN, -ENOMEM, "tried"));
	KUNIT_EXPECT_EQ(test, 0, p2p_explain_fault(a.addr, LEN, 0, "tried"));
	test_area_end(test, &a);
}

static struct kunit_case p2pmem_dio_cases[] = {
	KUNIT_CASE_PARAM(dio, dio_gen_params),
	KUNIT_CASE(dio_in_pieces),
	KUNIT_CASE(dio_iovec),
	KUNIT_CASE(dio_hole),
	KUNIT_CASE(dio_other_file),
	KUNIT_CASE(dio_changes_between),
	KUNIT_CASE(dio_permissions),
	KUNIT_CASE(dio_not_taken),
	KUNIT_CASE_PARAM(gate, gate_gen_params),
	KUNIT_CASE(gate_looks_once),
	KUNIT_CASE(explain_fault),
	{}
};

static struct kunit_suite p2pmem_dio_suite = {
	.name = "p2pmem_dio",
	.suite_init = p2pmem_test_suite_init,
	.suite_exit = p2pmem_test_suite_exit,
	.test_cases = p2pmem_dio_cases,
};

kunit_test_suite(p2pmem_dio_suite);

MODULE_DESCRIPTION("KUnit tests for direct IO on peer-to-peer memory");
MODULE_LICENSE("GPL");
