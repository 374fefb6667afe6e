// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bio.h>

void submit_bio_noacct(struct bio *bio)
{
	blk_status_t status = BLK_STS_IOERR;

	if (should_fail_bio(bio))
		goto end_io;
	switch (bio_op(bio)) {
	case REQ_OP_READ:
		break;
	default:
		goto not_supported;
	}

	if (blk_throtl_bio(bio))
		return;
	submit_bio_noacct_nocheck(bio);
	return;

not_supported:
	status = BLK_STS_NOTSUPP;
end_io:
	bio->bi_status = status;
	bio_endio(bio);
}

/* throttles too, and is behind the gate */
void submit_again(struct bio *bio)
{
	if (blk_throtl_bio(bio))
		return;
	submit_bio_noacct_nocheck(bio);
}
