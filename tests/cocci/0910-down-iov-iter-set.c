// SPDX-License-Identifier: GPL-2.0-only
static void give(struct bio *bio, struct iov_iter *iter)
{
	bio_iov_iter_set(bio, iter);
}
