// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* store: how late it is, for certain. Kept in the table meta, so that a second start knows as much as the first. */
#include "store/clock.h"

#include "store/statement.h"

#include <inttypes.h>
#include <stdio.h>

int64_t clock_step(struct store_clock *clock, int64_t now)
{
	if (now - clock->sure <= CLOCK_STEP_US) {
		*clock = (struct store_clock){.sure = now};
		return now;
	}
	/* not said before, or not any more: that time had not come yet */
	if (!clock->claimed || clock->claimed > now)
		clock->claimed = now;
	if (now - clock->claimed >= CLOCK_STAND_US) {
		clock->sure = clock->claimed;
		clock->claimed = now;
	}
	return clock->sure;
}

static int clock_read(sqlite3 *db, int64_t now, struct store_clock *clock)
{
	int rows = statement_query(db, "SELECT value FROM meta WHERE key = 'clock_sure'", &clock->sure);

	if (rows > 0)
		rows = statement_query(db, "SELECT value FROM meta WHERE key = 'clock_claimed'",
				       &clock->claimed);
	else if (rows == 0)
		rows = statement_query(db, "SELECT last FROM fact ORDER BY last DESC LIMIT 1", &clock->sure);
	if (rows < 0)
		return rows;
	/* it is empty, or begins with what was written by a clock ahead */
	if (!clock->sure || clock->sure > now)
		clock->sure = now;
	return 0;
}

static int clock_write(sqlite3 *db, const struct store_clock *clock)
{
	char sql[160];

	snprintf(sql, sizeof(sql),
		 "INSERT OR REPLACE INTO meta (key, value) VALUES ('clock_sure', %" PRId64
		 "), ('clock_claimed', %" PRId64 ")",
		 clock->sure, clock->claimed);
	return statement_exec(db, sql);
}

int clock_reckon(sqlite3 *db, int64_t now, int64_t *ret_time)
{
	struct store_clock clock = {0};
	int r = statement_exec(db, "BEGIN IMMEDIATE");

	if (r < 0)
		return r;
	r = clock_read(db, now, &clock);
	if (r == 0) {
		*ret_time = clock_step(&clock, now);
		r = clock_write(db, &clock);
	}
	if (r == 0)
		r = statement_exec(db, "COMMIT");
	if (r < 0)
		statement_exec(db, "ROLLBACK");
	return r;
}
