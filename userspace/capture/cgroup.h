/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A cgroup (v2) as the BPF side wants it: its id and its depth. */
#pragma once

#include <stdint.h>

struct cgroup {
	uint64_t id; /* what bpf_get_current_ancestor_cgroup_id() returns for it */
	uint32_t level; /* 0 is the hierarchy's root */
};

/*
 * cgroup_resolve() - looks up a directory of a cgroup v2 hierarchy, by its path in the file system.
 * Returns 0, -ENOENT and the like, or -ENOTTY if the directory is not in a cgroup v2 hierarchy.
 */
int cgroup_resolve(const char *path, struct cgroup *ret_cgroup);
