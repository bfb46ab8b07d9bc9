// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* uid → name, from a file that changes, and that may not be read. */
#include "children.h"
#include "unit.h"

#include "attribute/users.h"
#include "lib/monotonic.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void put(const char *path, const char *text)
{
	char other[96];
	FILE *file;

	/* as useradd(8) does it: a new file in the old one's place */
	snprintf(other, sizeof(other), "%s+", path);
	file = fopen(other, "w");
	fputs(text, file);
	fclose(file);
	rename(other, path);
}

/* A change shows within 100 ms, or a second where the kernel did not have all of the path in its memory just then (mounts elsewhere do that). */
static void check_soon(struct users *users, uint32_t id, const char *name)
{
	int64_t began = monotonic_ms();
	const char *known;

	while (!(known = users_name(users, id)) || strcmp(known, name) != 0) {
		assert_true(monotonic_ms() - began < 10000);
		usleep(20000);
	}
}

static void test_users(void **state)
{
	char path[] = "/tmp/spillwatch-unit-XXXXXX";
	int fd = mkstemp(path);
	struct users *users;

	(void)state;
	close(fd);
	put(path, "root:x:0:0:root:/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\nbroken line\n");
	assert_int_equal(users_open(NULL, path, NULL, &users), 0);
	assert_string_equal(users_name(users, 0), "root");
	assert_string_equal(users_name(users, 1000), "ada");
	assert_null(users_name(users, 1001));
	put(path, "root:x:0:0:root:/root:/bin/sh\nbob:x:1001:1001::/home/bob:/bin/sh\n");
	check_soon(users, 1001, "bob");
	assert_null(users_name(users, 1000));
	unlink(path);
	usleep(200000);
	assert_string_equal(users_name(users, 1001), "bob");
	users_close(users);
	assert_int_equal(users_open(NULL, "/nowhere", NULL, &users), 0);
	assert_null(users_name(users, 0));
	users_close(users);
}

static void test_groups(void **state)
{
	char path[] = "/tmp/spillwatch-unit-XXXXXX";
	int fd = mkstemp(path);
	struct users *groups;

	(void)state;
	close(fd);
	put(path, "root:x:0:\nadm:x:4:syslog,joe\n");
	assert_int_equal(users_open_groups(NULL, path, NULL, &groups), 0);
	assert_string_equal(users_name(groups, 4), "adm");
	assert_null(users_name(groups, 5));
	users_close(groups);
	unlink(path);
}

