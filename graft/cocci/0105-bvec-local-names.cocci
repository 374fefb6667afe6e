// SPDX-License-Identifier: GPL-2.0-only
//
// btrfs has local variables with the names of what is now a function, or was a
// field.  They say what they are otherwise: an offset in a page, and where a
// bvec starts.
//
// Probe: fs/btrfs/raid56.c: int bv_offset;
// Probe: fs/btrfs/raid56.c: u32 bvec_offset;
// Files: fs/btrfs/raid56.c fs/btrfs/compression.c
// Options: --no-show-diff
// Hunks: 10

@@
symbol bvec_offset;
typedef u32;
@@
(
-	u32 bvec_offset;
+	u32 bvec_start;
|
-	bvec_offset
+	bvec_start
)

@@
symbol bv_offset;
@@
(
-	int bv_offset;
+	int pgoff;
|
-	bv_offset
+	pgoff
)
