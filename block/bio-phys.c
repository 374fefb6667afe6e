// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bios whose memory is a peer's BAR, named by physical address.
 *
 * What holds for such a bio: it has the BIO_P2P mark, every bvec has
 * BVEC_P2P, and all of them lie in one range when it is submitted, in the life
 * of it that they were made for.  Nobody touches its data with the CPU, and it
 * shares a request with no other bio, but in passthrough requests.
 *
 * A bio holds no reference on the range: the lookup at mapping time is the
 * check.  A bio that was built from user memory owns the buffer once more for
 * each bvec, so that munmap() cannot give the memory to somebody else under the
 * DMA.
 */

#define pr_fmt(fmt) "bio-phys: " fmt

#include <linux/bio-phys.h>
#include <linux/blk-crypto.h>
#include <linux/blk-integrity.h>
#include <linux/blkdev.h>
#include <linux/dma-phys.h>
#include <linux/mm.h>
#include <linux/mmu_context.h>
#include <linux/pci-p2pmem.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/string_choices.h>
#include <linux/uaccess.h>
#include "blk.h"

static bool bio_phys_queue_takes(const struct request_queue *q)
{
	return q->limits.features & BLK_FEAT_P2P_PHYS;
}

static bool bio_phys_taken(struct block_device *bdev)
{
	static const char multipath[] =
		"; with native NVMe multipath, nvme_core.multipath=N helps";
	const char *remedy = "";

	if (bio_phys_queue_takes(bdev_get_queue(bdev)))
		return true;
	if (str_has_prefix(bdev->bd_disk->disk_name, "nvme"))
		remedy = multipath;
	pr_warn_ratelimited("%pg does not take peer-to-peer memory: its driver, or one below it, may read or copy the data with the CPU%s\n",
			    bdev, remedy);
	return false;
}

/* What becomes of an IO for which dma_phys_get() or the like said this. */
blk_status_t bio_phys_status(int error)
{
	switch (error) {
	case 0:
		return BLK_STS_OK;
	case -EAGAIN:
		/* blk-mq takes the bio out, see bio_phys_park_request() */
		return BLK_STS_AGAIN;
	case -ETIMEDOUT:
		return BLK_STS_P2P_TIMEOUT;
	case -ENOMEM:
		return BLK_STS_RESOURCE;
	case -EINVAL:
		return BLK_STS_INVAL;
	default:
		/* -ENXIO, -ENODEV: gone; -EREMOTEIO: out of reach */
		return BLK_STS_P2P;
	}
}

static int bio_phys_mixed(const char *what)
{
	pr_warn_ratelimited("%s[%d]: one IO mixes %s; use one kind of memory in each\n",
			    current->comm, task_pid_nr(current), what);
	return -EINVAL;
}

/* The next byte of a buffer that has begun in peer-to-peer memory. */
static int bio_phys_ends(unsigned long addr)
{
	pr_warn_ratelimited("%s[%d]: the buffer runs over the end of a mapping of peer-to-peer memory: nothing is mapped at %#lx\n",
			    current->comm, task_pid_nr(current), addr);
	return -EFAULT;
}

static bool bio_phys_may_merge(const struct bio_vec *bv, phys_addr_t phys,
			       unsigned int len)
{
	return bvec_is_p2p(bv) && bv->bv_phys + bv->bv_len == phys &&
	       len <= UINT_MAX - bv->bv_len;
}

/* A new bvec.  The caller has made sure that there is room. */
static void bio_phys_append(struct bio *bio, phys_addr_t phys, unsigned int len,
			    u32 life)
{
	bvec_set_p2p(&bio->bi_io_vec[bio->bi_vcnt++], phys, len, life);
	bio->bi_iter.bi_size += len;
	bio_set_flag(bio, BIO_P2P);
}

static bool bio_phys_full(const struct bio *bio, unsigned int len)
{
	return bio->bi_vcnt >= bio->bi_max_vecs ||
	       bio->bi_iter.bi_size > UINT_MAX - len;
}

/* May the piece join what the bio has already? */
static int bio_phys_may_add(struct bio *bio, phys_addr_t phys, unsigned int len,
			    u32 life)
{
	if (!bio->bi_vcnt)
		return 0;
	if (!bio_is_p2p(bio))
		return bio_phys_mixed("RAM and peer-to-peer memory");
	if (bvec_life(&bio->bi_io_vec[0]) != life &&
	    dma_phys_same_provider(bio->bi_io_vec[0].bv_phys, phys, len))
		return bio_phys_mixed("peer-to-peer memory from before and after its provider was away");
	if (!dma_phys_same_provider(bio->bi_io_vec[0].bv_phys, phys, len))
		return bio_phys_mixed("peer-to-peer memory of two providers");
	return 0;
}

