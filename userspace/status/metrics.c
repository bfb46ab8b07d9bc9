// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* status → text. */
#include "status/metrics.h"

#include "status/counter.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Bytes of one, with what tells it from another. */
#define METRICS_LABEL_MAX 256

const char *metrics_string(const json_t *in, const char *name)
{
	const char *text = json_string_value(json_object_get(in, name));

	return text ? text : "";
}

double metrics_since(const json_t *status, const char *name)
{
	struct timespec now;
	struct tm tm = {0};
	double time;

	if (!strptime(metrics_string(status, name), "%Y-%m-%dT%H:%M:%S", &tm))
		return -1;
	clock_gettime(CLOCK_REALTIME, &now);
	time = (double)now.tv_sec - (double)timegm(&tm);
	return time < 0 ? 0 : time;
}

const char *metrics_health(const json_t *status, bool ready)
{
	const json_t *canary = json_object_get(status, "canary");
	const char *state = metrics_string(canary, "state");
	double silent = metrics_since(status, "time");

	if (!status || silent < 0)
		return "the daemon has not said yet how it is";
	if (silent > METRICS_SILENT_SECONDS)
		return "the daemon hangs";
	if (strcmp(state, "fails") == 0 ||
	    json_integer_value(json_object_get(canary, "ago_ms")) > METRICS_CANARY_MS)
		return "the daemon does not see what it writes itself";
	if (ready && strcmp(state, "waits") == 0)
		return "the daemon has not seen yet what it writes itself";
	/* nobody knows whether it is */
	if (ready && strcmp(state, "none") == 0)
		return "the daemon can't try whether it sees what it writes: no file of its own is of a kind "
		       "that is "
		       "watched";
	return NULL;
}

/* A label's value; of what is named, a quote, a backslash and a newline are escaped. */
static void metrics_label(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putc('\\', out);
		if (*text == '\n')
			fputs("\\n", out);
		else
			putc(*text, out);
	}
}

/* One document that is being written. */
struct metrics {
	FILE *out;
	const json_t *status;
	enum metrics_form form;
};

enum metrics_type { COUNTER, GAUGE, INFO };

/* What its samples are called, after the family's name. */
static const char *metrics_suffix(enum metrics_type type)
{
	return type == COUNTER ? "_total" : type == INFO ? "_info" : "";
}

/* In OpenMetrics a family has not the suffix of its samples; before it there were no infos, and names were one. */
static void metrics_family(const struct metrics *metrics, const char *name, enum metrics_type type,
			   const char *help)
{
	static const char *const types[] = {[COUNTER] = "counter", [GAUGE] = "gauge", [INFO] = "info"};
	bool open = metrics->form == METRICS_OPENMETRICS;
	const char *suffix = open ? "" : metrics_suffix(type);

	fprintf(metrics->out, "# HELP spillwatch_%s%s %s.\n# TYPE spillwatch_%s%s %s\n", name, suffix, help,
		name, suffix, type == INFO && !open ? "gauge" : types[type]);
}

/* "output", "/var/log/alerts.json"; no label: NULL */
static void metrics_sample(const struct metrics *metrics, const char *name, enum metrics_type type,
			   const char *label, const char *value, int64_t number)
{
	fprintf(metrics->out, "spillwatch_%s%s", name, metrics_suffix(type));
	if (label) {
		fprintf(metrics->out, "{%s=\"", label);
		metrics_label(metrics->out, value);
		fputs("\"}", metrics->out);
	}
	fprintf(metrics->out, " %" PRId64 "\n", number);
}

static void metrics_number(const struct metrics *metrics, const char *name, enum metrics_type type,
			   const char *help, const json_t *in, const char *field)
{
	metrics_family(metrics, name, type, help);
	metrics_sample(metrics, name, type, NULL, NULL, json_integer_value(json_object_get(in, field)));
}

static void metrics_info(const struct metrics *metrics)
{
	static const char *const fields[] = {"version", "kernel", "attachment"};

	metrics_family(metrics, "build", INFO, "What runs");
	fputs("spillwatch_build_info{", metrics->out);
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		fprintf(metrics->out, "%s%s=\"", i ? "," : "", fields[i]);
		metrics_label(metrics->out, metrics_string(metrics->status, fields[i]));
		putc('"', metrics->out);
	}
	fputs("} 1\n", metrics->out);
}

/* Of losses there is one name for all; they come with the status. */
static void metrics_work(const struct metrics *metrics)
{
	const json_t *counters = json_object_get(metrics->status, "counters");

	for (size_t i = 0; i < COUNTER_MAX; i++)
		if (counter_kinds[i].class == WORK)
			metrics_number(metrics, counter_kinds[i].name, COUNTER, counter_kinds[i].text,
				       counters, counter_kinds[i].name);
}

