// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A program that brings tokens to pipes, and other bytes to nowhere, without a buffer of its own:
 *
 *     pipes HOW FILE N      token N comes to a pipe, from another pipe or FILE, by HOW; or nothing does
 *     pipes drained HOW N   tokens 0 to N - 1, while another thread reads what comes; splice-busy, tee-busy: one that never sleeps, and
 *                           takes pages as soon as they are free
 *
 * Tokens are named by number (token_maker.h). Ends with 0, with 77 if this machine can't do it, or with 1 after saying what failed.
 */
#include "../token_maker.h"
#include "async.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE 4096
#define EXIT_VOID 77

/* Of the first part, where a token comes in two. */
#define HALF 40

static int source[2], target[2];

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void check(const char *what, ssize_t got, size_t wanted)
{
	if (got < 0)
		fail(what);
	if ((size_t)got != wanted) {
		fprintf(stderr, "%s: %zd bytes\n", what, got);
		exit(1);
	}
}

static int open_file(const char *path, int flags)
{
	int fd = open(path, flags, 0600);

	if (fd < 0)
		fail(path);
	return fd;
}

static void put(int fd, const void *bytes, size_t len)
{
	check("write", write(fd, bytes, len), len);
}

static void move(size_t len)
{
	check("splice", splice(source[0], NULL, target[1], NULL, len, 0), len);
}

static void copy(size_t len)
{
	check("tee", tee(source[0], target[1], len, 0), len);
}

/* What stands in the source pipe comes to the other. */
static int way_plain(const char *how, const char *token)
{
	static char text[12 * PAGE];

	memset(text, ' ', sizeof(text));
	if (strcmp(how, "splice") == 0) {
		put(source[1], token, MAKER_TOKEN_LEN);
		move(MAKER_TOKEN_LEN);
	} else if (strcmp(how, "tee") == 0) {
		put(source[1], token, MAKER_TOKEN_LEN);
		copy(MAKER_TOKEN_LEN);
	} else if (strcmp(how, "splice-halves") == 0) {
		put(source[1], token, MAKER_TOKEN_LEN);
		move(HALF);
		move(MAKER_TOKEN_LEN - HALF);
	} else if (strcmp(how, "tee-end") == 0) {
		/* what goes on with what was written there before, and is a part of a longer buffer */
		put(target[1], token, HALF);
		memcpy(text, token + HALF, MAKER_TOKEN_LEN - HALF);
		put(source[1], text, PAGE);
		copy(MAKER_TOKEN_LEN - HALF);
	} else if (strcmp(how, "splice-long") == 0) {
		/* across two pages */
		memcpy(text + 5 * PAGE - HALF, token, MAKER_TOKEN_LEN);
		put(source[1], text, sizeof(text));
		move(sizeof(text));
	} else if (strcmp(how, "tee-around") == 0) {
		/* across the end of the ring, behind something that stays there */
		for (int i = 0; i < 2; i++) {
			put(target[1], text, 7 * PAGE);
			check("read", read(target[0], text, 7 * PAGE), 7 * PAGE);
		}
		put(target[1], text, 20);
		memcpy(text + 2 * PAGE - HALF, token, MAKER_TOKEN_LEN);
		put(source[1], text, 3 * PAGE);
		copy(3 * PAGE);
	} else {
		return 0;
	}
	return 1;
}

/* What is no pipe's feeds one. */
static int way_fed(const char *how, const char *file, const char *token)
{
	static char page[PAGE] __attribute__((aligned(PAGE)));
	struct iovec part = {page, PAGE};
	int fds[2];

	memset(page, ' ', sizeof(page));
	memcpy(page + 1000, token, MAKER_TOKEN_LEN);
	if (strcmp(how, "vmsplice") == 0) {
		check("vmsplice", vmsplice(target[1], &part, 1, 0), PAGE);
	} else if (strcmp(how, "socket") == 0) {
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
			fail("socketpair");
		put(fds[0], page, PAGE);
		check("splice", splice(fds[1], NULL, target[1], NULL, PAGE, 0), PAGE);
	} else if (strcmp(how, "direct") == 0) {
		int fd = open_file(file, O_CREAT | O_RDWR | O_DIRECT);

		put(fd, page, PAGE);
		check("sendfile", sendfile(target[1], fd, (off_t[]){0}, PAGE), PAGE);
	} else if (strcmp(how, "sendfile") == 0) {
		/* the call of that number: to 32-bit programs, that with an offset of 32 bits, behind which anything can stand */
		int fd = open_file(file, O_CREAT | O_RDWR);
		long offset[2] = {0, 1};

		put(fd, page, PAGE);
		check("sendfile", syscall(SYS_sendfile, target[1], fd, offset, PAGE), PAGE);
	} else if (strcmp(how, "file") == 0) {
		int fd = open_file(file, O_CREAT | O_RDWR);

		put(fd, page, PAGE);
		check("sendfile", sendfile(target[1], fd, (off_t[]){0}, PAGE), PAGE);
	} else {
		return 0;
	}
	return 1;
}

static int way_uring(const char *how, const char *token)
{
	struct io_uring_sqe sqe = {.len = MAKER_TOKEN_LEN, .off = (uint64_t)-1};
	struct async_ring ring;

	if (strcmp(how, "uring-splice") == 0)
		sqe.opcode = IORING_OP_SPLICE;
	else if (strcmp(how, "uring-tee") == 0)
		sqe.opcode = IORING_OP_TEE;
	else
		return 0;
	if (async_ring_open(&ring, 0) < 0)
		fail("io_uring_setup");
	put(source[1], token, MAKER_TOKEN_LEN);
	sqe.splice_fd_in = source[0];
	sqe.fd = target[1];
	if (sqe.opcode == IORING_OP_SPLICE)
		sqe.splice_off_in = (uint64_t)-1;
	else
		sqe.off = 0;
	check(how, async_ring_run(&ring, &sqe), MAKER_TOKEN_LEN);
	return 1;
}

