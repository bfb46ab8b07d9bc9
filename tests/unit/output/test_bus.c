// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Outputs side by side: one that is stuck, full or dead costs itself only. No test depends on how fast
 * anything is.
 */
#include "unit.h"

#include "lib/log.h"
#include "output/bus.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ms; nothing here takes long, unless the machine does */
#define LONG 60000

/* The fields are not const, these texts are. */
#define TEXT(text) ((char *)(uintptr_t)(text))

/* A place where standard output or error leads to for a while. */
struct detour {
	int fd, saved;
};

static struct detour detour(int fd, int to)
{
	struct detour detour = {.fd = fd, .saved = dup(fd)};

	fflush(stdout);
	assert_int_equal(dup2(to, fd), fd);
	return detour;
}

static void detour_end(const struct detour *detour)
{
	dup2(detour->saved, detour->fd);
	close(detour->saved);
}

static struct alert make_alert(uint64_t sequence)
{
	return (struct alert){
		.sequence = sequence,
		.token = {.prefix = "dt0c01", .identifier = "dt0c01.ABCDEFGH", .type = "API token"},
		.process = {.name = TEXT("x"), .thread_name = TEXT("x"), .parent = {.name = TEXT("y")}},
		.file = {.path = TEXT("/f"), .type = "regular", .fs_type = TEXT("ext4")},
		.write = {.syscall = "write", .seen_by = "buffer"},
		.host_name = "h",
	};
}

static void emit(struct bus *bus, uint64_t count)
{
	for (uint64_t i = 1; i <= count; i++) {
		struct alert alert = make_alert(i);

		bus_emit(bus, &alert);
	}
}

static struct bus_loss loss_of(struct bus *bus, const char *name)
{
	struct bus_loss losses[BUS_OUTPUTS], none = {0};
	size_t count = bus_losses(bus, losses);

	for (size_t i = 0; i < count; i++)
		if (strcmp(losses[i].name, name) == 0)
			return losses[i];
	fail_msg("there is no output %s", name);
	return none;
}

/* How many alerts are in the file: each whole, in order. */
static uint64_t count_alerts(const char *path)
{
	FILE *file = fopen(path, "r");
	char line[8192];
	uint64_t count = 0;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		json_t *json = json_loads(line, 0, NULL);

		assert_non_null(json);
		assert_int_equal(
			json_integer_value(json_object_get(json_object_get(json, "event"), "sequence")),
			++count);
		json_decref(json);
	}
	fclose(file);
	return count;
}

static char *read_text(const char *path)
{
	static char text[65536];
	int fd = open(path, O_RDONLY);
	ssize_t len = read(fd, text, sizeof(text) - 1);

	assert_true(len >= 0);
	text[len] = '\0';
	close(fd);
	return text;
}

static char *make_file(void)
{
	char *path = strdup("/tmp/spillwatch-unit-XXXXXX");

	close(mkstemp(path));
	return path;
}

static void remove_file(char *path)
{
	unlink(path);
	free(path);
}

/* Nobody reads one, another is full: the file beside them gets all. */
static void test_stuck(void **state)
{
	char *path = make_file();
	struct detour out;
	struct bus *bus;
	char bytes[4096];
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	out = detour(STDOUT_FILENO, ends[1]);
	assert_int_equal(bus_open(false, &bus), 0);
	assert_int_equal(bus_add_file(bus, "-", 0), 0);
	assert_int_equal(bus_add_file(bus, path, 0), 0);
	assert_int_equal(bus_add_file(bus, "/dev/null", 0), 0);
	assert_int_equal(bus_add_file(bus, path, 0), -ENOSPC);
	assert_int_equal(bus_add_socket(bus, path), -ENOSPC);
	assert_int_equal(bus_begin(bus), 0);
	emit(bus, 2000);
	bus_settle(bus, LONG);
	detour_end(&out);
	assert_int_equal(loss_of(bus, path).alerts, 0);
	assert_null(loss_of(bus, path).reason);
	assert_int_equal(count_alerts(path), 2000);
	assert_true(loss_of(bus, "standard output").alerts > 0);
	assert_true(loss_of(bus, "standard output").alerts < 2000);
	assert_non_null(strstr(loss_of(bus, "standard output").reason, "too slowly"));
	/* it was given up, the file was not */
	emit(bus, 1);
	bus_settle(bus, LONG);
	assert_int_equal(loss_of(bus, path).alerts, 0);
	bus_close(bus);
	/* the thread that was left ends by itself, when it can */
	close(ends[1]);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	while (read(ends[0], bytes, sizeof(bytes)) > 0)
		;
	close(ends[0]);
	remove_file(path);
}