/*
 * How many segments the DMA iterator makes of @bio: cut and joined as
 * blk_map_iter_segment() does it.  -EINVAL if there is a gap between two of
 * them that the queue does not allow.
 */
static int bio_phys_count(struct request_queue *q, const struct bio *bio)
{
	const struct queue_limits *lim = &q->limits;
	struct bio_vec bv, seg = {};
	unsigned int len, room = 0;
	phys_addr_t phys, end = 0;
	struct bvec_iter iter;
	int nsegs = 0;

	for (iter = bio->bi_iter; iter.bi_size;
	     bvec_iter_advance_single(bio->bi_io_vec, &iter, bv.bv_len)) {
		bv = mp_bvec_iter_bvec(bio->bi_io_vec, iter);
		phys = bv.bv_phys;
		len = bv.bv_len;
		if (len <= room && biovec_phys_mergeable(q, &seg, &bv)) {
			seg.bv_len += len;
			room -= len;
			end = phys + len;
			continue;
		}
		if (end && ((end | phys) & lim->virt_boundary_mask))
			return -EINVAL;
		end = phys + len;
		for (seg = bv; len; len -= seg.bv_len, phys += seg.bv_len) {
			room = get_max_segment_size(lim, phys, UINT_MAX);
			seg.bv_phys = phys;
			seg.bv_len = min(len, room);
			room -= seg.bv_len;
			nsegs++;
		}
	}
	return nsegs;
}

/*
 * How many segments @bio is, -EINVAL if the queue does not take it whole.  The
 * bios of a request are added up in ll_back_merge_fn(), as RAM's are: in whole
 * sectors, and never as if two of them shared a segment, which the iterator
 * may make of them.  A gap that is left between them is its to refuse.
 */
static int bio_phys_limits(struct request_queue *q, const struct bio *bio)
{
	int nsegs = bio_phys_count(q, bio);

	if (nsegs < 0 || nsegs > queue_max_segments(q) ||
	    bio->bi_iter.bi_size > (u64)queue_max_hw_sectors(q) << SECTOR_SHIFT)
		return -EINVAL;
	return nsegs;
}

/* A bio for a command of its own is never split: it must fit. */
static bool bio_phys_fits(const struct bio *bio)
{
	return !bio->bi_bdev || !blk_op_is_passthrough(bio->bi_opf) ||
	       bio_phys_limits(bdev_get_queue(bio->bi_bdev), bio) >= 0;
}

/**
 * bio_add_phys - add peer-to-peer memory to a bio
 * @bio: a bio that is being built
 * @phys: CPU physical address, inside a registered range
 * @len: bytes, not zero
 *
 * Marks the bio as peer-to-peer.  A piece that continues the last one is
 * joined to it.  The memory must stay allocated until the bio has ended; the
 * range need not: if it goes, the bio fails, also if it has come back by then.
 *
 * An ordinary bio may be longer than what its device takes at once, and is
 * split.  One of a passthrough operation with a device is full when the limits
 * of its queue are reached; without one, blk_rq_append_bio() refuses it.
 *
 * Context: any.
 * Return: @len; 0 if the bio is full; or
 * * -EINVAL: zero length, not inside one range, or the bio has RAM already, or
 *   memory of another provider or of another life of this one
 * * -ENXIO: nobody registered the address
 * * -EIO: the bio is a clone, which cannot be added to
 */
