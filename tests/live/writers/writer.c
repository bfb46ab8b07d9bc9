// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A program that writes tokens, in every way the live tests ask for:
 *
 *     writer MODE [ARGUMENT…]
 *
 * Tokens are named by number (token_maker.h). Ends with 0, or with 1 after saying what failed.
 */
#include "../token_maker.h"
#include "async.h"
#include "names.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* read at once of an alert file */
#define PACED_BYTES 65536

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

/* A new file in a directory. */
static int open_in(const char *directory, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return open_new(path, 0);
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

/* append-flags FILE N: token N behind 5 bytes that are there, by a flag of the call */
static void mode_append_flags(char **args)
{
	struct maker_token token = maker_token(number(args[1]));
	struct iocb request = {.aio_lio_opcode = IOCB_CMD_PWRITE,
			       .aio_fildes = (uint32_t)open_new(args[0], 0),
			       .aio_buf = (uintptr_t)token.text,
			       .aio_nbytes = MAKER_TOKEN_LEN,
			       .aio_rw_flags = RWF_APPEND};

	check_length("write", write((int)request.aio_fildes, "12345", 5), 5);
	check_length("io_submit", async_aio_run(&request), MAKER_TOKEN_LEN);
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

/* iovec FILE N: the token in the 1,000th of 1,024 entries; then token N + 1, one byte an entry */
static void mode_iovec(char **args)
{
	struct maker_token token = maker_token(number(args[1])), next = maker_token(number(args[1]) + 1);
	struct iovec parts[1024];
	int fd = open_new(args[0], 0);

	for (int i = 0; i < 1024; i++)
		parts[i] = (struct iovec){(void *)"filler ", 7};
	parts[999] = (struct iovec){token.text, MAKER_TOKEN_LEN};
	check_length("writev", writev(fd, parts, 1024), 1023 * 7 + MAKER_TOKEN_LEN);
	for (int i = 0; i < MAKER_TOKEN_LEN; i++)
		parts[i] = (struct iovec){next.text + i, 1};
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

static void storm_write(int fd, uint64_t number)
{
	struct maker_token token = maker_token(number);

	token.text[MAKER_TOKEN_LEN] = '\n';
	check_length("write", write(fd, token.text, sizeof(token.text)), sizeof(token.text));
}

static void storm(int fd, uint64_t count, uint64_t rate)
{
	for (uint64_t i = 0; i < count; i++) {
		storm_write(fd, i);
		if (rate && i % (rate / 100) == 0)
			usleep(10000);
	}
}

/* storm FILE COUNT RATE: tokens 0 … COUNT-1, a line and a write each, RATE a second (0: full speed) */
static void mode_storm(char **args)
{
	storm(open_new(args[0], 0), number(args[1]), number(args[2]));
}

/* As storm, but who was late makes up for it, at twice the pace: RATE a second is what comes out, if it can be had. */
static void paced_storm(const int *fds, uint64_t files, uint64_t count, uint64_t rate)
{
	const uint64_t slice = rate / 500 ? rate / 500 : 1, ns = rate ? slice * 1000000000ULL / rate : 0;
	uint64_t start = 0, due = 0;

	for (uint64_t i = 0; i < count; i++) {
		if (rate && i % slice == 0) {
			struct timespec now, until;
			uint64_t time;

			clock_gettime(CLOCK_MONOTONIC, &now);
			time = (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
			start = start ? start : time;
			due += ns / 2;
			if (due < start + i / slice * ns)
				due = start + i / slice * ns;
			if (due < time)
				due = time;
			until = (struct timespec){.tv_sec = (time_t)(due / 1000000000ULL),
						  .tv_nsec = (long)(due % 1000000000ULL)};
			clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
		}
		storm_write(fds[i % files], i);
	}
}

/* fan FILE COUNT RATE FILES: as storm, through FILE.0, FILE.1 … in turn, 64 of them at most */
static void mode_fan(char **args)
{
	uint64_t files = number(args[3]);
	int fds[64];

	if (!files || files > sizeof(fds) / sizeof(*fds)) {
		errno = EINVAL;
		fail(args[3]);
	}
	for (uint64_t i = 0; i < files; i++) {
		char path[PATH_MAX];

		snprintf(path, sizeof(path), "%s.%u", args[0], (unsigned int)i);
		fds[i] = open_new(path, 0);
	}
	paced_storm(fds, files, number(args[1]), number(args[2]));
}

/* shared FILE COUNT: the same, through a file description with two descriptors */
static void mode_shared(char **args)
{
	int fd = open_new(args[0], 0);

	if (dup(fd) < 0)
		fail("dup");
	storm(fd, number(args[1]), 0);
}

/* cycle FILE COUNT DISTINCT: COUNT lines, each a write, with tokens 0 … DISTINCT-1 in turn */
static void mode_cycle(char **args)
{
	uint64_t count = number(args[1]), distinct = number(args[2]);
	int fd = open_new(args[0], 0);

	for (uint64_t i = 0; i < count; i++) {
		struct maker_token token = maker_token(i % distinct);

		token.text[MAKER_TOKEN_LEN] = '\n';
		check_length("write", write(fd, token.text, sizeof(token.text)), sizeof(token.text));
	}
}

/* Waits until the text is in the file, from *at on, at most five minutes; *at is near behind it then. */
static void wait_for(const char *path, const char *text, off_t *at)
{
	char *held = malloc(PACED_BYTES + 1);
	size_t keep = strlen(text);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (!held || fd < 0)
		fail(path);
	for (int i = 0; i < 30000; i++) {
		ssize_t len = pread(fd, held, PACED_BYTES, *at);

		if (len < 0)
			fail("pread");
		held[len] = '\0';
		if (strstr(held, text)) {
			close(fd);
			free(held);
			return;
		}
		/* what may be the beginning of it is read again */
		if ((size_t)len > keep)
			*at += len - (off_t)keep;
		if ((size_t)len < PACED_BYTES)
			usleep(10000);
	}
	errno = ETIMEDOUT;
	fail(text);
}

/*
 * paced FILE COUNT DISTINCT ALERTS: as cycle, but no faster than the daemon, whatever it runs on: each 1,000 lines there is one
 * with a token of its own, and the next follow when it stands in the alert file.
 */
static void mode_paced(char **args)
{
	uint64_t count = number(args[1]), distinct = number(args[2]);
	int fd = open_new(args[0], 0);
	off_t at = 0;

	for (uint64_t i = 0; i < count; i++) {
		bool wait = i % 1000 == 999;
		struct maker_token token = maker_token(wait ? distinct + i : i % distinct);

		token.text[MAKER_TOKEN_LEN] = '\n';
		check_length("write", write(fd, token.text, sizeof(token.text)), sizeof(token.text));
		token.text[MAKER_IDENTIFIER_LEN] = '\0';
		if (wait)
			wait_for(args[3], token.text, &at);
	}
}

/* many FILE COUNT: tokens 0 … COUNT-1, a line each, in one write */
static void mode_many(char **args)
{
	uint64_t count = number(args[1]);
	size_t line = MAKER_TOKEN_LEN + 1;
	char *text = malloc(count * line);
	int fd = open_new(args[0], 0);

	if (!text)
		fail("malloc");
	for (uint64_t i = 0; i < count; i++) {
		struct maker_token token = maker_token(i);

		token.text[MAKER_TOKEN_LEN] = '\n';
		memcpy(text + i * line, token.text, line);
	}
	check_length("write", write(fd, text, count * line), count * line);
	free(text);
}

/* repeat FILE COUNT N: the same token COUNT times, a line and a write each */
static void mode_repeat(char **args)
{
	struct maker_token token = maker_token(number(args[2]));
	int fd = open_new(args[0], 0);

	token.text[MAKER_TOKEN_LEN] = '\n';
	for (uint64_t i = number(args[1]); i; i--)
		check_length("write", write(fd, token.text, sizeof(token.text)), sizeof(token.text));
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

struct vanish {
	char *pages;
	int faults;
};

/* When the call asks for the second page it holds the first one already: that is thrown away, then the second is given. */
static void *mode_vanish_thread(void *context)
{
	struct vanish *vanish = context;
	struct uffdio_zeropage zero = {.range = {(uintptr_t)vanish->pages + 4096, 4096}};
	struct uffd_msg fault;

	check_length("userfaultfd", read(vanish->faults, &fault, sizeof(fault)), sizeof(fault));
	if (madvise(vanish->pages, 4096, MADV_DONTNEED) < 0 ||
	    ioctl(vanish->faults, UFFDIO_ZEROPAGE, &zero) < 0)
		fail("userfaultfd");
	return NULL;
}

/* vanish FILE: by O_DIRECT, two pages, of which the first is not there any more when the call returns */
static void mode_vanish(char **args)
{
	struct vanish vanish = {
		.pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
		.faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC),
	};
	struct uffdio_api api = {.api = UFFD_API};
	struct uffdio_register second = {.range = {(uintptr_t)vanish.pages + 4096, 4096},
					 .mode = UFFDIO_REGISTER_MODE_MISSING};
	int fd = open_new(args[0], O_DIRECT);
	pthread_t thread;

	if (vanish.pages == MAP_FAILED || ioctl(vanish.faults, UFFDIO_API, &api) < 0 ||
	    ioctl(vanish.faults, UFFDIO_REGISTER, &second) < 0)
		fail("userfaultfd");
	vanish.pages[0] = ' ';
	if (pthread_create(&thread, NULL, mode_vanish_thread, &vanish))
		fail("pthread_create");
	check_length("write", pwrite(fd, vanish.pages, 8192, 0), 8192);
	pthread_join(thread, NULL);
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

/* signals: says "ready", then the number of each signal that it gets, a line each; SIGTERM ends it with 7 */
static void mode_signals(char **args)
{
	sigset_t all;
	int number_of_signal;

	(void)args;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	puts("ready");
	fflush(stdout);
	while (sigwait(&all, &number_of_signal) == 0) {
		printf("%d\n", number_of_signal);
		fflush(stdout);
		if (number_of_signal == SIGTERM)
			exit(7);
	}
	fail("sigwait");
}

/* A destination by kind: a file's path, or pipe, socket, tty. Nobody has to read the other end. */
static int open_target(const char *kind)
{
	int fds[2] = {-1, -1};

	if (kind[0] == '/')
		return open_new(kind, 0);
	if (strcmp(kind, "pipe") == 0 && pipe(fds) == 0)
		return fds[1];
	if (strcmp(kind, "socket") == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0)
		return fds[0];
	if (strcmp(kind, "tty") == 0) {
		int master = posix_openpt(O_RDWR | O_NOCTTY);

		if (master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0)
			return open(ptsname(master), O_RDWR | O_NOCTTY | O_NONBLOCK);
	}
	fail(kind);
	return -1;
}

/* Token n in `count` pieces at random cuts, one call each, in order. */
static void write_pieces(int fd, uint64_t n, int count, uint64_t *state)
{
	struct maker_token token = maker_token(n);
	int from = 0;

	for (int i = 0; i < count; i++) {
		int rest = count - i - 1, room = MAKER_TOKEN_LEN - from - rest;
		int len = rest ? 1 + (int)(maker_next(state) % (uint64_t)room) : room;

		check_length("write", write(fd, token.text + from, (size_t)len), (size_t)len);
		from += len;
	}
	check_length("write", write(fd, "\n", 1), 1);
}

/*
 * pieces TARGET: tokens 1 … 95 in two pieces, cut behind byte 1 … 95; then 102 … 196 in 2 … 96 pieces. A
 * terminal's other end fills up at 4 KiB, so each token gets a destination of its own.
 */
static void mode_pieces(char **args)
{
	uint64_t state = 5;
	int file = args[0][0] == '/' ? open_target(args[0]) : -1;

	for (int cut = 1; cut < MAKER_TOKEN_LEN; cut++) {
		struct maker_token token = maker_token((uint64_t)cut);
		int fd = file < 0 ? open_target(args[0]) : file;

		check_length("write", write(fd, token.text, (size_t)cut), (size_t)cut);
		check_length("write", write(fd, token.text + cut, (size_t)(MAKER_TOKEN_LEN - cut)),
			     (size_t)(MAKER_TOKEN_LEN - cut));
		check_length("write", write(fd, "\n", 1), 1);
	}
	for (int count = 2; count <= MAKER_TOKEN_LEN; count++) {
		int fd = file < 0 ? open_target(args[0]) : file;

		write_pieces(fd, 100U + (uint64_t)count, count, &state);
	}
}

/*
 * shuffled FILE COUNT: COUNT tokens, every byte of all of them by a pwrite of its own, in an order that
 * two processes share between them; across pages
 */
static void mode_shuffled(char **args)
{
	uint64_t count = number(args[1]), bytes = count * MAKER_TOKEN_LEN, state = 11;
	uint32_t *order = calloc(bytes, sizeof(*order));
	int fd = open_new(args[0], 0);
	pid_t pid;

	if (!order)
		fail("calloc");
	for (uint64_t i = 0; i < bytes; i++) {
		uint64_t j = maker_next(&state) % (i + 1);

		order[i] = order[j];
		order[j] = (uint32_t)i;
	}
	pid = fork();
	for (uint64_t i = pid ? 1 : 0; i < bytes; i += 2) {
		struct maker_token token = maker_token(order[i] / MAKER_TOKEN_LEN);
		size_t at = order[i] % MAKER_TOKEN_LEN;

		check_length(
			"pwrite",
			pwrite(fd, token.text + at, 1, (off_t)(order[i] / MAKER_TOKEN_LEN * 131 + 4000 + at)),
			1);
	}
	if (pid)
		waitpid(pid, NULL, 0);
}

/*
 * halves FILE COUNT MEETING WHICH: one half of each of COUNT tokens, at the moment at which the other process, which is told to
 * write the other half, writes that; they meet in a file of 8 bytes
 */
static void mode_halves(char **args)
{
	uint64_t count = number(args[1]), which = number(args[3]) & 1;
	int fd = open_new(args[0], 0), meeting = open_new(args[2], 0);
	const size_t half = 40;
	size_t at = which ? half : 0;
	size_t len = which ? MAKER_TOKEN_LEN - half : half;
	uint32_t *rounds;

	if (ftruncate(meeting, 2 * sizeof(*rounds)))
		fail("ftruncate");
	rounds = mmap(NULL, 2 * sizeof(*rounds), PROT_READ | PROT_WRITE, MAP_SHARED, meeting, 0);
	if (rounds == MAP_FAILED)
		fail("mmap");
	for (uint64_t i = 0; i < count; i++) {
		struct maker_token token = maker_token(i);

		__atomic_store_n(&rounds[which], i + 1, __ATOMIC_RELEASE);
		for (int spins = 0; __atomic_load_n(&rounds[!which], __ATOMIC_ACQUIRE) <= i; spins++)
			if (spins > 1000)
				sched_yield();
		check_length("pwrite", pwrite(fd, token.text + at, len, (off_t)(i * 256 + at)), len);
	}
}

/* far DIRECTORY N SOURCE: tokens N, N + 1 …, each by another call, past 4 GiB of a file of its own; SOURCE holds the last one */
static void mode_far(char **args)
{
	static const char *const names[] = {"pwrite64", "pwritev", "pwritev2", "append", "splice", "copy"};
	const off_t far = (5LL << 30) + 100;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct maker_token token = maker_token(number(args[1]) + i);
		struct iovec parts[2] = {{token.text, 40}, {token.text + 40, MAKER_TOKEN_LEN - 40}};
		int fd = open_in(args[0], names[i]), source, pipes[2];
		off_t to = far;
		ssize_t r = -1;

		switch (i) {
		case 0:
			r = pwrite(fd, token.text, MAKER_TOKEN_LEN, far);
			break;
		case 1:
			r = pwritev(fd, parts, 2, far);
			break;
		case 2:
			r = pwritev2(fd, parts, 2, far, RWF_DSYNC);
			break;
		case 3:
			if (ftruncate(fd, far))
				fail("ftruncate");
			r = pwritev2(fd, parts, 2, (3LL << 32) + 7, RWF_APPEND);
			break;
		case 4:
			if (pipe(pipes))
				fail("pipe");
			check_length("write", write(pipes[1], token.text, MAKER_TOKEN_LEN), MAKER_TOKEN_LEN);
			r = splice(pipes[0], NULL, fd, &to, MAKER_TOKEN_LEN, 0);
			break;
		default:
			source = open(args[2], O_RDONLY);
			if (source < 0)
				fail(args[2]);
			r = copy_file_range(source, NULL, fd, &to, MAKER_TOKEN_LEN, 0);
		}
		check_length(names[i], r, MAKER_TOKEN_LEN);
		close(fd);
	}
}

/*
 * upper DIRECTORY N: tokens N, N + 1 …, each by another call, at byte 100 of a file of its own; the upper halves of the registers
 * with the call's number, and with what are numbers of 32 bits to it, hold what the kernel does not look at
 */
static void mode_upper(char **args)
{
#ifdef __LP64__
	static const char *const names[] = {"write",    "pwrite64", "writev",   "pwritev",
					    "pwritev2", "sendfile", "setxattr", "symlink"};
	const long upper = 5L << 32;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct maker_token token = maker_token(number(args[1]) + i);
		struct iovec parts[2] = {{token.text, 40}, {token.text + 40, MAKER_TOKEN_LEN - 40}};
		long fd = open_in(args[0], names[i]), source, r = -1;
		size_t wanted = i < 6 ? MAKER_TOKEN_LEN : 0;
		char path[4096];
		off_t from = 0;

		if (lseek((int)fd, 100, SEEK_SET) < 0)
			fail("lseek");
		switch (i) {
		case 0:
			r = syscall(SYS_write | upper, fd | upper, token.text, MAKER_TOKEN_LEN);
			break;
		case 1:
			r = syscall(SYS_pwrite64 | upper, fd | upper, token.text, MAKER_TOKEN_LEN, 100L);
			break;
		case 2:
			r = syscall(SYS_writev | upper, fd | upper, parts, 2L);
			break;
		case 3:
			r = syscall(SYS_pwritev | upper, fd | upper, parts, 2L, 100L, upper);
			break;
		case 4:
			r = syscall(SYS_pwritev2 | upper, fd | upper, parts, 2L, 100L, upper, upper);
			break;
		case 5:
			source = syscall(SYS_memfd_create, "source", 0);
			check_length("write", write((int)source, token.text, MAKER_TOKEN_LEN),
				     MAKER_TOKEN_LEN);
			r = syscall(SYS_sendfile | upper, fd | upper, source | upper, &from, MAKER_TOKEN_LEN);
			break;
		case 6:
			r = syscall(SYS_fsetxattr | upper, fd | upper, "trusted.a", token.text,
				    MAKER_TOKEN_LEN, upper);
			break;
		default:
			snprintf(path, sizeof(path), "%s/link", args[0]);
			r = syscall(SYS_symlink | upper, token.text, path);
		}
		check_length(names[i], r, wanted);
		close((int)fd);
	}
#else
	(void)args;
#endif
}

/* old-mmap FILE N: the token is stored through a mapping by the older mmap(2) of 32-bit programs, at byte 5000 */
static void mode_old_mmap(char **args)
{
#ifndef __LP64__
	struct maker_token token = maker_token(number(args[1]));
	int fd = open_new(args[0], 0);
	/* struct mmap_arg_struct32 */
	uint32_t values[6] = {0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, (uint32_t)fd, 4096};
	char *page;

	if (ftruncate(fd, 8192))
		fail("ftruncate");
	page = (char *)syscall(SYS_mmap, values); /* NOLINT(performance-no-int-to-ptr) */
	if (page == MAP_FAILED)
		fail("mmap");
	memcpy(page + 5000 - 4096, token.text, MAKER_TOKEN_LEN);
	sleep(5);
#else
	(void)args;
#endif
}

/* middle FILE N: the token is there but for its middle, which comes last */
static void mode_middle(char **args)
{
	struct maker_token token = maker_token(number(args[1]));
	char text[MAKER_TOKEN_LEN + 8];
	int fd = open_new(args[0], 0);

	memcpy(text, "a ", 2);
	memcpy(text + 2, token.text, MAKER_TOKEN_LEN);
	memset(text + 2 + 40, '-', 20);
	check_length("write", write(fd, text, 2 + MAKER_TOKEN_LEN), 2 + MAKER_TOKEN_LEN);
	check_length("pwrite", pwrite(fd, token.text + 40, 20, 42), 20);
}

/*
 * holes DIRECTORY: tokens at a file's beginning and around the edge of a page, each in a file of its own, there but
 * for some bytes, which come last; prints how many
 */
static void mode_holes(char **args)
{
	static const size_t starts[] = {0,    1,    15,   16,   17,   4000, 4001,
					4095, 4096, 4097, 4111, 4112, 8096, 8192};
	static const size_t lengths[] = {1, 2, 7, 8, 9, 15, 16, 17, 40, 79};
	static char text[3 * 4096];
	char path[4096];
	uint64_t n = 0;

	for (size_t s = 0; s < sizeof(starts) / sizeof(*starts); s++)
		for (size_t l = 0; l < sizeof(lengths) / sizeof(*lengths); l++)
			for (size_t hole = 0; hole + lengths[l] <= MAKER_TOKEN_LEN; hole += 1 + n % 7) {
				struct maker_token token = maker_token(n);
				off_t at = (off_t)(starts[s] + hole);
				int fd;

				snprintf(path, sizeof(path), "%s/%llu", args[0], (unsigned long long)n++);
				fd = open_new(path, 0);
				memset(text, 'x', sizeof(text));
				memcpy(text + starts[s], token.text, MAKER_TOKEN_LEN);
				memset(text + at, ' ', lengths[l]);
				check_length("write", write(fd, text, sizeof(text)), (ssize_t)sizeof(text));
				check_length("pwrite", pwrite(fd, token.text + hole, lengths[l], at),
					     (ssize_t)lengths[l]);
				close(fd);
			}
	printf("%llu\n", (unsigned long long)n);
}

/* apart TARGET: what is not neighbours in the file or the stream is not a token */
static void mode_apart(char **args)
{
	struct maker_token token = maker_token(77);
	int file = args[0][0] == '/';

	for (int cut = 1; cut < MAKER_TOKEN_LEN; cut++) {
		int fd = open_target(args[0]), other = open_target(file ? "pipe" : args[0]);

		/* something between */
		check_length("write", write(fd, token.text, (size_t)cut), (size_t)cut);
		check_length("write", write(fd, "#", 1), 1);
		check_length("write", write(fd, token.text + cut, (size_t)(MAKER_TOKEN_LEN - cut)),
			     (size_t)(MAKER_TOKEN_LEN - cut));
		/* in turn on two destinations */
		check_length("write", write(fd, "#", 1), 1);
		check_length("write", write(fd, token.text, (size_t)cut), (size_t)cut);
		check_length("write", write(other, token.text + cut, (size_t)(MAKER_TOKEN_LEN - cut)),
			     (size_t)(MAKER_TOKEN_LEN - cut));
		if (file) {
			/* one byte too far, and its beginning overwritten before its end comes */
			check_length("pwrite", pwrite(fd, token.text, (size_t)cut, 1000), (size_t)cut);
			check_length(
				"pwrite",
				pwrite(fd, token.text + cut, (size_t)(MAKER_TOKEN_LEN - cut), 1000 + cut + 1),
				(size_t)(MAKER_TOKEN_LEN - cut));
			check_length("pwrite", pwrite(fd, token.text, (size_t)cut, 3000), (size_t)cut);
			check_length("pwrite", pwrite(fd, "?", 1, 3000), 1);
			check_length(
				"pwrite",
				pwrite(fd, token.text + cut, (size_t)(MAKER_TOKEN_LEN - cut), 3000 + cut),
				(size_t)(MAKER_TOKEN_LEN - cut));
			if (ftruncate(fd, 0) < 0)
				fail("ftruncate");
		}
		close(fd);
		close(other);
	}
}

/* landed CALL FILE N: the token comes to the file without a buffer */
static void mode_landed(char **args)
{
	struct maker_token token = maker_token(number(args[2]));
	int fd = open_new(args[1], 0), source = (int)syscall(SYS_memfd_create, "source", 0), pipes[2];
	struct iovec part = {token.text, MAKER_TOKEN_LEN};
	off_t from = 0, to = 5000;
	ssize_t r = -1;

	check_length("write", write(source, token.text, MAKER_TOKEN_LEN), MAKER_TOKEN_LEN);
	if (pipe(pipes) < 0 || lseek(fd, 5000, SEEK_SET) < 0)
		fail("pipe");
	if (strcmp(args[0], "sendfile") == 0) {
		r = sendfile(fd, source, &from, MAKER_TOKEN_LEN);
	} else if (strcmp(args[0], "splice") == 0) {
		check_length("write", write(pipes[1], token.text, MAKER_TOKEN_LEN), MAKER_TOKEN_LEN);
		r = splice(pipes[0], NULL, fd, &to, MAKER_TOKEN_LEN, 0);
	} else if (strcmp(args[0], "vmsplice") == 0) {
		check_length("vmsplice", vmsplice(pipes[1], &part, 1, 0), MAKER_TOKEN_LEN);
		r = splice(pipes[0], NULL, fd, NULL, MAKER_TOKEN_LEN, 0);
	} else if (strcmp(args[0], "copy_file_range") == 0) {
		/* between two files of one file system; the source is written where nobody watches */
		int file = open(args[3], O_RDONLY);

		if (file < 0)
			fail(args[3]);
		r = copy_file_range(file, NULL, fd, &to, MAKER_TOKEN_LEN, 0);
	}
	check_length(args[0], r, MAKER_TOKEN_LEN);
}

struct mode_uring_thread {
	struct async_ring *ring;
	const struct io_uring_sqe *sqe;
	int result;
};

static void *mode_uring_run(void *context)
{
	struct mode_uring_thread *thread = context;

	thread->result = async_ring_run(thread->ring, thread->sqe);
	return NULL;
}

/*
 * uring HOW FILE N: HOW is write, writev, fixed, async (a worker does it), sqpoll (a kernel thread takes
 * it), registered (file by index), direct (O_DIRECT), socket, sendmsg, writev-fixed (a vector of registered
 * memory), linked (two requests, each half of the token), thread (another thread submits)
 */
static void mode_uring(char **args)
{
	static char page[4096] __attribute__((aligned(4096)));
	struct maker_token token = maker_token(number(args[2]));
	struct iovec part = {page, MAKER_TOKEN_LEN};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	const char *how = args[0];
	struct io_uring_sqe sqe = {.opcode = IORING_OP_WRITE, .off = 5000, .len = MAKER_TOKEN_LEN};
	struct async_ring ring;
	int fds[2], fd = open_new(args[1], strcmp(how, "direct") == 0 ? O_DIRECT : 0);

	memcpy(page, token.text, MAKER_TOKEN_LEN);
	if (async_ring_open(&ring, strcmp(how, "sqpoll") == 0 ? IORING_SETUP_SQPOLL : 0) < 0)
		fail("io_uring_setup");
	sqe.fd = fd;
	sqe.addr = (uintptr_t)page;
	if (strcmp(how, "writev") == 0) {
		sqe.opcode = IORING_OP_WRITEV;
		sqe.addr = (uintptr_t)&part;
		sqe.len = 1;
	} else if (strcmp(how, "fixed") == 0) {
		part.iov_len = sizeof(page);
		if (syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_BUFFERS, &part, 1) < 0)
			fail("io_uring_register");
		sqe.opcode = IORING_OP_WRITE_FIXED;
	} else if (strcmp(how, "async") == 0) {
		sqe.flags = IOSQE_ASYNC;
	} else if (strcmp(how, "writev-fixed") == 0) {
		struct iovec all = {page, sizeof(page)};

		if (syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_BUFFERS, &all, 1) < 0)
			fail("io_uring_register");
		sqe.opcode = 61; /* IORING_OP_WRITEV_FIXED */
		sqe.addr = (uintptr_t)&part;
		sqe.len = 1;
	} else if (strcmp(how, "linked") == 0) {
		struct io_uring_sqe first = sqe;

		first.len = 40;
		first.flags = IOSQE_IO_LINK;
		async_ring_add(&ring, &first);
		sqe.addr += 40;
		sqe.off += 40;
		sqe.len -= 40;
		check_length("linked", async_ring_run(&ring, &sqe), 40);
		return;
	} else if (strcmp(how, "thread") == 0) {
		struct mode_uring_thread other = {&ring, &sqe, 0};
		pthread_t thread;

		if (pthread_create(&thread, NULL, mode_uring_run, &other) || pthread_join(thread, NULL))
			fail("pthread_create");
		check_length(how, other.result, MAKER_TOKEN_LEN);
		return;
	} else if (strcmp(how, "registered") == 0) {
		if (syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_FILES, &fd, 1) < 0)
			fail("io_uring_register");
		sqe.flags = IOSQE_FIXED_FILE;
		sqe.fd = 0;
	} else if (strcmp(how, "direct") == 0) {
		sqe.off = 4096;
		sqe.len = sizeof(page);
	} else if (strcmp(how, "socket") == 0) {
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
			fail("socketpair");
		sqe.opcode = IORING_OP_SEND;
		sqe.fd = fds[0];
		sqe.off = 0;
	} else if (strcmp(how, "sendmsg") == 0) {
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
			fail("socketpair");
		sqe.opcode = IORING_OP_SENDMSG;
		sqe.fd = fds[0];
		sqe.off = 0;
		sqe.addr = (uintptr_t)&message;
		sqe.len = 1;
	}
	check_length(how, async_ring_run(&ring, &sqe),
		     strcmp(how, "direct") ? MAKER_TOKEN_LEN : sizeof(page));
}

