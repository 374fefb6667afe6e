// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random system calls on peer-to-peer memory, held against a model:
 *
 *   p2pfuzz [-s SEED] [-n CALLS] [-t SECONDS] [-f] FILE
 *
 * Buffers are main memory, memory of drive B, and memory of drive C; targets
 * are drives A and C, and FILE, which is on drive D.  The model knows the bytes
 * of every buffer and target, and what is mapped how.  So it knows of each call
 * whether it must succeed, and then every byte must be right, or with which
 * errors it may fail, and then no byte may have changed.
 *
 * With -f, allocations in the kernel fail in the middle of calls
 * (/proc/self/fail-nth); then any call may fail, but what succeeds must be
 * right.  Same seed, same calls.  Exit status 0 if all was as it should be.
 */
#define _GNU_SOURCE
#include <linux/aio_abi.h>
#include <sys/wait.h>

#include "p2pfuzz.h"
#include "p2pring.h"

static aio_context_t aio;
static bool meddle;		/* change mappings under the IO */
static pid_t lingering;

/* --- mapping */

static struct buffer *some_buffer(bool used)
{
	struct buffer *b = &buffers[pick(NR_BUFFERS)];

	return b->used == used ? b : NULL;
}

static char *window(const struct buffer *b)
{
	return (char *)ARENA + (b - buffers) * WINDOW +
	       pick(WINDOW / PAGE - MAX_PAGES) * PAGE;
}

static void do_mmap(void)
{
	struct buffer *b = some_buffer(false);
	int fd = -1, flags = MAP_SHARED | MAP_FIXED;
	bool hit;

	if (!b)
		return;
	b->kind = pick(NR_KINDS);
	b->nr_pages = 1 + pick(MAX_PAGES);
	if (b->kind == RAM)
		flags |= MAP_ANONYMOUS;
	else
		fd = open_memory(b->kind == MEM_B ? "B" : "C");
	inject();
	b->addr = mmap(window(b), b->nr_pages * PAGE, PROT_READ | PROT_WRITE,
		       flags, fd, 0);
	hit = injected();
	if (fd >= 0)
		close(fd);
	if (b->addr == MAP_FAILED) {
		/* full, perhaps, or a failed allocation */
		if (errno != ENOMEM && !hit)
			wrong("%s", strerror(errno));
		return;
	}
	b->used = true;
	b->split = false;
	memset(b->page, ALL, b->nr_pages);
	memset(b->shadow, 0, sizeof(b->shadow));
	check_bytes(b, 0, b->nr_pages * PAGE);
}

static void do_munmap(void)
{
	struct buffer *b = some_buffer(true);
	size_t first = 0, nr, i;

	if (!b)
		return;
	nr = b->nr_pages;
	if (pick(2)) {
		first = pick(nr);
		nr = 1 + pick(nr - first);
	}
	inject();
	if (munmap(b->addr + first * PAGE, nr * PAGE) &&
	    (!injected() || munmap(b->addr + first * PAGE, nr * PAGE)))
		wrong("%s", strerror(errno));
	injected();
	memset(b->page + first, 0, nr);
	for (i = 0; i < b->nr_pages && !b->page[i]; i++)
		;
	b->used = i < b->nr_pages;
}

static void do_mprotect(void)
{
	static const int prots[] = {
		PROT_NONE, PROT_READ, PROT_WRITE, PROT_READ | PROT_WRITE,
		PROT_READ | PROT_WRITE,
	};
	struct buffer *b = some_buffer(true);
	int prot = prots[pick(ARRAY_SIZE(prots))];
	size_t first, nr, i, reached;
	int ret;

	if (!b)
		return;
	/* main memory that can be written can be read, most of the time */
	if (b->kind == RAM && prot == PROT_WRITE)
		prot |= PROT_READ;
	first = pick(b->nr_pages);
	nr = 1 + pick(b->nr_pages - first);
	for (reached = 0; reached < nr && b->page[first + reached]; reached++)
		;
	ret = mprotect(b->addr + first * PAGE, nr * PAGE, prot);
	if (reached < nr ? !ret || errno != ENOMEM : ret)
		wrong("%s", ret ? strerror(errno) : "success over a hole");
	/* it goes as far as the first hole */
	for (i = first; i < first + reached; i++)
		b->page[i] = MAPPED | prot;
	b->split |= nr < b->nr_pages;
}

