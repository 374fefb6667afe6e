// SPDX-License-Identifier: GPL-2.0-only
#include <linux/io_uring.h>
#include <linux/uio.h>

int io_import_fixed(int ddir, struct iov_iter *it,
		    struct io_mapped_ubuf *buf, size_t offset, size_t len)
{
	if (WARN_ON_ONCE(!buf))
		return -EFAULT;
	iov_iter_bvec(it, ddir, buf->bvec, buf->nr_bvecs, offset + len);
	if (offset)
		it->iov_offset = offset;
	return 0;
}

/* whose bvecs these are is not known */
int io_import_other(int ddir, struct iov_iter *it,
		    struct io_mapped_ubuf *buf, size_t len)
{
	iov_iter_bvec(it, ddir, buf->bvec, buf->nr_bvecs, len);
	return 0;
}

static int lo_rw_aio(struct loop_cmd *cmd, struct bio_vec *bvec, int nr_bvec,
		     unsigned int len, int rw)
{
	struct iov_iter i;

	atomic_set(&cmd->ref, 2);
	iov_iter_bvec(&i, rw, bvec, nr_bvec, len);
	i.iov_offset = 0;
	return rw;
}
