// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The writer that is measured:
 *
 *     writer DIRECTORY MILLISECONDS DESTINATION:CONTENT:BYTES…
 *
 * writes for so long and prints a line for each: the argument, the median and the fastest of its
 * batches in nanoseconds a call, the number of calls. A batch is timed as a whole, so that the
 * clock's own cost is shared; what fills up (a pipe, a socket) is drained by the same thread between
 * batches, outside of the timed part, so that no second thread's waking is in the figures.
 *
 * With BENCH_CALLS in the environment it makes so many calls instead, in one batch, two seconds after "READY" and
 * before "DONE".
 *
 * Destinations: null; file (one place of a file, overwritten); log (the same file from its beginning to
 * its end, again and again); pipe; socket (AF_UNIX, stream); getppid (no write at all).
 */
#include "content.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BATCHES_MAX 4096
#define BATCH_NS 150000.0
#define FILE_BYTES (1U << 20)
#define STREAM_BYTES (1U << 20)
/* what a small message on a socket costs of its buffer, generously */
#define MESSAGE_OVERHEAD 1280U

struct target {
	int fd;
	int drain; /* the other end, or -1 */
	size_t room; /* calls until it must be drained; 0: any number */
	char kind; /* first letter of the destination */
};

static char *buffer;
static char *sink;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/*
 * The page cache keeps a file in pieces as large as the writes that made it, and a small write into a
 * large piece is dear; so the file is made by writes of the size that is measured, as files are.
 */
static int open_file(const char *directory, size_t bytes)
{
	size_t piece = bytes > 4096 ? bytes : 4096;
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/bench-file", directory);
	fd = open(path, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		fail(path);
	for (size_t at = 0; at + piece <= FILE_BYTES; at += piece)
		if (pwrite(fd, buffer + at, piece, (off_t)at) != (ssize_t)piece)
			fail(path);
	return fd;
}

static struct target open_target(const char *directory, const char *name, size_t bytes)
{
	struct target target = {.fd = -1, .drain = -1, .kind = *name};
	int ends[2], room = 16 << 20;

	switch (*name) {
	case 'n':
		target.fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
		break;
	case 'f':
	case 'l':
		target.fd = open_file(directory, bytes);
		target.room = *name == 'l' ? FILE_BYTES / bytes : 0;
		break;
	case 'p':
		if (pipe2(ends, O_CLOEXEC) < 0 || fcntl(ends[1], F_SETPIPE_SZ, STREAM_BYTES) < 0)
			fail("pipe");
		target.fd = ends[1];
		target.drain = ends[0];
		target.room = STREAM_BYTES / (bytes > 4096 ? bytes : 4096);
		break;
	case 's':
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0 ||
		    setsockopt(ends[1], SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) < 0)
			fail("socket");
		target.fd = ends[1];
		target.drain = ends[0];
		target.room = (STREAM_BYTES * 3U) / (bytes * 2 + MESSAGE_OVERHEAD);
		break;
	default:
		break;
	}
	return target;
}

/* One batch; the switch is outside of the loops. */
static void batch(const struct target *target, size_t bytes, size_t calls)
{
	size_t left = calls;
	ssize_t r = (ssize_t)bytes;

	switch (target->kind) {
	case 'g':
		while (left--)
			r += syscall(SYS_getppid) < 0;
		break;
	case 'f':
		while (left-- && r == (ssize_t)bytes)
			r = pwrite(target->fd, buffer, bytes, 0);
		break;
	case 'l':
		/* as settle() has left it, at the file's beginning */
		for (size_t i = 0; i < calls && r == (ssize_t)bytes; i++)
			r = write(target->fd, buffer + i * bytes % STREAM_BYTES, bytes);
		break;
	default:
		while (left-- && r == (ssize_t)bytes)
			r = write(target->fd, buffer, bytes);
		break;
	}
	if (r != (ssize_t)bytes)
		fail("write");
}

/* Makes room for the next batch. */
static void settle(const struct target *target, size_t written)
{
	if (target->kind == 'l' && lseek(target->fd, 0, SEEK_SET) < 0)
		fail("lseek");
	while (target->drain >= 0 && written) {
		ssize_t r = read(target->drain, sink, STREAM_BYTES);

		if (r <= 0)
			fail("read");
		written -= (size_t)r;
	}
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static void measure(const char *directory, double ms, const char *what)
{
	static double batches[BATCHES_MAX];
	const char *calls_only = getenv("BENCH_CALLS");
	size_t bytes = 1, calls = 1, total = 0, count = 0;
	char name[16], content[16];
	struct target target;
	double start, end, took = 0;

	if (sscanf(what, "%15[a-z]:%15[a-z0-9]:%zu", name, content, &bytes) != 3 || !bytes ||
	    bytes > STREAM_BYTES || content_fill(content, buffer, STREAM_BYTES) < 0) {
		fprintf(stderr, "writer: what is %s?\n", what);
		exit(2);
	}
	target = open_target(directory, name, bytes);
	if (target.kind != 'g' && target.fd < 0)
		fail(name);
	if (calls_only) {
		/* whoever counts something has time to begin, and to end */
		printf("READY %s\n", what);
		fflush(stdout);
		sleep(2);
		batch(&target, bytes, strtoul(calls_only, NULL, 10));
		printf("DONE %s\n", what);
		fflush(stdout);
		sleep(1);
		return;
	}
	for (end = now_ns() + ms * 1e6; (start = now_ns()) < end && count < BATCHES_MAX;) {
		batch(&target, bytes, calls);
		took = now_ns() - start;
		settle(&target, calls * bytes);
		total += calls;
		/* the first batches only find out how many calls make one */
		if (took < BATCH_NS && (!target.room || calls < target.room) && calls < 1U << 20) {
			calls *= 2;
			if (target.room && calls > target.room)
				calls = target.room;
			continue;
		}
		batches[count++] = took / (double)calls;
	}
	if (!count)
		batches[count++] = took / (double)calls;
	qsort(batches, count, sizeof(*batches), compare);
	printf("%s %.1f %.1f %zu\n", what, batches[count / 2], batches[0], total);
	fflush(stdout);
	if (target.fd >= 0)
		close(target.fd);
	if (target.drain >= 0)
		close(target.drain);
}

int main(int argc, char **argv)
{
	const char *cpu = getenv("BENCH_CPU");
	cpu_set_t set;

	if (argc < 4) {
		fprintf(stderr, "usage: writer DIRECTORY MILLISECONDS DESTINATION:CONTENT:BYTES...\n");
		return 2;
	}
	if (cpu) {
		CPU_ZERO(&set);
		CPU_SET((size_t)atoi(cpu), &set);
		if (sched_setaffinity(0, sizeof(set), &set) < 0)
			fail("sched_setaffinity");
	}
	buffer = aligned_alloc(4096, STREAM_BYTES);
	sink = aligned_alloc(4096, STREAM_BYTES);
	if (!buffer || !sink)
		fail("memory");
	memset(sink, 1, STREAM_BYTES);
	for (int i = 3; i < argc; i++)
		measure(argv[1], atof(argv[2]), argv[i]);
	free(buffer);
	free(sink);
	return 0;
}
