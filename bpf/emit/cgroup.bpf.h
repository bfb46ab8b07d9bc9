/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which cgroups a process is in, by their paths: that names its container, also when the process and the
 * container are gone by the time the daemon reads it.
 *
 * Where both hierarchies are in use a runtime may put its processes into cgroup v1 only, so that one's path is
 * taken as well: memory's, or else pids'.
 */
#pragma once

#include "base/kernel.bpf.h"
#include "base/maps.bpf.h"
#include "emit/path.bpf.h"

static long cgroup_step(__u32 index, struct path_walk *walk)
{
	struct path_buffer *buffer = walk->buffer;
	const struct kernfs_node *node = (const struct kernfs_node *)buffer->node,
				 *parent = kernel_kernfs_parent(node);
	/* a name has no length to be asked: it is measured in the room behind the path */
	__u8 *name = &buffer->bytes[LIMIT_PATH_BYTES];
	long len;

	if (!parent)
		return 1;
	len = bpf_probe_read_kernel_str(name, LIMIT_NAME_BYTES, BPF_CORE_READ(node, name));
	if (len < 1 || index + 1 >= LIMIT_PATH_COMPONENTS || path_prepend(buffer, name, len - 1)) {
		buffer->truncated = 1;
		return 1;
	}
	buffer->node = (__u64)parent;
	return 0;
}

/* cgroup_path() - as path_build(), of the cgroup whose struct kernfs_node is at that address. */
__noinline __u32 cgroup_path(struct path_buffer *buffer, __u64 node)
{
	struct path_walk walk = {.buffer = buffer};

	if (!buffer)
		return PATH_END;
	path_begin(buffer, node);
	bpf_loop(LIMIT_PATH_COMPONENTS, cgroup_step, &walk, 0);
	return path_finish(buffer);
}

/* The node of the current process's cgroup in the v2 hierarchy. */
static __always_inline __u64 cgroup_node(void)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return (__u64)BPF_CORE_READ(task, cgroups, dfl_cgrp, kn);
}

static __always_inline __u64 cgroup_node_of(struct task_struct *task, __u32 controller)
{
	const struct css_set *set = BPF_CORE_READ(task, cgroups);
	const struct cgroup_subsys_state *state = NULL;

	bpf_probe_read_kernel(&state, sizeof(state), &set->subsys[controller]);
	return state ? (__u64)BPF_CORE_READ(state, cgroup, kn) : 0;
}

/* The same in cgroup v1's hierarchies; 0 if there are none. */
static __always_inline __u64 cgroup_node_v1(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 v2 = cgroup_node(), v1 = 0;

	if (bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id))
		v1 = cgroup_node_of(task, bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id));
	if ((!v1 || v1 == v2) && bpf_core_enum_value_exists(enum cgroup_subsys_id, pids_cgrp_id))
		v1 = cgroup_node_of(task, bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id));
	return v1 == v2 ? 0 : v1;
}
