// SPDX-License-Identifier: GPL-2.0-only
/*
 * A mapping of peer-to-peer memory in the hands of everybody who takes pages of
 * processes, or walks their page tables.
 *
 *   p2ppages take ALLOCATE
 *	Whoever wants a page, to keep it or to copy from it, gets an error, and
 *	the one that it gets for memory that cannot be taken.  What reads
 *	another process's memory may be served instead, with the right bytes.
 *
 *   p2ppages walk ALLOCATE
 *	What works on a range of addresses may do so or refuse, but afterwards
 *	the memory is there, with the same bytes, and can be written.
 *
 * Exit status 0 if it is so, with a line for each.
 */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "p2p.h"
#include "p2pring.h"

#define SIZE		(64 * PAGE)

/* Of later headers than some have */
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

static unsigned char *p;	/* the memory */
static unsigned long stamp;	/* of the pattern in it */
static char ram[SIZE];
static int wrong;

/* those who take; negative: the error */

static long result(long n)
{
	return n < 0 ? -errno : n;
}

static long vm_readv(void)
{
	struct iovec to = { ram, PAGE }, from = { p, PAGE };

	return result(process_vm_readv(getpid(), &to, 1, &from, 1, 0));
}

static long vm_writev(void)
{
	struct iovec from = { ram, PAGE }, to = { p, PAGE };

	return result(process_vm_writev(getpid(), &from, 1, &to, 1, 0));
}

static long splice_flags(unsigned int flags)
{
	struct iovec from = { p, PAGE };
	int fds[2];
	long n;

	if (pipe(fds))
		die("pipe: %s", strerror(errno));
	n = result(vmsplice(fds[1], &from, 1, flags));
	close(fds[0]);
	close(fds[1]);
	return n;
}

static long splice_copy(void)
{
	return splice_flags(0);
}

static long splice_gift(void)
{
	return splice_flags(SPLICE_F_GIFT);
}

/* A shared one is known by its page: of a file, by its place there. */
static long futex_shared(void)
{
	struct timespec soon = { .tv_nsec = 1000000 };
	unsigned int *word = (unsigned int *)p;

	return result(syscall(SYS_futex, word, FUTEX_WAIT, *word, &soon, NULL,
			      0));
}

static long ring_buffer(void)
{
	struct iovec iov = { p, SIZE };

	return result(syscall(SYS_io_uring_register, ring.fd,
			      IORING_REGISTER_BUFFERS, &iov, 1));
}

static long ring_beside_ram(void)
{
	struct iovec iov[] = { { ram, PAGE }, { p, PAGE } };

	return result(syscall(SYS_io_uring_register, ring.fd,
			      IORING_REGISTER_BUFFERS, iov, 2));
}

/* A ring that the kernel writes to, in our memory */
static long ring_in_it(void)
{
	struct io_uring_buf_reg reg = {
		.ring_addr = (uintptr_t)p,
		.ring_entries = 8,
		.bgid = 1,
	};

	return result(syscall(SYS_io_uring_register, ring.fd,
			      IORING_REGISTER_PBUF_RING, &reg, 1));
}

/* those who read a process's memory: the bytes, or nothing */

static long mem_file(void)
{
	int fd = open("/proc/self/mem", O_RDWR);
	long n;

	if (fd < 0)
		die("/proc/self/mem: %s", strerror(errno));
	n = result(pread(fd, ram, PAGE, (uintptr_t)p));
	close(fd);
	if (n > 0 && wrong_bytes(ram, n, stamp))
		return -EBADMSG;
	return n;
}

static long traced(void)
{
	pid_t child = fork();
	long word, error;

	if (!child) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	errno = 0;
	word = ptrace(PTRACE_PEEKDATA, child, p, NULL);
	error = errno;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	if (error)
		return -error;
	return word == (long)pattern(stamp, 0) ? (long)sizeof(word) : -EBADMSG;
}

static const struct {
	const char *name;
	long (*take)(void);
	int error;
	bool may_read;
} takers[] = {
	{ "process_vm_readv", vm_readv, EFAULT, false },
	{ "process_vm_writev", vm_writev, EFAULT, false },
	{ "vmsplice", splice_copy, EFAULT, false },
	{ "vmsplice, as a gift", splice_gift, EFAULT, false },
	{ "shared futex", futex_shared, EFAULT, false },
	{ "registered buffer", ring_buffer, EFAULT, false },
	{ "registered buffer beside one of RAM", ring_beside_ram, EFAULT,
	  false },
	{ "ring of provided buffers", ring_in_it, EFAULT, false },
	{ "/proc/PID/mem", mem_file, EIO, true },
	{ "ptrace", traced, EIO, true },
};

static void take(void)
{
	make_ring(8, false);
	for (size_t i = 0; i < ARRAY_SIZE(takers); i++) {
		long n = takers[i].take();
		bool ok = n == -takers[i].error ||
			  (n > 0 && takers[i].may_read);

		printf("%s %s: ", ok ? "ok:   " : "WRONG:", takers[i].name);
		if (n < 0)
			printf("%s\n", error_name(-n));
		else
			printf("%ld bytes\n", n);
		wrong += !ok;
	}
}

/* those who walk */

static long in_core(void)
{
	unsigned char vec[SIZE / PAGE];

	return result(mincore(p, SIZE, vec));
}

static long read_all(const char *path, off_t from, size_t size)
{
	static char text[1 << 16];
	int fd = open(path, O_RDONLY);
	long n = -errno;

	while (fd >= 0 && size) {
		n = result(pread(fd, text, size < sizeof(text) ? size :
				 sizeof(text), from));
		if (n <= 0)
			break;
		from += n;
		size -= n;
	}
	if (fd >= 0)
		close(fd);
	return n;
}

