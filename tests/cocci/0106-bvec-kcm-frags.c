// SPDX-License-Identifier: GPL-2.0-only
static int kcm_write_msgs(struct kcm_sock *kcm)
{
	while (more(kcm)) {
		struct msghdr msg = {};
		struct sk_buff *skb;
		unsigned int msize;
		int i;

		skb = next(kcm);
		msize = 0;
		for (i = 0; i < skb_shinfo(skb)->nr_frags; i++)
			msize += skb_frag_size(&skb_shinfo(skb)->frags[i]);

		iov_iter_bvec(&msg.msg_iter, ITER_SOURCE,
			      (const struct bio_vec *)skb_shinfo(skb)->frags,
			      skb_shinfo(skb)->nr_frags, msize);
		send(&msg);
	}
	return 0;
}

/* Sums up fragments, but makes no bvecs of them. */
static unsigned int sum(struct sk_buff *skb)
{
	unsigned int msize;
	int i;

	msize = 0;
	for (i = 0; i < skb_shinfo(skb)->nr_frags; i++)
		msize += skb_frag_size(&skb_shinfo(skb)->frags[i]);
	return msize;
}
