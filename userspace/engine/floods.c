// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * probe, attribute → floods → alert.
 *
 * A writer that floods still has its share, so alerts of it go on arriving: one of these gives the facts, and some give the
 * samples. If none comes, the summary names the process.
 */
#include "engine/floods.h"

#include "bounds.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct flood {
	uint64_t group; /* 0: the entry is free */
	uint64_t lost, told; /* samples */
	uint64_t counted; /* of floods_news() */
	uint32_t uid;
	char comm[LIMIT_COMM_BYTES];
	uint32_t tgid; /* who it was, the last time */
	int64_t heard, next; /* ms, CLOCK_MONOTONIC */
	struct alert *alert; /* one of its alerts, in one piece; or NULL */
	struct alert_flood samples;
};

struct floods {
	struct flood entries[LIMIT_FLOODS];
};

int floods_open(struct floods **ret_floods)
{
	*ret_floods = calloc(1, sizeof(**ret_floods));
	return *ret_floods ? 0 : -ENOMEM;
}

static void floods_forget(struct flood *flood)
{
	free(flood->alert);
	memset(flood, 0, sizeof(*flood));
}

void floods_close(struct floods *floods)
{
	if (!floods)
		return;
	for (size_t i = 0; i < LIMIT_FLOODS; i++)
		floods_forget(&floods->entries[i]);
	free(floods);
}

/* The entry of a group; or, @make, the one that it can have. */
static struct flood *floods_entry(struct floods *floods, uint64_t group, bool make)
{
	struct flood *oldest = &floods->entries[0];

	for (size_t i = 0; i < LIMIT_FLOODS; i++) {
		struct flood *flood = &floods->entries[i];

		if (flood->group == group)
			return flood;
		if (flood->heard < oldest->heard)
			oldest = flood;
	}
	if (!make)
		return NULL;
	floods_forget(oldest);
	return oldest;
}

void floods_seen(struct floods *floods, uint64_t group, const struct share *share,
		 const struct timespec *since, int64_t now)
{
	struct flood *flood = floods_entry(floods, group, true);

	if (!flood->group)
		flood->next = now;
	if (share->lost == flood->lost)
		return;
	flood->group = group;
	flood->lost = share->lost;
	flood->tgid = share->tgid;
	flood->uid = share->uid;
	memcpy(flood->comm, share->comm, sizeof(flood->comm) - 1);
	flood->samples.since = *since;
	flood->heard = now;
}

bool floods_any(const struct floods *floods)
{
	for (size_t i = 0; i < LIMIT_FLOODS; i++)
		if (floods->entries[i].lost > floods->entries[i].told)
			return true;
	return false;
}

/* Remembers a text, if there is room, and it is not known yet. */
static void floods_sample(char (*list)[ALERT_FLOOD_TEXT], size_t *count, const char *text)
{
	size_t len = strlen(text);

	/* what is longer is no sample: cut it would be another one */
	if (*count == ALERT_FLOOD_SAMPLES || len >= ALERT_FLOOD_TEXT)
		return;
	for (size_t i = 0; i < *count; i++)
		if (strcmp(list[i], text) == 0)
			return;
	memcpy(list[(*count)++], text, len + 1);
}

/* Is this a better one to tell the flood by: newer than the last time, or of the process itself? */
static bool floods_better(const struct flood *flood, const struct alert *alert)
{
	return !flood->alert || !flood->samples.token_count ||
	       (alert->process.pid == flood->tgid && flood->alert->process.pid != flood->tgid);
}

void floods_keep(struct floods *floods, uint64_t group, const struct alert *alert)
{
	struct flood *flood = floods_entry(floods, group, false);

	if (!flood || !flood->group)
		return;
	if (floods_better(flood, alert)) {
		void *piece = malloc(alert_pack_size(alert));

		if (!piece)
			return;
		free(flood->alert);
		flood->alert = alert_pack(alert, piece);
	}
	floods_sample(flood->samples.tokens, &flood->samples.token_count, alert->token.identifier);
	floods_sample(flood->samples.files, &flood->samples.file_count, alert->file.path);
}

void floods_tell(struct floods *floods, int64_t now, bool all, floods_alert tell, void *context)
{
	for (size_t i = 0; i < LIMIT_FLOODS; i++) {
		struct flood *flood = &floods->entries[i];
		struct alert alert;

		if (!flood->alert && now - flood->heard > FLOODS_WAIT_MS)
			flood->told = flood->lost;
		if (flood->lost <= flood->told || !flood->alert || (!all && now < flood->next))
			continue;
		flood->samples.lost = flood->lost;
		alert = *flood->alert;
		alert.flood = &flood->samples;
		alert.repeats = 0;
		alert.news = 0;
		tell(context, &alert);
		flood->told = flood->lost;
		flood->next = now + FLOODS_AGAIN_MS;
		/* the samples of the next time are others */
		flood->samples.token_count = flood->samples.file_count = 0;
	}
}

void floods_news(struct floods *floods, floods_writer tell, void *context)
{
	for (size_t i = 0; i < LIMIT_FLOODS; i++) {
		struct flood *flood = &floods->entries[i];
		const struct alert *alert = flood->alert;
		/* nobody is blamed for what another one calls himself */
		bool named = alert && !alert->container.claimed;
		struct loss_writer writer = {
			.samples = flood->lost - flood->counted,
			.cgroup = (flood->group & SHARE_USER) ? 0 : flood->group,
			.uid = flood->uid,
			.pid = flood->tgid,
			.name = flood->comm,
			.container = named ? alert->container.id : NULL,
			.container_name = named ? alert->container.name : NULL,
		};

		if (!writer.samples)
			continue;
		flood->counted = flood->lost;
		tell(context, &writer);
	}
}
