/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Threads that read files side by side, and tell of them in the order in which they were handed out: as one would have.
 * Each has a struct scan of its own, and counts there.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct scan;
struct team;

/* What is done with a file, in one of the threads. @named: by the user */
typedef void team_work(struct scan *scan, const char *path, bool named);

/* team_open() - sets scan->team, if there is more than one processor for us. What can't be had is done without; end with team_close(). */
void team_open(struct scan *scan, team_work *work);

/* team_hand() - hands out a file of about so many bytes. Waits while many are. Returns 0, or the negative errno that ended one. */
int team_hand(struct team *team, const char *path, bool named, uint64_t bytes);

/*
 * team_turn() - waits until all is told that comes before what `scan` is at. Then nobody else tells anything until that is done.
 * Returns whose outputs and baselines are to be used: those of the scan that the team is of. Without a team, that is `scan` itself.
 */
struct scan *team_turn(struct scan *scan);

/* team_close() - waits for all that was handed out, and adds what was counted to scan->counts. */
void team_close(struct scan *scan);
