/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* SQLite's prepared statements, and its errors as negative errnos. Only store/ and forward/ use this. */
#pragma once

#include <stdint.h>

#include <sqlite3.h>

/*
 * statement_error() - a result of SQLite as a negative errno; 0 for OK, ROW and DONE. A full disk is
 * -ENOSPC, a damaged file -EUCLEAN, a lock that was not given in time -EBUSY.
 */
int statement_error(sqlite3 *db, int result);

/* statement_prepare() - kept for long. Returns 0 and *ret_statement (sqlite3_finalize()), or a negative errno. */
int statement_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret_statement);

/*
 * statement_bind() - all parameters in order. @types: a letter for each: 't' const char * (may be NULL,
 * borrowed until the statement is reset), 'i' int64_t.
 */
void statement_bind(sqlite3_stmt *statement, const char *types, ...);

/*
 * statement_run() - to its end, then resets it and forgets its parameters.
 * @ret_first: first column of its first row, untouched if there is none; may be NULL
 * Returns the number of rows, or a negative errno.
 */
int statement_run(sqlite3_stmt *statement, int64_t *ret_first);

/* statement_exec() - statements without parameters. Returns 0 or a negative errno. */
int statement_exec(sqlite3 *db, const char *sql);

/* statement_query() - prepares, runs and ends a statement without parameters; as statement_run(). */
int statement_query(sqlite3 *db, const char *sql, int64_t *ret_first);

/* statement_text() - a column, NULL if it is NULL; SQLite's own until the next step. */
static inline const char *statement_text(sqlite3_stmt *statement, int column)
{
	return (const char *)sqlite3_column_text(statement, column);
}
