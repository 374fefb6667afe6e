/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who owns memory that is not RAM, and how DMA gets there.  Drivers that map it
 * with dma_map_phys() need <linux/dma-mapping.h> only.
 */
#ifndef _LINUX_DMA_PHYS_H
#define _LINUX_DMA_PHYS_H

#include <linux/bits.h>
#include <linux/dma-direction.h>
#include <linux/err.h>
#include <linux/types.h>

struct device;
struct dma_phys_path;
struct pci_dev;

#ifdef CONFIG_DMA_PHYS_P2P

#include <linux/container_of.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/p2p_range_tree.h>
#include <linux/pci-p2pdma.h>
#include <linux/percpu.h>
#include <linux/tracepoint-defs.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

struct notifier_block;

DECLARE_TRACEPOINT(dma_phys_map);

/* A verdict of its own: the memory is the client's.  Reached by bus address. */
enum {
	DMA_PHYS_MAP_OWN_BAR = PCI_P2PDMA_MAP_THRU_HOST_BRIDGE + 1,
};

/**
 * struct dma_phys_range - a piece of a BAR that other devices may reach
 * @range: its place in the range tree
 * @provider: the device behind it, and its bus offset
 * @bar: which BAR of the provider
 * @paths: &struct dma_phys_path by client (domain, bus and function); filled
 *	on first use, under its own lock, emptied with the range
 * @first: that of a client that need not search there, under RCU, or NULL
 * @node: in the list of all, under its lock
 * @holders: who keeps mappings that stay, made with the first one
 * @lost: what was in flight to it has not arrived, whatever a client says
 * @expired: the fence has lasted for longer than its bound
 * @fence: of the fence that holds: a lock under which nothing is allocated, how
 *	many there are, since when and until when in jiffies, and whose the
 *	first one is
 * @bound: runs when the fence has lasted for too long
 * @name: "<pci name> BAR <n>", what messages call it
 *
 * The memory belongs to the caller of dma_phys_add_bar(), is zeroed when it is
 * allocated, and must stay until dma_phys_del() has returned.
 */
struct dma_phys_range {
	struct p2p_range range;
	struct p2pdma_provider provider;
	int bar;
	struct xarray paths;
	struct dma_phys_path __rcu *first;
	struct list_head node;
	struct dma_phys_holders *holders;
	bool lost;
	bool expired;
	struct {
		struct mutex lock;	/* all of it */
		unsigned int depth;
		unsigned long since;
		unsigned long until;
		unsigned long by;
	} fence;
	struct delayed_work bound;
	char name[32];
};

/* How long a fence may hold IO back if nobody says otherwise. */
#define DMA_PHYS_FENCE_MS	30000

/**
 * struct dma_phys_inflight - DMA of one client to one range, on one CPU
 * @mappings: how many were begun here less those that were ended here
 * @bytes: in them
 *
 * The sum over all CPUs is what is in flight.
 */
struct dma_phys_inflight {
	long mappings;
	long bytes;
};

/**
 * struct dma_phys_path - how one client reaches one range
 * @range: the range
 * @life: that of the range
 * @client: who does the DMA
 * @map: the verdict, an &enum pci_p2pdma_map_type or DMA_PHYS_MAP_OWN_BAR
 * @start: where the range starts
 * @span: how many bytes of it @client reaches by bus address; 0 where that
 *	takes a closer look
 * @bus_offset: what to add then
 * @by_bus: what @span is when the DMA mask covers all of the range
 * @bus_end: the last of these bus addresses
 * @last: when the newest mapping was made, in jiffies; 0: there was none
 * @inflight: what is being done, for reports; NULL if @client is out of reach
 * @rcu: to free it under those who look at it for a report
 * @name: what reports call @client, which may be freed before they are done
 *
 * Lives as long as both the range and the client, and for an RCU grace period.
 */
struct dma_phys_path {
	struct dma_phys_range *range;
	struct pci_dev *client;
	int map;
	u32 life;
	phys_addr_t start;
	phys_addr_t span;
	u64 bus_offset;
	phys_addr_t by_bus;
	u64 bus_end;
	unsigned long last;
	struct dma_phys_inflight __percpu *inflight;
	struct rcu_head rcu;
	char name[24];
};

