// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA mapping by physical address.
 *
 * RAM is mapped as it always was.  An address that is not RAM is looked up in
 * the range tree: if it lies in a registered piece of a BAR, the provider is
 * known, and with it how the client gets there.
 *
 *           CPU
 *            |                     A -> B: one switch, "bus address":
 *       host bridge                  DMA address = CPU address + bus offset
 *        |       |                 A -> C: through the host bridge if that
 *      switch   port                 bridge is known to forward it:
 *      |    |    |                   DMA address = CPU address, or an IOVA
 *      A    B    C                 B -> B: own BAR, as A -> B; the device may
 *                                    take a shorter way inside
 *
 * Which of these holds is worked out by drivers/pci/p2pdma.c, once for each
 * (range, client), and remembered as a "path" in the range.
 *
 * Lifetimes: a mapping holds a live reference on its range from dma_map_phys()
 * to dma_unmap_phys(), which finds it in a table (phys_mapping.c).
 * Unregistering waits for these references and for nothing else, so a range
 * found under a reference is always whole, and so are its paths.  A path goes
 * away before its range only with its client, when no driver is left that could
 * map.
 */

#define pr_fmt(fmt) "dma-phys: " fmt

#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <linux/cleanup.h>
#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/error-injection.h>
#include <linux/export.h>
#include <linux/iommu.h>
#include <linux/iommu-dma.h>
#include <linux/pci-p2pdma.h>
#include <linux/swiotlb.h>
#include "phys_range.h"

#ifdef CONFIG_DMA_PHYS_P2P

#include <trace/events/dma_phys.h>

/*
 * Would an address that is meant for the CPU go to another device instead,
 * because it lies in a window that the client's host bridge translates?
 */
static bool dma_phys_taken_by_bus(struct device *dev, phys_addr_t phys,
				  size_t size)
{
	phys_addr_t ends[] = { phys, phys + size - 1 };
	int i;

	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		struct pci_bus_region region = {
			.start = ends[i],
			.end = ends[i],
		};
		struct resource res = { .flags = IORESOURCE_MEM };

		pcibios_bus_to_resource(to_pci_dev(dev)->bus, &res, &region);
		if (res.start != ends[i])
			return true;
	}
	return false;
}

/* to see that what does so for want of memory is tried again */
ALLOW_ERROR_INJECTION(dma_map_mmio, ERRNO);

/* Apart, so that KUnit can be in a confidential guest. */
VISIBLE_IF_KUNIT bool dma_phys_unencrypted(struct device *dev)
{
	KUNIT_STATIC_STUB_REDIRECT(dma_phys_unencrypted, dev);
	return force_dma_unencrypted(dev);
}
EXPORT_SYMBOL_IF_KUNIT(dma_phys_unencrypted);

#define DMA_PHYS_BOUNCED						\
	"DMA is bounced (swiotlb=force) or unencrypted (confidential guest)"

/*
 * Why nothing that a device is told leads it through the CPU's address space;
 * NULL if something does.
 */
const char *dma_phys_not_by_cpu(struct device *dev)
{
	if (is_swiotlb_force_bounce(dev) || dma_phys_unencrypted(dev))
		return DMA_PHYS_BOUNCED;
	/* segments could not be led back to the range at unmapping */
	if (!use_dma_iommu(dev) && get_dma_ops(dev))
		return "this platform has DMA operations of its own";
	return NULL;
}

/*
 * Through the host bridge means through the CPU's address space: an IOMMU may
 * translate, and whoever must bounce or encrypt what the device sees cannot.
 */
static int dma_phys_map_host(struct dma_phys_path *path, phys_addr_t phys,
			     size_t size, enum dma_data_direction dir,
			     unsigned long attrs, dma_addr_t *addr)
{
	struct device *dev = &path->client->dev;
	const char *never = dma_phys_not_by_cpu(dev);
	struct dma_phys_range *r = path->range;

	if (never) {
		dev_warn_ratelimited(dev,
				     "cannot reach %s through the CPU: %s\n",
				     r->name, never);
		return -EREMOTEIO;
	}

	if (!use_dma_iommu(dev)) {
		if (dma_phys_taken_by_bus(dev, phys, size)) {
			dev_warn_ratelimited(dev,
					     "cannot reach %s at %pap: behind this host bridge that is the bus address of something else\n",
					     r->name, &phys);
			return -EREMOTEIO;
		}
		/* dma_direct_map_resource() would WARN, and it is no bug */
		if (!dma_capable(dev, phys, size, false))
			goto mask;
	}
	*addr = dma_map_mmio(dev, phys, size, dir, attrs | DMA_ATTR_MMIO);
	/* IOVA space, or memory for page tables: as for RAM, not now */
	return dma_mapping_error(dev, *addr);
mask:
	dev_warn_ratelimited(dev,
			     "cannot reach %s at %pap: beyond the DMA mask %#llx\n",
			     r->name, &phys, dma_get_mask(dev));
	return -EREMOTEIO;
}

