# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034,SC2086,SC2154
#
# Direct IO of drive B's memory to files of every kind on drive A.  Whether the
# drive moved the data is counted by the kernel (bus_addr); p2pio compares the
# buffers and the file with before, or with what was moved.  The machine is in
# files.conf.

MIB=1048576
debug=/sys/kernel/debug/dma_phys
A=$(controller A)
B=$(controller B)
dev=$(namespace "$A" 2)
memB=/sys/bus/pci/devices/$(pci_of "$B")/p2pmem/allocate
dir=/mnt/files

# by_dma WORDS P2PIO-ARGUMENT...: it is done, and the drive has moved the bytes;
# the last argument is the one buffer
by_dma() {
	what=$1
	shift
	before=$(bytes bus_addr)
	check "$what" p2pio "$@"
	for last; do :; done
	is "$what: the drive moved all of it" \
		$(($(bytes bus_addr) - before)) "${last##*:}"
}

# not_copied WORDS REASON P2PIO-ARGUMENT...: it is refused, and says why
not_copied() {
	what=$1
	reason=$2
	shift 2
	before=$(bytes bus_addr)
	refused "$what" "$reason" p2pio -x EOPNOTSUPP "$@"
	is "$what: and no drive moved a byte" $(($(bytes bus_addr) - before)) 0
}

# takes WORDS FILE OFFSET BUFFER, refuses WORDS REASON FILE OFFSET BUFFER: both
# reading and writing
takes() {
	by_dma "$1: read" "$2" $3 $4
	by_dma "$1: write" -w "$2" $3 $4
}

refuses() {
	not_copied "$1: read" "$2" "$3" $4 $5
	not_copied "$1: write" "$2" -w "$3" $4 $5
}

# noise FILE BYTES: RAM's, through the page cache, all written out
noise() {
	dd if="$(namespace "$A" 1)" of="$1" bs=512 count=$(($2 / 512)) \
		conv=fsync 2>/dev/null
}

# made WORDS MKFS...: a file system on drive A
made() {
	what=$1
	shift
	dd if=/dev/zero of="$dev" bs=1M count=4 conv=fsync 2>/dev/null
	check "make $what" "$@" "$dev"
}

mounted() {
	check "mount it${2:+ with $2}" mount -t $1 ${2:+-o $2} "$dev" $dir
}

unmounted() {
	check "it is clean when unmounted" umount $dir
}

mkdir -p $dir
buffer=$memB:65536
kind="files of this kind may be read and written by the CPU"

section "1. File systems that do not take it"
made vfat mkdosfs
mounted vfat
noise $dir/file $MIB
refuses "vfat" "vfat.*$kind" $dir/file 4096 $buffer
for how in -a -q; do
	not_copied "vfat, read by $how" "vfat.*$kind" $how $dir/file 0 $buffer
	not_copied "vfat, write by $how" "vfat.*$kind" $how -w $dir/file 0 \
		$buffer
done
check "vfat: main memory is read" p2pio $dir/file 0 ram:65536
check "vfat: main memory is written" p2pio -w $dir/file 0 ram:65536
unmounted
made "ext2" mkfs.ext4 -q -t ext2
mounted ext2
noise $dir/file $MIB
refuses "the driver ext2" "ext2.*$kind" $dir/file 4096 $buffer
unmounted
noise /tmp/file $MIB
refuses "tmpfs" "tmpfs.*$kind" /tmp/file 4096 $buffer
check "tmpfs: main memory is written" p2pio -w /tmp/file 0 ram:65536

section "2. ext4"
made "ext4" mkfs.ext4 -q -O encrypt
mounted ext4
noise $dir/file $MIB
takes "ext4" $dir/file 4096 $buffer
for how in -a -q; do
	by_dma "ext4, read by $how" $how $dir/file 0 $buffer
	by_dma "ext4, write by $how" $how -w $dir/file 0 $buffer
done
noise $dir/end 70144
by_dma "ext4: the last bytes of a file" $dir/end 65536 $memB:4608
truncate -s 1M $dir/hole
check "ext4: a hole is read as zeroes" p2pio $dir/hole 65536 $buffer
by_dma "ext4: a hole is written" -w $dir/hole 65536 $buffer
mkdir $dir/secret
check "encrypt a directory" p2pfile encrypt $dir/secret
noise $dir/secret/file $MIB
refuses "ext4, encrypted" "encrypted" $dir/secret/file 4096 $buffer
mkdir $dir/upper $dir/work $dir/lower /mnt/overlay
noise $dir/lower/file $MIB
mount -t overlay -o \
	lowerdir=$dir/lower,upperdir=$dir/upper,workdir=$dir/work \
	overlay /mnt/overlay
echo "from above" > /mnt/overlay/new
noise /mnt/overlay/new $MIB
takes "overlayfs on ext4" /mnt/overlay/new 4096 $buffer
by_dma "overlayfs on ext4, by libaio" -a /mnt/overlay/new 4096 $buffer
by_dma "overlayfs on ext4, by io_uring" -q -w /mnt/overlay/new 4096 $buffer
umount /mnt/overlay
unmounted

