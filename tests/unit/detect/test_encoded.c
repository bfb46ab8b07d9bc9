// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Every form, at every alignment, wrapped, cut; and what is none. */
#include "unit.h"

#include "detect/encoded.h"
#include "oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 8192

static const char base64_standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64_url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* A token with a public portion of so many characters. */
static size_t make(char *to, size_t public_len, uint64_t *seed)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	char *at = stpcpy(to, "dt0c01.");

	for (size_t i = 0; i < public_len + 1 + TOKEN_SECRET_LEN; i++)
		*at++ = i == public_len ? '.' : letters[maker_next(seed) % 32];
	/* not one of a fixed length */
	if (public_len > 24)
		to[9] = '-';
	*at = '\0';
	return (size_t)(at - to);
}

/* bytes → base64 in lines of `width` characters (0: one) with `newline` between; returns the length. */
static size_t base64(char *to, const uint8_t *bytes, size_t len, const char *alphabet, size_t width,
		     const char *newline)
{
	char *at = to;
	size_t column = 0;

	for (size_t i = 0; i < len; i += 3) {
		unsigned int group = (unsigned int)bytes[i] << 16 | (i + 1 < len ? bytes[i + 1] << 8 : 0) |
				     (i + 2 < len ? bytes[i + 2] : 0);

		for (size_t part = 0; part < 4; part++) {
			if (width && column == width) {
				at = stpcpy(at, newline);
				column = 0;
			}
			*at++ = i + part > len ? '=' : alphabet[group >> (18 - 6 * part) & 63];
			column++;
		}
	}
	*at = '\0';
	return (size_t)(at - to);
}

/* Exactly as long, so that ASan sees what is read beside it. */
static int match(const char *text, size_t len, size_t from, struct encoded_token *ret_token)
{
	uint8_t *bytes = malloc(len ? len : 1);
	int found;

	assert_non_null(bytes);
	memcpy(bytes, text, len);
	found = encoded_match(bytes, len, from, false, ret_token);
	free(bytes);
	return found;
}

/* The token is found in text[start, end) by that name, wherever the search begins before, and once. */
static void expect(const char *text, size_t len, const char *token, const char *form, size_t start,
		   size_t end)
{
	size_t token_len = strlen(token);
	struct encoded_token found;

	for (size_t from = 0; from <= start; from += 1 + start / 7) {
		if (!match(text, len, from, &found))
			fail_msg("%s: not found from %zu on in: %.*s", form, from, (int)len, text);
		assert_string_equal(encoded_name(found.form), form);
		assert_int_equal(found.start, start);
		assert_int_equal(found.end, end);
		assert_int_equal(strlen(found.token.identifier), token_len - 1 - TOKEN_SECRET_LEN);
		assert_memory_equal(found.token.identifier, token, strlen(found.token.identifier));
		assert_memory_equal(found.secret, token + token_len - TOKEN_SECRET_LEN, TOKEN_SECRET_LEN);
	}
	assert_false(match(text, len, found.end, &found));
	assert_false(match(text, end - 1, 0, &found));
}

/* Where a character of base64 is, of those before `at` that stand in lines. */
static size_t in_lines(size_t at, size_t width, const char *newline)
{
	return width ? at + at / width * strlen(newline) : at;
}

static void test_base64(void **state)
{
	static const size_t publics[] = {8, 24, 25, 26, 128}, widths[] = {0, 60, 64, 70, 76};
	static const char *const newlines[] = {"\n", "\r\n", "\n    ", "\\n", "\\r\\n"};
	/* of the form, which of the characters of its group is the first that only the token is in */
	static const size_t first[] = {0, 2, 3};
	uint64_t seed = 5;

	(void)state;
	for (size_t before = 0; before < 120; before++)
		for (size_t behind = 0; behind < 4; behind++)
			for (size_t i = 0; i < 25; i++) {
				size_t width = widths[i % 5], len, start, end, raw_end;
				const char *newline = newlines[i / 5];
				const char *alphabet = i % 2 ? base64_url : base64_standard;
				char text[TEXT_MAX], raw[512], token[256];

				memset(raw, 'x', before);
				make(raw + before, publics[(before + i) % 5], &seed);
				strcpy(token, raw + before);
				strcat(raw, &"zzz"[3 - behind]);
				raw_end = before + strlen(token);
				strcpy(text, "key: ");
				len = 5 + base64(text + 5, (const uint8_t *)raw, strlen(raw), alphabet, width,
						 newline);
				strcpy(text + len, "\nnext: 1\n");
				start = before / 3 * 4 + first[before % 3];
				end = raw_end / 3 * 4 + (raw_end % 3 ? raw_end % 3 + 1 : 0);
				expect(text, strlen(text), token, "base64",
				       5 + in_lines(start, width, newline),
				       5 + in_lines(end - 1, width, newline) + 1);
			}
}

