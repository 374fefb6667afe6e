// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ranges of CPU physical address space that belong to a peer-to-peer provider.
 *
 * One maple tree holds all ranges, indexed by 4 KiB frame: phys_addr_t can be
 * wider than the unsigned long that the tree takes for an index.  While there
 * are few ranges a table has them as well, which is quicker to search.  Lookups
 * run under RCU, in any context; changes take the lock of the range, and the
 * tree's own spinlock for the moment in which tree and table change.
 *
 * The life of a range (p2p_range_state()):
 *
 *                        fence (first)
 *                     -------------------->
 *   UNREGISTERED --> LIVE                FENCED
 *     ^    register    |  <--------------  |  fence, lift: depth only
 *     |                |     lift (last)   |
 *     |           shut |                   | shut
 *     |                v                   v
 *     +---------------- GONE <-------------+
 *       unregister: nothing in flight, out of the tree
 *
 * Fences nest, because a reset and a migration do not know of each other.  A
 * fence or a lift that comes after the range was shut is refused with -ENODEV:
 * GONE has no way back.  A lift without a fence is -EINVAL and changes
 * nothing.  Whoever calls into a range keeps its memory alive for the time of
 * the call; unregistering does not wait for such callers.
 *
 * DMA in flight is counted by a percpu_ref.  Ordering:
 *
 * - @state is written before the percpu_ref is killed (smp_wmb() in
 *   p2p_range_kill()), and is read after an attempt to take a reference has
 *   failed (smp_rmb() in p2p_range_get()).  So a reference that is refused
 *   because a live range is being unregistered is refused with -ENODEV.
 * - percpu_ref_kill() does not stop a percpu_ref_tryget_live() that runs at the
 *   same time; what that one took is counted, because the count cannot reach
 *   zero before an RCU grace period has passed.  Hence "no DMA" holds when
 *   p2p_range_wait() has returned, not when p2p_range_fence() has.
 * - What was done before p2p_range_put() is visible after p2p_range_wait() or
 *   p2p_range_unregister(): the last put is an atomic_long_sub_and_test(), a
 *   full barrier, and the percpu ones before it are separated by the grace
 *   period.
 */
#include <linux/bug.h>
#include <linux/cpumask.h>
#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/ioport.h>
#include <linux/limits.h>
#include <linux/maple_tree.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/p2p_range_tree.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>

/* One less than the tree can hold, so that a walk cannot wrap around to 0. */
#define P2P_RANGE_MAX_FRAME	(ULONG_MAX - 1)

static struct maple_tree p2p_ranges =
	MTREE_INIT(p2p_ranges, MT_FLAGS_USE_RCU);

/*
 * The ranges again, as long as they fit, in no order.  Few machines have more,
 * and to walk a tree for one of ten takes twice as long.
 *
 * Written under the tree's lock.  Readers hold nothing but RCU, so a slot that
 * changes under them may seem to hold a frame that it does not.  Hence what a
 * slot says is but a hint, and its range is asked again.  Nothing is missed: a
 * range gets its slot while readers go to the tree because of it, and keeps it
 * until nothing is in flight to it any more.
 */
#define P2P_RANGE_SLOTS		16

static struct p2p_range_slot {
	unsigned long		first;	/* frame */
	unsigned long		frames;	/* 0: free */
	struct p2p_range __rcu	*range;
} p2p_range_slots[P2P_RANGE_SLOTS];

/* How many slots have been used, and how many ranges are without. */
static unsigned int p2p_range_slots_used, p2p_range_slotless;

/* Where the slots to look at end; NULL: the tree has ranges that they lack. */
static const struct p2p_range_slot *p2p_range_slots_end = p2p_range_slots;

DEFINE_STATIC_KEY_FALSE(p2p_ranges_ever_key);
EXPORT_SYMBOL_GPL(p2p_ranges_ever_key);

static phys_addr_t p2p_range_frame(phys_addr_t phys)
{
	return phys >> P2P_RANGE_SHIFT;
}

