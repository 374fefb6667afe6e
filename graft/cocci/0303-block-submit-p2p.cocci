// SPDX-License-Identifier: GPL-2.0-only
//
// The gate that every peer-to-peer bio passes on its way to a device, on each
// level of a stack of devices: see bio_phys_admit().
//
// Probe: block/blk-core.c: ^void submit_bio_noacct\(
// Files: block/blk-core.c
// Hunks: 2

@@
@@
 #include <linux/bio.h>
+#include <linux/bio-phys.h>

@@
identifier bio, status;
@@
 submit_bio_noacct(struct bio *bio)
 {
 ...
 blk_status_t status = BLK_STS_IOERR;
 <...
+if (unlikely(bio_is_p2p(bio)) && !bio_phys_admit(bio))
+	return;
 if (blk_throtl_bio(bio))
 	return;
 ...>
 }
