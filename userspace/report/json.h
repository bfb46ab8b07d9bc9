/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What two outputs in JSON have in common. */
#pragma once

#include <jansson.h>

#include "report/report.h"

/* report_json_coverage() - as share/audit.schema.json has it; NULL: no memory. */
json_t *report_json_coverage(const struct report *report);

/* report_json_unread() - stores that could not be read; NULL: none, or no memory. */
json_t *report_json_unread(const struct report *report);

/* report_json_container(), report_json_pod() - likewise, of a container's facts; NULL: of none, or no memory. */
json_t *report_json_container(const struct fact *fact);
json_t *report_json_pod(const struct fact *fact);

/* report_json_mark() - likewise; NULL for NULL as well. */
json_t *report_json_mark(const struct mark *mark);
