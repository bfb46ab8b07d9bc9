// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * spool → batch → attempts → spool. In order: a batch is settled before the next one is read. What a receiver refuses is tried in halves,
 * down to the one alert that it refuses, which is given up, and counted.
 *
 * Invariant: an alert is settled after its receiver has said that it has it, so a kill in between sends it again, with the same id.
 */
#include "forward/delivery.h"

#include "forward/backoff.h"
#include "forward/http.h"
#include "forward/reminder.h"
#include "lib/cleanup.h"
#include "lib/log.h"
#include "lib/monotonic.h"
#include "lib/thread.h"

#include <errno.h>
#include <string.h>
#include <time.h>

/* ms until a spool that has failed is asked again. */
#define DELIVERY_SPOOL_MS 1000

struct delivery {
	const struct receiver *receiver;
	struct spool *spool;
	struct http *http;
	void *state; /* of a kind that is not HTTP */
	pthread_t thread;
	struct event *picked[RECEIVER_EVENTS_MAX]; /* what is sent now */
	struct backoff backoff;
	char problem[ATTEMPT_TEXT]; /* that was told last; "": none */
	struct reminder again; /* to tell it again */
	struct reminder rejects, doubts; /* likewise */
	int64_t rejected; /* since the start */
	int spool_error; /* that was told; 0: none */
	pthread_mutex_t lock; /* of status */
	struct delivery_status status;
};

static bool delivery_stopped(void *context)
{
	return spool_stopped(context);
}

/* Says what has changed, and what goes on each hour. */
static void delivery_tell(struct delivery *delivery, const char *problem)
{
	bool same = strcmp(problem, delivery->problem) == 0;

	if (!same)
		delivery->again = (struct reminder){0};
	else if (!*problem)
		return;
	if (!reminder_due(&delivery->again, monotonic_ms()))
		return;
	if (*problem)
		log_warning("receiver %s: %s; trying again", delivery->receiver->name, problem);
	else
		log_note("receiver %s: it takes alerts again", delivery->receiver->name);
	memcpy(delivery->problem, problem, strlen(problem) + 1);
}

static void delivery_count(struct delivery *delivery, bool well)
{
	pthread_mutex_lock(&delivery->lock);
	delivery->status.attempts++;
	if (well)
		delivery->status.success = time(NULL);
	else
		delivery->status.failures++;
	pthread_mutex_unlock(&delivery->lock);
}

/* What is to be sent now, at most `width`. Returns how many. */
static size_t delivery_pick(struct event *events, size_t count, size_t width, struct event **picked)
{
	size_t some = 0;

	for (size_t i = 0; i < count && some < width; i++)
		if (events[i].verdict == VERDICT_RETRY)
			picked[some++] = &events[i];
	return some;
}

static bool delivery_all_judged(struct event *const *picked, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (picked[i]->verdict == VERDICT_RETRY)
			return false;
	return true;
}

static bool delivery_any_judged(struct event *const *picked, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (picked[i]->verdict != VERDICT_RETRY)
			return true;
	return false;
}

static void delivery_reject(struct delivery *delivery, struct event *event, const struct attempt *attempt)
{
	event->verdict = VERDICT_REJECTED;
	delivery->rejected++;
	if (reminder_due(&delivery->rejects, monotonic_ms()))
		log_warning("receiver %s refuses an alert (%s), which is given up, as %lld are since the "
			    "start; for an hour "
			    "more of them are only counted",
			    delivery->receiver->name, attempt->problem, (long long)delivery->rejected);
}

/* One attempt for the picked ones. Returns ms to wait before the next one. */
static int64_t delivery_attempt(struct delivery *delivery, struct event **picked, size_t count, size_t *width)
{
	const struct receiver *receiver = delivery->receiver;
	struct attempt attempt = {0};
	bool well;

	if (delivery->http)
		http_send(delivery->http, picked, count, &attempt);
	else
		receiver->kind->send(receiver, delivery->state, picked, count, &attempt);
	if (spool_stopped(delivery->spool) && !delivery_any_judged(picked, count))
		return 0;
	well = delivery_all_judged(picked, count);
	delivery_count(delivery, well);
	if (well || attempt.refused)
		backoff_reset(&delivery->backoff);
	if (well) {
		if (attempt.doubt && reminder_due(&delivery->doubts, monotonic_ms()))
			log_warning("receiver %s: %s; alerts count as delivered all the same", receiver->name,
				    attempt.problem);
		delivery_tell(delivery, "");
		return 0;
	}
	if (attempt.refused && count == 1)
		delivery_reject(delivery, picked[0], &attempt);
	else if (attempt.refused)
		*width = (count + 1) / 2;
	if (attempt.refused)
		return attempt.retry_after;
	delivery_tell(delivery, attempt.problem);
	if (delivery_any_judged(picked, count))
		backoff_reset(&delivery->backoff);
	return backoff_next(&delivery->backoff, attempt.retry_after);
}

