// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The tables of options: each has a text, and a name of its own. */
#include "unit.h"

#include "cmd/command.h"
#include "cmd/options.h"

#include <string.h>

static size_t check_table(const char *command, const struct option_entry *entries)
{
	size_t count = 0;

	for (; entries && entries->name; entries++, count++) {
		/* tools/man's own */
		if (!entries->help && strcmp(entries->name, "roff") != 0)
			fail_msg("--%s of %s has no text", entries->name, command);
		for (const struct option_entry *other = entries + 1; other->name; other++)
			assert_string_not_equal(entries->name, other->name);
	}
	return count;
}

static void test_texts(void **state)
{
	size_t shared = check_table("run and exec", options_shared_table);

	(void)state;
	for (const struct command *const *c = commands; *c; c++) {
		size_t own = check_table((*c)->name, (*c)->options);

		/* with --help, and the end */
		assert_true(own + shared + 2 <= OPTIONS_MAX);
		/* usage has no options, which would be told twice */
		assert_null(strstr((*c)->usage, "\n  --"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
