// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* store → idmap → survey: at most half of the slots are in use, linear probing. */
#include "report/idmap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define IDMAP_FIRST 256

static size_t idmap_slot(const struct idmap *map, int64_t id)
{
	/* Fibonacci hashing (Knuth, 6.4) */
	size_t slot = (size_t)(((uint64_t)id * 0x9e3779b97f4a7c15ULL) >> 20) & map->mask;

	while (map->slots[slot] && map->ids[map->slots[slot] - 1] != id)
		slot = (slot + 1) & map->mask;
	return slot;
}

static int idmap_grow(struct idmap *map)
{
	size_t size = map->slots ? (map->mask + 1) * 2 : IDMAP_FIRST;
	uint32_t *slots = calloc(size, sizeof(*slots));
	int64_t *ids = realloc(map->ids, size / 2 * sizeof(*ids));

	if (ids)
		map->ids = ids;
	if (!slots || !ids) {
		free(slots);
		return -ENOMEM;
	}
	free(map->slots);
	map->slots = slots;
	map->mask = size - 1;
	for (size_t i = 0; i < map->count; i++)
		map->slots[idmap_slot(map, map->ids[i])] = (uint32_t)i + 1;
	return 0;
}

int idmap_number(struct idmap *map, int64_t id, uint32_t *ret_number)
{
	size_t slot;

	if (!map->slots || map->count * 2 > map->mask) {
		int r = idmap_grow(map);

		if (r < 0)
			return r;
	}
	slot = idmap_slot(map, id);
	if (!map->slots[slot]) {
		map->ids[map->count++] = id;
		map->slots[slot] = (uint32_t)map->count;
	}
	*ret_number = map->slots[slot] - 1;
	return 0;
}

void idmap_free(struct idmap *map)
{
	free(map->ids);
	free(map->slots);
	memset(map, 0, sizeof(*map));
}
