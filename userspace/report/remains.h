/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What of the leaked tokens lies in the files now, by the same matcher that found them (detect/token.h). */
#pragma once

#include "report/report.h"

/* X(id, name) */
#define REMAINS_STATES(X)           \
	X(STILL, "still there")     \
	X(UNREADABLE, "unreadable") \
	X(UNKNOWN, "unknown")       \
	X(REPLACED, "replaced")     \
	X(GONE, "gone")             \
	X(CLEAN, "clean")

enum remains_state {
#define REMAINS_STATE(id, name) REMAINS_##id,
	REMAINS_STATES(REMAINS_STATE)
#undef REMAINS_STATE
		REMAINS_MAX
};

/* How many places of a token in a file are named; all are counted. */
#define REMAINS_OFFSETS 8

/* One token in one file. */
struct remains_item {
	const char *token, *file; /* owned by the report's labels */
	uint32_t token_member, file_member;
	/* of several stores, where it is; owned by the reader, else NULL */
	const char *node;
	/* the container that wrote it last, or whose output it is; owned by the labels; NULL: only the host has */
	const struct fact *container;
	const char *container_label;
	const struct mark *mark; /* the report's; NULL: none */
	enum remains_state state;
	const char *why; /* static; NULL if there is nothing to say */
	bool link; /* what was looked into is a link's target */
	bool packed; /* it was found in what is packed: no offset is known */
	bool binary; /* there is a NUL in what it begins with */
	bool layer; /* it was written into a container's layer: an image may have been made of that */
	/* where the same file or a copy of it lies now (log rotation), or where somebody who sees it does; masked; else NULL */
	char *now;
	uint64_t offsets[REMAINS_OFFSETS]; /* bytes from the file's beginning, rising */
	size_t found; /* how often */
	bool told; /* while looking: found under its own name */
};

struct remains {
	struct remains_item *items; /* by state */
	size_t count;
	size_t counts[REMAINS_MAX];
};

/* "still there", by state. */
extern const char *const remains_names[REMAINS_MAX];

/* remains_file_text() - its path, of several stores with the node and a colon before it. Returns 0 and *ret_text (malloc'ed), or -ENOMEM. */
int remains_file_text(const struct remains_item *item, char **ret_text);

/* remains_words() - "at byte 106, 4102 and 3 more places", or why; "" if there is nothing to say. Returns 0 and *ret_text (malloc'ed), or -ENOMEM. */
int remains_words(const struct remains_item *item, char **ret_text);

/*
 * remains_find() - opens and reads every file of the report, each up to LIMIT_AUDIT_SCAN bytes. Follows no symbolic
 * link as last component, opens nothing but regular files, waits for nobody.
 * Returns 0 and *ret_remains (remains_free(), before report_close()), or a negative errno.
 */
int remains_find(struct report *report, struct remains *ret_remains);
void remains_free(struct remains *remains);

/* The outputs; as those of report.h. JSON: share/audit-files.schema.json. */
int remains_table(const struct report *report, const struct remains *remains, FILE *out, int width,
		  bool colour);
int remains_json(const struct report *report, const struct remains *remains, FILE *out);
/* remains_html() - the page of report_html(), with these in place of its tables. */
int remains_html(struct report *report, struct remains *remains, FILE *out);
int remains_csv(const struct report *report, const struct remains *remains, FILE *out);
