// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* grouping → rows of HTML. Every text passes html_text(). */
#include "report/html_table.h"

#include "lib/cleanup.h"
#include "report/derived.h"
#include "report/html_text.h"
#include "report/layout.h"

#include <errno.h>
#include <string.h>

/* What is shown without --limit: rows of a table, entries of a list in one. */
#define HTML_ROWS 1000
#define HTML_ENTRIES 25
/* more carriers than these are folded */
#define HTML_UNFOLDED 4

struct html_kind {
	const char *id, *title, *subject;
	bool distinct[DIMENSION_MAX]; /* which counts have a column */
};

static const struct html_kind html_kinds[DIMENSION_MAX] = {
	[DIMENSION_TOKEN] = {"leaks", "Leaks", "Token", {[DIMENSION_FILE] = true}},
	[DIMENSION_FILE] = {"files", "Files", "File", {[DIMENSION_TOKEN] = true, [DIMENSION_PROGRAM] = true}},
	[DIMENSION_PROGRAM] =
		{"programs",
		 "Programs",
		 "Program",
		 {[DIMENSION_TOKEN] = true, [DIMENSION_FILE] = true, [DIMENSION_CONTAINER] = true}},
	[DIMENSION_CONTAINER] =
		{"containers",
		 "Containers",
		 "Container",
		 {[DIMENSION_TOKEN] = true, [DIMENSION_FILE] = true, [DIMENSION_PROGRAM] = true}},
	[DIMENSION_NODE] =
		{"nodes",
		 "Nodes",
		 "Node",
		 {[DIMENSION_TOKEN] = true, [DIMENSION_FILE] = true, [DIMENSION_CONTAINER] = true}},
	/* its words are those of its kind */
	[DIMENSION_DERIVED] =
		{"others",
		 NULL,
		 NULL,
		 {[DIMENSION_TOKEN] = true, [DIMENSION_FILE] = true, [DIMENSION_CONTAINER] = true}},
};

static const char *const html_columns[DIMENSION_DERIVED] = {"Tokens", "Files", "Programs", "Containers",
							    "Nodes"};

/* Has it a column of how many there are in a row? */
static bool html_counts(const struct report *report, enum dimension dimension, int of)
{
	if (of == DIMENSION_NODE)
		return report_several(report) &&
		       (dimension == DIMENSION_TOKEN || dimension == DIMENSION_PROGRAM ||
			dimension == DIMENSION_DERIVED);
	return html_kinds[dimension].distinct[of];
}

static void html_bdi(FILE *out, const char *class, const char *text)
{
	fprintf(out, "<bdi class=\"%s\">", class);
	html_text(out, text);
	fputs("</bdi>", out);
}

/* "python3.11 in shop/checkout", "dockerd for web-1" */
static void html_writer(struct report *report, const struct survey_fact *fact, FILE *out)
{
	uint32_t container = fact->member[DIMENSION_CONTAINER];

	html_bdi(out, "mono", labels_program(&report->labels, fact->member[DIMENSION_PROGRAM]));
	if (survey_is_host(&report->survey, container) && !report_several(report))
		return;
	fputs(fact->relayed ? " for " : fact->outside ? " into " : " in ", out);
	html_bdi(out, "mono", labels_shown(&report->labels, DIMENSION_CONTAINER, container));
}

/* A cell that can be opened: which tokens, files, places a row stands for. */
static void html_list_begin(FILE *out, size_t count, const char *one, const char *many)
{
	char text[64];

	fprintf(out, "<details><summary>%s</summary><ul>",
		layout_count(count, one, many, text, sizeof(text)));
}

static void html_list_end(FILE *out, size_t left_out)
{
	char text[LAYOUT_NUMBER];

	if (left_out)
		fprintf(out, "<li class=\"dim\">and %s more</li>", layout_number(left_out, text));
	fputs("</ul></details>", out);
}

