// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The last alert of each (token, file): kept, replaced, bounded. */
#include "unit.h"

#include "bounds.h"
#include "policy/repeats.h"

#include <stdlib.h>

static struct alert alert_make(uint64_t sequence)
{
	return (struct alert){.sequence = sequence, .file.path = strdup("/x")};
}

static void test_keep(void **state)
{
	struct seen_key one = {1, 2, 3, 0}, other = {1, 2, 4, 0};
	struct alert alert = alert_make(7);
	struct repeats *repeats;

	(void)state;
	assert_int_equal(repeats_open(&repeats), 0);
	repeats_keep(repeats, &one, &alert);
	assert_null(alert.file.path);
	assert_null(repeats_find(repeats, &other));
	assert_int_equal(repeats_find(repeats, &one)->sequence, 7);
	alert = alert_make(8);
	repeats_keep(repeats, &one, &alert);
	assert_int_equal(repeats_find(repeats, &one)->sequence, 8);
	repeats_close(repeats);
}

static void test_bound(void **state)
{
	struct repeats *repeats;

	(void)state;
	assert_int_equal(repeats_open(&repeats), 0);
	for (uint64_t i = 0; i < LIMIT_REPEATS + 10; i++) {
		struct seen_key key = {i, 1, 1, 0};
		struct alert alert = alert_make(i);

		repeats_keep(repeats, &key, &alert);
	}
	assert_null(repeats_find(repeats, &(struct seen_key){9, 1, 1, 0}));
	assert_non_null(repeats_find(repeats, &(struct seen_key){10, 1, 1, 0}));
	assert_non_null(repeats_find(repeats, &(struct seen_key){LIMIT_REPEATS + 9, 1, 1, 0}));
	repeats_close(repeats);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(test_keep), cmocka_unit_test(test_bound)};

	return UNIT_RUN(tests);
}
