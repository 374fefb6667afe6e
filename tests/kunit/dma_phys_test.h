/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the KUnit suites of the mapping layer share: a fabric with each kind of
 * path, and ranges on it that clean up after themselves.
 *
 *   host0: bridge unknown, bus address = CPU address
 *     port0 -- up -+- down0 -- A, A1 (second function)
 *                  +- down1 -- B
 *                  +- down2 -- up2 -- down3 -- C
 *     port1 -- D
 *     pci -- E, E1 (conventional)
 *   host1: bridge known to forward, bus address below the CPU address
 *     port10 -- up10 -+- down10 -- F
 *                     +- down11 -- G
 *     port11 -- H
 *     N, O (integrated endpoints)
 *   host2: bridge known, bus address above the CPU address
 *     port20 -- I
 *     port21 -- up21 -- down21 -- J, and down22 -- K
 *   host3: bridge known to forward between its own ports only
 *     port30 -- L
 *     port31 -- M
 *   host4: bridge known, CPU addresses that are bus addresses of host1
 *     port40 -- P
 */
#ifndef _DMA_PHYS_TEST_H
#define _DMA_PHYS_TEST_H

#include <kunit/test.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/dma-phys.h>
#include <linux/pci.h>
#include <linux/sizes.h>

#include "fake_pci.h"

/*
 * Windows of the host bridges, in address space that nobody has: RAM under UML
 * ends at 1 GiB, and with 32 bits its own devices begin at 0xf0000000.
 * SMALL_MASK lies above the bus addresses of HOST1_32, and below its CPU
 * addresses and all of HOST1.
 */
#ifdef CONFIG_PHYS_ADDR_T_64BIT
#define HOST_SIZE	SZ_8G
#define HOST0		0x4000000000ULL
#define HOST1		0x5000000000ULL
#define HOST1_BUS	0x1000000000ULL
#define HOST1_32	0x5800000000ULL
#define HOST1_32_BUS	0x80000000ULL
#define HOST2		0x6000000000ULL
#define HOST2_BUS	0x9000000000ULL
#define HOST3		0x7000000000ULL
#define NOBODY		0x7800000000ULL
#define SMALL_MASK	DMA_BIT_MASK(32)
#else
#define HOST_SIZE	SZ_128M
#define HOST0		0x50000000ULL
#define HOST1		0xd0000000ULL
#define HOST1_BUS	0xa0000000ULL
#define HOST1_32	0x90000000ULL
#define HOST1_32_BUS	0x60000000ULL
#define HOST2		0x70000000ULL
#define HOST2_BUS	0xb0000000ULL
#define HOST3		0xe0000000ULL
#define NOBODY		0xc8000000ULL
#define SMALL_MASK	DMA_BIT_MASK(31)
#endif
#define HOST1_32_SIZE	SZ_64M

#define BUS_ADDR	PCI_P2PDMA_MAP_BUS_ADDR
#define OWN_BAR		DMA_PHYS_MAP_OWN_BAR
#define HOST_BRIDGE	PCI_P2PDMA_MAP_THRU_HOST_BRIDGE
#define REFUSED		PCI_P2PDMA_MAP_NOT_SUPPORTED

struct dma_phys_log;

extern const struct fake_pci_node dma_phys_fabric[];

struct dma_phys_log *dma_phys_log_begin(struct kunit *test);
bool dma_phys_log_says(struct dma_phys_log *log, const char *text);
bool dma_phys_log_line_has(const struct dma_phys_log *log, const char *text);
struct file *dma_phys_test_open(struct kunit *test, const char *name,
				int flags);
char __user *dma_phys_test_user(struct kunit *test, size_t size);

#define EXPECT_LOGGED(test, log, text)					\
do {									\
	const char *__text = text;					\
									\
	KUNIT_EXPECT_TRUE_MSG(test, dma_phys_log_says(log, __text),	\
			      "the log does not say: %s", __text);	\
} while (0)

static inline struct device *test_dev(struct fake_pci *f, const char *name)
{
	struct device *dev = &fake_pci_dev(f, name)->dev;

	dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64));
	return dev;
}

/* What a test leaves behind must not hang its clean-up. */
static inline void test_range_del(void *data)
{
	struct dma_phys_range *r = data;

	if (p2p_range_state(&r->range) != P2P_RANGE_LIVE &&
	    p2p_range_state(&r->range) != P2P_RANGE_FENCED)
		return;
	while (p2p_range_inflight(&r->range))
		p2p_range_put(&r->range);
	dma_phys_del(r);
}

static inline struct dma_phys_range *test_range_alloc(struct kunit *test)
{
	struct dma_phys_range *r;

	r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, r);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, test_range_del, r));
	return r;
}

static inline struct dma_phys_range *
test_range_piece(struct kunit *test, struct fake_pci *f, const char *name,
		 int bar, u64 offset, u64 size)
{
	struct pci_dev *pdev = fake_pci_dev(f, name);
	struct dma_phys_range *r = test_range_alloc(test);

	KUNIT_ASSERT_EQ(test, 0, pci_enable_device_mem(pdev));
	KUNIT_ASSERT_EQ(test, 0, dma_phys_add_bar(r, pdev, bar, offset, size));
	return r;
}

static inline struct dma_phys_range *
test_range(struct kunit *test, struct fake_pci *f, const char *name)
{
	return test_range_piece(test, f, name, 0, 0,
				pci_resource_len(fake_pci_dev(f, name), 0));
}

#define EXPECT_IDLE(test, r) \
	KUNIT_EXPECT_EQ(test, 0, p2p_range_inflight(&(r)->range))

/* The two names of one thing: whatever holds for one holds for the other. */
struct test_call {
	const char *name;
	dma_addr_t (*map)(struct device *dev, phys_addr_t phys, size_t size,
			  enum dma_data_direction dir, unsigned long attrs);
	void (*unmap)(struct device *dev, dma_addr_t addr, size_t size,
		      enum dma_data_direction dir, unsigned long attrs);
	unsigned long attrs;
};

#define TEST_CALLS {							\
	{ "dma_map_phys", dma_map_phys, dma_unmap_phys, DMA_ATTR_MMIO },\
	{ "dma_map_resource", dma_map_resource, dma_unmap_resource, 0 },\
}

#define EXPECT_REFUSED(test, dev, phys, size)				\
do {									\
	static const struct test_call __calls[] = TEST_CALLS;		\
	int __i;							\
									\
	for (__i = 0; __i < ARRAY_SIZE(__calls); __i++)			\
		KUNIT_EXPECT_EQ_MSG(test, DMA_MAPPING_ERROR,		\
				    __calls[__i].map(dev, phys, size,	\
						     DMA_TO_DEVICE,	\
						     __calls[__i].attrs),\
				    "%s", __calls[__i].name);		\
} while (0)

#endif /* _DMA_PHYS_TEST_H */
