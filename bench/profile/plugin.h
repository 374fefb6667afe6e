/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What count.c and settle.c use of QEMU's interface for plugins, version 1
 * (docs/devel/tcg-plugins.rst there): Debian has no package with its header.
 */
#ifndef PLUGIN_H
#define PLUGIN_H

#include <stdbool.h>
#include <stddef.h>

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_hwaddr;
typedef void (*tb_trans_fn)(unsigned long long id, struct qemu_plugin_tb *tb);
typedef void (*tb_exec_fn)(unsigned int cpu, void *data);
typedef void (*mem_fn)(unsigned int cpu, unsigned int info,
		       unsigned long long vaddr, void *data);
typedef void (*atexit_fn)(unsigned long long id, void *data);

enum { INLINE_ADD_U64 };
enum { CB_NO_REGS };
enum { MEM_W = 2 };

void qemu_plugin_register_vcpu_tb_trans_cb(unsigned long long id,
					   tb_trans_fn fn);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, int op,
					      void *p, unsigned long long n);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
					  tb_exec_fn fn, int flags, void *data);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, mem_fn fn,
				      int flags, int rw, void *data);
void qemu_plugin_register_atexit_cb(unsigned long long id, atexit_fn fn,
				    void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
unsigned long long qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *
qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(unsigned int info,
						  unsigned long long vaddr);
bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *hw);
const char *
qemu_plugin_hwaddr_device_name(const struct qemu_plugin_hwaddr *hw);

#endif /* PLUGIN_H */
