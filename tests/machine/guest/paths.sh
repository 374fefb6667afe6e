# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2154
#
# Who reaches whom, by which way, and what the drives are told.  The kernel's
# command line says what must come out:
#
#   pairs=A:B:bus_addr,A:C:host_bridge,C:B:refused
#		client, provider and verdict; drives by their serial numbers
#   group=TYPE	the drives are behind an IOMMU, in groups of this type; with
#		DMA and DMA-FQ (lazy) the way through the host bridge is by IOVA
#   faults=yes	bus addresses are right, but end in this emulator's IOMMU
#   reason=WORD	what the answer to a question must have as its reason
#   why=WORD	what the kernel's message on each refusal must have
#   acs=PORT;PORT	first set ACS redirect on these ports, as firmware does
#   taint=N		how the kernel is tainted; 64: by what it was told at boot
#   ram=A,C		these drives take fio's IO of main memory too
#   fail=A	while pieces of it cannot be mapped, too
#   verify=A:B,B:B	fio writes and checks data on A, all buffers in B's memory
#   gone=A:C	at the end, C goes away under A's IO
#   none=B,C	stock cannot make these drives' memory available
#   again=PAIRS	then take the switch away and scan again, and these hold
#
# The stock kernel cannot be asked and counts nothing: there it is what is moved
# and what is refused.  The host looks at the lines "SEEN" afterwards: see
# seen_by_drives in run.

# shellcheck source=tests/machine/guest/p2p.sh
. /guest/p2p.sh

# ask CLIENT PROVIDER VERDICT: as the kernel explains it
ask() {
	check "asked how drive $1 reaches drive $2" \
		sh -c "echo $(pci_of "$(controller "$1")") \
			$(pci_of "$(controller "$2")") > $debug/verdict"
	detail $debug/verdict
	is "the answer is $3" \
		"$(sed -n 's/^verdict //p' $debug/verdict)" "$3"
	[ "$3" = bus_addr ] || [ -z "$(word reason)" ] ||
		check "the reason is: $(word reason)" \
			grep "^reason .*$(word reason)" $debug/verdict
	is "and names its range" "$(grep -c '^range 0x.* live$' \
		$debug/verdict)" 1
}

# for_pairs COMMAND PAIR,...: calls it with client, provider and verdict
for_pairs() {
	for pair in $(echo "$2" | tr , ' '); do
		# shellcheck disable=SC2046	# three words
		$1 $(echo "$pair" | tr : ' ')
	done
}

try() {
	case $3 in
	refused) cannot "$1" "$2" ;;
	hangs) hangs "$1" "$2" ;;
	bus_addr)
		if [ -n "$(word faults)" ]; then
			faults "$1" "$2"
		else
			moves "$1" "$2" "$3"
		fi ;;
	*) moves "$1" "$2" "$3" ;;
	esac
}

# The bare call of the mapping layer, undone by nothing but the DMA address
bare() {
	map=/sys/module/p2p_client/parameters/map
	pci=$(pci_of "$(controller "$1")")
	start=$(range_start "$(pci_of "$(controller "$2")")")
	case $3 in
	bus_addr) how="by bus address" ;;
	host_bridge) how="through the host bridge" ;;
	*) return ;;
	esac
	for piece in "$start 12288" "$(printf '0x%x' $((start + 1536))) 5000"
	do
		check "dma_map_phys() and its undoing, drive $1, $piece bytes" \
			sh -c "echo $pci $piece > $map"
		is "it was $how" "$(grep -c ": $how, DMA address 0x" $map)" 1
	done
	is "nothing is in flight" "$(grep -vc '^#.*\|inflight 0 ' \
		$debug/clients)" 0
}

# acs_control PORT: where in its config space the ACS control word is
acs_control() {
	config=/sys/bus/pci/devices/$1/config
	at=256
	while [ -e "$config" ] && [ $at -gt 0 ]; do
		header=$(hexdump -v -s $at -n 4 -e '1/4 "%u"' "$config")
		if [ $((header & 0xffff)) = 13 ]; then
			echo $((at + 6))
			return
		fi
		at=$((header >> 20))
	done
	echo 0
}

