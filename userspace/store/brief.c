// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * alert → brief → pending: what of an alert is worth keeping for months, in as little memory as it takes while it waits.
 *
 * Invariant: its texts are the alert's own, which have been through detect/mask.c; nothing is added. What is shared is the same in each
 * text and number, and is not changed any more.
 */
#include "store/brief.h"

#include "alert/message.h"
#include "attribute/container/cgroup_name.h"
#include "attribute/script.h"
#include "bounds.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BRIEF_WAYS 4
#define BRIEF_SETS 64
/* Bytes of what is shared with later ones; what is longer is not held for that. */
#define BRIEF_BASE_BYTES 4096

/* Of the facts of one process and one file: all but token, time and count. */
struct brief_base {
	unsigned int users; /* by __atomic_… */
	size_t waiting; /* of them, those that wait for the store: its thread's */
	uint32_t hash; /* of file, program, container and verdict */
	size_t size;
	struct fact fact;
	char texts[];
};

struct brief_held {
	struct brief_base *base; /* NULL: none */
	uint64_t used;
};

struct brief_bases {
	uint64_t uses;
	struct brief_held sets[BRIEF_SETS][BRIEF_WAYS];
};

/* The texts of a fact, borrowed; but for the token's. */
struct brief_texts {
#define BRIEF_TEXT(name) const char *name;
	FACT_TEXTS(BRIEF_TEXT)
#undef BRIEF_TEXT
};

static void brief_base_free(struct brief_base *base)
{
	if (base && __atomic_sub_fetch(&base->users, 1, __ATOMIC_ACQ_REL) == 0)
		free(base);
}

int brief_bases_open(struct brief_bases **ret_bases)
{
	*ret_bases = calloc(1, sizeof(**ret_bases));
	return *ret_bases ? 0 : -ENOMEM;
}

void brief_bases_close(struct brief_bases *bases)
{
	if (!bases)
		return;
	for (size_t i = 0; i < BRIEF_SETS; i++)
		for (size_t k = 0; k < BRIEF_WAYS; k++)
			brief_base_free(bases->sets[i][k].base);
	free(bases);
}

/* FNV-1a. */
static uint32_t brief_mix(uint32_t hash, const char *text)
{
	while (*text)
		hash = (hash ^ (unsigned char)*text++) * 16777619U;
	return (hash ^ '\n') * 16777619U;
}

/* Programs without a path (kernel threads, those that were gone) go by their name, BusyBox's by the applet as well. NULL: by the path. */
static int brief_program(const struct alert_process *process, char **ret_program)
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
static int brief_container(const struct alert_container *container, char **ret_key)
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

static enum fact_verdict brief_verdict(const struct alert_ruling *ruling)
{
	if (ruling->allowed)
		return FACT_ALLOWED;
	return ruling->carrier ? FACT_CARRIER : FACT_LEAK;
}

static bool brief_same_text(const char *one, const char *other)
{
	return one == other || (one && other && strcmp(one, other) == 0);
}

static bool brief_same_numbers(const struct fact *one, const struct fact *other)
{
	return one->verdict == other->verdict && one->relayed == other->relayed &&
	       one->outside == other->outside && one->exec == other->exec &&
	       one->placeholder == other->placeholder && one->path_truncated == other->path_truncated &&
	       one->deleted == other->deleted && one->severity == other->severity && one->pid == other->pid &&
	       one->uid == other->uid && one->dev_major == other->dev_major &&
	       one->dev_minor == other->dev_minor && one->inode == other->inode;
}

static bool brief_is(const struct brief_base *base, const struct fact *fact, const struct brief_texts *texts)
{
	bool same = brief_same_numbers(&base->fact, fact);

#define BRIEF_SAME(name) same = same && brief_same_text(base->fact.name, texts->name);
	FACT_TEXTS(BRIEF_SAME)
#undef BRIEF_SAME
	return same;
}

/* Copies all of it into one piece of memory. Returns NULL: there is none. */
static struct brief_base *brief_base_make(const struct fact *fact, const struct brief_texts *texts)
{
	struct brief_base *base;
	size_t size = sizeof(*base), len;
	char *at;

#define BRIEF_SIZE(name) size += texts->name ? strlen(texts->name) + 1 : 0;
	FACT_TEXTS(BRIEF_SIZE)
#undef BRIEF_SIZE
	base = malloc(size);
	if (!base)
		return NULL;
	base->users = 1;
	base->waiting = 0;
	base->size = size;
	base->fact = *fact;
	at = base->texts;
#define BRIEF_COPY(name)                       \
	if (texts->name) {                     \
		len = strlen(texts->name) + 1; \
		memcpy(at, texts->name, len);  \
		base->fact.name = at;          \
		at += len;                     \
	}
	/* the last one's end is nobody's beginning */
	/* cppcheck-suppress unreadVariable */
	FACT_TEXTS(BRIEF_COPY)
#undef BRIEF_COPY
	base->hash = brief_mix(2166136261U ^ fact->verdict, base->fact.file);
	base->hash = brief_mix(base->hash, base->fact.program);
	base->hash = brief_mix(base->hash, base->fact.container);
	return base;
}

