# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2086,SC2154
#
# Resets under IO.  p2preset keeps IO of drives A and B with B's memory on its
# way and checks every byte.  Each fault comes when the kernel has requests in
# flight; then IO must go on, nothing that was said to have succeeded may be
# missing, and nothing may fail but as it should.  Where B loses its memory, old
# mappings must end in SIGBUS, and only there.
#
# "loses=FAULT,..." on the kernel's command line says in which faults of B a kernel
# that is not ours loses data for certain.  In others it may: the table has how much.

# shellcheck source=tests/machine/guest/p2p.sh
. /guest/p2p.sh
devices=/sys/bus/pci/devices
nvme=/sys/bus/pci/drivers/nvme
table=/tmp/table

# in_flight: requests on B's memory, as the kernel has it
in_flight() {
	awk '/^0x/ { n += $NF } END { print n + 0 }' $debug/ranges
}

# state: of B's memory; "away" when there is none
state() {
	awk -v p="provider $pciB " 'index($0, p) {
		for (i = 2; i <= NF; i++)
			if ($i == "waiting")
				print $(i - 1)
	}' $debug/ranges | grep . || echo away
}

busy() {
	! ours || [ "$(in_flight)" -gt 0 ]
}

# --- faults

reset_controller() {
	echo 1 > "/sys/class/nvme/$(controller "$1")/reset_controller"
}

# by METHOD SERIAL
by() {
	dev=$devices/$(pci_of "$(controller "$2")")
	echo "$1" > "$dev/reset_method" && echo 1 > "$dev/reset"
}

# A fatal error of the link to a drive, as the port above it would report it:
# the driver is told, then the bus is reset, then it is told that.
link_error() {
	port=$(basename "$(readlink -f \
		"$devices/$(pci_of "$(controller "$1")")/..")")
	bus=${port#*:}
	slot=${bus#*:}
	# bus, device and function; data link protocol error; no header
	{
		printf %b "\\0$(printf %o 0x"${bus%%:*}")"
		printf %b "\\0$(printf %o 0x"${slot%.*}")"
		printf %b "\\0$(printf %o "${slot#*.}")"
		printf '\0\020\0\0\0'
		head -c 24 /dev/zero
	} > /tmp/error
	before=$(dmesg | grep -c "nvme.*restart after slot reset")
	cat /tmp/error > /dev/aer_inject &&
		wait_for 60 recovered "$before"
}

recovered() {
	[ "$(dmesg | grep -c "nvme.*restart after slot reset")" -gt "$1" ]
}

has_drive() {
	[ -b "$(namespace "$(controller "$1")" 1)" ] || return
	[ "$1" != B ] ||
		[ -e "$devices/$(pci_of "$(controller B)")/p2pmem/allocate" ]
}

rebind() {
	pci=$(pci_of "$(controller "$1")")
	echo "$pci" > $nvme/unbind
	[ ! -e "$devices/$pci/driver" ] || return
	echo "$pci" > $nvme/bind
	wait_for 60 has_drive "$1"
}

# All devices, for a second
suspend() {
	echo 1 > /sys/module/suspend/parameters/pm_test_delay
	echo devices > /sys/power/pm_test
	echo freeze > /sys/power/state
}

# --- IO meanwhile

# start_loads CLIENT:ERRORS:DEPTH...
start_loads() {
	loads=
	at=16
	for load; do
		from=${load%%:*}
		errors=${load#*:}
		depth=${errors#*:}
		errors=${errors%%:*}
		ours || errors=${errors:+$errors,}EFAULT,ENODEV
		rm -f "/tmp/load.$from"
		p2preset ${errors:+-e $errors} -d $depth $silent "$from" B \
			$((at * MIB)) "/tmp/load.$from" \
			> "/tmp/load.$from.log" 2>&1 &
		eval "pid_$from=$! ok_$from=0"
		loads="$loads $from"
		at=$((at + 16))
	done
}

# stat CLIENT WORD
stat() {
	awk -v w="$2" '{ for (i = 1; i < NF; i += 2)
		if ($i == w) n = $(i + 1) } END { print n + 0 }' "/tmp/load.$1"
}

snapshot() {
	for load in $loads; do
		eval "ok_$load=$(stat "$load" ok)"
	done
}

# Every load has done IO with success since the snapshot.
all_go_on() {
	for load in $loads; do
		eval "was=\$ok_$load"
		[ "$(stat "$load" ok)" -gt $((was + 4)) ] || return
	done
}

mark_loads() {
	for load in $loads; do
		eval "kill -USR1 \$pid_$load"
	done
}

# marked: A's mark found IO on its way; what busy saw may have ended before it
marked() {
	case " $loads " in
	*" A "*) ;;
	*) return 0 ;;
	esac
	[ "$(stat A flying)" -gt 0 ] && return
	mark_loads
	false
}

row() {
	printf '%-28s %-6s %5s %7s %6s %6s %5s %5s %8s  %s\n' "$@" >> $table
}

# Adds up what a load has counted, and shows what it complains about.
stop_load() {
	eval "pid=\$pid_$1"
	kill "$pid"
	if wait "$pid"; then
		status=right
	else
		status=wrong
	fi
	lost=$(stat "$1" lost)
	gone=$(stat "$1" gone)
	row "$fault" "$1" "$(stat "$1" ok)" "$(stat "$1" flying)" \
		"$(stat "$1" flown)" "$(stat "$1" failed)" "$gone" "$lost" \
		"$(stat "$1" longest)" \
		"$(grep -oE ' E[A-Z]+ [0-9]+' "/tmp/load.$1" | tr '\n' ' ')"
}

judge_load() {
	what="$fault, IO of drive $1"
	if ours; then
		is "$what: bytes of what succeeded are there" "$lost" 0
		[ $status = right ] || {
			fail "$what"
			detail "/tmp/load.$1.log"
		}
		if [ $memory = lost ]; then
			check "$what: old mappings end in SIGBUS" \
				[ "$gone" -gt 0 ]
		else
			is "$what: old mappings stay" "$gone" 0
		fi
		[ "$1" != A ] ||
			check "$what: $(stat A flying) were on their way" \
			[ "$(stat A flying)" -gt 0 ]
	fi
	all_lost=$((all_lost + lost))
}

# What a kernel loses for certain that is not ours
judge_stock() {
	[ "${fault%%:*}" = B ] &&
		echo ",$(word loses)," | grep -q ",$kind," || return 0
	check "$fault: bytes of what succeeded are missing, $all_lost" \
		[ "$all_lost" -gt 0 ]
}

# watch COMMAND...: runs it; $seen is how B's memory was meanwhile but live
watch() {
	seen=
	"$@" > /tmp/fault.log 2>&1 &
	doing=$!
	while ours && kill -0 $doing 2>/dev/null; do
		now=$(state)
		[ "$now" = live ] || seen=$now
	done
	wait $doing
}

judge_state() {
	case $memory in
	stays) is "$fault: drive B's memory stays live" "$seen" "" ;;
	fenced) is "$fault: drive B's memory is fenced" "$seen" fenced ;;
	# nobody looks while all sleep
	lost) [ $kind = suspend ] ||
		check "$fault: drive B's memory is away" [ -n "$seen" ] ;;
	esac
}