/* Several beside each other, in one group of three bytes: each is found. */
static void test_base64_beside(void **state)
{
	static const char *const between[] = {"", ",", ", ", "\r\n x"};
	uint64_t seed = 6;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		for (size_t public_len = 8; public_len < 12; public_len++) {
			char raw[2048] = "", text[TEXT_MAX], *at = raw;
			struct encoded_token found = {.end = 0};
			size_t len, count = 0;

			for (int j = 0; j < 9; j++) {
				at += make(at, public_len, &seed);
				at = stpcpy(at, between[i]);
			}
			len = base64(text, (const uint8_t *)raw, strlen(raw), base64_standard, 76, "\n");
			while (match(text, len, found.end, &found))
				count++;
			assert_int_equal(count, 9);
		}
}

static void test_hex(void **state)
{
	uint64_t seed = 7;

	(void)state;
	for (int i = 0; i < 34; i++) {
		char text[TEXT_MAX], token[256], *at = stpcpy(text, i & 1 ? "0x" : "=");
		size_t start = strlen(text);

		make(token, i & 2 ? 24 : 8, &seed);
		for (size_t j = 0; token[j]; j++) {
			/* at each place of the first bytes as well */
			if (i >= 4 && j && (j + (size_t)i) % 30 == 0)
				at = stpcpy(at, "\n");
			at += sprintf(at, i & 1 ? "%02x" : "%02X", (unsigned char)token[j]);
		}
		strcpy(at, " end");
		expect(text, strlen(text), token, "hex", start, (size_t)(at - text));
	}
}

/* As programs dump it, at every place of a line, and with another one behind it in the same line. */
static void test_dumps(void **state)
{
	uint64_t seed = 11;

	(void)state;
	for (enum oracle_dump dump = 0; dump < ORACLE_DUMP_MAX; dump++) {
		for (size_t before = 0; before < 34; before++) {
			char text[TEXT_MAX], bytes[512], token[256], other[256];
			size_t len, token_len, places[512];
			struct encoded_token found;

			token_len = make(token, before % 2 ? 24 : before % 4 ? 8 : 90, &seed);
			make(other, 24, &seed);
			memset(bytes, '\n', sizeof(bytes));
			sprintf(bytes + before, "%s\"64 74 30\nAB", token);
			len = oracle_dump(bytes, before + strlen(bytes + before), dump, text, places);
			expect(text, len, token, "hex", places[before], places[before + token_len - 1] + 2);
			sprintf(bytes + before, "%s%s.", token, other);
			len = oracle_dump(bytes, before + strlen(bytes + before), dump, text, places);
			assert_true(match(text, len, 0, &found));
			assert_int_equal(found.start, places[before]);
			assert_true(match(text, len, found.end, &found));
			assert_int_equal(found.start, places[before + token_len]);
			assert_memory_equal(found.token.identifier, other, 31);
		}
	}
}

static void test_utf16(void **state)
{
	uint64_t seed = 11;

	(void)state;
	for (size_t before = 0; before < 150; before++)
		for (size_t big = 0; big < 2; big++) {
			char token[256], text[TEXT_MAX];
			size_t len = 0;

			make(token, before % 2 ? 24 : 100, &seed);
			memset(text, ' ', before);
			len = before;
			for (size_t i = 0; token[i]; i++) {
				text[len++] = big ? 0 : token[i];
				text[len++] = big ? token[i] : 0;
			}
			/* something else's */
			memcpy(text + len, big ? "\0 x" : " \0x", 3);
			expect(text, len + 3, token, "utf-16", before + big, len - !big);
		}
}

/* A way to write a byte. */
struct way {
	const char *before;
	char digits; /* x, X: two of hex; u, U: four; h: as many as it takes; o: three of octal; d: decimal */
	const char *behind, *form;
};

static char *digits(char *to, char how, unsigned int byte)
{
	switch (how) {
	case 'x':
		return to + sprintf(to, "%02x", byte);
	case 'X':
		return to + sprintf(to, "%02X", byte);
	case 'u':
		return to + sprintf(to, "%04x", byte);
	case 'U':
		return to + sprintf(to, "%04X", byte);
	case 'o':
		return to + sprintf(to, "%03o", byte);
	case 'd':
		return to + sprintf(to, "%u", byte);
	default:
		return to + sprintf(to, "%x", byte);
	}
}

