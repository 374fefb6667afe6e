// SPDX-License-Identifier: GPL-2.0-only
#include <linux/uio.h>

static ssize_t blkdev_direct_IO(struct kiocb *iocb, struct iov_iter *iter)
{
	struct block_device *bdev = I_BDEV(iocb->ki_filp->f_mapping->host);
	unsigned int nr_pages;

	if (!iov_iter_count(iter))
		return 0;

	if (blkdev_dio_invalid(bdev, iocb, iter))
		return -EINVAL;

	nr_pages = bio_iov_vecs_to_alloc(iter, BIO_MAX_VECS + 1);
	return nr_pages;
}

struct iomap_dio *
__iomap_dio_rw(struct kiocb *iocb, struct iov_iter *iter,
		const struct iomap_ops *ops, const struct iomap_dio_ops *dops,
		unsigned int dio_flags, void *private, size_t done_before)
{
	struct iomap_iter iomi = {
		.len = iov_iter_count(iter),
	};
	struct iomap_dio *dio;
	loff_t ret = 0;

	if (!iomi.len)
		return NULL;

	dio = kmalloc(sizeof(*dio), GFP_KERNEL);
	return dio;
}

const struct file_operations ext4_file_operations = {
	.open		= ext4_file_open,
	.fop_flags	= FOP_MMAP_SYNC | FOP_BUFFER_RASYNC |
			  FOP_DIO_PARALLEL_WRITE,
};

const struct file_operations xfs_file_operations = {
	.fop_flags	= FOP_MMAP_SYNC | FOP_BUFFER_RASYNC,
	.open		= xfs_file_open,
};

/* reads the data for its checksums */
const struct file_operations btrfs_file_operations = {
	.open		= btrfs_file_open,
	.fop_flags	= FOP_MMAP_SYNC | FOP_BUFFER_RASYNC,
};
