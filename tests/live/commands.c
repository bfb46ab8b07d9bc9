// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The commands as a person or a script meets them: status, signals, silence, bad input. */
#include "live.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void check_status(const char *const *options, const char *const *command, int status)
{
	struct live_run run = live_exec(options, command);

	if (run.status != status)
		fail_msg("status %d instead of %d: %s", run.status, status, run.errors);
	live_free(&run);
}

static void test_exec_status(void **state)
{
	const char *writer = live_writer("writer"), *file = live_path("file");

	(void)state;
	check_status(NO_ARGS, ARGS("sh", "-c", "exit 0"), 0);
	check_status(NO_ARGS, ARGS("sh", "-c", "exit 42"), 42);
	check_status(NO_ARGS, ARGS("sh", "-c", "kill -9 $$"), 128 + 9);
	check_status(NO_ARGS, ARGS("no-such-command-anywhere"), 127);
	check_status(NO_ARGS, ARGS("/"), 126);
	check_status(ARGS("--exit-code", "9"), ARGS("sh", "-c", "exit 5"), 5);
	check_status(ARGS("--exit-code", "9"), ARGS(writer, "call", "write", file, "1"), 9);
	check_status(ARGS("--exit-code", "0"), ARGS(writer, "call", "write", file, "1"), 0);
}

static void test_exec_silent(void **state)
{
	struct live_run run = live_exec(NO_ARGS, ARGS("true"));

	(void)state;
	assert_int_equal(run.status, 0);
	assert_string_equal(run.output, "");
	assert_string_equal(run.errors, "");
	live_free(&run);
}

/* Input and output pass through untouched; descendants that changed session are still followed. */
static void test_exec_passes_through(void **state)
{
	struct maker_token token = maker_token(11);
	char command[1024];
	struct live_run run;

	(void)state;
	snprintf(command, sizeof(command),
		 "echo out; echo err >&2; setsid sh -c \"%s call write %s 11 & wait\" ",
		 live_writer("writer"), live_path("file"));
	run = live_exec(ARGS("--output", "json"), ARGS("sh", "-c", command));
	assert_int_equal(run.status, 0);
	assert_int_equal(live_count(&run, &token), 1);
	assert_int_equal(strncmp(run.output, "out\n", 4), 0);
	assert_non_null(strstr(run.output, token.identifier));
	assert_int_equal(strncmp(run.errors, "err\n", 4), 0);
	live_free(&run);
}

static void await_file(const char *path)
{
	struct stat st = {0};

	for (int i = 0; i < 12000 && stat(path, &st) < 0; i++)
		usleep(10000);
	assert_int_equal(stat(path, &st), 0);
}

/* Waits until a line of what the command has said is `line`. */
static void await_line(const char *line)
{
	char *text = NULL;
	bool said = false;
	size_t size = 0;

	for (int i = 0; i < 12000 && !said; i++) {
		FILE *file = fopen(live_path("output"), "r");

		while (file && !said && getline(&text, &size, file) > 0)
			said = strcmp(text, line) == 0;
		if (file)
			fclose(file);
		if (!said)
			usleep(10000);
	}
	free(text);
	if (!said)
		fail_msg("the command did not say %s", line);
}

/* What is sent to spillwatch is the command's, but for SIGUSR1 and what tells of a fault. */
static void test_exec_signals(void **state)
{
	const int signals[] = {SIGHUP,  SIGINT,    SIGQUIT,   SIGUSR2,  SIGALRM,  SIGCONT,
			       SIGTSTP, SIGWINCH,  SIGPWR,    SIGIO,    SIGURG,   SIGPROF,
			       SIGXCPU, SIGVTALRM, SIGSTKFLT, SIGRTMIN, SIGRTMAX, SIGTERM};
	struct live_run run;
	char line[16];
	int pid = live_start(ARGS("spillwatch", "exec", "--alerts", live_path("alerts"), "--",
				  live_writer("writer"), "signals"));

	(void)state;
	await_line("ready\n");
	/* this one is spillwatch's: the alert file is reopened */
	assert_int_equal(rename(live_path("alerts"), live_path("alerts.1")), 0);
	kill(pid, SIGUSR1);
	await_file(live_path("alerts"));
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		kill(pid, signals[i]);
		snprintf(line, sizeof(line), "%d\n", signals[i]);
		await_line(line);
	}
	run = live_wait(pid);
	assert_int_equal(run.status, 7);
	snprintf(line, sizeof(line), "\n%d\n", SIGUSR1);
	assert_null(strstr(run.output, line));
	live_free(&run);
}

/* The master's side of a new one. */
static int open_terminal(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	return master;
}

/* Starts `exec` as a shell does: in a group of its own; or, given a terminal, in a session of its own that the terminal belongs to. */
static pid_t start_job(const char *terminal, const char *script)
{
	const char *binary = getenv("SPILLWATCH") ? getenv("SPILLWATCH") : "build/spillwatch";
	const char *const args[] = {"spillwatch", "exec", "--", "sh", "-c", script, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, terminal ? POSIX_SPAWN_SETSID : POSIX_SPAWN_SETPGROUP);
	if (terminal)
		posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, terminal, O_RDWR, 0);
	assert_int_equal(
		posix_spawn(&pid, binary, &actions, &attributes, (char *const *)(uintptr_t)args, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return pid;
}

/* A shell that waits for its job sees that the command has stopped, and both go on together. */
static void test_exec_stopped(void **state)
{
	pid_t pid = start_job(NULL, "kill -STOP $$; exit 6");
	int status;

	(void)state;
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
	assert_int_equal(WSTOPSIG(status), SIGSTOP);
	kill(pid, SIGCONT);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 6);
}

/* As under `ssh -t`: the terminal tells of its end only who leads the session. */
static void test_exec_hangup(void **state)
{
	int master = open_terminal(), status;
	char script[1024];
	pid_t pid;

	(void)state;
	snprintf(script, sizeof(script), "touch %s; while :; do sleep 0.1; done", live_path("ready"));
	pid = start_job(ptsname(master), script);
	await_file(live_path("ready"));
	close(master);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 128 + SIGHUP);
}

/* Does a process keep Ctrl-C waiting? */
static bool keeps_interrupt(pid_t pid)
{
	char path[64], *line = NULL;
	unsigned long long blocked = 0;
	size_t size = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "r");
	while (file && getline(&line, &size, file) > 0)
		if (strncmp(line, "SigBlk:", 7) == 0)
			blocked = strtoull(line + 7, NULL, 16);
	if (file)
		fclose(file);
	free(line);
	return blocked >> (SIGINT - 1) & 1;
}

