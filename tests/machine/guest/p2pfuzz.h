/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The model that p2pfuzz holds system calls against: what every byte of the
 * buffers and targets must be, and which errors an IO may end in.
 */
#ifndef P2PFUZZ_H
#define P2PFUZZ_H

#include <sys/uio.h>

#include "p2p.h"

#define NR_BUFFERS	10
#define MAX_PAGES	16UL
#define WINDOW		0x100000UL	/* of addresses, for each buffer */
#define ARENA		0x10000000000UL	/* nothing else is mapped there */
#define TARGET_SIZE	0x40000UL
#define TARGET_AT	(32UL << 20)
#define MAX_PIECES	4
#define TOO_LONG	120000UL

enum kind { RAM, MEM_B, MEM_C, NR_KINDS };

#define MAPPED		8	/* beside PROT_READ and PROT_WRITE */
#define ALL		(MAPPED | PROT_READ | PROT_WRITE)

static struct buffer {
	bool used;
	bool split;		/* more than one mapping, perhaps */
	enum kind kind;
	char *addr;
	size_t nr_pages;
	unsigned char page[MAX_PAGES];
	unsigned char shadow[MAX_PAGES * PAGE];
} buffers[NR_BUFFERS];

static struct target {
	const char *name;
	int fd;
	off_t at;
	bool reaches[NR_KINDS];
	unsigned char shadow[TARGET_SIZE];
} targets[] = {
	{ .name = "drive A", .at = TARGET_AT,
	  .reaches = { true, true, false } },
	{ .name = "drive C", .at = TARGET_AT,
	  .reaches = { true, false, true } },
	{ .name = "file on drive D", .reaches = { true, true, false } },
};

/* One IO: pieces of buffers, and a place on a target */
struct io {
	struct target *t;
	size_t pos, len;
	bool write;
	int nr;
	struct buffer *b[MAX_PIECES];
	size_t offset[MAX_PIECES];
	struct iovec iov[MAX_PIECES];
};

static unsigned long seed, rnd, calls, nr_ios, nr_refused;
static unsigned long nr_injected, nr_compared, nr_lost;
static unsigned long longest;
static const char *doing = "starting";
static int fail_nth = -1;
static bool armed;

static unsigned long pick(unsigned long n)
{
	return random64(&rnd) % n;
}

/* The IO that is being done, and what came of it */
static const struct io *now;
static ssize_t now_res;
static const char *now_way;

static void describe(const struct io *io)
{
	printf("%s by %s, %zu bytes at %zu: %zd\n", io->t->name, now_way,
	       io->len, io->pos, now_res);
	for (int i = 0; i < io->nr; i++)
		printf("  buffer %td, kind %d, %zu pages, mapped %d: %zu bytes at %zu\n",
		       io->b[i] - buffers, io->b[i]->kind, io->b[i]->nr_pages,
		       io->b[i]->page[io->offset[i] / PAGE],
		       io->iov[i].iov_len, io->offset[i]);
}

/* How far it got: its last line, however it ends */
static void tell(void)
{
	printf("seed %lu calls %lu ios %lu refused %lu injected %lu longest %lu compared %lu lost %lu\n",
	       seed, calls, nr_ios, nr_refused, nr_injected, longest,
	       nr_compared, nr_lost);
}

static void wrong(const char *fmt, ...)
{
	va_list args;

	printf("seed %lu, call %lu, %s: ", seed, calls, doing);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	if (now)
		describe(now);
	tell();
	exit(1);
}

/* --- allocations that fail: the kernel's, in the call that comes */

static void inject(void)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%lu", 1 + pick(24));

	armed = fail_nth >= 0 && pick(2);
	if (armed && pwrite(fail_nth, text, n, 0) != n)
		wrong("fail-nth: %s", strerror(errno));
}

/* Returns whether one has failed since inject(). */
static bool injected(void)
{
	char text[16] = { 0 };
	int error = errno;
	bool hit;

	if (!armed)
		return false;
	armed = false;
	/* counts down to 0 with each allocation, and then one fails */
	if (pread(fail_nth, text, sizeof(text) - 1, 0) <= 0 ||
	    pwrite(fail_nth, "0", 1, 0) != 1)
		wrong("fail-nth: %s", strerror(errno));
	hit = !atoi(text);
	nr_injected += hit;
	errno = error;
	return hit;
}

/* --- the model */

static bool readable(const struct buffer *b, size_t offset, size_t len)
{
	for (size_t i = offset / PAGE; i <= (offset + len - 1) / PAGE; i++)
		if ((b->page[i] & (MAPPED | PROT_READ)) != (MAPPED | PROT_READ))
			return false;
	return true;
}

/* The bytes of a word that are wrong */
static unsigned int differing(unsigned long got, unsigned long want)
{
	unsigned int n = 0;

	for (got ^= want; got; got >>= 8)
		n += !!(got & 0xff);
	return n;
}

