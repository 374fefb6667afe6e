/* SPDX-License-Identifier: GPL-2.0-only */
/* What the p2pmem*.c files share and nobody else needs. */
#ifndef _DRIVERS_PCI_P2PMEM_H
#define _DRIVERS_PCI_P2PMEM_H

#include <linux/dma-phys.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/pci-p2pmem.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/sysfs.h>
#include <linux/uidgid.h>

struct address_space;

/**
 * struct p2pmem_chunk - one life of a piece of a BAR
 * @node: in &p2pmem.chunks, under p2pmem_lock
 * @ref: one of that list, one of each buffer
 * @p: the provider, with a reference
 * @range: the piece, for the mapping layer
 * @offset: where in the BAR it starts
 * @base: first physical address in it that is PAGE_SIZE aligned
 * @size: bytes of the whole pages from there on
 * @wc: the memory type was set to write-combining
 * @gone: this life has ended.  Written under the lock of the tree of buffers,
 *	so that nothing more is placed in it.
 */
struct p2pmem_chunk {
	struct list_head node;
	refcount_t ref;
	struct p2pmem *p;
	struct dma_phys_range range;
	u64 offset;
	phys_addr_t base;
	u64 size;
	bool wc;
	bool gone;
};

/**
 * struct p2pmem - a provider
 * @node: in p2pmem_providers, under p2pmem_lock
 * @ref: one of that list, one of each chunk, and of who looks at it
 * @nr: grows along that list
 * @pdev: the device; only to compare with once the provider has left the list
 * @chunks: &struct p2pmem_chunk, under p2pmem_lock
 * @published: other drivers may look for it
 * @going: its files are being removed, and with them the rest
 * @offline: between p2pmem_offline() and p2pmem_online()
 * @limit_lock: from asking what a user has to giving him more
 * @user_limit: bytes that the processes of one user may have mapped; 0: all
 */
struct p2pmem {
	struct list_head node;
	refcount_t ref;
	u64 nr;
	struct pci_dev *pdev;
	struct list_head chunks;
	bool published;
	bool going;
	bool offline;
	struct mutex limit_lock;	/* see above */
	u64 user_limit;
};

/**
 * struct p2pmem_buf - an allocation
 * @owners: of the bytes; see the top of p2pmem.c.  At 0 they are free.
 * @ref: what keeps this struct: one of all owners together, one of the file
 * @chunk: where it lies, with a reference
 * @pdev: the provider; only to compare with, for it may be gone
 * @uid: whose process it was handed to; invalid for the kernel's own
 * @phys: CPU physical address, PAGE_SIZE aligned
 * @size: bytes, a multiple of PAGE_SIZE
 * @lock: orders faults and zapping.  Nothing is allocated under it.
 * @file_owns: the file is one of @owners; under @lock
 * @mapping: of the file behind user mappings, NULL for a kernel buffer; under
 *	@lock
 * @vaddr: the kernel's mapping, NULL for a user buffer
 * @free_node: in the list of those that nobody owns
 * @rcu: buffers in the tree are looked at without a reference
 */
struct p2pmem_buf {
	refcount_t owners;
	refcount_t ref;
	struct p2pmem_chunk *chunk;
	const struct pci_dev *pdev;
	kuid_t uid;
	phys_addr_t phys;
	size_t size;
	struct mutex lock;		/* see above */
	bool file_owns;
	struct address_space *mapping;
	void __iomem *vaddr;
	struct llist_node free_node;
	struct rcu_head rcu;
};

/* The lists of providers and their chunks.  Nothing is allocated under it. */
extern spinlock_t p2pmem_lock;

extern const struct attribute_group p2pmem_group;

/* p2pmem.c */
struct p2pmem *p2pmem_get(struct pci_dev *pdev);
void p2pmem_put(struct p2pmem *p);
void p2pmem_chunk_put(struct p2pmem_chunk *chunk);
struct p2pmem_chunk *p2pmem_chunk_next(struct p2pmem *p,
				       struct p2pmem_chunk *chunk, int *nr);
struct p2pmem_chunk *p2pmem_chunk_new(struct pci_dev *pdev, int bar, u64 offset,
				      u64 size);
void p2pmem_chunk_del(struct p2pmem_chunk *chunk);

/* Is its range, which stays so for a little after it has gone? */
static inline bool p2pmem_chunk_registered(const struct p2pmem_chunk *chunk)
{
	return p2p_range_state(&chunk->range.range) != P2P_RANGE_UNREGISTERED;
}

/* p2pmem-life.c */
void p2pmem_wake(void);
int p2pmem_chunk_check(const struct p2pmem_chunk *chunk);
int p2pmem_chunk_wait(struct p2pmem_chunk *chunk, unsigned int state);
int p2pmem_chunk_hold(struct p2pmem_chunk *chunk);
void p2pmem_end_life(struct p2pmem *p);

/* p2pmem-buf.c */
u64 p2pmem_chunk_used(const struct p2pmem_chunk *chunk, const kuid_t *uid);
void p2pmem_chunk_end(struct p2pmem_chunk *chunk);
void p2pmem_chunk_zap(struct p2pmem_chunk *chunk);
struct p2pmem_buf *p2pmem_buf_alloc(struct pci_dev *pdev, size_t size,
				    kuid_t uid);
void p2pmem_buf_ref(struct p2pmem_buf *buf);
void p2pmem_buf_unref(struct p2pmem_buf *buf);
void p2pmem_buf_release(struct p2pmem_buf *buf);

#endif /* _DRIVERS_PCI_P2PMEM_H */
