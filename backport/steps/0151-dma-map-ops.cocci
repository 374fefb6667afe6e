// SPDX-License-Identifier: GPL-2.0-only
//
// Every implementation of struct dma_map_ops maps by physical address, and
// with them dma-direct, dma-iommu, and the helpers of powerpc and vduse, so
// that none of them is handed a page only to ask it for its address.
//
// The rules are those that convert an implementation from elsewhere: prose and
// rules are in the script.  drivers/net/ethernet/sun/niu.c has a structure of
// its own with members of these names, and keeps it.
//
// Unless: dma_ops_map_phys
// Script: scripts/coccinelle/api/dma_map_ops.cocci
// Grep: [>.](un)?map_page\>
// Grep: \<(iommu|vduse_domain|iommu_dma|dma_direct)_(un)?map_page\>
// Not: drivers/net/ethernet/sun/niu.c
// Hunks: 130