/* The rest of dma_phys_map_in(): whatever takes a closer look. */
int __dma_phys_map_in(struct dma_phys_path *path, phys_addr_t phys, size_t size,
		      enum dma_data_direction dir, unsigned long attrs,
		      dma_addr_t *addr)
{
	struct device *dev = &path->client->dev;
	struct dma_phys_range *r = path->range;
	int error = -EREMOTEIO;

	if (phys < r->range.start || size > r->range.size ||
	    phys - r->range.start > r->range.size - size) {
		dev_warn_ratelimited(dev, "%pap+%#zx is not inside %s\n",
				     &phys, size, r->name);
		goto out;
	}

	switch (path->map) {
	case PCI_P2PDMA_MAP_BUS_ADDR:
	case PCI_P2PDMA_MAP_OWN_BAR:
		*addr = dma_phys_bus_addr(r, phys);
		error = dma_capable(dev, *addr, size, false) ? 0 : -EREMOTEIO;
		if (error)
			dev_warn_ratelimited(dev,
					     "cannot reach %s at bus address %pad: beyond the DMA mask %#llx\n",
					     r->name, addr, dma_get_mask(dev));
		break;
	case PCI_P2PDMA_MAP_THRU_HOST_BRIDGE:
		error = dma_phys_map_host(path, phys, size, dir, attrs, addr);
		break;
	}
out:
	if (!error) {
		trace_dma_phys_map(dev, r, phys, *addr, size, path->map);
	} else if (error != -ENOMEM) {
		trace_dma_phys_refuse(dev, phys, size, error);
		dma_phys_account(PCI_P2PDMA_MAP_NOT_SUPPORTED, size);
	}
	return error;
}
EXPORT_SYMBOL_GPL(__dma_phys_map_in);

/**
 * dma_phys_same_provider - may two pieces travel in one IO?
 * @a: CPU physical address inside a range
 * @b: start of the other piece
 * @len_b: its length in bytes
 *
 * One IO is for one device or none: the second piece must lie in the range
 * that holds the first.  Says nothing about whether a client reaches it, and
 * takes no reference: mapping looks again.
 *
 * Context: any.
 * Return: true if both lie in the same range.
 */
bool dma_phys_same_provider(phys_addr_t a, phys_addr_t b, size_t len_b)
{
	struct p2p_range *range;

	guard(rcu)();
	if (p2p_range_lookup(a, 1, &range) != P2P_RANGE_INSIDE)
		return false;
	return b >= range->start && len_b <= range->size &&
	       b - range->start <= range->size - len_b;
}
EXPORT_SYMBOL_GPL(dma_phys_same_provider);

/*
 * A segment of a request that went through the host bridge: it has a reference
 * on its range for certain, which keeps the range in the tree, so that its
 * address leads there, by the domain's page table if there is one.
 */
static void dma_phys_unmap_segment(struct device *dev, dma_addr_t addr,
				   size_t size, enum dma_data_direction dir,
				   unsigned long attrs)
{
	struct dma_phys_path *path = NULL;
	struct p2p_range *range;
	phys_addr_t phys = addr;

	if (use_dma_iommu(dev))
		phys = iommu_iova_to_phys(iommu_get_domain_for_dev(dev), addr);
	scoped_guard(rcu) {
		if (p2p_range_lookup(phys, size, &range) == P2P_RANGE_INSIDE)
			path = dma_phys_path_find(to_dma_phys_range(range),
						  dev);
	}
	dma_unmap_mmio(dev, addr, size, dir, attrs);
	if (WARN_ON_ONCE(!path))
		return;
	trace_dma_phys_unmap(dev, path->range, phys, addr, size, path->map);
	dma_phys_put(path, size);
}

