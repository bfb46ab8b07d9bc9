// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * socket → event → spool → receivers. Who made a line is not known for certain: it is taken only if it has the form of a daemon's.
 */
#include "forward/event.h"

#include "alert/retell.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What an event.id consists of. */
#define EVENT_ID_LETTERS "0123456789abcdef-"
/* Of a path's parts, the longest. */
#define EVENT_NAME_BYTES 32

static const json_t *event_value(const json_t *alert, const char *path)
{
	const char *dot;

	for (; (dot = strchr(path, '.')); path = dot + 1) {
		char name[EVENT_NAME_BYTES];

		snprintf(name, sizeof(name), "%.*s", (int)(dot - path), path);
		alert = json_object_get(alert, name);
	}
	return json_object_get(alert, path);
}

const char *event_text(const json_t *alert, const char *path)
{
	return json_string_value(event_value(alert, path));
}

int64_t event_int(const json_t *alert, const char *path)
{
	return json_integer_value(event_value(alert, path));
}

/* It goes into headers and addresses as it is. */
static bool event_id_is_safe(const char *id)
{
	return id && *id && strlen(id) < EVENT_ID_BYTES && strspn(id, EVENT_ID_LETTERS) == strlen(id);
}

/* In a container's line there may have been no room for all of it. */
static void event_sentence(json_t *alert)
{
	AUTO_FREE char *sentence = NULL;

	if (retell_sentence(alert, &sentence) == 0)
		json_object_set_new(alert, "message", json_string(sentence));
}

int event_parse(const char *line, size_t len, json_t **ret_alert, char ret_id[EVENT_ID_BYTES])
{
	json_t *alert = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	const char *id = event_text(alert, "event.id");

	if (!event_id_is_safe(id)) {
		json_decref(alert);
		return -EBADMSG;
	}
	snprintf(ret_id, EVENT_ID_BYTES, "%s", id);
	event_sentence(alert);
	*ret_alert = alert;
	return 0;
}

int64_t event_time(const json_t *alert)
{
	const char *text = event_text(alert, "@timestamp"), *rest;
	struct tm parts = {0};
	long micros = 0;

	rest = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &parts) : NULL;
	if (!rest)
		return 0;
	if (*rest == '.')
		micros = strtol(rest + 1, NULL, 10);
	if (micros < 0 || micros > 999999)
		micros = 0;
	return ((int64_t)timegm(&parts) * 1000000 + micros) * 1000;
}

void event_free(struct event *events, size_t count)
{
	for (size_t i = 0; events && i < count; i++) {
		free(events[i].line);
		json_decref(events[i].alert);
	}
	free(events);
}
