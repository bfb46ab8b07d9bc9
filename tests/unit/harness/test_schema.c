// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A check that never says no checks nothing: each keyword, broken once. */
#include "unit.h"

#include "schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char schema[] =
	"{\"type\": \"object\", \"additionalProperties\": false, \"required\": [\"id\", \"in\"],"
	" \"properties\": {"
	"  \"id\": {\"type\": \"string\", \"pattern\": \"^[0-9]+$\"},"
	"  \"count\": {\"type\": \"integer\", \"minimum\": 1},"
	"  \"mark\": {\"const\": true},"
	"  \"level\": {\"enum\": [21, 73]},"
	"  \"list\": {\"type\": \"array\", \"items\": {\"const\": \"file\"}},"
	"  \"in\": {\"type\": \"object\", \"required\": [\"deep\"], \"additionalProperties\": false,"
	"          \"properties\": {\"deep\": {\"type\": \"boolean\"}}}},"
	" \"if\": {\"properties\": {\"in\": {\"properties\": {\"deep\": {\"const\": false}}}}},"
	" \"then\": {\"required\": [\"mark\"]}, \"else\": {\"properties\": {\"id\": {\"minimum\": 0}}}}";

static char path[] = "/tmp/spillwatch-unit-XXXXXX";

static int setup(void **state)
{
	int fd = mkstemp(path);
	ssize_t written = write(fd, schema, sizeof(schema) - 1);

	(void)state;
	close(fd);
	return written == sizeof(schema) - 1 ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	return unlink(path);
}

/* What the check says of {"id": "1", "in": {"deep": true}, and more}; NULL if it fits. */
static const char *problem(const char *text)
{
	json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
	const char *said;

	assert_non_null(value);
	said = schema_check(path, value);
	json_decref(value);
	return said;
}

static void test_schema(void **state)
{
	static const struct {
		const char *text;
		const char *where; /* in what is said; NULL: fits */
	} cases[] = {
		{"{\"id\": \"1\", \"in\": {\"deep\": true}}", NULL},
		{"{\"id\": \"1\", \"in\": {\"deep\": true}, \"count\": 1, \"mark\": true, \"level\": 73, "
		 "\"list\": [\"file\"]}",
		 NULL},
		{"[]", ""},
		{"{}", "id"},
		{"{\"id\": \"1\", \"in\": {}}", "deep"},
		{"{\"id\": \"1\", \"in\": {\"deep\": 1}}", "/in/deep"},
		{"{\"id\": \"1\", \"in\": {\"deep\": true, \"more\": 1}}", "/in/more"},
		{"{\"id\": \"1\", \"in\": {\"deep\": true}, \"more\": 1}", "/more"},
		{"{\"id\": 1, \"in\": {\"deep\": true}}", "/id"},
		{"{\"id\": \"1x\", \"in\": {\"deep\": true}}", "/id"},
		{"{\"id\": null, \"in\": {\"deep\": true}}", "/id"},
		{"{\"id\": \"1\", \"in\": {\"deep\": true}, \"count\": 0}", "/count"},
		{"{\"id\": \"1\", \"in\": {\"deep\": true}, \"count\": 1.5}", "/count"},
		{"{\"id\": \"1\", \"in\": {\"deep\": true}, \"mark\": false}", "/mark"},
		{"{\"id\": \"1\", \"in\": {\"deep\": true}, \"level\": 22}", "/level"},
		{"{\"id\": \"1\", \"in\": {\"deep\": true}, \"list\": [\"dir\"]}", "/list"},
		{"{\"id\": \"1\", \"in\": {\"deep\": true}, \"list\": \"file\"}", "/list"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *said = problem(cases[i].text);

		if (!said != !cases[i].where || (said && !strstr(said, cases[i].where)))
			fail_msg("%s: %s", cases[i].text, said ? said : "fits");
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(test_schema)};

	return cmocka_run_group_tests(tests, setup, teardown);
}
