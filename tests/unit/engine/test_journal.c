// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Alerts that the next daemon finds: whole, in order, as far as they fit, whenever the one before ended. */
#include "unit.h"

#include "alerts.h"
#include "alert/json.h"
#include "alert/message.h"
#include "engine/journal.h"

#include <stdio.h>
#include <stdlib.h>

/* What event.id would be of an alert. */
static void id_of(const struct alert *alert, char id[ALERT_ID_BYTES])
{
	assert_ptr_equal(alert_id(alert->series, alert->number, id), id);
}

struct heard {
	size_t count;
	uint64_t first, last;
	char text[64];
};

/* All of it can be used. */
static void used(void *context, const struct alert *alert)
{
	char *json;

	(void)context;
	if (alert_to_json(alert, &json) == 0)
		free(json);
}

static void heard(void *context, const struct alert *alert)
{
	struct heard *heard = context;

	if (!heard->count++)
		heard->first = alert->number;
	else
		assert_int_equal(alert->number, heard->last + 1);
	heard->last = alert->number;
	snprintf(heard->text, sizeof(heard->text), "%s", alert->file.path);
	used(NULL, alert);
}

static void put(struct journal *journal, uint64_t number, size_t len, uint64_t record)
{
	char *path = malloc(len + 32);
	struct alert alert;

	memset(path, 'x', len + 31);
	path[len + 31] = '\0';
	path[snprintf(path, 31, "/%lu/", (unsigned long)number)] = 'y';
	alert = alerts_make(&(struct alert_spec){
		.token = "dt0c01.AAAAAAAAAAAAAAAAAAAAAAAA", .file = path, .program = "/bin/x", .time = 1});
	alert.number = number;
	journal_put(journal, &alert, record);
	free(path);
}

static void take_id(void *context, const struct alert *alert)
{
	id_of(alert, context);
}

/* An alert that is delivered by the next daemon is called what it was called; one of another series or number is not. */
static void test_id(void **state)
{
	void *memory = calloc(1, JOURNAL_BYTES);
	char first[ALERT_ID_BYTES], again[ALERT_ID_BYTES], other[ALERT_ID_BYTES];
	struct journal *journal;
	struct alert alert = alerts_make(&(struct alert_spec){
		.token = "dt0c01.AAAAAAAAAAAAAAAAAAAAAAAA", .file = "/f", .program = "/bin/x", .time = 1});
	uint64_t series;

	(void)state;
	assert_int_equal(journal_open(memory, &journal), 0);
	*journal_mark(journal, "file", 0) = 0;
	series = alert.series = journal_series(journal);
	alert.number = 300;
	id_of(&alert, first);
	assert_true(series && series == journal_id(journal));
	assert_int_equal(strspn(first, "0123456789abcdef"), 16);
	assert_string_equal(first + 16, "-12c");
	journal_put(journal, &alert, 0);
	journal_close(journal);
	assert_int_equal(journal_open(memory, &journal), 0);
	assert_true(journal_series(journal) == series);
	journal_replay(journal, 0, 300, take_id, again);
	assert_string_equal(again, first);
	alert.number++;
	id_of(&alert, other);
	assert_string_not_equal(other, first);
	journal_close(journal);
	/* without memory, each daemon has its own */
	assert_int_equal(journal_open(NULL, &journal), 0);
	alert.number--;
	alert.series = journal_series(journal);
	id_of(&alert, other);
	assert_string_not_equal(other, first);
	journal_close(journal);
	free(memory);
}

