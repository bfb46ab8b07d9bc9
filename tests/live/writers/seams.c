// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A program that writes tokens in two halves:
 *
 *     seams join HOW FILE N     the halves come to stand beside each other, where nobody can look back
 *     seams apart HOW FILE N    they never do, though it looks like it
 *     seams hide HOW FILE N     a long write that begins with the token, which another thread overwrites in the buffer
 *                               when it has been taken; HOW is write, or writev, or append
 *     seams many COUNT FILE N   COUNT files, each with a token of its own, from N on: all but its end at the end of a page,
 *                               which is evicted, then that
 *
 * Tokens are named by number (token_maker.h). Ends with 0; with 77 if this machine can't do it; or with 1 after saying
 * what failed.
 */
#include "../token_maker.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE 4096
/* Of the first half, and of a first part that lacks but a few bytes. */
#define HALF 46
#define NEARLY (MAKER_TOKEN_LEN - 2)

#define EXIT_VOID 77

static char page[4 * PAGE] __attribute__((aligned(PAGE)));

static void fail(const char *what)
{
	/* a guest may have no loopback */
	int status = errno == ENETUNREACH ? EXIT_VOID : 1;

	perror(what);
	exit(status);
}

static void check(const char *what, ssize_t got, size_t wanted)
{
	if (got < 0)
		fail(what);
	if ((size_t)got != wanted) {
		fprintf(stderr, "%s: short write\n", what);
		exit(1);
	}
}

static int open_file(const char *path, int flags)
{
	int fd = open(path, O_CREAT | O_RDWR | flags, 0600);

	if (fd < 0)
		fail(path);
	return fd;
}

/* Pages of text, in which the first `cut` bytes of the token stand before `at` and the others behind it, as asked. */
static void fill(const char *token, size_t cut, size_t at, int first, int second)
{
	memset(page, 'x', sizeof(page));
	if (first)
		memcpy(page + at - cut, token, cut);
	if (second)
		memcpy(page + at, token + cut, MAKER_TOKEN_LEN - cut);
}

static void put(int fd, size_t from, size_t len, off_t at)
{
	check("pwrite", pwrite(fd, page + from, len, at), len);
}

/* Away from the page cache. */
static void drop(int fd)
{
	if (fdatasync(fd) < 0 || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0)
		fail("fadvise");
}

/* The first page ends with the first part, and has been evicted when the second comes. */
static void join_evicted(const char *file, const char *token, size_t cut)
{
	int fd = open_file(file, 0);

	fill(token, cut, PAGE, 1, 0);
	put(fd, 0, cut == NEARLY ? PAGE : 2 * PAGE, 0);
	drop(fd);
	fill(token, cut, PAGE, 0, 1);
	put(fd, PAGE, PAGE, PAGE);
}

/* The same, the second half byte by byte. */
static void join_bytes(const char *file, const char *token)
{
	int fd = open_file(file, 0);

	fill(token, HALF, PAGE, 1, 0);
	put(fd, 0, PAGE, 0);
	drop(fd);
	for (int i = HALF; i < MAKER_TOKEN_LEN; i++)
		check("pwrite", pwrite(fd, token + i, 1, PAGE + i - HALF), 1);
}

/* The first part in the middle of what O_DIRECT writes (or an ordinary write), the second in a block that it writes. */
static void join_direct(const char *file, const char *token, size_t cut, int flags)
{
	int fd = open_file(file, flags), direct = open_file(file, O_DIRECT);

	fill(token, cut, PAGE, 1, 0);
	put(fd, 0, 2 * PAGE, 0);
	if (!flags && fsync(fd) < 0)
		fail("fsync");
	fill(token, cut, PAGE, 0, 1);
	put(direct, PAGE, PAGE, PAGE);
}

/* The second half stands in what O_DIRECT has written, the first comes before it. */
static void join_direct_before(const char *file, const char *token)
{
	int fd = open_file(file, O_DIRECT);

	fill(token, HALF, PAGE, 0, 1);
	put(fd, 0, 2 * PAGE, 0);
	fill(token, HALF, PAGE, 1, 0);
	put(fd, 0, PAGE, 0);
}

