# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2154
#
# What the guest's scripts are written in: sections, checks, and the machine's
# drives by their serial numbers.

passed=0
failed=0
shell_complaints='not found|syntax error|bad|unknown operand|divide by zero'

say() {
	echo "$*"
}

# section TITLE: a new part of the report
section() {
	say
	say "$*"
}

pass() {
	passed=$((passed + 1))
	say "  PASS  $*"
	echo "machine: PASS $*" > /dev/kmsg
}

fail() {
	failed=$((failed + 1))
	say "  FAIL  $*"
	echo "machine: FAIL $*" > /dev/kmsg
}

# detail FILE: the start of what a command said, below its check
detail() {
	head -n 12 "$1" | cut -c1-100 | sed 's/^/        | /'
}

# check WORDS COMMAND...: passes when the command succeeds
check() {
	words=$1
	shift
	echo "machine: now: $words" > /dev/kmsg
	if "$@" > /tmp/check.log 2>&1; then
		pass "$words"
		# for the host: "! grep" passes without a grep, too
		! grep -E "^(sh|/init): .*($shell_complaints)" /tmp/check.log
	else
		fail "$words"
		detail /tmp/check.log
	fi
}

# explained: the first message since the last mark that matches $reason
explained() {
	dmesg | sed "1,/machine: mark $marks:/d" | grep -iE "$reason" |
		head -n 1
}

# refused WORDS REASON COMMAND...: passes when the command succeeds (it says
# itself which error it wants) and the kernel explains itself since then in a
# message that matches REASON, which is shown
refused() {
	words=$1
	reason=$2
	shift 2
	marks=$((marks + 1))
	echo "machine: mark $marks: $words" > /dev/kmsg
	if ! "$@" > /tmp/check.log 2>&1; then
		fail "$words"
		detail /tmp/check.log
		return
	fi
	message=$(explained)
	if [ -z "$message" ]; then
		# The same message comes at most ten times in five seconds.
		sleep 5.5
		"$@" > /tmp/check.log 2>&1
		message=$(explained)
	fi
	if [ -n "$message" ]; then
		pass "$words: $(head -n 1 /tmp/check.log)"
		say "        kernel: ${message#*] }"
	else
		fail "$words: no kernel message that matches \"$reason\""
	fi
}

# is WORDS GOT WANTED
is() {
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1: got $2, wanted $3"
	fi
}

verdict() {
	say
	say "VERDICT passed=$passed failed=$failed"
}

# controller SERIAL: its name, nvme0 and the like; in no certain order
controller() {
	for c in /sys/class/nvme/nvme*; do
		case $(cat "$c/serial") in
		"$1"|"$1 "*) basename "$c"; return ;;
		esac
	done
	say "no drive with the serial number $1"
}

# namespace CONTROLLER NSID: its device file, in no certain order either
namespace() {
	for n in /sys/class/nvme/"$1"/"$1"n*; do
		[ "$(cat "$n/nsid")" != "$2" ] || echo "/dev/$(basename "$n")"
	done
}

# pci_of CONTROLLER: its PCI address
pci_of() {
	basename "$(readlink -f "/sys/class/nvme/$1/device")"
}

# read_sum FILE MIB: sha256 of its start, read into main memory
read_sum() {
	dd if="$1" iflag=direct bs=1M count="$2" 2>/dev/null | sha256sum |
		cut -d' ' -f1
}

# bytes VERDICT: how many were mapped with this verdict since boot; nothing on a
# kernel that is not ours.  $debug is for the scripts to set.
bytes() {
	[ ! -e "$debug/stats" ] ||
		awk -v v="$1" '$1 == v { print $3 }' "$debug/stats"
}

# range_field PCI-ADDRESS WORD: the value behind WORD in the provider's line
range_field() {
	awk -v pci="$1" -v word="$2" '
	index($0, "provider " pci " ") {
		for (i = 1; i < NF; i++)
			if ($i == word)
				print $(i + 1)
	}' "$debug/ranges"
}

range_start() {
	awk -v pci="$1" 'index($0, "provider " pci " ") {
		sub(/-.*/, "", $1); print $1 }' "$debug/ranges"
}

# "0.92" seconds and such, which are no octal numbers
ms() {
	read -r up _ < /proc/uptime
	echo $((${up%.*} * 1000 + 1${up#*.} * 10 - 1000))
}

# drives_found: each NVMe drive has been asked, and has a namespace
drives_found() {
	for d in /sys/bus/pci/devices/*; do
		[ "$(cat "$d/class")" = 0x010802 ] || continue
		set -- "$d"/nvme/nvme*/nvme*n*
		[ -e "$1" ] || return
	done
}

# wait_for SECONDS COMMAND...
wait_for() {
	until_ms=$(($(ms) + $1 * 1000))
	shift
	until "$@" > /dev/null 2>&1; do
		[ "$(ms)" -lt $until_ms ] || return 1
		sleep 0.05
	done
}

# ended PID: it has, whether or not this shell has taken notice
ended() {
	! grep -qv ') Z ' "/proc/$1/stat"
}

marks=0
