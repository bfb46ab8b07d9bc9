/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Lines that wait for one output, in a row of memory that is no larger than what waits. Not locked: see
 * bus.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue {
	char *bytes;
	size_t from, to; /* of what waits, in bytes */
	size_t size;
};

struct queue_line {
	char *text; /* in the queue's memory */
	size_t len;
	bool alert; /* and not what the program says of itself */
	uint64_t number; /* of the alert */
};

/* queue_put() - copies a line. Returns 0 or -ENOMEM. */
int queue_put(struct queue *queue, const char *line, size_t len, bool alert, uint64_t number);

/* queue_next() - the first line, which is taken; good until the next queue_put(). False if there is none. */
bool queue_next(struct queue *queue, struct queue_line *ret_line);

/* queue_next_within() - likewise, if it has no more bytes than that. */
bool queue_next_within(struct queue *queue, size_t bytes, struct queue_line *ret_line);

bool queue_empty(const struct queue *queue);

/* queue_clear() - forgets what waits, and gives its memory back if that is a lot. */
void queue_clear(struct queue *queue);

/* queue_free() - what it owns. */
void queue_free(struct queue *queue);
