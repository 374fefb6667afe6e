// SPDX-License-Identifier: GPL-2.0-only
/*
 * What sparse must say about the flags of a bio_vec that are taken for an
 * integer.  `make lint` compares it, line by line, with the comments here.
 */
#include <linux/bvec.h>

static void __maybe_unused good(struct bio_vec *bv, struct bio_vec *other)
{
	bv->bv_flags = BVEC_P2P;
	bv->bv_flags = 0;
	bv->bv_flags |= other->bv_flags & BVEC_P2P;
	if (bv->bv_flags)
		bv->bv_flags &= ~BVEC_P2P;
}

static void __maybe_unused bad(struct bio_vec *bv, int flags)
{
	/* sparse, next line: incorrect type in assignment */
	bv->bv_flags = 1;
	/* sparse, next line: incorrect type in assignment */
	bv->bv_flags = flags;
	/* sparse, next line: invalid assignment: |= */
	bv->bv_flags |= 1;
	/* sparse, next line: incorrect type in assignment */
	bv->bv_len = BVEC_P2P;
}

static int __maybe_unused bad_return(struct bio_vec *bv)
{
	/* sparse, next line: restricted bvec_flags_t degrades to integer */
	if (bv->bv_flags == 1)
		return 0;
	/* sparse, next line: incorrect type in return expression */
	return bv->bv_flags;
}
