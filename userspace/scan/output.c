// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * finding → a line of text, a line of JSON (share/scan.schema.json), a result
 * of SARIF 2.1.0, a test case of JUnit, what annotates a change (annotation.c).
 *
 * Written as they come, so that a million of them take no memory. All texts
 * were masked before (spillwatch.h), which also makes them valid UTF-8 without
 * control characters.
 */
#include "scan/output.h"

#include "alert/json_writer.h"
#include "lib/cleanup.h"
#include "lib/deceive.h"
#include "lib/memory_file.h"
#include "scan/annotation.h"
#include "scan/holder.h"
#include "token_formats.h"
#include "token_seen.h"
#include "version.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

bool scan_output_form(const char *name, enum scan_output_form *ret_form)
{
#define SCAN_OUTPUT_NAME(id, text)            \
	if (strcmp(name, text) == 0) {        \
		*ret_form = SCAN_OUTPUT_##id; \
		return true;                  \
	}
	SCAN_OUTPUTS(SCAN_OUTPUT_NAME)
#undef SCAN_OUTPUT_NAME
	return false;
}

bool scan_output_report(char *text, enum scan_output_form *ret_form, const char **ret_file)
{
	char *file = strchr(text, '=');

	if (!file || !file[1])
		return false;
	*file = '\0';
	if (!scan_output_form(text, ret_form)) {
		*file = '=';
		return false;
	}
	*ret_file = file + 1;
	return true;
}

/* Its end is no line of its own where it is a part of something. */
static int output_json(struct json_writer *json, FILE *file, bool line)
{
	AUTO_FREE char *text = NULL;
	int r = json_writer_take(json, &text);

	if (r < 0)
		return r;
	fwrite(text, 1, strlen(text) - (line ? 0 : 1), file);
	return 0;
}

/* Author and commit are anybody's words. Returns NULL if there is no memory. */
static char *output_masked(const char *text, const struct spillwatch_token *token)
{
	char *masked;

	return spillwatch_mask(text, strlen(text), token, &masked) < 0 ? NULL : masked;
}

static int output_text(FILE *file, const struct finding *finding, const char *path)
{
	AUTO_FREE char *seen = deceive_shown(path);
	AUTO_FREE char *author = NULL;
	AUTO_FREE char *shown = NULL;

	if (!seen)
		return -ENOMEM;
	if (finding->in_name)
		fprintf(file, "%s: in its name: ", seen);
	else if (finding->line)
		fprintf(file, "%s:%" PRIu64 ":%" PRIu64 ": ", seen, finding->line, finding->column);
	else
		fprintf(file, "%s: ", seen);
	fprintf(file, "%s %s%s", spillwatch_token_type(finding->token),
		spillwatch_token_identifier(finding->token), finding->placeholder ? " (placeholder)" : "");
	if (finding->encoding)
		fprintf(file, ", %s", finding->encoding);
	if (finding->origin) {
		author = output_masked(finding->origin->author, finding->token);
		shown = author ? deceive_shown(author) : NULL;
		if (!shown)
			return -ENOMEM;
		fprintf(file, ", commit %.12s by %s", finding->origin->commit, shown);
	}
	if (finding->writer) {
		AUTO_FREE char *writer = deceive_shown(finding->writer);

		if (!writer)
			return -ENOMEM;
		fprintf(file, ", written by %s", writer);
	}
	if (finding->holder) {
		AUTO_FREE char *holder = holder_text(finding);
		AUTO_FREE char *whose = holder ? deceive_shown(holder) : NULL;

		if (!whose)
			return -ENOMEM;
		fprintf(file, ", %s", whose);
	}
	fputc('\n', file);
	return 0;
}

/* What stays the same when lines move, of any commit. Returns NULL if there is
 * no memory. */
static char *output_fingerprint(const struct finding *finding, const char *path)
{
	char *text;

	return asprintf(&text, "%s:%s", spillwatch_token_identifier(finding->token), path) < 0 ? NULL : text;
}

static int output_origin(struct json_writer *json, const struct finding *finding)
{
	AUTO_FREE char *author = NULL;

	if (!finding->origin)
		return 0;
	author = output_masked(finding->origin->author, finding->token);
	if (!author)
		return -ENOMEM;
	json_open(json, "git", '{');
	json_text(json, "commit", finding->origin->commit);
	json_text(json, "author", author);
	json_close(json, '}');
	return 0;
}

