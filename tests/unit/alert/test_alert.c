// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* From a sample to an alert to JSON and text: names, optional facts, escapes, the schema. */
#include "unit.h"

#include "alert/json.h"
#include "alert/text.h"
#include "attribute/attribute.h"
#include "detect/sample_view.h"
#include "schema.h"

#include <stdlib.h>
#include <unistd.h>

/* A sample as the kernel would send it, with the strings given. */
static struct token_sample *sample_make(const char *path, const char *exe, const char *args, size_t args_len)
{
	struct maker_token token = maker_token(21);
	struct token_sample *sample = calloc(1, sizeof(*sample) + strlen(path) + strlen(exe) + args_len);
	char *strings = (char *)(sample + 1);

	sample->path_len = (uint16_t)strlen(path);
	sample->exe_len = (uint16_t)strlen(exe);
	sample->args_len = (uint16_t)args_len;
	sample->size = (uint32_t)(sizeof(*sample) + strlen(path) + strlen(exe) + args_len);
	memcpy(strings, path, strlen(path));
	memcpy(strings + strlen(path), exe, strlen(exe));
	memcpy(strings + strlen(path) + strlen(exe), args, args_len);
	sample->window_len = MAKER_TOKEN_LEN;
	memcpy(sample->window, token.text, MAKER_TOKEN_LEN);
	sample->seq = 3;
	sample->tgid = sample->ns_tgid = 4242;
	sample->tid = 4243;
	sample->login_uid = UINT32_MAX;
	sample->kind = FILE_KIND_DISK;
	sample->call = WRITE_CALL_WRITE;
	sample->device = 8U << 20 | 1;
	sample->inode = 77;
	sample->mode = 0100644;
	sample->offset = 8192;
	sample->length = 200;
	sample->token_at = 5;
	strcpy(sample->comm, "python3");
	strcpy(sample->thread_comm, "worker");
	strcpy(sample->parent_comm, "sh");
	strcpy(sample->fs_name, "ext4");
	return sample;
}

static void alert_make(const struct token_sample *sample, struct alert *ret_alert)
{
	struct attribute *attribute;
	struct sample_view view;
	struct token_span span;
	struct token token;

	assert_int_equal(sample_view_parse(sample, sample->size, &view), 0);
	assert_int_equal(token_match(view.window, sample->window_len, 0, &token, &span), 1);
	assert_int_equal(attribute_open(NULL, NULL, NULL, &attribute), 0);
	assert_int_equal(attribute_alert(attribute, &view, view.window, &token, &span, ret_alert), 0);
	/* borrowed from attribute, which ends here */
	ret_alert->host_name = "node-1";
	attribute_close(attribute);
}

static json_t *json_make(const struct alert *alert)
{
	char *line, *problem;
	json_t *json;

	assert_int_equal(alert_to_json(alert, &line), 0);
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	json = json_loads(line, 0, NULL);
	assert_non_null(json);
	problem = schema_check("share/alert.schema.json", json);
	if (problem)
		fail_msg("%s in %s", problem, line);
	free(line);
	return json;
}

static const json_t *get(const json_t *json, const char *object, const char *name)
{
	return json_object_get(json_object_get(json, object), name);
}

static void test_json(void **state)
{
	static const char args[] = "python3\0-c\0pass";
	struct token_sample *sample = sample_make("/var/log/app.log", "/usr/bin/python3", args, sizeof(args));
	struct alert alert;
	json_t *json;

	(void)state;
	alert_make(sample, &alert);
	json = json_make(&alert);
	assert_string_equal(json_string_value(get(json, "token", "identifier")), maker_token(21).identifier);
	assert_string_equal(json_string_value(get(json, "process", "command_line")), "python3 -c pass");
	assert_string_equal(json_string_value(get(json, "process", "name")), "python3");
	assert_string_equal(json_string_value(get(json, "user", "name")), "root");
	assert_string_equal(json_string_value(get(json, "file", "device")), "8:1");
	assert_string_equal(json_string_value(get(json, "file", "inode")), "77");
	assert_int_equal(json_integer_value(get(json, "write", "token_offset")), 8197);
	assert_null(get(json, "file", "deleted"));
	assert_null(get(json, "process", "ns_pid"));
	json_decref(json);
	alert_free(&alert);
	free(sample);
}

/* The facts that are only there sometimes are in the schema as well. */
static void test_json_optional(void **state)
{
	struct token_sample *sample = sample_make("/x", "", "a", 1);
	struct alert alert;
	json_t *json;

	(void)state;
	sample->flags = SAMPLE_PATH_TRUNCATED | SAMPLE_ARGS_TRUNCATED | SAMPLE_FILE_DELETED |
			SAMPLE_OFFSET_APPROX | SAMPLE_COMPAT | SAMPLE_KTHREAD;
	sample->ns_tgid = 7;
	sample->login_uid = 1000;
	sample->uid = 4000000000U;
	alert_make(sample, &alert);
	json = json_make(&alert);
	assert_true(json_is_true(get(json, "file", "path_truncated")));
	assert_int_equal(json_integer_value(get(json, "process", "ns_pid")), 7);
	assert_null(get(json, "user", "name"));
	json_decref(json);
	alert_free(&alert);
	free(sample);
}

