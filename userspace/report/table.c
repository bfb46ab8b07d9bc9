// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * report → a terminal: a tree in columns. Each group, below it its tokens, below each who wrote it where.
 *
 * Invariant: no line is wider than the terminal. Where there is none, nothing is cut: the tree is walked twice, the
 * first time to measure it.
 */
#include "report/report.h"

#include "lib/cleanup.h"
#include "report/derived.h"
#include "report/layout.h"
#include "lib/period.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

/* "  WRITES  FIRST        LAST       " behind the name */
#define TABLE_NUMBERS 36
#define TABLE_NAME_MIN 24
#define TABLE_WIDTH_MIN (TABLE_NAME_MIN + TABLE_NUMBERS)

/* What is shown without --limit, of each kind. */
#define TABLE_GROUPS 25
#define TABLE_TOKENS 10
#define TABLE_PLACES 5

/* ECMA-48 SGR */
#define TABLE_BOLD "\033[1m"
#define TABLE_DIM "\033[2m"
#define TABLE_RED "\033[31m"
#define TABLE_PLAIN "\033[0m"

struct table {
	struct report *report;
	FILE *out; /* NULL: only measuring */
	int width; /* 0: any */
	int name; /* columns of the first one */
	bool colour;
};

/* One line of text; `style` is around what is shown, not what is counted. */
__attribute__((format(printf, 4, 5))) static int table_line(const struct table *table, int indent,
							    const char *style, const char *format, ...)
{
	AUTO_FREE char *text = NULL;
	AUTO_FREE char *fit = NULL;
	va_list args;
	int r;

	if (!table->out)
		return 0;
	va_start(args, format);
	r = vasprintf(&text, format, args);
	va_end(args);
	if (r < 0) {
		text = NULL;
		return -ENOMEM;
	}
	r = layout_fit(text, table->width ? table->width - indent : layout_columns(text), &fit);
	if (r < 0)
		return r;
	fprintf(table->out, "%*s%s%s%s\n", indent, "", table->colour ? style : "", fit,
		table->colour && *style ? TABLE_PLAIN : "");
	return 0;
}

/* A line with numbers. @more: shown behind the text if there is room, dimmed; may be NULL */
static int table_row(struct table *table, int indent, const char *style, const char *text, const char *more,
		     uint64_t writes, int64_t first, int64_t last)
{
	int64_t now = table->report->generated;
	char times[2][PERIOD_TEXT], number[LAYOUT_NUMBER];
	int used = indent + layout_columns(text);
	AUTO_FREE char *fit = NULL;
	int r;

	if (more && table->width && used + 2 + layout_columns(more) > table->name)
		more = NULL;
	used += more ? 2 + layout_columns(more) : 0;
	if (!table->out) {
		table->name = used > table->name ? used : table->name;
		return 0;
	}
	r = layout_fit(text, table->name - indent, &fit);
	if (r < 0)
		return r;
	used = indent + layout_columns(fit) + (more ? 2 + layout_columns(more) : 0);
	fprintf(table->out, "%*s%s%s%s", indent, "", table->colour ? style : "", fit,
		table->colour && *style ? TABLE_PLAIN : "");
	if (more)
		fprintf(table->out, "  %s%s%s", table->colour ? TABLE_DIM : "", more,
			table->colour ? TABLE_PLAIN : "");
	fprintf(table->out, "%*s%s  %8s  %-11s  %s%s\n", table->name > used ? table->name - used : 0, "",
		table->colour && indent > 2 ? TABLE_DIM : "", layout_number(writes, number),
		period_short(first, now, times[0]), period_short(last, now, times[1]),
		table->colour && indent > 2 ? TABLE_PLAIN : "");
	return 0;
}

static int table_more(const struct table *table, int indent, size_t count, const char *one, const char *many)
{
	char number[LAYOUT_NUMBER];

	if (!count)
		return 0;
	return table_line(table, indent, TABLE_DIM, "… %s more %s (--limit)", layout_number(count, number),
			  count == 1 ? one : many);
}

