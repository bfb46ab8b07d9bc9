/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which part of a store a report is of, by the options that leave something out. */
#pragma once

#include <jansson.h>

#include "report/report.h"

#define ASKED_MAX 10

/*
 * asked_text() - "--path *.log, --place volume", with secrets masked. Returns 0 and *ret_text (malloc'ed; NULL: nothing is left out),
 * or -ENOMEM.
 */
int asked_text(const struct report_options *options, char **ret_text);

/* asked_json() - the same as an object; NULL if nothing is left out. */
json_t *asked_json(const struct report_options *options);
