// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fill all memory that is left, and MIB more, so that some must go to the swap
 * area; then look whether every byte is still what it was, for which it must
 * come back:
 *
 *   p2pswap MIB
 *
 * Exit status 0 if it is so, and an eighth of MIB at least went and came.
 */
#define _GNU_SOURCE
#include "p2p.h"

/* The number behind a word in a file of /proc. */
static unsigned long number(const char *file, const char *name)
{
	char line[128];
	unsigned long n = 0;
	size_t len = strlen(name);
	FILE *f = fopen(file, "r");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, len))
			n = strtoul(line + len, NULL, 10);
	if (f)
		fclose(f);
	return n;
}

#define CHUNK	1048576U

/*
 * One word in eight, which takes less time.  The last is looked at first: the
 * other way round, each chunk that comes would drive out the next one.
 */
int main(int argc, char **argv)
{
	size_t more = (argc == 2 ? strtoul(argv[1], NULL, 0) : 0) * CHUNK, at;
	unsigned long out, in, wanted = more / 8 / sysconf(_SC_PAGESIZE);
	size_t len, wrong = 0;
	char *p;

	if (!more) {
		fprintf(stderr, "usage: %s MIB\n", argv[0]);
		return 2;
	}
	len = (number("/proc/meminfo", "MemAvailable:") << 10) + more;
	len -= len % CHUNK;
	p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		die("mmap %zu: %s", len, strerror(errno));

	out = number("/proc/vmstat", "pswpout ");
	for (at = 0; at < len; at += CHUNK)
		put_pattern(p + at, CHUNK, at + 1);
	out = number("/proc/vmstat", "pswpout ") - out;
	if (out < wanted)
		die("%lu pages were written, wanted %lu", out, wanted);

	in = number("/proc/vmstat", "pswpin ");
	for (at = len; at; at -= CHUNK)
		wrong += wrong_bytes(p + at - CHUNK, CHUNK, at - CHUNK + 1);
	in = number("/proc/vmstat", "pswpin ") - in;
	if (wrong)
		die("%zu bytes are wrong", wrong);
	if (in < wanted)
		die("%lu pages were written, %lu read, wanted %lu", out, in,
		    wanted);
	printf("%zu MiB filled, %lu pages written, %lu read\n", len / CHUNK,
	       out, in);
	return 0;
}
