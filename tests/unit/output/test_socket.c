// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Readers side by side: who is slow, stands still or goes costs himself only; what he does not get is counted once. And what may be
 * replaced by a socket.
 */
#include "unit.h"

#include "output/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* ms; nothing here takes long, unless the machine does */
#define LONG 60000

static char dir[64], path[96];

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/spillwatch-unit-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/alerts.sock", dir);
	return 0;
}

/* Nothing is left there. */
static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static int open_at(const char *at, struct output **ret_output)
{
	const struct output_spec spec = {.what = OUTPUT_SOCKET, .target = at};

	return output_socket_open(&spec, ret_output);
}

static struct sockaddr_un address(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	strcpy(address.sun_path, path);
	return address;
}

static int join(void)
{
	struct sockaddr_un to = address();
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

/* Line `number`, of `len` bytes. */
static const char *line(unsigned long number, size_t len)
{
	static char text[16384];

	assert_true(len < sizeof(text));
	memset(text, 'x', len);
	text[snprintf(text, sizeof(text), "%lu", number)] = ' ';
	text[len - 1] = '\n';
	text[len] = '\0';
	return text;
}

static int emit(struct output *output, unsigned long number, size_t len)
{
	return output_write(output, line(number, len), len, true);
}

/* What a reader gets next, up to a newline. Returns the line's number; 0: there is no more. */
static unsigned long take(int fd, size_t len)
{
	char text[16385];
	size_t got = 0;

	while (got < len) {
		ssize_t r = read(fd, text + got, len - got);

		if (r <= 0) {
			assert_int_equal(got, 0);
			return 0;
		}
		got += (size_t)r;
	}
	text[len] = '\0';
	assert_string_equal(text, line(strtoul(text, NULL, 10), len));
	return strtoul(text, NULL, 10);
}

/* Until all that was sent is there, or nobody takes it. */
static void settle(struct output *output)
{
	int64_t moved;

	for (int i = 0; !output_idle(output, &moved) && i < LONG; i++)
		usleep(1000);
	assert_true(output_idle(output, &moved));
}

/* A reader is there when he gets something. */
static int joined(struct output *output, size_t len)
{
	int fd = join();
	struct pollfd ready = {.fd = fd, .events = POLLIN};

	for (int i = 0; poll(&ready, 1, 1) == 0 && i < LONG; i++)
		assert_int_equal(output_write(output, line(0, len), len, false), 0);
	/* those that others wait for as well */
	return fd;
}

static void test_readers(void **state)
{
	const struct output_spec wide = {.what = OUTPUT_SOCKET, .target = path, .mode = 0660};
	struct output *output;
	struct stat st;
	int one, two;

	(void)state;
	assert_int_equal(open_at(path, &output), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	output_close(output);
	/* whatever the umask is */
	assert_int_equal(output_socket_open(&wide, &output), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	assert_int_equal(output_begin(output), 0);
	/* nobody is there, so nobody misses it */
	assert_int_equal(emit(output, 1, 100), 0);
	one = joined(output, 100);
	two = joined(output, 100);
	for (unsigned long i = 1; i <= 50; i++)
		assert_int_equal(emit(output, i, 100), 0);
	settle(output);
	for (int i = 0; i < 2; i++) {
		unsigned long number;

		while ((number = take(i ? two : one, 100)) == 0)
			;
		for (unsigned long next = 1; next < 50; next++, number = take(i ? two : one, 100))
			assert_int_equal(number, next);
	}
	/* one goes, the other stays */
	close(one);
	assert_int_equal(emit(output, 51, 100), 0);
	assert_int_equal(take(two, 100), 51);
	/* who only has nothing to say goes on reading */
	assert_int_equal(shutdown(two, SHUT_WR), 0);
	assert_int_equal(emit(output, 52, 100), 0);
	assert_int_equal(take(two, 100), 52);
	output_close(output);
	assert_int_equal(take(two, 100), 0);
	assert_int_equal(access(path, F_OK), -1);
	close(two);
}

/* Who does not read loses the oldest; who reads, nothing. */
static void test_slow(void **state)
{
	static const size_t len = 16000;
	unsigned long count = 3 * SOCKET_BYTES / len, lost = 0, got = 0, last = 0, number;
	struct output *output;
	int slow, quick;

	(void)state;
	assert_int_equal(open_at(path, &output), 0);
	assert_int_equal(output_begin(output), 0);
	slow = joined(output, len);
	quick = joined(output, len);
	while (recv(slow, (char[16000]){0}, len, MSG_WAITALL | MSG_DONTWAIT) > 0)
		;
	for (unsigned long i = 1; i <= count; i++) {
		int r = emit(output, i, len);

		assert_true(r >= 0);
		lost += (unsigned long)r;
		while ((number = take(quick, len)) == 0)
			;
		assert_int_equal(number, i);
	}
	assert_true(lost > count / 2);
	/* what was not lost is there, in order */
	while (got < count - lost) {
		number = take(slow, len);
		if (!number)
			continue;
		assert_true(number > last);
		last = number;
		got++;
	}
	assert_int_equal(last, count);
	settle(output);
	assert_int_equal(output_give_up(output), 0);
	for (unsigned long i = 1; i <= 100; i++)
		assert_int_equal(emit(output, i, len), 0);
	number = output_give_up(output);
	assert_true(number > 0 && number <= 100);
	output_close(output);
	close(slow);
	close(quick);
}

/* A long line makes room by several short ones: each of them counts, also if that line is no alert. */
static void test_slow_short(void **state)
{
	static const size_t len = 500, longer = 16000;
	unsigned long number = 0;
	struct output *output;
	int slow, r = 0;

	(void)state;
	assert_int_equal(open_at(path, &output), 0);
	assert_int_equal(output_begin(output), 0);
	slow = joined(output, len);
	while (r == 0 && number < 4 * SOCKET_BYTES / len)
		r = emit(output, ++number, len);
	assert_int_equal(r, 1);
	r = output_write(output, line(number, longer), longer, false);
	/* a line has some bytes more in the ring */
	assert_in_range(r, longer / len - 2, longer / len + 1);
	assert_true(output_give_up(output) > 0);
	output_close(output);
	close(slow);
}

/* Many come and go while lines are sent. */
static void test_many(void **state)
{
	struct output *output;
	int fds[SOCKET_READERS];
	char byte;

	(void)state;
	assert_int_equal(open_at(path, &output), 0);
	assert_int_equal(output_begin(output), 0);
	for (unsigned long round = 0; round < 3; round++) {
		for (size_t i = 0; i < SOCKET_READERS; i++)
			fds[i] = joined(output, 64);
		/* a place that is free again is taken */
		fds[0] = (close(fds[0]), joined(output, 64));
		for (size_t i = 0; i < SOCKET_READERS; i++) {
			if (round == 1)
				assert_int_equal(read(fds[i], &byte, 1), 1);
			close(fds[i]);
		}
		assert_int_equal(emit(output, round, 64), 0);
	}
	output_close(output);
}

static void test_full(void **state)
{
	struct output *output;
	int fds[SOCKET_READERS], more;
	char byte;

	(void)state;
	assert_int_equal(open_at(path, &output), 0);
	assert_int_equal(output_begin(output), 0);
	for (size_t i = 0; i < SOCKET_READERS; i++)
		fds[i] = joined(output, 64);
	more = join();
	assert_int_equal(read(more, &byte, 1), 0);
	close(more);
	for (size_t i = 0; i < SOCKET_READERS; i++)
		close(fds[i]);
	output_close(output);
}

static void test_place(void **state)
{
	char far[200], target[96];
	struct sockaddr_un at = address();
	struct output *output, *other;
	int left;

	(void)state;
	memset(far, 'x', sizeof(far) - 1);
	far[0] = '/';
	far[sizeof(far) - 1] = '\0';
	assert_int_equal(open_at(far, &output), -ENAMETOOLONG);
	assert_int_equal(open_at("/nowhere/socket", &output), -ENOENT);
	/* a file and a link stay what they are */
	close(open(path, O_WRONLY | O_CREAT, 0600));
	assert_int_equal(open_at(path, &output), -ENOTSOCK);
	assert_int_equal(unlink(path), 0);
	snprintf(target, sizeof(target), "%s/target", dir);
	assert_int_equal(symlink(target, path), 0);
	assert_int_equal(open_at(path, &output), -ENOTSOCK);
	assert_int_equal(unlink(path), 0);
	/* somebody listens there */
	assert_int_equal(open_at(path, &output), 0);
	assert_int_equal(open_at(path, &other), -EADDRINUSE);
	output_close(output);
	/* a daemon that was killed has left one */
	left = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(left, (struct sockaddr *)&at, sizeof(at)), 0);
	close(left);
	if (geteuid() == 0) {
		assert_int_equal(lchown(path, 12345, 12345), 0);
		assert_int_equal(open_at(path, &output), -EUSERS);
		assert_int_equal(lchown(path, 0, 0), 0);
	}
	assert_int_equal(open_at(path, &output), 0);
	/* another one in its place is not taken away */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(open_at(path, &other), 0);
	output_close(output);
	assert_int_equal(access(path, F_OK), 0);
	output_close(other);
	assert_int_equal(access(path, F_OK), -1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_readers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_slow, setup, teardown),
		cmocka_unit_test_setup_teardown(test_slow_short, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full, setup, teardown),
		cmocka_unit_test_setup_teardown(test_place, setup, teardown),
	};

	return UNIT_RUN(tests);
}
