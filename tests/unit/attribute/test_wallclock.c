// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* From the kernel's clock to the time of day: one moment, one text; and after the day was set. */
#include "unit.h"

#include "attribute/wallclock.h"

#include <stdlib.h>

#define NS_PER_S 1000000000LL

static int64_t now(clockid_t id)
{
	struct timespec time;

	clock_gettime(id, &time);
	return (int64_t)time.tv_sec * NS_PER_S + time.tv_nsec;
}

static int64_t converted(struct wallclock *wallclock, uint64_t boot_ns)
{
	struct timespec time = wallclock_time(wallclock, boot_ns);

	assert_in_range(time.tv_nsec, 0, NS_PER_S - 1);
	return (int64_t)time.tv_sec * NS_PER_S + time.tv_nsec;
}

static void test_now(void **state)
{
	struct wallclock wallclock = {0};
	int64_t before = now(CLOCK_REALTIME), after, middle;

	(void)state;
	middle = converted(&wallclock, (uint64_t)now(CLOCK_BOOTTIME));
	after = now(CLOCK_REALTIME);
	assert_true(middle >= before - NS_PER_S / 1000 && middle <= after + NS_PER_S / 1000);
}

/* However often it is asked, and however often we are preempted while it is measured. */
static void test_steady(void **state)
{
	struct wallclock wallclock = {0};
	int64_t first = converted(&wallclock, 12345678901);

	(void)state;
	for (int i = 0; i < 300000; i++)
		assert_int_equal(converted(&wallclock, 12345678901), first);
}

/* The time of day was set since: what was known is forgotten. */
static void test_set(void **state)
{
	struct wallclock wallclock = {0};
	int64_t right = converted(&wallclock, 1000);

	(void)state;
	wallclock.offset -= 5 * NS_PER_S;
	assert_true(llabs(converted(&wallclock, 1000) - right) < NS_PER_S / 1000);
	wallclock.offset += 5 * NS_PER_S / 1000;
	assert_true(llabs(converted(&wallclock, 1000) - right) < NS_PER_S / 1000);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_now),
		cmocka_unit_test(test_steady),
		cmocka_unit_test(test_set),
	};

	return UNIT_RUN(tests);
}
