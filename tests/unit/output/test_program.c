// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Programs that read, that end, that stand still, and that are none. */
#include "unit.h"

#include "output/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
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
	snprintf(path, sizeof(path), "%s/got", dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static struct output *start_as(const char *script, unsigned long seconds, bool per_alert)
{
	char shell[] = "/bin/sh", dash[] = "-c", zero[] = "sh";
	char *args[] = {shell, dash, strdup(script), zero, path, NULL};
	const struct output_spec spec = {.what = OUTPUT_PROGRAM,
					 .target = shell,
					 .args = args,
					 .seconds = seconds,
					 .per_alert = per_alert};
	struct output *output;

	assert_int_equal(output_program_open(&spec, &output), 0);
	/* the keeper has a copy */
	free(args[2]);
	return output;
}

static struct output *start(const char *script, unsigned long seconds)
{
	return start_as(script, seconds, false);
}

/* Bytes that the program has got. */
static size_t got(void)
{
	FILE *file = fopen(path, "r");
	size_t bytes = 0;

	if (!file)
		return 0;
	while (fgetc(file) != EOF)
		bytes++;
	fclose(file);
	return bytes;
}

static int emit(struct output *output, const char *line)
{
	return output_write(output, line, strlen(line), true);
}

/* Nobody is left, some time after the end. */
static void check_gone(void)
{
	for (int ms = 0; waitpid(-1, NULL, WNOHANG) != -1 && ms < LONG; ms++)
		usleep(1000);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* All that was handed over is there when it is over. */
static void test_reads(void **state)
{
	struct output *output = start("cat > $1", 0);

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(emit(output, "one\n"), 0);
	output_close(output);
	check_gone();
	assert_int_equal(got(), 400);
}

/* One line each: the next program gets the next one. */
static void test_ends(void **state)
{
	struct output *output = start("read line; exec <&-; echo $line >> $1", 0);

	(void)state;
	for (size_t i = 1; i <= 3; i++) {
		assert_int_equal(emit(output, "one\n"), 0);
		for (int ms = 0; got() < 4 * i && ms < LONG; ms++)
			usleep(1000);
		assert_int_equal(got(), 4 * i);
	}
	output_close(output);
}

/* What does not fit into its pipe is waited for; then it is killed, and the next program goes on. */
static void test_stands_still(void **state)
{
	struct output *output = start("[ -e $1 ] && exec cat >> $1; : > $1; exec sleep 1000", 1);
	char line[4001];
	int r;

	(void)state;
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 2] = '\n';
	line[sizeof(line) - 1] = '\0';
	do
		r = emit(output, line);
	while (r == 0);
	/* with what it had not read */
	assert_int_equal(r, 65536 / 4000 + 1);
	assert_int_equal(emit(output, "one\n"), 0);
	output_close(output);
	check_gone();
	assert_int_equal(got(), 4);
}

/* It ends at once: the line waits, it is said why, and an end is an end. */
static void test_none(void **state)
{
	char shell[] = "/nowhere/program", *args[] = {shell, NULL};
	const struct output_spec spec = {.what = OUTPUT_PROGRAM, .target = shell, .args = args};
	struct output *output;

	(void)state;
	assert_int_equal(output_program_open(&spec, &output), -ENOENT);
	output = start("exit 1", 0);
	output_give_up(output);
	assert_int_equal(emit(output, "one\n"), -ECANCELED);
	output_close(output);
	check_gone();
}

/* What a program ends without having read is counted. */
static void test_unread(void **state)
{
	struct output *output = start("sleep 0.1", 0);
	int lines = 0, r = 0;

	(void)state;
	for (int ms = 0; r == 0 && ms < LONG; ms += 10) {
		r = emit(output, "one\n");
		lines += r == 0;
		usleep(10000);
	}
	assert_true(lines > 0);
	assert_int_equal(r, lines);
	output_close(output);
	check_gone();
}

static void *emit_one(void *output)
{
	return (void *)(intptr_t)emit(output, "one\n");
}

/* What can't be started takes nothing. */
static void test_broken(void **state)
{
	char *args[] = {path, NULL};
	const struct output_spec spec = {.what = OUTPUT_PROGRAM, .target = path, .args = args};
	FILE *file = fopen(path, "w");
	struct output *output;
	pthread_t thread;
	void *result;

	(void)state;
	assert_non_null(file);
	fputs("#!/nowhere/interpreter\n", file);
	fclose(file);
	assert_int_equal(chmod(path, 0700), 0);
	assert_int_equal(output_program_open(&spec, &output), 0);
	assert_int_equal(pthread_create(&thread, NULL, emit_one, output), 0);
	for (int ms = 0; __atomic_load_n(&output->trouble, __ATOMIC_RELAXED) == 0 && ms < LONG; ms++)
		usleep(1000);
	assert_int_equal(__atomic_load_n(&output->trouble, __ATOMIC_RELAXED), -ENOENT);
	output_give_up(output);
	pthread_join(thread, &result);
	assert_int_equal((intptr_t)result, -ECANCELED);
	output_close(output);
	check_gone();
}

/* One for each line: it is over when the line is through, and how it ended is how that went. */
static void test_per_alert(void **state)
{
	struct output *output = start_as("cat >> $1", 0, true);

	(void)state;
	for (size_t i = 1; i <= 3; i++) {
		assert_int_equal(emit(output, "one\n"), 0);
		assert_int_equal(got(), 4 * i);
	}
	output_close(output);
	check_gone();
	/* one that fails, or is killed, costs its own line */
	output = start_as(
		"read line; echo $line >> $1; [ \"$line\" != kill ] || kill -9 $$; [ \"$line\" = one ]", 0,
		true);
	assert_int_equal(emit(output, "two\n"), -EREMOTEIO);
	assert_int_equal(emit(output, "kill\n"), -EREMOTEIO);
	assert_int_equal(emit(output, "one\n"), 0);
	output_close(output);
	check_gone();
	assert_int_equal(got(), 12 + 4 + 5 + 4);
}

/* What it does not read is its own affair, if it ends well; also more than a pipe holds. */
static void test_per_alert_unread(void **state)
{
	struct output *output = start_as("exit 0", 0, true);
	static char line[100001];

	(void)state;
	memset(line, 'x', sizeof(line) - 1);
	assert_int_equal(emit(output, line), 0);
	assert_int_equal(emit(output, "one\n"), 0);
	output_close(output);
	check_gone();
}

/* One that does not end is killed, and the next one goes on; one that reads nothing of what fills its pipe likewise. */
static void test_per_alert_hangs(void **state)
{
	struct output *output =
		start_as("[ -e $1 ] && exec cat >> $1; : > $1; cat > /dev/null; exec sleep 1000", 1, true);
	static char line[100001];

	(void)state;
	assert_int_equal(emit(output, "one\n"), -ETIMEDOUT);
	assert_int_equal(emit(output, "one\n"), 0);
	assert_int_equal(got(), 4);
	output_close(output);
	check_gone();
	memset(line, 'x', sizeof(line) - 1);
	output = start_as("exec sleep 1000", 1, true);
	assert_int_equal(emit(output, line), -ETIMEDOUT);
	output_close(output);
	check_gone();
}

/* What it has started is killed with it: it would keep what was given to it open, for each alert another one. */
static void test_per_alert_children(void **state)
{
	struct output *output = start_as("cat > /dev/null; exec 3> $1; sleep 1000 | cat", 1, true);
	struct pollfd hung = {.events = POLLIN};

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	hung.fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(hung.fd >= 0);
	assert_int_equal(emit(output, "one\n"), -ETIMEDOUT);
	/* nobody has it open for writing any more */
	assert_int_equal(poll(&hung, 1, LONG), 1);
	assert_true(hung.revents & POLLHUP);
	close(hung.fd);
	output_close(output);
	check_gone();
}

/* One that has left its group for the keeper's is killed all the same. */
static void test_per_alert_elsewhere(void **state)
{
	struct output *output = start_as("exec perl -e 'setpgrp(0, getpgrp(getppid())); open(F, \">\", "
					 "shift); print F getpgrp(0) == $$; "
					 "close(F); sleep 1000' $1",
					 1, true);

	(void)state;
	assert_int_equal(emit(output, "one\n"), -ETIMEDOUT);
	/* it was not its own any more */
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(got(), 0);
	output_close(output);
	check_gone();
}

/* The daemon's end is not kept by one that hangs, nor is that one left behind. */
static void test_per_alert_given_up(void **state)
{
	struct output *output = start_as("echo >> $1; exec sleep 1000", 1000, true);
	pthread_t thread;
	void *result;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, emit_one, output), 0);
	for (int ms = 0; got() == 0 && ms < LONG; ms++)
		usleep(1000);
	output_give_up(output);
	pthread_join(thread, &result);
	assert_int_equal((intptr_t)result, -ECANCELED);
	output_close(output);
	check_gone();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_reads, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(test_per_alert, setup, teardown),
		cmocka_unit_test_setup_teardown(test_per_alert_unread, setup, teardown),
		cmocka_unit_test_setup_teardown(test_per_alert_hangs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_per_alert_children, setup, teardown),
		cmocka_unit_test_setup_teardown(test_per_alert_elsewhere, setup, teardown),
		cmocka_unit_test_setup_teardown(test_per_alert_given_up, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stands_still, setup, teardown),
		cmocka_unit_test_setup_teardown(test_none, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unread, setup, teardown),
		cmocka_unit_test_setup_teardown(test_broken, setup, teardown),
	};

	return UNIT_RUN(tests);
}
