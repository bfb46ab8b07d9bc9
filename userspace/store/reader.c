// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * database → reader → report. Facts come as rows of numbers, a million of them in a fraction of a second; texts are
 * fetched for what is shown only.
 *
 * Invariant: nothing is written, no lock is held but between reader_begin() and reader_end().
 */
#include "store/reader.h"

#include "store/database.h"
#include "store/statement.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READER_DETAIL "SELECT process, pid, uid, user, command_line, script, unit, syscall, seen_by, part, "
#define READER_CONTAINER "SELECT runtime, name, image, pod, pod_namespace, pod_uid, value, "
#define READER_CONTAINER_ID " FROM container JOIN name USING (id) WHERE id = ?"
#define READER_STATEMENTS(X)                                                                                \
	X(name, "SELECT value FROM name WHERE id = ?")                                                      \
	X(container, reader->formers ? READER_CONTAINER                                                     \
			     "coalesce(cid, value), namespace, created, former" READER_CONTAINER_ID         \
		     : reader->identities ? READER_CONTAINER                                                \
			     "coalesce(cid, value), namespace, created, NULL" READER_CONTAINER_ID           \
					  : READER_CONTAINER "value, NULL, NULL, NULL" READER_CONTAINER_ID) \
	X(token, "SELECT type, placeholder FROM token WHERE id = ?")                                        \
	X(file, "SELECT path, type, fs_type, dev_major, dev_minor, inode, path_truncated, deleted"          \
		" FROM file WHERE id = ?")                                                                  \
	X(detail, reader->places  ? READER_DETAIL "rule, place, severity FROM detail WHERE fact = ?"        \
		  : reader->rules ? READER_DETAIL "rule, NULL, NULL FROM detail WHERE fact = ?"             \
				  : READER_DETAIL "NULL, NULL, NULL FROM detail WHERE fact = ?")

struct reader {
	sqlite3 *db;
	/* it knows of rules, of relays, of what a container is and was called, and of where a file is; an older version's is only read here, and not brought up to date */
	bool rules, relays, identities, formers, places;
#define READER_FIELD(name, sql) sqlite3_stmt *name;
	READER_STATEMENTS(READER_FIELD)
#undef READER_FIELD
};

static bool reader_has(struct reader *reader, const char *sql)
{
	return statement_query(reader->db, sql, NULL) > 0;
}

int reader_open(const char *path, struct reader **ret_reader)
{
	struct reader *reader = calloc(1, sizeof(*reader));
	int r = reader ? database_open_reader(path, &reader->db) : -ENOMEM;

	if (r == 0) {
		reader->rules =
			reader_has(reader, "SELECT 1 FROM pragma_table_info('fact') WHERE name = 'verdict'");
		reader->relays =
			reader_has(reader, "SELECT 1 FROM pragma_table_info('fact') WHERE name = 'relayed'");
		reader->formers = reader_has(
			reader, "SELECT 1 FROM pragma_table_info('container') WHERE name = 'former'");
		reader->identities =
			reader_has(reader, "SELECT 1 FROM pragma_table_info('container') WHERE name = 'cid'");
		reader->places =
			reader_has(reader, "SELECT 1 FROM pragma_table_info('detail') WHERE name = 'place'");
	}
#define READER_PREPARE(name, sql) r = r == 0 ? statement_prepare(reader->db, sql, &reader->name) : r;
	READER_STATEMENTS(READER_PREPARE)
#undef READER_PREPARE
	if (r < 0) {
		reader_close(reader);
		return r;
	}
	*ret_reader = reader;
	return 0;
}

void reader_close(struct reader *reader)
{
	if (!reader)
		return;
#define READER_END(name, sql) sqlite3_finalize(reader->name);
	READER_STATEMENTS(READER_END)
#undef READER_END
	sqlite3_close(reader->db);
	free(reader);
}

int reader_begin(struct reader *reader)
{
	return statement_exec(reader->db, "BEGIN");
}

