// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * source → spool → deliveries. An SQLite file: write-ahead log, synchronous = FULL, so that what was added or settled is on the disk
 * (fsync) when it is said to be. What comes in one read of the socket is one transaction.
 *
 *       1   2   3   4   5   6   7      event.number, which is never given twice
 *           └ cursor of siem
 *                       └ cursor of loki
 *      1 and 2 are gone: all have settled them
 *
 * Numbers have no gaps, so how many wait is known without counting them.
 *
 * Invariant: an event stays until each receiver has settled it, or it is counted as lost to those that have not; but for a file that SQLite
 * calls damaged, which is set aside as it is.
 *
 * Limit: the bound is of what waits. The file is as large as the most that has ever waited, and its log some MiB.
 */
#include "forward/spool.h"

#include "lib/cleanup.h"
#include "lib/monotonic.h"
#include "lib/own_file.h"
#include "store/statement.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* PRAGMA application_id: "SpWf"; user_version is the version of the schema. */
#define SPOOL_APPLICATION 0x53705766
#define SPOOL_VERSION 2
/* Where an SQLite file has its application_id (https://www.sqlite.org/fileformat.html, 1.3). */
#define SPOOL_APPLICATION_AT 68
/* What a spool is called, by which one is known whose head is damaged. */
#define SPOOL_NAME "spool.db"

enum spool_statement {
	SPOOL_INSERT,
	SPOOL_RECEIVED,
	SPOOL_LAST,
	SPOOL_OLDEST,
	SPOOL_LOSE,
	SPOOL_SKIP,
	SPOOL_DELETE,
	SPOOL_CURSOR,
	SPOOL_SETTLE,
	SPOOL_PRUNE,
	SPOOL_READ,
	SPOOL_STATEMENTS
};

static const char *const spool_sql[SPOOL_STATEMENTS] = {
	[SPOOL_INSERT] = "INSERT INTO event (id, line) SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM event "
			 "WHERE id = ?1)",
	[SPOOL_RECEIVED] = "UPDATE source SET received = received + ?, repeated = repeated + ?,"
			   " malformed = malformed + ?, gaps = gaps + ?, sequence = ?, series = ?",
	[SPOOL_LAST] = "SELECT sequence, series FROM source",
	[SPOOL_OLDEST] =
		"SELECT number FROM event WHERE (SELECT bytes FROM source) > ? ORDER BY number LIMIT 1",
	[SPOOL_LOSE] = "UPDATE receiver SET lost = lost + 1, cursor = ?1 WHERE cursor < ?1",
	[SPOOL_SKIP] = "UPDATE receiver SET lost = lost + 1, cursor = ?1 WHERE cursor < ?1 AND name = ?2",
	[SPOOL_DELETE] = "DELETE FROM event WHERE number = ?",
	[SPOOL_CURSOR] = "SELECT cursor FROM receiver WHERE name = ?",
	[SPOOL_SETTLE] = "UPDATE receiver SET delivered = delivered + ?, rejected = rejected + ?,"
			 " cursor = max(cursor, ?) WHERE name = ?",
	[SPOOL_PRUNE] = "DELETE FROM event WHERE number <= (SELECT min(cursor) FROM receiver)",
	[SPOOL_READ] =
		"SELECT number, line FROM event WHERE number > (SELECT cursor FROM receiver WHERE name = ?)"
		" ORDER BY number LIMIT ?",
};

#define SPOOL_TEXT2(x) #x
#define SPOOL_TEXT(x) SPOOL_TEXT2(x)

/* The daemon that said the last one: its part of event.id. Version 1 has not got it. */
#define SPOOL_SERIES "series TEXT NOT NULL DEFAULT ''"

