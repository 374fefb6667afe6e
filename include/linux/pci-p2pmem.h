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
void p2pmem_offline(struct pci_dev *pdev);
int p2pmem_online(struct pci_dev *pdev);
void p2pmem_lost(struct pci_dev *pdev);
void __iomem *p2pmem_alloc(struct pci_dev *pdev, size_t size,
			   phys_addr_t *phys);
void p2pmem_free(struct pci_dev *pdev, phys_addr_t phys, size_t size);
pci_bus_addr_t p2pmem_phys_to_bus(struct pci_dev *pdev, phys_addr_t phys);
void p2pmem_publish(struct pci_dev *pdev, bool publish);
struct pci_dev *p2pmem_find_many(struct device **clients, int num_clients);

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
bool p2pmem_buf_get(struct p2pmem_buf *buf);
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

static inline void p2pmem_offline(struct pci_dev *pdev)
{
}

static inline int p2pmem_online(struct pci_dev *pdev)
{
	return -ENODEV;
}

static inline void p2pmem_lost(struct pci_dev *pdev)
{
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
