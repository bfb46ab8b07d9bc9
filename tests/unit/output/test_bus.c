// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Outputs side by side: one that is stuck, full or dead costs itself only. No test depends on how fast
 * anything is.
 */
#include "unit.h"

#include "lib/log.h"
#include "lib/privileges.h"
#include "output/bus.h"
#include "rules/rules.h"
#include "rules/tree.h"

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

/* One that takes everything, by that number. */
static int add_null(struct bus *bus, size_t number)
{
	struct output_spec spec = {.what = OUTPUT_FILE, .target = "/dev/null"};
	char name[16];

	snprintf(name, sizeof(name), "null %zu", number);
	spec.name = name;
	return bus_add(bus, &spec);
}

static struct bus_loss loss_of(struct bus *bus, const char *name)
{
	struct bus_loss losses[BUS_LOSSES], none = {0};
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

static size_t lines_in(const char *path)
{
	size_t lines = 0;

	for (const char *at = read_text(path); (at = strchr(at, '\n')); at++)
		lines++;
	return lines;
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
	assert_int_equal(bus_add_file(bus, path, 0), -EEXIST);
	for (size_t i = 3; i < BUS_OUTPUTS; i++)
		assert_int_equal(add_null(bus, i), 0);
	assert_int_equal(add_null(bus, BUS_OUTPUTS), -ENOSPC);
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
		assert_true(count < OUTPUT_QUEUE_BYTES);
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

static uint64_t marks[BUS_OUTPUTS];

static uint64_t *mark_of(void *context, const char *name)
{
	size_t *count = context;

	(void)name;
	return &marks[(*count)++];
}

/* Each gets what it is for, in its form; what is not for one is behind it, as soon as all before is. */
static void test_filters(void **state)
{
	char dir[] = "/tmp/spillwatch-unit-XXXXXX", all[64], grave[64], one[64];
	struct problems problems = {0};
	struct tree_node *match;
	struct rules *rules = rules_new();
	struct output_spec specs[] = {
		{.what = OUTPUT_FILE, .target = all, .text = true},
		{.what = OUTPUT_FILE, .target = grave, .severity = 90},
		{.what = OUTPUT_FILE, .target = one, .match = rules, .severity = 73, .mode = 0640},
	};
	const struct loss loss = {.host_name = "h"};
	struct alert alert = make_alert(1);
	struct bus *bus;
	size_t count = 0;
	struct stat st;
	char *text;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(all, sizeof(all), "%s/all", dir);
	snprintf(grave, sizeof(grave), "%s/grave", dir);
	snprintf(one, sizeof(one), "%s/one", dir);
	assert_int_equal(tree_read("f", "{path: /f, process: x}", 22, &problems, &match), 0);
	assert_int_equal(rules_add_match(rules, match, &problems), 0);
	assert_int_equal(problems.count, 0);
	assert_int_equal(bus_open(false, &bus), 0);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(bus_add(bus, &specs[i]), 0);
	assert_int_equal(bus_add(bus, &specs[0]), -EEXIST);
	bus_marks(bus, mark_of, &count);
	assert_int_equal(count, 3);
	assert_int_equal(bus_begin(bus), 0);
	for (alert.number = 1; alert.number <= 10; alert.number++) {
		alert.ruling.severity = alert.number % 2 ? 99 : 0;
		alert.file.path = alert.number == 6 ? TEXT("/other") : TEXT("/f");
		alert.token.placeholder = alert.number == 10;
		bus_emit(bus, &alert);
	}
	bus_emit_loss(bus, &loss);
	bus_settle(bus, LONG);
	/* 9 was the last for one, and nothing waits */
	for (size_t i = 0; i < count; i++)
		assert_int_equal(marks[i], 10);
	assert_int_equal(bus_least(bus), 10);
	/* of a daemon before us: those who lack it get it, if it is for them */
	marks[0] = marks[1] = marks[2] = 10;
	alert.number = 11;
	alert.ruling.severity = 0;
	alert.token.placeholder = false;
	bus_emit_again(bus, &alert);
	bus_settle(bus, LONG);
	assert_int_equal(bus_least(bus), 11);
	bus_close(bus);
	text = read_text(all);
	assert_non_null(strstr(text, "  ALERT   x (pid 0, uid 0) wrote API token dt0c01.ABCDEFGH to /f"));
	assert_non_null(strstr(text, "  notice  "));
	assert_non_null(strstr(text, "  LOST    lost just now:"));
	assert_null(strstr(text, "{\""));
	assert_int_equal(lines_in(all), 12);
	assert_int_equal(lines_in(grave), 5 + 1);
	assert_int_equal(lines_in(one), 8 + 1 + 1);
	assert_null(strstr(read_text(one), "/other"));
	assert_int_equal(stat(one, &st), 0);
	assert_int_equal(st.st_mode & 0777 & ~0640U, 0);
	tree_free(match);
	rules_free(rules);
	unlink(all);
	unlink(grave);
	unlink(one);
	rmdir(dir);
}

static const char *refuse(void *context, const struct output_spec *spec)
{
	(void)context;
	return spec->what == OUTPUT_PROGRAM ? "no programs" : NULL;
}

static uint64_t *new_mark(void *context, const char *name)
{
	uint64_t *mark = mark_of(context, name);

	*mark = 1000;
	return mark;
}

static void no_mark(void *context, uint64_t *mark)
{
	(void)context;
	*mark = 0;
}

/* Alerts go on while outputs come and go: one that stays has each once, those that take turns share them, and all of it or nothing. */
static void test_change(void **state)
{
	char dir[] = "/tmp/spillwatch-unit-XXXXXX", kept[64], one[64], other[64], none[64], last[16];
	const struct output_spec specs[][2] = {
		{{.what = OUTPUT_FILE, .target = kept, .bytes = 1 << 20},
		 {.what = OUTPUT_FILE, .target = one}},
		{{.what = OUTPUT_FILE, .target = other, .mode = 0640}, {.what = OUTPUT_FILE, .target = kept}},
		{{.what = OUTPUT_FILE, .target = kept}, {.what = OUTPUT_FILE, .target = none}},
		{{.what = OUTPUT_PROGRAM, .target = "/bin/cat"}, {.what = OUTPUT_FILE, .target = kept}},
		{{.what = OUTPUT_FILE, .target = kept}, {.what = OUTPUT_FILE, .target = kept}},
		{{.what = OUTPUT_FILE, .target = kept, .severity = 99},
		 {.what = OUTPUT_FILE, .target = kept}},
	};
	const int results[] = {0, 0, -ENOENT, -EPERM, -EEXIST, 0};
	const size_t counts[] = {2, 2, 2, 2, 2, 1};
	size_t count = 0;
	struct bus_changes changes = {
		.refused = refuse, .mark = new_mark, .unmark = no_mark, .context = &count};
	struct bus_loss losses[BUS_LOSSES];
	struct alert alert = make_alert(1);
	struct bus *bus;
	struct stat st;

	(void)state;
	memset(marks, 0, sizeof(marks));
	assert_non_null(mkdtemp(dir));
	snprintf(kept, sizeof(kept), "%s/kept", dir);
	snprintf(one, sizeof(one), "%s/one", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	snprintf(none, sizeof(none), "%s/none/x", dir);
	assert_int_equal(bus_open(false, &bus), 0);
	assert_int_equal(bus_add(bus, &specs[0][0]), 0);
	assert_int_equal(bus_add(bus, &specs[0][1]), 0);
	bus_marks(bus, mark_of, &count);
	assert_int_equal(bus_begin(bus), 0);
	for (size_t i = 0; i < sizeof(results) / sizeof(*results); i++) {
		changes.specs = specs[i];
		changes.count = counts[i];
		assert_int_equal(bus_change(bus, &changes), results[i]);
		assert_true(results[i] == 0 || changes.wrong == (i != 3));
		assert_true((results[i] == -EPERM) == (changes.why != NULL));
		/* what is new has all of before */
		assert_true(i != 1 || (count == 3 && marks[2] == 1000 && marks[1] == 0));
		for (int k = 0; k < 10; k++) {
			alert.number++;
			bus_emit(bus, &alert);
			alert.sequence++;
		}
		bus_flush(bus);
	}
	bus_settle(bus, LONG);
	/* standard error and the file; of those that have left there is nothing to say */
	assert_int_equal(bus_losses(bus, losses), 2);
	assert_string_equal(losses[1].name, kept);
	assert_int_equal(losses[0].number, 1);
	assert_int_equal(losses[1].number, 2);
	bus_close(bus);
	assert_int_equal(count_alerts(kept), 50);
	assert_int_equal(lines_in(one), 10);
	assert_int_equal(lines_in(other), 40);
	assert_int_equal(stat(other, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	snprintf(last, sizeof(last), "\"sequence\":%d", 11);
	assert_non_null(strstr(read_text(other), last));
	unlink(kept);
	unlink(one);
	unlink(other);
	rmdir(dir);
}

/* A group that the process is not in can't have a file, neither a new one nor the next of one that is there. */
static void test_change_group(void **state)
{
	char dir[] = "/tmp/spillwatch-unit-XXXXXX", kept[64], other[64];
	struct output_spec specs[] = {{.what = OUTPUT_FILE, .target = kept},
				      {.what = OUTPUT_FILE, .target = other, .grouped = true}};
	size_t marked = 0;
	struct bus_changes changes = {.refused = refuse,
				      .mark = new_mark,
				      .unmark = no_mark,
				      .context = &marked,
				      .specs = specs,
				      .count = 2};
	gid_t none = 54321;
	struct bus *bus;

	(void)state;
	while (privileges_in(none))
		none++;
	assert_non_null(mkdtemp(dir));
	snprintf(kept, sizeof(kept), "%s/kept", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	assert_int_equal(bus_open(false, &bus), 0);
	assert_int_equal(bus_add(bus, &specs[0]), 0);
	assert_int_equal(bus_begin(bus), 0);
	specs[1].group = none;
	assert_int_equal(bus_change(bus, &changes), -EPERM);
	assert_int_equal(changes.wrong, 1);
	assert_string_equal(changes.why, "this daemon is not in its group, and can join none while it runs");
	assert_int_equal(access(other, F_OK), -1);
	specs[1].group = getegid();
	assert_int_equal(bus_change(bus, &changes), 0);
	assert_null(changes.why);
	assert_int_equal(changes.added, 1);
	specs[1].group = none;
	assert_int_equal(bus_change(bus, &changes), -EPERM);
	bus_settle(bus, LONG);
	bus_close(bus);
	unlink(kept);
	unlink(other);
	rmdir(dir);
}

/* One that is removed while nobody reads it loses what it had not written, and that is told of. */
static void test_change_stuck(void **state)
{
	int ends[2];
	char path[32];
	struct output_spec full = {
		.what = OUTPUT_FILE, .target = path, .queue_bytes = OUTPUT_QUEUE_BYTES_MIN};
	struct bus_changes changes = {.refused = refuse, .mark = new_mark, .unmark = no_mark};
	struct bus_loss losses[BUS_LOSSES];
	uint64_t all = 1000;
	struct bus *bus;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	snprintf(path, sizeof(path), "/dev/fd/%d", ends[1]);
	assert_int_equal(bus_open(false, &bus), 0);
	assert_int_equal(bus_add(bus, &full), 0);
	assert_int_equal(bus_begin(bus), 0);
	emit(bus, all);
	bus_flush(bus);
	assert_int_equal(bus_change(bus, &changes), 0);
	assert_int_equal(changes.removed, 1);
	assert_int_equal(bus_losses(bus, losses), 2);
	assert_int_equal(losses[1].number, 0);
	assert_true(losses[1].waiting > 0);
	bus_settle(bus, 10);
	assert_int_equal(bus_losses(bus, losses), 2);
	assert_string_equal(losses[1].name, "outputs that were removed");
	assert_int_equal(losses[1].waiting, 0);
	assert_true(losses[1].alerts > 0 && losses[1].alerts < all);
	bus_flush(bus);
	/* it has left by now, and what it lost stays told */
	all = losses[1].alerts;
	assert_int_equal(bus_losses(bus, losses), 2);
	assert_int_equal(losses[1].alerts, all);
	close(ends[0]);
	close(ends[1]);
	bus_close(bus);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stuck),        cmocka_unit_test(test_bound),
		cmocka_unit_test(test_dead),         cmocka_unit_test(test_slow),
		cmocka_unit_test(test_errors),       cmocka_unit_test(test_errors_stuck),
		cmocka_unit_test(test_reopen),       cmocka_unit_test(test_rotated),
		cmocka_unit_test(test_filters),      cmocka_unit_test(test_change),
		cmocka_unit_test(test_change_group), cmocka_unit_test(test_change_stuck),
	};

	return UNIT_RUN(tests);
}
