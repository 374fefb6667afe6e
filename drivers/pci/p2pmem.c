// SPDX-License-Identifier: GPL-2.0-only
/*
 * The provider side of peer-to-peer memory without struct pages.
 *
 * A provider registers one or more pieces of its BARs.  Each piece ("chunk")
 * is a range of the mapping layer, which buffers come from (p2pmem-buf.c).
 * Kernel users get a physical address and a write-combining mapping; processes
 * mmap the sysfs file p2pmem/allocate (p2pmem-user.c) and get a buffer that is
 * theirs until the last mapping of it, and the last IO to it, is gone.
 *
 * Lifetimes.  A buffer is owned by counting references: one by whoever
 * allocated it (for a process: the file behind its mapping, which every VMA
 * holds), one by each bvec of a bio that was built from user memory.  That
 * says who may use the bytes, not that the device is there: buffers outlive
 * their provider, and keep their addresses taken until the last reference is
 * dropped, also if the provider comes back.  What waits for DMA is
 * dma_phys_del(), by the references on the range.
 *
 * Locks: mmap_lock -> p2pmem_lock -> i_mmap_rwsem.  sysfs files are removed
 * without p2pmem_lock, because removing waits for their users.
 */

#define pr_fmt(fmt) "p2pmem: " fmt

#include <linux/cleanup.h>
#include <linux/dma-phys.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/instruction_pointer.h>
#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/pci-p2pdma.h>
#include <linux/pci-p2pmem.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include "p2pmem.h"

/* Providers, their chunks, and changes of the tree of buffers. */
DEFINE_MUTEX(p2pmem_lock);
static LIST_HEAD(p2pmem_providers);

struct p2pmem *p2pmem_find(struct pci_dev *pdev)
{
	struct p2pmem *p;

	lockdep_assert_held(&p2pmem_lock);
	list_for_each_entry(p, &p2pmem_providers, node) {
		if (p->pdev == pdev)
			return p;
	}
	return NULL;
}

static bool p2pmem_in_chunk(const struct p2pmem_chunk *chunk, phys_addr_t phys)
{
	return phys >= chunk->range.range.start &&
	       phys - chunk->range.range.start < chunk->range.range.size;
}

static void p2pmem_chunk_free(struct p2pmem_chunk *chunk)
{
	if (chunk->wc)
		arch_io_free_memtype_wc(chunk->range.range.start,
					chunk->range.range.size);
	kfree(chunk);
}

/*
 * A range may start and end at any 4 KiB; what processes map comes in pages, so
 * with larger pages the odd ends are for kernel users that go by address only.
 */
static void p2pmem_chunk_pages(struct p2pmem_chunk *chunk)
{
	u64 start = chunk->range.range.start;
	u64 end = start + chunk->range.range.size;

	chunk->base = round_up(start, PAGE_SIZE);
	end = round_down(end, PAGE_SIZE);
	chunk->size = chunk->base < end ? end - chunk->base : 0;
}

static void p2pmem_release(void *data)
{
	struct pci_dev *pdev = data;
	struct p2pmem_chunk *chunk, *tmp;
	struct p2pmem *p;

	/* no new mappings; waits for those that are being made */
	sysfs_remove_group(&pdev->dev.kobj, &p2pmem_group);

	mutex_lock(&p2pmem_lock);
	p = p2pmem_find(pdev);
	list_del(&p->node);
	list_for_each_entry(chunk, &p->chunks, node)
		p2pmem_chunk_zap(chunk);
	mutex_unlock(&p2pmem_lock);

	list_for_each_entry_safe(chunk, tmp, &p->chunks, node) {
		/* waits for DMA in flight, without the lock */
		dma_phys_del(&chunk->range);
		p2pmem_chunk_free(chunk);
	}
	kfree(p);
}

/* The provider of a device, made when there is none yet. */
static struct p2pmem *p2pmem_get_provider(struct pci_dev *pdev)
{
	struct p2pmem *p;
	int error;

	scoped_guard(mutex, &p2pmem_lock) {
		p = p2pmem_find(pdev);
		if (p)
			return p;

		p = kzalloc(sizeof(*p), GFP_KERNEL);
		if (!p)
			return ERR_PTR(-ENOMEM);
		p->pdev = pdev;
		INIT_LIST_HEAD(&p->chunks);
		list_add_tail(&p->node, &p2pmem_providers);
	}

