// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is lost is counted: bounds, a full ring, pages that vanish; and short lives are named. */
#include "live.h"

#include <stdlib.h>
#include <time.h>

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
	assert_int_equal(live_lost(&run), 0);
	live_free(&run);
}

/* Runs a shell script in which $WRITER is the writer, $FILE a file, and $PPID the daemon, with a ring for a few samples. */
static struct live_run bounds_run(const char *script)
{
	char command[2048];

	snprintf(command, sizeof(command), "WRITER=%s FILE=%s; %s", live_writer("writer"), live_path("file"),
		 script);
	return live_exec(ARGS("--ring-bytes", "4096"), ARGS("sh", "-c", command));
}

/* Each token that the script writes is alerted or counted as lost, once. */
static void bounds_accounted(const char *script, uint64_t tokens)
{
	struct live_run run = bounds_run(script);
	uint64_t alerts = json_array_size(run.alerts), lost = live_dropped(&run);

	assert_true(alerts > 0 && lost > 0);
	assert_int_equal(alerts + lost, tokens);
	assert_int_equal(live_summary(&run, "writes ("), tokens);
	live_free(&run);
}

/* The daemon sleeps meanwhile, so that the ring fills however fast the machine is. */
static void test_ring_full(void **state)
{
	(void)state;
	bounds_accounted("kill -STOP $PPID; $WRITER storm $FILE 20000 0; kill -CONT $PPID", 20000);
}

/* Where a write is looked at twice, because somebody else may have moved the position, no token is lost twice. */
static void test_ring_full_shared(void **state)
{
	(void)state;
	bounds_accounted("kill -STOP $PPID; $WRITER shared $FILE 1000; kill -CONT $PPID", 1000);
}

static bool late_is(const json_t *alert)
{
	return json_is_true(json_object_get(json_object_get(alert, "write"), "found_late"));
}

/* The alert of token `n`, which is one. */
static const json_t *late_alert(const struct live_run *run, uint64_t n)
{
	struct maker_token token = maker_token(n);
	const json_t *found = NULL;
	json_t *alert;
	size_t i;

	json_array_foreach (run->alerts, i, alert)
		if (strcmp(live_string(alert, "token.identifier"), token.identifier) == 0)
			found = alert;
	if (live_count(run, &token) != 1)
		fail_msg("token %llu: %zu alerts: %s", (unsigned long long)n, live_count(run, &token),
			 run->errors);
	live_no_secret(run, &token);
	return found;
}

/* How many of the alerts are of what was found late. */
static uint64_t late_count(const struct live_run *run)
{
	uint64_t count = 0;
	json_t *alert;
	size_t i;

	json_array_foreach (run->alerts, i, alert)
		count += late_is(alert);
	return count;
}

/* What the ring has no room for is looked for in its file: each token is alerted once, with all facts, and the loss stays counted. */
static void test_found_late(void **state)
{
	enum { COUNT = 60 };
	static const char *const same[] = {"file.path",          "process.name",
					   "process.executable", "process.command_line",
					   "process.start",      "write.syscall"};
	struct live_run run = bounds_run("kill -STOP $PPID; $WRITER storm $FILE 60 0; kill -CONT $PPID");
	const json_t *first = late_alert(&run, 0);

	(void)state;
	assert_int_equal(json_array_size(run.alerts), COUNT);
	assert_int_equal(live_dropped(&run), 0);
	assert_true(live_late(&run) > COUNT / 2);
	assert_int_equal(live_late(&run), live_lost(&run));
	assert_int_equal(late_count(&run), live_late(&run));
	/* the ring was empty */
	assert_false(late_is(first));
	for (uint64_t n = 1; n < COUNT; n++) {
		const json_t *alert = late_alert(&run, n);

		assert_int_equal(live_integer(alert, "write.offset"), n * (MAKER_TOKEN_LEN + 1));
		assert_int_equal(live_integer(alert, "write.token_offset"), n * (MAKER_TOKEN_LEN + 1));
		assert_int_equal(strcmp(live_string(alert, "write.seen_by"), "file_read") == 0,
				 late_is(alert));
		for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++)
			assert_string_equal(live_string(alert, same[i]), live_string(first, same[i]));
		assert_int_equal(live_integer(alert, "process.pid"), live_integer(first, "process.pid"));
	}
	live_free(&run);
}

