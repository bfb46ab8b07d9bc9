// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* From a store to what is shown: groups, leaks and their carriers, periods, hostile names, remains. */
#include "alerts.h"
#include "unit.h"

#include "report/layout.h"
#include "lib/period.h"
#include "report/relay.h"
#include "report/remains.h"
#include "report/report.h"
#include "report/todo.h"
#include "schema.h"

#include <jansson.h>
#include <locale.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define POD_A "aaaaaaaaaaaaaaaaaaaaaaaa"
#define POD_B "bbbbbbbbbbbbbbbbbbbbbbbb"

static char *dir;
static char path[128];

static int setup(void **state)
{
	(void)state;
	dir = alerts_dir();
	snprintf(path, sizeof(path), "%s/audit.db", dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	alerts_remove(dir);
	return 0;
}

static void put_all(const struct alert_spec *specs, size_t count)
{
	struct store *store = alerts_store(path);

	for (size_t i = 0; i < count; i++)
		alerts_put(store, &specs[i]);
	store_close(store);
}

static struct report_options options_make(enum dimension by)
{
	return (struct report_options){
		.survey = {.hours = true, .since = INT64_MIN, .until = period_now() + 86400000000},
		.by = by,
		.store = "audit.db",
	};
}

static void open_report(const struct report_options *options, struct report *report)
{
	struct reader *reader;

	assert_int_equal(reader_open(path, "h", &reader), 0);
	assert_int_equal(report_open(reader, options, report), 0);
}

typedef int (*report_output)(struct report *report, FILE *out);

static int output_table(struct report *report, FILE *out)
{
	return report_table(report, out, 0, false);
}

static int output_remains(struct report *report, FILE *out)
{
	struct remains remains;
	int r = remains_find(report, &remains);

	if (r == 0)
		r = remains_json(report, &remains, out);
	remains_free(&remains);
	return r;
}

static char *output(const struct report_options *options, report_output write)
{
	struct report report;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	open_report(options, &report);
	assert_int_equal(write(&report, out), 0);
	fclose(out);
	report_close(&report);
	return text;
}

/* An application, what copied its log, and a second leak on the host. */
static void put_leaks(void)
{
	int64_t now = alerts_now();
	const struct alert_spec specs[] = {
		{.token = "dt0c01.LEAK1",
		 .file = "/logs/app.log",
		 .program = "/usr/bin/python3",
		 .container = POD_A,
		 .digest = "sha256:ab",
		 .outer = "node",
		 .exec = true,
		 .pod = "checkout",
		 .time = now - 100},
		{.token = "dt0c01.LEAK1",
		 .file = "/var/log/0.log",
		 .program = "/usr/bin/containerd-shim-runc-v2",
		 .time = now - 99},
		{.token = "dt0c01.LEAK1",
		 .file = "/buffer/1.flb",
		 .program = "/fluent-bit/bin/fluent-bit",
		 .container = POD_B,
		 .pod = "fluent-bit",
		 .time = now - 98},
		{.token = "dt0c01.LEAK1",
		 .file = "/logs/other.log",
		 .program = "/usr/bin/python3",
		 .container = POD_A,
		 .pod = "checkout",
		 .time = now - 97},
		{.token = "dt0c01.LEAK2",
		 .file = "/root/x",
		 .program = "/usr/bin/tee",
		 .time = now - 3000000},
	};

	put_all(specs, sizeof(specs) / sizeof(*specs));
}

/* What is passed on by who does that by a rule, what a rule allows, and who wrote it first, later than both. */
static void test_rules(void **state)
{
	struct alert_spec spec = {
		.token = "dt0c01.LEAK1", .file = "/pods/secret", .program = "/usr/bin/writes"};
	struct report_options options = options_make(DIMENSION_TOKEN);
	struct store *store = alerts_store(path);
	struct alert alert;
	char *text;

	(void)state;
	spec.time = alerts_now() - 100;
	alert = alerts_make(&spec);
	alert.ruling = (struct alert_ruling){.rule = "may", .allowed = true};
	assert_int_equal(store_put(store, &alert), 0);
	spec.program = "/usr/bin/passes";
	spec.time++;
	alert = alerts_make(&spec);
	alert.ruling = (struct alert_ruling){.rule = "bundles", .carrier = true};
	assert_int_equal(store_put(store, &alert), 0);
	store_close(store);
	text = output(&options, output_table);
	assert_non_null(strstr(text, "from passes, a relay: who gave it the token was not seen"));
	assert_non_null(strstr(text, "1 leaked token on "));
	assert_non_null(strstr(text, "beside them, as rules allow: 1 entry (--allowed shows them)"));
	assert_null(strstr(text, "writes →"));
	free(text);
	store = alerts_store(path);
	spec.program = "/usr/bin/first";
	spec.time++;
	alerts_put(store, &spec);
	store_close(store);
	text = output(&options, output_table);
	assert_non_null(strstr(text, "from first\n"));
	assert_non_null(strstr(text, "passed on by 1 carrier: passes"));
	assert_non_null(strstr(text, "↳ passes → /pods/secret  rule: bundles"));
	free(text);
	text = output(&options, report_json);
	assert_non_null(strstr(text, "\"allowed_left_out\":1"));
	assert_non_null(strstr(text, "\"rule\":{\"name\":\"bundles\"}"));
	free(text);
	options.survey.allowed = true;
	text = output(&options, output_table);
	assert_non_null(strstr(text, "1 token that rules allow on "));
	assert_non_null(strstr(text, "writes → /pods/secret  rule: may"));
	assert_null(strstr(text, "from first"));
	free(text);
	text = output(&options, report_csv);
	assert_non_null(strstr(text, "dt0c01.LEAK1,API token,false,allowed,1,"));
	assert_non_null(strstr(text, ",write,,may,false,,,,,host,73,false,h\r\n"));
	assert_null(strstr(text, "origin"));
	free(text);
}

static void test_leaks(void **state)
{
	struct report_options options = options_make(DIMENSION_TOKEN);
	const json_t *row, *carriers;
	char *text;
	json_t *root;

	(void)state;
	put_leaks();
	text = output(&options, report_json);
	root = json_loads(text, 0, NULL);
	assert_non_null(root);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(root, "totals"), "tokens")), 2);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(root, "totals"), "containers")),
			 2);
	assert_int_equal(json_array_size(json_object_get(root, "rows")), 2);
	/* latest first */
	row = json_array_get(json_object_get(root, "rows"), 0);
	assert_string_equal(json_string_value(json_object_get(row, "token")), "dt0c01.LEAK1");
	assert_string_equal(json_string_value(json_object_get(json_object_get(row, "origin"), "executable")),
			    "/usr/bin/python3");
	carriers = json_object_get(row, "carriers");
	assert_int_equal(json_array_size(carriers), 2);
	assert_true(json_is_true(json_object_get(json_array_get(carriers, 0), "relay")));
	assert_int_equal(json_array_size(json_object_get(row, "entries")), 4);
	/* of the other one the first writer passes things on itself */
	row = json_array_get(json_object_get(root, "rows"), 1);
	assert_true(json_is_true(json_object_get(json_object_get(row, "origin"), "relay")));
	assert_int_equal(json_array_size(json_object_get(row, "carriers")), 0);
	json_decref(root);
	free(text);
}

static void test_groups(void **state)
{
	static const struct {
		enum dimension by;
		size_t rows;
		const char *first;
	} cases[] = {
		{DIMENSION_TOKEN, 2, "dt0c01.LEAK1"},       {DIMENSION_FILE, 5, NULL},
		{DIMENSION_PROGRAM, 4, "/usr/bin/python3"}, {DIMENSION_CONTAINER, 3, "(host)"},
		{DIMENSION_DERIVED, 3, "(host)"},
	};

	(void)state;
	put_leaks();
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct report_options options = options_make(cases[i].by);
		char *text = output(&options, report_json), *problem;
		json_t *root = json_loads(text, 0, NULL), *rows = json_object_get(root, "rows");
		const json_t *name = json_object_get(json_array_get(rows, 0), report_by(&options));

		assert_int_equal(json_array_size(rows), cases[i].rows);
		problem = schema_check("share/audit.schema.json", root);
		if (problem)
			fail_msg("by %s: %s", report_by(&options), problem);
		if (cases[i].first)
			assert_string_equal(json_string_value(name), cases[i].first);
		json_decref(root);
		free(text);
	}
}

/* By what a container or an alert says of it beside: one row each, the host's and a container's apart; and also of a first write that was not asked for. */
static void test_derived(void **state)
{
	int64_t now = alerts_now();
	const struct alert_spec specs[] = {
		{.file = "/a", .container = POD_A, .pod = "checkout", .image = "app:1", .user = "app"},
		{.file = "/b", .container = "bbbbbbbbbbbb", .image = "app:1"},
		{.file = "/c", .unit = "cron.service"},
		{.file = "/d", .unit = "cron.service", .user = "ada"},
		{.file = "/e", .container = "cccccccccccc"},
	};
	static const struct {
		const char *by, *rows;
	} cases[] = {
		{"pod", "(host) (no pod) app shop/checkout "},
		{"image", "(host) (image not known) app:1 "},
		{"namespace", "(host) (no namespace) shop "},
		{"unit", "(no unit) cron.service "},
		{"user", "ada app in containers root root in containers "},
	};
	struct alert_spec all[5];

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		all[i] = specs[i];
		all[i].token = "dt0c01.LEAK1";
		all[i].program = "/bin/a";
		all[i].time = now - 100 + (int64_t)i;
	}
	put_all(all, 5);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct report_options options = options_make(DIMENSION_CONTAINER);
		const char *names[8] = {NULL};
		char *text, *problem, rows[256] = "";
		json_t *root, *row;
		size_t index;

		assert_true(report_set_by(cases[i].by, &options));
		assert_string_equal(report_by(&options), cases[i].by);
		text = output(&options, report_json);
		root = json_loads(text, 0, NULL);
		problem = schema_check("share/audit.schema.json", root);
		if (problem)
			fail_msg("by %s: %s", cases[i].by, problem);
		json_array_foreach (json_object_get(root, "rows"), index, row) {
			const char *name = json_string_value(json_object_get(row, cases[i].by));
			size_t at = index;

			for (; at && strcmp(names[at - 1], name) > 0; at--)
				names[at] = names[at - 1];
			names[at] = name;
		}
		for (size_t j = 0; names[j]; j++) {
			strcat(rows, names[j]);
			strcat(rows, " ");
		}
		assert_string_equal(rows, cases[i].rows);
		json_decref(root);
		free(text);
		text = output(&options, report_html);
		free(text);
		/* the first write lies outside of what is asked for, and is told */
		options.survey.container = READER_HOST;
		text = output(&options, output_table);
		assert_non_null(strstr(text, "/c"));
		free(text);
	}
	assert_false(report_set_by("nothing", &(struct report_options){0}));
}

