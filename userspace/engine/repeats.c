// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * attribute → policy → alert: what was said last. What the kernel's own table forgets is said anew; of what
 * is forgotten here, the last count is not told, and that is counted.
 *
 * All is kept in one piece of LIMIT_REPEATS_BYTES, which is written around and around: so its bound is one of memory,
 * and long-lived alerts do not tear the heap apart.
 *
 *     ├ newer ┤─ next ──→ ├ oldest ┤ … ┤
 */
#include "engine/repeats.h"

#include "bounds.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
/* without memory an entry is not kept, and the daemon goes on */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* In the ring, the alert behind it. */
struct repeat {
	struct seen_key key;
	struct alert *alert;
	UT_hash_handle hh;
};

struct repeats {
	struct repeat *table; /* in the order of insertion */
	size_t next; /* where the next one goes */
	_Alignas(max_align_t) uint8_t ring[LIMIT_REPEATS_BYTES];
};

int repeats_open(struct repeats **ret_repeats)
{
	*ret_repeats = calloc(1, sizeof(**ret_repeats));
	return *ret_repeats ? 0 : -ENOMEM;
}

void repeats_close(struct repeats *repeats)
{
	if (!repeats)
		return;
	HASH_CLEAR(hh, repeats->table);
	free(repeats);
}

/* A place for size bytes, where the oldest are dropped; NULL if there could be none. */
static struct repeat *repeats_place(struct repeats *repeats, size_t size)
{
	struct repeat *place;

	if (size > sizeof(repeats->ring))
		return NULL;
	if (size > sizeof(repeats->ring) - repeats->next) {
		/* what lies up to the end is the oldest */
		while (repeats->table && (uint8_t *)repeats->table >= repeats->ring + repeats->next)
			HASH_DEL(repeats->table, repeats->table);
		repeats->next = 0;
	}
	place = (struct repeat *)(repeats->ring + repeats->next);
	while (repeats->table && repeats->table >= place &&
	       (uint8_t *)repeats->table < (uint8_t *)place + size)
		HASH_DEL(repeats->table, repeats->table);
	repeats->next += size;
	return place;
}

static struct repeat *repeats_entry(struct repeats *repeats, const struct seen_key *key)
{
	struct repeat *entry;

	HASH_FIND(hh, repeats->table, key, sizeof(*key), entry);
	return entry;
}

struct alert *repeats_find(struct repeats *repeats, const struct seen_key *key)
{
	struct repeat *entry = repeats_entry(repeats, key);

	return entry ? entry->alert : NULL;
}

void repeats_keep(struct repeats *repeats, const struct seen_key *key, const struct alert *alert)
{
	struct repeat *entry = repeats_entry(repeats, key);
	size_t size = sizeof(*entry) + alert_pack_size(alert), align = _Alignof(max_align_t);

	if (entry)
		HASH_DEL(repeats->table, entry);
	size = (size + align - 1) / align * align;
	entry = repeats_place(repeats, size);
	if (!entry)
		return;
	memset(entry, 0, sizeof(*entry));
	entry->key = *key;
	entry->alert = alert_pack(alert, entry + 1);
	HASH_ADD(hh, repeats->table, key, sizeof(entry->key), entry);
}