static int output_line(FILE *file, const struct finding *finding, const char *path)
{
	AUTO_FREE char *fingerprint = output_fingerprint(finding, path);
	struct json_writer json = {0};
	int r;

	json_open(&json, NULL, '{');
	json_open(&json, "file", '{');
	json_text(&json, "path", path);
	if (finding->in_name) {
		json_bool(&json, "in_name", true);
	} else if (finding->line) {
		json_int(&json, "line", (int64_t)finding->line);
		json_int(&json, "column", (int64_t)finding->column);
	}
	json_close(&json, '}');
	json_open(&json, "token", '{');
	json_text(&json, "identifier", spillwatch_token_identifier(finding->token));
	json_text(&json, "prefix", spillwatch_token_prefix(finding->token));
	json_text(&json, "type", spillwatch_token_type(finding->token));
	json_text(&json, "family", spillwatch_token_family(finding->token));
	json_bool(&json, "documented", spillwatch_token_is_documented(finding->token));
	json_bool(&json, "placeholder", finding->placeholder);
	if (finding->offset != FINDING_NOWHERE)
		json_int(&json, "offset", (int64_t)finding->offset);
	json_text_if(&json, "encoding", finding->encoding);
	json_close(&json, '}');
	r = output_origin(&json, finding);
	if (r == 0)
		r = holder_json(&json, finding);
	if (finding->writer)
		json_text(&json, "writer", finding->writer);
	json_text(&json, "fingerprint", fingerprint);
	json_close(&json, '}');
	if (r < 0) {
		free(json.text);
		return r;
	}
	return output_json(&json, file, true);
}

/* A path as a URI (RFC 3986): of the bytes that the path is, if nothing of it
 * was masked. Returns NULL if there is no memory. */
static char *output_uri(const char *shown)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
	AUTO_FREE char *exact = NULL;
	const char *path = spillwatch_mask_exact(shown, &exact) == 0 ? exact : shown;
	char *uri = malloc(3 * strlen(path) + sizeof("file://")), *to = uri;

	if (!uri)
		return NULL;
	if (path[0] == '/')
		to = stpcpy(to, "file://");
	for (; *path; path++) {
		if (strchr(plain, *path))
			*to++ = *path;
		else
			to += sprintf(to, "%%%02X", (unsigned char)*path);
	}
	*to = '\0';
	return uri;
}

static void output_sarif_place(struct json_writer *json, const struct finding *finding, const char *uri)
{
	json_open(json, "locations", '[');
	json_open(json, NULL, '{');
	json_open(json, "physicalLocation", '{');
	json_open(json, "artifactLocation", '{');
	json_text(json, "uri", uri);
	json_close(json, '}');
	/* a name and what a job wrote have none, and code scanning shows nothing without one: the first line is the file's */
	json_open(json, "region", '{');
	json_int(json, "startLine", finding->line ? (int64_t)finding->line : 1);
	if (finding->line)
		json_int(json, "startColumn", (int64_t)finding->column);
	json_close(json, '}');
	json_close(json, '}');
	json_close(json, '}');
	json_close(json, ']');
}

static int output_sarif(struct scan_output *output, const struct finding *finding, const char *path)
{
	AUTO_FREE char *fingerprint = output_fingerprint(finding, path);
	AUTO_FREE char *uri = output_uri(path);
	AUTO_FREE char *message = NULL;
	struct json_writer json = {0};
	int r;

	message = annotation_message(finding);
	if (!message)
		return -ENOMEM;
	json_open(&json, NULL, '{');
	json_text(&json, "ruleId", spillwatch_token_prefix(finding->token));
	json_text(&json, "level", finding->placeholder ? "note" : "error");
	json_open(&json, "message", '{');
	json_text(&json, "text", message);
	json_close(&json, '}');
	output_sarif_place(&json, finding, uri);
	json_open(&json, "partialFingerprints", '{');
	json_text(&json, "identifierAndPath/v1", fingerprint);
	json_close(&json, '}');
	if (finding->origin || finding->holder) {
		json_open(&json, "properties", '{');
		r = output_origin(&json, finding);
		if (r == 0)
			r = holder_json(&json, finding);
		json_close(&json, '}');
		if (r < 0) {
			free(json.text);
			return r;
		}
	}
	json_close(&json, '}');
	if (output->count)
		fputs(",\n", output->file);
	return output_json(&json, output->file, false);
}

