# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034,SC2154
#
# What scripts about peer-to-peer DMA share: what the kernel reports, and a copy
# from drive to drive with everything that can be checked about it.

MIB=1048576
debug=/sys/kernel/debug/dma_phys
tracing=/sys/kernel/tracing
sgl_threshold=/sys/module/nvme/parameters/sgl_threshold

# word NAME: what the last NAME= says on the kernel's command line
word() {
	tr ' ' '\n' < /proc/cmdline | sed -n "s/^$1=//p" | tail -n 1
}

# ours: is this kernel ours, or stock?
ours() {
	[ -e $debug ]
}

# mem_start PCI-ADDRESS: where the memory is that it offers.  Stock does not say:
# QEMU's drives have it in BAR 2.
mem_start() {
	if ours; then
		range_start "$1"
	else
		printf '0x%x\n' "$(sed -n '3s/ .*//p' \
			"/sys/bus/pci/devices/$1/resource")"
	fi
}

case $(word group) in
DMA*) iova=yes ;;
*) iova= ;;
esac

# in_pci_window ADDRESS: does a host bridge send it to its bus?
in_pci_window() {
	grep 'PCI Bus' /proc/iomem | grep -v '^ ' > /tmp/windows
	while IFS=" -" read -r low high _; do
		[ $(($1 >= 0x$low && $1 <= 0x$high)) = 0 ] || return 0
	done < /tmp/windows
	return 1
}

# told PHYS DMA: is DMA what the drive must be told for PHYS, by $verdict?
told() {
	case $verdict in
	bus_addr)
		[ $(($2)) = $(($1 + offset)) ] ;;
	host_bridge)
		if [ -n "$iova" ]; then
			[ $(($2 & 4095)) = $(($1 & 4095)) ] &&
				! in_pci_window "$2"
		else
			[ $(($2)) = $(($1)) ]
		fi ;;
	esac
}

# Every mapping of the client: right address, right verdict, undone again.  A
# request by bus address is undone as one.
# Leaves $first, $last and $bytes of what the drive was told.
traced_rightly() {
	first='' last=0 bytes=0 maps=0 unmaps=0 undone=0
	sed -n "s/.*dma_phys_\(un\)*map: client=$pciC provider=\([^ ]*\) .*phys=\([^ ]*\) dma=\([^ ]*\) size=\([^ ]*\) verdict=/\1map \2 \3 \4 \5 /p" \
		$tracing/trace > /tmp/trace
	head -n 2 /tmp/trace
	while read -r what from phys dma len way; do
		if [ "$from $way" != "$pciP $verdict" ] ||
		   ! told "$phys" "$dma"; then
			echo "wrong: $what $from $phys $dma $len $way"
			return 1
		fi
		if [ "$what" = unmap ]; then
			unmaps=$((unmaps + 1))
			undone=$((undone + len))
			continue
		fi
		maps=$((maps + 1))
		bytes=$((bytes + len))
		[ -n "$first" ] && [ $((first <= dma)) = 1 ] || first=$dma
		[ $((last >= dma + len - 1)) = 1 ] ||
			last=$(printf '0x%x' $((dma + len - 1)))
	done < /tmp/trace
	echo "$maps mappings, $bytes bytes, $first-$last; $unmaps undone, $undone bytes"
	[ $maps -gt 0 ] && [ $bytes = $undone ] || return 1
	[ "$verdict" = bus_addr ] || [ $maps = $unmaps ]
}

# The DMA debugging of the kernel tells the kinds of mappings apart: for a moment
# there is one of the provider's memory, and it is none of a page.
mapped_as_mmio() {
	p2pcopy "$source" "$sink" "$mem" "$size" $MIB > /dev/null &
	copy=$!
	found=
	while [ -z "$found" ] && kill -0 $copy 2>/dev/null; do
		found=$(grep -E " P=0x0*$(printf '%x' $((start >> 20)))" \
			/sys/kernel/debug/dma-api/dump |
			grep "$pciC" | head -n 1)
	done
	wait $copy
	echo "$found"
	echo "$found" | grep -q ' resource '
}

