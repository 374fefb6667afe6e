// SPDX-License-Identifier: GPL-2.0-only
//
// A page frame number comes with a type.
//
// Needs: pfn_t
// Ours: \<vmf_insert_mixed\(
// Hunks: 1

@ insert @
expression V, A, P;
@@
 vmf_insert_mixed(V, A,
-P
+__pfn_to_pfn_t(P, PFN_DEV)
 )

@ depends on insert @
@@
 #include <linux/mm.h>
+#include <linux/pfn_t.h>
