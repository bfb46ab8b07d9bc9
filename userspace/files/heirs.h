/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who has inherited a mapping over fork(2), when the process that made it has ended: children are known to nobody else, since
 * nothing is hooked at fork. All processes are asked in one walk when they began and what they run, for all of whom it is known by then that
 * they have ended; what they have mapped is read only of those who may be a child of one that is asked for.
 *
 * Bounds: HEIRS_PROCESSES processes and HEIRS_KEPT mappings in a walk, HEIRS_LINES of one process, HEIRS_MS until it is gone on with
 * later; and a walk is no sooner than HEIRS_REST_TIMES what the last one took. What is not looked at for them, or may not be, is counted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "detect/sample_view.h"
#include "files/mapped.h"

#define HEIRS_PROCESSES 32768
#define HEIRS_KEPT 4096
#define HEIRS_LINES 8192
#define HEIRS_MS 5
#define HEIRS_REST_TIMES 20

struct heirs;

/* HEIRS_MORE: it is to be gone on with; HEIRS_RESTS: it is too soon for another walk */
enum heirs_state { HEIRS_READY, HEIRS_MORE, HEIRS_RESTS };

/* heirs_open() - @procfs: where the host's procfs is mounted; borrowed. Returns 0 and *ret_heirs (heirs_close()), or -ENOMEM. */
int heirs_open(const char *procfs, struct heirs **ret_heirs);
void heirs_close(struct heirs *heirs);

/*
 * heirs_look() - walks, unless the last walk began after that time (ns, CLOCK_BOOTTIME); then reads what those have mapped that
 * may be children of the sample's process.
 * @oldest: when the oldest of all processes began that are asked for until the next walk (ns, CLOCK_BOOTTIME)
 */
enum heirs_state heirs_look(struct heirs *heirs, const struct sample_view *view, uint64_t since,
			    uint64_t oldest);

/* heirs_unseen() - how many may be children of the sample's process, and were not looked at. */
uint32_t heirs_unseen(const struct heirs *heirs, const struct sample_view *view);

/*
 * heirs_next() - the next process, *index and later, that has the sample's file mapped and may be a child of its process: it is younger and
 * runs the same executable, since execve(2) would have ended the mapping; and none of the rivals. *index starts with 0. Returns false if
 * there is none.
 */
bool heirs_next(const struct heirs *heirs, const struct sample_view *view, const struct mapped_rival *rivals,
		size_t count, size_t *index, struct mapped_rival *ret_heir);

/* heirs_describe() - what an alert says of it. Returns whether it lives still. */
bool heirs_describe(const char *procfs, const struct mapped_rival *heir, struct mapped_heir *ret_heir);
