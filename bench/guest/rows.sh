# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# The rows of the benchmark, as far as they run in a machine; see ../run.

run=/sys/module/p2p_bench/parameters/run
# the case of a row, for bench/profile/run
only=$(tr ' ' '\n' < /proc/cmdline | sed -n 's/^case=//p')

# nvme SERIAL: its PCI address;  disk SERIAL: its device file
nvme() {
	for c in /sys/class/nvme/nvme*; do
		case $(cat "$c/serial") in
		"$1"|"$1 "*) basename "$(readlink -f "$c/device")" ;;
		esac
	done
}

disk() {
	for c in /sys/class/nvme/nvme*; do
		case $(cat "$c/serial") in
		"$1"|"$1 "*) echo "/dev/$(basename "$c")n1" ;;
		esac
	done
}

# must COMMAND...: what a row needs; the machine ends without "BENCH done"
must() {
	"$@" > /tmp/must 2>&1 && return
	echo "BENCH broken: $*"
	cat /tmp/must
	poweroff -f
	sleep 60
}

# tell NAME WORD VALUE...: figures by name
tell() {
	name=$1
	shift
	while [ $# -gt 1 ]; do
		echo "BENCH $name $1 $2"
		shift 2
	done
}

# module NAME WORDS...: what the module measured
module() {
	name=$1
	shift
	if echo "$*" > $run; then
		# shellcheck disable=SC2046 # words
		tell "$name" $(cat $run)
	else
		echo "BENCH $name refused 1"
		return 1
	fi
}

# io NAME FILE read|write SIZE DEPTH IOS [MEMORY]
io() {
	name=$1
	shift
	if cost=$(bench_io "$@"); then
		tell "$name" instructions "$cost"
	else
		echo "BENCH $name refused 1"
		echo "$name: $cost"
	fi
}

# pages that became struct pages since the machine booted, as the kernel counts
memmap() {
	awk '$1 == "nr_memmap_pages" { print $2 }' /proc/vmstat
}

row_register() {
	for dev in /sys/bus/pci/devices/*; do
		[ "$(cat "$dev/vendor" "$dev/device" | tr -d '\n')" = \
			0x1b360x0005 ] || continue
		# shellcheck disable=SC2046 # start and end
		set -- $(sed -n 3p "$dev/resource")
		echo 1 > "$dev/enable"
		name=register.$(($2 - $1 + 1))
		before=$(memmap)
		for what in ${only:-register again}; do
			module "$name" "$what" "$(basename "$dev")" || break
		done
		tell "$name" memmap $(($(memmap) - before))
	done
}

row_map() {
	for n in 1 8 64 512; do
		for kind in p2p ram; do
			module "map.$kind.$n" map $kind "$(nvme A)" \
				"$(nvme B)" $n
		done
	done
}

row_iommu() {
	for n in 1 8 64 512; do
		module iommu.ram.$n map ram "$(nvme A)" "$(nvme B)" $n
	done
}

row_verdict() {
	module verdict verdict "$(nvme A)" "$(nvme B)"
}

row_fence() {
	for n in 1 10 100 1000; do
		module fence.$n fence "$(nvme A)" "$(nvme B)" $n
	done
}

# There are to be as many ranges as it says, so none of a drive's.
row_lookup() {
	pci=$(nvme B)
	must [ -n "$pci" ]
	echo "$pci" > /sys/bus/pci/drivers/nvme/unbind
	must [ ! -e "/sys/bus/pci/drivers/nvme/$pci" ]
	for n in ${only:-1 10 1000 100000}; do
		module "lookup.$n" lookup "$n"
	done
}

# first_tag DISK...: where the search for a free tag begins is a random number,
# and what it costs depends on that.  From here on it is the first tag.
first_tag() {
	for d; do
		queue=/sys/block/$d/queue/nr_requests
		depth=$(cat "$queue")
		echo 4 > "$queue"
		dd if="/dev/$d" of=/dev/null iflag=direct bs=4k count=1 \
			2> /dev/null
		echo "$depth" > "$queue"
	done
}

# on_null ROW SIZE...: a drive that takes no time and moves no byte
on_null() {
	row=$1
	shift
	first_tag nullb0
	for size; do
		for depth in 1 32; do
			for rw in read write; do
				io "$row.$rw.$size.$depth" /dev/nullb0 $rw \
					"$size" $depth 64
				io "$row.$rw-fixed.$size.$depth" /dev/nullb0 \
					$rw "$size" $depth 64 fixed
			done
		done
	done
}

row_null() {
	on_null null 512 4096 65536 1048576
}

# where nobody ever registered memory
row_off() {
	on_null off 4096
}

# stacked NAME FILE [DEPTH]
stacked() {
	for rw in read write; do
		for size in 4096 65536; do
			io "$1.$rw.$size" "$2" $rw $size "${3:-8}" 256
		done
	done
}

on_file_system() {
	must "mkfs.$1" "$3" -q "$2"
	must mount -t "$1" "$2" /mnt
	must dd if=/dev/zero of=/mnt/file bs=1M count=32
	sync
	stacked "$1" /mnt/file
	must umount /mnt
}

row_stack() {
	stacked nvme "$(disk A)"
	on_file_system ext4 "$(disk A)" -F
	on_file_system xfs "$(disk A)" -f
	first_tag nullb0 nullb1
	must dmsetup create --noudevsync linear --table \
		"0 $(blockdev --getsz /dev/nullb0) linear /dev/nullb0 0"
	must dmsetup mknodes
	stacked dm-linear /dev/mapper/linear
	must dmsetup remove --noudevsync linear
	# not busybox's own, which knows no direct IO
	must /usr/bin/losetup --direct-io=on /dev/loop0 /dev/nullb0
	must grep -q 1 /sys/block/loop0/loop/dio
	stacked loop /dev/loop0 1
	must /usr/bin/losetup -d /dev/loop0
	must mdadm --build /dev/md0 --level=0 --raid-devices=2 \
		/dev/nullb0 /dev/nullb1
	stacked md-raid0 /dev/md0
}

row_p2p() {
	memory=/sys/bus/pci/devices/$(nvme B)/p2pmem/allocate
	for size in 4096 65536 262144 1048576; do
		for rw in read write; do
			io p2p.$rw.$size "$(disk A)" $rw $size 1 32 "$memory"
		done
	done
}

# For bench/profile/run: the IO that the kernel's command line tells of
row_profile() {
	first_tag nullb0
	# shellcheck disable=SC2046 # words
	io profile $(tr ' ' '\n' < /proc/cmdline | sed -n 's/^io=//p' | tr , ' ')
}
