// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for DMA mapping by physical address: how a client reaches a
 * provider.
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/pci-p2pdma.h>

#include "dma_phys_test.h"

struct verdict_case {
	const char *name;
	const char *provider;
	const char *client;
	const char *acs_port;
	u16 acs_ctrl;
	int map;
};

static const struct verdict_case verdict_cases[] = {
	{ "own BAR", "A", "A", .map = OWN_BAR },
	{ "own BAR, ACS on the port", "A", "A", "down0", PCI_ACS_RR, OWN_BAR },
	{ "other function", "A", "A1", .map = BUS_ADDR },
	{ "other function, ACS on the port", "A", "A1", "down0", PCI_ACS_RR,
	  REFUSED },
	{ "same switch", "A", "B", .map = BUS_ADDR },
	{ "same switch, other way", "B", "A", .map = BUS_ADDR },
	{ "nested switch", "A", "C", .map = BUS_ADDR },
	{ "ACS request redirect, provider", "A", "B", "down0", PCI_ACS_RR,
	  REFUSED },
	{ "ACS completion redirect, provider", "A", "B", "down0", PCI_ACS_CR,
	  REFUSED },
	{ "ACS egress control, provider", "A", "B", "down0", PCI_ACS_EC,
	  REFUSED },
	{ "ACS request redirect, client", "A", "B", "down1", PCI_ACS_RR,
	  REFUSED },
	{ "ACS completion redirect, client", "A", "B", "down1", PCI_ACS_CR,
	  REFUSED },
	{ "ACS egress control, client", "A", "B", "down1", PCI_ACS_EC,
	  REFUSED },
	{ "ACS that redirects nothing", "A", "B", "down0",
	  PCI_ACS_SV | PCI_ACS_TB | PCI_ACS_UF, BUS_ADDR },
	{ "ACS on a port beside the path", "A", "B", "down2", PCI_ACS_RR,
	  BUS_ADDR },
	{ "ACS on the port above the switch", "A", "B", "port0", PCI_ACS_RR,
	  BUS_ADDR },
	{ "ACS request, provider, nested", "A", "C", "down0", PCI_ACS_RR,
	  REFUSED },
	{ "ACS completion, provider, nested", "A", "C", "down0", PCI_ACS_CR,
	  REFUSED },
	{ "ACS egress, provider, nested", "A", "C", "down0", PCI_ACS_EC,
	  REFUSED },
	{ "ACS request between switches", "A", "C", "down2", PCI_ACS_RR,
	  REFUSED },
	{ "ACS completion between switches", "A", "C", "down2", PCI_ACS_CR,
	  REFUSED },
	{ "ACS egress between switches", "A", "C", "down2", PCI_ACS_EC,
	  REFUSED },
	{ "ACS request, client, nested", "A", "C", "down3", PCI_ACS_RR,
	  REFUSED },
	{ "ACS completion, client, nested", "A", "C", "down3", PCI_ACS_CR,
	  REFUSED },
	{ "ACS egress, client, nested", "A", "C", "down3", PCI_ACS_EC,
	  REFUSED },
	{ "ACS of another port of the nested switch", "A", "C", "down1",
	  PCI_ACS_RR | PCI_ACS_CR | PCI_ACS_EC, BUS_ADDR },
	{ "nested switch, other way", "B", "C", "down2", PCI_ACS_CR, REFUSED },
	{ "other root port, unknown bridge", "A", "D", .map = REFUSED },
	{ "conventional PCI, unknown bridge", "A", "E", .map = REFUSED },
	{ "from conventional PCI, unknown bridge", "E", "A", .map = REFUSED },
	{ "one conventional bus", "E", "E1", .map = BUS_ADDR },
	{ "other domain, unknown bridge", "A", "F", .map = REFUSED },
	{ "same switch, known bridge", "F", "G", .map = BUS_ADDR },
	{ "ACS, known bridge", "F", "G", "down10", PCI_ACS_RR, HOST_BRIDGE },
	{ "ACS of the client, known bridge", "F", "G", "down11", PCI_ACS_CR,
	  HOST_BRIDGE },
	{ "other root port, known bridge", "F", "H", .map = HOST_BRIDGE },
	{ "other root port, known bridge, ACS", "F", "H", "down10", PCI_ACS_RR,
	  HOST_BRIDGE },
	{ "integrated endpoints, known bridge", "N", "O", .map = HOST_BRIDGE },
	{ "from an integrated endpoint", "N", "F", .map = HOST_BRIDGE },
	{ "to an integrated endpoint", "F", "N", .map = HOST_BRIDGE },
	{ "two known bridges", "F", "I", .map = HOST_BRIDGE },
	{ "two known bridges, other way", "I", "F", .map = HOST_BRIDGE },
	{ "known to unknown bridge", "F", "A", .map = REFUSED },
	{ "other root port, unknown bridge, ACS", "A", "D", "down0", PCI_ACS_RR,
	  REFUSED },
	{ "own ports only, own", "L", "M", .map = HOST_BRIDGE },
	{ "own ports only, to another", "L", "I", .map = REFUSED },
	{ "own ports only, from another", "I", "L", .map = REFUSED },
};

