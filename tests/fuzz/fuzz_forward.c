// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Any bytes as a line of the daemon's socket, and as what receivers answer, two bytes 0xff between them: a line is no event, or one that each
 * kind makes a request of, and so is any object with an event.id; no answer leaves a verdict that is none.
 */
#include "forward/event.h"
#include "forward/receiver.h"
#include "detect/mask.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Of alerts that some receivers judge one by one. */
#define EVENTS 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *copy_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

static void judge(const struct receiver_kind *kind, struct event *const *events, const char *answer)
{
	struct attempt attempt = {0};

	for (size_t i = 0; i < EVENTS; i++)
		events[i]->verdict = VERDICT_RETRY;
	kind->judge(events, EVENTS, 200, answer, &attempt);
	for (size_t i = 0; i < EVENTS; i++)
		assert(events[i]->verdict <= VERDICT_REJECTED);
	assert(memchr(attempt.problem, '\0', sizeof(attempt.problem)) && attempt.retry_after >= 0);
}

/* By HTTP: Kafka's answers are librdkafka's business. */
static void deliver(struct event *const *events, const char *answer)
{
	for (const struct receiver_kind *const *kind = receiver_kinds; *kind; kind++) {
		struct receiver receiver = {.kind = *kind, .name = "r"};
		char *body = NULL;
		size_t len = 0;

		if (!(*kind)->http)
			continue;
		assert((*kind)->body(&receiver, events, (*kind)->events > 1 ? EVENTS : 1, &body, &len) == 0);
		assert(body && strlen(body) == len);
		free(body);
		if ((*kind)->judge)
			judge(*kind, events, answer);
	}
}

static void deliver_alert(json_t *alert, char *line, const char *answer)
{
	struct event events[EVENTS];
	struct event *picked[EVENTS];

	for (size_t i = 0; i < EVENTS; i++) {
		events[i] = (struct event){.number = (int64_t)i, .line = line, .alert = alert};
		picked[i] = &events[i];
	}
	deliver(picked, answer);
}

/* The line, if it is an object, and an event.id, which few inputs would come to have. */
static void deliver_made(const char *line, size_t len, const char *answer)
{
	json_t *alert = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	char *made;

	if (!json_is_object(alert)) {
		json_decref(alert);
		alert = json_object();
	}
	json_object_set_new(alert, "event", json_pack("{s:s}", "id", "0123456789abcdef-1"));
	made = json_dumps(alert, JSON_COMPACT);
	deliver_alert(alert, made, answer);
	free(made);
	json_decref(alert);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *between = memmem(data, size, "\xff\xff", 2);
	size_t len = between ? (size_t)(between - data) : size;
	char *line = copy_text(data, len);
	char *answer = between ? copy_text(between + 2, size - len - 2) : copy_text(data, 0);
	char id[EVENT_ID_BYTES];
	json_t *alert = NULL;

	if (mask_wipe(line, len) == 0 && event_parse(line, len, &alert, id) == 0) {
		deliver_alert(alert, line, answer);
		json_decref(alert);
	}
	deliver_made(line, len, answer);
	free(answer);
	free(line);
	return 0;
}
