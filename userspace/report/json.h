/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What two outputs in JSON have in common. */
#pragma once

#include <jansson.h>

#include "report/coverage.h"
#include "report/marks.h"

/* report_json_coverage() - as share/audit.schema.json has it; NULL: no memory. */
json_t *report_json_coverage(const struct coverage *coverage);

/* report_json_mark() - likewise; NULL for NULL as well. */
json_t *report_json_mark(const struct mark *mark);
