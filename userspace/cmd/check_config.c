// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * configuration, recorded alerts → what would become of them. So rules can be tried before they are in force; `until` is
 * asked of now, and not of when the alert was.
 */
#include "cmd/check_config.h"

#include "alert/json.h"
#include "cmd/options.h"
#include "cmd/run.h"
#include "detect/mask.h"
#include "lib/cleanup.h"
#include "lib/exit_code.h"
#include "lib/log.h"
#include "lib/period.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

/* A text by its dotted name; NULL if it is not there. */
static const char *check_text(const json_t *alert, const char *name)
{
	AUTO_FREE char *copy = strdup(name);
	char *save = NULL;

	for (char *part = copy ? strtok_r(copy, ".", &save) : NULL; part; part = strtok_r(NULL, ".", &save))
		alert = json_object_get(alert, part);
	return copy ? json_string_value(alert) : NULL;
}

/* As facts_image() has it. */
static void check_image(const json_t *alert, struct rules_facts *facts)
{
	const json_t *container = json_object_get(alert, "container");
	const json_t *hash = json_object_get(json_object_get(container, "image"), "hash");
	const char *digest = json_string_value(json_array_get(json_object_get(hash, "all"), 0));
	const char *image = check_text(alert, "container.image.name");

	rules_facts_add(facts, RULES_KEY_IMAGE, image ? image : digest);
	if (!image || !digest)
		return;
	snprintf(facts->image, sizeof(facts->image), "%s@%s", image, digest);
	rules_facts_add(facts, RULES_KEY_IMAGE, facts->image);
}

static void check_container(const json_t *alert, struct rules_facts *facts)
{
	const char *id = check_text(alert, "container.id");
	const char *pod = check_text(alert, "orchestrator.resource.name");
	const char *namespace = check_text(alert, "orchestrator.namespace");

	if (id && json_is_true(json_object_get(json_object_get(alert, "container"), "claimed"))) {
		rules_facts_claimed(facts, id);
		return;
	}
	rules_facts_add(facts, RULES_KEY_CONTAINER, id);
	rules_facts_add(facts, RULES_KEY_CONTAINER, check_text(alert, "container.name"));
	rules_facts_add(facts, RULES_KEY_CONTAINER, pod);
	if (pod && namespace) {
		snprintf(facts->pod, sizeof(facts->pod), "%s/%s", namespace, pod);
		rules_facts_add(facts, RULES_KEY_CONTAINER, facts->pod);
	}
	check_image(alert, facts);
	rules_facts_add(facts, RULES_KEY_NAMESPACE, namespace);
	rules_facts_add(facts, RULES_KEY_POD, pod);
	rules_facts_add(facts, RULES_KEY_RUNTIME, check_text(alert, "container.runtime"));
}

/* Names; earlier versions had objects. */
static void check_ancestors(const json_t *alert, struct rules_facts *facts)
{
	const json_t *ancestors = json_object_get(json_object_get(alert, "process"), "ancestors");

	rules_facts_add(facts, RULES_KEY_ANCESTOR, check_text(alert, "process.parent.name"));
	for (size_t i = 0; i < json_array_size(ancestors); i++) {
		const json_t *one = json_array_get(ancestors, i);

		rules_facts_add(facts, RULES_KEY_ANCESTOR,
				json_is_object(one) ? check_text(one, "name") : json_string_value(one));
	}
}

