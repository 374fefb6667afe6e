# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What tests/machine/run is made of: the initramfs, the test disks, QEMU, and
# the reading of what came out.  Everything made here is kept in build/machine,
# with a stamp of what it was made from, and made again only if that changed.

# shellcheck source=tools/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../tools/lib.sh"
here=$top/tests/machine
out=$build/machine
# shellcheck source=tests/machine/arch.sh
. "$here/arch.sh"

# Programs of the host that the guest uses, with the libraries they need
guest_programs=(fio mkfs.ext4 mkfs.xfs mdadm dmsetup)

# What must not be in a console log: the kernel complaining about itself, about
# a drive or what is on it, or that it no longer looks
complaints='WARNING:|BUG:|Oops|Kernel panic|Call Trace|INFO: (task|rcu)'
complaints+='|UBSAN:|possible recursive locking|circular locking|inconsistent lock'
complaints+='|general protection|refcount_t:|list_(add|del) corruption'
complaints+='|DMA-API: .*(out of memory|disabl)|EXT4-fs (error|warning)'
complaints+='|XFS .*([Cc]orrupt|[Ee]rror|shutting down)'
io_complaints='I/O error(, dev| on dev)|critical [a-z]+ error|lost (async|sync) page write'
# What the guest's shell says of a script that is broken.  It goes on with the
# next line, so that a check is lost, or one of what must not be there passes.
shell_complaints=': not found|syntax error|bad substitution|: bad number'
shell_complaints+='|: unknown operand|divide by zero|parameter not set'
# The least number of checks that each machine makes
counts=$top/tests/results/machines.txt

# pass WORDS, fail WORDS: checks on the host look like those in the guest
pass() {
	passed=$((passed + 1))
	say "  PASS  $*"
}

fail() {
	failed=$((failed + 1))
	say "  FAIL  $*"
}

indented() {
	sed 's/^/        | /'
}

# made_from FILE INPUT...: is FILE made of exactly these inputs?  An input is
# a file, or a word
made_from() {
	local file=$1 stamp=$1.stamp
	shift
	stamp_of "$@" > "$stamp.new"
	[[ -e $file && -e $stamp ]] && cmp -s "$stamp" "$stamp.new"
}

stamp_of() {
	local input
	for input; do
		if [[ -f $input ]]; then
			sha256sum "$input"
		else
			printf '%s\n' "$input"
		fi
	done
}

# Only a finished file gets its stamp, so that an interrupted run starts over
made() {
	mv "$1.stamp.new" "$1.stamp"
}

