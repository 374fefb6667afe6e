// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peer-to-peer memory in processes: the sysfs files of a provider, and the
 * mappings of p2pmem/allocate.
 *
 * Each mapping is a buffer of its own, behind a file of its own.  The pages
 * have no struct page, so nothing but the VMA tells what they are: direct IO
 * finds the buffer by the VMA (block/bio-phys.c), and zapping finds the VMAs by
 * the file.
 */

#include <linux/anon_inodes.h>
#include <linux/cleanup.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/kstrtox.h>
#include <linux/mm.h>
#include <linux/sched/coredump.h>
#include <linux/sched/mm.h>
#include "p2pmem.h"

/*
 * Another process's mapping, by fork().  MMF_HAS_P2PMEM is never cleared: it
 * only says that a look at the VMAs is worth it.
 */
static void p2pmem_vm_open(struct vm_area_struct *vma)
{
	set_bit(MMF_HAS_P2PMEM, &vma->vm_mm->flags);
}

/**
 * p2pmem_vma_phys - the physical address behind a user address
 * @vma: a VMA that p2pmem_vma_buf() knows
 * @addr: user address inside it
 *
 * Context: any, under mmap_lock.
 * Return: CPU physical address.
 */
phys_addr_t p2pmem_vma_phys(const struct vm_area_struct *vma,
			    unsigned long addr)
{
	struct p2pmem_buf *buf = vma->vm_file->private_data;

	return buf->phys + ((phys_addr_t)vma->vm_pgoff << PAGE_SHIFT) +
	       (addr - vma->vm_start);
}

/*
 * p2pmem_lock orders this with p2pmem_zap(): either the entries are there
 * before the buffer is declared dead, and are zapped, or none are made.
 */
static vm_fault_t p2pmem_vm_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct p2pmem_buf *buf = vma->vm_file->private_data;
	unsigned long addr, end;
	vm_fault_t ret;

	guard(mutex)(&p2pmem_lock);
	if (!buf->live)
		return VM_FAULT_SIGBUS;

	ret = vmf_insert_pfn(vma, vmf->address & PAGE_MASK,
			     PHYS_PFN(p2pmem_vma_phys(vma, vmf->address)));

	/* the memory is there as a whole, so spare the process the faults */
	addr = max(vmf->address & PMD_MASK, vma->vm_start);
	end = min(addr + PMD_SIZE, vma->vm_end);
	for (; addr < end && ret == VM_FAULT_NOPAGE; addr += PAGE_SIZE)
		ret = vmf_insert_pfn(vma, addr,
				     PHYS_PFN(p2pmem_vma_phys(vma, addr)));
	return ret;
}

static const struct vm_operations_struct p2pmem_vm_ops = {
	.open	= p2pmem_vm_open,
	.fault	= p2pmem_vm_fault,
};

static int p2pmem_file_release(struct inode *inode, struct file *file)
{
	struct p2pmem_buf *buf = file->private_data;

	mutex_lock(&p2pmem_lock);
	buf->mapping = NULL;
	mutex_unlock(&p2pmem_lock);
	p2pmem_buf_put(buf);
	return 0;
}

static const struct file_operations p2pmem_file_fops = {
	.owner		= THIS_MODULE,
	.release	= p2pmem_file_release,
};

/**
 * p2pmem_vma_buf - the buffer that a VMA maps
 * @vma: any VMA, under mmap_lock
 *
 * Context: any, under the lock.
 * Return: the buffer, or NULL if the VMA is something else.
 */
struct p2pmem_buf *p2pmem_vma_buf(const struct vm_area_struct *vma)
{
	if (vma->vm_ops != &p2pmem_vm_ops)
		return NULL;
	return vma->vm_file->private_data;
}

/*
 * A fresh buffer must not show what another process left in it.  Cleared when
 * it is handed out rather than when it is freed: by then the device may be
 * gone, and freeing may run in an interrupt.
 */
static int p2pmem_clear(struct p2pmem_buf *buf)
{
	void __iomem *vaddr = ioremap_wc(buf->phys, buf->size);

	if (!vaddr)
		return -ENOMEM;
	memset_io(vaddr, 0, buf->size);
	iounmap(vaddr);
	return 0;
}

static int p2pmem_mmap(struct file *filp, struct kobject *kobj,
		       struct bin_attribute *attr, struct vm_area_struct *vma)
{
	struct pci_dev *pdev = to_pci_dev(kobj_to_dev(kobj));
	size_t size = vma->vm_end - vma->vm_start;
	struct p2pmem_buf *buf;
	struct file *file;
	int error;

