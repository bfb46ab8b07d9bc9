// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * pipeline → journal → the next daemon.
 *
 * Invariant: a daemon may be killed between any two instructions. An entry counts from when `head` is behind it, and
 * `tail` moves on before what it has passed is overwritten.
 */
#include "engine/journal.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define JOURNAL_ALIGN 16UL
#define JOURNAL_MAGIC (0x6a6f75726e000002ULL + (sizeof(struct alert) << 8))

/* One mark; a name's hash of 0: it is free. */
struct journal_place {
	uint64_t name, number;
};

struct journal_head {
	uint64_t magic;
	uint64_t head, tail; /* bytes since the beginning; entries lie between */
	uint64_t record; /* of the ring, the last that is through */
	uint64_t pending;
	uint64_t id;
	struct journal_place marks[JOURNAL_MARKS];
};

struct journal_entry {
	uint32_t size; /* with this, and with what aligns the next one */
	uint32_t frozen; /* of the alert; 0: there is none */
	uint64_t number;
	uint64_t record;
	uint64_t sum; /* of the alert, with what aligns it */
};

#define JOURNAL_ROOM ((JOURNAL_BYTES - sizeof(struct journal_head)) / JOURNAL_ALIGN * JOURNAL_ALIGN)

struct journal {
	struct journal_head *head; /* NULL: nothing is kept */
	char *entries;
	uint64_t series; /* the head's id, if there is one */
	uint64_t before[2]; /* records that another daemon has handled */
	uint32_t marked; /* marks that somebody has by now, a bit each */
};

_Static_assert(sizeof(struct journal_head) % JOURNAL_ALIGN == 0, "entries are aligned");
_Static_assert(sizeof(struct journal_entry) % JOURNAL_ALIGN == 0, "alerts are aligned");

static struct journal_entry *journal_entry(const struct journal *journal, uint64_t at)
{
	return (struct journal_entry *)(void *)(journal->entries + at % JOURNAL_ROOM);
}

/* Tells an alert from what it is not; nobody makes such memory on purpose. */
static uint64_t journal_sum(const struct journal_entry *entry)
{
	const uint64_t *words = (const void *)(entry + 1);
	uint64_t sum = entry->number ^ entry->size;

	for (size_t i = 0; i < (entry->size - sizeof(*entry)) / sizeof(*words); i++)
		sum = (sum ^ words[i]) * 1099511628211ULL;
	return sum;
}

/* The entry there, or NULL: what lies there is none, so nothing behind it can be found either. */
static const struct journal_entry *journal_at(const struct journal *journal, uint64_t at)
{
	const struct journal_entry *entry = journal_entry(journal, at);
	uint64_t left = JOURNAL_ROOM - at % JOURNAL_ROOM;

	if (left < sizeof(*entry) || entry->size < sizeof(*entry) || entry->size % JOURNAL_ALIGN ||
	    entry->size > left || entry->frozen > entry->size - sizeof(*entry))
		return NULL;
	return entry;
}

/* Where the next entry begins: at the beginning again, if what is left is too short for one. */
static uint64_t journal_behind(uint64_t at)
{
	uint64_t left = JOURNAL_ROOM - at % JOURNAL_ROOM;

	return left < sizeof(struct journal_entry) ? at + left : at;
}

int journal_open(void *memory, struct journal **ret_journal)
{
	struct journal *journal = calloc(1, sizeof(*journal));
	uint64_t at, random;

	if (!journal)
		return -ENOMEM;
	random = getrandom(&random, sizeof(random), 0) == sizeof(random) ? random | 1 : 0;
	journal->head = memory;
	journal->series = random ? random : (uint64_t)time(NULL);
	*ret_journal = journal;
	if (!memory)
		return 0;
	journal->entries = (char *)(journal->head + 1);
	if (journal->head->magic != JOURNAL_MAGIC ||
	    journal->head->head - journal->head->tail > JOURNAL_ROOM) {
		memset(journal->head, 0, sizeof(*journal->head));
		journal->head->magic = JOURNAL_MAGIC;
		/* without one the file's word is not asked */
		journal->head->id = random;
	}
	if (journal->head->id)
		journal->series = journal->head->id;
	/* between an alert and the end of its record a daemon may have died as well */
	journal->before[0] = journal->head->record;
	for (at = journal_behind(journal->head->tail); at < journal->head->head;) {
		const struct journal_entry *entry = journal_at(journal, at);

		if (!entry)
			break;
		if (entry->record)
			journal->before[1] = entry->record;
		at = journal_behind(at + entry->size);
	}
	return 0;
}

void journal_close(struct journal *journal)
{
	free(journal);
}

uint64_t journal_id(const struct journal *journal)
{
	return journal->head ? journal->head->id : 0;
}

uint64_t journal_series(const struct journal *journal)
{
	return journal->series;
}

bool journal_has(const struct journal *journal, uint64_t record)
{
	return record && (record == journal->before[0] || record == journal->before[1]);
}

