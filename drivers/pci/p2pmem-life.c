// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peer-to-peer memory that is absent for a while, or for good.
 *
 * What keeps its bytes is fenced: IO waits, and so do processes that touch
 * their mapping, because a store to a BAR that does not answer is lost without
 * a word.  What loses its bytes goes offline and comes back as another life,
 * which nothing that was meant for this one ever reaches.
 */

#include <linux/cleanup.h>
#include <linux/dma-phys.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/instruction_pointer.h>
#include <linux/jiffies.h>
#include <linux/notifier.h>
#include <linux/pci-p2pmem.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/wait.h>
#include "p2pmem.h"

/* For a fence to be lifted, or for what comes instead. */
static DECLARE_WAIT_QUEUE_HEAD(p2pmem_wait_queue);

void p2pmem_wake(void)
{
	wake_up_all(&p2pmem_wait_queue);
}

/*
 * Can the memory be reached?  0, or
 * -EAGAIN: it is fenced, wait;
 * -ETIMEDOUT: it is fenced, for longer than was said;
 * -ENODEV: this life has ended, or is about to.
 */
int p2pmem_chunk_check(const struct p2pmem_chunk *chunk)
{
	int error = dma_phys_may_start(&chunk->range.range);

	if (READ_ONCE(chunk->gone) ||
	    (error && READ_ONCE(chunk->p->going)))
		return -ENODEV;
	return error;
}

/*
 * Wait until a chunk can be reached, or is known not to be.  @state:
 * TASK_KILLABLE or TASK_INTERRUPTIBLE; -EINTR when that is what happened.
 * Callers may hold mmap_lock: suspending the machine does not wait for them.
 */
int p2pmem_chunk_wait(struct p2pmem_chunk *chunk, unsigned int state)
{
	int error, ret;

	state |= TASK_FREEZABLE_UNSAFE;
	ret = wait_event_state(p2pmem_wait_queue,
			       (error = p2pmem_chunk_check(chunk)) != -EAGAIN,
			       state);
	return ret ? -EINTR : error;
}

/*
 * A reference on the range, as DMA has it, for the CPU to use the memory: what
 * ends or fences it waits for p2p_range_put(), so be quick, and allocate
 * nothing meanwhile.  Does not wait for a fence: -EAGAIN, or -ETIMEDOUT when
 * that is in vain.
 */
int p2pmem_chunk_hold(struct p2pmem_chunk *chunk)
{
	int error;

	error = p2p_range_get(&chunk->range.range);
	if (error == -EAGAIN)
		return p2pmem_chunk_check(chunk) ?: -EAGAIN;
	if (!error && READ_ONCE(chunk->gone)) {
		p2p_range_put(&chunk->range.range);
		error = -ENODEV;
	}
	return error;
}

/*
 * This life of all the memory is over: mappings are zapped, who waits for the
 * memory learns that he does in vain, and DMA in flight is waited for.  Fences
 * end with the ranges.
 */
void p2pmem_end_life(struct p2pmem *p)
{
	/* the drive that memory is written back to may be the one in reset */
	unsigned int noio = memalloc_noio_save();
	struct p2pmem_chunk *chunk = NULL;
	int i = 0;

	while ((chunk = p2pmem_chunk_next(p, chunk, &i)))
		p2pmem_chunk_end(chunk);
	p2pmem_wake();
	/* all of them, before DMA to any is waited for */
	while ((chunk = p2pmem_chunk_next(p, chunk, &i))) {
		if (p2pmem_chunk_registered(chunk))
			p2pmem_chunk_zap(chunk);
	}
	while ((chunk = p2pmem_chunk_next(p, chunk, &i)))
		p2pmem_chunk_del(chunk);
	memalloc_noio_restore(noio);
}

