// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* remains → the page of HTML: what is still there first. Every text passes html_text(). */
#include "report/remains.h"

#include "lib/cleanup.h"
#include "report/html_table.h"
#include "report/html_text.h"
#include "report/layout.h"

#include <errno.h>

/* Rows that are shown without --limit. */
#define REMAINS_ROWS 1000

static void remains_cell(FILE *out, const char *class, const char *text)
{
	fprintf(out, "<td><bdi class=\"%s\">", class);
	html_text(out, text);
	fputs("</bdi>", out);
}

static int remains_html_row(const struct remains_item *item, FILE *out)
{
	AUTO_FREE char *words = NULL;
	AUTO_FREE char *file = NULL;
	int r = remains_words(item, &words);

	if (r == 0)
		r = remains_file_text(item, &file);
	if (r < 0)
		return r;
	fprintf(out, "<tr><td>%s</td>", remains_names[item->state]);
	remains_cell(out, "mono token", item->token);
	if (item->mark)
		fprintf(out, "<small><span class=\"tag\">%s</span></small>", triage_name(item->mark->state));
	fputs("</td>", out);
	remains_cell(out, "mono", file);
	if (*words) {
		fputs("<small>", out);
		html_text(out, words);
		fputs("</small>", out);
	}
	fputs("</td>", out);
	remains_cell(out, "mono", item->container_label ? item->container_label : "");
	if (item->container && item->container->image) {
		fputs("<small>", out);
		html_text(out, item->container->image);
		fputs("</small>", out);
	}
	fputs("</td></tr>\n", out);
	return 0;
}

static int remains_html_table(struct report *report, void *context, FILE *out)
{
	const struct remains *remains = context;
	size_t shown = report_limit(report, REMAINS_ROWS, remains->count);
	char number[2][LAYOUT_NUMBER], all[64];
	int r = 0;

	if (shown < remains->count)
		snprintf(all, sizeof(all), "the first %s of %s", layout_number(shown, number[0]),
			 layout_number(remains->count, number[1]));
	else
		layout_number(remains->count, all);
	fprintf(out,
		"<section><h2>What is still there<small data-count=\"remains\" "
		"data-all=\"%s\">%s</small></h2>\n<p>",
		all, all);
	for (int i = 0; i < REMAINS_MAX; i++)
		fprintf(out, "%s%s %s", i ? ", " : "", layout_number(remains->counts[i], number[0]),
			remains_names[i]);
	fputs(".</p>\n<div class=\"wide\"><table id=\"remains\"><thead><tr><th data-sort=\"text\">State</th>"
	      "<th data-sort=\"text\">Token</th><th data-sort=\"text\">File</th>"
	      "<th data-sort=\"text\">Container</th></tr></thead>\n<tbody>\n",
	      out);
	for (size_t i = 0; r == 0 && i < shown; i++)
		r = remains_html_row(&remains->items[i], out);
	fputs("</tbody></table></div></section>\n", out);
	return r;
}

int remains_html(struct report *report, struct remains *remains, FILE *out)
{
	return html_page(report, remains_html_table, remains, out);
}
