// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who owns an address?  Our range tree against an rbtree of intervals, and
 * against an array by page frame (xarray), which is how the stock kernel finds
 * a struct dev_pagemap.  In the kernel, to count instructions; in user space
 * (bench/host), to measure time.
 */
#include <linux/errno.h>
#include <linux/interval_tree_generic.h>
#ifdef CONFIG_P2P_RANGE_TREE
#include <linux/p2p_range_tree.h>
#endif
#include <linux/rbtree.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "lookup.h"

#define LOOKUP_FIRST	0x10000000000ULL
#define LOOKUP_SIZE	0x200000ULL
/* each is followed by a hole of the same size */
#define LOOKUP_STEP	(2 * LOOKUP_SIZE)
#define LOOKUP_FRAME	12

struct lookup_range {
#ifdef CONFIG_P2P_RANGE_TREE
	struct p2p_range range;
#endif
	struct rb_node rb;
	u64 start;
	u64 last;
	u64 subtree_last;
};

#define LOOKUP_START(node)	((node)->start)
#define LOOKUP_LAST(node)	((node)->last)

INTERVAL_TREE_DEFINE(struct lookup_range, rb, u64, subtree_last, LOOKUP_START,
		     LOOKUP_LAST, static __maybe_unused, lookup_tree)

static struct rb_root_cached lookup_rb = RB_ROOT_CACHED;
static DEFINE_XARRAY(lookup_xa);
static unsigned long lookup_count;

#ifdef CONFIG_P2P_RANGE_TREE
static bool in_maple_tree(u64 phys)
{
	struct p2p_range *range;
	bool found;

	rcu_read_lock();
	found = p2p_range_lookup(phys, 512, &range) == P2P_RANGE_INSIDE;
	rcu_read_unlock();
	return found;
}

static int add_maple_tree(struct lookup_range *r)
{
	r->range.start = r->start;
	r->range.size = LOOKUP_SIZE;
	return p2p_range_register(&r->range);
}

static void del_maple_tree(struct lookup_range *r)
{
	p2p_range_unregister(&r->range);
}
#else
static int add_maple_tree(struct lookup_range *r)
{
	return 0;
}

static void del_maple_tree(struct lookup_range *r)
{
}
#endif

/* Unlike the others it cannot be read while it changes. */
static bool in_rbtree(u64 phys)
{
	bool found;

	lookup_read_lock();
	found = lookup_tree_iter_first(&lookup_rb, phys, phys + 511);
	lookup_read_unlock();
	return found;
}

#ifdef CONFIG_XARRAY_MULTI
static bool in_xarray(u64 phys)
{
	bool found;

	rcu_read_lock();
	found = xa_load(&lookup_xa, phys >> LOOKUP_FRAME);
	rcu_read_unlock();
	return found;
}

static int add_xarray(struct lookup_range *r)
{
	return xa_err(xa_store_range(&lookup_xa, r->start >> LOOKUP_FRAME,
				     r->last >> LOOKUP_FRAME, r, GFP_KERNEL));
}
#else
static int add_xarray(struct lookup_range *r)
{
	return 0;
}
#endif

/* What the kernel has: in user space, that is all of it. */
const struct lookup_way lookup_ways[LOOKUP_WAYS] = {
#ifdef CONFIG_P2P_RANGE_TREE
	{ "maple", in_maple_tree },
#endif
	{ "rbtree", in_rbtree },
#ifdef CONFIG_XARRAY_MULTI
	{ "xarray", in_xarray },
#endif
};

/* Small and good enough, and the same everywhere. */
static u64 lookup_random(u64 *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return *seed >> 33;
}

/**
 * lookup_fill - make a list of addresses to look up
 * @phys: the list
 * @n: how long it is
 * @hit: addresses in ranges, or in the holes between them
 * @random: in any order, or one range after the other
 */
void lookup_fill(u64 *phys, unsigned long n, bool hit, bool random)
{
	u64 seed = 1, at;
	unsigned long i;

	for (i = 0; i < n; i++) {
		at = (random ? lookup_random(&seed) : i) % lookup_count;
		phys[i] = LOOKUP_FIRST + at * LOOKUP_STEP +
			  (hit ? 0 : LOOKUP_SIZE) +
			  (lookup_random(&seed) % LOOKUP_SIZE & ~511ULL);
	}
}

void lookup_exit(void)
{
	struct lookup_range *r;
	struct rb_node *node;

	while ((node = rb_first_cached(&lookup_rb))) {
		r = rb_entry(node, struct lookup_range, rb);
		lookup_tree_remove(r, &lookup_rb);
		del_maple_tree(r);
		lookup_free(r);
	}
	xa_destroy(&lookup_xa);
	lookup_count = 0;
}

static int lookup_add(void)
{
	struct lookup_range *r = lookup_alloc(sizeof(*r));
	int error;

	if (!r)
		return -ENOMEM;
	r->start = LOOKUP_FIRST + lookup_count * LOOKUP_STEP;
	r->last = r->start + LOOKUP_SIZE - 1;
	error = add_maple_tree(r);
	if (error) {
		lookup_free(r);
		return error;
	}
	lookup_tree_insert(r, &lookup_rb);
	lookup_count++;
	return add_xarray(r);
}

/**
 * lookup_grow - fill all structures with the same ranges
 * @n: how many there are to be
 *
 * Return: 0, or what failed.
 */
int lookup_grow(unsigned long n)
{
	int error = 0;

	while (!error && lookup_count < n)
		error = lookup_add();
	return error;
}
