// SPDX-License-Identifier: GPL-2.0-only
//
// Peer-to-peer bios stay alone in their request.  Merging, by whatever way, asks
// one bit of both sides; passthrough requests, which are put together without
// those tests, have one of their own; and user memory of passthrough commands is
// never copied behind the user's back.  get_max_segment_size() moves to blk.h
// with the next step.
//
// Probe: block/blk-merge.c: ^bool blk_rq_merge_ok\(
// Probe: block/blk-map.c: ^int blk_rq_append_bio\(
// Files: block/blk-merge.c block/blk-map.c block/blk.h
// Hunks: 9

@@
@@
 #include <linux/bio.h>
+#include <linux/bio-phys.h>

@@
@@
-get_max_segment_size(...) { ... }

@@
identifier rq, bio;
@@
 blk_rq_merge_ok(struct request *rq, struct bio *bio)
 {
 if (!rq_mergeable(rq) || !bio_mergeable(bio))
 	return false;
+if (!blk_rq_p2p_mergeable(rq, bio))
+	return false;
 ...
 }

@@
identifier q, req, next;
@@
 attempt_merge(struct request_queue *q, struct request *req,
	       struct request *next)
 {
 if (!rq_mergeable(req) || !rq_mergeable(next))
 	return NULL;
+if (!blk_rq_p2p_mergeable(req, next->bio))
+	return NULL;
 ...
 }

@@
identifier rq, bio, nr_segs;
iterator name bio_for_each_bvec;
expression E1, E2;
statement S;
@@
 blk_rq_append_bio(struct request *rq, struct bio *bio)
 {
 ...
 unsigned int nr_segs = 0;
+int p2p_segs = blk_rq_phys_append(rq, bio);
+
+if (p2p_segs < 0)
+	return p2p_segs;

 bio_for_each_bvec(E1, bio, E2) S
+if (p2p_segs)
+	nr_segs = p2p_segs;
 ...
 }

// bvecs of a kernel submitter, which go in without an append
@@
identifier bio, rq, iter, ret;
@@
 blk_rq_map_user_bvec(struct request *rq, const struct iov_iter *iter)
 {
 ...
 int ret;
 ...
 bio_iov_bvec_set(bio, ...);
+ret = blk_rq_phys_append(rq, bio);
+if (ret < 0) {
+	blk_mq_map_bio_put(bio);
+	return ret;
+}
 ...
 }

@@
identifier i, iter, ret;
@@
 blk_rq_map_user_iov(..., const struct iov_iter *iter, ...)
 {
 ...
 int ret = -EINVAL;
 ...
 i = *iter;
+ret = bio_phys_check_iter(&i, NULL, false);
+if (ret)
+	goto fail;
 ...
 }

@@
identifier q, vec1, vec2;
statement S1, S2;
@@
 biovec_phys_mergeable(struct request_queue *q,
		struct bio_vec *vec1, struct bio_vec *vec2)
 {
 ...
+if (!bvec_same_kind(vec1, vec2))
+	return false;
+/* an address is all there is to peer-to-peer memory */
+if (!bvec_is_p2p(vec1)) {
 if (!zone_device_pages_have_same_pgmap(...)) S1
 if (xen_domain() && ...) S2
+}
 ...
 }
