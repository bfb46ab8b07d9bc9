// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The search that the kernel side and the matcher share, against a naive oracle and against PCRE2
 * with the documented pattern; and the way the kernel side cuts a stream into windows.
 */
#include "unit.h"

#include "generate.h"
#include "oracle.h"
#include "token_search.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

#define CASES 1000000

/* Start of the token whose second dot is at `dot`. */
static size_t token_start(const uint8_t *bytes, uint64_t dot)
{
	return dot - token_public_len(bytes, dot) - 1 - TOKEN_PREFIX_LEN;
}

/* All tokens of a text by the search and by the oracle must be the same, in the same order. */
static size_t check_text(const uint8_t *bytes, size_t len)
{
	size_t expected = oracle_next(bytes, len, 0), count = 0;
	uint64_t dot = token_search(bytes, len, 0);

	while (dot != TOKEN_NONE) {
		assert_int_equal(token_start(bytes, dot), expected);
		expected = oracle_next(bytes, len, expected + 1);
		dot = token_search(bytes, len, dot + 1);
		count++;
	}
	assert_int_equal(expected, len);
	return count;
}

static void test_oracle(void **state)
{
	uint64_t seed = 20240229;
	size_t found = 0;

	(void)state;
	print_message("%d generated texts, seed %llu\n", CASES, (unsigned long long)seed);
	for (int i = 0; i < CASES; i++) {
		/* an exact-size heap buffer, so that the sanitizer sees a read past either end */
		size_t len = maker_next(&seed) % 300;
		uint8_t *bytes = malloc(len ? len : 1);

		generate_text(bytes, len, &seed);
		found += check_text(bytes, len);
		free(bytes);
	}
	print_message("%zu tokens in them\n", found);
	assert_true(found > CASES / 10);
}

static size_t pcre_count(const pcre2_code *code, pcre2_match_data *match, const uint8_t *bytes, size_t len,
			 size_t *starts, size_t most)
{
	size_t count = 0, from = 0;

	while (count < most && pcre2_match(code, bytes, len, from, 0, match, NULL) > 0) {
		const PCRE2_SIZE *ovector = pcre2_get_ovector_pointer(match);

		starts[count++] = ovector[0];
		from = ovector[1];
	}
	return count;
}

static void check_pcre(const char *pattern, bool only_24)
{
	int error;
	PCRE2_SIZE at;
	pcre2_code *code =
		pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, PCRE2_NEVER_UTF, &error, &at, NULL);
	pcre2_match_data *match = pcre2_match_data_create_from_pattern(code, NULL);
	uint64_t seed = 7;
	uint8_t bytes[600];
	size_t starts[16], total = 0;

	assert_non_null(code);
	pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
	for (int i = 0; i < CASES / 10; i++) {
		size_t len = maker_next(&seed) % sizeof(bytes), n = 0, count;
		uint64_t dot;

		generate_text(bytes, len, &seed);
		count = pcre_count(code, match, bytes, len, starts, 16);
		for (dot = token_search(bytes, len, 0); dot != TOKEN_NONE;
		     dot = token_search(bytes, len, dot + 1)) {
			if (only_24 && token_public_len(bytes, dot) != 24)
				continue;
			assert_true(n < count);
			assert_int_equal(token_start(bytes, dot), starts[n]);
			n++;
		}
		assert_int_equal(n, count);
		total += n;
	}
	assert_true(total > CASES / 100);
	pcre2_match_data_free(match);
	pcre2_code_free(code);
}

static void test_documented_pattern(void **state)
{
	(void)state;
	check_pcre("dt0[a-zA-Z]{1}[0-9]{2}\\.[A-Z0-9]{24}\\.[A-Z0-9]{64}", true);
	check_pcre("dt0[a-zA-Z]{1}[0-9]{2}\\.(?:[A-Z0-9]{24}|[A-Z0-9]{8})\\.[A-Z0-9]{64}", false);
}

static void test_every_offset(void **state)
{
	static const char fillers[] = " A.\xff"
				      "0";
	struct maker_token token = maker_token(1);
	uint8_t *bytes = malloc(9000);

	(void)state;
	for (size_t f = 0; f < sizeof(fillers) - 1; f++) {
		for (size_t at = 0; at + MAKER_TOKEN_LEN <= 9000; at++) {
			uint64_t dot;

			memset(bytes, fillers[f], 9000);
			memcpy(bytes + at, token.text, MAKER_TOKEN_LEN);
			dot = token_search(bytes, 9000, at > 4000 ? 4000 : 0);
			assert_int_equal(dot, at + MAKER_IDENTIFIER_LEN);
			assert_true(token_search(bytes, 9000, dot + 1) == TOKEN_NONE);
		}
	}
	free(bytes);
}

