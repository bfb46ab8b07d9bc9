/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A process of its own that opens and reads other people's files, and can be given up: a file system that doesn't answer keeps only
 * it waiting. One request at a time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bounds.h"
#include "detect/sample_view.h"
#include "files/journal_entry.h"
#include "files/mapped.h"
#include "files/nursery.h"
#include "files/scan.h"

/* ms that a request may go on without anything being heard of it. */
#define FETCHER_PATIENCE_MS 5000
/* The same for a user or group that has kept one waiting before that still does; of whom there are so many, nothing is read. Root is
 * many. */
#define FETCHER_PATIENCE_LESS_MS 1000
#define FETCHER_LEFT_GROUP 4
#define FETCHER_LEFT_USER 8
/* ms of one look into a file; then the next request has its turn. */
#define FETCHER_TURN_MS 5
/* Processes, the one that reads and those that were given up and have not ended. */
#define FETCHER_LANES NURSERY_LANES
/* Files that are kept open from one request to the next. */
#define FETCHER_KEPT (LIMIT_MAPPED + LIMIT_DEFERRED)

struct fetcher;

/* What is to be done with a file. */
struct fetcher_request {
	const struct sample_view *view; /* which file */
	uint64_t id; /* names a file that is kept open; 0: it is not */
	uint64_t from, end; /* what of it is to be looked at: from == end: it is only opened */
	uint64_t
		journal; /* nothing is looked at, but whose entry of the journal has the byte at this place; 0: it is asked for nothing */
	bool close; /* nothing is looked at: the file with that id is not needed any more; then there is no view */
	/* whose file it is */
	uint64_t group;
	uint32_t uid;
	uint64_t
		gone; /* who has mapped it had ended by then (ns, CLOCK_BOOTTIME): who has inherited that? 0: it lives */
	uint64_t oldest; /* of gone: when the oldest began of all that have ended */
	struct mapped_rival rivals[MAPPED_RIVALS]; /* who has mapped it as well */
	size_t rival_count;
	struct mapped_rival heirs[MAPPED_RIVALS]; /* who has inherited it as well */
	size_t heir_count;
};

/* What has become of it. */
struct fetcher_done {
	int error; /* 0, or a negative errno: -ETIME: no answer */
	uint64_t next; /* where to go on; the end of the range: all was looked at */
	uint64_t end; /* of the range, or of the file */
	uint64_t read; /* bytes */
	uint64_t cpu; /* ns that it took, but for what has a share of its own (files/heirs.h) */
	struct journal_entry journal; /* of request.journal */
	/* of request.gone */
	struct mapped_heirs heirs;
	uint64_t unseen; /* processes that could not be looked at for that */
};

/*
 * fetcher_open() - starts the process that starts the others, so that these have nothing of what the daemon opens and learns
 * later: it must come first. @procfs, @root: as in file_roots_open(); borrowed.
 * @suspects: enum suspect, added up: looked for in what calls have written, besides what the kernel side knows
 * Returns 0 and *ret_fetcher (fetcher_close()), or a negative errno.
 */
int fetcher_open(const char *procfs, const char *root, uint32_t suspects, struct fetcher **ret_fetcher);

/* fetcher_close() - ends all of them, and waits for nobody who can't. */
void fetcher_close(struct fetcher *fetcher);

/* fetcher_fd() - polls readable when something was heard. */
int fetcher_fd(const struct fetcher *fetcher);

/*
 * fetcher_ask() - begins a request. Never waits.
 * @now: ms, CLOCK_MONOTONIC
 * Returns 0; -EBUSY if one is under way (fetcher_busy()); -ETIME if too many wait for files of this user or group, -ENOSPC if too many are waiting, or another negative errno.
 */
int fetcher_ask(struct fetcher *fetcher, const struct fetcher_request *request, int64_t now);

/* fetcher_busy() - is a request under way? */
bool fetcher_busy(const struct fetcher *fetcher);

/* fetcher_until() - when its time will be over; ms, CLOCK_MONOTONIC. */
int64_t fetcher_until(const struct fetcher *fetcher);

/* fetcher_patience() - from now on, how long may nothing be heard of a request? ms */
void fetcher_patience(struct fetcher *fetcher, int ms);

/*
 * fetcher_hear() - takes what was heard, for FETCHER_TURN_MS at most: calls back for each token, as file_scan() does.
 * Returns 1 and *ret_done when the request is done, or was given up; else 0.
 */
int fetcher_hear(struct fetcher *fetcher, int64_t now, file_scan_token token, void *context,
		 struct fetcher_done *ret_done);

/* fetcher_journal() - of the token that is called back for: the journal's entry that it is in; NULL: in none, or not told. */
const struct journal_entry *fetcher_journal(const struct fetcher *fetcher);

/* fetcher_heir() - of the token that is called back for: which heir has stored it (request.gone); NULL: none, as far as is known. */
const struct mapped_heir *fetcher_heir(const struct fetcher *fetcher);

/* fetcher_unasked() - of the token that is called back for: there was no time to ask who of several has stored it. */
bool fetcher_unasked(const struct fetcher *fetcher);

/* fetcher_stop() - gives up the request that is under way, if one is. Returns whether one was. */
bool fetcher_stop(struct fetcher *fetcher);

/* fetcher_left() - how many were given up and have not ended. */
size_t fetcher_left(const struct fetcher *fetcher);
