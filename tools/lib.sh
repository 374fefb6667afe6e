# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the tools share: places, messages, locks, watching long work.
# Source it from a script in tools/ or tests/; it sets -u and a trap.

set -uo pipefail
export LC_ALL=C
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
[ -z "${DMA_PHYS_BUILD:-}" ] ||
	DMA_PHYS_BUILD=$(realpath -m "$DMA_PHYS_BUILD")
build=${DMA_PHYS_BUILD:-$top/build}
me=${0##*/}
export JOBS=${JOBS:-$(nproc)}

say() { printf '%s\n' "$*"; }

die() {
	printf '%s: %s\n' "$me" "$*" >&2
	exit 1
}

# Said before anything is installed or unpacked.
case $top$build in
*[[:space:]:]*) die "the kernel does not build under a path with blanks" \
	"or colons: $top, $build" ;;
esac

# The kernel that all is about.  What compilers can use for each of them is shared.
export KERNEL=${KERNEL:-6.12}
[ -r "$top/kernels/$KERNEL.conf" ] ||
	die "KERNEL=$KERNEL is not one of: $(cd "$top/kernels" && echo *.conf |
		sed 's/\.conf//g')"
# shellcheck source=kernels/6.12.conf
. "$top/kernels/$KERNEL.conf"
export CCACHE_DIR=${CCACHE_DIR:-$build/ccache}
[ "$KERNEL" = 6.12 ] || build=$build/$KERNEL
log=$build/log
mkdir -p "$log" || die "cannot make $log"

# arch_of ARCH: how kernels for an architecture, by its name in the kernel's
# make, are built (cross, image), and what Debian calls it (debian; empty where
# Debian has no packages).
arch_of() {
	# shellcheck disable=SC2034	# for who sources this
	case $1 in
	x86_64)
		cross='' debian=amd64 image=arch/x86/boot/bzImage ;;
	i386)
		cross=i686-linux-gnu- debian=i386 image=arch/x86/boot/bzImage ;;
	arm64)
		cross=aarch64-linux-gnu- debian=arm64
		image=arch/arm64/boot/Image ;;
	powerpc)
		cross=powerpc-linux-gnu- debian='' image=vmlinux ;;
	arm)
		cross=arm-linux-gnueabihf- debian='' image=vmlinux ;;
	s390)
		cross=s390x-linux-gnu- debian='' image=vmlinux ;;
	mips)
		cross=mips64-linux-gnuabi64- debian='' image=vmlinux ;;
	sparc | sparc64)
		cross=sparc64-linux-gnu- debian='' image=vmlinux ;;
	alpha)
		cross=alpha-linux-gnu- debian='' image=vmlinux ;;
	parisc)
		cross=hppa-linux-gnu- debian='' image=vmlinux ;;
	*)
		die "no such architecture here: $1" ;;
	esac
	# shellcheck disable=SC2034
	arch=$1
}

# step N M TEXT: a headline with the time since the run began.
step() {
	export DMA_PHYS_T0=${DMA_PHYS_T0:-$(date +%s)}
	printf '\n[%d/%d] %s  (%s)\n' "$1" "$2" "$3" \
		"$(elapsed "$DMA_PHYS_T0")"
}

elapsed() {
	local s=$(($(date +%s) - $1))

	printf '%d:%02d' $((s / 60)) $((s % 60))
}

# need_space MIB WHAT [DIR]: refuse before the work, not in the middle of it.
need_space() {
	local free dir=${3:-$build}

	free=$(df -Pm "$dir" | awk 'END { print $4 }')
	[ "$free" -ge "$1" ] ||
		die "$2 needs $1 MiB in $dir, $free MiB are free:" \
			"$(($1 - free)) MiB are missing"
}

# What must be free before anything is installed or unpacked, in GiB: for `make demo`,
# and for `make test`, which has two kernels.  README.md says so.  tools/figures
# compares it with what they were measured to take.
# shellcheck disable=SC2034	# for who sources this
demo_gib=5 test_gib=13
# What a kernel's source takes, and what demo and unit build of it, in MiB
# shellcheck disable=SC2034
kernel_mib=3584

# begun: a kernel's source is there.  From then on each step asks for what it needs.
begun() {
	[ -e "$build/source" ] || [ -e "${build%/"$KERNEL"}/source" ]
}

