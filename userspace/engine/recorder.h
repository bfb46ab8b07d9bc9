/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The store as a pipeline uses it: says what goes wrong, and goes on. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

struct recorder;

/*
 * recorder_open() - @path: NULL for no store. One that can't be opened is tried again later, what comes meanwhile is
 * counted; or, if it is @needed, an error. So is a path that was given and holds something else than a store, or is
 * a link, or a file that others own or may write to.
 * Returns 0 and *ret_recorder (recorder_close()), or an exit code after saying what is wrong.
 */
int recorder_open(const char *path, bool needed, const struct store_limits *limits,
		  struct recorder **ret_recorder);

/* The others take NULL for "nothing is stored". */
void recorder_close(struct recorder *recorder);

/* recorder_watch() - says what is watched from now on. Its strings are borrowed until recorder_close(). */
void recorder_watch(struct recorder *recorder, const struct store_watched *watched);

/* recorder_loss() - takes note of what was lost. */
void recorder_loss(struct recorder *recorder, const struct loss *loss);

void recorder_put(struct recorder *recorder, const struct alert *alert);

/* recorder_timeout() - for poll(2): the sooner of `timeout` (-1: never) and when recorder_work() is due. */
int recorder_timeout(const struct recorder *recorder, int timeout);

/* recorder_work() - writes and prunes what is due; cheap if nothing is. */
void recorder_work(struct recorder *recorder);

/* recorder_end() - writes what still waits. Returns how many writes of tokens are not in the store. */
uint64_t recorder_end(struct recorder *recorder);
