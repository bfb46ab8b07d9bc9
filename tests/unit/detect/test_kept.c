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
				   .cwd = text};
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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_too_long),
	};

	return UNIT_RUN(tests);
}
