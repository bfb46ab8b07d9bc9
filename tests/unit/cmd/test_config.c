// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The configuration as a whole: what share/config.schema.json says is what is taken, what is shipped is good, garbage is refused. */
#include "alerts.h"
#include "unit.h"

#include "cmd/config.h"
#include "cmd/config_outputs.h"
#include "cmd/options.h"
#include "engine/pipeline.h"

#include <grp.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SCHEMA "share/config.schema.json"

static char *dir;
static char path[256];

/* In place of the C library's: whether NSS answers, and what it knows beside /etc/group. */
static bool nss = true;

struct group *getgrnam(const char *name)
{
	static char root[] = "root", far[] = "far-away-ops";
	static struct group groups[] = {{.gr_name = root, .gr_gid = 0}, {.gr_name = far, .gr_gid = 4242}};

	if (strcmp(name, root) == 0)
		return &groups[0];
	return nss && strcmp(name, far) == 0 ? &groups[1] : NULL;
}

static int setup(void **state)
{
	(void)state;
	dir = alerts_dir();
	snprintf(path, sizeof(path), "%s/spillwatch.yaml", dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	alerts_remove(dir);
	return 0;
}

static void put(const char *text, size_t len)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	fclose(file);
}

/* Reads a text as spillwatch.yaml. Returns how many mistakes are in it. */
static size_t mistakes_in(const char *text, size_t len, char *ret_first, size_t size)
{
	struct problems problems = {0};
	struct config *config = NULL;
	size_t count;

	put(text, len);
	assert_int_equal(config_read(path, &problems, &config), 0);
	if (ret_first)
		snprintf(ret_first, size, "%s", problems.count ? problems.lines[0] : "");
	count = problems.count;
	problems_free(&problems);
	config_free(config);
	return count;
}

static json_t *schema_part(json_t *schema, const char *name)
{
	char copy[128], *rest, *step;

	snprintf(copy, sizeof(copy), "%s", name);
	for (step = strtok_r(copy, "/", &rest); step && schema; step = strtok_r(NULL, "/", &rest))
		schema = json_object_get(schema, step);
	assert_non_null(schema);
	return schema;
}

/* Each setting of the schema is known, and each option that both commands have stands in the schema. */
static void test_settings(void **state)
{
	const struct option_entry *options = options_shared_table;
	json_t *schema = json_load_file(SCHEMA, 0, NULL), *settings, *value;
	char yaml[128], first[256];
	const char *name;

	(void)state;
	settings = schema_part(schema, "properties");
	json_object_foreach (settings, name, value) {
		if (strcmp(name, "rules") == 0 || strcmp(name, "outputs") == 0)
			continue;
		snprintf(yaml, sizeof(yaml), "%s: 1\n", name);
		if (mistakes_in(yaml, strlen(yaml), first, sizeof(first)))
			fail_msg("%s", first);
	}
	for (size_t i = 0; options[i].name; i++) {
		char key[32];

		snprintf(key, sizeof(key), "%s", options[i].name);
		for (char *at = key; (at = strchr(at, '-'));)
			*at = '_';
		if (options[i].id != OPTION_CONFIG && !json_object_get(settings, key))
			fail_msg("%s is an option, and not in the schema", options[i].name);
	}
	json_decref(schema);
}

/* What a rule may ask is the same in the schema, beside `not` and inside. */
static void test_keys(void **state)
{
	static const char *const keys[] = {
#define KEY(id, name, kind, words, text) name,
		RULES_KEYS(KEY)
#undef KEY
			"tokens_file",
	};
	const size_t count = sizeof(keys) / sizeof(*keys);
	json_t *schema = json_load_file(SCHEMA, 0, NULL);
	const json_t *match = schema_part(schema, "$defs/match/properties");
	const json_t *none = schema_part(schema, "$defs/match/properties/not/properties");

	(void)state;
	assert_int_equal(json_object_size(match), count + 1);
	assert_int_equal(json_object_size(none), count);
	for (size_t i = 0; i < count; i++)
		if (!json_object_get(match, keys[i]) || !json_object_get(none, keys[i]))
			fail_msg("%s is not in the schema", keys[i]);
	json_decref(schema);
}

