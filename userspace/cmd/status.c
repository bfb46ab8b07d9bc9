// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * `spillwatch status`: how the daemon is. Read in the memory that it has pinned (capture/pin.h): a daemon that hangs is told of as well
 * as one that is well, and nobody waits for it.
 */
#include "capture/pin.h"
#include "cmd/command.h"
#include "cmd/options.h"
#include "lib/cleanup.h"
#include "lib/exit_code.h"
#include "lib/log.h"
#include "status/metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum status_form { STATUS_TEXT, STATUS_JSON, STATUS_OPENMETRICS, STATUS_PROMETHEUS };

static const char *const status_forms[] = {
	[STATUS_TEXT] = "text",
	[STATUS_JSON] = "json",
	[STATUS_OPENMETRICS] = "openmetrics",
	[STATUS_PROMETHEUS] = "prometheus",
};

enum { OPTION_PIN = OPTION_OWN, OPTION_OUTPUT_AS };

/* a text is as wide as it is */
/* clang-format off */
static const struct option_entry status_entries[] = {
	{.name = "output", .value = "text|json|openmetrics|prometheus", .id = OPTION_OUTPUT_AS,
	 .help = "for people (default: text) or for programs; prometheus: as node_exporter's textfile "
		 "collector reads it"},
	{.name = "pin", .value = "DIR", .id = OPTION_PIN,
	 .help = "the daemon that pins its programs there (default: " PIN_DIRECTORY ")"},
	{0},
};
/* clang-format on */

static int64_t status_number(const json_t *in, const char *name)
{
	return json_integer_value(json_object_get(in, name));
}

static void status_line(const char *what, const char *text)
{
	printf("%-11s %s\n", what, text);
}

/* "2 h 13 min" */
static const char *status_long(int64_t seconds, char *text, size_t size)
{
	if (seconds < 60)
		snprintf(text, size, "%" PRId64 " s", seconds);
	else if (seconds < 3600)
		snprintf(text, size, "%" PRId64 " min", seconds / 60);
	else if (seconds < 86400)
		snprintf(text, size, "%" PRId64 " h %" PRId64 " min", seconds / 3600, seconds / 60 % 60);
	else
		snprintf(text, size, "%" PRId64 " d %" PRId64 " h", seconds / 86400, seconds / 3600 % 24);
	return text;
}

static void status_head(const json_t *status, pid_t holder)
{
	const json_t *watched = json_object_get(status, "watched");
	const char *scope = metrics_string(watched, "scope"), *name = metrics_string(watched, "name");
	char text[512], since[32];

	printf("spillwatch %s", metrics_string(status, "version"));
	if (holder)
		printf(" (pid %d)", holder);
	printf(" watches %s by %s, for %s\n", strcmp(scope, "host") == 0 ? "this host" : "a cgroup",
	       metrics_string(status, "attachment"),
	       status_long((int64_t)metrics_since(status, "started"), since, sizeof(since)));
	if (*name)
		status_line("scope", name);
	snprintf(text, sizeof(text), "%s; the page cache is %s", metrics_string(status, "kernel"),
		 metrics_string(status, "page_cache"));
	status_line("kernel", text);
	status_line("files", metrics_string(watched, "files"));
	if (*metrics_string(watched, "missing"))
		status_line("not watched", metrics_string(watched, "missing"));
}

/* Does what is written come through? */
static void status_canary(const json_t *status)
{
	const json_t *canary = json_object_get(status, "canary");
	const char *state = metrics_string(canary, "state");
	int64_t ago = status_number(canary, "ago_ms");
	char text[256];

	if (!canary || strcmp(state, "none") == 0) {
		status_line("canary", "not tried: no kind of file that it could be written to is watched");
		return;
	}
	if (strcmp(state, "waits") == 0)
		snprintf(text, sizeof(text), "has not come back yet");
	else if (strcmp(state, "fails") == 0)
		snprintf(text, sizeof(text),
			 "DOES NOT COME BACK (%s): nothing of what is written may be seen",
			 metrics_string(canary, "call"));
	else
		snprintf(text, sizeof(text), "came back %.1f s ago%s; %" PRId64 " rounds, %" PRId64 " failed",
			 (double)ago / 1000, ago > METRICS_CANARY_MS ? ", WHICH IS LONG" : "",
			 status_number(canary, "rounds"), status_number(canary, "failed"));
	status_line("canary", text);
}

/* "; 3 of a placeholder", if there are any. */
static void status_also(const char *what, int64_t count)
{
	if (count)
		printf("; %" PRId64 " %s", count, what);
}

static void status_work(const json_t *status)
{
	const json_t *alerts = json_object_get(status, "alerts"),
		     *counters = json_object_get(status, "counters");
	char text[256];

	snprintf(text, sizeof(text), "%" PRId64 " inspected, %" PRId64 " a second",
		 status_number(counters, "writes_inspected"), status_number(status, "writes_per_second"));
	status_line("writes", text);
	printf("%-11s %" PRId64, "alerts", status_number(alerts, "raised"));
	status_also("of a placeholder", status_number(alerts, "placeholders"));
	status_also("seen only on the way to a disk", status_number(alerts, "second_looks"));
	status_also("found late", status_number(alerts, "found_late"));
	status_also("more that a rule allows", status_number(alerts, "allowed"));
	status_also("repeats", status_number(counters, "repeats_suppressed"));
	putchar('\n');
	snprintf(text, sizeof(text), "%" PRId64 " in force", status_number(status, "rules"));
	status_line("rules", text);
	snprintf(text, sizeof(text), "%" PRId64 " known", status_number(status, "containers"));
	status_line("containers", text);
}

