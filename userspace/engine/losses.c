// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* summary, floods → losses → outputs. */
#include "engine/losses.h"

#include "detect/mask.h"
#include "lib/cleanup.h"
#include "lib/log.h"
#include "lib/utf8.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* Room for what is shown of a name; what is longer is an id already, or cut. */
#define LOSSES_TEXT 128

struct losses_names {
	char name[LOSSES_TEXT], container[LOSSES_TEXT], container_name[LOSSES_TEXT];
};

struct losses {
	struct summary_told told;
	struct loss loss;
	struct losses_names names[LOSS_WRITERS];
	struct timespec looked; /* CLOCK_REALTIME, the last time */
};

int losses_open(struct losses **ret_losses)
{
	struct losses *losses = calloc(1, sizeof(*losses));

	if (!losses)
		return -ENOMEM;
	clock_gettime(CLOCK_REALTIME, &losses->looked);
	*ret_losses = losses;
	return 0;
}

void losses_close(struct losses *losses)
{
	free(losses);
}

static bool losses_later(const struct timespec *one, const struct timespec *other)
{
	return one->tv_sec > other->tv_sec || (one->tv_sec == other->tv_sec && one->tv_nsec > other->tv_nsec);
}

bool losses_look(struct losses *losses, const struct probe_counts *counts, const struct pipeline_stats *stats)
{
	struct loss loss = {.since = losses->looked, .kinds = losses->told.news};

	clock_gettime(CLOCK_REALTIME, &loss.time);
	/* a clock that was set back */
	if (losses_later(&loss.since, &loss.time))
		loss.since = loss.time;
	losses->looked = loss.time;
	if (!summary_news(counts, stats, &losses->told))
		return false;
	loss.kind_count = losses->told.news_count;
	losses->loss = loss;
	return true;
}

/* A name that is cut goes on being text: what cuts a character in two is left out. Returns `to`, NULL for NULL. */
static const char *losses_keep(const char *name, char to[LOSSES_TEXT])
{
	size_t len = name ? strlen(name) : 0;

	if (!name)
		return NULL;
	if (len >= LOSSES_TEXT)
		len = utf8_cut(name, LOSSES_TEXT - 1);
	memcpy(to, name, len);
	to[len] = '\0';
	return to;
}

void losses_writer(void *context, const struct loss_writer *writer)
{
	struct losses *losses = context;
	struct loss *loss = &losses->loss;
	size_t at = 0, last = LOSS_WRITERS - 1;
	AUTO_FREE char *name = NULL;

	while (at < loss->writer_count && loss->writers[at].samples >= writer->samples)
		at++;
	if (at > last || mask_text(writer->name, strlen(writer->name), NULL, &name) < 0)
		return;
	loss->writer_count += loss->writer_count <= last;
	for (size_t i = loss->writer_count - 1; i > at; i--) {
		losses->names[i] = losses->names[i - 1];
		loss->writers[i] = loss->writers[i - 1];
	}
	loss->writers[at] = *writer;
	losses_keep(name, losses->names[at].name);
	losses_keep(writer->container, losses->names[at].container);
	losses_keep(writer->container_name, losses->names[at].container_name);
	/* each one's strings have moved with it */
	for (size_t i = at; i < loss->writer_count; i++) {
		struct losses_names *names = &losses->names[i];

		loss->writers[i].name = names->name;
		loss->writers[i].container = loss->writers[i].container ? names->container : NULL;
		loss->writers[i].container_name =
			loss->writers[i].container_name ? names->container_name : NULL;
	}
}

struct loss *losses_told(struct losses *losses)
{
	return &losses->loss;
}

void losses_say(const struct loss *loss)
{
	for (size_t i = 0; i < loss->kind_count; i++)
		log_warning("lost just now: %" PRIu64 " %s", loss->kinds[i].count, loss->kinds[i].text);
}
