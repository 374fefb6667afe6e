// SPDX-License-Identifier: GPL-2.0-only
/*
 * Paths: how one client reaches one range, found once and remembered, and how
 * much of its DMA is in flight there.
 *
 * Who keeps a path: the reference that its user has on the range.  It goes away
 * with the range, which waits for these references, or with the client, when
 * no driver is left that could have DMA in flight.  Should a driver have left
 * DMA in flight, its path stays with the range.
 */

#define pr_fmt(fmt) "dma-phys: " fmt

#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/pci-p2pdma.h>
#include <linux/percpu.h>
#include <linux/ratelimit.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "phys.h"

#define CREATE_TRACE_POINTS
#include <trace/events/dma_phys.h>

/* dma_phys_map_in() is inline */
EXPORT_TRACEPOINT_SYMBOL_GPL(dma_phys_map);

static DEFINE_RATELIMIT_STATE(dma_phys_explain, DEFAULT_RATELIMIT_INTERVAL,
			      DEFAULT_RATELIMIT_BURST);

/* The path of a PCI device, or NULL if it has not asked for one yet. */
struct dma_phys_path *dma_phys_path_find(struct dma_phys_range *r,
					 struct device *dev)
{
	struct dma_phys_path *path;

	path = xa_load(&r->paths, dma_phys_client_id(to_pci_dev(dev)));
	/* it may be that of another, which was at this bus address before */
	return path && path->client == to_pci_dev(dev) ? path : NULL;
}

static void dma_phys_path_free(struct dma_phys_path *path)
{
	free_percpu(path->inflight);
	kfree(path);
}

static void dma_phys_path_free_rcu(struct rcu_head *rcu)
{
	dma_phys_path_free(container_of(rcu, struct dma_phys_path, rcu));
}

/* The range is in no tree and no list any more: nobody looks. */
void dma_phys_paths_destroy(struct dma_phys_range *r)
{
	struct dma_phys_path *path;
	unsigned long id;

	xa_for_each(&r->paths, id, path)
		dma_phys_path_free(path);
	xa_destroy(&r->paths);
}

/* Sum up what is in flight; a snapshot at best while it changes. */
void dma_phys_path_inflight(const struct dma_phys_path *path,
			    struct dma_phys_inflight *sum)
{
	int cpu;

	sum->mappings = 0;
	sum->bytes = 0;
	if (!path->inflight)
		return;
	for_each_possible_cpu(cpu) {
		struct dma_phys_inflight *on = per_cpu_ptr(path->inflight, cpu);

		sum->mappings += READ_ONCE(on->mappings);
		sum->bytes += READ_ONCE(on->bytes);
	}
}

/*
 * A client is gone; may be looked at for a report still.  Any context.
 *
 * A driver that was unbound with DMA in flight has a fault.  Its mappings may
 * be undone yet, so that the path must stay, and the next device at this bus
 * address does not get one, until the range goes.
 */
void dma_phys_path_forget(struct dma_phys_range *r, struct pci_dev *client)
{
	struct dma_phys_inflight sum = { };
	struct dma_phys_path *path;
	unsigned long flags;

	xa_lock_irqsave(&r->paths, flags);
	path = dma_phys_path_find(r, &client->dev);
	if (path)
		dma_phys_path_inflight(path, &sum);
	if (path && !sum.mappings)
		__xa_erase(&r->paths, dma_phys_client_id(client));
	xa_unlock_irqrestore(&r->paths, flags);
	if (!path)
		return;
	/* only the client puts it there, and the client maps no more */
	if (rcu_access_pointer(r->first) == path)
		RCU_INIT_POINTER(r->first, NULL);
	if (WARN(sum.mappings, "%s is gone with %ld peer-to-peer mappings of %s\n",
		 path->name, sum.mappings, r->name))
		return;
	call_rcu(&path->rcu, dma_phys_path_free_rcu);
}

/* How much of the range is one addition away, were it not for DMA masks. */
static void dma_phys_path_measure(struct dma_phys_path *path)
{
	const struct dma_phys_range *r = path->range;
	u64 first = (u64)r->range.start + r->provider.bus_offset;

	path->start = r->range.start;
	path->bus_offset = r->provider.bus_offset;
	path->bus_end = first + (r->range.size - 1);
	if (path->map != PCI_P2PDMA_MAP_THRU_HOST_BRIDGE &&
	    path->bus_end >= first && path->bus_end < DMA_MAPPING_ERROR)
		path->by_bus = r->range.size;
}

