// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * alert → fact → pending → database. A storm of alerts about one thing is one entry here, so the bound is met
 * by many different things only, or by a disk that is full for long.
 */
#include "store/pending.h"

#include "bounds.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct pending_entry {
	struct fact fact;
	size_t size, key_size;
	UT_hash_handle hh;
	char key[];
};

struct pending {
	struct pending_entry *table; /* the last one added or merged last: its names are the ones that stay */
	size_t size;
	uint64_t writes; /* that they tell of */
};

int pending_open(struct pending **ret_pending)
{
	*ret_pending = calloc(1, sizeof(**ret_pending));
	return *ret_pending ? 0 : -ENOMEM;
}

static void pending_drop(struct pending *pending, struct pending_entry *entry)
{
	HASH_DEL(pending->table, entry);
	pending->size -= entry->size;
	pending->writes -= entry->fact.count;
	fact_free(&entry->fact);
	free(entry);
}

void pending_clear(struct pending *pending)
{
	while (pending->table)
		pending_drop(pending, pending->table);
}

void pending_close(struct pending *pending)
{
	if (!pending)
		return;
	pending_clear(pending);
	free(pending);
}

/* Adds what is behind a text to a key. */
static char *pending_text(char *to, const char *text)
{
	to = mempcpy(to, text, strlen(text));
	*to = '\n';
	return to + 1;
}

/* An entry with the fact's key, and nothing else yet, in one piece. Texts are printable: no control character stands in them. */
static struct pending_entry *pending_make(const struct fact *fact)
{
	int64_t numbers[] = {fact_hour(fact->last), (int64_t)fact->verdict};
	size_t size = strlen(fact->token) + strlen(fact->file) + strlen(fact->program) +
		      strlen(fact->container) + 4 + sizeof(numbers);
	struct pending_entry *entry = malloc(sizeof(*entry) + size);
	char *to;

	if (!entry)
		return NULL;
	memset(entry, 0, sizeof(*entry));
	to = pending_text(entry->key, fact->token);
	to = pending_text(to, fact->file);
	to = pending_text(to, fact->program);
	to = pending_text(to, fact->container);
	memcpy(to, numbers, sizeof(numbers));
	entry->key_size = size;
	return entry;
}

static void pending_merge(struct pending *pending, struct pending_entry *entry, struct fact *fact)
{
	struct fact old = entry->fact;
	size_t size = fact_size(fact);

	fact->first = old.first < fact->first ? old.first : fact->first;
	fact->last = old.last > fact->last ? old.last : fact->last;
	pending->writes += fact->count;
	fact->count += old.count;
	entry->fact = *fact;
	pending->size += size - fact_size(&old);
	entry->size += size - fact_size(&old);
	memset(fact, 0, sizeof(*fact));
	fact_free(&old);
}

/* Puts it behind all others. It is gone if there is no memory. */
static int pending_last(struct pending *pending, struct pending_entry *entry)
{
	if (!entry->hh.next)
		return 0;
	HASH_DEL(pending->table, entry);
	HASH_ADD_KEYPTR(hh, pending->table, entry->key, entry->key_size, entry);
	if (entry->hh.tbl)
		return 0;
	pending->size -= entry->size;
	pending->writes -= entry->fact.count;
	fact_free(&entry->fact);
	free(entry);
	return -ENOMEM;
}

int pending_add(struct pending *pending, struct fact *fact)
{
	AUTO_FREE struct pending_entry *entry = pending_make(fact);
	struct pending_entry *known;

	if (!entry) {
		fact_free(fact);
		return -ENOMEM;
	}
	HASH_FIND(hh, pending->table, entry->key, entry->key_size, known);
	if (known) {
		pending_merge(pending, known, fact);
		return pending_last(pending, known);
	}
	entry->size = sizeof(*entry) + entry->key_size + fact_size(fact);
	if (pending->size + entry->size > LIMIT_STORE_PENDING) {
		fact_free(fact);
		return -ENOSPC;
	}
	HASH_ADD_KEYPTR(hh, pending->table, entry->key, entry->key_size, entry);
	if (!entry->hh.tbl) {
		fact_free(fact);
		return -ENOMEM;
	}
	entry->fact = *fact;
	memset(fact, 0, sizeof(*fact));
	pending->size += entry->size;
	pending->writes += entry->fact.count;
	TAKE(entry);
	return 0;
}

int pending_walk(const struct pending *pending, pending_fact visit, void *context)
{
	int r = 0;

	for (const struct pending_entry *entry = pending->table; entry && r >= 0; entry = entry->hh.next)
		r = visit(context, &entry->fact);
	return r < 0 ? r : 0;
}

bool pending_any(const struct pending *pending)
{
	return pending->table;
}

bool pending_crowded(const struct pending *pending)
{
	return pending->size > LIMIT_STORE_PENDING / 2;
}

bool pending_large(const struct pending *pending)
{
	return pending->size > LIMIT_STORE_PENDING / 8;
}

uint64_t pending_writes(const struct pending *pending)
{
	return pending->writes;
}