/* Was it peer-to-peer, or MMIO that was written down?  Then it is unmapped. */
static bool dma_phys_unmap_p2p(struct device *dev, dma_addr_t addr,
			       size_t size, enum dma_data_direction dir,
			       unsigned long attrs)
{
	struct dma_phys_mapping *m;

	if (attrs & DMA_ATTR_P2P_SEGMENT) {
		dma_phys_unmap_segment(dev, addr, size, dir, attrs);
		return true;
	}
	m = dma_phys_mapping_take(dev, addr, size);
	if (!m)
		return false;

	/* the mapping's reference keeps range and path until it is put */
	if (!m->path || m->path->map == PCI_P2PDMA_MAP_THRU_HOST_BRIDGE)
		dma_unmap_mmio(dev, addr, size, dir, attrs);
	if (m->path) {
		trace_dma_phys_unmap(dev, m->path->range, m->phys, addr, size,
				     m->path->map);
		dma_phys_put(m->path, size);
	} else if (m->range) {
		p2p_range_put(m->range);
	}
	dma_phys_mapping_free(m);
	return true;
}

static const char *dma_phys_why(int error)
{
	switch (error) {
	case -EINVAL:
		return "not inside one registered range";
	case -EAGAIN:
		return "the range is fenced, try again";
	case -ETIMEDOUT:
		return "the range has been fenced for too long";
	case -ENOMEM:
		return "out of memory or IOVA space, try again";
	case -ENODEV:
		return "the provider is going away";
	default:
		return "the provider cannot be reached";
	}
}

/*
 * With a reference on the range, if it is one's, which @m then remembers.
 *
 * A device that is not on PCI is told what it was always told, the CPU's
 * address, or what the IOMMU makes of it.  But the owner is not to go away
 * under its DMA.
 */
static int dma_phys_map_for(struct dma_phys_mapping *m, struct device *dev,
			    phys_addr_t phys, size_t size,
			    enum dma_data_direction dir, unsigned long attrs,
			    dma_addr_t *addr)
{
	struct dma_phys_path *path = NULL;
	struct p2p_range *range = NULL;
	int error;

	if (dev_is_pci(dev)) {
		path = dma_phys_get(dev, phys, size, 0);
		error = PTR_ERR_OR_ZERO(path);
	} else {
		error = dma_phys_get_range(phys, size, &range);
	}
	if (error && error != -ENXIO)
		return error;
	if (error || range) {
		*addr = dma_map_mmio(dev, phys, size, dir, attrs);
		if (*addr == DMA_MAPPING_ERROR && !error)
			p2p_range_put(range);
		m->path = NULL;
		m->range = error ? NULL : range;
		return 0;
	}

	error = dma_phys_map_in(path, phys, size, dir, attrs, addr);
	if (error) {
		dma_phys_put(path, 0);
		return error;
	}
	dma_phys_charge(path, size);
	m->path = path;
	m->range = &path->range->range;
	return 0;
}

static dma_addr_t dma_phys_map_p2p(struct device *dev, phys_addr_t phys,
				   size_t size, enum dma_data_direction dir,
				   unsigned long attrs)
{
	struct dma_phys_mapping *m = dma_phys_mapping_alloc();
	dma_addr_t addr = DMA_MAPPING_ERROR;
	int error = -ENOMEM;

	if (m)
		error = dma_phys_map_for(m, dev, phys, size, dir, attrs, &addr);
	else if (dma_phys_check(phys, size, 0) == -ENXIO)
		/* nobody's: to be undone without having been written down */
		return dma_map_mmio(dev, phys, size, dir, attrs);
	if (error) {
		dev_warn_ratelimited(dev,
				     "peer-to-peer mapping of %pap+%#zx refused: %s\n",
				     &phys, size, dma_phys_why(error));
		addr = DMA_MAPPING_ERROR;
	}
	if (addr != DMA_MAPPING_ERROR)
		dma_phys_mapping_add(m, dev, phys, addr, size);
	else if (m)
		dma_phys_mapping_free(m);
	return addr;
}

#else /* CONFIG_DMA_PHYS_P2P */

static dma_addr_t dma_phys_map_p2p(struct device *dev, phys_addr_t phys,
				   size_t size, enum dma_data_direction dir,
				   unsigned long attrs)
{
	return dma_map_mmio(dev, phys, size, dir, attrs);
}

static bool dma_phys_unmap_p2p(struct device *dev, dma_addr_t addr,
			       size_t size, enum dma_data_direction dir,
			       unsigned long attrs)
{
	return false;
}

#endif /* CONFIG_DMA_PHYS_P2P */

