// SPDX-License-Identifier: GPL-2.0-only
/*
 * IO that goes on while a drive is reset, and is checked to the last byte:
 *
 *   p2preset [-e ERRNO,...] [-d DEPTH] [-x] CLIENT PROVIDER OFFSET STATS
 *
 * Writes to the drive with the serial number CLIENT, from OFFSET on, and reads
 * back what it wrote, DEPTH at a time, with buffers in the memory of the drive
 * PROVIDER, until SIGTERM.  An IO may fail in the ways that -e lists.  If the
 * memory is gone then, its mapping must end in SIGBUS, and is made anew; if
 * there is no memory to be had, or no drive, that is tried again.
 *
 * Every byte of every IO that is said to have succeeded is looked at: of a read
 * at once, of a write when it is read back, in the end into main memory.  What
 * is wrong is looked at once more in the end, because memory that is away does
 * not tell what it holds.  -x: nobody says that memory is gone, as with the
 * stock kernel.
 *
 * SIGUSR1 counts what is on its way at that moment.  The numbers are kept in
 * the file STATS; exit status 0 if nothing was lost and nothing failed in
 * another way.
 */
#define _GNU_SOURCE
#include <linux/aio_abi.h>
#include <sys/syscall.h>

#include "p2p.h"

#define SLOTS		24
#define PIECE		32768UL
#define TOO_LONG	120000UL	/* ms */

/* A piece of the memory, and the piece of the drive that belongs to it */
static struct slot {
	struct iocb iocb;
	bool pending;
	bool flying;		/* was on its way at SIGUSR1 */
	bool known;		/* the drive should hold stamp */
	bool suspect;		/* what was read looked wrong: not used again */
	unsigned long stamp;
	unsigned long since;
} slots[SLOTS];

static struct {
	unsigned long reads, writes, failed, odd, lost, gone, maps;
	unsigned long flying, flown, longest;
} count;

static int stopped, mark;
static bool allowed[256];
static unsigned long errors[256];
static const char *client, *provider;
static unsigned long seed;
static aio_context_t ctx;
static int drive = -1, stats = -1, pending, depth = 1;
static off_t start;
static char *memory, *ram;
static bool renew_memory = true, renew_drive = true, silent;

static void stop(int sig)
{
	__atomic_store_n(sig == SIGTERM ? &stopped : &mark, 1,
			 __ATOMIC_RELAXED);
}

static void fill(char *buf, unsigned long stamp)
{
	unsigned long *p = (unsigned long *)buf;

	for (size_t i = 0; i < PIECE / sizeof(*p); i++)
		__atomic_store_n(&p[i], pattern(stamp, i), __ATOMIC_RELAXED);
}

static bool holds(const char *buf, unsigned long stamp)
{
	const unsigned long *p = (const unsigned long *)buf;

	for (size_t i = 0; i < PIECE / sizeof(*p); i++)
		if (peek(&p[i]) != pattern(stamp, i))
			return false;
	return true;
}

static void tell(void)
{
	char text[512];
	int n;

	n = snprintf(text, sizeof(text),
		     "reads %lu writes %lu ok %lu failed %lu odd %lu lost %lu gone %lu maps %lu flying %lu flown %lu longest %lu",
		     count.reads, count.writes, count.reads + count.writes,
		     count.failed, count.odd, count.lost, count.gone,
		     count.maps, count.flying, count.flown, count.longest);
	for (int i = 0; i < 256; i++)
		if (errors[i])
			n += snprintf(text + n, sizeof(text) - n, " %s %lu",
				      error_name(i), errors[i]);
	memset(text + n, ' ', sizeof(text) - n);
	text[sizeof(text) - 1] = '\n';
	if (pwrite(stats, text, sizeof(text), 0) != sizeof(text))
		die("stats: %s", strerror(errno));
}

static void odd(const char *what, const char *why)
{
	if (count.odd++ < 5)
		printf("%s: %s\n", what, why);
}

/* Of the drive, or of its file: it must be opened anew. */
static bool client_error(int error)
{
	return error == EIO || error == ENODEV || error == ENXIO ||
	       error == ENOSPC || !error;
}

