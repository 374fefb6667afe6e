// SPDX-License-Identifier: GPL-2.0-only
static int take(struct bio *bio, struct iov_iter *iter)
{
	return bio_iov_iter_get_pages(bio, iter, 0, 0);
}
