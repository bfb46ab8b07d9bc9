/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which container a process is in: from the paths of its cgroups, and from the files that runtimes keep on disk
 * (no daemon is asked). Learnt when a cgroup is made, remembered when it is gone.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "alert/alert.h"
#include "attribute/container/relayed.h"
#include "detect/mask.h"

struct containers;

/*
 * containers_open()
 * @root: the host's root directory, below which /run, /var/lib, /etc and /sys/fs/cgroup are looked for; NULL for
 * "/", something else if we run in a container ourselves
 * @procfs: where the host's procfs is mounted, NULL for /proc; copied
 * Returns 0 and *ret_containers (containers_close()), or a negative errno (-ENOENT: no such root).
 */
int containers_open(const char *root, const char *procfs, struct containers **ret_containers);
void containers_close(struct containers *containers);

/*
 * containers_scan() - learns the containers that there are already, from the cgroups below root's /sys/fs/cgroup.
 * Returns the number of cgroups that were looked at.
 */
int containers_scan(struct containers *containers);

/*
 * containers_learn() - a cgroup was made: if it is a container's, its runtime's files are read now.
 * @path: path[0, len), absolute in its hierarchy, whichever that is
 * Returns 0, also if it is none; or -ENOMEM.
 */
int containers_learn(struct containers *containers, const char *path, size_t len);

/*
 * containers_retry() - reads again what was not complete when its cgroup was made, a few times, less and less
 * often. To be called while waiting for samples.
 * Returns the milliseconds after which it should be called again, or -1: nothing is waiting.
 */
int containers_retry(struct containers *containers);

/*
 * containers_find() - the container of a process.
 * @paths: paths[0, len), of its cgroups, as a sample carries them: cgroup v2's; v1's behind a newline
 * @start, @parent: the process's start (ns, CLOCK_BOOTTIME) and its parent's tgid, for rootless podman, which may
 * leave its containers without a cgroup; parent 0: don't look at procfs (a process of the first pid namespace)
 * @known: the secret portion that must not appear, or NULL
 * Returns 0 and *ret_container, whose strings are the caller's (containers_free_one()), with id NULL if the process
 * is in none; or -ENOMEM. In a container the id is always given, the rest where it was found.
 */
int containers_find(struct containers *containers, const char *paths, size_t len, uint64_t start,
		    uint32_t parent, const struct mask_known *known, struct alert_container *ret_container);

/*
 * containers_relayed() - the container whose output a process outside of it writes.
 * @relayed: who that process says it is (relayed_parse()); the caller knows that it is in no container
 * Returns as containers_find(), with a container always.
 */
int containers_relayed(struct containers *containers, const struct relayed *relayed,
		       const struct mask_known *known, struct alert_container *ret_container);

/* containers_free_one() - frees what containers_find() gave, and zeroes it. */
void containers_free_one(struct alert_container *container);