/**
 * p2pmem_fence - the memory of a provider cannot be reached for a while
 * @pdev: the provider
 * @bound_ms: milliseconds until what waits for the memory gives up; 0 for
 *	%DMA_PHYS_FENCE_MS
 *
 * For a driver whose device is going to be away, and keeps its bytes: fence,
 * wait, reset, lift.  New DMA waits, see dma_phys_fence().  So do processes
 * that touch their mappings: none is there any more when this returns.  Beyond
 * the bound they get SIGBUS until the fence is lifted.  Fences nest, the latest
 * bound counts.  Not at the same time as p2pmem_register(),
 * p2pmem_unregister(), p2pmem_offline() and p2pmem_online().
 *
 * A store that a process made before may still be on its way.  It arrives
 * before the answer to the next register that the driver reads, which comes
 * the same way.
 *
 * Context: process context, may sleep.  Allocates nothing, and waits for nobody
 * who does, so it may be called while the device does no IO.
 * Return: 0, or -ENODEV if the device is no provider, or offline.
 */
int p2pmem_fence(struct pci_dev *pdev, unsigned int bound_ms)
{
	struct p2pmem *p = p2pmem_get(pdev);
	struct p2pmem_chunk *chunk = NULL;
	int ret = -ENODEV, i = 0;

	if (!p)
		return -ENODEV;
	if (!p->offline) {
		/* fails for one that is going, and only its driver removes */
		while ((chunk = p2pmem_chunk_next(p, chunk, &i))) {
			WARN_ON_ONCE(__dma_phys_fence(&chunk->range, bound_ms,
						      _RET_IP_));
			p2pmem_chunk_zap(chunk);
		}
		ret = 0;
	}
	p2pmem_put(p);
	return ret;
}
EXPORT_SYMBOL_GPL(p2pmem_fence);

/**
 * p2pmem_wait - wait for the DMA in flight to a fenced provider
 * @pdev: the provider, after p2pmem_fence()
 * @timeout: jiffies, or MAX_SCHEDULE_TIMEOUT for as long as it takes
 *
 * Context: process context, sleeps.
 * Return: 0 when there is none, and none can start before p2pmem_lift();
 * * -ETIMEDOUT: there is some still, and the log says whose; the fence holds
 * * -EINVAL: it is not fenced
 * * -ENODEV: the device is no provider, or offline
 */
int p2pmem_wait(struct pci_dev *pdev, long timeout)
{
	unsigned long end = jiffies + timeout;
	struct p2pmem *p = p2pmem_get(pdev);
	struct p2pmem_chunk *chunk = NULL;
	int error, ret = 0, i = 0;

	if (!p)
		return -ENODEV;
	if (p->offline)
		ret = -ENODEV;
	while ((chunk = p2pmem_chunk_next(p, chunk, &i))) {
		if (chunk->gone)
			continue;
		if (timeout != MAX_SCHEDULE_TIMEOUT)
			timeout = max_t(long, end - jiffies, 0);
		error = dma_phys_wait(&chunk->range, timeout);
		ret = ret ?: error;
	}
	p2pmem_put(p);
	return ret;
}
EXPORT_SYMBOL_GPL(p2pmem_wait);

/**
 * p2pmem_lift - let everybody at the memory of a provider again
 * @pdev: the provider, after p2pmem_fence()
 *
 * Context: process context, may sleep.  Allocates nothing.
 * Return: 0, or
 * * -EINVAL: it is not fenced
 * * -ENODEV: the device is no provider, or offline
 */
int p2pmem_lift(struct pci_dev *pdev)
{
	struct p2pmem *p = p2pmem_get(pdev);
	struct p2pmem_chunk *chunk = NULL;
	int error, ret = 0, i = 0;

	if (!p)
		return -ENODEV;
	if (p->offline)
		ret = -ENODEV;
	while ((chunk = p2pmem_chunk_next(p, chunk, &i))) {
		if (chunk->gone)
			continue;
		error = dma_phys_lift(&chunk->range);
		ret = ret ?: error;
	}
	p2pmem_put(p);
	return ret;
}
EXPORT_SYMBOL_GPL(p2pmem_lift);

