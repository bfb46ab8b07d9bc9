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
 * deferred_add() - takes over the descriptor of the file that the sample tells of, and copies the sample. A range of a file
 * that waits already for the same writer is joined to it.
 * @length: of the range, in bytes, from the sample's offset on
 * Returns 0; or -ENOSPC if LIMIT_DEFERRED ranges wait, or LIMIT_DEFERRED_WRITER of this writer's, or -ENOMEM (the descriptor
 * is then closed).
 */
int deferred_add(struct deferred *deferred, const struct sample_view *view, uint64_t length, int fd);

/* deferred_count() - ranges that wait. */
size_t deferred_count(const struct deferred *deferred);

/*
 * deferred_step() - calls back with the next range, which may be read in part. Returns how many tokens were not there any more,
 * of those that the kernel side had seen in a range of which all is read now.
 * @look: returns the file position to go on with at the next turn, [from, from + length]; the end: all is read. Adds the
 *        tokens that it has found to *found
 */
typedef uint64_t (*deferred_look)(void *context, const struct sample_view *view, int fd, uint64_t from,
				  uint64_t length, uint64_t *found);
uint64_t deferred_step(struct deferred *deferred, deferred_look look, void *context);