/* "python3 in shop/checkout", "dockerd for web-1", or "python3" on the host. */
static int table_writer(struct table *table, const struct survey_fact *fact, char **ret_text)
{
	struct labels *labels = &table->report->labels;
	uint32_t container = fact->member[DIMENSION_CONTAINER];
	const char *program = labels_program(labels, fact->member[DIMENSION_PROGRAM]);
	/* of several nodes, a host is one of them */
	bool host = survey_is_host(&table->report->survey, container) && !report_several(table->report);
	const char *where = fact->relayed ? " for " : fact->outside ? " into " : " in ";
	int r = asprintf(ret_text, "%s%s%s", program, host ? "" : where,
			 host ? "" : labels_shown(labels, DIMENSION_CONTAINER, container));

	return r < 0 ? -ENOMEM : 0;
}

/* Which rule decided of it. */
static int table_rule(struct table *table, const struct survey_fact *fact, char **ret_text)
{
	struct reader_fact row = survey_row(&table->report->survey, fact);
	struct fact all;
	int r = reader_fact(table->report->reader, &row, &all);

	*ret_text = NULL;
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (asprintf(ret_text, "rule: %s", all.rule ? all.rule : "?") < 0) {
		*ret_text = NULL;
		r = -ENOMEM;
	}
	fact_free(&all);
	return r < 0 ? r : 0;
}

/* Who and where, without what the group says already. */
static int table_place(struct table *table, const struct survey_fact *fact)
{
	const enum dimension by = table->report->options.by;
	struct labels *labels = &table->report->labels;
	const char *program = labels_program(labels, fact->member[DIMENSION_PROGRAM]);
	/* the heading says on which node */
	const char *file = by == DIMENSION_CONTAINER || by == DIMENSION_NODE
				   ? labels_text(labels, DIMENSION_FILE, fact->member[DIMENSION_FILE])
				   : labels_shown(labels, DIMENSION_FILE, fact->member[DIMENSION_FILE]);
	const char *mark = leaks_carried(&table->report->leaks, fact) ? "↳ " : "";
	AUTO_FREE char *writer = NULL;
	AUTO_FREE char *head = NULL;
	AUTO_FREE char *fit = NULL;
	AUTO_FREE char *text = NULL;
	AUTO_FREE char *rule = NULL;
	int r = 0, room;

	if (by == DIMENSION_FILE || by == DIMENSION_TOKEN)
		r = table_writer(table, fact, &writer);
	if (r == 0)
		r = asprintf(&head, "%s%s%s", mark,
			     by == DIMENSION_PROGRAM ? "" : (writer ? writer : program),
			     by == DIMENSION_PROGRAM || by == DIMENSION_FILE ? "" : " → ");
	if (r < 0)
		return -ENOMEM;
	/* the path gives way first */
	room = table->width && table->out ? table->name - 4 - layout_columns(head) : layout_columns(file);
	r = layout_fit(by == DIMENSION_FILE ? "" : file,
		       room < TABLE_NAME_MIN / 2 ? TABLE_NAME_MIN / 2 : room, &fit);
	if (r == 0 && asprintf(&text, "%s%s", head, fit) < 0) {
		text = NULL;
		r = -ENOMEM;
	}
	if (r == 0 && fact->verdict != FACT_LEAK)
		r = table_rule(table, fact, &rule);
	return r < 0 ? r : table_row(table, 4, TABLE_DIM, text, rule, fact->count, fact->first, fact->last);
}

static int table_places(struct table *table, struct group *token)
{
	struct report *report = table->report;
	size_t shown = report_limit(report, TABLE_PLACES, token->count);
	int r = 0;

	group_order(&report->survey, token);
	for (size_t i = 0; r == 0 && i < shown; i++)
		r = table_place(table, &report->survey.facts[token->facts[i]]);
	return r == 0 ? table_more(table, 4, token->count - shown, "place", "places") : r;
}

