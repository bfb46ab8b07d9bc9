// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * report → JSON, by share/audit.schema.json; written as it goes, a row a line, so that a million entries need no memory. And
 * JSON lines, which are such rows, for other programs.
 * The entries' names are those of alerts (share/alert.schema.json) where they mean the same.
 *
 * As in alert/json.c each object is made by one json_pack(), and NULL in any part makes the whole NULL; with * behind
 * it, what is NULL is left out.
 */
#include "report/json.h"

#include "lib/cleanup.h"
#include "lib/period.h"
#include "report/asked.h"
#include "version.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

static json_t *json_time(int64_t time)
{
	char text[PERIOD_TEXT];

	return json_string(period_utc(time, text));
}

static json_t *json_mark(bool set)
{
	return set ? json_true() : NULL;
}

static json_t *json_number(uint64_t number)
{
	return json_integer((json_int_t)number);
}

/* The names it had before; NULL: none. */
static json_t *json_former(const char *former)
{
	json_t *names = former && *former ? json_array() : NULL;
	const char *end;

	for (const char *at = names ? former + 1 : NULL; at && (end = strchr(at, '\n')); at = end + 1)
		json_array_append_new(names, json_stringn(at, (size_t)(end - at)));
	return names;
}

static json_t *json_image(const struct fact *fact)
{
	if (!fact->image && !fact->digest)
		return NULL;
	return json_pack("{s:s*, s:s*}", "name", fact->image, "digest", fact->digest);
}

/* Left out if nothing of it is known. */
json_t *report_json_container(const struct fact *fact)
{
	if (!fact->container_id)
		return NULL;
	return json_pack("{s:s, s:s*, s:s*, s:s*, s:s*, s:o*, s:o*, s:o*, s:o*, s:o*, s:o*}", "id",
			 fact->container_id, "runtime", fact->runtime, "namespace", fact->namespace,
			 "created", fact->created, "name", fact->container_name, "former_names",
			 json_former(fact->former), "image", json_image(fact), "outer",
			 fact->outer ? json_pack("{s:s}", "id", fact->outer) : NULL, "exec",
			 json_mark(fact->exec), "relayed", json_mark(fact->relayed), "outside",
			 json_mark(fact->outside));
}

json_t *report_json_pod(const struct fact *fact)
{
	bool podman = fact->runtime && strcmp(fact->runtime, "podman") == 0;

	if (!fact->pod)
		return NULL;
	return json_pack("{s:s, s:s*, s:{s:s, s:s, s:s*}}", "type", podman ? "podman" : "kubernetes",
			 "namespace", fact->pod_namespace, "resource", "type", "pod", "name", fact->pod, "id",
			 fact->pod_uid);
}

static json_t *json_file(const struct fact *fact)
{
	bool known = fact->inode != 0;

	return json_pack("{s:s, s:s*, s:s*, s:s*, s:o*, s:o*, s:o*, s:o*, s:s*}", "path",
			 fact->file_path ? fact->file_path : fact->file, "host_path",
			 fact->file_path ? fact->file : NULL, "place", fact->place, "type", fact->file_type,
			 "path_truncated", json_mark(fact->path_truncated), "deleted",
			 json_mark(fact->deleted), "inode",
			 known ? json_sprintf("%" PRIu64, fact->inode) : NULL, "device",
			 known ? json_sprintf("%u:%u", fact->dev_major, fact->dev_minor) : NULL, "fs_type",
			 fact->fs_type);
}

static json_t *json_process(const struct fact *fact)
{
	return json_pack("{s:s, s:s*, s:o, s:s*, s:s*, s:s*}", "executable", fact->program, "name",
			 fact->process, "pid", json_number(fact->pid), "command_line", fact->command_line,
			 "script", fact->script, "unit", fact->unit);
}

json_t *report_json_mark(const struct mark *mark)
{
	if (!mark)
		return NULL;
	return json_pack("{s:s, s:s*, s:o}", "state", triage_name(mark->state), "note", mark->note, "time",
			 json_time(mark->time));
}