static void do_mremap(void)
{
	struct buffer *b = some_buffer(true);
	char *to, *got;
	size_t i;

	if (!b)
		return;
	/* only a buffer that is one mapping */
	if (b->split)
		return;
	for (i = 0; i < b->nr_pages; i++)
		if (!(b->page[i] & MAPPED))
			return;
	if (b->kind != RAM && pick(4) == 0) {
		/* growing, and a second mapping, are refused */
		got = mremap(b->addr, pick(2) ? b->nr_pages * PAGE : 0,
			     (b->nr_pages + 1) * PAGE, MREMAP_MAYMOVE);
		if (got != MAP_FAILED || errno != EFAULT)
			wrong("grown: %s", got == MAP_FAILED ?
			      strerror(errno) : "success");
		return;
	}
	do {
		to = window(b);
	} while (to + MAX_PAGES * PAGE > b->addr &&
		 b->addr + MAX_PAGES * PAGE > to);
	got = mremap(b->addr, b->nr_pages * PAGE, b->nr_pages * PAGE,
		     MREMAP_MAYMOVE | MREMAP_FIXED, to);
	if (got != to)
		wrong("%s", strerror(errno));
	b->addr = to;
	/* not while a drive writes to it */
	if (!meddle)
		check_some(b);
}

static void do_store(void)
{
	struct buffer *b = some_buffer(true);
	unsigned long *from, *p;
	size_t offset;

	if (!b)
		return;
	offset = pick(b->nr_pages * PAGE / SECTOR) * SECTOR;
	if ((b->page[offset / PAGE] & ALL) != ALL)
		return;
	p = (unsigned long *)(b->addr + offset);
	from = (unsigned long *)(b->shadow + offset);
	for (size_t i = 0; i < SECTOR / sizeof(long); i++) {
		from[i] = random64(&rnd);
		__atomic_store_n(&p[i], from[i], __ATOMIC_RELAXED);
	}
}

static void any_vm_call(void)
{
	static void (* const calls[])(void) = {
		do_munmap, do_mprotect, do_mremap, do_mremap
	};

	calls[pick(ARRAY_SIZE(calls))]();
}

/* --- IO */

/* Does a piece share bytes with one before?  Then a read has no one outcome. */
static bool overlaps(const struct io *io, int n)
{
	for (int i = 0; i < n; i++)
		if (io->b[i] == io->b[n] &&
		    io->offset[i] < io->offset[n] + io->iov[n].iov_len &&
		    io->offset[n] < io->offset[i] + io->iov[i].iov_len)
			return true;
	return false;
}

static bool make_piece(struct io *io, enum kind kind)
{
	struct buffer *b = some_buffer(true);
	size_t size, len, offset;
	int n = io->nr;

	/* mostly of one kind, so that most IO succeeds */
	if (!b || (b->kind != kind && pick(64)))
		return false;
	size = b->nr_pages * PAGE;
	len = SECTOR * (1 + pick(pick(3) ? 8 : size / SECTOR));
	if (len > size)
		len = size;
	offset = pick((size - len) / SECTOR + 1) * SECTOR;
	/*
	 * Not for peers: the emulated drives move memory of others by pages,
	 * and lose the end of what is not at a multiple of 512 bytes.
	 */
	if (b->kind == RAM && pick(8) == 0 && offset + len + 64 <= size)
		offset += 4 * pick(16);
	if (pick(64) == 0 && offset)
		offset -= 2;
	if (pick(64) == 0)
		len -= 4 * pick(SECTOR / 4);
	io->b[n] = b;
	io->offset[n] = offset;
	io->iov[n].iov_base = b->addr + offset;
	io->iov[n].iov_len = len;
	if (!len || (!io->write && overlaps(io, n)))
		return false;
	io->len += len;
	io->nr++;
	return true;
}