/* The halves lie apart, and what is between them is taken out. */
static void join_collapsed(const char *file, const char *token)
{
	int fd = open_file(file, 0);

	fill(token, HALF, PAGE, 1, 0);
	memcpy(page + 2 * PAGE, token + HALF, MAKER_TOKEN_LEN - HALF);
	put(fd, 0, sizeof(page), 0);
	if (fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, PAGE, PAGE) < 0)
		exit(EXIT_VOID);
}

static void mode_join(const char *how, const char *file, const char *token)
{
	if (strcmp(how, "evicted") == 0)
		join_evicted(file, token, HALF);
	else if (strcmp(how, "evicted-nearly") == 0)
		join_evicted(file, token, NEARLY);
	else if (strcmp(how, "evicted-bytes") == 0)
		join_bytes(file, token);
	else if (strcmp(how, "direct-middle") == 0)
		join_direct(file, token, HALF, O_DIRECT);
	else if (strcmp(how, "direct-nearly") == 0)
		join_direct(file, token, NEARLY, O_DIRECT);
	else if (strcmp(how, "direct-prefix") == 0)
		join_direct(file, token, 3, O_DIRECT);
	else if (strcmp(how, "direct-before") == 0)
		join_direct_before(file, token);
	else if (strcmp(how, "buffered-direct") == 0)
		join_direct(file, token, HALF, 0);
	else if (strcmp(how, "collapsed") == 0)
		join_collapsed(file, token);
	else
		fail(how);
}

/* The first part at a page's end, then something that takes it away, then the second part in the next page. */
static void apart_file(const char *how, const char *file, const char *token)
{
	int direct = strcmp(how, "overwritten") == 0, fd = open_file(file, direct ? O_DIRECT : 0);
	struct stat before, after;

	fill(token, NEARLY, PAGE, 1, 0);
	put(fd, 0, PAGE, 0);
	if (strcmp(how, "truncated") == 0) {
		if (ftruncate(fd, 0) < 0)
			fail("ftruncate");
		drop(fd);
	} else if (strcmp(how, "punched") == 0) {
		if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE) < 0)
			exit(EXIT_VOID);
		drop(fd);
	} else if (strcmp(how, "reused") == 0) {
		fstat(fd, &before);
		close(fd);
		unlink(file);
		fd = open_file(file, 0);
		fstat(fd, &after);
		if (before.st_ino != after.st_ino)
			exit(EXIT_VOID);
	} else if (direct) {
		fill(token, NEARLY, PAGE, 0, 0);
		put(fd, 0, PAGE, 0);
	}
	fill(token, NEARLY, PAGE, 0, 1);
	put(fd, PAGE, PAGE, PAGE);
}

static int bound(int type, struct sockaddr_in *ret_address)
{
	socklen_t len = sizeof(*ret_address);
	int fd = socket(AF_INET, type, 0);

	*ret_address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	if (fd < 0 || bind(fd, (struct sockaddr *)ret_address, len) < 0 ||
	    (type == SOCK_STREAM && listen(fd, 1) < 0) ||
	    getsockname(fd, (struct sockaddr *)ret_address, &len) < 0)
		exit(EXIT_VOID);
	return fd;
}

/* Two datagrams to two peers; or one connection after the other by the same socket. */
static void apart_peers(int type, const char *token)
{
	const struct sockaddr none = {.sa_family = AF_UNSPEC};
	struct sockaddr_in peers[2];
	int fd = socket(AF_INET, type, 0), others[2];

	for (int i = 0; i < 2; i++) {
		const char *part = i ? token + HALF : token;
		size_t len = i ? MAKER_TOKEN_LEN - HALF : HALF;

		others[i] = bound(type, &peers[i]);
		if (type == SOCK_DGRAM) {
			check("sendto",
			      sendto(fd, part, len, 0, (struct sockaddr *)&peers[i], sizeof(peers[i])), len);
			continue;
		}
		if (i && connect(fd, &none, sizeof(none)) < 0)
			fail("connect to nobody");
		if (connect(fd, (struct sockaddr *)&peers[i], sizeof(peers[i])) < 0)
			fail("connect");
		check("send", send(fd, part, len, 0), len);
	}
	for (int i = 0; i < 2; i++)
		close(others[i]);
}

