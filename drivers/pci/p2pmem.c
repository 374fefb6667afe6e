// SPDX-License-Identifier: GPL-2.0-only
/*
 * The provider side of peer-to-peer memory without struct pages.
 *
 * A provider registers one or more pieces of its BARs.  Each piece ("chunk")
 * is a range of the mapping layer and a pool that buffers come from.  Kernel
 * users get a physical address and a write-combining mapping; processes mmap
 * the sysfs file p2pmem/allocate and get a buffer that is theirs until the
 * last mapping of it, and the last IO to it, is gone.
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

#include <linux/capability.h>
#include <linux/cleanup.h>
#include <linux/dma-phys.h>
#include <linux/export.h>
#include <linux/genalloc.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/maple_tree.h>
#include <linux/mm.h>
#include <linux/pci-p2pdma.h>
#include <linux/pci-p2pmem.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include "p2pmem.h"

/* Providers, their chunks, and changes of the tree of buffers. */
DEFINE_MUTEX(p2pmem_lock);
static LIST_HEAD(p2pmem_providers);

/*
 * All buffers by page frame.  Looked up under RCU by those who hold a
 * reference on the buffer that they look for, so that it cannot go away.
 */
static struct maple_tree p2pmem_bufs = MTREE_INIT(p2pmem_bufs,
						  MT_FLAGS_ALLOC_RANGE |
						  MT_FLAGS_USE_RCU);

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

static unsigned long p2pmem_pool_addr(const struct p2pmem_chunk *chunk,
				      phys_addr_t phys)
{
	return phys - chunk->base + PAGE_SIZE;
}

static struct p2pmem_buf *p2pmem_buf_find(phys_addr_t phys)
{
	struct p2pmem_buf *buf;

	rcu_read_lock();
	buf = mtree_load(&p2pmem_bufs, PHYS_PFN(phys));
	rcu_read_unlock();
	return buf;
}

static void p2pmem_buf_free(struct p2pmem_buf *buf)
{
	MA_STATE(mas, &p2pmem_bufs, PHYS_PFN(buf->phys),
		 PHYS_PFN(buf->phys + buf->size - 1));

	mutex_lock(&p2pmem_lock);
	/*
	 * mtree_erase() may want a node, and without memory leave the buffer
	 * in the tree without a word.
	 */
	mas_lock(&mas);
	WARN_ON(mas_store_gfp(&mas, NULL, GFP_KERNEL | __GFP_NOFAIL));
	mas_unlock(&mas);
	if (buf->chunk)
		gen_pool_free(buf->chunk->pool,
			      p2pmem_pool_addr(buf->chunk, buf->phys),
			      buf->size);
	mutex_unlock(&p2pmem_lock);
	kfree_rcu(buf, rcu);
}

static void p2pmem_buf_free_work(struct work_struct *work)
{
	p2pmem_buf_free(container_of(work, struct p2pmem_buf, free_work));
}

/* Who may map the memory at all is what the mode of p2pmem/allocate says. */
static int p2pmem_check_limit(struct p2pmem *p, kuid_t owner, size_t size)
{
	struct p2pmem_chunk *chunk;
	struct p2pmem_buf *buf;
	u64 has = 0;

	lockdep_assert_held(&p2pmem_lock);
	if (!p->user_limit || !uid_valid(owner) || capable(CAP_SYS_RESOURCE))
		return 0;

	list_for_each_entry(chunk, &p->chunks, node) {
		const struct p2p_range *range = &chunk->range.range;
		unsigned long index = PHYS_PFN(range->start);
		unsigned long last = PHYS_PFN(p2p_range_end(range));

		mt_for_each(&p2pmem_bufs, buf, index, last) {
			if (buf->chunk == chunk && uid_eq(buf->owner, owner))
				has += buf->size;
		}
	}
	if (has <= p->user_limit && size <= p->user_limit - has)
		return 0;
	pci_info_ratelimited(p->pdev, "%s: %zu bytes of peer-to-peer memory are too many for user %u, who has %llu of at most %llu (p2pmem/user_limit)\n",
			     current->comm, size,
			     from_kuid(&init_user_ns, owner), has,
			     p->user_limit);
	return -EDQUOT;
}

