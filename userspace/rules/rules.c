// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * alert → rules → what becomes of it. All conditions of all rules lie in a row, a rule's cheapest first; most rules are done with at
 * their first, by comparing two lengths and a few bytes.
 */
#include "rules/compiled.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name, *words;
	enum rules_kind kind;
} rules_keys[RULES_KEY_MAX] = {
#define RULES_KEY(id, name, kind, words, text) {name, words, RULES_##kind},
	RULES_KEYS(RULES_KEY)
#undef RULES_KEY
};

const char *rules_key_name(enum rules_key key)
{
	return rules_keys[key].name;
}

enum rules_kind rules_key_kind(enum rules_key key)
{
	return rules_keys[key].kind;
}

const char *rules_key_words(enum rules_key key)
{
	return rules_keys[key].words;
}

const char *rules_severity_text(int severity)
{
#define RULES_SEVERITY(name, number) \
	if (severity == (number))    \
		return #name;
	RULES_SEVERITIES(RULES_SEVERITY)
#undef RULES_SEVERITY
	return NULL;
}

struct rules *rules_new(void)
{
	return calloc(1, sizeof(struct rules));
}

void rules_free(struct rules *rules)
{
	if (!rules)
		return;
	for (size_t i = 0; i < rules->count; i++) {
		free(rules->rules[i].name);
		free(rules->rules[i].reason);
	}
	for (size_t i = 0; i < rules->pattern_count; i++) {
		glob_free(rules->patterns[i].glob);
		free(rules->patterns[i].text);
	}
	for (size_t i = 0; i < rules->list_count; i++)
		rules_list_free(&rules->lists[i]);
	free(rules->rules);
	free(rules->conditions);
	free(rules->patterns);
	free(rules->lists);
	free(rules);
}

size_t rules_count(const struct rules *rules)
{
	return rules->count;
}

const struct rule *rules_rule(const struct rules *rules, size_t number)
{
	return &rules->rules[number];
}

/* Which pattern, or which list (*ret_list), matches which text. */
bool rules_ask(const struct rules *rules, enum rules_key key)
{
	for (size_t i = 0; i < rules->condition_count; i++)
		if (rules->conditions[i].key == key)
			return true;
	return false;
}

struct rules_match {
	const struct glob_text *text;
	const struct rules_pattern *pattern;
	const struct rules_list *list;
};

static bool rules_match(const struct rules *rules, const struct rules_condition *condition,
			struct rules_facts *facts, struct rules_match *ret_match)
{
	for (size_t i = facts->first[condition->key]; i < facts->last[condition->key]; i++) {
		struct glob_text *text = &facts->texts[i];

		ret_match->text = text;
		for (size_t j = 0; j < condition->pattern_count; j++) {
			ret_match->pattern = &rules->patterns[condition->pattern + j];
			if (glob_match(ret_match->pattern->glob, text))
				return true;
		}
		ret_match->pattern = NULL;
		for (size_t j = 0; j < condition->list_count; j++) {
			ret_match->list = &rules->lists[condition->list + j];
			if (rules_list_has(ret_match->list, text))
				return true;
		}
	}
	return false;
}

static bool rules_rule_matches(const struct rules *rules, const struct rule *rule, struct rules_facts *facts,
			       unsigned int *looks)
{
	struct rules_match match;

	for (size_t i = 0; i < rule->condition_count; i++) {
		const struct rules_condition *condition = &rules->conditions[rule->condition + i];

		(*looks)++;
		if (rules_match(rules, condition, facts, &match) == condition->negated)
			return false;
	}
	return true;
}

struct rules_decision rules_decide(const struct rules *rules, struct rules_facts *facts, int64_t now)
{
	struct rules_decision decision = {0};

	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *rule = &rules->rules[i];

		if (!rules_rule_matches(rules, rule, facts, &decision.looks))
			continue;
		if (now < rule->until) {
			decision.rule = rule;
			return decision;
		}
		if (!decision.expired)
			decision.expired = rule;
	}
	return decision;
}

/* One condition in words. */
static int rules_why_one(const struct rules *rules, const struct rules_condition *condition,
			 struct rules_facts *facts, char **ret_text)
{
	const char *key = rules_key_name(condition->key);
	struct rules_match match = {0};
	size_t len;
	int r;

	if (condition->negated && condition->pattern_count == 1 && !condition->list_count)
		r = asprintf(ret_text, "%s does not match %s", key, rules->patterns[condition->pattern].text);
	else if (condition->negated)
		r = asprintf(ret_text, "%s is none of %u", key,
			     condition->pattern_count + condition->list_count);
	else if (!rules_match(rules, condition, facts, &match))
		r = asprintf(ret_text, "%s", key);
	else if (!match.pattern)
		r = asprintf(ret_text, "%s %s is in %s", key, match.text->text, match.list->path);
	else if (glob_literal(match.pattern->glob, &len))
		r = asprintf(ret_text, "%s is %s", key, match.text->text);
	else
		r = asprintf(ret_text, "%s %s matches %s", key, match.text->text, match.pattern->text);
	return r < 0 ? -ENOMEM : 0;
}

int rules_why(const struct rules *rules, const struct rule *rule, struct rules_facts *facts, char **ret_text)
{
	AUTO_FREE char *all = NULL;

	for (size_t i = 0; i < rule->condition_count; i++) {
		AUTO_FREE char *one = NULL;
		char *more = NULL;
		int r = rules_why_one(rules, &rules->conditions[rule->condition + i], facts, &one);

		if (r == 0 && asprintf(&more, "%s%s%s", all ? all : "", all ? ", " : "", one) < 0)
			r = -ENOMEM;
		if (r < 0) {
			one = NULL;
			return r;
		}
		free(all);
		all = more;
	}
	if (!all && !(all = strdup("it matches every alert")))
		return -ENOMEM;
	*ret_text = TAKE(all);
	return 0;
}

void rules_apply(const struct rules *rules, struct alert *alert)
{
	int64_t now = (int64_t)alert->time.tv_sec * 1000000 + alert->time.tv_nsec / 1000;
	struct rules_decision decision;
	struct rules_facts facts;

	rules_facts_alert(alert, &facts);
	decision = rules_decide(rules, &facts, now);
	if (decision.rule) {
		alert->ruling.rule = decision.rule->name;
		alert->ruling.reason = decision.rule->reason;
		alert->ruling.severity = decision.rule->severity;
		alert->ruling.allowed = decision.rule->allow;
		alert->ruling.carrier = decision.rule->carrier;
	}
	if (decision.expired) {
		alert->ruling.expired = decision.expired->name;
		alert->ruling.until = decision.expired->until;
	}
}