/* All kinds there are, also those of which nothing was lost: a rate over what appears with its first value misses that. */
static void metrics_lost(const struct metrics *metrics)
{
	json_t *loss;
	size_t i;

	metrics_family(
		metrics, "lost", COUNTER,
		"What was written and not, or not wholly, seen, or told to nobody, by reason; outputs aside");
	json_array_foreach (json_object_get(metrics->status, "losses"), i, loss) {
		const char *name = metrics_string(loss, "name");

		if (strcmp(name, "output_errors") == 0)
			continue;
		metrics_sample(metrics, "lost", COUNTER, "reason", name,
			       json_integer_value(json_object_get(loss, "count")));
	}
}

/* A file by its last name: where it lies is not for everybody who may ask. */
static const char *metrics_output(const json_t *output)
{
	const char *name = metrics_string(output, "name"), *slash = strrchr(name, '/');

	return slash ? slash + 1 : name;
}

/* Which of those with that name it is, from 1 on: two samples can't have the same labels. */
static size_t metrics_namesake(const json_t *outputs, size_t which)
{
	const char *name = metrics_output(json_array_get(outputs, which));
	size_t before = 0;

	for (size_t i = 0; i < which; i++)
		before += strcmp(metrics_output(json_array_get(outputs, i)), name) == 0;
	return before + 1;
}

static void metrics_outputs(const struct metrics *metrics, const char *name, enum metrics_type type,
			    const char *help, const char *field)
{
	const json_t *store = json_object_get(metrics->status, "store");
	const json_t *outputs = json_object_get(metrics->status, "outputs");

	metrics_family(metrics, name, type, help);
	for (size_t i = 0; i < json_array_size(outputs); i++) {
		const json_t *output = json_array_get(outputs, i);
		size_t number = metrics_namesake(outputs, i);
		char label[METRICS_LABEL_MAX];

		if (number > 1)
			snprintf(label, sizeof(label), "%.200s (%zu)", metrics_output(output), number);
		else
			snprintf(label, sizeof(label), "%.200s", metrics_output(output));
		metrics_sample(metrics, name, type, "output", label,
			       json_integer_value(json_object_get(output, field)));
	}
	if (store)
		metrics_sample(metrics, name, type, "output", "store",
			       json_integer_value(json_object_get(store, field)));
}

static void metrics_canary(const struct metrics *metrics)
{
	const json_t *canary = json_object_get(metrics->status, "canary");

	if (!canary)
		return;
	metrics_number(metrics, "canary_rounds", COUNTER,
		       "Times that the daemon tried whether it sees what it writes", canary, "rounds");
	metrics_number(metrics, "canary_failures", COUNTER, "Times that it did not", canary, "failed");
	if (!json_object_get(canary, "ago_ms"))
		return;
	metrics_family(metrics, "canary_age_seconds", GAUGE, "Since it last did");
	fprintf(metrics->out, "spillwatch_canary_age_seconds %.3f\n",
		(double)json_integer_value(json_object_get(canary, "ago_ms")) / 1000 +
			metrics_since(metrics->status, "time"));
}

static void metrics_status(const struct metrics *metrics)
{
	const json_t *alerts = json_object_get(metrics->status, "alerts");

	metrics_info(metrics);
	metrics_work(metrics);
	metrics_number(metrics, "alerts", COUNTER, "Alerts raised, those of placeholders among them", alerts,
		       "raised");
	metrics_number(metrics, "placeholder_alerts", COUNTER, "Alerts of placeholders", alerts,
		       "placeholders");
	metrics_number(metrics, "allowed", COUNTER, "Tokens that were written as a rule allows", alerts,
		       "allowed");
	metrics_number(metrics, "second_look_alerts", COUNTER,
		       "Alerts of what was seen only on the way to a disk", alerts, "second_looks");
	metrics_number(metrics, "found_late_alerts", COUNTER,
		       "Alerts of what was counted as lost before, as the ring had no room for it", alerts,
		       "found_late");
	metrics_lost(metrics);
	metrics_outputs(metrics, "output_lost", COUNTER, "Alerts that an output did not take", "lost");
	metrics_outputs(metrics, "output_waiting", GAUGE, "Alerts that wait for an output", "waiting");
	metrics_number(metrics, "rules", GAUGE, "Rules in force", metrics->status, "rules");
	metrics_canary(metrics);
}

int metrics_text(const json_t *status, enum metrics_form form, char **ret_text)
{
	struct metrics metrics = {.status = status, .form = form};
	char *text = NULL;
	size_t size;

	metrics.out = open_memstream(&text, &size);
	if (!metrics.out)
		return -ENOMEM;
	metrics_family(&metrics, "healthy", GAUGE,
		       "Whether the daemon goes on and sees what it writes itself");
	metrics_sample(&metrics, "healthy", GAUGE, NULL, NULL, metrics_health(status, false) == NULL);
	if (status)
		metrics_status(&metrics);
	if (form == METRICS_OPENMETRICS)
		fputs("# EOF\n", metrics.out);
	if (fclose(metrics.out) != 0) {
		free(text);
		return -ENOMEM;
	}
	*ret_text = text;
	return 0;
}
