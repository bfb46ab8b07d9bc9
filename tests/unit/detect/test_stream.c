// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Text in pieces of any size: the same tokens in the same places, the same masked text, nothing held in vain. */
#include "unit.h"

#include "detect/mask.h"
#include "detect/stream.h"
#include "generate.h"
#include "oracle.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CASES 20000
#define LEN_MAX 900

struct seen {
	uint8_t text[4 * LEN_MAX];
	size_t len;
	uint64_t at[64];
	size_t count;
};

static int seen_text(void *context, const void *bytes, size_t len)
{
	struct seen *seen = context;

	assert_true(len && seen->len + len <= sizeof(seen->text));
	memcpy(seen->text + seen->len, bytes, len);
	seen->len += len;
	return 0;
}

static int seen_token(void *context, const struct wide_token *token, const struct mask_known *known,
		      const struct stream_place *place)
{
	struct seen *seen = context;

	assert_int_equal(known->len, TOKEN_SECRET_LEN);
	for (size_t i = 0; i < known->len; i++)
		assert_true(isupper(known->secret[i]) || isdigit(known->secret[i]));

	assert_int_equal(strncmp(token->identifier, token->prefix, TOKEN_PREFIX_LEN), 0);
	seen->at[seen->count++] = place->start;
	return 0;
}

static struct stream *stream_make_use(struct seen *seen, struct stream_use use)
{
	struct stream *stream;

	*seen = (struct seen){0};
	use.context = seen;
	use.token = seen_token;
	use.text = seen_text;
	assert_int_equal(stream_open(&use, &stream), 0);
	return stream;
}

static struct stream *stream_make(struct seen *seen)
{
	return stream_make_use(seen, (struct stream_use){0});
}

static void stream_put(struct stream *stream, const void *bytes, size_t len)
{
	size_t room;
	uint8_t *to = stream_room(stream, &room);

	assert_true(len <= room);
	memcpy(to, bytes, len);
	assert_int_equal(stream_push(stream, len), 0);
}

/* How long a run of these bytes is that bytes[0, len) begins with. */
static size_t run_of(const uint8_t *bytes, size_t len, bool secret)
{
	size_t run = 0;

	while (run < len && (isupper(bytes[run]) || isdigit(bytes[run]) ||
			     (!secret && (islower(bytes[run]) || bytes[run] == '-'))))
		run++;
	return run;
}

/* Where the secret portion begins of what begins like a token, by the plainest means; 0: there is none. */
static size_t begins(const uint8_t *bytes, size_t len)
{
	size_t public;

	if (len < 8 || memcmp(bytes, "dt0", 3) != 0 || !isalpha(bytes[3]) || !isdigit(bytes[4]) ||
	    !isdigit(bytes[5]) || bytes[6] != '.')
		return 0;
	public = run_of(bytes + 7, len - 7, false);
	if (public < 8 || public > 128 || 7 + public >= len || bytes[7 + public] != '.')
		return 0;
	return 7 + public + 1;
}

/* A stretch without a whole token; a secret portion that ends early is masked. */
static void expect_between(const uint8_t *bytes, size_t from, size_t to, struct seen *expected)
{
	for (size_t at = from; at < to; at++) {
		size_t secret = begins(bytes + at, to - at), run;

		run = secret ? run_of(bytes + at + secret, to - at - secret, true) : 0;
		/* the end of its public portion is another one's beginning */
		if (!run ||
		    (memcmp(bytes + at + secret - 7, "dt0", 3) == 0 && isalpha(bytes[at + secret - 4]) &&
		     isdigit(bytes[at + secret - 3]) && isdigit(bytes[at + secret - 2])))
			continue;
		if (at + secret > from)
			seen_text(expected, bytes + from, at + secret - from);
		seen_text(expected, MASK_TEXT, strlen(MASK_TEXT));
		from = at + secret + run;
		at = from - 1;
	}
	if (from < to)
		seen_text(expected, bytes + from, to - from);
}