/* What an output may have is the same in the schema. */
static void test_outputs_schema(void **state)
{
	json_t *schema = json_load_file(SCHEMA, 0, NULL), *keys, *value;
	const char *name;

	(void)state;
	keys = schema_part(schema, "$defs/output/properties");
	json_object_foreach (keys, name, value) {
		char yaml[128], first[256];

		/* it is known: what is wrong with it is something else */
		snprintf(yaml, sizeof(yaml), "outputs: [{%s: []}]\n", name);
		assert_true(mistakes_in(yaml, strlen(yaml), first, sizeof(first)) > 0);
		if (strstr(first, "has no"))
			fail_msg("%s", first);
	}
	json_decref(schema);
}

static void test_outputs(void **state)
{
	static const char yaml[] = "outputs:\n"
				   "  - file: /var/log/a\n"
				   "    format: text\n"
				   "    bytes: 65536\n"
				   "    mode: '0640'\n"
				   "    group: root\n"
				   "    filter: {severity: high}\n"
				   "  - {file: /var/log/a, name: all of it, queue_bytes: 65536}\n"
				   "  - {socket: /run/s, mode: '0660', filter: {match: {prefix: dt0s16}}}\n"
				   "  - {syslog: /dev/log}\n"
				   "  - {syslog: 'udp://192.0.2.1:514', facility: local1, format: json}\n"
				   "  - {journald: true}\n"
				   "  - {program: [/bin/sh, -c, 'cat >> /x'], seconds: 5}\n"
				   "  - {program: /bin/mail, per_alert: true}\n";
	struct pipeline_options options = {0};
	struct problems problems = {0};
	const struct output_spec *spec;
	struct config *config;

	(void)state;
	put(yaml, strlen(yaml));
	assert_int_equal(config_read(path, &problems, &config), 0);
	if (problems.count)
		fail_msg("%s", problems.lines[0]);
	config_use(config, &options);
	assert_int_equal(options.output_count, 8);
	spec = options.outputs;
	assert_int_equal(spec[0].what, OUTPUT_FILE);
	assert_string_equal(spec[0].target, "/var/log/a");
	assert_true(spec[0].text);
	assert_int_equal(spec[0].bytes, 65536);
	assert_int_equal(spec[0].mode, 0640);
	assert_true(spec[0].grouped && spec[0].group == 0);
	assert_int_equal(spec[0].severity, 73);
	assert_null(spec[0].match);
	assert_false(spec[1].text);
	assert_string_equal(spec[1].name, "all of it");
	assert_int_equal(spec[1].queue_bytes, 65536);
	assert_int_equal(spec[2].what, OUTPUT_SOCKET);
	assert_int_equal(spec[2].mode, 0660);
	assert_int_equal(rules_count(spec[2].match), 1);
	assert_int_equal(spec[3].what, OUTPUT_SYSLOG);
	assert_true(spec[3].text);
	assert_int_equal(spec[3].facility, 3);
	assert_false(spec[4].text);
	assert_int_equal(spec[4].facility, 17);
	assert_int_equal(spec[5].what, OUTPUT_JOURNALD);
	assert_true(spec[5].text);
	assert_string_equal(spec[5].target, "/run/systemd/journal/socket");
	assert_int_equal(spec[6].what, OUTPUT_PROGRAM);
	assert_string_equal(spec[6].target, "/bin/sh");
	assert_string_equal(spec[6].args[2], "cat >> /x");
	assert_null(spec[6].args[3]);
	assert_int_equal(spec[6].seconds, 5);
	assert_false(spec[6].per_alert);
	assert_true(spec[7].per_alert);
	config_free(config);
}

/* A group that only NSS knows is the same when NSS can't be asked any more; a new one can't be known then. */
static void test_outputs_group(void **state)
{
	static const char yaml[] = "outputs: [{file: /var/log/a, group: far-away-ops}]\n";
	static const char other[] = "outputs: [{file: /var/log/a, group: farther-away-ops}]\n";
	char first[256];

	(void)state;
	nss = true;
	for (int i = 0; i < 2; i++, nss = false) {
		struct pipeline_options options = {0};
		struct problems problems = {0};
		struct config *config;

		put(yaml, strlen(yaml));
		assert_int_equal(config_read(path, &problems, &config), 0);
		assert_int_equal(problems.count, 0);
		config_use(config, &options);
		assert_int_equal(options.output_count, 1);
		assert_true(options.outputs[0].grouped && options.outputs[0].group == 4242);
		problems_free(&problems);
		config_free(config);
	}
	assert_int_equal(mistakes_in(other, strlen(other), first, sizeof(first)), 1);
	assert_non_null(strstr(first, "finds new ones in /etc/group only, or by number"));
	nss = true;
}

