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
 * (range, client), and remembered in the range.
 *
 * Lifetimes: a mapping holds a live reference on its range from dma_map_phys()
 * to dma_unmap_phys().  Unregistering waits for these references and for
 * nothing else, so a range found under a reference is always whole.
 */

#define pr_fmt(fmt) "dma-phys: " fmt

#include <linux/cleanup.h>
#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/export.h>
#include <linux/iommu.h>
#include <linux/iommu-dma.h>
#include <linux/pci-p2pdma.h>
#include <linux/ratelimit.h>
#include <linux/swiotlb.h>
#include "phys_range.h"

#ifdef CONFIG_DMA_PHYS_P2P

#define CREATE_TRACE_POINTS
#include <trace/events/dma_phys.h>

static DEFINE_RATELIMIT_STATE(dma_phys_explain, DEFAULT_RATELIMIT_INTERVAL,
			      DEFAULT_RATELIMIT_BURST);

static int dma_phys_verdict(struct dma_phys_range *r, struct device *dev)
{
	struct pci_dev *provider = to_pci_dev(r->provider.owner);
	struct pci_dev *client;
	unsigned long id, flags;
	void *entry;
	int map;

	if (!dev_is_pci(dev)) {
		dev_warn_ratelimited(dev,
				     "cannot reach %s: peer-to-peer DMA needs a PCI device\n",
				     r->name);
		return PCI_P2PDMA_MAP_NOT_SUPPORTED;
	}

	client = to_pci_dev(dev);
	id = dma_phys_client_id(client);
	entry = xa_load(&r->verdicts, id);
	if (entry) {
		map = xa_to_value(entry);
		/* the walk says what is in the way, and what to do about it */
		if (map == PCI_P2PDMA_MAP_NOT_SUPPORTED &&
		    __ratelimit(&dma_phys_explain))
			pci_p2pdma_verdict(provider, client, true);
		return map;
	}

	if (client == provider)
		map = PCI_P2PDMA_MAP_OWN_BAR;
	else
		map = pci_p2pdma_verdict(provider, client, true);

	/*
	 * May run in any context, so no sleeping and interrupts off.  Without
	 * memory the verdict is worked out again next time.
	 */
	xa_lock_irqsave(&r->verdicts, flags);
	__xa_store(&r->verdicts, id, xa_mk_value(map),
		   GFP_ATOMIC | __GFP_NOWARN);
	xa_unlock_irqrestore(&r->verdicts, flags);
	return map;
}

/**
 * dma_phys_get - find the range behind an address and keep it
 * @dev: the client that is to do DMA
 * @phys: CPU physical address
 * @size: bytes, not zero
 * @map: set to how @dev reaches the range, an &enum pci_p2pdma_map_type
 *
 * All of [@phys, @phys + @size) must lie inside one range.  The reference
 * keeps the provider from going away; give it back with dma_phys_put() when
 * the DMA has ended.
 *
 * Context: any.
 * Return: the range, or ERR_PTR():
 * * -ENXIO: nobody registered the address
 * * -EINVAL: it straddles the end of a range, or two ranges
 * * -EAGAIN: the range is fenced; try again when the fence was lifted
 * * -ENODEV: the provider is going away
 * * -EREMOTEIO: @dev cannot reach the provider; the kernel log says why
 */
struct dma_phys_range *dma_phys_get(struct device *dev, phys_addr_t phys,
				    size_t size, int *map)
{
	struct dma_phys_range *r;
	struct p2p_range *range;
	int error;

	*map = PCI_P2PDMA_MAP_NOT_SUPPORTED;

	rcu_read_lock();
	switch (p2p_range_lookup(phys, size, &range)) {
	case P2P_RANGE_INSIDE:
		error = p2p_range_get(range);
		break;
	case P2P_RANGE_STRADDLES:
		error = -EINVAL;
		break;
	default:
		error = -ENXIO;
		break;
	}
	rcu_read_unlock();

	if (error)
		goto refuse;

	r = to_dma_phys_range(range);
	*map = dma_phys_verdict(r, dev);
	if (*map != PCI_P2PDMA_MAP_NOT_SUPPORTED)
		return r;

	dma_phys_put(r);
	error = -EREMOTEIO;
refuse:
	/* nobody's MMIO is no refusal: the caller maps it as such */
	if (error != -ENXIO) {
		trace_dma_phys_refuse(dev, phys, size, error);
		dma_phys_account(PCI_P2PDMA_MAP_NOT_SUPPORTED, size);
	}
	return ERR_PTR(error);
}
EXPORT_SYMBOL_GPL(dma_phys_get);

/**
 * dma_phys_put - the DMA has ended
 * @r: what dma_phys_get() returned
 *
 * Context: any.
 */
