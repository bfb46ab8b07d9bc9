/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The times by which waiting is measured, and samples are: no change of the time of day moves them. */
#pragma once

#include <stdint.h>
#include <time.h>

/* monotonic_ms() - ms, CLOCK_MONOTONIC. */
static inline int64_t monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* clock_ns() - ns, of any clock. */
static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

/* boottime_ns() - ns, CLOCK_BOOTTIME, as samples tell it. */
static inline uint64_t boottime_ns(void)
{
	return clock_ns(CLOCK_BOOTTIME);
}
