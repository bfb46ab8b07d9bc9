// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* store → survey → report → an output. */
#include "report/report.h"

#include "attribute/host_name.h"
#include "lib/cleanup.h"
#include "report/derived.h"
#include "report/layout.h"
#include "lib/period.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const report_dimensions[DIMENSION_DERIVED] = {
	[DIMENSION_TOKEN] = "token",
	[DIMENSION_FILE] = "file",
	[DIMENSION_PROGRAM] = "process",
	[DIMENSION_CONTAINER] = "container",
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

int report_open(struct reader *reader, const struct report_options *options, struct report *ret_report)
{
	struct report report = {.options = *options, .reader = reader, .generated = period_now()};
	/* it may be another host's, brought here */
	int r = reader_node(reader, &report.host);

	if (r == 0 && !report.host)
		r = host_name(&report.host);

	report.options.survey.derive = options->by == DIMENSION_DERIVED;
	if (r == 0)
		r = survey_make(reader, &report.options.survey, &report.survey);
	if (r == 0)
		r = coverage_make(reader, options->survey.since, options->survey.until,
				  report.survey.count ? report.survey.first : report.generated,
				  report.survey.meta.told_until, report.generated, &report.coverage);
	if (r == 0)
		r = grouping_prepare(&report.survey, &report.scratch);
	if (r < 0) {
		report_close(&report);
		return r;
	}
	*ret_report = report;
	/* these point to the survey, where it stays */
	r = labels_open(reader, &ret_report->survey, &ret_report->labels);
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
	coverage_free(&report->coverage);
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

int report_coverage(const struct report *report, FILE *out, int width, bool colour)
{
	struct report_lines lines = {.out = out, .width = width, .colour = colour};

	return coverage_say(&report->coverage, report_line, &lines);
}
