// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * `spillwatch audit`: what the store knows, and what of it still lies on disk. Reads only, but for --mark; needs no eBPF, and no
 * privilege but to read the store (and, for --files, the files).
 */
#include "cmd/audit_stores.h"
#include "cmd/command.h"
#include "cmd/options.h"
#include "detect/mask.h"
#include "detect/wide.h"
#include "lib/cleanup.h"
#include "lib/exit_code.h"
#include "lib/log.h"
#include "report/labels.h"
#include "report/layout.h"
#include "lib/period.h"
#include "report/remains.h"
#include "report/report.h"
#include "report/todo.h"
#include "report/unmatched.h"
#include "rules/rules.h"
#include "store/store.h"
#include "store/triage.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

/* A day ahead, in microseconds: clocks are set back. */
#define AUDIT_AHEAD (24LL * 3600 * 1000000)

enum audit_output { AUDIT_TABLE, AUDIT_JSON, AUDIT_CSV, AUDIT_HTML, AUDIT_EXPORT };

struct audit_options {
	struct report_options report;
	struct audit_stores stores;
	enum audit_output output;
	const char *mark, *note; /* a token's identifier, and why; NULL: nothing is marked */
	enum triage_state state;
	bool files, todo, export, has_by, has_exit_code;
	unsigned long exit_code;
};

enum {
	OPTION_AUDIT_STORE = OPTION_OWN,
	OPTION_AUDIT_SINCE,
	OPTION_AUDIT_UNTIL,
	OPTION_AUDIT_BY,
	OPTION_AUDIT_CONTAINER,
	OPTION_AUDIT_TOKEN,
	OPTION_AUDIT_OUTPUT,
	OPTION_AUDIT_LIMIT,
	OPTION_AUDIT_FILES,
	OPTION_AUDIT_EXIT_CODE,
	OPTION_AUDIT_ALLOWED,
	OPTION_AUDIT_PLACE,
	OPTION_AUDIT_SEVERITY,
	OPTION_AUDIT_RULE,
	OPTION_AUDIT_EXPORT,
	OPTION_AUDIT_TODO,
	OPTION_AUDIT_MARK,
	OPTION_AUDIT_NOTE,
	OPTION_AUDIT_PATH, /* and the others of enum reader_pattern */
	OPTION_AUDIT_PROGRAM,
	OPTION_AUDIT_IMAGE,
	OPTION_AUDIT_NAMESPACE,
	OPTION_AUDIT_NODE,
};

