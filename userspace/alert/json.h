/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An alert as one line of JSON, with the field names of the Elastic Common Schema. */
#pragma once

#include "alert/alert.h"

/* The version of ECS whose names are used; token.* and write.* are our own. */
#define ALERT_ECS_VERSION "8.11.0"

/*
 * Bytes of an alert with the usual facts, at most: no more of the process's ancestors are named than such a line has room for. Of a
 * line that is longer without them, ALERT_ANCESTORS_LEAST. Of a container's line, more is left out where it then is no longer than
 * this: what can be told of the rest first (json.c, enum json_left).
 */
#define ALERT_USUAL_BYTES 1024UL
#define ALERT_ANCESTORS_LEAST 1UL

/*
 * alert_to_json() - one line, with its newline; share/alert.schema.json says what is in it. Facts that are
 * not known are left out; what is long is cut where the line would be longer than ALERT_LINE_BYTES
 * (alert/cut.h). Returns 0 and *ret_line (malloc'ed), or -ENOMEM: also for a string that is not UTF-8, which
 * none from mask.h is.
 */
int alert_to_json(const struct alert *alert, char **ret_line);
