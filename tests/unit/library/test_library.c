// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The public functions tell what the matchers, the stream and the mask do, which have tests of their own; and of the secret, nothing. */
#include "unit.h"

#include "detect/encoded.h"
#include "detect/mask.h"
#include "generate.h"
#include "oracle.h"
#include "spillwatch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CASES 3000
#define LEN_MAX 900
#define LONG_LEN (3UL << 20)

static struct spillwatch_token *token;

static int setup(void **state)
{
	(void)state;
	token = spillwatch_token_new();
	return token ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	spillwatch_token_free(token);
	return 0;
}

/* Nothing that it says is longer than what may be said. */
static void says_identifier_only(const uint8_t *bytes)
{
	const char *identifier = spillwatch_token_identifier(token);
	size_t len = strlen(identifier);

	assert_memory_equal(identifier, bytes + spillwatch_token_start(token), len);
	assert_int_equal(spillwatch_token_end(token) - spillwatch_token_start(token),
			 len + 1 + TOKEN_SECRET_LEN);
	assert_int_equal(strlen(spillwatch_token_prefix(token)), TOKEN_PREFIX_LEN);
	assert_memory_equal(spillwatch_token_prefix(token), identifier, TOKEN_PREFIX_LEN);
	assert_true(spillwatch_token_has_secret(token));
	assert_null(spillwatch_token_encoding(token));
}

static void test_plain(void **state)
{
	uint64_t seed = 51;
	size_t found = 0;

	(void)state;
	for (int i = 0; i < CASES; i++) {
		size_t len = 1 + maker_next(&seed) % LEN_MAX, from = 0, next;
		uint8_t bytes[LEN_MAX];

		generate_text(bytes, len, &seed);
		generate_wide(bytes, len, &seed);
		while ((next = oracle_wide_next(bytes, len, from)) < len) {
			assert_int_equal(spillwatch_match(SPILLWATCH_PLAIN, bytes, len, from, token), 1);
			assert_int_equal(spillwatch_token_start(token), next);
			says_identifier_only(bytes);
			from = (size_t)spillwatch_token_end(token);
			found++;
		}
		assert_int_equal(spillwatch_match(SPILLWATCH_PLAIN, bytes, len, from, token), 0);
	}
	assert_true(found > CASES / 4);
}

/* In a text of several parts, as in one: at their seams as well. */
static void test_encoded(void **state)
{
	static const char *const dots[] = {"%2E", "\\x2e", "&#46;"};
	uint8_t *bytes = malloc(LONG_LEN);
	size_t from = 0, count = 0;
	uint64_t seed = 53;

	(void)state;
	assert_non_null(bytes);
	memset(bytes, ' ', LONG_LEN);
	for (size_t at = 10; at + 4096 < LONG_LEN; at += 200 + maker_next(&seed) % 9000) {
		struct maker_token made = maker_token(at);
		const char *dot = dots[maker_next(&seed) % 3];
		uint8_t *to = bytes + at;

		/* some right at the end of a part */
		if (at % (512UL << 10) > (500UL << 10) && (at | ((512UL << 10) - 1)) + 4096 < LONG_LEN)
			to = bytes + (at | ((512UL << 10) - 1)) - maker_next(&seed) % 100;
		for (size_t i = 0; i < MAKER_TOKEN_LEN; i++)
			to = mempcpy(to, made.text[i] == '.' ? dot : made.text + i,
				     made.text[i] == '.' ? strlen(dot) : 1);
		at = (size_t)(to - bytes);
	}
	for (;; count++) {
		struct encoded_token whole;
		int any = encoded_match(bytes, LONG_LEN, from, false, &whole);

		assert_int_equal(spillwatch_match(SPILLWATCH_ENCODED, bytes, LONG_LEN, from, token), any);
		if (!any)
			break;
		assert_int_equal(spillwatch_token_start(token), whole.start);
		assert_int_equal(spillwatch_token_end(token), whole.end);
		assert_string_equal(spillwatch_token_identifier(token), whole.token.identifier);
		assert_string_equal(spillwatch_token_encoding(token), encoded_name(whole.form));
		from = whole.end;
	}
	assert_true(count > 400);
	free(bytes);
}