/**
 * struct dma_phys_holder - a client with mappings that stay
 * @dev: the client
 * @invalidate: called when the range was fenced, with each of several fences,
 *	or goes away: stop the DMA and unmap before it returns.  Mapping anew
 *	fails until the last fence was lifted, or for ever if it is said to be
 *	@for_good; then the holder is held no longer.
 * @lifted: called when the last fence was lifted: mapping works again; or NULL
 * @node: private
 * @on: private
 *
 * Both may sleep, and must not wait for anybody who waits for dma_phys_hold(),
 * dma_phys_unhold() or a fence of this range.  A fence waits for @invalidate,
 * so it should not allocate.
 *
 * For memory regions of RDMA, page tables of a GPU and the like, which unlike
 * a block request do not end by themselves.
 */
struct dma_phys_holder {
	struct device *dev;
	void (*invalidate)(struct dma_phys_holder *holder, bool for_good);
	void (*lifted)(struct dma_phys_holder *holder);
	struct list_head node;
	struct dma_phys_holders *on;
};

/**
 * enum dma_phys_event - what those are told who hold IO back for a fence
 * @DMA_PHYS_LIFTED: the last fence of a range was lifted
 * @DMA_PHYS_EXPIRED: it has lasted for longer than its bound
 * @DMA_PHYS_GONE: the range is going away
 * @DMA_PHYS_COUNT: nothing has happened, somebody wants to know how much waits
 */
enum dma_phys_event {
	DMA_PHYS_LIFTED,
	DMA_PHYS_EXPIRED,
	DMA_PHYS_GONE,
	DMA_PHYS_COUNT,
};

/**
 * struct dma_phys_notice - comes with an event
 * @range: of which range
 * @ios: who holds back IO to it adds how many
 * @bytes: and how much
 */
struct dma_phys_notice {
	struct p2p_range *range;
	unsigned long ios;
	u64 bytes;
};

int dma_phys_add_bar(struct dma_phys_range *r, struct pci_dev *pdev, int bar,
		     u64 offset, u64 size);
void dma_phys_del(struct dma_phys_range *r);

int __dma_phys_fence(struct dma_phys_range *r, unsigned int bound_ms,
		     unsigned long by);
int dma_phys_fence(struct dma_phys_range *r, unsigned int bound_ms);
int dma_phys_wait(struct dma_phys_range *r, long timeout);
int dma_phys_lift(struct dma_phys_range *r);
void dma_phys_lose(struct dma_phys_range *r);
int dma_phys_register_notifier(struct notifier_block *nb);
int dma_phys_check(phys_addr_t phys, size_t size, u32 life);
u32 dma_phys_life(phys_addr_t phys);

int dma_phys_hold(struct dma_phys_holder *holder, phys_addr_t phys,
		  size_t size);
void dma_phys_unhold(struct dma_phys_holder *holder);

struct dma_phys_path *dma_phys_get(struct device *dev, phys_addr_t phys,
				   size_t size, u32 life);
void dma_phys_put(struct dma_phys_path *path, size_t bytes);
int __dma_phys_map_in(struct dma_phys_path *path, phys_addr_t phys, size_t size,
		      enum dma_data_direction dir, unsigned long attrs,
		      dma_addr_t *addr);
int dma_phys_map_another(struct dma_phys_path *path, phys_addr_t phys,
			 size_t size, enum dma_data_direction dir,
			 unsigned long attrs, dma_addr_t *addr);
bool dma_phys_same_provider(phys_addr_t a, phys_addr_t b, size_t len_b);

/**
 * dma_phys_may_start - may DMA to a range start now?
 * @range: a range that p2p_range_lookup() found, under rcu_read_lock(), or that
 *	the caller keeps in memory
 *
 * Context: any.
 * Return: 0, or
 * * -EAGAIN: it is fenced
 * * -ETIMEDOUT: it has been fenced for longer than the fence's bound
 * * -ENODEV: it is going away
 */
