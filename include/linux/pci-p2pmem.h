/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The provider side of peer-to-peer memory without struct pages: a BAR becomes
 * a range, buffers come out of it, and processes may map them.
 */
#ifndef _LINUX_PCI_P2PMEM_H
#define _LINUX_PCI_P2PMEM_H

#include <linux/mm_types.h>
#include <linux/pci.h>
#include <linux/sched.h>
#include <linux/sched/coredump.h>

struct p2pmem_buf;
struct vm_area_struct;

#ifdef CONFIG_DMA_PHYS_P2P

int p2pmem_register(struct pci_dev *pdev, int bar, u64 size, u64 offset);
void p2pmem_unregister(struct pci_dev *pdev);
int p2pmem_fence(struct pci_dev *pdev, unsigned int bound_ms);
int p2pmem_wait(struct pci_dev *pdev, long timeout);
int p2pmem_lift(struct pci_dev *pdev);
void __iomem *p2pmem_alloc(struct pci_dev *pdev, size_t size,
			   phys_addr_t *phys);
void p2pmem_free(struct pci_dev *pdev, phys_addr_t phys, size_t size);
pci_bus_addr_t p2pmem_phys_to_bus(struct pci_dev *pdev, phys_addr_t phys);
void p2pmem_publish(struct pci_dev *pdev, bool publish);
struct pci_dev *p2pmem_find_many(struct device **clients, int num_clients);

/* for block/blk-mq-dma.c: is it the memory that the IO was about? */
extern unsigned long p2pmem_dead;
bool __p2pmem_phys_live(phys_addr_t phys, size_t len);

/**
 * p2pmem_phys_live - does an address still mean what it meant?
 * @phys: CPU physical address in a range that the caller has a reference on
 * @len: bytes, not zero
 *
 * By the time that an IO is mapped which waited for its turn, the provider may
 * have gone and another may have come to the same addresses.  They lead to a
 * range again then, but the bytes that the IO was about are not in it.  Buffers
 * of before and after can be neighbours, so all of them are looked at; where
 * none has outlived its provider, that is one load.
 *
 * Context: any.
 * Return: false if a part of it lies in a buffer whose provider has gone since
 * the buffer was handed out.
 */
static inline bool p2pmem_phys_live(phys_addr_t phys, size_t len)
{
	/*
	 * The caller found the range in its tree, after it was put there.
	 * Pairs with the barrier of rcu_assign_pointer() in that: buffers of
	 * providers before were declared dead, and counted, by then.
	 */
	smp_rmb();
	return likely(!READ_ONCE(p2pmem_dead)) ||
	       __p2pmem_phys_live(phys, len);
}

/**
 * p2pmem_mm_mapped - has this process mapped peer-to-peer memory?
 *
 * Asked behind p2p_ranges_ever(), so that it costs nothing where nobody can
 * have.  One bit of the mm, which stays set when the provider goes, because
 * mappings do.
 *
 * Context: process context.
 * Return: true if a look at the VMAs is worth it.
 */
static inline bool p2pmem_mm_mapped(void)
{
	return current->mm && test_bit(MMF_HAS_P2PMEM, &current->mm->flags);
}

/* for block/bio-phys.c: what user memory is made of */
struct p2pmem_buf *p2pmem_vma_buf(const struct vm_area_struct *vma);
phys_addr_t p2pmem_vma_phys(const struct vm_area_struct *vma,
			    unsigned long addr);
bool p2pmem_buf_live(const struct p2pmem_buf *buf);
u32 p2pmem_buf_life(const struct p2pmem_buf *buf);
bool p2pmem_buf_holds(const struct p2pmem_buf *buf, phys_addr_t phys);
void p2pmem_buf_get(struct p2pmem_buf *buf);
void p2pmem_buf_put_phys(phys_addr_t phys);

#else /* CONFIG_DMA_PHYS_P2P */

static inline int p2pmem_register(struct pci_dev *pdev, int bar, u64 size,
				  u64 offset)
{
	return -EOPNOTSUPP;
}

static inline void p2pmem_unregister(struct pci_dev *pdev)
{
}

static inline int p2pmem_fence(struct pci_dev *pdev, unsigned int bound_ms)
{
	return -ENODEV;
}

static inline int p2pmem_wait(struct pci_dev *pdev, long timeout)
{
	return -ENODEV;
}

static inline int p2pmem_lift(struct pci_dev *pdev)
{
	return -ENODEV;
}

static inline void __iomem *p2pmem_alloc(struct pci_dev *pdev, size_t size,
					 phys_addr_t *phys)
{
	return NULL;
}

static inline void p2pmem_free(struct pci_dev *pdev, phys_addr_t phys,
			       size_t size)
{
}

static inline pci_bus_addr_t p2pmem_phys_to_bus(struct pci_dev *pdev,
						phys_addr_t phys)
{
	return 0;
}

static inline void p2pmem_publish(struct pci_dev *pdev, bool publish)
{
}

static inline struct pci_dev *p2pmem_find_many(struct device **clients,
					       int num_clients)
{
	return NULL;
}

static inline struct p2pmem_buf *
p2pmem_vma_buf(const struct vm_area_struct *vma)
{
	return NULL;
}

#endif /* CONFIG_DMA_PHYS_P2P */
#endif /* _LINUX_PCI_P2PMEM_H */