# lock NAME: one run at a time at this; the lock goes away with the process.
lock() {
	exec {lock_fd}>"$build/.lock.$1"
	flock -n "$lock_fd" && return
	say "$me: another run is at work on $1: waiting for it"
	flock "$lock_fd"
}

# The telling lines of a log that ends in a failure.
telling() {
	grep -nE "$telling_re" "$1" | tail -n 12 | cut -c1-300 ||
		tail -n 12 "$1"
	say "the full log is $1"
}
telling_re='error:|Error |\*\*\*|undefined reference|No space left|cannot '
telling_re+='|fatal:|failed|Killed|No such file|BUILD_BUG'

# compiled LOG: how far a kernel build is; nothing for other work.
compiled() {
	local n

	n=$(grep -cE "$compiles" "$1")
	[ "$n" -gt 0 ] || return
	printf ', %s objects' "$n"
	[ ! -s "$1.count" ] || printf ' of up to %s' "$(cat "$1.count")"
}
compiles='^  (CC|AS|LD|AR|HOSTCC) '

# watched WHAT LOG COMMAND...: run it with a line of progress instead of its
# output.  Progress counts the files it compiles; last time's count tells how
# many there will be.
watched() {
	# The command may be a function: it must not see these by other names.
	local w_what=$1 w_log=$2 w_t0 w_n w_last=0 w_rc

	shift 2
	w_t0=$(date +%s)
	: >"$w_log"
	# No input: a question nobody sees would hang for ever.
	"$@" >>"$w_log" 2>&1 </dev/null {lock_fd}>&- &
	child=$!
	while kill -0 "$child" 2>/dev/null; do
		sleep 0.5
		w_n=$(($(date +%s) - w_t0))
		if [ -t 1 ]; then
			printf '\r  %s: %s%s\033[K' "$w_what" \
				"$(elapsed "$w_t0")" "$(compiled "$w_log")"
		elif [ $((w_n - w_last)) -ge 20 ]; then
			w_last=$w_n
			say "  $w_what: $(elapsed "$w_t0")$(compiled "$w_log")"
		fi
	done
	wait "$child"
	w_rc=$?
	child=
	[ -t 1 ] && printf '\r\033[K'
	if [ "$w_rc" -ne 0 ]; then
		say "  $w_what: failed after $(elapsed "$w_t0")"
		telling "$w_log"
		return "$w_rc"
	fi
	w_n=$(grep -cE "$compiles" "$w_log")
	[ "$w_n" -gt "$(cat "$w_log.count" 2>/dev/null || echo 50)" ] &&
		echo "$w_n" >"$w_log.count"
	say "  $w_what: $(elapsed "$w_t0")"
}

# Every child of $1, deepest first.
descendants() {
	local c

	for c in $(pgrep -P "$1" 2>/dev/null); do
		descendants "$c"
		echo "$c"
	done
}

child=
lock_fd=9
on_signal() {
	trap - INT TERM HUP
	if [ -n "$child" ]; then
		# shellcheck disable=SC2046	# a list of numbers
		kill -TERM $(descendants "$child") "$child" 2>/dev/null
		wait "$child" 2>/dev/null
	fi
	printf '\n%s: interrupted; the same command goes on from here\n' \
		"$me" >&2
	exit 130
}
trap on_signal INT TERM HUP

# add_up NAME COMMAND...: of a command that ends in "NAME: N passed, N failed", adds
# both to $passed and $failed, and shows what else it says.  False if it broke off,
# or checked nothing.
add_up() {
	local name=$1 line p=0 f=0

	shift
	while read -r line; do
		if [[ $line =~ ^"$name: "([0-9]+)" passed, "([0-9]+)" failed"$ ]]
		then
			p=${BASH_REMATCH[1]} f=${BASH_REMATCH[2]}
		else
			say "  $line"
		fi
	done < <("$@")
	passed=$((passed + p)) failed=$((failed + f))
	[ $((p + f)) -gt 0 ]
}

# tally NAME PASSED FAILED: the last line of every target.
tally() {
	say "$1: $2 passed, $3 failed"
	[ "$3" -eq 0 ] && [ "$2" -gt 0 ]
}
