// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Stores through mappings: each token is alerted once, for whoever stored it, where it lies; and what was there before is
 * nobody's. The writer says on its standard output what must be alerted.
 */
#include "live.h"

#include "lib/cleanup.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The writer's status where a machine can't do what was asked. */
#define STORES_VOID 77

/* Tokens of one way are numbered from here, those of the next from as many on. */
#define STORES_FIRST 1000
/* What was in the file before. */
#define STORES_OLD "900"

/* What the summary says of tokens that are told as of who has made the mapping. */
#define STORES_UNASKED "tokens in a mapping of tmpfs that were told as of who has made it"

/* … and of pages that a bio had no time for, and were evicted before the daemon could look */
#define STORES_UNSEEN "pages on their way to a block device that could not be looked at"

struct stores {
	const char *how, *before; /* before: how the file is made that is there already, or NULL */
};

/* Seconds between a store and what the alert says of it. */
static void check_time(const char *how, const json_t *alert, long long stored)
{
	struct tm tm = {0};
	long long time;

	assert_non_null(strptime(live_string(alert, "@timestamp"), "%Y-%m-%dT%H:%M:%S", &tm));
	time = (long long)timegm(&tm);
	/* where everything takes many times as long, looks are rarer */
	if (time < stored - (getenv("LIVE_HOST") ? 30 : 3) || time > stored + 3)
		fail_msg("%s: stored at %lld, the alert says %lld", how, stored, time);
}

/* One line of what the writer says: there must be one alert like that. Returns whether it names another process of its. */
static bool check_line(const struct live_run *run, const char *how, const char *file, const char *line)
{
	bool other = false;
	unsigned long long n, at;
	struct maker_token token;
	json_t *alert;
	long long stored;
	size_t i;
	int pid;

	assert_int_equal(sscanf(line, "%*s %d %llu %llu %lld", &pid, &n, &at, &stored), 4);
	token = maker_token(n);
	if (live_count(run, &token) != 1)
		fail_msg("%s: %zu alerts of what was stored at %llu: %s", how, live_count(run, &token), at,
			 run->errors);
	json_array_foreach (run->alerts, i, alert) {
		if (strcmp(live_string(alert, "token.identifier"), token.identifier) != 0)
			continue;
		other |= live_integer(alert, "process.pid") != pid;
		/* on a slow machine there may be no time to ask which of those that share a mapping it was: that is counted */
		if ((other && !live_summary(run, STORES_UNASKED)) ||
		    strcmp(live_string(alert, "process.name"), "stores") != 0)
			fail_msg("%s: by %s (%lld) instead of %d: %s", how,
				 live_string(alert, "process.name"),
				 (long long)live_integer(alert, "process.pid"), pid, run->errors);
		if (file)
			assert_string_equal(live_string(alert, "file.path"), file);
		assert_int_equal(live_integer(alert, "write.token_offset"), (int64_t)at);
		check_time(how, alert, stored);
	}
	live_no_secret(run, &token);
	return other;
}

