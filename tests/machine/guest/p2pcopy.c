// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copy one drive to another through a buffer that is named on the command
 * line.  Nothing in here knows about peer-to-peer DMA: open, mmap, pread and
 * pwrite, as any program might.  It is the file given as BUFFER that makes the
 * difference: the p2pmem/allocate file of a PCI device gives memory of that
 * device, and the drives then move the data without main memory.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int open_or_die(const char *path, int flags)
{
	int fd = open(path, flags);

	if (fd < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(1);
	}
	return fd;
}

int main(int argc, char **argv)
{
	size_t total, chunk, done;
	int from, to, mem;
	ssize_t n;
	void *buf;

	if (argc != 6) {
		fprintf(stderr, "usage: %s FROM TO BUFFER BYTES CHUNK\n",
			argv[0]);
		return 2;
	}
	from = open_or_die(argv[1], O_RDONLY | O_DIRECT);
	to = open_or_die(argv[2], O_WRONLY | O_DIRECT);
	mem = open_or_die(argv[3], O_RDWR);
	total = strtoul(argv[4], NULL, 0);
	chunk = strtoul(argv[5], NULL, 0);

	buf = mmap(NULL, chunk, PROT_READ | PROT_WRITE, MAP_SHARED, mem, 0);
	if (buf == MAP_FAILED) {
		fprintf(stderr, "mmap %s: %s\n", argv[3], strerror(errno));
		return 1;
	}
	for (done = 0; done < total; done += chunk) {
		n = pread(from, buf, chunk, done);
		if (n == (ssize_t)chunk)
			n = pwrite(to, buf, chunk, done);
		if (n != (ssize_t)chunk) {
			fprintf(stderr, "at byte %zu: %s\n", done,
				n < 0 ? strerror(errno) : "short transfer");
			return 1;
		}
	}
	if (fsync(to)) {
		fprintf(stderr, "fsync %s: %s\n", argv[2], strerror(errno));
		return 1;
	}
	printf("copied %zu bytes in pieces of %zu\n", total, chunk);
	return 0;
}
