/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The daemon's socket (output/socket.h), read into the spool. */
#pragma once

#include "forward/spool.h"

#include <stdint.h>

/* Bytes of a line, at most: alerts are much shorter. */
#define SOURCE_LINE_BYTES (1UL << 20)

struct source;

/* source_open() - @path: of the socket, borrowed. Returns it (source_close()), or NULL if there is no memory. */
struct source *source_open(const char *path, struct spool *spool);
void source_close(struct source *source);

/*
 * source_move() - goes on into another spool, at the same daemon if the path is the same. What was read and is in no spool yet, stays;
 * what the daemon before has said by then is read, 1 MiB at most.
 * @path, @spool: as above
 */
void source_move(struct source *source, const char *path, struct spool *spool);

/*
 * source_turn() - connects if it is not connected, and takes what there is, or a part of it, without waiting. Returns 0, or a negative errno that has
 * changed since the last turn: of the connection, or of the spool, until which nothing more is read.
 */
int source_turn(struct source *source);

/* source_fd() - what to wait for until the next turn; negative: nothing. @ret_ms: how long at most */
int source_fd(const struct source *source, int *ret_ms);

bool source_connected(const struct source *source);

/* source_holds() - is anything here that was read and is in no spool yet? */
bool source_holds(const struct source *source);
