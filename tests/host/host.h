/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the range tree and its KUnit suites need of the kernel and what the
 * kernel's own tools/ do not have, in user space.  `run` makes the headers that
 * they include lead here.
 *
 * What the real thing complains about (a lock not held, a reference dropped
 * twice), this one complains about: host_warn() fails the running case.
 */
#ifndef _HOST_H
#define _HOST_H

#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdlib.h>
#include <unistd.h>

#include <linux/kernel.h>
#include <linux/bug.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/slab.h>

#define dump_stack()		abort()

#include <linux/maple_tree.h>
#include <asm/barrier.h>

__printf(1, 2) void host_warn(const char *format, ...);
unsigned long host_warnings(void);

/* The macros of tools/include/asm/bug.h complain through this one. */
#undef __WARN_printf
#define __WARN_printf(arg...)	host_warn(arg)

#ifndef __percpu
#define __percpu
#endif
#ifndef PHYS_ADDR_MAX
#define PHYS_ADDR_MAX		(~(phys_addr_t)0)
#endif
#define lower_32_bits(n)	((u32)((n) & 0xffffffff))
#define atomic_dec(v)		uatomic_dec(v)
#define atomic_long_inc(v)	uatomic_inc(&(v)->counter)
#define atomic_long_read(v)	uatomic_read(&(v)->counter)
#define cond_resched()		sched_yield()
#ifndef cpu_relax
#define cpu_relax()		caa_cpu_relax()
#endif
#define local_irq_save(flags)	((flags) = 0)
#define local_irq_restore(flags) ((void)(flags))

/* RCU is liburcu's */
#define rcu_read_lock_held()	rcu_read_ongoing()
#define rcu_access_pointer(p)	READ_ONCE(p)
#define data_race(expr)		(expr)	/* no KCSAN here */
#define RCU_LOCKDEP_WARN(condition, text)				\
	do {								\
		if (condition)						\
			host_warn("%s\n", text);			\
	} while (0)

/* time */
#define HZ			1000UL
#define jiffies			host_jiffies()
#define time_before(a, b)	((long)((a) - (b)) < 0)
unsigned long host_jiffies(void);
#define usleep_range(min, max)	usleep(((min) + (max)) / 2)

/* random numbers */
struct rnd_state {
	u64 state;
};

static inline void prandom_seed_state(struct rnd_state *rnd, u64 seed)
{
	rnd->state = seed;
}

u32 prandom_u32_state(struct rnd_state *rnd);
u64 get_random_u64(void);

/* static keys */
struct static_key_false {
	int enabled;
};

#define DECLARE_STATIC_KEY_FALSE(key)	extern struct static_key_false key
#define DEFINE_STATIC_KEY_FALSE(key)	struct static_key_false key
#define static_branch_unlikely(key)	(uatomic_read(&(key)->enabled) > 0)
#define static_branch_enable(key)	uatomic_set(&(key)->enabled, 1)

/* mutexes, which know their owner */
struct mutex {
	pthread_mutex_t lock;
	pthread_t owner;
	bool held;
};

void mutex_init(struct mutex *mutex);
void mutex_lock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);
bool mutex_held(struct mutex *mutex);
#define lockdep_assert_held(mutex)	WARN_ON(!mutex_held(mutex))

/* wait queues */
struct host_wait {
	pthread_mutex_t lock;
	pthread_cond_t woken;
};

#define wait_queue_head_t		struct host_wait
void init_waitqueue_head(struct host_wait *wait);
void wake_up_all(struct host_wait *wait);

/* Nothing here takes long: with a timeout, a wait is but a look. */
#define MAX_SCHEDULE_TIMEOUT		LONG_MAX
#define wait_event_timeout(wait, condition, timeout)			\
({									\
	struct host_wait *__wait = &(wait);				\
	long __left = (timeout);					\
	bool __true;							\
									\
	pthread_mutex_lock(&__wait->lock);				\
	while (!(__true = (condition)) && __left == MAX_SCHEDULE_TIMEOUT) \
		pthread_cond_wait(&__wait->woken, &__wait->lock);	\
	pthread_mutex_unlock(&__wait->lock);				\
	__true ? __left ?: 1 : 0;					\
})

#define wait_event(wait, condition)					\
	((void)wait_event_timeout(wait, condition, MAX_SCHEDULE_TIMEOUT))

