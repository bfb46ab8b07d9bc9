/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A status (status/snapshot.h) as OpenMetrics, or in the form that was before it, and what a health check is told. Labels are kinds and names
 * of outputs, never a pid, a path of what was written, or a token.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

/* A daemon says every second how it is, and tries every 10 whether it sees (engine/canary.h). */
#define METRICS_SILENT_SECONDS 10
#define METRICS_CANARY_MS 15000

/*
 * https://prometheus.io/docs/specs/om/open_metrics_spec/, and
 * https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format, which is what node_exporter's textfile collector and
 * promtool read.
 */
enum metrics_form { METRICS_OPENMETRICS, METRICS_PROMETHEUS };
#define METRICS_OPENMETRICS_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define METRICS_PROMETHEUS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* metrics_text() - Returns 0 and *ret_text (malloc'ed), or -ENOMEM. @status: NULL: none is known */
int metrics_text(const json_t *status, enum metrics_form form, char **ret_text);

/* metrics_string() - a member's text, borrowed; "": there is none. */
const char *metrics_string(const json_t *in, const char *name);

/* metrics_since() - seconds since a time of the status, negative: there is none. */
double metrics_since(const json_t *status, const char *name);

/*
 * metrics_health() - does the daemon go on, and see what it writes itself? Returns NULL if so, else why not; static.
 * @ready: it has to have seen that once
 */
const char *metrics_health(const json_t *status, bool ready);