/* Piece by piece, as the header says how, the same are found as in the whole: also those that only what stands before makes such. */
static void test_pieces(void **state)
{
	const size_t longest = spillwatch_longest(SPILLWATCH_ENCODED), piece = 3 * longest;
	char *text = malloc(LONG_LEN);
	size_t len = 0, from = 0, whole = 0, found = 0, done = 0;
	uint64_t seed = 59;

	(void)state;
	assert_non_null(text);
	while (len + 4096 < LONG_LEN / 4) {
		struct maker_token made = maker_token(len);
		int at = 1 + (int)(maker_next(&seed) % 70);

		len += (size_t)sprintf(text + len, "%*s\n%*s%.*s\n%s\n", (int)(maker_next(&seed) % 900), "",
				       80 - at, "", at, made.text, made.text + at);
	}
	for (; spillwatch_match(SPILLWATCH_ENCODED, text, len, from, token) > 0; whole++)
		from = (size_t)spillwatch_token_end(token);
	assert_true(whole > 100);
	for (size_t start = 0, own = 0;
	     start<len; start = own> SPILLWATCH_BEFORE ? own - SPILLWATCH_BEFORE : 0) {
		size_t end = len - start < piece ? len : start + piece,
		       next = end == len ? len : end - (longest - 1);

		from = (done > own ? done : own) - start;
		while (spillwatch_match(SPILLWATCH_ENCODED, text + start, end - start, from, token) > 0 &&
		       start + spillwatch_token_start(token) < next) {
			from = (size_t)spillwatch_token_end(token);
			done = start + from;
			found++;
		}
		own = next;
		if (end == len)
			break;
	}
	assert_int_equal(found, whole);
	free(text);
}

static void test_identifier(void **state)
{
	struct maker_token made = maker_token(5);
	char text[3 * MAKER_TOKEN_LEN], identifier[MAKER_TOKEN_LEN] = {0};
	size_t len;

	(void)state;
	memcpy(identifier, made.text, strlen(made.text) - TOKEN_SECRET_LEN - 1);
	len = (size_t)sprintf(text, "ddt0 %s.<masked> and %s", identifier, made.text);
	assert_int_equal(spillwatch_match(SPILLWATCH_IDENTIFIER, text, len, 0, token), 1);
	assert_int_equal(spillwatch_token_start(token), 5);
	assert_int_equal(spillwatch_token_end(token), 5 + strlen(identifier));
	assert_string_equal(spillwatch_token_identifier(token), identifier);
	assert_false(spillwatch_token_has_secret(token));
	assert_false(spillwatch_token_is_placeholder(token));
	assert_int_equal(spillwatch_match(SPILLWATCH_IDENTIFIER, text, len, 6, token), 1);
	assert_int_equal(spillwatch_token_start(token), len - strlen(made.text));
	assert_int_equal(
		spillwatch_match(SPILLWATCH_IDENTIFIER, text, len, len - strlen(made.text) + 1, token), 0);
	assert_int_equal(spillwatch_match(SPILLWATCH_IDENTIFIER, text, len, len + 9, token), 0);
}

struct seen {
	char *text;
	size_t len, tokens, secrets;
	int result;
};

static int seen_text(void *context, const void *bytes, size_t len)
{
	struct seen *seen = context;

	memcpy(seen->text + seen->len, bytes, len);
	seen->len += len;
	return seen->result;
}

static int seen_token(void *context, const struct spillwatch_token *found)
{
	struct seen *seen = context;

	assert_true(spillwatch_token_has_secret(found));
	seen->tokens++;
	return 0;
}

static int seen_secret(void *context, uint64_t at, size_t len)
{
	struct seen *seen = context;

	assert_true(at > 0 && len <= SPILLWATCH_SECRET_MAX);
	seen->secrets++;
	return 0;
}

/* A piece may be of any length, also longer than what the stream has room for. */
static void test_stream(void **state)
{
	char *text = malloc(LONG_LEN), *masked = malloc(LONG_LEN);
	struct maker_token made = maker_token(7);
	uint64_t seed = 57;

	(void)state;
	assert_non_null(text);
	assert_non_null(masked);
	memset(text, 'x', LONG_LEN);
	for (size_t i = 0; i < 50; i++)
		memcpy(text + 1 + i * 60001, made.text, MAKER_TOKEN_LEN);
	for (int turn = 0; turn < 4; turn++) {
		struct seen seen = {.text = masked};
		struct spillwatch_stream *stream = spillwatch_stream_new(&seen);

		assert_non_null(stream);
		if (turn != 2)
			spillwatch_stream_on_text(stream, seen_text);
		if (turn != 3)
			spillwatch_stream_on_token(stream, seen_token);
		if (turn > 1)
			spillwatch_stream_on_secret(stream, seen_secret);
		for (size_t at = 0, len; at < LONG_LEN; at += len) {
			len = turn ? 1 + maker_next(&seed) % 1000000 : LONG_LEN;
			len = len < LONG_LEN - at ? len : LONG_LEN - at;
			assert_int_equal(spillwatch_stream_push(stream, text + at, len), 0);
		}
		assert_false(spillwatch_stream_holds(stream));
		assert_int_equal(spillwatch_stream_end(stream), 0);
		spillwatch_stream_free(stream);
		assert_int_equal(seen.tokens, turn != 3 ? 50 : 0);
		assert_int_equal(seen.secrets, turn > 1 ? 50 : 0);
		assert_int_equal(seen.len, turn == 2   ? 0
					   : turn == 3 ? LONG_LEN - 50 * TOKEN_SECRET_LEN
						       : LONG_LEN - 50 * (TOKEN_SECRET_LEN -
									  (sizeof(SPILLWATCH_MASKED) - 1)));
		assert_null(memmem(masked, seen.len, made.secret, TOKEN_SECRET_LEN));
	}
	free(text);
	free(masked);
}