/*
 * A buffer with one reference, the caller's, or ERR_PTR().  An invalid @owner
 * is the kernel.  May sleep.
 */
struct p2pmem_buf *p2pmem_buf_alloc(struct pci_dev *pdev, size_t size,
				    kuid_t owner)
{
	struct p2pmem_chunk *chunk;
	unsigned long addr = 0;
	struct p2pmem_buf *buf;
	struct p2pmem *p;
	int error;

	size = PAGE_ALIGN(size);
	if (!size)
		return ERR_PTR(-EINVAL);

	buf = kzalloc(sizeof(*buf), GFP_KERNEL);
	if (!buf)
		return ERR_PTR(-ENOMEM);
	refcount_set(&buf->ref, 1);
	INIT_WORK(&buf->free_work, p2pmem_buf_free_work);
	buf->pdev = pdev;
	buf->owner = owner;
	buf->size = size;
	buf->live = true;

	guard(mutex)(&p2pmem_lock);
	p = p2pmem_find(pdev);
	if (!p) {
		error = -ENODEV;
		goto free;
	}
	error = p2pmem_check_limit(p, owner, size);
	if (error)
		goto free;
	list_for_each_entry(chunk, &p->chunks, node) {
		addr = gen_pool_alloc(chunk->pool, size);
		if (addr) {
			buf->chunk = chunk;
			break;
		}
	}
	if (!addr) {
		error = -ENOMEM;
		goto free;
	}
	buf->phys = buf->chunk->base + (addr - PAGE_SIZE);

	error = mtree_insert_range(&p2pmem_bufs, PHYS_PFN(buf->phys),
				   PHYS_PFN(buf->phys + size - 1), buf,
				   GFP_KERNEL);
	if (!error)
		return buf;
	gen_pool_free(buf->chunk->pool, addr, size);
free:
	kfree(buf);
	return ERR_PTR(error);
}

/* Drop a reference; its memory can be had again at once.  May sleep. */
void p2pmem_buf_put(struct p2pmem_buf *buf)
{
	if (refcount_dec_and_test(&buf->ref))
		p2pmem_buf_free(buf);
}

/**
 * p2pmem_buf_get - take a reference on a buffer
 * @buf: a buffer that cannot go away, because it is mapped and mmap_lock held
 *
 * Context: any.
 */
void p2pmem_buf_get(struct p2pmem_buf *buf)
{
	refcount_inc(&buf->ref);
}

/**
 * p2pmem_buf_put_phys - drop a reference on the buffer behind an address
 * @phys: CPU physical address inside a buffer that the caller has a
 *	reference on
 *
 * Context: any.
 */
void p2pmem_buf_put_phys(phys_addr_t phys)
{
	struct p2pmem_buf *buf = p2pmem_buf_find(phys);

	if (WARN_ON_ONCE(!buf))
		return;
	/* the last one may be dropped in the interrupt in which a bio ends */
	if (refcount_dec_and_test(&buf->ref))
		schedule_work(&buf->free_work);
}

/**
 * p2pmem_buf_live - is the provider of a buffer still there?
 * @buf: a buffer that cannot go away
 *
 * A hint that saves the trouble of submitting; mapping is what decides.
 *
 * Context: any.
 * Return: false once the provider was unregistered, for ever.
 */
bool p2pmem_buf_live(const struct p2pmem_buf *buf)
{
	return READ_ONCE(buf->live);
}

/**
 * p2pmem_phys_live - does an address still mean what it meant?
 * @phys: CPU physical address in a range that the caller has a reference on
 *
 * By the time that an IO is mapped which waited for its turn, the provider may
 * have gone and another may have come to the same addresses.  They lead to a
 * range again then, but the bytes that the IO was about are not in it.
 *
 * Context: any.
 * Return: false if the address lies in a buffer whose provider has gone since
 * the buffer was handed out.
 */
bool p2pmem_phys_live(phys_addr_t phys)
{
	struct p2pmem_buf *buf;

	/*
	 * The caller found the range in its tree, after it was put there.
	 * Pairs with the barrier of rcu_assign_pointer() in that: buffers of
	 * providers before were declared dead by then.
	 */
	smp_rmb();
	guard(rcu)();
	buf = mtree_load(&p2pmem_bufs, PHYS_PFN(phys));
	return !buf || p2pmem_buf_live(buf);
}
EXPORT_SYMBOL_GPL(p2pmem_phys_live);

