/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Bytes from a file, a pipe or git → the tokens in them, with line and column. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "spillwatch.h"

/* Where a token lies: lines from 1, columns from 1 in characters, and the bytes before it. */
struct finder_place {
	uint64_t line, column, offset;
	bool allowed; /* its line says FINDER_ALLOW */
	const char *
		encoding; /* the forms in which it stands there, from the outermost on ("base64, gzip"); for the call only; NULL: as it is */
};

/* A comment by who knows that there is a token in this line. */
#define FINDER_ALLOW "spillwatch:allow"

/* As read(2): the number of bytes, 0 at the end, or a negative errno. */
typedef ssize_t finder_pull(void *source, void *to, size_t room);

struct nested;

struct finder_use {
	void *context;
	/* each token, in order; a negative result ends the reading */
	int (*token)(void *context, const struct spillwatch_token *token, const struct finder_place *place);
	/* what is packed there was not unpacked to its end, since it takes too much, told once a text; NULL: nobody is told */
	void (*left)(void *context, const struct finder_place *place);
	bool plain; /* only what stands there as it is */
	bool agent; /* agents' tokens as well */
	/* of what is in a run of base64, for scan/nested.c: in which, and whether runs in it are looked into no more */
	struct nested *within;
	bool deepest;
};

struct finder;

/* finder_open() - @use is copied. Returns 0 or -ENOMEM; end with finder_close(), which wipes. */
int finder_open(const struct finder_use *use, struct finder **ret_finder);
void finder_close(struct finder *finder);

/*
 * finder_begin() - a text that comes in pieces. finder_room() - where the next piece goes, and how long it may be.
 * finder_push() - takes the first `len` bytes of the room as that. finder_end() - no more comes.
 * @encoded: only what does not stand there as it is
 * Both return 0 or the negative number that the use returned.
 */
void finder_begin(struct finder *finder, bool encoded);
uint8_t *finder_room(struct finder *finder, size_t *ret_len);
int finder_push(struct finder *finder, size_t len);
int finder_end(struct finder *finder);

/* finder_take() - while a token is told: it is the caller's now, to free. NULL: there is no memory. */
struct spillwatch_token *finder_take(struct finder *finder);

/*
 * finder_read() - reads a source to its end. A token is told as soon as its line is known to its end, or far enough.
 * @ret_bytes: how much was read, in any case.
 * Returns 0, or the negative number that the source or the use returned.
 */
int finder_read(struct finder *finder, finder_pull *pull, void *source, uint64_t *ret_bytes);
