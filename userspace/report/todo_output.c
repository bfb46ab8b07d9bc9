// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* todo → text, JSON. Commands are never cut: they are there to be copied. */
#include "report/todo.h"

#include "lib/cleanup.h"
#include "lib/period.h"
#include "report/asked.h"
#include "report/json.h"
#include "report/layout.h"
#include "report/shell.h"
#include "store/store.h"
#include "version.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* What is shown without --limit, of each kind. */
#define TODO_TOKENS 25
#define TODO_PLACES 10

/* ECMA-48 SGR */
#define TODO_BOLD "\033[1m"
#define TODO_DIM "\033[2m"
#define TODO_PLAIN "\033[0m"

struct todo_lines {
	struct report *report;
	FILE *out;
	bool colour;
};

static const char *todo_style(const struct todo_lines *lines, const char *style)
{
	return lines->colour ? style : "";
}

/* "  disable   " and the text, in which what would deceive is escaped. */
static int todo_line(const struct todo_lines *lines, const char *style, const char *label, const char *text)
{
	AUTO_FREE char *fit = NULL;
	int r = layout_fit(text, layout_columns(text), &fit);

	if (r < 0)
		return r;
	fprintf(lines->out, "  %s%-9s%s %s%s%s\n", todo_style(lines, TODO_DIM), label,
		todo_style(lines, TODO_PLAIN), todo_style(lines, style), fit,
		*style ? todo_style(lines, TODO_PLAIN) : "");
	return 0;
}

static void todo_more(const struct todo_lines *lines, size_t count, const char *one, const char *many)
{
	char text[64];

	if (count)
		fprintf(lines->out, "  %-9s … and %s more (--limit)\n", "",
			layout_count(count, one, many, text, sizeof(text)));
}

static int todo_place_text(const struct todo_lines *lines, const struct todo_place *place)
{
	const struct remains_item *item = place->item;
	bool still = item->state == REMAINS_STILL;
	AUTO_FREE char *words = NULL;
	AUTO_FREE char *text = NULL;
	AUTO_FREE char *effect = NULL;
	int r = remains_words(item, &words);

	if (r == 0 && asprintf(&text, "%s%s%s%s%s%s", item->node ? item->node : "", item->node ? ":" : "",
			       item->file, *words ? "  (" : "", words, *words ? ")" : "") < 0) {
		text = NULL;
		r = -ENOMEM;
	}
	if (r == 0)
		r = todo_line(lines, still ? TODO_BOLD : "", still ? "still in" : remains_names[item->state],
			      text);
	if (r == 0 && place->command)
		r = todo_line(lines, "", "clean", place->command);
	if (r < 0 || !place->effect)
		return r;
	if (asprintf(&effect, "(%s)", place->effect) < 0) {
		effect = NULL;
		return -ENOMEM;
	}
	return todo_line(lines, TODO_DIM, "", effect);
}

/* The containers that wrote it, by name. */
static int todo_where_text(const struct todo_lines *lines, const struct todo_token *token)
{
	size_t shown = report_limit(lines->report, TODO_PLACES, token->where_count);
	int r = 0;

	for (size_t i = 0; r == 0 && i < shown; i++)
		r = todo_line(lines, "", i ? "" : "written by",
			      labels_shown(&lines->report->labels, DIMENSION_CONTAINER, token->where[i]));
	todo_more(lines, token->where_count - shown, "container", "containers");
	return r;
}

/* " --store FILE", of those that this was read from. */
static int todo_stores(const struct report *report, char **ret_text)
{
	const struct report_options *options = &report->options;
	const char *const *paths = options->stores ? options->stores : &options->store;
	size_t count = options->stores ? options->store_count : 1, size = 0;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);
	int r = out ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < count; i++) {
		AUTO_FREE char *word = NULL;

		if (!paths[i] || (count == 1 && strcmp(paths[i], STORE_PATH) == 0))
			continue;
		r = shell_quote(paths[i], &word);
		if (r == 0)
			fprintf(out, " --store %s", word);
	}
	if (out && fclose(out) != 0)
		r = -ENOMEM;
	if (r < 0) {
		free(text);
		return r;
	}
	*ret_text = text;
	return 0;
}