void reader_end(struct reader *reader)
{
	statement_exec(reader->db, "COMMIT");
}

int reader_facts(struct reader *reader, int64_t since, int64_t until, reader_fact_visit visit, void *context)
{
	sqlite3_stmt *statement = NULL;
	char sql[192];
	int r;

	/* '+': all rows in their order; by the index on `last` each of them would be looked up */
	snprintf(sql, sizeof(sql),
		 "SELECT id, token, file, program, container, first, last, count, %s, %s FROM fact"
		 " WHERE +last >= ? AND first < ? ORDER BY id",
		 reader->rules ? "verdict" : "0", reader->relays ? "relayed" : "0");
	r = statement_prepare(reader->db, sql, &statement);

	if (r < 0)
		return r;
	statement_bind(statement, "ii", since, until);
	while (r >= 0 && (r = sqlite3_step(statement)) == SQLITE_ROW) {
		struct reader_fact fact = {
			.id = sqlite3_column_int64(statement, 0),
			.token = sqlite3_column_int64(statement, 1),
			.file = sqlite3_column_int64(statement, 2),
			.program = sqlite3_column_int64(statement, 3),
			.container = sqlite3_column_int64(statement, 4),
			.first = sqlite3_column_int64(statement, 5),
			.last = sqlite3_column_int64(statement, 6),
			.count = (uint64_t)sqlite3_column_int64(statement, 7),
			.verdict = (enum fact_verdict)sqlite3_column_int(statement, 8),
			.relayed = sqlite3_column_int(statement, 9) == 1,
			.outside = sqlite3_column_int(statement, 9) == 2,
		};

		r = visit(context, &fact);
	}
	r = r < 0 ? r : statement_error(reader->db, r);
	sqlite3_finalize(statement);
	return r;
}

int reader_activity(struct reader *reader, reader_activity_visit visit, void *context)
{
	sqlite3_stmt *statement = NULL;
	int r = statement_prepare(reader->db, "SELECT fact, hour, count FROM activity ORDER BY fact, hour",
				  &statement);

	while (r >= 0 && (r = sqlite3_step(statement)) == SQLITE_ROW)
		r = visit(context, sqlite3_column_int64(statement, 0), sqlite3_column_int64(statement, 1),
			  (uint64_t)sqlite3_column_int64(statement, 2));
	r = r < 0 ? r : statement_error(reader->db, r);
	sqlite3_finalize(statement);
	return r;
}

int reader_details(struct reader *reader, reader_detail_visit visit, void *context)
{
	sqlite3_stmt *statement = NULL;
	int r = statement_prepare(reader->db, "SELECT fact, unit, user, uid FROM detail ORDER BY fact",
				  &statement);

	while (r >= 0 && (r = sqlite3_step(statement)) == SQLITE_ROW) {
		const struct reader_detail detail = {
			.fact = sqlite3_column_int64(statement, 0),
			.unit = statement_text(statement, 1),
			.user = statement_text(statement, 2),
			.uid = (uint32_t)sqlite3_column_int64(statement, 3),
		};

		r = visit(context, &detail);
	}
	r = r < 0 ? r : statement_error(reader->db, r);
	sqlite3_finalize(statement);
	return r;
}

static int reader_visit_ids(struct reader *reader, const char *sql, const char *text, reader_id_visit visit,
			    void *context)
{
	sqlite3_stmt *statement = NULL;
	int r = statement_prepare(reader->db, sql, &statement);

	if (r < 0)
		return r;
	statement_bind(statement, "t", text);
	while (r >= 0 && (r = sqlite3_step(statement)) == SQLITE_ROW)
		r = visit(context, sqlite3_column_int64(statement, 0));
	r = r < 0 ? r : statement_error(reader->db, r);
	sqlite3_finalize(statement);
	return r;
}

static int reader_keep_id(void *context, int64_t id)
{
	*(int64_t *)context = id;
	return 0;
}