/* May run in any context, so no sleeping and interrupts off. */
static struct dma_phys_path *dma_phys_path_make(struct dma_phys_range *r,
						struct pci_dev *client)
{
	struct pci_dev *provider = to_pci_dev(r->provider.owner);
	struct dma_phys_path *path, *old;
	gfp_t gfp = GFP_ATOMIC | __GFP_NOWARN;
	unsigned long flags;

	path = kzalloc(sizeof(*path), gfp);
	if (!path)
		return ERR_PTR(-ENOMEM);
	path->range = r;
	path->life = r->range.life;
	path->client = client;
	strscpy(path->name, pci_name(client));
	if (client == provider)
		path->map = DMA_PHYS_MAP_OWN_BAR;
	else
		path->map = pci_p2pdma_verdict(provider, client, true);
	dma_phys_path_measure(path);

	old = ERR_PTR(-ENOMEM);
	if (path->map != PCI_P2PDMA_MAP_NOT_SUPPORTED) {
		path->inflight = alloc_percpu_gfp(struct dma_phys_inflight,
						  gfp);
		if (!path->inflight)
			goto free;
	}

	xa_lock_irqsave(&r->paths, flags);
	old = __xa_cmpxchg(&r->paths, dma_phys_client_id(client), NULL, path,
			   gfp);
	xa_unlock_irqrestore(&r->paths, flags);
	if (!old)
		return path;
free:
	/* somebody else was faster, or there is no memory */
	dma_phys_path_free(path);
	if (IS_ERR(old) || xa_is_err(old))
		return ERR_PTR(-ENOMEM);
	if (old->client == client)
		return old;
	dev_warn_ratelimited(&client->dev,
			     "cannot reach %s: the device that was here before has DMA in flight\n",
			     r->name);
	return ERR_PTR(-EREMOTEIO);
}

/* The path of a client to a range that the caller has a reference on. */
static struct dma_phys_path *dma_phys_path(struct dma_phys_range *r,
					   struct device *dev)
{
	struct dma_phys_path *path;

	if (!dev_is_pci(dev)) {
		dev_warn_ratelimited(dev,
				     "cannot reach %s: peer-to-peer DMA needs a PCI device\n",
				     r->name);
		return ERR_PTR(-EREMOTEIO);
	}

	path = dma_phys_path_find(r, dev);
	if (!path) {
		path = dma_phys_path_make(r, to_pci_dev(dev));
		if (IS_ERR(path))
			return path;
	} else if (path->map == PCI_P2PDMA_MAP_NOT_SUPPORTED &&
		   __ratelimit(&dma_phys_explain)) {
		/* the walk says what is in the way, and what to do about it */
		pci_p2pdma_verdict(to_pci_dev(r->provider.owner),
				   path->client, true);
	}
	if (path->map == PCI_P2PDMA_MAP_NOT_SUPPORTED)
		return ERR_PTR(-EREMOTEIO);
	/* not each in turn: clients on many CPUs would fight for the line */
	if (!rcu_access_pointer(r->first))
		rcu_assign_pointer(r->first, path);
	return path;
}

/*
 * Each time, because the driver, and with it the DMA mask, may be another one
 * than the last time.
 */
static void dma_phys_path_mask(struct dma_phys_path *path)
{
	struct device *dev = &path->client->dev;
	u64 mask = *dev->dma_mask;
	phys_addr_t span;

	if (unlikely(dev->bus_dma_limit))
		mask = min_not_zero(mask, dev->bus_dma_limit);
	span = path->bus_end <= mask ? path->by_bus : 0;
	if (unlikely(READ_ONCE(path->span) != span))
		WRITE_ONCE(path->span, span);
}

/**
 * dma_phys_get - find the range behind an address and keep it
 * @dev: the client that is to do DMA
 * @phys: CPU physical address
 * @size: bytes, not zero
 * @life: the life of the range that the memory was meant in, from
 *	dma_phys_life() or bvec_life(); 0: whatever is there now
 *
 * All of [@phys, @phys + @size) must lie inside one range.  The reference
 * keeps the provider from going away; give it back with dma_phys_put() when
 * the DMA has ended.
 *
 * Context: any.
 * Return: the path of @dev to the range, or ERR_PTR():
 * * -ENXIO: nobody registered the address
 * * -EINVAL: it straddles the end of a range, or two ranges
 * * -EAGAIN: the range is fenced; try again when the fence was lifted
 * * -ETIMEDOUT: it has been fenced for longer than the fence's bound
 * * -ENOMEM: no memory to remember the client; try again
 * * -ENODEV: the provider is going away, or has gone and come back
 * * -EREMOTEIO: @dev cannot reach the provider; the kernel log says why
 */
