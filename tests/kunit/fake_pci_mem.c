// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory behind the BARs of a fake PCI fabric: see fake_pci.h.
 *
 * Only where ioremap() can be told what to find at an address, which is UML
 * (lib/logic_iomem.c).  Elsewhere ioremap() really maps the address, and the
 * processor really reads what nobody answers.
 *
 * A BAR is looked up when it is mapped; the mapping then holds it, so that a
 * mapping may outlive the fabric.  Memory is allocated by the page when it is
 * first written, so that a BAR of any size costs nothing.
 */
#include <linux/cleanup.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/kref.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/logic_iomem.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "fake_pci_int.h"

struct fake_pci_mem {
	struct kref ref;
	struct list_head entry;		/* in fake_pci_mems, until it goes */
	struct resource res;
	bool ram;			/* there is memory, and power */
	struct xarray pages;		/* u8 *, by SZ_4K */
};

struct fake_pci_mapping {
	struct fake_pci_mem *mem;
	u64 start;			/* where in the BAR */
};

static LIST_HEAD(fake_pci_mems);
static DEFINE_MUTEX(fake_pci_mem_lock);

static void fake_pci_mem_release(struct kref *ref)
{
	struct fake_pci_mem *mem = container_of(ref, struct fake_pci_mem, ref);
	unsigned long index;
	void *page;

	xa_for_each(&mem->pages, index, page)
		kfree(page);
	xa_destroy(&mem->pages);
	kfree(mem);
}

/* Where a byte is kept; NULL while nobody has written near it. */
static u8 *fake_pci_mem_byte(struct fake_pci_mem *mem, u64 at, bool write)
{
	unsigned long index = at / SZ_4K;
	u8 *page = xa_load(&mem->pages, index);
	u8 *other;

	if (!page && write) {
		/* registers may be written under any lock */
		page = kmalloc(SZ_4K, GFP_ATOMIC);
		if (!page)
			return NULL;
		memset(page, FAKE_PCI_FRESH, SZ_4K);
		other = xa_cmpxchg(&mem->pages, index, NULL, page, GFP_ATOMIC);
		if (other) {
			kfree(page);
			page = xa_is_err(other) ? NULL : other;
		}
	}
	return page ? page + at % SZ_4K : NULL;
}

static void fake_pci_copy_from(void *priv, void *buffer, unsigned int offset,
			       int size)
{
	struct fake_pci_mapping *m = priv;
	u8 *to = buffer, *from;
	int i;

	for (i = 0; i < size; i++) {
		from = fake_pci_mem_byte(m->mem, m->start + offset + i, false);
		to[i] = !READ_ONCE(m->mem->ram) ? 0xff :
			from ? *from : FAKE_PCI_FRESH;
	}
}

static void fake_pci_copy_to(void *priv, unsigned int offset,
			     const void *buffer, int size)
{
	struct fake_pci_mapping *m = priv;
	const u8 *from = buffer;
	u8 *to;
	int i;

	for (i = 0; i < size && READ_ONCE(m->mem->ram); i++) {
		to = fake_pci_mem_byte(m->mem, m->start + offset + i, true);
		if (to)
			*to = from[i];
	}
}

/* The other ones in terms of these two; both are little endian, as PCI is. */

static unsigned long fake_pci_mem_read(void *priv, unsigned int offset,
				       int size)
{
	__le64 val = 0;

	fake_pci_copy_from(priv, &val, offset, size);
	return le64_to_cpu(val);
}

static void fake_pci_mem_write(void *priv, unsigned int offset, int size,
			       unsigned long val)
{
	__le64 bytes = cpu_to_le64(val);

	fake_pci_copy_to(priv, offset, &bytes, size);
}

static void fake_pci_mem_unmap(void *priv)
{
	struct fake_pci_mapping *m = priv;

	kref_put(&m->mem->ref, fake_pci_mem_release);
	kfree(m);
}

static const struct logic_iomem_ops fake_pci_mem_ops = {
	.read = fake_pci_mem_read,
	.write = fake_pci_mem_write,
	.copy_from = fake_pci_copy_from,
	.copy_to = fake_pci_copy_to,
	.unmap = fake_pci_mem_unmap,
};

/*
 * Where BARs may be: beside the regions that UML has.  It ends higher once it
 * has been added, see there.
 */
static struct resource fake_pci_space = {
	.name = "fake PCI",
	.start = 0x20000000,
	.end = 0xdfffffff,
	.flags = IORESOURCE_MEM,
};

static long fake_pci_mem_map(unsigned long offset, size_t size,
			     const struct logic_iomem_ops **ops, void **priv)
{
	resource_size_t start = fake_pci_space.start + offset;
	struct resource want = DEFINE_RES_MEM(start, size);
	struct fake_pci_mapping *m;
	struct fake_pci_mem *mem;

	/* what logic_iomem has room for in one mapping */
	if (size > SZ_16M)
		return -E2BIG;
	/* UML warns when this fails, and a test that lets it wants none */
	m = kmalloc(sizeof(*m), GFP_KERNEL | __GFP_NOFAIL);

	guard(mutex)(&fake_pci_mem_lock);
	list_for_each_entry(mem, &fake_pci_mems, entry) {
		if (!resource_contains(&mem->res, &want))
			continue;
		kref_get(&mem->ref);
		m->mem = mem;
		m->start = start - mem->res.start;
		*ops = &fake_pci_mem_ops;
		*priv = m;
		return 0;
	}
	kfree(m);
	return -ENOENT;
}

static const struct logic_iomem_region_ops fake_pci_space_ops = {
	.map = fake_pci_mem_map,
};

/* Let ioremap() find a BAR; NULL when out of memory. */
struct fake_pci_mem *fake_pci_mem_add(const struct resource *res, bool ram)
{
	struct fake_pci_mem *mem = kzalloc(sizeof(*mem), GFP_KERNEL);

	if (!mem)
		return NULL;
	kref_init(&mem->ref);
	xa_init(&mem->pages);
	mem->res = DEFINE_RES_MEM(res->start, resource_size(res));
	mem->ram = ram;
	guard(mutex)(&fake_pci_mem_lock);
	list_add_tail(&mem->entry, &fake_pci_mems);
	return mem;
}

/* The device is gone: who has it mapped reads all ones. */
void fake_pci_mem_del(struct fake_pci_mem *mem)
{
	if (!mem)
		return;
	scoped_guard(mutex, &fake_pci_mem_lock)
		list_del(&mem->entry);
	WRITE_ONCE(mem->ram, false);
	kref_put(&mem->ref, fake_pci_mem_release);
}

static int __init fake_pci_mem_init(void)
{
	int err = logic_iomem_add_region(&fake_pci_space, &fake_pci_space_ops);

	if (err)
		return err;
	/*
	 * A region cannot be removed, and it must not take the addresses from
	 * those who really use them.  All that ioremap() wants is its bounds.
	 * Regions that are older than ours, UML's own, come first.
	 */
	release_resource(&fake_pci_space);
	if (sizeof(resource_size_t) > 4)
		fake_pci_space.end = RESOURCE_SIZE_MAX;
	return 0;
}
late_initcall(fake_pci_mem_init);