static void html_places(struct report *report, const struct group *group, FILE *out)
{
	size_t shown = report_limit(report, HTML_ENTRIES, group->count);
	char number[LAYOUT_NUMBER];

	html_list_begin(out, group->count, "place", "places");
	for (size_t i = 0; i < shown; i++) {
		const struct survey_fact *fact = &report->survey.facts[group->facts[i]];

		fputs("<li>", out);
		html_bdi(out, "mono",
			 labels_shown(&report->labels, DIMENSION_FILE, fact->member[DIMENSION_FILE]));
		fputs(" <span class=\"dim\">by</span> ", out);
		html_writer(report, fact, out);
		fprintf(out, " <span class=\"dim\">%s×</span></li>", layout_number(fact->count, number));
	}
	html_list_end(out, group->count - shown);
}

static void html_carriers(struct report *report, const uint32_t *carriers, size_t count, FILE *out)
{
	size_t shown = report_limit(report, HTML_ENTRIES, count);
	bool folded = count > HTML_UNFOLDED;

	if (!count)
		fputs("<span class=\"dim\">none</span>", out);
	if (folded)
		html_list_begin(out, count, "carrier", "carriers");
	for (size_t i = 0; i < shown; i++) {
		fputs(folded ? "<li>" : "<div>↳ ", out);
		html_writer(report, &report->survey.facts[carriers[i]], out);
		fputs(folded ? "</li>" : "</div>", out);
	}
	if (folded)
		html_list_end(out, count - shown);
}

/* Origin, first file, carriers. */
static int html_leak(struct report *report, struct group *group, FILE *out)
{
	const struct survey_fact *origin =
		leaks_origin(&report->leaks, &report->survey.facts[group->facts[0]]);
	AUTO_FREE uint32_t *carriers = NULL;
	size_t count = 0;
	int r = leaks_carriers(&report->leaks, group, &carriers, &count);

	if (r < 0)
		return r;
	fputs("<td>", out);
	html_writer(report, origin, out);
	if (origin->relayed)
		fputs("<small>the container has printed it</small>", out);
	if (leaks_relayed(&report->leaks, origin))
		fputs("<small>a relay: who gave it the token was not seen</small>", out);
	fputs("</td><td>", out);
	html_bdi(out, "mono", labels_shown(&report->labels, DIMENSION_FILE, origin->member[DIMENSION_FILE]));
	if (group->count > 1)
		html_places(report, group, out);
	fprintf(out, "</td><td data-v=\"%zu\">", count);
	html_carriers(report, carriers, count, out);
	fputs("</td>", out);
	return 0;
}

/* Behind what has no column of its own: which tokens. */
static int html_tokens(struct report *report, const struct group *group, FILE *out)
{
	struct grouping tokens;
	size_t shown;
	int r = grouping_make(&report->survey, &report->scratch, DIMENSION_TOKEN, group->facts, group->count,
			      &tokens);

	if (r < 0)
		return r;
	shown = report_limit(report, HTML_ENTRIES, tokens.count);
	fputs("<td>", out);
	if (tokens.count == 1) {
		html_bdi(out, "mono token",
			 labels_text(&report->labels, DIMENSION_TOKEN, tokens.groups[0].member));
	} else {
		html_list_begin(out, tokens.count, "token", "tokens");
		for (size_t i = 0; i < shown; i++) {
			fputs("<li>", out);
			html_bdi(out, "mono token",
				 labels_text(&report->labels, DIMENSION_TOKEN, tokens.groups[i].member));
			fputs("</li>", out);
		}
		html_list_end(out, tokens.count - shown);
	}
	fputs("</td>", out);
	grouping_free(&tokens);
	return 0;
}

/* What was decided of a token. */
static int html_mark(struct report *report, const struct group *group, FILE *out)
{
	const struct mark *mark = marks_of(&report->marks, group->member);
	AUTO_FREE char *text = NULL;
	int r = mark ? marks_text(mark, &text) : 0;

	if (r < 0 || !mark)
		return r;
	fprintf(out, "<small><span class=\"tag\">%s</span> ", triage_name(mark->state));
	/* its first word is the tag's */
	html_text(out, strchr(text, ' ') + 1);
	fputs("</small>", out);
	return 0;
}

