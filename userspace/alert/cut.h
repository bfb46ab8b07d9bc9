/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An alert that would be too long to tell: what is long in it is cut, and said to be. */
#pragma once

#include "alert/alert.h"

/* Bytes of an alert as a line, at most. A path of control characters alone could be as long. */
#define ALERT_LINE_BYTES 16384UL

struct alert_cut {
	struct alert alert; /* borrows from the whole one as well */
	char *memory;
};

/*
 * alert_cut() - a copy whose long strings take half of so many bytes, as JSON or as text: with ALERT_LINE_BYTES, all of it is no longer
 * than that. Paths keep their end, the command line its beginning, each with its mark. Names (a container's and its labels, users, units) keep
 * their beginning as well, of half of that length, and have no mark.
 * Returns 0 and *ret_cut, good for as long as the whole one is (alert_cut_free()), or -ENOMEM.
 */
int alert_cut(const struct alert *alert, size_t bytes, struct alert_cut *ret_cut);

void alert_cut_free(struct alert_cut *cut);
