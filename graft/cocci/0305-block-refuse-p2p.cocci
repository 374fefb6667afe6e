// SPDX-License-Identifier: GPL-2.0-only
// Code that would read peer-to-peer memory with the CPU, or take its pages, and
// that the gate at submission does not cover: protection information, because
// the profile may change between the gate and the driver (a throttled bio waits
// for seconds); and bvecs of a kernel submitter that are made into a scatterlist
// or an RDMA list.  bcachefs, which checksums and compresses, calls
// bio_iov_iter_get_pages() by itself, so that it asks before.
// Probe: block/bio-integrity.c: ^bool bio_integrity_prep\(
// Probe: lib/scatterlist.c: extract_bvec_to_sg\(
// Files: block/bio-integrity.c lib/scatterlist.c fs/smb/client/smbdirect.c fs/bcachefs/fs-io-direct.c
// Hunks: 7

@ prep @
identifier bio, len;
@@
 bio_integrity_prep(struct bio *bio)
 {
 <...
+if (bio_is_p2p(bio)) {
+	bio->bi_status = BLK_STS_NOTSUPP;
+	bio_endio(bio);
+	return false;
+}
 len = bio_integrity_bytes(...);
 ...>
 }

@@
identifier bv, i, len, off, ret;
expression E;
@@
 extract_bvec_to_sg(...)
 {
 ...
 ssize_t ret = 0;
 <...
 len = min_t(size_t, ...);
+if (unlikely(bvec_is_p2p(&bv[i]))) {
+	ret = ret ? ret : -EFAULT;
+	break;
+}
 off = bvec_offset(&bv[i]) + E;
 ...>
 }

@@
identifier bv, i, len, off;
expression E;
@@
 smb_extract_bvec_to_rdma(...)
 {
 <...
 len = min_t(size_t, ...);
+if (unlikely(bvec_is_p2p(&bv[i])))
+	return -EIO;
 off = bvec_offset(&bv[i]) + E;
 ...>
 }

@ read @
identifier req, iter, ret;
@@
 bch2_direct_IO_read(struct kiocb *req, struct iov_iter *iter)
 {
 ...
+ret = bio_phys_check_iter(iter, NULL, false);
+if (unlikely(ret))
+	return ret;
 ret = min_t(...);
 ...
 }

@@
identifier req, iter, ret;
statement S;
@@
 bch2_direct_write(struct kiocb *req, struct iov_iter *iter)
 {
 ...
 ssize_t ret;
 ...
+ret = bio_phys_check_iter(iter, NULL, false);
+if (unlikely(ret))
+	return ret;
 if (!bch2_write_ref_tryget(...)) S
 ...
 }

@ depends on prep @
@@
+#include <linux/bio-phys.h>
 #include <linux/workqueue.h>

@ depends on read @
@@
+#include <linux/bio-phys.h>
 #include <linux/kthread.h>