/* The row's name, and what belongs to it. */
static int html_subject(struct report *report, enum dimension dimension, const struct group *group, FILE *out)
{
	const struct fact *container = NULL;
	int r = 0;
	struct reader_fact row = survey_row(&report->survey, &report->survey.facts[group->facts[0]]);
	struct fact fact;

	fputs("<td>", out);
	html_bdi(out, dimension == DIMENSION_TOKEN ? "mono token" : "mono",
		 labels_shown(&report->labels, dimension, group->member));
	if (dimension == DIMENSION_CONTAINER)
		container = labels_container(&report->labels, group->member);
	if (container && (container->runtime || container->image)) {
		fputs("<small>", out);
		html_text(out, container->runtime);
		fputs(container->runtime && container->image ? " · " : "", out);
		html_text(out, container->image);
		fputs(" <span class=\"mono\">", out);
		html_text(out, container->container_id);
		fputs("</span>", out);
		/* a name may be another one's as well, or was */
		if (container->created && strcmp(container->container_id, container->container) != 0) {
			fputs(" created ", out);
			html_text(out, container->created);
		}
		fputs("</small>", out);
	}
	if (dimension == DIMENSION_TOKEN && reader_fact(report->reader, &row, &fact) == 0) {
		fputs("<small>", out);
		html_text(out, fact.token_type);
		if (fact.placeholder)
			fputs(" <span class=\"tag\">placeholder</span>", out);
		fputs("</small>", out);
		fact_free(&fact);
	}
	if (dimension == DIMENSION_TOKEN)
		r = html_mark(report, group, out);
	fputs("</td>", out);
	return r;
}

static int html_row(struct report *report, enum dimension dimension, struct group *group, FILE *out)
{
	int r;

	group_order(&report->survey, group);
	fputs("<tr>", out);
	r = html_subject(report, dimension, group, out);
	if (r == 0)
		r = dimension == DIMENSION_TOKEN ? html_leak(report, group, out)
						 : html_tokens(report, group, out);
	for (int d = 0; d < DIMENSION_DERIVED; d++)
		if (html_counts(report, dimension, d))
			html_cell_number(out, group->distinct[d]);
	html_cell_number(out, group->writes);
	html_cell_time(out, group->first);
	html_cell_time(out, group->last);
	fputs("</tr>\n", out);
	return r;
}

static void html_headings(const struct report *report, enum dimension dimension, FILE *out)
{
	const struct html_kind *kind = &html_kinds[dimension];

	fprintf(out, "<thead><tr><th data-sort=\"text\">%s</th>",
		kind->subject ? kind->subject : derived_words[report->options.survey.derived].title);
	if (dimension == DIMENSION_TOKEN)
		fputs("<th data-sort=\"text\">Origin</th><th data-sort=\"text\">First written to</th>"
		      "<th data-sort=\"number\">Carriers</th>",
		      out);
	else
		fputs("<th data-sort=\"text\">Which</th>", out);
	for (int d = 0; d < DIMENSION_DERIVED; d++)
		if (html_counts(report, dimension, d))
			fprintf(out, "<th class=\"n\" data-sort=\"number\">%s</th>", html_columns[d]);
	fputs("<th class=\"n\" data-sort=\"number\">Writes</th><th data-sort=\"number\">First</th>"
	      "<th data-sort=\"number\">Last</th></tr></thead>\n",
	      out);
}

int html_table(struct report *report, enum dimension dimension, FILE *out)
{
	const struct html_kind *kind = &html_kinds[dimension];
	char all[64], first[LAYOUT_NUMBER], number[LAYOUT_NUMBER];
	struct grouping groups;
	size_t shown;
	int r = grouping_make(&report->survey, &report->scratch, dimension, NULL, report->survey.count,
			      &groups);

	if (r < 0)
		return r;
	shown = report_limit(report, HTML_ROWS, groups.count);
	if (shown < groups.count)
		snprintf(all, sizeof(all), "the first %s of %s", layout_number(shown, first),
			 layout_number(groups.count, number));
	else
		layout_number(groups.count, all);
	fprintf(out,
		"<section><h2>%s<small data-count=\"%s\" data-all=\"%s\">%s</small></h2>\n"
		"<div class=\"wide\"><table id=\"%s\">\n",
		kind->title ? kind->title : derived_words[report->options.survey.derived].titles, kind->id,
		all, all, kind->id);
	html_headings(report, dimension, out);
	fputs("<tbody>\n", out);
	for (size_t i = 0; r == 0 && i < shown; i++)
		r = html_row(report, dimension, &groups.groups[i], out);
	fputs("</tbody></table></div></section>\n", out);
	grouping_free(&groups);
	return r;
}
