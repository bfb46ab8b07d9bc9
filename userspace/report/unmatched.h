/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What was asked for by a name that the store has not: a slip of the pen, and not a host without leaks. */
#pragma once

#include "report/report.h"

/* @option: "--container"; @text: what was given; @nearest: what may have been meant, "" if nothing, or "none at all". */
typedef void (*unmatched_say)(void *context, const char *option, const char *text, const char *nearest);

/*
 * unmatched_find() - of a report that is empty: calls back for each option that nothing in the whole store matches, whenever it was.
 * Returns 0 or a negative errno.
 */
int unmatched_find(const struct report *report, unmatched_say say, void *context);
