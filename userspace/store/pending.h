/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Facts that wait to be written: one of each key and hour, within LIMIT_STORE_PENDING bytes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/brief.h"

struct pending;

/* What the writer knows of an entry's token, in the transaction that is under way. */
struct pending_name {
	int64_t id;
	bool new; /* it was not there before, and is counted as used by this entry */
};

/* pending_open() - Returns 0 and *ret_pending (pending_close()), or -ENOMEM. */
int pending_open(struct pending **ret_pending);
void pending_close(struct pending *pending);

/*
 * pending_add() - takes the fact over and merges it with what waits already of the same key
 * and hour: the later one's details, both counts. Returns 0; -ENOSPC: no room, -ENOMEM: no memory; the fact
 * is then freed, with what it was merged with.
 */
int pending_add(struct pending *pending, struct brief *brief);

/* @fact: while it is called; its texts until pending_clear(). A negative result ends the walk. */
typedef int (*pending_fact)(void *context, const struct fact *fact, struct pending_name *name);

/* pending_walk_tokens() - all of them, by their tokens. Returns 0, or what `visit` returned, or -ENOMEM. */
int pending_walk_tokens(const struct pending *pending, pending_fact visit, void *context);

/* pending_walk() - all of them, in the order in which they came or were last merged with. Returns 0, or what `visit` returned. */
int pending_walk(const struct pending *pending, pending_fact visit, void *context);

/* pending_clear() - forgets them. */
void pending_clear(struct pending *pending);

bool pending_any(const struct pending *pending);

/* pending_crowded() - is half of what may wait there already? */
bool pending_crowded(const struct pending *pending);

/* pending_large() - do they touch more of a file than a small cache holds? */
bool pending_large(const struct pending *pending);

/* pending_writes() - how many writes those that wait stand for. */
uint64_t pending_writes(const struct pending *pending);
