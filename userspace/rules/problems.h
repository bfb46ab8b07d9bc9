/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is wrong with a configuration: several things at once, each with its place. Nothing in here shows a secret. */
#pragma once

#include <stddef.h>

/* More of them are only counted. */
#define PROBLEMS_MAX 20

struct problems {
	char *lines[PROBLEMS_MAX]; /* "FILE:LINE:COLUMN: what" */
	size_t count; /* may be more than lines */
};

/* Where something stands; line 0: in no line of it. */
struct problem_place {
	const char *file; /* as it was named; borrowed */
	size_t line, column; /* from 1 on */
};

/* problems_add() - format as printf(3). All of it goes through the mask. */
void problems_add(struct problems *problems, const struct problem_place *place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* problems_log() - each as an error, and how many more there are. */
void problems_log(const struct problems *problems);

void problems_free(struct problems *problems);