static void test_filters(void **state)
{
	struct report_options options = options_make(DIMENSION_CONTAINER);
	static const struct {
		const char *container, *token;
		size_t facts;
	} cases[] = {
		{"checkout", NULL, 2},
		{"shop/checkout", NULL, 2},
		{"shop/checkout/app", NULL, 2},
		{"shop/checkout/other", NULL, 0},
		{"shop/*", NULL, 3},
		{"other/*", NULL, 0},
		{POD_A, NULL, 2},
		{"aaaaaaaaaaaa", NULL, 2},
		{"aaaa", NULL, 0},
		{"app", NULL, 3},
		{"(host)", NULL, 2},
		{"nobody", NULL, 0},
		{NULL, "dt0c01.LEAK2", 1},
		{NULL, "dt0c01.NONE", 0},
		{"(host)", "dt0c01.LEAK1", 1},
	};
	struct report report;

	(void)state;
	put_leaks();
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		options.survey.container = cases[i].container;
		options.survey.token = cases[i].token;
		open_report(&options, &report);
		if (report.survey.count != cases[i].facts)
			fail_msg("case %zu: %zu facts", i, report.survey.count);
		report_close(&report);
	}
}

/* Also with others; what nothing matches is nothing, and not all. */
static void test_patterns(void **state)
{
	static const struct {
		enum reader_pattern what;
		const char *pattern;
		size_t facts, hosts;
	} cases[] = {
		{READER_PROGRAMS, "python3", 2, 0}, {READER_PROGRAMS, "/usr/bin/*", 4, 2},
		{READER_PROGRAMS, "ython3", 0, 0},  {READER_FILES, "/*", 5, 2},
		{READER_FILES, "*.log", 3, 1},      {READER_FILES, "/nowhere/*", 0, 0},
		{READER_NAMESPACES, "sh?p", 3, 0},  {READER_IMAGES, "*", 0, 0},
	};
	struct report report;

	(void)state;
	put_leaks();
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct report_options options = options_make(DIMENSION_CONTAINER);

		options.survey.patterns[cases[i].what] = cases[i].pattern;
		for (int host = 0; host < 2; host++) {
			size_t wanted = host ? cases[i].hosts : cases[i].facts;

			options.survey.container = host ? READER_HOST : NULL;
			open_report(&options, &report);
			if (report.survey.count != wanted)
				fail_msg("case %zu: %zu facts", i, report.survey.count);
			report_close(&report);
		}
	}
}

/* Who only passed a token on does so whatever is asked for: a container, or a time after the first write. */
static void test_filtered_roles(void **state)
{
	struct report_options options = options_make(DIMENSION_TOKEN);
	struct report report;
	char *text;

	(void)state;
	put_leaks();
	options.survey.token = "dt0c01.LEAK1";
	options.survey.container = "fluent-bit";
	text = output(&options, output_table);
	assert_non_null(strstr(text, "1 leaked token on "));
	assert_non_null(strstr(text, "1 file, 1 container, 1 write"));
	assert_non_null(strstr(text, "from python3 in shop/checkout/app\n"));
	assert_non_null(strstr(text, "↳ fluent-bit in shop/fluent-bit/app"));
	free(text);
	text = output(&options, report_csv);
	assert_non_null(strstr(text, ",carrier,"));
	assert_null(strstr(text, ",origin,"));
	free(text);
	text = output(&options, report_json);
	assert_non_null(strstr(text, "\"origin\":{\"executable\":\"/usr/bin/python3\""));
	free(text);
	options.by = DIMENSION_DERIVED;
	text = output(&options, output_table);
	assert_non_null(strstr(text, "first written by python3 in shop/checkout/app"));
	free(text);
	options.survey.container = NULL;
	open_report(&options, &report);
	options.survey.since = report.survey.first + 1500000;
	report_close(&report);
	open_report(&options, &report);
	assert_int_equal(report.survey.count, 2);
	assert_string_equal(leaks_role(&report.leaks, &report.survey.facts[0]), "carrier");
	assert_string_equal(leaks_role(&report.leaks, &report.survey.facts[1]), "origin");
	report_close(&report);
}

/* Wherever it is read: the rows' times are what the heading says that they are. */
static void test_times(void **state)
{
	struct report_options options = options_make(DIMENSION_CONTAINER);
	const struct alert_spec spec = {
		.token = "dt0c01.A", .file = "/a", .program = "/b", .time = 1700000000};
	char *text;

	(void)state;
	put_all(&spec, 1);
	setenv("TZ", "Asia/Tokyo", 1);
	tzset();
	text = output(&options, output_table);
	unsetenv("TZ");
	tzset();
	assert_non_null(strstr(text, "FIRST (UTC)  LAST (UTC)"));
	assert_non_null(strstr(text, "first 2023-11-14 22:13 UTC"));
	assert_non_null(strstr(text, "2023-11-14"));
	assert_null(strstr(text, "2023-11-15"));
	free(text);
}

/* A fact that lies partly in the period counts by the hours in it. */
static void test_period(void **state)
{
	int64_t hour = alerts_now() / 3600 * 3600;
	const struct alert_spec specs[] = {
		{.token = "dt0c01.T", .file = "/f", .program = "/p", .time = hour - 10 * 3600},
		{.token = "dt0c01.T", .file = "/f", .program = "/p", .time = hour - 5 * 3600},
		{.token = "dt0c01.T", .file = "/f", .program = "/p", .time = hour - 5 * 3600 + 60},
		{.token = "dt0c01.T", .file = "/f", .program = "/p", .time = hour},
		{.token = "dt0c01.T", .file = "/g", .program = "/p", .time = hour - 5 * 3600},
	};
	static const struct {
		int since, until; /* hours ago; until 0: now */
		uint64_t writes;
		size_t facts;
	} cases[] = {{100, 0, 5, 2}, {6, 0, 4, 2}, {2, 0, 1, 1}, {6, 3, 3, 2}, {9, 7, 0, 0}, {100, 50, 0, 0}};
	struct report_options options = options_make(DIMENSION_TOKEN);
	struct report report;

	(void)state;
	put_all(specs, sizeof(specs) / sizeof(*specs));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		options.survey.since = (hour - cases[i].since * 3600LL) * 1000000;
		options.survey.until = cases[i].until ? (hour - cases[i].until * 3600LL) * 1000000
						      : period_now() + 86400000000;
		open_report(&options, &report);
		if (report.survey.count != cases[i].facts || report.survey.writes != cases[i].writes)
			fail_msg("case %zu: %zu facts, %llu writes", i, report.survey.count,
				 (unsigned long long)report.survey.writes);
		report_close(&report);
	}
}

/* No line is wider than the terminal, whatever the names are. */
static void test_table_width(void **state)
{
	static const char *const names[] = {"/short",
					    "/日本語/日本語/日本語/日本語/日本語/日本語/日本語/日本語/日本語",
					    "/very/long/path/that/goes/on/and/on/for/ever/and/ever/and/has/"
					    "no/end/at/all/it/seems/file.log",
					    "/turns/\u202eround"};
	int64_t now = alerts_now();

	(void)state;
	for (size_t i = 0; i < 4; i++)
		put_all((const struct alert_spec[]){{.token = "dt0c01.ABCDEFGHIJKLMNOPQRSTUVWX",
						     .file = names[i],
						     .program = names[3 - i],
						     .container = i % 2 ? POD_A : NULL,
						     .pod = "a-pod-with-a-rather-long-name-7f9c4d5b6-x2kqp",
						     .time = now}},
			1);
	for (int by = 0; by < DIMENSION_MAX; by++) {
		struct report_options options = options_make(by);

		for (int width = 60; width < 200; width += 7) {
			struct report report;
			char *text, *line, *next;
			size_t size;
			FILE *out = open_memstream(&text, &size);

			open_report(&options, &report);
			assert_int_equal(report_table(&report, out, width, false), 0);
			fclose(out);
			for (line = text; (next = strchr(line, '\n')); line = next + 1) {
				*next = '\0';
				if (layout_columns(line) > width)
					fail_msg("%d columns by %s: %s", width, report_by(&options), line);
			}
			free(text);
			report_close(&report);
		}
	}
}

static void test_hostile(void **state)
{
	static const char bad[] = "/x/<script>alert(1)</script>/\"onmouseover=\"alert(2)/=cmd";
	const struct alert_spec spec = {.token = "dt0c01.T",
					.file = bad,
					.program = bad,
					.container = "<b>id</b>",
					.pod = "<i>pod</i>",
					.time = alerts_now()};
	struct report_options options = options_make(DIMENSION_TOKEN);
	char *text, asked[128];

	(void)state;
	put_all(&spec, 1);
	text = output(&options, report_html);
	assert_null(strstr(text, "<script>alert"));
	assert_null(strstr(text, "\"onmouseover"));
	assert_null(strstr(text, "<b>id"));
	assert_null(strstr(text, "<i>pod"));
	assert_non_null(strstr(text, "&lt;script&gt;alert(1)"));
	assert_non_null(strstr(text, "default-src 'none'"));
	assert_null(strstr(text, "http://"));
	assert_null(strstr(text, "https://"));
	free(text);
	/* a whole token where its identifier was asked for */
	snprintf(asked, sizeof(asked), "dt0c01.%024d.%064d", 1, 0);
	options.survey.token = options.survey.container = asked;
	text = output(&options, report_html);
	assert_null(strstr(text, strrchr(asked, '.')));
	assert_non_null(strstr(text, "&lt;masked&gt;"));
	free(text);
}

