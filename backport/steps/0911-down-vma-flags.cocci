// SPDX-License-Identifier: GPL-2.0-only
//
// The flags of a mapping are a number.
//
// Unless: empty_vma_flags
// Ours: \<EMPTY_VMA_FLAGS\>
// Hunks: 1

@@
expression list es;
@@
 shmem_file_setup(es,
-EMPTY_VMA_FLAGS
+0
 )
