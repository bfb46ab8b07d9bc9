// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Any family: the same as a naive oracle and as PCRE2 find it, and what each token is. */
#include "unit.h"

#include "detect/wide.h"
#include "generate.h"
#include "oracle.h"

#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define CASES 100000
#define LEN_MAX 900

static void test_oracle(void **state)
{
	uint64_t seed = 71;
	size_t found = 0;

	(void)state;
	for (int i = 0; i < CASES; i++) {
		size_t len = maker_next(&seed) % LEN_MAX, from = 0;
		/* exactly as long, so that ASan sees what is read beside it */
		uint8_t *bytes = malloc(len ? len : 1);
		struct wide_token token;
		struct token_span span;

		generate_text(bytes, len, &seed);
		generate_wide(bytes, len, &seed);
		for (;;) {
			size_t next = oracle_wide_next(bytes, len, from);

			assert_int_equal(wide_match(bytes, len, from, false, &token, &span), next < len);
			if (next == len)
				break;
			assert_int_equal(span.start, next);
			assert_int_equal(span.end, next + oracle_wide_at(bytes, len, next));
			assert_int_equal(span.end - span.secret, TOKEN_SECRET_LEN);
			assert_int_equal(strlen(token.identifier), span.secret - 1 - span.start);
			assert_memory_equal(token.identifier, bytes + span.start, strlen(token.identifier));
			from = span.end;
			found++;
		}
		free(bytes);
	}
	assert_true(found > CASES / 2);
}

#define PATTERN "dt0[a-zA-Z][0-9]{2}\\.[a-zA-Z0-9-]{8,128}\\.[A-Z0-9]{64}"

/* Half of the tokens become agents', some of them but for a character. */
static void generate_agents(uint8_t *bytes, size_t len, uint64_t *seed)
{
	static const char digits[] = "0123456789abcdef";
	size_t at = 0, token_len;

	while ((at = oracle_wide_next(bytes, len, at)) < len) {
		token_len = oracle_wide_at(bytes, len, at);
		if (maker_next(seed) % 2) {
			memcpy(bytes + at, TOKEN_AGENT_PREFIX, TOKEN_PREFIX_LEN);
			for (size_t i = token_len - TOKEN_SECRET_LEN; i < token_len; i++)
				bytes[at + i] = (uint8_t)digits[maker_next(seed) % 16];
			if (maker_next(seed) % 4 == 0)
				bytes[at + maker_next(seed) % token_len] = 'F';
		}
		at += token_len;
	}
}

static void check_pcre2(const char *pattern, bool agent)
{
	pcre2_match_data *data;
	uint64_t seed = 73;
	size_t offset;
	pcre2_code *code;
	int error;

	code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, 0, &error, &offset, NULL);
	assert_non_null(code);
	data = pcre2_match_data_create_from_pattern(code, NULL);
	for (int i = 0; i < CASES; i++) {
		size_t len = maker_next(&seed) % LEN_MAX;
		uint8_t bytes[LEN_MAX];
		struct token_span span = {0};
		struct wide_token token;
		int matched;

		generate_text(bytes, len, &seed);
		generate_wide(bytes, len, &seed);
		if (agent)
			generate_agents(bytes, len, &seed);
		do {
			size_t from = span.end;

			matched = pcre2_match(code, bytes, len, from, 0, data, NULL) > 0;
			assert_int_equal(wide_match(bytes, len, from, agent, &token, &span), matched);
			if (!matched)
				break;
			assert_int_equal(span.start, pcre2_get_ovector_pointer(data)[0]);
			assert_int_equal(span.end, pcre2_get_ovector_pointer(data)[1]);
		} while (matched);
	}
	pcre2_match_data_free(data);
	pcre2_code_free(code);
}

static void test_pcre2(void **state)
{
	(void)state;
	check_pcre2(PATTERN, false);
	check_pcre2(PATTERN "|" TOKEN_AGENT_PREFIX "\\.[a-zA-Z0-9-]{8,128}\\.[0-9a-f]{64}", true);
}