/* All ways in turn, under one monitor; what the writer has not said must not be alerted. */
static void check_stores(const char *watch, const char *dir, const struct stores *cases, size_t count)
{
	static char files[32][512], numbers[32][24], script[32 * 512];
	size_t len = 0, said = 0, others = 0;
	struct live_run run;

	if (strcmp(watch, "tmpfs") == 0)
		len = (size_t)snprintf(script, sizeof(script), "mount -t tmpfs none %s; ", dir);
	for (size_t i = 0; i < count; i++) {
		snprintf(files[i], sizeof(files[i]), "%s%s-%s", dir, cases[i].how,
			 cases[i].before ? cases[i].before : "new");
		snprintf(numbers[i], sizeof(numbers[i]), "%zu", STORES_FIRST + 100 * i);
		if (cases[i].before) {
			run = live_command(
				ARGS(live_writer("stores"), cases[i].before, files[i], STORES_OLD));
			assert_int_equal(run.status, 0);
			live_free(&run);
		}
		len += (size_t)snprintf(script + len, sizeof(script) - len, "%s %s %s %s || echo ended $?; ",
					live_writer("stores"), cases[i].how, files[i], numbers[i]);
	}
	run = live_exec(ARGS("--watch", watch), ARGS("unshare", "-m", "sh", "-c", script));
	assert_int_equal(run.status, 0);
	/* on a slow machine there may be no time; every token has to be seen all the same */
	if (live_lost(&run) != live_summary(&run, STORES_UNSEEN))
		fail_msg("%s", run.errors);
	for (char *line = strtok(run.output, "\n"); line; line = strtok(NULL, "\n")) {
		size_t i = 0;

		if (strncmp(line, "ended ", 6) == 0) {
			if (atoi(line + 6) != STORES_VOID)
				fail_msg("%s: %s", line, run.errors);
			print_message("one way is not on this machine\n");
			continue;
		}
		while (i < count && strncmp(line, cases[i].how, strcspn(line, " ")) != 0)
			i++;
		assert_true(i < count);
		/* two ways with one name differ by their numbers */
		i = (size_t)(strtoull(strchr(strchr(line, ' ') + 1, ' '), NULL, 10) - STORES_FIRST) / 100;
		if (strstr(line, " 0 ")) {
			struct maker_token token = maker_token(strtoull(strstr(line, " 0 ") + 3, NULL, 10));

			said += live_count(&run, &token);
			continue;
		}
		others += check_line(&run, cases[i].how,
				     strcmp(watch, "memfd") == 0 ? "/memfd:stores" : files[i], line);
		said++;
	}
	assert_true(others <= live_summary(&run, STORES_UNASKED));
	if (json_array_size(run.alerts) != said) {
		AUTO_FREE char *alerts = json_dumps(run.alerts, JSON_INDENT(1));

		fail_msg("%zu alerts of %zu stores: %s %s", json_array_size(run.alerts), said, run.errors,
			 alerts);
	}
	live_free(&run);
}

static void test_stored(void **state)
{
	/* the last one makes so many pages dirty that it would make others' be forgotten: first */
	static const struct stores cases[] = {
		{"last", NULL},  {"windows", NULL}, {"grown", NULL},    {"inherited", NULL}, {"dirty", NULL},
		{"again", NULL}, {"two", NULL},     {"remotely", NULL}, {"halves", NULL},
	};

	(void)state;
	check_stores("disk", live_path(""), cases, sizeof(cases) / sizeof(*cases));
	live_tick("stores through mappings: by windows, after mremap, inherited, into a dirty page, into "
		  "another "
		  "process's memory",
		  "pages that a store makes dirty; whoever makes them so is named");
}

static void test_old(void **state)
{
	static const struct stores cases[] = {
		{"nothing", "prepare"}, {"nothing", "soiled"}, {"reading", "prepare"}, {"reading", "soiled"},
		{"beside", "prepare"},  {"beside", "soiled"},  {"read", "prepare"},
	};

	(void)state;
	check_stores("disk", live_path(""), cases, sizeof(cases) / sizeof(*cases));
}

static void test_gone(void **state)
{
	static const struct stores cases[] = {{"erased", NULL}, {"gaps", NULL}, {"race", NULL}};

	(void)state;
	check_stores("disk", live_path(""), cases, sizeof(cases) / sizeof(*cases));
	live_tick("stored and erased after fsync; O_DIRECT from memory that another thread changes",
		  "on the way to the disk");
}

static void test_unwritten(void **state)
{
	static const struct stores tmpfs[] = {{"tmpfs", NULL},
					      {"living", NULL},
					      {"heirs", NULL},
					      {"siblings", NULL}},
				   memfd[] = {{"memfd", NULL}, {"mappers", NULL}};

	(void)state;
	assert_int_equal(mkdir(live_path("mnt"), 0700), 0);
	/* who has inherited one is found by the daemon in /proc, on any kernel: where a round takes as long as in a guest, the process that made
	 * the mapping lives in it still */
	check_stores("tmpfs", live_path("mnt/"), tmpfs, getenv("LIVE_HOST") ? 1 : 4);
	check_stores("memfd", "", memfd, 2);
	live_tick("stores through mappings of tmpfs and memfd files",
		  "the daemon reads them every two seconds");
}

