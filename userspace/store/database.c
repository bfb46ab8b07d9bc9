// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * store: one SQLite file in WAL mode, so that it is read while it is written, and a kill loses at most
 * what was not committed.
 *
 * Texts that many facts share (identifiers, paths, executables, container ids) stand once in `name`, which
 * counts the facts that use it: who adds one counts it (writer.c), in the same transaction, and triggers remove with a
 * fact what nobody else needs. So a fact is a row of numbers, and a million of them are read in a fraction of a second.
 *
 * Invariant: the schema and its version change in one transaction; a file is empty or ours, also one that is damaged:
 * what is neither is not written to, and not moved.
 */
#include "store/database.h"

#include "lib/cleanup.h"
#include "lib/own_file.h"
#include "store/statement.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define DATABASE_BUSY_MS 1000
/* Damaged files of one second that are kept. */
#define DATABASE_ASIDE_MAX 100

/* What a file of SQLite begins with, and where PRAGMA application_id is in it (https://sqlite.org/fileformat2.html, 1.3). */
#define DATABASE_MAGIC "SQLite format 3"
#define DATABASE_ID_AT 68

/* The steps from each version to the next; DATABASE_VERSION of them. Never change one, add one. */
static const char *const database_steps[DATABASE_VERSION] = {
	"CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
	"CREATE TABLE name (id INTEGER PRIMARY KEY, facts INTEGER NOT NULL DEFAULT 0, value TEXT NOT NULL "
	"UNIQUE);"
	/* times in microseconds since 1970; token, file, program, container: name.id; container 0: the host */
	"CREATE TABLE fact (id INTEGER PRIMARY KEY, token INTEGER NOT NULL, file INTEGER NOT NULL,"
	" program INTEGER NOT NULL, container INTEGER NOT NULL, first INTEGER NOT NULL,"
	" last INTEGER NOT NULL, count INTEGER NOT NULL);"
	"CREATE UNIQUE INDEX fact_key ON fact (token, file, program, container);"
	"CREATE INDEX fact_last ON fact (last);"
	/* writes in an hour; hours since 1970 */
	"CREATE TABLE activity (fact INTEGER NOT NULL, hour INTEGER NOT NULL, count INTEGER NOT NULL,"
	" PRIMARY KEY (fact, hour)) WITHOUT ROWID;"
	/* what the last alert of each said */
	"CREATE TABLE detail (fact INTEGER PRIMARY KEY, process TEXT, pid INTEGER, uid INTEGER, user TEXT,"
	" command_line TEXT, script TEXT, unit TEXT, syscall TEXT, seen_by TEXT, part TEXT);"
	"CREATE TABLE token (id INTEGER PRIMARY KEY, type TEXT, placeholder INTEGER);"
	"CREATE TABLE file (id INTEGER PRIMARY KEY, path TEXT, type TEXT, fs_type TEXT, dev_major INTEGER,"
	" dev_minor INTEGER, inode INTEGER, path_truncated INTEGER, deleted INTEGER);"
	"CREATE TABLE container (id INTEGER PRIMARY KEY, runtime TEXT, name TEXT, image TEXT, pod TEXT,"
	" pod_namespace TEXT, pod_uid TEXT);"
	"CREATE TRIGGER fact_added AFTER INSERT ON fact BEGIN"
	" UPDATE name SET facts = facts + 1 WHERE id IN (new.token, new.file, new.program, new.container);"
	"END;"
	"CREATE TRIGGER fact_removed AFTER DELETE ON fact BEGIN"
	" DELETE FROM detail WHERE fact = old.id;"
	" DELETE FROM activity WHERE fact = old.id;"
	" UPDATE name SET facts = facts - 1 WHERE id IN (old.token, old.file, old.program, old.container);"
	" DELETE FROM name WHERE facts <= 0 AND id IN (old.token, old.file, old.program, old.container);"
	"END;"
	"CREATE TRIGGER name_removed AFTER DELETE ON name BEGIN"
	" DELETE FROM token WHERE id = old.id;"
	" DELETE FROM file WHERE id = old.id;"
	" DELETE FROM container WHERE id = old.id;"
	"END;",
	/* when somebody watched: from start to seen, for certain; ended: and said so. scope: host, cgroup or command; name: which one */
	"CREATE TABLE session (id INTEGER PRIMARY KEY, start INTEGER NOT NULL, seen INTEGER NOT NULL,"
	" ended INTEGER NOT NULL, scope TEXT NOT NULL, name TEXT, files TEXT, missing TEXT);"
	/* writer: NULL if it is not known */
	"CREATE TABLE loss (id INTEGER PRIMARY KEY, session INTEGER NOT NULL, since INTEGER NOT NULL,"
	" until INTEGER NOT NULL, counter TEXT NOT NULL, text TEXT NOT NULL, count INTEGER NOT NULL, writer "
	"TEXT);",
	/* verdict: enum fact_verdict, what is another makes another fact; rule: that decided of the last of them */
	"ALTER TABLE fact ADD COLUMN verdict INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE detail ADD COLUMN rule TEXT;"
	"DROP INDEX fact_key;"
	"CREATE UNIQUE INDEX fact_key ON fact (token, file, program, container, verdict);",
	/* relayed: the program is outside of the container, and writes what that prints */
	"ALTER TABLE fact ADD COLUMN relayed INTEGER NOT NULL DEFAULT 0;",
	/* a name is no id: what is told apart by more has it in its key, and its own here; cid NULL: as the key */
	"ALTER TABLE container ADD COLUMN cid TEXT;"
	"ALTER TABLE container ADD COLUMN namespace TEXT;"
	"ALTER TABLE container ADD COLUMN created TEXT;",
	/* what somebody has decided of a token, by its identifier: facts and their names may go */
	("CREATE TABLE triage (token TEXT PRIMARY KEY, state TEXT NOT NULL, note TEXT, time INTEGER NOT NULL)"
	 " WITHOUT ROWID;"),
	/* place: "host", "layer" or "volume"; NULL: not known, as of what was stored before, as is severity */
	"ALTER TABLE detail ADD COLUMN place TEXT;"
	"ALTER TABLE detail ADD COLUMN severity INTEGER;",
	/* the names that a container had before, each behind a newline, and one at the end; NULL: none */
	"ALTER TABLE container ADD COLUMN former TEXT;",
	/* which image that was; the id of the container around it; exec: the process of the last alert was put into the container */
	"ALTER TABLE container ADD COLUMN digest TEXT;"
	"ALTER TABLE container ADD COLUMN outer_id TEXT;"
	"ALTER TABLE detail ADD COLUMN exec INTEGER;",
	/* counted: whoever adds it counts it with its names, as writer.c does; a monitor of before that still runs does not */
	"ALTER TABLE fact ADD COLUMN counted INTEGER NOT NULL DEFAULT 0;"
	"DROP TRIGGER fact_added;"
	"CREATE TRIGGER fact_added AFTER INSERT ON fact WHEN NOT new.counted BEGIN"
	" UPDATE name SET facts = facts + 1 WHERE id IN (new.token, new.file, new.program, new.container);"
	"END;",
};

