// SPDX-License-Identifier: GPL-2.0-only
/*
 * One preadv() or pwritev() on a drive or a file, with buffers of main memory,
 * of a PCI device, or of several of them, and a judgement of what came of it:
 *
 *   p2pio [OPTION]... FILE OFFSET BUFFER...
 *
 *	BUFFER		ram:LENGTH, or ALLOCATE:LENGTH with the p2pmem/allocate
 *			file of a device, or =:LENGTH for more of the mapping
 *			before; +OFFSET at the end to start within the mapping
 *	-w		write (else read)
 *	-b		through the page cache (else O_DIRECT)
 *	-n		as a command of the drive, by ioctl
 *	-i		the same by io_uring, with one buffer or several
 *	-f		with buffers that are registered with io_uring before
 *	-a		by libaio's system calls
 *	-q		by io_uring
 *	-g		only register the first buffer as a ring of buffers
 *	-r		map the devices' memory read-only
 *	-o		map it write-only, as far as processors know that
 *	-k		with a protection key that allows no access
 *	-u		unmap the second half of each mapping first
 *	-s SIZE		map this much of each device, at least
 *	-x ERRNO	it must fail so, and must have moved nothing; EIO
 *			is also what the drive refuses
 *
 * Without -x, all bytes must have been moved, and moved right: the same range
 * of the file is read once more into main memory and compared.  With -x, every
 * buffer and the range of the file must be as they were before.  Exit status 0
 * if all of this is so.
 */
#define _GNU_SOURCE
#include <linux/aio_abi.h>
#include <linux/nvme_ioctl.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include "p2p.h"
#include "p2pring.h"

#define MAX_BUFFERS	16
#define ROUND_UP(n)	(((n) + PAGE - 1) & ~(PAGE - 1))

struct options {
	bool write;
	bool buffered;
	bool command;
	bool ring;
	bool fixed;
	bool aio;
	bool uring;
	bool provide;
	bool read_only;
	bool write_only;
	bool locked;
	bool unmap_half;
	size_t map_size;
	int error;
};

/* By words: a byte at a time is slow on device memory. */
static void fill(void *buf, size_t len, unsigned long seed)
{
	unsigned long *p = buf;
	size_t i;

	for (i = 0; i < len / sizeof(*p); i++)
		p[i] = (seed + i) * 0x9e3779b97f4a7c15UL;
}

static size_t differs_at(const void *a, const void *b, size_t len)
{
	const unsigned long *p = a, *q = b;
	size_t i;

	for (i = 0; i < len / sizeof(*p); i++)
		if (p[i] != q[i])
			break;
	return i * sizeof(*p);
}

static void *copy_of(const void *buf, size_t len)
{
	unsigned long *copy = malloc(len);
	const unsigned long *p = buf;
	size_t i;

	if (!copy)
		die("out of memory");
	for (i = 0; i < len / sizeof(*p); i++)
		copy[i] = p[i];
	return copy;
}

static void *map_device(const char *path, size_t len, const struct options *o)
{
	int fd = open(path, O_RDWR);
	void *rw, *p;

	if (fd < 0)
		die("open %s: %s", path, strerror(errno));
	rw = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (rw == MAP_FAILED)
		die("mmap %zu of %s: %s", len, path, strerror(errno));
	p = rw;
	fill(p, len, len);
	if (o->read_only && mprotect(p, len, PROT_READ))
		die("mprotect: %s", strerror(errno));
	if (o->write_only && mprotect(p, len, PROT_WRITE))
		die("mprotect: %s", strerror(errno));
	if (o->unmap_half && munmap((char *)p + len / 2, len - len / 2))
		die("munmap: %s", strerror(errno));
	close(fd);
	return p;
}

static void *map_ram(size_t len)
{
	void *p = aligned_alloc(PAGE, ROUND_UP(len));

	if (!p)
		die("out of memory");
	fill(p, len, len);
	return p;
}