KUNIT_ARRAY_PARAM_DESC(verdict, verdict_cases, name);

static void verdict(struct kunit *test)
{
	const struct verdict_case *c = test->param_value;
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct dma_phys_path *got;
	struct dma_phys_range *r;
	int i;

	if (c->acs_port)
		fake_pci_set_acs(f, c->acs_port, c->acs_ctrl);
	r = test_range(test, f, c->provider);

	/* worked out, and then from the cache */
	for (i = 0; i < 2; i++) {
		got = dma_phys_get(test_dev(f, c->client), r->range.start,
				   SZ_4K, 0);
		if (c->map == REFUSED) {
			KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-EREMOTEIO), got);
			continue;
		}
		KUNIT_ASSERT_FALSE(test, IS_ERR(got));
		KUNIT_EXPECT_EQ(test, c->map, got->map);
		KUNIT_EXPECT_PTR_EQ(test, r, got->range);
		KUNIT_EXPECT_EQ(test, 1, p2p_range_inflight(&r->range));
		dma_phys_put(got, 0);
	}
	EXPECT_IDLE(test, r);
}

static void verdict_no_pci(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct dma_phys_range *r = test_range(test, f, "A");
	struct device *dev = kunit_device_register(test, "no-pci-device");
	struct dma_phys_log *log = dma_phys_log_begin(test);

	KUNIT_ASSERT_FALSE(test, IS_ERR(dev));
	KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-EREMOTEIO),
			    dma_phys_get(dev, r->range.start, SZ_4K, 0));
	EXPECT_LOGGED(test, log, "no-pci-device: cannot reach ");
	EXPECT_IDLE(test, r);
}

/* The verdict on a client, which does nothing with it. */
static int test_verdict(struct device *dev, struct dma_phys_range *r)
{
	struct dma_phys_path *path;
	int map;

	path = dma_phys_get(dev, r->range.start, SZ_4K, 0);
	if (IS_ERR(path))
		return PTR_ERR(path) == -EREMOTEIO ? REFUSED : PTR_ERR(path);
	map = path->map;
	dma_phys_put(path, 0);
	return map;
}

static void verdict_is_cached(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct dma_phys_range *r = test_range(test, f, "A");

	KUNIT_EXPECT_TRUE(test, xa_empty(&r->paths));
	KUNIT_EXPECT_EQ(test, BUS_ADDR, test_verdict(test_dev(f, "B"), r));
	KUNIT_EXPECT_FALSE(test, xa_empty(&r->paths));
	/* a refusal is remembered as well, and per client */
	KUNIT_EXPECT_EQ(test, REFUSED, test_verdict(test_dev(f, "D"), r));
	KUNIT_EXPECT_EQ(test, BUS_ADDR, test_verdict(test_dev(f, "B"), r));

	/* whoever comes to their addresses next is somebody else */
	fake_pci_unplug(f, "B");
	fake_pci_unplug(f, "D");
	KUNIT_EXPECT_TRUE(test, xa_empty(&r->paths));
	EXPECT_IDLE(test, r);
}

/* The same range, registered again, asks again. */
static void verdict_of_new_range(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct dma_phys_range *r = test_range(test, f, "A");
	struct device *dev = test_dev(f, "B");
	phys_addr_t start = r->range.start;

	KUNIT_EXPECT_EQ(test, BUS_ADDR, test_verdict(dev, r));
	fake_pci_set_acs(f, "down1", PCI_ACS_RR);
	/* changed under a running kernel: not seen until then */
	KUNIT_EXPECT_EQ(test, BUS_ADDR, test_verdict(dev, r));

	dma_phys_del(r);
	KUNIT_EXPECT_TRUE(test, xa_empty(&r->paths));
	KUNIT_ASSERT_EQ(test, 0, dma_phys_add_bar(r, fake_pci_dev(f, "A"), 0, 0,
						  SZ_1M));
	KUNIT_EXPECT_EQ(test, start, r->range.start);
	KUNIT_EXPECT_EQ(test, REFUSED, test_verdict(dev, r));
	EXPECT_IDLE(test, r);
}

