# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2086,SC2154
#
# What goes on while IO to a peer's memory waits for a fence; the machine is in
# fence.conf.  The memory is a BAR that keeps its bytes whatever is done to the
# drives.  Each thing is done twice, without a fence and with one that holds six
# reads of drive A back, and takes no longer.

# shellcheck source=tests/machine/guest/p2p.sh
. /guest/p2p.sh

devices=/sys/bus/pci/devices
nvme=/sys/bus/pci/drivers/nvme
table=/tmp/table
console=/dev/console
shared=$(pci_by_id 0x1af40x1110)

drive() {
	namespace "$(controller "$1")" "${2:-1}"
}

has_drive() {
	[ -b "$(drive "$1")" ]
}

# queue SERIAL: where the queue of its first namespace is set up
queue() {
	d=$(drive "$1")
	echo "/sys/block/${d#/dev/}/queue"
}

mem() {
	case $1 in
	S) echo "$devices/$shared" ;;
	*) echo "$devices/$(pci_of "$(controller "$1")")" ;;
	esac
}

address() {
	range_start "$(basename "$(mem "$1")")"
}

# fence MEMORY [BOUND-MS], lift MEMORY
fence() {
	echo "fence $(address "$1") 10000 ${2:-120000}" > $debug/fence
}

lift() {
	echo "lift $(address "$1")" > $debug/fence
}

waiting_is() {
	[ "$(range_field "$(basename "$(mem "$1")")" waiting)" = "$2" ]
}

# ready CLIENT MEMORY ERROR...: six reads that begin when told to
ready() {
	client=$1 memory=$2
	shift 2
	rm -f /tmp/go
	mkfifo /tmp/go
	p2phold "$(mem "$memory")/p2pmem/allocate" "$(drive "$client")" \
		3 3 "$@" < /tmp/go > /tmp/hold.log 2>&1 &
	holder=$!
	exec 3> /tmp/go
	wait_for 30 grep reading /tmp/hold.log
}

begin() {
	echo go >&3
	exec 3>&-
}

# hold CLIENT MEMORY BOUND-MS ERROR...: reads that a fence holds back
hold() {
	bound=$3
	client=$1 memory=$2
	shift 3
	ready "$client" "$memory" "$@" && fence "$memory" "$bound" && begin &&
		wait_for 10 waiting_is "$memory" 6
}

holder_ended() {
	ended $holder
}

# let_go: lift, and see what the reads have come to
let_go() {
	lift "$memory" || return
	wait_for 20 holder_ended || return
	wait $holder
	status=$?
	cat /tmp/hold.log
	return $status
}

# within SECONDS COMMAND...: or it hangs, and is left behind
within() {
	limit=$1
	shift
	started=$(ms)
	"$@" > /tmp/op.log 2>&1 &
	op=$!
	if ! wait_for "$limit" op_ended; then
		took=$(($(ms) - started))
		return 1
	fi
	took=$(($(ms) - started))
	wait $op
}

op_ended() {
	ended $op
}

row() {
	printf '%-44s %9s %9s\n' "$@" >> $table
}

# meanwhile WORDS CLIENT MEMORY COMMAND...: it works, and in the same time,
# without a fence and with one, of which the reads know nothing
meanwhile() {
	what=$1 client=$2 memory=$3
	shift 3
	echo "machine: now: $what" > /dev/kmsg
	if ! within 60 "$@"; then
		fail "$what, without a fence"
		detail /tmp/op.log
		return
	fi
	without=$took
	if ! hold "$client" "$memory" 120000; then
		fail "$what: no read waits"
		detail /tmp/hold.log
		return
	fi
	if within 60 "$@" && [ "$took" -lt $((without + 3000)) ]; then
		pass "$what: $without ms, and $took ms while six reads wait"
	else
		fail "$what: $without ms, and $took ms while six reads wait"
		detail /tmp/op.log
	fi
	row "$what" "$without" "$took"
	if ! waiting_is "$memory" 6; then
		fail "$what: the reads did not go on waiting"
	fi
	check "... and then the bytes of all six are there" let_go
}

# --- what is done

ram_reads() {
	dd if="$(drive A)" of=/dev/null iflag=direct bs=64k count=64
}

ram_writes() {
	dd if=/dev/zero of=/mnt/direct oflag=direct bs=64k count=64
}

ram_deep() {
	fio --name=deep --filename="$(drive A)" --rw=randread --direct=1 \
		--ioengine=libaio --iodepth=64 --bs=4k --size=8m
}

page_cache() {
	dd if=/dev/zero of=/mnt/cached bs=64k count=32 conv=fsync &&
		echo 3 > /proc/sys/vm/drop_caches &&
		cat /mnt/cached > /dev/null
}

journal() {
	mkdir /mnt/dir && sync && rmdir /mnt/dir && sync
}

swapping() {
	mkswap /mnt/swap && swapon /mnt/swap && swapoff /mnt/swap
}

