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
	X(container.digest)        \
	X(container.labels[0])     \
	X(container.labels[1])     \
	X(container.labels[2])     \
	X(container.labels[3])     \
	X(container.labels[4])     \
	X(container.outer)         \
	X(container.outer_name)    \
	X(container.namespace)     \
	X(container.created)       \
	X(container.pod)           \
	X(container.pod_namespace) \
	X(container.pod_uid)       \
	X(journal.unit)            \
	X(journal.name)

/* Those that are the program's own. */
#define ALERT_STATICS(X)     \
	X(token.type)        \
	X(file.place)        \
	X(file.type)         \
	X(container.runtime) \
	X(write.syscall)     \
	X(write.seen_by)     \
	X(write.part)        \
	X(ruling.rule)       \
	X(ruling.reason)     \
	X(ruling.expired)

/* A new string has its place in one of these lists. */
_Static_assert(sizeof(struct alert) == 808, "are all strings of an alert in the lists above?");

#define ALERT_STRINGS(X) ALERT_FACTS(X) ALERT_CONTAINER(X)

#define ALERT_FREE(member) free(alert->member);

static void alert_free_facts(struct alert *alert)
{
	ALERT_FACTS(ALERT_FREE)
	for (size_t i = 0; i < alert->process.ancestor_count; i++)
		free(alert->process.ancestors[i].name);
	free(alert->process.ancestors);
}

size_t alert_image_len(const struct alert_container *container)
{
	const char *image = container->image, *digest = container->digest;
	size_t len = image ? strlen(image) : 0, less = digest ? strlen(digest) : 0;

	if (!less || less > len || strcmp(image + len - less, digest) != 0)
		return len;
	if (less == len)
		return 0;
	return len > less + 1 && image[len - less - 1] == '@' ? len - less - 1 : len;
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

/* Makes a place in the frozen bytes of a pointer into them; NULL is place 0. @member: the pointer */
static void alert_place(void *member, const void *frozen)
{
	uintptr_t at;

	memcpy(&at, member, sizeof(at));
	at -= at ? (uintptr_t)frozen : 0;
	memcpy(member, &at, sizeof(at));
}

/* Makes a pointer of a place again. Returns whether there are `need` bytes. */
static bool alert_point(void *member, char *frozen, size_t size, size_t need)
{
	uintptr_t at;
	char *pointer;

	memcpy(&at, member, sizeof(at));
	pointer = at && at < size ? frozen + at : NULL;
	memcpy(member, &pointer, sizeof(pointer));
	return at < size && need <= size - at;
}

size_t alert_freeze_size(const struct alert *alert)
{
	size_t size = alert_pack_size(alert);

#define ALERT_SIZE(member) size += alert_string_size(alert->member);
	ALERT_STATICS(ALERT_SIZE)
#undef ALERT_SIZE
	return size + 1;
}

void alert_freeze(const struct alert *alert, void *to)
{
	struct alert *pack = alert_pack(alert, to);
	char *at = (char *)to + alert_pack_size(alert);

	pack->flood = NULL;
	pack->host_name = NULL;
#define ALERT_PACK(member) pack->member = alert_string_pack(alert->member, &at);
	ALERT_STATICS(ALERT_PACK)
#undef ALERT_PACK
	/* however the bytes are, what begins in them ends in them */
	*at = '\0';
	for (size_t i = 0; pack->process.ancestors && i < pack->process.ancestor_count; i++)
		alert_place(&pack->process.ancestors[i].name, to);
#define ALERT_PLACE(member) alert_place(&pack->member, to);
	ALERT_STRINGS(ALERT_PLACE)
	ALERT_STATICS(ALERT_PLACE)
#undef ALERT_PLACE
	alert_place(&pack->process.ancestors, to);
}

const struct alert *alert_thaw(void *frozen, size_t size)
{
	struct alert *alert = frozen;
	struct alert_process *process = &alert->process;
	char *bytes = frozen;
	bool good = size > sizeof(*alert) && !bytes[size - 1];

	if (!good || process->ancestor_count > size / sizeof(*process->ancestors))
		return NULL;
#define ALERT_THAW(member) good &= alert_point(&alert->member, bytes, size, 0);
	ALERT_STRINGS(ALERT_THAW)
	ALERT_STATICS(ALERT_THAW)
#undef ALERT_THAW
	good &= alert_point(&process->ancestors, bytes, size,
			    process->ancestor_count * sizeof(*process->ancestors));
	for (size_t i = 0; good && process->ancestors && i < process->ancestor_count; i++)
		good &= alert_point(&process->ancestors[i].name, bytes, size, 0);
	/* what an alert always has */
	return good && alert->file.path && alert->file.type && alert->write.syscall && alert->write.seen_by &&
			       alert->token.type
		       ? alert
		       : NULL;
}
