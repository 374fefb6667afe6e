/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bios whose memory is a peer's BAR, named by physical address.
 *
 * Such a bio carries the BIO_P2P mark and nothing but pieces of one provider.
 * RAM pays one test of a bit, where there is a test at all.
 */
#ifndef _LINUX_BIO_PHYS_H
#define _LINUX_BIO_PHYS_H

#include <linux/bio.h>
#include <linux/blk-mq.h>
#include <linux/p2p-dio.h>
#include <linux/p2p_range_tree.h>
#include <linux/pci-p2pmem.h>
#include <linux/sched.h>
#include <linux/uio.h>

struct block_device;

#ifdef CONFIG_DMA_PHYS_P2P

/**
 * bio_is_p2p - does a bio carry peer-to-peer memory?
 * @bio: the bio
 *
 * The mark is set when the first such piece is added, goes with every clone
 * and split, and ends with bio_reset().
 *
 * Return: true if the memory has no struct page and belongs to a PCI device.
 */
static inline bool bio_is_p2p(const struct bio *bio)
{
	return bio->bi_flags & (1U << BIO_P2P);
}

int bio_add_phys(struct bio *bio, phys_addr_t phys, unsigned int len);
int bio_iov_iter_get_phys(struct bio *bio, struct iov_iter *iter);
void bio_phys_release(struct bio *bio);
void __bio_phys_mark_bvecs(struct bio *bio);
blk_status_t bio_phys_status(int error);
blk_status_t bio_phys_submit_check(struct bio *bio);
bool bio_phys_admit(struct bio *bio);
bool bio_phys_park(struct bio *bio);
bool bio_phys_park_request(struct request *rq);
void bio_phys_park_init(struct request_queue *q);
void bio_phys_park_kick(struct request_queue *q);
int __bio_phys_check_iter(struct iov_iter *iter, struct block_device *bdev,
			  bool allowed);
int __blk_rq_phys_append(struct request *rq, struct bio *bio);

/**
 * iov_iter_maybe_p2p - does it take a closer look to say that it is RAM?
 * @iter: memory of a read or write
 *
 * Return: false if all of it is RAM; true if it may be peer-to-peer memory, or
 * was found to be.
 */
static inline bool iov_iter_maybe_p2p(const struct iov_iter *iter)
{
	if (!p2p_ranges_ever())
		return false;
	if (iov_iter_is_bvec(iter))
		return iter->p2p != ITER_P2P_RAM;
	return iter->p2p != ITER_P2P_NONE && user_backed_iter(iter) &&
	       p2pmem_mm_mapped();
}

/**
 * bio_phys_check_iter - look at all of an IO before any of it is done
 * @iter: the memory of one read or write: a user's, or a kernel submitter's
 *	bvecs
 * @bdev: the device that the IO is for, or NULL if not known yet
 * @allowed: the submitter never looks at the data itself
 *
 * One IO is all RAM or all from one provider.  If it is peer-to-peer memory
 * @iter is marked, and bio_iov_iter_get_pages() will add it by address.  Memory
 * of a process that has its mark, from p2p_dio_check() or an earlier call, is
 * not looked at again: should the mappings have changed since, it cannot be
 * added to a bio.
 *
 * Context: process context of the user, may sleep (takes mmap_lock).
 * Return: 0, or with a message:
 * * -EINVAL: RAM and peer-to-peer memory, or two providers, in one IO
 * * -EOPNOTSUPP: the submitter or @bdev does not take peer-to-peer memory
 * * -EFAULT: the mapping ends, or does not allow this direction
 * * -EREMOTEIO: the provider is gone; for bvecs without a message
 * * -EINTR: killed; without a message
 */
static inline int bio_phys_check_iter(struct iov_iter *iter,
				      struct block_device *bdev, bool allowed)
{
	if (iov_iter_maybe_p2p(iter))
		return __bio_phys_check_iter(iter, bdev, allowed);
	return 0;
}

/**
 * iov_iter_set_ram - say of a kernel submitter's bvecs that they are RAM
 * @iter: the bvecs, for the next IO
 *
 * For those who know: nobody looks at any of them then.  Who cannot be sure
 * must not say it: a bio of peer-to-peer memory without its mark can be merged
 * and read as if it were RAM.  The iterator of requests refuses it only if the
 * first piece is such memory.
 *
 * Context: any.
 */
static inline void iov_iter_set_ram(struct iov_iter *iter)
{
	iter->p2p = ITER_P2P_RAM;
}

/**
 * iov_iter_is_p2p - did bio_phys_check_iter() mark the iterator?
 * @iter: memory of a read or write
 *
 * Return: true if all of it is peer-to-peer memory of one provider.
 */
static inline bool iov_iter_is_p2p(const struct iov_iter *iter)
{
	return iter->p2p == ITER_P2P_ALL;
}

