// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A door into a hook (base/preempt.bpf.h). Never attached as it is: the loader makes each hook's doors of it, with their roles,
 * the hook's type, and a map of their own that leads to the hook.
 *
 * An event comes to its doors in their order. So a door that is not behind the last one that the task has come to has a new event
 * before it, whatever doors the last one has found taken or has been let in by again.
 *
 * A task that is switched out between two doors, in a moment when it is in none and in no hook, is let in twice: it looks like one
 * with another event. What it wrote is inspected again then; a token that is found in the same place is no repeat (preempt_is_again).
 */
#include "base/kernel.bpf.h"
#include "base/maps.bpf.h"
#include "base/preempt.bpf.h"

/* Where a door leads; each hook has its own. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} door_hook SEC(".maps");

/* With a name behind it, since the loader is only told of such. */
SEC("raw_tp/door")
int door(void *ctx)
{
	const struct task_struct *task = bpf_get_current_task_btf();
	__u64 role = preempt_role(), hook = role >> PREEMPT_HOOK_SHIFT, event = preempt_event(task, hook),
	      *word, *again;
	__u32 place = preempt_place(task, hook);

	role &= PREEMPT_DOORS_MASK;
	word = bpf_map_lookup_elem(&preempted, &place);
	if (word && !((*word ^ event) & ~(PREEMPT_EVENT_SWITCHES | PREEMPT_DOORS_MASK)) &&
	    role > (*word & PREEMPT_DOORS_MASK)) {
		if (!((*word ^ event) & PREEMPT_EVENT_SWITCHES)) {
			*word = event | role;
			return 0;
		}
		place = preempt_place(task, PREEMPT_AGAIN);
		again = bpf_map_lookup_elem(&preempted, &place);
		if (again)
			*again = preempt_event(task, PREEMPT_AGAIN);
	}
	if (word)
		*word = event | role;
	bpf_tail_call(ctx, &door_hook, 0);
	return 0;
}
