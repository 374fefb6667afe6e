// SPDX-License-Identifier: GPL-2.0-only
static bool mapped(void)
{
	return current->mm && mm_flags_test(MMF_HAS_P2PMEM, current->mm);
}

static void opened(struct vm_area_struct *vma)
{
	mm_flags_set(MMF_HAS_P2PMEM, vma->vm_mm);
}
