/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of bios share.  Addresses are all there is to peer-to-peer
 * memory here: nothing is behind them, and whoever touches it crashes.
 */
#ifndef _BIO_PHYS_KUNIT_H
#define _BIO_PHYS_KUNIT_H

#include <linux/types.h>

struct bio;
struct kunit;
struct page;

#ifdef CONFIG_PHYS_ADDR_T_64BIT
#define TEST_BASE	((phys_addr_t)0x10000000000ULL)
#else
#define TEST_BASE	((phys_addr_t)0xc0000000UL)
#endif

#define RANGE_A		TEST_BASE
#define RANGE_B		(TEST_BASE + SZ_1M)	/* adjacent */
#define RANGE_SIZE	((phys_addr_t)SZ_1M)

/* all of them go with the test case */
struct page *bio_kunit_page(struct kunit *test);
void bio_kunit_range(struct kunit *test, phys_addr_t start, phys_addr_t size);
struct bio *bio_kunit_bio(struct kunit *test, unsigned short vecs);

#endif /* _BIO_PHYS_KUNIT_H */