static void parse_buffer(char *arg, struct iovec *iov, const struct options *o)
{
	static char *mapping;
	char *colon = strrchr(arg, ':');
	size_t offset = 0, size;
	char *end;

	if (!colon)
		die("no length in %s", arg);
	/* A PCI address has colons too, so the last one counts. */
	*colon = '\0';
	iov->iov_len = strtoul(colon + 1, &end, 0);
	if (*end == '+')
		offset = strtoul(end + 1, NULL, 0);
	if (!strcmp(arg, "ram")) {
		iov->iov_base = (char *)map_ram(offset + iov->iov_len) + offset;
		return;
	}
	if (strcmp(arg, "=")) {
		size = ROUND_UP(offset + iov->iov_len);
		if (size < o->map_size)
			size = o->map_size;
		mapping = map_device(arg, size, o);
	}
	if (!mapping)
		die("nothing mapped before =");
	iov->iov_base = mapping + offset;
}

static void *read_by_ram(const char *path, off_t offset, size_t len, int flags)
{
	size_t done = 0;
	char *buf = aligned_alloc(PAGE, ROUND_UP(len));
	int fd = open(path, O_RDONLY | flags);
	ssize_t n;

	if (fd < 0)
		die("open %s: %s", path, strerror(errno));
	if (!buf)
		die("out of memory");
	while (done < len) {
		n = pread(fd, buf + done, len - done, offset + done);
		if (n <= 0)
			die("reading %s into main memory: %s", path,
			    n ? strerror(errno) : "end of file");
		done += n;
	}
	close(fd);
	return buf;
}

/* How much of a buffer there is: with -u and -x, the rest is not mapped. */
static size_t there(const struct iovec *iov, const struct options *o)
{
	return o->unmap_half && o->error ? iov->iov_len / 2 : iov->iov_len;
}

static void must_be_untouched(const struct iovec *iov, void **before, int nr,
			      const struct options *o)
{
	size_t at, len;
	int i;

	for (i = 0; i < nr; i++) {
		len = there(&iov[i], o);
		at = differs_at(iov[i].iov_base, before[i], len);
		if (at < len)
			die("buffer %d was changed at byte %zu", i, at);
	}
}

static void must_hold_file(const struct iovec *iov, int nr, const char *file)
{
	size_t at;
	int i;

	for (i = 0; i < nr; file += iov[i].iov_len, i++) {
		at = differs_at(iov[i].iov_base, file, iov[i].iov_len);
		if (at < iov[i].iov_len)
			die("buffer %d differs from the file at byte %zu",
			    i, at);
	}
}

/* What a command of the drive returns: an error, a status, or 0 */
static ssize_t outcome(int res, size_t len)
{
	if (res <= 0)
		return res ? -1 : (ssize_t)len;
	printf("the drive says status %#x: ", res);
	errno = EIO;
	return -1;
}

/* The same with several buffers: the kernel makes one request of them. */
static ssize_t command_vec(int fd, const struct iovec *iov, int nr,
			   off_t offset, size_t len, bool write)
{
	struct nvme_passthru_cmd64 io = {
		.opcode = write ? 1 : 2,
		.nsid = ioctl(fd, NVME_IOCTL_ID),
		.addr = (uintptr_t)iov,
		.vec_cnt = nr,
		.cdw10 = offset / 512,
		.cdw12 = len / 512 - 1,
	};

	return outcome(ioctl(fd, NVME_IOCTL_IO64_CMD_VEC, &io), len);
}

/* The same by io_uring, on the character device of the drive. */
static ssize_t command_ring(const char *path, const struct iovec *iov, int nr,
			    off_t offset, size_t len, bool write)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_URING_CMD,
		.cmd_op = NVME_URING_CMD_IO_VEC,
	};
	struct nvme_uring_cmd io = {
		.opcode = write ? 1 : 2,
		.addr = (uintptr_t)iov,
		.data_len = nr,
		.cdw10 = offset / 512,
		.cdw12 = len / 512 - 1,
	};
	char name[64];
	int fd, res;

	if (strncmp(path, "/dev/nvme", 9))
		die("%s is no drive", path);
	snprintf(name, sizeof(name), "/dev/ng%s", path + 9);
	fd = open(name, O_RDWR);
	if (fd < 0)
		die("open %s: %s", name, strerror(errno));
	io.nsid = ioctl(fd, NVME_IOCTL_ID);
	sqe.fd = fd;
	make_ring(1, true);
	memcpy(ring_add(&sqe)->cmd, &io, sizeof(io));
	if (ring_enter(1, 1) != 1)
		die("io_uring_enter: %s", strerror(errno));
	res = ring_result();
	errno = -res;
	return outcome(res < 0 ? -1 : res, len);
}

