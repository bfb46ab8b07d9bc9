/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who has inherited a mapping over fork(2), when the process that made it has ended: children are known to nobody else, since
 * nothing is hooked at fork. All processes' mappings are read in one walk, for all of whom it is known by then that they have ended.
 *
 * Bounds: HEIRS_PROCESSES processes and HEIRS_KEPT mappings in a walk, HEIRS_MS until it is gone on with later. What is not looked at
 * for them, or may not be, is counted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "detect/sample_view.h"
#include "files/mapped.h"

#define HEIRS_PROCESSES 32768
#define HEIRS_KEPT 4096
#define HEIRS_MS 50

struct heirs;

/* heirs_open() - @procfs: where the host's procfs is mounted; borrowed. Returns 0 and *ret_heirs (heirs_close()), or -ENOMEM. */
int heirs_open(const char *procfs, struct heirs **ret_heirs);
void heirs_close(struct heirs *heirs);

/*
 * heirs_look() - walks, unless the last walk began after that time (ns, CLOCK_BOOTTIME). Adds to *unseen the processes for which there was no room.
 * Returns false if it is to be gone on with.
 */
bool heirs_look(struct heirs *heirs, uint64_t since, uint32_t *unseen);

/* heirs_unseen() - how many may be children of the sample's process, and may not be looked at. */
uint32_t heirs_unseen(const struct heirs *heirs, const struct token_sample *sample);

/*
 * heirs_next() - the next process, *index and later, that has the sample's file mapped and may be a child of its process: it is younger and
 * runs the same executable, since execve(2) would have ended the mapping; and none of the rivals. *index starts with 0. Returns false if
 * there is none.
 */
bool heirs_next(const struct heirs *heirs, const struct sample_view *view, const struct mapped_rival *rivals,
		size_t count, size_t *index, struct mapped_rival *ret_heir);

/* heirs_describe() - what an alert says of it. Returns whether it lives still. */
bool heirs_describe(const struct heirs *heirs, const struct mapped_rival *heir, struct mapped_heir *ret_heir);
