# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2054,SC2154
#
# What differs between the architectures of the machines: the emulator, where
# the console and the report come out, and where the guest's programs are from.

# board ARCH: after arch_of ARCH, sets
#   emulator   QEMU and the board
#   console_of the kernel's console
#   report_of  the guest's second serial port, and
#   second_port  QEMU's options for it
#   sysroot    where the guest's programs and libraries are; "" is this host
board() {
	arch_of "$1"
	console_of=ttyS0
	report_of=ttyS1
	second_port=(-serial stdio)
	sysroot=$build/guest/$arch
	case $arch in
	x86_64)
		emulator=(qemu-system-x86_64 -machine q35 -cpu max
			  -accel tcg,thread=multi -smp 2 -m 1G)
		sysroot= ;;
	i386)
		# To this kernel, "max" is an AMD too old for two processors.
		emulator=(qemu-system-i386 -machine q35 -cpu coreduo
			  -accel tcg,thread=multi -smp 2 -m 1G) ;;
	arm64)
		emulator=(qemu-system-aarch64 -machine virt,gic-version=3
			  -cpu cortex-a72 -accel tcg,thread=multi -smp 2 -m 1G)
		# The board has one serial port; the other is a PCI card.
		console_of=ttyAMA0
		report_of=ttyS0
		second_port=(-chardev "stdio,id=report,signal=off"
			     -device pci-serial,chardev=report) ;;
	powerpc)
		emulator=(qemu-system-ppc -machine ppce500 -accel tcg -smp 1
			  -m 512M) ;;
	esac
	command -v "${emulator[0]}" >/dev/null ||
		die "${emulator[0]} is not installed: see tools/deps"
}

# program NAME: where the guest's program of that name is on this host
program() {
	local dir
	if [[ -z $sysroot ]]; then
		PATH=$PATH:/usr/sbin:/sbin command -v "$1" ||
			die "$1 is not installed"
		return
	fi
	for dir in bin sbin usr/bin usr/sbin; do
		[[ ! -x $sysroot/$dir/$1 ]] || {
			echo "$sysroot/$dir/$1"
			return
		}
	done
	die "no $1 in $sysroot"
}

# libraries_of PROGRAM...: the libraries they need, and the dynamic linker
libraries_of() {
	local program
	if [[ -n $sysroot ]]; then
		foreign_libraries_of "$@"
		return
	fi
	for program; do
		ldd "$program"
	done | grep -o '/[^ )]*' | sort -u
}

# ldd runs the program, so for another architecture the files must do: what
# they name, and what that names, until nothing new comes.
foreign_libraries_of() {
	local -A seen=()
	local todo=("$@") names name path
	while ((${#todo[@]})); do
		mapfile -t names < <(readelf -ld "${todo[@]}" 2>/dev/null |
			sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p
				s/.*interpreter: \(.*\)\]/\1/p' | sort -u)
		todo=()
		for name in "${names[@]}"; do
			[[ -z ${seen[$name]:-} ]] || continue
			path=$sysroot$name
			[[ $name == /* ]] || path=$(find "$sysroot" \
				-name "$name" | sort | head -n 1)
			[[ -e $path ]] || die "no library $name in $sysroot"
			seen[$name]=$path
			todo+=("$path")
		done
	done
	printf '%s\n' "${seen[@]}"
}