/* Two ranges are asked for each by itself. */
static void verdict_of_two_ranges(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct dma_phys_range *a = test_range(test, f, "A");
	struct dma_phys_range *n = test_range(test, f, "N");
	struct device *dev = test_dev(f, "H");
	int i;

	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, REFUSED, test_verdict(dev, a));
		KUNIT_EXPECT_EQ(test, HOST_BRIDGE, test_verdict(dev, n));
	}
	EXPECT_IDLE(test, a);
	EXPECT_IDLE(test, n);
}

/* Unplugged, and something else put into the same slot. */
static void verdict_of_replugged(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct dma_phys_range *r = test_range(test, f, "A");

	KUNIT_EXPECT_EQ(test, BUS_ADDR, test_verdict(test_dev(f, "B"), r));
	KUNIT_EXPECT_NOT_NULL(test, rcu_access_pointer(r->first));
	fake_pci_unplug(f, "B");
	KUNIT_EXPECT_NULL(test, rcu_access_pointer(r->first));
	fake_pci_set_acs(f, "down1", PCI_ACS_RR);
	fake_pci_replug(f, "B");
	KUNIT_EXPECT_EQ(test, REFUSED, test_verdict(test_dev(f, "B"), r));
	EXPECT_IDLE(test, r);
}

/*
 * What the log says: who, why, and what to type.  $c, $p and $h stand for the
 * names of the client, the provider and the host bridge, $0 to $3 for those of
 * the ports down0 to down3.
 */
#define ACS_SET(_client) \
	_client ": ACS redirect is set between the client and provider ($p)"
#define ACS_TYPE(_client, _ports) \
	_client ": to disable ACS redirect for this path, add the kernel " \
	"parameter: pci=disable_acs_redir=" _ports
#define NO_BRIDGE \
	"$c: cannot be used for peer-to-peer DMA as the client and provider ($p) do not share an upstream bridge or whitelisted host bridge"
#define UNKNOWN \
	"$h: Host bridge not in P2PDMA whitelist: fafa:0000"

struct message_case {
	const char *name;
	const char *provider;
	const char *client;
	const char *acs[3];
	const char *says[4];	/* in this order */
};

static const struct message_case message_cases[] = {
	{ "unknown bridge", "A", "D", {},
	  { UNKNOWN, NO_BRIDGE } },
	{ "another unknown bridge", "F", "A", {},
	  { UNKNOWN, NO_BRIDGE } },
	{ "own ports only", "L", "I", {},
	  { NO_BRIDGE } },
	{ "ACS of the provider", "A", "B", { "down0" },
	  { ACS_SET("$c"), ACS_TYPE("$c", "$0\n"), UNKNOWN, NO_BRIDGE } },
	{ "ACS of the client", "A", "B", { "down1" },
	  { ACS_SET("$c"), ACS_TYPE("$c", "$1\n"), UNKNOWN, NO_BRIDGE } },
	{ "ACS of both", "A", "B", { "down0", "down1" },
	  { ACS_SET("$c"), ACS_TYPE("$c", "$0;$1\n"), UNKNOWN, NO_BRIDGE } },
	{ "ACS, other root port", "A", "D", { "down0" },
	  { UNKNOWN, NO_BRIDGE } },
	{ "ACS of three", "A", "C", { "down0", "down2", "down3" },
	  { ACS_SET("$c"), ACS_TYPE("$c", "$0;$3;$2\n"), UNKNOWN,
	    NO_BRIDGE } },
};

KUNIT_ARRAY_PARAM_DESC(message, message_cases, name);

/* The pattern with the names put in. */
static const char *test_expand(struct kunit *test, struct fake_pci *f,
			       const struct message_case *c, const char *text)
{
	static const char * const ports[] = {
		"down0", "down1", "down2", "down3",
	};
	char *out = kunit_kzalloc(test, SZ_512, GFP_KERNEL);
	const char *name;
	size_t len = 0;

	KUNIT_ASSERT_NOT_NULL(test, out);
	for (; *text; text++) {
		if (*text != '$') {
			out[len++] = *text;
			continue;
		}
		switch (*++text) {
		case 'c':
			name = c->client;
			break;
		case 'p':
			name = c->provider;
			break;
		case 'h':
			name = "hd0";
			break;
		default:
			name = ports[*text - '0'];
		}
		len += scnprintf(out + len, SZ_512 - len, "%s",
				 pci_name(fake_pci_dev(f, name)));
	}
	return out;
}

