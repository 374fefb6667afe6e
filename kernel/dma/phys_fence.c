// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fences: no DMA to a range for a while, or never again.
 *
 * A driver that resets its device, moves its memory or is being unbound must
 * know that nobody's DMA is under way.  A fence refuses new mappings; the block
 * layer holds back the bios that meet it, outside of their queues.  Then the
 * mappings in flight are waited for.  They end by themselves, because IO does.
 * Those that do not, of clients with long-lived mappings, are ended by their
 * holders, who are told.
 *
 * Waiting depends on nothing but the clients' hardware: no memory is allocated
 * and no IO is submitted, and what the fence holds back holds no reference
 * on the range.  So it makes progress while the machine is out of memory.
 *
 * A fence has a bound, after which IO is not held back any longer but fails, so
 * that a driver that forgets to lift, or cannot, leaves nobody waiting.
 *
 * Locks: dma_phys_lock -> &dma_phys_range.fence.lock -> &p2p_range.lock, and
 * dma_phys_lock -> &dma_phys_holders.lock.  None is held while DMA is waited
 * for, except dma_phys_lock by debugfs, which waits for a limited time.
 * Nothing is allocated under any but the last, which is held while the holders
 * of one range are told: what they do then is up to them.
 */

#define pr_fmt(fmt) "dma-phys: " fmt

#include <linux/cleanup.h>
#include <linux/export.h>
#include <linux/instruction_pointer.h>
#include <linux/jiffies.h>
#include <linux/kref.h>
#include <linux/notifier.h>
#include <linux/slab.h>
#include "phys.h"

/* the list of ranges */
DEFINE_MUTEX(dma_phys_lock);

static ATOMIC_NOTIFIER_HEAD(dma_phys_notifiers);

/**
 * struct dma_phys_holders - the clients with long-lived mappings of a range
 * @ref: one of the range, one of each holder, which may outlive it
 * @lock: one for each range, so that a holder that is slow keeps nobody else's
 *	waiting
 * @list: &struct dma_phys_holder
 */
struct dma_phys_holders {
	struct kref ref;
	struct mutex lock;	/* the list, and while they are told */
	struct list_head list;
};

static void dma_phys_holders_free(struct kref *ref)
{
	kfree(container_of(ref, struct dma_phys_holders, ref));
}

/*
 * Those of a range, with a reference, because the range may be gone when its
 * holders are told: a fence does not keep it.  @new becomes those of a range
 * that has none, or is freed.
 */
static struct dma_phys_holders *
dma_phys_holders_get(struct dma_phys_range *r, struct dma_phys_holders *new)
{
	struct dma_phys_holders *hs;

	scoped_guard(mutex, &r->fence.lock) {
		if (!r->holders)
			swap(r->holders, new);
		hs = r->holders;
		if (hs)
			kref_get(&hs->ref);
	}
	kfree(new);
	return hs;
}

static void dma_phys_holders_put(struct dma_phys_holders *hs)
{
	kref_put(&hs->ref, dma_phys_holders_free);
}

static struct dma_phys_holders *dma_phys_holders_alloc(void)
{
	struct dma_phys_holders *hs = kzalloc(sizeof(*hs), GFP_KERNEL);

	if (!hs)
		return NULL;
	kref_init(&hs->ref);
	mutex_init(&hs->lock);
	INIT_LIST_HEAD(&hs->list);
	return hs;
}

static void dma_phys_invalidate(struct dma_phys_range *r, bool for_good)
{
	struct dma_phys_holder *holder, *tmp;
	struct dma_phys_holders *hs;

	/*
	 * The state was changed: a first holder, which is added under the same
	 * lock, is found here, or sees the state.
	 */
	hs = dma_phys_holders_get(r, NULL);
	if (!hs)
		return;
	mutex_lock(&hs->lock);
	list_for_each_entry_safe(holder, tmp, &hs->list, node) {
		holder->invalidate(holder, for_good);
		if (for_good)
			list_del_init(&holder->node);
	}
	mutex_unlock(&hs->lock);
	dma_phys_holders_put(hs);
}

static void dma_phys_tell_lifted(struct dma_phys_range *r)
{
	struct dma_phys_holders *hs = dma_phys_holders_get(r, NULL);
	struct dma_phys_holder *holder;

	if (!hs)
		return;
	mutex_lock(&hs->lock);
	/* unless fenced again: they have been told that, or will be */
	if (p2p_range_state(&r->range) == P2P_RANGE_LIVE) {
		list_for_each_entry(holder, &hs->list, node) {
			if (holder->lifted)
				holder->lifted(holder);
		}
	}
	mutex_unlock(&hs->lock);
	dma_phys_holders_put(hs);
}

void dma_phys_notify(struct dma_phys_range *r, enum dma_phys_event event,
		     struct dma_phys_notice *notice)
{
	*notice = (struct dma_phys_notice) { .range = &r->range };
	atomic_notifier_call_chain(&dma_phys_notifiers, event, notice);
}

