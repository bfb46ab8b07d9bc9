/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The page of HTML, and its tables. */
#pragma once

#include "report/report.h"

/*
 * html_page() - what is said above and below; between, what `body` writes, if there is anything in the report. Returns 0, a negative errno,
 * or what `body` returned.
 */
int html_page(struct report *report, int (*body)(struct report *report, void *context, FILE *out),
	      void *context, FILE *out);

/* html_table() - one grouping of the whole survey. Returns 0 or a negative errno. */
int html_table(struct report *report, enum dimension dimension, FILE *out);
