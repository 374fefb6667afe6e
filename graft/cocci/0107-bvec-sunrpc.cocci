// SPDX-License-Identifier: GPL-2.0-only
//
// sunrpc makes a bvec for a page that is not there yet.
//
// With XDRBUF_SPARSE_PAGES xdr_alloc_bvec() comes before the pages do, and
// xs_alloc_sparse_pages() fills them in one by one.  There is no address of no
// page, so the bvec has its length only, until then.  xs_read_bvec() is never
// told to go beyond the pages that have been allocated.
//
// Probe: net/sunrpc/xprtsock.c: bv_page = buf->pages\[i\] = alloc_page
// Probe: net/sunrpc/xdr.c: bvec_set_page\(&buf->bvec\[i\], buf->pages\[i\]
// Files: net/sunrpc/xprtsock.c net/sunrpc/xdr.c
// Options: --no-show-diff
// Hunks: 3

@@
expression V, P, E;
statement S;
@@
-	V.bv_page = P = E;
+	P = E;
	if (!P) S
+	bvec_set_page(&V, P, PAGE_SIZE, 0);

@@
identifier buf, i;
@@
 xdr_alloc_bvec(...)
 {
	<...
-	bvec_set_page(&buf->bvec[i], buf->pages[i], PAGE_SIZE, 0);
+	if (buf->pages[i])
+		bvec_set_page(&buf->bvec[i], buf->pages[i],
+			      PAGE_SIZE, 0);
+	else
+		bvec_set_phys(&buf->bvec[i], 0, PAGE_SIZE);
	...>
 }
