/* SPDX-License-Identifier: GPL-2.0-only */
/* What p2pmem.c, p2pmem-buf.c and p2pmem-user.c share and nobody else needs. */
#ifndef _DRIVERS_PCI_P2PMEM_H
#define _DRIVERS_PCI_P2PMEM_H

#include <linux/dma-phys.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pci-p2pmem.h>
#include <linux/refcount.h>
#include <linux/sysfs.h>
#include <linux/uidgid.h>
#include <linux/workqueue.h>

struct address_space;

/**
 * struct p2pmem_chunk - a piece of a BAR
 * @node: in &p2pmem.chunks
 * @range: the piece, for the mapping layer
 * @base: first physical address in it that is PAGE_SIZE aligned
 * @size: bytes of the whole pages from there on
 * @wc: the memory type was set to write-combining
 */
struct p2pmem_chunk {
	struct list_head node;
	struct dma_phys_range range;
	phys_addr_t base;
	u64 size;
	bool wc;
};

/**
 * struct p2pmem - a provider
 * @node: in p2pmem_providers
 * @pdev: the device; its driver is bound
 * @chunks: &struct p2pmem_chunk
 * @published: other drivers may look for it
 * @user_limit: bytes that the processes of one user may have mapped; 0: all
 */
struct p2pmem {
	struct list_head node;
	struct pci_dev *pdev;
	struct list_head chunks;
	bool published;
	u64 user_limit;
};

/**
 * struct p2pmem_buf - an allocation
 * @ref: owners of the bytes, see the top of this file
 * @pdev: the provider; only to compare with, for it may be gone
 * @owner: whose process it was handed to; invalid for the kernel's own
 * @phys: CPU physical address, PAGE_SIZE aligned
 * @size: bytes, a multiple of PAGE_SIZE
 * @life: that of the range when it was handed out
 * @live: the provider has not gone since the buffer was handed out
 * @mapping: of the file behind user mappings, NULL for a kernel buffer.  Under
 *	p2pmem_lock.
 * @vaddr: the kernel's mapping, NULL for a user buffer
 * @free_work: to get out of the interrupt in which a bio ends
 * @rcu: p2pmem_phys_live() looks at buffers that it has no reference on
 */
struct p2pmem_buf {
	refcount_t ref;
	const struct pci_dev *pdev;
	kuid_t owner;
	phys_addr_t phys;
	size_t size;
	u32 life;
	bool live;
	struct address_space *mapping;
	void __iomem *vaddr;
	struct work_struct free_work;
	struct rcu_head rcu;
};

/* Providers, their chunks, and changes of the tree of buffers. */
extern struct mutex p2pmem_lock;

extern const struct attribute_group p2pmem_group;

struct p2pmem *p2pmem_find(struct pci_dev *pdev);

u64 p2pmem_chunk_used(const struct p2pmem_chunk *chunk, const kuid_t *owner);
void p2pmem_chunk_zap(const struct p2pmem_chunk *chunk);
struct p2pmem_buf *p2pmem_buf_alloc(struct pci_dev *pdev, size_t size,
				    kuid_t owner);
void p2pmem_buf_put(struct p2pmem_buf *buf);

#endif /* _DRIVERS_PCI_P2PMEM_H */
