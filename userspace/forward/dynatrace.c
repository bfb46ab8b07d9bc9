// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Dynatrace, two ways; both take flat attributes, of which event.id is one:
 *
 * - logs: POST /api/v2/logs/ingest, token scope logs.ingest. 204: all were taken. 200: a part, and not which: fewer are sent at a time then,
 *   down to the one that is not taken; those that were come twice, with the same event.id.
 *   (https://docs.dynatrace.com/docs/dynatrace-api/environment-api/log-monitoring-v2/post-ingest-logs)
 * - security events: POST /platform/ingest/v1/security.events, scope openpipeline.events_security. 202: taken.
 *   (https://docs.dynatrace.com/docs/platform/openpipeline/reference/openpipeline-ingest-api/security-events/security-events-builtin)
 */
#include "forward/body.h"

#include <errno.h>
#include <stdio.h>

static int dynatrace_log(const json_t *alert, json_t *to)
{
	static const char *const levels[] = {"INFO", "WARN", "ERROR", "CRITICAL"};
	int r = body_text_if(to, "content", event_text(alert, "message"));

	if (r == 0)
		r = body_text_if(to, "timestamp", event_text(alert, "@timestamp"));
	if (r == 0)
		r = body_text_if(to, "severity", levels[body_level(alert)]);
	return r < 0 ? r : body_text_if(to, "log.source", "spillwatch");
}

/* What a finding has by the semantic dictionary; what the alert calls event.kind and so on is told by its own name then. */
static const struct {
	const char *name, *path;
} dynatrace_finding[] = {
	{"finding.id", "event.id"},
	{"finding.title", "message"},
	{"finding.time.created", "@timestamp"},
	{"finding.type", "event.action"},
	{"object.id", "file.path"},
	{"object.name", "file.path"},
};

static int dynatrace_event(const json_t *alert, json_t *to)
{
	static const char *const levels[] = {"LOW", "MEDIUM", "HIGH", "CRITICAL"};
	static const double scores[] = {3.0, 6.0, 8.5, 10.0};
	json_t *fixed =
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:f}", "event.kind", "SECURITY_EVENT",
			  "event.type", "DETECTION_FINDING", "event.name", "Detection finding event",
			  "event.provider", "spillwatch", "product.name", "spillwatch", "product.vendor",
			  "spillwatch", "finding.severity", body_level_text(alert), "dt.security.risk.level",
			  levels[body_level(alert)], "dt.security.risk.score", scores[body_level(alert)]);
	int r = fixed && json_object_update(to, fixed) == 0 ? 0 : -ENOMEM;

	json_decref(fixed);
	for (size_t i = 0; r == 0 && i < sizeof(dynatrace_finding) / sizeof(*dynatrace_finding); i++)
		r = body_text_if(to, dynatrace_finding[i].name, event_text(alert, dynatrace_finding[i].path));
	if (r == 0 && event_text(alert, "file.path"))
		r = body_text_if(to, "object.type", "FILE");
	return r < 0 ? r : body_text_if(to, "timestamp", event_text(alert, "@timestamp"));
}

/* A list of what `add` makes of each, beside all its fields. */
static int dynatrace_body(struct event *const *events, size_t count,
			  int (*add)(const json_t *alert, json_t *to), char **ret_body, size_t *ret_len)
{
	json_t *list = json_array();
	int r = list ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < count; i++) {
		json_t *one = json_object();

		r = one ? body_flatten(events[i]->alert, one) : -ENOMEM;
		json_object_del(one, "@timestamp");
		json_object_del(one, "message");
		if (r == 0)
			r = add(events[i]->alert, one);
		if (json_array_append_new(list, one) < 0)
			r = -ENOMEM;
	}
	if (r == 0)
		return body_dump(list, ret_body, ret_len);
	json_decref(list);
	return r;
}

static int dynatrace_body_logs(const struct receiver *receiver, struct event *const *events, size_t count,
			       char **ret_body, size_t *ret_len)
{
	(void)receiver;
	return dynatrace_body(events, count, dynatrace_log, ret_body, ret_len);
}

static int dynatrace_body_events(const struct receiver *receiver, struct event *const *events, size_t count,
				 char **ret_body, size_t *ret_len)
{
	(void)receiver;
	return dynatrace_body(events, count, dynatrace_event, ret_body, ret_len);
}

static void dynatrace_judge(struct event *const *events, size_t count, long status, const char *body,
			    struct attempt *attempt)
{
	(void)body;
	attempt->refused = status == 200;
	if (attempt->refused)
		snprintf(attempt->problem, sizeof(attempt->problem), "it answers that it has taken a part");
	else
		body_all(events, count, VERDICT_DELIVERED);
}

const struct receiver_kind receiver_dynatrace = {
	.name = "dynatrace",
	.events = 256,
	.http = true,
	.path = "/api/v2/logs/ingest",
	.content_type = "application/json; charset=utf-8",
	.scheme = "Api-Token",
	.body = dynatrace_body_logs,
	.judge = dynatrace_judge,
};

const struct receiver_kind receiver_dynatrace_security = {
	.name = "dynatrace_security",
	.events = 256,
	.http = true,
	.path = "/platform/ingest/v1/security.events",
	.content_type = "application/json; charset=utf-8",
	.scheme = "Api-Token",
	.body = dynatrace_body_events,
};
