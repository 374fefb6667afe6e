# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2086,SC2154
#
# Faults while IO goes on.  Each attack starts p2pload on several drives, breaks
# something as many times as asked for, waits each time until all IO has gone on
# again, and then adds up: no byte lost, nothing leaked, no error but those that
# are due.  The machine is in attack.conf: A, B and D share a switch, C is
# elsewhere; B and C have memory.
#
# "soak=SECONDS" on the kernel's command line asks for the long form; "seed=N"
# has the random system calls of an earlier run again.

debug=/sys/kernel/debug/dma_phys
devices=/sys/bus/pci/devices
nvme=/sys/bus/pci/drivers/nvme
MIB=1048576
table=/tmp/table
fences=/tmp/fences
batch=1
seed=$(sed -n 's/.*seed=\([0-9]*\).*/\1/p' /proc/cmdline)
soak=$(sed -n 's/.*soak=\([0-9]*\).*/\1/p' /proc/cmdline)

# often SHORT LONG: how often a fault is injected
often() {
	if [ -z "$soak" ]; then
		echo "$1"
	else
		echo $(($2 * soak / 600 > $1 ? $2 * soak / 600 : $1))
	fi
}

mem() {
	echo "$devices/$(pci_of "$(controller "$1")")/p2pmem"
}

# has_drive SERIAL: it is there, and its memory, if it has any
has_drive() {
	[ -b "$(namespace "$(controller "$1")" 1)" ] || return
	[ "$1" != B ] || [ -e "$(mem B)/allocate" ]
}

available() {
	echo $(($(cat "$(mem B)/available") + $(cat "$(mem C)/available")))
}

available_is() {
	[ "$(available)" = "$1" ]
}

# in_flight: requests on the ranges, as the kernel has it
in_flight() {
	awk '/^0x/ { n += $NF } END { print n + 0 }' $debug/ranges
}

# b_in_flight: of those, the ones on B's memory, which is what is attacked; C has
# IO of its own
b_in_flight() {
	awk -v p="provider $(pci_of "$(controller B)") " \
		'index($0, p) { n += $NF } END { print n + 0 }' $debug/ranges
}

# any_in_flight: $now is how many there were
any_in_flight() {
	now=$(b_in_flight)
	[ "$now" -gt 0 ]
}

# --- the control channel of the machine

qmp() {
	echo "$1" > /dev/ttyS2
}

# Until echo was off, the port has sent QEMU's greeting back to it; \377 makes
# it forget what it has read.
open_qmp() {
	stty -F /dev/ttyS2 raw -echo
	cat /dev/ttyS2 > /tmp/qmp.log &
	for _ in 1 2 3 4 5; do
		printf '\377' > /dev/ttyS2
		qmp '{"execute":"qmp_capabilities"}'
		wait_for 2 grep -E '"return"|already complete' /tmp/qmp.log && return
	done
	cat /tmp/qmp.log
	return 1
}

# deleted SERIAL: how often QEMU said that this drive was pulled
deleted() {
	grep -c "DEVICE_DELETED.*\"device\": \"nvme$1\"" /tmp/qmp.log
}

was_deleted() {
	[ "$(deleted "$1")" -gt "$2" ]
}

# --- faults

pull() {
	seen=$(deleted "$1")
	qmp "{\"execute\":\"device_del\",\"arguments\":{\"id\":\"nvme$1\"}}"
	wait_for 60 was_deleted "$1" "$seen"
}

plug() {
	case $1 in
	A) slot=down1 cmb=0 ;;
	B) slot=down2 cmb=8 ;;
	esac
	qmp "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"nvme\",\"id\":\"nvme$1\",\"serial\":\"$1\",\"bus\":\"$slot\",\"cmb_size_mb\":$cmb,\"drive\":\"disk$1\"}}"
	wait_for 60 has_drive "$1"
}

replug() {
	pull "$1" && plug "$1"
}

removed() {
	pci=$(pci_of "$(controller "$1")")
	echo 1 > "$devices/$pci/remove"
	[ ! -e "$devices/$pci" ] || return
	echo 1 > /sys/bus/pci/rescan
	wait_for 60 has_drive "$1"
}

rebound() {
	pci=$(pci_of "$(controller "$1")")
	echo "$pci" > $nvme/unbind
	[ ! -e "$devices/$pci/driver" ] || return
	echo "$pci" > $nvme/bind
	wait_for 60 has_drive "$1"
}

reset() {
	echo 1 > "/sys/class/nvme/$(controller "$1")/reset_controller"
}

# --- IO meanwhile

