// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * tree → rules. What is wrong is noted and gone past, so that all mistakes are told at once; rules with a mistake in them are not used,
 * because no configuration with one is.
 */
#include "rules/compiled.h"
#include "rules/nearest.h"
#include "rules/tree.h"

#include "detect/mask.h"
#include "detect/token.h"
#include "lib/cleanup.h"
#include "lib/period.h"

#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of a process's name, as the kernel keeps it. */
#define READ_COMM_MAX 15

#define READ_TOKENS_FILE "tokens_file"
#define READ_NOT "not"

struct read {
	struct rules *rules;
	struct problems *problems;
	bool failed; /* no memory */
};

/* A value that is repeated is not repeated at any length. */
#define READ_SHOWN 60

static void read_say_unknown(struct read *read, const struct tree_node *node, const char *where,
			     const char *const *known, size_t count)
{
	const char *nearest = nearest_word(node->key, known, count);

	if (nearest)
		problems_add(read->problems, &node->key_place, "%s has no '%.*s'; did you mean '%s'?", where,
			     READ_SHOWN, node->key, nearest);
	else
		problems_add(read->problems, &node->key_place, "%s has no '%.*s'", where, READ_SHOWN,
			     node->key);
}

static void read_say_kind(struct read *read, const struct tree_node *node, const char *key,
			  const char *expected)
{
	problems_add(read->problems, &node->place, "%s: expected %s, found %s", key, expected,
		     tree_kind_text(node));
}

/* One of some words, which are separated by spaces. */
static bool read_is_word(const char *words, const char *text)
{
	size_t len = strlen(text);

	for (const char *at = words; len && (at = strstr(at, text)); at += len)
		if ((at == words || at[-1] == ' ') && (!at[len] || at[len] == ' '))
			return true;
	return false;
}

/* A copy that may be shown. */
static char *read_printable(struct read *read, const char *text)
{
	char *copy = NULL;

	if (mask_text(text, strlen(text), NULL, &copy) < 0)
		read->failed = true;
	return copy;
}

void *rules_grow(void *array, size_t count, size_t size)
{
	/* doubled whenever it is full, which is at each power of two */
	if (count & (count - 1))
		return array;
	return realloc(array, (count ? count * 2 : 1) * size);
}

/* What can never match is a mistake. Returns whether the pattern may be used. */
static bool read_sensible(struct read *read, const struct tree_node *node, enum rules_key key)
{
	const char *name = rules_key_name(key), *words = rules_key_words(key);
	struct token_span span;
	struct token token;

	if (!*node->text) {
		problems_add(read->problems, &node->place, "%s: expected %s, found nothing", name,
			     rules_key_kind(key) == RULES_WORD ? words : "a pattern");
		return false;
	}
	if (rules_key_kind(key) == RULES_WORD && !read_is_word(words, node->text)) {
		problems_add(read->problems, &node->place, "%s: expected one of: %s; found '%.*s'", name,
			     words, READ_SHOWN, node->text);
		return false;
	}
	if (token_match((const uint8_t *)node->text, strlen(node->text), 0, &token, &span)) {
		problems_add(
			read->problems, &node->place,
			"%s: this holds a whole token, with its secret; the identifier is enough, and the "
			"secret should not be in here",
			name);
		return false;
	}
	return true;
}

/* A pattern that is no pattern can match one text only, and no name of a process is longer than that. */
static bool read_is_possible(struct read *read, const struct tree_node *node, enum rules_key key,
			     const struct glob *glob)
{
	size_t len;

	if (key != RULES_KEY_PROCESS && key != RULES_KEY_PARENT && key != RULES_KEY_ANCESTOR)
		return true;
	if (!glob_literal(glob, &len) || len <= READ_COMM_MAX)
		return true;
	problems_add(read->problems, &node->place,
		     "%s: '%.*s' never matches, since names of processes have %d bytes at most: '%.*s'",
		     rules_key_name(key), READ_SHOWN, node->text, READ_COMM_MAX, READ_COMM_MAX, node->text);
	return false;
}

static void read_pattern(struct read *read, const struct tree_node *node, enum rules_key key,
			 struct rules_condition *condition)
{
	struct rules *rules = read->rules;
	struct problem_place place = node->place;
	struct rules_pattern pattern = {0};
	size_t wrong = 0;
	int r;

