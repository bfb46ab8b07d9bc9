/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the host calls a file: from its path in its own file system, by the mounts of the host's init. So
 * it is right for containers, bind mounts, volumes and chroots alike.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct mounts;

/*
 * mounts_open() - @procfs: where the host's procfs is mounted.
 * Returns 0 and *ret_mounts (mounts_close()), or -ENOMEM. Without PID/1/mountinfo nothing is ever found.
 */
int mounts_open(const char *procfs, struct mounts **ret_mounts);
void mounts_close(struct mounts *mounts);

/*
 * mounts_changes() - how often they were read: what mounts_path() says is the same as long as they were not read again.
 * @time: ns, CLOCK_BOOTTIME, that it is asked for; what is older than the last look needs no other one
 */
uint64_t mounts_changes(struct mounts *mounts, uint64_t time);

/*
 * mounts_path() - the host's path of what lies at inner[0, len) in the file system with that device (as the
 * kernel keeps a dev_t: major << 20 | minor).
 * Returns 0 and *ret_path (malloc'ed, the bytes as they are, terminated), -ENOENT if the host has not mounted
 * it, or another negative errno.
 */
int mounts_path(struct mounts *mounts, uint32_t device, const char *inner, size_t len, char **ret_path);

/*
 * mounts_layer() - where an overlay that the host has mounted shows what lies at `path` in its upper directory. By the mounts as mounts_path() has
 * read them last.
 * Returns 0 and *ret_path (malloc'ed), -ENOENT: it is in none's, or -ENOMEM.
 */
int mounts_layer(const struct mounts *mounts, const char *path, char **ret_path);