int bio_add_phys(struct bio *bio, phys_addr_t phys, unsigned int len)
{
	enum p2p_range_match match;
	struct p2p_range *range;
	struct bio_vec *prev;
	u32 life = 0;
	int error;

	if (WARN_ON_ONCE(bio_flagged(bio, BIO_CLONED)))
		return -EIO;
	if (!len)
		return -EINVAL;

	rcu_read_lock();
	match = p2p_range_lookup(phys, len, &range);
	if (match == P2P_RANGE_INSIDE)
		life = range->life;
	rcu_read_unlock();
	if (match != P2P_RANGE_INSIDE)
		return match == P2P_RANGE_NONE ? -ENXIO : -EINVAL;

	error = bio_phys_may_add(bio, phys, len, life);
	if (error)
		return error;

	prev = bio->bi_io_vec + bio->bi_vcnt - 1;
	if (bio->bi_vcnt && bio->bi_iter.bi_size <= UINT_MAX - len &&
	    bio_phys_may_merge(prev, phys, len)) {
		prev->bv_len += len;
		bio->bi_iter.bi_size += len;
		if (bio_phys_fits(bio))
			return len;
		prev->bv_len -= len;
		bio->bi_iter.bi_size -= len;
		return 0;
	}
	if (bio_phys_full(bio, len))
		return 0;
	bio_phys_append(bio, phys, len, life);
	if (bio_phys_fits(bio))
		return len;
	bio->bi_vcnt--;
	bio->bi_iter.bi_size -= len;
	if (!bio->bi_vcnt)
		bio_clear_flag(bio, BIO_P2P);
	return 0;
}
EXPORT_SYMBOL_GPL(bio_add_phys);

/*
 * The piece of user memory that the iterator stands on.  What the process keeps
 * in the upper bits of its pointers is none of the address.
 */
static size_t bio_phys_user_piece(const struct iov_iter *iter,
				  unsigned long *addr)
{
	if (iter_is_ubuf(iter)) {
		*addr = untagged_addr((unsigned long)iter->ubuf +
				      iter->iov_offset);
		return iov_iter_count(iter);
	}
	*addr = untagged_addr((unsigned long)iter_iov_addr(iter));
	return min(iter_iov_len(iter), iov_iter_count(iter));
}

/*
 * The buffer behind a user address, or NULL for any other memory, and for none:
 * then *vmap is NULL.  Cuts *len to the end of the mapping, or of the hole.
 */
static inline struct p2pmem_buf *bio_phys_lookup(unsigned long addr,
						 size_t *len,
						 struct vm_area_struct **vmap)
{
	struct vm_area_struct *vma = vma_lookup(current->mm, addr);

	*vmap = vma;
	if (vma) {
		*len = min_t(size_t, *len, vma->vm_end - addr);
		return p2pmem_vma_buf(vma);
	}
	vma = find_vma(current->mm, addr);
	if (vma)
		*len = min_t(size_t, *len, vma->vm_start - addr);
	return NULL;
}

/* Apart, and not inlined: what is good need not pay for it. */
static noinline int bio_phys_vma_denied(bool write)
{
	pr_warn_ratelimited("%s[%d]: the protection of this mapping of peer-to-peer memory, or its key, does not allow the program to %s it\n",
			    current->comm, task_pid_nr(current),
			    str_write_read(write));
	return -EFAULT;
}

static noinline int bio_phys_vma_gone(void)
{
	pr_warn_ratelimited("%s[%d]: the provider of this peer-to-peer memory is gone\n",
			    current->comm, task_pid_nr(current));
	return -EREMOTEIO;
}

static inline int bio_phys_check_vma(const struct iov_iter *iter,
				     struct vm_area_struct *vma,
				     const struct p2pmem_buf *buf)
{
	bool write = iov_iter_rw(iter) == READ;
	/* no processor can write what it cannot read */
	vm_flags_t any = write ? VM_WRITE : VM_READ | VM_WRITE;

	if (!(vma->vm_flags & any) ||
	    !arch_vma_access_permitted(vma, write, false, false))
		return bio_phys_vma_denied(write);
	if (!p2pmem_buf_live(buf))
		return bio_phys_vma_gone();
	return 0;
}

/* Is any of it peer-to-peer memory? */
static bool bio_phys_any(const struct bio_vec *bvecs, struct bvec_iter iter)
{
	const struct bio_vec *bv = bvecs + iter.bi_idx;
	size_t left = (size_t)iter.bi_size + iter.bi_offset;

	if (!iter.bi_size)
		return false;
	/* nothing but the flag and the length: there can be many */
	for (; !bvec_is_p2p(bv); bv++) {
		if (bv->bv_len >= left)
			return false;
		left -= bv->bv_len;
	}
	return true;
}

/*
 * Is all of it peer-to-peer memory, and in one range?  *first is the range of
 * what was looked at before, or NULL.  Under rcu_read_lock().
 */
static blk_status_t bio_phys_check_bvecs(const struct bio_vec *bvecs,
					 struct bvec_iter iter,
					 struct p2p_range **first)
{
	enum p2p_range_match match;
	struct p2p_range *range;
	struct bio_vec bv;

