// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What lands on disk without being a file's content, and what goes elsewhere than to a file. */
#include "batch.h"

#include <stdlib.h>
#include <sys/stat.h>

/* What the summary says of facts that were asked for in vain. */
#define NAME_UNANSWERED "times that a name"

struct name_case {
	const char *writer, *how;
	const char *call; /* what the alert calls it */
	const char *part; /* what was written */
};

/* What has the name, by the call that made it. */
static const char *name_type(const char *how)
{
	if (strncmp(how, "mkdir", 5) == 0 || strncmp(how, "subvolume", 9) == 0 ||
	    strncmp(how, "snapshot", 8) == 0)
		return "directory";
	if (strncmp(how, "mknod", 5) == 0)
		return "fifo";
	if (strncmp(how, "symlink", 7) == 0)
		return "symlink";
	return strcmp(how, "bind") == 0 ? "socket" : "regular";
}

static void name_check(struct live_run run, const struct name_case *one)
{
	struct maker_token token = maker_token(41);

	if (run.status || json_array_size(run.alerts) != 1)
		fail_msg("%s %s: status %d, %zu alerts: %s", one->writer, one->how, run.status,
			 json_array_size(run.alerts), run.errors);
	assert_int_equal(live_count(&run, &token), 1);
	assert_string_equal(live_string(live_only(&run), "write.syscall"), one->call);
	assert_string_equal(live_string(live_only(&run), "write.part"), one->part);
	assert_string_equal(live_string(live_only(&run), "process.name"), one->writer);
	/* what a link or a rename has made, the file has to be asked; on a busy machine that may take too long, and is counted */
	if (strcmp(one->part, "xattr") != 0 &&
	    (strcmp(live_string(live_only(&run), "file.type"), "unknown") != 0 ||
	     !live_summary(&run, NAME_UNANSWERED)))
		assert_string_equal(live_string(live_only(&run), "file.type"), name_type(one->how));
	if (strcmp(one->part, "name") == 0) {
		const char *path = live_string(live_only(&run), "file.path");

		assert_non_null(strstr(path, token.identifier));
		if (strcmp(one->how, "bind") != 0 && !strstr(path, one->how))
			fail_msg("%s: %s", one->how, path);
	}
	live_no_secret(&run, &token);
	live_free(&run);
}

/* Each in a directory of its own: a name that is made twice in one is a repeat. */
static void name_cases(const struct name_case *cases, size_t count)
{
	struct live_batch batch = {0};

	for (size_t i = 0; i < count; i++) {
		char name[64];

		snprintf(name, sizeof(name), "%s-%zu", cases[i].how, i);
		assert_int_equal(mkdir(live_path(name), 0700), 0);
		live_batch_add(&batch, ARGS(live_writer(cases[i].writer), "name", cases[i].how,
					    live_path(name), "41"));
	}
	live_batch_run(&batch, NO_ARGS);
	for (size_t i = 0; i < count; i++)
		name_check(live_batch_take(&batch, i), &cases[i]);
	live_batch_free(&batch);
}

static void test_names(void **state)
{
	static const char *const calls[] = {"mkdir",  "mkdirat",  "mknod",     "mknodat",   "link", "linkat",
					    "rename", "renameat", "symlink",   "symlinkat", "open", "creat",
					    "openat", "openat2",  "renameat2", "bind"};
	enum { CALLS = sizeof(calls) / sizeof(*calls) };
	struct name_case cases[2 * CALLS];

	(void)state;
	for (size_t i = 0; i < 2 * CALLS; i++)
		cases[i] = (struct name_case){i < CALLS ? "writer" : "writer_32", calls[i % CALLS],
					      calls[i % CALLS], "name"};
	name_cases(cases, live_widths() * CALLS);
	live_tick("names of what is created, linked or renamed",
		  "the name in the directory entry (fexit) or the call's argument (syscall)");
}

static void test_link_targets(void **state)
{
	static const struct name_case one = {"writer", "symlink-target", "symlink", "link_target"};

	(void)state;
	name_cases(&one, 1);
	live_tick("targets of symbolic links", "the call's argument");
}

static void test_attributes(void **state)
{
	static const struct name_case cases[] = {
		{"writer", "setxattr", "setxattr", "xattr"},
		{"writer", "lsetxattr", "lsetxattr", "xattr"},
		{"writer", "fsetxattr", "fsetxattr", "xattr"},
		{"writer", "setxattr-name", "setxattr", "xattr"},
		{"writer_32", "setxattr", "setxattr", "xattr"},
		{"writer_32", "fsetxattr", "fsetxattr", "xattr"},
	};

	(void)state;
	name_cases(cases, live_widths() == 2 ? sizeof(cases) / sizeof(*cases) : 4);
	live_tick("extended attributes", "the attribute's value");
}

/* By a descriptor and an empty path (Linux 6.13 and later): the file's own path, and nothing behind it. */
static void test_attribute_empty_path(void **state)
{
	struct maker_token token = maker_token(41);
	struct live_run run;

	(void)state;
	run = live_exec(NO_ARGS, ARGS(live_writer("writer"), "name", "setxattrat", live_path("."), "41"));
	if (run.status && strstr(run.errors, "not implemented")) {
		live_free(&run);
		skip();
	}
	assert_int_equal(run.status, 0);
	assert_int_equal(live_count(&run, &token), 1);
	assert_string_equal(live_string(live_only(&run), "write.part"), "xattr");
	assert_string_equal(live_string(live_only(&run), "file.path"), live_path("plain"));
	live_free(&run);
}

