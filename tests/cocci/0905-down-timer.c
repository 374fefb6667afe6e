// SPDX-License-Identifier: GPL-2.0-only
static void end(struct timer_list *timer)
{
	timer_destroy_on_stack(timer);
}
