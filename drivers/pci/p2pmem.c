// SPDX-License-Identifier: GPL-2.0-only
/*
 * The provider side of peer-to-peer memory without struct pages.
 *
 * A provider registers one or more pieces of its BARs.  Each piece ("chunk")
 * is a range of the mapping layer, which buffers come from (p2pmem-buf.c).
 * Kernel users get a physical address and a write-combining mapping; processes
 * mmap the sysfs file p2pmem/allocate (p2pmem-user.c) and get a buffer that is
 * theirs until the last mapping of it, and the last IO to it, is gone.  The
 * driver fences the memory, or takes it away and brings it back
 * (p2pmem-life.c).
 *
 * Lifetimes.  A chunk is one life of its piece: when the memory goes and comes
 * back, with other bytes in it and perhaps elsewhere, that is another chunk.
 * A buffer belongs to the chunk that it was allocated from, and has two counts:
 *
 * - The owners of its bytes: whoever allocated it (for a process: the file
 *   behind its mapping, which every VMA holds), and each bvec of a bio that was
 *   built from user memory.  With the last one its addresses are free.  Owning
 *   them does not mean that the device is there.  When the chunk goes, the file
 *   stops being an owner at once: what its process maps is zapped and never
 *   comes back, so only what is on its way to the addresses, which are bios,
 *   keeps them from the next life.  Kernel users own what they have until
 *   p2pmem_free().
 * - References on the struct: by all owners together and by the file, which
 *   asks it whether the memory is there.
 *
 * What waits for DMA is dma_phys_del(), by the references on the range.
 *
 * Locks, outermost first:
 *
 *   mmap_lock
 *     p2pmem.limit_lock		memory is allocated under it
 *       lock of the tree of buffers
 *     p2pmem_buf.lock
 *       i_mmap_rwsem, page table lock
 *   p2pmem_lock			innermost, as is the tree's
 *
 * What fencing, waiting and lifting take, which is p2pmem_lock, the tree's lock
 * and those of buffers with what is below, nobody holds while he allocates: the
 * memory might come from the drive whose driver fences.  Going offline does
 * not take limit_lock either.  sysfs files are removed without any of them,
 * because removing waits for their users.
 */

#define pr_fmt(fmt) "p2pmem: " fmt

#include <linux/cleanup.h>
#include <linux/dma-phys.h>
#include <linux/export.h>
#include <linux/pci-p2pdma.h>
#include <linux/pci-p2pmem.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include "p2pmem.h"

DEFINE_SPINLOCK(p2pmem_lock);
static LIST_HEAD(p2pmem_providers);

static struct p2pmem *p2pmem_find(struct pci_dev *pdev)
{
	struct p2pmem *p;

	lockdep_assert_held(&p2pmem_lock);
	list_for_each_entry(p, &p2pmem_providers, node) {
		if (p->pdev == pdev)
			return p;
	}
	return NULL;
}

/* The provider of a device, with a reference, or NULL. */
struct p2pmem *p2pmem_get(struct pci_dev *pdev)
{
	struct p2pmem *p;

	spin_lock(&p2pmem_lock);
	p = p2pmem_find(pdev);
	if (p)
		refcount_inc(&p->ref);
	spin_unlock(&p2pmem_lock);
	return p;
}

void p2pmem_put(struct p2pmem *p)
{
	if (refcount_dec_and_test(&p->ref))
		kfree(p);
}

/* The chunk with a number, with a reference, or NULL. */
static struct p2pmem_chunk *p2pmem_chunk_get(struct p2pmem *p, int nr)
{
	struct p2pmem_chunk *chunk, *found = NULL;

	spin_lock(&p2pmem_lock);
	list_for_each_entry(chunk, &p->chunks, node) {
		if (nr--)
			continue;
		refcount_inc(&chunk->ref);
		found = chunk;
		break;
	}
	spin_unlock(&p2pmem_lock);
	return found;
}

void p2pmem_chunk_put(struct p2pmem_chunk *chunk)
{
	if (!refcount_dec_and_test(&chunk->ref))
		return;
	p2pmem_put(chunk->p);
	kfree(chunk);
}

/*
 * Step of a walk over all chunks of a provider that the caller has a reference
 * on: each comes with a reference, which the next step drops.  @chunk NULL and
 * @nr 0 to begin, which is what they are again at the end.
 */
