// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The walk from run to run, which the kernel side does in memory that it only looks at, against the search. */
#include "unit.h"

#include "generate.h"
#include "token_runs_load.h"

#include <stdlib.h>

#define CASES 200000

/* What can be read: all, or from the first of these bytes to before the last. */
static const uint8_t *readable_from, *readable_to;

__u64 token_runs_load(const uint8_t *bytes)
{
	if (readable_from && (bytes < readable_from || bytes + 8 > readable_to))
		return 0;
	return token_load(bytes);
}

/* No read lies further before the first step, or behind the last one. */
#define BEFORE TOKEN_RUNS_BEFORE
#define BEHIND TOKEN_RUNS_BEHIND

static uint64_t address_of(const uint8_t *byte)
{
	return (uint64_t)(uintptr_t)byte;
}

/* The walk meets every token of a text whose second dot lies in [BEFORE, len - BEHIND), in no more steps than it may take. */
static size_t check_walk(const uint8_t *bytes, size_t len)
{
	uint64_t first = address_of(bytes) + BEFORE, end = address_of(bytes) + len - BEHIND, at = first;
	__u64 marks = token_runs_marks(at);
	size_t expected = 0, found = 0, steps = 0, suspects = 0;

	while (at < end) {
		__u64 next = at;

		steps++;
		if (token_runs_next(&next, &marks)) {
			uint64_t dot = token_runs_dot(at, marks);

			suspects++;
			/* one that ends right before the first word is found as well */
			found += dot >= first && dot < end && token_runs_token(dot);
			next += TOKEN_SECRET_LEN;
			marks = token_runs_marks(next);
		}
		assert_true(next > at);
		assert_int_equal(marks, token_runs_marks(next));
		at = next;
	}
	assert_true(steps <= TOKEN_RUNS_STEPS(end - first));
	assert_true(suspects <= TOKEN_RUNS_SUSPECTS(end - first));
	for (size_t dot = BEFORE; dot < len - BEHIND; dot++)
		expected += bytes[dot] == '.' && token_at_dot(bytes, len, dot);
	assert_int_equal(found, expected);
	return expected;
}

static void test_walk(void **state)
{
	uint64_t seed = 23;
	size_t tokens = 0;

	(void)state;
	for (int i = 0; i < CASES; i++) {
		/* an exact-size heap buffer, so that the sanitizer sees a read past either end */
		size_t len = BEFORE + BEHIND + maker_next(&seed) % 640;
		uint8_t *bytes = malloc(len);

		generate_text(bytes, len, &seed);
		tokens += check_walk(bytes, len);
		free(bytes);
	}
	print_message("%zu tokens\n", tokens);
	assert_true(tokens > CASES / 10);
}

/* What makes the steps short: a byte outside the class at every distance from the one before. */
static void test_steps(void **state)
{
	uint8_t bytes[1024];

	(void)state;
	for (size_t first = 1; first < 140; first++)
		for (size_t second = 1; second < 140; second++) {
			memset(bytes, 'A', sizeof(bytes));
			for (size_t at = 0, turn = 0; at < sizeof(bytes); at += turn++ % 2 ? first : second)
				bytes[at] = '.';
			assert_int_equal(check_walk(bytes, sizeof(bytes)), 0);
		}
}

/* A token of the shorter format, with most of a prefix where the longer one's would lie. */
static void test_both_prefixes(void **state)
{
	struct maker_token token = maker_token(27);
	uint8_t bytes[300];

	(void)state;
	for (size_t at = BEFORE; at < BEFORE + 8; at++) {
		memset(bytes, '-', sizeof(bytes));
		maker_put(bytes + at, &token, MAKER_SHORTER_LEN);
		memcpy(bytes + at + MAKER_SHORTER_LEN - MAKER_TOKEN_LEN, "dt0-01.", 7);
		assert_int_equal(check_walk(bytes, sizeof(bytes)), 1);
	}
}

