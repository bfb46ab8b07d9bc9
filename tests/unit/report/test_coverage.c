// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a report says of the time that it covers: watched, in part, by nobody, unknown; and what was lost. */
#include "alerts.h"
#include "unit.h"

#include "report/coverage.h"
#include "lib/period.h"

#include <inttypes.h>
#include <stdlib.h>

#define MINUTE (60LL * 1000000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
/* 2026-11-24 00:00 UTC */
#define MIDNIGHT 1795478400000000LL
#define NOW (MIDNIGHT + 7 * DAY)

static char *dir;
static char path[128];

static int setup(void **state)
{
	(void)state;
	dir = alerts_dir();
	snprintf(path, sizeof(path), "%s/audit.db", dir);
	store_close(alerts_store(path));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	alerts_remove(dir);
	return 0;
}

static void session(int64_t start, int64_t seen, int ended, const char *scope, const char *name)
{
	char sql[256];

	snprintf(sql, sizeof(sql),
		 "INSERT INTO session (start, seen, ended, scope, name) VALUES (%" PRId64 ", %" PRId64
		 ", %d, '%s', '%s')",
		 start, seen, ended, scope, name);
	alerts_number(path, sql);
}

static void lost(int64_t since, int64_t until, unsigned int count, const char *writer)
{
	char sql[256];

	snprintf(sql, sizeof(sql),
		 "INSERT INTO loss (session, since, until, counter, text, count, writer) VALUES (1, %" PRId64
		 ", %" PRId64 ", 'flooded', 'samples of writers', %u, %s)",
		 since, until, count, writer);
	alerts_number(path, sql);
}

static int add_line(void *context, bool grave, const char *text)
{
	fprintf(context, "%s%s\n", grave ? "!" : "", text);
	return 0;
}

/* All that is said, each line begun by '!' if it is grave. */
static char *said(int64_t since, int64_t until, bool *ret_whole)
{
	struct coverage coverage;
	struct reader *reader;
	struct reader_meta meta;
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(reader_open(path, "h", &reader), 0);
	assert_int_equal(reader_meta(reader, 0, &meta), 0);
	assert_int_equal(coverage_make(reader, 0, since, until, NOW, meta.told_until, NOW, &coverage), 0);
	assert_int_equal(coverage_say(&coverage, add_line, out), 0);
	*ret_whole = coverage_whole(&coverage);
	assert_true(coverage.watched >= 0 && coverage.partly >= 0);
	coverage_free(&coverage);
	reader_close(reader);
	fclose(out);
	return text;
}

static void check(int64_t since, int64_t until, bool whole, const char *expected)
{
	bool is;
	char *text = said(since, until, &is);

	assert_string_equal(text, expected);
	assert_int_equal(is, whole);
	free(text);
}

static void test_unknown(void **state)
{
	(void)state;
	check(NOW - 7 * DAY, NOW + DAY, false,
	      "!NOT KNOWN whether anybody watched: the store tells of no monitor\n");
	check(INT64_MIN, NOW + DAY, false,
	      "!NOT KNOWN whether anybody watched: the store tells of no monitor\n");
}

static void test_watched(void **state)
{
	(void)state;
	session(NOW - 8 * DAY, NOW - 4 * DAY, 1, "host", "");
	/* a restart, and one that was killed, whose successor overlaps */
	session(NOW - 4 * DAY + 500000, NOW - 2 * DAY, 0, "host", "");
	session(NOW - 3 * DAY, NOW - 9000000, 0, "host", "");
	check(NOW - 7 * DAY, NOW + DAY, true, "watched all of 7 d\n");
	check(INT64_MIN, NOW + DAY, true, "watched all of 8 d\n");
	check(NOW - 6 * DAY, NOW - 5 * DAY - MINUTE, true, "watched all of 23 h 59 min\n");
	/* and one of a clock that was ahead */
	session(NOW + 100 * DAY, NOW + 101 * DAY, 0, "host", "");
	check(NOW - 7 * DAY, NOW + DAY, true, "watched all of 7 d\n");
	/* before anything is known */
	check(NOW - 9 * DAY, NOW, false,
	      "!watched 7 d 23 h of 9 d\n!not known who watched before 2026-11-23 00:00 UTC\n");
}

static void test_gaps(void **state)
{
	(void)state;
	session(NOW - 7 * DAY, NOW - 6 * DAY + 130 * MINUTE, 0, "host", "");
	session(NOW - 6 * DAY + 132 * MINUTE, NOW - 3 * DAY, 1, "host", "");
	session(NOW - 3 * DAY + 4000000, NOW, 0, "host", "");
	check(NOW - 7 * DAY, NOW, false,
	      "!watched 6 d 23 h of 7 d\n!not watched 2026-11-25 02:10–02:12 UTC\n"
	      "!not watched 2026-11-28 00:00 UTC (4 s)\n");
	/* it has ended since: no sign of life, nobody there */
	check(NOW - 7 * DAY, NOW - 6 * DAY, true, "watched all of 1 d\n");
}

