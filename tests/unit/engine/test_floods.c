// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Who floods: told at once, by its own process's facts where there are any, again while it lasts, and not twice. */
#include "unit.h"

#include "bounds.h"
#include "engine/floods.h"

#include <stdlib.h>

struct told {
	size_t count;
	uint64_t lost;
	uint32_t pid;
	size_t tokens, files;
};

static void told_add(void *context, const struct alert *alert)
{
	struct told *told = context;

	told->count++;
	told->lost = alert->flood->lost;
	told->pid = alert->process.pid;
	told->tokens = alert->flood->token_count;
	told->files = alert->flood->file_count;
}

/* An alert of group 5. */
static void keep(struct floods *floods, uint32_t pid, unsigned int token, const char *path)
{
	struct alert alert = {.process = {.pid = pid}, .file.path = (char *)(uintptr_t)path};

	snprintf(alert.token.identifier, sizeof(alert.token.identifier), "t%u", token);
	floods_keep(floods, 5, &alert);
}

static void seen(struct floods *floods, uint64_t group, uint64_t lost, int64_t now)
{
	const struct share share = {.lost = lost, .tgid = 42};
	const struct timespec since = {1, 2};

	floods_seen(floods, group, &share, &since, now);
}

static void test_told(void **state)
{
	struct told told = {0};
	struct floods *floods;

	(void)state;
	assert_int_equal(floods_open(&floods), 0);
	keep(floods, 42, 1, "/nobody/floods/yet");
	assert_false(floods_any(floods));
	seen(floods, 5, 10, 1000);
	assert_true(floods_any(floods));
	/* nothing to tell it by */
	floods_tell(floods, 1000, false, told_add, &told);
	assert_int_equal(told.count, 0);
	for (unsigned int i = 0; i < 2 * ALERT_FLOOD_SAMPLES; i++)
		keep(floods, i ? 42 : 41, i, "/a");
	floods_tell(floods, 1000, false, told_add, &told);
	assert_int_equal(told.count, 1);
	assert_int_equal(told.lost, 10);
	assert_int_equal(told.pid, 42);
	assert_int_equal(told.tokens, ALERT_FLOOD_SAMPLES);
	assert_int_equal(told.files, 1);
	assert_false(floods_any(floods));
	/* the same again is no news; more is, after a while */
	seen(floods, 5, 10, 2000);
	floods_tell(floods, 60000, false, told_add, &told);
	assert_int_equal(told.count, 1);
	seen(floods, 5, 11, 60000);
	floods_tell(floods, 1000 + FLOODS_AGAIN_MS - 1, false, told_add, &told);
	assert_int_equal(told.count, 1);
	floods_tell(floods, 1000 + FLOODS_AGAIN_MS, false, told_add, &told);
	assert_int_equal(told.count, 2);
	assert_int_equal(told.lost, 11);
	/* in the end at once */
	seen(floods, 5, 12, 60001);
	floods_tell(floods, 0, true, told_add, &told);
	assert_int_equal(told.count, 3);
	floods_close(floods);
}

/* Of more than there is room for, the one that was not heard of for longest goes. */
static void test_bound(void **state)
{
	struct told told = {0};
	struct floods *floods;

	(void)state;
	assert_int_equal(floods_open(&floods), 0);
	seen(floods, 5, 1, 1);
	keep(floods, 42, 1, "/a");
	for (uint64_t i = 0; i < LIMIT_FLOODS; i++)
		seen(floods, 1000 + i, 1, (int64_t)(10 + i));
	floods_tell(floods, 100000, true, told_add, &told);
	assert_int_equal(told.count, 0);
	floods_close(floods);
	floods_close(NULL);
}

/* Without any alert to tell it by, it is left to the summary. */
static void test_untold(void **state)
{
	struct told told = {0};
	struct floods *floods;

	(void)state;
	assert_int_equal(floods_open(&floods), 0);
	seen(floods, 5, 1, 1);
	floods_tell(floods, 1 + FLOODS_WAIT_MS, false, told_add, &told);
	assert_true(floods_any(floods));
	floods_tell(floods, 2 + FLOODS_WAIT_MS, false, told_add, &told);
	assert_false(floods_any(floods));
	assert_int_equal(told.count, 0);
	floods_close(floods);
}

static void news_add(void *context, const struct loss_writer *writer)
{
	struct loss_writer *told = context;

	told->samples += writer->samples;
	told->cgroup = writer->cgroup;
	told->pid = writer->pid;
	assert_string_equal(writer->name, "");
	assert_null(writer->container);
}

/* Who lost how many since the last time, whether an alert tells of it or not. */
static void test_news(void **state)
{
	struct loss_writer told = {0};
	struct floods *floods;

	(void)state;
	assert_int_equal(floods_open(&floods), 0);
	seen(floods, 5, 10, 1000);
	floods_news(floods, news_add, &told);
	assert_int_equal(told.samples, 10);
	assert_int_equal(told.cgroup, 5);
	floods_news(floods, news_add, &told);
	assert_int_equal(told.samples, 10);
	seen(floods, 5, 13, 2000);
	seen(floods, SHARE_USER | 7, 1, 2000);
	floods_news(floods, news_add, &told);
	assert_int_equal(told.samples, 14);
	floods_close(floods);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_told),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_untold),
		cmocka_unit_test(test_news),
	};

	return UNIT_RUN(tests);
}
