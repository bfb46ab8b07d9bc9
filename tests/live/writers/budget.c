// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A program that asks a hook for more than it has time for, by one system call:
 *
 *     budget tokens FILE COUNT     tokens 0 … COUNT-1 back to back, by one write
 *     budget submit FILE COUNT     io_submit of COUNT requests, each of the same 16 MiB of text
 *     budget messages FILE COUNT   sendmmsg of COUNT messages to a socket, each of 1,024 entries of one byte; FILE is only made
 *     budget vector FILE COUNT     writev of 1,024 entries of COUNT bytes, which are tokens but for a byte each
 *
 * Prints how long a real-time thread on the same CPU, which wakes every millisecond, was held up at most, in
 * microseconds. Ends with 0, or with 1 after saying what failed.
 */
#include "../token_maker.h"

#include <fcntl.h>
#include <linux/aio_abi.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define REQUEST_BYTES (16UL << 20)
#define ENTRIES 1024

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static volatile int stopped;
static long long gap;

static long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000LL + time.tv_nsec / 1000;
}

static void *watch(void *unused)
{
	const struct sched_param priority = {.sched_priority = 10};
	const struct timespec pause = {.tv_nsec = 1000000};

	(void)unused;
	sched_setscheduler(0, SCHED_FIFO, &priority);
	for (long long last = now(), time; !stopped; last = time) {
		nanosleep(&pause, NULL);
		time = now();
		if (time - last > gap)
			gap = time - last;
	}
	return NULL;
}

static void write_tokens(int fd, size_t count)
{
	size_t len = count * MAKER_TOKEN_LEN;
	char *text = malloc(len);

	if (!text)
		fail("malloc");
	for (size_t i = 0; i < count; i++) {
		struct maker_token token = maker_token(i);

		memcpy(text + i * MAKER_TOKEN_LEN, token.text, MAKER_TOKEN_LEN);
	}
	if (write(fd, text, len) != (ssize_t)len)
		fail("write");
}

static void submit(int fd, size_t count)
{
	char *text = malloc(REQUEST_BYTES);
	struct iocb request = {.aio_lio_opcode = IOCB_CMD_PWRITE, .aio_fildes = (__u32)fd};
	struct iocb **requests = calloc(count, sizeof(*requests));
	aio_context_t context = 0;

	if (!text || !requests)
		fail("malloc");
	for (size_t i = 0; i < REQUEST_BYTES; i++)
		text[i] = "the quick brown fox "[i % 20];
	for (size_t i = 0; i < count; i++)
		requests[i] = &request;
	request.aio_buf = (uintptr_t)text;
	request.aio_nbytes = REQUEST_BYTES;
	if (syscall(SYS_io_setup, count, &context) < 0 ||
	    syscall(SYS_io_submit, context, count, requests) != (long)count)
		fail("io_submit");
}

static void *drain(void *context)
{
	const int *fd = context;
	char bytes[ENTRIES];

	while (recv(*fd, bytes, sizeof(bytes), 0) > 0)
		;
	return NULL;
}

/* What reads them is on whichever CPU it likes: the thread was made before this one was bound. */
static void messages(const int fds[2], size_t count)
{
	static struct iovec entries[ENTRIES];
	struct mmsghdr *list = calloc(count, sizeof(*list));

	if (!list)
		fail("calloc");
	for (size_t i = 0; i < ENTRIES; i++)
		entries[i] = (struct iovec){(void *)"t", 1};
	for (size_t i = 0; i < count; i++)
		list[i].msg_hdr = (struct msghdr){.msg_iov = entries, .msg_iovlen = ENTRIES};
	if (sendmmsg(fds[0], list, (unsigned int)count, 0) != (int)count)
		fail("sendmmsg");
	shutdown(fds[0], SHUT_WR);
}

static void write_vector(int fd, size_t len)
{
	static struct iovec entries[ENTRIES];
	struct maker_token token = maker_token(1);
	char *text = malloc(len);

	if (!text)
		fail("malloc");
	token.text[MAKER_TOKEN_LEN - 5] = '-';
	for (size_t i = 0; i < len; i++)
		text[i] = token.text[i % MAKER_TOKEN_LEN];
	for (size_t i = 0; i < ENTRIES; i++)
		entries[i] = (struct iovec){text, len};
	if (writev(fd, entries, ENTRIES) != (ssize_t)(ENTRIES * len))
		fail("writev");
}

int main(int argc, char **argv)
{
	cpu_set_t cpus;
	pthread_t thread;
	pthread_t reader;
	int fd, fds[2];

	if (argc != 4)
		return 1;
	fd = open(argv[2], O_CREAT | O_RDWR, 0600);
	if (fd < 0)
		fail(argv[2]);
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) || pthread_create(&reader, NULL, drain, &fds[1]))
		fail("socketpair");
	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	if (pthread_create(&thread, NULL, watch, NULL))
		fail("pthread_create");
	if (strcmp(argv[1], "tokens") == 0)
		write_tokens(fd, strtoull(argv[3], NULL, 10));
	else if (strcmp(argv[1], "messages") == 0)
		messages(fds, strtoull(argv[3], NULL, 10));
	else if (strcmp(argv[1], "vector") == 0)
		write_vector(fd, strtoull(argv[3], NULL, 10));
	else
		submit(fd, strtoull(argv[3], NULL, 10));
	stopped = 1;
	pthread_join(thread, NULL);
	printf("%lld\n", gap);
	return 0;
}
