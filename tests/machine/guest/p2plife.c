// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long a buffer in a device's memory lives:
 *
 *   p2plife recycle FILE ALLOCATE BYTES
 *	Start reads of FILE into a buffer that takes most of the device's
 *	memory, unmap it while they run, and ask for as much again.  The
 *	memory must not be handed out before the reads are done, and must be
 *	afterwards.
 *
 *   p2plife account ALLOCATE BYTES
 *	The memory that is still available goes down by a mapping, stays down
 *	while only a child process has it, and comes back when that ends.
 *
 *   p2plife gone FILE ALLOCATE PCI-ADDRESS
 *	Map a buffer, then take the driver away from the device while reads of
 *	FILE into it run.  These end, well or with EREMOTEIO; reading once more
 *	must fail with EREMOTEIO, and touching the buffer end in SIGBUS.
 *
 * Exit status 0 if it is so, with a line that says what was seen.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEPTH		40
#define PIECE		1048576UL
#define PAGE		4096UL

static sigjmp_buf on_sigbus;

static void die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	exit(1);
}

static int open_or_die(const char *path, int flags)
{
	int fd = open(path, flags);

	if (fd < 0)
		die("open %s: %s", path, strerror(errno));
	return fd;
}

static void *map(int mem, size_t len)
{
	return mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, mem, 0);
}

static aio_context_t start_reads(int file, char *buf)
{
	static struct iocb iocbs[DEPTH];
	struct iocb *list[DEPTH];
	aio_context_t ctx = 0;

	if (syscall(SYS_io_setup, DEPTH, &ctx))
		die("io_setup: %s", strerror(errno));
	for (int i = 0; i < DEPTH; i++) {
		iocbs[i].aio_lio_opcode = IOCB_CMD_PREAD;
		iocbs[i].aio_fildes = file;
		iocbs[i].aio_buf = (uintptr_t)(buf + i * PIECE);
		iocbs[i].aio_nbytes = PIECE;
		iocbs[i].aio_offset = i * PIECE;
		list[i] = &iocbs[i];
	}
	if (syscall(SYS_io_submit, ctx, DEPTH, list) != DEPTH)
		die("io_submit: %s", strerror(errno));
	return ctx;
}

/*
 * Returns how many of the @pending reads have ended, after @wait_for of them
 * have.  All must be good, or have failed with @error, which are counted.
 */
static int reap(aio_context_t ctx, int pending, int wait_for, int error,
		int *failed)
{
	struct io_event events[DEPTH];
	struct timespec ten_seconds = { .tv_sec = 10 };
	long n = syscall(SYS_io_getevents, ctx, wait_for, pending, events,
			 wait_for ? &ten_seconds : NULL);

	if (n < wait_for)
		die("reads did not end: %s", strerror(errno));
	for (int i = 0; i < n; i++) {
		if (error && events[i].res == -error)
			++*failed;
		else if (events[i].res != (long long)PIECE)
			die("a read ended with %lld", events[i].res);
	}
	return n;
}

