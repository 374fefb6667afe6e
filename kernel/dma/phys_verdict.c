// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/dma_phys/verdict: how does this client reach that provider,
 * why so, and what can be done about it?
 *
 *   echo 0000:03:00.0 0000:05:00.0 > verdict	a device, or an address:
 *   echo 0000:03:00.0 0xf4000000 > verdict
 *   cat verdict
 *
 * The verdict is that of drivers/pci/p2pdma.c; the walk here only explains it.
 */

#include <linux/cleanup.h>
#include <linux/debugfs.h>
#include <linux/dma-map-ops.h>
#include <linux/kstrtox.h>
#include <linux/pci-p2pdma.h>
#include <linux/seq_buf.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>
#include "phys.h"

/* The last answer, for whoever reads next. */
static DEFINE_MUTEX(dma_phys_answer_lock);
static char dma_phys_answer[SZ_1K] =
	"nothing asked: write CLIENT PROVIDER, or CLIENT ADDRESS\n";

/* Where the ways to the two devices part; NULL if only at the host bridge. */
static struct pci_dev *dma_phys_common(struct pci_dev *a, struct pci_dev *b)
{
	struct pci_dev *bb;

	for (; a; a = pci_upstream_bridge(a))
		for (bb = b; bb; bb = pci_upstream_bridge(bb))
			if (a == bb)
				return a;
	return NULL;
}

static int dma_phys_acs_of(struct pci_dev *port, char *list, size_t size)
{
	size_t len = strlen(list);
	u16 ctrl;

	if (!port->acs_cap)
		return 0;
	pci_read_config_word(port, port->acs_cap + PCI_ACS_CTRL, &ctrl);
	if (!(ctrl & (PCI_ACS_RR | PCI_ACS_CR | PCI_ACS_EC)))
		return 0;
	scnprintf(list + len, size - len, "%s%s", len ? ";" : "",
		  pci_name(port));
	return 1;
}

/* The ports that send everything up, as pci=disable_acs_redir= wants them. */
static int dma_phys_acs(struct pci_dev *provider, struct pci_dev *client,
			struct pci_dev *common, char *list, size_t size)
{
	struct pci_dev *p;
	int n;

	*list = '\0';
	n = dma_phys_acs_of(common, list, size);
	for (p = provider; p != common; p = pci_upstream_bridge(p))
		n += dma_phys_acs_of(p, list, size);
	for (p = client; p != common; p = pci_upstream_bridge(p))
		n += dma_phys_acs_of(p, list, size);
	return n;
}

/* How the way through the host bridge came about, and whether it is open. */
static void dma_phys_explain_host(struct seq_buf *s, struct pci_dev *provider,
				  struct pci_dev *client, int map)
{
	struct pci_dev *common = dma_phys_common(provider, client);
	struct pci_host_bridge *host = pci_find_host_bridge(client->bus);
	struct pci_host_bridge *peer = pci_find_host_bridge(provider->bus);
	const char *never = dma_phys_not_by_cpu(&client->dev);
	bool known = map == PCI_P2PDMA_MAP_THRU_HOST_BRIDGE;
	char acs[128], allow[64];
	bool redirects;

	redirects = common && dma_phys_acs(provider, client, common, acs,
					   sizeof(acs));
	seq_buf_printf(s, "verdict %s\nreason ",
		       dma_phys_map_name(never ? PCI_P2PDMA_MAP_NOT_SUPPORTED :
					 map));
	if (redirects)
		seq_buf_printf(s, "ACS redirect is set on %s", acs);
	else if (host == peer)
		seq_buf_puts(s, "no switch is above both");
	else
		seq_buf_puts(s, "they have different host bridges");
	seq_buf_printf(s, "; host bridge %s", dev_name(&host->dev));
	if (host != peer)
		seq_buf_printf(s, " or %s", dev_name(&peer->dev));
	seq_buf_printf(s, " is %sknown to forward", known ? "" : "not ");
	if (known && never)
		seq_buf_printf(s, ", but %s", never);

	seq_buf_puts(s, "\nremedy ");
	if (redirects)
		seq_buf_printf(s, "boot with pci=disable_acs_redir=%s", acs);
	else if (known && !never)
		seq_buf_puts(s, "none needed");
	else
		seq_buf_puts(s, "put both below one switch");
	if (!known && !never)
		seq_buf_printf(s, "; or, if you know that it forwards, with %s",
			       pci_p2pdma_allow_remedy(provider, client, allow,
						       sizeof(allow)));
	seq_buf_puts(s, "\n");
}

static void dma_phys_explain(struct seq_buf *s, struct pci_dev *provider,
			     struct pci_dev *client, int map)
{
	switch (map) {
	case DMA_PHYS_MAP_OWN_BAR:
		seq_buf_puts(s, "verdict own_bar\n");
		seq_buf_puts(s, "reason the memory is its own\n");
		seq_buf_puts(s, "remedy none needed\n");
		return;
	case PCI_P2PDMA_MAP_BUS_ADDR:
		seq_buf_puts(s, "verdict bus_addr\n");
		seq_buf_printf(s,
			       "reason both are below %s, no ACS redirect\n",
			       pci_name(dma_phys_common(provider, client)));
		seq_buf_puts(s, "remedy none needed\n");
		return;
	default:
		dma_phys_explain_host(s, provider, client, map);
	}
}

