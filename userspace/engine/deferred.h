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

/* deferred_close() - closes what it holds, and frees; NULL is fine. */
void deferred_close(struct deferred *deferred);

/*
 * deferred_add() - takes over the descriptor of the file that the sample tells of, and copies the sample.
 * @length: of the range, in bytes, from the sample's offset on
 * @now: ms, CLOCK_MONOTONIC
 * @ret_again: set to true if a part of the range waits already for an older sample: what that was about may be gone
 * Returns 0; or -ENOSPC if LIMIT_DEFERRED ranges wait, or LIMIT_DEFERRED_WRITER of this writer's, or all that are not kept for
 * writers of which none waits; or -ENOMEM (the descriptor is then closed).
 */
int deferred_add(struct deferred *deferred, const struct sample_view *view, uint64_t length, int fd,
		 int64_t now, bool *ret_again);

/* deferred_count() - ranges that wait. */
size_t deferred_count(const struct deferred *deferred);

/* What has become of ranges that need not be read any more. */
struct deferred_loss {
	uint64_t tokens; /* that the kernel side had seen there, and that were not there any more */
	uint64_t unread; /* ranges that were not read to their end within LIMIT_DEFERRED_MS */
};

/*
 * deferred_step() - calls back with a range, which may be read in part: of the writer whose turn was longest ago. Adds to
 * *losses what was lost.
 * @look: returns the file position to go on with at the next turn, [from, from + length]; the end: all is read. Adds to *found
 *        the tokens that nobody had known
 */
typedef uint64_t (*deferred_look)(void *context, const struct sample_view *view, int fd, uint64_t from,
				  uint64_t length, uint64_t *found);
void deferred_step(struct deferred *deferred, int64_t now, deferred_look look, void *context,
		   struct deferred_loss *losses);

/* deferred_abandon() - there is no time left: adds all that waits to *losses, and forgets it. */
void deferred_abandon(struct deferred *deferred, struct deferred_loss *losses);
