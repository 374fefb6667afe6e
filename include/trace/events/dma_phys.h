/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What became of each peer-to-peer mapping: by which verdict, to which address.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM dma_phys

#if !defined(_TRACE_DMA_PHYS_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_DMA_PHYS_H

#include <linux/dma-map-ops.h>
#include <linux/dma-phys.h>
#include <linux/tracepoint.h>

TRACE_DEFINE_ENUM(PCI_P2PDMA_MAP_NOT_SUPPORTED);
TRACE_DEFINE_ENUM(PCI_P2PDMA_MAP_BUS_ADDR);
TRACE_DEFINE_ENUM(PCI_P2PDMA_MAP_THRU_HOST_BRIDGE);
TRACE_DEFINE_ENUM(DMA_PHYS_MAP_OWN_BAR);

#define show_dma_phys_verdict(map)					\
	__print_symbolic(map,						\
		{ PCI_P2PDMA_MAP_NOT_SUPPORTED, "not_supported" },	\
		{ PCI_P2PDMA_MAP_BUS_ADDR, "bus_addr" },		\
		{ PCI_P2PDMA_MAP_THRU_HOST_BRIDGE, "host_bridge" },	\
		{ DMA_PHYS_MAP_OWN_BAR, "own_bar" })

DECLARE_EVENT_CLASS(dma_phys_class,
	TP_PROTO(struct device *dev, const struct dma_phys_range *r,
		 phys_addr_t phys, dma_addr_t addr, size_t size, int map),
	TP_ARGS(dev, r, phys, addr, size, map),

	TP_STRUCT__entry(
		__string(client, dev_name(dev))
		__string(provider, r->name)
		__field(u64, phys)
		__field(u64, addr)
		__field(size_t, size)
		__field(int, map)
	),

	TP_fast_assign(
		__assign_str(client);
		__assign_str(provider);
		__entry->phys = phys;
		__entry->addr = addr;
		__entry->size = size;
		__entry->map = map;
	),

	TP_printk("client=%s provider=%s phys=%#llx dma=%#llx size=%zu verdict=%s",
		  __get_str(client), __get_str(provider), __entry->phys,
		  __entry->addr, __entry->size,
		  show_dma_phys_verdict(__entry->map))
);

DEFINE_EVENT(dma_phys_class, dma_phys_map,
	TP_PROTO(struct device *dev, const struct dma_phys_range *r,
		 phys_addr_t phys, dma_addr_t addr, size_t size, int map),
	TP_ARGS(dev, r, phys, addr, size, map)
);

DEFINE_EVENT(dma_phys_class, dma_phys_unmap,
	TP_PROTO(struct device *dev, const struct dma_phys_range *r,
		 phys_addr_t phys, dma_addr_t addr, size_t size, int map),
	TP_ARGS(dev, r, phys, addr, size, map)
);

TRACE_EVENT(dma_phys_refuse,
	TP_PROTO(struct device *dev, phys_addr_t phys, size_t size, int error),
	TP_ARGS(dev, phys, size, error),

	TP_STRUCT__entry(
		__string(client, dev_name(dev))
		__field(u64, phys)
		__field(size_t, size)
		__field(int, error)
	),

	TP_fast_assign(
		__assign_str(client);
		__entry->phys = phys;
		__entry->size = size;
		__entry->error = error;
	),

	TP_printk("client=%s phys=%#llx size=%zu error=%d",
		  __get_str(client), __entry->phys, __entry->size,
		  __entry->error)
);

#endif /* _TRACE_DMA_PHYS_H */

#include <trace/define_trace.h>
