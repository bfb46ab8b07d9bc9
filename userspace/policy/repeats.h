/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The last alert of each (token, file), so that the repeats that the kernel only counts can be told
 * with all facts in the end.
 */
#pragma once

#include "alert/alert.h"
#include "sample.h"

struct repeats;

/* repeats_open() - Returns 0 and *ret_repeats (repeats_close()), or -ENOMEM. */
int repeats_open(struct repeats **ret_repeats);
void repeats_close(struct repeats *repeats);

/*
 * repeats_keep() - takes the alert over, in place of an earlier one of the same key; at LIMIT_REPEATS the
 * oldest is dropped. The alert is zeroed, also if memory is missing (then it is freed).
 */
void repeats_keep(struct repeats *repeats, const struct seen_key *key, struct alert *alert);

/* repeats_find() - the alert kept for a key, or NULL; owned by repeats, may be changed. */
struct alert *repeats_find(struct repeats *repeats, const struct seen_key *key);