static const char spool_schema[] =
	"CREATE TABLE event (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, line TEXT "
	"NOT NULL);"
	/* cursor: the number of the last event that is settled */
	"CREATE TABLE receiver (name TEXT PRIMARY KEY, cursor INTEGER NOT NULL, delivered INTEGER NOT NULL "
	"DEFAULT 0,"
	" rejected INTEGER NOT NULL DEFAULT 0, lost INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"
	"CREATE TABLE source (received INTEGER NOT NULL, repeated INTEGER NOT NULL, malformed INTEGER NOT "
	"NULL,"
	" gaps INTEGER NOT NULL, sequence INTEGER NOT NULL, bytes INTEGER NOT NULL, " SPOOL_SERIES ");"
	"INSERT INTO source VALUES (0, 0, 0, 0, 0, 0, '');"
	"CREATE TRIGGER event_added AFTER INSERT ON event BEGIN"
	" UPDATE source SET bytes = bytes + length(CAST(new.line AS BLOB)) + " SPOOL_TEXT(
		SPOOL_EVENT_BYTES) ";"
				   "END;"
				   "CREATE TRIGGER event_removed AFTER DELETE ON event BEGIN"
				   " UPDATE source SET bytes = bytes - length(CAST(old.line AS BLOB)) "
				   "- " SPOOL_TEXT(SPOOL_EVENT_BYTES) ";"
								      "END;";

struct spool {
	size_t bytes; /* bound */
	pthread_mutex_t lock; /* of all that follows */
	pthread_cond_t moved; /* something came, or the end */
	sqlite3 *db;
	sqlite3_stmt *statements[SPOOL_STATEMENTS];
	bool stopped;
	bool damaged; /* SQLite says so */
};

static int spool_make_file(const char *path)
{
	AUTO_CLOSE int fd =
		open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW, 0600);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) ? own_file_check(fd) : -EMEDIUMTYPE;
}

/* A file that is empty gets the schema, in one transaction. */
static int spool_prepare(sqlite3 *db)
{
	int64_t application = 0, version = 0, tables = 0;
	int r = statement_query(db, "PRAGMA application_id", &application);

	if (r >= 0)
		r = statement_query(db, "PRAGMA user_version", &version);
	if (r >= 0)
		r = statement_query(db, "SELECT count(*) FROM sqlite_schema", &tables);
	if (r < 0)
		return r;
	if (application == SPOOL_APPLICATION && version == SPOOL_VERSION)
		return 0;
	if (application == SPOOL_APPLICATION && version == 1)
		return statement_exec(db, "BEGIN IMMEDIATE; ALTER TABLE source ADD COLUMN " SPOOL_SERIES
					  "; PRAGMA user_version = " SPOOL_TEXT(SPOOL_VERSION) "; COMMIT");
	if (application || version || tables)
		return -EMEDIUMTYPE;
	r = statement_exec(db, "BEGIN IMMEDIATE");
	if (r == 0)
		r = statement_exec(db, spool_schema);
	if (r == 0)
		r = statement_exec(db, "PRAGMA application_id = " SPOOL_TEXT(
					       SPOOL_APPLICATION) ";"
								  "PRAGMA user_version = " SPOOL_TEXT(
									  SPOOL_VERSION) "; COMMIT");
	return r;
}

static int spool_connect(struct spool *spool, const char *path)
{
	AUTO_FREE char *real = NULL;
	int r = spool_make_file(path);

	/* to SQLite no directory may be a link, as systemd's for a user of the moment (DynamicUser=) is */
	if (r == 0) {
		real = realpath(path, NULL);
		r = real ? 0 : -errno;
	}
	if (r == 0)
		r = statement_error(spool->db,
				    sqlite3_open_v2(real, &spool->db,
						    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, NULL));
	/* one process has it, to its end */
	if (r == 0)
		r = statement_exec(spool->db,
				   "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;"
				   "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 4194304;"
				   "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -1024");
	if (r == 0)
		r = spool_prepare(spool->db);
	for (int i = 0; r == 0 && i < SPOOL_STATEMENTS; i++)
		r = statement_prepare(spool->db, spool_sql[i], &spool->statements[i]);
	return r;
}

/* Runs SQL of one parameter, a text. Returns as statement_run(). */
static int spool_query(sqlite3 *db, const char *sql, const char *text, int64_t *ret_first)
{
	sqlite3_stmt *statement = NULL;
	int r = statement_prepare(db, sql, &statement);

	if (r == 0) {
		statement_bind(statement, "t", text);
		r = statement_run(statement, ret_first);
	}
	sqlite3_finalize(statement);
	return r;
}