static int seen_form(void *context, uint64_t at, const void *bytes, size_t len, size_t same)
{
	struct seen *seen = context;

	/* "a=", and the dot of three characters before the secret portion */
	assert_int_equal(at, 2);
	assert_int_equal(len, MAKER_TOKEN_LEN + 2);
	assert_int_equal(same, MAKER_TOKEN_LEN - TOKEN_SECRET_LEN + 2);
	assert_null(memchr(bytes, '*', same));
	for (size_t i = same; i < len; i++)
		assert_int_equal(((const char *)bytes)[i], '*');
	seen->secrets++;
	return 0;
}

/* In another form as well, or only as it is. */
static void test_stream_look(void **state)
{
	struct maker_token made = maker_token(8);
	size_t secret = MAKER_TOKEN_LEN - TOKEN_SECRET_LEN;
	char text[4 * MAKER_TOKEN_LEN], masked[4 * MAKER_TOKEN_LEN];
	int len = sprintf(text, "a=%.*s%%2E%s&b=1", (int)secret - 1, made.text, made.text + secret);

	(void)state;
	for (int plain = 0; plain < 2; plain++) {
		struct seen seen = {.text = masked};
		struct spillwatch_stream *stream = spillwatch_stream_new(&seen);

		assert_non_null(stream);
		spillwatch_stream_on_text(stream, seen_text);
		spillwatch_stream_on_token(stream, seen_token);
		spillwatch_stream_on_form(stream, seen_form);
		assert_int_equal(spillwatch_stream_look(stream, SPILLWATCH_IDENTIFIER), -EINVAL);
		if (plain)
			assert_int_equal(spillwatch_stream_look(stream, SPILLWATCH_PLAIN), 0);
		assert_int_equal(spillwatch_stream_push(stream, text, (size_t)len), 0);
		assert_int_equal(spillwatch_stream_end(stream), 0);
		spillwatch_stream_free(stream);
		assert_int_equal(seen.len, len);
		assert_int_equal(seen.tokens, !plain);
		assert_int_equal(seen.secrets, !plain);
		assert_int_equal(memmem(masked, seen.len, made.secret, TOKEN_SECRET_LEN) != NULL, plain);
	}
}

/* Whose secret portions a form's bytes must not hold. */
struct others {
	const char *text; /* the whole one */
	const char *secrets[3];
	size_t forms;
};

static int seen_beside(void *context, uint64_t at, const void *bytes, size_t len, size_t same)
{
	struct others *others = context;
	const char *told = bytes;

	for (size_t i = 0; i < 3; i++)
		for (size_t from = 0; others->secrets[i] && others->secrets[i][from + 7]; from++)
			assert_null(memmem(told, len, others->secrets[i] + from, 8));
	/* what it has of the text is where it was */
	for (size_t i = 0; i < same; i++)
		assert_true(!told[i] || told[i] == others->text[at + i]);
	/* it begins in another one's secret portion */
	assert_int_equal(told[0], others->secrets[1] ? others->text[at] : '\0');
	assert_int_equal(told[len - 1], others->secrets[1] ? '*' : 'A');
	others->forms++;
	return 0;
}

static void check_beside(struct others *others, size_t forms)
{
	struct spillwatch_stream *stream = spillwatch_stream_new(others);

	assert_non_null(stream);
	others->forms = 0;
	spillwatch_stream_on_form(stream, seen_beside);
	assert_int_equal(spillwatch_stream_push(stream, others->text, strlen(others->text)), 0);
	assert_int_equal(spillwatch_stream_end(stream), 0);
	spillwatch_stream_free(stream);
	assert_int_equal(others->forms, forms);
}