/* One token of another program, that nobody writes again, while the ring is full; and one that is gone by the time it is looked for. */
static void test_found_late_alone(void **state)
{
	struct live_run run = bounds_run(
		"kill -STOP $PPID; $WRITER storm $FILE 5000 0; sleep 0.2; $WRITER call write $FILE.2 7000; "
		"$WRITER call write $FILE.3 7001; : > $FILE.3; kill -CONT $PPID");
	struct maker_token gone = maker_token(7001);
	const json_t *alert = late_alert(&run, 7000);

	(void)state;
	assert_true(late_is(alert));
	assert_string_equal(live_string(alert, "process.name"), "writer");
	assert_non_null(strstr(live_string(alert, "file.path"), "file.2"));
	assert_int_equal(live_count(&run, &gone), 0);
	/* it was lost already */
	assert_int_equal(live_lost(&run), live_dropped(&run) + live_late(&run));
	assert_int_equal(json_array_size(run.alerts) + live_dropped(&run), 5002);
	live_free(&run);
}

/* What the second look has no room for is found by the next one: it is lost once, not once a second. */
static void test_found_late_mapped(void **state)
{
	enum { COUNT = 10 };
	char script[512];
	struct live_run run;

	(void)state;
	snprintf(script, sizeof(script), "$WRITER stored $FILE %d %s", COUNT, live_path("alerts"));
	run = bounds_run(script);
	if (run.status)
		fail_msg("status %d: %s", run.status, run.errors);
	assert_int_equal(json_array_size(run.alerts), COUNT);
	assert_true(live_late(&run) > 0);
	assert_int_equal(live_late(&run), live_lost(&run));
	assert_int_equal(late_count(&run), live_late(&run));
	live_free(&run);
}

/* A loss is told while it goes on, not only in the end; and nothing is well then. */
static void test_told(void **state)
{
	struct live_run run = bounds_run(
		"kill -STOP $PPID; $WRITER storm $FILE 2000 0; kill -CONT $PPID; sleep 3; echo before >&2");
	const char *told = strstr(run.errors, "lost just now: "), *before = strstr(run.errors, "before\n");

	(void)state;
	assert_true(told && before && told < before);
	assert_true(live_dropped(&run) > 0);
	live_free(&run);
	run = live_exec(ARGS("--inspect-bytes", "100000", "--exit-code", "9"),
			ARGS(live_writer("writer"), "long", live_path("file"), "250000", "8"));
	assert_int_equal(json_array_size(run.alerts), 0);
	assert_int_equal(run.status, 9);
	live_free(&run);
}

/*
 * Distinct tokens, repeats and a ring that is too small: written = alerted + repeats told + repeats that are counted
 * because their alerts are not kept any more + lost, to the last one. A sample that is lost leaves no trace behind, so that its token's next write is a first one.
 */
static void test_exactly(void **state)
{
	enum { WRITES = 60000, DISTINCT = 3000 };
	/* lost for certain while the daemon sleeps, and later as it happens */
	struct live_run run =
		bounds_run("kill -STOP $PPID; $WRITER cycle $FILE 10000 3000; kill -CONT $PPID; "
			   "$WRITER cycle $FILE 50000 3000");
	uint64_t lost = live_dropped(&run);
	uint64_t untold = live_summary(&run, "writes that repeated what was alerted"), alerted = 0,
		 repeated = 0;
	json_t *repeats = json_object(), *alert, *last;
	const char *identifier;
	size_t i;

	(void)state;
	json_array_foreach (run.alerts, i, alert) {
		alerted += strcmp(live_string(alert, "event.action"), "token-written") == 0;
		/* it grows: the last one stands */
		json_object_set_new(repeats, live_string(alert, "token.identifier"),
				    json_integer(live_optional(alert, "write.repeats")));
	}
	json_object_foreach (repeats, identifier, last)
		repeated += (uint64_t)json_integer_value(last);
	assert_in_range(alerted, 1, DISTINCT);
	assert_true(lost > 0 && repeated > 0);
	if (alerted + repeated + untold + lost != WRITES)
		fail_msg("%llu alerted + %llu repeated + %llu untold + %llu lost",
			 (unsigned long long)alerted, (unsigned long long)repeated,
			 (unsigned long long)untold, (unsigned long long)lost);
	json_decref(repeats);
	live_free(&run);
}