	for (; iter.bi_size; bvec_iter_advance_single(bvecs, &iter,
						      bv.bv_len)) {
		bv = mp_bvec_iter_bvec(bvecs, iter);
		if (!bvec_is_p2p(&bv)) {
			bio_phys_mixed("RAM and peer-to-peer memory");
			return BLK_STS_INVAL;
		}
		match = p2p_range_lookup(bvec_phys(&bv), bv.bv_len, &range);
		if (match == P2P_RANGE_NONE ||
		    (match == P2P_RANGE_INSIDE &&
		     bvec_life(&bv) != range->life))
			return BLK_STS_P2P;
		if (match == P2P_RANGE_STRADDLES ||
		    (*first && *first != range)) {
			bio_phys_mixed("peer-to-peer memory of two providers");
			return BLK_STS_INVAL;
		}
		*first = range;
	}
	return BLK_STS_OK;
}

/* What a kernel submitter brings; 1 if it is good peer-to-peer memory. */
static int bio_phys_check_kernel(struct iov_iter *i)
{
	struct bvec_iter iter = {
		.bi_offset	= i->iov_offset,
		.bi_size	= iov_iter_count(i),
	};
	struct p2p_range *range = NULL;
	blk_status_t status;

	if (!bio_phys_any(i->bvec, iter)) {
		i->p2p = ITER_P2P_NONE;
		return 0;
	}
	rcu_read_lock();
	status = bio_phys_check_bvecs(i->bvec, iter, &range);
	rcu_read_unlock();
	return status == BLK_STS_OK ? 1 : blk_status_to_errno(status);
}

/* What a process has mapped; 1 if it is good peer-to-peer memory. */
static int bio_phys_check_user(struct iov_iter *iter)
{
	struct iov_iter i = *iter;
	struct vm_area_struct *vma;
	bool ram = false, p2p = false, none = false;
	unsigned long hole = 0;
	phys_addr_t first = 0;
	int error = 0;

	if (mmap_read_lock_killable(current->mm))
		return -EINTR;

	while (!error && iov_iter_count(&i)) {
		struct p2pmem_buf *buf;
		unsigned long addr;
		size_t len;

		len = bio_phys_user_piece(&i, &addr);
		if (!len) {
			/* steps over empty pieces */
			iov_iter_advance(&i, 0);
			continue;
		}

		buf = bio_phys_lookup(addr, &len, &vma);
		if (!vma) {
			hole = addr;
			none = true;
		} else if (!buf) {
			ram = true;
		} else {
			phys_addr_t phys = p2pmem_vma_phys(vma, addr);

			error = bio_phys_check_vma(iter, vma, buf);
			if (!error && p2p &&
			    !dma_phys_same_provider(first, phys, len))
				error = bio_phys_mixed("peer-to-peer memory of two providers");
			if (!p2p)
				first = phys;
			p2p = true;
		}
		if (!error && ram && p2p)
			error = bio_phys_mixed("RAM and peer-to-peer memory");
		if (!error && none && p2p)
			error = bio_phys_ends(hole);
		iov_iter_advance(&i, len);
	}
	mmap_read_unlock(current->mm);

	if (!error && !p2p)
		iter->p2p = ITER_P2P_NONE;
	return error ?: p2p;
}

/* The rest of bio_phys_check_iter(): it may be peer-to-peer memory. */
int __bio_phys_check_iter(struct iov_iter *iter, struct block_device *bdev,
			  bool allowed)
{
	bool marked = iov_iter_is_p2p(iter);
	int ret = 1;

	/* what is refused below has no mark */
	iter->p2p = ITER_P2P_UNKNOWN;
	if (iov_iter_is_bvec(iter))
		ret = bio_phys_check_kernel(iter);
	else if (!marked)
		ret = bio_phys_check_user(iter);
	if (ret <= 0)
		return ret;
	if (!allowed) {
		pr_warn_ratelimited("%s[%d]: this file or command does not take peer-to-peer memory: the code behind it may read or copy the data with the CPU\n",
				    current->comm, task_pid_nr(current));
		return -EOPNOTSUPP;
	}
	if (bdev && !bio_phys_taken(bdev))
		return -EOPNOTSUPP;
	iter->p2p = ITER_P2P_ALL;
	return 0;
}
EXPORT_SYMBOL_GPL(__bio_phys_check_iter);

