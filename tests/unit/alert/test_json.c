// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Three that must say the same: what is emitted, share/alert.schema.json, share/alert-fields.md. An
 * alert with every fact has exactly the schema's fields, one with none exactly the required ones.
 */
#include "unit.h"

#include "alert/json.h"
#include "alert/loss.h"
#include "schema.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define SCHEMA "share/alert.schema.json"
#define FIELDS_MAX 128
#define DIGEST "sha256:6424f864b94ea9e15518293eadec465849e5eb6c8f725d79785624af07455ec4"

/* What a container adds to the usual facts at most, and a pod: docs/alerts.md. */
#define CONTAINER_BYTES 350
#define POD_BYTES 480

/* Names with dots, in the order of the schema. */
struct fields {
	size_t count;
	struct {
		char name[64];
		bool always;
		json_t *rule;
	} entry[FIELDS_MAX];
};

static bool has(json_t *names, const char *name)
{
	size_t i;
	json_t *one;

	json_array_foreach (names, i, one) {
		if (strcmp(json_string_value(one), name) == 0)
			return true;
	}
	return false;
}

static void fields_collect(struct fields *fields, json_t *schema, const char *prefix, bool always)
{
	json_t *rule, *required = json_object_get(schema, "required");
	const char *key;

	/* strict, all the way down */
	assert_true(json_is_false(json_object_get(schema, "additionalProperties")));
	json_object_foreach (json_object_get(schema, "properties"), key, rule) {
		bool one = always && has(required, key);
		char name[64];

		assert_non_null(json_object_get(rule, "description"));
		snprintf(name, sizeof(name), "%s%s", prefix, key);
		if (json_object_get(rule, "properties")) {
			char below[66];

			snprintf(below, sizeof(below), "%s.", name);
			fields_collect(fields, rule, below, one);
			continue;
		}
		assert_true(fields->count < FIELDS_MAX);
		memcpy(fields->entry[fields->count].name, name, sizeof(name));
		fields->entry[fields->count].always = one;
		fields->entry[fields->count].rule = rule;
		fields->count++;
	}
}

static json_t *fields_open(struct fields *fields)
{
	json_t *schema = json_load_file(SCHEMA, 0, NULL);

	assert_non_null(schema);
	/* what is always there is so of what tells of a token */
	json_array_extend(json_object_get(schema, "required"),
			  json_object_get(json_object_get(schema, "else"), "required"));
	fields->count = 0;
	fields_collect(fields, schema, "", true);
	return schema;
}

/* The value at a name with dots, NULL if there is none. */
static json_t *at(json_t *object, const char *name)
{
	char copy[64], *rest, *step;

	snprintf(copy, sizeof(copy), "%s", name);
	for (step = strtok_r(copy, ".", &rest); step && object; step = strtok_r(NULL, ".", &rest))
		object = json_object_get(object, step);
	return object;
}

static char *text(const char *literal)
{
	return (char *)(uintptr_t)literal;
}

static struct alert alert_minimal(void)
{
	return (struct alert){
		.time = {1700000000, 1234567},
		.sequence = 1,
		.token = {.prefix = "dt0c01", .identifier = "dt0c01.ABCDEFGH", .type = "API token"},
		.process = {.pid = 1,
			    .ns_pid = 1,
			    .name = text(""),
			    .thread_id = 1,
			    .thread_name = text(""),
			    .cgroup_id = 1,
			    .login_uid = UINT32_MAX},
		.file = {.path = text("(unknown)"), .type = "unknown", .fs_type = text("")},
		.write = {.syscall = "unknown", .seen_by = "buffer", .offset = -1, .token_offset = -50},
		.host_name = "h",
	};
}

static struct alert alert_full(void)
{
	static struct alert_ancestor ancestors[2] = {{.pid = 2}, {.pid = 1}};
	struct alert alert = alert_minimal();

