// SPDX-License-Identifier: GPL-2.0-only
//
// The domain of a host bridge is just a number.
//
// Unless: emul_domain_nr
// Ours: \<pci_bus_find_emul_domain_nr\(
// Hunks: 1

@@
expression H, F, L;
@@
-pci_bus_find_emul_domain_nr(H, F, L)
+H
