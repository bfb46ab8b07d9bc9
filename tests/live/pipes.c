// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What comes to a pipe without a buffer; and what comes to nobody, which is no loss. */
#include "batch.h"

#include <inttypes.h>
#include <stdlib.h>

/* The writer's status where a machine can't do what was asked. */
#define PIPES_VOID 77

#define PIPES_TOKEN "61"

struct pipes_case {
	const char *how;
	const char *call; /* by which the token comes to the other pipe; NULL: by none */
};

/* How many alerts there are of that call. */
static size_t pipes_by(const struct live_run *run, const char *call)
{
	size_t count = 0, i;
	json_t *alert;

	json_array_foreach (run->alerts, i, alert)
		count += strcmp(live_string(alert, "write.syscall"), call) == 0;
	return count;
}

/* Each case by both writers: is there one alert of that call, or none but of those that write? */
static void check_pipes(const struct pipes_case *cases, size_t count)
{
	static const char *const writers[] = {"pipes", "pipes_32"};
	struct live_batch batch = {0};
	char file[64];

	for (size_t i = 0; i < live_widths() * count; i++) {
		snprintf(file, sizeof(file), "%s-%zu", cases[i % count].how, i);
		live_batch_add(&batch, ARGS(live_writer(writers[i / count]), cases[i % count].how,
					    live_path(file), PIPES_TOKEN));
	}
	live_batch_run(&batch, ARGS("--watch", "all"));
	for (size_t i = 0; i < live_widths() * count; i++) {
		const struct pipes_case *is = &cases[i % count];
		struct live_run run = live_batch_take(&batch, i);
		size_t written = pipes_by(&run, "write"), of = is->call ? pipes_by(&run, is->call) : 0;

		if (run.status == PIPES_VOID) {
			print_message("%s: not on this machine\n", is->how);
			live_free(&run);
			continue;
		}
		if (run.status || of != (is->call != NULL) || json_array_size(run.alerts) != written + of)
			fail_msg("%s: status %d, %zu alerts: %s", is->how, run.status,
				 json_array_size(run.alerts), run.errors);
		live_free(&run);
	}
	live_batch_free(&batch);
}

static void test_pipes_nowhere(void **state)
{
	static const struct pipes_case cases[] = {{"null", NULL}, {"zero", NULL}};

	(void)state;
	check_pipes(cases, sizeof(cases) / sizeof(*cases));
}

static void test_pipes_fed(void **state)
{
	static const struct pipes_case cases[] = {
		{"splice", "splice"},        {"tee", "tee"},
		{"splice-halves", "splice"}, {"tee-end", "tee"},
		{"splice-long", "splice"},   {"tee-around", "tee"},
		{"socket", "splice"},        {"direct", "sendfile"},
		{"file", "sendfile"},        {"sendfile", "sendfile"},
		{"vmsplice", "vmsplice"},    {"uring-splice", "io_uring"},
		{"uring-tee", "io_uring"},
	};

	(void)state;
	check_pipes(cases, sizeof(cases) / sizeof(*cases));
	live_tick("splice, tee, sendfile to a pipe, also by io_uring (`--watch pipe`)",
		  "the pipe's buffers; of a file's bytes, the page cache");
}

static void test_pipes_apart(void **state)
{
	static const struct pipes_case cases[] = {{"tee-other", NULL}, {"taken", NULL}, {"refused", NULL}};

	(void)state;
	check_pipes(cases, sizeof(cases) / sizeof(*cases));
}

/* Each of the tokens that came by that call to a pipe that is being read was seen, or is counted, up to `twice` of them both. */
static void check_drained(const char *how, const char *call, uint64_t tokens, uint64_t twice)
{
	char text[24];
	struct live_run run;
	uint64_t seen, lost;

	snprintf(text, sizeof(text), "%" PRIu64, tokens);
	run = live_exec(ARGS("--watch", "pipe", "--ring-bytes", "67108864"),
			ARGS(live_writer("pipes"), "drained", how, text));
	seen = pipes_by(&run, call);
	lost = live_summary(&run, "writes without a buffer whose bytes could not be seen");
	assert_int_equal(run.status, 0);
	assert_int_equal(pipes_by(&run, "write"), tokens);
	/*
	 * Never fewer. What was taken in the middle of the look may be counted as well as seen, and where programs are preempted, a call
	 * that was looked at twice.
	 */
	assert_in_range(lost, tokens - seen, tokens - seen + twice);
	if (live_lost(&run) != lost)
		fail_msg("%s: %" PRIu64 " of %" PRIu64 ", %s", how, seen, tokens, run.errors);
	print_message("%s: %" PRIu64 " of %" PRIu64 " before they were read, %" PRIu64 " counted\n", how,
		      seen, tokens, lost);
	live_free(&run);
}

/* What a reader has taken away already is counted. */
static void test_pipes_drained(void **state)
{
	(void)state;
	check_drained("splice", "splice", 500, 20);
	check_drained("tee", "tee", 500, 20);
}

/* So is what it takes away while it is being looked at: the page may be another's by then. */
static void test_pipes_drained_busily(void **state)
{
	uint64_t tokens = getenv("LIVE_HOST") ? 500 : 5000;

	(void)state;
	check_drained("splice-busy", "splice", tokens, tokens);
	check_drained("tee-busy", "tee", tokens, tokens);
}

const struct CMUnitTest live_pipes[] = {
	cmocka_unit_test_setup_teardown(test_pipes_fed, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_pipes_apart, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_pipes_drained, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_pipes_drained_busily, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_pipes_nowhere, live_setup, live_teardown),
};
const size_t live_pipes_count = sizeof(live_pipes) / sizeof(*live_pipes);
