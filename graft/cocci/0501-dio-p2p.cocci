// SPDX-License-Identifier: GPL-2.0-only
//
// Direct IO of block devices and of iomap file systems looks at the whole of an
// IO before any of it is done: all RAM, or all of one provider.  Memory of a
// process has been looked at by then (0503), and has a mark; bvecs of the kernel
// have not.  Block devices take peer-to-peer memory where the queue does; file
// systems say that they never look at the data, and ext4 and xfs do say so.  All
// others refuse.
//
// Probe: fs/iomap/direct-io.c: ^__iomap_dio_rw\(
// Probe: include/linux/fs.h: FOP_P2P_DIO
// Files: block/fops.c fs/iomap/direct-io.c fs/ext4/file.c fs/xfs/xfs_file.c
// Hunks: 7

@ fops @
identifier iocb, iter, bdev, nr_pages;
@@
 blkdev_direct_IO(struct kiocb *iocb, struct iov_iter *iter)
 {
 struct block_device *bdev = ...;
 unsigned int nr_pages;
+int error;
 ...
 if (blkdev_dio_invalid(bdev, iocb, iter))
 	return -EINVAL;
+error = bio_phys_check_iter(iter, bdev, true);
+if (unlikely(error))
+	return error;
 ...
 }

@ dio @
identifier iocb, iter, iomi, ret;
@@
 __iomap_dio_rw(struct kiocb *iocb, struct iov_iter *iter, ...)
 {
 ...
 loff_t ret = 0;
 ...
 if (!iomi.len)
 	return NULL;
+ret = bio_phys_check_iter(iter, NULL,
+			  iocb->ki_filp->f_op->fop_flags & FOP_P2P_DIO);
+if (unlikely(ret))
+	return ERR_PTR(ret);
 ...
 }

@ depends on fops || dio @
@@
 #include <linux/uio.h>
+#include <linux/bio-phys.h>

@@
identifier ops =~ "^(ext4|xfs)_file_operations$";
@@
 struct file_operations ops = {
 .fop_flags =
	<+...
-	FOP_MMAP_SYNC
+	FOP_P2P_DIO | FOP_MMAP_SYNC
	...+>
 ,
 };
