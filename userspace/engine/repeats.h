/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The last alert of each leak (struct seen_key), so that the repeats that the kernel only counts can be told
 * with all facts in the end.
 */
#pragma once

#include <stdbool.h>

#include "alert/alert.h"
#include "sample.h"

struct repeats;

/* repeats_open() - Returns 0 and *ret_repeats (repeats_close()), or -ENOMEM. */
int repeats_open(struct repeats **ret_repeats);
void repeats_close(struct repeats *repeats);

/*
 * repeats_keep() - keeps a copy of the alert, in place of an earlier one of the same key; where LIMIT_REPEATS_BYTES
 * are full, the oldest are dropped.
 */
void repeats_keep(struct repeats *repeats, const struct seen_key *key, const struct alert *alert);

/* repeats_find() - the alert kept for a key, or NULL; owned by repeats; its numbers may be changed. */
struct alert *repeats_find(struct repeats *repeats, const struct seen_key *key);
