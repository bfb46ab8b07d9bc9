/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How long to wait before the next attempt: exponential, with full jitter, so that a thousand nodes do not come back together. */
#pragma once

#include <stdint.h>

struct backoff {
	int64_t min, max; /* ms */
	unsigned int failures; /* in a row */
};

/*
 * backoff_next() - ms: a random number up to min, doubled with each failure, at most max; but never less than the receiver asks for,
 * and then up to a tenth more. @retry_after: ms, 0: it doesn't say
 */
int64_t backoff_next(struct backoff *backoff, int64_t retry_after);

/* backoff_reset() - something went well. */
static inline void backoff_reset(struct backoff *backoff)
{
	backoff->failures = 0;
}
