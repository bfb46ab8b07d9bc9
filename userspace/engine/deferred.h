/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Ranges of files that the kernel side had no time, or no room, to look at: they are read a little at a time, the writers
 * in turn, so that no writer's file keeps the ring waiting.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "detect/sample_view.h"

struct deferred;

/* deferred_open() - returns 0 and *ret_deferred (deferred_close()), or -ENOMEM. */
int deferred_open(struct deferred **ret_deferred);

/* deferred_close() - NULL is fine. */
void deferred_close(struct deferred *deferred);

/*
 * deferred_add() - copies the sample.
 * @id: names the range from now on
 * @now: ms, CLOCK_MONOTONIC
 * @ret_again: set to true if a part of the range waits already for an older sample: what that was about may be gone
 * Returns 0; or -ENOSPC if LIMIT_DEFERRED ranges wait, or LIMIT_DEFERRED_WRITER of this writer's, or all that are not kept for
 * writers of which none waits; or -ENOMEM.
 */
int deferred_add(struct deferred *deferred, const struct sample_view *view, uint64_t id, int64_t now,
		 bool *ret_again);

/* deferred_count() - ranges that wait. */
size_t deferred_count(const struct deferred *deferred);

/* deferred_has() - does one of that place (struct token_sample)? */
bool deferred_has(const struct deferred *deferred, uint64_t place);

/*
 * deferred_is_later() - has another writer than that of `head` written at one of these bytes of the same file, after it?
 * @other: what asks for a range to be read
 */
bool deferred_is_later(const struct token_sample *other, const struct token_sample *head, uint64_t at,
		       uint64_t len);

/* deferred_any_later() - does one of those that wait? *ret_writer: of it */
bool deferred_any_later(const struct deferred *deferred, const struct token_sample *head, uint64_t at,
			uint64_t len, uint64_t *ret_writer);

/* What has become of ranges that need not be read any more. */
struct deferred_loss {
	uint64_t tokens; /* that the kernel side had seen there, and that were not there any more */
	uint64_t unread; /* ranges that were not read to their end within LIMIT_DEFERRED_MS */
	uint64_t past; /* bytes past LIMIT_FILE_SCAN */
};

/* What is to be read next. */
struct deferred_turn {
	struct sample_view view; /* until deferred_told(), deferred_fail() or deferred_abandon() */
	uint64_t id;
	uint64_t from, end;
};

/* deferred_next() - a range, of the writer whose turn was longest ago. Returns false if none waits. */
bool deferred_next(struct deferred *deferred, struct deferred_turn *ret_turn);

/*
 * deferred_told() - how far the range was read. Adds to *losses what was lost.
 * @next: the file position to go on with at the next turn; @end: of the range, or of the file; @read: bytes that were read; @found: tokens
 * that nobody had known
 * Returns true if it is done, and forgotten.
 */
bool deferred_told(struct deferred *deferred, uint64_t id, uint64_t next, uint64_t end, uint64_t read,
		   uint64_t found, int64_t now, struct deferred_loss *losses);

/* deferred_fail() - it can't be read: it is forgotten, and its tokens are lost, less those found. Returns whether it was known. */
bool deferred_fail(struct deferred *deferred, uint64_t id, uint64_t found, struct deferred_loss *losses);

/* deferred_abandon() - there is no time left: adds all that waits to *losses, and forgets it. */
void deferred_abandon(struct deferred *deferred, struct deferred_loss *losses);
