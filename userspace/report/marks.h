/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What was decided of the tokens of a survey (store/triage.h), for each of them by its member. */
#pragma once

#include "report/survey.h"

struct mark {
	enum triage_state state;
	char *note; /* masked; NULL: none */
	int64_t time; /* microseconds */
};

struct marks {
	struct mark **of; /* by member of DIMENSION_TOKEN; NULL: nothing was decided */
	size_t members;
	size_t counts[TRIAGE_MAX]; /* tokens */
};

/* marks_open() - Returns 0 and *ret_marks (marks_close()), or a negative errno. */
int marks_open(struct reader *reader, const struct survey *survey, struct marks *ret_marks);
void marks_close(struct marks *marks);

/* marks_of() - what was decided of a token; NULL: nothing. */
static inline const struct mark *marks_of(const struct marks *marks, uint32_t member)
{
	return marks->of[member];
}

/* marks_text() - "revoked 2026-01-31 10:00 UTC: the note". Returns 0 and *ret_text (malloc'ed), or -ENOMEM. */
int marks_text(const struct mark *mark, char **ret_text);
