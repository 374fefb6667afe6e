// SPDX-License-Identifier: GPL-2.0-only
//
// Who hands in bvecs that can only be RAM says so, and they are not looked at
// one by one: the registered buffers of io_uring, which are pages that were
// pinned (p2pmem has none, so registering it fails), and the data of the loop
// device, whose queue takes no peer-to-peer memory.
//
// Probe: io_uring/rsrc.c: iov_iter_bvec\(iter, ddir, imu->bvec
// Probe: drivers/block/loop.c: iov_iter_bvec\(&iter, rw, bvec
// Files: io_uring/rsrc.c drivers/block/loop.c
// Hunks: 4

@ fixed @
identifier iter, imu;
@@
 io_import_fixed(...)
 {
 ...
 iov_iter_bvec(iter, ..., imu->bvec, ...);
+iov_iter_set_ram(iter);
 ...
 }

@ loop @
identifier iter;
@@
 lo_rw_aio(...)
 {
 ...
 iov_iter_bvec(&iter, ...);
+iov_iter_set_ram(&iter);
 ...
 }

@ depends on fixed @
@@
 #include <linux/io_uring.h>
+#include <linux/bio-phys.h>

@ depends on loop @
@@
 #include <linux/uio.h>
+#include <linux/bio-phys.h>