	ancestors[0].name = text("sshd");
	ancestors[1].name = text("systemd");
	alert.repeats = 3;
	alert.token.placeholder = true;
	alert.token.wide = true;
	alert.token.form = 1;
	alert.process.ns_pid = 7;
	alert.process.thread_id = 8;
	alert.process.thread_name = text("worker");
	alert.process.cgroup_id = 77;
	alert.process.ns_uid_differs = alert.process.ns_gid_differs = true;
	alert.process.ns_gid = 33;
	alert.process.executable = text("/usr/bin/caf\xc3\xa9");
	alert.process.executable_truncated = true;
	alert.process.command_line = text("sh -c \"quoted\\\"");
	alert.process.command_line_truncated = true;
	alert.process.script = text("deploy.py");
	alert.process.script_truncated = true;
	alert.process.working_directory = text("srv");
	alert.process.working_directory_truncated = true;
	alert.process.parent.name = text("sshd");
	alert.process.ancestors_truncated = true;
	alert.process.unit = text("cron.service");
	alert.process.ancestors = ancestors;
	alert.process.ancestor_count = sizeof(ancestors) / sizeof(*ancestors);
	alert.process.user_name = text("root");
	alert.process.group_name = text("root");
	alert.process.login_uid = 1000;
	alert.process.gid = 50;
	alert.file = (struct alert_file){
		.path = text("/x"),
		.path_truncated = true,
		.host_path = text("/srv/x"),
		.host_path_truncated = true,
		.place = "volume",
		.deleted = true,
		.type = "regular",
		.fs_type = text("ext4"),
		.dev_major = 8,
		.dev_minor = 1,
		.inode = UINT64_MAX,
		.mode = 0104640,
		.owner_uid = 3,
		.owner_gid = 4,
		.links = 2,
	};
	alert.container = (struct alert_container){
		.id = text("0123456789ab"),
		.claimed = true,
		.relayed = true,
		.outside = true,
		.exec = true,
		.digest = text("sha256:6424f864b94ea9e15518293eadec465849e5eb6c8f725d79785624af07455ec4"),
		.labels = {text("https://git.example/shop"), text("6424f86"), text("1.4.2"), text("shop"),
			   text("web")},
		.outer = text("ba9876543210"),
		.outer_name = text("node-1"),
		.runtime = "containerd",
		.name = text("app"),
		.image = text("registry/app:1"),
		.namespace = text("default"),
		.created = text("2026-01-31T10:00:00Z"),
		.pod = text("app-0"),
		.pod_namespace = text("shop"),
		.pod_uid = text("8b1a9953-c461-4a3e-b2c0-1d1a1d1a1d1a"),
	};
	alert.journal = (struct alert_journal){
		.known = true,
		.unit = text("shop.service"),
		.name = text("sh"),
		.pid = 77,
		.uid = 1000,
	};
	alert.ruling = (struct alert_ruling){
		.rule = "prod",
		.reason = "why",
		.expired = "the job",
		.until = 1798761600000000,
	};
	alert.write = (struct alert_write){
		.syscall = "pwrite64",
		.seen_by = "page_cache",
		.part = "name",
		.offset = 1LL << 40,
		.offset_approximate = true,
		.length = 96,
		.token_offset = 1LL << 40,
		.compat = true,
		.found_late = true,
	};
	return alert;
}

static struct loss loss_full(void)
{
	static const struct loss_kind kinds[] = {
		{.name = "ring_full", .text = "samples dropped", .count = 3, .total = 30},
		{.name = "flooded", .text = "samples of writers", .count = 7, .total = 7},
	};

	return (struct loss){
		.time = {1700000010, 0},
		.since = {1700000000, 1234567},
		.sequence = 5,
		.kinds = kinds,
		.kind_count = 2,
		.writers = {{.samples = 4,
			     .cgroup = 77,
			     .uid = 1000,
			     .pid = 42,
			     .name = "storm",
			     .container = "0123456789abcdef",
			     .container_name = "app"},
			    {.samples = 2, .cgroup = 78, .uid = 0, .pid = 43, .name = "tee"},
			    {.samples = 1, .uid = 33, .pid = 44, .name = "php"}},
		.writer_count = 3,
		.host_name = "h",
	};
}

static json_t *emit_line(char *line)
{
	char *problem;
	json_t *json;

	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	json = json_loads(line, 0, NULL);
	assert_non_null(json);
	problem = schema_check(SCHEMA, json);
	if (problem)
		fail_msg("%s in %s", problem, line);
	free(line);
	return json;
}

