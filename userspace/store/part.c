// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * database → part → reader. Facts come as rows of numbers, a million of them in a fraction of a second; texts are fetched for what is
 * shown only.
 *
 * Invariant: nothing is written, no lock is held but between part_begin() and part_end().
 */
#include "store/part.h"

#include "store/database.h"
#include "store/statement.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PART_DETAIL "SELECT process, pid, uid, user, command_line, script, unit, syscall, seen_by, part, "
#define PART_CONTAINER "SELECT runtime, name, image, pod, pod_namespace, pod_uid, value, "
#define PART_CONTAINER_ID " FROM container JOIN name USING (id) WHERE id = ?"
#define PART_STATEMENTS(X)                                                                               \
	X(name, "SELECT value FROM name WHERE id = ?")                                                   \
	X(container,                                                                                     \
	  part->images ? PART_CONTAINER                                                                  \
		  "coalesce(cid, value), namespace, created, former, digest, outer_id" PART_CONTAINER_ID \
	  : part->formers ? PART_CONTAINER                                                               \
		  "coalesce(cid, value), namespace, created, former, NULL, NULL" PART_CONTAINER_ID       \
	  : part->identities ? PART_CONTAINER                                                            \
		  "coalesce(cid, value), namespace, created, NULL, NULL, NULL" PART_CONTAINER_ID         \
			     : PART_CONTAINER "value, NULL, NULL, NULL, NULL, NULL" PART_CONTAINER_ID)   \
	X(token, "SELECT type, placeholder FROM token WHERE id = ?")                                     \
	X(file, "SELECT path, type, fs_type, dev_major, dev_minor, inode, path_truncated, deleted"       \
		" FROM file WHERE id = ?")                                                               \
	X(detail, part->images   ? PART_DETAIL "rule, place, severity, exec FROM detail WHERE fact = ?"  \
		  : part->places ? PART_DETAIL "rule, place, severity, NULL FROM detail WHERE fact = ?"  \
		  : part->rules  ? PART_DETAIL "rule, NULL, NULL, NULL FROM detail WHERE fact = ?"       \
				 : PART_DETAIL "NULL, NULL, NULL, NULL FROM detail WHERE fact = ?")

struct part {
	sqlite3 *db;
	/* it knows of rules, of relays, of what a container is, was called and was made from, and of where a file is; an older version's is only read here, and not brought up to date */
	bool rules, relays, identities, formers, places, images;
#define PART_FIELD(name, sql) sqlite3_stmt *name;
	PART_STATEMENTS(PART_FIELD)
#undef PART_FIELD
};

static bool part_has(struct part *part, const char *sql)
{
	return statement_query(part->db, sql, NULL) > 0;
}

int part_open(const char *path, struct part **ret_part)
{
	struct part *part = calloc(1, sizeof(*part));
	int r = part ? database_open_reader(path, &part->db) : -ENOMEM;

	if (r == 0) {
		part->rules =
			part_has(part, "SELECT 1 FROM pragma_table_info('fact') WHERE name = 'verdict'");
		part->relays =
			part_has(part, "SELECT 1 FROM pragma_table_info('fact') WHERE name = 'relayed'");
		part->formers =
			part_has(part, "SELECT 1 FROM pragma_table_info('container') WHERE name = 'former'");
		part->identities =
			part_has(part, "SELECT 1 FROM pragma_table_info('container') WHERE name = 'cid'");
		part->images =
			part_has(part, "SELECT 1 FROM pragma_table_info('container') WHERE name = 'digest'");
		part->places =
			part_has(part, "SELECT 1 FROM pragma_table_info('detail') WHERE name = 'place'");
	}
#define PART_PREPARE(name, sql) r = r == 0 ? statement_prepare(part->db, sql, &part->name) : r;
	PART_STATEMENTS(PART_PREPARE)
#undef PART_PREPARE
	if (r < 0) {
		part_close(part);
		return r;
	}
	*ret_part = part;
	return 0;
}

