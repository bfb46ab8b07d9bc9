// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* attribute → alert → output: the alert's memory. */
#include "alert/alert.h"

#include <stdlib.h>
#include <string.h>

/* The strings of its process and its file, but for the ancestors' names. */
#define ALERT_FACTS(X)               \
	X(process.name)              \
	X(process.thread_name)       \
	X(process.executable)        \
	X(process.command_line)      \
	X(process.script)            \
	X(process.working_directory) \
	X(process.unit)              \
	X(process.parent.name)       \
	X(process.user_name)         \
	X(process.group_name)        \
	X(file.path)                 \
	X(file.host_path)            \
	X(file.fs_type)

#define ALERT_CONTAINER(X)         \
	X(container.id)            \
	X(container.name)          \
	X(container.image)         \
	X(container.pod)           \
	X(container.pod_namespace) \
	X(container.pod_uid)

#define ALERT_STRINGS(X) ALERT_FACTS(X) ALERT_CONTAINER(X)

#define ALERT_FREE(member) free(alert->member);

static void alert_free_facts(struct alert *alert)
{
	ALERT_FACTS(ALERT_FREE)
	for (size_t i = 0; i < alert->process.ancestor_count; i++)
		free(alert->process.ancestors[i].name);
	free(alert->process.ancestors);
}

void alert_free(struct alert *alert)
{
	if (!alert)
		return;
	if (!alert->facts)
		alert_free_facts(alert);
	ALERT_CONTAINER(ALERT_FREE)
	memset(alert, 0, sizeof(*alert));
}

static size_t alert_string_size(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

/* Copies a string to *at, which moves on; NULL stays NULL. */
static char *alert_string_pack(const char *text, char **at)
{
	size_t size = alert_string_size(text);
	char *copy = *at;

	if (!text)
		return NULL;
	memcpy(copy, text, size);
	*at += size;
	return copy;
}

size_t alert_pack_size(const struct alert *alert)
{
	const struct alert_process *process = &alert->process;
	size_t size = sizeof(*alert) + process->ancestor_count * sizeof(*process->ancestors);

#define ALERT_SIZE(member) size += alert_string_size(alert->member);
	ALERT_STRINGS(ALERT_SIZE)
#undef ALERT_SIZE
	for (size_t i = 0; i < process->ancestor_count; i++)
		size += alert_string_size(process->ancestors[i].name);
	return size;
}

struct alert *alert_pack(const struct alert *alert, void *to)
{
	const struct alert_process *process = &alert->process;
	struct alert *pack = to;
	struct alert_ancestor *ancestors = (struct alert_ancestor *)(pack + 1);
	char *at = (char *)(ancestors + process->ancestor_count);

	*pack = *alert;
	pack->facts = NULL;
	pack->process.ancestors = process->ancestor_count ? ancestors : NULL;
	if (process->ancestor_count)
		memcpy(ancestors, process->ancestors, process->ancestor_count * sizeof(*ancestors));
#define ALERT_PACK(member) pack->member = alert_string_pack(alert->member, &at);
	ALERT_STRINGS(ALERT_PACK)
#undef ALERT_PACK
	for (size_t i = 0; i < process->ancestor_count; i++)
		ancestors[i].name = alert_string_pack(process->ancestors[i].name, &at);
	return pack;
}