/* What the oracle says a whole text is without secrets; a part of one that is cut by the end is masked. */
static void expect(const uint8_t *bytes, size_t len, struct seen *expected)
{
	size_t from = 0;

	*expected = (struct seen){0};
	for (size_t at = oracle_wide_next(bytes, len, 0); at < len; at = oracle_wide_next(bytes, len, from)) {
		size_t end = at + oracle_wide_at(bytes, len, at);

		expect_between(bytes, from, at, expected);
		seen_text(expected, bytes + at, end - TOKEN_SECRET_LEN - at);
		seen_text(expected, MASK_TEXT, strlen(MASK_TEXT));
		expected->at[expected->count++] = at;
		from = end;
	}
	for (size_t at = from; at < len; at++) {
		uint8_t whole[512] = {0};
		size_t left = len - at, found, secret;

		if (left >= WIDE_MAX_LEN)
			continue;
		/* with the rest of a secret portion it would be a token */
		memcpy(whole, bytes + at, left);
		memset(whole + left, 'A', TOKEN_SECRET_LEN);
		found = oracle_wide_at(whole, sizeof(whole), 0);
		secret = found - TOKEN_SECRET_LEN;
		if (!found || left <= secret)
			continue;
		expect_between(bytes, from, at, expected);
		seen_text(expected, bytes + at, secret);
		seen_text(expected, MASK_TEXT, strlen(MASK_TEXT));
		return;
	}
	expect_between(bytes, from, len, expected);
}

static void check_same(const struct seen *seen, const struct seen *expected)
{
	assert_int_equal(seen->len, expected->len);
	assert_memory_equal(seen->text, expected->text, seen->len);
	assert_int_equal(seen->count, expected->count);
	assert_memory_equal(seen->at, expected->at, seen->count * sizeof(*seen->at));
}

static void test_pieces(void **state)
{
	struct seen seen, expected;
	struct stream *stream = stream_make_use(&seen, (struct stream_use){.plain = true});
	uint64_t seed = 31;
	size_t found = 0;

	(void)state;
	for (int i = 0; i < CASES; i++) {
		size_t len = maker_next(&seed) % LEN_MAX, most = 1 + maker_next(&seed) % 200, piece;
		uint8_t bytes[LEN_MAX];

		generate_text(bytes, len, &seed);
		generate_wide(bytes, len, &seed);
		expect(bytes, len, &expected);
		seen = (struct seen){0};
		for (size_t at = 0; at < len; at += piece) {
			piece = 1 + maker_next(&seed) % most;
			piece = piece < len - at ? piece : len - at;
			stream_put(stream, bytes + at, piece);
			if (maker_next(&seed) % 4 == 0)
				assert_int_equal(stream_flush(stream), 0);
		}
		assert_int_equal(stream_end(stream), 0);
		check_same(&seen, &expected);
		found += seen.count;
	}
	assert_true(found > CASES / 2);
	stream_close(stream);
}

static int seen_place(void *context, uint64_t at, size_t len)
{
	struct seen *seen = context;

	assert_int_equal(at, seen->len);
	assert_true(len && len <= TOKEN_SECRET_LEN);
	memset(seen->text + seen->len, '*', len);
	seen->len += len;
	return 0;
}

/* Where a secret portion stands and how long it is, in whatever pieces the text comes: with as many other bytes all else stays. */
static void test_places(void **state)
{
	struct seen seen = {0};
	struct stream *stream;
	uint64_t seed = 37;

	(void)state;
	assert_int_equal(
		stream_open(&(struct stream_use){.context = &seen, .text = seen_text, .mask = seen_place},
			    &stream),
		0);
	for (int i = 0; i < CASES / 4; i++) {
		size_t len = maker_next(&seed) % LEN_MAX, most = 1 + maker_next(&seed) % 200, piece;
		uint8_t bytes[LEN_MAX];

		generate_text(bytes, len, &seed);
		generate_wide(bytes, len, &seed);
		seen = (struct seen){0};
		for (size_t at = 0; at < len; at += piece) {
			piece = 1 + maker_next(&seed) % most;
			piece = piece < len - at ? piece : len - at;
			stream_put(stream, bytes + at, piece);
			if (maker_next(&seed) % 4 == 0)
				assert_int_equal(stream_flush(stream), 0);
		}
		assert_int_equal(stream_end(stream), 0);
		assert_int_equal(seen.len, len);
		assert_int_equal(oracle_wide_next(seen.text, len, 0), len);
		for (size_t at = 0; at < len; at++)
			assert_true(seen.text[at] == bytes[at] || seen.text[at] == '*');
	}
	stream_close(stream);
}