/* a text is as wide as it is */
/* clang-format off */
static const struct option_entry audit_entries[] = {
	{.name = "since", .value = "TIME", .id = OPTION_AUDIT_SINCE,
	 .help = "only what was written since then: 90m, 24h, 2w (ago; s, m, h, d, w), a day (2026-01-31), or "
		 "RFC 3339 (2026-01-31T10:00:00Z)",
	 .more = "Writes are counted by whole hours."},
	{.name = "until", .value = "TIME", .id = OPTION_AUDIT_UNTIL,
	 .help = "only what was written before then"},
	{.name = "by", .value = "container|process|file|token|node|pod|image|namespace|unit|user", .id = OPTION_AUDIT_BY,
	 .help = "what to group by (default: container; what runs in none is \"(host)\")"},
	{.name = "container", .value = "NAME", .id = OPTION_AUDIT_CONTAINER,
	 .help = "only this container: its name, pod, NAMESPACE/POD[/NAME], id, or \"(host)\"; * and ? stand for "
		 "anything: NAMESPACE/* is all of a namespace",
	 .more = "Or as a report's heading has it. Of an id, the first 8 characters will do. What a relay (dockerd, a shim, conmon) has "
		 "written for a container is that container's. Who wrote a token first is told by the whole "
		 "store."},
	{.name = "token", .value = "IDENTIFIER", .id = OPTION_AUDIT_TOKEN,
	 .help = "only this token"},
	{.name = "path", .value = "PATTERN", .id = OPTION_AUDIT_PATH,
	 .help = "only such files; * and ? stand for anything, a slash as well"},
	{.name = "program", .value = "PATTERN", .id = OPTION_AUDIT_PROGRAM,
	 .help = "only such programs, by path or name; BusyBox's by what they are called as, too"},
	{.name = "image", .value = "PATTERN", .id = OPTION_AUDIT_IMAGE,
	 .help = "only such images of containers"},
	{.name = "namespace", .value = "PATTERN", .id = OPTION_AUDIT_NAMESPACE,
	 .help = "only such namespaces of Kubernetes"},
	{.name = "node", .value = "PATTERN", .id = OPTION_AUDIT_NODE,
	 .help = "only such nodes, of several stores"},
	{.name = "place", .value = "host|layer|volume", .id = OPTION_AUDIT_PLACE,
	 .help = "only what is there"},
	{.name = "severity", .value = "LEVEL", .id = OPTION_AUDIT_SEVERITY,
	 .help = "only what is at least that grave: low, medium, high, critical, or a number from 1 to 100",
	 .more = "Of an entry, its last alert is asked."},
	{.name = "rule", .value = "PATTERN", .id = OPTION_AUDIT_RULE,
	 .help = "only what such a rule has decided of"},
	{.name = "output", .value = "table|json|csv|html", .id = OPTION_AUDIT_OUTPUT,
	 .help = "html: one page that needs no network, to attach to a ticket (default: table)",
	 .more = "JSON is described by audit.schema.json and, of `--files`, audit-files.schema.json; CSV (RFC "
		 "4180, with a header) is a line for each entry: token, token_type, placeholder, role "
		 "(origin, carrier, or allowed by a rule), writes, first, last, file, file_as_seen, "
		 "file_type, program, process, last_pid, user, command_line, container_id, container, "
		 "runtime, image, namespace, pod, syscall, part, rule, relayed, runtime_namespace, "
		 "container_created, mark, mark_note, place, severity, outside, node; with `--files`: state, token, "
		 "file, found, first_offset, moved_to, reason, mark, node, container_id, container, "
		 "namespace, pod. What is not known is empty."},
	{.name = "allowed", .id = OPTION_AUDIT_ALLOWED,
	 .help = "what rules of the configuration allow, instead of leaks"},
	{.name = "limit", .value = "N", .id = OPTION_AUDIT_LIMIT,
	 .help = "at most N rows of each kind, from 1 to 2147483648 (table: 25 groups, 10 tokens in each, 5 "
		 "places of each; html: 1000; json and csv: all)",
	 .more = "JSON tells how many are left out."},
	{.name = "files", .id = OPTION_AUDIT_FILES,
	 .help = "look into the files: which of them still hold the token now (any output)",
	 .more = "By the same matcher: still there, clean, gone, replaced, unreadable or unknown."},
	{.name = "todo", .id = OPTION_AUDIT_TODO,
	 .help = "what is to be done first: each token with what disables it, where it still lies, and the "
		 "commands that clean that (table, json)",
	 .more = "Of tokens that are not marked. JSON is described by audit-todo.schema.json. What was "
		 "written to most files and containers comes first, then the oldest."},
	{.name = "export", .id = OPTION_AUDIT_EXPORT,
	 .help = "JSON lines for other programs, one a leaked token",
	 .more = "By audit-export.schema.json."},
	{.name = "mark", .value = "IDENTIFIER STATE", .id = OPTION_AUDIT_MARK,
	 .help = "keep with the token what was decided of it, for every report: revoked, false-positive, "
		 "accepted; none: take it back",
	 .more = "Also of entries that come later. Needs write access to the store. More of a token than its "
		 "identifier is refused."},
	{.name = "note", .value = "TEXT", .id = OPTION_AUDIT_NOTE,
	 .help = "with --mark: and why; 1000 bytes at most",
	 .more = "A secret in it is masked."},
	{.name = "exit-code", .value = "N", .id = OPTION_AUDIT_EXIT_CODE,
	 .help = "with --files or --todo: end with N, from 0 to 255, if any file still does"},
	{.name = "store", .value = "FILE", .id = OPTION_AUDIT_STORE, .many = true,
	 .help = "the store, or a directory of them (*.db), and more of either, as one (default: " STORE_PATH
		 ")",
	 .more = "Of several, a node is called as its store says, of an older version as the file. What can't "
		 "be read is named, and left out."},
	{0},
};
/* clang-format on */