static long see_pagemap(void)
{
	return read_all("/proc/self/pagemap", (uintptr_t)p / PAGE * 8,
			SIZE / PAGE * 8);
}

static long see_smaps(void)
{
	return read_all("/proc/self/smaps", 0, 1 << 20);
}

static long see_numa_maps(void)
{
	return read_all("/proc/self/numa_maps", 0, 1 << 20);
}

static long clear_refs_of(const char *what)
{
	int fd = open("/proc/self/clear_refs", O_WRONLY);
	long n = fd < 0 ? -errno : result(write(fd, what, 1));

	close(fd);
	return n;
}

static long clear_refs(void)
{
	return clear_refs_of("1");
}

static long clear_dirty(void)
{
	return clear_refs_of("4");
}

static long locked(void)
{
	long n = result(mlock(p, SIZE));

	munlock(p, SIZE);
	return n;
}

static long protect(void)
{
	long n = result(mprotect(p, SIZE, PROT_READ));

	return n ?: result(mprotect(p, SIZE, PROT_READ | PROT_WRITE));
}

/* To another place */
static long move(void)
{
	unsigned char *to = mmap(NULL, SIZE, PROT_NONE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *q = mremap(p, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, to);

	if (q == MAP_FAILED)
		return -errno;
	p = q;
	return 0;
}

static long faults(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = {
		.range = { (uintptr_t)p, SIZE },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int fd = syscall(SYS_userfaultfd, UFFD_USER_MODE_ONLY);
	long n;

	if (fd < 0)
		return -errno;
	ioctl(fd, UFFDIO_API, &api);
	n = result(ioctl(fd, UFFDIO_REGISTER, &reg));
	close(fd);
	return n;
}

static long synced(void)
{
	return result(msync(p, SIZE, MS_SYNC));
}

static long placed(void)
{
	void *pages[] = { p, p + PAGE };
	int status[2];

	return result(syscall(SYS_move_pages, 0, 2, pages, NULL, status, 0));
}

/* A child has the same memory, and what it writes is seen. */
static long forked(void)
{
	int status;
	pid_t child = fork();

	if (!child) {
		size_t bad = wrong_bytes(p, SIZE, stamp);

		put_pattern(p, SIZE, stamp + 1);
		_exit(bad != 0);
	}
	waitpid(child, &status, 0);
	stamp++;
	return status ? -EBADMSG : 0;
}

static const struct {
	const char *name;
	long (*walk)(void);
	int advice;
} walkers[] = {
	{ "mincore", in_core, 0 },
	{ "pagemap", see_pagemap, 0 },
	{ "smaps", see_smaps, 0 },
	{ "numa_maps", see_numa_maps, 0 },
	{ "clear_refs 1", clear_refs, 0 },
	{ "clear_refs 4", clear_dirty, 0 },
	{ "mlock", locked, 0 },
	{ "mprotect", protect, 0 },
	{ "msync", synced, 0 },
	{ "move_pages", placed, 0 },
	{ "userfaultfd", faults, 0 },
	{ "MADV_WILLNEED", NULL, MADV_WILLNEED },
	{ "MADV_COLD", NULL, MADV_COLD },
	{ "MADV_PAGEOUT", NULL, MADV_PAGEOUT },
	{ "MADV_FREE", NULL, MADV_FREE },
	{ "MADV_DONTNEED", NULL, MADV_DONTNEED },
	{ "MADV_REMOVE", NULL, MADV_REMOVE },
	{ "MADV_MERGEABLE", NULL, MADV_MERGEABLE },
	{ "MADV_HUGEPAGE", NULL, MADV_HUGEPAGE },
	{ "MADV_COLLAPSE", NULL, MADV_COLLAPSE },
	{ "MADV_POPULATE_READ", NULL, MADV_POPULATE_READ },
	{ "MADV_POPULATE_WRITE", NULL, MADV_POPULATE_WRITE },
	{ "MADV_HWPOISON", NULL, MADV_HWPOISON },
	{ "MADV_WIPEONFORK", NULL, MADV_WIPEONFORK },
	{ "MADV_DODUMP", NULL, MADV_DODUMP },
	{ "mremap", move, 0 },
	{ "fork", forked, 0 },
};

static void walk(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(walkers); i++) {
		long n = walkers[i].walk ? walkers[i].walk() :
			 result(madvise(p, SIZE, walkers[i].advice));
		size_t bad = wrong_bytes(p, SIZE, stamp);

		put_pattern(p, SIZE, ++stamp);
		bad += wrong_bytes(p, SIZE, stamp);
		printf("%s %s: %s\n", bad || n == -EBADMSG ? "WRONG:" : "ok:   ",
		       walkers[i].name, n < 0 ? error_name(-n) : "done");
		wrong += bad || n == -EBADMSG;
	}
}

int main(int argc, char **argv)
{
	int fd;

	setbuf(stdout, NULL);
	if (argc != 3 || (strcmp(argv[1], "take") && strcmp(argv[1], "walk")))
		die("usage: p2ppages take|walk ALLOCATE");
	fd = open(argv[2], O_RDWR);
	p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd < 0 || p == MAP_FAILED)
		die("%s: %s", argv[2], strerror(errno));
	stamp = 1;
	put_pattern(p, SIZE, stamp);
	if (*argv[1] == 't')
		take();
	else
		walk();
	printf("%d wrong\n", wrong);
	return wrong ? 1 : 0;
}
