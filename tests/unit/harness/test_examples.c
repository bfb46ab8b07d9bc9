// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What examples/ shows fits what share/ promises. */
#include "unit.h"

#include "schema.h"

#include <stdio.h>
#include <stdlib.h>

/* Each JSON text of a file by that schema. Returns how many there were. */
static size_t check(const char *path, const char *schema)
{
	FILE *file = fopen(path, "r");
	size_t count = 0;
	json_error_t error;
	json_t *value;

	assert_non_null(file);
	while ((value = json_loadf(file, JSON_DISABLE_EOF_CHECK, &error))) {
		const char *problem = schema_check(schema, value);

		if (problem)
			fail_msg("%s, text %zu: %s", path, count + 1, problem);
		json_decref(value);
		count++;
	}
	if (!feof(file))
		fail_msg("%s: %s", path, error.text);
	fclose(file);
	return count;
}

static void test_examples(void **state)
{
	(void)state;
	assert_int_equal(check("examples/alerts.json", "share/alert.schema.json"), 4);
	assert_int_equal(check("examples/audit.json", "share/audit.schema.json"), 1);
	assert_int_equal(check("examples/audit-files.json", "share/audit-files.schema.json"), 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(test_examples)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
