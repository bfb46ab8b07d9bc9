// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Files: appending, rotation, errors that are told. */
#include "unit.h"

#include "output/file.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char line[] = "{\"some\": \"alert\"}\n";

static int emit(struct output *output)
{
	return output_write(output, line, sizeof(line) - 1, true);
}

static size_t count_lines(const char *path)
{
	FILE *file = fopen(path, "r");
	size_t lines = 0;

	if (!file)
		return 0;
	for (int c; (c = fgetc(file)) != EOF;)
		lines += c == '\n';
	fclose(file);
	return lines;
}

static int open_file(const char *path, unsigned long bytes, unsigned int mode, struct output **ret_output)
{
	const struct output_spec spec = {.what = OUTPUT_FILE, .target = path, .bytes = bytes, .mode = mode};

	return output_file_open(&spec, ret_output);
}

static void test_file(void **state)
{
	char dir[] = "/tmp/spillwatch-unit-XXXXXX", path[64], moved[64];
	struct output *output;
	struct stat st;
	mode_t mask;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/alerts", dir);
	snprintf(moved, sizeof(moved), "%s/alerts.1", dir);
	assert_int_equal(open_file(path, 0, 0, &output), 0);
	assert_int_equal(emit(output), 0);
	assert_int_equal(rename(path, moved), 0);
	assert_int_equal(emit(output), 0);
	assert_int_equal(output_reopen(output), 0);
	assert_int_equal(emit(output), 0);
	output_close(output);
	assert_int_equal(count_lines(moved), 2);
	assert_int_equal(count_lines(path), 1);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* a mode that was asked for is what a new file has */
	assert_int_equal(unlink(path), 0);
	mask = umask(0077);
	assert_int_equal(open_file(path, 0, 0640, &output), 0);
	umask(mask);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(emit(output), 0);
	output_close(output);
	/* appends to what is there */
	assert_int_equal(open_file(path, 0, 0, &output), 0);
	assert_int_equal(emit(output), 0);
	assert_int_equal(count_lines(path), 2);
	/* a rotation that fails leaves the old file in use */
	unlink(path);
	unlink(moved);
	rmdir(dir);
	assert_int_equal(output_reopen(output), -ENOENT);
	assert_int_equal(emit(output), 0);
	output_close(output);
}

static void test_errors(void **state)
{
	struct output *output = NULL;

	(void)state;
	assert_int_equal(open_file("/nowhere/alerts", 0, 0, &output), -ENOENT);
	assert_int_equal(open_file("/tmp", 0, 0, &output), -EISDIR);
	assert_null(output);
	assert_int_equal(open_file("/dev/full", 0, 0, &output), 0);
	assert_int_equal(emit(output), -ENOSPC);
	output_close(output);
	output_close(NULL);
}

/* How many lines are whole alerts, and how many are something else. */
static void count_whole(const char *path, size_t *ret_whole, size_t *ret_other)
{
	FILE *file = fopen(path, "r");
	char text[8192];

	*ret_whole = *ret_other = 0;
	assert_non_null(file);
	while (fgets(text, sizeof(text), file)) {
		json_t *json = json_loads(text, 0, NULL);

		*(json ? ret_whole : ret_other) += 1;
		json_decref(json);
	}
	fclose(file);
}

