// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Every write call, from 64-bit and 32-bit programs, to every kind of file; and nothing else. */
#include "batch.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const calls[][2] = {
	{"write", "write"},     {"pwrite64", "pwrite64"}, {"writev", "writev"},
	{"pwritev", "pwritev"}, {"pwritev2", "pwritev2"}, {"pwritev2-current", "pwritev2"},
};

static void check_call(struct live_run run, const char *writer, const char *how, const char *name)
{
	struct maker_token token = maker_token(1);
	const json_t *alert = live_only(&run);
	const char *file = live_path(how);
	struct stat st;

	assert_int_equal(run.status, 0);
	assert_string_equal(live_string(alert, "token.identifier"), token.identifier);
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

static void check_calls(const char *writer)
{
	struct live_batch batch = {0};

	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		live_batch_add(&batch,
			       ARGS(live_writer(writer), "call", calls[i][0], live_path(calls[i][0]), "1"));
	live_batch_run(&batch, NO_ARGS);
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		check_call(live_batch_take(&batch, i), writer, calls[i][0], calls[i][1]);
	live_batch_free(&batch);
}

static void test_calls(void **state)
{
	(void)state;
	check_calls("writer");
	live_tick("write, pwrite64, writev, pwritev, pwritev2",
		  "what landed in the page cache; where there is none or it can't be read, the written "
		  "buffer: every byte up to 16 MiB a call");
}

static void test_calls_32(void **state)
{
	(void)state;
	if (live_widths() < 2) {
		puts("NOT ASKED the same by 32-bit programs | the same");
		skip();
	}
	check_calls("writer_32");
	live_tick("the same by 32-bit programs", "the same");
}

/* Positions past 4 GiB, which take a 32-bit caller two registers. */
static void test_far(void **state)
{
	static const char *const names[] = {"pwrite64", "pwritev", "pwritev2",
					    "pwritev2", "splice",  "copy_file_range"};
	static const char *const writers[] = {"writer", "writer_32"};
	const size_t count = sizeof(names) / sizeof(*names);
	struct maker_token last = maker_token(60 + count - 1);
	FILE *source = fopen(live_path("source"), "w");

	(void)state;
	fwrite(last.text, 1, MAKER_TOKEN_LEN, source);
	fclose(source);
	for (size_t w = 0; w < live_widths(); w++) {
		const char *directory = live_path(writers[w]);
		struct live_run run;

		assert_int_equal(mkdir(directory, 0700), 0);
		run = live_exec(NO_ARGS,
				ARGS(live_writer(writers[w]), "far", directory, "60", live_path("source")));
		if (run.status || json_array_size(run.alerts) != count)
			fail_msg("status %d, %zu alerts: %s", run.status, json_array_size(run.alerts),
				 run.errors);
		for (size_t i = 0; i < count; i++) {
			const json_t *alert = json_array_get(run.alerts, i);

			assert_string_equal(live_string(alert, "token.identifier"),
					    maker_token(60 + i).identifier);
			assert_string_equal(live_string(alert, "write.syscall"), names[i]);
			assert_int_equal(live_integer(alert, "write.token_offset"), (5LL << 30) + 100);
		}
		live_free(&run);
	}
}

/*
 * The upper halves of registers of which a call takes the lower ones: of its number, of descriptors and flags. On tmpfs, where
 * no second look finds what the first has missed.
 */
static void test_upper(void **state)
{
	static const char *const names[] = {"write",    "pwrite64", "writev",    "pwritev",
					    "pwritev2", "sendfile", "fsetxattr", "symlink"};
	const size_t count = sizeof(names) / sizeof(*names);
	struct live_run run;
	char script[1024];

	(void)state;
	assert_int_equal(mkdir(live_path("mnt"), 0700), 0);
	snprintf(script, sizeof(script), "mount -t tmpfs none %s; %s upper %s 70", live_path("mnt"),
		 live_writer("writer"), live_path("mnt"));
	run = live_exec(ARGS("--watch", "tmpfs"), ARGS("unshare", "-m", "sh", "-c", script));
	if (run.status || json_array_size(run.alerts) != count)
		fail_msg("status %d, %zu alerts: %s", run.status, json_array_size(run.alerts), run.errors);
	for (size_t i = 0; i < count; i++) {
		const json_t *alert = json_array_get(run.alerts, i);

		assert_string_equal(live_string(alert, "token.identifier"), maker_token(70 + i).identifier);
		assert_string_equal(live_string(alert, "write.syscall"), names[i]);
		if (i < 6)
			assert_int_equal(live_integer(alert, "write.token_offset"), 100);
	}
	live_free(&run);
}

/* A 32-bit program's older mmap(2), whose arguments lie in memory. */
static void test_old_mmap(void **state)
{
	struct maker_token token = maker_token(80);
	struct live_run run;
	char script[1024];

	(void)state;
	if (live_widths() < 2)
		skip();
	assert_int_equal(mkdir(live_path("mnt"), 0700), 0);
	snprintf(script, sizeof(script), "mount -t tmpfs none %s; %s old-mmap %s 80", live_path("mnt"),
		 live_writer("writer_32"), live_path("mnt/file"));
	run = live_exec(ARGS("--watch", "tmpfs"), ARGS("unshare", "-m", "sh", "-c", script));
	assert_int_equal(run.status, 0);
	assert_int_equal(live_count(&run, &token), 1);
	assert_int_equal(live_integer(live_only(&run), "write.token_offset"), 5000);
	assert_string_equal(live_string(live_only(&run), "process.name"), "writer_32");
	live_free(&run);
}

static void test_append(void **state)
{
	struct live_run run =
		live_exec(NO_ARGS, ARGS(live_writer("writer"), "append", live_path("file"), "2"));

	(void)state;
	/* Linux appends even if pwrite names a position */
	assert_int_equal(live_integer(live_only(&run), "write.offset"), 5);
	live_free(&run);
	/* io_submit, by a flag of its own */
	run = live_exec(NO_ARGS, ARGS(live_writer("writer"), "append-flags", live_path("flags"), "2"));
	assert_int_equal(live_integer(live_only(&run), "write.token_offset"), 5);
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
	assert_int_equal(live_lost(&run), 0);
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
	if (live_widths() < 2)
		return;
	run = live_exec(NO_ARGS, ARGS(live_writer("writer_32"), "iovec", live_path("file"), "4"));
	assert_int_equal(live_count(&run, &token), 1);
	assert_int_equal(live_count(&run, &next), 1);
	live_free(&run);
}

struct stream_case {
	const char *kind, *type;
};

/* Writes to one stream of each kind: those of `expected` are alerted, and nothing else. */
static void check_streams(const char *watch, const char *expected)
{
	static const struct stream_case cases[] = {
		{"pipe", "fifo"}, {"socket", "socket"}, {"tty", "tty"}, {"memfd", "memfd"}, {"null", "-"}};
	enum { CASES = sizeof(cases) / sizeof(*cases) };
	struct maker_token token = maker_token(5);
	struct live_batch batch = {0};

	for (size_t i = 0; i < CASES; i++)
		live_batch_add(&batch, ARGS(live_writer("writer"), "stream", cases[i].kind, "5"));
	live_batch_run(&batch, ARGS("--watch", watch));
	for (size_t i = 0; i < CASES; i++) {
		struct live_run run = live_batch_take(&batch, i);
		size_t alerts = strstr(expected, cases[i].kind) != NULL;

		assert_int_equal(run.status, 0);
		if (json_array_size(run.alerts) != alerts)
			fail_msg("--watch %s, %s: %zu alerts", watch, cases[i].kind,
				 json_array_size(run.alerts));
		if (alerts) {
			assert_string_equal(live_string(live_only(&run), "file.type"), cases[i].type);
			if (strcmp(cases[i].kind, "memfd") == 0)
				assert_string_equal(live_string(live_only(&run), "file.path"),
						    "/memfd:spillwatch-test");
			live_no_secret(&run, &token);
		}
		live_free(&run);
	}
	live_batch_free(&batch);
}

static void test_watch(void **state)
{
	(void)state;
	check_streams("default", "");
	check_streams("all", "pipe socket tty memfd");
	check_streams("pipe", "pipe");
	check_streams("socket", "socket");
	check_streams("tty,memfd", "tty memfd");
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
	cmocka_unit_test_setup_teardown(test_far, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_upper, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_old_mmap, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_append, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_page_end, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_iovec, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_watch, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_no_secret, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_innocent, live_setup, live_teardown),
};
const size_t live_writes_count = sizeof(live_writes) / sizeof(*live_writes);