/* What can't be a beginning is handed on at once; what can be is held, and no more than that. */
static void test_held(void **state)
{
	static const char *const texts[] = {"a line\n",   "passwor", "ABC", "xdt0c0",
					    "dt0c01.ABC", ".ABC",    "DT0"};
	static const size_t held[] = {0, 0, 0, 5, 10, 0, 0};

	(void)state;
	for (size_t i = 0; i < sizeof(held) / sizeof(*held); i++) {
		struct seen seen;
		struct stream *stream = stream_make(&seen);

		stream_put(stream, texts[i], strlen(texts[i]));
		assert_int_equal(seen.len, strlen(texts[i]) - held[i]);
		stream_put(stream, "!", 1);
		assert_int_equal(seen.len, strlen(texts[i]) + 1);
		stream_close(stream);
	}
}

/* A secret portion that a line's end, a bound or another writer cuts is none the less secret. */
static void test_cut(void **state)
{
	struct maker_token token = maker_token(5);
	const char *text = token.text;

	(void)state;
	for (int len = 1; len < TOKEN_SECRET_LEN; len++) {
		static const char *const behind[] = {"\n", "…", " ", "\"}", ".", "dt0c01.", "<masked>"};

		for (size_t i = 0; i < sizeof(behind) / sizeof(*behind); i++) {
			struct seen seen;
			struct stream *stream = stream_make(&seen);
			int identifier = MAKER_TOKEN_LEN - TOKEN_SECRET_LEN;
			char whole[512], wanted[512];

			sprintf(whole, "a %.*s%s%s b", identifier + len, text, behind[i], text);
			sprintf(wanted, "a %.*s<masked>%s%.*s<masked> b", identifier, text, behind[i],
				identifier, text);
			stream_put(stream, whole, strlen(whole));
			assert_int_equal(stream_end(stream), 0);
			assert_int_equal(seen.len, strlen(wanted));
			assert_memory_equal(seen.text, wanted, seen.len);
			stream_close(stream);
		}
	}
}

/* A name may hold anything, also what a token begins with. */
static void test_cut_name(void **state)
{
	static const char *const names[] = {"my-dt0-client", "dt0dt0dt0", "xdt0c01x", "a-dt0c01-b"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct maker_token token = maker_token(5);
		char whole[512], wanted[512];
		struct seen seen;
		struct stream *stream = stream_make(&seen);

		sprintf(whole, "dt0s10.%s.%.63s\n", names[i], token.text + MAKER_TOKEN_LEN - 64);
		sprintf(wanted, "dt0s10.%s.<masked>\n", names[i]);
		stream_put(stream, whole, strlen(whole));
		assert_int_equal(stream_end(stream), 0);
		assert_int_equal(seen.len, strlen(wanted));
		assert_memory_equal(seen.text, wanted, seen.len);
		stream_close(stream);
	}
}

/* Who waits gets what is no secret, whatever follows: and not twice. */
static void test_flush(void **state)
{
	struct maker_token token = maker_token(6);
	size_t secret = MAKER_TOKEN_LEN - TOKEN_SECRET_LEN;

	(void)state;
	for (size_t len = 0; len <= MAKER_TOKEN_LEN; len++)
		for (size_t then = len; then <= MAKER_TOKEN_LEN; then++) {
			size_t shown = len < secret ? len : secret;
			struct seen seen;
			struct stream *stream = stream_make(&seen);

			stream_put(stream, token.text, len);
			assert_int_equal(stream_holds(stream), len > 0 && len < MAKER_TOKEN_LEN);
			assert_int_equal(stream_flush(stream), 0);
			assert_false(stream_holds(stream));
			if (len < MAKER_TOKEN_LEN)
				assert_int_equal(seen.len, shown);
			assert_int_equal(stream_flush(stream), 0);
			stream_put(stream, token.text + len, then - len);
			stream_put(stream, " x", 2);
			assert_int_equal(stream_end(stream), 0);
			assert_int_equal(seen.len, (then <= secret ? then : secret + strlen(MASK_TEXT)) + 2);
			assert_int_equal(seen.count, then == MAKER_TOKEN_LEN);
			stream_close(stream);
		}
}

