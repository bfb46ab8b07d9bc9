// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The same tokens, lines and columns in whatever pieces a text comes, and however long it is. */
#include "unit.h"

#include "generate.h"
#include "oracle.h"
#include "scan/finder.h"
#include "token_formats.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CASES 3000
#define LEN_MAX 900
#define LONG_LEN (3UL << 20)
#define SEEN_MAX 512

struct seen {
	struct finder_place places[SEEN_MAX];
	const char *encodings[SEEN_MAX];
	size_t count;
	int result;
};

struct pieces {
	const uint8_t *bytes;
	size_t len, at, most;
	uint64_t seed;
	int error; /* at the end */
};

static ssize_t pieces_pull(void *source, void *to, size_t room)
{
	struct pieces *pieces = source;
	size_t len = 1 + maker_next(&pieces->seed) % pieces->most;

	assert_true(room > 0);
	len = len < room ? len : room;
	len = len < pieces->len - pieces->at ? len : pieces->len - pieces->at;
	memcpy(to, pieces->bytes + pieces->at, len);
	pieces->at += len;
	return len ? (ssize_t)len : pieces->error;
}

static int seen_token(void *context, const struct spillwatch_token *token, const struct finder_place *place)
{
	struct seen *seen = context;

	assert_true(spillwatch_token_has_secret(token));
	assert_int_equal(
		strncmp(spillwatch_token_identifier(token), spillwatch_token_prefix(token), TOKEN_PREFIX_LEN),
		0);
	assert_true(seen->count < SEEN_MAX);
	seen->encodings[seen->count] = spillwatch_token_encoding(token);
	seen->places[seen->count++] = *place;
	return seen->result;
}

/* By the plainest means: every byte looked at, every character counted. */
static void expect(const uint8_t *bytes, size_t len, struct seen *expected)
{
	struct finder_place place = {.line = 1, .column = 1};
	size_t next = oracle_wide_next(bytes, len, 0);

	expected->count = 0;
	for (size_t at = 0; at < len; at++) {
		if (at == next) {
			place.offset = at;
			expected->places[expected->count++] = place;
			next = oracle_wide_next(bytes, len, at + oracle_wide_at(bytes, len, at));
		}
		if (bytes[at] == '\n')
			place = (struct finder_place){.line = place.line + 1, .column = 1};
		else
			place.column += (bytes[at] & 0xc0) != 0x80;
	}
}

static void same_places(const struct seen *seen, const struct seen *expected)
{
	assert_int_equal(seen->count, expected->count);
	for (size_t i = 0; i < seen->count; i++) {
		const struct finder_place *place = &seen->places[i], *wanted = &expected->places[i];

		assert_int_equal(place->offset, wanted->offset);
		assert_int_equal(place->line, wanted->line);
		assert_int_equal(place->column, wanted->column);
		assert_int_equal(place->allowed, wanted->allowed);
		assert_string_equal(seen->encodings[i] ? seen->encodings[i] : "",
				    expected->encodings[i] ? expected->encodings[i] : "");
	}
}

static void check(const uint8_t *bytes, size_t len, size_t most, const struct seen *expected)
{
	struct seen seen = {0};
	struct pieces pieces = {.bytes = bytes, .len = len, .most = most, .seed = len};
	/* the oracle knows no other form */
	const struct finder_use use = {.context = &seen, .token = seen_token, .plain = true};
	struct finder *finder;
	uint64_t read;

	assert_int_equal(finder_open(&use, &finder), 0);
	assert_int_equal(finder_read(finder, pieces_pull, &pieces, &read), 0);
	assert_int_equal(read, len);
	same_places(&seen, expected);
	finder_close(finder);
}

/* Words, lines, characters of two and three bytes. */
static void decorate(uint8_t *bytes, size_t len, uint64_t *seed)
{
	static const char *const pieces[] = {"\n", "\n\n", "é", "€", "a b", "\r\n"};

	for (uint64_t i = maker_next(seed) % 20; i; i--) {
		const char *piece = pieces[maker_next(seed) % 6];
		size_t at = maker_next(seed) % len;

		if (at + strlen(piece) <= len)
			memcpy(bytes + at, piece, strlen(piece));
	}
}

