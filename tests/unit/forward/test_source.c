// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a daemon has said is in the spool in the end, also where the spool takes nothing for a while and the daemon is another one by then. */
#include "unit.h"

#include "forward/source.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static char dir[] = "/tmp/test_source.XXXXXX";
static char spool_path[64];

static const char *in_dir(const char *name, char *path, size_t size)
{
	snprintf(path, size, "%s/%s", dir, name);
	return path;
}

static int daemon_listen(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	strcpy(address.sun_path, path);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static void daemon_say(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void daemon_alert(int fd, int number)
{
	char text[256];

	sprintf(text,
		"{\"@timestamp\":\"2026-01-31T10:00:00.000001Z\",\"event\":{\"id\":\"0123456789abcdef-%d\","
		"\"kind\":\"alert\",\"sequence\":%d},\"message\":\"it wrote\"}\n",
		number, number);
	daemon_say(fd, text);
}

/* While it takes nothing, as where there is no room. */
static void spool_takes(bool takes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = takes ? limit.rlim_max : 1;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void check_spool(struct spool *spool, int64_t events)
{
	struct spool_status status;

	assert_int_equal(spool_status(spool, &status), 0);
	assert_int_equal(status.events, events);
	assert_int_equal(status.malformed, 0);
}

/* Tries until it is tried again. */
static void turn(struct source *source)
{
	for (int i = 0; i < 4; i++) {
		assert_int_equal(source_turn(source), 0);
		usleep(80000);
	}
}

static void test_move(void **state)
{
	const char *const names[] = {"a"};
	char first[64], second[64];
	int listeners[2] = {daemon_listen(in_dir("first", first, sizeof(first))),
			    daemon_listen(in_dir("second", second, sizeof(second)))};
	struct source *source;
	struct spool *spool;
	int64_t abandoned = 0;
	int fd;

	(void)state;
	in_dir("spool.db", spool_path, sizeof(spool_path));
	assert_int_equal(spool_open(spool_path, SPOOL_BYTES, names, 1, &spool, &abandoned), 0);
	source = source_open(first, spool);
	assert_non_null(source);
	assert_int_equal(source_turn(source), 0);
	fd = accept(listeners[0], NULL, NULL);
	daemon_alert(fd, 1);
	daemon_alert(fd, 2);
	spool_takes(false);
	assert_true(source_turn(source) < 0);
	/* not read yet, and a line that is not whole */
	daemon_alert(fd, 3);
	daemon_say(fd, "{\"@timestamp\":");
	source_move(source, second, spool);
	assert_false(source_connected(source));
	close(fd);
	/* nor does it take them now; they stay, and the error is no new one */
	assert_int_equal(source_turn(source), 0);
	check_spool(spool, 0);
	assert_true(source_holds(source));
	assert_false(source_connected(source));
	spool_takes(true);
	turn(source);
	check_spool(spool, 3);
	assert_true(source_connected(source));
	fd = accept(listeners[1], NULL, NULL);
	daemon_alert(fd, 4);
	turn(source);
	check_spool(spool, 4);
	assert_false(source_holds(source));
	/* with nothing left behind, at once */
	source_move(source, first, spool);
	assert_int_equal(source_turn(source), 0);
	assert_true(source_connected(source));
	close(fd);
	source_close(source);
	spool_close(spool);
	close(listeners[0]);
	close(listeners[1]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_move),
	};
	static const char *const names[] = {"first", "second", "spool.db", "spool.db-wal", "spool.db-shm"};
	char path[64];
	int r;

	signal(SIGXFSZ, SIG_IGN);
	if (!mkdtemp(dir))
		return 1;
	r = UNIT_RUN(tests);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		unlink(in_dir(names[i], path, sizeof(path)));
	rmdir(dir);
	return r;
}
