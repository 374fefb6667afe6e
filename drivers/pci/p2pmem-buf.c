// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers of peer-to-peer memory without struct pages.
 *
 * One tree has all buffers of all providers by page frame.  It is what an
 * address is looked up in, and it is the allocator too: what no buffer has is
 * free.  So a provider costs the same whatever its size, and buffers of an
 * earlier life of it keep their pages without anybody's doing.
 *
 * Lifetimes and locks are at the top of p2pmem.c.
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
#include <linux/workqueue.h>
#include "p2pmem.h"

/*
 * Changed under its own spinlock, which is dropped while nodes are allocated.
 * Looked up under RCU.
 */
static struct maple_tree p2pmem_bufs = MTREE_INIT(p2pmem_bufs,
						  MT_FLAGS_ALLOC_RANGE |
						  MT_FLAGS_USE_RCU);

/* The buffer at an address; under RCU, or owned by the caller. */
static struct p2pmem_buf *p2pmem_buf_find(phys_addr_t phys)
{
	return mtree_load(&p2pmem_bufs, PHYS_PFN(phys));
}

/* Keep the struct; of a buffer whose struct the caller keeps already. */
void p2pmem_buf_ref(struct p2pmem_buf *buf)
{
	refcount_inc(&buf->ref);
}

void p2pmem_buf_unref(struct p2pmem_buf *buf)
{
	if (!refcount_dec_and_test(&buf->ref))
		return;
	p2pmem_chunk_put(buf->chunk);
	kfree_rcu(buf, rcu);
}

/* Buffers that nobody owns, and that are still in the tree. */
static LLIST_HEAD(p2pmem_free_list);

/*
 * Taking a buffer out of the tree may take memory, and here is the one place
 * that can wait for it: the last owner may be an interrupt, or a driver that
 * resets the drive that memory is written back to.
 */
static void p2pmem_free_bufs(struct work_struct *work)
{
	struct llist_node *list = llist_del_all(&p2pmem_free_list);
	struct p2pmem_buf *buf, *tmp;

	llist_for_each_entry_safe(buf, tmp, list, free_node) {
		MA_STATE(mas, &p2pmem_bufs, PHYS_PFN(buf->phys),
			 PHYS_PFN(buf->phys + buf->size - 1));

		mas_lock(&mas);
		WARN_ON(mas_store_gfp(&mas, NULL, GFP_KERNEL | __GFP_NOFAIL));
		mas_unlock(&mas);
		p2pmem_buf_unref(buf);
	}
}

static DECLARE_WORK(p2pmem_free_work, p2pmem_free_bufs);

/* An owner less.  Any context. */
static void p2pmem_buf_put(struct p2pmem_buf *buf)
{
	if (!refcount_dec_and_test(&buf->owners))
		return;
	llist_add(&buf->free_node, &p2pmem_free_list);
	queue_work(system_unbound_wq, &p2pmem_free_work);
}

/* The file is no owner any more, if it was one; under the buffer's lock. */
static void p2pmem_buf_disown(struct p2pmem_buf *buf)
{
	lockdep_assert_held(&buf->lock);
	if (buf->file_owns)
		p2pmem_buf_put(buf);
	buf->file_owns = false;
}

/* The end of the file, or of what was to become one. */
void p2pmem_buf_release(struct p2pmem_buf *buf)
{
	scoped_guard(mutex, &buf->lock) {
		buf->mapping = NULL;
		p2pmem_buf_disown(buf);
	}
	p2pmem_buf_unref(buf);
}

/*
 * Bytes of a chunk that buffers of @uid have, of anybody if it is NULL.
 * Those of earlier lives, of which one may reach over the edge, count.
 */
u64 p2pmem_chunk_used(const struct p2pmem_chunk *chunk, const kuid_t *uid)
{
	u64 used = 0, start = chunk->base, end = start + chunk->size;
	unsigned long index = PHYS_PFN(start);
	struct p2pmem_buf *buf;

	if (!chunk->size)
		return 0;
	guard(rcu)();
	mt_for_each(&p2pmem_bufs, buf, index, PHYS_PFN(end - 1)) {
		/* what is about to be freed is there to be had */
		if (!refcount_read(&buf->owners))
			continue;
		if (!uid || uid_eq(buf->uid, *uid))
			used += min(end, (u64)buf->phys + buf->size) -
				max(start, (u64)buf->phys);
	}
	return used;
}

/* Nothing is placed in this chunk any more; what was is in the tree by now. */
void p2pmem_chunk_end(struct p2pmem_chunk *chunk)
{
	mtree_lock(&p2pmem_bufs);
	WRITE_ONCE(chunk->gone, true);
	mtree_unlock(&p2pmem_bufs);
}