/* `each`: every character of the token that is written so, else only its dots. */
static size_t escape(char *to, const char *token, const struct way *way, bool each)
{
	char *at = to;

	for (; *token; token++) {
		if (!each && *token != '.') {
			*at++ = *token;
			continue;
		}
		at = digits(stpcpy(at, way->before), way->digits, (unsigned char)*token);
		at = stpcpy(at, way->behind);
	}
	*at = '\0';
	return (size_t)(at - to);
}

static void test_escapes(void **state)
{
	static const struct way ways[] = {
		{"%", 'X', "", "percent"},         {"%", 'x', "", "percent"},
		{"\\x", 'x', "", "backslash"},     {"\\u", 'u', "", "backslash"},
		{"\\\\u", 'u', "", "backslash"},   {"\\\\\\\\u", 'U', "", "backslash"},
		{"\\", 'o', "", "backslash"},      {"&#", 'd', ";", "reference"},
		{"&#x", 'h', ";", "reference"},    {"=", 'X', "", "quoted-printable"},
		{"%25", 'X', "", "percent"},       {"%252525", 'x', "", "percent"},
		{"&amp;#", 'd', ";", "reference"}, {"&amp;amp;#x", 'h', ";", "reference"},
	};
	uint64_t seed = 13;

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		for (int each = 0; each < 2; each++)
			for (size_t public_len = 8; public_len < 64; public_len += 16) {
				char token[256], text[TEXT_MAX];
				size_t len;

				make(token, public_len, &seed);
				strcpy(text, "{\"token\": \"");
				len = 11 + escape(text + 11, token, &ways[i], each);
				strcpy(text + len, "\"}");
				expect(text, len + 2, token, ways[i].form, 11, len);
			}
}

/* A terminal's colours between the parts, as they are and as JSON has them; a soft line break of a mail's. */
static void test_between(void **state)
{
	static const struct {
		const char *between, *form;
	} cases[] = {
		{"\033[0m\033[1;31m", "coloured"}, {"\\u001b[32m", "coloured"}, {"\\x1b[K", "coloured"},
		{"\\033[0m", "coloured"},          {"=\n", "quoted-printable"}, {"=\r\n", "quoted-printable"},
	};
	uint64_t seed = 17;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (size_t at = 1; at < 96; at++) {
			char token[256], text[TEXT_MAX];
			size_t len = make(token, 24, &seed);

			sprintf(text, "> %.*s%s%s <", (int)at, token, cases[i].between, token + at);
			expect(text, strlen(text), token, cases[i].form, 2,
			       2 + len + strlen(cases[i].between));
		}
}

static void test_wrapped(void **state)
{
	static const size_t widths[] = {64, 72, 76, 80, 100};
	static const char *const newlines[] = {"\n", "\r\n", "\n  ", "\n> "};
	uint64_t seed = 19;

	(void)state;
	for (size_t i = 0; i < 5 * 4; i++)
		for (size_t before = 0; before < widths[i / 4]; before++) {
			size_t width = widths[i / 4], len, end = 0, column = 0;
			char token[256], text[TEXT_MAX];

			len = make(token, before % 2 ? 24 : 8, &seed);
			memset(text, ' ', before);
			column = end = before;
			for (size_t j = 0; j < len; j++) {
				if (column == width) {
					end = (size_t)(stpcpy(text + end, newlines[i % 4]) - text);
					column = strlen(newlines[i % 4]) - 1 - (i % 4 == 1);
				}
				text[end++] = token[j];
				column++;
			}
			text[end] = '\0';
			if (before + len <= width) {
				struct encoded_token found;

				assert_false(match(text, end, 0, &found));
				continue;
			}
			expect(text, end, token, "wrapped", before, end);
		}
}

/* Quoted or indented as a whole after it was wrapped; and at a width that only the other lines tell. */
static void test_folded(void **state)
{
	static const struct {
		size_t width;
		const char *quote, *newline;
	} ways[] = {
		{64, "> ", "\n"},   {76, ">> ", "\r\n"}, {80, "\t", "\n"}, {64, "        ", "\n"},
		{76, "| ", "\n"},   {40, "", "\n"},      {47, "", "\r\n"}, {59, "", "\n"},
		{50, "    ", "\n"}, {90, "", "\n"},      {77, "> ", "\n"},
	};
	uint64_t seed = 23;

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		for (size_t before = 3; before < ways[i].width; before++) {
			char token[256], whole[512], text[TEXT_MAX];
			struct encoded_token found;
			size_t len;

			make(token, before % 2 ? 24 : 8, &seed);
			memset(whole, '_', before);
			sprintf(whole + before, "%s and more %200s", token, "of it");
			/* within the first three only what comes before the line counts */
			if (ways[i].width - before < 3)
				continue;
			len = oracle_fold(whole, ways[i].width, ways[i].quote, ways[i].newline, text);
			if (before + strlen(token) <= ways[i].width) {
				assert_false(match(text, len, 0, &found));
				continue;
			}
			if (!match(text, len, 0, &found))
				fail_msg("not found: %s", text);
			assert_string_equal(encoded_name(found.form), "wrapped");
			assert_memory_equal(found.secret, token + strlen(token) - TOKEN_SECRET_LEN,
					    TOKEN_SECRET_LEN);
		}
}

