// SPDX-License-Identifier: GPL-2.0-only
static bool __journal_read_write(struct dm_integrity_io *dio, struct bio *bio)
{
	do {
		struct bio_vec bv = bio_iovec(bio);
		char *mem;

retry_kmap:
		mem = kmap_local_page(bv.bv_page);
		if (likely(dio->op == REQ_OP_WRITE))
			flush_dcache_page(bv.bv_page);
		do {
			if (in_progress(dio)) {
				flush_dcache_page(bv.bv_page);
				kunmap_local(mem);
				goto retry_kmap;
			}
			copy(mem + bv.bv_offset);
			bv.bv_offset += SECTOR_SIZE;
		} while (bv.bv_len -= SECTOR_SIZE);
		if (unlikely(dio->op == REQ_OP_READ))
			flush_dcache_page(bv.bv_page);
		kunmap_local(mem);
	} while (dio->n);
	return false;
}

static void tags(struct bio_vec biv)
{
	BUG_ON(PageHighMem(biv.bv_page));
	flush_dcache_page(biv.bv_page);
}
