/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What count.c uses of QEMU's interface for plugins, version 1
 * (docs/devel/tcg-plugins.rst there): Debian has no package with its header.
 */
#ifndef PLUGIN_H
#define PLUGIN_H

#include <stddef.h>

struct qemu_plugin_tb;
typedef void (*tb_trans_fn)(unsigned long long id, struct qemu_plugin_tb *tb);
typedef void (*tb_exec_fn)(unsigned int cpu, void *data);
typedef void (*atexit_fn)(unsigned long long id, void *data);

enum { INLINE_ADD_U64 };
enum { CB_NO_REGS };

void qemu_plugin_register_vcpu_tb_trans_cb(unsigned long long id,
					   tb_trans_fn fn);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, int op,
					      void *p, unsigned long long n);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
					  tb_exec_fn fn, int flags, void *data);
void qemu_plugin_register_atexit_cb(unsigned long long id, atexit_fn fn,
				    void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
unsigned long long qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);

#endif /* PLUGIN_H */
