// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the daemon keeps of its privileges once it has attached, and what the command that it starts has. */
#include "live.h"

#include <inttypes.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CAPABILITY(name) (UINT64_C(1) << (name))
#define KEPT (CAPABILITY(CAP_DAC_READ_SEARCH) | CAPABILITY(CAP_SYS_PTRACE))

/* Waits until the process `watcher` has given away what it does not need, and prints the status of each of its threads. */
#define STATUS                                                                                     \
	"for i in $(seq 600); do grep -q 'Seccomp:.2' /proc/$watcher/status && break; sleep 0.1; " \
	"done; cat /proc/$watcher/task/*/status; grep 'core file' /proc/$watcher/limits; "

/* The same of who reads files for it, into a file. BusyBox's pgrep looks for what it was started as. */
#define READER                                                                                   \
	"for p in $(grep -lx \"PPid:.$watcher\" /proc/[0-9]*/status); do "                       \
	"grep -q '^Name:.spillwatch-read' $p && cat $p && grep 'core file' ${p%%status}limits; " \
	"done > %s; "

/* The value of a line "NAME: NUMBER" of /proc/PID/status in a text, which may hold several: all must be the same. */
static uint64_t status_value(const char *text, const char *name, int base)
{
	const char *at = strstr(text, name);
	uint64_t value;

	if (!at) {
		fail_msg("no %s in: %s", name, text);
		return 0;
	}
	value = strtoull(at + strlen(name), NULL, base);
	while ((at = strstr(at + 1, name)))
		if (strtoull(at + strlen(name), NULL, base) != value)
			fail_msg("threads differ in %s: %s", name, text);
	return value;
}

/* @kept: the capabilities that may stay */
static void check_dropped(const char *text, uint64_t kept)
{
	assert_int_equal(status_value(text, "CapPrm:", 16), kept);
	assert_int_equal(status_value(text, "CapEff:", 16), kept);
	assert_int_equal(status_value(text, "CapInh:", 16), 0);
	assert_int_equal(status_value(text, "CapBnd:", 16), 0);
	assert_int_equal(status_value(text, "CapAmb:", 16), 0);
	assert_int_equal(status_value(text, "NoNewPrivs:", 10), 1);
	assert_int_equal(status_value(text, "Seccomp:", 10), 2);
	assert_int_equal(status_value(text, "Max core file size", 10), 0);
}

static void test_dropped(void **state)
{
	struct maker_token token = maker_token(80);
	char script[2048];
	struct live_run run, reader;

	(void)state;
	snprintf(script, sizeof(script), "watcher=$PPID; " STATUS READER "%s call write %s 80",
		 live_path("reader"), live_writer("writer"), live_path("file"));
	run = live_exec(ARGS(NULL), ARGS("sh", "-c", script));
	assert_int_equal(run.status, 0);
	check_dropped(run.output, KEPT | CAPABILITY(CAP_KILL));
	reader = live_command(ARGS("cat", live_path("reader")));
	check_dropped(reader.output, KEPT | CAPABILITY(CAP_CHECKPOINT_RESTORE));
	live_free(&reader);
	/* what comes after that is seen and named as before */
	assert_int_equal(live_count(&run, &token), 1);
	assert_string_equal(live_string(live_only(&run), "file.path"), live_path("file"));
	live_free(&run);
}

/* As another user, in a directory of his. */
static void test_run_user(void **state)
{
	char script[2048];
	struct live_run run;

	(void)state;
	snprintf(script, sizeof(script),
		 "cgroup=%s/spillwatch-test-$$; mkdir $cgroup; mkdir %s; chown nobody %s; chmod 755 %s; "
		 "%s run --attach %s --user nobody --cgroup $cgroup --alerts %s --store %s & "
		 "watcher=$!; " STATUS
		 "sh -c \"echo \\$\\$ > $cgroup/cgroup.procs; exec %s call write %s 81\"; "
		 "for i in $(seq 600); do test -s %s && break; sleep 0.1; done; "
		 "kill $watcher; wait $watcher; r=$?; rmdir $cgroup; exit $r",
		 live_cgroup_root(), live_path("his"), live_path("his"), live_path(""),
		 getenv("SPILLWATCH") ? getenv("SPILLWATCH") : "build/spillwatch",
		 getenv("SPILLWATCH_ATTACH") ? getenv("SPILLWATCH_ATTACH") : "auto", live_path("his/alerts"),
		 live_path("his/store"), live_writer("writer"), live_path("file"), live_path("his/alerts"));
	run = live_command(ARGS("sh", "-c", script));
	if (run.status || !strstr(run.errors, " 1 alert, nothing lost"))
		fail_msg("status %d: %s", run.status, run.errors);
	check_dropped(run.output, KEPT);
	assert_int_equal(status_value(run.output, "Uid:\t", 10), 65534);
	live_free(&run);
	run = live_command(ARGS("stat", "-c", "%U", live_path("his/alerts"), live_path("his/store")));
	assert_string_equal(run.output, "nobody\nnobody\n");
	live_free(&run);
}

