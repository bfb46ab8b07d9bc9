/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * As much of cmocka's interface as the tests of the search use, for a processor that the library is not installed for: the
 * first failure ends the program.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct CMUnitTest {
	const char *name;
	void (*function)(void **state);
};

/* its versions differ here */
/* clang-format off */
#define cmocka_unit_test(test) {#test, test}
/* clang-format on */

#define fail_msg(...)                                  \
	do {                                           \
		printf("%s:%d: ", __FILE__, __LINE__); \
		printf(__VA_ARGS__);                   \
		printf("\n");                          \
		exit(1);                               \
	} while (0)

#define print_message(...) printf(__VA_ARGS__)

#define assert_true(condition)                      \
	do {                                        \
		if (!(condition))                   \
			fail_msg("%s", #condition); \
	} while (0)

#define assert_int_equal(one, other) assert_true((one) == (other))
#define assert_false(condition) assert_true(!(condition))
#define assert_ptr_not_equal(one, other) assert_true((one) != (other))
#define assert_string_equal(one, other) assert_true(strcmp(one, other) == 0)

#define cmocka_run_group_tests(tests, setup, teardown) \
	cmocka_run_tests(tests, sizeof(tests) / sizeof(*(tests)))

static inline int cmocka_run_tests(const struct CMUnitTest *tests, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		void *state = NULL;

		printf("[ RUN      ] %s\n", tests[i].name);
		tests[i].function(&state);
		printf("[       OK ] %s\n", tests[i].name);
	}
	printf("[  PASSED  ] %zu test(s).\n", count);
	return 0;
}