/* More than may wait: what comes last is lost, and told before the end. */
static void test_bound(void **state)
{
	struct detour out;
	struct bus *bus;
	uint64_t count = 0;
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	out = detour(STDOUT_FILENO, ends[1]);
	assert_int_equal(bus_open(false, &bus), 0);
	assert_int_equal(bus_add_file(bus, "-", 0), 0);
	assert_int_equal(bus_begin(bus), 0);
	for (; loss_of(bus, "standard output").alerts == 0; count++) {
		struct alert alert = make_alert(count);

		bus_emit(bus, &alert);
		assert_true(count < BUS_QUEUE_BYTES);
	}
	detour_end(&out);
	assert_int_equal(loss_of(bus, "standard output").alerts, 1);
	assert_true(count > 5000);
	/* what nobody takes is told of as well */
	for (int i = 0; loss_of(bus, "standard output").stuck == 0 && i < LONG / 10; i++)
		usleep(10000);
	assert_true(loss_of(bus, "standard output").stuck > 5000);
	/* not for long */
	bus_settle(bus, LONG);
	assert_true(loss_of(bus, "standard output").alerts > 5000);
	bus_close(bus);
	close(ends[0]);
	close(ends[1]);
}

/* One that is full, and one whose reader is gone. */
static void test_dead(void **state)
{
	char *path = make_file();
	struct detour out;
	struct bus *bus;
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	close(ends[0]);
	out = detour(STDOUT_FILENO, ends[1]);
	assert_int_equal(bus_open(false, &bus), 0);
	assert_int_equal(bus_add_file(bus, "-", 0), 0);
	assert_int_equal(bus_add_file(bus, path, 0), 0);
	assert_int_equal(bus_begin(bus), 0);
	emit(bus, 100);
	bus_settle(bus, LONG);
	detour_end(&out);
	close(ends[1]);
	assert_int_equal(loss_of(bus, "standard output").alerts, 100);
	assert_string_equal(loss_of(bus, "standard output").reason, strerror(EPIPE));
	assert_int_equal(loss_of(bus, path).alerts, 0);
	bus_close(bus);
	assert_int_equal(count_alerts(path), 100);
	remove_file(path);
	assert_int_equal(bus_open(false, &bus), 0);
	assert_int_equal(bus_add_file(bus, "/nowhere/alerts", 0), -ENOENT);
	assert_int_equal(bus_add_file(bus, "/dev/full", 0), 0);
	assert_int_equal(bus_begin(bus), 0);
	emit(bus, 3);
	bus_settle(bus, LONG);
	assert_int_equal(loss_of(bus, "/dev/full").alerts, 3);
	assert_string_equal(loss_of(bus, "/dev/full").reason, strerror(ENOSPC));
	bus_close(bus);
	bus_close(NULL);
}

/* Who is slow, but reads, gets all. */
static void test_slow(void **state)
{
	struct detour out;
	struct bus *bus;
	int ends[2], status;
	pid_t reader;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_true(fcntl(ends[1], F_SETPIPE_SZ, 4096) > 0);
	fflush(stdout);
	reader = fork();
	if (reader == 0) {
		char bytes[512];
		size_t lines = 0;
		ssize_t len;

		close(ends[1]);
		while ((len = read(ends[0], bytes, sizeof(bytes))) > 0) {
			for (ssize_t i = 0; i < len; i++)
				lines += bytes[i] == '\n';
			usleep(200);
		}
		_exit(lines == 1000 ? 0 : 1);
	}
	close(ends[0]);
	out = detour(STDOUT_FILENO, ends[1]);
	assert_int_equal(bus_open(false, &bus), 0);
	assert_int_equal(bus_add_file(bus, "-", 0), 0);
	assert_int_equal(bus_begin(bus), 0);
	emit(bus, 1000);
	bus_settle(bus, LONG);
	detour_end(&out);
	close(ends[1]);
	assert_int_equal(loss_of(bus, "standard output").alerts, 0);
	bus_close(bus);
	assert_int_equal(waitpid(reader, &status, 0), reader);
	assert_int_equal(status, 0);
}

