/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a container prints is written by somebody else, outside of it: dockerd, containerd and its shims, conmon, nerdctl's logger. Whose
 * output it is stands in their arguments, or in the path of the log.
 */
#pragma once

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "attribute/container/cgroup_name.h"

/* A process outside of all containers, and what it wrote to. Nothing is terminated. */
struct relayed_writer {
	const char *exe, *args, *path, *cwd;
	size_t exe_len, args_len, path_len, cwd_len;
	uint32_t uid;
};

struct relayed {
	struct cgroup_name name; /* id "": only the pod is known */
	char container[CGROUP_NAME_BYTES]; /* its name, "" where it is not told */
	char pod[CGROUP_NAME_BYTES], pod_namespace[CGROUP_NAME_BYTES];
	char log[CGROUP_NAME_BYTES]; /* of a pod: the log's name, "0.log" */
	char namespace[CGROUP_NAME_BYTES]; /* containerd's */
	char states[PATH_MAX]; /* runc's --root; "": the usual one */
	char directory[PATH_MAX]; /* Docker's data, or the bundle; "" where it is not told */
};

/*
 * relayed_parse() - is it one that writes for a container, and for which?
 * Returns 0 and *ret_relayed, whose id can be a component of a path and nothing else, or -ENOENT.
 */
int relayed_parse(const struct relayed_writer *writer, struct relayed *ret_relayed);

/* relayed_program() - is it one by its name at all? Cheap, for what is asked of every writer. */
int relayed_program(const char *exe, size_t len);