/* Each with its place, and with what was expected. */
static void test_outputs_wrong(void **state)
{
	static const struct {
		const char *yaml, *problem;
	} cases[] = {
		{"outputs: x", ":1:10: outputs: expected a list (- file: PATH), found a single value"},
		{"outputs: [x]",
		 ":1:11: outputs: expected a mapping, such as {file: PATH}, found a single value"},
		{"outputs: [{format: json}]", ":1:11: an output needs one of: "},
		{"outputs: [{file: a, socket: b}]", ":1:21: an output is one thing: file, or socket"},
		{"outputs: [{file: ''}]", ":1:18: file: expected a path"},
		{"outputs: [{file: a, formt: json}]", "an output has no 'formt'; did you mean 'format'?"},
		{"outputs: [{file: a, format: xml}]", "format: expected json or text; found 'xml'"},
		{"outputs: [{socket: a, format: text}]", ":1:23: format: a socket has none"},
		{"outputs: [{socket: a, bytes: 0}]", "bytes: a socket has none"},
		{"outputs: [{file: a, bytes: 1}]", "bytes: expected a number from 65536"},
		{"outputs: [{file: a, queue_bytes: 1}]", "queue_bytes: expected a number from 65536"},
		{"outputs: [{file: a, mode: '0666'}]", "nobody else may write to it"},
		{"outputs: [{file: a, group: no such}]", "group: expected the name or number of a group"},
		{"outputs: [{socket: a, group: root}]", "group: a socket has none"},
		{"outputs: [{socket: a, mode: '0999'}]", "mode: expected octal digits"},
		{"outputs: [{file: a, filter: high}]",
		 "filter: expected severity (which is the least), match"},
		{"outputs: [{file: a, filter: {}}]", "both; found nothing"},
		{"outputs: [{file: a, filter: {severity: urgent}}]", ":1:40: severity: expected low, medium"},
		{"outputs: [{file: a, filter: {mach: {}}}]", "filter has no 'mach'; did you mean 'match'?"},
		{"outputs: [{file: a, filter: {match: {pth: x}}}]",
		 "match has no 'pth'; did you mean 'path'?"},
		{"outputs: [{syslog: 'udp://host:514'}]", ":1:20: syslog: expected a path, or udp://"},
		{"outputs: [{program: cat}]", ":1:21: program: expected a whole path"},
		{"outputs: [{program: [/x, [a]]}]", "program: expected an argument, found a list"},
		{"outputs: [{program: /x, seconds: 0}]", "seconds: expected a number from 1"},
		{"outputs: [{program: /x, per_alert: yes}]",
		 "per_alert: expected true or false; found 'yes'"},
		{"outputs: [{file: a, per_alert: true}]", "per_alert: a file has none"},
		{"outputs: [{journald: false}]", ":1:22: journald: expected true, or the path"},
		{"outputs: [{syslog: /dev/log, facility: kern}]", "facility: expected daemon, user"},
		{"outputs: [{file: a, facility: user}]", "facility: a file has none"},
		{"outputs: [{file: a}, {file: a}]", ":1:22: this output has the name of another one"},
		{"outputs: [{file: a, name: x}, {file: b, name: x}]", "has the name of another one"},
		{"outputs: [{file: a},{file: b},{file: c},{file: d},{file: e},{file: f},{file: g},{file: h},"
		 "{file: i},{file: j},{file: k},{file: l},{file: m}]",
		 "expected 12 outputs at most"},
		{"outputs: [{file: a, name: b, name: c}]", "'name' is given twice"},
	};
	char first[512];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (mistakes_in(cases[i].yaml, strlen(cases[i].yaml), first, sizeof(first)) != 1 ||
		    !strstr(first, cases[i].problem))
			fail_msg("%s: '%s' instead of '%s'", cases[i].yaml, first, cases[i].problem);
	/* rules have a directory of their own, outputs don't */
	assert_int_equal(mistakes_in("outputs:\n", 9, NULL, 0), 0);
}

/* What comes with it: good, and of those who pass on only. */
static void test_shipped(void **state)
{
	static const char *const files[] = {"deploy/rules.d/90-container-runtimes.yaml",
					    "deploy/rules.d/90-kubernetes.yaml"};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		struct problems problems = {0};
		struct config *config;

		assert_int_equal(config_read(files[i], &problems, &config), 0);
		if (problems.count)
			fail_msg("%s", problems.lines[0]);
		assert_true(rules_count(config_rules(config)) > 2);
		for (size_t j = 0; j < rules_count(config_rules(config)); j++) {
			const struct rule *rule = rules_rule(config_rules(config), j);

			assert_true(rule->carrier);
			assert_false(rule->allow);
			assert_int_equal(rule->severity, 21);
			assert_non_null(rule->reason);
		}
		config_free(config);
	}
}

