// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The store's thread: all that is handed over is stored, or counted; who hands over never waits. */
#include "unit.h"

#include "alerts.h"
#include "engine/recorder.h"

#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ms; nothing here takes long, unless the machine does */
#define LONG 60000

static const struct store_limits limits = {.days = STORE_DAYS, .bytes = STORE_BYTES};

static char path[128];

static int setup(void **state)
{
	*state = alerts_dir();
	snprintf(path, sizeof(path), "%s/audit.db", (char *)*state);
	return 0;
}

static int teardown(void **state)
{
	alerts_remove(*state);
	return 0;
}

static struct recorder *open_recorder(void)
{
	static const struct store_watched watched = {.scope = "command", .name = "x", .files = "disk"};
	struct recorder *recorder;

	assert_int_equal(recorder_open(path, true, &limits, &recorder), 0);
	recorder_watch(recorder, &watched);
	assert_int_equal(recorder_begin(recorder), 0);
	return recorder;
}

/* Alerts of that many files, from a number on. */
static void put(struct recorder *recorder, uint64_t from, uint64_t count)
{
	for (uint64_t i = from; i < from + count; i++) {
		char file[32];
		struct alert alert;

		snprintf(file, sizeof(file), "/f%d", (int)i);
		alert = alerts_make(&(struct alert_spec){
			.token = "dt0c01.ABCDEFGH", .file = file, .program = "/p", .time = alerts_now()});
		recorder_put(recorder, &alert);
	}
}

static void check_state(struct recorder *recorder, uint64_t waiting, uint64_t lost)
{
	struct recorder_state state = recorder_state(recorder);

	assert_int_equal(state.waiting, waiting);
	assert_int_equal(state.lost, lost);
}

static int64_t stored(void)
{
	return alerts_number(path, "SELECT count(*) FROM fact");
}

/* Somebody else writes, and does not stop. */
static sqlite3 *lock_store(void)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	/* the recorder may just be at it */
	sqlite3_busy_timeout(db, LONG);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	return db;
}

