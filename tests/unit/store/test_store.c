// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The store: counts, merges, bounds, kills, full disks, damage, readers. */
#include "alerts.h"
#include "unit.h"

#include "store/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char *dir;
static char path[128];

static int setup(void **state)
{
	(void)state;
	dir = alerts_dir();
	snprintf(path, sizeof(path), "%s/audit.db", dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	alerts_remove(dir);
	return 0;
}

static void flush(struct store *store)
{
	char *moved = NULL;

	assert_int_equal(store_flush(store, &moved), 0);
	assert_null(moved);
}

static struct alert_spec spec_make(const char *file, uint64_t news)
{
	return (struct alert_spec){.token = "dt0c01.AAAA",
				   .file = file,
				   .program = "/bin/a",
				   .time = alerts_now(),
				   .news = news};
}

/* A repeat counts the writes that it is the first to tell of, in whatever order and flush. */
static void test_repeats(void **state)
{
	struct store *store = alerts_store(path);
	static const uint64_t news[] = {1, 5, 4, 1, 2};
	struct alert_spec spec;

	(void)state;
	for (size_t i = 0; i < sizeof(news) / sizeof(*news); i++) {
		spec = spec_make("/f", news[i]);
		alerts_put(store, &spec);
		if (i % 2)
			flush(store);
	}
	flush(store);
	assert_int_equal(alerts_number(path, "SELECT count FROM fact"), 13);
	assert_int_equal(alerts_number(path, "SELECT sum(count) FROM activity"), 13);
	store_close(store);
}

/* Two programs, and two containers, that write the same token to the same file are counted each by itself. */
static void test_repeats_of_others(void **state)
{
	struct store *store = alerts_store(path);
	struct alert_spec spec = spec_make("/f", 0);

	(void)state;
	alerts_put(store, &spec);
	spec = spec_make("/f", 4);
	spec.program = "/bin/b";
	alerts_put(store, &spec);
	spec.container = "0123456789abcdef";
	spec.news = 20;
	alerts_put(store, &spec);
	spec.container = "fedcba9876543210";
	spec.news = 100;
	alerts_put(store, &spec);
	flush(store);
	store_close(store);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM fact"), 4);
	assert_int_equal(alerts_number(path, "SELECT sum(count) FROM fact"), 125);
	assert_int_equal(alerts_number(path, "SELECT max(count) FROM fact"), 100);
}

/* The last name that a container had is its name, also where what it wrote under it waits already under the one of before. */
static void test_renamed(void **state)
{
	struct store *store = alerts_store(path);
	struct alert_spec spec = spec_make("/a.log", 0);

	(void)state;
	spec.container = "0123456789abcdef";
	spec.name = "web";
	alerts_put(store, &spec);
	spec.file = "/b.log";
	alerts_put(store, &spec);
	spec.file = "/a.log";
	spec.name = "db";
	alerts_put(store, &spec);
	flush(store);
	store_close(store);
	assert_int_equal(alerts_number(path, "SELECT name = 'db' AND former = char(10) || 'web' || char(10)"
					     " FROM container"),
			 1);
	assert_int_equal(alerts_number(path, "SELECT sum(count) FROM fact"), 3);
}

static void test_keys(void **state)
{
	struct store *store = alerts_store(path);
	struct alert_spec spec = spec_make("/f", 0);
	struct stat st;

	(void)state;
	spec.time -= 7200;
	alerts_put(store, &spec);
	spec.time += 7200;
	alerts_put(store, &spec);
	spec.container = "0123456789abcdef";
	alerts_put(store, &spec);
	/* the host's name for a file is the one that counts */
	spec.host_path = "/host/f";
	alerts_put(store, &spec);
	spec.program = NULL;
	alerts_put(store, &spec);
	flush(store);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM fact"), 4);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM activity"), 5);
	assert_int_equal(alerts_number(path, "SELECT last - first FROM fact WHERE container = 0"),
			 7200000000);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM name WHERE value = '(writer)'"), 1);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM name WHERE value = '/host/f'"), 1);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM container"), 1);
	assert_int_equal(alerts_number(path, "PRAGMA auto_vacuum"), 2);
	store_close(store);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

