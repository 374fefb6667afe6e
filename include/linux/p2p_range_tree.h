/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ranges of CPU physical address space that belong to a peer-to-peer provider.
 *
 * A range is what is left of a peer-to-peer mapping when the struct pages are
 * taken away: one object per BAR that says who owns the addresses, and that
 * counts the DMA in flight to them.  This layer knows no PCI, no DMA and no
 * bio; it maps addresses to ranges, and keeps the ranges alive.
 */
#ifndef _LINUX_P2P_RANGE_TREE_H
#define _LINUX_P2P_RANGE_TREE_H

#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/jump_label.h>
#include <linux/mutex.h>
#include <linux/percpu-refcount.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <linux/wait.h>

/*
 * The granularity of a range, whatever PAGE_SIZE is: a 4 KiB BAR (an NVMe
 * controller memory buffer, say) must be registrable on a 64 KiB page kernel.
 */
#define P2P_RANGE_SHIFT	12
#define P2P_RANGE_ALIGN	BIT(P2P_RANGE_SHIFT)

/* A life fits beside the flag of a bio_vec; 0 is none. */
#define P2P_RANGE_LIFE_MAX	(BIT(31) - 1)

/**
 * enum p2p_range_state - where in its life a range is
 * @P2P_RANGE_UNREGISTERED: not in the tree; also a zeroed struct
 * @P2P_RANGE_LIVE: in the tree, new DMA may start
 * @P2P_RANGE_FENCED: in the tree, new DMA is refused until the fence lifts
 * @P2P_RANGE_GONE: going away, new DMA is refused for good; found by address
 *	until the last DMA in flight has ended
 */
enum p2p_range_state {
	P2P_RANGE_UNREGISTERED,
	P2P_RANGE_LIVE,
	P2P_RANGE_FENCED,
	P2P_RANGE_GONE,
};

/**
 * enum p2p_range_match - how a piece of address space relates to the ranges
 * @P2P_RANGE_NONE: no byte of it belongs to a range
 * @P2P_RANGE_INSIDE: all of it belongs to one range
 * @P2P_RANGE_STRADDLES: a part of it belongs to a range, and a part does not,
 *	or belongs to another one; never DMA to such a piece
 */
enum p2p_range_match {
	P2P_RANGE_NONE,
	P2P_RANGE_INSIDE,
	P2P_RANGE_STRADDLES,
};

/**
 * struct p2p_range - memory of one peer-to-peer provider
 * @start: CPU physical address of the first byte, a multiple of
 *	%P2P_RANGE_ALIGN
 * @size: length in bytes, a multiple of %P2P_RANGE_ALIGN
 * @name: for messages and debugfs; must live as long as the range
 * @life: which registration this is, 1 to %P2P_RANGE_LIFE_MAX; set by
 *	p2p_range_register().  What was built for an earlier one must not be
 *	taken for this one's.
 *
 * Embedded in the provider's own object, zeroed when that is allocated.  The
 * first three members are set before p2p_range_register() and then left alone
 * until p2p_range_unregister() has returned.
 */
struct p2p_range {
	phys_addr_t		start;
	phys_addr_t		size;
	const char		*name;
	u32			life;
	/* private: only lib/p2p_range_tree.c looks below */
	struct percpu_ref	ref;	/* DMA in flight, plus one while LIVE */
	enum p2p_range_state	state;	/* written under lock, read without */
	unsigned int		fences;	/* nesting depth, under lock */
	struct mutex		lock;	/* serialises the changes of state */
	wait_queue_head_t	idle;	/* woken when ref drops to zero */
};

/**
 * p2p_range_end - the last address of a range
 * @range: the range
 *
 * Context: Any.
 * Return: CPU physical address of the last byte.  The last byte and not the
 * one behind it, which does not exist for a range at the top of the address
 * space.
 */
static inline phys_addr_t p2p_range_end(const struct p2p_range *range)
{
	return range->start + (range->size - 1);
}