/* Holds a lease on a file, and does not give it back. Returns its number. */
static pid_t hold(const char *path)
{
	int ends[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int fd = open(path, O_RDWR | O_CLOEXEC);

		signal(SIGIO, SIG_IGN);
		if (fcntl(fd, F_SETLEASE, F_WRLCK) < 0 || write(ends[1], "", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	close(ends[0]);
	return pid;
}

static void check_name(struct users *users, uint32_t id, const char *name)
{
	const char *known = users_name(users, id);

	if (name)
		assert_string_equal(known, name);
	else
		assert_null(known);
}

/* A file that somebody holds a lease on, or that is none: nobody is waited for, and what was known goes on being so. */
static void test_held(void **state)
{
	char path[] = "/tmp/spillwatch-unit-XXXXXX";
	int fd = mkstemp(path);
	struct users *users;
	int64_t began;
	pid_t holder;

	(void)state;
	close(fd);
	put(path, "ada:x:1000:1000::/:/bin/sh\n");
	assert_int_equal(users_open(NULL, path, NULL, &users), 0);
	check_name(users, 1000, "ada");
	put(path, "bob:x:1000:1000::/:/bin/sh\n");
	holder = hold(path);
	/* it is asked for at least once meanwhile */
	for (int i = 0; i < 30; i++) {
		began = monotonic_ms();
		check_name(users, 1000, "ada");
		assert_true(monotonic_ms() - began < 2000);
		usleep(50000);
	}
	kill(holder, SIGKILL);
	waitpid(holder, NULL, 0);
	check_soon(users, 1000, "bob");
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	usleep(200000);
	check_name(users, 1000, "bob");
	unlink(path);
	users_close(users);
}

static void check_host(struct inquiry *inquiry)
{
	const struct inquiry_world world = {.root = AT_FDCWD, .procfs = "/proc", .path = ""};
	const struct inquiry_question question = {.kind = INQUIRY_GONE, .path = "/nowhere"};
	struct inquiry_answer answer;

	assert_int_equal(inquiry_ask(inquiry, &world, &question, NULL, &answer), 1);
}

/* With names that have been read; on a slow machine who reads them may be given up, and then another one does. */
static struct users *open_asked(const char *path, struct inquiry **ret_inquiry)
{
	for (int i = 0; i < 5; i++) {
		struct users *users;

		assert_int_equal(inquiry_open(NULL, NULL, ret_inquiry), 0);
		assert_int_equal(users_open_groups(NULL, path, *ret_inquiry, &users), 0);
		if (users_changes(users) == 1 && inquiry_unanswered(*ret_inquiry) == 0)
			return users;
		users_close(users);
		inquiry_close(*ret_inquiry);
	}
	fail_msg("nobody answers");
	return NULL;
}

/* Names of so many numbers, from 100000 on. */
static void put_many(const char *path, unsigned int count)
{
	static char text[1 << 17];
	size_t len = 0;

	for (unsigned int i = 0; i < count; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "g%u:x:%u:\n", i, 100000 + i);
	put(path, text);
}

/* More names than one answer holds; and a process that answers no more. */
static void test_asked(void **state)
{
	char path[] = "/tmp/spillwatch-unit-XXXXXX";
	int fd = mkstemp(path);
	struct inquiry *inquiry;
	struct users *users;
	pid_t nursery, looker;
	int64_t began = monotonic_ms();

	(void)state;
	close(fd);
	put_many(path, 5000);
	users = open_asked(path, &inquiry);
	for (unsigned int i = 0; i < 4096; i += 7) {
		char name[16];

		snprintf(name, sizeof(name), "g%u", i);
		check_name(users, 100000 + i, name);
	}
	check_name(users, 100000 + 4096, NULL);
	nursery = child_of(getpid());
	looker = nursery ? child_of(nursery) : 0;
	if (looker) {
		kill(looker, SIGSTOP);
		put(path, "new:x:100000:\n");
		while (!inquiry_unanswered(inquiry)) {
			int64_t asked = monotonic_ms();

			check_name(users, 100000, "g0");
			check_name(users, 100001, "g1");
			assert_true(monotonic_ms() - asked < INQUIRY_PATIENCE_MS + 2000);
			assert_true(monotonic_ms() - began < 20000);
			usleep(20000);
		}
		check_name(users, 100000, "g0");
		/* what else is the host's is answered */
		check_host(inquiry);
		kill(looker, SIGCONT);
	} else {
		print_message("this kernel doesn't tell of children\n");
	}
	unlink(path);
	users_close(users);
	inquiry_close(inquiry);
}

/* At the start it is waited for longer than later, for each page of names, and nobody is silent after it. */
static void test_patient(void **state)
{
	char path[] = "/tmp/spillwatch-unit-XXXXXX";
	int fd = mkstemp(path);
	struct inquiry *inquiry;
	struct users *users;
	pid_t nursery, looker, waker;

	(void)state;
	close(fd);
	put_many(path, 1000);
	assert_int_equal(inquiry_open(NULL, NULL, &inquiry), 0);
	inquiry_patient(inquiry, 30000);
	check_host(inquiry);
	nursery = child_of(getpid());
	looker = nursery ? child_of(nursery) : 0;
	if (looker) {
		kill(looker, SIGSTOP);
		waker = fork();
		if (waker == 0) {
			usleep(1000 * (INQUIRY_PATIENCE_MS + 500));
			kill(looker, SIGCONT);
			_exit(0);
		}
		assert_int_equal(users_open_groups(NULL, path, inquiry, &users), 0);
		assert_int_equal(users_changes(users), 1);
		assert_int_equal(inquiry_unanswered(inquiry), 0);
		inquiry_patient(inquiry, 0);
		check_name(users, 100000, "g0");
		check_name(users, 100999, "g999");
		assert_int_equal(waitpid(waker, NULL, 0), waker);
		users_close(users);
	} else {
		print_message("this kernel doesn't tell of children\n");
	}
	unlink(path);
	inquiry_close(inquiry);
}

/* Holds up a process nearly all of the time. Returns who does so, until it is killed. */
static pid_t hold_up(pid_t pid, useconds_t us)
{
	pid_t holder = fork();

	for (; holder == 0;) {
		if (kill(pid, SIGSTOP) < 0)
			_exit(0);
		usleep(us);
		kill(pid, SIGCONT);
		usleep(50);
	}
	return holder;
}

/* Of so much, the process that reads the names has a moment, in which it reads one page of ten, or some. */
#define SLOW_US 200000
#define SLOW_LAST (100000 + 4095)

/* Returns whether that was so: a machine that is busy with others may have let it read all of them, or not even one in time. */
static bool slow(struct inquiry *inquiry, pid_t looker, const char *path)
{
	pid_t holder = hold_up(looker, SLOW_US);
	uint64_t unanswered = inquiry_unanswered(inquiry);
	int64_t began = monotonic_ms(), took;
	struct users *users;
	uint64_t changes;
	bool held;

	assert_int_equal(users_open_groups(NULL, path, inquiry, &users), 0);
	changes = users_changes(users);
	took = monotonic_ms() - began;
	held = inquiry_unanswered(inquiry) == unanswered && took >= USERS_PAGES_MS &&
	       users_name(users, SLOW_LAST) == NULL;
	assert_int_equal(kill(holder, SIGKILL), 0);
	assert_int_equal(waitpid(holder, NULL, 0), holder);
	kill(looker, SIGCONT);
	if (held) {
		/* what was made without the others is made again */
		assert_int_not_equal(changes, 0);
		while (users_name(users, SLOW_LAST) == NULL) {
			assert_true(monotonic_ms() - began < 60000);
			usleep(20000);
		}
		assert_int_not_equal(users_changes(users), changes);
	}
	check_soon(users, SLOW_LAST, "g4095");
	for (unsigned int i = 0; i < 4096; i += 7) {
		char name[16];

		snprintf(name, sizeof(name), "g%u", i);
		check_name(users, 100000 + i, name);
	}
	users_close(users);
	return held;
}

/* Pages that come slowly are waited for up to a bound; the names that have come are known, and later the others. */
static void test_slow(void **state)
{
	char path[] = "/tmp/spillwatch-unit-XXXXXX";
	int fd = mkstemp(path), left = 10;
	struct inquiry *inquiry;
	pid_t nursery, looker;

	(void)state;
	close(fd);
	put_many(path, 4096);
	assert_int_equal(inquiry_open(NULL, NULL, &inquiry), 0);
	inquiry_patient(inquiry, 30000);
	check_host(inquiry);
	nursery = child_of(getpid());
	looker = nursery ? child_of(nursery) : 0;
	if (!looker)
		print_message("this kernel doesn't tell of children\n");
	while (looker && left && !slow(inquiry, looker, path))
		left--;
	assert_int_not_equal(left, 0);
	unlink(path);
	inquiry_close(inquiry);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_users), cmocka_unit_test(test_groups),  cmocka_unit_test(test_held),
		cmocka_unit_test(test_asked), cmocka_unit_test(test_patient), cmocka_unit_test(test_slow)};

	return UNIT_RUN(tests);
}
