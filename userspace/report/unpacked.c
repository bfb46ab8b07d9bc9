// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * remains → spillwatch-scan → identifiers.
 *
 * Invariant: what was not unpacked to its end is said to be so: the program's last line tells what it has skipped.
 *
 * Limit: UNPACKED_SECONDS of processor time, UNPACKED_BYTES of findings, UNPACKED_MEMORY.
 */
#include "report/unpacked.h"

#include "lib/beside.h"
#include "lib/cleanup.h"
#include "lib/packed.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <jansson.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define UNPACKED_SECONDS 60
#define UNPACKED_BYTES (64UL << 20)
#define UNPACKED_MEMORY (2UL << 30)
/* "nobody" of the kernel's own (/proc/sys/kernel/overflowuid) */
#define UNPACKED_USER 65534

bool unpacked_is(int fd)
{
	uint8_t begin[PACKED_BYTES];
	ssize_t len = pread(fd, begin, sizeof(begin), 0);

	return len > 0 && packed_begins(begin, (size_t)len);
}

bool unpacked_may_be(int fd, const char *path)
{
	static const char *const ends[] = {".zip", ".7z", ".br", ".sz", ".lzo", ".lz4"};
	char begin[64UL << 10];
	ssize_t len = pread(fd, begin, sizeof(begin), 0);
	bool is = len < 0 || memchr(begin, '\0', (size_t)len);
	size_t length = strlen(path);

	if (len > 0)
		explicit_bzero(begin, (size_t)len);
	for (size_t i = 0; !is && i < sizeof(ends) / sizeof(*ends); i++)
		is = length > strlen(ends[i]) && strcmp(path + length - strlen(ends[i]), ends[i]) == 0;
	return is;
}

/* Beside this program. */
static int unpacked_program(void)
{
	char path[PATH_MAX];
	int r = beside_path("spillwatch-scan", path);
	int fd = r < 0 ? r : open(path, O_PATH | O_CLOEXEC);

	return fd < 0 ? -ENOEXEC : fd;
}

static int unpacked_limit(int what, rlim_t most)
{
	const struct rlimit limit = {most, most};

	return setrlimit(what, &limit);
}

/* The child. What it writes past its bounds ends it. */
static void unpacked_run(int program, int in, int out, int errors)
{
	static char *const arguments[] = {
		"spillwatch-scan", "--no-ignore", "--no-decode", "--output", "json", "-", NULL};
	static char *const environment[] = {"LC_ALL=C", NULL};

	if (lseek(in, 0, SEEK_SET) < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(errors, 2) < 0)
		_exit(126);
	if (unpacked_limit(RLIMIT_CPU, UNPACKED_SECONDS) || unpacked_limit(RLIMIT_FSIZE, UNPACKED_BYTES) ||
	    unpacked_limit(RLIMIT_AS, UNPACKED_MEMORY) || unpacked_limit(RLIMIT_CORE, 0) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		_exit(126);
	if (geteuid() == 0 && (setgroups(0, NULL) || setgid(UNPACKED_USER) || setuid(UNPACKED_USER)))
		_exit(126);
	execveat(program, "", arguments, environment, AT_EMPTY_PATH);
	_exit(127);
}

/* A whole file that the child has written, terminated. */
static char *unpacked_text(int fd)
{
	off_t len = lseek(fd, 0, SEEK_END);
	char *text = len < 0 ? NULL : malloc((size_t)len + 1);

	if (!text || pread(fd, text, (size_t)len, 0) != len) {
		free(text);
		return NULL;
	}
	text[len] = '\0';
	return text;
}

static void unpacked_tell(char *text, void (*token)(void *context, const char *identifier), void *context)
{
	char *line, *rest;

	for (char *next = text; (line = strtok_r(next, "\n", &rest)); next = NULL) {
		json_t *finding = json_loads(line, 0, NULL);
		const char *identifier =
			json_string_value(json_object_get(json_object_get(finding, "token"), "identifier"));

		if (identifier)
			token(context, identifier);
		json_decref(finding);
	}
}

int unpacked_find(int fd, void (*token)(void *context, const char *identifier), void *context)
{
	AUTO_CLOSE int program = unpacked_program();
	AUTO_CLOSE int out = memfd_create("findings", MFD_CLOEXEC);
	AUTO_CLOSE int errors = memfd_create("messages", MFD_CLOEXEC);
	AUTO_FREE char *findings = NULL;
	AUTO_FREE char *messages = NULL;
	int status;
	pid_t pid;

	if (program < 0)
		return program;
	if (out < 0 || errors < 0)
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		unpacked_run(program, fd, out, errors);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return -ENOEXEC;
	findings = unpacked_text(out);
	messages = unpacked_text(errors);
	if (!findings || !messages)
		return -ENOMEM;
	unpacked_tell(findings, token, context);
	/* 0: nothing was found, 10: something was */
	return WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 10) &&
			       !strstr(messages, "skipped:") && strstr(messages, " scanned, ")
		       ? 0
		       : -ENODATA;
}
