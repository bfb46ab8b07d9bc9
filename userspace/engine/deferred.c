// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * ring → deferred → fetcher → matcher.
 *
 * One entry a sample: what is found in its range is its process's. A writer is what has a share of the ring of its own
 * (bpf/emit/share.bpf.h).
 *
 * Limit: a range that is written again before it was read holds what was written last. The kernel side says how many tokens it
 * saw; those that are found to be missing are counted, and so are ranges that were asked for again.
 */
#include "engine/deferred.h"

#include "detect/kept.h"
#include "bounds.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct deferred_entry {
	struct token_sample *sample; /* with its strings; NULL: the entry is free */
	uint64_t id;
	uint64_t from, end, read;
	uint64_t expected, found; /* tokens */
	int64_t until; /* ms, CLOCK_MONOTONIC */
	uint64_t turn; /* number of its last one */
};

struct deferred {
	struct deferred_entry entries[LIMIT_DEFERRED];
	size_t count;
	uint64_t turns;
};

int deferred_open(struct deferred **ret_deferred)
{
	*ret_deferred = calloc(1, sizeof(**ret_deferred));
	return *ret_deferred ? 0 : -ENOMEM;
}

static void deferred_drop(struct deferred *deferred, struct deferred_entry *entry)
{
	kept_free(entry->sample);
	entry->sample = NULL;
	deferred->count--;
}

void deferred_close(struct deferred *deferred)
{
	if (!deferred)
		return;
	for (size_t i = 0; i < LIMIT_DEFERRED; i++)
		if (deferred->entries[i].sample)
			deferred_drop(deferred, &deferred->entries[i]);
	free(deferred);
}

static bool deferred_is_same_file(const struct token_sample *one, const struct token_sample *other)
{
	return one->inode == other->inode && one->device == other->device &&
	       one->generation == other->generation;
}

/* Some places are kept for writers of which nothing waits. */
static bool deferred_has_room(const struct deferred *deferred, size_t of_writer)
{
	if (!of_writer)
		return deferred->count < LIMIT_DEFERRED;
	return of_writer < LIMIT_DEFERRED_WRITER && deferred->count < LIMIT_DEFERRED - LIMIT_DEFERRED_KEPT;
}

int deferred_add(struct deferred *deferred, const struct sample_view *view, uint64_t id, int64_t now,
		 bool *ret_again)
{
	const struct token_sample *head = view->head;
	struct deferred_entry *place = NULL;
	size_t of_writer = 0;
	uint64_t from, end;
	bool again = false;

	sample_range(head, &from, &end);
	for (size_t i = 0; i < LIMIT_DEFERRED; i++) {
		struct deferred_entry *entry = &deferred->entries[i];

		if (!entry->sample) {
			place = place ? place : entry;
			continue;
		}
		of_writer += entry->sample->group == head->group;
		again |= deferred_is_same_file(entry->sample, head) && entry->from < end && from < entry->end;
	}
	if (!place || !deferred_has_room(deferred, of_writer))
		return -ENOSPC;
	place->sample = kept_sample(view);
	if (!place->sample)
		return -ENOMEM;
	place->id = id;
	place->from = from;
	place->end = end;
	place->read = 0;
	place->expected = head->news;
	place->found = 0;
	place->until = now + LIMIT_DEFERRED_MS;
	place->turn = 0;
	deferred->count++;
	*ret_again = again;
	return 0;
}

size_t deferred_count(const struct deferred *deferred)
{
	return deferred->count;
}

bool deferred_has(const struct deferred *deferred, uint64_t place)
{
	for (size_t i = 0; deferred->count && i < LIMIT_DEFERRED; i++)
		if (deferred->entries[i].sample && deferred->entries[i].sample->place == place)
			return true;
	return false;
}

bool deferred_is_later(const struct token_sample *other, const struct token_sample *head, uint64_t at,
		       uint64_t len)
{
	uint64_t from = (uint64_t)other->offset;

	return other->place == head->place && other->writer != head->writer && other->time > head->time &&
	       from < at + len && at < from + other->length;
}