int reader_find_token(struct reader *reader, const char *identifier, int64_t *ret_id)
{
	int64_t id = 0;
	int r = reader_visit_ids(reader, "SELECT id FROM token JOIN name USING (id) WHERE value = ?",
				 identifier, reader_keep_id, &id);

	if (r < 0)
		return r;
	if (!id)
		return -ENOENT;
	*ret_id = id;
	return 0;
}

int reader_find_containers(struct reader *reader, const char *name, reader_id_visit visit, void *context)
{
	const char *id = reader->identities ? "coalesce(cid, value)" : "value";
	char sql[640];

	snprintf(sql, sizeof(sql),
		 "SELECT id FROM container JOIN name USING (id) WHERE value = ?1 OR %s = ?1 OR name = ?1"
		 " OR pod = ?1 OR pod_namespace || '/' || pod = ?1"
		 " OR pod_namespace || '/' || pod || '/' || name = ?1"
		 " OR pod_namespace || '/*' = ?1"
		 " OR length(?1) >= 8 AND substr(%s, 1, length(?1)) = ?1%s",
		 id, id, reader->formers ? " OR instr(former, char(10) || ?1 || char(10))" : "");
	return reader_visit_ids(reader, sql, name, visit, context);
}

int reader_find(struct reader *reader, enum reader_pattern what, const char *pattern, reader_id_visit visit,
		void *context)
{
	static const char *const statements[READER_PATTERNS] = {
		[READER_FILES] =
			"SELECT id FROM file JOIN name USING (id) WHERE value GLOB ?1 OR path GLOB ?1",
		/* by its name as well, which is what people know it by */
		[READER_PROGRAMS] = "SELECT id FROM name WHERE value GLOB ?1 OR value GLOB '*/' || ?1",
		[READER_IMAGES] = "SELECT id FROM container WHERE image GLOB ?1",
		[READER_NAMESPACES] = "SELECT id FROM container WHERE pod_namespace GLOB ?1",
	};

	return reader_visit_ids(reader, statements[what], pattern, visit, context);
}

int reader_known(struct reader *reader, int what, reader_text_visit visit, void *context)
{
	static const char containers[] =
		"SELECT name FROM container WHERE name IS NOT NULL UNION SELECT pod FROM container"
		" WHERE pod IS NOT NULL UNION SELECT pod_namespace || '/' || pod FROM container"
		" WHERE pod_namespace || '/' || pod IS NOT NULL";
	static const char *const statements[] = {
		[READER_KNOWN_CONTAINERS] = containers,
		[READER_KNOWN_RULES] = "SELECT DISTINCT rule FROM detail WHERE rule IS NOT NULL",
		[READER_KNOWN_TOKENS] = "SELECT value FROM token JOIN name USING (id)",
		[READER_KNOWN_PATTERNS + READER_FILES] = "SELECT value FROM file JOIN name USING (id)",
		[READER_KNOWN_PATTERNS + READER_PROGRAMS] =
			"SELECT value FROM name WHERE id IN (SELECT program FROM fact)",
		[READER_KNOWN_PATTERNS + READER_IMAGES] =
			"SELECT DISTINCT image FROM container WHERE image IS NOT NULL",
		[READER_KNOWN_PATTERNS + READER_NAMESPACES] =
			"SELECT DISTINCT pod_namespace FROM container WHERE pod_namespace IS NOT NULL",
	};
	sqlite3_stmt *statement = NULL;
	int r;

	if (what == READER_KNOWN_RULES && !reader->rules)
		return 0;
	r = statement_prepare(reader->db, statements[what], &statement);
	while (r >= 0 && (r = sqlite3_step(statement)) == SQLITE_ROW) {
		const char *text = statement_text(statement, 0);

		r = text ? visit(context, text) : 0;
	}
	r = r < 0 ? r : statement_error(reader->db, r);
	sqlite3_finalize(statement);
	return r;
}

