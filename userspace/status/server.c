// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Starts spillwatch-metrics with what it needs, and nothing else, open. */
#include "status/server.h"

#include "lib/beside.h"
#include "lib/cleanup.h"
#include "libexecdir.h"
#include "lib/exec_report.h"
#include "lib/exit_code.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SERVER_NAME "spillwatch-metrics"
#define SERVER_BACKLOG 16

int server_address(const char *text, struct sockaddr_storage *ret_address, socklen_t *ret_size)
{
	struct sockaddr_storage address = {0};
	struct sockaddr_in *four = (struct sockaddr_in *)&address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&address;
	const char *colon = strrchr(text, ':'), *digits = colon ? colon + 1 : text;
	size_t len = colon ? (size_t)(colon - text) : 0;
	char host[INET6_ADDRSTRLEN + 2] = "127.0.0.1", *end;
	unsigned long port = strtoul(digits, &end, 10);

	if (*digits < '0' || *digits > '9' || *end || !port || port > 65535 || len >= sizeof(host))
		return -EINVAL;
	if (len) {
		memcpy(host, text, len);
		host[len] = '\0';
	}
	if (*host == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		six->sin6_family = AF_INET6;
		six->sin6_port = htons((uint16_t)port);
		if (inet_pton(AF_INET6, host + 1, &six->sin6_addr) != 1)
			return -EINVAL;
		*ret_size = sizeof(*six);
	} else {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)port);
		if (inet_pton(AF_INET, host, &four->sin_addr) != 1)
			return -EINVAL;
		*ret_size = sizeof(*four);
	}
	*ret_address = address;
	return 0;
}

/* Beside this program, as it is built, or where it is installed. Returns 0 or -ENOEXEC. */
static int server_program(char path[PATH_MAX])
{
	if (beside_path(SERVER_NAME, path) == 0 && access(path, X_OK) == 0)
		return 0;
	snprintf(path, PATH_MAX, "%s/%s", LIBEXECDIR, SERVER_NAME);
	return access(path, X_OK) == 0 ? 0 : -ENOEXEC;
}

/* Memory that others can only read. Returns a descriptor, or a negative errno. */
static int server_board(struct board **ret_board)
{
	int fd = memfd_create("status", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	void *board = MAP_FAILED;

	if (fd >= 0 && ftruncate(fd, sizeof(struct board)) == 0)
		board = mmap(NULL, sizeof(struct board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (board == MAP_FAILED ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) < 0) {
		int r = -errno;

		if (board != MAP_FAILED)
			munmap(board, sizeof(struct board));
		if (fd >= 0)
			close(fd);
		return r;
	}
	/* who is forked later reads what others have written, and has no business here */
	(void)madvise(board, sizeof(struct board), MADV_DONTFORK);
	*ret_board = board;
	return fd;
}

/* The new process' way to its program, with these descriptors from SERVER_LISTEN_FD on. */
static _Noreturn void server_become(const char *path, const int fds[3], int report)
{
	char *const arguments[] = {(char[]){SERVER_NAME}, NULL};
	char *const environment[] = {NULL};
	sigset_t none;
	int high[3], away = fcntl(report, F_DUPFD_CLOEXEC, 16);
	bool ready = away >= 0;

	/* what ends it is the daemon's end, or a SIGTERM of its own, and nothing that a terminal sends */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* out of the way of each other first */
	for (int i = 0; ready && i < 3; i++)
		ready = (high[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 16)) >= 0;
	for (int i = 0; ready && i < 3; i++)
		ready = dup2(high[i], SERVER_LISTEN_FD + i) >= 0;
	if (ready && close_range(SERVER_LIFE_FD + 1, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		execve(path, arguments, environment);
	exec_report_say(away >= 0 ? away : report, errno);
	_exit(EXIT_CODE_RUNTIME);
}

/* Nobody's child, so that nobody has to wait for its end. Returns 0 or a negative errno. */
static int server_spawn(const char *path, const int fds[3])
{
	int report[2], r = exec_report_open(report);
	pid_t pid;

	if (r < 0)
		return r;
	pid = fork();
	if (pid == 0) {
		pid = fork();
		if (pid == 0)
			server_become(path, fds, report[1]);
		if (pid < 0)
			exec_report_say(report[1], errno);
		_exit(EXIT_CODE_OK);
	}
	if (pid < 0)
		exec_report_say(report[1], errno);
	else
		waitpid(pid, NULL, 0);
	return exec_report_take(report);
}

int server_start(const struct sockaddr *address, socklen_t size, struct board **ret_board, int *ret_life)
{
	AUTO_CLOSE int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	AUTO_CLOSE int memory = -1;
	AUTO_CLOSE int end = -1;
	char path[PATH_MAX];
	int on = 1, life[2], r = server_program(path);

	if (r < 0)
		return r;
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, address, size) < 0 || listen(fd, SERVER_BACKLOG) < 0)
		return -errno;
	memory = server_board(ret_board);
	if (memory < 0)
		return memory;
	if (pipe2(life, O_CLOEXEC) < 0)
		return -errno;
	end = life[0];
	r = server_spawn(path, (const int[]){fd, memory, end});
	if (r < 0) {
		close(life[1]);
		return r;
	}
	*ret_life = life[1];
	return 0;
}
