// SPDX-License-Identifier: GPL-2.0-only
//
// ITER_BVEC iterators walk addresses.
//
// Where the iterator stands is an address: that of the bvec plus what is done
// of it.  The page and the offset come from there, without a division; how the
// data is aligned needs neither, because no device asks for more than a page
// (blk_validate_limits()).  Whoever asks for the pages of
// peer-to-peer memory, or wants the CPU to copy it, has come to the wrong
// place: it has none, so that is -EFAULT, or a copy that ends there.
//
// Probe: lib/iov_iter.c: skip \+= i->bvec->bv_offset;
// Probe: include/linux/iov_iter.h: p->bv_page \+ offset / PAGE_SIZE
// Files: lib/iov_iter.c include/linux/iov_iter.h
// Options: --no-show-diff
// Hunks: 8

@iterate@
identifier p, offset, kaddr;
symbol skip;
@@
-	void *kaddr = kmap_local_page(p->bv_page + offset / PAGE_SIZE);
+	void *kaddr;
+
+	if (unlikely(bvec_is_p2p(p)))
+		break;
+	kaddr = kmap_local_page(pfn_to_page(PHYS_PFN(p->bv_phys + skip)));
 	...
-	PAGE_SIZE - offset % PAGE_SIZE
+	PAGE_SIZE - offset
 	...
-	kaddr + offset % PAGE_SIZE
+	kaddr + offset

@extract@
identifier i, skip, page;
expression offset;
@@
-	skip += i->bvec->bv_offset;
-	page = i->bvec->bv_page + skip / PAGE_SIZE;
-	offset = skip % PAGE_SIZE;
+	page = pfn_to_page(PHYS_PFN(i->bvec->bv_phys + skip));
+	offset = offset_in_page(i->bvec->bv_phys + skip);

@nopages@
identifier i, page;
expression E;
@@
 iov_iter_extract_bvec_pages(struct iov_iter *i, ...)
 {
 ...
+	if (unlikely(bvec_is_p2p(i->bvec)))
+		return -EFAULT;
 	page = pfn_to_page(E);
 ...
 }

@aligned@
expression B, S;
@@
-	(unsigned long)(B->bv_offset + S)
+	(lower_32_bits(B->bv_phys) + S)

@alignment@
expression B, S;
@@
-	(unsigned long)B->bv_offset + S
+	offset_in_page(B->bv_phys) + S

@npages@
expression B, S;
@@
-	(B->bv_offset + S) % PAGE_SIZE
+	offset_in_page(B->bv_phys + S)

@segment@
expression i, maxsize, start;
identifier page;
@@
+	if (unlikely(bvec_is_p2p(i->bvec)))
+		return -EFAULT;
 	page = first_bvec_segment(i, &maxsize, start);

@offset@
expression B, S;
@@
-	B->bv_offset + S
+	offset_in_page(B->bv_phys + S)
