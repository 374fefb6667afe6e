// SPDX-License-Identifier: GPL-2.0-only
static bool encrypt(struct bio_vec *enc_bvec, mempool_t *pool)
{
	struct page *plaintext_page = enc_bvec->bv_page;
	struct page *ciphertext_page = mempool_alloc(pool, GFP_NOIO);

	enc_bvec->bv_page = ciphertext_page;

	if (!ciphertext_page) {
		report();
		goto out;
	}
	return use(plaintext_page, enc_bvec->bv_offset);
out:
	return false;
}

/* Tests something else. */
static bool other(struct bio_vec *enc_bvec, struct page *page, bool ok)
{
	enc_bvec->bv_page = page;
	if (!ok)
		return false;
	return true;
}
