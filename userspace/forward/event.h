/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is forwarded: one line of the daemon's, and what has become of it at one receiver. */
#pragma once

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of an event.id, with its end: the schema's longest has 33. */
#define EVENT_ID_BYTES 40

enum verdict {
	VERDICT_RETRY, /* it has to be sent, perhaps again */
	VERDICT_DELIVERED,
	VERDICT_REJECTED, /* the receiver will never take it */
};

struct event {
	int64_t number; /* of the spool's, rising */
	char *line; /* without a newline */
	json_t *alert; /* the same, parsed: an object with an event.id */
	enum verdict verdict;
};

/*
 * event_parse() - one line, len bytes. Returns 0, *ret_alert (json_decref(); its message is a whole sentence) and its event.id; -EBADMSG if that is no alert or
 * loss of a daemon; or -ENOMEM.
 */
int event_parse(const char *line, size_t len, json_t **ret_alert, char ret_id[EVENT_ID_BYTES]);

/* event_text() - a text by its path, as "event.id" has it; NULL if there is none. Borrowed of the alert. */
const char *event_text(const json_t *alert, const char *path);

/* event_int() - a number likewise; 0 if there is none. */
int64_t event_int(const json_t *alert, const char *path);

/* event_time() - ns since 1970 of its @timestamp; 0 if it has none. */
int64_t event_time(const json_t *alert);

/* event_free() - `count` of them and the array. */
void event_free(struct event *events, size_t count);
