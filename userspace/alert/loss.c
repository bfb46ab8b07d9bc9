// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What was lost → words. */
#include "alert/loss.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

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
