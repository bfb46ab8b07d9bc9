// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* An alert is a line of bounded length, whatever its strings are; what is short in it stays as it is. */
#include "unit.h"

#include "alert/cut.h"
#include "alert/json.h"
#include "alert/text.h"
#include "bounds.h"
#include "rules/rules.h"
#include "schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As mask_text() gives them: a path of control characters, all quotes, letters of two bytes, one without a slash. */
static const char *const parts[] = {"/\\x01\\x02\\x03", "/\"\"\"\"\\", "/\xc3\xa9\xc3\xa9", "x", "\\",
				    "\u202e/",          "\u00ad",      "\U000e0041"};

static char *make_text(const char *part, size_t len)
{
	char *text = calloc(1, len + strlen(part) + 1);

	assert_non_null(text);
	while (strlen(text) + strlen(part) <= len)
		strcpy(text + strlen(text), part);
	return text;
}

static struct alert make_alert(char *name, char *path)
{
	return (struct alert){
		.token = {.prefix = "dt0c01", .identifier = "dt0c01.ABCDEFGH", .type = "API token"},
		.process = {.name = name, .thread_name = name, .parent = {.name = name}, .user_name = name},
		.file = {.path = path, .type = "regular", .fs_type = name},
		.write = {.syscall = "write", .seen_by = "buffer"},
		.host_name = "h",
	};
}

static json_t *check(const struct alert *alert)
{
	char *line, *text, *problem;
	json_t *json;

	assert_int_equal(alert_to_json(alert, &line), 0);
	assert_true(strlen(line) <= ALERT_LINE_BYTES);
	json = json_loads(line, 0, NULL);
	assert_non_null(json);
	problem = schema_check("share/alert.schema.json", json);
	if (problem)
		fail_msg("%s in %s", problem, line);
	assert_int_equal(alert_to_text(alert, false, &text), 0);
	assert_true(strlen(text) <= ALERT_LINE_BYTES);
	free(line);
	free(text);
	return json;
}

static const char *value(json_t *json, const char *object, const char *name)
{
	return json_string_value(json_object_get(json_object_get(json, object), name));
}

static bool marked(json_t *json, const char *object, const char *name)
{
	return json_is_true(json_object_get(json_object_get(json, object), name));
}

/* All at once, as long as they come. */
static void test_all(void **state)
{
	char name[] = "x";

	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		char *text = make_text(parts[i], 16384);
		struct alert_flood flood = {.lost = 1, .file_count = ALERT_FLOOD_SAMPLES};
		struct alert_ancestor ancestors[16];
		struct alert alert = make_alert(name, text);
		json_t *json;

		for (size_t j = 0; j < ALERT_FLOOD_SAMPLES; j++)
			snprintf(flood.files[j], sizeof(flood.files[j]), "%s", i == 2 || i > 4 ? "/f" : text);
		for (size_t j = 0; j < 16; j++)
			ancestors[j] = (struct alert_ancestor){.name = name};
		alert.process.executable = alert.process.script = alert.process.working_directory = text;
		alert.process.command_line = alert.file.host_path = text;
		alert.process.ancestors = ancestors;
		alert.process.ancestor_count = 16;
		alert.container = (struct alert_container){.id = text,
							   .name = text,
							   .image = text,
							   .pod = text,
							   .pod_namespace = text,
							   .pod_uid = text};
		alert.flood = &flood;
		json = check(&alert);
		assert_true(marked(json, "file", "path_truncated"));
		assert_true(marked(json, "file", "host_path_truncated"));
		assert_true(marked(json, "process", "executable_truncated"));
		assert_true(marked(json, "process", "script_truncated"));
		assert_true(marked(json, "process", "working_directory_truncated"));
		assert_true(marked(json, "process", "command_line_truncated"));
		assert_true(strlen(value(json, "file", "path")) > (i < 5 ? 200 : 80));
		json_decref(json);
		free(text);
	}
}

