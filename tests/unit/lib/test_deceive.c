// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What deceives, against a list that is written down in another way; and where it is shown. */
#include "unit.h"

#include "alert/json_writer.h"
#include "lib/deceive.h"
#include "lib/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t encode(uint32_t point, char *to)
{
	size_t len = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;

	for (size_t i = len; i-- > 1; point >>= 6)
		to[i] = (char)(0x80 | (point & 0x3f));
	*to = (char)(len == 1 ? point : point | (0xf00U >> len & 0xff));
	to[len] = '\0';
	return len;
}

static bool deceives(uint32_t point)
{
	static const char *const all[] = {
		"\u00ad", "\u034f", "\u061c", "\u115f", "\u1160", "\u17b4", "\u17b5", "\u180b", "\u180c",
		"\u180d", "\u180e", "\u180f", "\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u2028",
		"\u2029", "\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u3164", "\ufeff", "\uffa0",
	};
	char text[8];

	encode(point, text);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (strcmp(all[i], text) == 0)
			return true;
	return (point & ~0xfU) == 0x2060 || (point & ~0xfU) == 0xfe00 ||
	       (point >= 0xfff0 && point < 0xfffc) || (point >> 12) == 0xe0 || (point & ~3U) == 0x1bca0 ||
	       (point >= 0x1d173 && point <= 0x1d17a);
}

static void test_characters(void **state)
{
	char text[8];

	(void)state;
	for (uint32_t point = 1; point < 0x110000; point++) {
		size_t len = encode(point, text);

		if (point >= 0xd800 && point < 0xe000)
			continue;
		assert_int_equal(deceive_length(text, len), deceives(point) ? len : 0);
		assert_int_equal(deceive_length(text, len - 1), 0);
	}
}

static void check_shown(const char *text, const char *expected)
{
	char *shown = deceive_shown(text);

	assert_string_equal(shown, expected);
	free(shown);
}

static void test_shown(void **state)
{
	(void)state;
	check_shown("", "");
	check_shown("/日本/é \xf0\x9f\x98\x80", "/日本/é \xf0\x9f\x98\x80");
	check_shown("a\u202egpj.exe", "a\\xe2\\x80\\xaegpj.exe");
	check_shown("\u00ad\U000e0041", "\\xc2\\xad\\xf3\\xa0\\x81\\x81");
	/* what is no UTF-8 is none of our business */
	check_shown("\xe2\x80", "\xe2\x80");
}

static void test_json(void **state)
{
	struct json_writer json = {0};
	char *line;

	(void)state;
	json_open(&json, NULL, '{');
	json_text(&json, "a", "x\u202ey\U000e0041é");
	json_close(&json, '}');
	assert_int_equal(json_writer_take(&json, &line), 0);
	assert_string_equal(line, "{\"a\":\"x\\u202ey\\udb40\\udc41é\"}\n");
	free(line);
}

static void take(void *context, const char *line)
{
	snprintf(context, 8192, "%s", line);
}

static void test_log(void **state)
{
	char line[8192], text[2048];

	(void)state;
	log_to(take, line);
	log_error("can't read %s: é", "a\u202eb\nc\033[31m\x7f\xc2\x9b\xff");
	assert_string_equal(
		line, "spillwatch: can't read a\\xe2\\x80\\xaeb\\x0ac\\x1b[31m\\x7f\\xc2\\x9b\\xff: é\n");
	/* one that is cut ends as a line all the same */
	memset(text, 0x01, sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_warning("%s", text);
	assert_memory_equal(line + strlen(line) - 5, "\\x01\n", 5);
	log_to(NULL, NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_characters),
		cmocka_unit_test(test_shown),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_log),
	};

	return UNIT_RUN(tests);
}
