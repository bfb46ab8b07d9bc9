// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is said at once, and then each hour. */
#include "unit.h"

#include "forward/reminder.h"

static void test_each_hour(void **state)
{
	struct reminder reminder = {0};
	int64_t now = 5, said = 0;

	(void)state;
	assert_true(reminder_due(&reminder, now));
	for (int64_t end = now + 3 * REMINDER_MS; now < end;)
		said += reminder_due(&reminder, now += 1000);
	assert_int_equal(said, 3);
	/* after a long silence once */
	assert_true(reminder_due(&reminder, now += 10 * REMINDER_MS));
	assert_false(reminder_due(&reminder, now + 1));
	/* something new is said at once */
	reminder = (struct reminder){0};
	assert_true(reminder_due(&reminder, now + 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_hour),
	};

	return UNIT_RUN(tests);
}