struct p2pmem_chunk *p2pmem_chunk_next(struct p2pmem *p,
				       struct p2pmem_chunk *chunk, int *nr)
{
	if (chunk)
		p2pmem_chunk_put(chunk);
	chunk = p2pmem_chunk_get(p, *nr);
	*nr = chunk ? *nr + 1 : 0;
	return chunk;
}

static bool p2pmem_in_chunk(const struct p2pmem_chunk *chunk, phys_addr_t phys)
{
	return phys >= chunk->range.range.start &&
	       phys - chunk->range.range.start < chunk->range.range.size;
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

/* A life of a piece of a BAR begins; ERR_PTR() if it does not. */
struct p2pmem_chunk *p2pmem_chunk_new(struct pci_dev *pdev, int bar, u64 offset,
				      u64 size)
{
	struct p2pmem_chunk *chunk = kzalloc(sizeof(*chunk), GFP_KERNEL);
	int error;

	if (!chunk)
		return ERR_PTR(-ENOMEM);
	error = dma_phys_add_bar(&chunk->range, pdev, bar, offset, size);
	if (error) {
		kfree(chunk);
		return ERR_PTR(error);
	}
	refcount_set(&chunk->ref, 1);
	chunk->offset = offset;
	p2pmem_chunk_pages(chunk);
	chunk->wc = !arch_io_reserve_memtype_wc(chunk->range.range.start,
						chunk->range.range.size);
	return chunk;
}

/* Nobody does DMA to it any more. */
void p2pmem_chunk_del(struct p2pmem_chunk *chunk)
{
	if (!p2pmem_chunk_registered(chunk))
		return;
	/* waits for DMA in flight */
	dma_phys_del(&chunk->range);
	if (chunk->wc)
		arch_io_free_memtype_wc(chunk->range.range.start,
					chunk->range.range.size);
}

static void p2pmem_release(void *data)
{
	struct pci_dev *pdev = data;
	struct p2pmem *p = p2pmem_get(pdev);
	struct p2pmem_chunk *chunk;

	/* no new mappings; waits for those that are being made, which hurry */
	WRITE_ONCE(p->going, true);
	p2pmem_wake();
	sysfs_remove_group(&pdev->dev.kobj, &p2pmem_group);

	scoped_guard(spinlock, &p2pmem_lock)
		list_del(&p->node);
	p2pmem_end_life(p);
	while ((chunk = p2pmem_chunk_get(p, 0))) {
		scoped_guard(spinlock, &p2pmem_lock)
			list_del(&chunk->node);
		p2pmem_chunk_put(chunk);
		p2pmem_chunk_put(chunk);
	}
	p2pmem_put(p);
	p2pmem_put(p);
}

/* The provider of a device, with a reference; made when there is none yet. */
static struct p2pmem *p2pmem_get_provider(struct pci_dev *pdev)
{
	struct p2pmem *p = p2pmem_get(pdev);
	static u64 last;
	int error;

	if (p)
		return p;

	p = kzalloc(sizeof(*p), GFP_KERNEL);
	if (!p)
		return ERR_PTR(-ENOMEM);
	p->pdev = pdev;
	INIT_LIST_HEAD(&p->chunks);
	mutex_init(&p->limit_lock);
	refcount_set(&p->ref, 2);
	scoped_guard(spinlock, &p2pmem_lock) {
		p->nr = ++last;
		list_add_tail(&p->node, &p2pmem_providers);
	}

	error = sysfs_create_group(&pdev->dev.kobj, &p2pmem_group);
	if (error) {
		scoped_guard(spinlock, &p2pmem_lock)
			list_del(&p->node);
		p2pmem_put(p);
	} else {
		error = devm_add_action_or_reset(&pdev->dev, p2pmem_release,
						 pdev);
	}
	if (!error)
		return p;
	p2pmem_put(p);
	return ERR_PTR(error);
}

/**
 * p2pmem_unregister - take all memory of a provider back
 * @pdev: the provider; nothing is done if it is none, or none any more
 *
 * User mappings are zapped, DMA in flight is waited for, later IO fails.  For
 * drivers that give their memory up before they are unbound, so that nothing
 * is accepted that their device no longer does.
 *
 * Context: process context, sleeps until DMA in flight has ended.
 */
void p2pmem_unregister(struct pci_dev *pdev)
{
	struct p2pmem *p = p2pmem_get(pdev);

	if (!p)
		return;
	p2pmem_put(p);
	devm_release_action(&pdev->dev, p2pmem_release, pdev);
}
EXPORT_SYMBOL_GPL(p2pmem_unregister);

/**
 * p2pmem_register - let a BAR, or part of it, be used by other devices
 * @pdev: the provider; its driver is bound, or binding
 * @bar: number of a memory BAR that is assigned and enabled
 * @size: bytes, a multiple of 4 KiB; 0 for all from @offset to the end
 * @offset: where in the BAR the memory starts, 4 KiB aligned
 *
 * Undone by p2pmem_unregister(), or when the driver is unbound.  May be called
 * for several pieces; not at the same time for one device, nor while it is
 * offline.
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

#ifdef CONFIG_PCI_P2PDMA
	if (rcu_access_pointer(pdev->p2pdma)) {
		pci_err(pdev, "has page-backed peer-to-peer memory already (pci_p2pdma_add_resource()); use one or the other\n");
		return -EBUSY;
	}
#endif
	if (!size && bar >= 0 && bar < PCI_STD_NUM_BARS &&
	    offset < pci_resource_len(pdev, bar))
		size = pci_resource_len(pdev, bar) - offset;

	chunk = p2pmem_chunk_new(pdev, bar, offset, size);
	if (IS_ERR(chunk))
		return PTR_ERR(chunk);
	p = p2pmem_get_provider(pdev);
	if (IS_ERR(p)) {
		p2pmem_chunk_del(chunk);
		kfree(chunk);
		return PTR_ERR(p);
	}
	/* with our reference */
	chunk->p = p;
	spin_lock(&p2pmem_lock);
	list_add_tail(&chunk->node, &p->chunks);
	spin_unlock(&p2pmem_lock);
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
 * Context: any, except interrupts.
 * Return: the bus address, or 0 if @phys is not memory of @pdev.
 */
pci_bus_addr_t p2pmem_phys_to_bus(struct pci_dev *pdev, phys_addr_t phys)
{
	struct p2pmem *p = p2pmem_get(pdev);
	struct p2pmem_chunk *chunk = NULL;
	pci_bus_addr_t bus = 0;
	int i = 0;

	if (!p)
		return 0;
	while ((chunk = p2pmem_chunk_next(p, chunk, &i))) {
		if (p2pmem_in_chunk(chunk, phys) && !READ_ONCE(chunk->gone))
			bus = phys + chunk->range.provider.bus_offset;
	}
	p2pmem_put(p);
	return bus;
}
EXPORT_SYMBOL_GPL(p2pmem_phys_to_bus);

/**
 * p2pmem_publish - let other drivers find the memory, or no longer
 * @pdev: the provider
 * @publish: true to let them
 *
 * Context: any, except interrupts.
 */
void p2pmem_publish(struct pci_dev *pdev, bool publish)
{
	struct p2pmem *p = p2pmem_get(pdev);

	if (!p)
		return;
	WRITE_ONCE(p->published, publish);
	p2pmem_put(p);
}
EXPORT_SYMBOL_GPL(p2pmem_publish);

/* The published provider that comes after a number, with a reference. */
static struct pci_dev *p2pmem_next_published(u64 *nr)
{
	struct pci_dev *found = NULL;
	struct p2pmem *p;

	spin_lock(&p2pmem_lock);
	list_for_each_entry(p, &p2pmem_providers, node) {
		if (p->nr <= *nr || !READ_ONCE(p->published) ||
		    READ_ONCE(p->offline))
			continue;
		*nr = p->nr;
		found = pci_dev_get(p->pdev);
		break;
	}
	spin_unlock(&p2pmem_lock);
	return found;
}

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
	int distance, best_distance = INT_MAX;
	struct pci_dev *pdev, *best = NULL;
	u64 nr = 0;

	/* measuring the distance takes memory, so not under the lock */
	while ((pdev = p2pmem_next_published(&nr))) {
		distance = pci_p2pdma_distance_many(pdev, clients, num_clients,
						    false);
		if (distance >= 0 && distance < best_distance) {
			swap(best, pdev);
			best_distance = distance;
		}
		pci_dev_put(pdev);
	}
	return best;
}
