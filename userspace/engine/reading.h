/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which file is read next: what the kernel side asks for at once (errands), longer ranges (deferred) and what is mapped (mapped), in
 * turn. The reading itself is another process's (files/fetcher.h), so nothing here waits for a file.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "detect/sample_view.h"
#include "detect/token.h"
#include "files/journal_entry.h"

struct reading;

/* Room for which file it was, and why: what is longer is cut. */
#define READING_WHICH 320

/* What was lost; added up. */
struct reading_loss {
	/* " (such as FILE of NAME (pid 7): it was gone)", printable; of one of the last that could not be read. "" as long as all could */
	char which[READING_WHICH];
	/* likewise, of those only that were not told of yet (reading_told()); "": none of them has a name */
	char which_news[READING_WHICH];
	int64_t which_at; /* ms, CLOCK_MONOTONIC: when that was made */
	uint64_t unread; /* files that could not be read */
	uint64_t unanswered; /* of whom nothing was heard: their file system doesn't answer */
	uint64_t tokens; /* that the kernel side had seen there; at most */
	uint64_t again; /* ranges that were asked for again before they were read */
	uint64_t past; /* bytes past LIMIT_FILE_SCAN */
	uint64_t heirs; /* processes that could not be looked at for who has inherited a mapping */
	uint64_t
		unasked; /* tokens in what several have mapped, for which there was no time to ask who of them has stored it */
};

/* reading_told() - what was lost until now was told of: what comes is none of these. */
void reading_told(struct reading_loss *loss);

/* A token in a file. Returns whether nobody had known it. */
typedef bool (*reading_token)(void *context, const struct sample_view *view, const uint8_t *window,
			      const struct token *token, const struct token_span *span, uint64_t at);

/* What waited for reading_add_journal(). @entry: NULL: it is not told */
typedef void (*reading_entry)(void *context, const struct sample_view *view,
			      const struct journal_entry *entry);

/*
 * reading_open() - starts the process that reads; it must come before anything is opened that it shall not have.
 * @suspects: as of fetcher_open()
 * Returns 0 and *ret_reading (reading_close()), or a negative errno.
 */
int reading_open(const char *procfs, const char *root, uint32_t suspects, struct reading **ret_reading);
void reading_close(struct reading *reading);

/* reading_start() - who is told of tokens and entries, and where losses are counted; borrowed. Before all that follows. */
void reading_start(struct reading *reading, reading_token token, reading_entry entry, void *context,
		   struct reading_loss *loss);

/* reading_journal() - of the token that is told of: the journal's entry that it is in; NULL: in none, or not told. */
const struct journal_entry *reading_journal(const struct reading *reading);

/* reading_fd() - polls readable when there is something to do. */
int reading_fd(const struct reading *reading);

/* reading_add() - a sample without a window: its file is to be looked at; of SAMPLE_FOUND_LATE, where the token was. */
void reading_add(struct reading *reading, const struct sample_view *view);

/*
 * reading_add_journal() - of a sample with a window in a journal: whose entry has the byte at `at`? The answer comes in any case, also that it can't be
 * told, if this returns 0; else -ENOSPC or -ENOMEM.
 */
int reading_add_journal(struct reading *reading, const struct sample_view *view, uint64_t at);

/*
 * reading_take_journal() - a first look has told of a token: what waits for the entry of the same one, in the same place, is not told again.
 * Returns whether there was any.
 */
bool reading_take_journal(struct reading *reading, uint64_t token_key, uint64_t place);

/*
 * reading_work() - takes what was read, and asks for the next: for a bounded time, and waits for nothing.
 * @now: ms, CLOCK_MONOTONIC
 */
void reading_work(struct reading *reading, int64_t now);

/* reading_timeout() - ms until reading_work() is due, if reading_fd() says nothing; -1: it is not. */
int reading_timeout(const struct reading *reading, int64_t now);

/*
 * reading_looks() - may what a call has written in that place (struct token_sample) still be read? Of other places it may say so as
 * well, now and then.
 */
bool reading_looks(const struct reading *reading, uint64_t place);

/*
 * reading_is_later() - is it still to be read what another writer has written at one of these bytes of the file, after that call? Then
 * what stands there may be that one's (*ret_writer).
 */
bool reading_is_later(const struct reading *reading, const struct token_sample *head, uint64_t at,
		      uint64_t len, uint64_t *ret_writer);

/* reading_waiting() - how many requests are not done, but for mapped files. */
size_t reading_waiting(const struct reading *reading);

/* reading_finish() - the end: reads all that waits, what is mapped as well if so, until @until; the rest is counted as lost. */
void reading_finish(struct reading *reading, bool mapped, int64_t until);
