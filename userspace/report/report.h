/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What `audit` shows, before it is a table, JSON, CSV or a page. */
#pragma once

#include <stdio.h>

#include "report/coverage.h"
#include "report/derived.h"
#include "report/grouping.h"
#include "report/labels.h"
#include "report/leaks.h"
#include "report/marks.h"

struct report_unread;

struct report_options {
	struct survey_options survey;
	bool has_since, has_until; /* were asked for */
	enum dimension by;
	size_t limit; /* rows of each kind; 0: as many as fit the output */
	const char *store; /* its path, or those of all by commas; masked; borrowed */
	const char *const *stores; /* as they were asked for, store_count of them; masked; borrowed */
	size_t store_count;
	const struct report_unread *unread; /* unread_count of them; borrowed */
	size_t unread_count;
};

/* A store that was asked for and is in no report. */
struct report_unread {
	const char *store, *why; /* path, masked */
};

/* One of those that are in it. */
struct report_store {
	struct coverage coverage;
	struct reader_meta meta;
	int64_t first; /* microseconds: of its facts in the report; now if there is none */
	bool here; /* it is of this host */
};

struct report {
	struct report_options options;
	struct reader *reader;
	struct survey survey;
	struct report_store *stores; /* reader_count() of them */
	struct labels labels;
	struct leaks leaks;
	struct marks marks;
	struct grouping_scratch scratch;
	int64_t generated; /* microseconds */
	char *host; /* whose store it is; of several, this host; printable */
};

/* report_by() - "container", "process", "file", "token", "pod", "image" …: what --by takes; static. */
const char *report_by(const struct report_options *options);

/* report_set_by() - the reverse. False if there is none of that name. */
bool report_set_by(const char *name, struct report_options *options);

/* report_words() - all that --by takes. Returns how many. */
size_t report_words(const char *ret_words[DIMENSION_DERIVED + DERIVED_MAX]);

/*
 * report_open() - reads the store. The reader is taken over, also on failure. Returns 0 and *ret_report
 * (report_close()), or a negative errno.
 */
int report_open(struct reader *reader, const struct report_options *options, struct report *ret_report);
void report_close(struct report *report);

/* report_limit() - how many rows of `count` are shown, if `otherwise` is what fits without --limit (0: all). */
size_t report_limit(const struct report *report, size_t otherwise, size_t count);

/* report_several() - is it of several stores? */
bool report_several(const struct report *report);

/* report_whole() - was all of it watched, on each node, nothing lost, and every store read? */
bool report_whole(const struct report *report);

/*
 * report_say() - what was asked for, if not all, and what was covered, as coverage_say(): of several stores with the node before it, and what
 * is whole in one line.
 */
int report_say(const struct report *report, coverage_line line, void *context);

/* report_coverage() - the same as text. */
int report_coverage(const struct report *report, FILE *out, int width, bool colour);

/* report_title() - "node-7", or "3 nodes"; of SIZE bytes where it is made. Returns it. */
const char *report_title(const struct report *report, char *text, size_t size);

/* The outputs. Each returns 0 or a negative errno; what `out` could not take is told by ferror(3). */

/* report_table() - text. @width: columns to keep to, 0: none; @colour: ECMA-48 */
int report_table(struct report *report, FILE *out, int width, bool colour);
/* report_json() - one object, share/audit.schema.json; a row a line. */
int report_json(struct report *report, FILE *out);
/* report_export() - by token (options.by): an object a line, share/audit-export.schema.json. */
int report_export(struct report *report, FILE *out);
/* report_csv() - RFC 4180, a line for each entry. */
int report_csv(struct report *report, FILE *out);
/* report_html() - one page without references to anything else. */
int report_html(struct report *report, FILE *out);