/* A Ctrl-C that comes before there is a command ends us: nobody else has it. */
static void test_exec_interrupted_early(void **state)
{
	int master = open_terminal(), status;
	char script[1024];
	pid_t pid;

	(void)state;
	snprintf(script, sizeof(script), "touch %s; sleep 20", live_path("begun"));
	pid = start_job(ptsname(master), script);
	while (!keeps_interrupt(pid) && access(live_path("begun"), F_OK) < 0)
		usleep(1000);
	assert_int_equal(write(master, "\x03", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 128 + SIGINT);
	assert_int_equal(access(live_path("begun"), F_OK), -1);
	close(master);
}

/* As a job of a shell that has a terminal: what it leaves in `said`. */
static pid_t start_shell(const char *terminal)
{
	const char *binary = getenv("SPILLWATCH") ? getenv("SPILLWATCH") : "build/spillwatch";
	const char *begun = live_path("begun"), *said = live_path("said");
	char script[4096];
	const char *const args[] = {"sh", "-mc", script, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	pid_t pid;

	snprintf(script, sizeof(script),
		 "sh -c 'echo $$ > %s; exec %s exec -- touch %s'; test -e %s || echo stopped > %s; "
		 "fg > /dev/null; test -e %s && echo on >> %s",
		 live_path("pid"), binary, begun, begun, said, begun, said);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, terminal, O_RDWR, 0);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
	assert_int_equal(
		posix_spawn(&pid, "/bin/sh", &actions, &attributes, (char *const *)(uintptr_t)args, environ),
		0);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return pid;
}

/* A Ctrl-Z that comes before there is a command stops us, and the command begins when we go on. */
static void test_exec_stopped_early(void **state)
{
	int master = open_terminal(), status, job = 0;
	char text[64] = "";
	pid_t shell;
	FILE *file;

	(void)state;
	shell = start_shell(ptsname(master));
	while (!job) {
		file = fopen(live_path("pid"), "r");
		if (file && fscanf(file, "%d", &job) != 1)
			job = 0;
		if (file)
			fclose(file);
	}
	while (!keeps_interrupt(job) && access(live_path("begun"), F_OK) < 0)
		usleep(1000);
	assert_int_equal(write(master, "\x1a", 1), 1);
	assert_int_equal(waitpid(shell, &status, 0), shell);
	file = fopen(live_path("said"), "r");
	assert_non_null(file);
	assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
	fclose(file);
	assert_string_equal(text, "stopped\non\n");
	close(master);
}

/* For sh: ends with 7 and leaves a writer, which begins when nobody is to be watching any more. */
static const char *leaves_writer(void)
{
	static char command[1024];

	snprintf(command, sizeof(command),
		 "(sleep 2; %s call write %s 18; touch %s) > /dev/null 2>&1 & exit 7", live_writer("writer"),
		 live_path("file"), live_path("done"));
	return command;
}

/* What outlives the command is not watched any more, or until it has ended; the status is the command's. */
static void test_exec_wait(void **state)
{
	struct maker_token token = maker_token(18);
	struct live_run run;

	(void)state;
	run = live_exec(NO_ARGS, ARGS("sh", "-c", leaves_writer()));
	assert_int_equal(run.status, 7);
	assert_int_equal(json_array_size(run.alerts), 0);
	live_free(&run);
	await_file(live_path("done"));
	unlink(live_path("done"));
	run = live_exec(ARGS("--wait"), ARGS("sh", "-c", leaves_writer()));
	assert_int_equal(run.status, 7);
	assert_int_equal(live_count(&run, &token), 1);
	assert_non_null(strstr(run.errors, "watching what it left"));
	live_free(&run);
	/* in a session of its own, two forks away, and whoever adopts it */
	run = live_exec(ARGS("--wait", "--exit-code", "9"),
			ARGS("setsid", "sh", "-c", "sh -c \"$0\" & exit 3", leaves_writer()));
	assert_int_equal(run.status, 9);
	assert_int_equal(live_count(&run, &token), 1);
	live_free(&run);
	/* nobody is left: nothing to say */
	run = live_exec(ARGS("--wait"), ARGS("sh", "-c", "true & wait; kill -9 $$"));
	assert_int_equal(run.status, 128 + 9);
	assert_string_equal(run.errors, "");
	live_free(&run);
}

/* @text: what was said when the signal comes. The command leaves a sleep that outlasts the test. */
static void check_wait_signal(const char *const *command, const char *text, int signal, int status)
{
	char *line = NULL;
	struct live_run run;
	int pid, sleeper = 0;
	FILE *file;
	bool said = false;
	size_t size = 0;

	/* what was said the last time is not to be taken for this one's */
	unlink(live_path("errors"));
	pid = live_start(command);
	for (int i = 0; i < 12000 && !said; i++) {
		usleep(10000);
		file = fopen(live_path("errors"), "r");
		while (file && !said && getline(&line, &size, file) > 0)
			said = strstr(line, text);
		if (file)
			fclose(file);
	}
	free(line);
	assert_true(said);
	assert_int_equal(kill(pid, signal), 0);
	run = live_wait(pid);
	file = fopen(live_path("sleeper"), "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%d", &sleeper), 1);
	fclose(file);
	/* what was left goes on */
	assert_int_equal(kill(sleeper, SIGKILL), 0);
	if (run.status != status)
		fail_msg("signal %d: status %d instead of %d: %s", signal, run.status, status, run.errors);
	live_free(&run);
}

/* While the command runs, signals are for it; after that they end the waiting. */
static void test_exec_wait_signals(void **state)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	char left[512], running[512];

	(void)state;
	snprintf(left, sizeof(left), "sleep 1000 & echo $! > %s; exit 5", live_path("sleeper"));
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		check_wait_signal(ARGS("spillwatch", "exec", "--wait", "--", "sh", "-c", left),
				  "watching what it left", signals[i], 5);
	/* whoever wants us gone says it once */
	snprintf(running, sizeof(running),
		 "trap 'exit 6' TERM; sleep 1000 & echo $! > %s; echo running >&2; "
		 "while :; do sleep 0.1; done",
		 live_path("sleeper"));
	check_wait_signal(ARGS("spillwatch", "exec", "--wait", "--", "sh", "-c", running), "running", SIGTERM,
			  6);
}

static void check_sentence(const char *const *command, int status, const char *text)
{
	struct live_run run = live_command(command);

	if (run.status != status || !strstr(run.errors, text))
		fail_msg("status %d instead of %d, and on standard error: %s", run.status, status,
			 run.errors);
	/* one sentence, one line */
	assert_ptr_equal(strchr(run.errors, '\n'), run.errors + strlen(run.errors) - 1);
	assert_string_equal(run.output, "");
	live_free(&run);
}

/* What `scan` can't read it names; what it scanned stands in the last line. */
static void check_scan_said(const char *const *command, int status, const char *text)
{
	struct live_run run = live_command(command);

	if (run.status != status || !strstr(run.errors, text) || !strstr(run.errors, " scanned, "))
		fail_msg("status %d instead of %d, and on standard error: %s", run.status, status,
			 run.errors);
	assert_string_equal(run.output, "");
	live_free(&run);
}

static void test_bad_input(void **state)
{
	const char *binary = getenv("SPILLWATCH") ? getenv("SPILLWATCH") : "build/spillwatch";

	(void)state;
	check_sentence(ARGS("spillwatch"), 2, "help");
	check_sentence(ARGS("spillwatch", "frobnicate"), 2, "help");
	check_sentence(ARGS("spillwatch", "exec"), 2, "COMMAND");
	check_sentence(ARGS("spillwatch", "exec", "--frob", "--", "true"), 2, "--frob");
	check_sentence(ARGS("spillwatch", "exec", "-xy", "--", "true"), 2, "'-x'");
	check_sentence(ARGS("spillwatch", "exec", "--alerts"), 2, "--alerts");
	check_sentence(ARGS("spillwatch", "exec", "--exit-code", "x", "--", "true"), 2, "--exit-code");
	check_sentence(ARGS("spillwatch", "exec", "--output", "xml", "--", "true"), 2, "json");
	check_sentence(ARGS("spillwatch", "exec", "--alerts-bytes", "1000", "--", "true"), 2, "65536");
	check_sentence(ARGS("spillwatch", "exec", "--attach", "magic", "--", "true"), 2, "fexit");
	check_sentence(ARGS("spillwatch", "exec", "--watch", "disk,moon", "--", "true"), 2, "moon");
	check_sentence(ARGS("spillwatch", "exec", "--ring-bytes", "5000", "--", "true"), 2, "power of two");
	check_sentence(ARGS("spillwatch", "run", "true"), 2, "exec");
	check_sentence(ARGS("spillwatch", "run", "--duration", "-3"), 2, "seconds");
	check_sentence(ARGS("spillwatch", "run", "--cgroup", "/nowhere"), 3, "No such file");
	check_sentence(ARGS("spillwatch", "run", "--cgroup", "/tmp"), 3, "cgroup v2");
	check_sentence(ARGS("spillwatch", "exec", "--alerts", "/nowhere/alerts", "--", "true"), 3,
		       "/nowhere");
	check_sentence(ARGS("spillwatch", "check", "more"), 2, "arguments");
	check_sentence(ARGS("spillwatch", "scan"), 2, "PATH");
	check_sentence(ARGS("spillwatch", "scan", "--output", "xml", "/"), 2, "json");
	check_sentence(ARGS("spillwatch", "scan", "--exit-code", "256", "/"), 2, "255");
	check_sentence(ARGS("spillwatch", "scan", "--frob=x", "/"), 2, "--frob");
	check_sentence(ARGS("spillwatch", "scan", "--report", "xml=/dev/null", "/"), 2, "sarif");
	check_sentence(ARGS("spillwatch", "scan", "--report", "json=/nowhere/x", "/"), 3, "/nowhere/x");
	check_sentence(ARGS("spillwatch", "scan", "--max-bytes", "x", "/"), 2, "--max-bytes");
	check_sentence(ARGS("spillwatch", "scan", "--staged", "--history"), 2, "one at a time");
	check_sentence(ARGS("spillwatch", "scan", "--staged", "/"), 2, "PATH");
	check_scan_said(ARGS("spillwatch", "scan", "/nowhere"), 3, "can't read /nowhere: No such file");
	check_scan_said(ARGS("spillwatch", "scan", "/nowhere"), 3, "skipped: 1 unreadable");
	check_scan_said(ARGS("spillwatch", "scan", "/dev/null"), 3, "regular file");
	check_sentence(ARGS("spillwatch", "mask", "more"), 2, "standard input");
	check_sentence(ARGS("spillwatch", "identify", "x"), 2, "standard input");
	check_sentence(ARGS("spillwatch", "rules"), 2, "--for");
	check_sentence(ARGS("spillwatch", "rules", "--for", "me"), 2, "gitleaks");
	check_sentence(ARGS("spillwatch", "identify", "--output", "xml"), 2, "json");
	check_sentence(ARGS("sh", "-c", "echo dt0c01.ABC | \"$0\" identify", binary), 3, "no token");
	check_sentence(ARGS("spillwatch", "help", "frobnicate"), 2, "help");
	check_sentence(ARGS("spillwatch", "version", "x"), 2, "version");
	check_sentence(ARGS("spillwatch", "check", "--alert", "/"), 3, "Is a directory");
	check_sentence(ARGS("spillwatch", "check", "--alert", "/dev/null"), 0, "no alert");
	check_sentence(ARGS("spillwatch", "exec", "--", "no-such-command"), 127,
		       "no-such-command: No such file or directory");
}

