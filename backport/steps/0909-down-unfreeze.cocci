// SPDX-License-Identifier: GPL-2.0-only
//
// Freezing a queue does not change how memory is allocated.
//
// Unless: unfreeze_nomemrestore
// Ours: \<blk_mq_unfreeze_queue_nomemrestore\(
// Hunks: 1

@@
@@
-blk_mq_unfreeze_queue_nomemrestore
+blk_mq_unfreeze_queue
 (...)
