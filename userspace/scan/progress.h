/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How far a scan is, for whoever looks on: a line on a terminal, which is there from the second second on, and is wiped before anything else is
 * said.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct progress {
	atomic_uint_least64_t files, bytes;
	atomic_int_least64_t next; /* ms; before it, nothing is shown; 0: nothing ever is */
	atomic_bool shown;
};

/* progress_open() - if standard error is a terminal that can wipe a line. */
void progress_open(struct progress *progress);

/* progress_add() - so much more was read; from any thread. NULL: nobody looks on */
void progress_add(struct progress *progress, uint64_t files, uint64_t bytes);

/* progress_wipe() - something else is to be said. */
void progress_wipe(struct progress *progress);
