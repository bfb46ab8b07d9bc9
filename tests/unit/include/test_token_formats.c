// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The tables say what the design says, in literals, so that a slip in one of them is seen. */
#include "unit.h"

#include "detect/token.h"
#include "token_search.h"

#include <ctype.h>

static const char *const prefixes[] = {
#define PREFIX_NAME(prefix, type) prefix,
	TOKEN_PREFIXES(PREFIX_NAME)};

#define PREFIX_COUNT (sizeof(prefixes) / sizeof(*prefixes))

static void test_lengths(void **state)
{
	static const unsigned int publics[] = {
#define PUBLIC_LEN(id, name, public_len) public_len,
		TOKEN_FORMATS(PUBLIC_LEN)};

	(void)state;
	assert_int_equal(sizeof(publics) / sizeof(*publics), 2);
	assert_int_equal(publics[0], 24);
	assert_int_equal(publics[1], 8);
	assert_int_equal(TOKEN_PUBLIC_MAX, 24);
	assert_int_equal(TOKEN_PUBLIC_MIN, 8);
	assert_int_equal(TOKEN_MAX_LEN, 96);
	assert_int_equal(TOKEN_MIN_LEN, 80);
	assert_int_equal(TOKEN_STRIDE, 56);
}

static void test_prefixes(void **state)
{
	(void)state;
	for (size_t i = 0; i < PREFIX_COUNT; i++) {
		const char *prefix = prefixes[i];

		assert_int_equal(strlen(prefix), TOKEN_PREFIX_LEN);
		assert_memory_equal(prefix, "dt0", 3);
		assert_true(isalpha(prefix[3]) && isdigit(prefix[4]) && isdigit(prefix[5]));
		assert_true(token_prefix_at((const uint8_t *)prefix, 0));
		assert_string_not_equal(token_type(prefix), TOKEN_TYPE_UNKNOWN);
		/* in order, so none stands there twice */
		assert_true(i == 0 || strcmp(prefixes[i - 1], prefix) < 0);
	}
}

static void test_types(void **state)
{
	static const char *const known[] = {"dt0a01", "dt0c01", "dt0e01", "dt0g01", "dt0g02",
					    "dt0n01", "dt0s01", "dt0s02", "dt0s03", "dt0s04",
					    "dt0s06", "dt0s08", "dt0s09", "dt0s16", "dt0x01"};

	(void)state;
	assert_int_equal(PREFIX_COUNT, sizeof(known) / sizeof(*known));
	for (size_t i = 0; i < PREFIX_COUNT; i++)
		assert_string_equal(prefixes[i], known[i]);
	/* of these no more than a word is known */
	assert_string_equal(token_type("dt0s10"), "OAuth2 client (environments and EdgeConnect)");
	assert_string_equal(token_type("dt0s12"), "Public OAuth2 client");
	assert_string_equal(token_type("dt0s11"), TOKEN_TYPE_UNKNOWN);
	assert_string_equal(token_type("dt0C01"), TOKEN_TYPE_UNKNOWN);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_types),
	};

	return UNIT_RUN(tests);
}
