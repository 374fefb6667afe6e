// SPDX-License-Identifier: GPL-2.0-only
/*
 * The first process of a machine for which there is no shell, and all of its
 * checks: drive A is copied to drive B through B's memory, on a host bridge
 * that translates addresses; drive C is beyond it.  ppce500.conf has a picture.
 *
 *	rdinit=/usr/bin/p2pbare report=ttyS1	with our kernel
 *	guest=stock				with one that is not ours
 */
#define _GNU_SOURCE
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>

#include "p2p.h"

#define TRACING		"/sys/kernel/tracing/"
#define DEBUG		"/sys/kernel/debug/dma_phys/"
#define COPIED		"8388608"
#define AT		"16777216"	/* where the checks may write */

struct drive {
	const char *serial;
	char pci[64];		/* 0000:01:00.0 */
	char disk[64];		/* /dev/nvme0n1 */
	char memory[PATH_MAX];	/* p2pmem/allocate */
};

static struct drive A = { .serial = "A" };
static struct drive B = { .serial = "B" };
static struct drive C = { .serial = "C" };
static int passed, failed;

/* What the kernel says of drive B's memory. */
static unsigned long long start, bus, size;

static void check(bool ok, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	printf(ok ? "  PASS  " : "  FAIL  ");
	vprintf(fmt, args);
	printf("\n");
	va_end(args);
	passed += ok;
	failed += !ok;
}

static void section(const char *title)
{
	printf("\n%s\n", title);
}

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		printf("        %s: %s\n", path, strerror(errno));
	if (fd >= 0)
		close(fd);
}

/* The whole of a file that does not know its size; never freed. */
static char *text_of(const char *path)
{
	size_t size = 1 << 20, len = 0;
	char *text = malloc(size);
	int fd = open(path, O_RDONLY);
	ssize_t n;

	while (fd >= 0 && (n = read(fd, text + len, size - len - 1)) > 0) {
		len += n;
		if (size - len < 4096)
			text = realloc(text, size *= 2);
	}
	if (fd >= 0)
		close(fd);
	text[len] = '\0';
	return text;
}

/* Does the kernel's log say so? */
static bool logged(const char *words)
{
	static char text[1 << 18];
	int n = klogctl(3 /* SYSLOG_ACTION_READ_ALL */, text,
			sizeof(text) - 1);
	char *at;

	text[n > 0 ? n : 0] = '\0';
	at = strstr(text, words);
	if (at) {
		while (at > text && at[-1] != '\n')
			at--;
		printf("        kernel: %.*s\n", (int)strcspn(at, "\n"), at);
	}
	return at;
}

/* run PROGRAM ARGUMENT..., NULL: did it succeed?  It adds to the report. */
static bool run(const char *program, ...)
{
	char *argv[16] = { (char *)program };
	int status, n = 0;
	va_list args;

	va_start(args, program);
	do {
		argv[++n] = va_arg(args, char *);
	} while (argv[n]);
	va_end(args);
	fflush(stdout);
	if (!fork()) {
		execv(program, argv);
		_exit(127);
	}
	wait(&status);
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

static bool find_drive(struct drive *d)
{
	char name[NAME_MAX + 1], path[PATH_MAX], target[PATH_MAX];
	ssize_t n;

	if (!find_controller(d->serial, name))
		return false;
	snprintf(path, sizeof(path), "/sys/class/nvme/%s/device", name);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return false;
	target[n] = '\0';
	snprintf(d->pci, sizeof(d->pci), "%.60s", basename(target));
	snprintf(d->disk, sizeof(d->disk), "/dev/%.50sn1", name);
	snprintf(d->memory, sizeof(d->memory),
		 "/sys/bus/pci/devices/%s/p2pmem/allocate", d->pci);
	return true;
}

/* bytes VERDICT: how many were mapped with this verdict since boot */
static unsigned long long bytes(const char *verdict)
{
	char *at = strstr(text_of(DEBUG "stats"), verdict);
	unsigned long long n = 0;

	if (at)
		sscanf(at + strlen(verdict), " %*u %llu", &n);
	return n;
}

/* What the device itself answers to, in a 64-bit BAR; little-endian. */
static unsigned long long bar_register(const struct drive *d, int bar)
{
	unsigned char reg[8] = { 0 };
	unsigned long long addr = 0;
	char path[PATH_MAX];
	int fd, i;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", d->pci);
	fd = open(path, O_RDONLY);
	if (fd < 0 || pread(fd, reg, 8, 0x10 + 4 * bar) != 8)
		printf("        %s: %s\n", path, strerror(errno));
	close(fd);
	for (i = 7; i >= 0; i--)
		addr = addr << 8 | reg[i];
	return addr & ~15ULL;
}

static unsigned long long bar_resource(const struct drive *d, int bar)
{
	char path[PATH_MAX], *line;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource",
		 d->pci);
	for (line = text_of(path); line && bar--; line = strchr(line, '\n') + 1)
		;
	return strtoull(line, NULL, 0);
}