static void message(struct kunit *test)
{
	const struct message_case *c = test->param_value;
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct device *dev = test_dev(f, c->client);
	struct dma_phys_range *r;
	struct dma_phys_log *log;
	int i;

	for (i = 0; i < ARRAY_SIZE(c->acs) && c->acs[i]; i++)
		fake_pci_set_acs(f, c->acs[i], PCI_ACS_RR);
	r = test_range(test, f, c->provider);

	log = dma_phys_log_begin(test);
	KUNIT_EXPECT_EQ(test, REFUSED, test_verdict(dev, r));
	for (i = 0; i < ARRAY_SIZE(c->says) && c->says[i]; i++)
		EXPECT_LOGGED(test, log,
			      test_expand(test, f, c, c->says[i]));
	EXPECT_IDLE(test, r);
}

/* Who reaches it is told nothing. */
static void message_none(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct dma_phys_range *r = test_range(test, f, "F");
	struct device *g = test_dev(f, "G"), *h = test_dev(f, "H");
	struct dma_phys_log *log = dma_phys_log_begin(test);

	KUNIT_EXPECT_EQ(test, BUS_ADDR, test_verdict(g, r));
	KUNIT_EXPECT_EQ(test, HOST_BRIDGE, test_verdict(h, r));
	KUNIT_EXPECT_FALSE(test, dma_phys_log_says(log, "peer"));
}

/* host bridges that are allowed by a boot parameter */

static void test_forget_allowed(void *allow)
{
	pci_p2pdma_allow = allow;
}

/* As if the machine had been booted with it. */
static void test_allow(struct kunit *test, char *allow)
{
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, test_forget_allowed,
						  pci_p2pdma_allow));
	pci_p2pdma_allow = allow;
}

/* How the parameter names the host bridge above a device. */
static char *test_bridge(struct kunit *test, struct fake_pci *f,
			 const char *name)
{
	struct pci_bus *bus = fake_pci_dev(f, name)->bus;
	char *text = kunit_kzalloc(test, 16, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, text);
	while (bus->parent)
		bus = bus->parent;
	scnprintf(text, 16, "%04x:%02x", pci_domain_nr(bus), bus->number);
	return text;
}

struct allow_case {
	const char *name;
	const char *allow[2];	/* bridges above these */
	const char *provider;
	const char *client;
	const char *acs_port;
	int map;
};

static const struct allow_case allow_cases[] = {
	{ "unknown bridge", { "A" }, "A", "D", .map = HOST_BRIDGE },
	{ "behind ACS", { "A" }, "A", "B", "down0", HOST_BRIDGE },
	{ "no way round the switch", { "A" }, "A", "B", .map = BUS_ADDR },
	{ "another bridge alone", { "I" }, "A", "D", .map = REFUSED },
	{ "the second of two", { "I", "A" }, "A", "D", .map = HOST_BRIDGE },
	{ "to a known bridge", { "A" }, "F", "A", .map = HOST_BRIDGE },
	{ "to an unknown one", { "I" }, "F", "A", .map = REFUSED },
	{ "own ports only", { "L" }, "L", "I", .map = HOST_BRIDGE },
};

KUNIT_ARRAY_PARAM_DESC(allow, allow_cases, name);

static void allow(struct kunit *test)
{
	const struct allow_case *c = test->param_value;
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	char list[40];

	scnprintf(list, sizeof(list), "%s%s%s",
		  test_bridge(test, f, c->allow[0]), c->allow[1] ? "," : "",
		  c->allow[1] ? test_bridge(test, f, c->allow[1]) : "");
	test_allow(test, list);
	if (c->acs_port)
		fake_pci_set_acs(f, c->acs_port, PCI_ACS_RR);
	KUNIT_EXPECT_EQ(test, c->map,
			test_verdict(test_dev(f, c->client),
				     test_range(test, f, c->provider)));
}

