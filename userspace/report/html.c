// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * report → one page of HTML that needs nothing else: to be attached to a ticket, opened anywhere, printed. It sorts and
 * filters by a script of its own, and is whole without it.
 *
 * Invariant: texts pass html_text(), and stand in elements' contents only. Should that ever fail, the page's policy lets
 * no script or style run but ours, by a nonce that is made with the page: nobody knew it who chose a path.
 */
#include "report/report.h"

#include "lib/cleanup.h"
#include "report/asked.h"
#include "report/html_table.h"
#include "report/page.css.h"
#include "report/page.js.h"
#include "report/html_text.h"
#include "report/layout.h"
#include "lib/period.h"
#include "report/timeline.h"
#include "version.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>

static void html_total(FILE *out, uint64_t number, const char *one, const char *many)
{
	char text[LAYOUT_NUMBER];

	fprintf(out, "<li><b>%s</b>%s</li>\n", layout_number(number, text), number == 1 ? one : many);
}

static void html_period(const struct report *report, FILE *out)
{
	const struct report_options *options = &report->options;
	char text[PERIOD_TEXT];

	fputs("<p class=\"dim\">", out);
	if (options->has_since)
		fprintf(out, "Written since %s UTC", period_human(options->survey.since, text));
	else
		fputs("From the store's beginning", out);
	if (options->has_until)
		fprintf(out, ", until %s UTC", period_human(options->survey.until, text));
	if (report->survey.count) {
		fprintf(out, ". First write %s UTC", period_human(report->survey.first, text));
		fprintf(out, ", last %s UTC", period_human(report->survey.last, text));
	}
	fputs(".</p>\n", out);
}

static void html_missing(const struct report *report, FILE *out)
{
	const struct reader_meta *meta = &report->survey.meta;
	char text[PERIOD_TEXT], number[LAYOUT_NUMBER];

	if (meta->removed)
		fprintf(out,
			"<p class=\"notice\">Older entries were removed from the store: %s, last seen %s UTC "
			"or "
			"before.</p>\n",
			layout_number(meta->removed, number), period_human(meta->removed_until, text));
	if (meta->lost && !report_several(report))
		fprintf(out,
			"<p class=\"notice\">Not in this report: %s writes that could not be stored, until "
			"%s UTC. "
			"They are in the alerts.</p>\n",
			layout_number(meta->lost, number), period_human(meta->lost_until, text));
}

static int html_line(void *context, bool grave, const char *text)
{
	FILE *out = context;

	fprintf(out, "<p class=\"%s\">", grave ? "notice" : "dim");
	html_text(out, text);
	fputs(".</p>\n", out);
	return 0;
}

static void html_head(const struct report *report, const char *nonce, FILE *out)
{
	const struct survey *survey = &report->survey;
	char text[PERIOD_TEXT], title[64];

	fprintf(out,
		"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
		"'nonce-%s'; "
		"script-src 'nonce-%s'; base-uri 'none'; form-action 'none'\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"referrer\" content=\"no-referrer\">\n<title>Leaked tokens on ",
		nonce, nonce);
	html_text(out, report_title(report, title, sizeof(title)));
	fprintf(out, "</title>\n<style nonce=\"%s\">\n%s</style></head><body>\n<header><h1>Leaked tokens on ",
		nonce, page_css);
	html_text(out, report_title(report, title, sizeof(title)));
	fputs("</h1>\n", out);
	html_period(report, out);
	fprintf(out, "<p class=\"dim\">Made %s UTC by spillwatch %s from <code>",
		period_human(report->generated, text), SPILLWATCH_VERSION);
	html_text(out, report->options.store);
	fputs("</code>. It holds token identifiers, never a secret portion.</p>\n<ul class=\"totals\">\n",
	      out);
	html_total(out, survey->distinct[DIMENSION_TOKEN], "leaked token", "leaked tokens");
	html_total(out, survey->distinct[DIMENSION_FILE], "file", "files");
	html_total(out, survey->distinct[DIMENSION_PROGRAM], "program", "programs");
	html_total(out, survey->distinct[DIMENSION_CONTAINER], "container", "containers");
	if (report_several(report))
		html_total(out, survey->distinct[DIMENSION_NODE], "node", "nodes");
	html_total(out, survey->writes, "write", "writes");
	fputs("</ul>\n", out);
	report_say(report, html_line, out);
	html_missing(report, out);
	timeline_svg(report, out);
	fputs("</header>\n<div class=\"tools\" hidden><input id=\"filter\" type=\"search\" "
	      "placeholder=\"Filter all tables: token, path, program, container…\" "
	      "aria-label=\"Filter all tables\"></div>\n<main>\n",
	      out);
}

/* The grouping that was asked for first, then the others. */
static int html_tables(struct report *report, void *context, FILE *out)
{
	static const enum dimension all[] = {DIMENSION_TOKEN, DIMENSION_CONTAINER, DIMENSION_FILE,
					     DIMENSION_PROGRAM};
	int r = html_table(report, report->options.by, out);

	(void)context;
	for (size_t i = 0; r == 0 && i < sizeof(all) / sizeof(*all); i++)
		if (all[i] != report->options.by)
			r = html_table(report, all[i], out);
	if (r == 0 && report_several(report) && report->options.by != DIMENSION_NODE)
		r = html_table(report, DIMENSION_NODE, out);
	return r;
}

static void html_nothing(const struct report *report, FILE *out)
{
	AUTO_FREE char *asked = NULL;
	int r = asked_text(&report->options, &asked);

	fprintf(out, "<p>No %stoken was %s.</p>\n", asked || r < 0 ? "such " : "",
		report_whole(report) ? "written" : "seen; there may have been some all the same, see above");
}

int html_page(struct report *report, int (*body)(struct report *report, void *context, FILE *out),
	      void *context, FILE *out)
{
	uint64_t random[2];
	char nonce[40];
	int r = 0;

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	snprintf(nonce, sizeof(nonce), "%016" PRIx64 "%016" PRIx64, random[0], random[1]);
	html_head(report, nonce, out);
	if (report->survey.count)
		r = body(report, context, out);
	else
		html_nothing(report, out);
	fprintf(out,
		"</main>\n<footer><p>A token is disabled by its identifier: <code>PUT "
		"/api/v2/apiTokens/{id}</code>. Who wrote it first is its origin; who passed it on (a log "
		"shipper, a "
		"container runtime, tee) is a carrier. Times are UTC.</p></footer>\n"
		"<script nonce=\"%s\">\n%s</script>\n</body></html>\n",
		nonce, page_js);
	return r;
}

int report_html(struct report *report, FILE *out)
{
	return html_page(report, html_tables, NULL, out);
}