static int audit_time(const char *option, int64_t *ret_time, bool *ret_given)
{
	*ret_given = period_parse(optarg, period_now(), ret_time);
	if (*ret_given)
		return 0;
	return options_takes(option, optarg,
			     "a time ago (90m, 24h, 7d), a day (2026-01-31) or a time by RFC 3339 "
			     "(2026-01-31T10:00:00Z)");
}

static int audit_output(struct audit_options *options)
{
	static const char *const words[] = {"table", "json", "csv", "html"};
	size_t index;
	int r = options_choice(&command_audit, "--output", optarg, words, sizeof(words) / sizeof(*words),
			       &index);

	if (r == 0)
		options->output = (enum audit_output)index;
	return r;
}

static int audit_by(struct audit_options *options)
{
	const char *words[DIMENSION_DERIVED + DERIVED_MAX];
	size_t count = report_words(words), index;

	options->has_by = true;
	if (report_set_by(optarg, &options->report))
		return 0;
	return options_choice(&command_audit, "--by", optarg, words, count, &index);
}

static int audit_place(const char **ret_place)
{
	static const char *const words[] = {"host", "layer", "volume"};
	size_t index;

	*ret_place = optarg;
	return options_choice(&command_audit, "--place", optarg, words, sizeof(words) / sizeof(*words),
			      &index);
}

static int audit_number(const char *option, unsigned long min, unsigned long max, unsigned long *ret_number)
{
	if (options_number(optarg, min, max, ret_number))
		return 0;
	return options_takes(option, optarg, "a number from %lu to %lu", min, max);
}

/* What was given is not repeated: it may be a secret. */
static int audit_identifier(struct audit_options *options)
{
	AUTO_FREE char *shown = NULL;
	size_t len = strlen(optarg), secret = 0;
	size_t end = wide_begin((const uint8_t *)optarg, len, false, &secret);

	options->mark = optarg;
	/* with a dot lost on the way, a secret portion may be what looks like the end of a public one */
	if (mask_text(optarg, len, NULL, &shown) < 0)
		return EXIT_CODE_RUNTIME;
	if (strcmp(shown, optarg) != 0)
		secret = len;
	if (!secret && end == len && len >= TOKEN_PREFIX_LEN + 1 + WIDE_PUBLIC_MIN)
		return 0;
	if (secret)
		log_error("--mark takes a token's identifier, and that was more of it. It stands in the "
			  "shell's history now, and others may have seen it: disable the token");
	else
		log_error("--mark takes a token's identifier, as reports show it: prefix, dot, public "
			  "portion");
	return EXIT_CODE_USAGE;
}

/* What the token of --mark is marked as. */
static int audit_state(char *const *words, int count, struct audit_options *options)
{
	if (count == 1 && triage_parse(words[0], &options->state))
		return 0;
	log_error("--mark IDENTIFIER takes one of revoked, false-positive, accepted and none; see "
		  "'spillwatch help audit'");
	return EXIT_CODE_USAGE;
}

