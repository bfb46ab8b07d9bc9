// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * ring → facts → matcher: a write's further tokens, with what the first one has told.
 *
 * Invariant: no window is kept; it stays where the record lies. Nor are arguments for longer than FACTS_RAW_MS as they were: by then a
 * write's tokens are all told, and masking each sample's at once would cost as much as telling it.
 */
#include "engine/facts.h"

#include "detect/mask.h"
#include "lib/monotonic.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Numbers of the kernel side: some a CPU. */
#define FACTS_SLOTS_MAX 65536
/* Room for a usual sample, so that few are made anew. */
#define FACTS_ROOM 2048

struct facts_slot {
	struct token_sample *sample; /* NULL: nothing is kept */
	size_t room;
	struct sample_view view; /* of it */
	int64_t kept; /* ms, CLOCK_MONOTONIC */
	bool masked; /* its arguments */
};

struct facts {
	struct facts_slot *slots;
	size_t count;
	int64_t next; /* ms, CLOCK_MONOTONIC: nothing is older before that */
	struct token_sample nobody;
};

int facts_open(struct facts **ret_facts)
{
	struct facts *facts = calloc(1, sizeof(*facts));

	if (!facts)
		return -ENOMEM;
	*ret_facts = facts;
	return 0;
}

static void facts_wipe(struct facts_slot *slot)
{
	if (!slot->sample)
		return;
	explicit_bzero(slot->sample, slot->room);
	free(slot->sample);
	*slot = (struct facts_slot){0};
}

void facts_close(struct facts *facts)
{
	if (!facts)
		return;
	for (size_t i = 0; i < facts->count; i++)
		facts_wipe(&facts->slots[i]);
	free(facts->slots);
	free(facts);
}

/* The slot of that number, or NULL if there is no memory for it. */
static struct facts_slot *facts_slot(struct facts *facts, uint32_t number)
{
	size_t count = (size_t)number + 1;
	struct facts_slot *slots;

	if (number >= FACTS_SLOTS_MAX)
		return NULL;
	if (number < facts->count)
		return &facts->slots[number];
	slots = realloc(facts->slots, count * sizeof(*slots));
	if (!slots)
		return NULL;
	memset(slots + facts->count, 0, (count - facts->count) * sizeof(*slots));
	facts->slots = slots;
	facts->count = count;
	return &slots[number];
}

/* Nothing of the sample before is left: it is overwritten, or wiped. Returns 0 or -ENOMEM. */
static int facts_room(struct facts_slot *slot, size_t size)
{
	size_t room = size > FACTS_ROOM ? size : FACTS_ROOM;

	if (slot->sample && slot->room >= size) {
		if (slot->sample->size > size)
			explicit_bzero((char *)slot->sample + size, slot->sample->size - size);
		return 0;
	}
	facts_wipe(slot);
	slot->sample = malloc(room);
	if (!slot->sample)
		return -ENOMEM;
	slot->room = room;
	return 0;
}

void facts_keep(struct facts *facts, const struct sample_view *view, int64_t now)
{
	const struct token_sample *head = view->head;
	struct facts_slot *slot = facts_slot(facts, head->slot);

	if (!slot || facts_room(slot, head->size) < 0)
		return;
	memcpy(slot->sample, head, offsetof(struct token_sample, window));
	memset(slot->sample->window, 0, sizeof(slot->sample->window));
	memcpy(slot->sample + 1, head + 1, head->size - sizeof(*head));
	if (sample_view_parse(slot->sample, head->size, &slot->view) < 0)
		facts_wipe(slot);
	slot->kept = now;
	slot->masked = false;
}

/* Of the arguments, what is a secret by its shape; without memory for that, nothing is kept. */
static void facts_mask(struct facts_slot *slot)
{
	char *args = (char *)slot->sample + (slot->view.args - (const char *)slot->sample);

	slot->masked = true;
	if (slot->sample->args_len && mask_wipe(args, slot->sample->args_len) < 0)
		facts_wipe(slot);
}

/* Whose facts are not there. */
static void facts_unknown(struct facts *facts, struct sample_view *ret_view)
{
	struct token_sample *head = &facts->nobody;

	*head = (struct token_sample){
		.size = sizeof(*head),
		.flags = SAMPLE_KTHREAD,
		.time = boottime_ns(),
		.login_uid = UINT32_MAX,
		.kind = FILE_KIND_UNKNOWN,
		.offset = SAMPLE_NO_OFFSET,
	};
	sample_view_parse(head, sizeof(*head), ret_view);
}

int facts_more(struct facts *facts, const void *data, size_t size, struct sample_view *ret_view)
{
	const struct token_more *more = data;
	struct token_sample *head = &facts->nobody;
	struct facts_slot *slot;

	if (size < sizeof(*more) || more->size != sizeof(*more) || more->window_len > sizeof(more->window))
		return -EBADMSG;
	slot = more->slot < facts->count ? &facts->slots[more->slot] : NULL;
	if (slot && slot->sample && slot->view.head->seq == more->facts) {
		head = slot->sample;
		*ret_view = slot->view;
	} else {
		facts_unknown(facts, ret_view);
	}
	head->repeats = more->repeats;
	head->news = more->news;
	head->window_len = (uint16_t)more->window_len;
	head->token_at = more->token_at;
	head->token_key = more->token_key;
	ret_view->window = more->window;
	return 0;
}

void facts_forget(struct facts *facts, int64_t now)
{
	if (now < facts->next)
		return;
	facts->next = now + FACTS_RAW_MS;
	for (size_t i = 0; i < facts->count; i++) {
		struct facts_slot *slot = &facts->slots[i];

		if (slot->sample && now - slot->kept >= FACTS_KEPT_MS)
			facts_wipe(slot);
		else if (slot->sample && !slot->masked)
			facts_mask(slot);
	}
}