static void check_range(void)
{
	char *line, provider[64];
	int bar = -1;

	section("1. Device memory, at addresses that do not fit 32 bits");
	for (line = text_of(DEBUG "ranges"); line;
	     line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		if (sscanf(line, "%llx-%*x bus %llx size %llu provider %63s BAR %d",
			   &start, &bus, &size, provider, &bar) == 5 &&
		    !strcmp(provider, B.pci))
			break;
		bar = -1;
	}
	check(bar >= 0, "drive B's memory is registered");
	if (bar < 0)
		return;
	/* the host looks for these in what QEMU saw */
	printf("SEEN never %#llx %#llx\n", start, start + size - 1);
	check(size == 64 << 20, "it is 64 MiB long");
	check(start == bar_resource(&B, bar), "it starts where the BAR does");
	check(start >> 32, "for the processor it is beyond 4 GiB");
	check(bus == bar_register(&B, bar),
	      "its bus address is what the device itself answers to");
	check(start != bus && !(bus >> 32),
	      "which is another address, and one of 32 bits");
}

/*
 * Each mapping: the client that was to do the DMA, the verdict, and an address
 * that is as far into the bus range as the memory is into the range.
 */
static void check_trace(void)
{
	char *line = text_of(TRACING "trace"), *end;
	char client[64], provider[64], verdict[16];
	unsigned long long phys, dma, len, first = ~0ULL, last = 0, told = 0;
	unsigned int of_A = 0, of_B = 0, other = 0, n, m;

	for (; line; line = end ? end + 1 : NULL) {
		char *at = strstr(line, "dma_phys_map: ");
		char *where = strstr(line, "phys=0x");

		end = strchr(line, '\n');
		if (!at || !where || (end && at > end))
			continue;
		n = sscanf(at, "dma_phys_map: client=%63s provider=%63s",
			   client, provider);
		m = sscanf(where, "phys=%llx dma=%llx size=%llu verdict=%15s",
			   &phys, &dma, &len, verdict);
		if (of_A + of_B + other < 2)
			printf("        | %.*s\n", (int)strcspn(at, "\n"), at);
		if (n != 2 || m != 4 || strcmp(provider, B.pci) ||
		    phys < start || phys >= start + size ||
		    dma - bus != phys - start) {
			other++;
		} else if (!strcmp(client, A.pci) &&
			   !strcmp(verdict, "bus_addr")) {
			of_A++;
			first = dma < first ? dma : first;
			last = dma + len - 1 > last ? dma + len - 1 : last;
			told += len;
		} else if (!strcmp(client, B.pci) &&
			   !strcmp(verdict, "own_bar")) {
			of_B++;
		} else {
			other++;
		}
	}
	check(of_A && of_B && !other,
	      "traced: A %u times by bus address, B %u times its own BAR, %u of anything else",
	      of_A, of_B, other);
	printf("SEEN told %#llx %#llx %llu\n", first, last, told);
	printf("SEEN table A>B|bus_addr|bus address %#llx-%#llx\n", first,
	       last);
}

static void check_copy(void)
{
	unsigned long long n = strtoull(COPIED, NULL, 0);
	unsigned long long by_bus, own, bridge;
	bool ok;

	section("2. Drive A is copied to drive B through drive B's memory");
	by_bus = bytes("bus_addr");
	own = bytes("own_bar");
	bridge = bytes("host_bridge");
	write_text(TRACING "events/dma_phys/enable", "1");
	ok = run("/usr/bin/p2pcopy", A.disk, B.disk, B.memory, COPIED,
		 "1048576", NULL);
	write_text(TRACING "events/dma_phys/enable", "0");
	check(ok, "an ordinary program copies 8 MiB");
	check(bytes("bus_addr") - by_bus == n,
	      "drive A was told drive B's bus address for every byte");
	check(bytes("own_bar") - own == n,
	      "drive B took every byte from its own memory");
	check(bytes("host_bridge") == bridge,
	      "nothing went through the host bridge");
	check(!bytes("refused"), "nothing was refused");
	check_trace();
}