static void ignore(int signal)
{
	(void)signal;
}

/* Nothing comes to a pipe that was not there before, or nothing at all. */
static int way_none(const char *how, const char *file, const char *token)
{
	struct itimerval soon = {.it_value.tv_usec = 100000};
	static char page[2 * PAGE];
	struct iovec part = {page, MAKER_TOKEN_LEN};
	int null = open_file("/dev/null", O_WRONLY), zero = open_file("/dev/zero", O_RDONLY), fds[2];

	if (strcmp(how, "tee-other") == 0) {
		/* a token that somebody else has written stands in the pipe already */
		put(target[1], token, MAKER_TOKEN_LEN);
		put(source[1], "nothing", 7);
		copy(7);
		move(7);
	} else if (strcmp(how, "taken") == 0) {
		/* out of a pipe, into memory */
		put(source[1], token, MAKER_TOKEN_LEN);
		check("vmsplice", vmsplice(source[0], &part, 1, 0), MAKER_TOKEN_LEN);
	} else if (strcmp(how, "refused") == 0) {
		/* what a write that failed would have brought, before another call that brings something */
		int fd = open_file(file, O_CREAT | O_RDWR);

		put(fd, page, PAGE);
		if (fcntl(target[1], F_SETPIPE_SZ, sizeof(page)) < 0)
			fail("F_SETPIPE_SZ");
		put(target[1], page, sizeof(page));
		sigaction(SIGALRM, &(struct sigaction){.sa_handler = ignore}, NULL);
		setitimer(ITIMER_REAL, &soon, NULL);
		if (write(target[1], token, MAKER_TOKEN_LEN) >= 0 || errno != EINTR)
			fail("write to a full pipe");
		check("read", read(target[0], page, sizeof(page)), sizeof(page));
		check("splice", splice(fd, (off_t[]){0}, target[1], NULL, MAKER_TOKEN_LEN, 0),
		      MAKER_TOKEN_LEN);
		check("vmsplice", vmsplice(target[1], &part, 1, 0), MAKER_TOKEN_LEN);
	} else if (strcmp(how, "null") == 0) {
		int fd = open_file(file, O_CREAT | O_RDWR);

		put(fd, token, MAKER_TOKEN_LEN);
		check("sendfile", sendfile(null, fd, (off_t[]){0}, MAKER_TOKEN_LEN), MAKER_TOKEN_LEN);
		put(source[1], page, PAGE);
		check("splice", splice(source[0], NULL, null, NULL, PAGE, 0), PAGE);
		check("vmsplice", vmsplice(source[1], &part, 1, 0), MAKER_TOKEN_LEN);
		check("splice", splice(source[0], NULL, null, NULL, PAGE, 0), MAKER_TOKEN_LEN);
		put(null, page, PAGE);
	} else if (strcmp(how, "zero") == 0) {
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
			fail("socketpair");
		/* not before Linux 6.5 */
		if (splice(zero, NULL, source[1], NULL, PAGE, 0) != PAGE)
			exit(EXIT_VOID);
		check("splice", splice(source[0], NULL, null, NULL, PAGE, 0), PAGE);
		check("sendfile", sendfile(source[1], zero, NULL, PAGE), PAGE);
		check("sendfile", sendfile(fds[1], zero, NULL, PAGE), PAGE);
	} else {
		return 0;
	}
	return 1;
}

/* Reads whatever comes, as soon as it does. */
static void *drain(void *unused)
{
	char bytes[PAGE];

	while (read(target[0], bytes, sizeof(bytes)) > 0)
		;
	return unused;
}

static void *drain_busily(void *unused)
{
	static char bytes[16 * PAGE];
	ssize_t r;

	if (fcntl(target[0], F_SETFL, O_NONBLOCK) < 0)
		fail("fcntl");
	while ((r = read(target[0], bytes, sizeof(bytes))) != 0) {
		void *pages;

		if (r < 0)
			continue;
		pages = mmap(NULL, sizeof(bytes), PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		munmap(pages, sizeof(bytes));
	}
	return unused;
}

static void way_drained(const char *how, uint64_t count)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, strstr(how, "-busy") ? drain_busily : drain, NULL))
		fail("pthread_create");
	for (uint64_t n = 0; n < count; n++) {
		char token[MAKER_TOKEN_LEN];

		put(source[1], maker_token(n).text, MAKER_TOKEN_LEN);
		if (strncmp(how, "splice", 6) == 0) {
			move(MAKER_TOKEN_LEN);
			continue;
		}
		copy(MAKER_TOKEN_LEN);
		check("read", read(source[0], token, sizeof(token)), sizeof(token));
	}
	close(target[1]);
	pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
	struct maker_token token;

	if (argc != 4 || pipe(source) < 0 || pipe(target) < 0)
		return 1;
	if (strcmp(argv[1], "drained") == 0) {
		way_drained(argv[2], strtoull(argv[3], NULL, 10));
		return 0;
	}
	token = maker_token(strtoull(argv[3], NULL, 10));
	if (!way_plain(argv[1], token.text) && !way_fed(argv[1], argv[2], token.text) &&
	    !way_uring(argv[1], token.text) && !way_none(argv[1], argv[2], token.text))
		fail(argv[1]);
	return 0;
}