static void test_empty(void **state)
{
	static const report_output outputs[] = {output_table, report_json, report_csv, report_html};
	struct report_options options = options_make(DIMENSION_CONTAINER);

	(void)state;
	store_close(alerts_store(path));
	for (size_t i = 0; i < sizeof(outputs) / sizeof(*outputs); i++) {
		char *text = output(&options, outputs[i]);

		assert_true(strlen(text) > 10);
		free(text);
	}
}

static void test_relays(void **state)
{
	(void)state;
	assert_true(relay_known("/usr/bin/tee"));
	assert_true(relay_known("/usr/lib/systemd/systemd-journald"));
	assert_true(relay_known("(fluent-bit)"));
	assert_true(relay_known("/bin/busybox (cat)"));
	assert_false(relay_known("/bin/busybox (sh)"));
	assert_false(relay_known("/bin/busybox"));
	assert_true(relay_known("/usr/bin/containerd-shim-runc-v2"));
	assert_false(relay_known("/usr/bin/python3.11"));
	assert_false(relay_known("/usr/bin/teether"));
	assert_false(relay_known("/opt/tee/bin/app"));
}

static void write_file(const char *name, const char *text)
{
	char file[256];
	FILE *out;

	snprintf(file, sizeof(file), "%s/%s", dir, name);
	out = fopen(file, "w");
	fputs(text, out);
	fclose(out);
}

/* A name is given in each runtime, in each of containerd's namespaces, and again: each is a container of its own. */
static void test_same_name(void **state)
{
	struct report_options options = options_make(DIMENSION_CONTAINER);
	static const char hash[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	int64_t now = alerts_now();
	const struct alert_spec specs[] = {
		{.container = "web", .runtime = "runc", .created = "2026-01-01T10:00:00Z"},
		{.container = "web", .runtime = "runc", .created = "2026-01-01T11:00:00Z"},
		{.container = "web", .namespace = "default", .created = "2026-01-01T10:00:00Z"},
		{.container = "web", .namespace = "blue", .created = "2026-01-01T10:00:00Z"},
		{.container = hash, .namespace = "k8s.io", .created = "2026-01-01T10:00:00Z"},
		/* an id is one, whatever was known of it when */
		{.container = hash},
	};
	struct alert_spec all[6];
	json_t *json, *rows, *row;
	size_t index, found = 0;
	char *text, *problem;

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		all[i] = specs[i];
		all[i].token = "dt0c01.LEAK1";
		all[i].file = "/tmp/x";
		all[i].program = "/bin/a";
		all[i].time = now - 100;
	}
	put_all(all, 6);
	text = output(&options, report_json);
	json = json_loads(text, 0, NULL);
	problem = schema_check("share/audit.schema.json", json);
	assert_null(problem);
	rows = json_object_get(json, "rows");
	assert_int_equal(json_array_size(rows), 5);
	json_array_foreach (rows, index, row)
		found += strcmp(json_string_value(json_object_get(json_object_get(row, "details"), "id")),
				"web") == 0;
	assert_int_equal(found, 4);
	json_decref(json);
	free(text);
	text = output(&options, output_table);
	assert_non_null(strstr(text, "containerd blue, created 2026-01-01T10:00:00Z"));
	assert_non_null(strstr(text, "runc, created 2026-01-01T11:00:00Z"));
	free(text);
	options.survey.container = "web";
	text = output(&options, report_csv);
	assert_non_null(strstr(text, ",web,"));
	assert_non_null(strstr(text, ",blue,2026-01-01T10:00:00Z"));
	free(text);
}

/* One that was renamed is one container, found by each of its names. */
static void test_renamed(void **state)
{
	static const char hash[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	struct report_options options = options_make(DIMENSION_CONTAINER);
	static char *const names[] = {"web", "web-old[1]", "web", "web-new", "web-new"};
	struct store *store = alerts_store(path);
	json_t *json, *row, *former;
	char *text, *problem;

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		const struct alert_spec spec = {.token = "dt0c01.LEAK1",
						.file = "/tmp/x",
						.program = "/bin/a",
						.container = hash,
						.runtime = "docker",
						.time = alerts_now() - 100 + (int64_t)i};
		struct alert alert = alerts_make(&spec);
		char *moved = NULL;

		alert.container.name = names[i];
		assert_int_equal(store_put(store, &alert), 0);
		assert_int_equal(store_flush(store, &moved), 0);
	}
	store_close(store);
	for (size_t i = 0; i < 3; i++) {
		options.survey.container = names[i + 1];
		text = output(&options, report_json);
		json = json_loads(text, 0, NULL);
		problem = schema_check("share/audit.schema.json", json);
		assert_null(problem);
		assert_int_equal(json_array_size(json_object_get(json, "rows")), 1);
		row = json_object_get(json_array_get(json_object_get(json, "rows"), 0), "details");
		assert_string_equal(json_string_value(json_object_get(row, "name")), "web-new");
		former = json_object_get(row, "former_names");
		assert_int_equal(json_array_size(former), 2);
		assert_string_equal(json_string_value(json_array_get(former, 0)), "web");
		assert_string_equal(json_string_value(json_array_get(former, 1)), "web-old[1]");
		json_decref(json);
		free(text);
	}
	text = output(&options, output_table);
	assert_non_null(strstr(text, "web-new (before: web, web-old[1]; 0123456789ab)"));
	free(text);
}

/* How many entries are of what was asked for. */
static size_t found_of(const struct report_options *options)
{
	struct report report;
	size_t count;

	open_report(options, &report);
	count = report.survey.count;
	report_close(&report);
	return count;
}

/* What stands in a heading is an argument, and tells one container; a pattern tells several. */
static void test_headings(void **state)
{
	static const char hash[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	static const struct {
		const char *id;
		char *name, *pod, *namespace;
		bool claimed;
	} containers[] = {
		{hash, "web", NULL, NULL, false},
		{hash, "web-new", NULL, NULL, false},
		{"1123456789abcdef", "web", "shop", NULL, false},
		{"2123456789abcdef", "app", "web", "shop", false},
		{"/web-house/1234567", NULL, NULL, NULL, false},
		{"/web-house/1234568", NULL, NULL, NULL, false},
		{"3123456789abcdef", NULL, NULL, NULL, true},
		{"3123456789abcde0", NULL, NULL, NULL, true},
		{NULL, NULL, NULL, NULL, false},
	};
	static const struct {
		const char *asked;
		size_t count;
	} cases[] = {
		{"web-new (before: web; 0123456789ab)", 2},
		{"h:web-new (before: web; 0123456789ab)", 2},
		{"shop/web", 2}, /* of podman's pod "shop", and the pod of the namespace */
		{"shop/web/app", 1},
		{"shop/*", 2},
		{"/web-house/1234567", 1},
		{"/web-house/*", 2},
		{"claimed 3123456789ab", 2},
		{"claimed 3123456789abcdef", 1},
		{"(host)", 1},
		{"host", 0},
		{"web", 4},
		{"web-n?w", 2},
		{"w*", 4},
		{"*", 8},
		{"web (before", 0},
		{"(before: ", 0},
		{" (before: ; )", 0},
	};
	struct report_options options = options_make(DIMENSION_CONTAINER);
	struct store *store = alerts_store(path);
	json_t *json, *row;
	size_t index;
	char *text;

	(void)state;
	for (size_t i = 0; i < sizeof(containers) / sizeof(*containers); i++) {
		char file[16];
		const struct alert_spec spec = {.token = "dt0c01.LEAK1",
						.file = file,
						.program = "/bin/a",
						.container = containers[i].id,
						.runtime = "podman",
						.time = alerts_now() - 100 + (int64_t)i};
		struct alert alert;
		char *moved = NULL;

		snprintf(file, sizeof(file), "/tmp/%zu", i);
		alert = alerts_make(&spec);
		alert.container.name = containers[i].name;
		alert.container.pod = containers[i].pod;
		alert.container.pod_namespace = containers[i].namespace;
		alert.container.claimed = containers[i].claimed;
		assert_int_equal(store_put(store, &alert), 0);
		assert_int_equal(store_flush(store, &moved), 0);
	}
	store_close(store);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *asked = strdup(cases[i].asked);

		labels_asked(asked);
		options.survey.container = asked;
		if (found_of(&options) != cases[i].count)
			fail_msg("%s: %zu", cases[i].asked, found_of(&options));
		free(asked);
	}
	options.survey.container = NULL;
	text = output(&options, report_json);
	json = json_loads(text, 0, NULL);
	assert_int_equal(json_array_size(json_object_get(json, "rows")), 8);
	json_array_foreach (json_object_get(json, "rows"), index, row) {
		char *heading = strdup(json_string_value(json_object_get(row, "container")));

		labels_asked(heading);
		options.survey.container = heading;
		if (found_of(&options) < json_array_size(json_object_get(row, "entries")))
			fail_msg("%s is not found", heading);
		free(heading);
	}
	json_decref(json);
	free(text);
}

/* A program is asked for as people call it: BusyBox's by what it was called as, and all of them by the box. */
static void test_applets(void **state)
{
	static const struct {
		const char *asked;
		size_t count;
	} cases[] = {
		{"tee", 3},
		{"cat", 1},
		{"busybox", 2},
		{"/bin/busybox", 2},
		{"/bin/busybox (tee)", 1},
		{"busybox (tee)", 1},
		{"ee", 0},
		{"t?e", 3},
		{"app", 0},
		{"/opt/app (tee)", 1},
		{"(tee)", 1},
		{"/tmp/*", 0},
	};
	static char *const programs[][2] = {
		{"/bin/busybox", "tee /tmp/x"},
		{"/bin/busybox", "cat /tmp/x"},
		{"/usr/bin/tee", "tee"},
		{"/opt/app (tee)", "app"},
		{NULL, "tee"},
	};
	struct report_options options = options_make(DIMENSION_PROGRAM);
	struct store *store = alerts_store(path);
	char name[] = "tee";

	(void)state;
	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
		const struct alert_spec spec = {.token = "dt0c01.LEAK1",
						.file = "/tmp/x",
						.program = programs[i][0],
						.time = alerts_now() - 100};
		struct alert alert = alerts_make(&spec);

		alert.process.command_line = programs[i][1];
		alert.process.name = name;
		assert_int_equal(store_put(store, &alert), 0);
	}
	store_close(store);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		options.survey.patterns[READER_PROGRAMS] = cases[i].asked;
		if (found_of(&options) != cases[i].count)
			fail_msg("%s: %zu", cases[i].asked, found_of(&options));
	}
}