/* Writes of io_uring to what is never written back, of whose end nobody is told. */
static void test_untold(void **state)
{
	static const struct stores cases[] = {
		{"skipping", NULL}, {"polled", NULL},   {"unreaped", NULL},
		{"crowd", NULL},    {"deferred", NULL}, {"registered", NULL},
	};

	(void)state;
	assert_int_equal(mkdir(live_path("mnt"), 0700), 0);
	check_stores("tmpfs", live_path("mnt/"), cases, sizeof(cases) / sizeof(*cases));
	live_tick("io_uring to tmpfs and memfd files: IOSQE_CQE_SKIP_SUCCESS, a full completion queue",
		  "the daemon reads them every two seconds");
}

#define STORES_UNTOLD "writes of io_uring that may have completed unseen"

/* The same to a stream: each is counted. */
static void test_untold_piped(void **state)
{
	struct live_run run = live_exec(ARGS("--watch", "pipe"),
					ARGS(live_writer("stores"), "piped", live_path("file"), "1000"));

	(void)state;
	assert_int_equal(run.status, 0);
	if (live_summary(&run, STORES_UNTOLD) != 2)
		fail_msg("%s", run.errors);
	live_free(&run);
}

/*
 * What finds the queue full, when others that were submitted with it have failed or were told of, or where another descriptor leads than it
 * did; and what programs do, which counts as nothing. A run for each, as a ring may get a slot of which another was unsure.
 */
static void test_untold_late(void **state)
{
	static const struct {
		const char *way;
		uint64_t counted;
		bool seen;
	} ways[] = {
		{"linked", 0, false},
		{"failed", 1, false},
		{"short", 1, false},
		{"worked", 1, false},
		/* what it waits for finds no room either */
		{"late", 2, false},
		{"late-file", 2, false},
		{"late-skipped", 0, true},
		{"late-skipped-disk", 0, true},
		{"late-skipped-file", 0, true},
		{"rings", 1, false},
	};
	struct maker_token token = maker_token(1000);

	(void)state;
	assert_int_equal(mkdir(live_path("mnt"), 0700), 0);
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		char script[2048];
		struct live_run run;

		snprintf(script, sizeof(script), "mount -t tmpfs none %s; exec %s %s %s 1000",
			 live_path("mnt"), live_writer("stores"), ways[i].way,
			 live_path(ways[i].counted || ways[i].seen ? "mnt/file" : "file"));
		run = live_exec(ARGS("--watch", "default"), ARGS("unshare", "-m", "sh", "-c", script));
		if (run.status == STORES_VOID)
			print_message("%s is not on this machine\n", ways[i].way);
		else if (run.status || live_summary(&run, STORES_UNTOLD) != ways[i].counted)
			fail_msg("%s: %d, not %llu: %s", ways[i].way, run.status,
				 (unsigned long long)ways[i].counted, run.errors);
		else if (ways[i].seen && live_count(&run, &token) != 1)
			fail_msg("%s is not seen: %s", ways[i].way, run.errors);
		live_free(&run);
	}
}

const struct CMUnitTest live_stores[] = {
	cmocka_unit_test_setup_teardown(test_stored, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_old, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_gone, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_unwritten, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_untold, live_setup, live_teardown),
};
const size_t live_stores_count = sizeof(live_stores) / sizeof(*live_stores);

/* io_uring's tracepoints are the same by either attachment. */
const struct CMUnitTest live_stores_once[] = {
	cmocka_unit_test_setup_teardown(test_untold_piped, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_untold_late, live_setup, live_teardown),
};
const size_t live_stores_once_count = sizeof(live_stores_once) / sizeof(*live_stores_once);