static json_t *emit(const struct alert *alert)
{
	char *line;

	assert_int_equal(alert_to_json(alert, &line), 0);
	return emit_line(line);
}

static json_t *emit_loss(const struct loss *loss)
{
	char *line;

	assert_int_equal(loss_to_json(loss, &line), 0);
	return emit_line(line);
}

/* schema_check() has seen that nothing is there beyond the schema; here, that all of it is there. */
static void test_fields(void **state)
{
	static const struct alert_flood flood = {
		.lost = 9,
		.since = {1700000000, 0},
		.token_count = 1,
		.file_count = 1,
		.tokens = {"dt0c01.ABCDEFGH"},
		.files = {"/x"},
	};
	struct alert full = alert_full(), minimal = alert_minimal();
	struct loss loss = loss_full();
	json_t *all, *least = emit(&minimal), *schema, *lost = emit_loss(&loss);
	struct fields fields;

	(void)state;
	full.flood = &flood;
	all = emit(&full);
	assert_string_equal(json_string_value(at(all, "event.action")), "token-flood");
	schema = fields_open(&fields);
	for (size_t i = 0; i < fields.count; i++) {
		const char *name = fields.entry[i].name;

		if (!at(all, name) && !at(lost, name))
			fail_msg("%s is in the schema and nowhere else", name);
		if (!at(least, name) == fields.entry[i].always)
			fail_msg("%s: the schema says that it is %s there", name,
				 fields.entry[i].always ? "always" : "not always");
	}
	json_decref(all);
	json_decref(least);
	json_decref(lost);
	json_decref(schema);
}

/* What was lost, how much, since when, and by whom. */
static void test_loss(void **state)
{
	struct loss loss = loss_full();
	json_t *json = emit_loss(&loss), *one;
	char *line = text("untouched");

	(void)state;
	assert_string_equal(json_string_value(at(json, "event.action")), "samples-lost");
	assert_string_equal(json_string_value(at(json, "loss.since")), "2023-11-14T22:13:20.001234Z");
	assert_int_equal(json_integer_value(at(json, "event.severity")), 47);
	one = json_array_get(at(json, "loss.kinds"), 1);
	assert_string_equal(json_string_value(at(one, "counter")), "flooded");
	assert_int_equal(json_integer_value(at(one, "count")), 7);
	one = json_array_get(at(json, "loss.writers"), 0);
	assert_string_equal(json_string_value(at(one, "container.name")), "app");
	assert_string_equal(json_string_value(at(one, "cgroup_id")), "77");
	one = json_array_get(at(json, "loss.writers"), 2);
	assert_null(at(one, "cgroup_id"));
	assert_null(at(one, "container"));
	assert_string_equal(json_string_value(at(one, "user.id")), "33");
	assert_string_equal(
		json_string_value(at(json, "message")),
		"lost just now: 3 samples dropped; 7 samples of writers, of which by container app 4, "
		"tee (pid 43, uid 0) 2, user 33 1");
	json_decref(json);
	/* all or nothing */
	loss.writers[1].name = "\xff";
	assert_int_equal(loss_to_json(&loss, &line), -ENOMEM);
	assert_string_equal(line, "untouched");
}

static void test_values(void **state)
{
	struct alert full = alert_full(), minimal = alert_minimal();
	json_t *all = emit(&full), *least = emit(&minimal);

	(void)state;
	assert_string_equal(json_string_value(at(all, "@timestamp")), "2023-11-14T22:13:20.001234Z");
	assert_string_equal(json_string_value(at(all, "file.inode")), "18446744073709551615");
	assert_string_equal(json_string_value(at(all, "file.mode")), "4640");
	assert_string_equal(json_string_value(at(all, "process.executable")), "/usr/bin/caf\xc3\xa9");
	assert_string_equal(json_string_value(at(all, "process.command_line")), "sh -c \"quoted\\\"");
	assert_string_equal(json_string_value(at(all, "user.audit_id")), "1000");
	assert_int_equal(json_integer_value(at(all, "write.offset")), 1LL << 40);
	assert_string_equal(json_string_value(at(all, "event.action")), "token-repeated");
	assert_string_equal(json_string_value(at(least, "event.action")), "token-written");
	assert_int_equal(json_integer_value(at(all, "write.repeats")), 3);
	assert_int_equal(json_integer_value(at(all, "event.severity")), 21);
	assert_string_equal(json_string_value(at(all, "rule.name")), "prod");
	assert_string_equal(json_string_value(at(all, "rule.description")), "why");
	assert_string_equal(json_string_value(at(all, "rule.expired.name")), "the job");
	assert_string_equal(json_string_value(at(all, "rule.expired.until")), "2027-01-01T00:00:00.000000Z");
	assert_null(at(least, "rule"));
	/* the message has neither pid nor user, whose fields are beside it */
	assert_string_equal(json_string_value(at(least, "message")),
			    "a process wrote API token dt0c01.ABCDEFGH to (unknown)");
	assert_int_equal(json_integer_value(at(least, "event.severity")), 73);
	/* began in an earlier write to the same stream */
	assert_int_equal(json_integer_value(at(least, "write.token_offset")), -50);
	json_decref(all);
	json_decref(least);
}

