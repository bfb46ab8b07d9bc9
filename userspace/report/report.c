// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* store → survey → report → an output. */
#include "report/report.h"

#include "attribute/host_name.h"
#include "lib/cleanup.h"
#include "report/asked.h"
#include "report/derived.h"
#include "report/layout.h"
#include "lib/period.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Stores whose coverage is told without --limit, of several. */
#define REPORT_STORES 25

static const char *const report_dimensions[DIMENSION_DERIVED] = {
	[DIMENSION_TOKEN] = "token",         [DIMENSION_FILE] = "file", [DIMENSION_PROGRAM] = "process",
	[DIMENSION_CONTAINER] = "container", [DIMENSION_NODE] = "node",
};

const char *report_by(const struct report_options *options)
{
	return options->by == DIMENSION_DERIVED ? derived_words[options->survey.derived].name
						: report_dimensions[options->by];
}

bool report_set_by(const char *name, struct report_options *options)
{
	for (int i = 0; i < DIMENSION_DERIVED; i++) {
		if (strcmp(name, report_dimensions[i]) != 0)
			continue;
		options->by = i;
		return true;
	}
	for (int i = 0; i < DERIVED_MAX; i++) {
		if (strcmp(name, derived_words[i].name) != 0)
			continue;
		options->by = DIMENSION_DERIVED;
		options->survey.derived = i;
		return true;
	}
	return false;
}

size_t report_words(const char *ret_words[DIMENSION_DERIVED + DERIVED_MAX])
{
	size_t count = 0;

	for (int i = 0; i < DIMENSION_DERIVED; i++)
		ret_words[count++] = report_dimensions[i];
	for (int i = 0; i < DERIVED_MAX; i++)
		ret_words[count++] = derived_words[i].name;
	return count;
}

bool report_several(const struct report *report)
{
	return report->options.survey.several;
}

const char *report_title(const struct report *report, char *text, size_t size)
{
	size_t nodes = 0;

	if (!report_several(report))
		return report->host;
	/* also those that wrote nothing */
	for (size_t i = 0; i < reader_count(report->reader); i++) {
		size_t j = 0;

		while (strcmp(reader_node(report->reader, j), reader_node(report->reader, i)) != 0)
			j++;
		nodes += j == i;
	}
	return layout_count(nodes, "node", "nodes", text, size);
}

/* A name and the same with its domain are one. */
static bool report_same_host(const char *a, const char *b)
{
	size_t len_a = strcspn(a, "."), len_b = strcspn(b, ".");

	if (a[len_a] && b[len_b])
		return strcmp(a, b) == 0;
	return len_a == len_b && strncmp(a, b, len_a) == 0;
}

/* When a store's facts begin. */
static void report_first(struct report *report)
{
	for (size_t i = 0; i < reader_count(report->reader); i++)
		report->stores[i].first = report->generated;
	for (size_t i = 0; i < report->survey.count; i++) {
		const struct survey_fact *fact = &report->survey.facts[i];
		int64_t *first = &report->stores[reader_store(report->reader, fact->id)].first;

		*first = fact->first < *first ? fact->first : *first;
	}
}

static int report_stores(struct report *report)
{
	const struct survey_options *asked = &report->options.survey;
	size_t count = reader_count(report->reader);
	AUTO_FREE char *here = NULL;
	int r = host_name(&here);

	report->stores = calloc(count, sizeof(*report->stores));
	if (r < 0 || !report->stores)
		return -ENOMEM;
	report_first(report);
	for (size_t i = 0; r == 0 && i < count; i++) {
		struct report_store *store = &report->stores[i];

		/* who has one store only, of an older version, has it where it was written */
		store->here = (!asked->several && !reader_told(report->reader, i)) ||
			      report_same_host(reader_node(report->reader, i), here);
		r = reader_meta(report->reader, i, &store->meta);
		if (r == 0)
			r = coverage_make(report->reader, i, asked->since, asked->until, store->first,
					  store->meta.told_until, report->generated, &store->coverage);
	}
	return r;
}

int report_open(struct reader *reader, const struct report_options *options, struct report *ret_report)
{
	struct report report = {.options = *options, .reader = reader, .generated = period_now()};
	int r = 0;

	/* one may be another host's, brought here */
	if (report_several(&report))
		r = host_name(&report.host);
	else
		report.host = strdup(reader_node(reader, 0));
	if (!report.host)
		r = -ENOMEM;
	report.options.survey.derive = options->by == DIMENSION_DERIVED;
	if (r == 0)
		r = survey_make(reader, &report.options.survey, &report.survey);
	if (r == 0)
		r = report_stores(&report);
	if (r == 0)
		r = grouping_prepare(&report.survey, &report.scratch);
	if (r < 0) {
		report_close(&report);
		return r;
	}
	*ret_report = report;
	/* these point to the survey, where it stays */
	r = labels_open(reader, &ret_report->survey, report_several(ret_report), &ret_report->labels);
	if (r == 0)
		r = leaks_find(&ret_report->survey, &ret_report->labels, &ret_report->leaks);
	if (r == 0)
		r = marks_open(reader, &ret_report->survey, &ret_report->marks);
	if (r < 0)
		report_close(ret_report);
	return r;
}