/**
 * dma_map_phys - map a physical address for DMA
 * @dev: device that is to do the DMA
 * @phys: CPU physical address
 * @size: bytes, not zero
 * @dir: DMA direction
 * @attrs: DMA attributes; with DMA_ATTR_MMIO the address is not RAM
 *
 * RAM is mapped as dma_map_page_attrs() does.  With DMA_ATTR_MMIO the owner of
 * the address is looked up: memory that a PCI device registered is mapped
 * peer-to-peer, by the way that @dev reaches that device, and the range is
 * held until dma_unmap_phys(); any other address is mapped as plain MMIO.  So
 * is registered memory for a device that is not on PCI, but the range is held.
 * An address without a struct page is never taken for RAM.
 *
 * Context: any.
 * Return: the DMA address, to be tested with dma_mapping_error(); the error
 * means for RAM what it always did, and for peer-to-peer memory that it is not
 * inside one range, fenced, going away or out of reach, or that there is no
 * memory or IOVA space for the mapping (the log says which).
 */
dma_addr_t dma_map_phys(struct device *dev, phys_addr_t phys, size_t size,
			enum dma_data_direction dir, unsigned long attrs)
{
	if (unlikely(!size || phys + (size - 1) < phys)) {
		dev_warn_ratelimited(dev, "cannot map %zu bytes at %pap\n",
				     size, &phys);
		return DMA_MAPPING_ERROR;
	}

	if (unlikely(attrs & DMA_ATTR_MMIO))
		return dma_phys_map_p2p(dev, phys, size, dir, attrs);

	if (unlikely(!pfn_valid(PHYS_PFN(phys)))) {
		dev_warn_ratelimited(dev,
				     "%pap is not RAM: map it with DMA_ATTR_MMIO\n",
				     &phys);
		return DMA_MAPPING_ERROR;
	}
	return dma_map_ram(dev, phys, size, dir, attrs);
}
EXPORT_SYMBOL_GPL(dma_map_phys);

/**
 * dma_unmap_phys - undo dma_map_phys()
 * @dev: the device
 * @addr: what dma_map_phys() returned
 * @size: the bytes that were mapped
 * @dir: the direction they were mapped for
 * @attrs: the attributes they were mapped with
 *
 * Context: any.
 */
void dma_unmap_phys(struct device *dev, dma_addr_t addr, size_t size,
		    enum dma_data_direction dir, unsigned long attrs)
{
	if (likely(!(attrs & DMA_ATTR_MMIO)))
		dma_unmap_page_attrs(dev, addr, size, dir, attrs);
	else if (!dma_phys_unmap_p2p(dev, addr, size, dir, attrs))
		dma_unmap_mmio(dev, addr, size, dir, attrs);
}
EXPORT_SYMBOL_GPL(dma_unmap_phys);

/**
 * dma_map_resource - map MMIO for DMA
 * @dev: device that is to do the DMA
 * @phys_addr: CPU physical address, not RAM
 * @size: bytes
 * @dir: DMA direction
 * @attrs: DMA attributes
 *
 * Context: any.
 * Return: see dma_map_phys(); this is the same with DMA_ATTR_MMIO.
 */
dma_addr_t dma_map_resource(struct device *dev, phys_addr_t phys_addr,
			    size_t size, enum dma_data_direction dir,
			    unsigned long attrs)
{
	return dma_map_phys(dev, phys_addr, size, dir, attrs | DMA_ATTR_MMIO);
}
EXPORT_SYMBOL(dma_map_resource);

/**
 * dma_unmap_resource - undo dma_map_resource()
 * @dev: the device
 * @addr: what dma_map_resource() returned
 * @size: the bytes that were mapped
 * @dir: the direction they were mapped for
 * @attrs: the attributes they were mapped with
 *
 * Context: any.
 */
void dma_unmap_resource(struct device *dev, dma_addr_t addr, size_t size,
			enum dma_data_direction dir, unsigned long attrs)
{
	dma_unmap_phys(dev, addr, size, dir, attrs | DMA_ATTR_MMIO);
}
EXPORT_SYMBOL(dma_unmap_resource);

/**
 * dma_need_unmap - does RAM that was mapped for a device need unmapping?
 * @dev: the device
 *
 * When it does not, a driver need not remember what it mapped.  The answer
 * does not change while mappings exist: swiotlb counts as soon as it may be
 * used, unlike in dma_dev_need_sync(), which waits for the first bounce.
 *
 * Context: any.
 * Return: false if unmapping RAM does nothing.
 */
bool dma_need_unmap(struct device *dev)
{
	if (get_dma_ops(dev) || use_dma_iommu(dev) || dma_dev_need_sync(dev))
		return true;
	if (IS_ENABLED(CONFIG_DMA_API_DEBUG))
		return true;
	return is_swiotlb_active(dev) &&
	       (is_swiotlb_force_bounce(dev) || dev->bus_dma_limit ||
		dma_get_mask(dev) < DMA_BIT_MASK(64));
}
EXPORT_SYMBOL_GPL(dma_need_unmap);