/* What the host wrote into a container is found by its name, said to come from outside, and the host's own doing. */
static void test_outside(void **state)
{
	struct report_options options = options_make(DIMENSION_DERIVED);
	const struct alert_spec spec = {
		.token = "dt0c01.LEAK1",
		.file = "/var/lib/kubelet/pods/1/volumes/kubernetes.io~empty-dir/a/x",
		.program = "/usr/bin/nsenter",
		.container = POD_A,
		.pod = "checkout",
		.outside = true,
		.time = alerts_now() - 100,
	};
	json_t *json, *entry;
	char *text, *problem;

	(void)state;
	put_all(&spec, 1);
	options.survey.container = "shop/checkout";
	text = output(&options, report_json);
	json = json_loads(text, 0, NULL);
	problem = schema_check("share/audit.schema.json", json);
	assert_null(problem);
	entry = json_array_get(json_object_get(json_array_get(json_object_get(json, "rows"), 0), "entries"),
			       0);
	assert_true(json_is_true(json_object_get(json_object_get(entry, "container"), "outside")));
	assert_null(json_object_get(json_object_get(entry, "container"), "relayed"));
	json_decref(json);
	free(text);
	options.by = DIMENSION_TOKEN;
	text = output(&options, output_table);
	assert_non_null(strstr(text, "from nsenter into shop/checkout/app\n"));
	free(text);
}

/* What a container printed is found by its name, and said to be written for it. */
static void test_relayed(void **state)
{
	struct report_options options = options_make(DIMENSION_DERIVED);
	int64_t now = alerts_now();
	const struct alert_spec specs[] = {
		{.token = "dt0c01.LEAK1",
		 .file = "/var/log/pods/shop_checkout_1/app/0.log",
		 .program = "/usr/bin/containerd",
		 .container = POD_A,
		 .pod = "checkout",
		 .relayed = true,
		 .time = now - 100},
		{.token = "dt0c01.LEAK2",
		 .file = "/root/x",
		 .program = "/usr/bin/containerd",
		 .time = now - 90},
	};
	json_t *json, *entry;
	char *text, *problem;

	(void)state;
	put_all(specs, 2);
	options.survey.container = "shop/checkout";
	text = output(&options, report_json);
	json = json_loads(text, 0, NULL);
	problem = schema_check("share/audit.schema.json", json);
	assert_null(problem);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(json, "totals"), "entries")), 1);
	entry = json_array_get(json_object_get(json_array_get(json_object_get(json, "rows"), 0), "entries"),
			       0);
	assert_true(json_is_true(json_object_get(json_object_get(entry, "container"), "relayed")));
	json_decref(json);
	free(text);
	options.by = DIMENSION_TOKEN;
	text = output(&options, output_table);
	assert_non_null(strstr(text, "from containerd for shop/checkout/app, which has printed it\n"));
	free(text);
	text = output(&options, report_json);
	json = json_loads(text, 0, NULL);
	problem = schema_check("share/audit.schema.json", json);
	assert_null(problem);
	json_decref(json);
	free(text);
}

static size_t count_lines(const char *text)
{
	size_t lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

/* Only what lies there, is that grave, or was decided of by such a rule; all that is asked for has to hold, and roles are those of all. */
static void test_said(void **state)
{
	static const struct {
		const char *container, *place, *rule;
		int severity;
		bool placeholder;
	} cases[] = {
		{NULL, NULL, NULL, 0, false},     {POD_A, "layer", "prod-keys", 99, false},
		{POD_A, "volume", NULL, 0, true}, {POD_A, "volume", "prod-logs", 0, false},
		{POD_A, NULL, "test", 21, false},
	};
	static const struct {
		struct reader_said said;
		size_t found;
	} asked[] = {
		{{0}, 5},
		{{.place = "host"}, 1},
		{{.place = "layer"}, 1},
		{{.place = "volume"}, 2},
		{{.severity = 21}, 5},
		{{.severity = 73}, 3},
		{{.severity = 99}, 1},
		{{.rule = "prod-*"}, 2},
		{{.rule = "nobody"}, 0},
		{{.rule = "prod-*", .place = "volume"}, 1},
		{{.severity = 99, .place = "volume"}, 0},
	};
	struct report_options options = options_make(DIMENSION_TOKEN);
	struct store *store = alerts_store(path);

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		char file[16];
		const struct alert_spec spec = {.token = "dt0c01.LEAK1",
						.file = file,
						.program = i ? "/bin/b" : "/bin/a",
						.container = cases[i].container,
						.time = alerts_now() - 100 + (int64_t)i};
		struct alert alert;

		snprintf(file, sizeof(file), "/f%zu", i);
		alert = alerts_make(&spec);
		alert.file.place = cases[i].place;
		alert.token.placeholder = cases[i].placeholder;
		alert.ruling = (struct alert_ruling){.rule = cases[i].rule, .severity = cases[i].severity};
		assert_int_equal(store_put(store, &alert), 0);
	}
	store_close(store);
	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
		char *text, *problem;
		json_t *json;

		options.survey.said = asked[i].said;
		text = output(&options, report_json);
		json = json_loads(text, 0, NULL);
		problem = schema_check("share/audit.schema.json", json);
		if (problem)
			fail_msg("%s", problem);
		if (json_integer_value(json_object_get(json_object_get(json, "totals"), "entries")) !=
		    (json_int_t)asked[i].found)
			fail_msg("case %zu: %s", i, text);
		/* the first writer is not among them */
		if (asked[i].said.rule && asked[i].found)
			assert_null(strstr(text, "\"role\":\"origin\""));
		json_decref(json);
		free(text);
	}
}

/* A line a leak, each whole by itself, whatever stands in a name; with what was decided of it. */
static void test_export(void **state)
{
	const struct triage triage = {.identifier = "dt0c01.LEAK2", .state = TRIAGE_ACCEPTED, .time = 1};
	struct report_options options = options_make(DIMENSION_TOKEN);
	size_t lines = 0, marks = 0;
	char *text, *rest, *line;
	bool known;

	(void)state;
	put_leaks();
	assert_int_equal(triage_put(path, &triage, &known), 0);
	text = output(&options, report_export);
	for (rest = text; (line = strsep(&rest, "\n")) && *line; lines++) {
		json_t *json = json_loads(line, 0, NULL);
		char *problem = schema_check("share/audit-export.schema.json", json);

		if (problem)
			fail_msg("%s: %s", line, problem);
		marks += json_object_get(json, "mark") != NULL;
		json_decref(json);
	}
	assert_int_equal(lines, 2);
	assert_int_equal(marks, 1);
	free(text);
}

/* A limit bounds what a row holds as well: a group of a million entries takes no longer to print than one of a few. */
static void test_limit(void **state)
{
	enum { WRITERS = 30, FILES = 20, LIMIT = 4 };
	struct report_options options = options_make(DIMENSION_TOKEN);
	struct store *store = alerts_store(path);
	json_t *json, *row;
	char *text, *problem;

	(void)state;
	for (int i = 0; i < WRITERS * FILES; i++) {
		char program[32], file[32];
		const struct alert_spec spec = {.token = "dt0c01.LEAK1",
						.file = file,
						.program = program,
						.time = alerts_now() - 1000 + i};

		snprintf(program, sizeof(program), "/bin/p%d", i % WRITERS);
		snprintf(file, sizeof(file), "/f%d", i / WRITERS);
		alerts_put(store, &spec);
	}
	store_close(store);
	options.limit = LIMIT;
	text = output(&options, report_json);
	json = json_loads(text, 0, NULL);
	problem = schema_check("share/audit.schema.json", json);
	if (problem)
		fail_msg("%s", problem);
	row = json_array_get(json_object_get(json, "rows"), 0);
	assert_int_equal(json_array_size(json_object_get(row, "entries")), LIMIT);
	assert_int_equal(json_integer_value(json_object_get(row, "entries_left_out")),
			 WRITERS * FILES - LIMIT);
	assert_int_equal(json_array_size(json_object_get(row, "carriers")), LIMIT);
	assert_int_equal(json_integer_value(json_object_get(row, "carriers_left_out")), WRITERS - 1 - LIMIT);
	json_decref(json);
	free(text);
	text = output(&options, report_csv);
	assert_int_equal(count_lines(text), 1 + LIMIT);
	free(text);
	/* and without one all is there */
	options.limit = 0;
	text = output(&options, report_json);
	json = json_loads(text, 0, NULL);
	row = json_array_get(json_object_get(json, "rows"), 0);
	assert_int_equal(json_array_size(json_object_get(row, "entries")), WRITERS * FILES);
	assert_null(json_object_get(row, "entries_left_out"));
	assert_null(json_object_get(row, "carriers_left_out"));
	json_decref(json);
	free(text);
	text = output(&options, report_csv);
	assert_int_equal(count_lines(text), 1 + WRITERS * FILES);
	free(text);
}