/* Whether the tree can be indexed by @frame: always so on 64-bit. */
static bool p2p_range_frame_fits(phys_addr_t frame)
{
	return frame <= P2P_RANGE_MAX_FRAME;
}

/* region_intersects() takes a size_t, and a BAR can be larger than that. */
static bool p2p_range_hits_ram(phys_addr_t start, phys_addr_t size)
{
	const phys_addr_t step = SIZE_MAX - (P2P_RANGE_ALIGN - 1);

	while (size) {
		phys_addr_t len = min(size, step);

		if (region_intersects(start, len, IORESOURCE_SYSTEM_RAM,
				      IORES_DESC_NONE) != REGION_DISJOINT)
			return true;
		start += len;
		size -= len;
	}
	return false;
}

static int p2p_range_check(const struct p2p_range *range)
{
	if (!range->size)
		return -EINVAL;
	if ((range->start | range->size) & (P2P_RANGE_ALIGN - 1))
		return -EFAULT;
	if (p2p_range_end(range) < range->start)
		return -EOVERFLOW;
	if (!p2p_range_frame_fits(p2p_range_frame(p2p_range_end(range))))
		return -ERANGE;
	if (p2p_range_hits_ram(range->start, range->size))
		return -EBUSY;
	return 0;
}

/* The first slot of @range, or with NULL the first that is free. */
static struct p2p_range_slot *p2p_range_slot(const struct p2p_range *range)
{
	struct p2p_range_slot *slot = p2p_range_slots;

	for (; slot < p2p_range_slots + P2P_RANGE_SLOTS; slot++)
		if (rcu_access_pointer(slot->range) == range)
			return slot;
	return NULL;
}

/*
 * Give the free slots to ranges of the tree that have none, and tell readers
 * where to look.  Under the tree's lock.
 */
static void p2p_range_slots_fill(void)
{
	MA_STATE(mas, &p2p_ranges, 0, 0);
	const struct p2p_range_slot *end = NULL;
	struct p2p_range_slot *slot;
	struct p2p_range *range;

	while (p2p_range_slotless) {
		slot = p2p_range_slot(NULL);
		if (!slot)
			break;
		do
			range = mas_find(&mas, P2P_RANGE_MAX_FRAME);
		while (range && p2p_range_slot(range));
		if (!range)
			break;	/* the others are on their way in */

		WRITE_ONCE(slot->first, p2p_range_frame(range->start));
		WRITE_ONCE(slot->frames, p2p_range_frame(range->size));
		rcu_assign_pointer(slot->range, range);
		if (slot == p2p_range_slots + p2p_range_slots_used)
			p2p_range_slots_used++;
		p2p_range_slotless--;
	}
	if (!p2p_range_slotless)
		end = p2p_range_slots + p2p_range_slots_used;
	/* Pairs with smp_load_acquire() in p2p_range_lookup(). */
	smp_store_release(&p2p_range_slots_end, end);
}

/* A range is on its way in: until it has a slot, readers go to the tree. */
static void p2p_range_slot_want(void)
{
	mtree_lock(&p2p_ranges);
	p2p_range_slotless++;
	WRITE_ONCE(p2p_range_slots_end, NULL);
	mtree_unlock(&p2p_ranges);
}

/* A range is out of the tree, or did not get in.  Under the tree's lock. */
static void p2p_range_slot_free(const struct p2p_range *range)
{
	struct p2p_range_slot *slot = p2p_range_slot(range);

	if (slot) {
		WRITE_ONCE(slot->frames, 0);
		RCU_INIT_POINTER(slot->range, NULL);
	} else {
		p2p_range_slotless--;
	}
	p2p_range_slots_fill();
}

/*
 * Runs inside the rcu_read_lock() section of the put that dropped the last
 * reference, which is what lets p2p_range_unregister() know, by a grace period,
 * that nobody is in here any more.
 */
static void p2p_range_release(struct percpu_ref *ref)
{
	struct p2p_range *range = container_of(ref, struct p2p_range, ref);

	wake_up_all(&range->idle);
}

