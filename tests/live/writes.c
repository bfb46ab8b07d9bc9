// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Every write call, from 64-bit and 32-bit programs, to every kind of file; and nothing else. */
#include "live.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const calls[] = {"write", "pwrite64", "writev", "pwritev", "pwritev2"};

static void check_call(const char *writer, const char *call, const char *name)
{
	struct maker_token token = maker_token(1);
	const char *file = live_path("file");
	struct live_run run = live_exec(NO_ARGS, ARGS(live_writer(writer), "call", call, file, "1"));
	const json_t *alert = live_only(&run);
	struct stat st;

	assert_int_equal(run.status, 0);
	assert_string_equal(live_string(alert, "token.identifier"), token.identifier);
	assert_string_equal(live_string(alert, "token.prefix"), "dt0c01");
	assert_string_equal(live_string(alert, "token.type"), "API token");
	assert_string_equal(live_string(alert, "process.name"), writer);
	assert_non_null(strstr(live_string(alert, "process.executable"), writer));
	assert_non_null(strstr(live_string(alert, "process.command_line"), file));
	assert_string_equal(live_string(alert, "file.path"), file);
	assert_string_equal(live_string(alert, "file.type"), "regular");
	assert_string_equal(live_string(alert, "write.syscall"), name);
	assert_string_equal(live_string(alert, "write.seen_by"), "page_cache");
	assert_int_equal(live_integer(alert, "write.offset"), 100);
	assert_int_equal(live_integer(alert, "write.token_offset"), 106);
	assert_int_equal(live_integer(alert, "write.length"), MAKER_TOKEN_LEN + 7);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(strtoull(live_string(alert, "file.inode"), NULL, 10), st.st_ino);
	assert_int_equal(strtoull(live_string(alert, "user.id"), NULL, 10), geteuid());
	live_no_secret(&run, &token);
	live_free(&run);
}

static void test_calls(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		check_call("writer", calls[i], calls[i]);
	check_call("writer", "pwritev2-current", "pwritev2");
}

static void test_calls_32(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		check_call("writer_32", calls[i], calls[i]);
	check_call("writer_32", "pwritev2-current", "pwritev2");
	live_tick("write, pwrite64, writev, pwritev, pwritev2, by 64-bit and 32-bit programs",
		  "the written buffer, every byte up to 16 MiB a call, every iovec entry");
}

static void test_append(void **state)
{
	struct live_run run =
		live_exec(NO_ARGS, ARGS(live_writer("writer"), "append", live_path("file"), "2"));

	(void)state;
	/* Linux appends even if pwrite names a position */
	assert_int_equal(live_integer(live_only(&run), "write.offset"), 5);
	live_free(&run);
	live_tick("O_APPEND", "the same");
}

static void test_page_end(void **state)
{
	struct maker_token token = maker_token(3);
	struct live_run run =
		live_exec(NO_ARGS, ARGS(live_writer("writer"), "page-end", live_path("file"), "3"));

	(void)state;
	assert_int_equal(live_count(&run, &token), 2);
	assert_int_equal(live_summary(&run, "LOST"), 0);
	live_free(&run);
}

static void test_iovec(void **state)
{
	struct maker_token token = maker_token(4), next = maker_token(5);
	struct live_run run =
		live_exec(NO_ARGS, ARGS(live_writer("writer"), "iovec", live_path("file"), "4"));

	(void)state;
	assert_int_equal(live_count(&run, &token), 1);
	assert_int_equal(live_count(&run, &next), 1);
	assert_int_equal(live_integer(json_array_get(run.alerts, 0), "write.token_offset"), 999 * 7);
	assert_int_equal(live_integer(json_array_get(run.alerts, 1), "write.token_offset"),
			 1023 * 7 + MAKER_TOKEN_LEN);
	live_free(&run);
	run = live_exec(NO_ARGS, ARGS(live_writer("writer_32"), "iovec", live_path("file"), "4"));
	assert_int_equal(live_count(&run, &token), 1);
	assert_int_equal(live_count(&run, &next), 1);
	live_free(&run);
}

static void check_stream(const char *watch, const char *kind, const char *type, size_t alerts)
{
	struct maker_token token = maker_token(5);
	struct live_run run =
		live_exec(ARGS("--watch", watch), ARGS(live_writer("writer"), "stream", kind, "5"));

	assert_int_equal(run.status, 0);
	assert_int_equal(json_array_size(run.alerts), alerts);
	if (alerts) {
		assert_string_equal(live_string(live_only(&run), "file.type"), type);
		if (strcmp(kind, "memfd") == 0)
			assert_string_equal(live_string(live_only(&run), "file.path"),
					    "/memfd:spillwatch-test");
		live_no_secret(&run, &token);
	}
	live_free(&run);
}

static void test_watch(void **state)
{
	static const char *const kinds[][2] = {
		{"pipe", "fifo"}, {"socket", "socket"}, {"tty", "tty"}, {"memfd", "memfd"}};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		check_stream("default", kinds[i][0], NULL, 0);
		check_stream("all", kinds[i][0], kinds[i][1], 1);
		check_stream(kinds[i][0], kinds[i][0], kinds[i][1], 1);
	}
	check_stream("pipe,tty", "socket", NULL, 0);
	check_stream("all", "null", NULL, 0);
	live_tick("pipes, terminals, memfd, sockets by write (`--watch`)", "the written buffer");
}

static void test_innocent(void **state)
{
	const char *count = getenv("LIVE_INNOCENT") ? getenv("LIVE_INNOCENT") : "1000000";
	struct live_run run =
		live_exec(NO_ARGS, ARGS(live_writer("writer"), "innocent", live_path("file"), count));

	(void)state;
	assert_int_equal(run.status, 0);
	assert_int_equal(json_array_size(run.alerts), 0);
	assert_string_equal(run.errors, "");
	live_free(&run);
}

/* A token on the command line, in the program's name, in the file's path, and in what is written. */
static void test_no_secret(void **state)
{
	struct maker_token token = maker_token(6), other = maker_token(7);
	char name[512], file[512];
	struct live_run run;

	(void)state;
	snprintf(name, sizeof(name), "%s", live_path(other.text));
	snprintf(file, sizeof(file), "%s", live_path(token.text));
	assert_int_equal(symlink(realpath(live_writer("writer"), NULL), name), 0);
	run = live_exec(ARGS("--output", "text"),
			ARGS(name, "call", "write", file, "6", token.text, other.text, token.secret));
	assert_int_equal(run.status, 0);
	/* the file's name is a token, and another is written into it: two alerts */
	assert_int_equal(json_array_size(run.alerts), 2);
	assert_int_equal(live_count(&run, &token), 2);
	assert_non_null(strstr(live_string(json_array_get(run.alerts, 0), "file.path"), "<masked>"));
	assert_non_null(strstr(live_string(json_array_get(run.alerts, 1), "file.path"), "<masked>"));
	assert_non_null(strstr(run.errors, token.identifier));
	live_no_secret(&run, &token);
	live_no_secret(&run, &other);
	live_free(&run);
}

const struct CMUnitTest live_writes[] = {
	cmocka_unit_test_setup_teardown(test_calls, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_calls_32, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_append, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_page_end, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_iovec, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_watch, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_no_secret, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_innocent, live_setup, live_teardown),
};
const size_t live_writes_count = sizeof(live_writes) / sizeof(*live_writes);