/* Marks who stays by a table of this connection, then removes the others. */
static int spool_receivers(sqlite3 *db, const char *const *names, size_t count, int64_t *ret_abandoned)
{
	int r = statement_exec(db, "CREATE TEMP TABLE named (name TEXT PRIMARY KEY); BEGIN IMMEDIATE");

	for (size_t i = 0; r >= 0 && i < count; i++) {
		r = spool_query(
			db,
			"INSERT OR IGNORE INTO receiver (name, cursor) VALUES (?, ifnull((SELECT seq FROM"
			" sqlite_sequence WHERE name = 'event'), 0))",
			names[i], NULL);
		if (r >= 0)
			r = spool_query(db, "INSERT OR IGNORE INTO named VALUES (?)", names[i], NULL);
	}
	if (r >= 0)
		r = statement_query(db,
				    "SELECT count(*) FROM receiver r JOIN event e ON e.number > r.cursor"
				    " WHERE r.name NOT IN (SELECT name FROM named)",
				    ret_abandoned);
	if (r >= 0)
		r = statement_exec(
			db, "DELETE FROM receiver WHERE name NOT IN (SELECT name FROM named);"
			    "DELETE FROM event WHERE number <= (SELECT min(cursor) FROM receiver); COMMIT");
	return r < 0 ? r : 0;
}

static void spool_new_locks(struct spool *spool)
{
	pthread_condattr_t attributes;

	pthread_mutex_init(&spool->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&spool->moved, &attributes);
	pthread_condattr_destroy(&attributes);
}

int spool_open(const char *path, size_t bytes, const char *const *names, size_t count,
	       struct spool **ret_spool, int64_t *ret_abandoned)
{
	struct spool *spool = calloc(1, sizeof(*spool));
	int64_t abandoned = 0;
	int r;

	if (!spool)
		return -ENOMEM;
	spool->bytes = bytes;
	spool_new_locks(spool);
	r = spool_connect(spool, path);
	if (r == 0)
		r = spool_receivers(spool->db, names, count, &abandoned);
	if (r < 0) {
		spool_close(spool);
		return r;
	}
	*ret_spool = spool;
	*ret_abandoned = abandoned;
	return 0;
}

void spool_close(struct spool *spool)
{
	if (!spool)
		return;
	for (int i = 0; i < SPOOL_STATEMENTS; i++)
		sqlite3_finalize(spool->statements[i]);
	sqlite3_close(spool->db);
	pthread_cond_destroy(&spool->moved);
	pthread_mutex_destroy(&spool->lock);
	free(spool);
}

const char *spool_error(int error)
{
	switch (error) {
	case -EBUSY:
		return "another process has it";
	case -EUCLEAN:
		return "it is damaged";
	case -EMEDIUMTYPE:
		return "it is no spool of this version; move it away";
	case -EUSERS:
	case -ELOOP:
		return own_file_error(error);
	default:
		return strerror(-error);
	}
}

/* Notes that the file is damaged; returns r. Locked. */
static int spool_note(struct spool *spool, int r)
{
	if (r == -EUCLEAN)
		spool->damaged = true;
	return r;
}

/* Ends a transaction by what has come of it. Locked. */
static int spool_end(struct spool *spool, int r)
{
	if (r >= 0)
		r = statement_exec(spool->db, "COMMIT");
	if (r < 0)
		statement_exec(spool->db, "ROLLBACK");
	return r < 0 ? r : 0;
}

/* The oldest go until the rest is within the bound. Locked. */
static int spool_make_room(struct spool *spool)
{
	for (;;) {
		int64_t oldest = 0;
		int r;

		statement_bind(spool->statements[SPOOL_OLDEST], "i", (int64_t)spool->bytes);
		r = statement_run(spool->statements[SPOOL_OLDEST], &oldest);
		if (r <= 0)
			return r;
		statement_bind(spool->statements[SPOOL_LOSE], "i", oldest);
		r = statement_run(spool->statements[SPOOL_LOSE], NULL);
		statement_bind(spool->statements[SPOOL_DELETE], "i", oldest);
		if (r >= 0)
			r = statement_run(spool->statements[SPOOL_DELETE], NULL);
		if (r < 0)
			return r;
	}
}

