/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What rules are made of. Only rules/ uses this. */
#pragma once

#include "rules/glob.h"
#include "rules/rules.h"

/* A pattern, with its text for rules_why(). */
struct rules_pattern {
	struct glob *glob;
	char *text;
};

/* Identifiers of a file, in order. */
struct rules_list {
	char *text; /* of all of them */
	const char **words;
	size_t count;
	char *path;
};

/* One key of a rule: any of its patterns has to match any of the alert's texts; or none. */
struct rules_condition {
	uint8_t key;
	bool negated;
	uint32_t pattern, pattern_count;
	uint32_t list, list_count;
};

struct rules {
	struct rule *rules;
	size_t count;
	struct rules_condition *conditions;
	size_t condition_count;
	struct rules_pattern *patterns;
	size_t pattern_count;
	struct rules_list *lists;
	size_t list_count;
};

/* rules_grow() - the array, with room for one more than the `count` that it has; NULL: no memory. */
void *rules_grow(void *array, size_t count, size_t size);

/* Likewise, in its place. False: no memory. */
#define RULES_GROW(array, count)                                                         \
	({                                                                               \
		__typeof__(array) more = rules_grow((array), (count), sizeof(*(array))); \
		if (more)                                                                \
			(array) = more;                                                  \
		more != NULL;                                                            \
	})

/* rules_key_name(), rules_key_kind(), rules_key_words() - static. */
const char *rules_key_name(enum rules_key key);
enum rules_kind rules_key_kind(enum rules_key key);
const char *rules_key_words(enum rules_key key);

/* rules_list_read() - identifiers, one a line, # begins a comment. Returns 0 and *ret_list, or -ENOMEM, or -EBADMSG and problems. */
int rules_list_read(const char *path, const struct problem_place *place, struct problems *problems,
		    struct rules_list *ret_list);
void rules_list_free(struct rules_list *list);
bool rules_list_has(const struct rules_list *list, const struct glob_text *text);