#define p2pio(...)	run("/usr/bin/p2pio", __VA_ARGS__, NULL)

static void check_shapes(void)
{
	char mem[PATH_MAX + 16], big[PATH_MAX + 16];

	section("3. Buffers of every shape, and what must be refused");
	snprintf(mem, sizeof(mem), "%s:4096+512", B.memory);
	snprintf(big, sizeof(big), "%s:65536", B.memory);
	check(p2pio("-s65536", A.disk, "0", mem, "=:1024+8192", "=:512+16384"),
	      "preadv with buffers off a page's start");
	check(p2pio("-ws65536", A.disk, AT, mem, "=:1024+8192", "=:512+16384"),
	      "pwritev with buffers off a page's start");
	check(p2pio("-s2097152", A.disk, "0", big, "=:1048576+131072"),
	      "one preadv of more than 1 MiB");
	check(p2pio("-bs65536", A.disk, "0", big),
	      "read() through the page cache is copied by the CPU");
	check(p2pio("-xEINVAL", A.disk, "0", "ram:65536", big),
	      "main memory and B's memory in one call: EINVAL, nothing moved");
	check(p2pio("-xEREMOTEIO", C.disk, "0", big),
	      "drive C, beyond the bridge, with B's memory: EREMOTEIO");
	printf("SEEN table C>B|refused|none\n");
	check(logged("do not share an upstream bridge"),
	      "and the kernel says why");
	check(p2pio(C.disk, "0", "ram:1048576"),
	      "drive C with main memory");
	check(run("/usr/bin/p2plife", "gone", A.disk, B.memory, B.pci, NULL),
	      "driver B unbound: reads fail, touching ends in SIGBUS");
}

static void check_stock(void)
{
	section("1. The same drives on a kernel that is not ours");
	check(logged("failed to register the CMB"),
	      "it cannot register drive B's memory");
	check(access(B.memory, F_OK), "so there is no p2pmem/allocate");
	printf("SEEN table A>B|no P2P|none\n");
	check(p2pio(A.disk, "0", "ram:1048576"),
	      "drive A reads into main memory");
}

static void mount_all(void)
{
	static const char *const where[][2] = {
		{ "proc", "/proc" },
		{ "sysfs", "/sys" },
		{ "devtmpfs", "/dev" },
		{ "debugfs", "/sys/kernel/debug" },
		{ "tracefs", "/sys/kernel/tracing" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(where); i++) {
		mkdir(where[i][1], 0755);
		mount(where[i][0], where[i][1], where[i][0], 0, NULL);
	}
}

static void report_to(const char *port)
{
	struct termios t;
	char path[64];

	snprintf(path, sizeof(path), "/dev/%s", port);
	if (!freopen(path, "w", stdout))
		exit(1);
	tcgetattr(STDOUT_FILENO, &t);
	cfmakeraw(&t);
	tcsetattr(STDOUT_FILENO, TCSANOW, &t);
	dup2(STDOUT_FILENO, STDERR_FILENO);
	setvbuf(stdout, NULL, _IOLBF, 0);
}

int main(void)
{
	const char *port = getenv("report"), *guest = getenv("guest");
	const unsigned int one = 1;
	struct utsname u;
	int i;

	mount_all();
	report_to(port ? port : "console");
	uname(&u);
	printf("Linux %s is up, %zu-bit, %s-endian\n", u.release,
	       8 * sizeof(long), *(const char *)&one ? "little" : "big");

	/* drives are probed in the background */
	for (i = 0; i < 100; i++) {
		if (find_drive(&A) && find_drive(&B) && find_drive(&C) &&
		    !access(A.disk, F_OK) && !access(B.disk, F_OK) &&
		    !access(C.disk, F_OK))
			break;
		usleep(100000);
	}
	check(i < 100, "three drives are there");
	if (i == 100) {
		;
	} else if (guest && !strcmp(guest, "stock")) {
		check_stock();
	} else {
		check_range();
		check_copy();
		check_shapes();
	}
	printf("\nVERDICT passed=%d failed=%d\n", passed, failed);
	fflush(stdout);
	tcdrain(STDOUT_FILENO);
	sync();
	reboot(RB_AUTOBOOT);
	return 0;
}
