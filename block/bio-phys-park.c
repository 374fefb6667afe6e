// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peer-to-peer bios that wait for a fence.
 *
 * They wait outside of any queue: without a request, a tag, or a reference that
 * keeps the queue from being frozen.  So nobody else's IO waits for the fence,
 * nor does a reset, a suspend, a change of the scheduler or a removal, of the
 * client or of the provider.
 *
 * A bio meets a fence when it is submitted, or, if the fence comes in between,
 * when its request is to be mapped; then the request ends without it.  It is
 * submitted again, whole, when something has changed: the fence was lifted or
 * has lasted for too long, the provider or the client goes.  What it finds then
 * is for bio_phys_submit_check() to say, so that there is one place that
 * decides; if it is another fence, it waits again.
 *
 * Locking: bio_phys_park_lock is taken after whatever has changed.  A bio is
 * put on the list, and the same thing is looked at, while it is held: either
 * the look sees the change, or who has changed it finds the bio on the list.
 */

#include <linux/bio-phys.h>
#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/dma-phys.h>
#include <linux/init.h>
#include <linux/notifier.h>
#include <linux/workqueue.h>
#include "blk.h"
#include "blk-rq-qos.h"

static DEFINE_SPINLOCK(bio_phys_park_lock);
/* &struct bio_phys_park of the queues whose bios wait */
static LIST_HEAD(bio_phys_parks);
/*
 * One work item a queue, so that a queue that is frozen or full holds up
 * nobody's bios but its own.  Freezable: no IO while the machine is suspended.
 */
static struct workqueue_struct *bio_phys_park_wq;

static struct request_queue *bio_phys_park_queue(struct bio_phys_park *park)
{
	return container_of(park, struct request_queue, p2p_park);
}

static void bio_phys_unpark(struct work_struct *work)
{
	struct bio_phys_park *park = container_of(work, struct bio_phys_park,
						  work);
	struct bio *bio, *next;
	struct blk_plug plug;

	spin_lock_irq(&bio_phys_park_lock);
	bio = park->first;
	park->first = NULL;
	list_del_init(&park->node);
	spin_unlock_irq(&bio_phys_park_lock);

	blk_start_plug(&plug);
	for (; bio; bio = next) {
		next = bio->bi_next;
		bio->bi_next = NULL;
		submit_bio_noacct(bio);
	}
	blk_finish_plug(&plug);
	/* taken by bio_phys_park_run() */
	blk_put_queue(bio_phys_park_queue(park));
}

/*
 * Submit a queue's bios again.  Whoever submitted them keeps a block device
 * open until they end, and with it the queue; the work item may be at work for
 * longer, so it has a reference.  It cannot drop that before it is taken,
 * because it takes the lock first.
 */
static void bio_phys_park_run(struct bio_phys_park *park)
{
	lockdep_assert_held(&bio_phys_park_lock);
	if (park->first &&
	    queue_work(bio_phys_park_wq, &park->work))
		refcount_inc(&bio_phys_park_queue(park)->refs);
}

void bio_phys_park_init(struct request_queue *q)
{
	INIT_LIST_HEAD(&q->p2p_park.node);
	INIT_WORK(&q->p2p_park.work, bio_phys_unpark);
}

/* Is it the fence of live memory, and is there a device to wait for? */
static bool bio_phys_must_wait(const struct bio *bio)
{
	struct bio_vec bv = mp_bvec_iter_bvec(bio->bi_io_vec, bio->bi_iter);

	return dma_phys_check(bvec_phys(&bv), bv.bv_len, bvec_life(&bv)) ==
	       -EAGAIN && !test_bit(GD_DEAD, &bio->bi_bdev->bd_disk->state);
}

static struct bio_phys_park *bio_phys_park_add(struct bio *bio)
{
	struct bio_phys_park *park = &bdev_get_queue(bio->bi_bdev)->p2p_park;

	lockdep_assert_held(&bio_phys_park_lock);
	/* who polls would find no request to poll for */
	bio_clear_polled(bio);
	WRITE_ONCE(bio->bi_cookie, BLK_QC_T_NONE);
	bio->bi_next = NULL;
	if (park->first) {
		park->last->bi_next = bio;
	} else {
		park->first = bio;
		list_add_tail(&park->node, &bio_phys_parks);
	}
	park->last = bio;
	return park;
}

/**
 * bio_phys_park - let a bio wait for the end of a fence
 * @bio: a peer-to-peer bio that is being submitted
 *
 * Context: any.
 * Return: false if there is nothing to wait for any more.
 */