static int audit_option(int option, struct audit_options *options)
{
	struct report_options *report = &options->report;

	switch (option) {
	case OPTION_AUDIT_STORE:
		return audit_stores_ask(&options->stores, optarg);
	case OPTION_AUDIT_SINCE:
		return audit_time("--since", &report->survey.since, &report->has_since);
	case OPTION_AUDIT_UNTIL:
		return audit_time("--until", &report->survey.until, &report->has_until);
	case OPTION_AUDIT_BY:
		return audit_by(options);
	case OPTION_AUDIT_CONTAINER:
		labels_asked(optarg);
		report->survey.container = optarg;
		return 0;
	case OPTION_AUDIT_PATH:
	case OPTION_AUDIT_PROGRAM:
	case OPTION_AUDIT_IMAGE:
	case OPTION_AUDIT_NAMESPACE:
	case OPTION_AUDIT_NODE:
		report->survey.patterns[option - OPTION_AUDIT_PATH] = optarg;
		return 0;
	case OPTION_AUDIT_TOKEN:
		report->survey.token = optarg;
		return 0;
	case OPTION_AUDIT_OUTPUT:
		return audit_output(options);
	case OPTION_AUDIT_LIMIT:
		return audit_number("--limit", 1, 1UL << 31, &report->limit);
	case OPTION_AUDIT_FILES:
		options->files = true;
		return 0;
	case OPTION_AUDIT_EXIT_CODE:
		options->has_exit_code = true;
		return audit_number("--exit-code", 0, 255, &options->exit_code);
	case OPTION_AUDIT_ALLOWED:
		report->survey.allowed = true;
		return 0;
	case OPTION_AUDIT_PLACE:
		return audit_place(&report->survey.said.place);
	case OPTION_AUDIT_SEVERITY:
		report->survey.said.severity = (uint32_t)rules_severity(optarg);
		if (report->survey.said.severity)
			return 0;
		return options_takes("--severity", optarg,
				     "low, medium, high, critical or a number from 1 to 100");
	case OPTION_AUDIT_RULE:
		report->survey.said.rule = optarg;
		return 0;
	case OPTION_AUDIT_EXPORT:
		options->export = true;
		return 0;
	case OPTION_AUDIT_TODO:
		options->todo = true;
		return 0;
	case OPTION_AUDIT_MARK:
		return audit_identifier(options);
	case OPTION_AUDIT_NOTE:
		options->note = optarg;
		return 0;
	case 'h':
		return -1;
	default:
		return EXIT_CODE_USAGE;
	}
}

/* Is there an option that is of a report only? */
static bool audit_reports(const struct audit_options *options)
{
	const struct report_options *report = &options->report;
	const struct survey_options *survey = &report->survey;
	bool of_report = options->files || options->todo || options->export || options->has_by ||
			 options->has_exit_code || options->output || report->limit || report->has_since ||
			 report->has_until || survey->allowed || survey->container || survey->token ||
			 survey->said.rule || survey->said.place || survey->said.severity;

	for (size_t i = 0; i < READER_PATTERNS; i++)
		of_report |= survey->patterns[i] != NULL;
	return of_report;
}

/* Returns 0, an exit code after saying what is wrong, or -1 if help was asked for. */
static int audit_parse(int argc, char **argv, struct audit_options *options)
{
	struct options_reader reader;
	int option, r = 0;

	options_begin(&command_audit, &reader);
	while (r == 0 && (option = options_next(&reader, argc, argv)) != -1)
		r = audit_option(option, options);
	if (r)
		return r;
	if (options->mark && audit_reports(options)) {
		log_error("--mark goes with --note and --store only: it shows no report");
		return EXIT_CODE_USAGE;
	}
	if (options->mark)
		return audit_state(argv + optind, argc - optind, options);
	if (options->note) {
		log_error("--note says why a token is marked: --mark IDENTIFIER STATE");
		return EXIT_CODE_USAGE;
	}
	if (options_none(&command_audit, argc))
		return EXIT_CODE_USAGE;
	if (options->has_exit_code && !options->files && !options->todo) {
		log_error("--exit-code is for files that still hold a token, so it needs --files or --todo");
		return EXIT_CODE_USAGE;
	}
	if (options->report.survey.since >= options->report.survey.until) {
		log_error("--since lies behind --until: nothing can be between them");
		return EXIT_CODE_USAGE;
	}
	if (options->export && (options->files || options->todo || options->has_by || options->output)) {
		log_error("--export has a form of its own: neither --files, --todo, --by nor --output goes "
			  "with it");
		return EXIT_CODE_USAGE;
	}
	if (options->export) {
		options->output = AUDIT_EXPORT;
		options->report.by = DIMENSION_TOKEN;
	}
	options->report.survey.hours = options->output == AUDIT_HTML || options->output == AUDIT_JSON;
	/* a page shows every grouping, the leaks first */
	if (options->output == AUDIT_HTML && !options->has_by)
		options->report.by = DIMENSION_TOKEN;
	if (options->report.survey.allowed && options->output == AUDIT_HTML) {
		log_error("--allowed is shown as table, json or csv");
		return EXIT_CODE_USAGE;
	}
	if (options->todo && (options->output == AUDIT_HTML || options->output == AUDIT_CSV)) {
		log_error("--todo is shown as table or json");
		return EXIT_CODE_USAGE;
	}
	if (options->todo && (options->files || options->report.survey.allowed)) {
		log_error("--todo is neither for --files nor for --allowed: it looks into the files, and at "
			  "leaks "
			  "only");
		return EXIT_CODE_USAGE;
	}
	return 0;
}

