/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Stores as `audit` reads them, while monitors write them: one, or several as one.
 *
 * Of one store, ids are its own. Of several, tokens and programs are the same where their texts are; what lies on a node is that
 * store's: files, containers, facts, and the host.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/fact.h"
#include "store/triage.h"

struct reader;

/* Stores that are read as one, at most. */
#define READER_STORES 1024

/*
 * reader_make() - of no store yet. Returns 0 and *ret_reader (reader_close()), or -ENOMEM.
 * reader_add() - before anything is read. @name: what the node is called if the store has not told; copied
 * reader_open() - of one store.
 * Both return 0, or a negative errno: -ENOENT if there is no store, -EMFILE: there are READER_STORES, else as store_error() explains.
 */
int reader_make(struct reader **ret_reader);
int reader_add(struct reader *reader, const char *path, const char *name);
int reader_open(const char *path, const char *name, struct reader **ret_reader);
void reader_close(struct reader *reader);

/* reader_count() - how many stores. Of each, by number: */
size_t reader_count(const struct reader *reader);
/* reader_node() - the node that it is of, owned by the reader. Two stores may be of one. */
const char *reader_node(const struct reader *reader, size_t store);
/* reader_told() - has the store told it? */
bool reader_told(const struct reader *reader, size_t store);
/* reader_check() - reads all of it. Returns 0, -EUCLEAN if it is damaged, or another negative errno. */
int reader_check(struct reader *reader, size_t store);

/* reader_store() - of which store a fact, a file or a container is. */
size_t reader_store(const struct reader *reader, int64_t id);

/* The id of no container is that of a host; of one store it is 0. */
#define READER_LOCAL 44
static inline bool reader_is_host(int64_t container)
{
	return (container & ((1LL << READER_LOCAL) - 1)) == 0;
}

/*
 * reader_begin(), reader_end() - what is read between them is of one moment. A monitor's log can't be cut meanwhile:
 * not while waiting for anybody.
 */
int reader_begin(struct reader *reader);
void reader_end(struct reader *reader);

/* A fact in numbers: the ids are those of its texts; of no container see reader_is_host(). */
struct reader_fact {
	int64_t id, token, file, program, container, node;
	enum fact_verdict verdict;
	bool relayed, outside;
	int64_t first, last; /* microseconds since 1970 */
	uint64_t count;
};

/* A negative result ends the reading. */
typedef int (*reader_fact_visit)(void *context, const struct reader_fact *fact);

/*
 * reader_facts() - those that were written at `since` or later and before `until`, as far as first and last time
 * tell; by rising id. Returns 0, or a negative errno.
 */
int reader_facts(struct reader *reader, int64_t since, int64_t until, reader_fact_visit visit, void *context);

typedef int (*reader_activity_visit)(void *context, int64_t fact, int64_t hour, uint64_t count);

/* reader_activity() - writes of each fact in each hour (since 1970); by rising fact. As reader_facts(). */
int reader_activity(struct reader *reader, reader_activity_visit visit, void *context);

/* What the last alert of a fact has said; its texts are the reader's, and only while it is visited. */
struct reader_detail {
	int64_t fact;
	const char *unit, *user; /* NULL: none */
	uint32_t uid;
};

typedef int (*reader_detail_visit)(void *context, const struct reader_detail *detail);

/* reader_details() - of all facts, by rising id. A negative result of `visit` ends it and is returned. */
int reader_details(struct reader *reader, reader_detail_visit visit, void *context);

typedef int (*reader_id_visit)(void *context, int64_t id);

/* reader_find_token() - the id of an identifier. Returns 0, or -ENOENT. */
int reader_find_token(struct reader *reader, const char *identifier, int64_t *ret_id);

/* What a pattern is compared with: * and ? stand for anything, a slash as well, as in GLOB of SQLite. */
enum reader_pattern {
	READER_FILES,
	READER_PROGRAMS,
	READER_IMAGES,
	READER_NAMESPACES,
	READER_NODES,
	READER_PATTERNS
};

/* What the last alert of a fact has said; what is NULL or 0 is not asked for. */
struct reader_said {
	const char *rule; /* a pattern, as below */
	const char *place; /* "host", "layer" or "volume" */
	uint32_t severity; /* at least */
};

/*
 * reader_find_facts() - of which all that is asked for was said, by rising id. What is not known, as of entries of an older version,
 * was not. As reader_facts().
 */
int reader_find_facts(struct reader *reader, const struct reader_said *said, reader_id_visit visit,
		      void *context);