bool bio_phys_park(struct bio *bio)
{
	unsigned long flags;
	bool wait;

	spin_lock_irqsave(&bio_phys_park_lock, flags);
	wait = bio_phys_must_wait(bio);
	if (wait)
		bio_phys_park_add(bio);
	spin_unlock_irqrestore(&bio_phys_park_lock, flags);
	return wait;
}

/**
 * bio_phys_park_request - take the bio out of a request that met a fence
 * @rq: a request that was not issued, because of BLK_STS_AGAIN
 *
 * These stay with their requests, and fail: a bio that a zone write plug has
 * counted, which could not be put back in its order; one that must not wait,
 * which is nothing to complain of; one of a passthrough request; and one whose
 * request is of use to somebody else without it, which flushes are not.
 *
 * Context: any, where the request can be ended.
 * Return: true if the request has no bio any more; it is to end as if all were
 * well, which gives back its tag and its reference on the queue.
 */
bool bio_phys_park_request(struct request *rq)
{
	struct bio_list bios = BIO_EMPTY_LIST;
	struct bio_phys_park *park;
	struct bio *bio = rq->bio;
	blk_status_t status;
	unsigned long flags;

	if (!bio || !bio_is_p2p(bio) || blk_rq_is_passthrough(rq) ||
	    (rq->end_io && !(rq->rq_flags & RQF_FLUSH_SEQ)) ||
	    bio_flagged(bio, BIO_ZONE_WRITE_PLUGGING))
		return false;
	if (bio->bi_opf & REQ_NOWAIT) {
		rq->rq_flags |= RQF_QUIET;
		return false;
	}
	blk_steal_bios(&bios, rq);
	/*
	 * It was counted on its way in, and will be once more.  How long it has
	 * taken so far says nothing about the device, to blk-iolatency or
	 * Kyber, for which what was never issued has taken as long as the
	 * machine is up.
	 */
	rq->io_start_time_ns = blk_time_get_ns();
	status = bio->bi_status;
	bio->bi_status = BLK_STS_AGAIN;
	rq_qos_done_bio(bio);
	bio->bi_status = status;
	bio_clear_flag(bio, BIO_QOS_THROTTLED);
	bio_clear_flag(bio, BIO_QOS_MERGED);

	spin_lock_irqsave(&bio_phys_park_lock, flags);
	park = bio_phys_park_add(bio);
	/* over meanwhile?  Submitting may sleep, so not from here. */
	if (!bio_phys_must_wait(bio))
		bio_phys_park_run(park);
	spin_unlock_irqrestore(&bio_phys_park_lock, flags);
	return true;
}

/**
 * bio_phys_park_kick - the disk of a queue goes: nobody waits there any more
 * @q: the queue, after GD_DEAD was set on its disk
 *
 * Context: any.
 */
void bio_phys_park_kick(struct request_queue *q)
{
	unsigned long flags;

	spin_lock_irqsave(&bio_phys_park_lock, flags);
	bio_phys_park_run(&q->p2p_park);
	spin_unlock_irqrestore(&bio_phys_park_lock, flags);
}

static bool bio_phys_in_range(const struct bio *bio,
			      const struct p2p_range *range)
{
	struct bio_vec bv = mp_bvec_iter_bvec(bio->bi_io_vec, bio->bi_iter);

	return bvec_life(&bv) == range->life;
}

/*
 * What ends the waiting for a range; each bio finds out whether it is its own.
 */
static int bio_phys_park_event(struct notifier_block *nb, unsigned long event,
			       void *data)
{
	struct dma_phys_notice *notice = data;
	struct bio_phys_park *park;
	unsigned long flags;
	struct bio *bio;

	spin_lock_irqsave(&bio_phys_park_lock, flags);
	list_for_each_entry(park, &bio_phys_parks, node) {
		for (bio = park->first; bio; bio = bio->bi_next) {
			if (!bio_phys_in_range(bio, notice->range))
				continue;
			notice->ios++;
			notice->bytes += bio->bi_iter.bi_size;
		}
		if (event != DMA_PHYS_COUNT)
			bio_phys_park_run(park);
	}
	spin_unlock_irqrestore(&bio_phys_park_lock, flags);
	return NOTIFY_OK;
}

static struct notifier_block bio_phys_park_nb = {
	.notifier_call = bio_phys_park_event,
};

static int __init bio_phys_park_setup(void)
{
	bio_phys_park_wq = alloc_workqueue("bio_phys_park",
					   WQ_UNBOUND | WQ_FREEZABLE |
					   WQ_MEM_RECLAIM, 0);
	if (!bio_phys_park_wq)
		panic("no workqueue for bios that wait\n");
	return dma_phys_register_notifier(&bio_phys_park_nb);
}
subsys_initcall(bio_phys_park_setup);