# Request, completion and upstream forwarding, as an IOMMU would have it
set_acs() {
	printf '\034\000' | dd of="/sys/bus/pci/devices/$1/config" bs=1 \
		seek="$(acs_control "$1")" conv=notrunc 2>/dev/null
}

has_redirect() {
	ctrl=$(hexdump -v -s "$(acs_control "$1")" -n 2 -e '1/2 "%04x"' \
		"/sys/bus/pci/devices/$1/config")
	[ $((0x$ctrl & 0x2c)) != 0 ]
}

no_redirect() {
	! has_redirect "$1"
}

check_iommu() {
	for drive in A B C; do
		[ -e "/sys/class/nvme/$(controller $drive)" ] || continue
		is "drive $drive is behind an IOMMU, of type $(word group)" \
			"$(cat "/sys/bus/pci/devices/$(pci_of \
			"$(controller $drive)")/iommu_group/type")" \
			"$(word group)"
	done
}

scan_again() {
	section "   The ports come anew, and the kernel does what it was told"
	switch=$(dirname "$(readlink -f \
		"/sys/bus/pci/devices/${acs%%;*}")")
	check "take the switch away" sh -c "echo 1 > $switch/remove"
	is "no drive is left below it" \
		"$(controller A | grep -c nvme)" 0
	check "scan again" sh -c "echo 1 > /sys/bus/pci/rescan"
	wait_for_drives
	for port in $(echo "$acs" | tr ';' ' '); do
		check "no ACS redirect on $port" no_redirect "$port"
	done
}

acs=$(word acs)
pairs=$(word pairs)
if [ -n "$acs" ]; then
	section "   The firmware has set ACS redirect"
	for port in $(echo "$acs" | tr ';' ' '); do
		set_acs "$port"
		check "ACS redirect on $port" has_redirect "$port"
	done
fi
# none DRIVE: there is no P2P with its memory, and the kernel says so
none() {
	name=$(controller "$1")
	is "the kernel could not register drive $1's memory" \
		"$(dmesg | grep -c "$name: failed to register the CMB")" 1
	is "so there is nothing to map" \
		"$(find "/sys/bus/pci/devices/$(pci_of "$name")/" \
		-name 'p2pmem*')" ""
	say "SEEN table A>$1|no P2P|nothing"
}

section "1. Who reaches whom, as the kernel explains it"
for drive in $(word none | tr , ' '); do
	none "$drive"
done
[ -z "$(word group)" ] || check_iommu
! ours || for_pairs ask "$pairs"
[ -z "$(word taint)" ] || is "the kernel is tainted as it should be" \
	"$(cat /proc/sys/kernel/tainted)" "$(word taint)"
section "2. What is moved, and what the drives are told"
for_pairs try "$pairs"
if ours; then
	section "3. Mappings of drivers that keep nothing but the DMA address"
	for_pairs bare "$pairs"
fi
if [ -n "$(word again)" ]; then
	scan_again
	! ours || for_pairs ask "$(word again)"
	for_pairs try "$(word again)"
fi
ram() {
	for drive in $(word ram | tr , ' '); do
		TARGET=$(namespace "$(controller "$drive")" 1) SIZE=8m \
			SIZES=4k/30:64k/40:132k/30 DEPTH=16 ENGINE=io_uring \
			check "drive $drive, fio verify" \
			fio --output=/tmp/fio.log /fio/ram.fio
	done
}

# one_unmapping DRIVE: 64 KiB in pages from anywhere are unmapped at once
one_unmapping() {
	echo > $tracing/trace
	echo 1 > $tracing/events/iommu/unmap/enable
	check "drive $1: 16 reads of 64 KiB into main memory" \
		fio --name=read --filename="$(namespace "$(controller "$1")" 1)" \
		--direct=1 --rw=read --bs=64k --size=1m --output=/tmp/fio.log
	echo 0 > $tracing/events/iommu/unmap/enable
	is "each in one piece of IOVA space" \
		"$(grep -c 'size=65536 unmapped_size=65536' $tracing/trace)" 16
}

