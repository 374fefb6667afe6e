// SPDX-License-Identifier: GPL-2.0-only
static int map(struct file *filp, struct kobject *kobj,
	       const struct bin_attribute *attr,
	       struct vm_area_struct *vma)
{
	return -ENODEV;
}

static const struct bin_attribute alloc_attr = {
	.mmap = map,
};

static const struct bin_attribute *const bin_attrs[] = {
	&alloc_attr,
	NULL,
};
