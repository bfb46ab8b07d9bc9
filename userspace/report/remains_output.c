// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* remains → table, JSON, CSV. */
#include "report/remains.h"

#include "lib/cleanup.h"
#include "report/asked.h"
#include "report/csv_cell.h"
#include "report/json.h"
#include "report/layout.h"
#include "lib/period.h"
#include "version.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

const char *const remains_names[REMAINS_MAX] = {
#define REMAINS_NAME(id, name) name,
	REMAINS_STATES(REMAINS_NAME)
#undef REMAINS_NAME
};

int remains_words(const struct remains_item *item, char **ret_text)
{
	char places[REMAINS_OFFSETS * 24] = "", *at = places;
	size_t named = 0;
	int r;

	for (; named < item->found && named < REMAINS_OFFSETS; named++)
		at += snprintf(at, 24, "%s%" PRIu64, named ? ", " : "at byte ", item->offsets[named]);
	if (item->packed)
		return asprintf(ret_text, "packed, in %s", item->now ? item->now : item->file) < 0 ? -ENOMEM
												   : 0;
	if (item->link && item->found)
		return asprintf(ret_text, "%s of what the link leads to", places) < 0 ? -ENOMEM : 0;
	if (item->found > named)
		r = asprintf(ret_text, "%s and %zu more places%s%s", places, item->found - named,
			     item->now ? ", in " : "", item->now ? item->now : "");
	else if (item->found)
		r = asprintf(ret_text, "%s%s%s", places, item->now ? ", in " : "",
			     item->now ? item->now : "");
	else if (item->now)
		r = asprintf(ret_text, "%s%smoved to %s", item->why ? item->why : "", item->why ? "; " : "",
			     item->now);
	else
		r = asprintf(ret_text, "%s", item->why ? item->why : "");
	return r < 0 ? -ENOMEM : 0;
}

int remains_file_text(const struct remains_item *item, char **ret_text)
{
	return asprintf(ret_text, "%s%s%s", item->node ? item->node : "", item->node ? ":" : "", item->file) <
			       0
		       ? -ENOMEM
		       : 0;
}

static int remains_row(const struct remains_item *item, FILE *out, int width, bool colour)
{
	static const char *const styles[REMAINS_MAX] = {
		[REMAINS_STILL] = "\033[1;31m", [REMAINS_UNREADABLE] = "\033[33m",
		[REMAINS_UNKNOWN] = "\033[33m", [REMAINS_REPLACED] = "",
		[REMAINS_GONE] = "\033[2m",     [REMAINS_CLEAN] = "\033[32m",
	};
	/* "still there  " and the identifier with two blanks */
	int used = 13 + TOKEN_IDENTIFIER_MAX + 2;
	AUTO_FREE char *words = NULL;
	AUTO_FREE char *shown = NULL;
	AUTO_FREE char *whose = NULL;
	AUTO_FREE char *file = NULL;
	AUTO_FREE char *fit = NULL;
	int r = remains_words(item, &words);

	if (r == 0)
		r = remains_file_text(item, &shown);
	if (r == 0)
		r = layout_fit(shown, width ? width - used : layout_columns(shown), &file);
	if (r == 0)
		r = layout_fit(words, width ? width - 13 : layout_columns(words), &fit);
	if (r == 0 && item->container_label)
		r = layout_fit(item->container_label,
			       width ? width - 16 : layout_columns(item->container_label), &whose);
	if (r < 0)
		return r;
	fprintf(out, "%s%-11s%s  %-*s  %s\n", colour ? styles[item->state] : "", remains_names[item->state],
		colour ? "\033[0m" : "", TOKEN_IDENTIFIER_MAX, item->token, file);
	if (whose)
		fprintf(out, "%13s%sof %s%s\n", "", colour ? "\033[2m" : "", whose, colour ? "\033[0m" : "");
	if (item->mark)
		fprintf(out, "%13s%s\n", "", triage_name(item->mark->state));
	if (fit && *fit)
		fprintf(out, "%13s%s%s%s\n", "", colour ? "\033[2m" : "", fit, colour ? "\033[0m" : "");
	return 0;
}

