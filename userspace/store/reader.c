// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * database → part → reader → report. One store is passed through as it is.
 *
 * Of several, an id has the store's number above its own (READER_LOCAL), so facts of one store after the other rise; but for tokens
 * and programs, which are counted by their texts, as they are met: each text is read once a store.
 */
#include "store/reader.h"

#include "lib/cleanup.h"
#include "lib/idmap.h"
#include "store/part.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
/* without memory a text is not counted twice, and all fails */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* A text that stores share, where it was met first. */
struct reader_text {
	int64_t id;
	size_t store;
	int64_t local;
	UT_hash_handle hh;
	char text[];
};

struct reader_part {
	struct part *part;
	char *node;
	bool told;
	int64_t node_id; /* 1, 2 …: the same of the same node */
	struct idmap locals; /* of texts that were met there */
	int64_t *shared; /* by their number: the shared id */
	size_t room;
};

struct reader {
	struct reader_part *parts;
	size_t count;
	struct reader_text *texts; /* by text */
	struct reader_text **by_id; /* text_count of them, from id 1 on */
	size_t text_count, text_room;
};

int reader_make(struct reader **ret_reader)
{
	*ret_reader = calloc(1, sizeof(**ret_reader));
	return *ret_reader ? 0 : -ENOMEM;
}

int reader_add(struct reader *reader, const char *path, const char *name)
{
	struct reader_part *parts, part = {.node_id = (int64_t)reader->count + 1};
	int r = reader->count < READER_STORES ? part_open(path, &part.part) : -EMFILE;

	if (r == 0)
		r = part_node(part.part, &part.node);
	part.told = part.node != NULL;
	if (r == 0 && !part.node)
		part.node = strdup(name);
	parts = r == 0 && part.node ? reallocarray(reader->parts, reader->count + 1, sizeof(*parts)) : NULL;
	if (!parts) {
		free(part.node);
		part_close(part.part);
		return r < 0 ? r : -ENOMEM;
	}
	for (size_t i = reader->count; i-- > 0;)
		if (strcmp(parts[i].node, part.node) == 0)
			part.node_id = parts[i].node_id;
	reader->parts = parts;
	reader->parts[reader->count++] = part;
	return 0;
}

int reader_open(const char *path, const char *name, struct reader **ret_reader)
{
	struct reader *reader;
	int r = reader_make(&reader);

	if (r < 0)
		return r;
	r = reader_add(reader, path, name);
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
	HASH_CLEAR(hh, reader->texts);
	for (size_t i = 0; i < reader->text_count; i++)
		free(reader->by_id[i]);
	free(reader->by_id);
	for (size_t i = 0; i < reader->count; i++) {
		struct reader_part *part = &reader->parts[i];

		part_close(part->part);
		idmap_free(&part->locals);
		free(part->shared);
		free(part->node);
	}
	free(reader->parts);
	free(reader);
}

size_t reader_count(const struct reader *reader)
{
	return reader->count;
}

const char *reader_node(const struct reader *reader, size_t store)
{
	return reader->parts[store].node;
}

bool reader_told(const struct reader *reader, size_t store)
{
	return reader->parts[store].told;
}

int reader_check(struct reader *reader, size_t store)
{
	return part_check(reader->parts[store].part);
}

int reader_begin(struct reader *reader)
{
	int r = 0;

	for (size_t i = 0; i < reader->count; i++) {
		r = part_begin(reader->parts[i].part);
		while (r < 0 && i-- > 0)
			part_end(reader->parts[i].part);
		if (r < 0)
			break;
	}
	return r;
}

void reader_end(struct reader *reader)
{
	for (size_t i = 0; i < reader->count; i++)
		part_end(reader->parts[i].part);
}

/* --- ids ------------------------------------------------------------------------------------------ */

static bool reader_several(const struct reader *reader)
{
	return reader->count > 1;
}

/* A store's number is counted from 1 in an id, so what has none is shared. */
static int reader_id(const struct reader *reader, size_t store, int64_t local, int64_t *ret_id)
{
	/* no store that we have made has as many */
	if (reader_several(reader) && (local < 0 || local >> READER_LOCAL))
		return -EUCLEAN;
	*ret_id = reader_several(reader) ? (int64_t)(store + 1) << READER_LOCAL | local : local;
	return 0;
}

