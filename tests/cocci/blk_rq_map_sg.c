// SPDX-License-Identifier: GPL-2.0-only
#include <linux/blk-mq.h>
#include <linux/dma-mapping.h>

/* An array of a command, mapped in one place: converted. */
static void array_submit(struct my_dev *d, struct request *rq,
			 struct my_cmd *cmd)
{
	int dir = rq_data_dir(rq) == READ ? DMA_FROM_DEVICE : DMA_TO_DEVICE;
	unsigned int nents;

	nents = blk_rq_map_sg(d->queue, rq, cmd->array);
	nents = dma_map_sg(&d->pdev->dev, cmd->array, nents, dir);

	cmd->nents = nents;
	cmd->dir = dir;
	array_fill(cmd);
}

static void array_fill(struct my_cmd *cmd)
{
	struct scatterlist *s;
	int i;

	for_each_sg(cmd->array, s, cmd->nents, i)
		cmd->prd[i].addr = cpu_to_le64(sg_dma_address(s));
}

static void array_done(struct my_dev *d, struct my_cmd *cmd)
{
	dma_unmap_sg(&d->pdev->dev, cmd->array, cmd->nents, cmd->dir);
}

static int array_init(struct my_cmd *cmd)
{
	sg_init_table(cmd->array, MY_MAX);
	return 0;
}

/* The same, but the list is a chain. */
static void chain_submit(struct my_dev *d, struct request *rq,
			 struct my_cmd *cmd)
{
	int nents;

	if (sg_alloc_table_chained(&cmd->chain, MY_MAX, cmd->chain, 1))
		return;
	nents = blk_rq_map_sg(d->queue, rq, cmd->chain);
	nents = dma_map_sg(d->dev, cmd->chain, nents, DMA_TO_DEVICE);
	cmd->nents = nents;
}

static void chain_done(struct my_dev *d, struct my_cmd *cmd)
{
	dma_unmap_sg(d->dev, cmd->chain, cmd->nents, DMA_TO_DEVICE);
}

/* An array, and the CPU looks at it. */
static void seen_submit(struct my_dev *d, struct request *rq,
			struct my_cmd *cmd)
{
	int nents;

	sg_init_table(cmd->seen, MY_MAX);
	nents = blk_rq_map_sg(d->queue, rq, cmd->seen);
	nents = dma_map_sg(d->dev, cmd->seen, nents, DMA_TO_DEVICE);
	my_fill(cmd, sg_virt(cmd->seen), nents);
}

static void seen_done(struct my_dev *d, struct my_cmd *cmd)
{
	dma_unmap_sg(d->dev, cmd->seen, cmd->nents, DMA_TO_DEVICE);
}

/* An array that two places map. */
static void twice_read(struct my_dev *d, struct request *rq, struct my_cmd *cmd)
{
	int n;

	sg_init_table(cmd->twice, MY_MAX);
	n = blk_rq_map_sg(d->queue, rq, cmd->twice);
	n = dma_map_sg(d->dev, cmd->twice, n, DMA_FROM_DEVICE);
	cmd->nents = n;
}

static void twice_write(struct my_dev *d, struct request *rq,
			struct my_cmd *cmd)
{
	int n;

	n = blk_rq_map_sg(d->queue, rq, cmd->twice);
	n = dma_map_sg(d->dev, cmd->twice, n, DMA_TO_DEVICE);
	cmd->nents = n;
}

static void twice_done(struct my_dev *d, struct my_cmd *cmd)
{
	dma_unmap_sg(d->dev, cmd->twice, cmd->nents, cmd->dir);
}

/* Only DMA addresses count: mapped here, used there, unmapped elsewhere. */
static int addresses_map(struct my_dev *d, struct request *rq,
			 struct my_cmd *cmd)
{
	int n = blk_rq_map_sg(rq->q, rq, cmd->sg);

