// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is lost is counted: bounds, a full ring, pages that vanish; and short lives are named. */
#include "live.h"

#include <stdlib.h>

static void test_inspect_bound(void **state)
{
	struct live_run run =
		live_exec(ARGS("--inspect-bytes", "100000"),
			  ARGS(live_writer("writer"), "long", live_path("file"), "250000", "8"));

	(void)state;
	assert_int_equal(json_array_size(run.alerts), 0);
	assert_int_equal(live_summary(&run, "writes longer than"), 1);
	assert_int_equal(live_summary(&run, "bytes past the inspection bound"), 150000);
	live_free(&run);
	run = live_exec(NO_ARGS, ARGS(live_writer("writer"), "long", live_path("file"), "16777216", "8"));
	assert_int_equal(live_integer(live_only(&run), "write.token_offset"), 16777216 - MAKER_TOKEN_LEN);
	assert_int_equal(live_summary(&run, "LOST"), 0);
	live_free(&run);
}

static void test_ring_full(void **state)
{
	struct live_run run = live_exec(ARGS("--ring-bytes", "4096"),
					ARGS(live_writer("writer"), "storm", live_path("file"), "20000"));
	uint64_t alerts = json_array_size(run.alerts);
	uint64_t lost = live_summary(&run, "samples dropped because the ring");

	(void)state;
	assert_true(alerts > 0);
	assert_int_equal(alerts + lost, 20000);
	assert_int_equal(live_summary(&run, "writes ("), 20000);
	live_free(&run);
}

static void test_vanishing_pages(void **state)
{
	uint64_t unreadable = 0;

	(void)state;
	/* a race, so it is given time; on one CPU it hardly ever happens */
	for (int i = 0; i < 50 && !unreadable; i++) {
		struct live_run run =
			live_exec(NO_ARGS, ARGS(live_writer("writer"), "vanish", live_path("file"), "20000"));

		assert_int_equal(run.status, 0);
		unreadable = live_summary(&run, "pages of a written buffer");
		if (unreadable)
			assert_non_null(strstr(run.errors, "LOST"));
		live_free(&run);
	}
	assert_true(unreadable > 0);
}

/* Each line of the swarm's list must have its alert, with the right pid, name and path. */
static void check_swarm(const struct live_run *run, FILE *list, json_t *by_identifier, uint64_t count)
{
	uint64_t lines = 0;
	char number[32], name[40];
	int pid;

	(void)run;
	for (; fscanf(list, "%d %31s", &pid, number) == 2; lines++) {
		struct maker_token token = maker_token(strtoull(number, NULL, 10));
		const json_t *alert = json_object_get(by_identifier, token.identifier);

		if (!alert)
			fail_msg("process %s has no alert", number);
		assert_int_equal(live_integer(alert, "process.pid"), pid);
		snprintf(name, sizeof(name), "w%s", number);
		assert_string_equal(live_string(alert, "process.name"), name);
		assert_string_equal(live_string(alert, "file.path"), live_path(number));
		assert_non_null(strstr(live_string(alert, "process.command_line"), "one"));
		assert_non_null(strstr(live_string(alert, "process.executable"), "/writer"));
	}
	assert_int_equal(lines, count);
}

static void test_swarm(void **state)
{
	const char *count = getenv("LIVE_PROCESSES") ? getenv("LIVE_PROCESSES") : "200000";
	const char *list_path = live_path("list");
	struct live_run run =
		live_exec(NO_ARGS, ARGS(live_writer("writer"), "swarm", live_path("."), count, list_path));
	json_t *by_identifier = json_object(), *alert;
	FILE *list = fopen(list_path, "r");
	size_t i;

	(void)state;
	assert_int_equal(run.status, 0);
	assert_non_null(list);
	json_array_foreach (run.alerts, i, alert)
		json_object_set(by_identifier, live_string(alert, "token.identifier"), alert);
	assert_int_equal(json_array_size(run.alerts), strtoull(count, NULL, 10));
	check_swarm(&run, list, by_identifier, strtoull(count, NULL, 10));
	assert_int_equal(live_summary(&run, "LOST"), 0);
	assert_null(strstr(run.errors, "incomplete"));
	fclose(list);
	json_decref(by_identifier);
	live_free(&run);
}

const struct CMUnitTest live_bounds[] = {
	cmocka_unit_test_setup_teardown(test_inspect_bound, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_ring_full, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_vanishing_pages, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_swarm, live_setup, live_teardown),
};
const size_t live_bounds_count = sizeof(live_bounds) / sizeof(*live_bounds);