void dma_phys_put(struct dma_phys_range *r)
{
	p2p_range_put(&r->range);
}
EXPORT_SYMBOL_GPL(dma_phys_put);

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

/*
 * Through the host bridge means through the CPU's address space: an IOMMU may
 * translate, and whoever must bounce or encrypt what the device sees cannot.
 */
static dma_addr_t dma_phys_map_host(struct dma_phys_range *r,
				    struct device *dev, phys_addr_t phys,
				    size_t size, enum dma_data_direction dir,
				    unsigned long attrs)
{
	if (is_swiotlb_force_bounce(dev) || force_dma_unencrypted(dev)) {
		dev_warn_ratelimited(dev,
				     "cannot reach %s through the CPU: DMA is bounced or unencrypted here (swiotlb=force or a confidential guest)\n",
				     r->name);
		return DMA_MAPPING_ERROR;
	}

	if (!use_dma_iommu(dev)) {
		/*
		 * Other dma_map_ops may hand out addresses that cannot be
		 * led back to the range at unmapping.
		 */
		if (get_dma_ops(dev)) {
			dev_warn_ratelimited(dev,
					     "cannot reach %s through the CPU with this platform's DMA operations\n",
					     r->name);
			return DMA_MAPPING_ERROR;
		}
		if (dma_phys_taken_by_bus(dev, phys, size)) {
			dev_warn_ratelimited(dev,
					     "cannot reach %s at %pap: behind this host bridge that is the bus address of something else\n",
					     r->name, &phys);
			return DMA_MAPPING_ERROR;
		}
		/* dma_direct_map_resource() would WARN, and it is no bug */
		if (!dma_capable(dev, phys, size, false))
			goto mask;
	}
	return dma_map_mmio(dev, phys, size, dir, attrs | DMA_ATTR_MMIO);
mask:
	dev_warn_ratelimited(dev,
			     "cannot reach %s at %pap: beyond the DMA mask %#llx\n",
			     r->name, &phys, dma_get_mask(dev));
	return DMA_MAPPING_ERROR;
}

/**
 * dma_phys_map_in - map a piece of a range that the caller holds
 * @r: what dma_phys_get() returned
 * @dev: the same client
 * @phys: CPU physical address, inside @r
 * @size: bytes
 * @dir: DMA direction
 * @attrs: DMA attributes
 * @map: the verdict that dma_phys_get() gave
 *
 * For users that map many pieces under one reference, such as the block layer.
 * A piece that was mapped through the host bridge is unmapped with
 * dma_unmap_mmio(); bus addresses need no unmapping.
 *
 * Context: any.
 * Return: the DMA address, or DMA_MAPPING_ERROR when it cannot be expressed
 * (DMA mask, out of IOVA space, bouncing forced, piece not inside @r).
 */
dma_addr_t dma_phys_map_in(struct dma_phys_range *r, struct device *dev,
			   phys_addr_t phys, size_t size,
			   enum dma_data_direction dir, unsigned long attrs,
			   int map)
{
	dma_addr_t addr = DMA_MAPPING_ERROR;

	if (phys < r->range.start || size > r->range.size ||
	    phys - r->range.start > r->range.size - size) {
		dev_warn_ratelimited(dev, "%pap+%#zx is not inside %s\n",
				     &phys, size, r->name);
		goto out;
	}

	switch (map) {
	case PCI_P2PDMA_MAP_BUS_ADDR:
	case PCI_P2PDMA_MAP_OWN_BAR:
		addr = dma_phys_bus_addr(r, phys);
		if (!dma_capable(dev, addr, size, false)) {
			dev_warn_ratelimited(dev,
					     "cannot reach %s at bus address %pad: beyond the DMA mask %#llx\n",
					     r->name, &addr, dma_get_mask(dev));
			addr = DMA_MAPPING_ERROR;
		}
		break;
	case PCI_P2PDMA_MAP_THRU_HOST_BRIDGE:
		addr = dma_phys_map_host(r, dev, phys, size, dir, attrs);
		break;
	}
out:
	if (addr == DMA_MAPPING_ERROR) {
		trace_dma_phys_refuse(dev, phys, size, -EREMOTEIO);
		dma_phys_account(PCI_P2PDMA_MAP_NOT_SUPPORTED, size);
	} else {
		trace_dma_phys_map(dev, r, phys, addr, size, map);
		dma_phys_account(map, size);
	}
	return addr;
}
EXPORT_SYMBOL_GPL(dma_phys_map_in);

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
 * A DMA address comes back without its range.  The mapping's reference keeps
 * the range in the tree, so the address leads to it:
 *  - behind an IOMMU by the domain's page table; bus addresses are not in it,
 *    because the windows of the host bridge are reserved there;
 *  - a bus address by the windows of the client's own host bridge: it shares
 *    that bridge with the provider, or the verdict were another;
 *  - what is left is a CPU address that went through the host bridge.
 * The verdict tells the last two apart where bus and CPU addresses overlap.
 */
