/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Files by the names that the store has of them. */
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include "store/fact.h"

/*
 * lookup_open() - opens a regular file for reading, without following a link, without waiting.
 * Returns a descriptor and *ret_st, or a negative errno: -ENOENT, -ELOOP (a symbolic link), -EMEDIUMTYPE (something else
 * than a regular file), …
 */
int lookup_open(const char *path, struct stat *ret_st);

/*
 * lookup_link() - where a symbolic link leads to, as it was written; not terminated.
 * Returns how many bytes that is; -EINVAL if it is none, or another negative errno.
 */
ssize_t lookup_link(const char *path, char *target, size_t size);

/* lookup_is() - is this the file that was written to? By inode; and by device, where file systems tell the same one. */
bool lookup_is(const struct fact *fact, const struct stat *st);

/*
 * lookup_moved() - the same file under another name in the same directory, as log rotation leaves it.
 * Returns a descriptor, *ret_st and *ret_path (masked, malloc'ed), or -ENOENT.
 */
int lookup_moved(const struct fact *fact, struct stat *ret_st, char **ret_path);