/* BusyBox is as many programs as it is called as. */
static void test_busybox(void **state)
{
	struct alert_spec spec = {.token = "dt0c01.AAAA", .file = "/f", .program = "/bin/busybox"};
	struct store *store = alerts_store(path);
	struct alert alert;
	char cat[] = "/bin/cat /tmp/in";

	(void)state;
	spec.time = alerts_now();
	alerts_put(store, &spec);
	alert = alerts_make(&spec);
	alert.process.command_line = cat;
	assert_int_equal(store_put(store, &alert), 0);
	store_close(store);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM fact"), 2);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM name WHERE value IN"
					     " ('/bin/busybox (writer)', '/bin/busybox (cat)')"),
			 2);
}

/* What calls itself a container is an entry of its own, and is none of that one's. */
static void test_claimed(void **state)
{
	struct store *store = alerts_store(path);
	struct alert_spec spec = spec_make("/f", 0);
	struct alert alert;

	(void)state;
	spec.container = "0123456789abcdef";
	alerts_put(store, &spec);
	alert = alerts_make(&spec);
	alert.container.claimed = true;
	alert.container.name = NULL;
	assert_int_equal(store_put(store, &alert), 0);
	flush(store);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM fact"), 2);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM container"), 2);
	store_close(store);
}

static void test_due(void **state)
{
	struct store *store = alerts_store(path);
	struct alert_spec spec = spec_make("/f", 0);
	char *moved = NULL;
	int due;

	(void)state;
	/* once at the beginning, for what is too old */
	assert_int_equal(store_due(store), 0);
	assert_int_equal(store_work(store, &moved), 0);
	assert_true(store_due(store) > 3600 * 1000);
	/* the first at once, the next within a second */
	alerts_put(store, &spec);
	assert_int_equal(store_due(store), 0);
	assert_int_equal(store_work(store, &moved), 0);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM fact"), 1);
	assert_true(store_due(store) > 3600 * 1000);
	/* unless this process was not let run for that long */
	alerts_put(store, &spec);
	due = store_due(store);
	assert_in_range(due, 0, 1000);
	assert_int_equal(store_work(store, &moved), 0);
	if (store_due(store) > 0 && store_due(store) <= due)
		assert_int_equal(alerts_number(path, "SELECT sum(count) FROM fact"), 1);
	store_close(store);
	assert_int_equal(alerts_number(path, "SELECT sum(count) FROM fact"), 2);
}

static void work_until_done(struct store *store)
{
	char *moved = NULL;

	for (int i = 0; i < 200 && store_due(store) < 10000; i++) {
		assert_int_equal(store_work(store, &moved), 0);
		usleep((unsigned int)store_due(store) > 10000 ? 0 : (unsigned int)store_due(store) * 1000);
	}
}

/* What has piled up is written at once, and with it up to which alert that is: who comes after a kill never finds one without the other. */
static void test_mark(void **state)
{
	enum { FACTS = 100 };
	struct store *store = alerts_store(path);
	char files[FACTS][16], *moved = NULL;

	(void)state;
	assert_int_equal(store_marked(store, 7), 0);
	for (int i = 0; i < FACTS; i++) {
		struct alert_spec spec;

		snprintf(files[i], sizeof(files[i]), "/f%d", i);
		spec = spec_make(files[i], 0);
		alerts_put(store, &spec);
		store_mark(store, 7, 1000 + (uint64_t)i);
	}
	assert_int_equal(store_marked(store, 7), 0);
	assert_int_equal(store_due(store), 0);
	assert_int_equal(store_work(store, &moved), 0);
	assert_int_equal(store_waiting(store), 0);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM fact"), FACTS);
	assert_int_equal(store_marked(store, 7), 1000 + FACTS - 1);
	store_close(store);
	store = alerts_store(path);
	assert_int_equal(store_marked(store, 7), 1000 + FACTS - 1);
	/* of a store that several monitors write, each has its own */
	assert_int_equal(store_marked(store, 8), 0);
	store_mark(store, 8, 5);
	alerts_put(store, &(struct alert_spec){.token = "t", .file = "/g", .time = alerts_now()});
	assert_int_equal(store_flush(store, &moved), 0);
	assert_int_equal(store_marked(store, 8), 5);
	assert_int_equal(store_marked(store, 7), 1000 + FACTS - 1);
	/* but that many only: another one takes the place of the first */
	store_mark(store, 7 + 16, 6);
	alerts_put(store, &(struct alert_spec){.token = "t", .file = "/h", .time = alerts_now()});
	assert_int_equal(store_flush(store, &moved), 0);
	assert_int_equal(store_marked(store, 7), 0);
	assert_int_equal(store_marked(store, 7 + 16), 6);
	store_close(store);
}

