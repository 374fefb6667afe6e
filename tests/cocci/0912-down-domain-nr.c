// SPDX-License-Identifier: GPL-2.0-only
static void number(struct pci_host_bridge *bridge, int nr)
{
	bridge->domain_nr = pci_bus_find_emul_domain_nr(nr, nr, nr);
}
