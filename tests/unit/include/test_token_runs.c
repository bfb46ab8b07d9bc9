// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The walk from run to run, which the kernel side does in memory that it only looks at, against the search. */
#include "unit.h"

#define TOKEN_MEMORY(address) ((const uint8_t *)(uintptr_t)(address))
#define TOKEN_MEMORY_WORD(memory, at) token_load((memory) + (at))

#include "generate.h"
#include "token_runs.h"

#include <stdlib.h>

#define CASES 200000

/* No read lies further before the first candidate, or behind the last one. */
#define BEFORE TOKEN_RUNS_BEFORE
#define BEHIND TOKEN_SECRET_LEN

static uint64_t address_of(const uint8_t *byte)
{
	return (uint64_t)(uintptr_t)byte;
}

/* Every candidate of a text: the walk meets those that are a token's, all of them, in no more steps than it may take. */
static size_t check_walk(const uint8_t *bytes, size_t len)
{
	uint64_t first = address_of(bytes) + BEFORE, end = address_of(bytes) + len - BEHIND + 1, at = first;
	size_t expected = 0, found = 0, steps = 0, runs = 0;

	while (at < end) {
		uint64_t next = token_runs_next(at);

		steps++;
		if (next == at) {
			found += (size_t)token_secret_at(at);
			next++;
			runs++;
		}
		assert_true(next > at);
		at = next;
	}
	assert_true(steps <= TOKEN_RUNS_STEPS(end - first) + 2 * runs);
	for (size_t secret = BEFORE; secret + BEHIND <= len; secret++) {
		bool token = bytes[secret - 1] == '.' && token_at_dot(bytes, len, secret - 1);

		assert_int_equal(token_secret_at(address_of(bytes + secret)), token);
		expected += (size_t)token;
	}
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
		for (size_t at = 0; at + MAKER_TOKEN_LEN <= sizeof(bytes); at++) {
			memset(bytes, "A."[fill], sizeof(bytes));
			memcpy(bytes + at, token.text, MAKER_TOKEN_LEN);
			assert_int_equal(check_walk(bytes, sizeof(bytes)), 1);
		}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_every_place),
	};

	return UNIT_RUN(tests);
}
