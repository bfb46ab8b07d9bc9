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

static size_t put_stars(void *context, size_t len, char *to)
{
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rotated),
	};
	int fd = mkstemp(path), r;

	if (fd < 0)
		return 1;
	close(fd);
	r = UNIT_RUN(tests);
	unlink(path);
	return r;
}
