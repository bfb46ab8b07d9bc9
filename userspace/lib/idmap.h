/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Ids of the store → 0, 1, 2…, in the order in which they are met. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct idmap {
	int64_t *ids; /* by number; `count` of them */
	size_t count, room;
	size_t hashed; /* how many of them are in `slots` */
	uint32_t *slots; /* number + 1, 0 for empty; open addressing, `mask + 1` of them */
	size_t mask;
	/* the same for small ids, which most are: by the id itself, `direct_size` of them */
	uint32_t *direct;
	size_t direct_size;
};

/* idmap_number() - the number of an id, a new one if it has none. Returns 0 and *ret_number, or -ENOMEM. */
int idmap_number(struct idmap *map, int64_t id, uint32_t *ret_number);

/* idmap_find() - the number of an id, if it has one. */
bool idmap_find(const struct idmap *map, int64_t id, uint32_t *ret_number);

void idmap_free(struct idmap *map);
