// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * alert → store: what alerts said, kept for `audit`.
 *
 * Invariant: each write that an alert told of is in the file, waits in memory, or is counted as lost; and how many
 * are lost is itself kept in the file as soon as it takes something again. It is used by one thread, which
 * waits for a transaction, or for another writer's (a second at most).
 *
 * Limit: what waits (a second's alerts) is gone if the daemon is killed by force. Repeats are told with a
 * delay of up to LIMIT_REPEAT_NS; their hour is that of the alert that told them.
 */
#include "store/store.h"

#include "lib/cleanup.h"
#include "lib/own_file.h"
#include "store/clock.h"
#include "store/database.h"
#include "store/mark.h"
#include "store/pending.h"
#include "store/prune.h"
#include "store/session.h"
#include "store/statement.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define STORE_INTERVAL_MS 1000
#define STORE_RETRY_MS 5000
#define STORE_BEAT_MS 10000
#define STORE_PRUNE_SLICE_MS 100
#define STORE_PRUNE_MS (24LL * 3600 * 1000)
#define STORE_DAY_US (24LL * 3600 * 1000000)

struct store {
	char *path;
	struct store_limits limits;
	sqlite3 *db; /* NULL: it was lost and could not be opened anew */
	ino_t inode;
	dev_t device;
	struct writer *writer;
	struct pending *pending;
	struct session *session; /* NULL: nobody watches */
	bool ending; /* the session */
	int64_t next_flush, next_size, next_prune, next_beat; /* ms, CLOCK_BOOTTIME */
	uint64_t mark_id, mark; /* of store_mark() */
	bool failed; /* the last time it was written */
	uint64_t lost, lost_told; /* writes; what of it the file knows */
};

static int64_t store_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t store_wallclock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void store_disconnect(struct store *store)
{
	writer_close(TAKE(store->writer));
	sqlite3_close(TAKE(store->db));
}

static int store_connect(struct store *store)
{
	struct stat st;
	int64_t time;
	int r = database_open(store->path, &store->db);

	if (r == 0)
		r = writer_open(store->db, &store->writer);
	/* before anything is written by a clock that may be wrong; if it fails, what removes things asks again */
	if (r == 0)
		clock_reckon(store->db, store_wallclock(), &time);
	if (r == 0 && stat(store->path, &st) < 0)
		r = -errno;
	if (r != 0) {
		store_disconnect(store);
		return r;
	}
	store->inode = st.st_ino;
	store->device = st.st_dev;
	return 0;
}

int store_open(const char *path, const struct store_limits *limits, char **ret_moved,
	       struct store **ret_store)
{
	struct store *store = calloc(1, sizeof(*store));
	char *moved = NULL;
	int r;

	if (!store)
		return -ENOMEM;
	store->limits = *limits;
	store->path = strdup(path);
	r = store->path ? pending_open(&store->pending) : -ENOMEM;
	if (r == 0)
		r = store_connect(store);
	if (r == -EUCLEAN) {
		r = database_set_aside(path, &moved);
		if (r == 0)
			r = store_connect(store);
	}
	if (r < 0) {
		free(moved);
		store_close(store);
		return r;
	}
	store->next_prune = store_now();
	*ret_moved = moved;
	*ret_store = store;
	return 0;
}

void store_close(struct store *store)
{
	char *moved = NULL;

	if (!store)
		return;
	store->ending = store->session != NULL;
	if (store->pending)
		store_flush(store, &moved);
	free(moved);
	store_disconnect(store);
	pending_close(store->pending);
	session_close(store->session);
	free(store->path);
	free(store);
}

const char *store_error(int error)
{
	switch (error) {
	case -EOVERFLOW:
		return "it was made by a newer version of spillwatch";
	case -EMEDIUMTYPE:
		return "it is something else than a store of spillwatch";
	case -EUCLEAN:
		return "it is damaged";
	case -ENODATA:
		return "it is empty";
	case -EBUSY:
		return "another process keeps it locked";
	default:
		return own_file_error(error);
	}
}

int store_take(struct store *store, struct brief *brief)
{
	uint64_t writes = brief->count;
	int r = pending_add(store->pending, brief);

	if (r < 0)
		store->lost += writes;
	return r;
}

int store_put(struct store *store, const struct alert *alert)
{
	struct brief *brief;
	int r = brief_make(NULL, alert, &brief);

	if (r == 0)
		return store_take(store, brief);
	store->lost += alert->news;
	return r;
}

int store_session(struct store *store, const struct store_watched *watched)
{
	store->next_beat = store_now();
	return session_open(watched, &store->session);
}

void store_loss(struct store *store, const struct loss *loss)
{
	if (!store->session)
		return;
	session_loss(store->session, loss);
	store->next_beat = store_now();
}

/* When it is time for a sign of life; not before what failed is tried again. */
static int64_t store_beat(const struct store *store)
{
	return store->next_beat > store->next_flush ? store->next_beat : store->next_flush;
}

static bool store_pending(const struct store *store)
{
	return pending_any(store->pending) || store->lost != store->lost_told;
}

static int store_visit_token(void *context, const struct fact *fact, struct pending_name *name)
{
	return writer_put_token(context, fact, name);
}

static int store_visit(void *context, const struct fact *fact, struct pending_name *name)
{
	return writer_put(context, fact, name);
}

/* What was lost before is told by the file as well. */
static int store_tell_lost(struct store *store)
{
	int64_t lost = (int64_t)(store->lost - store->lost_told);
	int r;

	if (!lost)
		return 0;
	r = writer_count(store->writer, "lost", lost);
	return r == 0 ? writer_latest(store->writer, "lost_until", store_wallclock()) : r;
}

/* All that waits: who comes after us must not find a part of it. */
static int store_write_all(struct store *store)
{
	int r = statement_exec(store->db, "BEGIN IMMEDIATE");

	if (r < 0)
		return r;
	writer_begin(store->writer);
	/* in the order of their index, so that of many each of its pages is looked for once */
	r = pending_walk_tokens(store->pending, store_visit_token, store->writer);
	if (r == 0)
		r = pending_walk(store->pending, store_visit, store->writer);
	if (r == 0)
		r = writer_end(store->writer);
	writer_begin(store->writer);
	if (r == 0)
		r = store_tell_lost(store);
	if (r == 0 && store->mark)
		r = mark_write(store->db, store->mark_id, store->mark);
	if (r == 0 && store->session)
		r = session_write(store->db, store->session, store->writer, store->ending);
	if (r == 0)
		r = statement_exec(store->db, "COMMIT");
	if (r < 0)
		statement_exec(store->db, "ROLLBACK");
	if (store->session)
		session_written(store->session, r == 0);
	return r;
}

/* In a storm its pages would be written and read again more than once; memory is for as long as that only. */
static int store_transaction(struct store *store)
{
	bool large = pending_large(store->pending);
	int r = large ? statement_exec(store->db, "PRAGMA cache_size = -4096") : 0;

	if (r == 0)
		r = store_write_all(store);
	if (large)
		statement_exec(store->db, "PRAGMA cache_size = -512");
	return r;
}

/* Was the file removed or replaced under us? What we wrote would be seen by nobody. */
static bool store_is_gone(const struct store *store)
{
	struct stat st;

	return stat(store->path, &st) < 0 || st.st_ino != store->inode || st.st_dev != store->device;
}

static int store_try(struct store *store)
{
	int r = 0;

	if (store->db && store_is_gone(store))
		store_disconnect(store);
	if (!store->db)
		r = store_connect(store);
	return r == 0 ? store_transaction(store) : r;
}

/* Moves a damaged file aside and begins a new one. */
static int store_renew(struct store *store, char **ret_moved)
{
	int r;

	store_disconnect(store);
	r = database_set_aside(store->path, ret_moved);
	return r == 0 ? store_connect(store) : r;
}

static int store_write(struct store *store, char **ret_moved)
{
	int r = 0;

	if (!store_pending(store) && !store->ending && !(store->session && store_now() >= store->next_beat))
		return 0;
	r = store_try(store);
	if (r == -EUCLEAN) {
		r = store_renew(store, ret_moved);
		if (r == 0)
			r = store_try(store);
	}
	store->failed = r < 0;
	store->next_flush = store_now() + (r < 0 ? STORE_RETRY_MS : STORE_INTERVAL_MS);
	if (r < 0)
		return r;
	pending_clear(store->pending);
	store->next_beat = store_now() + STORE_BEAT_MS;
	store->lost_told = store->lost;
	if (store_pending(store))
		store->next_flush = store_now();
	return 0;
}

bool store_crowded(const struct store *store)
{
	return pending_crowded(store->pending) && (!store->failed || store_now() >= store->next_flush);
}

int store_flush(struct store *store, char **ret_moved)
{
	return store_write(store, ret_moved);
}

static int store_prune_sessions(struct store *store, int64_t before)
{
	int r = statement_exec(store->db, "BEGIN IMMEDIATE");

	if (r < 0)
		return r;
	r = session_prune(store->db, store->writer, before);
	if (r == 0)
		r = statement_exec(store->db, "COMMIT");
	if (r < 0)
		statement_exec(store->db, "ROLLBACK");
	return r;
}

void store_limit(struct store *store, const struct store_limits *limits)
{
	store->limits = *limits;
	store->next_prune = store_now();
}

/* A slice of what is too old, by a clock that can be trusted. As prune_age(). */
static int store_prune_age(struct store *store)
{
	int64_t time;
	int r = clock_reckon(store->db, store_wallclock(), &time);

	if (r < 0)
		return r;
	time -= (int64_t)store->limits.days * STORE_DAY_US;
	r = prune_age(store->db, store->writer, time);
	return r == 0 ? store_prune_sessions(store, time) : r;
}

/* A slice of what is too old, then of what is too much; due again soon if more is left. */
static int store_prune(struct store *store)
{
	int64_t now = store_now();
	bool old = now >= store->next_prune;
	int r = 0, more = 0;

	/* what can't be done, or could not be opened anew, is not due all the time */
	store->next_prune = old ? now + STORE_RETRY_MS : store->next_prune;
	if (!store->db)
		r = store_connect(store);
	if (r < 0)
		return r;
	/* what is written comes in slices; the size is looked at behind the last one, or once a second */
	if (!old && now < store->next_size && store_pending(store))
		return 0;
	store->next_size = now + STORE_INTERVAL_MS;
	if (old)
		more = store_prune_age(store);
	/* what is damaged is not looked at twice */
	if (more >= 0)
		do
			r = prune_size(store->db, store->writer, (int64_t)store->limits.bytes);
		while (r > 0 && store_now() - now < STORE_PRUNE_SLICE_MS);
	if (more < 0 || r < 0)
		return more < 0 ? more : r;
	if (more || r)
		store->next_prune = now + STORE_INTERVAL_MS;
	else if (old)
		store->next_prune = now + STORE_PRUNE_MS;
	return 0;
}

int store_due(const struct store *store)
{
	int64_t now = store_now(), due = store->next_prune;

	if (store_pending(store) && store->next_flush < due)
		due = store->next_flush;
	if (store->session && store_beat(store) < due)
		due = store_beat(store);
	return due <= now ? 0 : (int)(due - now);
}

int store_work(struct store *store, char **ret_moved)
{
	int r = 0;

	if (store_due(store) > 0)
		return 0;
	if (store_now() >= store->next_flush)
		r = store_write(store, ret_moved);
	if (r < 0)
		return r;
	r = store_prune(store);
	return r == -EUCLEAN ? store_renew(store, ret_moved) : r;
}

void store_mark(struct store *store, uint64_t id, uint64_t number)
{
	store->mark_id = id;
	store->mark = number;
}

uint64_t store_marked(const struct store *store, uint64_t id)
{
	return store->db ? mark_read(store->db, id) : 0;
}

uint64_t store_lost(const struct store *store)
{
	return store->lost;
}

uint64_t store_waiting(const struct store *store)
{
	return pending_writes(store->pending);
}
