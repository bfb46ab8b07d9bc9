// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * At the start there is no thread yet that could wait for a file (privileges.c), so a process does.
 *
 * Limit: one that even SIGKILL doesn't reach, in a call to a server that has taken the request, stays until that server ends. It has
 * nothing open. Where it is our child, as we are process 1, it is a zombie from then on.
 */
#include "lib/answers.h"

#include "lib/cleanup.h"
#include "lib/exit_code.h"
#include "lib/monotonic.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

/* How long one that was killed may take to end. */
#define ANSWERS_END_MS 100

/* statfs(2) is answered by the server, where open(2) may be by what the kernel has kept of it. */
static void answers_try(const char *path)
{
	AUTO_FREE char *copy = strdup(path);
	struct statfs fs;
	struct stat st;
	int fd;

	if (copy)
		(void)statfs(dirname(copy), &fs);
	if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	(void)statfs(path, &fs);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
}

/* Says who it is, tries, and says so. Whatever it inherits is closed, as others wait for the end of that. */
static _Noreturn void answers_run(const char *path, int say)
{
	pid_t pid = getpid();
	int end = dup2(say, STDERR_FILENO + 1);

	if (end < 0 || close_range((unsigned int)end + 1, ~0U, 0) < 0)
		_exit(EXIT_CODE_RUNTIME);
	for (int fd = 0; fd < end; fd++)
		close(fd);
	if (write(end, &pid, sizeof(pid)) == sizeof(pid)) {
		answers_try(path);
		(void)!write(end, &pid, sizeof(pid));
	}
	_exit(EXIT_CODE_OK);
}

/* Its number, which it says at once, and again when it is done; a negative errno. */
static int answers_hear(int from, int64_t until)
{
	struct pollfd heard = {.fd = from, .events = POLLIN};
	int64_t left;
	pid_t pid;
	int r;

	do {
		left = until - monotonic_ms();
		r = poll(&heard, 1, left > 0 ? (int)left : 0);
	} while (r < 0 && errno == EINTR);
	if (r <= 0)
		return r < 0 ? -errno : -ETIME;
	return read(from, &pid, sizeof(pid)) == sizeof(pid) ? pid : -EIO;
}

/* Nobody waits for its end but where we are process 1, or a subreaper: then it is our child. Its pipe is closed before it ends. */
static void answers_reap(int from, pid_t asked)
{
	struct pollfd ended = {.fd = from};

	if (poll(&ended, 1, ANSWERS_END_MS) > 0)
		waitpid(asked, NULL, 0);
}

int answers_path(const char *path)
{
	int64_t until = monotonic_ms() + ANSWERS_MS;
	int ends[2], asked, r;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	/* nobody's child, so that nobody has to wait for its end */
	pid = fork();
	if (pid == 0) {
		if (fork() == 0)
			answers_run(path, ends[1]);
		_exit(EXIT_CODE_OK);
	}
	r = pid < 0 ? -errno : 0;
	close(ends[1]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	asked = r < 0 ? r : answers_hear(ends[0], until);
	r = asked < 0 ? asked : answers_hear(ends[0], until);
	if (asked > 0 && r == -ETIME)
		kill(asked, SIGKILL);
	if (asked > 0)
		answers_reap(ends[0], asked);
	close(ends[0]);
	return r < 0 ? r : 0;
}
