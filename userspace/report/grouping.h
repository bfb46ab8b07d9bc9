/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Facts of a survey, grouped by one of their dimensions. */
#pragma once

#include <stdbool.h>

#include "report/survey.h"

struct group {
	uint32_t member; /* of the dimension it is grouped by */
	uint32_t distinct[DIMENSION_MAX]; /* how many tokens, files, programs, containers; the host is none */
	uint64_t writes;
	int64_t first, last; /* microseconds */
	uint32_t *facts; /* numbers in survey->facts, `count` of them; part of grouping->facts */
	size_t count;
};

struct grouping {
	struct group *groups; /* most tokens first, then most writes; tokens: latest first */
	size_t count;
	uint32_t *facts;
};

/* What counting needs again and again; one for all groupings of a survey. */
struct grouping_scratch {
	uint32_t *stamps[DIMENSION_MAX];
	uint32_t *starts;
	uint32_t stamp;
	uint32_t counted; /* 1 << dimension: those whose members group.distinct tells; all, unless changed */
};

/* grouping_prepare() - Returns 0 and *ret_scratch (grouping_scratch_free()), or -ENOMEM. */
int grouping_prepare(const struct survey *survey, struct grouping_scratch *ret_scratch);
void grouping_scratch_free(struct grouping_scratch *scratch);

/*
 * grouping_make() - of `count` facts by number, NULL for all of the survey.
 * Returns 0 and *ret_grouping (grouping_free()), or -ENOMEM.
 */
int grouping_make(const struct survey *survey, struct grouping_scratch *scratch, enum dimension dimension,
		  const uint32_t *facts, size_t count, struct grouping *ret_grouping);

/* group_order() - puts its facts in the order of their first writes. */
void group_order(const struct survey *survey, struct group *group);

void grouping_free(struct grouping *grouping);
