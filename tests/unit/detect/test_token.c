// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The matcher: what is a token, of which type, and what is a placeholder. */
#include "unit.h"

#include "detect/token.h"
#include "generate.h"
#include "oracle.h"

#include <stdlib.h>

#define SECRET_PATTERN "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

/* A text from parts; %S is a secret portion of 64. */
static char *text_make(const char *format)
{
	struct maker_token token = maker_token(99);
	char *text = calloc(1, 1024), *at = text;

	for (; *format; format++) {
		if (format[0] == '%' && format[1] == 'S') {
			memcpy(at, token.secret, MAKER_SECRET_LEN);
			at += MAKER_SECRET_LEN;
			format++;
		} else {
			*at++ = *format;
		}
	}
	return text;
}

static int match(const char *format, struct token *token, struct token_span *span)
{
	char *text = text_make(format);
	int found = token_match((const uint8_t *)text, strlen(text), 0, token, span);

	free(text);
	return found;
}

static void test_identifier(void **state)
{
	struct token_span span;
	struct token token;

	(void)state;
	assert_int_equal(match("x=dt0c01.ABCDEFGHIJKLMNOPQRSTUVWX.%S;", &token, &span), 1);
	assert_string_equal(token.identifier, "dt0c01.ABCDEFGHIJKLMNOPQRSTUVWX");
	assert_string_equal(token.prefix, "dt0c01");
	assert_string_equal(token.type, "API token");
	assert_false(token.placeholder);
	assert_int_equal(span.start, 2);
	assert_int_equal(span.secret, 2 + 32);
	assert_int_equal(span.end, 2 + 96);
	assert_int_equal(match("dt0s02.AIOUP56P.%S", &token, &span), 1);
	assert_string_equal(token.identifier, "dt0s02.AIOUP56P");
	assert_int_equal(match("dt0z99.ABCDEFGH.%S", &token, &span), 1);
	assert_string_equal(token.type, TOKEN_TYPE_UNKNOWN);
}

/* No boundary on the left; on the right the first 64 count. */
static void test_boundaries(void **state)
{
	static const char *const texts[] = {
		"\\ndt0c01.ABCDEFGHIJKLMNOPQRSTUVWX.%S",      "%20dt0c01.ABCDEFGHIJKLMNOPQRSTUVWX.%S",
		"\033[31mdt0c01.ABCDEFGHIJKLMNOPQRSTUVWX.%S", "AAdt0c01.ABCDEFGHIJKLMNOPQRSTUVWX.%S",
		"dt0c01.ABCDEFGHIJKLMNOPQRSTUVWX.%SAAAAAAAA", "dt0C01.ABCDEFGHIJKLMNOPQRSTUVWX.%S",
	};
	struct token_span span;
	struct token token;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_int_equal(match(texts[i], &token, &span), 1);
}

static void test_must_not_match(void **state)
{
	static const char *const texts[] = {
		"",
		"dt0c01.sample.secret",
		"dt0c01.abc123.%S",
		"dt0c01.****.*****",
		"dt0c01.<token>",
		"dt0c01.YOUR_TOKEN",
		"dt0c01.ABCDEFGHIJKLMNOPQRSTUVWX",
		"dt0c01.ABCDEFGHIJKLMNOPQRSTUVWX.",
		"dt0c01.ABCDEFGHIJKLMNOPQRSTUVWX.<masked>",
		"dt0c01.ABCDEFGHIJKLMNOPQRSTUVW.%S",
		"dt0c01.ABCDEFGHIJKLMNOPQRSTUVWXY.%S",
		"dt0c01.ABCDEFG.%S",
		("dt0c01.ABCDEFGHIJKLMNOPQRSTUVWX." SECRET_PATTERN "ABCDEFGHIJKLMNOPQRSTUVWXYZ23456"),
		"dt0c01.ABCDEFGHIJKLMNOPQRSTUVWX."
		"abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwxyz234567",
		"dt1c01.ABCDEFGHIJKLMNOPQRSTUVWX.%S",
		"dtOc01.ABCDEFGHIJKLMNOPQRSTUVWX.%S",
		"dt0101.ABCDEFGHIJKLMNOPQRSTUVWX.%S",
		"dt0c01.ABCDEFGHIJKLMNOPQRSTUVWX-%S",
		"dt0c01-ABCDEFGHIJKLMNOPQRSTUVWX.%S",
		"dt0s12.public-client-id",
	};
	struct token_span span;
	struct token token;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (match(texts[i], &token, &span))
			fail_msg("must not match: %s", texts[i]);
}

static void check_placeholder(const char *secret, bool placeholder)
{
	struct token_span span;
	struct token token;
	char text[128];

	snprintf(text, sizeof(text), "dt0c01.ABCDEFGHIJKLMNOPQRSTUVWX.%s", secret);
	assert_int_equal(token_match((const uint8_t *)text, strlen(text), 0, &token, &span), 1);
	assert_int_equal(token.placeholder, placeholder);
}

