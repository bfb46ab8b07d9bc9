// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Tokens in two halves, where the writer of the second can't see the first; and what is none after all. */
#include "batch.h"

#include "bounds.h"

#include <stdlib.h>

/* The writer's status where a machine can't do what was asked. */
#define SEAMS_VOID 77

#define SEAMS_TOKEN "51"

/* Each way in a file of its own: is there an alert of each, or of none? Unless it can't be done. */
static void check_seams(const char *mode, const char *const *hows, bool alerts)
{
	struct maker_token token = maker_token(strtoull(SEAMS_TOKEN, NULL, 10));
	struct live_batch batch = {0};

	for (size_t i = 0; hows[i]; i++)
		live_batch_add(&batch,
			       ARGS(live_writer("seams"), mode, hows[i], live_path(hows[i]), SEAMS_TOKEN));
	live_batch_run(&batch, ARGS("--watch", "all"));
	for (size_t i = 0; hows[i]; i++) {
		struct live_run run = live_batch_take(&batch, i);

		if (run.status == SEAMS_VOID) {
			print_message("%s: not on this machine\n", hows[i]);
			live_free(&run);
			continue;
		}
		if (run.status || !live_count(&run, &token) == alerts)
			fail_msg("%s: status %d, %zu alerts: %s", hows[i], run.status,
				 json_array_size(run.alerts), run.errors);
		/* the daemon may come when the rest has been written, and the kernel side sees that as well: both are right */
		for (size_t k = 0; k < json_array_size(run.alerts); k++)
			assert_string_equal(live_string(json_array_get(run.alerts, k), "file.path"),
					    live_path(hows[i]));
		live_free(&run);
	}
	live_batch_free(&batch);
}

static void test_seams_hidden(void **state)
{
	(void)state;
	check_seams("join",
		    ARGS("evicted", "evicted-nearly", "evicted-bytes", "direct-middle", "direct-nearly",
			 "direct-prefix", "direct-before", "buffered-direct"),
		    true);
	live_tick("pieces: beside a page that is evicted, or a block of O_DIRECT, also in the middle of a "
		  "write",
		  "the daemon reads before and behind the write");
}

static void test_seams_joined(void **state)
{
	(void)state;
	check_seams("join", ARGS("collapsed"), true);
	live_tick("pieces: joined by fallocate(2), FALLOC_FL_COLLAPSE_RANGE",
		  "the daemon reads what has come to stand beside each other");
}

static void test_seams_apart(void **state)
{
	(void)state;
	check_seams("apart",
		    ARGS("truncated", "punched", "reused", "overwritten", "peers", "connections", "datagrams",
			 "messages", "packets"),
		    false);
}

/*
 * Whoever has threads, or shares a descriptor: the position is not only its own, and neither is the buffer. (What of that
 * there is no time to look at as well is counted.)
 */
static void test_seams_threads(void **state)
{
	static const char *const hows[] = {"write", "writev", "append"};
	struct maker_token token = maker_token(strtoull(SEAMS_TOKEN, NULL, 10));

	(void)state;
	for (size_t i = 0; i < sizeof(hows) / sizeof(*hows); i++) {
		struct live_run run = live_exec(NO_ARGS, ARGS(live_writer("seams"), "hide", hows[i],
							      live_path(hows[i]), SEAMS_TOKEN));

		assert_int_equal(run.status, 0);
		assert_int_equal(live_count(&run, &token), 1);
		live_free(&run);
	}
	live_tick("write and writev in a process with threads, one of which overwrites the buffer meanwhile",
		  "what landed in the page cache, and the buffer");
}

/* More beginnings than are remembered: those that were forgotten are counted. */
static void test_seams_forgotten(void **state)
{
	const uint64_t count = LIMIT_BEGUN + 1000;
	char text[32];
	struct live_run run;
	json_t *seen = json_object(), *alert;
	size_t i;

	(void)state;
	snprintf(text, sizeof(text), "%llu", (unsigned long long)count);
	run = live_exec(ARGS("--ring-bytes", "16777216"),
			ARGS(live_writer("seams"), "many", text, live_path("many"), "0"));
	assert_int_equal(run.status, 0);
	json_array_foreach (run.alerts, i, alert)
		json_object_set(seen, live_string(alert, "token.identifier"), alert);
	print_message("%zu of %s seen, %llu lost\n", json_object_size(seen), text,
		      (unsigned long long)live_lost(&run));
	assert_true(live_summary(&run, "beginnings of a token that were forgotten for room") >= 1000);
	assert_true(json_object_size(seen) + live_lost(&run) >= count);
	json_decref(seen);
	live_free(&run);
}

const struct CMUnitTest live_seams[] = {
	cmocka_unit_test_setup_teardown(test_seams_hidden, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_seams_joined, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_seams_threads, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_seams_forgotten, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_seams_apart, live_setup, live_teardown),
};
const size_t live_seams_count = sizeof(live_seams) / sizeof(*live_seams);