static bool make_io(struct io *io)
{
	enum kind kind = pick(8) ? 1 + pick(2) : RAM;
	int nr = 1 + pick(MAX_PIECES);

	memset(io, 0, sizeof(*io));
	io->t = &targets[pick(ARRAY_SIZE(targets))];
	if (kind != RAM && pick(8))
		kind = io->t->reaches[MEM_B] ? MEM_B : MEM_C;
	io->write = pick(2);
	for (int tries = 0; io->nr < nr && tries < 100; tries++)
		make_piece(io, kind);
	if (!io->nr)
		return false;
	io->pos = pick((TARGET_SIZE - io->len) / SECTOR + 1) * SECTOR;
	return true;
}

static ssize_t by_syscall(const struct io *io)
{
	off_t at = io->t->at + io->pos;

	if (io->nr == 1 && pick(2))
		return io->write ?
			pwrite(io->t->fd, io->iov[0].iov_base,
			       io->iov[0].iov_len, at) :
			pread(io->t->fd, io->iov[0].iov_base,
			      io->iov[0].iov_len, at);
	return io->write ? pwritev(io->t->fd, io->iov, io->nr, at) :
			   preadv(io->t->fd, io->iov, io->nr, at);
}

static ssize_t outcome(long long res)
{
	if (res >= 0)
		return res;
	errno = -res;
	return -1;
}

/* While it is under way the buffers may be unmapped, moved and protected. */
static ssize_t by_aio(const struct io *io)
{
	struct timespec limit = { .tv_sec = TOO_LONG / 1000 };
	struct iocb iocb = {
		.aio_lio_opcode = io->write ? IOCB_CMD_PWRITEV :
					      IOCB_CMD_PREADV,
		.aio_fildes = io->t->fd,
		.aio_buf = (uintptr_t)io->iov,
		.aio_nbytes = io->nr,
		.aio_offset = io->t->at + io->pos,
	}, *list = &iocb;
	struct io_event event;

	if (syscall(SYS_io_submit, aio, 1, &list) != 1)
		return -1;
	for (int i = meddle ? pick(3) : 0; i; i--)
		any_vm_call();
	meddle = false;
	if (syscall(SYS_io_getevents, aio, 1, 1, &event, &limit) != 1)
		wrong("IO did not end");
	return outcome(event.res);
}

static ssize_t by_uring(const struct io *io)
{
	struct io_uring_sqe sqe = {
		.opcode = io->write ? IORING_OP_WRITEV : IORING_OP_READV,
		.flags = pick(2) ? IOSQE_ASYNC : 0,
		.fd = io->t->fd,
		.addr = (uintptr_t)io->iov,
		.len = io->nr,
		.off = io->t->at + io->pos,
	};

	ring_add(&sqe);
	while (ring_enter(1, 1) < 0) {
		/* not taken: nothing was done, and it may be tried again */
		if (errno != EINTR && errno != EAGAIN && errno != ENOMEM)
			wrong("io_uring_enter: %s", strerror(errno));
	}
	return outcome(ring_result());
}

/* @unsure: it may have failed half-way */
static void judge(const struct io *io, ssize_t n, unsigned long long errors,
		  bool unsure)
{
	if (n == (ssize_t)io->len) {
		if (errors)
			wrong("moved what must be refused");
		succeeded(io);
		return;
	}
	nr_refused++;
	if (unsure) {
		resync(io);
		return;
	}
	if (n >= 0 || !(errors & BIT(errno)))
		wrong("failed wrongly");
	/* refused as a whole: nothing has changed */
	check_target(io);
	for (int i = 0; i < io->nr; i++)
		check_bytes(io->b[i], io->offset[i], io->iov[i].iov_len);
}

static void do_io(void)
{
	static const struct {
		const char *name;
		ssize_t (*call)(const struct io *io);
	} ways[] = {
		{ "system call", by_syscall },
		{ "aio", by_aio },
		{ "io_uring", by_uring },
	};
	int way = pick(ARRAY_SIZE(ways));
	unsigned long started;
	unsigned long long errors;
	bool ram, hit;
	struct io io;
	ssize_t n;

	if (!make_io(&io))
		return;
	errors = expected(&io, &ram);
	/* where the model must look at what was moved, it stays where it is */
	meddle = ways[way].call == by_aio && fail_nth < 0 && !(ram && errors);
	doing = io.write ? "write" : "read";
	started = now_ms();
	inject();
	n = ways[way].call(&io);
	hit = injected();
	now_res = n < 0 ? -errno : n;
	now_way = ways[way].name;
	nr_ios++;
	if (now_ms() - started > longest)
		longest = now_ms() - started;
	if (longest > TOO_LONG)
		wrong("took %lu ms", longest);
	now = &io;
	judge(&io, n, errors, hit || (ram && errors));
	now = NULL;
}