	cmd->nents = dma_map_sg(d->dev, cmd->sg, n, rq_dma_dir(rq));
	if (!cmd->nents)
		return -ENOMEM;
	return 0;
}

static void addresses_fill(struct my_cmd *cmd)
{
	struct scatterlist *s;
	int i;

	for_each_sg(cmd->sg, s, cmd->nents, i) {
		cmd->prd[i].addr = cpu_to_le64(sg_dma_address(s));
		cmd->prd[i].len = cpu_to_le32(sg_dma_len(s));
	}
}

static void addresses_unmap(struct my_dev *d, struct request *rq,
			    struct my_cmd *cmd)
{
	dma_unmap_sg(d->dev, cmd->sg, cmd->nents, rq_dma_dir(rq));
}

static int table(struct my_dev *d, struct request *rq, struct iod *iod)
{
	int rc;

	iod->sgt.orig_nents = blk_rq_map_sg(rq->q, rq, iod->sgt.sgl);
	rc = dma_map_sgtable(d->dev, &iod->sgt, rq_dma_dir(rq), 0);
	if (rc)
		goto out_free;
	return fill(iod);
out_free:
	mempool_free(iod->list, d->pool);
	return rc;
}

/* The CPU looks at the data. */
static void pio(struct request *rq, struct my_cmd *cmd)
{
	struct sg_mapping_iter m;
	int n = blk_rq_map_sg(rq->q, rq, cmd->piosg);

	sg_miter_start(&m, cmd->piosg, n, SG_MITER_TO_SG);
}

/* Somebody else wants a scatterlist. */
static int queue(struct virtqueue *vq, struct request *rq, struct my_cmd *cmd)
{
	int n = blk_rq_map_sg(rq->q, rq, cmd->vqsg);

	return virtqueue_add_outbuf(vq, cmd->vqsg, n, cmd, GFP_ATOMIC);
}

/* A wrapper: what happens to the list is not known here. */
static int wrapper(struct request *rq, struct mmc_req *mrq)
{
	return blk_rq_map_sg(rq->q, rq, mrq->list);
}

/* Never mapped for DMA as a list of a request: nothing to say. */
static int other(struct device *dev, struct scatterlist *sg, int n)
{
	return dma_map_sg(dev, sg, n, DMA_TO_DEVICE);
}

/* As the first, without the queue, and with two counts. */
static void counts_submit(struct my_dev *d, struct request *rq,
			  struct my_cmd *cmd)
{
	int nents;

	cmd->counted = blk_rq_map_sg(rq, cmd->counts);
	nents = dma_map_sg(d->dev, cmd->counts, cmd->counted, DMA_TO_DEVICE);
	counts_fill(cmd, nents);
}

static void counts_fill(struct my_cmd *cmd, int nents)
{
	struct scatterlist *s;
	int i;

	for_each_sg(cmd->counts, s, nents, i)
		cmd->prd[i].addr = cpu_to_le64(sg_dma_address(s));
}

static void counts_done(struct my_dev *d, struct my_cmd *cmd)
{
	dma_unmap_sg(d->dev, cmd->counts, cmd->counted, DMA_TO_DEVICE);
}

static int counts_init(struct my_cmd *cmd)
{
	sg_init_table(cmd->counts, MY_MAX);
	return 0;
}

/* Only DMA addresses count, without the queue. */
static int newer_map(struct my_dev *d, struct request *rq, struct my_cmd *cmd)
{
	int n = blk_rq_map_sg(rq, cmd->newer);

	cmd->nents = dma_map_sg(d->dev, cmd->newer, n, rq_dma_dir(rq));
	return cmd->nents ? 0 : -ENOMEM;
}

/* The last entry is asked for; what becomes of the list is not known here. */
static int last_of(struct request *rq, struct my_cmd *cmd)
{
	struct scatterlist *last = NULL;

	return __blk_rq_map_sg(rq, cmd->lasts, &last) +
	       __blk_rq_map_sg(rq->q, rq, cmd->lasts, &last);
}
