/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whose write is it: the first question, answered before any byte or any file is looked at. */
#pragma once

#include "base/kernel.bpf.h"
#include "base/maps.bpf.h"

/* There is a daemon, or was until lately. */
static __always_inline int scope_leased(void)
{
	return !leased || bpf_jiffies64() <= lease.until;
}

/* @task: the current one; it takes a call to ask for it */
static __always_inline int scope_holds(const struct task_struct *task)
{
	__u32 tgid = task->tgid;

	if (!scope_leased())
		return 0;
	/* Writing an alert is a write; the daemon never looks at itself, but for its canaries. */
	if (tgid == self_tgid && task->group_leader->start_boottime == self_start)
		return (__u32)task->pid == canary_tid;
	switch (settings.scope) {
	case SCOPE_TREE:
		return bpf_map_lookup_elem(&tree, &tgid) != NULL;
	case SCOPE_CGROUP:
		/* mostly the cgroup itself, which needs no helper */
		return task->cgroups->dfl_cgrp->kn->id == settings.cgroup_id ||
		       bpf_get_current_ancestor_cgroup_id(settings.cgroup_level) == settings.cgroup_id;
	default:
		return 1;
	}
}

static __always_inline int scope_holds_current(void)
{
	return scope_holds(bpf_get_current_task_btf());
}
