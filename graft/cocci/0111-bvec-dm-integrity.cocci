// SPDX-License-Identifier: GPL-2.0-only
//
// dm-integrity keeps hold of the page that it has mapped.
//
// __journal_read_write() advances a bvec of one page until nothing is left of
// it.  Then its address is that of the byte behind, which can be in the next
// page: the page to flush is not to be asked of the bvec any more.
//
// Probe: drivers/md/dm-integrity.c: mem = kmap_local_page\(bv\.bv_page\);
// Files: drivers/md/dm-integrity.c
// Options: --no-show-diff
// Hunks: 5

@advances@
identifier bv, mem;
@@
	struct bio_vec bv = bio_iovec(...);
+	struct page *page = bvec_page(&bv);
	char *mem;

@@
identifier advances.bv;
@@
(
	kmap_local_page
|
	flush_dcache_page
)
	(
-	bv.bv_page
+	page
	)
