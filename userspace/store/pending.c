// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * alert → fact → pending → database. A storm of alerts about one thing is one entry here, so the bound is met
 * by many different things only, or by a disk that is full for long.
 */
#include "store/pending.h"

#include "bounds.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct pending_entry {
	char *key;
	struct fact fact;
	size_t size;
	UT_hash_handle hh;
};

struct pending {
	struct pending_entry *table; /* in the order of insertion */
	size_t size;
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
	fact_free(&entry->fact);
	free(entry->key);
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

/* Texts are printable: no control character stands in them. */
static int pending_key(const struct fact *fact, char **ret_key)
{
	return asprintf(ret_key, "%s\n%s\n%s\n%s\n%" PRId64 "\n%d", fact->token, fact->file, fact->program,
			fact->container, fact_hour(fact->last), (int)fact->verdict) < 0
		       ? -ENOMEM
		       : 0;
}

static void pending_merge(struct pending *pending, struct pending_entry *entry, struct fact *fact)
{
	struct fact old = entry->fact;
	size_t size = fact_size(fact);

	fact->first = old.first < fact->first ? old.first : fact->first;
	fact->last = old.last > fact->last ? old.last : fact->last;
	fact->count += old.count;
	entry->fact = *fact;
	pending->size += size - fact_size(&old);
	entry->size += size - fact_size(&old);
	memset(fact, 0, sizeof(*fact));
	fact_free(&old);
}

int pending_add(struct pending *pending, struct fact *fact)
{
	AUTO_FREE char *key = NULL;
	struct pending_entry *entry;

	if (pending_key(fact, &key) < 0) {
		key = NULL;
		fact_free(fact);
		return -ENOMEM;
	}
	HASH_FIND_STR(pending->table, key, entry);
	if (entry) {
		pending_merge(pending, entry, fact);
		return 0;
	}
	entry = calloc(1, sizeof(*entry));
	if (!entry) {
		fact_free(fact);
		return -ENOMEM;
	}
	entry->size = sizeof(*entry) + strlen(key) + 1 + fact_size(fact);
	if (pending->size + entry->size > LIMIT_STORE_PENDING) {
		free(entry);
		fact_free(fact);
		return -ENOSPC;
	}
	entry->key = TAKE(key);
	entry->fact = *fact;
	memset(fact, 0, sizeof(*fact));
	pending->size += entry->size;
	HASH_ADD_KEYPTR(hh, pending->table, entry->key, strlen(entry->key), entry);
	if (entry->hh.tbl)
		return 0;
	pending->size -= entry->size;
	fact_free(&entry->fact);
	free(entry->key);
	free(entry);
	return -ENOMEM;
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

uint64_t pending_writes(const struct pending *pending)
{
	uint64_t writes = 0;

	for (const struct pending_entry *entry = pending->table; entry; entry = entry->hh.next)
		writes += entry->fact.count;
	return writes;
}