	error = sysfs_create_group(&pdev->dev.kobj, &p2pmem_group);
	if (error)
		goto del;
	error = devm_add_action_or_reset(&pdev->dev, p2pmem_release, pdev);
	if (error)
		return ERR_PTR(error);
	return p;
del:
	scoped_guard(mutex, &p2pmem_lock)
		list_del(&p->node);
	kfree(p);
	return ERR_PTR(error);
}

/**
 * p2pmem_unregister - take all memory of a provider back
 * @pdev: the provider
 *
 * User mappings are zapped, DMA in flight is waited for, later IO fails.  For
 * drivers that give their memory up before they are unbound.
 *
 * Context: process context, sleeps until DMA in flight has ended.
 */
void p2pmem_unregister(struct pci_dev *pdev)
{
	devm_release_action(&pdev->dev, p2pmem_release, pdev);
}
EXPORT_SYMBOL_GPL(p2pmem_unregister);

/* For the provider's own driver, who alone changes the list of chunks. */
static struct p2pmem *p2pmem_mine(struct pci_dev *pdev)
{
	guard(mutex)(&p2pmem_lock);
	return p2pmem_find(pdev);
}

/**
 * p2pmem_fence - refuse new DMA to the memory of a provider for a while
 * @pdev: the provider
 * @bound_ms: see dma_phys_fence()
 *
 * For a driver that is going to reset its device, say: fence, wait, reset,
 * lift.  See dma_phys_fence().  Not at the same time as p2pmem_register() and
 * p2pmem_unregister().
 *
 * Context: process context, may sleep.
 * Return: 0, or -ENODEV if the device is no provider.
 */
int p2pmem_fence(struct pci_dev *pdev, unsigned int bound_ms)
{
	struct p2pmem *p = p2pmem_mine(pdev);
	struct p2pmem_chunk *chunk;

	if (!p)
		return -ENODEV;
	/* fails for a range that is going away, and only its driver removes */
	list_for_each_entry(chunk, &p->chunks, node)
		WARN_ON_ONCE(__dma_phys_fence(&chunk->range, bound_ms,
					      _RET_IP_));
	return 0;
}
EXPORT_SYMBOL_GPL(p2pmem_fence);

/**
 * p2pmem_wait - wait for the DMA in flight to a fenced provider
 * @pdev: the provider, after p2pmem_fence()
 * @timeout: jiffies, or MAX_SCHEDULE_TIMEOUT for as long as it takes
 *
 * Context: process context, sleeps.
 * Return: 0 when there is none, and none can start before p2pmem_lift();
 * * -ETIMEDOUT: there is some still, and the log says whose; the fence holds
 * * -EINVAL: it is not fenced
 * * -ENODEV: the device is no provider
 */
int p2pmem_wait(struct pci_dev *pdev, long timeout)
{
	unsigned long end = jiffies + timeout;
	struct p2pmem *p = p2pmem_mine(pdev);
	struct p2pmem_chunk *chunk;
	int error, ret = 0;

	if (!p)
		return -ENODEV;
	list_for_each_entry(chunk, &p->chunks, node) {
		if (timeout != MAX_SCHEDULE_TIMEOUT)
			timeout = max_t(long, end - jiffies, 0);
		error = dma_phys_wait(&chunk->range, timeout);
		ret = ret ?: error;
	}
	return ret;
}
EXPORT_SYMBOL_GPL(p2pmem_wait);

/**
 * p2pmem_lift - let DMA to the memory of a provider go on
 * @pdev: the provider, after p2pmem_fence()
 *
 * Context: process context, may sleep.
 * Return: 0, or
 * * -EINVAL: it is not fenced
 * * -ENODEV: the device is no provider
 */
int p2pmem_lift(struct pci_dev *pdev)
{
	struct p2pmem *p = p2pmem_mine(pdev);
	struct p2pmem_chunk *chunk;
	int error, ret = 0;

	if (!p)
		return -ENODEV;
	list_for_each_entry(chunk, &p->chunks, node) {
		error = dma_phys_lift(&chunk->range);
		ret = ret ?: error;
	}
	return ret;
}
EXPORT_SYMBOL_GPL(p2pmem_lift);

