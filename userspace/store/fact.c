// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * alert → fact: what of an alert is worth keeping for months.
 *
 * Invariant: its texts are the alert's own, which have been through detect/mask.c; nothing is added.
 */
#include "store/fact.h"

#include "alert/message.h"
#include "attribute/container/cgroup_name.h"
#include "attribute/script.h"
#include "bounds.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Its texts, borrowed. */
struct fact_texts {
#define FACT_TEXT(name) const char *name;
	FACT_TEXTS(FACT_TEXT)
#undef FACT_TEXT
};

/* Copies them into one piece of memory. Returns 0 or -ENOMEM. */
static int fact_pack(const struct fact_texts *texts, struct fact *fact)
{
	size_t size = 1, len; /* never nothing */
	char *at;

#define FACT_SIZE(name) size += texts->name ? strlen(texts->name) + 1 : 0;
	FACT_TEXTS(FACT_SIZE)
#undef FACT_SIZE
	fact->memory = at = malloc(size);
	if (!at)
		return -ENOMEM;
	fact->memory_size = size;
#define FACT_COPY(name)                        \
	if (texts->name) {                     \
		len = strlen(texts->name) + 1; \
		memcpy(at, texts->name, len);  \
		fact->name = at;               \
		at += len;                     \
	}
	/* the last one's end is nobody's beginning */
	/* cppcheck-suppress unreadVariable */
	FACT_TEXTS(FACT_COPY)
#undef FACT_COPY
	return 0;
}

/* Programs without a path (kernel threads, those that were gone) go by their name, BusyBox's by the applet as well. NULL: by the path. */
static int fact_program(const struct alert_process *process, char **ret_program)
{
	const char *executable = process->executable, *args = process->command_line, *applet = NULL;
	size_t len;

	*ret_program = NULL;
	if (executable && args)
		applet = script_applet(executable, strlen(executable), args, strlen(args), ' ', &len);
	if (applet && len < LIMIT_COMM_BYTES) {
		if (asprintf(ret_program, "%s (%.*s)", executable, (int)len, applet) >= 0)
			return 0;
		*ret_program = NULL;
		return -ENOMEM;
	}
	if (executable)
		return 0;
	if (asprintf(ret_program, "(%s)", process->name && *process->name ? process->name : "unknown") >= 0)
		return 0;
	*ret_program = NULL;
	return -ENOMEM;
}

/*
 * What tells the container apart from all others, where its id does not. One that is only claimed is another one than that
 * which it is called like; a name is given in each runtime, in each of containerd's namespaces, and again. NULL: the id does.
 */
static int fact_container(const struct alert_container *container, char **ret_key)
{
	const char *namespace = container->namespace ? container->namespace : "";
	const char *created = container->created ? container->created : "";
	int r = 0;

	*ret_key = NULL;
	if (container->claimed)
		r = asprintf(ret_key, "claimed %s", container->id);
	else if (container->id && !cgroup_name_is_hash(container->id, strlen(container->id)) &&
		 !strchr(container->id, '/'))
		r = asprintf(ret_key, "%s%s%s/%s%s%s", container->runtime ? container->runtime : "unknown",
			     *namespace ? "/" : "", namespace, container->id, *created ? "@" : "", created);
	if (r >= 0)
		return 0;
	*ret_key = NULL;
	return -ENOMEM;
}

static enum fact_verdict fact_verdict(const struct alert_ruling *ruling)
{
	if (ruling->allowed)
		return FACT_ALLOWED;
	return ruling->carrier ? FACT_CARRIER : FACT_LEAK;
}

int fact_make(const struct alert *alert, struct fact *ret_fact)
{
	const struct alert_process *process = &alert->process;
	const struct alert_container *container = &alert->container;
	const struct alert_file *file = &alert->file;
	AUTO_FREE char *program = NULL;
	AUTO_FREE char *key = NULL;
	int64_t time = (int64_t)alert->time.tv_sec * 1000000 + alert->time.tv_nsec / 1000;
	struct fact_texts texts = {
		.token = alert->token.identifier,
		.file = file->host_path ? file->host_path : file->path,
		.program = process->executable,
		.container = container->id ? container->id : "",
		.token_type = alert->token.type,
		.file_path = file->host_path ? file->path : NULL,
		.file_type = file->type,
		.fs_type = file->fs_type,
		.runtime = container->runtime,
		.container_name = container->name,
		.namespace = container->namespace,
		.created = container->created,
		.image = container->image,
		.digest = container->digest,
		.outer = container->outer,
		.pod = container->pod,
		.pod_namespace = container->pod_namespace,
		.pod_uid = container->pod_uid,
		.process = process->name,
		.user = process->user_name,
		.command_line = process->command_line,
		.script = process->script,
		.unit = alert->journal.unit ? alert->journal.unit : process->unit,
		.syscall = alert->write.syscall,
		.seen_by = alert->write.seen_by,
		.part = alert->write.part,
		.rule = alert->ruling.rule,
		/* as rules have it (rules/facts.c) */
		.place = !container->id || container->relayed ? "host" : file->place,
	};
	struct fact fact = {
		.verdict = fact_verdict(&alert->ruling),
		.relayed = container->relayed,
		.outside = container->outside,
		.exec = container->exec,
		.placeholder = alert->token.placeholder,
		/* the host's own name for it is whole */
		.path_truncated = file->path_truncated && !file->host_path,
		.deleted = file->deleted,
		.severity = (uint32_t)alert_severity(alert),
		.pid = process->pid,
		.uid = process->uid,
		.dev_major = file->dev_major,
		.dev_minor = file->dev_minor,
		.inode = file->inode,
		.first = time,
		.last = time,
		.count = alert->news,
	};

	if (fact_program(process, &program) < 0)
		return -ENOMEM;
	if (program)
		texts.program = program;
	if (fact_container(container, &key) < 0)
		return -ENOMEM;
	if (key && !container->claimed)
		texts.container_id = container->id;
	if (key)
		texts.container = key;
	if (container->claimed)
		texts.container_name = key;
	if (fact_pack(&texts, &fact) < 0)
		return -ENOMEM;
	*ret_fact = fact;
	return 0;
}

void fact_free(struct fact *fact)
{
#define FACT_FREE(name) free(fact->name);
	if (fact->memory)
		free(fact->memory);
	else {
		FACT_TEXTS(FACT_FREE)
	}
#undef FACT_FREE
	memset(fact, 0, sizeof(*fact));
}

size_t fact_size(const struct fact *fact)
{
	size_t size = 0;

	if (fact->memory)
		return fact->memory_size;
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