#ifdef CONFIG_P2P_RANGE_TREE

DECLARE_STATIC_KEY_FALSE(p2p_ranges_ever_key);

/**
 * p2p_ranges_ever - whether there is a range, or has been one
 *
 * A static key: where no provider was ever registered, the paths of ordinary
 * memory pay a no-op for asking.  Once on, it stays on, because what names the
 * memory of a range may outlive it: bvecs that somebody keeps, mappings of
 * processes.
 *
 * Context: Any.
 * Return: true from the first p2p_range_register() that has returned.
 */
static inline bool p2p_ranges_ever(void)
{
	return static_branch_unlikely(&p2p_ranges_ever_key);
}

int p2p_range_register(struct p2p_range *range);
void p2p_range_shut(struct p2p_range *range);
void p2p_range_unregister(struct p2p_range *range);

enum p2p_range_match p2p_range_lookup(phys_addr_t phys, size_t len,
				      struct p2p_range **range);
struct p2p_range *p2p_range_next(unsigned long *index);

int p2p_range_get(struct p2p_range *range);
void p2p_range_get_more(struct p2p_range *range);
void p2p_range_put(struct p2p_range *range);

int p2p_range_fence(struct p2p_range *range);
int p2p_range_wait_timeout(struct p2p_range *range, long timeout);
int p2p_range_lift(struct p2p_range *range);

unsigned long p2p_range_inflight(struct p2p_range *range);

/**
 * p2p_range_state - where in its life a range is
 * @range: the range
 *
 * Context: Any.
 * Return: the state, which may be another one already.
 */
static inline enum p2p_range_state
p2p_range_state(const struct p2p_range *range)
{
	return READ_ONCE(range->state);
}

/**
 * p2p_range_wait - wait for the DMA in flight to a range
 * @range: a range that the caller has fenced or shut
 *
 * Context: Process context, sleeps for as long as DMA is in flight.
 * Return: 0 when there is no DMA and none can start before the fence lifts, or
 * -EINVAL if the range is not fenced, or no longer.
 */
static inline int p2p_range_wait(struct p2p_range *range)
{
	return p2p_range_wait_timeout(range, MAX_SCHEDULE_TIMEOUT);
}

/**
 * p2p_range_is_idle - whether a range is drained
 * @range: the range
 *
 * Context: Any.
 * Return: true if the range is fenced or going away and has no DMA in flight.
 */
static inline bool p2p_range_is_idle(struct p2p_range *range)
{
	return percpu_ref_is_zero(&range->ref);
}

#else /* !CONFIG_P2P_RANGE_TREE */

static inline bool p2p_ranges_ever(void)
{
	return false;
}

static inline int p2p_range_register(struct p2p_range *range)
{
	return -EOPNOTSUPP;
}

static inline void p2p_range_shut(struct p2p_range *range)
{
}

static inline void p2p_range_unregister(struct p2p_range *range)
{
}

static inline enum p2p_range_match
p2p_range_lookup(phys_addr_t phys, size_t len, struct p2p_range **range)
{
	*range = NULL;
	return P2P_RANGE_NONE;
}

static inline struct p2p_range *p2p_range_next(unsigned long *index)
{
	return NULL;
}

static inline int p2p_range_get(struct p2p_range *range)
{
	return -ENODEV;
}

static inline void p2p_range_put(struct p2p_range *range)
{
}

#endif /* CONFIG_P2P_RANGE_TREE */

/**
 * p2p_range_for_each - walk all ranges in ascending order of address
 * @range: loop variable, struct p2p_range pointer
 * @index: unsigned long that holds the position; 0 to begin with
 *
 * Context: Under rcu_read_lock().  Ranges that come or go during the walk may
 * or may not be seen.
 */
#define p2p_range_for_each(range, index)				\
	for (; ((range) = p2p_range_next(&(index))) != NULL; )

#endif /* _LINUX_P2P_RANGE_TREE_H */