static void test_placeholders(void **state)
{
	char secret[MAKER_SECRET_LEN + 1] = "";

	(void)state;
	memset(secret, 'X', MAKER_SECRET_LEN);
	check_placeholder(secret, true);
	memset(secret, '0', MAKER_SECRET_LEN);
	check_placeholder(secret, true);
	memset(secret, 'A', 32);
	memset(secret + 32, 'B', 32);
	check_placeholder(secret, true);
	for (int i = 0; i < MAKER_SECRET_LEN; i++)
		secret[i] = "0123456789"[i % 10];
	check_placeholder(secret, true);
	for (uint64_t i = 0; i < 200000; i++)
		check_placeholder(maker_token(i).secret, false);
}

/* The documentation's identifier before another secret: somebody could hide one behind it. */
static void test_documented_identifier(void **state)
{
	struct token_span span;
	struct token token;

	(void)state;
	assert_int_equal(match("dt0s01.ST2EY72KQINMH574WMNVI7YN.%S", &token, &span), 1);
	assert_false(token.placeholder);
}

/* The documentation's own sample, put together from parts. */
static void test_documented_sample(void **state)
{
	struct token_span span;
	struct token token;
	char text[256];

	(void)state;
	snprintf(text, sizeof(text), "dt0s01.ST2EY72KQINMH574WMNVI7YN.%s%s%s",
		 "G3DFPBEJYMODIDAEX454M7YWBUVEFOWK", "PRVMWFASS64NFH52", "PX6BNDVFFM572RZM");
	assert_int_equal(token_match((const uint8_t *)text, strlen(text), 0, &token, &span), 1);
	assert_true(token.placeholder);
	/* it is copied around with other prefixes too */
	memcpy(text, "dt0c01", TOKEN_PREFIX_LEN);
	assert_int_equal(token_match((const uint8_t *)text, strlen(text), 0, &token, &span), 1);
	assert_true(token.placeholder);
	/* and one character less like it, it is a secret */
	text[span.secret] = text[span.secret] == 'A' ? 'B' : 'A';
	assert_int_equal(token_match((const uint8_t *)text, strlen(text), 0, &token, &span), 1);
	assert_false(token.placeholder);
}

/* Every token of generated texts, from any place on, against the oracle. */
static void test_oracle(void **state)
{
	uint64_t seed = 11;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		size_t len = maker_next(&seed) % 300, from = maker_next(&seed) % (len + 1), start;
		uint8_t *bytes = malloc(len ? len : 1);
		struct token_span span;
		struct token token;

		generate_text(bytes, len, &seed);
		for (;; from = span.end) {
			start = oracle_next(bytes, len, from);
			assert_int_equal(token_match(bytes, len, from, &token, &span), start < len);
			if (start == len)
				break;
			assert_int_equal(span.start, start);
			assert_int_equal(span.end, start + oracle_at(bytes, len, start));
			assert_int_equal(span.secret, span.end - TOKEN_SECRET_LEN);
			assert_int_equal(strlen(token.identifier), span.secret - 1 - start);
			assert_memory_equal(token.identifier, bytes + start, span.secret - 1 - start);
			assert_memory_equal(token.prefix, bytes + start, TOKEN_PREFIX_LEN);
		}
		free(bytes);
	}
}

static void test_go_on(void **state)
{
	char *text = text_make("a dt0c01.ABCDEFGHIJKLMNOPQRSTUVWX.%S b dt0g02.ABCDEFGH.%S c");
	struct token_span span = {0};
	struct token token;

	(void)state;
	assert_int_equal(token_match((uint8_t *)text, strlen(text), span.end, &token, &span), 1);
	assert_int_equal(token_match((uint8_t *)text, strlen(text), span.end, &token, &span), 1);
	assert_string_equal(token.identifier, "dt0g02.ABCDEFGH");
	assert_int_equal(text[span.end], ' ');
	assert_int_equal(token_match((uint8_t *)text, strlen(text), span.end, &token, &span), 0);
	assert_string_equal(token.identifier, "dt0g02.ABCDEFGH");
	assert_int_equal(token_match((uint8_t *)text, strlen(text), strlen(text) + 1, &token, &span), 0);
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_identifier),
		cmocka_unit_test(test_boundaries),
		cmocka_unit_test(test_must_not_match),
		cmocka_unit_test(test_placeholders),
		cmocka_unit_test(test_documented_sample),
		cmocka_unit_test(test_documented_identifier),
		cmocka_unit_test(test_oracle),
		cmocka_unit_test(test_go_on),
	};

	return UNIT_RUN(tests);
}