/* Answers are remembered; was this one given before something changed? */
static void dma_phys_explain_range(struct seq_buf *s, struct dma_phys_range *r,
				   struct pci_dev *client, int map)
{
	struct dma_phys_path *path;

	seq_buf_printf(s, "range %#llx-%#llx %s\n", (u64)r->range.start,
		       (u64)p2p_range_end(&r->range),
		       dma_phys_state(&r->range));
	guard(rcu)();
	path = dma_phys_path_find(r, &client->dev);
	if (path && path->map != map)
		seq_buf_printf(s,
			       "remembered %s, until one of both is removed\n",
			       dma_phys_map_name(path->map));
}

/* All ranges of a provider, or the one that was asked for. */
static void dma_phys_answer_pair(struct seq_buf *s, struct pci_dev *client,
				 struct pci_dev *provider,
				 struct dma_phys_range *only)
{
	struct dma_phys_range *r;
	int map, n = 0;

	lockdep_assert_held(&dma_phys_lock);
	map = client == provider ? DMA_PHYS_MAP_OWN_BAR :
	      pci_p2pdma_verdict(provider, client, false);
	seq_buf_printf(s, "client %s\nprovider %s\n", pci_name(client),
		       pci_name(provider));
	dma_phys_explain(s, provider, client, map);
	list_for_each_entry(r, &dma_phys_ranges, node) {
		if (r->provider.owner != &provider->dev ||
		    (only && r != only))
			continue;
		dma_phys_explain_range(s, r, client, map);
		n++;
	}
	if (!n)
		seq_buf_puts(s, "range none is registered\n");
}

static struct pci_dev *dma_phys_pci_dev(const char *name)
{
	unsigned int domain, bus, slot, fn;

	if (sscanf(name, "%x:%x:%x.%x", &domain, &bus, &slot, &fn) != 4)
		return NULL;
	return pci_get_domain_bus_and_slot(domain, bus, PCI_DEVFN(slot, fn));
}

static int dma_phys_ask(struct seq_buf *s, char *client_name, char *what)
{
	struct pci_dev *client __free(pci_dev_put) = NULL;
	struct pci_dev *provider __free(pci_dev_put) = NULL;
	struct dma_phys_range *r;
	u64 phys;

	client = dma_phys_pci_dev(client_name);
	if (!client)
		return -ENODEV;
	if (strchr(what, ':')) {
		provider = dma_phys_pci_dev(what);
		if (!provider)
			return -ENODEV;
		guard(mutex)(&dma_phys_lock);
		dma_phys_answer_pair(s, client, provider, NULL);
		return 0;
	}
	if (kstrtoull(what, 0, &phys))
		return -EINVAL;
	if (phys != (phys_addr_t)phys)
		return -ERANGE;

	guard(mutex)(&dma_phys_lock);
	r = dma_phys_range_at(phys);
	if (r) {
		dma_phys_answer_pair(s, client, to_pci_dev(r->provider.owner),
				     r);
		return 0;
	}
	seq_buf_printf(s, "client %s\nprovider none\nverdict none\n",
		       pci_name(client));
	seq_buf_printf(s, "reason nobody registered %#llx: plain MMIO\n", phys);
	seq_buf_puts(s, "remedy its driver must call p2pmem_register()\n");
	return 0;
}

static const char *dma_phys_no_answer(int error)
{
	switch (error) {
	case -ENODEV:
		return "no such device, see lspci -D";
	case -ERANGE:
		return "this kernel has no addresses that large";
	default:
		return "write CLIENT PROVIDER, or CLIENT ADDRESS";
	}
}

static int dma_phys_question(const char __user *user, size_t len,
			     struct seq_buf *s)
{
	char buf[64], client[32], what[32];
	int error;

	if (len >= sizeof(buf))
		return -EINVAL;
	if (copy_from_user(buf, user, len))
		return -EFAULT;
	buf[len] = '\0';
	if (sscanf(buf, "%31s %31s", client, what) != 2)
		return -EINVAL;

	/* nothing on the way between the two is unplugged meanwhile */
	pci_lock_rescan_remove();
	error = dma_phys_ask(s, client, what);
	pci_unlock_rescan_remove();
	return error;
}

static ssize_t dma_phys_verdict_write(struct file *file,
				      const char __user *user, size_t len,
				      loff_t *pos)
{
	struct seq_buf s;
	int error;

	guard(mutex)(&dma_phys_answer_lock);
	/* whatever is written: the answer to the last question is no more */
	seq_buf_init(&s, dma_phys_answer, sizeof(dma_phys_answer));
	error = dma_phys_question(user, len, &s);
	if (error)
		seq_buf_printf(&s, "no answer: %s\n",
			       dma_phys_no_answer(error));
	seq_buf_str(&s);
	return error ?: len;
}

static int dma_phys_verdict_show(struct seq_file *m, void *v)
{
	guard(mutex)(&dma_phys_answer_lock);
	seq_puts(m, dma_phys_answer);
	return 0;
}

static int dma_phys_verdict_open(struct inode *inode, struct file *file)
{
	return single_open(file, dma_phys_verdict_show, NULL);
}

const struct file_operations dma_phys_verdict_fops = {
	.owner		= THIS_MODULE,
	.open		= dma_phys_verdict_open,
	.read		= seq_read,
	.write		= dma_phys_verdict_write,
	.llseek		= seq_lseek,
	.release	= single_release,
};
