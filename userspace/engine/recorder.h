/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The store as a pipeline uses it, on a thread of its own: says what goes wrong, and goes on. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

struct recorder;

/*
 * recorder_open() - @path: NULL for no store. One that can't be opened is tried again later, what comes
 * meanwhile is counted; or, if it is @needed, an error. So is a path that was given and holds something else
 * than a store, or is a link, or a file that others own or may write to.
 * Returns 0 and *ret_recorder (recorder_close()), or an exit code after saying what is wrong.
 */
int recorder_open(const char *path, bool needed, const struct store_limits *limits,
		  struct recorder **ret_recorder);

/*
 * recorder_close() - ends the thread and closes the store, with what was handed over since; a thread that
 * hangs there is left to itself. It and the others take NULL for "nothing is stored".
 */
void recorder_close(struct recorder *recorder);

/*
 * recorder_begin() - starts the thread; what was handed over before has waited. Returns 0 or a negative
 * errno.
 */
int recorder_begin(struct recorder *recorder);

/*
 * recorder_alone() - no other daemon is to write that store as long as this process lives; commands may (`exec --store`).
 * Returns 0, or an exit code after saying that another daemon has it.
 */
int recorder_alone(const struct recorder *recorder);

/*
 * recorder_mark() - where the number of the last alert that is in the file, or lost, is noted from now on; before recorder_begin().
 * What the file itself knows under that id counts, if it is more.
 * recorder_path() - of the store, for whose mark that is; NULL: nothing is stored.
 */
void recorder_mark(struct recorder *recorder, uint64_t *mark, uint64_t id);
const char *recorder_path(const struct recorder *recorder);

/* What is not in the store. */
struct recorder_state {
	uint64_t waiting, lost; /* writes of tokens */
};

/* recorder_state() - at this moment; of NULL nothing waits. */
struct recorder_state recorder_state(struct recorder *recorder);

/* recorder_watch() - says what is watched from now on; once. */
void recorder_watch(struct recorder *recorder, const struct store_watched *watched);

/* recorder_loss() - hands over what was lost. Never blocks. */
void recorder_loss(struct recorder *recorder, const struct loss *loss);

/*
 * recorder_put() - hands an alert over, which is taken at the latest after recorder_wake(). Never blocks:
 * what finds no room is not stored, and counted.
 */
void recorder_put(struct recorder *recorder, const struct alert *alert);

/* recorder_limit() - other limits than those it was opened with. Never blocks; of NULL nothing. */
void recorder_limit(struct recorder *recorder, const struct store_limits *limits);

/* recorder_wake() - what was handed over is to be taken now. Does not wait for that. */
void recorder_wake(struct recorder *recorder);

/* recorder_finish() - has all written that was handed over, and does not wait for it. */
void recorder_finish(struct recorder *recorder);

/*
 * recorder_end() - waits until that is done, so many ms at most; then nothing is waited for any more, nor
 * taken.
 * Returns how many writes of tokens are not in the store.
 */
uint64_t recorder_end(struct recorder *recorder, int ms);
