// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Tokens that are encoded twice, or packed and encoded: the same in whatever pieces a text comes, with all of their forms, and bounded. */
#include "unit.h"

#include "scan/finder.h"
#include "scan/nested.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define ROOM (4UL << 20)

struct bytes {
	uint8_t *at;
	size_t len;
};

struct seen {
	size_t count, left;
	char *text; /* a line for each */
};

struct pieces {
	struct bytes bytes;
	size_t at, most;
};

static ssize_t pieces_pull(void *source, void *to, size_t room)
{
	struct pieces *pieces = source;
	size_t len = pieces->bytes.len - pieces->at;

	len = len < pieces->most ? len : pieces->most;
	len = len < room ? len : room;
	memcpy(to, pieces->bytes.at + pieces->at, len);
	pieces->at += len;
	return (ssize_t)len;
}

static int seen_token(void *context, const struct spillwatch_token *token, const struct finder_place *place)
{
	struct seen *seen = context;
	char *all;

	assert_true(spillwatch_token_has_secret(token));
	assert_true(asprintf(&all, "%s%zu:%zu:%zu %s%s%s%s\n", seen->text ? seen->text : "",
			     (size_t)place->line, (size_t)place->column, (size_t)place->offset,
			     spillwatch_token_identifier(token), place->encoding ? ", " : "",
			     place->encoding ? place->encoding : "", place->allowed ? " allowed" : "") > 0);
	free(seen->text);
	seen->text = all;
	seen->count++;
	return 0;
}

static void seen_left(void *context, const struct finder_place *place)
{
	struct seen *seen = context;

	assert_true(place->line);
	seen->left++;
}

static struct seen look(struct bytes bytes, size_t most)
{
	struct seen seen = {0};
	const struct finder_use use = {.context = &seen, .token = seen_token, .left = seen_left};
	struct pieces pieces = {.bytes = bytes, .most = most};
	struct finder *finder;
	uint64_t read;

	assert_int_equal(finder_open(&use, &finder), 0);
	assert_int_equal(finder_read(finder, pieces_pull, &pieces, &read), 0);
	assert_int_equal(read, bytes.len);
	finder_close(finder);
	return seen;
}

static struct bytes joined(const char *before, struct bytes bytes, const char *behind)
{
	struct bytes all = {malloc(bytes.len + strlen(before) + strlen(behind)), 0};

	assert_non_null(all.at);
	memcpy(all.at, before, strlen(before));
	all.len = strlen(before);
	memcpy(all.at + all.len, bytes.at, bytes.len);
	all.len += bytes.len;
	memcpy(all.at + all.len, behind, strlen(behind));
	all.len += strlen(behind);
	free(bytes.at);
	return all;
}

static struct bytes text(const char *format, ...)
{
	struct bytes bytes;
	va_list args;
	char *made;

	va_start(args, format);
	bytes.len = (size_t)vasprintf(&made, format, args);
	va_end(args);
	bytes.at = (uint8_t *)made;
	return bytes;
}

/* In lines of that width; 0: in one. */
static struct bytes base64(struct bytes bytes, size_t width)
{
	static const char six[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct bytes all = {malloc(2 * bytes.len + 4), 0};
	size_t line = 0;

	for (size_t i = 0; i < bytes.len; i += 3) {
		unsigned int held = (unsigned int)bytes.at[i] << 16;

		held |= i + 1 < bytes.len ? (unsigned int)bytes.at[i + 1] << 8 : 0;
		held |= i + 2 < bytes.len ? bytes.at[i + 2] : 0;
		for (size_t k = 0; k < 4; k++) {
			if (width && line == width) {
				all.at[all.len++] = '\n';
				line = 0;
			}
			all.at[all.len++] =
				(uint8_t)(k > bytes.len - i ? '=' : six[held >> (18 - 6 * k) & 63]);
			line++;
		}
	}
	free(bytes.at);
	return all;
}

static struct bytes gzip(struct bytes bytes)
{
	struct bytes all = {malloc(ROOM), 0};
	z_stream stream = {.next_in = bytes.at,
			   .avail_in = (unsigned int)bytes.len,
			   .next_out = all.at,
			   .avail_out = ROOM};

	assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	all.len = stream.total_out;
	deflateEnd(&stream);
	free(bytes.at);
	return all;
}

/* In whatever pieces it comes, and behind so much else that it lies at the window's seams. */
static void same(struct bytes bytes, const char *expected)
{
	static const size_t most[] = {1, 7, 100, 4096, 65536, ROOM};

	for (size_t i = bytes.len < 20000 ? 0 : 3; i < sizeof(most) / sizeof(*most); i++) {
		struct seen seen = look(bytes, most[i]);

		if (strcmp(seen.text ? seen.text : "", expected) != 0)
			fail_msg("in pieces of %zu: %s instead of %s", most[i], seen.text, expected);
		assert_int_equal(seen.left, 0);
		free(seen.text);
	}
	free(bytes.at);
}

static void test_forms(void **state)
{
	struct maker_token one = maker_token(1), two = maker_token(2), three = maker_token(3);
	const int n = 31;
	char expected[1000];

	(void)state;
	snprintf(expected, sizeof(expected), "2:4:8 %.*s, base64, base64\n", n, one.text);
	same(joined("line\nx: ", base64(base64(text("%s", one.text), 0), 0), "\n"), expected);
	same(joined("line\nx: ", base64(base64(text("a line before\n%s\n", one.text), 76), 76), "\n"),
	     expected);
	snprintf(expected, sizeof(expected), "1:4:3 %.*s, base64, base64, base64\n", n, one.text);
	same(joined("x: ", base64(base64(base64(text("%s", one.text), 0), 0), 0), ""), expected);
	snprintf(expected, sizeof(expected), "1:4:3 %.*s, base64, gzip\n", n, one.text);
	same(joined("x: ", base64(gzip(text("a: %s\n", one.text)), 0), "\n"), expected);
	/* of a release of Helm's a chart's files are base64 once more */
	struct bytes chart = base64(text("token: %s\n", two.text), 0);
	struct bytes helm = text("{\"manifest\":\"%s\",\"again\":\"%s\",\"data\":\"%.*s\"}", one.text,
				 one.text, (int)chart.len, chart.at);
	char *before;

	free(chart.at);
	assert_true(asprintf(&before, "%s release: ", three.text) > 0);
	snprintf(expected, sizeof(expected),
		 "1:1:0 %.*s\n1:%zu:%zu %.*s, base64, base64, gzip\n1:%zu:%zu %.*s, base64, base64, gzip, "
		 "base64\n",
		 n, three.text, strlen(before) + 1, strlen(before), n, one.text, strlen(before) + 1,
		 strlen(before), n, two.text);
	same(joined(before, base64(base64(gzip(helm), 0), 0), "\n"), expected);
	free(before);
}

/* A run that is longer than the window, with a token at its end, and others around. */
static void test_long(void **state)
{
	struct maker_token one = maker_token(1), two = maker_token(2);
	struct bytes long_text = {malloc(ROOM / 3), ROOM / 3};
	uint64_t seed = 3;
	char expected[1000];
	size_t end;

	(void)state;
	/* hardly packed, so that the run is long */
	for (size_t i = 0; i < long_text.len; i++)
		long_text.at[i] = (uint8_t)(' ' + maker_next(&seed) % 90);
	memcpy(long_text.at + long_text.len - MAKER_TOKEN_LEN, one.text, MAKER_TOKEN_LEN);
	long_text = base64(gzip(long_text), 0);
	assert_true(long_text.len > 1UL << 20);
	end = long_text.len + strlen("x: ") + 1;
	snprintf(expected, sizeof(expected), "1:4:3 %.31s, base64, gzip\n2:1:%zu %.31s\n", one.text, end,
		 two.text);
	char *behind;

	assert_true(asprintf(&behind, "\n%s", two.text) > 0);
	same(joined("x: ", long_text, behind), expected);
	free(behind);
}

static void test_allowed(void **state)
{
	struct maker_token one = maker_token(1);
	char expected[200];

	(void)state;
	snprintf(expected, sizeof(expected), "1:4:3 %.31s, base64, base64 allowed\n", one.text);
	same(joined("x: ", base64(base64(text("%s", one.text), 0), 0), " # spillwatch:allow\n"), expected);
	snprintf(expected, sizeof(expected), "1:22:21 %.31s, base64, base64 allowed\n", one.text);
	same(joined("/*spillwatch:allow*/ ", base64(base64(text("%s", one.text), 0), 0), ""), expected);
	snprintf(expected, sizeof(expected), "2:1:17 %.31s, base64, base64\n", one.text);
	same(joined("spillwatch:allow\n", base64(base64(text("%s", one.text), 0), 0), "\nspillwatch:allow"),
	     expected);
}

/* No deeper than that, and what is encoded once is told once. */
static void test_depth(void **state)
{
	struct maker_token one = maker_token(1);
	struct bytes bytes = text("%s", one.text);
	char expected[200];

	(void)state;
	snprintf(expected, sizeof(expected), "1:33:32 %.31s, base64\n", one.text);
	same(base64(text("a longer text, and then %s", one.text), 0), expected);
	for (int i = 0; i < NESTED_DEPTH + 2; i++)
		bytes = base64(bytes, 0);
	same(bytes, "");
}

/* What unpacks to too much is not read to its end, and that is told once. Behind it all is as before. */
static void test_bomb(void **state)
{
	struct maker_token one = maker_token(1);
	struct bytes bomb = {calloc(1, NESTED_BYTES / 64), NESTED_BYTES / 64};
	struct bytes all = {malloc(ROOM), 0};
	struct seen seen;
	char *behind;

	(void)state;
	bomb = base64(gzip(bomb), 0);
	assert_true(bomb.len * 90 < ROOM);
	for (int i = 0; i < 90; i++) {
		memcpy(all.at + all.len, bomb.at, bomb.len);
		all.len += bomb.len;
		memcpy(all.at + all.len, "==\n", 3);
		all.len += 3;
	}
	free(bomb.at);
	assert_true(asprintf(&behind, "%s\n", one.text) > 0);
	all = joined("", all, behind);
	free(behind);
	seen = look(all, 65536);
	assert_int_equal(seen.left, 1);
	assert_int_equal(seen.count, 1);
	free(seen.text);
	free(all.at);
}

/* A run has so many different tokens at most; that there are more is told. */
static void test_many(void **state)
{
	struct bytes many = {malloc(ROOM), 0};
	struct seen seen;

	(void)state;
	for (uint64_t i = 0; i < NESTED_FOUND + 10; i++) {
		memcpy(many.at + many.len, maker_token(i).text, MAKER_TOKEN_LEN);
		many.len += MAKER_TOKEN_LEN;
		many.at[many.len++] = '\n';
	}
	many = base64(gzip(many), 0);
	seen = look(many, ROOM);
	assert_int_equal(seen.count, NESTED_FOUND);
	assert_int_equal(seen.left, 1);
	free(seen.text);
	free(many.at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms), cmocka_unit_test(test_long), cmocka_unit_test(test_allowed),
		cmocka_unit_test(test_depth), cmocka_unit_test(test_bomb), cmocka_unit_test(test_many),
	};

	return UNIT_RUN(tests);
}