static int audit_say(void *context, bool grave, const char *text)
{
	(void)context;
	if (grave)
		log_warning("%s", text);
	else
		log_note("%s", text);
	return 0;
}

static int audit_print(struct report *report, enum audit_output output)
{
	switch (output) {
	case AUDIT_JSON:
		return report_json(report, stdout);
	case AUDIT_CSV:
		return report_csv(report, stdout);
	case AUDIT_EXPORT:
		return report_export(report, stdout);
	case AUDIT_HTML:
		return report_html(report, stdout);
	default:
		return report_table(report, stdout, layout_width(STDOUT_FILENO),
				    layout_colour(STDOUT_FILENO));
	}
}

static int audit_remains(struct report *report, enum audit_output output, size_t *ret_still)
{
	struct remains remains;
	int r = remains_find(report, &remains);

	if (r < 0)
		return r;
	if (output == AUDIT_JSON)
		r = remains_json(report, &remains, stdout);
	else if (output == AUDIT_CSV)
		r = remains_csv(report, &remains, stdout);
	else if (output == AUDIT_HTML)
		r = remains_html(report, &remains, stdout);
	else
		r = report_coverage(report, stdout, layout_width(STDOUT_FILENO),
				    layout_colour(STDOUT_FILENO));
	if (r == 0 && output == AUDIT_TABLE)
		r = remains_table(report, &remains, stdout, layout_width(STDOUT_FILENO),
				  layout_colour(STDOUT_FILENO));
	*ret_still = remains.counts[REMAINS_STILL];
	remains_free(&remains);
	return r;
}

static int audit_todo(struct report *report, enum audit_output output, size_t *ret_still)
{
	struct todo todo;
	int r = todo_find(report, &todo);

	if (r < 0)
		return r;
	if (output == AUDIT_JSON)
		r = todo_json(report, &todo, stdout);
	else
		r = todo_text(report, &todo, stdout, layout_colour(STDOUT_FILENO));
	*ret_still = todo.still;
	todo_free(&todo);
	return r;
}

/* Nothing to show may be nothing leaked, or nothing of that name. */
static void audit_unmatched(void *context, const char *option, const char *text, const char *nearest)
{
	AUTO_FREE char *shown = options_shown(text, strlen(text));
	const char *given = shown ? shown : "this";

	(void)context;
	if (!nearest)
		log_warning("%s: '%s' matches nothing: the store has no name of that kind", option, given);
	else
		log_warning("%s: nothing in the store matches '%s'%s%s", option, given,
			    *nearest ? "; the nearest: " : "", nearest);
}

/* Of several stores, one that is found to be damaged is left out, and named. Returns 0 and *ret_report, or an exit code. */
static int audit_open(struct audit_options *options, struct report *ret_report)
{
	struct audit_stores *stores = &options->stores;

	for (bool again = false;; again = true) {
		struct reader *reader = NULL;
		int r = audit_stores_open(stores, &reader);

		if (r)
			return r;
		options->report.store = stores->all;
		options->report.stores = (const char *const *)stores->shown;
		options->report.store_count = stores->asked_count;
		options->report.unread = stores->unread;
		options->report.unread_count = stores->unread_count;
		options->report.survey.several = stores->several;
		r = report_open(reader, &options->report, ret_report);
		if (r == 0)
			return 0;
		if (stores->several && !again && audit_stores_check(stores))
			continue;
		log_error("can't read the store: %s", store_error(r));
		return EXIT_CODE_CONFIG;
	}
}

