// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What one system call asks of a hook at most. How long a real-time thread was held up is printed and not asserted: a busy
 * machine makes it longer; what was looked at does not depend on that.
 */
#include "live.h"

#include <stdlib.h>

/* More tokens in one write than there is time to tell of: the daemon reads the others. */
static void test_budget_tokens(void **state)
{
	enum { TOKENS = 5000 };
	static bool seen[TOKENS];
	struct live_run run =
		live_exec(NO_ARGS, ARGS(live_writer("budget"), "tokens", live_path("file"), "5000"));
	json_t *alert;
	size_t i;

	(void)state;
	assert_int_equal(run.status, 0);
	assert_int_equal(live_summary(&run, "LOST"), 0);
	print_message("held up for %s us\n", run.output);
	json_array_foreach (run.alerts, i, alert) {
		uint64_t at = (uint64_t)live_integer(alert, "write.token_offset");

		assert_int_equal(at % MAKER_TOKEN_LEN, 0);
		assert_in_range(at / MAKER_TOKEN_LEN, 0, TOKENS - 1);
		assert_string_equal(live_string(alert, "token.identifier"),
				    maker_token(at / MAKER_TOKEN_LEN).identifier);
		assert_false(seen[at / MAKER_TOKEN_LEN]);
		seen[at / MAKER_TOKEN_LEN] = true;
	}
	assert_int_equal(json_array_size(run.alerts), TOKENS);
	live_free(&run);
}

/* The bound is the call's, not the request's; what is past it is counted. */
static void test_budget_submit(void **state)
{
	struct live_run run =
		live_exec(NO_ARGS, ARGS(live_writer("budget"), "submit", live_path("file"), "40"));

	(void)state;
	assert_int_equal(run.status, 0);
	assert_int_equal(json_array_size(run.alerts), 0);
	print_message("held up for %s us\n", run.output);
	assert_true(live_summary(&run, "writes longer than the inspection bound") +
			    live_summary(&run, "writes whose call took more time") >=
		    39);
	live_free(&run);
}

/* A million entries of a vector in one call: each message is looked at, or counted. */
static void test_budget_messages(void **state)
{
	struct live_run run = live_exec(ARGS("--watch", "socket"),
					ARGS(live_writer("budget"), "messages", live_path("file"), "1024"));
	uint64_t late;

	(void)state;
	assert_int_equal(run.status, 0);
	assert_int_equal(json_array_size(run.alerts), 0);
	print_message("held up for %s us\n", run.output);
	late = live_summary(&run, "writes whose call took more time");
	assert_in_range(late, 512, 1024);
	/* the one that was looked at when the time was over is both */
	assert_in_range(live_summary(&run, "writes (") + late, 1024, 1025);
	live_free(&run);
}

/* What there was no time for in one write of many entries the daemon reads in the file. */
static void test_budget_vector(void **state)
{
	struct live_run run =
		live_exec(NO_ARGS, ARGS(live_writer("budget"), "vector", live_path("file"), "2000"));

	(void)state;
	assert_int_equal(run.status, 0);
	assert_int_equal(json_array_size(run.alerts), 0);
	assert_int_equal(live_summary(&run, "LOST"), 0);
	print_message("held up for %s us\n", run.output);
	live_free(&run);
}

const struct CMUnitTest live_budget[] = {
	cmocka_unit_test_setup_teardown(test_budget_tokens, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_budget_submit, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_budget_messages, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_budget_vector, live_setup, live_teardown),
};
const size_t live_budget_count = sizeof(live_budget) / sizeof(*live_budget);
