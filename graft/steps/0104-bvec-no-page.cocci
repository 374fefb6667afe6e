// SPDX-License-Identifier: GPL-2.0-only
//
// "Is there a page?" becomes "is there a length?".
//
// These walk arrays of bvecs that were allocated as zeroes and of which only
// the first entries were filled, each with at least a byte; dm-ebs asks for the
// length as well.  A physical address has no value that could stand for "none".
// An empty bvec to begin with is empty braces: the first field is no pointer.
//
// Grep: \<struct bio_vec .*\{ NULL \}
// Files: fs/ceph/file.c fs/netfs/objects.c drivers/block/rbd.c
// Files: drivers/md/dm-log-writes.c drivers/md/dm-ebs-target.c
// Options: --no-show-diff
// Hunks: 6

@@
expression B;
statement S;
@@
 if (
-	B.bv_page
+	B.bv_len
    ) S

@@
expression B, L;
@@
-	!B->bv_page || !L
+	!L

@@
identifier v;
@@
 struct bio_vec v =
-	{ NULL }
+	{ }
 ;