/* aio HOW FILE N: HOW is pwrite, pwritev or direct */
static void mode_aio(char **args)
{
	static char page[4096] __attribute__((aligned(4096)));
	struct maker_token token = maker_token(number(args[2]));
	struct iovec part = {page, MAKER_TOKEN_LEN};
	int direct = strcmp(args[0], "direct") == 0;
	int fd = open_new(args[1], direct ? O_DIRECT : 0);
	struct iocb request = {.aio_lio_opcode = IOCB_CMD_PWRITE,
			       .aio_buf = (uintptr_t)page,
			       .aio_nbytes = direct ? sizeof(page) : MAKER_TOKEN_LEN,
			       .aio_offset = direct ? 4096 : 5000};

	memcpy(page, token.text, MAKER_TOKEN_LEN);
	request.aio_fildes = (uint32_t)fd;
	if (strcmp(args[0], "pwritev") == 0) {
		request.aio_lio_opcode = IOCB_CMD_PWRITEV;
		request.aio_buf = (uintptr_t)&part;
		request.aio_nbytes = 1;
	}
	check_length(args[0], async_aio_run(&request), direct ? sizeof(page) : MAKER_TOKEN_LEN);
}

/*
 * mapped HOW FILE N: a store through a shared mapping; HOW is munmap, msync, exit, kill, mprotect, or deleted
 * (the file has no name any more, and is gone with the process: what is stored reaches the disk before)
 */