/* --- what is no IO, and must not work, or not matter */

static void must_fail(const char *what, long ret, unsigned long long errors)
{
	if (ret != -1 || !(errors & BIT(errno)))
		wrong("%s: %s", what, ret == -1 ? strerror(errno) : "success");
}

static void do_others(void)
{
	struct buffer *b = some_buffer(true);
	struct iovec iov;
	char byte[1];
	int fds[2];
	void *p;

	if (!b || b->kind == RAM || b->page[0] != ALL)
		return;
	iov = (struct iovec) { b->addr, PAGE };
	fds[0] = open_memory("B");
	switch (pick(7)) {
	case 0:
		p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fds[0], 0);
		must_fail("private mapping", (long)p, BIT(EINVAL));
		break;
	case 1:
		p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fds[0], PAGE);
		must_fail("mapping at an offset", (long)p, BIT(EINVAL));
		break;
	case 2:
		p = mmap(NULL, 1UL << 30, PROT_READ, MAP_SHARED, fds[0], 0);
		must_fail("mapping too much", (long)p, BIT(ENOMEM));
		break;
	case 3:
		close(fds[0]);
		fds[0] = open("/proc/self/mem", O_RDONLY);
		/* a debugger sees what is there; of a hole, nothing */
		if (pread(fds[0], byte, 1, (unsigned long)b->addr) == 1)
			break;
		must_fail("reading /proc/self/mem", -1, BIT(EIO));
		break;
	case 4:
		must_fail("registering buffers",
			  syscall(SYS_io_uring_register, ring.fd,
				  IORING_REGISTER_BUFFERS, &iov, 1),
			  BIT(EFAULT) | BIT(EOPNOTSUPP));
		break;
	case 5:
		must_fail("remap_file_pages",
			  remap_file_pages(b->addr, PAGE, 0, 0, 0),
			  BIT(ENODEV) | BIT(EINVAL));
		break;
	case 6:
		close(fds[0]);
		if (pipe(fds))
			wrong("pipe: %s", strerror(errno));
		must_fail("vmsplice", vmsplice(fds[1], &iov, 1, 0),
			  BIT(EFAULT));
		close(fds[1]);
		break;
	}
	close(fds[0]);
	check_some(b);
}

static void do_advice(void)
{
	static const int advice[] = {
		MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED,
		MADV_DONTNEED, MADV_FREE, MADV_REMOVE, MADV_MERGEABLE,
		MADV_HUGEPAGE, MADV_DONTDUMP, MADV_DODUMP, MADV_WIPEONFORK,
		MADV_COLD, MADV_PAGEOUT, MADV_POPULATE_READ,
		MADV_POPULATE_WRITE,
	};
	struct buffer *b = some_buffer(true);
	size_t len;

	if (!b || b->kind == RAM)
		return;
	len = b->nr_pages * PAGE;
	/* whatever they answer, not a byte may change */
	if (pick(4))
		madvise(b->addr, len, advice[pick(ARRAY_SIZE(advice))]);
	else if (pick(2))
		msync(b->addr, len, MS_SYNC);
	else if (!mlock(b->addr, len))
		munlock(b->addr, len);
	check_some(b);
}

/* Looks at what it has inherited, and then does IO until it is killed. */
static void child(void)
{
	struct target *t = &targets[0];
	char *p = map_memory("B", PAGE);

	for (struct buffer *b = buffers; b < buffers + NR_BUFFERS; b++)
		check_some(b);
	if (p != MAP_FAILED) {
		if (pread(t->fd, p, PAGE, t->at) != (ssize_t)PAGE)
			wrong("forked, read: %s", strerror(errno));
		for (size_t i = 0; i < PAGE; i += sizeof(long))
			nr_lost += differing(peek((void *)(p + i)),
					     peek((void *)(t->shadow + i)));
		if (nr_lost)
			wrong("forked, reads wrong bytes");
	}
	/* the parent goes on from here */
	raise(SIGSTOP);
	if (p == MAP_FAILED || pick(4))
		pause();
	while (pread(t->fd, p, PAGE, t->at) == (ssize_t)PAGE)
		;
	_exit(1);
}