/* What others choose is all there, each as long as it may be; what they have no say in is not crowded out. */
static void test_every(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		char *text = make_text(parts[i], 16384), *label = make_text(parts[i], 512), comm[64] = "";
		struct alert_flood flood = {
			.lost = 1, .token_count = ALERT_FLOOD_SAMPLES, .file_count = ALERT_FLOOD_SAMPLES};
		struct alert_ancestor ancestors[LIMIT_ANCESTORS];
		struct alert alert;
		char rule[RULES_NAME_MAX + 1], reason[RULES_REASON_MAX + 1];
		json_t *json;

		/* as a name of 15 control characters comes from mask_text() */
		for (size_t j = 0; j < LIMIT_COMM_BYTES - 1; j++)
			strcat(comm, "\\x01");
		memset(rule, '"', sizeof(rule) - 1);
		memset(reason, '"', sizeof(reason) - 1);
		rule[sizeof(rule) - 1] = reason[sizeof(reason) - 1] = '\0';
		for (size_t j = 0; j < ALERT_FLOOD_SAMPLES; j++) {
			snprintf(flood.files[j], sizeof(flood.files[j]), "%s", i == 2 || i > 4 ? "/f" : text);
			snprintf(flood.tokens[j], sizeof(flood.tokens[j]), "dt0c01.ABCDEFGH");
		}
		for (size_t j = 0; j < LIMIT_ANCESTORS; j++)
			ancestors[j] = (struct alert_ancestor){.name = comm};
		alert = make_alert(comm, text);
		alert.process.executable = alert.process.script = alert.process.working_directory = text;
		alert.process.command_line = alert.process.unit = alert.file.host_path = text;
		alert.process.user_name = alert.process.group_name = text;
		alert.process.ancestors = ancestors;
		alert.process.ancestor_count = LIMIT_ANCESTORS;
		alert.container = (struct alert_container){.id = text,
							   .runtime = "systemd-nspawn",
							   .name = text,
							   .image = text,
							   .digest = text,
							   .outer = text,
							   .outer_name = text,
							   .namespace = text,
							   .created = text,
							   .pod = text,
							   .pod_namespace = text,
							   .pod_uid = text};
		for (size_t j = 0; j < ALERT_LABEL_COUNT; j++)
			alert.container.labels[j] = text;
		alert.journal = (struct alert_journal){.known = true, .unit = text, .name = text};
		alert.ruling = (struct alert_ruling){.rule = rule, .reason = reason, .expired = rule};
		alert.flood = &flood;
		json = check(&alert);
		assert_true(marked(json, "file", "path_truncated"));
		assert_true(strlen(value(json, "file", "path")) > (i < 5 ? 100 : 40));
		json_decref(json);
		/* no longer than they come in fact */
		alert.container.digest = alert.container.created = label;
		for (size_t j = 0; j < ALERT_LABEL_COUNT; j++)
			alert.container.labels[j] = label;
		json = check(&alert);
		json_decref(json);
		free(text);
		free(label);
	}
}

/* What is long is cut, and nothing else: the path's last names are there, and it begins with a whole one. */
static void test_path(void **state)
{
	char name[] = "name", *text = make_text("/directory", 20000);
	struct alert alert = make_alert(name, text);
	const char *path;
	json_t *json;

	(void)state;
	alert.process.executable = alert.file.host_path = name;
	json = check(&alert);
	path = value(json, "file", "path");
	assert_true(strlen(path) > 1000);
	assert_string_equal(path, text + strlen(text) - strlen(path));
	assert_memory_equal(path, "directory/", 10);
	assert_true(marked(json, "file", "path_truncated"));
	assert_false(marked(json, "file", "host_path_truncated"));
	assert_false(marked(json, "process", "executable_truncated"));
	assert_string_equal(value(json, "process", "executable"), "name");
	json_decref(json);
	/* the longest that the kernel takes stays whole */
	text[4095] = '\0';
	json = check(&alert);
	assert_string_equal(value(json, "file", "path"), text);
	assert_false(marked(json, "file", "path_truncated"));
	json_decref(json);
	free(text);
}

/* A command line keeps its beginning; neither a letter nor an escape is cut in two. */
static void test_command_line(void **state)
{
	char name[] = "x", path[] = "/f", *line;
	struct alert alert = make_alert(name, path);
	const char *cut;
	json_t *json;

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		line = make_text(i < 4 ? "\\x1b" : "\xc3\xa9", 30000);
		/* shifts what comes behind */
		memset(line, 'a', i % 4);
		if (i >= 4)
			memset(line, 'a', (i % 4) * 2);
		else
			memmove(line + i, line + 4 * (i != 0), strlen(line + 4 * (i != 0)) + 1);
		alert.process.command_line = line;
		json = check(&alert);
		cut = value(json, "process", "command_line");
		assert_true(strlen(cut) > 2000);
		assert_memory_equal(cut, line, strlen(cut));
		assert_true(marked(json, "process", "command_line_truncated"));
		if (i < 4)
			assert_int_equal((strlen(cut) - i) % 4, 0);
		json_decref(json);
		free(line);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_every),
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_command_line),
	};

	return UNIT_RUN(tests);
}