/* A line that ends in a token is not kept back, whatever the token ends in: it goes on at once, as any other line. */
static void test_line_end(void **state)
{
	static const char ends[] = "ZR6A";
	static const char *const newlines[] = {"\n", "\r\n"};

	(void)state;
	for (size_t i = 0; ends[i]; i++)
		for (size_t way = 0; way < 4; way++) {
			struct maker_token token = maker_token(6);
			const char *newline = newlines[way % 2];
			size_t len = MAKER_TOKEN_LEN - TOKEN_SECRET_LEN + strlen(MASK_TEXT) + strlen(newline);
			struct seen seen;
			struct stream *stream = stream_make(&seen);

			token.text[MAKER_TOKEN_LEN - 1] = ends[i];
			stream_put(stream, token.text, MAKER_TOKEN_LEN);
			/* the newline in the same piece or not, and only then what it is waited for */
			if (way < 2)
				assert_int_equal(stream_flush(stream), 0);
			stream_put(stream, newline, strlen(newline));
			assert_int_equal(seen.len, len);
			assert_false(stream_holds(stream));
			stream_close(stream);
		}
}

/* By read(2): a text longer than the room, with tokens at every cut; errors are told. */
static void test_pull(void **state)
{
	static const struct stream_use use = {0};
	char path[] = "/tmp/spillwatch-unit-XXXXXX";
	int fd = mkstemp(path);
	struct stream *stream;
	struct seen seen;
	int64_t r, total = 0;

	(void)state;
	assert_true(fd >= 0);
	unlink(path);
	for (uint64_t i = 0; i < 20; i++)
		assert_int_equal(pwrite(fd, maker_token(i).text, MAKER_TOKEN_LEN, (off_t)(i * 60000)),
				 MAKER_TOKEN_LEN);
	seen = (struct seen){0};
	assert_int_equal(stream_open(&(struct stream_use){.context = &seen, .token = seen_token}, &stream),
			 0);
	while ((r = stream_pull(stream, fd)) > 0)
		total += r;
	assert_int_equal(r, 0);
	assert_int_equal(total, 19 * 60000 + MAKER_TOKEN_LEN);
	assert_int_equal(seen.count, 20);
	for (uint64_t i = 0; i < 20; i++)
		assert_int_equal(seen.at[i], i * 60000);
	assert_int_equal(stream_pull(stream, -1), -EBADF);
	stream_close(stream);
	close(fd);
	/* nothing is wanted: nothing is called */
	assert_int_equal(stream_open(&use, &stream), 0);
	stream_put(stream, maker_token(1).text, MAKER_TOKEN_LEN);
	assert_int_equal(stream_end(stream), 0);
	stream_close(stream);
	stream_close(NULL);
}

static int refuse(void *context, const void *bytes, size_t len)
{
	(void)context;
	(void)bytes;
	(void)len;
	return -EPIPE;
}

static void test_refused(void **state)
{
	struct stream *stream;
	size_t room;

	(void)state;
	assert_int_equal(stream_open(&(struct stream_use){.text = refuse}, &stream), 0);
	memcpy(stream_room(stream, &room), maker_token(1).text, MAKER_TOKEN_LEN);
	assert_int_equal(stream_push(stream, 5), 0);
	assert_int_equal(stream_end(stream), -EPIPE);
	memcpy(stream_room(stream, &room), maker_token(1).text, MAKER_TOKEN_LEN);
	assert_int_equal(stream_push(stream, MAKER_TOKEN_LEN), -EPIPE);
	stream_close(stream);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),   cmocka_unit_test(test_held),
		cmocka_unit_test(test_cut),      cmocka_unit_test(test_cut_name),
		cmocka_unit_test(test_flush),    cmocka_unit_test(test_pull),
		cmocka_unit_test(test_refused),  cmocka_unit_test(test_places),
		cmocka_unit_test(test_line_end),
	};

	return UNIT_RUN(tests);
}
