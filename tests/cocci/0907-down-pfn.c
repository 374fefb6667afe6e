// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

static vm_fault_t fault(struct vm_fault *vmf, unsigned long pfn)
{
	return vmf_insert_mixed(vmf->vma, vmf->address, pfn);
}
