// SPDX-License-Identifier: GPL-2.0-only
/*
 * How does a device reach an address that is not RAM?
 *
 *   cd /sys/module/p2p_client/parameters
 *   echo 0000:03:00.0 0xfe800000 4096 > map
 *   cat map
 *   0000:03:00.0 0xfe800000+4096: by bus address, DMA address 0xfe800000
 *
 * What a client has to do is in p2p_client_map().  A driver does it for its own
 * device; here it is done for any device that has a driver, on its behalf.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/dma-map-ops.h>	/* enum pci_p2pdma_map_type */
#include <linux/dma-mapping.h>
#include <linux/dma-phys.h>
#include <linux/module.h>
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

/* Parameters are set one at a time: p2p_client_result needs no lock. */
static int p2p_client_set(const char *val, const struct kernel_param *kp)
{
	unsigned int domain, bus, slot, fn;
	unsigned long long phys;
	struct pci_dev *pdev;
	size_t len;
	int error;

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
		if (pdev->driver) {
			error = p2p_client_map(&pdev->dev, phys, len);
		} else {
			/* whoever set the DMA mask knows what it can do */
			pci_err(pdev, "has no driver; bind one first\n");
			error = -ENXIO;
		}
	}
	if (error)
		snprintf(p2p_client_result, sizeof(p2p_client_result),
			 "%s %#llx+%zu: refused", pci_name(pdev), phys, len);
	pci_dev_put(pdev);
	return error;
}

static int p2p_client_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%s\n", p2p_client_result);
}

static const struct kernel_param_ops p2p_client_ops = {
	.set = p2p_client_set,
	.get = p2p_client_get,
};
module_param_cb(map, &p2p_client_ops, NULL, 0600);
MODULE_PARM_DESC(map, "map DEVICE ADDRESS LENGTH, unmap, and say how it went");

static int __init p2p_client_init(void)
{
	return 0;
}
module_init(p2p_client_init);

static void __exit p2p_client_exit(void)
{
}
module_exit(p2p_client_exit);

MODULE_DESCRIPTION("Sample: map peer-to-peer memory for a device");
MODULE_LICENSE("GPL");