# fault KIND WORDS stays|fenced|lost LOADS COMMAND...
fault() {
	kind=$1
	fault=$2
	memory=$3
	with=$4
	shift 4
	all_lost=0
	echo "machine: reset: $fault" > /dev/kmsg
	start_loads $with
	wait_for 60 all_go_on || fail "$fault: no IO to begin with"
	wait_for 10 busy || fail "$fault: nothing in flight"
	mark_loads
	! ours || wait_for 10 marked
	if ! watch "$@"; then
		fail "$fault: could not be done"
		detail /tmp/fault.log
	fi
	! ours || judge_state
	snapshot
	wait_for 90 all_go_on || fail "$fault: IO did not go on"
	for load in $loads; do
		stop_load "$load"
		judge_load "$load"
	done
	ours || judge_stock
	! ours || is "$fault: requests that are left" "$(in_flight)" 0
}

pciB=$(pci_of "$(controller B)")
ours && silent='' || silent=-x
pulled=EIO,ENODEV,ENXIO,ENOSPC,SHORT
away=EREMOTEIO,ETIMEDOUT
row fault client ok "on way" "of it" failed SIGBUS lost "wait(ms)" errors

# QEMU (7.2) has one bounce buffer for DMA to other devices, and hangs when it is
# to delete the queue of a request that waits for it: A, when it is reset itself,
# has one request at a time.
section "1. The provider, drive B"
fault cc "B: reset_controller" fenced "A::8 B::4" reset_controller B
fault flr "B: FLR" lost "A:$away:8 B:$away:4" by flr B
fault bus "B: bus reset" lost "A:$away:8 B:$away:4" by bus B
fault error "B: error of its link" lost "A:$away:8 B:$away:4" link_error B
fault unbind "B: unbind, bind" lost "A:$away:8 B:$away,$pulled:4" rebind B
section "2. The client, drive A"
fault cc "A: reset_controller" stays "A::1" reset_controller A
fault flr "A: FLR" stays "A::1" by flr A
fault bus "A: bus reset" stays "A::1" by bus A
# not to A: QEMU (7.2) dies of it
fault unbind "A: unbind, bind" stays "A:$pulled:1" rebind A
section "3. Both at once"
fault suspend "suspend to idle" lost "A:$away:1 B:$away:4" suspend
section "What came of it"
cat $table