static void status_queue(const char *what, const json_t *queue, const char *name)
{
	char text[512];

	snprintf(text, sizeof(text), "%s: %" PRId64 " wait%s, %" PRId64 " lost", name,
		 status_number(queue, "waiting"),
		 json_is_true(json_object_get(queue, "stuck")) ? " (IT TAKES NOTHING)" : "",
		 status_number(queue, "lost"));
	status_line(what, text);
}

/* How full is what the kernel side writes to? */
static void status_ring(const json_t *status)
{
	const json_t *ring = json_object_get(status, "ring");
	int64_t bytes = status_number(ring, "bytes"), waiting = status_number(ring, "waiting");
	char text[128];

	/* a daemon of another version does not say */
	if (bytes <= 0)
		return;
	snprintf(text, sizeof(text), "%.0f %% full: %" PRId64 " of %" PRId64 " bytes wait",
		 100.0 * (double)waiting / (double)bytes, waiting, bytes);
	status_line("ring", text);
}

static void status_outputs(const json_t *status)
{
	const json_t *store = json_object_get(status, "store");
	json_t *output;
	size_t i;

	json_array_foreach (json_object_get(status, "outputs"), i, output) {
		status_queue(i ? "" : "outputs", output, metrics_string(output, "name"));
	}
	if (store)
		status_queue("store", store, metrics_string(store, "path"));
	else
		status_line("store", "none");
}

static void status_losses(const json_t *status)
{
	json_t *loss;
	char text[512];
	bool lost = false;
	size_t i;

	json_array_foreach (json_object_get(status, "losses"), i, loss) {
		if (!status_number(loss, "count"))
			continue;
		snprintf(text, sizeof(text), "%" PRId64 " %s", status_number(loss, "count"),
			 metrics_string(loss, "text"));
		status_line("LOST", text);
		lost = true;
	}
	if (!lost)
		status_line("lost", "nothing");
}

static void status_print(const json_t *status, pid_t holder)
{
	int64_t silent = (int64_t)metrics_since(status, "time");
	char since[32];

	status_head(status, holder);
	status_canary(status);
	status_work(status);
	status_ring(status);
	status_outputs(status);
	status_losses(status);
	if (!holder || silent > METRICS_SILENT_SECONDS)
		printf("\nThis is how it was %s ago: %s.\n", status_long(silent, since, sizeof(since)),
		       holder ? "the daemon HANGS" : "there is no daemon any more");
}

/* A status without a daemon is nobody's: what it was then is no metric. */
static int status_metrics(const json_t *status, pid_t holder, enum metrics_form form)
{
	AUTO_FREE char *text = NULL;

	if (metrics_text(holder ? status : NULL, form, &text) < 0) {
		log_error("out of memory");
		return -1;
	}
	fputs(text, stdout);
	return 0;
}

static int status_show(const char *directory, enum status_form form)
{
	AUTO_FREE char *shown = options_shown(directory, strlen(directory));
	AUTO_FREE char *line = NULL;
	struct pin_state state;
	pid_t holder = 0;
	json_t *status;
	bool well;
	int r = pin_read_status(directory, &line);

	if (r < 0) {
		if (r == -ENOENT)
			log_error("no daemon has pinned anything at %s; start one ('spillwatch run', or "
				  "'systemctl start spillwatch'), or name the --pin that yours was given",
				  shown ? shown : "that place");
		else
			log_error("%s: %s", shown ? shown : "the pins", pin_error_asked(r));
		return EXIT_CODE_RUNTIME;
	}
	pin_peek(directory, &holder, &state);
	status = json_loads(line, 0, NULL);
	if (!status) {
		log_error("what the daemon says can't be understood: it is of another version");
		return EXIT_CODE_RUNTIME;
	}
	well = holder && !metrics_health(status, false);
	if (form == STATUS_JSON) {
		json_object_set_new(status, "running", json_boolean(holder != 0));
		json_dumpf(status, stdout, JSON_COMPACT);
		putchar('\n');
	} else if (form == STATUS_TEXT) {
		status_print(status, holder);
	} else if (status_metrics(status, holder,
				  form == STATUS_OPENMETRICS ? METRICS_OPENMETRICS : METRICS_PROMETHEUS) <
		   0) {
		well = false;
	}
	json_decref(status);
	return well ? EXIT_CODE_OK : EXIT_CODE_RUNTIME;
}

static int status_main(int argc, char **argv)
{
	const char *pin = PIN_DIRECTORY;
	size_t form = STATUS_TEXT;
	struct options_reader reader;
	int option;

	options_begin(&command_status, &reader);
	while ((option = options_next(&reader, argc, argv)) != -1) {
		switch (option) {
		case OPTION_PIN:
			pin = optarg;
			break;
		case OPTION_OUTPUT_AS:
			if (options_choice(&command_status, "--output", optarg, status_forms,
					   sizeof(status_forms) / sizeof(*status_forms), &form))
				return EXIT_CODE_USAGE;
			break;
		case 'h':
			return command_help.main(2, (char *[]){"help", "status", NULL});
		default:
			return EXIT_CODE_USAGE;
		}
	}
	if (options_none(&command_status, argc))
		return EXIT_CODE_USAGE;
	return status_show(pin, (enum status_form)form);
}

/* clang-format off */
const struct command command_status = {
	.name = "status",
	.summary = "how the daemon is, and whether it sees what is written",
	.usage =
		"Usage: spillwatch status [--output FORMAT] [--pin DIR]\n\n"
		"Says since when the daemon watches what, how much it has seen, what waits and what was lost. Nothing\n"
		"is asked of the daemon, so one that hangs is told of as well. Ends with 0 if all is well, with 1 if\n"
		"there is no daemon, it hangs, or does not see what it writes itself. Needs root.\n",
	.options = status_entries,
	.main = status_main,
};
/* clang-format on */
