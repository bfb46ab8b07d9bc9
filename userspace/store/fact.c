// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * alert → fact: what of an alert is worth keeping for months.
 *
 * Invariant: its texts are the alert's own, which have been through detect/mask.c; nothing is added.
 */
#include "store/fact.h"

#include "alert/message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A copy, NULL of NULL. */
static char *fact_copy(const char *text, bool *failed)
{
	char *copy = text ? strdup(text) : NULL;

	*failed |= text && !copy;
	return copy;
}

/* Programs without a path (kernel threads, those that were gone) go by their name. */
static char *fact_program(const struct alert_process *process, bool *failed)
{
	char *program;

	if (process->executable)
		return fact_copy(process->executable, failed);
	if (asprintf(&program, "(%s)", process->name && *process->name ? process->name : "unknown") < 0) {
		*failed = true;
		return NULL;
	}
	return program;
}

int fact_make(const struct alert *alert, struct fact *ret_fact)
{
	const struct alert_process *process = &alert->process;
	const struct alert_container *container = &alert->container;
	const struct alert_file *file = &alert->file;
	bool failed = false;
	int64_t time = (int64_t)alert->time.tv_sec * 1000000 + alert->time.tv_nsec / 1000;
	struct fact fact = {
		.token = fact_copy(alert->token.identifier, &failed),
		.file = fact_copy(file->host_path ? file->host_path : file->path, &failed),
		.program = fact_program(process, &failed),
		.container = fact_copy(container->id ? container->id : "", &failed),
		.token_type = fact_copy(alert->token.type, &failed),
		.file_path = fact_copy(file->host_path ? file->path : NULL, &failed),
		.file_type = fact_copy(file->type, &failed),
		.fs_type = fact_copy(file->fs_type, &failed),
		.runtime = fact_copy(container->runtime, &failed),
		.container_name = fact_copy(container->name, &failed),
		.image = fact_copy(container->image, &failed),
		.pod = fact_copy(container->pod, &failed),
		.pod_namespace = fact_copy(container->pod_namespace, &failed),
		.pod_uid = fact_copy(container->pod_uid, &failed),
		.process = fact_copy(process->name, &failed),
		.user = fact_copy(process->user_name, &failed),
		.command_line = fact_copy(process->command_line, &failed),
		.script = fact_copy(process->script, &failed),
		.unit = fact_copy(process->unit, &failed),
		.syscall = fact_copy(alert->write.syscall, &failed),
		.seen_by = fact_copy(alert->write.seen_by, &failed),
		.part = fact_copy(alert->write.part, &failed),
		.placeholder = alert->token.placeholder,
		/* the host's own name for it is whole */
		.path_truncated = file->path_truncated && !file->host_path,
		.deleted = file->deleted,
		.pid = process->pid,
		.uid = process->uid,
		.dev_major = file->dev_major,
		.dev_minor = file->dev_minor,
		.inode = file->inode,
		.first = time,
		.last = time,
		.count = alert->news,
	};

	if (failed) {
		fact_free(&fact);
		return -ENOMEM;
	}
	*ret_fact = fact;
	return 0;
}

void fact_free(struct fact *fact)
{
#define FACT_FREE(name) free(fact->name);
	FACT_TEXTS(FACT_FREE)
#undef FACT_FREE
	memset(fact, 0, sizeof(*fact));
}

size_t fact_size(const struct fact *fact)
{
	size_t size = 0;

#define FACT_SIZE(name) size += fact->name ? strlen(fact->name) + 1 : 0;
	FACT_TEXTS(FACT_SIZE)
#undef FACT_SIZE
	return size;
}

int fact_message(const struct fact *fact, char **ret_text)
{
	struct alert alert = {
		.token = {.placeholder = fact->placeholder,
			  .type = fact->token_type ? fact->token_type : TOKEN_TYPE_UNKNOWN},
		.process = {.name = fact->process,
			    .pid = fact->pid,
			    .uid = fact->uid,
			    .user_name = fact->user},
		.file = {.path = fact->file_path ? fact->file_path : fact->file},
	};
	char none[] = "";

	if (!alert.process.name)
		alert.process.name = none;
	snprintf(alert.token.identifier, sizeof(alert.token.identifier), "%s", fact->token);
	return alert_message(&alert, "", "", ret_text);
}
