// SPDX-License-Identifier: GPL-2.0-only
/*
 * What mapping, registering and fencing cost, counted by the time stamp
 * counter, which is the number of instructions in an emulator that is told so
 * (see bench/run).  Builds against the stock kernel and against ours.
 *
 *   cd /sys/module/p2p_bench/parameters
 *   echo "map p2p 0000:03:00.0 0000:04:00.0 64" > run
 *   cat run
 *
 *   register DEVICE                          BAR 2 of DEVICE becomes memory
 *   again DEVICE                             as above, its bytes are counted
 *   map p2p|ram CLIENT PROVIDER SEGMENTS     a request, without its IO
 *   verdict CLIENT PROVIDER                  first and cached
 *   fence CLIENT PROVIDER MAPPINGS           with so many in flight
 *   lookup RANGES                            of an address, 3 structures
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/pci.h>
#include <linux/timex.h>

#include "bench.h"
#include "lookup.h"

#define BENCH_LOOKUPS	4096

char bench_result[256] = "nothing was run";
struct bench_memory bench_memory;

static struct pci_dev *bench_pci(const char *name)
{
	unsigned int domain, bus, slot, fn;

	if (sscanf(name, "%x:%x:%x.%x", &domain, &bus, &slot, &fn) != 4)
		return NULL;
	return pci_get_domain_bus_and_slot(domain, bus, PCI_DEVFN(slot, fn));
}

static int bench_run_map(const char *args)
{
	char kind[8], client_name[16], provider_name[16];
	struct pci_dev *client, *provider;
	int segments, error = -ENODEV;

	if (sscanf(args, "%7s %15s %15s %d", kind, client_name, provider_name,
		   &segments) != 4 || segments < 1 || segments > BENCH_MAX)
		return -EINVAL;
	client = bench_pci(client_name);
	provider = bench_pci(provider_name);
	bench_memory.size = BENCH_MAX * 2 * BENCH_PIECE;
	bench_memory.ram = alloc_pages_exact(bench_memory.size, GFP_KERNEL);
	if (client && provider && bench_memory.ram)
		error = bench_get_p2p(provider);
	if (!error) {
		error = bench_map_segments(client, !strcmp(kind, "p2p"),
					   segments);
		bench_put_p2p(provider);
	}
	if (bench_memory.ram)
		free_pages_exact(bench_memory.ram, bench_memory.size);
	pci_dev_put(client);
	pci_dev_put(provider);
	return error;
}

/* What becomes struct pages shows in /proc/vmstat: see the guest's script. */
static int bench_register(struct pci_dev *pdev)
{
	unsigned long cost;
	cycles_t start;
	int error;

	error = bench_register_prepare(pdev);
	if (error)
		return error;
	start = get_cycles();
	error = bench_register_bar(pdev);
	cost = get_cycles() - start;
	scnprintf(bench_result, sizeof(bench_result), "instructions %lu",
		  cost);
	return error;
}

/*
 * What is smaller shows only when each allocation is watched, which disturbs
 * the count of instructions: so it is registered once more.
 */
static int bench_register_watched(struct pci_dev *pdev)
{
	long slab;
	int error;

	bench_register_undo(pdev);
	error = bench_register_prepare(pdev);
	if (error)
		return error;
	bench_memory_start();
	error = bench_register_bar(pdev);
	slab = bench_memory_stop();
	scnprintf(bench_result, sizeof(bench_result), "slab %ld", slab);
	return error;
}

static int bench_with_device(const char *args, int (*fn)(struct pci_dev *pdev))
{
	struct pci_dev *pdev = bench_pci(args);
	int error;

	if (!pdev)
		return -ENODEV;
	error = fn(pdev);
	pci_dev_put(pdev);
	return error;
}

#ifdef CONFIG_DMA_PHYS_P2P