/* What is no list of bridges allows none. */
static void allow_nonsense(struct kunit *test)
{
	static char * const lists[] = {
		"", ",", "all", "4000", "4000:", ":00",
	};
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct dma_phys_range *r = test_range(test, f, "A");
	struct pci_host_bridge *host;
	char almost[24];
	int i;

	host = pci_find_host_bridge(fake_pci_dev(f, "A")->bus);
	for (i = 0; i < ARRAY_SIZE(lists); i++) {
		test_allow(test, lists[i]);
		KUNIT_EXPECT_FALSE_MSG(test, pci_p2pdma_bridge_allowed(host),
				       "%s", lists[i]);
	}
	scnprintf(almost, sizeof(almost), "%sx", test_bridge(test, f, "A"));
	test_allow(test, almost);
	KUNIT_EXPECT_FALSE(test, pci_p2pdma_bridge_allowed(host));
	/* its domain, but another bus */
	scnprintf(almost, sizeof(almost), "%04x:%02x",
		  pci_domain_nr(host->bus), host->bus->number ^ 0x80);
	test_allow(test, almost);
	KUNIT_EXPECT_FALSE(test, pci_p2pdma_bridge_allowed(host));
	KUNIT_EXPECT_EQ(test, REFUSED, test_verdict(test_dev(f, "D"), r));
}

/* A mistyped word is named when the machine boots, a right one is not. */
static void allow_mistyped(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	struct pci_bus *below = fake_pci_dev(f, "A")->bus;
	struct dma_phys_log *log;
	char list[64], none[40];

	scnprintf(list, sizeof(list), ",0000:8o,7fff:1f,%04x:%02x,%s,%s",
		  pci_domain_nr(below), below->number,
		  test_bridge(test, f, "A"), test_bridge(test, f, "I"));
	test_allow(test, list);
	log = dma_phys_log_begin(test);
	pci_p2pdma_allow_check();
	EXPECT_LOGGED(test, log, "\"0000:8o\" is not DOMAIN:BUS");
	EXPECT_LOGGED(test, log, "there is no host bridge 7fff:1f");
	scnprintf(none, sizeof(none), "there is no host bridge %04x:%02x",
		  pci_domain_nr(below), below->number);
	EXPECT_LOGGED(test, log, none);
	KUNIT_EXPECT_FALSE(test, dma_phys_log_says(log, "allow_host_bridge"));

	test_allow(test, NULL);
	log = dma_phys_log_begin(test);
	pci_p2pdma_allow_check();
	KUNIT_EXPECT_FALSE(test, dma_phys_log_says(log, "allow_host_bridge"));
}

static void expect_remedy(struct kunit *test, struct fake_pci *f,
			  const char *provider, const char *client,
			  const char *bridges)
{
	struct dma_phys_range *r = test_range(test, f, provider);
	struct device *dev = test_dev(f, client);
	struct dma_phys_log *log = dma_phys_log_begin(test);
	char line[160];

	KUNIT_EXPECT_EQ(test, REFUSED, test_verdict(dev, r));
	scnprintf(line, sizeof(line),
		  "%s: if you know that the host bridge forwards, add the kernel parameter: p2pdma.allow_host_bridge=%s (",
		  dev_name(dev), bridges);
	EXPECT_LOGGED(test, log, line);
	dma_phys_del(r);
}

/* A refusal says what to type, and that helps. */
static void message_remedy(struct kunit *test)
{
	struct fake_pci *f = fake_pci_create(test, dma_phys_fabric);
	char both[40];

	scnprintf(both, sizeof(both), "%s,%s", test_bridge(test, f, "A"),
		  test_bridge(test, f, "F"));
	expect_remedy(test, f, "A", "D", test_bridge(test, f, "A"));
	expect_remedy(test, f, "A", "F", both);
	test_allow(test, both);
	KUNIT_EXPECT_EQ(test, HOST_BRIDGE,
			test_verdict(test_dev(f, "F"),
				     test_range(test, f, "A")));
}

static struct kunit_case dma_phys_verdict_cases[] = {
	KUNIT_CASE_PARAM(verdict, verdict_gen_params),
	KUNIT_CASE(verdict_no_pci),
	KUNIT_CASE(verdict_is_cached),
	KUNIT_CASE(verdict_of_new_range),
	KUNIT_CASE(verdict_of_two_ranges),
	KUNIT_CASE(verdict_of_replugged),
	KUNIT_CASE_PARAM(message, message_gen_params),
	KUNIT_CASE(message_none),
	KUNIT_CASE_PARAM(allow, allow_gen_params),
	KUNIT_CASE(allow_nonsense),
	KUNIT_CASE(allow_mistyped),
	KUNIT_CASE(message_remedy),
	{}
};

static struct kunit_suite dma_phys_verdict_suite = {
	.name = "dma_phys_verdict",
	.test_cases = dma_phys_verdict_cases,
};

kunit_test_suite(dma_phys_verdict_suite);

MODULE_DESCRIPTION("KUnit tests for DMA mapping: who reaches whom");
MODULE_LICENSE("GPL");