static void recycle(const char *path, const char *allocate, size_t len)
{
	int file = open_or_die(path, O_RDONLY | O_DIRECT);
	int mem = open_or_die(allocate, O_RDWR);
	int pending = DEPTH, refused = 0;
	aio_context_t ctx;
	char *buf, *again;

	if (len < DEPTH * PIECE)
		die("needs at least %lu bytes", DEPTH * PIECE);
	buf = map(mem, len);
	if (buf == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	ctx = start_reads(file, buf);
	munmap(buf, len);

	/* The order counts: memory first, then whether reads still run. */
	do {
		again = map(mem, len);
		if (again != MAP_FAILED)
			munmap(again, len);
		else
			refused++;
		pending -= reap(ctx, pending, 0, 0, NULL);
		if (again != MAP_FAILED && pending)
			die("memory handed out under %d reads", pending);
	} while (pending);

	for (int i = 0; ; i++) {
		again = map(mem, len);
		if (again != MAP_FAILED)
			break;
		if (i == 1000)
			die("memory not back after the reads");
		usleep(1000);
	}
	printf("refused %d times while reads ran, then given out\n", refused);
}

static unsigned long bytes_left(const char *allocate)
{
	char path[256], text[32] = { 0 };
	const char *slash = strrchr(allocate, '/');
	int fd;

	if (!slash)
		die("no directory in %s", allocate);
	snprintf(path, sizeof(path), "%.*s/available",
		 (int)(slash - allocate), allocate);
	fd = open_or_die(path, O_RDONLY);
	if (read(fd, text, sizeof(text) - 1) <= 0)
		die("read %s: %s", path, strerror(errno));
	close(fd);
	return strtoul(text, NULL, 0);
}

static void account(const char *allocate, size_t len)
{
	int mem = open_or_die(allocate, O_RDWR);
	unsigned long before = bytes_left(allocate), now;
	int status = 1, go[2];
	char *buf, byte;
	pid_t child;

	buf = map(mem, len);
	if (buf == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	now = bytes_left(allocate);
	if (before - now != len)
		die("mapping %zu took %ld", len, (long)(before - now));
	if (pipe(go))
		die("pipe: %s", strerror(errno));
	child = fork();
	if (!child) {
		close(go[1]);
		_exit(read(go[0], &byte, 1) ? 1 : 0);
	}
	munmap(buf, len);
	now = bytes_left(allocate);
	if (before - now != len)
		die("freed while the child has it: %lu left", now);
	close(go[1]);
	if (waitpid(child, &status, 0) != child || status)
		die("the child failed");
	now = bytes_left(allocate);
	if (now != before)
		die("%lu available before, %lu after", before, now);
	printf("%lu, less %zu while mapped, %lu after\n", before, len, now);
}

static void sigbus(int sig)
{
	(void)sig;
	siglongjmp(on_sigbus, 1);
}

static void take_driver(const char *device)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver/unbind",
		 device);
	fd = open_or_die(path, O_WRONLY);
	if (write(fd, device, strlen(device)) < 0)
		die("unbind: %s", strerror(errno));
	close(fd);
}

static void provider_gone(const char *path, const char *allocate,
			  const char *device)
{
	int file = open_or_die(path, O_RDONLY | O_DIRECT);
	int mem = open_or_die(allocate, O_RDWR);
	int failed = 0, ended;
	unsigned int *word;
	aio_context_t ctx;
	char *buf;
	ssize_t n;

	buf = map(mem, DEPTH * PIECE);
	if (buf == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	word = (unsigned int *)buf;
	if (pread(file, buf, PIECE, 0) != (ssize_t)PIECE)
		die("read before: %s", strerror(errno));
	__atomic_store_n(word, 1, __ATOMIC_RELAXED);
	close(mem);
	ctx = start_reads(file, buf);
	take_driver(device);
	ended = reap(ctx, DEPTH, DEPTH, EREMOTEIO, &failed);

	n = pread(file, buf, PIECE, 0);
	if (n >= 0)
		die("a read into memory that is gone moved %zd bytes", n);
	if (errno != EREMOTEIO)
		die("the read failed with %s", strerror(errno));
	signal(SIGBUS, sigbus);
	if (!sigsetjmp(on_sigbus, 1))
		die("memory that is gone holds %x",
		    __atomic_load_n(word, __ATOMIC_RELAXED));
	printf("of %d reads %d ended well; now EREMOTEIO, and SIGBUS\n",
	       ended, ended - failed);
}

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "recycle"))
		recycle(argv[2], argv[3], strtoul(argv[4], NULL, 0));
	else if (argc == 4 && !strcmp(argv[1], "account"))
		account(argv[2], strtoul(argv[3], NULL, 0));
	else if (argc == 5 && !strcmp(argv[1], "gone"))
		provider_gone(argv[2], argv[3], argv[4]);
	else
		die("usage: see the top of p2plife.c");
	return 0;
}
