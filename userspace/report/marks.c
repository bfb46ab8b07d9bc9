// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* store → marks → every output. As many as people have written by hand, so they are read all at once. */
#include "report/marks.h"

#include "lib/period.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct marks_build {
	const struct survey *survey;
	struct marks *marks;
};

static void marks_forget(struct marks *marks, uint32_t member)
{
	marks->counts[marks->of[member]->state]--;
	free(marks->of[member]->note);
	free(marks->of[member]);
	marks->of[member] = NULL;
}

static int marks_visit(void *context, int64_t id, const struct triage *triage)
{
	struct marks_build *build = context;
	struct marks *marks = build->marks;
	struct mark *mark;
	uint32_t member;

	if (!idmap_find(&build->survey->members[DIMENSION_TOKEN], id, &member))
		return 0;
	/* of several stores, what was decided last holds */
	if (marks->of[member] && marks->of[member]->time >= triage->time)
		return 0;
	if (marks->of[member])
		marks_forget(marks, member);
	mark = calloc(1, sizeof(*mark));
	if (!mark)
		return -ENOMEM;
	*mark = (struct mark){
		.state = triage->state,
		.note = triage->note ? strdup(triage->note) : NULL,
		.time = triage->time,
	};
	marks->of[member] = mark;
	marks->counts[mark->state]++;
	return triage->note && !mark->note ? -ENOMEM : 0;
}

int marks_open(struct reader *reader, const struct survey *survey, struct marks *ret_marks)
{
	size_t members = survey->members[DIMENSION_TOKEN].count;
	struct marks marks = {.of = calloc(members + 1, sizeof(struct mark *)), .members = members};
	struct marks_build build = {.survey = survey, .marks = &marks};
	int r = marks.of ? reader_triage(reader, marks_visit, &build) : -ENOMEM;

	if (r < 0) {
		marks_close(&marks);
		return r;
	}
	*ret_marks = marks;
	return 0;
}

void marks_close(struct marks *marks)
{
	for (size_t i = 0; marks->of && i < marks->members; i++) {
		if (marks->of[i])
			free(marks->of[i]->note);
		free(marks->of[i]);
	}
	free(marks->of);
	memset(marks, 0, sizeof(*marks));
}

int marks_text(const struct mark *mark, char **ret_text)
{
	char time[PERIOD_TEXT];

	return asprintf(ret_text, "%s %s UTC%s%s", triage_name(mark->state), period_human(mark->time, time),
			mark->note ? ": " : "", mark->note ? mark->note : "") < 0
		       ? -ENOMEM
		       : 0;
}