# For the machine in $out/bin-ARCH, and for this host, which uses some as well,
# in $out/bin
compile_guest_programs() {
	local source program
	bin=$out/bin${sysroot:+-$arch}
	mkdir -p "$out/bin" "$bin"
	for source in "$here"/guest/*.c; do
		compile_for "${HOSTCC:-gcc}" "$out/bin" "$source"
		[[ -z $sysroot ]] || compile_for "${cross}gcc" "$bin" "$source"
	done
}

# compile_for COMPILER DIRECTORY SOURCE
compile_for() {
	local program
	program=$2/$(basename "$3" .c)
	made_from "$program" "$3" "$here"/guest/*.h && return
	"$1" -static -O2 -Wall -Wextra -Werror -o "$program" "$3" ||
		die "cannot compile $3 with $1 (its libc6-dev installed?)"
	made "$program"
}

# The initramfs is not compressed: the emulated processor would take longer to
# unpack it than the host to read it.  Where Debian has no programs to put in,
# it is the programs here and no shell; the kernel is told which is init.
make_initramfs() {
	local root=$out/root busybox='' name path lib programs=() libs=() found=
	initramfs=$out/initramfs${sysroot:+-$arch}.cpio
	compile_guest_programs
	if [[ -n $debian ]]; then
		[[ -z $sysroot ]] || "$top/tools/guest-root" "$arch" || exit
		busybox=$(program busybox) || exit
		for name in "${guest_programs[@]}"; do
			path=$(program "$name") || exit
			programs+=("$path")
		done
		found=$(libraries_of "${programs[@]}") || exit
		mapfile -t libs <<<"$found"
	fi

	made_from "$initramfs" "$busybox" "${programs[@]}" "${libs[@]}" \
		"$bin"/p2p* "$here"/guest/* "$here"/fio/* \
		"$here/lib.sh" "$here/arch.sh" && return
	say "  making the initramfs"
	rm -rf "$root"
	mkdir -p "$root"/{bin,dev,lib,guest,fio,usr/bin}
	[[ -z $busybox ]] || cp "$busybox" "$root/bin/busybox"
	for path in "${programs[@]}"; do
		cp -L "$path" "$root/usr/bin/"
	done
	for lib in "${libs[@]}"; do
		mkdir -p "$root$(dirname "${lib#"$sysroot"}")"
		cp -L "$lib" "$root${lib#"$sysroot"}"
	done
	for name in "$here"/guest/*.c; do
		cp "$bin/$(basename "$name" .c)" "$root/usr/bin/"
	done
	cp "$here"/fio/*.fio "$root/fio/"
	cp "$here"/guest/*.sh "$root/guest/"
	mv "$root/guest/checks.sh" "$root/lib/"
	install -m 755 "$here/guest/init" "$root/init"
	(cd "$root" && find . | sort | cpio -o -H newc -R 0:0 --quiet) \
		> "$initramfs" || die "cannot write $initramfs"
	rm -rf "$root"
	made "$initramfs"
}

# make_disk FILE MIB [NOISE-MIB SEED]: a sparse raw disk, the first part noise.
# Made anew for every run: the guest writes to it.
make_disk() {
	local noise
	rm -f "$1"
	if (($# > 2)); then
		noise=$out/noise.$3.$4
		if ! made_from "$noise" "$here/guest/p2pfill.c"; then
			"$out/bin/p2pfill" "$4" $(($3 << 20)) > "$noise" ||
				die "cannot write $noise"
			made "$noise"
		fi
		cp --sparse=auto "$noise" "$1"
	fi
	truncate -s "$2M" "$1" || die "cannot make $1"
}

# When the kernel gives up: at the first complaint, and not before a slow host
# could be the reason.
patience="panic=-1 panic_on_warn=1 oops=panic hung_task_panic=1"
patience+=" rcupdate.rcu_cpu_stall_timeout=60 no_timer_check"

# emulate NAME KERNEL TIMEOUT CMDLINE QEMU-OPTION...: the kernel's console goes
# to a file, the guest's report to standard output
emulate() {
	local name=$1 kernel=$2 limit=$3 cmdline=$4
	shift 4
	timeout -k 5 "$limit" "${emulator[@]}" \
		-nodefaults -no-user-config -display none -no-reboot \
		-kernel "$kernel" -initrd "$initramfs" \
		-append "console=$console_of report=$report_of $patience $cmdline" \
		-serial "file:$console" "${second_port[@]}" "$@" \
		</dev/null 2> "$log/machine-$name.qemu"
}

# boot NAME ...: emulates a machine, shows its report and keeps it.  In the
# background, so that a signal to this script ends the machine at once.
boot() {
	local started=$SECONDS
	console=$log/machine-$1.console
	report=$log/machine-$1.report
	(
		emulate "$@" | tee "$report" |
			grep --line-buffered -v -e '^VERDICT' -e '^SEEN'
		exit "${PIPESTATUS[0]}"
	) &
	child=$!
	wait "$child"
	qemu_status=$?
	child=
	say "  the machine ran for $((SECONDS - started)) s"
}

# The console without lockdep's reports on what a machine says is the stock
# kernel's own: $lockdep_of_stock, for each a paragraph of regular expressions that
# all match it, but for those after a "!", of which none does.
# It reports a circle once and then no more, so such a machine does what it is
# about last.
watched_console() {
	LOCKDEP_OF_STOCK=${lockdep_of_stock:-} awk '
	function one(text, all,   n, re, i, not) {
		n = split(all, re, "\n")
		for (i = 1; i <= n; i++) {
			not = sub(/^!/, "", re[i])
			if ((text ~ re[i]) == not)
				return 0
		}
		return n > 0
	}
	function known(text,   n, each, i) {
		n = split(ENVIRON["LOCKDEP_OF_STOCK"], each, "\n\n")
		for (i = 1; i <= n; i++)
			if (one(text, each[i]))
				return 1
		return 0
	}
	# two processors may report at once: then both are one report
	/possible circular locking dependency|workqueue leaked atomic, lock/ {
		if (!inside++)
			report = ""
	}
	inside {
		report = report $0 "\n"
		if (/<\/TASK>/ && !--inside && !known(report))
			printf "%s", report
		next
	}
	{ print }
	END { if (inside) printf "%s", report }' "$console"
}

# seen_by_drives: is what the guest says the drives were told (lines "SEEN")
# what QEMU saw them being told?  A drive's own memory is not counted: it does not
# go over the bus.
seen_by_drives() {
	local line n what first last wanted hex='0x[0-9a-f]+'
	# In a log of another form, nothing would be found that must not be there.
	if ! grep -qE " addr $hex len [0-9]" "${drives_log?}"; then
		fail "QEMU has not said what it saw drives do"
		return
	fi
	while IFS= read -r line; do
		read -r _ what first last wanted <<<"$line"
		if ! [[ $line =~ ^SEEN\ told\ $hex\ $hex\ [1-9][0-9]*$ ||
			$line =~ ^SEEN\ never\ $hex\ $hex$ ]] ||
		   ((first > last)); then
			fail "the guest does not say where drives were: $line"
			continue
		fi
		n=$(used_by_drives "$first" "$last")
		case $what in
		told)
			if ((n >= wanted)); then
				pass "QEMU saw drives use $n bytes in" \
					"$first-$last"
			else
				fail "QEMU saw drives use $n bytes in" \
					"$first-$last, wanted $wanted"
			fi ;;
		never)
			if ((n == 0)); then
				pass "QEMU saw no drive use $first-$last"
			else
				fail "QEMU saw drives use $n bytes in" \
					"$first-$last"
			fi ;;
		esac
	done < <(grep '^SEEN' "$report" | grep -v '^SEEN table ')
}

# used_by_drives FIRST LAST: how many bytes QEMU saw them use there
used_by_drives() {
	awk -v first="$1" -v last="$2" '
	function number(hex,   i, n) {
		if (hex in known)
			return known[hex]
		for (i = 3; i <= length(hex); i++)
			n = n * 16 + index("0123456789abcdef",
					   substr(hex, i, 1)) - 1
		return known[hex] = n
	}
	BEGIN { first = number(first); last = number(last) }
	/ addr 0x.* len / {
		a = len = $0
		sub(/.* addr /, "", a)
		sub(/ .*/, "", a)
		sub(/.* len /, "", len)
		a = number(a)
		if (a >= first && a <= last)
			n += /map_addr_cmb/ ? -len : len
	}
	END { printf "%.0f\n", n }' "${drives_log?}"
}

