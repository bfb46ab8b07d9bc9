// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* All live tests, in one program that also runs in the guests of tests/kernels. */
#include "live.h"

#include <fnmatch.h>
#include <signal.h>
#include <stdlib.h>

static const char left_out[] = "LEFT OUT: 32-bit programs, which this kernel refuses (ENOEXEC)";

/* `live PATTERN…`: only tests whose name matches one of them, as in fnmatch(3); all if there are none */
static const char *const *live_patterns;
static size_t live_patterns_count;
static bool live_matched[LIVE_MAX_ARGS];

static bool live_wanted(const char *name)
{
	bool wanted = !live_patterns_count;

	for (size_t i = 0; i < live_patterns_count; i++) {
		if (fnmatch(live_patterns[i], name, 0) != 0)
			continue;
		live_matched[i] = true;
		wanted = true;
	}
	return wanted;
}

static int live_group(const char *name, const struct CMUnitTest *tests, size_t count)
{
	struct CMUnitTest *wanted = calloc(count, sizeof(*wanted));
	size_t wanted_count = 0;
	int failed;

	if (!wanted)
		return 1;
	for (size_t i = 0; i < count; i++)
		if (live_wanted(tests[i].name))
			wanted[wanted_count++] = tests[i];
	failed = wanted_count ? _cmocka_run_group_tests(name, wanted, wanted_count, NULL, NULL) : 0;
	free(wanted);
	return failed;
}

/* A pattern without a test is one that was renamed: what it asked for has not been run. */
static int live_unmatched(void)
{
	int count = 0;

	for (size_t i = 0; i < live_patterns_count; i++) {
		if (live_matched[i])
			continue;
		printf("live: no test is called %s\n", live_patterns[i]);
		count++;
	}
	return count;
}

int main(int argc, char **argv)
{
	/* whoever runs the tests may have it that these are ignored (nohup, a job in the background), which a child inherits */
	static const int ours[] = {SIGHUP, SIGINT, SIGQUIT};
	int failed = 0;

	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		signal(ours[i], SIG_DFL);
	if (argc > LIVE_MAX_ARGS) {
		puts("live: too many patterns");
		return 1;
	}
	live_patterns = (const char *const *)argv + 1;
	live_patterns_count = (size_t)argc - 1;
	if (live_widths() < 2)
		puts(left_out);
	/*
	 * Once on each kernel: loading, what is asked of the kernel, who writes where, what the daemon does with others' files, and
	 * what becomes of a sample behind the hooks
	 */
	if (!getenv("LIVE_HOST") || getenv("LIVE_WHO")) {
		failed += live_group("privileges", live_privileges, live_privileges_count);
		failed += live_group("loader", live_loader, live_loader_count);
		failed += live_group("who", live_who, live_who_count);
		failed += live_group("identity", live_identity, live_identity_count);
		failed += live_group("others", live_others, live_others_count);
		failed += live_group("files once", live_files_once, live_files_once_count);
		failed += live_group("bounds once", live_bounds_once, live_bounds_once_count);
		failed += live_group("stores once", live_stores_once, live_stores_once_count);
	}
	failed += live_group("run", live_run_tests, live_run_tests_count);
	failed += live_group("restart", live_restart, live_restart_count);
	/* no other kernel makes a difference to what options and signals do, to the store, to outputs, to rules, to how a loss is told and
	 * to what is forgotten for room */
	if (!getenv("LIVE_HOST")) {
		failed += live_group("commands", live_commands, live_commands_count);
		failed += live_group("run commands", live_run_commands, live_run_commands_count);
		failed += live_group("told", live_told, live_told_count);
		failed += live_group("restarts", live_restart_commands, live_restart_commands_count);
		failed += live_group("audit", live_audit, live_audit_count);
		failed += live_group("outputs", live_outputs, live_outputs_count);
		failed += live_group("rules", live_rules, live_rules_count);
		failed += live_group("forgotten", live_forgotten, live_forgotten_count);
	}
	/* the guests of tests/kernels set this; a machine that others work on is not ours to watch */
	if (getenv("LIVE_HOST"))
		failed += live_group("host", live_host, live_host_count);
	failed += live_group("probe", live_probe, live_probe_count);
	failed += live_group("writes", live_writes, live_writes_count);
	failed += live_group("pieces", live_pieces, live_pieces_count);
	failed += live_group("pipes", live_pipes, live_pipes_count);
	failed += live_group("seams", live_seams, live_seams_count);
	failed += live_group("budget", live_budget, live_budget_count);
	failed += live_group("names", live_names, live_names_count);
	failed += live_group("files", live_files, live_files_count);
	failed += live_group("stores", live_stores, live_stores_count);
	failed += live_group("suspects", live_suspects, live_suspects_count);
	if (!getenv("LIVE_HOST"))
		failed += live_group("suspects less", live_suspects_less, live_suspects_less_count);
	failed += live_group("bounds", live_bounds, live_bounds_count);
	failed += live_unmatched();
	/* the closing line; run-suites and paths read it as well */
	printf("live: %d groups failed%s%s\n", failed, live_widths() < 2 ? "; " : "",
	       live_widths() < 2 ? left_out : "");
	return failed != 0;
}
