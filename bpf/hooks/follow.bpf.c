// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Following a process tree from fork to exit (`exec`): the daemon's children and all their
 * descendants are in the map `tree`, whatever session, group or parent they later have.
 */
#include "base/count.bpf.h"
#include "base/kernel.bpf.h"
#include "base/maps.bpf.h"
#include "base/preempt.bpf.h"

#include <bpf/bpf_tracing.h>

SEC("tp_btf/sched_process_fork")
int BPF_PROG(follow_fork, struct task_struct *parent, struct task_struct *child)
{
	__u32 mother = parent->tgid, tgid = child->tgid;
	__u8 present = 1;

	if (mother == tgid) /* a thread */
		return 0;
	if (mother != self_tgid && !bpf_map_lookup_elem(&tree, &mother))
		return 0;
	preempt_begin();
	if (bpf_map_update_elem(&tree, &tgid, &present, BPF_ANY))
		count(COUNTER_tree_full);
	preempt_end();
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(follow_exit, struct task_struct *task)
{
	__u32 tgid = task->tgid;

	/* `live` was counted down before this point, so the last thread of a process sees 0 */
	if (task->signal->live.counter != 0)
		return 0;
	preempt_begin();
	bpf_map_delete_elem(&tree, &tgid);
	preempt_end();
	return 0;
}
