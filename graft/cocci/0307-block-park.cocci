// SPDX-License-Identifier: GPL-2.0-only
//
// A request that met a fence when it was to be mapped comes back from
// ->queue_rq() with BLK_STS_AGAIN.  It ends there, and gives back its tag and its
// reference on the queue, but its bio does not: that waits for the fence, outside
// of the queue (block/bio-phys-park.c).  Only where a request was not issued, so
// that those that were issued pay nothing.  The function comes with 0308.
//
// Probe: block/blk-mq.c: ^void blk_mq_end_request\(
// Skip-if: block/blk-mq.c: blk_mq_end_unissued
// Files: block/blk-mq.c
// Hunks: 4

@@
typedef blk_status_t;
idexpression blk_status_t ret;
expression rq;
@@
-blk_mq_end_request(rq, ret)
+blk_mq_end_unissued(rq, ret)
