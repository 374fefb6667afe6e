// SPDX-License-Identifier: GPL-2.0-only
//
// bvec_try_merge_page() merges by address.
//
// A bvec has its address at hand, so the page to be added is the only one to be
// turned into one, and nothing is turned back for each page.  What has been
// made sure by then makes the rest cheaper: the new piece starts where the bvec
// ends, so both lie in one page exactly if it does not start a page; and in one
// page there is one pgmap and one piece of memmap, so these need a look only
// at a page boundary.  nth_page() differs from an addition only where the
// memmap can have holes, so the compiler drops that one elsewhere.  *same_page
// still is never true when the function returns false, which
// bio_iov_add_zone_append_folio() relies on.
//
// Probe: block/bio.c: phys_addr_t vec_end_addr = page_to_phys\(bv->bv_page\)
// Files: block/bio.c
// Options: --no-show-diff
// Hunks: 5

@@
identifier bv, page, len, off, same_page, bv_end, vec_end_addr, page_addr;
typedef bool, phys_addr_t;
@@
 static bool bvec_try_merge_page(struct bio_vec *bv, struct page *page,
		unsigned int len, unsigned int off, bool *same_page)
 {
-	size_t bv_end = bv->bv_offset + bv->bv_len;
-	phys_addr_t vec_end_addr = page_to_phys(bv->bv_page) + bv_end - 1;
-	phys_addr_t page_addr = page_to_phys(page);
+	phys_addr_t bv_end = bv->bv_phys + bv->bv_len;
+	phys_addr_t phys = page_to_phys(page) + off;
+	size_t n = PFN_DOWN(offset_in_page(bv->bv_phys) + bv->bv_len);
 	if (
-	    vec_end_addr + 1 != page_addr + off
+	    bv_end != phys
	    )
 		return false;
 	if (xen_domain() && !xen_biovec_phys_mergeable(bv, page))
 		return false;
-	if (!zone_device_pages_have_same_pgmap(bv->bv_page, page))
-		return false;
 	*same_page =
-	((vec_end_addr & PAGE_MASK) == ((page_addr + off) & PAGE_MASK))
+	offset_in_page(phys) != 0
	;
 	if (!*same_page) {
 		if (IS_ENABLED(CONFIG_KMSAN))
 			return false;
+		if (!zone_device_pages_have_same_pgmap(bvec_page(bv), page))
+			return false;
 		if (
-		    bv->bv_page + bv_end / PAGE_SIZE != page + off / PAGE_SIZE
+		    nth_page(bvec_page(bv), n) != bvec_page(bv) + n
		    )
 			return false;
 	}
 ...
 }