/* The command has what whoever called has, or what --user has. */
static void test_command(void **state)
{
	struct live_run own =
		live_command(ARGS("grep", "-E", "Cap|NoNewPrivs|Seccomp:", "/proc/self/status"));
	struct live_run run =
		live_exec(ARGS(NULL), ARGS("grep", "-E", "Cap|NoNewPrivs|Seccomp:", "/proc/self/status"));

	(void)state;
	assert_string_equal(run.output, own.output);
	live_free(&run);
	run = live_exec(ARGS(NULL), ARGS("sh", "-c", "ulimit -c"));
	live_free(&own);
	own = live_command(ARGS("sh", "-c", "ulimit -c"));
	assert_string_equal(run.output, own.output);
	live_free(&own);
	live_free(&run);

	run = live_exec(ARGS("--user", "nobody"),
			ARGS("sh", "-c", "id -un; id -u; echo $USER; grep Cap[PE] /proc/self/status"));
	assert_int_equal(run.status, 0);
	assert_int_equal(strncmp(run.output, "nobody\n65534\nnobody\n", 20), 0);
	assert_int_equal(status_value(run.output, "CapPrm:", 16), 0);
	assert_int_equal(status_value(run.output, "CapEff:", 16), 0);
	live_free(&run);
	/* a number that no name belongs to */
	run = live_exec(ARGS("--user", "4000000"), ARGS("sh", "-c", "id -u; id -G"));
	assert_string_equal(run.output, "4000000\n4000000\n");
	live_free(&run);
	run = live_exec(ARGS("--user", "no-such-user"), ARGS("true"));
	assert_int_equal(run.status, 3);
	assert_non_null(strstr(run.errors, "--user"));
	live_free(&run);
}

/* A signal for a command that has become somebody else. */
static void test_signal(void **state)
{
	int pid = live_start(ARGS("spillwatch", "exec", "--user", "nobody", "--", "sh", "-c",
				  "trap 'exit 5' TERM; echo ready; while :; do sleep 0.1; done"));
	struct stat st = {0};
	struct live_run run;

	(void)state;
	for (int i = 0; i < 12000 && st.st_size == 0; i++) {
		usleep(10000);
		stat(live_path("output"), &st);
	}
	assert_int_equal(kill(pid, SIGTERM), 0);
	run = live_wait(pid);
	assert_int_equal(run.status, 5);
	live_free(&run);
}

/* What the unit and the manifests leave it. */
#define LEAST (KEPT | CAPABILITY(CAP_BPF) | CAPABILITY(CAP_PERFMON) | CAPABILITY(CAP_CHECKPOINT_RESTORE))

/* Gives up all other capabilities, for what is executed as well. */
static void least(void)
{
	for (unsigned int i = 0; prctl(PR_CAPBSET_READ, i) >= 0; i++)
		if (!(LEAST & CAPABILITY(i)) && prctl(PR_CAPBSET_DROP, i) < 0)
			_exit(125);
}

/* With no other capability than those, which are all that deploy/ asks for, the programs are loaded, and see. */
static void test_least(void **state)
{
	int status, pid = fork();
	struct live_run run;

	(void)state;
	if (pid == 0) {
		struct maker_token token = maker_token(82);

		least();
		run = live_exec(ARGS(NULL),
				ARGS(live_writer("writer"), "call", "write", live_path("file"), "82"));
		if (run.status || live_count(&run, &token) != 1)
			fprintf(stderr, "status %d: %s\n", run.status, run.errors);
		_exit(run.status || live_count(&run, &token) != 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

const struct CMUnitTest live_privileges[] = {
	cmocka_unit_test_setup_teardown(test_least, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_dropped, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_run_user, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_command, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_signal, live_setup, live_teardown),
};
const size_t live_privileges_count = sizeof(live_privileges) / sizeof(*live_privileges);