/* The same as rules_facts_alert() has of an alert, of its JSON. */
static void check_facts(const json_t *alert, struct rules_facts *facts)
{
	static const struct {
		enum rules_key key;
		const char *name;
	} names[] = {
		{RULES_KEY_EXECUTABLE, "process.executable"},
		{RULES_KEY_PROCESS, "process.name"},
		{RULES_KEY_SCRIPT, "process.script"},
		{RULES_KEY_ARGUMENTS, "process.command_line"},
		{RULES_KEY_PARENT, "process.parent.name"},
		{RULES_KEY_USER, "user.id"},
		{RULES_KEY_USER, "user.name"},
		{RULES_KEY_UNIT, "process.unit"},
		{RULES_KEY_UNIT, "journal.unit"},
		{RULES_KEY_PATH, "file.path"},
		{RULES_KEY_PREFIX, "token.prefix"},
		{RULES_KEY_TOKEN, "token.identifier"},
		{RULES_KEY_CALL, "write.syscall"},
		{RULES_KEY_SEEN_BY, "write.seen_by"},
	};
	const char *host_path = check_text(alert, "file.host_path");
	const json_t *container = json_object_get(alert, "container");
	bool outside = json_is_true(json_object_get(container, "outside"));
	bool host = outside || json_is_true(json_object_get(container, "relayed")) ||
		    !check_text(alert, "container.id");

	memset(facts, 0, sizeof(*facts));
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		rules_facts_add(facts, names[i].key, check_text(alert, names[i].name));
	check_container(alert, facts);
	check_ancestors(alert, facts);
	rules_facts_add(facts, RULES_KEY_HOST_PATH,
			host && !host_path ? check_text(alert, "file.path") : host_path);
	rules_facts_add(facts, RULES_KEY_PLACE, host ? "host" : check_text(alert, "file.place"));
	if (outside)
		rules_facts_add(facts, RULES_KEY_PLACE, check_text(alert, "file.place"));
	rules_facts_add(facts, RULES_KEY_PLACEHOLDER,
			json_is_true(json_object_get(json_object_get(alert, "token"), "placeholder"))
				? "true"
				: "false");
}

/* "allowed by 'NAME' (FILE:LINE): why". */
static int check_ruled(const struct rules *rules, const struct rule *rule, struct rules_facts *facts,
		       char **ret_text)
{
	AUTO_FREE char *why = NULL;
	char severity[32] = "";
	const char *word = rules_severity_text(rule->severity);
	int r = rules_why(rules, rule, facts, &why);

	if (r < 0)
		return r;
	if (word)
		snprintf(severity, sizeof(severity), ", severity %s", word);
	else if (rule->severity)
		snprintf(severity, sizeof(severity), ", severity %d", rule->severity);
	r = asprintf(ret_text, "%s%s%s by '%s' (%s:%zu): %s", rule->allow ? "allowed" : "alerted", severity,
		     rule->carrier ? ", as a carrier's" : "", rule->name, rule->place.file, rule->place.line,
		     why);
	return r < 0 ? -ENOMEM : 0;
}

static int check_decision(const struct rules *rules, struct rules_facts *facts, char **ret_text)
{
	const struct rules_decision decision = rules_decide(rules, facts, period_now());
	AUTO_FREE char *ruled = NULL;
	char until[PERIOD_TEXT];
	int r = 0;

	if (decision.rule)
		r = check_ruled(rules, decision.rule, facts, &ruled);
	else if (!(ruled = strdup("alerted as it is: no rule matches")))
		r = -ENOMEM;
	if (r < 0)
		return r;
	if (!decision.expired) {
		*ret_text = TAKE(ruled);
		return 0;
	}
	r = asprintf(ret_text, "%s; '%s' (%s:%zu) would, but is over since %s", ruled, decision.expired->name,
		     decision.expired->place.file, decision.expired->place.line,
		     period_utc(decision.expired->until, until));
	return r < 0 ? -ENOMEM : 0;
}

/* What a rule asks for, and the line may have had no room for (alert/json.c), or never says: "" if there is nothing. Static. */
static const char *check_missing(const struct rules *rules, const json_t *alert, size_t len,
				 enum rules_key key)
{
	bool contained = check_text(alert, "container.id"), brief = contained && len <= ALERT_USUAL_BYTES;
	const char *place = check_text(alert, "file.place");

	if (!rules_ask(rules, key))
		return "";
	if (key == RULES_KEY_ANCESTOR &&
	    json_is_true(json_object_get(json_object_get(alert, "process"), "ancestors_truncated")))
		return "; not all ancestors are in it, a rule that asks for one may decide otherwise";
	/* of a runtime's scope, which is called as the container is, an alert says nothing */
	if (key == RULES_KEY_UNIT && contained && !check_text(alert, "process.unit"))
		return "; a unit that is called as the container is not in it, a rule that asks for one may "
		       "decide "
		       "otherwise";
	if (key == RULES_KEY_HOST_PATH && brief && place && strcmp(place, "layer") == 0 &&
	    !check_text(alert, "file.host_path"))
		return "; the host's path of what lies in a layer is not in it, a rule that asks for one may "
		       "decide "
		       "otherwise";
	if (key == RULES_KEY_IMAGE && brief && check_text(alert, "container.image.name") &&
	    !json_object_get(json_object_get(json_object_get(alert, "container"), "image"), "hash"))
		return "; the image's digest is not in it, a rule that asks for one may decide otherwise";
	return "";
}