/* The next buffer at or behind an index, with its struct kept. */
static struct p2pmem_buf *p2pmem_buf_next(unsigned long *index,
					  unsigned long last)
{
	struct p2pmem_buf *buf;

	guard(rcu)();
	do {
		buf = mt_find(&p2pmem_bufs, index, last);
	} while (buf && !refcount_inc_not_zero(&buf->ref));
	return buf;
}

/*
 * Take a chunk from the processes that have mapped it, after it was fenced or
 * has gone.  No page of it is mapped when this returns: a fault looks at the
 * chunk and makes its entries under the lock of the buffer.  If it had that
 * lock before us, its entries are there to be zapped; if it gets it after us,
 * it sees what the caller did.  The same goes for buffers that are not in the
 * tree yet, and the lock of the tree.
 */
void p2pmem_chunk_zap(struct p2pmem_chunk *chunk)
{
	unsigned long index = PHYS_PFN(chunk->base);
	struct p2pmem_buf *buf;

	if (!chunk->size)
		return;
	mtree_lock(&p2pmem_bufs);
	mtree_unlock(&p2pmem_bufs);
	while ((buf = p2pmem_buf_next(&index, PHYS_PFN(chunk->base +
						       chunk->size - 1)))) {
		/* some may be of an earlier life */
		if (buf->chunk == chunk) {
			guard(mutex)(&buf->lock);
			if (buf->mapping)
				unmap_mapping_range(buf->mapping, 0, 0, 1);
			if (chunk->gone)
				p2pmem_buf_disown(buf);
		}
		p2pmem_buf_unref(buf);
	}
}

/* Who may map the memory at all is what the mode of p2pmem/allocate says. */
static int p2pmem_check_limit(struct p2pmem *p, kuid_t uid, size_t size)
{
	struct p2pmem_chunk *chunk = NULL;
	u64 has = 0;
	int i = 0;

	lockdep_assert_held(&p->limit_lock);
	if (!p->user_limit)
		return 0;

	while ((chunk = p2pmem_chunk_next(p, chunk, &i)))
		has += p2pmem_chunk_used(chunk, &uid);
	if (has <= p->user_limit && size <= p->user_limit - has)
		return 0;
	/* last, because asking may leave a record of what was not needed */
	if (capable(CAP_SYS_RESOURCE))
		return 0;
	pci_info_ratelimited(p->pdev, "%s: %zu bytes of peer-to-peer memory are too many for user %u, who has %llu of at most %llu (p2pmem/user_limit)\n",
			     current->comm, size,
			     from_kuid(&init_user_ns, uid), has,
			     p->user_limit);
	return -EDQUOT;
}

/* Put a buffer where pages of a chunk are free; -EBUSY if they are not. */
static int p2pmem_chunk_place(struct p2pmem_chunk *chunk,
			      struct p2pmem_buf *buf)
{
	MA_STATE(mas, &p2pmem_bufs, 0, 0);
	int error;

	if (buf->size > chunk->size)
		return chunk->gone ? -ENODEV : -EBUSY;

	mas_lock(&mas);
	do {
		error = chunk->gone ? -ENODEV :
			mas_empty_area(&mas, PHYS_PFN(chunk->base),
				       PHYS_PFN(chunk->base +
						chunk->size - 1),
				       buf->size >> PAGE_SHIFT);
		if (error)
			break;
		buf->chunk = chunk;
		buf->phys = PFN_PHYS(mas.index);
		mas_set_range(&mas, mas.index, mas.last);
		mas_store(&mas, buf);
		/* this drops the lock while it allocates, so look again */
	} while (mas_nomem(&mas, GFP_KERNEL));
	if (!error && mas_is_err(&mas))
		error = xa_err(mas.node);
	mas_unlock(&mas);
	mas_destroy(&mas);
	return error;
}

/* The same with all chunks; the buffer comes to have a reference on one. */
static int p2pmem_buf_place(struct p2pmem *p, struct p2pmem_buf *buf)
{
	struct p2pmem_chunk *chunk = NULL;
	int error, ret = -ENODEV, i = 0;

	while ((chunk = p2pmem_chunk_next(p, chunk, &i))) {
		error = p2pmem_chunk_place(chunk, buf);
		if (!error)
			return 0;
		if (error == -EBUSY) {
			ret = error;
		} else if (error != -ENODEV) {
			p2pmem_chunk_put(chunk);
			return error;
		}
	}
	return ret;
}

static int p2pmem_buf_find_room(struct p2pmem *p, struct p2pmem_buf *buf)
{
	int error;

	if (READ_ONCE(p->going) || READ_ONCE(p->offline))
		return -ENODEV;
	error = p2pmem_buf_place(p, buf);
	if (error == -EBUSY) {
		/* perhaps there is room that was given back just now */
		flush_work(&p2pmem_free_work);
		error = p2pmem_buf_place(p, buf);
	}
	return error == -EBUSY ? -ENOMEM : error;
}

