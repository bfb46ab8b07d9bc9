// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What .gitignore would mean; tests/programs/scan asks git itself. */
#include "unit.h"

#include "scan/ignore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool ignored(const char *patterns, const char *path, bool is_directory)
{
	struct ignore *ignore;
	size_t wrong;
	bool result;

	assert_int_equal(ignore_open(&ignore), 0);
	assert_int_equal(ignore_add(ignore, "", patterns, strlen(patterns), &wrong), 0);
	assert_int_equal(wrong, 0);
	result = ignore_matches_above(ignore, path, is_directory);
	ignore_close(ignore);
	return result;
}

static void test_patterns(void **state)
{
	static const struct {
		const char *patterns, *path;
		bool ignored;
	} cases[] = {
		{"a", "a", true},
		{"a", "x/a", true},
		{"a", "x/a/y", true},
		{"a", "ab", false},
		{"/a", "a", true},
		{"/a", "x/a", false},
		{"a/b", "a/b", true},
		{"a/b", "x/a/b", false},
		{"a/", "a", false},
		{"a/", "a/b", true},
		{"a/", "x/a/b", true},
		{"*.c", "x/a.c", true},
		{"*.c", "a.cc", false},
		{"x/*", "x/a", true},
		{"x/*.c", "x/y/a.c", false},
		{"**/a", "a", true},
		{"**/a", "x/y/a", true},
		{"**/a/b", "x/a/b", true},
		{"a/**", "a/b/c", true},
		{"a/**", "a", false},
		{"a/**/b", "a/b", true},
		{"a/**/b", "a/x/y/b", true},
		{"a**b", "axyb", true},
		{"x/a**b", "x/a/b", false},
		{"a?c", "abc", true},
		{"x/a?c", "x/a/c", false},
		{"[ab]", "b", true},
		{"[!ab]", "b", false},
		{"[^ab]", "c", true},
		{"[]a]", "]", true},
		{"x[[:digit:]_]y", "x7y", true},
		{"x[[:digit:]_]y", "x_y", true},
		{"x[[:digit:]_]y", "xay", false},
		{"[[:punct:]]", "]", true},
		{"[^[:space:]]", " ", false},
		{"#a", "#a", false},
		{"\\#a", "#a", true},
		{"\\!a", "!a", true},
		{"a\\*", "a*", true},
		{"a\\*", "ab", false},
		{"a ", "a", true},
		{"a\\ ", "a ", true},
		{"a\\\\ ", "a\\", true},
		{"a\r\n", "a", true},
		{"\xef\xbb\xbf"
		 "a",
		 "a", true},
		{"\n\n  \na", "a", true},
		/* the last one that matches */
		{"a\n!a", "a", false},
		{"!a\na", "a", true},
		{"*\n!*.c", "a.c", false},
		/* not below what is ignored */
		{"a/\n!a/b", "a/b", true},
		{"a/*\n!a/b", "a/b", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (ignored(cases[i].patterns, cases[i].path, false) != cases[i].ignored)
			fail_msg("'%s' and %s", cases[i].patterns, cases[i].path);
	assert_true(ignored("a/", "a", true));
	assert_false(ignored("", "a", true));
}

/* Patterns of a directory are about what is below it, come after those above, and go with it. */
static void test_directories(void **state)
{
	struct ignore *ignore;
	size_t wrong, before;

	(void)state;
	assert_int_equal(ignore_open(&ignore), 0);
	assert_int_equal(ignore_add(ignore, "", "*.c\n", 4, &wrong), 0);
	before = ignore_count(ignore);
	assert_int_equal(before, 1);
	assert_int_equal(ignore_add(ignore, "sub", "!a.c\n/b\n", 8, &wrong), 0);
	assert_false(ignore_matches(ignore, "sub/a.c", false));
	assert_false(ignore_matches(ignore, "sub/x/a.c", false));
	assert_true(ignore_matches(ignore, "a.c", false));
	assert_true(ignore_matches(ignore, "subx/a.c", false));
	assert_true(ignore_matches(ignore, "sub/b", false));
	assert_false(ignore_matches(ignore, "b", false));
	assert_false(ignore_matches(ignore, "sub/x/b", false));
	ignore_truncate(ignore, before);
	assert_true(ignore_matches(ignore, "sub/a.c", false));
	assert_false(ignore_matches(ignore, "sub/b", false));
	assert_int_equal(ignore_add(ignore, "/", "c", 1, &wrong), 0);
	assert_true(ignore_matches(ignore, "/c", false));
	ignore_close(ignore);
	ignore_close(NULL);
}

/* What is no pattern ignores nothing, and is told by its line; the others hold. */
static void test_wrong(void **state)
{
	char text[3000];
	struct ignore *ignore;
	size_t wrong;

	(void)state;
	assert_int_equal(ignore_open(&ignore), 0);
	assert_int_equal(ignore_add(ignore, "", "a\n[b\nc\\\nd\n", 10, &wrong), 0);
	assert_int_equal(wrong, 2);
	assert_true(ignore_matches(ignore, "d", false));
	assert_int_equal(ignore_count(ignore), 2);
	assert_int_equal(ignore_add(ignore, "", "a\0b", 3, &wrong), 0);
	assert_int_equal(wrong, 1);
	memset(text, '*', sizeof(text));
	for (size_t at = 1; at < sizeof(text); at += 2)
		text[at] = 'x';
	assert_int_equal(ignore_add(ignore, "", text, sizeof(text), &wrong), 0);
	assert_int_equal(wrong, 1);
	ignore_close(ignore);
}

/* Any bytes: nothing is read past them (ASan), and as many patterns as there may be. */
static void test_random(void **state)
{
	static const char bytes[] = "[]\\*?/!^-:#ab \n\r\0";
	uint64_t seed = 51;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		size_t len = maker_next(&seed) % 40, wrong;
		char *text = malloc(len ? len : 1);
		struct ignore *ignore;

		for (size_t at = 0; at < len; at++)
			text[at] = bytes[maker_next(&seed) % (sizeof(bytes) - 1)];
		assert_int_equal(ignore_open(&ignore), 0);
		assert_int_equal(ignore_add(ignore, "", text, len, &wrong), 0);
		free(text);
		ignore_matches_above(ignore, "a/b/ab", false);
		ignore_close(ignore);
	}
}

static void test_load(void **state)
{
	char directory[] = "/tmp/spillwatch-unit-XXXXXX", path[64];
	struct ignore *ignore;
	size_t wrong = 7;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/" IGNORE_FILE, directory);
	assert_int_equal(ignore_open(&ignore), 0);
	assert_int_equal(ignore_load(ignore, "", path, &wrong), 0);
	assert_int_equal(wrong, 0);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_int_equal(write(fd, "a\n", 2), 2);
	assert_int_equal(ignore_load(ignore, "", path, &wrong), 0);
	assert_true(ignore_matches(ignore, "a", false));
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	assert_int_equal(ignore_load(ignore, "", path, &wrong), -EFBIG);
	close(fd);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_int_equal(ignore_load(ignore, "", path, &wrong), -ELOOP);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(ignore_load(ignore, "", path, &wrong), -EMEDIUMTYPE);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(directory), 0);
	ignore_close(ignore);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patterns), cmocka_unit_test(test_directories),
		cmocka_unit_test(test_wrong),    cmocka_unit_test(test_random),
		cmocka_unit_test(test_load),
	};

	return UNIT_RUN(tests);
}
