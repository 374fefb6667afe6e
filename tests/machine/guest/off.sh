# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2154
#
# Main memory only, on a kernel that knows of nothing else.

# shellcheck source=tests/machine/guest/p2p.sh
. /guest/p2p.sh

# fio_sizes TARGET: small, middle and large blocks, and many at a time
fio_sizes() {
	for engine in io_uring libaio; do
		TARGET=$1 ENGINE=$engine SIZES=512/30:1k/20:4k/50 DEPTH=32 \
			SIZE=2m fio --output=/tmp/fio.log /fio/ram.fio &&
		TARGET=$1 ENGINE=$engine SIZES=4k/30:64k/40:132k/30 DEPTH=16 \
			SIZE=8m fio --output=/tmp/fio.log /fio/ram.fio &&
		TARGET=$1 ENGINE=$engine SIZES=512k/50:1m/50 DEPTH=32 \
			SIZE=32m fio --output=/tmp/fio.log /fio/ram.fio ||
			return
	done
}

none_of_ours() {
	! zcat /proc/config.gz | grep '^CONFIG_DMA_PHYS_P2P=y'
}

section "1. Peer-to-peer DMA is not there"
check "configured out" none_of_ours
check "nothing in debugfs" [ ! -e $debug ]
check "no drive offers its memory" \
	sh -c "! ls /sys/bus/pci/devices/*/p2pmem 2>/dev/null"
section "2. Drives and file systems do what they did"
for threshold in 0 1; do
	echo $threshold > $sgl_threshold
	for drive in A B C; do
		check "drive $drive, fio verify, SGL threshold $threshold" \
			fio_sizes "$(namespace "$(controller $drive)" 1)"
	done
done
mkdir -p /mnt/ext4 /mnt/xfs
fsA=$(namespace "$(controller A)" 2)
fsB=$(namespace "$(controller B)" 2)
check "make an ext4 file system on drive A" mkfs.ext4 -q "$fsA"
check "make an xfs file system on drive B" mkfs.xfs -q "$fsB"
mount -t ext4 "$fsA" /mnt/ext4
mount -t xfs "$fsB" /mnt/xfs
for f in ext4 xfs; do
	check "file on $f, fio verify" fio_sizes /mnt/$f/fio
	cp /proc/config.gz /mnt/$f/
	umount /mnt/$f
done
mount -t ext4 "$fsA" /mnt/ext4
mount -t xfs "$fsB" /mnt/xfs
for f in ext4 xfs; do
	check "$f, mounted again, has what was written" \
		cmp /proc/config.gz /mnt/$f/config.gz
done
umount /mnt/ext4 /mnt/xfs
