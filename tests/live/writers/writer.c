// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A program that writes tokens, in every way the live tests ask for:
 *
 *     writer MODE [ARGUMENT…]
 *
 * Tokens are named by number (token_maker.h). Ends with 0, or with 1 after saying what failed.
 */
#include "../token_maker.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void check_length(const char *what, ssize_t got, size_t wanted)
{
	if (got < 0)
		fail(what);
	if ((size_t)got != wanted) {
		fprintf(stderr, "%s: short write\n", what);
		exit(1);
	}
}

static int open_new(const char *path, int flags)
{
	int fd = open(path, O_CREAT | O_RDWR | flags, 0600);

	if (fd < 0)
		fail(path);
	return fd;
}

static uint64_t number(const char *text)
{
	return strtoull(text, NULL, 10);
}

/* call NAME FILE N: "hello TOKEN\n" at offset 100 by one system call */
static void mode_call(char **args)
{
	struct maker_token token = maker_token(number(args[2]));
	char text[MAKER_TOKEN_LEN + 16];
	size_t len = (size_t)sprintf(text, "hello %s\n", token.text);
	struct iovec parts[2] = {{text, 6 + 40}, {text + 46, len - 46}};
	int fd = open_new(args[1], 0);
	ssize_t r = -1;

	if (lseek(fd, 100, SEEK_SET) < 0)
		fail("lseek");
	if (strcmp(args[0], "write") == 0)
		r = write(fd, text, len);
	else if (strcmp(args[0], "pwrite64") == 0)
		r = pwrite(fd, text, len, 100);
	else if (strcmp(args[0], "writev") == 0)
		r = writev(fd, parts, 2);
	else if (strcmp(args[0], "pwritev") == 0)
		r = pwritev(fd, parts, 2, 100);
	else if (strcmp(args[0], "pwritev2") == 0)
		r = pwritev2(fd, parts, 2, 100, 0);
	else if (strcmp(args[0], "pwritev2-current") == 0)
		r = pwritev2(fd, parts, 2, -1, 0);
	check_length(args[0], r, len);
}

/* append FILE N: two writes to a file opened with O_APPEND, the second with the token, by pwrite */
static void mode_append(char **args)
{
	struct maker_token token = maker_token(number(args[1]));
	int fd = open_new(args[0], O_APPEND);

	check_length("write", write(fd, "12345", 5), 5);
	check_length("pwrite", pwrite(fd, token.text, MAKER_TOKEN_LEN, 0), MAKER_TOKEN_LEN);
}

/* page-end FILE N: the token's last byte is the last before an unmapped page */
static void mode_page_end(char **args)
{
	struct maker_token token = maker_token(number(args[1]));
	char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open_new(args[0], 0);

	if (pages == MAP_FAILED || munmap(pages + 4096, 4096) < 0)
		fail("mmap");
	memcpy(pages + 4096 - MAKER_TOKEN_LEN, token.text, MAKER_TOKEN_LEN);
	check_length("write", write(fd, pages + 4096 - MAKER_TOKEN_LEN, MAKER_TOKEN_LEN), MAKER_TOKEN_LEN);
	/* asked for more than there is: the kernel writes what it can */
	check_length("write", write(fd, pages + 4096 - MAKER_TOKEN_LEN, 4096), MAKER_TOKEN_LEN);
}

/* iovec FILE N: the token in the 1,000th of 1,024 entries; then one byte an entry */
static void mode_iovec(char **args)
{
	struct maker_token token = maker_token(number(args[1]));
	struct iovec parts[1024];
	int fd = open_new(args[0], 0);

	for (int i = 0; i < 1024; i++)
		parts[i] = (struct iovec){(void *)"filler ", 7};
	parts[999] = (struct iovec){token.text, MAKER_TOKEN_LEN};
	check_length("writev", writev(fd, parts, 1024), 1023 * 7 + MAKER_TOKEN_LEN);
	for (int i = 0; i < MAKER_TOKEN_LEN; i++)
		parts[i] = (struct iovec){token.text + i, 1};
	check_length("writev", writev(fd, parts, MAKER_TOKEN_LEN), MAKER_TOKEN_LEN);
}

/* innocent FILE COUNT: writes of many lengths that hold no token */
static void mode_innocent(char **args)
{
	static char text[4096];
	uint64_t count = number(args[1]), state = 1;
	int fd = open_new(args[0], 0);

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)("dt0c01.ABCDEF2345.xyz \n"[maker_next(&state) % 23]);
	for (uint64_t i = 0; i < count; i++) {
		size_t len = 1 + maker_next(&state) % 200;

		check_length("write", pwrite(fd, text + maker_next(&state) % 3800, len, 0), len);
	}
}

/* storm FILE COUNT: tokens 0 … COUNT-1, a line and a write each */
static void mode_storm(char **args)
{
	uint64_t count = number(args[1]);
	int fd = open_new(args[0], 0);

	for (uint64_t i = 0; i < count; i++) {
		struct maker_token token = maker_token(i);

		token.text[MAKER_TOKEN_LEN] = '\n';
		check_length("write", write(fd, token.text, sizeof(token.text)), sizeof(token.text));
	}
}

