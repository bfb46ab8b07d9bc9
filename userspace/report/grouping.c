// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * survey → grouping → table, JSON, HTML. A counting sort by the member's number; what is distinct in a group is told by
 * stamps, one array a dimension. So a grouping costs a pass or two, and sorting only where there is an order.
 */
#include "report/grouping.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int grouping_prepare(const struct survey *survey, struct grouping_scratch *ret_scratch)
{
	struct grouping_scratch scratch = {0};
	size_t most = 0;

	for (int i = 0; i < DIMENSION_MAX; i++) {
		size_t count = survey->members[i].count;

		scratch.stamps[i] = calloc(count + 1, sizeof(*scratch.stamps[i]));
		most = count > most ? count : most;
	}
	scratch.starts = calloc(most + 1, sizeof(*scratch.starts));
	for (int i = 0; i < DIMENSION_MAX; i++) {
		if (scratch.stamps[i] && scratch.starts)
			continue;
		grouping_scratch_free(&scratch);
		return -ENOMEM;
	}
	scratch.counted = ~0U;
	*ret_scratch = scratch;
	return 0;
}

void grouping_scratch_free(struct grouping_scratch *scratch)
{
	for (int i = 0; i < DIMENSION_MAX; i++)
		free(scratch->stamps[i]);
	free(scratch->starts);
	memset(scratch, 0, sizeof(*scratch));
}

/* Has this member been met since the stamp was changed? */
static bool grouping_new(struct grouping_scratch *scratch, enum dimension dimension, uint32_t member)
{
	bool is_new = scratch->stamps[dimension][member] != scratch->stamp;

	scratch->stamps[dimension][member] = scratch->stamp;
	return is_new;
}

static void grouping_count(const struct survey *survey, struct grouping_scratch *scratch, struct group *group)
{
	scratch->stamp++;
	for (size_t i = 0; i < group->count; i++) {
		const struct survey_fact *fact = &survey->facts[group->facts[i]];

		for (int d = 0; d < DIMENSION_DERIVED; d++)
			if (scratch->counted >> d & 1)
				group->distinct[d] += grouping_new(scratch, d, fact->member[d]) &&
						      (d != DIMENSION_CONTAINER ||
						       !survey_is_host(survey, fact->member[d]));
		group->writes += fact->count;
		if (i == 0 || fact->first < group->first)
			group->first = fact->first;
		if (i == 0 || fact->last > group->last)
			group->last = fact->last;
	}
}

static int grouping_compare_first(const void *a, const void *b, void *context)
{
	const struct survey_fact *facts = context;
	const struct survey_fact *x = &facts[*(const uint32_t *)a], *y = &facts[*(const uint32_t *)b];

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

void group_order(const struct survey *survey, struct group *group)
{
	qsort_r(group->facts, group->count, sizeof(*group->facts), grouping_compare_first, survey->facts);
}

static int grouping_compare(const void *a, const void *b, void *context)
{
	const struct group *x = a, *y = b;
	const enum dimension dimension = *(const enum dimension *)context;

	if (dimension != DIMENSION_TOKEN && x->distinct[DIMENSION_TOKEN] != y->distinct[DIMENSION_TOKEN])
		return x->distinct[DIMENSION_TOKEN] > y->distinct[DIMENSION_TOKEN] ? -1 : 1;
	if (dimension != DIMENSION_TOKEN && x->writes != y->writes)
		return x->writes > y->writes ? -1 : 1;
	if (x->last != y->last)
		return x->last > y->last ? -1 : 1;
	return x->member < y->member ? -1 : x->member > y->member;
}

/* Puts the facts of one member side by side, and makes a group of each. */
static void grouping_sort(const struct survey *survey, struct grouping_scratch *scratch,
			  enum dimension dimension, const uint32_t *facts, size_t count,
			  struct grouping *grouping)
{
	size_t at = 0;

	for (size_t i = 0; i < count; i++)
		scratch->starts[survey->facts[facts ? facts[i] : i].member[dimension]]++;
	for (size_t i = 0; i < count; i++) {
		uint32_t member = survey->facts[facts ? facts[i] : i].member[dimension];
		struct group *group;

		if (!grouping_new(scratch, dimension, member))
			continue;
		group = &grouping->groups[grouping->count++];
		group->member = member;
		group->count = scratch->starts[member];
		group->facts = grouping->facts + at;
		scratch->starts[member] = (uint32_t)at;
		at += group->count;
	}
	for (size_t i = 0; i < count; i++) {
		uint32_t number = facts ? facts[i] : (uint32_t)i;

		grouping->facts[scratch->starts[survey->facts[number].member[dimension]]++] = number;
	}
	for (size_t i = 0; i < grouping->count; i++)
		scratch->starts[grouping->groups[i].member] = 0;
}

int grouping_make(const struct survey *survey, struct grouping_scratch *scratch, enum dimension dimension,
		  const uint32_t *facts, size_t count, struct grouping *ret_grouping)
{
	size_t members = survey->members[dimension].count;
	struct grouping grouping = {
		.groups = calloc((members < count ? members : count) + 1, sizeof(*grouping.groups)),
		.facts = calloc(count + 1, sizeof(*grouping.facts)),
	};

	if (!grouping.groups || !grouping.facts) {
		grouping_free(&grouping);
		return -ENOMEM;
	}
	scratch->stamp++;
	grouping_sort(survey, scratch, dimension, facts, count, &grouping);
	for (size_t i = 0; i < grouping.count; i++)
		grouping_count(survey, scratch, &grouping.groups[i]);
	qsort_r(grouping.groups, grouping.count, sizeof(*grouping.groups), grouping_compare, &dimension);
	*ret_grouping = grouping;
	return 0;
}

void grouping_free(struct grouping *grouping)
{
	free(grouping->groups);
	free(grouping->facts);
	memset(grouping, 0, sizeof(*grouping));
}
