// SPDX-License-Identifier: GPL-2.0-only
//
// dma_capable() does not ask for the attributes yet.
//
// Unless: dma_capable_attrs
// Ours: \<dma_capable\(
// Hunks: 2

@@
expression D, A, S, R, E;
@@
 dma_capable(D, A, S, R
-, E
 )