# start_loads CLIENT:PROVIDER:ERRORS[:DEPTH]...
start_loads() {
	loads=
	for load; do
		from=${load%%:*}
		to=${load#*:}
		errors=${to#*:}
		to=${to%%:*}
		depth=${errors#*:}
		errors=${errors%%:*}
		[ "$depth" != "$errors" ] || depth=
		rm -f "/tmp/load.$from"
		eval "ok_$from=0"
		p2pload ${errors:+-e $errors} ${depth:+-d $depth} \
			"$from" "$to" $((16 * MIB)) "/tmp/load.$from" \
			> "/tmp/load.$from.log" 2>&1 &
		eval "pid_$from=$!"
		loads="$loads $from"
	done
}

# load_stat CLIENT WORD
load_stat() {
	awk -v w="$2" '{ for (i = 1; i < NF; i += 2)
		if ($i == w) print $(i + 1) }' "/tmp/load.$1"
}

snapshot() {
	for load in $loads; do
		eval "ok_$load=0\$(load_stat $load ok)"
	done
}

# Every load has done IO with success since the snapshot.
all_go_on() {
	for load in $loads; do
		eval "was=\$ok_$load"
		[ "0$(load_stat "$load" ok)" -gt "$was" ] || return
	done
}

stop_loads() {
	ios=0 ok=0 failures=0 lost=0 longest=0
	for load in $loads; do
		eval "pid=\$pid_$load"
		kill "$pid"
		if ! wait "$pid"; then
			fail "$fault: IO of drive $load"
			cat "/tmp/load.$load" >> "/tmp/load.$load.log"
			detail "/tmp/load.$load.log"
		fi
		ios=$((ios + $(load_stat "$load" ios)))
		ok=$((ok + $(load_stat "$load" ok)))
		failures=$((failures + $(load_stat "$load" failed)))
		lost=$((lost + $(load_stat "$load" lost) + $(load_stat "$load" dirty)))
		load_longest=$(load_stat "$load" longest)
		[ "$load_longest" -le $longest ] || longest=$load_longest
	done
}

row() {
	printf '%-34s %6s %7s %7s %9s %5s %5s %8s\n' "$@" >> $table
}

# What runs beside the loads, until there is /tmp/enough: it has memory and IO of
# its own, so it begins after, and ends before, these are counted.
beside=

start_beside() {
	[ -n "$beside" ] || return 0
	rm -f /tmp/enough
	$beside > /tmp/beside.log 2>&1 &
	beside_pid=$!
}

end_beside() {
	[ -n "$beside" ] || return 0
	touch /tmp/enough
	wait $beside_pid
	beside_status=$?
}

# attack FAULT TIMES LOADS COMMAND...: the command injects $batch at once
attack() {
	fault=$1
	times=$2
	with=$3
	shift 3
	echo "machine: attack: $fault" > /dev/kmsg
	left=$(available)
	start_beside
	start_loads $with
	n=0
	flying=0
	idle=0
	wait_for 60 all_go_on || fail "$fault: no IO to begin with"
	while [ $n -lt "$times" ]; do
		wait_for 10 any_in_flight || idle=$((idle + 1))
		flying=$((flying + now))
		if ! "$@" > /tmp/fault.log 2>&1; then
			fail "$fault: could not be done"
			detail /tmp/fault.log
			break
		fi
		n=$((n + batch))
		snapshot
		if ! wait_for 90 all_go_on; then
			fail "$fault: IO did not go on"
			break
		fi
	done
	stop_loads
	end_beside
	is "$fault: injected $n times" $n "$times"
	is "$fault: each met IO of B's memory in flight ($flying in all)" \
		$((flying > 0 && idle == 0)) 1
	is "$fault: of $ios IOs $ok succeeded, bytes lost" $lost 0
	if ! wait_for 10 available_is "$left"; then
		fail "$fault: $left bytes were available, now $(available)"
	fi
	leaked=$((left - $(available) + $(in_flight)))
	is "$fault: leaked" $leaked 0
	row "$fault" $n $ios $failures $flying $lost $leaked $longest
}

table() {
	section "What was done to it"
	cat $table
}

gone=EREMOTEIO
pulled=EIO,ENODEV,ENXIO,ENOSPC,SHORT

point_drives() {
	section "1. Drives that go and come again, under IO"
	# C has nothing to do with it and must not notice.
	provider="A:B:$gone D:B:$gone C:C:"
	client="A:B:$pulled D:B: C:C:"
	attack "provider B unplugged" "$(often 3 50)" "$provider" replug B
	attack "client A unplugged" "$(often 3 50)" "$client" replug A
	attack "provider B removed" "$(often 5 50)" "$provider" removed B
	attack "client A removed" "$(often 5 50)" "$client" removed A
	attack "provider B unbound" "$(often 5 50)" "$provider" rebound B
	attack "client A unbound" "$(often 5 50)" "$client" rebound A
	attack "provider B reset" "$(often 5 50)" "A:B: B:B: C:C:" reset B
	# One IO to a peer at a time: while another waits for QEMU's only bounce
	# buffer, QEMU (7.2) hangs when it is to delete that one's queue.
	attack "client A reset" "$(often 5 50)" "A:B::1 C:C:" reset A
}

# throttle SERIAL IOPS: the drive becomes slow; 0 is no limit
throttle() {
	qmp "{\"execute\":\"block_set_io_throttle\",\"arguments\":{\"id\":\"nvme$1\",\"bps\":0,\"bps_rd\":0,\"bps_wr\":0,\"iops\":$2,\"iops_rd\":0,\"iops_wr\":0}}"
	sleep 0.2
}

# The provider goes and comes again while a write from its memory waits.
stale() {
	driveA=$(namespace "$(controller A)" 1)
	echo 4 > "/sys/block/${driveA#/dev/}/queue/nr_requests"
	throttle A 3
	p2plife stale "$driveA" "$(mem B)/allocate" $((16 * MIB)) &
	pid=$!
	sleep 2
	"$@" || return
	kill -0 $pid || { echo "the write did not wait"; return 1; }
	throttle A 0
	wait $pid
}

point_life() {
	section "2. Processes that are killed, and memory that is used again"
	size=$((5 * MIB))
	left=$(available)
	driveA=$(namespace "$(controller A)" 1)
	m=$(mem B)/allocate
	check "a mapping takes from what is available, and gives it back" \
		p2plife account "$m" $size
	check "unmapped while drive A writes to it: not given out" \
		p2plife recycle "$driveA" "$m" $size
	check "$(often 10 200) processes killed while drive A writes to them" \
		p2plife kill "$driveA" "$m" $size "$(often 10 200)"
	say "        $(cat /tmp/check.log)"
	check "a write that waits while its provider is unbound and bound" \
		stale rebound B
	wait_for 10 available_is "$left"
	is "all memory is available again" "$(available)" "$left"
}

# fuzz WORDS OPTION...
fuzz() {
	words=$1
	shift
	left=$(available)
	check "$words" p2pfuzz "$@" /mnt/fuzz
	line=$(grep -m 1 ' longest ' /tmp/check.log)
	say "        $line"
	wait_for 10 available_is "$left"
	leaked=$((left - $(available) + $(in_flight)))
	is "$words: leaked" $leaked 0
	set -- $line
	is "$words: bytes compared, ${14:-0} of them" $((${14:-0} > 0)) 1
	row "$words" "$4" "$6" "$8" - "${16:-?}" $leaked "${12}"
}

mount_file_system() {
	fsD=$(namespace "$(controller D)" 2)
	check "make an ext4 file system on drive D" mkfs.ext4 -qF "$fsD"
	mount -t ext4 "$fsD" /mnt
}

point_fuzz() {
	section "3. Random system calls, against a model"
	mount_file_system
	# No scatter-gather lists: with one in main memory, QEMU's drives take no
	# data in their own.
	echo 0 > /sys/module/nvme/parameters/sgl_threshold
	if [ -z "$soak" ]; then
		fuzz "system calls" -n 10000 ${seed:+-s $seed}
	else
		fuzz "system calls" -t "$soak" ${seed:+-s $seed}
		failing_allocations
		fuzz "system calls, no memory" -f -t $((soak / 2)) \
			${seed:+-s $seed}
	fi
	umount /mnt
}

failing_allocations() {
	for what in failslab fail_page_alloc; do
		echo N > "/sys/kernel/debug/$what/ignore-gfp-wait"
		echo 0 > "/sys/kernel/debug/$what/verbose"
	done
	echo 0 > /sys/kernel/debug/fail_page_alloc/min-order
	echo N > /sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem
}

# address_of SERIAL: where its memory starts
address_of() {
	awk -v p="provider $(pci_of "$(controller "$1")") " \
		'index($0, p) { sub(/-.*/, "", $1); print $1 }' $debug/ranges
}

# fences: $batch times, a fence on B's memory, and off again
fences() {
	address=$(address_of B)
	for _ in $(seq $batch); do
		echo "fence $address 30000" > $debug/fence || return
		echo "lift $address" > $debug/fence || return
	done
}

verify_on() {
	while [ ! -e /tmp/enough ]; do
		TARGET=$(namespace "$(controller D)" 1) \
			P2PMEM=$(mem B)/allocate ENGINE=io_uring \
			SIZES=4k/30:64k/70 DEPTH=8 SIZE=4m \
			fio --output=/tmp/fio.log /fio/p2p.fio || return
		runs=$((runs + 1))
		echo $runs > /tmp/fio.runs
	done
}

not_in_time() {
	address=$(address_of B)
	if echo "fence $address 300" > $debug/fence; then
		echo "fenced, with IO on its way"
		return 1
	fi 2> /tmp/fence.log
	echo "lift $address" > $debug/fence || return
	grep "timed out" /tmp/fence.log
}

point_late_fence() {
	fault="fence that is not waited for"
	start_loads "A:B:"
	wait_for 60 all_go_on || fail "$fault: no IO to begin with"
	throttle A 1
	refused "a fence with 300 ms, and drive A is slow" \
		"$(pci_of "$(controller A)") has .* in flight" not_in_time
	throttle A 0
	stop_loads
	is "$fault: of $ios IOs $ok succeeded, bytes lost" $lost 0
}

point_fence() {
	section "4. Fences under IO"
	batch=50
	runs=0
	beside=verify_on
	attack "fence and lift" "$(often 1000 1000)" "A:B: B:B: C:C:" fences
	batch=1
	beside=
	if [ "$beside_status" -eq 0 ]; then
		pass "fio wrote and verified $(cat /tmp/fio.runs) times meanwhile"
	else
		fail "fio with B's memory"
		detail /tmp/fio.log
	fi
}

# --- what else goes on at the client of a fenced provider

# again NAME COMMAND...: until there is /tmp/enough; how often, and how long it
# took at most, is kept in /tmp/again.NAME
again() {
	name=$1
	shift
	times=0 most=0
	while [ ! -e /tmp/enough ]; do
		began=$(ms)
		"$@" || { echo "$name: $*" >> /tmp/again.failed; sleep 1; }
		took=$(($(ms) - began))
		times=$((times + 1))
		[ $took -le $most ] || most=$took
		echo "$times $most" > "/tmp/again.$name"
		sleep 0.2
	done > /dev/null 2>&1
}

fsync_A() {
	dd if=/dev/zero of="$(namespace "$(controller A)" 1)" bs=64k count=4 \
		seek=768 conv=notrunc,fsync
}

# The device may be away for a moment while it is being reset.
scheduler_A() {
	d=$(namespace "$(controller A)" 1)
	queue=/sys/block/${d#/dev/}/queue
	echo mq-deadline > "$queue/scheduler" && echo none > "$queue/scheduler"
}

reset_A() {
	reset A
	sleep 0.5
}

suspend() {
	echo 1 > /sys/module/suspend/parameters/pm_test_delay
	echo devices > /sys/power/pm_test
	echo freeze > /sys/power/state
	sleep 2
}

# long_fence: one that lasts for longer than what must not wait for it, or until B
# goes by a suspend.  How often it was seen to hold is added to $fences.
long_fence() {
	looks=0
	address=$(address_of B)
	[ -n "$address" ] || return
	echo "fence $address 30000" > $debug/fence || return
	while [ $looks -lt 20 ] && sleep 0.3 && is_fenced; do
		looks=$((looks + 1))
	done
	[ $looks = 0 ] || echo $looks >> $fences
	! is_fenced || echo "lift $address" > $debug/fence
}

is_fenced() {
	grep -q "^$address-.* fenced " $debug/ranges
}

not_fenced() {
	! grep -q " fenced " $debug/ranges
}

# fences_held: did any?
fences_held() {
	held=$(grep -c . $fences)
	is "$fault: $held fences held, in $(awk '{ n += $1 } END { print n + 0 }' \
		$fences) looks at them" $((held > 0)) 1
}

# all_at_once SECONDS: everything that must not wait for a fence
all_at_once() {
	rm -f /tmp/enough /tmp/again.*
	p2pload -d 1 A RAM $((32 * MIB)) /tmp/load.RAM \
		> /tmp/load.RAM.log 2>&1 &
	ram=$!
	doers=
	again fsync fsync_A & doers="$doers $!"
	again scheduler scheduler_A & doers="$doers $!"
	again reset reset_A & doers="$doers $!"
	again suspend suspend & doers="$doers $!"
	sleep "$1"
	touch /tmp/enough
	wait_for 60 all_ended || fail "$fault: something does not end"
	kill $ram
	wait $ram || { fail "$fault: RAM"; detail /tmp/load.RAM.log; }
	again_is RAM "$(load_stat RAM ios)" "$(load_stat RAM longest)"
	if [ -e /tmp/again.failed ]; then
		fail "$fault: something did not work"
		detail /tmp/again.failed
	fi
}

again_is() {
	echo "$2 $3" > "/tmp/again.$1"
}

all_ended() {
	for doer in $doers; do
		ended "$doer" || return
	done
}

point_neighbours() {
	section "   What waits at drive A while B is fenced, and while it is not"
	seconds=$(often 16 60)
	fault="neighbours, no fence"
	start_loads "A:B:$gone:1" "B:B:$gone:1"
	all_at_once "$seconds"
	stop_loads
	is "$fault: of $ios IOs $ok succeeded, bytes lost" $lost 0
	for name in RAM fsync scheduler reset suspend; do
		cp /tmp/again.$name /tmp/without.$name
	done
	fault="neighbours, B fenced"
	start_loads "A:B:$gone:1" "B:B:$gone:1"
	: > $fences
	while [ ! -e /tmp/no_fences ]; do
		long_fence
		sleep 0.2
	done > /dev/null 2>&1 &
	all_at_once "$seconds"
	touch /tmp/no_fences
	check "$fault: the last was lifted" wait_for 20 not_fenced
	stop_loads
	fences_held
	is "$fault: of $ios IOs $ok succeeded, bytes lost" $lost 0
	printf '%-14s %6s %12s %6s %12s\n' "" times "longest (ms)" times \
		"fenced (ms)" > /tmp/neighbours
	for name in RAM fsync scheduler reset suspend; do
		# shellcheck disable=SC2046	# two words each
		set -- $(cat /tmp/without.$name /tmp/again.$name)
		printf '%-14s %6s %12s %6s %12s\n' $name "$@" >> /tmp/neighbours
		is "$name: $1 times, $2 ms at most, and fenced $3 times, $4 ms" \
			$(($1 > 0 && $3 > 0 && $4 < $2 + 2500)) 1
	done
	cat /tmp/neighbours
}

# free_mib: what could be had, by reclaiming what can be
free_mib() {
	awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo
}

# What can be reclaimed is, again and again, while system calls are made whose
# allocations fail.  Enough is left that nobody must be killed for memory.
pressure() {
	p2pfuzz -f -n 300 ${seed:+-s $seed} /mnt/fuzz > /tmp/fuzz.log 2>&1 &
	fuzz=$!
	# by half of what is left: what is counted as free is not all to be had
	while more=$((($(free_mib) - low) / 2)) && [ $more -gt 4 ]; do
		echo "machine: memory pressure: $more MiB more" > /dev/kmsg
		dd if=/dev/zero bs=1M count=$more >> /dev/shm/hog || break
	done
	for drive in A C D; do
		echo "machine: memory pressure: reading drive $drive" > /dev/kmsg
		cat "$(namespace "$(controller $drive)" 1)" > /dev/null
	done
	echo "machine: memory pressure: waiting for the calls" > /dev/kmsg
	wait $fuzz
	status=$?
	rm /dev/shm/hog
	tail -n 3 /tmp/fuzz.log
	return $status
}

point_pressure() {
	[ -n "$soak" ] || return
	section "5. No memory, and allocations that fail"
	mount_file_system
	echo 0 > /sys/module/nvme/parameters/sgl_threshold
	mount -o remount,size=100% /dev/shm
	failing_allocations
	low=96
	attack "memory pressure" "$(often 2 10)" \
		"A:B:ENOMEM,EAGAIN D:B:ENOMEM,EAGAIN C:C:ENOMEM,EAGAIN" pressure
	umount /mnt
}

leaks=/sys/kernel/debug/kmemleak

ranges() {
	grep -vc '^#' $debug/ranges
}

point_leaks() {
	section "6. What was not given back"
	is "ranges, as many as before" "$(ranges)" "$ranges"
	is "bytes of B's and C's memory, as many as before" \
		"$(available)" "$all_memory"
	is "requests in flight" "$(in_flight)" 0
	[ -e $leaks ] || return
	# a pointer may have been on its way at one moment
	echo scan > $leaks
	sleep 6
	echo scan > $leaks
	cat $leaks > /tmp/leaks
	is "kmemleak finds objects" "$(grep -c ^unreferenced /tmp/leaks)" 0
	detail /tmp/leaks
}

check "QEMU's control channel answers" open_qmp
[ ! -e $leaks ] || echo clear > $leaks
ranges=$(ranges)
all_memory=$(available)
row fault times IOs failed "in flight" lost leaks "wait(ms)"
points=$(sed -n 's/.*points=\([^ ]*\).*/\1/p' /proc/cmdline)
for point in $(echo "${points:-life,fuzz,fence,late_fence,pressure,drives,neighbours,leaks}" | tr , ' '); do
	"point_$point"
done
table
