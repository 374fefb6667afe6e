// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the tools' xarray needs of the radix tree, which is not built here: the
 * cache of nodes, whose slots are empty when a node is free.
 */
#include <pthread.h>

#include <linux/list.h>
#include <linux/maple_tree.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "../module/lookup.h"

struct kmem_cache *radix_tree_node_cachep;

void radix_tree_node_rcu_free(struct rcu_head *head)
{
	struct xa_node *node = container_of(head, struct xa_node, rcu_head);

	memset(node->slots, 0, sizeof(node->slots));
	memset(node->tags, 0, sizeof(node->tags));
	INIT_LIST_HEAD(&node->private_list);
	kmem_cache_free(radix_tree_node_cachep, node);
}

static void node_init(void *arg)
{
	struct xa_node *node = arg;

	memset(node, 0, sizeof(*node));
	INIT_LIST_HEAD(&node->private_list);
}

static __attribute__((constructor)) void shim_init(void)
{
	radix_tree_node_cachep = kmem_cache_create("radix_tree_node",
						   sizeof(struct xa_node), 0,
						   SLAB_PANIC, node_init);
	maple_tree_init();
}

void *lookup_alloc(size_t size)
{
	return calloc(1, size);
}

void lookup_free(void *mem)
{
	free(mem);
}

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;

void lookup_read_lock(void)
{
	pthread_rwlock_rdlock(&lock);
}

void lookup_read_unlock(void)
{
	pthread_rwlock_unlock(&lock);
}
