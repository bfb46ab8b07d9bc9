/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a process in a container calls its user and its group: their numbers there, and by its own /etc/passwd and /etc/group their names. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "attribute/procfs.h"

/* LOGIN_NAME_MAX of shadow-utils is 32. */
#define INSIDE_NAME 36

/* A number that the user namespace has none for. */
#define INSIDE_NONE ((uint32_t)-1)

/*
 * inside_name() - of a user, or of a group.
 * Returns 0 and ret_name, "" if its file has none; -EXDEV and *ret_id, or INSIDE_NONE, if the process's user namespace has another number
 * for it: the name is the host's then; -ESRCH if the process is gone, or another negative errno.
 */
int inside_name(const struct procfs_process *process, bool group, uint32_t id, uint32_t *ret_id,
		char ret_name[INSIDE_NAME]);