/* A writer in a loop: one alert, and in the end how often; nothing fills the ring, not even a tiny one. */
static void test_repeats(void **state)
{
	struct maker_token token = maker_token(41);
	time_t start = time(NULL);
	struct live_run run = live_exec(ARGS("--ring-bytes", "4096"), ARGS(live_writer("writer"), "repeat",
									   live_path("file"), "50000", "41"));
	const json_t *last = json_array_get(run.alerts, json_array_size(run.alerts) - 1);

	(void)state;
	assert_int_equal(live_lost(&run), 0);
	assert_int_equal(live_count(&run, &token), json_array_size(run.alerts));
	/* the first, one every 10 seconds, and a last one */
	assert_in_range(json_array_size(run.alerts), 2, 3 + (time(NULL) - start) / 10);
	assert_string_equal(live_string(json_array_get(run.alerts, 0), "event.action"), "token-written");
	assert_string_equal(live_string(last, "event.action"), "token-repeated");
	assert_int_equal(live_integer(last, "write.repeats"), 49999);
	live_free(&run);
}

/*
 * 100,000 distinct tokens: each is alerted once, or counted as lost because the ring was full, which no daemon that is
 * not given a processor can help. How many it keeps up with is bench-storm's question.
 */
static void test_storm(void **state)
{
	const char *count = getenv("LIVE_STORM") ? getenv("LIVE_STORM") : "100000";
	uint64_t lost;
	struct live_run run =
		live_exec(ARGS("--ring-bytes", "16777216"),
			  ARGS(live_writer("writer"), "storm", live_path("file"), count, "10000"));
	json_t *seen = json_object(), *alert;
	size_t i;

	(void)state;
	json_array_foreach (run.alerts, i, alert)
		json_object_set_new(seen, live_string(alert, "token.identifier"), json_true());
	lost = live_dropped(&run);
	assert_int_equal(json_object_size(seen), json_array_size(run.alerts));
	assert_int_equal(lost + live_late(&run), live_lost(&run));
	if (json_object_size(seen) + lost != strtoull(count, NULL, 10))
		fail_msg("%zu of %s: %s", json_object_size(seen), count, run.errors);
	json_decref(seen);
	live_free(&run);
}

/* More tokens in one write than the ring holds: each is alerted, what had no room there because the daemon reads the file. */
static void test_many(void **state)
{
	bool slow = getenv("LIVE_HOST");
	uint64_t count = slow ? 2000 : 20000;
	char text[24];
	struct live_run run;
	json_t *seen = json_object(), *alert;
	size_t i;

	(void)state;
	snprintf(text, sizeof(text), "%llu", (unsigned long long)count);
	run = live_exec(ARGS("--ring-bytes", slow ? "262144" : "2097152"),
			ARGS(live_writer("writer"), "many", live_path("file"), text));
	json_array_foreach (run.alerts, i, alert) {
		const char *identifier = live_string(alert, "token.identifier");
		struct maker_token token;

		json_object_set_new(seen, identifier, json_true());
		token = maker_token((uint64_t)live_integer(alert, "write.token_offset") /
				    (MAKER_TOKEN_LEN + 1));
		assert_string_equal(identifier, token.identifier);
	}
	if (live_lost(&run))
		fail_msg("%s", run.errors);
	assert_int_equal(json_array_size(run.alerts), count);
	assert_int_equal(json_object_size(seen), count);
	json_decref(seen);
	live_free(&run);
}

/*
 * 150 tokens of one write go through a ring that has room for some 25 with all facts, while the daemon sleeps: only the first one
 * has those. Each is told of as seen by the kernel side, none was looked for in the file.
 */
static void test_more(void **state)
{
	enum { COUNT = 150 };
	char command[1024];
	json_t *seen = json_object(), *alert;
	struct live_run run;
	size_t i;

	(void)state;
	snprintf(command, sizeof(command), "kill -STOP $PPID; %s many %s %d; kill -CONT $PPID",
		 live_writer("writer"), live_path("file"), COUNT);
	run = live_exec(ARGS("--ring-bytes", "65536"), ARGS("sh", "-c", command));
	if (run.status || live_lost(&run))
		fail_msg("%s", run.errors);
	json_array_foreach (run.alerts, i, alert) {
		struct maker_token token = maker_token((uint64_t)live_integer(alert, "write.token_offset") /
						       (MAKER_TOKEN_LEN + 1));

		assert_string_equal(live_string(alert, "token.identifier"), token.identifier);
		assert_string_not_equal(live_string(alert, "write.seen_by"), "file_read");
		assert_string_equal(live_string(alert, "file.path"), live_path("file"));
		assert_string_equal(live_string(alert, "process.name"), "writer");
		assert_non_null(strstr(live_string(alert, "process.command_line"), "many"));
		json_object_set_new(seen, token.identifier, json_true());
	}
	assert_int_equal(json_array_size(run.alerts), COUNT);
	assert_int_equal(json_object_size(seen), COUNT);
	json_decref(seen);
	live_free(&run);
}