/* A line is whole or there is none; LeakSanitizer sees to the rest. */
static void test_all_or_nothing(void **state)
{
	struct alert alert = alert_full();
	char *line = text("untouched");

	(void)state;
	alert.host_name = "\xff";
	assert_int_equal(alert_to_json(&alert, &line), -ENOMEM);
	alert = alert_full();
	alert.process.parent.name = text("\xff");
	assert_int_equal(alert_to_json(&alert, &line), -ENOMEM);
	alert = alert_full();
	alert.process.user_name = text("\xff");
	assert_int_equal(alert_to_json(&alert, &line), -ENOMEM);
	alert = alert_full();
	alert.write.seen_by = NULL;
	assert_int_equal(alert_to_json(&alert, &line), -ENOMEM);
	alert = alert_full();
	alert.process.ancestors[1].name = text("\xff");
	assert_int_equal(alert_to_json(&alert, &line), -ENOMEM);
	alert = alert_full();
	alert.container.name = text("\xff");
	assert_int_equal(alert_to_json(&alert, &line), -ENOMEM);
	alert = alert_full();
	alert.container.pod = text("\xff");
	assert_int_equal(alert_to_json(&alert, &line), -ENOMEM);
	assert_string_equal(line, "untouched");
}

/* A script of a unit, with the ancestors that one has who logged in. Their names are the caller's. */
static struct alert alert_usual(struct alert_ancestor *ancestors, size_t count)
{
	struct alert alert = {
		.time = {1700000000, 123456789},
		.sequence = 4711,
		.number = 4711,
		.series = 0x97a9b46329aa5107,
		.token = {.prefix = "dt0c01",
			  .identifier = "dt0c01.ABCDEFGHIJKLMNOPQRSTUVWX",
			  .type = "API token"},
		.process = {.pid = 1157011,
			    .ns_pid = 1157011,
			    .thread_id = 1157011,
			    .name = text("python3"),
			    .thread_name = text("python3"),
			    .executable = text("/usr/bin/python3.11"),
			    .command_line = text("python3 deploy.py --stage production"),
			    .script = text("deploy.py"),
			    .working_directory = text("/srv/shop/current"),
			    .unit = text("shop-deploy.service"),
			    .start = {1700000000, 0},
			    .cgroup_id = 138934,
			    .parent = {.pid = 1157001, .name = text("bash")},
			    .ancestors = ancestors,
			    .ancestor_count = count,
			    .uid = 1000,
			    .gid = 1000,
			    .user_name = text("deploy"),
			    .group_name = text("deploy"),
			    .login_uid = UINT32_MAX},
		.file = {.path = text("/var/log/shop/deploy.log"),
			 .type = "regular",
			 .fs_type = text("ext4"),
			 .dev_major = 254,
			 .inode = 10952808,
			 .mode = 0100644,
			 .owner_uid = 1000,
			 .owner_gid = 1000,
			 .links = 1},
		.write = {.syscall = "write",
			  .seen_by = "page_cache",
			  .offset = 81920,
			  .length = 131,
			  .token_offset = 81954},
		.host_name = "node-7.example.org",
	};

	for (size_t i = 0; i < count; i++)
		ancestors[i] = (struct alert_ancestor){.pid = 1, .name = text(i % 2 ? "sshd" : "bash")};
	return alert;
}