static void test_age(void **state)
{
	struct store *store = alerts_store(path);
	struct alert_spec spec = spec_make("/old", 0);

	(void)state;
	spec.time -= (STORE_DAYS + 1) * 86400;
	alerts_put(store, &spec);
	spec = spec_make("/new", 0);
	alerts_put(store, &spec);
	store_close(store);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM fact"), 2);
	store = alerts_store(path);
	work_until_done(store);
	store_close(store);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM fact"), 1);
	assert_int_equal(alerts_number(path, "SELECT value FROM meta WHERE key = 'removed_age'"), 1);
	/* with all that only it needed */
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM name WHERE value = '/old'"), 0);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM file"), 1);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM activity"), 1);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM detail"), 1);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM token"), 1);
}

#define DAY (24LL * 3600 * 1000000)

static void test_clock(void **state)
{
	struct store_clock clock = {.sure = 1000 * DAY};

	(void)state;
	/* as it goes, and over a night */
	assert_int_equal(clock_step(&clock, 1000 * DAY + 5), 1000 * DAY + 5);
	assert_int_equal(clock_step(&clock, 1001 * DAY), 1001 * DAY);
	/* a jump, and as many starts as you like, also by a clock that is ahead of that one */
	for (int i = 0; i < 200; i++)
		assert_int_equal(clock_step(&clock, 1101 * DAY + i * DAY / 200), 1001 * DAY);
	assert_int_equal(clock_step(&clock, 1105 * DAY), 1001 * DAY);
	/* it was a mistake */
	assert_int_equal(clock_step(&clock, 1001 * DAY + 500), 1001 * DAY + 500);
	assert_int_equal(clock_step(&clock, 1101 * DAY), 1001 * DAY + 500);
	/* it was none: after a week what it said first is certain, and after another one the rest */
	assert_int_equal(clock_step(&clock, 1107 * DAY), 1001 * DAY + 500);
	assert_int_equal(clock_step(&clock, 1108 * DAY), 1101 * DAY);
	assert_int_equal(clock_step(&clock, 1109 * DAY), 1101 * DAY);
	assert_int_equal(clock_step(&clock, 1115 * DAY), 1108 * DAY);
	/* back, and from there on */
	assert_int_equal(clock_step(&clock, 3 * DAY), 3 * DAY);
	assert_int_equal(clock_step(&clock, 1115 * DAY), 3 * DAY);
}

/* A start with a clock 100 days ahead, and a second one, remove nothing; if it stays so for a week, what is old goes. */
static void clock_ahead(const char *before)
{
	struct alert_spec spec = spec_make("/a", 0);
	struct store *store = alerts_store(path);

	/* which is the same as all entries 100 days old */
	spec.time -= 100 * 86400;
	alerts_put(store, &spec);
	spec = spec_make("/b", 0);
	spec.time -= 130 * 86400;
	alerts_put(store, &spec);
	store_close(store);
	alerts_number(path, before);
	for (int i = 0; i < 3; i++) {
		store = alerts_store(path);
		/* also what that clock writes proves nothing */
		spec = spec_make("/c", 0);
		alerts_put(store, &spec);
		work_until_done(store);
		store_close(store);
		assert_int_equal(alerts_number(path, "SELECT count(*) FROM fact"), 3);
	}
	alerts_number(path, "UPDATE meta SET value = value - 8 * 86400000000 WHERE key = 'clock_claimed'");
	store = alerts_store(path);
	work_until_done(store);
	store_close(store);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM fact"), 1);
	assert_int_equal(alerts_number(path, "SELECT value FROM meta WHERE key = 'removed_age'"), 2);
}

