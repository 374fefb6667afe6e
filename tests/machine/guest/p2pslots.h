/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IO in slots, for programs that keep IO on its way while something is done to
 * its drives: each slot is a piece of the memory, and a piece of the drive that
 * belongs to it.  Who includes this says how many SLOTS there are, of how many
 * bytes (PIECE), and what is to be done when an IO ends.
 */
#ifndef P2PSLOTS_H
#define P2PSLOTS_H

#include <linux/aio_abi.h>
#include <sys/syscall.h>

#include "p2p.h"

#define TOO_LONG	120000UL	/* ms */

static struct slot {
	struct iocb iocb;
	bool pending;
	bool known;		/* the drive should hold stamp, for len bytes */
	bool flying;		/* was on its way at SIGUSR1 */
	bool suspect;		/* what was read looked wrong: not used again */
	unsigned long stamp;
	size_t len;
	unsigned long since;
} slots[SLOTS];

static int stopped, mark;
static bool allowed[256];
static const char *client, *provider;
static unsigned long seed, longest, jumps;
static aio_context_t ctx;
static int drive = -1, stats = -1, pending;
static off_t start;
static char *memory, *ram;
static bool renew_memory = true, renew_drive = true;

/* What the program says; an error of 0 is a short IO. */
static void tell(void);
static void failure(const char *what, int error);
static void finish(struct slot *s, bool write);

static inline void stop(int sig)
{
	__atomic_store_n(sig == SIGTERM ? &stopped : &mark, 1,
			 __ATOMIC_RELAXED);
}

static inline char *memory_of(const struct slot *s)
{
	return memory + (s - slots) * PIECE;
}

static inline off_t place_of(const struct slot *s)
{
	return start + (s - slots) * PIECE;
}

/* One line, over the one before. */
static inline void write_stats(char *text, size_t len)
{
	size_t n = strlen(text);

	memset(text + n, ' ', len - n);
	text[len - 1] = '\n';
	if (pwrite(stats, text, len, 0) != (ssize_t)len)
		die("stats: %s", strerror(errno));
}

static inline void submit(struct slot *s, bool write)
{
	struct iocb *iocb = &s->iocb;

	memset(iocb, 0, sizeof(*iocb));
	iocb->aio_data = s - slots;
	iocb->aio_lio_opcode = write ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD;
	iocb->aio_fildes = drive;
	iocb->aio_buf = (uintptr_t)memory_of(s);
	iocb->aio_nbytes = s->len;
	iocb->aio_offset = place_of(s);
	s->since = now_ms();
	s->flying = false;
	if (syscall(SYS_io_submit, ctx, 1, &iocb) != 1) {
		failure("io_submit", errno);
		return;
	}
	s->pending = true;
	pending++;
}

static inline void end(const struct io_event *e)
{
	struct slot *s = &slots[e->data];
	bool write = s->iocb.aio_lio_opcode == IOCB_CMD_PWRITE;
	unsigned long ms = now_ms() - s->since;

	if (ms > longest)
		longest = ms;
	s->pending = false;
	pending--;
	if (e->res == (long long)s->len)
		finish(s, write);
	else
		failure(write ? "write" : "read", e->res < 0 ? -e->res : 0);
}

static inline void reap(void)
{
	struct timespec moment = { .tv_nsec = 100000000 };
	struct io_event event;
	int n;

	/* one at a time: looking at it may end in a jump out of here */
	n = syscall(SYS_io_getevents, ctx, 1, 1, &event, &moment);
	if (n < 0 && errno != EINTR)
		die("io_getevents: %s", strerror(errno));
	if (n == 1)
		end(&event);
	for (struct slot *s = slots; s < slots + SLOTS; s++) {
		if (!s->pending || now_ms() - s->since < TOO_LONG)
			continue;
		longest = now_ms() - s->since;
		tell();
		die("an IO did not end in %lu s", TOO_LONG / 1000);
	}
}

/* Both say whether it is there again; if not, it is tried again soon. */
static inline bool get_memory(void)
{
	if (memory)
		munmap(memory, SLOTS * PIECE);
	memory = map_memory(provider, SLOTS * PIECE);
	renew_memory = memory == MAP_FAILED;
	if (renew_memory) {
		memory = NULL;
		usleep(20000);
	}
	return !renew_memory;
}

static inline bool get_drive(void)
{
	if (drive >= 0)
		close(drive);
	drive = open_drive(client, O_RDWR | O_DIRECT);
	renew_drive = drive < 0;
	if (renew_drive)
		usleep(20000);
	return !renew_drive;
}

static inline void allow(char *list)
{
	for (char *e = strtok(list, ","); e; e = strtok(NULL, ","))
		allowed[error_number(e)] = true;
}

/* The arguments are CLIENT PROVIDER OFFSET STATS. */
static inline void set_up(char **args)
{
	client = args[0];
	provider = args[1];
	start = strtoul(args[2], NULL, 0);
	stats = open(args[3], O_RDWR | O_CREAT | O_TRUNC, 0644);
	seed = now_ms() * 0x9e3779b97f4a7c15UL | 1;
	ram = aligned_alloc(PAGE, PIECE);
	signal(SIGTERM, stop);
	signal(SIGUSR1, stop);
	signal(SIGBUS, sigbus);
	if (!ram || syscall(SYS_io_setup, SLOTS, &ctx))
		die("io_setup: %s", strerror(errno));
}

/* Turn by turn, until SIGTERM; then all that is on its way, and a last look. */
static inline void go_on(void (*turn)(void), void (*last_look)(void))
{
	static unsigned long told;

	/* whoever touched memory that is gone comes back to here */
	if (sigsetjmp(on_sigbus, 1)) {
		jumps++;
		renew_memory = true;
	}
	while (!__atomic_load_n(&stopped, __ATOMIC_RELAXED)) {
		turn();
		if (now_ms() - told > 50) {
			told = now_ms();
			tell();
		}
	}
	while (pending)
		reap();
	last_look();
	tell();
}

#endif /* P2PSLOTS_H */
