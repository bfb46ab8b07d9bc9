// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A sample that is kept: its arguments hold no secret any more, and all else is as it was. */
#include "unit.h"

#include "detect/kept.h"
#include "oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void test_copy(void **state)
{
	struct maker_token token = maker_token(27);
	struct token_sample *sample, *copy;
	struct sample_view view, kept;
	char text[256], shown[256];
	size_t len = (size_t)sprintf(text, "curl%c-H%cApi-Token %s", 0, 0, token.text);
	static const char path[] = "/var/log/x.log";

	(void)state;
	sample = calloc(1, sizeof(*sample) + 512);
	assert_non_null(sample);
	sample->size = (uint32_t)(sizeof(*sample) + sizeof(path) - 1 + len);
	sample->path_len = sizeof(path) - 1;
	sample->args_len = (uint16_t)len;
	memcpy((char *)(sample + 1), path, sizeof(path) - 1);
	memcpy((char *)(sample + 1) + sizeof(path) - 1, text, len);
	assert_int_equal(sample_view_parse(sample, sample->size, &view), 0);
	copy = kept_sample(&view);
	assert_non_null(copy);
	assert_int_equal(sample_view_parse(copy, copy->size, &kept), 0);
	assert_int_equal(kept.head->args_len, len);
	assert_memory_equal(kept.args, text, (size_t)(strstr(text + 8, token.secret) - text));
	for (size_t i = 0; i < len; i++)
		shown[i] = kept.args[i] ? kept.args[i] : ' ';
	shown[len] = '\0';
	assert_false(oracle_shows(shown, token.secret, MAKER_SECRET_LEN));
	assert_memory_equal(kept.path, path, sizeof(path) - 1);
	assert_memory_equal(copy, sample, sizeof(*sample));
	kept_free(copy);
	kept_free(NULL);
	free(sample);
}

/* The strings of two samples, each within its bound, are more than a sample can have. */
static void test_too_long(void **state)
{
	char *text = calloc(1, LIMIT_PATH_BYTES);
	struct token_sample head = {.path_len = LIMIT_PATH_BYTES - 1,
				    .exe_len = LIMIT_PATH_BYTES - 1,
				    .inner_len = LIMIT_PATH_BYTES - 1,
				    .cwd_len = LIMIT_PATH_BYTES - 1};
	struct sample_view view = {.head = &head,
				   .window = head.window,
				   .path = text,
				   .exe = text,
				   .args = text,
				   .ancestors = text,
				   .cgroup = text,
				   .inner = text,
				   .cwd = text,
				   .text = text};
	struct token_sample *copy;

	(void)state;
	assert_non_null(text);
	copy = kept_view(&view);
	assert_non_null(copy);
	assert_int_equal(copy->size, sizeof(head) + 4 * (LIMIT_PATH_BYTES - 1));
	kept_free(copy);
	head.cgroup_len = LIMIT_PATH_BYTES - 1;
	head.args_len = LIMIT_ARGS_BYTES - 1;
	assert_null(kept_view(&view));
	free(text);
}

/* A sample that was lost asks for its file to be read; long arguments are cut, and hold no secret; other strings are there whole, or nothing is. */
static void test_dropped(void **state)
{
	struct maker_token token = maker_token(28);
	struct dropped_sample *dropped = calloc(1, sizeof(*dropped));
	struct token_sample *sample;
	struct sample_view view;
	char text[256];

	(void)state;
	assert_non_null(dropped);
	dropped->head.path_len = 5;
	dropped->head.exe_len = 4;
	dropped->head.args_len = (uint16_t)sprintf(text, "echo%c%s", 0, token.text);
	dropped->head.cgroup_len = 2;
	dropped->head.cwd_len = 1;
	dropped->head.token_key = 7;
	dropped->head.size = (uint32_t)(sizeof(dropped->head) + 12) + dropped->head.args_len;
	memcpy(dropped->first, "/file/exe", 9);
	memcpy(dropped->args, text, dropped->head.args_len);
	memcpy(dropped->rest, "/c/", 3);
	sample = kept_dropped(dropped);
	assert_non_null(sample);
	assert_int_equal(sample_view_parse(sample, sample->size, &view), 0);
	assert_int_equal(view.head->flags, SAMPLE_UNREAD | SAMPLE_FOUND_LATE);
	assert_int_equal(view.head->token_key, 7);
	assert_memory_equal(view.path, "/file", 5);
	assert_memory_equal(view.exe, "/exe", 4);
	assert_memory_equal(view.args, "echo", 5);
	memcpy(text, view.args + 5, view.head->args_len - 5U);
	text[view.head->args_len - 5] = '\0';
	assert_false(oracle_shows(text, token.secret, MAKER_SECRET_LEN));
	assert_memory_equal(view.cgroup, "/c", 2);
	assert_memory_equal(view.cwd, "/", 1);
	kept_free(sample);
	/* a longer command line than is kept */
	dropped->head.size += LIMIT_DROPPED_STRINGS;
	dropped->head.args_len += LIMIT_DROPPED_STRINGS;
	sample = kept_dropped(dropped);
	assert_non_null(sample);
	assert_int_equal(sample_view_parse(sample, sample->size, &view), 0);
	assert_int_equal(view.head->args_len, LIMIT_DROPPED_STRINGS - 1);
	assert_int_not_equal(view.head->flags & SAMPLE_ARGS_TRUNCATED, 0);
	assert_memory_equal(view.cgroup, "/c", 2);
	kept_free(sample);
	/* a longer path, other strings that are longer, and what can't be */
	dropped->head.path_len = LIMIT_DROPPED_STRINGS;
	dropped->head.size += LIMIT_DROPPED_STRINGS - 5;
	assert_null(kept_dropped(dropped));
	dropped->head.path_len = 5;
	assert_null(kept_dropped(dropped));
	memset(dropped, 0, sizeof(*dropped));
	assert_null(kept_dropped(dropped));
	free(dropped);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_dropped),
	};

	return UNIT_RUN(tests);
}