/* Of several stores' reports: where it was. NULL: not told. */
static const char *json_node(struct report *report, const struct survey_fact *fact)
{
	return report_several(report)
		       ? labels_text(&report->labels, DIMENSION_NODE, fact->member[DIMENSION_NODE])
		       : NULL;
}

/* An entry of the store. NULL: it was removed meanwhile, or memory is missing (*failed). */
static json_t *json_entry(struct report *report, const struct survey_fact *entry, bool *failed)
{
	struct reader_fact row = survey_row(&report->survey, entry);
	AUTO_FREE char *message = NULL;
	json_t *json;
	struct fact fact;
	int r = reader_fact(report->reader, &row, &fact);

	*failed = r < 0 && r != -ENOENT;
	if (r < 0)
		return NULL;
	if (fact_message(&fact, &message) < 0)
		message = NULL;
	json = json_pack(
		"{s:{s:s, s:s*, s:b, s:o*}, s:s, s:o, s:o, s:o, s:o, s:o, s:{s:s, s:s*}, s:o*, "
		"s:o*, s:{s:s*, "
		"s:s*, s:s*}, s:s, s:o*, s:o*, s:s*}",
		"token", "identifier", fact.token, "type", fact.token_type, "placeholder", fact.placeholder,
		"mark", report_json_mark(marks_of(&report->marks, entry->member[DIMENSION_TOKEN])), "role",
		leaks_role(&report->leaks, entry), "writes", json_number(fact.count), "first",
		json_time(fact.first), "last", json_time(fact.last), "file", json_file(&fact), "process",
		json_process(&fact), "user", "id", "", "name", fact.user, "container",
		report_json_container(&fact), "orchestrator", report_json_pod(&fact), "write", "syscall",
		fact.syscall, "seen_by", fact.seen_by, "part", fact.part, "message", message, "rule",
		fact.rule ? json_pack("{s:s}", "name", fact.rule) : NULL, "severity",
		fact.severity ? json_number(fact.severity) : NULL, "node", json_node(report, entry));
	if (json) {
		char uid[16];

		snprintf(uid, sizeof(uid), "%" PRIu32, fact.uid);
		json_object_set_new(json_object_get(json, "user"), "id", json_string(uid));
	}
	*failed = !json;
	fact_free(&fact);
	return json;
}

static json_t *json_entries(struct report *report, const uint32_t *facts, size_t count)
{
	json_t *list = json_array();
	bool failed = !list;

	for (size_t i = 0; !failed && i < count; i++) {
		json_t *entry = json_entry(report, &report->survey.facts[facts[i]], &failed);

		if (entry)
			failed = json_array_append_new(list, entry) < 0;
	}
	if (!failed)
		return list;
	json_decref(list);
	return NULL;
}

/* Who wrote, in short. */
static json_t *json_writer(struct report *report, const struct survey_fact *fact)
{
	struct labels *labels = &report->labels;
	uint32_t program = fact->member[DIMENSION_PROGRAM];
	struct fact container = *labels_container(labels, fact->member[DIMENSION_CONTAINER]);

	container.relayed = fact->relayed;
	container.outside = fact->outside;
	return json_pack("{s:s, s:s*, s:o*, s:s, s:o, s:b}", "executable",
			 labels_text(labels, DIMENSION_PROGRAM, program), "node", json_node(report, fact),
			 "container", report_json_container(&container), "file",
			 labels_text(labels, DIMENSION_FILE, fact->member[DIMENSION_FILE]), "first",
			 json_time(fact->first), "relay",
			 (int)(fact->relayed || report->leaks.relays[program]));
}

/* The nodes that a leak lies on, as many as there are stores at most. */
static json_t *json_nodes(struct report *report, const struct group *group)
{
	struct grouping nodes = {0};
	json_t *list = json_array();
	bool whole = grouping_make(&report->survey, &report->scratch, DIMENSION_NODE, group->facts,
				   group->count, &nodes) == 0;

	for (size_t i = 0; list && whole && i < nodes.count; i++)
		whole = json_array_append_new(list, json_string(labels_text(&report->labels, DIMENSION_NODE,
									    nodes.groups[i].member))) == 0;
	grouping_free(&nodes);
	if (whole)
		return list;
	json_decref(list);
	return NULL;
}