/* One that was shared before, or a new one. @ret_new: the latter. Returns NULL: there is no memory. */
static struct brief_base *brief_base_of(struct brief_bases *bases, const struct fact *fact,
					const struct brief_texts *texts, bool *ret_new)
{
	size_t set = ((fact->inode ^ fact->dev_minor) * 31 ^ fact->pid) % BRIEF_SETS;
	struct brief_held *first = bases ? bases->sets[set] : NULL, *oldest = first;
	struct brief_base *base;

	for (struct brief_held *held = first; held && held < first + BRIEF_WAYS; held++) {
		base = held->base;
		if (base && brief_is(base, fact, texts)) {
			held->used = ++bases->uses;
			__atomic_add_fetch(&base->users, 1, __ATOMIC_RELAXED);
			*ret_new = false;
			return base;
		}
		if (held->used < oldest->used)
			oldest = held;
	}
	base = brief_base_make(fact, texts);
	*ret_new = true;
	if (!base || !oldest || base->size > BRIEF_BASE_BYTES)
		return base;
	brief_base_free(oldest->base);
	oldest->base = base;
	oldest->used = ++bases->uses;
	base->users++;
	return base;
}

int brief_make(struct brief_bases *bases, const struct alert *alert, struct brief **ret_brief)
{
	const struct alert_process *process = &alert->process;
	const struct alert_container *container = &alert->container;
	const struct alert_file *file = &alert->file;
	AUTO_FREE char *program = NULL;
	AUTO_FREE char *key = NULL;
	size_t len = strlen(alert->token.identifier) + 1;
	int64_t time = (int64_t)alert->time.tv_sec * 1000000 + alert->time.tv_nsec / 1000;
	struct brief_texts texts = {
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
		.verdict = brief_verdict(&alert->ruling),
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
	};
	struct brief *brief;
	bool new;

	if (brief_program(process, &program) < 0)
		return -ENOMEM;
	if (program)
		texts.program = program;
	if (brief_container(container, &key) < 0)
		return -ENOMEM;
	if (key && !container->claimed)
		texts.container_id = container->id;
	if (key)
		texts.container = key;
	if (container->claimed)
		texts.container_name = key;
	brief = malloc(sizeof(*brief) + len);
	if (!brief)
		return -ENOMEM;
	brief->base = brief_base_of(bases, &fact, &texts, &new);
	if (!brief->base) {
		free(brief);
		return -ENOMEM;
	}
	brief->first = brief->last = time;
	brief->count = alert->news;
	brief->size = sizeof(*brief) + len + (new ? brief->base->size : 0);
	memcpy(brief->token, alert->token.identifier, len);
	*ret_brief = brief;
	return 0;
}

void brief_free(struct brief *brief)
{
	if (!brief)
		return;
	brief_base_free(brief->base);
	free(brief);
}

static size_t brief_own(const struct brief *brief)
{
	return sizeof(*brief) + strlen(brief->token) + 1;
}

size_t brief_cost(const struct brief *brief)
{
	return brief_own(brief) + (brief->base->waiting ? 0 : brief->base->size);
}

size_t brief_wait(struct brief *brief)
{
	size_t cost = brief_cost(brief);

	brief->base->waiting++;
	return cost;
}

size_t brief_leave(struct brief *brief)
{
	brief->base->waiting--;
	return brief_cost(brief);
}

struct fact brief_fact(struct brief *brief)
{
	struct fact fact = brief->base->fact;

	fact.token = brief->token;
	fact.first = brief->first;
	fact.last = brief->last;
	fact.count = brief->count;
	return fact;
}

uint32_t brief_hash(const struct brief *brief)
{
	return brief_mix(brief->base->hash ^ (uint32_t)fact_hour(brief->last), brief->token);
}

bool brief_same(const struct brief *one, const struct brief *other)
{
	const struct fact *a = &one->base->fact, *b = &other->base->fact;

	if (strcmp(one->token, other->token) != 0 || fact_hour(one->last) != fact_hour(other->last))
		return false;
	return a == b ||
	       (a->verdict == b->verdict && brief_same_text(a->file, b->file) &&
		brief_same_text(a->program, b->program) && brief_same_text(a->container, b->container));
}