/* Add one piece that the process has mapped; -ENOSPC when the bio is full. */
static int bio_phys_add_user(struct bio *bio, struct p2pmem_buf *buf,
			     phys_addr_t phys, unsigned int len)
{
	struct bio_vec *prev = bio->bi_io_vec + bio->bi_vcnt - 1;
	u32 life = p2pmem_buf_life(buf);
	int error = bio_phys_may_add(bio, phys, len, life);

	if (error)
		return error;

	/*
	 * One reference a bvec: joined pieces must be of one buffer, for
	 * buffers that happen to be neighbours are freed one by one.
	 */
	if (bio->bi_vcnt && bio_phys_may_merge(prev, phys, len) &&
	    p2pmem_buf_holds(buf, prev->bv_phys)) {
		prev->bv_len += len;
		bio->bi_iter.bi_size += len;
		return 0;
	}
	if (bio_phys_full(bio, len))
		return -ENOSPC;
	if (!p2pmem_buf_get(buf))
		return -EREMOTEIO;
	bio_phys_append(bio, phys, len, life);
	return 0;
}

/**
 * bio_iov_iter_get_phys - add peer-to-peer user memory to a bio
 * @bio: an empty bio
 * @iter: user memory that bio_phys_check_iter() has marked
 *
 * The counterpart of bio_iov_iter_get_pages(), which calls it.  Takes as much
 * as fits.  What the mappings are is looked up again, because they may have
 * changed since the check.
 *
 * Context: process context of the user, may sleep (takes mmap_lock).
 * Return: 0 if at least a block was added, or
 * * -EOPNOTSUPP: the device does not take peer-to-peer memory
 * * -EINVAL: RAM or another provider in between, or less than a block
 * * -EFAULT: the mapping ends, or does not allow this direction
 * * -EREMOTEIO: the provider is gone
 * * -EINTR: killed
 */
int bio_iov_iter_get_phys(struct bio *bio, struct iov_iter *iter)
{
	struct vm_area_struct *vma;
	unsigned int trim;
	int error = 0;

	if (!bio->bi_bdev || !bio_phys_taken(bio->bi_bdev))
		return -EOPNOTSUPP;
	if (mmap_read_lock_killable(current->mm))
		return -EINTR;

	/* bio_release_pages() gives the buffers back */
	bio_set_flag(bio, BIO_PAGE_PINNED);
	while (iov_iter_count(iter)) {
		struct p2pmem_buf *buf;
		unsigned long addr;
		size_t len;

		len = bio_phys_user_piece(iter, &addr);
		if (!len) {
			iov_iter_advance(iter, 0);
			continue;
		}
		buf = bio_phys_lookup(addr, &len, &vma);
		if (!buf) {
			if (vma)
				error = bio_phys_mixed("RAM and peer-to-peer memory");
			else
				error = bio_phys_ends(addr);
			break;
		}
		error = bio_phys_check_vma(iter, vma, buf);
		if (error)
			break;
		len = min_t(size_t, len, UINT_MAX - bio->bi_iter.bi_size);
		error = len ? bio_phys_add_user(bio, buf,
						p2pmem_vma_phys(vma, addr),
						len) : -ENOSPC;
		if (error)
			break;
		iov_iter_advance(iter, len);
	}
	mmap_read_unlock(current->mm);

	if (!error || error == -ENOSPC) {
		/* whole blocks only; the next bio takes up the rest */
		trim = bio->bi_iter.bi_size &
		       (bdev_logical_block_size(bio->bi_bdev) - 1);
		iov_iter_revert(iter, trim);
		bio->bi_iter.bi_size -= trim;
		if (bio->bi_iter.bi_size)
			return 0;
		error = -EINVAL;
	}
	/* refused as a whole: nothing of what was added may be transferred */
	bio_phys_release(bio);
	bio->bi_vcnt = 0;
	bio->bi_iter.bi_size = 0;
	return error;
}

/* Called by bio_release_pages(): a reference for each bvec. */
void bio_phys_release(struct bio *bio)
{
	unsigned short i;

	for (i = 0; i < bio->bi_vcnt; i++)
		p2pmem_buf_put_phys(bio->bi_io_vec[i].bv_phys);
}

/*
 * The rest of bio_phys_mark_bvecs(), for those who have not said what they
 * bring.  The first tells for all of them unless RAM is mixed in.
 */
