// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Elasticsearch and OpenSearch, POST /_bulk (https://www.elastic.co/guide/en/elasticsearch/reference/current/docs-bulk.html): `create` with
 * event.id as _id, so what comes again is told to be there already (409). Alerts have the names of the Elastic Common Schema.
 *
 * Each item has a status of its own: 429 and 5xx are tried again, a document that does not fit the mapping (400) is given up.
 */
#include "forward/body.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A data stream's name by Elastic's scheme, unless it is said. */
#define ELASTICSEARCH_INDEX "logs-spillwatch.alerts-default"

static int elasticsearch_item(FILE *to, const struct receiver *receiver, const struct event *event)
{
	json_t *action = json_pack("{s:{s:s, s:s}}", "create", "_index",
				   receiver->index ? receiver->index : ELASTICSEARCH_INDEX, "_id",
				   event_text(event->alert, "event.id"));
	char *line = NULL;
	size_t len;
	int r = body_dump(action, &line, &len);

	if (r == 0)
		fprintf(to, "%s\n%s\n", line, event->line);
	free(line);
	return r;
}

static int elasticsearch_body(const struct receiver *receiver, struct event *const *events, size_t count,
			      char **ret_body, size_t *ret_len)
{
	AUTO_FREE char *body = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&body, &len);
	int r = to ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = elasticsearch_item(to, receiver, events[i]);
	if (to && fclose(to) != 0)
		r = -ENOMEM;
	if (r < 0)
		return r;
	*ret_body = TAKE(body);
	*ret_len = len;
	return 0;
}

static enum verdict elasticsearch_verdict(json_int_t status)
{
	if (status / 100 == 2 || status == 409)
		return VERDICT_DELIVERED;
	return status == 400 ? VERDICT_REJECTED : VERDICT_RETRY;
}

/* Items are in the order of the request. */
static void elasticsearch_judge(struct event *const *events, size_t count, long status, const char *body,
				struct attempt *attempt)
{
	json_t *answer = json_loads(body, JSON_REJECT_DUPLICATES, NULL);
	const json_t *items = json_object_get(answer, "items");

	(void)status;
	if (json_array_size(items) != count)
		snprintf(attempt->problem, sizeof(attempt->problem),
			 "what it answers is not a bulk request's");
	for (size_t i = 0; json_array_size(items) == count && i < count; i++) {
		const json_t *item = json_object_get(json_array_get(items, i), "create");
		json_int_t code = json_integer_value(json_object_get(item, "status"));

		events[i]->verdict = elasticsearch_verdict(code);
		if (events[i]->verdict != VERDICT_DELIVERED)
			snprintf(attempt->problem, sizeof(attempt->problem),
				 "it answers with status %lld for an alert", (long long)code);
	}
	json_decref(answer);
}

const struct receiver_kind receiver_elasticsearch = {
	.name = "elasticsearch",
	.events = 256,
	.http = true,
	.path = "/_bulk",
	.content_type = "application/x-ndjson",
	.scheme = "ApiKey",
	.body = elasticsearch_body,
	.judge = elasticsearch_judge,
};
