// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* YAML → outputs. As of rules, all mistakes are noted and gone past. */
#include "cmd/config_outputs.h"

#include "cmd/groups.h"
#include "cmd/options.h"
#include "engine/pipeline.h"
#include "output/journald.h"
#include "output/program.h"
#include "output/syslog.h"
#include "rules/nearest.h"
#include "rules/rules.h"
#include "rules/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define OUTPUTS_SHOWN 60

/* Which kinds of outputs have a key. */
#define OUTPUTS_OF(id) (1U << OUTPUT_##id)
#define OUTPUTS_ALL (~0U)

struct outputs_reader {
	struct problems *problems;
	struct output_spec *spec;
	bool failed; /* no memory */
};

typedef void outputs_take(struct outputs_reader *reader, const struct tree_node *node);

static void outputs_name(struct outputs_reader *reader, const struct tree_node *node)
{
	reader->spec->name = node->text;
}

static void outputs_format(struct outputs_reader *reader, const struct tree_node *node)
{
	reader->spec->text = strcmp(node->text, "text") == 0;
	if (!reader->spec->text && strcmp(node->text, "json") != 0)
		problems_add(reader->problems, &node->place, "format: expected json or text; found '%.*s'",
			     OUTPUTS_SHOWN, node->text);
}

static void outputs_queue(struct outputs_reader *reader, const struct tree_node *node)
{
	if (!options_number(node->text, OUTPUT_QUEUE_BYTES_MIN, OUTPUT_QUEUE_BYTES_MAX,
			    &reader->spec->queue_bytes))
		problems_add(reader->problems, &node->place, "queue_bytes: expected a number from %lu to %lu",
			     OUTPUT_QUEUE_BYTES_MIN, OUTPUT_QUEUE_BYTES_MAX);
}

static void outputs_bytes(struct outputs_reader *reader, const struct tree_node *node)
{
	if (!options_number(node->text, 0, 1UL << 40, &reader->spec->bytes) ||
	    (reader->spec->bytes && reader->spec->bytes < PIPELINE_ALERTS_BYTES_MIN))
		problems_add(reader->problems, &node->place,
			     "bytes: expected a number from %ld to %lu, or 0 for no bound",
			     PIPELINE_ALERTS_BYTES_MIN, 1UL << 40);
}

/* Octal. Who may write to a file could change what is told there; a socket has to be written to by who reads it. */
static void outputs_mode(struct outputs_reader *reader, const struct tree_node *node)
{
	bool file = reader->spec->what == OUTPUT_FILE;
	char *end;
	unsigned long mode = strtoul(node->text, &end, 8);

	if (strspn(node->text, "01234567") != strlen(node->text) || *end || mode > 0777 ||
	    (mode & 0600) != 0600 || (file && mode & 0022))
		problems_add(reader->problems, &node->place,
			     file ? "mode: expected octal digits, such as 0640; nobody else may write to it"
				  : "mode: expected octal digits, such as 0660: who connects has to be "
				    "allowed to write");
	reader->spec->mode = (unsigned int)mode;
}

/* By name or number. It is looked up now: later nobody may be asked. */
static void outputs_group(struct outputs_reader *reader, const struct tree_node *node)
{
	unsigned long number = 0;
	gid_t group;

	if (groups_find(node->text, &group) == 0)
		number = group;
	else if (!options_number(node->text, 0, (gid_t)-2, &number))
		problems_add(reader->problems, &node->place,
			     "group: expected the name or number of a group, found '%.*s'; while it runs, a "
			     "daemon finds new ones in /etc/group only, or by number",
			     OUTPUTS_SHOWN, node->text);
	reader->spec->grouped = true;
	reader->spec->group = (gid_t)number;
}

static void outputs_facility(struct outputs_reader *reader, const struct tree_node *node)
{
	reader->spec->facility = syslog_facility(node->text);
	if (reader->spec->facility < 0)
		problems_add(reader->problems, &node->place,
			     "facility: expected daemon, user, auth, authpriv, syslog, audit or local0 to "
			     "local7; found '%.*s'",
			     OUTPUTS_SHOWN, node->text);
}

static void outputs_seconds(struct outputs_reader *reader, const struct tree_node *node)
{
	if (!options_number(node->text, 1, PROGRAM_SECONDS_MAX, &reader->spec->seconds))
		problems_add(reader->problems, &node->place, "seconds: expected a number from 1 to %d",
			     PROGRAM_SECONDS_MAX);
}

static void outputs_per_alert(struct outputs_reader *reader, const struct tree_node *node)
{
	reader->spec->per_alert = strcmp(node->text, "true") == 0;
	if (!reader->spec->per_alert && strcmp(node->text, "false") != 0)
		problems_add(reader->problems, &node->place,
			     "per_alert: expected true or false; found '%.*s'", OUTPUTS_SHOWN, node->text);
}

