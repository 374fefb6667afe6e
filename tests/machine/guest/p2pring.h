/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small io_uring.  Unlike the IO of aio, which exit() waits for, what it has
 * started goes on when its process is gone.
 */
#ifndef P2PRING_H
#define P2PRING_H

#include <linux/io_uring.h>
#include <sys/syscall.h>

#include "p2p.h"

static struct {
	int fd;
	unsigned int *sq_tail, *sq_mask, *sq_array, *cq_head, *cq_tail;
	unsigned int *cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
	bool wide;		/* entries of twice the size, for commands */
} ring;

static inline void make_ring(unsigned int entries, bool wide)
{
	struct io_uring_params p = {
		.flags = wide ? IORING_SETUP_SQE128 | IORING_SETUP_CQE32 : 0,
	};
	char *rings;

	ring.fd = syscall(SYS_io_uring_setup, entries, &p);
	if (ring.fd < 0)
		die("io_uring_setup: %s", strerror(errno));
	/* one mapping has both, since 5.4 */
	rings = mmap(NULL, p.cq_off.cqes +
		     (p.cq_entries * sizeof(*ring.cqes) << wide),
		     PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd,
		     IORING_OFF_SQ_RING);
	ring.sqes = mmap(NULL, p.sq_entries * sizeof(*ring.sqes) << wide,
			 PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd,
			 IORING_OFF_SQES);
	if (rings == MAP_FAILED || ring.sqes == MAP_FAILED)
		die("io_uring: %s", strerror(errno));
	ring.sq_tail = (void *)(rings + p.sq_off.tail);
	ring.sq_mask = (void *)(rings + p.sq_off.ring_mask);
	ring.sq_array = (void *)(rings + p.sq_off.array);
	ring.cq_head = (void *)(rings + p.cq_off.head);
	ring.cq_tail = (void *)(rings + p.cq_off.tail);
	ring.cq_mask = (void *)(rings + p.cq_off.ring_mask);
	ring.cqes = (void *)(rings + p.cq_off.cqes);
	ring.wide = wide;
}

/* Returns the entry, which nobody reads before ring_enter(). */
static inline struct io_uring_sqe *ring_add(const struct io_uring_sqe *sqe)
{
	unsigned int tail = *ring.sq_tail;
	unsigned int i = tail & *ring.sq_mask;
	struct io_uring_sqe *entry = &ring.sqes[i << ring.wide];

	*entry = *sqe;
	ring.sq_array[i] = i;
	__atomic_store_n(ring.sq_tail, tail + 1, __ATOMIC_RELEASE);
	return entry;
}

static inline int ring_enter(unsigned int submit, unsigned int wait_for)
{
	return syscall(SYS_io_uring_enter, ring.fd, submit, wait_for,
		       IORING_ENTER_GETEVENTS, NULL, 0);
}

static inline long long ring_result(void)
{
	unsigned int head = *ring.cq_head;
	long long res;

	/* waiting may be cut short */
	while (__atomic_load_n(ring.cq_tail, __ATOMIC_ACQUIRE) == head)
		ring_enter(0, 1);
	res = ring.cqes[(head & *ring.cq_mask) << ring.wide].res;

	__atomic_store_n(ring.cq_head, head + 1, __ATOMIC_RELEASE);
	return res;
}

#endif /* P2PRING_H */