size_t reader_store(const struct reader *reader, int64_t id)
{
	return reader_several(reader) ? (size_t)(id >> READER_LOCAL) - 1 : 0;
}

static int64_t reader_local(const struct reader *reader, int64_t id)
{
	return reader_several(reader) ? id & ((1LL << READER_LOCAL) - 1) : id;
}

static struct part *reader_part(const struct reader *reader, int64_t id)
{
	return reader->parts[reader_store(reader, id)].part;
}

static int reader_new_text(struct reader *reader, size_t store, int64_t local, const char *text,
			   int64_t *ret_id)
{
	size_t len = strlen(text);
	struct reader_text *entry;

	if (reader->text_count == reader->text_room) {
		size_t room = reader->text_room ? 2 * reader->text_room : 256;
		struct reader_text **more = reallocarray(reader->by_id, room, sizeof(struct reader_text *));

		if (!more)
			return -ENOMEM;
		reader->by_id = more;
		reader->text_room = room;
	}
	entry = calloc(1, sizeof(*entry) + len + 1);
	if (!entry)
		return -ENOMEM;
	memcpy(entry->text, text, len + 1);
	entry->store = store;
	entry->local = local;
	reader->by_id[reader->text_count++] = entry;
	entry->id = (int64_t)reader->text_count;
	HASH_ADD_KEYPTR(hh, reader->texts, entry->text, len, entry);
	if (!entry->hh.tbl)
		return -ENOMEM;
	*ret_id = entry->id;
	return 0;
}

/* The shared id of a text of one store. */
static int reader_shared(struct reader *reader, size_t store, int64_t local, int64_t *ret_id)
{
	struct reader_part *part = &reader->parts[store];
	size_t known = part->locals.count;
	struct reader_text *entry = NULL;
	AUTO_FREE char *text = NULL;
	uint32_t number;
	int64_t id;
	int r;

	if (!reader_several(reader)) {
		*ret_id = local;
		return 0;
	}
	if (idmap_find(&part->locals, local, &number)) {
		*ret_id = part->shared[number];
		return 0;
	}
	r = part_name(part->part, local, &text);
	if (r < 0)
		return r == -ENOENT ? -EUCLEAN : r;
	if (known == part->room) {
		size_t room = part->room ? 2 * part->room : 256;
		int64_t *more = reallocarray(part->shared, room, sizeof(*more));

		if (!more)
			return -ENOMEM;
		part->shared = more;
		part->room = room;
	}
	HASH_FIND_STR(reader->texts, text, entry);
	if (entry)
		id = entry->id;
	else
		r = reader_new_text(reader, store, local, text, &id);
	if (r == 0)
		r = idmap_number(&part->locals, local, &number);
	if (r < 0)
		return r;
	part->shared[number] = id;
	*ret_id = id;
	return 0;
}

/* --- rows ----------------------------------------------------------------------------------------- */

/* What comes of one store, on its way to who asked. */
struct reader_walk {
	struct reader *reader;
	size_t store;
	void *context;
	reader_fact_visit fact;
	reader_activity_visit activity;
	reader_detail_visit detail;
	reader_id_visit id;
	reader_triage_visit triage;
	bool shared; /* ids are of texts that stores share */
};

static int reader_on_fact(void *context, const struct reader_fact *row)
{
	const struct reader_walk *walk = context;
	struct reader_fact fact = *row;
	int r = reader_id(walk->reader, walk->store, row->id, &fact.id);

	fact.node = walk->reader->parts[walk->store].node_id;
	if (r == 0)
		r = reader_id(walk->reader, walk->store, row->file, &fact.file);
	if (r == 0)
		r = reader_id(walk->reader, walk->store, row->container, &fact.container);
	if (r == 0)
		r = reader_shared(walk->reader, walk->store, row->token, &fact.token);
	if (r == 0)
		r = reader_shared(walk->reader, walk->store, row->program, &fact.program);
	return r == 0 ? walk->fact(walk->context, &fact) : r;
}