/* A token's own row, and what was decided of it. */
static int table_token(struct table *table, int indent, const struct group *token)
{
	struct labels *labels = &table->report->labels;
	const struct mark *mark = marks_of(&table->report->marks, token->member);
	AUTO_FREE char *text = NULL;
	int r = table_row(table, indent, indent ? TABLE_RED : TABLE_BOLD TABLE_RED,
			  labels_text(labels, DIMENSION_TOKEN, token->member),
			  labels_type(labels, token->member), token->writes, token->first, token->last);

	if (r == 0 && mark)
		r = marks_text(mark, &text);
	return r == 0 && mark ? table_line(table, indent + 2, "", "%s", text) : r;
}

/* Where it came from, if that is not below the same heading. */
static int table_source(struct table *table, const struct group *token)
{
	struct report *report = table->report;
	const enum dimension by = report->options.by;
	const struct survey_fact *first = &report->survey.facts[token->facts[0]];
	const struct survey_fact *origin = leaks_origin(&report->leaks, first);
	AUTO_FREE char *writer = NULL;
	int r;

	if (origin->member[by] == first->member[by])
		return 0;
	r = table_writer(table, origin, &writer);
	return r < 0 ? r : table_line(table, 4, TABLE_DIM, "first written by %s", writer);
}

/* The nodes that it lies on. */
static int table_nodes(struct table *table, const struct group *leak)
{
	struct report *report = table->report;
	struct grouping nodes;
	AUTO_FREE char *names = NULL;
	char text[64], number[LAYOUT_NUMBER];
	size_t shown;
	int r = grouping_make(&report->survey, &report->scratch, DIMENSION_NODE, leak->facts, leak->count,
			      &nodes);

	if (r < 0)
		return r;
	shown = report_limit(report, TABLE_TOKENS, nodes.count);
	for (size_t i = 0; r == 0 && i < shown; i++) {
		char *all = NULL;

		if (asprintf(&all, "%s%s%s", names ? names : "", names ? ", " : "",
			     labels_text(&report->labels, DIMENSION_NODE, nodes.groups[i].member)) < 0)
			r = -ENOMEM;
		free(names);
		names = r == 0 ? all : NULL;
	}
	if (r == 0 && shown < nodes.count)
		r = table_line(table, 2, "", "on %s: %s and %s more",
			       layout_count(nodes.count, "node", "nodes", text, sizeof(text)), names,
			       layout_number(nodes.count - shown, number));
	else if (r == 0)
		r = table_line(table, 2, "", "on %s: %s",
			       layout_count(nodes.count, "node", "nodes", text, sizeof(text)), names);
	grouping_free(&nodes);
	return r;
}

/* One leak: origin, carriers, places. */
static int table_leak(struct table *table, struct group *leak)
{
	struct report *report = table->report;
	const struct survey_fact *origin =
		leaks_origin(&report->leaks, &report->survey.facts[leak->facts[0]]);
	AUTO_FREE uint32_t *carriers = NULL;
	AUTO_FREE char *writer = NULL;
	AUTO_FREE char *names = NULL;
	size_t count = 0;
	char text[64];
	int r;

	group_order(&report->survey, leak);
	r = table_token(table, 0, leak);
	if (r == 0)
		r = table_writer(table, origin, &writer);
	if (r == 0)
		r = table_line(table, 2, "", "from %s%s%s", writer,
			       origin->relayed ? ", which has printed it" : "",
			       leaks_relayed(&report->leaks, origin)
				       ? ", a relay: who gave it the token was not seen"
				       : "");
	if (r == 0)
		r = leaks_carriers(&report->leaks, leak, &carriers, &count);
	for (size_t i = 0; r == 0 && i < count; i++) {
		const struct survey_fact *fact = &report->survey.facts[carriers[i]];
		AUTO_FREE char *one = NULL;
		char *all = NULL;

		r = table_writer(table, fact, &one);
		if (r == 0 && asprintf(&all, "%s%s%s", names ? names : "", names ? ", " : "", one) < 0)
			r = -ENOMEM;
		free(names);
		names = r == 0 ? all : NULL;
	}
	if (r == 0 && count)
		r = table_line(table, 2, "", "passed on by %s: %s",
			       layout_count(count, "carrier", "carriers", text, sizeof(text)), names);
	if (r == 0 && report_several(report))
		r = table_nodes(table, leak);
	return r == 0 ? table_places(table, leak) : r;
}

