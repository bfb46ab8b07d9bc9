// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* attribute: facts of a container, masked as soon as they are read. */
#include "attribute/container/facts.h"

#include "attribute/container/cgroup_name.h"
#include "detect/mask.h"
#include "files/open.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void container_facts_free(struct container_facts *facts)
{
	free(facts->name);
	free(facts->image);
	free(facts->digest);
	for (size_t i = 0; i < ALERT_LABEL_COUNT; i++)
		free(facts->labels[i]);
	free(facts->pod);
	free(facts->pod_namespace);
	free(facts->pod_uid);
	free(facts->namespace);
	free(facts->created);
	free(facts->source);
	free(facts->layer);
	for (size_t i = 0; i < facts->volume_count; i++)
		free(facts->volumes[i]);
	free(facts->volumes);
	memset(facts, 0, sizeof(*facts));
}

int container_facts_set(char **fact, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	if (!len || *fact)
		return 0;
	return mask_text(text, len < CONTAINER_FACT_MAX ? len : CONTAINER_FACT_MAX, NULL, fact);
}

int container_facts_digest(struct container_facts *facts, const char *text)
{
	static const char algorithm[] = "sha256:";
	const char *at = text ? strstr(text, algorithm) : NULL;
	char digest[sizeof(algorithm) + 64];

	if (!text)
		return 0;
	at = at ? at + strlen(algorithm) : text;
	if (!cgroup_name_is_hash(at, strlen(at)))
		return 0;
	snprintf(digest, sizeof(digest), "%s%s", algorithm, at);
	return container_facts_set(&facts->digest, digest);
}

const char *container_label_name(enum alert_label label)
{
	static const char *const names[] = {
#define FACTS_LABEL(index, name, field) name,
		ALERT_LABELS(FACTS_LABEL)
#undef FACTS_LABEL
	};

	return names[label];
}

/*
 * Where begins what is told of https://user:password@host/…: behind the user. NULL: it can't be known. A password may hold any of "/?#:@"
 * where nobody has escaped it, and a path and a query may hold an "@": which of them an "@" behind one of the first three is in, nobody knows.
 */
static const char *facts_past_user(const char *text)
{
	const char *scheme = strstr(text, "://");
	const char *rest = scheme ? scheme + strlen("://") : text;
	const char *at = strrchr(rest, '@');
	size_t authority = strcspn(rest, "/?#");

	/* an address in another one, or behind something that has a user as well; or no host's name, which is not so long */
	if (scheme && (strstr(rest, "://") || memchr(text, '@', (size_t)(scheme - text)) ||
		       (!at && authority > CONTAINER_LABEL_MAX)))
		return NULL;
	/* git@host:repository has no password */
	if (!at || (!scheme && !memchr(rest, ':', (size_t)(at - rest))))
		return rest;
	return (size_t)(at - rest) < authority ? at + 1 : NULL;
}

int container_facts_label(struct container_facts *facts, enum alert_label label, const char *text)
{
	const char *scheme = text ? strstr(text, "://") : NULL, *rest = text ? facts_past_user(text) : NULL;
	size_t before = scheme ? (size_t)(scheme - text) + strlen("://") : 0;
	char value[CONTAINER_LABEL_MAX + 1];

	if (!rest || before >= sizeof(value))
		return 0;
	snprintf(value, sizeof(value), "%.*s%s", (int)before, text, rest);
	/* …?token=… */
	value[before + strcspn(value + before, "?#")] = '\0';
	return container_facts_set(&facts->labels[label], value);
}

int container_facts_labels(struct container_facts *facts, const json_t *labels)
{
	int r = 0;

	for (unsigned int i = 0; r == 0 && i < ALERT_LABEL_COUNT; i++)
		r = container_facts_label(facts, i, container_json_text(labels, container_label_name(i)));
	return r;
}

/* As it is, or not at all: what was cut or masked is another directory's path. */
static int facts_path(const char *path, char **ret_path)
{
	char *text = NULL;
	int r;

	*ret_path = NULL;
	if (!path || *path != '/' || !path[1] || strlen(path) > CONTAINER_FACT_MAX)
		return 0;
	r = mask_text(path, strlen(path), NULL, &text);
	if (r == 0 && strcmp(text, path) == 0)
		*ret_path = text;
	else
		free(text);
	return r;
}

int container_facts_layer(struct container_facts *facts, const char *path)
{
	return facts->layer ? 0 : facts_path(path, &facts->layer);
}

int container_facts_volume(struct container_facts *facts, const char *path)
{
	char *text;
	int r;

	if (!path)
		return 0;
	if (!facts->volumes)
		facts->volumes = calloc(CONTAINER_VOLUMES, sizeof(*facts->volumes));
	if (!facts->volumes)
		return -ENOMEM;
	if (facts->volume_count == CONTAINER_VOLUMES)
		return 0;
	for (size_t i = 0; i < facts->volume_count; i++)
		if (facts->volumes[i] && strcmp(facts->volumes[i], path) == 0)
			return 0;
	r = facts_path(path, &text);
	if (text)
		facts->volumes[facts->volume_count++] = text;
	return r;
}

bool container_below(const char *directory, const char *path)
{
	size_t len = strlen(directory);

	return len > 1 && *directory == '/' && strncmp(path, directory, len) == 0 &&
	       (path[len] == '/' || !path[len]);
}
