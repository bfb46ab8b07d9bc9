/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names of users and groups, from their files alone: no NSS, so that a static daemon knows them too. */
#pragma once

#include <stdint.h>

struct users;

/* users_open() - @path: NULL for /etc/passwd. Returns 0 and *ret_users, or -ENOMEM. */
int users_open(const char *path, struct users **ret_users);

/* users_open_groups() - the same for groups; @path: NULL for /etc/group. */
int users_open_groups(const char *path, struct users **ret_users);

void users_close(struct users *users);

/* users_name() - borrowed until the next call; NULL if there is none. Follows changes of the file. */
const char *users_name(struct users *users, uint32_t id);

/* users_changes() - how often the file was read: a name is the same as long as it was not read again. */
uint64_t users_changes(struct users *users);