/* Most of a text between: parts end anywhere in it. */
static void test_agent(void **state)
{
	static const char identifier[] = TOKEN_AGENT_PREFIX ".0a1b2c3d-12ab";
	uint8_t text[9000];
	char token[128];
	size_t len = (size_t)sprintf(token, "%s.", identifier), secret;

	(void)state;
	for (size_t i = 0; i < TOKEN_SECRET_LEN; i++)
		token[len++] = "0123456789abcdef"[i * 7 % 16];
	for (size_t at = 0; at + len <= sizeof(text); at += 1 + at / 900) {
		struct wide_token found = {0};
		struct token_span span = {0};

		memset(text, 'd', sizeof(text));
		memcpy(text + at, token, len);
		assert_int_equal(wide_match(text, sizeof(text), 0, false, &found, &span), 0);
		assert_int_equal(wide_match(text, sizeof(text), 0, true, &found, &span), 1);
		assert_int_equal(span.start, at);
		assert_int_equal(span.end, at + len);
		assert_string_equal(found.identifier, identifier);
		assert_string_equal(found.type, "Agent token");
		assert_string_equal(found.family, TOKEN_AGENT_FAMILY);
		assert_false(found.placeholder);
		assert_int_equal(wide_match(text, sizeof(text), span.end, true, &found, &span), 0);
	}
	for (size_t begun = 0; begun <= len; begun++)
		assert_int_equal(wide_begin((const uint8_t *)token, begun, true, &secret), begun);
	/* one kind of letters, whichever comes first */
	assert_int_equal(wide_begin((const uint8_t *)TOKEN_AGENT_PREFIX ".abcd1234.01aB", 20, true, &secret),
			 19);
	assert_int_equal(wide_begin((const uint8_t *)TOKEN_AGENT_PREFIX ".abcd1234.01Ab", 20, true, &secret),
			 19);
	assert_int_equal(wide_begin((const uint8_t *)"dt0c01.abcd1234.01ab", 20, true, &secret), 18);
}

/* All that token_match() finds, with all that it says of it. */
static void test_fixed(void **state)
{
	uint64_t seed = 79;

	(void)state;
	for (int i = 0; i < CASES; i++) {
		size_t len = maker_next(&seed) % LEN_MAX;
		struct token_span span = {0}, wide_span = {0};
		struct wide_token wide;
		uint8_t bytes[LEN_MAX];
		struct token token;

		generate_text(bytes, len, &seed);
		while (token_match(bytes, len, span.end, &token, &span)) {
			/* others may come before it */
			do
				assert_int_equal(
					wide_match(bytes, len, wide_span.end, false, &wide, &wide_span), 1);
			while (wide_span.start < span.start);
			assert_int_equal(wide_span.start, span.start);
			assert_int_equal(wide_span.secret, span.secret);
			assert_string_equal(wide.identifier, token.identifier);
			assert_string_equal(wide.prefix, token.prefix);
			assert_ptr_equal(wide.type, token.type);
			assert_int_equal(wide.placeholder, token.placeholder);
		}
	}
}

static void check_family(const char *identifier, const char *family, bool documented)
{
	struct maker_token maker = maker_token(5);
	struct wide_token token;
	struct token_span span;
	char text[300];

	snprintf(text, sizeof(text), "%s.%.64s", identifier, maker.secret);
	assert_int_equal(wide_match((const uint8_t *)text, strlen(text), 0, false, &token, &span), 1);
	assert_string_equal(token.identifier, identifier);
	assert_string_equal(token.family, family);
	assert_int_equal(token.documented, documented);
}

static void test_families(void **state)
{
	(void)state;
	check_family("dt0c01.ABCDEFGHIJKLMNOPQRSTUVWX", "24.64", true);
	check_family("dt0s02.AIOUP56P", "8.64", false);
	check_family("dt0s10.some-client", WIDE_FAMILY, false);
	check_family("dt0s02.ABCDEFGHI", WIDE_FAMILY, false);
	check_family("dt0s02.ABCDEFGh", WIDE_FAMILY, false);
}

/* Each beginning of a token is one, whatever may come behind it; where the secret begins is said from its dot on. */
static void test_begin(void **state)
{
	static const char text[] = "dt0s10.some-client.ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	size_t secret;

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		assert_int_equal(wide_begin((const uint8_t *)text, len, false, &secret), len);
		assert_int_equal(secret, len >= 19 ? 19 : 0);
	}
	assert_int_equal(wide_begin((const uint8_t *)"dt0s1x", 6, false, &secret), 5);
	assert_int_equal(wide_begin((const uint8_t *)"dt0s12.short.A", 14, false, &secret), 12);
	assert_int_equal(secret, 0);
	assert_int_equal(wide_begin((const uint8_t *)"dt0s12.longer_x", 15, false, &secret), 13);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_oracle),   cmocka_unit_test(test_pcre2), cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_families), cmocka_unit_test(test_begin), cmocka_unit_test(test_agent),
	};

	return UNIT_RUN(tests);
}
