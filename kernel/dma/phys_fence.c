// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fences: no DMA to a range for a while, or never again.
 *
 * A driver that resets its device, moves its memory or is being unbound must
 * know that nobody's DMA is under way.  A fence refuses new mappings, which
 * block IO takes as "queue it again"; then the mappings in flight are waited
 * for.  They end by themselves, because IO does.  Those that do not, of clients
 * with long-lived mappings, are ended by their holders, who are told.
 *
 * Waiting depends on nothing but the clients' hardware: no memory is allocated
 * and no IO is submitted, and what the fence holds back holds no reference
 * on the range.  So it makes progress while the machine is out of memory.
 *
 * Locks: dma_phys_lock -> &p2p_range.lock.  Not held while waiting, except by
 * debugfs, which waits for a limited time.
 */

#define pr_fmt(fmt) "dma-phys: " fmt

#include <linux/cleanup.h>
#include <linux/export.h>
#include <linux/jiffies.h>
#include "phys_range.h"

/* the list of ranges, their holders, and when those are told */
DEFINE_MUTEX(dma_phys_lock);

static void dma_phys_invalidate(struct dma_phys_range *r)
{
	struct dma_phys_holder *holder;

	lockdep_assert_held(&dma_phys_lock);
	list_for_each_entry(holder, &r->holders, node)
		holder->invalidate(holder);
}

int dma_phys_fence_locked(struct dma_phys_range *r)
{
	int error;

	/* in this order: what is unmapped now cannot be mapped again */
	error = p2p_range_fence(&r->range);
	if (!error)
		dma_phys_invalidate(r);
	return error;
}

/**
 * dma_phys_fence - refuse new DMA to a range for a while
 * @r: a registered range
 *
 * From now on dma_map_phys() fails, and block IO is queued again, until
 * dma_phys_lift().  Clients with long-lived mappings have ended them when this
 * returns; dma_phys_wait() waits for the others.  Fences nest.  The mappings of
 * processes are left alone: the CPU can still get at the memory.
 *
 * Context: process context, may sleep.  Allocates nothing.
 * Return: 0, or -ENODEV if the range is going away.
 */
int dma_phys_fence(struct dma_phys_range *r)
{
	guard(mutex)(&dma_phys_lock);
	return dma_phys_fence_locked(r);
}
EXPORT_SYMBOL_GPL(dma_phys_fence);

/* Who has DMA in flight? */
void dma_phys_report(struct dma_phys_range *r)
{
	struct dma_phys_inflight sum;
	struct dma_phys_path *path;
	unsigned long id;

	guard(rcu)();
	xa_for_each(&r->paths, id, path) {
		dma_phys_path_inflight(path, &sum);
		if (!sum.mappings)
			continue;
		dev_warn(r->provider.owner,
			 "BAR %d: %s has %ld mappings with %ld bytes in flight, the newest for %u ms\n",
			 r->bar, path->name, sum.mappings, sum.bytes,
			 jiffies_to_msecs(jiffies - READ_ONCE(path->last)));
	}
}

/**
 * dma_phys_wait - wait for the DMA in flight to a range
 * @r: a range that the caller has fenced
 * @timeout: jiffies, or MAX_SCHEDULE_TIMEOUT for as long as it takes
 *
 * Context: process context, sleeps.  Allocates nothing.
 * Return: 0 when there is none, and none can start before the fence is lifted;
 * * -ETIMEDOUT: there is some after @timeout; the log says whose; the fence
 *   holds
 * * -EINVAL: the range is not fenced, or no longer
 */
int dma_phys_wait(struct dma_phys_range *r, long timeout)
{
	int error = p2p_range_wait_timeout(&r->range, timeout);

	if (error == -ETIMEDOUT) {
		dev_warn(r->provider.owner,
			 "BAR %d: peer-to-peer DMA has not ended after %u ms\n",
			 r->bar, jiffies_to_msecs(timeout));
		dma_phys_report(r);
	}
	return error;
}
EXPORT_SYMBOL_GPL(dma_phys_wait);

/**
 * dma_phys_lift - lift a fence
 * @r: the range
 *
 * With the last fence, DMA may start again; block IO that was held back does by
 * itself, within milliseconds.
 *
 * Context: process context, may sleep.
 * Return: 0, or
 * * -EINVAL: the range is not fenced
 * * -ENODEV: it is going away
 */
int dma_phys_lift(struct dma_phys_range *r)
{
	return p2p_range_lift(&r->range);
}
EXPORT_SYMBOL_GPL(dma_phys_lift);

/**
 * dma_phys_hold - announce mappings that stay
 * @holder: the client and what to call, in memory that stays until
 *	dma_phys_unhold() has returned
 * @phys: CPU physical address of what it is going to map
 * @size: bytes, not zero
 *
 * To be called before mapping, by whoever keeps a mapping for longer than an
 * IO.  Every range can be taken back, so a client must be able to give its
 * mapping up.
 *
 * Context: process context, may sleep.
 * Return: 0, or
 * * -EOPNOTSUPP: without @holder->invalidate, with a message
 * * -ENXIO: nobody registered the address
 * * -EINVAL: not inside one range
 * * -EAGAIN: the range is fenced
 */
int dma_phys_hold(struct dma_phys_holder *holder, phys_addr_t phys,
		  size_t size)
{
	enum p2p_range_match match;
	struct p2p_range *range;

	if (!holder->invalidate) {
		dev_err(holder->dev,
			"cannot keep a mapping of peer-to-peer memory at %pap: it may be taken back, and this driver cannot give it up\n",
			&phys);
		return -EOPNOTSUPP;
	}

	guard(mutex)(&dma_phys_lock);
	rcu_read_lock();
	match = p2p_range_lookup(phys, size, &range);
	/* one that is going has left the list, and its memory may be freed */
	if (match == P2P_RANGE_INSIDE &&
	    list_empty(&to_dma_phys_range(range)->node))
		match = P2P_RANGE_NONE;
	rcu_read_unlock();
	if (match != P2P_RANGE_INSIDE)
		return match == P2P_RANGE_NONE ? -ENXIO : -EINVAL;
	if (p2p_range_state(range) != P2P_RANGE_LIVE)
		return -EAGAIN;
	list_add_tail(&holder->node, &to_dma_phys_range(range)->holders);
	return 0;
}
EXPORT_SYMBOL_GPL(dma_phys_hold);

/**
 * dma_phys_unhold - the mappings are gone
 * @holder: what dma_phys_hold() took; @holder->invalidate is not running when
 *	this returns, and is not called any more
 *
 * Context: process context, may sleep; not from @holder->invalidate.
 */
void dma_phys_unhold(struct dma_phys_holder *holder)
{
	guard(mutex)(&dma_phys_lock);
	list_del_init(&holder->node);
}
EXPORT_SYMBOL_GPL(dma_phys_unhold);
