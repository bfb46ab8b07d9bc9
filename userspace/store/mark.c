// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* store: up to which alert of a monitor the file has all. */
#include "store/mark.h"

#include "store/statement.h"

#include <inttypes.h>
#include <stdio.h>

int mark_write(sqlite3 *db, uint64_t id, uint64_t number)
{
	char sql[160];

	snprintf(sql, sizeof(sql),
		 "INSERT OR REPLACE INTO meta (key, value) VALUES ('mark_of_%u', %" PRId64
		 "), ('mark_%u', %" PRId64 ")",
		 (unsigned int)(id % MARKS), (int64_t)id, (unsigned int)(id % MARKS), (int64_t)number);
	return statement_exec(db, sql);
}

uint64_t mark_read(sqlite3 *db, uint64_t id)
{
	int64_t of = 0, number = 0;
	char sql[80];

	snprintf(sql, sizeof(sql), "SELECT value FROM meta WHERE key = 'mark_of_%u'",
		 (unsigned int)(id % MARKS));
	if (statement_query(db, sql, &of) <= 0 || (uint64_t)of != id)
		return 0;
	snprintf(sql, sizeof(sql), "SELECT value FROM meta WHERE key = 'mark_%u'",
		 (unsigned int)(id % MARKS));
	return statement_query(db, sql, &number) <= 0 ? 0 : (uint64_t)number;
}
