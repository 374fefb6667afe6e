// SPDX-License-Identifier: GPL-2.0-only
/*
 * lookup RANGES...: nanoseconds for a lookup, natively; see ../module/lookup.c.
 *
 * One line a figure: "BENCH lookup.RANGES.PATTERN.THREADS WAY PICOSECONDS".
 * Of several rounds the best, for whatever disturbs makes it worse.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <urcu.h>

#include "../module/lookup.h"

#define ADDRESSES	65536UL
#define ROUNDS		15
#define MAX_THREADS	2

static const struct {
	const char *name;
	bool hit, random;
} patterns[] = {
	{ "hit-random", true, true },
	{ "hit-sequential", true, false },
	{ "miss-random", false, true },
};

static u64 phys[ADDRESSES];
static pthread_barrier_t go;

struct work {
	const struct lookup_way *way;
	bool hit;
	double best;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static void *worker(void *data)
{
	struct work *w = data;
	unsigned long i, found;
	double start, took;
	int round;

	rcu_register_thread();
	for (round = 0; round < ROUNDS; round++) {
		pthread_barrier_wait(&go);
		start = now();
		for (i = 0, found = 0; i < ADDRESSES; i++)
			found += w->way->find(phys[i]);
		took = (now() - start) / ADDRESSES;
		if (!round || took < w->best)
			w->best = took;
		if (found != (w->hit ? ADDRESSES : 0)) {
			fprintf(stderr, "%s finds %lu of %lu\n", w->way->name,
				found, ADDRESSES);
			exit(1);
		}
	}
	rcu_unregister_thread();
	return NULL;
}

static double measure(const struct lookup_way *way, bool hit, int threads)
{
	struct work work[MAX_THREADS];
	pthread_t thread[MAX_THREADS];
	double worst = 0;
	int i;

	pthread_barrier_init(&go, NULL, threads);
	for (i = 0; i < threads; i++) {
		work[i] = (struct work){ .way = way, .hit = hit };
		pthread_create(&thread[i], NULL, worker, &work[i]);
	}
	for (i = 0; i < threads; i++) {
		pthread_join(thread[i], NULL);
		if (work[i].best > worst)
			worst = work[i].best;
	}
	pthread_barrier_destroy(&go);
	return worst;
}

static void all_ways(const char *ranges, int pattern, int threads)
{
	double cost;
	int way;

	for (way = 0; lookup_ways[way].name; way++) {
		cost = measure(&lookup_ways[way], patterns[pattern].hit,
			       threads);
		printf("BENCH lookup.%s.%s.%d %s %.0f\n", ranges,
		       patterns[pattern].name, threads, lookup_ways[way].name,
		       1000 * cost);
	}
}

int main(int argc, char **argv)
{
	int arg, p, threads;

	rcu_register_thread();
	for (arg = 1; arg < argc; arg++) {
		if (lookup_grow(strtoul(argv[arg], NULL, 10))) {
			fprintf(stderr, "no %s ranges\n", argv[arg]);
			return 1;
		}
		for (p = 0; p < 3; p++) {
			lookup_fill(phys, ADDRESSES, patterns[p].hit,
				    patterns[p].random);
			for (threads = 1; threads <= MAX_THREADS; threads++)
				all_ways(argv[arg], p, threads);
		}
		fflush(stdout);
		lookup_exit();
	}
	return 0;
}
