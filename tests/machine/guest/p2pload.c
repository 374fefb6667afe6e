// SPDX-License-Identifier: GPL-2.0-only
/*
 * IO that goes on while devices come and go, and keeps account of it:
 *
 *   p2pload [-e ERRNO,...] [-d DEPTH] CLIENT PROVIDER OFFSET STATS
 *
 * Writes to the drive with the serial number CLIENT, from OFFSET on, and reads
 * what it wrote, up to DEPTH at a time, with buffers in the memory of the drive
 * PROVIDER, or in main memory if that is RAM, until SIGTERM.  What was written
 * with success is read back, into such memory or into main memory, and
 * compared.
 *
 * An IO may fail in the ways that -e lists.  Then, or when the memory is gone
 * (SIGBUS), the drive is opened and the memory mapped again as soon as they
 * are back.  Fresh memory must read as zeros, and no IO may take longer than
 * TOO_LONG.  Exit status 0 if all this is so; the numbers are kept in the file
 * STATS.
 */
#define _GNU_SOURCE
#include <linux/aio_abi.h>
#include <sys/syscall.h>

#include "p2p.h"

#define SLOTS		8
#define PIECE		16384UL
#define TOO_LONG	120000UL	/* ms */

/* A piece of the memory, and the piece of the drive that belongs to it */
static struct slot {
	struct iocb iocb;
	bool pending;
	bool known;		/* the drive holds stamp, for len bytes */
	unsigned long stamp;
	size_t len;
	unsigned long since;
} slots[SLOTS];

static struct {
	unsigned long ios, ok, failed, odd, lost, dirty, remaps, reopens;
	unsigned long longest;
} count;

static int stopped;
static bool allowed[256];
static const char *client, *provider;
static unsigned long seed;
static aio_context_t ctx;
static int drive = -1, stats = -1, pending, depth = SLOTS;
static off_t start;
static char *memory, *ram;
static bool renew_memory, renew_drive;

static void stop(int sig)
{
	(void)sig;
	__atomic_store_n(&stopped, 1, __ATOMIC_RELAXED);
}

static void tell(void)
{
	char text[256];
	int n;

	n = snprintf(text, sizeof(text),
		     "ios %lu ok %lu failed %lu odd %lu lost %lu dirty %lu remaps %lu reopens %lu longest %lu",
		     count.ios, count.ok, count.failed, count.odd, count.lost,
		     count.dirty, count.remaps, count.reopens, count.longest);
	memset(text + n, ' ', sizeof(text) - n);
	text[sizeof(text) - 1] = '\n';
	if (pwrite(stats, text, sizeof(text), 0) != sizeof(text))
		die("stats: %s", strerror(errno));
}

static void odd(const char *what, int error)
{
	if (count.odd++ < 5)
		printf("%s: %s\n", what, error_name(error));
}

/* It was told that these bytes are on the drive, and they are not. */
static void compare(struct slot *s, const char *buf, const char *where)
{
	size_t wrong = wrong_bytes(buf, s->len, s->stamp);

	if (wrong && !count.lost)
		printf("slot %d, %s: %zu bytes of %zu are wrong\n",
		       (int)(s - slots), where, wrong, s->len / STRIDE);
	count.lost += wrong;
	if (wrong)
		s->known = false;
}

static bool client_error(int error)
{
	return error != EREMOTEIO && error != EAGAIN && error != ENOMEM;
}

static void failure(const char *what, int error)
{
	count.failed++;
	if (!allowed[error])
		odd(what, error);
	if (client_error(error))
		renew_drive = true;
	else if (error == EREMOTEIO)
		renew_memory = true;
}

static void read_back(struct slot *s)
{
	off_t at = start + (s - slots) * PIECE;
	ssize_t n = pread(drive, ram, s->len, at);

	count.ios++;
	if (n == (ssize_t)s->len) {
		count.ok++;
		compare(s, ram, "read into main memory");
	} else {
		failure("read into main memory", n < 0 ? errno : 0);
	}
}

