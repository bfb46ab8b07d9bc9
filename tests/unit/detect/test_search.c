// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Every kind of search that this machine has, against token_search() and against the naive oracle: the
 * same dots in the same order, and no byte read outside the text.
 */
#include "unit.h"

#include "detect/search.h"
#include "generate.h"
#include "oracle.h"
#include "token_search.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef CASES
#define CASES 1000000
#endif
/* Longer than three blocks of the walk and what it looks ahead. */
#define LEN_MAX 300
#define ALIGNMENTS 64

/* One search by every kind; fails unless all say the same. Returns what they say. */
static uint64_t search_all(const uint8_t *bytes, size_t len, uint64_t min_dot)
{
	uint64_t expected = min_dot < len ? token_search(bytes, len, min_dot) : TOKEN_NONE;

	for (int kind = 0; kind < SEARCH_KIND_MAX; kind++)
		if (search_supports(kind) && search_with(kind, bytes, len, min_dot) != expected)
			fail_msg("%s differs, length %zu, from %llu", search_name(kind), len,
				 (unsigned long long)min_dot);
	return expected;
}

/* All tokens of a text, by every kind and by the oracle. Returns how many there are. */
static size_t check_text(const uint8_t *bytes, size_t len)
{
	size_t expected = oracle_next(bytes, len, 0), count = 0;

	for (uint64_t dot = search_all(bytes, len, 0); dot != TOKEN_NONE;
	     dot = search_all(bytes, len, dot + 1)) {
		assert_int_equal(dot - token_public_len(bytes, dot) - 1 - TOKEN_PREFIX_LEN, expected);
		expected = oracle_next(bytes, len, expected + 1);
		count++;
	}
	assert_int_equal(expected, len);
	return count;
}

/* In heap buffers of just the text's size: the sanitizer sees a read past either end. */
static void test_oracle(void **state)
{
	uint64_t seed = 20240301;
	size_t found = 0;

	(void)state;
	print_message("%d generated texts, seed %llu\n", CASES, (unsigned long long)seed);
	for (int i = 0; i < CASES; i++) {
		size_t len = maker_next(&seed) % (2 * LEN_MAX);
		uint8_t *bytes = malloc(len ? len : 1);

		generate_text(bytes, len, &seed);
		found += check_text(bytes, len);
		free(bytes);
	}
	print_message("%zu tokens in them\n", found);
	assert_true(found > CASES / 10);
}

static void test_long(void **state)
{
	enum { LEN = 1 << 20 };
	uint8_t *bytes = malloc(LEN);
	uint64_t seed = 21;

	(void)state;
	for (int round = 0; round < 4; round++) {
		generate_text(bytes, LEN, &seed);
		assert_true(check_text(bytes, LEN) > 1000);
	}
	free(bytes);
}

/* Every length at every alignment. */
static void test_alignments(void **state)
{
	uint64_t seed = 22;

	(void)state;
	for (size_t align = 0; align < ALIGNMENTS; align++) {
		for (size_t len = 0; len <= LEN_MAX; len++) {
			void *block = NULL;

			assert_int_equal(posix_memalign(&block, ALIGNMENTS, align + len + 1), 0);
			memset(block, 'A', align + len + 1);
			generate_text((uint8_t *)block + align, len, &seed);
			check_text((uint8_t *)block + align, len);
			free(block);
		}
	}
}

/* A token at every place of a text of each kind of filler; bytes next to the text would complete it. */
static void test_every_place(void **state)
{
	static const char fillers[] = " A.\xff"
				      "0/:";
	enum { LEN = 1000 };
	struct maker_token token = maker_token(1);
	uint8_t *bytes = malloc(LEN);

	(void)state;
	for (size_t f = 0; f < sizeof(fillers) - 1; f++) {
		for (size_t at = 0; at + MAKER_TOKEN_LEN <= LEN; at++) {
			uint64_t dot = at + MAKER_IDENTIFIER_LEN;

			memset(bytes, fillers[f], LEN);
			memcpy(bytes + at, token.text, MAKER_TOKEN_LEN);
			assert_int_equal(search_all(bytes, LEN, 0), dot);
			assert_int_equal(search_all(bytes, LEN, dot), dot);
			assert_true(search_all(bytes, LEN, dot + 1) == TOKEN_NONE);
			assert_int_equal(search_all(bytes, at + MAKER_TOKEN_LEN, 0), dot);
			assert_true(search_all(bytes, at + MAKER_TOKEN_LEN - 1, 0) == TOKEN_NONE);
			assert_true(search_all(bytes + at + 1, LEN - at - 1, 0) == TOKEN_NONE);
		}
	}
	free(bytes);
}