void report_close(struct report *report)
{
	marks_close(&report->marks);
	leaks_free(&report->leaks);
	labels_close(&report->labels);
	grouping_scratch_free(&report->scratch);
	for (size_t i = 0; report->stores && i < reader_count(report->reader); i++)
		coverage_free(&report->stores[i].coverage);
	free(report->stores);
	survey_free(&report->survey);
	reader_close(report->reader);
	free(report->host);
	memset(report, 0, sizeof(*report));
}

size_t report_limit(const struct report *report, size_t otherwise, size_t count)
{
	size_t limit = report->options.limit ? report->options.limit : otherwise;

	return limit && limit < count ? limit : count;
}

struct report_lines {
	FILE *out;
	int width;
	bool colour;
};

static int report_line(void *context, bool grave, const char *text)
{
	const struct report_lines *lines = context;
	AUTO_FREE char *fit = NULL;
	int r = layout_fit(text, lines->width ? lines->width : layout_columns(text), &fit);

	if (r < 0)
		return r;
	/* ECMA-48 SGR: red, or dim */
	fprintf(lines->out, "%s%s%s\n", lines->colour ? (grave ? "\033[31m" : "\033[2m") : "", fit,
		lines->colour ? "\033[0m" : "");
	return 0;
}

static bool report_store_whole(const struct report_store *store)
{
	return coverage_whole(&store->coverage) && !store->meta.lost;
}

bool report_whole(const struct report *report)
{
	for (size_t i = 0; report_several(report) && i < reader_count(report->reader); i++)
		if (!report_store_whole(&report->stores[i]))
			return false;
	if (!report_several(report) && !coverage_whole(&report->stores[0].coverage))
		return false;
	return !report->options.unread_count;
}

struct report_prefix {
	const char *node;
	coverage_line line;
	void *context;
};

/* What is said of one store of several. */
static int report_prefixed(void *context, bool grave, const char *text)
{
	const struct report_prefix *prefix = context;
	AUTO_FREE char *whole = NULL;

	if (asprintf(&whole, "%s: %s", prefix->node, text) < 0) {
		whole = NULL;
		return -ENOMEM;
	}
	return prefix->line(prefix->context, grave, whole);
}

/* What found no room: of one store each output has its own words for that. */
static int report_say_lost(struct report_prefix *prefix, const struct reader_meta *meta)
{
	char number[LAYOUT_NUMBER], time[PERIOD_TEXT], text[128];

	if (!meta->lost)
		return 0;
	snprintf(text, sizeof(text), "NOT STORED, for want of room: %s writes, until %s UTC",
		 layout_number(meta->lost, number), period_human(meta->lost_until, time));
	return report_prefixed(prefix, true, text);
}

static int report_say_unread(const struct report *report, coverage_line line, void *context)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < report->options.unread_count; i++) {
		const struct report_unread *unread = &report->options.unread[i];
		AUTO_FREE char *text = NULL;

		if (asprintf(&text, "NOT READ %s: %s", unread->store, unread->why) < 0) {
			text = NULL;
			return -ENOMEM;
		}
		r = line(context, true, text);
	}
	return r;
}

static int report_say_asked(const struct report *report, coverage_line line, void *context)
{
	AUTO_FREE char *asked = NULL;
	AUTO_FREE char *text = NULL;
	int r = asked_text(&report->options, &asked);

	if (r < 0 || !asked)
		return r;
	if (asprintf(&text, "only what was asked for: %s", asked) < 0) {
		text = NULL;
		return -ENOMEM;
	}
	return line(context, false, text);
}

int report_say(const struct report *report, coverage_line line, void *context)
{
	size_t count = reader_count(report->reader), whole = 0, shown = 0, left;
	char text[96], number[LAYOUT_NUMBER], all[LAYOUT_NUMBER];
	int r = report_say_asked(report, line, context);

	if (r == 0)
		r = report_say_unread(report, line, context);
	if (!report_several(report))
		return r == 0 ? coverage_say(&report->stores[0].coverage, line, context) : r;
	for (size_t i = 0; i < count; i++)
		whole += report_store_whole(&report->stores[i]);
	snprintf(text, sizeof(text), "watched all the time, and nothing lost: %s of %s",
		 layout_number(whole, number), layout_number(count, all));
	if (r == 0)
		r = line(context, whole < count, text);
	left = report_limit(report, REPORT_STORES, count - whole);
	for (size_t i = 0; r == 0 && i < count; i++) {
		const struct report_store *store = &report->stores[i];
		struct report_prefix prefix = {reader_node(report->reader, i), line, context};
		bool told = !report_store_whole(store) && shown < left;

		shown += told;
		if (told)
			r = coverage_say(&store->coverage, report_prefixed, &prefix);
		if (r == 0 && told)
			r = report_say_lost(&prefix, &store->meta);
	}
	if (r == 0 && count - whole > shown) {
		snprintf(text, sizeof(text), "… and %s more that were not (--limit)",
			 layout_number(count - whole - shown, number));
		r = line(context, true, text);
	}
	return r;
}

int report_coverage(const struct report *report, FILE *out, int width, bool colour)
{
	struct report_lines lines = {.out = out, .width = width, .colour = colour};

	return report_say(report, report_line, &lines);
}
