/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How far monitors have come that are continued by others (engine/journal.h): in the file, with what it is said of, so that neither
 * is there without the other. Two rows of the table meta for each; there is room for MARKS monitors, by their numbers, and
 * who comes later takes the place of another. Only store/ uses this.
 */
#pragma once

#include <sqlite3.h>
#include <stdint.h>

#define MARKS 16

/* mark_write() - inside a transaction of the caller. @id: whose, not 0. Returns 0 or a negative errno. */
int mark_write(sqlite3 *db, uint64_t id, uint64_t number);

/* mark_read() - 0: it is not known. */
uint64_t mark_read(sqlite3 *db, uint64_t id);
