// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * ring → deferred → file_scan → matcher.
 *
 * One entry a file and writer. What is asked for while its range is being read is read once more, behind it: what
 * was read already may have changed.
 *
 *     from ──→ … end      this turn's
 *     again … again_end   and then this
 *
 * A writer is a cgroup here, as everywhere where shares are counted (bpf/emit/share.bpf.h).
 */
#include "policy/deferred.h"

#include "bounds.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct deferred_entry {
	struct token_sample *sample; /* with its strings; NULL: the entry is free */
	int fd;
	uint64_t from, end;
	uint64_t again, again_end;
	uint64_t expected, found; /* tokens */
};

struct deferred {
	struct deferred_entry entries[LIMIT_DEFERRED];
	size_t count, turn;
};

int deferred_open(struct deferred **ret_deferred)
{
	*ret_deferred = calloc(1, sizeof(**ret_deferred));
	return *ret_deferred ? 0 : -ENOMEM;
}

static void deferred_drop(struct deferred *deferred, struct deferred_entry *entry)
{
	close(entry->fd);
	free(entry->sample);
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

static bool deferred_is(const struct token_sample *one, const struct token_sample *other)
{
	return one->inode == other->inode && one->device == other->device &&
	       one->generation == other->generation && one->cgroup_id == other->cgroup_id;
}

/* Widens what is to be read after this turn's range. */
static void deferred_join(struct deferred_entry *entry, uint64_t from, uint64_t end)
{
	bool any = entry->again < entry->again_end;

	entry->again = any && entry->again < from ? entry->again : from;
	entry->again_end = any && entry->again_end > end ? entry->again_end : end;
}

int deferred_add(struct deferred *deferred, const struct sample_view *view, uint64_t length, int fd)
{
	const struct token_sample *head = view->head;
	uint64_t from = (uint64_t)head->offset, end = from + length;
	struct deferred_entry *place = NULL;
	size_t of_writer = 0;

	for (size_t i = 0; i < LIMIT_DEFERRED; i++) {
		struct deferred_entry *entry = &deferred->entries[i];

		if (!entry->sample) {
			place = place ? place : entry;
			continue;
		}
		of_writer += entry->sample->cgroup_id == head->cgroup_id;
		if (!deferred_is(entry->sample, head))
			continue;
		deferred_join(entry, from, end);
		entry->expected += head->news;
		close(fd);
		return 0;
	}
	if (!place || of_writer >= LIMIT_DEFERRED_WRITER) {
		close(fd);
		return -ENOSPC;
	}
	place->sample = malloc(head->size);
	if (!place->sample) {
		close(fd);
		return -ENOMEM;
	}
	memcpy(place->sample, head, head->size);
	place->fd = fd;
	place->from = from;
	place->end = end;
	place->again = place->again_end = 0;
	place->expected = head->news;
	place->found = 0;
	deferred->count++;
	return 0;
}

size_t deferred_count(const struct deferred *deferred)
{
	return deferred->count;
}

uint64_t deferred_step(struct deferred *deferred, deferred_look look, void *context)
{
	struct deferred_entry *entry;
	struct sample_view view;
	uint64_t gone;

	if (!deferred->count)
		return 0;
	do
		entry = &deferred->entries[deferred->turn++ % LIMIT_DEFERRED];
	while (!entry->sample);
	if (sample_view_parse(entry->sample, entry->sample->size, &view) < 0)
		entry->from = entry->end;
	else
		entry->from =
			look(context, &view, entry->fd, entry->from, entry->end - entry->from, &entry->found);
	if (entry->from < entry->end)
		return 0;
	if (entry->again < entry->again_end) {
		entry->from = entry->again;
		entry->end = entry->again_end;
		entry->again = entry->again_end = 0;
		return 0;
	}
	gone = entry->expected > entry->found ? entry->expected - entry->found : 0;
	deferred_drop(deferred, entry);
	return gone;
}
