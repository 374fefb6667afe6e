/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _BENCH_LOOKUP_H
#define _BENCH_LOOKUP_H

#include <linux/types.h>

#define LOOKUP_WAYS	4

/**
 * struct lookup_way - a structure that addresses are looked up in
 * @name: what the results call it; NULL at the end
 * @find: is the address in a range?
 */
struct lookup_way {
	const char *name;
	bool (*find)(u64 phys);
};

extern const struct lookup_way lookup_ways[LOOKUP_WAYS];

/* what the kernel and user space do each in their own way */
void *lookup_alloc(size_t size);
void lookup_free(void *mem);
void lookup_read_lock(void);
void lookup_read_unlock(void);

int lookup_grow(unsigned long n);
void lookup_exit(void);
void lookup_fill(u64 *phys, unsigned long n, bool hit, bool random);

#endif /* _BENCH_LOOKUP_H */
