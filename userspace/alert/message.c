// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* alert → words, for JSON's message and for the terminal alike. */
#include "alert/message.h"

#include "detect/form.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MESSAGE_ID_LEN 12

const char *alert_id(uint64_t series, uint64_t number, char id[ALERT_ID_BYTES])
{
	snprintf(id, ALERT_ID_BYTES, "%016" PRIx64 "-%" PRIx64, series, number);
	return id;
}

int alert_severity(const struct alert *alert)
{
	if (alert->ruling.severity)
		return alert->ruling.severity;
	return alert->token.placeholder ? ALERT_SEVERITY_PLACEHOLDER : ALERT_SEVERITY_TOKEN;
}

const char *alert_action(const struct alert *alert)
{
	if (alert->flood)
		return "token-flood";
	return alert->repeats ? "token-repeated" : "token-written";
}

const char *alert_rule(const struct alert *alert)
{
	const char *type = alert->file.type;

	if (alert->flood)
		return "token-flood";
	if (strcmp(type, "regular") == 0 || strcmp(type, "block") == 0)
		return "token-written-to-file";
	if (strcmp(type, "memfd") == 0)
		return "token-written-to-memory";
	if (strcmp(type, "unknown") == 0)
		return "token-written";
	return "token-written-to-stream";
}

/* A type as it stands inside a sentence, before the identifier. */
static const char *message_type(const struct token *token)
{
	return strcmp(token->type, TOKEN_TYPE_UNKNOWN) == 0 ? "unknown token" : token->type;
}

/*
 * " in pod shop/app-0, container app": where the process runs, or " for" whom it writes, or " into" whose layer or volume, if it is a
 * container; else nothing.
 */
static int message_container(const struct alert_container *container, char **ret_text)
{
	const char *name = container->name ? container->name : container->id;
	/* an id's first characters are what the runtimes' own commands show and take */
	int len = container->name ? (int)strlen(name) : MESSAGE_ID_LEN;
	const char *where = container->relayed ? "for" : container->outside ? "into" : "in";
	/* its pods have no namespaces */
	bool podman =
		!container->pod_namespace && container->runtime && strcmp(container->runtime, "podman") == 0;
	char *text;
	int r;

	if (!container->id)
		r = asprintf(&text, "%s", "");
	else if (container->pod)
		r = asprintf(&text, " %s pod %s%s%s, container %.*s", where,
			     container->pod_namespace ? container->pod_namespace
			     : podman                 ? ""
						      : "?",
			     podman ? "" : "/", container->pod, len, name);
	else
		r = asprintf(&text, " %s %scontainer %.*s", where,
			     container->claimed ? "what is named like " : "", len, name);
	if (r < 0)
		return -ENOMEM;
	*ret_text = text;
	return 0;
}

/* Of what journald stores: " for container …", else " for shop.service" or " for sh (pid 7)". */
static int message_for(const struct alert *alert, char **ret_text)
{
	const struct alert_journal *journal = &alert->journal;
	char *text;
	int r;

	if (alert->container.id || !journal->known || (!journal->unit && !journal->pid))
		return message_container(&alert->container, ret_text);
	if (journal->unit)
		r = asprintf(&text, " for %s", journal->unit);
	else
		r = asprintf(&text, " for %s (pid %u)", journal->name ? journal->name : "a process",
			     journal->pid);
	if (r < 0)
		return -ENOMEM;
	*ret_text = text;
	return 0;
}

/* What stands behind who it is. */
static int message_deed(const struct alert *alert, const char *before, const char *after, char **ret_text)
{
	char *text;
	int r;

	if (alert->flood)
		r = asprintf(&text,
			     "writes more tokens than are told one by one: %" PRIu64
			     " were not, beside %s%s%s and others, to %s and elsewhere",
			     alert->flood->lost, before, alert->token.identifier, after, alert->file.path);
	else
		r = asprintf(&text, "wrote %s%s %s%s%s%s%s to %s",
			     alert->token.placeholder ? "a placeholder for " : "",
			     message_type(&alert->token), before, alert->token.identifier, after,
			     alert->token.form ? ", " : "",
			     alert->token.form ? encoded_name(alert->token.form - 1) : "", alert->file.path);
	if (r < 0)
		return -ENOMEM;
	*ret_text = text;
	return 0;
}

const char *alert_message_who(const char *name)
{
	return *name ? name : "a process";
}

int alert_message_short(const struct alert *alert, char **ret_text)
{
	AUTO_FREE char *container = NULL;
	AUTO_FREE char *deed = NULL;
	char *text;

	if (message_container(&alert->container, &container) < 0 || message_deed(alert, "", "", &deed) < 0 ||
	    asprintf(&text, "%s%s %s", alert_message_who(alert->process.name), container, deed) < 0)
		return -ENOMEM;
	*ret_text = text;
	return 0;
}

int alert_message_brief(const struct alert *alert, char **ret_text)
{
	char *text;

	if (asprintf(&text, "%s wrote %s%s", alert_message_who(alert->process.name),
		     alert->token.placeholder ? "a placeholder for " : "", message_type(&alert->token)) < 0)
		return -ENOMEM;
	*ret_text = text;
	return 0;
}

int alert_message(const struct alert *alert, const char *before, const char *after, char **ret_text)
{
	AUTO_FREE char *user = NULL;
	AUTO_FREE char *container = NULL;
	AUTO_FREE char *deed = NULL;
	char *text;

	if (alert->process.user_name)
		user = strdup(alert->process.user_name);
	else if (asprintf(&user, "uid %u", alert->process.uid) < 0)
		user = NULL;
	if (!user || message_for(alert, &container) < 0 || message_deed(alert, before, after, &deed) < 0)
		return -ENOMEM;
	if (asprintf(&text, "%s (pid %u, %s)%s %s", alert_message_who(alert->process.name),
		     alert->process.pid, user, container, deed) < 0)
		return -ENOMEM;
	*ret_text = text;
	return 0;
}
