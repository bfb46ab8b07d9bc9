// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Each form of a finding: whole, escaped for where it goes, without a piece of the secret. */
#include "unit.h"

#include "detect/mask.h"
#include "scan/holder.h"
#include "scan/output.h"
#include "schema.h"
#include "token_formats.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static struct spillwatch_token *made;
static const char *identifier;
static struct maker_token maker;
static const struct scan_holder *holder; /* of what is written */

/* All that is written in a form, about findings of that path; malloc'ed. */
static char *written(enum scan_output_form form, const char *path, size_t findings, bool in_name,
		     const struct scan_origin *origin)
{
	struct finding finding = {
		.path = path,
		.in_name = in_name,
		.token = made,
		.origin = origin,
		.holder = holder,
		.line = in_name ? 0 : 3,
		.column = in_name ? 0 : 7,
		.offset = in_name ? 0 : 40,
	};
	struct scan_output output = {.form = form};
	struct scan_counts counts = {.files = 2, .bytes = 2048, .findings = findings, .links = 1};
	char *text = NULL;
	size_t len;

	output.file = open_memstream(&text, &len);
	assert_non_null(output.file);
	assert_int_equal(scan_output_begin(&output), 0);
	for (size_t i = 0; i < findings; i++)
		assert_int_equal(scan_output_finding(&output, &finding, path), 0);
	char *summary = scan_output_summary(&counts);
	assert_int_equal(scan_output_end(&output, summary, true), 0);
	free(summary);
	fclose(output.file);
	assert_null(strstr(text, maker.secret));
	for (size_t at = 0; at + MASK_FRAGMENT_LEN <= TOKEN_SECRET_LEN; at++) {
		char piece[MASK_FRAGMENT_LEN + 1] = {0};

		memcpy(piece, maker.secret + at, MASK_FRAGMENT_LEN);
		assert_null(strstr(text, piece));
	}
	return text;
}

static void expect(char *text, const char *format)
{
	char expected[2048], *to = expected;

	/* @ is the identifier */
	for (; *format; format++)
		to += sprintf(to, "%s%c", *format == '@' ? identifier : "", *format == '@' ? ' ' : *format) -
		      (*format == '@');
	*to = '\0';
	assert_string_equal(text, expected);
	free(text);
}

static void test_text(void **state)
{
	const struct scan_origin origin = {"0123456789abcdef0123", "An Author <a-at-b>"};

	(void)state;
	expect(written(SCAN_OUTPUT_TEXT, "a", 1, false, NULL), "a:3:7: API token @\n");
	expect(written(SCAN_OUTPUT_TEXT, "a", 2, true, NULL),
	       "a: in its name: API token @\na: in its name: API token @\n");
	expect(written(SCAN_OUTPUT_TEXT, "a", 1, false, &origin),
	       "a:3:7: API token @, commit 0123456789ab by An Author <a-at-b>\n");
	expect(written(SCAN_OUTPUT_TEXT, "a", 0, false, NULL), "");
}

static void check_schema(enum scan_output_form form, bool in_name, const struct scan_origin *origin)
{
	char *text = written(form, "a", 1, in_name, origin), *problem;
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	assert_non_null(root);
	problem = schema_check("share/scan.schema.json", root);
	if (problem)
		fail_msg("%s: %s", problem, text);
	json_decref(root);
	free(text);
}

