// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Where the kernel side takes it that a token may begin which it does not know. */
#include "unit.h"

#include "token_maker.h"
#include "token_suspect.h"

#include <stdlib.h>
#include <string.h>

/* Bytes that may be read before a text, and behind it. */
#define BEFORE SUSPECT_FIRST
#define BEHIND (SUSPECT_ROW + 16)

#define TEXT 2048

/* Of a token, with room. */
#define WIDTH_MAX 256

static uint8_t memory[BEFORE + TEXT + BEHIND], *const text = memory + BEFORE;

/* What is around it: words of a text, or capitals, or NULs. */
static void fill(char with)
{
	memset(memory, with, sizeof(memory));
	if (with != 'e')
		return;
	for (size_t i = 0; i < sizeof(memory); i += 7)
		memory[i] = ' ';
}

static void put(size_t at, const char *bytes, size_t len)
{
	assert_true(at + len < TEXT);
	memcpy(text + at, bytes, len);
}

/* It is met at `place`, wherever the look begins before that, and nothing is behind it. */
static void expect(size_t len, size_t from, size_t place)
{
	assert_int_equal(suspect_next(text, len, from), place);
	assert_int_equal(suspect_next(text, len, place), place);
	assert_int_equal(suspect_next(text, place + SUSPECT_LOOK, from), place);
}

/* The token of that kind: of the two lengths that the search knows, and of another one. */
static void token_of(char *to, size_t kind, uint64_t *seed)
{
	struct maker_token token = maker_token(maker_next(seed) % 1000000);

	if (kind < 2) {
		size_t len = kind ? MAKER_SHORTER_LEN : MAKER_TOKEN_LEN;

		maker_put(to, &token, len);
		to[len] = '\0';
		return;
	}
	sprintf(to, "dt0s12.dtctl-prod%.*s.%s", (int)(maker_next(seed) % 60),
		"-abcdefgh-ABCDEFGH-0123456789-abcdefgh-ABCDEFGH-0123456789-x", token.secret);
}

static size_t base64(char *to, const uint8_t *bytes, size_t len, size_t width)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t out = 0, column = 0;

	for (size_t i = 0; i < len; i += 3) {
		uint32_t bits = bytes[i] << 16 | (i + 1 < len ? bytes[i + 1] << 8 : 0) |
				(i + 2 < len ? bytes[i + 2] : 0);

		for (int k = 0; k < 4; k++) {
			if (i + k > len)
				continue;
			if (width && column == width) {
				to[out++] = '\n';
				column = 0;
			}
			to[out++] = letters[bits >> (18 - 6 * k) & 63];
			column++;
		}
	}
	to[out] = '\0';
	return out;
}

/* What the search knows is met as well: whoever looks has to tell. */
static void test_plain(void **state)
{
	uint64_t seed = 1;
	char token[WIDTH_MAX];

	(void)state;
	for (int kind = 0; kind < 3; kind++)
		for (size_t at = BEFORE; at < BEFORE + 200; at++) {
			token_of(token, kind, &seed);
			fill('e');
			put(at, token, strlen(token));
			expect(TEXT, maker_next(&seed) % (at + 1), at);
		}
}

/* Lines, escapes and colours behind any of the first characters. */
static void test_broken(void **state)
{
	static const char *const breaks[] = {"\n",    "\r\n", "=\n",   "\x1b[31m",        "\\u002e",
					     "\\x2e", "%2E",  "&#46;", "\"}\n{\"log\":\""};
	uint64_t seed = 2;
	char token[WIDTH_MAX], broken[WIDTH_MAX + 16];

	(void)state;
	for (size_t b = 0; b < sizeof(breaks) / sizeof(*breaks); b++)
		for (size_t cut = 3; cut < 40; cut++)
			for (size_t at = BEFORE; at < BEFORE + 48; at++) {
				token_of(token, 0, &seed);
				sprintf(broken, "%.*s%s%s", (int)cut, token, breaks[b], token + cut);
				fill('e');
				put(at, broken, strlen(broken));
				expect(TEXT, 0, at);
			}
}

static void test_base64(void **state)
{
	static const size_t signature[] = {0, 2, 3};
	uint64_t seed = 3;
	char token[WIDTH_MAX], raw[WIDTH_MAX + 8], encoded[2 * WIDTH_MAX];

	(void)state;
	for (int kind = 0; kind < 3; kind++)
		for (size_t before = 0; before < 3; before++)
			for (size_t at = BEFORE; at < BEFORE + 200; at++) {
				token_of(token, kind, &seed);
				sprintf(raw, "%.*s%s", (int)before, "~\n", token);
				fill(at % 2 ? 'e' : '\n');
				put(at, encoded, base64(encoded, (const uint8_t *)raw, strlen(raw), 0));
				expect(TEXT, 0, at + signature[before]);
			}
}