scheduler() {
	echo mq-deadline > "$(queue A)/scheduler" &&
		echo none > "$(queue A)/scheduler"
}

nr_requests() {
	echo 64 > "$(queue A)/nr_requests" &&
		echo 128 > "$(queue A)/nr_requests"
}

reset() {
	echo 1 > "/sys/class/nvme/$(controller "$1")/reset_controller"
}

rescan() {
	echo 1 > "/sys/class/nvme/$(controller A)/rescan_controller"
}

suspend() {
	echo 1 > /sys/module/suspend/parameters/pm_test_delay &&
		echo devices > /sys/power/pm_test &&
		echo freeze > /sys/power/state
}

neighbours() {
	section "1. Reads of drive A wait; the drive and its neighbours do not"
	mkfs.ext4 -qF "$(drive A 2)" && mount -t ext4 "$(drive A 2)" /mnt
	is "a file system on drive A" $? 0
	dd if=/dev/zero of=/mnt/swap bs=1M count=4 2> /dev/null
	meanwhile "direct reads of RAM" A S ram_reads
	meanwhile "direct writes of RAM" A S ram_writes
	meanwhile "RAM, 64 at a time" A S ram_deep
	meanwhile "page cache, fsync" A S page_cache
	meanwhile "sync, ext4's journal" A S journal
	meanwhile "swap" A S swapping
	meanwhile "scheduler there and back" A S scheduler
	meanwhile "nr_requests there and back" A S nr_requests
	meanwhile "scan for namespaces" A S rescan
	meanwhile "controller reset" A S reset A
	meanwhile "suspend (pm_test)" A S suspend
	umount /mnt
}

# --- drives that are fenced themselves

own_memory() {
	section "2. Drives whose own memory is fenced"
	meanwhile "B reads into its own memory; B is reset" B B reset B
	# E's memory is fenced for B's reads, and B's for E's.
	check "B's memory is fenced as well" fence B
	meanwhile "B and E fence each other; B is reset" B E reset B
	meanwhile "B and E fence each other; E is reset" B E reset E
	check "lifted" lift B
}

# --- the client goes

unbound() {
	echo "$pciA" > $nvme/unbind
}

bound() {
	echo "$pciA" > $nvme/bind && wait_for 30 has_drive A
}

removed() {
	echo 1 > "$devices/$pciA/remove"
}

scanned() {
	echo 1 > /sys/bus/pci/rescan && wait_for 30 has_drive A
}

# leaves WORDS COMMAND BACK: reads of a drive that goes end at once
leaves() {
	pciA=$(pci_of "$(controller A)")
	if ! hold A S 120000 EIO ENODEV; then
		fail "$1: no read waits"
		detail /tmp/hold.log
		return
	fi
	within 30 "$2"
	is "$1, in $took ms, while six reads wait" $? 0
	check "... which end before the fence does" wait_for 5 holder_ended
	wait $holder
	status=$?
	is "... with an error: $(tail -n 1 /tmp/hold.log)" $status 0
	is "... and nothing waits" \
		"$(range_field "$shared" waiting)" 0
	check "lifted" lift S
	check "drive A comes back" "$3"
}

clients() {
	section "3. Drives that go while their reads wait"
	leaves "drive A is unbound" unbound bound
	leaves "drive A is removed" removed scanned
}

# --- for how long

bound_of() {
	section "4. A fence that is never lifted"
	hold A S 3000 ETIMEDOUT
	is "six reads wait, for 3 s at most" $? 0
	started=$(ms)
	check "... and end" wait_for 10 holder_ended
	took=$(($(ms) - started))
	wait $holder
	status=$?
	is "... all with ETIMEDOUT: $(tail -n 1 /tmp/hold.log)" $status 0
	is "... after 3 s ($took ms)" \
		$((took > 1500 && took < 4500)) 1
	sleep 0.2
	message=$(dmesg | grep "fenced by dma_phys_fence_write" | tail -n 1)
	is "the log says who fenced, for how long, how much waited" \
		"$(echo "$message" | grep -c 'for 3[0-9]* ms.* 6 IOs with 393216 bytes')" 1
	say "        kernel: ${message#*] }"
	check "memory that has been fenced for too long is not mapped" times_out
	check "lifted" lift S
	ready A S ETIMEDOUT
	check "fenced, for 10 ms at most" fence S 10
	sleep 0.5
	started=$(ms)
	begin
	wait $holder
	status=$?
	is "later reads fail: $(tail -n 1 /tmp/hold.log)" $status 0
	took=$(($(ms) - started))
	is "... at once ($took ms)" $((took < 1000)) 1
	check "lifted" lift S
	p2phold "$(mem S)/p2pmem/allocate" "$(drive A)" 2 2 \
		> /tmp/hold.log 2>&1 << GO
go
GO
	status=$?
	is "and then they work: $(tail -n 1 /tmp/hold.log)" $status 0

	hold A S 3000 ETIMEDOUT
	is "six reads wait, and are killed" $? 0
	killall -9 p2phold
	started=$(ms)
	check "... and the processes are gone" wait_for 10 no_holder
	took=$(($(ms) - started))
	is "... within a second of the bound ($took ms)" $((took < 4500)) 1
	check "lifted" lift S
}