/**
 * p2pmem_buf_holds - does an address lie in a buffer?
 * @buf: a buffer that cannot go away
 * @phys: CPU physical address
 *
 * Context: any.
 * Return: true if it does.
 */
bool p2pmem_buf_holds(const struct p2pmem_buf *buf, phys_addr_t phys)
{
	return phys >= buf->phys && phys - buf->phys < buf->size;
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
	if (chunk->pool)
		gen_pool_destroy(chunk->pool);
	kfree(chunk);
}

/* Buffers that an earlier life of the provider left behind stay taken. */
static int p2pmem_adopt(struct p2pmem_chunk *chunk)
{
	unsigned long index = PHYS_PFN(chunk->base);
	unsigned long last = PHYS_PFN(chunk->range.range.start +
				      chunk->range.range.size - 1);
	struct p2pmem_buf *buf;

	lockdep_assert_held(&p2pmem_lock);
	mt_for_each(&p2pmem_bufs, buf, index, last) {
		struct genpool_data_fixed fixed = {
			.offset = buf->phys - chunk->base,
		};

		/* one that reaches over the edge was another BAR's */
		if (!p2pmem_in_chunk(chunk, buf->phys) ||
		    !p2pmem_in_chunk(chunk, buf->phys + buf->size - 1))
			return -EBUSY;
		if (!gen_pool_alloc_algo(chunk->pool, buf->size,
					 gen_pool_fixed_alloc, &fixed))
			return -EBUSY;
		buf->chunk = chunk;
	}
	return 0;
}

/* The buffers of a chunk: zap them (with @zap), or let go of the pool. */
static void p2pmem_for_bufs(struct p2pmem_chunk *chunk,
			    void (*fn)(struct p2pmem_buf *buf))
{
	unsigned long index = PHYS_PFN(chunk->range.range.start);
	unsigned long last = PHYS_PFN(chunk->range.range.start +
				      chunk->range.range.size - 1);
	struct p2pmem_buf *buf;

	lockdep_assert_held(&p2pmem_lock);
	mt_for_each(&p2pmem_bufs, buf, index, last) {
		if (buf->chunk == chunk)
			fn(buf);
	}
}

/* From now on an access gets SIGBUS, and no new IO starts. */
static void p2pmem_zap(struct p2pmem_buf *buf)
{
	WRITE_ONCE(buf->live, false);
	if (buf->mapping)
		unmap_mapping_range(buf->mapping, 0, 0, 1);
}

