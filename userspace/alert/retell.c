// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * JSON → a line on a terminal, of who follows a daemon. Its strings are printable and masked as long as they are the daemon's; what
 * somebody else has made to look like them is escaped, since a terminal would obey it.
 */
#include "alert/retell.h"

#include "alert/message.h"
#include "alert/text_parts.h"
#include "detect/form.h"
#include "detect/mask.h"
#include "lib/cleanup.h"
#include "lib/period.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

/* What is in one object of another; NULL if it is not there. */
static const char *retell_text(const json_t *alert, const char *object, const char *name)
{
	return json_string_value(json_object_get(json_object_get(alert, object), name));
}

static int64_t retell_number(const json_t *alert, const char *object, const char *name, int64_t otherwise)
{
	const json_t *value = json_object_get(json_object_get(alert, object), name);

	return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

static bool retell_is_printable(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f ||
		    ((unsigned char)*text == 0xc2 && (unsigned char)text[1] < 0xa0))
			return false;
	return true;
}

/* As the daemon has written it; what it never writes is escaped. Returns 0 and *ret_text (malloc'ed), or -ENOMEM. */
static int retell_shown(const char *text, char **ret_text)
{
	if (!retell_is_printable(text))
		return mask_text(text, strlen(text), NULL, ret_text);
	*ret_text = strdup(text);
	return *ret_text ? 0 : -ENOMEM;
}

/* Puts " (pid 42, root)" behind the name that the sentence begins with. Returns 0 and *ret_text (malloc'ed), or -ENOMEM. */
static int retell_who(const json_t *alert, const char *message, char **ret_text)
{
	const char *name = retell_text(alert, "process", "name");
	const char *user = retell_text(alert, "user", "name");
	const char *id = retell_text(alert, "user", "id");
	const char *who = name ? alert_message_who(name) : NULL;
	size_t len = who ? strlen(who) : 0;
	int r;

	if (!len || strncmp(message, who, len) != 0)
		r = asprintf(ret_text, "%s", message);
	else
		r = asprintf(ret_text, "%s (pid %" PRId64 ", %s%s)%s", who,
			     retell_number(alert, "process", "pid", 0), user ? "" : "uid ",
			     user ? user
			     : id ? id
				  : "?",
			     message + len);
	return r < 0 ? -ENOMEM : 0;
}

/* A line's own strings are not const in an alert, which only borrows them here. */
static char *retell_lent(const char *text)
{
	return (char *)(uintptr_t)text; /* NOLINT(performance-no-int-to-ptr): only its const goes */
}

static bool retell_mark(const json_t *alert, const char *object, const char *name)
{
	return json_is_true(json_object_get(json_object_get(alert, object), name));
}

/* As of struct token. */
static uint8_t retell_form(const char *name)
{
	uint8_t form = 0;

	for (unsigned int i = 0; name && i < ENCODED_FORM_COUNT; i++)
		if (strcmp(name, encoded_name(i)) == 0)
			form = (uint8_t)(i + 1);
	return form;
}

/* What the sentence is made of. Borrows the line's strings. */
static struct alert retell_facts(const json_t *alert)
{
	const char *name = retell_text(alert, "process", "name"), *path = retell_text(alert, "file", "path");
	const char *type = retell_text(alert, "token", "type"),
		   *id = retell_text(alert, "token", "identifier");
	struct alert facts = {
		.process.name = retell_lent(name ? name : ""),
		.file.path = retell_lent(path ? path : ""),
		.token = {.type = type ? type : "",
			  .placeholder = retell_mark(alert, "token", "placeholder"),
			  .form = retell_form(retell_text(alert, "token", "encoding"))},
		.container = {.id = retell_lent(retell_text(alert, "container", "id")),
			      .name = retell_lent(retell_text(alert, "container", "name")),
			      .runtime = retell_text(alert, "container", "runtime"),
			      .claimed = retell_mark(alert, "container", "claimed"),
			      .relayed = retell_mark(alert, "container", "relayed"),
			      .outside = retell_mark(alert, "container", "outside"),
			      .pod_namespace = retell_lent(retell_text(alert, "orchestrator", "namespace")),
			      .pod = retell_lent(json_string_value(json_object_get(
				      json_object_get(json_object_get(alert, "orchestrator"), "resource"),
				      "name")))},
	};

	snprintf(facts.token.identifier, sizeof(facts.token.identifier), "%s", id ? id : "");
	return facts;
}

int retell_sentence(const json_t *alert, char **ret_text)
{
	const char *message = json_string_value(json_object_get(alert, "message"));
	struct alert facts = retell_facts(alert);
	AUTO_FREE char *brief = NULL;
	int r = message ? alert_message_brief(&facts, &brief) : -EBADMSG;

	if (r == 0 && strcmp(message, brief) == 0)
		return alert_message_short(&facts, ret_text);
	if (r < 0)
		return r;
	*ret_text = strdup(message);
	return *ret_text ? 0 : -ENOMEM;
}