static void test_json_kinds(void **state)
{
	(void)state;
	for (uint32_t kind = 0; kind < FILE_KIND_MAX; kind++) {
		for (uint32_t call = 0; call < WRITE_CALL_MAX; call++) {
			struct token_sample *sample = sample_make("", "/bin/sh", "", 0);
			struct alert alert;

			sample->kind = kind;
			sample->call = call;
			sample->offset = SAMPLE_NO_OFFSET;
			alert_make(sample, &alert);
			json_decref(json_make(&alert));
			if (kind == FILE_KIND_PIPE)
				assert_string_equal(alert.file.path, "pipe:[77]");
			if (kind == FILE_KIND_UNKNOWN)
				assert_string_equal(alert.file.path, "(unknown)");
			alert_free(&alert);
			free(sample);
		}
	}
}

/* What has no name comes from the kernel as "/", which it certainly is not. */
static void test_nameless(void **state)
{
	static const struct {
		enum file_kind kind;
		const char *given, *shown;
	} cases[] = {
		{FILE_KIND_PIPE, "/", "pipe:[77]"},     {FILE_KIND_PIPE, "/run/fifo", "/run/fifo"},
		{FILE_KIND_SOCKET, "/", "socket:[77]"}, {FILE_KIND_SOCKET, "/TCP", "socket:[77]"},
		{FILE_KIND_MEMFD, "/", "memfd:[77]"},   {FILE_KIND_MEMFD, "/memfd:a", "/memfd:a"},
		{FILE_KIND_DISK, "", "(unknown)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct token_sample *sample = sample_make(cases[i].given, "/", "", 0);
		struct alert alert;

		sample->kind = cases[i].kind;
		sample->flags = SAMPLE_EXE_TRUNCATED;
		alert_make(sample, &alert);
		assert_string_equal(alert.file.path, cases[i].shown);
		/* a program that was started from memory; the process is gone */
		assert_null(alert.process.executable);
		assert_true(alert.process.executable_truncated);
		alert_free(&alert);
		free(sample);
	}
}

/* Of the host as well: nobody promises that its name is text. */
static void test_host_name(void **state)
{
	struct token_sample *sample = sample_make("/x", "/bin/sh", "", 0);
	struct attribute *attribute;
	struct sample_view view;
	struct token_span span;
	struct token token;
	struct alert alert;

	(void)state;
	setenv("NODE_NAME", "no\xff\nde", 1);
	assert_int_equal(attribute_open(NULL, NULL, NULL, &attribute), 0);
	unsetenv("NODE_NAME");
	assert_int_equal(sample_view_parse(sample, sample->size, &view), 0);
	assert_int_equal(token_match(view.window, sample->window_len, 0, &token, &span), 1);
	assert_int_equal(attribute_alert(attribute, &view, view.window, &token, &span, &alert), 0);
	assert_string_equal(alert.host_name, "no\\xff\\x0ade");
	json_decref(json_make(&alert));
	alert_free(&alert);
	attribute_close(attribute);
	attribute_close(NULL);
	free(sample);
}

/* Who has inherited a mapping began in a tick; the kernel side knows when in that: the same process, and what is known of it stays. */
static void test_repeat(void **state)
{
	static const struct {
		int64_t later; /* ns, than the tick that the alert has */
		bool same;
	} cases[] = {{0, true}, {9999999, true}, {10000000, false}, {-1, false}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct token_sample *sample = sample_make("/x", "/bin/sh", "sh\0-c", 6);
		struct seen_value value = {.tgid = sample->tgid, .ns_tgid = sample->tgid};
		struct attribute *attribute;
		struct alert alert, repeat;
		struct sample_view view;
		struct token_span span;
		struct token token;

		sample->start = 5000000000ULL;
		value.start = sample->start + (uint64_t)cases[i].later;
		assert_int_equal(attribute_open(NULL, NULL, NULL, &attribute), 0);
		assert_int_equal(sample_view_parse(sample, sample->size, &view), 0);
		assert_int_equal(token_match(view.window, sample->window_len, 0, &token, &span), 1);
		assert_int_equal(attribute_alert(attribute, &view, view.window, &token, &span, &alert), 0);
		assert_non_null(alert.process.command_line);
		assert_int_equal(attribute_repeat(attribute, &alert, &value, &repeat), 0);
		assert_int_equal(repeat.process.command_line != NULL, cases[i].same);
		assert_int_equal(repeat.process.start.tv_nsec == alert.process.start.tv_nsec, cases[i].same);
		attribute_repeat_free(&repeat);
		alert_free(&alert);
		attribute_close(attribute);
		free(sample);
	}
}

/* A token in two writes to a pipe began before the second; the first fifty bytes are in the first. */
static void test_pieces(void **state)
{
	struct token_sample *sample = sample_make("/", "/bin/sh", "", 0);
	struct alert alert;
	json_t *json;

	(void)state;
	sample->kind = FILE_KIND_PIPE;
	sample->offset = SAMPLE_NO_OFFSET;
	sample->token_at = -50;
	alert_make(sample, &alert);
	json = json_make(&alert);
	assert_int_equal(json_integer_value(get(json, "write", "token_offset")), -50);
	assert_null(get(json, "write", "offset"));
	json_decref(json);
	alert_free(&alert);
	free(sample);
}

/* Bytes that are not text, and tokens where names should be. */
static void test_hostile_strings(void **state)
{
	struct maker_token token = maker_token(21), other = maker_token(22);
	char path[512], *line, *text;
	struct token_sample *sample;
	struct alert alert;

	(void)state;
	snprintf(path, sizeof(path), "/a\xff\n\"/%s/%s", token.text, other.text);
	sample = sample_make(path, path, path, strlen(path));
	memcpy(sample->comm, token.secret + 10, LIMIT_COMM_BYTES);
	alert_make(sample, &alert);
	json_decref(json_make(&alert));
	assert_int_equal(alert_to_json(&alert, &line), 0);
	assert_int_equal(alert_to_text(&alert, true, &text), 0);
	for (size_t i = 0; i + 8 <= MAKER_SECRET_LEN; i++) {
		char part[9];

		snprintf(part, sizeof(part), "%.8s", token.secret + i);
		assert_null(strstr(line, part));
		assert_null(strstr(text, part));
		snprintf(part, sizeof(part), "%.8s", other.secret + i);
		assert_null(strstr(line, part));
		assert_null(strstr(text, part));
	}
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	free(line);
	free(text);
	alert_free(&alert);
	free(sample);
}

static void test_text(void **state)
{
	struct token_sample *sample = sample_make("/var/log/app.log", "/bin/sh", "", 0);
	char *text, expected[256];
	struct alert alert;

	(void)state;
	alert_make(sample, &alert);
	assert_int_equal(alert_to_text(&alert, false, &text), 0);
	snprintf(expected, sizeof(expected),
		 "  ALERT   python3 (pid 4242, root) wrote API token %s to /var/log/app.log"
		 "  (write of 200 bytes, token at byte 8197)\n",
		 maker_token(21).identifier);
	assert_string_equal(text + strlen("12:34:56"), expected);
	free(text);
	alert.token.placeholder = true;
	assert_int_equal(alert_to_text(&alert, true, &text), 0);
	assert_non_null(strstr(text, "a placeholder for API token"));
	assert_non_null(strstr(text, "\033["));
	free(text);
	alert_free(&alert);
	free(sample);
}

/* What the kernel could not read is looked up, but only of the very same process. */
static void test_fallback(void **state)
{
	struct token_sample *sample = sample_make("/x", "", "", 0);
	unsigned long long ticks = 0;
	FILE *stat = fopen("/proc/self/stat", "r");
	struct alert alert;

	(void)state;
	for (int field = 1; field < 22; field++)
		assert_int_equal(fscanf(stat, "%*s"), 0);
	assert_int_equal(fscanf(stat, "%llu", &ticks), 1);
	fclose(stat);
	sample->flags = SAMPLE_ARGS_UNREADABLE;
	sample->tgid = (uint32_t)getpid();
	sample->start = ticks * (1000000000ULL / (unsigned long long)sysconf(_SC_CLK_TCK)) + 5;
	alert_make(sample, &alert);
	assert_non_null(strstr(alert.process.command_line, "test_alert"));
	assert_non_null(strstr(alert.process.executable, "test_alert"));
	alert_free(&alert);
	/* the pid is somebody else's by now */
	sample->start += 1000000000;
	alert_make(sample, &alert);
	assert_null(alert.process.command_line);
	assert_null(alert.process.executable);
	alert_free(&alert);
	free(sample);
}

/* Kept in one piece, an alert says the same when the first is gone. */
static void test_pack(void **state)
{
	static const char args[] = "python3\0-c\0pass";
	struct token_sample *sample =
		sample_make("/var/log/a.log", "/usr/bin/python3.11", args, sizeof(args));
	struct alert_ancestor *ancestors = calloc(2, sizeof(*ancestors));
	struct alert alert, *pack;
	char *before, *after;
	void *memory;

	(void)state;
	alert_make(sample, &alert);
	ancestors[0] = (struct alert_ancestor){.pid = 3, .name = strdup("sh")};
	ancestors[1] = (struct alert_ancestor){.pid = 1, .name = strdup("init")};
	free(alert.process.ancestors);
	alert.process.ancestors = ancestors;
	alert.process.ancestor_count = 2;
	alert.container.id = strdup("0123");
	assert_int_equal(alert_to_json(&alert, &before), 0);
	memory = malloc(alert_pack_size(&alert));
	pack = alert_pack(&alert, memory);
	alert_free(&alert);
	assert_int_equal(alert_to_json(pack, &after), 0);
	assert_string_equal(before, after);
	free(before);
	free(after);
	free(memory);
	free(sample);
}

/* One token after the other, by an attribute that has seen all before; each as by one that has seen nothing. */
struct lent {
	struct attribute *attribute;
	uint64_t number; /* of the token */
	bool reused; /* the last one was */
};

static void lent_check(struct lent *lent, struct token_sample *sample)
{
	struct maker_token made = maker_token(++lent->number);
	char *expected, *line;
	struct alert alert;
	struct sample_view view;
	struct token_span span;
	struct token token;

	memcpy(sample->window, made.text, MAKER_TOKEN_LEN);
	sample->seq++;
	sample->time += 1000;
	sample->offset += 97;
	sample->token_at = (int64_t)lent->number;
	assert_int_equal(sample_view_parse(sample, sample->size, &view), 0);
	assert_int_equal(token_match(view.window, sample->window_len, 0, &token, &span), 1);
	assert_int_equal(attribute_alert(lent->attribute, &view, view.window, &token, &span, &alert), 0);
	assert_null(alert.facts);
	assert_int_equal(alert_to_json(&alert, &expected), 0);
	alert_free(&alert);
	assert_int_equal(attribute_lend(lent->attribute, &view, view.window, &token, &span, &alert), 0);
	lent->reused = alert.facts && alert.facts->json;
	assert_int_equal(alert_to_json(&alert, &line), 0);
	assert_string_equal(line, expected);
	assert_null(strstr(line, made.secret));
	free(expected);
	free(line);
	alert_free(&alert);
}

static void test_lent(void **state)
{
	static const char args[] = "python3\0write.py";
	struct token_sample *samples[3];
	struct lent lent = {.number = 100};
	struct maker_token other = maker_token(151);
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "/srv/%.8s", other.secret + 20);
	samples[0] = sample_make("/var/log/app.log", "/usr/bin/python3", args, sizeof(args));
	samples[1] = sample_make("/var/log/other.log", "/usr/bin/python3", args, sizeof(args));
	/* a part of the secret of one of the tokens */
	samples[2] = sample_make(path, "/usr/bin/python3", args, sizeof(args));
	assert_int_equal(attribute_open(NULL, NULL, NULL, &lent.attribute), 0);
	for (int i = 0; i < 120; i++) {
		lent_check(&lent, samples[i % 3]);
		/* each file's first one is made, and one that could show a secret each time */
		assert_int_equal(lent.reused, i >= 3 && i % 3 != 2);
	}
	/* whatever else is different */
	samples[0]->tid++;
	lent_check(&lent, samples[0]);
	assert_false(lent.reused);
	samples[0]->uid = 12345;
	lent_check(&lent, samples[0]);
	assert_false(lent.reused);
	samples[0]->flags |= SAMPLE_FILE_DELETED;
	lent_check(&lent, samples[0]);
	assert_false(lent.reused);
	((char *)(samples[0] + 1))[1]++;
	lent_check(&lent, samples[0]);
	assert_false(lent.reused);
	lent_check(&lent, samples[0]);
	assert_true(lent.reused);
	/* asked of the process, and what can be another thing each time */
	samples[0]->flags |= SAMPLE_NAME;
	lent_check(&lent, samples[0]);
	lent_check(&lent, samples[0]);
	assert_false(lent.reused);
	/* many others in between */
	for (uint32_t i = 0; i < 1000; i++) {
		samples[1]->inode = i;
		lent_check(&lent, samples[1]);
		lent_check(&lent, samples[1]);
		assert_true(lent.reused);
	}
	attribute_close(lent.attribute);
	for (int i = 0; i < 3; i++)
		free(samples[i]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),       cmocka_unit_test(test_json_optional),
		cmocka_unit_test(test_json_kinds), cmocka_unit_test(test_hostile_strings),
		cmocka_unit_test(test_text),       cmocka_unit_test(test_fallback),
		cmocka_unit_test(test_nameless),   cmocka_unit_test(test_host_name),
		cmocka_unit_test(test_repeat),     cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_pack),       cmocka_unit_test(test_lent),
	};

	return UNIT_RUN(tests);
}
