/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who has made a cgroup, and so chosen its name: only whoever owns the directory above it can have. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * container_owner() - the user who may make cgroups beside path[0, len): of …/user@<uid>.service/…, or who owns the nearest directory
 * above it that is still there.
 * @root: the host's root directory, with its cgroups below /sys/fs/cgroup
 * Returns the user, 0 for root: the system's runtimes.
 */
uint32_t container_owner(int root, const char *path, size_t len);

/*
 * container_owned() - does a regular file belong to that user? A rootless runtime's files are its user's; a link to those of
 * another one says nothing.
 * @format: as in files/open.h
 * Returns 0, -EPERM, or as file_regular().
 */
int container_owned(int root, uint32_t uid, const char *format, ...) __attribute__((format(printf, 3, 4)));
