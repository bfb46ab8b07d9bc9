// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Tells the daemon of each cgroup that is made: if it is a container's, its runtime's files are on disk by now,
 * and may be gone again by the time the container writes something.
 *
 * Every cgroup of the host, since who will run in it is not known yet; but of a process tree's, what it makes itself: its
 * runtimes are in the tree as well. Who made it is told too, since a runtime is told by its arguments where its files are to be.
 */
#include "base/count.bpf.h"
#include "emit/share.bpf.h"
#include "scan/inspect.bpf.h"
#include "base/kernel.bpf.h"
#include "base/maps.bpf.h"
#include "base/preempt.bpf.h"
#include "base/scope.bpf.h"

#include <bpf/bpf_tracing.h>

static __always_inline void cgroup_tell(const char *path)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct token_sample *head;
	struct scratch *s;
	__u64 len;

	s = inspect_begin();
	if (!s)
		return;
	head = &s->sample.head;
	__builtin_memset(head, 0, sizeof(*head));
	len = bpf_probe_read_kernel_str(s->sample.strings.bytes, LIMIT_CGROUP_BYTES, path);
	if ((__s64)len < 1)
		len = 1;
	asm volatile("" : "+r"(len)); /* keep the bound where the verifier can see it */
	if (len <= LIMIT_CGROUP_BYTES) {
		head->time = bpf_ktime_get_boot_ns();
		head->flags = SAMPLE_CGROUP;
		head->group = share_group();
		/* a runtime's arguments tell where its files are */
		head->tgid = BPF_CORE_READ(task, tgid);
		head->start = BPF_CORE_READ(task, group_leader, start_boottime);
		head->cgroup_len = len - 1;
		head->size = sizeof(*head) + len - 1;
		head->seq = __sync_fetch_and_add(&sample_seq, 1) + 1;
		if (share_admit(s, head->size, LIMIT_SHARE_ASK_BYTES) ||
		    bpf_ringbuf_output(&samples, &s->sample, sizeof(*head) + len - 1, 0))
			count(COUNTER_cgroups_untold);
		else
			count(COUNTER_samples_sent);
	}
	inspect_end(s);
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(cgroup_made, struct cgroup *cgrp, const char *path)
{
	if (!scope_leased() || (settings.scope == SCOPE_TREE && !scope_holds_current()))
		return 0;
	preempt_begin();
	cgroup_tell(path);
	preempt_end();
	return 0;
}
