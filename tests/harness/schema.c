// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* See schema.h. A keyword that is not known here is a problem of its own, never passed over. */
#include "schema.h"

#include <regex.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static char schema_problem[512];

static bool schema_wrong(const char *where, const char *what)
{
	snprintf(schema_problem, sizeof(schema_problem), "%s: %s", where, what);
	return false;
}

static bool schema_value(const json_t *schema, const json_t *value, const char *where);

static bool schema_type(const char *type, const json_t *value)
{
	return (strcmp(type, "object") == 0 && json_is_object(value)) ||
	       (strcmp(type, "array") == 0 && json_is_array(value)) ||
	       (strcmp(type, "string") == 0 && json_is_string(value)) ||
	       (strcmp(type, "integer") == 0 && json_is_integer(value)) ||
	       (strcmp(type, "boolean") == 0 && json_is_boolean(value));
}

/* A schema has few patterns, and each is asked for hundreds of thousands of times: they are compiled once. */
static const regex_t *schema_compiled(const char *pattern)
{
	static struct {
		char *pattern;
		regex_t regex;
	} known[32];
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(*known) && known[i].pattern; i++)
		if (strcmp(known[i].pattern, pattern) == 0)
			return &known[i].regex;
	if (i == sizeof(known) / sizeof(*known) ||
	    regcomp(&known[i].regex, pattern, REG_EXTENDED | REG_NOSUB))
		return NULL;
	known[i].pattern = strdup(pattern);
	return &known[i].regex;
}

static bool schema_pattern(const char *pattern, const json_t *value)
{
	const regex_t *regex = json_is_string(value) ? schema_compiled(pattern) : NULL;

	return regex && regexec(regex, json_string_value(value), 0, NULL, 0) == 0;
}

static bool schema_enum(const json_t *choices, const json_t *value)
{
	size_t i;
	json_t *choice;

	json_array_foreach (choices, i, choice) {
		if (json_equal(choice, value))
			return true;
	}
	return false;
}

static bool schema_required(const json_t *required, const json_t *value, const char *where)
{
	json_t *name;
	size_t i;

	json_array_foreach (required, i, name) {
		if (!json_object_get(value, json_string_value(name)))
			return schema_wrong(where, json_string_value(name));
	}
	return true;
}

static bool schema_object(const json_t *schema, const json_t *value, const char *where)
{
	const json_t *properties = json_object_get(schema, "properties");
	bool strict = json_is_false(json_object_get(schema, "additionalProperties"));
	json_t *member;
	char path[256];
	const char *key;

	json_object_foreach ((json_t *)(uintptr_t)value, key, member) {
		const json_t *property = json_object_get(properties, key);

		snprintf(path, sizeof(path), "%s/%s", where, key);
		if (!property && strict)
			return schema_wrong(path, "is not in the schema");
		if (property && !schema_value(property, member, path))
			return false;
	}
	return true;
}

/* "if", and "then" or "else" by it; what does not hold there is no problem. */
static bool schema_if(const json_t *rule, const json_t *schema, const json_t *value, const char *where)
{
	const json_t *branch = json_object_get(schema, schema_value(rule, value, where) ? "then" : "else");

	schema_problem[0] = '\0';
	return !branch || schema_value(branch, value, where);
}

static bool schema_keyword(const char *key, const json_t *rule, const json_t *schema, const json_t *value,
			   const char *where)
{
	size_t i;
	json_t *item;

	if (strcmp(key, "type") == 0)
		return schema_type(json_string_value(rule), value);
	if (strcmp(key, "const") == 0)
		return json_equal(rule, value);
	if (strcmp(key, "enum") == 0)
		return schema_enum(rule, value);
	if (strcmp(key, "pattern") == 0)
		return schema_pattern(json_string_value(rule), value);
	if (strcmp(key, "minimum") == 0)
		return json_integer_value(value) >= json_integer_value(rule);
	if (strcmp(key, "properties") == 0)
		return schema_object(schema, value, where);
	if (strcmp(key, "required") == 0)
		return schema_required(rule, value, where);
	if (strcmp(key, "if") == 0)
		return schema_if(rule, schema, value, where);
	if (strcmp(key, "items") == 0) {
		json_array_foreach (value, i, item) {
			if (!schema_value(rule, item, where))
				return false;
		}
		return true;
	}
	/* handled with properties or if, or meant for people */
	return strcmp(key, "additionalProperties") == 0 || strcmp(key, "then") == 0 ||
	       strcmp(key, "else") == 0 || strcmp(key, "description") == 0 || strcmp(key, "title") == 0 ||
	       strcmp(key, "$schema") == 0;
}

static bool schema_value(const json_t *schema, const json_t *value, const char *where)
{
	const char *key;
	json_t *rule;

	json_object_foreach ((json_t *)(uintptr_t)schema, key, rule) {
		if (schema_keyword(key, rule, schema, value, where))
			continue;
		return *schema_problem ? false : schema_wrong(where, key);
	}
	return true;
}

char *schema_check(const char *path, const json_t *value)
{
	static json_t *schemas;
	json_t *schema = json_object_get(schemas, path);

	if (!schemas)
		schemas = json_object();
	if (!schema) {
		schema = json_load_file(path, 0, NULL);
		json_object_set_new(schemas, path, schema);
	}
	schema_problem[0] = '\0';
	if (!schema) {
		schema_wrong(path, "can't be read as JSON");
		return schema_problem;
	}
	return schema_value(schema, value, "") ? NULL : schema_problem;
}
