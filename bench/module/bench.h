/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts share.  ours.c and stock.c have the same functions, each for
 * its kernel.
 */
#ifndef _P2P_BENCH_H
#define _P2P_BENCH_H

#include <linux/types.h>

struct bio;
struct device;
struct pci_dev;
struct request;

#ifdef CONFIG_DMA_PHYS_P2P
#define BENCH_FEATURES	BLK_FEAT_P2P_PHYS
#else
#define BENCH_FEATURES	BLK_FEAT_PCI_P2PDMA
#endif

/**
 * struct bench_map_cost - of one request, in cycles
 * @map: to map its segments, once they are known
 * @request: to walk the request and map what is found
 * @unmap: to unmap all of it
 */
struct bench_map_cost {
	unsigned long map;
	unsigned long request;
	unsigned long unmap;
};

#define BENCH_MAP_WORST	{ ULONG_MAX, ULONG_MAX, ULONG_MAX }

#define BENCH_PIECE	4096
#define BENCH_MAX	512
#define BENCH_REPEAT	32

/**
 * struct bench_memory - what is mapped: every second page of it, so that no two
 *	segments are one
 * @ram: in RAM
 * @p2p: in a BAR, as the kernel that runs names it
 * @phys: the same by its address, where the kernel goes by that
 * @size: of either, in bytes
 */
struct bench_memory {
	void *ram;
	void *p2p;
	phys_addr_t phys;
	size_t size;
};

extern struct bench_memory bench_memory;
extern char bench_result[256];

int bench_get_p2p(struct pci_dev *provider);
void bench_put_p2p(struct pci_dev *provider);
int bench_add_p2p(struct bio *bio, size_t at);
int bench_register_prepare(struct pci_dev *pdev);
int bench_register_bar(struct pci_dev *pdev);
void bench_register_undo(struct pci_dev *pdev);
int bench_map(struct request *rq, struct device *dev, bool p2p, int segments,
	      struct bench_map_cost *cost);
int bench_map_segments(struct pci_dev *client, bool p2p, int segments);
int bench_verdict(struct pci_dev *client, struct pci_dev *provider, int unused);
int bench_fence(struct pci_dev *client, struct pci_dev *provider, int mappings);

int bench_watch(void);
void bench_unwatch(void);
void bench_memory_start(void);
long bench_memory_stop(void);
u64 bench_busy(void);

#endif /* _P2P_BENCH_H */