/* Refuse new references; @why must tell the refused ones what to expect. */
static void p2p_range_kill(struct p2p_range *range, enum p2p_range_state why)
{
	lockdep_assert_held(&range->lock);

	WRITE_ONCE(range->state, why);
	/* Pairs with smp_rmb() in p2p_range_get(). */
	smp_wmb();
	percpu_ref_kill(&range->ref);
}

/*
 * Lives repeat after 2^31 registrations, long after the last bio of the first
 * of them has ended.
 */
static u32 p2p_range_new_life(void)
{
	static u32 last;
	u32 life;

	mtree_lock(&p2p_ranges);
	last = last % P2P_RANGE_LIFE_MAX + 1;
	life = last;
	mtree_unlock(&p2p_ranges);
	return life;
}

/**
 * p2p_range_register - make a range known
 * @range: the range, with start, size (both in bytes) and name set
 *
 * From here on p2p_range_lookup() finds it.  Costs one tree node and one
 * percpu counter, whatever the size.
 *
 * Context: Process context, may sleep.
 * Return: 0, or
 * -EINVAL if the size is zero,
 * -EFAULT if start or size is not a multiple of %P2P_RANGE_ALIGN,
 * -EOVERFLOW if the range wraps around the end of the address space,
 * -ERANGE if the address is too high for an index of this machine,
 * -EBUSY if it overlaps System RAM,
 * -EEXIST if it overlaps a range (or is registered already),
 * -ENOMEM without memory.
 */
int p2p_range_register(struct p2p_range *range)
{
	unsigned long first, last, index;
	int ret;

	ret = p2p_range_check(range);
	if (ret)
		return ret;

	first = p2p_range_frame(range->start);
	last = p2p_range_frame(p2p_range_end(range));

	/*
	 * Whether another one is there is for mtree_insert_range() to say.  But
	 * should this very range be registered, it must not be written to.
	 */
	index = first;
	if (mt_find(&p2p_ranges, &index, last))
		return -EEXIST;

	ret = percpu_ref_init(&range->ref, p2p_range_release,
			      PERCPU_REF_ALLOW_REINIT, GFP_KERNEL);
	if (ret)
		return ret;
	mutex_init(&range->lock);
	init_waitqueue_head(&range->idle);
	range->life = p2p_range_new_life();
	range->fences = 0;
	WRITE_ONCE(range->state, P2P_RANGE_LIVE);

	/*
	 * The tree publishes with rcu_assign_pointer(), so that a lookup sees
	 * all of the above.
	 */
	p2p_range_slot_want();
	ret = mtree_insert_range(&p2p_ranges, first, last, range, GFP_KERNEL);
	mtree_lock(&p2p_ranges);
	if (ret)
		p2p_range_slot_free(range);
	else
		p2p_range_slots_fill();
	mtree_unlock(&p2p_ranges);
	if (ret) {
		WRITE_ONCE(range->state, P2P_RANGE_UNREGISTERED);
		percpu_ref_exit(&range->ref);
		return ret;
	}
	static_branch_enable(&p2p_ranges_ever_key);
	return 0;
}
EXPORT_SYMBOL_GPL(p2p_range_register);

/**
 * p2p_range_shut - refuse new DMA to a range for good
 * @range: a registered range, fenced or not; fences on it are void from here
 *
 * The first half of p2p_range_unregister(), for those who want to know how the
 * second goes: p2p_range_wait_timeout() tells.  The range is still found by
 * address.  To shut it again does nothing.
 *
 * Context: Process context, may sleep; does not wait for DMA in flight.
 */
void p2p_range_shut(struct p2p_range *range)
{
	mutex_lock(&range->lock);
	if (range->state == P2P_RANGE_LIVE)
		p2p_range_kill(range, P2P_RANGE_GONE);
	else if (range->state == P2P_RANGE_FENCED)
		/* Dead already, and no lift can revive it past this. */
		WRITE_ONCE(range->state, P2P_RANGE_GONE);
	mutex_unlock(&range->lock);
}