static char *text(const char *borrowed)
{
	return (char *)(uintptr_t)borrowed;
}

/* The kubelet is who it says only outside of a container. */
static void test_kubelet(void **state)
{
	struct problems problems = {0};
	struct config *config;
	struct alert_spec spec = {
		.token = "dt0c01.ABCDEFGHIJKLMNOPQRSTUVWX",
		.file = "/var/lib/kubelet/pods/0-1/volumes/kubernetes.io~secret/db/..2026_11_28/token",
		.program = "/usr/bin/kubelet",
	};
	struct alert alert = alerts_make(&spec);

	(void)state;
	assert_int_equal(config_read("deploy/rules.d/90-kubernetes.yaml", &problems, &config), 0);
	rules_apply(config_rules(config), &alert);
	assert_string_equal(alert.ruling.rule, "the kubelet gives pods their secrets");
	assert_true(alert.ruling.carrier);
	alert = alerts_make(&spec);
	alert.container.id = text("0123456789abcdef");
	rules_apply(config_rules(config), &alert);
	assert_null(alert.ruling.rule);
	spec.file = "/var/log/kubelet.log";
	alert = alerts_make(&spec);
	rules_apply(config_rules(config), &alert);
	assert_null(alert.ruling.rule);
	config_free(config);
}

#define RUNTIMES "deploy/rules.d/90-container-runtimes.yaml"
#define KUBERNETES "deploy/rules.d/90-kubernetes.yaml"
#define ID "6424f864b94ea9e15518293eadec465849e5eb6c8f725d79785624af07455ec4"
#define CRIO "cri-o keeps a container's environment"
#define CRUN "crun keeps a container's environment"
#define ETCD "etcd stores what Kubernetes knows"
#define ETCD_POD "etcd as a static pod stores what Kubernetes knows"

/*
 * Where CRI-O (server/container_create.go, internal/oci/runtime_oci.go, containers/storage), crun (src/libcrun/container.c) and etcd
 * keep what they are given, by whom it is written, and what is none of that.
 */
