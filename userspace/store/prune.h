/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The store's bounds, in age and size. Only store/ uses this. */
#pragma once

#include <stdbool.h>

#include "store/writer.h"

/*
 * prune_age() - removes facts that were last seen before a time (microseconds since 1970), a few thousand
 * at most; how many were removed, and up to when, is counted in the table meta.
 * Returns 1 if there may be more, 0 if not, or a negative errno.
 */
int prune_age(sqlite3 *db, struct writer *writer, int64_t before);

/* prune_size() - the same for the facts longest not seen, if the file holds more than `bytes`; gives room back. */
int prune_size(sqlite3 *db, struct writer *writer, int64_t bytes);
