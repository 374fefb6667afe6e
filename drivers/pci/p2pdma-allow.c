// SPDX-License-Identifier: GPL-2.0-only
/*
 * Host bridges that forward between their ports though p2pdma.c does not know
 * it: whoever runs the machine may say so when it boots.
 *
 *   p2pdma.allow_host_bridge=0000:00,0000:80
 *
 * Each is named by the domain and number of its root bus and allowed for
 * itself.  If it does not forward, the DMA is lost or hits something else, so
 * the kernel is tainted.
 */

#include <kunit/visibility.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/pci.h>
#include <linux/pci-p2pdma.h>
#include <linux/string.h>

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "p2pdma."

VISIBLE_IF_KUNIT char *pci_p2pdma_allow;
EXPORT_SYMBOL_IF_KUNIT(pci_p2pdma_allow);
module_param_named_unsafe(allow_host_bridge, pci_p2pdma_allow, charp, 0444);
MODULE_PARM_DESC(allow_host_bridge,
		 "DOMAIN:BUS,... of host bridges that forward between devices");

/**
 * pci_p2pdma_bridge_allowed - is it allowed by the boot parameter?
 * @host: the host bridge
 *
 * Context: any.
 * Return: true if it is named in p2pdma.allow_host_bridge=.
 */
bool pci_p2pdma_bridge_allowed(struct pci_host_bridge *host)
{
	unsigned int domain, bus;
	const char *p;
	int len;

	for (p = pci_p2pdma_allow; p && *p; p += len) {
		p += strspn(p, ",");
		len = strcspn(p, ",");
		if (sscanf(p, "%x:%x", &domain, &bus) == 2 &&
		    domain == pci_domain_nr(host->bus) &&
		    bus == host->bus->number)
			return true;
	}
	return false;
}

/**
 * pci_p2pdma_allow_remedy - what to type so that two devices reach each other
 * @a: a device
 * @b: another
 * @buf: for the boot parameter that allows the host bridges above them
 * @size: its length in bytes
 *
 * Context: any.
 * Return: @buf.
 */
const char *pci_p2pdma_allow_remedy(struct pci_dev *a, struct pci_dev *b,
				    char *buf, size_t size)
{
	struct pci_host_bridge *host_a = pci_find_host_bridge(a->bus);
	struct pci_host_bridge *host_b = pci_find_host_bridge(b->bus);
	int len;

	len = scnprintf(buf, size, "p2pdma.allow_host_bridge=%04x:%02x",
			pci_domain_nr(host_a->bus), host_a->bus->number);
	if (host_a != host_b)
		scnprintf(buf + len, size - len, ",%04x:%02x",
			  pci_domain_nr(host_b->bus), host_b->bus->number);
	return buf;
}