static const struct outputs_key {
	const char *name;
	unsigned int kinds;
	outputs_take *take;
} outputs_keys[] = {
	{"name", OUTPUTS_ALL, outputs_name},
	{"format", OUTPUTS_ALL & ~OUTPUTS_OF(SOCKET), outputs_format},
	{"filter", OUTPUTS_ALL, NULL},
	{"queue_bytes", OUTPUTS_ALL, outputs_queue},
	{"bytes", OUTPUTS_OF(FILE), outputs_bytes},
	{"mode", OUTPUTS_OF(FILE) | OUTPUTS_OF(SOCKET), outputs_mode},
	{"group", OUTPUTS_OF(FILE), outputs_group},
	{"facility", OUTPUTS_OF(SYSLOG), outputs_facility},
	{"seconds", OUTPUTS_OF(PROGRAM), outputs_seconds},
	{"per_alert", OUTPUTS_OF(PROGRAM), outputs_per_alert},
};

#define OUTPUTS_KEYS (sizeof(outputs_keys) / sizeof(*outputs_keys))

static const char *const outputs_kinds[OUTPUT_WHATS] = {
#define OUTPUTS_KIND(id, key, text) key,
	OUTPUT_KINDS(OUTPUTS_KIND)
#undef OUTPUTS_KIND
};