# watched DRIVE: whoever debugs sees what lies in one piece of IOVA space, and that
# it is undone
watched() {
	api=/sys/kernel/debug/dma-api
	pci=$(pci_of "$(controller "$1")")
	echo > $tracing/trace
	echo 1 > $tracing/events/dma/dma_map_page/enable
	echo 1 > $tracing/events/dma/dma_unmap_page/enable
	fio --name=read --filename="$(namespace "$(controller "$1")" 1)" \
		--direct=1 --rw=read --bs=64k --size=1m --output=/tmp/fio.log
	echo 0 > $tracing/events/dma/enable
	# shellcheck disable=SC2016	# awk's
	is "the trace has 1 MiB of pieces, and all of it unmapped" "$(awk -v pci="$pci" '
		index($0, pci) == 0 || !/FROM_DEVICE/ { next }
		/ dma_map_page: / { sub(/.* size=/, ""); m += $1 }
		/ dma_unmap_page: / { sub(/.* size=/, ""); u += $1 }
		END { print (m >= 1048576), m - u }' $tracing/trace)" "1 0"
	fio --name=read --filename="$(namespace "$(controller "$1")" 1)" \
		--direct=1 --rw=read --bs=64k --size=8m --iodepth=16 --loops=8 \
		--ioengine=io_uring --output=/tmp/fio.log &
	reader=$!
	found=
	while [ -z "$found" ] && kill -0 $reader 2>/dev/null; do
		found=$(grep "$pci" $api/dump | grep -m 1 ' single ')
	done
	wait $reader
	check "the DMA debugging has such pieces" [ -n "$found" ]
	is "and none when the IO has ended" \
		"$(grep "$pci" $api/dump | grep -c ' single ')" 0
	is "and complains of nothing" \
		"$(cat $api/error_count) $(cat $api/disabled)" "0 N"
}

# reads_of_pieces DRIVE: 60 reads of 16 pages of memory, no two beside each other
reads_of_pieces() {
	pieces='' n=0
	while [ $n -lt 16 ]; do
		pieces="$pieces ram:4096+4096" n=$((n + 1))
	done
	n=0
	while [ $n -lt 60 ]; do
		# shellcheck disable=SC2086	# several words
		p2pio "$(namespace "$(controller "$1")" 1)" 0 $pieces \
			> /tmp/pieces 2>&1 || { cat /tmp/pieces; return 1; }
		n=$((n + 1))
	done
}

# ram_refused DRIVE: now and then a piece of a request cannot be mapped, the first
# or a later one; what was mapped is unmapped, and the IO is tried again
ram_refused() {
	fault=/sys/kernel/debug/fail_function
	echo dma_iova_link > $fault/inject
	echo 0xfffffffffffffff4 > $fault/dma_iova_link/retval	# -ENOMEM
	echo 0 > $fault/verbose
	echo 1000000 > $fault/times
	echo 2 > $fault/probability
	echo > $tracing/trace
	echo 1 > $tracing/events/iommu/map/enable
	echo 1 > $tracing/events/iommu/unmap/enable
	TARGET=$(namespace "$(controller "$1")" 1) SIZE=8m SIZES=64k/100 \
		DEPTH=16 ENGINE=io_uring \
		check "drive $1, fio verify while mappings fail" \
		fio --output=/tmp/fio.log /fio/ram.fio
	check "drive $1, reads into pieces of memory while mappings fail" \
		reads_of_pieces "$1"
	echo > $fault/inject
	echo 0 > $tracing/events/enable
	check "some requests were mapped in part" \
		grep -E 'unmap: .* size=[1-5][0-9]{4} ' $tracing/trace
	# shellcheck disable=SC2016	# awk's
	is "and whatever was mapped was unmapped" "$(awk '
		/ map: / { sub(/.* size=/, ""); n += $1 }
		/ unmap: / { sub(/.* size=/, ""); n -= $1 }
		END { print n + 0 }' $tracing/trace)" 0
}

