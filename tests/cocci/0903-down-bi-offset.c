// SPDX-License-Identifier: GPL-2.0-only
static size_t left(struct bvec_iter iter)
{
	return (size_t)iter.bi_size + iter.bi_offset;
}

static size_t all(struct iov_iter *i)
{
	struct bvec_iter iter = {
		.bi_offset	= i->iov_offset,
		.bi_size	= iov_iter_count(i),
	};

	return left(iter);
}

static size_t of_bio(const struct bio *bio)
{
	return (size_t)bio->bi_iter.bi_size + bio->bi_iter.bi_offset;
}

static void set(struct bio *bio, unsigned int done)
{
	bio->bi_iter.bi_offset = done;
}
