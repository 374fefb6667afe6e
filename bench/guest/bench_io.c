// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench_io FILE read|write SIZE DEPTH IOS [fixed | MEMORY]
 *
 * Random direct IO through io_uring, DEPTH at a time, and what one costs: the
 * nanoseconds for which the processor was not idle, which the emulator makes
 * instructions.  The median of several rounds, less that of rounds without IO:
 * how many IOs a worker finds when it wakes up differs from round to round, and
 * the best may be one that was lucky.  This program's own part is a few tens.
 * MEMORY: buffers are mapped from that file instead of RAM.
 *
 * Without the module that tells of idle time nothing may be idle: null_blk.
 */
#define _GNU_SOURCE	/* O_DIRECT */
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <linux/fs.h>

#include "p2pring.h"

#define ROUNDS	21

static int clock_fd;

static unsigned long long busy(void)
{
	struct timespec t;
	char text[32];
	ssize_t len;

	if (clock_fd < 0) {
		clock_gettime(CLOCK_MONOTONIC, &t);
		return t.tv_sec * 1000000000ULL + t.tv_nsec;
	}
	len = pread(clock_fd, text, sizeof(text) - 1, 0);
	if (len <= 0)
		die("cannot read the clock: %s", strerror(errno));
	text[len] = '\0';
	return strtoull(text, NULL, 10);
}

static int by_size(const void *a, const void *b)
{
	unsigned long long x = *(const unsigned long long *)a;
	unsigned long long y = *(const unsigned long long *)b;

	return (x > y) - (x < y);
}

static unsigned long long median(unsigned long long *v)
{
	qsort(v, ROUNDS, sizeof(*v), by_size);
	return v[ROUNDS / 2];
}

static unsigned long long size_of(int fd)
{
	unsigned long long size;
	struct stat st;

	if (fstat(fd, &st))
		die("fstat: %s", strerror(errno));
	if (!S_ISBLK(st.st_mode))
		return st.st_size;
	if (ioctl(fd, BLKGETSIZE64, &size))
		die("BLKGETSIZE64: %s", strerror(errno));
	return size;
}

/*
 * RAM of which no two pages are adjacent, as far as that can be had: with
 * every second page that the kernel gives.  How many segments an IO has would
 * be a matter of luck otherwise.
 */
static void *scattered(size_t len)
{
	int prot = PROT_READ | PROT_WRITE, flags = MAP_PRIVATE | MAP_ANONYMOUS;
	char *mem = mmap(NULL, len, prot, flags, -1, 0);
	char *other = mmap(NULL, len, prot, flags, -1, 0);
	size_t i;

	if (mem == MAP_FAILED || other == MAP_FAILED)
		return MAP_FAILED;
	for (i = 0; i < len; i += PAGE) {
		memset(mem + i, 0x5a, PAGE);
		other[i] = 1;
	}
	return mem;
}

static void round_of(const struct io_uring_sqe *sqe, unsigned int depth,
		     unsigned int ios, unsigned long long blocks)
{
	static unsigned long long seed = 1;
	struct io_uring_sqe one = *sqe;
	unsigned int done, i;
	long long res;

	for (done = 0; done < ios; done += depth) {
		for (i = 0; i < depth; i++) {
			seed = seed * 6364136223846793005ULL +
			       1442695040888963407ULL;
			one.off = (seed >> 33) % blocks * sqe->len;
			one.addr = sqe->addr +
				   (unsigned long long)i * sqe->len;
			ring_add(&one);
		}
		ring_enter(depth, depth);
		for (i = 0; i < depth; i++) {
			res = ring_result();
			if (res != (long long)sqe->len)
				die("an IO of %u: %s", sqe->len,
				    res < 0 ? strerror(-res) : "short");
		}
	}
}

int main(int argc, char **argv)
{
	unsigned long long idle[ROUNDS], full[ROUNDS], blocks, start, cost;
	struct io_uring_sqe sqe = { 0 };
	unsigned int depth, ios;
	bool fixed, write;
	struct iovec iov;
	int fd, mem = -1;
	size_t mapped;
	int i;

	if (argc < 6)
		die("see the top of bench_io.c");
	write = !strcmp(argv[2], "write");
	fixed = argc > 6 && !strcmp(argv[6], "fixed");
	if (argc > 6 && !fixed) {
		mem = open(argv[6], O_RDWR);
		if (mem < 0)
			die("%s: %s", argv[6], strerror(errno));
	}
	fd = open(argv[1], O_RDWR | O_DIRECT);
	if (fd < 0)
		die("%s: %s", argv[1], strerror(errno));
	clock_fd = open("/sys/module/p2p_bench/parameters/busy", O_RDONLY);
	sqe.len = atoi(argv[3]);
	depth = atoi(argv[4]);
	ios = atoi(argv[5]);
	blocks = size_of(fd) / sqe.len;
	iov.iov_len = (size_t)depth * sqe.len;
	mapped = iov.iov_len < PAGE ? PAGE : iov.iov_len;
	iov.iov_base = mem < 0 ? scattered(mapped) :
		mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_SHARED, mem, 0);
	if (iov.iov_base == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	make_ring(depth, false);
	if (fixed && syscall(SYS_io_uring_register, ring.fd,
			     IORING_REGISTER_BUFFERS, &iov, 1))
		die("fixed buffers: %s", strerror(errno));
	sqe.opcode = fixed ? (write ? IORING_OP_WRITE_FIXED :
				      IORING_OP_READ_FIXED) :
			     (write ? IORING_OP_WRITE : IORING_OP_READ);
	sqe.fd = fd;
	sqe.addr = (unsigned long)iov.iov_base;

	round_of(&sqe, depth, 2 * depth, blocks);
	for (i = 0; i < ROUNDS; i++) {
		start = busy();
		idle[i] = busy() - start;
		start = busy();
		round_of(&sqe, depth, ios, blocks);
		full[i] = busy() - start;
	}
	cost = median(full) - median(idle);
	printf("%llu\n", (cost + ios / 2) / ios);
	return 0;
}
