// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The harness of the live tests; see live.h. */
#include "live.h"

#include "schema.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char live_dir[64];

static const char *live_env(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value && *value ? value : otherwise;
}

static const char *live_binary(void)
{
	return live_env("SPILLWATCH", "build/spillwatch");
}

int live_setup(void **state)
{
	(void)state;
	snprintf(live_dir, sizeof(live_dir), "%.40s/spillwatch-XXXXXX", live_env("LIVE_DIR", "/tmp"));
	return mkdtemp(live_dir) ? 0 : -1;
}

static int live_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int live_teardown(void **state)
{
	(void)state;
	return nftw(live_dir, live_remove, 16, FTW_DEPTH | FTW_PHYS);
}

const char *live_path(const char *name)
{
	static char paths[64][512];
	static unsigned int next;
	char *path = paths[next++ % 64];

	snprintf(path, sizeof(paths[0]), "%s/%s", live_dir, name);
	return path;
}

const char *live_writer(const char *name)
{
	static char paths[2][PATH_MAX];
	static unsigned int next;
	char *path = paths[next++ % 2];

	snprintf(path, sizeof(paths[0]), "%s/%s", live_env("LIVE_WRITERS", "build/tests/live/writers"), name);
	return path;
}

static bool live_refuses_32(void)
{
	char *const args[] = {"writer_32", NULL}, *const environment[] = {NULL};
	posix_spawn_file_actions_t quiet;
	pid_t pid;
	int err;

	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	err = posix_spawn(&pid, live_writer("writer_32"), &quiet, NULL, args, environment);
	posix_spawn_file_actions_destroy(&quiet);
	if (!err)
		waitpid(pid, NULL, 0);
	return err == ENOEXEC;
}

size_t live_widths(void)
{
	static size_t widths;

	if (!widths)
		widths = !getenv("LIVE_HOST") && live_refuses_32() ? 1 : 2;
	return widths;
}

static char *live_read(const char *path)
{
	FILE *file = fopen(path, "r");
	size_t len = 0;
	char *text = NULL;
	FILE *memory;
	int byte;

	if (!file)
		return strdup("");
	memory = open_memstream(&text, &len);
	if (!memory)
		fail_msg("no memory");
	while ((byte = getc(file)) != EOF)
		putc(byte, memory);
	fclose(memory);
	fclose(file);
	return text;
}

static void live_redirect(const char *path, int fd)
{
	int file = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);

	if (file < 0 || dup2(file, fd) < 0)
		_exit(99);
	close(file);
}

int live_start(const char *const *command)
{
	const char *output = live_path("output"), *errors = live_path("errors");
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		live_redirect(output, STDOUT_FILENO);
		live_redirect(errors, STDERR_FILENO);
		execvp(strcmp(command[0], "spillwatch") == 0 ? live_binary() : command[0],
		       (char *const *)(uintptr_t)command);
		_exit(98);
	}
	return pid;
}

struct live_run live_wait(int pid)
{
	struct live_run run = {0};
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	run.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	run.alerts = json_array();
	run.floods = json_array();
	run.losses = json_array();
	run.output = live_read(live_path("output"));
	run.errors = live_read(live_path("errors"));
	return run;
}

struct live_run live_command(const char *const *command)
{
	return live_wait(live_start(command));
}

/* Which of its kind a line of the alert file is. */
static json_t *live_kind(const struct live_run *run, const json_t *alert)
{
	const char *action = live_string(alert, "event.action");

	if (strcmp(action, "token-flood") == 0)
		return run->floods;
	return strcmp(action, "samples-lost") == 0 ? run->losses : run->alerts;
}

static void live_read_alerts(struct live_run *run, const char *path)
{
	char *line = NULL, *problem;
	size_t size = 0;
	FILE *file = fopen(path, "r");
	json_error_t error;

	while (file && getline(&line, &size, file) > 0) {
		json_t *alert = json_loads(line, 0, &error);

		if (!alert)
			fail_msg("an alert is not JSON: %s: %s", error.text, line);
		problem = schema_check(live_env("LIVE_SCHEMA", "share/alert.schema.json"), alert);
		if (problem)
			fail_msg("an alert breaks the schema: %s: %s", problem, line);
		json_array_append_new(live_kind(run, alert), alert);
	}
	free(line);
	if (file)
		fclose(file);
}

static bool live_given(const char *const *options, const char *option)
{
	for (; *options; options++)
		if (strcmp(*options, option) == 0)
			return true;
	return false;
}

