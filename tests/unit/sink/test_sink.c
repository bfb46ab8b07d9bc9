// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Sinks: appending, rotation, errors that are told. */
#include "unit.h"

#include "sink/sink.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct alert alert = {
	.token = {.prefix = "dt0c01", .identifier = "dt0c01.ABCDEFGH", .type = "API token"},
	.process = {.name = (char *)(uintptr_t) "x",
		    .thread_name = (char *)(uintptr_t) "x",
		    .parent_name = (char *)(uintptr_t) "y"},
	.file = {.path = (char *)(uintptr_t) "/f", .type = "regular", .fs_type = (char *)(uintptr_t) "ext4"},
	.write = {.syscall = "write"},
	.host_name = "h",
};

static size_t count_lines(const char *path)
{
	FILE *file = fopen(path, "r");
	size_t lines = 0;

	if (!file)
		return 0;
	for (int c; (c = fgetc(file)) != EOF;)
		lines += c == '\n';
	fclose(file);
	return lines;
}

static void test_file(void **state)
{
	char dir[] = "/tmp/spillwatch-unit-XXXXXX", path[64], moved[64];
	struct sink *sink;
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/alerts", dir);
	snprintf(moved, sizeof(moved), "%s/alerts.1", dir);
	assert_int_equal(sink_file_open(path, &sink), 0);
	assert_int_equal(sink_emit(sink, &alert), 0);
	assert_int_equal(rename(path, moved), 0);
	assert_int_equal(sink_emit(sink, &alert), 0);
	assert_int_equal(sink_reopen(sink), 0);
	assert_int_equal(sink_emit(sink, &alert), 0);
	sink_close(sink);
	assert_int_equal(count_lines(moved), 2);
	assert_int_equal(count_lines(path), 1);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* appends to what is there */
	assert_int_equal(sink_file_open(path, &sink), 0);
	assert_int_equal(sink_emit(sink, &alert), 0);
	assert_int_equal(count_lines(path), 2);
	/* a rotation that fails leaves the old file in use */
	unlink(path);
	unlink(moved);
	rmdir(dir);
	assert_int_equal(sink_reopen(sink), -ENOENT);
	assert_int_equal(sink_emit(sink, &alert), 0);
	sink_close(sink);
}

static void test_errors(void **state)
{
	struct sink *sink = NULL;

	(void)state;
	assert_int_equal(sink_file_open("/nowhere/alerts", &sink), -ENOENT);
	assert_int_equal(sink_file_open("/tmp", &sink), -EISDIR);
	assert_null(sink);
	assert_int_equal(sink_file_open("/dev/full", &sink), 0);
	assert_int_equal(sink_emit(sink, &alert), -ENOSPC);
	sink_close(sink);
	sink_close(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(test_file), cmocka_unit_test(test_errors)};

	return UNIT_RUN(tests);
}
