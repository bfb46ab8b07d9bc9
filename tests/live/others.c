// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Files that belong to others: what somebody does with them while the daemon is to read them harms nobody but that file. */
#include "live.h"

#include <sys/stat.h>

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
	live_free(&run);
}

const struct CMUnitTest live_others[] = {
	cmocka_unit_test_setup_teardown(test_swapped_pipe, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_swapped_link, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_leased, live_setup, live_teardown),
};
const size_t live_others_count = sizeof(live_others) / sizeof(*live_others);
