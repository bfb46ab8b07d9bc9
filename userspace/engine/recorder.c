// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * pipeline → recorder → store. Invariant: whatever the store does, alerts go on; a change of its state is
 * said once, what it could not take is counted.
 */
#include "engine/recorder.h"

#include "detect/mask.h"
#include "lib/cleanup.h"
#include "lib/exit_code.h"
#include "lib/log.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#define RECORDER_RETRY_SECONDS 60

struct recorder {
	const char *path; /* borrowed */
	struct store_limits limits;
	struct store *store; /* NULL: can't be opened; tried again at `retry` */
	time_t retry; /* CLOCK_BOOTTIME */
	struct store_watched watched; /* without a scope: nothing yet */
	uint64_t missed; /* writes while there was no store */
	bool failing; /* and it was said */
};

static time_t recorder_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec;
}

/* The path is the user's own, but a path can hold a token as well. */
static void recorder_say(const struct recorder *recorder, const char *what, int error)
{
	AUTO_FREE char *text = NULL;

	if (mask_text(recorder->path, strlen(recorder->path), NULL, &text) < 0)
		text = NULL;
	log_error("the store %s %s: %s", text ? text : "", what, store_error(error));
}

static void recorder_say_moved(char *moved)
{
	AUTO_FREE char *path = moved;
	AUTO_FREE char *text = NULL;

	if (!path || mask_text(path, strlen(path), NULL, &text) < 0)
		return;
	log_warning("the store was damaged; it lies at %s now, and a new one was begun", text);
}

/* What lies there was never to be a store of ours, and waiting doesn't change that. */
static bool recorder_is_refused(const char *path, int error)
{
	/* at the path of our own choice it is no mistake of the operator's: watching goes on */
	return strcmp(path, STORE_PATH) != 0 &&
	       (error == -EMEDIUMTYPE || error == -EUSERS || error == -ELOOP);
}

static int recorder_try(struct recorder *recorder)
{
	char *moved = NULL;
	int r = store_open(recorder->path, &recorder->limits, &moved, &recorder->store);

	recorder_say_moved(moved);
	if (r == 0 && recorder->watched.scope)
		store_session(recorder->store, &recorder->watched);
	return r;
}

/* Tries again, if it is time. Returns whether there is a store. */
static bool recorder_again(struct recorder *recorder)
{
	if (!recorder->store && recorder_now() >= recorder->retry) {
		recorder->retry = recorder_now() + RECORDER_RETRY_SECONDS;
		if (recorder_try(recorder) == 0 && recorder->failing)
			log_note("the store works again");
		recorder->failing = !recorder->store;
	}
	return recorder->store;
}

void recorder_watch(struct recorder *recorder, const struct store_watched *watched)
{
	if (!recorder)
		return;
	recorder->watched = *watched;
	if (recorder->store)
		store_session(recorder->store, watched);
}

void recorder_loss(struct recorder *recorder, const struct loss *loss)
{
	if (recorder && recorder->store)
		store_loss(recorder->store, loss);
}

int recorder_open(const char *path, bool needed, const struct store_limits *limits,
		  struct recorder **ret_recorder)
{
	struct recorder *recorder;
	int r;

	if (!path) {
		*ret_recorder = NULL;
		return 0;
	}
	recorder = calloc(1, sizeof(*recorder));
	if (!recorder) {
		log_error("out of memory");
		return EXIT_CODE_RUNTIME;
	}
	recorder->path = path;
	recorder->limits = *limits;
	r = recorder_try(recorder);
	needed |= recorder_is_refused(path, r);
	if (r < 0) {
		recorder_say(
			recorder,
			needed ? "can't be used"
			       : "can't be used, ALERTS ARE NOT STORED (give --store FILE or --no-store)",
			r);
		recorder->failing = true;
		recorder->retry = recorder_now() + RECORDER_RETRY_SECONDS;
	}
	if (r < 0 && needed) {
		recorder_close(recorder);
		return EXIT_CODE_CONFIG;
	}
	*ret_recorder = recorder;
	return 0;
}

void recorder_close(struct recorder *recorder)
{
	if (!recorder)
		return;
	store_close(recorder->store);
	free(recorder);
}

int recorder_timeout(const struct recorder *recorder, int timeout)
{
	int due = 0;
	time_t now;

	if (!recorder)
		return timeout;
	now = recorder_now();
	if (recorder->store)
		due = store_due(recorder->store);
	else if (recorder->retry > now)
		due = (int)(recorder->retry - now) * 1000;
	return timeout >= 0 && timeout < due ? timeout : due;
}

static void recorder_result(struct recorder *recorder, int r, char *moved)
{
	recorder_say_moved(moved);
	if (r < 0 && !recorder->failing)
		recorder_say(recorder, "can't take what is to be stored, alerts go on", r);
	else if (r == 0 && recorder->failing)
		log_note("the store works again");
	recorder->failing = r < 0;
}

static void recorder_flush(struct recorder *recorder)
{
	char *moved = NULL;
	int r = store_flush(recorder->store, &moved);

	recorder_result(recorder, r, moved);
}

void recorder_put(struct recorder *recorder, const struct alert *alert)
{
	if (!recorder)
		return;
	if (!recorder_again(recorder)) {
		recorder->missed += alert->news;
		return;
	}
	store_put(recorder->store, alert); /* what it can't take, it counts */
	/* a storm goes on for as long as there is something in the ring, and nobody else asks */
	if (store_crowded(recorder->store))
		recorder_flush(recorder);
}

void recorder_work(struct recorder *recorder)
{
	char *moved = NULL;
	int r;

	if (!recorder || !recorder_again(recorder) || store_due(recorder->store) > 0)
		return;
	r = store_work(recorder->store, &moved);
	recorder_result(recorder, r, moved);
}

uint64_t recorder_end(struct recorder *recorder)
{
	if (!recorder)
		return 0;
	if (!recorder->store)
		return recorder->missed;
	recorder_flush(recorder);
	return recorder->missed + store_lost(recorder->store) + store_waiting(recorder->store);
}