/* one DIR N: named wN, writes token N to DIR/N and removes it */
static void mode_one(char **args)
{
	struct maker_token token = maker_token(number(args[1]));
	char name[32], path[512];
	int fd;

	snprintf(name, sizeof(name), "w%s", args[1]);
	snprintf(path, sizeof(path), "%s/%s", args[0], args[1]);
	prctl(PR_SET_NAME, name);
	fd = open_new(path, 0);
	check_length("write", write(fd, token.text, MAKER_TOKEN_LEN), MAKER_TOKEN_LEN);
	unlink(path);
}

/* swarm DIR COUNT LIST: COUNT short-lived processes; LIST gets a line "pid N" for each */
static void mode_swarm(char **args)
{
	uint64_t count = number(args[1]);
	FILE *list = fopen(args[2], "w");

	if (!list)
		fail(args[2]);
	for (uint64_t i = 0, running = 0; i < count || running; running--) {
		for (; running < 4 && i < count; i++, running++) {
			char text[32];
			pid_t pid;

			snprintf(text, sizeof(text), "%llu", (unsigned long long)i);
			pid = vfork();
			if (pid == 0) {
				execl("/proc/self/exe", "writer", "one", args[0], text, (char *)NULL);
				_exit(1);
			}
			if (pid < 0)
				fail("vfork");
			fprintf(list, "%d %s\n", pid, text);
		}
		if (waitpid(-1, NULL, 0) < 0)
			fail("waitpid");
	}
	if (fclose(list))
		fail(args[2]);
}

static void *mode_vanish_thread(void *page)
{
	for (;;)
		madvise(page, 8192, MADV_DONTNEED);
	return NULL;
}

/* vanish FILE COUNT: another thread throws the buffer's pages away all the time */
static void mode_vanish(char **args)
{
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open_new(args[0], 0);
	pthread_t thread;

	if (page == MAP_FAILED || pthread_create(&thread, NULL, mode_vanish_thread, page))
		fail("thread");
	for (uint64_t i = number(args[1]); i; i--)
		check_length("write", pwrite(fd, page, 8192, 0), 8192);
	_exit(0);
}

/* long FILE LENGTH N: one write of LENGTH bytes that ends with the token */
static void mode_long(char **args)
{
	size_t len = number(args[1]);
	struct maker_token token = maker_token(number(args[2]));
	char *text = malloc(len);
	int fd = open_new(args[0], 0);

	if (!text)
		fail("malloc");
	memset(text, ' ', len);
	memcpy(text + len - MAKER_TOKEN_LEN, token.text, MAKER_TOKEN_LEN);
	check_length("write", write(fd, text, len), len);
}

/* stream KIND N: the token to a pipe, a socket, a terminal, a memfd */
static void mode_stream(char **args)
{
	struct maker_token token = maker_token(number(args[1]));
	int fds[2] = {-1, -1};

	if (strcmp(args[0], "pipe") == 0 && pipe(fds) == 0)
		fds[0] = fds[1];
	else if (strcmp(args[0], "socket") == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0)
		;
	else if (strcmp(args[0], "tty") == 0) {
		int master = posix_openpt(O_RDWR | O_NOCTTY);

		if (master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0)
			fds[0] = open(ptsname(master), O_RDWR | O_NOCTTY);
	} else if (strcmp(args[0], "memfd") == 0) {
		fds[0] = (int)syscall(SYS_memfd_create, "spillwatch-test", 0);
	} else if (strcmp(args[0], "null") == 0) {
		fds[0] = open("/dev/null", O_WRONLY);
	}
	if (fds[0] < 0)
		fail(args[0]);
	check_length("write", write(fds[0], token.text, MAKER_TOKEN_LEN), MAKER_TOKEN_LEN);
}

static volatile sig_atomic_t signalled;

static void mode_signal_handler(int number_of_signal)
{
	signalled = number_of_signal;
}

/* signal: says "ready", waits for SIGUSR1 and then ends with 7 */
static void mode_signal(char **args)
{
	struct sigaction action = {.sa_handler = mode_signal_handler};

	(void)args;
	sigaction(SIGUSR1, &action, NULL);
	puts("ready");
	fflush(stdout);
	while (!signalled)
		usleep(1000);
	exit(7);
}

/* token N: the token itself on standard output, for scripts that hand it to other programs */
static void mode_token(char **args)
{
	puts(maker_token(number(args[0])).text);
}

static const struct mode {
	const char *name;
	int args;
	void (*run)(char **args);
} modes[] = {
	{"call", 3, mode_call},   {"append", 2, mode_append},     {"page-end", 2, mode_page_end},
	{"iovec", 2, mode_iovec}, {"innocent", 2, mode_innocent}, {"storm", 2, mode_storm},
	{"one", 2, mode_one},     {"swarm", 3, mode_swarm},       {"vanish", 2, mode_vanish},
	{"long", 3, mode_long},   {"stream", 2, mode_stream},     {"signal", 0, mode_signal},
	{"token", 1, mode_token},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(modes) / sizeof(*modes); i++) {
		if (strcmp(modes[i].name, argv[1]) != 0 || argc < 2 + modes[i].args)
			continue;
		modes[i].run(argv + 2);
		return 0;
	}
	fprintf(stderr, "usage: writer MODE [ARGUMENT…]\n");
	return 1;
}