# p2p_while WHAT PERCENT CLIENT PROVIDER: fio writes and verifies while so many of
# what $fault is about fail; what could not be mapped as a whole holds nothing
p2p_while() {
	echo 0 > $fault/verbose
	echo 1000000 > $fault/times
	echo "$2" > $fault/probability
	TARGET=$(namespace "$(controller "$3")" 1) SIZE=2m SIZES=4k/50:64k/50 \
		P2PMEM=/sys/bus/pci/devices/$(pci_of "$(controller "$4")")/p2pmem/allocate \
		DEPTH=16 ENGINE=io_uring \
		check "drive $3, buffers in $4, fio verify while $1 fail" \
		fio --output=/tmp/fio.log /fio/p2p.fio
	echo 0 > $fault/probability
	failures=$((1000000 - $(cat $fault/times)))
	is "of which $failures have failed" $((failures > 10)) 1
	is "and nothing is held" \
		"$(awk '/^0x/ { n += $NF } END { print n + 0 }' $debug/ranges)" 0
}

# p2p_not_now CLIENT PROVIDER: now and then a piece cannot be mapped through the
# host bridge, for want of IOVA space or page tables: it is tried again, as RAM is
p2p_not_now() {
	fault=/sys/kernel/debug/fail_function
	echo dma_phys_map_iova > $fault/inject
	# DMA_MAPPING_ERROR
	echo 0xffffffffffffffff > $fault/dma_phys_map_iova/retval
	p2p_while mappings 10 "$1" "$2"
	echo > $fault/inject
}

# p2p_no_list CLIENT PROVIDER: now and then there is no memory for the driver's
# list of pieces, when the first of them is mapped already
p2p_no_list() {
	fault=/sys/kernel/debug/failslab
	echo 1 > /sys/kernel/slab/kmalloc-2k/failslab
	echo 1 > $fault/cache-filter
	p2p_while lists 50 "$1" "$2"
}

if [ -n "$(word ram)" ]; then
	section "   The same drives with buffers in main memory"
	ram
	[ -z "$(word group)" ] || one_unmapping A
	! ours || [ -z "$(word group)" ] || watched A
	[ -z "$(word fail)" ] || ram_refused A
fi
if [ -n "$(word fail)" ]; then
	section "   Through the host bridge, while mappings fail"
	p2p_not_now A C
	p2p_no_list A C
fi
# verify CLIENT PROVIDER: small, middle and large blocks, one job a run
verify() {
	mem=/sys/bus/pci/devices/$(pci_of "$(controller "$2")")/p2pmem
	for engine in io_uring libaio; do
		for sizes in "512/30:1k/20:4k/50 2m" "64k/40:132k/60 8m" \
			     "512k/50:1m/50 16m"; do
			TARGET=$(namespace "$(controller "$1")" 1) \
				P2PMEM=$mem/allocate ENGINE=$engine DEPTH=16 \
				SIZES=${sizes% *} SIZE=${sizes#* } \
				check "drive $1, buffers in $2, $engine, ${sizes% *}" \
				fio --output=/tmp/fio.log /fio/p2p.fio
		done
	done
}

if [ -n "$(word verify)" ]; then
	section "   fio writes and checks data, all buffers in a drive's memory"
	for_pairs verify "$(word verify)"
fi
if [ -n "$(word gone)" ]; then
	section "4. And when the provider goes away"
	gone=$(word gone)
	pci=$(pci_of "$(controller "${gone#*:}")")
	check "driver ${gone#*:} unbound: reads fail, touching ends in SIGBUS" \
		p2plife gone "$(namespace "$(controller "${gone%:*}")" 1)" \
		"/sys/bus/pci/devices/$pci/p2pmem/allocate" "$pci"
fi
