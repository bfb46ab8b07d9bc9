// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * store: sessions and losses, so that who reads the store knows what it can't tell of.
 *
 * Invariant: both tables are bounded, whoever writes; what a bound removes leaves behind until when it reached (`told_until`).
 */
#include "store/session.h"

#include "lib/cleanup.h"
#include "store/statement.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Losses that wait for the file; then those of writers become those of nobody in particular. */
#define SESSION_WAITING 64
/* Losses of named writers in an hour that have a row each. */
#define SESSION_WRITERS 64
/* Rows of each table. */
#define SESSION_ROWS 2048
#define SESSION_TEXT 160
/* Room for what is counted, in words: an output's name may be among them. */
#define SESSION_WORDS 400
/* Losses with less than that between them are one. */
#define SESSION_GAP_US (60LL * 1000000)
/* By so much the clock may be wrong, or be put right, and it is still the same session. */
#define SESSION_JUMP_US (60LL * 1000000)

struct session_loss {
	const char *counter; /* static */
	char text[SESSION_WORDS];
	char writer[SESSION_TEXT]; /* "": not known */
	int64_t since, until;
	uint64_t count;
};

struct session {
	char *scope, *name, *node, *files, *missing;
	bool fresh; /* it has no row yet */
	int64_t id; /* of its row */
	int64_t start, seen,
		boot; /* microseconds: the clock's, the last one's, and the time since boot then */
	struct session_loss losses[SESSION_WAITING];
	size_t loss_count;
};

