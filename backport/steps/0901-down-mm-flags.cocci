// SPDX-License-Identifier: GPL-2.0-only
//
// The flags of an mm are one word, without functions of their own.
//
// Unless: mm_flags
// Ours: \<mm_flags_(test|set)\(
// Hunks: 2

@@
expression F, M;
@@
-mm_flags_test(F, M)
+test_bit(F, &M->flags)

@@
expression F, M;
@@
-mm_flags_set(F, M)
+set_bit(F, &M->flags)
