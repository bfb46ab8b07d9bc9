// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * pending → writer → database: six to eight statements a fact, all of them prepared once. What a fact shares with the one before, the file and the program,
 * is not written again in the same transaction; how many facts use them is counted here, and written once.
 *
 * Invariant: name.facts is how many facts have that name in any place, each counted once, also where one has it in two: so many times the
 * removal of a fact takes it down (database.c).
 *
 * OR FAIL: what a statement has done stays if it fails, as the caller takes back the whole transaction. Else SQLite would copy each page
 * that a row and its trigger touch first, to be able to take back that one (https://sqlite.org/tempfiles.html, 2.5).
 */
#include "store/writer.h"

#include "store/statement.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The name that it had is added to those of before, unless it is among them, or they are too many. */
#define WRITER_FORMER                                                                                       \
	"CASE WHEN name IS NULL OR name IS excluded.name OR excluded.name IS NULL OR length(former) > 1000" \
	" OR instr(former, char(10) || name || char(10)) THEN former"                                       \
	" ELSE coalesce(former, char(10)) || name || char(10) END"

#define WRITER_STATEMENTS(X)                                                                             \
	X(name_find, "SELECT id FROM name WHERE value = ?")                                              \
	X(name_add, "INSERT INTO name (value, facts) VALUES (?, 0)")                                     \
	X(name_new, "INSERT INTO name (value, facts) VALUES (?, ?) ON CONFLICT (value) DO NOTHING")      \
	X(name_use, "UPDATE name SET facts = facts + ? WHERE id = ?")                                    \
	X(fact_find, "SELECT id FROM fact WHERE token = ? AND file = ? AND program = ?"                  \
		     " AND container = ? AND verdict = ?")                                               \
	X(fact_again, "UPDATE fact SET first = min(first, ?2), last = max(last, ?3),"                    \
		      " count = count + ?4, relayed = ?5 WHERE id = ?1")                                 \
	X(fact_add,                                                                                      \
	  "INSERT OR FAIL INTO fact (token, file, program, container, verdict, first, last, count,"      \
	  " relayed, counted) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1)")                                    \
	X(activity, "INSERT INTO activity (fact, hour, count) VALUES (?, ?, ?)"                          \
		    " ON CONFLICT (fact, hour) DO UPDATE SET count = count + excluded.count")            \
	X(detail,                                                                                        \
	  "INSERT OR REPLACE INTO detail (fact, process, pid, uid, user, command_line, script, unit,"    \
	  " syscall, seen_by, part, rule, place, severity, exec)"                                        \
	  " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")                                       \
	X(token, "INSERT OR REPLACE INTO token (id, type, placeholder) VALUES (?, ?, ?)")                \
	X(file_put, "INSERT OR REPLACE INTO file (id, path, type, fs_type, dev_major, dev_minor, inode," \
		    " path_truncated, deleted) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")                      \
	X(container,                                                                                     \
	  "INSERT INTO container (id, runtime, name, image, pod, pod_namespace,"                         \
	  " pod_uid, cid, namespace, created, digest, outer_id)"                                         \
	  " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"                                                 \
	  " ON CONFLICT (id) DO UPDATE SET former = " WRITER_FORMER ", runtime = excluded.runtime,"      \
	  " name = excluded.name, image = excluded.image, pod = excluded.pod,"                           \
	  " pod_namespace = excluded.pod_namespace, pod_uid = excluded.pod_uid, cid = excluded.cid,"     \
	  " namespace = excluded.namespace, created = excluded.created, digest = excluded.digest,"       \
	  " outer_id = excluded.outer_id")                                                               \
	X(count, "INSERT INTO meta (key, value) VALUES (?, ?)"                                           \
		 " ON CONFLICT (key) DO UPDATE SET value = value + excluded.value")                      \
	X(latest, "INSERT INTO meta (key, value) VALUES (?, ?)"                                          \
		  " ON CONFLICT (key) DO UPDATE SET value = max(value, excluded.value)")

/* Facts that use a name, and are not counted in its row yet. */
struct writer_use {
	int64_t name, facts;
};

/* What a fact has beside its token. */
enum writer_place { WRITER_FILE, WRITER_PROGRAM, WRITER_CONTAINER, WRITER_PLACES };

struct writer {
	/* the last fact's, of the transaction that is under way, if there was one */
	struct fact last;
	bool any;
	int64_t file, program;
	struct writer_use uses[WRITER_PLACES];
#define WRITER_FIELD(name, sql) sqlite3_stmt *name;
	WRITER_STATEMENTS(WRITER_FIELD)
#undef WRITER_FIELD
};

int writer_open(sqlite3 *db, struct writer **ret_writer)
{
	struct writer *writer = calloc(1, sizeof(*writer));
	int r = writer ? 0 : -ENOMEM;

#define WRITER_PREPARE(name, sql) r = r == 0 ? statement_prepare(db, sql, &writer->name) : r;
	WRITER_STATEMENTS(WRITER_PREPARE)
#undef WRITER_PREPARE
	if (r < 0) {
		writer_close(writer);
		return r;
	}
	*ret_writer = writer;
	return 0;
}

void writer_close(struct writer *writer)
{
	if (!writer)
		return;
#define WRITER_END(name, sql) sqlite3_finalize(writer->name);
	WRITER_STATEMENTS(WRITER_END)
#undef WRITER_END
	free(writer);
}

static int writer_do(sqlite3_stmt *statement, int r)
{
	if (r < 0)
		return r;
	r = statement_run(statement, NULL);
	return r < 0 ? r : 0;
}

/*
 * A new row and its id. RETURNING would put that into a table of the moment first, which costs more than the row (bench-storm).
 */
static int writer_add(sqlite3_stmt *statement, int64_t *ret_id)
{
	int r = writer_do(statement, 0);

	if (r == 0)
		*ret_id = sqlite3_last_insert_rowid(sqlite3_db_handle(statement));
	return r;
}

/* The id of a text, which is added if it is new. Without a fact that uses it, a trigger of its removal never runs: the
 * caller's transaction adds one or is rolled back. */
static int writer_name(struct writer *writer, const char *text, int64_t *ret_id)
{
	int rows;

	statement_bind(writer->name_find, "t", text);
	rows = statement_run(writer->name_find, ret_id);
	if (rows)
		return rows < 0 ? rows : 0;
	statement_bind(writer->name_add, "t", text);
	return writer_add(writer->name_add, ret_id);
}

/* A token's, which is new more often than not; one fact uses it then, and that is counted. */
static int writer_token_name(struct writer *writer, const char *text, int64_t *ret_id, bool *ret_new)
{
	sqlite3 *db = sqlite3_db_handle(writer->name_new);
	int r;

	statement_bind(writer->name_new, "ti", text, (int64_t)1);
	r = writer_do(writer->name_new, 0);
	if (r < 0)
		return r;
	*ret_new = sqlite3_changes(db) > 0;
	*ret_id = sqlite3_last_insert_rowid(db);
	if (*ret_new)
		return 0;
	statement_bind(writer->name_find, "t", text);
	r = statement_run(writer->name_find, ret_id);
	return r < 0 ? r : 0;
}

static int writer_details(struct writer *writer, const struct fact *fact, int64_t id)
{
	statement_bind(writer->activity, "iii", id, fact_hour(fact->last), (int64_t)fact->count);
	statement_bind(writer->detail, "itiitttttttttii", id, fact->process, (int64_t)fact->pid,
		       (int64_t)fact->uid, fact->user, fact->command_line, fact->script, fact->unit,
		       fact->syscall, fact->seen_by, fact->part, fact->rule, fact->place,
		       (int64_t)fact->severity, (int64_t)fact->exec);
	return writer_do(writer->detail, writer_do(writer->activity, 0));
}

static bool writer_same(const char *one, const char *other)
{
	return one == other || (one && other && strcmp(one, other) == 0);
}

static bool writer_same_file(const struct fact *one, const struct fact *other)
{
	return writer_same(one->file, other->file) && writer_same(one->file_path, other->file_path) &&
	       writer_same(one->file_type, other->file_type) && writer_same(one->fs_type, other->fs_type) &&
	       one->dev_major == other->dev_major && one->dev_minor == other->dev_minor &&
	       one->inode == other->inode && one->path_truncated == other->path_truncated &&
	       one->deleted == other->deleted;
}

static int writer_file(struct writer *writer, const struct fact *fact)
{
	int r;

	if (writer->any && writer_same_file(&writer->last, fact))
		return 0;
	r = writer_name(writer, fact->file, &writer->file);
	if (r < 0)
		return r;
	statement_bind(writer->file_put, "itttiiiii", writer->file, fact->file_path, fact->file_type,
		       fact->fs_type, (int64_t)fact->dev_major, (int64_t)fact->dev_minor,
		       (int64_t)fact->inode, (int64_t)fact->path_truncated, (int64_t)fact->deleted);
	return writer_do(writer->file_put, 0);
}

static int writer_program(struct writer *writer, const struct fact *fact)
{
	if (writer->any && writer_same(writer->last.program, fact->program))
		return 0;
	return writer_name(writer, fact->program, &writer->program);
}

void writer_begin(struct writer *writer)
{
	writer->any = false;
	memset(writer->uses, 0, sizeof(writer->uses));
}

static int writer_use(struct writer *writer, int64_t name, int64_t facts)
{
	statement_bind(writer->name_use, "ii", facts, name);
	return writer_do(writer->name_use, 0);
}

/* Writes what is counted of one. */
static int writer_used(struct writer *writer, struct writer_use *use)
{
	int r = use->facts ? writer_use(writer, use->name, use->facts) : 0;

	use->facts = 0;
	return r;
}

int writer_end(struct writer *writer)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < WRITER_PLACES; i++)
		r = writer_used(writer, &writer->uses[i]);
	return r;
}