static inline int dma_phys_may_start(const struct p2p_range *range)
{
	const struct dma_phys_range *r = container_of(range,
						      struct dma_phys_range,
						      range);

	switch (p2p_range_state(range)) {
	case P2P_RANGE_LIVE:
		return 0;
	case P2P_RANGE_FENCED:
		return READ_ONCE(r->expired) ? -ETIMEDOUT : -EAGAIN;
	default:
		return -ENODEV;
	}
}

#if IS_ENABLED(CONFIG_KUNIT)
bool dma_phys_unencrypted(struct device *dev);
#endif

#ifdef CONFIG_DEBUG_FS
#define DMA_PHYS_NR_MAPS	6

/* private: what debugfs tells, by enum pci_p2pdma_map_type */
struct dma_phys_stats {
	struct {
		u64 mappings;
		u64 bytes;
	} by[DMA_PHYS_NR_MAPS];
};

DECLARE_PER_CPU(struct dma_phys_stats, dma_phys_stats);

/* Refusals count as PCI_P2PDMA_MAP_NOT_SUPPORTED.  Any context. */
static inline void dma_phys_account(int map, size_t size)
{
	this_cpu_inc(dma_phys_stats.by[map].mappings);
	this_cpu_add(dma_phys_stats.by[map].bytes, size);
}
#else
static inline void dma_phys_account(int map, size_t size)
{
}
#endif

/**
 * dma_phys_charge - count the bytes of a DMA
 * @path: what dma_phys_get() returned
 * @bytes: how many; dma_phys_put() takes the same
 *
 * So that a fence that waits in vain can say for what, and debugfs what was
 * done since boot.  Once for all of a DMA, not for each piece.
 *
 * Context: any.
 */
static inline void dma_phys_charge(struct dma_phys_path *path, size_t bytes)
{
	this_cpu_add(path->inflight->bytes, bytes);
	dma_phys_account(path->map, bytes);
}

/**
 * dma_phys_map_quick - map a piece of a range, if that is easy
 * @path: what dma_phys_get() returned, and the caller has not put yet
 * @phys: CPU physical address
 * @size: bytes
 * @addr: set to the DMA address
 *
 * Context: any.
 * Return: true if that was all; false if it takes dma_phys_map_in() to map it,
 * or to say why it cannot be.
 */
static inline bool dma_phys_map_quick(const struct dma_phys_path *path,
				      phys_addr_t phys, size_t size,
				      dma_addr_t *addr)
{
	phys_addr_t span = READ_ONCE(path->span);

	if (unlikely(size > span || phys - path->start > span - size ||
		     tracepoint_enabled(dma_phys_map)))
		return false;
	*addr = (u64)phys + path->bus_offset;
	return true;
}

/**
 * dma_phys_map_in - map a piece of a range that the caller holds
 * @path: what dma_phys_get() returned
 * @phys: CPU physical address, inside the range
 * @size: bytes
 * @dir: DMA direction
 * @attrs: DMA attributes
 * @addr: set to the DMA address
 *
 * For users that map many pieces under one reference, such as the block layer.
 * Bus addresses need no unmapping, and little work; nor does what goes through
 * the host bridge where nothing translates.  For all others there is
 * dma_phys_map_another().
 *
 * Context: any.
 * Return: 0, or
 * * -EREMOTEIO: the client cannot be told the address, ever (DMA mask, bouncing
 *   forced, piece not inside the range); the log says why
 * * -ENOMEM: not now (IOVA space, page tables); try again
 */
static inline int dma_phys_map_in(struct dma_phys_path *path, phys_addr_t phys,
				  size_t size, enum dma_data_direction dir,
				  unsigned long attrs, dma_addr_t *addr)
{
	if (dma_phys_map_quick(path, phys, size, addr))
		return 0;
	return __dma_phys_map_in(path, phys, size, dir, attrs, addr);
}

#endif /* CONFIG_DMA_PHYS_P2P */
#endif /* _LINUX_DMA_PHYS_H */
