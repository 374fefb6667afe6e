// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: p2pfault ALLOCATE RAM [MIB TIMES]
 *
 * Maps a peer's memory, touches it page by page, and unmaps it, again and again
 * until it is killed, and goes through RAM MiB of main memory meanwhile, so
 * that there is none for page tables where the processes of a cgroup have but
 * little. Says how often, every second.  Maps MIB at a time, 4 if not told, and
 * ends after TIMES, or when it cannot.
 */
#define _GNU_SOURCE
#include "p2p.h"

int main(int argc, char **argv)
{
	size_t ram = (argc > 2 ? strtoul(argv[2], NULL, 0) : 0) << 20;
	size_t len = (argc > 4 ? strtoul(argv[3], NULL, 0) : 4) << 20;
	unsigned long most = argc > 4 ? strtoul(argv[4], NULL, 0) : ~0UL;
	unsigned long times = 0, said = now_ms();
	int memory = argc > 2 ? open(argv[1], O_RDWR) : -1;

	if (memory < 0)
		die("usage: p2pfault ALLOCATE RAM [MIB TIMES]");
	for (; times < most; times++) {
		char *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED,
			       memory, 0);
		char *r;

		if (p == MAP_FAILED && argc > 4)
			die("mmap: %s", strerror(errno));
		r = mmap(NULL, ram ? ram : PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (r == MAP_FAILED)
			die("mmap: %s", strerror(errno));
		for (size_t i = 0; i < ram; i += PAGE)
			__atomic_store_n(&r[i], 1, __ATOMIC_RELAXED);
		/* a fence may hold mmap() back, but not for ever */
		for (size_t i = 0; p != MAP_FAILED && i < len; i += PAGE)
			__atomic_store_n(&p[i], 1, __ATOMIC_RELAXED);
		if (p != MAP_FAILED)
			munmap(p, len);
		munmap(r, ram ? ram : PAGE);
		if (now_ms() - said > 1000) {
			printf("%lu\n", times);
			fflush(stdout);
			said = now_ms();
		}
	}
	return 0;
}
