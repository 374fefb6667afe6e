// SPDX-License-Identifier: GPL-2.0-only
/*
 * The 32-bit rows of the benchmark: /init of a machine that has nothing else
 * but bench_io and null_blk.  What to do is on the kernel's command line:
 * "bench=io" counts instructions, "bench=slabs" looks at what the slabs of bios
 * hold while a fixed load is in flight, which needs a null_blk that takes long.
 */
#define _GNU_SOURCE	/* O_DIRECT */
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "p2pring.h"

#define LOAD_IOS	64
#define LOAD_SIZE	1048576

static bool asked_for(const char *word)
{
	static char line[4096];
	FILE *f = fopen("/proc/cmdline", "r");

	if (!f || !fgets(line, sizeof(line), f))
		die("no command line");
	fclose(f);
	return strstr(line, word);
}

/* bench_io prints the figure; its name goes in front */
static void io(const char *rw, const char *size)
{
	int status;
	pid_t pid;

	printf("BENCH bits32.%s.%s instructions ", rw, size);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		execl("/bench_io", "bench_io", "/dev/nullb0", rw, size, "1",
		      "256", NULL);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		die("bench_io %s %s failed: %#x", rw, size, status);
}

/* What all slabs together take, which only the load changes, in bytes */
static unsigned long slab_memory(void)
{
	FILE *f = fopen("/proc/meminfo", "r");
	unsigned long kib;
	char line[128];

	if (!f)
		die("no /proc/meminfo: %s", strerror(errno));
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "SUnreclaim: %lu", &kib) == 1) {
			fclose(f);
			return kib << 10;
		}
	}
	die("no SUnreclaim in /proc/meminfo");
	return 0;
}

static void hold(void)
{
	struct io_uring_sqe sqe = {
		.opcode	= IORING_OP_READ,
		.len	= LOAD_SIZE,
	};
	void *buf = mmap(NULL, LOAD_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	unsigned long before;
	int i;

	sqe.fd = open("/dev/nullb0", O_RDONLY | O_DIRECT);
	if (sqe.fd < 0 || buf == MAP_FAILED)
		die("null_blk or memory: %s", strerror(errno));
	sqe.addr = (unsigned long)buf;
	make_ring(LOAD_IOS, false);
	for (i = 0; i < LOAD_IOS; i++) {
		sqe.off = (unsigned long long)i * LOAD_SIZE;
		ring_add(&sqe);
	}
	before = slab_memory();
	if (ring_enter(LOAD_IOS, 0) != LOAD_IOS)
		die("io_uring_enter: %s", strerror(errno));
	printf("BENCH bits32.load ram %lu\n", slab_memory() - before);
	for (i = 0; i < LOAD_IOS; i++)
		if (ring_result() != LOAD_SIZE)
			die("an IO failed");
}

static void measure(void)
{
	static const char * const sizes[] = { "4096", "65536", "1048576" };
	size_t i;

	mkdir("/proc", 0755);
	mkdir("/dev", 0755);
	if (mount("proc", "/proc", "proc", 0, NULL) ||
	    (mount("dev", "/dev", "devtmpfs", 0, NULL) && errno != EBUSY))
		die("mount: %s", strerror(errno));
	if (asked_for("bench=slabs")) {
		hold();
	} else {
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			io("read", sizes[i]);
			io("write", sizes[i]);
		}
	}
	printf("BENCH done\n");
}

int main(void)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		measure();
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	reboot(RB_POWER_OFF);
	return 0;
}
