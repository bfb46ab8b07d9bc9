// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The mask: no secret gets through, in any form we know; everything else does, printable. */
#include "unit.h"

#include "detect/mask.h"
#include "detect/token.h"

#include <stdlib.h>

static void check(const char *text, size_t len, const struct mask_known *known, const char *expected)
{
	char *masked, *again;

	assert_int_equal(mask_text(text, len, known, &masked), 0);
	assert_string_equal(masked, expected);
	/* once more changes nothing */
	assert_int_equal(mask_text(masked, strlen(masked), known, &again), 0);
	assert_string_equal(again, masked);
	free(masked);
	free(again);
}

static void check_all(const char *text, const char *expected)
{
	check(text, strlen(text), NULL, expected);
}

static void test_plain(void **state)
{
	(void)state;
	check_all("", "");
	check_all("/var/log/app.log", "/var/log/app.log");
	check_all("d\xc3\xa9j\xc3\xa0 \xe2\x82\xac \xf0\x9f\x98\x80",
		  "d\xc3\xa9j\xc3\xa0 \xe2\x82\xac \xf0\x9f\x98\x80");
	check_all("a\nb\tc\033[31m\x7f", "a\\x0ab\\x09c\\x1b[31m\\x7f");
	/* overlong, surrogate, past the end, cut, C1 control */
	check_all("\xc0\xaf \xed\xa0\x80 \xf4\x90\x80\x80 \xe2\x82 \xc2\x9b",
		  "\\xc0\\xaf \\xed\\xa0\\x80 \\xf4\\x90\\x80\\x80 \\xe2\\x82 \\xc2\\x9b");
	check("a\0b", 3, NULL, "a\\x00b");
}

static void test_tokens(void **state)
{
	struct maker_token token = maker_token(5);
	char text[512], expected[256];

	(void)state;
	snprintf(text, sizeof(text), "--token=%s --x", token.text);
	snprintf(expected, sizeof(expected), "--token=%s.<masked> --x", token.identifier);
	check_all(text, expected);
	/* cut anywhere in the secret portion */
	for (int cut = 1; cut < MAKER_SECRET_LEN; cut++) {
		snprintf(text, sizeof(text), "/x/%.*s", MAKER_IDENTIFIER_LEN + 1 + cut, token.text);
		snprintf(expected, sizeof(expected), "/x/%s.<masked>", token.identifier);
		check_all(text, expected);
	}
	/* two in a row; a longer run */
	snprintf(text, sizeof(text), "%s%sAAAA", token.text, token.text);
	snprintf(expected, sizeof(expected), "%s.<masked>%s.<masked>", token.identifier, token.identifier);
	check_all(text, expected);
	/* the secret portion alone */
	snprintf(text, sizeof(text), "a %s b", token.secret);
	check_all(text, "a <masked> b");
	/* an escape's digit makes a run of 63 one of 64 */
	snprintf(text, sizeof(text), "\xf4%.63s", token.secret);
	check_all(text, "\\xf<masked>");
	/* an identifier alone is safe */
	check_all(token.identifier, token.identifier);
}

static void test_known_fragments(void **state)
{
	struct maker_token token = maker_token(6);
	struct mask_known known = {(const uint8_t *)token.secret, MAKER_SECRET_LEN};
	char text[256], hex[32];

	(void)state;
	for (int from = 0; from + MASK_FRAGMENT_LEN <= MAKER_SECRET_LEN; from++) {
		snprintf(text, sizeof(text), "x%.*sy", MASK_FRAGMENT_LEN, token.secret + from);
		check(text, strlen(text), &known, "x<masked>y");
		for (int i = 0; i < MASK_FRAGMENT_LEN; i++)
			snprintf(hex + 2 * i, 3, "%02x", (unsigned char)token.secret[from + i]);
		snprintf(text, sizeof(text), "x%sy", hex);
		check(text, strlen(text), &known, "x<masked>y");
	}
	/* shorter ones can't be told from any other text */
	snprintf(text, sizeof(text), "%.7s", token.secret);
	check(text, strlen(text), &known, text);
}

static size_t base64(const char *text, size_t len, char *to)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t count = 0;

	for (size_t i = 0; i + 3 <= len; i += 3) {
		uint32_t group = (uint32_t)(uint8_t)text[i] << 16 | (uint32_t)(uint8_t)text[i + 1] << 8 |
				 (uint8_t)text[i + 2];

		for (int shift = 18; shift >= 0; shift -= 6)
			to[count++] = alphabet[group >> shift & 63];
	}
	to[count] = '\0';
	return count;
}

static void test_known_base64(void **state)
{
	struct maker_token token = maker_token(8);
	struct mask_known known = {(const uint8_t *)token.secret, MAKER_SECRET_LEN};
	char whole[128], text[256], *masked;

	(void)state;
	for (int pad = 0; pad < 3; pad++) {
		size_t len;

		snprintf(whole, sizeof(whole), "%.*s%s", pad, "##", token.text);
		len = base64(whole, strlen(whole), text);
		assert_int_equal(mask_text(text, len, &known, &masked), 0);
		assert_non_null(strstr(masked, MASK_TEXT));
		/* at most a few characters at the edges of the secret are left */
		assert_true(strlen(masked) < 4 * (MAKER_IDENTIFIER_LEN + 4) / 3 + 16 + strlen(MASK_TEXT));
		free(masked);
	}
}

static void test_args(void **state)
{
	struct maker_token token = maker_token(9);
	char args[256], expected[256], *masked;
	int len = snprintf(args, sizeof(args), "curl%c-H%cApi-Token %s%c%c", 0, 0, token.text, 0, 0);

	(void)state;
	snprintf(expected, sizeof(expected), "curl -H Api-Token %s.<masked>", token.identifier);
	assert_int_equal(mask_args(args, (size_t)len, NULL, &masked), 0);
	assert_string_equal(masked, expected);
	free(masked);
	assert_int_equal(mask_args("\0\0", 2, NULL, &masked), 0);
	assert_string_equal(masked, "");
	free(masked);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_known_fragments),
		cmocka_unit_test(test_known_base64),
		cmocka_unit_test(test_args),
	};

	return UNIT_RUN(tests);
}