void part_close(struct part *part)
{
	if (!part)
		return;
#define PART_END(name, sql) sqlite3_finalize(part->name);
	PART_STATEMENTS(PART_END)
#undef PART_END
	sqlite3_close(part->db);
	free(part);
}

int part_begin(struct part *part)
{
	return statement_exec(part->db, "BEGIN");
}

void part_end(struct part *part)
{
	statement_exec(part->db, "COMMIT");
}

int part_facts(struct part *part, int64_t since, int64_t until, reader_fact_visit visit, void *context)
{
	sqlite3_stmt *statement = NULL;
	char sql[192];
	int r;

	/* '+': all rows in their order; by the index on `last` each of them would be looked up */
	snprintf(sql, sizeof(sql),
		 "SELECT id, token, file, program, container, first, last, count, %s, %s FROM fact"
		 " WHERE +last >= ? AND first < ? ORDER BY id",
		 part->rules ? "verdict" : "0", part->relays ? "relayed" : "0");
	r = statement_prepare(part->db, sql, &statement);

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
			.node = 1,
		};

		r = visit(context, &fact);
	}
	r = r < 0 ? r : statement_error(part->db, r);
	sqlite3_finalize(statement);
	return r;
}

int part_activity(struct part *part, reader_activity_visit visit, void *context)
{
	sqlite3_stmt *statement = NULL;
	int r = statement_prepare(part->db, "SELECT fact, hour, count FROM activity ORDER BY fact, hour",
				  &statement);

	while (r >= 0 && (r = sqlite3_step(statement)) == SQLITE_ROW)
		r = visit(context, sqlite3_column_int64(statement, 0), sqlite3_column_int64(statement, 1),
			  (uint64_t)sqlite3_column_int64(statement, 2));
	r = r < 0 ? r : statement_error(part->db, r);
	sqlite3_finalize(statement);
	return r;
}

