// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Pauses: they double, are random below that, and are never shorter than asked for. */
#include "unit.h"

#include "forward/backoff.h"

static void test_doubles(void **state)
{
	int64_t most[12] = {0};

	(void)state;
	for (int i = 0; i < 2000; i++) {
		struct backoff backoff = {.min = 100, .max = 10000};

		for (int n = 0; n < 12; n++) {
			int64_t pause = backoff_next(&backoff, 0), bound = n < 7 ? 100 << n : 10000;

			assert_in_range(pause, 1, bound + 1);
			most[n] = pause > most[n] ? pause : most[n];
		}
		backoff_reset(&backoff);
		assert_in_range(backoff_next(&backoff, 0), 1, 101);
	}
	/* 2000 random numbers reach the upper tenth */
	for (int n = 0; n < 12; n++)
		assert_true(most[n] > (n < 7 ? 100 << n : 10000) * 9 / 10);
}

static void test_asked_for(void **state)
{
	struct backoff backoff = {.min = 100, .max = 1000};

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_in_range(backoff_next(&backoff, 5000), 5000, 5500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_doubles),
		cmocka_unit_test(test_asked_for),
	};

	return UNIT_RUN(tests);
}