static void failure(const char *what, int error)
{
	count.failed++;
	errors[error]++;
	if (!allowed[error])
		odd(what, error_name(error));
	if (client_error(error))
		renew_drive = true;
	else if (error == EREMOTEIO || error == EFAULT)
		renew_memory = true;
	else
		usleep(1000);
}

/* The drive may be away for a moment, and main memory is always there. */
static bool read_ram(struct slot *s)
{
	off_t at = start + (s - slots) * PIECE;

	for (int i = 0; i < 500; i++) {
		if (drive < 0)
			drive = open_drive(client, O_RDWR | O_DIRECT);
		if (drive >= 0 &&
		    pread(drive, ram, PIECE, at) == (ssize_t)PIECE)
			return true;
		if (drive >= 0)
			close(drive);
		drive = -1;
		usleep(20000);
	}
	odd("read into main memory", strerror(errno));
	return false;
}

static void lost(struct slot *s, const char *what, const char *buf)
{
	if (count.lost++ < 5)
		printf("%s of slot %d: success, but the data is not there (begins with %#lx)\n",
		       what, (int)(s - slots), peek((unsigned long *)buf));
}

static struct slot *idle_slot(void)
{
	static int next;

	for (int i = 0; i < SLOTS; i++) {
		struct slot *s = &slots[next++ % SLOTS];

		if (!s->pending && !s->suspect)
			return s;
	}
	return NULL;
}

/* Write what is new, then read it back, and so on. */
static void begin(struct slot *s)
{
	char *buf = memory + (s - slots) * PIECE;
	struct iocb *iocb = &s->iocb;
	bool write = !s->known;

	if (write)
		s->stamp = random64(&seed);
	fill(buf, write ? s->stamp : ~s->stamp);
	memset(iocb, 0, sizeof(*iocb));
	iocb->aio_data = s - slots;
	iocb->aio_lio_opcode = write ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD;
	iocb->aio_fildes = drive;
	iocb->aio_buf = (uintptr_t)buf;
	iocb->aio_nbytes = PIECE;
	iocb->aio_offset = start + (s - slots) * PIECE;
	s->since = now_ms();
	s->flying = false;
	if (syscall(SYS_io_submit, ctx, 1, &iocb) != 1) {
		failure("io_submit", errno);
		return;
	}
	s->pending = true;
	pending++;
}

static void finish(const struct io_event *e)
{
	struct slot *s = &slots[e->data];
	bool write = s->iocb.aio_lio_opcode == IOCB_CMD_PWRITE;
	unsigned long ms = now_ms() - s->since;

	if (ms > count.longest)
		count.longest = ms;
	s->pending = false;
	pending--;
	if (e->res != (long long)PIECE) {
		failure(write ? "write" : "read", e->res < 0 ? -e->res : 0);
		return;
	}
	count.flown += s->flying;
	if (write) {
		count.writes++;
		s->known = true;
		return;
	}
	count.reads++;
	/* from here on it may jump away: the memory is gone, and says so */
	if (holds(memory + (s - slots) * PIECE, s->stamp))
		s->known = false;
	else
		s->suspect = true;
}

static void reap(void)
{
	struct timespec moment = { .tv_nsec = 100000000 };
	struct io_event event;
	int n;

	/* one at a time: looking at it may end in a jump out of here */
	n = syscall(SYS_io_getevents, ctx, 1, 1, &event, &moment);
	if (n < 0 && errno != EINTR)
		die("io_getevents: %s", strerror(errno));
	if (n == 1)
		finish(&event);
	for (struct slot *s = slots; s < slots + SLOTS; s++) {
		if (!s->pending || now_ms() - s->since < TOO_LONG)
			continue;
		count.longest = now_ms() - s->since;
		tell();
		die("an IO did not end in %lu s", TOO_LONG / 1000);
	}
}

/* What is on its way was begun before the fault. */
static void look_at_marked(void)
{
	if (!__atomic_exchange_n(&mark, 0, __ATOMIC_RELAXED))
		return;
	count.flying = 0;
	count.flown = 0;
	for (struct slot *s = slots; s < slots + SLOTS; s++) {
		s->flying = s->pending;
		count.flying += s->pending;
	}
	tell();
}

