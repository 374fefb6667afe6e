// SPDX-License-Identifier: GPL-2.0-only
static void init(struct bio *bio)
{
	bio_init(bio, NULL, bio_inline_vecs(bio), 4, REQ_OP_READ);
}