mounted ext4 data=journal
refuses "ext4, data=journal" "data=journal" $dir/file 4096 $buffer
# io_uring tries again in a thread that may block
not_copied "ext4, data=journal, read by -q" "data=journal" -q $dir/file 0 $buffer
not_copied "ext4, data=journal, write by -q" "data=journal" -q -w $dir/file 0 \
	$buffer
mkdir $dir/upper2 $dir/work2
mount -t overlay -o \
	lowerdir=$dir/lower,upperdir=$dir/upper2,workdir=$dir/work2 \
	overlay /mnt/overlay
noise /mnt/overlay/new $MIB
refuses "overlayfs on that" "data=journal" /mnt/overlay/new 4096 $buffer
umount /mnt/overlay
unmounted

made "ext4 with inline data" mkfs.ext4 -q -O inline_data -I 256
mounted ext4
dd if="$(namespace "$A" 1)" of=$dir/small bs=64 count=1 conv=fsync 2>/dev/null
sync
not_copied "ext4, inline data: write" "inline data" -w $dir/small 0 $memB:64
noise $dir/file $MIB
takes "ext4 with inline data, a file without" $dir/file 4096 $buffer
unmounted

made "ext4 without extents" mkfs.ext4 -q -O ^extents,^64bit
mounted ext4
noise $dir/file $MIB
takes "ext4 without extents" $dir/file 4096 $buffer
truncate -s 1M $dir/hole
check "ext4 without extents: a hole is read as zeroes" \
	p2pio $dir/hole 65536 $buffer
not_copied "ext4 without extents, a hole is written" "without extents" \
	-w $dir/hole 65536 $buffer
# written, hole, written
dd if="$(namespace "$A" 1)" of=$dir/hole bs=4096 count=4 conv=notrunc,fsync \
	2>/dev/null
not_copied "ext4 without extents, 16 KiB and then a hole" "without extents" \
	-w $dir/hole 0 $buffer
dd if="$(namespace "$A" 1)" of=$dir/hole bs=4096 seek=16 count=16 \
	conv=notrunc 2>/dev/null
by_dma "ext4 without extents, what the page cache still has to write" \
	-w $dir/hole 65536 $buffer
by_dma "ext4 without extents, at the end" -w $dir/file $((MIB - 65536)) $buffer
unmounted

section "3. xfs"
made "xfs" mkfs.xfs -q -f -m reflink=1
mounted xfs
noise $dir/file $MIB
takes "xfs" $dir/file 4096 $buffer
truncate -s 1M $dir/hole
check "xfs: a hole is read as zeroes" p2pio $dir/hole 65536 $buffer
by_dma "xfs: a hole is written" -w $dir/hole 65536 $buffer
check "clone a file" p2pfile clone $dir/file $dir/clone
takes "xfs, shared blocks" $dir/clone 4096 $buffer
not_copied "xfs, a part of a block that may be shared" "may be shared" \
	-w $dir/clone 512 $memB:512
by_dma "xfs, a part of a block" -w $dir/hole 512 $memB:512
unmounted

section "4. File systems on devices that do not take it"
export DM_DISABLE_UDEV=1
dmsetup create slice --table "0 819200 linear $dev 0"
for fs in "ext4 -F" "xfs -f"; do
	force=${fs#* }
	fs=${fs% *}
	check "make $fs on dm-linear" mkfs.$fs -q $force /dev/mapper/slice
	check "mount it" mount -t $fs /dev/mapper/slice $dir
	noise $dir/file $MIB
	refuses "$fs on dm-linear" "does not take peer-to-peer memory" \
		$dir/file 4096 $buffer
	unmounted
done
dmsetup remove slice

section "5. Memory that cannot be used, and why"
drive=$(namespace "$A" 1)
at=$((64 * MIB))
refused "the buffer runs into nothing" "nothing is mapped" \
	p2pio -u -x EFAULT "$drive" $at "$memB:65536"
check "its first half does not" \
	p2pio -u -s 131072 "$drive" $at "$memB:65536"
refused "a read into a read-only mapping" "does not allow" \
	p2pio -r -x EFAULT "$drive" $at $buffer
check "a write from memory that is mapped for writing" \
	p2pio -o -w "$drive" $at $buffer
refused "read, with a protection key" "its key" \
	p2pio -k -x EFAULT "$drive" $at $buffer
refused "write, with a protection key" "its key" \
	p2pio -k -w -x EFAULT "$drive" $at $buffer
refused "buffers to register" "registered with io_uring yet" \
	p2pio -f -x EFAULT "$drive" $at $buffer
refused "a ring of provided buffers" "registered with io_uring yet" \
	p2pio -g -x EFAULT "$drive" $at $buffer
plain=$(for d in /sys/bus/pci/devices/*; do
	[ "$(cat "$d/vendor")" != 0x1af4 ] || echo "$d/resource2"
done)
for how in "" -a -q -w -f -g; do
	refused "a BAR that is mapped by resource2 ${how:-(read)}" \
		"map p2pmem/allocate" \
		p2pio $how -x EFAULT "$drive" $at "$plain:65536"
done
