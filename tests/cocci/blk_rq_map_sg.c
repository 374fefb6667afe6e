// SPDX-License-Identifier: GPL-2.0-only
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
