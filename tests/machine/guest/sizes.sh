# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2154
#
# What a BAR costs, from the smallest to a large one; the machine is in
# sizes.conf.

# shellcheck source=tests/machine/guest/p2p.sh
. /guest/p2p.sh

GIB16=$((16 << 30))

# pci_of_size BYTES: the test device whose BAR has that size
pci_of_size() {
	for d in /sys/bus/pci/devices/*; do
		[ "$(cat "$d/vendor")$(cat "$d/device")" = 0x1b360x0005 ] ||
			continue
		# shellcheck disable=SC2046	# first and last address, flags
		set -- "$1" $(sed -n 3p "$d/resource")
		[ $(($3 - $2 + 1)) != "$1" ] || basename "$d"
	done
}

small=$(pci_of_size 4096)
large=$(pci_of_size $GIB16)
pciA=$(pci_of "$(controller A)")
pciB=$(pci_of "$(controller B)")

free_kib() {
	sync
	echo 3 > /proc/sys/vm/drop_caches
	awk '/^MemFree:/ { print $2 }' /proc/meminfo
}

# spent DRIVER PCI-ADDRESS: KiB of RAM that are free only without its driver.
# What else goes on comes to some MiB at times, so it is the least of a few.
# struct pages for 16 GiB are 262144 KiB each time.
spent() {
	least=999999
	for _ in 1 2 3 4 5; do
		with=$(free_kib)
		echo "$2" > "/sys/bus/pci/drivers/$1/unbind"
		without=$(free_kib)
		echo "$2" > "/sys/bus/pci/drivers/$1/bind"
		kib=$((without - with))
		[ $kib -ge $least ] || least=$kib
	done
	echo $least
}

costs() {
	section "1. What the ranges cost"
	detail $debug/ranges
	is "three ranges are registered" "$(grep -vc '^#' $debug/ranges)" 3
	is "one of 4 KiB" "$(range_field "$small" size)" 4096
	is "one of 16 GiB" "$(range_field "$large" size)" $GIB16
	is "one of 16 GiB that drive B has" "$(range_field "$pciB" size)" $GIB16
	for pci in $small $large; do
		kib=$(spent p2p-provider "$pci")
		check "RAM spent on $(range_field "$pci" size) bytes: $kib KiB" \
			[ "$kib" -le 128 ]
	done
}

map=/sys/module/p2p_client/parameters/map

# maps WORDS ADDRESS: drive A maps the page there, by its CPU address
maps() {
	check "$1" sh -c "echo $pciA $(printf '0x%x' $(($2))) 4096 > $map"
	is "through the host bridge, by CPU address" \
		"$(sed -n 's/.*: through the host bridge, DMA address //p' \
			$map)" "$(printf '0x%016x' $(($2)))"
}

# try_map ADDRESS: must fail
try_map() {
	! echo "$pciA" "$(printf '0x%x' $(($1)))" 4096 > $map
}

reach() {
	section "2. They are reached from end to end, and no further"
	start=$(range_start "$large")
	maps "drive A, the first page of 16 GiB" "$start"
	maps "drive A, a page in the middle" $((start + (5 << 30) + 12288))
	maps "drive A, the last page" $((start + GIB16 - 4096))
	refused "drive A, the last page and a bit" \
		"not inside one registered range" \
		try_map $((start + GIB16 - 2048))
	maps "drive A, the page of 4 KiB" "$(range_start "$small")"
	say "SEEN table A>16G|host_bridge|CPU $start and so on"
}

# Of drive B's memory alone: a plain BAR has no provider there.
stock_costs() {
	section "1. What the struct pages of 16 GiB cost"
	mem=/sys/bus/pci/devices/$pciB/p2pmem/size
	is "drive B offers 16 GiB" "$(cat "$mem")" $GIB16
	echo "$pciB" > /sys/bus/pci/drivers/nvme/unbind
	without=$(free_kib)
	echo "$pciB" > /sys/bus/pci/drivers/nvme/bind
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ ! -e "$mem" ] || [ -z "$(namespace "$(controller B)" 1)" ] ||
			break
		sleep 1
	done
	kib=$((without - $(free_kib)))
	check "RAM spent on them, 256 MiB and the noise: $kib KiB" \
		[ $kib -ge $((240 << 10)) ]
	pages=$(awk '$1 == "nr_memmap_pages" { print $2 }' /proc/vmstat)
	is "pages that the kernel has made struct pages in since it booted: $pages" \
		"$pages" $((256 << 20 >> 12))

	section "2. The BARs that no driver of this kernel offers"
	plain_bar "$small" 4096
	plain_bar "$large"
}

# clear: a process maps 4 GiB, which takes this emulator minutes to clear
clear() {
	p2pfault "$mem" 0 4096 1 > /tmp/clear.log 2>&1 &
	clearing=$!
	sleep 2
	if ended $clearing; then
		fail "a mapping of 4 GiB is cleared"
		detail /tmp/clear.log
	fi
}

long_work() {
	section "   4 GiB of it are mapped: minutes of clearing, and nobody waits"
	mem=/sys/bus/pci/devices/$large/p2pmem/allocate
	clear
	began=$(ms)
	check "another process maps a MiB meanwhile" p2pfault "$mem" 0 1 1
	took=$(($(ms) - began))
	is "... within 5 s ($took ms)" $((took < 5000)) 1
	kill -9 $clearing
	began=$(ms)
	check "killed, it is gone" wait_for 10 ended $clearing
	took=$(($(ms) - began))
	is "... within 2 s ($took ms)" $((took < 2000)) 1
	clear
	began=$(ms)
	echo "$large" > /sys/bus/pci/drivers/p2p-provider/unbind
	took=$(($(ms) - began))
	is "the driver is unbound meanwhile within 3 s ($took ms)" \
		$((took < 3000)) 1
	wait $clearing
	is "... and mmap() fails: $(cat /tmp/clear.log)" \
		"$(grep -c 'No such device' /tmp/clear.log)" 1
	echo "$large" > /sys/bus/pci/drivers/p2p-provider/bind
}

if ours; then
	costs
	reach
	long_work
else
	stock_costs
fi
section "3. Drive A is copied through 16 GiB of drive B's memory"
moves A B bus_addr
