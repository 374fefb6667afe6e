// SPDX-License-Identifier: GPL-2.0-only
//
// The end of a timer on the stack has its old name.
//
// Unless: timer_destroy_on_stack
// Ours: \<timer_destroy_on_stack\(
// Hunks: 1

@@
@@
-timer_destroy_on_stack
+destroy_timer_on_stack
 (...)