	if (!read_sensible(read, node, key))
		return;
	r = glob_compile(node->text, rules_key_kind(key) == RULES_PATH ? GLOB_PATH : GLOB_TEXT, &pattern.glob,
			 &wrong);
	place.column += wrong + node->quoted;
	if (r == -EINVAL)
		problems_add(read->problems, &place, "%s: expected %s here", rules_key_name(key),
			     node->text[wrong] == '[' ? "a ']' for this '['" : "something behind this '\\'");
	else if (r == -E2BIG)
		problems_add(read->problems, &node->place, "%s: expected a pattern of %d bytes at most",
			     rules_key_name(key), GLOB_MAX);
	read->failed |= r == -ENOMEM;
	if (r == 0 && !read_is_possible(read, node, key, pattern.glob))
		r = -EINVAL;
	if (r == 0) {
		pattern.text = read_printable(read, node->text);
		if (pattern.text && RULES_GROW(rules->patterns, rules->pattern_count)) {
			rules->patterns[rules->pattern_count++] = pattern;
			condition->pattern_count++;
			return;
		}
		read->failed = true;
		free(pattern.text);
	}
	glob_free(pattern.glob);
}

/* A list of tokens, beside the file that names it. */
static void read_list(struct read *read, const struct tree_node *node, struct rules_condition *condition)
{
	struct rules *rules = read->rules;
	AUTO_FREE char *copy = strdup(node->place.file);
	AUTO_FREE char *path = NULL;
	const char *directory = copy ? dirname(copy) : ".";
	struct rules_list list;
	int r;

	if (!*node->text) {
		problems_add(read->problems, &node->place,
			     READ_TOKENS_FILE ": expected a file, found nothing");
		return;
	}
	r = *node->text == '/' ? asprintf(&path, "%s", node->text)
			       : asprintf(&path, "%s/%s", directory, node->text);
	if (r < 0) {
		path = NULL;
		read->failed = true;
		return;
	}
	r = rules_list_read(path, &node->place, read->problems, &list);
	read->failed |= r == -ENOMEM;
	if (r < 0)
		return;
	if (!RULES_GROW(rules->lists, rules->list_count)) {
		rules_list_free(&list);
		read->failed = true;
		return;
	}
	rules->lists[rules->list_count++] = list;
	condition->list_count++;
}

/* A value, or each of a list. */
static void read_values(struct read *read, const struct tree_node *node, enum rules_key key, bool list,
			struct rules_condition *condition)
{
	const char *name = list ? READ_TOKENS_FILE : rules_key_name(key);
	const struct tree_node *one = node->kind == TREE_LIST ? node->first : node;

	if (node->kind == TREE_LIST && !one) {
		problems_add(read->problems, &node->place, "%s: expected a value, found an empty list", name);
		return;
	}
	if (node->kind == TREE_MAP) {
		read_say_kind(read, node, name, "a value, or a list of them");
		return;
	}
	for (; one; one = node->kind == TREE_LIST ? one->next : NULL) {
		if (one->kind != TREE_SCALAR)
			read_say_kind(read, one, name, "a value");
		else if (list)
			read_list(read, one, condition);
		else
			read_pattern(read, one, key, condition);
	}
}

/* Behind `token` and `tokens_file` are alternatives: one condition. Else each key has its own. */
static void read_condition(struct read *read, const struct tree_node *match, enum rules_key key, bool negated)
{
	const struct tree_node *values = tree_find(match, rules_key_name(key));
	const struct tree_node *lists = key == RULES_KEY_TOKEN ? tree_find(match, READ_TOKENS_FILE) : NULL;
	struct rules *rules = read->rules;
	struct rules_condition condition = {
		.key = (uint8_t)key,
		.negated = negated,
		.pattern = (uint32_t)rules->pattern_count,
		.list = (uint32_t)rules->list_count,
	};

	if (!values && !lists)
		return;
	if (values)
		read_values(read, values, key, false, &condition);
	if (lists)
		read_values(read, lists, key, true, &condition);
	if (!RULES_GROW(rules->conditions, rules->condition_count))
		read->failed = true;
	else
		rules->conditions[rules->condition_count++] = condition;
}

