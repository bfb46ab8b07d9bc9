/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who wrote and into which file, made for one token and used for the next ones of the same. Bounded: what is asked for least
 * recently makes room where two meet.
 *
 * An entry goes by a hash of all that it was made from, with the numbers that are drawn at the start (token_key.h), and by the
 * generation of what was asked for beside that. So nothing of a sample is kept here but what an alert shows.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "alert/alert.h"
#include "detect/sample_view.h"

/* Processes and files that are kept. */
#define REUSE_ENTRIES 128

struct reuse;

/* reuse_open() - Returns 0 and *ret_reuse (reuse_close()), or a negative errno. */
int reuse_open(struct reuse **ret_reuse);
void reuse_close(struct reuse *reuse);

/* reuse_key() - of all that a sample says of its process and its file, and nothing that it says of the write. */
uint64_t reuse_key(const struct reuse *reuse, const struct sample_view *view);

/*
 * reuse_find() - lends what was kept to *alert: its process, its file and its facts, until the next call of reuse_keep().
 * Returns 1 if so, 0 if it is not known, -EACCES if it is known that it can't be kept.
 */
int reuse_find(struct reuse *reuse, uint64_t key, uint64_t generation, struct alert *alert);

/*
 * reuse_keep() - takes over the alert's process and file, and lends them to it as reuse_find() does. @good: false if others have to
 * be made each time; then nothing is taken.
 */
void reuse_keep(struct reuse *reuse, uint64_t key, uint64_t generation, bool good, struct alert *alert);
