/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* That somebody watched: since when, until when at least, what, and what was lost meanwhile. Only store/ uses this. */
#pragma once

#include "store/store.h"
#include "store/writer.h"

struct session;

/* session_open() - begins now. Returns 0 and *ret_session (session_close()), or -ENOMEM. */
int session_open(const struct store_watched *watched, struct session **ret_session);
/* session_close() - in memory; NULL is fine. */
void session_close(struct session *session);

/* session_loss() - takes note of what was lost; of the same kind by the same writer it is one. */
void session_loss(struct session *session, const struct loss *loss);

/* session_waits() - is there a loss that is in no file yet? */
bool session_waits(const struct session *session);

/*
 * session_write() - inside a transaction of the caller: it lives, or with `ended` has come to its end; and what was lost since. The
 * time is the system's; where that jumped, the session goes on as another one, so what passed on the clock only is not watched time; likewise in a
 * file that does not know it, being a new one.
 * Returns 0 or a negative errno.
 */
int session_write(sqlite3 *db, struct session *session, struct writer *writer, bool ended);

/* session_written() - the transaction was committed, or not. */
void session_written(struct session *session, bool committed);

/* session_prune() - inside a transaction of the caller: what had ended before a time goes. Returns 0 or a negative errno. */
int session_prune(sqlite3 *db, struct writer *writer, int64_t before);