static void do_fork(void)
{
	int status = 0;

	if (lingering) {
		/* in the middle of whatever it does */
		kill(lingering, SIGKILL);
		waitpid(lingering, &status, 0);
		if (WIFEXITED(status))
			wrong("a child ended by itself");
		lingering = 0;
		return;
	}
	fflush(stdout);
	lingering = fork();
	if (lingering < 0)
		wrong("%s", strerror(errno));
	if (!lingering)
		child();
	if (waitpid(lingering, &status, WUNTRACED) < 0 || !WIFSTOPPED(status))
		exit(1);
	kill(lingering, SIGCONT);
}

static void prepare(const char *file)
{
	char *zeros = aligned_alloc(PAGE, TARGET_SIZE);

	memset(zeros, 0, TARGET_SIZE);
	targets[0].fd = open_drive("A", O_RDWR | O_DIRECT);
	targets[1].fd = open_drive("C", O_RDWR | O_DIRECT);
	targets[2].fd = open(file, O_RDWR | O_DIRECT | O_CREAT, 0600);
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		struct io io = { .t = &targets[i], .len = TARGET_SIZE };

		if (targets[i].fd < 0)
			die("%s: %s", targets[i].name, strerror(errno));
		/* no holes: what reads those is not the drive */
		if (!targets[i].at &&
		    pwrite(targets[i].fd, zeros, TARGET_SIZE, 0) != TARGET_SIZE)
			die("%s: %s", file, strerror(errno));
		memcpy(targets[i].shadow, target_bytes(&io), TARGET_SIZE);
	}
	if (syscall(SYS_io_setup, 4, &aio))
		die("io_setup: %s", strerror(errno));
	make_ring(4, false);
}

static void one_call(void)
{
	static const struct {
		const char *name;
		void (*call)(void);
		int often;
	} all[] = {
		{ "IO", do_io, 50 },
		{ "mmap", do_mmap, 16 },
		{ "munmap", do_munmap, 6 },
		{ "mprotect", do_mprotect, 4 },
		{ "mremap", do_mremap, 6 },
		{ "store", do_store, 10 },
		{ "advice", do_advice, 3 },
		{ "others", do_others, 3 },
		{ "fork", do_fork, 2 },
	};
	int n = pick(100);
	size_t i;

	for (i = 0; n >= all[i].often; i++)
		n -= all[i].often;
	doing = all[i].name;
	all[i].call();
}

int main(int argc, char **argv)
{
	unsigned long nr_calls = 1000, seconds = 0, started = now_ms();
	int opt;

	seed = time(NULL) ^ getpid() << 20;
	while ((opt = getopt(argc, argv, "s:n:t:f")) != -1) {
		switch (opt) {
		case 's':
			seed = strtoul(optarg, NULL, 0);
			break;
		case 'n':
			nr_calls = strtoul(optarg, NULL, 0);
			break;
		case 't':
			seconds = strtoul(optarg, NULL, 0);
			break;
		case 'f':
			fail_nth = open("/proc/self/fail-nth", O_RDWR);
			if (fail_nth < 0)
				die("fail-nth: %s", strerror(errno));
			break;
		default:
			return 2;
		}
	}
	if (argc - optind != 1)
		die("usage: p2pfuzz [-s SEED] [-n CALLS] [-t SECONDS] [-f] FILE");
	rnd = seed * 0x9e3779b97f4a7c15UL | 1;
	printf("seed %lu\n", seed);
	fflush(stdout);
	prepare(argv[optind]);
	for (calls = 0; seconds ? now_ms() - started < seconds * 1000 :
				  calls < nr_calls; calls++)
		one_call();
	if (lingering)
		do_fork();
	tell();
	return 0;
}
