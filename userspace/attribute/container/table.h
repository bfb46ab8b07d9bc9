/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The containers that are known, by a key; bounded by LIMIT_CONTAINERS, the least recently used is forgotten. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
/* without memory an entry is not kept, and the daemon goes on */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "attribute/container/cgroup_name.h"
#include "attribute/container/facts.h"
#include "attribute/container/relayed.h"

/* What is needed to read the files once more. */
struct container_again {
	struct cgroup_name name;
	bool guessed;
	unsigned int tries; /* so far */
	uint64_t due; /* ns, CLOCK_MONOTONIC */
	/* what the process that made it said of it (above.h); runtime NULL: nothing */
	const char *told_runtime;
	char *told_namespace, *told_states, *told_directory;
	char path[]; /* of the container's cgroup */
};

struct container {
	char *key;
	char *id; /* masked */
	char *pod_uid; /* from the cgroup's path; NULL if there is none */
	char *outer, *outer_key; /* the container around it, likewise: its id, masked, and its key */
	const char *runtime; /* static, from the cgroup's name */
	uint32_t owner; /* the user who chose that name; 0: root */
	bool inner; /* it is in another container */
	bool agreed; /* a file of its runtime's knows it */
	bool placed; /* where its files lie was read, whether or not the kernel had that in memory */
	unsigned int asked; /* how often it was asked who stands above it */
	struct container_facts facts;
	struct container_again *again; /* NULL: there is nothing more to read */
	UT_hash_handle hh;
};

struct container_table {
	struct container *entries; /* the least recently used first */
	size_t waiting; /* entries with `again` */
	struct container *next; /* which is looked at for that next; NULL: from the beginning */
};

/*
 * container_new() - one that is in no table, with nothing read yet. @path: of the cgroup, at least name->end long.
 * Returns 0 and *ret_container (container_free()), or -ENOMEM.
 */
int container_new(const char *key, const char *path, const struct cgroup_name *name, bool guessed,
		  struct container **ret_container);
void container_free(struct container *container);

/* container_table_add() - the same, into the table, whose it is then. Its key is in there not yet. */
int container_table_add(struct container_table *table, const char *key, const char *path,
			const struct cgroup_name *name, bool guessed, struct container **ret_container);

/* container_table_use() - the one with that key, from now on the most recently used; NULL if there is none. */
struct container *container_table_use(struct container_table *table, const char *key);

/* container_table_find() - the same, only to look at it. */
const struct container *container_table_find(const struct container_table *table, const char *key);

/* container_table_remove() - forgets the one with that key, if there is one. */
void container_table_remove(struct container_table *table, const char *key);

/* container_tell() - what is to be read of it once more is known from a process. Without memory it is as it was. */
void container_tell(struct container *container, const struct relayed *told);

/* container_table_again() - what is to be read of a settled one is what there was of @from, which is in no table. */
void container_table_again(struct container_table *table, struct container *container,
			   struct container *from);

/* container_table_settle() - there is nothing more to read of it. */
void container_table_settle(struct container_table *table, struct container *container);

void container_table_clear(struct container_table *table);
