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

switch_hardware() {
	local disks=$out/disks
	mkdir -p "$disks"
	make_disk "$disks/a1" 256 64 1
	make_disk "$disks/a2" 512
	make_disk "$disks/b1" 256 64 2
	make_disk "$disks/b2" 512
	make_disk "$disks/c1" 256 64 3
	qemu+=(-device pcie-root-port,id=root1,chassis=1,slot=1
	       -device x3130-upstream,id=up,bus=root1
	       -device xio3130-downstream,id=down1,bus=up,chassis=2,slot=2
	       -device xio3130-downstream,id=down2,bus=up,chassis=3,slot=3
	       -device pcie-root-port,id=root2,chassis=4,slot=4)
	drive A down1 0 "$disks/a1" "$disks/a2"
	drive B down2 64 "$disks/b1" "$disks/b2"
	drive C root2 64 "$disks/c1"
}
