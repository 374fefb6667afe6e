# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2154
#
# Through the host bridge; the machine is in bridge.conf.

MIB=1048576
debug=/sys/kernel/debug/dma_phys
tracing=/sys/kernel/tracing
sgl_threshold=/sys/module/nvme/parameters/sgl_threshold

pciA=$(pci_of "$(controller A)")
pciB=$(pci_of "$(controller B)")
pciC=$(pci_of "$(controller C)")
driveA=$(namespace "$(controller A)" 1)
driveC=$(namespace "$(controller C)" 1)
memB=/sys/bus/pci/devices/$pciB/p2pmem/allocate
memC=/sys/bus/pci/devices/$pciC/p2pmem/allocate

# bytes VERDICT: how many were mapped with this verdict since boot
bytes() {
	awk -v v="$1" '$1 == v { print $3 }' $debug/stats
}

# Each mapping of A was given a CPU address as it is, and is unmapped again.
traced_rightly() {
	grep "client=$pciA" $tracing/trace > /tmp/trace
	head -n 2 /tmp/trace
	awk -v provider="provider=$pciC" '
	!index($0, provider) || !/verdict=host_bridge/ { exit bad = 1 }
	{
		phys = dma = $0
		sub(/.* phys=/, "", phys); sub(/ .*/, "", phys)
		sub(/.* dma=/, "", dma); sub(/ .*/, "", dma)
		if (phys != dma)
			exit bad = 1
	}
	/dma_phys_map:/ { maps++ }
	/dma_phys_unmap:/ { unmaps++ }
	END { exit bad || !maps || maps != unmaps }' /tmp/trace
}

section "1. Drive A is copied to drive C through drive C's memory"
size=$((16 * MIB))
bridge=$(bytes host_bridge)
own=$(bytes own_bar)
echo 1 > $tracing/events/dma_phys/enable
check "an ordinary program copies 16 MiB" \
	p2pcopy "$driveA" "$driveC" "$memC" $size $MIB
echo 0 > $tracing/events/dma_phys/enable
detail $debug/stats
is "drive A reached every byte through the host bridge" \
	$(($(bytes host_bridge) - bridge)) $size
is "drive C took every byte from its own memory" \
	$(($(bytes own_bar) - own)) $size
check "the trace tells the same, and each mapping was undone" traced_rightly
is "sha256 of both, read into main memory, is the same" \
	"$(read_sum "$driveC" 16)" "$(read_sum "$driveA" 16)"
is "no mapping is left" "$(grep -c 'inflight 0$' $debug/ranges)" 2

section "2. Buffers of every shape, PRP and SGL"
for threshold in 0 1; do
	echo $threshold > $sgl_threshold
	check "preadv with buffers off a page's start" \
		p2pio -s 65536 "$driveA" 0 "$memC:4096+512" =:1024+8192
	check "pwritev with buffers off a page's start" \
		p2pio -s 65536 -w "$driveA" $((64 * MIB)) \
		"$memC:4096+512" =:1024+8192
	check "one pread of 4 MiB" p2pio "$driveA" 0 "$memC:4194304"
done

section "3. Beside it, the way through the switch is as short as before"
bus=$(bytes bus_addr)
check "drive A reads into drive B's memory" p2pio "$driveA" 0 "$memB:65536"
is "by bus address" $(($(bytes bus_addr) - bus)) 65536
is "nothing was refused" "$(bytes refused)" 0

section "4. And when the provider goes away"
check "driver C unbound: reads fail, touching ends in SIGBUS" \
	p2plife gone "$driveA" "$memC" "$pciC"