static const char *const read_match_keys[] = {
#define READ_KEY(id, name, kind, words, text) name,
	RULES_KEYS(READ_KEY)
#undef READ_KEY
		READ_TOKENS_FILE,
	READ_NOT,
};

static void read_match(struct read *read, const struct tree_node *match, bool negated)
{
	size_t known = sizeof(read_match_keys) / sizeof(*read_match_keys) - negated;

	if (match->kind != TREE_MAP) {
		/* `match:` with nothing behind it would be all alerts, by mistake perhaps */
		read_say_kind(read, match, negated ? READ_NOT : "match",
			      "a mapping of what has to be so ({} for any alert)");
		return;
	}
	for (const struct tree_node *node = match->first; node; node = node->next) {
		size_t i = 0;

		while (i < known && strcmp(node->key, read_match_keys[i]) != 0)
			i++;
		if (i == known)
			read_say_unknown(read, node, negated ? "not" : "match", read_match_keys, known);
		else if (!negated && strcmp(node->key, READ_NOT) == 0)
			read_match(read, node, true);
	}
	for (int key = 0; key < RULES_KEY_MAX; key++)
		read_condition(read, match, (enum rules_key)key, negated);
}

/* How much a condition costs, or how little it tells. */
static int read_weight(const struct rules *rules, const struct rules_condition *condition)
{
	const struct glob *glob = condition->pattern_count ? rules->patterns[condition->pattern].glob : NULL;
	size_t len;
	int weight = glob && glob_literal(glob, &len) ? 0 : 2;

	weight += condition->pattern_count + condition->list_count > 1;
	weight += condition->key == RULES_KEY_ANCESTOR || condition->key == RULES_KEY_ARGUMENTS ? 3 : 0;
	return weight + (condition->negated ? 1 : 0);
}

/* The cheapest first; of those that cost the same, in their order. */
static void read_order(struct rules *rules, const struct rule *rule)
{
	struct rules_condition *at;

	if (!rule->condition_count)
		return;
	at = rules->conditions + rule->condition;
	for (size_t i = 1; i < rule->condition_count; i++)
		for (size_t j = i; j && read_weight(rules, &at[j]) < read_weight(rules, &at[j - 1]); j--) {
			struct rules_condition swap = at[j];

			at[j] = at[j - 1];
			at[j - 1] = swap;
		}
}

static void read_text(struct read *read, const struct tree_node *node, size_t most, char **ret_text)
{
	if (strlen(node->text) > most || !*node->text)
		problems_add(read->problems, &node->place, "%s: expected a text of 1 to %zu bytes", node->key,
			     most);
	else
		*ret_text = read_printable(read, node->text);
}

