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
#include <trace/events/dma_phys.h>
#include "phys.h"

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

/* Apart, so that KUnit can be in a confidential guest. */
VISIBLE_IF_KUNIT bool dma_phys_unencrypted(struct device *dev)
{
	KUNIT_STATIC_STUB_REDIRECT(dma_phys_unencrypted, dev);
	return force_dma_unencrypted(dev);
}

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

/* Apart, to see that what fails for want of memory is tried again. */
static noinline dma_addr_t dma_phys_map_iova(struct device *dev,
					     phys_addr_t phys, size_t size,
					     enum dma_data_direction dir,
					     unsigned long attrs)
{
	return __dma_map_phys(dev, phys, size, dir, attrs | DMA_ATTR_MMIO);
}
ALLOW_ERROR_INJECTION(dma_phys_map_iova, ERRNO);

/*
 * Through the host bridge means through the CPU's address space: an IOMMU may
 * translate, and whoever must bounce or encrypt what the device sees cannot.
 * Where nothing translates there is nothing to undo.
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

	if (use_dma_iommu(dev)) {
		*addr = dma_phys_map_iova(dev, phys, size, dir, attrs);
		/* IOVA space, or memory for page tables: as for RAM, not now */
		return dma_mapping_error(dev, *addr);
	}

	if (dma_phys_taken_by_bus(dev, phys, size)) {
		dev_warn_ratelimited(dev,
				     "cannot reach %s at %pap: behind this host bridge that is the bus address of something else\n",
				     r->name, &phys);
		return -EREMOTEIO;
	}
	if (dma_capable(dev, phys, size, false, attrs)) {
		*addr = phys;
		return 0;
	}
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
	case DMA_PHYS_MAP_OWN_BAR:
		*addr = dma_phys_bus_addr(r, phys);
		if (dma_capable(dev, *addr, size, false, attrs))
			error = 0;
		else
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

/*
 * dma_unmap_phys() of memory that is not RAM: peer-to-peer, or MMIO that was
 * written down.  What was not is nobody's.
 */
void dma_phys_unmap(struct device *dev, dma_addr_t addr, size_t size,
		    enum dma_data_direction dir, unsigned long attrs)
{
	struct dma_phys_mapping *m = dma_phys_mapping_take(dev, addr, size);

	/* the mapping's reference keeps range and path until it is put */
	if (!m || !m->path ||
	    (m->path->map == PCI_P2PDMA_MAP_THRU_HOST_BRIDGE &&
	     use_dma_iommu(dev)))
		__dma_unmap_phys(dev, addr, size, dir, attrs);
	if (!m)
		return;
	if (m->path) {
		trace_dma_phys_unmap(dev, m->path->range, m->phys, addr, size,
				     m->path->map);
		dma_phys_put(m->path, size);
	} else if (m->range) {
		p2p_range_put(m->range);
	}
	dma_phys_mapping_free(m);
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
		*addr = __dma_map_phys(dev, phys, size, dir, attrs);
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

/**
 * dma_phys_map_another - a mapping of its own, beside one that the caller has
 * @path: what dma_phys_get() returned
 * @phys: CPU physical address, inside the range
 * @size: bytes
 * @dir: DMA direction
 * @attrs: DMA attributes
 * @addr: set to the DMA address
 *
 * dma_phys_map_in() for what is unmapped by dma_unmap_phys() on its own, and
 * without another lookup.
 *
 * Context: any.
 * Return: 0, or an error of dma_phys_map_in().
 */
int dma_phys_map_another(struct dma_phys_path *path, phys_addr_t phys,
			 size_t size, enum dma_data_direction dir,
			 unsigned long attrs, dma_addr_t *addr)
{
	struct p2p_range *range = &path->range->range;
	struct dma_phys_mapping *m = dma_phys_mapping_alloc();
	int error;

	if (!m)
		return -ENOMEM;
	error = dma_phys_map_in(path, phys, size, dir, attrs, addr);
	if (error) {
		dma_phys_mapping_free(m);
		return error;
	}
	p2p_range_get_more(range);
	this_cpu_inc(path->inflight->mappings);
	dma_phys_charge(path, size);
	m->path = path;
	m->range = range;
	dma_phys_mapping_add(m, &path->client->dev, phys, *addr, size);
	return 0;
}

/*
 * dma_map_phys() of memory that is not RAM: what a PCI device registered is
 * mapped by the way that @dev reaches that device, and the range is held until
 * dma_phys_unmap(); any other address is mapped as plain MMIO.
 */
dma_addr_t dma_phys_map(struct device *dev, phys_addr_t phys, size_t size,
			enum dma_data_direction dir, unsigned long attrs)
{
	dma_addr_t addr = DMA_MAPPING_ERROR;
	struct dma_phys_mapping *m;
	int error = -ENOMEM;

	if (unlikely(!size || phys + (size - 1) < phys)) {
		dev_warn_ratelimited(dev, "cannot map %zu bytes at %pap\n",
				     size, &phys);
		return DMA_MAPPING_ERROR;
	}

	m = dma_phys_mapping_alloc();
	if (m)
		error = dma_phys_map_for(m, dev, phys, size, dir, attrs, &addr);
	else if (dma_phys_check(phys, size, 0) == -ENXIO)
		/* nobody's: to be undone without having been written down */
		return __dma_map_phys(dev, phys, size, dir, attrs);
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