/* A fact is there that was not. @new: its token is, which is counted with that */
static int writer_count_names(struct writer *writer, int64_t token, int64_t container, bool new)
{
	const int64_t names[WRITER_PLACES] = {writer->file, writer->program, container};
	int r = new ? 0 : writer_use(writer, token, 1);

	for (size_t i = 0; r == 0 && i < WRITER_PLACES; i++) {
		struct writer_use *use = &writer->uses[i];
		bool again = !names[i] || names[i] == token;

		for (size_t j = 0; j < i; j++)
			again |= names[j] == names[i];
		if (again)
			continue;
		if (use->name != names[i])
			r = writer_used(writer, use);
		use->name = names[i];
		use->facts++;
	}
	return r;
}

/* Column "relayed": 1: the program writes what the container prints; 2: it is outside as well, and the file is the container's. */
static int64_t writer_apart(const struct fact *fact)
{
	return fact->outside ? 2 : fact->relayed;
}

/* The fact's own row. @new: its token is, so there is none of it yet */
static int writer_fact(struct writer *writer, const struct fact *fact, int64_t token, int64_t container,
		       bool new, int64_t *ret_id)
{
	int rows = 0, r;

	if (!new) {
		statement_bind(writer->fact_find, "iiiii", token, writer->file, writer->program, container,
			       (int64_t)fact->verdict);
		rows = statement_run(writer->fact_find, ret_id);
	}
	if (rows < 0)
		return rows;
	if (rows) {
		statement_bind(writer->fact_again, "iiiii", *ret_id, fact->first, fact->last,
			       (int64_t)fact->count, writer_apart(fact));
		return writer_do(writer->fact_again, 0);
	}
	statement_bind(writer->fact_add, "iiiiiiiii", token, writer->file, writer->program, container,
		       (int64_t)fact->verdict, fact->first, fact->last, (int64_t)fact->count,
		       writer_apart(fact));
	r = writer_add(writer->fact_add, ret_id);
	return r == 0 ? writer_count_names(writer, token, container, new) : r;
}