/* What was decided of a token stands in every report, and of no other one. */
static void test_marks(void **state)
{
	static const report_output outputs[] = {output_table, report_json, report_csv, report_html};
	static const struct triage triage = {.identifier = "dt0c01.LEAK1",
					     .state = TRIAGE_FALSE_POSITIVE,
					     .note = "<b>a sample</b>",
					     .time = 1767261600000000};
	struct report_options options = options_make(DIMENSION_TOKEN);
	json_t *json, *row, *mark;
	char *text, *problem;
	size_t index;
	bool known;

	(void)state;
	put_leaks();
	for (size_t i = 0; i < 4; i++) {
		text = output(&options, outputs[i]);
		assert_null(strstr(text, "false-positive"));
		free(text);
	}
	assert_int_equal(triage_put(path, &triage, &known), 0);
	assert_true(known);
	for (size_t i = 0; i < 4; i++) {
		text = output(&options, outputs[i]);
		assert_non_null(strstr(text, "false-positive"));
		if (outputs[i] == report_html)
			assert_null(strstr(text, "<b>a sample"));
		else
			assert_non_null(strstr(text, "a sample"));
		free(text);
	}
	text = output(&options, output_table);
	assert_non_null(strstr(text, "marked: 1 false-positive\n"));
	assert_non_null(strstr(text, "\n  false-positive 2026-01-01 10:00 UTC: <b>a sample</b>\n"));
	free(text);
	text = output(&options, report_json);
	json = json_loads(text, 0, NULL);
	problem = schema_check("share/audit.schema.json", json);
	if (problem)
		fail_msg("%s", problem);
	json_array_foreach (json_object_get(json, "rows"), index, row) {
		bool marked = strcmp(json_string_value(json_object_get(row, "token")), "dt0c01.LEAK1") == 0;
		json_t *entry = json_array_get(json_object_get(row, "entries"), 0);

		mark = json_object_get(row, "mark");
		assert_int_equal(marked, mark != NULL);
		assert_true(json_equal(mark, json_object_get(json_object_get(entry, "token"), "mark")) ||
			    !marked);
		if (marked)
			assert_string_equal(json_string_value(json_object_get(mark, "time")),
					    "2026-01-01T10:00:00Z");
	}
	json_decref(json);
	free(text);
	/* by what else it is asked for */
	options.by = DIMENSION_CONTAINER;
	text = output(&options, output_table);
	assert_non_null(strstr(text, "\n    false-positive 2026-01-01 10:00 UTC"));
	free(text);
	text = output(&options, output_remains);
	json = json_loads(text, 0, NULL);
	problem = schema_check("share/audit-files.schema.json", json);
	if (problem)
		fail_msg("%s", problem);
	json_array_foreach (json_object_get(json, "files"), index, row)
		assert_int_equal(json_object_get(row, "mark") != NULL,
				 strcmp(json_string_value(json_object_get(row, "token")), "dt0c01.LEAK1") ==
					 0);
	json_decref(json);
	free(text);
}

static int output_todo(struct report *report, FILE *out)
{
	struct todo todo;
	int r = todo_find(report, &todo);

	assert_int_equal(r, 0);
	r = todo_json(report, &todo, out);
	todo_free(&todo);
	return r;
}

static int output_todo_text(struct report *report, FILE *out)
{
	struct todo todo;
	int r = todo_find(report, &todo);

	assert_int_equal(r, 0);
	r = todo_text(report, &todo, out, false);
	todo_free(&todo);
	return r;
}

static json_t *todo_load(const struct report_options *options)
{
	char *text = output(options, output_todo), *problem;
	json_t *json = json_loads(text, 0, NULL);

	problem = schema_check("share/audit-todo.schema.json", json);
	if (problem)
		fail_msg("%s", problem);
	free(text);
	return json;
}

static const char *todo_string(json_t *json, size_t token, const char *key)
{
	return json_string_value(
		json_object_get(json_array_get(json_object_get(json, "tokens"), token), key));
}

/* What has gone furthest first, then the oldest; what was decided of is left out and counted. */
static void test_todo_order(void **state)
{
	struct report_options options = options_make(DIMENSION_TOKEN);
	const struct triage triage = {.identifier = "dt0c01.DONE", .state = TRIAGE_REVOKED, .time = 1};
	int64_t now = alerts_now();
	const struct alert_spec specs[] = {
		{.token = "dt0c01.YOUNG", .file = "/nowhere/1", .program = "/bin/a", .time = now - 10},
		{.token = "dt0c01.OLD", .file = "/nowhere/1", .program = "/bin/a", .time = now - 20},
		{.token = "dt0c01.FAR", .file = "/nowhere/1", .program = "/bin/a", .time = now - 5},
		{.token = "dt0c01.FAR", .file = "/nowhere/2", .program = "/bin/a", .time = now - 5},
		{.token = "dt0z99.OTHER", .file = "/nowhere/1", .program = "/bin/a", .time = now - 1},
		/* of a store that somebody has tampered with */
		{.token = "dt0c01.$(x)", .file = "/nowhere/1", .program = "/bin/a", .time = now},
		{.token = "dt0c01.DONE", .file = "/nowhere/1", .program = "/bin/a", .time = now - 90},
		{.token = "dt0c01.IN",
		 .file = "/nowhere/3",
		 .program = "/bin/a",
		 .container = POD_A,
		 .pod = "checkout",
		 .time = now - 4},
	};
	static const char *const order[] = {"dt0c01.FAR",   "dt0c01.IN",    "dt0c01.OLD",
					    "dt0c01.YOUNG", "dt0z99.OTHER", "dt0c01.$(x)"};
	json_t *json, *where;
	bool known;
	char *text;

	(void)state;
	put_all(specs, 8);
	assert_int_equal(triage_put(path, &triage, &known), 0);
	json = todo_load(&options);
	assert_int_equal(json_integer_value(json_object_get(json, "token_count")), 6);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(json, "marked"), "revoked")), 1);
	for (size_t i = 0; i < 6; i++)
		assert_string_equal(todo_string(json, i, "token"), order[i]);
	where = json_object_get(json_array_get(json_object_get(json, "tokens"), 1), "written_by");
	assert_string_equal(json_string_value(json_array_get(where, 0)), "shop/checkout/app");
	/* nothing wrong is said of a type that we know no call for */
	assert_non_null(json_object_get(json_array_get(json_object_get(json, "tokens"), 0), "disable"));
	assert_null(json_object_get(json_array_get(json_object_get(json, "tokens"), 4), "disable"));
	assert_null(json_object_get(json_array_get(json_object_get(json, "tokens"), 5), "disable"));
	json_decref(json);
	text = output(&options, output_todo_text);
	assert_non_null(strstr(text, " --mark 'dt0c01.$(x)' revoked\n"));
	free(text);
	options.limit = 2;
	json = todo_load(&options);
	assert_int_equal(json_integer_value(json_object_get(json, "tokens_left_out")), 4);
	json_decref(json);
	text = output(&options, output_todo_text);
	assert_non_null(strstr(text, "6 tokens to be dealt with on "));
	assert_non_null(strstr(text, ", left out: 1 revoked\n"));
	assert_non_null(strstr(text, "… and 4 more tokens (--limit)\n"));
	free(text);
}

/* Runs a command in a shell, with our own build before all others. */
static void todo_run(const char *command)
{
	char cwd[256];
	char *line = NULL;

	assert_non_null(getcwd(cwd, sizeof(cwd)));
	/* by bash: names that are not plain ASCII are told to that */
	setenv("TODO_COMMAND", command, 1);
	assert_true(asprintf(&line,
			     "spillwatch() { sed 's/\\(dt0c01[.][A-Z0-9]*\\)[.][A-Z0-9]*/\\1.<masked>/'; }; "
			     "curl() { printf '%%s\\n' \"$@\" > '%s/curl'; }; "
			     "DT_ENVIRONMENT=https://e.example; DT_HEADER=/h; eval \"$TODO_COMMAND\"",
			     dir) > 0);
	setenv("TODO_LINE", line, 1);
	assert_int_equal(system("bash -c \"$TODO_LINE\""), 0);
	free(line);
}

/* Each command does what is said: the file is cleaned, whatever it is called, and nothing else is run; the right address is called. */
static void test_todo_commands(void **state)
{
	static const char *const names[] = {"plain", "a b", "it's", "$(touch pwned)", "`touch pwned`; x",
					    "ü",     "-n"};
	struct report_options options = options_make(DIMENSION_TOKEN);
	struct maker_token token = maker_token(5);
	struct store *store = alerts_store(path);
	char file[7][160], text[256];
	json_t *json, *places, *place;
	size_t index;
	FILE *called;

	(void)state;
	for (size_t i = 0; i < 7; i++) {
		struct alert_spec spec = {.token = token.identifier,
					  .file = file[i],
					  .program = "/bin/a",
					  .time = alerts_now()};

		snprintf(file[i], sizeof(file[i]), "%s/%s", dir, names[i]);
		write_file(names[i], token.text);
		alerts_put(store, &spec);
	}
	store_close(store);
	json = todo_load(&options);
	places = json_object_get(json_array_get(json_object_get(json, "tokens"), 0), "places");
	assert_int_equal(json_array_size(places), 7);
	json_array_foreach (places, index, place)
		todo_run(json_string_value(json_object_get(place, "clean")));
	todo_run(json_string_value(json_object_get(
		json_object_get(json_array_get(json_object_get(json, "tokens"), 0), "disable"), "command")));
	json_decref(json);
	snprintf(text, sizeof(text), "%s/curl", dir);
	called = fopen(text, "r");
	assert_non_null(called);
	assert_string_equal(fgets(text, sizeof(text), called), "-f\n");
	assert_string_equal(fgets(text, sizeof(text), called), "-X\n");
	assert_string_equal(fgets(text, sizeof(text), called), "PUT\n");
	for (int i = 0; i < 7; i++)
		assert_non_null(fgets(text, sizeof(text), called));
	fclose(called);
	assert_non_null(strstr(text, "https://e.example/api/v2/apiTokens/"));
	assert_non_null(strstr(text, token.identifier));
	assert_int_equal(access("pwned", F_OK), -1);
	json = todo_load(&options);
	places = json_object_get(json_array_get(json_object_get(json, "tokens"), 0), "places");
	assert_int_equal(json_array_size(places), 0);
	assert_int_equal(json_integer_value(json_object_get(
				 json_array_get(json_object_get(json, "tokens"), 0), "clean")),
			 7);
	json_decref(json);
}