static void test_clock_ahead(void **state)
{
	(void)state;
	clock_ahead("UPDATE meta SET value = value - 100 * 86400000000 WHERE key = 'clock_sure'");
	unlink(path);
	/* of a store that knows nothing of it, its newest entry does */
	clock_ahead("DELETE FROM meta WHERE key GLOB 'clock_*'");
}

static void test_size(void **state)
{
	const struct store_limits limits = {.days = STORE_DAYS, .bytes = STORE_BYTES_MIN};
	struct alert_spec spec = spec_make("/f", 0);
	char *moved = NULL, file[64];
	struct store *store;
	struct stat st;

	(void)state;
	assert_int_equal(store_open(path, &limits, &moved, &store), 0);
	for (int i = 0; i < 8000; i++) {
		snprintf(file, sizeof(file), "/var/log/something/somewhere/%d.log", i);
		spec.file = file;
		spec.time = alerts_now() - 8000 + i;
		alerts_put(store, &spec);
		if (i % 1000 == 999)
			flush(store);
	}
	work_until_done(store);
	store_close(store);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size <= (off_t)limits.bytes);
	assert_true(st.st_size >= (off_t)limits.bytes / 2);
	/* the oldest went, and are counted */
	assert_int_equal(alerts_number(path, "SELECT value FROM meta WHERE key = 'removed_size'"),
			 8000 - alerts_number(path, "SELECT count(*) FROM fact"));
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM name WHERE value LIKE '%/7999.log'"), 1);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM name WHERE value LIKE '%/0.log'"), 0);
	assert_true(alerts_number(path, "SELECT value FROM meta WHERE key = 'removed_until'") <
		    alerts_number(path, "SELECT min(last) FROM fact"));
	assert_int_equal(alerts_number(path, "PRAGMA integrity_check") >= 0, 1);
}

/* Killed at any moment: what was committed is there, the file is whole, and goes on. */
static void test_kill(void **state)
{
	(void)state;
	for (int round = 0; round < 8; round++) {
		int ready[2], status, told = 0;
		struct store *store;
		pid_t pid;

		assert_int_equal(pipe(ready), 0);
		pid = fork();
		if (pid == 0) {
			struct alert_spec spec = spec_make("/f", 0);
			char *moved = NULL, file[64];

			store = alerts_store(path);
			for (int i = 0;; i++) {
				snprintf(file, sizeof(file), "/%d/%d", round, i);
				spec.file = file;
				alerts_put(store, &spec);
				if (store_flush(store, &moved) < 0 || write(ready[1], &i, sizeof(i)) < 0)
					_exit(1);
			}
		}
		close(ready[1]);
		assert_int_equal(read(ready[0], &told, sizeof(told)), sizeof(told));
		usleep(20000U * (unsigned int)(round + 1));
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		while (read(ready[0], &told, sizeof(told)) == sizeof(told))
			;
		close(ready[0]);
		store = alerts_store(path);
		store_close(store);
		char sql[128];
		snprintf(sql, sizeof(sql), "SELECT count(*) FROM name WHERE value GLOB '/%d/*'", round);
		assert_true(alerts_number(path, sql) >= told + 1);
		assert_int_equal(alerts_number(path, "SELECT count(*) FROM pragma_integrity_check WHERE "
						     "integrity_check <> 'ok'"),
				 0);
	}
}

