// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is a repeat, and what is another leak: the place (generation, name, subvolume, attribute) and the writer. */
#include "live.h"

#include <stdlib.h>

/* Runs a shell script in this test's directory, with $WRITER and $DIR; $T is the token. */
static struct live_run identity_run(const char *watch, const char *script)
{
	char command[4096];

	snprintf(command, sizeof(command),
		 "set -e; export DIR=%s WRITER=%s; cd $DIR; export T=$($WRITER token 71); %s", live_path(""),
		 realpath(live_writer("writer"), NULL), script);
	return live_exec(ARGS("--watch", watch), ARGS("sh", "-c", command));
}

/* Alerts of first writes, and of repeats. */
static size_t identity_first(const struct live_run *run)
{
	size_t first = 0, i;
	json_t *alert;

	json_array_foreach (run->alerts, i, alert)
		first += strcmp(live_string(alert, "event.action"), "token-written") == 0;
	return first;
}

/* The sum of all that repeats told. */
static uint64_t identity_repeats(const struct live_run *run)
{
	uint64_t repeats = 0;
	json_t *alert;
	size_t i;

	json_array_foreach (run->alerts, i, alert)
		repeats += (uint64_t)live_optional(alert, "write.repeats");
	return repeats;
}

static void identity_check(const char *script, size_t first, uint64_t repeats)
{
	struct live_run run = identity_run("disk,tmpfs", script);

	if (run.status || identity_first(&run) != first || identity_repeats(&run) != repeats)
		fail_msg("%s: status %d, %zu first, %llu repeats: %s", script, run.status,
			 identity_first(&run), (unsigned long long)identity_repeats(&run), run.errors);
	assert_int_equal(live_summary(&run, "LOST"), 0);
	live_free(&run);
	live_teardown(NULL);
	live_setup(NULL);
}

static void test_place(void **state)
{
	(void)state;
	identity_check("echo $T > a; echo $T > a", 1, 1);
	/* the second gets the first one's inode, on most file systems */
	identity_check("echo $T > a; rm a; echo $T > b", 2, 0);
	identity_check("for i in 1 2 3 4 5 6 7 8; do echo $T > a; rm a; done", 8, 0);
	/* renamed, it is the same file */
	identity_check("echo $T > a; mv a b; echo $T >> b", 1, 1);
	identity_check("unshare -m sh -ec \"mkdir lower upper work mnt; mount -t overlay overlay -o "
		       "lowerdir=lower,upperdir=upper,workdir=work mnt; echo $T > mnt/a; echo $T > mnt/a; "
		       "rm mnt/a; echo $T > mnt/a\"",
		       2, 1);
}

/* A name is made in a directory. */
static void test_name_place(void **state)
{
	(void)state;
	identity_check("mkdir a b; mkdir a/$T b/$T; rmdir a/$T; mkdir a/$T", 2, 1);
	identity_check("mkdir $T; mkdir $T.too x$T", 3, 0);
	identity_check("mkdir a; mkdir a/$T; rm -r a; mkdir a; cd a; mkdir $T", 2, 0);
	identity_check("ln -s $T a; ln -s $T b; rm a; ln -s $T a", 2, 1);
}

static void test_attribute_place(void **state)
{
	(void)state;
	identity_check("mkdir a b; for d in a b a; do $WRITER name setxattr $DIR/$d 71; done", 2, 1);
	identity_check("mkdir a b; for d in a b a; do $WRITER name fsetxattr $DIR/$d 71; done", 2, 1);
	/* another attribute of the same file */
	identity_check("mkdir a; $WRITER name setxattr-name $DIR/a 71; $WRITER name setxattr $DIR/a 71", 2,
		       0);
}

/* A snapshot's inodes have the numbers and the generations of those that they were made of. */
static void test_subvolume(void **state)
{
	(void)state;
	identity_check(
		"truncate -s 128M image; mkfs.btrfs -q image > /dev/null; mkdir mnt; unshare -m sh -ec "
		"\"mount -o "
		"loop image mnt; cd mnt; $WRITER subvol . one; head -c 9000 /dev/zero > one/f; sync; $WRITER "
		"snap one . "
		"two; echo $T >> one/f; echo $T >> two/f; echo $T >> two/f\"",
		2, 1);
}

static void test_writer(void **state)
{
	struct live_run run;
	const json_t *last;

	(void)state;
	/* another program, another mount namespace */
	identity_check(
		"cp $WRITER other; $WRITER call write a 71; $WRITER call write a 71; ./other call write a 71",
		2, 1);
	identity_check("$WRITER call write a 71; unshare -m $WRITER call write a 71; $WRITER call write a 71",
		       2, 1);
	/* a repeat names who wrote last */
	run = identity_run("disk,tmpfs",
			   "for i in 1 2 3; do $WRITER call write a 71 & p=$!; wait; done; echo $p");
	assert_int_equal(json_array_size(run.alerts), 2);
	last = json_array_get(run.alerts, 1);
	assert_int_equal(live_integer(last, "write.repeats"), 2);
	assert_int_equal(live_integer(last, "process.pid"), strtol(run.output, NULL, 10));
	assert_int_not_equal(live_integer(json_array_get(run.alerts, 0), "process.pid"),
			     live_integer(last, "process.pid"));
	assert_string_equal(live_string(last, "process.name"), "writer");
	live_free(&run);
}

/* More leaks than are remembered: what is forgotten is counted, and alerted again; all adds up. */
static void test_forgotten(void **state)
{
	struct live_run run = live_exec(ARGS(NULL), ARGS(live_writer("writer"), "paced", live_path("file"),
							 "40000", "20000", live_path("alerts")));
	uint64_t lost = live_dropped(&run);
	uint64_t untold = live_summary(&run, "writes that repeated what was alerted");
	uint64_t first = identity_first(&run), repeats = identity_repeats(&run);

	(void)state;
	assert_true(live_summary(&run, "leaks that were forgotten for room") > 0);
	if (first + repeats + untold + lost != 40000)
		fail_msg("%llu first + %llu repeats + %llu untold + %llu lost", (unsigned long long)first,
			 (unsigned long long)repeats, (unsigned long long)untold, (unsigned long long)lost);
	live_free(&run);
}

const struct CMUnitTest live_identity[] = {
	cmocka_unit_test_setup_teardown(test_place, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_name_place, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_attribute_place, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_subvolume, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_writer, live_setup, live_teardown),
};
const size_t live_identity_count = sizeof(live_identity) / sizeof(*live_identity);

const struct CMUnitTest live_forgotten[] = {
	cmocka_unit_test_setup_teardown(test_forgotten, live_setup, live_teardown),
};
const size_t live_forgotten_count = sizeof(live_forgotten) / sizeof(*live_forgotten);