/* Returns how many ancestors are named. */
static size_t check_usual(struct alert *alert, size_t most)
{
	size_t named, count = alert->process.ancestor_count;
	char *line;
	json_t *json;

	assert_int_equal(alert_to_json(alert, &line), 0);
	if (strlen(line) > most)
		fail_msg("%zu bytes: %s", strlen(line), line);
	json = emit_line(line);
	named = json_array_size(at(json, "process.ancestors"));
	assert_true(named >= ALERT_ANCESTORS_LEAST || named == count);
	assert_int_equal(json_is_true(at(json, "process.ancestors_truncated")), named < count);
	json_decref(json);
	return named;
}

/* With the usual facts a line stays under 1 KiB, however many ancestors there are; what a container adds is bounded. */
static void test_usual(void **state)
{
	struct alert_ancestor ancestors[16];
	struct alert alert;
	size_t most = 0;

	(void)state;
	for (size_t count = 0; count <= 16; count++) {
		alert = alert_usual(ancestors, count);
		most = check_usual(&alert, ALERT_USUAL_BYTES);
	}
	alert = alert_usual(ancestors, 16);
	alert.process.unit = NULL;
	assert_true(check_usual(&alert, ALERT_USUAL_BYTES) > most);
	alert.process.ns_pid = 7;
	alert.container = (struct alert_container){
		.id = text("6424f864b94ea9e15518293eadec465849e5eb6c8f725d79785624af07455ec4"),
		.runtime = "docker",
		.name = text("shop-deploy-1"),
		.image = text("registry.example.org/shop/deploy:1.4.2"),
		.digest = text("sha256:6424f864b94ea9e15518293eadec465849e5eb6c8f725d79785624af07455ec4"),
		.created = text("2026-11-29T21:58:04.279730856Z"),
	};
	alert.file.place = "layer";
	alert.process.unit =
		text("docker-6424f864b94ea9e15518293eadec465849e5eb6c8f725d79785624af07455ec4.scope");
	assert_int_equal(check_usual(&alert, ALERT_USUAL_BYTES + CONTAINER_BYTES), ALERT_ANCESTORS_LEAST);
	alert.container.runtime = "containerd";
	alert.container.namespace = text("k8s.io");
	alert.container.name = text("deploy");
	alert.container.pod = text("deploy-5d8f7c9b6d-x2x4z");
	alert.container.pod_namespace = text("shop");
	alert.container.pod_uid = text("8b1a9953-c461-4a3e-b2c0-1d1a1d1a1d1a");
	assert_int_equal(check_usual(&alert, ALERT_USUAL_BYTES + POD_BYTES), ALERT_ANCESTORS_LEAST);
}

/* As it was measured: a short command that a shell runs in podman's container, into its layer. */
static struct alert alert_contained(struct alert_ancestor *ancestors)
{
	struct alert alert = alert_usual(ancestors, 3);

	ancestors[0].name = text("conmon");
	alert.host_name = "node-7";
	alert.process = (struct alert_process){.pid = 55664,
					       .ns_pid = 7,
					       .thread_id = 55664,
					       .name = text("writer"),
					       .thread_name = text("writer"),
					       .executable = text("/bin/writer"),
					       .command_line = text("/bin/writer one /tmp 0"),
					       .working_directory = text("/"),
					       .start = {1700000000, 0},
					       .cgroup_id = 118965,
					       .parent = {.pid = 55510, .name = text("sh")},
					       .ancestors = ancestors,
					       .ancestor_count = 3,
					       .login_uid = UINT32_MAX};
	alert.file = (struct alert_file){.path = text("/tmp/0"),
					 .type = "regular",
					 .fs_type = text("overlay"),
					 .place = "layer",
					 .dev_minor = 46,
					 .inode = 155,
					 .mode = 0100600,
					 .links = 1};
	alert.container = (struct alert_container){.id = text(DIGEST + strlen("sha256:")),
						   .runtime = "podman",
						   .name = text("web-0"),
						   .image = text("localhost/token:1"),
						   .digest = text(DIGEST)};
	return alert;
}

