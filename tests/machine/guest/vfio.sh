# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# Nothing reaches a buffer without holding it: not a device that a program drives
# by VFIO, and nobody else who takes pages of processes.  The machine is in
# vfio.conf.

# shellcheck source=tests/machine/guest/p2p.sh
. /guest/p2p.sh

wait_for_drives
pciC=$(pci_of "$(controller C)")
memC=/sys/bus/pci/devices/$pciC/p2pmem/allocate
edu=$(pci_by_id 0x12340x11e8)
sys=/sys/bus/pci/devices/$edu
USER=1000

# Nothing but this opens them, and only its user may.
give() {
	chown $USER "$memC" /dev/iommu && chown -R $USER /dev/vfio
}

# At the end: what was given back may be given away, and the provider is idle.
idle() {
	for _ in 1 2 3 4 5; do
		[ "$(cat "${memC%/*}/available")" != "$free" ] || return 0
		sleep 1
	done
	cat "${memC%/*}/available"
	return 1
}

section "1. A device that a program drives"
check "drive C offers memory" [ -e "$memC" ]
# its submission queues have the rest
free=$(cat "${memC%/*}/available")
echo vfio-pci > "$sys/driver_override"
echo "$edu" > /sys/bus/pci/drivers_probe
check "the device is bound to vfio-pci, behind an IOMMU" \
	[ -e "/dev/vfio/$(basename "$(readlink "$sys/iommu_group")")" ]
check "root, type1: nothing is mapped, nobody's bytes change" \
	p2pvfio "$edu" "$memC"
check "root, iommufd: nothing is mapped, nobody's bytes change" \
	p2pvfio -i "$edu" "$memC"
check "a user is given the device and the memory" give
check "the user, type1: nothing is mapped, nobody's bytes change" \
	p2pvfio -u $USER "$edu" "$memC"
check "the user, iommufd: nothing is mapped, nobody's bytes change" \
	p2pvfio -i -u $USER "$edu" "$memC"

section "2. Whoever else takes pages of a process, or walks its tables"
check "pages: whoever asks for one is refused" p2ppages take "$memC"
check "walks: they may, and the memory is as before" p2ppages walk "$memC"

section "3. The drive's memory"
check "is all free again" idle
check "takes P2P IO as ever" p2pio "$(namespace "$(controller A)" 1)" 0 \
	"$memC:65536"
! ours || is "no mapping is left" \
	"$(grep -c "provider $pciC .*inflight 0$" $debug/ranges)" 1
