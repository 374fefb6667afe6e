// SPDX-License-Identifier: GPL-2.0-only
//
// nvme-pci maps data and metadata segment by segment through the iterators of
// <linux/blk-mq-dma.h>: PRPs and SGLs are filled in as the segments come, and
// RAM and peer-to-peer memory go one way.  No scatterlist is built, so memory
// needs no struct page.  Only a device that has to unmap each segment keeps a
// list of them, from the mempools that used to hold scatterlists.
//
// One segment of RAM, the common case, stays a dma_map_bvec() of its own with
// no iterator, and so does metadata of one segment.
//
// What goes away and what changes in place is here; the functions that take the
// place of those removed are inserted by 0411, as spatch lays out new code of
// that size badly.
//
// Probe: drivers/nvme/host/pci.c: struct sg_table sgt;
// Skip-if: drivers/nvme/host/pci.c: blk_rq_dma_map_iter_start
// Files: drivers/nvme/host/pci.c
// Hunks: 12

@@ @@
 #include <linux/blk-mq.h>
+#include <linux/blk-mq-dma.h>

// The fields that take their place come with their comments in 0411.
@@ @@
 struct nvme_iod {
 ...
-	struct sg_table sgt;
-	struct sg_table meta_sgt;
 ...
 };

@@ @@
-static void nvme_unmap_data(struct nvme_dev *dev, struct request *req)
-{
-	...
-}

@@ @@
-static void nvme_print_sgl(struct scatterlist *sgl, int nents)
-{
-	...
-}

@@
typedef blk_status_t;
@@
-static blk_status_t nvme_pci_setup_prps(struct nvme_dev *dev,
-		struct request *req, struct nvme_rw_command *cmnd)
-{
-	...
-}

@@ @@
-static void nvme_pci_sgl_set_data(struct nvme_sgl_desc *sge,
-		struct scatterlist *sg)
-{
-	...
-}

@@ @@
-static blk_status_t nvme_pci_setup_sgls(struct nvme_dev *dev,
-		struct request *req, struct nvme_rw_command *cmd)
-{
-	...
-}

@@ @@
-static blk_status_t nvme_pci_setup_meta_sgls(struct nvme_dev *dev,
-					     struct request *req)
-{
-	...
-}

// It moves up: the error path of the metadata SGL needs it now.
@@
attribute name __always_inline;
@@
-static __always_inline void nvme_unmap_metadata(struct nvme_dev *dev,
-						struct request *req)
-{
-	...
-}

// Everything but one segment of RAM is for the iterator.
@@
struct bio_vec bv;
@@
-!is_pci_p2pdma_page(bvec_page(&bv))
+!bvec_is_p2p(&bv) && !is_pci_p2pdma_page(bvec_page(&bv))

@exists@
identifier dev, req, cmnd, iod, ret, rc;
@@
 nvme_map_data(struct nvme_dev *dev, struct request *req,
 	       struct nvme_command *cmnd)
 {
-	struct nvme_iod *iod = blk_mq_rq_to_pdu(req);
-	blk_status_t ret = BLK_STS_RESOURCE;
-	int rc;
 	...
+	return nvme_map_iter(dev, req, &cmnd->rw);
-	iod->dma_len = 0;
-	...
 }

@@ @@
 nvme_pci_setup_meta_mptr(...)
 {
 ...
+	iod->meta_list.sg_list = NULL;
 	iod->meta_dma = dma_map_bvec(...);
 ...
 }

@@ @@
 nvme_prep_rq(...)
 {
 ...
-	iod->sgt.nents = 0;
-	iod->meta_sgt.nents = 0;
 ...
 }

@@ @@
-sizeof(struct scatterlist) * (NVME_MAX_META_SEGS + 1)
+sizeof(struct nvme_dma_seg) * NVME_MAX_META_SEGS

@@ @@
-sizeof(struct scatterlist) * NVME_MAX_SEGS
+sizeof(struct nvme_dma_seg) * NVME_MAX_SEGS