int writer_put_token(struct writer *writer, const struct fact *fact, struct pending_name *ret_name)
{
	int r = writer_token_name(writer, fact->token, &ret_name->id, &ret_name->new);

	if (r < 0)
		return r;
	statement_bind(writer->token, "iti", ret_name->id, fact->token_type, (int64_t)fact->placeholder);
	return writer_do(writer->token, 0);
}

int writer_put(struct writer *writer, const struct fact *fact, const struct pending_name *name)
{
	int64_t container = 0, id;
	int r = writer_file(writer, fact);

	if (r == 0)
		r = writer_program(writer, fact);
	/* half of it may be new: all of it is taken anew then */
	writer->any = r == 0;
	writer->last = *fact;
	if (r == 0 && *fact->container)
		r = writer_name(writer, fact->container, &container);
	if (r < 0)
		return r;
	if (container) {
		statement_bind(writer->container, "ittttttttttt", container, fact->runtime,
			       fact->container_name, fact->image, fact->pod, fact->pod_namespace,
			       fact->pod_uid, fact->container_id, fact->namespace, fact->created,
			       fact->digest, fact->outer);
		r = writer_do(writer->container, r);
	}
	if (r == 0)
		r = writer_fact(writer, fact, name->id, container, name->new, &id);
	return r < 0 ? r : writer_details(writer, fact, id);
}

int writer_count(struct writer *writer, const char *key, int64_t count)
{
	statement_bind(writer->count, "ti", key, count);
	return writer_do(writer->count, 0);
}

int writer_latest(struct writer *writer, const char *key, int64_t time)
{
	statement_bind(writer->latest, "ti", key, time);
	return writer_do(writer->latest, 0);
}