static void unlock_store(sqlite3 *db)
{
	assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void test_all(void **state)
{
	struct loss_kind kind = {.name = "ring_full", .count = 3, .total = 3};
	struct loss loss = {.kinds = &kind, .kind_count = 1, .host_name = "h"};
	struct recorder *recorder = open_recorder();
	char text[] = "samples dropped";

	(void)state;
	put(recorder, 0, 1000);
	recorder_finish(recorder);
	assert_int_equal(recorder_end(recorder, LONG), 0);
	assert_int_equal(stored(), 1000);
	/* what comes last as well, and what it borrowed may be gone meanwhile */
	put(recorder, 1000, 1);
	clock_gettime(CLOCK_REALTIME, &loss.time);
	loss.since = loss.time;
	kind.text = text;
	recorder_loss(recorder, &loss);
	memset(text, 'x', sizeof(text) - 1);
	recorder_close(recorder);
	assert_int_equal(stored(), 1001);
	assert_int_equal(alerts_number(path, "SELECT count FROM loss WHERE text = 'samples dropped'"), 3);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM session WHERE ended = 1"), 1);
	assert_int_equal(recorder_end(NULL, 0), 0);
	recorder_put(NULL, NULL);
	recorder_wake(NULL);
	recorder_finish(NULL);
	recorder_close(NULL);
}

/* Without being asked for: within a second or so. */
/* A session begins when it is told of, not when the thread comes to it: what is lost in between was lost while it was watched. */
static void test_since(void **state)
{
	static const struct store_watched watched = {.scope = "command", .name = "x", .files = "disk"};
	struct loss_kind kind = {.name = "ring_full", .text = "samples dropped", .count = 3, .total = 3};
	struct loss loss = {.kinds = &kind, .kind_count = 1, .host_name = "h"};
	struct recorder *recorder;

	(void)state;
	assert_int_equal(recorder_open(path, true, &limits, &recorder), 0);
	recorder_watch(recorder, &watched);
	usleep(50000);
	clock_gettime(CLOCK_REALTIME, &loss.time);
	loss.since = loss.time;
	recorder_loss(recorder, &loss);
	usleep(50000);
	assert_int_equal(recorder_begin(recorder), 0);
	recorder_finish(recorder);
	assert_int_equal(recorder_end(recorder, LONG), 0);
	recorder_close(recorder);
	assert_int_equal(alerts_number(path, "SELECT count(*) FROM loss JOIN session WHERE until >= start"),
			 1);
}

static void test_alone(void **state)
{
	struct recorder *recorder = open_recorder();

	(void)state;
	put(recorder, 0, 1);
	recorder_wake(recorder);
	for (int i = 0; stored() == 0 && i < LONG / 10; i++)
		usleep(10000);
	assert_int_equal(stored(), 1);
	recorder_close(recorder);
}

/* It can't be written to: what waits is said to be not stored, and is when it can. */
static void test_locked(void **state)
{
	struct recorder *recorder = open_recorder();
	sqlite3 *db;

	(void)state;
	put(recorder, 0, 5);
	recorder_finish(recorder);
	assert_int_equal(recorder_end(recorder, LONG), 0);
	db = lock_store();
	put(recorder, 5, 20);
	recorder_finish(recorder);
	assert_int_equal(recorder_end(recorder, LONG), 20);
	/* what the store still has to write is not lost */
	check_state(recorder, 20, 0);
	unlock_store(db);
	recorder_finish(recorder);
	assert_int_equal(recorder_end(recorder, LONG), 0);
	check_state(recorder, 0, 0);
	recorder_close(recorder);
	assert_int_equal(stored(), 25);
}

/* It hangs: nobody waits for it, and all is counted. The thread ends when it can. */
static void test_hangs(void **state)
{
	struct recorder *recorder = open_recorder();
	sqlite3 *db;

	(void)state;
	put(recorder, 0, 1);
	recorder_finish(recorder);
	assert_int_equal(recorder_end(recorder, LONG), 0);
	db = lock_store();
	put(recorder, 1, 20);
	recorder_finish(recorder);
	assert_int_equal(recorder_end(recorder, 1), 20);
	recorder_close(recorder);
	unlock_store(db);
	for (int i = 0; stored() < 21 && i < LONG / 10; i++)
		usleep(10000);
	assert_int_equal(stored(), 21);
}

/* More than may wait is lost, and nobody was held up. */
static void test_bound(void **state)
{
	struct recorder *recorder = open_recorder();
	sqlite3 *db = lock_store();
	uint64_t unstored;

	(void)state;
	put(recorder, 0, 60000);
	recorder_finish(recorder);
	unstored = recorder_end(recorder, LONG);
	assert_int_equal(unstored, 60000);
	unlock_store(db);
	recorder_close(recorder);
	assert_true(stored() <= 60000);
}

/* No store: what comes is counted. */
static void test_none(void **state)
{
	struct recorder *recorder;

	(void)state;
	assert_int_equal(recorder_open(NULL, true, &limits, &recorder), 0);
	assert_null(recorder);
	assert_int_equal(recorder_open("/dev/null/audit.db", false, &limits, &recorder), 0);
	put(recorder, 0, 1);
	assert_int_equal(recorder_begin(recorder), 0);
	put(recorder, 1, 2);
	recorder_finish(recorder);
	assert_int_equal(recorder_end(recorder, LONG), 3);
	check_state(recorder, 0, 3);
	recorder_close(recorder);
	assert_int_equal(recorder_open("/dev/null/audit.db", true, &limits, &recorder), 3);
}

/* It was not begun: nothing is waited for, and all is counted. */
static void test_not_begun(void **state)
{
	struct recorder *recorder;

	(void)state;
	assert_int_equal(recorder_open(path, true, &limits, &recorder), 0);
	put(recorder, 0, 3);
	recorder_finish(recorder);
	assert_int_equal(recorder_end(recorder, LONG), 3);
	recorder_close(recorder);
	assert_int_equal(stored(), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all, setup, teardown),
		cmocka_unit_test_setup_teardown(test_since, setup, teardown),
		cmocka_unit_test_setup_teardown(test_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_locked, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hangs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bound, setup, teardown),
		cmocka_unit_test_setup_teardown(test_none, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_begun, setup, teardown),
	};

	return UNIT_RUN(tests);
}