/* Run in a child with a small file system of its own. Returns an exit status. */
static int full_disk(const char *mountpoint)
{
	const struct store_limits limits = {.days = STORE_DAYS, .bytes = STORE_BYTES};
	char *moved = NULL, file[64], filler[64], bytes[65536];
	struct alert_spec spec = spec_make("/f", 0);
	int put = 0, failed = 0, fd;
	struct store *store;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", mountpoint, "tmpfs", 0, "size=2m") < 0)
		return 77;
	snprintf(path, sizeof(path), "%s/audit.db", mountpoint);
	snprintf(filler, sizeof(filler), "%s/filler", mountpoint);
	if (store_open(path, &limits, &moved, &store) < 0)
		return 2;
	memset(bytes, 'x', sizeof(bytes));
	fd = open(filler, O_CREAT | O_WRONLY, 0600);
	while (write(fd, bytes, sizeof(bytes)) > 0)
		;
	close(fd);
	/* more than can wait: those past the bound are counted */
	for (; put < 20000; put++) {
		snprintf(file, sizeof(file), "/var/log/something/somewhere/%d.log", put);
		spec.file = file;
		struct alert alert = alerts_make(&spec);
		failed += store_put(store, &alert) < 0;
		if (put % 5000 == 4999 && store_flush(store, &moved) != -ENOSPC)
			return 3;
	}
	if (!failed || store_lost(store) != (uint64_t)failed ||
	    store_waiting(store) != (uint64_t)(put - failed) || moved)
		return 4;
	/* room again: what waited is there, and so is the number of what is missing */
	if (unlink(filler) < 0 || mount(NULL, mountpoint, NULL, MS_REMOUNT, "size=64m") < 0 ||
	    store_flush(store, &moved) < 0 || store_waiting(store))
		return 5;
	if (alerts_number(path, "SELECT count(*) FROM fact") != put - failed ||
	    alerts_number(path, "SELECT value FROM meta WHERE key = 'lost'") != failed)
		return 6;
	store_close(store);
	return 0;
}