/* What was said last: by which daemon, and its number. */
struct spool_last {
	char series[EVENT_ID_BYTES]; /* "": none, or not known */
	int64_t sequence;
};

/* Locked. */
static int spool_last(struct spool *spool, struct spool_last *ret_last)
{
	sqlite3_stmt *read = spool->statements[SPOOL_LAST];
	int step = sqlite3_step(read);
	int r = step == SQLITE_DONE ? -EUCLEAN : statement_error(spool->db, step);

	if (r == 0) {
		const char *series = statement_text(read, 1);

		ret_last->sequence = sqlite3_column_int64(read, 0);
		snprintf(ret_last->series, sizeof(ret_last->series), "%s", series ? series : "");
	}
	sqlite3_reset(read);
	return r;
}

/* How many numbers are missing before this one. Each daemon begins with 1, and its ids with a number of its own. */
static int64_t spool_gap(struct spool_last *last, const struct spool_line *line)
{
	const struct spool_last before = *last;
	size_t len = strcspn(line->id, "-");

	if (line->sequence <= 0)
		return 0;
	snprintf(last->series, sizeof(last->series), "%.*s", (int)len, line->id);
	last->sequence = line->sequence;
	if (!before.sequence)
		return 0;
	if (*before.series ? strcmp(before.series, last->series) != 0 : line->sequence <= before.sequence)
		return line->sequence - 1;
	if (line->sequence > before.sequence)
		return line->sequence - before.sequence - 1;
	/* again, or late */
	last->sequence = before.sequence;
	return 0;
}

/* Locked, in a transaction. */
static int spool_insert(struct spool *spool, const struct spool_line *lines, size_t count, int64_t malformed)
{
	struct spool_last last = {0};
	int64_t received = 0, gaps = 0;
	int r = spool_last(spool, &last);

	for (size_t i = 0; r >= 0 && i < count; i++) {
		sqlite3_stmt *insert = spool->statements[SPOOL_INSERT];

		gaps += spool_gap(&last, &lines[i]);
		sqlite3_bind_text(insert, 1, lines[i].id, -1, SQLITE_STATIC);
		sqlite3_bind_text(insert, 2, lines[i].text, (int)lines[i].len, SQLITE_STATIC);
		r = statement_run(insert, NULL);
		received += r >= 0 ? sqlite3_changes(spool->db) : 0;
	}
	if (r < 0)
		return r;
	statement_bind(spool->statements[SPOOL_RECEIVED], "iiiiit", received, (int64_t)count - received,
		       malformed, gaps, last.sequence, last.series);
	r = statement_run(spool->statements[SPOOL_RECEIVED], NULL);
	return r < 0 ? r : spool_make_room(spool);
}

int spool_add(struct spool *spool, const struct spool_line *lines, size_t count, int64_t malformed)
{
	int r;

	pthread_mutex_lock(&spool->lock);
	r = statement_exec(spool->db, "BEGIN IMMEDIATE");
	if (r == 0)
		r = spool_end(spool, spool_insert(spool, lines, count, malformed));
	spool_note(spool, r);
	if (r == 0)
		pthread_cond_broadcast(&spool->moved);
	pthread_mutex_unlock(&spool->lock);
	return r;
}

/* The row that the statement stands at. Returns 0, -EBADMSG: it holds no event, or -ENOMEM. */
static int spool_row(sqlite3_stmt *row, struct event *ret_event)
{
	char id[EVENT_ID_BYTES];
	bool none = sqlite3_column_type(row, 1) == SQLITE_NULL;
	const char *line = statement_text(row, 1);
	int r;

	*ret_event =
		(struct event){.number = sqlite3_column_int64(row, 0), .line = line ? strdup(line) : NULL};
	if (!ret_event->line)
		return none ? -EBADMSG : -ENOMEM;
	r = event_parse(ret_event->line, strlen(ret_event->line), &ret_event->alert, id);
	if (r < 0)
		free(ret_event->line);
	return r;
}

/* What there is, up to a row that holds no event; *ret_bad: that row's number, if it is the first. Locked. */
static int spool_fetch(struct spool *spool, const char *name, size_t count, size_t bytes,
		       struct event *events, size_t *ret_count, int64_t *ret_bad)
{
	sqlite3_stmt *read = spool->statements[SPOOL_READ];
	size_t done = 0, size = 0;
	int r = SQLITE_ROW, error = 0;