static void test_json(void **state)
{
	const struct scan_origin origin = {"0123456789abcdef0123456789abcdef01234567", "A"};

	(void)state;
	check_schema(SCAN_OUTPUT_JSON, false, NULL);
	check_schema(SCAN_OUTPUT_JSON, true, &origin);
	expect(written(SCAN_OUTPUT_JSON, "a\"b", 1, false, &origin),
	       "{\"file\":{\"path\":\"a\\\"b\",\"line\":3,\"column\":7},\"token\":{\"identifier\":\"@\","
	       "\"prefix\":\"dt0c01\",\"type\":\"API "
	       "token\",\"family\":\"24.64\",\"documented\":true,\"placeholder\":false,\"offset\":40},"
	       "\"git\":{\"commit\":\"0123456789abcdef0123456789abcdef01234567\",\"author\":\"A\"},"
	       "\"fingerprint\":\"@:a\\\"b\"}"
	       "\n");
	expect(written(SCAN_OUTPUT_JSON, "a", 1, true, NULL),
	       "{\"file\":{\"path\":\"a\",\"in_name\":true},\"token\":{\"identifier\":\"@\",\"prefix\":"
	       "\"dt0c01\","
	       "\"type\":\"API "
	       "token\",\"family\":\"24.64\",\"documented\":true,\"placeholder\":false,\"offset\":0},"
	       "\"fingerprint\":\"@:a\"}\n");
}

/* An author may have the secret in the name, or a piece of it. */
static void test_author(void **state)
{
	struct scan_origin origin = {"0123456789abcdef0123", NULL};
	char author[256];

	(void)state;
	snprintf(author, sizeof(author), "x%.16sy <%s>\n", maker.secret + 5, maker.text);
	origin.author = author;
	for (int form = 0; form <= SCAN_OUTPUT_GITLAB; form++)
		free(written((enum scan_output_form)form, "a", 1, false, &origin));
	expect(written(SCAN_OUTPUT_TEXT, "a", 1, false, &origin),
	       "a:3:7: API token @, commit 0123456789ab by x<masked>y <@.<masked>>\\x0a\n");
}

/* Names of images, containers and volumes are anybody's words. */
static void test_holder(void **state)
{
	struct scan_holder mine = {
		.runtime = "docker",
		.namespace = "n",
		.layer = "sha256:0123456789abcdef0123456789abcdef",
		.image_count = 18,
		.container_count = 1,
		.base = 2,
		.containers = {{"0123456789abcdef0123456789abcdef", maker.text, "pod", "shop"}},
	};

	(void)state;
	for (size_t i = 0; i < HOLDER_NAMED; i++)
		mine.images[i] = (struct holder_image){i ? maker.text : "web:1", "sha256:abcdef"};
	holder = &mine;
	for (int part = 0; part <= HOLDER_STORE; part++) {
		mine.part = (enum holder_part)part;
		check_schema(SCAN_OUTPUT_JSON, false, NULL);
		for (int form = 0; form <= SCAN_OUTPUT_GITLAB; form++)
			free(written((enum scan_output_form)form, "a", 1, false, NULL));
	}
	mine.part = HOLDER_LAYER;
	expect(written(SCAN_OUTPUT_TEXT, "//e\033", 1, false, NULL),
	       "//e\033:3:7: API token @, docker image web:1 (abcdef) and 17 more, layer 0123456789ab, "
	       "e\\x1b\n");
	mine.image_count = 0;
	expect(written(SCAN_OUTPUT_TEXT, "//e", 1, false, NULL),
	       "//e:3:7: API token @, layer 0123456789ab of docker container "
	       "shop/pod/@.<masked> (0123456789ab), e\n");
	mine.part = HOLDER_CONFIGURATION;
	expect(written(SCAN_OUTPUT_TEXT, "//ctr.log", 1, false, NULL),
	       "//ctr.log:3:7: API token @, configuration of docker container shop/pod/@.<masked> "
	       "(0123456789ab)\n");
	expect(written(SCAN_OUTPUT_TEXT, "///ctr.log", 1, false, NULL),
	       "///ctr.log:3:7: API token @, log of docker container shop/pod/@.<masked> (0123456789ab)\n");
	mine.part = HOLDER_VOLUME;
	mine.volume = maker.text;
	mine.container_count = 0;
	expect(written(SCAN_OUTPUT_TEXT, "//e", 1, false, NULL),
	       "//e:3:7: API token @, docker volume @.<masked>, e\n");
	expect(written(SCAN_OUTPUT_TEXT, "//!e", 1, false, NULL),
	       "//!e:3:7: API token @, docker volume @.<masked>, e\n");
	/* a path that is shorter than what is said of it */
	mine.base = 9;
	expect(written(SCAN_OUTPUT_TEXT, "//e", 1, false, NULL),
	       "//e:3:7: API token @, docker volume @.<masked>\n");
	holder = NULL;
}

