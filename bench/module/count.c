// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counting memory and time: see main.c.
 */
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/rwlock.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/tick.h>
#include <linux/tracepoint.h>

#include "bench.h"
#include "lookup.h"

/* One processor, one task: what is counted needs no lock. */
static struct {
	struct task_struct *task;
	long bytes;
	int n;
	struct {
		const void *ptr;
		size_t bytes;
	} live[256];
} bench_use;

static void bench_add(const void *ptr, size_t bytes)
{
	if (current != bench_use.task || !ptr)
		return;
	bench_use.bytes += bytes;
	if (WARN_ON_ONCE(bench_use.n == ARRAY_SIZE(bench_use.live)))
		return;
	bench_use.live[bench_use.n].ptr = ptr;
	bench_use.live[bench_use.n++].bytes = bytes;
}

/* What was there before is not given back by us. */
static void bench_sub(const void *ptr)
{
	int i;

	if (current != bench_use.task)
		return;
	for (i = 0; i < bench_use.n; i++) {
		if (bench_use.live[i].ptr == ptr) {
			bench_use.bytes -= bench_use.live[i].bytes;
			bench_use.live[i] = bench_use.live[--bench_use.n];
			return;
		}
	}
}

static void on_kmalloc(void *data, unsigned long call_site, const void *ptr,
		       size_t bytes_req, size_t bytes_alloc, gfp_t gfp,
		       int node)
{
	bench_add(ptr, bytes_alloc);
}

static void on_cache_alloc(void *data, unsigned long call_site,
			   const void *ptr, struct kmem_cache *s, gfp_t gfp,
			   int node)
{
	bench_add(ptr, kmem_cache_size(s));
}

static void on_kfree(void *data, unsigned long call_site, const void *ptr)
{
	bench_sub(ptr);
}

static void on_cache_free(void *data, unsigned long call_site, const void *ptr,
			  const struct kmem_cache *s)
{
	bench_sub(ptr);
}

static void on_percpu_alloc(void *data, unsigned long call_site, bool reserved,
			    bool is_atomic, size_t size, size_t align,
			    void *base_addr, int off, void __percpu *ptr,
			    size_t bytes_alloc, gfp_t gfp)
{
	bench_add((__force void *)ptr, bytes_alloc);
}

static void on_percpu_free(void *data, void *base_addr, int off,
			   void __percpu *ptr)
{
	bench_sub((__force void *)ptr);
}

static struct {
	const char *name;
	void *probe;
	struct tracepoint *tp;
} bench_probes[] = {
	{ "kmalloc", on_kmalloc },
	{ "kmem_cache_alloc", on_cache_alloc },
	{ "kfree", on_kfree },
	{ "kmem_cache_free", on_cache_free },
	{ "percpu_alloc_percpu", on_percpu_alloc },
	{ "percpu_free_percpu", on_percpu_free },
};

static void bench_find(struct tracepoint *tp, void *unused)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(bench_probes); i++) {
		if (!strcmp(tp->name, bench_probes[i].name))
			bench_probes[i].tp = tp;
	}
}

int bench_watch(void)
{
	int i;

	for_each_kernel_tracepoint(bench_find, NULL);
	for (i = 0; i < ARRAY_SIZE(bench_probes); i++) {
		if (WARN_ON(!bench_probes[i].tp))
			return -ENOENT;
	}
	return 0;
}

void bench_unwatch(void)
{
	tracepoint_synchronize_unregister();
}

/* From now on what this task allocates is counted, less what it frees of it. */
void bench_memory_start(void)
{
	int i;

	bench_use.bytes = 0;
	bench_use.n = 0;
	for (i = 0; i < ARRAY_SIZE(bench_probes); i++)
		WARN_ON(tracepoint_probe_register(bench_probes[i].tp,
						  bench_probes[i].probe,
						  NULL));
	WRITE_ONCE(bench_use.task, current);
}

/* Return: the bytes that are left of it. */
long bench_memory_stop(void)
{
	int i;

	WRITE_ONCE(bench_use.task, NULL);
	for (i = 0; i < ARRAY_SIZE(bench_probes); i++)
		tracepoint_probe_unregister(bench_probes[i].tp,
					    bench_probes[i].probe, NULL);
	return bench_use.bytes;
}

/* Nanoseconds, which are instructions, that this processor was not idle. */
u64 bench_busy(void)
{
	int cpu = get_cpu();
	u64 wall = ktime_get_ns();
	u64 idle = get_cpu_idle_time_us(cpu, NULL) +
		   get_cpu_iowait_time_us(cpu, NULL);

	put_cpu();
	return wall - idle * NSEC_PER_USEC;
}

static DEFINE_RWLOCK(bench_lock);

void lookup_read_lock(void)
{
	read_lock(&bench_lock);
}

void lookup_read_unlock(void)
{
	read_unlock(&bench_lock);
}

void *lookup_alloc(size_t size)
{
	return kvzalloc(size, GFP_KERNEL);
}

void lookup_free(void *mem)
{
	kvfree(mem);
}