static void test_dead(void **state)
{
	(void)state;
	session(NOW - DAY, NOW - HOUR, 0, "host", "");
	check(NOW - DAY, NOW, false,
	      "!watched 23 h of 1 d\n!not watched 2026-11-30 23:00 – 2026-12-01 00:00 UTC\n");
	/* said that it ended, a moment ago */
	session(NOW - HOUR, NOW - 9000000, 1, "host", "");
	check(NOW - DAY, NOW, false,
	      "!watched 23 h 59 min of 1 d\n!not watched 2026-11-30 23:59 – 2026-12-01 00:00 UTC\n");
}

/* Many gaps: the longest are named. */
static void test_many(void **state)
{
	(void)state;
	for (int i = 0; i < 6; i++)
		session(NOW - DAY + i * HOUR, NOW - DAY + (i + 1) * HOUR - (i + 1) * MINUTE, 1, "host", "");
	session(NOW - DAY + 6 * HOUR, NOW, 0, "host", "");
	check(NOW - DAY, NOW, false,
	      "!watched 23 h 39 min of 1 d\n!not watched 2026-11-30 03:56–04:00 UTC\n"
	      "!not watched 2026-11-30 04:55–05:00 UTC\n!not watched 2026-11-30 05:54–06:00 UTC\n"
	      "!not watched 3 times more, each for less\n");
}

/* One container, or one command, is not this host. */
static void test_parts(void **state)
{
	(void)state;
	session(NOW - DAY, NOW - 12 * HOUR, 1, "host", "");
	session(NOW - 13 * HOUR, NOW - 6 * HOUR, 1, "cgroup", "/sys/fs/cgroup/a");
	session(NOW - 5 * HOUR, NOW - 4 * HOUR, 1, "command", "make");
	check(NOW - DAY, NOW, false,
	      "!watched 12 h of 1 d, and for 7 h only a part of this host: the cgroup /sys/fs/cgroup/a, the "
	      "command make\n"
	      "!not watched 2026-11-30 18:00–19:00 UTC\n!not watched 2026-11-30 20:00 – 2026-12-01 00:00 "
	      "UTC\n");
	check(NOW - 10 * HOUR, NOW - 8 * HOUR, false,
	      "!watched 0 s of 2 h, and for 2 h only a part of this host: the cgroup /sys/fs/cgroup/a\n");
}

static void test_losses(void **state)
{
	(void)state;
	session(NOW - DAY, NOW, 0, "host", "");
	lost(NOW - 13 * HOUR, NOW - 13 * HOUR + 1000000, 1, "NULL");
	check(NOW - DAY, NOW - 14 * HOUR, true, "watched all of 10 h\n");
	for (int i = 0; i < 3; i++)
		lost(NOW - 12 * HOUR + i * MINUTE, NOW - 12 * HOUR + i * MINUTE + 1000000,
		     24328 + (unsigned int)i, i ? "'container x'" : "NULL");
	check(NOW - DAY, NOW, false,
	      "watched all of 1 d\n!LOST 2026-11-30 12:00 UTC (1 s): 24,328 samples of writers\n"
	      "!LOST 2026-11-30 12:01 UTC (1 s), container x: 24,329 samples of writers\n"
	      "!LOST 2026-11-30 12:02 UTC (1 s), container x: 24,330 samples of writers\n!LOST 1 time "
	      "before\n");
	alerts_number(path, "INSERT INTO meta VALUES ('told_until', 1796072400000000)");
	check(NOW - 2 * HOUR, NOW, true, "watched all of 2 h\n");
	check(NOW - 4 * HOUR, NOW, false,
	      "watched all of 4 h\n!what was lost until 2026-11-30 21:00 UTC is not kept any more\n");
}

/* What the kernel has nothing for; and a store of the version before, which knows of nobody. */
static void test_others(void **state)
{
	(void)state;
	session(NOW - DAY, NOW, 0, "host", "");
	alerts_number(path, "UPDATE session SET missing = 'names'");
	check(NOW - DAY, NOW, false,
	      "watched all of 1 d\n!never watched, since the kernel has nothing to attach to: names\n");
	alerts_number(path, "DROP TABLE session");
	alerts_number(path, "DROP TABLE loss");
	alerts_number(path, "PRAGMA user_version = 1");
	check(NOW - DAY, NOW, false, "!NOT KNOWN whether anybody watched: the store tells of no monitor\n");
}

static void test_duration(void **state)
{
	char text[COVERAGE_DURATION];

	(void)state;
	assert_string_equal(coverage_duration(0, text), "0 s");
	assert_string_equal(coverage_duration(59999999, text), "59 s");
	assert_string_equal(coverage_duration(125 * 1000000LL, text), "2 min 5 s");
	assert_string_equal(coverage_duration(HOUR, text), "1 h");
	assert_string_equal(coverage_duration(7 * DAY - 1, text), "6 d 23 h");
	assert_string_equal(coverage_duration(INT64_MAX, text), "106751991 d 4 h");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(test_unknown), TEST(test_watched), TEST(test_gaps),
		TEST(test_dead),    TEST(test_many),    TEST(test_parts),
		TEST(test_losses),  TEST(test_others),  cmocka_unit_test(test_duration),
	};

	return UNIT_RUN(tests);
}