static int audit_run(struct audit_options *options)
{
	struct report report;
	size_t still = 0;
	int r = audit_open(options, &report);

	if (r)
		return r;
	if (options->todo)
		r = audit_todo(&report, options->output, &still);
	else if (options->files)
		r = audit_remains(&report, options->output, &still);
	else
		r = audit_print(&report, options->output);
	/* neither has a place for it */
	if (r == 0 && (options->output == AUDIT_CSV || options->output == AUDIT_EXPORT))
		r = report_say(&report, audit_say, NULL);
	if (r == 0 && !report.survey.count)
		r = unmatched_find(&report, audit_unmatched, NULL);
	report_close(&report);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		log_error("can't write the report: %s", strerror(errno));
		return EXIT_CODE_RUNTIME;
	}
	if (r < 0) {
		log_error("the report is not whole: %s", store_error(r));
		return EXIT_CODE_RUNTIME;
	}
	/* what was not read may hold more */
	if (options->stores.unread_count > options->stores.aside_count)
		return EXIT_CODE_CONFIG;
	return still ? (int)options->exit_code : EXIT_CODE_OK;
}

/* The note as it is kept. Returns 0 and *ret_note (malloc'ed, NULL: none), or an exit code. */
static int audit_note(const struct audit_options *options, char **ret_note)
{
	char *note = NULL;

	if (options->note && mask_text(options->note, strlen(options->note), NULL, &note) < 0)
		return EXIT_CODE_RUNTIME;
	if (note && strlen(note) > TRIAGE_NOTE_MAX) {
		free(note);
		log_error("--note takes %d bytes at most", TRIAGE_NOTE_MAX);
		return EXIT_CODE_USAGE;
	}
	*ret_note = note;
	return 0;
}

static int audit_mark(struct audit_options *options)
{
	struct triage triage = {.identifier = options->mark, .state = options->state, .time = period_now()};
	AUTO_FREE char *note = NULL;
	int r = audit_note(options, &note);

	if (r)
		return r;
	triage.note = note;
	return audit_stores_mark(&options->stores, &triage);
}

static int audit_do(struct audit_options *options)
{
	int r = audit_stores_find(&options->stores);

	if (r)
		return r;
	if (options->mark)
		return audit_mark(options);
	/* how wide characters are; where there is no such locale, a byte is a column */
	setlocale(LC_CTYPE, "C.UTF-8");
	return audit_run(options);
}

static int audit_main(int argc, char **argv)
{
	struct audit_options options = {
		.report = {.survey = {.since = INT64_MIN, .until = period_now() + AUDIT_AHEAD},
			   .by = DIMENSION_CONTAINER},
	};
	int r = audit_parse(argc, argv, &options);

	if (r < 0)
		r = command_help.main(2, (char *[]){"help", "audit", NULL});
	else if (r == 0)
		r = audit_do(&options);
	audit_stores_free(&options.stores);
	return r;
}

/* clang-format off */
const struct command command_audit = {
	.name = "audit",
	.summary = "which containers and programs wrote which tokens, and where they still are",
	.usage =
		"Usage: spillwatch audit [OPTION…]\n"
		"       spillwatch audit --mark IDENTIFIER revoked|false-positive|accepted|none [--note TEXT]\n\n"
		"Shows what `run` has stored: which containers and programs of this host wrote which tokens, where,\n"
		"how often, first and last. A token that was passed on (by containerd-shim, journald, a log shipper,\n"
		"tee) is one leak: its first writer is its origin, the others are its carriers (↳).\n",
	.notes =
		"A period's writes are counted by whole hours. Ends with 3 if there is no store, or one can't be read.\n",
	.options = audit_entries,
	.main = audit_main,
};
/* clang-format on */