/* Standard error: what is said stands among the alerts, in order; also what is said last. */
static void test_errors(void **state)
{
	char *path = make_file(), *first, *second, *third;
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	struct detour err = detour(STDERR_FILENO, fd);
	struct bus *bus;
	char *text;

	(void)state;
	assert_int_equal(bus_open(true, &bus), 0);
	assert_int_equal(bus_begin(bus), 0);
	log_note("the %s", "first");
	emit(bus, 1);
	log_warning("the second");
	bus_settle(bus, LONG);
	log_error("the third");
	bus_close(bus);
	log_note("directly");
	detour_end(&err);
	text = read_text(path);
	first = strstr(text, "spillwatch: the first\n");
	second = strstr(text, "spillwatch: warning: the second\n");
	third = strstr(text, "spillwatch: the third\nspillwatch: directly\n");
	if (!first || !second || !third || !strstr(first, "ALERT") || strstr(first, "ALERT") > second)
		fail_msg("%s", text);
	close(fd);
	remove_file(path);
}

/* A pipe at standard error that nobody reads: nothing that is said waits for it. */
static void test_errors_stuck(void **state)
{
	char line[512];
	struct detour err;
	struct bus *bus;
	int ends[2];

	(void)state;
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	err = detour(STDERR_FILENO, ends[1]);
	alarm(LONG / 1000);
	assert_int_equal(bus_open(true, &bus), 0);
	assert_int_equal(bus_begin(bus), 0);
	for (int i = 0; i < 20000; i++)
		log_note("%s", line);
	emit(bus, 10);
	bus_settle(bus, LONG);
	log_note("%s", line);
	assert_int_equal(loss_of(bus, "standard error").alerts, 10);
	bus_close(bus);
	alarm(0);
	detour_end(&err);
	close(ends[0]);
	close(ends[1]);
}

/* What is handed over later is in the new file; a failure is told once, and the old one goes on. */
static void test_reopen(void **state)
{
	char dir[] = "/tmp/spillwatch-unit-XXXXXX", path[64], moved[64];
	struct bus *bus;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/alerts", dir);
	snprintf(moved, sizeof(moved), "%s/alerts.1", dir);
	assert_int_equal(bus_open(false, &bus), 0);
	assert_int_equal(bus_add_file(bus, path, 0), 0);
	assert_int_equal(bus_begin(bus), 0);
	emit(bus, 5);
	bus_settle(bus, LONG);
	assert_int_equal(rename(path, moved), 0);
	bus_reopen(bus);
	emit(bus, 7);
	bus_settle(bus, LONG);
	assert_int_equal(bus_reopened(bus), 0);
	assert_int_equal(count_alerts(moved), 5);
	assert_int_equal(count_alerts(path), 7);
	assert_int_equal(unlink(moved), 0);
	assert_int_equal(rename(path, moved), 0);
	assert_int_equal(symlink(moved, path), 0);
	bus_reopen(bus);
	bus_settle(bus, LONG);
	assert_int_equal(bus_reopened(bus), -ELOOP);
	assert_int_equal(bus_reopened(bus), 0);
	assert_int_equal(loss_of(bus, path).alerts, 0);
	bus_close(bus);
	assert_int_equal(count_alerts(moved), 7);
	unlink(path);
	unlink(moved);
	rmdir(dir);
}

/* Rotated by its thread: both files together have all, in order. */
static void test_rotated(void **state)
{
	char dir[] = "/tmp/spillwatch-unit-XXXXXX", path[64], full[64];
	struct stat st;
	struct bus *bus;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/alerts", dir);
	snprintf(full, sizeof(full), "%s/alerts.1", dir);
	assert_int_equal(bus_open(false, &bus), 0);
	assert_int_equal(bus_add_file(bus, path, 65536), 0);
	assert_int_equal(bus_begin(bus), 0);
	emit(bus, 1);
	bus_settle(bus, LONG);
	assert_int_equal(stat(path, &st), 0);
	/* two files, but for a few alerts */
	emit(bus, (uint64_t)(2 * 65536 / st.st_size - 4));
	bus_settle(bus, LONG);
	assert_int_equal(loss_of(bus, path).alerts, 0);
	assert_int_equal(bus_reopened(bus), 0);
	bus_close(bus);
	assert_int_equal(stat(full, &st), 0);
	assert_true(st.st_size <= 65536);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size > 0 && st.st_size <= 65536);
	unlink(path);
	unlink(full);
	rmdir(dir);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stuck),  cmocka_unit_test(test_bound),
		cmocka_unit_test(test_dead),   cmocka_unit_test(test_slow),
		cmocka_unit_test(test_errors), cmocka_unit_test(test_errors_stuck),
		cmocka_unit_test(test_reopen), cmocka_unit_test(test_rotated),
	};

	return UNIT_RUN(tests);
}
