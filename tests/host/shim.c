// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernel services in user space, see host.h.  One lock serialises all counting:
 * this harness looks for wrong results, leaks and uses of freed memory; the
 * KUnit suites look for missing barriers on the real percpu_ref.
 */
#include <stdarg.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>

#include "host.h"

#define HOST_PARAMS	8
/* as in the kernel: it keeps the common counter from reaching zero */
#define HOST_BIAS	LONG_MIN

static unsigned long warnings;

void host_warn(const char *format, ...)
{
	va_list args;

	uatomic_inc(&warnings);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
}

unsigned long host_warnings(void)
{
	return uatomic_read(&warnings);
}

unsigned long host_jiffies(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * HZ + now.tv_nsec / (1000000000 / HZ);
}

/* splitmix64 */
u32 prandom_u32_state(struct rnd_state *rnd)
{
	u64 z = rnd->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return (z ^ (z >> 31)) >> 32;
}

u64 get_random_u64(void)
{
	u64 value = 0;

	if (getrandom(&value, sizeof(value), 0) != sizeof(value))
		abort();
	return value;
}

/* mutexes */

void mutex_init(struct mutex *mutex)
{
	pthread_mutex_init(&mutex->lock, NULL);
	mutex->held = false;
}

void mutex_lock(struct mutex *mutex)
{
	pthread_mutex_lock(&mutex->lock);
	mutex->owner = pthread_self();
	mutex->held = true;
}

void mutex_unlock(struct mutex *mutex)
{
	WARN_ON(!mutex_held(mutex));
	mutex->held = false;
	pthread_mutex_unlock(&mutex->lock);
}

bool mutex_held(struct mutex *mutex)
{
	return mutex->held && pthread_equal(mutex->owner, pthread_self());
}

/* wait queues and completions */

void init_waitqueue_head(struct host_wait *wait)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&wait->lock, NULL);
	pthread_cond_init(&wait->woken, &attr);
}

void wake_up_all(struct host_wait *wait)
{
	pthread_mutex_lock(&wait->lock);
	pthread_cond_broadcast(&wait->woken);
	pthread_mutex_unlock(&wait->lock);
}

void init_completion(struct completion *c)
{
	init_waitqueue_head(&c->wait);
	c->done = 0;
}

void complete(struct completion *c)
{
	pthread_mutex_lock(&c->wait.lock);
	c->done++;
	pthread_cond_broadcast(&c->wait.woken);
	pthread_mutex_unlock(&c->wait.lock);
}

bool completion_done(struct completion *c)
{
	return uatomic_read(&c->done);
}

unsigned long wait_for_completion_timeout(struct completion *c,
					  unsigned long timeout)
{
	unsigned long end = jiffies + timeout;
	struct timespec until = {
		.tv_sec = end / HZ,
		.tv_nsec = end % HZ * (1000000000 / HZ),
	};
	int ret = 0;

	pthread_mutex_lock(&c->wait.lock);
	while (!c->done && !ret)
		ret = pthread_cond_timedwait(&c->wait.woken, &c->wait.lock,
					     &until);
	ret = !!c->done;
	c->done -= ret;
	pthread_mutex_unlock(&c->wait.lock);
	return ret;
}

/* percpu_ref */

static pthread_mutex_t ref_lock = PTHREAD_MUTEX_INITIALIZER;
unsigned int host_fail_init;

/* A new "CPU" each time: what one adds, another one subtracts. */
static unsigned long *ref_counter(struct percpu_ref *ref)
{
	static unsigned int cpu;

	return &ref->counters[cpu++ % HOST_CPUS];
}

int percpu_ref_init(struct percpu_ref *ref,
		    void (*release)(struct percpu_ref *ref),
		    unsigned int flags, gfp_t gfp)
{
	if (host_fail_init && !--host_fail_init)
		return -ENOMEM;
	WARN_ON(flags != PERCPU_REF_ALLOW_REINIT);
	ref->counters = calloc(HOST_CPUS, sizeof(*ref->counters));
	ref->data = calloc(1, sizeof(*ref->data));
	if (!ref->counters || !ref->data)
		abort();
	ref->data->count.counter = HOST_BIAS + 1;
	ref->data->release = release;
	ref->dead = false;
	return 0;
}

void percpu_ref_exit(struct percpu_ref *ref)
{
	free(ref->counters);
	free(ref->data);
	ref->counters = NULL;
	ref->data = NULL;
	/* later attempts are refused, as the real one does */
	ref->dead = true;
}

static void ref_put_locked(struct percpu_ref *ref)
{
	long *count = &ref->data->count.counter;
	bool last = false;

	if (ref->counters)
		--*ref_counter(ref);
	else
		last = uatomic_add_return(count, -1) == 0;
	WARN_ON(!ref->counters && *count < 0);
	pthread_mutex_unlock(&ref_lock);
	if (last)
		ref->data->release(ref);
}

void percpu_ref_kill(struct percpu_ref *ref)
{
	long sum = 0;
	int cpu;

	rcu_read_lock();
	pthread_mutex_lock(&ref_lock);
	if (WARN_ON(ref->dead || !ref->counters)) {
		pthread_mutex_unlock(&ref_lock);
		rcu_read_unlock();
		return;
	}
	for_each_possible_cpu(cpu)
		sum += ref->counters[cpu];
	free(ref->counters);
	ref->counters = NULL;
	ref->data->count.counter += sum - HOST_BIAS;
	ref->dead = true;
	ref_put_locked(ref);
	rcu_read_unlock();
}

