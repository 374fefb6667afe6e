/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Letting memory allocations fail, one after the other.
 *
 * Each way through the code is gone again and again, with its first allocation
 * failing, then its second, and so on until it has no more.  Whatever fails,
 * the way ends in its documented error or does without, everything is as it
 * was before, and with memory the same call works.  All of it happens twice:
 * with one failure, after which code that tries again gets what it wants, and
 * with many in a row.
 *
 * What fails is slab memory, and with it all that allocates a descriptor in
 * it first, such as vmalloc() and percpu_ref_init().
 */
#ifndef _FAULT_H
#define _FAULT_H

#include <linux/bio.h>
#include <linux/blk-mq.h>
#include <linux/fault-inject.h>

#include "dma_phys_test.h"

/**
 * struct fault - the world of a test
 * @test: the test case
 * @slab: the kernel's settings for slab memory
 * @saved: the same as they were
 * @spared: the kernel's setting whether allocations that may sleep are spared
 * @fake: the fabric; F is the provider
 * @provider: its device
 * @dev: the client
 * @r: what the client maps, or NULL
 * @phys: its first address
 * @offset: where in the BAR of the provider the next range goes
 * @left: of what the suite looks after: must be the same after as before
 * @priv: for the suite
 */
struct fault {
	struct kunit *test;
	struct fault_attr *slab;
	struct fault_attr saved;
	bool *spared;
	struct fake_pci *fake;
	struct pci_dev *provider;
	struct device *dev;
	struct dma_phys_range *r;
	phys_addr_t phys;
	u64 offset;
	unsigned int (*left)(struct fault *f);
	void *priv;
};

/**
 * struct fault_path - a way with allocations on it
 * @name: its name
 * @client: device that maps
 * @prepare: what must be there before, or NULL
 * @run: the way; cleans up what it has when it fails
 * @undo: back to where it was before, after success; or NULL
 * @error: what becomes of a failure; 0: it does without
 * @single: one failure only: with more of them vmalloc warns
 */
struct fault_path {
	const char *name;
	const char *client;
	void (*prepare)(struct fault *f);
	int (*run)(struct fault *f);
	void (*undo)(struct fault *f);
	int error;
	bool single;
};

struct fault *fault_begin(struct kunit *test, const char *client);
struct fault *fault_begin_in(struct kunit *test,
			     const struct fake_pci_node *fabric,
			     const char *client);
void fault_range(struct fault *f);
void fault_forget_paths(struct fault *f);
unsigned int fault_path(struct fault *f, const struct fault_path *p);
unsigned int fault_count(struct fault *f, const struct fault_path *p);

#endif /* _FAULT_H */