/* What is known of a container, behind its name. */
static int table_details(struct table *table, const struct group *group, char **ret_text)
{
	const struct fact *facts;
	const char *created;
	int r;

	*ret_text = NULL;
	if (table->report->options.by != DIMENSION_CONTAINER)
		return 0;
	facts = labels_container(&table->report->labels, group->member);
	if (!facts->runtime && !facts->image)
		return 0;
	/* a name may be another one's as well, or was */
	created =
		facts->container_id && facts->container && strcmp(facts->container_id, facts->container) != 0
			? facts->created
			: NULL;
	r = asprintf(ret_text, "%s%s%s%s%s%s%s", facts->runtime ? facts->runtime : "",
		     created && facts->namespace ? " " : "",
		     created && facts->namespace ? facts->namespace : "",
		     facts->runtime && facts->image ? ", " : "", facts->image ? facts->image : "",
		     created ? ", created " : "", created ? created : "");
	return r < 0 ? -ENOMEM : 0;
}

static int table_group(struct table *table, struct group *group)
{
	struct report *report = table->report;
	AUTO_FREE char *details = NULL;
	struct grouping tokens = {0};
	size_t shown;
	int r = table_details(table, group, &details);

	if (r == 0)
		r = table_row(table, 0, TABLE_BOLD,
			      labels_shown(&report->labels, report->options.by, group->member), details,
			      group->writes, group->first, group->last);
	if (r == 0)
		r = grouping_make(&report->survey, &report->scratch, DIMENSION_TOKEN, group->facts,
				  group->count, &tokens);
	if (r < 0)
		return r;
	shown = report_limit(report, TABLE_TOKENS, tokens.count);
	for (size_t i = 0; r == 0 && i < shown; i++) {
		r = table_token(table, 2, &tokens.groups[i]);
		if (r == 0)
			r = table_source(table, &tokens.groups[i]);
		if (r == 0)
			r = table_places(table, &tokens.groups[i]);
	}
	if (r == 0)
		r = table_more(table, 2, tokens.count - shown, "token", "tokens");
	grouping_free(&tokens);
	return r;
}

static int table_groups(struct table *table, struct grouping *groups)
{
	struct report *report = table->report;
	const enum dimension by = report->options.by;
	size_t shown = report_limit(report, TABLE_GROUPS, groups->count);
	const struct derived_words *words = &derived_words[report->options.survey.derived];
	const char *const many[] = {"tokens", "files", "programs", "containers", "nodes", words->many};
	const char *const one[] = {"token", "file", "program", "container", "node", words->name};
	int r = 0;

	for (size_t i = 0; r == 0 && i < shown; i++) {
		if (table->out && i)
			fputc('\n', table->out);
		r = by == DIMENSION_TOKEN ? table_leak(table, &groups->groups[i])
					  : table_group(table, &groups->groups[i]);
	}
	return r == 0 ? table_more(table, 0, groups->count - shown, one[by], many[by]) : r;
}

/*
 * Nothing is written, so nobody is waited for: all that is read may be so under one lock, and the texts are kept for when they are
 * printed.
 */
static int table_measure(struct table *table, struct grouping *groups)
{
	int r = reader_begin(table->report->reader);

	if (r < 0)
		return r;
	r = table_groups(table, groups);
	reader_end(table->report->reader);
	return r;
}

/* "marked: 2 revoked, 1 accepted" */
static int table_marks(const struct table *table)
{
	const size_t *counts = table->report->marks.counts;
	char text[160] = "", number[LAYOUT_NUMBER], *at = text;

	for (int i = TRIAGE_NONE + 1; i < TRIAGE_MAX; i++)
		if (counts[i])
			at += snprintf(at, sizeof(text) - (size_t)(at - text), "%s%s %s",
				       at == text ? "" : ", ", layout_number(counts[i], number),
				       triage_name(i));
	return at == text ? 0 : table_line(table, 0, TABLE_DIM, "marked: %s", text);
}

