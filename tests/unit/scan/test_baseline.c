// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is written is read again; in one order, whatever came first; what is none is refused. */
#include "unit.h"

#include "scan/baseline.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/spillwatch-unit-XXXXXX", path[64];

static void read_all(char *text, size_t size)
{
	FILE *file = fopen(path, "r");
	size_t len;

	assert_non_null(file);
	len = fread(text, 1, size - 1, file);
	text[len] = '\0';
	fclose(file);
}

static void test_written(void **state)
{
	struct baseline *baseline, *again;
	char first[1024], second[1024];
	struct stat st;
	mode_t mask;

	(void)state;
	assert_int_equal(baseline_new(&baseline), 0);
	assert_false(baseline_has(baseline, "dt0c01.B", "a"));
	assert_int_equal(baseline_add(baseline, "dt0c01.B", "a b\"c"), 0);
	assert_int_equal(baseline_add(baseline, "dt0c01.A", "z"), 0);
	assert_int_equal(baseline_add(baseline, "dt0c01.A", "y"), 0);
	assert_int_equal(baseline_add(baseline, "dt0c01.A", "y"), 0);
	assert_int_equal(baseline_write(baseline, path), 0);
	baseline_free(baseline);
	assert_int_equal(stat(path, &st), 0);
	mask = umask(0);
	umask(mask);
	assert_int_equal(st.st_mode & 0777, 0666 & ~mask);
	read_all(first, sizeof(first));
	assert_string_equal(
		first,
		"{\n  \"version\": 1,\n  \"findings\": [\n"
		"    {\n      \"identifier\": \"dt0c01.A\",\n      \"path\": \"y\"\n    },\n"
		"    {\n      \"identifier\": \"dt0c01.A\",\n      \"path\": \"z\"\n    },\n"
		"    {\n      \"identifier\": \"dt0c01.B\",\n      \"path\": \"a b\\\"c\"\n    }\n  ]\n}\n");
	assert_int_equal(baseline_new(&again), 0);
	assert_int_equal(baseline_load(again, path), 0);
	assert_true(baseline_has(again, "dt0c01.B", "a b\"c"));
	assert_true(baseline_has(again, "dt0c01.A", "z"));
	assert_false(baseline_has(again, "dt0c01.B", "z"));
	assert_int_equal(baseline_write(again, path), 0);
	baseline_free(again);
	read_all(second, sizeof(second));
	assert_string_equal(first, second);
	baseline_free(NULL);
}

static void check_refused(const char *text, int error)
{
	struct baseline *baseline;
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(baseline_new(&baseline), 0);
	assert_int_equal(baseline_load(baseline, path), error);
	baseline_free(baseline);
}

static void test_refused(void **state)
{
	struct baseline *baseline;

	(void)state;
	check_refused("", -EINVAL);
	check_refused("[]", -EINVAL);
	check_refused("{\"version\":2,\"findings\":[]}", -EINVAL);
	check_refused("{\"version\":1}", -EINVAL);
	check_refused("{\"version\":1,\"findings\":[{\"path\":\"a\"}]}", -EINVAL);
	check_refused("{\"version\":1,\"findings\":[1]}", -EINVAL);
	check_refused("{\"version\":1,\"findings\":[]}", 0);
	assert_int_equal(baseline_new(&baseline), 0);
	assert_int_equal(baseline_load(baseline, "/nowhere/x"), -ENOENT);
	assert_int_equal(baseline_write(baseline, "/nowhere/x"), -ENOENT);
	/* nothing stays beside it */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(baseline_write(baseline, path), -EISDIR);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(directory), 0);
	baseline_free(baseline);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_written),
		cmocka_unit_test(test_refused),
	};

	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/baseline", directory);
	return UNIT_RUN(tests);
}