/* A container's layer is not written to below its mount: what is cleaned is the container. */
static void test_todo_layer(void **state)
{
	struct report_options options = options_make(DIMENSION_TOKEN);
	struct maker_token token = maker_token(5);
	static const char *const folders[] = {"overlay2", "overlay2/0f3a", "overlay2/0f3a/diff"};
	char folder[160], file[176];
	struct alert_spec specs[] = {{.token = token.identifier,
				      .file = "/tmp/x",
				      .host_path = file,
				      .program = "/bin/a",
				      .container = POD_A,
				      .pod = "checkout",
				      .time = alerts_now()}};
	json_t *json, *place;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		snprintf(folder, sizeof(folder), "%s/%s", dir, folders[i]);
		assert_int_equal(mkdir(folder, 0700), 0);
	}
	snprintf(file, sizeof(file), "%s/x", folder);
	write_file("overlay2/0f3a/diff/x", token.text);
	put_all(specs, 1);
	json = todo_load(&options);
	place = json_array_get(json_object_get(json_array_get(json_object_get(json, "tokens"), 0), "places"),
			       0);
	assert_string_equal(json_string_value(json_object_get(place, "clean")),
			    "kubectl -n shop delete pod checkout");
	assert_non_null(strstr(json_string_value(json_object_get(place, "effect")), "removes the container"));
	json_decref(json);
	/* what the host has written there may be an image's */
	assert_int_equal(unlink(path), 0);
	specs[0].container = specs[0].pod = NULL;
	put_all(specs, 1);
	json = todo_load(&options);
	place = json_array_get(json_object_get(json_array_get(json_object_get(json, "tokens"), 0), "places"),
			       0);
	assert_null(json_object_get(place, "clean"));
	assert_non_null(strstr(json_string_value(json_object_get(place, "effect")), "the image"));
	json_decref(json);
	assert_int_equal(unlink(file), 0);
	for (size_t i = 3; i-- > 0;) {
		snprintf(folder, sizeof(folder), "%s/%s", dir, folders[i]);
		assert_int_equal(rmdir(folder), 0);
	}
}

/* What was written into a container's layer may be in an image by now: what looks there is said, also if the file is gone. */
static void test_todo_images(void **state)
{
	struct report_options options = options_make(DIMENSION_TOKEN);
	const struct alert_spec spec = {.token = "dt0c01.LEAK1",
					.file = "/tmp/x",
					.host_path = "/nowhere/overlay2/0f3a/diff/x",
					.program = "/bin/a",
					.container = POD_A,
					.time = alerts_now()};
	static const char *const places[] = {"layer", "volume"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct store *store = alerts_store(path);
		struct alert alert = alerts_make(&spec);
		json_t *json;

		alert.file.place = places[i];
		assert_int_equal(store_put(store, &alert), 0);
		store_close(store);
		json = todo_load(&options);
		assert_int_equal(todo_string(json, 0, "images") != NULL, i == 0);
		json_decref(json);
		assert_int_equal(unlink(path), 0);
	}
}

/* No command breaks a file: not one whose bytes have places, nor a container whose layer it is not. And none is made up by a store. */
static void test_todo_careful(void **state)
{
	struct report_options options = options_make(DIMENSION_TOKEN);
	struct maker_token token = maker_token(5);
	char binary[160], volume[160], text[512];
	const struct alert_spec specs[] = {
		{.token = token.identifier, .file = binary, .program = "/bin/a", .time = alerts_now()},
		{.token = token.identifier,
		 .file = "/data/x",
		 .host_path = volume,
		 .program = "/bin/a",
		 .container = POD_A,
		 .pod = "checkout",
		 .time = alerts_now()},
	};
	FILE *file;
	json_t *json, *places, *place;
	size_t index;
	char *shown;

	(void)state;
	snprintf(binary, sizeof(binary), "%s/db\n  clean     x", dir);
	file = fopen(binary, "w");
	assert_non_null(file);
	fprintf(file, "SQLite format 3%c%s", '\0', token.text);
	fclose(file);
	snprintf(volume, sizeof(volume), "%s/overlay2", dir);
	assert_int_equal(mkdir(volume, 0700), 0);
	strcat(volume, "/x");
	write_file("overlay2/x", token.text);
	put_all(specs, 2);
	json = todo_load(&options);
	places = json_object_get(json_array_get(json_object_get(json, "tokens"), 0), "places");
	assert_int_equal(json_array_size(places), 2);
	json_array_foreach (places, index, place) {
		const char *clean = json_string_value(json_object_get(place, "clean"));

		if (strstr(json_string_value(json_object_get(place, "file")), "overlay2"))
			assert_non_null(strstr(clean, "spillwatch mask"));
		else
			assert_null(clean);
	}
	json_decref(json);
	snprintf(text, sizeof(text), "%s", path);
	options.store = text;
	shown = output(&options, output_todo_text);
	assert_non_null(strstr(shown, "audit --store "));
	assert_null(strstr(shown, "\n  clean     x"));
	free(shown);
	assert_int_equal(unlink(binary), 0);
	assert_int_equal(unlink(volume), 0);
	*strrchr(volume, '/') = '\0';
	assert_int_equal(rmdir(volume), 0);
}

/* What is still there, and what is not: each state. */
static void test_remains(void **state)
{
	static const struct {
		const char *name;
		enum remains_state state;
	} cases[] = {
		{"still", REMAINS_STILL},   {"clean", REMAINS_CLEAN},   {"gone", REMAINS_GONE},
		{"rotated", REMAINS_STILL}, {"link", REMAINS_REPLACED}, {"fifo", REMAINS_REPLACED},
		{"new", REMAINS_REPLACED},
	};
	struct maker_token token = maker_token(31);
	char file[7][128], moved[160], line[256];
	struct report_options options = options_make(DIMENSION_TOKEN);
	struct store *store = alerts_store(path);
	struct remains remains;
	struct report report;

	(void)state;
	snprintf(line, sizeof(line), "token=%s\n", token.text);
	for (size_t i = 0; i < 7; i++) {
		struct alert_spec spec = {
			.token = token.identifier, .file = file[i], .program = "/p", .time = alerts_now()};
		struct alert alert;
		struct stat st;

		snprintf(file[i], sizeof(file[i]), "%s/%s", dir, cases[i].name);
		write_file(cases[i].name, line);
		assert_int_equal(stat(file[i], &st), 0);
		alert = alerts_make(&spec);
		alert.file.inode = st.st_ino;
		alert.file.dev_major = (uint32_t)(st.st_dev >> 8 & 0xfff);
		alert.file.dev_minor = (uint32_t)(st.st_dev & 0xff);
		assert_int_equal(store_put(store, &alert), 0);
	}
	store_close(store);
	write_file("clean", "token=(removed)\n");
	unlink(file[2]);
	snprintf(moved, sizeof(moved), "%s.1", file[3]);
	assert_int_equal(rename(file[3], moved), 0);
	unlink(file[4]);
	assert_int_equal(symlink("still", file[4]), 0);
	unlink(file[5]);
	assert_int_equal(mkfifo(file[5], 0600), 0);
	write_file("other", "");
	snprintf(moved, sizeof(moved), "%s/other", dir);
	assert_int_equal(rename(moved, file[6]), 0);
	open_report(&options, &report);
	assert_int_equal(remains_find(&report, &remains), 0);
	assert_int_equal(remains.count, 7);
	for (size_t i = 0; i < 7; i++) {
		for (size_t j = 0; j < remains.count; j++) {
			const struct remains_item *item = &remains.items[j];

			if (strcmp(item->file, file[i]) != 0)
				continue;
			if (item->state != cases[i].state)
				fail_msg("%s is %d: %s", cases[i].name, item->state, item->why);
			if (i == 0) {
				assert_int_equal(item->found, 1);
				assert_int_equal(item->offsets[0], 6);
			}
			if (i == 3)
				assert_non_null(strstr(item->now, "/rotated.1"));
		}
	}
	remains_free(&remains);
	report_close(&report);
}

/* The state of a report's only item. */
static enum remains_state remains_only(const struct report_options *options)
{
	enum remains_state state;
	struct remains remains;
	struct report report;

	open_report(options, &report);
	assert_int_equal(remains_find(&report, &remains), 0);
	assert_int_equal(remains.count, 1);
	state = remains.items[0].state;
	remains_free(&remains);
	report_close(&report);
	return state;
}

/* A copy that is older than what a filter leaves was made after the first write all the same; one that is a link is not followed. */
static void test_remains_copies(void **state)
{
	struct maker_token token = maker_token(33);
	struct report_options options = options_make(DIMENSION_TOKEN);
	char file[128], copy[136], line[256];
	const struct alert_spec specs[] = {
		{.token = token.identifier, .file = file, .program = "/first", .time = alerts_now() - 100},
		{.token = token.identifier, .file = file, .program = "/later", .time = alerts_now() + 3600},
	};

	(void)state;
	snprintf(file, sizeof(file), "%s/app.log", dir);
	snprintf(copy, sizeof(copy), "%s.1", file);
	snprintf(line, sizeof(line), "token=%s\n", token.text);
	put_all(specs, 2);
	write_file("app.log", "");
	write_file("app.log.1", line);
	assert_int_equal(remains_only(&options), REMAINS_STILL);
	options.survey.patterns[READER_PROGRAMS] = "/later";
	assert_int_equal(remains_only(&options), REMAINS_STILL);
	assert_int_equal(unlink(copy), 0);
	assert_int_equal(remains_only(&options), REMAINS_CLEAN);
	assert_int_equal(symlink("app.log", copy), 0);
	assert_int_equal(remains_only(&options), REMAINS_UNKNOWN);
}