/* Between two records of a log may stand other tokens, and before a form one in which it begins: nothing of those is handed out with it. */
static void test_stream_form_beside(void **state)
{
	struct maker_token made = maker_token(11), second = maker_token(12), third = maker_token(13);
	char text[2048], hex[4 * MAKER_TOKEN_LEN], *to;

	(void)state;
	for (int at = 1; at < MAKER_TOKEN_LEN; at += 10) {
		sprintf(text,
			"%.*s\",\"stream\":\"stdout\",\"attrs\":{\"a\":\"%s\"},\"time\":\"1\"}\n"
			"{\"log\":\"%.*s%%2E%s\\n\",\"stream\":\"stderr\",\"time\":\"1\"}\n{\"log\":\"%s\","
			"\"stream\":\"stdout\"}\n",
			at, made.text, second.text, MAKER_TOKEN_LEN - TOKEN_SECRET_LEN - 1, third.text,
			third.secret, made.text + at);
		check_beside(
			&(struct others){.text = text, .secrets = {made.secret, second.secret, third.secret}},
			2);
	}
	/* a secret portion whose end is a token's beginning in hex */
	to = text + sprintf(text, "%.*s", MAKER_TOKEN_LEN - 30, second.text);
	for (int i = 0; i < MAKER_TOKEN_LEN; i++)
		to += sprintf(to, "%02X", made.text[i]);
	*to = '\0';
	memcpy(hex, text + MAKER_TOKEN_LEN - TOKEN_SECRET_LEN, TOKEN_SECRET_LEN);
	hex[TOKEN_SECRET_LEN] = '\0';
	check_beside(&(struct others){.text = text, .secrets = {hex}}, 1);
}

/* What a use returns, whoever calls gets. */
static void test_stream_refused(void **state)
{
	char text[16];
	struct seen seen = {.text = text, .result = -EPIPE};
	struct spillwatch_stream *stream = spillwatch_stream_new(&seen);

	(void)state;
	assert_non_null(stream);
	spillwatch_stream_on_text(stream, seen_text);
	assert_int_equal(spillwatch_stream_push(stream, "a", 1), -EPIPE);
	spillwatch_stream_free(stream);
	spillwatch_stream_free(NULL);
}

static void test_mask(void **state)
{
	struct maker_token made = maker_token(9);
	char text[64] = "x ", *masked, *exact;

	(void)state;
	/* a piece of the secret is none to who does not know it */
	memcpy(text + 2, made.secret + 20, 16);
	assert_int_equal(spillwatch_mask(text, 18, NULL, &masked), 0);
	assert_string_equal(masked, text);
	assert_int_equal(spillwatch_mask_exact(masked, &exact), 0);
	assert_string_equal(exact, text);
	free(masked);
	free(exact);
	assert_int_equal(spillwatch_match(SPILLWATCH_PLAIN, made.text, MAKER_TOKEN_LEN, 0, token), 1);
	assert_int_equal(spillwatch_mask(text, 18, token, &masked), 0);
	assert_string_equal(masked, "x " SPILLWATCH_MASKED);
	assert_int_equal(spillwatch_mask_exact(masked, &exact), -ENOENT);
	free(masked);
	/* of an identifier alone nothing is known */
	assert_int_equal(spillwatch_match(SPILLWATCH_IDENTIFIER, made.text, MAKER_TOKEN_LEN, 0, token), 1);
	assert_int_equal(spillwatch_mask(text, 18, token, &masked), 0);
	assert_string_equal(masked, text);
	free(masked);
}

static void test_unknown(void **state)
{
	(void)state;
	assert_int_equal(spillwatch_match((enum spillwatch_look)9, "", 0, 0, token), -EINVAL);
	assert_int_equal(spillwatch_longest((enum spillwatch_look)9), 0);
	assert_string_equal(spillwatch_token_type(token), "");
	assert_true(spillwatch_longest(SPILLWATCH_PLAIN) > spillwatch_longest(SPILLWATCH_IDENTIFIER));
	assert_true(spillwatch_longest(SPILLWATCH_ENCODED) > spillwatch_longest(SPILLWATCH_PLAIN));
	assert_true(strlen(spillwatch_version()) > 0);
	spillwatch_token_free(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_plain, setup, teardown),
		cmocka_unit_test_setup_teardown(test_encoded, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pieces, setup, teardown),
		cmocka_unit_test_setup_teardown(test_identifier, setup, teardown),
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_stream_look),
		cmocka_unit_test(test_stream_form_beside),
		cmocka_unit_test(test_stream_refused),
		cmocka_unit_test_setup_teardown(test_mask, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown, setup, teardown),
	};

	return UNIT_RUN(tests);
}
