// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * walk → batches of files, numbered → threads, each with its own finder → their turn to tell.
 *
 *     done        taken            handed
 *      │ told or   │ waiting for    │ being filled │ room …
 *      │ being read│ a thread       │
 *
 * Nothing is kept to be told later, so that it takes no memory: who has something to tell waits until all batches before its own
 * are done, and then tells it as it would alone. The first batch of those being read never waits. Whoever walks tells in the same
 * way, when all that was handed out is done.
 *
 * Invariants: outputs and baselines are touched by who has the turn; all between threads is under the lock.
 *
 * Limits: while a large file is read, who finds something behind it waits; what is packed is unpacked one at a time (scan.c).
 */
#include "scan/team.h"

#include "scan/scan.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define TEAM_THREADS 16

/* A batch is handed out when it has so many files or bytes: not each small file is worth waking somebody. */
#define TEAM_FILES 32
#define TEAM_BYTES (2UL << 20)

/* Batches that may be handed out at a time. */
#define TEAM_BATCHES 64

struct batch {
	size_t count;
	uint64_t bytes;
	bool finished; /* but not done: an earlier one is not */
	struct {
		char *path;
		bool named;
	} files[TEAM_FILES];
};

struct worker {
	struct scan scan; /* the first member: team_turn() is given that */
	uint64_t ticket; /* the batch it is at */
	pthread_t thread;
};

struct team {
	struct scan *scan;
	team_work *work;
	pthread_mutex_t lock;
	pthread_cond_t handing, finishing;
	/* numbers of batches; batches[handed] is being filled, by who walks, and nobody else sees it */
	uint64_t handed, taken, done;
	bool closing;
	int error;
	size_t count;
	struct worker workers[TEAM_THREADS];
	struct batch batches[TEAM_BATCHES];
};

static struct batch *team_batch(struct team *team, uint64_t number)
{
	return &team->batches[number % TEAM_BATCHES];
}

/* Reads the files of a batch, and forgets them. */
static void team_read(const struct team *team, struct worker *worker, struct batch *batch, bool skip)
{
	for (size_t i = 0; i < batch->count; i++) {
		if (!skip && worker->scan.error == 0)
			team->work(&worker->scan, batch->files[i].path, batch->files[i].named);
		free(batch->files[i].path);
	}
	batch->count = 0;
	batch->bytes = 0;
}

static void *team_run(void *context)
{
	struct worker *worker = context;
	struct team *team = worker->scan.team;

	pthread_mutex_lock(&team->lock);
	for (;;) {
		struct batch *batch;
		bool skip;

		while (team->taken == team->handed && !team->closing)
			pthread_cond_wait(&team->handing, &team->lock);
		if (team->taken == team->handed)
			break;
		worker->ticket = team->taken++;
		batch = team_batch(team, worker->ticket);
		skip = team->error < 0;
		pthread_mutex_unlock(&team->lock);
		team_read(team, worker, batch, skip);
		pthread_mutex_lock(&team->lock);
		team->error = worker->scan.error < 0 ? worker->scan.error : team->error;
		batch->finished = true;
		while (team->done < team->taken && team_batch(team, team->done)->finished)
			team_batch(team, team->done++)->finished = false;
		pthread_cond_broadcast(&team->finishing);
	}
	pthread_mutex_unlock(&team->lock);
	return NULL;
}

static void worker_close(struct worker *worker)
{
	finder_close(worker->scan.finder);
	spillwatch_token_free(worker->scan.named);
}

/* One more thread; false if it can't be had. */
static bool team_add(struct team *team)
{
	struct worker *worker = &team->workers[team->count];

	/* settings only: outputs and baselines are the other one's */
	worker->scan = (struct scan){
		.no_ignore = team->scan->no_ignore,
		.no_archives = team->scan->no_archives,
		.no_decode = team->scan->no_decode,
		.agent = team->scan->agent,
		.max_bytes = team->scan->max_bytes,
		.progress = team->scan->progress,
		.team = team,
	};
	/* with its signals: who reads no more of what is told ends us all */
	if (scan_open_finder(&worker->scan) < 0 ||
	    pthread_create(&worker->thread, NULL, team_run, worker) != 0) {
		worker_close(worker);
		return false;
	}
	team->count++;
	return true;
}

void team_open(struct scan *scan, team_work *work)
{
	struct team *team;
	cpu_set_t cpus;
	int count;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) < 0)
		return;
	count = CPU_COUNT(&cpus);
	if (count < 2)
		return;
	team = calloc(1, sizeof(*team));
	if (!team)
		return;
	team->scan = scan;
	team->work = work;
	pthread_mutex_init(&team->lock, NULL);
	pthread_cond_init(&team->handing, NULL);
	pthread_cond_init(&team->finishing, NULL);
	scan->team = team;
	for (int i = 0; i < count && i < TEAM_THREADS; i++)
		if (!team_add(team))
			break;
	if (!team->count)
		team_close(scan);
}

/* The batch that was filled. */
static void team_give(struct team *team)
{
	if (!team_batch(team, team->handed)->count)
		return;
	pthread_mutex_lock(&team->lock);
	team->handed++;
	pthread_cond_signal(&team->handing);
	while (team->handed - team->done >= TEAM_BATCHES)
		pthread_cond_wait(&team->finishing, &team->lock);
	pthread_mutex_unlock(&team->lock);
}

static int team_error(struct team *team)
{
	int error;

	pthread_mutex_lock(&team->lock);
	error = team->error;
	pthread_mutex_unlock(&team->lock);
	return error;
}

int team_hand(struct team *team, const char *path, bool named, uint64_t bytes)
{
	struct batch *batch = team_batch(team, team->handed);
	char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	batch->files[batch->count].path = copy;
	batch->files[batch->count++].named = named;
	batch->bytes += bytes;
	if (batch->count < TEAM_FILES && batch->bytes < TEAM_BYTES)
		return 0;
	team_give(team);
	return team_error(team);
}

struct scan *team_turn(struct scan *scan)
{
	struct team *team = scan->team;
	uint64_t until;

	if (!team)
		return scan;
	if (scan == team->scan) {
		team_give(team);
		until = team->handed;
	} else {
		until = ((const struct worker *)scan)->ticket;
	}
	pthread_mutex_lock(&team->lock);
	while (team->done < until)
		pthread_cond_wait(&team->finishing, &team->lock);
	pthread_mutex_unlock(&team->lock);
	return team->scan;
}

static void team_count(struct scan_counts *to, const struct scan_counts *from)
{
	to->files += from->files;
	to->bytes += from->bytes;
	to->findings += from->findings;
	to->known += from->known;
	to->allowed += from->allowed;
#define TEAM_COUNT(field, one, several) to->field += from->field;
	SCAN_SKIPPED(TEAM_COUNT)
#undef TEAM_COUNT
}

void team_close(struct scan *scan)
{
	struct team *team = scan->team;

	if (!team)
		return;
	team_give(team);
	pthread_mutex_lock(&team->lock);
	team->closing = true;
	pthread_cond_broadcast(&team->handing);
	pthread_mutex_unlock(&team->lock);
	for (size_t i = 0; i < team->count; i++) {
		pthread_join(team->workers[i].thread, NULL);
		team_count(&scan->counts, &team->workers[i].scan.counts);
		worker_close(&team->workers[i]);
	}
	scan->team = NULL;
	scan->error = scan->error ? scan->error : team->error;
	pthread_cond_destroy(&team->finishing);
	pthread_cond_destroy(&team->handing);
	pthread_mutex_destroy(&team->lock);
	free(team);
}
