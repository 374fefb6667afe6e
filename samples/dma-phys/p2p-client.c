// SPDX-License-Identifier: GPL-2.0-only
/*
 * How does a device reach an address that is not RAM?
 *
 *   cd /sys/module/p2p_client/parameters
 *   echo 0000:03:00.0 0xfe800000 4096 > map
 *   cat map
 *   0000:03:00.0 0x00000000fe800000+4096: by bus address, DMA address
 *     0x00000000fe800000		(on one line)
 *
 * and, with a mapping that stays until its memory is taken back:
 *
 *   echo 0000:03:00.0 0xfe800000 4096 > keep
 *   cat keep
 *   0000:03:00.0 0x00000000fe800000+4096: mapped
 *   echo > keep
 *
 * What a client has to do is in p2p_client_map(), and in p2p_client_keep() if
 * its mappings stay.  A driver does it for its own device; here it is done for
 * any device that has a driver, on its behalf.  That driver must stay bound
 * while a mapping is kept: a real one gives it up in its remove().
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/dma-map-ops.h>	/* enum pci_p2pdma_map_type */
#include <linux/dma-mapping.h>
#include <linux/dma-phys.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>

static char p2p_client_result[128] = "nothing mapped yet";

static const char *p2p_client_verdict(int map)
{
	switch (map) {
	case PCI_P2PDMA_MAP_BUS_ADDR:
		return "by bus address";
	case PCI_P2PDMA_MAP_THRU_HOST_BRIDGE:
		return "through the host bridge";
	case DMA_PHYS_MAP_OWN_BAR:
		return "its own BAR";
	case PCI_P2PDMA_MAP_NONE:
		return "nobody's, as plain MMIO";
	default:
		return "fenced meanwhile";
	}
}

static int p2p_client_map(struct device *dev, phys_addr_t phys, size_t len)
{
	int map = PCI_P2PDMA_MAP_NOT_SUPPORTED;
	struct dma_phys_path *path;
	dma_addr_t addr;

	addr = dma_map_phys(dev, phys, len, DMA_BIDIRECTIONAL, DMA_ATTR_MMIO);
	if (dma_mapping_error(dev, addr))
		return -EREMOTEIO;	/* the log says why */

	/* Only to tell how it is reached: a driver need not know. */
	path = dma_phys_get(dev, phys, len, 0);
	if (!IS_ERR(path)) {
		map = path->map;
		dma_phys_put(path, 0);
	} else if (PTR_ERR(path) == -ENXIO) {
		map = PCI_P2PDMA_MAP_NONE;
	}

	/* Here the device would be told addr, and would do its DMA. */
	dma_unmap_phys(dev, addr, len, DMA_BIDIRECTIONAL, DMA_ATTR_MMIO);

	snprintf(p2p_client_result, sizeof(p2p_client_result),
		 "%s %pap+%zu: %s, DMA address %pad", dev_name(dev), &phys,
		 len, p2p_client_verdict(map), &addr);
	return 0;
}

/* A mapping that stays, as that of an RDMA memory region would. */
static struct {
	struct dma_phys_holder holder;
	phys_addr_t phys;
	size_t len;
	struct mutex lock;	/* of what follows */
	dma_addr_t addr;
	const char *state;	/* NULL: none is kept */
	bool mapped;
} kept = {
	.lock = __MUTEX_INITIALIZER(kept.lock),
};

static void p2p_client_unmap_kept(const char *state)
{
	guard(mutex)(&kept.lock);
	/* Here the device would be stopped. */
	if (kept.mapped)
		dma_unmap_phys(kept.holder.dev, kept.addr, kept.len,
			       DMA_BIDIRECTIONAL, DMA_ATTR_MMIO);
	kept.mapped = false;
	kept.state = state;
}

static void p2p_client_map_kept(void)
{
	guard(mutex)(&kept.lock);
	/* a fence may have come and gone since dma_phys_hold() */
	if (kept.mapped)
		return;
	kept.addr = dma_map_phys(kept.holder.dev, kept.phys, kept.len,
				 DMA_BIDIRECTIONAL, DMA_ATTR_MMIO);
	kept.mapped = !dma_mapping_error(kept.holder.dev, kept.addr);
	kept.state = kept.mapped ? "mapped" : "cannot be mapped";
}

