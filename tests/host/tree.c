// SPDX-License-Identifier: GPL-2.0-only
/*
 * The range tree as the kernel compiles it, and a way into its maple tree,
 * which checks its own structure, and into its table.
 */
#include TREE_C

/* Who has a slot is in the tree, once; who has none found the table full. */
static void slots_validate(void)
{
	MA_STATE(mas, &p2p_ranges, 0, 0);
	unsigned int slotless = 0, slots = 0, i;
	struct p2p_range *range;

	mas_lock(&mas);
	mas_for_each(&mas, range, ULONG_MAX) {
		struct p2p_range_slot *slot = p2p_range_slot(range);

		if (!slot) {
			slotless++;
			continue;
		}
		WARN_ON(slot->first != range->start >> P2P_RANGE_SHIFT);
		WARN_ON(slot->frames != range->size >> P2P_RANGE_SHIFT);
		slots++;
	}
	for (i = 0; i < P2P_RANGE_SLOTS; i++) {
		const struct p2p_range_slot *slot = &p2p_range_slots[i];

		WARN_ON(!slot->range != !slot->frames);
		slots -= !!slot->range;
	}
	WARN_ON(slots);
	WARN_ON(slotless != p2p_range_slotless);
	WARN_ON(slotless && p2p_range_slot(NULL));
	WARN_ON(!slotless != !!p2p_range_slots_end);
	mas_unlock(&mas);
}

void host_tree_validate(void)
{
	mt_validate(&p2p_ranges);
	slots_validate();
}