/* What was written for a container, into it, or on the host itself by one of its processes has the host's path, whoever's it is. */
static void test_remains_outside(void **state)
{
	static const struct {
		bool relayed, outside;
		const char *place;
		enum remains_state state;
	} cases[] = {
		{true, false, "host", REMAINS_GONE},       {true, false, NULL, REMAINS_GONE},
		{false, true, "volume", REMAINS_GONE},     {false, false, "host", REMAINS_GONE},
		{false, false, "volume", REMAINS_UNKNOWN}, {false, false, NULL, REMAINS_UNKNOWN},
	};
	struct report_options options = options_make(DIMENSION_TOKEN);
	struct store *store = alerts_store(path);
	struct remains remains;
	struct report report;
	char file[6][128];

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		struct alert_spec spec = {.token = "dt0c01.LEAK1",
					  .file = file[i],
					  .program = "/usr/bin/dockerd",
					  .container = POD_A,
					  .relayed = cases[i].relayed,
					  .outside = cases[i].outside,
					  .time = alerts_now()};
		struct alert alert;

		snprintf(file[i], sizeof(file[i]), "%s/%zu.log", dir, i);
		alert = alerts_make(&spec);
		alert.file.place = cases[i].place;
		assert_int_equal(store_put(store, &alert), 0);
	}
	store_close(store);
	open_report(&options, &report);
	assert_int_equal(remains_find(&report, &remains), 0);
	assert_int_equal(remains.count, 6);
	for (size_t i = 0; i < 6; i++)
		for (size_t j = 0; j < remains.count; j++)
			if (strcmp(remains.items[j].file, file[i]) == 0 &&
			    remains.items[j].state != cases[i].state)
				fail_msg("case %zu is %d: %s", i, remains.items[j].state,
					 remains.items[j].why);
	remains_free(&remains);
	report_close(&report);
}

/* A link that leads where it led holds the token still; one of that name that leads elsewhere does not. JSON is as its schema has it. */
static void test_remains_links(void **state)
{
	static const char *const names[] = {"same", "other", "none", "file"};
	static const char *const states[] = {"still there", "replaced", "gone", "replaced"};
	struct maker_token token = maker_token(33);
	struct report_options options = options_make(DIMENSION_TOKEN);
	struct store *store = alerts_store(path);
	char file[4][128], *text, *problem;
	json_t *json, *item;
	size_t index;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct alert_spec spec = {
			.token = token.identifier, .file = file[i], .program = "/p", .time = alerts_now()};
		struct alert alert;

		snprintf(file[i], sizeof(file[i]), "%s/%s", dir, names[i]);
		alert = alerts_make(&spec);
		alert.file.type = "symlink";
		alert.write.part = "link_target";
		assert_int_equal(store_put(store, &alert), 0);
	}
	store_close(store);
	assert_int_equal(symlink(token.text, file[0]), 0);
	assert_int_equal(symlink("elsewhere", file[1]), 0);
	write_file("file", "");
	text = output(&options, output_remains);
	json = json_loads(text, 0, NULL);
	problem = schema_check("share/audit-files.schema.json", json);
	if (problem)
		fail_msg("%s", problem);
	assert_int_equal(json_array_size(json_object_get(json, "files")), 4);
	json_array_foreach (json_object_get(json, "files"), index, item)
		for (size_t i = 0; i < 4; i++)
			if (strcmp(json_string_value(json_object_get(item, "file")), file[i]) == 0)
				assert_string_equal(json_string_value(json_object_get(item, "state")),
						    states[i]);
	json_decref(json);
	assert_null(strstr(text, token.text));
	free(text);
	options.limit = 3;
	text = output(&options, output_remains);
	json = json_loads(text, 0, NULL);
	problem = schema_check("share/audit-files.schema.json", json);
	assert_null(problem);
	assert_int_equal(json_array_size(json_object_get(json, "files")), 3);
	assert_int_equal(json_integer_value(json_object_get(json, "files_left_out")), 1);
	json_decref(json);
	free(text);
}

/* The store of a node, which tells its name if it has one. */
static void put_node(const char *file, const char *node, const struct alert_spec *specs, size_t count)
{
	const struct store_watched watched = {.scope = "host", .node = node, .files = "disk"};
	char store_path[160];
	struct store *store;

	snprintf(store_path, sizeof(store_path), "%s/%s", dir, file);
	store = alerts_store(store_path);
	assert_int_equal(store_session(store, &watched), 0);
	for (size_t i = 0; i < count; i++)
		alerts_put(store, &specs[i]);
	store_close(store);
}

/* Three nodes: the same token, program, path and container's id on each; the last one is of an older version. */
static void put_nodes(void)
{
	int64_t now = alerts_now();

	for (int i = 0; i < 3; i++) {
		const char *const nodes[] = {"node-1", "node-2", NULL};
		const char *const images[] = {"shop:1", "shop:2", "shop:3"};
		const char *const files[] = {"a.db", "b.db", "c.db"};
		const struct alert_spec specs[] = {
			{.token = "dt0c01.LEAK1",
			 .file = "/logs/app.log",
			 .program = "/usr/bin/python3",
			 .container = POD_A,
			 .name = "web",
			 .image = images[i],
			 .time = now - 100 + i},
			{.token = "dt0c01.LEAK1",
			 .file = "/var/log/copy",
			 .program = "/usr/bin/tee",
			 .time = now - 90 + i},
			/* numbers of names differ between the stores then */
			{.token = i == 1 ? "dt0c01.LEAK2" : "dt0c01.LEAK1",
			 .file = i == 1 ? "/b" : "/c",
			 .program = i == 1 ? "/usr/bin/b" : "/usr/bin/c",
			 .time = now - 200 + i},
		};

		/* of the second node the last one first */
		if (i == 1)
			put_node(files[i], nodes[i], &specs[2], 1);
		put_node(files[i], nodes[i], specs, 3);
	}
}

static void open_nodes(const struct report_options *options, struct report *report)
{
	struct report_options several = *options;
	struct reader *reader;

	assert_int_equal(reader_make(&reader), 0);
	for (int i = 0; i < 3; i++) {
		char store_path[160];

		snprintf(store_path, sizeof(store_path), "%s/%c.db", dir, 'a' + i);
		assert_int_equal(reader_add(reader, store_path, "c"), 0);
	}
	several.survey.several = true;
	assert_int_equal(report_open(reader, &several, report), 0);
}

static char *output_nodes(const struct report_options *options, report_output write)
{
	struct report report;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	open_nodes(options, &report);
	assert_int_equal(write(&report, out), 0);
	fclose(out);
	report_close(&report);
	return text;
}

static json_t *json_nodes(const struct report_options *options, report_output write, const char *schema)
{
	char *text = output_nodes(options, write), *problem;
	json_t *json = json_loads(text, 0, NULL);

	problem = schema_check(schema, json);
	if (problem)
		fail_msg("%s: %s", problem, text);
	free(text);
	return json;
}

static json_int_t number_of(const json_t *json, const char *name)
{
	return json_integer_value(json_object_get(json, name));
}

/* A token is one, whichever nodes it is on; files, containers and hosts are each node's. */
static void test_nodes(void **state)
{
	struct report_options options = options_make(DIMENSION_TOKEN);
	json_t *json, *row, *coverage;
	char *text, *rest, *line;

	(void)state;
	put_nodes();
	json = json_nodes(&options, report_json, "share/audit.schema.json");
	assert_int_equal(number_of(json_object_get(json, "totals"), "tokens"), 2);
	assert_int_equal(number_of(json_object_get(json, "totals"), "nodes"), 3);
	assert_int_equal(number_of(json_object_get(json, "totals"), "containers"), 3);
	/* app.log and copy on each, /c on two, /b */
	assert_int_equal(number_of(json_object_get(json, "totals"), "files"), 9);
	assert_int_equal(number_of(json_object_get(json, "totals"), "processes"), 4);
	assert_int_equal(number_of(json_object_get(json, "totals"), "writes"), 10);
	row = json_array_get(json_object_get(json, "rows"), 0);
	if (number_of(row, "nodes") != 3)
		row = json_array_get(json_object_get(json, "rows"), 1);
	assert_int_equal(number_of(row, "nodes"), 3);
	assert_int_equal(json_array_size(json_object_get(row, "node_names")), 3);
	assert_int_equal(number_of(row, "files"), 8);
	/* the first of all nodes' */
	assert_string_equal(json_string_value(json_object_get(json_object_get(row, "origin"), "executable")),
			    "/usr/bin/c");
	assert_string_equal(json_string_value(json_object_get(json_object_get(row, "origin"), "node")),
			    "node-1");
	coverage = json_object_get(json, "coverage");
	assert_true(json_is_false(json_object_get(coverage, "whole")));
	assert_int_equal(json_array_size(json_object_get(coverage, "nodes")), 3);
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(json_string_value(json_object_get(
					    json_array_get(json_object_get(coverage, "nodes"), i), "node")),
				    ((const char *const[]){"node-1", "node-2", "c"})[i]);
	json_decref(json);
	text = output_nodes(&options, report_export);
	for (rest = text; (line = strsep(&rest, "\n")) && *line;) {
		char *problem;

		json = json_loads(line, 0, NULL);
		problem = schema_check("share/audit-export.schema.json", json);
		if (problem)
			fail_msg("%s: %s", line, problem);
		assert_true(json_array_size(json_object_get(json, "node_names")) > 0);
		json_decref(json);
	}
	free(text);
}

