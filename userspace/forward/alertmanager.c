// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Alertmanager's API v2, POST /api/v2/alerts (https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml).
 *
 * Labels are what makes two alerts one there: so no pid, path or time is among them, but the token, the node, the container or pod, and the
 * program. What the last alert of these said stands in the annotations. A written token does not become unwritten: an alert lasts for
 * ALERTMANAGER_SECONDS after it was sent, also one that waited in the spool for long.
 */
#include "forward/body.h"
#include "lib/cleanup.h"
#include "lib/period.h"

#include <errno.h>
#include <string.h>

#define ALERTMANAGER_SECONDS 3600

static const struct {
	const char *label, *path;
} alertmanager_labels[] = {
	{"node", "host.name"},
	{"token", "token.identifier"},
	{"token_type", "token.type"},
	{"process", "process.name"},
	{"container", "container.name"},
	{"namespace", "orchestrator.namespace"},
	{"pod", "orchestrator.resource.name"},
	{"rule", "rule.name"},
};

/* "token-written" → "SpillwatchTokenWritten". Returns name. */
static char *alertmanager_name(const json_t *alert, char name[64])
{
	const char *action = event_text(alert, "event.action");
	size_t len = (size_t)snprintf(name, 64, "Spillwatch");
	bool up = true;

	for (; action && *action && len < 63; action++) {
		bool letter = *action >= 'a' && *action <= 'z';

		if (letter)
			name[len++] = up ? (char)(*action - 'a' + 'A') : *action;
		up = !letter;
	}
	name[len] = '\0';
	return name;
}

static json_t *alertmanager_label(const json_t *alert)
{
	char name[64];
	json_t *labels = json_pack("{s:s, s:s}", "alertname", alertmanager_name(alert, name), "severity",
				   body_level_text(alert));

	for (size_t i = 0; labels && i < sizeof(alertmanager_labels) / sizeof(*alertmanager_labels); i++)
		if (body_text_if(labels, alertmanager_labels[i].label,
				 event_text(alert, alertmanager_labels[i].path)) < 0) {
			json_decref(labels);
			return NULL;
		}
	return labels;
}

static json_t *alertmanager_annotations(const json_t *alert)
{
	return json_pack("{s:s*, s:s*, s:s*, s:s*}", "summary", event_text(alert, "message"), "event_id",
			 event_text(alert, "event.id"), "file", event_text(alert, "file.path"), "reason",
			 event_text(alert, "rule.description"));
}

static json_t *alertmanager_alert(const json_t *alert)
{
	char until[PERIOD_TEXT];
	json_t *labels = alertmanager_label(alert), *annotations = alertmanager_annotations(alert);

	if (!labels || !annotations) {
		json_decref(labels);
		json_decref(annotations);
		return NULL;
	}
	return json_pack("{s:o, s:o, s:s*, s:s}", "labels", labels, "annotations", annotations, "startsAt",
			 event_text(alert, "@timestamp"), "endsAt",
			 period_utc(period_now() + ALERTMANAGER_SECONDS * 1000000LL, until));
}

static int alertmanager_body(const struct receiver *receiver, struct event *const *events, size_t count,
			     char **ret_body, size_t *ret_len)
{
	json_t *list = json_array();

	(void)receiver;
	for (size_t i = 0; i < count; i++)
		if (json_array_append_new(list, alertmanager_alert(events[i]->alert)) < 0) {
			json_decref(list);
			return -ENOMEM;
		}
	return body_dump(list, ret_body, ret_len);
}

const struct receiver_kind receiver_alertmanager = {
	.name = "alertmanager",
	.events = 64,
	.http = true,
	.path = "/api/v2/alerts",
	.content_type = "application/json",
	.scheme = "Bearer",
	.body = alertmanager_body,
};
