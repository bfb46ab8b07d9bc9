/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Points in time as a person writes and reads them; inside, microseconds since 1970, UTC. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Room for any text that period_…() makes. */
#define PERIOD_TEXT 40

/*
 * period_parse() - "90m", "24h", "7d", "2w", "30s": that long before `now`; or RFC 3339 ("2026-01-31T10:00:00Z", with an
 * offset as well); or a day, "2026-01-31" (its beginning, UTC). False if it is none of these.
 */
bool period_parse(const char *text, int64_t now, int64_t *ret_time);

/* period_now() - the present. */
int64_t period_now(void);

/* period_utc() - "2026-01-31T10:00:00Z". Returns text. */
char *period_utc(int64_t time, char text[PERIOD_TEXT]);

/* period_human() - "2026-01-31 10:00", UTC. Returns text. */
char *period_human(int64_t time, char text[PERIOD_TEXT]);

/* period_short() - 11 columns, UTC: "01-31 10:00", or the day if that is long before `now`. Returns text. */
char *period_short(int64_t time, int64_t now, char text[PERIOD_TEXT]);
