/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the fake PCI fabric share and nobody else needs. */
#ifndef _FAKE_PCI_INT_H
#define _FAKE_PCI_INT_H

#include <linux/ioport.h>
#include <linux/list.h>
#include <linux/pci.h>

#include "fake_pci.h"

struct fake_pci_mem;

struct fake_pci_host {
#ifdef CONFIG_X86
	struct pci_sysdata sysdata;	/* first: x86 casts to it */
#endif
	struct pci_host_bridge *bridge;
	bool probed;
	struct resource windows[FAKE_PCI_WINDOWS];
	struct resource buses;
	struct list_head functions;
};

struct fake_pci_fn {
	const struct fake_pci_node *node;
	struct fake_pci_host *host;
	struct fake_pci_fn *parent;	/* port above, NULL on the root bus */
	struct pci_dev *pdev;
	struct list_head entry;
	bool absent;			/* unplugged */
	struct fake_pci_mem *mem[FAKE_PCI_BARS];
	u8 config[PCI_CFG_SPACE_EXP_SIZE];
	u8 writable[PCI_CFG_SPACE_EXP_SIZE];
};

bool fake_pci_is_bridge(const struct fake_pci_node *node);
void fake_pci_init_fn(struct fake_pci_fn *fn);
extern struct pci_ops fake_pci_ops;

#ifdef CONFIG_INDIRECT_IOMEM
struct fake_pci_mem *fake_pci_mem_add(const struct resource *res, bool ram);
void fake_pci_mem_del(struct fake_pci_mem *mem);
#else
static inline struct fake_pci_mem *fake_pci_mem_add(const struct resource *res,
						    bool ram)
{
	return NULL;
}

static inline void fake_pci_mem_del(struct fake_pci_mem *mem)
{
}
#endif

#endif /* _FAKE_PCI_INT_H */
