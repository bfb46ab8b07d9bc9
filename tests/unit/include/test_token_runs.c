// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The walk from run to run, which the kernel side does in memory that it only looks at, against the search. */
#include "unit.h"

#define TOKEN_MEMORY(address) ((const uint8_t *)(uintptr_t)(address))
#define TOKEN_MEMORY_WORD(memory, at) token_load((memory) + (at))

#include "generate.h"
#include "token_runs.h"

#include <stdlib.h>

#define CASES 200000

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
	size_t expected = 0, found = 0, steps = 0;

	while (at < end) {
		uint64_t next = token_runs_next(at, &marks);

		steps++;
		if (next == at) {
			uint64_t dot = at + token_marked_end(marks) - 1;

			/* one that ends right before the first word is found as well */
			found += dot >= first && dot < end;
			next += TOKEN_SECRET_LEN;
			marks = token_runs_marks(next);
		}
		assert_true(next > at);
		assert_int_equal(marks, token_runs_marks(next));
		at = next;
	}
	assert_true(steps <= TOKEN_RUNS_STEPS(end - first));
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

/* A token at every place around the text's own offsets, in a text of capitals and in one of dots. */
static void test_every_place(void **state)
{
	struct maker_token token = maker_token(24);
	uint8_t bytes[400];

	(void)state;
	for (int fill = 0; fill < 2; fill++)
		for (size_t at = 1; at + MAKER_TOKEN_LEN + 8 <= sizeof(bytes); at++) {
			memset(bytes, "A."[fill], sizeof(bytes));
			memcpy(bytes + at, token.text, MAKER_TOKEN_LEN);
			assert_int_equal(check_walk(bytes, sizeof(bytes)), 1);
		}
}

/* Each byte of a token replaced by each other one, at every place in a word: those that are a token still are met, and no others. */
static void test_wrong_byte(void **state)
{
	struct maker_token token = maker_token(25);
	uint8_t bytes[200];
	size_t tokens = 0;

	(void)state;
	for (size_t at = 0; at < 8; at++)
		for (size_t wrong = 0; wrong < MAKER_TOKEN_LEN; wrong++)
			for (int byte = 0; byte < 256; byte++) {
				memset(bytes, 'A', sizeof(bytes));
				memcpy(bytes + BEFORE + at, token.text, MAKER_TOKEN_LEN);
				bytes[BEFORE + at + wrong] = (uint8_t)byte;
				tokens += check_walk(bytes, sizeof(bytes));
			}
	/* a letter at one place, digits at two, [A-Z0-9] at 88, and one byte at the five others */
	assert_int_equal(tokens, 8 * (52 + 2 * 10 + 88 * 36 + 5));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_every_place),
		cmocka_unit_test(test_wrong_byte),
	};

	return UNIT_RUN(tests);
}