static int todo_token_text(const struct todo_lines *lines, size_t number, const struct todo_token *token)
{
	size_t shown = report_limit(lines->report, TODO_PLACES, token->place_count);
	char text[4][64], nodes[64] = "", time[PERIOD_TEXT];
	const char *type = labels_type(&lines->report->labels, token->member);
	AUTO_FREE char *identifier = NULL;
	AUTO_FREE char *shown_type = NULL;
	AUTO_FREE char *mark = NULL;
	AUTO_FREE char *word = NULL;
	AUTO_FREE char *stores = NULL;
	int r;

	r = layout_fit(token->identifier, layout_columns(token->identifier), &identifier);
	if (r == 0)
		r = layout_fit(type, layout_columns(type), &shown_type);
	if (r < 0)
		return r;
	fprintf(lines->out, "\n%s%zu. %s%s  %s\n", todo_style(lines, TODO_BOLD), number, identifier,
		todo_style(lines, TODO_PLAIN), shown_type);
	if (report_several(lines->report))
		layout_count(token->nodes, "node, ", "nodes, ", nodes, sizeof(nodes));
	fprintf(lines->out, "  %-9s %s%s, %s, %s, since %s UTC\n", "", nodes,
		layout_count(token->files, "file", "files", text[0], 64),
		layout_count(token->containers, "container", "containers", text[1], 64),
		layout_count(token->writes, "write", "writes", text[2], 64),
		period_human(token->first, time));
	r = todo_line(lines, "", "disable",
		      token->disable ? token->disable : "no call is known for this type of token");
	for (size_t i = 0; r == 0 && i < shown; i++)
		r = todo_place_text(lines, &token->places[i]);
	todo_more(lines, token->place_count - shown, "place", "places");
	if (token->clean)
		fprintf(lines->out,
			"  %-9s %s gone, clean or replaced: copies elsewhere are not looked for\n", "",
			layout_count(token->clean, "file is", "files are", text[3], 64));
	if (token->layer)
		r = r == 0 ? todo_line(lines, "", "images", TODO_IMAGES) : r;
	if (r == 0)
		r = todo_where_text(lines, token);
	if (r == 0)
		r = shell_quote(token->identifier, &word);
	if (r == 0)
		r = todo_stores(lines->report, &stores);
	if (r == 0 && asprintf(&mark, "spillwatch audit%s --mark %s revoked", stores, word) < 0) {
		mark = NULL;
		r = -ENOMEM;
	}
	return r == 0 ? todo_line(lines, "", "then", mark) : r;
}

int todo_text(struct report *report, const struct todo *todo, FILE *out, bool colour)
{
	const struct todo_lines lines = {.report = report, .out = out, .colour = colour};
	size_t shown = report_limit(report, TODO_TOKENS, todo->count);
	const char *before = ", left out: ";
	char text[64], title[64];
	int r = 0;

	fprintf(out, "%s%s to be dealt with on %s%s", todo_style(&lines, TODO_BOLD),
		layout_count(todo->count, "token", "tokens", text, sizeof(text)),
		report_title(report, title, sizeof(title)), todo_style(&lines, TODO_PLAIN));
	for (int i = TRIAGE_NONE + 1; i < TRIAGE_MAX; i++) {
		if (!todo->marked[i])
			continue;
		fprintf(out, "%s%s %s", before, layout_number(todo->marked[i], text), triage_name(i));
		before = ", ";
	}
	fputc('\n', out);
	r = report_coverage(report, out, 0, colour);
	if (todo->count)
		fputs("DT_ENVIRONMENT: the environment's address; DT_ACCOUNT: the account's uuid; DT_HEADER: "
		      "a "
		      "file with the line \"Authorization: …\" of who may disable tokens\n",
		      out);
	for (size_t i = 0; r == 0 && i < shown; i++)
		r = todo_token_text(&lines, i + 1, &todo->tokens[i]);
	if (shown < todo->count)
		fprintf(out, "\n… and %s (--limit)\n",
			layout_count(todo->count - shown, "more token", "more tokens", text, sizeof(text)));
	return r;
}

