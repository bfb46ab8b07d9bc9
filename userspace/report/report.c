// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* store → survey → report → an output. */
#include "report/report.h"

#include "detect/mask.h"
#include "report/period.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const report_dimensions[DIMENSION_MAX] = {
	[DIMENSION_TOKEN] = "token",         [DIMENSION_FILE] = "file", [DIMENSION_PROGRAM] = "process",
	[DIMENSION_CONTAINER] = "container", [DIMENSION_POD] = "pod",
};

const char *report_dimension_name(enum dimension dimension)
{
	return report_dimensions[dimension];
}

bool report_dimension(const char *name, enum dimension *ret_dimension)
{
	for (int i = 0; i < DIMENSION_MAX; i++) {
		if (strcmp(name, report_dimensions[i]) != 0)
			continue;
		*ret_dimension = i;
		return true;
	}
	return false;
}

/* As in alerts (userspace/attribute/). */
static int report_host(char **ret_host)
{
	const char *node = getenv("NODE_NAME");
	char name[256] = "";

	if (node && *node)
		return mask_text(node, strlen(node), NULL, ret_host);
	if (gethostname(name, sizeof(name) - 1) < 0)
		return -errno;
	return mask_text(name, strlen(name), NULL, ret_host);
}

int report_open(struct reader *reader, const struct report_options *options, struct report *ret_report)
{
	struct report report = {.options = *options, .reader = reader, .generated = period_now()};
	int r = report_host(&report.host);

	report.options.survey.pods = options->by == DIMENSION_POD;
	if (r == 0)
		r = survey_make(reader, &report.options.survey, &report.survey);
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
	if (r < 0)
		report_close(ret_report);
	return r;
}

void report_close(struct report *report)
{
	leaks_free(&report->leaks);
	labels_close(&report->labels);
	grouping_scratch_free(&report->scratch);
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