/* What somebody has written may lack it, or have something else there. */
static const char *check_named(const char *text)
{
	return text ? text : "(no name)";
}

/* One line. Returns 0, -EBADMSG if it is no alert, or -ENOMEM. */
static int check_line(const struct rules *rules, const char *line, size_t number)
{
	json_t *alert = json_loads(line, 0, NULL);
	const char *identifier = check_text(alert, "token.identifier");
	const char *program = check_text(alert, "process.executable");
	AUTO_FREE char *decision = NULL;
	AUTO_FREE char *text = NULL;
	AUTO_FREE char *shown = NULL;
	struct rules_facts facts;
	size_t len = strlen(line);
	int r = 0;

	if (!json_is_object(alert)) {
		json_decref(alert);
		return -EBADMSG;
	}
	if (!identifier || json_object_get(alert, "flood")) {
		json_decref(alert);
		printf("%zu: told of in any case: it is not of one token\n", number);
		return 0;
	}
	/* what stands before the dot */
	json_object_set_new(json_object_get(alert, "token"), "prefix",
			    json_stringn(identifier, strcspn(identifier, ".")));
	check_facts(alert, &facts);
	r = check_decision(rules, &facts, &decision);
	if (r == 0 && asprintf(&text, "%zu: %s by %s to %s: %s%s%s%s%s", number, identifier,
			       check_named(program ? program : check_text(alert, "process.name")),
			       check_named(check_text(alert, "file.path")), decision,
			       check_missing(rules, alert, len, RULES_KEY_ANCESTOR),
			       check_missing(rules, alert, len, RULES_KEY_UNIT),
			       check_missing(rules, alert, len, RULES_KEY_HOST_PATH),
			       check_missing(rules, alert, len, RULES_KEY_IMAGE)) < 0) {
		text = NULL;
		r = -ENOMEM;
	}
	json_decref(alert);
	/* a recorded alert shows no secret; what was made to look like one may */
	if (r == 0)
		r = mask_text(text, strlen(text), NULL, &shown);
	if (r == 0)
		puts(shown);
	return r;
}

static void check_unread(const char *path, int error)
{
	AUTO_FREE char *shown = options_shown(path, strlen(path));

	log_error("--alert: can't read %s: %s", shown ? shown : "the file", strerror(error));
}

static int check_alerts(const struct rules *rules, const char *path)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	AUTO_FREE char *line = NULL;
	size_t size = 0, number = 0;
	int r = 0, error;

	if (!file) {
		check_unread(path, errno);
		return EXIT_CODE_CONFIG;
	}
	while (r == 0 && getline(&line, &size, file) > 0)
		r = check_line(rules, line, ++number);
	if (r == 0 && ferror(file))
		r = -EIO;
	error = errno;
	if (file != stdin)
		fclose(file);
	if (r == -EIO)
		check_unread(path, error);
	else if (r == -EBADMSG)
		log_error("--alert: line %zu is no alert, which is an object of JSON", number);
	else if (r < 0)
		log_error("out of memory");
	else if (!number)
		log_warning("--alert: there is no alert in it");
	return r == 0 ? EXIT_CODE_OK : EXIT_CODE_CONFIG;
}

int check_config(const char *path, const char *alerts)
{
	struct problems problems = {0};
	struct config *config;
	int r = config_read(path, &problems, &config);

	if (r < 0) {
		log_error("out of memory");
		problems_free(&problems);
		return EXIT_CODE_RUNTIME;
	}
	run_try(config, false, &problems);
	problems_log(&problems);
	r = problems.count ? EXIT_CODE_CONFIG : EXIT_CODE_OK;
	problems_free(&problems);
	if (r == 0 && alerts)
		r = check_alerts(config_rules(config), alerts);
	else if (r == 0)
		printf("%s: no mistake, %zu rule%s\n", config_path(config), rules_count(config_rules(config)),
		       rules_count(config_rules(config)) == 1 ? "" : "s");
	config_free(config);
	return r;
}
