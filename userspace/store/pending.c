// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * alert → brief → pending → database. A storm of alerts about one thing is one entry here, so the bound is met
 * by many different things only, or by a disk that is full for long.
 */
#include "store/pending.h"

#include "bounds.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#define HASH_NONFATAL_OOM 1
/* a key is no row of bytes here */
#define HASH_KEYCMP(one, other, len) (!brief_same(one, other))
#include <uthash.h>

struct pending_entry {
	struct brief *brief; /* and the key */
	struct pending_name name;
	size_t order; /* in the row */
	UT_hash_handle hh;
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

void pending_clear(struct pending *pending)
{
	struct pending_entry *entry = pending->table, *next;

	/* they are in a row still */
	HASH_CLEAR(hh, pending->table);
	for (; entry; entry = next) {
		next = entry->hh.next;
		(void)brief_leave(entry->brief);
		brief_free(entry->brief);
		free(entry);
	}
	pending->size = 0;
	pending->writes = 0;
}

void pending_close(struct pending *pending)
{
	if (!pending)
		return;
	pending_clear(pending);
	free(pending);
}

/* The later one's details, both counts. */
static void pending_merge(struct pending *pending, struct pending_entry *entry, struct brief *brief)
{
	struct brief *old = entry->brief;

	brief->first = old->first < brief->first ? old->first : brief->first;
	brief->last = old->last > brief->last ? old->last : brief->last;
	pending->writes += brief->count;
	brief->count += old->count;
	entry->brief = brief;
	pending->size += brief_wait(brief);
	pending->size -= brief_leave(old);
	brief_free(old);
}

static void pending_forget(struct pending *pending, struct pending_entry *entry)
{
	pending->size -= sizeof(*entry) + brief_leave(entry->brief);
	pending->writes -= entry->brief->count;
	brief_free(entry->brief);
	free(entry);
}

/* Puts it behind all others. It is gone if there is no memory. */
static int pending_last(struct pending *pending, struct pending_entry *entry)
{
	uint32_t hash = entry->hh.hashv;

	entry->hh.key = entry->brief;
	if (!entry->hh.next)
		return 0;
	HASH_DEL(pending->table, entry);
	HASH_ADD_KEYPTR_BYHASHVALUE(hh, pending->table, entry->brief, 1, hash, entry);
	if (entry->hh.tbl)
		return 0;
	pending_forget(pending, entry);
	return -ENOMEM;
}

int pending_add(struct pending *pending, struct brief *brief)
{
	uint32_t hash = brief_hash(brief);
	struct pending_entry *entry;

	HASH_FIND_BYHASHVALUE(hh, pending->table, brief, 1, hash, entry);
	if (entry) {
		pending_merge(pending, entry, brief);
		return pending_last(pending, entry);
	}
	if (pending->size + sizeof(*entry) + brief_cost(brief) > LIMIT_STORE_PENDING) {
		brief_free(brief);
		return -ENOSPC;
	}
	entry = calloc(1, sizeof(*entry));
	if (!entry) {
		brief_free(brief);
		return -ENOMEM;
	}
	entry->brief = brief;
	pending->size += sizeof(*entry) + brief_wait(brief);
	pending->writes += brief->count;
	HASH_ADD_KEYPTR_BYHASHVALUE(hh, pending->table, brief, 1, hash, entry);
	if (entry->hh.tbl)
		return 0;
	pending_forget(pending, entry);
	return -ENOMEM;
}

static int pending_visit(struct pending_entry *entry, pending_fact visit, void *context)
{
	const struct fact fact = brief_fact(entry->brief);

	return visit(context, &fact, &entry->name);
}

int pending_walk(const struct pending *pending, pending_fact visit, void *context)
{
	int r = 0;

	for (struct pending_entry *entry = pending->table; entry && r >= 0; entry = entry->hh.next)
		r = pending_visit(entry, visit, context);
	return r < 0 ? r : 0;
}

static int pending_compare(const void *one, const void *other)
{
	const struct pending_entry *const *a = one, *const *b = other;

	int r = strcmp((*a)->brief->token, (*b)->brief->token);

	/* of one token's, that which is written first has a new name: not each qsort() leaves them as they were */
	return r ? r : ((*a)->order > (*b)->order) - ((*a)->order < (*b)->order);
}

int pending_walk_tokens(const struct pending *pending, pending_fact visit, void *context)
{
	size_t count = HASH_COUNT(pending->table), i = 0;
	AUTO_FREE struct pending_entry **sorted =
		count ? malloc(count * sizeof(struct pending_entry *)) : NULL;
	int r = 0;

	if (!count)
		return 0;
	if (!sorted)
		return -ENOMEM;
	for (struct pending_entry *entry = pending->table; entry; entry = entry->hh.next) {
		entry->order = i;
		sorted[i++] = entry;
	}
	qsort(sorted, count, sizeof(struct pending_entry *), pending_compare);
	for (i = 0; r >= 0 && i < count; i++)
		r = pending_visit(sorted[i], visit, context);
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