/* The count of a kind of loss, or of all writers, in all lines that tell of losses. */
static uint64_t told(const struct live_run *run, const char *list, const char *counter)
{
	uint64_t count = 0;
	json_t *line, *one;
	size_t i, j;

	json_array_foreach (run->losses, i, line) {
		const json_t *loss = json_object_get(line, "loss");

		json_array_foreach (json_object_get(loss, list), j, one) {
			if (!counter)
				count += (uint64_t)live_integer(one, "samples");
			else if (strcmp(live_string(one, "counter"), counter) == 0)
				count += (uint64_t)live_integer(one, "count");
		}
	}
	return count;
}

/*
 * While the daemon sleeps, one cgroup writes more than the ring holds, and then another one's first tokens come: these are all
 * alerted, and who took too much is named.
 */
static void test_neighbour(void **state)
{
	static const char script[] =
		"A=$ROOT/spillwatch-test-$$-a; B=$ROOT/spillwatch-test-$$-b; mkdir $A $B || exit 1; "
		"kill -STOP $PPID; (echo 0 > $A/cgroup.procs; exec $WRITER storm $FILE 3000 0); "
		"(echo 0 > $B/cgroup.procs; for n in $(seq 5000 5019); do $WRITER call write $FILE.$n $n; "
		"sleep 0.06; done); kill -CONT $PPID; rmdir $A $B";
	char command[1024];
	const json_t *flood;
	struct live_run run;

	(void)state;
	snprintf(command, sizeof(command), "ROOT=%s WRITER=%s FILE=%s; %s", live_cgroup_root(),
		 live_writer("writer"), live_path("file"), script);
	run = live_exec(ARGS("--ring-bytes", "2097152"), ARGS("sh", "-c", command));
	if (run.status)
		fail_msg("%s", run.errors);
	for (uint64_t n = 5000; n < 5020; n++) {
		struct maker_token token = maker_token(n);

		if (live_count(&run, &token) != 1)
			fail_msg("token %llu: %zu alerts: %s", (unsigned long long)n,
				 live_count(&run, &token), run.errors);
	}
	assert_int_equal(json_array_size(run.floods), 1);
	flood = json_array_get(run.floods, 0);
	assert_string_equal(live_string(flood, "event.action"), "token-flood");
	assert_string_equal(live_string(flood, "file.path"), live_path("file"));
	assert_non_null(strstr(live_string(flood, "process.command_line"), "storm"));
	assert_int_equal(live_integer(flood, "flood.samples"), live_summary(&run, "samples of writers that"));
	/* each sample is an alert, or lost, by name */
	assert_int_equal(json_array_size(run.alerts) + live_dropped(&run), 3020);
	assert_int_equal(live_lost(&run), live_summary(&run, "samples of writers that"));
	assert_non_null(strstr(run.errors, "flooding: "));
	/* and told: how many, and by whom */
	assert_int_equal(told(&run, "kinds", "flooded"), live_lost(&run));
	assert_int_equal(told(&run, "writers", NULL), live_lost(&run));
	live_free(&run);
}

/* A loss stands in the alert file while its writer is still there, and not only once that has ended. */
static void test_told_in_json(void **state)
{
	char command[1024];
	struct live_run run;

	(void)state;
	snprintf(command, sizeof(command),
		 "%s vanish %s; for i in $(seq 600); do grep -q samples-lost %s && exit 0; sleep 0.1; done; "
		 "exit 9",
		 live_writer("writer"), live_path("file"), live_path("alerts"));
	run = live_exec(NO_ARGS, ARGS("sh", "-c", command));
	if (run.status || json_array_size(run.losses) != 1)
		fail_msg("status %d, %zu lines: %s", run.status, json_array_size(run.losses), run.errors);
	assert_int_equal(told(&run, "kinds", "pages_unreadable"), 1);
	assert_non_null(strstr(run.errors, "lost just now: 1 pages of a written buffer"));
	assert_string_equal(live_string(json_array_get(run.losses, 0), "event.action"), "samples-lost");
	live_free(&run);
}

static void test_vanishing_pages(void **state)
{
	struct live_run run = live_exec(NO_ARGS, ARGS(live_writer("writer"), "vanish", live_path("file")));

	(void)state;
	if (run.status || live_summary(&run, "pages of a written buffer") != 1)
		fail_msg("status %d: %s", run.status, run.errors);
	assert_true(live_lost(&run) > 0);
	assert_int_equal(told(&run, "kinds", "pages_unreadable"), 1);
	live_free(&run);
}

