// SPDX-License-Identifier: GPL-2.0-only
/*
 * How large things are in the kernel that this is built for: the size of each
 * symbol here is the answer.  Compiled, and never linked.
 */
#include <linux/bio.h>

#define TELL(what, size)	char size_of_##what[size] = { 1 }

TELL(bio_vec, sizeof(struct bio_vec));
/* as a small bio is allocated: its bvecs are behind it */
TELL(bio_and_4, sizeof(struct bio) + 4 * sizeof(struct bio_vec));
/* the slabs of block/bio.c */
TELL(biovec_16, 16 * sizeof(struct bio_vec));
TELL(biovec_64, 64 * sizeof(struct bio_vec));
TELL(biovec_128, 128 * sizeof(struct bio_vec));
TELL(biovec_max, BIO_MAX_VECS * sizeof(struct bio_vec));