/* The same IO by other system calls. */
static ssize_t by_aio(int fd, const struct iovec *iov, int nr, off_t offset,
		      bool write)
{
	struct iocb io = {
		.aio_lio_opcode = write ? IOCB_CMD_PWRITEV : IOCB_CMD_PREADV,
		.aio_fildes = fd,
		.aio_buf = (uintptr_t)iov,
		.aio_nbytes = nr,
		.aio_offset = offset,
	};
	struct iocb *ios[] = { &io };
	aio_context_t context = 0;
	struct io_event event;

	if (syscall(SYS_io_setup, 1, &context))
		die("io_setup: %s", strerror(errno));
	if (syscall(SYS_io_submit, context, 1, ios) < 0)
		return -1;
	if (syscall(SYS_io_getevents, context, 1, 1, &event, NULL) != 1)
		die("io_getevents: %s", strerror(errno));
	errno = -event.res;
	return event.res < 0 ? -1 : event.res;
}

static ssize_t by_ring(int fd, const struct iovec *iov, int nr, off_t offset,
		       bool write)
{
	struct io_uring_sqe sqe = {
		.opcode = write ? IORING_OP_WRITEV : IORING_OP_READV,
		.fd = fd,
		.addr = (uintptr_t)iov,
		.len = nr,
		.off = offset,
	};
	long long res;

	make_ring(1, false);
	ring_add(&sqe);
	if (ring_enter(1, 1) != 1)
		die("io_uring_enter: %s", strerror(errno));
	res = ring_result();
	errno = -res;
	return res < 0 ? -1 : res;
}

/* Nothing is moved: it is about the memory of the ring. */
static ssize_t provide(const struct iovec *iov)
{
	struct io_uring_buf_reg reg = {
		.ring_addr = (uintptr_t)iov->iov_base,
		.ring_entries = 16,
	};

	make_ring(1, false);
	return syscall(SYS_io_uring_register, ring.fd,
		       IORING_REGISTER_PBUF_RING, &reg, 1);
}

/* Memory that stays pinned for longer than one IO. */
static ssize_t fixed(int fd, const struct iovec *iov, off_t offset, bool write)
{
	struct io_uring_sqe sqe = {
		.opcode = write ? IORING_OP_WRITE_FIXED : IORING_OP_READ_FIXED,
		.fd = fd,
		.addr = (uintptr_t)iov->iov_base,
		.len = iov->iov_len,
		.off = offset,
	};
	long long res;

	make_ring(1, false);
	if (syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_BUFFERS,
		    iov, 1))
		return -1;
	ring_add(&sqe);
	if (ring_enter(1, 1) != 1)
		die("io_uring_enter: %s", strerror(errno));
	res = ring_result();
	errno = -res;
	return res < 0 ? -1 : res;
}

/* Past the block layer's file interface; logical blocks have 512 bytes. */
static ssize_t command(int fd, const struct iovec *iov, off_t offset,
		       bool write)
{
	struct nvme_user_io io = {
		.opcode = write ? 1 : 2,
		.nblocks = iov->iov_len / 512 - 1,
		.addr = (uintptr_t)iov->iov_base,
		.slba = offset / 512,
	};

	return outcome(ioctl(fd, NVME_IOCTL_SUBMIT_IO, &io), iov->iov_len);
}

/* No access for this thread from now on, and none for what it calls. */
static int lock(const struct iovec *iov, int nr)
{
	int key = pkey_alloc(0, 0), i;

	if (key < 0)
		die("pkey_alloc: %s", strerror(errno));
	for (i = 0; i < nr; i++)
		if (pkey_mprotect((void *)((uintptr_t)iov[i].iov_base & -PAGE),
				  ROUND_UP(iov[i].iov_len),
				  PROT_READ | PROT_WRITE, key))
			die("pkey_mprotect: %s", strerror(errno));
	if (pkey_set(key, PKEY_DISABLE_ACCESS))
		die("pkey_set: %s", strerror(errno));
	return key;
}