/* Each line of the swarm's list must have its alert, with the right pid, name and path, but for `lost` that were counted. */
static void check_swarm(FILE *list, json_t *by_identifier, uint64_t count, uint64_t lost)
{
	uint64_t lines = 0, missing = 0;
	char number[32], name[40];
	int pid;

	for (; fscanf(list, "%d %31s", &pid, number) == 2; lines++) {
		struct maker_token token = maker_token(strtoull(number, NULL, 10));
		const json_t *alert = json_object_get(by_identifier, token.identifier);

		if (!alert && ++missing > lost)
			fail_msg("process %s has no alert, %llu were lost", number, (unsigned long long)lost);
		if (!alert)
			continue;
		assert_int_equal(live_integer(alert, "process.pid"), pid);
		snprintf(name, sizeof(name), "w%s", number);
		assert_string_equal(live_string(alert, "process.name"), name);
		assert_string_equal(live_string(alert, "file.path"), live_path(number));
		assert_non_null(strstr(live_string(alert, "process.command_line"), "one"));
		assert_non_null(strstr(live_string(alert, "process.executable"), "/writer"));
	}
	assert_int_equal(lines, count);
	assert_int_equal(missing, lost);
}

/* Is anything missing in an alert? That more leaks than the tables hold are forgotten is not. */
static bool swarm_incomplete(const char *errors)
{
	static const char label[] = "incomplete: ";
	bool any = false;

	for (const char *at = errors; (at = strstr(at, label)); at += strlen(label)) {
		const char *forgotten = strstr(at, "forgotten for room");

		any |= !forgotten || (size_t)(forgotten - at) > strcspn(at, "\n");
	}
	return any;
}

static void test_swarm(void **state)
{
	const char *count = getenv("LIVE_PROCESSES") ? getenv("LIVE_PROCESSES") : "50000";
	const char *list_path = live_path("list");
	char command[1024];
	struct live_run run;
	json_t *by_identifier = json_object(), *alert;
	const char *peak;
	uint64_t lost;
	FILE *list;
	size_t i;

	(void)state;
	/* the command's parent is the daemon, whose peak it reads in the end */
	snprintf(command, sizeof(command), "%s swarm %s %s %s && grep VmHWM /proc/$PPID/status",
		 live_writer("writer"), live_path("."), count, list_path);
	run = live_exec(ARGS("--ring-bytes", "2097152"), ARGS("sh", "-c", command));
	/* the ring is full when the daemon is given no processor for long; nothing else may be lost */
	lost = live_dropped(&run);
	assert_int_equal(live_lost(&run), lost + live_late(&run));
	list = fopen(list_path, "r");
	assert_int_equal(run.status, 0);
	assert_non_null(list);
	json_array_foreach (run.alerts, i, alert)
		json_object_set(by_identifier, live_string(alert, "token.identifier"), alert);
	assert_int_equal(json_array_size(run.alerts) + lost, strtoull(count, NULL, 10));
	check_swarm(list, by_identifier, strtoull(count, NULL, 10), lost);
	if (swarm_incomplete(run.errors))
		fail_msg("%s", run.errors);
	/* however many processes have come and gone; some 20 MiB of it is libbpf's, while it loads */
	peak = strstr(run.output, "VmHWM:");
	assert_non_null(peak);
	assert_in_range(strtol(peak + strlen("VmHWM:"), NULL, 10), 1, 48 * 1024);
	fclose(list);
	json_decref(by_identifier);
	live_free(&run);
}

const struct CMUnitTest live_bounds[] = {
	cmocka_unit_test_setup_teardown(test_inspect_bound, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_ring_full, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_found_late, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_found_late_mapped, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_exactly, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_storm, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_many, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_vanishing_pages, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_swarm, live_setup, live_teardown),
};
const size_t live_bounds_count = sizeof(live_bounds) / sizeof(*live_bounds);

const struct CMUnitTest live_bounds_once[] = {
	cmocka_unit_test_setup_teardown(test_ring_full_shared, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_found_late_alone, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_repeats, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_more, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_neighbour, live_setup, live_teardown),
};
const size_t live_bounds_once_count = sizeof(live_bounds_once) / sizeof(*live_bounds_once);

const struct CMUnitTest live_told[] = {
	cmocka_unit_test_setup_teardown(test_told, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_told_in_json, live_setup, live_teardown),
};
const size_t live_told_count = sizeof(live_told) / sizeof(*live_told);
