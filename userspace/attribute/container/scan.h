/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The cgroups that there are. */
#pragma once

#include <stddef.h>

/*
 * container_scan() - tells of each cgroup below root's /sys/fs/cgroup: of cgroup v2's hierarchy, or of it and of
 * v1's memory, pids and systemd, at most LIMIT_CGROUPS_SCANNED in all.
 * @learn: gets the path (borrowed, absolute in the hierarchy); negative ends the walk
 * Returns the number of cgroups, or what `learn` returned.
 */
int container_scan(int root, int (*learn)(void *context, const char *path, size_t len), void *context);
