/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A YAML document as a small tree, each piece with its place. Only what a configuration needs: one document, mappings, sequences
 * and scalars; no aliases (one can stand for a billion others), no tags.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "rules/problems.h"

/* Of a tree. */
#define TREE_DEPTH_MAX 12
#define TREE_NODES_MAX 200000UL
/* Keys of one mapping: each is compared with all others. */
#define TREE_KEYS_MAX 200

enum tree_kind { TREE_SCALAR, TREE_LIST, TREE_MAP };

struct tree_node {
	enum tree_kind kind;
	struct problem_place place;
	char *text; /* of a scalar; never NULL then */
	bool quoted; /* it is text, whatever it looks like */
	struct tree_node *first, *next; /* what is in it; what stands beside it */
	char *key; /* in a mapping */
	struct problem_place key_place;
};

/*
 * tree_read() - @file: how it is called in problems; has to outlive the tree.
 * Returns 0 and *ret_root (tree_free(); NULL if there is nothing in it), with what is wrong in it added to *problems; -EBADMSG if
 * there is no tree for that; or -ENOMEM.
 */
int tree_read(const char *file, const char *text, size_t len, struct problems *problems,
	      struct tree_node **ret_root);
void tree_free(struct tree_node *node);

/* tree_find() - what a mapping has by that key; NULL if there is none. */
const struct tree_node *tree_find(const struct tree_node *map, const char *key);

/* tree_kind_text() - "a mapping", "a list", "a value"; static. */
const char *tree_kind_text(const struct tree_node *node);
