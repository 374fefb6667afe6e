# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2154
#
# Drivers on the converted core move data in RAM; the machine is in drivers.conf.

tracing=/sys/kernel/tracing
MIB=1048576

# pci_driver PATH: of the PCI function that a device hangs off
pci_driver() {
	d=$(readlink -f "$1")
	while [ "$d" != / ]; do
		case $(readlink -f "$d/subsystem") in
		*/bus/pci)
			basename "$(readlink -f "$d/driver")"
			return ;;
		esac
		d=$(dirname "$d")
	done
}

# drive_of DRIVER: the block device that it drives
drive_of() {
	for b in /sys/block/*; do
		[ ! -e "$b/device" ] ||
			[ "$(pci_driver "$b/device")" != "$1" ] ||
			echo "/dev/$(basename "$b")"
	done
}

# moved DRIVE [SMALLEST]: writes at random, in pieces of all sizes, and reads them
# back
moved() {
	TARGET=$1 ENGINE=io_uring SIZE=24m DEPTH=8 \
		SIZES=${2:-512}/10:4k/40:20k/20:256k/20:1m/10 fio /fio/ram.fio
}

# zeroed DRIVE: sd sends what is to be discarded in a page of its own
zeroed() {
	p2pfill 3 $MIB | dd of="$1" oflag=direct bs=$MIB 2>/dev/null
	[ "$(read_sum "$1" 1)" = "$(p2pfill 3 $MIB | sha256sum |
		cut -d' ' -f1)" ] &&
		blkdiscard -l $MIB "$1" &&
		[ "$(read_sum "$1" 1)" = "$(dd if=/dev/zero bs=$MIB count=1 \
			2>/dev/null | sha256sum | cut -d' ' -f1)" ]
}

drives() {
	section "1. Drives: fio writes, reads back, and compares"
	for driver in nvme virtio-pci ahci megaraid_sas sdhci-pci; do
		drive=$(drive_of $driver)
		check "$driver has a drive: $drive" [ -b "$drive" ]
		check "$driver: 24 MiB are as written" moved "$drive"
	done
	for driver in ahci megaraid_sas; do
		check "$driver: what sd discards is zeroes" \
			zeroed "$(drive_of $driver)"
	done
}

memory_drives() {
	section "2. Drives of memory"
	check "zram gets its size" \
		sh -c "echo 128M > /sys/block/zram0/disksize"
	for drive in pmem0 ram0 zram0 nullb0; do
		check "$drive: 24 MiB are as written" moved /dev/$drive 4k
	done
}

# A target in this kernel, with null_blk's memory, and TCP to it
connect() {
	nvmet=/sys/kernel/config/nvmet
	mount -t configfs configfs /sys/kernel/config &&
		ip link set lo up &&
		mkdir $nvmet/subsystems/test $nvmet/ports/1 \
			$nvmet/subsystems/test/namespaces/1 &&
		echo 1 > $nvmet/subsystems/test/attr_allow_any_host &&
		echo /dev/nullb0 > \
			$nvmet/subsystems/test/namespaces/1/device_path &&
		echo 1 > $nvmet/subsystems/test/namespaces/1/enable &&
		echo tcp > $nvmet/ports/1/addr_trtype &&
		echo ipv4 > $nvmet/ports/1/addr_adrfam &&
		echo 127.0.0.1 > $nvmet/ports/1/addr_traddr &&
		echo 4420 > $nvmet/ports/1/addr_trsvcid &&
		ln -s $nvmet/subsystems/test $nvmet/ports/1/subsystems/test &&
		echo "transport=tcp,traddr=127.0.0.1,trsvcid=4420,nqn=test" \
			> /dev/nvme-fabrics
}

remote() {
	section "3. NVMe over TCP"
	check "connect to a target in this kernel" connect
	c=$(grep -l tcp /sys/class/nvme/nvme*/transport)
	drive=$(namespace "$(basename "$(dirname "$c")")" 1)
	check "nvme-tcp has a drive: $drive" [ -b "$drive" ]
	check "nvme-tcp: 24 MiB are as written" moved "$drive"
}

received() {
	tftp -g -b 1400 -r noise -l /tmp/noise 10.0.2.2 &&
		[ "$(sha256sum < /tmp/noise)" = \
			"$(p2pfill 7 $((4 << 20)) | sha256sum)" ]
}

network() {
	section "4. The network card"
	card=$(for n in /sys/class/net/*; do
		[ ! -e "$n/device" ] || basename "$n"
	done)
	is "$card is driven by e1000e" \
		"$(pci_driver "/sys/class/net/$card/device")" e1000e
	# Frames that do not fit a buffer: the driver splits them into pages.
	ip link set "$card" mtu 4000
	echo 1 > $tracing/events/dma/dma_map_page/enable
	ip link set "$card" up
	ip addr add 10.0.2.15/24 dev "$card"
	# Of the driver's two ways to map pages, this one is converted: it has a
	# buffer of 128 bytes for headers beside them.
	check "headers get a buffer of their own" \
		grep -m 1 -E "dir=FROM_DEVICE .*size=128\\b" $tracing/trace
	check "and the data gets pages" \
		grep -m 1 -E "dir=FROM_DEVICE .*size=4096\\b" $tracing/trace
	echo 0 > $tracing/events/dma/dma_map_page/enable
	check "4 MiB come in as they were sent" received
	check "what goes out comes back" ping -c 20 -i 0.05 -s 1400 10.0.2.2
	# Unmaps all that was mapped: the DMA debugging looks at each.
	ip link set "$card" down
}

drives
memory_drives
remote
network
section "5. What the DMA debugging says"
check "no error was found" \
	[ "$(cat /sys/kernel/debug/dma-api/error_count)" -eq 0 ]
check "it did not turn itself off" \
	[ "$(cat /sys/kernel/debug/dma-api/disabled)" = N ]