int remains_table(const struct report *report, const struct remains *remains, FILE *out, int width,
		  bool colour)
{
	size_t shown = report_limit(report, 0, remains->count);
	const char *before = ":";
	char text[64];
	int r = 0;

	if (width && width < 60)
		width = 60;
	if (remains->count)
		fprintf(out, "%s%-11s  %-*s  FILE%s\n", colour ? "\033[2m" : "", "STATE",
			TOKEN_IDENTIFIER_MAX, "TOKEN", colour ? "\033[0m" : "");
	for (size_t i = 0; r == 0 && i < shown; i++)
		r = remains_row(&remains->items[i], out, width, colour);
	if (shown < remains->count)
		fprintf(out, "… and %s\n",
			layout_count(remains->count - shown, "more", "more", text, sizeof(text)));
	fprintf(out, "%s%s", remains->count ? "\n" : "",
		layout_count(remains->count, "token in a file", "tokens in files", text, sizeof(text)));
	for (int i = 0; i < REMAINS_MAX; i++) {
		if (!remains->counts[i])
			continue;
		fprintf(out, "%s %s %s", before, layout_number(remains->counts[i], text), remains_names[i]);
		before = ",";
	}
	fputc('\n', out);
	return r;
}

static json_t *remains_json_item(const struct remains_item *item)
{
	json_t *offsets = item->found && !item->packed ? json_array() : NULL;

	for (size_t i = 0; offsets && i < item->found && i < REMAINS_OFFSETS; i++)
		json_array_append_new(offsets, json_integer((json_int_t)item->offsets[i]));
	return json_pack("{s:s, s:s*, s:s, s:o*, s:o*, s:s, s:s*, s:s*, s:I, s:o*, s:o*}", "state",
			 remains_names[item->state], "node", item->node, "file", item->file, "container",
			 item->container ? report_json_container(item->container) : NULL, "orchestrator",
			 item->container ? report_json_pod(item->container) : NULL, "token", item->token,
			 "moved_to", item->now, "reason", item->why, "found", (json_int_t)item->found,
			 "offsets", offsets, "mark", report_json_mark(item->mark));
}

int remains_json(const struct report *report, const struct remains *remains, FILE *out)
{
	size_t shown = report_limit(report, 0, remains->count);
	json_t *counts = json_object(), *items = json_array(), *root;
	char generated[PERIOD_TEXT];
	int r = 0;

	for (int i = 0; i < REMAINS_MAX; i++)
		json_object_set_new(counts, remains_names[i], json_integer((json_int_t)remains->counts[i]));
	for (size_t i = 0; r == 0 && i < shown; i++)
		r = json_array_append_new(items, remains_json_item(&remains->items[i]));
	root = json_pack("{s:s, s:s, s:s, s:o*, s:o*, s:o, s:o, s:I, s:o*, s:o}", "version",
			 SPILLWATCH_VERSION, "generated", period_utc(report->generated, generated), "host",
			 report->host, "stores_unread", report_json_unread(report), "filters",
			 asked_json(&report->options), "coverage", report_json_coverage(report), "counts",
			 counts, "file_count", (json_int_t)remains->count, "files_left_out",
			 shown < remains->count ? json_integer((json_int_t)(remains->count - shown)) : NULL,
			 "files", items);
	if (r == 0 && root) {
		json_dumpf(root, out, JSON_INDENT(1) | JSON_PRESERVE_ORDER | JSON_ENSURE_ASCII);
		fputc('\n', out);
	} else {
		r = -ENOMEM;
	}
	json_decref(root);
	return r;
}

int remains_csv(const struct report *report, const struct remains *remains, FILE *out)
{
	size_t shown = report_limit(report, 0, remains->count);

	fputs("state,token,file,found,first_offset,moved_to,reason,mark,node,container_id,container,"
	      "namespace,pod\r\n",
	      out);
	for (size_t i = 0; i < shown; i++) {
		const struct remains_item *item = &remains->items[i];
		const struct fact *whose = item->container;
		char found[24], offset[24] = "";

		snprintf(found, sizeof(found), "%zu", item->found);
		if (item->found && !item->packed)
			snprintf(offset, sizeof(offset), "%" PRIu64, item->offsets[0]);
		csv_cells(out,
			  (const char *const[]){
				  remains_names[item->state], item->token, item->file, found, offset,
				  item->now, item->why, item->mark ? triage_name(item->mark->state) : NULL,
				  report_several(report) ? item->node : report->host,
				  whose ? whose->container_id : NULL, whose ? whose->container_name : NULL,
				  whose ? whose->pod_namespace : NULL, whose ? whose->pod : NULL},
			  13);
	}
	return 0;
}