/* A line of so many bytes at most, which has and lacks these fields; the message is `message`. */
static void check_left(const struct alert *alert, size_t most, const char *message, const char *const *has,
		       const char *const *lacks)
{
	char *line;
	json_t *json;

	assert_int_equal(alert_to_json(alert, &line), 0);
	if (strlen(line) > most)
		fail_msg("%zu bytes: %s", strlen(line), line);
	json = emit_line(line);
	assert_string_equal(json_string_value(at(json, "message")), message);
	for (; *has; has++)
		if (!at(json, *has))
			fail_msg("no %s", *has);
	for (; *lacks; lacks++)
		if (at(json, *lacks))
			fail_msg("%s", *lacks);
	json_decref(json);
}

#define LEFT(...) ((const char *const[]){__VA_ARGS__, NULL})
#define LEFT_LAYER "/var/lib/containers/storage/overlay/" LEFT_ID "/diff/tmp/0"
#define LEFT_ID "6424f864b94ea9e15518293eadec465849e5eb6c8f725d79785624af07455ec4"

/* Of a container's line that fits into 1 KiB then, what the rest says is left out, as much as it takes; of one that does not, nothing. */
static void test_left_out(void **state)
{
	static const char *whole =
		"writer in container web-0 wrote API token dt0c01.ABCDEFGHIJKLMNOPQRSTUVWX to /tmp/0";
	static char longer[400];
	struct alert_ancestor ancestors[16];
	struct alert alert = alert_contained(ancestors);
	struct alert_facts facts = {0};
	char *lines[2];

	(void)state;
	check_left(&alert, ALERT_USUAL_BYTES, "writer wrote API token",
		   LEFT("container.image.hash", "process.ns_pid"),
		   LEFT("process.ancestors", "process.working_directory"));
	alert.file.host_path = text(LEFT_LAYER);
	check_left(&alert, ALERT_USUAL_BYTES, "writer wrote API token",
		   LEFT("container.image.hash", "file.place"), LEFT("file.host_path", "process.ancestors"));
	/* lines that lend each other what they have in common leave out the same */
	alert.facts = &facts;
	for (int i = 0; i < 2; i++)
		assert_int_equal(alert_to_json(&alert, &lines[i]), 0);
	assert_string_equal(lines[0], lines[1]);
	assert_true(strlen(lines[0]) <= ALERT_USUAL_BYTES);
	free(lines[0]);
	free(lines[1]);
	free(facts.json);
	alert.facts = NULL;
	/* a volume is not its own: another may have it too */
	alert.file.place = "volume";
	check_left(&alert, ALERT_USUAL_BYTES + CONTAINER_BYTES, whole,
		   LEFT("file.host_path", "process.ancestors", "process.working_directory"),
		   LEFT("user.name"));
	alert.file.place = "layer";
	/* nothing more than it takes */
	alert.file.host_path = NULL;
	alert.container.digest = NULL;
	check_left(&alert, ALERT_USUAL_BYTES, whole, LEFT("process.cgroup_id", "process.ns_pid"),
		   LEFT("process.ancestors", "process.working_directory"));
	alert.container.image = NULL;
	check_left(&alert, ALERT_USUAL_BYTES, whole, LEFT("process.working_directory", "process.ancestors"),
		   LEFT("user.name"));
	alert.container.image = text("localhost/token:1");
	/* the digest last, beside a name */
	alert.container.digest = text(DIGEST);
	memset(longer, 'x', 70);
	alert.process.command_line = longer;
	check_left(&alert, ALERT_USUAL_BYTES, "writer wrote API token", LEFT("container.image.name"),
		   LEFT("container.image.hash", "process.cgroup_id"));
	alert.container.image = text(DIGEST);
	check_left(&alert, ALERT_USUAL_BYTES + CONTAINER_BYTES, whole,
		   LEFT("container.image.hash", "process.ancestors"), LEFT("container.image.name"));
	/* for nothing, nothing is left out */
	alert.container.image = text("localhost/token:1");
	memset(longer, 'x', sizeof(longer) - 1);
	check_left(&alert, 2048, whole,
		   LEFT("container.image.hash", "process.ancestors", "process.cgroup_id",
			"process.working_directory"),
		   LEFT("file.host_path"));
}