/* What a slip of the pen leads to: what it was, and what may have been meant. */
static void test_slips(void **state)
{
	(void)state;
	check_sentence(ARGS("spillwatch", "scna"), 2, "'scan'");
	check_sentence(ARGS("spillwatch", "help", "idnetify"), 2, "'identify'");
	/* twice, where once would be swallowed */
	check_sentence(ARGS("spillwatch", "scan", "--output", "json", "--output", "text", "/"), 2, "twice");
	check_sentence(ARGS("spillwatch", "exec", "--store", "a", "--store=b", "--", "true"), 2, "twice");
	check_sentence(ARGS("spillwatch", "status", "--pin", "/a", "--pin", "/a"), 2, "twice");
	check_sentence(ARGS("spillwatch", "audit", "--files", "--files"), 2, "twice");
	/* no value, or none that was meant */
	check_sentence(ARGS("spillwatch", "audit", "--store", "--files"), 2, "next option");
	check_sentence(ARGS("spillwatch", "exec", "--alerts", "--", "true"), 2, "next option");
	check_sentence(ARGS("spillwatch", "run", "--store", ""), 2, "empty");
	check_sentence(ARGS("spillwatch", "follow", "--socket="), 2, "empty");
	check_sentence(ARGS("spillwatch", "audit", "--files=3"), 2, "no value");
	check_sentence(ARGS("spillwatch", "mask", "--help=3"), 2, "no value");
	/* another command's, a slip, and half of one */
	check_sentence(ARGS("spillwatch", "scan", "--ring-bytes", "4096", "/"), 2, "'run', 'exec'");
	check_sentence(ARGS("spillwatch", "stop", "--config", "x"), 2, "'reload'");
	check_sentence(ARGS("spillwatch", "scan", "--ouput", "json", "/"), 2, "'--output'");
	check_sentence(ARGS("spillwatch", "scan", "--no-", "/"), 2, "'no-decode'");
	check_sentence(ARGS("spillwatch", "mask", "--frob"), 2, "--frob");
	check_sentence(ARGS("spillwatch", "version", "--frob"), 2, "--frob");
	check_sentence(ARGS("spillwatch", "help", "--frob"), 2, "--frob");
	check_sentence(ARGS("spillwatch", "audit", "--by", "contaner"), 2, "mean 'container'");
	check_sentence(ARGS("spillwatch", "rules", "--for", "gitleeks"), 2, "mean 'gitleaks'");
	check_sentence(ARGS("spillwatch", "status", "--output", "prometeus"), 2, "mean 'prometheus'");
	/* numbers that are none, or beyond */
	check_sentence(ARGS("spillwatch", "audit", "--limit", "-1"), 2, "from 1 to 2147483648");
	check_sentence(ARGS("spillwatch", "audit", "--limit", "99999999999999999999"), 2, "from 1");
	check_sentence(ARGS("spillwatch", "run", "--duration", "0x10"), 2, "from 1");
	check_sentence(ARGS("spillwatch", "run", "--metrics", "99999"), 2, "port");
	/* what means nothing */
	check_sentence(ARGS("spillwatch", "audit", "--exit-code", "3"), 2, "--files");
	check_sentence(
		ARGS("spillwatch", "audit", "--mark", "dt0c01.ABCDEFGHIJKLMNOPQRSTUVWX", "none", "--files"),
		2, "--note");
}

/* What can't be written is no success, be standard output full or closed. */
static void test_no_output(void **state)
{
	static const char *const commands[] = {
		"version", "help", "help exec", "rules --for sed", "check --config /dev/null", "identify",
	};
	const char *binary = getenv("SPILLWATCH") ? getenv("SPILLWATCH") : "build/spillwatch";
	char command[256];

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(commands) / sizeof(*commands); i++) {
		snprintf(command, sizeof(command), "echo dt0c01.ABCDEFGHIJKLMNOPQRSTUVWX | \"$0\" %s %s",
			 commands[i / 2], i % 2 ? ">&-" : ">/dev/full");
		check_sentence(ARGS("sh", "-c", command, binary), 1, "standard output");
	}
}

/* @text: an argument, with a token where the @ is. What is refused is said without the token's secret portion. */
static void check_refused(const char *const *command, const char *text)
{
	struct maker_token token = maker_token(24);
	const char *args[16];
	char argument[256];
	struct live_run run;
	size_t count = 0;

	snprintf(argument, sizeof(argument), "%.*s%s%s", (int)strcspn(text, "@"), text, token.text,
		 strchr(text, '@') + 1);
	for (; command[count]; count++)
		args[count] = strcmp(command[count], "@") == 0 ? argument : command[count];
	args[count] = NULL;
	run = live_command(args);
	if (run.status != 2 && run.status != 3 && run.status != 127)
		fail_msg("'%s %s' with '%s': status %d: %s", command[0], command[1], text, run.status,
			 run.errors);
	live_no_secret(&run, &token);
	live_free(&run);
}

/* A token in the wrong place of a command line is not printed: standard error is kept by somebody. */
static void test_bad_input_token(void **state)
{
	static const char *const commands[] = {"run",  "exec",   "scan",   "audit",    "check", "mask",
					       "stop", "reload", "follow", "identify", "rules", "status"};

	(void)state;
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		check_refused(ARGS("spillwatch", commands[i], "@"), "--@");
		check_refused(ARGS("spillwatch", commands[i], "@"), "--@=x");
		check_refused(ARGS("spillwatch", commands[i], "@"), "--frob=@");
		check_refused(ARGS("spillwatch", commands[i], "@"), "-@");
		check_refused(ARGS("spillwatch", commands[i], "@"), "--help=@");
		check_refused(ARGS("spillwatch", commands[i], "--output", "@"), "@");
		/* an unknown letter, and behind what was understood */
		check_refused(ARGS("spillwatch", commands[i], "--store", "@", "-xy"), "@");
		check_refused(ARGS("spillwatch", commands[i], "--alerts", "@", "-xy"), "@");
	}
	for (size_t i = 0; i < 2; i++) {
		check_refused(ARGS("spillwatch", commands[i], "--watch", "@"), "@");
		check_refused(ARGS("spillwatch", commands[i], "--watch", "@"), "disk,@,tty");
		check_refused(ARGS("spillwatch", commands[i], "--attach", "@"), "@");
		check_refused(ARGS("spillwatch", commands[i], "--ring-bytes", "@"), "@");
		check_refused(ARGS("spillwatch", commands[i], "--store-days", "@"), "@");
		check_refused(ARGS("spillwatch", commands[i], "--procfs", "@"), "/nowhere/@");
		check_refused(ARGS("spillwatch", commands[i], "--no-store", "@"), "--no-store=@");
		check_refused(ARGS("spillwatch", commands[i], "--alerts", "@", "true"), "/nowhere/@");
	}
	check_refused(ARGS("spillwatch", "run", "--cgroup", "@"), "/nowhere/@");
	check_refused(ARGS("spillwatch", "run", "@"), "@");
	check_refused(ARGS("spillwatch", "exec", "--exit-code", "@"), "@");
	check_refused(ARGS("spillwatch", "exec", "--store", "@", "true"), "/nowhere/nor here/@");
	check_refused(ARGS("spillwatch", "scan", "@"), "/nowhere/@");
	check_refused(ARGS("spillwatch", "exec", "@"), "/nowhere/@");
	check_refused(ARGS("spillwatch", "audit", "--store", "@", "--store", "@"), "@");
	check_refused(ARGS("spillwatch", "follow", "--output", "@", "--output", "@"), "json@");
	check_refused(ARGS("spillwatch", "check", "--alert", "@"), "/nowhere/@");
	check_refused(ARGS("spillwatch", "exec", "--user", "@", "true"), "@");
	check_refused(ARGS("spillwatch", "run", "--user", "@"), "@");
	check_refused(ARGS("spillwatch", "audit", "--since", "@"), "@");
	check_refused(ARGS("spillwatch", "audit", "--by", "@"), "@");
	check_refused(ARGS("spillwatch", "audit", "--limit", "@"), "@");
	check_refused(ARGS("spillwatch", "audit", "--store", "@"), "/nowhere/@");
	check_refused(ARGS("spillwatch", "@"), "@");
	check_refused(ARGS("spillwatch", "help", "@"), "@");
}

