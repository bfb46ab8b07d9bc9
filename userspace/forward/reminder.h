/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What goes on is said again each hour: who reads a log of today sees what began last week. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define REMINDER_MS 3600000

struct reminder {
	int64_t next; /* ms, CLOCK_MONOTONIC; 0: at once */
};

/* reminder_due() - is it to be said now? Then it is not for the next hour. @now: ms, CLOCK_MONOTONIC */
bool reminder_due(struct reminder *reminder, int64_t now);