/* The memory is taken back: it is fenced, or goes away. */
static void p2p_client_invalidate(struct dma_phys_holder *holder, bool for_good)
{
	p2p_client_unmap_kept(for_good ? "gone" : "fenced");
}

static void p2p_client_lifted(struct dma_phys_holder *holder)
{
	p2p_client_map_kept();
}

static int p2p_client_keep(struct device *dev, phys_addr_t phys, size_t len)
{
	int error;

	if (kept.state)
		return -EBUSY;
	kept.holder.dev = get_device(dev);
	kept.holder.invalidate = p2p_client_invalidate;
	kept.holder.lifted = p2p_client_lifted;
	kept.phys = phys;
	kept.len = len;
	/* Before it is mapped, so that no fence comes between. */
	error = dma_phys_hold(&kept.holder, phys, len);
	if (error) {
		put_device(dev);
		return error;
	}
	p2p_client_map_kept();
	return 0;
}

static void p2p_client_keep_no_more(void)
{
	if (!kept.state)
		return;
	/* In this order: from here on nobody maps it again. */
	dma_phys_unhold(&kept.holder);
	p2p_client_unmap_kept(NULL);
	put_device(kept.holder.dev);
}

/* Parameters are set one at a time: what they change needs no lock. */
static int p2p_client_set(const char *val, const struct kernel_param *kp)
{
	unsigned int domain, bus, slot, fn;
	unsigned long long phys;
	struct pci_dev *pdev;
	bool keep = kp->arg;
	size_t len;
	int error;

	if (keep && sysfs_streq(val, "")) {
		p2p_client_keep_no_more();
		return 0;
	}
	if (sscanf(val, "%x:%x:%x.%x %llx %zu", &domain, &bus, &slot, &fn,
		   &phys, &len) != 6 || !len || (phys_addr_t)phys != phys) {
		pr_err("write DEVICE ADDRESS LENGTH, such as 0000:03:00.0 0xfe800000 4096\n");
		return -EINVAL;
	}
	pdev = pci_get_domain_bus_and_slot(domain, bus, PCI_DEVFN(slot, fn));
	if (!pdev) {
		pr_err("there is no such device; lspci -D shows what is\n");
		return -ENODEV;
	}
	scoped_guard(device, &pdev->dev) {
		if (!pdev->driver) {
			/* whoever set the DMA mask knows what it can do */
			pci_err(pdev, "has no driver; bind one first\n");
			error = -ENXIO;
		} else if (keep) {
			error = p2p_client_keep(&pdev->dev, phys, len);
		} else {
			error = p2p_client_map(&pdev->dev, phys, len);
		}
	}
	if (keep)
		goto out;
	if (error)
		snprintf(p2p_client_result, sizeof(p2p_client_result),
			 "%s %#llx+%zu: refused", pci_name(pdev), phys, len);
out:
	pci_dev_put(pdev);
	return error;
}

static int p2p_client_get(char *buf, const struct kernel_param *kp)
{
	if (!kp->arg)
		return sysfs_emit(buf, "%s\n", p2p_client_result);

	guard(mutex)(&kept.lock);
	if (!kept.state)
		return sysfs_emit(buf, "nothing kept\n");
	return sysfs_emit(buf, "%s %pap+%zu: %s\n", dev_name(kept.holder.dev),
			  &kept.phys, kept.len, kept.state);
}

static const struct kernel_param_ops p2p_client_ops = {
	.set = p2p_client_set,
	.get = p2p_client_get,
};
module_param_cb(map, &p2p_client_ops, NULL, 0600);
MODULE_PARM_DESC(map, "map DEVICE ADDRESS LENGTH, unmap, and say how it went");
module_param_cb(keep, &p2p_client_ops, &kept, 0600);
MODULE_PARM_DESC(keep, "keep a mapping of DEVICE ADDRESS LENGTH; empty: no more");

static int __init p2p_client_init(void)
{
	return 0;
}
module_init(p2p_client_init);

static void __exit p2p_client_exit(void)
{
	p2p_client_keep_no_more();
}
module_exit(p2p_client_exit);

MODULE_DESCRIPTION("Sample: map peer-to-peer memory for a device");
MODULE_LICENSE("GPL");