	statement_bind(read, "ti", name, (int64_t)count);
	while (done < count && size < bytes && (r = sqlite3_step(read)) == SQLITE_ROW) {
		error = spool_row(read, &events[done]);
		if (error < 0)
			break;
		size += strlen(events[done++].line);
	}
	if (error == -EBADMSG && !done)
		*ret_bad = sqlite3_column_int64(read, 0);
	if (error == 0)
		error = spool_note(spool, statement_error(spool->db, r));
	sqlite3_reset(read);
	sqlite3_clear_bindings(read);
	/* whatever could be read has to go its way first */
	*ret_count = done;
	return done || error == -EBADMSG ? 0 : error;
}

/* A row that holds no event is lost to the receiver, and not in the way of those behind it. Locked. */
static int spool_skip(struct spool *spool, const char *name, int64_t number)
{
	int r = statement_exec(spool->db, "BEGIN IMMEDIATE");

	if (r < 0)
		return r;
	statement_bind(spool->statements[SPOOL_SKIP], "it", number, name);
	r = statement_run(spool->statements[SPOOL_SKIP], NULL);
	if (r >= 0)
		r = statement_run(spool->statements[SPOOL_PRUNE], NULL);
	return spool_note(spool, spool_end(spool, r));
}

int spool_read(struct spool *spool, const char *name, size_t count, size_t bytes, struct event **ret_events,
	       size_t *ret_count)
{
	struct event *events = calloc(count, sizeof(*events));
	size_t got = 0;
	int r = 0;

	if (!events)
		return -ENOMEM;
	pthread_mutex_lock(&spool->lock);
	while (!spool->stopped && r == 0 && got == 0) {
		int64_t bad = 0;

		r = spool_fetch(spool, name, count, bytes, events, &got, &bad);
		if (bad)
			r = spool_skip(spool, name, bad);
		else if (r == 0 && got == 0)
			pthread_cond_wait(&spool->moved, &spool->lock);
	}
	pthread_mutex_unlock(&spool->lock);
	if (got == 0) {
		free(events);
		events = NULL;
	}
	if (r < 0)
		return r;
	*ret_events = events;
	*ret_count = got;
	return 0;
}

/* In a transaction, locked: what was lost meanwhile is behind the cursor, and was counted. */
static int spool_move(struct spool *spool, const char *name, const struct event *events, size_t count)
{
	int64_t cursor = 0, delivered = 0, rejected = 0;
	int r;

	statement_bind(spool->statements[SPOOL_CURSOR], "t", name);
	r = statement_run(spool->statements[SPOOL_CURSOR], &cursor);
	for (size_t i = 0; i < count; i++) {
		delivered += events[i].number > cursor && events[i].verdict == VERDICT_DELIVERED;
		rejected += events[i].number > cursor && events[i].verdict == VERDICT_REJECTED;
	}
	statement_bind(spool->statements[SPOOL_SETTLE], "iiit", delivered, rejected, events[count - 1].number,
		       name);
	if (r >= 0)
		r = statement_run(spool->statements[SPOOL_SETTLE], NULL);
	return r < 0 ? r : statement_run(spool->statements[SPOOL_PRUNE], NULL);
}

int spool_settle(struct spool *spool, const char *name, const struct event *events, size_t count)
{
	size_t judged = 0;
	int r;

	while (judged < count && events[judged].verdict != VERDICT_RETRY)
		judged++;
	if (!judged)
		return 0;
	pthread_mutex_lock(&spool->lock);
	r = statement_exec(spool->db, "BEGIN IMMEDIATE");
	if (r == 0)
		r = spool_end(spool, spool_move(spool, name, events, judged));
	spool_note(spool, r);
	pthread_mutex_unlock(&spool->lock);
	return r < 0 ? r : (int)judged;
}

void spool_stop(struct spool *spool)
{
	pthread_mutex_lock(&spool->lock);
	spool->stopped = true;
	pthread_cond_broadcast(&spool->moved);
	pthread_mutex_unlock(&spool->lock);
}