/**
 * p2p_range_unregister - take a range away
 * @range: a registered range, fenced, shut or neither; fences on it are void
 *	from here
 *
 * Refuses new DMA at once and for good, then waits for the DMA in flight.
 * Until that has ended the range is still found by address, so that it can be
 * unmapped.  When this returns, the range and its memory are the caller's.
 *
 * Context: Process context, sleeps for as long as DMA is in flight.  Once for
 * each successful p2p_range_register().
 */
void p2p_range_unregister(struct p2p_range *range)
{
	MA_STATE(mas, &p2p_ranges, 0, 0);

	p2p_range_shut(range);
	if (WARN_ON_ONCE(p2p_range_state(range) != P2P_RANGE_GONE))
		return;

	/* Not under the lock: fences must be refused, not kept waiting. */
	wait_event(range->idle, percpu_ref_is_zero(&range->ref));

	/*
	 * Erasing may need a node to rebalance the tree.  There is no way to
	 * back out here, and a node is 256 bytes.
	 */
	mas_set_range(&mas, p2p_range_frame(range->start),
		      p2p_range_frame(p2p_range_end(range)));
	mas_lock(&mas);
	WARN_ON(mas_store_gfp(&mas, NULL, GFP_KERNEL | __GFP_NOFAIL));
	/* After that, which may drop the lock, nobody gives it a slot again. */
	p2p_range_slot_free(range);
	mas_unlock(&mas);

	/*
	 * Two kinds of readers may still look at the range: a lookup that found
	 * it before the erase, and the last put, in p2p_range_release().
	 */
	synchronize_rcu();
	percpu_ref_exit(&range->ref);
	WRITE_ONCE(range->state, P2P_RANGE_UNREGISTERED);
}
EXPORT_SYMBOL_GPL(p2p_range_unregister);

static bool p2p_range_holds(const struct p2p_range *range, phys_addr_t phys,
			    size_t len)
{
	return phys - range->start < range->size &&
	       len <= range->size - (phys - range->start);
}

/* The rest of p2p_range_lookup(): whatever the piece is, the tree knows. */
static noinline enum p2p_range_match
p2p_range_walk(phys_addr_t phys, size_t len, struct p2p_range **range)
{
	phys_addr_t end = phys + (len ? len - 1 : 0);
	bool wraps = end < phys;
	unsigned long index = p2p_range_frame(phys);
	phys_addr_t last;

	*range = mtree_load(&p2p_ranges, index);
	/* ranges are whole frames: it begins inside */
	if (likely(*range) && !wraps && end <= p2p_range_end(*range))
		return P2P_RANGE_INSIDE;

	last = p2p_range_frame(wraps ? PHYS_ADDR_MAX : end);
	if (!p2p_range_frame_fits(last))
		last = P2P_RANGE_MAX_FRAME;
	/* it may begin in a hole and end in a range */
	if (!*range && index < last)
		*range = mt_find(&p2p_ranges, &index, last);
	return *range ? P2P_RANGE_STRADDLES : P2P_RANGE_NONE;
}

/**
 * p2p_range_lookup - whose memory is this
 * @phys: CPU physical address
 * @len: length in bytes; 0 asks for the one byte at @phys
 * @range: where to put the range: the one that holds all of the piece, or the
 *	first one that it touches, or NULL
 *
 * A piece that wraps around the end of the address space is taken up to there,
 * and straddles if that part touches a range.
 *
 * Context: Any, under rcu_read_lock(), which also keeps @range valid.  To use
 * it for longer, take a reference with p2p_range_get().
 * Return: how the piece relates to the ranges, see &enum p2p_range_match.
 */
enum p2p_range_match p2p_range_lookup(phys_addr_t phys, size_t len,
				      struct p2p_range **range)
{
	const struct p2p_range_slot *slot = p2p_range_slots, *end;
	unsigned long frame = p2p_range_frame(phys);
	struct p2p_range *r;