int reader_find_facts(struct reader *reader, const struct reader_said *said, reader_id_visit visit,
		      void *context)
{
	sqlite3_stmt *statement = NULL;
	char sql[192];
	int r;

	snprintf(sql, sizeof(sql),
		 "SELECT fact FROM detail WHERE (?1 IS NULL OR %s GLOB ?1) AND (?2 IS NULL OR %s = ?2)"
		 " AND (?3 = 0 OR %s >= ?3) ORDER BY fact",
		 reader->rules ? "rule" : "NULL", reader->places ? "place" : "NULL",
		 reader->places ? "severity" : "NULL");
	r = statement_prepare(reader->db, sql, &statement);
	if (r < 0)
		return r;
	statement_bind(statement, "tti", said->rule, said->place, (int64_t)said->severity);
	while (r >= 0 && (r = sqlite3_step(statement)) == SQLITE_ROW)
		r = visit(context, sqlite3_column_int64(statement, 0));
	r = r < 0 ? r : statement_error(reader->db, r);
	sqlite3_finalize(statement);
	return r;
}

/* One row of a prepared statement. Returns 1, 0 if there is none, or a negative errno. */
static int reader_row(struct reader *reader, sqlite3_stmt *statement, int64_t id)
{
	int result;

	statement_bind(statement, "i", id);
	result = sqlite3_step(statement);
	if (result == SQLITE_ROW)
		return 1;
	result = statement_error(reader->db, result);
	sqlite3_reset(statement);
	return result;
}

static char *reader_copy(sqlite3_stmt *statement, int column, bool *failed)
{
	const char *text = statement_text(statement, column);
	char *copy = text ? strdup(text) : NULL;

	*failed |= text && !copy;
	return copy;
}

int reader_name(struct reader *reader, int64_t id, char **ret_text)
{
	int r = reader_row(reader, reader->name, id);
	bool failed = false;
	char *text;

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	text = reader_copy(reader->name, 0, &failed);
	sqlite3_reset(reader->name);
	if (!text)
		return failed ? -ENOMEM : -EUCLEAN;
	*ret_text = text;
	return 0;
}

int reader_container(struct reader *reader, int64_t id, struct fact *ret_fact)
{
	sqlite3_stmt *row = reader->container;
	bool failed = false;
	int r;

	if (!id)
		return 0;
	r = reader_row(reader, row, id);
	if (r <= 0)
		return r;
	ret_fact->runtime = reader_copy(row, 0, &failed);
	ret_fact->container_name = reader_copy(row, 1, &failed);
	ret_fact->image = reader_copy(row, 2, &failed);
	ret_fact->pod = reader_copy(row, 3, &failed);
	ret_fact->pod_namespace = reader_copy(row, 4, &failed);
	ret_fact->pod_uid = reader_copy(row, 5, &failed);
	ret_fact->container = reader_copy(row, 6, &failed);
	ret_fact->container_id = reader_copy(row, 7, &failed);
	ret_fact->namespace = reader_copy(row, 8, &failed);
	ret_fact->created = reader_copy(row, 9, &failed);
	ret_fact->former = reader_copy(row, 10, &failed);
	sqlite3_reset(row);
	return failed ? -ENOMEM : 0;
}

int reader_token(struct reader *reader, int64_t id, struct fact *fact)
{
	bool failed = false;
	int r = reader_row(reader, reader->token, id);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	fact->token_type = reader_copy(reader->token, 0, &failed);
	fact->placeholder = sqlite3_column_int(reader->token, 1);
	sqlite3_reset(reader->token);
	return failed ? -ENOMEM : 0;
}

static int reader_file(struct reader *reader, int64_t id, struct fact *fact)
{
	sqlite3_stmt *row = reader->file;
	bool failed = false;
	int r = reader_row(reader, row, id);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	fact->file_path = reader_copy(row, 0, &failed);
	fact->file_type = reader_copy(row, 1, &failed);
	fact->fs_type = reader_copy(row, 2, &failed);
	fact->dev_major = (uint32_t)sqlite3_column_int64(row, 3);
	fact->dev_minor = (uint32_t)sqlite3_column_int64(row, 4);
	fact->inode = (uint64_t)sqlite3_column_int64(row, 5);
	fact->path_truncated = sqlite3_column_int(row, 6);
	fact->deleted = sqlite3_column_int(row, 7);
	sqlite3_reset(row);
	return failed ? -ENOMEM : 0;
}

