/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whose rootless container is it? Told by systemd's slices in the cgroup's path. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "attribute/container/cgroup_name.h"

/* container_user_uid() - the user whose slice it is. Returns 0 and *ret_uid, or -ENOENT. */
int container_user_uid(const char *path, uint32_t *ret_uid);

/*
 * container_user_find() - the user who chose the name, else of …/user-<uid>.slice/user@<uid>.service/…
 * @root: the root directory whose /etc/passwd knows the home directory
 * @ret_home: size bytes, terminated; "" if the user has none
 * Returns 0, or -ENOENT: no user's.
 */
int container_user_find(int root, const struct cgroup_name *name, const char *path, uint32_t *ret_uid,
			char *ret_home, size_t size);
