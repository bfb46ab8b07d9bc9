// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * store → idmap → reader, survey. The store counts its names from 1, so an array by the id is the fast way; past its bound there
 * is a hash table, at most half full, with linear probing.
 */
#include "lib/idmap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define IDMAP_FIRST 256
/* ids below are looked up directly: 16 MiB at most */
#define IDMAP_DIRECT (1UL << 22)

static size_t idmap_slot(const struct idmap *map, int64_t id)
{
	/* Fibonacci hashing (Knuth, 6.4) */
	size_t slot = (size_t)(((uint64_t)id * 0x9e3779b97f4a7c15ULL) >> 20) & map->mask;

	while (map->slots[slot] && map->ids[map->slots[slot] - 1] != id)
		slot = (slot + 1) & map->mask;
	return slot;
}

static int idmap_grow_ids(struct idmap *map)
{
	size_t room = map->room ? map->room * 2 : IDMAP_FIRST;
	int64_t *ids = realloc(map->ids, room * sizeof(*ids));

	if (!ids)
		return -ENOMEM;
	map->ids = ids;
	map->room = room;
	return 0;
}

static int idmap_grow_direct(struct idmap *map, size_t id)
{
	size_t size = map->direct_size ? map->direct_size : IDMAP_FIRST;
	uint32_t *direct;

	while (size <= id)
		size *= 2;
	direct = realloc(map->direct, size * sizeof(*direct));
	if (!direct)
		return -ENOMEM;
	memset(direct + map->direct_size, 0, (size - map->direct_size) * sizeof(*direct));
	map->direct = direct;
	map->direct_size = size;
	return 0;
}

static int idmap_grow_slots(struct idmap *map)
{
	size_t size = map->slots ? (map->mask + 1) * 2 : IDMAP_FIRST;
	uint32_t *slots = calloc(size, sizeof(*slots)), *old = map->slots;
	size_t old_size = old ? map->mask + 1 : 0;

	if (!slots)
		return -ENOMEM;
	map->slots = slots;
	map->mask = size - 1;
	for (size_t i = 0; i < old_size; i++)
		if (old[i])
			map->slots[idmap_slot(map, map->ids[old[i] - 1])] = old[i];
	free(old);
	return 0;
}

/* Where the number of an id stands, or is to stand. */
static int idmap_place(struct idmap *map, int64_t id, uint32_t **ret_place)
{
	int r = 0;

	if (id >= 0 && (size_t)id < IDMAP_DIRECT) {
		if ((size_t)id >= map->direct_size)
			r = idmap_grow_direct(map, (size_t)id);
		if (r == 0)
			*ret_place = &map->direct[id];
		return r;
	}
	if (!map->slots || map->hashed * 2 > map->mask)
		r = idmap_grow_slots(map);
	if (r == 0)
		*ret_place = &map->slots[idmap_slot(map, id)];
	return r;
}

int idmap_number(struct idmap *map, int64_t id, uint32_t *ret_number)
{
	uint32_t *place;
	int r = idmap_place(map, id, &place);

	if (r == 0 && !*place) {
		if (map->count == map->room)
			r = idmap_grow_ids(map);
		if (r < 0)
			return r;
		map->ids[map->count++] = id;
		*place = (uint32_t)map->count;
		map->hashed += id < 0 || (size_t)id >= IDMAP_DIRECT;
	}
	if (r == 0)
		*ret_number = *place - 1;
	return r;
}

bool idmap_find(const struct idmap *map, int64_t id, uint32_t *ret_number)
{
	uint32_t place = 0;

	if (id >= 0 && (size_t)id < IDMAP_DIRECT)
		place = (size_t)id < map->direct_size ? map->direct[id] : 0;
	else if (map->slots)
		place = map->slots[idmap_slot(map, id)];
	if (place)
		*ret_number = place - 1;
	return place != 0;
}

void idmap_free(struct idmap *map)
{
	free(map->ids);
	free(map->slots);
	free(map->direct);
	memset(map, 0, sizeof(*map));
}
