/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs that attack share: errors by name, drives by serial
 * number, and memory that may vanish under the hands.
 */
#ifndef P2P_H
#define P2P_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define PAGE		4096UL
#define SECTOR		512UL

/* One word in so many is written and compared: device memory is slow here. */
#define STRIDE		8

static sigjmp_buf on_sigbus;

static inline void die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	exit(1);
}

static const struct {
	const char *name;
	int number;
} error_names[] = {
	{ "SHORT", 0 },		/* less was moved than asked for */
	{ "EIO", EIO },
	{ "EAGAIN", EAGAIN },
	{ "ENOMEM", ENOMEM },
	{ "EFAULT", EFAULT },
	{ "ENODEV", ENODEV },
	{ "ENXIO", ENXIO },
	{ "EINVAL", EINVAL },
	{ "ENOSPC", ENOSPC },
	{ "EINTR", EINTR },
	{ "EOPNOTSUPP", EOPNOTSUPP },
	{ "EREMOTEIO", EREMOTEIO },
	{ "ETIMEDOUT", ETIMEDOUT },
};

static inline const char *error_name(int number)
{
	for (size_t i = 0; i < ARRAY_SIZE(error_names); i++)
		if (error_names[i].number == number)
			return error_names[i].name;
	return strerror(number);
}

static inline int error_number(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(error_names); i++)
		if (!strcmp(error_names[i].name, name))
			return error_names[i].number;
	die("unknown error name %s", name);
	return 0;
}

static inline unsigned long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static inline unsigned long random64(unsigned long *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state * 0x2545f4914f6cdd1dUL;
}

static inline size_t read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = -1;

	if (fd >= 0) {
		n = read(fd, text, size - 1);
		close(fd);
	}
	text[n > 0 ? n : 0] = '\0';
	return n > 0 ? n : 0;
}

/* The controller with this serial number: nvme0 and the like. */
static inline bool find_controller(const char *serial,
				   char name[NAME_MAX + 1])
{
	DIR *dir = opendir("/sys/class/nvme");
	char path[PATH_MAX], text[64];
	bool found = false;
	struct dirent *d;

	while (dir && !found && (d = readdir(dir))) {
		snprintf(path, sizeof(path), "/sys/class/nvme/%s/serial",
			 d->d_name);
		if (d->d_name[0] == '.' || !read_text(path, text, sizeof(text)))
			continue;
		text[strcspn(text, "\n ")] = '\0';
		if (strcmp(text, serial))
			continue;
		snprintf(name, NAME_MAX + 1, "%s", d->d_name);
		found = true;
	}
	if (dir)
		closedir(dir);
	return found;
}

/* Open the first namespace of a drive; -1 while there is none. */
static inline int open_drive(const char *serial, int flags)
{
	char name[NAME_MAX + 1], path[PATH_MAX], text[64];
	struct dirent *d;
	int fd = -1;
	DIR *dir;

	if (!find_controller(serial, name))
		return -1;
	snprintf(path, sizeof(path), "/sys/class/nvme/%s", name);
	dir = opendir(path);
	while (dir && fd < 0 && (d = readdir(dir))) {
		if (strncmp(d->d_name, name, strlen(name)))
			continue;
		snprintf(path, sizeof(path), "/sys/class/nvme/%s/%s/nsid",
			 name, d->d_name);
		if (!read_text(path, text, sizeof(text)) || atoi(text) != 1)
			continue;
		snprintf(path, sizeof(path), "/dev/%s", d->d_name);
		fd = open(path, flags);
	}
	if (dir)
		closedir(dir);
	return fd;
}

/* Open the file whose mappings are the memory of a drive; -1 without one. */
static inline int open_memory(const char *serial)
{
	char name[NAME_MAX + 1], path[PATH_MAX];

	if (!find_controller(serial, name))
		return -1;
	snprintf(path, sizeof(path),
		 "/sys/class/nvme/%s/device/p2pmem/allocate", name);
	return open(path, O_RDWR);
}

/* Memory of the drive with this serial number; of "RAM", main memory. */
static inline void *map_memory(const char *serial, size_t size)
{
	int fd;
	void *p;

	if (!strcmp(serial, "RAM"))
		return mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fd = open_memory(serial);
	if (fd < 0)
		return MAP_FAILED;
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return p;
}

static inline void sigbus(int sig)
{
	(void)sig;
	siglongjmp(on_sigbus, 1);
}

static inline unsigned long pattern(unsigned long stamp, size_t word)
{
	return (stamp + word) * 0x9e3779b97f4a7c15UL;
}

static inline unsigned long peek(const unsigned long *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

static inline void put_pattern(void *buf, size_t len, unsigned long stamp)
{
	unsigned long *p = buf;

	for (size_t i = 0; i < len / sizeof(*p); i += STRIDE)
		__atomic_store_n(&p[i], pattern(stamp, i), __ATOMIC_RELAXED);
}

/* How many of the bytes that were looked at are not as they should be. */
static inline size_t wrong_bytes(const void *buf, size_t len,
				 unsigned long stamp)
{
	const unsigned long *p = buf;
	size_t wrong = 0;

	for (size_t i = 0; i < len / sizeof(*p); i += STRIDE)
		if (peek(&p[i]) != pattern(stamp, i))
			wrong += sizeof(*p);
	return wrong;
}

static inline size_t bytes_not_zero(const void *buf, size_t len)
{
	const unsigned long *p = buf;
	size_t wrong = 0;

	for (size_t i = 0; i < len / sizeof(*p); i += STRIDE)
		if (peek(&p[i]))
			wrong += sizeof(*p);
	return wrong;
}

#endif /* P2P_H */
