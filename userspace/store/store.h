/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The local store: every distinct (token, file, program, container) that alerts told of, with its first
 * and last time, its count, and what its last alert said. Written by a daemon and by commands, read by
 * `audit` at the same time. It holds no secret portion, nor a hash of one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "alert/alert.h"
#include "alert/loss.h"
#include "store/fact.h"
#include "store/brief.h"

#define STORE_PATH "/var/lib/spillwatch/audit.db"
#define STORE_DAYS 90
#define STORE_BYTES (256L << 20)
/* room for the empty tables and what comes within a few minutes */
#define STORE_BYTES_MIN (1L << 20)

struct store_limits {
	unsigned long days; /* older facts are removed, by the time they were last seen; at least 1 */
	unsigned long bytes; /* of the file; the write-ahead log beside it takes some 4 MiB more */
};

struct store;

/*
 * store_open() - opens or makes the store; a damaged one is moved aside and a new one begun.
 * @ret_moved: where a damaged one lies now (malloc'ed), NULL if there was none
 * Returns 0 and *ret_store (end it with store_close()), or a negative errno; store_error() has words for it.
 */
int store_open(const char *path, const struct store_limits *limits, char **ret_moved,
	       struct store **ret_store);

/* store_limit() - other limits, from the next look at what is too old or too much on; that is due at once. */
void store_limit(struct store *store, const struct store_limits *limits);

/* store_close() - writes what waits, as far as it can, and frees; NULL is fine. */
void store_close(struct store *store);

/* What a monitor watches. Every string is printable and masked. */
struct store_watched {
	const char *scope; /* "host", "cgroup" or "command" */
	const char *name; /* which cgroup or command; NULL: the host */
	const char *node; /* this host; NULL: not told */
	const char *files; /* kinds of destinations, by commas */
	const char
		*missing; /* what is not watched, since this kernel has nothing to attach to; NULL: nothing */
	int64_t before_us; /* it began so long ago: who watched before has left its programs */
};

/*
 * store_session() - from now on somebody watches, until store_close(); if that never comes, until the last sign of life, of which there is
 * one every 10 seconds. Returns 0 or -ENOMEM.
 */
int store_session(struct store *store, const struct store_watched *watched);

/* store_loss() - takes note of what was lost in that session; it is in the file with the next store_work(). */
void store_loss(struct store *store, const struct loss *loss);

/*
 * store_mark() - what was put so far is all up to the alert of that number; it is in the file with what waits.
 * store_marked() - what the file says of that: the last number, 0: nothing.
 * @id: of the monitor, and of those that continue it
 */
void store_mark(struct store *store, uint64_t id, uint64_t number);
uint64_t store_marked(const struct store *store, uint64_t id);

/* store_error() - what a negative errno of store_open() or store_flush() means; static. */
const char *store_error(int error);

/*
 * store_put() - takes note of an alert, in memory. A repeat counts the writes that it is the first to tell of. What finds no
 * room, because the disk has none, is dropped and counted. Returns 0 or a negative errno.
 */
int store_put(struct store *store, const struct alert *alert);

/* store_take() - the same of what was made of an alert before, which is taken over. */
int store_take(struct store *store, struct brief *brief);

/*
 * store_due() - for poll(2): milliseconds until store_work() has something to do; 0: now. At once after a
 * quiet second, then once a second; in a session every 10 seconds for the sign of life, without one once a day for the bound in age alone.
 */
int store_due(const struct store *store);

/*
 * store_work() - writes what waits, removes a slice of what is too old or too much; what is left of that is due at
 * once. Cheap if nothing is due.
 * @ret_moved: as of store_open(): the file was found to be damaged; untouched otherwise
 * Returns 0; or a negative errno: what waits goes on waiting, and is tried again some seconds later.
 */
int store_work(struct store *store, char **ret_moved);

/* store_crowded() - should it be flushed now, since much waits, and is there hope that it can be? */
bool store_crowded(const struct store *store);

/* store_flush() - writes what waits, due or not. Returns as store_work(). */
int store_flush(struct store *store, char **ret_moved);

/* store_lost() - how many writes were dropped and are in no store; those that wait are not among them. */
uint64_t store_lost(const struct store *store);

/* store_waiting() - how many writes wait to be stored. */
uint64_t store_waiting(const struct store *store);
