// SPDX-License-Identifier: GPL-2.0-only
/*
 * Let other devices use the memory behind a BAR.
 *
 * All that a provider has to do is in p2p_provider_probe(), and what it has to
 * undo in p2p_provider_remove().  The rest finds the device to do it to:
 *
 *   modprobe p2p-provider device=0000:05:00.0 bar=2
 *
 * Without device=, it is every pci-testdev of QEMU (-device
 * pci-testdev,membar=16M), and whatever is handed to the driver by
 * driver_override or new_id, as with any PCI driver.  BAR 2 of QEMU's
 * ivshmem-plain is memory that keeps what is written to it.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/pci.h>
#include <linux/pci-p2pmem.h>

static char *device;
module_param(device, charp, 0444);
MODULE_PARM_DESC(device, "the provider, such as 0000:05:00.0, and no other");

static int bar = 2;
module_param(bar, int, 0444);
MODULE_PARM_DESC(bar, "number of the BAR (default 2)");

static unsigned long long offset;
module_param(offset, ullong, 0444);
MODULE_PARM_DESC(offset, "where in the BAR the memory starts (default 0)");

static unsigned long size;
module_param(size, ulong, 0444);
MODULE_PARM_DESC(size, "bytes (default 0: all from offset to the end)");

static int p2p_provider_probe(struct pci_dev *pdev,
			      const struct pci_device_id *id)
{
	int error;

	if (device && strcmp(device, pci_name(pdev)))
		return -ENODEV;

	error = pci_enable_device_mem(pdev);
	if (error) {
		pci_err(pdev, "cannot be enabled (%d): if a BAR has no address, try pci=realloc\n",
			error);
		return error;
	}

	error = p2pmem_register(pdev, bar, size, offset);
	if (error) {
		/* the log says what is wrong already */
		pci_disable_device(pdev);
		return error;
	}
	p2pmem_publish(pdev, true);
	pci_info(pdev, "for programs: /sys/bus/pci/devices/%s/p2pmem/allocate\n",
		 pci_name(pdev));
	return 0;
}

static void p2p_provider_remove(struct pci_dev *pdev)
{
	/*
	 * Unbinding would do this by itself, but too late here: DMA must have
	 * ended before the device is turned off.
	 */
	p2pmem_unregister(pdev);
	pci_disable_device(pdev);
}

static const struct pci_device_id p2p_provider_ids[] = {
	{ PCI_DEVICE(PCI_VENDOR_ID_REDHAT, 0x0005) },	/* pci-testdev */
	{ }
};

static struct pci_driver p2p_provider_driver = {
	.name = "p2p-provider",
	.id_table = p2p_provider_ids,
	.probe = p2p_provider_probe,
	.remove = p2p_provider_remove,
};

/* Did binding work?  If not, say what is in the way. */
static int p2p_provider_bound(struct pci_dev *pdev)
{
	guard(device)(&pdev->dev);
	if (pdev->driver == &p2p_provider_driver)
		return 0;
	if (!pdev->driver) {
		pci_err(pdev, "not bound: see above, and its driver_override\n");
		return -ENODEV;
	}
	pci_err(pdev, "has a driver, unbind it first: echo %s > /sys/bus/pci/drivers/%s/unbind\n",
		pci_name(pdev), pdev->driver->name);
	return -EBUSY;
}

/* What writing to new_id does; probe() takes none but the device. */
static int p2p_provider_bind(void)
{
	unsigned int domain, bus, slot, fn;
	struct pci_dev *pdev;
	int error;

	if (sscanf(device, "%x:%x:%x.%x", &domain, &bus, &slot, &fn) != 4) {
		pr_err("device=%s: write it as lspci -D does, 0000:05:00.0\n",
		       device);
		return -EINVAL;
	}
	pdev = pci_get_domain_bus_and_slot(domain, bus, PCI_DEVFN(slot, fn));
	if (!pdev) {
		pr_err("device=%s: not there; lspci -D shows what is\n",
		       device);
		return -ENODEV;
	}
	error = pci_add_dynid(&p2p_provider_driver, pdev->vendor, pdev->device,
			      PCI_ANY_ID, PCI_ANY_ID, 0, 0, 0);
	if (!error)
		error = p2p_provider_bound(pdev);
	pci_dev_put(pdev);
	return error;
}

static int __init p2p_provider_init(void)
{
	int error = pci_register_driver(&p2p_provider_driver);

	if (error || !device)
		return error;

	error = p2p_provider_bind();
	if (error)
		pci_unregister_driver(&p2p_provider_driver);
	return error;
}
module_init(p2p_provider_init);

static void __exit p2p_provider_exit(void)
{
	pci_unregister_driver(&p2p_provider_driver);
}
module_exit(p2p_provider_exit);

MODULE_DESCRIPTION("Sample: a BAR as peer-to-peer memory");
MODULE_LICENSE("GPL");