static int reader_detail(struct reader *reader, int64_t id, struct fact *fact)
{
	sqlite3_stmt *row = reader->detail;
	bool failed = false;
	int r = reader_row(reader, row, id);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	fact->process = reader_copy(row, 0, &failed);
	fact->pid = (uint32_t)sqlite3_column_int64(row, 1);
	fact->uid = (uint32_t)sqlite3_column_int64(row, 2);
	fact->user = reader_copy(row, 3, &failed);
	fact->command_line = reader_copy(row, 4, &failed);
	fact->script = reader_copy(row, 5, &failed);
	fact->unit = reader_copy(row, 6, &failed);
	fact->syscall = reader_copy(row, 7, &failed);
	fact->seen_by = reader_copy(row, 8, &failed);
	fact->part = reader_copy(row, 9, &failed);
	fact->rule = reader_copy(row, 10, &failed);
	fact->place = reader_copy(row, 11, &failed);
	fact->severity = (uint32_t)sqlite3_column_int64(row, 12);
	sqlite3_reset(row);
	return failed ? -ENOMEM : 0;
}

int reader_fact(struct reader *reader, const struct reader_fact *row, struct fact *ret_fact)
{
	struct fact fact = {
		.first = row->first,
		.last = row->last,
		.count = row->count,
		.verdict = row->verdict,
		.relayed = row->relayed,
		.outside = row->outside,
	};
	int r = reader_name(reader, row->token, &fact.token);

	if (r == 0)
		r = reader_name(reader, row->file, &fact.file);
	if (r == 0)
		r = reader_name(reader, row->program, &fact.program);
	if (r == 0)
		r = reader_container(reader, row->container, &fact);
	if (r == 0 && !fact.container) {
		fact.container = strdup("");
		r = fact.container ? 0 : -ENOMEM;
	}
	if (r == 0)
		r = reader_token(reader, row->token, &fact);
	if (r == 0)
		r = reader_file(reader, row->file, &fact);
	if (r == 0)
		r = reader_detail(reader, row->id, &fact);
	if (r < 0) {
		fact_free(&fact);
		return r;
	}
	*ret_fact = fact;
	return 0;
}

int reader_triage(struct reader *reader, reader_triage_visit visit, void *context)
{
	sqlite3_stmt *statement = NULL;
	int r;

	if (!reader_has(reader, "SELECT 1 FROM sqlite_schema WHERE name = 'triage'"))
		return 0;
	r = statement_prepare(reader->db,
			      "SELECT id, token, state, note, time FROM triage JOIN name ON value = token",
			      &statement);
	while (r >= 0 && (r = sqlite3_step(statement)) == SQLITE_ROW) {
		const char *state = statement_text(statement, 2);
		struct triage triage = {
			.identifier = statement_text(statement, 1),
			.note = statement_text(statement, 3),
			.time = sqlite3_column_int64(statement, 4),
		};

		r = triage.identifier && state && triage_parse(state, &triage.state)
			    ? visit(context, sqlite3_column_int64(statement, 0), &triage)
			    : -EUCLEAN;
	}
	r = r < 0 ? r : statement_error(reader->db, r);
	sqlite3_finalize(statement);
	return r;
}

/* Does the store know of sessions? An older version's is only read here, and not brought up to date. */
static bool reader_knows_sessions(struct reader *reader)
{
	return statement_query(reader->db, "SELECT 1 FROM sqlite_schema WHERE name = 'session'", NULL) > 0;
}