int reader_facts(struct reader *reader, int64_t since, int64_t until, reader_fact_visit visit, void *context)
{
	struct reader_walk walk = {.reader = reader, .fact = visit, .context = context};
	int r = 0;

	if (!reader_several(reader))
		return part_facts(reader->parts[0].part, since, until, visit, context);
	for (; r == 0 && walk.store < reader->count; walk.store++)
		r = part_facts(reader->parts[walk.store].part, since, until, reader_on_fact, &walk);
	return r;
}

static int reader_on_activity(void *context, int64_t local, int64_t hour, uint64_t count)
{
	const struct reader_walk *walk = context;
	int64_t fact;
	int r = reader_id(walk->reader, walk->store, local, &fact);

	return r == 0 ? walk->activity(walk->context, fact, hour, count) : r;
}

int reader_activity(struct reader *reader, reader_activity_visit visit, void *context)
{
	struct reader_walk walk = {.reader = reader, .activity = visit, .context = context};
	int r = 0;

	for (; r == 0 && walk.store < reader->count; walk.store++)
		r = part_activity(reader->parts[walk.store].part, reader_on_activity, &walk);
	return r;
}

static int reader_on_detail(void *context, const struct reader_detail *row)
{
	const struct reader_walk *walk = context;
	struct reader_detail detail = *row;
	int r = reader_id(walk->reader, walk->store, row->fact, &detail.fact);

	return r == 0 ? walk->detail(walk->context, &detail) : r;
}

int reader_details(struct reader *reader, reader_detail_visit visit, void *context)
{
	struct reader_walk walk = {.reader = reader, .detail = visit, .context = context};
	int r = 0;

	for (; r == 0 && walk.store < reader->count; walk.store++)
		r = part_details(reader->parts[walk.store].part, reader_on_detail, &walk);
	return r;
}

static int reader_on_id(void *context, int64_t local)
{
	const struct reader_walk *walk = context;
	int64_t id;
	int r = walk->shared ? reader_shared(walk->reader, walk->store, local, &id)
			     : reader_id(walk->reader, walk->store, local, &id);

	return r == 0 ? walk->id(walk->context, id) : r;
}

int reader_find_facts(struct reader *reader, const struct reader_said *said, reader_id_visit visit,
		      void *context)
{
	struct reader_walk walk = {.reader = reader, .id = visit, .context = context};
	int r = 0;

	for (; r == 0 && walk.store < reader->count; walk.store++)
		r = part_find_facts(reader->parts[walk.store].part, said, reader_on_id, &walk);
	return r;
}

int reader_find_token(struct reader *reader, const char *identifier, int64_t *ret_id)
{
	for (size_t i = 0; i < reader->count; i++) {
		int64_t local;
		int r = part_find_token(reader->parts[i].part, identifier, &local);

		if (r == 0)
			return reader_shared(reader, i, local, ret_id);
		if (r != -ENOENT)
			return r;
	}
	return -ENOENT;
}

int reader_find(struct reader *reader, enum reader_pattern what, const char *pattern, reader_id_visit visit,
		void *context)
{
	struct reader_walk walk = {
		.reader = reader, .id = visit, .context = context, .shared = what == READER_PROGRAMS};
	int r = 0;

	for (; r == 0 && walk.store < reader->count; walk.store++) {
		const struct reader_part *part = &reader->parts[walk.store];

		if (what != READER_NODES)
			r = part_find(part->part, what, pattern, reader_on_id, &walk);
		else if (sqlite3_strglob(pattern, part->node) == 0)
			r = visit(context, part->node_id);
	}
	return r;
}

/* Those of one store: by the name itself, or by what is behind its node's. */
static int reader_find_there(struct reader_walk *walk, const char *name)
{
	const struct reader_part *part = &walk->reader->parts[walk->store];
	size_t len = strlen(part->node);

	for (int behind = 0; behind < 2; behind++) {
		const char *asked = name;
		int r;

		if (behind && (strncmp(name, part->node, len) != 0 || name[len] != ':'))
			break;
		if (behind)
			asked += len + 1;
		r = strcmp(asked, READER_HOST) == 0
			    ? reader_on_id(walk, 0)
			    : part_find_containers(part->part, asked, reader_on_id, walk);
		if (r < 0)
			return r;
	}
	return 0;
}