static void check_bytes(const struct buffer *b, size_t offset, size_t len)
{
	const unsigned char *want = b->shadow + offset;
	const char *p = b->addr + offset;
	unsigned long got, bad = 0;
	size_t i, first = 0;

	if (!readable(b, offset, len))
		return;
	nr_compared += len;
	for (i = 0; i < len; i += sizeof(long)) {
		got = peek((void *)(p + i));
		if (got == peek((void *)(want + i)))
			continue;
		if (!nr_lost) {
			first = i;
			bad = got;
		}
		nr_lost += differing(got, peek((void *)(want + i)));
	}
	if (nr_lost)
		wrong("buffer %td (kind %d), byte %zu: %#lx, not %#lx",
		      b - buffers, b->kind, offset + first, bad,
		      peek((void *)(want + first)));
}

static void check_some(const struct buffer *b)
{
	size_t len = SECTOR * (1 + pick(8));

	if (b->used)
		check_bytes(b, pick((b->nr_pages * PAGE - len) / SECTOR + 1) *
			    SECTOR, len);
}

/* What the target holds, read into main memory. */
static unsigned char *target_bytes(const struct io *io)
{
	ssize_t len = (io->len + SECTOR - 1) / SECTOR * SECTOR;
	static unsigned char *ram;

	if (!ram)
		ram = aligned_alloc(PAGE, TARGET_SIZE);
	if (pread(io->t->fd, ram, len, io->t->at + io->pos) != len)
		wrong("reading %s into main memory: %s", io->t->name,
		      strerror(errno));
	return ram;
}

static void check_target(const struct io *io)
{
	const unsigned char *want = io->t->shadow + io->pos;
	unsigned char *ram = target_bytes(io);
	size_t i, first = 0;

	nr_compared += io->len;
	for (i = 0; i < io->len; i++) {
		if (ram[i] == want[i])
			continue;
		if (!nr_lost++)
			first = i;
	}
	if (nr_lost)
		wrong("the target is wrong at byte %zu: %#x, not %#x",
		      io->pos + first, ram[first], want[first]);
}

/* The model cannot know how far a call got: take over what there is. */
static void resync(const struct io *io)
{
	memcpy(io->t->shadow + io->pos, target_bytes(io), io->len);
	for (int i = 0; i < io->nr; i++) {
		size_t first = io->offset[i] / PAGE;
		size_t last = (io->offset[i] + io->iov[i].iov_len - 1) / PAGE;

		for (size_t p = first; p <= last; p++)
			if (readable(io->b[i], p * PAGE, PAGE))
				memcpy(io->b[i]->shadow + p * PAGE,
				       io->b[i]->addr + p * PAGE, PAGE);
	}
}

static void succeeded(const struct io *io)
{
	unsigned char *disk = io->t->shadow + io->pos;

	for (int i = 0; i < io->nr; i++) {
		unsigned char *mem = io->b[i]->shadow + io->offset[i];
		size_t len = io->iov[i].iov_len;

		if (io->write)
			memcpy(disk, mem, len);
		else
			memcpy(mem, disk, len);
		disk += len;
	}
	if (io->write)
		check_target(io);
	for (int i = 0; i < io->nr; i++)
		check_bytes(io->b[i], io->offset[i], io->iov[i].iov_len);
}

/* Which errors may come?  A bit for each; none if it must succeed. */
#define BIT(error)	(1ULL << (error) % 64)

/* What can be written can be read; of main memory, that depends. */
static bool may_move(enum kind kind, int page, bool write)
{
	int any = write ? PROT_READ : PROT_WRITE;

	if (write && kind != RAM)
		any |= PROT_WRITE;
	return (page & MAPPED) && (page & any);
}

static unsigned long long expected(const struct io *io, bool *ram)
{
	bool kinds[NR_KINDS] = { false };
	unsigned long long errors = 0;

	for (int i = 0; i < io->nr; i++) {
		const struct buffer *b = io->b[i];
		size_t p = io->offset[i] / PAGE;

		for (; p * PAGE < io->offset[i] + io->iov[i].iov_len; p++) {
			/* a hole is no memory of any kind */
			if (b->page[p] & MAPPED)
				kinds[b->kind] = true;
			if (!may_move(b->kind, b->page[p], io->write))
				errors |= BIT(EFAULT);
		}
		if (((unsigned long)io->iov[i].iov_base & 3) ||
		    io->iov[i].iov_len % SECTOR)
			errors |= BIT(EINVAL);
	}
	*ram = !kinds[MEM_B] && !kinds[MEM_C];
	if (kinds[RAM] + kinds[MEM_B] + kinds[MEM_C] > 1)
		errors |= BIT(EINVAL);
	for (int k = 0; k < NR_KINDS && !errors; k++)
		if (kinds[k] && !io->t->reaches[k])
			errors = BIT(EREMOTEIO);
	return errors;
}

#endif /* P2PFUZZ_H */
