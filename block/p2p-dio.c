// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gate of direct IO: which files may have peer-to-peer memory of a process.
 *
 * A file that takes it says so (FOP_P2P_DIO): its direct IO becomes bios that
 * carry addresses, and nobody looks at the data.  All others are refused here,
 * before they do anything.  So is what a file system that takes it would do
 * through the page cache: the CPU would copy the data.
 */

#define pr_fmt(fmt) "p2p-dio: " fmt

#include <linux/bio-phys.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/p2p-dio.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

/**
 * p2p_dio_refuse - direct IO of peer-to-peer memory that the CPU would copy
 * @iocb: the read or write
 * @why: for the message: what would be done with the data
 *
 * Context: process context, may sleep.
 * Return: -EOPNOTSUPP.
 */
int p2p_dio_refuse(const struct kiocb *iocb, const char *why)
{
	struct file *file = iocb->ki_filp;

	pr_warn_ratelimited("%s[%d]: no direct IO of peer-to-peer memory for %pD4 (%s): %s\n",
			    current->comm, task_pid_nr(current), file,
			    file->f_mapping->host->i_sb->s_type->name, why);
	return -EOPNOTSUPP;
}
EXPORT_SYMBOL_GPL(p2p_dio_refuse);

/* What keeps a file from taking peer-to-peer memory; NULL if nothing does. */
static const char *p2p_dio_hindrance(const struct file *file)
{
	const struct inode *inode = file->f_mapping->host;

	if (!(file->f_op->fop_flags & FOP_P2P_DIO))
		return "files of this kind may be read and written by the CPU";
	if (IS_DAX(inode))
		return "the CPU copies from and to DAX files";
	if (IS_ENCRYPTED(inode) || IS_VERITY(inode))
		return "encrypted and verified data passes the CPU";
	return NULL;
}

/* The rest of p2p_dio_check(): it may be peer-to-peer memory. */
int __p2p_dio_check(const struct kiocb *iocb, struct iov_iter *iter)
{
	const struct file *file = iocb->ki_filp;
	const char *why;
	int error;

	/* a retry finds the mark of the last attempt */
	iter->p2p = ITER_P2P_UNKNOWN;
	if (!iov_iter_count(iter))
		return 0;
	/* O_DIRECT of a pipe is about its packets */
	if (S_ISFIFO(file_inode(file)->i_mode))
		return 0;

	error = bio_phys_check_iter(iter, NULL, true);
	if (error || !iov_iter_is_p2p(iter))
		return error;
	why = p2p_dio_hindrance(file);
	if (!why)
		return 0;
	iter->p2p = ITER_P2P_UNKNOWN;
	return p2p_dio_refuse(iocb, why);
}
EXPORT_SYMBOL_GPL(__p2p_dio_check);

/* The rest of p2p_explain_fault(): there is a provider. */
int __p2p_explain_fault(unsigned long addr, size_t len, const char *use)
{
	unsigned long end = untagged_addr(addr) + len;
	struct vm_area_struct *vma;

	if (!current->mm || mmap_read_lock_killable(current->mm))
		return -EFAULT;
	vma = find_vma_intersection(current->mm, end - len, end);
	while (vma && !p2pmem_vma_buf(vma) &&
	       !(vma->vm_flags & (VM_IO | VM_PFNMAP)))
		vma = find_vma_intersection(current->mm, vma->vm_end, end);
	if (!vma)
		;	/* as with any bad address */
	else if (p2pmem_vma_buf(vma))
		pr_warn_ratelimited("%s[%d]: peer-to-peer memory cannot be %s yet: it has no pages\n",
				    current->comm, task_pid_nr(current), use);
	else if (vma->vm_file)
		pr_warn_ratelimited("%s[%d]: a mapping of device memory (%pD) cannot be %s: map p2pmem/allocate of the device for direct IO\n",
				    current->comm, task_pid_nr(current),
				    vma->vm_file, use);
	mmap_read_unlock(current->mm);
	return -EFAULT;
}
EXPORT_SYMBOL_GPL(__p2p_explain_fault);