/* The image's name in the alert of a container; NULL: none. */
static const char *image_name(const char *name, const char *digest)
{
	static char copy[128];
	struct alert alert = alert_full();
	const char *told;
	json_t *json;

	alert.container.image = name ? text(name) : NULL;
	alert.container.digest = digest ? text(digest) : NULL;
	json = emit(&alert);
	told = json_string_value(at(json, "container.image.name"));
	snprintf(copy, sizeof(copy), "%s", told ? told : "");
	if (digest)
		assert_string_equal(
			json_string_value(json_array_get(at(json, "container.image.hash.all"), 0)), digest);
	json_decref(json);
	return *copy ? copy : NULL;
}

/* A digest is said once: with an image that is called by it, not in its name as well. */
static void test_image(void **state)
{
	(void)state;
	assert_string_equal(image_name("registry/app@" DIGEST, DIGEST), "registry/app");
	assert_string_equal(image_name("registry/app:1@" DIGEST, DIGEST), "registry/app:1");
	assert_null(image_name(DIGEST, DIGEST));
	assert_null(image_name(NULL, DIGEST));
	/* another image's, as of a platform's manifest, or no digest */
	assert_string_equal(image_name("app@sha256:77", DIGEST), "app@sha256:77");
	assert_string_equal(image_name("app@" DIGEST, NULL), "app@" DIGEST);
	assert_string_equal(image_name("app-" DIGEST, DIGEST), "app-" DIGEST);
	assert_string_equal(image_name("@" DIGEST, DIGEST), "@" DIGEST);
	assert_string_equal(image_name("app:1", DIGEST), "app:1");
}

/* What a hash makes needless, and where it does not. */
static void test_hash(void **state)
{
	struct alert alert = alert_full();
	json_t *json;

	(void)state;
	alert.container.claimed = alert.container.relayed = alert.container.outside = false;
	json = emit(&alert);
	assert_string_equal(json_string_value(at(json, "container.created")), "2026-01-31T10:00:00Z");
	json_decref(json);
	alert.container.id = text(DIGEST + strlen("sha256:"));
	json = emit(&alert);
	assert_null(at(json, "container.created"));
	/* which cgroup of the container it is, a hash does not say */
	assert_string_equal(json_string_value(at(json, "process.cgroup_id")), "77");
	json_decref(json);
	/* such a name is anybody's choice */
	alert.container.id = text("0123456789abcdef0123456789abcdef");
	json = emit(&alert);
	assert_non_null(at(json, "container.created"));
	json_decref(json);
	alert.container.id = text("a-machine-with-a-name-that-is-as-long-as-a-hash");
	json = emit(&alert);
	assert_non_null(at(json, "container.created"));
	json_decref(json);
}

static const char *type_of(json_t *rule)
{
	json_t *one = json_object_get(rule, "const");

	if (json_object_get(rule, "type"))
		return json_string_value(json_object_get(rule, "type"));
	one = one ? one : json_array_get(json_object_get(rule, "enum"), 0);
	if (json_is_true(one))
		return "true";
	return json_is_string(one) ? "string" : "integer";
}

static void test_table(void **state)
{
	char line[1024], row[1024];
	FILE *table = fopen("share/alert-fields.md", "r");
	struct fields fields;
	json_t *schema;
	size_t i = 0;

	(void)state;
	assert_non_null(table);
	schema = fields_open(&fields);
	while (fgets(line, sizeof(line), table)) {
		if (strncmp(line, "| `", 3) != 0)
			continue;
		assert_true(i < fields.count);
		snprintf(row, sizeof(row), "| `%s` | %s | %s | %s |\n", fields.entry[i].name,
			 type_of(fields.entry[i].rule), fields.entry[i].always ? "yes" : "no",
			 json_string_value(json_object_get(fields.entry[i].rule, "description")));
		assert_string_equal(line, row);
		i++;
	}
	assert_int_equal(i, fields.count);
	fclose(table);
	json_decref(schema);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields), cmocka_unit_test(test_loss),
		cmocka_unit_test(test_values), cmocka_unit_test(test_all_or_nothing),
		cmocka_unit_test(test_usual),  cmocka_unit_test(test_left_out),
		cmocka_unit_test(test_image),  cmocka_unit_test(test_hash),
		cmocka_unit_test(test_table),
	};

	return UNIT_RUN(tests);
}
