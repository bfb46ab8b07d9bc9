/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The time by which waiting is measured: no change of the time of day moves it. */
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
