// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * monitor → keeper → store. Invariant: whatever the store does, alerts go on; a change of its state is
 * said once, what it could not take is counted.
 */
#include "cmd/keeper.h"

#include "detect/mask.h"
#include "lib/cleanup.h"
#include "lib/exit_code.h"
#include "lib/log.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#define KEEPER_RETRY_SECONDS 60

struct keeper {
	const char *path; /* borrowed */
	struct store_limits limits;
	struct store *store; /* NULL: can't be opened; tried again at `retry` */
	time_t retry; /* CLOCK_BOOTTIME */
	uint64_t missed; /* writes while there was no store */
	bool failing; /* and it was said */
};

static time_t keeper_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec;
}

/* The path is the user's own, but a path can hold a token as well. */
static void keeper_say(const struct keeper *keeper, const char *what, int error)
{
	AUTO_FREE char *text = NULL;

	if (mask_text(keeper->path, strlen(keeper->path), NULL, &text) < 0)
		text = NULL;
	log_error("the store %s %s: %s", text ? text : "", what, store_error(error));
}

static void keeper_say_moved(char *moved)
{
	AUTO_FREE char *path = moved;
	AUTO_FREE char *text = NULL;

	if (!path || mask_text(path, strlen(path), NULL, &text) < 0)
		return;
	log_warning("the store was damaged; it lies at %s now, and a new one was begun", text);
}

/* What lies there was never to be a store of ours, and waiting doesn't change that. */
static bool keeper_is_refused(const char *path, int error)
{
	/* at the path of our own choice it is no mistake of the operator's: watching goes on */
	return strcmp(path, STORE_PATH) != 0 &&
	       (error == -EMEDIUMTYPE || error == -EUSERS || error == -ELOOP);
}

static int keeper_try(struct keeper *keeper)
{
	char *moved = NULL;
	int r = store_open(keeper->path, &keeper->limits, &moved, &keeper->store);

	keeper_say_moved(moved);
	return r;
}

int keeper_open(const char *path, bool needed, const struct store_limits *limits, struct keeper **ret_keeper)
{
	struct keeper *keeper;
	int r;

	if (!path) {
		*ret_keeper = NULL;
		return 0;
	}
	keeper = calloc(1, sizeof(*keeper));
	if (!keeper) {
		log_error("out of memory");
		return EXIT_CODE_RUNTIME;
	}
	keeper->path = path;
	keeper->limits = *limits;
	r = keeper_try(keeper);
	needed |= keeper_is_refused(path, r);
	if (r < 0) {
		keeper_say(keeper,
			   needed ? "can't be used"
				  : "can't be used, ALERTS ARE NOT STORED (give --store FILE or --no-store)",
			   r);
		keeper->failing = true;
		keeper->retry = keeper_now() + KEEPER_RETRY_SECONDS;
	}
	if (r < 0 && needed) {
		keeper_close(keeper);
		return EXIT_CODE_CONFIG;
	}
	*ret_keeper = keeper;
	return 0;
}

void keeper_close(struct keeper *keeper)
{
	if (!keeper)
		return;
	store_close(keeper->store);
	free(keeper);
}

int keeper_timeout(const struct keeper *keeper, int timeout)
{
	int due;

	if (!keeper || !keeper->store)
		return timeout;
	due = store_due(keeper->store);
	return timeout >= 0 && timeout < due ? timeout : due;
}

static void keeper_result(struct keeper *keeper, int r, char *moved)
{
	keeper_say_moved(moved);
	if (r < 0 && !keeper->failing)
		keeper_say(keeper, "can't take what is to be stored, alerts go on", r);
	else if (r == 0 && keeper->failing)
		log_note("the store works again");
	keeper->failing = r < 0;
}

static void keeper_flush(struct keeper *keeper)
{
	char *moved = NULL;
	int r = store_flush(keeper->store, &moved);

	keeper_result(keeper, r, moved);
}

void keeper_put(struct keeper *keeper, const struct alert *alert)
{
	if (!keeper)
		return;
	if (!keeper->store && keeper_now() >= keeper->retry) {
		keeper->retry = keeper_now() + KEEPER_RETRY_SECONDS;
		keeper_try(keeper);
	}
	if (!keeper->store) {
		keeper->missed += alert->news;
		return;
	}
	store_put(keeper->store, alert); /* what it can't take, it counts */
	/* a storm goes on for as long as there is something in the ring, and nobody else asks */
	if (store_crowded(keeper->store))
		keeper_flush(keeper);
}

void keeper_work(struct keeper *keeper)
{
	char *moved = NULL;
	int r;

	if (!keeper || !keeper->store || store_due(keeper->store) > 0)
		return;
	r = store_work(keeper->store, &moved);
	keeper_result(keeper, r, moved);
}

uint64_t keeper_end(struct keeper *keeper)
{
	if (!keeper)
		return 0;
	if (!keeper->store)
		return keeper->missed;
	keeper_flush(keeper);
	return keeper->missed + store_lost(keeper->store) + store_waiting(keeper->store);
}