copy() {
	check "drive $client is copied to drive $provider, 16 MiB" \
		p2pcopy "$source" "$sink" "$mem" "$size" $MIB
}

# The copy with everything that our kernel reports
copy_watched() {
	offset=$(($(range_field "$pciP" bus) - start))
	way=$(bytes "$verdict") own=$(bytes own_bar) refusals=$(bytes refused)
	echo > $tracing/trace
	echo 1 > $tracing/events/dma_phys/enable
	copy
	echo 0 > $tracing/events/dma_phys/enable
	is "drive $client reached every byte by $verdict" \
		$(($(bytes "$verdict") - way)) "$size"
	is "drive $provider took every byte from its own memory" \
		$(($(bytes own_bar) - own)) "$size"
	is "nothing was refused" $(($(bytes refused) - refusals)) 0
	check "every address is the right one, and given back" traced_rightly
	[ -z "$iova" ] || [ "$verdict" != host_bridge ] ||
		check "it is mapped as MMIO" mapped_as_mmio
}

# seen_moving: what the drive was told, for the host to compare with what QEMU saw,
# and for the table at the end.  Stock tells nobody; on these machines all that
# is not by IOVA is by the address that it has for the CPU.
seen_moving() {
	whole="$start $(printf '0x%x' $((end - 1)))"
	if [ -n "$iova" ] && [ "$verdict" = host_bridge ]; then
		say "SEEN never $whole"
		kind=IOVA
	elif [ "$verdict" = bus_addr ]; then
		kind=bus
	else
		kind=CPU
	fi
	if ours; then
		say "SEEN told $first $last $bytes"
		say "SEEN table $client>$provider|$verdict|$kind $first-$last"
	elif [ $kind = IOVA ]; then
		say "SEEN table $client>$provider|moved|IOVA"
	else
		say "SEEN told $whole $size"
		say "SEEN table $client>$provider|moved|its BAR"
	fi
}

# moves CLIENT PROVIDER VERDICT: the client's drive is copied to the provider's
# through the provider's memory
moves() {
	client=$1 provider=$2 verdict=$3
	pciC=$(pci_of "$(controller "$client")")
	pciP=$(pci_of "$(controller "$provider")")
	source=$(namespace "$(controller "$client")" 1)
	sink=$(namespace "$(controller "$provider")" 1)
	mem=/sys/bus/pci/devices/$pciP/p2pmem/allocate
	start=$(mem_start "$pciP")
	end=$((start + $(cat "${mem%/*}/size")))
	size=$((16 * MIB))
	if ours; then
		copy_watched
	else
		copy
	fi
	is "sha256 of both, read into main memory, is the same" \
		"$(read_sum "$sink" 16)" "$(read_sum "$source" 16)"

	for threshold in 0 1; do
		echo $threshold > $sgl_threshold
		check "buffers off a page's start, read" \
			p2pio -s 65536 "$source" 0 "$mem:4096+512" =:1024+8192
		check "buffers off a page's start, write" \
			p2pio -s 65536 -w "$source" $((64 * MIB)) \
			"$mem:4096+512" =:1024+8192
		check "one pread of 4 MiB" p2pio "$source" 0 "$mem:4194304"
	done
	! ours || is "no mapping is left" \
		"$(grep -c "provider $pciP .*inflight 0$" $debug/ranges)" 1
	seen_moving
}

lost() {
	! p2pio "$(namespace "$(controller "$client")" 1)" 0 "$mem:65536" &&
		tail -n 1 /tmp/check.log | grep "differs from the file"
}

lose() {
	refused "what drive $client writes to drive $provider is lost" \
		"\[DMA Write.* device \[${pciC#*:}\] fault addr $first_word" \
		lost
}