/**
 * dma_phys_register_notifier - hear of what ends the waiting for a fence
 * @nb: called with an &enum dma_phys_event and a &struct dma_phys_notice, must
 *	not sleep
 *
 * For those who hold IO back when dma_phys_check() says -EAGAIN.  An event
 * comes after the change: who checks under a lock that the notifier takes as
 * well does not miss it.
 *
 * Context: any.
 * Return: 0, or -EEXIST if it is registered already.
 */
int dma_phys_register_notifier(struct notifier_block *nb)
{
	return atomic_notifier_chain_register(&dma_phys_notifiers, nb);
}

/* The fence has lasted for too long: nobody waits for it any more. */
static void dma_phys_bound(struct work_struct *work)
{
	struct dma_phys_range *r = container_of(to_delayed_work(work),
						struct dma_phys_range, bound);
	struct dma_phys_notice notice;
	unsigned int ms;
	void *by;

	scoped_guard(mutex, &r->fence.lock) {
		/* lifted, going, or fenced anew meanwhile */
		if (p2p_range_state(&r->range) != P2P_RANGE_FENCED ||
		    r->expired || time_before(jiffies, r->fence.until))
			return;
		WRITE_ONCE(r->expired, true);
		ms = jiffies_to_msecs(jiffies - r->fence.since);
		by = (void *)r->fence.by;
	}
	dma_phys_notify(r, DMA_PHYS_EXPIRED, &notice);
	dev_warn(r->provider.owner,
		 "BAR %d: fenced by %pS for %u ms: IO to it fails until the fence is lifted; %lu IOs with %llu bytes were waiting\n",
		 r->bar, by, ms, notice.ios, notice.bytes);
	dma_phys_report(r);
}

/* A range is new: no fence, and none was ever too long. */
void dma_phys_fence_init(struct dma_phys_range *r)
{
	mutex_init(&r->fence.lock);
	r->fence.depth = 0;
	r->holders = NULL;
	r->expired = false;
	r->lost = false;
	INIT_DELAYED_WORK(&r->bound, dma_phys_bound);
}

/*
 * A range has gone: no fence matters any more.  Whoever fenced it just before
 * may still be about to set a bound, which must not be heard of.
 */
void dma_phys_fence_exit(struct dma_phys_range *r)
{
	struct dma_phys_holders *hs = NULL;

	disable_delayed_work_sync(&r->bound);
	scoped_guard(mutex, &r->fence.lock)
		swap(r->holders, hs);
	if (hs)
		dma_phys_holders_put(hs);
}

/**
 * __dma_phys_fence - dma_phys_fence() on behalf of somebody else
 * @r: a registered range
 * @bound_ms: see dma_phys_fence()
 * @by: an address in the function that wants it, for the log
 *
 * Context: process context, may sleep.  Allocates nothing.
 * Return: 0, or -ENODEV if the range is going away.
 */
int __dma_phys_fence(struct dma_phys_range *r, unsigned int bound_ms,
		     unsigned long by)
{
	unsigned long until = jiffies +
			      msecs_to_jiffies(bound_ms ?: DMA_PHYS_FENCE_MS);
	int error;

	scoped_guard(mutex, &r->fence.lock) {
		error = p2p_range_fence(&r->range);
		if (error)
			return error;
		if (!r->fence.depth++) {
			r->fence.since = jiffies;
			r->fence.until = until;
			r->fence.by = by;
		} else if (time_after(until, r->fence.until)) {
			r->fence.until = until;
		}
		mod_delayed_work(system_unbound_wq, &r->bound,
				 r->fence.until - jiffies);
	}
	/* in this order: what is unmapped now cannot be mapped again */
	dma_phys_invalidate(r, false);
	return 0;
}

/**
 * dma_phys_fence - refuse new DMA to a range for a while
 * @r: a registered range
 * @bound_ms: for how long IO may be held back, in milliseconds; 0: for
 *	%DMA_PHYS_FENCE_MS
 *
 * From now on dma_map_phys() fails, and block IO is held back, until
 * dma_phys_lift().  When @bound_ms have passed it is not held back any longer:
 * it fails, and the log says whose fence it was; the fence still holds.
 * Clients with long-lived mappings have ended them when this returns;
 * dma_phys_wait() waits for the others.  Fences nest, the latest bound counts;
 * one that has passed stays so until the last fence is lifted.  What processes
 * have in their page tables is left alone, so that the CPU can still get at the
 * memory: p2pmem_fence() takes it away.
 *
 * Context: process context, may sleep.  Allocates nothing.
 * Return: 0, or -ENODEV if the range is going away.
 */