/* What GitHub's code scanning asks of a rule, beside what SARIF does: a full description and a help. */
static void output_sarif_rule(FILE *file, const char *prefix, const char *type)
{
	fprintf(file,
		"{\"id\":\"%s\",\"shortDescription\":{\"text\":\"%s\"},\"fullDescription\":{\"text\":\"%s "
		"with its "
		"secret portion: whoever can read it can use it.\"},\"help\":{\"text\":\"Disable it by its "
		"identifier, "
		"which needs no secret portion (`spillwatch identify` says by which call), and put another "
		"one in its "
		"place. Then take it away from where it was found.\"},\"helpUri\":"
		"\"https://docs.dynatrace.com/docs/shortlink/token\"}",
		prefix, type, type);
}

static void output_sarif_begin(FILE *file)
{
	size_t rules = 0;

	fputs("{\"$schema\":\"https://json.schemastore.org/"
	      "sarif-2.1.0.json\",\"version\":\"2.1.0\",\"runs\":[{\n"
	      "\"tool\":{\"driver\":{\"name\":\"spillwatch\",\"version\":"
	      "\"" SPILLWATCH_VERSION "\",\"rules\":[\n",
	      file);
#define OUTPUT_RULE(prefix, type)          \
	fputs(rules++ ? ",\n" : "", file); \
	output_sarif_rule(file, prefix, type);
	TOKEN_PREFIXES(OUTPUT_RULE)
	TOKEN_SEEN_PREFIXES(OUTPUT_RULE)
#undef OUTPUT_RULE
	fputs("]}},\n\"columnKind\":\"unicodeCodePoints\",\n\"results\":[\n", file);
}

/* For a text between tags or in quotes (XML 1.0, 2.4). */
static void output_xml(FILE *file, const char *text)
{
	for (; *text; text++) {
		const char *entity = *text == '<'   ? "&lt;"
				     : *text == '>' ? "&gt;"
				     : *text == '&' ? "&amp;"
				     : *text == '"' ? "&quot;"
						    : NULL;

		if (entity) {
			fputs(entity, file);
		} else if (strncmp(text, "\xef\xbf\xbe", 3) == 0 || strncmp(text, "\xef\xbf\xbf", 3) == 0) {
			/* the two that XML has no place for */
			fputs("\xef\xbf\xbd", file);
			text += 2;
		} else
			fputc(*text, file);
	}
}

static int output_junit(FILE *file, const struct finding *finding, const char *path)
{
	AUTO_FREE char *line = NULL;
	size_t len;
	FILE *memory = open_memstream(&line, &len);
	int r = memory ? output_text(memory, finding, path) : -ENOMEM;

	if (memory && fclose(memory) != 0)
		r = -ENOMEM;
	if (r < 0)
		return r;
	line[len - 1] = '\0';
	fputs("<testcase classname=\"", file);
	output_xml(file, path);
	fputs("\" name=\"", file);
	output_xml(file, spillwatch_token_identifier(finding->token));
	fputs("\"><failure type=\"", file);
	output_xml(file, spillwatch_token_prefix(finding->token));
	fputs("\" message=\"", file);
	output_xml(file, line);
	fputs("\"/></testcase>\n", file);
	return 0;
}

/* How many cases there are stands before them, so they wait in a file of their
 * own. */
static int output_junit_begin(struct scan_output *output)
{
	int fd = memory_file();

	if (fd < 0)
		return fd;
	output->cases = fdopen(fd, "w+");
	if (output->cases)
		return 0;
	close(fd);
	return -ENOMEM;
}

/* That something was not, or not wholly, read is a case. */
static int output_junit_end(struct scan_output *output, const char *summary, bool whole)
{
	size_t cases = output->count + !whole;
	char piece[4096];
	size_t len;

	if (!whole) {
		fputs("<testcase classname=\"spillwatch\" name=\"all was read\"><error message=\"",
		      output->cases);
		output_xml(output->cases, summary);
		fputs("\"/></testcase>\n", output->cases);
	} else if (!cases) {
		fputs("<testcase classname=\"spillwatch\" name=\"no tokens\"/>\n", output->cases);
	}
	fprintf(output->file,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
		"<testsuite name=\"spillwatch %s\" tests=\"%zu\" failures=\"%zu\" "
		"errors=\"%d\">\n",
		output->command ? output->command : "scan", cases ? cases : 1, output->count, !whole);
	if (fflush(output->cases) != 0 || fseek(output->cases, 0, SEEK_SET) < 0)
		return -ENOMEM;
	while ((len = fread(piece, 1, sizeof(piece), output->cases)) > 0)
		fwrite(piece, 1, len, output->file);
	if (ferror(output->cases))
		return -EIO;
	fputs("<system-out>", output->file);
	output_xml(output->file, summary);
	fputs("</system-out>\n</testsuite>\n</testsuites>\n", output->file);
	return 0;
}

