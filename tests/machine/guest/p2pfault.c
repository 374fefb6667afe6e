// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: p2pfault ALLOCATE MIB
 *
 * Maps a peer's memory, touches it page by page, and unmaps it, again and again
 * until it is killed, and goes through MIB of main memory meanwhile, so that
 * there is none for page tables where the processes of a cgroup have but little.
 * Says how often, every second.
 */
#define _GNU_SOURCE
#include "p2p.h"

#define LEN	(4UL << 20)

int main(int argc, char **argv)
{
	size_t ram = (argc > 2 ? strtoul(argv[2], NULL, 0) : 0) << 20;
	unsigned long times = 0, said = now_ms();
	int memory = argc > 2 ? open(argv[1], O_RDWR) : -1;

	if (memory < 0)
		die("usage: p2pfault ALLOCATE MIB");
	for (;; times++) {
		char *p = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED,
			       memory, 0);
		char *r = mmap(NULL, ram, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (r == MAP_FAILED)
			die("mmap: %s", strerror(errno));
		for (size_t i = 0; i < ram; i += PAGE)
			*(volatile char *)(r + i) = 1;
		/* a fence may hold mmap() back, but not for ever */
		for (size_t i = 0; p != MAP_FAILED && i < LEN; i += PAGE)
			*(volatile char *)(p + i) = 1;
		if (p != MAP_FAILED)
			munmap(p, LEN);
		munmap(r, ram);
		if (now_ms() - said > 1000) {
			printf("%lu\n", times);
			fflush(stdout);
			said = now_ms();
		}
	}
}