# faults CLIENT PROVIDER: the emulator's IOMMU sees all that a device does, also
# what a switch of hardware sends from port to port.  Bus addresses are not in
# it, so it stops the DMA, and says at which address.
faults() {
	client=$1 provider=$2 verdict=bus_addr
	pciC=$(pci_of "$(controller "$client")")
	pciP=$(pci_of "$(controller "$provider")")
	mem=/sys/bus/pci/devices/$pciP/p2pmem/allocate
	start=$(mem_start "$pciP")
	first_word=0x$(printf '%x' $((start >> 20)))
	if ! ours; then
		lose
		say "SEEN told $start \
$(printf '0x%x' $((start + $(cat "${mem%/*}/size") - 1))) 65536"
		say "SEEN table $client>$provider|moved|its BAR, faults"
		return
	fi
	offset=$(($(range_field "$pciP" bus) - start))
	echo > $tracing/trace
	echo 1 > $tracing/events/dma_phys/enable
	lose
	echo 0 > $tracing/events/dma_phys/enable
	check "it was told the bus address" traced_rightly
	say "SEEN told $first $last $bytes"
	say "SEEN table $client>$provider|$verdict|bus $first-$last, faults"
}

# cannot CLIENT PROVIDER: refused as a whole, with a reason that has $(word why)
cannot() {
	pciP=$(pci_of "$(controller "$2")")
	mem=/sys/bus/pci/devices/$pciP/p2pmem/allocate
	target=$(namespace "$(controller "$1")" 1)
	start=$(mem_start "$pciP")
	if [ "$((start))" = 0 ]; then
		fail "drive $2 has no memory that could be refused"
		return
	fi
	refusals=$(bytes refused)
	refused "drive $1 reads into drive $2's memory" "$(word why)" \
		p2pio -x EREMOTEIO "$target" 0 "$mem:65536"
	if ours; then
		refused "drive $1 writes from it" "$(word why)" p2pio -w \
			-x EREMOTEIO "$target" $((64 * MIB)) "$mem:65536"
		check "the refusals are counted" \
			[ "$(bytes refused)" -gt "$refusals" ]
	else
		# Stock says why once.
		check "drive $1 writes from it: refused" p2pio -w \
			-x EREMOTEIO "$target" $((64 * MIB)) "$mem:65536"
	fi
	check "drive $1 reads into main memory" p2pio "$target" 0 ram:1048576
	case $(word again),$(word pairs) in
	*:$2:bus_addr*|*:$2:host_bridge*) ;;
	*) say "SEEN never $start \
$(printf '0x%x' $((start + $(cat "${mem%/*}/size") - 1)))" ;;
	esac
	say "SEEN table $1>$2|refused|nothing"
}

# hangs CLIENT PROVIDER: of the stock kernel there is no answer
hangs() {
	mem=/sys/bus/pci/devices/$(pci_of "$(controller "$2")")/p2pmem/allocate
	p2pio "$(namespace "$(controller "$1")" 1)" 0 "$mem:65536" \
		> /dev/null 2>&1 &
	sleep 15
	is "drive $1 reads into drive $2's memory: no answer after 15 s" \
		"$(cut -d' ' -f3 "/proc/$!/stat")" D
	say "SEEN table $1>$2|hangs|nothing"
}

# plain_bar PCI-ADDRESS [BYTES]: of a BAR that no driver offers, stock makes nothing
# that a drive could read into, also when a program has it mapped.
plain_bar() {
	is "nothing offers the BAR's memory" \
		"$(find "/sys/bus/pci/devices/$1/" -name 'p2pmem*')" ""
	check "drive A reads into a mapping of the BAR: EFAULT, nothing moved" \
		p2pio -x EFAULT "$(namespace "$(controller A)" 1)" 0 \
		"/sys/bus/pci/devices/$1/resource2:${2:-65536}"
	check "drive A reads into main memory" \
		p2pio "$(namespace "$(controller A)" 1)" 0 ram:1048576
	whole=$(sed -n '3s/^\([^ ]* [^ ]*\) .*/\1/p' \
		"/sys/bus/pci/devices/$1/resource")
	say "SEEN never $whole"
	say "SEEN table A>BAR|no P2P|nothing"
}

# pci_by_id ID: the address of the function with this vendor and device
pci_by_id() {
	for d in /sys/bus/pci/devices/*; do
		[ "$(cat "$d/vendor")$(cat "$d/device")" != "$1" ] ||
			basename "$d"
	done
}

wait_for_drives() {
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		case $(controller A)$(controller B)$(controller C) in
		*no*) ;;
		*) return ;;
		esac
		sleep 0.3
	done
}