static void test_layouts(void **state)
{
	static const struct {
		const char *file, *program, *process, *rule, *rules;
		uint32_t uid;
		const char *user;
		bool inside;
	} cases[] = {
		{"/run/containers/storage/overlay-containers/" ID "/userdata/config.json", "/usr/bin/crio",
		 "crio", CRIO, RUNTIMES, 0, NULL, false},
		{"/var/lib/containers/storage/overlay-containers/" ID "/userdata/config.json",
		 "/usr/bin/crio", "crio", CRIO, RUNTIMES, 0, NULL, false},
		{"/var/lib/containers/storage/overlay-containers/" ID "/userdata/.tmp-state.json1234",
		 "/usr/local/bin/crio", "crio", CRIO, RUNTIMES, 0, NULL, false},
		{"/var/lib/containers/storage/overlay-containers/.tmp-containers.json1234", "/usr/bin/crio",
		 "crio", CRIO, RUNTIMES, 0, NULL, false},
		{"/run/containers/storage/overlay-containers/.tmp-volatile-containers.json1234",
		 "/usr/bin/crio", "crio", CRIO, RUNTIMES, 0, NULL, false},
		{"/tmp/exec-process-1234", "/usr/bin/crio", "crio", CRIO, RUNTIMES, 0, NULL, false},
		{"/tmp/exec-process-1234", "/usr/bin/crio", "crio", NULL, RUNTIMES, 1000, NULL, false},
		{"/tmp/exec-process-1234", "/usr/bin/cp", "cp", NULL, RUNTIMES, 0, NULL, false},
		{"/var/log/crio.log", "/usr/bin/crio", "crio", NULL, RUNTIMES, 0, NULL, false},
		{"/tmp/exec-process-1234", "/usr/bin/crio", "crio", NULL, RUNTIMES, 0, NULL, true},
		{"/run/crun/" ID "/config.json", "/", "crun", CRUN, RUNTIMES, 0, NULL, false},
		{"/run/crun/" ID "/config.json", "/usr/bin/crun", "crun", CRUN, RUNTIMES, 0, NULL, false},
		{"/run/crun/" ID "/config.json", "/", "sh", NULL, RUNTIMES, 0, NULL, false},
		{"/run/crun/" ID "/config.json", "/", "crun", NULL, RUNTIMES, 1000, NULL, false},
		{"/run/crun/" ID "/config.json", "/", "crun", NULL, RUNTIMES, 0, NULL, true},
		{"/srv/run/crun/" ID "/config.json", "/", "crun", NULL, RUNTIMES, 0, NULL, false},
		{"/var/lib/etcd/member/wal/0.tmp", "/usr/bin/etcd", "etcd", ETCD, KUBERNETES, 0, NULL, false},
		{"/var/lib/etcd/member/snap/db", "/opt/etcd-v3.5.9-linux-amd64/etcd", "etcd", ETCD,
		 KUBERNETES, 0, NULL, false},
		{"/var/lib/etcd/default/member/wal/0.tmp", "/usr/bin/etcd", "etcd", ETCD, KUBERNETES, 104,
		 "etcd", false},
		{"/var/lib/etcd/default.etcd/member/snap/db", "/usr/bin/etcd", "etcd", ETCD, KUBERNETES, 0,
		 NULL, false},
		{"/var/lib/etcd/member/snap/db", "/home/eve/etcd", "etcd", NULL, KUBERNETES, 1000, "eve",
		 false},
		{"/var/lib/etcd/member/snap/db", "/usr/bin/etcdctl", "etcdctl", NULL, KUBERNETES, 0, NULL,
		 false},
		{"/home/eve/member/snap/db", "/usr/bin/etcd", "etcd", NULL, KUBERNETES, 0, NULL, false},
		{"/var/lib/etcd/member/snap/db", "/usr/local/bin/etcd", "etcd", ETCD_POD, KUBERNETES, 0, NULL,
		 true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct alert_spec spec = {
			.token = "dt0c01.ABCDEFGHIJKLMNOPQRSTUVWX",
			.file = cases[i].file,
			.program = cases[i].program,
		};
		struct alert alert = alerts_make(&spec);
		struct problems problems = {0};
		struct config *config;

		alert.process.name = text(cases[i].process);
		alert.process.uid = cases[i].uid;
		alert.process.user_name = text(cases[i].user);
		if (cases[i].inside) {
			alert.container.id = text(ID);
			alert.container.name = text("etcd");
			alert.container.pod_namespace = text("kube-system");
			alert.file.host_path = text(cases[i].file);
		}
		assert_int_equal(config_read(cases[i].rules, &problems, &config), 0);
		rules_apply(config_rules(config), &alert);
		if (!alert.ruling.rule != !cases[i].rule ||
		    (cases[i].rule && strcmp(alert.ruling.rule, cases[i].rule) != 0))
			fail_msg("%s by %s: %s", cases[i].file, cases[i].program,
				 alert.ruling.rule ? alert.ruling.rule : "no rule");
		config_free(config);
	}
}

/* Whatever stands there, it is read to an end; what is no configuration is refused. */
static void test_garbage(void **state)
{
	static const char good[] =
		"ring_bytes: 4096\nwatch: [disk, pipe]\nrules:\n  - name: one\n    match: {path: "
		"'/a/**', user: [root, 1], not: {container: '*'}}\n    until: 2027-01-31\n";
	char garbage[sizeof(good)];
	uint64_t random = 1;
	size_t refused = 0;

	(void)state;
	assert_int_equal(mistakes_in(good, strlen(good), NULL, 0), 0);
	for (int i = 0; i < 1000; i++) {
		size_t len = strlen(good);

		memcpy(garbage, good, sizeof(good));
		for (uint64_t j = maker_next(&random) % 8; i % 4 && j < 8; j++)
			garbage[maker_next(&random) % len] = (char)maker_next(&random);
		for (size_t j = 0; i % 4 == 0 && j < len; j++)
			garbage[j] = (char)maker_next(&random);
		refused += mistakes_in(garbage, i % 3 ? len : maker_next(&random) % len, NULL, 0) != 0;
	}
	assert_true(refused > 800);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_settings, setup, teardown),
		cmocka_unit_test(test_keys),
		cmocka_unit_test_setup_teardown(test_outputs_schema, setup, teardown),
		cmocka_unit_test_setup_teardown(test_outputs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_outputs_group, setup, teardown),
		cmocka_unit_test_setup_teardown(test_outputs_wrong, setup, teardown),
		cmocka_unit_test(test_shipped),
		cmocka_unit_test(test_kubelet),
		cmocka_unit_test(test_layouts),
		cmocka_unit_test_setup_teardown(test_garbage, setup, teardown),
	};

	return UNIT_RUN(tests);
}
