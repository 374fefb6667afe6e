// SPDX-License-Identifier: GPL-2.0-only
/*
 * QEMU plugin: how often each piece of the kernel's code ran, for run.
 *
 * A translation block is a straight piece of code; it counts itself in line, so
 * the machine is not much slower.  When it is off, "ADDRESS INSTRUCTIONS TIMES"
 * for each goes to the file out=.
 *
 * With from=ADDRESS, only what runs when a module has called that function,
 * until code behind end=ADDRESS runs: the module, or a module's probe.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

#define KERNEL	0xffffffff80000000UL	/* text and modules */

struct block {
	struct block *next;
	unsigned long long addr;
	unsigned long long insns;
	unsigned long long times;
};

/* Retranslated at times, so it can be there more than once. */
static struct block *blocks;
static const char *out;
static unsigned long long from, end;
static bool inside, module;

static void ran(unsigned int cpu, void *data)
{
	struct block *b = data;

	(void)cpu;
	if (b->addr == from && module)
		inside = true;
	module = b->addr >= end;
	if (module)
		inside = false;
	if (inside)
		b->times++;
}

static void translated(unsigned long long id, struct qemu_plugin_tb *tb)
{
	struct block *b;

	(void)id;
	if (qemu_plugin_tb_vaddr(tb) < KERNEL)
		return;
	b = calloc(1, sizeof(*b));
	if (!b)
		abort();
	b->addr = qemu_plugin_tb_vaddr(tb);
	b->insns = qemu_plugin_tb_n_insns(tb);
	b->next = blocks;
	blocks = b;
	if (from)
		qemu_plugin_register_vcpu_tb_exec_cb(tb, ran, CB_NO_REGS, b);
	else
		qemu_plugin_register_vcpu_tb_exec_inline(tb, INLINE_ADD_U64,
							 &b->times, 1);
}

static void ended(unsigned long long id, void *data)
{
	FILE *f = fopen(out, "w");
	struct block *b;

	(void)id;
	(void)data;
	if (!f)
		abort();
	for (b = blocks; b; b = b->next)
		if (b->times)
			fprintf(f, "%llx %llu %llu\n", b->addr, b->insns,
				b->times);
	fclose(f);
}

__attribute__((visibility("default")))
int qemu_plugin_install(unsigned long long id, const void *info, int argc,
			char **argv)
{
	int i;

	(void)info;
	for (i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "out=", 4))
			out = strdup(argv[i] + 4);
		else if (!strncmp(argv[i], "from=", 5))
			from = strtoull(argv[i] + 5, NULL, 16);
		else if (!strncmp(argv[i], "end=", 4))
			end = strtoull(argv[i] + 4, NULL, 16);
		else
			return -1;
	}
	if (!out)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, ended, NULL);
	return 0;
}
