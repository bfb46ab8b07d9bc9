/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A fact into the tables of store/database.c. Only store/ uses this. */
#pragma once

#include <sqlite3.h>

#include "store/fact.h"
#include "store/pending.h"

struct writer;

/* writer_open() - on an open database, borrowed. Returns 0 and *ret_writer (writer_close()), or a negative errno. */
int writer_open(sqlite3 *db, struct writer **ret_writer);
/* writer_close() - before the database is closed; NULL is fine. */
void writer_close(struct writer *writer);

/* writer_begin() - before a transaction's first fact, and when it is over: nothing is known any more of what was written. */
void writer_begin(struct writer *writer);

/* writer_put_token() - a fact's token, before any writer_put() of the same transaction; likewise. Returns 0 and *ret_name, or a negative errno. */
int writer_put_token(struct writer *writer, const struct fact *fact, struct pending_name *ret_name);

/*
 * writer_put() - inside a transaction of the caller: adds a fact, or adds to it. Its texts are borrowed until writer_begin().
 * Returns 0 or a negative errno.
 */
int writer_put(struct writer *writer, const struct fact *fact, const struct pending_name *name);

/* writer_end() - behind the last fact, in the same transaction: writes what is counted of the names. Returns 0 or a negative errno. */
int writer_end(struct writer *writer);

/* writer_count() - adds to a number in the table meta. Returns 0 or a negative errno. */
int writer_count(struct writer *writer, const char *key, int64_t count);

/* writer_latest() - sets a time in the table meta, if it is later than what is there. */
int writer_latest(struct writer *writer, const char *key, int64_t time);
