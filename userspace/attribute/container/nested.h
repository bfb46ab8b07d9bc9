/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A runtime inside a container (kind, docker-in-docker) keeps its files in that container's root. */
#pragma once

#include "attribute/container/cgroup_name.h"

/* Where cgroups are mounted, below the root: cgroup v2 alone or beside v1, then v1's. */
extern const char *const container_hierarchies[];

/*
 * container_nested_root() - the root directory of the container around another one: that of a process which is
 * in the outer, but in no inner container.
 * @root: the host's root directory, with its cgroups below /sys/fs/cgroup; @procfs: the host's
 * @path: of the inner container's cgroup, which `name` was parsed from
 * Returns a descriptor (the caller closes it), or -ESRCH: no such process.
 */
int container_nested_root(int root, const char *procfs, const char *path, const struct cgroup_name *name);