#define DOCKER_SEAM "\",\"stream\":\"stdout\",\"time\":\"2026-01-02T03:04:05.678901234Z\"}\n{\"log\":\""
#define DOCKER_ATTRS                                       \
	"\",\"stream\":\"stderr\",\"attrs\":{\"tag\":\"a " \
	"b\"},\"time\":\"2026-01-02T03:04:05.6Z\"}\n{\"log\":\""
#define DOCKER_JSON                                                                                        \
	"\\\",\\\"stream\\\":\\\"stdout\\\",\\\"time\\\":\\\"2026-01-02T03:04:05.678Z\\\"}\n{\\\"log\\\":" \
	"\\\""
#define CRI_SEAM "\n2026-01-02T03:04:05.678901234Z stdout F "
#define CRI_PODMAN "\n2026-01-02T03:04:05.678901234+01:00 stderr P:x "

/* A log's records, of which one ends in a token: as it is, and as base64. */
static void test_records(void **state)
{
	static const char *const seams[] = {DOCKER_SEAM, DOCKER_ATTRS, DOCKER_JSON, CRI_SEAM, CRI_PODMAN};
	uint64_t seed = 37;

	(void)state;
	for (size_t i = 0; i < sizeof(seams) / sizeof(*seams); i++)
		for (size_t at = 1; at < 96; at++) {
			char token[256], text[TEXT_MAX], encoded[512];
			size_t len = make(token, 24, &seed), before = (size_t)sprintf(text, "%600s", "");

			sprintf(text + before, "%.*s%s%s <", (int)at, token, seams[i], token + at);
			expect(text, strlen(text), token, "record", before, before + len + strlen(seams[i]));
			len = base64(encoded, (const uint8_t *)token, len, base64_url, 0, "");
			if (at < 4)
				continue;
			sprintf(text + before, "%.*s%s%s <", (int)at, encoded, seams[i], encoded + at);
			expect(text, strlen(text), token, "base64", before, before + len + strlen(seams[i]));
		}
}

/* Records of the other stream lie between the two, however long, as far as a form may reach. */
static void test_records_between(void **state)
{
	static const char *const before_other[] = {
		"\",\"stream\":\"stdout\",\"time\":\"2026-01-02T03:04:05Z\"}\n{\"log\":\"",
		"\n2026-01-02T03:04:05Z stderr F ",
	};
	static const char *const behind_other[] = {"x\\n\",\"stream\":\"stderr\"}\n{\"log\":\"",
						   "x\n2026-01-02T03:04:05.678Z stdout F "};
	uint64_t seed = 41;

	(void)state;
	for (size_t i = 0; i < 2; i++)
		for (size_t at = 1; at < 96; at += 2)
			for (int other = 1; other < 3500; other = other * 3 + 1) {
				char token[256], text[TEXT_MAX], encoded[512], seam[4096];
				size_t len = make(token, 24, &seed);
				size_t before = (size_t)sprintf(text, "%600s", "");
				size_t between = (size_t)sprintf(seam, "%s%*s%s", before_other[i], other, "",
								 behind_other[i]);

				sprintf(text + before, "%.*s%s%s <", (int)at, token, seam, token + at);
				expect(text, strlen(text), token, "record", before, before + len + between);
				len = base64(encoded, (const uint8_t *)token, len, base64_url, 0, "");
				if (at < 4)
					continue;
				sprintf(text + before, "%.*s%s%s <", (int)at, encoded, seam, encoded + at);
				expect(text, strlen(text), token, "base64", before, before + len + between);
			}
}