static void test_no_privilege(void **state)
{
	(void)state;
	if (access("/usr/bin/setpriv", X_OK) < 0)
		skip(); /* not in the guests of tests/kernels; here it always is */
	check_sentence(ARGS("setpriv", "--reuid=65534", "--clear-groups", "--bounding-set=-all",
			    "--no-new-privs", "sh", "-c", "exec \"$0\" exec -- true",
			    realpath(getenv("SPILLWATCH") ? getenv("SPILLWATCH") : "build/spillwatch", NULL)),
		       4, "root");
}

static void test_text(void **state)
{
	struct maker_token token = maker_token(12);
	struct live_run run = live_exec(ARGS("--output", "text"), ARGS(live_writer("writer"), "call", "write",
								       live_path("file"), "12"));

	(void)state;
	assert_non_null(strstr(run.errors, token.identifier));
	assert_non_null(strstr(run.errors, live_path("file")));
	assert_non_null(strstr(run.errors, "1 alert, nothing lost"));
	assert_null(strchr(run.errors, '\033'));
	assert_string_equal(run.output, "");
	live_free(&run);
}

/* The alert file lies where the watched command writes; our own writes to it are not watched. */
static void test_alerts_append(void **state)
{
	const char *alerts = live_path("mine");
	struct stat st, again;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct live_run run =
			live_command(ARGS("spillwatch", "exec", "--alerts", alerts, "--",
					  live_writer("writer"), "call", "write", live_path("file"), "13"));

		assert_int_equal(run.status, 0);
		assert_int_equal(stat(alerts, i ? &again : &st), 0);
		live_free(&run);
	}
	assert_true(again.st_size > st.st_size);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void file_make(const char *path, const char *before, const struct maker_token *token)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fprintf(file, "%s%s\n", before, token ? token->text : "");
	fclose(file);
}

/* A file that others may write to, and a link, are refused; a FIFO that nobody reads costs its alerts only. */
static void test_alerts_refused(void **state)
{
	const char *theirs = live_path("theirs"), *link = live_path("link"), *fifo = live_path("fifo");
	struct live_run run;
	struct stat st;

	(void)state;
	file_make(theirs, "theirs", NULL);
	assert_int_equal(chown(theirs, 65534, 65534), 0);
	assert_int_equal(symlink(theirs, link), 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	check_sentence(ARGS("spillwatch", "exec", "--alerts", theirs, "--", "true"), 3, "another user");
	check_sentence(ARGS("spillwatch", "exec", "--alerts", link, "--", "true"), 3, "link");
	assert_int_equal(stat(theirs, &st), 0);
	assert_int_equal(st.st_size, strlen("theirs\n"));
	run = live_command(ARGS("spillwatch", "exec", "--alerts", fifo, "--", live_writer("writer"), "call",
				"write", live_path("file"), "27"));
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.errors, "1 alerts not delivered to "));
	live_free(&run);
}

/* Where a cgroup of our own is made; static. */
static const char *cgroup_path(void)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/spillwatch-test-%d", live_cgroup_root(), getpid());
	return path;
}

/* A file that is no store of ours is not begun in, whoever keeps a store: not even moved. */
static void test_store_refused(void **state)
{
	const char *precious = live_path("precious.txt"), *group = cgroup_path();
	struct live_run run;

	(void)state;
	file_make(precious, "a letter", NULL);
	check_sentence(ARGS("spillwatch", "exec", "--store", precious, "--", "true"), 3, "something else");
	assert_int_equal(mkdir(group, 0755), 0);
	run = live_command(
		ARGS("spillwatch", "run", "--duration", "1", "--cgroup", group, "--store", precious));
	rmdir(group);
	assert_int_equal(run.status, 3);
	assert_non_null(strstr(run.errors, "something else"));
	live_free(&run);
	check_sentence(ARGS("spillwatch", "audit", "--store", precious), 3, "something else");
	run = live_command(ARGS("cat", precious));
	assert_string_equal(run.output, "a letter\n");
	live_free(&run);
}

static void check_scan(const char *const *command, int status, const char *output)
{
	struct live_run run = live_command(command);

	if (run.status != status || strcmp(run.output, output) != 0)
		fail_msg("status %d instead of %d, output: %serrors: %s", run.status, status, run.output,
			 run.errors);
	live_free(&run);
}

/* Files, folders, links, standard input, what can't be read; the names and places, never a secret. */
static void test_scan(void **state)
{
	struct maker_token first = maker_token(20), second = maker_token(21);
	char lines[4096], json[2048];
	struct live_run run;

	(void)state;
	mkdir(live_path("tree"), 0755);
	mkdir(live_path("tree/below"), 0755);
	file_make(live_path("tree/a"), "x=", &first);
	file_make(live_path("tree/below/b"), "", &second);
	file_make(live_path("tree/c"), "nothing here", NULL);
	assert_int_equal(symlink("a", live_path("tree/link")), 0);
	assert_int_equal(symlink("..", live_path("tree/below/up")), 0);
	assert_int_equal(mkfifo(live_path("tree/pipe"), 0600), 0);
	snprintf(lines, sizeof(lines), "%s:1:3: API token %s\n%s:1:1: API token %s\n", live_path("tree/a"),
		 first.identifier, live_path("tree/below/b"), second.identifier);
	snprintf(json, sizeof(json),
		 "{\"file\":{\"path\":\"%s\",\"line\":1,\"column\":3},\"token\":{\"identifier\":\"%s\","
		 "\"prefix\":\"dt0c01\",\"type\":\"API "
		 "token\",\"family\":\"24.64\",\"documented\":true,\"placeholder\":false,\"offset\":2},"
		 "\"fingerprint\":\"%s:%s\"}\n",
		 live_path("tree/link"), first.identifier, first.identifier, live_path("tree/link"));
	check_scan(ARGS("spillwatch", "scan", live_path("tree")), 10, lines);
	run = live_command(ARGS("spillwatch", "scan", live_path("tree")));
	assert_non_null(strstr(run.errors, "3 files ("));
	assert_non_null(strstr(run.errors, "2 findings; skipped: 2 links, 1 device, pipe or socket\n"));
	live_free(&run);
	check_scan(ARGS("spillwatch", "scan", "/nowhere", live_path("tree")), 10, lines);
	check_scan(ARGS("spillwatch", "scan", "--exit-code", "0", live_path("tree")), 0, lines);
	check_scan(ARGS("spillwatch", "scan", "--output", "json", live_path("tree/link")), 10, json);
	check_scan(ARGS("spillwatch", "scan", live_path("tree/c")), 0, "");
	snprintf(json, sizeof(json), "cat %s | %s scan -", live_path("tree/a"),
		 getenv("SPILLWATCH") ? getenv("SPILLWATCH") : "build/spillwatch");
	snprintf(lines, sizeof(lines), "-:1:3: API token %s\n", first.identifier);
	check_scan(ARGS("sh", "-c", json), 10, lines);
}

/* A secret in a file's own name is not shown either. */
static void test_scan_name(void **state)
{
	struct maker_token token = maker_token(22);
	char path[512], expected[1024];

	(void)state;
	snprintf(path, sizeof(path), "%s", live_path(token.text));
	file_make(path, "", &token);
	snprintf(expected, sizeof(expected),
		 "%s.<masked>: in its name: API token %s\n%s.<masked>:1:1: API token %s\n",
		 live_path(token.identifier), token.identifier, live_path(token.identifier),
		 token.identifier);
	check_scan(ARGS("spillwatch", "scan", path), 10, expected);
}

/* Of a path, what is a piece of the secret in that file; by itself it has no shape. */
static void test_scan_piece(void **state)
{
	struct maker_token token = maker_token(25);
	char piece[32], path[512], expected[1024];

	(void)state;
	snprintf(piece, sizeof(piece), "x%.16sy", token.secret + 20);
	snprintf(path, sizeof(path), "%s", live_path(piece));
	file_make(path, "", &token);
	snprintf(expected, sizeof(expected), "%s:1:1: API token %s\n", live_path("x<masked>y"),
		 token.identifier);
	check_scan(ARGS("spillwatch", "scan", path), 10, expected);
}

