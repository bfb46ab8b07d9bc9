// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * attribute → reuse: sixteen places for each key, so that it is rare that more files than that meet in turn, of which the one that was asked for least recently makes room.
 *
 * Invariant: what is kept showed nothing that could be of any secret (mask_known.any), so it is right whatever token comes.
 */
#include "attribute/reuse.h"

#include "token_key.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define REUSE_WAYS 16
#define REUSE_SETS (REUSE_ENTRIES / REUSE_WAYS)
/* What is hashed at once. */
#define REUSE_WORDS TOKEN_SEED_WORDS
#define REUSE_BYTES (REUSE_WORDS * sizeof(__u64))

struct reuse_entry {
	uint64_t key, generation;
	uint64_t used;
	bool known; /* there is one */
	bool good; /* it can be lent */
	struct alert alert; /* its process and its file */
	struct alert_facts facts;
};

struct reuse {
	struct token_seed seed;
	uint64_t uses;
	struct reuse_entry entries[REUSE_SETS][REUSE_WAYS];
};

int reuse_open(struct reuse **ret_reuse)
{
	struct reuse *reuse = calloc(1, sizeof(*reuse));
	uint8_t *to;

	if (!reuse)
		return -ENOMEM;
	to = (uint8_t *)&reuse->seed;
	for (size_t done = 0; done < sizeof(reuse->seed);) {
		ssize_t got = getrandom(to + done, sizeof(reuse->seed) - done, 0);

		if (got < 0 && errno != EINTR) {
			int r = -errno;

			free(reuse);
			return r;
		}
		done += got > 0 ? (size_t)got : 0;
	}
	*ret_reuse = reuse;
	return 0;
}

static void reuse_forget(struct reuse_entry *entry)
{
	alert_free(&entry->alert);
	free(entry->facts.json);
	*entry = (struct reuse_entry){0};
}

void reuse_close(struct reuse *reuse)
{
	if (!reuse)
		return;
	for (size_t i = 0; i < REUSE_SETS; i++)
		for (size_t k = 0; k < REUSE_WAYS; k++)
			reuse_forget(&reuse->entries[i][k]);
	free(reuse);
}

/* A hash of what comes one behind the other, so the lengths of it have to be among what is hashed. */
struct reuse_hash {
	const struct reuse *reuse;
	uint64_t key;
	size_t len; /* of what waits for a whole piece */
	union {
		__u64 words[REUSE_WORDS];
		uint8_t bytes[REUSE_BYTES];
	} piece;
};

static void reuse_hash_piece(struct reuse_hash *hash)
{
	hash->key = token_hash(&hash->reuse->seed, hash->key, hash->piece.words, REUSE_WORDS);
	hash->len = 0;
}

static void reuse_hash_add(struct reuse_hash *hash, const void *bytes, size_t len)
{
	const uint8_t *from = bytes;

	while (len) {
		size_t room = REUSE_BYTES - hash->len, part = len < room ? len : room;

		memcpy(hash->piece.bytes + hash->len, from, part);
		hash->len += part;
		from += part;
		len -= part;
		if (hash->len == REUSE_BYTES)
			reuse_hash_piece(hash);
	}
}

static uint64_t reuse_hash_end(struct reuse_hash *hash)
{
	if (hash->len) {
		memset(hash->piece.bytes + hash->len, 0, REUSE_BYTES - hash->len);
		reuse_hash_piece(hash);
	}
	return hash->key;
}

uint64_t reuse_key(const struct reuse *reuse, const struct sample_view *view)
{
	struct reuse_hash hash = {.reuse = reuse};
	struct token_sample head;

	memset(&head, 0, sizeof(head));
	memcpy(&head, view->head, offsetof(struct token_sample, window));
	head.seq = head.time = head.token_key = 0;
	head.offset = head.token_at = 0;
	head.length = head.described = 0;
	head.slot = head.repeats = head.news = 0;
	head.call = head.window_len = 0;
	/* what was written is nothing of that, and no secret is to stay in a piece of it here */
	head.size -= head.text_len;
	head.text_len = 0;
	reuse_hash_add(&hash, &head, offsetof(struct token_sample, window));
#define REUSE_STRING(name, bound) reuse_hash_add(&hash, view->name, head.name##_len);
	SAMPLE_STRINGS(REUSE_STRING)
#undef REUSE_STRING
	return reuse_hash_end(&hash);
}

static void reuse_lend(struct reuse *reuse, struct reuse_entry *entry, struct alert *alert)
{
	entry->used = ++reuse->uses;
	alert->process = entry->alert.process;
	alert->file = entry->alert.file;
	alert->facts = &entry->facts;
}

int reuse_find(struct reuse *reuse, uint64_t key, uint64_t generation, struct alert *alert)
{
	struct reuse_entry *set = reuse->entries[key % REUSE_SETS];

	for (size_t i = 0; i < REUSE_WAYS; i++) {
		if (!set[i].known || set[i].key != key || set[i].generation != generation)
			continue;
		if (!set[i].good) {
			set[i].used = ++reuse->uses;
			return -EACCES;
		}
		reuse_lend(reuse, &set[i], alert);
		return 1;
	}
	return 0;
}

void reuse_keep(struct reuse *reuse, uint64_t key, uint64_t generation, bool good, struct alert *alert)
{
	struct reuse_entry *set = reuse->entries[key % REUSE_SETS], *entry = &set[0];

	for (size_t i = 1; i < REUSE_WAYS; i++)
		if (set[i].used < entry->used)
			entry = &set[i];
	reuse_forget(entry);
	entry->known = true;
	entry->key = key;
	entry->generation = generation;
	entry->good = good;
	entry->used = ++reuse->uses;
	if (!good)
		return;
	entry->alert.process = alert->process;
	entry->alert.file = alert->file;
	reuse_lend(reuse, entry, alert);
}
