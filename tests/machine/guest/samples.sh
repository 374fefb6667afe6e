# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2154
#
# The samples at work; the machine is in samples.conf.

# shellcheck source=tests/machine/guest/p2p.sh
. /guest/p2p.sh

map=/sys/module/p2p_client/parameters/map
keep=/sys/module/p2p_client/parameters/keep
devices=/sys/bus/pci/devices
driver=/sys/bus/pci/drivers/p2p-provider

pciA=$(pci_of "$(controller A)")
pciC=$(pci_of "$(controller C)")
driveA=$(namespace "$(controller A)" 1)
driveC=$(namespace "$(controller C)" 1)
shared=$(pci_by_id 0x1af40x1110)
other=$(pci_by_id 0x1b360x0005)
mem=$devices/$shared/p2pmem/allocate
bar=$(sed -n '3s/ .*//p' "$devices/$shared/resource")
start=$(printf '0x%x' $((bar + 0x100000)))
end=$(printf '0x%x' $((bar + 0x900000)))

try_map() {
	echo "$*" > $map
}

# maps WORDS CLIENT ADDRESS HOW: it does, in this way
maps() {
	check "$1" try_map "$2" "$3" 4096
	said=$(cat $map)
	is "the sample says so: $said" \
		"$(echo "$said" | grep -c "^$2 .*: $4, DMA address 0x")" 1
}

cannot_map() {
	! try_map "$@" 2>&1 && grep ': refused$' $map
}

provider() {
	section "1. The provider: a part of a BAR becomes memory for others"
	detail $debug/ranges
	is "one range is registered" "$(grep -vc '^#' $debug/ranges)" 1
	is "it is 8 MiB of BAR 2 of the device that was asked for" \
		"$(grep -c "size $((8 << 20)) provider $shared BAR 2 " \
			$debug/ranges)" 1
	is "it starts where it was told to" \
		$(($(sed -n '/^#/!s/-.*//p' $debug/ranges))) $((start))
	is "it is published" "$(cat "$devices/$shared/p2pmem/published")" 1
	check "the test device was left alone" \
		[ ! -e "$devices/$other/driver" ]
}

client() {
	section "2. The client: who reaches it, and how"
	maps "drive A maps it" "$pciA" "$start" "by bus address"
	refused "drive C does not" "host bridge" \
		cannot_map "$pciC" "$start" 4096
	refused "nor does a device without a driver" "bind one first" \
		cannot_map "$other" "$start" 4096
	refused "4 KiB that begin 512 bytes before its end" \
		"not inside one registered range" \
		cannot_map "$pciA" "$(printf '0x%x' $((end - 512)))" 4096
	maps "behind its end, it is nobody's" "$pciA" "$end" \
		"nobody's, as plain MMIO"
	refused "words that make no sense" "write DEVICE ADDRESS LENGTH" \
		sh -c "! echo nonsense > $map"
}

fence() {
	echo "$1 $start" > $debug/fence
}

# kept STATE: that is what the sample says of the mapping it keeps
kept() {
	is "drive A's mapping that is kept: $1" \
		"$(sed -n "s/^$pciA .*+4096: //p" $keep)" "$1"
}

in_flight() {
	sed -n "s/.* provider $shared .* inflight \([0-9]*\)$/\1/p" $debug/ranges
}

stay() {
	section "3. A mapping that stays until its memory is taken back"
	check "drive A maps it and keeps it" \
		sh -c "echo $pciA $start 4096 > $keep"
	kept mapped
	is "it is counted" "$(in_flight)" 1
	check "a fence, which waits for it to be given up" fence fence
	kept fenced
	is "it was unmapped" "$(in_flight)" 0
	check "the sample keeps one at a time" \
		sh -c "! echo $pciA $start 4096 > $keep"
	check "the fence is lifted" fence lift
	kept mapped
	is "and counted again" "$(in_flight)" 1
}

transfer() {
	section "4. Drive A reads into it, drive C cannot"
	refused "drive C" "host bridge" \
		p2pio -x EREMOTEIO "$driveC" 0 "$mem:65536"
	# Last, so that it stays there for the host to look at.
	check "drive A, 64 KiB" p2pio "$driveA" 0 "$mem:65536"
	say "SEEN told $start $(printf '0x%x' $((start + 65535))) 65536"
	say "SEEN table A>BAR|bus_addr|bus $start"
	say "SEEN table C>BAR|refused|nothing"
}

rebind() {
	section "5. Unbound, and bound again"
	check "unbind, with a mapping that is kept" \
		sh -c "echo $shared > $driver/unbind"
	kept gone
	check "it is kept no more" sh -c "echo > $keep"
	is "the sample says so" "$(cat $keep)" "nothing kept"
	is "no range is left" "$(grep -vc '^#' $debug/ranges)" 0
	maps "its address is nobody's now" "$pciA" "$start" \
		"nobody's, as plain MMIO"
	check "bind" sh -c "echo $shared > $driver/bind"
	maps "drive A maps it again" "$pciA" "$start" "by bus address"
}

if ours; then
	provider
	client
	stay
	transfer
	rebind
else
	section "1. The BAR, which no driver of this kernel offers"
	plain_bar "$shared"
fi
