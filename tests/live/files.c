// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * File systems that keep their bytes elsewhere: stacked (overlayfs), shared (reflinks on btrfs), another
 * program's (FUSE). Each is mounted in a mount namespace of its own, and gone with it.
 */
#include "live.h"

#include <stdlib.h>
#include <unistd.h>

/* Runs a script with the file system mounted at $DIR/mnt; $WRITER is the writer. */
static struct live_run files_run(const char *mount, const char *script)
{
	char command[4096];

	snprintf(command, sizeof(command),
		 "set -e; export DIR=%s WRITER=%s; mkdir -p $DIR/mnt; unshare -m sh -ec '%s; %s'",
		 live_path(""), realpath(live_writer("writer"), NULL), mount, script);
	return live_exec(ARGS("--watch", "disk,tmpfs"), ARGS("sh", "-c", command));
}

#define FILES_OVERLAY                                \
	"mkdir -p $DIR/lower $DIR/upper $DIR/work; " \
	"mount -t overlay overlay -o lowerdir=$DIR/lower,upperdir=$DIR/upper,workdir=$DIR/work $DIR/mnt"
#define FILES_BTRFS                                                           \
	"truncate -s 128M $DIR/image; mkfs.btrfs -q $DIR/image > $DIR/mkfs; " \
	"mount -o loop $DIR/image $DIR/mnt"

static void test_overlay(void **state)
{
	struct live_run run = files_run(FILES_OVERLAY, "$WRITER pieces $DIR/mnt/file");
	json_t *alert;
	size_t i;

	(void)state;
	if (run.status || json_array_size(run.alerts) != 95 + 95)
		fail_msg("status %d, %zu alerts: %s", run.status, json_array_size(run.alerts), run.errors);
	json_array_foreach (run.alerts, i, alert) {
		assert_string_equal(live_string(alert, "file.fs_type"), "overlay");
		assert_string_equal(live_string(alert, "write.seen_by"), "page_cache");
	}
	assert_int_equal(live_lost(&run), 0);
	live_free(&run);
	/* each once, not once for the file and once for the one below */
	run = files_run("mkdir $DIR/two; DIR=$DIR/two; mkdir $DIR/mnt; " FILES_OVERLAY,
			"$WRITER token 7 > $DIR/lower/x; cp $DIR/mnt/x $DIR/mnt/y; echo more >> $DIR/mnt/x");
	/* x by the shell, y by cp, and the lower x, copied up whole by the kernel before it is appended to */
	assert_int_equal(run.status, 0);
	assert_in_range(json_array_size(run.alerts), 2, 3);
	live_free(&run);
	/* by its own name, not by the one that the file below has in a mount of the kernel's */
	run = files_run("mkdir $DIR/three; DIR=$DIR/three; mkdir $DIR/mnt; " FILES_OVERLAY,
			"$(dirname $WRITER)/seams join collapsed $DIR/mnt/joined 9");
	assert_int_equal(run.status, 0);
	assert_in_range(json_array_size(run.alerts), 1, 2);
	json_array_foreach (run.alerts, i, alert)
		assert_string_equal(live_string(alert, "file.path"), live_path("three/mnt/joined"));
	live_free(&run);
	live_tick("overlayfs: writes and pieces", "the page cache of the file below");
}

/* A file that the kernel copies up before it is changed: by whom, and where it lies in the end. It has no name before that. */
static void test_copied_up(void **state)
{
	struct maker_token token = maker_token(38);
	char command[1024];
	const json_t *alert;
	struct live_run run;

	(void)state;
	snprintf(command, sizeof(command), "mkdir %s; %s token 38 > %s", live_path("lower"),
		 live_writer("writer"), live_path("lower/file"));
	run = live_command(ARGS("sh", "-c", command));
	assert_int_equal(run.status, 0);
	live_free(&run);
	run = files_run(FILES_OVERLAY, "echo more >> $DIR/mnt/file");
	assert_int_equal(run.status, 0);
	alert = live_only(&run);
	assert_int_equal(live_count(&run, &token), 1);
	assert_string_equal(live_string(alert, "process.name"), "sh");
	assert_string_equal(live_string(alert, "file.path"), live_path("upper/file"));
	/* the writer's own, and with no other name */
	assert_null(json_object_get(json_object_get(alert, "file"), "links"));
	assert_null(json_object_get(json_object_get(alert, "file"), "uid"));
	assert_null(json_object_get(json_object_get(alert, "file"), "deleted"));
	assert_int_equal(live_integer(alert, "write.token_offset"), 0);
	assert_int_equal(live_lost(&run), 0);
	live_free(&run);
}

