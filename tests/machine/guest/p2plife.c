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
 *   p2plife kill FILE ALLOCATE BYTES ROUNDS
 *	Processes that read FILE into a buffer of this size, which is more than
 *	half of the memory, by io_uring, are killed in the middle of it.  What
 *	is handed out next must read as zeros, then and a while later.
 *
 *   p2plife stale FILE ALLOCATE OFFSET
 *	Write to FILE from a buffer whose provider goes, and comes again, while
 *	the write still waits for its turn behind many reads: it must fail with
 *	EREMOTEIO, and the file stay as it was.
 *
 * Exit status 0 if it is so, with a line that says what was seen.
 */
#define _GNU_SOURCE
#include <linux/aio_abi.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "p2p.h"
#include "p2pring.h"

#define DEPTH		40
#define READERS		30

/* one read of many; smaller where there is less memory */
static size_t piece = 1048576;

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
		iocbs[i].aio_buf = (uintptr_t)(buf + i * piece);
		iocbs[i].aio_nbytes = piece;
		iocbs[i].aio_offset = i * piece;
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
		else if (events[i].res != (long long)piece)
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
	/* The stock kernel looks for a page, and finds none. */
	int error = access("/sys/kernel/debug/dma_phys", F_OK) ? EFAULT :
								 EREMOTEIO;
	int failed = 0, ended;
	unsigned int *word;
	aio_context_t ctx;
	char *buf;
	ssize_t n;

	buf = map(mem, DEPTH * piece);
	if (buf == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	word = (unsigned int *)buf;
	if (pread(file, buf, piece, 0) != (ssize_t)piece)
		die("read before: %s", strerror(errno));
	__atomic_store_n(word, 1, __ATOMIC_RELAXED);
	close(mem);
	ctx = start_reads(file, buf);
	take_driver(device);
	ended = reap(ctx, DEPTH, DEPTH, EREMOTEIO, &failed);

	n = pread(file, buf, piece, 0);
	if (n >= 0)
		die("a read into memory that is gone moved %zd bytes", n);
	if (errno != error)
		die("the read failed with %s", strerror(errno));
	signal(SIGBUS, sigbus);
	if (!sigsetjmp(on_sigbus, 1))
		die("memory that is gone holds %x",
		    __atomic_load_n(word, __ATOMIC_RELAXED));
	printf("of %d reads %d ended well; now %s, and SIGBUS\n", ended,
	       ended - failed, strerrorname_np(error));
}

/* Read into all of a buffer, and be killed. */
static void victim(int file, int mem, size_t len, int ready)
{
	char *buf = map(mem, len);

	if (buf == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	make_ring(DEPTH, false);
	for (int i = 0; i < DEPTH; i++) {
		struct io_uring_sqe sqe = {
			.opcode = IORING_OP_READ,
			.fd = file,
			.addr = (uintptr_t)(buf + i * piece),
			.len = piece,
			.off = i * piece,
		};

		ring_add(&sqe);
	}
	if (ring_enter(DEPTH, 0) != DEPTH || write(ready, "", 1) != 1)
		die("io_uring_enter: %s", strerror(errno));
	for (;;)
		pause();
}

static void must_be_zero(const char *buf, size_t len, const char *when)
{
	size_t wrong = bytes_not_zero(buf, len);

	if (wrong)
		die("%s: %zu bytes of another process", when, wrong);
}

static void kill_readers(const char *path, const char *allocate, size_t len,
			 int rounds)
{
	int file = open_or_die(path, O_RDONLY | O_DIRECT);
	int mem = open_or_die(allocate, O_RDWR);
	int ready[2], refused = 0;
	unsigned long since;
	char *buf, byte;
	pid_t child;

	for (int i = 0; i < rounds; i++) {
		if (pipe(ready))
			die("pipe: %s", strerror(errno));
		child = fork();
		if (!child)
			victim(file, mem, len, ready[1]);
		close(ready[1]);
		if (read(ready[0], &byte, 1) != 1)
			die("a process ended before it was killed");
		close(ready[0]);
		usleep(i * 997 % 5000);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		since = now_ms();
		while ((buf = map(mem, len)) == MAP_FAILED) {
			refused++;
			if (now_ms() - since > 60000)
				die("the memory of a killed process is not back");
			usleep(500);
		}
		must_be_zero(buf, len, "at first");
		usleep(20000);
		must_be_zero(buf, len, "after a while");
		munmap(buf, len);
		/* given back in its own time */
		usleep(20000);
	}
	printf("killed %d, memory refused %d times while reads ran\n", rounds,
	       refused);
}

static void stale(const char *path, const char *allocate, off_t offset)
{
	int file = open_or_die(path, O_RDWR | O_DIRECT);
	int mem = open_or_die(allocate, O_RDWR);
	char *ram = aligned_alloc(PAGE, 2 * PAGE), *buf = map(mem, PAGE);
	cpu_set_t one;
	ssize_t n;
	int error;

	if (buf == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	close(mem);
	put_pattern(buf, PAGE, 1);
	if (pread(file, ram, PAGE, offset) != (ssize_t)PAGE)
		die("read: %s", strerror(errno));

	/* Queues are one a processor: all go to the same. */
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);
	for (int i = 0; i < READERS; i++)
		if (!fork())
			_exit(pread(file, ram, PAGE, i * PAGE) < 0);
	usleep(500000);
	n = pwrite(file, buf, PAGE, offset);
	error = errno;
	while (wait(NULL) > 0)
		;
	if (n >= 0)
		die("written from memory that had gone");
	if (error != EREMOTEIO)
		die("the write failed with %s", strerror(error));
	if (pread(file, ram + PAGE, PAGE, offset) != (ssize_t)PAGE ||
	    memcmp(ram, ram + PAGE, PAGE))
		die("the file was changed");
	printf("EREMOTEIO, nothing moved\n");
}

static void fit_pieces(size_t len)
{
	if (len < DEPTH * piece)
		piece = len / DEPTH & ~(PAGE - 1);
}

int main(int argc, char **argv)
{
	/* recycle and kill say how much memory they are to use */
	if (argc >= 5 && (!strcmp(argv[1], "recycle") || argc == 6))
		fit_pieces(strtoul(argv[4], NULL, 0));
	if (argc == 5 && !strcmp(argv[1], "recycle"))
		recycle(argv[2], argv[3], strtoul(argv[4], NULL, 0));
	else if (argc == 4 && !strcmp(argv[1], "account"))
		account(argv[2], strtoul(argv[3], NULL, 0));
	else if (argc == 6 && !strcmp(argv[1], "kill"))
		kill_readers(argv[2], argv[3], strtoul(argv[4], NULL, 0),
			     atoi(argv[5]));
	else if (argc == 5 && !strcmp(argv[1], "stale"))
		stale(argv[2], argv[3], strtoul(argv[4], NULL, 0));
	else if (argc == 5 && !strcmp(argv[1], "gone"))
		provider_gone(argv[2], argv[3], argv[4]);
	else
		die("usage: see the top of p2plife.c");
	return 0;
}
