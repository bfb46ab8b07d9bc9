/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel's times (CLOCK_BOOTTIME) as times of day (CLOCK_REALTIME).
 *
 * Adjusting the rate of one adjusts the other's (clock_gettime(2)), so what lies between them changes
 * only when the time of day is set. It is kept, so that one moment is always the same text: a process
 * is (pid, start), in every alert about it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* Zeroed to begin with. */
struct wallclock {
	bool known;
	int64_t offset; /* ns, CLOCK_REALTIME - CLOCK_BOOTTIME */
};

/* wallclock_time() - @boot_ns: ns, CLOCK_BOOTTIME. Exact to WALLCLOCK_SLACK_NS. */
struct timespec wallclock_time(struct wallclock *wallclock, uint64_t boot_ns);

/* Differences smaller than this are taken for the measurement's. */
#define WALLCLOCK_SLACK_NS 100000
