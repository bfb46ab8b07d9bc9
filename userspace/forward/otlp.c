// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * OpenTelemetry logs over HTTP as JSON: POST /v1/logs (https://opentelemetry.io/docs/specs/otlp/, "OTLP/HTTP"; names in lowerCamelCase,
 * 64-bit numbers as strings). An attribute for each field of the alert, by its dotted name; event.id is one of them.
 */
#include "forward/body.h"
#include "lib/cleanup.h"
#include "version.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* A 64-bit number as JSON has it there. */
static json_t *otlp_number(int64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, number);
	return json_string(text);
}

/* An AnyValue of what is flat. */
static json_t *otlp_value(const json_t *value)
{
	if (json_is_string(value))
		return json_pack("{s:O}", "stringValue", value);
	if (json_is_integer(value))
		return json_pack("{s:o}", "intValue", otlp_number(json_integer_value(value)));
	if (json_is_real(value))
		return json_pack("{s:O}", "doubleValue", value);
	if (json_is_boolean(value))
		return json_pack("{s:O}", "boolValue", value);
	return json_object();
}

/* KeyValues of all that is in the alert but what a record has a place for. */
static json_t *otlp_attributes(json_t *alert)
{
	json_t *flat = json_object(), *list = json_array(), *value;
	const char *key;
	int r = flat && list ? body_flatten(alert, flat) : -ENOMEM;

	if (r == 0)
		json_object_foreach (flat, key, value) {
			if (strcmp(key, "@timestamp") == 0 || strcmp(key, "message") == 0 ||
			    strcmp(key, "host.name") == 0)
				continue;
			if (json_array_append_new(list, json_pack("{s:s, s:o}", "key", key, "value",
								  otlp_value(value))) < 0)
				r = -ENOMEM;
		}
	json_decref(flat);
	if (r == 0)
		return list;
	json_decref(list);
	return NULL;
}

/* SeverityNumber: INFO, WARN, ERROR, FATAL, the first of each four. */
static json_t *otlp_record(json_t *alert)
{
	static const int severities[] = {9, 13, 17, 21};
	const char *message = event_text(alert, "message");
	int64_t time = event_time(alert);

	return json_pack("{s:o, s:o, s:i, s:s, s:{s:s}, s:o}", "timeUnixNano", otlp_number(time),
			 "observedTimeUnixNano", otlp_number(time), "severityNumber",
			 severities[body_level(alert)], "severityText", body_level_text(alert), "body",
			 "stringValue", message ? message : "", "attributes", otlp_attributes(alert));
}

static json_t *otlp_resource(const json_t *alert, json_t *records)
{
	const char *host = event_text(alert, "host.name");

	return json_pack("{s:{s:[{s:s, s:{s:s}}, {s:s, s:{s:s}}]}, s:[{s:{s:s, s:s}, s:O}]}", "resource",
			 "attributes", "key", "service.name", "value", "stringValue", "spillwatch", "key",
			 "host.name", "value", "stringValue", host ? host : "", "scopeLogs", "scope", "name",
			 "spillwatch", "version", SPILLWATCH_VERSION, "logRecords", records);
}

static bool otlp_same_host(const json_t *a, const json_t *b)
{
	const char *one = event_text(a, "host.name"), *other = event_text(b, "host.name");

	return one && other ? strcmp(one, other) == 0 : one == other;
}

/* The first ones that are of one host. Returns how many; 0: no memory. */
static size_t otlp_one_host(struct event *const *events, size_t count, json_t *resources)
{
	json_t *records = json_array();
	size_t i = 0;
	int r = records ? 0 : -1;

	for (; r == 0 && i < count && otlp_same_host(events[0]->alert, events[i]->alert); i++)
		r = json_array_append_new(records, otlp_record(events[i]->alert));
	if (r == 0)
		r = json_array_append_new(resources, otlp_resource(events[0]->alert, records));
	json_decref(records);
	return r == 0 ? i : 0;
}

static int otlp_body(const struct receiver *receiver, struct event *const *events, size_t count,
		     char **ret_body, size_t *ret_len)
{
	json_t *resources = json_array();

	(void)receiver;
	for (size_t done = 0, some; done < count; done += some) {
		some = otlp_one_host(events + done, count - done, resources);
		if (!some) {
			json_decref(resources);
			return -ENOMEM;
		}
	}
	return body_dump(json_pack("{s:o}", "resourceLogs", resources), ret_body, ret_len);
}

/* A number, or a text that holds one. */
static int64_t otlp_int(const json_t *value)
{
	return json_is_string(value) ? strtoll(json_string_value(value), NULL, 10)
				     : json_integer_value(value);
}

/*
 * "OTLP/HTTP Response": what was taken partly must not be sent again. Which ones are missing is not said, so only their number is right.
 * An answer of nothing is one, without a field. One that is no JSON follows a success as well: sent again, it would come twice, and for ever.
 */
static void otlp_judge(struct event *const *events, size_t count, long status, const char *body,
		       struct attempt *attempt)
{
	json_t *answer = *body ? json_loads(body, JSON_REJECT_DUPLICATES, NULL) : json_object();
	int64_t rejected =
		otlp_int(json_object_get(json_object_get(answer, "partialSuccess"), "rejectedLogRecords"));

	attempt->doubt = !json_is_object(answer);
	if (attempt->doubt)
		snprintf(attempt->problem, sizeof(attempt->problem),
			 "what it answers with status %ld is not OTLP's", status);
	rejected = rejected < 0 ? 0 : rejected;
	for (size_t i = 0; i < count; i++)
		events[i]->verdict = i < (size_t)rejected ? VERDICT_REJECTED : VERDICT_DELIVERED;
	json_decref(answer);
}

const struct receiver_kind receiver_otlp = {
	.name = "otlp",
	.events = 256,
	.http = true,
	.path = "/v1/logs",
	.content_type = "application/json",
	.scheme = "Bearer",
	.body = otlp_body,
	.judge = otlp_judge,
};