/* Of a leak: its origin, its carriers, what was decided of it. Returns 0 or -ENOMEM. */
static int json_leak(struct report *report, struct group *group, json_t *row)
{
	const struct survey_fact *any = &report->survey.facts[group->facts[0]];
	AUTO_FREE uint32_t *carriers = NULL;
	json_t *list = json_array();
	const struct mark *mark = marks_of(&report->marks, group->member);
	size_t count = 0, shown;
	int r = leaks_carriers(&report->leaks, group, &carriers, &count);

	shown = report_limit(report, 0, count);
	for (size_t i = 0; r == 0 && i < shown; i++)
		r = json_array_append_new(list, json_writer(report, &report->survey.facts[carriers[i]]));
	if (r == 0)
		r = json_object_set_new(row, "origin",
					json_writer(report, leaks_origin(&report->leaks, any)));
	if (r == 0)
		r = json_object_set(row, "carriers", list);
	if (r == 0 && report_several(report))
		r = json_object_set_new(row, "node_names", json_nodes(report, group));
	if (r == 0 && mark)
		r = json_object_set_new(row, "mark", report_json_mark(mark));
	if (r == 0 && shown < count)
		r = json_object_set_new(row, "carriers_left_out", json_number(count - shown));
	json_decref(list);
	return r < 0 ? -ENOMEM : 0;
}

/* What the row is about, by its own name. */
static int json_subject(struct report *report, const struct group *group, json_t *row)
{
	const enum dimension by = report->options.by;
	const char *label = labels_text(&report->labels, by, group->member);
	json_t *container = NULL;

	if (by == DIMENSION_CONTAINER)
		container = report_json_container(labels_container(&report->labels, group->member));
	if (container && json_object_set_new(row, "details", container) < 0)
		return -ENOMEM;
	if (report_several(report) && (by == DIMENSION_CONTAINER || by == DIMENSION_FILE) &&
	    json_object_set_new(row, "node", json_string(labels_node(&report->labels, by, group->member))) <
		    0)
		return -ENOMEM;
	return json_object_set_new(row, report_by(&report->options), json_string(label)) < 0 ? -ENOMEM : 0;
}

/* All but writing it out. NULL: memory is missing. */
static json_t *json_group(struct report *report, struct group *group)
{
	size_t shown = report_limit(report, 0, group->count);
	json_t *row, *entries;
	int r;

	group_order(&report->survey, group);
	row = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "tokens",
			json_number(group->distinct[DIMENSION_TOKEN]), "files",
			json_number(group->distinct[DIMENSION_FILE]), "processes",
			json_number(group->distinct[DIMENSION_PROGRAM]), "containers",
			json_number(group->distinct[DIMENSION_CONTAINER]), "nodes",
			json_number(group->distinct[DIMENSION_NODE]), "writes", json_number(group->writes),
			"first", json_time(group->first), "last", json_time(group->last));
	r = row ? json_subject(report, group, row) : -ENOMEM;
	if (r == 0 && report->options.by == DIMENSION_TOKEN)
		r = json_leak(report, group, row);
	if (r == 0 && shown < group->count &&
	    json_object_set_new(row, "entries_left_out", json_number(group->count - shown)) < 0)
		r = -ENOMEM;
	entries = r == 0 ? json_entries(report, group->facts, shown) : NULL;
	if (r == 0 && (!entries || json_object_set_new(row, "entries", entries) < 0))
		r = -ENOMEM;
	if (r == 0)
		return row;
	json_decref(row);
	return NULL;
}

/* What it reads is locked once and not for each text, and not while somebody is waited for who reads us. NULL: memory is missing. */
static json_t *json_read(struct report *report, struct group *group)
{
	json_t *row;

	if (reader_begin(report->reader) < 0)
		return NULL;
	row = json_group(report, group);
	reader_end(report->reader);
	return row;
}