void __bio_phys_mark_bvecs(struct bio *bio)
{
	/* read, not branched on: each branch has to be patched */
	if (static_key_enabled(&p2p_ranges_ever_key) &&
	    bio_phys_any(bio->bi_io_vec, bio->bi_iter))
		bio_set_flag(bio, BIO_P2P);
}

/* Would the block layer generate or verify protection information itself? */
static bool bio_phys_needs_pi(struct bio *bio)
{
#ifdef CONFIG_BLK_DEV_INTEGRITY
	struct blk_integrity *bi = blk_get_integrity(bio->bi_bdev->bd_disk);

	if (!bi || bio_integrity(bio))
		return false;
	if (bio_data_dir(bio) == READ)
		return !(bi->flags & BLK_INTEGRITY_NOVERIFY);
	return !(bi->flags & BLK_INTEGRITY_NOGENERATE);
#else
	return false;
#endif
}

/**
 * bio_phys_submit_check - may a peer-to-peer bio go to its device?
 * @bio: a bio with the BIO_P2P mark
 *
 * Context: process context, as submit_bio_noacct().
 * Return: BLK_STS_OK, or
 * * BLK_STS_NOTSUPP: the device, inline encryption or protection information
 *   would have the CPU read the data
 * * BLK_STS_INVAL: RAM, a second provider, or the end of a range in the bio
 * * BLK_STS_P2P: nobody owns the memory any more, or it has been away
 * * BLK_STS_AGAIN: it is fenced
 * * BLK_STS_P2P_TIMEOUT: it has been fenced for too long
 */
blk_status_t bio_phys_submit_check(struct bio *bio)
{
	struct p2p_range *range = NULL;
	blk_status_t status;

	if (!bio_phys_taken(bio->bi_bdev))
		return BLK_STS_NOTSUPP;
	if (bio_has_crypt_ctx(bio) || bio_phys_needs_pi(bio)) {
		pr_warn_ratelimited("%pg: inline encryption or protection information would read peer-to-peer memory with the CPU\n",
				    bio->bi_bdev);
		return BLK_STS_NOTSUPP;
	}

	rcu_read_lock();
	status = bio_phys_check_bvecs(bio->bi_io_vec, bio->bi_iter, &range);
	if (status == BLK_STS_OK && range)
		status = bio_phys_status(dma_phys_may_start(range));
	rcu_read_unlock();
	return status;
}

/**
 * bio_phys_admit - the gate that every peer-to-peer bio passes
 * @bio: a bio with the BIO_P2P mark, that is being submitted
 *
 * Whoever built it, and on each level of a stack of devices.
 *
 * Context: process context, as submit_bio_noacct().
 * Return: true if it may go on, also to be failed by a disk that is dead; false
 * if it has ended with an error, or waits for a fence, to be submitted again.
 */
bool bio_phys_admit(struct bio *bio)
{
	blk_status_t status;

	do {
		status = bio_phys_submit_check(bio);
		if (status == BLK_STS_OK)
			return true;
		if (status != BLK_STS_AGAIN)
			break;
		/* who submits to a disk that is gone is told so */
		if (test_bit(GD_DEAD, &bio->bi_bdev->bd_disk->state))
			return true;
		if (bio->bi_opf & REQ_NOWAIT) {
			bio_wouldblock_error(bio);
			return false;
		}
	} while (!bio_phys_park(bio));

	if (status == BLK_STS_AGAIN)
		return false;
	bio->bi_status = status;
	bio_endio(bio);
	return false;
}

/*
 * The rest of blk_rq_phys_append(): one of the two is peer-to-peer.  Such a
 * request does not pass bio_phys_submit_check().
 */
int __blk_rq_phys_append(struct request *rq, struct bio *bio)
{
	blk_status_t status = BLK_STS_OK;
	struct p2p_range *range = NULL;

	if (!bio_phys_queue_takes(rq->q))
		return -EOPNOTSUPP;

	rcu_read_lock();
	if (rq->bio)
		status = bio_phys_check_bvecs(rq->bio->bi_io_vec,
					      rq->bio->bi_iter, &range);
	if (status == BLK_STS_OK)
		status = bio_phys_check_bvecs(bio->bi_io_vec, bio->bi_iter,
					      &range);
	rcu_read_unlock();
	/* not -EREMOTEIO: callers take that for a reason to copy the data */
	if (status != BLK_STS_OK)
		return status == BLK_STS_P2P ? -ENXIO :
		       blk_status_to_errno(status);
	return bio_phys_limits(rq->q, bio);
}