/* Says what is new, and waits before the spool is asked again. */
static void delivery_spool_fails(struct delivery *delivery, int error)
{
	if (error != delivery->spool_error)
		log_warning("receiver %s: the spool: %s; trying again", delivery->receiver->name,
			    spool_error(error));
	delivery->spool_error = error;
	spool_pause(delivery->spool, DELIVERY_SPOOL_MS);
}

/* Until all that is judged is settled, or it is stopped. Returns how many are settled now. */
static size_t delivery_settle(struct delivery *delivery, const struct event *events, size_t count)
{
	int r;

	while ((r = spool_settle(delivery->spool, delivery->receiver->name, events, count)) < 0) {
		if (spool_stopped(delivery->spool))
			return 0;
		delivery_spool_fails(delivery, r);
	}
	delivery->spool_error = 0;
	return (size_t)r;
}

static void delivery_batch(struct delivery *delivery, struct event *events, size_t count)
{
	size_t width = delivery->receiver->kind->events;
	size_t some;

	while (!spool_stopped(delivery->spool) &&
	       (some = delivery_pick(events, count, width, delivery->picked)) > 0) {
		int64_t pause = delivery_attempt(delivery, delivery->picked, some, &width);
		size_t settled = delivery_settle(delivery, events, count);

		/* those behind were read, and are not read again */
		events += settled;
		count -= settled;
		if (pause && count)
			spool_pause(delivery->spool, pause);
	}
}

static void *delivery_run(void *context)
{
	struct delivery *delivery = context;
	size_t most = delivery->receiver->kind->events > 1 ? delivery->receiver->kind->events : 64;

	while (!spool_stopped(delivery->spool)) {
		struct event *events = NULL;
		size_t count = 0;
		int r = spool_read(delivery->spool, delivery->receiver->name, most, DELIVERY_BYTES, &events,
				   &count);

		if (r < 0)
			delivery_spool_fails(delivery, r);
		else if (count)
			delivery_batch(delivery, events, count);
		event_free(events, count);
	}
	return NULL;
}

void delivery_free(struct delivery *delivery)
{
	http_close(delivery->http);
	if (delivery->state)
		delivery->receiver->kind->close(delivery->state);
	pthread_mutex_destroy(&delivery->lock);
	free(delivery);
}

static int delivery_open(struct delivery *delivery)
{
	if (!delivery->receiver->kind->http)
		return delivery->receiver->kind->open(delivery->receiver, delivery_stopped, delivery->spool,
						      &delivery->state);
	delivery->http = http_open(delivery->receiver, delivery_stopped, delivery->spool);
	return delivery->http ? 0 : -ENOMEM;
}

int delivery_start(const struct receiver *receiver, struct spool *spool, struct delivery **ret_delivery)
{
	struct delivery *delivery = calloc(1, sizeof(*delivery));
	int r;

	if (!delivery)
		return -ENOMEM;
	delivery->receiver = receiver;
	delivery->spool = spool;
	delivery->backoff = (struct backoff){(int64_t)receiver->retry_min, (int64_t)receiver->retry_max, 0};
	pthread_mutex_init(&delivery->lock, NULL);
	r = delivery_open(delivery);
	if (r == 0)
		r = thread_start(&delivery->thread, delivery_run, delivery);
	if (r < 0) {
		delivery_free(delivery);
		return r;
	}
	*ret_delivery = delivery;
	return 0;
}

void delivery_stop(struct delivery *delivery)
{
	pthread_join(delivery->thread, NULL);
}

void delivery_status(struct delivery *delivery, struct delivery_status *ret_status)
{
	pthread_mutex_lock(&delivery->lock);
	*ret_status = delivery->status;
	pthread_mutex_unlock(&delivery->lock);
}
