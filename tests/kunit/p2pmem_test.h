/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the suites for peer-to-peer memory share: a fabric with providers, a
 * driver for them, and their files in sysfs.
 */
#ifndef _P2PMEM_TEST_H
#define _P2PMEM_TEST_H

#include <linux/blkdev.h>
#include <linux/sizes.h>
#include <linux/types.h>

#include "fake_pci.h"

struct bio;
struct file;
struct iov_iter;
struct kunit;
struct kunit_suite;

#define P2PMEM_BAR	SZ_1M	/* BAR 0 of P, Q, R and Z */
#define P2PMEM_BAR2	SZ_64K	/* BAR 2 of P */

/* the bus sees the memory of P, Q and R higher than the CPU does */
#ifdef CONFIG_PHYS_ADDR_T_64BIT
#define P2PMEM_OFFSET	0x1000000000ULL
#else
#define P2PMEM_OFFSET	0x20000000ULL
#endif

/* for probe(): memory that the driver registers, as drivers do */
extern bool p2pmem_test_probe_registers;

int p2pmem_test_suite_init(struct kunit_suite *suite);
void p2pmem_test_suite_exit(struct kunit_suite *suite);
struct fake_pci *p2pmem_test_fabric(struct kunit *test);
struct file *p2pmem_test_open(struct kunit *test, struct pci_dev *pdev,
			      const char *name, int flags);
ssize_t p2pmem_test_read(struct kunit *test, struct pci_dev *pdev,
			 const char *name);
bool p2pmem_test_available(struct kunit *test, struct pci_dev *pdev,
			   size_t size);
#define expect_available(...) \
	KUNIT_EXPECT_TRUE(test, p2pmem_test_available(__VA_ARGS__))

struct pci_dev *p2pmem_test_provider(struct kunit *test, struct fake_pci *f,
				     const char *name);
phys_addr_t p2pmem_test_alloc(struct kunit *test, struct pci_dev *p,
			      size_t size);

unsigned long p2pmem_test_mmap(struct kunit *test, struct pci_dev *p,
			       unsigned long addr, size_t len, int prot,
			       int flags);
unsigned long p2pmem_test_map(struct kunit *test, struct pci_dev *p,
			      size_t len);
void p2pmem_test_unmap(struct kunit *test, unsigned long addr, size_t len);
int p2pmem_test_fault(unsigned long addr, bool write);
int p2pmem_test_fault_unlocked(unsigned long addr, bool write);
phys_addr_t p2pmem_test_phys(unsigned long addr);

struct block_device *p2pmem_test_bdev(struct kunit *test,
				      blk_features_t features);
struct bio *p2pmem_test_bio(struct kunit *test, struct block_device *bdev,
			    unsigned short vecs, blk_opf_t op);
void p2pmem_test_bio_end(struct bio *bio);
struct bio *p2pmem_test_dio(struct kunit *test, struct block_device *bdev,
			    struct iov_iter *iter, unsigned short vecs);
struct bio *p2pmem_test_dio_at(struct kunit *test, struct block_device *bdev,
			       int dir, unsigned long addr, size_t len);

#endif /* _P2PMEM_TEST_H */
