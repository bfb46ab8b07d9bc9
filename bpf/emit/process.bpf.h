/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The writing process, while it is certain to be there: inside its own system call. */
#pragma once

#include "base/kernel.bpf.h"
#include "base/maps.bpf.h"

/* The process's id as its own pid namespace counts. */
static __always_inline __u32 process_ns_tgid(const struct task_struct *task)
{
	const struct pid *pid = BPF_CORE_READ(task, group_leader, thread_pid);
	__u32 level = BPF_CORE_READ(pid, level);
	const struct upid *numbers = __builtin_preserve_access_index(&pid->numbers[0]);
	struct upid last = {};

	bpf_probe_read_kernel(&last, sizeof(last), &numbers[level]);
	return last.nr;
}

/*
 * Are the mounts and the root directory of the process its own, and not init's? Mounts alone say little: a service may have its own and
 * see the host's files by them; and so does a root alone.
 */
static __always_inline bool process_own_root(const struct task_struct *task)
{
	const struct pid *pid = BPF_CORE_READ(task, group_leader, thread_pid);
	const struct upid *numbers = __builtin_preserve_access_index(&pid->numbers[0]);
	const struct task_struct *init;
	const void *its, *inits;
	struct upid first = {};

	bpf_probe_read_kernel(&first, sizeof(first), numbers);
	init = BPF_CORE_READ(first.ns, child_reaper);
	its = BPF_CORE_READ(task, nsproxy, mnt_ns);
	inits = BPF_CORE_READ(init, nsproxy, mnt_ns);
	/* one that ends has none */
	if (!its || !inits || its == inits)
		return false;
	its = BPF_CORE_READ(task, fs, root.dentry);
	inits = BPF_CORE_READ(init, fs, root.dentry);
	return its && inits && its != inits;
}

/* include/linux/user_namespace.h: more ranges than these lie elsewhere */
#define PROCESS_RANGES 5

/* What a user namespace calls an id; false: nothing, or what it does is not told here. */
static __always_inline bool process_mapped(const struct uid_gid_map *map, __u32 id, __u32 *ret_id)
{
	const struct uid_gid_extent *ranges = __builtin_preserve_access_index(&map->extent[0]);
	__u32 count = BPF_CORE_READ(map, nr_extents);
	bool found = false;

	for (__u32 i = 0; i < PROCESS_RANGES; i++) {
		struct uid_gid_extent range = {};

		bpf_probe_read_kernel(&range, sizeof(range), &ranges[i]);
		if (i < count && id - range.lower_first < range.count) {
			*ret_id = range.first + (id - range.lower_first);
			found = true;
		}
	}
	return found && count <= PROCESS_RANGES;
}

/* The same for user and group. */
static __always_inline void process_users(const struct task_struct *task, struct token_sample *sample)
{
	const struct user_namespace *users = BPF_CORE_READ(task, cred, user_ns);

	if (!users || !BPF_CORE_READ(users, level))
		return;
	if (process_mapped(__builtin_preserve_access_index(&users->uid_map), sample->uid, &sample->ns_uid) &&
	    process_mapped(__builtin_preserve_access_index(&users->gid_map), sample->gid, &sample->ns_gid))
		sample->flags |= SAMPLE_OWN_USERS;
}

/* process_describe() - the sample's facts of the current process, all but its strings. */
static __always_inline void process_describe(struct token_sample *sample)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 ids = bpf_get_current_pid_tgid();

	sample->tgid = ids >> 32;
	sample->tid = (__u32)ids;
	sample->ns_tgid = process_ns_tgid(task);
	sample->start = BPF_CORE_READ(task, group_leader, start_boottime);
	sample->parent_tgid = BPF_CORE_READ(task, real_parent, tgid);
	sample->parent_start = BPF_CORE_READ(task, real_parent, group_leader, start_boottime);
	if (process_own_root(task))
		sample->flags |= SAMPLE_OWN_ROOT;
	sample->cgroup_id = bpf_get_current_cgroup_id();
	sample->uid = BPF_CORE_READ(task, cred, euid.val);
	sample->gid = BPF_CORE_READ(task, cred, egid.val);
	process_users(task, sample);
	sample->login_uid = ~0U;
	if (bpf_core_field_exists(task->loginuid))
		sample->login_uid = BPF_CORE_READ(task, loginuid.val);
	BPF_CORE_READ_INTO(&sample->comm, task, group_leader, comm);
	BPF_CORE_READ_INTO(&sample->thread_comm, task, comm);
	BPF_CORE_READ_INTO(&sample->parent_comm, task, real_parent, group_leader, comm);
}