static void apart_messages(const char *how, const char *token)
{
	int fds[2], fd;

	if (strcmp(how, "packets") == 0
		    ? pipe2(fds, O_DIRECT) < 0
		    : socketpair(AF_UNIX, how[0] == 'd' ? SOCK_DGRAM : SOCK_SEQPACKET, 0, fds) < 0)
		fail(how);
	fd = fds[1];
	check("write", write(fd, token, HALF), HALF);
	check("write", write(fd, token + HALF, MAKER_TOKEN_LEN - HALF), MAKER_TOKEN_LEN - HALF);
}

static void mode_apart(const char *how, const char *file, const char *token)
{
	if (strcmp(how, "peers") == 0)
		apart_peers(SOCK_DGRAM, token);
	else if (strcmp(how, "connections") == 0)
		apart_peers(SOCK_STREAM, token);
	else if (strcmp(how, "datagrams") == 0 || strcmp(how, "messages") == 0 || strcmp(how, "packets") == 0)
		apart_messages(how, token);
	else
		apart_file(how, file, token);
}

#define HIDE_BYTES (8UL << 20)

static char hide[HIDE_BYTES];
static int hide_fd;
static volatile int hide_ready;

/* When the file has grown, its first bytes have been taken. */
static void *hide_thread(void *unused)
{
	struct stat st;

	(void)unused;
	hide_ready = 1;
	while (fstat(hide_fd, &st) == 0 && !st.st_size)
		;
	memset(hide, '-', MAKER_TOKEN_LEN);
	/* and shares the descriptor for as long as the write lasts */
	while (hide_ready)
		usleep(100);
	return NULL;
}

static void mode_hide(const char *how, const char *file, const char *token)
{
	struct iovec parts[2] = {{hide, 100}, {hide + 100, HIDE_BYTES - 100}};
	pthread_t thread;

	hide_fd = open_file(file, strcmp(how, "append") == 0 ? O_APPEND : 0);
	memset(hide, ' ', sizeof(hide));
	memcpy(hide, token, MAKER_TOKEN_LEN);
	if (pthread_create(&thread, NULL, hide_thread, NULL))
		fail("pthread_create");
	while (!hide_ready)
		usleep(100);
	if (strcmp(how, "writev") == 0)
		check("writev", writev(hide_fd, parts, 2), HIDE_BYTES);
	else
		check("write", write(hide_fd, hide, HIDE_BYTES), HIDE_BYTES);
	hide_ready = 0;
	pthread_join(thread, NULL);
}

static int open_one(const char *file, uint64_t n)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s-%llu", file, (unsigned long long)n);
	return open_file(path, 0);
}

static void mode_many(uint64_t count, const char *file, uint64_t from)
{
	int fd = -1;

	for (uint64_t n = from; n < from + count; n++) {
		close(fd);
		fd = open_one(file, n);
		fill(maker_token(n).text, NEARLY, PAGE, 1, 0);
		put(fd, 0, PAGE, 0);
	}
	if (syncfs(fd) < 0)
		fail("syncfs");
	for (uint64_t n = from; n < from + count; n++) {
		close(fd);
		fd = open_one(file, n);
		if (posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0)
			fail("fadvise");
		fill(maker_token(n).text, NEARLY, PAGE, 0, 1);
		put(fd, PAGE, PAGE, PAGE);
	}
	close(fd);
}

int main(int argc, char **argv)
{
	struct maker_token token;

	if (argc != 5)
		return 1;
	token = maker_token(strtoull(argv[4], NULL, 10));
	if (strcmp(argv[1], "many") == 0)
		mode_many(strtoull(argv[2], NULL, 10), argv[3], strtoull(argv[4], NULL, 10));
	else if (strcmp(argv[1], "join") == 0)
		mode_join(argv[2], argv[3], token.text);
	else if (strcmp(argv[1], "hide") == 0)
		mode_hide(argv[2], argv[3], token.text);
	else
		mode_apart(argv[2], argv[3], token.text);
	return 0;
}
