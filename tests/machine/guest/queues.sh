# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2154
#
# Everything that stands between a program and a drive, with buffers in main
# memory, on a kernel that has none of our P2P: bios are bios.  The machine is
# in i386.conf; each drive has a namespace to write to, one for a file system
# and one for RAID.

A=$(controller A)
B=$(controller B)
C=$(controller C)

# Small, middle and large blocks, written, read back and checked
fio_sizes() {
	SIZES=512/30:1k/20:4k/50 DEPTH=32 SIZE=1m run_fio &&
	SIZES=4k/30:64k/40:132k/30 DEPTH=16 SIZE=8m run_fio &&
	SIZES=512k/50:1m/50 DEPTH=32 SIZE=16m run_fio
}

run_fio() {
	fio --output=/tmp/fio.log /fio/ram.fio
}

# verify WORDS TARGET: both engines
verify() {
	for engine in io_uring libaio; do
		TARGET=$2 ENGINE=$engine check "$1, $engine" fio_sizes
	done
}

# copied WORDS TARGET: 8 MiB of noise through the page cache, and back from the
# drive
copied() {
	dd if="$(namespace "$A" 1)" of="$2" bs=1M count=8 conv=fsync 2>/dev/null
	is "$1: 8 MiB written through the page cache are there" \
		"$(read_sum "$2" 8)" "$sum"
}

drives() {
	section "1. Drives"
	check "P2P is not compiled in" [ ! -e /sys/kernel/debug/dma_phys ]
	check "so drive B offers no memory" \
		[ ! -e "/sys/class/nvme/$B/device/p2pmem" ]
	verify "drive A" "$(namespace "$A" 1)"
}

file_systems() {
	section "2. File systems, and a loop device on one"
	mkdir -p /mnt/ext4 /mnt/xfs
	check "make ext4 on drive A" mkfs.ext4 -q "$(namespace "$A" 2)"
	check "make xfs on drive B" mkfs.xfs -q "$(namespace "$B" 2)"
	mount -t ext4 "$(namespace "$A" 2)" /mnt/ext4
	mount -t xfs "$(namespace "$B" 2)" /mnt/xfs
	for fs in ext4 xfs; do
		verify "file on $fs" /mnt/$fs/fio
		copied "$fs" /mnt/$fs/copy
	done
	truncate -s 128M /mnt/xfs/loop
	losetup /dev/loop0 /mnt/xfs/loop
	verify "loop device on xfs" /dev/loop0
	copied "loop device on xfs" /dev/loop0
	losetup -d /dev/loop0
	check "both are clean when unmounted" umount /mnt/ext4 /mnt/xfs
}

raids() {
	section "3. RAID of all three drives"
	export MDADM_NO_UDEV=1
	# 5 first: on drives of zeros its parity is right as it is
	for level in 5 1 0; do
		check "make RAID$level" mdadm --create /dev/md0 --run \
			--assume-clean --level=$level --raid-devices=3 \
			--metadata=1.2 "$(namespace "$A" 3)" \
			"$(namespace "$B" 3)" "$(namespace "$C" 3)"
		verify "RAID$level" /dev/md0
		copied "RAID$level" /dev/md0
		[ $level = 0 ] || degraded
		mdadm --stop /dev/md0 2>/dev/null
	done
}

degraded() {
	mdadm --quiet /dev/md0 --fail "$(namespace "$B" 3)"
	is "RAID$level without drive B: the same is read" \
		"$(read_sum /dev/md0 8)" "$sum"
}

others() {
	section "4. Encryption, and swap"
	key=000102030405060708090a0b0c0d0e0f
	export DM_DISABLE_UDEV=1
	check "make a dm-crypt device on drive C" dmsetup create crypt --table \
		"0 262144 crypt aes-cbc-plain64 $key 0 $(namespace "$C" 1) 0"
	verify "dm-crypt" /dev/mapper/crypt
	copied "dm-crypt" /dev/mapper/crypt
	check "the drive below holds something else" \
		[ "$(read_sum "$(namespace "$C" 1)" 8)" != "$sum" ]
	dmsetup remove crypt
	mkswap "$(namespace "$C" 2)" >/dev/null
	check "swap on drive C" swapon "$(namespace "$C" 2)"
	check "192 MiB more than there is: some go there and come back" \
		p2pswap 192
	detail /tmp/check.log
}

sum=$(read_sum "$(namespace "$A" 1)" 8)
drives
file_systems
raids
others
