// SPDX-License-Identifier: GPL-2.0-only
#include <linux/blk-mq.h>
#include <linux/bio.h>

void blk_mq_end_request(struct request *rq, blk_status_t error)
{
	if (blk_update_request(rq, error, blk_rq_bytes(rq)))
		BUG();
	__blk_mq_end_request(rq, error);
}
EXPORT_SYMBOL(blk_mq_end_request);

static void issue(struct blk_mq_hw_ctx *hctx, struct request *rq)
{
	blk_status_t ret = __blk_mq_issue_directly(hctx, rq, true);

	switch (ret) {
	case BLK_STS_OK:
		break;
	case BLK_STS_RESOURCE:
		blk_mq_request_bypass_insert(rq, 0);
		break;
	default:
		blk_mq_end_request(rq, ret);
		break;
	}
}

/* it was issued, and has ended */
static void done(struct request *rq, struct thing *t)
{
	blk_mq_end_request(rq, BLK_STS_OK);
	blk_mq_end_request(rq, t->status);
}
