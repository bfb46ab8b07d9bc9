// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* pipeline → turn → summary: how long the loop was away. */
#include "engine/turn.h"

#include "lib/log.h"
#include "lib/monotonic.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#define TURN_NS_PER_MS 1000000L

struct turn turn_begin(void)
{
	return (struct turn){(int64_t)clock_ns(CLOCK_MONOTONIC), (int64_t)clock_ns(CLOCK_THREAD_CPUTIME_ID)};
}

void turn_end(const struct turn *turn, struct turn *longest)
{
	struct turn now = turn_begin();
	int64_t wall = now.wall - turn->wall, cpu = now.cpu - turn->cpu;

	if (wall > longest->wall)
		longest->wall = wall;
	if (cpu > longest->cpu)
		longest->cpu = cpu;
}

void turn_say(const struct turn *longest)
{
	if (getenv(TURN_VARIABLE))
		log_note("longest turns of the loop: %" PRId64 " ms, %" PRId64 " ms of CPU time",
			 longest->wall / TURN_NS_PER_MS, longest->cpu / TURN_NS_PER_MS);
}