/**
 * p2pmem_register - let a BAR, or part of it, be used by other devices
 * @pdev: the provider; its driver is bound, or binding
 * @bar: number of a memory BAR that is assigned and enabled
 * @size: bytes, a multiple of 4 KiB; 0 for all from @offset to the end
 * @offset: where in the BAR the memory starts, 4 KiB aligned
 *
 * Undone by p2pmem_unregister(), or when the driver is unbound.  May be called
 * for several pieces; not at the same time for one device.
 *
 * Context: process context, may sleep.
 * Return: 0, or with a message:
 * * -EBUSY: the device has page-backed peer-to-peer memory, or the addresses
 *   overlap System RAM
 * * -ENOMEM: out of memory
 * * what dma_phys_add_bar() returns
 */
int p2pmem_register(struct pci_dev *pdev, int bar, u64 size, u64 offset)
{
	struct p2pmem_chunk *chunk;
	struct p2pmem *p;
	int error;

#ifdef CONFIG_PCI_P2PDMA
	if (rcu_access_pointer(pdev->p2pdma)) {
		pci_err(pdev, "has page-backed peer-to-peer memory already (pci_p2pdma_add_resource()); use one or the other\n");
		return -EBUSY;
	}
#endif
	if (!size && bar >= 0 && bar < PCI_STD_NUM_BARS &&
	    offset < pci_resource_len(pdev, bar))
		size = pci_resource_len(pdev, bar) - offset;

	chunk = kzalloc(sizeof(*chunk), GFP_KERNEL);
	if (!chunk)
		return -ENOMEM;
	error = dma_phys_add_bar(&chunk->range, pdev, bar, offset, size);
	if (error) {
		kfree(chunk);
		return error;
	}
	p2pmem_chunk_pages(chunk);
	chunk->wc = !arch_io_reserve_memtype_wc(chunk->range.range.start,
						chunk->range.range.size);

	p = p2pmem_get_provider(pdev);
	if (IS_ERR(p)) {
		dma_phys_del(&chunk->range);
		p2pmem_chunk_free(chunk);
		return PTR_ERR(p);
	}
	scoped_guard(mutex, &p2pmem_lock)
		list_add_tail(&chunk->node, &p->chunks);
	return 0;
}
EXPORT_SYMBOL_GPL(p2pmem_register);

/**
 * p2pmem_phys_to_bus - the address of peer-to-peer memory on its own bus
 * @pdev: the provider
 * @phys: CPU physical address inside its registered memory
 *
 * For a provider that names its own memory to itself.  Others map.
 *
 * Context: process context, may sleep.
 * Return: the bus address, or 0 if @phys is not memory of @pdev.
 */
pci_bus_addr_t p2pmem_phys_to_bus(struct pci_dev *pdev, phys_addr_t phys)
{
	struct p2pmem_chunk *chunk;
	struct p2pmem *p;

	guard(mutex)(&p2pmem_lock);
	p = p2pmem_find(pdev);
	if (!p)
		return 0;
	list_for_each_entry(chunk, &p->chunks, node) {
		if (p2pmem_in_chunk(chunk, phys))
			return phys + chunk->range.provider.bus_offset;
	}
	return 0;
}
EXPORT_SYMBOL_GPL(p2pmem_phys_to_bus);

/**
 * p2pmem_publish - let other drivers find the memory, or no longer
 * @pdev: the provider
 * @publish: true to let them
 *
 * Context: process context, may sleep.
 */
void p2pmem_publish(struct pci_dev *pdev, bool publish)
{
	struct p2pmem *p;

	guard(mutex)(&p2pmem_lock);
	p = p2pmem_find(pdev);
	if (p)
		p->published = publish;
}
EXPORT_SYMBOL_GPL(p2pmem_publish);

/**
 * p2pmem_find_many - find the published provider that is nearest
 * @clients: devices that must all reach it
 * @num_clients: how many
 *
 * Context: process context, may sleep.
 * Return: the provider, with a reference to be dropped by pci_dev_put(); NULL
 * if there is none that all clients reach.  It may be unbound at any time, and
 * then p2pmem_alloc() fails.
 */
struct pci_dev *p2pmem_find_many(struct device **clients, int num_clients)
{
	struct pci_dev *best = NULL;
	int distance, best_distance = INT_MAX;
	struct p2pmem *p;

	guard(mutex)(&p2pmem_lock);
	list_for_each_entry(p, &p2pmem_providers, node) {
		if (!p->published)
			continue;
		distance = pci_p2pdma_distance_many(p->pdev, clients,
						    num_clients, false);
		if (distance >= 0 && distance < best_distance) {
			best = p->pdev;
			best_distance = distance;
		}
	}
	return pci_dev_get(best);
}
EXPORT_SYMBOL_GPL(p2pmem_find_many);