/* Back to back, and with runs longer than a secret portion behind. */
static void test_neighbours(void **state)
{
	uint8_t bytes[20 * MAKER_TOKEN_LEN];
	size_t len = 0;

	(void)state;
	for (uint64_t i = 0; i < 20; i++, len += MAKER_TOKEN_LEN)
		memcpy(bytes + len, maker_token(i).text, MAKER_TOKEN_LEN);
	assert_int_equal(check_text(bytes, len), 20);
}

static void test_word_tests(void **state)
{
	(void)state;
	for (unsigned int byte = 0; byte < 256; byte++) {
		bool in_class = (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');

		for (int at = 0; at < 8; at++) {
			uint64_t word = (TOKEN_ONES * 'K' & ~(0xffULL << 8 * at)) | (uint64_t)byte << 8 * at;

			assert_int_equal(token_word_outside(word), in_class ? 0 : 0x80ULL << 8 * at);
			if (in_class)
				assert_true(token_word_maybe(word));
			if (!in_class)
				assert_int_equal(token_last_marked(token_word_outside(word)), at);
		}
	}
}

/*
 * As bpf/scan/inspect.bpf.c does it: windows filled by pieces of any size, the last 96 bytes carried to the
 * front of the next. Returns how many tokens are reported.
 */
static size_t stream_count(const uint8_t *bytes, size_t len, size_t piece)
{
	uint8_t window[8192 + 8];
	uint64_t fill = 0, min_dot = 0, dot;
	size_t at = 0, count = 0;

	for (;;) {
		while (fill < 4096 && at < len) {
			size_t n = len - at < piece ? len - at : piece;

			memcpy(window + fill, bytes + at, n);
			fill += n;
			at += n;
		}
		for (dot = token_search(window, fill, min_dot); dot != TOKEN_NONE;
		     dot = token_search(window, fill, dot + 1))
			count++;
		if (fill < 4096)
			return count;
		memmove(window, window + fill - 96, 96);
		fill = 96;
		min_dot = 96 - TOKEN_SECRET_LEN;
	}
}

static void test_windows(void **state)
{
	static uint8_t bytes[40000];
	uint64_t seed = 3;

	(void)state;
	for (int round = 0; round < 4; round++) {
		size_t expected;

		generate_text(bytes, sizeof(bytes), &seed);
		expected = check_text(bytes, sizeof(bytes));
		for (size_t piece = 1; piece <= 4096; piece += piece < 300 ? 1 : 97)
			assert_int_equal(stream_count(bytes, sizeof(bytes), piece), expected);
	}
}

/*
 * Pieces of any size, each searched with the carry before it in a buffer of just that size: every token
 * once, in its place. The kernel side carries 96 bytes and only from full windows; 95 would do.
 */
static void check_carry(const uint8_t *bytes, size_t len, size_t piece, size_t most)
{
	size_t carry = 0, expected = oracle_next(bytes, len, 0);

	for (size_t at = 0; at < len; at += piece) {
		size_t count = len - at < piece ? len - at : piece, fill = carry + count;
		uint64_t min_dot = carry > TOKEN_SECRET_LEN ? carry - TOKEN_SECRET_LEN : 0, dot;
		uint8_t *window = malloc(fill);

		memcpy(window, bytes + at - carry, fill);
		for (dot = token_search(window, fill, min_dot); dot != TOKEN_NONE;
		     dot = token_search(window, fill, dot + 1)) {
			assert_int_equal(at - carry + token_start(window, dot), expected);
			expected = oracle_next(bytes, len, expected + 1);
		}
		free(window);
		carry = fill < most ? fill : most;
	}
	assert_int_equal(expected, len);
}

static void test_carry(void **state)
{
	enum { LEN = 12000 };
	uint8_t *bytes = malloc(LEN);
	uint64_t seed = 5;

	(void)state;
	generate_text(bytes, LEN, &seed);
	assert_true(check_text(bytes, LEN) > 40);
	for (size_t most = TOKEN_MAX_LEN - 1; most <= TOKEN_MAX_LEN; most++) {
		for (size_t piece = 1; piece <= 300; piece++)
			check_carry(bytes, LEN, piece, most);
		for (size_t piece = 4096 - 100; piece <= 4096 + 100; piece++)
			check_carry(bytes, LEN, piece, most);
	}
	free(bytes);
}

/* The first token whose second dot is at min_dot or later, for every min_dot. */
static void test_min_dot(void **state)
{
	uint64_t seed = 9;
	uint8_t bytes[600];

	(void)state;
	for (int i = 0; i < 300; i++) {
		size_t len = maker_next(&seed) % sizeof(bytes);

		generate_text(bytes, len, &seed);
		for (size_t min_dot = 0; min_dot <= len + 100; min_dot++) {
			uint64_t expected = TOKEN_NONE;

			for (size_t at = oracle_next(bytes, len, 0); at < len;
			     at = oracle_next(bytes, len, at + 1)) {
				expected = at + oracle_at(bytes, len, at) - TOKEN_SECRET_LEN - 1;
				if (expected >= min_dot)
					break;
				expected = TOKEN_NONE;
			}
			assert_true(token_search(bytes, len, min_dot) == expected);
		}
	}
}

/* A text that is cut anywhere: in a heap buffer of just its size. */
static void test_begun(void **state)
{
	uint64_t seed = 13;
	size_t count = 0;

	(void)state;
	for (int i = 0; i < CASES / 4; i++) {
		size_t len = 9 + maker_next(&seed) % 200;
		uint8_t *bytes = malloc(len);
		bool begun;

		generate_text(bytes + 8, len - 8, &seed);
		memset(bytes, 0, 8);
		begun = oracle_begun(bytes, len);
		assert_int_equal(token_begun(bytes, len, token_run(bytes, len)), begun);
		count += begun;
		free(bytes);
	}
	assert_true(count > CASES / 40);
}

/* How long a run of [A-Z0-9] a text ends with, for every length of both. */
static void test_run(void **state)
{
	(void)state;
	for (size_t len = 8; len < 200; len++)
		for (size_t run = 0; run <= len; run += run == len - 8 ? 8 : 1) {
			uint8_t *bytes = malloc(len);

			memset(bytes, '.', len);
			memset(bytes + len - run, 'Z', run);
			assert_int_equal(token_run(bytes, len), run > len - 8 || run > 64 ? 64 : run);
			free(bytes);
		}
}

static int may_go_on_at(const uint8_t *bytes, size_t end)
{
	return token_may_go_on(token_word(bytes, end - 16), token_word(bytes, end - 8));
}

/* Wherever a token is cut, the text up to there is one that may go on; whatever has begun says so too. */
static void test_may_go_on(void **state)
{
	uint64_t seed = 23;
	size_t on = 0, ends = 0;

	(void)state;
	for (int i = 0; i < CASES / 4; i++) {
		size_t len = 104 + maker_next(&seed) % 20 * 8;
		uint8_t *bytes = malloc(len);

		generate_text(bytes, len, &seed);
		for (size_t end = 16; end <= len; end++) {
			int goes_on = may_go_on_at(bytes, end);

			assert_true(goes_on || end < 104 || !token_begun(bytes, end, token_run(bytes, end)));
			on += (size_t)goes_on;
			ends++;
		}
		for (size_t dot = TOKEN_IDENTIFIER_MAX; dot < len; dot++)
			if (bytes[dot] == '.' && token_at_dot(bytes, len, dot))
				for (size_t end = dot - token_public_len(bytes, dot) - TOKEN_PREFIX_LEN;
				     end < dot + 1 + TOKEN_SECRET_LEN; end++)
					assert_true(end < 16 || may_go_on_at(bytes, end));
		free(bytes);
	}
	print_message("%zu of %zu ends may go on\n", on, ends);
	assert_true(on < ends);
}

/* Wherever a token is cut, what is left of it may be its end, also if only its first bytes are there; few texts may. */
static void test_goes_on(void **state)
{
	static const char *const texts[] = {"text", "The end", "x1.0",  "t1 ", "0xf",
					    "c1.2", "\n",      "ABC d", "12: "};

	(void)state;
	for (uint64_t n = 0; n < 100; n++) {
		struct maker_token token = maker_token(n);

		for (size_t cut = 1; cut + TOKEN_FEW <= MAKER_TOKEN_LEN; cut++)
			for (size_t len = 1; len <= MAKER_TOKEN_LEN - cut; len++) {
				uint8_t bytes[8] = "????????";

				memcpy(bytes, token.text + cut, len < 8 ? len : 8);
				assert_true(token_goes_on(token_word(bytes, 0), len));
			}
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		uint8_t bytes[8] = {0};

		memcpy(bytes, texts[i], strlen(texts[i]));
		assert_false(token_goes_on(token_word(bytes, 0), strlen(texts[i])));
	}
}

/* The tests of a word by which most texts are passed over, against one byte after the other. */
static void test_run_words(void **state)
{
	uint64_t seed = 17;

	(void)state;
	for (int i = 0; i < CASES; i++) {
		bool run = true, begins = false;
		uint64_t word, dots = 0;
		uint8_t bytes[8];

		for (int k = 0; k < 8; k++) {
			static const char often[] = "AZ09.:/@[-dt\n\x7f\x80\xff";
			uint64_t pick = maker_next(&seed);

			bytes[k] = pick % 3 ? (uint8_t)often[(pick >> 8) % (sizeof(often) - 1)]
					    : (uint8_t)(pick >> 16);
			if (pick >> 32 & 1)
				bytes[k] = (uint8_t)('A' + (pick >> 40) % 26);
			run = run && token_run_may_hold(bytes[k]);
			begins = begins || bytes[k] == 'd' || bytes[k] == 't' || bytes[k] == '.';
			dots |= bytes[k] == '.' ? 0x80ULL << 8 * k : 0;
		}
		memcpy(&word, bytes, sizeof(word));
		assert_true(token_word_dots(word) == dots);
		assert_int_equal(token_run_outside(word) == 0, run);
		assert_true(!run || !token_run_leaves(word));
		assert_true(!run || !token_run_far(word));
		assert_true(!begins || token_word_begins(word) & TOKEN_TOPS);
	}
	assert_true(token_nothing(0) >> 63 == 1);
	for (int bit = 7; bit < 64; bit += 8)
		assert_true(token_nothing(1ULL << bit) >> 63 == 0);
}

/* The words that one probe in TOKEN_RUN_STRIDE bytes, and one load in TOKEN_BEGUN_STEP, meet of a token. */
static void check_met(const uint8_t *bytes, size_t start, size_t len)
{
	bool beside = false, begins = false;

	for (size_t at = 0; at < 512; at += TOKEN_RUN_STRIDE)
		if (at >= TOKEN_RUN_STRIDE / 2 && !token_run_outside(token_word(bytes, at)))
			beside = beside || !token_run_outside(token_word(bytes, at - TOKEN_RUN_STRIDE / 2)) ||
				 !token_run_outside(token_word(bytes, at + TOKEN_RUN_STRIDE / 2));
	assert_true(beside);
	for (size_t step = 0; step < TOKEN_BEGUN_STEP; step++) {
		begins = false;
		for (size_t at = step; at < 512; at += TOKEN_BEGUN_STEP)
			if (at + 8 > start && at < start + len)
				begins = begins || token_word_begins(token_word(bytes, at)) & TOKEN_TOPS;
		assert_true(begins);
	}
}

static void test_met(void **state)
{
	static const size_t public_len[] = {TOKEN_PUBLIC_MIN, TOKEN_PUBLIC_MAX};
	uint8_t bytes[640];

	(void)state;
	for (int format = 0; format < 2; format++)
		for (size_t start = 128; start < 256; start++) {
			size_t at = start;

			memset(bytes, ' ', sizeof(bytes));
			memcpy(bytes + at, "dt0C01.", 7);
			at += 7;
			memset(bytes + at, 'P', public_len[format]);
			at += public_len[format];
			bytes[at++] = '.';
			memset(bytes + at, 'S', TOKEN_SECRET_LEN);
			at += TOKEN_SECRET_LEN;
			assert_int_equal(check_text(bytes, sizeof(bytes)), 1);
			check_met(bytes, start, at - start);
			/* in a text of capitals it is met by its own bytes only */
			memset(bytes, 'X', start);
			memset(bytes + at, 'X', sizeof(bytes) - at);
			check_met(bytes, start, at - start);
		}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_word_tests),
		cmocka_unit_test(test_neighbours),
		cmocka_unit_test(test_every_offset),
		cmocka_unit_test(test_oracle),
		cmocka_unit_test(test_documented_pattern),
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_carry),
		cmocka_unit_test(test_min_dot),
		cmocka_unit_test(test_run),
		cmocka_unit_test(test_begun),
		cmocka_unit_test(test_may_go_on),
		cmocka_unit_test(test_goes_on),
		cmocka_unit_test(test_run_words),
		cmocka_unit_test(test_met),
	};

	return UNIT_RUN(tests);
}
