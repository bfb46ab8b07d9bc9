// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* configuration → problems → standard error. */
#include "rules/problems.h"

#include "detect/mask.h"
#include "lib/cleanup.h"
#include "lib/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void problems_add(struct problems *problems, const struct problem_place *place, const char *format, ...)
{
	AUTO_FREE char *what = NULL;
	AUTO_FREE char *line = NULL;
	va_list args;
	int r;

	if (problems->count++ >= PROBLEMS_MAX)
		return;
	va_start(args, format);
	r = vasprintf(&what, format, args);
	va_end(args);
	if (r < 0) {
		what = NULL;
		return;
	}
	r = place->line ? asprintf(&line, "%s:%zu:%zu: %s", place->file, place->line, place->column, what)
			: asprintf(&line, "%s: %s", place->file, what);
	if (r < 0) {
		line = NULL;
		return;
	}
	/* a value that is repeated may be a token, put there by mistake */
	mask_text(line, strlen(line), NULL, &problems->lines[problems->count - 1]);
}

void problems_log(const struct problems *problems)
{
	for (size_t i = 0; i < problems->count && i < PROBLEMS_MAX; i++)
		log_error("%s", problems->lines[i] ? problems->lines[i] : "out of memory");
	if (problems->count > PROBLEMS_MAX)
		log_error("and %zu more mistakes in the configuration", problems->count - PROBLEMS_MAX);
}

void problems_free(struct problems *problems)
{
	for (size_t i = 0; i < PROBLEMS_MAX; i++)
		free(problems->lines[i]);
	memset(problems, 0, sizeof(*problems));
}