int reader_sessions(struct reader *reader, reader_session_visit visit, void *context)
{
	sqlite3_stmt *statement = NULL;
	int r;

	if (!reader_knows_sessions(reader))
		return 0;
	r = statement_prepare(reader->db,
			      "SELECT start, seen, ended, scope, name, files, missing FROM session"
			      " ORDER BY start",
			      &statement);
	while (r >= 0 && (r = sqlite3_step(statement)) == SQLITE_ROW) {
		const struct reader_session session = {
			.start = sqlite3_column_int64(statement, 0),
			.seen = sqlite3_column_int64(statement, 1),
			.ended = sqlite3_column_int(statement, 2),
			.scope = statement_text(statement, 3),
			.name = statement_text(statement, 4),
			.files = statement_text(statement, 5),
			.missing = statement_text(statement, 6),
		};

		r = session.scope ? visit(context, &session) : -EUCLEAN;
	}
	r = r < 0 ? r : statement_error(reader->db, r);
	sqlite3_finalize(statement);
	return r;
}

int reader_losses(struct reader *reader, int64_t since, int64_t until, reader_loss_visit visit, void *context)
{
	sqlite3_stmt *statement = NULL;
	int r;

	if (!reader_knows_sessions(reader))
		return 0;
	r = statement_prepare(reader->db,
			      "SELECT since, until, counter, text, count, writer FROM loss"
			      " WHERE until >= ? AND since < ? ORDER BY since, id",
			      &statement);
	if (r < 0)
		return r;
	statement_bind(statement, "ii", since, until);
	while (r >= 0 && (r = sqlite3_step(statement)) == SQLITE_ROW) {
		const struct reader_loss loss = {
			.since = sqlite3_column_int64(statement, 0),
			.until = sqlite3_column_int64(statement, 1),
			.counter = statement_text(statement, 2),
			.text = statement_text(statement, 3),
			.count = (uint64_t)sqlite3_column_int64(statement, 4),
			.writer = statement_text(statement, 5),
		};

		r = loss.counter && loss.text ? visit(context, &loss) : -EUCLEAN;
	}
	r = r < 0 ? r : statement_error(reader->db, r);
	sqlite3_finalize(statement);
	return r;
}

int reader_node(struct reader *reader, char **ret_node)
{
	sqlite3_stmt *statement = NULL;
	int r = statement_prepare(reader->db, "SELECT value FROM meta WHERE key = 'node'", &statement);
	bool failed = false;
	char *node = NULL;

	if (r == 0 && (r = sqlite3_step(statement)) == SQLITE_ROW)
		node = reader_copy(statement, 0, &failed);
	r = r < 0 ? r : statement_error(reader->db, r);
	sqlite3_finalize(statement);
	if (r < 0 || failed) {
		free(node);
		return failed ? -ENOMEM : r;
	}
	*ret_node = node;
	return 0;
}

static int reader_number(struct reader *reader, const char *sql, int64_t *ret_number)
{
	int r = statement_query(reader->db, sql, ret_number);

	return r < 0 ? r : 0;
}

int reader_meta(struct reader *reader, struct reader_meta *ret_meta)
{
	int64_t removed = 0, removed_until = 0, lost = 0, lost_until = 0, told_until = 0;
	int r = reader_number(
		reader, "SELECT sum(value) FROM meta WHERE key IN ('removed_age', 'removed_size')", &removed);

	if (r == 0)
		r = reader_number(reader, "SELECT value FROM meta WHERE key = 'removed_until'",
				  &removed_until);
	if (r == 0)
		r = reader_number(reader, "SELECT value FROM meta WHERE key = 'lost'", &lost);
	if (r == 0)
		r = reader_number(reader, "SELECT value FROM meta WHERE key = 'lost_until'", &lost_until);
	if (r == 0)
		r = reader_number(reader, "SELECT value FROM meta WHERE key = 'told_until'", &told_until);
	if (r < 0)
		return r;
	*ret_meta = (struct reader_meta){(uint64_t)removed, removed_until, (uint64_t)lost, lost_until,
					 told_until};
	return 0;
}