struct live_run live_exec(const char *const *options, const char *const *command)
{
	static const char *args[LIVE_MAX_ARGS] = {"spillwatch", "exec"};
	/* a ring that a busy machine does not fill, and all alerts in one file; a test of these has its own */
	const char *const defaults[][2] = {
		{"--attach", live_env("SPILLWATCH_ATTACH", "auto")},
		{"--alerts", live_path("alerts")},
		{"--ring-bytes", "8388608"},
		{"--alerts-bytes", "0"},
	};
	size_t count = 2;
	struct live_run run;

	for (size_t i = 0; i < sizeof(defaults) / sizeof(*defaults); i++) {
		if (live_given(options, defaults[i][0]))
			continue;
		args[count++] = defaults[i][0];
		args[count++] = defaults[i][1];
	}
	while (*options)
		args[count++] = *options++;
	args[count++] = "--";
	while (*command && count + 1 < LIVE_MAX_ARGS)
		args[count++] = *command++;
	args[count] = NULL;
	unlink(live_path("alerts"));
	run = live_command(args);
	live_read_alerts(&run, live_path("alerts"));
	return run;
}

void live_free(struct live_run *run)
{
	json_decref(run->alerts);
	json_decref(run->floods);
	json_decref(run->losses);
	free(run->output);
	free(run->errors);
	*run = (struct live_run){0};
}

/* The value at a name with dots, NULL if there is none. */
static const json_t *live_find(const json_t *alert, const char *name)
{
	const json_t *value = alert;
	const char *dot;

	for (; value && (dot = strchr(name, '.')); name = dot + 1) {
		char part[64];

		snprintf(part, sizeof(part), "%.*s", (int)(dot - name), name);
		value = json_object_get(value, part);
	}
	return value ? json_object_get(value, name) : NULL;
}

static const json_t *live_value(const json_t *alert, const char *name)
{
	const json_t *value = live_find(alert, name);

	if (!value)
		fail_msg("the alert has no %s", name);
	return value;
}

const char *live_string(const json_t *alert, const char *name)
{
	const json_t *value = live_value(alert, name);

	assert_true(json_is_string(value));
	return json_string_value(value);
}

int64_t live_integer(const json_t *alert, const char *name)
{
	const json_t *value = live_value(alert, name);

	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

int64_t live_optional(const json_t *alert, const char *name)
{
	return json_integer_value(live_find(alert, name));
}

const json_t *live_only(const struct live_run *run)
{
	if (json_array_size(run->alerts) != 1)
		fail_msg("%zu alerts instead of one; status %d, errors: %s", json_array_size(run->alerts),
			 run->status, run->errors);
	return json_array_get(run->alerts, 0);
}

size_t live_count(const struct live_run *run, const struct maker_token *token)
{
	size_t i, count = 0;
	json_t *alert;

	json_array_foreach (run->alerts, i, alert)
		count += strcmp(live_string(alert, "token.identifier"), token->identifier) == 0;
	return count;
}

void live_no_secret(const struct live_run *run, const struct maker_token *token)
{
	char *alerts = json_dumps(run->alerts, 0), part[9];

	for (size_t i = 0; i + 8 <= MAKER_SECRET_LEN; i++) {
		snprintf(part, sizeof(part), "%.8s", token->secret + i);
		assert_null(strstr(alerts, part));
		assert_null(strstr(run->output, part));
		assert_null(strstr(run->errors, part));
	}
	free(alerts);
}

uint64_t live_summary(const struct live_run *run, const char *text)
{
	const char *from = run->errors, *head, *at;

	/* the summary comes last; before it, losses are told as they come */
	for (head = from; (head = strstr(head, " inspected, ")); head++)
		from = head;
	while (from > run->errors && from[-1] != '\n')
		from--;
	at = strstr(from, text);
	if (!at)
		return 0;
	while (at > from && at[-1] != '\n' && (at[-1] == ' ' || (at[-1] >= '0' && at[-1] <= '9')))
		at--;
	return strtoull(at, NULL, 10);
}

const char *live_cgroup_root(void)
{
	return access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0 ? "/sys/fs/cgroup"
								      : "/sys/fs/cgroup/unified";
}

uint64_t live_late(const struct live_run *run)
{
	return live_summary(run, "tokens were found late") + live_summary(run, "token was found late");
}

uint64_t live_dropped(const struct live_run *run)
{
	return live_summary(run, "samples dropped because the ring") +
	       live_summary(run, "samples of writers that") - live_late(run);
}

uint64_t live_lost(const struct live_run *run)
{
	static const char label[] = "LOST: ";
	uint64_t lost = 0;

	for (const char *at = run->errors; (at = strstr(at, label)); at += strlen(label))
		lost += strtoull(at + strlen(label), NULL, 10);
	return lost;
}

void live_tick(const char *path, const char *how)
{
	printf("TICK %s | %s\n", path, how);
	fflush(stdout);
}