static void check_clone(const char *how, int64_t at)
{
	char script[1024];
	struct live_run run;

	snprintf(script, sizeof(script),
		 "$WRITER call write $DIR/mnt/source 51 & wait; truncate -s 4096 $DIR/mnt/source; sync; "
		 "$WRITER clone %s $DIR/mnt/file $DIR/mnt/source; "
		 /* what is mounted here is gone with the command */
		 "for i in $(seq 300); do grep -q ficlone $DIR/alerts && break; sleep 0.1; done",
		 how);
	run = files_run(FILES_BTRFS, script);
	if (run.status || json_array_size(run.alerts) != 2)
		fail_msg("%s: status %d, %zu alerts: %s%s", how, run.status, json_array_size(run.alerts),
			 run.errors, run.output);
	assert_string_equal(live_string(json_array_get(run.alerts, 1), "write.syscall"), "ioctl_ficlone");
	assert_string_equal(live_string(json_array_get(run.alerts, 1), "write.seen_by"), "file_read");
	assert_int_equal(live_integer(json_array_get(run.alerts, 1), "write.token_offset"), at);
	live_free(&run);
}

static void test_clone(void **state)
{
	(void)state;
	check_clone("ficlone", 106);
	live_teardown(NULL);
	live_setup(NULL);
	check_clone("ficlonerange", 4096 + 106);
	live_tick("FICLONE, FICLONERANGE", "the daemon reads the cloned range");
}

/* So many alerts, all of that token. */
static void check_cloned(const struct live_run *run, const struct maker_token *token, size_t count)
{
	if (run->status || json_array_size(run->alerts) != count)
		fail_msg("status %d, %zu alerts: %s%s", run->status, json_array_size(run->alerts),
			 run->errors, run->output);
	assert_int_equal(live_count(run, token), count);
}

/*
 * A token that stands there already, put there again: by another program it is another leak, by the same one it is none; and
 * whoever clones beside it has not put it there.
 */
static void test_clone_again(void **state)
{
	static const char *const who[] = {"writer", "writer", "other", "third", "fifth", "third"};
	struct maker_token token = maker_token(51);
	struct live_run run;
	size_t i;

	(void)state;
	run = files_run(
		FILES_BTRFS,
		"cd $DIR/mnt; cp $WRITER $DIR/other; cp $WRITER $DIR/third; cp $WRITER $DIR/fourth; "
		"cp $WRITER $DIR/fifth; "
		"$WRITER call write source 51 & wait; truncate -s 4096 source; truncate -s 4096 blank; sync; "
		"$WRITER clone ficlone file source; $DIR/other clone ficlone file source; "
		"$WRITER clone ficlone file source; $DIR/other clone ficlone file source; "
		/* who writes there before that is read leaves it open who had put it there */
		"for i in $(seq 300); do grep -q '\"name\":\"other\"' $DIR/alerts && break; sleep 0.1; done; "
		"$DIR/third call write file 51 & wait; $DIR/third clone ficlone file source; "
		"$DIR/fourth clone ficlonerange file blank; "
		"$DIR/fifth clone ficlonerange file source; $DIR/fifth clone ficlonerange file source; "
		/* what is asked for is read in turn; and what is mounted here is gone with the command */
		"$DIR/third clone ficlone end source; "
		"for i in $(seq 300); do grep -q mnt/end $DIR/alerts && break; sleep 0.1; done");
	check_cloned(&run, &token, 6);
	for (i = 0; i < 6; i++) {
		const json_t *alert = json_array_get(run.alerts, i);
		const char *file = i == 0 ? "mnt/source" : i == 5 ? "mnt/end" : "mnt/file";

		assert_string_equal(live_string(alert, "process.name"), who[i]);
		assert_string_equal(live_string(alert, "event.action"), "token-written");
		assert_string_equal(live_string(alert, "file.path"), live_path(file));
	}
	/* where pages have to be copied, there may be no time for all of them */
	if (live_lost(&run) !=
	    live_summary(&run, "pages on their way to a block device that could not be looked at"))
		fail_msg("%s", run.errors);
	live_free(&run);
}

/*
 * The same by copy_file_range(2), which shares what lies on one file system: nothing of it is in the page cache. Who copies blanks over a
 * token, or anything beside it, or only what stands there already, is not named.
 */
