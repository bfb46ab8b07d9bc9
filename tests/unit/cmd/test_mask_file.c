// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What becomes of a file that somebody else has to do with while it is masked. */
#include "unit.h"

#include "cmd/mask_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OTHERS "what has come since: "

static char path[] = "/tmp/test_mask_file.XXXXXX";

static void file_make(void)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	for (uint64_t i = 0; i < 2; i++) {
		struct maker_token token = maker_token(i);

		fprintf(file, "%s\n", token.text);
	}
	assert_int_equal(fclose(file), 0);
}

static size_t put_stars(void *context, const void *secret, size_t len, char *to)
{
	(void)secret;
	(void)context;
	memset(to, '*', len);
	return len;
}

/* Behind the first secret portion, a log is copied and emptied, and its writer goes on. */
static int rotate(void *context, const struct spillwatch_token *token)
{
	const int *lines = context;
	FILE *file;

	if (spillwatch_token_start(token))
		return 0;
	file = fopen(path, "w");
	assert_non_null(file);
	for (int i = 0; i < *lines; i++)
		fputs(OTHERS, file);
	assert_int_equal(fclose(file), 0);
	return 0;
}

static void check_rotated(int lines)
{
	const struct mask_file_use use = {
		.context = &lines, .text = put_stars, .token = rotate, .same_length = true};
	char content[64 * sizeof(OTHERS)];
	FILE *file;
	size_t len;

	file_make();
	assert_int_equal(mask_file(path, &use), -ESTALE);
	file = fopen(path, "r");
	assert_non_null(file);
	len = fread(content, 1, sizeof(content), file);
	fclose(file);
	assert_int_equal(len, (size_t)lines * (sizeof(OTHERS) - 1));
	assert_null(memchr(content, '*', len));
}

static void test_rotated(void **state)
{
	(void)state;
	check_rotated(0);
	check_rotated(1);
	check_rotated(32);
}

/* In a log's two records, and between them others: each is masked, all else stays. */
static void test_records(void **state)
{
	const struct mask_file_use use = {.text = put_stars, .same_length = true};
	struct maker_token made = maker_token(3), second = maker_token(4), third = maker_token(5);
	char text[2048], content[2048];
	const int identifier = MAKER_TOKEN_LEN - MAKER_SECRET_LEN;

	(void)state;
	for (int at = 1; at < MAKER_TOKEN_LEN; at += 10) {
		FILE *file = fopen(path, "w");
		int len = sprintf(text,
				  "%.*s\",\"stream\":\"stdout\",\"attrs\":{\"a\":\"%s\"},\"time\":\"1\"}\n"
				  "{\"log\":\"%.*s%%2E%s\\n\",\"stream\":\"stderr\",\"time\":\"1\"}\n{"
				  "\"log\":\"%s\",\"stream\":\"stdout\"}\n",
				  at, made.text, second.text, identifier - 1, third.text, third.secret,
				  made.text + at);

		assert_non_null(file);
		assert_int_equal(fwrite(text, 1, (size_t)len, file), len);
		assert_int_equal(fclose(file), 0);
		assert_int_equal(mask_file(path, &use), 3);
		memset(made.text + identifier, '*', MAKER_SECRET_LEN);
		memset(second.text + identifier, '*', MAKER_SECRET_LEN);
		sprintf(text,
			"%.*s\",\"stream\":\"stdout\",\"attrs\":{\"a\":\"%s\"},\"time\":\"1\"}\n"
			"{\"log\":\"%.*s%%2E%s\\n\",\"stream\":\"stderr\",\"time\":\"1\"}\n{\"log\":\"%s\","
			"\"stream\":\"stdout\"}\n",
			at, made.text, second.text, identifier - 1, third.text, made.text + identifier,
			made.text + at);
		made = maker_token(3);
		second = maker_token(4);
		file = fopen(path, "r");
		assert_non_null(file);
		assert_int_equal(fread(content, 1, sizeof(content), file), len);
		fclose(file);
		assert_memory_equal(content, text, (size_t)len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rotated),
		cmocka_unit_test(test_records),
	};
	int fd = mkstemp(path), r;

	if (fd < 0)
		return 1;
	close(fd);
	r = UNIT_RUN(tests);
	unlink(path);
	return r;
}
