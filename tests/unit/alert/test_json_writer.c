// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The bytes of JSON, against jansson. */
#include "unit.h"

#include "alert/json_writer.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CASES 100000
#define TEXT_BYTES 512

/* Two strings, and numbers, as jansson writes them. */
static void check_text(const char *text, int64_t number)
{
	struct json_writer json = {0};
	char *line, *expected;
	json_t *tree = json_pack("{s:s, s:[s, I], s:{}, s:[], s:I, s:b}", "a", text, "b", text,
				 (json_int_t)number, "c", "d", "e", (json_int_t)-number, "f", number & 1);
	int r;

	json_open(&json, NULL, '{');
	json_text(&json, "a", text);
	json_open(&json, "b", '[');
	json_text(&json, NULL, text);
	json_int(&json, NULL, number);
	json_close(&json, ']');
	json_open(&json, "c", '{');
	json_close(&json, '}');
	json_open(&json, "d", '[');
	json_close(&json, ']');
	json_int(&json, "e", -number);
	json_bool(&json, "f", number & 1);
	json_text_if(&json, "g", NULL);
	json_mark(&json, "h", false);
	json_close(&json, '}');
	r = json_writer_take(&json, &line);
	/* what is no UTF-8 fails in both */
	assert_int_equal(r == 0, tree != NULL);
	if (!tree)
		return;
	expected = json_dumps(tree, JSON_COMPACT | JSON_PRESERVE_ORDER);
	assert_non_null(expected);
	assert_int_equal(line[strlen(line) - 1], '\n');
	line[strlen(line) - 1] = '\0';
	assert_string_equal(line, expected);
	free(line);
	free(expected);
	json_decref(tree);
}

static void add(char *text, size_t *len, const char *piece)
{
	*len += (size_t)snprintf(text + *len, TEXT_BYTES - *len, "%s", piece);
	assert_true(*len < TEXT_BYTES);
}

static void test_texts(void **state)
{
	static const char *const pieces[] = {"a",
					     "\"",
					     "\\",
					     "/",
					     "\x7f",
					     "\x01",
					     "\n",
					     "\t",
					     "\x1f",
					     "\xc3\xa9",
					     "\xe2\x80\x90",
					     "\xf0\x9f\x98\x80",
					     "\xed\x9f\xbf",
					     "\xee\x80\x80",
					     "\xf4\x8f\xbf\xbf",
					     "\b\f\r",
					     "long enough"};
	static const char *const broken[] = {"\x80",     "\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80",
					     "\xc0\xaf", "\xff", "\xe2\x80"};
	char text[TEXT_BYTES];
	size_t len;

	(void)state;
	srandom(1);
	for (int i = 0; i < CASES; i++) {
		size_t count = (size_t)random() % 20;

		len = 0;
		*text = '\0';
		for (size_t j = 0; j < count; j++)
			add(text, &len, pieces[(size_t)random() % (sizeof(pieces) / sizeof(*pieces))]);
		if (i % 10 == 0)
			add(text, &len, broken[(size_t)random() % (sizeof(broken) / sizeof(*broken))]);
		check_text(text, random());
	}
	for (int byte = 1; byte < 256; byte++) {
		text[0] = (char)byte;
		text[1] = '\0';
		check_text(text, byte);
	}
	check_text("", 0);
	check_text("", INT64_MAX);
	check_text("", -INT64_MAX);
}

/* Longer than any room that was made at first. */
static void test_long(void **state)
{
	char *text = malloc(100001);

	(void)state;
	assert_non_null(text);
	memset(text, '\x01', 100000);
	text[100000] = '\0';
	check_text(text, 7);
	free(text);
}

static void test_failed(void **state)
{
	struct json_writer json = {0};
	char *line = NULL;

	(void)state;
	json_open(&json, NULL, '{');
	json_text(&json, "a", NULL);
	json_close(&json, '}');
	assert_int_equal(json_writer_take(&json, &line), -ENOMEM);
	assert_null(line);
	assert_null(json.text);
	/* the next one begins anew */
	json_open(&json, NULL, '{');
	json_id(&json, "a", UINT64_MAX);
	json_int(&json, "b", INT64_MIN);
	json_time(&json, "c", &(struct timespec){1700000000, 1234567});
	json_close(&json, '}');
	assert_int_equal(json_writer_take(&json, &line), 0);
	assert_string_equal(line, "{\"a\":\"18446744073709551615\",\"b\":-9223372036854775808,"
				  "\"c\":\"2023-11-14T22:13:20.001234Z\"}\n");
	free(line);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_failed),
	};

	return UNIT_RUN(tests);
}