/* percpu_ref: references are taken on one "CPU" and dropped on another */
#define HOST_CPUS			3

static inline int *host_first_cpu(int *cpu)
{
	*cpu = 0;
	return cpu;
}

#define for_each_possible_cpu(cpu)					\
	for (int *__cpu = host_first_cpu(&(cpu)); *__cpu < HOST_CPUS;	\
	     ++*__cpu)
#undef per_cpu_ptr
#define per_cpu_ptr(ptr, cpu)		((ptr) + (cpu))
#define PERCPU_REF_ALLOW_REINIT		1

struct percpu_ref;

struct percpu_ref_data {
	atomic_long_t count;
	void (*release)(struct percpu_ref *ref);
};

struct percpu_ref {
	unsigned long *counters;	/* NULL while it is not percpu */
	struct percpu_ref_data *data;
	bool dead;
};

int percpu_ref_init(struct percpu_ref *ref,
		    void (*release)(struct percpu_ref *ref),
		    unsigned int flags, gfp_t gfp);
void percpu_ref_exit(struct percpu_ref *ref);
void percpu_ref_kill(struct percpu_ref *ref);
void percpu_ref_resurrect(struct percpu_ref *ref);
bool percpu_ref_tryget_live(struct percpu_ref *ref);
void percpu_ref_get(struct percpu_ref *ref);
void percpu_ref_put(struct percpu_ref *ref);
bool percpu_ref_is_zero(struct percpu_ref *ref);
bool __ref_is_percpu(struct percpu_ref *ref, unsigned long **counters);

/* The nth next percpu_ref_init() fails; 0: none does. */
extern unsigned int host_fail_init;

/* resources */
#define IORESOURCE_SYSTEM_RAM	1UL
#define IORES_DESC_NONE		0UL

enum { REGION_INTERSECTS, REGION_DISJOINT, REGION_MIXED };

struct resource {
	const char *name;
	u64 start;
	u64 end;
	unsigned long flags;
	struct resource *next;
};

extern struct resource iomem_resource;
int request_resource(struct resource *root, struct resource *res);
int release_resource(struct resource *res);
int region_intersects(u64 start, size_t size, unsigned long flags,
		      unsigned long desc);

/* completions */
struct completion {
	struct host_wait wait;
	unsigned int done;
};

void init_completion(struct completion *c);
void complete(struct completion *c);
bool completion_done(struct completion *c);
unsigned long wait_for_completion_timeout(struct completion *c,
					  unsigned long timeout);

/* threads */
struct task_struct {
	int (*fn)(void *data);
	void *data;
	struct completion exited;
	int refs;
};

struct task_struct *kthread_create(int (*fn)(void *data), void *data,
				   const char *format, ...);
void wake_up_process(struct task_struct *task);
void get_task_struct(struct task_struct *task);
void put_task_struct(struct task_struct *task);
void kthread_stop(struct task_struct *task);
bool host_threads_gone(void);

#define kthread_run(fn, data, name)					\
({									\
	struct task_struct *__task = kthread_create(fn, data, name);	\
									\
	wake_up_process(__task);					\
	__task;								\
})

/* timers that go off once, in a thread of their own */
struct timer_list {
	void (*fn)(struct timer_list *timer);
	unsigned long expires;
	struct completion done;
};

#define timer_setup_on_stack(timer, function, flags)			\
	((timer)->fn = (function), (void)(flags))
#define timer_destroy_on_stack(timer)	((void)(timer))
void mod_timer(struct timer_list *timer, unsigned long expires);
void timer_delete_sync(struct timer_list *timer);

/* modules and their parameters */
#define ullong				unsigned long long
#define MODULE_DESCRIPTION(text)	static_assert(sizeof(text), "")
#define MODULE_LICENSE(text)		static_assert(sizeof(text), "")
#define MODULE_PARM_DESC(name, text)					\
	static_assert(sizeof(name) && sizeof(text), "")
#define module_param(name, type, mode)					\
	static void __attribute__((constructor)) name##_param(void)	\
	{								\
		BUILD_BUG_ON(sizeof(name) != sizeof(type) || !(mode));	\
		host_param(#name, &(name), sizeof(name));		\
	}
void host_param(const char *name, void *value, size_t size);
bool host_set_param(const char *name, unsigned long long value);

/* the tree itself, see tree.c */
void host_tree_validate(void);

#endif /* _HOST_H */
