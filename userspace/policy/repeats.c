// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * attribute → policy → alert: what was said already. Bounded by LIMIT_REPEATS entries. What the kernel's
 * own table forgets is said anew; of what is forgotten here, the last count is not told, and that is counted.
 */
#include "policy/repeats.h"

#include "bounds.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
/* without memory an entry is not kept, and the daemon goes on */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct repeat {
	struct seen_key key;
	struct alert alert;
	UT_hash_handle hh;
};

struct repeats {
	struct repeat *table; /* in the order of insertion */
};

int repeats_open(struct repeats **ret_repeats)
{
	*ret_repeats = calloc(1, sizeof(**ret_repeats));
	return *ret_repeats ? 0 : -ENOMEM;
}

static void repeats_drop(struct repeats *repeats, struct repeat *entry)
{
	HASH_DEL(repeats->table, entry);
	alert_free(&entry->alert);
	free(entry);
}

void repeats_close(struct repeats *repeats)
{
	if (!repeats)
		return;
	while (repeats->table)
		repeats_drop(repeats, repeats->table);
	free(repeats);
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

	return entry ? &entry->alert : NULL;
}

void repeats_keep(struct repeats *repeats, const struct seen_key *key, struct alert *alert)
{
	struct repeat *entry = repeats_entry(repeats, key);

	if (entry)
		repeats_drop(repeats, entry);
	if (HASH_COUNT(repeats->table) >= LIMIT_REPEATS)
		repeats_drop(repeats, repeats->table);
	entry = calloc(1, sizeof(*entry));
	if (!entry) {
		alert_free(alert);
		return;
	}
	entry->key = *key;
	entry->alert = *alert;
	memset(alert, 0, sizeof(*alert));
	HASH_ADD(hh, repeats->table, key, sizeof(entry->key), entry);
}
