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

#ifndef CONFIG_DMA_PHYS_P2P
#include <linux/align.h>
#include <linux/io.h>
#include <linux/memremap.h>
#include <linux/pci-p2pdma.h>
#endif

struct p2pmem_buf;
struct vm_area_struct;

#ifdef CONFIG_DMA_PHYS_P2P

/**
 * p2pmem_can_register - is p2pmem_register() worth a try?
 * @pdev: the provider
 * @bar: number of a memory BAR
 * @size: bytes
 *
 * For drivers that have to prepare their device first.  Where this memory is
 * configured out, p2pmem_register() makes struct pages for it if it can
 * (CONFIG_PCI_P2PDMA), and those want a coarse alignment.
 *
 * Context: any.
 * Return: false if it will fail because of size or alignment, or would take a
 * size of 0 for all of the BAR.
 */
static inline bool p2pmem_can_register(struct pci_dev *pdev, int bar, u64 size)
{
	return size;
}

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
	return current->mm && mm_flags_test(MMF_HAS_P2PMEM, current->mm);
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

/*
 * A driver that uses the functions above has page-backed memory then, if there
 * is any (CONFIG_PCI_P2PDMA).  That cannot be fenced, and goes with its driver.
 */

static inline bool p2pmem_can_register(struct pci_dev *pdev, int bar, u64 size)
{
	return IS_ALIGNED(size, memremap_compat_align()) &&
	       IS_ALIGNED(pci_resource_start(pdev, bar),
			  memremap_compat_align());
}

static inline int p2pmem_register(struct pci_dev *pdev, int bar, u64 size,
				  u64 offset)
{
	return pci_p2pdma_add_resource(pdev, bar, size, offset);
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

/* Page-backed memory is in the linear map. */
static inline void __iomem *p2pmem_alloc(struct pci_dev *pdev, size_t size,
					 phys_addr_t *phys)
{
	void *vaddr = pci_alloc_p2pmem(pdev, size);

	if (vaddr)
		*phys = virt_to_phys(vaddr);
	return (void __iomem __force *)vaddr;
}

static inline void p2pmem_free(struct pci_dev *pdev, phys_addr_t phys,
			       size_t size)
{
	pci_free_p2pmem(pdev, phys_to_virt(phys), size);
}

static inline pci_bus_addr_t p2pmem_phys_to_bus(struct pci_dev *pdev,
						phys_addr_t phys)
{
	return pci_p2pmem_virt_to_bus(pdev, phys_to_virt(phys));
}

static inline void p2pmem_publish(struct pci_dev *pdev, bool publish)
{
	pci_p2pmem_publish(pdev, publish);
}

static inline struct pci_dev *p2pmem_find_many(struct device **clients,
					       int num_clients)
{
	return pci_p2pmem_find_many(clients, num_clients);
}

static inline struct p2pmem_buf *
p2pmem_vma_buf(const struct vm_area_struct *vma)
{
	return NULL;
}

#endif /* CONFIG_DMA_PHYS_P2P */
#endif /* _LINUX_PCI_P2PMEM_H */