static int json_row(struct report *report, struct group *group, FILE *out)
{
	json_t *row = json_read(report, group);

	if (!row)
		return -ENOMEM;
	json_dumpf(row, out, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_ENSURE_ASCII);
	json_decref(row);
	return 0;
}

static json_t *json_timeline(const struct survey *survey)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < survey->hour_count; i++) {
		json_t *hour;

		if (!survey->hours[i])
			continue;
		hour = json_pack("{s:o, s:o}", "hour",
				 json_time((survey->hour + (int64_t)i) * 3600 * 1000000), "writes",
				 json_number(survey->hours[i]));
		if (json_array_append_new(list, hour) == 0)
			continue;
		json_decref(list);
		return NULL;
	}
	return list;
}

static json_t *json_span(const struct coverage_span *span)
{
	return json_pack("{s:o, s:o}", "from", json_time(span->from), "until", json_time(span->until));
}

static json_t *json_loss(const struct coverage_loss *loss)
{
	return json_pack("{s:o, s:o, s:s, s:s, s:o, s:s*}", "since", json_time(loss->since), "until",
			 json_time(loss->until), "counter", loss->counter, "text", loss->text, "count",
			 json_number(loss->count), "writer", loss->writer);
}

static json_t *json_coverage(const struct coverage *coverage)
{
	bool lost = coverage->losses_known_since > coverage->period.from;
	json_t *gaps = json_array(), *losses = json_array();
	bool whole = gaps && losses;

	for (size_t i = 0; whole && i < coverage->gap_count; i++)
		whole = json_array_append_new(gaps, json_span(&coverage->gaps[i])) == 0;
	for (size_t i = 0; whole && i < coverage->loss_count; i++)
		whole = json_array_append_new(losses, json_loss(&coverage->losses[i])) == 0;
	if (whole)
		return json_pack("{s:b, s:o, s:o, s:o*, s:o, s:o, s:s*, s:s*, s:o, s:o, s:o*}", "whole",
				 (int)coverage_whole(coverage), "from", json_time(coverage->period.from),
				 "until", json_time(coverage->period.until), "known_since",
				 coverage->known ? json_time(coverage->known_since) : NULL, "watched_seconds",
				 json_number((uint64_t)coverage->watched / 1000000), "partly_seconds",
				 json_number((uint64_t)coverage->partly / 1000000), "parts", coverage->parts,
				 "never_watched", coverage->missing, "gaps", gaps, "losses", losses,
				 "losses_known_since", lost ? json_time(coverage->losses_known_since) : NULL);
	json_decref(gaps);
	json_decref(losses);
	return NULL;
}

/* Of one of several: whose it is, and what found no room. */
static json_t *json_store(const struct report *report, size_t i)
{
	const struct report_store *store = &report->stores[i];
	json_t *json = json_pack("{s:s}", "node", reader_node(report->reader, i));
	json_t *coverage = json ? json_coverage(&store->coverage) : NULL;
	int r = coverage ? json_object_update(json, coverage) : -1;

	json_decref(coverage);
	if (r == 0 && store->meta.lost)
		r = json_object_set_new(json, "lost_writes", json_number(store->meta.lost));
	if (r == 0)
		return json;
	json_decref(json);
	return NULL;
}

json_t *report_json_coverage(const struct report *report)
{
	json_t *nodes;
	bool whole = true;

	if (!report_several(report))
		return json_coverage(&report->stores[0].coverage);
	nodes = json_array();
	for (size_t i = 0; nodes && whole && i < reader_count(report->reader); i++)
		whole = json_array_append_new(nodes, json_store(report, i)) == 0;
	if (nodes && whole)
		return json_pack("{s:b, s:o}", "whole", (int)report_whole(report), "nodes", nodes);
	json_decref(nodes);
	return NULL;
}

json_t *report_json_unread(const struct report *report)
{
	json_t *list = report->options.unread_count ? json_array() : NULL;

	for (size_t i = 0; list && i < report->options.unread_count; i++)
		json_array_append_new(list, json_pack("{s:s, s:s}", "store", report->options.unread[i].store,
						      "reason", report->options.unread[i].why));
	return list;
}