static void mode_mapped(char **args)
{
	struct maker_token token = maker_token(number(args[2]));
	int fd = open_new(args[1], 0), late = strcmp(args[0], "mprotect") == 0;
	char *map;

	if (ftruncate(fd, 20000) < 0)
		fail("ftruncate");
	map = mmap(NULL, 20000, late ? PROT_READ : PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED || (late && mprotect(map, 20000, PROT_READ | PROT_WRITE) < 0))
		fail("mmap");
	if (strcmp(args[0], "deleted") == 0)
		unlink(args[1]);
	close(fd);
	/* across two pages */
	memcpy(map + 8150, token.text, MAKER_TOKEN_LEN);
	if ((strcmp(args[0], "msync") == 0 || strcmp(args[0], "deleted") == 0) &&
	    msync(map, 20000, MS_SYNC) < 0)
		fail("msync");
	if (strcmp(args[0], "munmap") == 0)
		munmap(map, 20000);
	if (strcmp(args[0], "kill") == 0)
		kill(getpid(), SIGKILL);
}

/* stored FILE COUNT ALERTS: tokens 0 … COUNT-1 by stores through a mapping, a line each; ends when all stand in the alert file */
static void mode_stored(char **args)
{
	uint64_t count = number(args[1]);
	size_t line = MAKER_TOKEN_LEN + 1, size = count * line;
	int fd = open_new(args[0], 0);
	char *map;

	if (ftruncate(fd, (off_t)size) < 0)
		fail("ftruncate");
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		fail("mmap");
	for (uint64_t i = 0; i < count; i++) {
		struct maker_token token = maker_token(i);

		token.text[MAKER_TOKEN_LEN] = '\n';
		memcpy(map + i * line, token.text, line);
	}
	for (uint64_t i = 0; i < count; i++) {
		struct maker_token token = maker_token(i);
		off_t at = 0;

		token.text[MAKER_IDENTIFIER_LEN] = '\0';
		wait_for(args[2], token.text, &at);
	}
}