int part_details(struct part *part, reader_detail_visit visit, void *context)
{
	sqlite3_stmt *statement = NULL;
	int r = statement_prepare(part->db, "SELECT fact, unit, user, uid FROM detail ORDER BY fact",
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
	r = r < 0 ? r : statement_error(part->db, r);
	sqlite3_finalize(statement);
	return r;
}

static int part_visit_ids(struct part *part, const char *sql, const char *text, reader_id_visit visit,
			  void *context)
{
	sqlite3_stmt *statement = NULL;
	int r = statement_prepare(part->db, sql, &statement);

	if (r < 0)
		return r;
	statement_bind(statement, "t", text);
	while (r >= 0 && (r = sqlite3_step(statement)) == SQLITE_ROW)
		r = visit(context, sqlite3_column_int64(statement, 0));
	r = r < 0 ? r : statement_error(part->db, r);
	sqlite3_finalize(statement);
	return r;
}

static int part_keep_id(void *context, int64_t id)
{
	*(int64_t *)context = id;
	return 0;
}

int part_find_token(struct part *part, const char *identifier, int64_t *ret_id)
{
	int64_t id = 0;
	int r = part_visit_ids(part, "SELECT id FROM token JOIN name USING (id) WHERE value = ?", identifier,
			       part_keep_id, &id);

	if (r < 0)
		return r;
	if (!id)
		return -ENOENT;
	*ret_id = id;
	return 0;
}

int part_find_containers(struct part *part, const char *name, reader_id_visit visit, void *context)
{
	const char *id = part->identities ? "coalesce(cid, value)" : "value";
	const bool glob = strpbrk(name, "*?");
	const char *is = glob ? "GLOB" : "=";
	const char *former = glob ? " OR former GLOB '*' || char(10) || ?1 || char(10) || '*'"
				  : " OR instr(former, char(10) || ?1 || char(10))";
	char sql[768];

	snprintf(sql, sizeof(sql),
		 "SELECT id FROM container JOIN name USING (id) WHERE value = ?1 OR %s %s ?1 OR name %s ?1"
		 " OR pod %s ?1 OR pod_namespace || '/' || pod %s ?1"
		 " OR coalesce(pod_namespace || '/', '') || pod || '/' || name %s ?1"
		 " OR pod_namespace || '/*' = ?1"
		 " OR length(?1) >= 8 AND substr(%s, 1, length(?1)) = ?1%s",
		 id, is, is, is, is, is, id, part->formers ? former : "");
	return part_visit_ids(part, sql, name, visit, context);
}

int part_find(struct part *part, enum reader_pattern what, const char *pattern, reader_id_visit visit,
	      void *context)
{
	static const char *const statements[READER_PATTERNS] = {
		[READER_FILES] =
			"SELECT id FROM file JOIN name USING (id) WHERE value GLOB ?1 OR path GLOB ?1",
		/* by its name as well, which is what people know it by; "/bin/busybox (tee)" is both, and "(tee)" one of no path */
		[READER_PROGRAMS] = "SELECT id FROM name WHERE value GLOB ?1 OR value GLOB '*/' || ?1 OR "
				    "substr(value, -1) = ')' AND"
				    " (value GLOB '(' || ?1 || ')' OR"
				    " (value GLOB '*/busybox* (*)' OR value GLOB '*/toybox* (*)') AND"
				    " (value GLOB '* (' || ?1 || ')' OR value GLOB ?1 || ' (*)' OR"
				    " value GLOB '*/' || ?1 || ' (*)'))",
		[READER_IMAGES] = "SELECT id FROM container WHERE image GLOB ?1",
		[READER_NAMESPACES] = "SELECT id FROM container WHERE pod_namespace GLOB ?1",
	};

	return part_visit_ids(part, statements[what], pattern, visit, context);
}

int part_known(struct part *part, int what, reader_text_visit visit, void *context)
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

	if (what == READER_KNOWN_RULES && !part->rules)
		return 0;
	r = statement_prepare(part->db, statements[what], &statement);
	while (r >= 0 && (r = sqlite3_step(statement)) == SQLITE_ROW) {
		const char *text = statement_text(statement, 0);

		r = text ? visit(context, text) : 0;
	}
	r = r < 0 ? r : statement_error(part->db, r);
	sqlite3_finalize(statement);
	return r;
}

int part_find_facts(struct part *part, const struct reader_said *said, reader_id_visit visit, void *context)
{
	sqlite3_stmt *statement = NULL;
	char sql[192];
	int r;

	snprintf(sql, sizeof(sql),
		 "SELECT fact FROM detail WHERE (?1 IS NULL OR %s GLOB ?1) AND (?2 IS NULL OR %s = ?2)"
		 " AND (?3 = 0 OR %s >= ?3) ORDER BY fact",
		 part->rules ? "rule" : "NULL", part->places ? "place" : "NULL",
		 part->places ? "severity" : "NULL");
	r = statement_prepare(part->db, sql, &statement);
	if (r < 0)
		return r;
	statement_bind(statement, "tti", said->rule, said->place, (int64_t)said->severity);
	while (r >= 0 && (r = sqlite3_step(statement)) == SQLITE_ROW)
		r = visit(context, sqlite3_column_int64(statement, 0));
	r = r < 0 ? r : statement_error(part->db, r);
	sqlite3_finalize(statement);
	return r;
}

/* One row of a prepared statement. Returns 1, 0 if there is none, or a negative errno. */
static int part_row(struct part *part, sqlite3_stmt *statement, int64_t id)
{
	int result;

	statement_bind(statement, "i", id);
	result = sqlite3_step(statement);
	if (result == SQLITE_ROW)
		return 1;
	result = statement_error(part->db, result);
	sqlite3_reset(statement);
	return result;
}

