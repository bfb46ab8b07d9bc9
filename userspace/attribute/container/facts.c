// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* attribute: facts of a container, masked as soon as they are read. */
#include "attribute/container/facts.h"

#include "detect/mask.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void container_facts_free(struct container_facts *facts)
{
	free(facts->name);
	free(facts->image);
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
