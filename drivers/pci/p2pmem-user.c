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
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include "p2pmem.h"

/*
 * Another process's mapping, by fork().  MMF_HAS_P2PMEM is never cleared: it
 * only says that a look at the VMAs is worth it.
 */
static void p2pmem_vm_open(struct vm_area_struct *vma)
{
	mm_flags_set(MMF_HAS_P2PMEM, vma->vm_mm);
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

static vm_fault_t p2pmem_insert(struct vm_area_struct *vma, unsigned long addr)
{
	unsigned long pfn = PHYS_PFN(p2pmem_vma_phys(vma, addr));

	/*
	 * Without a bit in the entry that says so, mm/ takes anything that
	 * has a memmap for a page in a VM_MIXEDMAP mapping, also when it is
	 * only in one section with memory, and counts references on it.
	 */
	if (!IS_ENABLED(CONFIG_ARCH_HAS_PTE_SPECIAL) && pfn_valid(pfn))
		return VM_FAULT_SIGBUS;
	return vmf_insert_mixed(vma, addr, pfn);
}

/* The memory is there as a whole, so spare the process more faults. */
static vm_fault_t p2pmem_insert_around(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	unsigned long addr, end;
	vm_fault_t ret;

	ret = p2pmem_insert(vma, vmf->address & PAGE_MASK);
	addr = max(vmf->address & PMD_MASK, vma->vm_start);
	end = min(addr + PMD_SIZE, vma->vm_end);
	for (; addr < end && ret == VM_FAULT_NOPAGE; addr += PAGE_SIZE)
		ret = p2pmem_insert(vma, addr);
	return ret;
}

/* Wait for the lift without mmap_lock, then let the access try again. */
static vm_fault_t p2pmem_fault_retry(struct vm_fault *vmf,
				     struct p2pmem_buf *buf)
{
	const unsigned int by_user = FAULT_FLAG_USER | FAULT_FLAG_INTERRUPTIBLE;
	unsigned int state = TASK_KILLABLE;

	if (vmf->flags & FAULT_FLAG_RETRY_NOWAIT)
		return VM_FAULT_RETRY;
	/* others would come back at once, with the signal still pending */
	if ((vmf->flags & by_user) == by_user)
		state = TASK_INTERRUPTIBLE;
	p2pmem_buf_ref(buf);
	release_fault_lock(vmf);
	p2pmem_chunk_wait(buf->chunk, state);
	p2pmem_buf_unref(buf);
	return VM_FAULT_RETRY;
}

static vm_fault_t p2pmem_vm_fault(struct vm_fault *vmf)
{
	struct p2pmem_buf *buf = vmf->vma->vm_file->private_data;
	int error;

	do {
		/* so that nothing is allocated under the lock */
		if (pte_alloc(vmf->vma->vm_mm, vmf->pmd))
			return VM_FAULT_OOM;
		/* pairs with p2pmem_chunk_zap() */
		scoped_guard(mutex, &buf->lock) {
			error = p2pmem_chunk_check(buf->chunk);
			if (!error)
				return p2pmem_insert_around(vmf);
		}
		if (error == -EAGAIN) {
			if (vmf->flags & FAULT_FLAG_ALLOW_RETRY)
				return p2pmem_fault_retry(vmf, buf);
			error = p2pmem_chunk_wait(buf->chunk, TASK_KILLABLE);
		}
	} while (!error);
	return VM_FAULT_SIGBUS;
}

/*
 * What the CPU has written is in the memory when this returns: on PCI a read
 * does not overtake writes that take the same way.
 */
static void p2pmem_push(void __iomem *last)
{
	/* writes have left the processor before it reads; pairs with nobody */
	mb();
	readl(last);
	/* and it has read before it goes on */
	mb();
}

/*
 * For debuggers and /proc/PID/mem, who find no page.  @addr is in the mapping,
 * and so is its page.
 */
static int p2pmem_vm_access(struct vm_area_struct *vma, unsigned long addr,
			    void *data, int len, int write)
{
	struct p2pmem_buf *buf = vma->vm_file->private_data;
	unsigned long offset = offset_in_page(addr);
	void __iomem *vaddr;
	int error;

	if (write && !(vma->vm_flags & VM_WRITE))
		return -EACCES;
	len = min_t(unsigned long, len, PAGE_SIZE - offset);
	vaddr = ioremap_wc(p2pmem_vma_phys(vma, addr - offset), PAGE_SIZE);
	if (!vaddr)
		return -ENOMEM;
	/* whose mmap_lock this is need not know of a debugger that waits */
	error = p2pmem_chunk_hold(buf->chunk);
	if (!error) {
		if (write) {
			memcpy_toio(vaddr + offset, data, len);
			p2pmem_push(vaddr + PAGE_SIZE - sizeof(u32));
		} else {
			memcpy_fromio(data, vaddr + offset, len);
		}
		p2p_range_put(&buf->chunk->range.range);
	}
	iounmap(vaddr);
	return error ?: len;
}

static const struct vm_operations_struct p2pmem_vm_ops = {
	.open	= p2pmem_vm_open,
	.fault	= p2pmem_vm_fault,
	.access	= p2pmem_vm_access,
};

static int p2pmem_file_release(struct inode *inode, struct file *file)
{
	p2pmem_buf_release(file->private_data);
	return 0;
}

/* For msync(): there is nothing behind this memory. */
static int p2pmem_file_fsync(struct file *file, loff_t start, loff_t end,
			     int datasync)
{
	return p2pmem_buf_live(file->private_data) ? 0 : -EIO;
}

static const struct file_operations p2pmem_file_fops = {
	.owner		= THIS_MODULE,
	.release	= p2pmem_file_release,
	.fsync		= p2pmem_file_fsync,
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

static int p2pmem_clear_piece(struct p2pmem_chunk *chunk, phys_addr_t phys,
			      size_t size)
{
	void __iomem *vaddr;
	int error;

	/* before the reference, because this takes memory */
	vaddr = ioremap_wc(phys, size);
	if (!vaddr)
		return -ENOMEM;
	/*
	 * With mmap_lock, so other threads wait as well that are about to map.
	 * But programs expect that mmap() works.
	 */
	while ((error = p2pmem_chunk_hold(chunk)) == -EAGAIN) {
		error = p2pmem_chunk_wait(chunk, TASK_KILLABLE);
		if (error)
			break;
	}
	if (!error) {
		memset_io(vaddr, 0, size);
		p2pmem_push(vaddr + size - sizeof(u32));
		p2p_range_put(&chunk->range.range);
	}
	iounmap(vaddr);
	return error;
}

/* What others wait for when they fence the memory. */
#define P2PMEM_CLEAR	SZ_256K

/*
 * A fresh buffer must not show what another process left in it.  Cleared when
 * it is handed out rather than when it is freed: by then the device may be
 * gone, and freeing may run in an interrupt.
 *
 * Each piece is in the memory before the reference on the range is dropped.  So
 * a fence that has waited for it may be followed by a reset that loses what is
 * on its way; and a peer's write, which may come a shorter way, cannot be
 * overtaken by zeroes, because nobody knows the buffer yet.
 */
static int p2pmem_clear(struct p2pmem_buf *buf)
{
	struct p2pmem_chunk *chunk = buf->chunk;
	size_t pos, len;
	int error;

	for (pos = 0; pos < buf->size; pos += len) {
		len = min_t(size_t, buf->size - pos, P2PMEM_CLEAR);
		error = p2pmem_clear_piece(chunk, buf->phys + pos, len);
		if (error)
			return error;
		/* who removes the file waits for us */
		if (READ_ONCE(chunk->p->going))
			return -ENODEV;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

/*
 * A file of its own: it keeps the buffer, every VMA holds the file, and its
 * address_space finds the mappings when they must be zapped.
 */
static struct file *p2pmem_file(struct pci_dev *pdev, struct p2pmem_buf *buf)
{
	struct file *file;
	char name[48];

	/* what /proc/PID/maps shows */
	snprintf(name, sizeof(name), "[p2pmem %s]", pci_name(pdev));
	file = anon_inode_create_getfile(name, &p2pmem_file_fops, buf, O_RDWR,
					 NULL);
	if (!IS_ERR(file)) {
		guard(mutex)(&buf->lock);
		buf->mapping = file->f_mapping;
	}
	return file;
}

static int p2pmem_mmap(struct file *filp, struct kobject *kobj,
		       const struct bin_attribute *attr,
		       struct vm_area_struct *vma)
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
		goto release;
	file = p2pmem_file(pdev, buf);
	if (IS_ERR(file)) {
		error = PTR_ERR(file);
		goto release;
	}

	vma_set_file(vma, file);
	fput(file);
	/*
	 * Not VM_PFNMAP, nor VM_IO: who looks for frames in page tables takes
	 * those for memory that nobody counts, and maps it with no reference.
	 */
	vm_flags_set(vma, VM_MIXEDMAP | VM_DONTEXPAND | VM_DONTDUMP);
	/* the device knows nothing of memory encryption */
	vma->vm_page_prot =
		pgprot_decrypted(pgprot_writecombine(vma->vm_page_prot));
	vma->vm_ops = &p2pmem_vm_ops;

	p2pmem_vm_open(vma);
	return 0;
release:
	p2pmem_buf_release(buf);
	return error;
}

/* Bytes of all chunks together, or those that can be had if @free. */
static u64 p2pmem_sum(struct pci_dev *pdev, bool free)
{
	struct p2pmem *p = p2pmem_get(pdev);
	struct p2pmem_chunk *chunk = NULL;
	u64 sum = 0;
	int i = 0;

	if (!p)
		return 0;
	while ((chunk = p2pmem_chunk_next(p, chunk, &i))) {
		if (!free)
			sum += chunk->size;
		else if (!READ_ONCE(chunk->gone))
			sum += chunk->size - p2pmem_chunk_used(chunk, NULL);
	}
	p2pmem_put(p);
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
	struct p2pmem *p = p2pmem_get(to_pci_dev(dev));
	bool published = p && READ_ONCE(p->published);

	if (p)
		p2pmem_put(p);
	return sysfs_emit(buf, "%d\n", published);
}
static DEVICE_ATTR_RO(published);

static ssize_t user_limit_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	struct p2pmem *p = p2pmem_get(to_pci_dev(dev));
	u64 limit = 0;

	if (p) {
		scoped_guard(mutex, &p->limit_lock)
			limit = p->user_limit;
		p2pmem_put(p);
	}
	return sysfs_emit(buf, "%llu\n", limit);
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

	p = p2pmem_get(to_pci_dev(dev));
	if (!p)
		return -ENODEV;
	scoped_guard(mutex, &p->limit_lock)
		p->user_limit = limit;
	p2pmem_put(p);
	return len;
}
static DEVICE_ATTR_RW(user_limit);

static const struct bin_attribute p2pmem_alloc_attr = {
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

static const struct bin_attribute *const p2pmem_bin_attrs[] = {
	&p2pmem_alloc_attr,
	NULL,
};

const struct attribute_group p2pmem_group = {
	.attrs = p2pmem_attrs,
	.bin_attrs = p2pmem_bin_attrs,
	.name = "p2pmem",
};