/* Does touching it end in SIGBUS, within a second? */
static bool is_gone(const char *buf)
{
	sigjmp_buf before;

	memcpy(&before, &on_sigbus, sizeof(before));
	if (!sigsetjmp(on_sigbus, 1)) {
		for (int i = 0; i < 50; i++) {
			peek((const unsigned long *)buf);
			usleep(20000);
		}
		memcpy(&on_sigbus, &before, sizeof(before));
		return false;
	}
	memcpy(&on_sigbus, &before, sizeof(before));
	return true;
}

/* IO was told that the memory is gone.  Is that what the mapping says? */
static void lose_memory(void)
{
	if (!memory)
		return;
	if (!silent && !is_gone(memory))
		odd("the mapping", "of memory that is gone still works");
	else
		count.gone++;
	munmap(memory, SLOTS * PIECE);
	memory = NULL;
}

static void get_memory(void)
{
	lose_memory();
	memory = map_memory(provider, SLOTS * PIECE);
	if (memory == MAP_FAILED) {
		memory = NULL;
		usleep(20000);
		return;
	}
	renew_memory = false;
	count.maps++;
}

static void get_drive(void)
{
	if (drive >= 0)
		close(drive);
	drive = open_drive(client, O_RDWR | O_DIRECT);
	if (drive < 0)
		usleep(20000);
	else
		renew_drive = false;
}

static void turn(void)
{
	struct slot *s;

	look_at_marked();
	if (renew_memory || renew_drive) {
		/* not before all that is on its way has come back */
		if (pending)
			reap();
		else if (renew_drive)
			get_drive();
		else
			get_memory();
		return;
	}
	while (pending < depth && !renew_memory && !renew_drive) {
		s = idle_slot();
		if (!s)
			break;
		begin(s);
	}
	reap();
}

/* The rest of the writes, and the reads that looked wrong. */
static void last_look(void)
{
	bool there;

	while (pending)
		reap();
	there = memory && !renew_memory;
	for (struct slot *s = slots; s < slots + SLOTS; s++) {
		char *buf = memory + (s - slots) * PIECE;

		if (!s->known || !read_ram(s))
			continue;
		if (!holds(ram, s->stamp))
			lost(s, "write", ram);
		else if (s->suspect && !(there && holds(buf, s->stamp)))
			lost(s, "read", there ? buf : ram);
	}
}

static void allow(char *list)
{
	for (char *e = strtok(list, ","); e; e = strtok(NULL, ","))
		allowed[error_number(e)] = true;
}

int main(int argc, char **argv)
{
	static unsigned long told;
	int opt;

	while ((opt = getopt(argc, argv, "e:d:x")) != -1) {
		if (opt == 'd')
			depth = atoi(optarg);
		else if (opt == 'e')
			allow(optarg);
		else if (opt == 'x')
			silent = true;
		else
			return 2;
	}
	if (argc - optind != 4 || depth < 1 || depth > SLOTS)
		die("usage: p2preset [-e ERRNO,...] [-d DEPTH] [-x] CLIENT PROVIDER OFFSET STATS");
	client = argv[optind];
	provider = argv[optind + 1];
	start = strtoul(argv[optind + 2], NULL, 0);
	stats = open(argv[optind + 3], O_RDWR | O_CREAT | O_TRUNC, 0644);
	seed = now_ms() * 0x9e3779b97f4a7c15UL | 1;
	ram = aligned_alloc(PAGE, PIECE);
	signal(SIGTERM, stop);
	signal(SIGUSR1, stop);
	signal(SIGBUS, sigbus);
	if (!ram || syscall(SYS_io_setup, SLOTS, &ctx))
		die("io_setup: %s", strerror(errno));

	/* Whoever touched memory that is gone comes back to here. */
	if (sigsetjmp(on_sigbus, 1))
		renew_memory = true;
	while (!__atomic_load_n(&stopped, __ATOMIC_RELAXED)) {
		turn();
		if (now_ms() - told > 50) {
			told = now_ms();
			tell();
		}
	}
	last_look();
	tell();
	return count.odd || count.lost;
}
