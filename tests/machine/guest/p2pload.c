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
#define SLOTS		8
#define PIECE		16384UL

#include "p2pslots.h"

static struct {
	unsigned long ios, ok, failed, odd, lost, dirty, remaps, reopens;
} count;

static int depth = SLOTS;

static void tell(void)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "ios %lu ok %lu failed %lu odd %lu lost %lu dirty %lu remaps %lu reopens %lu longest %lu",
		 count.ios, count.ok, count.failed + jumps, count.odd,
		 count.lost, count.dirty, count.remaps, count.reopens, longest);
	write_stats(text, sizeof(text));
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
	ssize_t n = pread(drive, ram, s->len, place_of(s));

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
	unsigned long r = random64(&seed);
	bool write = !s->known || (r & 1);

	if (write) {
		s->known = false;
		s->len = SECTOR * (1 + (r >> 8) % (PIECE / SECTOR));
		s->stamp = random64(&seed);
	}
	put_pattern(memory_of(s), s->len, write ? s->stamp : ~s->stamp);
	count.ios++;
	submit(s, write);
}

static void finish(struct slot *s, bool write)
{
	count.ok++;
	if (write) {
		s->known = true;
		if (random64(&seed) % 4 == 0)
			read_back(s);
	} else {
		compare(s, memory_of(s), "read into a peer");
	}
}

static void renew(void)
{
	if (renew_drive) {
		count.reopens += get_drive();
	} else if (get_memory()) {
		count.remaps++;
		count.dirty += bytes_not_zero(memory, SLOTS * PIECE);
	}
}

static void turn(void)
{
	if (renew_memory || renew_drive) {
		/* not before all that is on its way has come back */
		if (pending)
			reap();
		else
			renew();
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
	for (int i = 0; i < 500 && (drive < 0 || renew_drive); i++)
		count.reopens += get_drive();
	for (struct slot *s = slots; s < slots + SLOTS; s++)
		if (s->known && drive >= 0)
			read_back(s);
}

int main(int argc, char **argv)
{
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
	set_up(argv + optind);
	go_on(turn, last_look);
	return count.odd || count.lost || count.dirty;
}