int reader_find_containers(struct reader *reader, const char *name, reader_id_visit visit, void *context)
{
	struct reader_walk walk = {.reader = reader, .id = visit, .context = context};
	int r = 0;

	for (; r == 0 && walk.store < reader->count; walk.store++)
		r = reader_find_there(&walk, name);
	return r;
}

int reader_known(struct reader *reader, int what, reader_text_visit visit, void *context)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < reader->count; i++)
		r = what == READER_KNOWN_PATTERNS + READER_NODES
			    ? visit(context, reader->parts[i].node)
			    : part_known(reader->parts[i].part, what, visit, context);
	return r;
}

/* --- texts ---------------------------------------------------------------------------------------- */

/* Where a text that stores share was met first; NULL: the id is not of one. */
static const struct reader_text *reader_text(const struct reader *reader, int64_t id)
{
	bool shared = reader_several(reader) && id > 0 && (size_t)id <= reader->text_count;

	return shared ? reader->by_id[id - 1] : NULL;
}

int reader_name(struct reader *reader, int64_t id, char **ret_text)
{
	const struct reader_text *text = reader_text(reader, id);

	if (!text)
		return part_name(reader_part(reader, id), reader_local(reader, id), ret_text);
	*ret_text = strdup(text->text);
	return *ret_text ? 0 : -ENOMEM;
}

const char *reader_node_name(const struct reader *reader, int64_t node)
{
	return reader->parts[node - 1].node;
}

int reader_container(struct reader *reader, int64_t id, struct fact *ret_fact)
{
	return part_container(reader_part(reader, id), reader_local(reader, id), ret_fact);
}

int reader_token(struct reader *reader, int64_t id, struct fact *fact)
{
	const struct reader_text *text = reader_text(reader, id);

	return text ? part_token(reader->parts[text->store].part, text->local, fact)
		    : part_token(reader_part(reader, id), reader_local(reader, id), fact);
}

int reader_fact(struct reader *reader, const struct reader_fact *row, struct fact *ret_fact)
{
	struct part *part = reader_part(reader, row->id);
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
	/* the store that it was met in first may have removed it since; this one has the fact */
	if (r == -ENOENT && reader_several(reader))
		r = 0;
	if (r == 0)
		r = part_file(part, reader_local(reader, row->file), &fact);
	if (r == 0)
		r = part_detail(part, reader_local(reader, row->id), &fact);
	if (r < 0) {
		fact_free(&fact);
		return r;
	}
	*ret_fact = fact;
	return 0;
}

static int reader_on_triage(void *context, int64_t local, const struct triage *triage)
{
	const struct reader_walk *walk = context;
	struct reader_text *text = NULL;

	if (!reader_several(walk->reader))
		return local ? walk->triage(walk->context, local, triage) : 0;
	/* one store may have decided of what lies in another */
	HASH_FIND_STR(walk->reader->texts, triage->identifier, text);
	return text ? walk->triage(walk->context, text->id, triage) : 0;
}

int reader_triage(struct reader *reader, reader_triage_visit visit, void *context)
{
	struct reader_walk walk = {.reader = reader, .triage = visit, .context = context};
	int r = 0;

	for (; r == 0 && walk.store < reader->count; walk.store++)
		r = part_triage(reader->parts[walk.store].part, reader_on_triage, &walk);
	return r;
}

int reader_sessions(struct reader *reader, size_t store, reader_session_visit visit, void *context)
{
	return part_sessions(reader->parts[store].part, visit, context);
}

int reader_losses(struct reader *reader, size_t store, int64_t since, int64_t until, reader_loss_visit visit,
		  void *context)
{
	return part_losses(reader->parts[store].part, since, until, visit, context);
}

int reader_meta(struct reader *reader, size_t store, struct reader_meta *ret_meta)
{
	return part_meta(reader->parts[store].part, ret_meta);
}
