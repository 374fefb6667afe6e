// SPDX-License-Identifier: GPL-2.0-only
/*
 * The range tree as the kernel compiles it, and a way into its maple tree,
 * which checks its own structure.
 */
#include TREE_C

void host_tree_validate(void)
{
	mt_validate(&p2p_ranges);
}
