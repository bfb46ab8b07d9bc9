// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A program whose files are not what they seem when the daemon, its parent, comes to read them:
 *
 *     others pipe DIR N ALERTS    a pipe has the name of a file that is mapped; N is stored into the file
 *     others link DIR N ALERTS    a symbolic link to a pipe has
 *     others lease DIR N ALERTS   somebody holds a lease on it
 *     others dead DIR N ALERTS    its path leads to a FUSE file system that does not answer
 *     others name DIR N ALERTS    N is the name of a file there, and N + 1 is not used
 *     others hang DIR N ALERTS    as dead, but it makes ALERTS.ready and waits until the daemon has ended
 *
 * DIR becomes a tmpfs of its own. The daemon (its parent, or DAEMON of the environment) is stopped while the files are
 * changed, so it always comes too late. Each waits until the daemon is done with the file, by what it says in ALERTS of N,
 * or of N + 1 which lies in a file that is as it seems; N + 2 is written by a call. Ends with 0; with 77 if this machine
 * can't do it; or with 1 after saying what failed, such as that the pipe was opened.
 */
#include "../token_maker.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
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
/* How long a file system does not answer, if the daemon doesn't end. */
#define DEAD_S 60
#define EXIT_VOID 77

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
	char place[64];
	pid_t pid;
	int fd;

	if (mkfifo(path, 0600) < 0 || (fd = open(path, O_PATH)) < 0)
		fail(path);
	/* whatever it is called by then */
	snprintf(place, sizeof(place), "/proc/self/fd/%d", fd);
	pid = fork();
	if (pid == 0)
		_exit(open(place, O_WRONLY) < 0);
	close(fd);
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

/* Answers the first request, as it must be, reads all others, and answers none of them: who has asked waits in vain. */
static void serve_nothing(int fuse, pid_t daemon)
{
	static char request[FUSE_MIN_READ_BUFFER * 16];
	const struct fuse_in_header *in = (const void *)request;
	struct {
		struct fuse_out_header header;
		struct fuse_init_out init;
	} out = {.header.len = sizeof(out),
		 .init = {.major = FUSE_KERNEL_VERSION,
			  .minor = FUSE_KERNEL_MINOR_VERSION,
			  .max_write = 4096}};

	setsid();
	if (read(fuse, request, sizeof(request)) < (ssize_t)sizeof(*in))
		_exit(1);
	out.header.unique = in->unique;
	if (write(fuse, &out, sizeof(out)) != sizeof(out))
		_exit(1);
	fcntl(fuse, F_SETFL, O_NONBLOCK);
	for (int ms = 0; ms < DEAD_S * 1000 && kill(daemon, 0) == 0; ms += 10) {
		(void)!read(fuse, request, sizeof(request));
		usleep(10000);
	}
	_exit(0);
}

static void mount_dead(const char *place, pid_t daemon)
{
	int fuse = open("/dev/fuse", O_RDWR);
	char options[128];

	if (fuse < 0)
		exit(EXIT_VOID);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fuse);
	if (mount("dead", place, "fuse", 0, options) < 0)
		fail("mount");
	if (fork() == 0)
		serve_nothing(fuse, daemon);
	close(fuse);
}

static void dead(const char *dir, uint64_t n, const char *alerts, pid_t daemon, bool wait)
{
	struct maker_token good = maker_token(n + 2);
	const char *place = path_in(dir, "place");
	char ready[512];
	int fd, other;

	if (access("/dev/fuse", F_OK) < 0)
		exit(EXIT_VOID);
	if (mkdir(place, 0700) < 0)
		fail(place);
	fd = new_file(path_in(dir, "place/file"));
	other = new_file(path_in(dir, "other"));
	daemon_stop(daemon);
	store(map_file(fd), n);
	mount_dead(place, daemon);
	store(map_file(other), n + 1);
	fd = open(path_in(dir, "good"), O_CREAT | O_WRONLY, 0600);
	if (write(fd, good.text, MAKER_TOKEN_LEN) != MAKER_TOKEN_LEN)
		fail("good");
	kill(daemon, SIGCONT);
	await_alert(alerts, n + 2);
	if (wait) {
		await_alert(alerts, n + 1);
		return;
	}
	snprintf(ready, sizeof(ready), "%s.ready", alerts);
	close(open(ready, O_CREAT | O_WRONLY, 0600));
	/* whose process has ended has no path that leads there */
	for (int ms = 0; ms < DEAD_S * 1000 && kill(daemon, 0) == 0; ms += 10)
		usleep(10000);
}

static void named(const char *dir, uint64_t n, const char *alerts, pid_t daemon)
{
	struct maker_token name = maker_token(n), good = maker_token(n + 2);
	const char *place = path_in(dir, "place");
	int fd;

	if (access("/dev/fuse", F_OK) < 0)
		exit(EXIT_VOID);
	if (mkdir(place, 0700) < 0)
		fail(place);
	daemon_stop(daemon);
	if (mkdir(path_in(place, "name"), 0700) < 0 ||
	    rename(path_in(place, "name"), path_in(place, name.text)) < 0)
		fail("a directory");
	mount_dead(place, daemon);
	fd = open(path_in(dir, "good"), O_CREAT | O_WRONLY, 0600);
	if (write(fd, good.text, MAKER_TOKEN_LEN) != MAKER_TOKEN_LEN)
		fail("good");
	kill(daemon, SIGCONT);
	await_alert(alerts, n + 2);
	await_alert(alerts, n);
}

int main(int argc, char **argv)
{
	pid_t daemon = getenv("DAEMON") ? atoi(getenv("DAEMON")) : getppid();
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
	else if (strcmp(argv[1], "name") == 0)
		named(argv[2], n, argv[4], daemon);
	else if (strcmp(argv[1], "lease") == 0)
		leased(argv[2], n, argv[4], daemon);
	else
		dead(argv[2], n, argv[4], daemon, *argv[1] == 'd');
	return 0;
}
