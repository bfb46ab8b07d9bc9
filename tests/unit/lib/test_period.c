// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Times as people write them. */
#include "unit.h"

#include "lib/period.h"

#define SECOND 1000000LL
#define NOW (1700000000LL * SECOND)

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		int64_t time; /* -1: refused */
	} cases[] = {
		{"30s", NOW - 30 * SECOND},
		{"90m", NOW - 5400 * SECOND},
		{"24h", NOW - 86400 * SECOND},
		{"7d", NOW - 7 * 86400 * SECOND},
		{"2w", NOW - 14 * 86400 * SECOND},
		{"0s", NOW},
		{"2026-01-31", 1769817600 * SECOND},
		{"2026-01-31T10:00:00Z", 1769853600 * SECOND},
		{"2026-01-31t10:00:00z", 1769853600 * SECOND},
		{"2026-01-31 10:00:00Z", 1769853600 * SECOND},
		{"2026-01-31T10:00:00.25Z", 1769853600 * SECOND},
		{"2026-01-31T11:30:00+01:30", 1769853600 * SECOND},
		{"2026-01-31T09:00:00-01:00", 1769853600 * SECOND},
		{"", -1},
		{"h", -1},
		{"24", -1},
		{"24x", -1},
		{"-3h", -1},
		{"24hh", -1},
		{"99999999999999999999d", -1},
		{"36501d", -1},
		{"2026-02-31", -1},
		{"2026-1-3", -1},
		{"2026-01-31T10:00:00", -1},
		{"2026-01-31T10:00Z", -1},
		{"2026-01-31T25:00:00Z", -1},
		{"2026-01-31T10:00:00+1:30", -1},
		{"2026-01-31T10:00:00+01:30x", -1},
		{"yesterday", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int64_t time = -1;
		bool good = period_parse(cases[i].text, NOW, &time);

		if (good != (cases[i].time >= 0) || time != cases[i].time)
			fail_msg("'%s' is %lld instead of %lld", cases[i].text, (long long)time,
				 (long long)cases[i].time);
	}
}

static void test_format(void **state)
{
	char text[PERIOD_TEXT];

	(void)state;
	assert_string_equal(period_utc(NOW, text), "2023-11-14T22:13:20Z");
	assert_string_equal(period_human(NOW, text), "2023-11-14 22:13");
	assert_int_equal(strlen(period_short(NOW, NOW + SECOND, text)), 11);
	assert_int_equal(strlen(period_short(0, NOW, text)), 11);
	/* years that no calendar holds */
	assert_non_null(period_utc(INT64_MAX, text));
	assert_non_null(period_utc(INT64_MIN, text));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(test_parse),
						  cmocka_unit_test(test_format)};

	return UNIT_RUN(tests);
}
