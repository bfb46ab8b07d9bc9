// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* attribute: what containers.c remembers. Invariant: `waiting` counts the entries with something to read again. */
#include "attribute/container/table.h"

#include "bounds.h"
#include "detect/mask.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void container_again_free(struct container_again *again)
{
	if (!again)
		return;
	free(again->told_namespace);
	free(again->told_states);
	free(again->told_directory);
	free(again);
}

void container_free(struct container *container)
{
	free(container->key);
	free(container->id);
	free(container->pod_uid);
	free(container->outer);
	free(container->outer_key);
	container_facts_free(&container->facts);
	container_again_free(container->again);
	free(container);
}

int container_new(const char *key, const char *path, const struct cgroup_name *name, bool guessed,
		  struct container **ret_container)
{
	struct container *container = calloc(1, sizeof(*container));
	int r = -ENOMEM;

	if (!container)
		return r;
	container->key = strdup(key);
	container->again = malloc(sizeof(*container->again) + name->end + 1);
	if (container->key && container->again)
		r = mask_text(name->id, strlen(name->id), NULL, &container->id);
	if (r == 0)
		r = container_facts_set(&container->pod_uid, name->pod_uid);
	if (r == 0)
		r = container_facts_set(&container->outer, name->outer);
	if (r < 0) {
		container_free(container);
		return r;
	}
	container->runtime = name->runtime;
	container->owner = name->owner;
	container->inner = *name->outer;
	*container->again = (struct container_again){.name = *name, .guessed = guessed};
	memcpy(container->again->path, path, name->end);
	container->again->path[name->end] = '\0';
	*ret_container = container;
	return 0;
}

void container_tell(struct container *container, const struct relayed *told)
{
	struct container_again *again = container->again;

	if (!again || again->told_runtime)
		return;
	again->told_namespace = strdup(told->namespace);
	again->told_states = strdup(told->states);
	again->told_directory = strdup(told->directory);
	if (again->told_namespace && again->told_states && again->told_directory)
		again->told_runtime = told->name.runtime;
}

void container_table_settle(struct container_table *table, struct container *container)
{
	if (container->again)
		table->waiting--;
	container_again_free(container->again);
	container->again = NULL;
}

void container_table_again(struct container_table *table, struct container *container, struct container *from)
{
	container->again = from->again;
	from->again = NULL;
	table->waiting++;
}

/* From its place. */
static void container_table_take(struct container_table *table, struct container *container)
{
	if (table->next == container)
		table->next = container->hh.next;
	HASH_DEL(table->entries, container);
}

static void container_table_drop(struct container_table *table, struct container *container)
{
	container_table_settle(table, container);
	container_table_take(table, container);
	container_free(container);
}

void container_table_clear(struct container_table *table)
{
	while (table->entries)
		container_table_drop(table, table->entries);
}

void container_table_remove(struct container_table *table, const char *key)
{
	struct container *container;

	HASH_FIND_STR(table->entries, key, container);
	if (container)
		container_table_drop(table, container);
}

/* As the most recently used. The container is gone if there is no memory. */
static int container_table_put(struct container_table *table, struct container *container)
{
	HASH_ADD_KEYPTR(hh, table->entries, container->key, strlen(container->key), container);
	if (container->hh.tbl)
		return 0;
	container_table_settle(table, container);
	container_free(container);
	return -ENOMEM;
}

int container_table_add(struct container_table *table, const char *key, const char *path,
			const struct cgroup_name *name, bool guessed, struct container **ret_container)
{
	struct container *container;
	int r = container_new(key, path, name, guessed, &container);

	if (r < 0)
		return r;
	if (HASH_COUNT(table->entries) >= LIMIT_CONTAINERS)
		container_table_drop(table, table->entries);
	table->waiting++;
	r = container_table_put(table, container);
	if (r == 0)
		*ret_container = container;
	return r;
}

struct container *container_table_use(struct container_table *table, const char *key)
{
	struct container *container;

	HASH_FIND_STR(table->entries, key, container);
	if (!container)
		return NULL;
	container_table_take(table, container);
	return container_table_put(table, container) == 0 ? container : NULL;
}

const struct container *container_table_find(const struct container_table *table, const char *key)
{
	struct container *container;

	HASH_FIND_STR(table->entries, key, container);
	return container;
}
