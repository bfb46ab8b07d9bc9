// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What was lost → words. */
#include "alert/loss.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOSS_ID_LEN 12

void loss_who(const struct loss_writer *writer, char *text, size_t size)
{
	if (writer->container_name)
		snprintf(text, size, "container %s", writer->container_name);
	else if (writer->container)
		snprintf(text, size, "container %.*s", LOSS_ID_LEN, writer->container);
	else if (writer->cgroup)
		snprintf(text, size, "%s (pid %" PRIu32 ", uid %" PRIu32 ")", writer->name, writer->pid,
			 writer->uid);
	else
		snprintf(text, size, "user %" PRIu32, writer->uid);
}

int loss_message(const struct loss *loss, char **ret_text)
{
	char who[512] = "", *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return -ENOMEM;
	fputs("lost just now:", out);
	for (size_t i = 0; i < loss->kind_count; i++)
		fprintf(out, "%s %" PRIu64 " %s", i ? ";" : "", loss->kinds[i].count, loss->kinds[i].text);
	for (size_t i = 0; i < loss->writer_count; i++) {
		loss_who(&loss->writers[i], who, sizeof(who));
		fprintf(out, "%s%s %" PRIu64, i ? ", " : ", of which by ", who, loss->writers[i].samples);
	}
	if (fclose(out) != 0) {
		free(text);
		return -ENOMEM;
	}
	*ret_text = text;
	return 0;
}

static size_t loss_text_size(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

/* Bytes of all texts that a loss borrows. */
static size_t loss_texts_size(const struct loss *loss)
{
	size_t size = 0;

	for (size_t i = 0; i < loss->kind_count; i++)
		size += loss_text_size(loss->kinds[i].text);
	for (size_t i = 0; i < loss->writer_count; i++)
		size += loss_text_size(loss->writers[i].name) + loss_text_size(loss->writers[i].container) +
			loss_text_size(loss->writers[i].container_name);
	return size;
}

/* Copies a text to *at, which moves on; NULL stays NULL. */
static const char *loss_text(const char *text, char **at)
{
	char *copy = *at;

	if (!text)
		return NULL;
	memcpy(copy, text, loss_text_size(text));
	*at += loss_text_size(text);
	return copy;
}

struct loss *loss_copy(const struct loss *loss)
{
	size_t size = loss->kind_count * sizeof(*loss->kinds);
	struct loss *copy = malloc(sizeof(*copy) + size + loss_texts_size(loss));
	struct loss_kind *kinds;
	char *at;

	if (!copy)
		return NULL;
	*copy = *loss;
	copy->host_name = NULL;
	kinds = (struct loss_kind *)(copy + 1);
	copy->kinds = kinds;
	at = (char *)(kinds + loss->kind_count);
	for (size_t i = 0; i < loss->kind_count; i++) {
		kinds[i] = loss->kinds[i];
		kinds[i].text = loss_text(kinds[i].text, &at);
	}
	for (size_t i = 0; i < loss->writer_count; i++) {
		struct loss_writer *writer = &copy->writers[i];

		writer->name = loss_text(writer->name, &at);
		writer->container = loss_text(writer->container, &at);
		writer->container_name = loss_text(writer->container_name, &at);
	}
	return copy;
}