	if ((vma->vm_flags & VM_MAYSHARE) != VM_MAYSHARE) {
		pci_info_ratelimited(pdev, "%s: peer-to-peer memory cannot be mapped MAP_PRIVATE, use MAP_SHARED\n",
				     current->comm);
		return -EINVAL;
	}
	if (vma->vm_pgoff) {
		pci_info_ratelimited(pdev, "%s: each mapping of peer-to-peer memory is a new buffer, the offset must be 0\n",
				     current->comm);
		return -EINVAL;
	}

	buf = p2pmem_buf_alloc(pdev, size, current_uid());
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	error = p2pmem_clear(buf);
	if (error)
		goto put;

	/*
	 * A file of its own: it holds the buffer, every VMA holds the file,
	 * and its address_space finds the mappings when they must be zapped.
	 */
	file = anon_inode_create_getfile("[p2pmem]", &p2pmem_file_fops, buf,
					 O_RDWR, NULL);
	if (IS_ERR(file)) {
		error = PTR_ERR(file);
		goto put;
	}
	mutex_lock(&p2pmem_lock);
	buf->mapping = file->f_mapping;
	mutex_unlock(&p2pmem_lock);

	vma_set_file(vma, file);
	fput(file);
	vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_page_prot = pgprot_writecombine(vma->vm_page_prot);
	vma->vm_ops = &p2pmem_vm_ops;

	p2pmem_vm_open(vma);
	return 0;
put:
	p2pmem_buf_put(buf);
	return error;
}

/* Bytes of all chunks together, less those that buffers have if @free. */
static u64 p2pmem_sum(struct pci_dev *pdev, bool free)
{
	struct p2pmem_chunk *chunk;
	struct p2pmem *p;
	u64 sum = 0;

	guard(mutex)(&p2pmem_lock);
	p = p2pmem_find(pdev);
	if (!p)
		return 0;
	list_for_each_entry(chunk, &p->chunks, node) {
		sum += chunk->size;
		if (free)
			sum -= p2pmem_chunk_used(chunk, NULL);
	}
	return sum;
}

static ssize_t size_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	return sysfs_emit(buf, "%llu\n", p2pmem_sum(to_pci_dev(dev), false));
}
static DEVICE_ATTR_RO(size);

static ssize_t available_show(struct device *dev, struct device_attribute *attr,
			      char *buf)
{
	return sysfs_emit(buf, "%llu\n", p2pmem_sum(to_pci_dev(dev), true));
}
static DEVICE_ATTR_RO(available);

static ssize_t published_show(struct device *dev, struct device_attribute *attr,
			      char *buf)
{
	struct p2pmem *p;

	guard(mutex)(&p2pmem_lock);
	p = p2pmem_find(to_pci_dev(dev));
	return sysfs_emit(buf, "%d\n", p && p->published);
}
static DEVICE_ATTR_RO(published);

static ssize_t user_limit_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	struct p2pmem *p;

	guard(mutex)(&p2pmem_lock);
	p = p2pmem_find(to_pci_dev(dev));
	return sysfs_emit(buf, "%llu\n", p ? p->user_limit : 0);
}

static ssize_t user_limit_store(struct device *dev,
				struct device_attribute *attr,
				const char *buf, size_t len)
{
	struct p2pmem *p;
	u64 limit;
	int error;

	error = kstrtou64(buf, 0, &limit);
	if (error)
		return error;

	guard(mutex)(&p2pmem_lock);
	p = p2pmem_find(to_pci_dev(dev));
	if (!p)
		return -ENODEV;
	p->user_limit = limit;
	return len;
}
static DEVICE_ATTR_RW(user_limit);

static struct bin_attribute p2pmem_alloc_attr = {
	.attr = { .name = "allocate", .mode = 0660 },
	.mmap = p2pmem_mmap,
	/* programs that look before they map find room enough */
	.size = sizeof(size_t) > sizeof(u32) ? SZ_1T : SZ_2G,
};

static struct attribute *p2pmem_attrs[] = {
	&dev_attr_size.attr,
	&dev_attr_available.attr,
	&dev_attr_published.attr,
	&dev_attr_user_limit.attr,
	NULL,
};

static struct bin_attribute *p2pmem_bin_attrs[] = {
	&p2pmem_alloc_attr,
	NULL,
};

const struct attribute_group p2pmem_group = {
	.attrs = p2pmem_attrs,
	.bin_attrs = p2pmem_bin_attrs,
	.name = "p2pmem",
};