/**
 * p2pmem_offline - the memory of a provider is going to lose its bytes
 * @pdev: the provider; nothing is done if it is none, or offline already
 *
 * For what a device does not keep its memory over: a reset of the function or
 * of the bus, power off.  Ends this life of it: mappings of processes are
 * zapped (SIGBUS), IO to them fails, also IO that was waiting for a fence to be
 * lifted, and DMA in flight is waited for.  The files in sysfs stay as they
 * are, with their modes and limits; mmap() says -ENODEV until p2pmem_online().
 * Fences end.  What p2pmem_alloc() gave stays allocated, and is to be freed.
 *
 * Context: process context, sleeps until DMA in flight has ended.
 */
void p2pmem_offline(struct pci_dev *pdev)
{
	struct p2pmem *p = p2pmem_get(pdev);

	if (!p)
		return;
	if (!p->offline) {
		WRITE_ONCE(p->offline, true);
		p2pmem_end_life(p);
	}
	p2pmem_put(p);
}
EXPORT_SYMBOL_GPL(p2pmem_offline);

/* Let a new life take the place of one that has ended. */
static int p2pmem_chunk_revive(struct p2pmem_chunk *old)
{
	struct p2pmem *p = old->p;
	struct p2pmem_chunk *chunk;

	chunk = p2pmem_chunk_new(p->pdev, old->range.bar, old->offset,
				 old->range.range.size);
	if (IS_ERR(chunk))
		return PTR_ERR(chunk);
	refcount_inc(&p->ref);
	chunk->p = p;
	scoped_guard(spinlock, &p2pmem_lock)
		list_replace(&old->node, &chunk->node);
	p2pmem_chunk_put(old);
	return 0;
}

/**
 * p2pmem_online - the memory of a provider is there again, with other bytes
 * @pdev: the provider, after p2pmem_offline(); its BARs work, and may have
 *	moved
 *
 * The next life of what was registered: what was built or mapped for the last
 * one stays refused.
 *
 * Context: process context, may sleep.
 * Return: 0, also if it was not offline, or
 * * -ENODEV: the device is no provider, or memory decoding is off
 * * what dma_phys_add_bar() returns; the provider stays offline
 */
int p2pmem_online(struct pci_dev *pdev)
{
	struct p2pmem *p = p2pmem_get(pdev);
	struct p2pmem_chunk *chunk = NULL;
	int error = 0, i = 0;

	if (!p)
		return -ENODEV;
	while ((chunk = p2pmem_chunk_next(p, chunk, &i))) {
		if (!error && chunk->gone)
			error = p2pmem_chunk_revive(chunk);
	}
	if (error)
		p2pmem_end_life(p);
	else
		WRITE_ONCE(p->offline, false);
	p2pmem_put(p);
	return error;
}
EXPORT_SYMBOL_GPL(p2pmem_online);

/**
 * p2pmem_lost - the memory of a provider has lost its bytes, or is gone
 * @pdev: the provider; nothing is done if it is none
 *
 * For a loss that came without a warning, such as surprise removal or an error
 * of the link.  DMA that is in flight ends in an error, whatever the client's
 * hardware says, see dma_phys_lose().  To be followed by p2pmem_offline() or
 * p2pmem_unregister().
 *
 * Context: process context, may sleep.
 */
void p2pmem_lost(struct pci_dev *pdev)
{
	struct p2pmem *p = p2pmem_get(pdev);
	struct p2pmem_chunk *chunk = NULL;
	int i = 0;

	if (!p)
		return;
	while ((chunk = p2pmem_chunk_next(p, chunk, &i))) {
		if (!chunk->gone)
			dma_phys_lose(&chunk->range);
	}
	p2pmem_put(p);
}
EXPORT_SYMBOL_GPL(p2pmem_lost);

/* Fences are lifted, and last too long, in kernel/dma. */
static int p2pmem_notify(struct notifier_block *nb, unsigned long event,
			 void *notice)
{
	if (event != DMA_PHYS_COUNT)
		p2pmem_wake();
	return NOTIFY_OK;
}

static struct notifier_block p2pmem_nb = {
	.notifier_call = p2pmem_notify,
};

static int __init p2pmem_init(void)
{
	return dma_phys_register_notifier(&p2pmem_nb);
}
subsys_initcall(p2pmem_init);