static void outputs_unknown(struct problems *problems, const struct tree_node *node, const char *where,
			    const char *const *known, size_t count)
{
	const char *nearest = nearest_word(node->key, known, count);

	problems_add(problems, &node->key_place, "%s has no '%.*s'%s%s%s", where, OUTPUTS_SHOWN, node->key,
		     nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

static void outputs_severity(struct outputs_reader *reader, const struct tree_node *node)
{
	reader->spec->severity = node->kind == TREE_SCALAR ? rules_severity(node->text) : 0;
	if (!reader->spec->severity)
		problems_add(reader->problems, &node->place,
			     "severity: expected low, medium, high, critical or a number from 1 to 100");
}

static void outputs_match(struct outputs_reader *reader, const struct tree_node *node)
{
	struct rules *rules = rules_new();

	if (!rules || rules_add_match(rules, node, reader->problems) < 0)
		reader->failed = true;
	reader->spec->match = rules;
}

static void outputs_filter(struct outputs_reader *reader, const struct tree_node *filter)
{
	static const char *const known[] = {"severity", "match"};

	if (filter->kind != TREE_MAP || !filter->first) {
		problems_add(reader->problems, &filter->place,
			     "filter: expected severity (which is the least), match, or both; found %s",
			     filter->kind == TREE_MAP ? "nothing" : tree_kind_text(filter));
		return;
	}
	for (const struct tree_node *node = filter->first; node; node = node->next) {
		if (tree_find(filter, node->key) != node)
			continue;
		if (strcmp(node->key, "severity") == 0)
			outputs_severity(reader, node);
		else if (strcmp(node->key, "match") == 0)
			outputs_match(reader, node);
		else
			outputs_unknown(reader->problems, node, "filter", known, 2);
	}
}

/* OUTPUT_WHATS: it names none. */
static enum output_what outputs_kind(const char *key)
{
	enum output_what kind = 0;

	while (kind < OUTPUT_WHATS && strcmp(outputs_kinds[kind], key) != 0)
		kind++;
	return kind;
}

/* What it is: the one key that names a kind. Returns it, or NULL after saying so. */
static const struct tree_node *outputs_target(struct problems *problems, const struct tree_node *node)
{
	const struct tree_node *target = NULL;

	for (const struct tree_node *key = node->first; key; key = key->next) {
		if (outputs_kind(key->key) == OUTPUT_WHATS)
			continue;
		if (target) {
			problems_add(problems, &key->key_place, "an output is one thing: %s, or %s",
				     target->key, key->key);
			return NULL;
		}
		target = key;
	}
	if (!target)
		problems_add(problems, &node->place,
			     "an output needs one of: file, socket, syslog, journald, program");
	else if (outputs_kind(target->key) != OUTPUT_PROGRAM &&
		 (target->kind != TREE_SCALAR || !*target->text))
		problems_add(problems, &target->place, "%s: expected a path", target->key);
	else
		return target;
	return NULL;
}

static void outputs_key(struct outputs_reader *reader, const struct tree_node *node)
{
	const char *known[OUTPUTS_KEYS + OUTPUT_WHATS];
	const char *kind = outputs_kinds[reader->spec->what];
	size_t count = 0;

	for (size_t i = 0; i < OUTPUTS_KEYS; i++) {
		const struct outputs_key *key = &outputs_keys[i];

		known[count++] = key->name;
		if (strcmp(key->name, node->key) != 0)
			continue;
		if (!(key->kinds & 1U << reader->spec->what))
			problems_add(reader->problems, &node->key_place, "%s: a %s has none", key->name,
				     kind);
		else if (!key->take)
			outputs_filter(reader, node);
		else if (node->kind != TREE_SCALAR || !*node->text)
			problems_add(reader->problems, &node->place, "%s: expected a single value, found %s",
				     key->name, node->kind == TREE_SCALAR ? "nothing" : tree_kind_text(node));
		else
			key->take(reader, node);
		return;
	}
	for (int i = 0; i < OUTPUT_WHATS; i++)
		known[count++] = outputs_kinds[i];
	outputs_unknown(reader->problems, node, "an output", known, count);
}

/* What is so unless it is said. */
static void outputs_defaults(struct outputs_reader *reader, const struct tree_node *target)
{
	if (reader->spec->what == OUTPUT_JOURNALD) {
		reader->spec->text = true;
		if (strcmp(target->text, "true") == 0)
			reader->spec->target = JOURNALD_PATH;
		else if (*target->text != '/')
			problems_add(reader->problems, &target->place,
				     "journald: expected true, or the path of its socket");
	}
	if (reader->spec->what != OUTPUT_SYSLOG)
		return;
	reader->spec->text = true;
	reader->spec->facility = syslog_facility("daemon");
	if (!syslog_is_target(target->text))
		problems_add(reader->problems, &target->place,
			     "syslog: expected a path, or udp:// or tcp:// with an address and a port in "
			     "numbers");
}

/* A path, or a list of it and arguments; no shell is asked. */
static void outputs_program(struct outputs_reader *reader, const struct tree_node *target)
{
	const struct tree_node *first = target->kind == TREE_LIST ? target->first : target;
	size_t count = 0;

	if (!first || first->kind != TREE_SCALAR || *first->text != '/') {
		problems_add(reader->problems, &target->place,
			     "program: expected a whole path, or a list of it and arguments");
		return;
	}
	reader->spec->target = first->text;
	for (const struct tree_node *one = first; one; one = target->kind == TREE_LIST ? one->next : NULL)
		count++;
	reader->spec->args = calloc(count + 1, sizeof(*reader->spec->args));
	reader->failed |= !reader->spec->args;
	count = 0;
	for (const struct tree_node *one = first; one && reader->spec->args;
	     one = target->kind == TREE_LIST ? one->next : NULL) {
		if (one->kind == TREE_SCALAR)
			reader->spec->args[count++] = one->text;
		else
			problems_add(reader->problems, &one->place, "program: expected an argument, found %s",
				     tree_kind_text(one));
	}
}

static void outputs_read_one(struct outputs_reader *reader, const struct tree_node *node)
{
	const struct tree_node *target;
	enum output_what what;

	if (node->kind != TREE_MAP) {
		problems_add(reader->problems, &node->place,
			     "outputs: expected a mapping, such as {file: PATH}, found %s",
			     tree_kind_text(node));
		return;
	}
	target = outputs_target(reader->problems, node);
	what = target ? outputs_kind(target->key) : OUTPUT_WHATS;
	if (what == OUTPUT_WHATS)
		return;
	reader->spec->what = what;
	if (what == OUTPUT_PROGRAM) {
		outputs_program(reader, target);
	} else {
		reader->spec->target = target->text;
		outputs_defaults(reader, target);
	}
	for (const struct tree_node *key = node->first; key; key = key->next)
		/* what is given twice is told already */
		if (key != target && tree_find(node, key->key) == key)
			outputs_key(reader, key);
}

/* Two of one name could not be told apart. */
static void outputs_names(const struct output_spec *outputs, size_t count, const struct tree_node *node,
			  struct problems *problems)
{
	const struct output_spec *last = &outputs[count];

	for (size_t i = 0; i < count; i++) {
		const struct output_spec *one = &outputs[i];
		bool named = one->name && last->name && strcmp(one->name, last->name) == 0;

		if (named || (!one->name && !last->name && one->target && last->target &&
			      one->what == last->what && strcmp(one->target, last->target) == 0))
			problems_add(problems, &node->place,
				     "this output has the name of another one: give one of them a name");
	}
}

int config_outputs_read(const struct tree_node *list, struct problems *problems,
			struct output_spec **ret_outputs, size_t *ret_count)
{
	struct outputs_reader reader = {.problems = problems};
	struct output_spec *outputs;
	size_t count = 0;

	if (list->kind == TREE_SCALAR && !*list->text)
		return 0;
	if (list->kind != TREE_LIST) {
		problems_add(problems, &list->place, "outputs: expected a list (- file: PATH), found %s",
			     tree_kind_text(list));
		return 0;
	}
	outputs = calloc(CONFIG_OUTPUTS_MAX, sizeof(*outputs));
	if (!outputs)
		return -ENOMEM;
	for (const struct tree_node *node = list->first; node; node = node->next) {
		if (count == CONFIG_OUTPUTS_MAX) {
			problems_add(problems, &node->place, "expected %d outputs at most",
				     CONFIG_OUTPUTS_MAX);
			break;
		}
		reader.spec = &outputs[count];
		outputs_read_one(&reader, node);
		outputs_names(outputs, count++, node, problems);
	}
	*ret_outputs = outputs;
	*ret_count = count;
	return reader.failed ? -ENOMEM : 0;
}

void config_outputs_free(struct output_spec *outputs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		rules_free(outputs[i].match);
		free(outputs[i].args);
	}
	free(outputs);
}
