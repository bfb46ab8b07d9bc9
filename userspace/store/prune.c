// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * store: what is old goes. In slices, so that alerts don't wait: one slice is some ten milliseconds.
 *
 * Invariant: what is removed is counted in the same transaction.
 */
#include "store/prune.h"

#include "store/statement.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#define PRUNE_SLICE 1000
/* pages that are given back to the file system at once */
#define PRUNE_PAGES 2048

/* Once the bound is met, a twentieth of it is freed, so that it is not met again with every alert. */
#define PRUNE_ROOM 20

/* Removes facts that `where` chooses, the longest not seen first. Returns their number or a negative errno. */
static int prune_slice(sqlite3 *db, struct writer *writer, const char *where, const char *counter)
{
	char sql[256];
	int64_t until = 0;
	int r, removed = 0;

	snprintf(sql, sizeof(sql), "SELECT max(last) FROM (SELECT last FROM fact %s ORDER BY last LIMIT %d)",
		 where, PRUNE_SLICE);
	r = statement_exec(db, "BEGIN IMMEDIATE");
	if (r < 0)
		return r;
	r = statement_query(db, sql, &until);
	if (r > 0 && until > 0) {
		snprintf(sql, sizeof(sql),
			 "DELETE FROM fact WHERE id IN (SELECT id FROM fact %s ORDER BY last LIMIT %d)",
			 where, PRUNE_SLICE);
		r = statement_exec(db, sql);
		removed = r == 0 ? sqlite3_changes(db) : 0;
		if (r == 0)
			r = writer_count(writer, counter, removed);
		if (r == 0)
			r = writer_latest(writer, "removed_until", until);
	}
	if (r >= 0)
		r = statement_exec(db, "COMMIT");
	if (r < 0)
		statement_exec(db, "ROLLBACK");
	return r < 0 ? r : removed;
}

int prune_age(sqlite3 *db, struct writer *writer, int64_t before)
{
	char where[64];
	int r;

	snprintf(where, sizeof(where), "WHERE last < %" PRId64, before);
	r = prune_slice(db, writer, where, "removed_age");
	return r < 0 ? r : r == PRUNE_SLICE;
}

struct prune_pages {
	int64_t size, all, empty;
};

static int prune_pages(sqlite3 *db, struct prune_pages *ret_pages)
{
	int r = statement_query(db, "PRAGMA page_size", &ret_pages->size);

	if (r >= 0)
		r = statement_query(db, "PRAGMA page_count", &ret_pages->all);
	if (r >= 0)
		r = statement_query(db, "PRAGMA freelist_count", &ret_pages->empty);
	return r < 0 ? r : 0;
}

int prune_size(sqlite3 *db, struct writer *writer, int64_t bytes)
{
	struct prune_pages pages = {0};
	int64_t bound, spare;
	char sql[64];
	int r = prune_pages(db, &pages);

	if (r < 0 || pages.size <= 0)
		return r < 0 ? r : -EUCLEAN;
	bound = bytes / pages.size;
	if (pages.all <= bound)
		return 0;
	/* the file is too large: first make it hold less, then give back what is empty */
	if (pages.all - pages.empty > bound - bound / PRUNE_ROOM) {
		r = prune_slice(db, writer, "", "removed_size");
		return r < 0 ? r : r > 0;
	}
	spare = pages.all - bound;
	snprintf(sql, sizeof(sql), "PRAGMA incremental_vacuum(%" PRId64 ")",
		 spare < PRUNE_PAGES ? spare : PRUNE_PAGES);
	r = statement_exec(db, sql);
	return r < 0 ? r : spare > PRUNE_PAGES;
}
