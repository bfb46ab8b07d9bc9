// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * CloudEvents 1.0 by HTTP, structured content mode, one event a request: so an answer is about one event, and the header
 * Idempotency-Key names it (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md, 3.2).
 */
#include "forward/receiver.h"
#include "lib/cleanup.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>

/* "/spillwatch/HOST": a URI reference. */
static char *webhook_source(const json_t *alert)
{
	const char *host = event_text(alert, "host.name");
	char *escaped = curl_easy_escape(NULL, host ? host : "", 0), *source = NULL;

	if (escaped && asprintf(&source, "/spillwatch/%s", escaped) < 0)
		source = NULL;
	curl_free(escaped);
	return source;
}

static int webhook_body(const struct receiver *receiver, struct event *const *events, size_t count,
			char **ret_body, size_t *ret_len)
{
	const json_t *alert = events[0]->alert;
	const char *action = event_text(alert, "event.action");
	AUTO_FREE char *source = webhook_source(alert);
	AUTO_FREE char *type = NULL;
	json_t *body = NULL;

	(void)receiver;
	(void)count;
	if (asprintf(&type, "spillwatch.%s", action ? action : "alert") < 0)
		type = NULL;
	if (source && type)
		body = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s*, s:s*, s:O}", "specversion", "1.0", "id",
				 event_text(alert, "event.id"), "source", source, "type", type,
				 "datacontenttype", "application/json", "time",
				 event_text(alert, "@timestamp"), "subject",
				 event_text(alert, "token.identifier"), "data", alert);
	*ret_body = body ? json_dumps(body, JSON_COMPACT) : NULL;
	json_decref(body);
	if (!*ret_body)
		return -ENOMEM;
	*ret_len = strlen(*ret_body);
	return 0;
}

const struct receiver_kind receiver_webhook = {
	.name = "webhook",
	.events = 1,
	.http = true,
	.content_type = "application/cloudevents+json; charset=utf-8",
	.scheme = "Bearer",
	.body = webhook_body,
};
