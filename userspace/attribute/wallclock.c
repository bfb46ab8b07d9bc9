// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * attribute: from the kernel's clock to the time of day.
 *
 * Two clocks can't be read at once: being preempted in between has been seen to cost 26 ms. So one is
 * read before and after the other, and the closest pair counts.
 *
 * Limit: a time before the clock was last set is shown as if it had been set already.
 */
#include "attribute/wallclock.h"

#include <stdlib.h>

#define WALLCLOCK_NS_PER_S 1000000000LL
/* A pair that is closer than this is good enough; so many are tried for it. */
#define WALLCLOCK_CLOSE_NS 2000
#define WALLCLOCK_TRIES 8

static int64_t wallclock_read(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * WALLCLOCK_NS_PER_S + now.tv_nsec;
}

/* Returns the offset; *ret_width is how far apart the clocks were read. */
static int64_t wallclock_measure(int64_t *ret_width)
{
	int64_t offset = 0, width = INT64_MAX;

	for (int i = 0; i < WALLCLOCK_TRIES && width > WALLCLOCK_CLOSE_NS; i++) {
		int64_t before = wallclock_read(CLOCK_BOOTTIME);
		int64_t real = wallclock_read(CLOCK_REALTIME);
		int64_t one = wallclock_read(CLOCK_BOOTTIME) - before;

		if (one < width) {
			width = one;
			offset = real - before - one / 2;
		}
	}
	*ret_width = width;
	return offset;
}

struct timespec wallclock_time(struct wallclock *wallclock, uint64_t boot_ns)
{
	int64_t width, ns, offset = wallclock_measure(&width);

	if (!wallclock->known || llabs(offset - wallclock->offset) > WALLCLOCK_SLACK_NS + width) {
		wallclock->known = true;
		wallclock->offset = offset;
	}
	ns = wallclock->offset + (int64_t)boot_ns;
	return (struct timespec){.tv_sec = ns / WALLCLOCK_NS_PER_S, .tv_nsec = ns % WALLCLOCK_NS_PER_S};
}
