// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers of peer-to-peer memory without struct pages.
 *
 * One tree has all buffers of all providers by page frame.  It is what an
 * address is looked up in, and it is the allocator too: what no buffer has is
 * free.  So a provider costs the same whatever its size, and buffers of an
 * earlier life of it keep their pages without anybody's doing.
 *
 * Lifetimes are at the top of p2pmem.c.
 */

#define pr_fmt(fmt) "p2pmem: " fmt

#include <linux/capability.h>
#include <linux/cleanup.h>
#include <linux/export.h>
#include <linux/io.h>
#include <linux/maple_tree.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/pci-p2pmem.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include "p2pmem.h"

/*
 * Changed under p2pmem_lock.  Looked up under RCU, by those who hold a
 * reference on the buffer that they look for, so that it cannot go away.
 */
static struct maple_tree p2pmem_bufs = MTREE_INIT(p2pmem_bufs,
						  MT_FLAGS_ALLOC_RANGE |
						  MT_FLAGS_USE_RCU);

/* Buffers whose provider has gone.  Written under p2pmem_lock. */
unsigned long p2pmem_dead;

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
	if (!buf->live)
		WRITE_ONCE(p2pmem_dead, p2pmem_dead - 1);
	mutex_unlock(&p2pmem_lock);
	kfree_rcu(buf, rcu);
}

static void p2pmem_buf_free_work(struct work_struct *work)
{
	p2pmem_buf_free(container_of(work, struct p2pmem_buf, free_work));
}

/*
 * Bytes of a chunk that buffers of @owner have, of anybody if it is NULL.
 * Those of earlier lives, of which one may reach over the edge, count.
 */
u64 p2pmem_chunk_used(const struct p2pmem_chunk *chunk, const kuid_t *owner)
{
	u64 used = 0, start = chunk->base, end = start + chunk->size;
	unsigned long index = PHYS_PFN(start);
	struct p2pmem_buf *buf;

	lockdep_assert_held(&p2pmem_lock);
	if (!chunk->size)
		return 0;
	mt_for_each(&p2pmem_bufs, buf, index, PHYS_PFN(end - 1)) {
		if (!owner || uid_eq(buf->owner, *owner))
			used += min(end, (u64)buf->phys + buf->size) -
				max(start, (u64)buf->phys);
	}
	return used;
}

/* From now on an access gets SIGBUS, and no new IO starts. */
void p2pmem_chunk_zap(const struct p2pmem_chunk *chunk)
{
	unsigned long index = PHYS_PFN(chunk->base);
	struct p2pmem_buf *buf;

	lockdep_assert_held(&p2pmem_lock);
	if (!chunk->size)
		return;
	mt_for_each(&p2pmem_bufs, buf, index,
		    PHYS_PFN(chunk->base + chunk->size - 1)) {
		/* some may be of an earlier life */
		if (!buf->live)
			continue;
		WRITE_ONCE(p2pmem_dead, p2pmem_dead + 1);
		WRITE_ONCE(buf->live, false);
		if (buf->mapping)
			unmap_mapping_range(buf->mapping, 0, 0, 1);
	}
}

/* Who may map the memory at all is what the mode of p2pmem/allocate says. */
static int p2pmem_check_limit(struct p2pmem *p, kuid_t owner, size_t size)
{
	struct p2pmem_chunk *chunk;
	u64 has = 0;

	lockdep_assert_held(&p2pmem_lock);
	if (!p->user_limit || !uid_valid(owner) || capable(CAP_SYS_RESOURCE))
		return 0;

	list_for_each_entry(chunk, &p->chunks, node)
		has += p2pmem_chunk_used(chunk, &owner);
	if (has <= p->user_limit && size <= p->user_limit - has)
		return 0;
	pci_info_ratelimited(p->pdev, "%s: %zu bytes of peer-to-peer memory are too many for user %u, who has %llu of at most %llu (p2pmem/user_limit)\n",
			     current->comm, size,
			     from_kuid(&init_user_ns, owner), has,
			     p->user_limit);
	return -EDQUOT;
}

/* Put a buffer where its pages are free. */
static int p2pmem_buf_place(struct p2pmem *p, struct p2pmem_buf *buf)
{
	struct p2pmem_chunk *chunk;
	unsigned long pfn;
	int error;

	lockdep_assert_held(&p2pmem_lock);
	list_for_each_entry(chunk, &p->chunks, node) {
		if (buf->size > chunk->size)
			continue;
		error = mtree_alloc_range(&p2pmem_bufs, &pfn, buf,
					  buf->size >> PAGE_SHIFT,
					  PHYS_PFN(chunk->base),
					  PHYS_PFN(chunk->base +
						   chunk->size - 1),
					  GFP_KERNEL);
		if (!error) {
			buf->phys = PFN_PHYS(pfn);
			buf->life = chunk->range.range.life;
		}
		if (error != -EBUSY)
			return error;
	}
	return -ENOMEM;
}

/*
 * A buffer with one reference, the caller's, or ERR_PTR().  An invalid @owner
 * is the kernel.  May sleep.
 */
struct p2pmem_buf *p2pmem_buf_alloc(struct pci_dev *pdev, size_t size,
				    kuid_t owner)
{
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

	scoped_guard(mutex, &p2pmem_lock) {
		p = p2pmem_find(pdev);
		error = p ? p2pmem_check_limit(p, owner, size) : -ENODEV;
		if (!error)
			error = p2pmem_buf_place(p, buf);
	}
	if (!error)
		return buf;
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
 * p2pmem_buf_life - which life of its range a buffer was handed out in
 * @buf: a buffer that cannot go away
 *
 * Context: any.
 * Return: p2p_range.life at that time.
 */
u32 p2pmem_buf_life(const struct p2pmem_buf *buf)
{
	return buf->life;
}

/**
 * __p2pmem_phys_live - p2pmem_phys_live() where there are dead buffers
 * @phys: CPU physical address
 * @len: bytes, not zero
 *
 * Context: any.
 * Return: false if a part of it lies in a dead buffer.
 */
bool __p2pmem_phys_live(phys_addr_t phys, size_t len)
{
	unsigned long last = PHYS_PFN(phys + (len - 1));
	unsigned long index = PHYS_PFN(phys);
	struct p2pmem_buf *buf;

	guard(rcu)();
	mt_for_each(&p2pmem_bufs, buf, index, last) {
		if (!p2pmem_buf_live(buf))
			return false;
	}
	return true;
}

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