struct dma_phys_path *dma_phys_get(struct device *dev, phys_addr_t phys,
				   size_t size, u32 life)
{
	struct dma_phys_path *path = NULL;
	struct p2p_range *range;
	int error;

	rcu_read_lock();
	switch (p2p_range_lookup(phys, size, &range)) {
	case P2P_RANGE_INSIDE:
		if (unlikely(life && life != range->life)) {
			error = -ENODEV;
			break;
		}
		error = p2p_range_get(range);
		if (unlikely(error == -EAGAIN &&
			     READ_ONCE(to_dma_phys_range(range)->expired)))
			error = -ETIMEDOUT;
		path = rcu_dereference(to_dma_phys_range(range)->first);
		if (path && &path->client->dev != dev)
			path = NULL;
		break;
	case P2P_RANGE_STRADDLES:
		error = -EINVAL;
		break;
	default:
		error = -ENXIO;
		break;
	}
	rcu_read_unlock();

	if (error)
		goto refuse;

	if (unlikely(!path)) {
		path = dma_phys_path(to_dma_phys_range(range), dev);
		if (IS_ERR(path))
			goto put;
	}
	dma_phys_path_mask(path);
	this_cpu_inc(path->inflight->mappings);
	WRITE_ONCE(path->last, jiffies);
	return path;
put:
	p2p_range_put(range);
	error = PTR_ERR(path);
refuse:
	/* nobody's MMIO is no refusal, nor is what is tried again */
	if (error != -ENXIO && error != -EAGAIN && error != -ENOMEM) {
		trace_dma_phys_refuse(dev, phys, size, error);
		dma_phys_account(PCI_P2PDMA_MAP_NOT_SUPPORTED, size);
	}
	return ERR_PTR(error);
}
EXPORT_SYMBOL_GPL(dma_phys_get);

/*
 * The same for who has no path: just the range, with a reference that
 * p2p_range_put() drops.
 */
int dma_phys_get_range(phys_addr_t phys, size_t size, struct p2p_range **range)
{
	enum p2p_range_match match;
	int error;

	guard(rcu)();
	match = p2p_range_lookup(phys, size, range);
	if (match != P2P_RANGE_INSIDE)
		return match == P2P_RANGE_NONE ? -ENXIO : -EINVAL;
	error = p2p_range_get(*range);
	if (error == -EAGAIN && dma_phys_may_start(*range) == -ETIMEDOUT)
		error = -ETIMEDOUT;
	return error;
}

/**
 * dma_phys_check - may DMA to a piece of memory start now?
 * @phys: CPU physical address
 * @size: bytes, not zero
 * @life: the life of the range that the memory was meant in; 0: any
 *
 * For who would rather know before it takes the trouble.  Mapping looks again.
 *
 * Context: any.
 * Return: 0, or
 * * -ENXIO: nobody registered the address
 * * -EINVAL: it straddles the end of a range, or two ranges
 * * -EAGAIN: the range is fenced
 * * -ETIMEDOUT: it has been fenced for longer than the fence's bound
 * * -ENODEV: the provider is going away, or has gone and come back
 */
int dma_phys_check(phys_addr_t phys, size_t size, u32 life)
{
	enum p2p_range_match match;
	struct p2p_range *range;

	guard(rcu)();
	match = p2p_range_lookup(phys, size, &range);
	if (match != P2P_RANGE_INSIDE)
		return match == P2P_RANGE_NONE ? -ENXIO : -EINVAL;
	if (life && life != range->life)
		return -ENODEV;
	return dma_phys_may_start(range);
}

/**
 * dma_phys_life - which life of a range an address belongs to
 * @phys: CPU physical address
 *
 * For code that builds bvecs by itself; see bvec_set_p2p().
 *
 * Context: any.
 * Return: the life, or 0 if nobody registered the address.
 */
u32 dma_phys_life(phys_addr_t phys)
{
	struct p2p_range *range;

	guard(rcu)();
	return p2p_range_lookup(phys, 1, &range) == P2P_RANGE_INSIDE ?
	       range->life : 0;
}
EXPORT_SYMBOL_GPL(dma_phys_life);

/**
 * dma_phys_put - the DMA has ended
 * @path: what dma_phys_get() returned
 * @bytes: what dma_phys_charge() was given meanwhile
 *
 * Context: any.
 */
void dma_phys_put(struct dma_phys_path *path, size_t bytes)
{
	this_cpu_dec(path->inflight->mappings);
	this_cpu_sub(path->inflight->bytes, bytes);
	/* the last thing: range and path may go away with it */
	p2p_range_put(&path->range->range);
}
EXPORT_SYMBOL_GPL(dma_phys_put);