/**
 * bio_phys_check_bdev - does a device take the memory of a read or write?
 * @iter: memory that bio_phys_check_iter() or p2p_dio_check() has seen
 * @bdev: the device that all of the IO is for
 *
 * For file systems, before they change anything on the medium.
 *
 * Context: process context.
 * Return: 0, or -EOPNOTSUPP, with a message.
 */
static inline int bio_phys_check_bdev(struct iov_iter *iter,
				      struct block_device *bdev)
{
	if (likely(!iov_iter_is_p2p(iter)))
		return 0;
	return __bio_phys_check_iter(iter, bdev, true);
}

/*
 * A bio was given the bvecs of a kernel submitter's iterator: carry their flag
 * over to the bio, so that submission looks closer.  What was found to be RAM
 * is not walked again.
 */
static inline void bio_phys_mark_bvecs(struct bio *bio,
				       const struct iov_iter *iter)
{
	if (iter->p2p < ITER_P2P_NONE)
		__bio_phys_mark_bvecs(bio);
}

#else /* CONFIG_DMA_PHYS_P2P */

static inline bool bio_is_p2p(const struct bio *bio)
{
	return false;
}

static inline int bio_add_phys(struct bio *bio, phys_addr_t phys,
			       unsigned int len)
{
	return -EOPNOTSUPP;
}

static inline int bio_iov_iter_get_phys(struct bio *bio, struct iov_iter *iter)
{
	return -EOPNOTSUPP;
}

static inline void bio_phys_release(struct bio *bio)
{
}

static inline void bio_phys_mark_bvecs(struct bio *bio,
				       const struct iov_iter *iter)
{
}

static inline bool bio_phys_admit(struct bio *bio)
{
	return true;
}

static inline bool bio_phys_park_request(struct request *rq)
{
	return false;
}

static inline void bio_phys_park_init(struct request_queue *q)
{
}

static inline void bio_phys_park_kick(struct request_queue *q)
{
}

static inline bool iov_iter_maybe_p2p(const struct iov_iter *iter)
{
	return false;
}

static inline int bio_phys_check_iter(struct iov_iter *iter,
				      struct block_device *bdev, bool allowed)
{
	return 0;
}

static inline int bio_phys_check_bdev(struct iov_iter *iter,
				      struct block_device *bdev)
{
	return 0;
}

static inline void iov_iter_set_ram(struct iov_iter *iter)
{
}

static inline bool iov_iter_is_p2p(const struct iov_iter *iter)
{
	return false;
}

static inline int __blk_rq_phys_append(struct request *rq, struct bio *bio)
{
	return 0;
}

#endif /* CONFIG_DMA_PHYS_P2P */

/**
 * bio_phys_wait_state - how a process waits for direct IO
 * @iter: its memory
 *
 * That of a peer's memory may wait for a fence, which must not keep the machine
 * from being suspended.  The caller may hold locks of the file.
 *
 * Return: the task state.
 */
static inline unsigned int bio_phys_wait_state(const struct iov_iter *iter)
{
	return unlikely(iov_iter_is_p2p(iter)) ?
	       TASK_UNINTERRUPTIBLE | TASK_FREEZABLE_UNSAFE :
	       TASK_UNINTERRUPTIBLE;
}

/**
 * blk_rq_p2p_mergeable - may a bio join a request, as far as memory goes?
 * @rq: the request
 * @bio: the bio
 *
 * Peer-to-peer bios stay alone: the mark says that memory is a peer's, not
 * whose, and merging is no place for a lookup.
 *
 * Return: true unless one of the two carries peer-to-peer memory.
 */
static inline bool blk_rq_p2p_mergeable(const struct request *rq,
					const struct bio *bio)
{
	return !bio_is_p2p(bio) && !(rq->bio && bio_is_p2p(rq->bio));
}

/**
 * blk_rq_phys_append - may a bio be appended to a passthrough request?
 * @rq: the request, perhaps still empty
 * @bio: the bio
 *
 * Passthrough requests are put together without the tests of merging, and are
 * never split, so they have this one.
 *
 * Return: 0 for RAM; how many DMA segments the bio adds, 1 and up; or
 * * -EINVAL: the request would hold RAM and peer-to-peer memory, or memory of
 *   two providers, or exceed the queue's limits: segments, bytes, gaps
 * * -EOPNOTSUPP: the device does not take peer-to-peer memory
 * * -ENXIO: nobody owns the memory any more
 */
static inline int blk_rq_phys_append(struct request *rq, struct bio *bio)
{
	if (likely(blk_rq_p2p_mergeable(rq, bio)))
		return 0;
	return __blk_rq_phys_append(rq, bio);
}

#endif /* _LINUX_BIO_PHYS_H */
