// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * pipeline → recorder → store. The store has a thread of its own, and all that is for it waits in a queue
 * with a bound.
 *
 * Invariant: whatever the store does, alerts go on; a change of its state is said once, what it could not
 * take is counted. From recorder_begin() on the store is the thread's alone.
 *
 * Limit: a thread inside a call that does not return can't be joined. It is left behind with what is its own.
 */
#include "engine/recorder.h"

#include "detect/mask.h"
#include "lib/answers.h"
#include "lib/cleanup.h"
#include "lib/exit_code.h"
#include "lib/log.h"
#include "lib/monotonic.h"
#include "lib/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

#define RECORDER_RETRY_SECONDS 60

/*
 * Bytes of what alerts leave for the thread, some 200,000: it is slower than a storm. What comes then is
 * not stored.
 */
#define RECORDER_QUEUE_BYTES (32UL << 20)

/* Of which no more wait before the thread is woken: that costs more than an alert does. */
#define RECORDER_WAKE_BYTES 65536

/* ms that one which was just killed is waited for. */
#define RECORDER_HELD_MS 1000

/* ms that the thread has in the end, for what came since recorder_end(). */
#define RECORDER_CLOSE_MS 200

/* Of what is watched. */
#define RECORDER_TEXTS 5

/* What the loop has for the thread: one of both. */
struct recorder_item {
	struct recorder_item *next;
	struct brief *brief; /* if there is no loss */
	struct loss *loss;
	uint64_t number; /* of the alert */
	size_t size;
};

struct recorder {
	/* the thread's */
	const char *path; /* borrowed */
	struct store_limits limits;
	struct store *store; /* NULL: can't be opened; tried again at `retry` */
	time_t retry; /* CLOCK_BOOTTIME */
	struct store_watched watched; /* without a scope: nothing yet */
	uint64_t missed; /* writes while there was no store */
	bool failing; /* and it was said */
	uint64_t *mark; /* number of the last alert that is in the file, or lost; NULL: nobody asks */
	uint64_t mark_id; /* whose, in the file */
	uint64_t put; /* number of the last one that the store has taken */
	struct brief_bases *bases; /* the loop's */
	/* everybody's, below the lock */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work, answer;
	struct recorder_item *first, **last;
	size_t bytes; /* of what waits */
	uint64_t waiting, taken; /* writes: that wait, that the thread is at */
	uint64_t held; /* writes: that the store has, and are not in its file yet */
	uint64_t dropped; /* writes: that it has dropped, or that came while there was none */
	uint64_t lost; /* writes that found no room in the queue */
	struct store_watched coming; /* what is watched … */
	int64_t since; /* … from then on; us, CLOCK_BOOTTIME */
	char *texts[RECORDER_TEXTS]; /* of that */
	bool begin; /* that is news */
	struct store_limits limit; /* of the store … */
	bool limited; /* … from now on */
	bool flush, end; /* asked for */
	bool busy; /* the thread is not at the lock */
	bool given_up; /* nobody waits for it any more */
	bool done; /* the store is closed */
	bool left; /* the thread frees it all */
	bool started; /* there is a thread */
};

struct recorder_state recorder_state(struct recorder *recorder)
{
	struct recorder_state state = {0};

	if (!recorder)
		return state;
	pthread_mutex_lock(&recorder->lock);
	state.waiting = recorder->waiting + recorder->taken + recorder->held;
	state.lost = recorder->lost + recorder->dropped;
	pthread_mutex_unlock(&recorder->lock);
	return state;
}

