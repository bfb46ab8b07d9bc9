// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A program whose files are not what they seem when the daemon, its parent, comes to read them:
 *
 *     others pipe DIR N ALERTS    a pipe has the name of a file that is mapped; N is stored into the file
 *     others link DIR N ALERTS    a symbolic link to a pipe has
 *     others lease DIR N ALERTS   somebody holds a lease on it
 *
 * DIR becomes a tmpfs of its own. The daemon is stopped while the files are changed, so it always comes too late. Each waits until
 * the daemon is done with the file, by what it says in ALERTS of N, or of N + 1 which lies in a file that is as it seems. Ends
 * with 0; or with 1 after saying what failed, such as that the pipe was opened.
 */
#include "../token_maker.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096
/* How long the daemon may take for what it says. */
#define AWAIT_MS 120000

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static const char *path_in(const char *dir, const char *name)
{
	static char paths[8][512];
	static unsigned int next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

/* Stops the daemon, and returns when it stands. */
static void daemon_stop(pid_t daemon)
{
	char path[64], stat[512];

	snprintf(path, sizeof(path), "/proc/%d/stat", daemon);
	if (kill(daemon, SIGSTOP) < 0)
		fail("stop");
	for (;;) {
		int fd = open(path, O_RDONLY);
		ssize_t len = read(fd, stat, sizeof(stat) - 1);
		const char *state;

		close(fd);
		if (len <= 0)
			fail(path);
		stat[len] = '\0';
		state = strrchr(stat, ')');
		if (state && state[1] && state[2] == 'T')
			return;
		usleep(1000);
	}
}

static int new_file(const char *path)
{
	int fd = open(path, O_CREAT | O_RDWR, 0600);

	if (fd < 0 || ftruncate(fd, PAGE) < 0)
		fail(path);
	return fd;
}

/* Maps a file shared. */
static char *map_file(int fd)
{
	char *map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED)
		fail("mmap");
	return map;
}

static void store(char *map, uint64_t n)
{
	struct maker_token token = maker_token(n);

	memcpy(map + 7, token.text, MAKER_TOKEN_LEN);
}

/* Until the alert of that token is there. */
static void await_alert(const char *alerts, uint64_t n)
{
	struct maker_token token = maker_token(n);

	for (int ms = 0; ms < AWAIT_MS; ms += 20) {
		FILE *file = fopen(alerts, "r");
		char line[65536];
		bool found = false;

		while (file && !found && fgets(line, sizeof(line), file))
			found = strstr(line, token.identifier) != NULL;
		if (file)
			fclose(file);
		if (found)
			return;
		usleep(20000);
	}
	fprintf(stderr, "no alert of token %llu\n", (unsigned long long)n);
	exit(1);
}

/* A child that goes on as soon as anybody opens the pipe for reading. */
static pid_t pipe_wait(const char *path)
{
	pid_t pid;

	if (mkfifo(path, 0600) < 0)
		fail(path);
	pid = fork();
	if (pid == 0) {
		open(path, O_WRONLY);
		_exit(0);
	}
	return pid;
}

static void pipe_check(pid_t pid)
{
	int status;

	/* it dies where it waits, unless it does no longer */
	usleep(100000);
	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status)) {
		fprintf(stderr, "the pipe was opened\n");
		exit(1);
	}
}

static void swapped(const char *dir, bool link, uint64_t n, const char *alerts, pid_t daemon)
{
	const char *file = path_in(dir, "file"), *pipe = path_in(dir, "pipe");
	pid_t opener = pipe_wait(pipe);
	int fd = new_file(file);
	char *map;

	daemon_stop(daemon);
	map = map_file(fd);
	close(fd);
	if (link && symlink(pipe, path_in(dir, "link")) < 0)
		fail("symlink");
	if (rename(link ? path_in(dir, "link") : pipe, file) < 0)
		fail("rename");
	store(map, n);
	kill(daemon, SIGCONT);
	/* found all the same, by what the process has mapped */
	await_alert(alerts, n);
	pipe_check(opener);
}

static void leased(const char *dir, uint64_t n, const char *alerts, pid_t daemon)
{
	int fd = new_file(path_in(dir, "file")), other = new_file(path_in(dir, "other"));

	signal(SIGIO, SIG_IGN);
	daemon_stop(daemon);
	store(map_file(fd), n);
	if (fcntl(fd, F_SETLEASE, F_WRLCK) < 0)
		fail("lease");
	store(map_file(other), n + 1);
	kill(daemon, SIGCONT);
	await_alert(alerts, n + 1);
}

int main(int argc, char **argv)
{
	pid_t daemon = getppid();
	uint64_t n;

	if (argc != 5) {
		fprintf(stderr, "usage: others HOW DIR N ALERTS\n");
		return 1;
	}
	n = strtoull(argv[3], NULL, 10);
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", argv[2], "tmpfs", 0, NULL) < 0)
		fail(argv[2]);
	if (strcmp(argv[1], "pipe") == 0 || strcmp(argv[1], "link") == 0)
		swapped(argv[2], *argv[1] == 'l', n, argv[4], daemon);
	else
		leased(argv[2], n, argv[4], daemon);
	return 0;
}