/* In lines, at any column: all but one that is cut in what tells of it. */
static void test_base64_lines(void **state)
{
	static const size_t widths[] = {60, 64, 76};
	uint64_t seed = 4;
	char token[WIDTH_MAX];
	uint8_t raw[WIDTH_MAX + 400];
	char encoded[TEXT];
	size_t cut = 0, met = 0;

	(void)state;
	for (size_t w = 0; w < 3; w++)
		for (size_t before = 100; before < 160; before++)
			for (size_t at = BEFORE; at < BEFORE + SUSPECT_BLOCK; at++) {
				size_t first = (before * 8 + 5) / 6, column = first % widths[w];

				token_of(token, 0, &seed);
				for (size_t i = 0; i < sizeof(raw); i++)
					raw[i] = (uint8_t)(i * 37);
				memcpy(raw + before, token, strlen(token));
				fill('\n');
				put(at, encoded,
				    base64(encoded, raw, before + strlen(token) + 20, widths[w]));
				/* of what begins in mid-character, the first whole one tells */
				first += first / widths[w];
				if (column + 4 > widths[w]) {
					cut++;
					continue;
				}
				met++;
				expect(TEXT, 0, at + first);
			}
	assert_true(met > 15 * cut);
}

static void test_hex(void **state)
{
	uint64_t seed = 5;
	char token[WIDTH_MAX], encoded[2 * WIDTH_MAX + 1];

	(void)state;
	for (int upper = 0; upper < 2; upper++)
		for (size_t at = BEFORE; at < BEFORE + 200; at++) {
			token_of(token, at % 3, &seed);
			for (size_t i = 0; token[i]; i++)
				sprintf(encoded + 2 * i, upper ? "%02X" : "%02x", (uint8_t)token[i]);
			fill(upper ? 'e' : '\n');
			put(at, encoded, strlen(encoded));
			expect(TEXT, 0, at);
		}
}

static void test_pairs(void **state)
{
	uint64_t seed = 6;
	char token[WIDTH_MAX], encoded[2 * WIDTH_MAX + 1];

	(void)state;
	for (int big = 0; big < 2; big++)
		for (size_t at = BEFORE; at < BEFORE + 200; at++) {
			size_t len;

			token_of(token, at % 3, &seed);
			len = strlen(token);
			memset(encoded, 0, sizeof(encoded));
			for (size_t i = 0; i < len; i++)
				encoded[2 * i + big] = token[i];
			fill(at % 2 ? 'e' : '\0');
			put(at, encoded, 2 * len);
			expect(TEXT, 0, at + big);
		}
}

/* "dt0" is met wherever an identifier can begin that ends there. */
static void test_prefix(void **state)
{
	(void)state;
	for (size_t dot = SUSPECT_IDENTIFIER_MAX; dot < 300; dot++) {
		fill('e');
		text[dot] = '.';
		assert_false(suspect_prefix_before(text, dot));
		for (size_t at = dot - SUSPECT_IDENTIFIER_MAX; at + 15 <= dot; at++) {
			fill('e');
			put(at, "dt0s12.", 7);
			assert_true(suspect_prefix_before(text, dot));
		}
	}
	assert_true(suspect_prefix_before(text, SUSPECT_IDENTIFIER_MAX - 1));
}

/* What is none: no look is asked for by an ordinary text, or by random base64 but once in some hundred pages. */
static void test_nothing(void **state)
{
	static const char *const none[] = {"dt0",      "dt0 = 5", "dt1c01.", "dtoc01.",
					   "Dt0c01.",  "dt0c.01", "width00", "edt0_next",
					   "ZHQwMTIz", "R0MA",    "kdDA",    "647431"};
	uint64_t seed = 7;
	size_t found = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		for (size_t at = BEFORE; at < BEFORE + 2 * SUSPECT_BLOCK; at++) {
			fill('e');
			put(at, none[i], strlen(none[i]));
			assert_true(suspect_next(text, TEXT, 0) == TOKEN_NONE);
		}
	for (int page = 0; page < 4000; page++) {
		for (size_t i = 0; i < sizeof(memory); i++)
			memory[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
				[maker_next(&seed) % 64];
		found += suspect_next(text, TEXT, 0) != TOKEN_NONE;
	}
	print_message("%zu of 4000 pages of base64\n", found);
	assert_true(found < 40);
}

/* The bound of what is read, in memory of just that size. */
static void test_reads(void **state)
{
	uint64_t seed = 8;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		size_t len = maker_next(&seed) % 300;
		uint8_t *bytes = malloc(BEFORE + len + BEHIND);

		for (size_t k = 0; k < BEFORE + len + BEHIND; k++)
			bytes[k] = "dt0ZHQwR0ME6kB\0\0"[maker_next(&seed) % 16];
		suspect_next(bytes + BEFORE, len, len ? maker_next(&seed) % len : 0);
		free(bytes);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),   cmocka_unit_test(test_broken),
		cmocka_unit_test(test_base64),  cmocka_unit_test(test_base64_lines),
		cmocka_unit_test(test_hex),     cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_nothing), cmocka_unit_test(test_reads),
		cmocka_unit_test(test_prefix),
	};

	return UNIT_RUN(tests);
}
