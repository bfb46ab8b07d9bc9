/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Files that are mapped shared and can be written to, and are never written back: stores into them pass no hook, so these
 * are looked at again, every MAPPED_INTERVAL_MS, until their process is gone.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "detect/sample_view.h"

#define MAPPED_INTERVAL_MS 2000
/* Or after so many times what the last looks took, so that much that is mapped costs a bounded share of a processor. */
#define MAPPED_PAUSE_TIMES 20

struct mapped;

/* mapped_open() - @procfs: where the host's procfs is mounted; borrowed. Returns 0 and *ret_mapped (mapped_close()),
 * or -ENOMEM. */
int mapped_open(const char *procfs, struct mapped **ret_mapped);
void mapped_close(struct mapped *mapped);

/*
 * mapped_add() - takes over the descriptor of the file that the sample tells of, and copies the sample; of a file that the
 * process has mapped already, what is looked at is widened by the new window.
 * Returns 0; or -ENOSPC if LIMIT_MAPPED files are held, or -ENOMEM (the descriptor is then closed).
 */
int mapped_add(struct mapped *mapped, const struct sample_view *view, int fd);

/*
 * mapped_is_anothers() - is it another process that has mapped the same file who stored at that byte of it, by what their
 * page tables say? If nobody can tell, it is not.
 */
bool mapped_is_anothers(const struct mapped *mapped, const struct sample_view *view, uint64_t at);

/* mapped_any() - is there anything to look at? */
bool mapped_any(const struct mapped *mapped);

/* mapped_walk() - calls back for each file; then forgets those whose process is gone. */
typedef void (*mapped_look)(void *context, const struct sample_view *view, int fd);
void mapped_walk(struct mapped *mapped, mapped_look look, void *context);
