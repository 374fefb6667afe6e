// SPDX-License-Identifier: GPL-2.0-only
/*
 * QEMU plugin: a drive takes no time, for bench/run.
 *
 * The emulated drive works in other threads than the processor does, and when
 * it is done is up to the host: at this instruction in one run, a thousand
 * further on in the next.  Here the processor stops when it has rung a
 * doorbell, and goes on when all other threads sleep.  The clock, which counts
 * instructions, stands still meanwhile, so the interrupt always comes at the
 * same one.
 *
 * In which order IOs that are in flight together complete is up to the host as
 * well: a thread does them, and QEMU's main thread looks now and then which are
 * done.  Preloaded (LD_PRELOAD), this file holds the thread back until the main
 * thread sleeps, having told of all that was done; then they complete in the
 * order in which they were submitted.  There may be one such thread only
 * (-object main-loop,thread-pool-max=1).
 *
 * device=NAME: what QEMU calls the registers.
 */
#define _GNU_SOURCE	/* gettid(), RTLD_NEXT */
#include <dirent.h>
#include <dlfcn.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "plugin.h"

#define VISIBLE	__attribute__((visibility("default")))
#define PAUSE	20	/* microseconds */

VISIBLE int qemu_plugin_version = 1;

static const char *device;

/* How often @thread has gone to sleep; 0 when it does not sleep. */
static unsigned long long sleeps(int thread)
{
	unsigned long long n = 0;
	bool asleep = false;
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/status", thread);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f)) {
		if (!strncmp(line, "State:\tS", 8))
			asleep = true;
		if (!strncmp(line, "voluntary_ctxt_switches:", 24))
			n = strtoull(line + 24, NULL, 10);
	}
	if (f)
		fclose(f);
	return asleep ? n : 0;
}

/*
 * How often all others have gone to sleep; 0 when one does not sleep.  The same
 * twice in a row: none has woken up another behind our back.
 */
static unsigned long long all_sleep(void)
{
	DIR *dir = opendir("/proc/self/task");
	unsigned long long n, sum = 1;
	struct dirent *d;

	if (!dir)
		abort();
	while (sum && (d = readdir(dir))) {
		if (d->d_name[0] == '.' || atoi(d->d_name) == gettid())
			continue;
		n = sleeps(atoi(d->d_name));
		sum = n ? sum + n : 0;
	}
	closedir(dir);
	return sum;
}

static void stored(unsigned int cpu, unsigned int info,
		   unsigned long long vaddr, void *data)
{
	struct qemu_plugin_hwaddr *hw = qemu_plugin_get_hwaddr(info, vaddr);
	unsigned long long now = 0, before;

	(void)cpu;
	(void)data;
	if (!hw || !qemu_plugin_hwaddr_is_io(hw) ||
	    !strstr(qemu_plugin_hwaddr_device_name(hw), device))
		return;
	do {
		before = now;
		usleep(PAUSE);
		now = all_sleep();
	} while (!now || now != before);
}

/* Never asleep itself: that would look as if there were nothing to do. */
static void wait_for_main(void)
{
	while (device && gettid() != getpid() && !sleeps(getpid()))
		sched_yield();
}

#define NEXT(name)	((typeof(name) *)dlsym(RTLD_NEXT, #name))

VISIBLE ssize_t pread64(int fd, void *to, size_t n, off_t at)
{
	wait_for_main();
	return NEXT(pread64)(fd, to, n, at);
}

VISIBLE ssize_t pwrite64(int fd, const void *from, size_t n, off_t at)
{
	wait_for_main();
	return NEXT(pwrite64)(fd, from, n, at);
}

VISIBLE ssize_t preadv64(int fd, const struct iovec *to, int n, off_t at)
{
	wait_for_main();
	return NEXT(preadv64)(fd, to, n, at);
}

VISIBLE ssize_t pwritev64(int fd, const struct iovec *from, int n, off_t at)
{
	wait_for_main();
	return NEXT(pwritev64)(fd, from, n, at);
}

static void translated(unsigned long long id, struct qemu_plugin_tb *tb)
{
	size_t i;

	(void)id;
	for (i = 0; i < qemu_plugin_tb_n_insns(tb); i++)
		qemu_plugin_register_vcpu_mem_cb(qemu_plugin_tb_get_insn(tb, i),
						 stored, CB_NO_REGS, MEM_W,
						 NULL);
}

VISIBLE int qemu_plugin_install(unsigned long long id, const void *info,
				int argc, char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "device=", 7))
		return -1;
	device = strdup(argv[0] + 7);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