/* nameless FILE N: a store through a mapping into a file without a name, which is gone a fifth of a second later */
static void mode_nameless(char **args)
{
	struct maker_token token = maker_token(number(args[1]));
	struct timespec pause = {.tv_nsec = 200000000};
	int fd = open_new(args[0], 0);
	char *map;

	if (unlink(args[0]) < 0 || ftruncate(fd, 20000) < 0)
		fail(args[0]);
	map = mmap(NULL, 20000, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		fail("mmap");
	memcpy(map + 100, token.text, MAKER_TOKEN_LEN);
	nanosleep(&pause, NULL);
}

/*
 * edges FILE: for each offset o from 0 to 200, o bytes and then a write of letters with token o in it, in
 * a file of its own: what is put in front of a write must not touch the write
 */
static void mode_edges(char **args)
{
	for (uint64_t o = 0; o <= 200; o++) {
		struct maker_token token = maker_token(o);
		char text[200 + MAKER_TOKEN_LEN], path[512];
		int fd;

		snprintf(path, sizeof(path), "%s.%llu", args[0], (unsigned long long)o);
		fd = open_new(path, 0);
		memset(text, 'a', sizeof(text));
		check_length("write", write(fd, text, o), o);
		memcpy(text + o % 70, token.text, MAKER_TOKEN_LEN);
		check_length("write", write(fd, text, sizeof(text)), sizeof(text));
		close(fd);
	}
}

/* bound FILE LENGTH: a write that is cut at an inspection bound of 100,000 in the middle of a token, and is
 * followed in the file by that token's end: two halves that are no neighbours */
static void mode_bound(char **args)
{
	struct maker_token token = maker_token(55);
	size_t len = number(args[1]);
	char *text = malloc(len);
	int fd = open_new(args[0], 0);

	if (!text)
		fail("malloc");
	memset(text, ' ', len);
	memcpy(text + 100000 - 40, token.text, 40);
	check_length("pwrite", pwrite(fd, token.text + 40, MAKER_TOKEN_LEN - 40, (off_t)len),
		     MAKER_TOKEN_LEN - 40);
	check_length("pwrite", pwrite(fd, text, len, 0), len);
}

/* name HOW DIR N: the token as a name, a link's target or an attribute; see names.h */
static void mode_name(char **args)
{
	struct maker_token token = maker_token(number(args[2]));

	if (names_make(args[0], args[1], token.text) < 0)
		fail(args[0]);
}

/* snap SOURCE DIR NAME: of a subvolume of btrfs */
static void mode_snapshot(char **args)
{
	int source = open(args[0], O_RDONLY | O_DIRECTORY), dir = open(args[1], O_RDONLY | O_DIRECTORY);

	if (source < 0 || dir < 0 || names_subvolume(dir, args[2], source, 1) < 0)
		fail(args[2]);
}

/* subvol DIR NAME: of btrfs */
static void mode_subvolume(char **args)
{
	if (names_subvolume(open(args[0], O_RDONLY | O_DIRECTORY), args[1], -1, 0) < 0)
		fail(args[1]);
}

/*
 * clone HOW FILE SOURCE: the source's bytes shared by ficlone, ficlonerange (from 0 to 4096), copy (its first 4096) or beside (likewise,
 * to 4096)
 */
static void mode_clone(char **args)
{
	int fd = open_new(args[1], 0), source = open(args[2], O_RDONLY);
	struct file_clone_range range = {.src_fd = source, .dest_offset = 4096};
	loff_t beside = 4096;

	if (source < 0)
		fail(args[2]);
	if (strcmp(args[0], "copy") == 0 || strcmp(args[0], "beside") == 0) {
		check_length(
			"copy_file_range",
			copy_file_range(source, NULL, fd, strcmp(args[0], "copy") ? &beside : NULL, 4096, 0),
			4096);
		return;
	}
	if (strcmp(args[0], "ficlone") == 0 ? ioctl(fd, FICLONE, source) < 0
					    : ioctl(fd, FICLONERANGE, &range) < 0)
		fail(args[0]);
}

/* put FILE N AT COUNT: so many bytes of the token, from that one on, to where they stand if it begins the file */
static void mode_put(char **args)
{
	struct maker_token token = maker_token(number(args[1]));
	uint64_t at = number(args[2]), count = number(args[3]);

	if (at > MAKER_TOKEN_LEN || count > MAKER_TOKEN_LEN - at)
		fail(args[2]);
	check_length("pwrite64", pwrite(open_new(args[0], 0), token.text + at, count, (off_t)at), count);
}

/* send HOW N: the token to a unix socket, in two parts of one message; HOW is send, sendto, sendmsg, sendmmsg */
static void mode_send(char **args)
{
	struct maker_token token = maker_token(number(args[1]));
	struct iovec parts[2] = {{token.text, 40}, {token.text + 40, MAKER_TOKEN_LEN - 40}},
		     other = {(void *)"nothing", 7};
	struct mmsghdr messages[2] = {{.msg_hdr = {.msg_iov = &other, .msg_iovlen = 1}},
				      {.msg_hdr = {.msg_iov = parts, .msg_iovlen = 2}}};
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) < 0)
		fail("socketpair");
	if (strcmp(args[0], "send") == 0)
		check_length("send", send(fds[0], token.text, MAKER_TOKEN_LEN, 0), MAKER_TOKEN_LEN);
	else if (strcmp(args[0], "sendto") == 0)
		check_length("sendto", sendto(fds[0], token.text, MAKER_TOKEN_LEN, 0, NULL, 0),
			     MAKER_TOKEN_LEN);
	else if (strcmp(args[0], "sendmsg") == 0)
		check_length("sendmsg", sendmsg(fds[0], &messages[1].msg_hdr, 0), MAKER_TOKEN_LEN);
	else
		check_length("sendmmsg", sendmmsg(fds[0], messages, 2, 0), 2);
}