static struct dma_phys_range *dma_phys_mapped(struct device *dev,
					      dma_addr_t addr, size_t size,
					      phys_addr_t *phys, int *map)
{
	struct pci_dev *client = to_pci_dev(dev);
	struct pci_bus_region region = {
		.start = addr,
		.end = addr + size - 1,
	};
	struct resource res = { .flags = IORESOURCE_MEM };
	struct dma_phys_range *r;
	struct p2p_range *range;

	if (use_dma_iommu(dev)) {
		*phys = iommu_iova_to_phys(iommu_get_domain_for_dev(dev),
					   addr);
		if (*phys) {
			*map = PCI_P2PDMA_MAP_THRU_HOST_BRIDGE;
			if (p2p_range_lookup(*phys, size, &range) ==
			    P2P_RANGE_INSIDE)
				return to_dma_phys_range(range);
			return NULL;
		}
	}

	pcibios_bus_to_resource(client->bus, &res, &region);
	*phys = res.start;
	if (p2p_range_lookup(*phys, size, &range) == P2P_RANGE_INSIDE) {
		r = to_dma_phys_range(range);
		*map = dma_phys_verdict(r, dev);
		if ((*map == PCI_P2PDMA_MAP_BUS_ADDR ||
		     *map == PCI_P2PDMA_MAP_OWN_BAR) &&
		    dma_phys_bus_addr(r, *phys) == addr)
			return r;
	}

	*phys = addr;
	if (!use_dma_iommu(dev) &&
	    p2p_range_lookup(*phys, size, &range) == P2P_RANGE_INSIDE) {
		r = to_dma_phys_range(range);
		*map = dma_phys_verdict(r, dev);
		if (*map == PCI_P2PDMA_MAP_THRU_HOST_BRIDGE)
			return r;
	}
	return NULL;
}

/* Was it peer-to-peer?  Then it is unmapped now. */
static bool dma_phys_unmap_p2p(struct device *dev, dma_addr_t addr,
			       size_t size, enum dma_data_direction dir,
			       unsigned long attrs)
{
	struct dma_phys_range *r;
	phys_addr_t phys;
	int map;

	if (!p2p_ranges_registered() || !dev_is_pci(dev) || !size)
		return false;

	scoped_guard(rcu)
		r = dma_phys_mapped(dev, addr, size, &phys, &map);
	if (!r)
		return false;

	/* the reference that the mapping took makes r safe to use until put */
	if (map == PCI_P2PDMA_MAP_THRU_HOST_BRIDGE)
		dma_unmap_mmio(dev, addr, size, dir, attrs);
	trace_dma_phys_unmap(dev, r, phys, addr, size, map);
	dma_phys_put(r);
	return true;
}

/* A mapping holds one reference on its range, which unmapping drops. */
static dma_addr_t dma_phys_map_p2p(struct device *dev, phys_addr_t phys,
				   size_t size, enum dma_data_direction dir,
				   unsigned long attrs)
{
	struct dma_phys_range *r;
	dma_addr_t addr;
	int map;

	r = dma_phys_get(dev, phys, size, &map);
	if (PTR_ERR(r) == -ENXIO)
		return dma_map_mmio(dev, phys, size, dir, attrs);
	if (IS_ERR(r)) {
		dev_warn_ratelimited(dev,
				     "peer-to-peer mapping of %pap+%#zx refused: %s\n",
				     &phys, size,
				     PTR_ERR(r) == -EINVAL ?
				     "not inside one registered range" :
				     PTR_ERR(r) == -EAGAIN ?
				     "the range is fenced, try again" :
				     PTR_ERR(r) == -ENODEV ?
				     "the provider is going away" :
				     "the provider cannot be reached");
		return DMA_MAPPING_ERROR;
	}

	addr = dma_phys_map_in(r, dev, phys, size, dir, attrs, map);
	if (addr == DMA_MAPPING_ERROR)
		dma_phys_put(r);
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
 * held until dma_unmap_phys(); any other address is mapped as plain MMIO.  An
 * address without a struct page is never taken for RAM.
 *
 * Context: any.
 * Return: the DMA address, to be tested with dma_mapping_error(); the error
 * means for RAM what it always did, and for peer-to-peer memory that it is not
 * inside one range, fenced, going away or out of reach (the log says which).
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
	return dma_map_page_attrs(dev, pfn_to_page(PHYS_PFN(phys)),
				  offset_in_page(phys), size, dir, attrs);
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
