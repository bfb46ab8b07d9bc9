// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* git as a child, without what a repository's configuration could have it run. */
#include "scan/git.h"

#include "lib/cleanup.h"
#include "lib/log.h"
#include "spillwatch.h"
#include "lib/memory_file.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define GIT_ARGUMENTS 32
/* Of what it complains of, what is told. */
#define GIT_ERRORS 20

int git_environment(void)
{
	static const char *const settings[][2] = {
		{"GIT_GRAFT_FILE", "/dev/null"}, {"GIT_NO_LAZY_FETCH", "1"},
		{"GIT_NO_REPLACE_OBJECTS", "1"}, {"GIT_OPTIONAL_LOCKS", "0"},
		{"GIT_TERMINAL_PROMPT", "0"},
	};

	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++)
		if (setenv(settings[i][0], settings[i][1], 1) < 0)
			return -ENOMEM;
	return 0;
}

/* posix_spawn(3) takes what it does not change without const. */
static char *const *git_arguments(const char *const *arguments, char *room[GIT_ARGUMENTS])
{
	/* a repository's word for what its commits' parents are is not taken */
	static const char *const first[] = {"git",
					    "-c",
					    "core.fsmonitor=false",
					    "-c",
					    "core.commitGraph=false",
					    "-c",
					    "advice.graftFileDeprecated=false"};
	size_t count = 0;

	for (size_t i = 0; i < sizeof(first) / sizeof(*first); i++)
		memcpy(&room[count++], &first[i], sizeof(first[i]));
	for (; *arguments && count < GIT_ARGUMENTS - 1; arguments++)
		memcpy(&room[count++], arguments, sizeof(*arguments));
	room[count] = NULL;
	return room;
}

static int git_spawn(const char *const *arguments, int input, int output, int errors, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	char *room[GIT_ARGUMENTS];
	int r = posix_spawn_file_actions_init(&actions);

	if (r)
		return -r;
	if (input < 0)
		r = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	else
		r = posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
	if (r == 0)
		r = posix_spawnp(ret_pid, "git", &actions, NULL, git_arguments(arguments, room), environ);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

int git_start(const char *const *arguments, int input, struct git_program *ret_program)
{
	struct git_program program = {0};
	AUTO_CLOSE int theirs = input;
	int ends[2], r, errors = memory_file();

	program.errors = errors < 0 ? NULL : fdopen(errors, "r+");
	if (!program.errors) {
		if (errors >= 0)
			close(errors);
		return errors < 0 ? errors : -ENOMEM;
	}
	if (pipe2(ends, O_CLOEXEC) < 0) {
		r = -errno;
		fclose(program.errors);
		return r;
	}
	r = git_spawn(arguments, theirs, ends[1], errors, &program.pid);
	close(ends[1]);
	program.output = r == 0 ? fdopen(ends[0], "r") : NULL;
	if (!program.output) {
		r = r < 0 ? r : -errno;
		close(ends[0]);
		git_end(&program);
		return r;
	}
	*ret_program = program;
	return 0;
}

/* What a program has complained of, without the secret that may be in it. */
static void git_tell(FILE *errors)
{
	AUTO_FREE char *line = NULL;
	size_t size = 0;
	ssize_t len;

	rewind(errors);
	for (int i = 0; i < GIT_ERRORS && (len = getline(&line, &size, errors)) > 0; i++) {
		AUTO_FREE char *shown = NULL;

		len -= line[len - 1] == '\n';
		if (len && spillwatch_mask(line, (size_t)len, NULL, &shown) == 0)
			log_warning("git: %s", shown);
	}
}

int git_end(struct git_program *program)
{
	int status;
	pid_t pid;

	if (program->output)
		fclose(program->output);
	program->output = NULL;
	if (program->pid <= 0) {
		if (program->errors)
			fclose(TAKE(program->errors));
		return 0;
	}
	do
		pid = waitpid(program->pid, &status, 0);
	while (pid < 0 && errno == EINTR);
	program->pid = 0;
	git_tell(program->errors);
	fclose(TAKE(program->errors));
	if (pid < 0)
		return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}
