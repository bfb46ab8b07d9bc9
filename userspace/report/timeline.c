// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* survey → timeline → HTML: numbers only, nothing to escape. */
#include "report/timeline.h"

#include "report/layout.h"
#include "lib/period.h"

#include <inttypes.h>
#include <stdlib.h>

#define TIMELINE_BARS 120
#define TIMELINE_WIDTH 960.0
#define TIMELINE_HEIGHT 130.0
#define TIMELINE_TOP 16.0
#define TIMELINE_HOUR (3600LL * 1000000)

struct timeline {
	int64_t from, to; /* hours, [from, to) */
	int64_t step; /* hours of a bar */
	size_t bars;
};

static struct timeline timeline_range(const struct report *report)
{
	static const int64_t steps[] = {1, 2, 3, 6, 12, 24, 48, 168, 672};
	const struct report_options *options = &report->options;
	const struct survey *survey = &report->survey;
	struct timeline range = {.from = survey->hour, .to = survey->hour + (int64_t)survey->hour_count};

	if (options->has_since && fact_hour(options->survey.since) < range.from)
		range.from = fact_hour(options->survey.since);
	if (options->has_since && !options->has_until && fact_hour(report->generated) >= range.to)
		range.to = fact_hour(report->generated) + 1;
	if (options->has_until && fact_hour(options->survey.until) > range.to)
		range.to = fact_hour(options->survey.until);
	/* a bar alone is no picture */
	if (range.to - range.from < 24)
		range.from = range.to - 24;
	range.step = steps[0];
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		range.step = steps[i];
		if ((range.to - range.from) / range.step <= TIMELINE_BARS)
			break;
	}
	/* bars of days begin with the day */
	range.from -= range.from % range.step;
	range.bars = (size_t)((range.to - range.from + range.step - 1) / range.step);
	return range;
}

static const char *timeline_words(int64_t step, char *text, size_t size)
{
	if (step % 24)
		snprintf(text, size, step == 1 ? "hour" : "%" PRId64 " hours", step);
	else
		snprintf(text, size, step == 24 ? "day" : "%" PRId64 " days", step / 24);
	return text;
}

static void timeline_label(FILE *out, double x, const char *anchor, int64_t hour)
{
	char text[PERIOD_TEXT];

	fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n", x, TIMELINE_HEIGHT + 14,
		anchor, period_human(hour * TIMELINE_HOUR, text));
}

static void timeline_bars(const struct timeline *range, const uint64_t *writes, uint64_t most, FILE *out)
{
	double width = TIMELINE_WIDTH / (double)range->bars;
	char time[PERIOD_TEXT], number[LAYOUT_NUMBER];

	for (size_t i = 0; i < range->bars; i++) {
		double height = (TIMELINE_HEIGHT - TIMELINE_TOP) * (double)writes[i] / (double)most;

		if (!writes[i])
			continue;
		/* a single write beside millions is still seen */
		height = height < 2 ? 2 : height;
		fprintf(out,
			"<rect class=\"bar\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"><title>%s "
			"UTC: %s "
			"writes</title></rect>\n",
			(double)i * width + width * .08, TIMELINE_HEIGHT - height, width * .84, height,
			period_human((range->from + (int64_t)i * range->step) * TIMELINE_HOUR, time),
			layout_number(writes[i], number));
	}
}

void timeline_svg(const struct report *report, FILE *out)
{
	const struct survey *survey = &report->survey;
	struct timeline range = timeline_range(report);
	uint64_t *writes = calloc(range.bars + 1, sizeof(*writes)), most = 0;
	char text[64], number[LAYOUT_NUMBER];

	if (!survey->hour_count || !writes) {
		free(writes);
		return;
	}
	for (size_t i = 0; i < survey->hour_count; i++) {
		int64_t bar = (survey->hour + (int64_t)i - range.from) / range.step;

		if (bar >= 0 && (size_t)bar < range.bars)
			writes[bar] += survey->hours[i];
	}
	for (size_t i = 0; i < range.bars; i++)
		most = writes[i] > most ? writes[i] : most;
	fprintf(out,
		"<figure><figcaption>Writes of tokens in each %s, UTC</figcaption>\n"
		"<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"Writes of tokens over time\">\n"
		"<line class=\"axis\" x1=\"0\" y1=\"%.1f\" x2=\"%.0f\" y2=\"%.1f\"/>\n"
		"<line class=\"axis\" x1=\"0\" y1=\"%.1f\" x2=\"%.0f\" y2=\"%.1f\"/>\n"
		"<text x=\"0\" y=\"%.1f\">%s</text>\n",
		timeline_words(range.step, text, sizeof(text)), TIMELINE_WIDTH, TIMELINE_HEIGHT + 20,
		TIMELINE_TOP, TIMELINE_WIDTH, TIMELINE_TOP, TIMELINE_HEIGHT, TIMELINE_WIDTH, TIMELINE_HEIGHT,
		TIMELINE_TOP - 4, layout_number(most, number));
	timeline_bars(&range, writes, most ? most : 1, out);
	timeline_label(out, 0, "start", range.from);
	timeline_label(out, TIMELINE_WIDTH / 2, "middle",
		       range.from + (int64_t)(range.bars / 2) * range.step);
	timeline_label(out, TIMELINE_WIDTH, "end", range.from + (int64_t)range.bars * range.step);
	fputs("</svg></figure>\n", out);
	free(writes);
}
