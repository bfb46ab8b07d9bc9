/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The store as a monitor uses it: says what goes wrong, and goes on. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

struct keeper;

/*
 * keeper_open() - @path: NULL for no store. One that can't be opened is tried again later, what comes meanwhile is
 * counted; or, if it is @needed, an error. So is a path that was given and holds something else than a store, or is
 * a link, or a file that others own or may write to.
 * Returns 0 and *ret_keeper (keeper_close()), or an exit code after saying what is wrong.
 */
int keeper_open(const char *path, bool needed, const struct store_limits *limits, struct keeper **ret_keeper);

/* The others take NULL for "nothing is stored". */
void keeper_close(struct keeper *keeper);

void keeper_put(struct keeper *keeper, const struct alert *alert);

/* keeper_timeout() - for poll(2): the sooner of `timeout` (-1: never) and when keeper_work() is due. */
int keeper_timeout(const struct keeper *keeper, int timeout);

/* keeper_work() - writes and prunes what is due; cheap if nothing is. */
void keeper_work(struct keeper *keeper);

/* keeper_end() - writes what still waits. Returns how many writes of tokens are not in the store. */
uint64_t keeper_end(struct keeper *keeper);