/* As many as there can be of what has to be looked at as a whole, and is no token. */
static void test_suspects(void **state)
{
	uint8_t bytes[4096];
	size_t suspects = 0;
	__u64 marks, at = address_of(bytes) + BEFORE, end = address_of(bytes) + sizeof(bytes) - BEHIND;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)SUSPECT[i % (sizeof(SUSPECT) - 1)];
	assert_int_equal(check_walk(bytes, sizeof(bytes)), 0);
	marks = token_runs_marks(at);
	while (at < end) {
		if (token_runs_next(&at, &marks)) {
			suspects++;
			at += TOKEN_SECRET_LEN;
			marks = token_runs_marks(at);
		}
	}
	assert_true(suspects >= (sizeof(bytes) - BEFORE - BEHIND) / TOKEN_MIN_LEN);
}

/* The lengths of both formats. */
static const size_t lengths[] = {MAKER_TOKEN_LEN, MAKER_SHORTER_LEN};

/* A token at every place around the text's own offsets, in a text of capitals and in one of dots. */
static void test_every_place(void **state)
{
	struct maker_token token = maker_token(24);
	uint8_t bytes[400];

	(void)state;
	for (int kind = 0; kind < 4; kind++) {
		size_t len = lengths[kind / 2];

		/* its second dot lies where the walk begins or behind it */
		for (size_t at = 1 + MAKER_TOKEN_LEN - len; at + MAKER_TOKEN_LEN + 8 <= sizeof(bytes); at++) {
			memset(bytes, "A."[kind % 2], sizeof(bytes));
			maker_put(bytes + at, &token, len);
			assert_int_equal(check_walk(bytes, sizeof(bytes)), 1);
		}
	}
}

/* Each byte of a token replaced by each other one, at every place in a word: those that are a token still are met, and no others. */
static void test_wrong_byte(void **state)
{
	struct maker_token token = maker_token(25);
	uint8_t bytes[200];

	(void)state;
	for (int format = 0; format < 2; format++) {
		size_t tokens = 0, len = lengths[format];

		for (size_t at = 0; at < 8; at++)
			for (size_t wrong = 0; wrong < len; wrong++)
				for (int byte = 0; byte < 256; byte++) {
					memset(bytes, 'A', sizeof(bytes));
					maker_put(bytes + BEFORE + at, &token, len);
					bytes[BEFORE + at + wrong] = (uint8_t)byte;
					tokens += check_walk(bytes, sizeof(bytes));
				}
		/* a letter at one place, digits at two, one byte at the five others before and behind, [A-Z0-9] at the rest */
		assert_int_equal(tokens, 8 * (52 + 2 * 10 + 5 + (len - 8) * 36));
	}
}

/*
 * A token at every place of what can be read, to its last byte, with nothing on either side that can: a page whose neighbours in
 * memory are not mapped. The walk begins at a multiple of 8.
 */
static void test_nothing_beside(void **state)
{
	struct maker_token token = maker_token(26);
	uint8_t bytes[64 + 256 + 128] __attribute__((aligned(8)));

	(void)state;
	readable_from = bytes + 64;
	readable_to = readable_from + 256;
	for (int format = 0; format < 2; format++)
		for (size_t at = 0, len = lengths[format]; at + len <= 256; at++) {
			__u64 walk = address_of(readable_from), marks, next;

			memset(bytes, 'A', sizeof(bytes));
			maker_put(bytes + 64 + at, &token, len);
			for (marks = token_runs_marks(walk); walk < address_of(readable_to); walk = next) {
				next = walk;
				if (token_runs_next(&next, &marks))
					break;
			}
			assert_int_equal(walk + token_last_marked(marks),
					 address_of(readable_from) + at + len - TOKEN_SECRET_LEN - 1);
		}
	readable_from = NULL;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walk),           cmocka_unit_test(test_steps),
		cmocka_unit_test(test_every_place),    cmocka_unit_test(test_wrong_byte),
		cmocka_unit_test(test_nothing_beside), cmocka_unit_test(test_both_prefixes),
		cmocka_unit_test(test_suspects),
	};

	return UNIT_RUN(tests);
}