static void test_delivered(void **state)
{
	void *memory = calloc(1, JOURNAL_BYTES);
	struct journal *journal;
	struct journal_left left;
	struct heard heard_of = {0};
	uint64_t *file, *store;

	(void)state;
	assert_int_equal(journal_open(memory, &journal), 0);
	file = journal_mark(journal, "file", 0);
	store = journal_mark(journal, "store", 0);
	for (uint64_t i = 1; i <= 5; i++)
		put(journal, i, 10, 100 + i);
	journal_skip(journal, 6);
	*file = 3;
	*store = 1;
	journal_handled(journal, 104);
	journal_pending(journal, 2);
	journal_close(journal);

	assert_int_equal(journal_open(memory, &journal), 0);
	assert_int_equal(*journal_mark(journal, "file", 9), 3);
	assert_int_equal(*journal_mark(journal, "store", 9), 1);
	/* who is new has all */
	assert_int_equal(*journal_mark(journal, "other", 9), 9);
	/* one that comes while alerts do has all as well, and one that has left nothing that is known later */
	assert_int_equal(*journal_mark_new(journal, "other", 11), 11);
	journal_unmark(journal, journal_mark(journal, "other", 0));
	assert_int_equal(*journal_mark(journal, "other", 12), 12);
	assert_true(journal_has(journal, 104));
	assert_true(journal_has(journal, 105));
	assert_false(journal_has(journal, 103));
	assert_false(journal_has(journal, 0));
	left = journal_replay(journal, 1, 6, heard, &heard_of);
	assert_int_equal(heard_of.count, 4);
	assert_int_equal(heard_of.first, 2);
	assert_int_equal(heard_of.last, 5);
	assert_int_equal(left.delivered, 4);
	assert_int_equal(left.missing, 0);
	assert_int_equal(left.pending, 2);
	journal_close(journal);
	free(memory);
}

/* More than there is room for, of every length: the newest are there, and of the others it is known how many they are. */
static void test_bound(void **state)
{
	enum { ALERTS = 5000 };
	void *memory = calloc(1, JOURNAL_BYTES);
	struct journal *journal;

	(void)state;
	for (uint64_t seed = 0; seed < 20; seed++) {
		struct heard heard_of = {0};
		struct journal_left left;

		assert_int_equal(journal_open(memory, &journal), 0);
		for (uint64_t i = 1; i <= ALERTS; i++) {
			put(journal, seed * ALERTS + i, (i * (seed + 7) * 2654435761U >> 7) % 3000, i);
			/* as if it had been killed here */
			if (i % 1000 == seed) {
				journal_close(journal);
				assert_int_equal(journal_open(memory, &journal), 0);
			}
		}
		left = journal_replay(journal, seed * ALERTS, (seed + 1) * ALERTS, heard, &heard_of);
		assert_int_equal(heard_of.last, (seed + 1) * ALERTS);
		assert_int_equal(left.delivered, heard_of.count);
		assert_int_equal(left.missing + left.delivered, ALERTS);
		assert_true(heard_of.count > 200);
		journal_close(journal);
	}
	free(memory);
}

/* Whatever lies in the memory: nothing outside of it is touched. */
static void test_garbage(void **state)
{
	unsigned char *memory = malloc(JOURNAL_BYTES);
	struct journal *journal;

	(void)state;
	srandom(1);
	for (size_t round = 0; round < 200; round++) {
		memset(memory, 0, JOURNAL_BYTES);
		assert_int_equal(journal_open(memory, &journal), 0);
		for (uint64_t i = 1; i <= 50; i++)
			put(journal, i, 100, i);
		journal_close(journal);
		for (size_t i = 0; i < 40; i++)
			memory[8 + (size_t)random() % 30000] = (unsigned char)random();
		assert_int_equal(journal_open(memory, &journal), 0);
		journal_mark(journal, "file", 0);
		journal_replay(journal, 0, 50, used, NULL);
		for (uint64_t i = 1; i <= 3000; i++)
			put(journal, i, 100, i);
		journal_close(journal);
	}
	free(memory);
}

/* Without memory nothing is kept, and nobody has to ask. */
static void test_none(void **state)
{
	struct journal *journal;

	(void)state;
	assert_int_equal(journal_open(NULL, &journal), 0);
	put(journal, 1, 10, 1);
	journal_skip(journal, 2);
	journal_handled(journal, 1);
	journal_pending(journal, 1);
	assert_null(journal_mark(journal, "file", 0));
	assert_int_equal(journal_replay(journal, 0, 2, heard, NULL).delivered, 0);
	journal_close(journal);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_id),    cmocka_unit_test(test_delivered),
		cmocka_unit_test(test_bound), cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