noinline int dma_phys_fence(struct dma_phys_range *r, unsigned int bound_ms)
{
	return __dma_phys_fence(r, bound_ms, _RET_IP_);
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
 * With the last fence, DMA may start again; block IO that was held back is
 * submitted again, in its order.
 *
 * Context: process context, may sleep.
 * Return: 0, or
 * * -EINVAL: the range is not fenced
 * * -ENODEV: it is going away
 */
int dma_phys_lift(struct dma_phys_range *r)
{
	struct dma_phys_notice notice;
	bool expired;
	int error;

	scoped_guard(mutex, &r->fence.lock) {
		error = p2p_range_lift(&r->range);
		if (error || --r->fence.depth)
			return error;
		expired = r->expired;
		WRITE_ONCE(r->expired, false);
		cancel_delayed_work(&r->bound);
	}
	if (expired)
		dev_warn(r->provider.owner, "BAR %d: the fence was lifted\n",
			 r->bar);
	dma_phys_notify(r, DMA_PHYS_LIFTED, &notice);
	dma_phys_tell_lifted(r);
	return 0;
}
EXPORT_SYMBOL_GPL(dma_phys_lift);

/**
 * dma_phys_lose - what was in flight to a range has not arrived
 * @r: a registered range
 *
 * For a provider that is away before anybody could fence it: pulled out, or
 * behind a link that went down.  What is written to it then vanishes, and the
 * client does not notice.  Bios that are in flight now end in an error when
 * they end, though their device says success.  Not so what has no bio to say it
 * by: passthrough requests, and mappings by dma_map_phys().  To be followed by
 * dma_phys_del().
 *
 * Context: any.
 */
void dma_phys_lose(struct dma_phys_range *r)
{
	WRITE_ONCE(r->lost, true);
}
EXPORT_SYMBOL_GPL(dma_phys_lose);

/* What unregistering waits for is said this often. */
#define DMA_PHYS_REPORT_MS	5000

/* Refuse new DMA for good, and wait until there is none. */
void dma_phys_end(struct dma_phys_range *r)
{
	unsigned long since = jiffies;
	struct dma_phys_notice notice;

	p2p_range_shut(&r->range);
	dma_phys_notify(r, DMA_PHYS_GONE, &notice);
	dma_phys_invalidate(r, true);
	while (p2p_range_wait_timeout(&r->range,
				      msecs_to_jiffies(DMA_PHYS_REPORT_MS)) ==
	       -ETIMEDOUT) {
		dev_warn(r->provider.owner,
			 "BAR %d: has waited for %u ms for peer-to-peer DMA to end, in order to go away\n",
			 r->bar, jiffies_to_msecs(jiffies - since));
		dma_phys_report(r);
	}
}

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
 * * -ETIMEDOUT: it has been fenced for longer than the fence's bound
 * * -ENODEV: it is going away
 * * -ENOMEM: out of memory
 */
int dma_phys_hold(struct dma_phys_holder *holder, phys_addr_t phys,
		  size_t size)
{
	struct dma_phys_holders *hs, *new;
	struct p2p_range *range;
	int error;

	if (!holder->invalidate) {
		dev_err(holder->dev,
			"cannot keep a mapping of peer-to-peer memory at %pap: it may be taken back, and this driver cannot give it up\n",
			&phys);
		return -EOPNOTSUPP;
	}

	/* not with the reference, for which a fence waits */
	new = dma_phys_holders_alloc();
	if (!new)
		return -ENOMEM;
	error = dma_phys_get_range(phys, size, &range);
	if (error) {
		kfree(new);
		return error;
	}
	/* the reference keeps the range until the holder is on its list */
	hs = dma_phys_holders_get(to_dma_phys_range(range), new);
	mutex_lock(&hs->lock);
	/*
	 * A fence changes the state before it takes the lock to tell the
	 * holders: it finds this one, or is seen here.
	 */
	switch (p2p_range_state(range)) {
	case P2P_RANGE_LIVE:
		/* with the reference of this function */
		holder->on = hs;
		list_add_tail(&holder->node, &hs->list);
		break;
	case P2P_RANGE_FENCED:
		error = -EAGAIN;
		break;
	default:
		error = -ENODEV;
	}
	mutex_unlock(&hs->lock);
	if (error)
		dma_phys_holders_put(hs);
	p2p_range_put(range);
	return error;
}
EXPORT_SYMBOL_GPL(dma_phys_hold);

/**
 * dma_phys_unhold - the mappings are gone
 * @holder: what dma_phys_hold() took; neither of its functions is running when
 *	this returns, and they are not called any more
 *
 * Context: process context, may sleep; not from @holder's own functions.
 */
void dma_phys_unhold(struct dma_phys_holder *holder)
{
	struct dma_phys_holders *hs = holder->on;

	scoped_guard(mutex, &hs->lock)
		list_del_init(&holder->node);
	dma_phys_holders_put(hs);
}
EXPORT_SYMBOL_GPL(dma_phys_unhold);
