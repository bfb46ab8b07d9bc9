// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* libyaml's events → tree. Which of them may follow on which, libyaml says itself. */
#include "rules/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct tree_reader {
	yaml_parser_t parser;
	const char *file;
	struct problems *problems;
	size_t nodes;
};

static struct problem_place tree_place(const struct tree_reader *reader, const yaml_mark_t *mark)
{
	return (struct problem_place){reader->file, mark->line + 1, mark->column + 1};
}

/* The next event. Returns 0, or -EBADMSG after saying what is wrong. */
static int tree_event(struct tree_reader *reader, yaml_event_t *ret_event)
{
	const yaml_parser_t *parser = &reader->parser;
	struct problem_place place;

	if (yaml_parser_parse(&reader->parser, ret_event))
		return 0;
	if (parser->error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	place = tree_place(reader, &parser->problem_mark);
	problems_add(reader->problems, &place, "this is no YAML: %s%s%s",
		     parser->problem ? parser->problem : "it can't be read", parser->context ? ", " : "",
		     parser->context ? parser->context : "");
	return -EBADMSG;
}

static int tree_value(struct tree_reader *reader, const yaml_event_t *event, int depth,
		      struct tree_node **ret_node);

static void tree_check_twice(struct tree_reader *reader, const struct tree_node *map,
			     const struct tree_node *node)
{
	const struct tree_node *other = tree_find(map, node->key);

	if (other)
		problems_add(reader->problems, &node->key_place, "'%s' is given twice, first in line %zu",
			     node->key, other->key_place.line);
}

/* A key, which is a scalar. */
static int tree_key(struct tree_reader *reader, const yaml_event_t *event, struct problem_place *ret_place,
		    char **ret_key)
{
	*ret_place = tree_place(reader, &event->start_mark);
	if (event->type != YAML_SCALAR_EVENT) {
		problems_add(reader->problems, ret_place, "expected a key, which is a word");
		return -EBADMSG;
	}
	*ret_key = strdup((const char *)event->data.scalar.value);
	return *ret_key ? 0 : -ENOMEM;
}

/* One piece of a mapping or a list. Returns 1 at its end. */
static int tree_member(struct tree_reader *reader, const struct tree_node *in, int depth,
		       struct tree_node **ret_node)
{
	struct problem_place place = {0};
	struct tree_node *node = NULL;
	yaml_event_t event;
	char *key = NULL;
	int r = tree_event(reader, &event);

	if (r < 0)
		return r;
	if (event.type == YAML_MAPPING_END_EVENT || event.type == YAML_SEQUENCE_END_EVENT) {
		yaml_event_delete(&event);
		return 1;
	}
	if (in->kind == TREE_MAP) {
		r = tree_key(reader, &event, &place, &key);
		yaml_event_delete(&event);
		if (r == 0)
			r = tree_event(reader, &event);
		if (r < 0) {
			free(key);
			return r;
		}
	}
	r = tree_value(reader, &event, depth + 1, &node);
	yaml_event_delete(&event);
	if (r < 0) {
		free(key);
		return r;
	}
	node->key = key;
	node->key_place = place;
	*ret_node = node;
	return 0;
}

static int tree_members(struct tree_reader *reader, struct tree_node *node, int depth)
{
	struct tree_node **last = &node->first;
	size_t keys = 0;
	int r;

	for (;;) {
		struct tree_node *member = NULL;

		r = tree_member(reader, node, depth, &member);
		if (r)
			return r < 0 ? r : 0;
		if (node->kind == TREE_MAP)
			tree_check_twice(reader, node, member);
		if (node->kind == TREE_MAP && ++keys > TREE_KEYS_MAX) {
			problems_add(reader->problems, &member->key_place, "there is too much in here");
			tree_free(member);
			return -EBADMSG;
		}
		*last = member;
		last = &member->next;
	}
}

/* A scalar's text; an alias is none. */
static int tree_text(struct tree_reader *reader, const yaml_event_t *event, struct tree_node *node)
{
	const char *value = "";

	if (event->type == YAML_SCALAR_EVENT) {
		value = (const char *)event->data.scalar.value;
		node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
		if (strlen(value) != event->data.scalar.length)
			problems_add(reader->problems, &node->place, "a value can't hold a zero byte");
	} else {
		problems_add(reader->problems, &node->place, "aliases (*name) are not taken here");
	}
	node->text = strdup(value);
	return node->text ? 0 : -ENOMEM;
}

static const yaml_char_t *tree_tag(const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return event->data.scalar.tag;
	case YAML_SEQUENCE_START_EVENT:
		return event->data.sequence_start.tag;
	case YAML_MAPPING_START_EVENT:
		return event->data.mapping_start.tag;
	default:
		return NULL;
	}
}

