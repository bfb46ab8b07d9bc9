/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The store's file: made, opened, brought up to date, moved aside. Only store/ uses this. */
#pragma once

#include <sqlite3.h>

/* PRAGMA application_id: "SpWa"; user_version is the version of the schema. */
#define DATABASE_APPLICATION 0x53705761
#define DATABASE_VERSION 10

/*
 * database_open() - for writing; made with mode 0600, its directory with 0700, if they are not there.
 * An older schema is brought up to date. Returns 0 and *ret_db (sqlite3_close()), or a negative errno:
 * -EOVERFLOW: made by a newer version; -EMEDIUMTYPE: somebody else's database, or no database at all;
 * -EUCLEAN: ours, and damaged; -ELOOP: a link; -EUSERS: others own it or may write to it.
 */
int database_open(const char *path, sqlite3 **ret_db);

/* database_open_reader() - for reading what is there, in whatever state; the same errors, and -ENOENT. */
int database_open_reader(const char *path, sqlite3 **ret_db);

/*
 * database_set_aside() - renames a damaged file, and what belongs to it, to PATH.corrupt-TIME.
 * Returns 0 and *ret_moved (malloc'ed), or a negative errno.
 */
int database_set_aside(const char *path, char **ret_moved);
