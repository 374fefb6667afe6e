# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2086,SC2154
#
# The demo: five points, each with checks that can fail.  The machine is in
# switch.sh: A and B share a PCIe switch, C is elsewhere; B and C have memory.

# shellcheck source=tests/machine/guest/p2p.sh
. /guest/p2p.sh

A=$(controller A)
B=$(controller B)
C=$(controller C)
pciA=$(pci_of "$A")
pciB=$(pci_of "$B")
memB=/sys/bus/pci/devices/$pciB/p2pmem
memC=/sys/bus/pci/devices/$(pci_of "$C")/p2pmem
driveA=$(namespace "$A" 1)
driveB=$(namespace "$B" 1)
driveC=$(namespace "$C" 1)
fsA=$(namespace "$A" 2)
fsB=$(namespace "$B" 2)
at=$((64 * MIB))		# where on a drive the checks may write
export DM_DISABLE_UDEV=1 MDADM_NO_UDEV=1

# number HEX: with or without 0x, in decimal
number() {
	echo $((0x${1#0x}))
}

# bar_register PCI-ADDRESS BAR: what the device itself answers to (64-bit)
bar_register() {
	hexdump -v -s $((16 + 4 * $2)) -n 8 -e '1/4 "%08x "' \
		"/sys/bus/pci/devices/$1/config" |
		{ read -r low high; number "$high${low%?}0"; }
}

bar_resource() {
	sed -n "$(($2 + 1))s/ .*//p" "/sys/bus/pci/devices/$1/resource"
}

not_configured() {
	! zcat /proc/config.gz | grep "^CONFIG_$1=y"
}

nowhere_in() {
	! grep "$1" "$2"
}

check_range() {
	name=$1
	pci=$2
	bar=$(range_field "$pci" BAR)
	start=$(number "$(range_start "$pci")")
	is "$name: the range starts where the BAR does" "$start" \
		"$(number "$(bar_resource "$pci" "$bar")")"
	is "$name: its bus address is what the device itself answers to" \
		"$(number "$(range_field "$pci" bus)")" \
		"$(bar_register "$pci" "$bar")"
	is "$name: it is 64 MiB long" \
		"$(range_field "$pci" size)" "$((64 * MIB))"
}

point_ranges() {
	section "1. Device memory the kernel knows, without struct pages"
	detail $debug/ranges
	is "two ranges are registered" "$(grep -vc '^#' $debug/ranges)" 2
	check_range "drive B" "$pciB"
	check_range "drive C" "$(pci_of "$C")"
	check "this kernel has no ZONE_DEVICE" not_configured ZONE_DEVICE
	check "this kernel has no MEMORY_HOTPLUG" not_configured MEMORY_HOTPLUG
	is "pages that the kernel has made struct pages in since it booted" \
		"$(awk '$1 == "nr_memmap_pages" { print $2 }' /proc/vmstat)" 0
	check "no zone for device pages exists" \
		nowhere_in "zone *Device" /proc/zoneinfo
	is "drive B's memory is offered to others" "$(cat "$memB/published")" 1
	is "sysfs tells the size of drive B's memory" \
		"$(cat "$memB/size")" $((64 * MIB))
	queues=$(($(cat "$memB/size") - $(cat "$memB/available")))
	check "drive B's submission queues live in it ($queues bytes)" \
		[ "$queues" -ge 65536 ]
	check "a mapping takes from what is available, and gives it back" \
		p2plife account "$memB/allocate" $((8 * MIB))
}

# Of a kernel that is not ours: 64 bytes for each page of what B and C offer, which
# is 64 MiB each.
point_pages() {
	section "1. Device memory the kernel knows, with struct pages"
	mib=$((($(cat "$memB/size") + $(cat "$memC/size")) / MIB))
	pages=$(awk '$1 == "nr_memmap_pages" { print $2 }' /proc/vmstat)
	is "pages that the kernel has made struct pages in, of $mib MiB: $pages" \
		"$mib $pages" "128 512"
}

# sectors DRIVE COLUMN: 3 is read, 7 is written, since boot
sectors() {
	awk -v n="$2" '{ print $n }' "/sys/block/${1#/dev/}/stat"
}

# Every mapping that was traced is one of two kinds, and both happened; and A was
# told what it must be told, of every byte.
both_traced() {
	from_A="client=$pciA provider=$pciB .* verdict=bus_addr"
	from_B="client=$pciB provider=$pciB .* verdict=own_bar"
	grep dma_phys_map: $tracing/trace > /tmp/mappings
	head -n 4 /tmp/mappings
	grep -q "$from_A" /tmp/mappings && grep -q "$from_B" /tmp/mappings &&
		! grep -v -e "$from_A" -e "$from_B" /tmp/mappings || return
	pciC=$pciA pciP=$pciB verdict=bus_addr
	start=$(range_start "$pciB")
	offset=$(($(range_field "$pciB" bus) - start))
	traced_rightly && [ "$bytes" = $size ]
}

# first_told PCI-ADDRESS: the first address that it was given in the trace
first_told() {
	sed -n "s/.*client=$1 .* dma=\([^ ]*\) .*/\1/p" /tmp/mappings |
		head -n 1
}

point_copy() {
	section "2. Drive A is copied to drive B through drive B's memory"
	size=$((32 * MIB))
	sumA=$(read_sum "$driveA" 32)
	check "before, drive B holds something else" \
		[ "$sumA" != "$(read_sum "$driveB" 32)" ]
	bus=$(bytes bus_addr)
	own=$(bytes own_bar)
	bridge=$(bytes host_bridge)
	refusals=$(bytes refused)
	readA=$(sectors "$driveA" 3)
	wroteA=$(sectors "$driveA" 7)
	readB=$(sectors "$driveB" 3)
	wroteB=$(sectors "$driveB" 7)
	echo > $tracing/trace
	echo 1 > $tracing/events/dma_phys/enable
	check "an ordinary program copies 32 MiB (open, mmap, pread, pwrite)" \
		p2pcopy "$driveA" "$driveB" "$memB/allocate" $size $MIB
	echo 0 > $tracing/events/dma_phys/enable
	detail $debug/stats
	is "drive A was told drive B's bus address for every byte it read" \
		$(($(bytes bus_addr) - bus)) $size
	is "drive B took every byte it wrote from its own memory" \
		$(($(bytes own_bar) - own)) $size
	is "nothing went through the host bridge" \
		$(($(bytes host_bridge) - bridge)) 0
	check "the trace of every mapping tells the same" both_traced
	say "SEEN told $first $last $bytes"
	say "SEEN table A>B|bus_addr|bus $(first_told "$pciA")"
	say "SEEN table B>B|own_bar|bus $(first_told "$pciB")"
	is "nothing was refused" $(($(bytes refused) - refusals)) 0
	is "drive A read 32 MiB and no more" \
		$(($(sectors "$driveA" 3) - readA)) $((size / 512))
	is "drive A wrote nothing" $(($(sectors "$driveA" 7) - wroteA)) 0
	is "drive B wrote 32 MiB and no more" \
		$(($(sectors "$driveB" 7) - wroteB)) $((size / 512))
	is "drive B read nothing" $(($(sectors "$driveB" 3) - readB)) 0
	sumB=$(read_sum "$driveB" 32)
	say "        sha256 of A $sumA"
	say "        sha256 of B $sumB"
	is "sha256 of both, read into main memory, is the same" "$sumB" "$sumA"
}

# fio_sizes JOB: small, middle and large blocks, and many at a time.  One job a
# run, because fio 3.33 mixes up the buffers of several that map one file.
fio_sizes() {
	SIZES=512/30:1k/20:4k/50 DEPTH=32 SIZE=2m run_fio "$1" &&
	SIZES=4k/30:64k/40:132k/30 DEPTH=16 SIZE=8m run_fio "$1" &&
	SIZES=512k/50:1m/50 DEPTH=32 SIZE=32m run_fio "$1"
}

run_fio() {
	fio --output=/tmp/fio.log "/fio/$1.fio"
}

# p2p_fio WORDS TARGET P2PMEM-DIRECTORY: both engines
p2p_fio() {
	for engine in io_uring libaio; do
		TARGET=$2 P2PMEM=$3/allocate ENGINE=$engine \
			check "$1, $engine, $lists" fio_sizes p2p
	done
}

# A piece of a block is written to a file: iomap makes two bios, of the piece and
# of zeroes in main memory, and stock puts both into one command.  Of the drives,
# QEMU's refuses that if the piece is in its own memory.
xfs_mixes() {
	fio_sizes p2p > /tmp/mixed 2>&1 && return 1
	grep -q 'Input/output error' /tmp/mixed && dmesg | tail -n 50 |
		grep -m 1 'sct 0x0 / sc 0x12.*DNR'
}

# list_kind KIND THRESHOLD: how the drives are told where the buffers are
list_kind() {
	lists=$1
	echo "$2" > $sgl_threshold
}

point_files() {
	section "   File systems for what follows, next to the copied data"
	check "make an ext4 file system on drive A" mkfs.ext4 -q "$fsA"
	check "make an xfs file system on drive B" mkfs.xfs -q "$fsB"
	mkdir -p /mnt/ext4 /mnt/xfs
	mount -t ext4 "$fsA" /mnt/ext4
	mount -t xfs "$fsB" /mnt/xfs
	for f in ext4 xfs; do
		dd if="$driveA" of=/mnt/$f/copy bs=1M count=16 2>/dev/null
	done
	sync
}

point_verify() {
	section "3. fio writes and checks data, all buffers in device memory"
	say "   512 bytes to 1 MiB, up to 32 at a time; buffers described to the"
	say "   drives by PRP lists, then by scatter-gather lists (SGL)"
	bus=$(bytes bus_addr)
	own=$(bytes own_bar)
	bridge=$(bytes host_bridge)
	refusals=$(bytes refused)
	for kind in "PRP 0" "SGL 1"; do
		list_kind $kind
		p2p_fio "drive A with B's memory" "$driveA" "$memB"
		p2p_fio "drive B with its own memory" "$driveB" "$memB"
		p2p_fio "drive C with its own memory" "$driveC" "$memC"
		p2p_fio "file on ext4, drive A with B's memory" \
			/mnt/ext4/fio "$memB"
		if [ -e $debug/stats ]; then
			p2p_fio "file on xfs, drive B with its own memory" \
				/mnt/xfs/fio "$memB"
		else
			TARGET=/mnt/xfs/fio P2PMEM=$memB/allocate \
				ENGINE=io_uring check \
				"stock mixes: file on xfs, $lists" xfs_mixes
		fi
	done
	[ -e $debug/stats ] || return
	check "at least 600 MiB went by bus address" \
		[ $(($(bytes bus_addr) - bus)) -gt $((600 * MIB)) ]
	check "at least 900 MiB stayed inside a drive" \
		[ $(($(bytes own_bar) - own)) -gt $((900 * MIB)) ]
	is "nothing went through the host bridge" \
		$(($(bytes host_bridge) - bridge)) 0
	is "nothing was refused" $(($(bytes refused) - refusals)) 0
}

point_shapes() {
	section "   Buffers of every shape, compared with a read into main memory"
	p=$memB/allocate
	for kind in "PRP 0" "SGL 1"; do
		list_kind $kind
		check "preadv with buffers off a page's start, $lists" \
			p2pio -s 65536 "$driveA" 0 "$p:4096+512" =:1024+8192 =:512+16384
		check "pwritev with buffers off a page's start, $lists" \
			p2pio -s 65536 -w "$driveA" $at \
			"$p:4096+512" =:1024+8192 =:512+16384
		check "preadv into two mappings of one device, $lists" \
			p2pio "$driveA" 0 "$p:131072" "$p:65536+4096"
	done
	check "one pread of 4 MiB" p2pio "$driveA" 0 "$p:4194304"
	check "a mapping whose second half was unmapped" \
		p2pio -u -s $((2 * MIB)) "$driveA" 0 "$p:65536"
	check "a write from a read-only mapping" \
		p2pio -w -r "$driveA" $at "$p:65536"
	truncate -s 1M /mnt/xfs/hole
	check "a hole in a file is read as zeros" \
		p2pio /mnt/xfs/hole 0 "$p:65536"
	check "512 bytes into a hole" \
		p2pio -w /mnt/xfs/hole 512 "$p:512"
	check "read() through the page cache is copied by the CPU" \
		p2pio -b "$driveA" 0 "$p:65536"
	check "write() through the page cache is copied by the CPU" \
		p2pio -b -w "$driveA" $at "$p:65536"
	check "memory unmapped while drives write to it is not given out" \
		p2plife recycle "$driveA" "$p" $((40 * MIB))
}

point_reset() {
	section "   And when a drive is reset"
	check "reset drive B" \
		sh -c "echo 1 > /sys/class/nvme/$B/reset_controller"
	check "drive A reads into drive B's memory" \
		p2pio "$driveA" 0 "$memB/allocate:1048576"
	check "drive B writes from its own memory" \
		p2pio -w "$driveB" $at "$memB/allocate:1048576"
}

# slice NAME DRIVE: 16 MiB of a drive as a block device of its own
slice() {
	dmsetup create "$1" --table "0 32768 linear $2 262144"
}

make_other_queues() {
	key=000102030405060708090a0b0c0d0e0f
	truncate -s 16M /tmp/loop.img
	losetup /dev/loop0 /tmp/loop.img
	slice sliceA "$driveA"
	slice sliceB "$driveB"
	slice sliceC "$driveC"
	dmsetup create crypt --table \
		"0 32768 crypt aes-cbc-plain64 $key 0 $driveA 294912"
	mdadm --create /dev/md0 --run --assume-clean --level=5 \
		--raid-devices=3 /dev/mapper/sliceA /dev/mapper/sliceB \
		/dev/mapper/sliceC
}

# refused_both WORDS REASON ERRNO TARGET BUFFER...: reading and writing, and
# with $direct=-n through the drive's own command interface.
refused_both() {
	what=$1
	reason=$2
	errno=$3
	target=$4
	shift 4
	refused "read, $what" "$reason" \
		p2pio -x "$errno" $direct "$target" $at "$@"
	refused "write, $what" "$reason" \
		p2pio -w -x "$errno" $direct "$target" $at "$@"
}

point_refusals() {
	section "4. What cannot be done is refused as a whole, and explained"
	say "   Each time the buffers and the drive are compared with before."
	direct=
	b=$memB/allocate
	c=$memC/allocate
	refused_both "main memory and B's memory in one call" "mixes" EINVAL \
		"$driveA" ram:65536 "$b:65536"
	refused_both "B's memory and main memory in one call" "mixes" EINVAL \
		"$driveA" "$b:65536" ram:65536
	refused_both "8 MiB of main memory, then 4 KiB of B's" "mixes" EINVAL \
		"$driveA" ram:8388608 "$b:4096"
	refused_both "4 MiB of B's memory, then 4 KiB of main memory" \
		"mixes" EINVAL "$driveA" "$b:4194304" ram:4096
	refused_both "B's and C's memory in one call" "mixes" \
		EINVAL "$driveA" "$b:65536" "$c:65536"
	refused_both "drive A with C's memory" "host bridge" EREMOTEIO \
		"$driveA" "$c:65536"
	refused_both "drive C with B's memory" "host bridge" EREMOTEIO \
		"$driveC" "$b:65536"
	say "SEEN table A>C|refused|nothing"
	at=$((4 * MIB))
	for f in ext4 xfs; do
		refused_both "main memory and B's memory, file on $f" \
			"mixes" EINVAL /mnt/$f/copy ram:2097152 "$b:65536"
	done

	check "make a loop, dm-linear, dm-crypt and RAID5 device" \
		make_other_queues
	queue="does not take peer-to-peer memory"
	refused_both "null_blk" "$queue" EOPNOTSUPP /dev/nullb0 "$b:65536"
	refused_both "loop" "$queue" EOPNOTSUPP /dev/loop0 "$b:65536"
	refused_both "dm-linear on drive A" "$queue" EOPNOTSUPP \
		/dev/mapper/sliceA "$b:65536"
	refused_both "dm-crypt on drive A" "$queue" EOPNOTSUPP \
		/dev/mapper/crypt "$b:65536"
	refused_both "RAID5 on drives A, B and C" "$queue" EOPNOTSUPP \
		/dev/md0 "$b:65536"
	at=$((64 * MIB))
	direct=-n
	refused_both "command given to drive A directly (ioctl)" \
		"does not take peer-to-peer memory" EOPNOTSUPP \
		"$driveA" "$b:65536"
	refused_both "such a command of main memory and B's memory" "mixes" \
		EINVAL "$driveA" ram:65536 "$b:65536"
	check "a read into a read-only mapping: EFAULT" \
		p2pio -r -x EFAULT "$driveA" 0 "$b:65536"
	umount /mnt/ext4 /mnt/xfs
	mdadm --stop /dev/md0 2>/dev/null
	dmsetup remove crypt sliceA sliceB sliceC
}

# hole WORDS ERRNO STOCK ARGUMENTS...: on our kernel, p2pio fails with ERRNO
# and has moved nothing.  STOCK is what it does on a kernel that is not: "moves",
# or an errno.
hole() {
	words=$1
	errno=$2
	stock=$3
	shift 3
	if [ -e $debug/stats ]; then
		refused "$words" "$reason" p2pio -x "$errno" "$@"
		return
	fi
	if [ "$stock" = moves ]; then
		check "stock lets pass: $words" p2pio "$@"
	else
		check "stock says $stock: $words" p2pio -x "$stock" "$@"
	fi
	say "        $(tail -n 1 /tmp/check.log)"
}

# block_cache: KiB of block devices in the page cache
block_cache() {
	awk '/^Buffers/ { print $2 }' /proc/meminfo
}

point_holes() {
	section "   Where other kernels mix memory, or did not look"
	b=$memB/allocate
	reason=mixes
	for kind in "PRP 0" "SGL 1"; do
		list_kind $kind
		for way in -n -i; do
			name=ioctl
			[ $way = -n ] || name=io_uring
			for dir in "" -w; do
				hole "one $name command${dir:+ that writes}, main memory and B's, $lists" \
					EINVAL moves $way $dir "$driveA" $at \
					ram:65536 "$b:65536"
				hole "one $name command${dir:+ that writes}, B's and main memory, $lists" \
					EINVAL moves $way $dir "$driveA" $at \
					"$b:65536" ram:65536
			done
			hole "one $name command to B, main memory and B's own, $lists" \
				EINVAL EIO $way "$driveB" $at \
				ram:65536 "$b:65536"
		done
	done

	slice sliceA "$driveA"
	slice sliceB "$driveB"
	check "make a RAID0 device of drives A and B" \
		mdadm --create /dev/md1 --run --assume-clean --level=0 \
		--raid-devices=2 /dev/mapper/sliceA /dev/mapper/sliceB
	reason="does not take peer-to-peer memory"
	hole "RAID0, B's memory" EOPNOTSUPP EREMOTEIO /dev/md1 0 "$b:65536"
	# Open all the time, so that its page cache stays
	exec 8< /dev/md1
	cached=$(block_cache)
	reason=mixes
	hole "RAID0, main memory and B's" EINVAL moves \
		/dev/md1 0 ram:65536 "$b:65536"
	[ -e $debug/stats ] ||
		check "what went to B's memory was copied by the CPU from the page cache" \
			[ $(($(block_cache) - cached)) -ge 64 ]
	exec 8<&-
	mdadm --stop /dev/md1 2>/dev/null
	dmsetup remove sliceA sliceB

	# Nobody can get such a bvec to be kept for later by the kernel.
	check "registering B's memory with io_uring: EFAULT" \
		p2pio -f -x EFAULT "$driveA" $at "$b:65536"
	check "registering main memory with io_uring" \
		p2pio -f "$driveA" $at ram:65536
}

point_ram() {
	section "5. The same drives with buffers in main memory"
	for kind in "PRP 0" "SGL 1"; do
		list_kind $kind
		for drive in A B C; do
			eval "target=\$drive$drive"
			for engine in io_uring libaio; do
				TARGET=$target ENGINE=$engine \
					check "drive $drive, $engine, $lists" \
					fio_sizes ram
			done
		done
	done
}

# whole PCI-ADDRESS: the first and the last address of its memory
whole() {
	start=$(range_start "$1")
	echo "$start $(printf '0x%x' $((start + $(range_field "$1" size) - 1)))"
}

point_gone() {
	section "   And when the provider goes away"
	refused "driver B unbound while drive A reads into its memory" "gone" \
		p2plife gone "$driveA" "$memB/allocate" "$pciB"
	is "one range is left" "$(grep -vc '^#' $debug/ranges)" 1
	check "drive A still reads into main memory" \
		p2pio "$driveA" 0 ram:1048576
	check "bind the driver again" \
		sh -c "echo $pciB > /sys/bus/pci/drivers/nvme/bind"
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ -e "$(namespace "$(controller B)" 1)" ] && break
		sleep 0.2
	done
	is "two ranges are registered" "$(grep -vc '^#' $debug/ranges)" 2
	check "drive A reads into drive B's memory again" \
		p2pio "$driveA" 0 "$memB/allocate:1048576"
	# All that the kernel has counted, and QEMU no less: the copy's, too.
	say "SEEN told $(whole "$pciB") $(bytes bus_addr)"
	say "SEEN never $(whole "$(pci_of "$C")")"
}

points=$(sed -n 's/.*points=\([^ ]*\).*/\1/p' /proc/cmdline)
for point in $(echo "${points:-ranges,copy,files,verify,shapes,refusals,holes,ram,reset,gone}" |
	tr , ' '); do
	"point_$point"
done
