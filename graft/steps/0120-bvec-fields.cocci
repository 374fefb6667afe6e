// SPDX-License-Identifier: GPL-2.0-only
//
// Every use of the page and the offset of a bvec, in the whole tree, but for
// those that the steps before this one have dealt with.
//
// The rules are those that convert a driver from elsewhere: prose and rules are
// in the script.  bvec_page() is the exact page and bvec_offset() is less than
// PAGE_SIZE, always; code that relied on the head page of a folio has a step of
// its own before this one, and a line in
// Documentation/core-api/dma-phys-conversion.rst.
//
// Script: scripts/coccinelle/api/bvec_fields.cocci
// Grep: \<(bv_page|bv_offset)\>
// Not: include/linux/bvec.h
// Hunks: 140
