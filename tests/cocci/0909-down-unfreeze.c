// SPDX-License-Identifier: GPL-2.0-only
static void thaw(struct request_queue *q)
{
	blk_mq_unfreeze_queue_nomemrestore(q);
}