static void test_pieces(void **state)
{
	static struct seen expected;
	uint64_t seed = 41;
	size_t found = 0;

	(void)state;
	for (int i = 0; i < CASES; i++) {
		size_t len = 1 + maker_next(&seed) % LEN_MAX;
		uint8_t bytes[LEN_MAX];

		generate_text(bytes, len, &seed);
		generate_wide(bytes, len, &seed);
		decorate(bytes, len, &seed);
		expect(bytes, len, &expected);
		check(bytes, len, 1 + maker_next(&seed) % 300, &expected);
		found += expected.count;
	}
	assert_true(found > CASES / 4);
}

/* Longer than the window: tokens at its seams, in lines that are longer than it as well. */
static void test_long(void **state)
{
	static struct seen expected;
	uint8_t *bytes = malloc(LONG_LEN);
	uint64_t seed = 43;

	(void)state;
	assert_non_null(bytes);
	for (int turn = 0; turn < 3; turn++) {
		memset(bytes, 'x', LONG_LEN);
		for (size_t at = 0; turn && at < LONG_LEN;
		     at += 1 + maker_next(&seed) % (turn == 1 ? 80 : 900000))
			bytes[at] = '\n';
		for (uint64_t i = 0; i < 300; i++)
			memcpy(bytes + maker_next(&seed) % (LONG_LEN - MAKER_TOKEN_LEN), maker_token(i).text,
			       MAKER_TOKEN_LEN);
		expect(bytes, LONG_LEN, &expected);
		assert_true(expected.count > 250);
		check(bytes, LONG_LEN, LONG_LEN, &expected);
		check(bytes, LONG_LEN, 70000, &expected);
	}
	free(bytes);
}

/* Tokens as they are and in other forms, at the window's seams as well: in their order, whatever pieces they come in. */
static void test_forms(void **state)
{
	static const char *const forms[] = {"", "hex", "percent", "utf-16"};
	static struct seen expected, seen;
	uint8_t *bytes = malloc(LONG_LEN);
	struct finder *finder;
	uint64_t seed = 47, read;
	struct finder_use use = {.context = &seen, .token = seen_token};

	(void)state;
	assert_non_null(bytes);
	memset(bytes, 'x', LONG_LEN);
	expected.count = 0;
	for (size_t at = 10; at + 4000 < LONG_LEN; at += 300 + maker_next(&seed) % 20000) {
		struct maker_token token = maker_token(at);
		uint64_t form = maker_next(&seed) % 4;
		uint8_t *to = bytes + at;

		to[-1] = ' ';
		for (size_t i = 0; i < MAKER_TOKEN_LEN; i++) {
			char text[8] = {token.text[i]};

			if (form == 1)
				sprintf(text, "%02x", (unsigned char)token.text[i]);
			else if (form == 2 && token.text[i] == '.')
				strcpy(text, "%2E");
			to = mempcpy(to, text, form == 3 ? 2 : strlen(text));
		}
		*to = ' ';
		expected.encodings[expected.count] = *forms[form] ? forms[form] : NULL;
		expected.places[expected.count++] =
			(struct finder_place){.line = 1, .column = at + 1, .offset = at};
	}
	for (size_t most = 1000; most <= LONG_LEN; most *= 5) {
		struct pieces pieces = {.bytes = bytes, .len = LONG_LEN, .most = most, .seed = most};

		seen.count = 0;
		assert_int_equal(finder_open(&use, &finder), 0);
		assert_int_equal(finder_read(finder, pieces_pull, &pieces, &read), 0);
		same_places(&seen, &expected);
		finder_close(finder);
	}
	free(bytes);
}

