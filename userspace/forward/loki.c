// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Loki, POST /loki/api/v1/push (https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs). Labels are few, as each set of
 * them is a stream: job, host, level, action. The line is the alert. A line that comes again with the same time is one to Loki.
 */
#include "forward/body.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

static json_t *loki_stream(const struct event *event)
{
	const char *host = event_text(event->alert, "host.name"),
		   *action = event_text(event->alert, "event.action");
	char time[24];

	snprintf(time, sizeof(time), "%" PRId64, event_time(event->alert));
	return json_pack("{s:{s:s, s:s, s:s, s:s}, s:[[s, s]]}", "stream", "job", "spillwatch", "host",
			 host ? host : "unknown", "level", body_level_text(event->alert), "action",
			 action ? action : "alert", "values", time, event->line);
}

static int loki_body(const struct receiver *receiver, struct event *const *events, size_t count,
		     char **ret_body, size_t *ret_len)
{
	json_t *streams = json_array();

	(void)receiver;
	for (size_t i = 0; i < count; i++)
		if (json_array_append_new(streams, loki_stream(events[i])) < 0) {
			json_decref(streams);
			return -ENOMEM;
		}
	return body_dump(json_pack("{s:o}", "streams", streams), ret_body, ret_len);
}

const struct receiver_kind receiver_loki = {
	.name = "loki",
	.events = 256,
	.http = true,
	.path = "/loki/api/v1/push",
	.content_type = "application/json",
	.scheme = "Bearer",
	.body = loki_body,
};