static void p2pmem_orphan(struct p2pmem_buf *buf)
{
	gen_pool_free(buf->chunk->pool,
		      p2pmem_pool_addr(buf->chunk, buf->phys), buf->size);
	buf->chunk = NULL;
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
		p2pmem_for_bufs(chunk, p2pmem_zap);
	mutex_unlock(&p2pmem_lock);

	list_for_each_entry_safe(chunk, tmp, &p->chunks, node) {
		/* waits for DMA in flight, without the lock */
		dma_phys_del(&chunk->range);
		mutex_lock(&p2pmem_lock);
		p2pmem_for_bufs(chunk, p2pmem_orphan);
		mutex_unlock(&p2pmem_lock);
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

static int p2pmem_fill_pool(struct p2pmem_chunk *chunk, struct pci_dev *pdev)
{
	phys_addr_t start = chunk->range.range.start;
	phys_addr_t end = start + chunk->range.range.size;

	chunk->pool = gen_pool_create(PAGE_SHIFT, dev_to_node(&pdev->dev));
	if (!chunk->pool)
		return -ENOMEM;

	/*
	 * A range may start and end at any 4 KiB; what processes map comes in
	 * pages, so with larger pages the odd ends are for kernel users that
	 * go by address only.  So is what an unsigned long cannot number.
	 */
	chunk->base = round_up(start, PAGE_SIZE);
	end = min_t(u64, end, (u64)chunk->base + LONG_MAX);
	end = round_down(end, PAGE_SIZE);
	if (chunk->base >= end)
		return 0;
	return gen_pool_add_virt(chunk->pool, PAGE_SIZE, chunk->base,
				 end - chunk->base, dev_to_node(&pdev->dev));
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
 *
 * For a driver that is going to reset its device, say: fence, wait, reset,
 * lift.  See dma_phys_fence().  Not at the same time as p2pmem_register() and
 * p2pmem_unregister().
 *
 * Context: process context, may sleep.
 * Return: 0, or -ENODEV if the device is no provider.
 */
int p2pmem_fence(struct pci_dev *pdev)
{
	struct p2pmem *p = p2pmem_mine(pdev);
	struct p2pmem_chunk *chunk;

	if (!p)
		return -ENODEV;
	/* fails for a range that is going away, and only its driver removes */
	list_for_each_entry(chunk, &p->chunks, node)
		WARN_ON_ONCE(dma_phys_fence(&chunk->range));
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
 *   are held by buffers of a provider that is gone, or overlap System RAM
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
	error = p2pmem_fill_pool(chunk, pdev);
	if (error)
		goto del;
	chunk->wc = !arch_io_reserve_memtype_wc(chunk->range.range.start,
						chunk->range.range.size);

	p = p2pmem_get_provider(pdev);
	if (IS_ERR(p)) {
		error = PTR_ERR(p);
		goto del;
	}

	scoped_guard(mutex, &p2pmem_lock) {
		error = p2pmem_adopt(chunk);
		if (error)
			p2pmem_for_bufs(chunk, p2pmem_orphan);
		else
			list_add_tail(&chunk->node, &p->chunks);
	}
	if (!error) {
		/* not by the first mmap(): its lock must not wait for this */
		static_branch_enable(&p2pmem_key);
		return 0;
	}

	pci_err(pdev, "BAR %d: its addresses are still held by buffers of a device that is gone; end the processes that have them mapped\n",
		bar);
	/* a provider of nothing was made by this call */
	if (list_empty(&p->chunks))
		p2pmem_unregister(pdev);
del:
	dma_phys_del(&chunk->range);
	p2pmem_chunk_free(chunk);
	return error;
}
EXPORT_SYMBOL_GPL(p2pmem_register);

/**
 * p2pmem_alloc - allocate peer-to-peer memory for the kernel
 * @pdev: the provider
 * @size: bytes; rounded up to whole pages
 * @phys: set to the CPU physical address, what bio_add_phys() and
 *	dma_map_phys() take
 *
 * The memory is not cleared.
 *
 * Context: process context, may sleep.
 * Return: a write-combining mapping for the CPU, or NULL if the device is no
 * provider or has no memory left.
 */
void __iomem *p2pmem_alloc(struct pci_dev *pdev, size_t size,
			   phys_addr_t *phys)
{
	struct p2pmem_buf *buf = p2pmem_buf_alloc(pdev, size, INVALID_UID);

	if (IS_ERR(buf))
		return NULL;
	buf->vaddr = ioremap_wc(buf->phys, buf->size);
	if (!buf->vaddr) {
		p2pmem_buf_put(buf);
		return NULL;
	}
	*phys = buf->phys;
	return buf->vaddr;
}
EXPORT_SYMBOL_GPL(p2pmem_alloc);

/**
 * p2pmem_free - give back what p2pmem_alloc() gave
 * @pdev: the provider, which may have been unregistered meanwhile
 * @phys: the physical address
 * @size: the bytes that were asked for
 *
 * Context: process context, may sleep.
 */
void p2pmem_free(struct pci_dev *pdev, phys_addr_t phys, size_t size)
{
	void __iomem *vaddr = NULL;
	struct p2pmem_buf *buf;

	/*
	 * The lock keeps a buffer that somebody else is freeing, wrongly or
	 * rightly, from going away while it is looked at.
	 */
	scoped_guard(mutex, &p2pmem_lock) {
		buf = p2pmem_buf_find(phys);
		if (buf && buf->phys == phys && buf->pdev == pdev &&
		    buf->size == PAGE_ALIGN(size))
			swap(vaddr, buf->vaddr);
	}
	if (!vaddr) {
		pci_err(pdev, "%pS frees %pap+%#zx, which is not allocated from this device's peer-to-peer memory; nothing was freed\n",
			(void *)_RET_IP_, &phys, size);
		return;
	}
	iounmap(vaddr);
	p2pmem_buf_put(buf);
}
EXPORT_SYMBOL_GPL(p2pmem_free);

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