static json_t *sarif(const char *path, size_t findings, bool in_name)
{
	const struct scan_origin origin = {"0123456789abcdef0123", "A"};
	char *text = written(SCAN_OUTPUT_SARIF, path, findings, in_name, &origin);
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	assert_non_null(root);
	free(text);
	return root;
}

/* Required by SARIF 2.1.0: 3.13, 3.14, 3.18, 3.19, 3.27; and what a viewer needs of a result. */
static void test_sarif(void **state)
{
	const char *version, *name, *rule, *level, *message, *uri, *fingerprint, *note;
	int line, column, successful;
	json_t *root, *results;

	(void)state;
	for (size_t count = 0; count < 4; count++) {
		root = sarif("a/b c", count, false);
		assert_int_equal(json_unpack(root, "{s:s, s:[{s:{s:{s:s}}, s:o}]}", "version", &version,
					     "runs", "tool", "driver", "name", &name, "results", &results),
				 0);
		assert_string_equal(version, "2.1.0");
		assert_string_equal(name, "spillwatch");
		assert_int_equal(json_array_size(results), count);
		json_decref(root);
	}
	root = sarif("/a/b c\\xff<\"", 1, false);
	assert_int_equal(
		json_unpack(root,
			    "{s:[{s:[{s:s, s:s, s:{s:s}, s:[{s:{s:{s:s}, s:{s:i, s:i}}}], s:{s:s}}], "
			    "s:[{s:b, s:[{s:{s:s}}]}]}]}",
			    "runs", "results", "ruleId", &rule, "level", &level, "message", "text", &message,
			    "locations", "physicalLocation", "artifactLocation", "uri", &uri, "region",
			    "startLine", &line, "startColumn", &column, "partialFingerprints",
			    "identifierAndPath/v1", &fingerprint, "invocations", "executionSuccessful",
			    &successful, "toolExecutionNotifications", "message", "text", &note),
		0);
	assert_string_equal(rule, "dt0c01");
	assert_string_equal(level, "error");
	assert_non_null(strstr(message, identifier));
	/* the byte that is in the name, not its escape */
	assert_string_equal(uri, "file:///a/b%20c%FF%3C%22");
	assert_int_equal(line, 3);
	assert_int_equal(column, 7);
	assert_int_equal(strncmp(fingerprint, identifier, strlen(identifier)), 0);
	assert_true(successful);
	assert_non_null(strstr(note, "2 files (2.0 KiB) scanned, 1 finding; skipped: 1 link"));
	json_decref(root);
	/* a name is in no line, but a place without one is none to code scanning */
	root = sarif("a", 1, true);
	results = json_array_get(json_object_get(json_array_get(json_object_get(root, "runs"), 0), "results"),
				 0);
	results = json_object_get(
		json_object_get(json_array_get(json_object_get(results, "locations"), 0), "physicalLocation"),
		"region");
	assert_int_equal(json_object_size(results), 1);
	assert_int_equal(json_integer_value(json_object_get(results, "startLine")), 1);
	json_decref(root);
}

static void test_junit(void **state)
{
	(void)state;
	expect(written(SCAN_OUTPUT_JUNIT, "a<&\"b", 1, false, NULL),
	       "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
	       "<testsuite name=\"spillwatch scan\" tests=\"1\" failures=\"1\" errors=\"0\">\n"
	       "<testcase classname=\"a&lt;&amp;&quot;b\" name=\"@\"><failure type=\"dt0c01\" "
	       "message=\"a&lt;&amp;&quot;b:3:7: API token @\"/></testcase>\n"
	       "<system-out>2 files (2.0 KiB) scanned, 1 finding; skipped: 1 link</system-out>\n"
	       "</testsuite>\n</testsuites>\n");
	expect(written(SCAN_OUTPUT_JUNIT, "a", 0, false, NULL),
	       "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
	       "<testsuite name=\"spillwatch scan\" tests=\"1\" failures=\"0\" errors=\"0\">\n"
	       "<testcase classname=\"spillwatch\" name=\"no tokens\"/>\n"
	       "<system-out>2 files (2.0 KiB) scanned, 0 findings; skipped: 1 link</system-out>\n"
	       "</testsuite>\n</testsuites>\n");
}