static void test_copied_again(void **state)
{
	static const char *const who[] = {"writer", "writer", "other", "third", "fifth", "writer"};
	struct maker_token token = maker_token(53);
	struct live_run run;

	(void)state;
	run = files_run(
		FILES_BTRFS,
		"cd $DIR/mnt; for i in other third fourth fifth; do cp $WRITER $DIR/$i; done; "
		"$WRITER call write source 53 & wait; truncate -s 4096 source; truncate -s 4096 blank; sync; "
		"copied() { \"$@\"; sleep 0.2; }; "
		"copied $WRITER clone copy file source; copied $DIR/other clone copy file source; "
		"copied $WRITER clone copy file source; copied $DIR/other clone copy file source; "
		"copied $DIR/fourth clone beside file blank; copied $DIR/third clone copy file source; "
		"copied $DIR/fourth clone copy file blank; "
		"copied $DIR/fifth clone copy file source; copied $DIR/fifth clone copy file source; "
		"$WRITER clone copy end source; "
		"for i in $(seq 300); do grep -q mnt/end $DIR/alerts && break; sleep 0.1; done");
	check_cloned(&run, &token, 6);
	for (size_t i = 0; i < 6; i++) {
		const json_t *alert = json_array_get(run.alerts, i);

		assert_string_equal(live_string(alert, "process.name"), who[i]);
		assert_string_equal(live_string(alert, "event.action"), "token-written");
		if (i)
			assert_string_equal(live_string(alert, "write.syscall"), "copy_file_range");
	}
	assert_string_equal(live_string(json_array_get(run.alerts, 4), "file.path"), live_path("mnt/file"));
	assert_string_equal(live_string(json_array_get(run.alerts, 5), "file.path"), live_path("mnt/end"));
	live_free(&run);
}

/* A clone of a short file over a longer one: what stands behind it in the longer one is not the cloner's. */
static void test_clone_longer(void **state)
{
	struct maker_token token = maker_token(52);
	struct live_run run;

	(void)state;
	run = files_run(FILES_BTRFS,
			"cd $DIR/mnt; cp $WRITER $DIR/other; $WRITER call write source 52 & wait; "
			"truncate -s 4096 source; truncate -s 4096 blank; cat blank source >longer; sync; "
			"$DIR/other clone ficlone longer blank; "
			"$DIR/other clone ficlone end source; "
			"for i in $(seq 300); do grep -q mnt/end $DIR/alerts && break; sleep 0.1; done");
	check_cloned(&run, &token, 3);
	assert_string_equal(live_string(json_array_get(run.alerts, 1), "process.name"), "cat");
	assert_string_equal(live_string(json_array_get(run.alerts, 2), "file.path"), live_path("mnt/end"));
	live_free(&run);
}

/* Of a small file btrfs writes its records anew whenever something beside it changes: nobody has written a token by that. */
static void test_records(void **state)
{
	struct maker_token token = maker_token(54);
	struct live_run run;

	(void)state;
	run = files_run(FILES_BTRFS, "cd $DIR/mnt; $WRITER token 54 > file; for i in 1 2 3 4 5 6 7 8; do "
				     "head -c 1000000 /dev/urandom > big; for k in 1 2 3 4 5 6; do "
				     "mkdir $i-$k; echo > $i-$k/y; sync $i-$k/y; done; sync; done");
	check_cloned(&run, &token, 1);
	assert_string_equal(live_string(live_only(&run), "file.path"), live_path("mnt/file"));
	live_free(&run);
}

/* A mapped file that has no name any more, and none from the start. */
static void test_mapped_deleted(void **state)
{
	struct maker_token token = maker_token(37);
	struct live_run run =
		live_exec(NO_ARGS, ARGS(live_writer("writer"), "mapped", "deleted", live_path("file"), "37"));

	(void)state;
	assert_int_equal(run.status, 0);
	assert_int_equal(live_count(&run, &token), 1);
	assert_int_equal(live_lost(&run), 0);
	live_free(&run);
}

/* Files without a name that are gone before it is time for a second look at all that is mapped. */
static void test_mapped_nameless(void **state)
{
	char command[512];
	struct live_run run;

	(void)state;
	snprintf(command, sizeof(command), "for n in 60 61 62 63 64; do %s nameless %s $n & wait; done",
		 live_writer("writer"), live_path("file"));
	run = live_exec(NO_ARGS, ARGS("sh", "-c", command));
	assert_int_equal(run.status, 0);
	if (json_array_size(run.alerts) != 5)
		fail_msg("%zu alerts: %s", json_array_size(run.alerts), run.errors);
	for (uint64_t n = 60; n < 65; n++) {
		struct maker_token token = maker_token(n);

		assert_int_equal(live_count(&run, &token), 1);
	}
	assert_int_equal(live_lost(&run), 0);
	live_free(&run);
}

const struct CMUnitTest live_files[] = {
	cmocka_unit_test_setup_teardown(test_overlay, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_copied_up, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_clone, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_clone_again, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_copied_again, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_clone_longer, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_records, live_setup, live_teardown),
};
const size_t live_files_count = sizeof(live_files) / sizeof(*live_files);

const struct CMUnitTest live_files_once[] = {
	cmocka_unit_test_setup_teardown(test_mapped_deleted, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_mapped_nameless, live_setup, live_teardown),
};
const size_t live_files_once_count = sizeof(live_files_once) / sizeof(*live_files_once);
