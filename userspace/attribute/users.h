/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names of users and groups, from their files alone: no NSS, so that a static daemon knows them too. */
#pragma once

#include <stdint.h>

#include "attribute/inquiry.h"

/*
 * A file's names come in pages of some 200, each waited for as any question. So long, in ms, the pages behind the first one are waited for at once;
 * the others come the next time, and meanwhile those are known that have come.
 */
#define USERS_PAGES_MS (400L * INQUIRY_TIMES)

struct users;

/*
 * users_open() - nothing is read yet.
 * @root: directory that the path is in, NULL or "" for /; @path: NULL for /etc/passwd
 * @inquiry: who reads it; NULL: this process. Borrowed
 * Returns 0 and *ret_users, or a negative errno.
 */
int users_open(const char *root, const char *path, struct inquiry *inquiry, struct users **ret_users);

/* users_open_groups() - the same for groups; @path: NULL for /etc/group. */
int users_open_groups(const char *root, const char *path, struct inquiry *inquiry, struct users **ret_users);

void users_close(struct users *users);

/* users_name() - borrowed until the next call; NULL if there is none. Follows changes of the file, as far as it can be read. */
const char *users_name(struct users *users, uint32_t id);

/* users_changes() - how often the file was read, or the next part of it: a name is the same as long as that was not. */
uint64_t users_changes(struct users *users);

/* users_read() - answers INQUIRY_USERS and INQUIRY_GROUPS, as inquiry.h says of them. */
int users_read(int root, const struct inquiry_question *question, struct inquiry_answer *answer);
