// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A record is believed only if every length in it fits. */
#include "unit.h"

#include "detect/sample_view.h"

#include <errno.h>
#include <stdlib.h>

static struct token_sample *sample_make(uint16_t path, uint16_t exe, uint16_t args, size_t *size)
{
	struct token_sample *sample;

	*size = sizeof(*sample) + path + exe + args;
	sample = calloc(1, *size);
	sample->size = (uint32_t)*size;
	sample->path_len = path;
	sample->exe_len = exe;
	sample->args_len = args;
	sample->window_len = TOKEN_MAX_LEN;
	return sample;
}

static void test_good(void **state)
{
	size_t size;
	struct token_sample *sample = sample_make(5, 7, 9, &size);
	struct sample_view view;

	(void)state;
	assert_int_equal(sample_view_parse(sample, size, &view), 0);
	assert_ptr_equal(view.path, (char *)(sample + 1));
	assert_ptr_equal(view.exe, view.path + 5);
	assert_ptr_equal(view.args + 9, (char *)sample + size);
	free(sample);
	/* nothing but the head; strings as long as they may be */
	sample = sample_make(0, 0, 0, &size);
	assert_int_equal(sample_view_parse(sample, size, &view), 0);
	free(sample);
	sample = sample_make(LIMIT_PATH_BYTES, LIMIT_PATH_BYTES, LIMIT_ARGS_BYTES, &size);
	assert_true(size < SAMPLE_MAX_BYTES);
	assert_int_equal(sample_view_parse(sample, size, &view), 0);
	free(sample);
}

/* All strings, one behind the other in the order of SAMPLE_STRINGS. */
static void test_strings(void **state)
{
	struct sample_ancestor ancestor = {.start = 7, .tgid = 1, .comm = "init"};
	struct token_sample *sample = calloc(1, sizeof(*sample) + 1024);
	char *at = (char *)(sample + 1);
	struct sample_view view;

	(void)state;
	sample->size = sizeof(*sample);
#define PUT(name, bound)                                                    \
	sample->name##_len = (uint16_t)strlen(#name);                       \
	if (strcmp(#name, "ancestors") == 0) {                              \
		sample->name##_len = 2 * sizeof(ancestor);                  \
		memcpy(at + sizeof(ancestor), &ancestor, sizeof(ancestor)); \
	} else {                                                            \
		memcpy(at, #name, strlen(#name));                           \
	}                                                                   \
	at += sample->name##_len;                                           \
	sample->size += sample->name##_len;
	SAMPLE_STRINGS(PUT)
	assert_int_equal(sample_view_parse(sample, sample->size, &view), 0);
	assert_memory_equal(view.path, "path", 4);
	assert_memory_equal(view.cgroup, "cgroup", 6);
	assert_memory_equal(view.inner, "inner", 5);
	assert_memory_equal(view.cwd, "cwd", 3);
	assert_true(sample_view_ancestor(&view, 0, &ancestor));
	assert_int_equal(ancestor.tgid, 0);
	assert_true(sample_view_ancestor(&view, 1, &ancestor));
	assert_int_equal(ancestor.tgid, 1);
	assert_string_equal(ancestor.comm, "init");
	assert_false(sample_view_ancestor(&view, 2, &ancestor));
#define TOO_LONG(name, bound)                                                               \
	if ((bound) < UINT16_MAX) {                                                         \
		uint16_t good = sample->name##_len;                                         \
		sample->name##_len = (uint16_t)((bound) + 1);                               \
		assert_int_equal(sample_view_parse(sample, sample->size, &view), -EBADMSG); \
		sample->name##_len = good;                                                  \
	}
	SAMPLE_STRINGS(TOO_LONG)
	free(sample);
}

/* Lengths that agree with each other and with the record, but are past their bounds. */
static void test_too_long(void **state)
{
	static const uint16_t lengths[][3] = {
		{LIMIT_PATH_BYTES + 1, 0, 0},
		{0, LIMIT_PATH_BYTES + 1, 0},
		{0, 0, LIMIT_ARGS_BYTES + 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		size_t size;
		struct token_sample *sample = sample_make(lengths[i][0], lengths[i][1], lengths[i][2], &size);
		struct sample_view view;

		assert_int_equal(sample_view_parse(sample, size, &view), -EBADMSG);
		free(sample);
	}
}

static void test_bad(void **state)
{
	size_t size;
	struct token_sample *sample = sample_make(5, 7, 9, &size);
	struct sample_view view = {0};

	(void)state;
	for (size_t cut = 0; cut < size; cut++)
		assert_int_equal(sample_view_parse(sample, cut, &view), -EBADMSG);
#define BAD(member, value)                                                          \
	do {                                                                        \
		__typeof__(sample->member) good = sample->member;                   \
		sample->member = (value);                                           \
		assert_int_equal(sample_view_parse(sample, size, &view), -EBADMSG); \
		sample->member = good;                                              \
	} while (0)
	BAD(size, 0);
	BAD(size, UINT32_MAX);
	BAD(path_len, UINT16_MAX);
	BAD(exe_len, 8);
	BAD(args_len, 8);
	BAD(window_len, TOKEN_MAX_LEN + 1);
	BAD(kind, FILE_KIND_MAX);
	BAD(call, WRITE_CALL_MAX);
	assert_null(view.head);
	free(sample);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(test_good), cmocka_unit_test(test_bad),
						  cmocka_unit_test(test_strings),
						  cmocka_unit_test(test_too_long)};

	return UNIT_RUN(tests);
}