static int output_gitlab(struct scan_output *output, const struct finding *finding, const char *path)
{
	AUTO_FREE char *fingerprint = output_fingerprint(finding, path);
	struct json_writer json = {0};
	int r = fingerprint ? annotation_gitlab(&json, finding, path, fingerprint) : -ENOMEM;

	if (r < 0) {
		free(json.text);
		return r;
	}
	fputs(output->count ? ",\n" : "\n", output->file);
	return output_json(&json, output->file, false);
}

int scan_output_begin(struct scan_output *output)
{
	if (output->form == SCAN_OUTPUT_SARIF)
		output_sarif_begin(output->file);
	if (output->form == SCAN_OUTPUT_GITLAB)
		fputc('[', output->file);
	return output->form == SCAN_OUTPUT_JUNIT ? output_junit_begin(output) : 0;
}

int scan_output_finding(struct scan_output *output, const struct finding *finding, const char *path)
{
	int r = 0;

	switch (output->form) {
	case SCAN_OUTPUT_TEXT:
		r = output_text(output->file, finding, path);
		break;
	case SCAN_OUTPUT_JSON:
		r = output_line(output->file, finding, path);
		break;
	case SCAN_OUTPUT_SARIF:
		r = output_sarif(output, finding, path);
		break;
	case SCAN_OUTPUT_JUNIT:
		r = output_junit(output->cases, finding, path);
		break;
	case SCAN_OUTPUT_GITHUB:
		r = annotation_github(output->file, finding, path);
		break;
	case SCAN_OUTPUT_GITLAB:
		r = output_gitlab(output, finding, path);
		break;
	}
	output->count += r == 0;
	return r;
}

int scan_output_end(struct scan_output *output, const char *summary, bool whole)
{
	int r = summary ? 0 : -ENOMEM;

	if (summary && output->form == SCAN_OUTPUT_SARIF)
		fprintf(output->file,
			"],\n\"invocations\":[{\"executionSuccessful\":%s,"
			"\"toolExecutionNotifications\":[{"
			"\"level\":\"note\",\"message\":{\"text\":\"%s\"}}]}]}]}\n",
			whole ? "true" : "false", summary);
	if (output->form == SCAN_OUTPUT_GITLAB)
		fputs("\n]\n", output->file);
	if (summary && output->cases)
		r = output_junit_end(output, summary, whole);
	if (output->cases)
		fclose(TAKE(output->cases));
	return r;
}

void scan_output_size(uint64_t bytes, char *to)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
	double size = (double)bytes;
	size_t unit = 0;

	if (bytes < 1024) {
		snprintf(to, SCAN_OUTPUT_SIZE_LEN, "%" PRIu64 " bytes", bytes);
		return;
	}
	for (size /= 1024; size >= 1024 && unit + 1 < sizeof(units) / sizeof(*units); unit++)
		size /= 1024;
	snprintf(to, SCAN_OUTPUT_SIZE_LEN, "%.1f %s", size, units[unit]);
}

/* @label: stands before the first of a list. */
static void output_skipped(FILE *file, const char **label, uint64_t count, const char *one,
			   const char *several)
{
	if (!count)
		return;
	fprintf(file, "%s%" PRIu64 " %s", *label, count, count == 1 ? one : several);
	*label = ", ";
}

char *scan_output_summary(const struct scan_counts *counts)
{
	char *text = NULL, size[SCAN_OUTPUT_SIZE_LEN];
	size_t len;
	FILE *file = open_memstream(&text, &len);
	const char *label = "; known: ";

	if (!file)
		return NULL;
	fprintf(file, "%" PRIu64 " file%s (", counts->files, counts->files == 1 ? "" : "s");
	scan_output_size(counts->bytes, size);
	fprintf(file, "%s) scanned, %" PRIu64 " finding%s", size, counts->findings,
		counts->findings == 1 ? "" : "s");
	output_skipped(file, &label, counts->known, "in the baseline", "in the baseline");
	output_skipped(file, &label, counts->allowed, "allowed by its line", "allowed by their lines");
	label = "; skipped: ";
#define OUTPUT_SKIPPED(field, one, several) output_skipped(file, &label, counts->field, one, several);
	SCAN_SKIPPED(OUTPUT_SKIPPED)
#undef OUTPUT_SKIPPED
	if (fclose(file) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
