// SPDX-License-Identifier: GPL-2.0-only
//
// kcm sends the fragments of a packet through bvecs made for it.
//
// It used to cast the fragments to bvecs, which needs both to have one layout;
// they are different things.  The array is as long as a packet can have
// fragments, and is needed only until sock_sendmsg() returns: a message that
// was sent in part is set up anew.
//
// Probe: net/kcm/kcmsock.c: \(const struct bio_vec \*\)skb_shinfo\(skb\)->frags
// Files: net/kcm/kcmsock.c
// Options: --no-show-diff
// Hunks: 3

@@
identifier skb, msize, i;
expression iter;
statement S;
typedef skb_frag_t;
@@
	unsigned int msize;
+	struct bio_vec bvec[MAX_SKB_FRAGS];
	...
	msize = 0;
	for (i = 0; i < skb_shinfo(skb)->nr_frags; i++)
-	S
+	{
+		const skb_frag_t *frag = &skb_shinfo(skb)->frags[i];
+
+		bvec_set_page(&bvec[i], skb_frag_page(frag),
+			      skb_frag_size(frag), skb_frag_off(frag));
+		msize += skb_frag_size(frag);
+	}
	iov_iter_bvec(iter, ITER_SOURCE,
-		      (const struct bio_vec *)skb_shinfo(skb)->frags,
+		      bvec,
		      skb_shinfo(skb)->nr_frags, msize);