/* What it is about, in a sentence or two. */
static int table_head(const struct table *table)
{
	const struct report *report = table->report;
	const struct survey *survey = &report->survey;
	char text[4][64], times[2][PERIOD_TEXT], title[64];
	int r;

	if (report->options.survey.allowed)
		layout_count(survey->distinct[DIMENSION_TOKEN], "token that rules allow",
			     "tokens that rules allow", text[0], 64);
	else
		layout_count(survey->distinct[DIMENSION_TOKEN], "leaked token", "leaked tokens", text[0], 64);
	layout_count(survey->distinct[DIMENSION_FILE], "file", "files", text[1], 64);
	layout_count(survey->distinct[DIMENSION_CONTAINER], "container", "containers", text[2], 64);
	layout_count(survey->writes, "write", "writes", text[3], 64);
	r = table_line(table, 0, TABLE_BOLD, "%s on %s: %s, %s, %s", text[0],
		       report_title(report, title, sizeof(title)), text[1], text[2], text[3]);
	if (r == 0 && survey->count)
		r = table_line(table, 0, TABLE_DIM, "first %s UTC, last %s UTC",
			       period_human(survey->first, times[0]), period_human(survey->last, times[1]));
	if (r == 0)
		r = table_marks(table);
	if (r == 0)
		r = report_coverage(report, table->out, table->width, table->colour);
	if (r == 0 && survey->allowed)
		r = table_line(table, 0, TABLE_DIM, "beside them, as rules allow: %s (--allowed shows them)",
			       layout_count(survey->allowed, "entry", "entries", text[0], 64));
	if (r == 0 && survey->meta.removed)
		r = table_line(table, 0, "", "older entries were removed: %s (last seen %s UTC or before)",
			       layout_number(survey->meta.removed, text[0]),
			       period_human(survey->meta.removed_until, times[0]));
	if (r == 0 && survey->meta.lost && !report_several(report))
		r = table_line(table, 0, TABLE_RED,
			       "NOT STORED, for want of room: %s, until %s UTC; they are in the alerts",
			       layout_count(survey->meta.lost, "write", "writes", text[0], 64),
			       period_human(survey->meta.lost_until, times[0]));
	return r;
}

static void table_columns(const struct table *table)
{
	const struct derived_words *words = &derived_words[table->report->options.survey.derived];
	const char *const names[] = {
		[DIMENSION_TOKEN] = "TOKEN, WHO WROTE IT WHERE",
		[DIMENSION_FILE] = "FILE, TOKEN, WHO WROTE IT",
		[DIMENSION_PROGRAM] = "PROGRAM, TOKEN, FILE",
		[DIMENSION_CONTAINER] = "CONTAINER, TOKEN, FILE",
		[DIMENSION_NODE] = "NODE, TOKEN, FILE",
		[DIMENSION_DERIVED] = words->heading,
	};

	fprintf(table->out, "\n%s%-*s  %8s  %-11s  %s%s\n", table->colour ? TABLE_DIM : "", table->name,
		names[table->report->options.by], "WRITES", "FIRST (UTC)", "LAST (UTC)",
		table->colour ? TABLE_PLAIN : "");
}

int report_table(struct report *report, FILE *out, int width, bool colour)
{
	struct table table = {.report = report, .colour = colour};
	struct grouping groups;
	int r;

	/* all that the order needs */
	report->scratch.counted = 1U << DIMENSION_TOKEN;
	r = grouping_make(&report->survey, &report->scratch, report->options.by, NULL, report->survey.count,
			  &groups);
	if (r < 0)
		return r;
	if (width)
		table.width = width < TABLE_WIDTH_MIN ? TABLE_WIDTH_MIN : width;
	else
		r = table_measure(&table, &groups);
	table.name = width ? table.width - TABLE_NUMBERS : table.name;
	table.name = table.name < TABLE_NAME_MIN ? TABLE_NAME_MIN : table.name;
	table.out = out;
	if (r == 0)
		r = table_head(&table);
	if (r == 0 && groups.count) {
		table_columns(&table);
		r = table_groups(&table, &groups);
	}
	grouping_free(&groups);
	return r;
}
