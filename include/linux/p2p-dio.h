/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Direct IO of user memory, looked at before any file gets to see it: may this
 * file have peer-to-peer memory?
 *
 * RAM pays a static key, and where there is a provider a test of a flag and one
 * of the mm.  What is behind the gate compares one byte.
 */
#ifndef _LINUX_P2P_DIO_H
#define _LINUX_P2P_DIO_H

#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/uio.h>

/* &iov_iter.p2p: what has been found, or was told */
enum {
	ITER_P2P_UNKNOWN,	/* nobody looked */
	ITER_P2P_ALL,		/* peer-to-peer memory of one provider */
	ITER_P2P_NONE,		/* RAM */
	ITER_P2P_RAM,		/* RAM, as iov_iter_set_ram() said */
};

#if defined(CONFIG_DMA_PHYS_P2P) && defined(CONFIG_BLOCK)

#include <linux/p2p_range_tree.h>
#include <linux/pci-p2pmem.h>

int __p2p_dio_check(const struct kiocb *iocb, struct iov_iter *iter);
int p2p_dio_refuse(const struct kiocb *iocb, const char *why);
int __p2p_explain_fault(unsigned long addr, size_t len, const char *use);

/**
 * p2p_dio_check - may a file have the memory of this read or write?
 * @iocb: the read or write, before the file's operation is called
 * @iter: its memory; only a process's is looked at
 *
 * To be called wherever a read or write begins that may be direct.  Everything
 * behind it finds in the mark of @iter what was found, and does not look again.
 *
 * Context: process context of the user, may sleep (takes mmap_lock).
 * Return: 0, also for IO that is not direct, or with a message:
 * * -EINVAL: RAM and peer-to-peer memory, or two providers, in one IO
 * * -EOPNOTSUPP: this file does not take peer-to-peer memory
 * * -EFAULT: the mapping ends, or does not allow this direction
 * * -EREMOTEIO: the provider is gone
 * * -EINTR: killed; without a message
 */
static inline int p2p_dio_check(const struct kiocb *iocb, struct iov_iter *iter)
{
	if (!p2p_ranges_ever())
		return 0;
	if (!(iocb->ki_flags & IOCB_DIRECT) || !user_backed_iter(iter))
		return 0;
	if (p2pmem_mm_mapped())
		return __p2p_dio_check(iocb, iter);
	iter->p2p = ITER_P2P_NONE;
	return 0;
}

/**
 * p2p_explain_fault - say why memory of a process could not be pinned
 * @addr: user address
 * @len: bytes
 * @error: what pinning returned: an errno, or 0
 * @use: what it was for
 *
 * For error paths: -EFAULT for memory that has no pages comes with a message
 * that says what to do instead.
 *
 * Context: process context of the user, may sleep (takes mmap_lock).
 * Return: @error; but -EFAULT for -EEXIST, which is what memory gives that is
 * mapped but has no page.
 */
static inline int p2p_explain_fault(unsigned long addr, size_t len, int error,
				    const char *use)
{
	if ((error == -EFAULT || error == -EEXIST) && p2p_ranges_ever())
		return __p2p_explain_fault(addr, len, use);
	return error;
}

#else /* CONFIG_DMA_PHYS_P2P && CONFIG_BLOCK */

static inline int p2p_dio_check(const struct kiocb *iocb, struct iov_iter *iter)
{
	return 0;
}

static inline int p2p_dio_refuse(const struct kiocb *iocb, const char *why)
{
	return -EOPNOTSUPP;
}

static inline int p2p_explain_fault(unsigned long addr, size_t len, int error,
				    const char *use)
{
	return error;
}

#endif /* CONFIG_DMA_PHYS_P2P && CONFIG_BLOCK */
#endif /* _LINUX_P2P_DIO_H */