/* No room for a while: the alerts of that while are lost, and told, and no other one. */
static void test_torn(void **state)
{
	char path[] = "/tmp/spillwatch-unit-XXXXXX";
	struct rlimit before, limit;
	size_t whole, other;
	struct output *output;
	struct stat st;

	(void)state;
	close(mkstemp(path));
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(open_file(path, 0, 0, &output), 0);
	assert_int_equal(emit(output), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = (rlim_t)st.st_size + 7;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(emit(output), -EFBIG);
	assert_int_equal(emit(output), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(emit(output), 0);
	assert_int_equal(emit(output), 0);
	output_close(output);
	count_whole(path, &whole, &other);
	assert_int_equal(whole, 3);
	assert_int_equal(other, 1);
	unlink(path);
}

static const struct iovec *many(size_t count)
{
	static struct iovec lines[OUTPUT_LINES];

	for (size_t i = 0; i < count; i++)
		lines[i] = (struct iovec){(char *)(uintptr_t)line, sizeof(line) - 1};
	return lines;
}

/* Of several at once as many arrive whole as there is room for, and no other line is spoilt by the rest. */
static void test_torn_of_many(void **state)
{
	char path[] = "/tmp/spillwatch-unit-XXXXXX";
	struct rlimit before, limit;
	size_t whole, other;
	struct output *output;
	int error, pipes[2];
	char name[32];

	(void)state;
	close(mkstemp(path));
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(open_file(path, 0, 0, &output), 0);
	assert_int_equal(output_make_room(output, 1), 0);
	assert_int_equal(output_room(output), OUTPUT_LINES_BYTES);
	assert_int_equal(output_write_lines(output, many(OUTPUT_LINES), OUTPUT_LINES, &error), OUTPUT_LINES);
	assert_int_equal(error, 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = (OUTPUT_LINES + 3) * (sizeof(line) - 1) + 7;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(output_write_lines(output, many(5), 5, &error), 3);
	assert_int_equal(error, -EFBIG);
	/* what is there ends inside a line: the next one goes alone */
	assert_int_equal(output_make_room(output, 1), 0);
	assert_int_equal(output_room(output), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(emit(output), 0);
	assert_int_equal(output_make_room(output, 1), 0);
	assert_int_equal(output_room(output), OUTPUT_LINES_BYTES);
	output_close(output);
	count_whole(path, &whole, &other);
	assert_int_equal(whole, OUTPUT_LINES + 3 + 1);
	assert_int_equal(other, 1);
	/* others may write into a pipe as well */
	assert_int_equal(pipe(pipes), 0);
	snprintf(name, sizeof(name), "/dev/fd/%d", pipes[1]);
	assert_int_equal(open_file(name, 0, 0, &output), 0);
	assert_int_equal(output_make_room(output, 1), 0);
	assert_int_equal(output_room(output), 0);
	output_close(output);
	close(pipes[0]);
	close(pipes[1]);
	unlink(path);
}

/* A line that was written just before a daemon was killed is found again: the last one, and of many each. */
static void test_ends(void **state)
{
	static const char *const lines[] = {"{\"a\": 1}\n", "{\"b\": 1}\n", "{\"c\": 1}\n"};
	char path[] = "/tmp/spillwatch-unit-XXXXXX";
	int fd = mkstemp(path);
	struct output *output;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(write(fd, lines[i], strlen(lines[i])), strlen(lines[i]));
	assert_int_equal(open_file(path, 0, 0, &output), 0);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(output_ends(output, lines[i], false), i == 2);
		assert_true(output_ends(output, lines[i], true));
		/* the end of one is none */
		assert_false(i < 2 && output_ends(output, lines[i] + 1, true));
	}
	assert_false(output_ends(output, "{\"d\": 1}\n", true));
	/* behind them one that did not arrive whole */
	assert_int_equal(write(fd, "{\"d\":", 6), 6);
	assert_false(output_ends(output, lines[2], false));
	assert_true(output_ends(output, lines[0], true));
	assert_true(output_ends(output, lines[2], true));
	assert_false(output_ends(output, "{\"d\": 1}\n", true));
	/* further back than what is written at once */
	for (size_t i = 0; i < OUTPUT_LINES_BYTES; i += sizeof(line) - 1)
		assert_int_equal(write(fd, line, sizeof(line) - 1), sizeof(line) - 1);
	assert_false(output_ends(output, lines[0], true));
	output_close(output);
	close(fd);
	unlink(path);
}

/* Another daemon was killed inside its line: seen when the file is opened, and when it is reopened. */
static void test_torn_before(void **state)
{
	char path[] = "/tmp/spillwatch-unit-XXXXXX";
	int fd = mkstemp(path);
	size_t whole, other;
	struct output *output;

	(void)state;
	assert_int_equal(write(fd, "{\"half", 6), 6);
	assert_int_equal(open_file(path, 0, 0, &output), 0);
	assert_int_equal(emit(output), 0);
	assert_int_equal(lseek(fd, 0, SEEK_END) > 6, 1);
	assert_int_equal(write(fd, "{\"half", 6), 6);
	assert_int_equal(output_reopen(output), 0);
	assert_int_equal(emit(output), 0);
	assert_int_equal(output_reopen(output), 0);
	assert_int_equal(emit(output), 0);
	output_close(output);
	count_whole(path, &whole, &other);
	assert_int_equal(whole, 3);
	assert_int_equal(other, 2);
	close(fd);
	unlink(path);
}

/* Standard output is somebody else's pipe: non-blocking and full, then read slowly; then gone. */
static void test_pipe(void **state)
{
	int ends[2], saved = dup(STDOUT_FILENO), status;
	struct output *output;
	pid_t reader;

	(void)state;
	fflush(stdout);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	assert_true(fcntl(ends[1], F_SETPIPE_SZ, 4096) > 0);
	reader = fork();
	if (reader == 0) {
		char bytes[512];
		size_t lines = 0;
		ssize_t len;

		close(ends[1]);
		fcntl(ends[0], F_SETFL, 0);
		while ((len = read(ends[0], bytes, sizeof(bytes))) > 0) {
			for (ssize_t i = 0; i < len; i++)
				lines += bytes[i] == '\n';
			usleep(200);
		}
		_exit(lines == 1000 ? 0 : 1);
	}
	dup2(ends[1], STDOUT_FILENO);
	close(ends[0]);
	close(ends[1]);
	status = open_file("-", 0, 0, &output);
	for (int i = 0; status == 0 && i < 1000; i++)
		status = emit(output);
	dup2(saved, STDOUT_FILENO);
	assert_int_equal(status, 0);
	assert_int_equal(waitpid(reader, &status, 0), reader);
	assert_int_equal(status, 0);
	/* nobody reads any more */
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	close(ends[0]);
	dup2(ends[1], STDOUT_FILENO);
	status = emit(output);
	dup2(saved, STDOUT_FILENO);
	assert_int_equal(status, -EPIPE);
	assert_int_equal(output_reopen(output), 0);
	output_close(output);
	/* what was not ours to open is not ours to close */
	assert_true(fcntl(STDOUT_FILENO, F_GETFD) >= 0);
	close(ends[1]);
	close(saved);
}

/* What others may write to, or lead somewhere else, is refused and left as it is; also when it is reopened. */
static void test_others(void **state)
{
	char dir[] = "/tmp/spillwatch-unit-XXXXXX", path[64], link[64], moved[64];
	struct output *output;
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/alerts", dir);
	snprintf(link, sizeof(link), "%s/link", dir);
	snprintf(moved, sizeof(moved), "%s/alerts.1", dir);
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(open_file(link, 0, 0, &output), -ELOOP);
	assert_int_equal(stat(path, &st), -1);
	assert_int_equal(open_file(path, 0, 0, &output), 0);
	assert_int_equal(rename(path, moved), 0);
	close(open(path, O_WRONLY | O_CREAT, 0600));
	assert_int_equal(chmod(path, 0620), 0);
	assert_int_equal(output_reopen(output), -EUSERS);
	assert_int_equal(emit(output), 0);
	output_close(output);
	assert_int_equal(count_lines(moved), 1);
	assert_int_equal(open_file(path, 0, 0, &output), -EUSERS);
	assert_int_equal(chmod(path, 0602), 0);
	assert_int_equal(open_file(path, 0, 0, &output), -EUSERS);
	/* who may read it is its owner's business */
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(open_file(path, 0, 0, &output), 0);
	output_close(output);
	if (chown(path, 65534, 65534) == 0)
		assert_int_equal(open_file(path, 0, 0, &output), -EUSERS);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_non_null(strstr(output_error(-EUSERS), "another user"));
	assert_non_null(strstr(output_error(-ELOOP), "link"));
	unlink(link);
	unlink(path);
	unlink(moved);
	rmdir(dir);
}

/* A descriptor that was given to us is ours to write to, whoever owns what lies behind it. */
static void test_descriptor(void **state)
{
	char path[] = "/tmp/spillwatch-unit-XXXXXX", name[64];
	int fd = mkstemp(path), saved = dup(STDOUT_FILENO), status;
	struct output *output;

	(void)state;
	assert_int_equal(chmod(path, 0666), 0);
	snprintf(name, sizeof(name), "/dev/fd/%d", fd);
	assert_int_equal(open_file(name, 0, 0, &output), 0);
	assert_int_equal(emit(output), 0);
	assert_int_equal(output_reopen(output), 0);
	assert_int_equal(emit(output), 0);
	output_close(output);
	fflush(stdout);
	dup2(fd, STDOUT_FILENO);
	status = open_file("/dev/stdout", 1, 0, &output);
	dup2(saved, STDOUT_FILENO);
	assert_int_equal(status, 0);
	assert_int_equal(emit(output), 0);
	/* nor is it ours to give it another name */
	assert_int_equal(output_make_room(output, 100), 0);
	output_close(output);
	assert_int_equal(count_lines(path), 3);
	assert_int_equal(open_file("/dev/fd/../shm/x", 0, 0, &output), -ENOENT);
	assert_int_equal(access("/dev/shm/x", F_OK), -1);
	close(saved);
	close(fd);
	unlink(path);
}

/* Nobody reads the FIFO yet: what is to be told meanwhile fails at once, and what comes later arrives. */
static void test_fifo(void **state)
{
	char dir[] = "/tmp/spillwatch-unit-XXXXXX", path[64], text[8192];
	struct output *output;
	int reader;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/fifo", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	alarm(20);
	assert_int_equal(open_file(path, 0, 0, &output), 0);
	assert_int_equal(emit(output), -EPIPE);
	assert_int_equal(output_reopen(output), 0);
	assert_int_equal(emit(output), -EPIPE);
	reader = open(path, O_RDONLY | O_NONBLOCK);
	assert_true(reader >= 0);
	assert_int_equal(emit(output), 0);
	assert_true(read(reader, text, sizeof(text)) > 1);
	assert_int_equal(text[0], '{');
	/* with a reader as well */
	assert_int_equal(output_reopen(output), 0);
	assert_int_equal(emit(output), 0);
	alarm(0);
	output_close(output);
	close(reader);
	unlink(path);
	rmdir(dir);
}

static off_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_size : -1;
}

/* Makes room, and writes. */
static int emit_bounded(struct output *output)
{
	int r = output_make_room(output, sizeof(line) - 1);

	assert_int_equal(emit(output), 0);
	return r;
}

/* A full file gets another name, once; two who share it lose nothing of each other. */
static void test_bound(void **state)
{
	static const off_t len = sizeof(line) - 1;
	char dir[] = "/tmp/spillwatch-unit-XXXXXX", path[64], full[64];
	struct output *output, *other;
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/alerts", dir);
	snprintf(full, sizeof(full), "%s/alerts.1", dir);
	close(open(path, O_WRONLY | O_CREAT, 0600));
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(open_file(path, 0, 0, &output), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(emit_bounded(output), 0);
	output_close(output);
	assert_int_equal(open_file(path, (unsigned long)len * 4, 0, &output), 0);
	/* what was there counts as well */
	assert_int_equal(emit_bounded(output), 0);
	assert_int_equal(size_of(full), -1);
	assert_int_equal(open_file(path, (unsigned long)len * 4, 0, &other), 0);
	assert_int_equal(emit_bounded(output), 0);
	assert_int_equal(size_of(full), 4 * len);
	assert_int_equal(size_of(path), len);
	/* who reads it still may */
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	/* the other one has the full one open still: it does not move the new one */
	assert_int_equal(emit_bounded(other), 0);
	assert_int_equal(size_of(full), 4 * len);
	assert_int_equal(size_of(path), 2 * len);
	for (int i = 0; i < 3; i++)
		assert_int_equal(emit_bounded(other), 0);
	assert_int_equal(size_of(full), 4 * len);
	assert_int_equal(size_of(path), len);
	output_close(other);
	/* a name that can't be had: the file goes on, and it is tried again */
	unlink(full);
	assert_int_equal(mkdir(full, 0700), 0);
	assert_int_equal(emit_bounded(output), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(emit_bounded(output), 0);
	assert_int_equal(emit_bounded(output), -EISDIR);
	for (int i = 0; i < 3; i++)
		assert_int_equal(emit_bounded(output), 0);
	assert_int_equal(emit_bounded(output), -EISDIR);
	assert_int_equal(rmdir(full), 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(emit_bounded(output), 0);
	assert_true(size_of(full) > 8 * len);
	assert_true(size_of(path) <= 4 * len);
	output_close(output);
	/* one alert is longer than all */
	assert_int_equal(open_file(path, 1, 0, &output), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(emit_bounded(output), 0);
	assert_int_equal(size_of(path), len);
	output_close(output);
	unlink(path);
	unlink(full);
	rmdir(dir);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file),         cmocka_unit_test(test_errors),
		cmocka_unit_test(test_torn),         cmocka_unit_test(test_torn_before),
		cmocka_unit_test(test_torn_of_many), cmocka_unit_test(test_ends),
		cmocka_unit_test(test_pipe),         cmocka_unit_test(test_others),
		cmocka_unit_test(test_descriptor),   cmocka_unit_test(test_fifo),
		cmocka_unit_test(test_bound),
	};

	return UNIT_RUN(tests);
}