/* The sentence, with the identifier as it stands out on a terminal. */
static int retell_message(const json_t *alert, bool bright, char **ret_text)
{
	const char *identifier = retell_text(alert, "token", "identifier");
	AUTO_FREE char *sentence = NULL;
	AUTO_FREE char *told = NULL;
	AUTO_FREE char *shown = NULL;
	const char *at;
	int r = retell_sentence(alert, &sentence);

	if (r < 0)
		return r;
	r = retell_who(alert, sentence, &told);
	if (r < 0) {
		told = NULL;
		return r;
	}
	r = retell_shown(told, &shown);
	if (r < 0)
		return r;
	at = bright && identifier && *identifier && retell_is_printable(identifier)
		     ? strstr(shown, identifier)
		     : NULL;
	if (!at) {
		*ret_text = TAKE(shown);
		return 0;
	}
	return asprintf(ret_text, "%.*s" TEXT_BOLD "%s" TEXT_PLAIN "%s", (int)(at - shown), shown, identifier,
			at + strlen(identifier)) < 0
		       ? -ENOMEM
		       : 0;
}

static int retell_place(const json_t *alert, char **ret_text)
{
	const json_t *flood = json_object_get(alert, "flood");
	const char *call = retell_text(alert, "write", "syscall");
	AUTO_FREE char *shown = NULL;
	struct alert_write write = {
		.offset = retell_number(alert, "write", "offset", -1),
		.length = (uint64_t)retell_number(alert, "write", "length", 0),
		.token_offset = retell_number(alert, "write", "token_offset", 0),
		.found_late = json_is_true(json_object_get(json_object_get(alert, "write"), "found_late")),
	};
	int r;

	if (flood)
		return text_samples(json_array_size(json_object_get(flood, "tokens")),
				    json_array_size(json_object_get(flood, "files")), ret_text);
	r = call ? retell_shown(call, &shown) : -EBADMSG;
	if (r < 0)
		return r;
	write.syscall = shown;
	return text_place(&write, ret_text);
}

/* What a rule has to do with it. *ret_rule and *ret_expired (malloc'ed, or NULL), are what ruling borrows. */
static int retell_ruling(const json_t *alert, struct alert_ruling *ruling, char **ret_rule,
			 char **ret_expired)
{
	const json_t *rule = json_object_get(alert, "rule");
	const json_t *expired = json_object_get(rule, "expired");
	const char *name = json_string_value(json_object_get(rule, "name"));
	const char *over = json_string_value(json_object_get(expired, "name"));
	const char *until = json_string_value(json_object_get(expired, "until"));
	int r = 0;

	if (name)
		r = retell_shown(name, ret_rule);
	if (r == 0 && over && until && period_parse(until, 0, &ruling->until))
		r = retell_shown(over, ret_expired);
	ruling->rule = *ret_rule;
	ruling->expired = *ret_expired;
	return r;
}

static int retell_alert(const json_t *alert, bool colour, char **ret_line)
{
	const char *time = json_string_value(json_object_get(alert, "@timestamp"));
	const char *action = retell_text(alert, "event", "action");
	AUTO_FREE char *message = NULL;
	AUTO_FREE char *place = NULL;
	AUTO_FREE char *rule = NULL;
	AUTO_FREE char *expired = NULL;
	struct alert_ruling ruling = {0};
	struct text_parts parts = {.ruling = &ruling};
	int64_t when;
	int r;

	if (!time || !action || !period_parse(time, 0, &when))
		return -EBADMSG;
	parts.time = (time_t)(when / 1000000);
	parts.low = retell_number(alert, "event", "severity", 0) <= ALERT_SEVERITY_PLACEHOLDER;
	parts.repeats = (uint64_t)retell_number(alert, "write", "repeats", 0);
	r = retell_message(alert, colour && !parts.low, &message);
	if (r < 0)
		return r;
	if (strcmp(action, "samples-lost") == 0)
		return text_loss(parts.time, message, colour, ret_line);
	r = retell_place(alert, &place);
	if (r == 0)
		r = retell_ruling(alert, &ruling, &rule, &expired);
	if (r < 0)
		return r;
	parts.message = message;
	parts.place = place;
	return text_line(&parts, colour, ret_line);
}

int retell(const char *json, size_t len, bool colour, char **ret_line)
{
	json_t *alert = json_loadb(json, len, 0, NULL);
	int r = json_is_object(alert) ? retell_alert(alert, colour, ret_line) : -EBADMSG;

	json_decref(alert);
	return r;
}
