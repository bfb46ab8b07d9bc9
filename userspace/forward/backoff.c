// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "forward/backoff.h"

#include <sys/random.h>

static int64_t backoff_random(int64_t below)
{
	uint64_t number = 0;

	/* a number that is not random waits as well */
	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) < 0)
		return below;
	return (int64_t)(number % (uint64_t)(below + 1));
}

int64_t backoff_next(struct backoff *backoff, int64_t retry_after)
{
	int64_t most = backoff->min;

	for (unsigned int i = 0; i < backoff->failures && most < backoff->max; i++)
		most *= 2;
	backoff->failures++;
	if (retry_after > 0)
		return retry_after + backoff_random(retry_after / 10);
	return 1 + backoff_random(most < backoff->max ? most : backoff->max);
}
