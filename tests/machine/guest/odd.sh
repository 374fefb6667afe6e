# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# A range that starts and ends in the middle of a page; see arm64-odd.conf.

# shellcheck source=tests/machine/guest/p2p.sh
. /guest/p2p.sh

map=/sys/module/p2p_client/parameters/map
devices=/sys/bus/pci/devices

if ! ours; then
	section "1. The BAR, which no driver of this kernel offers"
	plain_bar "$(pci_by_id 0x1af40x1110)"
	return
fi

pciA=$(pci_of "$(controller A)")
driveA=$(namespace "$(controller A)" 1)
shared=$(sed -n '/^#/!s/.* provider \([^ ]*\).*/\1/p' $debug/ranges)
mem=$devices/$shared/p2pmem
bar=$(sed -n '3s/ .*//p' "$devices/$shared/resource")

# at OFFSET: the address there in the BAR
at() {
	printf '0x%x' $((bar + $1))
}

# maps WORDS ADDRESS HOW: drive A can map 4 KiB there, in this way.  The bus has
# the same addresses as the CPU.
maps() {
	echo "$pciA $2 4096" > $map
	is "$1: $3" "$(grep -c ": $3, DMA address 0x" $map)" 1
	is "$1: it is told its address" \
		"$(($(sed 's/.*DMA address //' $map)))" "$(($2))"
}

cannot_map() {
	! echo "$pciA $1 4096" > $map 2>/dev/null && grep ': refused$' $map
}

zcat /proc/config.gz | grep '^CONFIG_ARM64_.*_PAGES=' > /tmp/pages
section "1. The range: $(cat /tmp/pages)"
detail $debug/ranges
check "a page has 64 KiB" grep -q 64K /tmp/pages
is "it starts in the middle of one" \
	"$(($(sed -n '/^#/!s/-.*//p' $debug/ranges)))" "$((bar + 0x11000))"
is "and ends in the middle of one" \
	"$(grep -c "size $((0x7fe000)) " $debug/ranges)" 1
maps "its first 4 KiB" "$(at 0x11000)" "by bus address"
maps "its last 4 KiB" "$(at 0x80e000)" "by bus address"
maps "4 KiB before it" "$(at 0x10000)" "nobody's, as plain MMIO"
maps "4 KiB behind it" "$(at 0x80f000)" "nobody's, as plain MMIO"
refused "4 KiB half of which are in it" "not inside one registered range" \
	cannot_map "$(at 0x80e800)"

section "2. For programs: the whole pages inside it"
is "so much is offered" "$(cat "$mem/size")" "$((0x7e0000))"
p=$mem/allocate
check "all of it in one mapping, and drive A reads into its start" \
	p2pio -s $((0x7e0000)) "$driveA" 0 "$p:1048576"
check "more than that cannot be had" \
	sh -c "! p2pio -s $((0x7f0000)) $driveA 0 $p:65536"
check "buffers off a page's start" \
	p2pio -s 131072 "$driveA" 0 "$p:65536+4608" =:1024+512
check "a write" p2pio -w "$driveA" $((64 << 20)) "$p:262144+4096"
is "by bus address, all of them" \
	"$(awk '$1 != "bus_addr" { n += $2 } END { print n }' $debug/stats)" 1
# Last, so that it stays there for the host to look at.
check "drive A reads 1 MiB" p2pio "$driveA" 0 "$p:1048576"
start=$(at 0x20000)
say "SEEN told $start $(printf '0x%x' $((start + 1048575))) 1048576"
say "SEEN never $(at 0) $(at 0x1ffff)"
say "SEEN never $(at 0x800000) $(at 0xffffff)"
say "SEEN table A>BAR|bus_addr|bus $start and so on"
