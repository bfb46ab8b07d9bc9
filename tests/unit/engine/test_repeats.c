// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The last alert of each leak: kept, replaced, bounded. */
#include "unit.h"

#include "bounds.h"
#include "engine/repeats.h"

#include <stdlib.h>

static struct alert alert_make(uint64_t sequence)
{
	return (struct alert){.sequence = sequence, .file.path = strdup("/x")};
}

static void test_keep(void **state)
{
	struct seen_key one = {1, 2, 3}, other = {1, 2, 4};
	struct alert alert = alert_make(7);
	struct repeats *repeats;

	(void)state;
	assert_int_equal(repeats_open(&repeats), 0);
	repeats_keep(repeats, &one, &alert);
	alert_free(&alert);
	assert_null(repeats_find(repeats, &other));
	assert_int_equal(repeats_find(repeats, &one)->sequence, 7);
	alert = alert_make(8);
	repeats_keep(repeats, &one, &alert);
	alert_free(&alert);
	assert_int_equal(repeats_find(repeats, &one)->sequence, 8);
	assert_string_equal(repeats_find(repeats, &one)->file.path, "/x");
	repeats_close(repeats);
}

/* Alerts of every size, some said again: the newest are kept, and what is kept is whole. */
static void test_bound(void **state)
{
	enum { ALERTS = 20000 };
	struct repeats *repeats;
	size_t kept = 0;

	(void)state;
	assert_int_equal(repeats_open(&repeats), 0);
	for (uint64_t i = 0; i < ALERTS; i++) {
		struct seen_key key = {i % 7 == 6 ? i - 3 : i, 1, 1};
		struct alert alert = {.sequence = i, .file.path = calloc(1, 2 + i % 3000)};

		memset(alert.file.path, 'a' + (int)(i % 26), 1 + i % 3000);
		repeats_keep(repeats, &key, &alert);
		alert_free(&alert);
		assert_int_equal(repeats_find(repeats, &key)->sequence, i);
	}
	for (uint64_t i = 0; i < ALERTS; i++) {
		const struct alert *alert = repeats_find(repeats, &(struct seen_key){i, 1, 1});

		if (!alert)
			continue;
		kept++;
		assert_true(alert->sequence == i || alert->sequence == i + 3);
		assert_int_equal(strlen(alert->file.path), 1 + alert->sequence % 3000);
		for (const char *at = alert->file.path; *at; at++)
			assert_int_equal(*at, 'a' + (int)(alert->sequence % 26));
	}
	assert_null(repeats_find(repeats, &(struct seen_key){10, 1, 1}));
	/* half of them 1,500 bytes and more, each beside the alert itself */
	assert_in_range(kept, LIMIT_REPEATS_BYTES / (3000 + sizeof(struct alert)),
			LIMIT_REPEATS_BYTES / 1500);
	print_message("%zu alerts kept\n", kept);
	repeats_close(repeats);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(test_keep), cmocka_unit_test(test_bound)};

	return UNIT_RUN(tests);
}