/* A name that would show as another one: neither the line nor what can't be read is turned around by it. */
static void test_scan_deceiving(void **state)
{
	struct maker_token token = maker_token(24);
	char path[512], expected[1024];

	(void)state;
	snprintf(path, sizeof(path), "%s", live_path("a\u202egpj.exe"));
	file_make(path, "", &token);
	snprintf(expected, sizeof(expected), "%s:1:1: API token %s\n", live_path("a\\xe2\\x80\\xaegpj.exe"),
		 token.identifier);
	check_scan(ARGS("spillwatch", "scan", path), 10, expected);
	snprintf(expected, sizeof(expected),
		 "{\"file\":{\"path\":\"%s\",\"line\":1,\"column\":1},\"token\":{\"identifier\":\"%s\","
		 "\"prefix\":\"dt0c01\",\"type\":\"API "
		 "token\",\"family\":\"24.64\",\"documented\":true,\"placeholder\":false,\"offset\":0},"
		 "\"fingerprint\":\"%s:%s\"}\n",
		 live_path("a\\u202egpj.exe"), token.identifier, token.identifier,
		 live_path("a\\u202egpj.exe"));
	check_scan(ARGS("spillwatch", "scan", "--output", "json", path), 10, expected);
	check_scan_said(ARGS("spillwatch", "scan", "/nowhere/a\u202e\nb"), 3,
			"/nowhere/a\\xe2\\x80\\xae\\x0ab");
}

/* What is no part of a secret passes unchanged, however it comes; secrets pass nowhere. */
static void test_mask(void **state)
{
	struct maker_token token = maker_token(23);
	const char *binary = getenv("SPILLWATCH") ? getenv("SPILLWATCH") : "build/spillwatch";
	char command[1024], expected[512];

	(void)state;
	file_make(live_path("file"), "a\xfe\n", &token);
	snprintf(expected, sizeof(expected), "a\xfe\n%s.<masked>\n", token.identifier);
	snprintf(command, sizeof(command), "%s mask < %s", binary, live_path("file"));
	check_scan(ARGS("sh", "-c", command), 0, expected);
	snprintf(command, sizeof(command), "dd if=%s bs=7 2>/dev/null | %s mask", live_path("file"), binary);
	check_scan(ARGS("sh", "-c", command), 0, expected);
	expected[strlen(expected) - 1] = '\0';
	snprintf(command, sizeof(command), "head -c 60 %s | %s mask", live_path("file"), binary);
	check_scan(ARGS("sh", "-c", command), 0, expected);
	/* a line that is cut inside, and one behind it */
	snprintf(expected, sizeof(expected), "a %s.<masked>\nb\n", token.identifier);
	snprintf(command, sizeof(command),
		 "{ printf 'a '; tail -c +4 %s | head -c 60; printf '\\nb\\n'; } | %s mask",
		 live_path("file"), binary);
	check_scan(ARGS("sh", "-c", command), 0, expected);
	/* a prompt that may be a token's beginning: who asks waits for it before there is more */
	snprintf(command, sizeof(command),
		 "mkfifo %s; { printf passwd; read -r x < %s; echo $x; } | %s mask | { head -c 6; echo go > "
		 "%s; cat; }",
		 live_path("fifo"), live_path("fifo"), binary, live_path("fifo"));
	check_scan(ARGS("sh", "-c", command), 0, "passwdgo\n");
	snprintf(command, sizeof(command), "%s mask < %s > /dev/full", binary, live_path("file"));
	check_sentence(ARGS("sh", "-c", command), 1, "No space left");
	check_sentence(ARGS("sh", "-c", "exec \"$0\" mask < /", binary), 1, "directory");
}

/* Who of the three that print is in the alert file: the command's output, its errors, and what it hands to another. */
static void check_prints(const char *options, const char *to, bool out, bool err)
{
	const char *binary = getenv("SPILLWATCH") ? getenv("SPILLWATCH") : "build/spillwatch";
	const char *alerts = live_path("alerts");
	char command[2048];
	struct live_run run;

	unlink(alerts);
	snprintf(command, sizeof(command),
		 "W=%s; export W; { %s exec %s --alerts %s -- "
		 "sh -c '$W token 91; $W token 92 >&2; $W token 93 | cat > /dev/null'; } %s",
		 live_writer("writer"), binary, options, alerts, to);
	run = live_command(ARGS("sh", "-c", command));
	live_free(&run);
	run = live_command(ARGS("cat", alerts));
	if (!strstr(run.output, maker_token(91).identifier) == out ||
	    !strstr(run.output, maker_token(92).identifier) == err)
		fail_msg("%s%s: alerts: %s", options, to, run.output);
	assert_null(strstr(run.output, maker_token(93).identifier));
	live_free(&run);
}

/* What a command prints is seen wherever that goes, and what it hands to others is not; unless --watch says what to look at. */
static void test_exec_prints(void **state)
{
	int master = open_terminal();
	char terminal[256], command[1024];
	struct live_run run;

	(void)state;
	snprintf(terminal, sizeof(terminal), "> %s 2>&1", ptsname(master));
	check_prints("", "2>&1 | cat > /dev/null", true, true);
	check_prints("", "2> /dev/null | cat > /dev/null", true, false);
	check_prints("", "3>&1 > /dev/null 2>&3 3>&- | cat > /dev/null", false, true);
	check_prints("", terminal, true, true);
	check_prints("--watch disk", "2>&1 | cat > /dev/null", false, false);
	check_prints("--watch default", "2>&1 | cat > /dev/null", false, false);
	close(master);
	/* what is between its programs is nobody's: nothing of it is lost, and nothing repeated */
	snprintf(command, sizeof(command),
		 "{ %s exec --exit-code 9 -- sh -c 'head -c 20000000 /dev/zero | tr \"\\0\" A | cat > "
		 "/dev/null; "
		 "for i in 1 2 3; do %s token 94 | cat > /dev/null; done'; echo \"ended $?\" >&2; } | cat",
		 getenv("SPILLWATCH") ? getenv("SPILLWATCH") : "build/spillwatch", live_writer("writer"));
	run = live_command(ARGS("sh", "-c", command));
	assert_string_equal(run.errors, "ended 0\n");
	live_free(&run);
}

/* A report has each token once a place, in all forms, and is no file of somebody else's. */
static void test_exec_reports(void **state)
{
	const char *binary = getenv("SPILLWATCH") ? getenv("SPILLWATCH") : "build/spillwatch";
	struct maker_token token = maker_token(95);
	char command[2048], expected[2048];
	struct live_run run;

	(void)state;
	snprintf(command, sizeof(command),
		 "S=$(realpath %s) W=$(realpath %s); export W; mkdir %s && chmod 755 %s && cd %s && "
		 "GITHUB_ACTIONS=true \"$S\" exec --report json=json --report sarif=sarif --report "
		 "junit=junit "
		 "--report gitlab=gitlab --annotate auto -- sh -c 'for i in 1 2; do $W token 95; $W token 95 "
		 "> "
		 "log; done' > /dev/null 2> errors",
		 binary, live_writer("writer"), live_path("job"), live_path("job"), live_path("job"));
	run = live_command(ARGS("sh", "-c", command));
	assert_string_equal(run.errors, "");
	live_free(&run);
	run = live_command(
		ARGS("sh", "-c", "cd \"$0\" && cat errors json sarif junit gitlab", live_path("job")));
	live_no_secret(&run, &token);
	live_free(&run);
	run = live_command(ARGS("grep", "^::", live_path("job/errors")));
	snprintf(expected, sizeof(expected),
		 "::error title=Token,file=log::API token %s, written by writer: log\n", token.identifier);
	assert_string_equal(run.output, expected);
	live_free(&run);
	run = live_command(ARGS("cat", live_path("job/json")));
	snprintf(expected, sizeof(expected),
		 "{\"file\":{\"path\":\"log\"},\"token\":{\"identifier\":\"%s\",\"prefix\":\"dt0c01\","
		 "\"type\":\"API "
		 "token\",\"family\":\"24.64\",\"documented\":true,\"placeholder\":false,\"offset\":0},"
		 "\"writer\":\"writer\",\"fingerprint\":\"%s:log\"}\n",
		 token.identifier, token.identifier);
	assert_string_equal(run.output, expected);
	live_free(&run);
	run = live_command(ARGS("grep", "-c", "<failure", live_path("job/junit")));
	assert_string_equal(run.output, "1\n");
	live_free(&run);
	/* as /dev/stderr is one */
	assert_int_equal(symlink("/proc/self/fd/2", live_path("link")), 0);
	snprintf(command, sizeof(command), "text=%s", live_path("link"));
	check_sentence(ARGS("spillwatch", "exec", "--report", command, "--", "true"), 3, "link");
	/* where a pipe is what is printed to, that has a name of its own */
	snprintf(command, sizeof(command),
		 "%s exec --report text=%s -- %s token 95 2> /dev/null | cat > /dev/null; cat %s", binary,
		 live_path("text"), live_writer("writer"), live_path("text"));
	snprintf(expected, sizeof(expected), "<standard output>: API token %s, written by writer\n",
		 token.identifier);
	check_scan(ARGS("sh", "-c", command), 0, expected);
	run = live_command(ARGS("ln", live_path("text"), live_path("second")));
	live_free(&run);
	check_sentence(ARGS("spillwatch", "exec", "--report", live_path("text"), "--", "true"), 2,
		       "FORM=FILE");
	check_sentence(ARGS("sh", "-c", "exec \"$0\" exec --report text=\"$1\" -- true", binary,
			    live_path("second")),
		       3, "other names");
	check_sentence(ARGS("spillwatch", "exec", "--annotate", "forgejo", "--", "true"), 2, "gitlab");
	/* nor is it taken away without a word */
	check_sentence(ARGS("sh", "-c", "exec \"$0\" exec --exit-code 9 --report text=\"$1\" -- rm \"$1\"",
			    binary, live_path("gone")),
		       9, "somebody took that away");
	check_sentence(ARGS("sh", "-c",
			    "exec \"$0\" exec --exit-code 9 --report text=\"$1\" -- sh -c 'rm \"$0\"; echo > "
			    "\"$0\"' "
			    "\"$1\"",
			    binary, live_path("forged")),
		       9, "somebody took that away");
}