static int64_t recorder_micros(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static time_t recorder_now(void)
{
	return (time_t)(recorder_micros() / 1000000);
}

/* The path is the user's own, but a path can hold a token as well. */
static void recorder_say(const struct recorder *recorder, const char *what, int error)
{
	AUTO_FREE char *text = NULL;

	if (mask_text(recorder->path, strlen(recorder->path), NULL, &text) < 0)
		text = NULL;
	log_error("the store %s %s: %s", text ? text : "", what,
		  error == -ETIME ? "it does not answer" : store_error(error));
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

/* ms until the store has something to do. */
static int recorder_due(const struct recorder *recorder)
{
	time_t now = recorder_now();

	if (recorder->store)
		return store_due(recorder->store);
	return recorder->retry > now ? (int)(recorder->retry - now) * 1000 : 0;
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

static void recorder_take_fact(struct recorder *recorder, struct brief *brief, uint64_t number)
{
	if (!recorder_again(recorder)) {
		recorder->missed += brief->count;
		brief_free(brief);
		return;
	}
	store_take(recorder->store, brief); /* what it can't take, it counts */
	recorder->put = number;
	if (recorder->mark_id)
		store_mark(recorder->store, recorder->mark_id, number);
	/* in a storm there is something to take all the time */
	if (store_crowded(recorder->store))
		recorder_flush(recorder);
}

static void recorder_free_item(struct recorder_item *item)
{
	brief_free(item->brief);
	free(item->loss);
	free(item);
}

static void recorder_take(struct recorder *recorder, struct recorder_item *items)
{
	while (items) {
		struct recorder_item *item = items;

		items = item->next;
		if (!item->loss)
			recorder_take_fact(recorder, TAKE(item->brief), item->number);
		else if (recorder->store)
			store_loss(recorder->store, item->loss);
		recorder_free_item(item);
	}
}

/* What is due; all of it if that was asked for. */
static void recorder_work(struct recorder *recorder, bool flush)
{
	char *moved = NULL;
	int r;

	if (!recorder_again(recorder))
		return;
	if (flush) {
		recorder_flush(recorder);
	} else if (store_due(recorder->store) == 0) {
		r = store_work(recorder->store, &moved);
		recorder_result(recorder, r, moved);
	}
	/* all that was taken is in the file, or counted as lost */
	if (recorder->mark && !recorder->failing && store_waiting(recorder->store) == 0 &&
	    recorder->put > *recorder->mark)
		__atomic_store_n(recorder->mark, recorder->put, __ATOMIC_RELEASE);
}

static void recorder_begin_session(struct recorder *recorder, const struct store_watched *watched)
{
	recorder->watched = *watched;
	if (recorder->store)
		store_session(recorder->store, watched);
	/* one that begins later, in another file, begins then */
	recorder->watched.before_us = 0;
}

/* Locked, but for the work itself: takes all there is. */
static void recorder_turn(struct recorder *recorder)
{
	struct recorder_item *items = recorder->first;
	struct store_watched watched = recorder->coming;
	bool begin = recorder->begin, flush = recorder->flush, limited = recorder->limited;
	struct store_limits limit = recorder->limit;

	/* what was lost before the thread came here was lost while it was watched */
	watched.before_us += recorder_micros() - recorder->since;
	recorder->first = NULL;
	recorder->last = &recorder->first;
	recorder->bytes = 0;
	recorder->taken = recorder->waiting;
	recorder->waiting = 0;
	recorder->begin = recorder->limited = false;
	recorder->busy = true;
	pthread_mutex_unlock(&recorder->lock);
	if (limited)
		recorder->limits = limit;
	if (limited && recorder->store)
		store_limit(recorder->store, &limit);
	if (begin)
		recorder_begin_session(recorder, &watched);
	recorder_take(recorder, items);
	recorder_work(recorder, flush);
	pthread_mutex_lock(&recorder->lock);
	recorder->taken = 0;
	recorder->held = recorder->store ? store_waiting(recorder->store) : 0;
	recorder->dropped = recorder->missed + (recorder->store ? store_lost(recorder->store) : 0);
	recorder->flush &= !flush;
	recorder->busy = false;
	pthread_cond_signal(&recorder->answer);
}

/* Of CLOCK_MONOTONIC. */
static struct timespec recorder_in(int ms)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	time.tv_sec += ms / 1000;
	time.tv_nsec += ms % 1000 * 1000000L;
	if (time.tv_nsec >= 1000000000L) {
		time.tv_nsec -= 1000000000L;
		time.tv_sec++;
	}
	return time;
}

static void recorder_free(struct recorder *recorder)
{
	while (recorder->first) {
		struct recorder_item *item = recorder->first;

		recorder->first = item->next;
		recorder_free_item(item);
	}
	pthread_cond_destroy(&recorder->work);
	pthread_cond_destroy(&recorder->answer);
	pthread_mutex_destroy(&recorder->lock);
	brief_bases_close(recorder->bases);
	for (size_t i = 0; i < RECORDER_TEXTS; i++)
		free(recorder->texts[i]);
	free(recorder);
}

static void *recorder_thread(void *context)
{
	struct recorder *recorder = context;
	bool left;

	pthread_mutex_lock(&recorder->lock);
	for (;;) {
		struct timespec due = recorder_in(recorder_due(recorder));
		int r = 0;

		while (r == 0 && !recorder->first && !recorder->begin && !recorder->limited &&
		       !recorder->flush && !recorder->end)
			r = pthread_cond_timedwait(&recorder->work, &recorder->lock, &due);
		if (recorder->end && !recorder->first)
			break;
		recorder_turn(recorder);
	}
	recorder->busy = true;
	pthread_mutex_unlock(&recorder->lock);
	store_close(TAKE(recorder->store));
	pthread_mutex_lock(&recorder->lock);
	recorder->done = true;
	pthread_cond_signal(&recorder->answer);
	left = recorder->left;
	pthread_mutex_unlock(&recorder->lock);
	/* nobody else knows it any more */
	if (left)
		recorder_free(recorder);
	return NULL;
}

static void recorder_prepare(struct recorder *recorder)
{
	pthread_condattr_t monotonic;

	recorder->last = &recorder->first;
	pthread_mutex_init(&recorder->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&recorder->work, &monotonic);
	pthread_cond_init(&recorder->answer, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

void recorder_limit(struct recorder *recorder, const struct store_limits *limits)
{
	if (!recorder)
		return;
	pthread_mutex_lock(&recorder->lock);
	recorder->limit = *limits;
	recorder->limited = true;
	pthread_cond_signal(&recorder->work);
	pthread_mutex_unlock(&recorder->lock);
}

int recorder_begin(struct recorder *recorder)
{
	int r;

	if (!recorder)
		return 0;
	r = thread_start(&recorder->thread, recorder_thread, recorder);
	recorder->started = r == 0;
	return r;
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
	if (!recorder || brief_bases_open(&recorder->bases) < 0) {
		free(recorder);
		log_error("out of memory");
		return EXIT_CODE_RUNTIME;
	}
	recorder->path = path;
	recorder->limits = *limits;
	/* what hangs is for the thread to wait for */
	r = answers_path(path) == -ETIME ? -ETIME : recorder_try(recorder);
	needed = r != -ETIME && (needed || recorder_is_refused(path, r));
	if (r == -ETIME) {
		recorder_say(recorder, "can't be opened yet, alerts go on", r);
		recorder->failing = true;
	} else if (r < 0) {
		recorder_say(
			recorder,
			needed ? "can't be used"
			       : "can't be used, ALERTS ARE NOT STORED (give --store FILE or --no-store)",
			r);
		recorder->failing = true;
		recorder->retry = recorder_now() + RECORDER_RETRY_SECONDS;
	}
	if (r < 0 && needed) {
		brief_bases_close(recorder->bases);
		free(recorder);
		return EXIT_CODE_CONFIG;
	}
	recorder_prepare(recorder);
	*ret_recorder = recorder;
	return 0;
}

/* Locked: waits for an answer, until a time. Returns whether there was one in time. */
static bool recorder_waits(struct recorder *recorder, const struct timespec *until)
{
	return pthread_cond_timedwait(&recorder->answer, &recorder->lock, until) == 0;
}

void recorder_close(struct recorder *recorder)
{
	struct timespec until = recorder_in(RECORDER_CLOSE_MS);
	bool left;

	if (!recorder)
		return;
	if (!recorder->started) {
		store_close(TAKE(recorder->store));
		recorder_free(recorder);
		return;
	}
	pthread_mutex_lock(&recorder->lock);
	recorder->end = true;
	pthread_cond_signal(&recorder->work);
	while (!recorder->done && !recorder->given_up && recorder_waits(recorder, &until))
		;
	left = recorder->left = !recorder->done;
	if (left)
		pthread_detach(recorder->thread);
	pthread_mutex_unlock(&recorder->lock);
	/* from here on one that was left is not ours */
	if (left)
		return;
	pthread_join(recorder->thread, NULL);
	recorder_free(recorder);
}

int recorder_alone(const struct recorder *recorder)
{
	const struct timespec pause = {.tv_nsec = 20000000L};
	int64_t until = monotonic_ms() + RECORDER_HELD_MS;
	AUTO_FREE char *text = NULL;
	int fd, r;

	if (!recorder || !recorder->store)
		return 0;
	/* never closed: that would take SQLite's own locks from the file (fcntl(2)) */
	fd = open(recorder->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return 0;
	while ((r = flock(fd, LOCK_EX | LOCK_NB)) < 0 && errno == EWOULDBLOCK && monotonic_ms() < until)
		nanosleep(&pause, NULL);
	if (r == 0 || errno != EWOULDBLOCK)
		return 0;
	if (mask_text(recorder->path, strlen(recorder->path), NULL, &text) < 0)
		text = NULL;
	log_error("another daemon writes to the store %s; give this one a --store of its own, or --no-store",
		  text ? text : "");
	return EXIT_CODE_CONFIG;
}

void recorder_mark(struct recorder *recorder, uint64_t *mark, uint64_t id)
{
	uint64_t marked;

	if (!recorder || !mark)
		return;
	recorder->mark = mark;
	recorder->mark_id = id;
	marked = recorder->store && id ? store_marked(recorder->store, id) : 0;
	/* killed between the file and the mark */
	if (marked > *mark)
		*mark = marked;
}

const char *recorder_path(const struct recorder *recorder)
{
	return recorder ? recorder->path : NULL;
}

void recorder_watch(struct recorder *recorder, const struct store_watched *watched)
{
	const char *const texts[RECORDER_TEXTS] = {watched->scope, watched->name, watched->files,
						   watched->missing, watched->node};

	if (!recorder)
		return;
	pthread_mutex_lock(&recorder->lock);
	for (size_t i = 0; i < RECORDER_TEXTS; i++)
		recorder->texts[i] = texts[i] ? strdup(texts[i]) : NULL;
	recorder->coming = (struct store_watched){
		.scope = recorder->texts[0],
		.name = recorder->texts[1],
		.files = recorder->texts[2],
		.missing = recorder->texts[3],
		.node = recorder->texts[4],
		.before_us = watched->before_us,
	};
	recorder->since = recorder_micros();
	recorder->begin = recorder->coming.scope && recorder->coming.files;
	pthread_cond_signal(&recorder->work);
	pthread_mutex_unlock(&recorder->lock);
}

/* Takes the item, which may be NULL. @news: writes that it tells of */
static void recorder_queue(struct recorder *recorder, struct recorder_item *item, uint64_t news)
{
	bool taken;

	pthread_mutex_lock(&recorder->lock);
	taken = item && !recorder->given_up && recorder->bytes + item->size <= RECORDER_QUEUE_BYTES;
	if (taken) {
		*recorder->last = item;
		recorder->last = &item->next;
		recorder->bytes += item->size;
		recorder->waiting += news;
		if (recorder->bytes > RECORDER_WAKE_BYTES)
			pthread_cond_signal(&recorder->work);
	} else {
		recorder->lost += news;
	}
	pthread_mutex_unlock(&recorder->lock);
	if (item && !taken)
		recorder_free_item(item);
}

void recorder_loss(struct recorder *recorder, const struct loss *loss)
{
	struct recorder_item *item;

	if (!recorder)
		return;
	item = calloc(1, sizeof(*item));
	if (item) {
		item->loss = loss_copy(loss);
		item->size = sizeof(*item);
	}
	if (item && !item->loss)
		free(TAKE(item));
	recorder_queue(recorder, item, 0);
}

void recorder_put(struct recorder *recorder, const struct alert *alert)
{
	struct recorder_item *item;

	if (!recorder)
		return;
	item = calloc(1, sizeof(*item));
	if (item && brief_make(recorder->bases, alert, &item->brief) < 0)
		free(TAKE(item));
	if (item) {
		item->number = alert->number;
		item->size = sizeof(*item) + item->brief->size;
	}
	recorder_queue(recorder, item, alert->news);
}

void recorder_wake(struct recorder *recorder)
{
	if (!recorder)
		return;
	pthread_mutex_lock(&recorder->lock);
	if (recorder->first)
		pthread_cond_signal(&recorder->work);
	pthread_mutex_unlock(&recorder->lock);
}

void recorder_finish(struct recorder *recorder)
{
	if (!recorder)
		return;
	pthread_mutex_lock(&recorder->lock);
	recorder->flush = true;
	pthread_cond_signal(&recorder->work);
	pthread_mutex_unlock(&recorder->lock);
}

uint64_t recorder_end(struct recorder *recorder, int ms)
{
	struct timespec until = recorder_in(ms);
	uint64_t unstored;
	bool idle;

	if (!recorder)
		return 0;
	pthread_mutex_lock(&recorder->lock);
	do
		idle = !recorder->first && !recorder->busy && !recorder->flush;
	while (!idle && recorder->started && recorder_waits(recorder, &until));
	recorder->given_up = !idle;
	unstored = recorder->lost + recorder->dropped + recorder->held + recorder->waiting + recorder->taken;
	pthread_mutex_unlock(&recorder->lock);
	return unstored;
}