	RCU_LOCKDEP_WARN(!rcu_read_lock_held(),
			 "p2p range looked up without rcu_read_lock()");

	if (!p2p_range_frame_fits(p2p_range_frame(phys))) {
		*range = NULL;
		return P2P_RANGE_NONE;
	}
	/* Pairs with smp_store_release() in p2p_range_slots_fill(). */
	end = smp_load_acquire(&p2p_range_slots_end);
	if (!end)
		return p2p_range_walk(phys, len, range);

	for (; slot < end; slot++) {
		/* a hint; READ_ONCE() would cost an instruction each */
		if (frame - data_race(slot->first) >= data_race(slot->frames))
			continue;
		r = rcu_dereference(slot->range);
		if (!r)
			continue;
		if (!p2p_range_holds(r, phys, len))
			return p2p_range_walk(phys, len, range);
		*range = r;
		return P2P_RANGE_INSIDE;
	}
	/* it may begin in a hole and end in a range, if it leaves the frame */
	if (len > P2P_RANGE_ALIGN - (phys & (P2P_RANGE_ALIGN - 1)))
		return p2p_range_walk(phys, len, range);
	*range = NULL;
	return P2P_RANGE_NONE;
}
EXPORT_SYMBOL_GPL(p2p_range_lookup);

/**
 * p2p_range_next - step of a walk over all ranges
 * @index: the position, 0 to begin with
 *
 * Context: Under rcu_read_lock(), any context.  See p2p_range_for_each().
 * Return: the range at or behind the position, which is moved past it; NULL at
 * the end.
 */
struct p2p_range *p2p_range_next(unsigned long *index)
{
	return mt_find(&p2p_ranges, index, P2P_RANGE_MAX_FRAME);
}

/**
 * p2p_range_get - DMA to a range is about to start
 * @range: a range from p2p_range_lookup(), in the same rcu_read_lock() section,
 *	or one that the caller has another reference on
 *
 * Context: Any.
 * Return: 0 with a reference that p2p_range_put() drops, or
 * -EAGAIN if the range is fenced: try again later,
 * -ENODEV if it is going away: give up.
 */
int p2p_range_get(struct p2p_range *range)
{
	if (likely(percpu_ref_tryget_live(&range->ref)))
		return 0;
	/* Pairs with smp_wmb() in p2p_range_kill(). */
	smp_rmb();
	/*
	 * LIVE means that the fence was lifted just now.  UNREGISTERED is seen
	 * only by a caller who breaks the rule above.
	 */
	switch (READ_ONCE(range->state)) {
	case P2P_RANGE_LIVE:
	case P2P_RANGE_FENCED:
		return -EAGAIN;
	default:
		return -ENODEV;
	}
}
EXPORT_SYMBOL_GPL(p2p_range_get);

/**
 * p2p_range_get_more - another reference for who has one
 * @range: a range that the caller has a reference on
 *
 * For DMA that is begun in several pieces: a fence, or the end of the range,
 * that came after the first waits for the others as well.
 *
 * Context: Any, except NMI.
 */
void p2p_range_get_more(struct p2p_range *range)
{
	percpu_ref_get(&range->ref);
}

/**
 * p2p_range_put - DMA to a range has ended
 * @range: the range that p2p_range_get() succeeded on
 *
 * The range may be gone when this returns.
 *
 * Context: Any, except NMI.
 */
void p2p_range_put(struct p2p_range *range)
{
	percpu_ref_put(&range->ref);
}
EXPORT_SYMBOL_GPL(p2p_range_put);

/**
 * p2p_range_fence - refuse new DMA to a range for a while
 * @range: a registered range
 *
 * Allocates nothing and does not wait for the DMA in flight: that is what
 * p2p_range_wait() is for.  Fences nest, each needs its p2p_range_lift().
 *
 * Context: Process context, may sleep.
 * Return: 0, or -ENODEV if the range is being unregistered.
 */