struct rewrite {
	char *buffer;
	int reader;
};

/* Whether the main thread sleeps; it has begun to write when there is something to read. */
static bool write_sleeps(int reader)
{
	FILE *file = fopen("/proc/self/stat", "r");
	int waiting = 0;
	char state = 0;

	if (!file || fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		fail("/proc/self/stat");
	fclose(file);
	return ioctl(reader, FIONREAD, &waiting) == 0 && waiting > 0 && state == 'S';
}

/* While the write sleeps: changes the buffer, then lets it go on. */
static void *mode_rewrite_thread(void *context)
{
	struct rewrite *rewrite = context;
	static char sink[1 << 20];

	while (!write_sleeps(rewrite->reader))
		usleep(1000);
	memset(rewrite->buffer, '-', MAKER_TOKEN_LEN);
	while (read(rewrite->reader, sink, sizeof(sink)) > 0)
		;
	return NULL;
}

/*
 * rewrite KIND N: a write of many bytes to a full pipe or socket, which sleeps; its first bytes are the token,
 * which has been taken when another thread rewrites it
 */
static void mode_rewrite(char **args)
{
	static char text[300 << 10];
	struct maker_token token = maker_token(number(args[1]));
	struct rewrite rewrite = {.buffer = text};
	pthread_t thread;
	int fds[2];

	if (strcmp(args[0], "pipe") == 0 ? pipe(fds) < 0 : socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
		fail(args[0]);
	memset(text, ' ', sizeof(text));
	memcpy(text, token.text, MAKER_TOKEN_LEN);
	rewrite.reader = fds[0];
	if (pthread_create(&thread, NULL, mode_rewrite_thread, &rewrite))
		fail("pthread_create");
	check_length("write", write(fds[1], text, sizeof(text)), sizeof(text));
	close(fds[1]);
	pthread_join(thread, NULL);
}

/* blocks FILE N: by O_DIRECT, token N across two blocks, in order; then N + 1, the second block first */
static void mode_blocks(char **args)
{
	static char block[4096] __attribute__((aligned(4096)));
	int fd = open_new(args[0], O_DIRECT);

	for (int i = 0; i < 2; i++) {
		struct maker_token token = maker_token(number(args[1]) + (uint64_t)i);

		for (int part = 0; part < 2; part++) {
			int second = part ^ i;
			size_t cut = 30;

			memset(block, ' ', sizeof(block));
			if (second)
				memcpy(block, token.text + cut, MAKER_TOKEN_LEN - cut);
			else
				memcpy(block + sizeof(block) - cut, token.text, cut);
			check_length("pwrite",
				     pwrite(fd, block, sizeof(block), (off_t)(2 * i + second) * 4096),
				     sizeof(block));
		}
	}
}

/* evict FILE N: the token across two pages, the first of which is dropped from the page cache in between */
static void mode_evict(char **args)
{
	struct maker_token token = maker_token(number(args[1]));
	static char page[4096];
	int fd = open_new(args[0], 0);

	memset(page, ' ', sizeof(page));
	memcpy(page + sizeof(page) - 30, token.text, 30);
	check_length("write", write(fd, page, sizeof(page)), sizeof(page));
	if (fdatasync(fd) < 0 || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0)
		fail("fadvise");
	check_length("write", write(fd, token.text + 30, MAKER_TOKEN_LEN - 30), MAKER_TOKEN_LEN - 30);
}

/* batch RESULTS (COMMAND… ;)…: runs each to its end; RESULTS gets a line "pid status" for each */
static void mode_batch(char **args)
{
	FILE *results = fopen(*args, "w");

	if (!results)
		fail(*args);
	for (char **command = args + 1, **end; *command; command = end + 1) {
		int status;
		pid_t pid;

		for (end = command; strcmp(*end, ";") != 0; end++)
			;
		*end = NULL;
		pid = vfork();
		if (pid == 0) {
			execv(*command, command);
			_exit(99);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid)
			fail("wait");
		fprintf(results, "%d %d\n", (int)pid,
			WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
	}
	fclose(results);
}

/* token N: the token itself on standard output, for scripts that hand it to other programs */
/* Where this process's arguments lie: fields 48 and 49 of stat. */
static void args_range(uintptr_t *ret_start, uintptr_t *ret_end)
{
	FILE *file = fopen("/proc/self/stat", "r");
	char text[1024] = "", *at;

	if (!file || !fread(text, 1, sizeof(text) - 1, file))
		fail("/proc/self/stat");
	fclose(file);
	at = strrchr(text, ')');
	for (int field = 2; field < 48; field++)
		at = strchr(at + 1, ' ');
	*ret_start = strtoull(at, &at, 10);
	*ret_end = strtoull(at, NULL, 10);
}

struct unasked {
	int fd, out;
	pid_t server;
	struct maker_token token;
};

/* On a stack of its own: the other one's pages are not there any more. */
static void *mode_unasked_thread(void *context)
{
	const struct unasked *unasked = context;
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t start, end;

	args_range(&start, &end);
	start &= ~(page - 1);
	end = (end + page - 1) & ~(page - 1);
	if (mmap((void *)start, end - start, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, unasked->fd,
		 0) == MAP_FAILED ||
	    kill(unasked->server, SIGSTOP) < 0)
		_exit(1);
	if (write(unasked->out, unasked->token.text, MAKER_TOKEN_LEN) != MAKER_TOKEN_LEN)
		_exit(1);
	/* as long as it is there */
	pause();
	return NULL;
}

/*
 * unasked FILE SERVER OUT N: where its arguments were is FILE, whose server is stopped. The kernel reads no arguments from memory of a file's
 * (since 4.17); the token is alerted without them
 */
static void mode_unasked(char **args)
{
	static struct unasked unasked;
	pthread_t thread;

	unasked.fd = open(args[0], O_RDONLY);
	if (unasked.fd < 0)
		fail(args[0]);
	unasked.server = (pid_t)number(args[1]);
	unasked.out = open_new(args[2], 0);
	unasked.token = maker_token(number(args[3]));
	if (pthread_create(&thread, NULL, mode_unasked_thread, &unasked))
		fail("pthread_create");
	pthread_join(thread, NULL);
}

/*
 * rooted DIR SERVER OUT N: the root directory is DIR, whose server is stopped. Token N is written to a file, N + 1 is a directory's name beside it; then it
 * is there until it is killed
 */
static void mode_rooted(char **args)
{
	const struct maker_token token = maker_token(number(args[3])),
				 name = maker_token(number(args[3]) + 1);
	pid_t server = (pid_t)number(args[1]);
	char *slash = strrchr(args[2], '/');
	int out = open_new(args[2], 0), directory;

	*slash = '\0';
	directory = open(args[2], O_PATH | O_DIRECTORY);
	if (directory < 0 || chdir(args[0]) < 0 || chroot(".") < 0 || kill(server, SIGSTOP) < 0)
		fail(args[0]);
	if (write(out, token.text, MAKER_TOKEN_LEN) != MAKER_TOKEN_LEN ||
	    mkdirat(directory, name.text, 0700) < 0)
		fail(args[2]);
	pause();
}

static void mode_token(char **args)
{
	puts(maker_token(number(args[0])).text);
}

static const struct mode {
	const char *name;
	int args;
	void (*run)(char **args);
} modes[] = {
	{"call", 3, mode_call},
	{"append", 2, mode_append},
	{"append-flags", 2, mode_append_flags},
	{"page-end", 2, mode_page_end},
	{"iovec", 2, mode_iovec},
	{"innocent", 2, mode_innocent},
	{"storm", 3, mode_storm},
	{"fan", 4, mode_fan},
	{"cycle", 3, mode_cycle},
	{"paced", 4, mode_paced},
	{"one", 2, mode_one},
	{"swarm", 3, mode_swarm},
	{"vanish", 1, mode_vanish},
	{"long", 3, mode_long},
	{"stream", 2, mode_stream},
	{"signals", 0, mode_signals},
	{"token", 1, mode_token},
	{"pieces", 1, mode_pieces},
	{"shuffled", 2, mode_shuffled},
	{"middle", 2, mode_middle},
	{"apart", 1, mode_apart},
	{"landed", 4, mode_landed},
	{"uring", 3, mode_uring},
	{"aio", 3, mode_aio},
	{"many", 2, mode_many},
	{"repeat", 3, mode_repeat},
	{"mapped", 3, mode_mapped},
	{"edges", 1, mode_edges},
	{"bound", 2, mode_bound},
	{"name", 3, mode_name},
	{"clone", 3, mode_clone},
	{"send", 2, mode_send},
	{"rewrite", 2, mode_rewrite},
	{"blocks", 2, mode_blocks},
	{"evict", 2, mode_evict},
	{"batch", 2, mode_batch},
	{"holes", 1, mode_holes},
	{"snap", 3, mode_snapshot},
	{"subvol", 2, mode_subvolume},
	{"shared", 2, mode_shared},
	{"halves", 4, mode_halves},
	{"far", 3, mode_far},
	{"upper", 2, mode_upper},
	{"old-mmap", 2, mode_old_mmap},
	{"unasked", 4, mode_unasked},
	{"rooted", 4, mode_rooted},
	{"nameless", 2, mode_nameless},
	{"put", 4, mode_put},
	{"stored", 3, mode_stored},
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