/* What stands there as it is, is not this search's; nor is what only resembles one. */
static void test_none(void **state)
{
	char token[256], text[TEXT_MAX], raw[256];
	struct encoded_token found;
	uint64_t seed = 23;
	size_t len;

	(void)state;
	len = make(token, 24, &seed);
	assert_false(match(token, len, 0, &found));
	sprintf(text, "%s%%20%s\\n\033[0m%s", token, token, token);
	assert_false(match(text, strlen(text), 0, &found));
	/* a secret portion of 63, or in small letters; no prefix */
	token[len - 1] = '\0';
	assert_false(match(text, base64(text, (const uint8_t *)token, len - 1, base64_standard, 0, ""), 0,
			   &found));
	assert_false(match(text, escape(text, token, &(struct way){"%", 'X', "", ""}, false), 0, &found));
	len = make(raw, 24, &seed);
	raw[len - 3] = 'a';
	assert_false(match(text, base64(text, (const uint8_t *)raw, len, base64_standard, 0, ""), 0, &found));
	len = make(raw, 24, &seed);
	raw[2] = '1';
	assert_false(match(text, base64(text, (const uint8_t *)raw, len, base64_standard, 0, ""), 0, &found));
	/* a line that ends early is not wrapped */
	len = make(raw, 24, &seed);
	sprintf(text, "%.50s\n%s", raw, raw + 50);
	assert_false(match(text, strlen(text), 0, &found));
	/* endless */
	memset(text, 0, sizeof(text));
	assert_false(match(text, sizeof(text), 0, &found));
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = "dt0\033["[i % 5];
	assert_false(match(text, sizeof(text), 0, &found));
	for (size_t from = 0; from < 10; from++)
		assert_false(match(text, from, from, &found));
}

/* What is made to cost much: of any of these a window's worth is over soon, and what stands behind it is found. */
static void test_costly(void **state)
{
	static const char *const pieces[] = {
		"\\",
		"d\\",
		"d\033[",
		"dt0",
		"dt0c01.",
		"ZHQw",
		"R0M",
		"GR0M",
		"kdDB",
		"FkdDB",
		"647430",
		"d\n",
		"%64%74",
		"ZHQw\n ",
		"dt0c01.AAAAAAAA.",
		"=64=74=30",
		"&#100;&#116;&#48;",
		"A",
	};
	static char text[256 << 10];

	(void)state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		size_t piece = strlen(pieces[i]), len = sizeof(text) - 400;
		char token[256];
		struct encoded_token found;
		uint64_t seed = i;

		for (size_t at = 0; at < len; at++)
			text[at] = pieces[i][at % piece];
		text[len++] = ' ';
		make(token, 24, &seed);
		for (size_t j = 0; token[j]; j++)
			len += (size_t)sprintf(text + len, "%02x", (unsigned char)token[j]);
		assert_true(encoded_match((const uint8_t *)text, len, 0, false, &found));
		assert_int_equal(found.form, ENCODED_HEX);
	}
}

/* Any bytes: nothing is read beside them, and the matcher has the last word. */
static void test_any(void **state)
{
	static const char *const pieces[] = {"ZHQw",
					     "R0M",
					     "kdDB",
					     "647430",
					     "dt0",
					     "%64",
					     "\\x64",
					     "&#100;",
					     "=64",
					     "\n",
					     "d\0t\0"
					     "0",
					     "\033[",
					     "\\u0064",
					     "=\n",
					     "QQ",
					     "2E"};
	uint64_t seed = 29;

	(void)state;
	for (int i = 0; i < 30000; i++) {
		char text[700];
		size_t len = maker_next(&seed) % sizeof(text), from = 0;
		struct encoded_token found;

		for (size_t at = 0; at < len;) {
			const char *piece = pieces[maker_next(&seed) % 16];
			size_t piece_len = piece[0] == 'd' && !piece[1] ? 5 : strlen(piece);

			if (maker_next(&seed) % 3 == 0 || at + piece_len > len) {
				text[at++] = base64_standard[maker_next(&seed) % 64];
				continue;
			}
			memcpy(text + at, piece, piece_len);
			at += piece_len;
		}
		while (match(text, len, from, &found)) {
			assert_true(found.start >= from && found.end > found.start && found.end <= len);
			from = found.end;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base64),  cmocka_unit_test(test_base64_beside),
		cmocka_unit_test(test_costly),  cmocka_unit_test(test_hex),
		cmocka_unit_test(test_dumps),   cmocka_unit_test(test_utf16),
		cmocka_unit_test(test_escapes), cmocka_unit_test(test_between),
		cmocka_unit_test(test_wrapped), cmocka_unit_test(test_folded),
		cmocka_unit_test(test_records), cmocka_unit_test(test_records_between),
		cmocka_unit_test(test_none),    cmocka_unit_test(test_any),
	};

	return UNIT_RUN(tests);
}