/* What is printed is masked, in order, and else as it would be; the command ends as it does, and what it leaves prints on. */
static void test_exec_masks(void **state)
{
	const char *binary = getenv("SPILLWATCH") ? getenv("SPILLWATCH") : "build/spillwatch";
	struct maker_token token = maker_token(96);
	char command[1024], expected[512];
	struct live_run run;

	(void)state;
	setenv("W", live_writer("writer"), 1);
	snprintf(expected, sizeof(expected), "1\n2\n%s.<masked>\n3\nd", token.identifier);
	snprintf(command, sizeof(command),
		 "%s exec --mask-output --exit-code 9 --report text=%s -- sh -c 'echo 1; echo 2 >&2; $W "
		 "token 96; "
		 "echo 3 >&2; printf d' > %s 2>&1; echo $?",
		 binary, live_path("report"), live_path("printed"));
	check_scan(ARGS("sh", "-c", command), 0, "9\n");
	run = live_command(ARGS("cat", live_path("printed")));
	live_no_secret(&run, &token);
	/* by whom it is watched says what it has to say between, and behind, but not here */
	assert_non_null(strstr(run.output, "1\n2\n"));
	live_free(&run);
	run = live_command(ARGS("cat", live_path("report")));
	assert_non_null(strstr(run.output, "<standard output>: API token "));
	live_free(&run);
	/* two that are two */
	run = live_command(ARGS("spillwatch", "exec", "--mask-output", "--watch", "disk", "--", "sh", "-c",
				"echo 1; echo 2; $W token 96; echo 3; echo e >&2; printf d; exit 7"));
	assert_int_equal(run.status, 7);
	assert_string_equal(run.output, expected);
	assert_string_equal(run.errors, "e\n");
	live_free(&run);
	/* one that is cut */
	snprintf(command, sizeof(command), "$W token 96 | head -c %zu", strlen(token.identifier) + 9);
	run = live_command(
		ARGS("spillwatch", "exec", "--mask-output", "--watch", "disk", "--", "sh", "-c", command));
	snprintf(expected, sizeof(expected), "%s.<masked>", token.identifier);
	assert_string_equal(run.output, expected);
	live_free(&run);
	/* who does not read ends the command as ever */
	snprintf(command, sizeof(command), "{ %s exec --mask-output -- yes; echo $? >&2; } | head -n 1",
		 binary);
	run = live_command(ARGS("sh", "-c", command));
	assert_string_equal(run.output, "y\n");
	assert_string_equal(run.errors, "141\n");
	live_free(&run);
	/* much of it, all of it */
	snprintf(command, sizeof(command),
		 "%s exec --mask-output -- seq 300000 | md5sum; seq 300000 | md5sum", binary);
	run = live_command(ARGS("sh", "-c", command));
	snprintf(expected, sizeof(expected), "%.*s", (int)strcspn(run.output, "\n"), run.output);
	snprintf(command, sizeof(command), "%.100s\n%.100s\n", expected, expected);
	assert_string_equal(run.output, command);
	live_free(&run);
	/* nobody waits for what is left, and that is masked as well */
	snprintf(command, sizeof(command),
		 "mkfifo %s; { %s exec --mask-output -- sh -c '(read x < %s; $W token 96) & echo first'; "
		 "echo go > %s; } 2> /dev/null | cat",
		 live_path("go"), binary, live_path("go"), live_path("go"));
	run = live_command(ARGS("sh", "-c", command));
	snprintf(expected, sizeof(expected), "first\n%s.<masked>\n", token.identifier);
	assert_string_equal(run.output, expected);
	live_free(&run);
}

/* What can't be printed is said; neither who reads one after the other nor who does not read keeps us, nor what goes on printing. */
static void test_exec_masks_stuck(void **state)
{
	const char *binary = getenv("SPILLWATCH") ? getenv("SPILLWATCH") : "build/spillwatch";
	struct live_run run;

	(void)state;
	check_sentence(ARGS("sh", "-c",
			    "exec \"$0\" exec --mask-output --watch disk -- sh -c 'echo hello' > /dev/full",
			    binary),
		       1, "could not be written: No space left");
	run = live_command(ARGS("sh", "-c",
				"mkfifo \"$1\" \"$2\" && { \"$0\" exec --mask-output --watch disk -- sh -c "
				"'seq 100000 & sleep 0.3; echo e >&2; wait' > \"$1\" 2> \"$2\" & "
				"exec 3< \"$1\" 4< \"$2\"; "
				"timeout 120 head -n 1 <&4; tail -n 1 <&3; wait; }",
				binary, live_path("out"), live_path("err")));
	assert_string_equal(run.output, "e\n100000\n");
	live_free(&run);
	run = live_command(ARGS("sh", "-c",
				"timeout -s KILL 120 \"$0\" exec --mask-output --watch disk -- sh -c "
				"'while :; do echo; sleep 0.005; done & echo $! >&2' > /dev/null 2> \"$1\"; "
				"echo $?; kill $(cat \"$1\")",
				binary, live_path("left")));
	assert_string_equal(run.output, "0\n");
	live_free(&run);
	/* a SIGTERM is enough */
	run = live_command(
		ARGS("sh", "-c",
		     "mkfifo \"$1\" && { \"$0\" exec --mask-output --watch disk -- seq 100000 > "
		     "\"$1\" & exec 3< \"$1\"; head -c 1 <&3 > /dev/null; kill $!; wait $!; echo $?; }",
		     binary, live_path("unread")));
	assert_string_equal(run.output, "143\n");
	live_free(&run);
}

/* All that a terminal shows until `text` has come, for two minutes at most. */
static void terminal_until(int master, char *shown, size_t size, const char *text)
{
	size_t len = 0;

	for (int turn = 0; turn < 12000; turn++) {
		struct pollfd fd = {.fd = master, .events = POLLIN};
		ssize_t got = poll(&fd, 1, 10) > 0 ? read(master, shown + len, size - 1 - len) : 0;

		len += got > 0 ? (size_t)got : 0;
		shown[len] = '\0';
		if (strstr(shown, text))
			return;
	}
	fail_msg("no '%s' in: %s", text, shown);
}

