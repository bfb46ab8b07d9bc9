// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* audit --mark → database. The only thing that `audit` writes. */
#include "store/triage.h"

#include "store/database.h"
#include "store/statement.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static const char *const triage_names[TRIAGE_MAX] = {[TRIAGE_NONE] = "none",
#define TRIAGE_NAME(id, name) [TRIAGE_##id] = name,
						     TRIAGE_STATES(TRIAGE_NAME)
#undef TRIAGE_NAME
};

const char *triage_name(enum triage_state state)
{
	return triage_names[state];
}

bool triage_parse(const char *name, enum triage_state *ret_state)
{
	for (int i = 0; i < TRIAGE_MAX; i++) {
		if (strcmp(name, triage_names[i]) != 0)
			continue;
		*ret_state = (enum triage_state)i;
		return true;
	}
	return false;
}

static int triage_run(sqlite3 *db, const char *sql, const char *types, const struct triage *triage)
{
	sqlite3_stmt *statement = NULL;
	int r = statement_prepare(db, sql, &statement);

	if (r < 0)
		return r;
	statement_bind(statement, types, triage->identifier, triage_name(triage->state), triage->note,
		       triage->time);
	r = statement_run(statement, NULL);
	sqlite3_finalize(statement);
	return r;
}

int triage_put(const char *path, const struct triage *triage, bool *ret_known)
{
	sqlite3 *db = NULL;
	struct stat st;
	int r = 0, known = 0;

	/* none is made for it */
	if (stat(path, &st) < 0)
		return -errno;
	r = database_open(path, &db);
	if (r < 0)
		return r;
	if (triage->state == TRIAGE_NONE)
		r = triage_run(db, "DELETE FROM triage WHERE token = ?", "t", triage);
	else
		r = triage_run(db,
			       "INSERT OR REPLACE INTO triage (token, state, note, time) VALUES (?, ?, ?, ?)",
			       "ttti", triage);
	if (r >= 0)
		known = r = triage_run(db, "SELECT 1 FROM token JOIN name USING (id) WHERE value = ?", "t",
				       triage);
	sqlite3_close(db);
	if (r < 0)
		return r;
	*ret_known = known > 0;
	return 0;
}
