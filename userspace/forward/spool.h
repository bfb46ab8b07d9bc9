/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What waits for receivers, on disk: an SQLite file that outlives kills and power cuts. Each receiver has a place of its own in it;
 * what all have settled is removed. All functions may be called by any thread.
 */
#pragma once

#include "forward/event.h"

#include <stdbool.h>

#define SPOOL_BYTES (64UL << 20)
#define SPOOL_BYTES_MIN (64UL << 10)
#define SPOOL_BYTES_MAX (1UL << 40)
/* What an event costs beside its line. */
#define SPOOL_EVENT_BYTES 128

/* One receiver's numbers, since the spool was made: received = delivered + rejected + lost + waiting, of what came since it is there. */
struct spool_count {
	int64_t delivered, rejected, waiting;
	int64_t lost; /* it made room for newer ones, or can't be read any more */
};

struct spool_status {
	int64_t received; /* events that were kept */
	int64_t repeated; /* came twice, by their id, while the first was there */
	int64_t malformed; /* lines that no daemon has said */
	int64_t gaps; /* numbers of event.sequence that did not come, of each daemon from 1 on but of the first */
	int64_t events, bytes; /* which are there */
};

struct spool_line {
	char id[EVENT_ID_BYTES];
	const char *text; /* borrowed */
	size_t len;
	int64_t sequence; /* 0: it has none */
};

struct spool;

/*
 * spool_open() - made with mode 0600 if it is not there.
 * @names: of the receivers; a new one begins with what comes from now on, one that is no longer named goes
 * Returns 0, *ret_spool (spool_close()) and how many events went with receivers; or a negative errno: -EBUSY: another process has it;
 * -EUCLEAN: it is damaged; -EMEDIUMTYPE: it is no spool of this version; -EUSERS: others may write to it; -ELOOP: it is a link.
 */
int spool_open(const char *path, size_t bytes, const char *const *names, size_t count,
	       struct spool **ret_spool, int64_t *ret_abandoned);
void spool_close(struct spool *spool);

/* spool_error() - what a negative errno of it means; static. */
const char *spool_error(int error);

/*
 * spool_add() - all of them, on disk when it returns, or none. Too much for the bound: the oldest go, and are counted as lost to each
 * receiver that has not settled them. Returns 0 or a negative errno.
 */
int spool_add(struct spool *spool, const struct spool_line *lines, size_t count, int64_t malformed);

/*
 * spool_read() - what the receiver has not settled, the oldest first, at most `count` and about `bytes`; waits until there is
 * something. Returns 0, *ret_events (event_free()) and how many, 0 if it was stopped; or a negative errno.
 */
int spool_read(struct spool *spool, const char *name, size_t count, size_t bytes, struct event **ret_events,
	       size_t *ret_count);

/*
 * spool_settle() - the first ones up to the first that is still VERDICT_RETRY, which were read for this receiver.
 * Returns how many, or a negative errno: nothing was settled.
 */
int spool_settle(struct spool *spool, const char *name, const struct event *events, size_t count);

/* spool_stop() - who waits in spool_read() or spool_pause() comes back, now and later. */
void spool_stop(struct spool *spool);
bool spool_stopped(struct spool *spool);

/* spool_damaged() - SQLite has said so since it was opened: it will not get well (spool_set_aside()). */
bool spool_damaged(struct spool *spool);

/*
 * spool_set_aside() - a damaged one that nobody has open: to PATH.damaged, in the place of the one that was set aside before.
 * Returns 0; -EMEDIUMTYPE: the file may be another program's, and stays; or another negative errno.
 */
int spool_set_aside(const char *path);

/* spool_pause() - waits that long; comes back at once if it is stopped. */
void spool_pause(struct spool *spool, int64_t ms);

int spool_status(struct spool *spool, struct spool_status *ret_status);
int spool_count(struct spool *spool, const char *name, struct spool_count *ret_count);