static int bench_with_p2p(const char *args,
			  int (*fn)(struct pci_dev *client,
				    struct pci_dev *provider, int n))
{
	char client_name[16], provider_name[16];
	struct pci_dev *client, *provider;
	int n = 1, error = -ENODEV;

	if (sscanf(args, "%15s %15s %d", client_name, provider_name, &n) < 2 ||
	    n < 1)
		return -EINVAL;
	client = bench_pci(client_name);
	provider = bench_pci(provider_name);
	bench_memory.size = BENCH_PIECE;
	if (client && provider)
		error = bench_get_p2p(provider);
	if (!error) {
		error = fn(client, provider, n);
		bench_put_p2p(provider);
	}
	pci_dev_put(client);
	pci_dev_put(provider);
	return error;
}

#endif /* CONFIG_DMA_PHYS_P2P */

/*
 * From few ranges to many: nothing is taken out again, for each would wait for
 * a grace period.
 */
static int bench_run_lookup(const char *args)
{
	static u64 phys[BENCH_LOOKUPS];
	unsigned long n, i, found, len = 0;
	cycles_t start, cost;
	int error, pattern, way;

	error = kstrtoul(args, 0, &n) ?: lookup_grow(n);
	if (error)
		return error;
	for (pattern = 0; pattern < 2; pattern++) {
		lookup_fill(phys, BENCH_LOOKUPS, !pattern, true);
		for (way = 0; lookup_ways[way].name; way++) {
			local_irq_disable();
			start = get_cycles();
			for (i = 0, found = 0; i < BENCH_LOOKUPS; i++)
				found += lookup_ways[way].find(phys[i]);
			cost = get_cycles() - start;
			local_irq_enable();
			if (found != (pattern ? 0 : BENCH_LOOKUPS))
				error = -EILSEQ;
			len += scnprintf(bench_result + len,
					 sizeof(bench_result) - len,
					 "%s-%s %llu ", lookup_ways[way].name,
					 pattern ? "miss" : "hit",
					 cost / BENCH_LOOKUPS);
		}
	}
	return error;
}

static int bench_run(const char *val, const struct kernel_param *kp)
{
	char args[64];
	int error = -EINVAL;

	strscpy(args, val);
	strim(args);
	if (str_has_prefix(args, "map "))
		error = bench_run_map(args + 4);
	else if (str_has_prefix(args, "register "))
		error = bench_with_device(args + 9, bench_register);
	else if (str_has_prefix(args, "again "))
		error = bench_with_device(args + 6, bench_register_watched);
	else if (str_has_prefix(args, "lookup "))
		error = bench_run_lookup(args + 7);
#ifdef CONFIG_DMA_PHYS_P2P
	else if (str_has_prefix(args, "verdict "))
		error = bench_with_p2p(args + 8, bench_verdict);
	else if (str_has_prefix(args, "fence "))
		error = bench_with_p2p(args + 6, bench_fence);
#endif
	if (error)
		scnprintf(bench_result, sizeof(bench_result), "error %d",
			  error);
	return error;
}

static int bench_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%s\n", bench_result);
}

static const struct kernel_param_ops bench_run_ops = {
	.set = bench_run,
	.get = bench_get,
};
module_param_cb(run, &bench_run_ops, NULL, 0600);
MODULE_PARM_DESC(run, "what to measure; read: how it went");

static int bench_get_clock(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%llu\n", bench_busy());
}

static const struct kernel_param_ops bench_clock_ops = {
	.get = bench_get_clock,
};
module_param_cb(busy, &bench_clock_ops, NULL, 0400);
MODULE_PARM_DESC(busy, "nanoseconds that this processor was not idle");

static int __init bench_init(void)
{
	return bench_watch();
}
module_init(bench_init);

static void __exit bench_exit(void)
{
	bench_unwatch();
}
module_exit(bench_exit);

MODULE_DESCRIPTION("What mapping, registering and fencing cost");
MODULE_LICENSE("GPL");
