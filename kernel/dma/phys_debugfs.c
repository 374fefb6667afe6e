// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/dma_phys: which ranges there are, who reaches them and how,
 * and what has been mapped.
 */

#define pr_fmt(fmt) "dma-phys: " fmt

#include <linux/cleanup.h>
#include <linux/debugfs.h>
#include <linux/dma-map-ops.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/percpu.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>
#include "phys.h"

static_assert(DMA_PHYS_MAP_OWN_BAR < DMA_PHYS_NR_MAPS);

DEFINE_PER_CPU(struct dma_phys_stats, dma_phys_stats);
EXPORT_PER_CPU_SYMBOL_GPL(dma_phys_stats);

const char *dma_phys_state(const struct p2p_range *range)
{
	switch (p2p_range_state(range)) {
	case P2P_RANGE_LIVE:
		return "live";
	case P2P_RANGE_FENCED:
		return "fenced";
	default:
		return "gone";
	}
}

static int dma_phys_ranges_show(struct seq_file *m, void *v)
{
	struct p2p_range *range;
	unsigned long index = 0;

	seq_puts(m, "# start-end bus size provider state waiting inflight\n");

	guard(rcu)();
	p2p_range_for_each(range, index) {
		struct dma_phys_range *r = to_dma_phys_range(range);
		struct dma_phys_notice notice;

		dma_phys_notify(r, DMA_PHYS_COUNT, &notice);
		seq_printf(m, "%#llx-%#llx bus %#llx size %llu provider %s %s waiting %lu inflight %lu\n",
			   (u64)range->start,
			   (u64)range->start + range->size - 1,
			   (u64)dma_phys_bus_addr(r, range->start),
			   (u64)range->size, r->name, dma_phys_state(range),
			   notice.ios, p2p_range_inflight(range));
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(dma_phys_ranges);

const char *dma_phys_map_name(int map)
{
	switch (map) {
	case PCI_P2PDMA_MAP_BUS_ADDR:
		return "bus_addr";
	case PCI_P2PDMA_MAP_THRU_HOST_BRIDGE:
		return "host_bridge";
	case DMA_PHYS_MAP_OWN_BAR:
		return "own_bar";
	default:
		return "refused";
	}
}

/* The last column; one who was refused has never mapped. */
static void dma_phys_newest_show(struct seq_file *m,
				 const struct dma_phys_path *path)
{
	unsigned long last = READ_ONCE(path->last);

	if (last)
		seq_printf(m, "%u\n", jiffies_to_msecs(jiffies - last));
	else
		seq_puts(m, "never\n");
}

static int dma_phys_clients_show(struct seq_file *m, void *v)
{
	struct p2p_range *range;
	unsigned long index = 0;

	seq_puts(m, "# provider client verdict inflight bytes newest_ms\n");

	guard(rcu)();
	p2p_range_for_each(range, index) {
		struct dma_phys_range *r = to_dma_phys_range(range);
		struct dma_phys_inflight sum;
		struct dma_phys_path *path;
		unsigned long id;

		xa_for_each(&r->paths, id, path) {
			dma_phys_path_inflight(path, &sum);
			seq_printf(m, "%s client %s %s inflight %ld bytes %ld newest_ms ",
				   r->name, path->name,
				   dma_phys_map_name(path->map), sum.mappings,
				   sum.bytes);
			dma_phys_newest_show(m, path);
		}
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(dma_phys_clients);

static int dma_phys_stats_show(struct seq_file *m, void *v)
{
	static const int maps[] = {
		PCI_P2PDMA_MAP_BUS_ADDR,
		PCI_P2PDMA_MAP_THRU_HOST_BRIDGE,
		DMA_PHYS_MAP_OWN_BAR,
		PCI_P2PDMA_MAP_NOT_SUPPORTED,
	};
	int i, cpu;

	for (i = 0; i < ARRAY_SIZE(maps); i++) {
		u64 mappings = 0, bytes = 0;

		for_each_possible_cpu(cpu) {
			struct dma_phys_stats *s;

			s = per_cpu_ptr(&dma_phys_stats, cpu);
			mappings += s->by[maps[i]].mappings;
			bytes += s->by[maps[i]].bytes;
		}
		seq_printf(m, "%s %llu %llu\n", dma_phys_map_name(maps[i]),
			   mappings, bytes);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(dma_phys_stats);

/* For those who hold the lock; NULL if nobody registered the address. */
struct dma_phys_range *dma_phys_range_at(phys_addr_t phys)
{
	struct dma_phys_range *r;

	lockdep_assert_held(&dma_phys_lock);
	list_for_each_entry(r, &dma_phys_ranges, node) {
		if (phys >= r->range.start &&
		    phys <= p2p_range_end(&r->range))
			return r;
	}
	return NULL;
}

#ifdef CONFIG_DMA_PHYS_DEBUG
#define DMA_PHYS_WAIT_MS	10000
#define DMA_PHYS_WAIT_MAX_MS	60000

/*
 * "fence ADDRESS [MILLISECONDS [BOUND]]" fences the range at a CPU address and
 * waits for the DMA in flight, "lift ADDRESS" lifts: to see what IO makes of
 * it. BOUND is for how many milliseconds IO is held back at most.  Waits under
 * the lock, which keeps the range; so not for ever.
 */
static ssize_t dma_phys_fence_write(struct file *file, const char __user *user,
				    size_t len, loff_t *pos)
{
	unsigned int ms = DMA_PHYS_WAIT_MS, bound = 0;
	struct dma_phys_range *r;
	char buf[64], word[8];
	u64 phys;
	int error, n;

	if (len >= sizeof(buf))
		return -EINVAL;
	if (copy_from_user(buf, user, len))
		return -EFAULT;
	buf[len] = '\0';
	n = sscanf(buf, "%7s %lli %u %u", word, &phys, &ms, &bound);
	if (n < 2 || ms > DMA_PHYS_WAIT_MAX_MS)
		return -EINVAL;

	guard(mutex)(&dma_phys_lock);
	r = dma_phys_range_at(phys);
	if (!r)
		return -ENXIO;
	if (!strcmp(word, "lift"))
		error = dma_phys_lift(r);
	else if (!strcmp(word, "fence"))
		error = dma_phys_fence(r, bound);
	else
		return -EINVAL;
	if (!error && *word == 'f')
		error = dma_phys_wait(r, msecs_to_jiffies(ms));
	return error ?: len;
}

static const struct file_operations dma_phys_fence_fops = {
	.owner	= THIS_MODULE,
	.open	= simple_open,
	.write	= dma_phys_fence_write,
};
#endif /* CONFIG_DMA_PHYS_DEBUG */

static int __init dma_phys_debugfs_init(void)
{
	struct dentry *dir = debugfs_create_dir("dma_phys", NULL);

	debugfs_create_file("ranges", 0444, dir, NULL, &dma_phys_ranges_fops);
	debugfs_create_file("clients", 0444, dir, NULL, &dma_phys_clients_fops);
	debugfs_create_file("stats", 0444, dir, NULL, &dma_phys_stats_fops);
	debugfs_create_file("verdict", 0600, dir, NULL, &dma_phys_verdict_fops);
#ifdef CONFIG_DMA_PHYS_DEBUG
	debugfs_create_file("fence", 0200, dir, NULL, &dma_phys_fence_fops);
#endif
	return 0;
}
device_initcall(dma_phys_debugfs_init);
