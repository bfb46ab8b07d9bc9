// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Files that belong to others: what somebody does with them while the daemon is to read them harms nobody but that file. */
#include "live.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The writer's status where a machine can't do what was asked. */
#define OTHERS_VOID 77
/* How long a file system does not answer: who waits for it waits longer. */
#define OTHERS_DEAD_S 60

static struct live_run others_run(const char *how, const char *number)
{
	assert_int_equal(mkdir(live_path("mnt"), 0700), 0);
	return live_exec(ARGS("--watch", "tmpfs"),
			 ARGS(live_writer("others"), how, live_path("mnt"), number, live_path("alerts")));
}

/* The name of a file that is to be read is a pipe's by now, or leads to one: nobody opens it, and the file is found. */
static void check_swapped(const char *how)
{
	struct maker_token token = maker_token(90);
	struct live_run run = others_run(how, "90");

	if (run.status)
		fail_msg("%s: status %d: %s", how, run.status, run.errors);
	assert_int_equal(live_count(&run, &token), 1);
	assert_int_equal(live_lost(&run), 0);
	live_free(&run);
}

static void test_swapped_pipe(void **state)
{
	(void)state;
	check_swapped("pipe");
}

static void test_swapped_link(void **state)
{
	(void)state;
	check_swapped("link");
}

/* A file under a lease is counted, and keeps no other waiting. */
static void test_leased(void **state)
{
	struct live_run run = others_run("lease", "92");
	struct maker_token other = maker_token(93);

	(void)state;
	if (run.status)
		fail_msg("status %d: %s", run.status, run.errors);
	assert_int_equal(live_count(&run, &other), 1);
	assert_int_equal(live_summary(&run, "files that had to be read and could not be"), 1);
	/* and it is said which, and why */
	if (!strstr(run.errors, ": somebody holds a lease on it)"))
		fail_msg("%s", run.errors);
	live_free(&run);
}

/* The file system of a file does not answer: that file is lost and counted, and nothing else; and nobody waits for it in the end. */
static void test_dead(void **state)
{
	struct maker_token other = maker_token(95), good = maker_token(96);
	time_t began = time(NULL);
	struct live_run run = others_run("dead", "94");

	(void)state;
	if (run.status == OTHERS_VOID) {
		print_message("no FUSE on this machine\n");
		live_free(&run);
		return;
	}
	if (run.status)
		fail_msg("status %d: %s", run.status, run.errors);
	assert_int_equal(live_count(&run, &other), 1);
	assert_int_equal(live_count(&run, &good), 1);
	/* what was written by a call did not wait for what hung */
	assert_string_equal(live_string(json_array_get(run.alerts, 0), "token.identifier"), good.identifier);
	assert_int_equal(live_summary(&run, "files that had to be read and whose file system did not answer"),
			 1);
	assert_int_equal(live_lost(&run), 1);
	if (time(NULL) - began >= OTHERS_DEAD_S)
		fail_msg("it was waited for");
	live_free(&run);
}

/* A name in a place that does not answer by then: what it is the name of is not known, and nobody waits for that. */
static void test_dead_name(void **state)
{
	struct maker_token name = maker_token(98), good = maker_token(100);
	time_t began = time(NULL);
	struct live_run run = others_run("name", "98");

	(void)state;
	if (run.status == OTHERS_VOID) {
		print_message("no FUSE on this machine\n");
		live_free(&run);
		return;
	}
	if (run.status)
		fail_msg("status %d: %s", run.status, run.errors);
	assert_int_equal(live_count(&run, &name), 1);
	assert_int_equal(live_count(&run, &good), 1);
	if (time(NULL) - began >= OTHERS_DEAD_S)
		fail_msg("it was waited for");
	live_free(&run);
}

/* SIGTERM while a file hangs: the daemon ends, whether or not the file system ever answers. */
static void test_dead_end(void **state)
{
	char command[4096], group[256];
	time_t began = time(NULL);
	struct live_run run;

	(void)state;
	assert_int_equal(mkdir(live_path("mnt"), 0700), 0);
	snprintf(group, sizeof(group), "%s/spillwatch-others-%d", live_cgroup_root(), getpid());
	assert_int_equal(mkdir(group, 0755), 0);
	snprintf(command, sizeof(command),
		 "%s run --no-store --attach %s --watch tmpfs --cgroup %s --alerts %s & watcher=$!; "
		 "until grep -q watching %s; do kill -0 $watcher || exit 9; sleep 0.05; done; "
		 "(echo 0 > %s/cgroup.procs; DAEMON=$watcher exec %s hang %s 97 %s) & writer=$!; "
		 "while kill -0 $writer && ! [ -e %s.ready ]; do sleep 0.05; done; "
		 "kill $watcher; wait $watcher || exit 8; wait $writer",
		 getenv("SPILLWATCH") ? getenv("SPILLWATCH") : "build/spillwatch",
		 getenv("SPILLWATCH_ATTACH") ? getenv("SPILLWATCH_ATTACH") : "auto", group,
		 live_path("alerts"), live_path("errors"), group, live_writer("others"), live_path("mnt"),
		 live_path("alerts"), live_path("alerts"));
	run = live_command(ARGS("sh", "-c", command));
	for (int i = 0; i < 3000 && rmdir(group) < 0; i++)
		usleep(10000);
	if (run.status == OTHERS_VOID) {
		print_message("no FUSE on this machine\n");
		live_free(&run);
		return;
	}
	if (run.status)
		fail_msg("status %d: %s", run.status, run.errors);
	if (!live_summary(&run, "files that had to be read and whose file system did not answer"))
		fail_msg("nothing is said of it: %s", run.errors);
	if (time(NULL) - began >= OTHERS_DEAD_S)
		fail_msg("it was waited for");
	live_free(&run);
}

const struct CMUnitTest live_others[] = {
	cmocka_unit_test_setup_teardown(test_swapped_pipe, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_swapped_link, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_leased, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_dead, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_dead_name, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_dead_end, live_setup, live_teardown),
};
const size_t live_others_count = sizeof(live_others) / sizeof(*live_others);
