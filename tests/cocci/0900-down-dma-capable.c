// SPDX-License-Identifier: GPL-2.0-only
static bool fits(struct device *dev, dma_addr_t addr)
{
	return dma_capable(dev, addr, SZ_4K, false, 0);
}
