// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer target: every input is a program of four-byte operations on the
 * range tree, whose results are compared with a model that has one owner a
 * frame.  Ranges are freed as soon as they are unregistered, so that whoever
 * keeps a pointer to one is caught by ASan.
 */
#include <stdio.h>

#include <linux/p2p_range_tree.h>
#include "host.h"

#define FRAMES		64
#define RANGES		8
#define RAM_FIRST	40
#define RAM_COUNT	3
#define FRAME		((u64)P2P_RANGE_ALIGN)
#define WINDOW		(FRAMES * FRAME)

static struct {
	u64 base;
	struct p2p_range *range[RANGES];
	int fences[RANGES];
	int refs[RANGES];
	int owner[FRAMES];		/* index into range, or -1 */
	bool ram;
} m;

/* Where the window of FRAMES lies: the ends of the address space included. */
static const u64 bases[] = {
	0, 1ULL << 40, (1ULL << 44) - 7 * FRAME, 0 - WINDOW,
};

#define check(condition)						\
	do {								\
		if (condition)						\
			break;						\
		fprintf(stderr, "%s:%d: not true: %s\n", __FILE__,	\
			__LINE__, #condition);				\
		abort();						\
	} while (0)

static int expected_register(u64 start, u64 size)
{
	u64 first = (start - m.base) / FRAME, f;
	bool taken = false;

	if (!size)
		return -EINVAL;
	if (start % FRAME || size % FRAME)
		return -EFAULT;
	if (start + (size - 1) < start)
		return -EOVERFLOW;
	for (f = first; f < first + size / FRAME; f++) {
		if (m.ram && f >= RAM_FIRST && f < RAM_FIRST + RAM_COUNT)
			return -EBUSY;
		taken |= f < FRAMES && m.owner[f] >= 0;
	}
	return taken ? -EEXIST : 0;
}

static void do_register(int i, u8 a, u8 b)
{
	u64 first = a % FRAMES, count = b % 16, f;
	struct p2p_range *range;
	int want;

	if (m.range[i]) {
		/* the very same one again must not harm it */
		check(p2p_range_register(m.range[i]) == -EEXIST);
		return;
	}
	range = calloc(1, sizeof(*range));
	check(range);
	range->start = m.base + first * FRAME;
	/* only at the top of the address space it may leave the window */
	if (first + count > FRAMES && m.base + WINDOW)
		count = FRAMES - first;
	range->size = count * FRAME;
	if (b >= 0xf0)
		range->start += a;
	else if (b >= 0xe0)
		range->size += a;
	else if (b >= 0xd0)
		range->size += 0 - m.base - first * FRAME;
	range->name = "fuzz";

	/* up to the end of the address space: the model is too small for it */
	if (range->size > WINDOW && range->start + range->size - 1 >=
	    range->start) {
		free(range);
		return;
	}
	want = expected_register(range->start, range->size);
	check(p2p_range_register(range) == want);
	if (want) {
		free(range);
		return;
	}
	m.range[i] = range;
	for (f = first; f < first + range->size / FRAME; f++)
		m.owner[f] = i;
}

static void do_unregister(int i)
{
	int f;

	if (!m.range[i])
		return;
	/* with references it would wait for us */
	for (; m.refs[i]; m.refs[i]--)
		p2p_range_put(m.range[i]);
	p2p_range_unregister(m.range[i]);
	check(p2p_range_state(m.range[i]) == P2P_RANGE_UNREGISTERED);
	check(p2p_range_get(m.range[i]) == -ENODEV);
	check(p2p_range_fence(m.range[i]) == -ENODEV);
	check(p2p_range_lift(m.range[i]) == -ENODEV);
	free(m.range[i]);
	m.range[i] = NULL;
	m.fences[i] = 0;
	for (f = 0; f < FRAMES; f++)
		if (m.owner[f] == i)
			m.owner[f] = -1;
}

static void do_lookup(u8 a, u8 b, u8 c)
{
	/* near the edges of frames, where the mistakes are */
	u64 from = m.base + a % FRAMES * FRAME + (u64)(c / 64) - 1;
	u64 len = b % 32 * FRAME / 2 + (u64)(c % 4) - 1;
	u64 end, at;
	int owner = -1, owners = 0, holes = 0;
	enum p2p_range_match want;
	struct p2p_range *found;
	bool wraps;

	if (b % 32 == 0 && c % 4 == 0)
		len = b & 32 ? SIZE_MAX : 0;
	end = from + (len ? len - 1 : 0);
	wraps = end < from;
	if (wraps)
		end = ~0ULL;
	/* frame by frame; what is outside of the window is a hole */
	for (at = from - from % FRAME; at <= end; at += FRAME) {
		u64 f = (at - m.base) / FRAME;

		if (at - m.base >= WINDOW || m.owner[f] < 0) {
			holes++;
			/* behind the window there are only holes */
			if (at - m.base >= WINDOW && at >= m.base)
				break;
		} else if (m.owner[f] != owner) {
			if (owner < 0)
				owner = m.owner[f];
			owners++;
		}
		if (at + FRAME < at)
			break;
	}
	want = !owners ? P2P_RANGE_NONE :
	       owners == 1 && !holes && !wraps ?
	       P2P_RANGE_INSIDE : P2P_RANGE_STRADDLES;

	rcu_read_lock();
	check(p2p_range_lookup(from, len, &found) == want);
	rcu_read_unlock();
	check(found == (owners ? m.range[owner] : NULL));
}

static void do_walk(void)
{
	struct p2p_range *range;
	unsigned long index = 0;
	int f = 0;

	rcu_read_lock();
	p2p_range_for_each(range, index) {
		while (f < FRAMES && m.owner[f] < 0)
			f++;
		check(f < FRAMES);
		check(range == m.range[m.owner[f]]);
		f += range->size / FRAME;
	}
	rcu_read_unlock();
	while (f < FRAMES && m.owner[f] < 0)
		f++;
	check(f == FRAMES);
}

static void do_use(int i, u8 what)
{
	struct p2p_range *range = m.range[i];

	if (!range)
		return;
	switch (what % 8) {
	case 0:
		check(!p2p_range_fence(range));
		m.fences[i]++;
		break;
	case 1:
	case 2:
		check(p2p_range_lift(range) == (m.fences[i] ? 0 : -EINVAL));
		m.fences[i] -= !!m.fences[i];
		break;
	case 3:
		if (!m.fences[i])
			check(p2p_range_wait(range) == -EINVAL);
		else if (!m.refs[i])
			check(!p2p_range_wait(range));
		break;
	case 4:
		if (m.refs[i]) {
			p2p_range_put(range);
			m.refs[i]--;
		}
		break;
	default:
		check(p2p_range_get(range) == (m.fences[i] ? -EAGAIN : 0));
		m.refs[i] += !m.fences[i];
	}
	check(p2p_range_state(range) ==
	      (m.fences[i] ? P2P_RANGE_FENCED : P2P_RANGE_LIVE));
	check(p2p_range_is_idle(range) == (m.fences[i] && !m.refs[i]));
	check(p2p_range_inflight(range) == m.refs[i]);
}

/* The names that libFuzzer calls are not in kernel style. */
int fuzz_init(int *argc, char ***argv) __asm__("LLVMFuzzerInitialize");
int fuzz_one(const u8 *data, size_t size) __asm__("LLVMFuzzerTestOneInput");

int fuzz_init(int *argc, char ***argv)
{
	rcu_register_thread();
	maple_tree_init();
	return 0;
}

int fuzz_one(const u8 *data, size_t size)
{
	struct resource ram = { .flags = IORESOURCE_SYSTEM_RAM };
	unsigned long warnings = host_warnings();
	int i, n = 0;

	if (!size)
		return 0;
	m.base = bases[data[0] % ARRAY_SIZE(bases)];
	m.ram = data[0] & 0x80;
	ram.start = m.base + RAM_FIRST * FRAME;
	ram.end = ram.start + RAM_COUNT * FRAME - 1;
	if (m.ram)
		request_resource(&iomem_resource, &ram);
	for (i = 0; i < FRAMES; i++)
		m.owner[i] = -1;

	for (data++, size--; size >= 4; data += 4, size -= 4) {
		i = data[1] % RANGES;
		switch (data[0] % 16) {
		case 0 ... 3:
			do_register(i, data[2], data[3]);
			break;
		case 4:
			do_unregister(i);
			break;
		case 5 ... 9:
			do_use(i, data[2]);
			break;
		case 10:
			do_walk();
			break;
		default:
			do_lookup(data[1], data[2], data[3]);
		}
		if (n++ % 16 == 0)
			host_tree_validate();
	}

	do_walk();
	for (i = 0; i < RANGES; i++)
		do_unregister(i);
	do_walk();
	if (m.ram)
		release_resource(&ram);
	check(host_warnings() == warnings);
	return 0;
}