static int database_version(sqlite3 *db, int64_t *ret_version)
{
	int64_t application = 0, version = 0, tables = 0;
	int r = statement_query(db, "PRAGMA application_id", &application);

	if (r >= 0)
		r = statement_query(db, "PRAGMA user_version", &version);
	if (r >= 0)
		r = statement_query(db, "SELECT count(*) FROM sqlite_schema", &tables);
	if (r < 0)
		return r;
	if (application != DATABASE_APPLICATION && (application || version || tables))
		return -EMEDIUMTYPE;
	if (version > DATABASE_VERSION)
		return -EOVERFLOW;
	*ret_version = version;
	return 0;
}

/* All steps from the file's version on, or none of them. */
static int database_upgrade(sqlite3 *db)
{
	char mark[96];
	int64_t version;
	int r = statement_exec(db, "BEGIN IMMEDIATE");

	if (r < 0)
		return r;
	/* again, under the lock: another process may have been faster */
	r = database_version(db, &version);
	for (; r == 0 && version < DATABASE_VERSION; version++)
		r = statement_exec(db, database_steps[version]);
	snprintf(mark, sizeof(mark), "PRAGMA application_id = %d; PRAGMA user_version = %d",
		 DATABASE_APPLICATION, DATABASE_VERSION);
	if (r == 0)
		r = statement_exec(db, mark);
	if (r == 0)
		r = statement_exec(db, "COMMIT");
	if (r < 0)
		statement_exec(db, "ROLLBACK");
	return r;
}

static int database_prepare(sqlite3 *db)
{
	int64_t version;
	int r = database_version(db, &version);

	if (r < 0)
		return r;
	/* before the first table is made, or it does nothing */
	if (version == 0)
		r = statement_exec(db, "PRAGMA auto_vacuum = INCREMENTAL");
	if (r == 0)
		r = statement_exec(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
				       "PRAGMA journal_size_limit = 4194304; PRAGMA temp_store = MEMORY;"
				       "PRAGMA cache_size = -512");
	return r == 0 && version < DATABASE_VERSION ? database_upgrade(db) : r;
}

/*
 * Is it, by its first bytes, what we may have made? Either of the two is enough, the other may be what is damaged. The id
 * may be 0 in a file of ours: the first transaction is only in the log beside it yet.
 */
