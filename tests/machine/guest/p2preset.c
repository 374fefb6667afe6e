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
#define SLOTS		24
#define PIECE		32768UL

#include "p2pslots.h"

static struct {
	unsigned long reads, writes, failed, odd, lost, gone, maps;
	unsigned long flying, flown;
} count;

static unsigned long errors[256];
static int depth = 1;
static bool silent;

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
		     count.maps, count.flying, count.flown, longest);
	for (int i = 0; i < 256; i++)
		if (errors[i])
			n += snprintf(text + n, sizeof(text) - n, " %s %lu",
				      error_name(i), errors[i]);
	write_stats(text, sizeof(text));
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
	for (int i = 0; i < 500; i++) {
		if ((drive >= 0 || get_drive()) &&
		    pread(drive, ram, PIECE, place_of(s)) == (ssize_t)PIECE)
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
	bool write = !s->known;

	s->len = PIECE;
	if (write)
		s->stamp = random64(&seed);
	fill(memory_of(s), write ? s->stamp : ~s->stamp);
	submit(s, write);
}

static void finish(struct slot *s, bool write)
{
	count.flown += s->flying;
	if (write) {
		count.writes++;
		s->known = true;
		return;
	}
	count.reads++;
	/* from here on it may jump away: the memory is gone, and says so */
	if (holds(memory_of(s), s->stamp))
		s->known = false;
	else
		s->suspect = true;
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

static void renew(void)
{
	if (renew_drive) {
		get_drive();
		return;
	}
	lose_memory();
	count.maps += get_memory();
}

static void turn(void)
{
	struct slot *s;

	look_at_marked();
	if (renew_memory || renew_drive) {
		/* not before all that is on its way has come back */
		if (pending)
			reap();
		else
			renew();
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
	bool there = memory && !renew_memory;

	for (struct slot *s = slots; s < slots + SLOTS; s++) {
		if (!s->known || !read_ram(s))
			continue;
		if (!holds(ram, s->stamp))
			lost(s, "write", ram);
		else if (s->suspect &&
			 !(there && holds(memory_of(s), s->stamp)))
			lost(s, "read", there ? memory_of(s) : ram);
	}
}

int main(int argc, char **argv)
{
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
	set_up(argv + optind);
	go_on(turn, last_look);
	return count.odd || count.lost;
}
