// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: p2phold ALLOCATE DRIVE SYNC AIO [ERROR...]
 *
 * Reads the start of a drive into a peer's memory, by SYNC processes that wait
 * for one read each, and by AIO reads at once of one process.  What comes of
 * them is said when all have ended: data that is there, or an error, of which
 * only those that are named are good.  Says "reading" when it begins.
 */
#define _GNU_SOURCE
#include <linux/aio_abi.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "p2p.h"

#define LEN	65536UL
#define MAX	64

static struct {
	long result[MAX];	/* bytes, or -errno */
	unsigned long ms;	/* of the last one */
} *shared;

static void read_sync(int drive, char *mem, int i)
{
	ssize_t n = pread(drive, mem + i * LEN, LEN, i * LEN);

	shared->result[i] = n < 0 ? -errno : n;
	_exit(0);
}

static void read_aio(int drive, char *mem, int from, int n)
{
	struct iocb cb[MAX] = { 0 }, *list[MAX];
	struct io_event event;
	aio_context_t ctx = 0;

	if (syscall(SYS_io_setup, MAX, &ctx))
		die("io_setup: %s", strerror(errno));
	for (int i = 0; i < n; i++) {
		cb[i].aio_data = from + i;
		cb[i].aio_lio_opcode = IOCB_CMD_PREAD;
		cb[i].aio_fildes = drive;
		cb[i].aio_buf = (unsigned long)mem + (from + i) * LEN;
		cb[i].aio_nbytes = LEN;
		cb[i].aio_offset = (from + i) * LEN;
		list[i] = &cb[i];
	}
	if (n && syscall(SYS_io_submit, ctx, n, list) != n)
		die("io_submit: %s", strerror(errno));
	for (int i = 0; i < n; i++) {
		/* a suspend interrupts it */
		while (syscall(SYS_io_getevents, ctx, 1, 1, &event, NULL) != 1)
			if (errno != EINTR)
				die("io_getevents: %s", strerror(errno));
		shared->result[event.data] = event.res;
	}
	_exit(0);
}

/* Is this end of a read among those that are good? */
static bool expected(long result, char **names)
{
	for (; *names; names++)
		if (result == -error_number(*names))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	int memory, drive, sync, n, ok = 0, failed = 0, wrong = 0, status;
	unsigned long start;
	const char *why = "";
	char *mem, *ram;

	if (argc < 5)
		die("usage: p2phold ALLOCATE DRIVE SYNC AIO [ERROR...]");
	sync = atoi(argv[3]);
	n = sync + atoi(argv[4]);
	memory = open(argv[1], O_RDWR);
	drive = open(argv[2], O_RDONLY | O_DIRECT);
	ram = aligned_alloc(PAGE, MAX * LEN);
	if (memory < 0 || drive < 0 || n > MAX || !ram)
		die("cannot open: %s", strerror(errno));
	mem = mmap(NULL, n * LEN, PROT_READ | PROT_WRITE, MAP_SHARED, memory,
		   0);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED || shared == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	/* what must be there in the end; the fence comes when this was said */
	if (pread(drive, ram, n * LEN, 0) != (ssize_t)(n * LEN))
		die("read: %s", strerror(errno));
	printf("reading\n");
	fflush(stdout);
	/* whoever started this fences the memory, then says so */
	if (getchar() == EOF)
		die("nobody says that it may begin");

	start = now_ms();
	for (int i = 0; i < n; i++)
		shared->result[i] = -EINPROGRESS;
	for (int i = 0; i < sync; i++)
		if (!fork())
			read_sync(drive, mem, i);
	if (n > sync && !fork())
		read_aio(drive, mem, sync, n - sync);
	while (wait(&status) > 0)
		;
	for (int i = 0; i < n; i++) {
		if (shared->result[i] == (long)LEN) {
			if (memcmp(mem + i * LEN, ram + i * LEN, LEN))
				wrong++;
			else
				ok++;
		} else if (expected(shared->result[i], argv + 5)) {
			failed++;
			why = error_name(-shared->result[i]);
		} else {
			printf("read %d: %s\n", i,
			       error_name(-shared->result[i]));
			wrong++;
		}
	}
	printf("%d there, %d failed %s, %d wrong, after %lu ms\n", ok, failed,
	       why, wrong, now_ms() - start);
	return wrong != 0;
}