static json_t *json_head(const struct report *report, size_t rows, size_t shown)
{
	const struct survey *survey = &report->survey;
	const struct report_options *options = &report->options;
	const struct reader_meta *meta = &survey->meta;

	return json_pack(
		"{s:s, s:o, s:s, s:s, s:o*, s:o*, s:o*, s:o*, s:s, s:{s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
		"s:o*, "
		"s:o*}, "
		"s:{s:o, s:o*, s:o, "
		"s:o*}, s:o, s:o, s:o, s:o*, s:o*}",
		"version", SPILLWATCH_VERSION, "generated", json_time(report->generated), "host",
		report->host, "store", options->store, "stores_unread", report_json_unread(report), "since",
		options->has_since ? json_time(options->survey.since) : NULL, "until",
		options->has_until ? json_time(options->survey.until) : NULL, "filters", asked_json(options),
		"by", report_by(options), "totals", "tokens", json_number(survey->distinct[DIMENSION_TOKEN]),
		"files", json_number(survey->distinct[DIMENSION_FILE]), "processes",
		json_number(survey->distinct[DIMENSION_PROGRAM]), "containers",
		json_number(survey->distinct[DIMENSION_CONTAINER]), "nodes",
		json_number(survey->distinct[DIMENSION_NODE]), "entries", json_number(survey->count),
		"writes", json_number(survey->writes), "first",
		survey->count ? json_time(survey->first) : NULL, "last",
		survey->count ? json_time(survey->last) : NULL, "missing", "removed",
		json_number(meta->removed), "removed_until",
		meta->removed ? json_time(meta->removed_until) : NULL, "lost_writes", json_number(meta->lost),
		"lost_until", meta->lost ? json_time(meta->lost_until) : NULL, "coverage",
		report_json_coverage(report), "timeline", json_timeline(survey), "row_count",
		json_number(rows), "rows_left_out", rows > shown ? json_number(rows - shown) : NULL,
		"allowed_left_out", survey->allowed ? json_number(survey->allowed) : NULL);
}

int report_json(struct report *report, FILE *out)
{
	AUTO_FREE char *head = NULL;
	struct grouping groups;
	json_t *json;
	size_t shown;
	int r = grouping_make(&report->survey, &report->scratch, report->options.by, NULL,
			      report->survey.count, &groups);

	if (r < 0)
		return r;
	shown = report_limit(report, 0, groups.count);
	json = json_head(report, groups.count, shown);
	head = json ? json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_ENSURE_ASCII) : NULL;
	json_decref(json);
	if (head)
		/* without its closing brace: the rows go on */
		fprintf(out, "%.*s,\"rows\":[", (int)strlen(head) - 1, head);
	else
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i < shown && !ferror(out); i++) {
		fputs(i ? ",\n" : "\n", out);
		r = json_row(report, &groups.groups[i], out);
	}
	if (r == 0)
		fputs(shown ? "\n]}\n" : "]}\n", out);
	grouping_free(&groups);
	return r;
}

/* A leak by itself: of which host, and as of when, stands in each line, so that those of many hosts may be put together. */
static int json_line(struct report *report, struct group *group, FILE *out)
{
	json_t *row = json_read(report, group);
	json_t *line = row ? json_pack("{s:s, s:o, s:s}", "version", SPILLWATCH_VERSION, "generated",
				       json_time(report->generated), "host", report->host)
			   : NULL;
	int r = line && json_object_update(line, row) == 0 ? 0 : -ENOMEM;

	if (r == 0) {
		json_dumpf(line, out, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_ENSURE_ASCII);
		fputc('\n', out);
	}
	json_decref(row);
	json_decref(line);
	return r;
}

int report_export(struct report *report, FILE *out)
{
	struct grouping groups;
	size_t shown;
	int r = grouping_make(&report->survey, &report->scratch, report->options.by, NULL,
			      report->survey.count, &groups);

	if (r < 0)
		return r;
	shown = report_limit(report, 0, groups.count);
	for (size_t i = 0; r == 0 && i < shown && !ferror(out); i++)
		r = json_line(report, &groups.groups[i], out);
	grouping_free(&groups);
	return r;
}