static json_t *todo_json_time(int64_t time)
{
	char text[PERIOD_TEXT];

	return json_string(period_utc(time, text));
}

static json_t *todo_json_number(uint64_t number)
{
	return json_integer((json_int_t)number);
}

static json_t *todo_json_place(const struct todo_place *place)
{
	const struct remains_item *item = place->item;

	return json_pack("{s:s, s:s*, s:s, s:s*, s:s*, s:s*, s:s*}", "state", remains_names[item->state],
			 "node", item->node, "file", item->file, "moved_to", item->now, "reason", item->why,
			 "clean", place->command, "effect", place->effect);
}

/* What is left out of a list is told beside it. Returns 0 or -ENOMEM. */
static int todo_json_list(json_t *object, const char *name, json_t *list, const char *left, size_t left_out)
{
	if (json_object_set_new(object, name, list) < 0)
		return -ENOMEM;
	return left_out && json_object_set_new(object, left, todo_json_number(left_out)) < 0 ? -ENOMEM : 0;
}

static json_t *todo_json_token(struct report *report, const struct todo_token *token)
{
	size_t places = report_limit(report, 0, token->place_count);
	size_t where = report_limit(report, 0, token->where_count);
	json_t *object, *list = json_array(), *names = json_array();
	int r = list && names ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < places; i++)
		r = json_array_append_new(list, todo_json_place(&token->places[i]));
	for (size_t i = 0; r == 0 && i < where; i++)
		r = json_array_append_new(
			names,
			json_string(labels_shown(&report->labels, DIMENSION_CONTAINER, token->where[i])));
	object = json_pack(
		"{s:s, s:s*, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o*, s:o, s:s*}", "token", token->identifier,
		"type", token->type, "placeholder", token->placeholder, "files",
		todo_json_number(token->files), "containers", todo_json_number(token->containers), "nodes",
		todo_json_number(token->nodes), "writes", todo_json_number(token->writes), "first",
		todo_json_time(token->first), "last", todo_json_time(token->last), "disable",
		token->request ? json_pack("{s:s, s:s*, s:s}", "request", token->request, "body", token->body,
					   "command", token->disable)
			       : NULL,
		"clean", todo_json_number(token->clean), "images", token->layer ? TODO_IMAGES : NULL);
	if (!object || r < 0) {
		json_decref(list);
		json_decref(names);
		json_decref(object);
		return NULL;
	}
	r = todo_json_list(object, "places", list, "places_left_out", token->place_count - places);
	if (r == 0)
		r = todo_json_list(object, "written_by", names, "written_by_left_out",
				   token->where_count - where);
	else
		json_decref(names);
	if (r == 0)
		return object;
	json_decref(object);
	return NULL;
}

int todo_json(struct report *report, const struct todo *todo, FILE *out)
{
	size_t shown = report_limit(report, 0, todo->count);
	json_t *tokens = json_array(), *marked = json_object(), *root;
	int r = 0;

	for (int i = TRIAGE_NONE + 1; i < TRIAGE_MAX; i++)
		json_object_set_new(marked, triage_name(i), todo_json_number(todo->marked[i]));
	for (size_t i = 0; r == 0 && i < shown; i++)
		r = json_array_append_new(tokens, todo_json_token(report, &todo->tokens[i]));
	root = json_pack("{s:s, s:o, s:s, s:o*, s:o*, s:o, s:o, s:o, s:o*, s:o}", "version",
			 SPILLWATCH_VERSION, "generated", todo_json_time(report->generated), "host",
			 report->host, "stores_unread", report_json_unread(report), "filters",
			 asked_json(&report->options), "coverage", report_json_coverage(report), "marked",
			 marked, "token_count", todo_json_number(todo->count), "tokens_left_out",
			 shown < todo->count ? todo_json_number(todo->count - shown) : NULL, "tokens",
			 tokens);
	if (r == 0 && root) {
		json_dumpf(root, out, JSON_INDENT(1) | JSON_PRESERVE_ORDER | JSON_ENSURE_ASCII);
		fputc('\n', out);
	} else {
		r = -ENOMEM;
	}
	json_decref(root);
	return r;
}