int p2p_range_fence(struct p2p_range *range)
{
	int ret = 0;

	mutex_lock(&range->lock);
	switch (range->state) {
	case P2P_RANGE_LIVE:
		p2p_range_kill(range, P2P_RANGE_FENCED);
		fallthrough;
	case P2P_RANGE_FENCED:
		range->fences++;
		break;
	default:
		ret = -ENODEV;
	}
	mutex_unlock(&range->lock);
	return ret;
}

/**
 * p2p_range_wait_timeout - wait a while for the DMA in flight to a range
 * @range: a range that the caller has fenced or shut
 * @timeout: jiffies, or MAX_SCHEDULE_TIMEOUT for as long as it takes
 *
 * Context: Process context, sleeps for as long as DMA is in flight.
 * Return: 0 when there is no DMA and none can start before the fence lifts,
 * which for a range that is shut is never, or
 * -ETIMEDOUT if there is some after @timeout; the range stays as it is,
 * -EINVAL if the range is not fenced, or no longer.
 */
int p2p_range_wait_timeout(struct p2p_range *range, long timeout)
{
	if (!wait_event_timeout(range->idle,
				percpu_ref_is_zero(&range->ref) ||
				READ_ONCE(range->state) == P2P_RANGE_LIVE,
				timeout))
		return -ETIMEDOUT;
	return percpu_ref_is_zero(&range->ref) ? 0 : -EINVAL;
}

/**
 * p2p_range_lift - lift a fence
 * @range: the range
 *
 * With the last fence that is lifted, DMA can start again, whether or not the
 * DMA from before the fence has ended.
 *
 * Context: Process context, may sleep for an RCU grace period.
 * Return: 0, or
 * -EINVAL if the range is not fenced,
 * -ENODEV if it is being unregistered.
 */
int p2p_range_lift(struct p2p_range *range)
{
	int ret = 0;

	mutex_lock(&range->lock);
	switch (range->state) {
	case P2P_RANGE_FENCED:
		if (--range->fences)
			break;
		/*
		 * In this order: were the state LIVE while the reference is
		 * dead, p2p_range_wait() would report a fence that holds as
		 * lifted.  No barrier: p2p_range_get() says -EAGAIN for both.
		 */
		percpu_ref_resurrect(&range->ref);
		WRITE_ONCE(range->state, P2P_RANGE_LIVE);
		wake_up_all(&range->idle);
		break;
	case P2P_RANGE_LIVE:
		ret = -EINVAL;
		break;
	default:
		ret = -ENODEV;
	}
	mutex_unlock(&range->lock);
	return ret;
}

/**
 * p2p_range_inflight - how much DMA is in flight
 * @range: a range, under rcu_read_lock() or kept registered by the caller
 *
 * For debugfs and tests: summing up percpu counters that others change is a
 * snapshot at best.  It is exact when nobody takes or drops references, except
 * that for a grace period after a fence it says 1 for any number.
 *
 * Context: Any.
 * Return: the number of references.
 */
unsigned long p2p_range_inflight(struct p2p_range *range)
{
	unsigned long __percpu *counters;
	long sum = 0;
	int cpu;

	/*
	 * percpu_ref cannot be read while it is percpu, and a second counter
	 * would double the price of a mapping.  So look into it.  While it is
	 * percpu, the common counter holds a bias in its sign bit, the one
	 * initial reference, and what was in flight when a fence was lifted.
	 */
	if (__ref_is_percpu(&range->ref, &counters)) {
		for_each_possible_cpu(cpu)
			sum += READ_ONCE(*per_cpu_ptr(counters, cpu));
		sum += atomic_long_read(&range->ref.data->count) & LONG_MAX;
		return max(sum, 1L) - 1;
	}
	if (percpu_ref_is_zero(&range->ref))
		return 0;
	sum = atomic_long_read(&range->ref.data->count);
	/* Biased still: the percpu counters are being gathered. */
	return sum < 0 ? 1 : sum;
}
