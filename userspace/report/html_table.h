/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The tables of the HTML report. */
#pragma once

#include "report/report.h"

/* html_table() - one grouping of the whole survey. Returns 0 or a negative errno. */
int html_table(struct report *report, enum dimension dimension, FILE *out);
