/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which container a process is in: from the paths of its cgroups, and from the files that runtimes keep on disk
 * (no daemon is asked). Learnt when a cgroup is made, remembered when it is gone.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alert/alert.h"
#include "attribute/container/relayed.h"
#include "attribute/procfs.h"
#include "detect/mask.h"

struct containers;
struct inquiry;

/*
 * containers_open()
 * @root: the host's root directory, below which /run, /var/lib, /etc and /sys/fs/cgroup are looked for; NULL for
 * "/", something else if we run in a container ourselves
 * @procfs: where the host's procfs is mounted, NULL for /proc; copied
 * Returns 0 and *ret_containers (containers_close()), or a negative errno (-ENOENT: no such root).
 */
int containers_open(const char *root, const char *procfs, struct containers **ret_containers);
void containers_close(struct containers *containers);

/* containers_look_by() - who asks the files from now on; NULL: this process, which waits for them. Borrowed. */
void containers_look_by(struct containers *containers, struct inquiry *inquiry);

/* containers_writer() - whose processes are asked about in what follows: their group and user. */
void containers_writer(struct containers *containers, uint64_t group, uint32_t uid);

/* containers_count() - how many are known. */
size_t containers_count(const struct containers *containers);

/*
 * containers_scan() - learns the containers that there are already, from the cgroups below root's /sys/fs/cgroup.
 * Returns the number of cgroups that were looked at.
 */
int containers_scan(struct containers *containers);

/*
 * containers_learn() - a cgroup was made: if it is a container's, its runtime's files are read now.
 * @path: path[0, len), absolute in its hierarchy, whichever that is
 * @maker: who made it, which may be a runtime that tells more; NULL: not known
 * Returns 0, also if it is none; or -ENOMEM.
 */
int containers_learn(struct containers *containers, const char *path, size_t len,
		     const struct procfs_process *maker);

/*
 * containers_retry() - reads again what was not complete when its cgroup was made, a few times, less and less
 * often. To be called while waiting for samples.
 * Returns the milliseconds after which it should be called again, or -1: nothing is waiting.
 */
int containers_retry(struct containers *containers);

/* A process that may be in a container. */
struct containers_process {
	const char *paths; /* of its cgroups, as a sample carries them: cgroup v2's; v1's behind a newline */
	size_t len;
	uint64_t start; /* ns, CLOCK_BOOTTIME */
	uint32_t parent; /* tgid of its parent; 0: don't look at procfs */
	bool nested; /* it is not in the host's pid namespace */
	bool own_root; /* it has mounts and a root directory of its own */
};

/*
 * containers_find() - the container of a process. Where its cgroups name none: what stands above it is asked, if it has a pid namespace
 * or a root of its own. Where that tells nothing either, a process that has a root of its own is in a container nevertheless, unless it is
 * a systemd unit's in the host's pid namespace: its id is the cgroup's path then, and its runtime "unknown".
 * @known: the secret portion that must not appear, or NULL
 * Returns 0 and *ret_container, whose strings are the caller's (containers_free_one()), with id NULL if the process
 * is in none; or -ENOMEM. In a container the id is always given, the rest where it was found.
 */
int containers_find(struct containers *containers, const struct containers_process *process,
		    const struct mask_known *known, struct alert_container *ret_container);

/*
 * containers_relayed() - the container whose output a process outside of it writes.
 * @relayed: who that process says it is (relayed_parse()); the caller knows that it is in no container
 * Returns as containers_find(), with a container always.
 */
int containers_relayed(struct containers *containers, const struct relayed *relayed,
		       const struct mask_known *known, struct alert_container *ret_container);

/*
 * containers_holding() - the container whose layer or volume a path of the host's is in, of a process that is in none.
 * @path: as the host calls it; @shown: what an overlay's mount shows it as (mounts_layer()), or NULL
 * A volume that several containers have is nobody's, but for a pod's: of that one, pod and namespace are told.
 * Returns 0 and *ret_container as containers_find(), with `outside`, and *ret_place, "layer" or "volume"; with id NULL if it is in none; or
 * -ENOMEM.
 */
int containers_holding(struct containers *containers, const char *path, const char *shown,
		       const struct mask_known *known, struct alert_container *ret_container,
		       const char **ret_place);

/* containers_free_one() - frees what containers_find() gave, and zeroes it. */
void containers_free_one(struct alert_container *container);
