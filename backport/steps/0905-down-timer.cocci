// SPDX-License-Identifier: GPL-2.0-only
//
// Timers have their old names.
//
// Unless: timer_delete_sync
// Ours: \<timer_(delete_sync|destroy_on_stack)\(
// Hunks: 1

@@
@@
-timer_delete_sync
+del_timer_sync
 (...)

@@
@@
-timer_destroy_on_stack
+destroy_timer_on_stack
 (...)