static void judge(const char *path, off_t offset, struct iovec *iov, int nr,
		  const struct options *o)
{
	int flags = o->buffered ? 0 : O_DIRECT;
	void *before[MAX_BUFFERS], *file;
	int fd, i, key = -1, error;
	size_t len = 0;
	ssize_t n;

	for (i = 0; i < nr; i++) {
		before[i] = copy_of(iov[i].iov_base, there(&iov[i], o));
		len += iov[i].iov_len;
	}
	file = read_by_ram(path, offset, len, flags);
	fd = open(path, (o->write ? O_WRONLY : O_RDONLY) | flags);
	if (fd < 0)
		die("open %s: %s", path, strerror(errno));
	if (o->locked)
		key = lock(iov, nr);
	if (o->provide)
		n = provide(iov);
	else if (o->aio)
		n = by_aio(fd, iov, nr, offset, o->write);
	else if (o->uring)
		n = by_ring(fd, iov, nr, offset, o->write);
	else if (o->ring)
		n = command_ring(path, iov, nr, offset, len, o->write);
	else if (o->fixed)
		n = fixed(fd, iov, offset, o->write);
	else if (o->command && nr > 1)
		n = command_vec(fd, iov, nr, offset, len, o->write);
	else if (o->command)
		n = command(fd, iov, offset, o->write);
	else if (o->write)
		n = pwritev(fd, iov, nr, offset);
	else
		n = preadv(fd, iov, nr, offset);

	error = errno;
	if (key >= 0)
		pkey_set(key, 0);
	if (o->error) {
		if (n >= 0)
			die("%zd bytes moved, wanted %s", n,
			    error_name(o->error));
		if (error != o->error)
			die("failed with %s, wanted %s", error_name(error),
			    error_name(o->error));
		must_be_untouched(iov, before, nr, o);
		if (differs_at(file, read_by_ram(path, offset, len, flags),
			       len) < len)
			die("the file was changed");
		printf("%s, nothing moved\n", error_name(o->error));
		return;
	}
	if (n < 0)
		die("failed with %s", error_name(error));
	if ((size_t)n != len)
		die("moved %zd of %zu bytes", n, len);
	if (o->write) {
		must_be_untouched(iov, before, nr, o);
		fsync(fd);
	}
	must_hold_file(iov, nr, read_by_ram(path, offset, len, flags));
	printf("%zd bytes moved\n", n);
}

int main(int argc, char **argv)
{
	struct iovec iov[MAX_BUFFERS];
	struct options o = { 0 };
	int opt, nr;

	while ((opt = getopt(argc, argv, "wbnifaqgrokus:x:")) != -1) {
		switch (opt) {
		case 'w':
			o.write = true;
			break;
		case 'b':
			o.buffered = true;
			break;
		case 'n':
			o.command = true;
			break;
		case 'i':
			o.ring = true;
			break;
		case 'f':
			o.fixed = true;
			break;
		case 'a':
			o.aio = true;
			break;
		case 'q':
			o.uring = true;
			break;
		case 'g':
			o.provide = true;
			break;
		case 'r':
			o.read_only = true;
			break;
		case 'o':
			o.write_only = true;
			break;
		case 'k':
			o.locked = true;
			break;
		case 'u':
			o.unmap_half = true;
			break;
		case 's':
			o.map_size = strtoul(optarg, NULL, 0);
			break;
		case 'x':
			o.error = error_number(optarg);
			break;
		default:
			return 2;
		}
	}
	argv += optind;
	argc -= optind;
	if (argc < 3 || argc - 2 > MAX_BUFFERS) {
		fprintf(stderr,
			"usage: p2pio [-wbnifaqgroku] [-s SIZE] [-x ERRNO] FILE OFFSET BUFFER...\n");
		return 2;
	}
	for (nr = 0; nr < argc - 2; nr++)
		parse_buffer(argv[nr + 2], &iov[nr], &o);
	judge(argv[0], strtoul(argv[1], NULL, 0), iov, nr, &o);
	return 0;
}