/* To the command a terminal is one, of its size, also when that changes; keys that send signals do. */
static void test_exec_masks_terminal(void **state)
{
	int master = open_terminal();
	const char *binary = getenv("SPILLWATCH") ? getenv("SPILLWATCH") : "build/spillwatch";
	struct maker_token token = maker_token(96);
	char shown[8192] = "", expected[256];
	struct winsize size = {.ws_row = 24, .ws_col = 80};
	int status;
	pid_t pid;

	(void)state;
	setenv("W", live_writer("writer"), 1);
	assert_int_equal(ioctl(master, TIOCSWINSZ, &size), 0);
	pid = fork();
	if (pid == 0) {
		int terminal;

		setsid();
		terminal = open(ptsname(master), O_RDWR);
		for (int fd = 0; fd < 3; fd++)
			dup2(terminal, fd);
		execl(binary, binary, "exec", "--mask-output", "--watch", "disk", "--", "sh", "-c",
		      "trap 'stty size <&1' WINCH; test -t 0 && test -t 1 && test -t 2 && stty size <&1; "
		      "$W token 96; while ! read x; do :; done; sleep 60",
		      (char *)NULL);
		_exit(127);
	}
	terminal_until(master, shown, sizeof(shown), "<masked>\r\n");
	snprintf(expected, sizeof(expected), "24 80\r\n%s.<masked>\r\n", token.identifier);
	assert_string_equal(shown, expected);
	size.ws_row = 50;
	assert_int_equal(ioctl(master, TIOCSWINSZ, &size), 0);
	terminal_until(master, shown, sizeof(shown), "50 80\r\n");
	assert_int_equal(write(master, "\003", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 128 + SIGINT);
	close(master);
}

/* Whole tokens and identifiers alone, in one order; what disables each, and never the secret. */
static void test_identify(void **state)
{
	const char *binary = getenv("SPILLWATCH") ? getenv("SPILLWATCH") : "build/spillwatch";
	struct maker_token token = maker_token(26);
	char command[1024], expected[2048];

	(void)state;
	file_make(live_path("file"), "x dt0s16.ABCDEFGH, dt0s12.ABCDEFG\n", &token);
	snprintf(expected, sizeof(expected),
		 "dt0s16.ABCDEFGH: Platform token\n"
		 "  family       8.64, seen in the field\n"
		 "  secret       not given\n"
		 "  disable      PUT https://api.dynatrace.com/iam/v1/accounts/{accountUuid}/platform-tokens/"
		 "dt0s16.ABCDEFGH/status  {\"status\":\"INACTIVE\"}\n"
		 "%s: API token\n"
		 "  family       24.64, documented\n"
		 "  secret       given, not shown\n"
		 "  placeholder  no\n"
		 "  disable      PUT {environment}/api/v2/apiTokens/%s  {\"enabled\":false}\n",
		 token.identifier, token.identifier);
	snprintf(command, sizeof(command), "%s identify < %s", binary, live_path("file"));
	check_scan(ARGS("sh", "-c", command), 0, expected);
	snprintf(expected, sizeof(expected),
		 "{\"identifier\":\"%s\",\"prefix\":\"dt0c01\",\"type\":\"API token\",\"family\":\"24.64\","
		 "\"documented\":true,\"secret\":true,\"placeholder\":false,\"disable\":{\"request\":"
		 "\"PUT {environment}/api/v2/apiTokens/%s\",\"body\":\"{\\\"enabled\\\":false}\"}}\n",
		 token.identifier, token.identifier);
	snprintf(command, sizeof(command), "tail -n 1 %s | %s identify --output json", live_path("file"),
		 binary);
	check_scan(ARGS("sh", "-c", command), 0, expected);
	check_scan(ARGS("sh", "-c", "echo dt0s02.AIOUP56P | \"$0\" identify | tail -n 1", binary), 0,
		   "  disable      no call is known for this type\n");
}

/* In a process that may load programs, but for a filter as container runtimes have it. */
static void check_filtered(uint32_t action)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	struct live_run run;

	if (!filter || seccomp_rule_add(filter, action, SCMP_SYS(bpf), 0) < 0 || seccomp_load(filter) < 0)
		_exit(2);
	run = live_command(ARGS("spillwatch", "check"));
	_exit(run.status != 4 || !strstr(run.output, "a seccomp filter refuses bpf(2)"));
}

static void test_check_seccomp(void **state)
{
	static const uint32_t actions[] = {SCMP_ACT_ERRNO(EPERM), SCMP_ACT_ERRNO(ENOSYS)};

	(void)state;
	for (size_t i = 0; i < sizeof(actions) / sizeof(*actions); i++) {
		pid_t pid = fork();
		int status;

		if (pid == 0)
			check_filtered(actions[i]);
		assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
		assert_int_equal(status, 0);
	}
}

/*
 * Runs `script` while `run` watches a cgroup of its own: "inside COMMAND" runs a command in it, $watcher is the daemon,
 * which is told to end after it. Alerts go to live_path("cgroup-alerts").
 * @before: for the shell, before the daemon is started
 */
static struct live_run run_in_cgroup_after(const char *before, const char *script)
{
	const char *group = cgroup_path();
	char below[160], command[4096];
	struct live_run run;

	snprintf(below, sizeof(below), "%s/below", group);
	if (mkdir(group, 0755) < 0 || mkdir(below, 0755) < 0)
		fail_msg("can't make the cgroup %s", group);
	snprintf(command, sizeof(command),
		 "%s %s run --no-store --attach %s --cgroup %s --alerts %s & watcher=$!; "
		 "for i in $(seq 120); do grep -q watching %s && break; sleep 0.5; done; "
		 "inside() { (echo 0 > %s/cgroup.procs; exec \"$@\"); }; WRITER=%s; FILE=%s; "
		 "%s; kill $watcher; wait $watcher",
		 before, getenv("SPILLWATCH") ? getenv("SPILLWATCH") : "build/spillwatch",
		 getenv("SPILLWATCH_ATTACH") ? getenv("SPILLWATCH_ATTACH") : "auto", group,
		 live_path("cgroup-alerts"), live_path("errors"), below, live_writer("writer"),
		 live_path("file"), script);
	run = live_command(ARGS("sh", "-c", command));
	rmdir(below);
	rmdir(group);
	if (run.status)
		fail_msg("status %d: %s", run.status, run.errors);
	return run;
}

static struct live_run run_in_cgroup(const char *script)
{
	return run_in_cgroup_after("", script);
}

/* Only the cgroup and what is below it. */
static void test_run_cgroup(void **state)
{
	struct maker_token inside = maker_token(14), outside = maker_token(15);
	struct live_run run =
		run_in_cgroup("$WRITER call write $FILE.out 15; inside $WRITER call write $FILE 14");

	(void)state;
	assert_non_null(strstr(run.errors, "1 alert"));
	live_free(&run);
	run = live_command(ARGS("cat", live_path("cgroup-alerts")));
	assert_non_null(strstr(run.output, inside.identifier));
	assert_null(strstr(run.output, outside.identifier));
	live_free(&run);
}

/* Told to end in the middle of a storm: what was sent is alerted, or lost by name; nothing just disappears. */
static void test_run_end(void **state)
{
	struct live_run run = run_in_cgroup("inside $WRITER storm $FILE 20000 0");
	uint64_t alerts = live_summary(&run, "alert"), lost = live_dropped(&run),
		 unjudged = live_summary(&run, "samples that still waited");

	(void)state;
	if (alerts + lost + unjudged != 20000)
		fail_msg("%s", run.errors);
	live_free(&run);
}

/*
 * In the middle of a storm that does not end: the alert file is reopened, then it ends. By its own count, no turn of the loop, after which
 * signals and timers are answered, has taken long: of CPU time, since the machine may have had none for it.
 */
static void test_run_turns(void **state)
{
	static const char label[] = "longest turns of the loop: ";
	const char *alerts = live_path("cgroup-alerts"), *told;
	char script[1024];
	int wall = -1, cpu = -1;
	struct live_run run;
	struct stat st;

	(void)state;
	snprintf(script, sizeof(script),
		 "touch $FILE.go; while [ -e $FILE.go ]; do inside $WRITER storm $FILE 20000 0; done & "
		 "trap 'rm -f $FILE.go; wait' EXIT; "
		 "await() { for i in $(seq 600); do [ -s %s ] && return; sleep 0.1; done; }; await; "
		 "mv %s %s.old; kill -USR1 $watcher; await",
		 alerts, alerts, alerts);
	run = run_in_cgroup_after("SPILLWATCH_TURNS=1", script);
	assert_int_equal(stat(alerts, &st), 0);
	assert_true(st.st_size > 0);
	told = strstr(run.errors, label);
	if (!told || sscanf(told + strlen(label), "%d ms, %d ms of CPU", &wall, &cpu) != 2)
		fail_msg("%s", run.errors);
	/* in a guest a millisecond is no measure */
	if (cpu > 100 && !getenv("LIVE_HOST"))
		fail_msg("a turn of %d ms, %d ms of CPU time", wall, cpu);
	live_free(&run);
}

/* A terminal that hangs up, or who expects it to reload: both signals reopen the alert file, and none ends it. */
static void check_reopen(const char *before, const char *signal)
{
	struct maker_token first = maker_token(25), second = maker_token(26);
	char script[1024];
	struct live_run run;

	snprintf(script, sizeof(script),
		 "ALERTS=%s; await() { for i in $(seq 150); do \"$@\" && break; sleep 0.1; done; }; "
		 "inside $WRITER call write $FILE 25; await test -s $ALERTS; mv $ALERTS $ALERTS.1; "
		 "kill -%s $watcher; await test -e $ALERTS; inside $WRITER call write $FILE 26; "
		 "await test -s $ALERTS",
		 live_path("cgroup-alerts"), signal);
	run = run_in_cgroup_after(before, script);
	if (!strstr(run.errors, "2 alerts, nothing lost"))
		fail_msg("SIG%s: %s", signal, run.errors);
	live_free(&run);
	run = live_command(ARGS("cat", live_path("cgroup-alerts.1")));
	assert_non_null(strstr(run.output, first.identifier));
	live_free(&run);
	run = live_command(ARGS("cat", live_path("cgroup-alerts")));
	assert_non_null(strstr(run.output, second.identifier));
	live_free(&run);
	unlink(live_path("cgroup-alerts"));
}