static char *part_copy(sqlite3_stmt *statement, int column, bool *failed)
{
	const char *text = statement_text(statement, column);
	char *copy = text ? strdup(text) : NULL;

	*failed |= text && !copy;
	return copy;
}

int part_name(struct part *part, int64_t id, char **ret_text)
{
	int r = part_row(part, part->name, id);
	bool failed = false;
	char *text;

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	text = part_copy(part->name, 0, &failed);
	sqlite3_reset(part->name);
	if (!text)
		return failed ? -ENOMEM : -EUCLEAN;
	*ret_text = text;
	return 0;
}

int part_container(struct part *part, int64_t id, struct fact *ret_fact)
{
	sqlite3_stmt *row = part->container;
	bool failed = false;
	int r;

	if (!id)
		return 0;
	r = part_row(part, row, id);
	if (r <= 0)
		return r;
	ret_fact->runtime = part_copy(row, 0, &failed);
	ret_fact->container_name = part_copy(row, 1, &failed);
	ret_fact->image = part_copy(row, 2, &failed);
	ret_fact->pod = part_copy(row, 3, &failed);
	ret_fact->pod_namespace = part_copy(row, 4, &failed);
	ret_fact->pod_uid = part_copy(row, 5, &failed);
	ret_fact->container = part_copy(row, 6, &failed);
	ret_fact->container_id = part_copy(row, 7, &failed);
	ret_fact->namespace = part_copy(row, 8, &failed);
	ret_fact->created = part_copy(row, 9, &failed);
	ret_fact->former = part_copy(row, 10, &failed);
	ret_fact->digest = part_copy(row, 11, &failed);
	ret_fact->outer = part_copy(row, 12, &failed);
	sqlite3_reset(row);
	return failed ? -ENOMEM : 0;
}

int part_token(struct part *part, int64_t id, struct fact *fact)
{
	bool failed = false;
	int r = part_row(part, part->token, id);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	fact->token_type = part_copy(part->token, 0, &failed);
	fact->placeholder = sqlite3_column_int(part->token, 1);
	sqlite3_reset(part->token);
	return failed ? -ENOMEM : 0;
}

int part_file(struct part *part, int64_t id, struct fact *fact)
{
	sqlite3_stmt *row = part->file;
	bool failed = false;
	int r = part_row(part, row, id);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	fact->file_path = part_copy(row, 0, &failed);
	fact->file_type = part_copy(row, 1, &failed);
	fact->fs_type = part_copy(row, 2, &failed);
	fact->dev_major = (uint32_t)sqlite3_column_int64(row, 3);
	fact->dev_minor = (uint32_t)sqlite3_column_int64(row, 4);
	fact->inode = (uint64_t)sqlite3_column_int64(row, 5);
	fact->path_truncated = sqlite3_column_int(row, 6);
	fact->deleted = sqlite3_column_int(row, 7);
	sqlite3_reset(row);
	return failed ? -ENOMEM : 0;
}

int part_detail(struct part *part, int64_t id, struct fact *fact)
{
	sqlite3_stmt *row = part->detail;
	bool failed = false;
	int r = part_row(part, row, id);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	fact->process = part_copy(row, 0, &failed);
	fact->pid = (uint32_t)sqlite3_column_int64(row, 1);
	fact->uid = (uint32_t)sqlite3_column_int64(row, 2);
	fact->user = part_copy(row, 3, &failed);
	fact->command_line = part_copy(row, 4, &failed);
	fact->script = part_copy(row, 5, &failed);
	fact->unit = part_copy(row, 6, &failed);
	fact->syscall = part_copy(row, 7, &failed);
	fact->seen_by = part_copy(row, 8, &failed);
	fact->part = part_copy(row, 9, &failed);
	fact->rule = part_copy(row, 10, &failed);
	fact->place = part_copy(row, 11, &failed);
	fact->severity = (uint32_t)sqlite3_column_int64(row, 12);
	fact->exec = sqlite3_column_int(row, 13);
	sqlite3_reset(row);
	return failed ? -ENOMEM : 0;
}