static int64_t session_time(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static char *session_copy(const char *text, bool *failed)
{
	char *copy = text ? strdup(text) : NULL;

	*failed |= text && !copy;
	return copy;
}

int session_open(const struct store_watched *watched, struct session **ret_session)
{
	struct session *session = calloc(1, sizeof(*session));
	bool failed = false;

	if (!session)
		return -ENOMEM;
	session->scope = session_copy(watched->scope, &failed);
	session->name = session_copy(watched->name, &failed);
	session->node = session_copy(watched->node, &failed);
	session->files = session_copy(watched->files, &failed);
	session->missing = session_copy(watched->missing, &failed);
	if (failed) {
		session_close(session);
		return -ENOMEM;
	}
	session->fresh = true;
	session->start = session->seen = session_time(CLOCK_REALTIME) - watched->before_us;
	session->boot = session_time(CLOCK_BOOTTIME) - watched->before_us;
	*ret_session = session;
	return 0;
}

void session_close(struct session *session)
{
	if (!session)
		return;
	free(session->scope);
	free(session->name);
	free(session->node);
	free(session->files);
	free(session->missing);
	free(session);
}

static int64_t session_micros(const struct timespec *time)
{
	return (int64_t)time->tv_sec * 1000000 + time->tv_nsec / 1000;
}

/* Each output has the same counter, and words of its own; others say what the last one was. */
static bool session_by_text(const char *counter)
{
	return strcmp(counter, "output_errors") == 0;
}

static struct session_loss *session_find(struct session *session, const struct loss_kind *kind,
					 const char *writer)
{
	for (size_t i = 0; i < session->loss_count; i++) {
		struct session_loss *loss = &session->losses[i];

		if (strcmp(loss->counter, kind->name) == 0 && strcmp(loss->writer, writer) == 0 &&
		    (!session_by_text(kind->name) || strcmp(loss->text, kind->text) == 0))
			return loss;
	}
	return NULL;
}

static void session_add(struct session *session, const struct loss *loss, const struct loss_kind *kind,
			const char *writer, uint64_t count)
{
	struct session_loss *one = session_find(session, kind, writer);

	if (!count)
		return;
	/* half of the room is for the kinds, of which there are fewer */
	if (!one && *writer && session->loss_count >= SESSION_WAITING / 2) {
		writer = "";
		one = session_find(session, kind, writer);
	}
	if (!one) {
		if (session->loss_count == SESSION_WAITING)
			return;
		one = &session->losses[session->loss_count++];
		*one = (struct session_loss){.counter = kind->name, .since = session_micros(&loss->since)};
		snprintf(one->writer, sizeof(one->writer), "%s", writer);
	}
	snprintf(one->text, sizeof(one->text), "%s", kind->text);
	one->until = session_micros(&loss->time);
	one->count += count;
}

void session_loss(struct session *session, const struct loss *loss)
{
	for (size_t i = 0; i < loss->kind_count; i++) {
		const struct loss_kind *kind = &loss->kinds[i];
		bool shared = strcmp(kind->name, "flooded") == 0;
		uint64_t left = kind->count;

		for (size_t j = 0; shared && j < loss->writer_count; j++) {
			uint64_t count = loss->writers[j].samples < left ? loss->writers[j].samples : left;
			char who[SESSION_TEXT];

			loss_who(&loss->writers[j], who, sizeof(who));
			session_add(session, loss, kind, who, count);
			left -= count;
		}
		session_add(session, loss, kind, "", left);
	}
}

bool session_waits(const struct session *session)
{
	return session->loss_count != 0;
}

/* A statement that is run seldom. @ret: of its first row; may be NULL. Returns rows, or a negative errno. */
#define SESSION_RUN(db, ret, sql, ...)                                 \
	({                                                             \
		sqlite3_stmt *statement_ = NULL;                       \
		int result_ = statement_prepare(db, sql, &statement_); \
		if (result_ == 0) {                                    \
			statement_bind(statement_, __VA_ARGS__);       \
			result_ = statement_run(statement_, ret);      \
		}                                                      \
		sqlite3_finalize(statement_);                          \
		result_;                                               \
	})

/* Of a table's rows those before the last SESSION_ROWS go. */
static int session_bound(sqlite3 *db)
{
	int r = SESSION_RUN(db, NULL,
			    "DELETE FROM session WHERE id <= (SELECT id FROM session ORDER BY id DESC"
			    " LIMIT 1 OFFSET ?)",
			    "i", (int64_t)SESSION_ROWS);

	return r < 0 ? r : 0;
}

static int session_bound_losses(sqlite3 *db, struct writer *writer)
{
	int64_t id = 0, until = 0;
	int r = SESSION_RUN(db, &id, "SELECT id FROM loss ORDER BY id DESC LIMIT 1 OFFSET ?", "i",
			    (int64_t)SESSION_ROWS);

	if (r > 0)
		r = SESSION_RUN(db, &until, "SELECT max(until) FROM loss WHERE id <= ?", "i", id);
	if (r <= 0)
		return r;
	r = writer_latest(writer, "told_until", until);
	if (r == 0)
		r = SESSION_RUN(db, NULL, "DELETE FROM loss WHERE id <= ?", "i", id);
	return r < 0 ? r : 0;
}

static int session_insert(sqlite3 *db, struct session *session, bool ended)
{
	int r = SESSION_RUN(db, &session->id,
			    "INSERT INTO session (start, seen, ended, scope, name, files, missing)"
			    " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
			    "iiitttt", session->start, session->seen, (int64_t)ended, session->scope,
			    session->name, session->files, session->missing);

	/* a store is one host's; if that is called otherwise by now, the last name holds */
	if (r >= 0 && session->node)
		r = SESSION_RUN(db, NULL, "INSERT OR REPLACE INTO meta (key, value) VALUES ('node', ?)", "t",
				session->node);
	return r < 0 ? r : session_bound(db);
}

/* Adds to what was lost just before, or makes a row of it. */
static int session_write_loss(sqlite3 *db, const struct session *session, const struct session_loss *loss)
{
	const char *writer = *loss->writer ? loss->writer : NULL;
	int64_t others = 0;
	int r = 0;

	if (writer)
		r = SESSION_RUN(db, &others, "SELECT count(*) FROM loss WHERE session = ? AND until >= ?",
				"ii", session->id, loss->until - 60 * SESSION_GAP_US);
	if (others >= SESSION_WRITERS)
		writer = NULL;
	if (r >= 0)
		r = SESSION_RUN(
			db, NULL,
			"UPDATE loss SET until = max(until, ?1), count = count + ?2, text = ?8 WHERE id ="
			" (SELECT id FROM loss WHERE session = ?3 AND counter = ?4 AND writer IS ?5"
			" AND until BETWEEN ?6 AND ?1 AND since >= ?7 AND (text = ?8 OR NOT ?9)"
			" ORDER BY id DESC LIMIT 1)",
			"iiittiiti", loss->until, (int64_t)loss->count, session->id, loss->counter, writer,
			loss->since - SESSION_GAP_US, loss->until - 60 * SESSION_GAP_US, loss->text,
			(int64_t)session_by_text(loss->counter));
	if (r < 0 || sqlite3_changes(db))
		return r < 0 ? r : 0;
	r = SESSION_RUN(db, NULL,
			"INSERT INTO loss (session, since, until, counter, text, count, writer)"
			" VALUES (?, ?, ?, ?, ?, ?, ?)",
			"iiittit", session->id, loss->since, loss->until, loss->counter, loss->text,
			(int64_t)loss->count, writer);
	return r < 0 ? r : 0;
}

/* Has the clock gone another way than the time? */
static bool session_jumped(const struct session *session, int64_t now, int64_t boot)
{
	int64_t off = (now - session->seen) - (boot - session->boot);

	return off > SESSION_JUMP_US || off < -SESSION_JUMP_US;
}

/* Its row, if it has one still: not if the file is another one now, or so many came after it. */
static int session_update(sqlite3 *db, struct session *session, bool ended)
{
	int r = SESSION_RUN(db, NULL, "UPDATE session SET seen = ?, ended = ? WHERE id = ? AND start = ?",
			    "iiii", session->seen, (int64_t)ended, session->id, session->start);

	if (r == 0 && !sqlite3_changes(db)) {
		session->fresh = true;
		session->start = session->seen;
	}
	return r;
}

int session_write(sqlite3 *db, struct session *session, struct writer *writer, bool ended)
{
	int64_t now = session_time(CLOCK_REALTIME), boot = session_time(CLOCK_BOOTTIME);
	int r = 0;

	if (session_jumped(session, now, boot)) {
		session->fresh = true;
		session->start = now;
	}
	session->seen = now;
	session->boot = boot;
	if (!session->fresh)
		r = session_update(db, session, ended);
	if (r >= 0 && session->fresh)
		r = session_insert(db, session, ended);
	for (size_t i = 0; r >= 0 && i < session->loss_count; i++)
		r = session_write_loss(db, session, &session->losses[i]);
	if (r >= 0 && session->loss_count)
		r = session_bound_losses(db, writer);
	return r < 0 ? r : 0;
}

void session_written(struct session *session, bool committed)
{
	if (!committed)
		return;
	session->fresh = false;
	session->loss_count = 0;
}

int session_prune(sqlite3 *db, struct writer *writer, int64_t before)
{
	int64_t until = 0;
	int r = SESSION_RUN(db, &until, "SELECT max(until) FROM loss WHERE until < ?", "i", before);

	if (r >= 0 && until)
		r = writer_latest(writer, "told_until", until);
	if (r >= 0 && until)
		r = SESSION_RUN(db, NULL, "DELETE FROM loss WHERE until < ?", "i", before);
	if (r >= 0)
		r = SESSION_RUN(db, NULL, "DELETE FROM session WHERE seen < ?", "i", before);
	return r < 0 ? r : 0;
}
