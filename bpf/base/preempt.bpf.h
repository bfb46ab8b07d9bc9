/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Programs that can be preempted. While a task sleeps in the middle of a program, the kernel leaves that program out for all
 * others on that CPU (prog->active; counted as recursion_misses): what they write would go by unseen. So there a hook has
 * doors: small programs that are attached in its place, one behind the other, and lead into it by a tail call, which
 * nothing guards. The first that is free lets an event in, the others see that it is (doors.bpf.c).
 *
 * A hook has them by two lines around its work, after all that is asked of every event:
 *
 *     if (!ours || !scope_holds_current())
 *             return 0;
 *     preempt_begin();
 *     the_work();          // without a return past preempt_end()
 *     preempt_end();
 *     return 0;
 *
 * Nothing else is to be told anybody: the loader sees that a program asks for this (include/loader_call.h), and makes its doors.
 * In the work preemption is off, where the kernel can do that (bpf_preempt_disable(), and calls of global functions behind
 * it, since 6.15): it has its CPU's scratch and words for itself. The two stand in the program itself, not in a
 * global function. Where the kernel can't, programs do nest: `preemptible` is set then.
 *
 * Where the kernel doesn't preempt programs there are no doors, and all of this is taken away by the verifier.
 */
#pragma once

#include "base/kernel.bpf.h"
#include "base/maps.bpf.h"
#include "loader_call.h"

/* As helpers are declared; the loader puts something else in their place. */
static void (*const preempt_disable)(void) = (void *)PREEMPT_CALL_DISABLE;
static void (*const preempt_enable)(void) = (void *)PREEMPT_CALL_ENABLE;
static __u32 (*const preempt_role)(void) = (void *)PREEMPT_CALL_ROLE;

/*
 * That an event has been let in is noted with the task, not with the CPU, in a word of the map `preempted`: a task that is preempted
 * may go on elsewhere. The word is for the task, what it has been switched out so far, and the hook; and says which door the event
 * has come to last. One that is not behind that has another event before it. So nothing old hides a write: as long as a task
 * is not switched out, no door is taken that was free, and none is free that was taken.
 */
static __always_inline __u64 preempt_event(const struct task_struct *task, __u64 hook)
{
	return (__u64)(__u32)task->pid << 42 | ((task->nvcsw + task->nivcsw) & 0x3ffffff) << 16 |
	       hook << PREEMPT_HOOK_SHIFT;
}

#define PREEMPT_EVENT_SWITCHES (0x3ffffffULL << 16)

/* No hook's number: the task's word for an event that may have been let in twice. */
#define PREEMPT_AGAIN 0

/* The word's place: with an odd factor, tasks whose numbers are close share none, and hardly a cache line. */
static __always_inline __u32 preempt_place(const struct task_struct *task, __u64 hook)
{
	return ((__u32)task->pid * 40503 + hook * 15693) % LIMIT_PREEMPTED;
}

/*
 * The work is done: the task has been switched out meanwhile, most likely right before this, and the doors behind are not to take
 * its event for another one. A function of its own: verified once.
 */
__weak __noinline int preempt_settle(__u32 role)
{
	const struct task_struct *task = bpf_get_current_task_btf();
	__u64 hook = role >> PREEMPT_HOOK_SHIFT, event = preempt_event(task, hook), *word;
	__u32 place = preempt_place(task, hook);

	word = bpf_map_lookup_elem(&preempted, &place);
	if (word && !((*word ^ event) & ~(PREEMPT_EVENT_SWITCHES | PREEMPT_DOORS_MASK)))
		*word = event | (*word & PREEMPT_DOORS_MASK);
	place = preempt_place(task, PREEMPT_AGAIN);
	word = bpf_map_lookup_elem(&preempted, &place);
	if (word)
		*word = 0;
	return 0;
}

/* Has the current event perhaps been let in before (doors.bpf.c)? */
__weak __noinline int preempt_is_again(void)
{
	const struct task_struct *task = bpf_get_current_task_btf();
	__u32 place = preempt_place(task, PREEMPT_AGAIN);
	__u64 *word = bpf_map_lookup_elem(&preempted, &place);

	return word && *word == preempt_event(task, PREEMPT_AGAIN);
}

/*
 * Since 6.13 a program that traces has a stack of its own on each CPU, since it is not run twice at a time there. A hook behind doors is:
 * tasks would find each other's variables. One that has a tail call anywhere stays on its task's stack; this one is never made.
 */
static __always_inline void preempt_keep_stack(void)
{
	if (preempt_never)
		bpf_tail_call(NULL, NULL, 0);
}

static __always_inline void preempt_begin(void)
{
	preempt_keep_stack();
	if (preempt_doors)
		preempt_disable();
}

static __always_inline void preempt_end(void)
{
	if (!preempt_doors)
		return;
	/* what was put off happens in here, while the door still counts as taken: from now on others are needed */
	preempt_enable();
	preempt_settle(preempt_role());
}
