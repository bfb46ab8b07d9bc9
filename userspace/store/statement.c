// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* store: between SQLite's manners and ours. */
#include "store/statement.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

/* What the system said, if SQLite kept it; its I/O errors come from there. */
static int statement_system_error(sqlite3 *db, int otherwise)
{
	int error = db ? sqlite3_system_errno(db) : 0;

	return error > 0 ? -error : -otherwise;
}

int statement_error(sqlite3 *db, int result)
{
	switch (result & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EUCLEAN;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_CANTOPEN:
		return statement_system_error(db, ENOENT);
	case SQLITE_IOERR:
		return statement_system_error(db, EIO);
	default:
		return -EIO;
	}
}

int statement_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret_statement)
{
	return statement_error(
		db, sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret_statement, NULL));
}

void statement_bind(sqlite3_stmt *statement, const char *types, ...)
{
	va_list args;

	va_start(args, types);
	for (int i = 1; *types; i++, types++) {
		if (*types == 't')
			sqlite3_bind_text(statement, i, va_arg(args, const char *), -1, SQLITE_STATIC);
		else
			sqlite3_bind_int64(statement, i, va_arg(args, int64_t));
	}
	va_end(args);
}

int statement_run(sqlite3_stmt *statement, int64_t *ret_first)
{
	int rows = 0, result;

	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		if (rows++ == 0 && ret_first && sqlite3_column_count(statement) > 0)
			*ret_first = sqlite3_column_int64(statement, 0);
	}
	/* before the reset, which would lose what the system said */
	result = statement_error(sqlite3_db_handle(statement), result);
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return result < 0 ? result : rows;
}

int statement_exec(sqlite3 *db, const char *sql)
{
	return statement_error(db, sqlite3_exec(db, sql, NULL, NULL, NULL));
}

int statement_query(sqlite3 *db, const char *sql, int64_t *ret_first)
{
	sqlite3_stmt *statement = NULL;
	int r = statement_error(db, sqlite3_prepare_v2(db, sql, -1, &statement, NULL));

	if (r == 0)
		r = statement_run(statement, ret_first);
	sqlite3_finalize(statement);
	return r;
}