static void test_nodes_groups(void **state)
{
	struct report_options options = options_make(DIMENSION_CONTAINER);
	json_t *json, *row, *rows;
	size_t i, web = 0;
	char *text;

	(void)state;
	put_nodes();
	/* identical ids: three containers and three hosts, each with its own image */
	json = json_nodes(&options, report_json, "share/audit.schema.json");
	rows = json_object_get(json, "rows");
	assert_int_equal(json_array_size(rows), 6);
	json_array_foreach (rows, i, row) {
		const json_t *image = json_object_get(json_object_get(row, "details"), "image");
		const char *node = json_string_value(json_object_get(row, "node"));
		const char *expected = strcmp(node, "node-1") == 0   ? "shop:1"
				       : strcmp(node, "node-2") == 0 ? "shop:2"
								     : "shop:3";

		if (!image)
			continue;
		assert_string_equal(json_string_value(json_object_get(image, "name")), expected);
		web++;
	}
	assert_int_equal(web, 3);
	json_decref(json);
	assert_true(report_set_by("node", &options));
	json = json_nodes(&options, report_json, "share/audit.schema.json");
	rows = json_object_get(json, "rows");
	assert_int_equal(json_array_size(rows), 3);
	assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 0), "node")), "node-2");
	assert_int_equal(number_of(json_array_get(rows, 0), "tokens"), 2);
	json_decref(json);
	text = output_nodes(&options, output_table);
	assert_non_null(strstr(text, "2 leaked tokens on 3 nodes: "));
	assert_non_null(strstr(text, "\nnode-1 "));
	assert_non_null(strstr(text, "first written by c in node-1:(host)"));
	free(text);
	text = output_nodes(&options, report_csv);
	assert_non_null(strstr(text, ",severity,outside,node\r\n"));
	assert_non_null(strstr(text, ",node-2\r\n"));
	free(text);
	text = output_nodes(&options, report_html);
	assert_non_null(strstr(text, "Leaked tokens on 3 nodes"));
	assert_non_null(strstr(text, "node-1:(host)"));
	free(text);
}

/* What was asked for by name is found on one node, or on all. */
static void test_nodes_filters(void **state)
{
	static const struct {
		const char *container, *node;
		enum reader_pattern what;
		const char *pattern;
		json_int_t writes, nodes;
	} cases[] = {
		{"web", NULL, 0, NULL, 3, 3},
		{"node-2:web", NULL, 0, NULL, 1, 1},
		{"(host)", NULL, 0, NULL, 7, 3},
		{"node-1:(host)", NULL, 0, NULL, 2, 1},
		{"node-9:web", NULL, 0, NULL, 0, 0},
		{NULL, "node-*", 0, NULL, 7, 2},
		{"(host)", "c", 0, NULL, 2, 1},
		{NULL, NULL, READER_PROGRAMS, "c", 2, 2},
		{NULL, NULL, READER_PROGRAMS, "b", 2, 1},
		{NULL, NULL, READER_FILES, "/logs/*", 3, 3},
		{NULL, NULL, READER_IMAGES, "shop:2", 1, 1},
	};

	(void)state;
	put_nodes();
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct report_options options = options_make(DIMENSION_TOKEN);
		json_t *json, *totals;

		options.survey.container = cases[i].container;
		options.survey.patterns[READER_NODES] = cases[i].node;
		if (cases[i].pattern)
			options.survey.patterns[cases[i].what] = cases[i].pattern;
		json = json_nodes(&options, report_json, "share/audit.schema.json");
		totals = json_object_get(json, "totals");
		if (number_of(totals, "writes") != cases[i].writes ||
		    number_of(totals, "nodes") != cases[i].nodes)
			fail_msg("case %zu: %lld writes on %lld nodes", i,
				 (long long)number_of(totals, "writes"),
				 (long long)number_of(totals, "nodes"));
		json_decref(json);
	}
}

/* What was decided last holds, in whichever store; one of them may have the mark only. */
static void test_nodes_marks(void **state)
{
	const struct triage accepted = {.identifier = "dt0c01.LEAK2", .state = TRIAGE_ACCEPTED, .time = 10};
	const struct triage revoked = {
		.identifier = "dt0c01.LEAK2", .state = TRIAGE_REVOKED, .note = "later", .time = 20};
	struct report_options options = options_make(DIMENSION_TOKEN);
	char store_path[160];
	bool known;
	char *text;

	(void)state;
	put_nodes();
	/* the first and the last one have no fact of it */
	snprintf(store_path, sizeof(store_path), "%s/a.db", dir);
	assert_int_equal(triage_put(store_path, &revoked, &known), 0);
	assert_false(known);
	snprintf(store_path, sizeof(store_path), "%s/b.db", dir);
	assert_int_equal(triage_put(store_path, &accepted, &known), 0);
	assert_true(known);
	text = output_nodes(&options, output_table);
	assert_non_null(strstr(text, "marked: 1 revoked\n"));
	assert_non_null(strstr(text, ": later"));
	free(text);
	text = output_nodes(&options, output_todo_text);
	assert_non_null(strstr(text, "1 token to be dealt with on 3 nodes, left out: 1 revoked"));
	assert_non_null(strstr(text, "3 nodes, 8 files"));
	free(text);
}

static int output_remains_html(struct report *report, FILE *out)
{
	struct remains remains;
	int r = remains_find(report, &remains);

	if (r == 0)
		r = remains_html(report, &remains, out);
	remains_free(&remains);
	return r;
}

/* A report says of what it is, wherever somebody may take "no token" for all of them: each option, and a whole token in none. */
static void test_asked(void **state)
{
	struct report_options options = options_make(DIMENSION_TOKEN);
	static const report_output texts[] = {output_table, report_html, output_remains_html,
					      output_todo_text};
	static const report_output objects[] = {report_json, output_remains, output_todo};
	static const char *const schemas[] = {"share/audit.schema.json", "share/audit-files.schema.json",
					      "share/audit-todo.schema.json"};
	static const char *const names[] = {"container", "token", "path",  "program",  "image",
					    "namespace", "node",  "place", "severity", "rule"};
	char secret[128];

	(void)state;
	put_leaks();
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		char *text = output(&options, texts[i]);

		assert_null(strstr(text, "asked for"));
		free(text);
	}
	for (size_t i = 0; i < sizeof(objects) / sizeof(*objects); i++) {
		char *text = output(&options, objects[i]);

		assert_null(strstr(text, "\"filters\""));
		free(text);
	}
	snprintf(secret, sizeof(secret), "dt0c01.%024d.%064d", 1, 0);
	options.survey.container = "web <1>\n";
	options.survey.token = secret;
	for (int i = 0; i < READER_PATTERNS; i++)
		options.survey.patterns[i] = "/var/*";
	options.survey.said = (struct reader_said){.rule = "prod-*", .place = "volume", .severity = 73};
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		char *text = output(&options, texts[i]);

		for (size_t j = 0; j < sizeof(names) / sizeof(*names); j++) {
			char option[32];

			snprintf(option, sizeof(option), "--%s ", names[j]);
			if (!strstr(strstr(text, "only what was asked for: "), option))
				fail_msg("%s is not in %s", option, text);
		}
		assert_non_null(strstr(text, "--severity 73"));
		assert_non_null(strstr(text, "--place volume"));
		assert_null(strstr(text, strrchr(secret, '.') + 1));
		assert_null(strstr(text, "web <1>\n"));
		assert_null(strstr(text, "All that the store holds"));
		assert_null(strstr(text, "No token was"));
		free(text);
	}
	for (size_t i = 0; i < sizeof(objects) / sizeof(*objects); i++) {
		char *text = output(&options, objects[i]), *problem;
		json_t *json = json_loads(text, 0, NULL), *filters = json_object_get(json, "filters");

		problem = schema_check(schemas[i], json);
		if (problem)
			fail_msg("%s", problem);
		assert_int_equal(json_object_size(filters), sizeof(names) / sizeof(*names));
		for (size_t j = 0; j < sizeof(names) / sizeof(*names); j++)
			assert_non_null(json_object_get(filters, names[j]));
		assert_null(strstr(text, strrchr(secret, '.') + 1));
		json_decref(json);
		free(text);
	}
}

/* Files of another node are not looked for here, and never gone or clean; those of one of an older version, that was asked for alone, are. */
static void test_nodes_remains(void **state)
{
	struct report_options options = options_make(DIMENSION_TOKEN);
	json_t *json, *counts;
	char *text;

	(void)state;
	assert_int_equal(setenv("NODE_NAME", "node-1.example.com", 1), 0);
	put_nodes();
	json = json_nodes(&options, output_remains, "share/audit-files.schema.json");
	counts = json_object_get(json, "counts");
	/* app.log holds inside the container only */
	assert_int_equal(number_of(counts, "gone"), 2);
	assert_int_equal(number_of(counts, "unknown"), 7);
	json_decref(json);
	text = output_nodes(&options, output_remains_html);
	assert_non_null(strstr(text, "What is still there"));
	assert_non_null(strstr(text, "0 still there, 0 unreadable, 7 unknown, 0 replaced, 2 gone, 0 clean"));
	assert_non_null(strstr(text, ">node-2:/logs/app.log<"));
	assert_non_null(strstr(text, "shop:2"));
	/* coverage stands above it */
	assert_true(strstr(text, "node-2: watched") < strstr(text, "What is still there"));
	free(text);
	snprintf(path, sizeof(path), "%s/b.db", dir);
	text = output(&options, output_remains);
	assert_non_null(strstr(text, "it is on another node"));
	assert_null(strstr(text, "\"gone\": 1"));
	free(text);
	snprintf(path, sizeof(path), "%s/c.db", dir);
	text = output(&options, output_remains);
	assert_null(strstr(text, "it is on another node"));
	free(text);
	assert_int_equal(unsetenv("NODE_NAME"), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(test_rules),
		TEST(test_leaks),
		TEST(test_groups),
		TEST(test_filters),
		TEST(test_filtered_roles),
		TEST(test_times),
		TEST(test_period),
		TEST(test_table_width),
		TEST(test_hostile),
		TEST(test_empty),
		TEST(test_outside),
		TEST(test_relayed),
		TEST(test_same_name),
		TEST(test_renamed),
		TEST(test_derived),
		TEST(test_headings),
		TEST(test_applets),
		TEST(test_patterns),
		TEST(test_export),
		TEST(test_limit),
		TEST(test_said),
		TEST(test_asked),
		TEST(test_marks),
		TEST(test_todo_order),
		TEST(test_todo_commands),
		TEST(test_todo_layer),
		TEST(test_todo_images),
		TEST(test_todo_careful),
		TEST(test_remains),
		TEST(test_remains_links),
		TEST(test_remains_outside),
		TEST(test_remains_copies),
		TEST(test_nodes),
		TEST(test_nodes_groups),
		TEST(test_nodes_filters),
		TEST(test_nodes_marks),
		TEST(test_nodes_remains),
		cmocka_unit_test(test_relays),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return UNIT_RUN(tests);
}