static int tree_value(struct tree_reader *reader, const yaml_event_t *event, int depth,
		      struct tree_node **ret_node)
{
	struct problem_place place = tree_place(reader, &event->start_mark);
	struct tree_node *node;
	int r;

	if (depth > TREE_DEPTH_MAX || ++reader->nodes > TREE_NODES_MAX) {
		problems_add(reader->problems, &place, "there is too much in here");
		return -EBADMSG;
	}
	if (tree_tag(event))
		problems_add(reader->problems, &place, "tags (!name) are not taken here");
	node = calloc(1, sizeof(*node));
	if (!node)
		return -ENOMEM;
	node->place = place;
	if (event->type == YAML_MAPPING_START_EVENT || event->type == YAML_SEQUENCE_START_EVENT) {
		node->kind = event->type == YAML_MAPPING_START_EVENT ? TREE_MAP : TREE_LIST;
		r = tree_members(reader, node, depth);
	} else {
		node->kind = TREE_SCALAR;
		r = tree_text(reader, event, node);
	}
	if (r < 0) {
		tree_free(node);
		return r;
	}
	*ret_node = node;
	return 0;
}

/* Takes the documents, of which there may be one. */
static int tree_documents(struct tree_reader *reader, struct tree_node **root)
{
	for (;;) {
		yaml_event_t event;
		int r = tree_event(reader, &event);
		bool end;

		if (r < 0)
			return r;
		end = event.type == YAML_STREAM_END_EVENT;
		if (event.type == YAML_DOCUMENT_START_EVENT && *root) {
			struct problem_place place = tree_place(reader, &event.start_mark);

			problems_add(reader->problems, &place,
				     "a second document begins here; there can be one");
			end = true;
		} else if (event.type == YAML_SCALAR_EVENT || event.type == YAML_ALIAS_EVENT ||
			   event.type == YAML_MAPPING_START_EVENT ||
			   event.type == YAML_SEQUENCE_START_EVENT) {
			r = tree_value(reader, &event, 0, root);
		}
		yaml_event_delete(&event);
		if (r < 0 || end)
			return r;
	}
}

int tree_read(const char *file, const char *text, size_t len, struct problems *problems,
	      struct tree_node **ret_root)
{
	struct tree_reader reader = {.file = file, .problems = problems};
	struct tree_node *root = NULL;
	int r;

	if (!yaml_parser_initialize(&reader.parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, len);
	r = tree_documents(&reader, &root);
	yaml_parser_delete(&reader.parser);
	if (r < 0) {
		tree_free(root);
		return r;
	}
	*ret_root = root;
	return 0;
}

void tree_free(struct tree_node *node)
{
	while (node) {
		struct tree_node *next = node->next;

		tree_free(node->first);
		free(node->text);
		free(node->key);
		free(node);
		node = next;
	}
}

const struct tree_node *tree_find(const struct tree_node *map, const char *key)
{
	for (const struct tree_node *node = map->first; node; node = node->next)
		if (strcmp(node->key, key) == 0)
			return node;
	return NULL;
}

const char *tree_kind_text(const struct tree_node *node)
{
	switch (node->kind) {
	case TREE_MAP:
		return "a mapping";
	case TREE_LIST:
		return "a list";
	default:
		return "a single value";
	}
}
