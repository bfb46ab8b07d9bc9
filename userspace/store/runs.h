/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How often each token in each file is known to have been written since its first alert. The kernel
 * tells repeats as a running number; this makes of it what is new, so that no write is counted twice.
 */
#pragma once

#include <stdint.h>

#include "alert/alert.h"

struct runs;

/* runs_open() - Returns 0 and *ret_runs (runs_close()), or -ENOMEM. */
int runs_open(struct runs **ret_runs);
void runs_close(struct runs *runs);

/*
 * runs_news() - how many writes an alert tells of that earlier alerts did not: 1 for a first one; for a repeat what
 * its number has grown by, or 1 if its first alert is not known (any more). 0: nothing new.
 */
uint64_t runs_news(struct runs *runs, const struct alert *alert);