uint64_t *journal_mark(struct journal *journal, const char *name, uint64_t said)
{
	struct journal_place *marks = journal->head ? journal->head->marks : NULL, *place = NULL;
	uint64_t hash = 14695981039346656037ULL; /* FNV-1a */

	for (const char *at = name; *at; at++)
		hash = (hash ^ (unsigned char)*at) * 1099511628211ULL;
	if (!marks)
		return NULL;
	hash += !hash;
	for (size_t i = 0; i < JOURNAL_MARKS && (!place || place->name != hash); i++)
		if (marks[i].name == hash || (!place && !marks[i].name))
			place = &marks[i];
	/* who was there longest ago gives way, never one who is there now: they are fewer than there are places */
	for (size_t i = 0, full = !place; full && i < JOURNAL_MARKS; i++)
		if (!(journal->marked >> i & 1) && (!place || marks[i].number < place->number))
			place = &marks[i];
	if (!place)
		return NULL;
	if (place->name != hash)
		*place = (struct journal_place){hash, said};
	journal->marked |= 1U << (place - marks);
	return &place->number;
}

uint64_t *journal_mark_new(struct journal *journal, const char *name, uint64_t said)
{
	uint64_t *mark = journal_mark(journal, name, said);

	if (mark)
		__atomic_store_n(mark, said, __ATOMIC_RELEASE);
	return mark;
}

void journal_unmark(struct journal *journal, const uint64_t *mark)
{
	struct journal_place *marks = journal->head->marks;

	for (size_t i = 0; i < JOURNAL_MARKS; i++) {
		if (&marks[i].number != mark)
			continue;
		marks[i] = (struct journal_place){0};
		journal->marked &= ~(1U << i);
	}
}

/* Room for an entry of so many bytes, in one piece; what lies there is given up. */
static struct journal_entry *journal_room(struct journal *journal, uint64_t size)
{
	struct journal_head *head = journal->head;
	uint64_t at = journal_behind(head->head), left = JOURNAL_ROOM - at % JOURNAL_ROOM, skip;
	struct journal_entry *entry;

	skip = left < size ? left : 0;
	while (head->tail < head->head && at + skip + size - head->tail > JOURNAL_ROOM) {
		const struct journal_entry *first;

		head->tail = journal_behind(head->tail);
		first = journal_at(journal, head->tail);
		head->tail = first ? head->tail + first->size : head->head;
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
	}
	if (head->tail == head->head)
		head->tail = head->head = at;
	if (skip) {
		entry = journal_entry(journal, at);
		*entry = (struct journal_entry){.size = (uint32_t)skip};
		__atomic_store_n(&head->head, at + skip, __ATOMIC_RELEASE);
		at += skip;
	}
	entry = journal_entry(journal, at);
	entry->size = (uint32_t)size;
	return entry;
}

static void journal_add(struct journal *journal, const struct alert *alert, uint64_t number, uint64_t record)
{
	size_t frozen = alert ? alert_freeze_size(alert) : 0;
	uint64_t size =
		sizeof(struct journal_entry) + (frozen + JOURNAL_ALIGN - 1) / JOURNAL_ALIGN * JOURNAL_ALIGN;
	struct journal_entry *entry;

	/* an alert's strings are bounded (LIMIT_STRINGS_BYTES) */
	if (size > JOURNAL_ROOM / 4)
		return;
	entry = journal_room(journal, size);
	entry->frozen = (uint32_t)frozen;
	entry->number = number;
	entry->record = record;
	if (alert) {
		memset((char *)entry + size - JOURNAL_ALIGN, 0, JOURNAL_ALIGN);
		alert_freeze(alert, entry + 1);
		entry->sum = journal_sum(entry);
	}
	__atomic_store_n(&journal->head->head, journal_behind(journal->head->head) + size, __ATOMIC_RELEASE);
}

void journal_put(struct journal *journal, const struct alert *alert, uint64_t record)
{
	if (journal->head)
		journal_add(journal, alert->flood ? NULL : alert, alert->number, record);
}

void journal_skip(struct journal *journal, uint64_t number)
{
	if (journal->head)
		journal_add(journal, NULL, number, 0);
}

void journal_handled(struct journal *journal, uint64_t record)
{
	if (journal->head)
		__atomic_store_n(&journal->head->record, record, __ATOMIC_RELEASE);
}

void journal_pending(struct journal *journal, uint64_t count)
{
	if (journal->head)
		journal->head->pending = count;
}

/* Calls back with a copy, since the successor's own alerts may overwrite it. */
static bool journal_tell(const struct journal_entry *entry, journal_alert alert, void *context)
{
	AUTO_FREE void *copy = malloc(entry->frozen);
	const struct alert *thawed;

	if (!copy || journal_sum(entry) != entry->sum)
		return false;
	memcpy(copy, entry + 1, entry->frozen);
	thawed = alert_thaw(copy, entry->frozen);
	if (thawed)
		alert(context, thawed);
	return thawed;
}

struct journal_left journal_replay(struct journal *journal, uint64_t least, uint64_t said,
				   journal_alert alert, void *context)
{
	struct journal_left left = {0};
	uint64_t kept = 0;

	if (!journal->head)
		return left;
	left.pending = journal->head->pending;
	for (uint64_t at = journal_behind(journal->head->tail); at < journal->head->head;) {
		const struct journal_entry *entry = journal_at(journal, at);

		if (!entry)
			break;
		if (entry->number > least) {
			bool told = entry->frozen && journal_tell(entry, alert, context);

			kept += told || !entry->frozen;
			left.delivered += told;
		}
		at = journal_behind(at + entry->size);
	}
	/* a number that was lost is in nobody's journal, and is told of as lost */
	left.missing = said > least + kept ? said - least - kept : 0;
	return left;
}