void percpu_ref_resurrect(struct percpu_ref *ref)
{
	pthread_mutex_lock(&ref_lock);
	if (!WARN_ON(!ref->dead || ref->counters || !ref->data)) {
		ref->counters = calloc(HOST_CPUS, sizeof(*ref->counters));
		if (!ref->counters)
			abort();
		ref->data->count.counter += HOST_BIAS + 1;
		ref->dead = false;
	}
	pthread_mutex_unlock(&ref_lock);
}

bool percpu_ref_tryget_live(struct percpu_ref *ref)
{
	bool live;

	pthread_mutex_lock(&ref_lock);
	live = !ref->dead && ref->counters;
	if (live)
		++*ref_counter(ref);
	pthread_mutex_unlock(&ref_lock);
	return live;
}

void percpu_ref_get(struct percpu_ref *ref)
{
	pthread_mutex_lock(&ref_lock);
	if (ref->counters)
		++*ref_counter(ref);
	else
		uatomic_inc(&ref->data->count.counter);
	pthread_mutex_unlock(&ref_lock);
}

void percpu_ref_put(struct percpu_ref *ref)
{
	/* The range may go as soon as the count is zero; not before this. */
	rcu_read_lock();
	pthread_mutex_lock(&ref_lock);
	ref_put_locked(ref);
	rcu_read_unlock();
}

bool percpu_ref_is_zero(struct percpu_ref *ref)
{
	if (!ref->data)
		return true;
	return ref->dead && !atomic_long_read(&ref->data->count);
}

bool __ref_is_percpu(struct percpu_ref *ref, unsigned long **counters)
{
	*counters = ref->counters;
	return ref->counters;
}

/* resources */

struct resource iomem_resource;

int request_resource(struct resource *root, struct resource *res)
{
	res->next = root->next;
	root->next = res;
	return 0;
}

int release_resource(struct resource *res)
{
	struct resource *r;

	for (r = &iomem_resource; r; r = r->next) {
		if (r->next == res) {
			r->next = res->next;
			return 0;
		}
	}
	return -EINVAL;
}

int region_intersects(u64 start, size_t size, unsigned long flags,
		      unsigned long desc)
{
	u64 end = start + size - 1;
	struct resource *r;

	WARN_ON(!size || end < start || desc != IORES_DESC_NONE);
	for (r = iomem_resource.next; r; r = r->next) {
		if (!(r->flags & flags) || r->start > end || r->end < start)
			continue;
		return r->start <= start && r->end >= end ?
		       REGION_INTERSECTS : REGION_MIXED;
	}
	return REGION_DISJOINT;
}

/* threads */

static int threads;

static void *thread_main(void *data)
{
	struct task_struct *task = data;

	rcu_register_thread();
	task->fn(task->data);
	rcu_unregister_thread();
	complete(&task->exited);
	put_task_struct(task);
	uatomic_dec(&threads);
	return NULL;
}

struct task_struct *kthread_create(int (*fn)(void *data), void *data,
				   const char *format, ...)
{
	struct task_struct *task = calloc(1, sizeof(*task));

	if (!task)
		abort();
	task->fn = fn;
	task->data = data;
	task->refs = 1;
	init_completion(&task->exited);
	return task;
}

void wake_up_process(struct task_struct *task)
{
	pthread_attr_t attr;
	pthread_t thread;

	uatomic_inc(&threads);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&thread, &attr, thread_main, task))
		abort();
}

void get_task_struct(struct task_struct *task)
{
	uatomic_inc(&task->refs);
}

void put_task_struct(struct task_struct *task)
{
	if (!uatomic_add_return(&task->refs, -1))
		free(task);
}

void kthread_stop(struct task_struct *task)
{
	if (!wait_for_completion_timeout(&task->exited, 60 * HZ))
		abort();
}

bool host_threads_gone(void)
{
	unsigned long end = jiffies + 30 * HZ;

	while (uatomic_read(&threads)) {
		if (!time_before(jiffies, end))
			return false;
		usleep(1000);
	}
	return true;
}

/* timers */

static int timer_main(void *data)
{
	struct timer_list *timer = data;

	while (time_before(jiffies, timer->expires))
		usleep(500);
	timer->fn(timer);
	complete(&timer->done);
	return 0;
}

void mod_timer(struct timer_list *timer, unsigned long expires)
{
	init_completion(&timer->done);
	timer->expires = expires;
	kthread_run(timer_main, timer, "timer");
}

void timer_delete_sync(struct timer_list *timer)
{
	if (!wait_for_completion_timeout(&timer->done, 60 * HZ))
		abort();
}

/* module parameters */

static struct {
	const char *name;
	void *value;
	size_t size;
} params[HOST_PARAMS];

void host_param(const char *name, void *value, size_t size)
{
	int i;

	for (i = 0; i < HOST_PARAMS; i++) {
		if (params[i].name)
			continue;
		params[i].name = name;
		params[i].value = value;
		params[i].size = size;
		return;
	}
	abort();
}

bool host_set_param(const char *name, unsigned long long value)
{
	int i;

	for (i = 0; i < HOST_PARAMS && params[i].name; i++) {
		if (strcmp(params[i].name, name))
			continue;
		if (params[i].size == sizeof(int))
			*(int *)params[i].value = value;
		else
			*(unsigned long long *)params[i].value = value;
		return true;
	}
	return false;
}