times_out() {
	p2phold "$(mem S)/p2pmem/allocate" "$(drive A)" 1 0 < /dev/null |
		grep "timed out"
}

no_holder() {
	for pid in $(pidof p2phold); do
		ended "$pid" || return
	done
}

# --- RAID

raid_state() {
	cat /sys/block/md0/md/degraded /sys/block/md0/md/rd*/state \
		/sys/block/md0/md/rd*/errors | tr '\n' ' '
}

raid() {
	section "5. RAID 1 on drives that take such memory"
	mdadm --create /dev/md0 --run --assume-clean --level=1 \
		--raid-devices=2 "$(drive A 2)" "$(drive B 2)" \
		> /tmp/md.log 2>&1
	is "an array of A and B" $? 0
	before=$(raid_state)
	refused "a read of it into a peer's memory is refused" \
		"md0 does not take peer-to-peer memory" \
		hold_none /dev/md0 EOPNOTSUPP
	hold A S 1000 ETIMEDOUT
	is "reads of member A wait for a fence" $? 0
	wait_for 10 holder_ended
	wait $holder
	status=$?
	is "... and fail: $(tail -n 1 /tmp/hold.log)" $status 0
	check "lifted" lift S
	check "the array works" \
		dd if=/dev/md0 of=/dev/null iflag=direct bs=64k count=64
	is "no member has failed, or has an error" "$(raid_state)" "$before"
	say "        degraded, states, errors: $before"
	mdadm --stop /dev/md0 > /tmp/md.log 2>&1
}

hold_none() {
	p2phold "$(mem S)/p2pmem/allocate" "$1" 2 2 "$2" << GO
go
GO
}

# --- no memory

# Processes of a cgroup with little memory map the fenced memory, touch it and
# unmap it, and are killed for want of page tables and begin again.
starving() {
	echo 0 > /sys/fs/cgroup/small/cgroup.procs
	while [ ! -e /tmp/enough ]; do
		p2pfault "$(mem S)/p2pmem/allocate" "$1" >> /tmp/faults 2>&1
	done
}

# unlike_oom: a kernel's log without what makes the OOM killer's reports look like
# complaints: where each was called from
unlike_oom() {
	awk '/ invoked oom-killer: / { oom = 1 }
	     oom && /Call Trace:/ { oom = 0; next }
	     { print }'
}

# told_console MARK: what the log has after it goes to the console, for the host to
# look through as it does through everything there.  The mark may be gone.
told_console() {
	dmesg | awk -v mark="machine: $1" '
		seen { print }
		index($0, mark) { seen = 1 }
		END { exit !seen }' > /tmp/hidden || return
	unlike_oom < /tmp/hidden > $console
}

left_is() {
	[ "$(cat "$(mem S)/p2pmem/available")" = "$1" ]
}

memcg() {
	section "6. Fences, while there is no memory for those who map it"
	mkdir -p /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup &&
		echo +memory > /sys/fs/cgroup/cgroup.subtree_control &&
		mkdir /sys/fs/cgroup/small &&
		echo 16M > /sys/fs/cgroup/small/memory.max
	is "a cgroup with 16 MiB" $? 0
	left=$(cat "$(mem S)/p2pmem/available")
	# the traces of whom the OOM killer stops look like complaints
	echo "machine: little memory" > /dev/kmsg
	dmesg -n 1
	for ram in 2 4 24; do
		starving $ram &
	done
	most=0 bad=0
	for _ in $(seq 100); do
		started=$(ms)
		fence S && lift S || bad=$((bad + 1))
		took=$(($(ms) - started))
		[ $took -le $most ] || most=$took
		sleep 0.05
	done
	is "100 fences and lifts, $most ms at most" $bad 0
	is "... none of which waited for memory" $((most < 2000)) 1
	touch /tmp/enough
	killall p2pfault
	sleep 1
	dmesg -n 8
	check "... and the console has what the kernel said, but the OOM killer" \
		told_console "little memory"
	check "... while processes mapped it and touched it" \
		test -s /tmp/faults
	is "... and some were killed for memory" \
		"$(awk '$1 == "oom_kill" { print ($2 > 0) }' \
			/sys/fs/cgroup/small/memory.events)" 1
	check "and all of it can be had again" wait_for 10 left_is "$left"
}

row "what is done meanwhile" "ms alone" "ms with"
neighbours
own_memory
clients
bound_of
raid
memcg
section "How long it takes, without and with reads that wait"
cat $table
is "nothing is in flight, nothing waits" \
	"$(grep -vc '^#.*\|waiting 0 inflight 0$' $debug/ranges)" 0