bool spool_stopped(struct spool *spool)
{
	bool stopped;

	pthread_mutex_lock(&spool->lock);
	stopped = spool->stopped;
	pthread_mutex_unlock(&spool->lock);
	return stopped;
}

bool spool_damaged(struct spool *spool)
{
	bool damaged;

	pthread_mutex_lock(&spool->lock);
	damaged = spool->damaged;
	pthread_mutex_unlock(&spool->lock);
	return damaged;
}

/* A file that is another program's stays where it is, whatever the configuration says. */
static int spool_is_one(const char *path)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
	const char *name = strrchr(path, '/');
	uint32_t application = 0;

	if (fd < 0)
		return -errno;
	if (strcmp(name ? name + 1 : path, SPOOL_NAME) == 0)
		return 0;
	if (pread(fd, &application, sizeof(application), SPOOL_APPLICATION_AT) != sizeof(application) ||
	    be32toh(application) != SPOOL_APPLICATION)
		return -EMEDIUMTYPE;
	return 0;
}

/* "PATH…" to "PATH.damaged…". What is not there leaves none. */
static int spool_move_file(const char *path, const char *suffix)
{
	AUTO_FREE char *from = NULL;
	AUTO_FREE char *to = NULL;

	if (asprintf(&from, "%s%s", path, suffix) < 0) {
		from = NULL;
		return -ENOMEM;
	}
	if (asprintf(&to, "%s.damaged%s", path, suffix) < 0) {
		to = NULL;
		return -ENOMEM;
	}
	if (rename(from, to) == 0)
		return 0;
	if (errno != ENOENT)
		return -errno;
	(void)unlink(to);
	return 0;
}

int spool_set_aside(const char *path)
{
	int r = spool_is_one(path);

	/* its log first: a new spool must not find it */
	if (r == 0)
		r = spool_move_file(path, "-wal");
	return r < 0 ? r : spool_move_file(path, "");
}

void spool_pause(struct spool *spool, int64_t ms)
{
	int64_t end = monotonic_ms() + ms;
	const struct timespec until = {.tv_sec = end / 1000, .tv_nsec = end % 1000 * 1000000};

	pthread_mutex_lock(&spool->lock);
	while (!spool->stopped && pthread_cond_timedwait(&spool->moved, &spool->lock, &until) != ETIMEDOUT)
		;
	pthread_mutex_unlock(&spool->lock);
}

/* Numbers of one row. Returns 0 or a negative errno. */
static int spool_numbers(struct spool *spool, const char *sql, const char *name, int64_t *const *ret_numbers,
			 int count)
{
	sqlite3_stmt *statement = NULL;
	int r;

	pthread_mutex_lock(&spool->lock);
	r = statement_prepare(spool->db, sql, &statement);
	if (r == 0 && name)
		sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
	if (r == 0) {
		int step = sqlite3_step(statement);

		r = step == SQLITE_DONE ? -ENOENT : statement_error(spool->db, step);
	}
	for (int i = 0; r == 0 && i < count; i++)
		*ret_numbers[i] = sqlite3_column_int64(statement, i);
	sqlite3_finalize(statement);
	pthread_mutex_unlock(&spool->lock);
	return r;
}

int spool_status(struct spool *spool, struct spool_status *ret_status)
{
	int64_t *const numbers[] = {&ret_status->received, &ret_status->repeated, &ret_status->malformed,
				    &ret_status->gaps,     &ret_status->events,   &ret_status->bytes};

	return spool_numbers(spool,
			     "SELECT received, repeated, malformed, gaps, (SELECT ifnull(max(number) - "
			     "min(number) + 1, 0) FROM event), bytes"
			     " FROM source",
			     NULL, numbers, sizeof(numbers) / sizeof(*numbers));
}

int spool_count(struct spool *spool, const char *name, struct spool_count *ret_count)
{
	int64_t *const numbers[] = {&ret_count->delivered, &ret_count->rejected, &ret_count->lost,
				    &ret_count->waiting};

	return spool_numbers(
		spool,
		"SELECT delivered, rejected, lost, (SELECT ifnull(max(number) - cursor, 0) FROM event)"
		" FROM receiver WHERE name = ?",
		name, numbers, sizeof(numbers) / sizeof(*numbers));
}
