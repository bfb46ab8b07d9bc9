// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What lands on disk without being a file's content, and what goes elsewhere than to a file. */
#include "live.h"

#include <stdlib.h>
#include <sys/stat.h>

/* By the system call `how`; `name` is what the alert calls it, `part` what was written. */
static void check_name(const char *writer, const char *how, const char *name, const char *part)
{
	struct maker_token token = maker_token(41);
	const char *directory = live_path(how);
	struct live_run run;

	assert_int_equal(mkdir(directory, 0700), 0);
	run = live_exec(NO_ARGS, ARGS(live_writer(writer), "name", how, directory, "41"));
	if (run.status || json_array_size(run.alerts) != 1)
		fail_msg("%s %s: status %d, %zu alerts: %s", writer, how, run.status,
			 json_array_size(run.alerts), run.errors);
	assert_int_equal(live_count(&run, &token), 1);
	assert_string_equal(live_string(live_only(&run), "write.syscall"), name);
	assert_string_equal(live_string(live_only(&run), "write.part"), part);
	if (strcmp(part, "name") == 0) {
		assert_non_null(strstr(live_string(live_only(&run), "file.path"), token.identifier));
		if (strcmp(how, "bind") != 0)
			assert_non_null(strstr(live_string(live_only(&run), "file.path"), directory));
	}
	live_no_secret(&run, &token);
	assert_int_equal(live_summary(&run, "LOST"), 0);
	live_free(&run);
}

static void test_names(void **state)
{
	static const char *const calls[] = {"mkdir",  "mkdirat",  "mknod",     "mknodat",   "link", "linkat",
					    "rename", "renameat", "symlink",   "symlinkat", "open", "creat",
					    "openat", "openat2",  "renameat2", "bind"};
	static const char *const writers[] = {"writer", "writer_32"};

	(void)state;
	for (size_t w = 0; w < 2; w++) {
		for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
			check_name(writers[w], calls[i], calls[i], "name");
		live_teardown(NULL);
		live_setup(NULL);
	}
	live_tick("names of what is created, linked or renamed",
		  "the name in the directory entry (fexit) or the call's argument (syscall)");
}

static void test_link_targets(void **state)
{
	(void)state;
	check_name("writer", "symlink-target", "symlink", "link_target");
	live_tick("targets of symbolic links", "the call's argument");
}

static void test_attributes(void **state)
{
	(void)state;
	check_name("writer", "setxattr", "setxattr", "xattr");
	check_name("writer", "lsetxattr", "lsetxattr", "xattr");
	check_name("writer", "fsetxattr", "fsetxattr", "xattr");
	check_name("writer", "setxattr-name", "setxattr", "xattr");
	live_teardown(NULL);
	live_setup(NULL);
	check_name("writer_32", "setxattr", "setxattr", "xattr");
	check_name("writer_32", "fsetxattr", "fsetxattr", "xattr");
	live_tick("extended attributes", "the attribute's value");
}

/* A name that was there before is not written again by using it. */
static void test_names_used(void **state)
{
	struct maker_token token = maker_token(42);
	char directory[600], command[4096];
	struct live_run run;

	(void)state;
	snprintf(directory, sizeof(directory), "%s", live_path(token.text));
	assert_int_equal(mkdir(directory, 0700), 0);
	snprintf(command, sizeof(command),
		 "cd '%s' && mkdir a && touch b && ln -s b c && mv b d && cat c d; cd / && "
		 "mkdir '%s/e' && touch '%s/f'",
		 directory, directory, directory);
	run = live_exec(NO_ARGS, ARGS("sh", "-c", command));
	assert_int_equal(json_array_size(run.alerts), 0);
	live_free(&run);
}

static void check_send(const char *writer, const char *how, const char *name)
{
	struct live_run run =
		live_exec(ARGS("--watch", "socket"), ARGS(live_writer(writer), "send", how, "43"));

	assert_int_equal(run.status, 0);
	assert_string_equal(live_string(live_only(&run), "write.syscall"), name);
	assert_string_equal(live_string(live_only(&run), "file.type"), "socket");
	assert_string_equal(live_string(live_only(&run), "write.seen_by"), "buffer");
	assert_int_equal(live_integer(live_only(&run), "write.length"), MAKER_TOKEN_LEN);
	live_free(&run);
	run = live_exec(NO_ARGS, ARGS(live_writer(writer), "send", how, "43"));
	assert_int_equal(json_array_size(run.alerts), 0);
	live_free(&run);
}

static void test_send(void **state)
{
	static const char *const writers[] = {"writer", "writer_32"};

	(void)state;
	for (size_t w = 0; w < 2; w++) {
		check_send(writers[w], "send", "sendto");
		check_send(writers[w], "sendto", "sendto");
		check_send(writers[w], "sendmsg", "sendmsg");
		check_send(writers[w], "sendmmsg", "sendmmsg");
	}
	live_tick("send, sendto, sendmsg, sendmmsg (`--watch socket`)",
		  "the message's buffers, every message and iovec entry");
}

static void test_rewritten(void **state)
{
	static const char *const kinds[] = {"pipe", "socket"};
	struct maker_token token = maker_token(44);

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct live_run run = live_exec(ARGS("--watch", "all"),
						ARGS(live_writer("writer"), "rewrite", kinds[i], "44"));

		assert_int_equal(run.status, 0);
		if (live_count(&run, &token) != 1)
			fail_msg("%s: %zu alerts: %s", kinds[i], json_array_size(run.alerts), run.errors);
		live_free(&run);
	}
	live_tick("a stream's buffer, rewritten while the write sleeps",
		  "looked at before the call as well as after it");
}

const struct CMUnitTest live_names[] = {
	cmocka_unit_test_setup_teardown(test_names, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_link_targets, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_attributes, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_names_used, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_send, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_rewritten, live_setup, live_teardown),
};
const size_t live_names_count = sizeof(live_names) / sizeof(*live_names);
