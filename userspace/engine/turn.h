/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How long a turn of the loop takes: a signal or a timer is answered when it is over. Of the thread's CPU time as well, which says
 * the same on a machine that has no time for it.
 */
#pragma once

#include <stdint.h>

/* With this in the environment, the summary tells. */
#define TURN_VARIABLE "SPILLWATCH_TURNS"

struct turn {
	int64_t wall,
		cpu; /* ns, CLOCK_MONOTONIC and CLOCK_THREAD_CPUTIME_ID: when it began, or the most that one took */
};

/* turn_begin() - now. */
struct turn turn_begin(void);

/* turn_end() - the turn is over; *longest is what the longest took, each by itself. */
void turn_end(const struct turn *turn, struct turn *longest);

/* turn_say() - as a note, if it is asked for. */
void turn_say(const struct turn *longest);
