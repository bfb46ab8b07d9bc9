/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * podman's monitor process, conmon, is told on its command line which container it looks after: that remains where
 * a rootless container has no cgroup of its own ("0::/").
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "attribute/container/cgroup_name.h"

struct container_conmon {
	struct cgroup_name name; /* runtime "podman" */
	char container[CGROUP_NAME_BYTES]; /* the container's name, as it was given; "" if it was not */
	char bundle[PATH_MAX]; /* "" if it was not given */
	uint32_t pid;
};

struct container_process {
	bool is_conmon; /* by its name */
	uint32_t parent;
	uint64_t ticks; /* when it started */
};

/* container_process_stat() - what procfs says of a process. Returns 0, or -ESRCH: it is gone, and *ret_stat is not to be used. */
int container_process_stat(const char *procfs, uint32_t pid, struct container_process *ret_stat);

/*
 * container_conmon_find() - looks for conmon among the parent and what is above it.
 * @procfs: where procfs is mounted; @parent: tgid of the process's parent
 * @start: of the process, ns of CLOCK_BOOTTIME: what started later is not above it
 * Returns 0 and *ret_conmon, or -ENOENT.
 */
int container_conmon_find(const char *procfs, uint32_t parent, uint64_t start,
			  struct container_conmon *ret_conmon);

/*
 * container_conmon_parse() - conmon's arguments, separated by NUL: -c ID -n NAME -b BUNDLE, also as --cid and so on.
 * Returns 0 and *ret_conmon (pid 0), or -ENOENT without a valid id.
 */
int container_conmon_parse(const char *args, size_t len, struct container_conmon *ret_conmon);