static int p2pmem_buf_find_room_user(struct p2pmem *p, struct p2pmem_buf *buf)
{
	int error;

	/* somebody else may be waiting for memory under it */
	if (mutex_lock_killable(&p->limit_lock))
		return -EINTR;
	error = p2pmem_check_limit(p, buf->uid, buf->size);
	if (!error)
		error = p2pmem_buf_find_room(p, buf);
	mutex_unlock(&p->limit_lock);
	return error;
}

/*
 * A buffer with one owner, or ERR_PTR().  If @uid is invalid that is the
 * kernel, who drops it by p2pmem_buf_put(), or else a file, which drops it by
 * p2pmem_buf_release().  May sleep.
 */
struct p2pmem_buf *p2pmem_buf_alloc(struct pci_dev *pdev, size_t size,
				    kuid_t uid)
{
	struct p2pmem *p = p2pmem_get(pdev);
	bool user = uid_valid(uid);
	struct p2pmem_buf *buf;
	int error;

	if (!p)
		return ERR_PTR(-ENODEV);
	size = PAGE_ALIGN(size);
	buf = size ? kzalloc(sizeof(*buf), GFP_KERNEL) : NULL;
	if (!buf) {
		p2pmem_put(p);
		return ERR_PTR(size ? -ENOMEM : -EINVAL);
	}
	refcount_set(&buf->owners, 1);
	refcount_set(&buf->ref, user ? 2 : 1);
	mutex_init(&buf->lock);
	buf->pdev = pdev;
	buf->uid = uid;
	buf->size = size;
	buf->file_owns = user;

	if (user)
		error = p2pmem_buf_find_room_user(p, buf);
	else
		error = p2pmem_buf_find_room(p, buf);
	p2pmem_put(p);
	if (!error)
		return buf;
	kfree(buf);
	return ERR_PTR(error);
}

/**
 * p2pmem_buf_get - become an owner of a buffer
 * @buf: a buffer that cannot go away, because it is mapped and mmap_lock held
 *
 * Context: any.
 * Return: false if it has none any more, because its provider has gone.
 */
bool p2pmem_buf_get(struct p2pmem_buf *buf)
{
	return refcount_inc_not_zero(&buf->owners);
}

/**
 * p2pmem_buf_put_phys - an owner less of the buffer behind an address
 * @phys: CPU physical address inside a buffer that the caller owns
 *
 * Context: any.
 */
void p2pmem_buf_put_phys(phys_addr_t phys)
{
	struct p2pmem_buf *buf = p2pmem_buf_find(phys);

	if (!WARN_ON_ONCE(!buf))
		p2pmem_buf_put(buf);
}

/**
 * p2pmem_buf_live - is the provider of a buffer still there?
 * @buf: a buffer that cannot go away
 *
 * A hint that saves the trouble of submitting; mapping is what decides.
 *
 * Context: any.
 * Return: false once the provider was unregistered or offline, for ever.
 */
bool p2pmem_buf_live(const struct p2pmem_buf *buf)
{
	return !READ_ONCE(buf->chunk->gone);
}

/**
 * p2pmem_buf_life - which life of its provider a buffer belongs to
 * @buf: a buffer that cannot go away
 *
 * Context: any.
 * Return: what bvecs carry, and dma_phys_get() compares; never 0.
 */
u32 p2pmem_buf_life(const struct p2pmem_buf *buf)
{
	return buf->chunk->range.range.life;
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
 * provider, is offline or has no memory left.
 */
void __iomem *p2pmem_alloc(struct pci_dev *pdev, size_t size,
			   phys_addr_t *phys)
{
	struct p2pmem_buf *buf = p2pmem_buf_alloc(pdev, size, INVALID_UID);
	void __iomem *vaddr;

	if (IS_ERR(buf))
		return NULL;
	vaddr = ioremap_wc(buf->phys, buf->size);
	if (!vaddr) {
		p2pmem_buf_put(buf);
		return NULL;
	}
	*phys = buf->phys;
	WRITE_ONCE(buf->vaddr, vaddr);
	return vaddr;
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
	 * Whoever takes the mapping out is the one that frees; RCU keeps the
	 * struct from those who come late.
	 */
	scoped_guard(rcu) {
		buf = p2pmem_buf_find(phys);
		if (buf && buf->phys == phys && buf->pdev == pdev &&
		    buf->size == PAGE_ALIGN(size))
			vaddr = xchg(&buf->vaddr, NULL);
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