/* Every byte of a token, and of what stands around it, replaced by every other. */
static void test_every_byte(void **state)
{
	enum { BEFORE = 70, LEN = BEFORE + MAKER_TOKEN_LEN + 100 };
	struct maker_token token = maker_token(2);
	uint8_t *bytes = malloc(LEN);

	(void)state;
	for (size_t at = BEFORE - 1; at <= BEFORE + MAKER_TOKEN_LEN; at++) {
		for (unsigned int byte = 0; byte < 256; byte++) {
			memset(bytes, '-', LEN);
			memcpy(bytes + BEFORE, token.text, MAKER_TOKEN_LEN);
			bytes[at] = (uint8_t)byte;
			check_text(bytes, LEN);
		}
	}
	free(bytes);
}

static void test_min_dot(void **state)
{
	uint8_t *bytes = malloc(2 * LEN_MAX);
	uint64_t seed = 23;

	(void)state;
	for (int i = 0; i < 100; i++) {
		size_t len = maker_next(&seed) % (2 * LEN_MAX);

		generate_text(bytes, len, &seed);
		for (size_t min_dot = 0; min_dot <= len + 200; min_dot++)
			search_all(bytes, len, min_dot);
		for (uint64_t back = 1; back <= 200; back++)
			assert_true(search_all(bytes, len, -back) == TOKEN_NONE);
	}
	free(bytes);
}

/* Room for the longest text, with a page before and behind it that can't be touched. */
static uint8_t *guarded_map(size_t page)
{
	uint8_t *map = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(map, MAP_FAILED);
	assert_int_equal(mprotect(map, page, PROT_NONE), 0);
	assert_int_equal(mprotect(map + 2 * page, page, PROT_NONE), 0);
	return map;
}

/*
 * Texts that end right before an unmapped page and texts that begin right behind one, with a token, or a
 * part of one, at either end.
 */
static void test_guard_pages(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *map = guarded_map(page), *first = map + page;
	struct maker_token token = maker_token(3);
	uint64_t seed = 24;

	(void)state;
	for (size_t len = 0; len <= LEN_MAX; len++) {
		uint8_t *last = map + 2 * page - len;
		size_t part = len < MAKER_TOKEN_LEN ? len : MAKER_TOKEN_LEN;

		for (int round = 0; round < 20; round++) {
			generate_text(last, len, &seed);
			check_text(last, len);
			generate_text(first, len, &seed);
			check_text(first, len);
		}
		for (const char *filler = "A. z"; *filler; filler++) {
			memset(first, *filler, page);
			memcpy(first, token.text + MAKER_TOKEN_LEN - part, part);
			memcpy(last + len - part, token.text, part);
			check_text(first, len);
			check_text(last, len);
			memcpy(last + len - part, token.text + MAKER_TOKEN_LEN - part, part);
			if (len >= MAKER_TOKEN_LEN)
				assert_true(check_text(last, len) >= 1);
			check_text(first, page);
		}
	}
	munmap(map, 3 * page);
}

/* The one that is chosen is the best there is, and is the one that is used. */
static void test_chosen(void **state)
{
	struct maker_token token = maker_token(4);

	(void)state;
	assert_true(search_supports(SEARCH_SCALAR));
	assert_false(search_supports(SEARCH_KIND_MAX));
	assert_string_equal(search_name(SEARCH_KIND_MAX), "unknown");
	assert_true(search_supports(search_chosen()));
	for (int kind = search_chosen() + 1; kind < SEARCH_KIND_MAX; kind++)
		assert_false(search_supports(kind));
	/* both before and after the choice */
	for (int i = 0; i < 2; i++)
		assert_int_equal(search_token((const uint8_t *)token.text, MAKER_TOKEN_LEN, 0),
				 MAKER_IDENTIFIER_LEN);
	for (int kind = 0; kind < SEARCH_KIND_MAX; kind++)
		print_message("%s: %s%s\n", search_name(kind), search_supports(kind) ? "here" : "not here",
			      kind == (int)search_chosen() ? ", chosen" : "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chosen),      cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_every_place), cmocka_unit_test(test_min_dot),
		cmocka_unit_test(test_guard_pages), cmocka_unit_test(test_alignments),
		cmocka_unit_test(test_long),        cmocka_unit_test(test_oracle),
	};

	return UNIT_RUN(tests);
}
