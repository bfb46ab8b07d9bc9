/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is to be done first: each leaked token with what disables it, where it still lies, and what cleans that. */
#pragma once

#include "report/remains.h"

/* A file that holds the token, or that can't be told not to. */
struct todo_place {
	const struct remains_item *item; /* borrowed */
	char *command; /* that cleans it; NULL: none is known */
	const char *effect; /* static: what the command does beside that; NULL: nothing */
};

struct todo_token {
	uint32_t member;
	const char *identifier; /* owned by the report's labels, as are all that are borrowed */
	size_t files, containers, nodes; /* it was written to, in, and on */
	uint64_t writes;
	int64_t first, last; /* microseconds */
	char *type; /* NULL: it is not known */
	bool placeholder;
	char *request, *disable; /* the API's call, and a command for it; NULL: none is known for its type */
	const char *body; /* static; of the request, NULL: none */
	struct todo_place *places; /* still there first, then what could not be read or told */
	size_t place_count, still, clean; /* still: files that hold it; clean: that hold it no more */
	bool layer; /* it was written into a container's layer: images are to be looked into as well */
	uint32_t *where; /* containers that wrote it, by member */
	size_t where_count;
};

struct todo {
	struct todo_token *tokens; /* what has reached most first, then the oldest; placeholders last */
	size_t count;
	size_t still; /* tokens in files that hold them now, of those above */
	size_t marked[TRIAGE_MAX]; /* tokens that are left out, as something was decided of them */
	struct remains remains;
};

/* todo_find() - looks into all files of the report, as remains_find(). Returns 0 and *ret_todo (todo_free(), before report_close()), or a negative errno. */
int todo_find(struct report *report, struct todo *ret_todo);
void todo_free(struct todo *todo);

/* What looks into images. */
#define TODO_IMAGES "spillwatch scan --containers"

/* The outputs; as those of report.h. JSON: share/audit-todo.schema.json. */
int todo_text(struct report *report, const struct todo *todo, FILE *out, bool colour);
int todo_json(struct report *report, const struct todo *todo, FILE *out);