static void test_full_disk(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip(); /* mounting needs root */
	pid = fork();
	if (pid == 0)
		_exit(full_disk(dir));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip(); /* a container that forbids mounts */
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Damage at the front, where opening sees it, and in the middle, where only use does. */
static void test_damage(void **state)
{
	const struct store_limits limits = {.days = STORE_DAYS, .bytes = STORE_BYTES};
	struct alert_spec spec = spec_make("/f", 0);
	char *moved = NULL, noise[8192];
	struct store *store;
	int fd;

	(void)state;
	memset(noise, 0xa5, sizeof(noise));
	store = alerts_store(path);
	alerts_put(store, &spec);
	store_close(store);
	fd = open(path, O_WRONLY);
	/* but for the application's id, by which it is known to be ours */
	assert_int_equal(pwrite(fd, noise, 68, 0), 68);
	assert_int_equal(pwrite(fd, noise, 28, 72), 28);
	close(fd);
	assert_int_equal(store_open(path, &limits, &moved, &store), 0);
	assert_non_null(moved);
	assert_non_null(strstr(moved, ".corrupt-"));
	assert_int_equal(access(moved, F_OK), 0);
	unlink(moved);
	free(moved);
	moved = NULL;
	alerts_put(store, &spec);
	store_close(store);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM fact"), 1);
	/* SQLite's, and too short */
	fd = open(path, O_WRONLY | O_TRUNC);
	assert_int_equal(write(fd, "SQLite format 3", 16), 16);
	close(fd);
	assert_int_equal(store_open(path, &limits, &moved, &store), 0);
	assert_non_null(moved);
	unlink(moved);
	free(moved);
	moved = NULL;
	alerts_put(store, &spec);
	store_close(store);
	/* every page but the first, while it is open */
	store = alerts_store(path);
	fd = open(path, O_WRONLY);
	for (off_t at = 4096; at < lseek(fd, 0, SEEK_END); at += 4096)
		assert_int_equal(pwrite(fd, noise, 4096, at), 4096);
	close(fd);
	alerts_put(store, &spec);
	assert_int_equal(store_flush(store, &moved), 0);
	assert_non_null(moved);
	free(moved);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM fact"), 1);
	store_close(store);
}

/* Every page but the first, under whoever has it open. */
static void damage(void)
{
	char noise[4096];
	int fd = open(path, O_WRONLY);

	memset(noise, 0xa5, sizeof(noise));
	for (off_t at = 4096; at < lseek(fd, 0, SEEK_END); at += 4096)
		assert_int_equal(pwrite(fd, noise, 4096, at), 4096);
	close(fd);
}

/*
 * Damage that is found when nothing waits to be written: a new store is there at once, and nothing stays due, or who waits for it
 * would wait for nothing, all the time.
 */
static void test_damage_idle(void **state)
{
	struct alert_spec spec = spec_make("/f", 0);
	struct store *store = alerts_store(path);
	char *moved = NULL, *again = NULL;
	int works = 0;

	(void)state;
	alerts_put(store, &spec);
	store_close(store);
	store = alerts_store(path);
	damage();
	assert_int_equal(store_due(store), 0);
	assert_int_equal(store_work(store, &moved), 0);
	assert_non_null(moved);
	assert_int_equal(access(moved, F_OK), 0);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM fact"), 0);
	while (store_due(store) == 0 && works++ < 100)
		store_work(store, &again);
	assert_in_range(works, 0, 3);
	assert_null(again);
	store_close(store);
	/* the next one is another one, also within the same second */
	store = alerts_store(path);
	alerts_put(store, &spec);
	store_close(store);
	store = alerts_store(path);
	damage();
	assert_int_equal(store_work(store, &again), 0);
	assert_non_null(again);
	assert_string_not_equal(again, moved);
	assert_int_equal(access(moved, F_OK), 0);
	assert_int_equal(access(again, F_OK), 0);
	store_close(store);
	free(moved);
	free(again);
}

/* Damaged, and no new one can be made: tried again some seconds later, and not all the time. */
static void test_damage_stuck(void **state)
{
	struct alert_spec spec = spec_make("/f", 0);
	struct store *store = alerts_store(path);
	char *moved = NULL, aside[160];

	(void)state;
	alerts_put(store, &spec);
	store_close(store);
	store = alerts_store(path);
	damage();
	/* in place of the folder is a file now */
	snprintf(aside, sizeof(aside), "%s-aside", dir);
	assert_int_equal(rename(dir, aside), 0);
	close(open(dir, O_CREAT | O_WRONLY, 0600));
	assert_true(store_work(store, &moved) < 0);
	assert_null(moved);
	assert_true(store_due(store) > 1000);
	alerts_put(store, &spec);
	assert_true(store_work(store, &moved) <= 0);
	assert_true(store_work(store, &moved) <= 0);
	assert_true(store_due(store) > 1000);
	assert_int_equal(unlink(dir), 0);
	assert_int_equal(rename(aside, dir), 0);
	assert_int_equal(store_flush(store, &moved), 0);
	assert_non_null(moved);
	free(moved);
	assert_int_equal(alerts_number(path, "SELECT sum(count) FROM fact"), 1);
	store_close(store);
}

/* What is no database, another's, a link, or may be written by others: an error, and nothing is touched. */
static void test_precious(void **state)
{
	static const char precious[] = "a letter that took a year to write\n";
	const struct store_limits limits = {.days = STORE_DAYS, .bytes = STORE_BYTES};
	struct store *store = NULL;
	char *moved = NULL, text[128] = "", link[160];
	int fd = open(path, O_RDWR | O_CREAT, 0600);

	(void)state;
	assert_int_equal(write(fd, precious, sizeof(precious)), sizeof(precious));
	assert_int_equal(store_open(path, &limits, &moved, &store), -EMEDIUMTYPE);
	assert_null(moved);
	snprintf(link, sizeof(link), "%s/link.db", dir);
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(store_open(link, &limits, &moved, &store), -ELOOP);
	assert_int_equal(pread(fd, text, sizeof(text), 0), sizeof(precious));
	assert_string_equal(text, precious);
	/* by its name it is still the same file */
	assert_int_equal(close(fd), 0);
	fd = open(path, O_RDONLY);
	assert_int_equal(read(fd, text, sizeof(text)), sizeof(precious));
	close(fd);
	unlink(path);
	/* a good store, but for who may write to it */
	store = alerts_store(path);
	store_close(store);
	assert_int_equal(chmod(path, 0660), 0);
	assert_int_equal(store_open(path, &limits, &moved, &store), -EUSERS);
	assert_non_null(strstr(store_error(-EUSERS), "another user"));
	assert_int_equal(chmod(path, 0640), 0);
	if (chown(path, 65534, 65534) == 0)
		assert_int_equal(store_open(path, &limits, &moved, &store), -EUSERS);
	assert_null(moved);
}

static void test_versions(void **state)
{
	const struct store_limits limits = {.days = STORE_DAYS, .bytes = STORE_BYTES};
	struct store *store = alerts_store(path);
	char *moved = NULL;

	(void)state;
	store_close(store);
	alerts_number(path, "PRAGMA user_version = 99");
	assert_int_equal(store_open(path, &limits, &moved, &store), -EOVERFLOW);
	assert_non_null(strstr(store_error(-EOVERFLOW), "newer"));
	/* untouched */
	assert_int_equal(alerts_number(path, "PRAGMA user_version"), 99);
	unlink(path);
	/* another program's database, and what is no file */
	alerts_number(path, "CREATE TABLE theirs (x)");
	assert_int_equal(store_open(path, &limits, &moved, &store), -EMEDIUMTYPE);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM sqlite_schema"), 1);
	assert_int_equal(store_open("/dev/null", &limits, &moved, &store), -EMEDIUMTYPE);
	assert_int_equal(store_open("/nowhere/at/all", &limits, &moved, &store), -ENOENT);
	/* an empty file is none yet */
	unlink(path);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	store = alerts_store(path);
	store_close(store);
	assert_null(moved);
}

/* Removed under us, as by a person who wants to begin anew. */
static void test_removed(void **state)
{
	struct store *store = alerts_store(path);
	struct alert_spec spec = spec_make("/f", 0);
	char beside[160];

	(void)state;
	alerts_put(store, &spec);
	flush(store);
	unlink(path);
	snprintf(beside, sizeof(beside), "%s-wal", path);
	unlink(beside);
	snprintf(beside, sizeof(beside), "%s-shm", path);
	unlink(beside);
	spec.file = "/g";
	alerts_put(store, &spec);
	flush(store);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM name WHERE value = '/g'"), 1);
	store_close(store);
}

/* Somebody else writes for a while: nothing is lost, it only waits. */
static void test_busy(void **state)
{
	struct store *store = alerts_store(path);
	struct alert_spec spec = spec_make("/f", 0);
	char *moved = NULL;
	sqlite3 *other;

	(void)state;
	assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	alerts_put(store, &spec);
	assert_int_equal(store_flush(store, &moved), -EBUSY);
	assert_int_equal(store_waiting(store), 1);
	assert_int_equal(store_lost(store), 0);
	sqlite3_exec(other, "COMMIT", NULL, NULL, NULL);
	sqlite3_close(other);
	flush(store);
	assert_int_equal(alerts_number(path, "SELECT sum(count) FROM fact"), 1);
	store_close(store);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(test_repeats),      TEST(test_repeats_of_others),
		TEST(test_keys),         TEST(test_renamed),
		TEST(test_due),          TEST(test_claimed),
		TEST(test_busybox),      TEST(test_mark),
		TEST(test_age),          TEST(test_size),
		TEST(test_kill),         TEST(test_full_disk),
		TEST(test_damage),       TEST(test_precious),
		TEST(test_versions),     TEST(test_removed),
		TEST(test_busy),         TEST(test_damage_idle),
		TEST(test_damage_stuck), TEST(test_clock),
		TEST(test_clock_ahead),
	};

	return UNIT_RUN(tests);
}