/* reader_find() - the files, programs, containers (of such an image, in such a namespace of Kubernetes') or nodes that a pattern matches. */
int reader_find(struct reader *reader, enum reader_pattern what, const char *pattern, reader_id_visit visit,
		void *context);

/*
 * reader_find_containers() - those that go by a name: their own, their pod's, NAMESPACE/POD, NAMESPACE/POD/NAME (without a namespace
 * POD/NAME), NAMESPACE with a slash and an asterisk, or their id or the first 8 or more characters of it; "(host)": those of no
 * container. A name with * or ? in it is a pattern as of reader_find(). All of that with the node and a colon before it as well. Returns 0 or a negative errno.
 */
int reader_find_containers(struct reader *reader, const char *name, reader_id_visit visit, void *context);

/* What people ask for by name. */
enum reader_known { READER_KNOWN_CONTAINERS, READER_KNOWN_RULES, READER_KNOWN_TOKENS, READER_KNOWN_PATTERNS };

typedef int (*reader_text_visit)(void *context, const char *text);

/*
 * reader_known() - every name of a kind that the store has, each once. READER_KNOWN_PATTERNS: those that the pattern of that number and
 * on is compared with (READER_KNOWN_PATTERNS + READER_FILES …). Of several stores it may come once of each. As reader_facts().
 */
int reader_known(struct reader *reader, int what, reader_text_visit visit, void *context);

/* What reader_find_containers() takes for "in no container". */
#define READER_HOST "(host)"

/* reader_node_name() - of a node's id; owned by the reader. */
const char *reader_node_name(const struct reader *reader, int64_t node);

/* reader_name() - the text of an id. Returns 0 and *ret_text (malloc'ed), -ENOENT or another negative errno. */
int reader_name(struct reader *reader, int64_t id, char **ret_text);

/*
 * reader_container() - the facts of a container: only those texts of *ret_fact are set (fact_free()); none for a host.
 * Returns 0 or a negative errno.
 */
int reader_container(struct reader *reader, int64_t id, struct fact *ret_fact);

/* reader_token() - the type of a token, and whether it is a placeholder, likewise; -ENOENT: it was removed meanwhile. */
int reader_token(struct reader *reader, int64_t id, struct fact *fact);

/* reader_fact() - all of one. Returns 0 and *ret_fact (fact_free()); -ENOENT: it was removed meanwhile. */
int reader_fact(struct reader *reader, const struct reader_fact *row, struct fact *ret_fact);

/* @id: of the token that something was decided of; the texts of *triage are only there while it is visited. */
typedef int (*reader_triage_visit)(void *context, int64_t id, const struct triage *triage);

/*
 * reader_triage() - of those tokens that a store has a text of; of several stores, where each may have decided otherwise, those of facts
 * that were read. As reader_facts().
 */
int reader_triage(struct reader *reader, reader_triage_visit visit, void *context);

/* A time in which somebody watched. Its strings are the callee's to look at only. */
struct reader_session {
	int64_t start, seen; /* microseconds: from then on, and at least until then */
	bool ended; /* and said so */
	const char *scope, *name, *files, *missing; /* struct store_watched */
};

typedef int (*reader_session_visit)(void *context, const struct reader_session *session);

/* reader_sessions() - those of one store, by rising start. Of a store that knows none there are none. As reader_facts(). */
int reader_sessions(struct reader *reader, size_t store, reader_session_visit visit, void *context);

/* What was lost, of one kind by one writer. */
struct reader_loss {
	int64_t since, until; /* microseconds */
	const char *counter, *text;
	const char *writer; /* NULL: not known */
	uint64_t count;
};

typedef int (*reader_loss_visit)(void *context, const struct reader_loss *loss);

/* reader_losses() - those between two times, as far as known, by rising time. As reader_sessions(). */
int reader_losses(struct reader *reader, size_t store, int64_t since, int64_t until, reader_loss_visit visit,
		  void *context);

/* What the store says of itself. */
struct reader_meta {
	uint64_t removed; /* facts, by the bounds in age and size */
	int64_t removed_until; /* microseconds: the latest of them was last seen then */
	uint64_t lost; /* writes that could not be stored */
	int64_t lost_until; /* microseconds: until when that was so */
	int64_t told_until; /* microseconds: losses of that time or before were removed by the bounds; 0: none */
};

int reader_meta(struct reader *reader, size_t store, struct reader_meta *ret_meta);