static int database_is_ours(int fd)
{
	uint8_t head[DATABASE_ID_AT + sizeof(uint32_t)] = {0};
	ssize_t len = pread(fd, head, sizeof(head), 0);
	uint32_t application;

	if (len < 0)
		return -errno;
	memcpy(&application, head + DATABASE_ID_AT, sizeof(application));
	application = be32toh(application);
	if (len == 0 || application == DATABASE_APPLICATION)
		return 0;
	if (application == 0 && memcmp(head, DATABASE_MAGIC, sizeof(DATABASE_MAGIC)) == 0)
		return 0;
	return -EMEDIUMTYPE;
}

/* SQLite would make it readable for all; what it makes beside it has the same mode. */
static int database_make_file(const char *path)
{
	AUTO_FREE char *copy = strdup(path);
	AUTO_CLOSE int fd = -1;
	struct stat st;
	int r;

	if (!copy)
		return -ENOMEM;
	if (mkdir(dirname(copy), 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW, 0600);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EMEDIUMTYPE;
	r = own_file_check(fd);
	return r < 0 ? r : database_is_ours(fd);
}

static int database_connect(const char *path, int flags, sqlite3 **ret_db)
{
	sqlite3 *db = NULL;
	int r;

	/* counting memory takes a lock each time; refused once SQLite is in use, and then it is set already */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	r = statement_error(NULL, sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_NOMUTEX, NULL));

	if (r < 0) {
		sqlite3_close(db);
		return r;
	}
	sqlite3_extended_result_codes(db, 1);
	sqlite3_busy_timeout(db, DATABASE_BUSY_MS);
	/* the file may have been tampered with: its schema is data, not code */
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	*ret_db = db;
	return 0;
}

int database_open(const char *path, sqlite3 **ret_db)
{
	sqlite3 *db = NULL;
	int r = database_make_file(path);

	if (r == 0)
		r = database_connect(path, SQLITE_OPEN_READWRITE, &db);
	if (r == 0)
		r = database_prepare(db);
	if (r < 0) {
		sqlite3_close(db);
		return r;
	}
	*ret_db = db;
	return 0;
}

/* Of what SQLite can't read: -EUCLEAN if it is ours and damaged, or -EMEDIUMTYPE. */
static int database_what(const char *path)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	return fd >= 0 && database_is_ours(fd) == -EMEDIUMTYPE ? -EMEDIUMTYPE : -EUCLEAN;
}

int database_open_reader(const char *path, sqlite3 **ret_db)
{
	sqlite3 *db = NULL;
	int64_t version;
	struct stat st;
	int r;

	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EMEDIUMTYPE;
	r = database_connect(path, SQLITE_OPEN_READONLY, &db);
	/* without a copy of each page; a file can't shrink below what a reader sees */
	if (r == 0)
		r = statement_exec(db, "PRAGMA mmap_size = 1073741824");
	if (r == 0)
		r = database_version(db, &version);
	/* empty: a daemon is just making it, or was killed before it had */
	if (r == 0 && version == 0)
		r = -ENODATA;
	if (r < 0) {
		sqlite3_close(db);
		return r == -EUCLEAN ? database_what(path) : r;
	}
	*ret_db = db;
	return 0;
}

/* A name that is free: what was moved aside in the same second stays. */
static int database_aside(const char *path, char **ret_moved)
{
	char stamp[32], *moved;
	time_t now = time(NULL);
	struct tm tm;

	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm));
	for (unsigned int i = 0; i < DATABASE_ASIDE_MAX; i++) {
		char number[16] = "";
		struct stat st;

		if (i)
			snprintf(number, sizeof(number), "-%u", i);
		if (asprintf(&moved, "%s.corrupt-%s%s", path, stamp, number) < 0)
			return -ENOMEM;
		if (lstat(moved, &st) < 0) {
			*ret_moved = moved;
			return 0;
		}
		free(moved);
	}
	return -EEXIST;
}

int database_set_aside(const char *path, char **ret_moved)
{
	static const char *const parts[] = {"-wal", "-shm", ""};
	AUTO_FREE char *moved = NULL;
	int r = database_aside(path, &moved);

	if (r < 0)
		return r;
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		AUTO_FREE char *from = NULL;
		AUTO_FREE char *to = NULL;

		if (asprintf(&from, "%s%s", path, parts[i]) < 0) {
			from = NULL;
			return -ENOMEM;
		}
		if (asprintf(&to, "%s%s", moved, parts[i]) < 0) {
			to = NULL;
			return -ENOMEM;
		}
		if (rename(from, to) < 0 && (errno != ENOENT || !*parts[i]))
			return -errno;
	}
	*ret_moved = TAKE(moved);
	return 0;
}