/* A socket that io_uring binds (Linux 6.11 and later): its name is seen, or else counted. */
static void test_bound_async(void **state)
{
	struct maker_token token = maker_token(41);
	struct live_run run;

	(void)state;
	run = live_exec(NO_ARGS, ARGS(live_writer("writer"), "name", "bind-async", live_path("."), "41"));
	if (run.status && strstr(run.errors, "nvalid argument")) {
		live_free(&run);
		skip();
	}
	assert_int_equal(run.status, 0);
	if (live_count(&run, &token) + live_summary(&run, "names and attributes made by io_uring") != 1)
		fail_msg("%zu alerts: %s", json_array_size(run.alerts), run.errors);
	live_free(&run);
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

static void test_send(void **state)
{
	static const char *const calls[][2] = {
		{"send", "sendto"}, {"sendto", "sendto"}, {"sendmsg", "sendmsg"}, {"sendmmsg", "sendmmsg"}};
	const size_t count = 4 * live_widths();
	struct live_batch watched = {0}, unwatched = {0};

	(void)state;
	for (size_t i = 0; i < count; i++) {
		const char *writer = live_writer(i < 4 ? "writer" : "writer_32");

		live_batch_add(&watched, ARGS(writer, "send", calls[i % 4][0], "43"));
		live_batch_add(&unwatched, ARGS(writer, "send", calls[i % 4][0], "43"));
	}
	live_batch_run(&watched, ARGS("--watch", "socket"));
	for (size_t i = 0; i < count; i++) {
		struct live_run run = live_batch_take(&watched, i);

		assert_int_equal(run.status, 0);
		assert_string_equal(live_string(live_only(&run), "write.syscall"), calls[i % 4][1]);
		assert_string_equal(live_string(live_only(&run), "file.type"), "socket");
		assert_string_equal(live_string(live_only(&run), "write.seen_by"), "buffer");
		assert_int_equal(live_integer(live_only(&run), "write.length"), MAKER_TOKEN_LEN);
		live_free(&run);
	}
	live_batch_run(&unwatched, NO_ARGS);
	assert_int_equal(json_array_size(unwatched.run.alerts), 0);
	live_batch_free(&watched);
	live_batch_free(&unwatched);
	live_tick("send, sendto, sendmsg, sendmmsg (`--watch socket`)",
		  "the message's buffers, every message and iovec entry");
}

static void test_rewritten(void **state)
{
	static const char *const kinds[] = {"pipe", "socket"};
	struct maker_token token = maker_token(44);
	struct live_batch batch = {0};

	(void)state;
	for (size_t i = 0; i < 2; i++)
		live_batch_add(&batch, ARGS(live_writer("writer"), "rewrite", kinds[i], "44"));
	live_batch_run(&batch, ARGS("--watch", "all"));
	for (size_t i = 0; i < 2; i++) {
		struct live_run run = live_batch_take(&batch, i);

		assert_int_equal(run.status, 0);
		if (live_count(&run, &token) != 1)
			fail_msg("%s: %zu alerts: %s", kinds[i], json_array_size(run.alerts), run.errors);
		live_free(&run);
	}
	live_batch_free(&batch);
	live_tick("a stream's buffer, rewritten while the write sleeps",
		  "looked at before the call as well as after it");
}

/* btrfs's own names, by ioctl(2), and its label. */
#define VOLUMES_TOKEN 41U

static void check_volume(const struct live_run *run, size_t how, bool name)
{
	struct maker_token token = maker_token(VOLUMES_TOKEN + how);
	json_t *alert, *named = NULL;
	size_t at, count = 0;

	/* the image that it lies in is written to as well */
	json_array_foreach (run->alerts, at, alert)
		if (json_object_get(json_object_get(alert, "write"), "part") &&
		    strcmp(live_string(alert, "token.identifier"), token.identifier) == 0 && ++count)
			named = alert;
	if (count != 1)
		fail_msg("%zu: %zu alerts: %s", how, count, run->errors);
	assert_string_equal(live_string(named, "write.part"), name ? "name" : "label");
	assert_string_equal(live_string(named, "write.syscall"),
			    name ? "ioctl_btrfs_subvolume" : "ioctl_setfslabel");
	assert_string_equal(live_string(named, "file.type"), "directory");
	live_no_secret(run, &token);
}

/* Each with a token of its own, by one monitor. */
static void test_volumes(void **state)
{
	static const char *const how[] = {"subvolume", "subvolume2", "snapshot", "snapshot2", "label"};
	const size_t count = sizeof(how) / sizeof(*how);
	char names[512] = "", command[4096];
	struct live_run run;

	(void)state;
	for (size_t i = 0; i < count; i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), " %s %zu", how[i],
			 VOLUMES_TOKEN + i);
	snprintf(command, sizeof(command),
		 "set -e; cd %s; truncate -s 128M image; mkfs.btrfs -q -f image > /dev/null; mkdir -p mnt; "
		 "unshare -m sh -ec 'mount -o loop image mnt; "
		 "while [ $# -gt 0 ]; do %s name $1 mnt $2; shift 2; done' sh%s",
		 live_path("."), realpath(live_writer("writer"), NULL), names);
	run = live_exec(NO_ARGS, ARGS("sh", "-c", command));
	if (run.status)
		fail_msg("status %d: %s", run.status, run.errors);
	for (size_t i = 0; i < count; i++)
		check_volume(&run, i, i + 1 < count);
	live_free(&run);
	live_tick("names of btrfs's subvolumes and snapshots, labels of file systems", "the call's argument");
}

const struct CMUnitTest live_names[] = {
	cmocka_unit_test_setup_teardown(test_names, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_link_targets, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_attributes, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_volumes, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_attribute_empty_path, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_bound_async, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_names_used, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_send, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_rewritten, live_setup, live_teardown),
};
const size_t live_names_count = sizeof(live_names) / sizeof(*live_names);