int part_triage(struct part *part, reader_triage_visit visit, void *context)
{
	sqlite3_stmt *statement = NULL;
	int r;

	if (!part_has(part, "SELECT 1 FROM sqlite_schema WHERE name = 'triage'"))
		return 0;
	r = statement_prepare(
		part->db, "SELECT id, token, state, note, time FROM triage LEFT JOIN name ON value = token",
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
	r = r < 0 ? r : statement_error(part->db, r);
	sqlite3_finalize(statement);
	return r;
}

/* Does the store know of sessions? An older version's is only read here, and not brought up to date. */
static bool part_knows_sessions(struct part *part)
{
	return statement_query(part->db, "SELECT 1 FROM sqlite_schema WHERE name = 'session'", NULL) > 0;
}

int part_sessions(struct part *part, reader_session_visit visit, void *context)
{
	sqlite3_stmt *statement = NULL;
	int r;

	if (!part_knows_sessions(part))
		return 0;
	r = statement_prepare(part->db,
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
	r = r < 0 ? r : statement_error(part->db, r);
	sqlite3_finalize(statement);
	return r;
}

int part_losses(struct part *part, int64_t since, int64_t until, reader_loss_visit visit, void *context)
{
	sqlite3_stmt *statement = NULL;
	int r;

	if (!part_knows_sessions(part))
		return 0;
	r = statement_prepare(part->db,
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
	r = r < 0 ? r : statement_error(part->db, r);
	sqlite3_finalize(statement);
	return r;
}

int part_node(struct part *part, char **ret_node)
{
	sqlite3_stmt *statement = NULL;
	int r = statement_prepare(part->db, "SELECT value FROM meta WHERE key = 'node'", &statement);
	bool failed = false;
	char *node = NULL;

	if (r == 0 && (r = sqlite3_step(statement)) == SQLITE_ROW)
		node = part_copy(statement, 0, &failed);
	r = r < 0 ? r : statement_error(part->db, r);
	sqlite3_finalize(statement);
	if (r < 0 || failed) {
		free(node);
		return failed ? -ENOMEM : r;
	}
	*ret_node = node;
	return 0;
}

static int part_number(struct part *part, const char *sql, int64_t *ret_number)
{
	int r = statement_query(part->db, sql, ret_number);

	return r < 0 ? r : 0;
}

int part_meta(struct part *part, struct reader_meta *ret_meta)
{
	int64_t removed = 0, removed_until = 0, lost = 0, lost_until = 0, told_until = 0;
	int r = part_number(part, "SELECT sum(value) FROM meta WHERE key IN ('removed_age', 'removed_size')",
			    &removed);

	if (r == 0)
		r = part_number(part, "SELECT value FROM meta WHERE key = 'removed_until'", &removed_until);
	if (r == 0)
		r = part_number(part, "SELECT value FROM meta WHERE key = 'lost'", &lost);
	if (r == 0)
		r = part_number(part, "SELECT value FROM meta WHERE key = 'lost_until'", &lost_until);
	if (r == 0)
		r = part_number(part, "SELECT value FROM meta WHERE key = 'told_until'", &told_until);
	if (r < 0)
		return r;
	*ret_meta = (struct reader_meta){(uint64_t)removed, removed_until, (uint64_t)lost, lost_until,
					 told_until};
	return 0;
}

int part_check(struct part *part)
{
	sqlite3_stmt *statement = NULL;
	int r = statement_prepare(part->db, "PRAGMA quick_check(1)", &statement);

	if (r == 0 && (r = sqlite3_step(statement)) == SQLITE_ROW) {
		const char *said = statement_text(statement, 0);

		r = said && strcmp(said, "ok") == 0 ? 0 : -EUCLEAN;
	}
	r = r < 0 ? r : statement_error(part->db, r);
	sqlite3_finalize(statement);
	return r;
}