/* What a runner would take for syntax is no part of it. */
static void test_annotations(void **state)
{
	(void)state;
	expect(written(SCAN_OUTPUT_GITHUB, "a,b:c%", 1, false, NULL),
	       "::error title=Token,file=a%2Cb%3Ac%25,line=3,col=7::API token @: a,b:c%25\n");
	expect(written(SCAN_OUTPUT_GITHUB, "a\\x0ab::error", 1, true, NULL),
	       "::error title=Token,file=a\\x0ab%3A%3Aerror::API token @ in the file's name: "
	       "a\\x0ab::error\n");
	expect(written(SCAN_OUTPUT_GITHUB, "a\\xff", 1, true, NULL),
	       "::error title=Token,file=a\\xff::API token @ in the file's name: a\\xff\n");
	expect(written(SCAN_OUTPUT_GITHUB, "<standard output>", 1, true, NULL),
	       "::error title=Token::API token @ in the file's name: <standard output>\n");
	expect(written(SCAN_OUTPUT_GITLAB, "a\"", 2, false, NULL),
	       "[\n{\"description\":\"API token @\",\"check_name\":\"dt0c01\",\"fingerprint\":\"@:a\\\"\","
	       "\"severity\":\"critical\",\"location\":{\"path\":\"a\\\"\",\"lines\":{\"begin\":3}}},\n"
	       "{\"description\":\"API token @\",\"check_name\":\"dt0c01\",\"fingerprint\":\"@:a\\\"\","
	       "\"severity\":\"critical\",\"location\":{\"path\":\"a\\\"\",\"lines\":{\"begin\":3}}}\n]\n");
	expect(written(SCAN_OUTPUT_GITLAB, "a", 0, false, NULL), "[\n]\n");
}

/* Each reason has its words. */
static void test_summary(void **state)
{
	struct scan_counts counts = {.files = 1, .bytes = 5};
	char *text = scan_output_summary(&counts);

	(void)state;
	assert_string_equal(text, "1 file (5 bytes) scanned, 0 findings");
	free(text);
	counts = (struct scan_counts){.files = 3, .bytes = 5UL << 30, .findings = 1};
#define TEST_ONE(field, one, several) counts.field = 1;
	SCAN_SKIPPED(TEST_ONE)
#undef TEST_ONE
	counts.known = 2;
	counts.allowed = 1;
	text = scan_output_summary(&counts);
	assert_ptr_equal(
		strstr(text,
		       "3 files (5.0 GiB) scanned, 1 finding; known: 2 in the baseline, 1 allowed by its "
		       "line; skipped: 1 link, 1 "),
		text);
#define TEST_WORD(field, one, several) assert_non_null(strstr(text, "1 " one));
	SCAN_SKIPPED(TEST_WORD)
#undef TEST_WORD
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),        cmocka_unit_test(test_json),
		cmocka_unit_test(test_author),      cmocka_unit_test(test_sarif),
		cmocka_unit_test(test_junit),       cmocka_unit_test(test_summary),
		cmocka_unit_test(test_annotations), cmocka_unit_test(test_holder),
	};
	int failed;

	maker = maker_token(3);
	made = spillwatch_token_new();
	assert_non_null(made);
	assert_int_equal(spillwatch_match(SPILLWATCH_PLAIN, maker.text, MAKER_TOKEN_LEN, 0, made), 1);
	identifier = spillwatch_token_identifier(made);
	failed = UNIT_RUN(tests);
	spillwatch_token_free(made);
	return failed;
}
