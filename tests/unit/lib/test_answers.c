// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Whether a path answers is asked by a process, of which nothing stays. */
#include "unit.h"

#include "lib/answers.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* As process 1, whose children orphans become. */
static void test_reaped(void **state)
{
	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	for (int i = 0; i < 20; i++)
		assert_int_equal(answers_path("/etc/hostname"), 0);
	errno = 0;
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