int rules_severity(const char *text)
{
	char *end;
	long number = strtol(text, &end, 10);

#define READ_SEVERITY(name, value)    \
	if (strcmp(text, #name) == 0) \
		return value;
	RULES_SEVERITIES(READ_SEVERITY)
#undef READ_SEVERITY
	return *text >= '0' && *text <= '9' && !*end && number >= 1 && number <= 100 ? (int)number : 0;
}

static void read_severity(struct read *read, const struct tree_node *node, struct rule *rule)
{
	rule->severity = rules_severity(node->text);
	if (!rule->severity)
		problems_add(
			read->problems, &node->place,
			"severity: expected low, medium, high, critical or a number from 1 to 100; found "
			"'%.*s'",
			READ_SHOWN, node->text);
}

static void read_until(struct read *read, const struct tree_node *node, struct rule *rule)
{
	/* no "7d": from when on? */
	if (strlen(node->text) >= 10 && node->text[4] == '-' && period_parse(node->text, 0, &rule->until))
		return;
	problems_add(read->problems, &node->place,
		     "until: expected a day (2027-01-31, its beginning in UTC) or a time by RFC 3339; found "
		     "'%.*s'",
		     READ_SHOWN, node->text);
}

static void read_carrier(struct read *read, const struct tree_node *node, struct rule *rule)
{
	rule->carrier = strcmp(node->text, "true") == 0;
	if (!rule->carrier && strcmp(node->text, "false") != 0)
		problems_add(read->problems, &node->place, "carrier: expected true or false; found '%.*s'",
			     READ_SHOWN, node->text);
}

static void read_action(struct read *read, const struct tree_node *node, struct rule *rule)
{
	rule->allow = strcmp(node->text, "allow") == 0;
	if (!rule->allow && strcmp(node->text, "alert") != 0)
		problems_add(read->problems, &node->place, "action: expected allow or alert; found '%.*s'",
			     READ_SHOWN, node->text);
}

/* A key of a rule, but match, whose value is one value. */
static void read_scalar(struct read *read, const struct tree_node *node, struct rule *rule)
{
	if (node->kind != TREE_SCALAR)
		read_say_kind(read, node, node->key, "a single value");
	else if (strcmp(node->key, "name") == 0)
		read_text(read, node, RULES_NAME_MAX, &rule->name);
	else if (strcmp(node->key, "reason") == 0)
		read_text(read, node, RULES_REASON_MAX, &rule->reason);
	else if (strcmp(node->key, "action") == 0)
		read_action(read, node, rule);
	else if (strcmp(node->key, "severity") == 0)
		read_severity(read, node, rule);
	else if (strcmp(node->key, "until") == 0)
		read_until(read, node, rule);
	else
		read_carrier(read, node, rule);
}

static const char *const read_rule_keys[] = {"name",   "match", "action", "severity",
					     "reason", "until", "carrier"};

static void read_keys(struct read *read, const struct tree_node *node, struct rule *rule)
{
	const size_t known = sizeof(read_rule_keys) / sizeof(*read_rule_keys);
	size_t i;

	for (const struct tree_node *member = node->first; member; member = member->next) {
		for (i = 0; i < known && strcmp(member->key, read_rule_keys[i]) != 0; i++)
			;
		/* what is given twice is told already, and the later one counts */
		if (i == known)
			read_say_unknown(read, member, "a rule", read_rule_keys, known);
		else if (strcmp(member->key, "match") == 0)
			read_match(read, member, false);
		else if (tree_find(node, member->key) == member)
			read_scalar(read, member, rule);
	}
}

/* What was read since rule->condition is the rule's. */
static void read_end(struct read *read, struct rule *rule)
{
	struct rules *rules = read->rules;

	rule->condition_count = rules->condition_count - rule->condition;
	read_order(rules, rule);
	if (RULES_GROW(rules->rules, rules->count)) {
		rules->rules[rules->count++] = *rule;
		return;
	}
	read->failed = true;
	free(rule->name);
	free(rule->reason);
}

static void read_rule(struct read *read, const struct tree_node *node)
{
	struct rule rule = {
		.place = node->place,
		.until = INT64_MAX,
		.condition = read->rules->condition_count,
	};

	if (node->kind != TREE_MAP) {
		read_say_kind(read, node, "rules", "a mapping with name and match");
		return;
	}
	read_keys(read, node, &rule);
	if (!tree_find(node, "name"))
		problems_add(read->problems, &node->place,
			     "a rule needs a name, which is said with what it decides");
	if (!tree_find(node, "match"))
		problems_add(read->problems, &node->place,
			     "a rule needs match, which says what it decides of ({} for any alert)");
	if (rule.allow && rule.severity)
		problems_add(read->problems, &tree_find(node, "severity")->key_place,
			     "severity: what is allowed gives no alert that could have one");
	read_end(read, &rule);
}

int rules_add_match(struct rules *rules, const struct tree_node *match, struct problems *problems)
{
	struct read read = {.rules = rules, .problems = problems};
	struct rule rule = {
		.place = match->place,
		.until = INT64_MAX,
		.condition = rules->condition_count,
	};

	read_match(&read, match, false);
	read_end(&read, &rule);
	return read.failed ? -ENOMEM : 0;
}

int rules_add(struct rules *rules, const struct tree_node *list, struct problems *problems)
{
	struct read read = {.rules = rules, .problems = problems};

	if (list->kind == TREE_SCALAR && !*list->text)
		return 0;
	if (list->kind != TREE_LIST) {
		read_say_kind(&read, list, "rules", "a list of rules (- name: …)");
		return 0;
	}
	for (const struct tree_node *node = list->first; node && !read.failed; node = node->next) {
		if (rules->count == RULES_MAX) {
			problems_add(problems, &node->place, "expected %lu rules at most", RULES_MAX);
			break;
		}
		read_rule(&read, node);
	}
	return read.failed ? -ENOMEM : 0;
}