static void test_run_reopen(void **state)
{
	(void)state;
	check_reopen("", "USR1");
	check_reopen("", "HUP");
	/* as nohup(1) starts it */
	check_reopen("trap '' HUP;", "HUP");
}

/*
 * The whole host: only where the host is ours, in the guests of tests/kernels. The daemon writes alerts
 * to a file and to its standard error, both on watched file systems, and must not see itself.
 */
static void test_run_host(void **state)
{
	struct maker_token first = maker_token(16), second = maker_token(17);
	char command[4096];
	struct live_run run;

	(void)state;
	snprintf(command, sizeof(command),
		 "ALERTS=%s ERRORS=%s WRITER=%s FILE=%s; await() { for i in $(seq 600); do \"$@\" && break; "
		 "sleep 0.1; done; }; "
		 "%s run --no-pin --no-store --attach %s --watch all --output text --alerts $ALERTS & "
		 "watcher=$!; "
		 "await grep -q watching $ERRORS; $WRITER call write $FILE 16; await test -s $ALERTS; "
		 "mv $ALERTS $ALERTS.1; kill -USR1 $watcher; await test -e $ALERTS; "
		 "$WRITER call pwritev2 $FILE 17; kill $watcher; wait $watcher",
		 live_path("host-alerts"), live_path("errors"), live_writer("writer"), live_path("file"),
		 getenv("SPILLWATCH"), getenv("SPILLWATCH_ATTACH"));
	run = live_command(ARGS("sh", "-c", command));
	if (run.status)
		fail_msg("status %d: %s", run.status, run.errors);
	assert_non_null(strstr(run.errors, "2 alerts, nothing lost"));
	live_free(&run);
	run = live_command(ARGS("cat", live_path("host-alerts.1")));
	assert_non_null(strstr(run.output, first.identifier));
	assert_null(strstr(run.output, second.identifier));
	live_free(&run);
	run = live_command(ARGS("cat", live_path("host-alerts")));
	assert_non_null(strstr(run.output, second.identifier));
	live_free(&run);
}

/* Where core dumps go, of the whole host. @before: room for 256 bytes, for what it was; or NULL */
static void core_pattern(const char *pattern, char *before)
{
	FILE *file = fopen("/proc/sys/kernel/core_pattern", "r+");

	assert_non_null(file);
	if (before)
		assert_non_null(fgets(before, 256, file));
	rewind(file);
	fputs(pattern, file);
	assert_int_equal(fclose(file), 0);
}

/* What is written for a process that crashes, by the kernel, is its own. */
static void test_core_dump(void **state)
{
	struct maker_token token = maker_token(60);
	char before[256], command[1024];
	const json_t *alert;
	struct live_run run;

	(void)state;
	core_pattern(live_path("core"), before);
	snprintf(command, sizeof(command), "ulimit -c unlimited; T=$(%s token 60); kill -SEGV $$",
		 live_writer("writer"));
	run = live_exec(NO_ARGS, ARGS("sh", "-c", command));
	core_pattern(before, NULL);
	assert_int_equal(run.status, 128 + SIGSEGV);
	alert = live_only(&run);
	assert_int_equal(live_count(&run, &token), 1);
	assert_string_equal(live_string(alert, "process.name"), "sh");
	assert_string_equal(live_string(alert, "file.path"), live_path("core"));
	assert_int_equal(live_lost(&run), 0);
	live_no_secret(&run, &token);
	live_free(&run);
}

/*
 * What a loop device puts into its file is alerted there as well, and no worker of the kernel is named for it. The file is too
 * long for btrfs to keep it among its own records, which are looked at like all that goes to a disk.
 */
static void test_loop(void **state)
{
	char command[4096];
	struct live_run run;

	(void)state;
	snprintf(command, sizeof(command),
		 "ALERTS=%s ERRORS=%s IMAGE=%s MNT=%s WRITER=%s; await() { for i in $(seq 600); do \"$@\" && "
		 "break; "
		 "sleep 0.1; done; }; two() { [ $(wc -l < $ALERTS) -ge 2 ]; }; "
		 "truncate -s 128M $IMAGE; mkfs.btrfs -q $IMAGE > /dev/null 2>&1; mkdir $MNT; mount -o loop "
		 "$IMAGE $MNT; head -c 65536 /dev/zero > $MNT/file; sync; "
		 "%s run --no-pin --no-store --attach %s --output text --alerts $ALERTS & watcher=$!; "
		 "await grep -q watching $ERRORS; $WRITER call write $MNT/file 61; sync; await two; umount "
		 "$MNT; "
		 "kill $watcher; wait $watcher; cat $ALERTS",
		 live_path("host-alerts"), live_path("errors"), live_path("image"), live_path("mnt"),
		 live_writer("writer"), getenv("SPILLWATCH"), getenv("SPILLWATCH_ATTACH"));
	run = live_command(ARGS("sh", "-c", command));
	if (run.status || !strstr(run.errors, "2 alerts, nothing lost"))
		fail_msg("status %d: %s", run.status, run.errors);
	assert_non_null(strstr(run.errors, live_path("mnt/file")));
	assert_non_null(strstr(run.errors, live_path("image")));
	assert_non_null(strstr(run.errors, "unknown (pid 0"));
	assert_null(strstr(run.errors, "kworker"));
	assert_null(strstr(run.output, "kworker"));
	live_free(&run);
}

const struct CMUnitTest live_host[] = {
	cmocka_unit_test_setup_teardown(test_run_host, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_core_dump, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_loop, live_setup, live_teardown),
};
const size_t live_host_count = sizeof(live_host) / sizeof(*live_host);

/* Writes down what a service manager hears, a line each, until it hears "END". */
static void notify_hear(int manager)
{
	FILE *heard = fopen(live_path("heard"), "w");
	char said[256] = "";

	while (heard && strcmp(said, "END") != 0) {
		ssize_t len = recv(manager, said, sizeof(said) - 1, 0);

		said[len > 0 ? len : 0] = '\0';
		fprintf(heard, "%s\n", said);
	}
	_exit(heard && fclose(heard) == 0 ? 0 : 1);
}

/* A service manager hears that it watches, then that it lives, and that it ends. */
static void test_run_notify(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), status;
	const char *const end = "STOPPING=1\nEND\n";
	char before[256];
	struct live_run run;
	pid_t pid;

	(void)state;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", live_path("notify"));
	assert_int_equal(bind(manager, (const struct sockaddr *)&address, sizeof(address)), 0);
	pid = fork();
	if (pid == 0)
		notify_hear(manager);
	snprintf(before, sizeof(before), "NOTIFY_SOCKET=%s WATCHDOG_USEC=200000", live_path("notify"));
	run = run_in_cgroup_after(before, "sleep 1");
	live_free(&run);
	assert_int_equal(sendto(manager, "END", 3, 0, (const struct sockaddr *)&address, sizeof(address)), 3);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(manager);
	run = live_command(ARGS("cat", live_path("heard")));
	assert_int_equal(strncmp(run.output, "READY=1\n", strlen("READY=1\n")), 0);
	assert_non_null(strstr(run.output, "\nWATCHDOG=1\n"));
	assert_true(strlen(run.output) > strlen(end));
	assert_string_equal(run.output + strlen(run.output) - strlen(end), end);
	live_free(&run);
}

const struct CMUnitTest live_commands[] = {
	cmocka_unit_test_setup_teardown(test_run_notify, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_exec_status, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_exec_silent, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_exec_passes_through, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_exec_signals, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_exec_interrupted_early, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_exec_stopped_early, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_exec_stopped, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_exec_hangup, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_exec_wait, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_exec_wait_signals, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_bad_input, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_slips, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_no_output, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_bad_input_token, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_no_privilege, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_text, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_alerts_append, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_alerts_refused, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_store_refused, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_scan, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_scan_name, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_scan_piece, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_scan_deceiving, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_exec_prints, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_exec_reports, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_exec_masks, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_exec_masks_stuck, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_exec_masks_terminal, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_mask, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_identify, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_check_seccomp, live_setup, live_teardown),
};
const size_t live_commands_count = sizeof(live_commands) / sizeof(*live_commands);

const struct CMUnitTest live_run_tests[] = {
	cmocka_unit_test_setup_teardown(test_run_cgroup, live_setup, live_teardown),
};
const size_t live_run_tests_count = sizeof(live_run_tests) / sizeof(*live_run_tests);

const struct CMUnitTest live_run_commands[] = {
	cmocka_unit_test_setup_teardown(test_run_end, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_run_reopen, live_setup, live_teardown),
	cmocka_unit_test_setup_teardown(test_run_turns, live_setup, live_teardown),
};
const size_t live_run_commands_count = sizeof(live_run_commands) / sizeof(*live_run_commands);
