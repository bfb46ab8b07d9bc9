// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Canaries: a round that comes back whole, one that does not, and one that may have been lost with others' samples. */
#include "unit.h"

#include "detect/token.h"
#include "engine/canary.h"
#include "file_kind.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What was written last: one token, at 256 bytes for each call's place. */
struct cage {
	bool on;
	unsigned int armed;
	char caught[TOKEN_MAX_LEN], before[TOKEN_MAX_LEN];
};
#define CAGE_COUNT 4

/* The canaries' file, as anybody finds it. */
static int cage_file(void)
{
	char path[64], target[64];

	for (int fd = 0; fd < 256; fd++) {
		ssize_t len;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		len = readlink(path, target, sizeof(target) - 1);
		if (len > 0 && strncmp(target, "/memfd:canary", strlen("/memfd:canary")) == 0)
			return fd;
	}
	fail_msg("there is no such file");
	return -1;
}

static void arm(void *context, bool on)
{
	struct cage *cage = context;

	assert_true(cage->on != on);
	cage->on = on;
	cage->armed += on;
	if (on)
		return;
	memcpy(cage->before, cage->caught, TOKEN_MAX_LEN);
	for (size_t i = 0; i < CAGE_COUNT; i++) {
		char at[TOKEN_MAX_LEN];

		if (pread(cage_file(), at, TOKEN_MAX_LEN, (off_t)(256 * i)) == TOKEN_MAX_LEN && at[0])
			memcpy(cage->caught, at, TOKEN_MAX_LEN);
	}
}

/* A round: all come, one after the other, up to one that does not; CAGE_COUNT: all. */
static void come(struct canary *canary, struct cage *cage, size_t but, int64_t now)
{
	for (size_t i = 0;; i++) {
		canary_round(canary, now, 0, arm, cage);
		if (i == but)
			return;
		canary_seen(canary, (const uint8_t *)cage->caught, TOKEN_MAX_LEN, now);
		if (i + 1 == CAGE_COUNT)
			return;
		assert_int_equal(canary_due(canary), now);
	}
}

static struct canary *open_canary(void)
{
	struct canary *canary;

	assert_int_equal(canary_open(FILE_KIND_BIT(MEMFD), &canary), 0);
	assert_int_equal(canary_health(canary)->state, CANARY_WAITS);
	return canary;
}

static void test_comes(void **state)
{
	struct canary *canary = open_canary();
	struct cage cage = {0};

	(void)state;
	assert_true(canary_due(canary) <= 1000);
	for (unsigned int i = 0; i < CAGE_COUNT; i++) {
		struct token_span span;
		struct token token;

		assert_int_equal(canary_health(canary)->state, CANARY_WAITS);
		canary_round(canary, 1000 + i, 0, arm, &cage);
		assert_int_equal(cage.armed, i + 1);
		assert_false(cage.on);
		assert_int_equal(canary_due(canary), 1000 + i + CANARY_WAIT_MS);
		assert_true(token_match((const uint8_t *)cage.caught, TOKEN_MAX_LEN, 0, &token, &span));
		assert_memory_not_equal(cage.caught, cage.before, TOKEN_MAX_LEN);
		/* another daemon's is none of ours, nor is one before */
		canary_seen(canary, (const uint8_t *)"dt0c01.", 7, 1001 + i);
		canary_seen(canary, (const uint8_t *)cage.before, TOKEN_MAX_LEN, 1001 + i);
		canary_seen(canary, (const uint8_t *)cage.caught, TOKEN_MAX_LEN, 1001 + i);
		assert_int_equal(canary_health(canary)->rounds, 1);
	}
	assert_int_equal(canary_health(canary)->state, CANARY_COMES);
	assert_int_equal(canary_health(canary)->seen, 1001 + CAGE_COUNT - 1);
	assert_int_equal(canary_due(canary), 1000 + CANARY_MS);
	canary_round(canary, 1000 + CANARY_MS - 1, 0, arm, &cage);
	assert_int_equal(cage.armed, CAGE_COUNT);
	canary_round(canary, 1000 + CANARY_MS, 0, arm, &cage);
	assert_int_equal(cage.armed, CAGE_COUNT + 1);
	assert_int_equal(canary_health(canary)->rounds, 2);
	canary_close(canary);
}

static void test_fails(void **state)
{
	struct canary *canary = open_canary();
	struct cage cage = {0};
	int64_t now = 1000;

	(void)state;
	for (unsigned int round = 0; round <= CANARY_ROUNDS; round++) {
		/* up to writev's */
		come(canary, &cage, 2, now);
		assert_int_equal(canary_health(canary)->row, round);
		assert_int_equal(canary_due(canary), now + CANARY_WAIT_MS);
		now = canary_due(canary);
	}
	assert_int_equal(canary_health(canary)->state, CANARY_FAILS);
	assert_string_equal(canary_health(canary)->call, "writev");
	/* one that comes makes it good again */
	come(canary, &cage, CAGE_COUNT, now);
	assert_int_equal(canary_health(canary)->state, CANARY_COMES);
	assert_int_equal(canary_health(canary)->row, 0);
	assert_null(canary_health(canary)->call);
	canary_close(canary);
}

/* Others' samples were lost as well: nothing is said of the hooks. */
static void test_drowned(void **state)
{
	struct canary *canary = open_canary();
	struct cage cage = {0};

	(void)state;
	for (unsigned int round = 0; round < 3 * CANARY_ROUNDS; round++)
		canary_round(canary, canary_due(canary), round, arm, &cage);
	assert_int_equal(canary_health(canary)->state, CANARY_WAITS);
	assert_int_equal(canary_health(canary)->row, 0);
	assert_int_equal(canary_health(canary)->failed, 3 * CANARY_ROUNDS - 1);
	canary_close(canary);
}

/* Only kinds that have no files without a name are watched. */
static void test_nowhere(void **state)
{
	struct canary *canary;
	struct cage cage = {0};

	(void)state;
	assert_int_equal(canary_open(FILE_KIND_BIT(PIPE), &canary), 0);
	assert_int_equal(canary_health(canary)->state, CANARY_NONE);
	assert_true(canary_due(canary) == INT64_MAX);
	canary_round(canary, 1000, 0, arm, &cage);
	assert_int_equal(cage.armed, 0);
	canary_close(canary);
	canary_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comes),
		cmocka_unit_test(test_fails),
		cmocka_unit_test(test_drowned),
		cmocka_unit_test(test_nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