/* A form that seems to go on for as long as the window is: what follows is searched all the same. */
static void test_endless_form(void **state)
{
	static struct seen seen;
	const struct finder_use use = {.context = &seen, .token = seen_token};
	uint8_t *bytes = malloc(LONG_LEN), *to = bytes;
	struct maker_token token = maker_token(9);
	struct pieces pieces = {.bytes = bytes, .len = LONG_LEN, .most = LONG_LEN, .seed = 1};
	struct finder *finder;
	uint64_t read;

	(void)state;
	assert_non_null(bytes);
	memset(bytes, ' ', LONG_LEN);
	to = mempcpy(to, token.text, MAKER_TOKEN_LEN - 1);
	memset(to, '\\', 523000);
	to = mempcpy(to + 523000, "x41", 3);
	to += 5000;
	*to++ = '\n';
	for (uint64_t i = 0; i < 3; i++)
		memcpy(to + i * 200, maker_token(i).text, MAKER_TOKEN_LEN);
	seen.count = 0;
	assert_int_equal(finder_open(&use, &finder), 0);
	assert_int_equal(finder_read(finder, pieces_pull, &pieces, &read), 0);
	assert_int_equal(read, LONG_LEN);
	assert_int_equal(seen.count, 3);
	finder_close(finder);
	free(bytes);
}

/* A comment holds for its line, as far as FINDER_ALLOW's neighbourhood goes, before or behind the token. */
static void test_allowed(void **state)
{
	static const struct {
		size_t before, behind;
		const char *around[2];
		bool allowed;
	} cases[] = {
		{0, 0, {"", " # spillwatch:allow\n"}, true},
		{0, 0, {"/* spillwatch:allow */ ", "\n"}, true},
		{0, 0, {"spillwatch:allow\n", "\nspillwatch:allow"}, false},
		{0, 0, {"", " # spillwatch:allo"}, false},
		{0, 0, {"", " spillwatch:allow"}, true},
		{0, 4000, {"", "spillwatch:allow"}, true},
		{0, 5000, {"", "spillwatch:allow"}, false},
		{4000, 0, {"spillwatch:allow", ""}, true},
		{5000, 0, {"spillwatch:allow", ""}, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		for (size_t most = 1; most < 20000; most = 3 * most + 40) {
			static uint8_t bytes[12000];
			struct seen seen = {0};
			struct pieces pieces = {.bytes = bytes, .most = most, .seed = i};
			const struct finder_use use = {.context = &seen, .token = seen_token};
			uint8_t *to = bytes;
			struct finder *finder;
			uint64_t read;

			to = mempcpy(to, cases[i].around[0], strlen(cases[i].around[0]));
			memset(to, ' ', cases[i].before);
			to = mempcpy(to + cases[i].before, maker_token(i).text, MAKER_TOKEN_LEN);
			memset(to, ' ', cases[i].behind);
			to = mempcpy(to + cases[i].behind, cases[i].around[1], strlen(cases[i].around[1]));
			pieces.len = (size_t)(to - bytes);
			assert_int_equal(finder_open(&use, &finder), 0);
			assert_int_equal(finder_read(finder, pieces_pull, &pieces, &read), 0);
			assert_int_equal(seen.count, 1);
			if (seen.places[0].allowed != cases[i].allowed)
				fail_msg("case %zu in pieces of %zu", i, most);
			finder_close(finder);
		}
	}
}

/* What the source and the use return is handed on; the finder can be used anew. */
static void test_errors(void **state)
{
	struct maker_token token = maker_token(7);
	struct seen seen = {0};
	const struct finder_use use = {.context = &seen, .token = seen_token};
	struct pieces pieces = {.bytes = (const uint8_t *)token.text, .len = MAKER_TOKEN_LEN, .most = 1000};
	struct finder *finder;
	uint64_t read;

	(void)state;
	assert_int_equal(finder_open(&use, &finder), 0);
	pieces.error = -EISDIR;
	assert_int_equal(finder_read(finder, pieces_pull, &pieces, &read), -EISDIR);
	assert_int_equal(seen.count, 1);
	assert_int_equal(read, MAKER_TOKEN_LEN);
	pieces.at = 0;
	pieces.error = 0;
	seen.result = -ENOMEM;
	assert_int_equal(finder_read(finder, pieces_pull, &pieces, &read), -ENOMEM);
	seen.result = 0;
	pieces.at = 0;
	assert_int_equal(finder_read(finder, pieces_pull, &pieces, &read), 0);
	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.places[2].line, 1);
	assert_int_equal(seen.places[2].column, 1);
	finder_close(finder);
	finder_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),  cmocka_unit_test(test_long),
		cmocka_unit_test(test_forms),   cmocka_unit_test(test_endless_form),
		cmocka_unit_test(test_allowed), cmocka_unit_test(test_errors),
	};

	return UNIT_RUN(tests);
}