bool deferred_any_later(const struct deferred *deferred, const struct token_sample *head, uint64_t at,
			uint64_t len, uint64_t *ret_writer)
{
	for (size_t i = 0; deferred->count && i < LIMIT_DEFERRED; i++)
		if (deferred->entries[i].sample &&
		    deferred_is_later(deferred->entries[i].sample, head, at, len)) {
			*ret_writer = deferred->entries[i].sample->writer;
			return true;
		}
	return false;
}

/* When a writer's last turn was. */
static uint64_t deferred_turn(const struct deferred *deferred, uint64_t group)
{
	uint64_t turn = 0;

	for (size_t i = 0; i < LIMIT_DEFERRED; i++) {
		const struct deferred_entry *entry = &deferred->entries[i];

		if (entry->sample && entry->sample->group == group && entry->turn > turn)
			turn = entry->turn;
	}
	return turn;
}

/* Whose turn it is: the writer's whose last one is longest ago; of its ranges, likewise. */
static struct deferred_entry *deferred_whose(struct deferred *deferred)
{
	struct deferred_entry *next = NULL;
	uint64_t first = 0;

	for (size_t i = 0; i < LIMIT_DEFERRED; i++) {
		struct deferred_entry *entry = &deferred->entries[i];
		uint64_t turn;

		if (!entry->sample)
			continue;
		turn = deferred_turn(deferred, entry->sample->group);
		if (next && (turn > first || (turn == first && entry->turn >= next->turn)))
			continue;
		next = entry;
		first = turn;
	}
	return next;
}

/* Nothing more is read of a range; counts what of it was lost. @read: to its end */
static void deferred_done(struct deferred *deferred, struct deferred_entry *entry, bool read,
			  struct deferred_loss *losses)
{
	losses->unread += !read;
	if (entry->expected > entry->found)
		losses->tokens += entry->expected - entry->found;
	deferred_drop(deferred, entry);
}

void deferred_abandon(struct deferred *deferred, struct deferred_loss *losses)
{
	for (size_t i = 0; i < LIMIT_DEFERRED; i++)
		if (deferred->entries[i].sample)
			deferred_done(deferred, &deferred->entries[i], false, losses);
}

bool deferred_next(struct deferred *deferred, struct deferred_turn *ret_turn)
{
	struct deferred_entry *entry = deferred_whose(deferred);

	if (!entry || sample_view_parse(entry->sample, entry->sample->size, &ret_turn->view) < 0)
		return false;
	entry->turn = ++deferred->turns;
	ret_turn->id = entry->id;
	ret_turn->from = entry->from;
	ret_turn->end = entry->end;
	return true;
}

static struct deferred_entry *deferred_find(struct deferred *deferred, uint64_t id)
{
	for (size_t i = 0; i < LIMIT_DEFERRED; i++)
		if (deferred->entries[i].sample && deferred->entries[i].id == id)
			return &deferred->entries[i];
	return NULL;
}

bool deferred_told(struct deferred *deferred, uint64_t id, uint64_t next, uint64_t end, uint64_t read,
		   uint64_t found, int64_t now, struct deferred_loss *losses)
{
	struct deferred_entry *entry = deferred_find(deferred, id);

	if (!entry)
		return false;
	entry->from = next;
	entry->read += read;
	entry->found += found;
	if (next < end && entry->read >= LIMIT_FILE_SCAN) {
		losses->past += end - next;
		deferred_done(deferred, entry, true, losses);
		return true;
	}
	if (next < end && now < entry->until)
		return false;
	deferred_done(deferred, entry, next >= end, losses);
	return true;
}

bool deferred_fail(struct deferred *deferred, uint64_t id, uint64_t found, struct deferred_loss *losses)
{
	struct deferred_entry *entry = deferred_find(deferred, id);

	if (!entry)
		return false;
	entry->found += found;
	/* the file is counted by who knows why */
	deferred_done(deferred, entry, true, losses);
	return true;
}
