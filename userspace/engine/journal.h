/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * pipeline → journal → the next daemon: alerts that were made, until each output and the store have them. It lies in memory that
 * outlives the daemon (capture/pin.h), so what was on its way when one is killed is delivered by its successor. An alert holds
 * no secret, nor does the journal.
 *
 * How far an output or the store has come is a mark, the number of the last alert that it has. Numbers have no gaps (alert.number).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alert/alert.h"

/* The memory: some 700 alerts. */
#define JOURNAL_BYTES (1UL << 20)

/* Outputs and the store. */
#define JOURNAL_MARKS 24

struct journal;

/*
 * journal_open() - @memory: JOURNAL_BYTES, zeroed or another daemon's; NULL: there is none, and nothing is kept.
 * Returns 0 and *ret_journal (journal_close()), or -ENOMEM.
 */
int journal_open(void *memory, struct journal **ret_journal);

/* journal_close() - NULL is fine. The memory stays. */
void journal_close(struct journal *journal);

/*
 * journal_mark() - of an output or the store, by name; written by whoever delivers, at any time.
 * @said: the last number that was given; somebody new has all up to there
 * As long as the memory is there; NULL: there is none.
 */
uint64_t *journal_mark(struct journal *journal, const char *name, uint64_t said);

/*
 * journal_mark_new() - likewise, for an output that comes while alerts do: it has all up to `said`, whatever one of that name had before.
 * journal_unmark() - one that is there no more, and not written any more.
 */
uint64_t *journal_mark_new(struct journal *journal, const char *name, uint64_t said);
void journal_unmark(struct journal *journal, const uint64_t *mark);

/* journal_id() - of this memory, from its first daemon on; random; 0: there is none. */
uint64_t journal_id(const struct journal *journal);

/* journal_series() - of the numbers of alerts: the memory's id, and where there is none, random for as long as this daemon is there. */
uint64_t journal_series(const struct journal *journal);

/*
 * journal_put() - keeps an alert; the oldest are overwritten.
 * @record: number of the ring's record that it was made of, 0: of none
 */
void journal_put(struct journal *journal, const struct alert *alert, uint64_t record);

/* journal_skip() - that number is no alert's: nobody is to miss it. */
void journal_skip(struct journal *journal, uint64_t number);

/* journal_handled() - a record of the ring is through. */
void journal_handled(struct journal *journal, uint64_t record);

/* journal_pending() - so much is under way that is in no alert yet. */
void journal_pending(struct journal *journal, uint64_t count);

/* What a daemon before us has left. */
struct journal_left {
	uint64_t pending; /* what it had begun, and nobody goes on with */
	uint64_t missing; /* numbers that somebody lacks and that are not kept any more */
	uint64_t delivered; /* alerts that somebody lacked */
};

/*
 * journal_replay() - calls back for each alert that was kept and is beyond the least of the marks, in their order.
 * @context: for the callback, whose alert is gone when it returns
 * @least: the least mark of those who are there now
 */
typedef void (*journal_alert)(void *context, const struct alert *alert);
struct journal_left journal_replay(struct journal *journal, uint64_t least, uint64_t said,
				   journal_alert alert, void *context);

/* journal_has() - was the record through, or alerted, when the daemon before us died? */
bool journal_has(const struct journal *journal, uint64_t record);