# judge NAME: adds the outcome of the last boot to $passed and $failed
judge() {
	local verdict watched bad
	verdict=$(tail -n 1 "$report")
	if [[ $verdict =~ ^VERDICT\ passed=([0-9]+)\ failed=([0-9]+)$ ]]; then
		passed=$((passed + BASH_REMATCH[1]))
		failed=$((failed + BASH_REMATCH[2]))
		((BASH_REMATCH[1] + BASH_REMATCH[2] > 0)) ||
			fail "the machine has checked nothing"
	else
		fail "the machine ended without a verdict (QEMU: status" \
			"$qemu_status, 124 is a timeout); its last words:"
		tail -n 15 "$console" | indented
		tail -n 5 "$log/machine-$1.qemu" | indented
	fi
	watched=$(watched_console)
	bad=$complaints
	[[ -n $io_errors ]] || bad+="|$io_complaints"
	if ! grep -q "Linux version" <<<"$watched"; then
		fail "there is no kernel log"
	elif grep -qE "$bad" <<<"$watched"; then
		fail "the kernel complains:"
		grep -E -A 20 "$bad" <<<"$watched" | head -n 40 | indented
	else
		pass "no warning, bug, lock report or IO error in the kernel log"
	fi
	# On the console, what the kernel says has the time before it.
	bad=$(grep -hE "$shell_complaints" "$report" \
		<(grep -v '^\[ *[0-9]' "$console"))
	[[ -z $bad ]] || {
		fail "the guest's shell complains:"
		head -n 10 <<<"$bad" | indented
	}
}

# enough NAME CHECKS: has the machine made as many as are kept of it?
enough() {
	local least
	least=$(awk -v key="$KERNEL $1" '$1 " " $2 == key { print $3 }' "$counts" \
		2>/dev/null)
	if [[ -z $least ]]; then
		fail "no count kept of $1 on $KERNEL: see tests/machine/run -k"
	elif (($2 < least)); then
		fail "$1 made $2 checks, and $least are kept of it"
	fi
}

# keep_counts NAME CHECKS...: of these machines, instead of what was kept.  Which
# kernel that was, the console says.
keep_counts() {
	local rows version
	rows=$(grep -E '^[0-9]' "$counts" 2>/dev/null)
	while (($#)); do
		version=$(sed -n 's/.*Linux version \([^ ]*\) .*/\1/p' \
			"$log/machine-$1.console" | head -n 1)
		rows=$(awk -v key="$KERNEL $1" '$1 " " $2 != key' <<<"$rows"
			printf '%-6s %-20s %6s  %-10s %s\n' "$KERNEL" "$1" \
				"$2" "$version" "$(date +%F)")
		shift 2
	done
	{
		printf '%s %s\n\n' "\`\`tests/machine/run -k\`\`: the least number" \
			"of checks that each machine makes"
		printf '%-6s %-20s %6s  %-10s %s\n' KERNEL machine checks \
			Linux kept
		grep . <<<"$rows" | sort -k 1,1V -k 2,2
	} > "$counts.new" && mv "$counts.new" "$counts"
}

# bio_vec_has BYTES: as pahole says of this kernel.  One of its files is compiled
# again, as it was but with debug information, which all of it would make large.
bio_vec_has() {
	local size command object=$out/bio.o
	command=$(sed -n '1s/^[^=]*:= //p' \
		"$build/kernel/$kernel/block/.bio.o.cmd" |
		sed "s, -o [^ ]*bio.o , -g -o $object ,; s/ ; .*//")
	rm -f "$object"
	(cd "$build/kernel/$kernel" && eval "$command")
	size=$(pahole -C bio_vec "$object" |
		sed -n 's/.*size: \([0-9]*\).*/\1/p')
	if [[ $size == "$1" ]]; then
		pass "pahole: a bio_vec of this kernel has $size bytes"
	else
		fail "pahole: a bio_vec has ${size:-no} bytes, wanted $1"
	fi
}
