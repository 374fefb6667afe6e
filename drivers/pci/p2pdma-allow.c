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
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/pci.h>
#include <linux/pci-p2pdma.h>
#include <linux/string.h>

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "p2pdma."

VISIBLE_IF_KUNIT char *pci_p2pdma_allow;
module_param_named_unsafe(allow_host_bridge, pci_p2pdma_allow, charp, 0444);
MODULE_PARM_DESC(allow_host_bridge,
		 "DOMAIN:BUS,... of host bridges that forward between devices");

/* What only begins like a bridge is none: a wrong letter allows no other. */
static bool pci_p2pdma_allow_parse(const char *word, int len,
				   unsigned int *domain, unsigned int *bus)
{
	int n = 0;

	return sscanf(word, "%x:%x%n", domain, bus, &n) == 2 && n == len;
}

/* The next word of the list, and its length; 0 at the end. */
static const char *pci_p2pdma_allow_next(const char *p, int *len)
{
	p += strspn(p, ",");
	*len = strcspn(p, ",");
	return p;
}

/**
 * pci_p2pdma_bridge_allowed - is it allowed by the boot parameter?
 * @host: the host bridge
 *
 * Context: any.
 * Return: true if it is named in p2pdma.allow_host_bridge=.
 */
bool pci_p2pdma_bridge_allowed(struct pci_host_bridge *host)
{
	const char *p = pci_p2pdma_allow ?: "";
	unsigned int domain, bus;
	int len;

	for (p = pci_p2pdma_allow_next(p, &len); len;
	     p = pci_p2pdma_allow_next(p + len, &len))
		if (pci_p2pdma_allow_parse(p, len, &domain, &bus) &&
		    domain == pci_domain_nr(host->bus) &&
		    bus == host->bus->number)
			return true;
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

/*
 * Else a mistyped word would be found by nothing but the DMA that is refused.
 * Late, when the host bridges of this machine are known.
 */
VISIBLE_IF_KUNIT int pci_p2pdma_allow_check(void)
{
	const char *p = pci_p2pdma_allow ?: "";
	unsigned int domain, nr;
	struct pci_bus *bus;
	int len;

	for (p = pci_p2pdma_allow_next(p, &len); len;
	     p = pci_p2pdma_allow_next(p + len, &len)) {
		if (!pci_p2pdma_allow_parse(p, len, &domain, &nr)) {
			pr_warn("p2pdma.allow_host_bridge: \"%.*s\" is not DOMAIN:BUS; it allows nothing\n",
				len, p);
			continue;
		}
		bus = pci_find_bus(domain, nr);
		if (!bus || !pci_is_root_bus(bus))
			pr_warn("p2pdma.allow_host_bridge: there is no host bridge %04x:%02x\n",
				domain, nr);
	}
	return 0;
}
late_initcall(pci_p2pdma_allow_check);
