# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2054,SC2154
#
# The hardware that P2P is shown on: drives A and B behind one PCIe switch,
# so that they reach each other without passing the host bridge, and drive C
# behind a root port of its own, out of their reach.  B and C have memory that
# others may use (a controller memory buffer, CMB).
#
#   host bridge --+-- root port --- switch --+-- drive A
#                 |                          +-- drive B (64 MiB CMB)
#                 +-- root port --- drive C (64 MiB CMB)
#
# A and B have a second namespace each, for a file system, so that what the
# checks wrote to the first is still there when the machine is off.

# drive SERIAL BUS CMB-MIB FILE...: one NVMe drive, a namespace for each file
drive() {
	local serial=$1 bus=$2 cmb=$3 nsid=0 file
	shift 3
	qemu+=(-device "nvme,id=nvme$serial,serial=$serial,bus=$bus,cmb_size_mb=$cmb")
	for file; do
		nsid=$((nsid + 1))
		qemu+=(-drive "if=none,id=$serial$nsid,file=$file,format=raw,cache=unsafe"
		       -device "nvme-ns,drive=$serial$nsid,bus=nvme$serial,nsid=$nsid")
	done
}

# watch_drives: QEMU writes down every address that a drive is given
watch_drives() {
	drives_log=$log/machine-$name.drives
	rm -f "$drives_log"
	qemu+=(-trace 'pci_nvme_map_addr*' -D "$drives_log")
}

# same_on DISK DISK...: the host's own look at what was copied to what
same_on() {
	local from=$1 to
	shift
	for to; do
		if cmp -n $((16 << 20)) "$out/disks/$from" "$out/disks/$to"
		then
			pass "seen from outside: disk $to begins as $from does"
		else
			fail "seen from outside: disk $to is not as $from"
		fi
	done
}

# $switch_port is what the switch's downstream ports are: QEMU's model of one
# has no ACS, but its root port has, and works there just as well.
switch_hardware() {
	local disks=$out/disks port=${switch_port:-xio3130-downstream}
	mkdir -p "$disks"
	make_disk "$disks/a1" 256 64 1
	make_disk "$disks/a2" 512
	make_disk "$disks/b1" 256 64 2
	make_disk "$disks/b2" 512
	make_disk "$disks/c1" 256 64 3
	qemu+=(-device pcie-root-port,id=root1,bus=pcie.0,chassis=1,slot=1
	       -device x3130-upstream,id=up,bus=root1
	       -device "$port,id=down1,bus=up,chassis=2,slot=2"
	       -device "$port,id=down2,bus=up,chassis=3,slot=3"
	       -device "pcie-root-port,id=root2,bus=${root2_bus:-pcie.0},chassis=4,slot=4")
	drive A down1 0 "$disks/a1" "$disks/a2"
	drive B down2 64 "$disks/b1" "$disks/b2"
	drive C root2 64 "$disks/c1"
}