static void begin(struct slot *s)
{
	struct iocb *iocb = &s->iocb;
	char *buf = memory + (s - slots) * PIECE;
	unsigned long r = random64(&seed);
	bool write = !s->known || (r & 1);

	if (write) {
		s->known = false;
		s->len = SECTOR * (1 + (r >> 8) % (PIECE / SECTOR));
		s->stamp = random64(&seed);
		put_pattern(buf, s->len, s->stamp);
	} else {
		put_pattern(buf, s->len, ~s->stamp);
	}
	memset(iocb, 0, sizeof(*iocb));
	iocb->aio_data = s - slots;
	iocb->aio_lio_opcode = write ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD;
	iocb->aio_fildes = drive;
	iocb->aio_buf = (uintptr_t)buf;
	iocb->aio_nbytes = s->len;
	iocb->aio_offset = start + (s - slots) * PIECE;
	s->since = now_ms();
	count.ios++;
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
	if (e->res != (long long)s->len) {
		failure(write ? "write" : "read", e->res < 0 ? -e->res : 0);
		return;
	}
	count.ok++;
	if (write) {
		s->known = true;
		if (random64(&seed) % 4 == 0)
			read_back(s);
	} else {
		compare(s, memory + (s - slots) * PIECE, "read into a peer");
	}
}

static void reap(void)
{
	struct timespec second = { .tv_sec = 1 };
	struct io_event event;
	int n;

	/* One at a time: looking at it may end in a jump out of here. */
	n = syscall(SYS_io_getevents, ctx, 1, 1, &event, &second);

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

static void get_memory(void)
{
	if (memory)
		munmap(memory, SLOTS * PIECE);
	memory = map_memory(provider, SLOTS * PIECE);
	if (memory == MAP_FAILED) {
		memory = NULL;
		usleep(20000);
		return;
	}
	renew_memory = false;
	count.remaps++;
	count.dirty += bytes_not_zero(memory, SLOTS * PIECE);
}

static void get_drive(void)
{
	if (drive >= 0)
		close(drive);
	drive = open_drive(client, O_RDWR | O_DIRECT);
	if (drive < 0) {
		usleep(20000);
		return;
	}
	renew_drive = false;
	count.reopens++;
}

static void turn(void)
{
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
	for (struct slot *s = slots; s < slots + depth; s++) {
		if (!s->pending)
			begin(s);
		if (renew_drive || renew_memory)
			return;
	}
	reap();
}

static void last_look(void)
{
	while (pending)
		reap();
	for (int i = 0; i < 500 && (drive < 0 || renew_drive); i++)
		get_drive();
	for (struct slot *s = slots; s < slots + SLOTS; s++)
		if (s->known && drive >= 0)
			read_back(s);
}

static void allow(char *errors)
{
	for (char *e = strtok(errors, ","); e; e = strtok(NULL, ","))
		allowed[error_number(e)] = true;
}

int main(int argc, char **argv)
{
	static unsigned long told;
	int opt;

	while ((opt = getopt(argc, argv, "e:d:")) != -1) {
		if (opt == 'd')
			depth = atoi(optarg);
		else if (opt == 'e')
			allow(optarg);
		else
			return 2;
	}
	if (argc - optind != 4 || depth < 1 || depth > SLOTS)
		die("usage: p2pload [-e ERRNO,...] [-d DEPTH] CLIENT PROVIDER OFFSET STATS");
	client = argv[optind];
	provider = argv[optind + 1];
	start = strtoul(argv[optind + 2], NULL, 0);
	stats = open(argv[optind + 3], O_RDWR | O_CREAT | O_TRUNC, 0644);
	seed = now_ms() * 0x9e3779b97f4a7c15UL | 1;
	ram = aligned_alloc(PAGE, PIECE);
	signal(SIGTERM, stop);
	signal(SIGBUS, sigbus);
	if (!ram || syscall(SYS_io_setup, SLOTS, &ctx))
		die("io_setup: %s", strerror(errno));
	renew_memory = true;
	renew_drive = true;

	/* Whoever touched memory that is gone comes back to here. */
	if (sigsetjmp(on_sigbus, 1)) {
		count.failed++;
		renew_memory = true;
	}
	while (!__atomic_load_n(&stopped, __ATOMIC_RELAXED)) {
		turn();
		if (now_ms() - told > 50) {
			told = now_ms();
			tell();
		}
	}
	last_look();
	tell();
	return count.odd || count.lost || count.dirty;
}
