/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The time by which the age of an entry is judged: a clock that jumped must not remove what is young. Only store/ uses this. */
#pragma once

#include <stdint.h>

#include <sqlite3.h>

/* A step ahead that is believed at once: a night without a monitor, and no more. */
#define CLOCK_STEP_US (24LL * 3600 * 1000000)
/* For how long a larger one has to stand before it is. */
#define CLOCK_STAND_US (7 * CLOCK_STEP_US)

struct store_clock {
	int64_t sure; /* microseconds since 1970: so late it is for certain */
	int64_t claimed; /* so late it is if the system's clock is right, which said so first; 0: it does not say */
};

/*
 * clock_step() - what is for certain, now that the system's clock says `now`. A larger step ahead is taken for a mistake, or a
 * long time without a monitor, until the clock has stood by it for a week: it may have been days, or a battery. A step back is
 * believed, since nothing is removed by it.
 */
int64_t clock_step(struct store_clock *clock, int64_t now);

/*
 * clock_reckon() - the same, with what the file remembers, or if it remembers nothing, from its newest entry on.
 * Returns 0 and *ret_time, or a negative errno.
 */
int clock_reckon(sqlite3 *db, int64_t now, int64_t *ret_time);
